package stix

import (
	"net/netip"
	"strings"
	"unicode"
)

// Tests of single strings. Each gives what is wrong, or "".

func isDigits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return true
}

func isHex(s string) bool {
	for i := range len(s) {
		if !hexDigit(s[i]) {
			return false
		}
	}
	return s != ""
}

// isBase64 is RFC 4648 §4 with padding, without decoding.
func isBase64(s string) bool {
	if len(s)%4 != 0 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case lower(c), digit(c), 'A' <= c && c <= 'Z', c == '+', c == '/':
		case c == '=' && (i == len(s)-1 || i == len(s)-2 && s[i+1] == '='):
		default:
			return false
		}
	}
	return true
}

// validLanguage is RFC 5646 in outline: subtags of 1 to 8 letters and digits,
// the first of letters.
func validLanguage(s string) bool {
	if len(s) > 64 {
		return false
	}
	for i, tag := range strings.Split(s, "-") {
		if len(tag) < 1 || len(tag) > 8 || i == 0 && len(tag) < 2 && tag != "i" && tag != "x" {
			return false
		}
		for j := range len(tag) {
			c := tag[j] | 0x20
			if !lower(c) && (i == 0 || !digit(tag[j])) {
				return false
			}
		}
	}
	return true
}

// badHash knows the hashes whose length is fixed (STIX 2.1 §10.6).
func badHash(name, value string) string {
	if len(name) < 3 || len(name) > 250 {
		return "a hash's name has other than 3 to 250 characters"
	}
	length := 0
	switch name {
	case "MD5":
		length = 32
	case "SHA-1":
		length = 40
	case "SHA-256", "SHA3-256":
		length = 64
	case "SHA-512", "SHA3-512":
		length = 128
	case "SSDEEP":
		if value == "" || len(value) > 300 || strings.ContainsFunc(value, unicode.IsSpace) {
			return "it is not an SSDEEP hash"
		}
		return ""
	}
	switch {
	case length > 0 && (len(value) != length || !isHex(value)):
		return "it is not a hash of this kind in hexadecimal digits"
	case value == "":
		return "the hash is empty"
	}
	return ""
}

// badSelector knows the syntax of selectors (STIX 2.1 §7.2.3.1): names, keys and
// positions such as [0], joined by points.
func badSelector(s string) string {
	const reason = "it is not a selector such as description or labels.[0]"
	if len(s) > 4096 {
		return reason
	}
	for i, step := range strings.Split(s, ".") {
		if inner, ok := strings.CutPrefix(step, "["); ok {
			inner, ok = strings.CutSuffix(inner, "]")
			if !ok || i == 0 || inner == "" || len(inner) > 9 || !isDigits(inner) {
				return reason
			}
			continue
		}
		if step == "" || len(step) > 250 || i == 0 && len(step) < 3 && step != "id" {
			return reason
		}
		for j := range len(step) {
			c := step[j]
			// Keys of dictionaries, such as SHA-256, may have capitals.
			if !lower(c) && !digit(c) && c != '_' && c != '-' && (i == 0 || c < 'A' || c > 'Z') {
				return reason
			}
		}
	}
	return ""
}

func badRelationshipType(s string) string {
	for i := range len(s) {
		if c := s[i]; !lower(c) && !digit(c) && c != '-' {
			return "it has other than a–z, 0–9 and hyphens"
		}
	}
	if s == "" || len(s) > 250 {
		return "it has other than 1 to 250 characters"
	}
	return ""
}

func badIPv4(s string) string {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		var prefix netip.Prefix
		prefix, err = netip.ParsePrefix(s)
		addr = prefix.Addr()
	}
	if err != nil || !addr.Is4() {
		return "it is not an IPv4 address or a range of them such as 192.0.2.0/24"
	}
	return ""
}

func badIPv6(s string) string {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		var prefix netip.Prefix
		prefix, err = netip.ParsePrefix(s)
		addr = prefix.Addr()
	}
	if err != nil || !addr.Is6() {
		return "it is not an IPv6 address or a range of them such as 2001:db8::/32"
	}
	return ""
}

func badMAC(s string) string {
	const reason = "it is not a MAC address such as d2:fb:49:24:37:18, in small letters"
	if len(s) != 17 {
		return reason
	}
	for i := range len(s) {
		c := s[i]
		if i%3 == 2 && c != ':' || i%3 != 2 && !digit(c) && (c < 'a' || c > 'f') {
			return reason
		}
	}
	return ""
}

func spaced(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

func badDomain(s string) string {
	if s == "" || len(s) > 1024 || strings.ContainsFunc(s, spaced) || strings.ContainsAny(s, `/:@?#\`) {
		return "it is not a domain name"
	}
	return ""
}

func badEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 || strings.ContainsFunc(s[at:], spaced) || strings.ContainsFunc(s, unicode.IsControl) {
		return "it is not an e-mail address"
	}
	return ""
}

func badURL(s string) string {
	if s == "" || strings.ContainsFunc(s, unicode.IsControl) {
		return "it is not a URL"
	}
	return ""
}

func badCPE(s string) string {
	if !strings.HasPrefix(s, "cpe:2.3:") {
		return "it is not a CPE 2.3 name"
	}
	return ""
}
