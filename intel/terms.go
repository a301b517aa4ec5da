package intel

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Attribution is how a sender is named to the readers.
type Attribution string

// The attributions. Whoever is not named is still on record, readable by his own
// organization alone.
const (
	Named     Attribution = "named"     // the organization's name stands beside the objects
	Community Attribution = "community" // "a member of the community"
	Anonymous Attribution = "anonymous" // nothing at all
)

// Scrub is what the sender attests about personal data (R-046; 6 U.S.C.
// 1503(d)(2)).
type Scrub string

// The outcomes of the sender's review.
const (
	ScrubClean     Scrub = "clean"     // looked, found none
	ScrubRemoved   Scrub = "removed"   // found some and took it out
	ScrubJustified Scrub = "justified" // what is there is directly related to the threat, or was published by its source
)

// Permissible actions (MISP taxonomy PAP v3; R-045), and consents to Automated
// Indicator Sharing (CISA AIS marking).
var (
	PAPs = []string{"RED", "AMBER", "GREEN", "CLEAR"}
	AISs = []string{"none", "usg", "everyone", "everyone-cisa-proprietary"}
)

// Terms are what a sender says of a batch: whom each marking is meant for, how he
// is named, and what he attests. The zero Terms keep everything that has no
// marking inside his own organization.
type Terms struct {
	Unmarked    policy.TLP         `json:"unmarked"` // of objects without a traffic light; "" is AMBER+STRICT
	Floor       policy.TLP         `json:"floor"`    // nothing is marked wider than this; "" is CLEAR
	Green       []policy.Principal `json:"green"`    // whom GREEN objects reach; the community if empty
	Amber       []policy.Principal `json:"amber"`    // whom AMBER and AMBER+STRICT reach; the own organization if empty
	Red         []policy.Principal `json:"red"`      // whom RED reaches; the sender if empty
	Attribution Attribution        `json:"attribution"`
	PAP         string             `json:"pap"`
	AIS         string             `json:"ais"`
	Scrub       Scrub              `json:"scrub"`
	Why         string             `json:"why"`               // why what is there may be there; with [ScrubJustified]
	Review      bool               `json:"review"`            // an outside source's: everything waits for a person
	Mapping     iocs.Mapping       `json:"mapping,omitempty"` // what the columns of a table hold; guessed if empty
}

// Check fills what was left out and reports what is wrong, in the sender's view.
// Every label that may come of the terms is checked, so a batch does not find out
// in its middle.
func (x *Intel) Check(v *db.View, t Terms) (Terms, error) {
	var p check.Problems
	who := v.Viewer()
	if t.Unmarked == "" {
		t.Unmarked = policy.AmberStrict
	}
	if t.Floor == "" {
		t.Floor = policy.Clear
	}
	if !t.Unmarked.Known() {
		p.Add("unmarked", "Choose how objects without a marking are marked: RED, AMBER+STRICT, AMBER, GREEN or CLEAR.")
	}
	if !t.Floor.Known() {
		p.Add("floor", "The widest marking must be one of RED, AMBER+STRICT, AMBER, GREEN, CLEAR.")
	}
	if t.Attribution == "" {
		t.Attribution = Named
	}
	if !slices.Contains([]Attribution{Named, Community, Anonymous}, t.Attribution) {
		p.Add("attribution", "Choose how you are named: named, community or anonymous.")
	}
	if t.PAP != "" && !slices.Contains(PAPs, t.PAP) {
		p.Add("pap", "Permissible actions are RED, AMBER, GREEN or CLEAR.")
	}
	if t.AIS != "" && !slices.Contains(AISs, t.AIS) {
		p.Add("ais", "Consent to Automated Indicator Sharing is none, usg, everyone or everyone-cisa-proprietary.")
	}
	t.Why = p.Text("why", "The reason", t.Why, 2000, t.Scrub == ScrubJustified)
	if len(t.Green) == 0 {
		t.Green = []policy.Principal{policy.Community}
	}
	if len(t.Amber) == 0 {
		t.Amber = []policy.Principal{policy.OfOrg(who.Org)}
	}
	if len(t.Red) == 0 {
		t.Red = []policy.Principal{policy.OfPerson(who.Person)}
	}
	if p.Found() {
		return t, p.Err()
	}
	beyond := false
	for _, tlp := range policy.Markings() {
		if t.Floor.StricterThan(tlp) {
			continue
		}
		l := t.Label(tlp)
		err := x.members.CheckLabel(v, l)
		if fault.Is(err, fault.Invalid) {
			p.Add(t.field(tlp), "%s", fault.Sentence(err))
			continue
		}
		if err != nil {
			return t, err
		}
		beyond = beyond || !within(l.Audience, who.Org, who.Person)
	}
	if beyond && !slices.Contains([]Scrub{ScrubClean, ScrubRemoved, ScrubJustified}, t.Scrub) {
		p.Add("scrub", "Say what your review for personal data found before anything leaves your organization: clean, removed or justified.")
	}
	return t, p.Err()
}

// field is the form's field that decides the audience of a marking.
func (t Terms) field(tlp policy.TLP) string {
	switch tlp {
	case policy.Green:
		return "green"
	case policy.Red:
		return "red"
	case policy.Clear:
		return "floor"
	}
	return "amber"
}

// Label is the label of an object of the batch that is marked so.
func (t Terms) Label(tlp policy.TLP) policy.Label {
	if t.Floor.StricterThan(tlp) {
		tlp = t.Floor
	}
	switch tlp {
	case policy.Clear:
		return policy.Label{TLP: tlp, Audience: policy.NewAudience(policy.Public)}
	case policy.Green:
		return policy.Label{TLP: tlp, Audience: policy.NewAudience(t.Green...)}
	case policy.Red:
		return policy.Label{TLP: tlp, Audience: policy.NewAudience(t.Red...)}
	}
	return policy.Label{TLP: tlp, Audience: policy.NewAudience(t.Amber...)}
}

// within reports whether an audience does not reach beyond an organization, whose
// person the sender is.
func within(a policy.Audience, org, person string) bool {
	for _, p := range a.Members() {
		if p != policy.OfOrg(org) && p != policy.OfPerson(person) {
			return false
		}
	}
	return true
}

// marked is the strictest traffic light that an object carries, itself or on any
// of its parts: it is as strict as its strictest part (granular markings). "" is
// none. known holds the marking definitions that came before; a marking that
// nobody knows is an error, because it may be stricter than all.
func marked(o stix.Object, known map[string]string) (policy.TLP, string) {
	refs := slices.Clone(o.Markings)
	for _, g := range o.Granular {
		if g.Ref != "" {
			refs = append(refs, g.Ref)
		}
	}
	var all []policy.TLP
	for _, ref := range refs {
		ref = stix.FoldID(ref)
		label, ok := stix.TLPOf(ref)
		if !ok {
			label, ok = known[ref]
		}
		switch {
		case !ok:
			return "", "It is marked with " + ref + ", and nobody here knows that marking."
		case label == "":
		case policy.TLP(label).Known():
			all = append(all, policy.TLP(label))
		default:
			return "", "It is marked with " + ref + ", which is no traffic light that TLP 1 or 2 knows."
		}
	}
	if len(all) == 0 {
		return "", ""
	}
	return policy.Strictest(all...), ""
}

// tooEarly is how far a clock elsewhere may be ahead.
const tooEarly = 5 * time.Minute
