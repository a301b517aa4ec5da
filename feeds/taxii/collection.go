package taxii

import (
	"crypto/sha1"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// root is an API root.
type root struct{ name, title, about string }

var (
	community = &root{"community", "The community", "What this community shares. Each object is shown to those who may read it."}
	public    = &root{"public", "Public", "What is marked TLP:CLEAR. Nobody has to say who asks."}
)

// collection is a view of the store.
type collection struct {
	id, alias, title, about string
	types                   []string       // only these; nil = all
	circle                  members.Circle // only what is addressed to it; zero = all
	takes                   bool           // takes posts
}

// namespace is that of the collections' ids (UUID version 5, RFC 9562 §5.5), so that
// they are the same on every node and after every restore.
var namespace = [16]byte{0x8a, 0x5f, 0x1c, 0x2e, 0x40, 0x7b, 0x4d, 0x91, 0xb6, 0x3e, 0x1d, 0x09, 0x77, 0xc4, 0xe2, 0x58}

func uuid(name string) string {
	h := sha1.New()
	h.Write(namespace[:])
	h.Write([]byte(name))
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// byType is the collections that hold everything of some types.
var byType = []struct {
	alias, title string
	types        []string
}{
	{"indicators", "Indicators", []string{"indicator"}},
	{"sightings", "Sightings and what was observed", []string{"observed-data", "sighting"}},
	{"malware-and-tools", "Malware and tools", []string{"malware", "malware-analysis", "tool"}},
	{"vulnerabilities", "Vulnerabilities", []string{"vulnerability"}},
	{"attack-patterns", "Attack patterns and what helps against them", []string{"attack-pattern", "course-of-action"}},
	{"actors", "Actors, campaigns and infrastructure", []string{"campaign", "infrastructure", "intrusion-set", "threat-actor"}},
	{"reports", "Reports, groupings, notes and opinions", []string{"grouping", "note", "opinion", "report"}},
}

// fixed is the collections of each root that are there for everybody who may ask,
// "everything" first.
var fixed = func() map[*root][]collection {
	all := map[*root][]collection{}
	for _, r := range []*root{community, public} {
		everything := collection{alias: "everything", title: "Everything", about: "All that you may read.", takes: r == community}
		if r == public {
			everything.about = "All that is public."
		}
		if everything.takes {
			everything.about += " Post here: objects without a marking stay in your own organization (TLP:AMBER+STRICT). By posting you say that a review for personal data found none (R-046)."
		}
		all[r] = append(all[r], everything)
		for _, t := range byType {
			all[r] = append(all[r], collection{alias: t.alias, title: t.title, about: "Of all that you may read: " + strings.Join(t.types, ", ") + ".", types: t.types})
		}
		for i, c := range all[r] {
			all[r][i].id = uuid(r.name + "/" + c.alias)
		}
	}
	return all
}()

// circleID is the id of a circle's collection.
func circleID(circle string) string { return uuid("community/circle/" + circle) }

func ofCircle(c members.Circle) collection {
	out := collection{id: circleID(c.ID), alias: c.ID, title: c.Name, circle: c, takes: true,
		about: "What is addressed to the circle " + c.Name + ". Whatever is posted here reaches the circle and nobody else: objects without a marking, and those marked wider, are TLP:AMBER."}
	if !c.Named {
		out.about += " TLP:RED reaches you alone, because the circle is not one of named persons."
	}
	return out
}

// collection finds the collection of the path by its id or alias (§5.2). A circle
// that the asker is not in is missing like one that does not exist.
func (c *call) collection() (collection, error) {
	name := c.r.PathValue("collection")
	for _, col := range fixed[c.line.root] {
		if col.id == name || col.alias == name {
			return col, nil
		}
	}
	if c.line.root != community {
		return collection{}, fault.ErrMissing
	}
	for _, p := range c.who.Principals().Members() {
		if p.Class() != "circle" || p.ID() != name && circleID(p.ID()) != name {
			continue
		}
		circle, err := c.Members.Circle(c.view, p.ID())
		if err == nil && circle.Object != "" { // a team is reached through what it works on
			err = fault.ErrMissing
		}
		return ofCircle(circle), err
	}
	return collection{}, fault.ErrMissing
}

// wire is a collection as the asker sees it.
type wire struct {
	taxii.Collection
	Markings []string `json:"x_cordon_markings,omitzero"` // those that objects in it may have, for this asker
}

func (c *call) wire(col collection) wire {
	w := wire{Collection: taxii.Collection{ID: col.id, Title: col.title, Description: col.about, Alias: col.alias, CanRead: true,
		CanWrite: col.takes && c.who.May(policy.MayPost), MediaTypes: []string{taxii.STIXMediaType}}}
	for _, m := range c.markingsOf(col) {
		w.Markings = append(w.Markings, m.ID)
	}
	return w
}

// collections lists what the asker may know of (§5.1): everything, his circles by
// name, and everything by type.
func (c *call) collections() error {
	all := fixed[c.line.root]
	out := struct {
		Collections []wire `json:"collections"`
	}{[]wire{c.wire(all[0])}}
	if c.line.root == community {
		circles, err := c.Members.Circles(c.view)
		if err != nil {
			return err
		}
		for _, circle := range circles {
			if circle.Mine {
				out.Collections = append(out.Collections, c.wire(ofCircle(circle)))
			}
		}
	}
	for _, col := range all[1:] {
		out.Collections = append(out.Collections, c.wire(col))
	}
	return c.answer(out)
}

// oneCollection is one of them (§5.2).
func (c *call) oneCollection() error {
	col, err := c.collection()
	if err != nil {
		return err
	}
	return c.answer(c.wire(col))
}

// marking is a traffic light that the asker may receive.
type marking struct {
	TLP     string   `json:"tlp"`
	ID      string   `json:"id"`      // of the STIX marking definition
	Through []string `json:"through"` // as what the asker receives it
}

// markingsOf is the markings that objects in a collection may have for this asker.
func (c *call) markingsOf(col collection) (out []marking) {
	for _, tlp := range policy.Markings() {
		var through []string
		for _, p := range c.who.Principals().Members() {
			if receives(tlp, p) && (col.circle.ID == "" || p == policy.OfCircle(col.circle.ID) && (tlp != policy.Red || col.circle.Named)) {
				through = append(through, string(p))
			}
		}
		if len(through) > 0 {
			slices.Sort(through)
			out = append(out, marking{tlp.String(), stix.MarkingID(string(tlp)), through})
		}
	}
	return out
}

// receives reports whether a marking may be addressed to a principal (docs: TLP
// decides which audiences are lawful). Whether a circle is one of named persons is
// left open: that a circle may hold RED does not say that it does.
func receives(t policy.TLP, p policy.Principal) bool {
	switch p.Class() {
	case "public":
		return t == policy.Clear
	case "community", "community-private", "kind":
		return t == policy.Green
	case "org":
		return t == policy.Amber || t == policy.AmberStrict
	case "circle":
		return t == policy.Amber || t == policy.AmberStrict || t == policy.Red
	case "person":
		return t == policy.Red
	}
	return false
}

// markings tells which markings the asker may receive from this root, and as what
// (oasis-tcs/cti-taxii2#119). It is not in the standard.
func (c *call) markings() error {
	return c.answer(struct {
		Markings []marking `json:"markings"`
	}{c.markingsOf(collection{})})
}
