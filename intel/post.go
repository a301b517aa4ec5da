package intel

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// A program that posts objects is told at once what became of each, and can ask
// again: what was held may have been decided meanwhile.
//
// intel_posts is the record that it asks for, readable by whoever posted and by
// nobody else of his organization, like an answer to a request.

var postTables = map[string]db.Privacy{"intel_posts": db.Labelled}

const postStep = `
CREATE TABLE intel_posts (
	id       TEXT NOT NULL PRIMARY KEY,
	batch    TEXT NOT NULL REFERENCES intel_batches (id),
	at       BIGINT NOT NULL,
	outcomes TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX intel_posts_at ON intel_posts (at);
`

// The limits of what is posted at once; [MaxPosted] bounds its bytes.
const (
	MaxPostedObjects = 10_000

	// KeepPosts is how long the record of a post can be asked for; TAXII 2.1 §4.3
	// wants a day at least.
	KeepPosts = 7 * 24 * time.Hour
)

// Post is what became of the objects that were posted at once.
type Post struct {
	ID       string // a UUID
	At       time.Time
	Batch    string
	Outcomes []Outcome // in the order in which they were posted
}

// Gathered is a text of objects that was read and looked at, before the store is
// asked.
type Gathered struct{ objs []arrival }

// Len is how many objects there are, those that will be refused among them.
func (g *Gathered) Len() int { return len(g.objs) }

// Gather reads what is posted, under the terms that it will be sent under. It
// takes time and no store. A text that cannot be read to its end is refused as a
// whole (a fault of the field objects).
func (x *Intel) Gather(terms Terms, body io.Reader) (*Gathered, error) {
	src := &bundleSource{r: stix.NewReader(body, stix.Limits{Object: MaxObject, Objects: MaxPostedObjects, Total: MaxPosted})}
	objs, err := chunk(src, terms, MaxPostedObjects+1, MaxPosted)
	if err != nil && err != io.EOF {
		return nil, fault.InvalidField("objects", "%s", sentence(err))
	}
	if len(objs) == 0 {
		return nil, fault.InvalidField("objects", "There are no objects in it.")
	}
	if o := objs[0]; len(objs) == 1 && o.broken != "" && o.ID == "" { // as a rule no list of objects at all
		return nil, fault.InvalidField("objects", "%s", o.broken)
	}
	return &Gathered{objs}, nil
}

// Post sends what was gathered, in the viewer's name and in one commit.
func (x *Intel) Post(tx *db.Tx, n NewBatch, g *Gathered) (Post, error) {
	b, err := x.open(tx, n)
	if err != nil {
		return Post{}, err
	}
	outs, err := x.receive(tx, b, g.objs)
	if err != nil {
		return Post{}, err
	}
	b.note(outs)
	b.State, b.Ended = Done, tx.Now()
	if err := x.progress(tx, b); err != nil {
		return Post{}, err
	}
	p := Post{ID: newUUID(), At: tx.Now(), Batch: b.ID, Outcomes: outs}
	text, err := json.Marshal(rowsOf(outs))
	if err != nil {
		return Post{}, err
	}
	a, err := tx.Store(policy.NewAudience(policy.OfPerson(tx.Viewer().Person)))
	if err != nil {
		return Post{}, err
	}
	if _, err := tx.Exec(`DELETE FROM intel_posts WHERE at < $1`, clock.Micros(tx.Now().Add(-KeepPosts))); err != nil {
		return Post{}, err
	}
	_, err = tx.Exec(`INSERT INTO intel_posts (id, batch, at, outcomes, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6)`,
		p.ID, b.ID, clock.Micros(p.At), string(text), string(policy.Red), a)
	return p, err
}

// newUUID is a random UUID (RFC 9562 §5.4).
func newUUID() string {
	var u [16]byte
	rand.Read(u[:]) // never fails (crypto/rand)
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// outcomeRow is an outcome as it is kept.
type outcomeRow struct {
	ID      string      `json:"i,omitempty"`
	Version string      `json:"v,omitempty"`
	Where   string      `json:"w,omitempty"`
	Kind    OutcomeKind `json:"k"`
	Reason  string      `json:"r,omitempty"`
}

func rowsOf(outs []Outcome) []outcomeRow {
	rows := make([]outcomeRow, len(outs))
	for i, o := range outs {
		rows[i] = outcomeRow(o)
	}
	return rows
}

// Posted is the record of what the viewer posted, with what was decided since on
// what was held.
func (x *Intel) Posted(v *db.View, id string) (Post, error) {
	p, err := db.One(v, func(s db.Scanner) (p Post, err error) {
		var at int64
		var text []byte
		if err = s.Scan(&p.ID, &p.Batch, &at, &text); err != nil {
			return p, err
		}
		p.At = clock.FromMicros(at)
		var rows []outcomeRow
		err = json.Unmarshal(text, &rows)
		for _, r := range rows {
			p.Outcomes = append(p.Outcomes, Outcome(r))
		}
		return p, err
	}, `SELECT p.id, p.batch, p.at, p.outcomes FROM visible.intel_posts p WHERE p.id = $1`, id)
	if err != nil {
		return Post{}, err
	}
	return p, x.decided(v, &p)
}

// decided fills in what was decided on held objects. An object that waited
// already, from an earlier batch of the organization, is decided there.
func (x *Intel) decided(v *db.View, p *Post) error {
	type key struct{ id, version string }
	type decision struct{ state, why string }
	var held []string
	for _, o := range p.Outcomes {
		if o.Kind == WasHeld {
			held = append(held, o.ID)
		}
	}
	if len(held) == 0 {
		return nil
	}
	found := map[key]decision{}
	err := v.Each(`SELECT h.object, h.raw, h.state, h.decided_why FROM visible.intel_held h JOIN visible.intel_batches b ON b.id = h.batch
		WHERE b.org = $1 AND h.object IN (SELECT value FROM json_each($2)) ORDER BY h.at`, []any{v.Viewer().Org, db.List(held)}, func(s db.Scanner) error {
		var id string
		var d decision
		var raw []byte
		if err := s.Scan(&id, &raw, &d.state, &d.why); err != nil {
			return err
		}
		o, err := stix.Parse(raw)
		if k := (key{id, o.VersionText}); err == nil && found[k].state != waiting {
			found[k] = d
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range p.Outcomes {
		o := &p.Outcomes[i]
		if o.Kind != WasHeld {
			continue
		}
		switch d := found[key{o.ID, o.Version}]; d.state {
		case accepted:
			o.Kind, o.Reason = WasAdded, ""
		case discarded:
			o.Kind, o.Reason = WasRefused, "It was not let in: "+d.why
		}
	}
	return nil
}
