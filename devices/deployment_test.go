package devices_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

func pump() devices.DeploymentForm {
	return devices.DeploymentForm{Maker: "Pump Works, Inc.", Model: "Infusor", Version: "1.0", UDI: "00844588003288", Count: 12, Zone: "ICU", Exposure: "network", Owner: "Biomed", Note: "On loan.", EOS: "2030-01-01"}
}

func deploy(h *town.Town, who string, in devices.DeploymentForm) (id string) {
	h.T.Helper()
	h.OK(h.Write(who, func(tx *db.Tx) (err error) { id, _, err = h.Devices.Deploy(tx, in); return err }))
	return id
}

func deployment(h *town.Town, who, id string) (devices.Deployment, error) {
	return town.Read(h, who, func(v *db.View) (devices.Deployment, error) { return h.Devices.Deployment(v, id) })
}

func places(h *town.Town, who string, q devices.DeploymentQuery) (ds []devices.Deployment) {
	h.T.Helper()
	h.OK(h.DB.Read(h.Ctx, h.As(who), func(v *db.View) (err error) { ds, _, err = h.Devices.Deployments(v, q); return err }))
	return ds
}

// Nobody but the organization's own recipients reads a deployment, or learns that
// there is one: the answers are those of a thing that does not exist.
func TestDeploymentsArePrivate(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		known := add(h, town.Pia, infusor())
		in := pump()
		in.Product = known
		id := deploy(h, town.Wim, in)
		d, err := deployment(h, town.Wim, id)
		h.OK(err)
		if d.Org != town.Ward.ID() || d.Count != 12 || d.Stage != "in use" || d.UDI != "00844588003288" || !d.Label.Audience.Equal(policy.Default(d.Org).Audience) || d.Label.TLP != policy.AmberStrict {
			t.Errorf("%+v", d)
		}
		none := "deployment_00000000000000000000000000"
		for _, who := range []string{town.Wanda, town.Cleo, town.Pia, town.Max, town.Dora, town.Dan, town.Fay, town.Lea, ""} {
			for what, ask := range map[string]func(id string) error{
				"read": func(id string) error { _, err := deployment(h, who, id); return err },
				"gaps": func(id string) error {
					_, err := town.Read(h, who, func(v *db.View) ([]devices.Gap, error) { return h.Devices.DeploymentGaps(v, id) })
					return err
				},
				"products": func(id string) error {
					_, err := town.Read(h, who, func(v *db.View) ([]devices.Suggestion, error) { return h.Devices.SuggestionsFor(v, id) })
					return err
				},
				"change": func(id string) error {
					return h.Write(who, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, id, 1, pump()) })
				},
				"retire": func(id string) error {
					return h.Write(who, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, id) })
				},
				"accept": func(id string) error {
					return h.Write(who, func(tx *db.Tx) error { return h.Devices.AcceptSuggestion(tx, id, known) })
				},
			} {
				err, unknown := ask(id), ask(none)
				if !fault.Is(err, fault.Missing) || !errors.Is(err, unknown) {
					t.Errorf("%q %s: %v, and of none: %v", who, what, err, unknown)
				}
			}
			if ds := places(h, who, devices.DeploymentQuery{}); len(ds) != 0 {
				t.Errorf("%q lists %v", who, ds)
			}
			c := town.Must(h, who, func(v *db.View) (devices.DeploymentCounts, error) { return h.Devices.DeploymentCounts(v) })
			if c.Deployments != 0 || c.Units != 0 || len(c.Stages)+len(c.Zones) != 0 {
				t.Errorf("%q counts %+v", who, c)
			}
			by := town.Must(h, who, func(v *db.View) ([]devices.Deployment, error) { return h.Devices.DeploymentsOf(v, []string{known}) })
			keys := town.Must(h, who, func(v *db.View) ([]devices.Deployment, error) {
				return h.Devices.DeploymentsByKey(v, []int64{names.Hash(names.Device("Pump Works", "Infusor"))})
			})
			if len(by)+len(keys) != 0 {
				t.Errorf("%q finds %v %v", who, by, keys)
			}
			es := town.Must(h, who, func(v *db.View) ([]ledger.Entry, error) { return h.Ledger.About(v, id, 10) })
			if len(es) != 0 {
				t.Errorf("%q reads the entries %v", who, es)
			}
		}
		// A non-recipient of the same hospital cannot add one either.
		for _, who := range []string{town.Wanda, town.Paz, town.Finn, ""} {
			town.Wants(t, h.Write(who, func(tx *db.Tx) error { _, _, err := h.Devices.Deploy(tx, pump()); return err }), fault.Forbidden, "")
		}
		// Matching's view sees it by key and by product.
		h.OK(h.DB.Read(h.Ctx, policy.System("test"), func(v *db.View) error {
			by, err := h.Devices.DeploymentsByKey(v, []int64{names.Hash("udi:GS1:00844588003288")})
			h.OK(err)
			of, err := h.Devices.DeploymentsOf(v, []string{known})
			if len(by) != 1 || len(of) != 1 {
				t.Errorf("by key %v, by product %v", by, of)
			}
			return err
		}))
	})
}

