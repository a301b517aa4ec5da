package cases

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// The severities that the desk gives a report, before anything is scored.
const (
	LeastSevere = 1
	MostSevere  = 5
)

// Triaged is the desk's side of a report. Its reporter does not see it.
type Triaged struct {
	Severity     int // 1 to 5, 0 not looked at
	Assignee     string
	AssigneeName string
	Decision     DecisionKind
	Reason       string
	Into         string   // the report that it was merged into
	Merged       []string // the reports that were merged into it
	At           time.Time
	By           string // name
	Points       map[string]string
	Suggested    DecisionKind // what the SSVC table said
	Vector       string       // SSVC, in short
	Deviation    string       // why it was decided otherwise
}

type triageDoc struct {
	Points    map[string]string `json:"points,omitempty"`
	Suggested DecisionKind      `json:"suggested,omitempty"`
	Vector    string            `json:"vector,omitempty"`
	Deviation string            `json:"deviation,omitempty"`
}

// Triaged reads the desk's side of a report; for everybody else it is
// fault.ErrMissing.
func (c *Cases) Triaged(v *db.View, report string) (t Triaged, err error) {
	if t, err = db.One(v, scanTriaged, `SELECT `+triageColumns+` FROM visible.case_triages t WHERE t.report = $1`, report); err != nil {
		return t, err
	}
	t.Merged, err = db.All(v, db.Value[string], `SELECT t.report FROM visible.case_triages t WHERE t.merged_into = $1 ORDER BY t.decided_at, t.report`, report)
	return t, err
}

const triageColumns = `t.severity, t.assignee, t.assignee_name, t.decision, t.reason, t.merged_into, t.decided_at, t.decided_by, t.doc`

func scanTriaged(s db.Scanner) (t Triaged, err error) {
	var row triageRow
	err = s.Scan(row.into(&t)...)
	if err == nil {
		err = row.finish(&t)
	}
	return t, err
}

// triageRow is what of a triage row is not in its final form.
type triageRow struct {
	at  int64
	doc string
}

func (r *triageRow) into(t *Triaged) []any {
	return []any{&t.Severity, &t.Assignee, &t.AssigneeName, &t.Decision, &t.Reason, &t.Into, &r.at, &t.By, &r.doc}
}

func (r *triageRow) finish(t *Triaged) error {
	t.At = clock.FromMicros(r.at)
	var d triageDoc
	if err := json.Unmarshal([]byte(r.doc), &d); err != nil {
		return fmt.Errorf("read a triage: %w", err)
	}
	t.Points, t.Suggested, t.Vector, t.Deviation = d.Points, d.Suggested, d.Vector, d.Deviation
	return nil
}

// triages reads a report on which the viewer, of the desk, is about to act, and
// the label of what only the desk sees.
func (c *Cases) triages(tx *db.Tx, report string) (r Report, desk policy.Label, err error) {
	if r, err = c.seen(tx.View, report); err != nil {
		return r, desk, err
	}
	if !tx.Viewer().May(policy.MayTriage) {
		return r, desk, fault.Forbiddenf("The desk does that.")
	}
	desk, err = c.deskLabel(tx.View)
	return r, desk, err
}

// SetSeverity says how severe the desk holds a report, 1 to 5.
func (c *Cases) SetSeverity(tx *db.Tx, report string, severity int) error {
	r, desk, err := c.triages(tx, report)
	if err != nil {
		return err
	}
	if severity < LeastSevere || severity > MostSevere {
		return fault.InvalidField("severity", "Give a severity from %d to %d.", LeastSevere, MostSevere)
	}
	if err := tx.MustChange(`UPDATE case_triages SET severity = $1 WHERE report = $2`, severity, r.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "report.rated", Object: r.ID, Parent: r.Case, Label: desk, Data: map[string]any{"severity": severity}})
	return c.examine(tx, r)
}

