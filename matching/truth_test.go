package matching_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/vulns"
)

// The gate: what is affected must be found, by a rule or for a person; what a rule
// calls affected must be so.
const (
	leastRecall    = 0.9977
	leastPrecision = 0.9953
)

// pair is a line of testdata/truth.tsv.
type pair struct {
	line                            int
	set, subject, vuln, label, from string
}

func pairs(t testing.TB) (out []pair) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSpace(string(sample(t, "truth.tsv"))), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		c := strings.Split(line, "\t")
		if len(c) != 5 || !slices.Contains([]string{"affected", "not", "person"}, c[3]) {
			t.Fatalf("truth.tsv:%d: %q", i+1, line)
		}
		out = append(out, pair{i + 1, c[0], c[1], c[2], c[3], c[4]})
	}
	return out
}

// part is the component of a pair, with the line as its reference.
func (p pair) part(t testing.TB) string {
	t.Helper()
	m := map[string]any{"type": "library"}
	if strings.HasPrefix(p.subject, "pkg:") {
		path, _, _ := strings.Cut(p.subject, "?")
		name, version, _ := strings.Cut(path[strings.LastIndexByte(path, '/')+1:], "@")
		m["name"], m["version"], m["purl"] = name, version, p.subject
	} else if err := json.Unmarshal([]byte(p.subject), &m); err != nil {
		t.Fatalf("truth.tsv:%d: %v", p.line, err)
	}
	m["bom-ref"] = strconv.Itoa(p.line)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// answer is what the reasons from one record or advisory come to.
func answer(fs []matching.Finding, vuln string) string {
	out := "nothing"
	for _, f := range fs {
		for _, r := range f.Reasons {
			if r.SourceID != vuln && r.Document != vuln {
				continue
			}
			if r.Verdict == matching.Affected {
				return "affected"
			}
			out = "person"
		}
	}
	return out
}

// knownProducts adds the products of testdata/products.tsv, by name.
func knownProducts(h *house) map[string]string {
	ids := map[string]string{}
	for line := range strings.Lines(string(sample(h.T, "products.tsv"))) {
		c := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if strings.HasPrefix(line, "#") || len(c) != 4 {
			continue
		}
		in := devices.ProductForm{Maker: c[0], Name: c[1], Label: public}
		if c[2] != "" {
			in.Models = strings.Split(c[2], ",")
		}
		id := h.product(town.Dora, in)
		for _, a := range strings.Split(c[3], ";") {
			if maker, name, ok := strings.Cut(a, "/"); ok {
				h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
					_, err := h.Devices.AddAlias(tx, id, devices.AliasForm{Maker: maker, Name: name, Why: "as hospitals write it"})
					return err
				}))
			}
		}
		ids[c[1]] = id
	}
	return ids
}

// TestTruth: recall and precision over the labelled pairs, in one house into which all
// of it was brought through the doors that it comes by.
func TestTruth(t *testing.T) {
	inMemory(t)
	h := newHouse(t, "")
	all := pairs(t)
	known := knownProducts(h)
	var parts []string
	places := map[int]string{} // line to deployment
	same := map[string]string{}
	for _, p := range all {
		if p.set != "device" {
			parts = append(parts, p.part(t))
			continue
		}
		c := strings.Split(p.subject, "|")
		if same[p.subject] == "" {
			in := devices.DeploymentForm{Maker: c[0], Model: c[1], Version: c[2], Zone: fmt.Sprint("Zone ", p.line)}
			if len(c) == 4 {
				if in.Product = known[c[3]]; in.Product == "" {
					t.Fatalf("truth.tsv:%d: there is no product %q", p.line, c[3])
				}
			}
			same[p.subject] = h.deploy(town.Wim, in)
		}
		places[p.line] = same[p.subject]
	}
	product := h.product(town.Pia, devices.ProductForm{Name: "Infusor"})
	bom := h.sbom(town.Pia, product, "1.0", own(town.Pump), cdx(parts...))
	h.settle()
	h.bring(town.Dora, vulns.OSV, public, sample(t, "osv.jsonl.gz"))
	h.bring(town.Dora, vulns.CVE, public, sample(t, "cve.jsonl.gz"))
	h.bring(town.Dora, vulns.CSAF, public, sample(t, "icsma.zip"))
	h.settle()

	byRef := map[string][]matching.Finding{}
	for _, f := range h.ofSBOM(town.Pia, bom.ID) {
		byRef[f.Part.Ref] = append(byRef[f.Part.Ref], f)
	}
	byPlace := map[string][]matching.Finding{}
	for _, f := range h.mine(town.Wim) {
		byPlace[f.Deployment] = append(byPlace[f.Deployment], f)
	}
	type score struct{ affected, found, called, right, person, asked int }
	scores := map[string]*score{"": {}}
	var misses []string
	for _, p := range all {
		got := answer(byRef[strconv.Itoa(p.line)], p.vuln)
		if p.set == "device" {
			got = answer(byPlace[places[p.line]], p.vuln)
		}
		if scores[p.set] == nil {
			scores[p.set] = &score{}
		}
		for _, s := range []*score{scores[""], scores[p.set]} {
			if p.label == "affected" {
				s.affected++
				if got != "nothing" {
					s.found++
				}
			}
			if got == "affected" {
				s.called++
				if p.label == "affected" {
					s.right++
				}
			}
			if p.label == "person" {
				s.person++
				if got == "person" {
					s.asked++
				}
			}
		}
		if got == p.label || p.label == "not" && got == "nothing" || p.label == "affected" && got == "person" || p.label == "not" && got == "person" {
			if got == "person" && p.label != "person" {
				t.Logf("truth.tsv:%d: left to a person: %s and %s, which is %s (%s)", p.line, p.subject, p.vuln, p.label, p.from)
			}
			continue
		}
		misses = append(misses, fmt.Sprintf("truth.tsv:%d: %s and %s: found %s, it is %s (%s)", p.line, p.subject, p.vuln, got, p.label, p.from))
	}
	for _, set := range []string{"osv", "cve", "device", ""} {
		s := scores[set]
		t.Logf("%-6s recall %.4f (%d of %d affected), precision %.4f (%d of %d called affected), %d of %d left to a person", set,
			share(s.found, s.affected), s.found, s.affected, share(s.right, s.called), s.right, s.called, s.asked, s.person)
	}
	s := scores[""]
	report := t.Logf
	if share(s.found, s.affected) < leastRecall || share(s.right, s.called) < leastPrecision {
		report = t.Errorf
		t.Errorf("%d pairs: recall %.4f (least %.4f), precision %.4f (least %.4f)", len(all), share(s.found, s.affected), leastRecall, share(s.right, s.called), leastPrecision)
	}
	for _, m := range misses {
		report("%s", m)
	}
	if len(all) < 300 {
		t.Errorf("only %d pairs", len(all))
	}
}

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}
