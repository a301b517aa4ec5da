package forum

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Draft is what a person is still writing. Nobody else can read it, and nothing
// in it is checked: the label may be half chosen.
type Draft struct {
	Key      string // where it is written, chosen by the page: "topic:<room>", "reply:<topic>" …
	Title    string
	Body     string
	TLP      string
	Audience []string
	At       time.Time
}

// MaxDrafts is how many drafts a person keeps; the oldest gives way.
const MaxDrafts = 20

// SaveDraft keeps a draft under its key. It is a note: use it inside db.Note.
func (f *Forum) SaveDraft(tx *db.Tx, d Draft) error {
	if !tx.Viewer().SignedIn() {
		return fault.Forbiddenf("Only people who are signed in keep drafts.")
	}
	var p problems
	p.text("body", "The text", d.Body, MaxBody, false)
	p.text("title", "The title", d.Title, 4*MaxTitle, false)
	if d.Key == "" || len(d.Key) > 100 || !utf8.ValidString(d.Key) {
		p.add("key", "A draft needs a key of at most 100 characters.")
	}
	p.text("tlp", "The label", d.TLP, 50, false)
	readers, err := json.Marshal(append([]string{}, d.Audience...))
	if err != nil || len(readers) > MaxBody {
		p.add("audience", "The audience is too long.")
	}
	if err := p.err(); err != nil {
		return err
	}
	me := tx.Viewer().Person
	if _, err := tx.Exec(`INSERT INTO drafts (person, key, at, title, body, marking, readers) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (person, key) DO UPDATE SET at = excluded.at, title = excluded.title, body = excluded.body, marking = excluded.marking, readers = excluded.readers`,
		me, d.Key, clock.Micros(tx.Now()), d.Title, d.Body, d.TLP, string(readers)); err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM drafts WHERE person = $1 AND key <> $2 AND key NOT IN (SELECT d.key FROM drafts d WHERE d.person = $1 AND d.key <> $2 ORDER BY d.at DESC, d.key LIMIT 19)`, me, d.Key)
	return err
}

// Draft reads one of the viewer's drafts.
func (f *Forum) Draft(v *db.View, key string) (Draft, error) {
	return db.One(v, scanDraft, `SELECT key, at, title, body, marking, readers FROM drafts WHERE person = $1 AND key = $2`, v.Viewer().Person, key)
}

// Drafts lists the viewer's drafts, newest first.
func (f *Forum) Drafts(v *db.View) ([]Draft, error) {
	return db.All(v, scanDraft, `SELECT key, at, title, body, marking, readers FROM drafts WHERE person = $1 ORDER BY at DESC, key`, v.Viewer().Person)
}

func scanDraft(s db.Scanner) (d Draft, err error) {
	var at int64
	var readers string
	if err = s.Scan(&d.Key, &at, &d.Title, &d.Body, &d.TLP, &readers); err != nil {
		return d, err
	}
	d.At = clock.FromMicros(at)
	if err = json.Unmarshal([]byte(readers), &d.Audience); err != nil {
		err = fmt.Errorf("read draft %s: %w", d.Key, err)
	}
	return d, err
}

// DropDraft forgets a draft. Posting drops it by itself.
func (f *Forum) DropDraft(tx *db.Tx, key string) error {
	_, err := tx.Exec(`DELETE FROM drafts WHERE person = $1 AND key = $2`, tx.Viewer().Person, key)
	return err
}
