package misp

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Skip is something that the other format could not hold.
type Skip struct {
	Path   string // where it is: RFC 6901 in an event, a STIX id otherwise
	Reason string // a sentence without values
}

// ToSTIX converts an event to STIX 2.1 objects: the marking definitions it
// uses, its author, what its attributes, objects and clusters become, and last
// the report (of a published event) or grouping that holds them together. A
// collection without uuid and info gets no report. The same event gives the
// same bytes.
//
// Every object but identities and shared clusters carries the event's TLP
// marking or that of its own tags, whichever is stricter; a tlp: tag that nobody
// knows becomes AMBER+STRICT. Distribution levels have no marking: the caller
// must not give what it converts a wider audience than they allow. Skipped lists
// what STIX cannot say.
//
// An error says that the event cannot be converted at all.
func ToSTIX(e Event) (objects [][]byte, skipped []Skip, err error) {
	c := &converter{event: &e, principal: map[string][]string{}, byUUID: map[string]int{}, marked: map[string]bool{}, clusters: map[string]bool{}, ids: map[string]bool{}, uuids: map[string]bool{}}
	if err := c.begin(); err != nil {
		return nil, nil, err
	}
	for i := range e.Objects {
		if u, ok := cleanUUID(e.Objects[i].UUID); ok {
			c.byUUID[u] = i
		}
	}
	for i := range e.Attributes {
		c.attribute(&e.Attributes[i], "/Attribute/"+strconv.Itoa(i))
	}
	c.objects()
	for i := range e.Galaxies {
		c.galaxy(&e.Galaxies[i], nil, "", "/Galaxy/"+strconv.Itoa(i))
	}
	c.references()
	if err := c.finish(); err != nil {
		return nil, nil, err
	}
	return append(c.definitions(), c.out...), c.skipped, nil
}

type converter struct {
	scratch       []byte
	event         *Event
	uuid          string // the event's, or one made up
	created       time.Time
	modified      time.Time
	author        string // identity id, or ""
	tlp           string
	out           [][]byte
	refs          []string            // of the report
	principal     map[string][]string // MISP uuid → ids of what stands for it, the best first
	byUUID        map[string]int      // object uuid → index
	marked        map[string]bool     // labels used
	clusters      map[string]bool     // ids written
	uuids         map[string]bool     // of attributes and objects, each once
	ids           map[string]bool     // ids of events' own objects, each once
	skipped       []Skip
	eventClusters []string // ids of the clusters of the event itself
}

func (c *converter) skip(path, format string, args ...any) {
	c.skipped = append(c.skipped, Skip{path, fmt.Sprintf(format, args...)})
}

func (c *converter) begin() error {
	e := c.event
	c.uuid = idFor(e.UUID, e.Info, e.Date)
	c.modified = time.Unix(0, 0).UTC()
	if t, ok := seconds(e.Timestamp); ok {
		c.modified = t
	} else if t, ok := instant(e.Date); ok {
		c.modified = t
	}
	// A MISP timestamp is that of the last change; the date stays.
	c.created = c.modified
	if t, ok := instant(e.Date); ok && t.Before(c.modified) {
		c.created = t
	}
	if label, ok := e.TLP(); ok {
		c.tlp = label
		if label == unknownTLP {
			c.tlp = "AMBER+STRICT"
			c.skip("/Tag", "a TLP tag that nobody knows is taken for AMBER+STRICT")
		}
	}
	switch e.Distribution {
	case "0", "4":
		c.skip("/distribution", "STIX has no marking for distribution %s (0: this organization only, 4: a sharing group)", e.Distribution)
	}
	o := e.Orgc
	if o == nil {
		o = e.Org
	}
	if o != nil && o.Name != "" {
		id := "identity--" + idFor(o.UUID, "Orgc", o.Name)
		c.author = id
		// An author is shared between events: nothing of this one may be in it.
		c.emit(record{{"type", "identity"}, {"spec_version", "2.1"}, {"id", id}, {"created", epoch}, {"modified", epoch}, {"name", o.Name}, {"identity_class", "organization"}})
	}
	return nil
}

