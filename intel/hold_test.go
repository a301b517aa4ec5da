package intel_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

const (
	clear2  = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	amber   = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	red     = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
	nobodys = "marking-definition--00000000-0000-4000-8000-00000000abcd"
)

// kinds is what became of each object of a batch, in words.
func kinds(outs []intel.Outcome) string {
	var all []string
	for _, o := range outs {
		all = append(all, string(o.Kind))
	}
	return strings.Join(all, " ")
}

// waitingFor lists the reasons of what waits in a person's eyes.
func waitingFor(h *town.Town, person string) (whys []string, hs []intel.Held) {
	hs = town.Must(h, person, func(v *db.View) ([]intel.Held, error) { return h.Intel.Waiting(v, "", 0) })
	for _, x := range hs {
		whys = append(whys, string(x.Why))
	}
	return whys, hs
}

// labelOf is an object's marking in a person's eyes, or "" if he does not see it.
func labelOf(h *town.Town, person string, n int) policy.TLP {
	o, err := town.Read(h, person, func(v *db.View) (intel.Object, error) {
		return h.Intel.Object(v, indicator(n, 0)[strings.Index(indicator(n, 0), "indicator--"):][:47])
	})
	if fault.Is(err, fault.Missing) {
		return ""
	}
	h.OK(err)
	return o.Label.TLP
}

func idOf(n int) string {
	o := indicator(n, 0)
	return o[strings.Index(o, "indicator--"):][:47]
}

// TestNeverLooser is T-07 for objects that come again, by every way on which a
// label could fall.
func TestNeverLooser(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		for i, c := range []struct {
			name          string
			first, second []string // markings
			by            string
			version       int
			want          string // what becomes of the second
			then          policy.TLP
		}{
			{"the owner, the same bytes, from a wider file", []string{amberStrict}, []string{amberStrict}, town.Pia, 0, "same", policy.AmberStrict},
			{"the owner marks a new version wider", []string{amberStrict}, []string{green}, town.Pia, 1, "added", policy.AmberStrict},
			{"the owner leaves the marking of a new version out", []string{amberStrict}, nil, town.Pia, 1, "added", policy.AmberStrict},
			{"the owner writes TLP 1.0's WHITE", []string{green}, []string{white1}, town.Pia, 1, "added", policy.Green},
			{"the owner tightens a new version", []string{green}, []string{amberStrict}, town.Pia, 1, "added", policy.AmberStrict},
			{"another sends the same bytes", []string{green}, []string{green}, town.Wim, 0, "same", policy.Green},
			{"another sends a new version", []string{green}, []string{clear2}, town.Wim, 1, "held", policy.Green},
			{"another sends the same version marked wider", []string{green}, []string{clear2}, town.Wim, 0, "held", policy.Green},
			{"two markings count as the strictest", []string{green, amberStrict}, []string{clear2, amberStrict}, town.Pia, 1, "added", policy.AmberStrict},
		} {
			n := 100 + i
			if _, outs := take(h, town.Pia, open, indicator(n, 0, c.first...)); kinds(outs) != "added" {
				t.Fatalf("%s: first %v", c.name, outs)
			}
			_, outs := take(h, c.by, open, indicator(n, c.version, c.second...))
			if kinds(outs) != c.want {
				t.Errorf("%s: became %v, want %s", c.name, outs, c.want)
			}
			if got := labelOf(h, town.Pol, n); got != c.then {
				t.Errorf("%s: then it is %s, want %s", c.name, got, c.then)
			}
		}
		// The same bytes under other terms: wider waits for a second person, stricter
		// takes readers away at once.
		take(h, town.Pia, intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.AmberStrict}, indicator(1, 0))
		if _, outs := take(h, town.Pia, open, indicator(1, 0)); kinds(outs) != "held" || labelOf(h, town.Wim, 1) != "" {
			t.Errorf("wider terms for the same bytes: %v, and Wim sees %q", outs, labelOf(h, town.Wim, 1))
		}
		take(h, town.Pia, open, indicator(2, 0))
		if labelOf(h, town.Wim, 2) != policy.Green {
			t.Fatal("Wim does not see a GREEN object")
		}
		if _, outs := take(h, town.Pia, intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.AmberStrict}, indicator(2, 0)); kinds(outs) != "same" || labelOf(h, town.Wim, 2) != "" || labelOf(h, town.Pol, 2) != policy.AmberStrict {
			t.Errorf("stricter terms for the same bytes: %v, and Wim sees %q", outs, labelOf(h, town.Wim, 2))
		}
	})
}

