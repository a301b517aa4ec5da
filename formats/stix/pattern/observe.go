package pattern

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// Observation is what was seen together at one time, once or more often: the
// content of an observed-data object.
type Observation struct {
	First time.Time // of the sightings; zero when no time is known, and then no WITHIN, START or FOLLOWEDBY holds
	Last  time.Time // not before First; the zero time stands for First
	Count int       // of the sightings; 0 stands for 1

	// Objects are the cyber-observable objects as decoded from JSON: values are
	// string, bool, nil, int64, float64, []any and map[string]any.
	Objects []map[string]any

	// refs finds what a reference names beyond the ids of Objects: a key of the
	// deprecated embedded objects, or an object of the list that is not observed
	// itself.
	refs map[string]map[string]any
}

// Limits of the objects that Observe reads.
const (
	maxObject  = 16 << 20 // bytes of one object
	maxObjects = 100_000  // in a list
	maxValues  = 200_000  // in one object
	maxLevels  = 64       // of nesting in one object
)

// notObservable holds the types of STIX 2.1 that are no cyber-observable
// objects. Types of others' own making are told apart by their properties.
var notObservable = map[string]bool{
	"attack-pattern": true, "bundle": true, "campaign": true, "course-of-action": true, "extension-definition": true,
	"grouping": true, "identity": true, "incident": true, "indicator": true, "infrastructure": true,
	"intrusion-set": true, "language-content": true, "location": true, "malware": true, "malware-analysis": true,
	"marking-definition": true, "note": true, "observed-data": true, "opinion": true, "relationship": true,
	"report": true, "sighting": true, "threat-actor": true, "tool": true, "vulnerability": true,
}

// Observe makes observations from STIX objects, each one JSON text. An
// observed-data becomes an observation of the objects it refers to and the list
// holds, or of those it embeds in the way now deprecated. The cyber-observable
// objects that no observed-data of the list refers to become, together, one last
// observation without a time. Other objects are passed over. Errors count the
// objects from 1.
func Observe(objects [][]byte) ([]Observation, error) {
	if len(objects) > maxObjects {
		return nil, fmt.Errorf("there are more than %d objects", maxObjects)
	}
	decoded := make([]map[string]any, len(objects))
	refs := make(map[string]map[string]any)
	for i, data := range objects {
		o, err := decode(data)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		decoded[i] = o
		if id, ok := o["id"].(string); ok && observable(o) {
			refs[id] = o
		}
	}
	var all []Observation
	used := make(map[string]bool)
	for i, o := range decoded {
		if o["type"] != "observed-data" {
			continue
		}
		one, err := observed(o, refs, used)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", i+1, err)
		}
		all = append(all, one)
	}
	alone := Observation{Count: 1, refs: refs}
	for _, o := range decoded {
		if id, _ := o["id"].(string); observable(o) && !used[id] {
			alone.Objects = append(alone.Objects, o)
		}
	}
	if len(alone.Objects) > 0 {
		all = append(all, alone)
	}
	return all, nil
}

// observable tells a cyber-observable object from the others, all of which but
// some of the listed types must have created and modified.
func observable(o map[string]any) bool {
	typ, ok := o["type"].(string)
	_, created := o["created"].(string)
	_, modified := o["modified"].(string)
	return ok && !notObservable[typ] && !(created && modified)
}

// observed makes the observation of an observed-data, and marks in used what it
// refers to.
func observed(o map[string]any, refs map[string]map[string]any, used map[string]bool) (Observation, error) {
	one := Observation{Count: 1, refs: refs}
	for name, to := range map[string]*time.Time{"first_observed": &one.First, "last_observed": &one.Last} {
		s, _ := o[name].(string)
		t, ok := timestamp(s)
		if !ok || t.IsZero() {
			return one, fmt.Errorf("%s of the observed-data is not a timestamp", name)
		}
		*to = t
	}
	if one.Last.Before(one.First) {
		return one, fmt.Errorf("last_observed of the observed-data is before first_observed")
	}
	if n, ok := o["number_observed"]; ok {
		count, ok := n.(int64)
		if !ok || count < 1 || count > 999_999_999 { // STIX 2.1 §4.14
			return one, fmt.Errorf("number_observed of the observed-data is not a whole number from 1 to 999999999")
		}
		one.Count = int(count)
	}
	list, _ := o["object_refs"].([]any)
	seen := make(map[string]bool)
	for _, ref := range list {
		id, ok := ref.(string)
		if !ok || seen[id] {
			continue
		}
		seen[id] = true
		if found := refs[id]; found != nil { // a reference to what is not here is allowed
			used[id] = true
			one.Objects = append(one.Objects, found)
		}
	}
	embedded, _ := o["objects"].(map[string]any)
	if len(embedded) == 0 {
		return one, nil
	}
	one.refs = make(map[string]map[string]any, len(embedded))
	for _, key := range sortedKeys(embedded) {
		if object, ok := embedded[key].(map[string]any); ok {
			one.Objects = append(one.Objects, object)
			one.refs[key] = object
		}
	}
	return one, nil
}

// decode reads one JSON object, refusing what two readers could read
// differently.
func decode(data []byte) (map[string]any, error) {
	if len(data) > maxObject {
		return nil, fmt.Errorf("it has more than %d bytes", maxObject)
	}
	d := &decoder{in: jsontext.NewDecoder(bytes.NewReader(data))} // its defaults refuse duplicate names and invalid UTF-8
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if _, err := d.in.ReadToken(); err != io.EOF {
		return nil, fmt.Errorf("something follows the object")
	}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it is not a JSON object")
	}
	return o, nil
}

type decoder struct {
	in     *jsontext.Decoder
	values int
}

func (d *decoder) value() (any, error) {
	if d.values++; d.values > maxValues {
		return nil, fmt.Errorf("it has more than %d values", maxValues)
	}
	if d.in.StackDepth() > maxLevels {
		return nil, fmt.Errorf("it is nested deeper than %d", maxLevels)
	}
	tok, err := d.in.ReadToken()
	if err != nil {
		return nil, notJSON(d.in)
	}
	switch tok.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return tok.Bool(), nil
	case '"':
		return clean(tok.String())
	case '0':
		s := tok.String()
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("a number does not fit in 64 bits")
		}
		return f, nil
	case '[':
		list := []any{}
		for d.in.PeekKind() != ']' {
			v, err := d.value()
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.in.ReadToken()
		return list, err
	default: // '{': the decoder gives no closing bracket where a value belongs
		return d.object()
	}
}

// object reads up to the closing bracket.
func (d *decoder) object() (map[string]any, error) {
	o := map[string]any{}
	folded := map[string]bool{}
	for d.in.PeekKind() != '}' {
		tok, err := d.in.ReadToken()
		if err != nil {
			return nil, notJSON(d.in)
		}
		name, err := clean(tok.String())
		if err != nil {
			return nil, err
		}
		f := fold(name)
		if folded[f] {
			return nil, fmt.Errorf("a name differs only in letter case from one before it")
		}
		folded[f] = true
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		o[name] = v
	}
	_, err := d.in.ReadToken()
	return o, err
}

// notJSON says where the text stops being JSON, without repeating it.
func notJSON(in *jsontext.Decoder) error {
	return fmt.Errorf("at byte %d: this is not well-formed JSON in UTF-8 with each name once", in.InputOffset())
}

func clean(s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", fmt.Errorf("a string holds NUL")
	}
	return s, nil
}

// fold maps names that differ only in letter case, by Unicode simple folding, to
// one: the least of each orbit.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, s)
}
