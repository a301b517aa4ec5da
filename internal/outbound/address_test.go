package outbound

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// names is a resolver that knows what it is told.
type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) (list []netip.Addr, err error) {
	for _, s := range n[host] {
		list = append(list, netip.MustParseAddr(s))
	}
	if len(list) == 0 {
		return nil, errors.New("no such name")
	}
	return list, nil
}

// inside are addresses that are not the public internet's: each family of T-48.
var inside = []string{
	// loopback, unspecified, "this network"
	"127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.255", "0.0.0.0", "0.0.0.1", "0.255.255.255", "::1", "::",
	// link-local and the clouds' metadata
	"169.254.0.1", "169.254.169.254", "169.254.170.2", "169.254.169.253", "169.254.169.123", "169.254.255.255", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fe80::1", "fe80::a9fe:a9fe", "febf::1", "fd00:ec2::254", "fd20:ce::254",
	// RFC 1918, CGNAT
	"10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255", "100.64.0.1", "100.127.255.255",
	// ULA, site-local, discard
	"fc00::1", "fd12:3456:789a::1", "fdff::1", "fec0::1", "100::1",
	// IETF, documentation, benchmarking, 6to4 relay
	"192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "2001:2::1", "2001:10::1", "2001:20::1",
	// multicast, reserved, broadcast
	"224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "ff02::1", "ff05::2", "ff0e::1",
	// IPv4 inside IPv6: compatible, translated, NAT64, local NAT64, 6to4, Teredo
	"::7f00:1", "::127.0.0.1", "::a00:1", "::a9fe:a9fe", "::ffff:0:7f00:1", "::ffff:0:a9fe:a9fe", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1", "64:ff9b::808:808", "64:ff9b:1::1", "64:ff9b:1::a9fe:a9fe",
	"2002:7f00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:1::1", "2002:a00:1::1", "2001::1", "2001:0:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
	// outside 2000::/3
	"1::1", "200::1", "400::1", "4000::1", "8000::1", "e000::1", "f800::1",
}

// spellings are hosts that some program reads as an address inside.
var spellings = []string{
	// decimal, octal, hexadecimal, and mixtures
	"2130706433", "017700000001", "0x7f000001", "0x7F000001", "0X7F000001", "0177.0.0.1", "0177.0.0.01", "00000177.0.0.1", "0x7f.0.0.1", "0x7f.0x0.0x0.0x1", "0x7f.1", "127.1", "127.0.1", "127.0.0.01", "127.0.0.0x1", "127.0x1", "0x7f.0.1", "0177.1",
	"127.000.000.001", "0", "0x0", "00", "1", "2852039166", "0xa9fea9fe", "0xA9FEA9FE", "0251.0376.0251.0376", "0xa9.0xfe.0xa9.0xfe", "169.254.43518", "169.16689662", "025177524776", "169.254.0xa9fe", "167772161", "0xa000001", "012.0.0.1", "10.1", "0xa.1", "3232235521", "0xc0a80001", "192.168.1", "0300.0250.0.1",
	"4294967295", "4294967296", "0xffffffff", "0x100000000", "99999999999999999999", "256.256.256.256", "1.2.3.4.5", "127.0.0.256", "425.510.425.510", "0x", "127.0.0.0x", "1.1.1.08",
	// a dot at the end
	"127.0.0.1.", "2130706433.", "0x7f000001.", "127.1.", "169.254.169.254.", "localhost.", "10.0.0.1.", "192.168.0.1.",
	// mapped, and with zones
	"[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:169.254.169.254]", "[0:0:0:0:0:ffff:7f00:1]", "[::ffff:10.0.0.1]", "[::ffff:8.8.8.8]", "[fe80::1%25eth0]", "[::1%25lo]", "[2606:4700::1%25eth0]", "[0:0:0:0:0:0:0:1]", "[0000:0000:0000:0000:0000:0000:0000:0001]", "[::0.0.0.1]", "[::0]",
	// brackets and rubbish
	"[127.0.0.1]", "[localhost]", "[]", "[::1", "::1", "[::g]", "[::1]x",
	// names of inside
	"localhost", "LOCALHOST", "LocalHost", "localhost.localdomain", "a.localhost", "ip6-localhost", "metadata", "metadata.google.internal", "instance-data", "kubernetes.default.svc", "kubernetes", "host.docker.internal", "printer.local", "nas.lan", "wiki.corp", "router.home", "x.home.arpa", "wpad", "db", "hidden.onion", "x.private", "x.intranet", "x.test", "x.invalid",
	// letters that turn into others, and percent signs
	"①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "ｌｏｃａｌｈｏｓｔ", "loc%61lhost", "127%2e0%2e0%2e1", "%31%32%37.0.0.1", "localhost%00.example.com", "127.0.0.1%00.example.com", "localhost%2f.example.com", "exämple.com", "a_b..example.com", "-a.example.com", "a-.example.com",
}

