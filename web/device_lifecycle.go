package web

import (
	"net/url"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/web/ui"
)

// lifecycleView is what the page of a product's life is drawn from.
type lifecycleView struct {
	productHead
	A     attempt
	Moves []devices.StageChange
	Next  []devices.StageMove // that can be made now
	Gaps  []devices.Gap
	End   componentEnd
	Now   time.Time
}

// componentEnd is the wizard's question about a component whose support ends, and its
// answer.
type componentEnd struct {
	Asked                       bool
	Component                   string
	Impact, Mitigable, Continue string // yes or no
	Next                        devices.Stage
	Owed                        []string
}

// complete reports whether every question that matters has an answer.
func (e componentEnd) complete() bool {
	known := func(s string) bool { return s == "yes" || s == "no" }
	return known(e.Impact) && (e.Impact == "no" || known(e.Mitigable) && (e.Mitigable == "no" || known(e.Continue)))
}

// deviceLifecycle is where a product is in its life, whom each move has to be told,
// and what is missing of the responsibilities of its stage.
func (c *Ctx) deviceLifecycle() error { return c.showLifecycle(200, attempt{}) }

func (c *Ctx) showLifecycle(status int, a attempt) error {
	return c.onProduct(productLifecycle, func(h productHead) (err error) {
		x := lifecycleView{productHead: h, A: a, Now: c.View.Now(), End: endOf(c.R.URL.Query(), h.P.Stage)}
		if x.Moves, err = c.Devices.StageChanges(c.View, h.P.ID); err != nil {
			return err
		}
		if x.Gaps, err = c.Devices.ProductGaps(c.View, h.P.ID); err != nil {
			return err
		}
		for _, m := range devices.StageMoves() {
			if m.From == h.P.Stage {
				x.Next = append(x.Next, m)
			}
		}
		page := c.productPage(h, "lifecycle", status)
		page.Body = lifecycleBody(x)
		return c.show(page)
	})
}

// endOf reads the wizard's answers from an address.
func endOf(q url.Values, stage devices.Stage) componentEnd {
	e := componentEnd{Asked: q.Has("impact"), Component: clip(q.Get("component"), 200), Impact: q.Get("impact"), Mitigable: q.Get("mitigable"), Continue: q.Get("continue")}
	if e.Asked && e.complete() {
		e.Next, e.Owed = devices.ComponentEnds(stage, e.Impact == "yes", e.Mitigable == "yes", e.Continue == "yes")
	}
	return e
}

var doneStaged = greeting("product-staged", "ok", "The product is in its next stage. See below whom it has to be told.")

// deviceStage moves a product on in its life.
func (c *Ctx) deviceStage() error {
	id := c.R.PathValue("product")
	return c.caseAct(caseForm{which: "stage", fields: []string{"stage", "why"}, show: c.showLifecycle, do: func(tx *db.Tx, a attempt) (string, error) {
		_, err := c.Devices.MoveStage(tx, id, devices.Stage(a.t["stage"]), a.t["why"])
		return productAt(id) + productLifecycle + "?done=" + doneStaged, err
	}})
}

// lifeTrack is the course of a product's life and where it stands.
func lifeTrack(x lifecycleView) ui.Track {
	t := ui.Track{ID: "life", Label: "Stage of the product"}
	all := devices.Stages()
	at, skipped := map[devices.Stage]time.Time{}, map[devices.Stage]bool{}
	for _, m := range x.Moves {
		at[m.To] = m.At
		for _, s := range all[slices.Index(all, m.From)+1 : slices.Index(all, m.To)] {
			skipped[s] = true
		}
	}
	before := true
	for _, s := range all {
		step := ui.TrackStep{Name: upperFirst(devices.StageWords(s))}
		switch {
		case s == x.P.Stage:
			step.State, before = "now", false
		case skipped[s]:
			step.State = "skipped"
		case before:
			step.State = "done"
		}
		if d := at[s]; !d.IsZero() {
			step.Note = "since " + d.UTC().Format("2 Jan 2006")
		}
		t.Steps = append(t.Steps, step)
	}
	return t
}

// moveOptions are the stages that a product can move to.
func moveOptions(x lifecycleView) []ui.Option {
	var out []ui.Option
	for i, m := range x.Next {
		o := ui.Option{Value: string(m.To), Text: upperFirst(devices.StageWords(m.To)), Hint: owedSentence(m.Owed), Selected: i == 0}
		if x.End.Next != "" && x.End.Next != x.P.Stage {
			o.Selected = m.To == x.End.Next
		}
		out = append(out, o)
	}
	return out
}

// owedSentence says whom something has to be told.
func owedSentence(owed []string) string {
	switch len(owed) {
	case 0:
		return "Nobody has to be told."
	case 1:
		if owed[0] == devices.OwedUser {
			return "Those who run it have to be told."
		}
		return "The public has to be told."
	}
	return "Those who run it and the public have to be told."
}

// noticeSentence says how early the end of support was announced.
func noticeSentence(p devices.Product) (kind, sentence string) {
	switch devices.CheckNotice(p.EOS, p.Announced) {
	case devices.NoticeOK:
		return "ok", "The end of support on " + p.EOS + " was announced on " + p.Announced + ", three years before or more."
	case devices.NoticeWarn:
		return "warn", "The end of support on " + p.EOS + " was announced on " + p.Announced + ", two to three years before. That is enough, and the transfer of responsibility has to begin at once."
	case devices.NoticeLate:
		return "danger", "The end of support on " + p.EOS + " was announced on " + p.Announced + ", less than two years before."
	}
	return "", ""
}