// TestHeld walks each reason for which something waits to its decision.
func TestHeld(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		decide := func(person, id string, d intel.Decision) error {
			return h.Write(person, func(tx *db.Tx) error { _, err := h.Intel.Decide(tx, id, d); return err })
		}
		only := func(person string, why intel.Why) intel.Held {
			t.Helper()
			whys, hs := waitingFor(h, person)
			if len(hs) != 1 || hs[0].Why != why {
				t.Fatalf("%s sees waiting %v, want one %s", person, whys, why)
			}
			return hs[0]
		}
		none := func(people ...string) {
			t.Helper()
			for _, p := range people {
				if whys, _ := waitingFor(h, p); len(whys) > 0 {
					t.Errorf("%s sees waiting %v", p, whys)
				}
			}
		}

		t.Log("an unknown marking: the sender chooses")
		take(h, town.Pia, open, indicator(1, 0, nobodys))
		none(town.Wim, town.Dora, town.Cy)
		x := only(town.Pol, intel.WhyMarking)
		town.Wants(t, decide(town.Pol, x.ID, intel.Decision{Accept: true}), fault.Invalid, "label")
		h.OK(decide(town.Pol, x.ID, intel.Decision{Accept: true, Label: policy.Green}))
		if labelOf(h, town.Wim, 1) != policy.Green {
			t.Error("what was let in is not there")
		}
		if err := decide(town.Pol, x.ID, intel.Decision{Accept: true, Label: policy.Green}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second decision: %v", err)
		}

		t.Log("another's object: its owner decides")
		take(h, town.Wim, open, indicator(1, 3))
		none(town.Dora, town.Cy)
		x = only(town.Pol, intel.WhyForeign)
		if err := decide(town.Wim, x.ID, intel.Decision{Accept: true}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the sender decided himself: %v", err)
		}
		town.Wants(t, decide(town.Pol, x.ID, intel.Decision{}), fault.Invalid, "why")
		h.OK(decide(town.Pol, x.ID, intel.Decision{Why: "Not ours to say."}))
		none(town.Pol, town.Wim)

		t.Log("wider than before: a second person of the sender's")
		take(h, town.Pia, intel.Terms{Scrub: intel.ScrubClean}, indicator(2, 0))
		take(h, town.Pia, open, indicator(2, 0))
		x = only(town.Pia, intel.WhyWider)
		if err := decide(town.Pia, x.ID, intel.Decision{Accept: true}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the sender agreed with himself: %v", err)
		}
		h.OK(decide(town.Pol, x.ID, intel.Decision{Accept: true}))
		if labelOf(h, town.Wim, 2) != policy.Green {
			t.Error("what was widened is not there for its new readers")
		}
		if got := len(pulled(h, town.Pol, intel.Range{IDs: []string{idOf(2)}})); got != 1 {
			t.Errorf("who may read both copies was given %d", got)
		}

		t.Log("personal data: the sender says why (R-046)")
		take(h, town.Pia, open, strings.Replace(indicator(3, 0), `"name":"Beacon 3"`, `"name":"Patient John Smith, MRN 8837261"`, 1))
		x = only(town.Pia, intel.WhyPersonal)
		town.Wants(t, decide(town.Pia, x.ID, intel.Decision{Accept: true}), fault.Invalid, "why")
		none(town.Wim, town.Dora)
		h.OK(decide(town.Pia, x.ID, intel.Decision{Accept: true, Why: "The lure names this invented patient."}))
		if labelOf(h, town.Wim, 3) != policy.Green {
			t.Error("what was justified is not there")
		}

		t.Log("an owner who is not named: the desk decides, and nobody learns the name")
		hidden := open
		hidden.Attribution = intel.Anonymous
		take(h, town.Pia, hidden, indicator(4, 0))
		take(h, town.Wim, open, indicator(4, 2))
		x = only(town.Wim, intel.WhyForeign)
		if x.Owner != "" || x.Label.Audience.Has(town.Pump) {
			t.Errorf("the sender learns the owner: %+v", x)
		}
		none(town.Pol)
		h.OK(decide(town.Dora, x.ID, intel.Decision{Why: "No."}))

		t.Log("a sender who is not named: whoever decides does not learn the name, there or from the record")
		take(h, town.Pia, open, indicator(6, 0))
		quiet := intel.Terms{Scrub: intel.ScrubClean, Attribution: intel.Anonymous, Unmarked: policy.Amber, Amber: []policy.Principal{town.Ward, town.Pump}}
		take(h, town.Wim, quiet, indicator(6, 2))
		x = only(town.Pol, intel.WhyForeign)
		one := town.Must(h, town.Pol, func(v *db.View) (intel.Held, error) { return h.Intel.Held(v, x.ID) })
		for _, held := range []intel.Held{x, one} {
			if held.Label.Audience.Has(town.Ward) || held.Want.Audience.Has(town.Ward) {
				t.Errorf("the owner learns the sender: %+v", held)
			}
		}
		if sent := only(town.Wim, intel.WhyForeign); !sent.Want.Audience.Has(town.Ward) {
			t.Errorf("the sender does not see whom his own object is for: %+v", sent.Want)
		}
		h.OK(decide(town.Pol, x.ID, intel.Decision{Why: "Not ours."}))
		for _, content := range town.Must(h, town.Pol, func(v *db.View) (map[int64]ledger.Content, error) {
			es, err := h.Ledger.About(v, x.ID, 10)
			if err != nil {
				return nil, err
			}
			if len(es) != 1 || es[0].Verb != "intel.discarded" {
				t.Errorf("the owner reads %v about it", es)
			}
			return h.Ledger.OpenAll(v, es)
		}) {
			if e := content.Event; e.Org == town.Ward.ID() || slices.Contains(e.Audience, string(town.Ward)) {
				t.Errorf("the record tells the owner who sent it: %+v", e)
			}
		}
	})
}

