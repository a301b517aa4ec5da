package devices_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

var (
	green  = town.Label(policy.Green, policy.Community)
	clear  = town.Label(policy.Clear, policy.Public)
	toWard = town.Label(policy.Amber, town.Pump, town.Ward)
)

func add(h *town.Town, by string, in devices.ProductForm) (id string) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	h.OK(h.Write(by, func(tx *db.Tx) (err error) { id, _, err = h.Devices.AddProduct(tx, in); return err }))
	return id
}

func product(h *town.Town, by, id string) devices.Product {
	h.T.Helper()
	return town.Must(h, by, func(v *db.View) (devices.Product, error) { return h.Devices.Product(v, id) })
}

func infusor() devices.ProductForm {
	return devices.ProductForm{Name: "Infusor", Models: []string{"X1", "X2"}, Description: "A pump.", Catalog: "C-1", GMDN: []string{"13215"}, Codes: []string{"frn"}, Class: "2", Premarket: []string{"K123456", "P123456/S001"},
		Essential: "Delivers the set rate.", Connectors: []string{"wifi", "usb"}, Software: true, Vulnerable: true, EOS: "2031-01-01", Announced: "2026-01-01", Label: green}
}

func TestAddProduct(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := add(h, town.Pia, infusor())
		d := product(h, town.Pia, id)
		if d.Maker != "Pump Works" || d.Org != town.Pump.ID() || d.Kept != d.Org || !d.Cyber() || d.Stage != devices.Support || d.Codes[0] != "FRN" || d.Revision != 1 || d.Source != "typed" {
			t.Errorf("%+v", d)
		}
		var keys []string
		for _, n := range town.Must(h, town.Wim, func(v *db.View) ([]devices.Name, error) { return h.Devices.NamesOf(v, id) }) {
			keys = append(keys, n.How+" "+n.Text)
		}
		if diff := cmp.Diff([]string{"maker Pump Works", "model Pump Works Infusor X1", "model Pump Works Infusor X2", "model Pump Works X1", "model Pump Works X2", "name Pump Works Infusor"}, keys); diff != "" {
			t.Errorf("names (-want +got)\n%s", diff)
		}
		// One key, one product; the same key with other words is a conflict.
		in := infusor()
		in.Name, in.Key = "Other", "k1"
		first := add(h, town.Pia, in)
		var second string
		again := false
		h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) {
			second, again, err = h.Devices.AddProduct(tx, in)
			tx.Append(db.Entry{Verb: "test.done", Object: "x", Label: policy.Default(town.Pump.ID())})
			return err
		}))
		if second != first || !again {
			t.Errorf("a repetition made %s beside %s", second, first)
		}
		// Unlabelled is the strictest.
		in = infusor()
		in.Name, in.Label = "Quiet", policy.Label{}
		quiet := product(h, town.Pol, add(h, town.Pia, in))
		if quiet.Label.TLP != policy.AmberStrict || !quiet.Label.Audience.Equal(policy.Default(town.Pump.ID()).Audience) {
			t.Errorf("unlabelled is %v", quiet.Label)
		}
		for _, who := range []string{town.Wim, town.Dora, town.Fay, town.Max, town.Paz, ""} {
			_, err := town.Read(h, who, func(v *db.View) (devices.Product, error) { return h.Devices.Product(v, quiet.ID) })
			_, unknown := town.Read(h, who, func(v *db.View) (devices.Product, error) {
				return h.Devices.Product(v, "product_00000000000000000000000000")
			})
			if !errors.Is(err, unknown) || !fault.Is(err, fault.Missing) {
				t.Errorf("%s: %v, and of what does not exist %v", who, err, unknown)
			}
		}
	})
}

