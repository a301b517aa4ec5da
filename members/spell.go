package members

import (
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Spell is a stretch of an organization's good standing: From included, To
// excluded. A zero To means that it goes on.
type Spell struct{ From, To time.Time }

// StandingSpells lists when an organization was a member in good standing, oldest
// first, without a word on why it was not. It is for rules that ask whether
// somebody was a member all along, not for show: see
// [Members.History].
func (m *Members) StandingSpells(v *db.View, org string) ([]Spell, error) {
	type row struct {
		active   int64
		standing policy.Standing
	}
	o, err := db.One(all(v), func(s db.Scanner) (r row, err error) { err = s.Scan(&r.active, &r.standing); return r, err },
		`SELECT o.active_at, o.standing FROM visible.organizations o WHERE o.id = $1`, org)
	if err != nil {
		return nil, err
	}
	type move struct {
		at          time.Time
		was, became policy.Standing
	}
	moves, err := db.All(v, func(s db.Scanner) (r move, err error) {
		var at int64
		err = s.Scan(&at, &r.was, &r.became)
		r.at = clock.FromMicros(at)
		return r, err
	}, `SELECT at, was, became FROM organization_moves WHERE org = $1 ORDER BY step`, org)
	if err != nil {
		return nil, err
	}
	var out []Spell
	// Founders begin as members, without a move.
	if first := o.standing; len(moves) == 0 && first.Good() || len(moves) > 0 && moves[0].was.Good() {
		out = append(out, Spell{From: clock.FromMicros(o.active)})
	}
	for _, s := range moves {
		switch was, is := s.was.Good(), s.became.Good(); {
		case !was && is:
			out = append(out, Spell{From: s.at})
		case was && !is && len(out) > 0:
			out[len(out)-1].To = s.at
		}
	}
	return out, nil
}

// MovedSince lists the organizations whose standing changed at or after a time.
// It is for rules.
func (m *Members) MovedSince(v *db.View, since time.Time) ([]string, error) {
	return db.All(v, db.Value[string], `SELECT DISTINCT org FROM organization_moves WHERE at >= $1 ORDER BY org`, clock.Micros(since))
}
