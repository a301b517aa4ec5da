package web

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	heldAPage    = 50
	rawShown     = 64 << 10 // bytes of an object's text on a page
	valueShown   = 400      // characters of one property in a comparison
	heldRefShown = 50
)

var (
	doneHeldIn  = greeting("intel-let-in", "ok", "It is let in, and seen by whom its label names.")
	doneHeldOut = greeting("intel-discarded", "ok", "It is discarded. Your reason is on record.")
)

// heldWhy is why an object waits, in few words.
var heldWhy = map[intel.Why]string{
	intel.WhyForeign:  "It would change another’s object",
	intel.WhyOther:    "There is another text of this version",
	intel.WhyMarking:  "Its marking is not known",
	intel.WhyWider:    "More people would see it than before",
	intel.WhyPersonal: "It may hold personal data",
	intel.WhyReview:   "What its sender shares is looked at first",
}

// heldBy is who decides on an object, as the reader may know it.
func heldBy(h intel.Held, org string) string {
	switch h.Why {
	case intel.WhyReview:
		return "The desk"
	case intel.WhyForeign, intel.WhyOther:
		switch h.Owner {
		case "":
			return "The desk"
		case org:
			return "Your organization, which has the object"
		}
		return "The organization that has the object"
	case intel.WhyWider:
		return "A second person of the organization that sent it"
	}
	return "The organization that sent it"
}

// heldListView is what the list of what waits is drawn from.
type heldListView struct {
	tabs   []ui.Tab
	rows   []heldRow
	first  bool
	hidden int // closed until the reader has a second passkey
	pages  ui.Pages
}

type heldRow struct {
	intel.Held
	mine bool // the reader decides
}

