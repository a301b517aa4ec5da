package vulns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// The limits of one commit.
const (
	chunkRecords = 500
	chunkClaims  = 20_000
	chunkScores  = 5_000
)

// errEnough ends the reading of a file from the side of who takes the records.
var errEnough = errors.New("enough")

// reading is one reading of a batch by this node.
type reading struct {
	x        *Vulns
	ctx      context.Context
	d        *db.DB
	program  policy.Viewer
	who      policy.Viewer // in whose name records are written
	holder   string
	b        *Batch // as it is in the store
	next     Batch  // as it will be after the next commit
	file     *disk
	from     int // of the items, how many were taken in before
	held     []*incoming
	claims   int // of those
	progress func(*Batch)
	failed   error // of the store or the batch, and not of the file
}

// Read reads a queued or interrupted batch to its end, in its sender's name, or
// until ctx ends: a commit of some hundred records after another, each with the
// batch's progress, so that a crash repeats nothing and loses nothing. What is known
// as it stands is not written again. progress, if any, is told after each commit.
// While another node reads the batch it is a conflict.
func (x *Vulns) Read(ctx context.Context, d *db.DB, program policy.Viewer, id string, progress func(*Batch)) (*Batch, error) {
	r := &reading{x: x, ctx: ctx, d: d, program: program, who: program, holder: newHolder(), progress: progress}
	err := d.Note(ctx, program, func(tx *db.Tx) (err error) {
		if r.b, err = x.Batch(tx.View, id); err != nil {
			return err
		}
		if r.b.State != Queued && r.b.State != Running {
			return nil
		}
		return take(tx, id, r.holder, batchLease)
	})
	if err != nil || r.b.State != Queued && r.b.State != Running {
		return r.b, err
	}
	r.next = *r.b
	defer func() { // if it was not read to its end
		_ = d.Note(context.WithoutCancel(ctx), program, func(tx *db.Tx) error { return give(tx, id, r.holder) })
	}()
	if r.b.Feed == "" || r.b.Person != "" {
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			r.who, err = x.members.ViewerOf(v, r.b.Person, "", nil)
			return err
		})
		if fault.Is(err, fault.Missing) {
			return r.b, r.end(Stopped, "The person who sent it has left.")
		}
		if err != nil {
			return r.b, err
		}
	}
	f, err := x.openFile(ctx, r.b)
	if lost(err) {
		return r.b, r.end(Broken, "The file is not in the store any more, or is damaged there.")
	}
	if err != nil {
		return r.b, err
	}
	defer f.Close()
	r.file, r.from = &disk{ReadSeeker: f}, r.b.Seen
	if r.b.Kind == EPSS {
		err = r.scores()
	} else {
		err = r.records()
	}
	switch {
	case errors.Is(r.failed, errElsewhere):
		return r.elsewhere()
	case r.failed != nil:
		err = r.failed
	case lost(r.file.err):
		return r.b, r.end(Broken, "The file is damaged in the store.")
	case r.file.err != nil:
		err = fmt.Errorf("read the batch's file: %w", r.file.err)
	case err != nil:
		return r.b, r.end(Broken, sentence(err))
	default:
		return r.b, r.end(Done, "")
	}
	if ctx.Err() == nil && (fault.Is(err, fault.Forbidden) || fault.Is(err, fault.Invalid)) {
		return r.b, r.end(Stopped, fault.Sentence(err))
	}
	return r.b, err
}

// lost reports whether a file can never be read again.
func lost(err error) bool { return errors.Is(err, blob.ErrMissing) || errors.Is(err, blob.ErrDamaged) }

// elsewhere is the batch as it is now: somebody stopped it, or another node reads it.
func (r *reading) elsewhere() (*Batch, error) {
	err := r.d.Read(r.ctx, r.program, func(v *db.View) (err error) {
		r.b, err = r.x.Batch(v, r.b.ID)
		return err
	})
	if err == nil && (r.b.State == Queued || r.b.State == Running) {
		err = errElsewhere
	}
	return r.b, err
}

// records reads what is not EPSS. The error is the file's; the store's is in failed.
func (r *reading) records() error {
	parts := make(chan []item, 2) // reading runs beside writing
	stop := make(chan struct{})
	var broken error
	go func() {
		defer close(parts)
		var part []item
		n := 0
		send := func() error {
			select {
			case parts <- part:
				part = nil
				return nil
			case <-stop:
				return errEnough
			}
		}
		err := each(r.b.Kind, r.file, r.b.mirror, func(it item) error {
			if n++; n <= r.from {
				return nil
			}
			if part = append(part, it); len(part) < chunkRecords {
				return nil
			}
			return send()
		})
		if len(part) > 0 && !errors.Is(err, errEnough) && send() != nil {
			return
		}
		if !errors.Is(err, errEnough) {
			broken = err
		}
	}()
	for part := range parts {
		if r.failed == nil {
			if r.failed = r.ctx.Err(); r.failed == nil {
				r.failed = r.take(part)
			}
			if r.failed != nil {
				close(stop)
			}
		}
	}
	if r.failed == nil {
		r.failed = r.commit()
	}
	return broken
}

