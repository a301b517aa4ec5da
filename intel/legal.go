package intel

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

// Basis is a law that protects sharing of cyber threat indicators between certain
// dates: whether it does is a fact of the day, not of the program.
type Basis struct {
	ID    string
	Name  string
	From  time.Time // first day, UTC
	Until time.Time // the day after its last
}

// bases is the Cybersecurity Information Sharing Act of 2015 (6 U.S.C. 1501–1510)
// with its lapses. It lapsed on 30 September 2025; an extension of 12 November
// 2025 ran to 30 January 2026; H.R. 7148, signed on 3 February 2026, extended it
// to 30 September 2026 and closed both gaps backwards. What holds after that is
// not known to this program, so nothing is said to hold.
var bases = []Basis{
	{ID: "cisa-2015", Name: "Cybersecurity Information Sharing Act of 2015", From: day(2015, 12, 18), Until: day(2026, 10, 1)},
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// LegalBasis is the law in force on the day of t; ok is false when none is, and
// sharing rests on the agreement, the labels and the antitrust policy alone.
func LegalBasis(t time.Time) (Basis, bool) {
	d := clock.Day(t)
	for _, b := range bases {
		if !d.Before(b.From) && d.Before(b.Until) {
			return b, true
		}
	}
	return Basis{}, false
}

// LegalNotice is the sentence for a page when no law is known to be in force; ""
// otherwise.
func LegalNotice(t time.Time) string {
	if _, ok := LegalBasis(t); ok {
		return ""
	}
	last := bases[len(bases)-1]
	return "The " + last.Name + " is not known to be in force since " + last.Until.Format("2 January 2006") +
		". What you share now rests on the participation agreement and its labels alone: ask your counsel before you share what the law used to protect."
}

// BasisName is the name of a legal basis that was in force when something was
// sent; its id, if it is not known here.
func BasisName(id string) string {
	for _, b := range bases {
		if b.ID == id {
			return b.Name
		}
	}
	return id
}
