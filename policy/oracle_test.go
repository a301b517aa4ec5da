package policy_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/policy"
)

var (
	seed = flag.Uint64("seed", 20260301, "seed of the random decisions; a failure prints the one to give again")
	n    = flag.Int("n", 1_000_000, "how many random decisions T-02 makes")
)

// The oracle is the rule as design §3.1 tells it, written again as tables over
// plain strings and shared with nothing: who has which principal, which marking
// goes with which principal.

type person struct {
	id, org, kind, standing string
	suspended, recipient    bool
	circles                 []string
}

// has lists, for each class of principal, when a person has it.
var has = map[string]func(p person, id string) bool{
	"public":            func(person, string) bool { return true },
	"community":         func(p person, _ string) bool { return good[p.standing] && !p.suspended && p.id != "" },
	"community-private": func(p person, _ string) bool { return p.kind != "agency" },
	"kind":              func(p person, id string) bool { return p.kind == id },
	"org":               func(p person, id string) bool { return p.org == id && p.recipient },
	"circle":            func(p person, id string) bool { return slices.Contains(p.circles, id) },
	"person":            func(p person, id string) bool { return p.id == id },
	"peer":              func(person, string) bool { return false },
}

var good = map[string]bool{
	"applicant": false, "vetting": false, "agreement_pending": false, "provisional": true, "active": true,
	"grace": true, "suspended": false, "withdrawn": false, "terminated": false,
}

// reads: is there one principal in the audience that the person has? Whoever is
// out of good standing has only public.
func reads(p person, audience []string) bool {
	for _, a := range audience {
		class, id, _ := strings.Cut(a, ":")
		if class != "public" && !has["community"](p, "") {
			continue
		}
		if has[class](p, id) {
			return true
		}
	}
	return false
}

// goes lists which marking may go to which class: "+" may, "-" may not, "w" may
// only beside one that may alone, "n" may if the circle is of named persons.
var goes = map[string]map[string]byte{
	//               public    community  private    kind      org       circle    person    peer
	"CLEAR":        row('+', '-', '-', '-', '-', '-', '-', '-'),
	"GREEN":        row('-', '+', '+', '+', 'w', '-', '-', '+'),
	"AMBER":        row('-', '-', '-', '-', '+', '+', '-', '-'),
	"AMBER+STRICT": row('-', '-', '-', '-', '+', '+', '-', '-'),
	"RED":          row('-', '-', '-', '-', '-', 'n', '+', '-'),
}

func row(cells ...byte) map[string]byte {
	m := map[string]byte{}
	for i, class := range []string{"public", "community", "community-private", "kind", "org", "circle", "person", "peer"} {
		m[class] = cells[i]
	}
	return m
}

func lawful(tlp string, audience []string, named map[string]bool) bool {
	table, ok := goes[tlp]
	if !ok || len(audience) == 0 {
		return false
	}
	alone := false
	for _, a := range audience {
		class, id, _ := strings.Cut(a, ":")
		switch table[class] {
		case '-':
			return false
		case 'n':
			if !named[id] {
				return false
			}
			alone = true
		case '+':
			alone = true
		}
	}
	return alone
}

// town answers policy.Facts, and is what the oracle looks into.
type town struct {
	people []person
	orgs   map[string]string // id → kind
	named  map[string]bool   // circles of named persons
}

func (w town) NamedCircle(id string) bool    { return w.named[id] }
func (w town) OrgKind(id string) policy.Kind { return policy.Kind(w.orgs[id]) }
func (w town) PersonPrincipals(id string) []policy.Principal {
	for _, p := range w.people {
		if p.id == id {
			return membership(p).Principals().Members()
		}
	}
	return nil
}

func membership(p person) policy.Membership {
	return policy.Membership{Person: p.id, Org: p.org, Kind: policy.Kind(p.kind), OrgStands: policy.Standing(p.standing),
		Suspended: p.suspended, Recipient: p.recipient, Circles: p.circles}
}

var kinds = []string{"manufacturer", "provider", "agency", "researcher", "vendor", "isao"}

func pick[T any](r *rand.Rand, ss []T) T { return ss[r.IntN(len(ss))] }

