package intel_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

var noTime time.Time

func sight(h *town.Town, person, id string, s intel.Sighting) (out intel.Outcome, err error) {
	h.T.Helper()
	err = h.Write(person, func(tx *db.Tx) (err error) {
		out, err = h.Intel.Sight(tx, id, s)
		return err
	})
	return out, err
}

type sighted struct {
	sum intel.Sum
	all []intel.Object
}

func sightings(h *town.Town, person, id string) (s sighted) {
	h.T.Helper()
	return town.Must(h, person, func(v *db.View) (s sighted, err error) {
		s.sum, s.all, err = h.Intel.Sightings(v, id)
		return s, err
	})
}

func indicatorID(n int) string { return strings.Split(indicator(n, 0), `"`)[11] }

func TestSight(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		to := open
		to.Amber = []policy.Principal{town.Pump, town.Ward}
		amber := "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
		clear := "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
		red := "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
		take(h, town.Pia, to, indicator(1, 0, green), indicator(2, 0, amber), indicator(3, 0, clear), indicator(4, 0, red))
		id := indicatorID(1)
		if _, err := sight(h, town.Wim, id, intel.Sighting{}); err != nil {
			t.Fatal(err)
		}
		h.Clock.Add(time.Hour)
		first := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
		for _, c := range []struct {
			person string
			s      intel.Sighting
		}{
			{town.Cleo, intel.Sighting{Count: 7, First: first, Attribution: intel.Community, Note: "On the <old> gateway."}},
			{town.Max, intel.Sighting{Negative: true, Attribution: intel.Anonymous}},
			{town.Wim, intel.Sighting{Where: true}},
			{town.Max, intel.Sighting{TLP: policy.Amber}},
		} {
			out, err := sight(h, c.person, id, c.s)
			if err != nil || out.Kind != intel.WasAdded {
				t.Fatalf("%+v: %+v, %v", c.s, out, err)
			}
		}
		check := func() {
			s := sightings(h, town.Pol, id)
			want := intel.Sum{Count: 9, Reports: 3, Not: 1, First: first, Last: town.Epoch.Add(time.Hour), Orgs: []string{"Ward Hospital"}, Others: true}
			if d := cmp.Diff(want, s.sum); d != "" {
				t.Error(d)
			}
			for _, o := range s.all {
				if again, err := stix.Parse(o.Raw); err != nil || again.Type != "sighting" {
					t.Errorf("%s is no valid sighting: %v", o.Raw, err)
				}
				if o.From.Attribution != intel.Named && (o.CreatedBy != "" || o.From.Org != "") {
					t.Errorf("%s tells who sent it", o.Raw)
				}
			}
			if got := sightings(h, town.Max, id).sum; got.Count != 10 || len(got.Orgs) != 2 {
				t.Errorf("Max counts %+v", got)
			}
			many := town.Must(h, town.Pol, func(v *db.View) (map[string]intel.Sum, error) {
				return h.Intel.Seen(v, []string{id, indicatorID(2)})
			})
			if d := cmp.Diff(map[string]intel.Sum{id: want}, many); d != "" {
				t.Error(d)
			}
		}
		check() // before the index knows of it
		indexed(h)
		check()

		// Never looser than what was seen; what all may read stays in the community.
		for _, c := range []struct {
			n      int
			person string
			tlp    policy.TLP
			want   policy.Label
		}{
			{1, town.Wim, "", town.Label(policy.Green, policy.Community)},
			{1, town.Wim, policy.AmberStrict, town.Label(policy.AmberStrict, town.Ward)},
			{2, town.Wim, "", town.Label(policy.Amber, town.Pump, town.Ward)},
			{2, town.Wim, policy.Red, town.Label(policy.Red, policy.OfPerson(town.Wim))},
			{3, town.Wim, "", town.Label(policy.Green, policy.Community)},
			{3, town.Wim, policy.Clear, town.Label(policy.Clear, policy.Public)},
			{4, town.Pia, "", town.Label(policy.Red, policy.OfPerson(town.Pia))},
		} {
			out, err := sight(h, c.person, indicatorID(c.n), intel.Sighting{TLP: c.tlp})
			if err != nil {
				t.Fatalf("%d as %s: %v", c.n, c.tlp, err)
			}
			o := town.Must(h, c.person, func(v *db.View) (intel.Object, error) { return h.Intel.Object(v, out.ID) })
			if o.Label.TLP != c.want.TLP || !o.Label.Audience.Equal(c.want.Audience) {
				t.Errorf("%d as %s: %v, want %v", c.n, c.tlp, o.Label, c.want)
			}
			if o.Markings[0] != stix.MarkingID(string(c.want.TLP)) {
				t.Errorf("%s is marked %v", c.want.TLP, o.Markings)
			}
		}
		for name, c := range map[string]struct {
			id    string
			s     intel.Sighting
			kind  fault.Kind
			field string
		}{
			"hidden":   {indicatorID(4), intel.Sighting{}, fault.Missing, ""},
			"absent":   {indicatorID(9), intel.Sighting{}, fault.Missing, ""},
			"wider":    {indicatorID(2), intel.Sighting{TLP: policy.Green}, fault.Invalid, "tlp"},
			"future":   {id, intel.Sighting{Last: h.Clock.Now().Add(time.Hour)}, fault.Invalid, "last"},
			"order":    {id, intel.Sighting{First: h.Clock.Now(), Last: first}, fault.Invalid, "last"},
			"count":    {id, intel.Sighting{Count: -1}, fault.Invalid, "count"},
			"not 3":    {id, intel.Sighting{Count: 3, Negative: true}, fault.Invalid, "count"},
			"place":    {id, intel.Sighting{Where: true, Attribution: intel.Anonymous}, fault.Invalid, "where"},
			"sighting": {sightings(h, town.Wim, id).all[0].ID, intel.Sighting{}, fault.Invalid, "id"},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := sight(h, town.Wim, c.id, c.s)
				town.Wants(t, err, c.kind, c.field)
			})
		}
	})
}

