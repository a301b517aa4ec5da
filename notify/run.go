package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/policy"
)

const (
	// settled is how old something must be to be told: what carries an older moment is
	// saved by then, so that a look never passes over it.
	settled = 20 * time.Second
	// lookEvery is how often it is asked what is new for whom, if anything was recorded.
	lookEvery = 20 * time.Second
	// lookIdle is how often if nothing was: clocks and digests come by time alone.
	lookIdle = 5 * time.Minute
	// claim is how long a node may take to send a mail before another tries.
	claim = 2 * time.Minute
	// giveUp is for how long a mail is tried. Who comes to his inbox sees all of it, and
	// the next mail says the same.
	giveUp = 48 * time.Hour
	atOnce = 50 // mails that are sent one after another before looking again
)

// The kinds of mails.
const (
	kindItems = "items"
	kindCode  = "code"
)

// pace is when this node last asked what is new, and when the record last grew.
type pace struct {
	looked, grew time.Time
	size         int64
}

// due reports whether it is time to ask again: soon after something was recorded, once
// more when that has settled, and now and then in any case.
func (p *pace) due(now time.Time, size int64) bool {
	if size != p.size {
		p.size, p.grew = size, now
	}
	since := now.Sub(p.looked)
	if p.looked.IsZero() || since >= lookIdle || since >= lookEvery && now.Sub(p.grew) <= settled+2*lookEvery {
		p.looked = now
		return true
	}
	return false
}

// Run tells people by mail, until ctx ends.
func (x *Notify) Run(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	if !x.Sends() {
		<-ctx.Done()
		return ctx.Err()
	}
	var p pace
	return d.Work(ctx, log, "tell people by mail", lookEvery, func() (bool, error) {
		due := false
		err := d.Read(ctx, program, func(v *db.View) error {
			size, err := x.ledger.Size(v)
			due = err == nil && p.due(v.Now(), size)
			return err
		})
		if due {
			err = x.Look(ctx, d, program)
		}
		more, sendErr := x.Send(ctx, d, program, log)
		return more, errors.Join(err, sendErr)
	})
}

// Look asks for each person what is new, and notes who is to be sent a mail. What fails
// for one person does not keep the others from being told.
func (x *Notify) Look(ctx context.Context, d *db.DB, program policy.Viewer) error {
	var people []addressee
	err := d.Read(ctx, program, func(v *db.View) (err error) {
		people, err = x.addressees(v)
		return err
	})
	for _, p := range people {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		err = errors.Join(err, x.lookFor(ctx, d, program, p))
	}
	return err
}

// addressee is somebody who may be told.
type addressee struct {
	person string
	choice Choice
	until  time.Time // he was told of what came until then
	mailed time.Time
	digest time.Time // the last moment for the rest that was kept
	known  bool      // that is noted
}

// addressees are those who have an address that works.
func (x *Notify) addressees(v *db.View) ([]addressee, error) {
	return db.All(v, func(s db.Scanner) (p addressee, err error) {
		var known, until, mailed, digest int64
		err = s.Scan(&p.person, &p.choice.Soon, &p.choice.Rest, &p.choice.Hour, &known, &until, &mailed, &digest)
		p.known, p.until, p.mailed, p.digest = known > 0, clock.FromMicros(until), clock.FromMicros(mailed), clock.FromMicros(digest)
		return p, err
	}, `SELECT a.person, a.soon, a.rest, a.hour, COALESCE(t.until, 0), COALESCE(t.until, a.confirmed), COALESCE(t.mailed, 0), COALESCE(t.digest, a.confirmed)
		FROM notify_addresses a LEFT JOIN notify_told t ON t.person = a.person WHERE a.refused = 0 ORDER BY a.person`)
}

