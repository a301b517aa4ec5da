package vultron

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
)

// DefaultEmbargoDays is CERT/CC's default embargo, in calendar days.
const DefaultEmbargoDays = 45

// EmbargoExpiry is when an embargo ends: at the negotiated instant, or if that
// is zero at the end, in loc, of day days after the first attempted contact with
// the vendor, whether or not it answered. days of 0 means
// [DefaultEmbargoDays]; a nil loc [fda.DefaultZone].
//
// R-062; CERT Guide to CVD; CERT/CC disclosure policy.
func EmbargoExpiry(firstAttemptedContact, negotiated time.Time, days int, loc *time.Location) (fda.Due, error) {
	switch {
	case firstAttemptedContact.IsZero():
		return fda.Due{}, errors.New("an embargo is counted from the first attempted contact, which is not given")
	case !negotiated.IsZero() && !negotiated.After(firstAttemptedContact):
		return fda.Due{}, errors.New("an embargo cannot end before the first attempted contact")
	case days < 0:
		return fda.Due{}, fmt.Errorf("an embargo cannot last %d days", days)
	case !negotiated.IsZero():
		return fda.DueAt(negotiated, loc), nil
	case days == 0:
		days = DefaultEmbargoDays
	}
	return fda.AddDays(firstAttemptedContact, days, loc), nil
}

// Breach is something that may end an embargo.
type Breach string

// What may end an embargo.
const (
	InformationPublic  Breach = "public_info"
	ExploitIsPublic    Breach = "exploit_public"
	ActiveExploitation Breach = "active_exploitation"
	AdversaryExploit   Breach = "adversary_exploit" // an adversary has working code
	AdversaryKnows     Breach = "adversary_knows"
	QuorumReady        Breach = "quorum_ready" // enough vendors have a fix
)

// Force is how strongly an embargo must end.
type Force string

// The forces.
const (
	EndNow    Force = "now"    // SHALL: it is over
	EndShould Force = "should" // SHOULD: the coordinator decides within 24 hours
	EndMay    Force = "may"
)

// DecisionTime is how long a coordinator has to decide when an embargo SHOULD
// end. It is a design choice of ours.
const DecisionTime = 24 * time.Hour

// MustEnd is how strongly a breach known at the instant known ends the embargo,
// and by when that is to be done or decided; by is zero when it MAY end.
//
// R-063; Vultron, embargo termination.
func MustEnd(b Breach, known time.Time) (force Force, by time.Time, err error) {
	switch b {
	case InformationPublic, ExploitIsPublic:
		return EndNow, known, nil
	case ActiveExploitation, AdversaryExploit:
		return EndShould, known.Add(DecisionTime), nil
	case AdversaryKnows, QuorumReady:
		return EndMay, time.Time{}, nil
	}
	return "", time.Time{}, fmt.Errorf("%q is nothing that ends an embargo", string(b))
}

// BreachOf is what a case's new letter means for its embargo: P, X and A
// trigger [MustEnd], the others do not.
func BreachOf(event CaseEvent) (Breach, bool) {
	switch event {
	case PublicAware:
		return InformationPublic, true
	case ExploitPublic:
		return ExploitIsPublic, true
	case Attacks:
		return ActiveExploitation, true
	}
	return "", false
}

// Agreement is what two parties' wishes come to.
type Agreement struct {
	End      time.Time // of the embargo; zero: there is none
	Revision time.Time // the longer wish, which stands as a proposal to revise; zero: none
}

// Agree settles when an embargo ends: the shorter proposal is accepted and the
// longer becomes a proposal to revise it; who is silent (zero) accepts the
// other's; with neither there is no embargo.
//
// R-064; Vultron, default embargoes.
func Agree(senderProposal, receiverDefault time.Time) Agreement {
	a, b := senderProposal, receiverDefault
	switch {
	case a.IsZero():
		return Agreement{End: b}
	case b.IsZero() || a.Equal(b):
		return Agreement{End: a}
	case a.Before(b):
		return Agreement{End: a, Revision: b}
	}
	return Agreement{End: b, Revision: a}
}

// LeakRisk is the probability, 0 to 1, that at least one of n who know leaks,
// each with probability p.
//
// R-066; CERT Guide to CVD: 0.001 and 100 parties give 0.0952.
func LeakRisk(n int, p float64) (float64, error) {
	if n < 0 || !(p >= 0 && p <= 1) {
		return 0, errors.New("a leak's risk needs a number of parties and a probability from 0 to 1")
	}
	if n == 0 {
		return 0, nil
	}
	return -math.Expm1(float64(n) * math.Log1p(-p)), nil
}

// Ack is how long a receiver has to acknowledge a report.
type Ack struct {
	Warn   fda.Due // zero: no warning before the breach
	Breach fda.Due
}

// DeskAckDue is when the ISAO's desk owes an acknowledgement: 48 hours after it
// received the report (R-068; CERT Guide: 24 to 48 hours are common).
func DeskAckDue(receivedAt time.Time, loc *time.Location) Ack {
	return Ack{Breach: fda.DueAt(receivedAt.Add(48*time.Hour), loc)}
}

// VendorAckDue is when a vendor's acknowledgement is slow and when it is
// overdue: 5 and 10 work days after it received the report, as published
// policies of device makers promise.
func VendorAckDue(receivedAt time.Time, loc *time.Location) Ack {
	return Ack{Warn: fda.AddWorkDays(receivedAt, 5, loc), Breach: fda.AddWorkDays(receivedAt, 10, loc)}
}

// UpdateDue is when a vendor's next update is due: 30 calendar days after the
// last.
func UpdateDue(lastUpdate time.Time, loc *time.Location) fda.Due {
	return fda.AddDays(lastUpdate, 30, loc)
}
