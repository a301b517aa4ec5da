package devices

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/cyclonedx"
	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/spdx"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// chunkParts is how many components one commit takes.
const chunkParts = 2000

// ReadSBOM reads a queued SBOM to its end: some thousand components a commit, and
// at last the SBOM itself, so that a crash repeats nothing and nobody sees a part of
// it. progress, if any, is told after each commit.
func (x *Devices) ReadSBOM(ctx context.Context, d *db.DB, program policy.Viewer, id string, progress func(*SBOM)) (*SBOM, error) {
	var b *SBOM
	err := d.Read(ctx, program, func(v *db.View) (err error) {
		b, err = x.SBOM(v, id)
		return err
	})
	if err != nil || b.State != SBOMQueued {
		return b, err
	}
	key, err := x.box.UnwrapKey(b.key, []byte(b.file))
	if err != nil {
		return b, fmt.Errorf("open the SBOM's file: %w", err)
	}
	f, _, err := x.files.Open(ctx, blobOf(b.file), key)
	if err != nil {
		return b, fmt.Errorf("open the SBOM's file: %w", err)
	}
	defer f.Close()

	t := &taker{x: x, ctx: ctx, d: d, program: program, b: b, progress: progress, skip: b.Components, refs: map[string]int32{}, quality: sbom.NewQuality()}
	r := &counting{r: f}
	t.read = r
	doc, err := readSBOM(bufio.NewReaderSize(r, 64<<10), t)
	if err == nil {
		err = t.rest(doc)
	}
	switch {
	case errors.Is(err, context.Canceled), t.failed != nil:
		return b, errors.Join(t.failed, err)
	case err != nil:
		if r.err != nil {
			return b, fmt.Errorf("read the SBOM's file: %w", r.err)
		}
		return b, x.breakSBOM(ctx, d, program, b, sentence(err))
	}
	return b, x.finishSBOM(ctx, d, program, b, doc, t)
}

// readSBOM finds out what it is and reads it.
func readSBOM(r *bufio.Reader, sink sbom.Sink) (sbom.Document, error) {
	head, err := r.Peek(4 << 10)
	if err != nil && err != io.EOF && len(head) == 0 {
		return sbom.Document{}, err
	}
	format, encoding, err := sbom.Sniff(head)
	if err != nil {
		return sbom.Document{}, err
	}
	if format == sbom.SPDX {
		return spdx.Read(r, encoding, sink, sbom.Limits{Bytes: MaxSBOM})
	}
	return cyclonedx.Read(r, encoding, sink, sbom.Limits{Bytes: MaxSBOM})
}

func sentence(err error) string {
	s := err.Error()
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}

// counting counts what was read and keeps the disk's own error apart.
type counting struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// facts is what is kept of a component beyond its columns.
type facts struct {
	Group        string      `json:"group,omitempty"`
	Hashes       []sbom.Hash `json:"hashes,omitempty"`
	Licenses     []string    `json:"licenses,omitempty"`
	Description  string      `json:"description,omitempty"`
	Support      string      `json:"support,omitempty"`
	EndOfSupport string      `json:"end_of_support,omitempty"`
}

// taker writes what a reader finds. It keeps of each component its reference only.
type taker struct {
	x        *Devices
	ctx      context.Context
	d        *db.DB
	program  policy.Viewer
	b        *SBOM
	read     *counting
	progress func(*SBOM)

	skip       int              // components that were kept before an interruption
	parts      int              // components so far
	refs       map[string]int32 // number of each reference, whether it came or was named only
	numbers    []int32          // part of each reference's number; 0 = it did not come yet
	edges      [][2]int32       // from, on: numbers of references
	batch      []Part
	quality    *sbom.Quality
	statements []vex.Statement
	failed     error // of the store, and not of the file
}

func (t *taker) ref(s string) int32 {
	i, ok := t.refs[s]
	if !ok {
		i = int32(len(t.numbers))
		t.refs[strings.Clone(s)] = i
		t.numbers = append(t.numbers, 0)
	}
	return i
}

func (t *taker) Component(c sbom.Component) error {
	t.quality.Add(c)
	t.parts++
	t.numbers[t.ref(c.Ref)] = int32(t.parts)
	if t.parts <= t.skip {
		return nil
	}
	t.batch = append(t.batch, Part{Number: t.parts, Component: c})
	if len(t.batch) >= chunkParts {
		return t.flush()
	}
	return nil
}

// maxStatements is how many VEX statements of an SBOM are kept.
const maxStatements = 20_000

func (t *taker) Depends(from string, on []string) error {
	t.quality.Depends(from, on)
	i := t.ref(from)
	for _, to := range on {
		t.edges = append(t.edges, [2]int32{i, t.ref(to)})
	}
	return nil
}