func TestRemark(t *testing.T) {
	h := town.New(t, "")
	take(h, town.Pia, open, indicator(1, 0, green))
	for _, r := range []intel.Remark{{Text: "A false alarm at ours."}, {Opinion: intel.StronglyDisagree, Text: "Shared hosting.", Attribution: intel.Community}, {Opinion: intel.Agree}} {
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error {
			out, err := h.Intel.Remark(tx, indicatorID(1), r)
			if err == nil && out.Kind != intel.WasAdded {
				t.Errorf("%+v: %+v", r, out)
			}
			return err
		}))
	}
	about := town.Must(h, town.Pol, func(v *db.View) ([]intel.Object, error) { return h.Intel.Referring(v, indicatorID(1), 10) })
	if len(about) != 3 {
		t.Errorf("%d remarks", len(about))
	}
	for field, r := range map[string]intel.Remark{"text": {}, "opinion": {Opinion: "maybe"}} {
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { _, err := h.Intel.Remark(tx, indicatorID(1), r); return err }), fault.Invalid, field)
	}
}

func TestLife(t *testing.T) {
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	day := func(n int) string { return now.AddDate(0, 0, n).Format("2006-01-02T15:04:05Z") }
	made := func(pattern, from, until, more string) intel.Object {
		if until != "" {
			until = `,"valid_until":"` + until + `"`
		}
		o, err := stix.Parse([]byte(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-000000000001","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","pattern":"` + pattern + `","pattern_type":"stix","valid_from":"` + from + `"` + until + more + `}`))
		if err != nil {
			t.Fatal(err)
		}
		return intel.Object{Object: o}
	}
	addr, hash := "[ipv4-addr:value = '198.51.100.1']", "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']"
	for name, c := range map[string]struct {
		o    intel.Object
		seen intel.Sum
		want float64
	}{
		"new":           {made(addr, day(0), "", ""), intel.Sum{}, 1},
		"half":          {made(addr, day(-14), "", ""), intel.Sum{}, 0.5},
		"seen again":    {made(addr, day(-140), "", ""), intel.Sum{Last: now.AddDate(0, 0, -14)}, 0.5},
		"over":          {made(addr, day(-140), "", ""), intel.Sum{}, 0},
		"a hash":        {made(hash, day(-365), "", ""), intel.Sum{}, 0.5},
		"either":        {made(addr+" OR "+hash, day(-365), "", ""), intel.Sum{}, 0.5},
		"until":         {made(addr, day(-10), day(30), ""), intel.Sum{}, 0.75},
		"ended":         {made(addr, day(-10), day(0), ""), intel.Sum{Last: now}, 0},
		"taken back":    {made(addr, day(0), "", `,"revoked":true`), intel.Sum{}, 0},
		"not yet valid": {made(addr, day(5), "", ""), intel.Sum{}, 1},
	} {
		got, _, words, ok := intel.Life(c.o, c.seen, now)
		if d := got - c.want; !ok || d > 1e-9 || d < -1e-9 || words == "" {
			t.Errorf("%s: %v %q %v, want %v", name, got, words, ok, c.want)
		}
	}
	if _, _, _, ok := intel.Life(intel.Object{}, intel.Sum{}, now); ok {
		t.Error("something else ages")
	}
}
