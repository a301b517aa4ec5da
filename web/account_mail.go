package web

import (
	"strconv"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/notify"
)

var (
	doneMailAsked   = greeting("mail-asked", "ok", "A code is on its way to your address. Type it below.")
	doneMailIsSo    = greeting("mail-confirmed", "ok", "From now on a mail tells you when something waits.")
	doneMailChosen  = greeting("mail-chosen", "ok", "Your choice is saved.")
	doneMailRemoved = greeting("mail-removed", "ok", "Your address is forgotten. No further mail comes.")
)

// mailAsk takes the address to which notices by mail are to go, and sends a code there.
func (c *Ctx) mailAsk() error {
	t, err := c.typed("address")
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return c.Notify.Ask(tx, t["address"]) }); err != nil {
		return c.accountAgain(err, accountForm{which: "mail", t: t}, "address")
	}
	return c.redirect("/account?done=" + doneMailAsked + "#mail")
}

// mailConfirm takes the code.
func (c *Ctx) mailConfirm() error {
	t, err := c.typed("code")
	if err != nil {
		return err
	}
	if err := c.write(func(tx *db.Tx) error { return c.Notify.Confirm(tx, t["code"]) }); err != nil {
		return c.accountAgain(err, accountForm{which: "mail-code", t: t}, "code")
	}
	return c.redirect("/account?done=" + doneMailIsSo + "#mail")
}

// mailChoose keeps when the reader wants to be told.
func (c *Ctx) mailChoose() error {
	t, err := c.typed("soon", "rest", "hour")
	if err != nil {
		return err
	}
	choice := notify.Choice{Soon: notify.Soon(t["soon"]), Rest: notify.Rest(t["rest"])}
	if choice.Hour, err = strconv.Atoi(t["hour"]); err != nil {
		choice.Hour = -1 // the duty says which hours there are
	}
	if err := c.write(func(tx *db.Tx) error { return c.Notify.Choose(tx, choice) }); err != nil {
		return c.accountAgain(err, accountForm{which: "mail-when", t: t}, "soon", "rest", "hour")
	}
	return c.redirect("/account?done=" + doneMailChosen + "#mail")
}

// mailRemove forgets the reader's addresses.
func (c *Ctx) mailRemove() error {
	if err := c.write(c.Notify.Remove); err != nil {
		return c.accountAgain(err, accountForm{which: "mail"})
	}
	return c.redirect("/account?done=" + doneMailRemoved + "#mail")
}