func (c *converter) emit(r record) {
	id := r.text("id")
	if c.ids[id] {
		c.skip("/"+id, "the uuid is used twice; the first use counts")
		return
	}
	c.ids[id] = true
	c.scratch = appendRecord(c.scratch[:0], r)
	c.out = append(c.out, bytes.Clone(c.scratch))
}

// add emits an object of the event and lists it in the report.
func (c *converter) add(r record) {
	id := r.text("id")
	if !c.ids[id] {
		c.refs = append(c.refs, id)
	}
	c.emit(r)
}

// head begins a domain or relationship object.
func (c *converter) head(typ, uuid string, modified time.Time) record {
	created := c.created
	if modified.Before(created) {
		created = modified
	}
	r := make(record, 0, 16)
	r = append(r, member{"type", typ}, member{"spec_version", "2.1"}, member{"id", typ + "--" + uuid})
	if c.author != "" {
		r = append(r, member{"created_by_ref", c.author})
	}
	return append(r, member{"created", stamp(created)}, member{"modified", stamp(modified)})
}

func (c *converter) markings(label string) []string {
	if label == "" {
		return nil
	}
	c.marked[label] = true
	return []string{tlp2IDs[label]}
}

func (c *converter) definitions() [][]byte {
	var out [][]byte
	for _, label := range []string{"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"} {
		if c.marked[label] {
			out = append(out, tlpDefinition(label))
		}
	}
	return out
}

// label is the TLP label of a part of the event: never looser than the event's.
func (c *converter) label(own string, has bool, path string) string {
	if !has {
		return c.tlp
	}
	if own == unknownTLP {
		own = "AMBER+STRICT"
		c.skip(path+"/Tag", "a TLP tag that nobody knows is taken for AMBER+STRICT")
	}
	if s := stricter(c.tlp, own); s != own {
		c.skip(path+"/Tag", "its TLP tag is looser than the event's, which counts")
		return s
	}
	return own
}

