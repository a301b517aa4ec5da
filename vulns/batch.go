package vulns

import (
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Tally counts what became of the records of a batch.
type Tally struct {
	Added     int // records that were not known
	Changed   int // records that said something else before
	Same      int // records that were known as they are, or in a newer form
	Withdrawn int // among those added or changed: records that their source takes back
	Skipped   int // records that could not be read or were refused
}

// Batch is one file, and what became of it.
type Batch struct {
	ID         string
	At         time.Time
	Person     string // "" for the program
	PersonName string
	Org        string
	OrgName    string
	Feed       string // "" for a file of its own
	Name       string // of the file or the feed
	Kind       Kind
	State      BatchState
	Size       int64 // bytes
	Consumed   int64 // bytes that were read
	Seen       int   // records that were read
	Tally
	Problems    []Problem    // the first MaxProblems
	Fingerprint string       // SHA-256 of the file, in hexadecimal digits
	Label       policy.Label // of the records that it brings
	Ended       time.Time

	own    policy.Label // the batch's own
	owner  string       // of its records
	file   string
	key    []byte
	parts  int64 // commits so far
	mirror bool  // the program packed the file from a folder
}

// Problem is what is wrong with one record of a batch.
type Problem struct {
	Where  string `json:"where"`
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

// NewBatch is a file that somebody sends.
type NewBatch struct {
	Name  string
	Kind  Kind
	Feed  string       // a feed of place file; its label is the records' then
	Label policy.Label // of the records; zero is AMBER+STRICT to the sender's organization
	Key   string       // [Vulns.Accept] keeps what comes twice under one key once; "" = always

	size        int64
	fingerprint string
	file        string
	key         []byte
}

// ImportedVerb is the verb of the entry that each commit of an import appends,
// under the records' label. Its object is the batch and its data an [Imported].
const ImportedVerb = "vulns.imported"

// ScoredVerb is the verb of the entry for a commit of EPSS scores; its data is a
// [Scored].
const ScoredVerb = "vulns.scored"

// Imported is the data of an entry about a commit of an import. Which records it
// touched is asked with [Vulns.Touched]: their places would tell the readers of the
// entry how many records there are that they cannot see.
type Imported struct {
	Batch     string `json:"batch"`
	Part      int64  `json:"part"` // of the batch, from 1
	Kind      Kind   `json:"kind"`
	Added     int    `json:"added"`
	Changed   int    `json:"changed"`
	Withdrawn int    `json:"withdrawn"`
	Digest    string `json:"digest"` // SHA-256 of the records' digests in the order in which they came
}

// Scored is the data of an entry about EPSS scores.
type Scored struct {
	Batch string `json:"batch"`
	Part  int64  `json:"part"`
	Date  string `json:"date"` // of the scores
	Rows  int    `json:"rows"`
}

// community is the label of what the house itself does about feeds.
var community = policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}

// everybody is the label of public records.
var everybody = policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}

// owner is under whose name records of a label are kept: those for everybody are the
// house's, and another organization's records never stand in the place of one's own.
func owner(l policy.Label, org string) string {
	if l.Audience.Has(policy.Public) {
		return ""
	}
	return org
}

// checkLabel says what is wrong with the label of somebody's records.
func (x *Vulns) checkLabel(v *db.View, p *check.Problems, l policy.Label) {
	who := v.Viewer()
	if err := l.Check(x.members.Facts(v)); err != nil {
		p.Add("label", "%s", err.Error())
		return
	}
	if l.Audience.Has(policy.Public) && !mayFeed(who) {
		p.Add("label", "What everybody reads is brought in by the desk. Choose another label, or ask the desk.")
		return
	}
	if !who.CanRead(l.Audience) {
		p.Add("label", "You would not be among the readers, so you could not see what became of this.")
	}
}

// mayFeed reports whether somebody may bring in records for everybody.
func mayFeed(who policy.Viewer) bool { return who.May(policy.MayTriage) || who.May(policy.MayOperate) }

// open begins a batch in the viewer's name.
func (x *Vulns) open(tx *db.Tx, n NewBatch) (*Batch, error) {
	who := tx.Viewer()
	if !who.May(policy.MayPost) {
		return nil, fault.Forbiddenf("You may not share vulnerability records.")
	}
	var p check.Problems
	n.Name = p.Line("name", "The name", n.Name, 200, true)
	n.Kind = Kind(p.OneOf("kind", "The kind", string(n.Kind), kinds()...))
	own := policy.Default(who.Org)
	if n.Feed != "" {
		f, err := x.Feed(tx.View, n.Feed)
		switch {
		case err != nil:
			return nil, err
		case !mayFeed(who):
			return nil, fault.Forbiddenf("Files for a feed are sent by the desk.")
		case f.Place != PlaceFile:
			p.Add("feed", "This feed is read by itself. Files are for feeds without a folder or an address.")
		case f.Kind != n.Kind:
			p.Add("kind", "This feed holds %s.", f.Kind)
		}
		n.Label, own = f.Label, f.own
	} else {
		if n.Label.TLP == "" && n.Label.Audience.Empty() {
			n.Label = own
		}
		x.checkLabel(tx.View, &p, n.Label)
		if !who.CanRead(own.Audience) {
			p.Add("label", "You are not a named recipient of your organization, so you could not see what became of this. Ask its officer.")
		}
	}
	if n.Kind == EPSS && n.Label.TLP != policy.Clear {
		p.Add("label", "EPSS scores are public. Give them the label TLP:CLEAR.")
	}
	if p.Found() {
		return nil, p.Err()
	}
	b := &Batch{ID: ids.New("vbatch"), At: tx.Now(), Person: who.Person, PersonName: who.Name, Org: who.Org, OrgName: who.OrgName, Feed: n.Feed, Name: n.Name, Kind: n.Kind,
		State: Queued, Size: n.size, Fingerprint: n.fingerprint, Label: n.Label, own: own, owner: owner(n.Label, who.Org), file: n.file, key: n.key}
	return b, x.insert(tx, b)
}

