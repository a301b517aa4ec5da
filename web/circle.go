package web

import (
	"errors"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// circles lists the circles that the reader may know of.
func (c *Ctx) circles() error {
	list, err := c.Members.Circles(c.View)
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Circles", Kind: "circles", Label: strictestOf(list), Live: []string{"*"}, Body: circlesPage(list, c.Viewer, c.View.Now()), Right: circlesAside()})
}

// strictestOf is the label of a list of circles: as the strictest of them.
func strictestOf(list []members.Circle) policy.Label {
	l := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	for _, x := range list {
		if x.Label.TLP.StricterThan(l.TLP) {
			l = x.Label
		}
	}
	return l
}

// circleNew is the form with which a circle is formed.
func (c *Ctx) circleNew() error { return c.showCircleNew(200, typed{"known": "circle"}, nil) }

func (c *Ctx) showCircleNew(status int, t typed, errs []ui.FieldError) error {
	return c.show(Page{Title: "Form a circle", Kind: "circle-new", Status: status, Body: circleNewPage(t, errs), Right: circlesAside()})
}

// circleForm forms a circle; the reader becomes its first steward.
func (c *Ctx) circleForm() error {
	t, err := c.typed("name", "purpose", "named", "known")
	if err != nil {
		return err
	}
	n := members.NewCircle{Name: t["name"], Purpose: t["purpose"], Named: t["named"] != ""}
	switch t["known"] {
	case "community":
		n.Label = policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	case "circle": // only itself: the duty adds it
	default:
		err = fault.InvalidField("known", "Choose who may know that the circle exists.")
	}
	var id string
	if err == nil {
		err = c.write(func(tx *db.Tx) (err error) { id, err = c.Members.FormCircle(tx, n); return err })
	}
	if err != nil {
		return c.again(err, func(status int) error {
			return c.showCircleNew(status, t, formErrors(err, "circle", "name", "purpose", "known"))
		})
	}
	return c.redirect("/circles/" + id + "?done=" + doneFormed)
}

var (
	doneFormed = greeting("formed", "ok", "The circle is formed, and you are its steward.")
	doneAdded  = greeting("added", "ok", "Added. From now on this person reads what the circle reads.")
	doneOut    = greeting("out", "ok", "Taken out. Nothing of the circle opens for this person any more.")
	doneDuty   = greeting("duty", "ok", "The roster is changed.")
	doneLeft   = greeting("left", "ok", "You have left the circle.")
)

// circleView is everything on a circle's page.
type circleView struct {
	circle members.Circle
	roster []members.RosterRow
	desk   bool // it is the desk's circle, which follows the desk role
	query  string
	found  []members.Person // to be added
	room   bool             // the reader may open a room
	fresh  bool
	errs   []ui.FieldError
}

// circleShow is a circle: its roster for those in it, what its stewards decide,
// and nothing but its name for those who may only know of it.
func (c *Ctx) circleShow() error { return c.showCircle(200, nil) }

func (c *Ctx) showCircle(status int, errs []ui.FieldError) error {
	id := c.R.PathValue("circle")
	x := circleView{errs: errs, query: strings.TrimSpace(c.R.URL.Query().Get("q")), room: c.Viewer.May(policy.MayOpenRoom), fresh: c.fresh()}
	var err error
	if x.circle, err = c.Members.Circle(c.View, id); err != nil {
		return err
	}
	s, err := c.Members.Settings(c.View)
	if err != nil {
		return err
	}
	x.desk = s.Desk == id
	label := x.circle.Label
	if x.circle.Mine {
		if x.roster, err = c.Members.Roster(c.View, id); err != nil {
			return err
		}
		label = policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(id))}
	}
	if x.circle.Steward && x.query != "" {
		in := map[string]bool{}
		for _, r := range x.roster {
			in[r.ID] = true
		}
		found, err := c.Members.FindPeople(c.View, members.Filter{Query: x.query, Limit: 30})
		if err != nil {
			return err
		}
		for _, p := range found {
			if !in[p.ID] {
				x.found = append(x.found, p)
			}
		}
	}
	return c.show(Page{Title: x.circle.Name, Kind: "circle", Status: status, Label: label, Live: []string{id}, Body: circlePage(x, c.Viewer, c.View.Now()), Right: circleAside(x, c.View.Now())})
}

// circleAct does an act on a circle and goes on to its page.
func (c *Ctx) circleAct(done string, act func(tx *db.Tx, circle string) error) error {
	id := c.R.PathValue("circle")
	err := c.write(func(tx *db.Tx) error { return act(tx, id) })
	switch {
	case errors.Is(err, members.ErrStepUp):
		return c.redirect(stepUpLink("/circles/" + id))
	case fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid):
		return c.again(err, func(status int) error { return c.showCircle(status, formErrors(err, "circle")) })
	case err != nil:
		return err
	}
	return c.redirect("/circles/" + id + "?done=" + done)
}

func (c *Ctx) circleAdd() error {
	t, err := c.typed("person")
	if err != nil {
		return err
	}
	return c.circleAct(doneAdded, func(tx *db.Tx, circle string) error { return c.Members.AddToCircle(tx, circle, t["person"]) })
}

func (c *Ctx) circleRemove() error {
	return c.circleAct(doneOut, func(tx *db.Tx, circle string) error {
		return c.Members.RemoveFromCircle(tx, circle, c.R.PathValue("person"))
	})
}

func (c *Ctx) circleSteward() error {
	t, err := c.typed("steward")
	if err != nil {
		return err
	}
	return c.circleAct(doneDuty, func(tx *db.Tx, circle string) error {
		return c.Members.SetSteward(tx, circle, c.R.PathValue("person"), t["steward"] == "1")
	})
}

func (c *Ctx) circleLeave() error {
	id := c.R.PathValue("circle")
	err := c.write(func(tx *db.Tx) error { return c.Members.LeaveCircle(tx, id) })
	switch {
	case fault.Is(err, fault.Conflict):
		return c.again(err, func(status int) error { return c.showCircle(status, formErrors(err, "circle")) })
	case err != nil:
		return err
	}
	return c.redirect("/circles?done=" + doneLeft)
}