func (t *taker) Statement(s vex.Statement) error {
	if len(t.statements) == maxStatements {
		return fmt.Errorf("the document makes more than %d statements about vulnerabilities", maxStatements)
	}
	t.statements = append(t.statements, s)
	return nil
}

// flush commits the components that wait.
func (t *taker) flush() error {
	if len(t.batch) == 0 {
		return nil
	}
	err := t.d.Note(t.ctx, t.program, func(tx *db.Tx) error {
		if err := t.x.keepParts(tx, t.b.n, t.batch); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO devices_reading (sbom, parts, consumed) VALUES ($1, $2, $3) ON CONFLICT (sbom) DO UPDATE SET parts = excluded.parts, consumed = excluded.consumed`, t.b.n, t.parts, t.read.n)
		return err
	})
	if err != nil {
		t.failed = err
		return err
	}
	t.batch = t.batch[:0]
	t.b.Components, t.b.Consumed = t.parts, t.read.n
	if t.progress != nil {
		t.progress(t.b)
	}
	return nil
}

// keepParts writes components and the keys they are found by. Many rows go in one
// statement: a statement costs more than a row.
func (x *Devices) keepParts(tx *db.Tx, sbom int64, parts []Part) error {
	type key struct{ key, part int64 }
	var keys []key
	rows := db.Rows{Into: `INSERT INTO devices_components (sbom, part, ref, type, name, version, supplier, purl, cpes, facts)`, End: `ON CONFLICT (sbom, part) DO NOTHING`}
	for _, p := range parts {
		f, err := json.Marshal(facts{p.Group, p.Hashes, p.Licenses, p.Description, p.Support, p.EndOfSupport})
		if err != nil {
			return err
		}
		if err := rows.Add(tx, sbom, p.Number, p.Ref, p.Type, p.Name, p.Version, p.Supplier, p.PURL, strings.Join(p.CPE, "\n"), string(f)); err != nil {
			return err
		}
		for _, k := range p.Keys() {
			keys = append(keys, key{names.Hash(k), int64(p.Number)})
		}
	}
	if err := rows.Flush(tx); err != nil {
		return err
	}
	slices.SortFunc(keys, func(a, b key) int { // in the index's order: neighbours lie on one page
		switch {
		case a.key != b.key && a.key < b.key, a.key == b.key && a.part < b.part:
			return -1
		case a == b:
			return 0
		}
		return 1
	})
	index := db.Rows{Into: `INSERT INTO devices_keys (key, sbom, part)`, End: `ON CONFLICT (key, sbom, part) DO NOTHING`}
	for _, k := range keys {
		if err := index.Add(tx, k.key, sbom, k.part); err != nil {
			return err
		}
	}
	return index.Flush(tx)
}

// rest commits what waits: the last components, the relationships between those
// that came, and the statements.
func (t *taker) rest(doc sbom.Document) error {
	if t.parts == 0 {
		return errors.New("the document lists no components. An SBOM names what a product is made of")
	}
	if err := t.flush(); err != nil {
		return err
	}
	edges := t.edges[:0]
	for _, e := range t.edges {
		if from, on := t.numbers[e[0]], t.numbers[e[1]]; from != 0 && on != 0 && from != on {
			edges = append(edges, [2]int32{on, from})
		}
	}
	slices.SortFunc(edges, func(a, b [2]int32) int { return slices.Compare(a[:], b[:]) })
	edges = slices.Compact(edges)
	t.b.Edges = len(edges)
	for part := range slices.Chunk(edges, 20_000) {
		err := t.d.Note(t.ctx, t.program, func(tx *db.Tx) error {
			rows := db.Rows{Into: `INSERT INTO devices_edges (sbom, child, parent)`, End: `ON CONFLICT (sbom, child, parent) DO NOTHING`}
			for _, e := range part {
				if err := rows.Add(tx, t.b.n, int64(e[0]), int64(e[1])); err != nil {
					return err
				}
			}
			return rows.Flush(tx)
		})
		if err != nil {
			t.failed = err
			return err
		}
	}
	if len(t.statements) == 0 {
		return nil
	}
	err := t.d.Note(t.ctx, t.program, func(tx *db.Tx) error {
		rows := db.Rows{Into: `INSERT INTO devices_statements (sbom, i, body)`, End: `ON CONFLICT (sbom, i) DO NOTHING`}
		for i, s := range t.statements {
			body, err := json.Marshal(s)
			if err != nil {
				return err
			}
			if err := rows.Add(tx, t.b.n, i, string(body)); err != nil {
				return err
			}
		}
		return rows.Flush(tx)
	})
	t.failed = err
	return err
}

// finishSBOM makes what was read one SBOM that others see.
func (x *Devices) finishSBOM(ctx context.Context, d *db.DB, program policy.Viewer, b *SBOM, doc sbom.Document, t *taker) error {
	root := 0
	if i, ok := t.refs[doc.Root]; ok && doc.Root != "" {
		root = int(t.numbers[i])
	}
	report := t.quality.Report(doc)
	return d.Write(ctx, program, func(tx *db.Tx) error {
		now, err := x.SBOM(tx.View, b.ID)
		if err != nil {
			return err
		}
		if now.State != SBOMQueued { // another node was faster, or it was withdrawn meanwhile
			return errDone
		}
		document, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		quality, err := json.Marshal(report)
		if err != nil {
			return err
		}
		err = tx.MustChange(`UPDATE devices_sboms SET state = 'done', components = $1, edges = $2, document = $3, quality = $4, consumed = size, ended = $5, root = $6 WHERE id = $7`,
			t.parts, b.Edges, string(document), string(quality), clock.Micros(tx.Now()), root, b.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM devices_reading WHERE sbom = $1`, b.n); err != nil {
			return err
		}
		b.State, b.Components, b.Root, b.Document, b.Quality, b.Ended, b.Consumed = SBOMDone, t.parts, root, doc, report, tx.Now(), b.Size
		tx.Append(db.Entry{Verb: "sbom.read", Object: b.ID, Parent: b.Product, Label: b.Label, Data: map[string]any{"product": b.Product, "version": b.Version, "components": t.parts, "format": doc.Format + " " + doc.Spec, "quality": report.Score}})
		return nil
	})
}

