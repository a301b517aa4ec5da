package iocs

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Type is what kind of thing an indicator's value is.
type Type string

// The types that are read. CVE ids become vulnerability objects, all others
// indicators with a STIX pattern.
const (
	IPv4     Type = "ipv4"
	IPv6     Type = "ipv6"
	CIDR     Type = "cidr" // a network of either family
	IPPort   Type = "ip-port"
	Domain   Type = "domain"
	URL      Type = "url"
	Email    Type = "email"
	MD5      Type = "md5"
	SHA1     Type = "sha1"
	SHA224   Type = "sha224"
	SHA256   Type = "sha256"
	SHA384   Type = "sha384"
	SHA512   Type = "sha512"
	FileName Type = "filename"
	FilePath Type = "filepath"
	MAC      Type = "mac"
	ASN      Type = "asn"
	CVE      Type = "cve"
	Registry Type = "registry-key"
	Mutex    Type = "mutex"
)

// Types are all of them, for a form to choose from.
func Types() []Type {
	return []Type{IPv4, IPv6, CIDR, IPPort, Domain, URL, Email, MD5, SHA1, SHA224, SHA256, SHA384, SHA512,
		FileName, FilePath, MAC, ASN, CVE, Registry, Mutex}
}

// hashes maps the number of hexadecimal digits to the hash, in both ways of
// writing: ours and STIX's.
var hashes = map[int]struct {
	t    Type
	stix string // as a step of a pattern's path
}{
	32: {MD5, "MD5"}, 40: {SHA1, "'SHA-1'"}, 56: {SHA224, "'SHA-224'"},
	64: {SHA256, "'SHA-256'"}, 96: {SHA384, "'SHA-384'"}, 128: {SHA512, "'SHA-512'"},
}

// typeNames maps what tools call a type, without case and punctuation. A
// general name ("ip", "hash") leaves the choice to the value: "".
var typeNames = map[string]Type{
	"ipv4": IPv4, "ipv4addr": IPv4, "ipv4address": IPv4, "ipv6": IPv6, "ipv6addr": IPv6, "ipv6address": IPv6,
	"ip": "", "ipaddr": "", "ipaddress": "", "ipsrc": "", "ipdst": "", "addr": "", "address": "",
	"cidr": CIDR, "iprange": CIDR, "netblock": CIDR, "network": CIDR, "subnet": CIDR, "ipv4cidr": CIDR, "ipv6cidr": CIDR,
	"ipport": IPPort, "ipdstport": IPPort, "ipsrcport": IPPort,
	"domain": Domain, "domainname": Domain, "hostname": Domain, "host": Domain, "fqdn": Domain, "dns": Domain,
	"url": URL, "uri": URL, "link": URL,
	"email": Email, "emailaddr": Email, "emailaddress": Email, "emailsrc": Email, "emaildst": Email, "emailsender": Email, "mail": Email,
	"hash": "", "filehash": "", "file": "", "ioc": "", "indicator": "", "auto": "", "unknown": "", "observable": "",
	"md5": MD5, "md5hash": MD5, "filehashmd5": MD5, "hashmd5": MD5, "filemd5": MD5,
	"sha1": SHA1, "sha1hash": SHA1, "filehashsha1": SHA1, "hashsha1": SHA1, "filesha1": SHA1,
	"sha224": SHA224, "sha384": SHA384,
	"sha256": SHA256, "sha256hash": SHA256, "filehashsha256": SHA256, "hashsha256": SHA256, "filesha256": SHA256,
	"sha512": SHA512, "sha512hash": SHA512, "filehashsha512": SHA512, "hashsha512": SHA512, "filesha512": SHA512,
	"filename": FileName, "filepath": FilePath, "path": FilePath,
	"mac": MAC, "macaddr": MAC, "macaddress": MAC,
	"asn": ASN, "as": ASN, "asnumber": ASN, "autonomoussystem": ASN,
	"cve": CVE, "vulnerability": CVE, "cveid": CVE,
	"registrykey": Registry, "regkey": Registry, "registry": Registry, "windowsregistrykey": Registry,
	"mutex": Mutex, "mutant": Mutex,
}

