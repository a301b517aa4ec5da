package cases

import (
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Agencies have no access to cases. A need-to-know grant gives one named person
// of an agency a way into one case, for a stated purpose and on a stated basis,
// until it expires (HHS OIG A-18-16-30530, recommendation 2; R-049). It is asked
// for by somebody in the case and approved by another person, of the desk.
//
// The grant alone opens nothing. Its holder reads the grant's own row, through a
// circle of one person; the case opens to him when he opens it, which is in the
// disclosure log first, and closes by itself an hour later.
const (
	GrantTerm   = 90 * 24 * time.Hour // the longest time, and the usual one
	OpeningTerm = time.Hour           // of one opening, if the grant lasts as long
)

// Seat says what an agency's person is asked for.
type Seat string

// The seats.
const (
	SeatHarm         Seat = "patient-harm" // FDA's part: risk to patients' health
	SeatCoordination Seat = "coordination" // CISA's part: the vulnerability coordination center
	SeatOther        Seat = "other"
)

// Seats lists every seat.
func Seats() []Seat { return []Seat{SeatHarm, SeatCoordination, SeatOther} }

// Question is what somebody in that seat is asked unless the grant says
// otherwise: CISA coordinates, and FDA advises on the risk to patients (MOA
// 225-24-015; domain §2.2). It is empty for another seat.
func (s Seat) Question() string {
	switch s {
	case SeatHarm:
		return "If this vulnerability is exploited, what harm to patients is to be expected, how severe and how likely, and what do you advise the manufacturer and care providers to do?"
	case SeatCoordination:
		return "Will you coordinate with the parties of this case, and what do you need of them: CVE ids, technical analysis or testing, an advisory and its date?"
	}
	return ""
}

// GrantState is where a grant stands at a moment.
type GrantState string

// The states of a grant: asked for → granted or refused → revoked, renewed or
// expired.
const (
	GrantAsked   GrantState = "requested"
	GrantGiven   GrantState = "granted"
	GrantRefused GrantState = "refused"
	GrantRevoked GrantState = "revoked"
	GrantExpired GrantState = "expired"
)

// Grant is a need-to-know grant.
type Grant struct {
	ID        string
	Case      string
	Party     string       // the agency's place in the case; "" until granted
	Holder    forum.Author // for whom it is
	Seat      Seat
	Purpose   string
	Agreement string // id of the agreement or policy that it rests on, or ""
	Basis     string // the agreement's name, or the legal authority
	Question  string // what the holder is asked
	Answer    string
	Answered  time.Time
	Asked     time.Time
	AskedBy   forum.Author // Person and Name only
	Approved  time.Time
	Approver  forum.Author // Person and Name only
	Expires   time.Time    // open only before this instant
	Revoked   time.Time
	Why       string // of refusing or revoking
	Label     policy.Label

	circle  string // the holder's own
	expired bool   // its end is on record
}

// Short is the id of its case as people say it: all that a grant tells of it.
func (g Grant) Short() string { return ids.Short(g.Case) }

// State is where the grant stands at that moment (R-049: not revoked, and now
// before it expires).
func (g Grant) State(now time.Time) GrantState {
	switch {
	case !g.Revoked.IsZero() && g.Approved.IsZero():
		return GrantRefused
	case !g.Revoked.IsZero():
		return GrantRevoked
	case !now.Before(g.Expires) || g.expired:
		return GrantExpired
	case g.Approved.IsZero():
		return GrantAsked
	}
	return GrantGiven
}

// Opening is a line of the disclosure log: somebody opened a case under a grant.
type Opening struct {
	ID      string
	Grant   string
	Case    string
	Person  string
	Name    string
	OrgName string
	At      time.Time
	Until   time.Time // closed again at this instant
}

const grantColumns = `g.id, g.case_id, g.party, g.person, g.name, g.org, g.org_name, g.circle, g.seat, g.purpose, g.agreement, g.basis, g.question, g.answer, g.answered_at,
	g.asked_at, g.asked_by, g.asked_name, g.approved_at, g.approver, g.approver_name, g.expires_at, g.revoked_at, g.expired_at, g.why, g.tlp, g.audience`

func scanGrant(v *db.View) func(db.Scanner) (Grant, error) {
	return func(s db.Scanner) (g Grant, err error) {
		var answered, asked, approved, expires, revoked, expired int64
		var tlp, audience string
		if err = s.Scan(&g.ID, &g.Case, &g.Party, &g.Holder.Person, &g.Holder.Name, &g.Holder.Org, &g.Holder.OrgName, &g.circle, &g.Seat, &g.Purpose, &g.Agreement, &g.Basis, &g.Question, &g.Answer, &answered,
			&asked, &g.AskedBy.Person, &g.AskedBy.Name, &approved, &g.Approver.Person, &g.Approver.Name, &expires, &revoked, &expired, &g.Why, &tlp, &audience); err != nil {
			return g, err
		}
		g.Answered, g.Asked, g.Approved = clock.FromMicros(answered), clock.FromMicros(asked), clock.FromMicros(approved)
		g.Expires, g.Revoked, g.expired = clock.FromMicros(expires), clock.FromMicros(revoked), expired != 0
		g.Label, err = v.Label(tlp, audience)
		return g, err
	}
}
