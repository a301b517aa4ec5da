package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseInviteView is what the form to ask organizations in is drawn from.
type caseInviteView struct {
	caseHead
	a      attempt
	key    string
	groups []ui.AudienceGroup // organizations that may be asked, by kind
	terms  string             // what they must agree to first
}

// caseInvite is the form to ask organizations in.
func (c *Ctx) caseInvite() error { return c.showCaseInvite(200, attempt{}) }

func (c *Ctx) showCaseInvite(status int, a attempt) error {
	return c.onCase("", func(h caseHead) error {
		if !h.Leads {
			return fault.ErrMissing
		}
		x := caseInviteView{caseHead: h, a: a, key: a.key("invite", ids.Random(26))}
		there := map[string]bool{c.Viewer.Org: true}
		for _, p := range h.All {
			if p.State == cases.Joined || p.State == cases.Invited {
				there[p.Org] = true
			}
		}
		chosen := map[string]bool{}
		for _, id := range a.lists["orgs"] {
			chosen[id] = true
		}
		for _, k := range []policy.Kind{policy.Manufacturer, policy.Vendor, policy.Provider, policy.Researcher} {
			os, err := c.orgOptions(k)
			if err != nil {
				return err
			}
			g := ui.AudienceGroup{Title: upperFirst(members.KindWords(k, 2))}
			for _, o := range os {
				if !there[o.Value] {
					g.Options = append(g.Options, ui.Option{Value: o.Value, Text: o.Text, Selected: chosen[o.Value]})
				}
			}
			if len(g.Options) > 0 {
				x.groups = append(x.groups, g)
			}
		}
		var err error
		if x.terms, err = c.offerWords(h.K); err != nil {
			return err
		}
		page := c.casePage(h, "invite", status)
		page.Body = caseInviteBody(x)
		return c.show(page)
	})
}

// offerWords says what somebody who is asked in has to agree to.
func (c *Ctx) offerWords(k cases.Case) (string, error) {
	if k.Embargo.In(c.View.Now()) {
		return "They agree to the embargo until " + ui.Deadline(k.Embargo.Until.UTC(), "UTC") + " before the case opens to them.", nil
	}
	ps, err := c.Cases.Proposals(c.View, k.ID)
	if err != nil {
		return "", err
	}
	var first *cases.Proposal
	for i, p := range ps {
		if p.Kind == "proposal" && p.State == "open" && (first == nil || p.Until.Before(first.Until)) {
			first = &ps[i]
		}
	}
	if first != nil {
		return "They agree to the proposed embargo until " + ui.Deadline(first.Until.UTC(), "UTC") + " before the case opens to them.", nil
	}
	return "No embargo is proposed: the case opens to them as soon as they accept.", nil
}

// inviteRoles are the roles in which organizations are asked in.
func inviteRoles() (out []ui.Option) {
	for _, r := range []struct {
		role cases.Role
		hint string
	}{{cases.Vendor, "Makes or supplies what may be vulnerable. Its clock to answer runs from its acceptance."}, {cases.Deployer, "Runs the devices."},
		{cases.Finder, "Found it."}, {cases.Coordinator, "Coordinates with others."}, {cases.Other, ""}} {
		out = append(out, ui.Option{Value: string(r.role), Text: upperFirst(r.role.Words()), Hint: r.hint, Selected: r.role == cases.Vendor})
	}
	return out
}

var doneInvited = greeting("invited", "ok", "They are asked in. The case stays closed to them until they accept.")

// caseAsk asks organizations in.
func (c *Ctx) caseAsk() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "invite", fields: []string{"role", "note", "desk_sees"}, lists: []string{"orgs"}, show: c.showCaseInvite, do: func(tx *db.Tx, a attempt) (string, error) {
		_, again, err := c.Cases.Invite(tx, id, cases.NewInvitation{Orgs: a.lists["orgs"], Role: cases.Role(a.t["role"]), Note: a.t["note"], DeskSees: a.t["desk_sees"] != "", Key: a.t["idempotency_key"]})
		return "/cases/" + id + "?done=" + doneInvited, once(again, err)
	}})
}

// invitedView is what an invitation into a case is drawn from.
type invitedView struct {
	In     cases.Invitation
	a      attempt
	people []ui.Option // colleagues who may be seated
	label  policy.Label
}

// invited is an invitation into a case, as the organization that is asked reads
// it: who asks, as what, and the embargo to be agreed to. Nothing of the case.
func (c *Ctx) invited() error { return c.showInvited(200, attempt{}) }

func (c *Ctx) showInvited(status int, a attempt) error {
	id := c.R.PathValue("party")
	in, err := c.Cases.Invitation(c.View, id)
	if err != nil {
		return err
	}
	p, err := c.Cases.Party(c.View, id)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(p.Label) {
		return c.secondPasskey()
	}
	x := invitedView{In: in, a: a, label: p.Label}
	if x.people, err = c.colleagueOptions(nil); err != nil {
		return err
	}
	if in.Seen.IsZero() && c.R.Method == "GET" && c.R.Header.Get("X-Cordon-Partial") == "" {
		c.afterwards(func() {
			err := c.write(func(tx *db.Tx) error { return c.Cases.SeeInvitation(tx, id) })
			if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Missing) {
				c.Log.Warn("note that an invitation was opened", "err", err)
			}
		})
	}
	return c.show(Page{Title: "Invitation to " + in.Case, Kind: "invited", Label: x.label, Status: status, Body: invitedBody(x, c.View.Now())})
}

// colleagueOptions are the people of the reader's organization besides the reader
// and those on there already.
func (c *Ctx) colleagueOptions(there map[string]bool) (out []ui.Option, err error) {
	people, err := c.Members.People(c.View, c.Viewer.Org)
	for _, p := range people {
		if p.ID != c.Viewer.Person && !p.Suspended && !there[p.ID] {
			out = append(out, ui.Option{Value: p.ID, Text: p.Name, Hint: p.Title})
		}
	}
	return out, err
}

var doneTakesPart = greeting("takes-part", "ok", "You take part. Who else does, and what comes next, stands on this page.")

// invitedAccept takes part in a case on the terms that were read.
func (c *Ctx) invitedAccept() error {
	id := c.R.PathValue("party")
	return c.caseAct(caseForm{which: "accept", fields: []string{"agree", "terms", "until"}, lists: []string{"people"}, show: c.showInvited, do: func(tx *db.Tx, a attempt) (string, error) {
		in := cases.Acceptance{People: a.lists["people"]}
		var wrong check.Problems
		if until := moment(&wrong, "until", "The other end", a.t["until"], false); !until.IsZero() {
			in.Proposal = &cases.NewProposal{Until: until}
		}
		if err := wrong.Err(); err != nil {
			return "", err
		}
		if a.t["agree"] != "" {
			in.Agree = a.t["terms"]
		}
		p, err := c.Cases.Party(tx.View, id)
		if err != nil {
			return "", err
		}
		return "/cases/" + p.Case + "?done=" + doneTakesPart, c.Cases.Accept(tx, id, in)
	}})
}

var doneRefused = greeting("refused", "ok", "You declined. Nothing of the case was opened to you.")

// invitedDecline says no to an invitation.
func (c *Ctx) invitedDecline() error {
	id := c.R.PathValue("party")
	return c.caseAct(caseForm{which: "decline", fields: []string{"reason"}, show: c.showInvited, do: func(tx *db.Tx, a attempt) (string, error) {
		return "/cases?done=" + doneRefused, c.Cases.Decline(tx, id, a.t["reason"])
	}})
}
