package api

import (
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
)

// Author is who did something, as he was called then.
type Author struct {
	Person           string `json:"person,omitempty"`
	Name             string `json:"name"`
	Organization     string `json:"organization,omitempty"`
	OrganizationName string `json:"organization_name,omitempty"`
}

func author(a forum.Author) Author { return Author{a.Person, a.Name, a.Org, a.OrgName} }

// Room is where topics are begun.
type Room struct {
	ID         string    `json:"id"`
	Short      string    `json:"short" doc:"The id as people say it"`
	Name       string    `json:"name"`
	Purpose    string    `json:"purpose"`
	Questions  []string  `json:"questions" doc:"Examples of what to ask here"`
	Label      Label     `json:"label" doc:"Who may see the room"`
	OpenedBy   Author    `json:"opened_by"`
	OpenedAt   time.Time `json:"opened_at"`
	ArchivedAt time.Time `json:"archived_at,omitzero"`
	LastPostAt time.Time `json:"last_post_at,omitzero" doc:"Of the newest post that you can see"`
	Unread     int       `json:"unread" doc:"Topics with news for you, at most 100"`
	Watch      string    `json:"watch,omitempty" enum:"watch,mute"`
}

func (c *call) roomShape(v *db.View, r forum.Room) (Room, error) {
	l, err := c.label(v, r.Label)
	return Room{ID: r.ID, Short: ids.Short(r.ID), Name: r.Name, Purpose: r.Purpose, Questions: some(r.Questions), Label: l, OpenedBy: author(r.OpenedBy),
		OpenedAt: utc(r.OpenedAt), ArchivedAt: utc(r.Archived), LastPostAt: utc(r.Last), Unread: r.Unread, Watch: string(r.Watch)}, err
}

// Topic is a question or a share with the posts that followed it.
type Topic struct {
	ID         string    `json:"id"`
	Short      string    `json:"short" doc:"The id as people say it"`
	Room       string    `json:"room,omitempty" doc:"Missing if you cannot see the room"`
	RoomName   string    `json:"room_name,omitempty"`
	Title      string    `json:"title"`
	Label      Label     `json:"label"`
	Author     Author    `json:"author"`
	StartedAt  time.Time `json:"started_at"`
	Opening    string    `json:"opening" doc:"The id of its first post"`
	State      string    `json:"state" enum:"open,resolved"`
	StateAt    time.Time `json:"state_at,omitzero"`
	StateBy    string    `json:"state_by,omitempty"`
	Summary    string    `json:"summary,omitempty" doc:"What came of it"`
	PostCount  int       `json:"post_count" doc:"Posts that you can see"`
	Decisions  int       `json:"decisions" doc:"Pinned posts that you can see"`
	LastPost   string    `json:"last_post" doc:"The newest post that you can see"`
	LastPostAt time.Time `json:"last_post_at"`
	Unread     bool      `json:"unread"`
	Watch      string    `json:"watch,omitempty" enum:"watch,mute"`
}

func (c *call) topicShape(v *db.View, t forum.Topic) (Topic, error) {
	l, err := c.label(v, t.Label)
	return Topic{ID: t.ID, Short: ids.Short(t.ID), Room: t.Room, RoomName: t.RoomName, Title: t.Title, Label: l, Author: author(t.Author), StartedAt: utc(t.At),
		Opening: t.Opening, State: string(t.State), StateAt: utc(t.StateAt), StateBy: t.StateBy, Summary: t.Summary, PostCount: t.Posts, Decisions: t.Decisions,
		LastPost: t.Last.ID, LastPostAt: utc(t.Last.At), Unread: t.Unread, Watch: string(t.Watch)}, err
}

// Post is one contribution.
type Post struct {
	ID        string     `json:"id"`
	Short     string     `json:"short" doc:"The id as people say it"`
	Topic     string     `json:"topic"`
	Author    Author     `json:"author"`
	At        time.Time  `json:"at"`
	Body      string     `json:"body" doc:"Markdown; empty once deleted"`
	Label     Label      `json:"label"`
	Quote     *Quote     `json:"quote,omitempty"`
	Edits     int        `json:"edits" doc:"To be given when you edit"`
	EditedAt  time.Time  `json:"edited_at,omitzero"`
	Decision  *Decision  `json:"decision,omitempty" doc:"Present if it is pinned"`
	Deleted   *Tombstone `json:"deleted,omitempty" doc:"Present if it was taken back"`
	Files     []File     `json:"files"`
	Reactions Reactions  `json:"reactions"`
	Mentions  []string   `json:"mentions" doc:"Ids of people"`
	Unread    bool       `json:"unread"`
}

