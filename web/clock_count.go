package web

import "github.com/cordon-isao/cordon/cases"

// urgentClocks counts the clocks of the reader's organization that are at risk or
// over.
func (c *Ctx) urgentClocks() (int, error) {
	if c.Cases == nil || c.Viewer.Org == "" {
		return 0, nil
	}
	return c.clockCounts.get(c, func() (n int, err error) {
		os, err := c.Cases.MyClocks(c.View, clocksAPage)
		for _, o := range os {
			if o.State == cases.ClockAtRisk || o.State == cases.ClockOver {
				n++
			}
		}
		return n, err
	})
}
