package ledger_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// T-34: 2,000 changes by somebody who can write to the database file but holds
// no keys. Verify finds every one and names a part that was touched.
func TestTamperingIsFoundAndNamed(t *testing.T) {
	r := dice(t)
	h := sqlitePlace(t).mustOpen(t)
	h.write(t, 20, "words")
	h.publish(t)
	h.write(t, 20, "more words")
	err := h.db.Write(t.Context(), ada, func(tx *db.Tx) error { // a shredded one among them
		es, err := h.Range(tx.View.As(policy.System("ledger")), 3, 1)
		if err != nil {
			return err
		}
		return h.Shred(tx, es[0], "spill")
	})
	if err != nil {
		t.Fatal(err)
	}
	last := h.publish(t)
	if r := h.mustBeWhole(t); r.Covered != r.Size || r.Shredded != 1 {
		t.Fatalf("%+v", r)
	}

	raw, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "cordon.db")+"?_pragma=busy_timeout(5000)&_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	raw.SetMaxOpenConns(1)
	do := func(stmt string, args ...any) {
		t.Helper()
		if _, err := raw.Exec(stmt, args...); err != nil {
			t.Fatalf("%s: %v", stmt, err)
		}
	}
	tables := []string{"ledger_head", "ledger_entries", "ledger_contents", "ledger_hashes", "ledger_checkpoints", "ledger_followers", "audiences", "audience_members"}
	for _, name := range tables {
		do(`CREATE TEMP TABLE was_` + name + ` AS SELECT * FROM ` + name)
	}
	mend := func() {
		for _, name := range tables {
			do(`DELETE FROM ` + name)
			do(`INSERT INTO ` + name + ` SELECT * FROM was_` + name)
		}
	}
	var real, sizes []int64 // entries with content, checkpoints
	column := func(to *[]int64, stmt string) {
		rows, err := raw.Query(stmt)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n int64
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			*to = append(*to, n)
		}
	}
	column(&real, `SELECT seq FROM ledger_contents`)
	column(&sizes, `SELECT size FROM ledger_checkpoints`)
	entry := func(n int64) string { return fmt.Sprintf("entry %d", n) }
	hash := func(n int64) string { return fmt.Sprintf("hash %d", n) }
	check := func(n int64) string { return fmt.Sprintf("checkpoint %d", n) }
	one := func(ns []int64) int64 { return ns[r.IntN(len(ns))] }
	two := func(ns []int64) (a, b int64) {
		for a == b {
			a, b = one(ns), one(ns)
		}
		return a, b
	}
	flip := func(table, col, key string, n int64) { // one bit of a blob
		t.Helper()
		var b []byte
		if err := raw.QueryRow(`SELECT `+col+` FROM `+table+` WHERE `+key+` = ?`, n).Scan(&b); err != nil {
			t.Fatal(err)
		}
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		do(`UPDATE `+table+` SET `+col+` = ? WHERE `+key+` = ?`, b, n)
	}
	swap := func(table, col, key string, a, b int64) {
		t.Helper()
		do(`UPDATE `+table+` SET `+col+` = (SELECT x.`+col+` FROM was_`+table+` x WHERE x.`+key+` = CASE `+table+`.`+key+` WHEN ? THEN ? ELSE ? END) WHERE `+key+` IN (?, ?)`, a, b, a, a, b)
	}
	all := make([]int64, last.Size)
	for i := range all {
		all[i] = int64(i)
	}
	hashes := make([]int64, tlog.StoredHashCount(last.Size))
	for i := range hashes {
		hashes[i] = int64(i)
	}
	aud := `SELECT audience FROM ledger_entries WHERE tlp <> '' LIMIT 1`
	var audience string
	if err := raw.QueryRow(aud).Scan(&audience); err != nil {
		t.Fatal(err)
	}
	stranger, err := tlog.GenerateKey(rand.Reader, "stranger.example/ledger")
	if err != nil {
		t.Fatal(err)
	}
	mutations := map[string]func() []string{
		"leaf changed": func() []string { n := one(all); flip("ledger_entries", "leaf", "seq", n); return []string{entry(n)} },
		"leaf cut": func() []string {
			n := one(all)
			do(`UPDATE ledger_entries SET leaf = substr(leaf, 1, 50) WHERE seq = ?`, n)
			return []string{entry(n)}
		},
		"leaves swapped": func() []string {
			a, b := two(all)
			swap("ledger_entries", "leaf", "seq", a, b)
			return []string{entry(a), entry(b), hash(tlog.StoredHashIndex(0, a))}
		},
		"entry deleted": func() []string {
			n := one(all)
			do(`DELETE FROM ledger_entries WHERE seq = ?`, n)
			return []string{entry(n)}
		},
		"entries swapped": func() []string {
			a, b := two(real)
			do(`UPDATE ledger_entries SET seq = -1 WHERE seq = ?`, a)
			do(`UPDATE ledger_entries SET seq = ? WHERE seq = ?`, a, b)
			do(`UPDATE ledger_entries SET seq = ? WHERE seq = -1`, b)
			return []string{entry(a), entry(b)}
		},
		"entry inserted": func() []string {
			do(`INSERT INTO ledger_entries SELECT ?, at, actor, org, verb, object, parent, room, tlp, audience, access, leaf FROM was_ledger_entries WHERE seq = ?`, last.Size, one(all))
			return []string{entry(last.Size)}
		},
		"entry appended": func() []string {
			do(`INSERT INTO ledger_entries SELECT ?, at, actor, org, verb, object, parent, room, tlp, audience, access, leaf FROM was_ledger_entries WHERE seq = ?`, last.Size, one(all))
			do(`UPDATE ledger_head SET size = size + 1`)
			return []string{entry(last.Size), hash(tlog.StoredHashCount(last.Size))}
		},
		"hash changed": func() []string { n := one(hashes); flip("ledger_hashes", "hash", "idx", n); return []string{hash(n)} },
		"hash deleted": func() []string {
			n := one(hashes)
			do(`DELETE FROM ledger_hashes WHERE idx = ?`, n)
			return []string{hash(n)}
		},
		"hashes swapped": func() []string {
			a, b := two(hashes)
			swap("ledger_hashes", "hash", "idx", a, b)
			return []string{hash(a), hash(b)}
		},
		"hash inserted": func() []string {
			n := int64(len(hashes)) + r.Int64N(9)
			do(`INSERT INTO ledger_hashes VALUES (?, zeroblob(32))`, n)
			return []string{hash(n)}
		},
		"note changed": func() []string {
			n := one(sizes)
			var note string
			raw.QueryRow(`SELECT note FROM ledger_checkpoints WHERE size = ?`, n).Scan(&note)
			b := []byte(note)
			b[r.IntN(len(b)-3)] ^= 1 << r.IntN(7)
			do(`UPDATE ledger_checkpoints SET note = ? WHERE size = ?`, string(b), n)
			return []string{check(n)}
		},
		"note of another": func() []string {
			a, b := two(sizes)
			swap("ledger_checkpoints", "note", "size", a, b)
			return []string{check(a), check(b)}
		},
		"note by stranger": func() []string {
			n := one(sizes)
			b, _ := tlog.SignCheckpoint(stranger.Signer(), stranger.Name(), n, last.Root)
			do(`UPDATE ledger_checkpoints SET note = ? WHERE size = ?`, string(b), n)
			return []string{check(n)}
		},
		"checkpoint moved": func() []string {
			n := one(sizes)
			do(`UPDATE ledger_checkpoints SET size = 1 + size WHERE size = ?`, n)
			return []string{check(n + 1)}
		},
		"body changed": func() []string { n := one(real); flip("ledger_contents", "body", "seq", n); return []string{entry(n)} },
		"key changed":  func() []string { n := one(real); flip("ledger_contents", "key", "seq", n); return []string{entry(n)} },
		"content deleted": func() []string {
			n := one(real)
			do(`DELETE FROM ledger_contents WHERE seq = ?`, n)
			return []string{entry(n)}
		},
		"contents swapped": func() []string {
			a, b := two(real)
			swap("ledger_contents", "key", "seq", a, b)
			swap("ledger_contents", "body", "seq", a, b)
			return []string{entry(a), entry(b)}
		},
		"content invented": func() []string {
			do(`INSERT INTO ledger_contents SELECT ?, key, body FROM was_ledger_contents WHERE seq = ?`, last.Size-1, one(real))
			return []string{entry(last.Size - 1)}
		},
		"row changed": func() []string {
			n := one(real)
			col := []string{"actor", "org", "verb", "object", "parent", "tlp", "audience"}[r.IntN(7)]
			do(`UPDATE ledger_entries SET `+col+` = `+col+` || 'x' WHERE seq = ?`, n)
			return []string{entry(n)}
		},
		"time changed": func() []string {
			n := one(real)
			do(`UPDATE ledger_entries SET at = at + ? WHERE seq = ?`, 1-2*r.IntN(2), n)
			return []string{entry(n)}
		},
		"made padding": func() []string {
			n := one(real)
			do(`DELETE FROM ledger_contents WHERE seq = ?`, n)
			do(`UPDATE ledger_entries SET verb = 'ledger.pad', object = 'pad', parent = '', room = '', tlp = '', org = '', actor = 'system:ledger', audience = ? WHERE seq = ?`, (policy.Audience{}).ID(), n)
			return []string{entry(n)}
		},
		"head back":  func() []string { do(`UPDATE ledger_head SET size = size - ?`, 1+r.IntN(64)); return []string{"head"} },
		"head forth": func() []string { do(`UPDATE ledger_head SET size = size + 1`); return []string{entry(last.Size)} },
		"reader added": func() []string {
			do(`INSERT INTO audience_members VALUES (?, 'org:o9')`, audience)
			return []string{"audience " + audience}
		},
		"reader removed": func() []string {
			do(`DELETE FROM audience_members WHERE audience = ?`, audience)
			return []string{"audience " + audience}
		},
		"audience changed": func() []string {
			do(`UPDATE audiences SET members = '["org:o9"]' WHERE id = ?`, audience)
			return []string{"audience " + audience}
		},
		"follower ahead": func() []string {
			do(`INSERT INTO ledger_followers VALUES ('x', ?)`, last.Size+1)
			return []string{"follower x"}
		},
		"tree remade": func() []string { // a consistent forgery: one leaf, and all hashes made anew
			n := one(all)
			flip("ledger_entries", "leaf", "seq", n)
			var leaves [][]byte
			rows, err := raw.Query(`SELECT leaf FROM ledger_entries ORDER BY seq`)
			if err != nil {
				t.Fatal(err)
			}
			for rows.Next() {
				var b []byte
				rows.Scan(&b)
				leaves = append(leaves, slices.Clone(b))
			}
			rows.Close()
			hs, _, err := tlog.Grow(0, leaves, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range hs {
				do(`UPDATE ledger_hashes SET hash = ? WHERE idx = ?`, x.Hash[:], x.Index)
			}
			return []string{check(last.Size)}
		},
	}
	var names []string
	for name := range mutations {
		names = append(names, name)
	}
	slices.Sort(names)
	counts := map[string]int{}
	for i := range 2000 {
		kind := names[i%len(names)]
		do(`BEGIN`)
		parts := mutations[kind]()
		do(`COMMIT`)
		rep, err := h.Verify(t.Context(), nil)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		named := slices.ContainsFunc(parts, func(part string) bool {
			for _, p := range rep.Problems {
				if p.Part == part {
					return true
				}
			}
			return false
		})
		switch {
		case rep.Whole():
			t.Errorf("mutation %d, %s of %v, was not found", i, kind, parts)
		case !named:
			t.Errorf("mutation %d, %s: %v is not among %v", i, kind, parts, rep.Problems[:min(5, len(rep.Problems))])
		}
		if t.Failed() {
			return
		}
		counts[kind]++
		do(`BEGIN`)
		mend()
		do(`COMMIT`)
	}
	h.mustBeWhole(t)
	t.Logf("%d kinds: %v", len(counts), counts)
}

// Verify tells how far it is, and a long ledger goes through in pieces.
func TestVerifyProgress(t *testing.T) {
	h := sqlitePlace(t).mustOpen(t)
	h.write(t, 2500, "words")
	var steps []int64
	r, err := h.Verify(t.Context(), func(done, total int64) {
		if total != 2500 {
			t.Error(total)
		}
		steps = append(steps, done)
	})
	if err != nil || !r.Whole() || !slices.Equal(steps, []int64{1000, 2000, 2500}) {
		t.Errorf("%v %v %+v", err, steps, r)
	}
}