// newTown makes 6 organizations and 18 people in up to three of 5 circles.
func newTown(r *rand.Rand) town {
	w := town{orgs: map[string]string{}, named: map[string]bool{}}
	standings := []string{"active", "active", "active", "active", "active", "active"}
	for s := range good {
		standings = append(standings, s)
	}
	slices.Sort(standings)
	stands := map[string]string{}
	for i := range 6 {
		id := fmt.Sprintf("o%d", i)
		w.orgs[id], stands[id] = kinds[i], pick(r, standings)
	}
	for i := range 5 {
		w.named[fmt.Sprintf("c%d", i)] = r.IntN(2) == 0
	}
	for i := range 18 {
		org := fmt.Sprintf("o%d", i%6)
		p := person{id: fmt.Sprintf("p%d", i), org: org, kind: w.orgs[org], standing: stands[org], suspended: r.IntN(10) == 0, recipient: r.IntN(2) == 0}
		for range r.IntN(4) {
			p.circles = append(p.circles, fmt.Sprintf("c%d", r.IntN(5)))
		}
		w.people = append(w.people, p)
	}
	w.people = append(w.people, person{}) // the public
	return w
}

func randomAudience(r *rand.Rand) []string {
	out := make([]string, r.IntN(4))
	for i := range out {
		switch r.IntN(9) {
		case 0:
			out[i] = "public"
		case 1:
			out[i] = "community"
		case 2:
			out[i] = "community-private"
		case 3:
			out[i] = "kind:" + pick(r, kinds)
		case 4, 5:
			out[i] = fmt.Sprintf("org:o%d", r.IntN(7)) // o6 does not exist
		case 6:
			out[i] = fmt.Sprintf("circle:c%d", r.IntN(6))
		case 7:
			out[i] = fmt.Sprintf("person:p%d", r.IntN(19))
		default:
			out[i] = "peer:x"
		}
	}
	return out
}

// T-02: a million random decisions agree with the oracle. A decision is: may
// this person read this audience, and is this label lawful for it.
func TestDecisionsAgreeWithOracle(t *testing.T) {
	t.Logf("again: go test ./policy -run '^%s$' -args -seed=%d -n=%d", t.Name(), *seed, *n)
	r := rand.New(rand.NewPCG(*seed, 2))
	var w town
	var viewers []policy.Viewer
	var yes, fits int
	for i := range *n {
		if i%500 == 0 {
			w, viewers = newTown(r), viewers[:0]
			for _, p := range w.people {
				if p.id == "" {
					viewers = append(viewers, policy.Anonymous())
				} else {
					viewers = append(viewers, policy.Member(membership(p), "", "", "", nil, nil))
				}
			}
		}
		who := r.IntN(len(viewers))
		texts := randomAudience(r)
		audience, err := policy.ParseAudience(texts)
		if err != nil {
			t.Fatalf("%v: %v", texts, err)
		}
		got, want := viewers[who].CanRead(audience), reads(w.people[who], texts)
		if got != want {
			t.Fatalf("decision %d: %+v reads %v: %v, the oracle says %v", i, w.people[who], texts, got, want)
		}
		tlp := pick(r, []string{"CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED", "", "WHITE"})
		check := policy.Label{TLP: policy.TLP(tlp), Audience: audience}.Check(w)
		if law := lawful(tlp, texts, w.named); (check == nil) != law {
			t.Fatalf("decision %d: %q to %v: %v, the oracle says %v", i, tlp, texts, check, law)
		}
		if want {
			yes++
		}
		if check == nil {
			fits++
		}
	}
	t.Logf("%d decisions: %d may read, %d labels fit", *n, yes, fits)
	if yes < *n/20 || yes > *n*19/20 || fits < *n/50 {
		t.Error("the decisions are too one-sided to tell")
	}
}

// What one label covers of another is never more than readers say: whoever can
// read a covered audience can read the covering one.
func TestCoversIsSound(t *testing.T) {
	t.Logf("again: go test ./policy -run '^%s$' -args -seed=%d", t.Name(), *seed)
	r := rand.New(rand.NewPCG(*seed, 4))
	covered := 0
	for range 2000 {
		w := newTown(r)
		for range 50 {
			outer, _ := policy.ParseAudience(randomAudience(r))
			inner, _ := policy.ParseAudience(randomAudience(r))
			if inner.Empty() || !policy.Covers(outer, inner, w) {
				continue
			}
			covered++
			for _, p := range w.people {
				if p.id != "" && reads(p, inner.Strings()) && !reads(p, outer.Strings()) {
					t.Fatalf("%v is said to cover %v, but %+v reads only the second", outer.Strings(), inner.Strings(), p)
				}
			}
			old := policy.Label{TLP: pick(r, policy.Markings()), Audience: outer}
			next := policy.Label{TLP: pick(r, policy.Markings()), Audience: inner}
			want := slices.Index(policy.Markings(), next.TLP) >= slices.Index(policy.Markings(), old.TLP)
			if policy.NotLooser(old, next, w) != want || policy.Tightens(old, next, w) != want {
				t.Fatalf("%s to %s under a covered audience: tightens is not %v", old.TLP, next.TLP, want)
			}
		}
	}
	if covered < 2000 {
		t.Errorf("only %d pairs covered", covered)
	}
}
