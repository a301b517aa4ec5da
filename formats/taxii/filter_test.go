package taxii

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	idA = "indicator--3600ad1b-fff1-4c98-bcc9-4de3bc2e2ffb"
	idB = "sighting--4600ad1b-fff1-4c98-bcc9-4de3bc2e2ffb"
)

func at(s string) time.Time {
	t, err := ParseTime(s)
	if err != nil {
		panic(err)
	}
	return t
}

// §3.4 and §3.5: each parameter, alternatives by comma, several together.
func TestParseFilter(t *testing.T) {
	for query, want := range map[string]Filter{
		"":                                     {},
		"added_after=2016-02-01T00:00:01.000Z": {AddedAfter: at("2016-02-01T00:00:01Z")},
		"added_after=2016-02-01T00:00:01Z":     {AddedAfter: at("2016-02-01T00:00:01Z")},
		"added_after=2016-02-01T00:00:01.1234567Z": {AddedAfter: at("2016-02-01T00:00:01.123456Z")},
		"added_after=2016-02-01T02:00:01%2B02:00":  {AddedAfter: at("2016-02-01T00:00:01Z")},
		"limit=1":                    {Limit: 1},
		"limit=99999999999999999999": {Limit: 1<<31 - 1},
		"next=aGVsbG8_":              {Next: "aGVsbG8_"},
		"next=":                      {},
		"match[id]=" + idA:           {IDs: []string{idA}},
		"match%5Bid%5D=" + idB + "," + idA + "%2C" + idA:     {IDs: []string{idA, idB}},
		"match[type]=indicator,sighting":                     {Types: []string{"indicator", "sighting"}},
		"match[type]=x-mitre-tactic":                         {Types: []string{"x-mitre-tactic"}},
		"match[spec_version]=2.0,2.1":                        {SpecVersions: []string{"2.0", "2.1"}},
		"match[version]=all":                                 {Versions: Versions{All: true}},
		"match[version]=last,first":                          {Versions: Versions{First: true, Last: true}},
		"match[version]=first,2018-03-02T01:01:01.123Z,last": {Versions: Versions{First: true, Last: true, At: []time.Time{at("2018-03-02T01:01:01.123Z")}}},
		"match[version]=2018-03-02T01:01:01.123Z,2016-03-23T01:01:01.000Z": {Versions: Versions{At: []time.Time{
			at("2016-03-23T01:01:01Z"), at("2018-03-02T01:01:01.123Z")}}},
		"match[type]=indicator&match[spec_version]=2.1&limit=7&added_after=2020-01-01T00:00:00.000001Z&next=x": {
			Types: []string{"indicator"}, SpecVersions: []string{"2.1"}, Limit: 7, Next: "x", AddedAfter: at("2020-01-01T00:00:00.000001Z")},
		"utm_source=mail&trace=1&trace=2": {}, // no filters of the standard
	} {
		got, err := ParseQuery(query, ObjectsFields...)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", query, d)
		}
		again, err := ParseFilter(got.Values(), ObjectsFields...)
		if d := cmp.Diff(got, again); err != nil || d != "" {
			t.Errorf("%s: written and read again: %v %s", query, err, d)
		}
	}
}

// §3.6: what cannot be met is refused (400), and the parameter is named.
func TestParseFilterRefuses(t *testing.T) {
	for query, parameter := range map[string]string{
		// "each <field> MUST NOT occur more than once" (§3.4; interoperability §3.13.1.10)
		"match[type]=a-b&match[type]=c-d": "match[type]",
		"limit=1&limit=1":                 "limit",
		"added_after=2016-02-01T00:00:01Z&added_after=2016-02-01T00:00:01Z": "added_after",
		"next=a&next=b": "next",
		// timestamps
		"added_after=":                          "added_after",
		"added_after=yesterday":                 "added_after",
		"added_after=2016-02-01":                "added_after",
		"added_after=2016-02-01T00:00:01":       "added_after",
		"added_after=2016-02-01T00:00:01+00:00": "added_after", // the plus is a space here
		"added_after=2016-02-30T00:00:01Z":      "added_after",
		"added_after=2016-02-01t00:00:01z":      "added_after",
		"added_after=2016-02-01T00:00:01,5Z":    "added_after",
		"added_after=1454284801":                "added_after",
		// limits (§3.5: a positive integer)
		"limit=0": "limit", "limit=00": "limit", "limit=-1": "limit", "limit=": "limit", "limit=1.5": "limit", "limit=+1": "limit",
		"limit=ten": "limit", "limit=%D9%A1": "limit", "limit=1%20": "limit",
		"limit=" + strings.Repeat("1", 101): "limit",
		// cursors
		"next=a%00b": "next", "next=a%20b": "next", "next=%C3%A9": "next", "next=" + strings.Repeat("a", maxNext+1): "next",
		// match fields
		"match[foo]=bar": "match", "match[]=x": "match", "match=x": "match", "match[id=" + idA: "match[id]", "match[ID]=" + idA: "match[id]",
		"match.type=indicator": "match[type]", "match_type=indicator": "match[type]", "Match[type]=indicator": "match[type]",
		"match[id][]=" + idA: "match[id]", "match[created_by_ref]=x": "match",
		"Limit=1": "limit", "addedAfter=2016-02-01T00:00:01Z": "added_after", "added-after=x": "added_after",
		"match[id]=": "match[id]", "match[id]=,": "match[id]", "match[id]=" + idA + ",": "match[id]", "match[id]=indicator": "match[id]",
		"match[id]=indicator--x": "match[id]", "match[id]=Indicator--3600ad1b-fff1-4c98-bcc9-4de3bc2e2ffb": "match[id]",
		"match[id]=--3600ad1b-fff1-4c98-bcc9-4de3bc2e2ffb": "match[id]", "match[id]=" + idA + "'--": "match[id]",
		"match[type]=": "match[type]", "match[type]=Indicator": "match[type]", "match[type]=*": "match[type]", "match[type]=ab": "match[type]",
		"match[type]=" + strings.Repeat("a", 251): "match[type]",
		"match[spec_version]=2":                   "match[spec_version]", "match[spec_version]=latest": "match[spec_version]", "match[spec_version]=2.1.0": "match[spec_version]",
		"match[version]=": "match[version]", "match[version]=newest": "match[version]", "match[version]=LAST": "match[version]",
		"match[version]=last,,first": "match[version]", "match[version]=2018-03-02": "match[version]",
		"match[id]=" + strings.Repeat(idA+",", MaxValues) + idA: "match[id]",
		// the query itself
		"limit=%zz": "", "a=1;b=2": "", "x=" + strings.Repeat("a", maxQuery): "",
	} {
		_, err := ParseQuery(query, ObjectsFields...)
		var fe *FilterError
		if !errors.As(err, &fe) {
			t.Errorf("%.80s: %v", query, err)
			continue
		}
		if fe.Parameter != parameter {
			t.Errorf("%.80s: %q is named, not %q", query, fe.Parameter, parameter)
		}
		if len(err.Error()) > 200 {
			t.Errorf("%.80s: the error is long: %s", query, err)
		}
	}
}

