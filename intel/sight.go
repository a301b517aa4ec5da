package intel

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Sighting is what somebody says of having seen an object. The zero Sighting is
// "we saw this, once, now".
type Sighting struct {
	Count       int         // 0 means once
	First, Last time.Time   // zero means now
	Negative    bool        // looked for and not seen: a STIX count of 0
	Where       bool        // says that it was seen at the own organization; it must be named then
	Attribution Attribution // "" is named
	TLP         policy.TLP  // stricter than the object's, if one likes; "" follows the object
	Note        string
}

// Opinion is how far somebody agrees with what an object says.
type Opinion string

// The opinions of STIX 2.1 (§10.20, opinion-enum).
const (
	StronglyDisagree Opinion = "strongly-disagree"
	Disagree         Opinion = "disagree"
	Neutral          Opinion = "neutral"
	Agree            Opinion = "agree"
	StronglyAgree    Opinion = "strongly-agree"
)

// Opinions lists them from against to for.
var Opinions = []Opinion{StronglyDisagree, Disagree, Neutral, Agree, StronglyAgree}

// Remark is a note on an object, or an opinion if Opinion is set.
type Remark struct {
	Text        string // of a note; why, of an opinion (may be "")
	Opinion     Opinion
	Attribution Attribution // "" is named
	TLP         policy.TLP  // stricter than the object's, if one likes; "" follows the object
}

// maxSaid is how many characters a note has at most.
const maxSaid = 5000

