package web

import (
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// gate keeps what is TLP:AMBER or stricter closed until the reader has a second
// passkey (security.md A7.1): with one only, a lost device is a lost account.
// The rule is the members duty's; the gate asks it once a page.
type gate struct{ shut bool }

func (c *Ctx) gate() (gate, error) {
	shut, err := c.Members.NeedsSecondPasskey(c.View)
	return gate{shut}, err
}

// hides reports whether a thing with this label stays closed.
func (g gate) hides(l policy.Label) bool { return g.shut && !policy.Amber.StricterThan(l.TLP) }

// secondPasskey is shown instead of what the gate hides; it says nothing of it.
func (c *Ctx) secondPasskey() error {
	return c.show(Page{Title: "Add a second passkey first", Kind: "gate", Status: 403, Body: ui.ErrorPage(ui.Problem{
		Title:  "Add a second passkey first",
		What:   "This is labelled TLP:AMBER or stricter. It opens once your account has two passkeys, so that one lost device neither locks you out nor lets somebody else in.",
		Do:     "Add one on your account page. It takes a minute.",
		Action: &ui.Action{Label: "Add a passkey", Href: "/account", Kind: "primary"},
	})})
}
