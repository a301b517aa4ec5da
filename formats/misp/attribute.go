package misp

import (
	"encoding/base64"
	"io"
	"net/netip"
	"strings"
)

// piece is what an attribute or an object becomes: terms of a pattern, the
// observables it speaks of, or a domain object of its own.
type piece struct {
	terms       []string // joined by AND
	patternType string   // stix when empty; else terms[0] is the rule as it stands
	observables []record // the first is the one that matters
	domain      record   // instead of the rest, when set
	exact       bool     // the value can be read back out of it
}

// kind is one way of converting attributes.
type kind struct {
	object, property string // for a plain value
	convert          func(a *Attribute, id string) (piece, bool)
}

// hashNames maps MISP's names of hashes to the keys of the hashes dictionary
// and to what patterns call them, as the MISP–STIX converter has them, but for
// the two truncations of SHA-512, which it takes for SHA-224 and SHA-256.
var hashNames = map[string][2]string{
	"md5": {"MD5", "MD5"}, "sha1": {"SHA-1", "'SHA-1'"}, "sha256": {"SHA-256", "'SHA-256'"}, "sha512": {"SHA-512", "'SHA-512'"},
	"sha224": {"SHA224", "'SHA-224'"}, "sha384": {"SHA384", "'SHA-384'"},
	"sha512/224": {"SHA512-224", "'SHA512-224'"}, "sha512/256": {"SHA512-256", "'SHA512-256'"},
	"sha3-224": {"SHA3224", "'SHA3-224'"}, "sha3-256": {"SHA3-256", "'SHA3-256'"},
	"sha3-384": {"SHA3384", "'SHA3-384'"}, "sha3-512": {"SHA3-512", "'SHA3-512'"},
	"ssdeep": {"SSDEEP", "SSDEEP"}, "tlsh": {"TLSH", "TLSH"}, "authentihash": {"AUTHENTIHASH", "AUTHENTIHASH"},
	"imphash": {"IMPHASH", "IMPHASH"}, "pehash": {"PEHASH", "PEHASH"}, "telfhash": {"TELFHASH", "TELFHASH"}, "vhash": {"VHASH", "VHASH"},
	"impfuzzy": {"IMPFUZZY", "IMPFUZZY"}, "cdhash": {"CDHASH", "CDHASH"},
}

// kinds is the table of attribute types that STIX has something for.
var kinds = func() map[string]kind {
	m := map[string]kind{
		"domain": {object: "domain-name", property: "value"}, "hostname": {object: "domain-name", property: "value"},
		"url": {object: "url", property: "value"}, "uri": {object: "url", property: "value"}, "link": {object: "url", property: "value"},
		"email": {object: "email-addr", property: "value"}, "mac-address": {object: "mac-addr", property: "value"},
		"mutex": {object: "mutex", property: "name"}, "filename": {object: "file", property: "name"},
		"regkey":     {object: "windows-registry-key", property: "key"},
		"email-body": {convert: mailText("body")}, "email-subject": {convert: mailText("subject")}, "email-message-id": {convert: mailText("message_id")},
		"email-reply-to": {convert: mailHeader("Reply-To")}, "email-x-mailer": {convert: mailHeader("X-Mailer")}, "email-header": {convert: mailReceived},
		"email-src": {convert: mailAddress("from_ref", false)}, "email-dst": {convert: mailAddress("to_refs", true)},
		"email-attachment": {convert: mailAttachment},
		"ip-src":           {convert: address("src", false)}, "ip-dst": {convert: address("dst", false)},
		"ip-src|port": {convert: address("src", true)}, "ip-dst|port": {convert: address("dst", true)},
		"domain|ip": {convert: domainIP}, "hostname|port": {convert: hostPort}, "AS": {convert: autonomousSystem},
		"regkey|value": {convert: keyValue}, "github-username": {convert: githubName},
		"attachment": {convert: attachment}, "malware-sample": {convert: malwareSample},
		"port": {convert: number("network-traffic:dst_port")}, "size-in-bytes": {convert: number("file:size")},
		"http-method": {convert: onlyPattern("network-traffic:extensions.'http-request-ext'.request_method")},
		"user-agent":  {convert: onlyPattern("network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'")},
		"yara":        {convert: rule}, "sigma": {convert: rule}, "snort": {convert: rule}, "suricata": {convert: rule},
		"vulnerability": {convert: vulnerability}, "campaign-name": {convert: campaign},
	}
	for name, keys := range hashNames {
		m[name] = kind{convert: hash("file", keys)}
		m["filename|"+name] = kind{convert: namedHash(keys)}
	}
	for _, name := range []string{"md5", "sha1", "sha256"} {
		m["x509-fingerprint-"+name] = kind{convert: hash("x509-certificate", hashNames[name])}
	}
	return m
}()

