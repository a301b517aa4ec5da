package matching_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// The world of a random history: what was told to the house, as plain as can be.
type world struct {
	h    *house
	name string // that nothing in another history has
	day  int    // of the newest record

	osvs     map[string]*osvModel
	advs     map[string]*advModel
	products []*productModel
	sboms    []*sbomModel
	places   []*placeModel

	everVuln map[string]bool
	ids      map[string]string // subject and vulnerability to the finding's id
}

type osvModel struct {
	pkg       string
	fixed     int // affected before this major version
	cve       string
	withdrawn bool
}

type advModel struct {
	cve, product string
	words        string
}

type productModel struct {
	id, name string
	aliases  map[string]string // name to id
	versions map[int]bool
}

type partModel struct {
	pkg     string
	version int // 0 = it has none
}

type sbomModel struct {
	id, product string
	version     int
	parts       []partModel
	gone        bool
}

type placeModel struct {
	id, model string
	product   *productModel
	version   int // 0 = not known
	retired   bool
	revision  int64
}

func versionName(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d.0.0", n)
}

const maker = "Pump Works"

func (w *world) tick() string {
	w.day++
	return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, w.day).Format(time.RFC3339)
}

func (w *world) tellOSV(id string) {
	r := w.osvs[id]
	var more []string
	if r.cve != "" {
		more = append(more, fmt.Sprintf(`"aliases":[%q]`, r.cve))
		w.everVuln[r.cve] = true
	}
	if r.withdrawn {
		more = append(more, `"withdrawn":"2025-01-01T00:00:00Z"`)
	}
	w.everVuln[id] = true
	w.h.bring(town.Dora, vulns.OSV, public, []byte(osv(id, w.tick(), r.pkg, versionName(r.fixed), more...)))
}

func (w *world) tellAdvisory(id string) {
	a := w.advs[id]
	w.everVuln[a.cve] = true
	text := string(advisory(id, a.cve, maker, a.product, a.words))
	w.h.bring(town.Dora, vulns.CSAF, public, []byte(strings.ReplaceAll(text, "2025-06-01T00:00:00Z", w.tick())))
}

// called lists the names of a product.
func (p *productModel) called(name string) bool {
	_, ok := p.aliases[name]
	return ok || p.name == name
}

// judgeWords is what an advisory's words say of a version: "" is nothing.
func judgeWords(words string, version int) matching.Verdict {
	switch {
	case words == "vers:all/*":
		return matching.Affected
	case words == "before the summer", version == 0:
		return matching.Person
	case strings.HasPrefix(words, "< "):
		if versionName(version) < strings.TrimPrefix(words, "< ") { // majors of one digit
			return matching.Affected
		}
	case slices.Contains(strings.Split(words, " | "), versionName(version)):
		return matching.Affected
	}
	return ""
}

// naive compares everything with everything.
func (w *world) naive() []string {
	var out []string
	add := func(subject, vuln, record string, v matching.Verdict) {
		if v != "" {
			out = append(out, fmt.Sprintf("%s %s by %s: %s", subject, vuln, record, v))
		}
	}
	for id, r := range w.osvs {
		if r.withdrawn {
			continue
		}
		for _, b := range w.sboms {
			for i, p := range b.parts {
				if b.gone || p.pkg != r.pkg {
					continue
				}
				v := matching.Person
				if p.version >= r.fixed {
					v = ""
				} else if p.version != 0 {
					v = matching.Affected
				}
				add(fmt.Sprintf("%s#%d", b.id, i), cmp.Or(r.cve, id), id, v)
			}
		}
	}
	for id, a := range w.advs {
		record := id + "#" + a.cve
		for _, p := range w.products {
			if !p.called(a.product) {
				continue
			}
			if len(p.versions) == 0 {
				add(p.id+"@", a.cve, record, judgeWords(a.words, 0))
			}
			for v := range p.versions {
				add(p.id+"@"+versionName(v), a.cve, record, judgeWords(a.words, v))
			}
		}
		for _, d := range w.places {
			if !d.retired && (d.model == a.product || d.product != nil && d.product.called(a.product)) {
				add(d.id, a.cve, record, judgeWords(a.words, d.version))
			}
		}
	}
	slices.Sort(out)
	return out
}

