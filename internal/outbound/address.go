package outbound

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// notPublic are the blocks of the IANA special-purpose registries that are not
// reachable from everywhere, and those that hide another address.
var notPublic = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/4", "240.0.0.0/4",
	// Of IPv6, 2000::/3 alone is public (see below), without:
	"2001::/23",     // IETF protocols, with Teredo 2001::/32 and ORCHIDs
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4, which embeds an IPv4 address
	"3fff::/20",     // documentation
)

var global6 = netip.MustParsePrefix("2000::/3")

// metadata are the addresses at which clouds hand out their machines'
// credentials. They are called only if the operator lists the very address.
var metadata = []netip.Addr{
	netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.169.253"), netip.MustParseAddr("169.254.169.123"),
	netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"), netip.MustParseAddr("168.63.129.16"),
	netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"),
}

func prefixes(list ...string) (p []netip.Prefix) {
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

// Public reports whether an address is one of the public internet.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" || a.Is4In6() || slices.Contains(metadata, a) {
		return false
	}
	if a.Is6() && !global6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(a) })
}

// listed reports whether the operator allows an address that is not public.
func (c *Client) listed(a netip.Addr) bool {
	return slices.ContainsFunc(c.private, func(p netip.Prefix) bool {
		return p.Contains(a) && (p.IsSingleIP() || !slices.Contains(metadata, a))
	})
}

// badPorts are ports from 1024 on where something listens that is not HTTP, or
// HTTP that is not for others (databases, container daemons, mail, chat). The
// Fetch standard's list is among them.
var badPorts = []uint16{
	1080, 1433, 1521, 1719, 1720, 1723, 2049, 2181, 2375, 2376, 2379, 2380, 3128, 3306, 3389, 3659, 4045, 4190, 4369, 5060, 5061, 5432, 5672, 5984,
	5985, 5986, 6000, 6379, 6443, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 7000, 7001, 8500, 9042, 9092, 9100, 9160, 9200, 9300, 10080, 10250, 10255,
	11211, 15672, 27017, 27018, 50070,
}

func goodPort(p uint16) bool {
	return p == 80 || p == 443 || p >= 1024 && !slices.Contains(badPorts, p)
}

// innerNames end names that only mean something inside a network.
var innerNames = []string{"localhost", "localdomain", "local", "internal", "svc", "intranet", "lan", "home", "corp", "private", "home.arpa", "onion", "alt", "invalid", "test"}

// CheckURL reads an address that a person or another server gives, and refuses
// with an [*Error] what will never be called: so a form can say it at once.
// What a name leads to is seen only at the call.
func (c *Client) CheckURL(raw string) (*url.URL, error) {
	if len(raw) > 4096 || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return nil, refused("it is not written as a web address")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, refused("it is not written as a web address")
	}
	if err := c.checkURL(u); err != nil {
		return nil, err
	}
	return u, nil
}

func (c *Client) checkURL(u *url.URL) error {
	switch {
	case u.Scheme == "http" && !c.plain:
		return refused("it must begin with https://")
	case u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "" || u.Host == "":
		return refused("it is not an address of the web")
	case u.User != nil:
		return refused("it holds a user's name; credentials are given apart")
	}
	host, port, ok := target(u)
	if !ok {
		return refused("its port is not one that is called")
	}
	inner := len(c.private) > 0
	if !goodPort(port) && !inner {
		return refused("its port is not one that is called")
	}
	if strings.ContainsAny(host, ":%") || numeric(host) {
		a, err := netip.ParseAddr(host)
		if err != nil || a.Zone() != "" || a.Is4In6() {
			return refused("its number is not an IP address written the usual way")
		}
		if !c.mayDial(netip.AddrPortFrom(a, port)) {
			return refused("it is not on the public internet")
		}
		return nil
	}
	if !validName(host) {
		return refused("its host is not a name (letters outside ASCII are written in Punycode, xn--…)")
	}
	if !inner && (!strings.Contains(host, ".") || slices.ContainsFunc(innerNames, func(n string) bool { return host == n || strings.HasSuffix(host, "."+n) })) {
		return refused("it is not on the public internet")
	}
	return nil
}

// mayDial is the check that counts: every address is held to it right before
// the connection, and by the dialer once more.
func (c *Client) mayDial(to netip.AddrPort) bool {
	return c.listed(to.Addr()) || Public(to.Addr()) && goodPort(to.Port())
}

// target is the host in small letters without a dot at its end, and the port.
func target(u *url.URL) (host string, port uint16, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	switch p := u.Port(); {
	case p != "":
		n, err := strconv.ParseUint(p, 10, 16)
		return host, uint16(n), err == nil && n > 0 && p[0] != '0'
	case strings.HasSuffix(u.Host, ":"):
		return host, 0, false
	case u.Scheme == "http":
		return host, 80, true
	}
	return host, 443, true
}

// numeric reports whether a host would be read as a number by some program:
// its last label is one, in any notation (WHATWG URL, "ends in a number").
func numeric(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if rest, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(rest, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}

func validName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}