// intelHeldList lists what waits for somebody and the reader may know of.
func (c *Ctx) intelHeldList() error {
	after := c.R.URL.Query().Get("after")
	list, err := c.Intel.Waiting(c.View, after, heldAPage+1)
	if err != nil {
		return err
	}
	x := heldListView{first: len(list) == 0 && after == ""}
	if len(list) > heldAPage {
		list = list[:heldAPage]
		x.pages.OlderHref = intelAtHeld + "?after=" + queryEscape(list[heldAPage-1].ID)
	}
	if after != "" {
		x.pages.NewerHref = intelAtHeld
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	label := policy.Default(c.Viewer.Org)
	for _, h := range list {
		if g.hides(h.Label) {
			x.hidden++
			continue
		}
		may, err := c.Intel.MayDecide(c.View, h)
		if err != nil {
			return err
		}
		x.rows = append(x.rows, heldRow{h, may})
		if !h.Label.Audience.Equal(label.Audience) {
			label = stricter(label, h.Label.TLP)
			label.Audience = policy.Audience{} // several readers: they are not the same for all of the list
		}
	}
	if x.tabs, err = c.intelTabs(intelAtHeld); err != nil {
		return err
	}
	return c.show(Page{Title: "Waiting intelligence", Kind: "list", Label: label, Live: []string{"*"}, Body: heldListBody(x, c.Viewer.Org, c.View.Now())})
}

// heldView is what one waiting object's page is drawn from.
type heldView struct {
	tabs   []ui.Tab
	h      intel.Held
	may    bool
	sent   *intel.Batch // if the reader's organization sent it
	whom   string       // whom it would reach, in words
	there  *intel.Object
	diff   []difference
	raw    string
	cut    bool // raw is its beginning only
	labels []ui.Option
}

// difference is a property that an object has otherwise than what is there.
type difference struct{ Name, There, Would string }

// intelHeld is one object that waits, with what is there already.
func (c *Ctx) intelHeld() error { return c.showHeld(200, attempt{}) }

func (c *Ctx) showHeld(status int, a attempt) error {
	x := heldView{}
	var err error
	if x.h, err = c.Intel.Held(c.View, c.R.PathValue("held")); err != nil {
		return err
	}
	h := x.h
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(h.Label) {
		return c.secondPasskey()
	}
	if h.State == "waiting" {
		if x.may, err = c.Intel.MayDecide(c.View, h); err != nil {
			return err
		}
	}
	if x.sent, err = c.Intel.Batch(c.View, h.Batch); fault.Is(err, fault.Missing) {
		x.sent = nil
	} else if err != nil {
		return err
	}
	label := h.Label
	if x.sent != nil || general(h.Want.Audience) {
		if x.whom, err = c.audienceWords(c.View, h.Want.Audience); err != nil {
			return err
		}
	}
	if x.sent == nil {
		label = policy.Label{TLP: label.TLP} // its readers would name the sender, who may not be named
	}
	if h.Why == intel.WhyMarking {
		x.labels = append([]ui.Option{{Value: "", Text: "Choose"}}, labelOptions("", "")...)
	}
	if h.Why == intel.WhyForeign || h.Why == intel.WhyOther || h.Why == intel.WhyWider {
		there, err := c.Intel.Object(c.View, h.Object.ID)
		if err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		if err == nil {
			x.there = &there
			x.diff = differences(there.Raw, h.Object.Raw)
			if there.Label.TLP.StricterThan(label.TLP) {
				label = stricter(label, there.Label.TLP)
			}
		}
	}
	x.raw, x.cut = indented(h.Object.Raw)
	if x.tabs, err = c.intelTabs(intelAtHeld); err != nil {
		return err
	}
	return c.show(Page{Title: objectTitle(h.Object.Name, h.Object.Type, h.Object.ID), Kind: "held", Status: status, Label: label, Live: []string{h.ID}, Body: heldBody(x, a, c.Viewer.Org, c.View.Now()), Right: heldAside(x)})
}

// intelHeldDecide lets an object in, or discards it.
func (c *Ctx) intelHeldDecide() error {
	id := c.R.PathValue("held")
	which := "discard"
	if err := c.parseForm(); err != nil {
		return err
	}
	if do, err := c.field("do"); err != nil {
		return err
	} else if do == "accept" {
		which = "accept"
	}
	return c.caseAct(caseForm{which: which, fields: []string{"do", "why", "label"}, show: c.showHeld, do: func(tx *db.Tx, a attempt) (string, error) {
		d := intel.Decision{Accept: a.t["do"] == "accept", Why: a.t["why"], Label: policy.TLP(a.t["label"])}
		if !d.Accept && a.t["do"] != "discard" {
			return "", fault.Invalidf("Choose whether it is let in or discarded.")
		}
		_, err := c.Intel.Decide(tx, id, d)
		done := doneHeldOut
		if d.Accept {
			done = doneHeldIn
		}
		return intelAtHeld + "?done=" + done, err
	}})
}

// general says whether an audience names nobody in particular.
func general(a policy.Audience) bool {
	for _, p := range a.Members() {
		if p != policy.Public && p != policy.Community && p != policy.CommunityPrivate && !strings.HasPrefix(string(p), "kind:") {
			return false
		}
	}
	return true
}

// objectLimits hold any object that the store does.
var objectLimits = strictjson.Limits{Bytes: intel.MaxObject, Values: 4 << 20, Number: 400}

// differences lists the properties that two texts of an object have otherwise, by name.
func differences(there, would []byte) (ds []difference) {
	var a, b map[string]jsontext.Value
	if strictjson.UnmarshalLimits(there, objectLimits, &a) != nil || strictjson.UnmarshalLimits(would, objectLimits, &b) != nil {
		return nil // what cannot be read whole is shown as text below
	}
	names := slices.Collect(maps.Keys(a))
	for n := range b {
		if _, ok := a[n]; !ok {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		x, y := property(a[n]), property(b[n])
		if x != y {
			ds = append(ds, difference{n, shortened(x), shortened(y)})
		}
	}
	return ds
}

// property is a property's value as a person reads it; "" if there is none.
func property(v jsontext.Value) string {
	if len(v) == 0 {
		return ""
	}
	if v.Kind() == '"' {
		if s, err := jsontext.AppendUnquote(nil, v); err == nil {
			return string(s)
		}
	}
	v = v.Clone()
	if err := v.Compact(); err != nil {
		return string(v)
	}
	return string(v)
}

func shortened(s string) string {
	if utf8.RuneCountInString(s) <= valueShown {
		return s
	}
	return string([]rune(s)[:valueShown]) + "…"
}

// indented is an object's text with a line a property, or the beginning of it.
func indented(raw []byte) (s string, cut bool) {
	v := jsontext.Value(bytes.Clone(raw))
	if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
		v = raw
	}
	if len(v) <= rawShown {
		return string(v), false
	}
	return strings.ToValidUTF8(string(v[:rawShown]), ""), true
}

// heldRows is the list of what waits as a table.
func heldRows(rows []heldRow, org string, now time.Time) (out [][]ui.Cell) {
	for _, h := range rows {
		by := ui.Cell{Text: heldBy(h.Held, org), Muted: true}
		if h.mine {
			by = ui.Cell{Text: "You"}
		}
		out = append(out, []ui.Cell{
			{Text: objectTitle(h.Object.Name, h.Object.Type, h.Object.ID), Href: intelAtHeld + "/" + h.ID, Header: true},
			{Text: intelTypeWords(h.Object.Type)},
			{Text: heldWhy[h.Why]},
			by,
			{Part: ui.TLPChip(string(h.Want.TLP))},
			{Part: ui.ShortTime(h.At, now)},
		})
	}
	return out
}

func heldOfBatchRows(hs []intel.Held, org string) (out [][]ui.Cell) {
	for _, h := range hs {
		out = append(out, []ui.Cell{
			{Text: objectTitle(h.Object.Name, h.Object.Type, h.Object.ID), Href: intelAtHeld + "/" + h.ID, Header: true},
			{Text: heldWhy[h.Why]},
			{Text: heldBy(h, org), Muted: true},
		})
	}
	return out
}

// heldFacts is what one reads first of an object that waits.
func heldFacts(x heldView, now time.Time) []ui.KV {
	h := x.h
	kvs := []ui.KV{
		{Key: "Type", Value: intelTypeWords(h.Object.Type)},
		{Key: "Id", Value: h.Object.ID, Mono: true},
	}
	if h.Object.VersionText != "" {
		kvs = append(kvs, ui.KV{Key: "Version", Value: h.Object.VersionText, Mono: true})
	}
	if h.Why != intel.WhyMarking {
		kvs = append(kvs, ui.KV{Key: "It would be marked", Part: ui.TLPChip(string(h.Want.TLP))}, ui.KV{Key: "It would reach", Value: cmp.Or(x.whom, "those whom its sender chose")})
	}
	kvs = append(kvs, ui.KV{Key: "Came", Part: ui.RelTime(h.At, now)})
	if x.sent != nil {
		kvs = append(kvs, ui.KV{Key: "Sent by your organization in", Value: x.sent.Name, Href: intelAtBatches + "/" + x.sent.ID})
	}
	if h.Object.Description != "" {
		kvs = append(kvs, ui.KV{Key: "Description", Value: shortened(h.Object.Description)})
	}
	if h.Object.Pattern != "" {
		kvs = append(kvs, ui.KV{Key: "Pattern", Value: shortened(h.Object.Pattern), Mono: true})
	}
	if len(h.Object.Labels) > 0 {
		kvs = append(kvs, ui.KV{Key: "Labels", Value: strings.Join(h.Object.Labels, ", ")})
	}
	for i, r := range h.Object.Refs {
		if i == heldRefShown {
			break
		}
		kvs = append(kvs, ui.KV{Key: r.Property, Value: r.Target, Mono: true})
	}
	return kvs
}

func diffRows(ds []difference) (out [][]ui.Cell) {
	or := func(s string) ui.Cell {
		if s == "" {
			return ui.Cell{Text: "none", Muted: true}
		}
		return ui.Cell{Text: s, Mono: true}
	}
	for _, d := range ds {
		out = append(out, []ui.Cell{{Text: d.Name, Header: true, Mono: true}, or(d.There), or(d.Would)})
	}
	return out
}
