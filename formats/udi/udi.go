// Package udi reads the device identifier of a UDI (R-099, 21 CFR 830): of GS1,
// HIBCC and ICCBBA, bare or as scanned or printed. A UDI also has production
// identifiers: lot, serial number, dates, donation number. Those point at one
// device, perhaps in one patient, and are refused wherever they stand.
package udi

import (
	"fmt"
	"strings"
)

// The issuing agencies that FDA accredited.
const (
	GS1    = "GS1"
	HIBCC  = "HIBCC"
	ICCBBA = "ICCBBA"
)

// maxBytes is longer than any UDI: HIBCC's longest has 142 characters.
const maxBytes = 256

// DI is a device identifier.
type DI struct {
	Agency string // GS1, HIBCC or ICCBBA
	// ID is the identifier as the GUDID has it: for GS1 the GTIN with 14 digits,
	// for HIBCC labeler, product and unit of measure without "+" and check
	// character, for ICCBBA the 16 characters after "=/".
	ID string
}

// Parse reads a bare device identifier, or a UDI without production identifiers.
// The check digit of GS1 and the check character of HIBCC must be right.
func Parse(s string) (DI, error) {
	if len(s) > maxBytes {
		return DI{}, fmt.Errorf("device identifier: %d bytes are too many (at most %d)", len(s), maxBytes)
	}
	d, err := parse(s)
	if err != nil {
		return DI{}, fmt.Errorf("device identifier %q: %w", s, err)
	}
	return d, nil
}

func parse(s string) (DI, error) {
	text := strings.TrimSpace(s)
	for _, prefix := range []string{"]C1", "]d2", "]e0", "]Q3", "]A0", "]C0", "]d1"} { // the scanner's name of the symbol
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			text = rest
			break
		}
	}
	text = strings.TrimLeft(text, "\x1d") // FNC1
	if len(text) > 2 && text[0] == '*' && text[len(text)-1] == '*' {
		text = strings.TrimSpace(text[1 : len(text)-1]) // HIBCC prints asterisks around it
	}
	text = upper(text)
	for i := range len(text) {
		if text[i] < ' ' && text[i] != '\x1d' || text[i] >= 0x7f {
			return DI{}, fmt.Errorf("there is a character that no UDI has")
		}
	}
	switch {
	case text == "":
		return DI{}, fmt.Errorf("there is none")
	case text[0] == '+':
		d, err := parseHIBC(text)
		if err != nil && strings.HasSuffix(s, " ") { // a blank may be the check character
			if blank, again := parseHIBC(text + "_"); again == nil {
				return blank, nil
			}
		}
		return d, err
	case text[0] == '=' || text[0] == '&':
		return parseICCBBA(strings.ReplaceAll(text, " ", ""))
	}

	text = strings.ReplaceAll(text, " ", "")
	switch {
	case text[0] == '(':
		return parseElements(text)
	case digits(text):
		return parseDigits(text)
	case len(text) > 16 && text[:2] == "01" && digits(text[:16]):
		return parseDigits(text)
	}
	return parseBare(text)
}

// String gives the identifier as it is written on a label: "(01)…", "+…" with
// its check character, "=/…". Parse reads it back.
func (d DI) String() string {
	switch d.Agency {
	case GS1:
		return "(01)" + d.ID
	case HIBCC:
		text := "+" + d.ID
		c, _ := checkCharacter(text)
		if c == ' ' {
			c = '_' // as HIBCC prints it
		}
		return text + string(rune(c))
	case ICCBBA:
		return "=/" + d.ID
	}
	return d.ID
}

// production says that a production identifier must go.
func production(what string) error {
	return fmt.Errorf("%s is a production identifier: give the device identifier only", what)
}

// parseBare reads letters and digits without a sign of the agency.
func parseBare(s string) (DI, error) {
	err := checkHIBC(s)
	if err != nil {
		return DI{}, fmt.Errorf("it is of no known form; GS1 has 14 digits, HIBCC begins with + and ICCBBA with =/")
	}
	if len(s) == 16 && digits(s[1:5]) && !digits(s[11:12]) && digits(s[12:]) {
		return DI{}, fmt.Errorf("it may be HIBCC's or ICCBBA's: put + and the check character, or =/, with it")
	}
	return DI{HIBCC, s}, nil
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func alphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r + 'A' - 'a'
		}
		return r
	}, s)
}
