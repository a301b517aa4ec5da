package alerts

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestShownOf(t *testing.T) {
	for n, want := range map[int]Shown{0: Least, 1: Least, 4: Least, 5: "5 or more", 9: "5 or more", 10: "10 or more", 14: "10 or more", 15: "15 or more", 301: "300 or more"} {
		if got := shownOf(n); got != want {
			t.Errorf("%d is shown as %q, want %q", n, got, want)
		}
		if got := shownOf(n).AtLeast(); got != n-n%5 {
			t.Errorf("%d is at least %d", n, got)
		}
	}
}

func TestApart(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"", "ab", 2}, {"abd", "acd", 2}, {"ab", "cd", 4}} {
		if got := apart(letters(c.a), letters(c.b)); got != c.want || apart(letters(c.b), letters(c.a)) != c.want {
			t.Errorf("%q and %q are %d apart, want %d", c.a, c.b, got, c.want)
		}
	}
}

func letters(s string) (out []string) {
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

// What stands in: the set that stands there while fewer than five changed; the empty
// one for few; the one that is near and was used last; else a new one.
func TestStandIn(t *testing.T) {
	ten := published{7, 2, letters("abcdefghij")}
	eight := published{3, 1, letters("abcdefgh")}
	for _, c := range []struct {
		name string
		set  string
		now  published
		near []published
		want int64
		ok   bool
	}{
		{"nobody", "", published{}, nil, 0, true},
		{"four", "abcd", published{}, nil, 0, true},
		{"five", "abcde", published{}, nil, 0, false},
		{"six of ten left: four changed", "abcdef", ten, nil, 7, true},
		{"five of ten left: five changed", "abcde", ten, nil, 0, false},
		{"few are left", "abc", ten, []published{ten, eight}, 0, true},
		{"another alert's set is near", "abcdefghi", published{}, []published{ten}, 7, true},
		{"the one used last", "abcdefghi", published{}, []published{eight, ten}, 7, true},
		{"as many, but others", "klmnopqrst", ten, []published{eight}, 0, false},
	} {
		got, ok := standIn(letters(c.set), c.now, c.near)
		if ok != c.ok || ok && got.n != c.want {
			t.Errorf("%s: set %d, %v", c.name, got.n, ok)
		}
	}
}

// book is what the store keeps of shown counts, in memory.
type book struct {
	sets   []published
	used   int64
	stands map[string]published
}

func (b *book) show(subject string, set []string) Shown {
	next, ok := standIn(set, b.stands[subject], b.sets)
	if !ok {
		next = published{int64(len(b.sets) + 1), 0, slices.Clone(set)}
		b.sets = append(b.sets, next)
	}
	if next.n != b.stands[subject].n && next.n != 0 {
		b.used++
		b.sets[next.n-1].used = b.used
	}
	b.stands[subject] = next
	return shownOf(len(next.members))
}

// Differencing reveals nobody: whatever joins and leaves, in whatever order, of
// however many products and alerts, the shown strings of two subjects or two moments
// are equal unless the sets behind them differ in at least five organizations; and what
// is shown of a subject changes only once five joined or left it since it changed last.
func TestNoDifferencing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &book{stands: map[string]published{}}
		type moment struct {
			subject string
			set     []string
			stands  published
			shown   Shown
		}
		now := map[string][]string{}
		var seen []moment
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			subject := rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "subject")
			org := fmt.Sprintf("%02x", rapid.IntRange(0, 16).Draw(t, "org"))
			before := b.stands[subject]
			if i, ok := slices.BinarySearch(now[subject], org); ok {
				now[subject] = slices.Delete(slices.Clone(now[subject]), i, i+1)
			} else {
				now[subject] = slices.Insert(slices.Clone(now[subject]), i, org)
			}
			m := moment{subject, now[subject], published{}, b.show(subject, now[subject])}
			m.stands = b.stands[subject]
			if d := apart(m.set, m.stands.members); d >= Floor {
				t.Fatalf("%s shows a set that is %d away from the truth", subject, d)
			}
			if m.stands.n != before.n && apart(m.set, before.members) < Floor {
				t.Fatalf("%s changed after %d", subject, apart(m.set, before.members))
			}
			if len(m.set) < Floor && before.n == 0 && m.shown != Least {
				t.Fatalf("%d are shown as %q", len(m.set), m.shown)
			}
			seen = append(seen, m)
		}
		for i, p := range seen {
			for _, q := range seen[:i] {
				if p.shown != q.shown && apart(p.stands.members, q.stands.members) < Floor {
					t.Fatalf("%q and %q differ in %d organizations", p.shown, q.shown, apart(p.stands.members, q.stands.members))
				}
			}
		}
	})
}

// Sets that are less than five apart have a part in common by which they are found.
func TestParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.StringMatching(`[0-9a-f]{8}`)
		set := sorted(rapid.SliceOfN(hash, 0, 40).Draw(t, "set"))
		other := slices.Clone(set)
		for range rapid.IntRange(0, Floor-1).Draw(t, "changes") {
			if len(other) > 0 && rapid.Bool().Draw(t, "leaves") {
				i := rapid.IntRange(0, len(other)-1).Draw(t, "who")
				other = slices.Delete(other, i, i+1)
			} else {
				other = sorted(append(other, hash.Draw(t, "joins")))
			}
		}
		p, q := parts(set), parts(other)
		for i := range p {
			if digest(p[i]) == digest(q[i]) {
				return
			}
		}
		t.Fatalf("%v and %v have no part in common", set, other)
	})
}
