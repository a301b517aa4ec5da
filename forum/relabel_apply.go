package forum

import (
	"maps"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// apply gives a topic (post nil) or a post its new label, and every post of the
// topic what follows from it. It works in the system's eyes: posts that the
// originator cannot see are bound by his topic's label too.
func (f *Forum) apply(tx *db.Tx, t topicRow, post *postRow, next policy.Label, data map[string]any) error {
	sys := tx.As(policy.System("forum"))
	facts := f.members.Facts(sys.View)
	posts, err := db.All(sys.View, scanPostRow(sys.View), `SELECT `+postRowColumns+` FROM visible.posts p WHERE p.topic = $1 ORDER BY p.n`, t.ID)
	if err != nil {
		return err
	}
	tightens := policy.Tightens(t.Label, next, facts)
	want := make(map[string]policy.Label, len(posts))
	for _, p := range posts { // quotes point backwards, so a source is settled before its quotation
		l := p.Label
		switch {
		case post != nil && p.ID == post.ID, post == nil && p.ID == t.Opening:
			l = next
		case post != nil:
		case tightens && same(p.Label, t.Label):
			l = next
		default:
			l = joined(next, p.Label, p.Author.Person, facts)
			if !tightens && same(p.Label, t.Label) && p.Author.Person == t.Author.Person {
				ok, err := f.quotesAllow(sys.View, p, next)
				if err != nil {
					return err
				}
				if ok {
					l = next
				}
			}
		}
		if source, ok := want[p.Quote]; ok && !policy.NotLooser(source, l, facts) {
			l = joined(source, l, p.Author.Person, facts)
		}
		want[p.ID] = l
	}

	if post == nil {
		audience, err := tx.Store(next.Audience)
		if err != nil {
			return err
		}
		if err := tx.MustChange(`UPDATE topics SET tlp = $1, audience = $2 WHERE id = $3`, string(next.TLP), audience, t.ID); err != nil {
			return err
		}
		relabelled(tx, db.Entry{Verb: "topic.relabelled", Object: t.ID, Room: t.Room}, t.Label, next, facts, data)
	}
	type group struct {
		label policy.Label
		ids   []string
	}
	groups := map[string]*group{}
	for _, p := range posts {
		l := want[p.ID]
		if same(l, p.Label) {
			continue
		}
		key := string(l.TLP) + " " + l.Audience.ID()
		if groups[key] == nil {
			groups[key] = &group{label: l}
		}
		groups[key].ids = append(groups[key].ids, p.ID)
		if post != nil || !same(p.Label, t.Label) || !same(l, next) { // else the topic's entries say it
			more := map[string]any{}
			if post != nil && p.ID == post.ID {
				more = data
			}
			relabelled(tx, db.Entry{Verb: "post.relabelled", Object: p.ID, Parent: t.ID, Room: t.Room}, p.Label, l, facts, more)
		}
	}
	for _, g := range groups {
		audience, err := tx.Store(g.label.Audience)
		if err != nil {
			return err
		}
		for _, stmt := range []string{
			`UPDATE posts SET tlp = $1, audience = $2 WHERE id IN (SELECT value FROM json_each($3))`,
			`UPDATE post_versions SET tlp = $1, audience = $2 WHERE post IN (SELECT value FROM json_each($3))`,
			`UPDATE mentions SET tlp = $1, audience = $2 WHERE post IN (SELECT value FROM json_each($3))`,
			`UPDATE files SET tlp = $1, audience = $2 WHERE post IN (SELECT value FROM json_each($3))`,
		} {
			if _, err := tx.Exec(stmt, string(g.label.TLP), audience, db.List(g.ids)); err != nil {
				return err
			}
		}
		for _, id := range g.ids {
			if err := reindex(sys, id); err != nil {
				return err
			}
		}
	}
	// Requests that start from a label that is no more cannot be decided any more.
	if _, err := tx.Exec(`UPDATE relabels SET state = 'withdrawn' WHERE topic = $1 AND state = 'pending' AND (post = $2 OR $2 = '')`, t.ID, postID(post)); err != nil {
		return err
	}
	return recount(sys, t.ID)
}

// FollowObject gives a room that belongs to something, such as a case, that
// thing's new label, and with it the topics that carried the old one. Posts of
// others than a topic's author are not loosened with it: their words stay with
// whom they were written for. It is for duties, which have checked that the
// originator and a second person agree.
func (f *Forum) FollowObject(tx *db.Tx, room string, next policy.Label, data map[string]any) error {
	sys := tx.As(policy.System("forum")).View
	r, err := readRoom(sys, room)
	if err != nil {
		return err
	}
	if r.Object == "" {
		return fault.ErrMissing
	}
	audience, err := tx.Store(next.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE rooms SET tlp = $1, audience = $2 WHERE id = $3`, string(next.TLP), audience, room); err != nil {
		return err
	}
	relabelled(tx, db.Entry{Verb: "room.relabelled", Object: room, Parent: r.Object, Room: room}, r.Label, next, f.members.Facts(sys), data)
	topics, err := db.All(sys, db.Value[string], `SELECT t.id FROM visible.topics t WHERE t.room = $1 AND t.tlp = $2 AND t.audience = $3 ORDER BY t.id`,
		room, string(r.Label.TLP), r.Label.Audience.ID())
	if err != nil {
		return err
	}
	for _, id := range topics {
		t, err := readTopicRow(sys, id)
		if err != nil {
			return err
		}
		if err := f.apply(tx, t, nil, next, data); err != nil {
			return err
		}
	}
	return nil
}

// relabelled records a change of label for those who read the thing before and
// for those who read it now, so that each knows what is theirs: whoever lost it
// learns that it was closed to him, and not to whom it is open now; whoever
// gained it learns nothing of the earlier audience.
func relabelled(tx *db.Tx, e db.Entry, old, next policy.Label, facts policy.Facts, data map[string]any) {
	e.Access = true
	full := map[string]any{"from": labelParts(old), "to": labelParts(next)}
	maps.Copy(full, data)
	before, after := e, e
	before.Label, after.Label = old, next
	if policy.Tightens(old, next, facts) {
		before.Data, after.Data = map[string]any{"tightened": true}, full
	} else {
		before.Data, after.Data = full, map[string]any{"to": labelParts(next)}
	}
	tx.Append(before)
	tx.Append(after)
}
