package web

import (
	"net/http"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
)

// draftSave keeps what is being written. Without any text there is nothing to
// keep, and an older draft goes.
func (c *Ctx) draftSave() error {
	in, err := c.readCompose()
	if err != nil {
		return err
	}
	err = c.note(func(tx *db.Tx) error {
		if in.Body == "" && in.Title == "" {
			return c.Forum.DropDraft(tx, in.Draft)
		}
		return c.Forum.SaveDraft(tx, forum.Draft{Key: in.Draft, Title: in.Title, Body: in.Body, TLP: in.TLP, Audience: in.Audience})
	})
	if err != nil {
		return err
	}
	c.W.WriteHeader(http.StatusNoContent)
	return nil
}