// found is what the house says, and checks that findings keep their ids.
func (w *world) found(t *rapid.T) (out []string) {
	seen := map[string]bool{}
	err := w.h.DB.Read(w.h.Ctx, policy.System("matching"), func(v *db.View) error {
		for _, vuln := range slices.Sorted(maps.Keys(w.everVuln)) {
			fs, err := w.h.Matching.OfVulnerability(v, vuln, matching.Query{Limit: matching.MaxPage})
			if err != nil {
				return err
			}
			for _, f := range fs {
				subject := map[string]string{"component": f.SBOM + "#" + f.Part.Ref, "version": f.Product + "@" + f.Version, "deployment": f.Deployment}[f.Kind]
				key := subject + " " + vuln
				if id, ok := w.ids[key]; ok && id != f.ID {
					t.Fatalf("%s was %s and is %s", key, id, f.ID)
				}
				if w.ids[key] = f.ID; seen[f.ID] || f.Vuln != vuln {
					t.Fatalf("%s stands twice: %+v", f.ID, f)
				}
				seen[f.ID] = true
				for _, r := range f.Reasons {
					out = append(out, fmt.Sprintf("%s %s by %s: %s", subject, vuln, r.SourceID, r.Verdict))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

// ops is what happens.
var ops = []string{"osv", "osv", "withdraw", "cve", "advisory", "advisory", "product", "version", "alias", "unalias", "sbom", "take back", "deploy", "change", "change", "retire"}

// step does one thing, if it is possible.
func (w *world) step(t *rapid.T, op string) {
	h := w.h
	pick := func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
	pkg := func() string { return fmt.Sprintf("%s-p%d", w.name, pick("package", 2)) }
	called := func() string { return fmt.Sprintf("%s %c", w.name, 'P'+rune(pick("name", 3))) }
	version := func() int { return pick("version", 4) }
	words := func() string {
		return rapid.SampledFrom([]string{"vers:all/*", "before the summer", "< 2.0.0", "< 3.0.0", "1.0.0 | 3.0.0"}).Draw(t, "words")
	}
	switch op {
	case "osv": // new, or said anew
		id := fmt.Sprintf("%s-OSV-%d", w.name, pick("record", 2))
		if w.osvs[id] == nil {
			w.osvs[id] = &osvModel{}
		}
		r := w.osvs[id]
		r.pkg, r.fixed, r.withdrawn = pkg(), 1+pick("fixed", 4), false
		w.tellOSV(id)
	case "withdraw", "cve":
		if len(w.osvs) == 0 {
			return
		}
		id := rapid.SampledFrom(slices.Sorted(maps.Keys(w.osvs))).Draw(t, "record")
		if op == "withdraw" {
			w.osvs[id].withdrawn = true
		} else { // from now on it has another canonical id, or its own again
			w.osvs[id].cve = rapid.SampledFrom([]string{"", w.cve(0), w.cve(1)}).Draw(t, "cve")
		}
		w.tellOSV(id)
	case "advisory":
		id := fmt.Sprintf("%s-ADV-%d", w.name, pick("advisory", 2))
		w.advs[id] = &advModel{w.cve(pick("cve", 3)), called(), words()}
		w.tellAdvisory(id)
	case "product":
		name := called()
		if slices.ContainsFunc(w.products, func(p *productModel) bool { return p.name == name }) {
			return
		}
		w.products = append(w.products, &productModel{h.product(town.Pia, devices.ProductForm{Name: name, Label: public}), name, map[string]string{}, map[int]bool{}})
	case "version", "alias", "unalias", "sbom":
		if len(w.products) == 0 {
			return
		}
		p := w.products[pick("product", len(w.products))]
		switch op {
		case "version":
			v := 1 + pick("version", 3)
			if p.versions[v] {
				return
			}
			p.versions[v] = true
			h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
				_, err := h.Devices.AddVersion(tx, p.id, devices.VersionForm{Name: versionName(v)})
				return err
			}))
		case "alias":
			name := called()
			if p.called(name) {
				return
			}
			h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) {
				p.aliases[name], err = h.Devices.AddAlias(tx, p.id, devices.AliasForm{Name: name, Why: "a test"})
				return err
			}))
		case "unalias":
			for _, name := range slices.Sorted(maps.Keys(p.aliases)) {
				h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.RemoveAlias(tx, p.aliases[name], "a test") }))
				delete(p.aliases, name)
				return
			}
		case "sbom":
			b := &sbomModel{product: p.id, version: version()}
			var parts []string
			for i := range 1 + pick("parts", 3) {
				q := partModel{pkg(), version()}
				purl := "pkg:npm/" + q.pkg
				if q.version != 0 {
					purl += "@" + versionName(q.version)
				}
				b.parts = append(b.parts, q)
				parts = append(parts, fmt.Sprintf(`{"type":"library","bom-ref":"%d","name":%q,"version":%q,"purl":%q}`, i, q.pkg, versionName(q.version), purl))
			}
			parts = append(parts, fmt.Sprintf(`{"type":"file","bom-ref":"z","name":"file %s %d"}`, w.name, len(w.sboms))) // no two files are the same
			b.id = h.sbom(town.Pia, p.id, versionName(b.version), own(town.Pump), cdx(parts...)).ID
			w.sboms = append(w.sboms, b)
		}
	case "take back":
		for _, b := range w.sboms {
			if !b.gone {
				b.gone = true
				h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Devices.WithdrawSBOM(tx, b.id, "a test") }))
				return
			}
		}
	case "deploy":
		d := &placeModel{version: version(), revision: 1}
		in := devices.DeploymentForm{Maker: maker, Version: versionName(d.version), Zone: fmt.Sprintf("%s zone %d", w.name, len(w.places))}
		if d.model = called(); len(w.products) > 0 && rapid.Bool().Draw(t, "known") {
			d.product = w.products[pick("product", len(w.products))]
			in.Product = d.product.id
		}
		in.Model = d.model
		d.id = h.deploy(town.Wim, in)
		w.places = append(w.places, d)
	case "change", "retire":
		if len(w.places) == 0 {
			return
		}
		i := pick("deployment", len(w.places))
		d := w.places[i]
		if op == "retire" {
			if d.retired {
				return
			}
			d.retired = true
			h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, d.id) }))
		} else {
			d.model, d.version, d.retired, d.product = called(), version(), false, nil
			in := devices.DeploymentForm{Maker: maker, Model: d.model, Version: versionName(d.version), Zone: fmt.Sprintf("%s zone %d", w.name, i), Count: 1, Stage: rapid.SampledFrom([]string{"in use", "stored"}).Draw(t, "stage")}
			if len(w.products) > 0 && rapid.Bool().Draw(t, "known") {
				d.product = w.products[pick("product", len(w.products))]
				in.Product = d.product.id
			}
			h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Devices.ChangeDeployment(tx, d.id, d.revision, in) }))
		}
		d.revision++
	}
}

