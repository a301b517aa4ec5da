package db

import (
	"database/sql"
	"encoding/json"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Tx is a View that can also write, and append entries to the ledger. Everything
// done through it is saved together or not at all.
type Tx struct {
	*View
	seq int64
	*work
}

// work is what a write gathers besides its statements; every As of a Tx shares it.
type work struct {
	entries []Entry
	after   []func()
	again   bool // a repetition that was saved before: there is nothing to record
}

// Entry is one fact for the ledger: who (the Tx's viewer) did what (Verb, as
// noun.verb) to which object, readable by whom. Data is encoded as JSON and kept
// encrypted with a key of its own. Access marks a fact that changes what
// somebody may see: live streams are checked at once.
type Entry struct {
	Verb   string
	Object string
	Parent string // the thing the object belongs to, e.g. a post's topic
	Room   string // the room, if any
	Label  policy.Label
	Data   any
	Access bool
	// Coarse keeps the day only, of this entry and of all others of its write:
	// one exact time beside it would tell the rest.
	Coarse bool
}

// Exec runs a statement that writes and returns how many rows it touched.
func (tx *Tx) Exec(stmt string, args ...any) (int64, error) {
	return tx.exec(stmt, args, func(text string) string { return text })
}

// exec is Exec of what the engine is to be given in place of the statement's text.
func (tx *Tx) exec(stmt string, args []any, given func(text string) string) (int64, error) {
	text, args, err := tx.statement(stmt, args)
	if err != nil {
		return 0, err
	}
	text = given(text)
	res, err := tx.q.ExecContext(tx.ctx, text, args...)
	if err != nil {
		return 0, tx.broke(err, stmt)
	}
	if err := tx.db.faults.after(stmt); err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return n, err
}

// MustChange runs a statement that must touch exactly one row; otherwise the
// thing is missing.
func (tx *Tx) MustChange(stmt string, args ...any) error {
	n, err := tx.Exec(stmt, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fault.ErrMissing
	}
	return nil
}

// Append adds a fact to the ledger, in the same commit.
func (tx *Tx) Append(e Entry) { tx.entries = append(tx.entries, e) }

// NextSeq is the sequence number of the first entry this write appends.
func (tx *Tx) NextSeq() int64 { return tx.seq }

// Pending is how many entries this write has appended so far.
func (tx *Tx) Pending() int { return len(tx.entries) }

// AfterCommit runs fn once the write is on disk. It is for hints only: a crash
// forgets it.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// Store keeps an audience and returns its address.
func (tx *Tx) Store(a policy.Audience) (string, error) {
	id := a.ID()
	tx.db.audiences.Store(id, a) // true whether or not this write is saved
	if _, ok := tx.db.stored.Load(id); ok {
		return id, nil
	}
	members, err := json.Marshal(a.Strings())
	if err != nil {
		return "", err
	}
	n, err := tx.Exec(`INSERT INTO audiences (id, members) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, id, string(members))
	if err != nil {
		return "", err
	}
	if n == 1 {
		for _, p := range a.Members() {
			if _, err := tx.Exec(`INSERT INTO audience_members (audience, principal) VALUES ($1, $2)`, id, string(p)); err != nil {
				return "", err
			}
		}
	}
	// Remembered only once it is on disk: this write may still be undone.
	tx.AfterCommit(func() { tx.db.stored.Store(id, true) })
	return id, nil
}

// As gives the same transaction in another viewer's eyes; entries still name the
// viewer of the write. See [View.As].
func (tx *Tx) As(viewer policy.Viewer) *Tx {
	t := *tx
	t.View = tx.View.As(viewer)
	return &t
}

// Once makes a write happen once for a person and an idempotency key: the second
// time, fn is not run and the first result is returned. The same key with a
// different digest (of the input) is a conflict. Keys are kept for two days.
func (tx *Tx) Once(key, digest string, fn func() (result string, err error)) (result string, again bool, err error) {
	if key == "" {
		result, err = fn()
		return result, false, err
	}
	if len(key) > 100 {
		return "", false, fault.Invalidf("The idempotency key is longer than 100 characters.")
	}
	type earlier struct{ digest, result string }
	scan := func(s Scanner) (e earlier, err error) { err = s.Scan(&e.digest, &e.result); return e, err }
	e, err := One(tx.View, scan, `SELECT digest, result FROM requests WHERE person = $1 AND key = $2`, tx.viewer.Actor(), key)
	if err == nil {
		if e.digest != digest {
			return "", false, fault.Conflictf("This idempotency key was used for something else. Nothing was changed; send again with a new key.")
		}
		tx.again = true
		return e.result, true, nil
	}
	if !fault.Is(err, fault.Missing) {
		return "", false, err
	}
	if result, err = fn(); err != nil {
		return "", false, err
	}
	now := tx.now.UnixMicro()
	if _, err := tx.Exec(`DELETE FROM requests WHERE at < $1`, now-48*3600*1e6); err != nil {
		return "", false, err
	}
	_, err = tx.Exec(`INSERT INTO requests (person, key, at, digest, result) VALUES ($1, $2, $3, $4, $5)`,
		tx.viewer.Actor(), key, now, digest, result)
	return result, false, err
}

var _ querier = (*sql.Tx)(nil)
