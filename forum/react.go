package forum

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Reaction is one of three; "" takes it back.
type Reaction string

// The reactions.
const (
	Seen  Reaction = "seen"
	Agree Reaction = "agree"
	Same  Reaction = "same" // "we have this too"
)

// Reactions are counts without names. Same counts organizations, and only from
// SameAtLeast on: fewer would tell who is affected.
type Reactions struct {
	Seen, Agree, Same int
	Mine              Reaction
}

// SameAtLeast is how many organizations must have said "same here" before their
// number is shown.
const SameAtLeast = 5

// React sets the viewer's one reaction to a post. It is a note, not a fact for
// the ledger: use it inside db.Note.
func (f *Forum) React(tx *db.Tx, post string, r Reaction) error {
	if err := mayPost(tx.View); err != nil {
		return err
	}
	p, err := readPostRow(tx.View, post)
	if err != nil {
		return err
	}
	switch {
	case p.Deleted != 0:
		return fault.Conflictf("This post was deleted.")
	case r == "":
		_, err = tx.Exec(`DELETE FROM reactions WHERE post = $1 AND person = $2`, post, tx.Viewer().Person)
	case r == Seen || r == Agree || r == Same:
		_, err = tx.Exec(`INSERT INTO reactions (post, person, org, kind) VALUES ($1, $2, $3, $4) ON CONFLICT (post, person) DO UPDATE SET kind = excluded.kind, org = excluded.org`,
			post, tx.Viewer().Person, tx.Viewer().Org, string(r))
	default:
		err = fault.InvalidField("reaction", "Choose seen, agree or same.")
	}
	return err
}

// readReactions fills in the reactions to posts that were read.
func readReactions(v *db.View, ps []Post, at map[string]int, args []any) error {
	return v.Each(`SELECT post, kind, COUNT(*), COUNT(DISTINCT org), MAX(CASE WHEN person = $2 THEN 1 ELSE 0 END) FROM reactions
		WHERE post IN (SELECT value FROM json_each($1)) GROUP BY post, kind`, append(args, v.Viewer().Person), func(s db.Scanner) error {
		var post, kind string
		var people, orgs, mine int
		if err := s.Scan(&post, &kind, &people, &orgs, &mine); err != nil {
			return err
		}
		r := &ps[at[post]].Reactions
		switch Reaction(kind) {
		case Seen:
			r.Seen = people
		case Agree:
			r.Agree = people
		case Same:
			if orgs >= SameAtLeast {
				r.Same = orgs
			}
		}
		if mine == 1 {
			r.Mine = Reaction(kind)
		}
		return nil
	})
}
