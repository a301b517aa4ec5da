package intel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Batch is what somebody sent at once, and what became of it: the sender's record.
type Batch struct {
	ID         string
	At         time.Time
	Person     string
	PersonName string
	Org        string
	OrgName    string
	Via        string // "page", "api", "command", "taxii", "source"
	Source     string // outside source, if it came from one
	Name       string // file name, or the source's
	Format     Format
	Terms      Terms
	Basis      string // id of the legal basis in force that day; "" = none was
	State      BatchState
	Size       int64 // bytes of the file; 0 = not known
	Consumed   int64 // bytes that were read
	Seen       int   // objects that were read
	Tally
	Problems []Problem // of the first MaxProblems objects that were held or refused
	Ended    time.Time

	defs  map[string]string // the marking definitions of its file: traffic light, or ""
	label policy.Label      // of the batch itself: the sender's organization
	file  string            // in the files' store, until it was read
	key   []byte
	back  int // objects that its organization had shared by another way and that came back
}

// Problem is what is wrong with one object or row of a batch.
type Problem struct {
	Where  string `json:"where"` // "object 17", "row 4, column value"
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
}

// MaxProblems is how many problems a batch remembers.
const MaxProblems = 200

// BatchState is how far a batch is.
type BatchState string

// The states of a batch. A stopped one can be resumed; a broken one cannot,
// because its text cannot be read any further.
const (
	Queued  BatchState = "queued"
	Running BatchState = "running"
	Done    BatchState = "done"
	Stopped BatchState = "stopped"
	Broken  BatchState = "broken"
)

// Format is what a batch's file holds.
type Format string

// The formats that are read.
const (
	FormatSTIX Format = "stix"
	FormatMISP Format = "misp"
	FormatCSV  Format = "csv"
)

