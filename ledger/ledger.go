package ledger

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/policy"
)

// Ledger records, proves and follows. It implements db.Ledger.
type Ledger struct {
	key  *tlog.Key
	box  *seal.Box
	dir  string // the keys folder
	log  *slog.Logger
	db   *db.DB
	pace time.Duration
}

// Pad is the multiple to which the tree is filled up before a checkpoint is
// published, so that its size does not tell how much is going on (T-13).
const Pad = 64

// Pace is how often a new checkpoint is published while there is news. An evidence
// pack does not wait for it: it has one published at once.
const Pace = time.Minute

// New opens the ledger's keys in a folder, making them on the first start. The
// origin is the log's name in its checkpoints; it is fixed with the key.
func New(keys string, box *seal.Box, log *slog.Logger) (*Ledger, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	path := filepath.Join(keys, "ledger.key")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		k, err := tlog.GenerateKey(rand.Reader, "isao-"+strings.ToLower(ids.Random(10))+".example/ledger")
		if err != nil {
			return nil, fmt.Errorf("make the ledger's key: %w", err)
		}
		if err := seal.WriteFile(path, []byte(k.Private()+"\n")); err != nil {
			return nil, fmt.Errorf("keep the ledger's key: %w", err)
		}
		text = []byte(k.Private())
	} else if err != nil {
		return nil, fmt.Errorf("read the ledger's key: %w", err)
	}
	k, err := tlog.ParseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, fmt.Errorf("read the ledger's key %s: %w", path, err)
	}
	return &Ledger{key: k, box: box, dir: keys, log: log, pace: Pace}, nil
}

// SetPace sets how often checkpoints are published; tests hurry.
func (l *Ledger) SetPace(d time.Duration) { l.pace = d }

// Public is the verifier key that evidence packs are checked with. Pin it.
func (l *Ledger) Public() string { return l.key.Public() }

// Attach gives the ledger its store and refuses one that is behind what this
// ledger already signed: a lost or rolled-back store must not start a second
// history (security.md A7.6).
func (l *Ledger) Attach(ctx context.Context, d *db.DB) error {
	l.db = d
	signed, err := l.lastSigned()
	if err != nil {
		return err
	}
	return d.Read(ctx, policy.System("ledger"), func(v *db.View) error {
		size, err := l.Size(v)
		if err != nil {
			return err
		}
		if size < signed {
			return fmt.Errorf("the store holds %d ledger entries, but a checkpoint over %d was signed: this is an older copy; restore a newer one, or state the loss with cordon restore --known-loss", size, signed)
		}
		c, err := l.Checkpoint(v)
		if err != nil || c.Size == 0 {
			return err
		}
		root, err := tlog.Root(c.Size, l.hashes(v))
		if err != nil {
			return fmt.Errorf("read the ledger's tree: %w", err)
		}
		if root != c.Root {
			return fmt.Errorf("the ledger's tree does not match its checkpoint over %d entries: the store was changed outside this program", c.Size)
		}
		return nil
	})
}

func (l *Ledger) signedPath() string { return filepath.Join(l.dir, "ledger.signed") }

// lastSigned is the size of the largest checkpoint this keys folder signed.
func (l *Ledger) lastSigned() (int64, error) {
	b, err := os.ReadFile(l.signedPath())
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", l.signedPath(), err)
	}
	return n, nil
}

// Size is the number of entries.
func (l *Ledger) Size(v *db.View) (int64, error) {
	return db.One(v, db.Value[int64], `SELECT size FROM ledger_head WHERE id = 1`)
}

// Access is the position of the newest entry that changed what somebody may see,
// -1 before the first (db.Ledger).
func (l *Ledger) Access(v *db.View) (int64, error) {
	return db.One(v, db.Value[int64], `SELECT access FROM ledger_head WHERE id = 1`)
}

// Begin locks the head, on PostgreSQL for all nodes (db.Ledger).
func (l *Ledger) Begin(tx *db.Tx) (int64, error) {
	return db.One(tx.View, db.Value[int64], `UPDATE ledger_head SET size = size WHERE id = 1 RETURNING size`)
}

var verbForm = regexp.MustCompile(`^[a-z]+\.[a-z-]+$`)

// The ledger's own verbs.
const (
	padVerb   = "ledger.pad"
	shredVerb = "ledger.shredded"
)