// whole are addresses that are wrong as a whole.
var whole = []string{
	"", " ", "https", "https:", "https:/", "https://", "https:///", "https:///x", "//example.com/", "example.com", "/x", "?x", "#x", "https:example.com", "https:/example.com", "https://?x", "https://#x", "https://:443/",
	"http://example.com/", "HTTP://example.com/", "ftp://example.com/", "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://example.com:70/_x", "dict://example.com:11211/stat", "ldap://example.com/", "ldaps://example.com/", "tftp://example.com/", "sftp://example.com/", "jar:https://example.com!/", "data:text/plain,x", "javascript:alert(1)", "netdoc:///etc/passwd", "unix:///var/run/docker.sock", "ws://example.com/", "wss://example.com/", "mailto:a@example.com", "view-source:https://example.com/", "blob:https://example.com/x", "php://filter", "phar://x", "smb://example.com/", "imap://example.com/", "ssh://example.com/",
	"https://user@example.com/", "https://user:pass@example.com/", "https://:@example.com/", "https://@example.com/", "https://example.com@127.0.0.1/", "https://127.0.0.1@example.com/", "https://example.com:443@127.0.0.1/", "https://example.com%40127.0.0.1/", "https://example.com&@127.0.0.1#@example.com/", "https://127.0.0.1#@example.com/", "https://127.0.0.1?@example.com/", "https://127.0.0.1\\@example.com/", "https://example.com\\@127.0.0.1/", "https://example.com#@127.0.0.1\n/",
	"https://exam ple.com/", " https://example.com/", "https://example.com/ ", "https://example.com/\r\nHost: x", "https://example.com/\n", "https://example.com/\x00", "https://example.com\t/", "https://example.com/\x7f", "https:\\\\example.com\\", "https://example.com/%zz",
	"https://example.com:0/", "https://example.com:/", "https://example.com:1/", "https://example.com:21/", "https://example.com:22/", "https://example.com:23/", "https://example.com:25/", "https://example.com:53/", "https://example.com:110/", "https://example.com:135/", "https://example.com:139/", "https://example.com:389/", "https://example.com:445/", "https://example.com:587/", "https://example.com:993/", "https://example.com:1433/", "https://example.com:2375/", "https://example.com:2379/", "https://example.com:3306/", "https://example.com:3389/", "https://example.com:5432/", "https://example.com:5985/", "https://example.com:6379/", "https://example.com:6443/", "https://example.com:9200/", "https://example.com:10250/", "https://example.com:11211/", "https://example.com:27017/",
	"https://example.com:65536/", "https://example.com:99999/", "https://example.com:-1/", "https://example.com:0443/", "https://example.com:443:443/", "https://example.com:https/", "https://example.com:４４３/", "https://[::1]:22/",
	"https://" + strings.Repeat("a", 64) + ".example.com/", "https://" + strings.Repeat("a.", 130) + "example.com/", "https://example.com/" + strings.Repeat("a", 4096),
}

// T-48: 300 addresses that must not be called: none leads to a connection.
func TestT48Vectors(t *testing.T) {
	resolver := names{}
	c := New(Options{Resolver: resolver})
	n := 0
	denied := func(address string, want Kind, detail string) {
		t.Helper()
		n++
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			if _, err := c.CheckURL(address); err == nil {
				t.Errorf("%q passes the check of its form", address)
			}
			return
		}
		_, check := c.CheckURL(address)
		if (check != nil) != (want == Refused) {
			t.Errorf("%q: the check says %v", address, check)
		}
		resp, err := c.Do(req)
		var e *Error
		if !errors.As(err, &e) || e.Kind != want && check == nil || !strings.Contains(e.Detail, detail) {
			t.Errorf("%q: %+v, %v", address, resp, err)
		}
	}
	for _, a := range inside {
		host := a
		if strings.Contains(a, ":") {
			host = "[" + a + "]"
		}
		denied("https://"+host+"/", Refused, "")
		denied("https://"+host+":8443/x", Refused, "")
		// By name, alone and hidden behind a public address: nothing is dialed.
		name := fmt.Sprintf("h%d.example.com", n)
		resolver[name] = []string{a}
		denied("https://"+name+"/", Unreachable, "may not be called")
		resolver["mixed-"+name] = []string{"1.1.1.1", a}
		denied("https://mixed-"+name+"/", Unreachable, "may not be called")
		if v4 := netip.MustParseAddr(a); v4.Is4() {
			resolver["mapped-"+name] = []string{"::ffff:" + a}
			denied("https://mapped-"+name+"/", Unreachable, "may not be called")
			denied("https://[::ffff:"+a+"]/", Refused, "")
		}
		if Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is taken for public", a)
		}
	}
	for _, host := range spellings {
		denied("https://"+host+"/", Refused, "")
	}
	for _, address := range whole {
		denied(address, Refused, "")
	}
	if n < 300 {
		t.Errorf("there are %d vectors only", n)
	}
	t.Logf("%d addresses refused", n)
}

