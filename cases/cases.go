package cases

import (
	"time"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Cases is the duty. It holds its collaborators only and may be used by many
// goroutines at once.
type Cases struct {
	members    *members.Members
	agreements *agreements.Agreements
	forum      *forum.Forum
	files      blob.Store
	box        *seal.Box
	drop       *drop // reports without an account
	ledger     *ledger.Ledger
	alerts     *alerts.Alerts // tells the holders of products
}

// New makes the duty. Files go to the store, each with a key of its own that the
// box wraps.
func New(m *members.Members, a *agreements.Agreements, f *forum.Forum, files blob.Store, box *seal.Box, l *ledger.Ledger, t *alerts.Alerts) *Cases {
	return &Cases{members: m, agreements: a, forum: f, files: files, box: box, drop: newDrop(box), ledger: l, alerts: t}
}

// The limits of what one may write, in characters unless said otherwise.
const (
	MaxTitle   = 200
	MaxSummary = 8000
	MaxText    = 20_000
	MaxReason  = 2000
	MaxPage    = 200 // rows in one answer
)

// Safety is what is known of patients' safety in a case.
type Safety string

// The states of knowledge about patient harm. Harm is known for ever once it is:
// it has a switch of its own (fact_harm.go) and is never set back.
const (
	SafetyUnknown  Safety = "unknown"      // nobody has looked yet
	SafetyReview   Safety = "under-review" // being assessed
	SafetyNone     Safety = "none"         // assessed: no patient harm to be expected
	SafetyPossible Safety = "possible"     // assessed: harm is possible
	SafetyHarm     Safety = "harm"         // a serious adverse event or death is known
)

// Case is one coordinated disclosure.
type Case struct {
	ID          string
	Title       string
	Summary     string // Markdown
	Stage       Stage
	StageAt     time.Time
	Severity    string // critical, high, medium, low, none: the worst of its vulnerabilities; "" unscored
	Safety      Safety
	At          time.Time // opened
	Author      forum.Author
	Coordinator forum.Author // Person and Name only; empty until the desk takes it
	ReviewAt    time.Time    // next review that the coordinator promised, or zero
	Maker       string       // the lead manufacturer's organization id, or ""
	MakerName   string
	Team        string // circle of everybody who accepted
	Room        string // the forum room of its threads
	Shared      bool   // the ISAO's desk can read it
	Contacted   time.Time
	Embargo     Embargo
	PublicAt    time.Time // the vulnerability became public (P)
	ExploitAt   time.Time // an exploit became public (X)
	AttacksAt   time.Time // attacks were observed (A)
	Origin      string    // the coordinator who handed it over, or ""
	Label       policy.Label
}

// Short is the case's id as people say it: CASE-7K3Q-2M9P.
func (c Case) Short() string { return ids.Short(c.ID) }

// Embargo is the agreed window in which a case is not published
// (vultron.Embargo…: none, proposed, active, revise, exited).
type Embargo struct {
	State string
	From  time.Time // accepted; zero while there is none
	Until time.Time // ends at this instant
	Terms string    // in words
	Ended time.Time
}

// In reports whether an embargo binds the parties at that moment: it was
// accepted, its end has not come, and nobody ended it sooner. It does not ask
// whether a pass has noticed the end yet. A pass made by a clock that stood wrong
// opens nothing: what time alone ended binds again if the time was not true.
func (e Embargo) In(now time.Time) bool {
	return !e.From.IsZero() && now.Before(e.Until) && (e.Ended.IsZero() || !e.Ended.Before(e.Until))
}

// Digest names exactly these terms, so that what was agreed to is what was read.
// Without an embargo it is "".
func (e Embargo) Digest() string {
	if e.Until.IsZero() {
		return ""
	}
	return digest("embargo", clock.Micros(e.Until), e.Terms)[:32]
}

// Role is what a party is in a case (CERT Guide to CVD: roles).
type Role string

// The roles.
const (
	Finder      Role = "finder"
	Reporter    Role = "reporter"
	Vendor      Role = "vendor" // the manufacturer or supplier of what is vulnerable
	Coordinator Role = "coordinator"
	Deployer    Role = "deployer"   // a care provider
	Government  Role = "government" // by need-to-know grant only
	Other       Role = "other"
)

// Roles lists every role.
func Roles() []Role {
	return []Role{Finder, Reporter, Vendor, Coordinator, Deployer, Government, Other}
}

// Party is an organization (or the reporter without an account) in a case.
type Party struct {
	ID       string
	Case     string
	Org      string // "" for a reporter without an account
	Name     string
	Role     Role
	Circle   string // its own people on the case
	State    Standing
	RM       string // report management (vultron.RM…)
	Fix      string // the fix path: vfd, Vfd, VFd or VFD
	Invited  time.Time
	By       string // person id of who invited it
	Note     string // what the invitation says besides the terms
	Offer    Embargo
	Seen     time.Time // somebody of it opened the invitation or the case
	Accepted time.Time
	Answered time.Time // it said what is affected, or acknowledged
	Updated  time.Time // of its newest word on the case
	Left     time.Time
	Why      string    // of declining or leaving
	DeskSees bool      // the desk sees its clocks, facts and determinations
	Planned  time.Time // of the fix, as it said
	Words    string    // its public statement
	Label    policy.Label
}

// Standing is where a party stands in a case.
type Standing string

// The standings of a party: see partyMoves in states.go.
const (
	Invited  Standing = "invited"
	Joined   Standing = "joined"
	Declined Standing = "declined"
	Left     Standing = "left"
	Removed  Standing = "removed"
)