func TestWhoAddsProducts(t *testing.T) {
	h := town.New(t, "")
	for _, c := range []struct {
		who   string
		maker string
		kind  fault.Kind
		field string
	}{
		{town.Pia, "", "", ""}, {town.Pia, "Pump Subsidiary", "", ""}, {town.Sue, "", "", ""},
		{town.Pia, "Monitor Makers, Inc.", fault.Invalid, "maker"}, // another member's
		{town.Paz, "", fault.Forbidden, ""},                        // no named recipient
		{town.Wim, "Acme", fault.Forbidden, ""}, {town.Lea, "Acme", fault.Forbidden, ""}, {town.Fay, "Acme", fault.Forbidden, ""}, {"", "Acme", fault.Forbidden, ""},
		{town.Dora, "Acme Medical", "", ""}, {town.Dan, "Bolt Medical", "", ""},
		{town.Dora, "", fault.Invalid, "maker"}, {town.Dora, "Pump Works", fault.Invalid, "maker"}, // the desk never keeps a member's
	} {
		in := infusor()
		in.Maker = c.maker
		err := h.Write(c.who, func(tx *db.Tx) error { _, _, err := h.Devices.AddProduct(tx, in); return err })
		if c.kind == "" {
			if err != nil {
				t.Errorf("%s %q: %v", c.who, c.maker, err)
			}
			continue
		}
		if !fault.Is(err, c.kind) || c.field != "" && !slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Name == c.field }) {
			t.Errorf("%s %q: %v %v", c.who, c.maker, err, fault.FieldsOf(err))
		}
	}
}

// Bad input names its field and changes nothing.
func TestProductInput(t *testing.T) {
	h := town.New(t, "")
	id := add(h, town.Pia, infusor())
	before := product(h, town.Pia, id)
	for _, c := range []struct {
		field string
		spoil func(*devices.ProductForm)
	}{
		{"name", func(f *devices.ProductForm) { f.Name = " " }},
		{"name", func(f *devices.ProductForm) { f.Name = "…" }},
		{"name", func(f *devices.ProductForm) { f.Name = strings.Repeat("x", 201) }},
		{"name", func(f *devices.ProductForm) { f.Name = "Infu\u202esor" }},
		{"models", func(f *devices.ProductForm) { f.Models = []string{strings.Repeat("x", 121)} }},
		{"models", func(f *devices.ProductForm) { f.Models = []string{"a\nb"} }},
		{"udis", func(f *devices.ProductForm) { f.UDIs = []string{"00844588003289"} }}, // check digit
		{"udis", func(f *devices.ProductForm) { f.UDIs = []string{"(01)00844588003288(21)S123"} }},
		{"description", func(f *devices.ProductForm) { f.Description = "Ours is (01)00844588003288(21)S123." }},
		{"gmdn", func(f *devices.ProductForm) { f.GMDN = []string{"1234"} }},
		{"codes", func(f *devices.ProductForm) { f.Codes = []string{"FR1"} }},
		{"class", func(f *devices.ProductForm) { f.Class = "4" }},
		{"premarket", func(f *devices.ProductForm) { f.Premarket = []string{"K12345"} }},
		{"premarket", func(f *devices.ProductForm) { f.Premarket = []string{"K123456/S001"} }},
		{"connectors", func(f *devices.ProductForm) { f.Connectors = []string{"carrier pigeon"} }},
		{"stage", func(f *devices.ProductForm) { f.Stage = "retired" }},
		{"eos", func(f *devices.ProductForm) { f.EOS = "31.12.2030" }},
		{"eol", func(f *devices.ProductForm) { f.EOL = "2030-02-30" }},
		{"eos", func(f *devices.ProductForm) { f.EOS = "" }}, // announced, and not said what
		{"announced", func(f *devices.ProductForm) { f.Announced = "soon" }},
	} {
		in := infusor()
		c.spoil(&in)
		err := h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.ChangeProduct(tx, id, before.Revision, in) })
		town.Wants(t, err, fault.Invalid, c.field)
		in.Name += " anew"
		if c.field != "name" {
			err = h.Write(town.Pia, func(tx *db.Tx) error { _, _, err := h.Devices.AddProduct(tx, in); return err })
			town.Wants(t, err, fault.Invalid, c.field)
		}
	}
	for _, l := range []policy.Label{town.Label(policy.Green, town.Pump), town.Label(policy.Clear, policy.Community), {TLP: "PINK", Audience: policy.NewAudience(town.Pump)}, town.Label(policy.Red, policy.OfPerson(town.Pia)),
		town.Label(policy.Amber, town.Ward), town.Label(policy.Green, policy.OfKind(policy.Provider))} {
		in := infusor()
		in.Name, in.Label = "New", l
		if err := h.Write(town.Pia, func(tx *db.Tx) error { _, _, err := h.Devices.AddProduct(tx, in); return err }); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", l, err)
		}
	}
	if diff := cmp.Diff(before, product(h, town.Pia, id), cmp.AllowUnexported(policy.Audience{})); diff != "" {
		t.Errorf("something changed:\n%s", diff)
	}
	all, _, err := list(h, town.Pia, devices.ProductQuery{})
	if err != nil || len(all) != 1 {
		t.Errorf("%d products, %v", len(all), err)
	}
}

