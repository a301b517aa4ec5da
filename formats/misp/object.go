package misp

import (
	"strconv"
	"strings"
)

// assembly is a MISP object on its way to STIX.
type assembly struct {
	object *Object
	merged []*Object // objects it took in: a file its pe, a pe its sections
	id     string
	main   record
	others []record
	terms  []string
	used   []bool               // per attribute
	refs   []record             // external references
	find   func(string) *Object // another object of the event, by uuid; nil when there is none
}

// convertObject is what STIX can say of an object; ok is false when it has
// nothing for the template, or the object lacks what STIX demands.
func convertObject(o *Object, id string, find func(string) *Object) (p piece, merged []*Object, ok bool) {
	t, known := templates[o.Name]
	if !known {
		return piece{}, nil, false
	}
	a := &assembly{object: o, id: id, used: make([]bool, len(o.Attributes)), find: find}
	for i := range o.Attributes {
		a.used[i] = o.Attributes[i].Deleted || o.Attributes[i].Value == ""
	}
	if t.rule != "" {
		return a.rule(t)
	}
	a.main = observable(t.object, id)
	if t.domain {
		a.main = record{{"type", t.object}, {"id", t.object + "--" + id}}
	}
	if t.finish != nil && t.object == "identity" {
		t.finish(a) // names come first
	}
	for _, f := range t.fields {
		for i := range o.Attributes {
			if !a.used[i] && o.Attributes[i].Relation == f.relation {
				a.used[i] = a.put(f, &o.Attributes[i])
			}
		}
	}
	if t.finish != nil && t.object != "identity" {
		t.finish(a)
	}
	a.rest(&a.main, "x_misp_", t.object)
	for _, m := range t.fixed {
		if len(a.main) > 3 {
			a.main.set(m.name, m.value)
			if len(a.terms) > 0 && !strings.Contains(a.terms[0], ":x_misp_") {
				a.terms = append([]string{t.object + ":" + m.name + " = " + quote(m.value.(string))}, a.terms...)
			}
		}
	}
	if len(a.refs) > 0 {
		a.main.set("external_references", a.refs)
	}
	if !enough(a.main) {
		return piece{}, nil, false
	}
	if t.domain {
		return piece{domain: a.main, exact: true}, a.merged, true
	}
	return piece{terms: a.terms, observables: append([]record{a.main}, a.others...), exact: true}, a.merged, true
}

// rule is an indicator in another language.
func (a *assembly) rule(t template) (piece, []*Object, bool) {
	a.main = record{}
	for _, f := range t.fields {
		for i := range a.object.Attributes {
			at := &a.object.Attributes[i]
			switch {
			case a.used[i] || at.Relation != f.relation:
			case f.path[0] == "url":
				a.refs = append(a.refs, record{{"source_name", "url"}, {"url", at.Value}})
				a.used[i] = true
			case a.main.get(f.path[0]) == nil:
				a.main.set(f.path[0], at.Value)
				a.used[i] = true
			}
		}
	}
	if a.main.get("pattern") == nil {
		return piece{}, nil, false
	}
	a.rest(&a.main, "x_misp_", "")
	if len(a.refs) > 0 {
		a.main.set("external_references", a.refs)
	}
	return piece{terms: []string{a.main.text("pattern")}, patternType: t.rule, domain: a.main, exact: true}, nil, true
}

// put sets a property from an attribute, and a term of the pattern when the
// attribute is meant for detection. It reports whether the property could hold
// the value and was free.
func (a *assembly) put(f field, at *Attribute) bool {
	literal := quote(at.Value)
	var value any = at.Value
	switch f.kind {
	case 'i':
		n, ok := integer(at.Value)
		if !ok || n < 0 || strings.HasSuffix(f.path[len(f.path)-1], "_port") && n > 65535 {
			return false
		}
		value, literal = n, at.Value
	case 'f':
		n, ok := float(at.Value)
		if !ok {
			return false
		}
		value, literal = n, strconv.FormatFloat(n, 'f', -1, 64)
	case 't':
		t, ok := instant(at.Value)
		if !ok {
			return false
		}
		value, literal = moment(t), "t'"+moment(t)+"'"
	case 'b':
		b, ok := truth(at.Value)
		if !ok {
			return false
		}
		value, literal = b, strconv.FormatBool(b)
	case 'l':
		list, _ := a.main.at(f.path).([]string)
		value = append(list[:len(list):len(list)], at.Value)
	}
	if n := len(f.path); n > 1 && f.path[n-2] == "hashes" && !validHash(f.path[n-1], at.Value) {
		return false
	}
	if f.kind != 'l' && a.main.at(f.path) != nil {
		return false
	}
	a.main.in(f.path, value)
	if at.ToIDS {
		a.term(f.path, f.kind == 'l', literal)
	}
	return true
}

