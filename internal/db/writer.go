package db

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// job is one write waiting for its commit.
type job struct {
	ctx     context.Context
	viewer  policy.Viewer
	fn      func(*Tx) error
	scratch bool
	err     error
	after   []func()
	done    chan struct{}
}

// Write runs fn in a transaction in the viewer's name, with the viewer's rights
// of this moment, and returns nil only when everything is on disk. fn must append
// at least one ledger entry. It may run more than once before that, never after,
// and must not touch anything but its Tx.
func (d *DB) Write(ctx context.Context, viewer policy.Viewer, fn func(*Tx) error) error {
	return d.submit(ctx, viewer, fn, false)
}

// Note runs fn in a transaction that writes scratch tables only: drafts, read
// marks, indexes, cursors. It needs no ledger entry.
func (d *DB) Note(ctx context.Context, viewer policy.Viewer, fn func(*Tx) error) error {
	return d.submit(ctx, viewer, fn, true)
}

func (d *DB) submit(ctx context.Context, viewer policy.Viewer, fn func(*Tx) error, scratch bool) error {
	j := &job{ctx: ctx, viewer: viewer, fn: fn, scratch: scratch, done: make(chan struct{})}
	select {
	case d.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	case <-d.quit:
		return fault.Busyf("The server is stopping. Nothing was saved; try again in a moment.")
	}
	// Once handed over, a write is waited for even if the reader has gone: its
	// outcome must be known to be told.
	select {
	case <-j.done:
	case <-d.stopped: // it came too late to be looked at
		select {
		case <-j.done:
		default:
			return fault.Busyf("The server is stopping. Nothing was saved; try again in a moment.")
		}
	case <-d.failed:
		select {
		case <-j.done:
		default:
			return fault.Busyf("The storage failed. It is not known whether this was saved; look before you send it again.")
		}
	}
	if j.err == nil {
		for _, f := range j.after {
			f()
		}
	}
	return j.err
}

// writer owns the writing connection.
func (d *DB) writer() {
	defer d.done.Done()
	defer close(d.stopped)
	for {
		select {
		case <-d.quit:
			for {
				select {
				case j := <-d.jobs:
					d.commit(j)
				default:
					return
				}
			}
		case j := <-d.jobs:
			d.commit(j)
		}
	}
}

// commit runs the first write and all that wait behind it in one transaction,
// each in a savepoint of its own, and tells every writer the outcome after the
// one commit that is on disk.
func (d *DB) commit(first *job) {
	var batch []*job
	shared := &transaction{}
	finish := func(err error) {
		for _, j := range batch {
			if err != nil && j.err == nil {
				j.err = err
			}
			close(j.done)
		}
	}
	select {
	case <-d.failed:
		batch = append(batch, first)
		finish(fault.Busyf("The storage failed and the server is stopping. Nothing was saved."))
		return
	default:
	}
	ctx := context.Background()
	sqlTx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		batch = append(batch, first)
		d.failOn(err)
		finish(d.undone(err))
		return
	}
	defer sqlTx.Rollback()
	q := d.prepared(sqlTx)
	tx := &Tx{View: &View{db: d, ctx: ctx, q: q, now: d.clock.Now(), mode: facts, shared: shared, open: new(bool)}, work: &work{}}
	tx.bind(policy.System("ledger"))
	size, err := d.ledger.Begin(tx)
	if err != nil {
		batch = append(batch, first)
		d.failOn(err)
		finish(d.undone(err))
		return
	}
	var leaves [][]byte
	started := clock.System().Now() // how long we may collect is the machine's time, not the story's
	for j := first; j != nil; {
		batch = append(batch, j)
		made, err := d.run(q, shared, j, size+int64(len(leaves)))
		if err != nil {
			j.err = err
		}
		if shared.dead != nil {
			d.failOn(shared.dead)
			finish(d.undone(shared.dead))
			return
		}
		leaves = append(leaves, made...)
		j = nil
		if len(batch) < maxBatch && clock.Since(started) < batchTime {
			select {
			case j = <-d.jobs:
			default:
			}
		}
	}
	if len(leaves) > 0 {
		if err := d.ledger.Seal(tx, size, leaves); err != nil {
			d.failOn(err)
			finish(d.undone(err))
			return
		}
		if d.dialect.engine == Postgres {
			if _, err := sqlTx.ExecContext(ctx, `SELECT pg_notify('cordon', '')`); err != nil {
				finish(d.undone(err))
				return
			}
		}
	}
	if err := d.faults.before("COMMIT"); err != nil {
		finish(d.undone(err))
		return
	}
	if err := sqlTx.Commit(); err != nil {
		d.failOn(err)
		if d.dialect.engine == SQLite {
			// A refused COMMIT can leave the transaction open on the one connection.
			d.write.ExecContext(ctx, `ROLLBACK`)
		}
		finish(d.storeFault(err))
		return
	}
	if err := d.faults.after("COMMIT"); err != nil {
		finish(d.storeFault(err))
		return
	}
	finish(nil)
	if len(leaves) > 0 {
		d.notify()
	}
}

