package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Inbox is what is new for you.
type Inbox struct {
	Items  []News    `json:"items"`
	Next   string    `json:"next,omitempty" doc:"The cursor of the next page, if there may be one"`
	Decide []Relabel `json:"decide" doc:"Labels that wait for your decision; on the first page only"`
}

// News is a topic with something that you have not read.
type News struct {
	Topic     Topic  `json:"topic"`
	New       int    `json:"new" doc:"Posts by others, at most 100"`
	First     string `json:"first" doc:"The first of them"`
	Fresh     bool   `json:"fresh" doc:"The topic itself is new to you"`
	Mentioned bool   `json:"mentioned" doc:"One of them mentions you"`
	Mine      bool   `json:"mine" doc:"You started the topic"`
}

func (c *call) inbox(in *struct{ Paging }) (*answer[Inbox], error) {
	after, err := c.after("inbox", in.Cursor)
	if err != nil {
		return nil, err
	}
	box, err := c.Forum.Inbox(c.view, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := Inbox{Items: []News{}, Next: c.cursor("inbox", box.Next.At, box.Next.ID)}
	for _, room := range box.Rooms {
		for _, n := range room.News {
			t, err := c.topicShape(c.view, n.Topic)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, News{t, n.New, n.First, n.Fresh, n.Mentioned, n.Mine})
		}
	}
	out.Decide, err = each(c.view, box.Decide, c.relabelShape)
	return &answer[Inbox]{out}, err
}

type searchIn struct {
	Paging
	Query   string `query:"q" maxLength:"800" doc:"Words, \"phrases\", -without"`
	Room    string `query:"room" doc:"Only in this room"`
	Author  string `query:"author" doc:"Only by this person or organization"`
	After   string `query:"after" doc:"Only from this day or time (RFC 3339) on"`
	Before  string `query:"before" doc:"Only before this day or time (RFC 3339)"`
	HasFile bool   `query:"has_file" doc:"Only posts with files"`
}

// Hit is one post found.
type Hit struct {
	Post     string        `json:"post"`
	Topic    string        `json:"topic"`
	Title    string        `json:"title" doc:"The topic's"`
	Room     string        `json:"room,omitempty" doc:"Missing if you cannot see the room"`
	RoomName string        `json:"room_name,omitempty"`
	Author   Author        `json:"author"`
	At       time.Time     `json:"at"`
	Label    Label         `json:"label"`
	Snippet  []SnippetPart `json:"snippet"`
}

// SnippetPart is a piece of the text around what was found.
type SnippetPart struct {
	Text  string `json:"text"`
	Match bool   `json:"match,omitempty"`
}

// search never says how many there are: the answer is one page, in the asker's
// own view.
func (c *call) search(in *searchIn) (*answer[list[Hit]], error) {
	for _, part := range []struct{ id, kinds string }{{in.Room, "room"}, {in.Author, "person org"}} {
		ok := part.id == ""
		for _, kind := range strings.Fields(part.kinds) {
			ok = ok || names(kind, part.id)
		}
		if !ok {
			return nil, fault.ErrMissing
		}
	}
	q := forum.Query{Text: in.Query, Room: in.Room, Author: in.Author, HasFile: in.HasFile}
	var err error
	if q.After, err = moment("after", in.After); err != nil {
		return nil, err
	}
	if q.Before, err = moment("before", in.Before); err != nil {
		return nil, err
	}
	after, err := c.after("search", in.Cursor)
	if err != nil {
		return nil, err
	}
	hits, err := c.Forum.Search(c.view, q, after, in.Limit)
	if err != nil {
		return nil, err
	}
	out := list[Hit]{}
	if out.Items, err = each(c.view, hits, c.hitShape); err != nil {
		return nil, err
	}
	if len(hits) == in.Limit {
		last := hits[len(hits)-1].Post
		out.Next = c.cursor("search", last.At, last.ID)
	}
	return &answer[list[Hit]]{out}, nil
}

func (c *call) hitShape(v *db.View, h forum.Hit) (Hit, error) {
	l, err := c.label(v, h.Post.Label)
	out := Hit{h.Post.ID, h.Post.Topic, h.Title, h.Room, h.RoomName, author(h.Post.Author), utc(h.Post.At), l, []SnippetPart{}}
	for _, p := range h.Snippet {
		out.Snippet = append(out.Snippet, SnippetPart{p.Text, p.Hit})
	}
	return out, err
}

func moment(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1970 && t.Year() < 9999 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fault.InvalidField(field, "Write a day as 2026-11-21, or a time as 2026-11-21T15:04:05Z.")
}

func streamDoc(_ *table, op *huma.Operation) {
	op.Description = "Each frame says which object changed, and how; ask for the object to see it. A frame's id is a cursor: " +
		"send it as Last-Event-ID and you get what you missed. `event: bye` says why the stream ends, `event: reset` that too much was missed: read anew."
	op.Parameters = append(op.Parameters, &huma.Param{Name: "Last-Event-ID", In: "header", Schema: &huma.Schema{Type: "string"}, Description: "The id of the last frame you saw"})
	document(op, "text/event-stream", "Frames, without end")
}

// stream serves live updates. Losing a right ends it within a second (T-05).
func (c *call) stream(w http.ResponseWriter) {
	err := c.look(func() error { return nil })
	if err == nil && c.r.Method != http.MethodGet {
		err = errMethod
	}
	if err == nil {
		c.touch()
		err = c.Live.Serve(w, c.r, c.who, c.r.Header.Get("Last-Event-ID"))
	}
	if err != nil {
		c.fail(w, err)
	}
}
