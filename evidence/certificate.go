package evidence

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// CertificateVersion is the version of the certificates that this program issues
// and checks.
const CertificateVersion = 1

// Certificate is what the ISAO says of an organization's participation in a
// period. Its digest is in the ledger. It holds findings and numbers, and neither
// titles nor names of what was shared: all of the organization's recipients read it.
type Certificate struct {
	Version      int                  `json:"certificate"`
	ID           string               `json:"id"`
	Community    string               `json:"community"`
	Organization string               `json:"organization"` // id
	Name         string               `json:"organization_name"`
	Period       string               `json:"period"`
	From         string               `json:"from"` // first day
	To           string               `json:"to"`   // last day
	Issued       time.Time            `json:"issued_at"`
	By           string               `json:"issued_by"`
	Active       bool                 `json:"active"`
	Sentence     string               `json:"sentence"`
	Criteria     []CertifiedCriterion `json:"criteria"`
	VerifyAt     string               `json:"verify_at,omitempty"` // where anybody can check it
}

// CertifiedCriterion is one criterion on a certificate.
type CertifiedCriterion struct {
	Number  int      `json:"number"`
	Title   string   `json:"title"`
	Met     bool     `json:"met"`
	Finding string   `json:"finding"`
	Missing []string `json:"missing,omitempty"` // of the criteria that are about no single share
	Entries []int64  `json:"entries,omitempty"` // of the ledger, on which the finding rests
}

// NewCertificate says what is to be certified.
type NewCertificate struct {
	Org      string
	Period   Period
	Public   bool   // its digest is put on the public record as well
	VerifyAt string // the address of the page that checks it
	Key      string // idempotency key, may be empty
}

// Issued is a certificate as it is kept.
type Issued struct {
	Certificate
	SHA256 string // of the certificate in canonical JSON
	Entry  int64
}

const issuedVerb = "certificate.issued"

// IssueCertificate certifies how an organization took part in a period that is
// over, as the desk can read it: that it did, or exactly which of the four
// criteria do not hold.
func (e *Evidence) IssueCertificate(tx *db.Tx, in NewCertificate) (id string, again bool, err error) {
	if on, err := e.onDesk(tx.View); err != nil || !on || !tx.Viewer().May(policy.MayVet) {
		return "", false, errOr(err, fault.Forbiddenf("Only the desk issues certificates."))
	}
	return tx.Once(in.Key, sum([]byte(in.Org+in.Period.Name+fmt.Sprint(in.Public)+in.VerifyAt)), func() (string, error) {
		var ps check.Problems
		in.VerifyAt = ps.Line("verify_at", "The address", in.VerifyAt, 300, false)
		if tx.Now().Before(in.Period.To) {
			ps.Add("period", "%s is not over yet. It can be certified from %s on.", in.Period.Name, date(in.Period.To))
		}
		if err := ps.Err(); err != nil {
			return "", err
		}
		p, err := e.Participation(tx.View, in.Org, in.Period.From, in.Period.To)
		if err != nil {
			return "", err
		}
		s, err := e.members.Settings(tx.View)
		if err != nil {
			return "", err
		}
		c := Certificate{Version: CertificateVersion, ID: ids.New("certificate"), Community: s.Name, Organization: p.Org, Name: p.OrgName, Period: p.Period.Name,
			From: p.Period.From.Format(time.DateOnly), To: p.Period.To.AddDate(0, 0, -1).Format(time.DateOnly), Issued: tx.Now().UTC(), By: tx.Viewer().Name + ", " + tx.Viewer().OrgName,
			Active: p.Active, Sentence: p.Sentence, VerifyAt: in.VerifyAt}
		for i, x := range p.Criteria {
			cc := CertifiedCriterion{Number: x.Number, Title: x.Title, Met: x.Met, Finding: x.Finding}
			if i < 2 {
				cc.Missing = x.Missing
			}
			for _, item := range x.Evidence {
				if item.Entry >= 0 && !slices.Contains(cc.Entries, item.Entry) && len(cc.Entries) < 500 {
					cc.Entries = append(cc.Entries, item.Entry)
				}
			}
			slices.Sort(cc.Entries)
			c.Criteria = append(c.Criteria, cc)
		}
		return c.ID, e.keepCertificate(tx, c, in)
	})
}

