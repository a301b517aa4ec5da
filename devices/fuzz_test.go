package devices

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/check"
)

// T-49: whatever a table is, it is read or refused in words, and no row has more
// than it says.
func FuzzReadSheet(f *testing.F) {
	for _, s := range []string{"", "name\nX\n", "maker;name\n\"a\n\"\"b\";c\n", "\xef\xbb\xbfname\tx\n1\t2\n", "name\n\"open", "a|b\r\n'=1|2\r\n\r\n", "\xff\xfe", "name,class,udi\nX,9,00844588003288\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		header, rows, err := readSheet(body, 1000)
		if err != nil {
			if s := err.Error(); s == "" || !utf8.ValidString(s) {
				t.Errorf("the reason is %q", s)
			}
			return
		}
		last := 1
		for _, r := range rows {
			if r.line <= last && last > 1 || r.line < 1 || len(r.cells) > maxColumns {
				t.Errorf("line %d after %d, %d cells", r.line, last, len(r.cells))
			}
			last = r.line
		}
		columns := guess(header, DeploymentColumns(), map[string]string{"x": "maker"})
		if len(columns) != len(header) {
			t.Errorf("%d columns of %d", len(columns), len(header))
		}
		_ = checkColumns(header, columns, DeploymentColumns())
		var plan Plan
		items, err := tableItems(&ProductImport{Body: body}, &plan)
		if err == nil && len(items)+len(plan.Rows) != len(rows) {
			t.Errorf("%d items and %d refused of %d rows", len(items), len(plan.Rows), len(rows))
		}
		checkItems(t, items)
	})
}

// T-49, T-53: so are records of GUDID.
func FuzzGUDID(f *testing.F) {
	sample, err := os.ReadFile("testdata/gudid_openfda.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	for _, s := range []string{"", "[]", "{}", `{"results":[{"brand_name":"X","company_name":"Y","identifiers":[{"id":"00844588003288","issuing_agency":"GS1"}]}]}`, `[{"brand_name":null,"gmdn_terms":[{"code":"1","implantable":true}]}]`, `{"brand_name":"a","Brand_name":"b"}`, `[1]`, `{"results":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var plan Plan
		items, err := gudidItems(body, &plan)
		if err != nil {
			if !utf8.ValidString(err.Error()) {
				t.Errorf("the reason is %q", err)
			}
			return
		}
		checkItems(t, items)
		for _, r := range plan.Rows {
			if r.Action != PlanRefuse || len(r.Problems) == 0 {
				t.Errorf("%+v is refused without a reason", r)
			}
		}
	})
}

// checkItems checks that what passes the form keeps to its limits, and is the same
// when it is checked again.
func checkItems(t *testing.T, items []*item) {
	for _, it := range items {
		var p check.Problems
		d := it.form.checked(&p)
		if p.Found() {
			continue
		}
		var again check.Problems
		e := d.Form().checked(&again)
		if again.Found() || len(changedFields(d.Form(), e.Form())) > 0 {
			t.Errorf("%+v is read back as %+v: %v", d, e, again.Err())
		}
		if strings.ContainsFunc(d.Maker+d.Name, check.Deceptive) {
			t.Errorf("%q", d.Title())
		}
	}
}
