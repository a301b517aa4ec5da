package cases

import (
	"strings"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// OpenUnderGrant opens the case to the holder of a grant for an hour, or until
// the grant expires if that is sooner. The opening goes into the disclosure log,
// for all who take part to see, in the same write that lets him in; he accepts
// the embargo of that moment by it ([Cases.GrantTerms], R-065). Opening again
// extends the time and is another line.
func (c *Cases) OpenUnderGrant(tx *db.Tx, grant string) (Opening, error) {
	g, err := c.held(tx.View, grant)
	if err != nil {
		return Opening{}, err
	}
	sys := all(tx.View)
	k, err := c.Case(sys, g.Case)
	if err != nil {
		return Opening{}, err
	}
	if !k.Shared {
		return Opening{}, fault.Conflictf("This case is not shared with the desk any more. Ask the desk.")
	}
	p, err := c.Party(sys, g.Party)
	if err != nil {
		return Opening{}, err
	}
	o := Opening{ID: ids.New("opening"), Grant: g.ID, Case: k.ID, Person: g.Holder.Person, Name: g.Holder.Name, OrgName: g.Holder.OrgName, At: tx.Now(), Until: tx.Now().Add(OpeningTerm)}
	if o.Until.After(g.Expires) {
		o.Until = g.Expires
	}
	audience, err := tx.Store(g.Label.Audience)
	if err != nil {
		return Opening{}, err
	}
	if _, err := tx.Exec(`INSERT INTO case_openings (id, grant_id, case_id, person, name, org_name, at, until, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		o.ID, o.Grant, o.Case, o.Person, o.Name, o.OrgName, clock.Micros(o.At), clock.Micros(o.Until), string(g.Label.TLP), audience); err != nil {
		return Opening{}, err
	}
	data := map[string]any{"grant": g.ID, "person": o.Person, "name": o.Name, "org_name": o.OrgName, "until": o.Until.UTC(), "purpose": g.Purpose}
	if k.Embargo.In(tx.Now()) {
		data["embargo_until"], data["embargo_terms"] = k.Embargo.Until.UTC(), k.Embargo.Terms
	}
	tx.Append(db.Entry{Verb: "grant.opened", Object: o.ID, Parent: k.ID, Label: g.Label, Access: true, Data: data})
	for _, circle := range []string{p.Circle, k.Team} {
		if err := c.members.PutOnTeam(tx, circle, o.Person, o.Until); err != nil {
			return Opening{}, err
		}
	}
	return o, nil
}

// held reads a grant that is the viewer's own and in force.
func (c *Cases) held(v *db.View, id string) (Grant, error) {
	g, err := c.Grant(v, id)
	if err != nil {
		return g, err
	}
	switch {
	case g.Holder.Person != v.Viewer().Person:
		err = fault.Forbiddenf("This grant is for %s alone.", g.Holder.Name)
	case !v.Viewer().May(policy.MayWorkCase) || v.Viewer().Kind != policy.Agency:
		err = fault.Forbiddenf("You may not work on cases.")
	case g.State(v.Now()) == GrantAsked:
		err = fault.Conflictf("The desk has not approved this grant yet.")
	case g.State(v.Now()) != GrantGiven:
		err = fault.Conflictf("This grant has ended.")
	}
	return g, err
}

// GrantTerms is the embargo that the holder of a grant accepts by opening the
// case: what he is told of it beforehand.
func (c *Cases) GrantTerms(v *db.View, grant string) (Embargo, error) {
	g, err := c.held(v, grant)
	if err != nil {
		return Embargo{}, err
	}
	k, err := c.Case(all(v), g.Case)
	if err != nil || !k.Embargo.In(v.Now()) {
		return Embargo{State: "none"}, err
	}
	return k.Embargo, nil
}

// AnswerGrant answers a grant's question: as a post of the holder in the case's
// official thread, whose id it returns, and on the grant. The case must be open.
func (c *Cases) AnswerGrant(tx *db.Tx, grant, text string) (post string, err error) {
	g, err := c.held(tx.View, grant)
	if err != nil {
		return "", err
	}
	k, err := c.Case(tx.View, g.Case)
	if fault.Is(err, fault.Missing) {
		return "", fault.Conflictf("The case is not open to you now. Open it under the grant, which is logged, and answer then.")
	}
	if err != nil {
		return "", err
	}
	var p check.Problems
	text = p.Text("answer", "The answer", text, MaxText, true)
	if err := p.Err(); err != nil {
		return "", err
	}
	topic, err := c.officialThread(tx.View, k)
	if err != nil {
		return "", err
	}
	asked := "> " + strings.ReplaceAll(g.Question, "\n", "\n> ")
	if post, _, err = c.forum.Reply(tx, topic, forum.NewPost{Body: asked + "\n\n" + text}); err != nil {
		return "", err
	}
	if err := tx.MustChange(`UPDATE case_grants SET answer = $1, answered_at = $2 WHERE id = $3`, text, clock.Micros(tx.Now()), g.ID); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "grant.answered", Object: g.ID, Parent: k.ID, Label: g.Label, Data: map[string]any{"person": g.Holder.Person, "question": g.Question, "answer": text, "post": post}})
	return post, nil
}