// §5.3–5.8: each endpoint has its own match fields.
func TestFieldsOfEndpoints(t *testing.T) {
	queries := map[Field]string{FieldID: "match[id]=" + idA, FieldType: "match[type]=indicator",
		FieldVersion: "match[version]=all", FieldSpecVersion: "match[spec_version]=2.1"}
	for name, c := range map[string]struct{ fields, want []Field }{
		"objects":  {ObjectsFields, []Field{FieldID, FieldSpecVersion, FieldType, FieldVersion}},
		"manifest": {ManifestFields, []Field{FieldID, FieldSpecVersion, FieldType, FieldVersion}},
		"object":   {ObjectFields, []Field{FieldSpecVersion, FieldVersion}},
		"delete":   {DeleteFields, []Field{FieldSpecVersion, FieldVersion}},
		"versions": {VersionsFields, []Field{FieldSpecVersion}},
		"status":   {nil, nil},
	} {
		want := map[Field]bool{}
		for _, f := range c.want {
			want[f] = true
		}
		for field, query := range queries {
			if _, err := ParseQuery(query, c.fields...); (err == nil) != want[field] {
				t.Errorf("%s, %s: %v", name, query, err)
			}
		}
	}
}

func TestMaxValues(t *testing.T) {
	list := make([]string, MaxValues)
	for i := range list {
		list[i] = fmt.Sprintf("indicator--%08x-fff1-4c98-bcc9-4de3bc2e2ffb", i)
	}
	f, err := ParseFilter(url.Values{"match[id]": {strings.Join(list, ",")}}, FieldID)
	if err != nil || len(f.IDs) != MaxValues {
		t.Errorf("%d ids: %v", len(f.IDs), err)
	}
}

// A cursor can be bound to its question: the key tells questions apart, not pages.
func TestKey(t *testing.T) {
	same := [][]string{
		{"", "limit=5", "next=x", "match[version]=last"},
		{"match[type]=a-b,c-d", "match[type]=c-d,a-b", "match[type]=c-d,a-b,c-d&limit=1"},
		{"match[version]=all", "match[version]=all,first,2018-03-02T01:01:01Z"},
		{"added_after=2018-03-02T01:01:01Z", "added_after=2018-03-02T01:01:01.0000000Z"},
		{"match[version]=first"}, {"match[version]=first,last"}, {"match[type]=a-b"}, {"match[id]=" + idA}, {"match[spec_version]=2.1"},
	}
	owner := map[string]int{}
	for i, group := range same {
		for _, q := range group {
			f, err := ParseQuery(q, ObjectsFields...)
			if err != nil {
				t.Fatalf("%s: %v", q, err)
			}
			if j, ok := owner[f.Key()]; ok && j != i {
				t.Errorf("%s has the key of group %d", q, j)
			}
			owner[f.Key()] = i
		}
	}
	if len(owner) != len(same) {
		t.Errorf("%d keys of %d questions", len(owner), len(same))
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, q := range []string{"", "limit=3&next=a", "match[version]=first,2018-03-02T01:01:01.123Z", "match%5Bid%5D=" + idA,
		"added_after=2016-02-01T02:00:01%2B02:00", "match[spec_version]=2.1&match[type]=x-y"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		got, err := ParseQuery(q, ObjectsFields...)
		if err != nil {
			var fe *FilterError
			if !errors.As(err, &fe) {
				t.Fatalf("%q: %v", q, err)
			}
			return
		}
		again, err := ParseQuery(got.Values().Encode(), ObjectsFields...)
		if d := cmp.Diff(got, again); err != nil || d != "" {
			t.Errorf("%q: written and read again: %v %s", q, err, d)
		}
		if got.Key() != again.Key() {
			t.Errorf("%q: the key changes", q)
		}
	})
}
