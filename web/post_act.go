package web

import (
	"strings"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// postShow leads to a post's place in its topic.
func (c *Ctx) postShow() error {
	p, err := c.Forum.Post(c.View, c.R.PathValue("post"))
	if err != nil {
		return err
	}
	to, err := c.placeOf(p)
	if err != nil {
		return err
	}
	return c.redirect(to)
}

// placeOf is the address of a post on the page of its topic that shows it.
func (c *Ctx) placeOf(p forum.Post) (string, error) {
	at := "/topics/" + p.Topic
	later, err := c.Forum.Posts(c.View, p.Topic, p.Cursor(), postsAPage)
	if err != nil || len(later) < postsAPage {
		return at + "#" + p.ID, err
	}
	// Some posts before it are shown too, to read from.
	before, err := c.Forum.PostsBefore(c.View, p.Topic, p.Cursor(), 6)
	if err != nil {
		return "", err
	}
	if len(before) < 6 {
		if later, err = c.Forum.Posts(c.View, p.Topic, forum.Cursor{}, postsAPage+1); err != nil {
			return "", err
		}
		return at + "?before=" + placeText(later[len(later)-1].Cursor()) + "#" + p.ID, nil
	}
	return at + "?after=" + placeText(before[0].Cursor()) + "#" + p.ID, nil
}

// goShort leads to what a short id means to the reader.
func (c *Ctx) goShort() error {
	if id, err := c.Cases.Resolve(c.View, c.R.PathValue("short")); err == nil {
		return c.redirect("/cases/" + id)
	} else if !fault.Is(err, fault.Missing) {
		return err
	}
	if id, err := c.Alerts.Resolve(c.View, c.R.PathValue("short")); err == nil {
		if strings.HasPrefix(id, "notice_") {
			return c.redirect(alertsAtNotices + "/" + id)
		}
		return c.redirect(alertsAt + "/" + id)
	} else if !fault.Is(err, fault.Missing) {
		return err
	}
	id, topic, err := c.Forum.Resolve(c.View, c.R.PathValue("short"))
	switch {
	case err != nil:
		return err
	case topic == "":
		return c.redirect("/rooms/" + id)
	case topic == id:
		return c.redirect("/topics/" + id)
	}
	return c.redirect("/posts/" + id)
}

// postPin marks a post as a decision, postUnpin takes it back.
func (c *Ctx) postPin() error   { return c.onPost(c.write, c.Forum.Pin) }
func (c *Ctx) postUnpin() error { return c.onPost(c.write, c.Forum.Unpin) }

// postReact sets the reader's reaction to a post.
func (c *Ctx) postReact() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	kind, err := c.field("reaction")
	if err != nil {
		return err
	}
	return c.onPost(c.note, func(tx *db.Tx, post string) error { return c.Forum.React(tx, post, forum.Reaction(kind)) })
}

// onPost does something to a post and leads back to it.
func (c *Ctx) onPost(begin func(func(*db.Tx) error) error, do func(*db.Tx, string) error) error {
	post := c.R.PathValue("post")
	var to string
	err := begin(func(tx *db.Tx) error { return do(tx, post) })
	if err != nil {
		return err
	}
	err = c.read(func(v *db.View) error {
		p, err := c.Forum.Post(v, post)
		if err != nil {
			return err
		}
		c.View = v
		defer func() { c.View = nil }()
		to, err = c.placeOf(p)
		return err
	})
	if err != nil {
		return err
	}
	return c.redirect(to)
}
