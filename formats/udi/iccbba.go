package udi

import (
	"fmt"
	"strings"
)

// parseICCBBA reads data structure 034 of ISBT 128: "=/", five characters for
// the facility, six for its product, five for the product description code.
func parseICCBBA(s string) (DI, error) {
	rest, ok := strings.CutPrefix(s, "=/")
	if !ok {
		return DI{}, production(isbt(s))
	}
	if len(rest) < 16 || !alphanumeric(rest[:16]) {
		return DI{}, fmt.Errorf("after =/ there are not 16 letters and digits")
	}
	if more := rest[16:]; more != "" {
		if more[0] != '=' && more[0] != '&' {
			return DI{}, fmt.Errorf("after =/ there are more than 16 letters and digits")
		}
		return DI{}, production(isbt(more))
	}
	return DI{ICCBBA, rest}, nil
}

// isbt names another data structure of ISBT 128.
func isbt(s string) string {
	switch {
	case strings.HasPrefix(s, "=,"):
		return "the serial number after =,"
	case strings.HasPrefix(s, "=>"):
		return "the expiration date after =>"
	case strings.HasPrefix(s, "=}"):
		return "the production date after =}"
	case strings.HasPrefix(s, "&,1"):
		return "the lot number after &,1"
	case len(s) > 1 && s[0] == '=' && alphanumeric(s[1:2]):
		return "the donation identification number after ="
	}
	return fmt.Sprintf("%.2s…", s)
}
