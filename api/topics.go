package api

import (
	"strings"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Keyed holds the header of what is done once however often it is sent.
type Keyed struct {
	Key string `header:"Idempotency-Key" doc:"Sent again with the same key and content within two days, nothing is done twice: the answer is about what the first one made"`
}

func (k Keyed) check() error {
	if len(k.Key) > 100 || strings.ContainsFunc(k.Key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fault.InvalidField("idempotency_key", "An idempotency key is 1 to 100 letters, digits and signs, without spaces.")
	}
	return nil
}

func (c *call) rooms(*nothing) (*answer[list[Room]], error) {
	rs, err := c.Forum.Rooms(c.view)
	if err != nil {
		return nil, err
	}
	items, err := each(c.view, rs, c.roomShape)
	return &answer[list[Room]]{list[Room]{Items: items}}, err
}

func (c *call) room(in *InRoom) (*answer[Room], error) {
	r, err := c.Forum.Room(c.view, in.Room)
	if err != nil {
		return nil, err
	}
	out, err := c.roomShape(c.view, r)
	return &answer[Room]{out}, err
}

type openRoomIn struct {
	Keyed
	Body struct {
		Name      string   `json:"name"`
		Purpose   string   `json:"purpose,omitempty"`
		Questions []string `json:"questions,omitempty" doc:"Up to five examples of what to ask here"`
		Label     NewLabel `json:"label" doc:"Who may see the room"`
	}
}

func (c *call) openRoom(in *openRoomIn) (*created[Room], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	var out Room
	id, again, err := c.save(func(tx *db.Tx) (string, error) {
		id, err := c.Forum.OpenRoom(tx, forum.NewRoom{Name: in.Body.Name, Purpose: in.Body.Purpose, Questions: in.Body.Questions, Label: l, Key: in.Key})
		if err == nil && tx.Pending() == 0 {
			err = errAgain
		}
		return id, err
	}, func(v *db.View, id string) error {
		r, err := c.Forum.Room(v, id)
		if err == nil {
			out, err = c.roomShape(v, r)
		}
		return err
	})
	return &created[Room]{Location: location("rooms", id), Replayed: replayed(again), Body: out}, err
}

func (c *call) topics(in *struct {
	InRoom
	Paging
}) (*answer[list[Topic]], error) {
	after, err := c.after("topics "+in.Room, in.Cursor)
	if err != nil {
		return nil, err
	}
	ts, err := c.Forum.Topics(c.view, in.Room, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := list[Topic]{}
	if out.Items, err = each(c.view, ts, c.topicShape); err != nil {
		return nil, err
	}
	if len(ts) == in.Limit {
		last := ts[len(ts)-1].Last
		out.Next = c.cursor("topics "+in.Room, last.At, last.ID)
	}
	return &answer[list[Topic]]{out}, nil
}

// TopicPage is a topic with its first posts.
type TopicPage struct {
	Topic
	Posts list[Post] `json:"posts" doc:"The first posts; the rest is read from /posts with its cursor"`
	Note  string     `json:"note,omitempty" doc:"What you should know about what was just done"`
}

// firstPosts is how many posts come with their topic.
const firstPosts = 50

func (c *call) topicPage(v *db.View, id string) (TopicPage, error) {
	t, err := c.Forum.Topic(v, id)
	if err != nil {
		return TopicPage{}, err
	}
	var out TopicPage
	if out.Topic, err = c.topicShape(v, t); err != nil {
		return out, err
	}
	out.Posts, err = c.postPage(v, id, forum.Cursor{}, firstPosts)
	return out, err
}

func (c *call) topic(in *InTopic) (*answer[TopicPage], error) {
	out, err := c.topicPage(c.view, in.Topic)
	return &answer[TopicPage]{out}, err
}

type startTopicIn struct {
	InRoom
	Keyed
	Body struct {
		Title string    `json:"title" example:"Infusion pump answers on port 23"`
		Body  string    `json:"body" doc:"Markdown" example:"Seen on firmware 4.1."`
		Label *NewLabel `json:"label,omitempty" doc:"Without one: TLP:AMBER+STRICT for your own organization"`
		Files []string  `json:"files,omitempty" doc:"Ids of files you uploaded"`
	}
}

func (c *call) startTopic(in *startTopicIn) (*created[TopicPage], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	var out TopicPage
	id, again, err := c.save(func(tx *db.Tx) (string, error) {
		id, again, err := c.Forum.StartTopic(tx, in.Room, forum.NewTopic{Title: in.Body.Title, Body: in.Body.Body, Label: l, Files: in.Body.Files, Key: in.Key})
		if again {
			err = errAgain
		}
		return id, err
	}, func(v *db.View, id string) (err error) {
		out, err = c.topicPage(v, id)
		return err
	})
	if in.Body.Label == nil {
		out.Note = "No label was given, so this is TLP:AMBER+STRICT for your own organization."
	}
	return &created[TopicPage]{Location: location("topics", id), Replayed: replayed(again), Body: out}, err
}

func (c *call) resolve(in *struct {
	InTopic
	Body *struct {
		Summary string `json:"summary,omitempty" doc:"What came of it"`
	}
}) (*answer[Topic], error) {
	summary := ""
	if in.Body != nil {
		summary = in.Body.Summary
	}
	return c.changeTopic(in.Topic, func(tx *db.Tx) error { return c.Forum.ResolveTopic(tx, in.Topic, summary) })
}

func (c *call) reopen(in *InTopic) (*answer[Topic], error) {
	return c.changeTopic(in.Topic, func(tx *db.Tx) error { return c.Forum.ReopenTopic(tx, in.Topic) })
}

// changeTopic changes a topic and answers what it became.
func (c *call) changeTopic(id string, change func(tx *db.Tx) error) (*answer[Topic], error) {
	var out Topic
	_, _, err := c.save(func(tx *db.Tx) (string, error) { return id, change(tx) }, func(v *db.View, id string) error {
		t, err := c.Forum.Topic(v, id)
		if err == nil {
			out, err = c.topicShape(v, t)
		}
		return err
	})
	return &answer[Topic]{out}, err
}

func (c *call) markRead(in *struct {
	InTopic
	Body *struct {
		Post string `json:"post,omitempty" doc:"Up to this post; without it, everything"`
	}
}) (*nothing, error) {
	post := ""
	if in.Body != nil {
		post = in.Body.Post
	}
	return &nothing{}, c.note(func(tx *db.Tx) error {
		if post == "" {
			return c.Forum.MarkDone(tx, in.Topic)
		}
		if !names("post", post) {
			return fault.ErrMissing
		}
		return c.Forum.MarkRead(tx, in.Topic, post)
	})
}