// take takes in the next items: what is known as it stands is counted, what is not
// is held for the next commit.
func (r *reading) take(part []item) error {
	ins := make([]*incoming, len(part))
	for i := range part {
		if part[i].err == nil {
			ins[i], part[i].err = arrive(part[i], r.b.Label)
		}
	}
	err := r.d.Read(r.ctx, r.program, func(v *db.View) error { return r.x.compare(v, r.b, ins) })
	if err != nil {
		return err
	}
	for i, in := range ins {
		if part[i].err == nil && in.refuse != nil {
			part[i].err = in.refuse
		}
		if err := part[i].err; err != nil {
			r.next.Seen++
			r.next.skip(part[i].where, err)
			continue
		}
		for _, g := range in.gone { // other records of an earlier form of its document
			r.hold(g)
		}
		if in.same {
			r.next.Seen++
			r.next.Same++
			continue
		}
		// A record that stands twice in a file is taken one after the other.
		for _, h := range r.held {
			if h.key() == in.key() {
				if err := r.commit(); err != nil {
					return err
				}
				break
			}
		}
		r.hold(in)
		r.next.Seen++
		if len(r.held) >= chunkRecords || r.claims >= chunkClaims {
			if err := r.commit(); err != nil {
				return err
			}
		}
	}
	if r.progress != nil {
		now := r.next
		r.progress(&now)
	}
	return r.renew()
}

func (r *reading) hold(in *incoming) {
	r.held = append(r.held, in)
	r.claims += len(in.rec.Claims)
}

// renew says that this node goes on.
func (r *reading) renew() error {
	return r.d.Note(r.ctx, r.program, func(tx *db.Tx) error { return take(tx, r.b.ID, r.holder, batchLease) })
}

// commit writes what is held.
func (r *reading) commit() error {
	if len(r.held) == 0 {
		return nil
	}
	return r.write(func(tx *db.Tx, next *Batch) error {
		return r.x.keep(tx, next, r.held)
	}, func() { r.held, r.claims = nil, 0 })
}

// write commits part of a batch together with its progress.
func (r *reading) write(fn func(tx *db.Tx, next *Batch) error, done func()) error {
	var next Batch
	err := r.d.Write(r.ctx, r.who, func(tx *db.Tx) error {
		if err := r.still(tx); err != nil {
			return err
		}
		if r.b.Label.Audience.Has(policy.Public) && !mayFeed(tx.Viewer()) || !tx.Viewer().May(policy.MayPost) {
			return fault.Forbiddenf("Its sender may not bring this in any more.")
		}
		next = r.next
		next.Problems = append([]Problem(nil), r.next.Problems...)
		next.State, next.Consumed = Running, min(next.Size, max(next.Consumed, r.file.n))
		next.parts++
		if err := fn(tx, &next); err != nil {
			return err
		}
		return r.x.progress(tx.As(system), &next)
	})
	if err != nil {
		return err
	}
	r.next = next
	*r.b = next
	done()
	if r.progress != nil {
		now := next
		r.progress(&now)
	}
	return nil
}

// still checks that this node goes on reading the batch, where it was.
func (r *reading) still(tx *db.Tx) error {
	if err := take(tx, r.b.ID, r.holder, batchLease); err != nil {
		return err
	}
	now, err := r.x.Batch(tx.View.As(system), r.b.ID)
	if err == nil && (now.State != Queued && now.State != Running || now.parts != r.b.parts) {
		err = errElsewhere
	}
	return err
}

