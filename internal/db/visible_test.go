package db_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

var seed = flag.Uint64("seed", 20260301, "seed of the random tests; a failure prints the one to give again")

// dice throws for one test, and prints how to throw the same again.
func dice(t testing.TB) *rand.Rand {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: go test ./internal/db -run '^%s$' -args -seed=%d", t.Name(), *seed)
		}
	})
	return rand.New(rand.NewPCG(*seed, 3))
}

func pick[T any](r *rand.Rand, ss []T) T { return ss[r.IntN(len(ss))] }

// thing is a labelled row of a random world.
type thing struct {
	id, topic string
	audience  policy.Audience
}

type world struct {
	topics, posts []thing
	viewers       []policy.Viewer
}

func randomAudience(r *rand.Rand) policy.Audience {
	all := []policy.Principal{policy.Public, policy.Community, policy.CommunityPrivate, policy.OfPeer("x")}
	for _, k := range policy.Kinds() {
		all = append(all, policy.OfKind(k))
	}
	for i := range 4 {
		n := fmt.Sprint(i)
		all = append(all, policy.OfOrg("o"+n), policy.OfCircle("c"+n), policy.OfPerson("p"+n))
	}
	ps := make([]policy.Principal, 1+r.IntN(3))
	for i := range ps {
		ps[i] = pick(r, all)
	}
	return policy.NewAudience(ps...)
}

func randomViewer(r *rand.Rand) policy.Viewer {
	if r.IntN(8) == 0 {
		return policy.Anonymous()
	}
	if r.IntN(12) == 0 {
		return policy.Viewer{} // nobody at all
	}
	m := policy.Membership{Person: fmt.Sprintf("p%d", r.IntN(4)), Org: fmt.Sprintf("o%d", r.IntN(4)), Kind: pick(r, policy.Kinds()),
		OrgStands: pick(r, []policy.Standing{policy.Active, policy.Active, policy.Provisional, policy.Grace, policy.Suspended, policy.Applicant}),
		Suspended: r.IntN(8) == 0, Recipient: r.IntN(2) == 0}
	for range r.IntN(3) {
		m.Circles = append(m.Circles, fmt.Sprintf("c%d", r.IntN(4)))
	}
	return policy.Member(m, "", "", "", nil, nil)
}

func randomWorld(r *rand.Rand, n int) world {
	var w world
	for i := range 1 + r.IntN(3) {
		w.topics = append(w.topics, thing{id: fmt.Sprintf("t%d_%d", n, i), audience: randomAudience(r)})
	}
	for i := range 2 + r.IntN(6) {
		w.posts = append(w.posts, thing{fmt.Sprintf("p%d_%d", n, i), pick(r, w.topics).id, randomAudience(r)})
	}
	for range 2 {
		w.viewers = append(w.viewers, randomViewer(r))
	}
	return w
}

// T-03: in 2,000 random worlds, what visible.<table> gives is what the rule in
// Go lets through, on both engines, also joined, in subqueries and negated.
func TestVisibleIsTheRule(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		const worlds, perWrite = 2000, 100
		r := dice(t)
		h := p.mustOpen(t)
		ctx := context.Background()
		all := make([]world, worlds)
		for i := range all {
			all[i] = randomWorld(r, i)
		}
		for from := 0; from < worlds; from += perWrite {
			err := h.db.Write(ctx, policy.System("ledger"), func(tx *db.Tx) error {
				tx.Append(db.Entry{Verb: "worlds.made", Object: "w", Label: toOrg})
				for n := from; n < from+perWrite; n++ {
					for _, x := range all[n].topics {
						aud, err := tx.Store(x.audience)
						if err != nil {
							return err
						}
						if _, err := tx.Exec(`INSERT INTO topics (id, world, tlp, audience) VALUES ($1, $2, 'AMBER', $3)`, x.id, n, aud); err != nil {
							return err
						}
					}
					for _, x := range all[n].posts {
						aud, err := tx.Store(x.audience)
						if err != nil {
							return err
						}
						if _, err := tx.Exec(`INSERT INTO posts (id, topic, world, body, tlp, audience) VALUES ($1, $2, $3, '', 'AMBER', $4)`, x.id, x.topic, n, aud); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		rows := 0
		for n, w := range all {
			for _, who := range w.viewers {
				sees := map[string]bool{}
				for _, x := range slices.Concat(w.topics, w.posts) {
					sees[x.id] = who.CanRead(x.audience)
				}
				var plain, joined, exists, orphans []string
				for _, x := range w.posts {
					switch {
					case sees[x.id] && sees[x.topic]:
						plain, joined, exists = append(plain, x.id), append(joined, x.id), append(exists, x.id)
					case sees[x.id]:
						plain, orphans = append(plain, x.id), append(orphans, x.id)
					}
				}
				rows += len(plain)
				err := h.db.Read(ctx, who, func(v *db.View) error {
					for _, q := range []struct {
						stmt string
						want []string
					}{
						{`SELECT id FROM visible.posts WHERE world = $1 ORDER BY id`, plain},
						{`SELECT p.id FROM visible.posts p JOIN visible.topics t ON t.id = p.topic WHERE p.world = $1 ORDER BY p.id`, joined},
						{`SELECT p.id FROM visible.posts p WHERE p.world = $1 AND EXISTS (SELECT 1 FROM visible.topics WHERE topics.id = p.topic) ORDER BY p.id`, exists},
						{`SELECT p.id FROM visible.posts AS p LEFT JOIN visible.topics t ON t.id = p.topic WHERE t.id IS NULL AND p.world = $1 ORDER BY p.id`, orphans},
						{`SELECT CAST(count(*) AS TEXT) FROM visible.posts WHERE world = $1`, []string{fmt.Sprint(len(plain))}},
					} {
						got, err := db.All(v, db.Value[string], q.stmt, n)
						if err != nil {
							return err
						}
						if slices.Sort(q.want); !slices.Equal(got, q.want) {
							t.Fatalf("world %d, viewer %v, %s\n got %v\nwant %v", n, who.Principals().Strings(), q.stmt, got, q.want)
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if rows < worlds/2 {
			t.Fatalf("only %d rows were to be seen: the worlds are too dark to tell", rows)
		}
	})
}