func list(h *town.Town, who string, q devices.ProductQuery) (ps []devices.Product, next string, err error) {
	err = h.DB.Read(h.Ctx, h.As(who), func(v *db.View) (err error) { ps, next, err = h.Devices.Products(v, q); return err })
	return ps, next, err
}

func TestChangeProduct(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := add(h, town.Pia, infusor())
		in := infusor()
		in.Name, in.Models = "Infusor Plus", []string{"X3"}
		change := func(who string, revision int64) error {
			return h.Write(who, func(tx *db.Tx) error { return h.Devices.ChangeProduct(tx, id, revision, in) })
		}
		for _, who := range []string{town.Wim, town.Max, town.Dora, town.Paz, town.Fay} {
			town.Wants(t, change(who, 1), fault.Forbidden, "")
		}
		h.OK(change(town.Pol, 1))
		town.Wants(t, change(town.Pia, 1), fault.Conflict, "")
		d := product(h, town.Wim, id)
		if d.Name != "Infusor Plus" || d.Revision != 2 {
			t.Errorf("%+v", d)
		}
		names := town.Must(h, town.Wim, func(v *db.View) ([]devices.Name, error) { return h.Devices.NamesOf(v, id) })
		if slices.ContainsFunc(names, func(n devices.Name) bool { return strings.Contains(n.Text, "X1") }) || len(names) != 4 {
			t.Errorf("old names stay: %v", names)
		}
		// Another of the same name is refused, as a new one and as a change.
		other := infusor()
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error {
			o := in
			o.Key = ""
			_, _, err := h.Devices.AddProduct(tx, o)
			return err
		}), fault.Invalid, "name")
		oid := add(h, town.Pia, other)
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.ChangeProduct(tx, oid, 1, in) }), fault.Invalid, "name")
		in.Stage = devices.EndOfSupport
		town.Wants(t, change(town.Pia, 2), fault.Invalid, "stage")
	})
}

func TestSearchProducts(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		for _, name := range []string{"Alpha", "Beta", "Gamma", "Delta"} {
			in := infusor()
			in.Name, in.Models = name, []string{name[:1] + "-9"}
			add(h, town.Pia, in)
		}
		secret := infusor()
		secret.Name, secret.Label = "Secret Alpha", toWard
		add(h, town.Pia, secret)
		add(h, town.Dora, devices.ProductForm{Maker: "Ünïted Devices", Name: "Alphabet", Label: clear})
		for _, c := range []struct {
			who, words string
			want       string
		}{
			{town.Wim, "alpha", "Alpha Secret Alpha Alphabet"}, {town.Cleo, "alpha", "Alpha Alphabet"}, {"", "ALPHA", "Alphabet"},
			{town.Cleo, "alphab", "Alphabet"}, {town.Cleo, "pump be", "Beta"}, {town.Cleo, "frn gamma", "Gamma"}, {town.Cleo, "k123456 delta", "Delta"}, {town.Cleo, "ünïted", "Alphabet"},
			{town.Cleo, "nothing", ""}, {town.Cleo, "%", ""}, {town.Cleo, "secret", ""},
		} {
			ps, _, err := list(h, c.who, devices.ProductQuery{Words: c.words})
			var got []string
			for _, p := range ps {
				got = append(got, p.Name)
			}
			if err != nil || strings.Join(got, " ") != c.want {
				t.Errorf("%s finds %q by %q, want %q (%v)", c.who, got, c.words, c.want, err)
			}
		}
		// Pages: everything once, in order.
		var got []string
		for after := ""; ; {
			ps, next, err := list(h, town.Wim, devices.ProductQuery{After: after, Limit: 2})
			h.OK(err)
			for _, p := range ps {
				got = append(got, p.Name)
			}
			if after = next; after == "" {
				break
			}
		}
		if diff := cmp.Diff([]string{"Alpha", "Beta", "Delta", "Gamma", "Secret Alpha", "Alphabet"}, got); diff != "" {
			t.Errorf("pages (-want +got)\n%s", diff)
		}
		_, _, err := list(h, town.Wim, devices.ProductQuery{After: "?"})
		town.Wants(t, err, fault.Invalid, "after")
		mine, _, _ := list(h, town.Pia, devices.ProductQuery{Mine: true})
		desk, _, _ := list(h, town.Dora, devices.ProductQuery{Mine: true})
		if len(mine) != 5 || len(desk) != 1 {
			t.Errorf("mine are %d and the desk's %d", len(mine), len(desk))
		}
	})
}

