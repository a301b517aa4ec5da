package web

import (
	"errors"
	"slices"
	"strconv"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// accountView is everything on the account page.
type accountView struct {
	own        members.Own
	prefs      members.Preferences
	keys       []members.Passkey
	sessions   []members.Session
	tokens     []members.APIToken
	recoveries []members.Recovery // of the reader's own account
	mail       notify.Own         // where and when the reader is told by mail
	sends      bool               // the house sends mails
	here       string             // this session
	fresh      bool
	second     bool // a second passkey is missing
	form       accountForm
}

// accountForm is what was typed in one of the page's forms, and what came of it.
type accountForm struct {
	which  string // profile, token, passkey, display, mail…, withdraw
	t      typed
	scopes []string
	errs   []ui.FieldError
	secret string // the new token's text, shown this once
}

// account is the reader's own page: who one is here, and how one gets in. It is
// open to people of whatever standing.
func (c *Ctx) account() error { return c.showAccount(200, accountForm{}) }

func (c *Ctx) showAccount(status int, f accountForm) error {
	a := accountView{form: f, here: c.Session.ID, fresh: c.fresh()}
	var err error
	if a.own, err = c.Members.Own(c.View); err != nil {
		return err
	}
	if a.prefs, err = c.Members.Preferences(c.View); err != nil {
		return err
	}
	if a.keys, err = c.Members.Passkeys(c.View); err != nil {
		return err
	}
	if a.sessions, err = c.Members.Sessions(c.View); err != nil {
		return err
	}
	if a.tokens, err = c.Members.Tokens(c.View); err != nil {
		return err
	}
	a.sends = c.Notify.Sends()
	if a.mail, err = c.Notify.Own(c.View); err != nil {
		return err
	}
	if a.second, err = c.Members.NeedsSecondPasskey(c.View); err != nil {
		return err
	}
	all, err := c.Members.Recoveries(c.View)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Person == c.Viewer.Person {
			a.recoveries = append(a.recoveries, r)
		}
	}
	label := policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(c.Viewer.Person))}
	return c.show(Page{Title: "My account", Kind: "account", Status: status, Label: label, Live: []string{c.Viewer.Person},
		Body: accountPage(a, c.Viewer, c.View.Now()), Right: accountAside(a, c.View.Now())})
}

var (
	doneProfile     = greeting("profile", "ok", "Your name and title are saved.")
	doneListed      = greeting("listed", "ok", "You stand in the member directory.")
	doneUnlisted    = greeting("unlisted", "ok", "You are out of the member directory.")
	donePasskey     = greeting("passkey", "ok", "The passkey works from now on.")
	donePasskeyGone = greeting("passkey-gone", "ok", "The passkey is removed.")
	doneOthers      = greeting("others", "ok", "You are signed out everywhere else.")
	doneOneEnded    = greeting("session-ended", "ok", "That session is over.")
	doneTokenGone   = greeting("token-gone", "ok", "The token does not work any more.")
	doneChoices     = greeting("choices", "ok", "Your choices are saved.")
	doneWithdrawn   = greeting("withdrawn", "ok", "Your organization has withdrawn.")
)

// accountAgain shows the page once more with what was typed in one form.
func (c *Ctx) accountAgain(err error, f accountForm, known ...string) error {
	f.errs = formErrors(err, f.which, known...)
	return c.again(err, func(status int) error { return c.showAccount(status, f) })
}

func (c *Ctx) accountProfile() error {
	t, err := c.typed("person", "title")
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return c.Members.SetName(tx, t["person"], t["title"]) }); err != nil {
		return c.accountAgain(err, accountForm{which: "profile", t: t}, "person", "title")
	}
	return c.redirect("/account?done=" + doneProfile)
}

func (c *Ctx) accountListing() error {
	t, err := c.typed("listed")
	if err != nil {
		return err
	}
	listed, done := t["listed"] == "1", doneUnlisted
	if listed {
		done = doneListed
	}
	err = c.write(func(tx *db.Tx) error { return c.Members.SetListed(tx, listed) })
	if err != nil && !fault.Is(err, fault.Conflict) { // so already is as good
		return err
	}
	return c.redirect("/account?done=" + done)
}

