package web

import (
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// firstRun is the page behind the first operator's link: name the community,
// say who you are, register a passkey.
func (c *Ctx) firstRun() error {
	secret := c.R.PathValue("token")
	in, err := c.Members.OpenLink(c.View, secret)
	if err != nil || in.Kind != members.LinkOperator {
		return c.deadLink(err)
	}
	return c.show(Page{Title: "Begin your community", Kind: "first-run", Public: true, Body: firstRunPage(secret)})
}

// deadLink answers a link that does not work: unknown, used, revoked and expired
// are the same bytes (T-45).
func (c *Ctx) deadLink(err error) error {
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	return c.show(Page{Title: "This link does not work", Kind: "error", Public: true, Status: 404, Body: deadLinkPage()})
}

// firstRunBegin checks the form and begins the first operator's passkey.
func (c *Ctx) firstRunBegin() error {
	t, err := c.typed("community", "purpose", "org", "country", "employees", "person", "title", "passkey")
	if err != nil {
		return err
	}
	secret := c.R.PathValue("token")
	if err := c.linkIs(secret, members.LinkOperator); err != nil {
		return err
	}
	// Who founds the house reads what comes to its organization.
	person := members.NewPerson{Name: t["person"], Title: t["title"], Recipient: true}
	e := members.Enrollment{Passkey: t["passkey"], Person: person, Founding: members.Founding{Community: t["community"], Purpose: t["purpose"], Person: person,
		Org: members.Profile{Name: t["org"], Kind: policy.ISAO, Country: t["country"], Employees: number(t["employees"])}}}
	return c.begin(func(tx *db.Tx) (members.Begun, error) { return c.Members.BeginEnroll(tx, secret, e) })
}

// linkIs refuses a link of another kind, as one that does not work.
func (c *Ctx) linkIs(secret string, kinds ...string) error {
	return c.read(func(v *db.View) error {
		in, err := c.Members.OpenLink(v, secret)
		if err != nil {
			return err
		}
		for _, k := range kinds {
			if in.Kind == k {
				return nil
			}
		}
		return members.ErrLink
	})
}

// enrollFinish registers the passkey, spends the link and signs the person in:
// for the first operator, an invited person, an applicant, a recovered person.
func (c *Ctx) enrollFinish() error {
	ceremony, answer, err := c.takeCeremony()
	if err != nil {
		return err
	}
	var in members.Enrolled
	err = c.writeAsNobody(func(tx *db.Tx) (err error) {
		if in, err = c.Members.FinishEnroll(tx, ceremony, answer, c.R.UserAgent(), c.sessionToken()); err != nil || !in.Founded {
			return err
		}
		founder, err := c.Members.ViewerOf(tx.View, in.Person, in.Session.ID, nil)
		if err != nil {
			return err
		}
		return c.Agreements.Establish(tx.As(founder))
	})
	if err != nil {
		return inOneSentence(err)
	}
	to := "/account?done=" + doneJoined
	switch in.Kind {
	case members.LinkOperator:
		to = "/desk?done=" + doneFounded
	case members.LinkOrganization:
		to = "/account?done=" + doneApplied
	case members.LinkRecovery:
		to = "/account?done=" + doneRecovered
	}
	return c.arrive(in.SignedIn, to)
}

var (
	doneFounded   = greeting("founded", "ok", "The community is founded, and you are its first operator. Register a second passkey under My account before anything else.")
	doneJoined    = greeting("joined", "ok", "Welcome. You are signed in, and your passkey works from now on.")
	doneApplied   = greeting("applied", "ok", "Your application is with the desk. Two people vet it; then you read and accept the participation agreement here.")
	doneRecovered = greeting("recovered", "ok", "Your new passkey works. The lost ones, all other sessions and all tokens are gone.")
)

// number reads a whole number, with or without thousands set apart; 0 is none.
func number(s string) int64 {
	n, err := strconv.ParseInt(strings.NewReplacer(",", "", " ", "", "\u00a0", "", ".", "").Replace(s), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
