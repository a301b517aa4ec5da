package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// Triage is the desk's side of a report.
type Triage struct {
	Severity     int               `json:"severity" doc:"1 to 5; 0 while nobody looked"`
	Assignee     string            `json:"assignee,omitempty"`
	AssigneeName string            `json:"assignee_name,omitempty"`
	Decision     string            `json:"decision,omitempty" doc:"decline, track or coordinate"`
	Reason       string            `json:"reason,omitempty"`
	Into         string            `json:"into,omitempty" doc:"The report that it was merged into"`
	Merged       []string          `json:"merged" doc:"Reports that were merged into it"`
	DecidedAt    time.Time         `json:"decided_at,omitzero"`
	DecidedBy    string            `json:"decided_by,omitempty" doc:"A name"`
	Points       map[string]string `json:"points,omitempty" doc:"Of SSVC's coordinator triage"`
	Suggested    string            `json:"suggested,omitempty"`
	Vector       string            `json:"vector,omitempty"`
	Deviation    string            `json:"deviation,omitempty" doc:"Why it was decided otherwise than suggested"`
}

func triage(t cases.Triaged) Triage {
	return Triage{t.Severity, t.Assignee, t.AssigneeName, string(t.Decision), t.Reason, t.Into, some(t.Merged), utc(t.At), t.By, t.Points, string(t.Suggested), t.Vector, t.Deviation}
}

// Queued is a report in the desk's queue.
type Queued struct {
	Report
	Triage     Triage    `json:"triage"`
	AckDue     time.Time `json:"acknowledge_by"`
	AckOver    bool      `json:"acknowledge_over"`
	Duplicates int       `json:"duplicates" doc:"Reports and cases that it may be a duplicate of"`
}

func (c *call) queue(in *struct {
	Paging
	Open     bool   `query:"open" doc:"Only what is not decided"`
	Severity int    `query:"severity" minimum:"0" maximum:"5" doc:"At least"`
	Assignee string `query:"assignee" maxLength:"100"`
	Query    string `query:"q" maxLength:"200" doc:"Part of a title"`
}) (*answer[list[Queued]], error) {
	at, id, err := c.place("queue", "report", in.Cursor)
	if err != nil {
		return nil, err
	}
	qs, next, err := c.Cases.Queue(c.view, cases.QueueFilter{Open: in.Open, Severity: in.Severity, Assignee: in.Assignee, Words: in.Query}, cases.QueueCursor{At: at, ID: id}, in.Limit)
	out, err := listed(c.view, qs, err, func(v *db.View, q cases.Queued) (Queued, error) {
		r, err := c.reportShape(v, q.Report)
		return Queued{r, triage(q.Triage), utc(q.AckDue.At), q.AckOver, q.Duplicates}, err
	})
	if err == nil {
		out.Body.Next = c.cursor("queue", next.At, next.ID)
	}
	return out, err
}

// TriagePage is a report as the desk sees it.
type TriagePage struct {
	ReportPage
	Triage      Triage       `json:"triage"`
	Duplicates  []Likely     `json:"duplicates"`
	Obligations []Obligation `json:"obligations"`
}

// Likely is a report or case of which another report may be a duplicate.
type Likely struct {
	Report string    `json:"report,omitempty"`
	Case   string    `json:"case,omitempty"`
	Title  string    `json:"title"`
	At     time.Time `json:"at"`
	State  string    `json:"state"`
	Why    string    `json:"why"`
}

func (c *call) triagePage(v *db.View, id string) (out TriagePage, err error) {
	t, err := c.Cases.Triaged(v, id) // a miss for everybody but the desk
	if err != nil {
		return out, err
	}
	out.Triage = triage(t)
	if out.ReportPage, err = c.reportPage(v, id); err != nil {
		return out, err
	}
	likely, err := c.Cases.Duplicates(v, id)
	if err != nil {
		return out, err
	}
	if out.Duplicates, err = each(v, likely, plain(func(l cases.Likely) Likely { return Likely{l.Report, l.Case, l.Title, utc(l.At), l.State, l.Why} })); err != nil {
		return out, err
	}
	os, err := c.Cases.ReportObligations(v, id)
	if err != nil {
		return out, err
	}
	out.Obligations, err = each(v, os, c.obligationShape)
	return out, err
}