// labels are the tags as STIX labels, after what the MISP–STIX converter writes.
// A TLP tag that does not count is left out.
func labels(tags []Tag, label string, own ...string) []string {
	out := own
	for i := range tags {
		name := tags[i].Name
		if l, is := tagTLP(name); is && l != unknownTLP && tlpRank[l] < tlpRank[label] {
			continue
		}
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (c *converter) when(timestamp string) time.Time {
	if t, ok := seconds(timestamp); ok {
		return t
	}
	return c.modified
}

// attributeOwn is what an attribute has that its STIX objects cannot say.
type attributeOwn struct {
	Value              string `json:"value,omitzero"`
	Data               string `json:"data,omitzero"`
	FirstSeen          string `json:"first_seen,omitzero"`
	LastSeen           string `json:"last_seen,omitzero"`
	Distribution       string `json:"distribution,omitzero"`
	DisableCorrelation bool   `json:"disable_correlation,omitzero"`
	NoTimestamp        bool   `json:"no_timestamp,omitzero"`
	UUID               string `json:"uuid,omitzero"`
}

func marshal(v any) jsontext.Value {
	b, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil
	}
	return b
}

func (c *converter) attribute(a *Attribute, path string) {
	if a.Deleted {
		c.skip(path, "it is deleted")
		return
	}
	if a.Value == "" || a.Type == "" {
		c.skip(path, "it has no value or no type")
		return
	}
	uuid := idFor(a.UUID, c.uuid, a.Type, a.Value)
	again := c.uuids[uuid]
	if again { // two facts must not become one
		uuid = derive(uuid, a.Type, a.Value, path)
	}
	c.uuids[uuid] = true
	own, has := a.TLP()
	label := c.label(own, has, path)
	modified := c.when(a.Timestamp)
	tags := labels(a.Tags, label, `misp:type="`+a.Type+`"`, `misp:category="`+a.Category+`"`)
	p, ok := convertAttribute(a, uuid)
	left := attributeOwn{Distribution: a.Distribution, DisableCorrelation: a.DisableCorrelation, FirstSeen: a.FirstSeen, LastSeen: a.LastSeen}
	if !p.exact {
		left.Value = a.Value
	}
	if a.Data != "" && !slices.ContainsFunc(p.observables, func(o record) bool { return o.get("payload_bin") != nil }) {
		left.Data = a.Data
	}
	if _, ok := seconds(a.Timestamp); !ok {
		left.NoTimestamp = true
	}
	if a.UUID != uuid && a.UUID != "" || again {
		left.UUID = a.UUID
	}
	if a.Distribution == "0" || a.Distribution == "4" {
		c.skip(path+"/distribution", "STIX has no marking for distribution %s (0: this organization only, 4: a sharing group)", a.Distribution)
	}
	var extra jsontext.Value
	if left != (attributeOwn{}) {
		extra = marshal(left)
	}
	base := func(typ string) record { return c.head(typ, uuid, modified) }
	end := func(r *record) {
		r.set("labels", tags)
		r.set("object_marking_refs", c.markings(label))
		r.set("x_misp_attribute", extra)
	}
	switch {
	case !ok || len(p.observables) == 0 && p.domain == nil && !a.ToIDS:
		r := base("x-misp-attribute")
		if a.ToIDS {
			tags = append(tags, `misp:to_ids="True"`)
		}
		r.set("x_misp_type", a.Type)
		r.set("x_misp_category", a.Category)
		r.set("x_misp_comment", a.Comment)
		r.set("x_misp_value", a.Value)
		left.Value = ""
		if extra = nil; left != (attributeOwn{}) {
			extra = marshal(left)
		}
		end(&r)
		c.add(r)
		c.stands(uuid, r.text("id"))
	case p.domain != nil:
		if a.ToIDS {
			tags = append(tags, `misp:to_ids="True"`)
		}
		r := base(p.domain.text("type"))
		r.set("name", p.domain.text("name"))
		r.set("description", a.Comment)
		r.set("external_references", p.domain.get("external_references"))
		end(&r)
		c.add(r)
		c.stands(uuid, r.text("id"))
	default:
		c.facts(p, factFrame{uuid: uuid, modified: modified, label: label, labels: tags, comment: a.Comment, toIDS: a.ToIDS,
			phase: a.Category, first: a.FirstSeen, last: a.LastSeen, ownName: "x_misp_attribute", own: extra})
	}
	c.surroundings(a, uuid, label, "", path)
}

// stands records what stands for a MISP uuid.
func (c *converter) stands(uuid, id string) { c.principal[uuid] = append(c.principal[uuid], id) }

// factFrame is what an indicator and observed data share.
type factFrame struct {
	uuid, label, comment, phase, first, last string
	modified                                 time.Time
	labels                                   []string
	toIDS                                    bool
	ownName                                  string
	own                                      jsontext.Value
}

// facts emits observed data with its observables, and an indicator based on it
// when it is meant for detection.
func (c *converter) facts(p piece, f factFrame) {
	first, last := f.modified, f.modified
	if t, ok := instant(f.first); ok {
		first = t
		if last.Before(first) {
			last = first
		}
	}
	if t, ok := instant(f.last); ok && !t.Before(first) {
		last = t
	}
	observed, indicator := "", ""
	if len(p.observables) > 0 {
		r := c.head("observed-data", f.uuid, f.modified)
		observed = r.text("id")
		r.set("first_observed", moment(first))
		r.set("last_observed", moment(last))
		r.set("number_observed", 1)
		ids := make([]string, len(p.observables))
		for i := range p.observables {
			ids[i] = p.observables[i].text("id")
		}
		r.set("object_refs", ids)
		r.set("labels", f.labels)
		r.set("object_marking_refs", c.markings(f.label))
		if !f.toIDS {
			r.set("x_misp_comment", f.comment)
			r.set(f.ownName, f.own)
		}
		c.add(r)
		for _, o := range p.observables {
			if f.label != "" {
				o.set("object_marking_refs", c.markings(f.label))
			}
			c.add(o)
		}
	}
	if f.toIDS && len(p.terms) > 0 {
		r := c.head("indicator", f.uuid, f.modified)
		indicator = r.text("id")
		r.set("name", p.domain.text("name"))
		r.set("description", f.comment)
		if p.patternType != "" {
			r.set("pattern", p.terms[0])
			r.set("pattern_type", p.patternType)
			r.set("pattern_version", p.domain.text("pattern_version"))
		} else {
			r.set("pattern", "["+strings.Join(p.terms, " AND ")+"]")
			r.set("pattern_type", "stix")
			r.set("pattern_version", "2.1")
		}
		r.set("valid_from", moment(first))
		if t, ok := instant(f.last); ok && t.After(first) {
			r.set("valid_until", moment(t))
		}
		r.set("kill_chain_phases", phases(f.phase))
		r.set("labels", f.labels)
		r.set("external_references", p.domain.get("external_references"))
		r.set("object_marking_refs", c.markings(f.label))
		for _, m := range p.domain {
			if strings.HasPrefix(m.name, "x_misp_") {
				r.set(m.name, m.value)
			}
		}
		r.set(f.ownName, f.own)
		c.add(r)
		c.stands(f.uuid, indicator)
	}
	if observed != "" {
		c.stands(f.uuid, observed)
	}
	if observed != "" && indicator != "" {
		c.relate(indicator, "based-on", observed, f.label, f.modified, nil)
	}
}

func phases(category string) []record {
	if category == "" {
		return nil
	}
	return []record{{{"kill_chain_name", "misp-category"}, {"phase_name", category}}}
}

func (c *converter) relate(source, kind, target, label string, modified time.Time, own record) {
	id := derive(source, kind, target)
	if c.ids["relationship--"+id] {
		return
	}
	r := c.head("relationship", id, modified)
	r.set("relationship_type", kind)
	r.set("source_ref", source)
	r.set("target_ref", target)
	r.set("object_marking_refs", c.markings(label))
	for _, m := range own {
		r.set(m.name, m.value)
	}
	c.add(r)
}

// surroundings adds an attribute's galaxies and sightings. part is the
// attribute's uuid when what stands for it is an object it belongs to.
func (c *converter) surroundings(a *Attribute, uuid, label, part, path string) {
	ids := c.principal[uuid]
	if len(ids) == 0 {
		return
	}
	for i := range a.Galaxies {
		c.galaxy(&a.Galaxies[i], &ids[0], part, path+"/Galaxy/"+strconv.Itoa(i))
	}
	for i := range a.Sightings {
		c.sighting(&a.Sightings[i], ids[0], label, part, i, path+"/Sighting/"+strconv.Itoa(i))
	}
}

func (c *converter) sighting(s *Sighting, of, label, part string, n int, path string) {
	when := c.modified
	seen, dated := seconds(s.Date)
	if dated {
		when = seen
	}
	uuid := idFor(s.UUID, of, s.Date, s.Source, strconv.Itoa(n))
	var who string
	if s.Org != nil && s.Org.Name != "" {
		who = "identity--" + idFor(s.Org.UUID, "Orgc", s.Org.Name)
		if !c.ids[who] {
			c.emit(record{{"type", "identity"}, {"spec_version", "2.1"}, {"id", who}, {"created", epoch}, {"modified", epoch}, {"name", s.Org.Name}, {"identity_class", "organization"}})
		}
	}
	end := func(r record) {
		r.set("object_marking_refs", c.markings(label))
		r.set("x_misp_source", s.Source)
		r.set("x_misp_attribute_uuid", part)
		if !dated {
			r.set("x_misp_no_date", true)
		}
		c.add(r)
	}
	switch s.Type {
	case "0", "":
		r := c.head("sighting", uuid, when)
		if dated {
			r.set("first_seen", moment(seen))
			r.set("last_seen", moment(seen))
		}
		r.set("count", 1)
		r.set("sighting_of_ref", of)
		if who != "" {
			r.set("where_sighted_refs", []string{who})
		}
		end(r)
	case "1":
		r := c.head("opinion", uuid, when)
		r.set("opinion", "strongly-disagree")
		r.set("explanation", "False positive")
		r.set("object_refs", []string{of})
		r.set("x_misp_author_ref", who)
		end(r)
	default:
		c.skip(path, "STIX has nothing for a sighting of this type")
	}
}

// relationTo is the relationship that an indicator has to a domain object;
// observed data and others are related to it.
var relationTo = map[string]string{"attack-pattern": "indicates", "campaign": "indicates", "intrusion-set": "indicates", "malware": "indicates", "threat-actor": "indicates", "tool": "indicates"}

func (c *converter) galaxy(g *Galaxy, source *string, part, path string) {
	for i := range g.Clusters {
		cl := &g.Clusters[i]
		at := path + "/GalaxyCluster/" + strconv.Itoa(i)
		o, ok := convertCluster(g, cl)
		if !ok {
			// The tag misp-galaxy:… stays among the labels.
			c.skip(at, "STIX has nothing for clusters of this galaxy")
			continue
		}
		id := o.text("id")
		if !c.clusters[id] {
			c.clusters[id] = true
			if _, own := members(cl.Extra); string(own["default"]) == "false" {
				o.set("object_marking_refs", c.markings(c.tlp)) // somebody's own, not one of MISP's
			}
			if c.ids[id] {
				c.refs = append(c.refs, id)
			} else {
				c.add(o)
			}
		}
		if source != nil {
			typ, _ := splitID(id)
			kind := "related-to"
			if strings.HasPrefix(*source, "indicator--") && relationTo[typ] != "" {
				kind = relationTo[typ]
			}
			own := record{{"x_misp_galaxy", true}}
			own.set("x_misp_attribute_uuid", part)
			c.relate(*source, kind, id, c.tlp, c.modified, own)
		} else if !slices.Contains(c.eventClusters, id) {
			c.eventClusters = append(c.eventClusters, id)
		}
	}
}

func (c *converter) find(uuid string) *Object {
	u, ok := cleanUUID(uuid)
	if !ok {
		return nil
	}
	if i, ok := c.byUUID[u]; ok {
		return &c.event.Objects[i]
	}
	return nil
}

// finish adds the event's texts and what holds everything together.
func (c *converter) finish() error {
	e := c.event
	if e.UUID == "" && e.Info == "" {
		if len(c.out) == 0 {
			return &Error{Reason: "there is nothing in this that STIX could say"}
		}
		return nil
	}
	typ := "grouping"
	if e.Published {
		typ = "report"
	}
	id := typ + "--" + c.uuid
	for i := range e.Reports {
		n := &e.Reports[i]
		path := "/EventReport/" + strconv.Itoa(i)
		if n.Deleted || n.Content == "" {
			c.skip(path, "it is deleted or empty")
			continue
		}
		r := c.head("note", idFor(n.UUID, c.uuid, n.Name, n.Content), c.when(n.Timestamp))
		r.set("abstract", n.Name)
		r.set("content", n.Content)
		r.set("object_refs", []string{id})
		r.set("labels", []string{`misp:data-layer="Event Report"`})
		r.set("object_marking_refs", c.markings(c.tlp))
		c.add(r)
	}
	if len(c.refs) == 0 {
		if c.author == "" {
			return &Error{Reason: "the event has neither content nor author; STIX has no report without objects"}
		}
		c.refs = []string{c.author}
	}
	r := c.head(typ, c.uuid, c.modified)
	r.set("name", e.Info)
	if e.Info == "" {
		r.set("name", "MISP event")
	}
	if typ == "report" {
		published := c.modified
		if t, ok := seconds(e.PublishedAt); ok {
			published = t
		}
		r.set("published", moment(published))
		r.set("report_types", []string{"threat-report"})
	} else {
		r.set("context", "suspicious-activity")
	}
	r.set("object_refs", c.refs)
	r.set("labels", labels(e.Tags, c.tlp, "Threat-Report", `misp:tool="Cordon"`))
	r.set("object_marking_refs", c.markings(c.tlp))
	own := Event{UUID: e.UUID, Date: e.Date, ThreatLevel: e.ThreatLevel, Analysis: e.Analysis, Distribution: e.Distribution, ExtendsUUID: e.ExtendsUUID}
	if own.UUID == c.uuid {
		own.UUID = ""
	}
	if e.Org != nil {
		own.Org = &Org{UUID: e.Org.UUID, Name: e.Org.Name}
	}
	r.set("x_misp_event", marshal(&own))
	r.set("x_misp_galaxy_refs", c.eventClusters)
	c.emit(r)
	return nil
}
