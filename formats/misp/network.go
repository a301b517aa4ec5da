package misp

import (
	"slices"
	"strconv"
	"strings"
)

// finishTraffic gives network traffic its two ends and its protocols.
func finishTraffic(a *assembly) {
	var protocols []string
	var terms []string
	end := func(side string, relations ...string) {
		for _, relation := range relations {
			for i := range a.object.Attributes {
				at := &a.object.Attributes[i]
				if a.used[i] || at.Relation != relation || a.main.get(side+"_ref") != nil {
					continue
				}
				typ, ok := addressType(at.Value)
				switch {
				case ok:
				case strings.HasPrefix(relation, "hostname") || relation == "domain" || relation == "host":
					typ = "domain-name"
				default:
					continue
				}
				a.used[i] = true
				addr := observable(typ, a.part(at))
				addr.set("value", at.Value)
				if as := a.one(side + "-as"); as != nil {
					if p, ok := autonomousSystem(as, a.part(as)); ok && strings.HasPrefix(typ, "ip") {
						addr.set("belongs_to_refs", []string{p.observables[0].text("id")})
						a.others = append(a.others, addr, p.observables[0])
					}
				}
				if addr.get("belongs_to_refs") == nil {
					a.others = append(a.others, addr)
				}
				a.main.set(side+"_ref", addr.text("id"))
				if a.object.Name == "ip-port" && strings.HasPrefix(typ, "ip") {
					if name := strings.TrimSuffix(typ, "-addr"); !slices.Contains(protocols, name) {
						protocols = append(protocols, name)
					}
				}
				if at.ToIDS {
					terms = append(terms, "(network-traffic:"+side+"_ref.type = '"+typ+"' AND network-traffic:"+side+"_ref.value = "+quote(at.Value)+")")
				}
			}
		}
	}
	end("src", "ip-src", "hostname-src")
	end("dst", "ip-dst", "ip", "hostname-dst", "domain", "hostname")
	a.terms = append(terms, a.terms...)

	if flags := a.one("tcp-flags"); flags != nil {
		if hex := strings.TrimPrefix(flags.Value, "0x"); len(hex)%2 == 0 && strings.Trim(hex, "0123456789abcdefABCDEF") == "" && hex != "" {
			a.main.in([]string{"extensions", "tcp-ext", "src_flags_hex"}, hex)
			protocols = append(protocols, "tcp")
		} else {
			a.main.set("x_misp_tcp_flags", flags.Value)
		}
	}
	for _, relation := range []string{"protocol", "layer3-protocol", "layer4-protocol", "layer7-protocol"} {
		for _, at := range a.all(relation) {
			if p := strings.ToLower(at.Value); !slices.Contains(protocols, p) {
				protocols = append(protocols, p)
			}
			if at.ToIDS {
				a.terms = append(a.terms, "network-traffic:protocols[*] = "+quote(strings.ToLower(at.Value)))
			}
		}
	}
	if len(protocols) == 0 {
		protocols = []string{"tcp"}
	}
	if a.object.Name == "network-socket" {
		socket(a)
	}
	a.main.set("protocols", protocols)
}

// socketFamilies and socketTypes are the closed vocabularies of STIX 2.1 §6.12.5.
var (
	socketFamilies = []string{"AF_UNSPEC", "AF_INET", "AF_IPX", "AF_APPLETALK", "AF_NETBIOS", "AF_INET6", "AF_IRDA", "AF_BTH"}
	socketTypes    = []string{"SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET"}
)

func socket(a *assembly) {
	family := -1
	for i := range a.object.Attributes {
		if !a.used[i] && a.object.Attributes[i].Relation == "address-family" && slices.Contains(socketFamilies, a.object.Attributes[i].Value) {
			family = i
			break
		}
	}
	if family < 0 {
		return // the extension demands one
	}
	a.used[family] = true
	ext := record{{"address_family", a.object.Attributes[family].Value}}
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		switch {
		case a.used[i]:
		case at.Relation == "state" && (at.Value == "listening" || at.Value == "blocking") && ext.get("is_"+at.Value) == nil:
			ext.set("is_"+at.Value, true)
			a.used[i] = true
		case at.Relation == "socket-type" && slices.Contains(socketTypes, at.Value) && ext.get("socket_type") == nil:
			ext.set("socket_type", at.Value)
			a.used[i] = true
		}
	}
	a.main.in([]string{"extensions", "socket-ext"}, ext)
}

