package intel

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Why is the reason for which an object waits for a person.
type Why string

// The reasons. Who decides follows from the reason.
const (
	WhyForeign  Why = "foreign"  // it would change another's object: its owner decides, or the desk if he is not named
	WhyOther    Why = "other"    // another text of the same version is there: likewise
	WhyMarking  Why = "marking"  // its marking is unknown: the sender chooses a label
	WhyWider    Why = "wider"    // more readers than before: a second person of the sender's
	WhyPersonal Why = "personal" // it seems to hold personal data: the sender justifies it
	WhyReview   Why = "review"   // the sender's shares are looked at first: the desk
)

// Held is an object that waits, with what it was meant to become.
type Held struct {
	ID      string
	Batch   string
	At      time.Time
	Object  stix.Object
	Why     Why
	Detail  string
	Owner   string       // organization whose object it would change; else ""
	Want    policy.Label // the label it would get
	State   string       // "waiting", "accepted", "discarded"
	Decided time.Time
	Label   policy.Label // who may see that it waits
}

const (
	waiting   = "waiting"
	accepted  = "accepted"
	discarded = "discarded"
)

// hold keeps an object until somebody decides. The sender's recipients see it, and
// whoever decides.
func (x *Intel) hold(tx *db.Tx, b *Batch, c *incoming, why Why, detail, owner string) error {
	tlp, audience := policy.AmberStrict, b.label.Audience
	others := why == WhyForeign || why == WhyOther
	switch {
	case others && owner != "":
		audience = audience.With(policy.OfOrg(owner))
	case others || why == WhyReview:
		s, err := x.members.Settings(tx.View)
		if err != nil {
			return err
		}
		audience = audience.With(policy.OfCircle(s.Desk))
	case c.label.TLP == policy.Red: // it waits among those whom it is meant for
		tlp, audience = policy.Red, c.label.Audience.With(policy.OfPerson(b.Person))
	}
	again, err := tx.Exists(`SELECT 1 FROM visible.intel_held h JOIN visible.intel_batches b ON b.id = h.batch
		WHERE h.state = 'waiting' AND h.object = $1 AND h.version = $2 AND h.why = $3 AND b.org = $4 AND h.raw = $5`, c.ID, c.version, string(why), b.Org, string(c.Raw))
	if err != nil || again {
		return err
	}
	a, err := tx.Store(audience)
	if err != nil {
		return err
	}
	want, err := json.Marshal(c.label.Audience.Strings())
	if err != nil {
		return err
	}
	id := ids.New("held")
	_, err = tx.Exec(`INSERT INTO intel_held (id, batch, at, object, version, type, why, detail, org, want_tlp, want, state, decided, decided_by, decided_why, raw, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'waiting', 0, '', '', $12, $13, $14)`,
		id, b.ID, clock.Micros(tx.Now()), c.ID, c.version, c.Type, string(why), detail, owner, string(c.label.TLP), string(want), string(c.Raw), string(tlp), a)
	if err == nil && (others || why == WhyReview) {
		e := db.Entry{Verb: "intel.held", Object: id, Parent: b.ID, Label: policy.Label{TLP: policy.AmberStrict, Audience: audience}, Data: map[string]string{"why": string(why)}}
		if b.Terms.Attribution != Named {
			e.Label = b.label // an entry names its actor
		}
		tx.Append(e)
	}
	return err
}

// waits says why everything that a batch sends beyond its own organization waits
// for the desk; "" if it does not. A source that its owner wants looked at, a
// member on trial and one in the days of grace are looked at first.
func (x *Intel) waits(v *db.View, b *Batch) (string, error) {
	if b.Terms.Review {
		return "What comes from this source is looked at before it is shared.", nil
	}
	o, err := x.members.Organization(v, b.Org)
	if err != nil {
		return "", err
	}
	switch o.Standing {
	case policy.Provisional:
		return "Your organization is on trial: the desk looks at what it shares first.", nil
	case policy.Grace:
		return "Your organization's agreement has to be renewed: until then the desk looks at what it shares first.", nil
	}
	return "", nil
}

const heldColumns = `h.id, h.batch, h.at, h.why, h.detail, h.org, h.want_tlp, h.want, h.state, h.decided, h.raw, h.tlp, h.audience`

