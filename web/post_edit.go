package web

import (
	"strconv"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

var doneDeleted = greeting("deleted", "ok", "The post was deleted. That it existed stays on record.")

// ownPost reads a post that the viewer wrote, for its forms, and its topic.
func (c *Ctx) ownPost() (forum.Post, forum.Topic, error) {
	p, err := c.Forum.Post(c.View, c.R.PathValue("post"))
	if err != nil {
		return p, forum.Topic{}, err
	}
	if p.Author.Person != c.Viewer.Person {
		return p, forum.Topic{}, fault.Forbiddenf("Only its author may change a post.")
	}
	if p.Deleted != nil {
		return p, forum.Topic{}, fault.Conflictf("This post was deleted.")
	}
	t, err := c.Forum.Topic(c.View, p.Topic)
	return p, t, err
}

// postEdit is the form to change a post's text.
func (c *Ctx) postEdit() error { return c.editForm(200, "", -1, nil) }

// editForm shows the post's text, or what was typed (edits is how many edits the
// author had seen). If it was edited meanwhile, the present text is shown beside.
func (c *Ctx) editForm(status int, body string, edits int, problem error) error {
	p, t, err := c.ownPost()
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(p.Label) {
		return c.secondPasskey()
	}
	if problem == nil {
		body = p.Body
	}
	stale := edits >= 0 && edits != p.Edits
	return c.show(Page{Title: "Edit a post in " + t.Title, Kind: "edit", Label: p.Label, Status: status,
		Body: postEditBody(t, p, body, stale, c.prose(), formErrors(problem, "edit", "body"))})
}

// postChange saves an edit.
func (c *Ctx) postChange() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	body, err := c.field("body")
	if err != nil {
		return err
	}
	seen, err := c.field("edits")
	if err != nil {
		return err
	}
	edits, err := strconv.Atoi(seen)
	if err != nil || edits < 0 {
		return fault.Invalidf("The form is not whole. Load the page again.")
	}
	post := c.R.PathValue("post")
	err = c.write(func(tx *db.Tx) error {
		marked, err := c.mention(tx.View, body)
		if err != nil {
			return err
		}
		return c.Forum.Edit(tx, post, marked, edits)
	})
	if fault.Is(err, fault.Conflict) && c.says(post, body) {
		err = nil // it arrived before, over a bad line
	}
	if err != nil {
		return c.again(err, func(status int) error { return c.editForm(status, body, edits, err) })
	}
	return c.redirect("/posts/" + post)
}

// says reports whether a post's present text is this.
func (c *Ctx) says(post, body string) bool {
	same := false
	err := c.read(func(v *db.View) error {
		p, err := c.Forum.Post(v, post)
		same = err == nil && p.Deleted == nil && p.Body == body
		return err
	})
	return err == nil && same
}

// postRemove asks before a post is deleted.
func (c *Ctx) postRemove() error { return c.deleteForm(200, "", nil) }

func (c *Ctx) deleteForm(status int, why string, problem error) error {
	p, t, err := c.ownPost()
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Delete a post in " + t.Title, Kind: "delete", Label: p.Label, Status: status,
		Body: postDeleteBody(t, p, why, formErrors(problem, "delete", "why"))})
}

// postDelete deletes a post.
func (c *Ctx) postDelete() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	why, err := c.field("why")
	if err != nil {
		return err
	}
	post, topic := c.R.PathValue("post"), ""
	err = c.write(func(tx *db.Tx) error {
		p, err := c.Forum.Post(tx.View, post)
		if err != nil {
			return err
		}
		topic = p.Topic
		return c.Forum.Delete(tx, post, why)
	})
	if err != nil {
		return c.again(err, func(status int) error { return c.deleteForm(status, why, err) })
	}
	return c.redirect("/topics/" + topic + "?done=" + doneDeleted + "#" + post)
}

// postHistory shows the texts that a post had.
func (c *Ctx) postHistory() error {
	p, err := c.Forum.Post(c.View, c.R.PathValue("post"))
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(p.Label) {
		return c.secondPasskey()
	}
	t, err := c.Forum.Topic(c.View, p.Topic)
	if err != nil {
		return err
	}
	versions, err := c.Forum.History(c.View, p.ID)
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Earlier texts of a post in " + t.Title, Kind: "history", Label: p.Label, Body: postHistoryBody(t, p, versions, c.prose(), c.View.Now())})
}

func editField(body string, errs []ui.FieldError) ui.Field {
	f := ui.Field{ID: "edit-body", Name: "body", Label: "Text", Type: "textarea", Rows: 12, Required: true, Value: body, Hint: "Markdown. The earlier text stays in the post's history, and who could read it still can."}
	for _, e := range errs {
		if e.Field == f.ID {
			f.Error = e.Text
		}
	}
	return f
}