func digest(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// NewBatch is what somebody wants to send.
type NewBatch struct {
	Via    string
	Source string
	Name   string
	Format Format
	Terms  Terms
	Size   int64
	Paused bool   // it is kept and not read until somebody resumes it
	Key    string // [Intel.Accept] keeps what comes twice under one key once; "" = always

	file string
	key  []byte
}

// open begins a batch in the viewer's name.
func (x *Intel) open(tx *db.Tx, n NewBatch) (*Batch, error) {
	who := tx.Viewer()
	if !who.May(policy.MayPost) {
		return nil, fault.Forbiddenf("You may not share threat intelligence.")
	}
	var p check.Problems
	n.Name = p.Line("name", "The name", n.Name, 200, true)
	terms, err := x.Check(tx.View, n.Terms)
	if err := p.Take(err); err != nil {
		return nil, err
	}
	own := policy.Default(who.Org)
	if !who.CanRead(own.Audience) {
		p.Add("readers", "You are not a named recipient of your organization, so you could not see what became of this. Ask its officer.")
	}
	if p.Found() {
		return nil, p.Err()
	}
	b := &Batch{ID: ids.New("batch"), At: tx.Now(), Person: who.Person, PersonName: who.Name, Org: who.Org, OrgName: who.OrgName, Via: n.Via, Source: n.Source, Name: n.Name,
		Format: n.Format, Terms: terms, State: Queued, Size: n.Size, label: own, file: n.file, key: n.key}
	if n.Paused {
		b.State = Stopped
	}
	if basis, ok := LegalBasis(tx.Now()); ok {
		b.Basis = basis.ID
	}
	a, err := tx.Store(own.Audience)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(terms)
	if err != nil {
		return nil, err
	}
	if b.key == nil {
		b.key = []byte{}
	}
	_, err = tx.Exec(`INSERT INTO intel_batches (id, at, person, person_name, org, org_name, via, source, name, format, terms, basis, state, file, key, size, consumed, seen, added, same, held, refused, problems, ended, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0, 0, 0, 0, 0, 0, '[]', 0, $17, $18)`,
		b.ID, clock.Micros(b.At), b.Person, b.PersonName, b.Org, b.OrgName, b.Via, b.Source, b.Name, string(b.Format), string(text), b.Basis, string(b.State), b.file, b.key, b.Size, string(own.TLP), a)
	if err != nil {
		return nil, err
	}
	tx.Append(db.Entry{Verb: "intel.sent", Object: b.ID, Label: own, Data: map[string]any{"via": b.Via, "name": b.Name, "attribution": string(terms.Attribution), "scrub": string(terms.Scrub), "why": terms.Why, "basis": b.Basis}})
	return b, nil
}

// progress notes how far a batch is.
func (x *Intel) progress(tx *db.Tx, b *Batch) error {
	text, err := json.Marshal(b.Problems)
	if err != nil {
		return err
	}
	if b.Problems == nil {
		text = []byte("[]")
	}
	if b.key == nil {
		b.key = []byte{} // as an empty one may be read back
	}
	ended := int64(0)
	if !b.Ended.IsZero() {
		ended = clock.Micros(b.Ended)
	}
	return tx.MustChange(`UPDATE intel_batches SET state = $1, consumed = $2, seen = $3, added = $4, same = $5, held = $6, refused = $7, problems = $8, ended = $9, file = $10, key = $11 WHERE id = $12`,
		string(b.State), b.Consumed, b.Seen, b.Added, b.Same, b.Tally.Held, b.Refused, string(text), ended, b.file, b.key, b.ID)
}

// note counts outcomes and remembers the first problems.
func (b *Batch) note(outs []Outcome) {
	b.Seen += len(outs)
	for _, o := range outs {
		switch o.Kind {
		case WasAdded:
			b.Added++
		case WasSame:
			b.Same++
		case WasHeld:
			b.Tally.Held++
		case WasRefused:
			b.Refused++
		}
		if o.Reason != "" && len(b.Problems) < MaxProblems {
			b.Problems = append(b.Problems, Problem{Where: o.Where, ID: o.ID, Reason: o.Reason})
		}
	}
}

const batchColumns = `b.id, b.at, b.person, b.person_name, b.org, b.org_name, b.via, b.source, b.name, b.format, b.terms, b.basis, b.state, b.file, b.key, b.size, b.consumed, b.seen, b.added, b.same, b.held, b.refused, b.problems, b.ended, b.tlp, b.audience`

func scanBatch(v *db.View) func(db.Scanner) (*Batch, error) {
	return func(s db.Scanner) (*Batch, error) {
		b := &Batch{}
		var at, ended int64
		var terms, problems, tlp, audience string
		err := s.Scan(&b.ID, &at, &b.Person, &b.PersonName, &b.Org, &b.OrgName, &b.Via, &b.Source, &b.Name, &b.Format, &terms, &b.Basis, &b.State, &b.file, &b.key, &b.Size,
			&b.Consumed, &b.Seen, &b.Added, &b.Same, &b.Tally.Held, &b.Refused, &problems, &ended, &tlp, &audience)
		if err != nil {
			return nil, err
		}
		b.At = clock.FromMicros(at)
		if ended != 0 {
			b.Ended = clock.FromMicros(ended)
		}
		if err := json.Unmarshal([]byte(terms), &b.Terms); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(problems), &b.Problems); err != nil {
			return nil, err
		}
		b.label, err = v.Label(tlp, audience)
		return b, err
	}
}

func (x *Intel) batchOf(v *db.View, id string) (*Batch, error) {
	return db.One(v, scanBatch(v), `SELECT `+batchColumns+` FROM visible.intel_batches b WHERE b.id = $1`, id)
}

// Batch is one batch of the viewer's organization.
func (x *Intel) Batch(v *db.View, id string) (*Batch, error) { return x.batchOf(v, id) }

// Batches lists the batches of the viewer's organization, newest first, before
// the batch of that id ("" = from the newest).
func (x *Intel) Batches(v *db.View, before string, limit int) ([]*Batch, error) {
	at := int64(1) << 62
	if before != "" {
		b, err := x.batchOf(v, before)
		if err != nil {
			return nil, err
		}
		at = clock.Micros(b.At)
	}
	return db.All(v, scanBatch(v), `SELECT `+batchColumns+` FROM visible.intel_batches b WHERE (b.at < $1 OR b.at = $1 AND b.id < $2) ORDER BY b.at DESC, b.id DESC LIMIT $3`, at, before, page(limit))
}
