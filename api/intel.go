package api

import (
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// IntelObject is the latest version of a STIX object that you may see.
type IntelObject struct {
	ID          string          `json:"id" doc:"Its STIX id"`
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Version     time.Time       `json:"version" doc:"Its modified, else its created, else when it came"`
	AddedAt     time.Time       `json:"added_at"`
	Label       Label           `json:"label"`
	From        IntelShare      `json:"from"`
	Revoked     bool            `json:"revoked,omitempty"`
	ValidUntil  time.Time       `json:"valid_until,omitzero"`
	Expired     bool            `json:"expired,omitempty"`
	Confidence  int             `json:"confidence" doc:"0 to 100; -1 if it has none"`
	Pattern     string          `json:"pattern,omitempty"`
	PatternType string          `json:"pattern_type,omitempty"`
	Labels      []string        `json:"labels"`
	Object      json.RawMessage `json:"object,omitempty" doc:"The object; its exact bytes are at …/raw. Not in search results"`
	Snippet     []SnippetPart   `json:"snippet,omitempty" doc:"In search results"`
}

// IntelShare is from whom the readers of an object have it.
type IntelShare struct {
	At               time.Time `json:"at"`
	Attribution      string    `json:"attribution" enum:"named,community,anonymous"`
	Organization     string    `json:"organization,omitempty" doc:"If it is named"`
	OrganizationName string    `json:"organization_name,omitempty"`
	PAP              string    `json:"pap,omitempty" doc:"Permissible actions: RED, AMBER, GREEN or CLEAR"`
	Allowed          string    `json:"allowed,omitempty" doc:"What the permissible actions allow"`
	AIS              string    `json:"ais,omitempty" doc:"Consent to Automated Indicator Sharing"`
}

func (c *call) intelShape(v *db.View, o intel.Object, whole bool) (IntelObject, error) {
	l, err := c.label(v, o.Label)
	f := o.From
	out := IntelObject{ID: o.ID, Type: o.Type, Name: o.Name, Version: utc(o.Version), AddedAt: utc(o.Added), Label: l, Revoked: o.Revoked, ValidUntil: utc(o.ValidUntil), Expired: o.Expired(v.Now()),
		Confidence: o.Confidence, Pattern: o.Pattern, PatternType: o.PatternType, Labels: some(o.Labels),
		From: IntelShare{utc(f.At), string(f.Attribution), f.Org, f.OrgName, f.PAP, intel.PAPSentence(f.PAP), f.AIS}}
	if whole {
		out.Object = json.RawMessage(o.Raw)
	}
	return out, err
}

func (c *call) intelWhole(v *db.View, o intel.Object) (IntelObject, error) {
	return c.intelShape(v, o, true)
}

// IntelPaging is asked for with every list of objects.
type IntelPaging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Cursor string `query:"cursor" maxLength:"600" doc:"The next of the page before"`
}

// IntelQuery is a search.
type IntelQuery struct {
	Query string `query:"q" maxLength:"1000" doc:"As in the search box: type:indicator pattern:*.example after:30d tlp<=green confidence>=60 -is:expired"`
}

func (q IntelQuery) parse(v *db.View) (intel.Query, error) { return intel.ParseQuery(q.Query, v.Now()) }

func (c *call) intelSearch(in *struct {
	IntelPaging
	IntelQuery
}) (*answer[list[IntelObject]], error) {
	q, err := in.parse(c.view)
	if err != nil {
		return nil, err
	}
	hits, next, err := c.Intel.Search(c.view, q, in.Cursor, in.Limit)
	if fault.Is(err, fault.Invalid) && in.Cursor != "" {
		return nil, fault.InvalidField("cursor", "This cursor is not one of yours for this search. Begin without one.")
	}
	if err != nil {
		return nil, err
	}
	items, err := each(c.view, hits, func(v *db.View, h intel.Hit) (IntelObject, error) {
		o, err := c.intelShape(v, h.Object, false)
		for _, p := range h.Snippet {
			o.Snippet = append(o.Snippet, SnippetPart{p.Text, p.Hit})
		}
		return o, err
	})
	return &answer[list[IntelObject]]{list[IntelObject]{Items: items, Next: next}}, err
}

// IntelFacets divide what a search finds.
type IntelFacets struct {
	Of     int          `json:"of" doc:"How many of the newest objects found were counted"`
	All    bool         `json:"all" doc:"Those are all"`
	Facets []IntelFacet `json:"facets"`
}

// IntelFacet is one way of dividing.
type IntelFacet struct {
	Name   string            `json:"name"`
	Values []IntelFacetValue `json:"values"`
}

