package notify

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/policy"
)

var (
	errNoMail  = fault.Conflictf("This house sends no mail: its operator has named no mail server. Your inbox has everything.")
	errSignIn  = fault.Forbiddenf("Sign in first.")
	errToken   = fault.Forbiddenf("A program cannot decide where you are told. Do it on your account page.")
	errNone    = fault.Conflictf("There is no address of yours. Give one first.")
	errCode    = fault.InvalidField("code", "This is not the code that was sent. Look at the newest mail.")
	errExpired = fault.InvalidField("code", "The code does not work any more. Ask for another.")
)

// self refuses whoever has no settings of his own.
func self(v *db.View) error {
	switch {
	case !v.Viewer().SignedIn():
		return errSignIn
	case v.Viewer().IsToken():
		return errToken
	}
	return nil
}

// sealed are what an address or a code belongs to.
func sealed(what, person string) []byte { return []byte("notify " + what + " " + person) }

// own labels what only its person knows.
func own(person string) policy.Label {
	return policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(person))}
}

// Own reads the viewer's settings.
func (x *Notify) Own(v *db.View) (Own, error) {
	o := Own{Choice: DefaultChoice}
	if err := self(v); err != nil {
		return o, err
	}
	me := v.Viewer().Person
	err := v.Each(`SELECT address, confirmed, soon, rest, hour, refused FROM notify_addresses WHERE person = $1`, []any{me}, func(s db.Scanner) error {
		var address []byte
		var confirmed, refused int64
		if err := s.Scan(&address, &confirmed, &o.Choice.Soon, &o.Choice.Rest, &o.Choice.Hour, &refused); err != nil {
			return err
		}
		o.Confirmed, o.Refused = clock.FromMicros(confirmed), clock.FromMicros(refused)
		return x.open(&o.Address, address, "address", me)
	})
	if err != nil {
		return o, err
	}
	w, err := x.waiting(v)
	o.Waiting, o.Until, o.NoSuch = w.address, w.at.Add(CodeTime), w.refused
	if fault.Is(err, fault.Missing) {
		o.Until, err = time.Time{}, nil
	}
	return o, err
}

// open reads what was sealed.
func (x *Notify) open(to *string, b []byte, what, person string) error {
	text, err := x.box.Open(b, sealed(what, person))
	if err != nil {
		return fmt.Errorf("open the %s of %s: %w", what, person, err)
	}
	*to = string(text)
	return nil
}

// asked is an address that waits for its code.
type asked struct {
	address, code string
	at            time.Time
	refused       bool // no mail server takes it
}

// waiting is the viewer's address that waits for its code.
func (x *Notify) waiting(v *db.View) (asked, error) {
	me := v.Viewer().Person
	return db.One(v, func(s db.Scanner) (a asked, err error) {
		var address, code []byte
		var at, refused int64
		if err = s.Scan(&address, &code, &at, &refused); err != nil {
			return a, err
		}
		a.at, a.refused = clock.FromMicros(at), refused != 0
		if err = x.open(&a.address, address, "address", me); err == nil {
			err = x.open(&a.code, code, "code", me)
		}
		return a, err
	}, `SELECT address, code, at, refused FROM notify_codes WHERE person = $1 AND at > $2`, me, clock.Micros(v.Now().Add(-CodeTime)))
}

// Ask keeps an address until its code is given, and sends the code. One that is confirmed
// already goes on until then. The entry is notify.asked, for the viewer; it does not name
// the address.
func (x *Notify) Ask(tx *db.Tx, address string) error {
	if err := self(tx.View); err != nil {
		return err
	}
	if !x.Sends() {
		return errNoMail
	}
	address, err := mail.Address(address)
	if err != nil {
		return err
	}
	me, now := tx.Viewer().Person, tx.Now()
	n, since := int64(0), clock.Micros(now)
	err = tx.Each(`SELECT n, since FROM notify_codes WHERE person = $1 AND since > $2`, []any{me, clock.Micros(now.Add(-24 * time.Hour))}, func(s db.Scanner) error { return s.Scan(&n, &since) })
	if err != nil {
		return err
	}
	if n >= maxCodes {
		return fault.Busyf("You asked for %d codes within a day. Look for the newest mail, also among what was sorted out, or come back tomorrow.", n)
	}
	code := ids.Random(8)
	_, err = tx.Exec(`INSERT INTO notify_codes (person, address, code, at, refused, n, since) VALUES ($1, $2, $3, $4, 0, $5, $6)
		ON CONFLICT (person) DO UPDATE SET address = excluded.address, code = excluded.code, at = excluded.at, refused = 0, n = excluded.n, since = excluded.since`,
		me, x.box.Seal([]byte(address), sealed("address", me)), x.box.Seal([]byte(code), sealed("code", me)), clock.Micros(now), n+1, since)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notify.asked", Object: me, Parent: tx.Viewer().Org, Label: own(me)})
	return x.queue(tx, me, kindCode)
}