// errDone undoes a write for an SBOM that somebody else finished.
var errDone = fault.Conflictf("The SBOM was finished meanwhile.")

// breakSBOM says why an SBOM cannot be read. The file stays with its sender's record.
func (x *Devices) breakSBOM(ctx context.Context, d *db.DB, program policy.Viewer, b *SBOM, why string) error {
	b.State, b.Why = SBOMBroken, why
	return d.Write(ctx, program, func(tx *db.Tx) error {
		if err := tx.MustChange(`UPDATE devices_sboms SET state = 'broken', why = $1, ended = $2 WHERE id = $3 AND state = 'queued'`, why, clock.Micros(tx.Now()), b.ID); err != nil {
			return err
		}
		tx.Append(db.Entry{Verb: "sbom.broken", Object: b.ID, Parent: b.Product, Label: b.Label, Data: map[string]any{"product": b.Product, "why": why}})
		return x.dropParts(tx, b.n)
	})
}

// dropParts removes what was read of an SBOM. Keys have no index by SBOM, so they
// are found as they were made.
func (x *Devices) dropParts(tx *db.Tx, n int64) error {
	for from := 0; ; {
		parts, err := db.All(tx.View, scanPart, `SELECT `+partColumns+` FROM devices_components c WHERE c.sbom = $1 AND c.part > $2 ORDER BY c.part LIMIT $3`, n, from, chunkParts)
		if err != nil {
			return err
		}
		if len(parts) == 0 {
			break
		}
		from = parts[len(parts)-1].Number
		var keys []string
		for _, p := range parts {
			for _, k := range p.Keys() {
				keys = append(keys, strconv.FormatInt(names.Hash(k), 10))
			}
		}
		if _, err := tx.Exec(`DELETE FROM devices_keys WHERE key IN (SELECT CAST(value AS BIGINT) FROM json_each($1)) AND sbom = $2`, db.List(keys), n); err != nil {
			return err
		}
	}
	for _, stmt := range []string{`DELETE FROM devices_edges WHERE sbom = $1`, `DELETE FROM devices_statements WHERE sbom = $1`, `DELETE FROM devices_components WHERE sbom = $1`, `DELETE FROM devices_reading WHERE sbom = $1`} {
		if _, err := tx.Exec(stmt, n); err != nil {
			return err
		}
	}
	return nil
}

// Run reads what was queued until ctx ends. Before that it brings the indexes up to
// date, which a new program may make otherwise.
func (x *Devices) Run(ctx context.Context, d *db.DB, program policy.Viewer, log *slog.Logger) error {
	indexed := false
	return d.Work(ctx, log, "read an SBOM", 30*time.Second, func() (bool, error) {
		if !indexed {
			if err := x.RebuildIndex(ctx, d, program); err != nil {
				return false, fmt.Errorf("bring the index of devices up to date: %w", err)
			}
			indexed = true
		}
		var id string
		err := d.Read(ctx, program, func(v *db.View) (err error) {
			id, err = db.One(v, db.Value[string], `SELECT s.id FROM visible.devices_sboms s WHERE s.state = 'queued' ORDER BY s.at, s.id LIMIT 1`)
			return err
		})
		if fault.Is(err, fault.Missing) {
			return false, nil
		}
		if err == nil {
			_, err = x.ReadSBOM(ctx, d, program, id, nil)
		}
		if err != nil {
			return false, fmt.Errorf("SBOM %s: %w", id, err)
		}
		return true, nil
	})
}
