package web

import (
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// clocksShown is how many clocks a case's summary draws; the others are on their
// own tab.
const clocksShown = 10

// summaryClocks is the picture of a case's clocks for its summary: the most
// urgent. more is how many it leaves out, and labels are those of what it shows.
func (c *Ctx) summaryClocks(h caseHead) (chart ui.ClocksChart, more int, labels []policy.Label, err error) {
	shown, total, err := c.Cases.Urgent(c.View, h.K.ID, clocksShown)
	if err != nil {
		return chart, 0, nil, err
	}
	names := map[string]string{}
	for _, p := range h.All {
		names[p.ID] = p.Name
	}
	for _, o := range shown {
		labels = append(labels, o.Label)
	}
	return clockPicture(h.K, shown, names, c.View.Now()), total - len(shown), labels, nil
}
