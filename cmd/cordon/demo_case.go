package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// modelled is what every case of the demo says of itself.
const modelled = "\n\n*This is a demonstration. The vulnerabilities are those of CISA's advisory %s, which is about another manufacturer's product, and are described in its words. The people, the organizations and what they do here are invented.*"

// saga is one case of the demo as it is told: each thing is done by a person of the
// furnishing through the duties' own functions, so many days ago, so that ledger,
// clocks and notices are what they would be if it had happened.
type saga struct {
	*story
	name  string
	steps *[]step
	id    string   // of the case
	flaws []string // ids of its vulnerabilities
}

// demoCases is how many cases the sagas tell.
const demoCases = 5

// act is something that a person does.
type act func(tx *db.Tx) error

// sagas is everything that happened in the demo's cases and reports.
func (s *story) sagas() ([]step, error) {
	var steps []step
	for _, tell := range []struct {
		name string
		fn   func(*saga) error
	}{{"case of the stack", stackSaga}, {"case of the pumps", pumpSaga}, {"case that was late", lateSaga}, {"case that was kept", keptSaga}, {"own case", ownSaga}, {"reports", reportSaga}, {"intelligence", intelSaga}, {"devices", deviceSaga}} {
		if err := tell.fn(&saga{story: s, name: tell.name, steps: &steps}); err != nil {
			return nil, fmt.Errorf("%s: %w", tell.name, err)
		}
	}
	return steps, nil
}

// when is an hour of the day that lies so many days back where FDA counts days. Of
// today it is never later than a moment ago.
func (s *story) when(days int, hour string) time.Time {
	today := fda.DateOf(s.now, fda.DefaultZone)
	h, err := time.Parse("15:04", hour)
	if err != nil {
		panic(err) // a constant of this package
	}
	return time.Date(today.Year, today.Month, today.Day-days, h.Hour(), h.Minute(), 0, 0, fda.DefaultZone).UTC()
}

// on adds what a person did on a day.
func (g *saga) on(days int, hour, by string, acts ...act) {
	g.at(g.when(days, hour), by, acts...)
}

func (g *saga) at(at time.Time, by string, acts ...act) {
	for _, a := range acts {
		*g.steps = append(*g.steps, step{at, func() error {
			if err := g.write(by, a); err != nil {
				return fmt.Errorf("%s, %s: %w", g.name, at.Format(time.DateTime), err)
			}
			return nil
		}})
	}
}

// open opens the case. With Label.TLP and no audience it is shared with the desk.
func (g *saga) open(in cases.NewCase, advisory string) act {
	return func(tx *db.Tx) (err error) {
		in.Summary += fmt.Sprintf(modelled, advisory)
		if in.Label, err = g.withDesk(tx.View, in.Label.TLP); err != nil {
			return err
		}
		g.id, _, err = g.cases.Open(tx, in)
		return err
	}
}

// withDesk is a marking for the desk; none is none.
func (g *saga) withDesk(v *db.View, t policy.TLP) (policy.Label, error) {
	s, err := g.members.Settings(v)
	if err != nil || t == "" {
		return policy.Label{}, err
	}
	return policy.Label{TLP: t, Audience: policy.NewAudience(policy.OfCircle(s.Desk))}, nil
}

// party is the party of an organization in the case.
func (g *saga) party(v *db.View, org string) (cases.Party, error) {
	ps, err := g.cases.Parties(v, g.id)
	for _, p := range ps {
		if p.Org == g.orgs[org] {
			return p, nil
		}
	}
	return cases.Party{}, errors.Join(err, fmt.Errorf("%s is no party", org))
}

// ask asks organizations in.
func (g *saga) ask(role cases.Role, note string, orgs ...string) act {
	return func(tx *db.Tx) error {
		in := cases.NewInvitation{Role: role, Note: note, DeskSees: role == cases.Vendor}
		for _, o := range orgs {
			in.Orgs = append(in.Orgs, g.orgs[o])
		}
		_, _, err := g.cases.Invite(tx, g.id, in)
		return err
	}
}

// see opens the own organization's invitation; accept agrees to what it offers.
func (g *saga) see(org string) act {
	return func(tx *db.Tx) error {
		p, err := g.party(tx.View, org)
		if err != nil {
			return err
		}
		return g.cases.SeeInvitation(tx, p.ID)
	}
}

func (g *saga) accept(org string, colleagues ...string) act {
	return func(tx *db.Tx) error {
		p, err := g.party(tx.View, org)
		if err != nil {
			return err
		}
		in, err := g.cases.Invitation(tx.View, p.ID)
		if err != nil {
			return err
		}
		a := cases.Acceptance{Agree: in.Offer.Digest()}
		for _, c := range colleagues {
			a.People = append(a.People, g.people[c])
		}
		return g.cases.Accept(tx, p.ID, a)
	}
}

