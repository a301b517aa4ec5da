package ui

import (
	"time"

	"github.com/a-h/templ"
)

// A Frame is what surrounds a page's main column.
type Frame struct {
	Title        string          // of the document; the community's name is added
	Community    string          // name of the community
	Band         Band            // the black band on top
	Nav          []NavGroup      // left rail; at most 14 entries in all
	Person       *PersonBadge    // who is signed in; nil means nobody
	Right        templ.Component // right rail; nil means none
	StreamCursor string          // where live updates resume; "" means no stream
	Theme        string          // auto, light, dark or contrast; "" means auto
	Density      string          // compact, default or comfortable; "" means default
	Flash        *Flash          // what the last action did; nil means nothing to say
	Demo         bool            // says on every page that people are invented
	PageKind     string          // topic, rooms, inbox …; the script's keyboard map
	Live         []string        // ids whose changes refresh this page; "*" means any
	KeysOff      bool            // the reader switched single-letter keys off
}

// A Band says, first of all that is on a page, how it may be shared and who can see it.
type Band struct {
	Label    string        // strictest TLP label on the page, with or without "TLP:"
	Sentence string        // what the reader may do: "Share only inside your own organization."
	People   int           // how many people can see the page; 0 leaves the count out
	Orgs     int           // in how many organizations
	Audience []AudienceRow // opens below the band; none means nothing to open
	Exercise bool          // an exercise: purple, and says so
}

// An AudienceRow is one organization (or "The public") among those who can see something.
type AudienceRow struct {
	Org    string
	Kind   string // manufacturer, provider, agency …; may be empty
	People int    // 0 leaves the count out
}

// A NavGroup is a titled part of the left rail.
type NavGroup struct {
	Title string
	Items []NavItem
}

// A NavItem is one entry of the left rail.
type NavItem struct {
	Label   string
	Href    string
	Icon    string // name of an icon, see [Icons]; may be empty
	Count   int    // unread or waiting; 0 is not shown
	Current bool   // the page belongs to this entry
	Key     string // letter that goes there after "g"; may be empty
}

// A PersonBadge says who is signed in.
type PersonBadge struct {
	Name, Org  string
	Href       string // account page
	SignOutURL string // takes POST
}

// A Flash tells once what the last action did.
type Flash struct {
	Kind string // ok, info, warn or danger
	Text string
}

// A Heading is the title row of a page; it holds the page's one h1.
type Heading struct {
	ShortID      string // CASE-7K3Q-2M9P; its copy button yields id and label, never the title
	Label        string // TLP label; may be empty
	Severity     string // critical, high, medium, low or none; "" means no chip
	SeverityText string // "Critical 9.1"
	States       []string
	Title        string
	Subtitle     string
	SubtitlePart templ.Component // instead of Subtitle where that needs links or times
	Actions      []Action
}

// A Step is "What's next": one sentence and one button.
type Step struct {
	Kind     string // warn (default), info, ok or danger
	Sentence string
	Detail   string
	Button   string // "" means nothing to press
	Href     string
	Method   string // "post" makes the button a form; otherwise a link
	Key      string // letter that presses it
	Hidden   []Hidden
	Confirm  string // asked before it is sent
}

// A Hidden is a form's hidden field.
type Hidden struct{ Name, Value string }

// An Action is a link, or with Method "post" a one-button form.
type Action struct {
	Label   string
	Href    string
	Method  string // "post" or empty
	Icon    string
	Key     string // letter that presses it
	Kind    string // primary, danger, quiet; "" means plain
	Confirm string // a sentence asked first; tells the consequence
	Hidden  []Hidden
}

// An Empty explains a list without rows.
type Empty struct {
	Kind        string // nothing-yet or no-match
	Title, Text string
	Action      *Action
	Example     templ.Component // a filled one with invented data; is marked "Example"
}

// A Post is one message.
type Post struct {
	ID          string // also its anchor and live key
	Author, Org string
	AuthorHref  string
	At, Now     time.Time
	Body        templ.Component
	Label       string // always shown
	Edited      bool
	HistoryHref string // of the edits
	Deleted     bool   // a tombstone: Body is not shown
	DeletedText string // "Removed by its author."
	Decision    string // "Pinned as decision by …"; "" means it is none
	New         bool   // since the reader's last visit
	FirstNew    bool   // draws the "new since" line above
	Files       []File
	Actions     []Action
}

// A File is an attachment.
type File struct {
	Name, Size, Href string
	Preview          string // address of a re-encoded image; may be empty
	Note             string // "CSAF 2.0 advisory"; may be empty
}