// ParseType reads the name of a type as tools write it. The empty type with ok
// means that the value decides ("ip", "hash").
func ParseType(name string) (t Type, ok bool) {
	t, ok = typeNames[foldName(name)]
	return t, ok
}

func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// maxValue is the length of a value in bytes; URLs are the longest.
const maxValue = 8 << 10

// ValueError says why a value is not of its type.
type ValueError struct{ Reason string }

func (e *ValueError) Error() string { return e.Reason }

func bad(format string, args ...any) error { return &ValueError{fmt.Sprintf(format, args...)} }

// fangs replaces how values are written so that nobody clicks on them.
var (
	brackets = strings.NewReplacer("[.]", ".", "(.)", ".", "{.}", ".", "[dot]", ".", "(dot)", ".", "{dot}", ".", "[DOT]", ".", "(DOT)", ".", "\\.", ".",
		"[:]", ":", "[://]", "://", "[/]", "/", "[@]", "@", "(@)", "@", "[at]", "@", "(at)", "@", "[AT]", "@", "(AT)", "@")
	scheme = regexp.MustCompile(`(?i)^(h(?:xx|tt|\*\*|__|x)ps?|fxp|f\*p|h\[tt\]ps?)\s*(?:\[://\]|(?:\[:\]|:)(?://|\[//\]|\[/\]\[/\]))`)
)

// Refang undoes the usual disguises: hxxp://, [.], (dot), [at]; and removes
// quotation marks, angle brackets and space around the value.
func Refang(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'`<>\u200b\u2060\ufeff“”‘’", r)
	})
	if m := scheme.FindStringSubmatch(s); m != nil {
		name := "http"
		switch {
		case strings.HasPrefix(strings.ToLower(m[1]), "f"):
			name = "ftp"
		case strings.HasSuffix(strings.ToLower(m[1]), "s"):
			name = "https"
		}
		s = name + "://" + s[len(m[0]):]
	}
	if isRegistry(s) || isPath(s) { // whose "\." is no disguise
		return s
	}
	return brackets.Replace(s)
}

