package evidence

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// What an organization attests.
const (
	// NoVulnerability says that the organization learned of no vulnerability of
	// its devices in a time (R-012, third criterion).
	NoVulnerability = "no-vulnerability"
	// Process puts the documented process on file by which the organization
	// assesses and answers what comes from the ISAO (R-012, fourth criterion).
	Process = "process"
)

// maxAttestation is the length of an attested text in characters.
const maxAttestation = 60_000

// NewAttestation is an attestation on its way in.
type NewAttestation struct {
	Kind    string
	From    time.Time // the first day that it is about; of a process: since when it is in force
	To      time.Time // the last day that it is about; of a process: zero
	Text    string
	File    string // id of a file that was shared in the forum, instead of a text or with it
	Title   string // the signatory's
	Confirm bool   // "I may say this for the organization, and it is true"
	Key     string // idempotency key, may be empty
}

// Attestation is what a named person stated for an organization. It is never
// changed: a wrong one is withdrawn with a reason.
type Attestation struct {
	ID, Org, Kind string
	From, To      time.Time // To excluded; zero for a process
	Text          string
	File          string
	FileName      string
	FileSHA256    string
	At            time.Time
	Person        string
	Name, Title   string
	Entry         int64
	WithdrawnAt   time.Time
	Withdrawn     string // the reason, or ""
}

// Attest states something for the viewer's own organization, as an officer or a
// named recipient.
func (e *Evidence) Attest(tx *db.Tx, in NewAttestation) (id string, again bool, err error) {
	who := tx.Viewer()
	own, _, err := e.maySee(tx.View, who.Org)
	if err != nil {
		return "", false, err
	}
	if who.Org == "" || !own || who.IsToken() || !who.SignedIn() {
		return "", false, fault.Forbiddenf("An officer or a named recipient of an organization attests for it, signed in.")
	}
	return tx.Once(in.Key, sum([]byte(in.Kind+in.From.String()+in.To.String()+in.Text+in.File+in.Title)), func() (string, error) { return e.attest(tx, in) })
}

