package ledger_test

import (
	"context"
	"slices"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// Before pages through what is about an object, newest first, without gap or
// repetition, in the viewer's view; OpenAll opens what Open opens, and nothing
// that the viewer may not read.
func TestBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		h, ctx := p.mustOpen(t), context.Background()
		public := policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
		hidden := policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg("org_A"))}
		var mine, secret []int64
		for i := range 150 {
			err := h.db.Write(ctx, policy.System("test"), func(tx *db.Tx) error {
				for j, e := range []db.Entry{{Verb: "case.opened", Object: "case_1"}, {Verb: "party.joined", Object: "party_1", Parent: "case_1"}, {Verb: "party.joined", Object: "party_2", Parent: "case_2"}} {
					for l, label := range map[string]policy.Label{"public": public, "hidden": hidden} {
						seq := tx.NextSeq() + int64(tx.Pending())
						e.Label, e.Data = label, map[string]any{"n": i}
						if _, err := tx.Store(label.Audience); err != nil {
							return err
						}
						tx.Append(e)
						switch {
						case j < 2 && l == "public":
							mine = append(mine, seq)
						case l == "hidden":
							secret = append(secret, seq)
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(mine)
		slices.Reverse(mine)
		err := h.db.Read(ctx, policy.Anonymous(), func(v *db.View) error {
			var got []int64
			var all []ledger.Entry
			for before := int64(0); ; {
				es, err := h.Before(v, "case_1", before, 7)
				if err != nil {
					return err
				}
				if len(es) == 0 || len(got) > len(mine) {
					break
				}
				for _, e := range es {
					got, before = append(got, e.Seq), e.Seq
				}
				all = append(all, es...)
				if before == 0 {
					break // the first entry of all
				}
			}
			if !slices.Equal(got, mine) {
				t.Errorf("by pages %d, want %d", len(got), len(mine))
			}
			contents, err := h.OpenAll(v, append(all, ledger.Entry{Seq: secret[0]}))
			if err != nil {
				return err
			}
			if len(contents) != len(all) {
				t.Errorf("opened %d of %d", len(contents), len(all))
			}
			for _, e := range all {
				one, err := h.Open(v, e)
				if err != nil || string(one.Canonical) != string(contents[e.Seq].Canonical) || one.Event.Seq != e.Seq {
					t.Errorf("entry %d: %v", e.Seq, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
