package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/ssvc"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// triageForm is a form of the triage page that was not taken, with what was typed.
type triageForm struct {
	which   string
	typed   typed
	problem error
	check   bool // only show what the table says
	files   []cases.File
}

// triageView is everything on a report's page at the desk.
type triageView struct {
	r         cases.Report
	t         cases.Triaged
	into      string // title of the report that it was merged into
	files     []cases.File
	messages  []cases.Message
	like      []cases.Likely
	with      *cases.Report // side by side
	ackDue    time.Time
	ackOver   bool
	people    []ui.Option
	makers    []ui.Option
	others    []ui.Option // reports that this one may be merged into
	cases     []ui.Option
	table     ssvc.Table
	suggested cases.DecisionKind
	say       intakeForm // the answer
	form      triageForm
	errs      []ui.FieldError
	now       time.Time
}

// triageShow is a report at the desk.
func (c *Ctx) triageShow() error { return c.showTriage(http.StatusOK, triageForm{}) }

func (c *Ctx) showTriage(status int, f triageForm) (err error) {
	if f.typed == nil {
		f.typed = typed{}
	}
	x := triageView{form: f, now: c.View.Now()}
	if x.r, err = c.Cases.Report(c.View, c.R.PathValue("report")); err != nil {
		return err
	}
	if x.t, err = c.Cases.Triaged(c.View, x.r.ID); err != nil {
		return err
	}
	if x.t.Into != "" {
		into, err := c.Cases.Report(c.View, x.t.Into)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		x.into = into.Title
	}
	if x.files, err = c.Cases.Files(c.View, x.r.ID); err != nil {
		return err
	}
	if x.messages, err = c.Cases.Messages(c.View, x.r.ID); err != nil {
		return err
	}
	if x.like, err = c.Cases.Duplicates(c.View, x.r.ID); err != nil {
		return err
	}
	if err = c.beside(&x); err != nil {
		return err
	}
	due := vultron.DeskAckDue(x.r.At, nil).Breach
	x.ackDue, x.ackOver = due.At, x.r.Acked.IsZero() && !x.now.Before(due.At)
	if x.people, err = c.deskPeople(); err != nil {
		return err
	}
	if x.r.State.Open() {
		if err = c.decisionChoices(&x); err != nil {
			return err
		}
	}
	x.table, _ = ssvc.Find(ssvc.CoordinatorTriage)
	x.suggest()
	x.say = intakeForm{typed: typed{}}
	if f.which == "answer" {
		x.say = intakeForm{typed: f.typed, files: f.files}.refused(f.problem)
	} else if f.problem != nil {
		x.errs = x.refused(f.problem)
	}
	if x.say.typed["idempotency_key"] == "" {
		x.say.typed["idempotency_key"] = ids.Random(26)
	}
	return c.show(Page{Title: x.r.Title, Kind: "report", Status: status, Label: x.r.Label, Live: []string{x.r.ID}, Body: triageShowBody(x, c.Viewer.Person), Right: triageAside(x)})
}

// beside finds the report that is shown next to this one: the one that was asked
// for, among those that it is like or those that the desk named.
func (c *Ctx) beside(x *triageView) error {
	id := c.R.URL.Query().Get("with")
	if x.form.which == "merge" {
		id = x.form.typed["into"]
	}
	if id == "" {
		for _, l := range x.like {
			if id = l.Report; id != "" {
				break
			}
		}
	}
	if id == "" || id == x.r.ID {
		return nil
	}
	r, err := c.Cases.Report(c.View, id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	x.with = &r
	return err
}

// decisionChoices fills what can be chosen with a decision.
func (c *Ctx) decisionChoices(x *triageView) error {
	x.makers = []ui.Option{{Value: "", Text: "Not known, or not a member"}}
	for _, k := range []policy.Kind{policy.Manufacturer, policy.Vendor} {
		orgs, _, err := c.Members.Organizations(c.View, members.Filter{Kind: k, Limit: 200}, "")
		if err != nil {
			return err
		}
		for _, o := range orgs {
			x.makers = append(x.makers, ui.Option{Value: o.ID, Text: o.Name})
		}
	}
	x.others = []ui.Option{{Value: "", Text: "Choose a report"}}
	qs, _, err := c.Cases.Queue(c.View, cases.QueueFilter{}, cases.QueueCursor{}, cases.MaxPage)
	if err != nil {
		return err
	}
	for _, q := range qs {
		if q.Report.ID != x.r.ID && q.State != cases.ReportDuplicate && q.State != cases.ReportDeclined {
			x.others = append(x.others, ui.Option{Value: q.Report.ID, Text: q.Short() + ": " + firstRunes(q.Title, 60)})
		}
	}
	x.cases = []ui.Option{{Value: "", Text: "A new case"}}
	ks, _, err := c.Cases.Cases(c.View, cases.Filter{Open: true}, cases.Cursor{}, cases.MaxPage)
	for _, k := range ks {
		x.cases = append(x.cases, ui.Option{Value: k.ID, Text: "Join " + k.Short() + ": " + firstRunes(k.Title, 60)})
	}
	return err
}

// suggest asks the table, if all its points are answered.
func (x *triageView) suggest() {
	points := x.points()
	if len(points) == 0 {
		return
	}
	if kind, err := cases.SuggestTriage(points); err == nil {
		x.suggested = kind
	}
}

// points are the answers to the table's questions: those in the form, or those of
// the decision that stands.
func (x *triageView) points() map[string]string {
	if x.form.which != "decide" {
		return x.t.Points
	}
	return pointsOf(x.form.typed)
}

func pointsOf(t typed) map[string]string {
	points := map[string]string{}
	for name, value := range t {
		if id, ok := strings.CutPrefix(name, "points."); ok && value != "" {
			points[id] = value
		}
	}
	return points
}

// decisionFields are the fields of the decision's form.
func decisionFields() []string {
	names := []string{"decision", "reason", "answer", "deviation", "into", "title", "summary", "maker", "check"}
	t, _ := ssvc.Find(ssvc.CoordinatorTriage)
	for _, p := range t.Points {
		names = append(names, "points."+p.ID)
	}
	return names
}

func (x *triageView) refused(err error) (es []ui.FieldError) {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return []ui.FieldError{{Text: fault.Sentence(err)}}
	}
	for _, f := range fields {
		id := x.form.which + "-" + strings.TrimPrefix(inputID(f.Name), "report-")
		if x.form.which == "decide" && f.Name == "manufacturer" {
			id = "decide-maker"
		}
		text := f.Message
		for _, p := range x.table.Points {
			if f.Name == "points."+p.ID {
				text = p.Name + ": " + text
			}
		}
		es = append(es, ui.FieldError{Field: id, Text: text})
	}
	return es
}

