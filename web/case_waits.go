package web

import (
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/fault"
)

// waitsCases is how many of the newest open cases are asked what their next step is.
const waitsCases = 30

// waits is the next step of each of the newest open cases in which one waits for
// the reader, by case, and of the invitations, by party.
func (c *Ctx) waits() (map[string]cases.Step, error) {
	return c.caseWaits.get(c, func() (map[string]cases.Step, error) {
		steps := map[string]cases.Step{}
		ks, _, err := c.Cases.Cases(c.View, cases.Filter{Open: true}, cases.Cursor{}, waitsCases)
		if err != nil {
			return nil, err
		}
		for _, k := range ks {
			s, err := c.Cases.Next(c.View, k)
			if fault.Is(err, fault.Missing) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if s.Action != "" {
				steps[k.ID] = s
			}
		}
		asked, err := c.Cases.Invitations(c.View)
		if err != nil {
			return nil, err
		}
		for _, in := range asked {
			steps[in.Party] = in.Next()
		}
		return steps, nil
	})
}
