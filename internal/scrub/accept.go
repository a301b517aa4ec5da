package scrub

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// roles are mailboxes of institutions, which are no person's.
var roles = []string{"psirt", "product-security", "productsecurity", "product.security", "security", "cert", "csirt", "soc", "abuse", "noreply", "no-reply", "postmaster", "git"}

// personal refuses institutions' mailboxes and the password part of a URL.
func personal(text string, start, end int) bool {
	box, _, _ := strings.Cut(strings.ToLower(text[start:end]), "@")
	token := text[max(0, start-256):start]
	token = token[strings.LastIndexAny(token, " \t\r\n<>\"'(")+1:]
	return !slices.Contains(roles, box) && !strings.Contains(token, "://")
}

// issued refuses numbers that are never given out as social security numbers.
func issued(text string, start, end int) bool {
	s := text[start:end]
	return s[:3] != "000" && s[:3] != "666" && s[0] != '9' && s[4:6] != "00" && s[7:] != "0000" && apartFromDigits(text, start, end)
}

// numbered wants an identifier to have at least so many digits.
func numbered(digits int) func(string, int, int) bool {
	return func(text string, start, end int) bool {
		return count(text[start:end]) >= digits && !strings.HasPrefix(strings.ToUpper(text[start:end]), "CVE-")
	}
}

func count(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// dialled wants 7 to 15 digits (ITU-T E.164) that stand alone.
func dialled(text string, start, end int) bool {
	n := count(text[start:end])
	return n >= 7 && n <= 15 && apartFromDigits(text, start, end)
}

// international wants one digit more: the clock of a kernel's log is written
// "+1.999878".
func international(text string, start, end int) bool {
	return count(text[start:end]) >= 8 && dialled(text, start, end)
}

// apartFromDigits refuses what is a piece of a longer number or name.
func apartFromDigits(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	joins := func(r rune) bool { return unicode.IsDigit(r) || unicode.IsLetter(r) || r == '_' }
	if joins(before) || joins(after) {
		return false
	}
	// 1-800-… and 1.2.3: a hyphen or point only joins with a digit behind it.
	if (before == '-' || before == '.') && start >= 2 && joins(rune(text[start-2])) {
		return false
	}
	return !((after == '-' || after == '.') && end+1 < len(text) && joins(rune(text[end+1])))
}

// aName refuses words that begin with a capital and are no names: products and
// ordinary words of the trade.
func aName(text string, start, end int) bool {
	for w := range strings.FieldsFuncSeq(text[start:end], func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' }) {
		w = strings.ToLower(w)
		if ordinary[w] || strings.HasSuffix(w, "s") && ordinary[strings.TrimSuffix(w, "s")] {
			return false
		}
	}
	return true
}

// street refuses drives that data is on, and counts of things.
func street(text string, start, end int) bool {
	for _, w := range strings.Fields(text[start:end])[1:] {
		w = strings.ToLower(strings.Trim(w, ".,"))
		if slices.Contains([]string{"usb", "disk", "hard", "flash", "tape", "optical", "thumb", "solid", "state", "windows", "google", "one", "network"}, w) {
			return false
		}
	}
	return true
}

// ipv4 refuses versions with four parts and addresses that belong to nobody.
// Four small numbers are a version unless the words beside them speak of a
// network; two numbers past 31 make an address unless they speak of versions.
func ipv4(text string, start, end int) bool {
	addr, err := netip.ParseAddr(text[start:end])
	if err != nil || !anybodys(addr) || !apartFromDigits(text, start, end) {
		return false
	}
	before := strings.ToLower(text[max(0, start-40):start])
	if i := strings.LastIndexAny(before, "\n;"); i >= 0 {
		before = before[i+1:]
	}
	near := func(w string) bool { return strings.Contains(before, w) }
	if slices.ContainsFunc(networks, near) || strings.HasPrefix(text[end:], ":") || strings.HasPrefix(text[end:], "/") && !strings.HasPrefix(text[end:], "/v") {
		return true
	}
	large := 0
	for _, octet := range addr.As4() {
		if octet > 31 {
			large++
		}
	}
	return large >= 2 && !slices.ContainsFunc(versions, near)
}

// networks are words in whose company four numbers are an address.
var networks = []string{"ip ", "ip:", "ip=", "ip address", "address", "addr", "host ", "hosts ", "http", "ping ", "scan", "ssh ", "telnet ", " src ", " dst ", "src=", "dst=", "subnet", "gateway", "traffic", "connection", "connected", " at ", "logged in from", "came from", "request from", "requests from"}

// versions are words in whose company four numbers are a version.
var versions = []string{"version", "firmware", "release", "build", "prior", "before", "through", "until", "update", "upgrade", "rev", "software", "patch", " v.", "older", "earlier", "later", "fixed in", "driver", "<", ">"}

// ipv6 wants a whole address that is neither a time of day nor a hardware address.
func ipv6(text string, start, end int) bool {
	s := strings.TrimRight(text[start:end], ".:")
	addr, err := netip.ParseAddr(s)
	pairs := len(s) == 23 && strings.Count(s, ":") == 7 // a worldwide name: 21:32:01:02:ad:f7:ee:b8
	return err == nil && !pairs && strings.Count(s, ":") >= 2 && count(s) > 0 && len(s) >= 6 && anybodys(addr)
}

func anybodys(a netip.Addr) bool {
	return !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && !(a.Is4() && a.As4()[0] == 0) && !(a.Is4() && a.As4()[0] == 255)
}
