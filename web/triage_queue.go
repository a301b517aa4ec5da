package web

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/web/ui"
)

// queuePage is how many reports a page of the queue shows.
const queuePage = 50

// patienceReport is how long a report should wait for its decision: the age bar is
// full then.
const patienceReport = 7 * 24 * time.Hour

// queueView is the desk's queue.
type queueView struct {
	rows   []cases.Queued
	filter queueFilter
	people []ui.Option // of the desk
	pages  ui.Pages
	me     string
	now    time.Time
	suffix string // the query that the row's forms come back to
	again  string // why an act was refused
}

// queueFilter is the queue's filter as it stands in the address.
type queueFilter struct {
	All      bool
	Severity int
	Assignee string
	Words    string
}

func (f queueFilter) query() string {
	q := ""
	add := func(name, value string) {
		if value != "" {
			q += "&" + name + "=" + queryEscape(value)
		}
	}
	if f.All {
		add("all", "1")
	}
	if f.Severity > 0 {
		add("severity", strconv.Itoa(f.Severity))
	}
	add("assignee", f.Assignee)
	add("q", f.Words)
	return q
}

// narrowed reports whether the filter leaves anything out.
func (f queueFilter) narrowed() bool { return f.Severity > 0 || f.Assignee != "" || f.Words != "" }

func readQueueFilter(get func(string) string) (f queueFilter) {
	f = queueFilter{All: get("all") == "1", Assignee: firstRunes(get("assignee"), 64), Words: firstRunes(get("q"), cases.MaxTitle)}
	if n, err := strconv.Atoi(get("severity")); err == nil && n >= cases.LeastSevere && n <= cases.MostSevere {
		f.Severity = n
	}
	return f
}

// triage is the desk's queue of reports.
func (c *Ctx) triage() error {
	return c.showQueue(http.StatusOK, readQueueFilter(c.R.URL.Query().Get), c.R.URL.Query().Get("after"), "")
}

func (c *Ctx) showQueue(status int, f queueFilter, at, again string) error {
	var after cases.QueueCursor
	if at != "" {
		if err := c.openPlace("triage", at, &after); err != nil {
			return err
		}
	}
	x := queueView{filter: f, now: c.View.Now(), me: c.Viewer.Person, suffix: f.query(), again: again}
	var next cases.QueueCursor
	var err error
	if x.rows, next, err = c.Cases.Queue(c.View, cases.QueueFilter{Open: !f.All, Severity: f.Severity, Assignee: f.Assignee, Words: f.Words}, after, queuePage); err != nil {
		return err
	}
	if next.ID != "" {
		x.pages.OlderHref = "/triage?after=" + c.sealPlace("triage", next) + f.query()
	}
	if at != "" {
		x.pages.NewerHref = "/triage?x=1" + f.query()
	}
	if x.people, err = c.deskPeople(); err != nil {
		return err
	}
	label, err := c.deskLabel()
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Triage", Kind: "triage", Label: label, Status: status, Live: []string{"*"}, Body: triageQueueBody(x)})
}

// deskPeople are those to whom a report can be given.
func (c *Ctx) deskPeople() (os []ui.Option, err error) {
	s, err := c.Members.Settings(c.View)
	if err != nil {
		return nil, err
	}
	people, err := c.Members.People(c.View, s.Org)
	for _, p := range people {
		os = append(os, ui.Option{Value: p.ID, Text: p.Name})
	}
	return os, err
}

// sealPlace makes a place in a list into a word that tells nothing.
func (c *Ctx) sealPlace(list string, place any) string {
	b, err := json.Marshal(place)
	if err != nil {
		panic(err) // cannot happen: cursors are times and ids
	}
	return base64.RawURLEncoding.EncodeToString(c.Box.Seal(b, []byte("web/"+list+"/"+c.Viewer.Person)))
}

// openPlace reads what sealPlace made for the same reader.
func (c *Ctx) openPlace(list, word string, place any) error {
	b, err := base64.RawURLEncoding.DecodeString(word)
	if err == nil && len(b) < 1000 {
		if b, err = c.Box.Open(b, []byte("web/"+list+"/"+c.Viewer.Person)); err == nil && json.Unmarshal(b, place) == nil {
			return nil
		}
	}
	return fault.InvalidField("after", "This is not a place in this list. Start from its beginning.")
}

