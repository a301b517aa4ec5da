package misp

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// objectOwn is an object as MISP has it, beside what STIX can say of it.
func (c *converter) objectOwn(o *Object, withData func(*Attribute) bool) jsontext.Value {
	copied := *o
	copied.Extra = nil
	copied.Attributes = slices.Clone(o.Attributes)
	for i := range copied.Attributes {
		a := &copied.Attributes[i]
		a.Extra, a.Galaxies, a.Sightings = nil, nil, nil
		if a.Data != "" && !withData(a) {
			a.Data = ""
		}
		if a.Timestamp == o.Timestamp {
			a.Timestamp = ""
		}
		a.SharingGroup = ""
	}
	copied.SharingGroup = ""
	copied.References = slices.Clone(o.References)
	for i := range copied.References {
		copied.References[i].Extra = nil
	}
	return marshal(&copied)
}

func (c *converter) objects() {
	e := c.event
	converted := make([]piece, len(e.Objects))
	oks := make([]bool, len(e.Objects))
	took := make([][]*Object, len(e.Objects))
	taken := map[*Object]string{} // merged object → uuid of what took it
	uuids := make([]string, len(e.Objects))
	for i := range e.Objects {
		o := &e.Objects[i]
		uuids[i] = idFor(o.UUID, c.uuid, o.Name, strconv.Itoa(i))
		if c.uuids[uuids[i]] {
			uuids[i] = derive(uuids[i], o.Name, strconv.Itoa(i))
		}
		c.uuids[uuids[i]] = true
	}
	// Files before their pe objects, and those before their sections, so that
	// each is taken in by the outermost.
	for _, names := range [][]string{{"file", "registry-key"}, {"pe"}, nil} {
		for i := range e.Objects {
			o := &e.Objects[i]
			if o.Deleted || oks[i] || taken[o] != "" || names != nil && !slices.Contains(names, o.Name) {
				continue
			}
			find := func(uuid string) *Object {
				if other := c.find(uuid); other != nil && other != o && taken[other] == "" && !other.Deleted {
					return other
				}
				return nil
			}
			converted[i], took[i], oks[i] = convertObject(o, uuids[i], find)
			if oks[i] {
				for _, m := range took[i] {
					taken[m] = uuids[i]
				}
			}
		}
	}
	// Annotations last: what they speak of must have its id by then.
	for _, notes := range []bool{false, true} {
		for i := range e.Objects {
			o := &e.Objects[i]
			path := "/Object/" + strconv.Itoa(i)
			switch {
			case notes != (o.Name == "annotation"):
			case o.Deleted:
				c.skip(path, "it is deleted")
			case taken[o] == "":
				c.object(o, uuids[i], converted[i], took[i], oks[i], path)
			}
		}
		for m, by := range taken {
			if u, ok := cleanUUID(m.UUID); ok {
				c.principal[u] = c.principal[by]
			}
		}
	}
}

func (c *converter) object(o *Object, uuid string, p piece, merged []*Object, ok bool, path string) {
	all := append([]*Object{o}, merged...)
	own, has, toIDS := "", false, false
	var tags []Tag
	for _, m := range all {
		if l, is := m.TLP(); is {
			own, has = stricter(own, l), true
		}
		for i := range m.Attributes {
			if !m.Attributes[i].Deleted {
				toIDS = toIDS || m.Attributes[i].ToIDS
				tags = append(tags, m.Attributes[i].Tags...)
			}
		}
		if m.Distribution == "0" || m.Distribution == "4" {
			c.skip(path+"/distribution", "STIX has no marking for distribution %s (0: this organization only, 4: a sharing group)", m.Distribution)
		}
	}
	label := c.label(own, has, path)
	modified := c.when(o.Timestamp)
	marks := labels(tags, label, `misp:name="`+o.Name+`"`, `misp:meta-category="`+o.MetaCategory+`"`)
	inSTIX := func(a *Attribute) bool { return !c.holdsData(p, a) }
	var rows jsontext.Value
	if len(merged) == 0 {
		rows = c.objectOwn(o, inSTIX)
	} else {
		rows = append(rows, '[')
		for i, m := range all {
			if i > 0 {
				rows = append(rows, ',')
			}
			rows = append(rows, c.objectOwn(m, inSTIX)...)
		}
		rows = append(rows, ']')
	}
	switch {
	case ok && p.domain != nil && p.patternType == "":
		r := c.head(p.domain.text("type"), uuid, modified)
		for _, m := range p.domain[2:] {
			r.set(m.name, m.value)
		}
		if r.text("type") == "note" {
			r.set("object_refs", c.annotated(o))
			if r.get("object_refs") == nil {
				c.custom(o, uuid, modified, label, marks, path)
				return
			}
		} else if r.text("type") == "attack-pattern" || r.text("type") == "malware" || r.text("type") == "tool" {
			r.set("kill_chain_phases", phases(o.MetaCategory))
		}
		r.set("labels", marks)
		r.set("object_marking_refs", c.markings(label))
		r.set("x_misp_object", rows)
		c.add(r)
		c.stands(uuid, r.text("id"))
	case ok && (p.patternType != "" || len(p.observables) > 0):
		// A rule is an indicator even when nobody set it to detect.
		toIDS = toIDS && len(p.terms) > 0 || p.patternType != ""
		comment := o.Comment
		if d := p.domain.text("description"); d != "" {
			comment = d
		}
		c.facts(p, factFrame{uuid: uuid, modified: modified, label: label, labels: marks, comment: comment, toIDS: toIDS,
			phase: o.MetaCategory, first: o.FirstSeen, last: o.LastSeen, ownName: "x_misp_object", own: rows})
	default:
		c.custom(o, uuid, modified, label, marks, path)
	}
	for _, m := range all {
		for i := range m.Attributes {
			a := &m.Attributes[i]
			if !a.Deleted {
				c.surroundings(a, uuid, label, a.UUID, path+"/Attribute/"+strconv.Itoa(i))
			}
		}
	}
}

