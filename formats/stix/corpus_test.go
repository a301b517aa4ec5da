package stix

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// corpus makes texts that must be refused, each in every one of several objects.
func corpus() map[string][]byte {
	bases := map[string]string{
		"indicator":    made("indicator", `"name":"a","labels":["b"],"pattern":"[url:value = 'x']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","external_references":[{"source_name":"s","url":"u"}]`),
		"relationship": made("relationship", `"name":"a","labels":["b"],"relationship_type":"uses","source_ref":"malware--`+u1+`","target_ref":"tool--`+u2+`"`),
		"file":         seen("file", `"name":"a","labels":["b"],"hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"},"size":7`),
		"marking":      strings.Replace(string(MarkingDefinition("RED")), `"name":"TLP:RED"`, `"name":"a","labels":["b"]`, 1),
		"custom":       made("x-acme", `"name":"a","labels":["b"],"object_marking_refs":["`+tlpRed+`"]`),
	}
	add := func(member string) func(string) string {
		return func(s string) string { return strings.TrimSuffix(s, "}") + "," + member + "}" }
	}
	value := func(v string) func(string) string {
		return func(s string) string { return strings.Replace(s, `"name":"a"`, `"name":`+v, 1) }
	}
	mutations := map[string]func(string) string{
		"duplicate":                     add(`"name":"z"`),
		"duplicate, escaped":            add(`"n\u0061me":"z"`),
		"duplicate id":                  add(`"id":"tool--` + u1 + `"`),
		"duplicate type":                add(`"type":"tool"`),
		"duplicate marking":             add(`"object_marking_refs":["` + tlpRed + `"],"object_marking_refs":["` + tlpClear + `"]`),
		"duplicate within":              add(`"x_a":{"b":1,"b":2}`),
		"duplicate in a list":           add(`"x_a":[{"b":1,"b":2}]`),
		"capitals":                      add(`"Name":"z"`),
		"capitals of the marking":       add(`"OBJECT_MARKING_REFS":["` + tlpClear + `"]`),
		"capitals of the type":          add(`"tYpe":"tool"`),
		"capitals, escaped":             add(`"\u004eame":"z"`),
		"capitals within":               add(`"x_a":{"tlp":"RED","TLP":"CLEAR"}`),
		"Kelvin sign":                   add(`"x_a":{"kelvin":1,"` + "\u212a" + `elvin":2}`),
		"long s":                        add(`"x_a":{"sort":1,"` + "\u017f" + `ort":2}`),
		"Greek":                         add(`"x_a":{"σ":1,"ς":2}`),
		"deep lists":                    add(`"x_a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64)),
		"deep objects":                  add(`"x_a":` + strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64)),
		"very deep":                     add(`"x_a":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001)),
		"deep and open":                 add(`"x_a":` + strings.Repeat("[", 10_001)),
		"number of 65 digits":           add(`"x_a":` + strings.Repeat("9", 65)),
		"number of a million digits":    add(`"x_a":` + strings.Repeat("9", 1_000_000)),
		"number with a long fraction":   add(`"x_a":0.` + strings.Repeat("1", 100)),
		"number with a plus":            add(`"x_a":+1`),
		"number with a zero":            add(`"x_a":01`),
		"number without a fraction":     add(`"x_a":1.`),
		"number in hexadecimal":         add(`"x_a":0x10`),
		"not a number":                  add(`"x_a":NaN`),
		"infinity":                      add(`"x_a":-Infinity`),
		"NUL, escaped":                  value(`"a\u0000b"`),
		"NUL":                           value("\"a\x00b\""),
		"NUL in a name":                 add(`"x_a":{"b\u0000":1}`),
		"NUL between":                   value("\x00\"a\""),
		"NUL at the end":                func(s string) string { return s + "\x00" },
		"line end in a string":          value("\"a\nb\""),
		"high surrogate":                value(`"\ud800"`),
		"high surrogate and text":       value(`"\ud800abc"`),
		"low surrogate":                 value(`"\udc00"`),
		"surrogates reversed":           value(`"\udc00\ud800"`),
		"two high surrogates":           value(`"\ud800\ud800"`),
		"surrogate in a name":           add(`"x_a":{"\ud800":1}`),
		"surrogate as UTF-8":            value("\"\xed\xa0\x80\""),
		"UTF-8 cut":                     value("\"\xc3\""),
		"UTF-8 overlong":                value("\"\xc0\xaf\""),
		"UTF-8 beyond Unicode":          value("\"\xf4\x90\x80\x80\""),
		"Latin-1":                       value("\"caf\xe9\""),
		"bad UTF-8 in a name":           add("\"x_a\":{\"\xff\":1}"),
		"byte order mark":               func(s string) string { return "\ufeff" + s },
		"byte order mark within":        func(s string) string { return s[:1] + "\ufeff" + s[1:] },
		"UTF-16LE":                      func(s string) string { return wide(s, 0, 1, false) },
		"UTF-16BE":                      func(s string) string { return wide(s, 1, 0, false) },
		"UTF-16LE with a mark":          func(s string) string { return wide(s, 0, 1, true) },
		"UTF-16BE with a mark":          func(s string) string { return wide(s, 1, 0, true) },
		"escape unknown":                value(`"\x41"`),
		"escape cut":                    value(`"\u12"`),
		"single quotes":                 value(`'a'`),
		"bare word":                     value(`a`),
		"True":                          value(`True`),
		"comma at the end":              func(s string) string { return strings.TrimSuffix(s, "}") + ",}" },
		"comma in a list":               add(`"x_a":[1,]`),
		"comma for a colon":             add(`"x_a",1`),
		"no comma":                      func(s string) string { return strings.Replace(s, `",`, `"`, 1) },
		"comment":                       func(s string) string { return s[:1] + "/* */" + s[1:] },
		"comment after":                 func(s string) string { return s + "// x" },
		"cut by one":                    func(s string) string { return s[:len(s)-1] },
		"cut in half":                   func(s string) string { return s[:len(s)/2] },
		"cut after the first":           func(s string) string { return s[:1] },
		"followed by itself":            func(s string) string { return s + s },
		"followed by a comma":           func(s string) string { return s + "," },
		"followed by a bracket":         func(s string) string { return s + "}" },
		"in a list":                     func(s string) string { return "[" + s + "]" },
		"in a string":                   func(s string) string { return fmt.Sprintf("%q", s) },
		"200,001 values":                add(`"x_a":[` + strings.Repeat("1,", 200_000) + `1]`),
		"100,000 names":                 func(s string) string { return strings.TrimSuffix(s, "}") + names(200_001) + "}" },
		"form feed":                     func(s string) string { return s[:1] + "\f" + s[1:] },
		"non-breaking space":            func(s string) string { return s[:1] + "\u00a0" + s[1:] },
		"null for the name of the type": func(s string) string { return strings.Replace(s, `"type":`, `"type":null,"x_type":`, 1) },
		"id of another":                 func(s string) string { return strings.Replace(s, `"id":"`, `"id":"x-`, 1) },
		"id with NUL":                   func(s string) string { return strings.Replace(s, `--`, `--\u0000`, 1) },
		"marking loosened in words":     add(`"granular_markings":[{"marking_ref":"TLP:CLEAR","selectors":["name"]}]`),
		"marking by a wrong type":       add(`"granular_markings":[{"marking_ref":"tool--` + u1 + `","selectors":["name"]}]`),
		"labels of null":                func(s string) string { return strings.Replace(s, `"labels":["b"]`, `"object_marking_refs":[null]`, 1) },
	}
	all := map[string][]byte{}
	for what, mutate := range mutations {
		for of, base := range bases {
			all[of+", "+what] = []byte(mutate(base))
		}
	}
	return all
}

