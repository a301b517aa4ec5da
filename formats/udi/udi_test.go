package udi

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestParse has the identifiers of FDA's "UDI formats by FDA-accredited issuing
// agency", of HIBCC's and GS1's specifications, and of openFDA (R-099).
func TestParse(t *testing.T) {
	for _, c := range []struct{ text, agency, id string }{
		{"(01)51022222233336", GS1, "51022222233336"},
		{"(01) 5 1022222 23333 6", GS1, "51022222233336"},
		{"0151022222233336", GS1, "51022222233336"},
		{"]d20151022222233336", GS1, "51022222233336"},
		{"\x1d0151022222233336", GS1, "51022222233336"},
		{"00887517567062", GS1, "00887517567062"}, // openFDA
		{"887517567062", GS1, "00887517567062"},
		{"0887517567062", GS1, "00887517567062"},
		{"036000291452", GS1, "00036000291452"},  // GTIN-12
		{"4006381333931", GS1, "04006381333931"}, // GTIN-13
		{"73513537", GS1, "00000073513537"},      // GTIN-8
		{"10614141000415", GS1, "10614141000415"},
		{"+A123BJC5D6E71G", HIBCC, "A123BJC5D6E71"},
		{"*+A123BJC5D6E71G*", HIBCC, "A123BJC5D6E71"},
		{"+a123bjc5d6e71g", HIBCC, "A123BJC5D6E71"},
		{"A123BJC5D6E71", HIBCC, "A123BJC5D6E71"},
		{"+A012EGY6_", HIBCC, "A012EGY6"}, // the check character is a blank
		{"+A012EGY6 ", HIBCC, "A012EGY6"},
		{"+A123BJC5D6E71G ", HIBCC, "A123BJC5D6E71"},
		{"H123PARTNO1234567890120", HIBCC, "H123PARTNO1234567890120"},
		{"=/A9999XYZ100T0944", ICCBBA, "A9999XYZ100T0944"},
		{"=/W1234ABCDEF E0791", ICCBBA, "W1234ABCDEFE0791"},
	} {
		d, err := Parse(c.text)
		if err != nil {
			t.Error(err)
			continue
		}
		if d.Agency != c.agency || d.ID != c.id {
			t.Errorf("%q: %+v, want %s %s", c.text, d, c.agency, c.id)
		}
		if back, err := Parse(d.String()); err != nil || back != d {
			t.Errorf("%q: %s is read as %+v, %v", c.text, d, back, err)
		}
	}
}

// TestProductionIdentifiers: none gets in, and the message names what to remove.
func TestProductionIdentifiers(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234", "manufacturing date (11)"},
		{"(01)51022222233336(21)1234", "serial number (21) is a production identifier: give the device identifier only"},
		{"(01)51022222233336(10)A213B1", "lot number (10)"},
		{"(17)150707(01)51022222233336", "expiration date (17)"},
		{"015102222223333611141231", "manufacturing date (11)"},
		{"015102222223333621SERIAL", "serial number (21)"},
		{"0151022222233336\x1d10A213B1", "lot number (10)"},
		{"*+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C*", "lot number after /$"},
		{"+A123BJC5D6E71/$+SERIAL3", "serial number after /$"},
		{"+A123BJC5D6E71/SXYZ3", "serial number after /S"},
		{"+A123BJC5D6E71/16D201302023", "manufacturing date after /16D"},
		{"+$$52001510X3GT", "production identifier"},
		{"+52001510X3", "production identifier"},
		{"=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123", "serial number after =,"},
		{"=/A9999XYZ100T0944=A99971312345600", "donation identification number after ="},
		{"=/A9999XYZ100T0944=>014032", "expiration date after =>"},
		{"=/A9999XYZ100T0944=}013032", "production date after =}"},
		{"=/A9999XYZ100T0944&,1000000000000XYZ123", "lot number after &,1"},
		{"=,000025", "serial number after =,"},
		{"&,1000000000000XYZ123", "lot number after &,1"},
	} {
		d, err := Parse(c.text)
		if err == nil {
			t.Errorf("%q was read as %s", c.text, d)
		} else if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "production identifier") {
			t.Errorf("%q: %v, without %q", c.text, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, s := range []string{
		"", " ", "* *", "]d2", "\x1d", "(01)51022222233337", "51022222233337", "887517567063", "00000000000000", "12345", "(01)5102222223333", "(01)", "()",
		"(240)X", "(01)51022222233336(01)51022222233336", "(01)51022222233336X", "0151022222233336240X",
		"+A123BJC5D6E71H", "+A123BJC5D6E71", "+A123", "+A12-BJC5D6E71G", "+", "A123BJC5D6E7X", "hello world", "A9999XYZ100T0944",
		"=/A9999XYZ100T094", "=/A9999XYZ100T09444", "=/", "=", "0100887517567062é", strings.Repeat("1", 300),
	} {
		if d, err := Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, d)
		}
	}
}

// TestCheckDigits: a number with its right check digit is read, and no other
// single digit is accepted in its place; the same for HIBCC's character.
func TestCheckDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[1-9][0-9]{12}`).Draw(t, "gtin")
		accepted := 0
		for c := '0'; c <= '9'; c++ {
			if d, err := Parse(body + string(c)); err == nil {
				accepted++
				if back, err := Parse(d.String()); err != nil || back != d {
					t.Fatalf("%s became %v, %v", d, back, err)
				}
			}
		}
		if accepted != 1 {
			t.Fatalf("%d check digits fit %s", accepted, body)
		}
		id := rapid.StringMatching(`[A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9]`).Draw(t, "hibc")
		if back, err := Parse(DI{HIBCC, id}.String()); err != nil || back.ID != id {
			t.Fatalf("%s became %v, %v", id, back, err)
		}
		accepted = 0
		for _, c := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.$+%_" {
			if _, err := Parse("+" + id + string(c)); err == nil {
				accepted++
			}
		}
		if want, _ := checkCharacter("+" + id); want != '/' && accepted != 1 {
			t.Fatalf("%d check characters fit %s", accepted, id)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"(01)51022222233336", "0151022222233336\x1d10A", "+A123BJC5D6E71G", "=/A9999XYZ100T0944=,000025", "73513537"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s)
		if err != nil {
			return
		}
		if back, err := Parse(d.String()); err != nil || back != d {
			t.Fatalf("%q is %+v, then %+v, %v", s, d, back, err)
		}
	})
}
