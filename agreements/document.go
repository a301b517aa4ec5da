package agreements

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Kind says what a document is about.
type Kind string

// The kinds of documents (domain, PolicyDocument). Participation is the one
// that is accepted; the others are the policies that it stands on.
const (
	Participation Kind = "participation_agreement"
	Business      Kind = "business_processes"
	Procedures    Kind = "operating_procedures"
	Privacy       Kind = "privacy"
	Handling      Kind = "information_handling"
	Antitrust     Kind = "antitrust"
)

// Kinds lists every kind, the agreement first.
func Kinds() []Kind {
	return []Kind{Participation, Business, Procedures, Privacy, Handling, Antitrust}
}

//go:embed texts/*.md
var texts embed.FS

// longest is the length of a document in characters.
const longest = 60_000

// Agreements is the duty. It holds its collaborators only.
type Agreements struct{ members *members.Members }

// New makes the duty.
func New(m *members.Members) *Agreements { return &Agreements{m} }

// Document is one version of one text.
type Document struct {
	ID        string
	Kind      Kind
	Version   int64
	Title     string
	Body      string // Markdown
	Digest    string // SHA-256 of the body, as hex
	Effective time.Time
	Made      time.Time
	By        string // person id, or system:<name>
}

// Digest is the hash by which a text is accepted.
func Digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func public() policy.Label {
	return policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
}

const documentColumns = `d.id, d.kind, d.version, d.title, d.body, d.digest, d.effective_at, d.made_at, d.by_person`

func scanDocument(s db.Scanner) (d Document, err error) {
	var effective, made int64
	err = s.Scan(&d.ID, &d.Kind, &d.Version, &d.Title, &d.Body, &d.Digest, &effective, &made, &d.By)
	d.Effective, d.Made = clock.FromMicros(effective), clock.FromMicros(made)
	return d, err
}

// Current reads the version of a kind that is in force.
func (a *Agreements) Current(v *db.View, k Kind) (Document, error) {
	return db.One(v, scanDocument, `SELECT `+documentColumns+` FROM visible.documents d
		WHERE d.kind = $1 AND d.effective_at <= $2 ORDER BY d.version DESC LIMIT 1`, string(k), clock.Micros(v.Now()))
}

// Document reads one version.
func (a *Agreements) Document(v *db.View, id string) (Document, error) {
	return db.One(v, scanDocument, `SELECT `+documentColumns+` FROM visible.documents d WHERE d.id = $1`, id)
}

// Documents lists the versions in force, in the order of Kinds.
func (a *Agreements) Documents(v *db.View) ([]Document, error) {
	var out []Document
	for _, k := range Kinds() {
		d, err := a.Current(v, k)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// Versions lists every version of a kind, newest first, those to come included.
func (a *Agreements) Versions(v *db.View, k Kind) ([]Document, error) {
	return db.All(v, scanDocument, `SELECT `+documentColumns+` FROM visible.documents d WHERE d.kind = $1 ORDER BY d.version DESC`, string(k))
}

// Establish publishes the texts that come with the program, those of which there
// is none yet. It is for the program itself, when a community is founded; again
// it changes nothing.
func (a *Agreements) Establish(tx *db.Tx) error {
	for _, k := range Kinds() {
		if _, err := a.Current(tx.View, k); !fault.Is(err, fault.Missing) {
			if err != nil {
				return err
			}
			continue
		}
		b, err := texts.ReadFile("texts/" + string(k) + ".md")
		if err != nil {
			return err
		}
		if _, err := a.publish(tx, k, string(b), tx.Now()); err != nil {
			return err
		}
	}
	return nil
}

// notice is how long before it takes effect a new text is announced
// (participation agreement, section 12).
const notice = 30 * 24 * time.Hour

// Publish announces a new version of a text (desk). It takes effect in 30 days
// or later.
func (a *Agreements) Publish(tx *db.Tx, k Kind, body string, effective time.Time) (string, error) {
	if !tx.Viewer().May(policy.MayVet) {
		return "", fault.Forbiddenf("Only the desk publishes agreements and policies.")
	}
	if err := a.members.StepUp(tx.View); err != nil {
		return "", err
	}
	var fields []fault.Field
	body = strings.TrimSpace(strings.ReplaceAll(body, "\r\n", "\n")) + "\n"
	if !slices.Contains(Kinds(), k) {
		fields = append(fields, fault.Field{Name: "kind", Message: "Choose which text this is."})
	}
	if n := utf8.RuneCountInString(body); !utf8.ValidString(body) || n > longest || heading(body) == "" {
		fields = append(fields, fault.Field{Name: "body", Message: "Write the text in Markdown, beginning with its title as a heading (# Title), in at most 60,000 characters."})
	}
	if effective.Before(tx.Now().Add(notice)) {
		fields = append(fields, fault.Field{Name: "effective", Message: "A new text takes effect 30 days after it is announced, or later."})
	}
	if err := fault.InvalidFields(fields); err != nil {
		return "", err
	}
	return a.publish(tx, k, body, effective)
}

func (a *Agreements) publish(tx *db.Tx, k Kind, body string, effective time.Time) (string, error) {
	version, err := db.One(tx.View, db.Value[int64], `SELECT COALESCE(MAX(version), 0) + 1 FROM visible.documents WHERE kind = $1`, string(k))
	if err != nil {
		return "", err
	}
	l := public()
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return "", err
	}
	id, title, sum := ids.New("document"), heading(body), Digest(body)
	if _, err := tx.Exec(`INSERT INTO documents (id, kind, version, title, body, digest, effective_at, made_at, by_person, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		id, string(k), version, title, body, sum, clock.Micros(effective), clock.Micros(tx.Now()), tx.Viewer().Actor(), string(l.TLP), audience); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "document.published", Object: id, Label: l,
		Data: map[string]any{"kind": k, "version": version, "title": title, "sha256": sum, "effective": effective}})
	return id, nil
}

// heading is the first heading of a text.
func heading(body string) string {
	first, _, _ := strings.Cut(body, "\n")
	title, ok := strings.CutPrefix(first, "# ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(title)
}