// What may be called passes the check; the table above would be met by refusing all.
func TestPublicAddresses(t *testing.T) {
	c := New(Options{})
	for _, address := range []string{"https://example.com/", "https://EXAMPLE.com./taxii2/", "https://example.com:443/x?y=z", "https://example.com:8443/", "https://example.com:9000/", "https://example.com:80/",
		"https://1.1.1.1/", "https://[2606:4700:4700::1111]/", "https://xn--bcher-kva.example.com/", "https://a_b.example.com/", "https://8.8.8.8:8443/", "https://172.15.255.255/", "https://172.32.0.1/", "https://100.63.255.255/", "https://100.128.0.1/", "https://192.167.1.1/", "https://11.0.0.1/", "https://223.255.255.255/", "https://4chan.example.com/", "https://0x.example.com/"} {
		if _, err := c.CheckURL(address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := New(Options{AllowPlain: true}).CheckURL("http://example.com/"); err != nil {
		t.Errorf("http, where it is allowed: %v", err)
	}
}

// The operator's list opens what it lists, and metadata only by their very address.
func TestAllowPrivate(t *testing.T) {
	for address, want := range map[string][]string{ // what is allowed under which list
		"https://10.1.2.3/":          {"10.0.0.0/8"},
		"https://10.1.2.3:5432/":     {"10.0.0.0/8"},
		"https://192.168.1.1/":       {},
		"https://169.254.1.1/":       {"169.254.0.0/16"},
		"https://169.254.169.254/":   {"169.254.169.254/32"},
		"https://[fd00::1]/":         {"fd00::/8"},
		"https://[fd00:ec2::254]/":   {},
		"https://[::ffff:10.1.2.3]/": {},
	} {
		for _, list := range []string{"10.0.0.0/8", "169.254.0.0/16", "169.254.169.254/32", "fd00::/8"} {
			c := New(Options{AllowPrivate: []netip.Prefix{netip.MustParsePrefix(list)}})
			_, err := c.CheckURL(address)
			if allowed := strings.Contains(strings.Join(want, " "), list); (err == nil) != allowed {
				t.Errorf("%s under %s: %v", address, list, err)
			}
		}
	}
	c := New(Options{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	if _, err := c.CheckURL("https://taxii/"); err != nil { // the address decides
		t.Errorf("a short name: %v", err)
	}
	if _, err := c.CheckURL("https://1.1.1.1:5432/"); err == nil {
		t.Error("a list of inner networks opens other ports outside")
	}
}

// FuzzURL: what passes the check is https to a name or to a public address,
// and says the same to every reader.
func FuzzURL(f *testing.F) {
	for _, s := range whole {
		f.Add(s)
	}
	for _, s := range spellings {
		f.Add("https://" + s + "/")
	}
	f.Add("https://1.1.1.1/")
	c := New(Options{Resolver: names{}})
	f.Fuzz(func(t *testing.T, s string) {
		u, err := c.CheckURL(s)
		if err != nil {
			return
		}
		host, port, ok := target(u)
		if u.Scheme != "https" || u.User != nil || !ok || !goodPort(port) {
			t.Errorf("%q passes", s)
		}
		if a, err := netip.ParseAddr(host); err == nil && !Public(a) {
			t.Errorf("%q leads to %s", s, a)
		} else if err != nil && (numeric(host) || !validName(host)) {
			t.Errorf("%q names the host %q", s, host)
		}
		if again, err := c.CheckURL(u.String()); err != nil && len(u.String()) < 4096 || err == nil && again.Host != u.Host {
			t.Errorf("%q is written %q, and that is %v, %v", s, u, again, err)
		}
	})
}
