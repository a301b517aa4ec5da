package taxii

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Field is what a filter may match on (§3.4).
type Field string

// The standard's match fields. Each endpoint names those it takes.
const (
	FieldID          Field = "id"
	FieldType        Field = "type"
	FieldVersion     Field = "version"
	FieldSpecVersion Field = "spec_version"
)

// The match fields of each endpoint that takes filters.
var (
	ObjectsFields  = []Field{FieldID, FieldSpecVersion, FieldType, FieldVersion} // §5.4 objects
	ManifestFields = ObjectsFields                                               // §5.3 manifest
	ObjectFields   = []Field{FieldSpecVersion, FieldVersion}                     // §5.6 one object, all pages of its versions
	DeleteFields   = ObjectFields                                                // §5.7 delete; it takes no paging either
	VersionsFields = []Field{FieldSpecVersion}                                   // §5.8 an object's versions
)

// Filter is what a client asks a collection for. Its zero value asks for the
// latest version of everything.
type Filter struct {
	AddedAfter   time.Time // strictly after; zero for no bound
	Limit        int       // at least 1; 0 when not given. A server may give fewer
	Next         string    // the server's own cursor, opaque to the client; "" at the start
	IDs          []string  // any of them; nil for all
	Types        []string  // any of them; nil for all
	SpecVersions []string  // any of them; nil for the latest the server has
	Versions     Versions
}

// Versions says which versions of an object are meant. The zero value is what
// an absent match[version] means: the last (§3.4).
type Versions struct {
	All, First, Last bool
	At               []time.Time // those with exactly this version, in order
}

// LastOnly reports whether nothing but the last version of each object is meant.
func (v Versions) LastOnly() bool { return !v.All && !v.First && len(v.At) == 0 }

// Limits of one request. Values past them are refused, not cut: an answer to a
// shorter question would look like the answer.
const (
	MaxValues = 1_000 // values of one match field
	maxNext   = 2_048 // bytes
	maxQuery  = 256 << 10
)

// FilterError says which parameter of a request cannot be met, and why. A
// server answers it with 400 (§3.6).
type FilterError struct {
	Parameter string // as the standard spells it, such as "match[id]"; "" for the query as a whole
	Reason    string
}

func (e *FilterError) Error() string {
	if e.Parameter == "" {
		return "the query of the request: " + e.Reason
	}
	return fmt.Sprintf("the parameter %s: %s", e.Parameter, e.Reason)
}

// ParseQuery reads the raw query of a request by [ParseFilter]. Unlike
// url.URL.Query it drops nothing that it cannot read.
func ParseQuery(raw string, allowed ...Field) (Filter, error) {
	if len(raw) > maxQuery {
		return Filter{}, &FilterError{"", fmt.Sprintf("it is longer than %d bytes", maxQuery)}
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return Filter{}, &FilterError{"", "it is not well-formed; encode special characters with %"}
	}
	return ParseFilter(values, allowed...)
}

// ParseFilter reads added_after, limit, next and the match fields that an
// endpoint allows (§3.4, §3.5). Values of one field, parted by commas, are
// alternatives; different parameters narrow each other.
//
// It refuses with a [*FilterError]: a parameter given twice ("each field MUST
// NOT occur more than once"), a match field that the endpoint does not have
// (dropping it would hand out what was not asked for), another spelling of a
// known name, empty values and values that cannot match anything. Other names
// are no filters of the standard; they are passed over, as HTTP servers do.
func ParseFilter(values url.Values, allowed ...Field) (Filter, error) {
	var f Filter
	for _, name := range slices.Sorted(maps.Keys(values)) {
		field, known, err := parameter(name)
		if err != nil {
			return Filter{}, err
		}
		if !known {
			continue
		}
		if len(values[name]) != 1 {
			return Filter{}, &FilterError{name, "it is given more than once; part several values by commas"}
		}
		value := values[name][0]
		if field != "" && !slices.Contains(allowed, field) {
			return Filter{}, &FilterError{name, "this endpoint does not filter by it"}
		}
		if reason := f.set(name, value); reason != "" {
			return Filter{}, &FilterError{name, reason}
		}
	}
	return f, nil
}

// parameter tells which name of the standard this is. field is "" for the
// three that are no match fields.
func parameter(name string) (field Field, known bool, err error) {
	switch name {
	case "added_after", "limit", "next":
		return "", true, nil
	}
	if inner, ok := strings.CutPrefix(name, "match["); ok {
		if inner, ok = strings.CutSuffix(inner, "]"); ok {
			switch f := Field(inner); f {
			case FieldID, FieldType, FieldVersion, FieldSpecVersion:
				return f, true, nil
			}
		}
	}
	folded := foldName(name)
	if meant, near := near[folded]; near {
		return "", false, &FilterError{meant, "it is spelled differently in the request; names are case-sensitive"}
	}
	if strings.HasPrefix(folded, "match") {
		return "", false, &FilterError{"match", "there is no such field; the fields are id, type, version and spec_version"}
	}
	return "", false, nil
}

