package web

import (
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// topicReply adds a post to a topic, once however often it is sent.
func (c *Ctx) topicReply() error {
	topic := c.R.PathValue("topic")
	in, err := c.readCompose()
	if err != nil {
		return c.again(err, func(status int) error { return c.topicPage(topic, status, in, err) })
	}
	in.Topic = topic
	if in.Check {
		return c.again(nil, func(status int) error { return c.topicPage(topic, status, in, fault.InvalidFields(in.bad)) })
	}
	if err := fault.InvalidFields(in.bad); err != nil {
		return c.again(err, func(status int) error { return c.topicPage(topic, status, in, nil) })
	}
	_, err = c.writeOnce(in, "reply "+topic, func(tx *db.Tx) (string, error) {
		t, err := c.Forum.Topic(tx.View, topic)
		if err != nil {
			return "", err
		}
		l, err := in.label(t.Label)
		if err != nil {
			return "", err
		}
		if l.TLP == t.Label.TLP && l.Audience.Equal(t.Label.Audience) {
			l = policy.Label{} // the topic's
		}
		body, err := c.mention(tx.View, in.Body)
		if err != nil {
			return "", err
		}
		id, _, err := c.Forum.Reply(tx, topic, forum.NewPost{Body: body, Label: l, Quote: in.Quote, Files: in.uploads(), Draft: in.Draft})
		return id, err
	})
	if err != nil {
		return c.again(err, func(status int) error { return c.topicPage(topic, status, in, err) })
	}
	return c.redirect("/topics/" + topic)
}
