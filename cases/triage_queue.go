package cases

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
)

// QueueFilter narrows the desk's queue.
type QueueFilter struct {
	Open     bool // only what is not decided
	Severity int  // at least; 0 for every one
	Assignee string
	Words    string // in the title
}

// QueueCursor is a place in the queue: after the report of that id, come then.
type QueueCursor struct {
	At time.Time
	ID string
}

// Queued is a report in the desk's queue.
type Queued struct {
	Report
	Triage     Triaged
	Age        time.Duration // since it came; a stranger's since the beginning of that day
	AckDue     fda.Due
	AckOver    bool          // not acknowledged, and due
	Duplicates int           // how many reports and cases it may be a duplicate of
}

// Queue lists the reports that the viewer triages, the oldest first, at most
// limit, and where the next page begins.
func (c *Cases) Queue(v *db.View, f QueueFilter, after QueueCursor, limit int) (qs []Queued, next QueueCursor, err error) {
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	at := int64(-1)
	if after.ID != "" {
		at = clock.Micros(after.At)
	}
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(f.Words)) + "%"
	qs, err = db.All(v, func(s db.Scanner) (q Queued, err error) {
		var row triageRow
		if q.Report, err = scanReport(v, row.into(&q.Triage)...)(s); err == nil {
			err = row.finish(&q.Triage)
		}
		return q, err
	}, `SELECT `+reportColumns+`, `+triageColumns+` FROM visible.case_triages t JOIN visible.case_reports r ON r.id = t.report
		WHERE (r.at > $1 OR r.at = $1 AND r.id > $2) AND ($3 = 0 OR r.state IN ('received', 'acknowledged', 'examined')) AND t.severity >= $4
			AND ($5 = '' OR t.assignee = $5) AND LOWER(r.title) LIKE $6 ESCAPE '!'
		ORDER BY r.at, r.id LIMIT $7`, at, after.ID, flag(f.Open), f.Severity, f.Assignee, like, limit+1)
	if err != nil || len(qs) == 0 {
		return nil, next, err
	}
	if len(qs) > limit {
		qs = qs[:limit]
		next = QueueCursor{qs[limit-1].Report.At, qs[limit-1].ID}
	}
	known, err := c.known(v)
	if err != nil {
		return nil, next, err
	}
	for i := range qs {
		q := &qs[i]
		q.Age = v.Now().Sub(q.Report.At)
		q.AckDue = ackDue(q.Report)
		q.AckOver = q.Acked.IsZero() && !v.Now().Before(q.AckDue.At)
		q.Duplicates = len(known.like(q.Report))
		if q.Report, err = c.forViewer(v, q.Report); err != nil {
			return nil, next, err
		}
	}
	return qs, next, nil
}

// ackDue is when the desk owes an acknowledgement. Of a stranger's report
// it is not known when in the day it came; the clock runs from the day's end, as
// in reckonReport.
func ackDue(r Report) fda.Due {
	received := r.At
	if r.Stranger() {
		received = fda.DateOf(r.At, time.UTC).End(time.UTC)
	}
	return vultron.DeskAckDue(received, time.UTC).Breach
}

// Likely is a report or a case of which another report may be a duplicate.
type Likely struct {
	Report string // its id, or "" for a case
	Case   string // its id, or "" for a report
	Title  string
	At     time.Time
	State  string // a report's state or a case's stage
	Why    string // a sentence
}

// Short is its id as people say it.
func (l Likely) Short() string { return ids.Short(l.Report + l.Case) }

// duplicateWithin is how far apart two reports of the same flaw may be when only
// product, weakness and component tell it.
const duplicateWithin = 180 * 24 * time.Hour

// Duplicates suggests what a report may be a duplicate of, among what the viewer
// can see: the same CVE, or the same product, weakness and component within 180
// days.
func (c *Cases) Duplicates(v *db.View, report string) ([]Likely, error) {
	r, err := db.One(v, scanReport(v), `SELECT `+reportColumns+` FROM visible.case_reports r WHERE r.id = $1`, report)
	if err != nil {
		return nil, err
	}
	known, err := c.known(v)
	if err != nil {
		return nil, err
	}
	return known.like(r), nil
}

// catalogue is everything that a viewer can see and a report may repeat.
type catalogue struct {
	items   []Likely
	byCVE   map[string][]int
	byTrait map[string][]int
}

// known reads the viewer's catalogue, in two passes over what is visible rather
// than one query for each report.
func (c *Cases) known(v *db.View) (k catalogue, err error) {
	k = catalogue{byCVE: map[string][]int{}, byTrait: map[string][]int{}}
	err = v.Each(`SELECT r.id, r.title, r.at, r.state, r.cves, r.traits FROM visible.case_reports r WHERE r.cves <> '[]' OR r.traits <> '[]' ORDER BY r.at, r.id`, nil, func(s db.Scanner) error {
		var l Likely
		var at int64
		var cves, traits string
		if err := s.Scan(&l.Report, &l.Title, &at, &l.State, &cves, &traits); err != nil {
			return err
		}
		l.At = clock.FromMicros(at)
		for _, f := range []struct {
			text string
			into map[string][]int
		}{{cves, k.byCVE}, {traits, k.byTrait}} {
			var values []string
			if err := json.Unmarshal([]byte(f.text), &values); err != nil {
				return err
			}
			for _, x := range values {
				f.into[x] = append(f.into[x], len(k.items))
			}
		}
		k.items = append(k.items, l)
		return nil
	})
	if err != nil {
		return k, err
	}
	cases := map[string]int{}
	err = v.Each(`SELECT k.id, k.title, k.at, k.stage, w.cve FROM visible.case_vulnerabilities w JOIN visible.cases k ON k.id = w.case_id WHERE w.cve <> '' ORDER BY k.at, k.id, w.cve`, nil, func(s db.Scanner) error {
		var l Likely
		var at int64
		var cve string
		if err := s.Scan(&l.Case, &l.Title, &at, &l.State, &cve); err != nil {
			return err
		}
		l.At = clock.FromMicros(at)
		i, ok := cases[l.Case]
		if !ok {
			i = len(k.items)
			cases[l.Case] = i
			k.items = append(k.items, l)
		}
		k.byCVE[cve] = append(k.byCVE[cve], i)
		return nil
	})
	return k, err
}

// like lists what a report may be a duplicate of, without itself and the case that
// came of it.
func (k catalogue) like(r Report) (out []Likely) {
	why := map[int]string{}
	for _, cve := range r.Intake.CVEs {
		for _, i := range k.byCVE[cve] {
			if why[i] == "" {
				why[i] = "It names " + cve + " too."
			}
		}
	}
	for _, t := range r.traits {
		for _, i := range k.byTrait[t] {
			if d := r.At.Sub(k.items[i].At).Abs(); why[i] == "" && d <= duplicateWithin {
				why[i] = "The same product, weakness and component, within 180 days."
			}
		}
	}
	for i, w := range why {
		l := k.items[i]
		if l.Report == r.ID || l.Case != "" && l.Case == r.Case {
			continue
		}
		l.Why = w
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b Likely) int {
		if n := a.At.Compare(b.At); n != 0 {
			return n
		}
		return strings.Compare(a.Report+a.Case, b.Report+b.Case)
	})
	return out
}
