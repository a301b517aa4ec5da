package cases

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// passBatch is how many obligations one transaction moves.
const passBatch = 500

// errNothing ends a transaction in which there was nothing to do.
var errNothing = errors.New("nothing to do")

// Pass does once what time asks for: ends embargoes, opens publications, lets
// grants and seats expire, notices memberships that ended, and moves obligations
// on, with a notice at each step. It tells how much it did. What it finds done,
// by another node or before a crash, it leaves; each transaction is bounded, and
// the next pass goes on where one ended. keeper is the named part of the program
// that does it: policy.System("deadlines").
//
// Nothing waits for a pass to be true: whoever reads an obligation, an embargo or a
// grant sees it as of the moment of reading.
func (c *Cases) Pass(ctx context.Context, d *db.DB, keeper policy.Viewer) (n int, err error) {
	for _, work := range []struct {
		what  string
		full  int // a transaction that did so much may have left more
		do    func(*db.Tx) (int, error)
		quick func(*db.View) (bool, error)
	}{
		{"end embargoes", 200, c.EndEmbargoes, nil},
		{"open publications", 200, c.OpenPublications, nil},
		{"expire grants", 200, c.ExpireGrants, nil},
		{"end seats", 500, c.members.LapseTeams, nil},
		{"notice memberships", passBatch, c.noticeGaps, nil},
		{"move obligations", passBatch, c.moveClocks, c.clocksDue},
	} {
		for {
			if work.quick != nil {
				due := false
				if err := d.Read(ctx, keeper, func(v *db.View) (err error) { due, err = work.quick(v); return err }); err != nil {
					return n, fmt.Errorf("%s: %w", work.what, err)
				}
				if !due {
					break
				}
			}
			did := 0
			err := d.Write(ctx, keeper, func(tx *db.Tx) (err error) {
				if did, err = work.do(tx); err == nil && tx.Pending() == 0 {
					err = errNothing
				}
				return err
			})
			if err != nil && !errors.Is(err, errNothing) {
				return n, fmt.Errorf("%s: %w", work.what, err)
			}
			if n += did; did < work.full || errors.Is(err, errNothing) {
				break
			}
		}
	}
	return n, nil
}

// clocksDue reports whether time asks anything of an obligation.
func (c *Cases) clocksDue(v *db.View) (bool, error) {
	return v.Exists(`SELECT 1 FROM visible.case_obligations o WHERE o.next_at > 0 AND o.next_at <= $1 LIMIT 1`, clock.Micros(v.Now()))
}

// moveClocks brings the stored states of obligations up to this moment and writes a
// notice at each step, of several that were passed at once the newest only. A
// clock that stood wrong repeats none.
func (c *Cases) moveClocks(tx *db.Tx) (int, error) {
	now := tx.Now()
	os, err := db.All(tx.View, scanObligation(tx.View), `SELECT `+obligationColumns+` FROM visible.case_obligations o WHERE o.next_at > 0 AND o.next_at <= $1 ORDER BY o.next_at, o.id LIMIT 500`, clock.Micros(now))
	if err != nil {
		return 0, err
	}
	for _, old := range os {
		o, parent := old, old.Case
		if parent == "" {
			parent = o.Object
		}
		step := o.step(now)
		if o.begun(now) && step > o.noticed {
			o.noticed = step
		}
		state := o.stateAt(now)
		if _, err := tx.Exec(`UPDATE case_obligations SET state = $1, noticed = $2, next_at = $3 WHERE id = $4`, string(state), int64(o.noticed), micros(o.nextAfter(now)), o.ID); err != nil {
			return 0, err
		}
		if !o.begun(now) {
			continue
		}
		// What begins now was stored before with no entry.
		if state != old.State || old.next.Equal(o.Begins) {
			o.tell(tx, parent)
		}
		if o.noticed > old.noticed {
			tx.Append(db.Entry{Verb: "obligation.notice", Object: o.ID, Parent: parent, Label: o.Label, Data: map[string]any{"step": stepWords[o.noticed], "obligation": o.at(now)}})
		}
	}
	if len(os) > 0 && tx.Pending() == 0 {
		// Nothing that anybody is told of, but the rows must move on.
		tx.Append(db.Entry{Verb: "obligation.looked", Object: os[0].ID, Label: os[0].Label})
	}
	return len(os), nil
}

// noticeGaps works out anew the clocks of parties whose membership changed while
// the days of R-010 ran: organizations' standing is kept elsewhere, and cases are
// not told of it.
func (c *Cases) noticeGaps(tx *db.Tx) (int, error) {
	since := tx.Now().AddDate(0, 0, -fda.FixDays-2)
	orgs, err := c.members.MovedSince(tx.View, since)
	if err != nil {
		return 0, err
	}
	did := 0
	for _, org := range orgs {
		spells, err := c.spells(tx.View, org)
		if err != nil {
			return did, err
		}
		os, err := db.All(tx.View, scanObligation(tx.View), `SELECT `+obligationColumns+` FROM visible.case_obligations o
			WHERE o.owner = $1 AND o.rule = 'R-011' AND o.moot = 0 AND o.trigger_at >= $2`, org, clock.Micros(since.AddDate(0, 0, -fda.FixDays)))
		if err != nil {
			return did, err
		}
		for _, o := range os {
			if did == passBatch || gapIn(spells, o.Trigger, fda.AddDays(o.Trigger, fda.FixDays, nil).At).Equal(o.gap) {
				continue
			}
			if err := c.reckon(tx, Case{ID: o.Case}, Party{ID: o.Party}); err != nil {
				return did, err
			}
			did++
		}
	}
	return did, nil
}

// Run passes again and again until ctx ends: at the next instant that time asks
// for, and at least once in every. It calls passed, if that is not nil, after each
// pass that went well.
func (c *Cases) Run(ctx context.Context, d *db.DB, keeper policy.Viewer, every time.Duration, log *slog.Logger, passed func()) error {
	pause := time.Duration(0)
	for {
		if _, err := c.Pass(ctx, d, keeper); ctx.Err() != nil {
			return context.Cause(ctx)
		} else if err != nil {
			log.Error("deadlines failed; trying again", "err", err)
			pause = min(max(2*pause, time.Second), every)
		} else {
			if passed != nil {
				passed()
			}
			if pause, err = c.until(ctx, d, keeper, every); err != nil {
				pause = every
			}
		}
		wait := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			wait.Stop()
			return context.Cause(ctx)
		case <-wait.C:
		}
	}
}

// until is how long nothing is asked for, at most every.
func (c *Cases) until(ctx context.Context, d *db.DB, keeper policy.Viewer, every time.Duration) (wait time.Duration, err error) {
	wait = every
	err = d.Read(ctx, keeper, func(v *db.View) error {
		next, err := db.All(v, db.Value[int64], `SELECT o.next_at FROM visible.case_obligations o WHERE o.next_at > 0 ORDER BY o.next_at LIMIT 1`)
		if err == nil && len(next) > 0 {
			wait = min(every, max(clock.FromMicros(next[0]).Sub(v.Now()), 10*time.Millisecond))
		}
		return err
	})
	return wait, err
}
