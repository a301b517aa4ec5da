package intel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/policy"
)

const (
	hooksAside = 8   // webhooks that are told at the same time
	hookQueue  = 100 // deliveries that may wait for one webhook; beyond, they are only told that there is more
)

// delivery is a Delivery with the places of what it is about.
type delivery struct {
	Delivery
	places []string
	more   bool
}

const deliveryColumns = `d.id, d.hook, d.at, d.kind, d.places, d.more, d.state, d.tries, d.next_try, d.tried, d.answer, d.error`

func scanDelivery(s db.Scanner) (d delivery, err error) {
	var at, more, next, tried int64
	var places string
	if err = s.Scan(&d.ID, &d.Hook, &at, &d.Kind, &places, &more, &d.State, &d.Tries, &next, &tried, &d.Answer, &d.Error); err != nil {
		return d, err
	}
	d.At, d.NextTry, d.Tried, d.more = clock.FromMicros(at), clock.FromMicros(next), clock.FromMicros(tried), more == 1
	return d, json.Unmarshal([]byte(places), &d.places)
}

// RunHooks tells every webhook what is new, until ctx ends.
func (x *Intel) RunHooks(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	var running sync.WaitGroup
	defer running.Wait()
	free := make(chan struct{}, hooksAside)
	for {
		changed := d.Changed()
		wait := 30 * time.Second
		due, next, err := x.dueHooks(ctx, d, program)
		if err != nil && ctx.Err() == nil {
			log.Error("look for webhooks to tell", "err", err)
		}
		if next > 0 {
			wait = min(wait, next)
		}
		for _, id := range due {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case free <- struct{}{}:
			}
			running.Go(func() {
				defer func() { <-free }()
				if err := x.RingHook(ctx, d, program, id); err != nil && ctx.Err() == nil {
					log.Error("tell a webhook", "hook", id, "err", err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			select { // many changes are one ring
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second):
			}
		case <-time.After(wait):
		}
	}
}

// dueHooks lists the webhooks that have something to do and that nobody tells, and
// how long it is until the next try of one that failed.
func (x *Intel) dueHooks(ctx context.Context, d *db.DB, program policy.Viewer) (ids []string, next time.Duration, err error) {
	err = d.Read(ctx, program, func(v *db.View) error {
		now := clock.Micros(v.Now())
		place, _, err := x.place(v)
		if err != nil {
			return err
		}
		ids, err = db.All(v, db.Value[string], `SELECT h.id`+fromHooks+`WHERE h.state = 'on' AND b.busy <= $1 AND (b.n < $2 OR b.next_try <= $1 AND EXISTS (SELECT 1 FROM intel_deliveries d WHERE d.hook = h.id AND d.state = 'waits')) ORDER BY b.next_try, h.id LIMIT $3`,
			now, place-1, hooksAside*4)
		if err != nil {
			return err
		}
		at, err := db.One(v, db.Value[int64], `SELECT COALESCE(MIN(b.next_try), 0)`+fromHooks+`WHERE h.state = 'on' AND b.next_try > $1`, now)
		if at > now {
			next = time.Duration(at-now) * time.Microsecond
		}
		return err
	})
	return ids, next, err
}

// ringer tells one webhook.
type ringer struct {
	x       *Intel
	d       *db.DB
	program policy.Viewer
	who     policy.Viewer
	h       Hook
	rev     int64
	n       int64 // the place up to which it has told
	since   int64
}

// errHookOver ends a ring without a word: the webhook was changed or removed, or
// another node tells it.
var errHookOver = errors.New("the webhook is told elsewhere, or not any more")

// RingHook notes what is new for a webhook and delivers what waits for it. What
// fails is noted with the webhook and tried again later; the error is for what
// fails here.
func (x *Intel) RingHook(ctx context.Context, d *db.DB, program policy.Viewer, id string) error {
	r := &ringer{x: x, d: d, program: program}
	err := r.ring(ctx, id)
	if errors.Is(err, errHookOver) || fault.Is(err, fault.Missing) {
		err = nil
	}
	if r.rev > 0 {
		free := d.Note(context.WithoutCancel(ctx), program, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE intel_bells SET busy = 0 WHERE hook = $1 AND rev = $2`, id, r.rev)
			return err
		})
		err = errors.Join(err, free)
	}
	return err
}

func (r *ringer) ring(ctx context.Context, id string) error {
	err := r.d.Note(ctx, r.program, func(tx *db.Tx) (err error) {
		if r.h, err = r.x.Hook(tx.View, id); err != nil {
			return err
		}
		var rev, busy int64
		err = tx.Each(`SELECT rev, busy, n, since FROM intel_bells WHERE hook = $1`, []any{id}, func(s db.Scanner) error { return s.Scan(&rev, &busy, &r.n, &r.since) })
		if err == nil && (r.h.State != HookOn || busy > clock.Micros(tx.Now())) {
			err = errHookOver
		}
		if err != nil {
			return err
		}
		r.rev = rev + 1
		return tx.MustChange(`UPDATE intel_bells SET rev = $1, busy = $2 WHERE hook = $3 AND rev = $4`, r.rev, clock.Micros(tx.Now().Add(lease)), id, rev)
	})
	if err != nil {
		r.rev = 0 // it is not ours
		return err
	}
	err = r.d.Read(ctx, r.program, func(v *db.View) (err error) {
		r.who, err = r.x.members.ViewerOf(v, r.h.Person, "", nil)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return r.fail(ctx, "The person in whose view it told has left. Change it, so that it tells in yours.")
	}
	if err != nil {
		return err
	}
	if err := r.listen(ctx); err != nil {
		return err
	}
	client := outbound.New(r.x.callOptions())
	defer client.CloseIdle()
	for {
		more, err := r.deliver(ctx, client)
		if err != nil || !more {
			return err
		}
	}
}

// callOptions are those of a webhook: what it answers hardly matters.
func (x *Intel) callOptions() outbound.Options {
	o := x.outside.Call
	o.MaxBody, o.Timeout, o.BodyTime = 64<<10, 20*time.Second, 10*time.Second
	return o
}

// still checks that this node goes on telling the webhook, as it was, and that its
// lease goes on.
func (r *ringer) still(tx *db.Tx) error {
	n, err := tx.Exec(`UPDATE intel_bells SET busy = $1 WHERE hook = $2 AND rev = $3`, clock.Micros(tx.Now().Add(lease)), r.h.ID, r.rev)
	if err == nil && n == 0 {
		err = errHookOver
	}
	return err
}

// fail turns a webhook off.
func (r *ringer) fail(ctx context.Context, why string) error {
	return r.d.Write(ctx, r.program, func(tx *db.Tx) error {
		if err := r.still(tx); err != nil {
			return err
		}
		if err := tx.MustChange(`UPDATE intel_hooks SET state = 'failed', why = $1 WHERE id = $2`, why, r.h.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE intel_deliveries SET state = 'failed' WHERE hook = $1 AND state = 'waits'`, r.h.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "hook.failed", Object: r.h.ID, Label: r.h.label, Data: map[string]string{"why": why}})
		return nil
	})
}