func truth(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "1", "yes":
		return true, true
	case "false", "0", "no":
		return false, true
	}
	return false, false
}

func (a *assembly) term(path []string, list bool, literal string) {
	t := a.main.text("type") + ":" + patternPath(path)
	if list {
		t += "[*]"
	}
	a.terms = append(a.terms, t+" = "+literal)
}

func patternPath(path []string) string {
	var b strings.Builder
	for i, name := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		if i > 0 && path[i-1] == "hashes" {
			b.WriteString(hashPath(name))
		} else if strings.ContainsRune(name, '-') {
			b.WriteString("'" + name + "'")
		} else {
			b.WriteString(name)
		}
	}
	return b.String()
}

// hashPath is what patterns call a key of the hashes dictionary.
func hashPath(key string) string {
	for _, keys := range hashNames {
		if keys[0] == key {
			return keys[1]
		}
	}
	return "'" + key + "'"
}

// all marks the attributes of a relation as used and returns them.
func (a *assembly) all(relation string) []*Attribute {
	var out []*Attribute
	for i := range a.object.Attributes {
		if !a.used[i] && a.object.Attributes[i].Relation == relation {
			a.used[i] = true
			out = append(out, &a.object.Attributes[i])
		}
	}
	return out
}

// one takes the first attribute of a relation; nil when there is none.
func (a *assembly) one(relation string) *Attribute {
	for i := range a.object.Attributes {
		if !a.used[i] && a.object.Attributes[i].Relation == relation {
			a.used[i] = true
			return &a.object.Attributes[i]
		}
	}
	return nil
}

// part is the uuid of an observable made of one attribute.
func (a *assembly) part(at *Attribute) string {
	return idFor(at.UUID, a.id, at.Relation, at.Value)
}

func (a *assembly) reference(source, id string) {
	a.refs = append(a.refs, record{{"source_name", source}, {"external_id", id}})
}

func (a *assembly) link(url string) {
	a.refs = append(a.refs, record{{"source_name", "url"}, {"url", url}})
}

// rest keeps what the template has no property for as custom properties of r,
// and as terms when it is meant for detection.
func (a *assembly) rest(r *record, prefix, object string) {
	kept := map[string][]any{}
	var order []string
	for i := range a.object.Attributes {
		at := &a.object.Attributes[i]
		if a.used[i] {
			continue
		}
		a.used[i] = true
		name := propertyName(prefix, at.Relation, at.Type)
		if _, seen := kept[name]; !seen {
			order = append(order, name)
		}
		kept[name] = append(kept[name], plainValue(at))
		if at.ToIDS && at.Data == "" && object != "" {
			a.terms = append(a.terms, object+":"+name+" = "+quote(at.Value))
		}
	}
	for _, name := range order {
		values := kept[name]
		if len(values) == 1 {
			r.set(name, values[0])
			continue
		}
		var texts []string
		var records []record
		for _, v := range values {
			switch v := v.(type) {
			case string:
				texts = append(texts, v)
			case bool:
				texts = append(texts, strconv.FormatBool(v))
			case record:
				records = append(records, v)
			}
		}
		if len(records) > 0 {
			for _, t := range texts {
				records = append(records, record{{"value", t}})
			}
			r.set(name, records)
			continue
		}
		r.set(name, texts)
	}
}

// plainValue is the value of a custom property.
func plainValue(at *Attribute) any {
	if at.Data != "" {
		return record{{"value", at.Value}, {"data", at.Data}}
	}
	switch at.Type {
	case "boolean":
		if b, ok := truth(at.Value); ok {
			return b
		}
	case "datetime":
		if t, ok := instant(at.Value); ok {
			return moment(t)
		}
	}
	return at.Value
}

// propertyName makes a relation a name STIX allows (§3.1: lower-case letters,
// digits and underscores, 3 to 250 of them).
func propertyName(prefix, relation, typ string) string {
	if relation == "" {
		relation = typ
	}
	var b strings.Builder
	b.WriteString(prefix)
	for i := 0; i < len(relation) && b.Len() < 250; i++ {
		c := relation[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		default:
			c = '_'
		}
		b.WriteByte(c)
	}
	if b.Len() == len(prefix) {
		b.WriteString("value")
	}
	return b.String()
}
