package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// Entry is a row of the ledger without its content.
type Entry struct {
	Seq    int64
	At     int64 // UTC microseconds
	Actor  string
	Verb   string
	Object string
	Parent string
	Room   string
	Label  policy.Label
	Access bool
	Leaf   []byte
}

const entryColumns = `e.seq, e.at, e.actor, e.verb, e.object, e.parent, e.room, e.tlp, e.audience, e.access, e.leaf`

func scanEntry(v *db.View) func(db.Scanner) (Entry, error) {
	return func(s db.Scanner) (e Entry, err error) {
		var tlp, audience string
		var access int64
		if err = s.Scan(&e.Seq, &e.At, &e.Actor, &e.Verb, &e.Object, &e.Parent, &e.Room, &tlp, &audience, &access, &e.Leaf); err != nil {
			return e, err
		}
		e.Access = access == 1
		if e.Verb == padVerb {
			return e, nil
		}
		e.Label, err = v.Label(tlp, audience)
		return e, err
	}
}

// Range reads the entries from seq on, at most limit, that the viewer may read.
// Padding is left out.
func (l *Ledger) Range(v *db.View, from int64, limit int) ([]Entry, error) {
	return db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e WHERE e.seq >= $1 AND e.verb <> 'ledger.pad' ORDER BY e.seq LIMIT $2`, from, limit)
}

// About reads the entries about an object and what belongs to it, oldest first,
// that the viewer may read.
func (l *Ledger) About(v *db.View, object string, limit int) ([]Entry, error) {
	return db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e WHERE e.object = $1 OR e.parent = $1 ORDER BY e.seq LIMIT $2`, object, limit)
}

// Before reads the newest entries about an object and what belongs to it before a
// sequence number (0 = from the newest), newest first, that the viewer may read.
// Its cost does not grow with how much there is.
func (l *Ledger) Before(v *db.View, object string, before int64, limit int) ([]Entry, error) {
	if before == 0 {
		before = 1 << 62
	}
	own, err := db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e WHERE e.object = $1 AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3`, object, before, limit)
	if err != nil {
		return nil, err
	}
	es, err := db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e WHERE e.parent = $1 AND e.object <> $1 AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3`, object, before, limit)
	if err != nil {
		return nil, err
	}
	es = append(es, own...)
	slices.SortFunc(es, func(a, b Entry) int { return cmp.Compare(b.Seq, a.Seq) })
	return es[:min(len(es), limit)], nil
}

// By reads the newest entries of an actor before a sequence number (0 = from the
// newest), newest first, that the viewer may read.
func (l *Ledger) By(v *db.View, actor string, before int64, limit int) ([]Entry, error) {
	if before == 0 {
		before = 1 << 62
	}
	return db.All(v, scanEntry(v), `SELECT `+entryColumns+` FROM visible.ledger_entries e WHERE e.actor = $1 AND e.seq < $2 ORDER BY e.seq DESC LIMIT $3`, actor, before, limit)
}

// Content is an entry opened: its event, and what a verifier needs to know that
// it is the recorded one. After shredding, Canonical is nil.
type Content struct {
	Event     Event
	Canonical []byte
	Salt      []byte
}

// Open decrypts the content of an entry that the viewer has read. An entry that
// was shredded opens to an empty content.
func (l *Ledger) Open(v *db.View, e Entry) (Content, error) {
	if ok, err := v.Exists(`SELECT 1 FROM visible.ledger_entries WHERE seq = $1`, e.Seq); err != nil || !ok {
		return Content{}, errOr(err, fmt.Errorf("ledger: entry %d is not this viewer's", e.Seq))
	}
	type row struct{ key, body []byte }
	rows, err := db.All(v, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.key, &r.body); return r, err },
		`SELECT key, body FROM ledger_contents WHERE seq = $1`, e.Seq)
	if err != nil || len(rows) == 0 {
		return Content{}, err
	}
	return l.open(e.Seq, rows[0].key, rows[0].body)
}

// OpenAll decrypts the contents of entries that the viewer has read, a hundred in
// a statement. Those that were shredded are not in the answer.
func (l *Ledger) OpenAll(v *db.View, es []Entry) (map[int64]Content, error) {
	type row struct {
		seq       int64
		key, body []byte
	}
	out := make(map[int64]Content, len(es))
	for part := range slices.Chunk(es, 100) {
		// The numbers stand one by one, so that both engines look them up by the
		// key; the list is filled up, so that there are few different statements.
		n := (len(part) + 19) / 20 * 20
		marks, seqs := make([]string, n), make([]any, n)
		for i := range n {
			marks[i], seqs[i] = fmt.Sprintf("$%d", i+1), part[min(i, len(part)-1)].Seq
		}
		rows, err := db.All(v, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.seq, &r.key, &r.body); return r, err },
			`SELECT c.seq, c.key, c.body FROM visible.ledger_entries e JOIN ledger_contents c ON c.seq = e.seq WHERE e.seq IN (`+strings.Join(marks, ", ")+`)`, seqs...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if out[r.seq], err = l.open(r.seq, r.key, r.body); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func (l *Ledger) open(seq int64, wrapped, body []byte) (Content, error) {
	aad := entryAAD(seq)
	key, err := l.box.UnwrapKey(wrapped, aad)
	if err != nil {
		return Content{}, fmt.Errorf("ledger: open entry %d: %w", seq, err)
	}
	plain, err := seal.OpenWith(key, body, aad)
	if err != nil || len(plain) < SaltSize {
		return Content{}, fmt.Errorf("ledger: open entry %d: its content was changed", seq)
	}
	c := Content{Salt: plain[:SaltSize], Canonical: plain[SaltSize:]}
	if err := strictjson.Unmarshal(c.Canonical, &c.Event); err != nil {
		return Content{}, fmt.Errorf("ledger: open entry %d: %w", seq, err)
	}
	return c, nil
}

// Proof is the inclusion proof of an entry in a checkpoint.
func (l *Ledger) Proof(v *db.View, c Checkpoint, seq int64) (tlog.Proof, error) {
	if seq >= c.Size {
		return nil, ErrUncovered
	}
	return tlog.Inclusion(c.Size, seq, l.hashes(v))
}

// Consistency proves that a newer checkpoint only added to an older one.
func (l *Ledger) Consistency(v *db.View, old, new int64) (tlog.Proof, error) {
	return tlog.Consistency(old, new, l.hashes(v))
}

// Shred destroys the content of an entry, for ever: its key, its salt and its
// ciphertext. The leaf stays and every proof with it. The reason is recorded.
func (l *Ledger) Shred(tx *db.Tx, e Entry, reason string) error {
	if _, err := tx.Exec(`DELETE FROM ledger_contents WHERE seq = $1`, e.Seq); err != nil {
		return fmt.Errorf("shred entry %d: %w", e.Seq, err)
	}
	tx.Append(db.Entry{Verb: shredVerb, Object: e.Object, Parent: e.Parent, Label: e.Label,
		Data: map[string]any{"entry": e.Seq, "verb": e.Verb, "recorded": clock.FromMicros(e.At), "reason": reason}})
	return nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
