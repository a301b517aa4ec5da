package devices

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/fault"
)

// gudidRecord is what is read of a record of openFDA's device/udi (domain §6.5).
// Every value is a text there, also numbers and truths.
type gudidRecord struct {
	Key          string `json:"public_device_record_key"`
	RecordStatus string `json:"record_status"`
	Brand        string `json:"brand_name"`
	Model        string `json:"version_or_model_number"`
	Catalog      string `json:"catalog_number"`
	Company      string `json:"company_name"`
	Description  string `json:"device_description"`
	Identifiers  []struct {
		ID     string `json:"id"`
		Type   string `json:"type"`
		Agency string `json:"issuing_agency"`
	} `json:"identifiers"`
	GMDN []struct {
		Code        string `json:"code"`
		Implantable any    `json:"implantable"`
	} `json:"gmdn_terms"`
	Codes []struct {
		Code    string `json:"code"`
		OpenFDA struct {
			Class string `json:"device_class"`
		} `json:"openfda"`
	} `json:"product_codes"`
	Premarket []struct {
		Number     string `json:"submission_number"`
		Supplement string `json:"supplement_number"`
	} `json:"premarket_submissions"`
}

var gudidLimits = strictjson.Limits{Bytes: MaxSheet}

// gudidItems reads an answer of openFDA with its results, a list of records, or one
// record.
func gudidItems(body []byte, plan *Plan) (items []*item, err error) {
	wrong := func(err error) error { return fault.InvalidField("file", "%s", sentence(err)) }
	if len(body) > MaxSheet {
		return nil, fault.InvalidField("file", "The file is larger than %d MiB. Send it in parts.", MaxSheet>>20)
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if err := strictjson.Check(body, gudidLimits); err != nil {
		return nil, wrong(err)
	}
	var raws []jsontext.Value
	// What is not read of a record may be there.
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		err = json.Unmarshal(body, &raws)
	} else {
		var answer struct {
			Results []jsontext.Value `json:"results"`
			Brand   *string          `json:"brand_name"`
		}
		if err = json.Unmarshal(body, &answer); err == nil && answer.Results == nil && answer.Brand != nil {
			raws = []jsontext.Value{body}
		} else {
			raws = answer.Results
		}
	}
	if err != nil {
		return nil, fault.InvalidField("file", "This is neither an answer of openFDA nor a list of records.")
	}
	switch {
	case len(raws) == 0:
		return nil, fault.InvalidField("file", "There are no records of GUDID in it. Send what openFDA answers (device/udi), with its results.")
	case len(raws) > MaxProductRows:
		return nil, fault.InvalidField("file", "The file has %d records; at most %d fit. Send it in parts.", len(raws), MaxProductRows)
	}
	for i, raw := range raws {
		var r gudidRecord
		if err := json.Unmarshal(raw, &r); err != nil {
			plan.add(refuse(i+1, "", fault.InvalidField("file", "Record %d is not as openFDA writes it%s.", i+1, where(err))))
			continue
		}
		it, err := r.item(i + 1)
		if err != nil {
			plan.add(refuse(i+1, clean(r.Company+" "+r.Brand), err))
			continue
		}
		items = append(items, it)
	}
	return items, nil
}

// where says at which member a record is of another kind than expected.
func where(err error) string {
	var bad *json.SemanticError
	if errors.As(err, &bad) && bad.JSONPointer != "" {
		return ": see " + cut(clean(string(bad.JSONPointer)), 80)
	}
	return ""
}

// item reads a record. What belongs to no device that is kept here is noted.
func (r *gudidRecord) item(n int) (*item, error) {
	it := &item{line: n, lines: 1, given: map[string]bool{}, source: FromGUDID, ref: cutTo(clean(r.Key), MaxName)}
	var p check.Problems
	if s := r.RecordStatus; s != "" && s != "Published" {
		p.Add("record_status", "The record is %s: only published ones are taken.", strings.ToLower(cut(clean(s), 30)))
	}
	f := &it.form
	f.Maker, f.Name = clean(r.Company), clean(r.Brand)
	if f.Name == "" { // a device without a brand is called by its model
		f.Name = clean(r.Model)
	}
	f.Description, f.Catalog = cutTo(strings.TrimSpace(r.Description), MaxText), cutTo(clean(r.Catalog), MaxModel)
	if m := clean(r.Model); m != "" && m != f.Name {
		f.Models = []string{m}
	}
	it.given["description"], it.given["catalog"] = f.Description != "", f.Catalog != ""
	for i, d := range r.Identifiers {
		if d.Agency == "NDC/NHRIC" {
			it.note("The identifier %s is a drug code (NDC/NHRIC), which is no UDI-DI of the three agencies.", cut(clean(d.ID), 40))
			continue
		}
		var bad check.Problems
		if s := checkedUDI(&bad, "", d.ID); s != "" {
			if !slices.Contains(f.UDIs, s) {
				f.UDIs = append(f.UDIs, s)
			}
		} else if bad.Found() {
			p.Add(fmt.Sprintf("identifiers[%d].id", i), "%s", fault.Sentence(bad.Err()))
		}
	}
	for _, g := range r.GMDN {
		if gmdnCode.MatchString(g.Code) {
			f.GMDN = append(f.GMDN, g.Code)
		} else if g.Code != "" {
			it.note("%q is no GMDN code of five digits.", cut(clean(g.Code), 30))
		}
		if g.Implantable == true || g.Implantable == "true" {
			f.Implantable, it.given["implantable"] = true, true
		}
	}
	for _, c := range r.Codes {
		if fdaCode.MatchString(c.Code) {
			f.Codes = append(f.Codes, c.Code)
		} else if c.Code != "" {
			it.note("%q is no product code of three letters.", cut(clean(c.Code), 30))
		}
		if k := c.OpenFDA.Class; slices.Contains([]string{"1", "2", "3"}, k) && k > f.Class { // the highest of them
			f.Class, it.given["class"] = k, true
		}
	}
	for _, s := range r.Premarket {
		number := s.Number
		if sup := strings.TrimLeft(s.Supplement, "0"); sup != "" {
			number += "/S" + strings.TrimPrefix(s.Supplement, "S")
		}
		if premarketNumber.MatchString(number) {
			f.Premarket = append(f.Premarket, number)
		} else if number != "" {
			it.note("%q is no premarket number that is known (K, DEN, P, H).", cut(clean(number), 30))
		}
	}
	return it, p.Err()
}

// clean is a line of others' text without what cannot be seen.
func clean(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r' || r == '\u2028' || r == '\u2029':
			return ' '
		case check.Deceptive(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))), " ")
}
