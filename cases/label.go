package cases

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// all is the same snapshot without a viewer's limits, for rules that must know
// the whole: which parties there are, whose clocks run. Its rows are never handed
// to a viewer.
func all(v *db.View) *db.View { return v.As(policy.System("cases")) }

// desk is the principal of the ISAO's desk.
func (c *Cases) desk(v *db.View) (policy.Principal, error) {
	s, err := c.members.Settings(v)
	return policy.OfCircle(s.Desk), err
}

// deskLabel is for what only the desk handles: reports without an account, the
// triage queue.
func (c *Cases) deskLabel(v *db.View, more ...policy.Principal) (policy.Label, error) {
	d, err := c.desk(v)
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(append(more, d)...)}, err
}

// caseLabel checks the label that was chosen for a case and adds the team, which
// always reads it. Without one a case is AMBER+STRICT to the team alone; with the
// desk, it is shared.
func (c *Cases) caseLabel(v *db.View, chosen policy.Label, team string) (l policy.Label, shared bool, err error) {
	d, err := c.desk(v)
	if err != nil {
		return l, false, err
	}
	l = policy.Label{TLP: chosen.TLP, Audience: chosen.Audience.With(policy.OfCircle(team))}
	switch l.TLP {
	case "":
		l.TLP = policy.AmberStrict
	case policy.Amber, policy.AmberStrict:
	default:
		return l, false, fault.InvalidField("label", "A case is TLP:AMBER or TLP:AMBER+STRICT, not %s. What is for named persons only goes into a side thread; what is for everybody is published.", l.TLP)
	}
	return l, l.Audience.Has(d), nil
}

// partyLabel is for what is a party's own: its facts, clocks, determinations and
// notices. The desk reads them if the party lets it.
func (c *Cases) partyLabel(v *db.View, p Party) (policy.Label, error) {
	ps := []policy.Principal{policy.OfCircle(p.Circle)}
	if p.DeskSees {
		d, err := c.desk(v)
		if err != nil {
			return policy.Label{}, err
		}
		ps = append(ps, d)
	}
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(ps...)}, nil
}

// rowLabel is the label of a party's row: who may know that it is asked, or
// takes part. Until it accepts, that is the desk (or who opened the case) and the
// organization's own recipients; then the whole team. An agency's recipients do
// not learn of it: it comes in by a grant to a named person (grant.go).
func (c *Cases) rowLabel(v *db.View, k Case, p Party) (policy.Label, error) {
	d, err := c.desk(v)
	if err != nil {
		return policy.Label{}, err
	}
	ps := []policy.Principal{policy.OfCircle(p.Circle)}
	if p.Org != "" && p.Role != Government {
		ps = append(ps, policy.OfOrg(p.Org))
	}
	if k.Shared {
		ps = append(ps, d)
	}
	if p.State == Joined {
		ps = append(ps, k.Label.Audience.Members()...)
	}
	return policy.Label{TLP: k.Label.TLP, Audience: policy.NewAudience(ps...)}, nil
}