func TestRelabelProduct(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := add(h, town.Pia, infusor())
		relabel := func(who string, l policy.Label) (request string, err error) {
			err = h.Write(who, func(tx *db.Tx) (err error) {
				request, err = h.Devices.RelabelProduct(tx, id, l, "because")
				return err
			})
			return request, err
		}
		// Tighter at once.
		if r, err := relabel(town.Pia, toWard); r != "" || err != nil {
			t.Fatal(r, err)
		}
		if _, err := town.Read(h, town.Cleo, func(v *db.View) (devices.Product, error) { return h.Devices.Product(v, id) }); !fault.Is(err, fault.Missing) {
			t.Errorf("Cleo still reads it: %v", err)
		}
		if product(h, town.Wim, id).Label.TLP != policy.Amber {
			t.Error("it is not TLP:AMBER")
		}
		// Looser after a second person.
		request, err := relabel(town.Pia, green)
		h.OK(err)
		if request == "" || product(h, town.Pia, id).Label.TLP != policy.Amber {
			t.Fatal("it was loosened by one alone")
		}
		if _, err := relabel(town.Pol, green); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second request: %v", err)
		}
		approve := func(who string) error {
			return h.Write(who, func(tx *db.Tx) error { return h.Devices.ApproveRelabel(tx, request) })
		}
		town.Wants(t, approve(town.Pia), fault.Forbidden, "")
		for _, who := range []string{town.Wim, town.Dora, town.Paz, town.Max, town.Cleo} {
			town.Wants(t, approve(who), fault.Missing, "") // they cannot know that somebody asked
		}
		if rs := town.Must(h, town.Pol, func(v *db.View) ([]devices.Relabel, error) { return h.Devices.RelabelsToDecide(v) }); len(rs) != 1 || rs[0].Title != "Pump Works Infusor" {
			t.Errorf("%+v", rs)
		}
		h.OK(approve(town.Pol))
		if product(h, town.Cleo, id).Label.TLP != policy.Green {
			t.Error("it is not TLP:GREEN")
		}
		town.Wants(t, approve(town.Pol), fault.Conflict, "")
		// Refused and withdrawn requests change nothing; a tightening ends a request.
		request, err = relabel(town.Pol, clear)
		h.OK(err)
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.RefuseRelabel(tx, request) }))
		request, err = relabel(town.Pol, clear)
		h.OK(err)
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.WithdrawRelabel(tx, request) }), fault.Forbidden, "")
		h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Devices.WithdrawRelabel(tx, request) }))
		request, err = relabel(town.Pol, clear)
		h.OK(err)
		_, err = relabel(town.Pia, toWard)
		h.OK(err)
		town.Wants(t, approve(town.Pia), fault.Conflict, "")
		if product(h, town.Pia, id).Label.TLP != policy.Amber {
			t.Error("a request that was overtaken was carried out")
		}
		for _, l := range []policy.Label{town.Label(policy.Amber, town.Ward), town.Label(policy.Red, policy.OfPerson(town.Pia))} {
			if _, err := relabel(town.Pia, l); !fault.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", l, err)
			}
		}
	})
}

