package cases

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
)

// MaxEmbargo is how far ahead an embargo may end, in days: a few days to a few
// months are usual, and it is no means to delay for ever (Vultron).
const MaxEmbargo = 366

// plainTerms is what an embargo says if its proposer says nothing else.
const plainTerms = "Nothing of this case is published or passed on to others before the end."

// NewProposal is an embargo, or another end of one, on its way in.
type NewProposal struct {
	Until time.Time // zero: the default, 45 calendar days from the first attempted contact
	Terms string    // in words; "" for the plain ones
	Key   string
}

// Consent is that a party agrees to a proposal.
type Consent struct {
	Party  string    `json:"party"`
	Org    string    `json:"org"` // name
	Person string    `json:"person"`
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
}

// The states of a proposal.
const (
	proposalOpen      = "open"
	proposalAccepted  = "accepted"
	proposalRejected  = "rejected"
	proposalOvertaken = "overtaken" // the embargo ended, or became impossible, first
)

// Proposal is an embargo that somebody proposed, or (Kind "decision") a question
// whether the embargo should end sooner.
type Proposal struct {
	ID       string
	Case     string
	Kind     string // proposal, decision
	Party    string // "" for the desk
	Person   string
	Name     string
	OrgName  string
	At       time.Time
	Until    time.Time // the end proposed; of a decision when it is due
	Terms    string    // of a decision what happened, in words
	Consents []Consent
	State    string // open, accepted, rejected, overtaken
	Why      string // of the decision
	Decided  time.Time
	By       string // name of who decided
}

const proposalColumns = `e.id, e.case_id, e.kind, e.party, e.person, e.name, e.org_name, e.at, e.until, e.terms, e.consents, e.state, e.why, e.decided_at, e.decided_by`

func scanProposal(s db.Scanner) (p Proposal, err error) {
	var at, until, decided int64
	var consents string
	if err = s.Scan(&p.ID, &p.Case, &p.Kind, &p.Party, &p.Person, &p.Name, &p.OrgName, &at, &until, &p.Terms, &consents, &p.State, &p.Why, &decided, &p.By); err != nil {
		return p, err
	}
	p.At, p.Until, p.Decided = clock.FromMicros(at), clock.FromMicros(until), clock.FromMicros(decided)
	if err = json.Unmarshal([]byte(consents), &p.Consents); err != nil {
		err = fmt.Errorf("read the consents of %s: %w", p.ID, err)
	}
	return p, err
}

// Proposals lists what was proposed and asked about a case's embargo, oldest
// first.
func (c *Cases) Proposals(v *db.View, id string) ([]Proposal, error) {
	return db.All(v, scanProposal, `SELECT `+proposalColumns+` FROM visible.case_embargoes e WHERE e.case_id = $1 ORDER BY e.n`, id)
}

// openProposals lists the proposals to be decided on, the shortest first.
func openProposals(v *db.View, id string) ([]Proposal, error) {
	return db.All(all(v), scanProposal, `SELECT `+proposalColumns+` FROM visible.case_embargoes e WHERE e.case_id = $1 AND e.kind = 'proposal' AND e.state = 'open' ORDER BY e.until, e.n`, id)
}

// voice is for whom the viewer speaks about an embargo: a party, or the desk (a
// party without id).
func (c *Cases) voice(v *db.View, id string) (k Case, p Party, leads bool, err error) {
	if k, err = c.Case(v, id); err != nil {
		return k, p, false, err
	}
	if leads, err = c.mayLead(v, k); err != nil {
		return k, p, false, err
	}
	k, p, err = c.act(v, id)
	if fault.Is(err, fault.Forbidden) && leads {
		err = nil
	}
	return k, p, leads, err
}

// Propose proposes an embargo or, while one is in force, another end of it: for
// whoever leads the case and for every party. What is in force stays so until the
// proposal is accepted.
func (c *Cases) Propose(tx *db.Tx, id string, in NewProposal) (proposal string, again bool, err error) {
	k, p, _, err := c.voice(tx.View, id)
	if err != nil {
		return "", false, err
	}
	return tx.Once(in.Key, digest("propose", id, in.Until, in.Terms), func() (string, error) {
		if err := c.checkProposal(tx, k, &in); err != nil {
			return "", err
		}
		next, err := step(k, vultron.ProposeEmbargo)
		if err != nil {
			return "", err
		}
		who := tx.Viewer()
		made := Proposal{ID: ids.New("embargo"), Case: k.ID, Kind: "proposal", Party: p.ID, Person: who.Actor(), Name: who.Name, OrgName: who.OrgName, At: tx.Now(), Until: in.Until, Terms: in.Terms}
		if p.ID != "" {
			made.Consents = []Consent{{p.ID, p.Name, who.Person, who.Name, tx.Now()}}
		}
		if err := c.putProposal(tx, k, made); err != nil {
			return "", err
		}
		if err := c.setEmbargo(tx, &k, next); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "embargo.proposed", Object: made.ID, Parent: k.ID, Label: k.Label,
			Data: map[string]any{"party": p.ID, "until": in.Until, "terms": in.Terms, "state": next}})
		if err := c.refreshOffers(tx, k); err != nil {
			return "", err
		}
		return made.ID, c.reckonCase(tx, k)
	})
}

