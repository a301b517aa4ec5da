package misp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// stixObject is a STIX object as it is read here.
type stixObject struct {
	typ, id, uuid string
	m             map[string]any
	used          bool // told with another
}

func (o *stixObject) text(name string) string { s, _ := o.m[name].(string); return s }

func (o *stixObject) list(name string) []string {
	var out []string
	l, _ := o.m[name].([]any)
	for _, v := range l {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func (o *stixObject) names() []string { return sortedNames(o.m) }

// label returns the value of a label misp:name="value".
func (o *stixObject) label(name string) string {
	for _, l := range o.list("labels") {
		if v, ok := strings.CutPrefix(l, "misp:"+name+`="`); ok {
			return strings.TrimSuffix(v, `"`)
		}
	}
	return ""
}

// own decodes what was kept for MISP under a name; false when there is none.
func (o *stixObject) own(name string, v any) bool {
	x, ok := o.m[name]
	if !ok {
		return false
	}
	b, err := json.Marshal(x, json.Deterministic(true))
	return err == nil && decode(b, v, "") == nil
}

// FromSTIX converts STIX 2.1 objects to one event. The first report or grouping
// gives its name, date and tags; without one the event is named for what it
// holds. Objects that ToSTIX or the MISP project's converter made come back as
// what they were; of others, indicators and observables become attributes,
// domain objects become clusters of the galaxies that MISP keeps for STIX, and a
// pattern that attributes cannot say is kept as an attribute of type
// stix2-pattern. Skipped lists what MISP cannot say, by STIX id.
//
// Markings become tlp: tags: of the event, or of the attribute that is marked
// stricter than it. An error says that an object is not JSON as it must be.
func FromSTIX(objects [][]byte) (Event, []Skip, error) {
	r := &reader{byID: map[string]*stixObject{}, attributeOf: map[string]int{}, objectOf: map[string]int{}}
	limits := Limits{Bytes: 64 << 20, Values: 2_000_000}.filled()
	for i, raw := range objects {
		if int64(len(raw)) > limits.Bytes {
			return Event{}, nil, &Error{Reason: fmt.Sprintf("object %d is longer than %d bytes", i+1, limits.Bytes)}
		}
		if err := checkText(raw, limits); err != nil {
			return Event{}, nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		o := &stixObject{}
		if err := json.Unmarshal(raw, &o.m); err != nil || o.m == nil {
			return Event{}, nil, &Error{Reason: fmt.Sprintf("object %d is not a JSON object", i+1)}
		}
		o.typ, o.id = o.text("type"), o.text("id")
		typ, uuid := splitID(o.id)
		uuid, ok := cleanUUID(uuid)
		if !ok || typ != o.typ || typ == "" {
			return Event{}, nil, &Error{Reason: fmt.Sprintf("object %d has no id that fits its type", i+1)}
		}
		o.uuid = uuid
		if old := r.byID[o.id]; old != nil {
			// Two versions of one object: the later counts, in the earlier's place.
			if o.text("modified") > old.text("modified") {
				*old = *o
			}
			continue
		}
		r.byID[o.id] = o
		r.all = append(r.all, o)
	}
	if len(r.all) == 0 {
		return Event{}, nil, &Error{Reason: "there are no objects"}
	}
	r.head()
	r.facts()
	r.domains()
	r.links()
	return r.event, r.skipped, nil
}

type reader struct {
	all         []*stixObject
	byID        map[string]*stixObject
	report      *stixObject
	event       Event
	tlp         string
	attributeOf map[string]int // STIX id → index of the event's attribute
	objectOf    map[string]int // STIX id → index of the event's object
	clusters    []*stixObject
	inReport    map[string]bool // clusters of the event itself; nil when nobody says
	attached    map[string]bool // clusters attached to an attribute
	skipped     []Skip
}

func (r *reader) find(id string) *stixObject { return r.byID[id] }

func (r *reader) skip(o *stixObject, reason string) {
	r.skipped = append(r.skipped, Skip{o.id, reason})
}

func timestamp(s string) string {
	if t, ok := instant(s); ok && t.Unix() > 0 {
		return strconv.FormatInt(t.Unix(), 10)
	}
	return ""
}

// marking is the strictest TLP label of an object's markings.
func (r *reader) marking(o *stixObject) string {
	label := ""
	for _, id := range o.list("object_marking_refs") {
		if l, ok := tlpOfID[id]; ok {
			label = stricter(label, l)
		} else if d := r.find(id); d != nil {
			if def, ok := d.m["definition"].(map[string]any); ok && d.text("definition_type") == "tlp" {
				s, _ := def["tlp"].(string)
				if l, is := tagTLP("tlp:" + s); is {
					label = stricter(label, l)
				}
			}
		}
	}
	// Parts that are marked count for the whole: MISP has no marking of parts.
	granular, _ := o.m["granular_markings"].([]any)
	for _, g := range granular {
		if m, ok := g.(map[string]any); ok {
			if id, ok := m["marking_ref"].(string); ok {
				label = stricter(label, tlpOfID[id])
			}
		}
	}
	return label
}

// tags are an object's labels that are not this package's own, and its marking
// when none of them says it and the event does not either.
func (r *reader) tags(o *stixObject, event bool) []Tag {
	var out []Tag
	said := ""
	for _, l := range o.list("labels") {
		if strings.HasPrefix(l, "misp:") || l == "Threat-Report" {
			continue
		}
		out = append(out, Tag{Name: l})
		if t, is := tagTLP(l); is {
			if t == unknownTLP {
				t = "AMBER+STRICT"
			}
			said = stricter(said, t)
		}
	}
	label := r.marking(o)
	if label != "" && tlpRank[label] > tlpRank[said] && (event || tlpRank[label] > tlpRank[r.tlp]) {
		name := "tlp:" + strings.ToLower(label)
		if label == unknownTLP {
			name = "tlp:unclear"
		}
		out = append(out, Tag{Name: name})
	}
	return out
}

func (r *reader) head() {
	for _, o := range r.all {
		if (o.typ == "report" || o.typ == "grouping") && r.report == nil {
			r.report = o
		}
	}
	e := &r.event
	o := r.report
	if o == nil {
		// Without a report the event is what the first object's author or nobody
		// says of them; its uuid follows from what it holds.
		var ids []string
		for _, x := range r.all {
			ids = append(ids, x.id)
		}
		slices.Sort(ids)
		e.UUID = derive(ids...)
		e.Info = fmt.Sprintf("%d STIX 2.1 objects", len(r.all))
		for _, x := range r.all {
			if x.typ != "marking-definition" && x.typ != "identity" {
				r.tlp = stricter(r.tlp, r.marking(x))
			}
			if t := timestamp(x.text("modified")); t > e.Timestamp && len(t) >= len(e.Timestamp) {
				e.Timestamp = t
			}
			if e.Orgc == nil {
				r.author(x)
			}
		}
		if r.tlp != "" {
			e.Tags = []Tag{{Name: "tlp:" + strings.ToLower(r.tlp)}}
		}
	} else {
		o.used = true
		o.own("x_misp_event", e)
		if u, ok := cleanUUID(e.UUID); ok {
			e.UUID = u
		} else {
			e.UUID = o.uuid
		}
		e.Info, e.Timestamp = o.text("name"), timestamp(o.text("modified"))
		e.Published = o.typ == "report"
		if e.Published {
			e.PublishedAt = timestamp(o.text("published"))
		}
		r.author(o)
		e.Tags = r.tags(o, true)
		r.tlp, _ = e.TLP()
		if r.tlp == unknownTLP {
			r.tlp = "AMBER+STRICT"
		}
		if o.m["x_misp_event"] != nil { // made here, so it says which are the event's
			r.inReport = map[string]bool{}
			for _, id := range o.list("x_misp_galaxy_refs") {
				r.inReport[id] = true
			}
		}
		if d := o.text("description"); d != "" {
			e.Reports = append(e.Reports, EventReport{UUID: derive(o.id, "description"), Name: o.text("name"), Content: d, Timestamp: e.Timestamp})
		}
	}
	if e.Date == "" {
		when := ""
		if o != nil {
			when = o.text("created")
		} else if t, ok := seconds(e.Timestamp); ok {
			when = stamp(t)
		}
		if t, ok := instant(when); ok {
			e.Date = t.Format("2006-01-02")
		}
	}
}

func (r *reader) author(o *stixObject) {
	if who := r.find(o.text("created_by_ref")); who != nil && who.typ == "identity" {
		r.event.Orgc = &Org{UUID: who.uuid, Name: who.text("name")}
		who.used = true
	}
}

// facts reads indicators, observed data, observables and custom objects.
func (r *reader) facts() {
	inside := map[string]bool{} // observables that others hold
	for _, o := range r.all {
		if o.typ == "observed-data" {
			for _, id := range o.list("object_refs") {
				inside[id] = true
			}
		}
	}
	indicators := map[string]*stixObject{}
	for _, o := range r.all {
		if o.typ == "indicator" {
			indicators[o.uuid] = o
		}
	}
	for _, o := range r.all {
		switch {
		case o.used:
		case o.typ == "indicator":
			r.indicator(o, r.find("observed-data--"+o.uuid))
		case o.typ == "observed-data":
			if indicators[o.uuid] == nil {
				r.observed(o)
			}
		case o.typ == "x-misp-attribute":
			r.customAttribute(o, o.text("x_misp_type"))
		case o.typ == "x-misp-object":
			r.customObject(o)
		case strings.HasPrefix(o.typ, "x-misp-object-"): // older: the attribute's type is the object's
			t := o.label("type")
			if t == "" {
				t = strings.TrimPrefix(o.typ, "x-misp-object-")
			}
			r.customAttribute(o, t)
		}
	}
	for _, o := range r.all {
		if _, scalar := plainObservables[o.typ]; scalar && !inside[o.id] && !o.used && o.label("type") == "" {
			r.loose(o)
		}
	}
}

// plainObservables are the observable types read here on their own.
var plainObservables = map[string]bool{
	"ipv4-addr": true, "ipv6-addr": true, "domain-name": true, "url": true, "email-addr": true, "mac-addr": true, "mutex": true,
	"file": true, "windows-registry-key": true, "autonomous-system": true, "x509-certificate": true, "email-message": true, "network-traffic": true,
}

// addAttribute appends an attribute and remembers what it stands for.
func (r *reader) addAttribute(a Attribute, ids ...string) {
	for _, id := range ids {
		if _, have := r.attributeOf[id]; !have {
			r.attributeOf[id] = len(r.event.Attributes)
		}
	}
	r.event.Attributes = append(r.event.Attributes, a)
}

// base is what every attribute takes from its object.
func (r *reader) base(o *stixObject) Attribute {
	a := Attribute{UUID: o.uuid, Category: o.label("category"), Timestamp: timestamp(o.text("modified")), Tags: r.tags(o, false)}
	return a
}

// finish overlays what was kept for MISP.
func finishAttribute(o *stixObject, a *Attribute) {
	var own attributeOwn
	if !o.own("x_misp_attribute", &own) {
		return
	}
	if own.Value != "" {
		a.Value = own.Value
	}
	if own.Data != "" {
		a.Data = own.Data
	}
	a.FirstSeen, a.LastSeen = own.FirstSeen, own.LastSeen
	a.Distribution, a.DisableCorrelation = own.Distribution, own.DisableCorrelation
	if own.NoTimestamp {
		a.Timestamp = ""
	}
	if own.UUID != "" {
		a.UUID = own.UUID
	}
}

// seen gives an attribute of foreign objects its period.
func seen(o *stixObject, a *Attribute) {
	if _, ours := o.m["x_misp_attribute"]; ours {
		return
	}
	switch o.typ {
	case "indicator":
		if from, until := o.text("valid_from"), o.text("valid_until"); until != "" {
			a.FirstSeen, a.LastSeen = from, until
		}
	case "observed-data":
		if first, last := o.text("first_observed"), o.text("last_observed"); first != last {
			a.FirstSeen, a.LastSeen = first, last
		}
	}
}

func (r *reader) observables(observed *stixObject) []*stixObject {
	var out []*stixObject
	if observed == nil {
		return nil
	}
	for _, id := range observed.list("object_refs") {
		if o := r.find(id); o != nil {
			out = append(out, o)
		}
	}
	return out
}

// factsOf are those of all of an observation's objects, the first object first.
func (r *reader) factsOf(objects []*stixObject) facts {
	var out facts
	for _, o := range objects {
		out = append(out, observableFacts(o, r.find)...)
	}
	return out
}

func data(objects []*stixObject) string {
	for _, o := range objects {
		if d := o.text("payload_bin"); d != "" {
			return d
		}
	}
	return ""
}

func (r *reader) indicator(o, observed *stixObject) {
	if r.object(o, observed) {
		return
	}
	ids := []string{o.id}
	if observed != nil {
		ids = append(ids, observed.id)
		observed.used = true
	}
	a := r.base(o)
	a.ToIDS, a.Comment = true, o.text("description")
	seen(o, &a)
	typ, pattern := o.label("type"), o.text("pattern")
	kind := o.text("pattern_type")
	if kind != "stix" {
		a.Type, a.Value = kind, pattern
		if typ != "" {
			a.Type = typ
			// The MISP–STIX converter puts rules in brackets.
			if strings.HasPrefix(pattern, "[") && strings.HasSuffix(pattern, "]") && o.m["x_misp_attribute"] == nil && o.text("pattern_version") == "2.1" {
				a.Value = pattern[1 : len(pattern)-1]
			}
		} else if _, known := kinds[kind]; !known {
			a.Type = "other"
			a.Comment = strings.TrimSpace(kind + " rule. " + a.Comment)
		}
		if a.Category == "" {
			a.Category = "Payload installation"
		}
		finishAttribute(o, &a)
		r.addAttribute(a, ids...)
		return
	}
	found, or, ok := patternFacts(pattern)
	if typ != "" {
		objects := r.observables(observed)
		found = append(r.factsOf(objects), found...)
		a.Data = data(objects)
		if a.Data == "" {
			a.Data = found.get("file:content_ref.payload_bin")
		}
		if v, good := found.attribute(typ); good {
			a.Type, a.Value = typ, v
			finishAttribute(o, &a)
			r.addAttribute(a, ids...)
			return
		}
	}
	if a.Comment == "" {
		a.Comment = o.text("name")
	}
	whole := func() {
		a.Type, a.Value, a.Category = "stix2-pattern", pattern, "Payload installation"
		r.addAttribute(a, ids...)
	}
	if !ok {
		whole()
		return
	}
	if !or && len(found) > 1 {
		// Only what one attribute says with both its parts.
		for _, t := range []string{"domain|ip", "ip-dst|port", "ip-src|port", "hostname|port", "regkey|value", "filename|md5", "filename|sha1", "filename|sha256", "ip-dst", "ip-src"} {
			v, good := found.attribute(t)
			n := 0
			for _, f := range found {
				if !strings.HasSuffix(f.path, "_ref.type") {
					n++
				}
			}
			if good && n == len(valuePaths[t]) {
				a.Type, a.Value, a.Category = t, v, "Network activity"
				if strings.HasPrefix(t, "file") {
					a.Category = "Payload delivery"
				}
				r.addAttribute(a, ids...)
				return
			}
		}
		whole()
		return
	}
	for _, f := range found {
		if plainTypes[f.path][0] == "" {
			whole()
			return
		}
	}
	for i, f := range found {
		b := a
		b.Type, b.Value, b.Category = plainTypes[f.path][0], f.value, plainTypes[f.path][1]
		if b.Type == "AS" {
			b.Value = "AS" + f.value
		}
		if i > 0 {
			b.UUID = derive(o.id, f.path, f.value)
		}
		r.addAttribute(b, ids...)
	}
}

func (r *reader) observed(o *stixObject) {
	if r.object(o, o) {
		return
	}
	a := r.base(o)
	a.Comment = o.text("x_misp_comment")
	seen(o, &a)
	objects := r.observables(o)
	found := r.factsOf(objects)
	if typ := o.label("type"); typ != "" {
		if v, ok := found.attribute(typ); ok {
			a.Type, a.Value, a.Data = typ, v, data(objects)
			finishAttribute(o, &a)
			r.addAttribute(a, o.id)
			return
		}
	}
	n := 0
	for _, x := range objects {
		if r.observable(x, a, o) {
			n++
		}
	}
	if n == 0 {
		r.skip(o, "MISP has no attribute for what was observed")
	}
}

// observable turns the plain facts of one observable into attributes.
func (r *reader) observable(x *stixObject, a Attribute, of *stixObject) bool {
	n := 0
	for _, f := range observableFacts(x, func(string) *stixObject { return nil }) {
		t := plainTypes[f.path]
		if t[0] == "" {
			continue
		}
		b := a
		b.Type, b.Value, b.Category = t[0], f.value, t[1]
		if b.Type == "AS" {
			b.Value = "AS" + f.value
		}
		b.UUID = x.uuid
		if n > 0 {
			b.UUID = derive(x.id, f.path)
		}
		n++
		r.addAttribute(b, x.id, of.id)
	}
	return n > 0
}

func (r *reader) loose(o *stixObject) {
	a := Attribute{Timestamp: r.event.Timestamp, Tags: r.tags(o, false)}
	if !r.observable(o, a, o) {
		r.skip(o, "MISP has no attribute for this observable")
	}
}

func (r *reader) customAttribute(o *stixObject, typ string) {
	a := r.base(o)
	a.Type, a.Value, a.Comment = typ, o.text("x_misp_value"), o.text("x_misp_comment")
	if c := o.text("x_misp_category"); c != "" {
		a.Category = c
	}
	a.ToIDS = strings.EqualFold(o.label("to_ids"), "true")
	finishAttribute(o, &a)
	if a.Type == "" || a.Value == "" {
		r.skip(o, "it has no type or no value")
		return
	}
	r.addAttribute(a, o.id)
}
