package stix

import (
	"strconv"
	"strings"
)

// What ties the properties of one object together, beyond each one's own rule.

// checkExternal: ids of CVE and CAPEC have their form (STIX 2.1 §2.5, §4.1,
// §4.18).
func checkExternal(p *parser, n int32) bool {
	id := p.get(n, "external_id")
	if id < 0 {
		return true
	}
	switch p.str(n, "source_name") {
	case "cve":
		rest, ok := strings.CutPrefix(p.nodes[id].text, "CVE-")
		if !ok || len(rest) < 9 || rest[4] != '-' || !isDigits(rest[:4]) || !isDigits(rest[5:]) {
			return p.fail(id, "it is not a CVE id such as CVE-2026-0001")
		}
	case "capec":
		rest, ok := strings.CutPrefix(p.nodes[id].text, "CAPEC-")
		if !ok || rest == "" || !isDigits(rest) {
			return p.fail(id, "it is not a CAPEC id such as CAPEC-66")
		}
	}
	return true
}

// checkGranular: a granular marking marks with one thing (STIX 2.1 §7.2.3).
func checkGranular(p *parser, n int32) bool {
	if (p.get(n, "marking_ref") >= 0) == (p.get(n, "lang") >= 0) {
		return p.fail(n, "exactly one of marking_ref and lang must be there")
	}
	return true
}

// checkLocation: STIX 2.1 §4.11.
func checkLocation(p *parser, n int32) bool {
	latitude, longitude := p.get(n, "latitude"), p.get(n, "longitude")
	if (latitude < 0) != (longitude < 0) {
		return p.fail(n, "latitude and longitude must be given together")
	}
	if latitude >= 0 {
		if !p.between(latitude, 90) || !p.between(longitude, 180) {
			return false
		}
	} else if precision := p.get(n, "precision"); precision >= 0 {
		return p.fail(precision, "precision is given without latitude and longitude")
	}
	if latitude < 0 && p.get(n, "region") < 0 && p.get(n, "country") < 0 {
		return p.fail(n, "one of region, country, latitude is missing")
	}
	return true
}

func (p *parser) between(n int32, most float64) bool {
	f, err := strconv.ParseFloat(p.nodes[n].text, 64)
	if err != nil || f < -most || f > most {
		return p.fail(n, "it is not from -%g to %g", most, most)
	}
	return true
}

// checkMalware: a family has a name (STIX 2.1 §4.9).
func checkMalware(p *parser, n int32) bool {
	if p.nodes[p.get(n, "is_family")].kind == 't' && p.get(n, "name") < 0 {
		return p.fail(n, "name is missing from a family of malware")
	}
	return p.ordered(n, "last_seen", "first_seen", true)
}

// checkObserved: STIX 2.1 §4.14.
func checkObserved(p *parser, n int32) bool {
	if (p.get(n, "objects") >= 0) == (p.get(n, "object_refs") >= 0) {
		return p.fail(n, "exactly one of object_refs and objects must be there")
	}
	return p.ordered(n, "last_observed", "first_observed", true)
}

// checkArtifact: STIX 2.1 §6.1.
func checkArtifact(p *parser, n int32) bool {
	payload, address := p.get(n, "payload_bin"), p.get(n, "url")
	if payload >= 0 && address >= 0 {
		return p.fail(address, "payload_bin and url exclude each other")
	}
	if address >= 0 && p.get(n, "hashes") < 0 {
		return p.fail(n, "hashes is missing beside url")
	}
	if key := p.get(n, "decryption_key"); key >= 0 && p.get(n, "encryption_algorithm") < 0 {
		return p.fail(key, "decryption_key is given without encryption_algorithm")
	}
	return true
}

// checkMail: STIX 2.1 §6.6.
func checkMail(p *parser, n int32) bool {
	wrong := "body_multipart"
	if p.nodes[p.get(n, "is_multipart")].kind == 't' {
		wrong = "body"
	}
	if c := p.get(n, wrong); c >= 0 {
		return p.fail(c, "it contradicts is_multipart")
	}
	return true
}