// near maps names without case and punctuation to the standard's spelling.
var near = map[string]string{
	"addedafter": "added_after", "limit": "limit", "next": "next",
	"matchid": "match[id]", "matchtype": "match[type]",
	"matchversion": "match[version]", "matchspecversion": "match[spec_version]",
}

func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		}
		return -1
	}, name)
}

// set reads one parameter's value. It returns why it cannot be met.
func (f *Filter) set(name, value string) (reason string) {
	switch name {
	case "added_after":
		t, err := ParseTime(value)
		if err != nil {
			return err.Error()
		}
		f.AddedAfter = t
		return ""
	case "limit":
		n, ok := parseLimit(value)
		if !ok {
			return "it must be a whole number of at least 1"
		}
		f.Limit = n
		return ""
	case "next":
		if len(value) > maxNext || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "this is not a cursor of this server"
		}
		f.Next = value
		return ""
	}

	list := strings.Split(value, ",")
	if len(list) > MaxValues {
		return fmt.Sprintf("there are more than %s values; ask several times", thousands(MaxValues))
	}
	for i, v := range list {
		v = strings.TrimSpace(v)
		if v == "" {
			return "a value is empty"
		}
		list[i] = v
	}
	switch name {
	case "match[id]":
		if !all(list, isID) {
			return "a value is not an object's id, such as indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"
		}
		f.IDs = unique(list)
	case "match[type]":
		if !all(list, isType) {
			return "a value is not a type of objects, such as indicator"
		}
		f.Types = unique(list)
	case "match[spec_version]":
		if !all(list, isSpecVersion) {
			return "a value is not a version of a specification, such as 2.1"
		}
		f.SpecVersions = unique(list)
	case "match[version]":
		return f.Versions.set(list)
	}
	return ""
}

func (v *Versions) set(list []string) (reason string) {
	for _, s := range list {
		switch s {
		case "all":
			v.All = true
		case "first":
			v.First = true
		case "last":
			v.Last = true
		default:
			t, err := ParseTime(s)
			if err != nil {
				return "a value is none of all, first, last and a timestamp such as 2026-03-02T01:01:01.123Z"
			}
			v.At = append(v.At, t)
		}
	}
	slices.SortFunc(v.At, time.Time.Compare)
	v.At = slices.CompactFunc(v.At, time.Time.Equal)
	return ""
}

// parseLimit reads a positive integer; one too large for any page is as good
// as the largest.
func parseLimit(s string) (int, bool) {
	if s == "" || len(s) > 100 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > math.MaxInt32 {
		n = math.MaxInt32
	}
	return n, n >= 1
}

// Values writes the filter as a client sends it. Reading it again gives an
// equal filter.
func (f Filter) Values() url.Values {
	values := url.Values{}
	if !f.AddedAfter.IsZero() {
		values.Set("added_after", FormatTime(f.AddedAfter))
	}
	if f.Limit > 0 {
		values.Set("limit", strconv.Itoa(f.Limit))
	}
	if f.Next != "" {
		values.Set("next", f.Next)
	}
	for field, list := range map[Field][]string{
		FieldID: f.IDs, FieldType: f.Types, FieldSpecVersion: f.SpecVersions, FieldVersion: f.Versions.list(),
	} {
		if len(list) > 0 {
			values.Set("match["+string(field)+"]", strings.Join(list, ","))
		}
	}
	return values
}

func (v Versions) list() (list []string) {
	for _, s := range []struct {
		on   bool
		word string
	}{{v.All, "all"}, {v.First, "first"}, {v.Last, "last"}} {
		if s.on {
			list = append(list, s.word)
		}
	}
	for _, t := range v.At {
		list = append(list, FormatTime(t))
	}
	return list
}

// Key is the same text for filters that ask for the same objects, whatever
// page of them. A server can bind its cursors to it, so that a cursor is not
// followed with another question (§3.5).
func (f Filter) Key() string {
	f.Limit, f.Next = 0, ""
	if f.Versions.All {
		f.Versions = Versions{All: true}
	} else if f.Versions.LastOnly() {
		f.Versions = Versions{}
	}
	return f.Values().Encode()
}

func all(list []string, is func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !is(s) })
}

// unique sorts and removes what is given twice: alternatives have no order.
func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// isType reports whether s can be a STIX type: 3 to 250 of a–z, 0–9 and -.
func isType(s string) bool {
	return len(s) >= 3 && len(s) <= 250 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// isID reports whether s can be a STIX id: a type, two hyphens, a UUID.
func isID(s string) bool {
	i := strings.LastIndex(s, "--")
	return i > 0 && isType(s[:i]) && isUUID(s[i+2:])
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if !('0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
				return false
			}
		}
	}
	return true
}

func isSpecVersion(s string) bool {
	major, minor, ok := strings.Cut(s, ".")
	digits := func(d string) bool { return d != "" && len(d) <= 3 && strings.Trim(d, "0123456789") == "" }
	return ok && digits(major) && digits(minor)
}

func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
