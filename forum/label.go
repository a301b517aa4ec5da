package forum

import (
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// noLabel reports whether nothing was said about the label.
func noLabel(l policy.Label) bool { return l.TLP == "" && l.Audience.Empty() }

// checkLabel checks a label that the viewer chose: it must be lawful, name only
// whom he can know of, and let him read what he writes.
func (f *Forum) checkLabel(v *db.View, p *problems, l policy.Label) error {
	return p.labelField(f.members.CheckLabel(v, l))
}

// checkUnder checks a label chosen for something that stands under another: a
// reply under its topic, a quotation beside its source.
func (f *Forum) checkUnder(v *db.View, p *problems, outer, l policy.Label, what string) error {
	if l.TLP == outer.TLP && l.Audience.Equal(outer.Audience) {
		return nil
	}
	had := len(*p)
	known := true // the outer audience's own members are known to whoever reads it
	for _, m := range l.Audience.Members() {
		known = known && outer.Audience.Has(m)
	}
	facts := f.members.Facts(v)
	if known {
		if err := p.labelField(l.Check(facts)); err != nil {
			return err
		}
	} else if err := p.labelField(f.members.CheckLabel(v, l)); err != nil {
		return err
	}
	switch {
	case len(*p) > had:
	case outer.TLP.StricterThan(l.TLP):
		p.add("label", "%s is looser than %s, which is %s. Choose %s or a stricter label.", l.TLP, what, outer.TLP, outer.TLP)
	case !policy.Covers(outer.Audience, l.Audience, facts):
		p.add("audience", "This audience reaches somebody who cannot read %s. Choose the same audience or a part of it.", what)
	case !v.Viewer().CanRead(l.Audience):
		p.add("audience", "You could not read this yourself. Add your organization, or a circle you are in.")
	}
	return nil
}

// joined is the label of what stands under two labels: the stricter marking and,
// as far as the facts tell, those whom both reach. Where that is nobody or not
// lawful, it is the author alone: joining never adds a reader (T-07).
func joined(a, b policy.Label, author string, facts policy.Facts) policy.Label {
	switch {
	case policy.NotLooser(a, b, facts):
		return b
	case policy.NotLooser(b, a, facts):
		return a
	}
	var both []policy.Principal
	for _, p := range a.Audience.Members() {
		if policy.Covers(b.Audience, policy.NewAudience(p), facts) {
			both = append(both, p)
		}
	}
	for _, p := range b.Audience.Members() {
		if policy.Covers(a.Audience, policy.NewAudience(p), facts) {
			both = append(both, p)
		}
	}
	l := policy.Label{TLP: policy.Strictest(a.TLP, b.TLP), Audience: policy.NewAudience(both...)}
	if l.Check(facts) != nil {
		return policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(author))}
	}
	return l
}

func same(a, b policy.Label) bool { return a.TLP == b.TLP && a.Audience.Equal(b.Audience) }