// insert writes down a batch that begins.
func (x *Vulns) insert(tx *db.Tx, b *Batch) error {
	a, err := tx.Store(b.own.Audience)
	if err != nil {
		return err
	}
	ra, err := tx.Store(b.Label.Audience)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO vulns_batches (id, at, person, person_name, org, org_name, feed, name, kind, state, file, key, size, consumed, parts, seen, added, changed, same, withdrawn, skipped, problems, fingerprint, ended,
		owner, mirror, record_tlp, record_audience, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 0, 0, 0, 0, 0, 0, '[]', $14, 0, $15, $16, $17, $18, $19, $20)`,
		b.ID, clock.Micros(b.At), b.Person, b.PersonName, b.Org, b.OrgName, b.Feed, b.Name, string(b.Kind), string(b.State), b.file, b.key, b.Size, b.Fingerprint,
		b.owner, bit(b.mirror), string(b.Label.TLP), ra, string(b.own.TLP), a)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "vulns.sent", Object: b.ID, Label: b.own, Data: map[string]any{"name": b.Name, "kind": string(b.Kind), "feed": b.Feed, "sha256": b.Fingerprint, "tlp": string(b.Label.TLP)}})
	return nil
}

// progress notes how far a batch is.
func (x *Vulns) progress(tx *db.Tx, b *Batch) error {
	problems, err := json.Marshal(b.Problems)
	if err != nil {
		return err
	}
	if b.Problems == nil {
		problems = []byte("[]")
	}
	if b.key == nil {
		b.key = []byte{} // as an empty one may be read back
	}
	ended := int64(0)
	if !b.Ended.IsZero() {
		ended = clock.Micros(b.Ended)
	}
	return tx.MustChange(`UPDATE vulns_batches SET state = $1, consumed = $2, parts = $3, seen = $4, added = $5, changed = $6, same = $7, withdrawn = $8, skipped = $9, problems = $10, ended = $11, file = $12, key = $13 WHERE id = $14`,
		string(b.State), b.Consumed, b.parts, b.Seen, b.Added, b.Changed, b.Same, b.Withdrawn, b.Skipped, string(problems), ended, b.file, b.key, b.ID)
}

// skip notes a record that could not be read or is refused.
func (b *Batch) skip(where string, err error) {
	b.Skipped++
	if len(b.Problems) < MaxProblems {
		b.Problems = append(b.Problems, Problem{Where: where, Reason: sentence(err)})
	}
}

const batchColumns = `b.id, b.at, b.person, b.person_name, b.org, b.org_name, b.feed, b.name, b.kind, b.state, b.file, b.key, b.size, b.consumed, b.parts, b.seen, b.added, b.changed, b.same, b.withdrawn, b.skipped, b.problems, b.fingerprint, b.ended,
	b.owner, b.mirror, b.record_tlp, b.record_audience, b.tlp, b.audience`

func scanBatch(v *db.View) func(db.Scanner) (*Batch, error) {
	return func(s db.Scanner) (*Batch, error) {
		b := &Batch{}
		var at, ended, mirror int64
		var problems, rtlp, raudience, tlp, audience string
		err := s.Scan(&b.ID, &at, &b.Person, &b.PersonName, &b.Org, &b.OrgName, &b.Feed, &b.Name, &b.Kind, &b.State, &b.file, &b.key, &b.Size, &b.Consumed, &b.parts, &b.Seen,
			&b.Added, &b.Changed, &b.Same, &b.Withdrawn, &b.Skipped, &problems, &b.Fingerprint, &ended, &b.owner, &mirror, &rtlp, &raudience, &tlp, &audience)
		if err != nil {
			return nil, err
		}
		b.At, b.Ended = clock.FromMicros(at), clock.FromMicros(ended)
		b.mirror = mirror == 1
		if err := json.Unmarshal([]byte(problems), &b.Problems); err != nil {
			return nil, err
		}
		if b.Label, err = v.Label(rtlp, raudience); err != nil {
			return nil, err
		}
		b.own, err = v.Label(tlp, audience)
		return b, err
	}
}

// Batch is one batch that the viewer may see: his organization's, or a feed's.
func (x *Vulns) Batch(v *db.View, id string) (*Batch, error) {
	return db.One(v, scanBatch(v), `SELECT `+batchColumns+` FROM visible.vulns_batches b WHERE b.id = $1`, id)
}

// Batches lists the batches that the viewer may see, newest first, before the batch
// of that id ("" = from the newest); those of one feed, if one is named.
func (x *Vulns) Batches(v *db.View, feed, before string, limit int) ([]*Batch, error) {
	at := int64(1) << 62
	if before != "" {
		b, err := x.Batch(v, before)
		if err != nil {
			return nil, err
		}
		at = clock.Micros(b.At)
	}
	return db.All(v, scanBatch(v), `SELECT `+batchColumns+` FROM visible.vulns_batches b WHERE (b.at < $1 OR b.at = $1 AND b.id < $2) AND ($3 = '' OR b.feed = $3) ORDER BY b.at DESC, b.id DESC LIMIT $4`, at, before, feed, page(limit))
}

func kinds() (out []string) {
	for _, k := range Kinds() {
		out = append(out, string(k))
	}
	return out
}
