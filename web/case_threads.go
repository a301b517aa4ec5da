package web

import (
	"slices"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseThreadsView is what the tab of threads is drawn from.
type caseThreadsView struct {
	caseHead
	Official, Side []ui.TopicRow
	Hidden         int
	MayStart       bool
}

// caseThreads lists a case's threads that the reader can read, each with who
// reads it.
func (c *Ctx) caseThreads() error {
	return c.onCase(tabThreads, func(h caseHead) error {
		x := caseThreadsView{caseHead: h, MayStart: c.Viewer.May(policy.MayWorkCase) && h.K.Stage != cases.Closed}
		threads, err := c.Cases.Threads(c.View, h.K.ID)
		if err != nil {
			return err
		}
		g, err := c.gate()
		if err != nil {
			return err
		}
		var labels []policy.Label
		for _, t := range threads {
			if g.hides(t.Label) {
				x.Hidden++
				continue
			}
			labels = append(labels, t.Label)
			row := c.topicRow(t.Topic)
			reach, err := c.Members.Reach(c.View, t.Label)
			if err != nil {
				return err
			}
			row.Room = reach.Sentence()
			if t.Official {
				x.Official = append(x.Official, row)
			} else {
				x.Side = append(x.Side, row)
			}
		}
		page := c.casePage(h, "threads", 200, labels...)
		page.Body = threadsBody(x)
		return c.show(page)
	})
}

// threadNewView is what the form of a side thread is drawn from.
type threadNewView struct {
	caseHead
	a      attempt
	key    string
	groups []ui.AudienceGroup
	late   bool
}

// threadNew is the form with which a side thread is begun: for some of the case.
func (c *Ctx) threadNew() error { return c.showThreadNew(200, attempt{}) }

func (c *Ctx) showThreadNew(status int, a attempt) error {
	return c.onCase(tabThreads, func(h caseHead) error {
		if !c.Viewer.May(policy.MayWorkCase) {
			return fault.ErrMissing
		}
		x := threadNewView{caseHead: h, a: a, key: a.key("thread", ids.Random(26)), late: a.which == "" && c.R.URL.Query().Get("late") == "1"}
		chosen := a.lists["audience"]
		if x.late {
			m, err := c.Cases.Matrix(c.View, h.K.ID)
			if err != nil {
				return err
			}
			for _, r := range m.Rows {
				if r.Late && r.Party.State == cases.Joined {
					chosen = append(chosen, string(policy.OfCircle(r.Party.Circle)))
				}
			}
		}
		var err error
		if x.groups, err = c.threadGroups(h, chosen, a.which == ""); err != nil {
			return err
		}
		page := c.casePage(h, "new thread", status)
		page.Body = threadNewBody(x)
		return c.show(page)
	})
}

// threadGroups is who in the case can be written to: each party's people on it,
// and the desk. first ticks whom the reader speaks for.
func (c *Ctx) threadGroups(h caseHead, chosen []string, first bool) ([]ui.AudienceGroup, error) {
	parties := ui.AudienceGroup{Title: "Those in the case"}
	for _, p := range h.All {
		if p.State != cases.Joined || p.Role == cases.Coordinator && h.K.Shared {
			continue
		}
		v := string(policy.OfCircle(p.Circle))
		own := h.Own != nil && p.ID == h.Own.ID
		hint := p.Role.Words()
		if own {
			hint = "yours"
		}
		parties.Options = append(parties.Options, ui.Option{Value: v, Text: p.Name, Hint: hint, Selected: slices.Contains(chosen, v) || first && own})
	}
	if h.K.Shared {
		s, err := c.Members.Settings(c.View)
		if err != nil {
			return nil, err
		}
		v := string(policy.OfCircle(s.Desk))
		parties.Options = append(parties.Options, ui.Option{Value: v, Text: "The desk", Hint: "coordinates", Selected: slices.Contains(chosen, v) || first && h.Own == nil})
	}
	return []ui.AudienceGroup{parties}, nil
}

// threadStart begins a side thread.
func (c *Ctx) threadStart() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "thread", fields: []string{"title", "body", "label"}, lists: []string{"audience"}, show: c.showThreadNew, do: func(tx *db.Tx, a attempt) (string, error) {
		audience, err := policy.ParseAudience(a.lists["audience"])
		if err != nil || audience.Empty() {
			return "", fault.InvalidField("audience", "Choose who reads the thread.")
		}
		t, err := policy.ParseTLP(a.t["label"])
		if err != nil {
			return "", fault.InvalidField("label", "Choose one of the labels.")
		}
		topic, again, err := c.Cases.StartThread(tx, id, forum.NewTopic{Title: a.t["title"], Body: a.t["body"], Label: policy.Label{TLP: t, Audience: audience}, Key: a.t["idempotency_key"]})
		return "/topics/" + topic, once(again, err)
	}})
}
