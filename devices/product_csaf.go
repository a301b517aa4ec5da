package devices

import (
	"regexp"
	"strings"

	"github.com/cordon-isao/cordon/formats/csaf"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/internal/fault"
)

// modelIn finds a model's number in a product's name, as advisories write it:
// "Alaris PC Unit Model 8015", "Inductive models EX1100".
var modelIn = regexp.MustCompile(`(?i)\bmodels?(?: no\.?| number)?:? +([a-z]*[0-9][a-z0-9./-]*)`)

// csafItems reads the product tree of an advisory: makers, products, models, and
// the versions that it names exactly. Ranges are the matching's to read.
func csafItems(body []byte, plan *Plan) (items []*item, err error) {
	doc, err := csaf.Parse(body)
	if err != nil {
		return nil, fault.InvalidField("file", "%s", sentence(err))
	}
	if doc.TLP != "" && doc.TLP != "CLEAR" {
		return nil, fault.InvalidField("file", "This advisory is TLP:%s. Products are taken from public advisories only, because they become public.", doc.TLP)
	}
	ref := cutTo(clean(doc.ID), MaxName)
	for i, p := range doc.Products {
		it := &item{line: i + 1, lines: 1, given: map[string]bool{}, source: FromCSAF, ref: ref}
		maker, name := clean(p.Vendor), clean(p.Family)
		it.form.Maker, it.form.Name = maker, name
		if maker == "" || name == "" || names.Fold(name) == "" {
			plan.add(refuse(i+1, clean(p.Name), fault.InvalidField("file", "The product %s has no branch that says its %s.", cut(clean(p.ID), 60), unsaid(maker))))
			continue
		}
		for _, text := range []string{name, clean(p.Name)} {
			for _, m := range modelIn.FindAllStringSubmatch(text, -1) {
				if m := strings.TrimRight(m[1], ".-/"); m != "" && len(m) <= MaxModel {
					it.form.Models = union(it.form.Models, []string{m})
				}
			}
		}
		for _, s := range exactVersions(clean(p.Version)) {
			if !modelNamed(it.form.Models, s) {
				it.versions = append(it.versions, VersionForm{Name: s})
			}
		}
		items = append(items, it)
	}
	if len(doc.Products) == 0 {
		return nil, fault.InvalidField("file", "The advisory has no product tree.")
	}
	return items, nil
}

func unsaid(maker string) string {
	if maker == "" {
		return "vendor"
	}
	return "product name"
}

// exactVersions are the versions that a label names one by one; none if it holds a
// range, all versions, or words that a person must read.
func exactVersions(label string) (out []string) {
	if label == "" {
		return nil
	}
	r := vers.ParseText(label)
	if r.All || len(r.Spans) > 0 || len(r.Plain) > 0 || len(r.Except) > 0 {
		return nil
	}
	for _, s := range r.Exact {
		if s = clean(s); s != "" && FoldVersion(s) != "" && len([]rune(s)) <= maxVersion {
			out = append(out, s)
		}
	}
	return out
}

func modelNamed(models []string, s string) bool {
	for _, m := range models {
		if names.Fold(m) == names.Fold(s) {
			return true
		}
	}
	return false
}