// convertAttribute is what STIX can say of an attribute; id is the uuid that the
// observables get. ok is false when it can say nothing.
func convertAttribute(a *Attribute, id string) (p piece, ok bool) {
	k, known := kinds[a.Type]
	if !known || a.Value == "" {
		return piece{}, false
	}
	if k.convert != nil {
		return k.convert(a, id)
	}
	o := observable(k.object, id)
	o.set(k.property, a.Value)
	return piece{
		terms: []string{k.object + ":" + k.property + " = " + quote(a.Value)}, observables: []record{o}, exact: true,
	}, true
}

// observable begins a STIX cyber-observable object.
func observable(typ, id string) record {
	o := make(record, 0, 6)
	return append(o, member{"type", typ}, member{"spec_version", "2.1"}, member{"id", typ + "--" + id})
}

// validHash says whether STIX takes a value for a hash of a key (§10.7).
func validHash(key, value string) bool {
	n := map[string]int{"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}[key]
	switch {
	case n > 0:
		return len(value) == n && strings.Trim(value, "0123456789abcdefABCDEF") == ""
	case key == "SSDEEP":
		size, rest, _ := strings.Cut(value, ":")
		_, ok := integer(size)
		return ok && len(value) <= 300 && strings.Count(rest, ":") == 1 && !strings.ContainsAny(rest, " \t\r\n,") && rest[0] != ':' && rest[len(rest)-1] != ':'
	case key == "TLSH":
		digits := strings.TrimPrefix(value, "T1")
		return len(digits) == 70 && strings.Trim(digits, "0123456789abcdefABCDEF") == ""
	}
	return true
}

// isBase64 says whether STIX takes a text for binary data.
func isBase64(s string) bool {
	_, err := io.Copy(io.Discard, base64.NewDecoder(base64.StdEncoding.Strict(), strings.NewReader(s)))
	return err == nil && s != "" && !strings.ContainsAny(s, "\r\n")
}

func hash(object string, keys [2]string) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, id string) (piece, bool) {
		if !validHash(keys[0], a.Value) {
			return piece{}, false
		}
		o := observable(object, id)
		o.set("hashes", record{{keys[0], a.Value}})
		return piece{terms: []string{object + ":hashes." + keys[1] + " = " + quote(a.Value)}, observables: []record{o}, exact: true}, true
	}
}

func namedHash(keys [2]string) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, id string) (piece, bool) {
		name, sum, two := strings.Cut(a.Value, "|")
		if !two || name == "" || sum == "" || !validHash(keys[0], sum) {
			return piece{}, false
		}
		o := observable("file", id)
		o.set("hashes", record{{keys[0], sum}})
		o.set("name", name)
		return piece{terms: []string{"file:name = " + quote(name), "file:hashes." + keys[1] + " = " + quote(sum)}, observables: []record{o}, exact: true}, true
	}
}

// message begins an e-mail message.
func message(id string) record {
	o := observable("email-message", id)
	o.set("is_multipart", false)
	return o
}

func mailText(property string) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, id string) (piece, bool) {
		o := message(id)
		o.set(property, a.Value)
		return piece{terms: []string{"email-message:" + property + " = " + quote(a.Value)}, observables: []record{o}, exact: true}, true
	}
}

// mailHeader writes a list, as STIX 2.1 §6.6 wants of additional_header_fields.
func mailHeader(name string) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, id string) (piece, bool) {
		o := message(id)
		o.set("additional_header_fields", record{{name, []string{a.Value}}})
		return piece{terms: []string{"email-message:additional_header_fields.'" + name + "'[*] = " + quote(a.Value)}, observables: []record{o}, exact: true}, true
	}
}

func mailReceived(a *Attribute, id string) (piece, bool) {
	o := message(id)
	o.set("received_lines", []string{a.Value})
	return piece{terms: []string{"email-message:received_lines[*] = " + quote(a.Value)}, observables: []record{o}, exact: true}, true
}

