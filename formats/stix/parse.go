package stix

import (
	"bytes"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxName  = 300      // characters
	maxTexts = 64 << 10 // bytes
)

// parser reads one object. It may be used again.
type parser struct {
	tree
	failed *Error
	tlp    string // of a marking definition
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// Parse reads one object strictly. Its error is an *Error.
func Parse(raw []byte) (Object, error) {
	o, e := parse(raw, Limits{}.filled())
	if e != nil {
		return Object{}, e
	}
	return o, nil
}

func parse(raw []byte, l Limits) (Object, *Error) {
	raw = bytes.Trim(raw, " \t\r\n")
	if len(raw) > l.Object {
		return Object{}, tooLarge(l)
	}
	if len(raw) == 0 {
		return Object{}, &Error{Index: -1, Reason: "the text is empty"}
	}
	if e := notText(raw); e != nil {
		return Object{}, e
	}
	p := parsers.Get().(*parser)
	defer p.release()
	p.failed, p.tlp = nil, ""
	if e := p.read(raw, l); e != nil {
		if len(p.nodes) > 0 && p.nodes[0].kind == '{' {
			p.nodes[0].end = int32(len(p.nodes)) // as far as it was read
			p.identify(e)
		}
		e.Fatal = false
		return Object{}, e
	}
	o := Object{Confidence: -1}
	if !p.checkEnvelope(&o) {
		p.identify(p.failed)
		return Object{}, p.failed
	}
	p.collect(&o)
	p.walk(&o)
	o.Raw = bytes.Clone(raw)
	return o, nil
}

// release gives the parser back, without what it last read and without a large
// object's memory.
func (p *parser) release() {
	if cap(p.nodes) > 1<<14 {
		p.nodes = nil
	}
	clear(p.nodes) // beyond its length it is clear since the last time
	clear(p.open[:cap(p.open)])
	p.failed = nil
	*p.buf = bytes.Buffer{}
	parsers.Put(p)
}

// identify says in e which object it is about.
func (p *parser) identify(e *Error) {
	for c, end := int32(1), p.nodes[0].end; c < end; c = max(p.nodes[c].end, c+1) {
		if n := p.nodes[c]; n.up == 0 && n.name == "id" && n.kind == '"' {
			if _, ok := ID(n.text); ok {
				e.ID = n.text
			}
			return
		}
	}
}

// checkEnvelope checks the object: what it is, then its type's table.
func (p *parser) checkEnvelope(o *Object) bool {
	if p.nodes[0].kind != '{' {
		return p.fail(0, "this is not a JSON object")
	}
	typ := p.get(0, "type")
	if typ < 0 {
		return p.fail(0, "type is missing")
	}
	if o.Type = p.nodes[typ].text; p.nodes[typ].kind != '"' || !validType(o.Type) {
		return p.fail(typ, "it is not the name of a type")
	}
	if o.Type == "bundle" {
		return p.fail(typ, "there is a bundle where an object should be")
	}
	entry, known := typeTable[o.Type]
	if !known {
		class, ok := p.customClass(o.Type)
		if !ok {
			return p.fail(typ, "%s is not a type of STIX 2.1; a custom type begins with x- or carries the extension that defines it", o.Type)
		}
		entry = typeEntry{class: class, shape: customShape}
	}
	o.Class = entry.class
	if !p.checkVersion(o) {
		return false
	}

	id := p.get(0, "id")
	if id < 0 {
		return p.fail(0, "id is missing")
	}
	o.ID = p.nodes[id].text
	switch of, ok := ID(o.ID); {
	case p.nodes[id].kind != '"', !ok:
		return p.fail(id, "it is not an identifier, a type and a UUID")
	case of != o.Type:
		return p.fail(id, "the id is of the type %s, the object of %s", of, o.Type)
	}

	common := anyCommon
	if o.Class == SCO && known {
		common = scoCommon
	}
	if o.Class != SCO {
		if p.get(0, "created") < 0 {
			return p.fail(0, "created is missing")
		}
		if o.Type != "marking-definition" && p.get(0, "modified") < 0 {
			return p.fail(0, "modified is missing")
		}
	}
	if !p.checkObject(0, entry.shape, common) {
		return false
	}
	if o.Class != SCO && o.Type != "marking-definition" {
		for _, name := range []string{"created", "modified"} {
			c := p.get(0, name)
			if _, digits, _ := timestamp(p.nodes[c].text); digits < 3 {
				return p.fail(c, "it is less exact than milliseconds")
			}
		}
	}
	return p.ordered(0, "modified", "created", true)
}

func (p *parser) checkVersion(o *Object) bool {
	o.SpecVersion = "2.1"
	c := p.get(0, "spec_version")
	switch {
	case c < 0 && o.Class == SCO:
	case c < 0:
		return p.fail(0, "this is STIX 2.0 (spec_version is missing); convert it to 2.1 first")
	case p.nodes[c].kind != '"':
		return p.fail(c, "it is not a string")
	case p.nodes[c].text == "2.0":
		return p.fail(c, "this is STIX 2.0; convert it to 2.1 first")
	case p.nodes[c].text != "2.1":
		return p.fail(c, "this is neither STIX 2.1 nor 2.0")
	}
	return true
}

// collect reads the members of the object, which are checked.
func (p *parser) collect(o *Object) {
	o.TLP = p.tlp
	for c, end := int32(1), p.nodes[0].end; c < end; c = p.nodes[c].end {
		v := &p.nodes[c]
		switch v.name {
		case "created":
			o.Created, _, _ = timestamp(v.text)
			if o.VersionText == "" {
				o.VersionText = v.text
			}
		case "modified":
			o.Modified, _, _ = timestamp(v.text)
			o.VersionText = v.text
		case "created_by_ref":
			o.CreatedBy = v.text
		case "revoked":
			o.Revoked = v.kind == 't'
		case "confidence":
			if o.Class != SCO {
				o.Confidence = small(v.text)
			}
		case "lang":
			if v.kind == '"' {
				o.Lang = v.text
			}
		case "description":
			if v.kind == '"' {
				o.Description = v.text
			}
		case "content", "explanation":
			if v.kind == '"' && p.get(0, "description") < 0 {
				o.Description = v.text
			}
		case "labels":
			if v.kind == '[' {
				o.Labels = p.strings(c)
			}
		case "external_references":
			o.External = p.external(c)
		case "kill_chain_phases":
			o.KillChain = p.killChain(c)
		case "valid_from":
			o.ValidFrom = p.time(c)
		case "valid_until":
			o.ValidUntil = p.time(c)
		case "first_seen":
			o.FirstSeen = p.time(c)
		case "last_seen":
			o.LastSeen = p.time(c)
		}
		switch o.Type {
		case "indicator":
			switch v.name {
			case "pattern":
				o.Pattern = v.text
			case "pattern_type":
				o.PatternType = v.text
			}
		case "relationship":
			switch v.name {
			case "relationship_type":
				o.RelationshipType = v.text
			case "source_ref":
				o.Source = v.text
			case "target_ref":
				o.Target = v.text
			}
		case "sighting":
			switch v.name {
			case "sighting_of_ref":
				o.Target = v.text
			case "count":
				o.Count = small(v.text)
			}
		}
	}
	o.Name = p.name(o)
}

// small reads a whole number that was checked to be one of at most nine digits.
func small(s string) (n int) {
	for i := range len(s) {
		if digit(s[i]) {
			n = n*10 + int(s[i]-'0')
		}
	}
	return n
}

// standsFor are the properties that can stand for a name, best first.
var standsFor = []string{
	"name", "value", "path", "key", "subject", "display_name", "account_login", "user_id", "abstract", "opinion",
	"product", "command_line", "url", "relationship_type", "pattern", "content", "city",
	"administrative_area", "country", "region", "serial_number", "statement",
}

// name gives the object's name, or what stands for it.
func (p *parser) name(o *Object) string {
	for _, property := range standsFor {
		if s := oneLine(p.str(0, property)); s != "" {
			return s
		}
	}
	switch o.Type {
	case "autonomous-system":
		return "AS" + p.nodes[p.get(0, "number")].text
	case "marking-definition":
		if d := p.get(0, "definition"); d >= 0 {
			return oneLine(p.str(d, "statement"))
		}
	case "network-traffic":
		return strings.Join(p.strings(p.get(0, "protocols")), " ")
	}
	if h := p.get(0, "hashes"); h >= 0 && p.nodes[h].kind == '{' && p.nodes[h].end > h+1 {
		return oneLine(p.nodes[h+1].text)
	}
	return ""
}

// oneLine joins what stands on several lines and cuts it to maxName characters.
func oneLine(s string) string {
	if len(s) > 16*maxName {
		s = s[:16*maxName]
	}
	clean := true
	for i := 0; clean && i < len(s); i++ {
		clean = s[i] > ' ' && s[i] < 0x7f || s[i] == ' ' && i > 0 && i < len(s)-1 && s[i-1] != ' '
	}
	if !clean {
		s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r)
		}), " ")
	}
	if len(s) <= maxName {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > maxName {
			return s[:i]
		}
	}
	return s
}