// embargo proposes one, to the default end or a day ahead, and puts it in force.
func (g *saga) embargo(until time.Time) act {
	return func(tx *db.Tx) error {
		q, _, err := g.cases.Propose(tx, g.id, cases.NewProposal{Until: until})
		if err != nil {
			return err
		}
		return g.cases.AcceptProposal(tx, q)
	}
}

// describe adds vulnerabilities of an advisory.
func (g *saga) describe(ws []furnish.Weakness) act {
	return func(tx *db.Tx) error {
		for _, w := range ws {
			id, _, err := g.cases.AddVulnerability(tx, g.id, w.CVE, cases.Description{Title: w.Name, Text: w.Text, CWE: w.CWE, Vector3: w.Vector, References: []string{w.URL}}, "")
			if err != nil {
				return err
			}
			g.flaws = append(g.flaws, id)
		}
		return nil
	}
}

// answer says what is affected, in the order of the vulnerabilities.
func (g *saga) answer(org, statement string, all ...cases.Affected) act {
	return func(tx *db.Tx) error {
		p, err := g.party(tx.View, org)
		if err != nil {
			return err
		}
		var in []cases.NewStatus
		for i, s := range all {
			in = append(in, cases.NewStatus{Vulnerability: g.flaws[i], Status: s, Statement: statement})
		}
		return g.cases.SetStatuses(tx, p.ID, in, "")
	}
}

// state records facts of one moment: this one.
func (g *saga) state(org string, facts ...cases.NewFact) act {
	return func(tx *db.Tx) error {
		p, err := g.party(tx.View, org)
		if err != nil {
			return err
		}
		for _, f := range facts {
			f.At = tx.Now()
			if _, _, err := g.cases.StateFact(tx, p.ID, f); err != nil {
				return err
			}
		}
		return nil
	}
}

func fact(kind cases.FactKind, detail ...any) cases.NewFact {
	f := cases.NewFact{Kind: kind, Detail: map[string]any{}}
	for i := 0; i+1 < len(detail); i += 2 {
		f.Detail[detail[i].(string)] = detail[i+1]
	}
	return f
}

// determine signs a risk determination of the case as a whole.
func (g *saga) determine(org string, w cases.Worksheet) act {
	return func(tx *db.Tx) error {
		p, err := g.party(tx.View, org)
		if err != nil {
			return err
		}
		_, _, err = g.cases.Determine(tx, p.ID, w)
		return err
	}
}

// draft begins a customer notice and hands its id to keep.
func (g *saga) draft(org string, t cases.NoticeText, keep *string) act {
	return func(tx *db.Tx) error {
		p, err := g.party(tx.View, org)
		if err != nil {
			return err
		}
		*keep, _, err = g.cases.DraftNotice(tx, p.ID, t, "")
		return err
	}
}

func (g *saga) send(notice *string, via string) act {
	return func(tx *db.Tx) error { return g.cases.SendNotice(tx, *notice, cases.Sending{Via: via}) }
}

// move takes the case through stages.
func (g *saga) move(stages ...cases.Stage) act {
	return func(tx *db.Tx) error {
		for _, to := range stages {
			if err := g.cases.Move(tx, g.id, to, ""); err != nil {
				return err
			}
		}
		return nil
	}
}

// say posts in the official thread; word is also the own organization's news.
func (g *saga) say(text string) act {
	return func(tx *db.Tx) error {
		ts, err := g.cases.Threads(tx.View, g.id)
		if err != nil {
			return err
		}
		_, _, err = g.forum.Reply(tx, ts[0].ID, forum.NewPost{Body: text})
		return err
	}
}

func (g *saga) word(text string) act {
	return func(tx *db.Tx) error { _, _, err := g.cases.Update(tx, g.id, text, ""); return err }
}

func (g *saga) acknowledge() act {
	return func(tx *db.Tx) error { return g.cases.Acknowledge(tx, g.id) }
}

func (g *saga) planFix(at time.Time) act {
	return func(tx *db.Tx) error { return g.cases.PlanFix(tx, g.id, at) }
}

// keepDeadlines makes the deadline passes that fall before an instant, each at its
// own, as the running program would have.
func (s *story) keepDeadlines(ctx context.Context, before time.Time) error {
	for range 10_000 {
		d, err := s.deadlines(ctx)
		if err != nil || d.Next.IsZero() || d.Next.After(before) {
			return err
		}
		s.clock.set(d.Next)
		if _, err := s.cases.Pass(ctx, s.db, keeper); err != nil {
			return err
		}
	}
	return errors.New("the deadline passes do not come to an end")
}