// run does one write inside the batch. On error nothing of it remains.
func (d *DB) run(q querier, shared *transaction, j *job, seq int64) (leaves [][]byte, err error) {
	if err := j.ctx.Err(); err != nil {
		return nil, err
	}
	ctx := context.WithoutCancel(j.ctx)
	if _, err := q.ExecContext(ctx, `SAVEPOINT one`); err != nil {
		shared.dead = err
		return nil, d.undone(err)
	}
	defer func() {
		if p := recover(); p != nil {
			d.log.Error("a write panicked", "panic", p, "stack", string(debug.Stack()))
			leaves, err = nil, &fault.Error{Kind: fault.Internal, Message: "panic", Err: fmt.Errorf("panic in a write: %v", p)}
		}
		if err == nil && shared.dead == nil {
			// PostgreSQL refuses this when the write hid an error of a statement.
			if _, e := q.ExecContext(ctx, `RELEASE SAVEPOINT one`); e != nil {
				err = d.undone(e)
			}
		}
		if err == nil {
			return
		}
		leaves, j.after = nil, nil
		for _, stmt := range []string{`ROLLBACK TO SAVEPOINT one`, `RELEASE SAVEPOINT one`} {
			if shared.dead != nil {
				return
			}
			if _, e := q.ExecContext(ctx, stmt); e != nil {
				d.log.Error("could not undo a write; its batch fails", "err", e)
				shared.dead = e
			}
		}
	}()
	w := &work{}
	tx := &Tx{View: &View{db: d, ctx: ctx, q: q, now: d.clock.Now(), mode: facts, shared: shared, open: new(bool), work: w}, seq: seq, work: w}
	if j.scratch {
		tx.mode = scratch
	}
	tx.bind(j.viewer)
	if d.refresh != nil && j.viewer.SignedIn() {
		fresh, err := d.refresh(tx.View, j.viewer)
		if err != nil {
			return nil, err
		}
		tx.bind(fresh)
	}
	if err := j.fn(tx); err != nil {
		return nil, err
	}
	switch {
	case j.scratch && len(tx.entries) > 0:
		return nil, fmt.Errorf("db: a note appended %s; use Write", tx.entries[0].Verb)
	case !j.scratch && len(tx.entries) == 0 && !tx.again:
		return nil, fmt.Errorf("db: a write left no ledger entry")
	}
	if len(tx.entries) > 0 {
		if leaves, err = d.ledger.Record(tx, seq, tx.viewer, tx.entries); err != nil {
			return nil, err
		}
		if len(leaves) != len(tx.entries) {
			return nil, fmt.Errorf("db: the ledger made %d leaves of %d entries", len(leaves), len(tx.entries))
		}
	}
	j.after = tx.after
	return leaves, nil
}

// failOn ends all acknowledgement after an error of the disk: a failed fsync may
// have lost what it was asked to keep, and asking again proves nothing (T-22).
func (d *DB) failOn(err error) {
	if d.dialect.classify(err) == errFatal {
		d.fail(err)
	}
}

// storeFault is the answer when a commit went wrong.
func (d *DB) storeFault(err error) error {
	return d.answer(err, "The store did not answer. It is not known whether this was saved; look before you send it again.")
}

// undone is the answer when a transaction was given up before its commit.
func (d *DB) undone(err error) error {
	return d.answer(err, "The store did not answer. Nothing was saved; try again.")
}

func (d *DB) answer(err error, message string) error {
	if k := fault.KindOf(err); k != fault.Internal {
		return err
	}
	// Only the caller knows what a lost connection means: before the commit that
	// nothing was saved, during it that nobody can tell.
	if e := d.wrap(err, "COMMIT"); fault.KindOf(e) != fault.Internal && d.dialect.classify(err) != errGone {
		return e
	}
	return &fault.Error{Kind: fault.Busy, Message: message, Err: err}
}
