package vulns_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// TestAnyOrder: after any order of arrivals, in any batches, with updates, withdrawals
// and repetitions, everybody reads the same as from nothing at once; and what is
// private changes nothing for who may not read it.
func TestAnyOrder(outer *testing.T) {
	h := town.New(outer, "")
	own := policy.Default(town.Pump.ID())
	n := 0
	rapid.Check(outer, func(t *rapid.T) {
		if n > 90 && os.Getenv("CORDON_LONG") == "" {
			return // each try writes to the disk many times
		}
		type word struct {
			text, id string
			private  bool
		}
		var words []word
		for i := range rapid.IntRange(1, 8).Draw(t, "records") {
			id := rapid.SampledFrom(known[:5]).Draw(t, "id")
			aliases := rapid.SliceOfNDistinct(rapid.SampledFrom(known[1:]), 0, 3, rapid.ID[string]).Draw(t, "aliases")
			more := []string{`"aliases":["` + strings.Join(aliases, `","`) + `"]`, affects(fmt.Sprintf("p%d", i%3), "1.0.0")}
			if len(aliases) == 0 {
				more = more[1:]
			}
			if rapid.IntRange(0, 4).Draw(t, "withdrawn") == 0 {
				more = append(more, `"withdrawn":"2025-02-01T00:00:00Z"`)
			}
			// Each has a time of its own: of two words of one time the later one counts.
			words = append(words, word{osv(id, fmt.Sprintf("2025-01-01T00:00:%02dZ", i), more...), id, rapid.IntRange(0, 3).Draw(t, "private") == 0})
		}
		build := func(ws []word, parts int) (everybody, pump string) {
			n++
			prefix := fmt.Sprintf("%06d", n)
			for part := range slices.Chunk(ws, max(1, (len(ws)+parts-1)/parts)) {
				var open, closed []string
				for _, w := range part {
					text := strings.ReplaceAll(w.text, "@", prefix)
					if w.private {
						closed = append(closed, text)
					} else {
						open = append(open, text)
					}
				}
				if open != nil {
					send(h, town.Dora, vulns.OSV, public, []byte(list(open...)))
				}
				if closed != nil {
					send(h, town.Pia, vulns.OSV, own, []byte(list(closed...)))
				}
			}
			return strings.ReplaceAll(picture(h, "", prefix), prefix, "@"), strings.ReplaceAll(picture(h, town.Pia, prefix), prefix, "@")
		}
		order := rapid.Permutation(words).Draw(t, "order")
		again := append(slices.Clone(order), rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(t, "again")...)
		one, mine := build(words, 1)
		two, mine2 := build(again, rapid.IntRange(1, 5).Draw(t, "parts"))
		if one != two {
			t.Fatalf("in order:\n%s\nanother:\n%s", one, two)
		}
		if mine != mine2 {
			t.Fatalf("in order, for the owner:\n%s\nanother:\n%s", mine, mine2)
		}
		open, _ := build(slices.DeleteFunc(slices.Clone(words), func(w word) bool { return w.private }), 1)
		if one != open {
			t.Fatalf("with private records:\n%s\nwithout:\n%s", one, open)
		}
	})
}

// known are the ids of the property; @ stands for the number of a try.
var known = []string{"A-@", "B-@", "C-@", "D-@", "E-@", "CVE-@-1001", "CVE-@-1002"}

// picture is everything that a person reads by the ids of a try, without what is
// random.
func picture(h *town.Town, person, prefix string) string {
	h.T.Helper()
	return town.Must(h, person, func(v *db.View) (string, error) {
		var b strings.Builder
		for _, id := range known {
			u, err := h.Vulns.Vulnerability(v, strings.ReplaceAll(id, "@", prefix))
			if fault.Is(err, fault.Missing) {
				fmt.Fprintf(&b, "%s: nothing\n", id)
				continue
			}
			if err != nil {
				return "", err
			}
			items, err := h.Vulns.Items(v, []string{u.ID})
			if err != nil {
				return "", err
			}
			it := items[u.ID]
			fmt.Fprintf(&b, "%s: %s %v %v %v %s:", id, u.ID, u.IDs, u.Withdrawn, it.Modified.Second(), u.Label.TLP)
			for _, r := range u.Records {
				fmt.Fprintf(&b, " %s/%d/%s/%v", r.Record.ID, r.Modified.Second(), r.Label.TLP, r.Claims)
				cs, err := h.Vulns.ClaimsOf(v, []int64{r.Place})
				if err != nil {
					return "", err
				}
				for _, c := range cs {
					fmt.Fprintf(&b, " [%s %v %v]", c.Vuln, c.Withdrawn, c.Keys)
				}
			}
			b.WriteByte('\n')
		}
		return b.String(), nil
	})
}