// checkTraffic: STIX 2.1 §6.12.
func checkTraffic(p *parser, n int32) bool {
	active, end := p.get(n, "is_active"), p.get(n, "end")
	if active >= 0 && end >= 0 && p.nodes[active].kind == 't' {
		return p.fail(end, "active traffic has no end")
	}
	return p.ordered(n, "end", "start", true)
}

// checkLanguages: the keys of contents are language codes (STIX 2.1 §7.1).
func checkLanguages(p *parser, n int32) bool {
	contents := p.get(n, "contents")
	for c, end := contents+1, p.nodes[contents].end; c < end; c = p.nodes[c].end {
		if !validLanguage(p.nodes[c].name) {
			return p.fail(c, "a key is not a language code such as en or de-CH")
		}
	}
	return true
}

// checkExtensionDefinition: STIX 2.1 §7.3.
func checkExtensionDefinition(p *parser, n int32) bool {
	if p.get(n, "created_by_ref") < 0 {
		return p.fail(n, "created_by_ref is missing")
	}
	listed := p.get(n, "extension_properties")
	if listed < 0 {
		return true
	}
	for _, typ := range p.strings(p.get(n, "extension_types")) {
		if typ == "toplevel-property-extension" {
			return true
		}
	}
	return p.fail(listed, "only a toplevel-property-extension lists extension_properties")
}

// checkMarking: a marking definition says what it means, and a TLP marking says
// one label in all the ways in which it says it (STIX 2.1 §7.2.1). An id that is
// fixed for a label cannot be given another's meaning.
func checkMarking(p *parser, n int32) bool {
	kind, definition := p.get(n, "definition_type"), p.get(n, "definition")
	if p.get(n, "extensions") < 0 {
		if kind < 0 {
			return p.fail(n, "definition_type is missing")
		}
		if definition < 0 {
			return p.fail(n, "definition is missing")
		}
	}
	if kind >= 0 && definition >= 0 && p.nodes[kind].text == "statement" {
		if s := p.get(definition, "statement"); s < 0 || p.nodes[s].kind != '"' {
			return p.fail(definition, "statement is missing")
		}
	}
	if refs := p.get(n, "object_marking_refs"); refs >= 0 {
		for c := refs + 1; c < p.nodes[refs].end; c++ {
			if FoldID(p.nodes[c].text) == FoldID(p.str(n, "id")) {
				return p.fail(c, "a marking cannot mark itself")
			}
		}
	}

	label, unknown := TLPOf(p.str(n, "id"))
	fixed := unknown
	unknown = false
	say := func(at int32, said string) bool {
		said = readTLP(said)
		switch {
		case said == "?":
			unknown = true
		case label == "":
			label = said
		case said != label && fixed:
			return p.fail(at, "the id is fixed for TLP:%s, but the content says otherwise", label)
		case said != label:
			return p.fail(at, "it says two TLP labels")
		}
		return true
	}
	if kind >= 0 && strings.EqualFold(p.nodes[kind].text, "tlp") {
		at, said := definition, ""
		for c := definition + 1; definition >= 0 && c < p.nodes[definition].end; c = p.nodes[c].end {
			if strings.EqualFold(p.nodes[c].name, "tlp") {
				at, said = c, p.nodes[c].text
			}
		}
		if !say(max(at, n), said) {
			return false
		}
	}
	if ext := p.get(n, "extensions"); ext >= 0 {
		for e := ext + 1; e < p.nodes[ext].end; e = p.nodes[e].end {
			if FoldID(p.nodes[e].name) == tlpExtension && !say(e, p.str(e, "tlp_2_0")) {
				return false
			}
		}
	}
	for _, name := range []string{"name", "x_opencti_definition"} {
		if c := p.get(n, name); c >= 0 && tlpLike(p.nodes[c].text) && !say(c, p.nodes[c].text) {
			return false
		}
	}
	if p.tlp = label; unknown && !fixed {
		p.tlp = "?"
	}
	return true
}
