package furnish

import "time"

// Community is everything the demo starts with. Its slices are in the order in which they are best
// created; topics are in order of their first post, those with absolute dates first.
type Community struct {
	Name          string
	Purpose       string
	Organizations []Organization
	People        []Person
	Circles       []Circle
	Rooms         []Room
	Advisories    []Advisory
	Topics        []Topic
}

// Organization is a member. All but the two agencies, which are stand-ins, are invented by name too.
type Organization struct {
	Key             string   // short and stable; the principal is "org:" + Key
	Name            string   // as shown
	Kind            string   // manufacturer, provider, agency, researcher, vendor or desk
	Employees       int      // heads, from 1 to 41,000
	City, Country   string   // seat
	About           string   // one line
	Devices         []string // device families it makes, runs or studies; may be empty
	SecurityContact string   // mail address under the reserved .example
	CSAF            string   // provider metadata address under .example, or empty
}

// Roles a person can have. Reading is never granted by a role.
const (
	RoleOfficer     = "officer"     // signs for the organization and names its recipients
	RoleAnalyst     = "analyst"     // desk: posts, triages
	RoleCoordinator = "coordinator" // desk: vets, approves, runs cases
	RoleOperator    = "operator"    // runs the machine
)

// Person is someone who can sign in.
type Person struct {
	Key       string // short and stable; the principal is "person:" + Key
	Name      string
	Org       string // key of an [Organization]
	Title     string
	Roles     []string // of the Role constants; may be empty
	Recipient bool     // a named recipient: covered by "org:" + Org
	Listed    bool     // chose to stand in the member directory
}

// Circle is a working group, roster or case team.
type Circle struct {
	Key     string // the principal is "circle:" + Key
	Name    string
	Purpose string
	Steward string   // key of the member who admits others
	Members []string // keys of people, the steward among them
	Named   bool     // a circle of named persons, which may hold TLP:RED
	Label   Label    // who may know that the circle exists
}

// Room is where topics are begun.
type Room struct {
	Key       string
	Name      string
	Purpose   string
	Label     Label    // who may see the room, and what a topic in it is labelled unless its author says otherwise
	Questions []string // examples of what to ask here, for an empty room and the composer
}

// Label says who may read a thing.
type Label struct {
	TLP      string   // CLEAR, GREEN, AMBER, AMBER+STRICT or RED
	Audience []string // principals: public, community, community-private, kind:<kind>, org:<key>, circle:<key>, person:<key>
}

// Advisory is a real CISA advisory; its discussion is the [Topic] whose Advisory is its ID.
type Advisory struct {
	ID       string    // such as icsma-24-200-01
	Title    string    // without the number that older titles repeat
	Room     string    // key of a [Room]
	Released time.Time // first release, UTC
	Updated  time.Time // release of this version, UTC
	Vendors  []string
	Products []string // distinct names, without versions
	CVEs     []string
	Severity float64 // highest CVSS v3 base score of its vulnerabilities, 0 if it gives none
	CSAF     []byte  // the CSAF 2.0 document, byte for byte
}

// FileName is the name under which the document is attached.
func (a Advisory) FileName() string { return a.ID + ".json" }

// Topic is a question or a share with the posts that followed it.
type Topic struct {
	Key      string // stable; an advisory's topic has the advisory's ID
	Room     string // key of a [Room]
	Title    string
	Advisory string      // ID of the advisory it is about, whose document is attached to the first post; empty if begun by a member
	Posts    []Post      // in order of time; the first opens the topic and its label is the topic's
	Resolved *Resolution // nil while open
}

// Label is the label of the topic, which is that of its first post.
func (t Topic) Label() Label { return t.Posts[0].Label }

// Resolution ends a topic.
type Resolution struct {
	By      string // key of a [Person]
	At      When
	Summary string // a sentence
}

// Post is one contribution. Replay it as written (Body), then its edits in order, then its deletion.
type Post struct {
	By       string // key of a [Person]
	At       When
	Label    Label  // equal to its topic's or stricter
	Body     string // Markdown, as first posted
	Decision bool   // pinned as a decision
	Quotes   int    // 1-based number of an earlier post of the topic that it answers by quoting; 0 for none
	Edits    []Edit
	Deleted  *Deletion // nil unless only a tombstone is left
}

// Text is the body after the last edit.
func (p Post) Text() string {
	if n := len(p.Edits); n > 0 {
		return p.Edits[n-1].Body
	}
	return p.Body
}

// Edit replaces a post's body.
type Edit struct {
	At   When
	Body string // Markdown
}

// Deletion leaves a tombstone in place of a post.
type Deletion struct {
	By     string // key of a [Person]
	At     When
	Reason string // a sentence, shown on the tombstone
}

// When is an instant: absolute, or so long before the demo is furnished.
type When struct {
	At  time.Time     // UTC; zero if relative
	Ago time.Duration // used when At is zero
}

// Time gives the instant, seen from now.
func (w When) Time(now time.Time) time.Time {
	if w.At.IsZero() {
		return now.Add(-w.Ago)
	}
	return w.At
}

// later gives the instant d after w.
func (w When) later(d time.Duration) When {
	if w.At.IsZero() {
		return When{Ago: w.Ago - d}
	}
	return When{At: w.At.Add(d)}
}