// A Compose is the composer with all that was typed.
type Compose struct {
	ID             string // of the form; "" means "compose"
	Heading        string // "New topic", "Reply"
	Action         string // takes POST, multipart
	WithTitle      bool
	Title, Body    string
	Author         string // "As R. Osei, Pumpworks"
	Labels         []Option
	Audience       []AudienceGroup
	AudienceOpen   bool // the picker starts open
	IdempotencyKey string
	DraftKey       string // "" keeps no draft
	DraftURL       string
	DraftSaved     time.Time // zero means none was found
	PreviewURL     string    // "" means that the audience is fixed
	Preview        Preview
	Errors         []FieldError
	FileLimit      string   // "50 MB each"; "" takes no files
	Attached       []Option // files of an earlier try that are kept; sent as "upload"
	Hidden         []Hidden
	Now            time.Time
	Optional       bool // closed until asked for
}

// A Preview says who would see what is about to be sent.
type Preview struct {
	Label    string
	Sentence string
	Button   string // "Send to 14 people in 5 organizations"
	Rows     []AudienceRow
	Problem  string // why it cannot be sent; "" means that it can
}

// An AudienceGroup is a titled set of those who can be addressed.
type AudienceGroup struct {
	Title   string // Circles, Organizations, Kinds, People
	Options []Option
}

// An Option is one choice of a select, a radio group or a list of check boxes.
type Option struct {
	Value, Text string
	Hint        string
	Selected    bool
	Disabled    bool
}

// A FieldError says what is wrong with one field, and how to mend it.
type FieldError struct {
	Field string // id of the field; "" means the form as a whole
	Text  string
}

// A Field is one field of a form with its label, hint and error.
type Field struct {
	ID, Name     string // ID defaults to Name
	Label        string
	Hint         string
	Value        string
	Type         string // text (default), email, url, search, date, number, password, textarea, select, checkbox, radios, checkboxes, file
	Error        string
	Required     bool
	Autocomplete string
	Options      []Option
	Rows         int
	MaxLength    int
	Checked      bool
	Mono         bool
}

// A Table is a table with its caption.
type Table struct {
	Caption string
	Quiet   bool // the caption is for screen readers only
	Head    []string
	Numeric []bool // by column
	Rows    [][]Cell
	LiveKey string
}

// A Cell is one cell: a text, a link, or a part.
type Cell struct {
	Text, Href string
	Part       templ.Component
	Header     bool // names its row
	Muted      bool
	Mono       bool
}

// A KV is one line of a key-value list.
type KV struct {
	Key, Value, Href string
	Part             templ.Component
	Mono             bool
}

// An Event is one line of a time line.
type Event struct {
	At     time.Time
	Text   string
	Detail string
	Href   string
	Kind   string // ok, warn, danger or empty: its dot
	Proof  string // "proved by entry 41"; "" means no tick
}

// A TopicRow is one topic in a list.
type TopicRow struct {
	ID, Title, Href string
	Label           string
	Unread          int
	Resolved        bool
	Pinned          bool
	Replies         int
	By, Room        string // who began it, where; may be empty
	LastAt, Now     time.Time
	LastBy          string
}

// A RoomRow is one room in a list.
type RoomRow struct {
	ID, Title, Href string
	Purpose         string
	Label           string
	Unread          int
	People, Orgs    int
	Topics          int
	LastAt, Now     time.Time
}

// A Row is one line of a general list: inbox, results, people.
type Row struct {
	ID, Title, Href string
	Meta            string // muted, under the title
	Snippet         templ.Component
	Label           string
	State           string
	Unread          bool
	Icon            string
	At, Now         time.Time
	Actions         []Action
}

// Pages are the links of a list that is read page by page; "" leaves a link out.
type Pages struct{ NewerHref, OlderHref, Note string }

// A Tab is one of a page's parts that have their own address.
type Tab struct {
	Label, Href string
	Note        string // "3 orgs"
	Current     bool
}

// A Stage is one step of a task that has several.
type Stage struct {
	Label string
	Done  bool
	Now   bool
}

// A Passkey is a form that ends with the reader's passkey.
type Passkey struct {
	Kind                string // register, signin or stepup
	BeginURL, FinishURL string
	Button              string
	Fields              []Field // asked before; sent with begin
	Hidden              []Hidden
	Sentence            string // what it is for
}

// A FormSpec is a plain form of fields.
type FormSpec struct {
	ID             string
	Action         string // takes POST
	Submit         string // "Save the name": a verb with its object
	Danger         bool
	Plain          bool // beside the page's main action, not it
	Errors         []FieldError
	Hidden         []Hidden
	Confirm        string // asked before it is sent
	IdempotencyKey string // makes it resend over a bad line; needs ID
	Multipart      bool
}

// A Persona is somebody that a demonstration lets the reader be.
type Persona struct{ Key, Name, Org, Kind string }

// A Problem fills an error page: what happened, is anything lost, what to do.
type Problem struct {
	Status int
	Title  string
	What   string
	Lost   string
	Do     string
	Action *Action
}
