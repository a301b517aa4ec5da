package misp

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Parse reads MISP JSON: {"Event":…}, {"response":[{"Event":…}]}, a list of
// either, a bare event, or what a search of attributes or objects answers
// ({"response":{"Attribute":[…]}}, {"response":[{"Object":…}]}), which comes
// back as one event without uuid and info.
//
// Errors are of type *[Error] and say where; nothing is returned with one.
func Parse(r io.Reader, l Limits) ([]Event, error) {
	l = l.filled()
	data, err := readAll(r, l)
	if err != nil {
		return nil, err
	}
	p := parser{limits: l}
	if err := p.value(bytes.TrimSpace(data), "", 0); err != nil {
		return nil, err
	}
	if p.loose != nil {
		p.events = append(p.events, *p.loose)
	}
	if len(p.events) == 0 {
		return nil, &Error{Reason: "there is no MISP event in this"}
	}
	for i := range p.events {
		if n := p.events[i].count(); n > l.Attributes {
			return nil, &Error{Reason: fmt.Sprintf("event %d has %d attributes; %d are read at most", i+1, n, l.Attributes)}
		}
	}
	return p.events, nil
}

func (e *Event) count() int {
	n := len(e.Attributes)
	for i := range e.Objects {
		n += len(e.Objects[i].Attributes)
	}
	return n
}

type parser struct {
	limits Limits
	events []Event
	loose  *Event // attributes and objects that stand alone
}

// members lists the members of an object that checkText has accepted.
func members(data []byte) (names []string, values map[string]jsontext.Value) {
	values = map[string]jsontext.Value{}
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, values
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			break
		}
		name := t.String()
		v, err := d.ReadValue()
		if err != nil {
			break
		}
		names = append(names, name)
		values[name] = bytes.Clone(v)
	}
	return names, values
}

func (p *parser) value(data []byte, at string, depth int) error {
	if depth > 4 {
		return &Error{Pointer: at, Reason: "there is no MISP event in this"}
	}
	switch data[0] {
	case '[':
		d := jsontext.NewDecoder(bytes.NewBuffer(data))
		if _, err := d.ReadToken(); err != nil {
			return explain(err)
		}
		for i := 0; d.PeekKind() != ']'; i++ {
			v, err := d.ReadValue()
			if err != nil {
				return explain(err)
			}
			if err := p.value(bytes.TrimSpace(v), at+"/"+strconv.Itoa(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	case '{':
	default:
		return &Error{Pointer: at, Reason: "an object or a list is wanted here"}
	}
	names, m := members(data)
	has := func(name string) bool { return slices.Contains(names, name) }
	switch {
	case has("Event"):
		v := m["Event"]
		if v.Kind() != '{' {
			return &Error{Pointer: at + "/Event", Reason: "an event is an object"}
		}
		return p.event(v, at+"/Event")
	case has("response"):
		return p.value(m["response"], at+"/response", depth+1)
	case has("info"):
		return p.event(data, at)
	case has("Object") && m["Object"].Kind() == '{':
		var o Object
		if err := decode(m["Object"], &o, at+"/Object"); err != nil {
			return err
		}
		p.alone().Objects = append(p.alone().Objects, o)
		return nil
	case has("Attribute") && m["Attribute"].Kind() == '{':
		var a Attribute
		if err := decode(m["Attribute"], &a, at+"/Attribute"); err != nil {
			return err
		}
		p.alone().Attributes = append(p.alone().Attributes, a)
		return nil
	case has("Attribute"), has("Object"):
		var e Event
		if err := decode(data, &e, at); err != nil {
			return err
		}
		if e.UUID != "" {
			return p.add(e, at)
		}
		p.alone().Attributes = append(p.alone().Attributes, e.Attributes...)
		p.alone().Objects = append(p.alone().Objects, e.Objects...)
		p.alone().Tags = append(p.alone().Tags, e.Tags...)
		return nil
	}
	return &Error{Pointer: at, Reason: "this is not a MISP event: it has neither Event, response, info, Attribute nor Object"}
}

func (p *parser) alone() *Event {
	if p.loose == nil {
		p.loose = &Event{}
	}
	return p.loose
}

func (p *parser) event(data []byte, at string) error {
	var e Event
	if err := decode(data, &e, at); err != nil {
		return err
	}
	return p.add(e, at)
}

func (p *parser) add(e Event, at string) error {
	if len(p.events) >= p.limits.Events {
		return &Error{Pointer: at, Reason: fmt.Sprintf("there are more than %d events", p.limits.Events)}
	}
	if e.UUID != "" {
		id, ok := cleanUUID(e.UUID)
		if !ok {
			return &Error{Pointer: at + "/uuid", Reason: "the event's uuid is not a uuid"}
		}
		e.UUID = id
	}
	p.events = append(p.events, e)
	return nil
}
