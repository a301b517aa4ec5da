package forum

import (
	"context"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Delete takes a post back. Its place, author and time stay as a tombstone with
// the reason; its text, earlier texts, files and search words are destroyed. The
// ledger keeps the digest of what was said, not the text. An opening post's topic
// keeps its title.
func (f *Forum) Delete(tx *db.Tx, post, why string) error {
	if err := mayPost(tx.View); err != nil {
		return err
	}
	old, err := readPostRow(tx.View, post)
	if err != nil {
		return err
	}
	if old.Author.Person != tx.Viewer().Person {
		return fault.Forbiddenf("Only its author may delete a post.")
	}
	if old.Deleted != 0 {
		return fault.Conflictf("This post was deleted already.")
	}
	var p problems
	if why != "" {
		p.line("why", "The reason", why, MaxTitle)
	}
	if err := p.err(); err != nil {
		return err
	}
	blobs, err := db.All(tx.View, db.Value[string], `SELECT f.id FROM visible.files f WHERE f.post = $1`, post)
	if err != nil {
		return err
	}
	for _, stmt := range []string{
		`DELETE FROM post_versions WHERE post = $1`,
		`DELETE FROM mentions WHERE post = $1`,
		`DELETE FROM reactions WHERE post = $1`,
		`DELETE FROM files WHERE post = $1`, // and with it the key: the blob can never be read again
	} {
		if _, err := tx.Exec(stmt, post); err != nil {
			return err
		}
	}
	if err := unindex(tx, old.N); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE posts SET body = '', attached = 0, pinned = 0, pinned_name = '', deleted = $1, deleted_name = $2, deleted_why = $3 WHERE id = $4 AND deleted = 0`,
		clock.Micros(tx.Now()), tx.Viewer().Name, why, post); err != nil {
		return err
	}
	if old.Pinned != 0 {
		if err := countDecision(tx, old, -1); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "post.deleted", Object: post, Parent: old.Topic, Room: old.Room, Label: old.Label,
		Data: map[string]any{"why": why, "files": len(blobs)}})
	if len(blobs) > 0 { // a hint: what a crash leaves lying, Sweep finds
		tx.AfterCommit(func() { f.dropBlobs(context.Background(), blobs) })
	}
	return nil
}
