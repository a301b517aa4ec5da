package vulns

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Keys are the words under which a claim is looked up: the package, the CPE, the
// part's name, the maker with the product. The index keeps [names.Hash] of each;
// who finds a claim by it compares the words. A key says that two things are
// worth comparing, not that they are the same.
func Keys(c vuln.Claim) []string {
	var out []string
	add := func(key string) {
		if key != "" && !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	component := func(name string) {
		if names.Fold(name) != "" {
			add(names.Component(name))
		}
	}
	device := func(vendor, product string) {
		if names.Vendor(vendor) != "" && names.Fold(product) != "" {
			add(names.Device(vendor, product))
		}
	}
	switch c.Kind {
	case vuln.PURL:
		add(c.Key)
	case vuln.CPE:
		add(c.Key)
		vendor, product := ofCPE(c)
		vendor, product = strings.ReplaceAll(vendor, "_", " "), strings.ReplaceAll(product, "_", " ")
		component(product)
		device(vendor, withoutFirmware(product))
	case vuln.Device:
		device(c.Vendor, c.Product)
	case vuln.Name:
		component(c.Product)
		device(c.Vendor, withoutFirmware(c.Product))
	}
	return out
}

// ofCPE is the vendor and product of a claim by CPE.
func ofCPE(c vuln.Claim) (vendor, product string) {
	if c.CPE != "" {
		if name, err := cpe.Parse(c.CPE); err == nil {
			return name.Vendor, name.Product
		}
	}
	part := strings.SplitN(c.Key, ":", 4) // cpe:part:vendor:product
	if len(part) < 4 {
		return c.Vendor, c.Product
	}
	return part[2], part[3]
}

// withoutFirmware is a product's name for a look-up by device: CPE names a device
// and what runs in it apart.
func withoutFirmware(product string) string {
	s := strings.TrimRight(product, " ")
	if n := len(s) - len(" firmware"); n > 0 && strings.EqualFold(s[n:], " firmware") {
		return s[:n]
	}
	return s
}

// ClaimsByKey reads the claims that are looked up by keys, given as their hashes
// ([names.Hash]), as far as the viewer may see their records, each once, by place and
// index. Different keys may share a hash: compare [Claim.Keys].
func (x *Vulns) ClaimsByKey(v *db.View, hashes []int64) ([]Claim, error) {
	hashes = slices.Compact(slices.Sorted(slices.Values(hashes)))
	type at struct{ n, i int64 }
	var ats []at
	for part := range slices.Chunk(hashes, readChunk) {
		err := v.Each(`SELECT k.n, k.i FROM vulns_keys k WHERE k.key IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{numbers(part)}, func(s db.Scanner) error {
			var a at
			err := s.Scan(&a.n, &a.i)
			ats = append(ats, a)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	wanted := map[int64]map[int64]bool{}
	var places []int64
	for _, a := range ats {
		if wanted[a.n] == nil {
			wanted[a.n] = map[int64]bool{}
			places = append(places, a.n)
		}
		wanted[a.n][a.i] = true
	}
	return x.claims(v, places, wanted)
}

// ClaimsOf reads all claims of the records at places, as far as the viewer may see
// them, by place and index.
func (x *Vulns) ClaimsOf(v *db.View, places []int64) ([]Claim, error) {
	return x.claims(v, places, nil)
}

// claims reads claims of the records at places: all, or those wanted.
func (x *Vulns) claims(v *db.View, places []int64, wanted map[int64]map[int64]bool) ([]Claim, error) {
	places = slices.Compact(slices.Sorted(slices.Values(places)))
	var out []Claim
	for part := range slices.Chunk(places, readChunk) {
		heads := map[int64]Claim{}
		vulns := map[string]bool{}
		err := v.Each(`SELECT r.n, r.vuln, r.source, r.source_id, r.document, r.withdrawn, r.severity, r.exploited, r.tlp, r.audience FROM visible.vulns_records r
			WHERE r.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{numbers(part)}, func(s db.Scanner) error {
			var c Claim
			var withdrawn, exploited int64
			var tlp, audience string
			err := s.Scan(&c.Record, &c.Vuln, &c.Source, &c.SourceID, &c.Document, &withdrawn, &c.Severity, &exploited, &tlp, &audience)
			if err != nil {
				return err
			}
			c.Withdrawn, c.Exploited = withdrawn != 0, exploited == 1
			c.Label, err = v.Label(tlp, audience)
			heads[c.Record], vulns[c.Vuln] = c, true
			return err
		})
		if err != nil {
			return nil, err
		}
		worst, err := x.publicWorst(v, vulns)
		if err != nil {
			return nil, err
		}
		seen := make([]int64, 0, len(heads)) // what the viewer may not see does not exist
		for _, n := range part {
			if _, ok := heads[n]; ok {
				seen = append(seen, n)
			}
		}
		err = v.Each(`SELECT c.n, c.i, c.claim FROM vulns_claims c WHERE c.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY c.n, c.i`, []any{numbers(seen)}, func(s db.Scanner) error {
			var n, i int64
			var text []byte
			if err := s.Scan(&n, &i, &text); err != nil {
				return err
			}
			if wanted != nil && !wanted[n][i] {
				return nil
			}
			c := heads[n]
			if err := decode(text, &c.Claim); err != nil {
				return err
			}
			c.I, c.Keys = int(i), Keys(c.Claim)
			if w, ok := worst[c.Vuln]; ok {
				c.Severity, c.Exploited = max(c.Severity, w.severity), c.Exploited || w.exploited
			}
			out = append(out, c)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

type worst struct {
	severity  int64
	exploited bool
}

// publicWorst is what ranks vulnerabilities for everybody.
func (x *Vulns) publicWorst(v *db.View, vulns map[string]bool) (map[string]worst, error) {
	ids := make([]string, 0, len(vulns))
	for id := range vulns {
		ids = append(ids, id)
	}
	out := map[string]worst{}
	for part := range slices.Chunk(ids, readChunk) {
		err := v.Each(`SELECT r.vuln, MAX(r.severity), MAX(r.exploited) FROM visible.vulns_records r WHERE r.tlp = $1 AND r.withdrawn = 0 AND r.vuln IN (SELECT value FROM json_each($2)) GROUP BY r.vuln`,
			[]any{string(policy.Clear), db.List(part)}, func(s db.Scanner) error {
				var id string
				var w worst
				var exploited int64
				err := s.Scan(&id, &w.severity, &exploited)
				w.exploited = exploited == 1
				out[id] = w
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