// custom keeps an object that STIX has nothing for, in the shape of the
// MISP–STIX converter.
func (c *converter) custom(o *Object, uuid string, modified time.Time, label string, marks []string, path string) {
	r := c.head("x-misp-object", uuid, modified)
	r.set("labels", marks)
	r.set("object_marking_refs", c.markings(label))
	r.set("x_misp_name", o.Name)
	r.set("x_misp_meta_category", o.MetaCategory)
	r.set("x_misp_comment", o.Comment)
	bare := *o
	bare.Attributes = nil
	r.set("x_misp_object", c.objectOwn(&bare, nil))
	_, whole := members(c.objectOwn(o, func(*Attribute) bool { return true }))
	r.set("x_misp_attributes", whole["Attribute"])
	c.add(r)
	c.stands(uuid, r.text("id"))
}

// holdsData says whether the data of an attribute is in what it became.
func (c *converter) holdsData(p piece, a *Attribute) bool {
	id := "" // reading back goes by the attribute's own uuid
	if u, ok := cleanUUID(a.UUID); ok {
		id = "artifact--" + u
	}
	in := func(r record) bool {
		v, _ := r.get(propertyName("x_misp_", a.Relation, a.Type)).(record)
		return v.text("data") == a.Data && v.text("value") == a.Value
	}
	for _, o := range p.observables {
		if o.text("id") == id && o.text("payload_bin") == a.Data || in(o) {
			return true
		}
	}
	return in(p.domain)
}

// annotated are the ids of what an annotation speaks of.
func (c *converter) annotated(o *Object) []string {
	var out []string
	for _, r := range o.References {
		if u, ok := cleanUUID(r.Target); ok && !r.Deleted {
			for _, id := range c.principal[u] {
				if !slices.Contains(out, id) {
					out = append(out, id)
				}
			}
		}
	}
	return out
}

// references adds a relationship for each reference between objects.
func (c *converter) references() {
	for i := range c.event.Objects {
		o := &c.event.Objects[i]
		u, ok := cleanUUID(o.UUID)
		if !ok || o.Deleted || o.Name == "annotation" {
			continue
		}
		for j, r := range o.References {
			path := "/Object/" + strconv.Itoa(i) + "/ObjectReference/" + strconv.Itoa(j)
			t, ok := cleanUUID(r.Target)
			if r.Deleted {
				continue
			}
			if !ok || len(c.principal[u]) == 0 || len(c.principal[t]) == 0 {
				c.skip(path, "what it refers to is not among the converted")
				continue
			}
			source, target := c.principal[u][0], c.principal[t][0]
			if source == target {
				continue // taken in
			}
			own := record{{"x_misp_reference", true}}
			label := c.tlp
			if l, has := o.TLP(); has && l != unknownTLP {
				label = stricter(label, l)
			} else if has {
				label = stricter(label, "AMBER+STRICT")
			}
			c.relate(source, relationType(r.Relationship), target, label, c.when(r.Timestamp), own)
		}
	}
}

// relationType writes a relationship type as STIX wants it: lower-case letters,
// digits and hyphens.
func relationType(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9', r == '-':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, s)
	if len(s) < 3 || len(s) > 250 {
		return "related-to"
	}
	return s
}
