package web

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/stix/pattern"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	factsShown  = 80   // properties on a page
	listShown   = 30   // entries of one list
	factDepth   = 3    // levels that are shown one by one
	factLength  = 2000 // characters of one value
	prettyLimit = 20000
)

// elsewhere are the properties that stand somewhere else on the page.
var elsewhere = []string{"type", "id", "spec_version", "name", "description", "content", "explanation", "pattern", "pattern_type", "pattern_version", "revoked",
	"external_references", "object_marking_refs", "granular_markings", "kill_chain_phases", "labels", "created_by_ref"}

// objectFacts lists what an object says, in its own order, in readable form. name
// tells what an id means to the reader.
func objectFacts(o stix.Object, name func(id string) (string, bool)) []ui.KV {
	f := facts{name: name}
	if len(o.Labels) > 0 {
		f.add("Tags", strings.Join(o.Labels, ", "))
	}
	for _, k := range o.KillChain {
		f.add("Kill chain", unhyphened(k.Chain)+": "+unhyphened(k.Phase))
	}
	f.object(o.Raw)
	if o.CreatedBy != "" {
		f.add("Created by", o.CreatedBy)
	}
	for _, m := range o.Markings {
		if label, ok := stix.TLPOf(m); ok {
			f.add("Marked", ui.TLPText(label))
		} else {
			f.add("Marked", m)
		}
	}
	if n := len(o.Granular); n > 0 {
		f.add("Parts with markings of their own", ui.Number(n))
	}
	if f.more > 0 {
		f.kvs = append(f.kvs, ui.KV{Key: "And", Value: ui.Count(f.more, "more value, in the text below", "more values, in the text below")})
	}
	return f.kvs
}

type facts struct {
	name func(id string) (string, bool)
	kvs  []ui.KV
	more int
}

// add lists a value under a name; an id becomes a link if the reader has it.
func (f *facts) add(key, value string) {
	if value == "" {
		return
	}
	if len(f.kvs) == factsShown {
		f.more++
		return
	}
	kv := ui.KV{Key: key, Value: value}
	if at, err := time.Parse(time.RFC3339Nano, value); err == nil {
		kv.Value = at.UTC().Format("2 Jan 2006 15:04:05 UTC")
	} else if intel.ValidID(value) {
		kv.Mono = true
		if text, ok := f.name(value); ok {
			kv.Value, kv.Href, kv.Mono = text, objectAt(value), false
		}
	} else {
		kv.Value = clip(value, factLength)
	}
	f.kvs = append(f.kvs, kv)
}

// object walks the top level in the order of the text.
func (f *facts) object(raw []byte) {
	_ = eachMember(raw, func(name string, v jsontext.Value) {
		if slices.Contains(elsewhere, name) || strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs") {
			return
		}
		f.value(factKey(name), v, 1)
	})
}

func (f *facts) value(key string, v jsontext.Value, depth int) {
	switch v.Kind() {
	case '"', '0':
		f.add(key, property(v))
	case 't':
		f.add(key, "yes")
	case 'f':
		f.add(key, "no")
	case '{':
		if depth >= factDepth {
			f.add(key, property(v))
			return
		}
		_ = eachMember(v, func(name string, v jsontext.Value) { f.value(key+": "+factKey(name), v, depth+1) })
	case '[':
		f.list(key, v, depth)
	}
}

// list writes plain values in a line, and objects one after another.
func (f *facts) list(key string, v jsontext.Value, depth int) {
	var plain []string
	n := 0
	_ = eachElement(v, func(v jsontext.Value) {
		n++
		switch {
		case n > listShown:
			f.more++
		case v.Kind() == '{' || v.Kind() == '[':
			f.value(key+" "+strconv.Itoa(n), v, depth+1)
		case intel.ValidID(property(v)):
			f.add(key, property(v))
		default:
			plain = append(plain, property(v))
		}
	})
	f.add(key, strings.Join(plain, ", "))
}

// eachMember reads the members of a JSON object in order. What is stored was
// checked when it came.
func eachMember(raw []byte, fn func(name string, v jsontext.Value)) error {
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		key := name.String()
		v, err := d.ReadValue()
		if err != nil {
			return err
		}
		fn(key, v.Clone())
	}
	return nil
}

