package furnish

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
)

// whenTest is the story's clock of these tests.
func whenTest(days int, hour string) time.Time {
	h, _ := time.Parse("15:04", hour)
	return time.Date(2026, 3, 15-days, h.Hour(), h.Minute(), 0, 0, time.UTC)
}

// objects reads a bundle to its end.
func objects(t *testing.T, name string, r io.Reader) (out []stix.Object) {
	t.Helper()
	for src := stix.NewReader(r, stix.Limits{}); ; {
		o, err := src.Next()
		if err == io.EOF {
			return out
		}
		var refused *stix.Error
		if errors.As(err, &refused) && !refused.Fatal {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, o)
	}
}

// ATT&CK is whole and of the day that its name says.
func TestAttack(t *testing.T) {
	f, err := Attack()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	os := objects(t, AttackName, f)
	techniques := 0
	for _, o := range os {
		if o.Modified.After(AttackReleased) {
			t.Errorf("%s was modified %s", o.ID, o.Modified)
		}
		if o.Type == "attack-pattern" {
			techniques++
		}
	}
	if len(os) != 1826 || techniques != 95 {
		t.Errorf("%d objects, %d techniques; want 1826, 95", len(os), techniques)
	}
}

// The invented bundles are STIX, point at documentation addresses only, and refer
// to nothing but to one another and to ATT&CK.
func TestIntelligence(t *testing.T) {
	names, err := IntelligenceNames()
	if err != nil || len(names) < 15 {
		t.Fatalf("%d bundles, %v", len(names), err)
	}
	there := map[string]bool{}
	f, err := Attack()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, o := range objects(t, AttackName, f) {
		there[o.ID] = true
	}
	all := map[string][]stix.Object{}
	for _, name := range names {
		text, err := Intelligence(name, "CASE-7K3Q-2M9P", whenTest)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = objects(t, name, bytes.NewReader(text))
		for _, o := range all[name] {
			there[o.ID] = true
			if len(o.Markings) != 1 {
				t.Errorf("%s: %s has the markings %v", name, o.ID, o.Markings)
			}
		}
		for _, a := range address.FindAllString(string(text), -1) {
			ip, err := netip.ParseAddr(a)
			if err != nil || !(documentation(ip)) {
				t.Errorf("%s has the address %s", name, a)
			}
		}
		for _, d := range domain.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasSuffix(d[1], ".example") {
				t.Errorf("%s has the name %s", name, d[1])
			}
		}
	}
	for name, os := range all {
		for _, o := range os {
			for _, r := range o.Refs {
				if !there[r.Target] && !strings.HasPrefix(r.Target, "marking-definition--") {
					t.Errorf("%s: %s refers to %s, which is nowhere", name, o.ID, r.Target)
				}
			}
		}
	}
	if _, err := Intelligence("nonsense", "", whenTest); err == nil {
		t.Error("a bundle that is not there is found")
	}
}

var (
	address = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b|\b2[0-9a-f]{3}:[0-9a-f:]+`)
	domain  = regexp.MustCompile(`(?:domain-name:value = '|://(?:%\.)?|@)([a-z0-9.-]*[a-z])`)
)

// documentation reports whether an address is one of those that are reserved for
// examples (RFC 5737, RFC 3849).
func documentation(ip netip.Addr) bool {
	for _, p := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"} {
		if netip.MustParsePrefix(p).Contains(ip) {
			return true
		}
	}
	return false
}
