package cve

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/cvss"
)

// Input is what a case knows of a vulnerability, for Build.
type Input struct {
	ID          string
	Assigner    Provider // who assigns the id and says all this; DateUpdated is not used
	Title       string
	Description string
	Lang        string // of every text; empty means en
	Affected    []Product
	CWEs        []CWE
	Vectors     []string // CVSS 3.0, 3.1 or 4.0
	References  []Reference
	Credits     []Credit // Lang may be empty
	Timeline    []Moment
	Solution    string
	Workaround  string
	Exploits    string    // what is known of exploitation
	Reserved    time.Time // when the id was reserved, or zero
	Public      time.Time // when the vulnerability became public, or zero
	Published   time.Time // of the record
}

// CWE is a weakness of the Common Weakness Enumeration.
type CWE struct{ ID, Name string }

// Moment is an event of the timeline.
type Moment struct {
	At   time.Time
	Text string
}

// Invalid is the error of records with problems.
type Invalid struct{ Problems []Problem }

func (e *Invalid) Error() string {
	first := e.Problems[0].String()
	if n := len(e.Problems) - 1; n > 0 {
		return fmt.Sprintf("the CVE record has problems: %s, and %d more", first, n)
	}
	return "the CVE record has a problem: " + first
}

// Build makes a published record in the format 5.1, its scores computed from
// the vectors. If it would not be valid the error is an *Invalid, and the record
// is returned all the same as a draft.
func Build(in Input) (Record, error) {
	lang := in.Lang
	if lang == "" {
		lang = "en"
	}
	text := func(s string) []Text {
		if s == "" {
			return nil
		}
		return []Text{{Lang: lang, Value: s}}
	}
	k := Container{
		Provider:   Provider{OrgID: in.Assigner.OrgID, ShortName: in.Assigner.ShortName, DateUpdated: stamp(in.Published)},
		DatePublic: stamp(in.Public), Title: in.Title,
		Descriptions: text(in.Description), Affected: slices.Clone(in.Affected), References: slices.Clone(in.References),
		Workarounds: text(in.Workaround), Solutions: text(in.Solution), Exploits: text(in.Exploits),
	}
	for _, w := range in.CWEs {
		k.ProblemTypes = append(k.ProblemTypes, ProblemType{[]ProblemText{{
			Lang: lang, Description: strings.TrimSpace(w.ID + " " + w.Name), CWE: w.ID, Type: "CWE",
		}}})
	}
	var problems []Problem
	for i, s := range in.Vectors {
		m, err := NewMetric(s)
		if err != nil {
			problems = append(problems, Problem{at("/containers/cna/metrics", i), err.Error()})
			continue
		}
		k.Metrics = append(k.Metrics, m)
	}
	for _, c := range in.Credits {
		if c.Lang == "" {
			c.Lang = lang
		}
		k.Credits = append(k.Credits, c)
	}
	for _, m := range in.Timeline {
		k.Timeline = append(k.Timeline, Event{Time: stamp(m.At), Lang: lang, Value: m.Text})
	}
	r := Record{
		DataType: "CVE_RECORD", DataVersion: "5.1",
		Metadata: Metadata{
			ID: in.ID, AssignerOrgID: in.Assigner.OrgID, AssignerShortName: in.Assigner.ShortName, State: Published,
			DateReserved: stamp(in.Reserved), DatePublished: stamp(in.Published), DateUpdated: stamp(in.Published),
		},
		Containers: Containers{CNA: k},
	}
	if problems = append(problems, Validate(r)...); problems != nil {
		return r, &Invalid{problems}
	}
	return r, nil
}

// NewMetric scores a CVSS vector of 3.0, 3.1 or 4.0. The score of 4.0 is that
// of all its metrics, as the format has it.
func NewMetric(vector string) (Metric, error) {
	v, err := cvss.Parse(vector)
	if err != nil {
		return Metric{}, err
	}
	s := &CVSS{Version: string(v.Version), Vector: v.String(), Base: v.BaseScore(), Severity: strings.ToUpper(v.BaseSeverity())}
	m := Metric{Format: "CVSS"}
	switch v.Version {
	case cvss.V30:
		m.V30 = s
	case cvss.V31:
		m.V31 = s
	case cvss.V40:
		s.Base, s.Severity = v.Score(), strings.ToUpper(v.Severity())
		m.V40 = s
	}
	return m, nil
}

// stamp writes a time as records do, in UTC to the millisecond; the zero time
// as none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
