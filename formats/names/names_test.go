package names

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"Patient Information Center iX (PICiX)": "patient information center ix picix",
		"  Sigma™ Spectrum®,  v8 ":              "sigma spectrum v8",
		"Data & Module":                         "data and module",
		"SIGNA Pioneer+":                        "signa pioneer+",
		"openssl_firmware":                      "openssl firmware",
		"Müller's":                              "müllers",
		"":                                      "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestDevice(t *testing.T) {
	same := [][2]string{ // maker, product: each line names one thing with the next
		{"Philips", "IntelliVue MX800"}, {"Phillips", "Philips IntelliVue MX800"},
		{"Becton, Dickinson and Company (BD)", "BD Alaris GS"}, {"CareFusion", "Alaris GS"},
		{"Baxter International Inc.", "Welch Allyn Connex Spot Monitor (CSM)"}, {"Hillrom", "Connex Spot Monitor (CSM)"},
		{"General Electric (GE)", "GE Carestation"}, {"GE Healthcare", "Carestation"},
		{"B. Braun Melsungen AG", "Battery pack SP with WIFI"}, {"B. Braun Medical", "Battery Pack SP with Wifi"},
	}
	for i := 0; i < len(same); i += 2 {
		a, b := Device(same[i][0], same[i][1]), Device(same[i+1][0], same[i+1][1])
		if a != b {
			t.Errorf("%v is %q and %v is %q", same[i], a, same[i+1], b)
		}
	}
	if Device("Philips", "IntelliVue MX800") == Device("Philips", "IntelliVue MX700") {
		t.Error("two models have one key")
	}
	if Device("Philips", "Philips") != "dev:philips:philips" {
		t.Errorf("a product that is called like its maker has the key %q", Device("Philips", "Philips"))
	}
}

// Each maker that another name leads to is a maker by itself.
func TestMakersEnd(t *testing.T) {
	for _, a := range Aliases() {
		if next, ok := makers()[a.Maker]; ok && next.Maker != a.Maker {
			t.Errorf("%s leads to %s, which leads to %s", a.Name, a.Maker, next.Maker)
		}
		if a.Why == "" {
			t.Errorf("%s has no provenance", a.Name)
		}
	}
}

// Folding is done once: a folded name stays as it is.
func TestFoldedStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "name")
		if f := Fold(s); Fold(f) != f {
			t.Fatalf("%q folds to %q and that to %q", s, f, Fold(f))
		}
		if v := Vendor(s); Vendor(v) != v {
			t.Fatalf("%q is the maker %q, and that is %q", s, v, Vendor(v))
		}
	})
}
