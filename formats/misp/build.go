package misp

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// record is a STIX object under construction: members in the order in which
// they are written.
type record []member

type member struct {
	name  string
	value any // string, int64, float64, bool, []string, record, []record, jsontext.Value
}

// set adds a member, or replaces it. What is empty is left out, as STIX demands.
func (r *record) set(name string, value any) {
	switch v := value.(type) {
	case nil:
		return
	case string:
		if v == "" {
			return
		}
	case []string:
		if len(v) == 0 {
			return
		}
	case record:
		if len(v) == 0 {
			return
		}
	case []record:
		if len(v) == 0 {
			return
		}
	case jsontext.Value:
		if len(v) == 0 {
			return
		}
	}
	for i := range *r {
		if (*r)[i].name == name {
			(*r)[i].value = value
			return
		}
	}
	*r = append(*r, member{name, value})
}

func (r record) get(name string) any {
	for i := range r {
		if r[i].name == name {
			return r[i].value
		}
	}
	return nil
}

func (r record) text(name string) string {
	s, _ := r.get(name).(string)
	return s
}

// in sets a member deeper down: path is names separated by dots, made on the
// way where they are missing.
func (r *record) in(path []string, value any) {
	if len(path) == 1 {
		r.set(path[0], value)
		return
	}
	inner, _ := r.get(path[0]).(record)
	inner = slices.Clone(inner)
	inner.in(path[1:], value)
	r.set(path[0], inner)
}

func (r record) at(path []string) any {
	v := r.get(path[0])
	if len(path) == 1 {
		return v
	}
	inner, _ := v.(record)
	return inner.at(path[1:])
}

func appendRecord(b []byte, r record) []byte {
	b = append(b, '{')
	for i := range r {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, r[i].name)
		b = append(b, ':')
		b = appendValue(b, r[i].value)
	}
	return append(b, '}')
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendString(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return strconv.AppendFloat(b, v, 'f', -1, 64)
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	case record:
		return appendRecord(b, v)
	case []record:
		b = append(b, '[')
		for i := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendRecord(b, v[i])
		}
		return append(b, ']')
	case jsontext.Value:
		return append(b, v...)
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= ' ' && s[i] != '"' && s[i] != '\\' && s[i] < 0x80
	}
	if plain {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	// The error says that bad UTF-8 was replaced, which a hand-made event may hold.
	b, _ = jsontext.AppendQuote(b, s)
	return b
}

// quote writes a string literal of a STIX pattern.
func quote(s string) string {
	if !strings.ContainsAny(s, `'\`) {
		return "'" + s + "'"
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// integer reads a whole number written plainly, as STIX can hold one.
func integer(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= -1<<53 && n <= 1<<53 && strconv.FormatInt(n, 10) == s
}

func float(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}