// AssignReport gives a report to a person of the desk; "" takes nobody.
func (c *Cases) AssignReport(tx *db.Tx, report, person string) error {
	r, desk, err := c.triages(tx, report)
	if err != nil {
		return err
	}
	name, err := c.handler(tx.View, person, "")
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_triages SET assignee = $1, assignee_name = $2 WHERE report = $3`, person, name, r.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "report.assigned", Object: r.ID, Parent: r.Case, Label: desk, Data: map[string]string{"person": person, "name": name}})
	return c.examine(tx, r)
}

// examine notes that the desk works on a report.
func (c *Cases) examine(tx *db.Tx, r Report) error {
	if r.State != ReportReceived && r.State != ReportAcknowledged {
		return nil
	}
	return tx.MustChange(`UPDATE case_reports SET state = $1 WHERE id = $2`, string(ReportExamined), r.ID)
}

// AcknowledgeReport tells the reporter that the desk has his report, which ends the
// clock of R-068.
func (c *Cases) AcknowledgeReport(tx *db.Tx, report string) error {
	r, _, err := c.triages(tx, report)
	if err != nil {
		return err
	}
	if !r.Acked.IsZero() {
		return fault.Conflictf("This report was acknowledged on %s.", r.Acked.UTC().Format("2 Jan 2006"))
	}
	return c.acknowledge(tx, r)
}

func (c *Cases) acknowledge(tx *db.Tx, r Report) error {
	state := r.State
	if state == ReportReceived {
		state = ReportAcknowledged
	}
	if err := tx.MustChange(`UPDATE case_reports SET acked_at = $1, state = $2 WHERE id = $3`, clock.Micros(tx.Now()), string(state), r.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "report.acknowledged", Object: r.ID, Label: r.Label})
	return c.reckonReport(tx, r.ID)
}

// settled refuses to decide on a report that is decided.
func settled(r Report) error {
	if !r.State.Open() {
		return fault.Conflictf("This report is decided: %s Reopen it first.", r.State.Words())
	}
	return nil
}

// MergeReport makes a report a duplicate of another. The desk sees it both ways; the
// reporter reads that it was joined with an earlier one, and nothing of that one.
func (c *Cases) MergeReport(tx *db.Tx, report, into, reason string) error {
	r, desk, err := c.triages(tx, report)
	if err != nil {
		return err
	}
	if err := settled(r); err != nil {
		return err
	}
	other, err := c.seen(tx.View, into)
	if err != nil {
		return err
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, MaxReason, false)
	switch {
	case other.ID == r.ID:
		p.Add("into", "A report cannot be a duplicate of itself.")
	case other.State == ReportDuplicate:
		p.Add("into", "%s is itself a duplicate. Merge into the one that it was merged into.", other.Short())
	case other.State == ReportDeclined:
		p.Add("into", "%s was declined. Reopen it first, or decline this one too.", other.Short())
	}
	if err := p.Err(); err != nil {
		return err
	}
	// What was merged into this one goes along: a duplicate has none of its own.
	moved, err := db.All(tx.View, db.Value[string], `SELECT t.report FROM visible.case_triages t WHERE t.merged_into = $1`, r.ID)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE case_triages SET merged_into = $1 WHERE merged_into = $2`, other.ID, r.ID); err != nil {
		return err
	}
	if err := c.conclude(tx, r, ReportDuplicate, conclusion{kind: decidedDuplicate, reason: reason, into: other.ID}); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "report.merged", Object: r.ID, Parent: other.ID, Label: desk, Data: map[string]any{"into": other.ID, "moved": moved, "reason": reason}})
	return nil
}

// ReopenReport takes a decision back, but not one that opened a case.
func (c *Cases) ReopenReport(tx *db.Tx, report, reason string) error {
	r, desk, err := c.triages(tx, report)
	if err != nil {
		return err
	}
	switch r.State {
	case ReportDeclined, ReportTracked, ReportDuplicate:
	case ReportAccepted:
		return fault.Conflictf("A case came of this report. Close or withdraw the case.")
	default:
		return fault.Conflictf("This report is not decided yet.")
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, MaxReason, true)
	if err := p.Err(); err != nil {
		return err
	}
	if err := c.conclude(tx, r, ReportExamined, conclusion{}); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "report.reopened", Object: r.ID, Label: desk, Data: map[string]string{"reason": reason}})
	return nil
}

// conclusion is what is kept of a decision.
type conclusion struct {
	kind           DecisionKind
	reason, answer string
	into, opened   string
	doc            triageDoc
}

// conclude writes a decision into both rows of a report and tells the reporter.
func (c *Cases) conclude(tx *db.Tx, r Report, state ReportState, d conclusion) error {
	doc, err := json.Marshal(d.doc)
	if err != nil {
		return fmt.Errorf("write a triage: %w", err)
	}
	at, by := clock.Micros(tx.Now()), tx.Viewer().Name
	if d.kind == "" {
		at, by = 0, ""
	}
	if err := tx.MustChange(`UPDATE case_triages SET decision = $1, reason = $2, merged_into = $3, decided_at = $4, decided_by = $5, doc = $6 WHERE report = $7`,
		string(d.kind), d.reason, d.into, at, by, string(doc), r.ID); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_reports SET state = $1, answer = $2, case_id = $3 WHERE id = $4`, string(state), d.answer, d.opened, r.ID); err != nil {
		return err
	}
	// The reporter's entry names neither the case nor the other report.
	tx.Append(db.Entry{Verb: "report.decided", Object: r.ID, Label: r.Label, Data: map[string]any{"state": state, "answer": d.answer}})
	if d.kind != "" && r.Acked.IsZero() {
		r.State = state
		return c.acknowledge(tx, r) // a decision is an answer
	}
	return c.reckonReport(tx, r.ID)
}
