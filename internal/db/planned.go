package db

import (
	"context"
	"database/sql"
	"sync"
)

// Planning a statement costs SQLite more than running a short one. So the plans of
// statements that are read again and again are kept, for each connection.
// PostgreSQL's driver does this by itself.
const (
	planAfter = 8   // times that a statement is run before its plan is kept
	plansMost = 400 // statements; those that come later are planned each time
)

type plans struct {
	mu   sync.Mutex
	uses map[string]int
	kept map[string]*sql.Stmt
}

// planned runs the statements of a reading transaction by the plans that are kept.
type planned struct {
	db *DB
	tx *sql.Tx
}

func (d *DB) planned(tx *sql.Tx) querier {
	if d.dialect.engine == Postgres {
		return tx
	}
	return planned{d, tx}
}

// QueryContext runs a statement that answers.
func (p planned) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.db.plan(query); s != nil {
		return p.tx.StmtContext(ctx, s).QueryContext(ctx, args...)
	}
	return p.tx.QueryContext(ctx, query, args...)
}

// ExecContext completes a querier; a read writes nothing.
func (p planned) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.tx.ExecContext(ctx, query, args...)
}

// plan is the kept plan of a statement, or nil. It is made beside the transactions:
// making it needs a connection, and a transaction that waited for one would hold its
// own.
func (d *DB) plan(query string) *sql.Stmt {
	p := &d.plans
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.kept[query]; ok {
		return s
	}
	if p.uses == nil {
		p.uses, p.kept = map[string]int{}, map[string]*sql.Stmt{}
	}
	if len(p.uses) > 10*plansMost { // statements that are made anew each time
		p.uses = map[string]int{}
	}
	if p.uses[query]++; p.uses[query] != planAfter || len(p.kept) >= plansMost {
		return nil
	}
	p.kept[query] = nil // one goroutine makes it
	d.done.Go(func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() {
			select {
			case <-d.quit:
				cancel()
			case <-ctx.Done():
			}
		}()
		s, err := d.read.PrepareContext(ctx, query)
		if err != nil {
			return // it is planned each time, as before
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.kept[query] = s
	})
	return nil
}
