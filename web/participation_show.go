package web

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// mostDeadlines is how many deadlines the ruler of a period draws.
const mostDeadlines = 60

// participationView is everything on the page of an organization's participation.
type participationView struct {
	p            evidence.Participation
	ruler        ui.Ruler
	attestations []evidence.Attestation
	certificates []evidence.Issued
	own          bool // it is the reader's own organization
	mayAttest    bool
	mayIssue     bool
	over         bool // the period is over
	certified    bool // a certificate of the period was issued
	a            attempt
	key          string
}

// participation is one's own organization's page; for the desk, the list of all
// manufacturers.
func (c *Ctx) participation() error {
	if c.Viewer.May(policy.MayVet) {
		rows, _, err := c.Members.Organizations(c.View, members.Filter{Kind: policy.Manufacturer, Limit: 200}, "")
		if err != nil {
			return err
		}
		certificates, err := c.Evidence.Certificates(c.View, "")
		if err != nil {
			return err
		}
		var label policy.Label
		if len(certificates) > 0 {
			label = policy.Label{TLP: policy.AmberStrict}
		}
		return c.show(Page{Title: "Participation", Kind: "participation", Label: label, Body: participationList(rows, certificates, c.View.Now())})
	}
	p, err := c.period()
	if err != nil {
		return err
	}
	return c.showParticipation(200, c.Viewer.Org, p, attempt{})
}

// participationShow is the page of one organization: its own people's, and the desk's.
func (c *Ctx) participationShow() error {
	p, err := c.period()
	if err != nil {
		return err
	}
	return c.showParticipation(200, c.R.PathValue("org"), p, attempt{})
}

// period is the one that the address asks for, or the quarter of today.
func (c *Ctx) period() (evidence.Period, error) {
	s := c.R.URL.Query().Get("period")
	if s == "" {
		return evidence.QuarterOf(c.DB.Clock().Now()), nil
	}
	return evidence.ParsePeriod(s)
}

func (c *Ctx) showParticipation(status int, org string, period evidence.Period, a attempt) error {
	p, err := c.Evidence.Participation(c.View, org, period.From, period.To)
	if fault.Is(err, fault.Missing) && org == c.Viewer.Org {
		return c.show(Page{Title: "Participation", Kind: "participation", Status: status, Body: participationClosed()})
	}
	if err != nil {
		return err
	}
	now := c.View.Now()
	x := participationView{p: p, own: org == c.Viewer.Org, mayIssue: c.Viewer.May(policy.MayVet) && org != c.Viewer.Org, over: !now.Before(period.To), a: a, key: a.key(a.which, ids.Random(26))}
	if x.mayAttest, err = c.Evidence.MayAttest(c.View); err != nil {
		return err
	}
	x.mayAttest = x.mayAttest && x.own
	if x.attestations, err = c.Evidence.Attestations(c.View, org); err != nil {
		return err
	}
	if x.certificates, err = c.Evidence.Certificates(c.View, org); err != nil {
		return err
	}
	for _, k := range x.certificates {
		x.certified = x.certified || k.Period == period.Name
	}
	label, err := c.between(org)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(label) {
		return c.secondPasskey()
	}
	if x.ruler, err = c.deadlines(org, period); err != nil {
		return err
	}
	return c.show(Page{Title: "Participation of " + p.OrgName, Kind: "participation", Label: label, Status: status, Body: participationBody(x, now)})
}

// between is the label of what passes between an organization and the desk.
func (c *Ctx) between(org string) (policy.Label, error) {
	s, err := c.Members.Settings(c.View)
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg(org), policy.OfCircle(s.Desk))}, err
}

// deadlines are an organization's clocks that were due, or met, in a period, as
// far as the reader may see them.
func (c *Ctx) deadlines(org string, period evidence.Period) (ui.Ruler, error) {
	now := c.View.Now()
	r := ui.Ruler{ID: "deadlines", Now: now, Empty: "No deadline that you can see fell into this period."}
	in := func(t time.Time) bool { return !t.IsZero() && !t.Before(period.From) && t.Before(period.To) }
	ps, err := c.Cases.PartiesOf(c.View, org)
	if err != nil {
		return r, err
	}
	seen := map[string]bool{}
	for _, p := range slices.Backward(ps) { // the newest cases first
		if seen[p.Case] || len(r.Rows) >= mostDeadlines {
			continue
		}
		seen[p.Case] = true
		os, err := c.Cases.Obligations(c.View, p.Case)
		if err != nil {
			return r, err
		}
		for _, o := range os {
			dead := o.State == cases.ClockMoot || o.State == cases.ClockWaived || o.Rule == "R-011" || o.Due.IsZero()
			if o.Owner != org || dead || !in(o.Due) && !in(o.SatisfiedAt) || len(r.Rows) >= mostDeadlines {
				continue
			}
			row := ui.RulerRow{Name: o.Name + ", " + ids.Short(o.Case), Due: inZone(o.Due, o.Zone), Zone: zoneName(o.Zone), Href: clockHref(o)}
			if o.State == cases.ClockMet || o.State == cases.ClockLate {
				row.Done = inZone(o.SatisfiedAt, o.Zone)
			}
			r.Rows = append(r.Rows, row)
		}
	}
	return r, nil
}
