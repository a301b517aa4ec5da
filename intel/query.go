package intel

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/policy"
)

// Query is what to search for: every part that is given must hold.
type Query struct {
	Text       string       // words, "phrases", -without and one unfinished word*, as [ParseQuery] leaves them
	Types      []string     // any of these
	Pattern    string       // a value that an indicator looks for or an observable has; * stands for any characters
	Device     string       // words that the object's texts hold one after another
	ID         string       // of one object
	Technique  string       // an ATT&CK code: objects that cite it or are tied to it
	Phase      string       // of a kill chain: "phase", or "chain/phase"
	Labels     []string     // all of these
	Source     string       // who is named as the sender, or [SourceCommunity] or [SourceUnnamed]
	TLP        []policy.TLP // any of these
	After      time.Time    // came at this time or later
	Before     time.Time    // came before this time
	Confidence int          // at least; -1 if it does not matter
	Revoked    *bool
	Expired    *bool
	Not        Without

	code string // objects that name this technique themselves
}

// Without is what must not hold: none of these.
type Without struct{ Types, Labels, Phases, Sources []string }

// How a sender who is not named is called in lists and queries.
const (
	SourceCommunity = "a member of the community"
	SourceUnnamed   = "not named"
)

// The limits of a query.
const (
	MaxQuery = 1000 // characters
	maxParts = 40
	maxWord  = 200 // characters of a word, phrase or value
)

// IsZero reports whether the query asks for nothing in particular.
func (q Query) IsZero() bool { return q.String() == "" }

// String writes the query in its one form, which [ParseQuery] reads back as the
// same query.
func (q Query) String() string {
	var parts []string
	if q.Text != "" {
		parts = append(parts, q.Text)
	}
	add := func(field, value string) {
		if value != "" {
			parts = append(parts, field+quoted(value))
		}
	}
	add("type:", strings.Join(q.Types, ","))
	add("pattern:", q.Pattern)
	add("device:", q.Device)
	add("id:", q.ID)
	add("technique:", q.Technique)
	add("phase:", q.Phase)
	for _, l := range q.Labels {
		add("label:", l)
	}
	add("from:", q.Source)
	var tlps []string
	for _, t := range q.TLP {
		tlps = append(tlps, strings.ToLower(string(t)))
	}
	add("tlp:", strings.Join(tlps, ","))
	add("after:", dateText(q.After))
	add("before:", dateText(q.Before))
	if q.Confidence >= 0 {
		parts = append(parts, "confidence>="+strconv.Itoa(q.Confidence))
	}
	for _, is := range []struct {
		name string
		on   *bool
	}{{"revoked", q.Revoked}, {"expired", q.Expired}} {
		if is.on != nil {
			parts = append(parts, map[bool]string{true: "is:", false: "-is:"}[*is.on]+is.name)
		}
	}
	add("-type:", strings.Join(q.Not.Types, ","))
	for _, not := range []struct {
		field  string
		values []string
	}{{"-label:", q.Not.Labels}, {"-phase:", q.Not.Phases}, {"-from:", q.Not.Sources}} {
		for _, value := range not.values {
			add(not.field, value)
		}
	}
	return strings.Join(parts, " ")
}

// quoted puts quotes around a value that would otherwise end early.
func quoted(value string) string {
	if strings.ContainsFunc(value, isSpace) {
		return `"` + value + `"`
	}
	return value
}

// dateText is a day if the time is one's beginning.
func dateText(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Equal(t.Truncate(24 * time.Hour)):
		return t.UTC().Format(time.DateOnly)
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// clone is a query whose lists can be changed.
func (q Query) clone() Query {
	for _, list := range []*[]string{&q.Types, &q.Labels, &q.Not.Types, &q.Not.Labels, &q.Not.Phases, &q.Not.Sources} {
		*list = slices.Clone(*list)
	}
	q.TLP = slices.Clone(q.TLP)
	return q
}