// listen finds what came since the webhook told last and its maker may read, and
// makes deliveries of it.
func (r *ringer) listen(ctx context.Context) error {
	var found []string
	var to int64
	more := false
	var wrong error
	err := r.d.Read(ctx, r.who, func(v *db.View) (err error) {
		next, _, err := r.x.place(v)
		if err != nil {
			return err
		}
		if to = next - 1; r.h.Query != "" {
			if to, err = r.x.mark(v, indexMark); err != nil { // what is not in the index is not found yet
				return err
			}
		}
		if to <= r.n {
			return nil
		}
		if !r.who.May(policy.MayExport) {
			return nil // a member out of good standing is told nothing
		}
		if r.h.Query == "" {
			found, err = db.All(v, func(s db.Scanner) (string, error) {
				n, err := db.Value[int64](s)
				return strconv.FormatInt(n, 10), err
			}, `SELECT o.n FROM visible.intel_objects o WHERE o.n > $1 AND o.n <= $2 AND `+latest+` AND `+once+` ORDER BY o.n LIMIT $3`, r.n, to, hookObjects*hookDeliveries+1)
		} else {
			found, wrong, err = r.search(v, to)
		}
		if more = len(found) > hookObjects*hookDeliveries; more {
			found = found[:hookObjects*hookDeliveries]
		}
		return err
	})
	if err != nil {
		return err
	}
	if wrong != nil {
		return r.fail(ctx, "Its search cannot be run any more: "+fault.Sentence(wrong))
	}
	if to <= r.n {
		return nil
	}
	return r.d.Note(ctx, r.program, func(tx *db.Tx) error {
		if err := r.still(tx); err != nil {
			return err
		}
		waiting, err := db.One(tx.View, db.Value[int64], `SELECT COUNT(*) FROM intel_deliveries d WHERE d.hook = $1 AND d.state = 'waits'`, r.h.ID)
		if err != nil {
			return err
		}
		parts := slices.Collect(slices.Chunk(found, hookObjects))
		if room := max(0, hookQueue-int(waiting)); len(parts) > room {
			parts, more = parts[:room], true
		}
		for i, part := range parts {
			if _, err := r.x.ring(tx, r.h.ID, "objects", tx.Now().Add(time.Duration(i)*time.Microsecond), part, more && i == len(parts)-1); err != nil {
				return err
			}
		}
		if more && len(parts) == 0 {
			_, err := tx.Exec(`UPDATE intel_deliveries SET more = 1 WHERE id = (SELECT d.id FROM intel_deliveries d WHERE d.hook = $1 AND d.state = 'waits' ORDER BY d.at DESC, d.id DESC LIMIT 1)`, r.h.ID)
			if err != nil {
				return err
			}
		}
		return tx.MustChange(`UPDATE intel_bells SET n = $1, since = $2 WHERE hook = $3`, to, clock.Micros(tx.Now()), r.h.ID)
	})
}