func (c *call) triage(in *InReport) (*answer[TriagePage], error) {
	out, err := c.triagePage(c.view, in.Report)
	return &answer[TriagePage]{out}, err
}

// changeTriage changes what the desk thinks of a report.
func (c *call) changeTriage(id string, fn func(tx *db.Tx) error) (*answer[TriagePage], error) {
	return changes(c, id, fn, c.triagePage)
}

func (c *call) setSeverity(in *struct {
	InReport
	Body struct {
		Severity int `json:"severity" doc:"1 to 5"`
	}
}) (*answer[TriagePage], error) {
	return c.changeTriage(in.Report, func(tx *db.Tx) error { return c.Cases.SetSeverity(tx, in.Report, in.Body.Severity) })
}

func (c *call) assignReport(in *struct {
	InReport
	Body struct {
		Person string `json:"person" doc:"Somebody of the desk; an empty text takes nobody"`
	}
}) (*answer[TriagePage], error) {
	return c.changeTriage(in.Report, func(tx *db.Tx) error { return c.Cases.AssignReport(tx, in.Report, in.Body.Person) })
}

func (c *call) acknowledgeReport(in *InReport) (*answer[TriagePage], error) {
	return c.changeTriage(in.Report, func(tx *db.Tx) error { return c.Cases.AcknowledgeReport(tx, in.Report) })
}

func (c *call) mergeReport(in *struct {
	InReport
	Body struct {
		Into   string `json:"into" doc:"The other report"`
		Reason string `json:"reason"`
	}
}) (*answer[TriagePage], error) {
	return c.changeTriage(in.Report, func(tx *db.Tx) error { return c.Cases.MergeReport(tx, in.Report, in.Body.Into, in.Body.Reason) })
}

func (c *call) reopenReport(in *struct {
	InReport
	Body Why
}) (*answer[TriagePage], error) {
	return c.changeTriage(in.Report, func(tx *db.Tx) error { return c.Cases.ReopenReport(tx, in.Report, in.Body.Reason) })
}

func (c *call) decideReport(in *struct {
	InReport
	Body struct {
		Decision  string            `json:"decision" doc:"decline, track or coordinate"`
		Points    map[string]string `json:"points,omitempty" doc:"Of SSVC's coordinator triage"`
		Deviation string            `json:"deviation,omitempty" doc:"Why you decide otherwise than the table suggests"`
		Reason    string            `json:"reason" doc:"For the desk"`
		Answer    string            `json:"answer,omitempty" doc:"For the reporter; needed to decline"`
		Into      string            `json:"into,omitempty" doc:"The case that the report joins, instead of a new one"`
		Case      *struct {
			Title        string    `json:"title,omitempty"`
			Summary      string    `json:"summary,omitempty"`
			Manufacturer string    `json:"manufacturer,omitempty"`
			LearnedAt    time.Time `json:"learned_at,omitzero"`
			Safety       string    `json:"safety,omitempty"`
			Label        *NewLabel `json:"label,omitempty"`
			DeskSees     bool      `json:"desk_sees,omitempty"`
		} `json:"case,omitempty" doc:"Of the case that coordinate opens; its title and summary are the report's unless given"`
	}
}) (*answer[TriagePage], error) {
	b := in.Body
	d := cases.ReportDecision{Kind: cases.DecisionKind(b.Decision), Points: b.Points, Deviation: b.Deviation, Reason: b.Reason, Answer: b.Answer, Into: b.Into}
	if k := b.Case; k != nil {
		l, err := k.Label.parse()
		if err != nil {
			return nil, err
		}
		d.Case = cases.NewCase{Title: k.Title, Summary: k.Summary, Maker: k.Manufacturer, LearnedAt: k.LearnedAt, Safety: cases.Safety(k.Safety), Label: l, DeskSees: k.DeskSees}
	}
	return c.changeTriage(in.Report, func(tx *db.Tx) error { _, err := c.Cases.DecideReport(tx, in.Report, d); return err })
}
