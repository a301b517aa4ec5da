package misp

import (
	"slices"
	"strconv"
	"strings"
)

// fact is one comparison of a pattern, or one property of an observable: a path
// such as email-message:to_refs.value, without list positions and quotation
// marks, and its value as text.
type fact struct{ path, value string }

type facts []fact

func (f facts) get(path string) string {
	for i := range f {
		if f[i].path == path {
			return f[i].value
		}
	}
	return ""
}

// patternFacts reads patterns of one observation that compare with = only, which
// is all that MISP's attributes can say. or tells that any one comparison
// suffices. ok is false for other patterns.
func patternFacts(pattern string) (out facts, or, ok bool) {
	s := strings.TrimSpace(pattern)
	if len(s) < 2 || s[0] != '[' {
		return nil, false, false
	}
	p := patternReader{s: s, i: 1}
	and := false
	for {
		p.blank()
		for p.i < len(p.s) && p.s[p.i] == '(' {
			p.i++
			p.depth++
			p.blank()
		}
		f, good := p.comparison()
		if !good || len(out) > 10_000 {
			return nil, false, false
		}
		out = append(out, f)
		p.blank()
		for p.i < len(p.s) && p.s[p.i] == ')' && p.depth > 0 {
			p.i++
			p.depth--
			p.blank()
		}
		switch rest := p.s[p.i:]; {
		case rest == "]":
			return out, or, p.depth == 0 && !(or && and)
		case strings.HasPrefix(rest, "AND "), strings.HasPrefix(rest, "AND("):
			p.i += 3
			and = true
		case strings.HasPrefix(rest, "OR "), strings.HasPrefix(rest, "OR("):
			p.i += 2
			or = true
		default:
			return nil, false, false
		}
	}
}

type patternReader struct {
	s        string
	i, depth int
}

func (p *patternReader) blank() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *patternReader) comparison() (fact, bool) {
	var path strings.Builder
	for p.i < len(p.s) {
		switch c := p.s[p.i]; {
		case c == '\'':
			s, ok := p.text()
			if !ok {
				return fact{}, false
			}
			path.WriteString(s)
			continue
		case c == '[':
			end := strings.IndexByte(p.s[p.i:], ']')
			if end < 0 {
				return fact{}, false
			}
			p.i += end
		case c == ':' || c == '.' || c == '_' || c == '-' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9':
			path.WriteByte(c)
		default:
			goto operator
		}
		p.i++
	}
operator:
	p.blank()
	if p.i+1 >= len(p.s) || p.s[p.i] != '=' || path.Len() == 0 {
		return fact{}, false
	}
	p.i++
	p.blank()
	if p.i >= len(p.s) {
		return fact{}, false
	}
	if p.s[p.i] == 't' && p.i+1 < len(p.s) && p.s[p.i+1] == '\'' {
		p.i++
	}
	if p.s[p.i] == '\'' {
		v, ok := p.text()
		return fact{path.String(), v}, ok
	}
	start := p.i
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n)]", p.s[p.i]) < 0 {
		p.i++
	}
	v := p.s[start:p.i]
	if _, number := float(v); !number && v != "true" && v != "false" {
		return fact{}, false
	}
	return fact{path.String(), v}, true
}

