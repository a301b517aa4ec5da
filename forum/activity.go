package forum

import (
	"github.com/cordon-isao/cordon/internal/db"
)

// A topic's place in a list, its number of posts and whether it has news must be
// what the reader's own view says: a post that he may not see must move nothing
// (T-01). Asking the posts of every topic for "the newest I can see" would cost
// as much as the room is large; keeping one figure a topic would leak.
//
// So activity is kept per topic and audience: topic_activity has one row for
// each audience that posts of the topic have (mostly one, seldom more than
// three), labelled with that audience, and so readable by exactly those who can
// read those posts. A reader's view of a topic is the newest, and the sum, of the
// rows he can read; a row that he cannot read does not exist for him. A list in
// the order of last activity is one range of the index (room, at, n) in which
// each topic is taken at its newest visible row and skipped at its older ones.
// The cost follows the page, and a new post costs one upsert of one row.
//
// The tlp of a row is that of its newest post; nothing shows it.

// newest keeps, of a topic's visible activity rows a, the newest.
const newest = `NOT EXISTS (SELECT 1 FROM visible.topic_activity b WHERE b.topic = a.topic AND b.n > a.n)`

// noteActivity counts a new post.
func noteActivity(tx *db.Tx, w *writing) error {
	_, err := tx.Exec(`INSERT INTO topic_activity (topic, audience, tlp, room, at, n, post, shown, decided) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, 0)
		ON CONFLICT (topic, audience) DO UPDATE SET tlp = excluded.tlp, at = excluded.at, n = excluded.n, post = excluded.post, shown = topic_activity.shown + 1`,
		w.Topic, w.audience, string(w.Label.TLP), w.Room, w.at, w.n, w.ID)
	return err
}

// recount makes a topic's activity anew from its posts, after their labels or
// pins changed. It needs all posts, also those that the writer cannot see: tx is
// a system view.
func recount(tx *db.Tx, topic string) error {
	if _, err := tx.Exec(`DELETE FROM topic_activity WHERE topic = $1`, topic); err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO topic_activity (topic, audience, tlp, room, at, n, post, shown, decided)
		SELECT p.topic, p.audience, MAX(p.tlp), p.room, MAX(p.at), MAX(p.n), '', COUNT(*), SUM(CASE WHEN p.pinned > 0 THEN 1 ELSE 0 END)
		FROM visible.posts p WHERE p.topic = $1 GROUP BY p.topic, p.audience, p.room`, topic); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE topic_activity SET post = (SELECT p.id FROM visible.posts p WHERE p.n = topic_activity.n) WHERE topic = $1`, topic)
	return err
}
