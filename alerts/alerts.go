package alerts

import (
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// Alerts is the duty. It holds its collaborators only and may be used by many
// goroutines at once.
type Alerts struct {
	members  *members.Members
	devices  *devices.Devices
	vulns    *vulns.Vulns
	matching *matching.Matching
	box      *seal.Box
	sets     [seal.KeySize]byte // hides organizations in the sets behind shown counts
	pace     time.Duration
}

// even is how long it takes to be told that an alert was sent: more than telling many
// takes, so that the time does not say how many they were.
const even = 400 * time.Millisecond

// New makes the duty. Pseudonyms and the sets behind counts are keyed by the
// box.
func New(m *members.Members, d *devices.Devices, u *vulns.Vulns, f *matching.Matching, box *seal.Box) *Alerts {
	return &Alerts{members: m, devices: d, vulns: u, matching: f, box: box, sets: box.Secret("alerts: sets behind counts"), pace: even}
}

// SetPace sets how long a sending takes at least. It is called before anything runs;
// tests take 0, for which a sending takes as long as it takes.
func (x *Alerts) SetPace(d time.Duration) { x.pace = d }

// The limits of what one may write, in characters unless said otherwise.
const (
	MaxTitle    = 120
	MaxDoNow    = 300
	MaxDoLines  = 3
	MaxWhat     = 8000
	MaxAffected = 50 // products of one alert
	MaxRange    = 500
	MaxWords    = 500
	MaxVulns    = 50
	MaxClinical = 2000
	MaxBody     = 10_000 // of one message of an inquiry
	MaxReason   = 1000
	MaxNote     = 2000
	MaxPage     = 200 // rows in one answer
)

// Alert is a text that goes to the holders of products.
type Alert struct {
	ID       string
	At       time.Time // of the draft
	Changed  time.Time
	Revision int64
	Org      string // who wrote it
	OrgName  string
	Source   Source
	State    State

	Content // what its recipients read

	Class        Class
	Supersedes   string // the alert that it takes the place of, or ""
	SupersededBy string
	Sent         time.Time
	Ended        time.Time // withdrawn or superseded
	Why          string    // of the withdrawal
	Label        policy.Label

	// What follows is empty for whoever is neither of the author's organization nor of
	// the desk.
	Case         string
	Person       string // who wrote it
	Editor       string // who changed it last
	Approver     string
	ApproverName string
	Approved     time.Time
	NeedsSecond  bool // somebody else has to approve it
}

// Short is the alert's id as people say it: ALERT-7K3Q-2M9P.
func (a Alert) Short() string { return ids.Short(a.ID) }

// Content is what the recipients of an alert read, exactly as it was approved.
type Content struct {
	Title     string     `json:"title"`
	DoNow     string     `json:"do_now"` // at most three lines
	What      string     `json:"what"`   // Markdown
	Affected  []Affected `json:"affected"`
	Vulns     []string   `json:"vulns,omitempty"`
	Clinical  Clinical   `json:"clinical,omitzero"`
	Mechanism string     `json:"mechanism,omitempty"` // of [Mechanisms], or ""
	Category  string     `json:"category,omitempty"`  // of [Categories], or ""
	TLP       policy.TLP `json:"tlp"`                 // how the recipient may pass the text on
}

// Affected is a product that an alert names. Product is the id of a known one; without
// it the product is found by maker and name.
type Affected struct {
	Product string `json:"product,omitempty"`
	Maker   string `json:"maker"`
	Name    string `json:"name"`
	Range   string `json:"range,omitempty"` // of versions, as formats/vers.ParseText reads it; "" = all
	Words   string `json:"words,omitempty"` // what else says which ones
}

// Title is how the product is called with its maker.
func (a Affected) Title() string { return a.Maker + " " + a.Name }

// Clinical is what applying the remedy means at the bedside (domain §4.2).
type Clinical struct {
	Downtime string `json:"downtime,omitempty"` // yes, no, or "" = not said
	Seconds  int64  `json:"seconds,omitempty"`  // of the downtime, estimated; 0 = not said
	Restart  string `json:"restart,omitempty"`  // yes, no, or ""
	Features string `json:"features,omitempty"` // what no longer works
	Workflow string `json:"workflow,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Mechanisms are the ways in which a remedy works (domain §4.2).
func Mechanisms() []string {
	return []string{"firmware_patch", "network_segmentation", "firewall_rule", "access_control", "monitoring_detection", "other"}
}

// Categories are CSAF's categories of remedies (CSAF 2.0 §3.2.3.12.1).
func Categories() []string {
	return []string{"vendor_fix", "mitigation", "workaround", "none_available", "no_fix_planned"}
}

// Class says how soon an alert wants to be read (experience: classes of notices).
type Class string

// The classes.
const (
	Now    Class = "now"
	Today  Class = "today"
	Digest Class = "digest"
)

// Classes lists the classes, the most urgent first.
func Classes() []Class { return []Class{Now, Today, Digest} }

// Source says whose word an alert is.
type Source string

// The sources.
const (
	FromDesk  Source = "desk"
	FromMaker Source = "maker"
	FromCase  Source = "case"
)

// Form is what is written of an alert.
type Form struct {
	Content
	Class      Class
	Case       string // the case that it comes from, or ""
	Supersedes string // the sent alert that it takes the place of, or ""
	Key        string // idempotency key when it is new, may be ""

	// Approver and ApproverName say who approved the text elsewhere; for
	// [Alerts.SendApproved] only.
	Approver     string
	ApproverName string
}

// Form is what the alert's form shows.
func (a Alert) Form() Form {
	return Form{Content: a.Content, Class: a.Class, Case: a.Case, Supersedes: a.Supersedes}
}

// Notice is what an organization is told: an alert that touches it, or what matching
// found. Only its own named recipients read it.
type Notice struct {
	ID        string
	Kind      Kind
	Alert     string // "" unless it is of an alert
	Org       string
	At        time.Time
	Updated   time.Time // when further findings were added, or it ended
	From      string    // name of who wrote it; "" = matching
	Class     Class
	Content   Content
	Matched   []Match // of the recipient's own: why it is told
	More      int64   // further matches that are not listed
	Sure      bool    // a rule says that something of its own is affected
	Exploited bool
	Group     string // matching's: the vulnerability or the document
	Ended     State  // withdrawn or superseded, or ""
	Why       string // of the withdrawal

	Opened     time.Time
	OpenedBy   string
	Answer     Answer
	Answered   time.Time
	AnsweredBy string
	Note       string // the organization's own
	Archived   bool
	Label      policy.Label
}

// Short is the notice's id as people say it.
func (n Notice) Short() string { return ids.Short(n.ID) }

// Kind says what made a notice.
type Kind string

// The kinds of notices.
const (
	OfAlert    Kind = "alert"
	OfMatching Kind = "matching"
	OfRest     Kind = "rest" // what a day had beyond its limit of notices
)

// Match is one of the recipient's own things that is touched, and why, in words.
type Match struct {
	Deployment string `json:"deployment,omitempty"`
	Product    string `json:"product,omitempty"` // of a maker's own
	Finding    string `json:"finding,omitempty"` // of matching
	What       string `json:"what"`
	Why        string `json:"why"`
	Sure       bool   `json:"sure,omitzero"` // else a person has to look
}

// Answer is what a recipient says of an alert.
type Answer string

// The answers. "" is none yet.
const (
	NotUs      Answer = "not_us"
	Looking    Answer = "looking"
	Hit        Answer = "affected"
	Fixed      Answer = "fixed"
	Unanswered Answer = ""
)

// Answers lists the answers in the order of their keys 1 to 4.
func Answers() []Answer { return []Answer{NotUs, Looking, Hit, Fixed} }
