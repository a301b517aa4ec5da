package web

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// clocksAPage is how many clocks the page of one's own shows: what is open first.
const clocksAPage = 200

// myClocks are the clocks of the reader's organization, with the cases that they
// belong to. What the gate hides is counted only.
type myClocks struct {
	Open    []cases.Obligation
	Settled []cases.Obligation
	Cases   map[string]cases.Case
	Hidden  int
	Label   policy.Label // the strictest
	Now     time.Time
}

// clocksOf reads the clocks that the reader's organization owes.
func (c *Ctx) clocksOf(limit int) (x myClocks, err error) {
	x = myClocks{Cases: map[string]cases.Case{}, Now: c.View.Now()}
	if !c.Viewer.May(policy.MayWorkCase) && !c.Viewer.May(policy.MayTriage) || c.Cases == nil {
		return x, nil
	}
	os, err := c.Cases.MyClocks(c.View, limit)
	if err != nil {
		return x, err
	}
	g, err := c.gate()
	if err != nil {
		return x, err
	}
	for _, o := range os {
		if g.hides(o.Label) {
			x.Hidden++
			continue
		}
		if _, ok := x.Cases[o.Case]; !ok && o.Case != "" {
			k, err := c.Cases.Case(c.View, o.Case)
			if err != nil && !fault.Is(err, fault.Missing) {
				return x, err
			}
			x.Cases[o.Case] = k // the zero case if it may not be read
		}
		if x.Label.TLP == "" || o.Label.TLP.StricterThan(x.Label.TLP) {
			x.Label.TLP = o.Label.TLP
		}
		if o.State.Open() {
			x.Open = append(x.Open, o)
		} else {
			x.Settled = append(x.Settled, o)
		}
	}
	return x, nil
}

// strip is the picture of the open clocks on fourteen days.
func (x myClocks) strip() ui.Strip {
	s := ui.Strip{ID: "my-clocks", Now: x.Now.UTC(), CSV: "/clocks.csv", Empty: "No clock waits for your organization."}
	for _, o := range x.Open {
		s.Rows = append(s.Rows, x.stripRow(o))
	}
	return s
}

func (x myClocks) stripRow(o cases.Obligation) ui.StripClock {
	r := ui.StripClock{Clock: clockRow(o, o.Trigger, x.Now), Label: string(o.Label.TLP)}
	if o.Case == "" {
		r.Case, r.Title = ids.Short(o.Object), "A report to the desk"
		return r
	}
	r.Case, r.Title = ids.Short(o.Case), x.Cases[o.Case].Title
	return r
}

// clocks is the page of one's own clocks, across cases.
func (c *Ctx) clocks() error {
	x, err := c.clocksOf(clocksAPage)
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Clocks", Kind: "clocks", Label: x.Label, Live: []string{"*"}, Body: clocksBody(x)})
}

// clocksCSV is the same as a file.
func (c *Ctx) clocksCSV() error {
	x, err := c.clocksOf(clocksAPage)
	if err != nil {
		return err
	}
	return c.sendCSV("clocks.csv", append(x.Open, x.Settled...))
}
