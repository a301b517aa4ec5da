package web

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// partyView is what the page of one party is drawn from.
type partyView struct {
	caseHead
	a        attempt
	P        cases.Party
	Row      cases.MatrixRow
	Columns  []cases.MatrixColumn
	Said     map[string]cases.Status // by vulnerability
	MayState bool                    // the desk may say statuses on its behalf
	Now      time.Time
}

// partyShow is what the reader may know of a party of a case.
func (c *Ctx) partyShow() error { return c.showParty(200, attempt{}) }

func (c *Ctx) showParty(status int, a attempt) error {
	return c.onCase("", func(h caseHead) error {
		m, err := c.Cases.Matrix(c.View, h.K.ID)
		if err != nil {
			return err
		}
		x := partyView{caseHead: h, a: a, Columns: m.Vulnerabilities, Now: c.View.Now()}
		for _, r := range m.Rows {
			if r.Party.ID == c.R.PathValue("party") {
				x.P, x.Row = r.Party, r
			}
		}
		if x.P.ID == "" {
			return fault.ErrMissing
		}
		if x.Said, err = c.saidBy(x.P.ID); err != nil {
			return err
		}
		x.MayState = h.K.Shared && h.Leads && x.P.Role == cases.Vendor && (x.P.State == cases.Joined || x.P.State == cases.Invited) && (h.Own == nil || h.Own.ID != x.P.ID)
		page := c.casePage(h, "participant", status, x.P.Label)
		page.Body = partyBody(x)
		return c.show(page)
	})
}

// MayRemove reports whether the reader is offered to take the party out.
func (x partyView) MayRemove() bool {
	return x.Leads && x.P.Role != cases.Government && (x.P.State == cases.Joined || x.P.State == cases.Invited) && (x.K.Shared || x.P.Org != x.K.Maker)
}

var doneRemoved = greeting("removed", "ok", "They are out of the case. Nothing of it opens for them any more.")

// partyRemove takes a party out of a case.
func (c *Ctx) partyRemove() error {
	id, party := c.R.PathValue("case"), c.R.PathValue("party")
	return c.caseAct(caseForm{which: "remove", fields: []string{"reason"}, show: c.showParty, do: func(tx *db.Tx, a attempt) (string, error) {
		if err := c.partyIn(tx.View, id, party); err != nil {
			return "", err
		}
		return "/cases/" + id + "?done=" + doneRemoved, c.Cases.Remove(tx, party, a.t["reason"])
	}})
}

// partyIn checks that a party that an address names is of the case that it names.
func (c *Ctx) partyIn(v *db.View, id, party string) error {
	p, err := c.Cases.Party(v, party)
	if err == nil && p.Case != id {
		err = fault.ErrMissing
	}
	return err
}

// statusFields are a form's fields for n vulnerabilities.
func statusField(vulnerability string) (status, words string) {
	return "status-" + vulnerability, "statement-" + vulnerability
}

// partyStatuses sets statuses of a party: by its own people, or by the desk with
// its source.
func (c *Ctx) partyStatuses() error {
	id, party := c.R.PathValue("case"), c.R.PathValue("party")
	back, show := "/cases/"+id+"/parties/"+party, c.showParty
	if party == "" {
		back, show = "/cases/"+id, c.showStatuses
	}
	return c.sendStatuses(id, party, back, show)
}

var doneStatuses = greeting("statuses", "ok", "The statuses are recorded. Everybody in the case reads them.")

