package matching

import (
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Answer is what an organization decided about a finding that it sees. It is its own:
// nobody else reads it.
type Answer struct {
	At    time.Time
	Name  string // who answered
	State string // of AnswerStates
	Why   string
	Until string // YYYY-MM-DD; "" = for good. Then it is asked again
}

// AnswerStates are the answers.
func AnswerStates() []string { return []string{"looking", "affected", "fixed", "not us", "muted"} }

// Settles reports whether nothing is to be done any more, for now.
func (a Answer) Settles(now time.Time) bool {
	if a.Until != "" && now.UTC().Format(time.DateOnly) > a.Until {
		return false
	}
	return a.State == "fixed" || a.State == "not us" || a.State == "muted"
}

// Decide keeps an answer of the viewer's organization about a finding.
func (x *Matching) Decide(tx *db.Tx, finding, state, why, until string) error {
	who := tx.Viewer()
	own := policy.Default(who.Org)
	if !who.May(policy.MayPost) || !who.CanRead(own.Audience) {
		return fault.Forbiddenf("Only a named recipient of your organization answers for it.")
	}
	f, err := x.Finding(tx.View, finding)
	if err != nil {
		return err
	}
	var bad check.Problems
	state = bad.OneOf("state", "The answer", state, AnswerStates()...)
	settling := Answer{State: state}.Settles(tx.Now())
	why = bad.Text("why", "The reason", why, 2000, settling)
	if until != "" {
		if t, err := time.Parse(time.DateOnly, until); err != nil {
			bad.Add("until", "Write the day as YYYY-MM-DD.")
		} else if !t.After(tx.Now()) {
			bad.Add("until", "That day has passed.")
		}
	}
	if state == "muted" && until == "" {
		bad.Add("until", "Say until when it is muted.")
	}
	if err := bad.Err(); err != nil {
		return err
	}
	a, err := tx.Store(own.Audience)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE matching_answers SET newest = 0 WHERE finding = $1 AND org = $2 AND newest = 1`, f.n, who.Org); err != nil {
		return err
	}
	id := ids.New("answer")
	if _, err := tx.Exec(`INSERT INTO matching_answers (id, at, org, person, name, finding, state, why, until, newest, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11)`,
		id, clock.Micros(tx.Now()), who.Org, who.Person, who.Name, f.n, state, why, until, string(own.TLP), a); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "finding.answered", Object: f.ID, Label: own, Data: map[string]any{"vulnerability": f.Vuln, "answer": state, "why": why, "until": until}})
	return nil
}

// answers adds to findings what the reader's organization decided.
func (x *Matching) answers(v *db.View, fs []Finding) error {
	if !v.Viewer().SignedIn() || len(fs) == 0 {
		return nil
	}
	at := map[int64][]int{}
	var list []string
	for i, f := range fs {
		at[f.n] = append(at[f.n], i)
		list = append(list, strconv.FormatInt(f.n, 10))
	}
	return v.Each(`SELECT a.finding, a.at, a.name, a.state, a.why, a.until FROM visible.matching_answers a WHERE a.newest = 1 AND a.org = $1 AND a.finding IN (SELECT CAST(value AS BIGINT) FROM json_each($2))`,
		[]any{v.Viewer().Org, db.List(list)}, func(s db.Scanner) error {
			var n, when int64
			var a Answer
			if err := s.Scan(&n, &when, &a.Name, &a.State, &a.Why, &a.Until); err != nil {
				return err
			}
			a.At = clock.FromMicros(when)
			for _, i := range at[n] {
				fs[i].Answer = &a
			}
			return nil
		})
}