// The ledger's entries of deployments hold ids, and are the owner's.
func TestDeploymentEntries(t *testing.T) {
	h := town.New(t, "")
	id := deploy(h, town.Wim, pump())
	d, _ := deployment(h, town.Wim, id)
	in := d.Form()
	in.Count = 5
	h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, id, 1, in) }))
	h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, id) }))
	town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, id) }), fault.Conflict, "")
	var verbs []string
	h.OK(h.DB.Read(h.Ctx, h.As(town.Wim), func(v *db.View) error {
		es, err := h.Ledger.About(v, id, 10)
		h.OK(err)
		for _, e := range es {
			c, err := h.Ledger.Open(v, e)
			h.OK(err)
			verbs = append(verbs, e.Verb+" "+string(c.Event.Data))
		}
		return nil
	}))
	slices.Sort(verbs)
	data := ` {"deployments":["` + id + `"]}`
	if diff := cmp.Diff([]string{"device.changed" + data, "device.deployed" + data, "device.retired" + data}, verbs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDeploymentInput(t *testing.T) {
	h := town.New(t, "")
	secret := infusor()
	secret.Label = policy.Label{}
	hidden := add(h, town.Pia, secret)
	id := deploy(h, town.Wim, pump())
	for _, c := range []struct {
		field string
		spoil func(*devices.DeploymentForm)
	}{
		{"maker", func(f *devices.DeploymentForm) { f.Maker = "" }},
		{"model", func(f *devices.DeploymentForm) { f.Model = "?" }},
		{"product", func(f *devices.DeploymentForm) { f.Product = hidden }}, // exists, and is not shared
		{"product", func(f *devices.DeploymentForm) { f.Product = "product_00000000000000000000000000" }},
		{"count", func(f *devices.DeploymentForm) { f.Count = 0 }},
		{"count", func(f *devices.DeploymentForm) { f.Count = devices.MaxCount + 1 }},
		{"udi", func(f *devices.DeploymentForm) { f.UDI = "00844588003289" }},
		{"udi", func(f *devices.DeploymentForm) { f.UDI = "(01)00844588003288(21)S1" }},
		{"note", func(f *devices.DeploymentForm) { f.Note = "Unit (01)00844588003288(17)141120(10)7654321D" }},
		{"zone", func(f *devices.DeploymentForm) { f.Zone = "0100844588003288211234" }},
		{"note", func(f *devices.DeploymentForm) { f.Note = "see (01) 00844588003288 (21) 77" }},
		{"note", func(f *devices.DeploymentForm) {
			f.Note = "+H123PARTNO1234567890120/$$420020216LOT123456789012345/SXYZ456789012345678/16D20130202C"
		}},
		{"owner", func(f *devices.DeploymentForm) { f.Owner = "a\tb" }},
		{"exposure", func(f *devices.DeploymentForm) { f.Exposure = "open" }},
		{"stage", func(f *devices.DeploymentForm) { f.Stage = "lost" }},
		{"eos", func(f *devices.DeploymentForm) { f.EOS = "2030" }},
		{"version", func(f *devices.DeploymentForm) { f.Version = strings.Repeat("1", 101) }},
	} {
		in := pump()
		in.Version = "9"
		c.spoil(&in)
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { _, _, err := h.Devices.Deploy(tx, in); return err }), fault.Invalid, c.field)
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, id, 1, in) }), fault.Invalid, c.field)
	}
	// An ordinary number in brackets is no serial number.
	in := pump()
	in.Version, in.Note = "2", "Ward (10) north, floor (11), beds 1-4; port +1 = /dev, call +52001510773."
	deploy(h, town.Wim, in)
	town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { _, _, err := h.Devices.Deploy(tx, pump()); return err }), fault.Invalid, "model") // twice
	town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, id, 2, pump()) }), fault.Conflict, "")
	if d, _ := deployment(h, town.Wim, id); d.Revision != 1 || d.Count != 12 {
		t.Errorf("%+v", d)
	}
	if n := len(places(h, town.Wim, devices.DeploymentQuery{})); n != 2 {
		t.Errorf("%d deployments", n)
	}
}