func (c *Ctx) sendStatuses(id, party, back string, show func(int, attempt) error) error {
	if err := c.parseForm(); err != nil {
		return err
	}
	fields := []string{"source"}
	var said []string
	err := c.read(func(v *db.View) error {
		us, err := c.Cases.Vulnerabilities(v, id)
		for _, u := range us {
			s, w := statusField(u.ID)
			fields = append(fields, s, w)
			said = append(said, u.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.caseAct(caseForm{which: "statuses", fields: fields, show: show, do: func(tx *db.Tx, a attempt) (string, error) {
		p := party
		if p == "" {
			own, err := c.ownParty(tx.View, id)
			if err != nil {
				return "", err
			}
			p = own.ID
		} else if err := c.partyIn(tx.View, id, p); err != nil {
			return "", err
		}
		var in []cases.NewStatus
		for _, u := range said {
			s, w := statusField(u)
			if a.t[s] != "" {
				in = append(in, cases.NewStatus{Vulnerability: u, Status: cases.Affected(a.t[s]), Statement: a.t[w]})
			}
		}
		if len(in) == 0 {
			return "", fault.Invalidf("Say the status of one vulnerability at least.")
		}
		return back + "?done=" + doneStatuses, c.Cases.SetStatuses(tx, p, in, a.t["source"])
	}})
}

// ownParty is the party that the viewer acts for.
func (c *Ctx) ownParty(v *db.View, id string) (cases.Party, error) {
	ps, err := c.Cases.Parties(v, id)
	if err != nil {
		return cases.Party{}, err
	}
	for _, p := range ps {
		if p.Org != "" && p.Org == v.Viewer().Org && p.State == cases.Joined && v.Viewer().Principals().Has(policy.OfCircle(p.Circle)) {
			return p, nil
		}
	}
	return cases.Party{}, fault.ErrMissing
}

// statusesView is what the form of one's own statuses is drawn from.
type statusesView struct {
	caseHead
	a       attempt
	Said    map[string]cases.Status // by vulnerability
	Columns []cases.MatrixColumn
}

// saidBy is what a party said of each vulnerability.
func (c *Ctx) saidBy(party string) (map[string]cases.Status, error) {
	ss, err := c.Cases.PartyStatuses(c.View, party)
	out := make(map[string]cases.Status, len(ss))
	for _, s := range ss {
		out[s.Vulnerability] = s
	}
	return out, err
}

// caseStatuses is the form with which a vendor says what is affected.
func (c *Ctx) caseStatuses() error { return c.showStatuses(200, attempt{}) }

func (c *Ctx) showStatuses(status int, a attempt) error {
	return c.onCase(tabTechnical, func(h caseHead) error {
		if h.Own == nil || h.Own.Role != cases.Vendor {
			return fault.ErrMissing
		}
		m, err := c.Cases.Matrix(c.View, h.K.ID)
		if err != nil {
			return err
		}
		x := statusesView{caseHead: h, a: a, Columns: m.Vulnerabilities}
		if x.Said, err = c.saidBy(h.Own.ID); err != nil {
			return err
		}
		page := c.casePage(h, "statuses", status)
		page.Body = statusesBody(x)
		return c.show(page)
	})
}

// oursView is what the page of one's own part in a case is drawn from.
type oursView struct {
	caseHead
	a      attempt
	key    string
	Seats  []members.RosterRow
	Others []ui.Option // colleagues without a seat
	Events []ui.Option // what can be said of the report
	Fix    []ui.Option // the next step of the fix
	Mine   string      // the reader's id
	Now    time.Time
}

// caseOurs is the page of the reader's organization's own part: its people, its
// answer, its word, its fix, its statement.
func (c *Ctx) caseOurs() error { return c.showOurs(200, attempt{}) }

func (c *Ctx) showOurs(status int, a attempt) error {
	return c.onCase("", func(h caseHead) error {
		if h.Own == nil {
			return fault.ErrMissing
		}
		x := oursView{caseHead: h, a: a, key: a.key("word", ids.Random(26)), Now: c.View.Now(), Mine: c.Viewer.Person}
		var err error
		if x.Seats, err = c.Cases.Seats(c.View, h.Own.ID); err != nil {
			return err
		}
		there := map[string]bool{}
		for _, s := range x.Seats {
			there[s.ID] = true
		}
		if x.Others, err = c.colleagueOptions(there); err != nil {
			return err
		}
		for _, e := range vultron.Report.Events(vultron.ReportState(h.Own.RM)) {
			if e != vultron.Receive {
				x.Events = append(x.Events, ui.Option{Value: string(e), Text: reportWords[e], Hint: reportHints[e]})
			}
		}
		if h.Own.Role == cases.Vendor {
			switch h.Own.Fix {
			case "Vfd":
				x.Fix = []ui.Option{{Value: string(vultron.FixReady), Text: "The fix is ready", Selected: true}}
			case "VFd":
				x.Fix = []ui.Option{{Value: string(vultron.FixDeployed), Text: "The fix is deployed", Selected: true}}
			}
		}
		page := c.casePage(h, "our part", status, policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(h.Own.Circle))})
		page.Body = oursBody(x)
		return c.show(page)
	})
}

var (
	reportWords = map[vultron.ReportEvent]string{vultron.Validate: "The report is valid", vultron.Invalidate: "We doubt the report", vultron.Accept: "We work on it", vultron.Defer: "We put it off", vultron.Close: "We are done with it"}
	reportHints = map[vultron.ReportEvent]string{vultron.Validate: "You could reproduce it, or believe it.", vultron.Invalidate: "Needs a reason.", vultron.Defer: "Needs a reason.", vultron.Close: "Needs a reason. It is the end of your work on it."}
)

// ourAct is a form of the page of one's own part.
func (c *Ctx) ourAct(which, done string, fields, lists []string, do func(tx *db.Tx, id string, a attempt) error) error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: which, fields: fields, lists: lists, show: c.showOurs, do: func(tx *db.Tx, a attempt) (string, error) {
		return "/cases/" + id + "/ours?done=" + done, do(tx, id, a)
	}})
}