// lookFor asks in one person's own view whether something waits, and notes a mail.
func (x *Notify) lookFor(ctx context.Context, d *db.DB, program policy.Viewer, p addressee) error {
	var who policy.Viewer
	err := d.Read(ctx, program, func(v *db.View) (err error) {
		who, err = x.members.ViewerOf(v, p.person, "", nil)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return d.Write(ctx, program, func(tx *db.Tx) error { // his address is no business of ours any more
			if _, err := x.forget(tx, p.person); err != nil {
				return err
			}
			tx.Append(db.Entry{Verb: "notify.removed", Object: p.person, Label: own(p.person), Data: map[string]string{"why": "left"}})
			return nil
		})
	}
	if err != nil || !who.InGoodStanding() {
		return err
	}
	var until, slot time.Time
	tell := false
	err = d.Read(ctx, who, func(v *db.View) error {
		until = v.Now().Add(-settled)
		slot = p.choice.slot(until)
		n, err := x.newsOf(v, p.until, until)
		tell = p.choice.tells(n, until.Sub(p.mailed), slot.After(p.digest))
		return err
	})
	if err != nil || !tell && !slot.After(p.digest) && p.known {
		return err
	}
	err = d.Note(ctx, program, func(tx *db.Tx) error {
		// Another node that noted the same meanwhile changed the row.
		was, mailed, digest := clock.Micros(p.until), p.mailed, p.digest
		next := was
		if slot.After(digest) {
			digest = slot
		}
		if tell {
			next, mailed = clock.Micros(until), until
		}
		if !p.known {
			_, err := tx.Exec(`INSERT INTO notify_told (person, until, mailed, digest) VALUES ($1, $2, 0, $3) ON CONFLICT (person) DO NOTHING`, p.person, was, clock.Micros(p.digest))
			if err != nil {
				return err
			}
		}
		if err := tx.MustChange(`UPDATE notify_told SET until = $1, mailed = $2, digest = $3 WHERE person = $4 AND until = $5`, next, micros(mailed), micros(digest), p.person, was); err != nil {
			return err
		}
		if !tell {
			return nil
		}
		return x.queue(tx, p.person, kindItems)
	})
	if fault.Is(err, fault.Missing) {
		return nil
	}
	return err
}

// micros is a time as it is stored, 0 for never.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

// queue has a mail sent to a person; one of its kind that waits yet is enough.
func (x *Notify) queue(tx *db.Tx, person, kind string) error {
	if _, err := tx.Exec(`DELETE FROM notify_mails WHERE person = $1 AND kind = $2`, person, kind); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO notify_mails (id, person, kind, at, tries, next_try) VALUES ($1, $2, $3, $4, 0, $4)`, ids.New("mail"), person, kind, clock.Micros(tx.Now()))
	return err
}

// letter is a mail that waits.
type letter struct {
	id, person, kind string
	at               time.Time
	tries            int64
	next             int64
	to, code         string
	words            mail.Words
}

// Send sends what waits, until the relay does not take something. What fails here for one
// person does not keep the others' mails back. more says that there may be something yet.
func (x *Notify) Send(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) (more bool, err error) {
	var ls []letter
	err = d.Read(ctx, program, func(v *db.View) (err error) {
		ls, err = db.All(v, func(s db.Scanner) (l letter, err error) {
			var at int64
			err = s.Scan(&l.id, &l.person, &l.kind, &at, &l.tries, &l.next)
			l.at = clock.FromMicros(at)
			return l, err
		}, `SELECT id, person, kind, at, tries, next_try FROM notify_mails WHERE next_try <= $1 ORDER BY next_try, id LIMIT $2`, clock.Micros(v.Now()), atOnce)
		if err != nil || len(ls) == 0 {
			return err
		}
		w, err := x.words(v)
		for i := range ls {
			ls[i].words = w
		}
		return err
	})
	for _, l := range ls {
		taken, e := x.sendOne(ctx, d, program, l, log)
		if err = errors.Join(err, e); ctx.Err() != nil || e == nil && !taken {
			return false, err
		}
	}
	return len(ls) == atOnce && err == nil, err
}

// words are what all mails say.
func (x *Notify) words(v *db.View) (mail.Words, error) {
	w := mail.Words{Origin: x.outside.Origin, From: x.outside.From}
	s, err := x.members.Settings(v)
	if err != nil {
		return w, err
	}
	w.House = s.Name
	c, err := x.ledger.Checkpoint(v)
	if err == nil && c.Size > 0 {
		w.Seal = "Record, " + c.At.UTC().Format("2 Jan 2006 15:04") + " UTC: " + c.Root.String()
	}
	return w, err
}

// sendOne claims a mail, sends it and notes what became of it. taken is false if it has to
// be tried again.
func (x *Notify) sendOne(ctx context.Context, d *db.DB, program policy.Viewer, l letter, log *slog.Logger) (taken bool, err error) {
	over := false
	var now time.Time
	err = d.Note(ctx, program, func(tx *db.Tx) error {
		if now = tx.Now(); now.Sub(l.at) > giveUp {
			over = true
			return x.drop(tx, l)
		}
		if err := tx.MustChange(`UPDATE notify_mails SET tries = tries + 1, next_try = $1 WHERE id = $2 AND next_try = $3`, clock.Micros(tx.Now().Add(claim)), l.id, l.next); err != nil {
			return err
		}
		err := x.address(tx.View, &l)
		if fault.Is(err, fault.Missing) { // it was removed, or the code is too old
			over = true
			return x.drop(tx, l)
		}
		return err
	})
	if fault.Is(err, fault.Missing) || over { // another node has it
		return true, nil
	}
	if err != nil {
		return false, err
	}
	compose := func() ([]byte, error) { return mail.Items(l.words, l.to, now) }
	if l.kind == kindCode {
		compose = func() ([]byte, error) {
			return mail.Confirmation(l.words, l.to, l.code[:4]+"-"+l.code[4:], now)
		}
	}
	b, err := compose()
	if err == nil {
		err = x.outside.Relay.Send(ctx, x.outside.From, l.to, b)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	switch {
	case err == nil:
		return true, d.Note(ctx, program, func(tx *db.Tx) error { return x.drop(tx, l) })
	case errors.Is(err, mail.ErrRefused) && l.kind == kindCode:
		return true, d.Note(ctx, program, func(tx *db.Tx) error {
			if _, err := tx.Exec(`UPDATE notify_codes SET refused = 1 WHERE person = $1`, l.person); err != nil {
				return err
			}
			return x.drop(tx, l)
		})
	case errors.Is(err, mail.ErrRefused):
		return true, d.Write(ctx, program, func(tx *db.Tx) error {
			if err := tx.MustChange(`UPDATE notify_addresses SET refused = $1 WHERE person = $2`, clock.Micros(tx.Now()), l.person); err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
			tx.Append(db.Entry{Verb: "notify.refused", Object: l.person, Label: own(l.person)})
			return x.drop(tx, l)
		})
	}
	log.Warn("a mail was not taken; it is tried again", "kind", l.kind, "tries", l.tries+1, "err", err)
	return false, d.Note(ctx, program, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE notify_mails SET next_try = $1 WHERE id = $2`, clock.Micros(tx.Now().Add(outbound.NextTry(int(l.tries)+1, 0, outbound.Random()))), l.id)
		return err
	})
}

func (x *Notify) drop(tx *db.Tx, l letter) error {
	_, err := tx.Exec(`DELETE FROM notify_mails WHERE id = $1`, l.id)
	return err
}

// address finds where a mail goes; fault.ErrMissing if that is no more.
func (x *Notify) address(v *db.View, l *letter) error {
	stmt, args := `SELECT address, address FROM notify_addresses WHERE person = $1 AND refused = 0`, []any{l.person}
	if l.kind == kindCode {
		stmt, args = `SELECT address, code FROM notify_codes WHERE person = $1 AND at > $2`, []any{l.person, clock.Micros(v.Now().Add(-CodeTime))}
	}
	_, err := db.One(v, func(s db.Scanner) (none struct{}, err error) {
		var address, code []byte
		if err = s.Scan(&address, &code); err != nil {
			return none, err
		}
		if err = x.open(&l.to, address, "address", l.person); err == nil && l.kind == kindCode {
			err = x.open(&l.code, code, "code", l.person)
		}
		return none, err
	}, stmt, args...)
	return err
}
