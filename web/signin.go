package web

import (
	"net/http"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

var doneSignedOut = greeting("signed-out", "ok", "You are signed out on this device.")

// signIn is the page with one button; in the demo, with one button a person.
func (c *Ctx) signIn() error {
	next := localPath(c.R.URL.Query().Get("next"))
	if c.Viewer.SignedIn() && c.Demo == nil {
		if next == "" {
			next = home(c.Viewer)
		}
		return c.redirect(next)
	}
	founded, err := c.Members.Founded(c.View)
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Sign in", Kind: "signin", Public: true, Body: signInPage(c.Demo, founded, withNext("/sign-in/finish", next))})
}

// home is where somebody arrives who was not on the way to a page.
func home(who policy.Viewer) string {
	if who.InGoodStanding() {
		return "/inbox"
	}
	return "/account"
}

// signInBegin begins a sign-in. It does not ask who is coming: the passkey says.
func (c *Ctx) signInBegin() error { return c.begin(c.Members.BeginSignIn) }

// signInFinish opens a session. The session this browser had before ends, so
// that a planted one leads nowhere (T-44).
func (c *Ctx) signInFinish() error {
	ceremony, answer, err := c.takeCeremony()
	if err != nil {
		return err
	}
	var in members.SignedIn
	var who policy.Viewer
	err = c.writeAsNobody(func(tx *db.Tx) (err error) {
		in, err = c.Members.FinishSignIn(tx, ceremony, answer, c.R.UserAgent(), c.sessionToken())
		if err != nil || in.Refused != nil {
			return err
		}
		who, err = c.Members.ViewerOf(tx.View, in.Person, in.Session.ID, nil)
		return err
	})
	if err == nil {
		err = in.Refused
	}
	if err != nil {
		return err
	}
	return c.arrive(in, home(who))
}

// arrive gives the browser its session and sends it on: to where it was going,
// or else to the given page.
func (c *Ctx) arrive(in members.SignedIn, to string) error {
	c.keepSession(in.Token, in.Session)
	if next := localPath(c.R.URL.Query().Get("next")); next != "" {
		to = next
	}
	return c.json(map[string]string{"next": to})
}

// signOut ends this session and has the browser forget what it holds. It works
// for nobody, too: a page that is left open may send it late.
func (c *Ctx) signOut() error {
	if c.Session.ID != "" {
		err := c.write(func(tx *db.Tx) error { return c.Members.RevokeSession(tx, c.Session.ID) })
		if err != nil && !fault.Is(err, fault.Missing) && !fault.Is(err, fault.Forbidden) {
			return err
		}
	}
	c.setCookie("", -1)
	c.W.Header().Set("Clear-Site-Data", `"cache", "cookies", "storage"`)
	return c.redirect("/sign-in?done=" + doneSignedOut)
}

// stepUp is the page on which the passkey is used once more, before an act that
// matters.
func (c *Ctx) stepUp() error {
	next := localPath(c.R.URL.Query().Get("next"))
	if next == "" {
		next = "/account"
	}
	keys, err := c.Members.Passkeys(c.View)
	if err != nil {
		return err
	}
	if c.fresh() {
		return c.redirect(next)
	}
	return c.show(Page{Title: "Confirm with your passkey", Kind: "stepup", Body: stepUpPage(len(keys), withNext("/step-up/finish", next), next)})
}

func (c *Ctx) stepUpBegin() error { return c.begin(c.Members.BeginStepUp) }

// stepUpFinish rotates the session's token: the one before is void at once.
func (c *Ctx) stepUpFinish() error {
	ceremony, answer, err := c.takeCeremony()
	if err != nil {
		return err
	}
	var in members.SignedIn
	err = c.write(func(tx *db.Tx) (err error) {
		in, err = c.Members.FinishStepUp(tx, ceremony, answer)
		return err
	})
	if err == nil {
		err = in.Refused
	}
	if err != nil {
		return err
	}
	return c.arrive(in, "/account")
}

// fresh reports whether an act that needs a fresh passkey would be taken now. In
// the demo, whose people have none, it always would.
func (c *Ctx) fresh() bool {
	return c.Demo != nil || c.Session.StepUpFresh(c.DB.Clock().Now())
}

// stepUpLink is where the passkey is asked for before going on to a page.
func stepUpLink(next string) string { return "/step-up?next=" + queryEscape(next) }

// demoSignIn makes the reader one of the demo's invented people.
func (c *Ctx) demoSignIn() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	key, err := c.field("persona")
	if err != nil {
		return err
	}
	for _, p := range c.Demo.Personas {
		if p.Key != key {
			continue
		}
		var in members.SignedIn
		err := c.writeAsNobody(func(tx *db.Tx) (err error) {
			in.Token, in.Session, err = c.Members.OpenSession(tx, p.ID, c.R.UserAgent(), c.sessionToken(), false)
			return err
		})
		if err != nil {
			return err
		}
		c.keepSession(in.Token, in.Session)
		return c.redirect("/")
	}
	return fault.InvalidField("persona", "There is nobody of this name in the demonstration. Choose one on the sign-in page.")
}

// asProgram has failures answered as problems (RFC 9457): it is the script that
// asks, and it shows their sentence.
func asProgram(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "application/json")
		next.ServeHTTP(w, r)
	})
}
