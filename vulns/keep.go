package vulns

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// incoming is a record on its way into the store.
type incoming struct {
	rec    vuln.Record
	rest   []string // see item
	text   []byte   // the record without its claims
	claims [][]byte
	digest string

	// What compare found.
	same   bool
	refuse error
	gone   []*incoming // records of an earlier form of its document, withdrawn now
	old    *stored     // what the record replaces; nil if it is new
}

// stored is a record as it stands in the store.
type stored struct {
	n         int64
	digest    string
	withdrawn bool
	modified  int64
	vuln      string
	tlp       string
	at        int64
}

// recordKey is what a record is known by among those of one label and owner.
type recordKey struct{ source, id, document string }

func (in *incoming) key() recordKey {
	return recordKey{in.rec.Source, in.rec.ID, in.rec.Document}
}

// maxID is the longest id of a record or a document, in bytes.
const maxID = 256

func badID(id string) bool {
	return len(id) > maxID || !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError })
}

// encode writes a part of a record as it is kept.
func encode(v any) ([]byte, error) {
	return json.Marshal(v, jsonv1.OmitEmptyWithLegacySemantics(true))
}

// decode reads what encode wrote.
func decode(data []byte, v any) error {
	return json.Unmarshal(data, v, jsontext.AllowDuplicateNames(true))
}

// arrive prepares a record, or says why it cannot be kept under a label: the label
// is never looser than the document's own (R-084, T-07).
func arrive(it item, l policy.Label) (*incoming, error) {
	in := &incoming{rec: it.rec, rest: it.rest}
	r := &in.rec
	switch {
	case r.ID == "" || badID(r.ID):
		return nil, errors.New("its id is missing, too long or holds control characters")
	case badID(r.Document):
		return nil, errors.New("its document's id is too long or holds control characters")
	case r.Source == "":
		return nil, errors.New("it does not say of which source it is")
	}
	if r.TLP != "" {
		t, err := policy.ParseTLP(r.TLP)
		if err != nil {
			return nil, fmt.Errorf("its marking TLP:%s is none of TLP 2.0", r.TLP)
		}
		if t.StricterThan(l.TLP) {
			return nil, fmt.Errorf("its document is marked %s and may not be shared as %s", t, l.TLP)
		}
	}
	for _, list := range []*[]string{&r.Aliases, &r.Related, &r.Upstream} {
		var good []string
		for _, id := range *list {
			if id != "" && !badID(id) && len(good) < vuln.MaxIDs {
				good = append(good, id)
			}
		}
		*list = good
	}
	if len(r.Claims) > vuln.MaxClaims {
		return nil, fmt.Errorf("it makes more than %d claims", vuln.MaxClaims)
	}
	r.Title, r.Summary = vuln.Clip(r.Title, vuln.MaxTitle), vuln.Clip(r.Summary, vuln.MaxSummary)
	return in, in.seal()
}

// seal writes the record down and takes its digest.
func (in *incoming) seal() error {
	head := in.rec
	head.Claims = nil
	var err error
	if in.text, err = encode(head); err != nil {
		return fmt.Errorf("it cannot be written down: %w", err)
	}
	told := in.text
	if head.Source == vuln.InKEV && head.Withdrawn.IsZero() { // a new release of the catalogue is no news of what it says as before
		head.Modified = time.Time{}
		if told, err = encode(head); err != nil {
			return fmt.Errorf("it cannot be written down: %w", err)
		}
	}
	h := sha256.New()
	h.Write(told)
	in.claims = make([][]byte, len(in.rec.Claims))
	for i, c := range in.rec.Claims {
		if in.claims[i], err = encode(c); err != nil {
			return fmt.Errorf("its claim %d cannot be written down: %w", i+1, err)
		}
		h.Write([]byte{'\n'})
		h.Write(in.claims[i])
	}
	in.digest = hex.EncodeToString(h.Sum(nil)[:16])
	return nil
}