func TestListDeployments(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		known := add(h, town.Pia, infusor())
		for i := range 7 {
			in := pump()
			in.Version, in.Count = fmt.Sprint(i), i+1
			in.Zone = []string{"ICU", "Ward Ö"}[i%2]
			if i == 3 {
				in.Product, in.Exposure = known, ""
			}
			id := deploy(h, town.Wim, in)
			if i == 6 {
				h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, id) }))
			}
		}
		for _, c := range []struct {
			q    devices.DeploymentQuery
			want int
		}{{devices.DeploymentQuery{}, 6}, {devices.DeploymentQuery{Words: "pump icu"}, 3}, {devices.DeploymentQuery{Words: "ward ö"}, 3}, {devices.DeploymentQuery{Words: "%"}, 0}, {devices.DeploymentQuery{Zone: "ICU"}, 3},
			{devices.DeploymentQuery{Product: known}, 1}, {devices.DeploymentQuery{Unknown: true}, 5}, {devices.DeploymentQuery{Stage: "retired"}, 1}, {devices.DeploymentQuery{Stage: "stored"}, 0}, {devices.DeploymentQuery{Exposure: "network"}, 5}} {
			if got := len(places(h, town.Wim, c.q)); got != c.want {
				t.Errorf("%+v lists %d, want %d", c.q, got, c.want)
			}
		}
		var got []string
		for after := ""; ; {
			var next string
			h.OK(h.DB.Read(h.Ctx, h.As(town.Wim), func(v *db.View) error {
				ds, n, err := h.Devices.Deployments(v, devices.DeploymentQuery{After: after, Limit: 4})
				for _, d := range ds {
					got = append(got, d.Version)
				}
				next = n
				return err
			}))
			if after = next; after == "" {
				break
			}
		}
		if strings.Join(got, "") != "012345" {
			t.Errorf("pages give %v", got)
		}
		c := town.Must(h, town.Wim, func(v *db.View) (devices.DeploymentCounts, error) { return h.Devices.DeploymentCounts(v) })
		want := devices.DeploymentCounts{Deployments: 6, Units: 21, Unknown: 5, Stages: []devices.Tally{{"in use", 6, 21}, {"retired", 1, 7}}, Zones: []devices.Tally{{"Ward Ö", 3, 12}, {"ICU", 3, 9}}, Exposures: []devices.Tally{{"", 1, 4}, {"network", 5, 17}}}
		if diff := cmp.Diff(want, c); diff != "" {
			t.Errorf("counts (-want +got)\n%s", diff)
		}
		gone := places(h, town.Wim, devices.DeploymentQuery{Stage: "retired"})[0]
		in := gone.Form()
		in.Stage = "stored"
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, gone.ID, gone.Revision, in) }))
		if n := len(places(h, town.Wim, devices.DeploymentQuery{Stage: "stored"})); n != 1 {
			t.Errorf("%d are stored", n)
		}
	})
}

const inventory = "Hersteller;Device name;SW Version;Qty;Network;Department;Serial number;UDI\n" +
	"Pump Works;Infusor;1.0;3;ICU;Biomed;S1;\n" +
	"PUMP WORKS;infusor;v1.0;2;icu;biomed;S2;\n" +
	"Monitor Makers;Screen;;;ICU;Biomed;S3;00844588003288\n" +
	"Monitor Makers;Screen;;none;ICU;Biomed;S4;\n" +
	";Screen;;1;ICU;Biomed;S5;\n" +
	"Monitor Makers;Screen;;1;ICU;Biomed;S6;(01)00844588003288(21)S6\n"

func importPlaces(h *town.Town, who string, in devices.DeploymentImport) (devices.DeploymentPlan, error) {
	return h.Devices.ImportDeployments(h.Ctx, h.DB, h.As(who), in, nil)
}

