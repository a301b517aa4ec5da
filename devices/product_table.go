package devices

import (
	"bytes"

	"github.com/cordon-isao/cordon/formats/iocs"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
)

// ProductColumns are what the columns of a table of products may hold. A cell with
// several values parts them with semicolons. Rows that name one product are taken
// together: one row a model or a version.
func ProductColumns() []Column {
	return []Column{
		{"maker", "the maker; your organization if empty", false, []string{"manufacturer", "company", "companyname", "vendor", "labeler"}},
		{"name", "the product's name", true, []string{"product", "productname", "brand", "brandname", "device", "devicename"}},
		{"models", "models", false, []string{"model", "modelnumber", "versionormodelnumber"}},
		{"version", "a version", false, []string{"softwareversion", "firmware", "firmwareversion", "release"}},
		{"released", "when that version was released", false, []string{"releasedate", "releasedon"}},
		{"version_eos", "end of support of that version", false, nil},
		{"udi", "device identifiers (UDI-DI)", false, []string{"udis", "udidi", "di", "gtin", "primarydi", "deviceidentifier"}},
		{"catalog", "the catalog number", false, []string{"catalognumber", "reference", "ref"}},
		{"gmdn", "GMDN codes", false, []string{"gmdncode", "gmdncodes"}},
		{"codes", "FDA product codes", false, []string{"productcode", "productcodes", "procode", "fdaproductcode"}},
		{"class", "the class: 1, 2 or 3", false, []string{"deviceclass"}},
		{"premarket", "premarket numbers", false, []string{"510k", "submission", "submissions", "premarketsubmissions"}},
		{"description", "the description", false, []string{"devicedescription"}},
		{"essential", "the essential performance", false, []string{"essentialperformance"}},
		{"connectors", "ways to connect: wifi, bluetooth, cellular, ethernet, usb, serial, radio, inductive, cloud", false, []string{"connectivity", "interfaces"}},
		{"software", "it has software: yes or no", false, nil},
		{"vulnerable", "it could be vulnerable: yes or no", false, nil},
		{"sustaining", "life-supporting or life-sustaining: yes or no", false, []string{"lifesustaining", "lifesupporting"}},
		{"implantable", "implantable: yes or no", false, []string{"implant"}},
		{"stage", "the stage: development, support, limited_support, eos or decommissioned", false, []string{"lifecycle", "lifecyclestage"}},
		{"eol", "end of life", false, []string{"endoflife"}},
		{"eos", "end of support", false, []string{"endofsupport"}},
		{"announced", "when the end of support was announced", false, []string{"eosannounced"}},
	}
}

// ProductTemplate is an empty table of products.
func ProductTemplate() []byte { return template(ProductColumns()) }

func template(columns []Column) []byte {
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.Name
	}
	var b bytes.Buffer
	_ = iocs.WriteCSV(&b, header, nil) // a buffer takes everything
	return b.Bytes()
}

// ProductSheet shows the beginning of a table of products, and what its columns are
// taken for; columns may say otherwise.
func (x *Devices) ProductSheet(v *db.View, body []byte, columns []string) (Sheet, error) {
	if _, err := x.keeper(v); err != nil {
		return Sheet{}, err
	}
	header, rows, err := readSheet(body, MaxProductRows)
	if err != nil {
		return Sheet{}, err
	}
	if columns == nil {
		columns = guess(header, ProductColumns(), nil)
	}
	return preview(header, columns, rows), nil
}

// tableItems reads a table of products.
func tableItems(in *ProductImport, plan *Plan) (items []*item, err error) {
	header, rows, err := readSheet(in.Body, MaxProductRows)
	if err != nil {
		return nil, err
	}
	columns := in.Columns
	if columns == nil {
		columns = guess(header, ProductColumns(), nil)
	}
	if err := checkColumns(header, columns, ProductColumns()); err != nil {
		return nil, err
	}
	for _, r := range rows {
		c := cellsOf(columns, r)
		it := &item{line: r.line, lines: 1, given: map[string]bool{}, source: FromCSV, ref: cutTo(cleanName(in.Name), MaxName)}
		it.form = ProductForm{Maker: c["maker"], Name: c["name"], Models: parts(c["models"]), Description: c["description"], UDIs: parts(c["udi"]), Catalog: c["catalog"], GMDN: parts(c["gmdn"]), Codes: parts(c["codes"]),
			Class: c["class"], Premarket: parts(c["premarket"]), Essential: c["essential"], Connectors: parts(c["connectors"]), Stage: Stage(c["stage"]), EOL: c["eol"], EOS: c["eos"], Announced: c["announced"]}
		for _, f := range []string{"description", "catalog", "class", "essential", "eol", "eos", "announced", "stage"} {
			if c[f] != "" {
				it.given[f] = true
			}
		}
		var p check.Problems
		for f, into := range map[string]*bool{"software": &it.form.Software, "vulnerable": &it.form.Vulnerable, "sustaining": &it.form.Sustaining, "implantable": &it.form.Implantable} {
			if c[f] == "" {
				continue
			}
			is, ok := yes(c[f])
			if !ok {
				p.Add(f, "%q is neither yes nor no.", cut(c[f], 30))
			}
			*into, it.given[f] = is, true
		}
		if c["version"] != "" {
			it.versions = []VersionForm{{Name: c["version"], Released: c["released"], EOS: c["version_eos"]}}
		} else if c["released"] != "" || c["version_eos"] != "" {
			p.Add("version", "Say of which version these dates are.")
		}
		if err := p.Err(); err != nil {
			plan.add(refuse(r.line, it.what(), err))
			continue
		}
		items = append(items, it)
	}
	return items, nil
}
