package api

import (
	"bytes"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Obligation is something that somebody owes by a time, with the rule that says so.
type Obligation struct {
	ID           string    `json:"id"`
	Case         string    `json:"case,omitempty" doc:"Missing for a report that is no case yet"`
	Object       string    `json:"object" doc:"The party, fact, case or report that it is about"`
	Party        string    `json:"party,omitempty"`
	Organization string    `json:"organization,omitempty" doc:"That owes it"`
	Rule         string    `json:"rule" doc:"Begins with the rule's id" example:"R-010"`
	Clock        string    `json:"clock" doc:"Tells the clocks of one rule apart"`
	Name         string    `json:"name"`
	Source       string    `json:"source" doc:"The citation"`
	Trigger      string    `json:"trigger" doc:"What happened at trigger_at"`
	TriggerAt    time.Time `json:"trigger_at,omitzero" doc:"What its days are counted from"`
	WarnAt       time.Time `json:"warn_at,omitzero"`
	DueAt        time.Time `json:"due_at,omitzero" doc:"The last instant in time, written in its zone; missing while there is no date"`
	Zone         string    `json:"zone" doc:"In which its days are counted"`
	State        string    `json:"state" enum:"running,at-risk,over,met,late,lost,waived,not-applicable"`
	Open         bool      `json:"open" doc:"Something is still to be done"`
	Statutory    bool      `json:"statutory" doc:"It is FDA's clock"`
	Missing      []string  `json:"missing" doc:"What is still to be done, or was not done in time, in sentences"`
	Why          []string  `json:"why"`
	SatisfiedAt  time.Time `json:"satisfied_at,omitzero"`
	SatisfiedBy  string    `json:"satisfied_by,omitempty" doc:"The fact or notice that shows it"`
	LostAt       time.Time `json:"lost_at,omitzero"`
	WaivedAt     time.Time `json:"waived_at,omitzero"`
	WaivedBy     string    `json:"waived_by,omitempty" doc:"A name"`
	WaivedWhy    string    `json:"waived_why,omitempty"`
	Label        Label     `json:"label"`
}

func (c *call) obligationShape(v *db.View, o cases.Obligation) (Obligation, error) {
	l, err := c.label(v, o.Label)
	return Obligation{o.ID, o.Case, o.Object, o.Party, o.Owner, o.Rule, o.Clock, o.Name, o.Source, o.What, utc(o.Trigger), utc(o.Warn), fda.In(utc(o.Due), o.Zone), o.Zone, string(o.State), o.State.Open(),
		o.Statutory(), some(o.Missing), some(o.Why), utc(o.SatisfiedAt), o.SatisfiedBy, utc(o.LostAt), utc(o.WaivedAt), o.WaivedName, o.WaivedWhy, l}, err
}

// orMissing makes an empty list of a case that the reader cannot see a miss. A
// party's own records may be readable where the case is not.
func orMissing[T any](c *call, id string, things []T, err error) ([]T, error) {
	if err == nil && len(things) == 0 {
		_, err = c.Cases.Case(c.view, id)
	}
	return things, err
}

func (c *call) obligations(in *InCase) (*answer[list[Obligation]], error) {
	os, err := c.Cases.Obligations(c.view, in.Case)
	os, err = orMissing(c, in.Case, os, err)
	return listed(c.view, os, err, c.obligationShape)
}

func (c *call) myObligations(in *struct {
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
}) (*answer[list[Obligation]], error) {
	os, err := c.Cases.MyClocks(c.view, in.Limit)
	return listed(c.view, os, err, c.obligationShape)
}

func (c *call) waive(in *struct {
	Clock string `path:"clock" doc:"An obligation's id"`
	Body  Why
}) (*answer[Obligation], error) {
	return changes(c, in.Clock, func(tx *db.Tx) error { return c.Cases.Waive(tx, in.Clock, in.Body.Reason) }, func(v *db.View, id string) (Obligation, error) {
		o, err := c.Cases.Obligation(v, id)
		if err != nil {
			return Obligation{}, err
		}
		return c.obligationShape(v, o)
	})
}

// Fact is what a party stated.
type Fact struct {
	ID           string         `json:"id"`
	Case         string         `json:"case"`
	Party        string         `json:"party"`
	Kind         string         `json:"kind"`
	At           time.Time      `json:"at" doc:"When it happened, as the party says"`
	RecordedAt   time.Time      `json:"recorded_at"`
	Detail       map[string]any `json:"detail,omitempty"`
	Evidence     []string       `json:"evidence" doc:"Ids of files and posts"`
	By           string         `json:"by" doc:"A name"`
	Organization string         `json:"organization_name,omitempty"`
	Withdrawn    string         `json:"withdrawn,omitempty" doc:"The reason"`
}

func fact(f cases.Fact) Fact {
	return Fact{f.ID, f.Case, f.Party, string(f.Kind), utc(f.At), utc(f.Recorded), f.Detail, some(f.Evidence), f.Name, f.OrgName, f.Withdrawn}
}

func (c *call) readFact(v *db.View, id string) (Fact, error) {
	f, err := c.Cases.Fact(v, id)
	return fact(f), err
}

func (c *call) facts(in *InCase) (*answer[list[Fact]], error) {
	fs, err := c.Cases.Facts(c.view, in.Case)
	fs, err = orMissing(c, in.Case, fs, err)
	return listed(c.view, fs, err, plain(fact))
}

// partyFor is the party that a body names, or the asker's own in the case.
func (c *call) partyFor(v *db.View, id, named string) (string, error) {
	if named == "" {
		p, err := c.ourParty(v, id)
		if fault.Is(err, fault.Missing) {
			if _, e := c.Cases.Case(v, id); e == nil {
				err = fault.InvalidField("party", "Your organization takes no part in this case. Name the party that it is about.")
			}
		}
		return p.ID, err
	}
	if !names("party", named) {
		return "", fault.InvalidField("party", "This is no party's id.")
	}
	p, err := c.Cases.Party(v, named)
	if fault.Is(err, fault.Missing) || err == nil && p.Case != id {
		if _, err := c.Cases.Case(v, id); err != nil {
			return "", err
		}
		return "", fault.InvalidField("party", "This is no party of the case that you may know of.")
	}
	return p.ID, err
}

func (c *call) stateFact(in *struct {
	InCase
	Keyed
	Body struct {
		Party    string         `json:"party,omitempty" doc:"Your organization's own if missing"`
		Kind     string         `json:"kind" doc:"learned, information, controls-identified, plan-made, timeline-rationale, fix-validated, fix-distributed, users-followed-up, correction-initiated, extension-of-correction, 806-filed, mdr-aware, mdr-filed, mdr-not-reportable, pma, pma-reported or enhancement"`
		At       time.Time      `json:"at" doc:"When it happened"`
		Detail   map[string]any `json:"detail,omitempty" doc:"By kind, for example text, number or purpose; what is missing is told by name"`
		Evidence []string       `json:"evidence,omitempty" doc:"Ids of files and posts"`
		Source   string         `json:"source,omitempty" doc:"How the desk knows it, when the desk states it"`
	}
}) (*created[Fact], error) {
	b := in.Body
	return makes(c, in.Keyed, "/api/v1/facts/", func(tx *db.Tx) (string, bool, error) {
		party, err := c.partyFor(tx.View, in.Case, b.Party)
		if err != nil {
			return "", false, err
		}
		return c.Cases.StateFact(tx, party, cases.NewFact{Kind: cases.FactKind(b.Kind), At: b.At, Detail: b.Detail, Evidence: b.Evidence, Source: b.Source, Key: in.Key})
	}, c.readFact)
}

// InFact is an operation on a fact.
type InFact struct {
	Fact string `path:"fact" doc:"A fact's id"`
}

func (c *call) fact(in *InFact) (*answer[Fact], error) {
	out, err := c.readFact(c.view, in.Fact)
	return &answer[Fact]{out}, err
}

func (c *call) withdrawFact(in *struct {
	InFact
	Body Why
}) (*answer[Fact], error) {
	return changes(c, in.Fact, func(tx *db.Tx) error { return c.Cases.Withdraw(tx, in.Fact, in.Body.Reason) }, c.readFact)
}

// Consequences is what follows from known serious harm.
type Consequences struct {
	Sentences []string `json:"sentences"`
}

func (c *call) harmConsequences(in *InCase) (*answer[Consequences], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	return &answer[Consequences]{Consequences{cases.HarmConsequences()}}, nil
}

func (c *call) seriousHarm(in *struct {
	InCase
	Keyed
	Body struct {
		Party          string    `json:"party,omitempty" doc:"Your organization's own if missing"`
		At             time.Time `json:"at" doc:"When you became aware of it"`
		Event          string    `json:"event" doc:"death or serious_injury"`
		Reporter       string    `json:"reporter,omitempty" doc:"manufacturer, importer or user_facility"`
		RemedialAction bool      `json:"remedial_action,omitempty" doc:"It needs remedial action to prevent an unreasonable risk of substantial harm to the public health"`
		Text           string    `json:"text,omitempty" doc:"Without anything that tells who the patient is"`
		Source         string    `json:"source,omitempty" doc:"How the desk knows it, when the desk says it"`
		Confirm        bool      `json:"confirm,omitempty" doc:"You read the consequences; they cannot be taken back"`
	}
}) (*created[Fact], error) {
	b := in.Body
	return makes(c, in.Keyed, "/api/v1/facts/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "harm "+in.Case, b, func() (string, error) {
			party, err := c.partyFor(tx.View, in.Case, b.Party)
			if err != nil {
				return "", err
			}
			return c.Cases.SeriousHarm(tx, party, cases.Harm{At: b.At, Event: fda.Event(b.Event), Reporter: fda.Reporter(b.Reporter), RemedialAction: b.RemedialAction, Text: b.Text, Source: b.Source, Confirm: b.Confirm})
		})
	}, c.readFact)
}

func pmaDoc(_ *table, op *huma.Operation) {
	op.Description = "The row for the periodic report of a device that is approved under a PMA, as CSV with a header. What it lacks is told in the header Cordon-Missing."
	document(op, "text/csv", "The row")
}

// pma hands out a party's row for the periodic report.
func (c *call) pma(w http.ResponseWriter) {
	var row fda.PMAAnnualRow
	var lacks []string
	err := c.look(func() (err error) {
		row, lacks, err = c.Cases.PMARow(c.view, c.r.PathValue("party"))
		return err
	})
	var body bytes.Buffer
	if err == nil {
		err = fda.WritePMA(&body, []fda.PMAAnnualRow{row})
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	inert(w.Header(), "text/csv; charset=utf-8", "pma-row.csv")
	for _, s := range lacks {
		w.Header().Add("Cordon-Missing", ascii(s))
	}
	w.Write(body.Bytes())
}

// ascii is a sentence as a header may carry it.
func ascii(s string) string {
	b := []byte{}
	for _, r := range s {
		if r < ' ' || r > '~' {
			r = '?'
		}
		b = append(b, byte(r))
	}
	return string(b)
}
