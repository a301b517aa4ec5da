package vulns

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/cpe"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
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
	var wanted []int64 // places with indexes
	for part := range slices.Chunk(hashes, readChunk) {
		err := v.Each(`SELECT k.n, k.i FROM vulns_keys k WHERE k.key IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{numbers(part)}, func(s db.Scanner) error {
			var n, i int64
			err := s.Scan(&n, &i)
			wanted = append(wanted, n*indexes+i)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	var places []int64
	for _, w := range wanted {
		if n := w / indexes; len(places) == 0 || places[len(places)-1] != n {
			places = append(places, n)
		}
	}
	heads, err := x.heads(v, places)
	if err != nil {
		return nil, err
	}
	// What the viewer may not see does not exist.
	wanted = slices.DeleteFunc(wanted, func(w int64) bool { _, ok := heads[w/indexes]; return !ok })
	return readClaims(v, heads, wanted, `SELECT c.n, c.i, c.claim FROM json_each($1) j CROSS JOIN vulns_claims c WHERE c.n = CAST(j.value AS BIGINT) / 1048576 AND c.i = CAST(j.value AS BIGINT) % 1048576 ORDER BY c.n, c.i`)
}

// indexes is more than the claims of a record: a place times this and an index are one
// number.
const indexes = 1 << 20

// ClaimsOf reads all claims of the records at places, as far as the viewer may see
// them, by place and index.
func (x *Vulns) ClaimsOf(v *db.View, places []int64) ([]Claim, error) {
	places = slices.Compact(slices.Sorted(slices.Values(places)))
	heads, err := x.heads(v, places)
	if err != nil {
		return nil, err
	}
	places = slices.DeleteFunc(places, func(n int64) bool { _, ok := heads[n]; return !ok })
	return readClaims(v, heads, places, `SELECT c.n, c.i, c.claim FROM vulns_claims c WHERE c.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY c.n, c.i`)
}

// readClaims reads claims by a statement that is given a part of the list each time.
func readClaims(v *db.View, heads map[int64]*Claim, list []int64, stmt string) ([]Claim, error) {
	out := make([]Claim, 0, len(list))
	for part := range slices.Chunk(list, readChunk) {
		err := v.Each(stmt, []any{numbers(part)}, func(s db.Scanner) error {
			var n, i int64
			var text []byte
			if err := s.Scan(&n, &i, &text); err != nil {
				return err
			}
			out = append(out, *heads[n])
			c := &out[len(out)-1]
			if err := decode(text, &c.Claim); err != nil {
				return err
			}
			c.I, c.Keys = int(i), Keys(c.Claim)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// heads is what the claims of the records at places have in common, for the records
// that the viewer may see.
func (x *Vulns) heads(v *db.View, places []int64) (map[int64]*Claim, error) {
	heads := make(map[int64]*Claim, len(places))
	for part := range slices.Chunk(places, readChunk) {
		err := v.Each(`SELECT r.n, r.vuln, r.source, r.source_id, r.document, r.withdrawn FROM visible.vulns_records r
			WHERE r.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{numbers(part)}, func(s db.Scanner) error {
			c := &Claim{}
			var withdrawn int64
			err := s.Scan(&c.Record, &c.Vuln, &c.Source, &c.SourceID, &c.Document, &withdrawn)
			c.Withdrawn = withdrawn != 0
			heads[c.Record] = c
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return heads, nil
}
