package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseHappenedView is what the page of events outside is drawn from.
type caseHappenedView struct {
	caseHead
	a       attempt
	options []ui.Option
	drafted string // the approved statement that would be published, or ""
	in      bool   // an embargo binds
	now     string // as the field takes it
}

// caseHappened says what follows from recording that something became public,
// and asks which.
func (c *Ctx) caseHappened() error { return c.showCaseHappened(200, attempt{}) }

func (c *Ctx) showCaseHappened(status int, a attempt) error {
	return c.onCase(tabDecisions, func(h caseHead) error {
		if !h.Leads {
			return fault.ErrMissing
		}
		x := caseHappenedView{caseHead: h, a: a, in: h.K.Embargo.In(c.View.Now()), now: typedTime(c.View.Now())}
		ps, err := c.Cases.Publications(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for _, p := range ps {
			if p.State == cases.PublicationApproved {
				x.drafted = p.Title
			}
		}
		x.options = happenings(x)
		page := c.casePage(h, "events", status)
		page.Body = caseHappenedBody(x)
		return c.show(page)
	})
}

// happenings are the events that are left to record, each with what follows.
func happenings(x caseHappenedView) (out []ui.Option) {
	ends := "No embargo is in force."
	if x.in {
		ends = "It ends the embargo at once, for everybody in the case."
	}
	if x.drafted != "" {
		ends += " The approved statement “" + x.drafted + "” is published."
	}
	if x.K.PublicAt.IsZero() {
		out = append(out, ui.Option{Value: string(vultron.PublicAware), Text: "The vulnerability is public", Hint: ends})
	}
	if x.K.ExploitAt.IsZero() {
		out = append(out, ui.Option{Value: string(vultron.ExploitPublic), Text: "An exploit is public", Hint: "It says too that the vulnerability is public. " + ends})
	}
	if x.K.AttacksAt.IsZero() {
		hint := "Everybody in the case reads it."
		if x.in {
			hint = "Within 24 hours you decide whether the embargo ends; that clock starts now."
		}
		out = append(out, ui.Option{Value: string(vultron.Attacks), Text: "Attacks were observed", Hint: hint})
	}
	if x.in {
		out = append(out,
			ui.Option{Value: string(vultron.AdversaryExploit), Text: "An adversary has a working exploit", Hint: "Within 24 hours you decide whether the embargo ends."},
			ui.Option{Value: string(vultron.AdversaryKnows), Text: "An adversary knows the details", Hint: "Recorded. You may end the embargo sooner."},
			ui.Option{Value: string(vultron.QuorumReady), Text: "Enough vendors have their fix", Hint: "Recorded. You may end the embargo sooner."})
	}
	return out
}

var doneHappened = greeting("happened", "warn", "It is recorded. Look at what comes next.")

// caseRecord records an event.
func (c *Ctx) caseRecord() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "happened", fields: []string{"event", "at", "source", "sure"}, show: c.showCaseHappened, do: func(tx *db.Tx, a attempt) (string, error) {
		var p check.Problems
		at := moment(&p, "at", "When it happened", a.t["at"], true)
		if a.t["sure"] == "" {
			p.Add("sure", "Say that you know that this is never taken back.")
		}
		if a.t["event"] == "" {
			p.Add("event", "Choose what happened.")
		}
		if err := p.Err(); err != nil {
			return "", err
		}
		to := "/cases/" + id + "?done=" + doneHappened
		switch e := a.t["event"]; e {
		case string(vultron.AdversaryExploit), string(vultron.AdversaryKnows), string(vultron.QuorumReady):
			return to, c.Cases.Breached(tx, id, vultron.Breach(e), a.t["source"])
		default:
			return to, c.Cases.Happened(tx, id, vultron.CaseEvent(e), at, a.t["source"])
		}
	}})
}