// IntelFacetValue is one part.
type IntelFacetValue struct {
	Value string `json:"value"`
	Count int    `json:"count" doc:"Of objects that you may see"`
	Query string `json:"query" doc:"The search with this value added, or taken out if it is on"`
	On    bool   `json:"on,omitempty"`
}

func (c *call) intelFacets(in *IntelQuery) (*answer[IntelFacets], error) {
	q, err := in.parse(c.view)
	if err != nil {
		return nil, err
	}
	fs, of, all, err := c.Intel.Facets(c.view, q)
	out := IntelFacets{Of: of, All: all, Facets: []IntelFacet{}}
	for _, f := range fs {
		g := IntelFacet{Name: f.Name, Values: []IntelFacetValue{}}
		for _, x := range f.Values {
			g.Values = append(g.Values, IntelFacetValue(x))
		}
		out.Facets = append(out.Facets, g)
	}
	return &answer[IntelFacets]{out}, err
}

// InStix is an operation on a STIX object.
type InStix struct {
	Stix string `path:"stix" doc:"A STIX id"`
}

func (c *call) intelObject(in *InStix) (*answer[IntelObject], error) {
	o, err := c.Intel.Object(c.view, in.Stix)
	if err != nil {
		return nil, err
	}
	out, err := c.intelWhole(c.view, o)
	return &answer[IntelObject]{out}, err
}

func (c *call) intelVersions(in *InStix) (*answer[list[IntelObject]], error) {
	os, err := c.Intel.History(c.view, in.Stix)
	if err == nil && len(os) == 0 {
		err = fault.ErrMissing
	}
	return listed(c.view, os, err, c.intelWhole)
}