// Confirm takes the code, and from then on mails go to the address. The entry is
// notify.confirmed, for the viewer; it does not name the address.
func (x *Notify) Confirm(tx *db.Tx, code string) error {
	if err := self(tx.View); err != nil {
		return err
	}
	w, err := x.waiting(tx.View)
	if fault.Is(err, fault.Missing) {
		return errExpired
	}
	if err != nil {
		return err
	}
	code = strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
	if subtle.ConstantTimeCompare([]byte(code), []byte(w.code)) != 1 {
		return errCode
	}
	me, now := tx.Viewer().Person, clock.Micros(tx.Now())
	_, err = tx.Exec(`INSERT INTO notify_addresses (person, address, confirmed, soon, rest, hour, refused) VALUES ($1, $2, $3, $4, $5, $6, 0)
		ON CONFLICT (person) DO UPDATE SET address = excluded.address, confirmed = excluded.confirmed, refused = 0`,
		me, x.box.Seal([]byte(w.address), sealed("address", me)), now, string(DefaultChoice.Soon), string(DefaultChoice.Rest), DefaultChoice.Hour)
	if err != nil {
		return err
	}
	// What is there already he has just seen the number of.
	_, err = tx.Exec(`INSERT INTO notify_told (person, until, mailed, digest) VALUES ($1, $2, 0, $2) ON CONFLICT (person) DO UPDATE SET until = excluded.until, digest = excluded.digest`, me, now)
	if err != nil {
		return err
	}
	// The count of codes stays: confirming does not buy more of them.
	if _, err = tx.Exec(`UPDATE notify_codes SET at = 0 WHERE person = $1`, me); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notify.confirmed", Object: me, Parent: tx.Viewer().Org, Label: own(me)})
	return nil
}

// Choose says when the viewer wants to be told. The entry is notify.chosen, for him.
func (x *Notify) Choose(tx *db.Tx, c Choice) error {
	if err := self(tx.View); err != nil {
		return err
	}
	var p check.Problems
	p.OneOf("soon", "What is for you", string(c.Soon), string(SoonHour), string(SoonDigest))
	p.OneOf("rest", "The rest", string(c.Rest), string(RestDay), string(RestWeek), string(RestNever))
	if c.Hour < 0 || c.Hour > 23 {
		p.Add("hour", "The hour is from 0 to 23.")
	}
	if c.Soon == SoonDigest && c.Rest == RestNever {
		p.Add("rest", "What is for you would come with the rest, and the rest never. Choose a day or a week, or to be told within the hour.")
	}
	if p.Found() {
		return p.Err()
	}
	me := tx.Viewer().Person
	err := tx.MustChange(`UPDATE notify_addresses SET soon = $1, rest = $2, hour = $3 WHERE person = $4`, string(c.Soon), string(c.Rest), c.Hour, me)
	if fault.Is(err, fault.Missing) {
		return errNone
	}
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notify.chosen", Object: me, Parent: tx.Viewer().Org, Label: own(me), Data: map[string]any{"soon": c.Soon, "rest": c.Rest, "hour": c.Hour}})
	return nil
}

// Remove forgets the viewer's addresses. The entry is notify.removed, for him.
func (x *Notify) Remove(tx *db.Tx) error {
	if err := self(tx.View); err != nil {
		return err
	}
	n, err := x.forget(tx, tx.Viewer().Person)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNone
	}
	tx.Append(db.Entry{Verb: "notify.removed", Object: tx.Viewer().Person, Parent: tx.Viewer().Org, Label: own(tx.Viewer().Person)})
	return nil
}

// forget removes all addresses of a person, and what was to be sent to them; n is how
// many there were. How many codes he asked for today stays.
func (x *Notify) forget(tx *db.Tx, person string) (n int64, err error) {
	n, err = tx.Exec(`DELETE FROM notify_addresses WHERE person = $1`, person)
	if err != nil {
		return n, err
	}
	waited, err := tx.Exec(`UPDATE notify_codes SET at = 0, address = $2, code = $2 WHERE person = $1 AND at > 0`, person, []byte{})
	if err != nil {
		return n, err
	}
	for _, stmt := range []string{`DELETE FROM notify_told WHERE person = $1`, `DELETE FROM notify_mails WHERE person = $1`} {
		if _, err := tx.Exec(stmt, person); err != nil {
			return n, err
		}
	}
	return n + waited, nil
}
