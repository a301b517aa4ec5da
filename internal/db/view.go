package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// View is one snapshot of the store, read through one viewer's eyes. It lives
// only as long as the function it was handed to, and is used by one goroutine.
type View struct {
	db     *DB
	ctx    context.Context
	q      querier
	viewer policy.Viewer
	now    time.Time
	mine   string // the viewer's principals, as JSON
	mode   mode
	shared *transaction // nil outside a write
	open   *bool        // an answer is being read
	work   *work        // what the write around it gathers; nil in a read
}

// mode is what may be written through a View.
type mode int

const (
	nothing mode = iota // a read
	scratch             // a note: scratch tables only
	facts               // a write: everything, with a ledger entry
)

// transaction is what several writes share. Once the engine may have
// undone it by itself, dead says why, and nothing more is done in it: what a
// later statement wrote would be saved alone.
type transaction struct{ dead error }

// statement prepares a statement and its arguments, and refuses what this View
// must not do.
func (v *View) statement(stmt string, args []any) (string, []any, error) {
	r := v.db.rewrite(stmt, v.viewer.IsSystem())
	if r.err != nil {
		return "", nil, r.err
	}
	if len(args) != r.args {
		return "", nil, fmt.Errorf("db: statement has %d placeholders and %d arguments: %s", r.args, len(args), stmt)
	}
	for _, t := range r.targets {
		switch {
		case v.mode == nothing:
			return "", nil, fmt.Errorf("db: a read does not write to %s", t)
		case v.mode == scratch && v.db.tables[t].Privacy != Scratch:
			return "", nil, fmt.Errorf("db: %s holds facts and is not written without a ledger entry", t)
		}
	}
	if v.shared != nil && v.shared.dead != nil {
		return "", nil, v.db.undone(v.shared.dead)
	}
	if *v.open {
		// PostgreSQL cannot do this on one connection, so it is refused on both.
		return "", nil, fmt.Errorf("db: a statement while another's answer is being read: %s", stmt)
	}
	if r.uses {
		args = append(append(make([]any, 0, len(args)+1), args...), v.mine)
	}
	return r.text, args, v.db.faults.before(stmt)
}

