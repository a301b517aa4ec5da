package vulns_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/vulns"
)

// TestRebuildIndex: words that a restore left out, and keys that an earlier program
// made otherwise, are made anew, also after an interruption; once, and not again.
func TestRebuildIndex(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.OK(h.Vulns.RebuildIndex(h.Ctx, h.DB, program))
		send(h, town.Dora, vulns.OSV, public, records(900))
		found := func() (words, keys int) {
			t.Helper()
			h.OK(h.DB.Read(h.Ctx, program, func(v *db.View) error {
				items, _, err := h.Vulns.List(v, vulns.Query{Text: "test 8", Limit: 500})
				if err != nil {
					return err
				}
				words = len(items)
				cs, err := h.Vulns.ClaimsByKey(v, []int64{names.Hash("pkg:npm/p0"), names.Hash("pkg:npm/p897")})
				keys = len(cs)
				return err
			}))
			return words, keys
		}
		words, keys := found()
		if words < 90 || keys != 2 {
			t.Fatalf("%d, %d", words, keys)
		}
		h.OK(h.DB.Note(h.Ctx, program, func(tx *db.Tx) error {
			for _, stmt := range []string{`DELETE FROM vulns_fts WHERE rowid > 0`, `DELETE FROM vulns_keys WHERE n > 0`, `UPDATE vulns_marks SET value = 1 WHERE name = 'keys'`} {
				if _, err := tx.Exec(stmt); err != nil {
					return err
				}
			}
			return nil
		}))
		if w, k := found(); w != 0 || k != 0 {
			t.Fatalf("%d, %d", w, k)
		}
		// Interrupted once in the words and once in the keys.
		for _, part := range []string{"INSERT INTO vulns_fts", "INSERT INTO vulns_keys"} {
			n := 0
			h.DB.Faults().Set(func(stmt string, after bool) error {
				if strings.HasPrefix(stmt, part) && after {
					if n++; n == 10 && part == "INSERT INTO vulns_keys" || n == 400 {
						return errors.New("crash")
					}
				}
				return nil
			})
			err := h.Vulns.RebuildIndex(h.Ctx, h.DB, program)
			h.DB.Faults().Set(nil)
			if err == nil {
				t.Fatalf("%s: it was not interrupted", part)
			}
		}
		h.OK(h.Vulns.RebuildIndex(h.Ctx, h.DB, program))
		if w, k := found(); w != words || k != keys {
			t.Errorf("%d words and %d keys, want %d and %d", w, k, words, keys)
		}
		wrote := 0
		h.DB.Faults().Set(func(stmt string, after bool) error {
			if strings.HasPrefix(stmt, "INSERT INTO vulns_fts") || strings.HasPrefix(stmt, "INSERT INTO vulns_keys") {
				wrote++
			}
			return nil
		})
		h.OK(h.Vulns.RebuildIndex(h.Ctx, h.DB, program))
		h.DB.Faults().Set(nil)
		if wrote != 0 {
			t.Errorf("it was made anew again: %d statements", wrote)
		}
	})
}