// finishHTTP builds network traffic with an HTTP request.
func finishHTTP(a *assembly) {
	var target *Attribute
	host := a.peek("host")
	finishTraffic(a)
	if a.main.get("dst_ref") == nil && host != nil {
		d := observable("domain-name", a.part(host))
		d.set("value", host.Value)
		a.others = append(a.others, d)
		a.main.set("dst_ref", d.text("id"))
		if host.ToIDS {
			a.terms = append(a.terms, "(network-traffic:dst_ref.type = 'domain-name' AND network-traffic:dst_ref.value = "+quote(host.Value)+")")
		}
		a.one("host")
	} else if host != nil {
		d := observable("domain-name", a.part(host))
		d.set("value", host.Value)
		if ref := a.main.text("dst_ref"); strings.HasPrefix(ref, "ip") {
			d.set("resolves_to_refs", []string{ref})
		}
		a.others = append(a.others, d)
		if !host.ToIDS {
			a.one("host")
		}
	}
	a.main.set("protocols", []string{"tcp", "http"})
	method := a.peek("method")
	if target = a.peek("uri"); target == nil {
		target = a.peek("url")
	}
	if method == nil || target == nil {
		return // the extension demands both
	}
	a.one("method")
	a.one(target.Relation)
	base := []string{"extensions", "http-request-ext"}
	a.main.in(append(slices.Clone(base), "request_method"), method.Value)
	a.main.in(append(slices.Clone(base), "request_value"), target.Value)
	if method.ToIDS {
		a.term(append(slices.Clone(base), "request_method"), false, quote(method.Value))
	}
	if target.ToIDS {
		a.term(append(slices.Clone(base), "request_value"), false, quote(target.Value))
	}
	for _, h := range [][2]string{{"content-type", "Content-Type"}, {"user-agent", "User-Agent"}, {"cookie", "Cookie"}, {"referer", "Referer"}} {
		if at := a.one(h[0]); at != nil {
			path := append(slices.Clone(base), "request_header", h[1])
			a.main.in(path, at.Value)
			if at.ToIDS {
				a.term(path, false, quote(at.Value))
			}
		}
	}
}

// peek returns the first unused attribute of a relation without using it.
func (a *assembly) peek(relation string) *Attribute {
	for i := range a.object.Attributes {
		if !a.used[i] && a.object.Attributes[i].Relation == relation {
			return &a.object.Attributes[i]
		}
	}
	return nil
}

// finishDomainIP builds a domain name for each domain and an address for each
// address it resolves to.
func finishDomainIP(a *assembly) {
	var addresses, ids []string
	var others []record
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] || at.Relation != "ip" {
			continue
		}
		typ, ok := addressType(at.Value)
		if !ok {
			continue
		}
		a.used[i] = true
		o := observable(typ, a.part(at))
		o.set("value", at.Value)
		others = append(others, o)
		ids = append(ids, o.text("id"))
		if at.ToIDS {
			addresses = append(addresses, quote(at.Value))
		}
	}
	domains := a.all("domain")
	if len(domains) == 0 {
		domains = a.all("hostname")
	}
	if len(domains) == 0 {
		if len(others) > 0 { // addresses alone
			a.main = others[0]
			a.others = others[1:]
			for _, v := range addresses {
				a.terms = append(a.terms, others[0].text("type")+":value = "+v)
			}
		}
		return
	}
	var names []string
	for i, at := range domains {
		d := observable("domain-name", a.part(at))
		d.set("value", at.Value)
		d.set("resolves_to_refs", ids)
		if i == 0 {
			a.main = d
		} else {
			a.others = append(a.others, d)
		}
		if at.ToIDS {
			names = append(names, "domain-name:value = "+quote(at.Value))
		}
	}
	a.others = append(a.others, others...)
	switch len(names) {
	case 0:
	case 1:
		a.terms = append(a.terms, names[0])
	default: // no name is two names at once
		a.terms = append(a.terms, "("+strings.Join(names, " OR ")+")")
	}
	for _, v := range addresses {
		a.terms = append(a.terms, "domain-name:resolves_to_refs[*].value = "+v)
	}
}

