package web

import (
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// shareView is what the part of a form is drawn from that says who will see what it
// sends: label, audience, and in words whom that reaches.
type shareView struct {
	which   string // the form's id
	tlp     string
	least   policy.TLP // nothing looser is offered
	groups  []ui.AudienceGroup
	preview ui.Preview
	errs    []ui.FieldError
	open    bool
	hint    string
}

// shareFields are the names of the fields of that part, as [Ctx.caseAct] takes them.
var shareFields = []string{"tlp", "label"}

// shareView offers whom something may be sent to; at first label is chosen. The page
// is marked like the strictest circle that it names.
func (c *Ctx) shareView(which string, a attempt, label policy.Label, least policy.TLP) (x shareView, marking policy.TLP, err error) {
	x = shareView{which: which, tlp: string(label.TLP), least: least}
	chosen := label.Audience.Strings()
	if a.which == which {
		x.tlp, chosen, x.errs = a.t["tlp"], a.lists["audience"], a.errs
		x.open = errorOf(x.errs, which+"-label") != "" || errorOf(x.errs, which+"-audience") != ""
	}
	if x.groups, marking, err = c.audienceGroups(c.View, chosen, policy.Label{}); err != nil {
		return x, marking, err
	}
	l, err := labelOf(attempt{t: typed{"tlp": x.tlp}, lists: map[string][]string{"audience": chosen}})
	if err != nil {
		x.preview.Problem = fault.Sentence(err)
		return x, marking, nil
	}
	if l.TLP == "" && l.Audience.Empty() {
		l = policy.Default(c.Viewer.Org)
	}
	x.preview, err = c.preview(c.View, l, policy.Label{})
	return x, marking, err
}

// labelOf is the label that a form chose; the zero label if it chose nothing.
func labelOf(a attempt) (policy.Label, error) {
	return composed{TLP: a.t["tlp"], Audience: a.lists["audience"]}.label(policy.Label{})
}

// together is the label of a page that shows both: the stricter marking, and the
// readers only if they are the same.
func together(l, other policy.Label) policy.Label {
	switch {
	case other.TLP == "":
		return l
	case l.TLP == "":
		return other
	case other.TLP.StricterThan(l.TLP):
		return policy.Label{TLP: other.TLP}
	case l.TLP == other.TLP && !l.Audience.Equal(other.Audience):
		return policy.Label{TLP: l.TLP}
	}
	return l
}

// button is what the button says at first.
func (x shareView) button() string {
	if x.preview.Button == "" {
		return "Send"
	}
	return x.preview.Button
}
