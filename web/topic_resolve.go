package web

import (
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
)

var (
	doneResolved = greeting("resolved", "ok", "The topic is resolved.")
	doneReopened = greeting("reopened", "ok", "The topic is open again.")
	doneWatch    = greeting("watch", "ok", "How much you hear of it was changed.")
)

// topicResolve ends a topic with what came of it.
func (c *Ctx) topicResolve() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	summary, err := c.field("summary")
	if err != nil {
		return err
	}
	topic := c.R.PathValue("topic")
	if err := c.write(func(tx *db.Tx) error { return c.Forum.ResolveTopic(tx, topic, summary) }); err != nil {
		return err
	}
	return c.redirect("/topics/" + topic + "?done=" + doneResolved)
}

// topicReopen takes a topic up again.
func (c *Ctx) topicReopen() error {
	topic := c.R.PathValue("topic")
	if err := c.write(func(tx *db.Tx) error { return c.Forum.ReopenTopic(tx, topic) }); err != nil {
		return err
	}
	return c.redirect("/topics/" + topic + "?done=" + doneReopened)
}

// topicWatch sets how much the reader wants to hear of a topic.
func (c *Ctx) topicWatch() error { return c.watch(c.R.PathValue("topic"), "/topics/") }

// roomWatch is the same for a room.
func (c *Ctx) roomWatch() error { return c.watch(c.R.PathValue("room"), "/rooms/") }

func (c *Ctx) watch(object, page string) error {
	if err := c.parseForm(); err != nil {
		return err
	}
	level, err := c.field("level")
	if err != nil {
		return err
	}
	if err := c.note(func(tx *db.Tx) error { return c.Forum.SetWatch(tx, object, forum.Level(level)) }); err != nil {
		return err
	}
	return c.redirect(page + object + "?done=" + doneWatch)
}