func TestImportDeployments(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		other := deploy(h, town.Wim, devices.DeploymentForm{Maker: "Acme", Model: "Old", Count: 1})
		body := []byte(inventory)
		sheet := town.Must(h, town.Wim, func(v *db.View) (devices.Sheet, error) { return h.Devices.DeploymentSheet(v, body, nil) })
		if diff := cmp.Diff([]string{"", "model", "version", "count", "zone", "owner", "", "udi"}, sheet.Columns); diff != "" || sheet.Total != 6 || len(sheet.Rows) != 6 {
			t.Fatalf("%+v (-want +got)\n%s", sheet, diff)
		}
		_, err := importPlaces(h, town.Wim, devices.DeploymentImport{Body: body})
		town.Wants(t, err, fault.Invalid, "columns") // nobody said where the maker is
		_, err = importPlaces(h, town.Wanda, devices.DeploymentImport{Body: body})
		town.Wants(t, err, fault.Forbidden, "")
		columns := slices.Clone(sheet.Columns)
		columns[0] = "maker"
		in := devices.DeploymentImport{Body: body, Columns: columns}
		before := entries(h)
		plan, err := town.Read(h, town.Wim, func(v *db.View) (devices.DeploymentPlan, error) { return h.Devices.PlanDeployments(v, in) })
		h.OK(err)
		told := func(p devices.DeploymentPlan) (out []string) {
			for _, r := range p.Rows {
				s := fmt.Sprintf("%d %d %s", r.Line, r.Lines, r.Action)
				for _, f := range r.Problems {
					s += " " + f.Name
				}
				out = append(out, s)
			}
			return out
		}
		want := []string{"2 2 add", "4 1 add", "5 1 refuse count", "6 1 refuse maker", "7 1 refuse udi"}
		if diff := cmp.Diff(want, told(plan)); diff != "" || entries(h) != before {
			t.Errorf("dry run (-want +got)\n%s", diff)
		}
		done, err := importPlaces(h, town.Wim, in)
		h.OK(err)
		if diff := cmp.Diff(want, told(done)); diff != "" || entries(h) != before+1 {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if done.MissingTotal != 1 || len(done.Missing) != 1 || done.Missing[0].ID != other {
			t.Errorf("missing: %+v", done.Missing)
		}
		if d, err := deployment(h, town.Wim, other); err != nil || d.Stage != "in use" {
			t.Errorf("what is missing was retired silently: %+v %v", d, err)
		}
		var units []string
		for _, d := range places(h, town.Wim, devices.DeploymentQuery{}) {
			units = append(units, fmt.Sprintf("%s %s %d", d.Model, d.Version, d.Count))
		}
		if diff := cmp.Diff([]string{"Old  1", "Screen  1", "Infusor 1.0 5"}, units); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		// Again, with the columns as they were said before: nothing changes.
		in.Columns = nil
		again, err := importPlaces(h, town.Wim, in)
		if err != nil || again.Same != 2 || again.Added+again.Changed != 0 || entries(h) != before+1 || again.Columns[0] != "maker" {
			t.Errorf("again: %+v %v", again, err)
		}
		// A new number replaces the old one; what was retired and is named is back.
		screen := places(h, town.Wim, devices.DeploymentQuery{Words: "screen"})[0]
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.RetireDeployments(tx, []string{screen.ID, other}) }))
		in.Body = []byte(strings.Replace(inventory, ";3;ICU", ";7;ICU", 1))
		done, err = importPlaces(h, town.Wim, in)
		if err != nil || done.Changed != 2 || done.MissingTotal != 0 {
			t.Errorf("%+v %v", done, err)
		}
		if d := places(h, town.Wim, devices.DeploymentQuery{Words: "infusor"})[0]; d.Count != 9 {
			t.Errorf("%+v", d)
		}
		if d, _ := deployment(h, town.Wim, screen.ID); d.Stage != "in use" {
			t.Errorf("%+v", d)
		}
		// Another hospital's columns are its own.
		_, err = importPlaces(h, town.Cleo, in)
		town.Wants(t, err, fault.Invalid, "columns")
	})
}

