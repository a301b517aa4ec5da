package udi

import (
	"fmt"
	"strings"
)

// productionAI names the GS1 application identifiers that point at one device or
// lot.
var productionAI = map[string]string{
	"10": "lot number", "11": "manufacturing date", "12": "due date", "13": "packaging date",
	"15": "best-before date", "16": "sell-by date", "17": "expiration date", "21": "serial number",
	"235": "third-party serial number", "250": "secondary serial number", "251": "reference to a source",
	"30": "count", "37": "count", "7003": "expiration date", "7006": "first freeze date",
	"8003": "serial number", "8004": "asset number", "8008": "production time", "8012": "software version",
}

// parseElements reads "(01)…": brackets around application identifiers.
func parseElements(s string) (DI, error) {
	var d DI
	for rest := s; rest != ""; {
		end := strings.IndexByte(rest, ')')
		if rest[0] != '(' || end < 3 || !digits(rest[1:end]) {
			return DI{}, fmt.Errorf("there is no application identifier in brackets before %q", rest)
		}
		ai := rest[1:end]
		rest = rest[end+1:]
		value := rest
		if next := strings.IndexByte(rest, '('); next >= 0 {
			value = rest[:next]
		}
		rest = rest[len(value):]
		switch what := productionAI[ai]; {
		case what != "":
			return DI{}, production(fmt.Sprintf("the %s (%s)", what, ai))
		case ai != "01":
			return DI{}, fmt.Errorf("(%s) is no part of a device identifier; give (01) only", ai)
		case d.ID != "":
			return DI{}, fmt.Errorf("(01) stands twice")
		case len(value) != 14:
			return DI{}, fmt.Errorf("after (01) there are %d characters, not 14 digits", len(value))
		}
		var err error
		if d, err = gtin(value); err != nil {
			return DI{}, err
		}
	}
	return d, nil
}

// parseDigits reads a GTIN, or element strings without brackets.
func parseDigits(s string) (DI, error) {
	switch {
	case len(s) == 8, len(s) >= 12 && len(s) <= 14:
		return gtin(s)
	case len(s) < 16 || s[:2] != "01":
		return DI{}, fmt.Errorf("it has %d digits; a GTIN has 8, 12, 13 or 14", len(s))
	}
	d, err := gtin(s[2:16])
	rest := strings.TrimLeft(s[16:], "\x1d")
	if err != nil || rest == "" {
		return d, err
	}
	for _, n := range []int{2, 3, 4} {
		if len(rest) >= n {
			if what := productionAI[rest[:n]]; what != "" {
				return DI{}, production(fmt.Sprintf("the %s (%s)", what, rest[:n]))
			}
		}
	}
	return DI{}, fmt.Errorf("after the 14 digits of (01) there is %q, which is no part of a device identifier", rest)
}

// gtin checks the last digit (GS1 General Specifications 7.9.1) and gives the
// number with 14 digits.
func gtin(s string) (DI, error) {
	if !digits(s) {
		return DI{}, fmt.Errorf("%q is not a number", s)
	}
	if strings.Trim(s, "0") == "" {
		return DI{}, fmt.Errorf("it is nothing but zeros")
	}
	s = strings.Repeat("0", 14-len(s)) + s
	sum := 0
	for i := range 13 {
		weight := 3 - 2*(i%2)
		sum += weight * int(s[i]-'0')
	}
	if want := byte('0' + (10-sum%10)%10); s[13] != want {
		return DI{}, fmt.Errorf("the check digit is %c, but it would have to be %c: a digit is wrong", s[13], want)
	}
	return DI{GS1, s}, nil
}
