package forum

import (
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Pin marks a post as a decision of its topic, Unpin takes that back. Everyone
// who reads the post and may post may do it; the ledger says who did.
func (f *Forum) Pin(tx *db.Tx, post string) error { return f.pin(tx, post, true) }

// Unpin: see [Forum.Pin].
func (f *Forum) Unpin(tx *db.Tx, post string) error { return f.pin(tx, post, false) }

func (f *Forum) pin(tx *db.Tx, post string, on bool) error {
	if err := mayPost(tx.View); err != nil {
		return err
	}
	p, err := readPostRow(tx.View, post)
	if err != nil {
		return err
	}
	if p.Deleted != 0 {
		return fault.Conflictf("This post was deleted.")
	}
	at, name, by, verb := clock.Micros(tx.Now()), tx.Viewer().Name, int64(1), "decision.pinned"
	if !on {
		at, name, by, verb = 0, "", -1, "decision.unpinned"
	}
	if on == (p.Pinned != 0) {
		return fault.Conflictf("Somebody was faster: this is so already.")
	}
	if err := tx.MustChange(`UPDATE posts SET pinned = $1, pinned_name = $2 WHERE id = $3`, at, name, post); err != nil {
		return err
	}
	if err := countDecision(tx, p, by); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: verb, Object: post, Parent: p.Topic, Room: p.Room, Label: p.Label, Data: map[string]any{"body_sha256": sum(p.Body)}})
	return nil
}

func countDecision(tx *db.Tx, p postRow, by int64) error {
	return tx.MustChange(`UPDATE topic_activity SET decided = decided + $1 WHERE topic = $2 AND audience = $3`, by, p.Topic, p.Label.Audience.ID())
}

// ResolveTopic ends a topic, with a summary of what came of it, which may be empty.
func (f *Forum) ResolveTopic(tx *db.Tx, topic, summary string) error {
	return f.setState(tx, topic, Resolved, summary)
}

// ReopenTopic takes a topic up again.
func (f *Forum) ReopenTopic(tx *db.Tx, topic string) error { return f.setState(tx, topic, Open, "") }

func (f *Forum) setState(tx *db.Tx, topic string, to State, summary string) error {
	if err := mayPost(tx.View); err != nil {
		return err
	}
	t, err := readTopicRow(tx.View, topic)
	if err != nil {
		return err
	}
	m, ok := move(TopicMoves, t.State, to)
	if !ok {
		return fault.Conflictf("This topic is %s already.", t.State)
	}
	if to == Resolved && t.Author.Person != tx.Viewer().Person && !tx.Viewer().HasRole(policy.RoleDesk) {
		opener, err := tx.Exists(`SELECT 1 FROM visible.rooms r WHERE r.id = $1 AND r.author = $2`, t.Room, tx.Viewer().Person)
		if err != nil {
			return err
		}
		if !opener {
			return fault.Forbiddenf("A topic is resolved by %s.", m.Who)
		}
	}
	var p problems
	p.text("summary", "The summary", summary, MaxPurpose, false)
	if err := p.err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE topics SET state = $1, state_at = $2, state_by = $3, state_name = $4, summary = $5 WHERE id = $6 AND state = $7`,
		string(to), clock.Micros(tx.Now()), tx.Viewer().Person, tx.Viewer().Name, summary, topic, string(t.State)); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: m.Verb, Object: topic, Room: t.Room, Label: t.Label, Data: map[string]any{"summary_sha256": sum(summary)}})
	return nil
}
