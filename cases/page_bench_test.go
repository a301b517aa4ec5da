package cases_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// large is a case with so many vendors that take part, vulnerabilities and
// messages, every vendor with a status for each vulnerability.
func large(h *town.Town, orgs []string, vulnerabilities, messages int) string {
	h.T.Helper()
	id := h.Case(town.Dora, cases.NewCase{Title: fmt.Sprintf("A flaw in %d products", len(orgs))})
	h.OK(accepting(h, town.Dora, propose(h, town.Dora, id, time.Time{})))
	var made []string
	h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
		made, _, err = h.Cases.Invite(tx, id, cases.NewInvitation{Orgs: orgs, Role: cases.Vendor})
		return err
	}))
	var statuses []cases.NewStatus
	for i := range vulnerabilities {
		statuses = append(statuses, cases.NewStatus{Vulnerability: vulnerability(h, town.Dora, id, fmt.Sprintf("Flaw %d", i)), Status: cases.StatusAffected, Statement: "Series 5 only."})
	}
	for i, party := range made {
		who := "person_CROWD" + orgs[i][len("org_CROWD"):]
		accept(h, who, party)
		h.OK(h.Write(who, func(tx *db.Tx) error { return h.Cases.SetStatuses(tx, party, statuses, "") }))
	}
	thread := town.Must(h, town.Dora, func(v *db.View) ([]cases.Thread, error) { return h.Cases.Threads(v, id) })[0].ID
	for i := range messages {
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
			_, _, err := h.Forum.Reply(tx, thread, forum.NewPost{Body: fmt.Sprintf("Message %d", i)})
			return err
		}))
	}
	return id
}

// page reads what a case's page shows: the case, its parties and statuses (the
// matrix has both), threads, what happened lately, vulnerabilities, and the next
// step.
func page(h *town.Town, v *db.View, id string) error {
	k, err := h.Cases.Case(v, id)
	if err != nil {
		return err
	}
	m, err := h.Cases.Matrix(v, id)
	if err != nil {
		return err
	}
	if _, err := h.Cases.Threads(v, id); err != nil {
		return err
	}
	if _, _, err := h.Cases.Timeline(v, id, 0, 20); err != nil {
		return err
	}
	if _, err := h.Cases.Vulnerabilities(v, id); err != nil {
		return err
	}
	_, err = h.Cases.NextIn(v, k, m)
	return err
}

// BenchmarkCasePage reads a case's page with 121 vendors and with 5: the first
// takes at most 1.5 times as long, and less than 50 ms.
func BenchmarkCasePage(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			url := ""
			if engine == "postgres" {
				url = pgtest.URL(b, pgtest.NoFsync())
			}
			h := town.New(b, url)
			orgs := crowd(h, 121)
			for _, n := range []int{5, 121} {
				id := large(h, orgs[:n], 35, 100)
				dora := h.As(town.Dora)
				b.Run(fmt.Sprintf("vendors=%d", n), func(b *testing.B) {
					for b.Loop() {
						if err := h.DB.Read(h.Ctx, dora, func(v *db.View) error { return page(h, v, id) }); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
