package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Ledger is what the store needs of the ledger: it is asked inside every
// writing transaction, so that facts and their record are one commit.
type Ledger interface {
	// Access is the position of the newest entry that changed anybody's rights, as
	// of this view.
	Access(v *View) (int64, error)
	// Begin locks the head, for all nodes, and tells how many entries there are.
	Begin(tx *Tx) (size int64, err error)
	// Record writes one write's entries from sequence number seq on and returns
	// their leaves. actor is the viewer of the write.
	Record(tx *Tx, seq int64, actor policy.Viewer, entries []Entry) (leaves [][]byte, err error)
	// Seal adds the leaves of a whole commit to the tree.
	Seal(tx *Tx, size int64, leaves [][]byte) error
}

// Refresh reads a viewer again inside a transaction, so that a write is judged
// by the rights of its own moment.
type Refresh func(v *View, who policy.Viewer) (policy.Viewer, error)

// Options opens a store.
type Options struct {
	Dir     string // the data folder; SQLite's file is cordon.db in it
	URL     string // postgres://… ; empty means SQLite
	Clock   clock.Clock
	Schemas []Schema
	Ledger  Ledger
	Log     *slog.Logger
}

// DB is an open store.
type DB struct {
	dialect     dialect
	dsn         string
	write, read *sql.DB
	side        *sql.DB // for look-ups beside a transaction
	clock       clock.Clock
	ledger      Ledger
	log         *slog.Logger
	refresh     Refresh
	tables      map[string]Table
	cache       sync.Map // statement → rewritten
	audiences   sync.Map // audience id → policy.Audience, never changes
	stored      sync.Map // audience ids known to be on disk
	faults      Faults
	plans       plans

	jobs  chan *job
	quit  chan struct{}
	close sync.Once
	done  sync.WaitGroup
	// stopped is closed when the writer has ended: what it did not look at by
	// then was not saved.
	stopped chan struct{}
	failed  chan struct{} // closed when the store can no longer be trusted
	broken  sync.Once

	mu   sync.Mutex
	wake chan struct{} // closed and replaced at every commit
}

// Open opens or makes the store and brings its schema up to date.
func Open(ctx context.Context, o Options) (*DB, error) {
	d := &DB{dialect: dialect{SQLite}, dsn: o.URL, clock: o.Clock, ledger: o.Ledger, log: o.Log, tables: map[string]Table{},
		jobs: make(chan *job, 4096), quit: make(chan struct{}), stopped: make(chan struct{}), failed: make(chan struct{}), wake: make(chan struct{})}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if o.URL != "" {
		if !strings.HasPrefix(o.URL, "postgres://") && !strings.HasPrefix(o.URL, "postgresql://") {
			return nil, errors.New("the database URL must start with postgres://; leave it out for the embedded SQLite")
		}
		d.dialect = dialect{Postgres}
	} else if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	schemas := append([]Schema{base}, o.Schemas...)
	if err := d.register(schemas); err != nil {
		return nil, err
	}
	var err error
	if d.write, d.read, err = d.dialect.open(o.Dir, o.URL); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if d.side, err = d.dialect.openSide(o.Dir, o.URL); err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := d.migrate(ctx, schemas); err != nil {
		return nil, errors.Join(err, d.write.Close(), d.read.Close(), d.side.Close())
	}
	d.done.Add(1)
	go d.writer()
	if d.dialect.engine == Postgres {
		d.done.Add(1)
		go d.listen()
	}
	return d, nil
}

// Engine says which engine is underneath.
func (d *DB) Engine() Engine { return d.dialect.engine }

// Clock is the store's clock.
func (d *DB) Clock() clock.Clock { return d.clock }

// SetRefresh says how viewers are read again at each write (members does this).
func (d *DB) SetRefresh(r Refresh) { d.refresh = r }

// Close waits for the writes under way and closes the store.
func (d *DB) Close() error {
	d.close.Do(func() { close(d.quit) })
	d.done.Wait()
	return errors.Join(d.write.Close(), d.read.Close(), d.side.Close())
}

// Failed is closed when the disk refused what it had been told to keep. Nothing
// is acknowledged after that; the program must end and start again.
func (d *DB) Failed() <-chan struct{} { return d.failed }

// Read runs fn on one snapshot in the viewer's eyes.
func (d *DB) Read(ctx context.Context, viewer policy.Viewer, fn func(*View) error) error {
	tx, err := d.dialect.beginRead(ctx, d.read)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &fault.Error{Kind: fault.Busy, Message: "The store cannot be reached just now. Try again.", Err: err}
	}
	defer tx.Rollback()
	v := &View{db: d, ctx: ctx, q: d.planned(tx), now: d.clock.Now(), open: new(bool)}
	v.bind(viewer)
	return fn(v)
}

// Changed returns a channel that is closed at the next commit of any node. Take
// the channel first, then look, then wait: nothing is missed.
func (d *DB) Changed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.wake
}

func (d *DB) notify() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.wake)
	d.wake = make(chan struct{})
}

// fail marks the store as not to be trusted any more.
func (d *DB) fail(err error) {
	d.broken.Do(func() {
		d.log.Error("the store failed; nothing more is acknowledged", "err", err)
		close(d.failed)
	})
}

// Check looks whether the store's own structure is whole (SQLite's quick_check;
// PostgreSQL answers for itself).
func (d *DB) Check(ctx context.Context) error {
	if d.dialect.engine == Postgres {
		return d.read.PingContext(ctx)
	}
	var s string
	if err := d.read.QueryRowContext(ctx, `PRAGMA quick_check`).Scan(&s); err != nil {
		return err
	}
	if s != "ok" {
		return fmt.Errorf("the store is damaged: %s", s)
	}
	return nil
}

// Scrub removes what deleting leaves behind in the store's files: old pages in
// SQLite's write-ahead log, dead rows on PostgreSQL. Shredding ends with it.
func (d *DB) Scrub(ctx context.Context, table string) error {
	if _, ok := d.tables[table]; !ok {
		return fmt.Errorf("db: there is no table %s to scrub", table)
	}
	if d.dialect.engine == Postgres {
		_, err := d.write.ExecContext(ctx, `VACUUM `+table)
		return err
	}
	var busy, frames, moved int
	if err := d.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return err
	}
	if busy != 0 {
		return fault.Busyf("A long read holds on to old pages of the store. Try again.")
	}
	return nil
}

const maxBatch = 256

// batchTime bounds how long a commit waits for more writes to join it.
const batchTime = 20 * time.Millisecond