var (
	doneAcknowledged = greeting("acknowledged", "ok", "The others know that you have the report.")
	doneOurs         = greeting("ours", "ok", "It is recorded. Everybody in the case reads it.")
	doneSeats        = greeting("seats", "ok", "Your organization’s people on the case are changed.")
	doneCaseLeft     = greeting("case-left", "ok", "Your organization has left the case. Its embargo goes on to bind it.")
)

// caseAcknowledge says that one's organization has the report.
func (c *Ctx) caseAcknowledge() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "acknowledge", show: c.showOurs, do: func(tx *db.Tx, a attempt) (string, error) {
		return "/cases/" + id + "?done=" + doneAcknowledged, c.Cases.Acknowledge(tx, id)
	}})
}

// caseReport says where one's organization stands with the report.
func (c *Ctx) caseReport() error {
	return c.ourAct("report", doneOurs, []string{"event", "reason"}, nil, func(tx *db.Tx, id string, a attempt) error {
		if a.t["event"] == "" {
			return fault.InvalidField("event", "Choose where you stand.")
		}
		return c.Cases.Handle(tx, id, vultron.ReportEvent(a.t["event"]), a.t["reason"])
	})
}

// caseWord gives word on the case.
func (c *Ctx) caseWord() error {
	return c.ourAct("word", doneOurs, []string{"text"}, nil, func(tx *db.Tx, id string, a attempt) error {
		_, again, err := c.Cases.Update(tx, id, a.t["text"], a.t["idempotency_key"])
		return once(again, err)
	})
}

// caseFix plans the fix, or takes it a step on.
func (c *Ctx) caseFix() error {
	return c.ourAct("fix", doneOurs, []string{"at", "event"}, nil, func(tx *db.Tx, id string, a attempt) error {
		var p check.Problems
		at := moment(&p, "at", "The day of the fix", a.t["at"], false)
		if err := p.Err(); err != nil {
			return err
		}
		own, err := c.ownParty(tx.View, id)
		if err != nil {
			return err
		}
		if a.t["event"] != "" {
			if err := c.Cases.MoveFix(tx, id, vultron.CaseEvent(a.t["event"])); err != nil {
				return err
			}
			if at.IsZero() || at.Equal(own.Planned) {
				return nil
			}
		}
		return c.Cases.PlanFix(tx, id, at)
	})
}

// caseStatement sets the statement that one's organization offers to the public.
func (c *Ctx) caseStatement() error {
	return c.ourAct("statement", doneOurs, []string{"statement"}, nil, func(tx *db.Tx, id string, a attempt) error {
		return c.Cases.Declare(tx, id, a.t["statement"])
	})
}

// caseSeat gives colleagues a place in the case.
func (c *Ctx) caseSeat() error {
	return c.ourAct("seats", doneSeats, nil, []string{"people"}, func(tx *db.Tx, id string, a attempt) error {
		return c.Cases.Seat(tx, id, a.lists["people"])
	})
}

// caseUnseat takes a colleague's place away.
func (c *Ctx) caseUnseat() error {
	id, person := c.R.PathValue("case"), c.R.PathValue("person")
	return c.caseAct(caseForm{which: "unseat", fields: []string{"reason"}, show: c.showOurs, do: func(tx *db.Tx, a attempt) (string, error) {
		to := "/cases/" + id + "/ours?done=" + doneSeats
		if person == tx.Viewer().Person {
			to = "/cases?done=" + doneSeats
		}
		return to, c.Cases.Unseat(tx, id, person, a.t["reason"])
	}})
}

// caseLeave ends one's organization's part in a case.
func (c *Ctx) caseLeave() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "leave", fields: []string{"reason"}, show: c.showOurs, do: func(tx *db.Tx, a attempt) (string, error) {
		return "/cases?done=" + doneCaseLeft, c.Cases.Leave(tx, id, a.t["reason"])
	}})
}
