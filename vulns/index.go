package vulns

import (
	"context"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/formats/names"
	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

// words is what a search looks for in a record: its title and ids.
func words(r vuln.Record) string {
	text := []string{r.ID, r.Document, r.Title}
	text = append(text, r.Aliases[:min(len(r.Aliases), 50)]...)
	return search.Tokens(strings.Join(text, " \n "))
}

// index writes a record's words, and whom they reach, into the index.
func index(tx *db.Tx, n int64, fresh bool, words string, l policy.Label) error {
	if !fresh {
		if _, err := tx.Exec(`DELETE FROM vulns_fts WHERE rowid = $1`, n); err != nil {
			return err
		}
	}
	var err error
	if tx.Engine() == db.SQLite {
		_, err = tx.Exec(`INSERT INTO vulns_fts (rowid, words, who) VALUES ($1, $2, $3)`, n, words, search.WhoTokens(l.Audience))
	} else {
		_, err = tx.Exec(`INSERT INTO vulns_fts (rowid, doc) VALUES ($1, to_tsvector('simple', $2) || array_to_tsvector(ARRAY(SELECT value FROM json_each($3))))`,
			n, words, db.List(search.WhoLexemes(l.Audience)))
	}
	return err
}

// keysForm changes when [Keys] gives other keys for the same claim.
const keysForm = 1

// KeysVersion says how claims are looked up: another version, other keys. It changes
// with the table of makers' names.
func KeysVersion() int64 { return names.Version(keysForm) }

// Keyed reports whether claims are found by the keys that this program makes.
func (x *Vulns) Keyed(v *db.View) (bool, error) {
	n, err := mark(v, markKeys)
	return n == KeysVersion(), err
}

// The marks of the indexes.
const (
	markKeys  = "keys"  // the version whose keys are kept
	markWords = "words" // while words are being made again: the last place that was
	markKeyed = "keyed" // while this version's keys are being made: the last place that was, the version behind the name
)

const indexChunk = 300

// RebuildIndex makes the indexes anew where they are missing or of another form: the
// words after a restore, which leaves them out, and the keys when a new program makes
// other ones. It goes on where it was interrupted. Looking costs nothing.
func (x *Vulns) RebuildIndex(ctx context.Context, d *db.DB, program policy.Viewer) error {
	version := KeysVersion()
	var rewords, rekey bool
	err := d.Note(ctx, program, func(tx *db.Tx) error {
		some, err := tx.Exists(`SELECT r.n FROM visible.vulns_records r LIMIT 1`)
		if err != nil {
			return err
		}
		if !some {
			return setMark(tx, markKeys, version)
		}
		there, err := tx.Exists(`SELECT rowid FROM vulns_fts LIMIT 1`)
		if err != nil {
			return err
		}
		begun, err := tx.Exists(`SELECT value FROM vulns_marks WHERE name = $1`, markWords)
		if err != nil {
			return err
		}
		if rewords = !there || begun; !there {
			if err := setMark(tx, markWords, 0); err != nil {
				return err
			}
		}
		keys, err := mark(tx.View, markKeys)
		if err != nil {
			return err
		}
		rekey = keys != version
		return nil
	})
	if err != nil {
		return err
	}
	if rewords {
		if err := x.again(ctx, d, program, markWords, x.reword); err != nil {
			return err
		}
	}
	if !rekey {
		return nil
	}
	// Until all is done, the keys are no version's: another program does not take the
	// half of this one for its own.
	err = d.Note(ctx, program, func(tx *db.Tx) error { return dropMark(tx, markKeys) })
	if err != nil {
		return err
	}
	if err := x.again(ctx, d, program, markKeyed+strconv.FormatInt(version, 10), x.rekey); err != nil {
		return err
	}
	return d.Note(ctx, program, func(tx *db.Tx) error {
		if err := dropMark(tx, markKeyed+"%"); err != nil {
			return err
		}
		return setMark(tx, markKeys, version)
	})
}

// again runs one over all records, some hundred a commit.
func (x *Vulns) again(ctx context.Context, d *db.DB, program policy.Viewer, name string, one func(*db.Tx, []Record) error) error {
	for {
		n := 0
		err := d.Note(ctx, program, func(tx *db.Tx) error {
			from, err := mark(tx.View, name)
			if err != nil {
				return err
			}
			rs, err := db.All(tx.View, scanRecord(tx.View), `SELECT `+recordColumns+` FROM visible.vulns_records r WHERE r.n > $1 ORDER BY r.n LIMIT $2`, from, indexChunk)
			if err != nil {
				return err
			}
			if n = len(rs); n > 0 {
				if err := one(tx, rs); err != nil {
					return err
				}
				return setMark(tx, name, rs[n-1].Place)
			}
			return dropMark(tx, name)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

func (x *Vulns) reword(tx *db.Tx, rs []Record) error {
	for _, r := range rs {
		if err := index(tx, r.Place, false, words(r.Record), r.Label); err != nil {
			return err
		}
	}
	return nil
}

func (x *Vulns) rekey(tx *db.Tx, rs []Record) error {
	if err := x.withClaims(tx.View, rs); err != nil {
		return err
	}
	var keyed [][3]int64
	for _, r := range rs {
		if _, err := tx.Exec(`DELETE FROM vulns_keys WHERE n = $1`, r.Place); err != nil {
			return err
		}
		for i, c := range r.Claims {
			for _, key := range Keys(c) {
				keyed = append(keyed, [3]int64{names.Hash(key), r.Place, int64(i)})
			}
		}
	}
	return putKeys(tx, keyed)
}