// said is an object of ours about another's, in the order in which its properties
// are written.
type said struct {
	Type        string   `json:"type"`
	SpecVersion string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref,omitempty"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified"`
	Name        string   `json:"name,omitempty"`
	Class       string   `json:"identity_class,omitempty"`
	Description string   `json:"description,omitempty"`
	Content     string   `json:"content,omitempty"`
	Explanation string   `json:"explanation,omitempty"`
	Opinion     string   `json:"opinion,omitempty"`
	First       string   `json:"first_seen,omitempty"`
	Last        string   `json:"last_seen,omitempty"`
	Count       *int     `json:"count,omitempty"`
	Of          string   `json:"sighting_of_ref,omitempty"`
	Where       []string `json:"where_sighted_refs,omitempty"`
	About       []string `json:"object_refs,omitempty"`
	Markings    []string `json:"object_marking_refs"`
}

// Sight says that the viewer's organization saw an object, as a STIX sighting that
// comes in like any other object: under a label that is not looser than that of
// what was seen. The outcome says whether it was shared at once (WasAdded) or
// waits, and why (WasHeld).
func (x *Intel) Sight(tx *db.Tx, id string, s Sighting) (Outcome, error) {
	o, err := x.Object(tx.View, id)
	if err != nil {
		return Outcome{}, err
	}
	var p check.Problems
	now := tx.Now()
	if s.First.IsZero() {
		s.First = s.Last
	}
	if s.First.IsZero() {
		s.First = now
	}
	if s.Last.IsZero() {
		s.Last = s.First
	}
	if s.Last.Before(s.First) {
		p.Add("last", "The last time is before the first.")
	}
	if s.Last.After(now.Add(tooEarly)) || s.First.Year() < 1970 {
		p.Add("last", "The times must be real, and not in the future.")
	}
	if s.Count < 0 || s.Count > 999_999_999 {
		p.Add("count", "How often is a number up to 999,999,999.")
	}
	count := max(s.Count, 1)
	if s.Negative {
		if s.Count > 0 {
			p.Add("count", "What was not seen has no count.")
		}
		count = 0
	}
	if o.Type == "sighting" || o.Type == "relationship" || o.Type == "marking-definition" {
		p.Add("id", "This is nothing that can be seen somewhere.")
	}
	note := p.Text("note", "The note", s.Note, maxSaid, false)
	if s.Where && s.Attribution != "" && s.Attribution != Named {
		p.Add("where", "Where it was seen names your organization. Say it by name, or leave the place out.")
	}
	return x.say(tx, o, s.TLP, s.Attribution, &p, "Sighting", func(self string) said {
		w := said{Type: "sighting", Description: note, First: instant(s.First), Last: instant(s.Last), Count: &count, Of: o.ID}
		if s.Where && self != "" {
			w.Where = []string{self}
		}
		return w
	})
}

// Remark adds a note or an opinion to an object, likewise.
func (x *Intel) Remark(tx *db.Tx, id string, r Remark) (Outcome, error) {
	o, err := x.Object(tx.View, id)
	if err != nil {
		return Outcome{}, err
	}
	var p check.Problems
	if r.Opinion != "" && !slices.Contains(Opinions, r.Opinion) {
		p.Add("opinion", "Choose how far you agree: strongly disagree, disagree, neutral, agree or strongly agree.")
	}
	text := p.Text("text", "The note", r.Text, maxSaid, r.Opinion == "")
	name := pick(r.Opinion == "", "Note", "Opinion")
	return x.say(tx, o, r.TLP, r.Attribution, &p, name, func(string) said {
		w := said{Type: "note", Content: text, About: []string{o.ID}}
		if r.Opinion != "" {
			w.Type, w.Content, w.Explanation, w.Opinion = "opinion", "", text, string(r.Opinion)
		}
		return w
	})
}

// LabelFor is the label of what the viewer says about an object: the object's own,
// or a stricter one if tlp asks for it or if the viewer may not address the
// object's readers. What everybody may read is answered within the community,
// unless tlp says otherwise.
func (x *Intel) LabelFor(v *db.View, o Object, tlp policy.TLP) (policy.Label, error) {
	who, l := v.Viewer(), o.Label
	switch {
	case tlp != "" && !tlp.Known():
		return l, fault.InvalidField("tlp", "Choose a marking: RED, AMBER+STRICT, AMBER, GREEN or CLEAR.")
	case l.TLP.StricterThan(tlp) && tlp != "":
		return l, fault.InvalidField("tlp", "What is marked %s cannot be answered wider, as %s.", l.TLP, tlp)
	case tlp == "":
		tlp = l.TLP
		if tlp == policy.Clear {
			tlp = policy.Green
		}
	}
	self := policy.Label{TLP: policy.Red, Audience: policy.NewAudience(policy.OfPerson(who.Person))}
	var try []policy.Label
	switch {
	case tlp == l.TLP:
		try = append(try, l)
	case tlp == policy.Green:
		try = append(try, policy.Label{TLP: tlp, Audience: policy.NewAudience(policy.Community)})
	}
	if tlp != policy.Red {
		try = append(try, policy.Label{TLP: pick(tlp == policy.Amber, policy.Amber, policy.AmberStrict), Audience: policy.NewAudience(policy.OfOrg(who.Org))})
	}
	facts := x.members.Facts(v)
	for _, c := range try {
		if !policy.NotLooser(l, c, facts) {
			continue
		}
		err := x.members.CheckLabel(v, c)
		if err == nil {
			return c, nil
		}
		if !fault.Is(err, fault.Invalid) {
			return l, err
		}
	}
	return self, nil
}

// say writes an object of ours about another one.
func (x *Intel) say(tx *db.Tx, o Object, tlp policy.TLP, by Attribution, p *check.Problems, name string, write func(self string) said) (Outcome, error) {
	if by == "" {
		by = Named
	}
	l, err := x.LabelFor(tx.View, o, tlp)
	if err := p.Take(err); err != nil {
		return Outcome{}, err
	}
	if p.Found() {
		return Outcome{}, p.Err()
	}
	// Every marking reaches the label's audience and none is looser.
	to := l.Audience.Members()
	terms := Terms{Unmarked: l.TLP, Floor: l.TLP, Attribution: by, Scrub: ScrubClean}
	switch l.TLP {
	case policy.Green:
		terms.Green = to
	case policy.Amber, policy.AmberStrict:
		terms.Amber = to
	case policy.Red:
		terms.Red = to
	}
	b, err := x.open(tx, NewBatch{Via: "page", Name: name, Format: FormatSTIX, Terms: terms})
	if err != nil {
		return Outcome{}, err
	}
	var objs []arrival
	add := func(w said) error {
		w.SpecVersion, w.Created, w.Modified = "2.1", instant(tx.Now()), instant(tx.Now())
		w.Markings = []string{stix.MarkingID(string(l.TLP))}
		raw, err := json.Marshal(w)
		if err != nil {
			return err
		}
		made, err := stix.Parse(raw)
		if err != nil {
			return err
		}
		objs = append(objs, arrive(made, name, b.Terms))
		return nil
	}
	self := ""
	if by == Named {
		if self, err = x.identity(b, l); err != nil {
			return Outcome{}, err
		}
		there, err := x.Exists(tx.View, self)
		if err != nil {
			return Outcome{}, err
		}
		if !there {
			if err := add(said{Type: "identity", ID: self, Name: b.OrgName, Class: "organization"}); err != nil {
				return Outcome{}, err
			}
		}
	}
	w := write(self)
	w.ID, w.CreatedBy = stix.NewID(w.Type), self
	if err := add(w); err != nil {
		return Outcome{}, err
	}
	outs, err := x.receive(tx, b, objs)
	if err != nil {
		return Outcome{}, err
	}
	b.note(outs)
	b.State, b.Ended = Done, tx.Now()
	return outs[len(outs)-1], x.progress(tx, b)
}

// identity is the id of the object that names the organization to the readers of a
// label: one for each, so that none has to be shown to more readers later. Nobody
// else can foresee it.
func (x *Intel) identity(b *Batch, l policy.Label) (string, error) {
	key := x.box.Secret("intel identity")
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(b.Org + " " + string(l.TLP) + " " + l.Audience.ID()))
	return stix.DeterministicID("identity", map[string]string{"of": hex.EncodeToString(h.Sum(nil))})
}

// instant is a time as STIX writes it.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
