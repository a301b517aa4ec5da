package pattern

import (
	"fmt"
	"maps"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits bound the work of Match.
type Limits struct {
	// Steps is the most that is done. A step is a comparison, a part of a path
	// followed, an observation tried, or a stretch of a long value searched. 0
	// stands for 1,000,000, which takes well under a second or two.
	Steps int
}

const defaultSteps = 1_000_000

// work counts steps.
type work struct {
	done, most int
	err        error
}

// spend counts n steps and says whether to go on.
func (w *work) spend(n int) bool {
	if w.err != nil {
		return false
	}
	if w.done += n; w.done > w.most || w.done < 0 {
		w.done = w.most
		w.err = fmt.Errorf("%w: %d steps", ErrWork, w.most)
	}
	return w.err == nil
}

// view is an observation with its references resolved and its times put right.
type view struct {
	*Observation
	index       int // in what Match was given
	byID        map[string]map[string]any
	first, last time.Time // zero when no time is known
}

func newView(o *Observation, index int) view {
	v := view{o, index, make(map[string]map[string]any, len(o.Objects)), o.First, o.Last}
	if v.last.Before(v.first) || v.first.IsZero() {
		v.last = v.first
	}
	for _, object := range o.Objects {
		if id, ok := object["id"].(string); ok {
			v.byID[id] = object
		}
	}
	return v
}

func (v view) find(id string) map[string]any {
	if o, ok := v.byID[id]; ok {
		return o
	}
	return v.refs[id]
}

// meets says whether one object of v meets b.
func (w *work) meets(b *bracket, v view) bool {
	for _, object := range v.Objects {
		if !w.spend(1) {
			return false
		}
		typ, _ := object["type"].(string)
		if b.types[typ] && w.eval(b.expr, object, typ, v) {
			return true
		}
	}
	return false
}

// eval judges a comparison expression on one object (STIX 2.1 §9.6).
func (w *work) eval(node comparison, object map[string]any, typ string, v view) bool {
	if !w.spend(1) {
		return false
	}
	switch n := node.(type) {
	case *both:
		all := n.op == "AND"
		for _, kid := range n.kids {
			if w.eval(kid, object, typ, v) != all {
				return !all && w.err == nil
			}
		}
		return all && w.err == nil
	case *test:
		if n.typ != typ {
			return false
		}
		if n.op == "EXISTS" {
			found := w.walk(object, "", n.path, v, func(any, string) bool { return true })
			return found != n.not && w.err == nil
		}
		// A path that leads nowhere makes the comparison false, with NOT too.
		return w.walk(object, "", n.path, v, func(value any, name string) bool {
			return w.holds(n, value, name) != n.not && w.err == nil
		})
	}
	return false
}

// walk calls f for each value at path until f says true, and returns whether it
// did. name is the property that value was reached by.
func (w *work) walk(value any, name string, path []step, v view, f func(value any, name string) bool) bool {
	if !w.spend(1) {
		return false
	}
	if value == nil {
		return false // null is no value in STIX
	}
	if len(path) == 0 {
		return f(value, name)
	}
	s := path[0]
	if id, ok := value.(string); ok && s.kind == stepKey && (strings.HasSuffix(name, "_ref") || strings.HasSuffix(name, "_refs")) {
		target := v.find(id)
		if target == nil {
			return false
		}
		value = target
	}
	switch at := value.(type) {
	case map[string]any:
		switch s.kind {
		case stepKey:
			next, ok := at[s.key]
			return ok && w.walk(next, s.key, path[1:], v, f)
		case stepEach:
			// The standard speaks of lists; OASIS's tests use [*] on hashes too.
			for _, key := range sortedKeys(at) {
				if w.walk(at[key], key, path[1:], v, f) {
					return true
				}
				if w.err != nil {
					return false
				}
			}
		}
	case []any:
		switch s.kind {
		case stepIndex:
			return s.index < len(at) && w.walk(at[s.index], name, path[1:], v, f)
		case stepEach:
			for _, next := range at {
				if w.walk(next, name, path[1:], v, f) {
					return true
				}
				if w.err != nil {
					return false
				}
			}
		}
	}
	return false
}

// holds judges a comparison on one value, NOT aside.
func (w *work) holds(t *test, value any, name string) bool {
	switch t.op {
	case "IN":
		for _, c := range t.args {
			if !w.spend(cost(value)) {
				return false
			}
			if order, ok := compare(value, name, c); ok && order == 0 {
				return true
			}
		}
		return false
	case "LIKE":
		s, ok := value.(string)
		return ok && w.spend(1+(1+len(s)/64)*(1+len(t.args[0].text)/64)) && w.like(s, t.args[0].text)
	case "MATCHES":
		s, ok := value.(string)
		if b, isBytes := octets(value, name); isBytes {
			s = latin(b)
		}
		return ok && w.spend(1+len(s)*(1+t.weight)/64) && t.re.MatchString(s)
	case "ISSUBSET", "ISSUPERSET":
		s, ok := value.(string)
		if !ok || !t.net.IsValid() {
			return false
		}
		n, ok := network(s)
		if t.op == "ISSUBSET" {
			return ok && covers(t.net, n)
		}
		return ok && covers(n, t.net)
	}
	if !w.spend(cost(value)) {
		return false
	}
	order, ok := compare(value, name, t.args[0])
	switch t.op {
	case "=":
		return ok && order == 0
	case "!=":
		return !ok || order != 0 // what cannot be compared is different
	case "<":
		return ok && order < 0
	case "<=":
		return ok && order <= 0
	case ">":
		return ok && order > 0
	case ">=":
		return ok && order >= 0
	}
	return false
}

func cost(value any) int {
	s, _ := value.(string)
	return 1 + len(s)/256
}

// covers says whether outer holds all of inner.
func covers(outer, inner netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// compare orders value and c. ok is false when they are of kinds that are not
// compared: then they are different, and neither is the greater.
func compare(value any, name string, c constant) (order int, ok bool) {
	switch c.kind {
	case constBool:
		b, ok := value.(bool)
		if b == c.b {
			return 0, ok
		}
		return 1, ok
	case constInt, constFloat:
		return compareNumber(value, c)
	case constTime:
		s, ok := value.(string)
		if !ok || c.t.IsZero() {
			return 0, false
		}
		t, ok := timestamp(s)
		return t.Compare(c.t), ok && !t.IsZero()
	case constHex, constBinary:
		b, ok := octets(value, name)
		if s, isString := value.(string); isString && !ok {
			b, ok = narrow(s)
		}
		return strings.Compare(b, c.text), ok
	}
	s, ok := value.(string)
	if b, isBytes := octets(value, name); isBytes {
		text, ok := narrow(c.text)
		return strings.Compare(b, text), ok
	}
	return strings.Compare(s, c.text), ok // the order of UTF-8 is that of code points
}

// octets decodes the value of a binary or hexadecimal property, which STIX marks
// by the name's ending.
func octets(value any, name string) (string, bool) {
	s, ok := value.(string)
	if !ok {
		return "", false
	}
	switch {
	case strings.HasSuffix(name, "_bin"):
		return unbase64(s)
	case strings.HasSuffix(name, "_hex"):
		return unhex(s)
	}
	return "", false
}

func unhex(s string) (string, bool) {
	if len(s)%2 != 0 {
		return "", false
	}
	b := make([]byte, 0, len(s)/2)
	for i := 0; i < len(s); i += 2 {
		high, ok1 := hexDigit(s[i])
		low, ok2 := hexDigit(s[i+1])
		if !ok1 || !ok2 {
			return "", false
		}
		b = append(b, byte(high<<4|low))
	}
	return string(b), true
}

// narrow makes bytes of a string of code points under 256; no other string is
// compared with bytes.
func narrow(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}

// latin is narrow's inverse: each byte as the code point of its number, so that
// a regular expression can speak of bytes as \xd4.
func latin(b string) string {
	r := make([]rune, len(b))
	for i := range len(b) {
		r[i] = rune(b[i])
	}
	return string(r)
}

// compareNumber orders numbers by their exact values.
func compareNumber(value any, c constant) (int, bool) {
	switch v := value.(type) {
	case int:
		return compareNumber(int64(v), c)
	case int64:
		if c.kind == constInt {
			return sign(v > c.i, v < c.i), true
		}
		return -compareIntFloat(c.f, v), true
	case float64:
		if c.kind == constInt {
			return compareIntFloat(v, c.i), !math.IsNaN(v)
		}
		return sign(v > c.f, v < c.f), !math.IsNaN(v)
	}
	return 0, false
}

// compareIntFloat orders f and i without rounding i.
func compareIntFloat(f float64, i int64) int {
	const limit = 1 << 63
	if f >= limit {
		return 1
	}
	if f < -limit {
		return -1
	}
	whole := math.Floor(f)
	if n := int64(whole); n != i {
		return sign(n > i, n < i)
	}
	return sign(f > whole, false)
}

func sign(greater, less bool) int {
	switch {
	case greater:
		return 1
	case less:
		return -1
	}
	return 0
}

// like matches % with any number of characters and _ with one. It goes back only
// to the last %, and counts its steps.
func (w *work) like(s, pattern string) bool {
	back, from := -1, 0 // where the pattern goes on behind the last %, and s from there
	i, j := 0, 0
	for turn := 1; i < len(s); turn++ {
		if turn%64 == 0 && !w.spend(1) {
			return false
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case j < len(pattern) && pattern[j] == '%':
			j++
			back, from = j, i
			continue
		case j < len(pattern) && pattern[j] == '_':
			i += size
			j++
			continue
		case j < len(pattern) && strings.HasPrefix(pattern[j:], s[i:i+size]):
			i += size
			j += size
			continue
		}
		if back < 0 {
			return false
		}
		_, size = utf8.DecodeRuneInString(s[from:])
		from += size
		i, j = from, back
	}
	return strings.Trim(pattern[j:], "%") == ""
}

func sortedKeys(m map[string]any) []string {
	return slices.Sorted(maps.Keys(m))
}
