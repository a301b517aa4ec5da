package devices_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/csaf"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

func importProducts(h *town.Town, who string, in devices.ProductImport) (devices.Plan, error) {
	return h.Devices.ImportProducts(h.Ctx, h.DB, h.As(who), in, nil)
}

func planProducts(h *town.Town, who string, in devices.ProductImport) (devices.Plan, error) {
	return town.Read(h, who, func(v *db.View) (devices.Plan, error) { return h.Devices.PlanProducts(v, in) })
}

// entries counts the ledger's entries.
func entries(h *town.Town) int {
	n := town.Must(h, town.Dora, func(v *db.View) (int64, error) { return h.Ledger.Size(v) })
	return int(n)
}

const table = `Manufacturer;Product Name;Model;Version;Released;Product code;Class;Software;Stage;Comment
;Infusor;X1;1.0;2025-01-01;FRN;2;yes;;first
;Infusor;X2;1.1;2025-06-01;;;;;
;infusor;X2;v1.1;;;;;;the same again
;Bad class;;;;;9;;;
;Bad date;;2.0;soon;;;;;
;;X9;;;;;;;
Monitor Makers;Screen;;;;;;;;
;Feeder;F1; ;2025-01-01;;;;;date of no version
;Feeder;F1;;;;;maybe;;
;Feeder;F2;3;;;;no;support;
`

func TestImportTable(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		in := devices.ProductImport{Format: devices.FromCSV, Name: "products.csv", Body: []byte(table), Label: green}
		before := entries(h)
		plan, err := planProducts(h, town.Pia, in)
		h.OK(err)
		told := func(p devices.Plan) (out []string) {
			for _, r := range p.Rows {
				s := fmt.Sprintf("%d %d %s %s", r.Line, r.Lines, r.Action, strings.Join(r.Versions, ","))
				for _, f := range r.Problems {
					s += f.Name
				}
				out = append(out, s)
			}
			return out
		}
		want := []string{"2 3 add 1.0,1.1", "5 1 refuse class", "6 1 refuse released", "7 1 refuse name", "8 1 refuse maker", "9 1 refuse version", "10 1 refuse software", "11 1 add 3"}
		if diff := cmp.Diff(want, told(plan)); diff != "" {
			t.Errorf("dry run (-want +got)\n%s", diff)
		}
		if n := entries(h) - before; n != 0 {
			t.Errorf("a dry run wrote %d entries", n)
		}
		done, err := importProducts(h, town.Pia, in)
		h.OK(err)
		if diff := cmp.Diff(want, told(done)); diff != "" || done.Added != 2 || done.Refused != 6 {
			t.Errorf("%+v (-want +got)\n%s", done, diff)
		}
		if n := entries(h) - before; n != 1 {
			t.Errorf("it wrote %d entries, want 1", n)
		}
		ps, _, err := list(h, town.Wim, devices.ProductQuery{})
		h.OK(err)
		if len(ps) != 2 || ps[1].Name != "Infusor" || !slices.Equal(ps[1].Models, []string{"X1", "X2"}) || !ps[1].Software || ps[1].Class != "2" || ps[1].Source != "csv" || ps[1].SourceRef != "products.csv" {
			t.Errorf("%+v", ps)
		}
		again, err := importProducts(h, town.Pia, in)
		h.OK(err)
		if again.Added != 0 || again.Changed != 0 || again.Same != 2 || entries(h)-before != 1 {
			t.Errorf("again: %+v", again)
		}
		// What a table says replaces; lists only grow; the stage is moved by hand.
		in.Body = []byte("name,models,class,stage\nInfusor,X3,3,eos\n")
		plan, err = planProducts(h, town.Pia, in)
		h.OK(err)
		if r := plan.Rows[0]; r.Action != devices.PlanChange || !slices.Equal(r.Fields, []string{"models", "class"}) || len(r.Notes) != 1 {
			t.Errorf("%+v", r)
		}
		_, err = importProducts(h, town.Pia, in)
		h.OK(err)
		d := product(h, town.Pia, ps[1].ID)
		if d.Class != "3" || len(d.Models) != 3 || d.Stage != devices.Support || !d.Software {
			t.Errorf("%+v", d)
		}
		if again, err = importProducts(h, town.Pia, in); err != nil || again.Same != 1 {
			t.Errorf("again: %+v %v", again, err)
		}
	})
}