// Quote is what a post quotes, as it is today.
type Quote struct {
	ID      string    `json:"id"`
	Author  Author    `json:"author"`
	At      time.Time `json:"at"`
	Body    string    `json:"body"`
	Label   Label     `json:"label"`
	Deleted bool      `json:"deleted,omitempty"`
}

// Decision says that a post was pinned as one.
type Decision struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
}

// Tombstone is what is left of a deleted post.
type Tombstone struct {
	At  time.Time `json:"at"`
	By  string    `json:"by"`
	Why string    `json:"why,omitempty"`
}

// Reactions are counts without names.
type Reactions struct {
	Seen  int    `json:"seen"`
	Agree int    `json:"agree"`
	Same  int    `json:"same" doc:"Organizations that have this too, from five on"`
	Mine  string `json:"mine,omitempty" enum:"seen,agree,same"`
}

// File is an attachment, or an upload that is in no post yet.
type File struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Media  string    `json:"media,omitempty" doc:"A guess, for show"`
	Size   int64     `json:"size" doc:"Bytes"`
	SHA256 string    `json:"sha256" doc:"Of its bytes, in hex"`
	At     time.Time `json:"at"`
}

func file(f forum.File) File {
	return File{ID: f.ID, Name: f.Name, Media: f.Media, Size: f.Size, SHA256: f.SHA256, At: utc(f.At)}
}

func (c *call) postShape(v *db.View, p forum.Post) (Post, error) {
	l, err := c.label(v, p.Label)
	if err != nil {
		return Post{}, err
	}
	out := Post{ID: p.ID, Short: ids.Short(p.ID), Topic: p.Topic, Author: author(p.Author), At: utc(p.At), Body: p.Body, Label: l, Edits: p.Edits, EditedAt: utc(p.Edited),
		Files: []File{}, Reactions: Reactions{p.Reactions.Seen, p.Reactions.Agree, p.Reactions.Same, string(p.Reactions.Mine)}, Mentions: some(p.Mentions), Unread: p.Unread}
	if q := p.Quote; q != nil {
		if l, err = c.label(v, q.Label); err != nil {
			return Post{}, err
		}
		out.Quote = &Quote{q.ID, author(q.Author), utc(q.At), q.Body, l, q.Deleted}
	}
	if p.Decision != nil {
		out.Decision = &Decision{utc(p.Decision.At), p.Decision.By}
	}
	if p.Deleted != nil {
		out.Deleted = &Tombstone{utc(p.Deleted.At), p.Deleted.By, p.Deleted.Why}
	}
	for _, f := range p.Files {
		out.Files = append(out.Files, file(f))
	}
	return out, nil
}

// each makes the shapes of a page of things.
func each[T, S any](v *db.View, things []T, shape func(*db.View, T) (S, error)) ([]S, error) {
	out := make([]S, 0, len(things))
	for _, t := range things {
		s, err := shape(v, t)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// some is the strings, never nil: a list in JSON is not null.
func some(ss []string) []string {
	if ss == nil {
		return []string{}
	}
	return ss
}

// utc keeps the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() || t.UnixMicro() == 0 {
		return time.Time{}
	}
	return t.UTC()
}

// answer is an operation's answer.
type answer[T any] struct{ Body T }

// created is the answer about a new thing.
type created[T any] struct {
	Location string `header:"Location" doc:"Where the new thing is"`
	Replayed string `header:"Idempotent-Replayed" doc:"true if this very request was answered before under its key, and nothing was done now"`
	Body     T
}

// isNew marks the answers that are sent with 201.
func (created[T]) isNew() {}

func replayed(again bool) string {
	if again {
		return "true"
	}
	return ""
}

// nothing is the input or the answer of an operation that has none.
type nothing struct{}

// The parts of paths are exported types because huma looks into no others.

// InRoom is an operation on a room.
type InRoom struct {
	Room string `path:"room" doc:"A room's id"`
}

// InTopic is an operation on a topic.
type InTopic struct {
	Topic string `path:"topic" doc:"A topic's id"`
}

// InPost is an operation on a post.
type InPost struct {
	Post string `path:"post" doc:"A post's id"`
}
