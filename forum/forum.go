package forum

import (
	"time"

	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Forum is the duty. It holds only its collaborators and may be used by many
// goroutines at once.
type Forum struct {
	members *members.Members
	files   blob.Store
	box     *seal.Box
}

// New makes the forum. Files go to the store, each with a key of its own that
// the box wraps.
func New(m *members.Members, files blob.Store, box *seal.Box) *Forum {
	return &Forum{members: m, files: files, box: box}
}

// Author is who wrote something, as he was called then.
type Author struct{ Person, Name, Org, OrgName string }

func authorOf(v policy.Viewer) Author { return Author{v.Person, v.Name, v.Org, v.OrgName} }

// Room is where topics are begun.
type Room struct {
	ID        string
	Name      string
	Purpose   string
	Questions []string     // examples of what to ask here
	Label     policy.Label // who may see the room, and what a topic in it is labelled unless its author says otherwise
	OpenedBy  Author
	OpenedAt  time.Time
	Archived  time.Time // zero while topics may be begun
	Object    string    // id of the thing it belongs to, such as a case, or ""

	// In the reader's own view:
	Last   time.Time // of the newest post; zero without one
	Unread int       // topics with news among the MaxNews newest
	Watch  Level
}

// Topic is a question or a share with the posts that followed it.
type Topic struct {
	ID       string
	Room     string // "" for a reader of the topic who cannot read the room
	RoomName string
	Title    string
	Label    policy.Label
	Author   Author
	At       time.Time
	Opening  string // id of its first post
	State    State
	StateAt  time.Time // of the last change of state; zero if there was none
	StateBy  string    // the name of who changed it
	Summary  string    // what came of it, if it was said

	// In the reader's own view:
	Posts     int // tombstones included
	Decisions int
	Last      Cursor // the newest post; also the topic's place in lists
	Unread    bool
	Watch     Level
}

// Post is one contribution.
type Post struct {
	ID       string
	Topic    string
	Author   Author
	At       time.Time
	Body     string // Markdown; empty once deleted
	Label    policy.Label
	Quote    *Quoted // nil if it quotes nothing that the reader may see
	Edits    int
	Edited   time.Time // zero if never
	Decision *Decision
	Deleted  *Tombstone

	Files     []File
	Reactions Reactions
	Mentions  []string // person ids
	Unread    bool
}

// Cursor is the post's place in lists.
func (p Post) Cursor() Cursor { return Cursor{p.At, p.ID} }

// Quoted is what a post quotes. The body is the source's of today.
type Quoted struct {
	ID      string
	Author  Author
	At      time.Time
	Body    string
	Label   policy.Label
	Deleted bool
}

// Decision says that a post was pinned as one.
type Decision struct {
	At time.Time
	By string // name
}

// Tombstone is what is left of a deleted post.
type Tombstone struct {
	At  time.Time
	By  string // name
	Why string
}

// Cursor is a place in a list ordered by time: after the thing of that id. It
// says nothing that its reader did not see. The zero Cursor is the beginning.
type Cursor struct {
	At time.Time
	ID string
}

// IsZero reports whether the cursor is the beginning of a list.
func (c Cursor) IsZero() bool { return c.ID == "" }

// The limits of what one may write.
const (
	MaxTitle   = 200      // characters
	MaxName    = 80       // characters of a room's name
	MaxPurpose = 2000     // characters
	MaxBody    = 64 << 10 // bytes
	MaxFiles   = 20       // a post
	MaxPage    = 200      // rows in one answer
	MaxUnread  = 100      // where counting unread posts stops
	MaxNews    = 20       // where counting a room's topics with news stops
)

func page(limit int) int {
	if limit <= 0 || limit > MaxPage {
		return MaxPage
	}
	return limit
}
