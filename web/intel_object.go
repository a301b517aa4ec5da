package web

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	referringShown = 200 // objects that refer to one
	refsShown      = 100 // objects that one refers to
	ownedLooked    = 20  // newest versions among which one's own is looked for
	sightingsShown = 20
)

// objectView is what an object's page is drawn from.
type objectView struct {
	Tabs      []ui.Tab
	O         intel.Object
	Older     bool // a later version is there
	Seen      intel.Sum
	Sightings []intel.Object
	Remarks   []intel.Object // notes and opinions
	Ties      []tie
	TiesCut   bool
	Versions  []intel.Object
	Facts     []ui.KV
	Pattern   string // pretty printed
	PatternAs string // the language of another pattern; "" if STIX
	Raw       string
	RawCut    bool
	Mine      bool // the reader's organization brought a version
	MayPost   bool
	MayExport bool
	Hidden    int // related objects that a second passkey would open
	Prose     *prose
	Now       time.Time
	Life      life
}

// life is how far an object still holds.
type life struct {
	Percent int
	Until   time.Time
	Words   string
	OK      bool
}

// tie is how the object and another belong together.
type tie struct {
	Kind  string        // "uses", "mentioned in"
	Back  bool          // it leads from the other to this one
	Other string        // id
	O     *intel.Object // nil: the reader has no such object
	By    *intel.Object // the relationship that says so, if one does
}

// intelObject is one object: what it says, from whom, how far it holds, what
// belongs to it.
func (c *Ctx) intelObject() error { return c.showObject(200, attempt{}) }

func (c *Ctx) showObject(status int, a attempt) error {
	o, older, err := c.objectOf()
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
	x := objectView{O: o, Older: older, Prose: c.prose(), Now: c.View.Now(), MayPost: c.Viewer.May(policy.MayPost), MayExport: c.Viewer.May(policy.MayExport)}
	label := o.Label
	open := func(os []intel.Object) []intel.Object {
		n := len(os)
		os = slices.DeleteFunc(os, func(o intel.Object) bool { return g.hides(o.Label) })
		x.Hidden += n - len(os)
		for _, o := range os {
			if o.Label.TLP.StricterThan(label.TLP) {
				label = stricter(label, o.Label.TLP)
			}
		}
		return os
	}
	if x.Tabs, err = c.intelTabs(intelAtSearch); err != nil {
		return err
	}
	if x.Seen, x.Sightings, err = c.Intel.Sightings(c.View, o.ID); err != nil {
		return err
	}
	x.Sightings = open(x.Sightings)
	if x.Versions, err = c.Intel.History(c.View, o.ID); err != nil {
		return err
	}
	for _, v := range x.Versions[:min(len(x.Versions), ownedLooked)] {
		if x.Mine, err = c.Intel.Mine(c.View, v); err != nil || x.Mine {
			break
		}
	}
	if err != nil {
		return err
	}
	x.Versions = open(x.Versions)
	if err := c.objectTies(&x, open); err != nil {
		return err
	}
	x.Facts = objectFacts(o.Object, func(id string) (string, bool) {
		for _, t := range x.Ties {
			if t.Other == id && t.O != nil {
				return objectTitle(t.O.Name, t.O.Type, t.O.ID), true
			}
		}
		return "", false
	})
	x.Pattern, x.PatternAs = prettyPattern(o.Pattern, o.PatternType)
	x.Raw, x.RawCut = exactly(o.Raw)
	score, until, words, ok := intel.Life(o, x.Seen, x.Now)
	x.Life = life{int(score*100 + .5), until, words, ok}
	return c.show(Page{Title: objectTitle(o.Name, o.Type, o.ID), Kind: "intel-object", Label: label, Status: status, Live: []string{o.ID}, Right: objectAside(x), Body: objectBody(x, a)})
}

// objectOf is the object that the address names: its latest version, or the one
// that is asked for.
func (c *Ctx) objectOf() (o intel.Object, older bool, err error) {
	id := c.R.PathValue("object")
	if !intel.ValidID(id) {
		return o, false, fault.ErrMissing
	}
	if o, err = c.Intel.Object(c.View, id); err != nil {
		return o, false, err
	}
	if asked := c.R.URL.Query().Get("version"); asked != "" {
		at, err := time.Parse(time.RFC3339Nano, asked)
		if err != nil {
			return o, false, fault.ErrMissing
		}
		last := o.Version
		if o, err = c.Intel.Version(c.View, id, at); err != nil {
			return o, false, err
		}
		older = o.Version.Before(last)
	}
	return o, older, nil
}