// T-51: no cell of the export is a formula, and what is exported is imported again
// as the same.
func TestExportDeployments(t *testing.T) {
	h := town.New(t, "")
	starts := []string{"=1+1", "+1", "-1", "@SUM(1)", "=HYPERLINK(\"http://x.example\")", "=cmd|' /C calc'!A0", "|calc", "%0A=1", "＝1", "＋1", "－1", "＠1", "'=1", "''=1", "a,b", "a\"b", "a;b", " =1"}
	for i, s := range starts {
		in := devices.DeploymentForm{Maker: s + "m", Model: s + "x", Version: s, Zone: s + fmt.Sprint(i), Owner: s, Note: s + "\nn", Count: i + 1, Stage: "stored"}
		if i == 0 {
			in.Note = "plain"
		}
		deploy(h, town.Wim, in)
	}
	var b bytes.Buffer
	h.OK(h.DB.Read(h.Ctx, h.As(town.Wim), func(v *db.View) error { return h.Devices.ExportDeployments(v, &b) }))
	rows, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
	h.OK(err)
	if len(rows) != len(starts)+1 {
		t.Fatalf("%d rows", len(rows))
	}
	cells := 0
	for _, row := range rows {
		for _, c := range row {
			if c != "" && strings.ContainsRune("=+-@|%\t\r＝＋－＠", []rune(strings.TrimLeft(c, " "))[0]) {
				t.Errorf("%q begins a formula", c)
			}
			cells++
		}
	}
	before := entries(h)
	plan, err := importPlaces(h, town.Wim, devices.DeploymentImport{Body: b.Bytes()})
	if err != nil || plan.Same != len(starts) || len(plan.Rows) != len(starts) || plan.MissingTotal != 0 || entries(h) != before {
		t.Errorf("%+v %v", plan, err)
	}
	b.Reset()
	h.OK(h.DB.Read(h.Ctx, h.As(town.Dora), func(v *db.View) error { return h.Devices.ExportDeployments(v, &b) }))
	if strings.Count(b.String(), "\n") != 1 {
		t.Errorf("the desk exports %q", b.String())
	}
	t.Logf("%d cells", cells)
}

// Any inventory, imported twice, in any order of its rows, is there once, with the
// units of its last import.
func TestImportTwice(t *testing.T) {
	h := town.New(t, "")
	org := 0
	rapid.Check(t, func(t *rapid.T) {
		org++ // a maker of its own for each round: what came before is missing, and stays
		word := rapid.SampledFrom([]string{"", "A", "a", "B-1", "Ö", "1.0", "v1.0", "=x", "\"q\"", "x;y"})
		type row struct {
			model, version, zone string
			count                int
		}
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) row {
			return row{rapid.SampledFrom([]string{"M", "m", "N", "+O"}).Draw(t, "model"), word.Draw(t, "version"), word.Draw(t, "zone"), rapid.IntRange(1, 9).Draw(t, "count")}
		}), 1, 12).Draw(t, "rows")
		body := func(rs []row) []byte {
			var b bytes.Buffer
			w := csv.NewWriter(&b)
			_ = w.Write([]string{"maker", "model", "version", "zone", "count"})
			for _, r := range rs {
				_ = w.Write([]string{fmt.Sprintf("Maker %d", org), r.model, r.version, r.zone, fmt.Sprint(r.count)})
			}
			w.Flush()
			return b.Bytes()
		}
		units := func() map[string]int {
			out := map[string]int{}
			for _, d := range places(h, town.Wim, devices.DeploymentQuery{Words: fmt.Sprintf("maker %d", org), Limit: 500}) {
				if d.Maker == fmt.Sprintf("Maker %d", org) {
					out[names.Fold(d.Model)+"/"+devices.FoldVersion(d.Version)+"/"+names.Fold(d.Zone)] += d.Count
				}
			}
			return out
		}
		want := map[string]int{}
		for _, r := range rows {
			want[names.Fold(r.model)+"/"+devices.FoldVersion(r.version)+"/"+names.Fold(r.zone)] += r.count
		}
		first, err := importPlaces(h, town.Wim, devices.DeploymentImport{Body: body(rows)})
		if err != nil || first.Added != len(want) {
			t.Fatalf("%+v %v, want %d added", first, err, len(want))
		}
		if diff := cmp.Diff(want, units()); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		again, err := importPlaces(h, town.Wim, devices.DeploymentImport{Body: body(rapid.Permutation(rows).Draw(t, "again"))})
		if err != nil || again.Same != len(want) || again.Added+again.Changed+again.Refused != 0 {
			t.Fatalf("again: %+v %v", again, err)
		}
		if diff := cmp.Diff(want, units()); diff != "" {
			t.Fatalf("again (-want +got)\n%s", diff)
		}
	})
}

