package ui

import (
	"testing"
	"time"
)

func TestTLPText(t *testing.T) {
	for in, want := range map[string]string{
		"AMBER": "TLP:AMBER", "tlp:red": "TLP:RED", "WHITE": "TLP:CLEAR", " green ": "TLP:GREEN",
		"AMBER+STRICT": "TLP:AMBER+STRICT", "": "TLP:AMBER+STRICT", "PURPLE": "TLP:AMBER+STRICT",
	} {
		if got := TLPText(in); got != want {
			t.Errorf("TLPText(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "just now"}, {59 * time.Second, "just now"}, {time.Minute, "1 min ago"}, {59 * time.Minute, "59 min ago"},
		{3 * time.Hour, "3 h ago"}, {47 * time.Hour, "47 h ago"}, {48 * time.Hour, "2 d ago"}, {59 * 24 * time.Hour, "59 d ago"},
		{400 * 24 * time.Hour, "13 mo ago"}, {800 * 24 * time.Hour, "2 y ago"}, {-6 * 24 * time.Hour, "in 6 d"}, {-time.Second, "in a moment"},
	} {
		if got := Relative(noon.Add(-c.d), noon); got != c.want {
			t.Errorf("Relative(%v before) = %q, want %q", c.d, got, c.want)
		}
	}
}

func TestAbsolute(t *testing.T) {
	if got := Absolute(noon, noon); got != "14 Nov 15:02 UTC" {
		t.Errorf("Absolute in the same year = %q", got)
	}
	if got := Absolute(noon, noon.AddDate(1, 0, 0)); got != "14 Nov 2026 15:02 UTC" {
		t.Errorf("Absolute in another year = %q", got)
	}
}

func TestCounts(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{CanSee(14, 5), "14 people in 5 organizations"}, {CanSee(1, 1), "1 person in 1 organization"}, {CanSee(3, 0), "3 people"},
		{Number(0), "0"}, {Number(999), "999"}, {Number(12480), "12,480"}, {Number(1000000), "1,000,000"}, {Number(-1234), "-1,234"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
