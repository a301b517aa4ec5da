package iocs

import (
	"errors"
	"strings"
	"testing"
)

// Every kind of value, plain and in disguise.
func TestDetect(t *testing.T) {
	for _, c := range []struct {
		in    string
		t     Type
		value string
	}{
		{"198.51.100.7", IPv4, "198.51.100.7"}, {"198[.]51[.]100[.]7", IPv4, "198.51.100.7"}, {"198.51.100[.]7", IPv4, "198.51.100.7"},
		{" \"198.51.100.7\" ", IPv4, "198.51.100.7"}, {"198.51.100.7/32", IPv4, "198.51.100.7"},
		{"2001:DB8::1", IPv6, "2001:db8::1"}, {"2001:db8:0:0:0:0:0:1", IPv6, "2001:db8::1"}, {"2001:db8::1/128", IPv6, "2001:db8::1"},
		{"198.51.100.7/24", CIDR, "198.51.100.0/24"}, {"2001:db8::1/32", CIDR, "2001:db8::/32"}, {"198[.]51.100.0/24", CIDR, "198.51.100.0/24"},
		{"198.51.100.7:8443", IPPort, "198.51.100.7:8443"}, {"[2001:db8::1]:443", IPPort, "[2001:db8::1]:443"}, {"198.51.100.7[:]443", IPPort, "198.51.100.7:443"},
		{"Evil.Example", Domain, "evil.example"}, {"evil[.]example", Domain, "evil.example"}, {"evil(dot)example", Domain, "evil.example"}, {"evil{.}example", Domain, "evil.example"},
		{`evil\.example`, Domain, "evil.example"}, {"evil.example.", Domain, "evil.example"}, {"_dmarc.evil.example", Domain, "_dmarc.evil.example"},
		{"xn--bcher-kva.example", Domain, "xn--bcher-kva.example"}, {"payload.zip", Domain, "payload.zip"},
		{"http://evil.example/A?b=C", URL, "http://evil.example/A?b=C"}, {"hxxp://Evil[.]example/a", URL, "http://evil.example/a"},
		{"hXXps[:]//evil[.]example/", URL, "https://evil.example/"}, {"hxxps[://]evil[.]example", URL, "https://evil.example"},
		{"h**p://evil.example/x", URL, "http://evil.example/x"}, {"fxp://evil.example/x", URL, "ftp://evil.example/x"}, {"HTTP://EVIL.EXAMPLE/Path", URL, "http://evil.example/Path"},
		{"http://198.51.100[.]7:8080/gate.php", URL, "http://198.51.100.7:8080/gate.php"}, {"tcp://evil.example:443", URL, "tcp://evil.example:443"},
		{"<https://evil.example/>", URL, "https://evil.example/"}, {"http://[2001:db8::1]/x", URL, "http://[2001:db8::1]/x"},
		{"bad@evil.example", Email, "bad@evil.example"}, {"Bad[@]Evil[.]Example", Email, "Bad@evil.example"}, {"bad[at]evil[dot]example", Email, "bad@evil.example"},
		{"D41D8CD98F00B204E9800998ECF8427E", MD5, "d41d8cd98f00b204e9800998ecf8427e"},
		{strings.Repeat("a", 40), SHA1, strings.Repeat("a", 40)}, {strings.Repeat("B", 56), SHA224, strings.Repeat("b", 56)}, {strings.Repeat("c", 64), SHA256, strings.Repeat("c", 64)},
		{strings.Repeat("d", 96), SHA384, strings.Repeat("d", 96)}, {strings.Repeat("e", 128), SHA512, strings.Repeat("e", 128)},
		{"invoice.pdf.exe", FileName, "invoice.pdf.exe"}, {`C:\Windows\Temp\a.exe`, FilePath, `C:\Windows\Temp\a.exe`}, {"/opt/x/run", FilePath, "/opt/x/run"},
		{`%APPDATA%\x\a.dll`, FilePath, `%APPDATA%\x\a.dll`}, {`\\host\share\a.exe`, FilePath, `\\host\share\a.exe`},
		{"00-1B-44-11-3A-B7", MAC, "00:1b:44:11:3a:b7"}, {"001b.4411.3ab7", MAC, "00:1b:44:11:3a:b7"}, {"00:1b:44:11:3a:b7", MAC, "00:1b:44:11:3a:b7"},
		{"AS64500", ASN, "AS64500"}, {"asn 64500", ASN, "AS64500"}, {"cve-2024-12345", CVE, "CVE-2024-12345"},
		{`HKLM\Software\X\`, Registry, `HKEY_LOCAL_MACHINE\Software\X`}, {`hkey_current_user\Software\.x`, Registry, `HKEY_CURRENT_USER\Software\.x`},
		{`Global\mtx_1`, Mutex, `Global\mtx_1`},
	} {
		got, value, err := Detect(c.in)
		if err != nil || got != c.t || value != c.value {
			t.Errorf("%q is %s %q, %v", c.in, got, value, err)
			continue
		}
		// What is written properly stays as it is.
		if again, same, err := Detect(value); err != nil || again != c.t || same != value {
			t.Errorf("%q read again is %s %q, %v", value, again, same, err)
		}
	}
	for _, in := range []string{"", " ", "evil", "localhost", "256.1.1.1", "1.2.3", "1.2.3.04", "198.51.100.7/33", "0.0.0.0/0", "::/0", "fe80::1%eth0", "198.51.100.7:0", "198.51.100.7:99999",
		"-evil.example", "evil-.example", "evil..example", ".example", "evil.example:80x", "bücher.example", "a@b", "@evil.example", "a@b@c.example", "http://", "http:///x", "http://localhost/x",
		"http://evil example/", "AS0", "AS4294967296", "CVE-24-1", strings.Repeat("a", 33), strings.Repeat("g", 32), "evil.example\x00", "evil\nexample.org", "\u202eevil.example", "\xffevil.example",
		"[ipv4-addr:value = '1.1.1.1']", "evil.123", "C:\\Windows\\", "x y.example", strings.Repeat("a.", 130) + "example", "http://evil.example/" + strings.Repeat("a", maxValue)} {
		if got, value, err := Detect(in); err == nil {
			t.Errorf("%.60q is %s %.60q", in, got, value)
		} else if ve := (*ValueError)(nil); !errors.As(err, &ve) {
			t.Errorf("%.60q: %T", in, err)
		}
	}
}

func TestParseStated(t *testing.T) {
	for _, c := range []struct {
		name, in string
		t        Type
		value    string
	}{
		{"FileHash-MD5", "D41D8CD98F00B204E9800998ECF8427E", MD5, "d41d8cd98f00b204e9800998ecf8427e"}, {"ip-dst", "198.51.100.7", IPv4, "198.51.100.7"},
		{"ipv4", "198.51.100.0/24", CIDR, "198.51.100.0/24"}, {"cidr", "198.51.100.7", IPv4, "198.51.100.7"}, {"CIDR", "2001:db8::1", IPv6, "2001:db8::1"}, {"hostname", "a.evil[.]example", Domain, "a.evil.example"},
		{"mutex", "[x].y", Mutex, "[x].y"}, {"filename", "evil.example", FileName, "evil.example"}, {"file_name", "a b.exe", FileName, "a b.exe"}, {"AS", "64500", ASN, "AS64500"},
		{"ip:port", "198.51.100.7:1", IPPort, "198.51.100.7:1"}, {"SHA-256", strings.Repeat("A", 64), SHA256, strings.Repeat("a", 64)}, {"hash", strings.Repeat("A", 40), SHA1, strings.Repeat("a", 40)},
	} {
		typ, ok := ParseType(c.name)
		if !ok {
			t.Errorf("%s is not known", c.name)
		}
		if got, value, err := Parse(typ, c.in); err != nil || got != c.t || value != c.value {
			t.Errorf("%s %s is %s %s, %v", c.name, c.in, got, value, err)
		}
	}
	for _, c := range []struct {
		t  Type
		in string
	}{{MD5, strings.Repeat("a", 40)}, {IPv4, "evil.example"}, {IPv6, "198.51.100.7"}, {Domain, "198.51.100.7"}, {FileName, `a\b`}, {URL, "evil.example/x"}, {"nothing", "x"}, {Mutex, " "}, {ASN, "x"}, {Registry, `Software\x`}} {
		if got, value, err := Parse(c.t, c.in); err == nil {
			t.Errorf("%s %s is %s %s", c.t, c.in, got, value)
		}
	}
	for _, typ := range Types() {
		if got, ok := ParseType(string(typ)); !ok || got != typ {
			t.Errorf("our own name %s is not read", typ)
		}
	}
}

// STIX 2.1 §9.2: the quotation mark and the backslash are escaped.
func TestPattern(t *testing.T) {
	for _, c := range []struct {
		t    Type
		v    string
		want string
	}{
		{IPv4, "198.51.100.7", "[ipv4-addr:value = '198.51.100.7']"}, {IPv6, "2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"},
		{CIDR, "198.51.100.0/24", "[ipv4-addr:value ISSUBSET '198.51.100.0/24']"}, {CIDR, "2001:db8::/32", "[ipv6-addr:value ISSUBSET '2001:db8::/32']"},
		{IPPort, "198.51.100.7:443", "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.7' AND network-traffic:dst_port = 443]"},
		{IPPort, "[2001:db8::1]:443", "[network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 443]"},
		{Domain, "evil.example", "[domain-name:value = 'evil.example']"}, {URL, "http://evil.example/it's", `[url:value = 'http://evil.example/it\'s']`},
		{Email, "bad@evil.example", "[email-addr:value = 'bad@evil.example']"}, {MD5, strings.Repeat("a", 32), "[file:hashes.MD5 = '" + strings.Repeat("a", 32) + "']"},
		{SHA256, strings.Repeat("a", 64), "[file:hashes.'SHA-256' = '" + strings.Repeat("a", 64) + "']"}, {FileName, "a.exe", "[file:name = 'a.exe']"},
		{FilePath, `C:\x\a.exe`, `[file:name = 'a.exe' AND file:parent_directory_ref.path = 'C:\\x']`}, {MAC, "00:1b:44:11:3a:b7", "[mac-addr:value = '00:1b:44:11:3a:b7']"},
		{ASN, "AS64500", "[autonomous-system:number = 64500]"}, {Registry, `HKEY_LOCAL_MACHINE\x`, `[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\x']`},
		{Mutex, `a'] OR [x:y = '\`, `[mutex:name = 'a\'] OR [x:y = \'\\']`}, {CVE, "CVE-2024-12345", ""},
	} {
		if got := Pattern(c.t, c.v); got != c.want {
			t.Errorf("%s %s is %s", c.t, c.v, got)
		}
	}
}

// FuzzDetect: no panic; what is read is written the one way.
func FuzzDetect(f *testing.F) {
	for _, s := range []string{"198[.]51.100.7", "hxxps[:]//evil[.]example/a", "bad[at]evil.example", "AS1", `HKLM\x`, "00-1B-44-11-3A-B7", "[2001:db8::1]:443", "CVE-2024-1234", `C:\a\b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, value, err := Detect(s)
		if err != nil {
			return
		}
		if same, err := Normalize(typ, value); err != nil || same != value {
			t.Errorf("%q is %s %q, and that is %q, %v", s, typ, value, same, err)
		}
		if (Pattern(typ, value) == "") != (typ == CVE) {
			t.Errorf("%q: the pattern is %q", s, Pattern(typ, value))
		}
	})
}