func (p *parser) time(n int32) (t time.Time) {
	t, _, _ = timestamp(p.nodes[n].text)
	return t
}

func (p *parser) external(n int32) (list []ExternalReference) {
	for c, end := n+1, p.nodes[n].end; c < end; c = p.nodes[c].end {
		if p.nodes[c].kind == '{' {
			list = append(list, ExternalReference{
				SourceName: p.str(c, "source_name"), ID: p.str(c, "external_id"),
				URL: p.str(c, "url"), Description: p.str(c, "description"),
			})
		}
	}
	return list
}

func (p *parser) killChain(n int32) (list []KillChainPhase) {
	for c, end := n+1, p.nodes[n].end; c < end; c = p.nodes[c].end {
		if p.nodes[c].kind == '{' {
			list = append(list, KillChainPhase{p.str(c, "kill_chain_name"), p.str(c, "phase_name")})
		}
	}
	return list
}

// walk collects what can lie at any depth: markings, references and texts.
func (p *parser) walk(o *Object) {
	room := maxTexts
	for i := int32(1); i < int32(len(p.nodes)); i++ {
		v := &p.nodes[i]
		if v.kind == '{' && v.up > 0 && p.nodes[v.up].name == "granular_markings" {
			if s := p.get(i, "selectors"); s >= 0 {
				o.Granular = append(o.Granular, GranularMarking{p.str(i, "marking_ref"), p.str(i, "lang"), p.strings(s)})
			}
			continue
		}
		if v.kind != '"' || v.text == "" {
			continue
		}
		name := v.name
		if p.nodes[v.up].kind == '[' {
			name = p.nodes[v.up].name
		}
		switch {
		case v.up == 0 && (name == "type" || name == "id" || name == "spec_version"):
			continue
		case name == "lang" && validLanguage(v.text):
			continue
		case name == "selectors", name == "marking_ref", name == "extension_type", name == "payload_bin":
			if p.machine(i, name) {
				continue
			}
		case name == "object_marking_refs":
			if _, ok := ID(v.text); ok {
				o.mark(v.text)
				continue
			}
		case strings.HasSuffix(name, "_ref"), strings.HasSuffix(name, "_refs"):
			if _, ok := ID(v.text); ok {
				o.Refs = append(o.Refs, Ref{p.path(i), v.text})
				continue
			}
		}
		if c := v.text[len(v.text)-1]; c == 'Z' {
			if _, _, ok := timestamp(v.text); ok {
				continue
			}
		} else if len(v.text) > 36 {
			if _, ok := ID(v.text); ok {
				continue
			}
		}
		if o.TextsCut {
			continue
		}
		if o.Texts == nil {
			o.Texts = make([]string, 0, 16)
		}
		t := v.text
		if len(t) > room {
			cut := room
			for cut > 0 && !utf8.RuneStart(t[cut]) {
				cut--
			}
			t, o.TextsCut = t[:cut], true
		}
		if t != "" {
			o.Texts, room = append(o.Texts, t), room-len(t)
		}
	}
}

// machine says whether string i is what its name says, checked wherever it
// stands: no person's text hides in it.
func (p *parser) machine(i int32, name string) bool {
	s := p.nodes[i].text
	switch name {
	case "selectors":
		return badSelector(s) == ""
	case "marking_ref":
		_, ok := ID(s)
		return ok
	case "extension_type":
		for _, v := range extensionTypes.values {
			if v == s {
				return true
			}
		}
		return false
	default:
		return isBase64(s)
	}
}

func (o *Object) mark(id string) {
	for _, m := range o.Markings {
		if m == id {
			return
		}
	}
	o.Markings = append(o.Markings, id)
}

// path gives the names that lead to node i, joined by points.
func (p *parser) path(i int32) string {
	n := p.nodes[i]
	switch {
	case n.up < 0:
		return ""
	case p.nodes[n.up].kind == '[':
		return p.path(n.up)
	case n.up == 0:
		return n.name
	}
	if around := p.path(n.up); around != "" {
		return around + "." + n.name
	}
	return n.name
}
