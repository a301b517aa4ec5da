package cases

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
)

// Mark is where a party stands with one thing that is expected of it.
type Mark struct {
	At   time.Time // done; zero: not yet
	Due  time.Time // expected by; zero: no date
	Late bool      // not done and past due, or overdue again
}

// The steps of a matrix's row, in the order in which they are expected.
const (
	StepInvited = iota
	StepSeen
	StepAccepted
	StepAcknowledged
	StepAnswered
	StepFix
	StepStatement
	Steps
)

// StepWords names the steps to people.
var StepWords = [Steps]string{"Invited", "Seen", "Accepted", "Acknowledged", "Answered", "Fix planned", "Statement"}

// Matrix is who has done what in a case, in the viewer's own view.
type Matrix struct {
	Vulnerabilities []MatrixColumn
	Rows            []MatrixRow
	Late            int // rows with something late
}

// MatrixColumn is one vulnerability.
type MatrixColumn struct {
	ID    string
	CVE   string
	Title string
}

// MatrixRow is one party.
type MatrixRow struct {
	Party    Party
	Marks    [Steps]Mark
	Late     bool
	Statuses map[string]Affected // by vulnerability; what is not there was not said. See PartyStatuses
}

// Matrix reads a case's parties with their steps and statuses. It asks three
// questions, however many parties and vulnerabilities there are. Its rows are all
// of the case's parties: a page that reads it needs not read them again.
func (c *Cases) Matrix(v *db.View, id string) (m Matrix, err error) {
	if _, err := c.Case(v, id); err != nil {
		return m, err
	}
	m.Vulnerabilities, err = db.All(v, func(s db.Scanner) (u MatrixColumn, err error) { err = s.Scan(&u.ID, &u.CVE, &u.Title); return u, err },
		`SELECT u.id, u.cve, u.title FROM visible.case_vulnerabilities u WHERE u.case_id = $1 AND u.withdrawn_at = 0 ORDER BY u.n`, id)
	if err != nil {
		return m, err
	}
	var sum string
	days := dues{}
	scan := scanParty(v, &sum)
	m.Rows, err = db.All(v, func(s db.Scanner) (r MatrixRow, err error) {
		if r.Party, err = scan(s); err != nil {
			return r, err
		}
		r.Statuses = readStatuses(sum)
		r.Marks = days.marks(r.Party, len(r.Statuses), v.Now())
		for _, s := range r.Marks {
			r.Late = r.Late || s.Late
		}
		if r.Late {
			m.Late++
		}
		return r, nil
	}, `SELECT `+partyColumns+`, p.statuses FROM visible.case_parties p WHERE p.case_id = $1 ORDER BY p.invited_at`, id)
	// Many are asked at one instant; the store would sort whole rows for them.
	slices.SortStableFunc(m.Rows, func(a, b MatrixRow) int {
		return cmp.Or(a.Party.Invited.Compare(b.Party.Invited), strings.Compare(a.Party.ID, b.Party.ID))
	})
	return m, err
}

// dues remembers by day when an answer is due: working days are counted once for
// all who were asked or accepted on one day.
type dues map[fda.Date]time.Time

func (d dues) answer(from time.Time) time.Time {
	day := fda.DateOf(from, fda.DefaultZone)
	due, ok := d[day]
	if !ok {
		due = vultron.VendorAckDue(from, nil).Breach.At
		d[day] = due
	}
	return due
}

// marks works out a party's steps. A vendor's acknowledgement is expected within
// 10 work days of its acceptance and, while it only is asked, its acceptance
// within 10 of the invitation; its word every 30 days.
func (d dues) marks(p Party, said int, now time.Time) (m [Steps]Mark) {
	m[StepInvited].At, m[StepSeen].At, m[StepAccepted].At = p.Invited, p.Seen, p.Accepted
	if p.State != Invited && p.State != Joined {
		return m
	}
	if p.Accepted.IsZero() {
		due := d.answer(p.Invited)
		for _, i := range []int{StepSeen, StepAccepted} {
			m[i].Due, m[i].Late = due, m[i].At.IsZero() && now.After(due)
		}
		return m
	}
	if p.Role != Vendor {
		m[StepAcknowledged].At, m[StepAnswered].At = p.Answered, p.Answered
		return m
	}
	due := d.answer(p.Accepted)
	m[StepAcknowledged] = Mark{At: p.Answered, Due: due, Late: p.Answered.IsZero() && now.After(due)}
	m[StepAnswered].Due = due
	if said > 0 {
		m[StepAnswered].At = p.Answered
	}
	if p.RM != string(vultron.ReportClosed) && !p.Answered.IsZero() {
		word := vultron.UpdateDue(p.Updated, nil)
		m[StepAnswered].Due, m[StepAnswered].Late = word.At, word.Over(now)
	}
	m[StepFix] = Mark{At: p.Planned, Due: p.Planned, Late: !p.Planned.IsZero() && now.After(p.Planned) && (p.Fix == "vfd" || p.Fix == "Vfd")}
	if p.Words != "" {
		m[StepStatement].At = p.Updated
	}
	return m
}
