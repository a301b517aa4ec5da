package taxii

import (
	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
)

// discovery says what there is (§4.1). Who is not known is sent to the public root,
// a member's program to the community's.
func (c *call) discovery() error {
	s, err := c.Members.Settings(c.view)
	if err != nil {
		return err
	}
	at := func(r *root) string { return c.Origin + "/taxii2/" + r.name + "/" }
	d := taxii.Discovery{Title: s.Name, Description: "Threat intelligence that this community shares.", Default: at(public), APIRoots: []string{at(community), at(public)}}
	if c.who.SignedIn() {
		d.Default = at(community)
	}
	return c.answer(d)
}

// apiRoot describes a root (§4.2).
func (c *call) apiRoot() error {
	r := c.line.root
	return c.answer(taxii.APIRoot{Title: r.title, Description: r.about, Versions: []string{taxii.MediaType}, MaxContentLength: intel.MaxPosted})
}