func TestSuggestions(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		in := infusor()
		in.UDIs = []string{"00844588003288"}
		main := add(h, town.Pia, in)
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			_, err := h.Devices.AddAlias(tx, main, devices.AliasForm{Maker: "Old Pumps", Name: "Dripper", Why: "renamed"})
			return err
		}))
		in = infusor()
		in.Name, in.Models, in.Label = "Infusor Large Volume Pump", nil, toWard
		large := add(h, town.Pia, in)
		in.Name, in.Label = "Secret Feeder", policy.Label{}
		add(h, town.Pia, in)
		form := func(maker, model, udi string) devices.DeploymentForm {
			return devices.DeploymentForm{Maker: maker, Model: model, UDI: udi, Count: 1, Zone: maker + model}
		}
		cases := []struct {
			form devices.DeploymentForm
			how  string
			want string
		}{
			{form("Pump Works Inc", "INFUSOR", ""), devices.ByName, main},
			{form("Pump Works", "Infusor X2", ""), devices.ByModel, main},
			{form("Old Pumps Ltd", "Dripper", ""), devices.ByAlias, main},
			{form("Whoever", "Whatever", "00844588003288"), devices.ByUDI, main},
			{form("Pump Works", "Large Volume Pump", ""), devices.ByClose, large},
			{form("Pump Works", "Secret Feeder", ""), "", ""}, // not shared with the hospital
			{form("Nobody", "Infusor", ""), "", ""},
		}
		ids := map[string]int{}
		for i, c := range cases {
			id := deploy(h, town.Wim, c.form)
			ids[id] = i
			ss := town.Must(h, town.Wim, func(v *db.View) ([]devices.Suggestion, error) { return h.Devices.SuggestionsFor(v, id) })
			switch {
			case c.want == "" && len(ss) > 0:
				t.Errorf("%+v: %+v", c.form, ss)
			case c.want != "" && (len(ss) == 0 || ss[0].Product.ID != c.want || ss[0].How != c.how || ss[0].Why == ""):
				t.Errorf("%+v: %+v, want %s", c.form, ss, c.how)
			}
		}
		accept := func(how string) (n int, err error) {
			err = h.Write(town.Wim, func(tx *db.Tx) (err error) { n, _, err = h.Devices.AcceptAll(tx, how, ""); return err })
			return n, err
		}
		_, err := accept(devices.ByClose)
		town.Wants(t, err, fault.Invalid, "how")
		before := entries(h)
		if n, err := accept(devices.ByName); n != 1 || err != nil {
			t.Errorf("%d by name, %v", n, err)
		}
		_, err = accept(devices.ByName)
		town.Wants(t, err, fault.Conflict, "")
		for _, how := range []string{devices.ByModel, devices.ByAlias, devices.ByUDI} {
			if n, err := accept(how); n != 1 || err != nil {
				t.Errorf("%d by %s, %v", n, how, err)
			}
		}
		if n := entries(h) - before; n != 4 {
			t.Errorf("%d entries", n)
		}
		for id, i := range ids {
			if cases[i].how == devices.ByClose {
				h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.AcceptSuggestion(tx, id, large) }))
			}
		}
		for _, d := range places(h, town.Wim, devices.DeploymentQuery{}) {
			if d.Product != cases[ids[d.ID]].want {
				t.Errorf("%+v, want %s", d, cases[ids[d.ID]].want)
			}
		}
		// A product that is shared no more stays linked, and tells nothing.
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			_, err := h.Devices.RelabelProduct(tx, large, policy.Default(town.Pump.ID()), "")
			return err
		}))
		for id, i := range ids {
			if cases[i].want != large {
				continue
			}
			d, err := deployment(h, town.Wim, id)
			h.OK(err)
			f := d.Form()
			f.Count = 4
			h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, id, d.Revision, f) }))
			if d, _ = deployment(h, town.Wim, id); d.Product != large || d.Count != 4 {
				t.Errorf("%+v", d)
			}
			gaps := town.Must(h, town.Wim, func(v *db.View) ([]devices.Gap, error) { return h.Devices.DeploymentGaps(v, id) })
			if slices.ContainsFunc(gaps, func(g devices.Gap) bool { return g.Role == devices.RoleMaker }) || len(gaps) == 0 {
				b, _ := json.Marshal(gaps)
				t.Errorf("%s", b)
			}
		}
	})
}