// field is one field of a triage form.
func (x triageView) field(which string, f ui.Field) ui.Field {
	f.ID = which + "-" + strings.TrimPrefix(inputID(f.Name), "report-")
	if x.form.which == which {
		f.Value, f.Error = x.form.typed[f.Name], errorOf(x.errs, f.ID)
	}
	if f.Autocomplete == "" {
		f.Autocomplete = "off"
	}
	for i := range f.Options {
		f.Options[i].Selected = f.Options[i].Value == f.Value
	}
	return f
}

// errorsOf are the errors of one of the page's forms.
func (x triageView) errorsOf(which string) []ui.FieldError {
	if x.form.which == which {
		return x.errs
	}
	return nil
}

// triageDecide decides on a report, or shows what the table says to the answers.
func (c *Ctx) triageDecide() error {
	id := c.R.PathValue("report")
	t, err := c.typed(decisionFields()...)
	if err != nil {
		return err
	}
	f := triageForm{which: "decide", typed: t}
	if t["check"] != "" {
		f.check = true
		status := http.StatusOK
		if _, err := cases.SuggestTriage(pointsOf(t)); err != nil {
			f.problem = err
			status = http.StatusUnprocessableEntity
		}
		return c.again(nil, func(int) error { return c.showTriage(status, f) })
	}
	var opened string
	err = c.write(func(tx *db.Tx) (err error) {
		in := cases.ReportDecision{Kind: cases.DecisionKind(t["decision"]), Points: pointsOf(t), Deviation: t["deviation"], Reason: t["reason"], Answer: t["answer"], Into: t["into"]}
		in.Case = cases.NewCase{Title: t["title"], Summary: t["summary"], Maker: t["maker"]}
		opened, err = c.Cases.DecideReport(tx, id, in)
		return err
	})
	if err != nil {
		f.problem = err
		return c.again(err, func(status int) error { return c.showTriage(status, f) })
	}
	if opened != "" {
		return c.redirect("/cases/" + opened + "?done=" + doneReportDecided)
	}
	return c.redirect("/triage/" + id + "?done=" + doneReportDecided)
}

// triageAnswer writes to the reporter.
func (c *Ctx) triageAnswer() error {
	id := c.R.PathValue("report")
	t, files, err := c.readWithFiles()
	if err == nil {
		err = c.write(func(tx *db.Tx) error {
			// One's own report is answered by somebody else, or added to on its own page.
			if r, err := c.Cases.Report(tx.View, id); err != nil {
				return err
			} else if r.Person != "" && r.Person == tx.Viewer().Person {
				return fault.Conflictf("This is your own report. Add to it on its page; somebody else of the desk answers it.")
			}
			return c.answerOnce(tx, id, t, files)
		})
	}
	if err != nil && !errors.Is(err, errAgain) {
		return c.again(err, func(status int) error {
			return c.showTriage(status, triageForm{which: "answer", typed: t, problem: err, files: files})
		})
	}
	return c.redirect("/triage/" + id + "?done=" + doneReportSaid + "#add")
}

// sameWords reports whether two reports say the same, in a comparison.
func sameWords(a, b string) bool {
	return a != "" && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// compared is one line of two reports side by side.
type compared struct {
	name, a, b string
	same       bool
}

// compare puts two reports side by side, line by line.
func compare(a, b cases.Report) (out []compared) {
	line := func(r cases.Report) map[string]string {
		m := map[string]string{"Title": r.Title, "Sent": r.At.UTC().Format("2 Jan 2006"), "By": sourceWords(r), "State": stateChip(r.State)}
		for _, row := range intakeRows(r) {
			if old := m[row[0]]; old != "" {
				row[1] = old + "\n" + row[1]
			}
			m[row[0]] = row[1]
		}
		return m
	}
	la, lb := line(a), line(b)
	names := []string{"Title", "Sent", "By", "State"}
	for _, r := range []cases.Report{a, b} {
		for _, row := range intakeRows(r) {
			names = append(names, row[0])
		}
	}
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			out = append(out, compared{n, la[n], lb[n], sameWords(la[n], lb[n])})
		}
	}
	return out
}