func TestVersionsAndAliases(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		in := infusor()
		in.Label = toWard
		id := add(h, town.Pia, in)
		version := func(who, name string) (v string, err error) {
			err = h.Write(who, func(tx *db.Tx) (err error) {
				v, err = h.Devices.AddVersion(tx, id, devices.VersionForm{Name: name, Released: "2025-01-01"})
				return err
			})
			return v, err
		}
		first, err := version(town.Pia, "v1.0")
		h.OK(err)
		_, err = version(town.Pol, "Version 1.0") // the same, folded
		town.Wants(t, err, fault.Invalid, "name")
		_, err = version(town.Pia, "")
		town.Wants(t, err, fault.Invalid, "name")
		second, err := version(town.Pia, "1.1")
		h.OK(err)
		_, err = version(town.Wim, "1.2")
		town.Wants(t, err, fault.Forbidden, "")
		_, err = version(town.Cleo, "1.2")
		town.Wants(t, err, fault.Missing, "")
		town.Wants(t, h.Write(town.Pia, func(tx *db.Tx) error {
			return h.Devices.ChangeVersion(tx, second, devices.VersionForm{Name: "1.0"})
		}), fault.Invalid, "name")
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			return h.Devices.ChangeVersion(tx, first, devices.VersionForm{Name: "1.0", EOS: "2027-01-01"})
		}))
		versions := func(who string) []devices.Version {
			return town.Must(h, who, func(v *db.View) ([]devices.Version, error) { return h.Devices.Versions(v, id) })
		}
		if vs := versions(town.Wim); len(vs) != 2 || vs[1].EOS != "2027-01-01" && vs[0].EOS != "2027-01-01" {
			t.Errorf("%+v", vs)
		}
		if vs := versions(town.Cleo); len(vs) != 0 {
			t.Errorf("Cleo reads %+v", vs)
		}
		_, err = town.Read(h, town.Cleo, func(v *db.View) (devices.Version, error) { return h.Devices.Version(v, first) })
		town.Wants(t, err, fault.Missing, "")

		alias := func(who string, a devices.AliasForm) (id2 string, err error) {
			err = h.Write(who, func(tx *db.Tx) (err error) { id2, err = h.Devices.AddAlias(tx, id, a); return err })
			return id2, err
		}
		a, err := alias(town.Pia, devices.AliasForm{Maker: "Old Pumps", Name: "Dripper", Why: "renamed in 2019"})
		h.OK(err)
		for _, bad := range []devices.AliasForm{{Why: "none"}, {Maker: "Old Pumps", Name: "Dripper", Why: "again"}, {Name: "X"}} {
			if _, err := alias(town.Pia, bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		_, err = alias(town.Wim, devices.AliasForm{Name: "Mine", Why: "no"})
		town.Wants(t, err, fault.Forbidden, "")
		found := func(maker, name string) (hows string) {
			ns := town.Must(h, town.Wim, func(v *db.View) ([]devices.Name, error) {
				return h.Devices.NamesByKey(v, []int64{names.Hash(names.Device(maker, name))})
			})
			for _, n := range ns {
				hows += n.How
			}
			return hows
		}
		for _, c := range [][3]string{{"Old Pumps", "Dripper", "alias"}, {"Old Pumps", "Infusor", "alias"}, {"Old Pumps Inc", "X1", "alias"}, {"Pump Works", "Infusor", "name"}, {"Pump Works", "X2", "model"}, {"Pump Works", "Dripper", ""}} {
			if got := found(c[0], c[1]); got != c[2] {
				t.Errorf("%s %s is found by %q, want %q", c[0], c[1], got, c[2])
			}
		}
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.RemoveAlias(tx, a, "wrong") }), fault.Forbidden, "")
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.RemoveAlias(tx, a, "wrong") }))
		if got := found("Old Pumps", "Dripper"); got != "" {
			t.Errorf("a removed alias is still found by %q", got)
		}
	})
}

func TestStages(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := add(h, town.Pia, infusor())
		move := func(who string, to devices.Stage, why string) (owed []string, err error) {
			err = h.Write(who, func(tx *db.Tx) (err error) { owed, err = h.Devices.MoveStage(tx, id, to, why); return err })
			return owed, err
		}
		_, err := move(town.Pia, devices.Development, "back")
		town.Wants(t, err, fault.Conflict, "")
		_, err = move(town.Pia, devices.LimitedSupport, " ")
		town.Wants(t, err, fault.Invalid, "why")
		_, err = move(town.Pia, "gone", "x")
		town.Wants(t, err, fault.Invalid, "stage")
		_, err = move(town.Wim, devices.LimitedSupport, "x")
		town.Wants(t, err, fault.Forbidden, "")
		owed, err := move(town.Pia, devices.LimitedSupport, "The operating system's support ends.")
		h.OK(err)
		if !slices.Equal(owed, []string{"user", "public"}) {
			t.Errorf("owed: %v", owed)
		}
		_, err = move(town.Pol, devices.EndOfSupport, "It cannot be protected.")
		h.OK(err)
		cs := town.Must(h, town.Wim, func(v *db.View) ([]devices.StageChange, error) { return h.Devices.StageChanges(v, id) })
		if len(cs) != 2 || product(h, town.Wim, id).Stage != devices.EndOfSupport {
			t.Errorf("%+v", cs)
		}
		gaps := town.Must(h, town.Pia, func(v *db.View) ([]devices.Gap, error) { return h.Devices.ProductGaps(v, id) })
		if len(gaps) != 1 || gaps[0].Why != "There is no security documentation." {
			t.Errorf("%+v", gaps)
		}
	})
}