// TestHiddenCopies: what the newcomer may not see changes nothing for him (T-01),
// and who sees both is given one.
func TestHiddenCopies(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		own := intel.Terms{Scrub: intel.ScrubClean}
		take(h, town.Pia, own, indicator(1, 0), indicator(2, 3), indicator(3, 0))
		_, outs := take(h, town.Wim, own, indicator(1, 0), indicator(2, 1), strings.Replace(indicator(3, 0), "Beacon", "Other", 1))
		if kinds(outs) != "added added added" {
			t.Errorf("Wim is told %v of objects that he cannot know are there", outs)
		}
		for _, n := range []int{1, 2, 3} {
			if got := len(pulled(h, town.Wim, intel.Range{IDs: []string{idOf(n)}})); got != 1 {
				t.Errorf("Wim is given %d of object %d", got, n)
			}
		}
		// Someone to whom both are shown.
		take(h, town.Pia, open, indicator(5, 0))
		var asked = intel.Terms{Scrub: intel.ScrubClean, Amber: []policy.Principal{town.Ward}, Unmarked: policy.AmberStrict}
		take(h, town.Wim, asked, indicator(5, 0))
		if got := len(pulled(h, town.Wim, intel.Range{IDs: []string{idOf(5)}})); got != 1 {
			t.Errorf("Wim is given %d copies", got)
		}
	})
}

// TestFuture and the rest of T-55's semantics.
func TestRefused(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		future := strings.ReplaceAll(indicator(1, 0), "2026-01-01T00:00:00.000Z", "2036-01-01T00:00:00.000Z")
		future = strings.Replace(future, `"created":"2036`, `"created":"2026`, 1)
		two := strings.Replace(indicator(2, 0), `"name":`, `"Name":"x","name":`, 1)
		b, outs := take(h, town.Pia, open, future, two, indicator(3, 0), strings.Replace(indicator(3, 0), "Beacon", "Bacon", 1), `{"type":"indicator"}`)
		if want := "refused refused added held refused"; kinds(outs) != want {
			t.Errorf("became %v, want %s", outs, want)
		}
		if b.Added != 1 || b.Tally.Held != 1 || b.Refused != 3 || len(b.Problems) != 4 {
			t.Errorf("the batch says %+v", b)
		}
		for _, p := range b.Problems {
			if p.Where == "" || p.Reason == "" {
				t.Errorf("a problem says too little: %+v", p)
			}
		}
		// Terms that no label can be made of change nothing.
		for field, terms := range map[string]intel.Terms{
			"scrub": {}, "why": {Scrub: intel.ScrubJustified}, "pap": {Scrub: intel.ScrubClean, PAP: "BLUE"}, "ais": {Scrub: intel.ScrubClean, AIS: "all"},
			"unmarked": {Scrub: intel.ScrubClean, Unmarked: "WHITE"}, "amber": {Scrub: intel.ScrubClean, Amber: []policy.Principal{policy.Community}},
			"red": {Scrub: intel.ScrubClean, Red: []policy.Principal{town.Pump}}, "green": {Scrub: intel.ScrubClean, Green: []policy.Principal{town.Pump}},
			"attribution": {Scrub: intel.ScrubClean, Attribution: "somebody"},
		} {
			err := h.Write(town.Pia, func(tx *db.Tx) error {
				_, _, err := h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "x", Format: intel.FormatSTIX, Terms: terms}, strings.NewReader(bundle(indicator(9, 0))))
				return err
			})
			town.Wants(t, err, fault.Invalid, field)
		}
		if labelOf(h, town.Pia, 9) != "" {
			t.Error("a refused batch left something")
		}
		// A text that is not STIX at all.
		err := h.Write(town.Pia, func(tx *db.Tx) error {
			_, _, err := h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "x", Format: intel.FormatSTIX, Terms: open}, strings.NewReader(`{"type":"bundle","objects":[`+indicator(9, 0)))
			return err
		})
		town.Wants(t, err, fault.Invalid, "objects")
		// Somebody who may not.
		if err := h.Write(town.Paz, func(tx *db.Tx) error {
			_, _, err := h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "x", Format: intel.FormatSTIX, Terms: open}, strings.NewReader(bundle(indicator(9, 0))))
			return err
		}); !fault.Is(err, fault.Invalid) {
			t.Errorf("who is no named recipient of his organization: %v", err)
		}
	})
}
