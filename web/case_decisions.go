package web

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseDecisionsView is what the tab of decisions is drawn from.
type caseDecisionsView struct {
	caseHead
	Pinned  []forum.Post // of the threads that the reader can read
	Stories ui.Story
	Public  []cases.Publication
	Now     time.Time
}

// maxThreads is how many threads of a case are searched for decisions.
const maxThreads = 50

// caseDecisions gathers what was decided in a case: its stage, its embargo, its
// public statement, and what was pinned in its threads.
func (c *Ctx) caseDecisions() error {
	return c.onCase(tabDecisions, func(h caseHead) error {
		x := caseDecisionsView{caseHead: h, Now: c.View.Now()}
		threads, err := c.Cases.Threads(c.View, h.K.ID)
		if err != nil {
			return err
		}
		g, err := c.gate()
		if err != nil {
			return err
		}
		var labels []policy.Label
		for i, t := range threads {
			if t.Decisions == 0 || i >= maxThreads || g.hides(t.Label) {
				continue
			}
			ps, err := c.Forum.Decisions(c.View, t.ID)
			if err != nil {
				return err
			}
			for _, p := range ps {
				if !g.hides(p.Label) {
					x.Pinned, labels = append(x.Pinned, p), append(labels, p.Label)
				}
			}
		}
		if x.Public, err = c.Cases.Publications(c.View, h.K.ID); err != nil {
			return err
		}
		ms, _, err := c.Cases.Timeline(c.View, h.K.ID, 0, cases.MaxPage)
		if err != nil {
			return err
		}
		x.Stories = ui.Story{Label: "Decisions", Now: x.Now, Empty: ui.Empty{Title: "Nothing was decided yet", Text: "Stages, embargoes, statuses and determinations stand here once they are decided."}}
		for _, m := range ms {
			if m.Class == cases.ClassDecisions {
				x.Stories.Events = append(x.Stories.Events, storyEvent(h, m))
			}
		}
		page := c.casePage(h, "decisions", 200, labels...)
		page.Body = decisionsBody(x)
		return c.show(page)
	})
}
