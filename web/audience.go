package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// audienceRows is a reach as the audience panel shows it.
func audienceRows(r members.Reach) []ui.AudienceRow {
	if r.Everyone {
		return []ui.AudienceRow{{Org: "Everyone, on the public web"}}
	}
	rows := make([]ui.AudienceRow, 0, len(r.Rows)+1)
	for _, o := range r.Rows {
		rows = append(rows, ui.AudienceRow{Org: o.Name, Kind: members.KindWords(o.Kind, 1), People: o.People})
	}
	if r.Others {
		rows = append(rows, ui.AudienceRow{Org: "Others, whom you cannot see"})
	}
	return rows
}

// tlpWords says in a line whom a marking lets a thing go to.
var tlpWords = map[policy.TLP]string{
	policy.Clear:       "anyone, on the public web",
	policy.Green:       "the community, or kinds of members",
	policy.Amber:       "organizations and circles, and their clients",
	policy.AmberStrict: "organizations and circles only",
	policy.Red:         "named persons only",
}

// labelOptions are the markings that are at least as strict as least.
func labelOptions(selected, least policy.TLP) []ui.Option {
	var os []ui.Option
	for _, t := range policy.Markings() {
		if least.Known() && least.StricterThan(t) {
			continue
		}
		os = append(os, ui.Option{Value: string(t), Text: t.String() + ": " + tlpWords[t], Selected: t == selected})
	}
	return os
}

// audienceGroups is whom the viewer may address, by sort, with what is chosen.
// Under another thing (a topic), it is those of its readers that can be named.
// The marking is the strictest of what is listed: who the members are is for the
// community, and some circles are known to few.
func (c *Ctx) audienceGroups(v *db.View, chosen []string, under policy.Label) ([]ui.AudienceGroup, policy.TLP, error) {
	marking := policy.Green
	all, err := c.Members.Addressees(v)
	if err != nil {
		return nil, marking, err
	}
	facts := c.Members.Facts(v)
	offer := func(g *ui.AudienceGroup, p policy.Principal, text, hint string) {
		if !under.Audience.Empty() && !policy.Covers(under.Audience, policy.NewAudience(p), facts) {
			return
		}
		g.Options = append(g.Options, ui.Option{Value: string(p), Text: text, Hint: hint, Selected: slices.Contains(chosen, string(p))})
	}
	circles := ui.AudienceGroup{Title: "Circles"}
	slices.SortStableFunc(all.Circles, func(a, b members.Circle) int { return boolOrder(b.Mine, a.Mine) })
	for _, x := range all.Circles {
		marking = policy.Strictest(marking, x.Label.TLP)
		hint := ""
		switch {
		case x.Mine && x.Named:
			hint = "yours, named persons"
		case x.Mine:
			hint = "yours"
		case x.Named:
			hint = "named persons"
		}
		offer(&circles, policy.OfCircle(x.ID), x.Name, hint)
	}
	orgs := ui.AudienceGroup{Title: "Organizations"}
	for _, o := range all.Orgs {
		hint := members.KindWords(o.Kind, 1)
		if o.ID == v.Viewer().Org {
			hint = "yours"
		}
		offer(&orgs, policy.OfOrg(o.ID), o.Name, hint)
	}
	wide := ui.AudienceGroup{Title: "Community and kinds"}
	offer(&wide, policy.Community, "The whole community", "")
	offer(&wide, policy.CommunityPrivate, "The community without government members", "")
	for _, k := range all.Kinds {
		offer(&wide, policy.OfKind(k), "All "+members.KindWords(k, 2), "")
	}
	offer(&wide, policy.Public, "Everyone, on the public web", "TLP:CLEAR")
	people := ui.AudienceGroup{Title: "People"}
	for _, p := range all.People {
		hint := p.OrgName
		if p.ID == v.Viewer().Person {
			hint = "you"
		}
		offer(&people, policy.OfPerson(p.ID), p.Name, hint)
	}
	var gs []ui.AudienceGroup
	for _, g := range []ui.AudienceGroup{circles, orgs, wide, people} {
		if len(g.Options) > 0 {
			gs = append(gs, g)
		}
	}
	return gs, marking, nil
}

// stricter is the label of a page that shows both: the label's readers are known
// only as long as nothing stricter stands beside it.
func stricter(l policy.Label, t policy.TLP) policy.Label {
	if l.TLP == "" || t.StricterThan(l.TLP) {
		return policy.Label{TLP: t}
	}
	return l
}