func mailAddress(property string, list bool) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, id string) (piece, bool) {
		o, addr := message(id), observable("email-addr", id)
		addr.set("value", a.Value)
		path := property
		if list {
			o.set(property, []string{addr.text("id")})
			path += "[*]"
		} else {
			o.set(property, addr.text("id"))
		}
		return piece{terms: []string{"email-message:" + path + ".value = " + quote(a.Value)}, observables: []record{o, addr}, exact: true}, true
	}
}

func mailAttachment(a *Attribute, id string) (piece, bool) {
	o, f := observable("email-message", id), observable("file", id)
	f.set("name", a.Value)
	o.set("is_multipart", true)
	o.set("body_multipart", []record{{{"body_raw_ref", f.text("id")}, {"content_disposition", "attachment; filename='" + a.Value + "'"}}})
	return piece{terms: []string{"email-message:body_multipart[*].body_raw_ref.name = " + quote(a.Value)}, observables: []record{o, f}, exact: true}, true
}

// addressType says which observable an address is.
func addressType(s string) (typ string, ok bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		if p.Addr().Is4() {
			return "ipv4-addr", true
		}
		return "ipv6-addr", true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return "", false
	}
	if a.Is4() {
		return "ipv4-addr", true
	}
	return "ipv6-addr", true
}

// address: STIX wants a protocol of network traffic, and nothing is known of it;
// tcp is what the MISP–STIX converter writes.
func address(side string, withPort bool) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, id string) (piece, bool) {
		value, port := a.Value, ""
		if withPort {
			i := strings.LastIndexByte(a.Value, '|')
			if i < 0 {
				return piece{}, false
			}
			value, port = a.Value[:i], a.Value[i+1:]
		}
		typ, ok := addressType(value)
		if !ok {
			return piece{}, false
		}
		t, addr := observable("network-traffic", id), observable(typ, id)
		addr.set("value", value)
		t.set(side+"_ref", addr.text("id"))
		path := "network-traffic:" + side + "_ref"
		terms := []string{path + ".type = '" + typ + "'", path + ".value = " + quote(value)}
		if withPort {
			n, ok := portNumber(port)
			if !ok {
				return piece{}, false
			}
			t.set(side+"_port", n)
			terms = append(terms, "network-traffic:"+side+"_port = "+port)
		}
		t.set("protocols", []string{"tcp"})
		return piece{terms: terms, observables: []record{t, addr}, exact: true}, true
	}
}

func portNumber(s string) (int64, bool) {
	n, ok := integer(s)
	return n, ok && n >= 0 && n <= 65535
}

func domainIP(a *Attribute, id string) (piece, bool) {
	name, ip, _ := strings.Cut(a.Value, "|")
	typ, ok := addressType(ip)
	if !ok || name == "" {
		return piece{}, false
	}
	d, addr := observable("domain-name", id), observable(typ, id)
	addr.set("value", ip)
	d.set("value", name)
	d.set("resolves_to_refs", []string{addr.text("id")})
	return piece{
		terms:       []string{"domain-name:value = " + quote(name), "domain-name:resolves_to_refs[*].value = " + quote(ip)},
		observables: []record{d, addr}, exact: true,
	}, true
}

func hostPort(a *Attribute, id string) (piece, bool) {
	name, port, _ := strings.Cut(a.Value, "|")
	n, ok := portNumber(port)
	if !ok || name == "" {
		return piece{}, false
	}
	d, t := observable("domain-name", id), observable("network-traffic", id)
	d.set("value", name)
	t.set("dst_ref", d.text("id"))
	t.set("dst_port", n)
	t.set("protocols", []string{"tcp"})
	return piece{
		terms:       []string{"network-traffic:dst_ref.type = 'domain-name'", "network-traffic:dst_ref.value = " + quote(name), "network-traffic:dst_port = " + port},
		observables: []record{t, d}, exact: true,
	}, true
}

func autonomousSystem(a *Attribute, id string) (piece, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(a.Value, "AS"), "as")
	n, ok := integer(digits)
	if !ok || n < 0 || n > 1<<32-1 {
		return piece{}, false
	}
	o := observable("autonomous-system", id)
	o.set("number", n)
	return piece{terms: []string{"autonomous-system:number = " + digits}, observables: []record{o}, exact: a.Value == "AS"+digits}, true
}