// search runs the webhook's search over what came since it told last. wrong is why
// it cannot be run.
func (r *ringer) search(v *db.View, to int64) (found []string, wrong, err error) {
	q, wrong := ParseQuery(r.h.Query, v.Now())
	if wrong != nil {
		return nil, wrong, nil
	}
	// Objects that came in one commit with the last that it told may be dated
	// before that; places decide.
	if since := clock.FromMicros(r.since).Add(-time.Hour); q.After.Before(since) {
		q.After = since
	}
	after := ""
	for len(found) <= hookObjects*hookDeliveries {
		hits, next, err := r.x.Search(v, q, after, hookObjects)
		if fault.Is(err, fault.Invalid) {
			return nil, err, nil
		}
		if err != nil {
			return nil, nil, err
		}
		old := false
		for _, h := range hits {
			if h.n > r.n && h.n <= to {
				found = append(found, strconv.FormatInt(h.n, 10))
			}
			old = old || h.n <= r.n
		}
		if after = next; next == "" || old {
			break
		}
	}
	slices.Reverse(found) // a search gives the newest first
	return found, nil, nil
}

// ring makes a delivery, and forgets old ones.
func (x *Intel) ring(tx *db.Tx, hook, kind string, at time.Time, places []string, more bool) (string, error) {
	id := ids.New("delivery")
	_, err := tx.Exec(`INSERT INTO intel_deliveries (id, hook, at, kind, places, more, state, tries, next_try, tried, answer, error) VALUES ($1, $2, $3, $4, $5, $6, 'waits', 0, 0, 0, 0, '')`,
		id, hook, clock.Micros(at), kind, db.List(places), bit(more))
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`DELETE FROM intel_deliveries WHERE hook = $1 AND state <> 'waits' AND (at < $2 OR id NOT IN (SELECT d.id FROM intel_deliveries d WHERE d.hook = $1 ORDER BY d.at DESC, d.id DESC LIMIT $3))`,
		hook, clock.Micros(tx.Now().Add(-redeliverWithin)), keptDeliveries)
	return id, err
}