var (
	doneReportRated    = greeting("report-rated", "ok", "The severity is set.")
	doneReportTaken    = greeting("report-taken", "ok", "The report is assigned.")
	doneReportAcked    = greeting("report-acked", "ok", "The reporter is told that the desk has the report.")
	doneReportMerged   = greeting("report-merged", "ok", "The reports are one now. The reporter reads that his was joined with an earlier one, and nothing of that one.")
	doneReportDecided  = greeting("report-decided", "ok", "Your decision is on record, and the reporter is told.")
	doneReportReopened = greeting("report-reopened", "ok", "The report is open again.")
)

// triageAct does one act on a report. Acts of the queue come back to its row.
func (c *Ctx) triageAct(which, done string, fields []string, act func(tx *db.Tx, report string, t typed) error) error {
	id := c.R.PathValue("report")
	t, err := c.typed(append(fields, "from", "all", "severity_from", "assignee_from", "q_from")...)
	if err != nil {
		return err
	}
	f := readQueueFilter(func(name string) string {
		switch name {
		case "severity", "assignee", "q":
			return t[name+"_from"]
		}
		return t[name]
	})
	if err := c.write(func(tx *db.Tx) error { return act(tx, id, t) }); err != nil {
		return c.again(err, func(status int) error {
			if t["from"] == "queue" {
				return c.showQueue(status, f, "", fmt.Sprintf("%s: %s", ids.Short(id), fault.Sentence(err)))
			}
			return c.showTriage(status, triageForm{which: which, typed: t, problem: err})
		})
	}
	if t["from"] == "queue" {
		return c.redirect("/triage?done=" + done + f.query() + "#" + id)
	}
	return c.redirect("/triage/" + id + "?done=" + done)
}

func (c *Ctx) triageSeverity() error {
	return c.triageAct("severity", doneReportRated, []string{"severity"}, func(tx *db.Tx, id string, t typed) error {
		n, _ := strconv.Atoi(t["severity"]) // what is no number is out of range
		return c.Cases.SetSeverity(tx, id, n)
	})
}

func (c *Ctx) triageAssign() error {
	return c.triageAct("assign", doneReportTaken, []string{"person"}, func(tx *db.Tx, id string, t typed) error { return c.Cases.AssignReport(tx, id, t["person"]) })
}

func (c *Ctx) triageAcknowledge() error {
	return c.triageAct("acknowledge", doneReportAcked, nil, func(tx *db.Tx, id string, _ typed) error { return c.Cases.AcknowledgeReport(tx, id) })
}

func (c *Ctx) triageMerge() error {
	return c.triageAct("merge", doneReportMerged, []string{"into", "reason"}, func(tx *db.Tx, id string, t typed) error {
		return c.Cases.MergeReport(tx, id, t["into"], t["reason"])
	})
}

func (c *Ctx) triageReopen() error {
	return c.triageAct("reopen", doneReportReopened, []string{"reason"}, func(tx *db.Tx, id string, t typed) error { return c.Cases.ReopenReport(tx, id, t["reason"]) })
}

// ageWords is how old a report is: of a stranger's only the days are known.
func ageWords(q cases.Queued) string {
	days := int(q.Age / (24 * time.Hour))
	if q.Stranger() || days >= 2 {
		if days == 0 {
			return "today"
		}
		return fmt.Sprintf("%d d", days)
	}
	return fmt.Sprintf("%d h", int(q.Age.Hours()))
}

func agePart(q cases.Queued) int { return int(min(q.Age, patienceReport) / time.Hour) }

// severityWords name the desk's five severities.
func severityWords(n int) string {
	return [...]string{"not rated", "1, least", "2", "3", "4", "5, most severe"}[max(0, min(n, 5))]
}

// severityChip is a severity as a chip's class.
func severityChip(n int) string {
	return [...]string{"none", "none", "low", "medium", "high", "critical"}[max(0, min(n, 5))]
}