// broke turns an engine's error into a fault, and ends the batch if the engine
// may have undone it.
func (v *View) broke(err error, stmt string) error {
	if v.shared != nil && v.shared.dead == nil && v.db.dialect.undoes(err) {
		v.shared.dead = err
	}
	if v.ctx.Err() != nil {
		return v.ctx.Err()
	}
	return v.db.wrap(err, stmt)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Scanner is one row of an answer.
type Scanner interface{ Scan(dest ...any) error }

// AccessVersion tells the state of everybody's rights: what was worked out of
// rosters, standing and roles under one version holds wherever the version is the
// same. ok is false inside a write that is itself changing rights.
func (v *View) AccessVersion() (version int64, ok bool, err error) {
	if v.work != nil {
		for _, e := range v.work.entries {
			if e.Access {
				return 0, false, nil
			}
		}
	}
	version, err = v.db.ledger.Access(v)
	return version, err == nil, err
}

// Remember runs fn, which keeps something worked out of this view outside the
// store: at once in a read, and in a write only after its commit, because what a
// write sees may still be undone.
func (v *View) Remember(fn func()) {
	if v.work != nil {
		v.work.after = append(v.work.after, fn)
		return
	}
	fn()
}

// Viewer is in whose name this View reads.
func (v *View) Viewer() policy.Viewer { return v.viewer }

// Now is the time of the transaction, in UTC.
func (v *View) Now() time.Time { return v.now }

// Context is the request's context.
func (v *View) Context() context.Context { return v.ctx }

// Engine says which engine is underneath; only internal packages ask.
func (v *View) Engine() Engine { return v.db.dialect.engine }

// As gives the same snapshot in another viewer's eyes. It is for system views
// and for previews of one's own audience; internal/houserules lists its uses.
func (v *View) As(viewer policy.Viewer) *View {
	w := *v
	w.bind(viewer)
	return &w
}

func (v *View) bind(viewer policy.Viewer) {
	v.viewer = viewer
	mine, _ := json.Marshal(viewer.Principals().Strings())
	v.mine = string(mine)
}

// query runs a statement that reads.
func (v *View) query(stmt string, args []any) (*sql.Rows, error) {
	text, args, err := v.statement(stmt, args)
	if err != nil {
		return nil, err
	}
	rows, err := v.q.QueryContext(v.ctx, text, args...)
	if err != nil {
		return nil, v.broke(err, stmt)
	}
	return rows, nil
}

// Each calls fn for every row of the answer, in order. fn reads the row and may
// ask for its [View.Label], but runs no statement of its own.
func (v *View) Each(stmt string, args []any, fn func(Scanner) error) error {
	rows, err := v.query(stmt, args)
	if err != nil {
		return err
	}
	*v.open = true
	defer func() { *v.open = false }()
	defer rows.Close()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	*v.open = false
	if err := rows.Err(); err != nil {
		return v.broke(err, stmt)
	}
	return v.db.faults.after(stmt)
}

// All reads every row of the answer.
func All[T any](v *View, scan func(Scanner) (T, error), stmt string, args ...any) ([]T, error) {
	var out []T
	err := v.Each(stmt, args, func(s Scanner) error {
		t, err := scan(s)
		if err == nil {
			out = append(out, t)
		}
		return err
	})
	return out, err
}

// Only reads the row of an answer that has one; with none and with several it is
// fault.ErrMissing.
func Only[T any](v *View, scan func(Scanner) (T, error), stmt string, args ...any) (T, error) {
	var none T
	rows, err := All(v, scan, stmt, args...)
	switch {
	case err != nil:
		return none, err
	case len(rows) != 1:
		return none, fault.ErrMissing
	}
	return rows[0], nil
}

// One reads the first row of the answer. With no row it is fault.ErrMissing.
func One[T any](v *View, scan func(Scanner) (T, error), stmt string, args ...any) (T, error) {
	var out T
	found := false
	err := v.Each(stmt, args, func(s Scanner) error {
		if found {
			return nil
		}
		t, err := scan(s)
		out, found = t, err == nil
		return err
	})
	if err == nil && !found {
		err = fault.ErrMissing
	}
	return out, err
}

// Value scans a row of one column.
func Value[T any](s Scanner) (T, error) {
	var t T
	err := s.Scan(&t)
	return t, err
}

// Exists reports whether the answer has a row.
func (v *View) Exists(stmt string, args ...any) (bool, error) {
	found := false
	err := v.Each(stmt, args, func(Scanner) error { found = true; return nil })
	return found, err
}

// Audience reads an audience by its address. Audiences never change, so they
// are remembered.
func (v *View) Audience(id string) (policy.Audience, error) {
	if a, ok := v.db.audiences.Load(id); ok {
		return a.(policy.Audience), nil
	}
	// Its own connection, because this is asked while rows are being read. What
	// this transaction stored itself is remembered by Store.
	var members string
	err := v.db.side.QueryRowContext(v.ctx, v.db.dialect.bind(`SELECT members FROM audiences WHERE id = $1`), id).Scan(&members)
	if err != nil {
		return policy.Audience{}, fmt.Errorf("read audience %s: %w", id, err)
	}
	var ss []string
	if err := json.Unmarshal([]byte(members), &ss); err != nil {
		return policy.Audience{}, fmt.Errorf("read audience %s: %w", id, err)
	}
	a, err := policy.ParseAudience(ss)
	if err != nil {
		return policy.Audience{}, fmt.Errorf("read audience %s: %w", id, err)
	}
	v.db.audiences.Store(id, a)
	return a, nil
}

// StoredAudience reads an audience as it stands in the store now, past all
// memory, for checks: nil when its two tables and its address do not agree.
func (v *View) StoredAudience(id string) ([]string, error) {
	texts, err := All(v, Value[string], `SELECT members FROM audiences WHERE id = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("read audience %s: %w", id, err)
	}
	rows, err := All(v, Value[string], `SELECT principal FROM audience_members WHERE audience = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("read audience %s: %w", id, err)
	}
	slices.Sort(rows)
	var members []string
	if len(texts) != 1 || json.Unmarshal([]byte(texts[0]), &members) != nil || !slices.Equal(members, rows) {
		return nil, nil
	}
	if a, err := policy.ParseAudience(members); err != nil || a.ID() != id {
		return nil, nil
	}
	return members, nil
}

// Label reads a label from its two columns.
func (v *View) Label(tlp, audience string) (policy.Label, error) {
	a, err := v.Audience(audience)
	return policy.Label{TLP: policy.TLP(tlp), Audience: a}, err
}

// List writes strings as the one argument of `IN (SELECT value FROM json_each($n))`.
func List(ss []string) string {
	if ss == nil {
		ss = []string{}
	}
	b, _ := json.Marshal(ss)
	return string(b)
}

// wrap turns an engine's error into a fault.
func (d *DB) wrap(err error, stmt string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	switch d.dialect.classify(err) {
	case errUnique:
		return &fault.Error{Kind: fault.Conflict, Message: "This exists already, or somebody was faster.", Err: err}
	case errConstraint:
		return &fault.Error{Kind: fault.Conflict, Message: "This refers to something that is not there any more.", Err: err}
	case errFull:
		return &fault.Error{Kind: fault.Busy, Message: "The storage is full: nothing was saved, and nothing that was saved is lost. The operator has to make room.", Err: err}
	case errGone:
		return &fault.Error{Kind: fault.Busy, Message: "The store cannot be reached just now. Nothing was saved; try again.", Err: err}
	case errBusy:
		return &fault.Error{Kind: fault.Busy, Message: "The store is busy. Nothing was saved; try again.", Err: err}
	}
	return fmt.Errorf("%w in %q", err, stmt)
}
