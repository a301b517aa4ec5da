package cases

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// ReportState is where a report stands.
type ReportState string

// The states of a report. The last is never stored: it is what a reporter reads
// once the case that came of his report is public.
const (
	ReportReceived     ReportState = "received"
	ReportAcknowledged ReportState = "acknowledged"
	ReportExamined     ReportState = "examined"
	ReportTracked      ReportState = "tracked"
	ReportAccepted     ReportState = "accepted"
	ReportDeclined     ReportState = "declined"
	ReportDuplicate    ReportState = "duplicate"
	ReportPublished    ReportState = "published"
)

// Open reports whether the desk has yet to decide.
func (s ReportState) Open() bool {
	return s == ReportReceived || s == ReportAcknowledged || s == ReportExamined
}

// Words says a state to the reporter. They tell nothing of anybody else's report.
func (s ReportState) Words() string { return reportWords[s] }

var reportWords = map[ReportState]string{
	ReportReceived: "Received. The desk has not read it yet.", ReportAcknowledged: "Acknowledged by the desk.", ReportExamined: "Being examined.",
	ReportTracked: "Noted. The desk watches it and opens a case if more becomes known.", ReportAccepted: "Accepted. A case was opened, and the manufacturer is asked in.",
	ReportDeclined: "Not taken up.", ReportDuplicate: "Joined with an earlier report.", ReportPublished: "Published.",
}

// The sources of reports.
const (
	FromStranger = "anonymous" // through the public form, with a receipt
	FromMember   = "member"
)

// Report is a report of a vulnerability. One from a stranger has no person, and
// days instead of times. Case is empty for who cannot read the case.
type Report struct {
	ID      string
	Source  string
	Person  string
	Name    string
	Org     string
	OrgName string
	Circle  string // holds the reporter, if a member
	At      time.Time
	Last    time.Time // of the newest word of either side
	Title   string
	Intake  Intake
	State   ReportState
	Case    string
	Answer  string // what the desk told the reporter with its decision
	Acked   time.Time
	Label   policy.Label
	looked  looked
	traits  []string
}

// Short is the report's id as people say it.
func (r Report) Short() string { return ids.Short(r.ID) }

// Outcome is what came of looking for patient data: clean, removed, none
// or justified; and the kinds that were found.
func (r Report) Outcome() (outcome string, kinds []string) { return r.looked.Outcome, r.looked.Kinds }

// Stranger reports whether it came without an account.
func (r Report) Stranger() bool { return r.Source == FromStranger }

// stamp is the time of something in the report's dialogue, as far as it is kept.
func (r Report) stamp(now time.Time) time.Time {
	if r.Stranger() {
		return clock.Day(now)
	}
	return now
}

type reportDoc struct {
	Intake Intake `json:"intake"`
	Looked looked `json:"looked"`
}

const reportColumns = `r.id, r.source, r.person, r.name, r.org, r.org_name, r.circle, r.at, r.last_at, r.title, r.traits, r.doc, r.state, r.case_id, r.answer, r.acked_at, r.tlp, r.audience`

func scanReport(v *db.View, more ...any) func(db.Scanner) (Report, error) {
	return func(s db.Scanner) (r Report, err error) {
		var at, last, acked int64
		var traits, doc, tlp, audience string
		if err = s.Scan(append([]any{&r.ID, &r.Source, &r.Person, &r.Name, &r.Org, &r.OrgName, &r.Circle, &at, &last, &r.Title, &traits, &doc, &r.State, &r.Case, &r.Answer, &acked,
			&tlp, &audience}, more...)...); err != nil {
			return r, err
		}
		r.At, r.Last, r.Acked = clock.FromMicros(at), clock.FromMicros(last), clock.FromMicros(acked)
		var d reportDoc
		if err = json.Unmarshal([]byte(doc), &d); err == nil {
			err = json.Unmarshal([]byte(traits), &r.traits)
		}
		if err != nil {
			return r, fmt.Errorf("read report %s: %w", r.ID, err)
		}
		r.Intake, r.looked = d.Intake, d.Looked
		r.Label, err = v.Label(tlp, audience)
		return r, err
	}
}

// Report reads a report that the viewer can see: one of his own, or at the desk.
func (c *Cases) Report(v *db.View, id string) (Report, error) {
	r, err := db.One(v, scanReport(v), `SELECT `+reportColumns+` FROM visible.case_reports r WHERE r.id = $1`, id)
	if err != nil {
		return r, err
	}
	return c.forViewer(v, r)
}

