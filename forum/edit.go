package forum

import (
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Edit replaces a post's text. The earlier text stays in its history. edits is
// the number of edits the author saw when he began: if there are more by now,
// somebody (he himself, in another window) was faster and nothing is changed.
// Labels are not edited; see [Forum.RelabelPost].
func (f *Forum) Edit(tx *db.Tx, post, body string, edits int) error {
	if err := mayPost(tx.View); err != nil {
		return err
	}
	old, err := readPostRow(tx.View, post)
	if err != nil {
		return err
	}
	if old.Author.Person != tx.Viewer().Person {
		return fault.Forbiddenf("Only its author may edit a post.")
	}
	if old.Deleted != 0 {
		return fault.Conflictf("This post was deleted.")
	}
	if old.Edits != int64(edits) {
		return fault.Conflictf("This post was edited meanwhile. Look at its present text, then edit again; your text was not saved.")
	}
	if old.Body == body {
		return fault.Conflictf("The text is the same as before: nothing was changed.")
	}
	t, err := readTopicRow(tx.View, old.Topic)
	if err != nil {
		return err
	}
	w := writing{ID: post, Topic: old.Topic, Room: t.Room, Body: body, Label: old.Label, n: old.N, audience: old.Label.Audience.ID()}
	var p problems
	p.text("body", "The text", body, MaxBody, true)
	if err := f.checkText(tx.View, &p, body, old.Label, t.Label, &w.mentions); err != nil {
		return err
	}
	if err := p.err(); err != nil {
		return err
	}
	now := clock.Micros(tx.Now())
	written := old.At
	if old.Edited != 0 {
		written = old.Edited
	}
	if _, err := tx.Exec(`INSERT INTO post_versions (post, version, at, body, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6)`,
		post, old.Edits+1, written, old.Body, string(old.Label.TLP), w.audience); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE posts SET body = $1, edits = edits + 1, edited = $2 WHERE id = $3 AND edits = $4 AND deleted = 0`, body, now, post, old.Edits); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM mentions WHERE post = $1`, post); err != nil {
		return err
	}
	for _, person := range w.mentions {
		if err := insertMention(tx, &w, person); err != nil {
			return err
		}
	}
	if err := reindex(tx, post); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "post.edited", Object: post, Parent: old.Topic, Room: old.Room, Label: old.Label,
		Data: map[string]any{"version": old.Edits + 2, "body_sha256": sum(body), "bytes": len(body)}})
	return nil
}