func (e *Evidence) attest(tx *db.Tx, in NewAttestation) (string, error) {
	var p check.Problems
	a := Attestation{ID: ids.New("attestation"), Org: tx.Viewer().Org, Kind: in.Kind, From: day(in.From), At: tx.Now(), Person: tx.Viewer().Person, Name: tx.Viewer().Name}
	p.OneOf("kind", "What is attested", in.Kind, NoVulnerability, Process)
	if in.From.IsZero() || in.From.After(tx.Now()) {
		p.Add("from", "Say since which day, one that has come.")
	}
	switch {
	case in.Kind == NoVulnerability && (in.To.IsZero() || day(in.To).Before(a.From) || day(in.To).After(tx.Now())):
		p.Add("to", "Say up to which day: the last one that is over, or today.")
	case in.Kind == NoVulnerability:
		a.To = day(in.To).AddDate(0, 0, 1)
	}
	a.Text = p.Text("text", "The text", in.Text, maxAttestation, in.Kind == NoVulnerability || in.File == "")
	a.Title = p.Line("title", "Your title", in.Title, 120, true)
	if in.File != "" {
		f, err := e.forum.FindFile(tx.View, in.File)
		switch {
		case fault.Is(err, fault.Missing) || err == nil && f.Post == "":
			p.Add("file", "There is no such file in a post that you can read.")
		case err != nil:
			return "", err
		}
		a.File, a.FileName, a.FileSHA256 = f.ID, f.Name, f.SHA256
	}
	if !in.Confirm {
		p.Add("confirm", "Confirm that it is true and that you may say it for the organization.")
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	l, err := e.between(tx.View, a.Org)
	if err != nil {
		return "", err
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return "", err
	}
	a.Entry = tx.NextSeq() + int64(tx.Pending())
	if _, err := tx.Exec(`INSERT INTO evidence_attestations (id, org, kind, from_at, to_at, body, file, file_name, file_sha256, at, person, name, title, entry, withdrawn_at, withdrawn, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, '', $15, $16)`,
		a.ID, a.Org, a.Kind, stored(a.From), stored(a.To), a.Text, a.File, a.FileName, a.FileSHA256, stored(a.At), a.Person, a.Name, a.Title, a.Entry, string(l.TLP), audience); err != nil {
		return "", err
	}
	data := map[string]any{"kind": a.Kind, "from": a.From, "text": a.Text, "title": a.Title}
	if !a.To.IsZero() {
		data["to"] = a.To
	}
	if a.File != "" {
		data["document"] = map[string]any{"id": a.File, "name": a.FileName, "sha256": a.FileSHA256}
	}
	tx.Append(db.Entry{Verb: "attestation.made", Object: a.ID, Parent: a.Org, Label: l, Data: data})
	return a.ID, nil
}

// WithdrawAttestation takes back what the viewer's organization attested.
func (e *Evidence) WithdrawAttestation(tx *db.Tx, id, reason string) error {
	a, err := db.One(tx.View, scanAttestation, `SELECT `+attestationColumns+` FROM visible.evidence_attestations a WHERE a.id = $1`, id)
	if err != nil {
		return err
	}
	own, _, err := e.maySee(tx.View, a.Org)
	if err != nil {
		return err
	}
	if !own || tx.Viewer().IsToken() {
		return fault.Forbiddenf("Somebody of the organization that attested it takes it back.")
	}
	if a.Withdrawn != "" {
		return fault.Conflictf("This was withdrawn already: %s", a.Withdrawn)
	}
	var p check.Problems
	reason = p.Text("reason", "The reason", reason, 2000, true)
	if err := p.Err(); err != nil {
		return err
	}
	l, err := e.between(tx.View, a.Org)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE evidence_attestations SET withdrawn = $1, withdrawn_at = $2 WHERE id = $3 AND withdrawn = ''`, reason, stored(tx.Now()), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "attestation.withdrawn", Object: id, Parent: a.Org, Label: l, Data: map[string]any{"kind": a.Kind, "reason": reason}})
	return nil
}

const attestationColumns = `a.id, a.org, a.kind, a.from_at, a.to_at, a.body, a.file, a.file_name, a.file_sha256, a.at, a.person, a.name, a.title, a.entry, a.withdrawn_at, a.withdrawn`

func scanAttestation(s db.Scanner) (a Attestation, err error) {
	var from, to, at, withdrawn int64
	err = s.Scan(&a.ID, &a.Org, &a.Kind, &from, &to, &a.Text, &a.File, &a.FileName, &a.FileSHA256, &at, &a.Person, &a.Name, &a.Title, &a.Entry, &withdrawn, &a.Withdrawn)
	a.From, a.To, a.At, a.WithdrawnAt = clock.FromMicros(from), clock.FromMicros(to), clock.FromMicros(at), clock.FromMicros(withdrawn)
	return a, err
}

// Attestations lists what an organization attested, oldest first, those that were
// withdrawn among them, as far as the viewer may read it.
func (e *Evidence) Attestations(v *db.View, org string) ([]Attestation, error) {
	return db.All(v, scanAttestation, `SELECT `+attestationColumns+` FROM visible.evidence_attestations a WHERE a.org = $1 ORDER BY a.at, a.id`, org)
}

// attested lists those of a kind that were not withdrawn, newest first.
func (e *Evidence) attested(v *db.View, org, kind string) ([]Attestation, error) {
	all, err := e.Attestations(v, org)
	slices.Reverse(all)
	return slices.DeleteFunc(all, func(a Attestation) bool { return a.Kind != kind || a.Withdrawn != "" }), err
}

func stored(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

// MayAttest is for pages: whether to offer it to the viewer.
func (e *Evidence) MayAttest(v *db.View) (bool, error) {
	who := v.Viewer()
	own, _, err := e.maySee(v, who.Org)
	return err == nil && own && who.Kind == policy.Manufacturer && !who.IsToken(), err
}