func (e *Evidence) keepCertificate(tx *db.Tx, c Certificate, in NewCertificate) error {
	doc, err := strictjson.Canonical(c)
	if err != nil {
		return err
	}
	l, err := e.between(tx.View, c.Organization)
	if err != nil {
		return err
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	active := int64(0)
	if c.Active {
		active = 1
	}
	if _, err := tx.Exec(`INSERT INTO evidence_certificates (id, org, from_at, to_at, active, doc, sha256, entry, at, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		c.ID, c.Organization, clock.Micros(in.Period.From), clock.Micros(in.Period.To), active, string(doc), sum(doc), tx.NextSeq()+int64(tx.Pending()), clock.Micros(tx.Now()), string(l.TLP), audience); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: issuedVerb, Object: c.ID, Parent: c.Organization, Label: l,
		Data: map[string]any{"certificate_sha256": sum(doc), "period": c.Period, "active": c.Active}})
	if in.Public {
		tx.Append(db.Entry{Verb: "certificate.published", Object: c.ID, Label: policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)},
			Data: map[string]any{"certificate_sha256": sum(doc)}})
	}
	return nil
}

func scanIssued(s db.Scanner) (c Issued, err error) {
	var doc string
	if err = s.Scan(&doc, &c.SHA256, &c.Entry); err != nil {
		return c, err
	}
	err = strictjson.Unmarshal([]byte(doc), &c.Certificate)
	return c, err
}

// Certificate reads a certificate that the viewer can see.
func (e *Evidence) Certificate(v *db.View, id string) (Issued, error) {
	return db.One(v, scanIssued, `SELECT c.doc, c.sha256, c.entry FROM visible.evidence_certificates c WHERE c.id = $1`, id)
}

// Certificates lists the certificates that the viewer can see of an organization,
// newest first; org "" means all of them.
func (e *Evidence) Certificates(v *db.View, org string) ([]Issued, error) {
	return db.All(v, scanIssued, `SELECT c.doc, c.sha256, c.entry FROM visible.evidence_certificates c WHERE $1 = '' OR c.org = $1 ORDER BY c.at DESC, c.id LIMIT 500`, org)
}

// Sealed is a certificate with everything that proves it: the file that anybody
// can check offline. It is canonical JSON (RFC 8785).
type Sealed struct {
	Certificate Certificate `json:"document"`
	Key         string      `json:"key"`        // the ledger's verifier key
	Checkpoint  string      `json:"checkpoint"` // covers the entry
	Entry       PackEntry   `json:"entry"`      // certificate.issued, with its proof
}

// CertificateFile makes the file of a certificate, as JSON and as a page that
// prints well and can be checked as well. A checkpoint that covers its entry is
// published first, if there is none.
func (e *Evidence) CertificateFile(ctx context.Context, d *db.DB, viewer policy.Viewer, id string) (file, page []byte, err error) {
	var c Issued
	if err := d.Read(ctx, viewer, func(v *db.View) (err error) { c, err = e.Certificate(v, id); return err }); err != nil {
		return nil, nil, err
	}
	checkpoint, err := e.ledger.Covering(ctx, c.Entry)
	if err != nil {
		return nil, nil, fmt.Errorf("cover a certificate: %w", err)
	}
	s := Sealed{Certificate: c.Certificate, Key: e.ledger.Public(), Checkpoint: checkpoint.Note}
	err = d.Read(ctx, viewer, func(v *db.View) error {
		entries, err := e.ledger.About(v, id, 1)
		if err != nil {
			return err
		}
		if len(entries) != 1 || entries[0].Seq != c.Entry {
			return fmt.Errorf("evidence: the entry of certificate %s cannot be read", id)
		}
		contents, err := e.ledger.OpenAll(v, entries)
		if err != nil {
			return err
		}
		s.Entry, err = e.prove(v, checkpoint, entries[0], contents[c.Entry])
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if file, err = strictjson.Canonical(s); err != nil {
		return nil, nil, err
	}
	page, err = s.page(file)
	return file, page, err
}

// prove makes an entry of a pack.
func (e *Evidence) prove(v *db.View, c ledger.Checkpoint, x ledger.Entry, content ledger.Content) (PackEntry, error) {
	proof, err := e.ledger.Proof(v, c, x.Seq)
	if err != nil {
		return PackEntry{}, err
	}
	out := PackEntry{Index: x.Seq, Leaf: encode(x.Leaf), Salt: encode(content.Salt), Event: string(content.Canonical), Proof: []string{}}
	for _, h := range proof {
		out.Proof = append(out.Proof, encode(h[:]))
	}
	return out, nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
