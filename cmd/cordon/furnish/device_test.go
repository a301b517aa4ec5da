package furnish

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"regexp"
	"slices"
	"strings"
	"testing"

	folded "github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/udi"
)

// table reads one of the tables and gives a column of it by any of its names.
func table(t *testing.T, name string) (rows [][]string, column func(row []string, called ...string) string) {
	t.Helper()
	text, err := DeviceTable(name, whenTest)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("@")) {
		t.Errorf("%s has something that is not filled in", name)
	}
	r := csv.NewReader(bytes.NewReader(text))
	if strings.Contains(strings.SplitN(string(text), "\n", 2)[0], ";") {
		r.Comma = ';'
	}
	all, err := r.ReadAll()
	if err != nil || len(all) < 2 {
		t.Fatalf("%s: %v", name, err)
	}
	return all[1:], func(row []string, called ...string) string {
		for i, h := range all[0] {
			if slices.Contains(called, strings.ToLower(h)) {
				return row[i]
			}
		}
		return ""
	}
}

// Whom the demo's hospitals buy from is invented, or a maker of whom CISA wrote; device
// identifiers are those that GS1 keeps for examples.
func TestDeviceTables(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	makers := map[string]bool{}
	for _, o := range c.Organizations {
		makers[folded.Vendor(o.Name)] = true
	}
	real := map[string]bool{}
	for _, a := range c.Advisories {
		for _, v := range a.Vendors {
			real[folded.Vendor(v)] = true
		}
	}
	inventories, err := DeviceNames("inventory")
	if err != nil || len(inventories) != 5 {
		t.Fatalf("%v, %v", inventories, err)
	}
	invented, public := 0, 0
	for _, name := range inventories {
		rows, column := table(t, name)
		for _, r := range rows {
			switch m := column(r, "manufacturer", "maker", "vendor", "company"); {
			case makers[folded.Vendor(m)] || m == "Aldervane":
				invented++
			case real[folded.Vendor(m)] || m == "BD Pyxis" || m == "Contec":
				public++
			default:
				t.Errorf("%s: nobody is called %q", name, m)
			}
		}
	}
	if invented < 15 || public < 15 {
		t.Errorf("%d rows are of invented makers, %d of real ones", invented, public)
	}
	products, err := DeviceNames("products")
	if err != nil || len(products) != 5 {
		t.Fatalf("%v, %v", products, err)
	}
	for _, name := range products {
		rows, column := table(t, name)
		for _, r := range rows {
			di := column(r, "udi")
			if di == "" {
				continue
			}
			if _, err := udi.Parse(di); err != nil || !strings.HasPrefix(di, "0952") {
				t.Errorf("%s: %s is no example of a device identifier: %v", name, di, err)
			}
		}
	}
}

// The files are there, unpack, and hold nobody's mail address but the redacted one.
func TestDeviceFiles(t *testing.T) {
	mail := regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z]{2,}`)
	for folder, want := range map[string]int{"sbom": 4, "records": 4} {
		files, err := DeviceNames(folder)
		if err != nil || len(files) != want {
			t.Errorf("%s: %v, %v", folder, files, err)
		}
		for _, f := range files {
			text, err := Device(f)
			if err != nil || len(text) < 1000 {
				t.Errorf("%s: %d bytes, %v", f, len(text), err)
			}
			for _, m := range mail.FindAllString(string(text), -1) {
				if folder == "sbom" && m != "REDACTED@NOWHERE.COM" {
					t.Errorf("%s names %s", f, m)
				}
			}
		}
	}
	if _, err := Device("sbom/none.json"); err == nil {
		t.Error("there is an SBOM that is not there")
	}
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	archive, products, err := c.DeviceDocuments()
	if err != nil || len(products) != 18 {
		t.Fatalf("%d advisories with products, %v", len(products), err)
	}
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || len(z.File) != len(DeviceAdvisories) {
		t.Errorf("the archive: %v", err)
	}
}
