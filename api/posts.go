package api

import (
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
)

// postPage reads a page of a topic's posts.
func (c *call) postPage(v *db.View, topic string, after forum.Cursor, limit int) (out list[Post], err error) {
	ps, err := c.Forum.Posts(v, topic, after, limit)
	if err != nil {
		return out, err
	}
	if out.Items, err = each(v, ps, c.postShape); err != nil {
		return out, err
	}
	if len(ps) == limit {
		last := ps[len(ps)-1]
		out.Next = c.cursor("posts "+topic, last.At, last.ID)
	}
	return out, nil
}

func (c *call) posts(in *struct {
	InTopic
	Paging
}) (*answer[list[Post]], error) {
	after, err := c.after("posts "+in.Topic, in.Cursor)
	if err != nil {
		return nil, err
	}
	out, err := c.postPage(c.view, in.Topic, after, in.Limit)
	return &answer[list[Post]]{out}, err
}

type replyIn struct {
	InTopic
	Keyed
	Body struct {
		Body  string    `json:"body" doc:"Markdown" example:"We see it too."`
		Label *NewLabel `json:"label,omitempty" doc:"Without one: the topic's. It may be stricter, never looser"`
		Files []string  `json:"files,omitempty" doc:"Ids of files you uploaded"`
		Quote string    `json:"quote,omitempty" doc:"Id of a post of the same topic"`
	}
}

func (c *call) reply(in *replyIn) (*created[Post], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	var out Post
	id, again, err := c.save(func(tx *db.Tx) (string, error) {
		id, again, err := c.Forum.Reply(tx, in.Topic, forum.NewPost{Body: in.Body.Body, Label: l, Quote: in.Body.Quote, Files: in.Body.Files, Key: in.Key})
		if again {
			err = errAgain
		}
		return id, err
	}, func(v *db.View, id string) (err error) {
		out, err = c.onePost(v, id)
		return err
	})
	return &created[Post]{Location: location("posts", id), Replayed: replayed(again), Body: out}, err
}

func (c *call) onePost(v *db.View, id string) (Post, error) {
	p, err := c.Forum.Post(v, id)
	if err != nil {
		return Post{}, err
	}
	return c.postShape(v, p)
}

func (c *call) post(in *InPost) (*answer[Post], error) {
	out, err := c.onePost(c.view, in.Post)
	return &answer[Post]{out}, err
}

// changePost changes a post and answers what it became.
func (c *call) changePost(id string, change func(tx *db.Tx) error) (*answer[Post], error) {
	var out Post
	_, _, err := c.save(func(tx *db.Tx) (string, error) { return id, change(tx) }, func(v *db.View, id string) (err error) {
		out, err = c.onePost(v, id)
		return err
	})
	return &answer[Post]{out}, err
}

func (c *call) edit(in *struct {
	InPost
	Body struct {
		Body  string `json:"body" doc:"Markdown"`
		Edits int    `json:"edits" minimum:"0" doc:"The number of edits you saw: if there are more by now, nothing is changed"`
	}
}) (*answer[Post], error) {
	return c.changePost(in.Post, func(tx *db.Tx) error { return c.Forum.Edit(tx, in.Post, in.Body.Body, in.Body.Edits) })
}

func (c *call) remove(in *struct {
	InPost
	Body *struct {
		Why string `json:"why,omitempty" doc:"The reason, for its readers"`
	}
}) (*answer[Post], error) {
	why := ""
	if in.Body != nil {
		why = in.Body.Why
	}
	return c.changePost(in.Post, func(tx *db.Tx) error { return c.Forum.Delete(tx, in.Post, why) })
}

func (c *call) pin(in *InPost) (*answer[Post], error) {
	return c.changePost(in.Post, func(tx *db.Tx) error { return c.Forum.Pin(tx, in.Post) })
}

func (c *call) unpin(in *InPost) (*answer[Post], error) {
	return c.changePost(in.Post, func(tx *db.Tx) error { return c.Forum.Unpin(tx, in.Post) })
}

// Version is a post's text as it once was.
type Version struct {
	Number int       `json:"number" doc:"1 is the first"`
	At     time.Time `json:"at"`
	Body   string    `json:"body"`
}

func (c *call) history(in *InPost) (*answer[list[Version]], error) {
	vs, err := c.Forum.History(c.view, in.Post)
	if err != nil {
		return nil, err
	}
	out := list[Version]{Items: []Version{}}
	for _, x := range vs {
		out.Items = append(out.Items, Version{x.Number, utc(x.At), x.Body})
	}
	return &answer[list[Version]]{out}, nil
}