// Record writes one write's entries (db.Ledger).
func (l *Ledger) Record(tx *db.Tx, seq int64, actor policy.Viewer, entries []db.Entry) ([][]byte, error) {
	var leaves [][]byte
	at := tx.Now()
	stamp := at.UTC().Format("2006-01-02T15:04:05.000000Z07:00")
	if slices.ContainsFunc(entries, func(e db.Entry) bool { return e.Coarse }) {
		at = clock.Day(at)
		stamp = at.Format(time.DateOnly)
	}
	for i, in := range entries {
		if !verbForm.MatchString(in.Verb) || in.Object == "" {
			return nil, fmt.Errorf("ledger: entry %q on %q is not a noun.verb on an object", in.Verb, in.Object)
		}
		if in.Verb == padVerb {
			leaf := l.padLeaf(seq + int64(i))
			leaves = append(leaves, leaf)
			if err := l.insert(tx, seq+int64(i), at, "system:ledger", "", in, policy.Audience{}.ID(), leaf); err != nil {
				return nil, err
			}
			continue
		}
		if in.Label.TLP == "" || in.Label.Audience.Empty() {
			return nil, fmt.Errorf("ledger: entry %s has no label", in.Verb)
		}
		data, err := json.Marshal(in.Data)
		if err != nil {
			return nil, fmt.Errorf("ledger: entry %s: %w", in.Verb, err)
		}
		canonical, err := strictjson.Canonical(Event{V: 1, Seq: seq + int64(i), At: stamp,
			Actor: actor.Actor(), Name: actor.Name, Org: actor.Org, OrgName: actor.OrgName, Verb: in.Verb, Object: in.Object, Parent: in.Parent,
			TLP: string(in.Label.TLP), Audience: in.Label.Audience.Strings(), Data: data})
		if err != nil {
			return nil, fmt.Errorf("ledger: entry %s: %w", in.Verb, err)
		}
		// What could not be read again would stop every follower for good.
		if err := strictjson.Check(canonical, strictjson.Limits{}); err != nil {
			return nil, fmt.Errorf("ledger: entry %s: %w", in.Verb, err)
		}
		salt := make([]byte, SaltSize)
		rand.Read(salt)
		leaf := Leaf(salt, canonical, actor.Actor(), in.Object)
		audience, err := tx.Store(in.Label.Audience)
		if err != nil {
			return nil, err
		}
		if err := l.insert(tx, seq+int64(i), at, actor.Actor(), actor.Org, in, audience, leaf); err != nil {
			return nil, err
		}
		key := seal.NewKey()
		aad := entryAAD(seq + int64(i))
		body := seal.SealWith(key, append(salt, canonical...), aad)
		if _, err := tx.Exec(`INSERT INTO ledger_contents (seq, key, body) VALUES ($1, $2, $3)`,
			seq+int64(i), l.box.WrapKey(key, aad), body); err != nil {
			return nil, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}

// padLeaf is the leaf of a padding entry. It looks like any other; who holds the
// ledger's key can tell that nothing was hidden behind it.
func (l *Ledger) padLeaf(seq int64) []byte {
	salt := sha256.Sum256([]byte("cordon/pad/v1\x00" + l.key.Private()))
	n := strconv.FormatInt(seq, 10)
	return Leaf(salt[:], []byte(n), n, n)
}

func entryAAD(seq int64) []byte { return []byte("cordon/entry/" + strconv.FormatInt(seq, 10)) }

func (l *Ledger) insert(tx *db.Tx, seq int64, at time.Time, actor, org string, in db.Entry, audience string, leaf []byte) error {
	access := 0
	if in.Access {
		access = 1
		if _, err := tx.Exec(`UPDATE ledger_head SET access = $1 WHERE id = 1`, seq); err != nil {
			return err
		}
	}
	_, err := tx.Exec(`INSERT INTO ledger_entries (seq, at, actor, org, verb, object, parent, room, tlp, audience, access, leaf)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		seq, clock.Micros(at), actor, org, in.Verb, in.Object, in.Parent, in.Room, string(in.Label.TLP), audience, access, leaf)
	return err
}

// Seal adds a commit's leaves to the tree (db.Ledger).
func (l *Ledger) Seal(tx *db.Tx, size int64, leaves [][]byte) error {
	hashes, after, err := tlog.Grow(size, leaves, l.hashes(tx.View))
	if err != nil {
		return fmt.Errorf("grow the ledger's tree: %w", err)
	}
	for _, h := range hashes {
		if _, err := tx.Exec(`INSERT INTO ledger_hashes (idx, hash) VALUES ($1, $2)`, h.Index, h.Hash[:]); err != nil {
			return err
		}
	}
	return tx.MustChange(`UPDATE ledger_head SET size = $1 WHERE id = 1 AND size = $2`, after, size)
}

// hashes reads the tree.
func (l *Ledger) hashes(v *db.View) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		want := make(map[int64]int, len(indexes))
		ss := make([]string, len(indexes))
		for i, x := range indexes {
			want[x], ss[i] = i, strconv.FormatInt(x, 10)
		}
		out := make([]tlog.Hash, len(indexes))
		found := map[int64]tlog.Hash{}
		err := v.Each(`SELECT idx, hash FROM ledger_hashes WHERE idx IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{db.List(ss)},
			func(s db.Scanner) error {
				var idx int64
				var h []byte
				if err := s.Scan(&idx, &h); err != nil {
					return err
				}
				if len(h) != len(tlog.Hash{}) {
					return fmt.Errorf("hash %d of the ledger's tree is %d bytes long", idx, len(h))
				}
				found[idx] = tlog.Hash(h)
				return nil
			})
		if err != nil {
			return nil, err
		}
		for i, x := range indexes {
			h, ok := found[x]
			if !ok {
				return nil, fmt.Errorf("hash %d of the ledger's tree is missing", x)
			}
			out[i] = h
		}
		return out, nil
	})
}
