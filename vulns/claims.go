package vulns

import (
	"cmp"
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
		err := v.Each(`SELECT k.n, k.i FROM json_each($1) j CROSS JOIN vulns_keys k WHERE k.key = CAST(j.value AS BIGINT)`, []any{numbers(part)}, func(s db.Scanner) error {
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
	return readClaims(v, wanted, ` FROM json_each($1) j CROSS JOIN visible.vulns_records r CROSS JOIN vulns_claims c
		WHERE r.n = CAST(j.value AS BIGINT) / 1048576 AND c.n = r.n AND c.i = CAST(j.value AS BIGINT) % 1048576`)
}

// indexes is more than the claims of a record: a place times this and an index are one
// number.
const indexes = 1 << 20

// ClaimsOf reads all claims of the records at places, as far as the viewer may see
// them, by place and index.
func (x *Vulns) ClaimsOf(v *db.View, places []int64) ([]Claim, error) {
	places = slices.Compact(slices.Sorted(slices.Values(places)))
	return readClaims(v, places, ` FROM visible.vulns_records r JOIN vulns_claims c ON c.n = r.n WHERE r.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`)
}

// readClaims reads claims c of records r, in one statement with what those say of them
// all, for a part of the list each time.
func readClaims(v *db.View, list []int64, from string) ([]Claim, error) {
	out := make([]Claim, 0, len(list))
	for part := range slices.Chunk(list, readChunk) {
		err := v.Each(`SELECT r.n, r.vuln, r.source, r.source_id, r.document, r.withdrawn, c.i, c.claim`+from, []any{numbers(part)}, func(s db.Scanner) error {
			out = append(out, Claim{})
			c := &out[len(out)-1]
			var withdrawn int64
			var text []byte
			if err := s.Scan(&c.Record, &c.Vuln, &c.Source, &c.SourceID, &c.Document, &withdrawn, &c.I, &text); err != nil {
				return err
			}
			c.Withdrawn = withdrawn != 0
			if err := decode(text, &c.Claim); err != nil {
				return err
			}
			c.Keys = Keys(c.Claim)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	// Here and not in the statement: they mostly come in order, and the engine would
	// put them all aside to sort them.
	slices.SortFunc(out, func(a, b Claim) int { return cmp.Or(cmp.Compare(a.Record, b.Record), cmp.Compare(a.I, b.I)) })
	return out, nil
}