func (c *Cases) checkProposal(tx *db.Tx, k Case, in *NewProposal) error {
	if !k.PublicAt.IsZero() || !k.ExploitAt.IsZero() {
		return fault.Conflictf("This is public: there is nothing left to hold back.")
	}
	if k.Stage.Ended() || k.Stage == Published || k.Stage == PostPublished {
		return fault.Conflictf("There is no embargo on a case that is %s.", k.Stage.Words())
	}
	var p check.Problems
	in.Terms = p.Text("terms", "The terms", in.Terms, MaxReason, false)
	if in.Terms == "" {
		in.Terms = plainTerms
	}
	if in.Until.IsZero() {
		first := k.Contacted
		if first.IsZero() {
			first = tx.Now()
		}
		due, err := vultron.EmbargoExpiry(first, zero, 0, nil)
		if err != nil {
			return err
		}
		in.Until = due.At
	}
	in.Until = in.Until.UTC().Truncate(time.Microsecond)
	switch {
	case !in.Until.After(tx.Now()):
		p.Add("until", "The end, %s, has passed already.", in.Until.Format("2 Jan 2006 15:04 UTC"))
	case in.Until.After(tx.Now().AddDate(0, 0, MaxEmbargo)):
		p.Add("until", "An embargo ends within a year; it is no means to delay for ever.")
	}
	return p.Err()
}

func (c *Cases) putProposal(tx *db.Tx, k Case, p Proposal) error {
	audience, err := tx.Store(k.Label.Audience)
	if err != nil {
		return err
	}
	consents, err := consentsText(p.Consents)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO case_embargoes (id, n, case_id, kind, party, person, name, org_name, at, until, terms, consents, state, why, decided_at, decided_by, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open', '', 0, '', $13, $14)`,
		p.ID, position(tx), k.ID, p.Kind, p.Party, p.Person, p.Name, p.OrgName, clock.Micros(p.At), clock.Micros(p.Until), p.Terms, consents, string(k.Label.TLP), audience)
	return err
}

func consentsText(cs []Consent) (string, error) {
	if cs == nil {
		cs = []Consent{}
	}
	b, err := json.Marshal(cs)
	return string(b), err
}

// step is where an event takes a case's embargo; a path outside the table is a
// Conflict.
func step(k Case, e vultron.EmbargoEvent) (vultron.EmbargoState, error) {
	next, err := vultron.Embargo.Next(vultron.EmbargoState(k.Embargo.State), e)
	if err != nil {
		return next, noStep(err, "The embargo is %s: that is not possible now.", embargoWords[vultron.EmbargoState(k.Embargo.State)])
	}
	return next, nil
}

var embargoWords = map[vultron.EmbargoState]string{
	vultron.EmbargoNone: "not proposed yet", vultron.EmbargoProposed: "proposed and not in force", vultron.EmbargoActive: "in force",
	vultron.EmbargoRevise: "in force, with a change proposed", vultron.EmbargoExited: "over",
}

// EmbargoWords says an embargo's state to people.
func EmbargoWords(state string) string { return embargoWords[vultron.EmbargoState(state)] }

// setEmbargo writes the case's embargo as it stands in k, in a new state.
func (c *Cases) setEmbargo(tx *db.Tx, k *Case, next vultron.EmbargoState) error {
	k.Embargo.State = string(next)
	e := k.Embargo
	return tx.MustChange(`UPDATE cases SET embargo = $1, embargo_from = $2, embargo_until = $3, embargo_terms = $4, embargo_ended = $5 WHERE id = $6`,
		e.State, micros(e.From), micros(e.Until), e.Terms, micros(e.Ended), k.ID)
}

// offer is what somebody who is asked in has to agree to: the embargo in force
// or, before there is one, the shortest that is proposed.
func (c *Cases) offer(v *db.View, k Case) (Embargo, error) {
	if k.Embargo.In(v.Now()) {
		return Embargo{Until: k.Embargo.Until, Terms: k.Embargo.Terms}, nil
	}
	if k.Embargo.State != string(vultron.EmbargoProposed) {
		return Embargo{}, nil
	}
	ps, err := openProposals(v, k.ID)
	if err != nil || len(ps) == 0 {
		return Embargo{}, err
	}
	return Embargo{Until: ps[0].Until, Terms: ps[0].Terms}, nil
}

// refreshOffers shows those who are asked and have not answered what holds now.
func (c *Cases) refreshOffers(tx *db.Tx, k Case) error {
	offer, err := c.offer(tx.View, k)
	if err != nil {
		return err
	}
	asked, err := db.All(all(tx.View), scanParty(tx.View), `SELECT `+partyColumns+` FROM visible.case_parties p WHERE p.case_id = $1 AND p.state = 'invited' AND (p.offered_until <> $2 OR p.offered_terms <> $3)`,
		k.ID, micros(offer.Until), offer.Terms)
	if err != nil {
		return err
	}
	for _, p := range asked {
		if err := tx.MustChange(`UPDATE case_parties SET offered_until = $1, offered_terms = $2 WHERE id = $3`, micros(offer.Until), offer.Terms, p.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "party.offer", Object: p.ID, Parent: k.ID, Label: p.Label, Data: map[string]any{"offered_until": offer.Until, "offered_terms": offer.Terms}})
	}
	return nil
}