func boolOrder(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// preview says who would see something with a label, and what is wrong with it.
// under is the topic's label for a reply, and empty for a new topic.
func (c *Ctx) preview(v *db.View, l, under policy.Label) (ui.Preview, error) {
	p := ui.Preview{Label: string(l.TLP)}
	reply := !under.Audience.Empty()
	if !reply || l.TLP != under.TLP || !l.Audience.Equal(under.Audience) {
		known := reply // the members of the topic's audience may be named by whoever reads it
		for _, m := range l.Audience.Members() {
			known = known && under.Audience.Has(m)
		}
		err := l.Check(c.Members.Facts(v))
		if err == nil && !known {
			err = c.Members.CheckLabel(v, l)
		}
		switch {
		case err != nil && fault.KindOf(err) == fault.Busy:
			return p, err
		case err != nil:
			p.Problem = problemText(err)
		case reply && !policy.NotLooser(under, l, c.Members.Facts(v)):
			p.Problem = "This reaches somebody who cannot read the topic, or is looser than " + under.TLP.String() + ". Choose the same readers or fewer."
		}
		if p.Problem != "" {
			return p, nil
		}
	}
	r, err := c.Members.Reach(v, l)
	if err != nil {
		return p, err
	}
	p.Sentence, p.Button, p.Rows = r.Sentence()+" will see this.", r.SendButton(), audienceRows(r)
	if r.Everyone {
		p.Sentence = "Everyone will see this, on the public web, and it cannot be taken back from there."
	}
	return p, nil
}

// problemText is what is wrong with a label, for the reader.
func problemText(err error) string {
	var le *policy.LabelError
	if asLabelError(err, &le) {
		return le.Error()
	}
	return fault.Sentence(err)
}

// audiencePreview answers the composer's question who would see what is being
// written, as JSON.
func (c *Ctx) audiencePreview() error {
	in, err := c.readCompose()
	if err != nil {
		return err
	}
	var p ui.Preview
	err = c.read(func(v *db.View) error {
		under, err := c.labelAbove(v, in)
		if err != nil {
			return err
		}
		l, err := in.label(under)
		if err != nil {
			p.Problem = problemText(err)
			return nil
		}
		if l.TLP == "" && l.Audience.Empty() {
			l = policy.Default(v.Viewer().Org)
		}
		p, err = c.preview(v, l, under)
		return err
	})
	if err != nil {
		return err
	}
	return c.previewJSON(p)
}

// previewJSON answers a form's question who would see what it is about to send.
func (c *Ctx) previewJSON(p ui.Preview) error {
	type row struct {
		Org    string `json:"org"`
		Kind   string `json:"kind,omitempty"`
		People int    `json:"people,omitempty"`
	}
	out := struct {
		Sentence string `json:"sentence,omitempty"`
		Button   string `json:"button,omitempty"`
		Problem  string `json:"problem,omitempty"`
		Rows     []row  `json:"rows"`
	}{p.Sentence, p.Button, p.Problem, []row{}}
	for _, r := range p.Rows {
		out.Rows = append(out.Rows, row{r.Org, r.Kind, r.People})
	}
	return c.json(out)
}

// labelAbove is the label of what a composer's text would stand under: the
// topic's for a reply, none for a new topic.
func (c *Ctx) labelAbove(v *db.View, in composed) (policy.Label, error) {
	if in.Topic == "" {
		return policy.Label{}, nil
	}
	t, err := c.Forum.Topic(v, in.Topic)
	return t.Label, err
}

// json answers a script of ours.
func (c *Ctx) json(x any) error {
	b, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	c.W.Header().Set("Content-Type", "application/json")
	c.W.WriteHeader(http.StatusOK)
	_, err = c.W.Write(append(b, '\n'))
	return err
}

// audienceWords names an audience in a line, as far as the viewer may name it.
func (c *Ctx) audienceWords(v *db.View, a policy.Audience) (string, error) {
	names, others, err := c.Members.Describe(v, a)
	if err != nil {
		return "", err
	}
	var words []string
	for _, n := range names {
		words = append(words, n.Name)
	}
	if others {
		words = append(words, "others you cannot see")
	}
	return strings.Join(words, ", "), nil
}
