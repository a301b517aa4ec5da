package web

import (
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/policy"
)

// maxCitedName is up to how many characters of an object's name stand in a text
// that cites it.
const maxCitedName = 80

// cited is the object that an id means to the reader: the latest version that he
// may see. It is false alike for an id that is hidden from him, that waits for his
// second passkey, that nobody has, and for what is no id.
func (c *Ctx) cited(id string) (o intel.Object, ok bool) {
	if len(id) > 120 || !intel.ValidID(id) {
		return o, false
	}
	o, err := c.Intel.Object(c.View, id)
	if err != nil {
		return o, false
	}
	if g, err := c.gate(); err != nil || g.hides(o.Label) {
		return intel.Object{}, false
	}
	return o, true
}

// cite is a cited object's page and name, for a text's link. The page that shows
// the name is marked at least like the object.
func (p *prose) cite(id string) (href, name string, ok bool) {
	found, known := p.cites[id]
	if !known && len(p.cites) < maxLookups {
		if o, ok := p.c.cited(id); ok {
			found = citation{objectAt(o.ID), clip(objectTitle(o.Name, o.Type, o.ID), maxCitedName), o.Label.TLP}
		}
		p.cites[id] = found
	}
	if found.href == "" {
		return "", "", false
	}
	if p.c.citing == "" || found.tlp.StricterThan(p.c.citing) {
		p.c.citing = found.tlp
	}
	return found.href, found.name, true
}

// citation is an object as a text shows it; the zero citation is none.
type citation struct {
	href, name string
	tlp        policy.TLP
}