func TestImportRefused(t *testing.T) {
	h := town.New(t, "")
	for _, c := range []struct {
		who   string
		in    devices.ProductImport
		kind  fault.Kind
		field string
	}{
		{town.Wim, devices.ProductImport{Format: "csv", Body: []byte(table)}, fault.Forbidden, ""},
		{town.Paz, devices.ProductImport{Format: "csv", Body: []byte(table)}, fault.Forbidden, ""},
		{town.Pia, devices.ProductImport{Format: "csaf", Body: []byte("{}")}, fault.Forbidden, ""},
		{town.Pia, devices.ProductImport{Format: "xlsx", Body: []byte(table)}, fault.Invalid, "format"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: nil}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: []byte("\xff\xfea\x00")}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: []byte("name\n\"open")}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: []byte("what,ever\n1,2\n")}, fault.Invalid, "columns"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: []byte("a,b\n1,2\n"), Columns: []string{"name", "name"}}, fault.Invalid, "column-1"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: []byte("a,b\n1,2\n"), Columns: []string{"name", "magic"}}, fault.Invalid, "column-1"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: bytes.Repeat([]byte("name\n"), devices.MaxProductRows+2)}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: make([]byte, devices.MaxSheet+1)}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "csv", Body: []byte("name\nX\n"), Label: town.Label(policy.Green, town.Pump)}, fault.Invalid, "label"},
		{town.Pia, devices.ProductImport{Format: "gudid", Body: []byte(`{"results":[]}`)}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "gudid", Body: []byte(`{"results":[{}],"Results":[]}`)}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "gudid", Body: []byte(strings.Repeat("[", 100))}, fault.Invalid, "file"},
		{town.Pia, devices.ProductImport{Format: "gudid", Body: nil}, fault.Invalid, "file"},
		{town.Dora, devices.ProductImport{Format: "csaf", Body: []byte("{}")}, fault.Invalid, "file"},
	} {
		_, err := planProducts(h, c.who, c.in)
		_, err2 := importProducts(h, c.who, c.in)
		for _, err := range []error{err, err2} {
			if !fault.Is(err, c.kind) || c.field != "" && !slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Name == c.field }) {
				t.Errorf("%s %s %.30q: %v %v", c.who, c.in.Format, c.in.Body, err, fault.FieldsOf(err))
			}
		}
	}
}