// Detect tells of which type a value is and how it is written properly. The
// error, a [*ValueError], says why it is none.
func Detect(raw string) (t Type, value string, err error) {
	if err := plain(raw); err != nil {
		return "", "", err
	}
	s := Refang(raw)
	switch {
	case s == "":
		return "", "", bad("there is no value")
	case cvePattern.MatchString(s):
		t = CVE
	case isHex(s) && hashes[len(s)].t != "":
		t = hashes[len(s)].t
	case strings.Contains(s, "://"):
		t = URL
	case isRegistry(s):
		t = Registry
	case strings.HasPrefix(s, `Global\`) || strings.HasPrefix(s, `Local\`):
		t = Mutex
	case isPath(s):
		t = FilePath
	case macPattern.MatchString(s):
		t = MAC
	case asnPattern.MatchString(s):
		t = ASN
	case strings.Contains(s, "@"):
		t = Email
	default:
		if a, err := netip.ParseAddr(s); err == nil {
			if t = IPv6; a.Is4() {
				t = IPv4
			}
			break
		}
		if _, err := netip.ParseAddrPort(s); err == nil {
			t = IPPort
			break
		}
		if strings.Contains(s, "/") {
			t = CIDR
			break
		}
		if t = Domain; fileExtension(s) {
			t = FileName
		}
	}
	value, err = Normalize(t, s)
	if err != nil {
		return "", "", bad("this is no kind of indicator that is known here")
	}
	return single(t, value), value, nil
}

// Parse reads a value of a stated type, or of the type it shows when t is
// empty. What is stated as an address and is a network, or the other way
// round, is taken for what it is.
func Parse(t Type, raw string) (Type, string, error) {
	if t == "" {
		return Detect(raw)
	}
	s := Refang(raw)
	if t == FileName || t == FilePath || t == Mutex || t == Registry {
		s = strings.TrimSpace(raw) // no disguise is known for them, and they may hold anything
	}
	if s == "" {
		return "", "", bad("there is no value")
	}
	if (t == IPv4 || t == IPv6) && strings.Contains(s, "/") {
		t = CIDR
	} else if t == CIDR && !strings.Contains(s, "/") {
		if t = IPv4; strings.Contains(s, ":") {
			t = IPv6
		}
	}
	value, err := Normalize(t, s)
	if err != nil {
		return "", "", err
	}
	return single(t, value), value, nil
}

// single is the type of an address when a network has one only.
func single(t Type, value string) Type {
	switch {
	case t != CIDR || strings.Contains(value, "/"):
		return t
	case strings.Contains(value, ":"):
		return IPv6
	}
	return IPv4
}

var (
	cvePattern   = regexp.MustCompile(`(?i)^CVE-[0-9]{4}-[0-9]{4,19}$`)
	macPattern   = regexp.MustCompile(`(?i)^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){5}|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}|[0-9a-f]{4}(?:\.[0-9a-f]{4}){2})$`)
	asnPattern   = regexp.MustCompile(`(?i)^ASN?\s?[0-9]{1,10}$`)
	emailPattern = regexp.MustCompile("^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^@]+$")
	labelPattern = regexp.MustCompile(`^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$`)
)

// hives maps the short and long names of the registry's hives to the long one,
// which STIX asks for.
var hives = map[string]string{
	"HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT", "HKU": "HKEY_USERS", "HKCC": "HKEY_CURRENT_CONFIG",
	"HKEY_LOCAL_MACHINE": "HKEY_LOCAL_MACHINE", "HKEY_CURRENT_USER": "HKEY_CURRENT_USER", "HKEY_CLASSES_ROOT": "HKEY_CLASSES_ROOT",
	"HKEY_USERS": "HKEY_USERS", "HKEY_CURRENT_CONFIG": "HKEY_CURRENT_CONFIG",
}

func isRegistry(s string) bool {
	hive, rest, ok := strings.Cut(s, `\`)
	return ok && rest != "" && hives[strings.ToUpper(hive)] != ""
}

func isPath(s string) bool {
	drive := len(s) > 3 && s[1] == ':' && s[2] == '\\' && ('a' <= s[0]|0x20 && s[0]|0x20 <= 'z')
	return drive || strings.HasPrefix(s, `\\`) || strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") || strings.HasPrefix(s, "%") && strings.Contains(s, `\`)
}

// fileExtension reports whether a name without a path is a file's by its
// ending. Endings that are also top-level domains (zip, com, sh) are not here:
// such a name is a domain unless a type says otherwise.
func fileExtension(s string) bool {
	i := strings.LastIndexByte(s, '.')
	if i < 1 {
		return false
	}
	switch strings.ToLower(s[i+1:]) {
	case "exe", "dll", "sys", "scr", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "wsf", "hta", "lnk", "msi", "jar", "apk", "elf", "bin", "dat", "tmp",
		"doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "rtf", "pdf", "iso", "img", "rar", "7z", "gz", "tar", "chm", "swf", "php", "asp", "aspx", "jsp", "war", "dmg", "pkg", "txt", "png", "jpg", "gif":
		return true
	}
	return false
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// plain refuses what is text of no indicator.
func plain(s string) error {
	switch {
	case len(s) > maxValue:
		return bad("the value is longer than %d bytes", maxValue)
	case !utf8.ValidString(s):
		return bad("the value is not UTF-8")
	case strings.ContainsFunc(strings.TrimSpace(s), func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		return bad("the value holds control characters")
	}
	return nil
}

// Normalize writes a refanged value of a known type the one way it is
// compared: names and hashes in lower case, networks without host bits. The
// error, a [*ValueError], says why it is not of that type.
func Normalize(t Type, s string) (string, error) {
	if err := plain(s); err != nil {
		return "", err
	}
	s = strings.TrimSpace(s)
	switch t {
	case IPv4, IPv6:
		a, err := netip.ParseAddr(s)
		switch {
		case err != nil || a.Zone() != "":
			return "", bad("this is not an IP address")
		case a.Is4() != (t == IPv4):
			return "", bad("this is an IP address of the other family")
		}
		return a.String(), nil
	case CIDR:
		return network(s)
	case IPPort:
		ap, err := netip.ParseAddrPort(s)
		if err != nil || ap.Addr().Zone() != "" || ap.Port() == 0 {
			return "", bad("this is not an IP address with a port")
		}
		return ap.String(), nil
	case Domain:
		return domain(s)
	case URL:
		return address(s)
	case Email:
		i := strings.LastIndexByte(s, '@')
		if i < 0 || !emailPattern.MatchString(s) {
			return "", bad("this is not an e-mail address")
		}
		host, err := domain(s[i+1:])
		if err != nil {
			return "", bad("this is not an e-mail address")
		}
		return s[:i+1] + host, nil
	case MD5, SHA1, SHA224, SHA256, SHA384, SHA512:
		if !isHex(s) || hashes[len(s)].t != t {
			return "", bad("this is not a %s hash in hexadecimal digits", t)
		}
		return strings.ToLower(s), nil
	case MAC:
		if !macPattern.MatchString(s) {
			return "", bad("this is not a MAC address")
		}
		digits := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "").Replace(s))
		var parts []string
		for i := 0; i < len(digits); i += 2 {
			parts = append(parts, digits[i:i+2])
		}
		return strings.Join(parts, ":"), nil
	case ASN:
		n, err := strconv.ParseUint(strings.TrimLeft(s, "AaSsNn "), 10, 32)
		if err != nil || n == 0 {
			return "", bad("this is not the number of an autonomous system")
		}
		return "AS" + strconv.FormatUint(n, 10), nil
	case CVE:
		if !cvePattern.MatchString(s) {
			return "", bad("this is not a CVE id")
		}
		return strings.ToUpper(s), nil
	case Registry:
		hive, rest, _ := strings.Cut(s, `\`)
		if !isRegistry(s) {
			return "", bad("this is not a registry key; it begins with a hive such as HKLM")
		}
		return hives[strings.ToUpper(hive)] + `\` + strings.TrimRight(rest, `\`), nil
	case FilePath:
		if _, name := splitPath(s); name == "" {
			return "", bad("this is a path without a file's name")
		}
		return s, nil
	case FileName, Mutex:
		if s == "" || t == FileName && strings.ContainsAny(s, `/\`) {
			return "", bad("this is not a %s", map[Type]string{FileName: "file's name", Mutex: "mutex's name"}[t])
		}
		return s, nil
	}
	return "", bad("there is no such type of indicator")
}

func network(s string) (string, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Bits() == 0 {
		return "", bad("this is not a network such as 192.0.2.0/24")
	}
	if p.IsSingleIP() {
		return p.Addr().String(), nil
	}
	return p.Masked().String(), nil
}

func domain(s string) (string, error) {
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return "", bad("this is not a domain name")
	}
	for _, r := range s {
		if r > unicode.MaxASCII {
			return "", bad("the name has letters outside ASCII; write it in Punycode (xn--…)")
		}
	}
	for _, l := range labels {
		if !labelPattern.MatchString(l) {
			return "", bad("this is not a domain name")
		}
	}
	last := labels[len(labels)-1]
	if strings.Trim(last, "abcdefghijklmnopqrstuvwxyz") != "" && !strings.HasPrefix(last, "xn--") || len(last) < 2 {
		return "", bad("this is not a domain name")
	}
	return s, nil
}

// address checks a URL and keeps it as it is but for scheme and host: what
// follows them may tell capital from small letters.
func address(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || u.Hostname() == "" || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", bad("this is not a URL")
	}
	if _, err := netip.ParseAddr(u.Hostname()); err != nil {
		if _, err := domain(u.Hostname()); err != nil {
			return "", bad("this is not a URL of a host on the internet")
		}
	}
	begin := strings.Index(s, "://") + 3
	end := len(s)
	if i := strings.IndexAny(s[begin:], "/?#"); i >= 0 {
		end = begin + i
	}
	authority := s[begin:end]
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[:i+1] + strings.ToLower(authority[i+1:])
	} else {
		authority = strings.ToLower(authority)
	}
	return strings.ToLower(s[:begin]) + authority + s[end:], nil
}

// splitPath parts a file's path, of Windows or not, at its last separator.
func splitPath(s string) (dir, name string) {
	i := strings.LastIndexAny(s, `/\`)
	if i < 0 {
		return "", s
	}
	return s[:i], s[i+1:]
}