func scanHeld(v *db.View) func(db.Scanner) (Held, error) {
	return func(s db.Scanner) (h Held, err error) {
		var at, decided int64
		var wantTLP, want, tlp, audience string
		var raw []byte
		if err = s.Scan(&h.ID, &h.Batch, &at, &h.Why, &h.Detail, &h.Owner, &wantTLP, &want, &h.State, &decided, &raw, &tlp, &audience); err != nil {
			return h, err
		}
		h.At, h.Decided = clock.FromMicros(at), clock.FromMicros(decided)
		if h.Object, err = stix.Parse(raw); err != nil {
			return h, err
		}
		var names []string
		if err = json.Unmarshal([]byte(want), &names); err != nil {
			return h, err
		}
		a, err := policy.ParseAudience(names)
		if err != nil {
			return h, err
		}
		h.Want = policy.Label{TLP: policy.TLP(wantTLP), Audience: a}
		h.Label, err = v.Label(tlp, audience)
		return h, err
	}
}

// Waiting lists what waits and the viewer may know of, oldest first, after the
// held object of that id ("" = from the beginning).
func (x *Intel) Waiting(v *db.View, after string, limit int) ([]Held, error) {
	var at int64
	if after != "" {
		var err error
		if at, err = db.One(v, db.Value[int64], `SELECT h.at FROM visible.intel_held h WHERE h.id = $1`, after); err != nil {
			return nil, err
		}
	}
	hs, err := db.All(v, scanHeld(v), `SELECT `+heldColumns+` FROM visible.intel_held h WHERE h.state = 'waiting' AND (h.at > $1 OR h.at = $1 AND h.id > $2) ORDER BY h.at, h.id LIMIT $3`, at, after, page(limit))
	for i := range hs {
		if err == nil {
			hs[i], err = x.veiled(v, hs[i])
		}
	}
	return hs, err
}

// Held is one object that waits or waited.
func (x *Intel) Held(v *db.View, id string) (Held, error) {
	h, err := x.heldOf(v, id)
	if err != nil {
		return h, err
	}
	return x.veiled(v, h)
}

func (x *Intel) heldOf(v *db.View, id string) (Held, error) {
	return db.One(v, scanHeld(v), `SELECT `+heldColumns+` FROM visible.intel_held h WHERE h.id = $1`, id)
}

// veiled takes the single organizations, circles and persons out of the labels of
// a held object, for readers who are not its sender's, if he asked not to be named:
// he is as a rule among them.
func (x *Intel) veiled(v *db.View, h Held) (Held, error) {
	own, err := v.Exists(`SELECT 1 FROM visible.intel_batches b WHERE b.id = $1`, h.Batch)
	if err != nil || own {
		return h, err
	}
	b, err := x.batchOf(v.As(system), h.Batch)
	if err != nil || b.Terms.Attribution == Named {
		return h, err
	}
	h.Want.Audience, h.Label.Audience = general(h.Want.Audience), general(h.Label.Audience)
	return h, nil
}

// general is an audience without those of its members that name somebody.
func general(a policy.Audience) policy.Audience {
	var ps []policy.Principal
	for _, p := range a.Members() {
		if !slices.Contains([]string{"org", "circle", "person", "peer"}, p.Class()) {
			ps = append(ps, p)
		}
	}
	return policy.NewAudience(ps...)
}

// Decision is what a person says of a held object.
type Decision struct {
	Accept bool
	Why    string     // the reason; needed for a refusal and for personal data
	Label  policy.TLP // with [WhyMarking]: how it is marked; the batch's terms say whom that reaches
}

// MayDecide says whether the viewer is the one who decides on a held object.
func (x *Intel) MayDecide(v *db.View, h Held) (bool, error) {
	b, err := x.batchOf(v.As(system), h.Batch)
	if err != nil {
		return false, err
	}
	return x.decides(v, h, b)
}

func (x *Intel) decides(v *db.View, h Held, b *Batch) (bool, error) {
	who := v.Viewer()
	switch h.Why {
	case WhyForeign, WhyOther:
		if h.Owner != "" {
			return who.Org == h.Owner && who.May(policy.MayPost), nil
		}
		return who.May(policy.MayTriage) && who.Org != b.Org, nil
	case WhyReview:
		return who.May(policy.MayTriage) && who.Org != b.Org, nil
	case WhyWider:
		return who.Org == b.Org && who.May(policy.MayApprove) && who.Person != b.Person, nil
	}
	return who.Org == b.Org && who.May(policy.MayPost), nil
}

