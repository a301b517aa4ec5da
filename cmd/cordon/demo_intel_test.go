package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// indexed waits until what came can be searched; the running house does so by
// itself.
func (w *world) indexed() {
	w.t.Helper()
	for {
		n, err := w.house.intel.Index(context.Background(), w.house.db, scribe)
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// demoIntel: ATT&CK for ICS came whole, every label has something, each person
// sees what is his, three objects wait for the right people, and the pages of the
// README's walk say what it promises.
func demoIntel(t *testing.T, w *world) {
	w.indexed()
	w.read(w.being("dvornik"), func(v *db.View) error {
		bs, err := w.house.intel.Batches(v, "", 0)
		i := slices.IndexFunc(bs, func(b *intel.Batch) bool { return b.Name == furnish.AttackName })
		if err != nil || i < 0 || bs[i].State != intel.Done || bs[i].Added != 1826 || bs[i].Tally.Held+bs[i].Refused != 0 {
			t.Errorf("ATT&CK: %+v, %v", bs, err)
		}
		return nil
	})

	// What a person's TAXII client is given, by label.
	indicators := func(who policy.Viewer) (n int, tlps map[string]int) {
		tlps = map[string]int{}
		w.read(who, func(v *db.View) error {
			es, next, err := w.house.intel.List(v, intel.Range{Types: []string{"indicator"}, Limit: 100})
			if err != nil || next != "" {
				t.Fatalf("%d indicators, next %q, %v", len(es), next, err)
			}
			for _, e := range es {
				o, err := w.house.intel.Object(v, e.ID)
				if err != nil {
					return err
				}
				tlps[o.Label.TLP.String()]++
			}
			n = len(es)
			return nil
		})
		return n, tlps
	}
	for _, c := range []struct {
		who  policy.Viewer
		want map[string]int
	}{
		{policy.Anonymous(), map[string]int{"TLP:CLEAR": 3}},
		{w.being("tollefson"), map[string]int{"TLP:CLEAR": 3, "TLP:GREEN": 10}},
		{w.being("kolbeck"), map[string]int{"TLP:CLEAR": 3, "TLP:GREEN": 8, "TLP:RED": 1}}, // an agency, and of the cell
		{w.being("arendt"), map[string]int{"TLP:CLEAR": 3, "TLP:GREEN": 10, "TLP:AMBER": 3, "TLP:AMBER+STRICT": 1}},
		{w.being("osei"), map[string]int{"TLP:CLEAR": 3, "TLP:GREEN": 10, "TLP:AMBER": 3, "TLP:RED": 1}},
		{w.being("hallberg"), map[string]int{"TLP:CLEAR": 3, "TLP:GREEN": 10, "TLP:AMBER": 2}},
	} {
		_, got := indicators(c.who)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s is given other indicators (-want +got):\n%s", c.who.Name, diff)
		}
	}

	// Versions, revocation, expiry.
	w.read(w.being("tollefson"), func(v *db.View) error {
		var expired, revoked int
		es, _, err := w.house.intel.List(v, intel.Range{Types: []string{"indicator"}})
		if err != nil {
			return err
		}
		for _, e := range es {
			o, err := w.house.intel.Object(v, e.ID)
			if err != nil {
				return err
			}
			if o.Expired(v.Now()) {
				expired++
			}
			if o.Revoked {
				revoked++
				if h, err := w.house.intel.History(v, o.ID); err != nil || len(h) != 2 {
					t.Errorf("%s has %d versions, %v", o.Name, len(h), err)
				}
			}
			if o.From.Attribution != intel.Named && o.From.OrgName != "" {
				t.Errorf("%s names %s", o.Name, o.From.OrgName)
			}
		}
		if expired != 2 || revoked != 1 {
			t.Errorf("%d expired, %d revoked; want 2, 1", expired, revoked)
		}
		return nil
	})

	for who, want := range map[string][]string{
		"yoon":      {"foreign Ratchetmoth relay: telemetry.pumps-update.example mine=true"},
		"tollefson": {"foreign Ratchetmoth relay: telemetry.pumps-update.example mine=false"},
		"tembo":     {"review GW-40 joined to an unknown network mine=true"},
		"chiahsin":  {"review GW-40 joined to an unknown network mine=false"},
		"meneses":   {"personal Call that asks for the analyzer's service code mine=true"},
		"arendt":    nil, "kolbeck": nil,
	} {
		w.read(w.being(who), func(v *db.View) error {
			hs, err := w.house.intel.Waiting(v, "", 0)
			if err != nil {
				return err
			}
			var got []string
			for _, h := range hs {
				may, err := w.house.intel.MayDecide(v, h)
				if err != nil {
					return err
				}
				got = append(got, fmt.Sprintf("%s %s mine=%t", h.Why, h.Object.Name, may))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what waits for %s (-want +got):\n%s", who, diff)
			}
			return nil
		})
	}

	seen := func(who string) (techniques, most int) {
		w.read(w.being(who), func(v *db.View) error {
			m, err := w.house.intel.Matrix(v, "")
			for _, tac := range m.Tactics {
				for _, x := range tac.Techniques {
					if x.Seen > 0 {
						techniques++
					}
				}
			}
			most = m.Most
			return err
		})
		return techniques, most
	}
	inside, most := seen("arendt")
	if outside, _ := seen("tollefson"); inside <= outside || outside < 30 || most < 5 {
		t.Errorf("the matrix shows %d techniques inside, %d outside, at most %d objects in one", inside, outside, most)
	}

	engineer, hospital := w.reader("arendt"), w.reader("tollefson")
	engineer.Get("/intel/objects/"+thirdShift).Want(200, "Third Shift", "Latchwork Device Security")
	engineer.Get("/intel/objects/"+dosewren).Want(200, "Dosewren")
	hospital.Get("/intel/objects/" + dosewren).Want(404).Never("Dosewren")
	engineer.Get("/intel/matrix").Want(200, "ATT&CK for ICS", "External Remote Services")
	engineer.Get("/intel/graph?ids="+thirdShift).Want(200, "Ratchetmoth", "Dosewren")
	hospital.Get("/intel/graph?ids="+thirdShift).Want(200, "Ratchetmoth").Never("Dosewren")
	w.reader("yoon").Get("/intel/held").Want(200, "Ratchetmoth relay")

	// Texts cite objects, for who may see them: all parties read the post, and the
	// hospital that was asked in later is not of the case team.
	k, _ := w.told("arendt", pumpTitle)
	var thread string
	w.read(w.being("arendt"), func(v *db.View) error {
		ts, err := w.house.cases.Threads(v, k.ID)
		thread = ts[0].ID
		return err
	})
	const name = "Configuration sent to a pump from elsewhere"
	engineer.Get("/topics/"+thread).Want(200, name)
	w.reader("castonguay").Get("/topics/"+thread).Want(200, probe).Never(name)
	w.read(w.being("arendt"), func(v *db.View) error {
		var report intel.Object
		es, _, err := w.house.intel.List(v, intel.Range{Types: []string{"report"}})
		for _, e := range es {
			o, err := w.house.intel.Object(v, e.ID)
			if err != nil {
				return err
			}
			if strings.HasPrefix(o.Name, "Somebody knows of "+k.Short()) {
				report = o
			}
		}
		if report.ID == "" || report.Label.TLP != policy.AmberStrict {
			t.Errorf("the report that cites the case is %q under %s", report.Name, report.Label.TLP)
		}
		if _, err := w.house.intel.Object(v, "indicator--00000000-0000-4000-8000-000000000000"); !fault.Is(err, fault.Missing) {
			t.Errorf("an object that is not there: %v", err)
		}
		return err
	})
}
