package db

import (
	"context"
	"database/sql"
)

// prepared runs a transaction's statements and keeps each one's plan until the
// transaction ends: in a batch of many writes the same few statements come again
// and again. PostgreSQL's driver does this by itself, for longer.
type prepared struct {
	tx    *sql.Tx
	stmts map[string]*sql.Stmt
}

func (d *DB) prepared(tx *sql.Tx) querier {
	if d.dialect.engine == Postgres {
		return tx
	}
	return &prepared{tx, map[string]*sql.Stmt{}}
}

// stmt is the plan of a statement; the transaction's end closes it.
func (p *prepared) stmt(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := p.stmts[query]; ok {
		return s, nil
	}
	s, err := p.tx.PrepareContext(ctx, query)
	if err == nil {
		p.stmts[query] = s
	}
	return s, err
}

// QueryContext runs a statement that answers.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// ExecContext runs a statement that only writes.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	s, err := p.stmt(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}
