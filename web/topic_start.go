package web

import (
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// topicNew is the composer of a new topic.
func (c *Ctx) topicNew() error {
	return c.topicForm(c.R.PathValue("room"), 200, composed{}, nil)
}

func (c *Ctx) topicForm(room string, status int, in composed, problem error) error {
	r, err := c.Forum.Room(c.View, room)
	if err != nil {
		return err
	}
	key := "topic:" + r.ID
	saved, err := c.recall(&in, key)
	if err != nil {
		return err
	}
	if in.TLP == "" && len(in.Audience) == 0 {
		in.TLP, in.Audience = string(r.Label.TLP), nil
		for _, p := range r.Label.Audience.Members() {
			in.Audience = append(in.Audience, string(p))
		}
		if r.Label.TLP == policy.Clear {
			// Nothing goes to the public web by default: the author chooses that.
			in.TLP, in.Audience = string(policy.Green), []string{string(policy.Community)}
		}
	}
	m := c.compose(in)
	m.Action, m.WithTitle, m.DraftKey, m.DraftSaved, m.PreviewURL = "/rooms/"+r.ID+"/topics", true, key, saved, "/audience-preview"
	m.Errors = composeErrors(problem, in, true)
	m.Hidden = []ui.Hidden{{Name: "room", Value: r.ID}, {Name: "draft_key", Value: key}}
	m.AudienceOpen = true
	l, _ := in.label(policy.Label{}) // what is wrong with it, the form says
	m.Labels = labelOptions(l.TLP, "")
	var marking policy.TLP
	if m.Audience, marking, err = c.audienceGroups(c.View, in.Audience, policy.Label{}); err != nil {
		return err
	}
	if m.Preview, err = c.preview(c.View, l, policy.Label{}); err != nil {
		return err
	}
	return c.show(Page{Title: "New topic in " + r.Name, Kind: "compose", Label: stricter(r.Label, marking), Status: status, Body: topicStartBody(r, m)})
}

// topicStart starts a topic, once however often it is sent.
func (c *Ctx) topicStart() error {
	room := c.R.PathValue("room")
	in, err := c.readCompose()
	if err != nil {
		return c.again(err, func(status int) error { return c.topicForm(room, status, in, err) })
	}
	if in.Check {
		return c.again(nil, func(status int) error { return c.topicForm(room, status, in, nil) })
	}
	if err := fault.InvalidFields(in.bad); err != nil {
		return c.again(err, func(status int) error { return c.topicForm(room, status, in, nil) })
	}
	id, err := c.writeOnce(in, "topic "+room, func(tx *db.Tx) (string, error) {
		l, err := in.label(policy.Label{})
		if err != nil {
			return "", err
		}
		body, err := c.mention(tx.View, in.Body)
		if err != nil {
			return "", err
		}
		id, _, err := c.Forum.StartTopic(tx, room, forum.NewTopic{Title: in.Title, Body: body, Label: l, Files: in.uploads(), Draft: in.Draft})
		return id, err
	})
	if err != nil {
		return c.again(err, func(status int) error { return c.topicForm(room, status, in, err) })
	}
	return c.redirect("/topics/" + id)
}