// compare finds what is known of records: the same, another form, or nothing. It
// changes nothing.
func (x *Vulns) compare(v *db.View, b *Batch, ins []*incoming) error {
	var sourceIDs []string
	source := ""
	for _, in := range ins {
		if in == nil {
			continue
		}
		in.old, in.same, in.refuse, in.gone = nil, false, nil, nil
		sourceIDs, source = append(sourceIDs, in.rec.ID), in.rec.Source // a batch is of one kind
	}
	if len(sourceIDs) == 0 {
		return nil
	}
	v = v.As(system)
	known := map[recordKey]*stored{}
	err := v.Each(`SELECT r.n, r.source_id, r.document, r.digest, r.withdrawn, r.modified, r.vuln, r.tlp, r.at FROM visible.vulns_records r
		WHERE r.source = $1 AND r.audience = $2 AND r.owner = $3 AND r.source_id IN (SELECT value FROM json_each($4))`,
		[]any{source, b.Label.Audience.ID(), b.owner, db.List(sourceIDs)}, func(s db.Scanner) error {
			k := recordKey{source: source}
			o := &stored{}
			var withdrawn int64
			err := s.Scan(&o.n, &k.id, &k.document, &o.digest, &withdrawn, &o.modified, &o.vuln, &o.tlp, &o.at)
			o.withdrawn = withdrawn != 0
			known[k] = o
			return err
		})
	if err != nil {
		return err
	}
	for _, in := range ins {
		if in == nil {
			continue
		}
		o := known[in.key()]
		in.old = o
		tightens := false
		if o != nil && o.tlp != string(b.Label.TLP) {
			if policy.TLP(o.tlp).StricterThan(b.Label.TLP) {
				in.refuse = fmt.Errorf("it is known as TLP:%s, and this would loosen that", o.tlp)
				continue
			}
			tightens = true
		}
		// What is older than what is known changes nothing, so that it does not
		// matter in which order files come.
		in.same = o != nil && !tightens && (o.digest == in.digest || micros(in.rec.Modified) < o.modified)
		if in.rest != nil && !in.older() {
			if in.gone, err = x.gone(v, b, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// older reports whether a later form of the record is known.
func (in *incoming) older() bool { return in.old != nil && micros(in.rec.Modified) < in.old.modified }

// gone are the records of an earlier form of a document, or catalogue, that the present
// one no longer has. They stay, as withdrawn.
func (x *Vulns) gone(v *db.View, b *Batch, first *incoming) (out []*incoming, err error) {
	var old []Record
	old, err = db.All(v, scanRecord(v), `SELECT `+recordColumns+` FROM visible.vulns_records r
		WHERE r.source = $1 AND r.document = $2 AND r.audience = $3 AND r.owner = $4 AND r.withdrawn = 0 AND r.source_id NOT IN (SELECT value FROM json_each($5)) ORDER BY r.n`,
		first.rec.Source, first.rec.Document, b.Label.Audience.ID(), b.owner, db.List(first.rest))
	if err != nil || len(old) == 0 {
		return nil, err
	}
	if err := x.withClaims(v, old); err != nil {
		return nil, err
	}
	for _, o := range old {
		if micros(first.rec.Modified) < micros(o.Record.Modified) {
			continue
		}
		rec := o.Record
		if rec.Modified = first.rec.Modified; rec.Withdrawn.IsZero() {
			if rec.Withdrawn = first.rec.Modified; rec.Withdrawn.IsZero() {
				rec.Withdrawn = v.Now()
			}
		}
		in := &incoming{rec: rec}
		if err := in.seal(); err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

// keep writes records that were compared before, in one commit with one entry.
func (x *Vulns) keep(tx *db.Tx, b *Batch, ins []*incoming) error {
	sys := tx.As(system)
	if err := x.compare(sys.View, b, ins); err != nil {
		return err
	}
	a, err := tx.Store(b.Label.Audience)
	if err != nil {
		return err
	}
	last, err := db.One(sys.View, db.Value[int64], `SELECT COALESCE(MAX(r.n), 0) FROM visible.vulns_records r`)
	if err != nil {
		return err
	}
	k := &keeper{x: x, tx: sys, b: b, audience: a, now: clock.Micros(tx.Now()),
		records: db.Rows{Into: `INSERT INTO vulns_records (n, id, vuln, base, source_id, source, document, owner, published, modified, withdrawn, severity, exploited, automatable, title, record, digest, batch, part, touched, touched_part, at, tlp, audience)`},
		history: db.Rows{Into: `INSERT INTO vulns_history (n, at, batch, part, digest, record, tlp, audience)`},
		claims:  db.Rows{Into: `INSERT INTO vulns_claims (n, i, claim)`}, names: db.Rows{Into: `INSERT INTO vulns_names (name, n, link)`}}
	var olds []int64
	for _, in := range ins {
		if in.old != nil && !in.same && in.refuse == nil {
			olds = append(olds, in.old.n)
		}
	}
	if err := k.remember(olds); err != nil {
		return err
	}
	h := sha256.New()
	entry := Imported{Batch: b.ID, Part: b.parts, Kind: b.Kind}
	for _, in := range ins {
		h.Write([]byte(in.digest))
		switch {
		case in.refuse != nil: // its label was tightened meanwhile
			b.skip(in.rec.ID, in.refuse)
			continue
		case in.same:
			b.Same++
			continue
		case in.old == nil:
			last++
			if err := k.add(in, last); err != nil {
				return err
			}
			entry.Added++
		default:
			if err := k.change(in); err != nil {
				return err
			}
			entry.Changed++
		}
		if !in.rec.Withdrawn.IsZero() && (in.old == nil || !in.old.withdrawn) {
			entry.Withdrawn++
		}
	}
	if err := k.flush(); err != nil {
		return err
	}
	moved, err := x.settle(sys, b, k.seeds, k.fresh)
	if err != nil {
		return err
	}
	entry.Changed += moved
	entry.Digest = hex.EncodeToString(h.Sum(nil))
	b.Added, b.Changed, b.Withdrawn = b.Added+entry.Added, b.Changed+entry.Changed, b.Withdrawn+entry.Withdrawn
	tx.Append(db.Entry{Verb: ImportedVerb, Object: b.ID, Label: b.Label, Data: entry})
	return nil
}

// severity is the CVSS base score × 10 of a record's best score, or -1.
func severity(r vuln.Record) int64 {
	best := int64(-1)
	for _, s := range r.Scores {
		if s.Base > 0 || s.Version != "" {
			best = max(best, int64(math.Round(min(max(s.Base, 0), 10)*10)))
		}
	}
	return best
}

// exploited reports whether a source knows of attacks.
func exploited(r vuln.Record) bool {
	return r.KEV != nil || r.Source == vuln.InKEV || r.Exploitation == "active"
}

// keeper gathers the rows of one commit, so that many go in a statement.
type keeper struct {
	x        *Vulns
	tx       *db.Tx
	b        *Batch
	audience string
	now      int64

	seeds []string       // names whose records may have another canonical id now
	fresh map[int64]bool // records that came or changed in this commit

	keyed [][3]int64 // rows of vulns_keys

	records, history, claims, names db.Rows
}

// add writes a new record.
func (k *keeper) add(in *incoming, n int64) error {
	r, b := in.rec, k.b
	base := baseID(r)
	if err := k.rows(in, n, base); err != nil {
		return err
	}
	return k.records.Add(k.tx,
		n, ids.New("vrec"), canonical(base, r.ID), base, r.ID, r.Source, r.Document, b.owner, micros(r.Published), micros(r.Modified), micros(r.Withdrawn), severity(r), bit(exploited(r)), bit(r.Automatable == "yes"),
		r.Title, string(in.text), in.digest, b.ID, b.parts, b.ID, b.parts, k.now, string(b.Label.TLP), k.audience)
}

// remember keeps the records that are replaced, and takes their claims, keys and
// names away.
func (k *keeper) remember(places []int64) error {
	if len(places) == 0 {
		return nil
	}
	list := numbers(places)
	old, err := db.All(k.tx.View, scanRecord(k.tx.View), `SELECT `+recordColumns+` FROM visible.vulns_records r WHERE r.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) ORDER BY r.n`, list)
	if err != nil {
		return err
	}
	if err := k.x.withClaims(k.tx.View, old); err != nil {
		return err
	}
	for _, o := range old {
		text, err := encode(o.Record)
		if err != nil {
			return err
		}
		err = k.history.Add(k.tx,
			o.Place, k.now, k.b.ID, k.b.parts, o.digest, string(text), string(o.Label.TLP), o.Label.Audience.ID())
		if err != nil {
			return err
		}
		for _, name := range linked(o.Record) {
			k.seed(name)
		}
	}
	for _, stmt := range []string{`DELETE FROM vulns_claims WHERE n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`,
		`DELETE FROM vulns_keys WHERE n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`,
		`DELETE FROM vulns_names WHERE n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`} {
		if _, err := k.tx.Exec(stmt, list); err != nil {
			return err
		}
	}
	return nil
}

// change writes a record in the place of what it said before.
func (k *keeper) change(in *incoming) error {
	r, b := in.rec, k.b
	base := baseID(r)
	if err := k.rows(in, in.old.n, base); err != nil {
		return err
	}
	return k.tx.MustChange(`UPDATE vulns_records SET vuln = $1, base = $2, published = $3, modified = $4, withdrawn = $5, severity = $6, exploited = $7, automatable = $8, title = $9, record = $10, digest = $11,
		batch = $12, part = $13, touched = $14, touched_part = $15, at = $16, tlp = $17 WHERE n = $18`,
		canonical(base, r.ID), base, micros(r.Published), micros(r.Modified), micros(r.Withdrawn), severity(r), bit(exploited(r)), bit(r.Automatable == "yes"), r.Title, string(in.text), in.digest,
		b.ID, b.parts, b.ID, b.parts, k.now, string(b.Label.TLP), in.old.n)
}

// rows writes what stands beside a record.
func (k *keeper) rows(in *incoming, n int64, base string) error {
	r := in.rec
	for i, c := range r.Claims {
		if err := k.claims.Add(k.tx, n, i, string(in.claims[i])); err != nil {
			return err
		}
		for _, key := range Keys(c) {
			k.keyed = append(k.keyed, [3]int64{names.Hash(key), n, int64(i)})
		}
	}
	for name, link := range namesOf(r, base) {
		if err := k.names.Add(k.tx, name, n, bit(link)); err != nil {
			return err
		}
	}
	for _, name := range linked(r) {
		k.seed(name)
	}
	if k.fresh == nil {
		k.fresh = map[int64]bool{}
	}
	k.fresh[n] = true
	return index(k.tx, n, in.old == nil, words(r), k.b.Label)
}

func (k *keeper) seed(name string) { k.seeds = append(k.seeds, name) }

func (k *keeper) flush() error {
	for _, r := range []*db.Rows{&k.records, &k.history, &k.claims, &k.names} {
		if err := r.Flush(k.tx); err != nil {
			return err
		}
	}
	return putKeys(k.tx, k.keyed)
}

// putKeys writes rows of the index of keys, those beside each other together.
func putKeys(tx *db.Tx, keyed [][3]int64) error {
	slices.SortFunc(keyed, func(a, b [3]int64) int { return slices.Compare(a[:], b[:]) })
	rows := db.Rows{Into: `INSERT INTO vulns_keys (key, n, i)`}
	for _, k := range keyed {
		if err := rows.Add(tx, k[0], k[1], k[2]); err != nil {
			return err
		}
	}
	return rows.Flush(tx)
}

// numbers writes numbers as the one argument of json_each.
func numbers(ns []int64) string {
	b, _ := json.Marshal(ns)
	return string(b)
}