func finishASN(a *assembly) {
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] || at.Relation != "asn" || a.main.get("number") != nil {
			continue
		}
		if p, ok := autonomousSystem(at, a.id); ok {
			a.used[i] = true
			a.main.set("number", p.observables[0].get("number"))
			if at.ToIDS {
				a.terms = append(p.terms, a.terms...)
			}
		}
	}
}

// finishEmail adds people, headers and attachments.
func finishEmail(a *assembly) {
	names := map[string][]*Attribute{}
	address := func(relation string, at *Attribute) string {
		o := observable("email-addr", a.part(at))
		o.set("value", at.Value)
		if _, have := names[relation]; !have {
			names[relation] = nil
			for i := range a.object.Attributes {
				if b := &a.object.Attributes[i]; !a.used[i] && b.Relation == relation+"-display-name" {
					names[relation] = append(names[relation], b)
				}
			}
		}
		for i, n := range names[relation] {
			if namesAddress(n.Value, at.Value) {
				o.set("display_name", n.Value)
				for j := range a.object.Attributes {
					if &a.object.Attributes[j] == n {
						a.used[j] = true
					}
				}
				names[relation] = slices.Delete(slices.Clone(names[relation]), i, i+1)
				break
			}
		}
		a.others = append(a.others, o)
		return o.text("id")
	}
	if at := a.one("from"); at != nil {
		a.main.set("from_ref", address("from", at))
		if at.ToIDS {
			a.terms = append(a.terms, "email-message:from_ref.value = "+quote(at.Value))
		}
	}
	for _, relation := range []string{"to", "cc", "bcc"} {
		var refs []string
		for _, at := range a.all(relation) {
			if at.ToIDS {
				a.terms = append(a.terms, "email-message:"+relation+"_refs["+strconv.Itoa(len(refs))+"].value = "+quote(at.Value))
			}
			refs = append(refs, address(relation, at))
		}
		a.main.set(relation+"_refs", refs)
	}
	for _, h := range [][2]string{{"reply-to", "Reply-To"}, {"x-mailer", "X-Mailer"}, {"return-path", "Return-Path"}} {
		var values []string
		for _, at := range a.all(h[0]) {
			values = append(values, at.Value)
			if at.ToIDS {
				a.terms = append(a.terms, "email-message:additional_header_fields.'"+h[1]+"'[*] = "+quote(at.Value))
			}
		}
		if len(values) > 0 {
			a.main.in([]string{"additional_header_fields", h[1]}, values)
		}
	}
	var parts []record
	for _, at := range a.all("attachment") {
		f := observable("file", a.part(at))
		f.set("name", at.Value)
		if isBase64(at.Data) {
			art := observable("artifact", a.part(at))
			art.set("payload_bin", at.Data)
			f.set("content_ref", art.text("id"))
			a.others = append(a.others, art)
		}
		if at.ToIDS {
			a.terms = append(a.terms, "email-message:body_multipart["+strconv.Itoa(len(parts))+"].body_raw_ref.name = "+quote(at.Value))
		}
		a.others = append(a.others, f)
		parts = append(parts, record{{"body_raw_ref", f.text("id")}, {"content_disposition", "attachment; filename='" + at.Value + "'"}})
	}
	a.main.set("is_multipart", len(parts) > 0)
	if body := a.peek("email-body"); body != nil && len(parts) == 0 {
		a.one("email-body")
		a.main.set("body", body.Value)
		if body.ToIDS {
			a.terms = append(a.terms, "email-message:body = "+quote(body.Value))
		}
	}
	a.main.set("body_multipart", parts)
}

// namesAddress says whether a name looks like that of an address's owner: one of
// its words is in the part before the at sign, or its initials are that part.
func namesAddress(name, address string) bool {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	var initials strings.Builder
	for _, word := range strings.Fields(strings.ToLower(name)) {
		if len(word) > 1 && strings.Contains(local, word) {
			return true
		}
		initials.WriteByte(word[0])
	}
	return initials.Len() > 1 && initials.String() == local
}