func TestImportGUDID(t *testing.T) {
	h := town.New(t, "")
	body, err := os.ReadFile("testdata/gudid_openfda.json")
	h.OK(err)
	in := devices.ProductImport{Format: devices.FromGUDID, Name: "udi.json", Body: body, Label: green}
	plan, err := importProducts(h, town.Pia, in)
	h.OK(err)
	if plan.Added != 1 || plan.Refused != 0 {
		t.Fatalf("%+v", plan)
	}
	ps, _, err := list(h, town.Pia, devices.ProductQuery{Words: "00887517567062"})
	h.OK(err)
	if len(ps) != 1 {
		t.Fatalf("%d products have that identifier", len(ps))
	}
	got := ps[0].Form()
	got.Label = policy.Label{}
	want := devices.ProductForm{Maker: "Nuvasive, Inc.", Name: "CoRoent", Models: []string{"5163284"}, Description: "CoRoent Ant TLIF PEEK, 16x13x28mm 4°", UDIs: []string{"00887517567062"}, GMDN: []string{"57805"}, Codes: []string{"MAX", "MQP"},
		Class: "2", Stage: devices.Support}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(policy.Audience{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	ns := town.Must(h, town.Pia, func(v *db.View) ([]devices.Name, error) {
		return h.Devices.NamesByKey(v, []int64{names.Hash("udi:GS1:00887517567062")})
	})
	if len(ns) != 1 || ns[0].How != "udi" {
		t.Errorf("by identifier: %+v", ns)
	}
	if plan, err = importProducts(h, town.Pia, in); err != nil || plan.Same != 1 {
		t.Errorf("again: %+v %v", plan, err)
	}
	// Two records of one brand are one product; bad records are told, one by one.
	in.Body = []byte(`[
		{"brand_name":"Pulse","company_name":"Pump Works","version_or_model_number":"P1","record_status":"Published","identifiers":[{"id":"00844588003288","issuing_agency":"GS1","type":"Primary"},{"id":"12345-678","issuing_agency":"NDC/NHRIC"}],
			"gmdn_terms":[{"code":"13215","implantable":"true"}],"premarket_submissions":[{"submission_number":"K123456","supplement_number":"000"},{"submission_number":"P830055","supplement_number":"S123"},{"submission_number":"BK1","supplement_number":""}],
			"product_codes":[{"code":"FRN","openfda":{"device_class":"2"}},{"code":"DXY","openfda":{"device_class":"3"}}]},
		{"brand_name":"PULSE","company_name":"Pump Works","version_or_model_number":"P2"},
		{"brand_name":"Pulse","company_name":"Pump Works","identifiers":[{"id":"00844588003289","issuing_agency":"GS1"}]},
		{"brand_name":"Gone","company_name":"Pump Works","record_status":"Deactivated"},
		{"brand_name":7,"company_name":"Pump Works"},
		{"brand_name":"","version_or_model_number":"","company_name":"Pump Works"}]`)
	plan, err = planProducts(h, town.Pia, in)
	h.OK(err)
	var told []string
	for _, r := range plan.Rows {
		s := fmt.Sprintf("%d %d %s %d", r.Line, r.Lines, r.Action, len(r.Notes))
		for _, f := range r.Problems {
			s += " " + f.Name
		}
		told = append(told, s)
	}
	if diff := cmp.Diff([]string{"1 2 add 2", "3 1 refuse 0 identifiers[0].id", "4 1 refuse 0 record_status", "5 1 refuse 0 file", "6 1 refuse 0 name"}, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	_, err = importProducts(h, town.Pia, in)
	h.OK(err)
	ps, _, err = list(h, town.Pia, devices.ProductQuery{Words: "pulse"})
	h.OK(err)
	if len(ps) != 1 || !slices.Equal(ps[0].Models, []string{"P1", "P2"}) || ps[0].Class != "3" || !ps[0].Implantable || !slices.Equal(ps[0].Premarket, []string{"K123456", "P830055/S123"}) {
		t.Errorf("%+v", ps)
	}
}

// advisories are all 144 of CISA's medical advisories.
func advisories(t testing.TB) map[string][]byte {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "formats", "csaf", "testdata", "icsma.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		head, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if out[head.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// All of CISA's medical advisories: every product of each is there once, whatever
// is imported how often.
func TestImportAdvisories(t *testing.T) {
	h := town.New(t, "")
	docs := advisories(t)
	if len(docs) != 144 {
		t.Fatalf("%d advisories", len(docs))
	}
	order := slices.Sorted(func(yield func(string) bool) {
		for name := range docs {
			if !yield(name) {
				return
			}
		}
	})
	want := map[string]bool{}
	products, refused := 0, 0
	for _, name := range order {
		doc, err := csaf.Parse(docs[name])
		h.OK(err)
		for _, p := range doc.Products {
			want[names.Device(p.Vendor, p.Family)] = true
			products++
		}
		plan, err := importProducts(h, town.Dora, devices.ProductImport{Format: devices.FromCSAF, Name: name, Body: docs[name]})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines := 0
		for _, r := range plan.Rows {
			lines += r.Lines
			if r.Action == devices.PlanRefuse {
				refused++
				t.Errorf("%s: %s is refused: %v", name, r.What, r.Problems)
			}
		}
		if lines != len(doc.Products) {
			t.Errorf("%s: %d of %d products are told", name, lines, len(doc.Products))
		}
	}
	count := func() (n, versions, models int, keys map[string]int) {
		keys = map[string]int{}
		for after := ""; ; {
			ps, next, err := list(h, "", devices.ProductQuery{After: after, Limit: 500})
			h.OK(err)
			for _, p := range ps {
				n++
				keys[names.Device(p.Maker, p.Name)]++
				models += len(p.Models)
				versions += len(town.Must(h, "", func(v *db.View) ([]devices.Version, error) { return h.Devices.Versions(v, p.ID) }))
				if p.Label.TLP != policy.Clear || p.Org != "" || p.Kept != h.ISAO || p.Source != "csaf" || p.SourceRef == "" {
					t.Errorf("%+v", p)
				}
			}
			if after = next; after == "" {
				return n, versions, models, keys
			}
		}
	}
	n, versions, models, keys := count()
	for k := range want {
		if keys[k] != 1 {
			t.Errorf("%s is there %d times", k, keys[k])
		}
	}
	if n != len(want) {
		t.Errorf("%d products, want %d", n, len(want))
	}
	before := entries(h)
	for _, name := range order {
		plan, err := importProducts(h, town.Dora, devices.ProductImport{Format: devices.FromCSAF, Name: name, Body: docs[name]})
		if err != nil || plan.Added+plan.Changed+plan.Refused != 0 {
			t.Errorf("%s again: %+v %v", name, plan, err)
		}
	}
	n2, versions2, models2, _ := count()
	if n2 != n || versions2 != versions || models2 != models || entries(h) != before {
		t.Errorf("the second time made %d, %d, %d of %d, %d, %d", n2, versions2, models2, n, versions, models)
	}
	t.Logf("%d products of the trees are %d products with %d models and %d versions; %d refused", products, n, models, versions, refused)
}

// A member's products are not taken from an advisory, nor what is not public.
func TestImportAdvisoryOfMember(t *testing.T) {
	h := town.New(t, "")
	doc := func(tlp, vendor string) []byte {
		return fmt.Appendf(nil, `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"T","publisher":{"name":"P","category":"other","namespace":"https://p.example"},"distribution":{"tlp":{"label":%q}},
			"tracking":{"id":"A-1","status":"final","version":"1","initial_release_date":"2026-01-01T00:00:00Z","current_release_date":"2026-01-01T00:00:00Z"}},
			"product_tree":{"branches":[{"category":"vendor","name":%q,"branches":[{"category":"product_name","name":"Thing Model 9A","product":{"name":"Thing","product_id":"P1"}}]}]}}`, tlp, vendor)
	}
	plan, err := importProducts(h, town.Dora, devices.ProductImport{Format: devices.FromCSAF, Body: doc("WHITE", "Pump Works Inc.")})
	if err != nil || plan.Refused != 1 || plan.Rows[0].Problems[0].Name != "maker" {
		t.Errorf("%+v %v", plan, err)
	}
	_, err = importProducts(h, town.Dora, devices.ProductImport{Format: devices.FromCSAF, Body: doc("AMBER", "Acme")})
	town.Wants(t, err, fault.Invalid, "file")
	plan, err = importProducts(h, town.Dora, devices.ProductImport{Format: devices.FromCSAF, Body: doc("WHITE", "Acme")})
	h.OK(err)
	ps, _, err := list(h, "", devices.ProductQuery{})
	if err != nil || plan.Added != 1 || len(ps) != 1 || !slices.Equal(ps[0].Models, []string{"9A"}) {
		t.Errorf("%+v %+v %v", plan, ps, err)
	}
}
