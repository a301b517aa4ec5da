package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Fact is an entry with its content, as a follower sees it. A shredded entry has
// an empty Event.
type Fact struct {
	Entry
	Event Event
}

// Follower does something about every fact, once. Apply writes scratch tables
// only; its work and the follower's cursor are one commit, so a crash repeats
// nothing and loses nothing.
type Follower struct {
	Name  string
	Apply func(tx *db.Tx, facts []Fact) error
}

// followBatch is how many facts are applied in one commit.
const followBatch = 200

// Follow runs a follower until ctx ends. An error is logged and tried again with
// a growing pause: a follower never skips a fact.
func (l *Ledger) Follow(ctx context.Context, f Follower) error {
	pause := 100 * time.Millisecond
	for {
		changed := l.db.Changed()
		n, err := l.Step(ctx, f)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			l.log.Error("follower failed; trying again", "follower", f.Name, "err", err)
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(pause):
			}
			pause = min(2*pause, 30*time.Second)
			continue
		case n > 0:
			pause = 100 * time.Millisecond
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// Step applies the next batch of facts and tells how many entries it passed.
func (l *Ledger) Step(ctx context.Context, f Follower) (passed int64, err error) {
	system := policy.System("follower:" + f.Name)
	var from, size int64
	err = l.db.Read(ctx, system, func(v *db.View) (err error) {
		if from, err = cursor(v, f.Name); err != nil {
			return err
		}
		size, err = l.Size(v)
		return err
	})
	if err != nil || from >= size {
		return 0, err
	}
	to := min(size, from+followBatch)
	err = l.db.Note(ctx, system, func(tx *db.Tx) error {
		// Another node may have been faster: the cursor is read again here.
		now, err := cursor(tx.View, f.Name)
		if err != nil || now != from {
			return err
		}
		facts, err := l.facts(tx.View, from, to)
		if err != nil {
			return err
		}
		if len(facts) > 0 {
			if err := f.Apply(tx, facts); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`INSERT INTO ledger_followers (name, seq) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq`, f.Name, to)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("follower %s at entry %d: %w", f.Name, from, err)
	}
	return to - from, nil
}

func cursor(v *db.View, name string) (int64, error) {
	n, err := db.One(v, db.Value[int64], `SELECT seq FROM ledger_followers WHERE name = $1`, name)
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	return n, err
}

// facts reads entries and their contents in a range.
func (l *Ledger) facts(v *db.View, from, to int64) ([]Fact, error) {
	entries, err := db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e WHERE e.seq >= $1 AND e.seq < $2 AND e.verb <> 'ledger.pad' ORDER BY e.seq`, from, to)
	if err != nil {
		return nil, err
	}
	contents := map[int64]Content{}
	err = v.Each(`SELECT seq, key, body FROM ledger_contents WHERE seq >= $1 AND seq < $2`, []any{from, to}, func(s db.Scanner) error {
		var seq int64
		var key, body []byte
		if err := s.Scan(&seq, &key, &body); err != nil {
			return err
		}
		c, err := l.open(seq, key, body)
		contents[seq] = c
		return err
	})
	if err != nil {
		return nil, err
	}
	facts := make([]Fact, len(entries))
	for i, e := range entries {
		facts[i] = Fact{e, contents[e.Seq].Event}
	}
	return facts, nil
}

// Tail calls fn with every new entry after from, in order, until ctx ends: what
// live updates are made of. It keeps nothing; who must not miss a fact follows.
func (l *Ledger) Tail(ctx context.Context, from int64, fn func([]Entry)) error {
	for {
		changed := l.db.Changed()
		var es []Entry
		err := l.db.Read(ctx, policy.System("tail"), func(v *db.View) (err error) {
			es, err = l.Range(v, from, 1000)
			return err
		})
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			l.log.Error("read new entries", "err", err)
		case len(es) > 0:
			from = es[len(es)-1].Seq + 1
			fn(es)
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		case <-time.After(5 * time.Second): // a lost hint costs this much
		}
	}
}