// eachElement reads the elements of a JSON array in order.
func eachElement(raw []byte, fn func(v jsontext.Value)) error {
	d := jsontext.NewDecoder(bytes.NewReader(raw))
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		fn(v.Clone())
	}
	return nil
}

// acronyms are words that are written in capitals.
var acronyms = map[string]string{"url": "URL", "id": "id", "ids": "ids", "os": "OS", "md5": "MD5", "ip": "IP", "cpe": "CPE", "swid": "SWID", "mitre": "MITRE", "asn": "ASN", "rir": "RIR", "capec": "CAPEC", "pid": "PID", "tlp": "TLP"}

// factKey is a property's name in words: "x_mitre_platforms" is "MITRE platforms".
func factKey(name string) string {
	if name != strings.ToLower(name) || strings.Contains(name, "--") {
		return name // a hash algorithm, or an extension's id
	}
	words := strings.Split(strings.TrimPrefix(name, "x_"), "_")
	for i, w := range words {
		if a := acronyms[w]; a != "" {
			words[i] = a
		}
	}
	return upperFirst(strings.Join(words, " "))
}

// unhyphened is a word of STIX's open vocabularies without its hyphens.
func unhyphened(s string) string { return strings.ReplaceAll(s, "-", " ") }

// refWords is the way in which an object refers to another, from the name of the
// property: "object_refs" is "object", "sighting_of_ref" is "sighting of".
func refWords(property string) string {
	property = property[strings.LastIndexByte(property, '.')+1:]
	property = strings.TrimSuffix(strings.TrimSuffix(property, "_refs"), "_ref")
	if property == "" {
		return "refers to"
	}
	return strings.ReplaceAll(property, "_", " ")
}

// prettyPattern breaks a STIX pattern into lines; one of another language stays
// as it is, and its language is named.
func prettyPattern(text, language string) (pretty, as string) {
	if text == "" {
		return "", ""
	}
	if language != "stix" && language != "" {
		return clip(text, prettyLimit), language
	}
	p, err := pattern.Parse(text)
	if err != nil {
		return clip(text, prettyLimit), ""
	}
	return brokenLines(p.String()), ""
}

// brokenLines begins a new line before each operator of a printed pattern that
// stands outside of quotes, and indents what is in brackets. Short ones stay on
// one line.
func brokenLines(s string) string {
	const short = 72
	if len(s) <= short || len(s) > prettyLimit {
		return clip(s, prettyLimit)
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch ch := s[i]; ch {
		case '\'':
			j := i + 1
			for ; j < len(s) && s[j] != '\''; j++ {
				if s[j] == '\\' {
					j++
				}
			}
			j = min(j, len(s)-1)
			b.WriteString(s[i : j+1])
			i = j
		case ' ':
			rest := s[i+1:]
			if slices.ContainsFunc([]string{"AND ", "OR ", "FOLLOWEDBY "}, func(op string) bool { return strings.HasPrefix(rest, op) }) {
				b.WriteByte('\n')
				b.WriteString(strings.Repeat("  ", max(depth, 0)))
			} else {
				b.WriteByte(ch)
			}
		case '[', '(':
			depth++
			b.WriteByte(ch)
		case ']', ')':
			depth--
			b.WriteByte(ch)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// exactly is an object's text as it came, or the beginning of it.
func exactly(raw []byte) (s string, cut bool) {
	if len(raw) <= rawShown {
		return string(raw), false
	}
	return strings.ToValidUTF8(string(raw[:rawShown]), ""), true
}

// opinionWords are the opinions of STIX in words.
var opinionWords = map[intel.Opinion]string{intel.StronglyDisagree: "strongly disagrees", intel.Disagree: "disagrees", intel.Neutral: "is neutral", intel.Agree: "agrees", intel.StronglyAgree: "strongly agrees"}

// opinionOf is the opinion that an object of that type gives, in words.
func opinionOf(o stix.Object) string {
	words := ""
	_ = eachMember(o.Raw, func(name string, v jsontext.Value) {
		if name == "opinion" {
			words = opinionWords[intel.Opinion(property(v))]
		}
	})
	return words
}