// Decide lets a held object in, or discards it. What is let in comes in the name
// and under the terms of the batch that brought it.
func (x *Intel) Decide(tx *db.Tx, id string, d Decision) (Outcome, error) {
	h, err := x.heldOf(tx.View, id)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{ID: h.Object.ID, Version: h.Object.VersionText}
	b, err := x.batchOf(tx.View.As(system), h.Batch)
	if err != nil {
		return out, err
	}
	if may, err := x.decides(tx.View, h, b); err != nil || !may {
		if err == nil {
			err = fault.Forbiddenf("%s", decider(h.Why))
		}
		return out, err
	}
	if h.State != waiting {
		return out, fault.Conflictf("This was decided already: it was %s.", h.State)
	}
	var p check.Problems
	d.Why = p.Text("why", "The reason", d.Why, 2000, !d.Accept || h.Why == WhyPersonal)
	c := &incoming{arrival: arrive(h.Object, "", Terms{Scrub: ScrubJustified}), label: h.Want}
	if d.Accept && h.Why == WhyMarking {
		if !d.Label.Known() {
			p.Add("label", "Choose how it is marked: RED, AMBER+STRICT, AMBER, GREEN or CLEAR.")
		} else {
			c.label = b.Terms.Label(d.Label)
		}
	}
	if p.Found() {
		return out, p.Err()
	}
	state, kind := discarded, WasRefused
	if d.Accept {
		state, kind = accepted, WasAdded
		if err := x.admit(tx, b, h, c); err != nil {
			return out, err
		}
	}
	err = tx.MustChange(`UPDATE intel_held SET state = $1, decided = $2, decided_by = $3, decided_why = $4 WHERE id = $5 AND state = 'waiting'`,
		state, clock.Micros(tx.Now()), tx.Viewer().Person, d.Why, id)
	if err != nil {
		return out, err
	}
	e := db.Entry{Verb: "intel." + state, Object: id, Parent: h.Batch, Label: h.Label, Data: map[string]string{"why": d.Why}}
	if b.Terms.Attribution != Named && tx.Viewer().Org != b.Org {
		e.Label = policy.Default(tx.Viewer().Org) // an entry names its audience, and the sender is in that
	}
	tx.Append(e)
	out.Kind = kind
	return out, nil
}

// admit puts a held object into the store, as the batch would have.
func (x *Intel) admit(tx *db.Tx, b *Batch, h Held, c *incoming) error {
	// The label was lawful when the object came; it must still be, for the sender.
	who, err := x.members.ViewerOf(tx.View, b.Person, "", nil)
	if err != nil || !who.InGoodStanding() {
		return fault.Conflictf("Whoever sent this is no member in good standing any more. It cannot be shared in that name; discard it.")
	}
	if err := x.members.CheckLabel(tx.View.As(who), c.label); err != nil {
		return err
	}
	if c.version > clock.Micros(tx.Now().Add(tooEarly)) {
		return fault.Conflictf("It was modified in the future.")
	}
	ks, err := x.known(tx.View.As(who), b, []arrival{c.arrival})
	if err != nil {
		return err
	}
	c.newest = true
	for _, k := range ks[c.ID] {
		if k.version == c.version && k.digest == c.digest && k.label.TLP == c.label.TLP && k.label.Audience.Equal(c.label.Audience) {
			return fault.Conflictf("It has come in on another way meanwhile. Discard this copy.")
		}
		c.newest = c.newest && k.version <= c.version
		c.twin = c.twin || k.version == c.version
		if k.newest && k.version < c.version {
			if _, err := tx.Exec(`UPDATE intel_objects SET newest = 0 WHERE n = $1`, k.n); err != nil {
				return err
			}
		}
	}
	if err := x.changed(tx); err != nil {
		return err
	}
	return x.keep(tx, b, []*incoming{c})
}

// decider says who decides, to whoever may not.
func decider(w Why) string {
	switch w {
	case WhyReview:
		return "The desk decides on this."
	case WhyForeign, WhyOther:
		return "The owner of the object decides on this."
	case WhyWider:
		return "A second person of the organization that sent it decides on this."
	}
	return "The organization that sent it decides on this."
}