// intelReferring has no place behind its end: what refers to one object is asked
// for by a search, if it is more.
func (c *call) intelReferring(in *struct {
	InStix
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"200" doc:"How many at most"`
}) (*answer[list[IntelObject]], error) {
	if seen, err := c.Intel.Exists(c.view, in.Stix); err != nil || !seen {
		return nil, missingOr(err)
	}
	os, err := c.Intel.Referring(c.view, in.Stix, in.Limit)
	return listed(c.view, os, err, c.intelWhole)
}

func missingOr(err error) error {
	if err == nil {
		err = fault.ErrMissing
	}
	return err
}

// IntelSightings is what you may know of who saw an object.
type IntelSightings struct {
	Count         int           `json:"count" doc:"Times seen"`
	Reports       int           `json:"reports"`
	NotSeen       int           `json:"not_seen" doc:"Reports of having looked and not seen"`
	First         time.Time     `json:"first,omitzero"`
	Last          time.Time     `json:"last,omitzero"`
	Organizations []string      `json:"organizations" doc:"Those that are named"`
	Others        bool          `json:"others,omitempty" doc:"Somebody who is not named reported, too"`
	Items         []IntelObject `json:"items" doc:"The sightings, newest first"`
}

func (c *call) intelSightings(in *InStix) (*answer[IntelSightings], error) {
	if seen, err := c.Intel.Exists(c.view, in.Stix); err != nil || !seen {
		return nil, missingOr(err)
	}
	sum, os, err := c.Intel.Sightings(c.view, in.Stix)
	if err != nil {
		return nil, err
	}
	items, err := each(c.view, os, c.intelWhole)
	return &answer[IntelSightings]{IntelSightings{sum.Count, sum.Reports, sum.Not, utc(sum.First), utc(sum.Last), some(sum.Orgs), sum.Others, items}}, err
}

// IntelOutcome is what became of an object that was sent.
type IntelOutcome struct {
	ID      string `json:"id,omitempty" doc:"Its STIX id"`
	Version string `json:"version,omitempty"`
	Outcome string `json:"outcome" enum:"added,same,held,refused"`
	Reason  string `json:"reason,omitempty" doc:"Of what was held or refused"`
}

// said saves what somebody says of an object, once for each key.
func (c *call) said(k Keyed, what string, in any, fn func(tx *db.Tx) (intel.Outcome, error)) (*created[IntelOutcome], error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	var out intel.Outcome
	id, again, err := c.save(func(tx *db.Tx) (string, error) {
		id, again, err := once(tx, k, what, in, func() (_ string, err error) {
			out, err = fn(tx)
			return out.ID, err
		})
		if err == nil && again {
			err = errAgain
		}
		return id, err
	}, func(*db.View, string) error { return nil })
	if again {
		out = intel.Outcome{ID: id, Kind: intel.WasSame}
	}
	return &created[IntelOutcome]{Location: location("intel/objects", id), Replayed: replayed(again), Body: IntelOutcome{out.ID, out.Version, string(out.Kind), out.Reason}}, err
}

func (c *call) intelSight(in *struct {
	InStix
	Keyed
	Body struct {
		Count       int    `json:"count,omitempty" minimum:"0" doc:"How often; once if it is left out"`
		First       string `json:"first,omitempty" doc:"RFC 3339; now if it is left out"`
		Last        string `json:"last,omitempty"`
		Negative    bool   `json:"negative,omitempty" doc:"Looked for, and not seen"`
		Where       bool   `json:"where,omitempty" doc:"Say that it was at your organization, by name"`
		Attribution string `json:"attribution,omitempty" enum:"named,community,anonymous"`
		TLP         string `json:"tlp,omitempty" doc:"Stricter than the object's; that one if it is left out"`
		Note        string `json:"note,omitempty"`
	}
}) (*created[IntelOutcome], error) {
	b := in.Body
	s := intel.Sighting{Count: b.Count, Negative: b.Negative, Where: b.Where, Attribution: intel.Attribution(b.Attribution), Note: b.Note}
	var err error
	if s.First, err = moment("first", b.First); err != nil {
		return nil, err
	}
	if s.Last, err = moment("last", b.Last); err != nil {
		return nil, err
	}
	if s.TLP, err = markingOf("tlp", b.TLP); err != nil {
		return nil, err
	}
	return c.said(in.Keyed, "sight "+in.Stix, in.Body, func(tx *db.Tx) (intel.Outcome, error) { return c.Intel.Sight(tx, in.Stix, s) })
}

func (c *call) intelRemark(in *struct {
	InStix
	Keyed
	Body struct {
		Text        string `json:"text,omitempty" doc:"Of a note, or why you have this opinion"`
		Opinion     string `json:"opinion,omitempty" enum:"strongly-disagree,disagree,neutral,agree,strongly-agree"`
		Attribution string `json:"attribution,omitempty" enum:"named,community,anonymous"`
		TLP         string `json:"tlp,omitempty" doc:"Stricter than the object's; that one if it is left out"`
	}
}) (*created[IntelOutcome], error) {
	b := in.Body
	tlp, err := markingOf("tlp", b.TLP)
	if err != nil {
		return nil, err
	}
	r := intel.Remark{Text: b.Text, Opinion: intel.Opinion(b.Opinion), Attribution: intel.Attribution(b.Attribution), TLP: tlp}
	return c.said(in.Keyed, "remark "+in.Stix, in.Body, func(tx *db.Tx) (intel.Outcome, error) { return c.Intel.Remark(tx, in.Stix, r) })
}

// markingOf reads a traffic light that may be left out.
func markingOf(field, s string) (policy.TLP, error) {
	if s == "" {
		return "", nil
	}
	t, err := policy.ParseTLP(s)
	if err != nil {
		return "", fault.InvalidField(field, "This is no TLP 2.0 label. Write RED, AMBER+STRICT, AMBER, GREEN or CLEAR.")
	}
	return t, nil
}

func (c *call) intelDelete(in *struct {
	InStix
	Version string `query:"version" doc:"Only this version (RFC 3339); all if it is left out"`
}) (*nothing, error) {
	at := time.Time{}
	if in.Version != "" {
		t, err := time.Parse(time.RFC3339Nano, in.Version)
		if err != nil {
			return nil, fault.InvalidField("version", "Write the version as its object has it, such as 2026-11-21T15:04:05.000Z.")
		}
		at = t.UTC()
	}
	return c.does(func(tx *db.Tx) error { return c.Intel.Delete(tx, in.Stix, at) })
}

// IntelMarking is a traffic light that you may receive.
type IntelMarking struct {
	TLP        string   `json:"tlp"`
	Definition string   `json:"definition" doc:"The id of the STIX marking definition"`
	Through    []string `json:"through" doc:"The principals of yours that objects of this marking may be addressed to"`
}

func (c *call) intelMarkings(*nothing) (*answer[list[IntelMarking]], error) {
	out := list[IntelMarking]{Items: []IntelMarking{}}
	for _, r := range intel.Receivable(c.who) {
		m := IntelMarking{TLP: string(r.TLP), Definition: stix.MarkingID(string(r.TLP))}
		for _, p := range r.Through {
			m.Through = append(m.Through, string(p))
		}
		out.Items = append(out.Items, m)
	}
	return &answer[list[IntelMarking]]{out}, nil
}