func TestDocuments(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		in := infusor()
		in.Label = toWard
		id := add(h, town.Pia, in)
		body := []byte("<html>MDS2 of the Infusor</html>")
		send := func(who string, n devices.NewDocument) (devices.Document, error) {
			n.Product, n.From = id, bytes.NewReader(body)
			return h.Devices.AddDocument(h.Ctx, h.DB, h.As(who), n)
		}
		ok := devices.NewDocument{Kind: "mds2", Name: `C:\x\mds2.html`, Size: int64(len(body))}
		f, err := send(town.Pia, ok)
		h.OK(err)
		if f.Name != "mds2.html" || f.Title != "mds2.html" || f.Media != "text/plain" || f.Size != int64(len(body)) || len(f.SHA256) != 64 {
			t.Errorf("%+v", f)
		}
		_, err = send(town.Wim, ok)
		town.Wants(t, err, fault.Forbidden, "")
		_, err = send(town.Cleo, ok)
		town.Wants(t, err, fault.Missing, "")
		for field, n := range map[string]devices.NewDocument{"kind": {Kind: "poem", Name: "x", Size: -1}, "file": {Kind: "ifu", Name: "x", Size: 5}, "version": {Kind: "ifu", Name: "x", Size: -1, Version: strings.Repeat("1", 101)}} {
			_, err := send(town.Pia, n)
			town.Wants(t, err, fault.Invalid, field)
		}
		_, err = h.Devices.AddDocument(h.Ctx, h.DB, h.As(town.Pia), devices.NewDocument{Product: id, Kind: "ifu", Name: "x", Size: -1, From: strings.NewReader("")})
		town.Wants(t, err, fault.Invalid, "file")
		_, err = h.Devices.AddDocument(h.Ctx, h.DB, h.As(town.Pia), devices.NewDocument{Product: id, Kind: "ifu", Name: "x", Size: -1, From: io.LimitReader(zeros{}, devices.MaxDocument+1)})
		town.Wants(t, err, fault.Invalid, "file")
		read := func(who string) (string, error) {
			var r io.ReadSeekCloser
			err := h.DB.Read(h.Ctx, h.As(who), func(v *db.View) (err error) { _, r, err = h.Devices.OpenDocument(v, f.ID); return err })
			if err != nil {
				return "", err
			}
			defer r.Close()
			b, err := io.ReadAll(r)
			return string(b), err
		}
		if s, err := read(town.Wim); s != string(body) || err != nil {
			t.Errorf("%q %v", s, err)
		}
		for _, who := range []string{town.Cleo, town.Dora, ""} {
			_, err := read(who)
			town.Wants(t, err, fault.Missing, "")
			if fs := town.Must(h, who, func(v *db.View) ([]devices.Document, error) { return h.Devices.Documents(v, id) }); len(fs) != 0 {
				t.Errorf("%s lists %v", who, fs)
			}
		}
		blobs := func() (n int) {
			for _, err := range h.Blobs.List(h.Ctx) {
				h.OK(err)
				n++
			}
			return n
		}
		if n := blobs(); n != 1 {
			t.Errorf("%d files are kept, want 1", n)
		}
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.RemoveDocument(tx, f.ID, "out of date") }))
		_, err = read(town.Wim)
		town.Wants(t, err, fault.Missing, "")
		if n := blobs(); n != 0 {
			t.Errorf("%d files are kept after the removal", n)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clearBytes(p); return len(p), nil }

func clearBytes(p []byte) {
	for i := range p {
		p[i] = 0
	}
}
