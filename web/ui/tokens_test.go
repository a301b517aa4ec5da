package ui

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// TestContrast computes the contrast of every pair of tokens that the style
// sheet puts together (U-06): text at least 4.5:1, marks at least 3:1.
func TestContrast(t *testing.T) {
	css, err := os.ReadFile("../assets/app.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := [2]map[string]string{{}, {}} // light, dark
	one := regexp.MustCompile(`(?m)--([\w-]+): (#[0-9A-F]{6});`)
	two := regexp.MustCompile(`--([\w-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);`)
	root := regexp.MustCompile(`(?s)color-scheme: light dark;.*?\n  }`).Find(css)
	for _, m := range one.FindAllSubmatch(root, -1) {
		themes[0][string(m[1])], themes[1][string(m[1])] = string(m[2]), string(m[2])
	}
	for _, m := range two.FindAllSubmatch(root, -1) {
		themes[0][string(m[1])], themes[1][string(m[1])] = string(m[2]), string(m[3])
	}
	type pair struct {
		over, under string
		least       float64
	}
	pairs := []pair{
		{"ink", "here", 4.5}, {"ink", "warn-bg", 4.5}, {"ink", "ok-bg", 4.5}, {"ink", "danger-bg", 4.5},
		{"muted", "here", 4.5}, {"muted", "warn-bg", 4.5}, {"muted", "ok-bg", 4.5}, {"muted", "danger-bg", 4.5},
		{"link", "here", 4.5}, {"on-link", "link", 4.5}, {"on-link", "link-strong", 4.5},
		{"danger", "danger-bg", 4.5}, {"warn", "warn-bg", 3}, {"ok", "ok-bg", 3}, {"surface", "ink", 4.5},
		{"control", "surface", 3}, {"focus", "surface", 3}, {"focus", "bg", 3},
		{"tlp-red", "tlp-bg", 4.5}, {"tlp-amber", "tlp-bg", 4.5}, {"tlp-green", "tlp-bg", 4.5}, {"tlp-clear", "tlp-bg", 4.5},
		{"on-critical", "critical", 4.5}, {"on-high", "high", 4.5}, {"on-medium", "medium", 4.5}, {"on-low", "low", 4.5}, {"on-none", "none", 4.5},
	}
	for _, text := range []string{"ink", "muted", "link", "danger", "warn", "ok"} {
		pairs = append(pairs, pair{text, "surface", 4.5}, pair{text, "bg", 4.5})
	}
	for i, name := range []string{"light", "dark"} {
		for _, p := range pairs {
			over, under := themes[i][p.over], themes[i][p.under]
			if over == "" || under == "" {
				t.Fatalf("%s: no token %q or %q", name, p.over, p.under)
			}
			if c := contrast(t, over, under); c < p.least {
				t.Errorf("%s: %s %s on %s %s is %.2f:1, want %.1f:1", name, p.over, over, p.under, under, c, p.least)
			}
		}
	}
}

// contrast is the ratio of WCAG 2.2, "contrast ratio".
func contrast(t *testing.T, a, b string) float64 {
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is that of WCAG 2.2, "relative luminance".
func luminance(t *testing.T, hex string) float64 {
	var l float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}
