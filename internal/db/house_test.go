package db_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// notes is a small duty for tests: two labelled tables, a private one that
// holds facts, a scratch one.
var notes = db.Schema{
	Duty:   "notes",
	Tables: map[string]db.Privacy{"topics": db.Labelled, "posts": db.Labelled, "facts": db.Private, "drafts": db.Scratch},
	Steps: []string{`
CREATE TABLE topics (
	id       TEXT NOT NULL PRIMARY KEY,
	world    BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE TABLE posts (
	id       TEXT NOT NULL PRIMARY KEY,
	topic    TEXT NOT NULL,
	world    BIGINT NOT NULL,
	body     TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX posts_world ON posts (world, id);
CREATE TABLE facts (
	id TEXT NOT NULL PRIMARY KEY
);
CREATE TABLE drafts (
	id   TEXT NOT NULL PRIMARY KEY,
	body TEXT NOT NULL
);
`},
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// place is where a store lives; several handles may be opened on it.
type place struct {
	dir, keys, url string
	clock          *clock.Manual
}

// house is an open store with its ledger.
type house struct {
	*place
	db     *db.DB
	ledger *ledger.Ledger
}

func (p *place) open(t testing.TB, schemas ...db.Schema) (*house, error) {
	t.Helper()
	key, _, err := seal.LoadOrCreateKey(filepath.Join(p.keys, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(p.keys, seal.NewBox(key), nil)
	if err != nil {
		t.Fatal(err)
	}
	if schemas == nil {
		schemas = []db.Schema{notes}
	}
	d, err := db.Open(context.Background(), db.Options{Dir: p.dir, URL: p.url, Clock: p.clock,
		Schemas: append([]db.Schema{ledger.Schema}, schemas...), Ledger: l})
	if err != nil {
		return nil, err
	}
	if err := l.Attach(context.Background(), d); err != nil {
		d.Close()
		return nil, err
	}
	return &house{p, d, l}, nil
}

func (p *place) mustOpen(t testing.TB) *house {
	t.Helper()
	h, err := p.open(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	return h
}

func sqlitePlace(t testing.TB) *place {
	return &place{dir: t.TempDir(), keys: t.TempDir(), clock: clock.NewManual(epoch)}
}

func postgresPlace(t testing.TB) *place {
	return &place{dir: t.TempDir(), keys: t.TempDir(), url: pgtest.URL(t, pgtest.NoFsync()), clock: clock.NewManual(epoch)}
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, p *place)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, sqlitePlace(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, postgresPlace(t)) })
}

func member(person string, ps ...string) policy.Viewer {
	return policy.Member(policy.Membership{Person: person, Org: "o1", Kind: policy.Provider, OrgStands: policy.Active, Recipient: true, Circles: ps},
		"Ada Lind", "Lind Clinics", "session_1", nil, nil)
}

func label(t policy.TLP, ps ...policy.Principal) policy.Label {
	return policy.Label{TLP: t, Audience: policy.NewAudience(ps...)}
}

var toOrg = label(policy.Amber, policy.OfOrg("o1"))

// post writes a post and its entry.
func post(tx *db.Tx, id, topic string, world int, body string, l policy.Label) error {
	aud, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO posts (id, topic, world, body, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6)`,
		id, topic, world, body, string(l.TLP), aud); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "post.written", Object: id, Parent: topic, Label: l, Data: map[string]string{"body": body}})
	return nil
}

func (h *house) post(id string) error {
	return h.db.Write(context.Background(), member("p1"), func(tx *db.Tx) error { return post(tx, id, "t", 0, "words", toOrg) })
}

// ids reads ids in a viewer's eyes.
func (h *house) ids(t testing.TB, v policy.Viewer, stmt string, args ...any) (out []string) {
	t.Helper()
	err := h.db.Read(context.Background(), v, func(v *db.View) (err error) {
		out, err = db.All(v, db.Value[string], stmt, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
	return out
}

func (h *house) count(t testing.TB, stmt string, args ...any) int64 {
	t.Helper()
	var n int64
	err := h.db.Read(context.Background(), policy.System("ledger"), func(v *db.View) (err error) {
		n, err = db.One(v, db.Value[int64], stmt, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", stmt, err)
	}
	return n
}

// mustBeWhole verifies the ledger from end to end.
func (h *house) mustBeWhole(t testing.TB) ledger.Report {
	t.Helper()
	r, err := h.ledger.Verify(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Whole() {
		t.Fatalf("the ledger is not whole: %v", r.Problems)
	}
	return r
}

func name(i int) string { return fmt.Sprintf("post_%d", i) }

func postBody(id, body string) func(*db.Tx) error {
	return func(tx *db.Tx) error { return post(tx, id, "t", 0, body, toOrg) }
}