// forViewer takes out of a report what its reader may not know, and tells the
// reporter when its case was published.
func (c *Cases) forViewer(v *db.View, r Report) (_ Report, err error) {
	if r.Case == "" {
		return r, nil
	}
	if r.State, err = c.publicState(v, r); err != nil {
		return r, err
	}
	sees, err := v.Exists(`SELECT 1 FROM visible.cases k WHERE k.id = $1`, r.Case)
	if err == nil && !sees {
		r.Case = ""
	}
	return r, err
}

// publicState is the report's state, or that its case is public.
func (c *Cases) publicState(v *db.View, r Report) (ReportState, error) {
	if r.State != ReportAccepted {
		return r.State, nil
	}
	public, err := all(v).Exists(`SELECT 1 FROM visible.cases k WHERE k.id = $1 AND k.stage IN ('published', 'post-disclosure')
		UNION SELECT 1 FROM visible.case_publications q WHERE q.case_id = $1 AND q.published_at > 0`, r.Case)
	if err == nil && public {
		return ReportPublished, nil
	}
	return r.State, err
}

// MyReports lists the reports that the viewer made, newest first.
func (c *Cases) MyReports(v *db.View) ([]Report, error) {
	if !v.Viewer().SignedIn() {
		return nil, nil
	}
	rs, err := db.All(v, scanReport(v), `SELECT `+reportColumns+` FROM visible.case_reports r WHERE r.person = $1 ORDER BY r.at DESC, r.id LIMIT $2`, v.Viewer().Person, MaxPage)
	for i := range rs {
		if err == nil {
			rs[i], err = c.forViewer(v, rs[i])
		}
	}
	return rs, err
}

// keepReport writes a new report, its triage row and its entry. r is complete but for
// its traits.
func (c *Cases) keepReport(tx *db.Tx, r Report, digest string, files []File) error {
	doc, err := json.Marshal(reportDoc{r.Intake, r.looked})
	if err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	audience, err := tx.Store(r.Label.Audience)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO case_reports (id, source, digest, person, name, org, org_name, circle, at, last_at, title, cves, traits, doc, state, case_id, answer, acked_at, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12, $13, $14, '', '', 0, $15, $16)`,
		r.ID, r.Source, digest, r.Person, r.Name, r.Org, r.OrgName, r.Circle, clock.Micros(r.At), r.Title, list(r.Intake.CVEs), list(r.Intake.traits()), string(doc), string(ReportReceived),
		string(r.Label.TLP), audience); err != nil {
		return err
	}
	desk, err := c.deskLabel(tx.View)
	if err != nil {
		return err
	}
	if audience, err = tx.Store(desk.Audience); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO case_triages (report, severity, assignee, assignee_name, decision, reason, merged_into, decided_at, decided_by, doc, tlp, audience)
		VALUES ($1, 0, '', '', '', '', '', 0, '', '{}', $2, $3)`, r.ID, string(desk.TLP), audience); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "report.received", Object: r.ID, Label: r.Label, Coarse: r.Stranger(),
		Data: map[string]any{"source": r.Source, "title": r.Title, "sha256": digestOf(doc), "files": sums(files), "looked": r.looked}})
	return c.reckonReport(tx, r.ID)
}

// traits are what a duplicate shares: each product with each weakness, in the
// component.
func (in Intake) traits() (out []string) {
	for _, p := range in.Products {
		for _, w := range in.CWE {
			// By the device identifier and by the words: one report may have either.
			for _, name := range []string{p.UDI, key(p.Maker + " " + p.Name + " " + p.Model), key(p.Name)} {
				t := fmt.Sprintf("%s|%s|%s", name, w, key(in.Component))
				if name != "" && !slices.Contains(out, t) {
					out = append(out, t)
				}
			}
		}
	}
	return out
}

func sums(fs []File) (out []string) {
	for _, f := range fs {
		out = append(out, f.SHA256)
	}
	return out
}

// seen reads a report for a rule that changes it.
func (c *Cases) seen(v *db.View, id string) (Report, error) {
	r, err := db.One(v, scanReport(v), `SELECT `+reportColumns+` FROM visible.case_reports r WHERE r.id = $1`, id)
	if err == nil && !v.Viewer().InGoodStanding() {
		err = fault.ErrMissing
	}
	return r, err
}
