package ledger_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
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

var seed = flag.Uint64("seed", 20260301, "seed of the random tests; a failure prints the one to give again")

func dice(t testing.TB) *rand.Rand {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: go test ./ledger -run '^%s$' -args -seed=%d", t.Name(), *seed)
		}
	})
	return rand.New(rand.NewPCG(*seed, 33))
}

// work is a duty that notes which facts it has done, and how often.
var work = db.Schema{Duty: "work", Tables: map[string]db.Privacy{"done": db.Scratch}, Steps: []string{`
CREATE TABLE done (
	seq   BIGINT NOT NULL PRIMARY KEY,
	times BIGINT NOT NULL
);
`}}

type place struct {
	dir, keys, url string
	clock          *clock.Manual
}

type house struct {
	*place
	db *db.DB
	*ledger.Ledger
}

func (p *place) open(t testing.TB) (*house, error) {
	t.Helper()
	key, _, err := seal.LoadOrCreateKey(filepath.Join(p.keys, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(p.keys, seal.NewBox(key), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(context.Background(), db.Options{Dir: p.dir, URL: p.url, Clock: p.clock, Schemas: []db.Schema{ledger.Schema, work}, Ledger: l})
	if err != nil {
		t.Fatal(err)
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
	return &place{t.TempDir(), t.TempDir(), "", clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))}
}

func onBoth(t *testing.T, fn func(t *testing.T, p *place)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, sqlitePlace(t)) })
	t.Run("postgres", func(t *testing.T) {
		p := sqlitePlace(t)
		p.url = pgtest.URL(t, pgtest.NoFsync())
		fn(t, p)
	})
}

var ada = policy.Member(policy.Membership{Person: "p1", Org: "o1", Kind: policy.Provider, OrgStands: policy.Active, Recipient: true}, "Ada Lind", "Lind Clinics", "s1", nil, nil)

var toOrg = policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg("o1"))}

// write appends n entries in one write.
func (h *house) write(t testing.TB, n int, text string) {
	t.Helper()
	err := h.db.Write(context.Background(), ada, func(tx *db.Tx) error {
		for i := range n {
			tx.Append(db.Entry{Verb: "post.written", Object: fmt.Sprintf("post_%d", tx.NextSeq()+int64(i)), Parent: "topic_1", Room: "room_1", Label: toOrg,
				Data: map[string]string{"body": text}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) publish(t testing.TB) ledger.Checkpoint {
	t.Helper()
	c, err := h.Publish(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *house) read(t testing.TB, fn func(v *db.View) error) {
	t.Helper()
	if err := h.db.Read(context.Background(), policy.System("ledger"), fn); err != nil {
		t.Fatal(err)
	}
}

func (h *house) verify(t testing.TB) ledger.Report {
	t.Helper()
	r, err := h.Verify(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (h *house) mustBeWhole(t testing.TB) ledger.Report {
	t.Helper()
	r := h.verify(t)
	if !r.Whole() {
		t.Fatalf("the ledger is not whole: %v", r.Problems)
	}
	return r
}
