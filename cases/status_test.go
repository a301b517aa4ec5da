package cases_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

func vulnerability(h *town.Town, by, id, title string) (u string) {
	h.T.Helper()
	h.OK(h.Write(by, func(tx *db.Tx) (err error) {
		u, _, err = h.Cases.AddVulnerability(tx, id, "", cases.Description{Title: title}, h.Key())
		return err
	}))
	return u
}

// Statuses are the vendor's own, or the desk's with a source; the matrix shows
// them with each party's steps, late ones marked, in the viewer's own view.
func TestStatusesAndMatrix(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := joint(h)
		supply := ask(h, id, cases.Vendor, town.Supply)[0]
		ps := parties(h, town.Dora, id)
		pump, monitor := ps[town.Pump.ID()].ID, ps[town.Monitor.ID()].ID
		a, b := vulnerability(h, town.Dora, id, "Overflow"), vulnerability(h, town.Dora, id, "Weak key")
		set := func(who, party, source string, in ...cases.NewStatus) error {
			h.Clock.Add(time.Minute)
			return h.Write(who, func(tx *db.Tx) error { return h.Cases.SetStatuses(tx, party, in, source) })
		}
		h.OK(set(town.Pia, pump, "", cases.NewStatus{a, cases.StatusAffected, "Series 5 only."}, cases.NewStatus{b, cases.StatusNotAffected, ""}))
		h.OK(set(town.Pia, pump, "", cases.NewStatus{a, cases.StatusFixed, "In 5.2."}))
		h.OK(set(town.Dora, monitor, "Telephone, Max Monitor", cases.NewStatus{a, cases.StatusUnknown, ""}))
		h.OK(set(town.Dora, supply, "Their web site", cases.NewStatus{b, cases.StatusAffected, "Secretly affected."}))
		for _, c := range []struct {
			name, who, party, source string
			in                       []cases.NewStatus
			kind                     fault.Kind
			field                    string
		}{
			{"of another vendor", town.Pia, monitor, "", []cases.NewStatus{{a, cases.StatusAffected, ""}}, fault.Forbidden, ""},
			{"of one that is only asked", town.Pia, supply, "", []cases.NewStatus{{a, cases.StatusAffected, ""}}, fault.Missing, ""},
			{"by the desk without a source", town.Dora, monitor, "", []cases.NewStatus{{a, cases.StatusAffected, ""}}, fault.Invalid, "source"},
			{"none", town.Pia, pump, "", nil, fault.Invalid, "statuses"},
			{"of a vulnerability elsewhere", town.Pia, pump, "", []cases.NewStatus{{"vulnerability_NONE", cases.StatusAffected, ""}}, fault.Invalid, "vulnerability"},
			{"twice", town.Pia, pump, "", []cases.NewStatus{{a, cases.StatusAffected, ""}, {a, cases.StatusFixed, ""}}, fault.Invalid, "vulnerability"},
			{"of no kind", town.Pia, pump, "", []cases.NewStatus{{a, "perhaps", ""}}, fault.Invalid, "status"},
		} {
			t.Run(c.name, func(t *testing.T) { town.Wants(t, set(c.who, c.party, c.source, c.in...), c.kind, c.field) })
		}
		matrix := func(who string) cases.Matrix {
			return town.Must(h, who, func(v *db.View) (cases.Matrix, error) { return h.Cases.Matrix(v, id) })
		}
		row := func(m cases.Matrix, party string) (r cases.MatrixRow) {
			for _, x := range m.Rows {
				if x.Party.ID == party {
					r = x
				}
			}
			return r
		}
		m := matrix(town.Max)
		if len(m.Rows) != 2 || len(m.Vulnerabilities) != 2 || m.Late != 0 {
			t.Errorf("Max sees %d rows, %d vulnerabilities, %d late", len(m.Rows), len(m.Vulnerabilities), m.Late)
		}
		if r := row(m, pump); r.Statuses[a] != cases.StatusFixed || r.Statuses[b] != cases.StatusNotAffected || r.Marks[cases.StepAnswered].At.IsZero() {
			t.Errorf("Pump: %+v", r)
		}
		if r := row(m, monitor); r.Statuses[a] != cases.StatusUnknown || !r.Marks[cases.StepAcknowledged].At.IsZero() {
			t.Errorf("what the desk says counts as Monitor's answer: %+v", r)
		}
		for party, want := range map[string]int{pump: 2, monitor: 1, supply: 0} {
			ss := town.Must(h, town.Max, func(v *db.View) ([]cases.Status, error) { return h.Cases.PartyStatuses(v, party) })
			if len(ss) != want || party == pump && ss[0].Statement+ss[1].Statement != "In 5.2." {
				t.Errorf("Max reads of %s: %+v", party, ss)
			}
		}
		// Supply's people learn nothing of it before they agree.
		if ss := town.Must(h, town.Sue, func(v *db.View) ([]cases.Status, error) { return h.Cases.CaseStatuses(v, id) }); len(ss) != 0 {
			t.Errorf("Sue reads %+v", ss)
		}
		if _, err := town.Read(h, town.Sue, func(v *db.View) (cases.Matrix, error) { return h.Cases.Matrix(v, id) }); !fault.Is(err, fault.Missing) {
			t.Errorf("Sue reads the matrix: %v", err)
		}
		ss := town.Must(h, town.Max, func(v *db.View) ([]cases.Status, error) { return h.Cases.CaseStatuses(v, id) })
		if len(ss) != 3 {
			t.Errorf("Max reads %d statuses: one is of a vendor he cannot know of", len(ss))
		}
		if d := matrix(town.Dora); len(d.Rows) != 3 || row(d, supply).Statuses[b] != cases.StatusAffected {
			t.Errorf("the desk sees %d rows", len(d.Rows))
		}
		// 10 work days later Monitor is late to acknowledge and Supply to accept.
		h.Clock.Set(town.Epoch.AddDate(0, 0, 16))
		d := matrix(town.Dora)
		if !row(d, monitor).Marks[cases.StepAcknowledged].Late || !row(d, supply).Marks[cases.StepAccepted].Late || row(d, pump).Late || d.Late != 2 {
			t.Errorf("late: %+v %+v", row(d, monitor).Marks, row(d, supply).Marks)
		}
		// What the desk said of Supply becomes readable for the others only when Supply takes part.
		accept(h, town.Sue, supply)
		if ss := town.Must(h, town.Max, func(v *db.View) ([]cases.Status, error) { return h.Cases.CaseStatuses(v, id) }); len(ss) != 4 {
			t.Errorf("Max reads %d statuses after Supply accepted", len(ss))
		}
	})
}
