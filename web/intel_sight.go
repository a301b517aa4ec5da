package web

import (
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneSighted    = greeting("intel-sighted", "ok", "It is on record that your organization saw it.")
	doneRemarked   = greeting("intel-remarked", "ok", "Your words are added. Everyone who is named below the form reads them.")
	doneSaidWaits  = greeting("intel-said-waits", "info", "It waits until somebody who may lets it in: see Waiting.")
	doneSaidBefore = greeting("intel-said-before", "info", "That was said before, in the same words. Nothing was added.")
)

// sayView is what the forms for a sighting and for a remark are drawn from.
type sayView struct {
	Tabs   []ui.Tab
	O      intel.Object
	Label  policy.Label // what it would get without a stricter choice
	Whom   string       // whom that reaches, in words
	Labels []ui.Option
	Now    time.Time
}

// intelSightForm is the form for a sighting that says more than "once, now".
func (c *Ctx) intelSightForm() error { return c.showSight(200, attempt{}) }

func (c *Ctx) showSight(status int, a attempt) error {
	return c.showSay(func(x sayView) error {
		if !mayBeSeen(x.O.Object) {
			return fault.ErrMissing
		}
		return c.show(Page{Title: "Report a sighting", Kind: "compose", Label: x.O.Label, Status: status, Body: sightBody(x, a)})
	})
}

// intelRemarkForm is the form for a note or an opinion.
func (c *Ctx) intelRemarkForm() error { return c.showRemark(200, attempt{}) }

func (c *Ctx) showRemark(status int, a attempt) error {
	return c.showSay(func(x sayView) error {
		return c.show(Page{Title: "Add a note or an opinion", Kind: "compose", Label: x.O.Label, Status: status, Body: remarkBody(x, a)})
	})
}

// showSay reads what both forms need: the object, and what label would be given.
func (c *Ctx) showSay(show func(x sayView) error) error {
	o, _, err := c.objectOf()
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(o.Label) {
		return c.secondPasskey()
	}
	x := sayView{O: o, Now: c.View.Now()}
	if x.Tabs, err = c.intelTabs(intelAtSearch); err != nil {
		return err
	}
	if x.Label, err = c.Intel.LabelFor(c.View, o, ""); err != nil {
		return err
	}
	if x.Whom, err = c.audienceWords(c.View, x.Label.Audience); err != nil {
		return err
	}
	x.Labels = []ui.Option{{Value: "", Text: "As usual: " + ui.TLPText(string(x.Label.TLP)), Selected: true}}
	for _, t := range policy.Markings() {
		if t != x.Label.TLP && !o.Label.TLP.StricterThan(t) {
			x.Labels = append(x.Labels, ui.Option{Value: string(t), Text: ui.TLPText(string(t))})
		}
	}
	return show(x)
}

// intelSight records that the reader's organization saw an object: with one key
// once and now, or as the form says.
func (c *Ctx) intelSight() error {
	id := c.R.PathValue("object")
	if !intel.ValidID(id) {
		return fault.ErrMissing
	}
	if err := c.parseForm(); err != nil {
		return err
	}
	show := c.showSight
	if quick, err := c.field("quick"); err != nil {
		return err
	} else if quick != "" {
		show = c.showObject
	}
	return c.caseAct(caseForm{which: "sight", fields: []string{"quick", "count", "first", "last", "negative", "where", "attribution", "tlp", "note"}, show: show, do: func(tx *db.Tx, a attempt) (string, error) {
		s, err := readSighting(a)
		if err != nil {
			return "", err
		}
		out, err := c.Intel.Sight(tx, id, s)
		if err != nil {
			return "", err
		}
		return said(id, out, doneSighted, "sightings")
	}})
}

// readSighting reads the form; what is left empty is for the duty to fill.
func readSighting(a attempt) (s intel.Sighting, err error) {
	s = intel.Sighting{Negative: a.t["negative"] != "", Where: a.t["where"] != "", Attribution: intel.Attribution(a.t["attribution"]), TLP: policy.TLP(a.t["tlp"]), Note: a.t["note"]}
	var bad []fault.Field
	if n := strings.TrimSpace(a.t["count"]); n != "" {
		if s.Count, err = strconv.Atoi(n); err != nil || s.Count < 1 {
			bad = append(bad, fault.Field{Name: "count", Message: "Write how many times as a whole number, 1 or more."})
		}
	}
	for _, f := range []struct {
		name string
		to   *time.Time
	}{{"first", &s.First}, {"last", &s.Last}} {
		if v := strings.TrimSpace(a.t[f.name]); v != "" {
			at, err := time.Parse("2006-01-02T15:04", v)
			if err != nil {
				bad = append(bad, fault.Field{Name: f.name, Message: "Write it as year-month-dayThour:minute in UTC, such as 2026-11-14T08:30."})
			}
			*f.to = at
		}
	}
	return s, fault.InvalidFields(bad)
}

// intelRemark adds a note or an opinion to an object.
func (c *Ctx) intelRemark() error {
	id := c.R.PathValue("object")
	if !intel.ValidID(id) {
		return fault.ErrMissing
	}
	return c.caseAct(caseForm{which: "remark", fields: []string{"text", "opinion", "attribution", "tlp"}, show: c.showRemark, do: func(tx *db.Tx, a attempt) (string, error) {
		out, err := c.Intel.Remark(tx, id, intel.Remark{Text: a.t["text"], Opinion: intel.Opinion(a.t["opinion"]), Attribution: intel.Attribution(a.t["attribution"]), TLP: policy.TLP(a.t["tlp"])})
		if err != nil {
			return "", err
		}
		return said(id, out, doneRemarked, "remarks")
	}})
}

// said is where a form leads after what became of it.
func said(id string, out intel.Outcome, done, part string) (string, error) {
	switch out.Kind {
	case intel.WasHeld:
		done = doneSaidWaits
	case intel.WasSame:
		done = doneSaidBefore
	case intel.WasRefused:
		return "", fault.Invalidf("%s", out.Reason)
	}
	return objectAt(id) + "?done=" + done + "#" + part, nil
}
