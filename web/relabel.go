package web

import (
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

var (
	doneTightened = greeting("tightened", "ok", "The label was changed at once.")
	doneLoosening = greeting("loosening", "info", "A second person has to agree before more people can see it. You will see here when that is done.")
	doneAgreed    = greeting("agreed", "ok", "You agreed. The label was changed.")
	doneNotAgreed = greeting("not-agreed", "ok", "You refused. Nothing was changed.")
	doneTakenBack = greeting("taken-back", "ok", "The request was withdrawn.")
)

// relabelled is the thing whose label a form changes: a topic, or a post of it.
type relabelled struct {
	Topic forum.Topic
	Post  *forum.Post
	Label policy.Label
	Words string // its audience
}

func (r relabelled) href() string {
	if r.Post != nil {
		return "/posts/" + r.Post.ID
	}
	return "/topics/" + r.Topic.ID
}

// relabelTopic is the form to change a topic's label; relabelPost a reply's.
func (c *Ctx) relabelTopic() error { return c.relabelForm(200, composed{}, "", nil) }

// thing reads what the address names.
func (c *Ctx) thing() (r relabelled, err error) {
	topic := c.R.PathValue("topic")
	if id := c.R.PathValue("post"); id != "" {
		p, err := c.Forum.Post(c.View, id)
		if err != nil {
			return r, err
		}
		topic, r.Post, r.Label = p.Topic, &p, p.Label
	}
	if r.Topic, err = c.Forum.Topic(c.View, topic); err != nil {
		return r, err
	}
	author := r.Topic.Author
	if r.Post == nil {
		r.Label = r.Topic.Label
	} else {
		author = r.Post.Author
	}
	if author.Person != c.Viewer.Person {
		return r, fault.Forbiddenf("Only its originator may change a label, or ask for a looser one.")
	}
	r.Words, err = c.audienceWords(c.View, r.Label.Audience)
	return r, err
}

func (c *Ctx) relabelForm(status int, in composed, why string, problem error) error {
	r, err := c.thing()
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(r.Label) {
		return c.secondPasskey()
	}
	if in.TLP == "" && len(in.Audience) == 0 {
		in.TLP, in.Audience = string(r.Label.TLP), r.Label.Audience.Strings()
	}
	under := policy.Label{}
	if r.Post != nil {
		under = r.Topic.Label
	}
	groups, marking, err := c.audienceGroups(c.View, in.Audience, under)
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Change the label of " + r.Topic.Title, Kind: "relabel", Label: stricter(r.Label, marking), Status: status,
		Body: relabelBody(r, in.TLP, under.TLP, why, groups, formErrors(problem, "relabel", "label", "audience", "why"))})
}

// relabel changes a label at once if that only takes readers away, and asks a
// second person otherwise.
func (c *Ctx) relabel() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	var in composed
	var why string
	var err error
	for name, to := range map[string]*string{"tlp": &in.TLP, "why": &why} {
		if *to, err = c.field(name); err != nil {
			return err
		}
	}
	if in.Audience = c.R.PostForm["audience"]; len(in.Audience) > policy.MaxAudience {
		return fault.InvalidField("audience", "An audience has at most %d members.", policy.MaxAudience)
	}
	var request string
	topic, post := c.R.PathValue("topic"), c.R.PathValue("post")
	err = c.write(func(tx *db.Tx) error {
		l, err := in.label(policy.Label{})
		if err != nil {
			return err
		}
		if post != "" {
			request, err = c.Forum.RelabelPost(tx, post, l, why)
		} else {
			request, err = c.Forum.RelabelTopic(tx, topic, l, why)
		}
		return err
	})
	if err != nil {
		return c.again(err, func(status int) error { return c.relabelForm(status, in, why, err) })
	}
	to := "/topics/" + topic
	if post != "" {
		err := c.read(func(v *db.View) error {
			p, err := c.Forum.Post(v, post)
			to = "/topics/" + p.Topic
			return err
		})
		if fault.Is(err, fault.Missing) {
			to = "/inbox" // he took himself out of the audience
		} else if err != nil {
			return err
		}
	}
	if request != "" {
		return c.redirect(to + "?done=" + doneLoosening)
	}
	return c.redirect(to + "?done=" + doneTightened)
}

// approval is a request to loosen a label, as its second person sees it.
type approval struct {
	forum.Relabel
	From, To     string // audiences in words
	Before, Then string // how many people
}

// approvals lists the labels that wait for the reader's decision.
func (c *Ctx) approvals() error {
	all, err := c.Forum.RelabelsToDecide(c.View)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	var list []approval
	var label policy.Label
	hidden := 0
	for _, r := range all {
		if g.hides(r.From) {
			hidden++
			continue
		}
		if label.TLP == "" || r.From.TLP.StricterThan(label.TLP) {
			label.TLP = r.From.TLP
		}
		a := approval{Relabel: r}
		if a.From, a.Before, err = c.labelWords(r.From); err != nil {
			return err
		}
		if a.To, a.Then, err = c.labelWords(r.To); err != nil {
			return err
		}
		list = append(list, a)
	}
	return c.show(Page{Title: "Approvals", Kind: "approvals", Label: label, Live: []string{"*"}, Body: approvalsBody(list, hidden, c.View.Now())})
}

// labelWords is who is named by a label, and how many people that is.
func (c *Ctx) labelWords(l policy.Label) (words, people string, err error) {
	if words, err = c.audienceWords(c.View, l.Audience); err != nil {
		return "", "", err
	}
	r, err := c.Members.Reach(c.View, l)
	return words, r.Sentence(), err
}

func (c *Ctx) approve() error {
	return c.decide(c.Forum.ApproveRelabel, "/approvals?done="+doneAgreed)
}
func (c *Ctx) refuse() error {
	return c.decide(c.Forum.RefuseRelabel, "/approvals?done="+doneNotAgreed)
}

// withdraw takes one's own request back.
func (c *Ctx) withdraw() error {
	return c.decide(c.Forum.WithdrawRelabel, "/inbox?done="+doneTakenBack)
}

func (c *Ctx) decide(do func(*db.Tx, string) error, to string) error {
	id := c.R.PathValue("id")
	if err := c.write(func(tx *db.Tx) error { return do(tx, id) }); err != nil {
		return err
	}
	return c.redirect(to)
}
