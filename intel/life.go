package intel

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/stix/pattern"
)

// Days after which an indicator that nobody saw since is half as good, by what it
// looks for. Addresses change hands within weeks, names within months; a file's
// hash stays what it is. They are rules of thumb, not of a standard, and only
// hold where the author gave no valid_until.
var halfLives = []struct {
	prefix string
	days   int
}{
	{"ipv4-addr", 14}, {"ipv6-addr", 14}, {"network-traffic", 14},
	{"url", 30}, {"domain-name", 45}, {"email", 60}, {"x509-certificate", 180}, {"file", 365}, {"artifact", 365},
}

const (
	otherHalfLife = 90
	lifeOver      = 0.1 // below this it is over
)

// Life tells how far an indicator still holds: score is 1 when fresh and 0 when it
// is over, until is when it will be, and words say why, in a sentence. With a
// valid_until it falls evenly to that day, from the last sighting or else from
// valid_from; without one it halves in a time that depends on what it looks for
// ([halfLives]). What is revoked is over. ok is false for what does not age.
func Life(o Object, seen Sum, now time.Time) (score float64, until time.Time, words string, ok bool) {
	if o.Type != "indicator" {
		return 0, time.Time{}, "", false
	}
	from, since := o.ValidFrom, "its author's first day"
	if from.IsZero() {
		from = o.Created
	}
	if seen.Last.After(from) {
		from, since = seen.Last, "the last sighting"
	}
	switch {
	case o.Revoked:
		return 0, o.Modified, "Its author took it back.", true
	case !o.ValidUntil.IsZero() && !o.ValidUntil.After(now):
		return 0, o.ValidUntil, "It ended on " + o.ValidUntil.Format("2 January 2006") + ", as its author said.", true
	case !o.ValidUntil.IsZero():
		score = 1.0
		if whole := o.ValidUntil.Sub(from); whole > 0 && now.After(from) {
			score = float64(o.ValidUntil.Sub(now)) / float64(whole)
		}
		return score, o.ValidUntil, "It holds until " + o.ValidUntil.Format("2 January 2006") + ", as its author said.", true
	}
	days := halfLife(o)
	half := time.Duration(days) * 24 * time.Hour
	until = from.Add(time.Duration(float64(half) * math.Log2(1/lifeOver)))
	score = 1.0
	if now.After(from) {
		score = math.Exp2(-float64(now.Sub(from)) / float64(half))
	}
	if score < lifeOver {
		return 0, until, fmt.Sprintf("Nobody saw it for long: its author gave no end, and what it looks for halves in %d days since %s.", days, since), true
	}
	return score, until, fmt.Sprintf("Its author gave no end. What it looks for halves in %d days, counted from %s.", days, since), true
}

// halfLife is the longest of what a pattern looks for.
func halfLife(o Object) int {
	p, err := pattern.Parse(o.Pattern)
	if o.PatternType != "stix" || err != nil {
		return otherHalfLife
	}
	longest := 0
	for _, typ := range p.Types() {
		days := otherHalfLife
		for _, h := range halfLives {
			if strings.HasPrefix(typ, h.prefix) {
				days = h.days
				break
			}
		}
		longest = max(longest, days)
	}
	if longest == 0 {
		return otherHalfLife
	}
	return longest
}