func keyValue(a *Attribute, id string) (piece, bool) {
	key, data, two := strings.Cut(a.Value, "|")
	if !two || key == "" || data == "" {
		return piece{}, false
	}
	o := observable("windows-registry-key", id)
	o.set("key", key)
	o.set("values", []record{{{"data", data}}})
	return piece{
		terms:       []string{"windows-registry-key:key = " + quote(key), "windows-registry-key:values[*].data = " + quote(data)},
		observables: []record{o}, exact: true,
	}, true
}

func githubName(a *Attribute, id string) (piece, bool) {
	o := observable("user-account", id)
	o.set("account_login", a.Value)
	o.set("account_type", "github")
	return piece{terms: []string{"user-account:account_type = 'github'", "user-account:account_login = " + quote(a.Value)}, observables: []record{o}, exact: true}, true
}

// maxPatternData is the longest attachment, in base64, that a pattern repeats.
// Beyond it a pattern would only grow: the name and hashes say as much.
const maxPatternData = 4 << 10

func attachment(a *Attribute, id string) (piece, bool) {
	f := observable("file", id)
	f.set("name", a.Value)
	p := piece{terms: []string{"file:name = " + quote(a.Value)}, observables: []record{f}, exact: true}
	if isBase64(a.Data) {
		art := observable("artifact", id)
		art.set("payload_bin", a.Data)
		p.observables[0].set("content_ref", art.text("id"))
		p.observables = append(p.observables, art)
		if len(a.Data) <= maxPatternData {
			p.terms = append(p.terms, "file:content_ref.payload_bin = "+quote(a.Data))
		}
	}
	return p, true
}

// malwareSample: MISP keeps samples in a zip with the password infected.
func malwareSample(a *Attribute, id string) (piece, bool) {
	name, sum, two := strings.Cut(a.Value, "|")
	if !two || name == "" || !validHash("MD5", sum) {
		return piece{}, false
	}
	f := observable("file", id)
	f.set("hashes", record{{"MD5", sum}})
	f.set("name", name)
	var p piece
	if isBase64(a.Data) {
		art := sampleArtifact(a, id)
		f.set("content_ref", art.text("id"))
		p.terms = sampleTerms(a, "file:content_ref")
		p.observables = []record{f, art}
	} else {
		p.observables = []record{f}
	}
	p.terms = append(p.terms, "file:name = "+quote(name), "file:hashes.MD5 = "+quote(sum))
	p.exact = true
	return p, true
}

func sampleArtifact(a *Attribute, id string) record {
	art := observable("artifact", id)
	art.set("mime_type", "application/zip")
	art.set("payload_bin", a.Data)
	art.set("encryption_algorithm", "mime-type-indicated")
	art.set("decryption_key", "infected")
	return art
}

func sampleTerms(a *Attribute, path string) []string {
	var terms []string
	if len(a.Data) <= maxPatternData {
		terms = append(terms, path+".payload_bin = "+quote(a.Data))
	}
	return append(terms, path+".mime_type = 'application/zip'", path+".encryption_algorithm = 'mime-type-indicated'", path+".decryption_key = 'infected'")
}

func number(path string) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, _ string) (piece, bool) {
		if n, ok := integer(a.Value); !ok || n < 0 {
			return piece{}, false
		}
		return piece{terms: []string{path + " = " + a.Value}, exact: true}, true
	}
}

func onlyPattern(path string) func(*Attribute, string) (piece, bool) {
	return func(a *Attribute, _ string) (piece, bool) {
		return piece{terms: []string{path + " = " + quote(a.Value)}, exact: true}, true
	}
}

// rule passes a rule of another language through as it stands.
func rule(a *Attribute, _ string) (piece, bool) {
	return piece{terms: []string{a.Value}, patternType: a.Type, exact: true}, true
}

func vulnerability(a *Attribute, id string) (piece, bool) {
	o := record{{"type", "vulnerability"}, {"id", "vulnerability--" + id}, {"name", a.Value}}
	if isCVE(a.Value) {
		o.set("external_references", []record{{{"source_name", "cve"}, {"external_id", a.Value}}})
	}
	return piece{domain: o, exact: true}, true
}

func campaign(a *Attribute, id string) (piece, bool) {
	return piece{domain: record{{"type", "campaign"}, {"id", "campaign--" + id}, {"name", a.Value}}, exact: true}, true
}

func isCVE(s string) bool {
	year, n, two := strings.Cut(strings.TrimPrefix(s, "CVE-"), "-")
	return two && strings.HasPrefix(s, "CVE-") && len(year) == 4 && len(n) >= 4 && len(n) <= 19 && strings.Trim(year+n, "0123456789") == ""
}
