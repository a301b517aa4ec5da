package misp

import "strings"

// The TLP labels, least strict first. unknownTLP stands for a tlp: tag with a
// value that nobody knows.
const unknownTLP = "?"

var tlpRank = map[string]int{"CLEAR": 1, "GREEN": 2, "AMBER": 3, "AMBER+STRICT": 4, unknownTLP: 5, "RED": 6}

// TLP returns the event's label: CLEAR, GREEN, AMBER, AMBER+STRICT or RED. Of
// several tags the strictest counts; tlp:white is CLEAR. A tlp: tag that nobody
// knows gives "?" unless there is a RED. ok is false when there is no tlp: tag.
func (e Event) TLP() (label string, ok bool) { return tagsTLP(e.Tags) }

// TLP returns the attribute's own label as [Event.TLP] does. An attribute
// without one has its event's.
func (a Attribute) TLP() (label string, ok bool) { return tagsTLP(a.Tags) }

// TLP returns the strictest label of the object's attributes.
func (o Object) TLP() (label string, ok bool) {
	for i := range o.Attributes {
		if l, has := o.Attributes[i].TLP(); has {
			label, ok = stricter(label, l), true
		}
	}
	return label, ok
}

func tagsTLP(tags []Tag) (label string, ok bool) {
	for i := range tags {
		if l, is := tagTLP(tags[i].Name); is {
			label, ok = stricter(label, l), true
		}
	}
	return label, ok
}

func stricter(a, b string) string {
	if tlpRank[b] > tlpRank[a] {
		return b
	}
	return a
}

// tagTLP reads one tag. Anything that looks like a TLP marking and is none that
// is known counts as unknown, never as no marking.
func tagTLP(name string) (label string, is bool) {
	n := strings.ToLower(strings.TrimSpace(name))
	if !strings.HasPrefix(n, "tlp") {
		return "", false
	}
	rest := n[len("tlp"):]
	if rest == "" || rest[0] != ':' && rest[0] != '=' && rest[0] != ' ' && rest[0] != '-' && rest[0] != '_' {
		return "", false
	}
	rest = strings.Trim(rest[1:], `" =:`)
	switch strings.ReplaceAll(strings.ReplaceAll(rest, " ", ""), "-", "+") {
	case "white", "clear":
		return "CLEAR", true
	case "green":
		return "GREEN", true
	case "amber":
		return "AMBER", true
	case "amber+strict", "amberstrict", "amber_strict":
		return "AMBER+STRICT", true
	case "red":
		return "RED", true
	}
	return unknownTLP, true
}

// PAP returns the Permissible Actions Protocol label of the event's tags,
// CLEAR, GREEN, AMBER or RED, the strictest of several; "?" for one that nobody
// knows.
func (e Event) PAP() (label string, ok bool) {
	for _, t := range e.Tags {
		n := strings.ToLower(strings.TrimSpace(t.Name))
		if !strings.HasPrefix(n, "pap:") {
			continue
		}
		l := unknownTLP
		switch n[len("pap:"):] {
		case "white", "clear":
			l = "CLEAR"
		case "green", "amber", "red":
			l = strings.ToUpper(n[len("pap:"):])
		}
		label, ok = stricter(label, l), true
	}
	return label, ok
}

// AISConsent returns the value of a tag ais-marking:aisconsent="…" or
// ais-marking:consent="…": everyone, usg or none, in lower case. Of several the
// most restrictive counts: none, then usg, then everyone; anything else is "?".
func (e Event) AISConsent() (consent string, ok bool) {
	rank := map[string]int{"everyone": 1, "usg": 2, unknownTLP: 3, "none": 4}
	for _, t := range e.Tags {
		name, value, found := strings.Cut(strings.ToLower(strings.TrimSpace(t.Name)), "=")
		if !found || name != "ais-marking:aisconsent" && name != "ais-marking:consent" {
			continue
		}
		v := strings.Trim(value, `" `)
		if rank[v] == 0 {
			v = unknownTLP
		}
		if rank[v] > rank[consent] {
			consent = v
		}
		ok = true
	}
	return consent, ok
}

// tlp2IDs are the marking definitions of TLP 2.0 (the FIRST and OASIS
// extension definition, October 2022).
var tlp2IDs = map[string]string{
	"CLEAR":        "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
	"GREEN":        "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
	"AMBER":        "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
	"AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
	"RED":          "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}

// tlpOfID reads TLP 1 (STIX 2.1 §7.2.1.4) and TLP 2 marking ids.
var tlpOfID = func() map[string]string {
	m := map[string]string{
		"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9": "CLEAR", // white
		"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
		"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
		"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",
	}
	for label, id := range tlp2IDs {
		m[id] = label
	}
	return m
}()

// tlpDefinition is the marking definition as published.
func tlpDefinition(label string) []byte {
	return []byte(`{"type":"marking-definition","spec_version":"2.1","id":"` + tlp2IDs[label] +
		`","created":"2022-10-01T00:00:00.000Z","name":"TLP:` + label +
		`","extensions":{"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d":{"extension_type":"property-extension","tlp_2_0":"` +
		strings.ToLower(label) + `"}}}`)
}