// deliver tells the oldest thing that waits. more says that there may be another.
func (r *ringer) deliver(ctx context.Context, client *outbound.Client) (more bool, err error) {
	var d delivery
	var body []byte
	var now time.Time
	err = r.d.Read(ctx, r.who, func(v *db.View) (err error) {
		h, err := r.x.Hook(v.As(system), r.h.ID) // its state and next try may have changed
		if err != nil {
			return err
		}
		if now = v.Now(); h.State != HookOn || h.NextTry.After(now) {
			return fault.ErrMissing
		}
		r.h = h
		d, err = db.One(v, scanDelivery, `SELECT `+deliveryColumns+` FROM intel_deliveries d WHERE d.hook = $1 AND d.state = 'waits' ORDER BY d.at, d.id LIMIT 1`, r.h.ID)
		if err != nil {
			return err
		}
		body, err = r.body(v, d)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if body == nil {
		return true, r.note(ctx, d, DeliveryVoid, 0, "Nothing of what it was about may be read any more.", 0)
	}
	secret, err := r.x.box.Open(r.h.secret, hookAAD(r.h.ID))
	if err != nil {
		return false, fmt.Errorf("open the secret of webhook %s: %w", r.h.ID, err)
	}
	status, wait, err := send(ctx, client, r.h, d, secret, body, now)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	if err == nil {
		return true, r.note(ctx, d, DeliveryDone, status, "", 0)
	}
	if err := r.note(ctx, d, DeliveryWaits, status, outsideWords(err), wait); err != nil {
		return false, err
	}
	if !r.h.Failing.IsZero() && now.Sub(r.h.Failing) > HookPatience {
		return false, r.fail(ctx, fmt.Sprintf("It has not answered as it should since %s. It was turned off; what it did not tell can be delivered again from here.", r.h.Failing.Format("2 January 2006")))
	}
	return false, nil
}

// send calls a webhook. The error says in words why that was no success.
func send(ctx context.Context, client *outbound.Client, h Hook, d delivery, secret, body []byte, now time.Time) (status int, wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, reader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(outbound.SignatureHeader, outbound.Sign(secret, now, body))
	req.Header.Set("Cordon-Delivery", d.ID)
	resp, err := client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body) // what it says does not matter, only that the connection is used again
	_ = resp.Body.Close()
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return resp.StatusCode, 0, nil
	}
	wait, _ = outbound.RetryAfter(resp.Header, now)
	return resp.StatusCode, wait, &answered{status: resp.StatusCode, words: answerWords(resp.StatusCode)}
}

// note keeps what became of a try.
func (r *ringer) note(ctx context.Context, d delivery, st DeliveryState, answer int, words string, wait time.Duration) error {
	return r.d.Note(ctx, r.program, func(tx *db.Tx) error {
		if err := r.still(tx); err != nil {
			return err
		}
		now := clock.Micros(tx.Now())
		next := int64(0)
		var err error
		switch st {
		case DeliveryDone:
			err = tx.MustChange(`UPDATE intel_bells SET last_ok = $1, failing = 0, failures = 0, next_try = 0 WHERE hook = $2`, now, r.h.ID)
		case DeliveryWaits:
			next = clock.Micros(tx.Now().Add(outbound.NextTry(r.h.Failures+1, wait, outbound.Random())))
			err = tx.MustChange(`UPDATE intel_bells SET failing = CASE WHEN failing = 0 THEN $1 ELSE failing END, failures = failures + 1, next_try = $2 WHERE hook = $3`, now, next, r.h.ID)
		}
		if err != nil {
			return err
		}
		return tx.MustChange(`UPDATE intel_deliveries SET state = $1, tries = tries + 1, next_try = $2, tried = $3, answer = $4, error = $5 WHERE id = $6`, string(st), next, now, answer, words, d.ID)
	})
}
