package markdown

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// maxURL is the longest address that becomes a link, in bytes.
const maxURL = 2048

var (
	asciiHost = regexp.MustCompile(`^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)
	mailbox   = regexp.MustCompile(`^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$`)
	personRef = regexp.MustCompile(`^person:(person_[A-Za-z0-9_-]{1,64})$`)
)

// target is where a link leads, once it has been found fit.
type target struct {
	href  string // printable ASCII
	shown string // host, or mail address, in ASCII: what a reader must see
}

// resolve judges an address. Only http, https and mailto links to a host that
// can be shown honestly are links; all else stays text.
func resolve(dest string) (target, bool) {
	if dest == "" || len(dest) > maxURL || strings.ContainsAny(dest, "\\\"<>`{}|^ ") {
		return target{}, false
	}
	for _, r := range dest {
		if r <= ' ' || r == 0x7f || r == '\uFFFD' || invisible(r) {
			return target{}, false
		}
	}
	u, err := url.Parse(dest)
	if err != nil {
		return target{}, false
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		// A name and password before the host (https://cisa.gov@evil.example)
		// serve no reader; an escaped host hides itself.
		if u.User != nil || u.Opaque != "" || u.Host == "" || strings.Contains(u.Host, "%") || strings.Contains(authority(dest), "%") {
			return target{}, false
		}
		host, ok := toASCII(u)
		if !ok {
			return target{}, false
		}
		rest := u.EscapedPath()
		if u.RawQuery != "" || u.ForceQuery {
			rest += "?" + u.RawQuery
		}
		if u.Fragment != "" {
			rest += "#" + u.EscapedFragment()
		}
		return target{strings.ToLower(u.Scheme) + "://" + host + escapeURL(rest), host}, true
	case "mailto":
		// Its query could fill in subject, text and further recipients.
		address, err := url.PathUnescape(u.Opaque)
		if err != nil || !mailbox.MatchString(address) {
			return target{}, false
		}
		return target{"mailto:" + address, address}, true
	}
	return target{}, false
}

func authority(dest string) string {
	_, rest, _ := strings.Cut(dest, "//")
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	return rest
}

// toASCII is the host, with its port, as the network sees it: names in other
// scripts, which may look like others, as xn--….
func toASCII(u *url.URL) (string, bool) {
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	} else {
		for i := range len(host) {
			if host[i] >= 0x80 {
				ascii, err := idna.Lookup.ToASCII(host)
				if err != nil {
					return "", false
				}
				host = ascii
				break
			}
		}
	}
	if port := u.Port(); port != "" {
		host += ":" + port
	}
	return host, len(host) <= 260 && asciiHost.MatchString(host)
}

// escapeURL percent-encodes what has no place in an address.
func escapeURL(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>`\\{}|^", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// tells reports whether a link's text is the very address it leads to, so that
// its host need not be shown again. Scheme and a last slash may be left out.
func (t target) tells(shownText string) bool {
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://"), "mailto:")
		return strings.TrimSuffix(s, "/")
	}
	return bare(shownText) == bare(t.href)
}
