package udi

import (
	"fmt"
	"strings"
)

// parseHIBC reads HIBCC's primary data structure: "+", four characters for the
// labeler, 1 to 18 for the product, a digit for the unit of measure, a check
// character (ANSI/HIBC 2.6).
func parseHIBC(s string) (DI, error) {
	if len(s) > 1 && (s[1] == '$' || s[1] >= '0' && s[1] <= '9' || s[1] == '/') {
		return DI{}, production("what begins with + and " + quantity(s[1]))
	}
	if primary, secondary, ok := strings.Cut(s, "/"); ok && alphanumeric(primary[1:]) && secondary != "" {
		return DI{}, production(secondaryData(secondary))
	}
	if len(s) < 8 {
		return DI{}, fmt.Errorf("it is too short for HIBCC's: labeler, product, unit and check character follow the +")
	}
	body, given := s[:len(s)-1], s[len(s)-1]
	if given == '_' { // a printed blank
		given = ' '
	}
	if err := checkHIBC(body[1:]); err != nil {
		return DI{}, err
	}
	want, err := checkCharacter(body)
	if err != nil {
		return DI{}, err
	}
	if given != want {
		return DI{}, fmt.Errorf("the check character is %q, but it would have to be %q: a character is wrong or missing", given, want)
	}
	return DI{HIBCC, body[1:]}, nil
}

func quantity(c byte) string {
	if c == '$' || c == '/' {
		return string(rune(c))
	}
	return "a date"
}

// secondaryData names what follows the slash.
func secondaryData(s string) string {
	switch {
	case strings.HasPrefix(s, "$$+"), strings.HasPrefix(s, "$+"):
		return "the serial number after /$"
	case s[0] == '$':
		return "the lot number after /$"
	case strings.HasPrefix(s, "16D"):
		return "the manufacturing date after /16D"
	case strings.HasPrefix(s, "14D"):
		return "the expiration date after /14D"
	case s[0] == 'S':
		return "the serial number after /S"
	}
	return "what follows the slash"
}

// checkHIBC checks labeler, product and unit of measure.
func checkHIBC(s string) error {
	switch {
	case len(s) < 6 || len(s) > 23:
		return fmt.Errorf("HIBCC's identifier has 6 to 23 characters, this one %d", len(s))
	case !alphanumeric(s):
		return fmt.Errorf("HIBCC's identifier has letters and digits only")
	case s[0] < 'A':
		return fmt.Errorf("HIBCC's labeler code begins with a letter, not %q", s[0])
	case s[len(s)-1] > '9':
		return fmt.Errorf("the unit of measure at the end is %q; it is a digit", s[len(s)-1])
	}
	return nil
}

// checkCharacter gives the sum of the characters' values modulo 43.
func checkCharacter(s string) (byte, error) {
	const values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
	sum := 0
	for i := range len(s) {
		v := strings.IndexByte(values, s[i])
		if v < 0 {
			return 0, fmt.Errorf("HIBCC's identifier has letters and digits only")
		}
		sum += v
	}
	return values[sum%43], nil
}