// end notes that a batch will not be read any further, and forgets its file unless
// it may be resumed.
func (r *reading) end(st BatchState, why string) error {
	b := r.next
	if st != Done && why != "" {
		b.Problems = append(append([]Problem(nil), b.Problems[:min(len(b.Problems), MaxProblems-1)]...), Problem{Where: "the file", Reason: why})
	}
	file := b.file
	err := r.d.Write(r.ctx, r.program, func(tx *db.Tx) error {
		if err := r.still(tx); err != nil {
			return err
		}
		b.State, b.Ended = st, tx.Now()
		if st != Stopped {
			b.file, b.key = "", []byte{}
		}
		if st == Done {
			b.Consumed = b.Size
		}
		tx.Append(db.Entry{Verb: "vulns.ended", Object: b.ID, Label: b.own, Data: map[string]any{"state": string(st), "seen": b.Seen, "added": b.Added, "changed": b.Changed,
			"same": b.Same, "withdrawn": b.Withdrawn, "skipped": b.Skipped}})
		if err := r.x.progress(tx, &b); err != nil {
			return err
		}
		if err := give(tx, b.ID, r.holder); err != nil {
			return err
		}
		return r.x.told(tx, &b, why)
	})
	if err != nil {
		return err
	}
	*r.b = b
	if st != Stopped && file != "" {
		_ = r.x.files.Delete(context.WithoutCancel(r.ctx), blobOf(file)) // what stays, SweepFiles removes
	}
	return nil
}

// told notes with the feed how its batch ended. What could not be read is fetched
// again.
func (x *Vulns) told(tx *db.Tx, b *Batch, why string) error {
	if b.Feed == "" {
		return nil
	}
	_, err := tx.Exec(`UPDATE vulns_pulls SET batch = $1, seconds = $2, added = $3, changed = $4, same = $5, withdrawn = $6, skipped = $7,
		last_ok = CASE WHEN $8 = 1 THEN $9 ELSE last_ok END, failures = CASE WHEN $8 = 1 THEN 0 ELSE failures + 1 END, error = $10,
		etag = CASE WHEN $11 = 1 THEN '' ELSE etag END, stamp = CASE WHEN $11 = 1 THEN '' ELSE stamp END, fingerprint = CASE WHEN $11 = 1 THEN '' ELSE fingerprint END WHERE feed = $12`,
		b.ID, int64(b.Ended.Sub(b.At)/time.Second), b.Added, b.Changed, b.Same, b.Withdrawn, b.Skipped, bit(b.State == Done), clock.Micros(b.Ended), why, bit(b.State == Broken), b.Feed)
	return err
}

// Stop ends the reading of a batch after its present commit. What was taken in
// stays.
func (x *Vulns) Stop(tx *db.Tx, id string) error { return x.turn(tx, id, Stopped, Queued, Running) }

// Resume has a stopped batch read further, from where it was stopped.
func (x *Vulns) Resume(tx *db.Tx, id string) error { return x.turn(tx, id, Queued, Stopped) }

func (x *Vulns) turn(tx *db.Tx, id string, to BatchState, from ...BatchState) error {
	b, err := x.Batch(tx.View, id)
	if err != nil {
		return err
	}
	if who := tx.Viewer(); b.Feed != "" && !mayFeed(who) || b.Feed == "" && !(who.Org == b.Org && who.May(policy.MayPost)) {
		return fault.Forbiddenf("You may not do that.")
	}
	for _, st := range from {
		if b.State == st {
			b.State = to
			tx.Append(db.Entry{Verb: "vulns." + map[BatchState]string{Stopped: "stopped", Queued: "resumed"}[to], Object: b.ID, Label: b.own, Data: map[string]int{"seen": b.Seen}})
			return x.progress(tx, b)
		}
	}
	return fault.Conflictf("This batch is %s; that cannot be done now.", b.State)
}

// Run reads what is queued, oldest first, until ctx ends, beginning with what a
// crash interrupted. Before that it brings the indexes up to date, which a restore
// leaves out and a new program may make otherwise.
func (x *Vulns) Run(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	indexed := false
	return d.Work(ctx, log, "read vulnerability records", 10*time.Second, func() (bool, error) {
		if !indexed {
			if err := x.RebuildIndex(ctx, d, program); err != nil {
				return false, fmt.Errorf("bring the index up to date: %w", err)
			}
			indexed = true
		}
		var id string
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			id, err = db.One(v, db.Value[string], `SELECT b.id FROM visible.vulns_batches b LEFT JOIN vulns_leases l ON l.name = b.id
				WHERE b.state IN ('queued', 'running') AND b.file <> '' AND (l.until IS NULL OR l.until <= $1) ORDER BY b.at, b.id LIMIT 1`, clock.Micros(v.Now()))
			return err
		})
		if fault.Is(err, fault.Missing) {
			return false, nil
		}
		if err == nil {
			_, err = x.Read(ctx, d, program, id, nil)
		}
		switch {
		case errors.Is(err, errElsewhere):
			return false, nil
		case err != nil:
			return false, fmt.Errorf("batch %s: %w", id, err)
		}
		return true, nil
	})
}
