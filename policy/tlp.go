package policy

import (
	"fmt"
	"slices"
	"strings"
)

// TLP is a Traffic Light Protocol 2.0 marking (FIRST), without its "TLP:".
// The zero value is not a marking: [TLP.Known] is false for it, and a missing
// label is never taken for CLEAR.
type TLP string

// The five markings of TLP 2.0, from the widest to the strictest.
const (
	Clear       TLP = "CLEAR"
	Green       TLP = "GREEN"
	Amber       TLP = "AMBER"
	AmberStrict TLP = "AMBER+STRICT"
	Red         TLP = "RED"
)

// Markings lists the TLP markings from the widest to the strictest.
func Markings() []TLP { return []TLP{Clear, Green, Amber, AmberStrict, Red} }

// ParseTLP reads a marking as people and standards write it: "AMBER" or
// "TLP:AMBER", in exactly these capitals. TLP 1.0's WHITE reads as CLEAR.
// Anything else, look-alike letters and invisible characters included, is an
// error: an unknown label must never be read as a wide one (T-07).
func ParseTLP(s string) (TLP, error) {
	word := TLP(strings.TrimPrefix(s, "TLP:"))
	if word == "WHITE" {
		return Clear, nil
	}
	if word.Known() {
		return word, nil
	}
	return "", fmt.Errorf("%q is not a TLP 2.0 label; write one of RED, AMBER+STRICT, AMBER, GREEN, CLEAR", s)
}

// Known reports whether t is one of the five markings.
func (t TLP) Known() bool { return slices.Contains(Markings(), t) }

// String writes the marking as FIRST asks for it: capitals, no space.
func (t TLP) String() string { return "TLP:" + string(t) }

// rank orders markings by strictness. An unknown marking is stricter than all,
// so that a comparison with it can only tighten.
func (t TLP) rank() int {
	if i := slices.Index(Markings(), t); i >= 0 {
		return i
	}
	return len(Markings())
}

// StricterThan reports whether t allows less sharing than u.
func (t TLP) StricterThan(u TLP) bool { return t.rank() > u.rank() }

// Strictest returns the strictest of the given markings: the marking of a thing
// derived from several (a digest, a quote, an export). With none, it is RED.
func Strictest(ts ...TLP) TLP {
	if len(ts) == 0 {
		return Red
	}
	return slices.MaxFunc(ts, func(a, b TLP) int { return a.rank() - b.rank() })
}

// Sentence says in words what a reader may do with a thing so marked (FIRST
// TLP 2.0; shown in the band on top of every page).
func (t TLP) Sentence() string {
	switch t {
	case Clear:
		return "Public. You may share this with anyone."
	case Green:
		return "Share inside this community only, never on public channels."
	case Amber:
		return "Share on a need-to-know basis inside your own organization and with its clients."
	case AmberStrict:
		return "Share on a need-to-know basis inside your own organization only."
	default:
		return "For the named recipients only. Do not share any further."
	}
}