// passkeyBegin begins the registration of one more passkey.
func (c *Ctx) passkeyBegin() error {
	t, err := c.typed("name")
	if err != nil {
		return err
	}
	return c.begin(func(tx *db.Tx) (members.Begun, error) { return c.Members.BeginAddPasskey(tx, t["name"]) })
}

func (c *Ctx) passkeyFinish() error {
	ceremony, answer, err := c.takeCeremony()
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { _, err := c.Members.FinishAddPasskey(tx, ceremony, answer); return err }); err != nil {
		return err
	}
	return c.json(map[string]string{"next": "/account?done=" + donePasskey + "#passkeys"})
}

func (c *Ctx) passkeyRemove() error {
	err := c.write(func(tx *db.Tx) error { return c.Members.RemovePasskey(tx, c.R.PathValue("passkey")) })
	switch {
	case errors.Is(err, members.ErrStepUp):
		return c.redirect(stepUpLink("/account"))
	case err != nil:
		return c.accountAgain(err, accountForm{which: "passkey"})
	}
	return c.redirect("/account?done=" + donePasskeyGone + "#passkeys")
}

// sessionsEnd signs the reader out everywhere else.
func (c *Ctx) sessionsEnd() error {
	err := c.write(c.Members.RevokeOthers)
	if err != nil && !fault.Is(err, fault.Conflict) { // there was none
		return err
	}
	return c.redirect("/account?done=" + doneOthers + "#sessions")
}

func (c *Ctx) sessionEnd() error {
	id := c.R.PathValue("session")
	if id == c.Session.ID {
		return c.signOut()
	}
	if err := c.write(func(tx *db.Tx) error { return c.Members.RevokeSession(tx, id) }); err != nil {
		return err
	}
	return c.redirect("/account?done=" + doneOneEnded + "#sessions")
}

// tokenMake makes an API token and shows it this once.
func (c *Ctx) tokenMake() error {
	t, err := c.typed("name", "days")
	if err != nil {
		return err
	}
	f := accountForm{which: "token", t: t, scopes: slices.Clone(c.R.PostForm["scopes"])}
	n := members.NewToken{Name: t["name"]}
	if len(f.scopes) > len(policy.Scopes()) {
		return fault.Invalidf("The form sent more scopes than there are. Load the page again.")
	}
	for _, s := range f.scopes {
		n.Scopes = append(n.Scopes, policy.Scope(s))
	}
	if n.Days, err = strconv.Atoi(t["days"]); err != nil || n.Days == 0 {
		n.Days = -1 // not a number of days: the duty says which are
	}
	err = c.write(func(tx *db.Tx) (err error) { f.secret, _, err = c.Members.MakeToken(tx, n); return err })
	if err == nil {
		f.t, f.scopes = nil, nil
	} else {
		f.secret = ""
	}
	return c.accountAgain(err, f, "name", "days", "scopes")
}

func (c *Ctx) tokenRevoke() error {
	if err := c.write(func(tx *db.Tx) error { return c.Members.RevokeToken(tx, c.R.PathValue("token")) }); err != nil {
		return err
	}
	return c.redirect("/account?done=" + doneTokenGone + "#tokens")
}

// accountChoices keeps how the reader likes to be told and shown.
func (c *Ctx) accountChoices() error {
	t, err := c.typed("theme", "density", "keys", "mentions", "replies", "new_topics")
	if err != nil {
		return err
	}
	p := members.Preferences{Theme: t["theme"], Density: t["density"], KeysOff: t["keys"] == "", Mentions: t["mentions"] != "",
		Replies: t["replies"] != "", NewTopics: t["new_topics"] != ""}
	if err := c.note(func(tx *db.Tx) error { return c.Members.SetPreferences(tx, p) }); err != nil {
		return c.accountAgain(err, accountForm{which: "display", t: t}, "theme", "density")
	}
	return c.redirect("/account?done=" + doneChoices + "#display")
}

// accountWithdraw ends the membership or application of the reader's own
// organization (its officers).
func (c *Ctx) accountWithdraw() error {
	t, err := c.typed("reason")
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return c.Members.Withdraw(tx, t["reason"]) }); err != nil {
		return c.accountAgain(err, accountForm{which: "withdraw", t: t}, "reason")
	}
	return c.redirect("/sign-in?done=" + doneWithdrawn)
}