// objectTies finds what belongs to the object, in both directions, as the reader
// may see it. An id that he does not have stays an id, whether others have it or
// not.
func (c *Ctx) objectTies(x *objectView, open func([]intel.Object) []intel.Object) error {
	id := x.O.ID
	var wanted []string
	for _, r := range x.O.Refs {
		if len(x.Ties) == refsShown {
			x.TiesCut = true
			break
		}
		if slices.ContainsFunc(x.Ties, func(t tie) bool { return t.Other == r.Target && t.Kind == refWords(r.Property) }) {
			continue
		}
		x.Ties = append(x.Ties, tie{Kind: refWords(r.Property), Other: r.Target})
		wanted = append(wanted, r.Target)
	}
	referring, err := c.Intel.Referring(c.View, id, referringShown)
	if err != nil {
		return err
	}
	x.TiesCut = x.TiesCut || len(referring) == referringShown
	for _, o := range open(referring) {
		switch {
		case o.Type == "sighting" && o.Target == id:
		case o.Type == "note" || o.Type == "opinion":
			x.Remarks = append(x.Remarks, o)
		case o.Type == "relationship" && o.Source == id:
			x.Ties = append(x.Ties, tie{Kind: unhyphened(o.RelationshipType), Other: o.Target, By: &o})
			wanted = append(wanted, o.Target)
		case o.Type == "relationship" && o.Target == id:
			x.Ties = append(x.Ties, tie{Kind: unhyphened(o.RelationshipType), Back: true, Other: o.Source, By: &o})
			wanted = append(wanted, o.Source)
		default:
			x.Ties = append(x.Ties, tie{Kind: refWords(refersBy(o.Object, id)), Back: true, Other: o.ID, O: &o})
		}
	}
	slices.Reverse(x.Remarks) // newest first
	there, err := c.Intel.Objects(c.View, wanted)
	if err != nil {
		return err
	}
	byID := map[string]*intel.Object{}
	for _, o := range open(there) {
		byID[o.ID] = &o
	}
	for i, t := range x.Ties {
		if t.O == nil {
			x.Ties[i].O = byID[t.Other]
		}
	}
	return nil
}

// refersBy is the property with which an object refers to an id.
func refersBy(o stix.Object, id string) string {
	for _, r := range o.Refs {
		if r.Target == id {
			return r.Property
		}
	}
	if o.CreatedBy == id {
		return "created_by_ref"
	}
	return ""
}

// versionAt is the address of one version of an object.
func versionAt(o intel.Object) string {
	return objectAt(o.ID) + "?version=" + queryEscape(o.Version.UTC().Format(time.RFC3339Nano))
}

// seenSentence says in a sentence what sightings say together.
func seenSentence(s intel.Sum, now time.Time) string {
	if s.Reports == 0 && s.Not == 0 {
		return "Nobody has said that they saw it."
	}
	if s.Reports == 0 {
		return ui.Count(s.Not, "report says", "reports say") + " that it was looked for and not seen."
	}
	out := "Seen " + ui.Count(s.Count, "time", "times")
	if s.More {
		out += " or more"
	}
	out += " in " + ui.Count(s.Reports, "report", "reports")
	switch {
	case len(s.Orgs) > 0:
		out += ", by " + joinNames(s.Orgs, s.Others)
	case s.Others:
		out += ", by members who are not named"
	}
	if !s.Last.IsZero() {
		out += "; last " + ui.Relative(s.Last, now)
	}
	if s.Not > 0 {
		out += ". " + ui.Count(s.Not, "report says", "reports say") + " that it was looked for and not seen"
	}
	return out + "."
}

// joinNames writes a list of at most five names.
func joinNames(names []string, others bool) string {
	const most = 5
	more := len(names) - most
	names = slices.Clone(names[:min(len(names), most)])
	switch {
	case more > 0:
		names = append(names, ui.Number(more)+" more")
	case others:
		names = append(names, "others who are not named")
	}
	if len(names) == 1 {
		return names[0]
	}
	s := names[0]
	for i, n := range names[1:] {
		if i == len(names)-2 {
			s += " and " + n
		} else {
			s += ", " + n
		}
	}
	return s
}