// text reads a string literal.
func (p *patternReader) text() (string, bool) {
	var b strings.Builder
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; c {
		case '\'':
			p.i++
			return b.String(), true
		case '\\':
			if p.i++; p.i < len(p.s) {
				b.WriteByte(p.s[p.i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

// observableFacts lists the properties of an observable, and those of what it
// refers to, at most four references deep.
func observableFacts(o *stixObject, find func(string) *stixObject) facts {
	var out facts
	steps := 0 // references can run in circles, and fan out
	var walk func(path string, v any, depth int)
	walk = func(path string, v any, depth int) {
		if steps++; steps > 20_000 || depth > 12 {
			return
		}
		switch v := v.(type) {
		case string:
			if strings.HasSuffix(path, "_ref") || strings.HasSuffix(path, "_refs") {
				if other := find(v); other != nil && depth < 4 {
					for _, name := range other.names() {
						if name != "id" && name != "spec_version" && name != "object_marking_refs" {
							walk(path+"."+name, other.m[name], depth+1)
						}
					}
				}
				return
			}
			out = append(out, fact{path, v})
		case float64:
			out = append(out, fact{path, strconv.FormatFloat(v, 'f', -1, 64)})
		case bool:
			out = append(out, fact{path, strconv.FormatBool(v)})
		case []any:
			for _, x := range v {
				walk(path, x, depth+1)
			}
		case map[string]any:
			for _, name := range sortedNames(v) {
				walk(path+"."+name, v[name], depth+1)
			}
		}
	}
	for _, name := range o.names() {
		switch name {
		case "type", "id", "spec_version", "object_marking_refs", "labels":
		default:
			walk(o.typ+":"+name, o.m[name], 0)
		}
	}
	return out
}

func sortedNames(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// valuePaths says, for each attribute type, where its value stands: one list of
// alternatives for each part of it.
var valuePaths = func() map[string][][]string {
	m := map[string][][]string{
		"email-body": {{"email-message:body"}}, "email-subject": {{"email-message:subject"}}, "email-message-id": {{"email-message:message_id"}},
		"email-reply-to": {{"email-message:additional_header_fields.Reply-To", "email-message:additional_header_fields.reply_to"}},
		"email-x-mailer": {{"email-message:additional_header_fields.X-Mailer", "email-message:additional_header_fields.x_mailer"}},
		"email-header":   {{"email-message:received_lines"}}, "email-src": {{"email-message:from_ref.value"}}, "email-dst": {{"email-message:to_refs.value"}},
		"email-attachment": {{"email-message:body_multipart.body_raw_ref.name"}},
		"ip-src":           {{"network-traffic:src_ref.value", "ipv4-addr:value", "ipv6-addr:value"}}, "ip-dst": {{"network-traffic:dst_ref.value", "ipv4-addr:value", "ipv6-addr:value"}},
		"ip-src|port":   {{"network-traffic:src_ref.value"}, {"network-traffic:src_port"}},
		"ip-dst|port":   {{"network-traffic:dst_ref.value"}, {"network-traffic:dst_port"}},
		"hostname|port": {{"network-traffic:dst_ref.value", "domain-name:value"}, {"network-traffic:dst_port"}},
		"domain|ip":     {{"domain-name:value"}, {"domain-name:resolves_to_refs.value"}},
		"AS":            {{"autonomous-system:number"}}, "regkey|value": {{"windows-registry-key:key"}, {"windows-registry-key:values.data"}},
		"github-username": {{"user-account:account_login"}}, "attachment": {{"file:name"}}, "malware-sample": {{"file:name"}, {"file:hashes.MD5"}},
		"port": {{"network-traffic:dst_port"}}, "size-in-bytes": {{"file:size"}},
		"http-method": {{"network-traffic:extensions.http-request-ext.request_method"}},
		"user-agent":  {{"network-traffic:extensions.http-request-ext.request_header.User-Agent"}},
	}
	for typ, k := range kinds {
		if k.object != "" {
			m[typ] = [][]string{{k.object + ":" + k.property}}
		}
	}
	for name, keys := range hashNames {
		where := []string{"file:hashes." + keys[0], "file:hashes." + strings.Trim(keys[1], "'")}
		switch name { // what the MISP–STIX converter calls them
		case "sha512/224":
			where = append(where, "file:hashes.SHA224", "file:hashes.SHA-224")
		case "sha512/256":
			where = append(where, "file:hashes.SHA-256")
		}
		m[name] = [][]string{where}
		m["filename|"+name] = [][]string{{"file:name"}, where}
		if name == "md5" || name == "sha1" || name == "sha256" {
			m["x509-fingerprint-"+name] = [][]string{{"x509-certificate:hashes." + keys[0]}}
		}
	}
	return m
}()

// attribute puts the value of an attribute of a type together.
func (f facts) attribute(typ string) (value string, ok bool) {
	parts, known := valuePaths[typ]
	if !known {
		return "", false
	}
	for i, paths := range parts {
		part := ""
		for _, p := range paths {
			if part = f.get(p); part != "" {
				break
			}
		}
		if part == "" {
			return "", false
		}
		if i > 0 {
			value += "|"
		}
		value += part
	}
	if typ == "AS" {
		value = "AS" + value
	}
	return value, true
}

// plainTypes says which attribute type a single comparison is, for objects that
// were not made of MISP events.
var plainTypes = map[string][2]string{
	"ipv4-addr:value": {"ip-dst", "Network activity"}, "ipv6-addr:value": {"ip-dst", "Network activity"},
	"domain-name:value": {"domain", "Network activity"}, "url:value": {"url", "Network activity"},
	"email-addr:value": {"email", "Payload delivery"}, "mac-addr:value": {"mac-address", "Network activity"},
	"mutex:name": {"mutex", "Artifacts dropped"}, "file:name": {"filename", "Payload delivery"}, "file:size": {"size-in-bytes", "Other"},
	"windows-registry-key:key": {"regkey", "Persistence mechanism"}, "autonomous-system:number": {"AS", "Network activity"},
	"network-traffic:src_ref.value": {"ip-src", "Network activity"}, "network-traffic:dst_ref.value": {"ip-dst", "Network activity"}, "network-traffic:dst_port": {"port", "Network activity"},
	"email-message:from_ref.value": {"email-src", "Payload delivery"}, "email-message:to_refs.value": {"email-dst", "Payload delivery"},
	"email-message:subject": {"email-subject", "Payload delivery"}, "email-message:body": {"email-body", "Payload delivery"},
	"file:hashes.MD5": {"md5", "Payload delivery"}, "file:hashes.SHA-1": {"sha1", "Payload delivery"}, "file:hashes.SHA-256": {"sha256", "Payload delivery"},
	"file:hashes.SHA-512": {"sha512", "Payload delivery"}, "file:hashes.SSDEEP": {"ssdeep", "Payload delivery"}, "file:hashes.TLSH": {"tlsh", "Payload delivery"},
	"x509-certificate:hashes.MD5": {"x509-fingerprint-md5", "Network activity"}, "x509-certificate:hashes.SHA-1": {"x509-fingerprint-sha1", "Network activity"}, "x509-certificate:hashes.SHA-256": {"x509-fingerprint-sha256", "Network activity"},
	"network-traffic:extensions.http-request-ext.request_header.User-Agent": {"user-agent", "Network activity"},
}