func names(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x_%d":1`, i)
	}
	return b.String()
}

// wide writes s in UTF-16, the low byte of each unit at position low.
func wide(s string, low, high int, mark bool) string {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	b := make([]byte, 2*len(units))
	for i, u := range units {
		b[2*i+low], b[2*i+high] = byte(u), byte(u>>8)
	}
	return string(b)
}

// TestCorpus: T-53, T-55 (commit: 500, 200): texts that two readers could read
// differently, or that are meant to exhaust one, are refused, alone and within a
// bundle, with a reason; what surrounds an object that is text all the same is
// given.
func TestCorpus(t *testing.T) {
	texts := corpus()
	if len(texts) < 400 {
		t.Errorf("%d cases only", len(texts))
	}
	good := seen("url", `"value":"a"`)
	for name, text := range texts {
		_, err := Parse(text)
		var e *Error
		if !errors.As(err, &e) || e.Reason == "" || strings.HasSuffix(e.Reason, ".") {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(e.Error()) > 600 {
			t.Errorf("%s: the reason has %d bytes", name, len(e.Error()))
		}
		var whole bytes.Buffer
		whole.WriteString(bundle(good)[:len(bundle(good))-2] + ",")
		whole.Write(text)
		whole.WriteString("," + good + "]}")
		objects, refused, fatal := readAll(NewReader(&whole, Limits{}))
		if len(refused) == 0 && fatal == nil {
			// Two objects run together with a comma are two objects.
			if !strings.HasSuffix(name, "followed by a comma") {
				t.Errorf("%s: accepted in a bundle", name)
			}
			continue
		}
		if len(objects) == 0 || string(objects[0].Raw) != good {
			t.Errorf("%s: what came before it is lost", name)
		}
		if fatal == nil && len(objects) != 2 {
			t.Errorf("%s: %d objects around it", name, len(objects))
		}
	}
}

// TestSizes: T-53: a string of 64 MiB and a million names are refused, by limits.
func TestSizes(t *testing.T) {
	for name, text := range map[string]string{
		"string of 64 MiB": seen("url", `"value":"`+strings.Repeat("a", 64<<20)+`"`),
		"a million names":  seen("url", `"value":"a"`+names(1_000_000)),
	} {
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
		_, refused, fatal := readAll(NewReader(strings.NewReader(bundle(text)), Limits{}))
		if len(refused) == 1 {
			fatal = refused[0]
		}
		if !errors.Is(fatal, ErrTooLarge) {
			t.Errorf("%s in a bundle: %v", name, fatal)
		}
	}
	// At the limits, all is well.
	for _, text := range []string{
		seen("url", `"value":"a","x_a":`+strings.Repeat("[", 63)+strings.Repeat("]", 63)),
		seen("url", `"value":"a","x_a":`+strings.Repeat("9", 64)),
		seen("url", `"value":"\ud83d\ude00"`),
	} {
		if _, err := Parse([]byte(text)); err != nil {
			t.Error(err)
		}
	}
}