func (w *world) cve(n int) string {
	var k int
	fmt.Sscanf(w.name, "h%d", &k)
	return fmt.Sprintf("CVE-2020-%d", 100_000+10*k+n)
}

// checks runs a property that many times.
func checks(t *testing.T, n int, prop func(t *rapid.T)) {
	was := flag.Lookup("rapid.checks").Value.String()
	if was == flag.Lookup("rapid.checks").DefValue { // else it was asked for
		flag.Set("rapid.checks", fmt.Sprint(n))
		defer flag.Set("rapid.checks", was)
	}
	rapid.Check(t, prop)
}

// TestAnyOrder: after any order of arrivals, updates and withdrawals, what was found
// step by step is what is found from nothing, and what comparing everything with
// everything finds. Findings keep their ids.
func TestAnyOrder(t *testing.T) {
	run := func(url string, n int) func(t *testing.T) {
		return func(t *testing.T) {
			if url == "" { // nothing here asks whether a write survives
				inMemory(t)
			}
			var h *house
			histories := 0
			outer := t // houses live longer than one check
			checks(t, n, func(t *rapid.T) {
				if histories%8 == 0 { // made again from nothing costs what the house holds
					u := url
					if url == "postgres" {
						u = town.Postgres(outer)
					}
					h = newHouse(outer, u)
				}
				histories++
				w := &world{h: h, name: fmt.Sprintf("h%d", histories), osvs: map[string]*osvModel{}, advs: map[string]*advModel{}, everVuln: map[string]bool{}, ids: map[string]string{}}
				for _, op := range []string{"product", "osv", "sbom", "advisory", "deploy", "sbom", "product"} { // so that there is something
					w.step(t, op)
				}
				h.settle()
				for range rapid.IntRange(6, 14).Draw(t, "steps") {
					w.step(t, rapid.SampledFrom(ops).Draw(t, "do"))
					if rapid.IntRange(0, 2).Draw(t, "settle") == 0 {
						h.settle()
						w.found(t)
					}
				}
				h.settle()
				got := w.found(t)
				if diff := gocmp.Diff(w.naive(), got); diff != "" {
					t.Fatalf("against all pairs (-naive +found)\n%s", diff)
				}
				h.again()
				if diff := gocmp.Diff(got, w.found(t)); diff != "" {
					t.Fatalf("against made from nothing (-step by step +again)\n%s", diff)
				}
			})
		}
	}
	n, few := 60, 6
	if long() {
		n, few = 1000, 100
	}
	t.Run("sqlite", run("", n))
	t.Run("postgres", run("postgres", few))
}
