package alerts

import (
	"fmt"
	"slices"
)

// Floor is the least number of organizations that is told of (issue 5; U: k >= 5).
const Floor = 5

// Shown is a count of organizations as it may be shown: "fewer than 5", "5 or more",
// "10 or more" …
type Shown string

// Least is the shown count of the empty set, and of every small one.
const Least Shown = "fewer than 5"

// shownOf says a number of organizations on the floor: rounded down to fives.
func shownOf(n int) Shown {
	if n < Floor {
		return Least
	}
	return Shown(fmt.Sprintf("%d or more", n-n%Floor))
}

// AtLeast is the number that a shown count surely stood for when it was made: 0, 5,
// 10 … It is for bars.
func (s Shown) AtLeast() int {
	var n int
	if _, err := fmt.Sscanf(string(s), "%d or more", &n); err != nil {
		return 0
	}
	return n
}

// A published set is one whose count was shown: organizations by keyed hashes, sorted.
type published struct {
	n       int64 // its number; 0 is the empty set, which is always published
	used    int64 // when it began last to stand for holders; grows
	members []string
}

// apart is how many organizations are in one of two sorted sets and not in the other.
func apart(a, b []string) (n int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			a, b = a[1:], b[1:]
		case a[0] < b[0]:
			a, n = a[1:], n+1
		default:
			b, n = b[1:], n+1
		}
	}
	return n + len(a) + len(b)
}

// standIn chooses the published set whose count is shown for a set: the one that
// stands there already, if fewer than [Floor] organizations joined or left since; else
// the empty one for fewer than [Floor]; else the one as near that was used last, so that
// who sends alert after alert sees no more than who looks at one. ok is false if there
// is none, and the set itself is to be published.
//
// So two counts that differ, of whatever products, alerts, answers and dates, stand
// for published sets that differ in at least [Floor] organizations: no two of them can
// be subtracted to find one. What is shown is at most four organizations from the truth.
func standIn(set []string, now published, near []published) (best published, ok bool) {
	if apart(set, now.members) < Floor {
		return now, true
	}
	if len(set) < Floor {
		return published{}, true
	}
	for _, p := range near {
		if apart(set, p.members) < Floor && (!ok || p.used > best.used) {
			best, ok = p, true
		}
	}
	return best, ok
}

// partOf is in which of [Floor] parts an organization falls, by its keyed hash. Two
// sets that are less than [Floor] apart are equal in at least one part, and are found
// by it.
func partOf(member string) int { return int(member[0]) % Floor }

// parts splits a set.
func parts(set []string) (out [Floor][]string) {
	for _, m := range set {
		i := partOf(m)
		out[i] = append(out[i], m)
	}
	return out
}

// sorted is a set of hashes in order, each once.
func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
