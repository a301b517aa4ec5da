package iocs

import (
	"net/netip"
	"strings"
)

// Pattern is the STIX pattern that matches a value as [Normalize] writes it;
// "" for a CVE, which is no observation.
func Pattern(t Type, value string) string {
	switch t {
	case IPv4:
		return compare("ipv4-addr:value", "=", value)
	case IPv6:
		return compare("ipv6-addr:value", "=", value)
	case CIDR:
		if strings.Contains(value, ":") {
			return compare("ipv6-addr:value", "ISSUBSET", value)
		}
		return compare("ipv4-addr:value", "ISSUBSET", value)
	case IPPort:
		ap, err := netip.ParseAddrPort(value)
		if err != nil {
			return ""
		}
		family := "ipv4-addr"
		if ap.Addr().Is6() {
			family = "ipv6-addr"
		}
		return "[network-traffic:dst_ref.type = '" + family + "' AND network-traffic:dst_ref.value = " + literal(ap.Addr().String()) +
			" AND network-traffic:dst_port = " + value[strings.LastIndexByte(value, ':')+1:] + "]"
	case Domain:
		return compare("domain-name:value", "=", value)
	case URL:
		return compare("url:value", "=", value)
	case Email:
		return compare("email-addr:value", "=", value)
	case MD5, SHA1, SHA224, SHA256, SHA384, SHA512:
		return compare("file:hashes."+hashes[len(value)].stix, "=", value)
	case FileName:
		return compare("file:name", "=", value)
	case FilePath:
		dir, name := splitPath(value)
		if dir == "" {
			return compare("file:name", "=", name)
		}
		return "[file:name = " + literal(name) + " AND file:parent_directory_ref.path = " + literal(dir) + "]"
	case MAC:
		return compare("mac-addr:value", "=", value)
	case ASN:
		return "[autonomous-system:number = " + strings.TrimPrefix(value, "AS") + "]"
	case Registry:
		return compare("windows-registry-key:key", "=", value)
	case Mutex:
		return compare("mutex:name", "=", value)
	}
	return ""
}

func compare(path, operator, value string) string {
	return "[" + path + " " + operator + " " + literal(value) + "]"
}

// literal quotes a string for a pattern (STIX 2.1 §9.2): only the quotation
// mark and the backslash are escaped.
func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
