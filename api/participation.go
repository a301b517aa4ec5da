package api

import (
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Participation says whether an organization took active part in a period.
type Participation struct {
	Organization string          `json:"organization"`
	Name         string          `json:"organization_name"`
	Period       string          `json:"period"`
	Through      time.Time       `json:"through" doc:"Judged up to here"`
	Active       bool            `json:"active"`
	Sentence     string          `json:"sentence"`
	Criteria     []PartCriterion `json:"criteria" doc:"FDA's four"`
}

// PartCriterion is one of the four criteria of active participation.
type PartCriterion struct {
	Number   int        `json:"number"`
	Title    string     `json:"title"`
	Met      bool       `json:"met"`
	Finding  string     `json:"finding"`
	Evidence []PartItem `json:"evidence"`
	Missing  []string   `json:"missing"`
	Late     []string   `json:"late"`
}

// PartItem is one piece of evidence.
type PartItem struct {
	Text string    `json:"text"`
	Page string    `json:"page,omitempty" doc:"Of this house"`
	At   time.Time `json:"at,omitzero"`
}

// InOrg is an operation on an organization.
type InOrg struct {
	Org string `path:"org" doc:"An organization's id"`
}

func (c *call) participation(in *struct {
	InOrg
	Period string `query:"period" maxLength:"40" doc:"2026-Q3, 2026, or 2026-07-01 to 2026-09-30; this quarter if missing"`
}) (*answer[Participation], error) {
	period := evidence.QuarterOf(c.view.Now())
	var err error
	if in.Period != "" {
		if period, err = evidence.ParsePeriod(in.Period); err != nil {
			return nil, err
		}
	}
	p, err := c.Evidence.Participation(c.view, in.Org, period.From, period.To)
	if err != nil {
		return nil, err
	}
	out := Participation{p.Org, p.OrgName, p.Period.Name, utc(p.Through), p.Active, p.Sentence, nil}
	for _, x := range p.Criteria {
		k := PartCriterion{x.Number, x.Title, x.Met, x.Finding, []PartItem{}, some(x.Missing), some(x.Late)}
		for _, i := range x.Evidence {
			k.Evidence = append(k.Evidence, PartItem{i.Text, i.Href, utc(i.At)})
		}
		out.Criteria = append(out.Criteria, k)
	}
	return &answer[Participation]{out}, nil
}

// Attestation is what a named person stated for an organization.
type Attestation struct {
	ID           string    `json:"id"`
	Organization string    `json:"organization"`
	Kind         string    `json:"kind" enum:"no-vulnerability,process"`
	From         string    `json:"from" doc:"The first day"`
	To           string    `json:"to,omitempty" doc:"The last day; missing for a process"`
	Text         string    `json:"text,omitempty"`
	File         string    `json:"file,omitempty"`
	FileName     string    `json:"file_name,omitempty"`
	FileSHA256   string    `json:"file_sha256,omitempty"`
	At           time.Time `json:"at"`
	Name         string    `json:"name"`
	Title        string    `json:"title,omitempty"`
	WithdrawnAt  time.Time `json:"withdrawn_at,omitzero"`
	Withdrawn    string    `json:"withdrawn,omitempty" doc:"The reason"`
}

func attestation(a evidence.Attestation) Attestation {
	out := Attestation{ID: a.ID, Organization: a.Org, Kind: a.Kind, From: a.From.Format(time.DateOnly), Text: a.Text, File: a.File, FileName: a.FileName, FileSHA256: a.FileSHA256,
		At: utc(a.At), Name: a.Name, Title: a.Title, WithdrawnAt: utc(a.WithdrawnAt), Withdrawn: a.Withdrawn}
	if !utc(a.To).IsZero() {
		out.To = a.To.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return out
}

func (c *call) attestations(in *InOrg) (*answer[list[Attestation]], error) {
	if _, err := c.Members.Organization(c.view, in.Org); err != nil {
		return nil, err
	}
	as, err := c.Evidence.Attestations(c.view, in.Org)
	return listed(c.view, as, err, plain(attestation))
}

func (c *call) attest(in *struct {
	Keyed
	Body struct {
		Kind    string `json:"kind" doc:"no-vulnerability or process"`
		From    string `json:"from" doc:"The first day; of a process since when it is in force"`
		To      string `json:"to,omitempty" doc:"The last day; missing for a process"`
		Text    string `json:"text,omitempty"`
		File    string `json:"file,omitempty" doc:"A file that was shared in a post"`
		Title   string `json:"title" doc:"Yours"`
		Confirm bool   `json:"confirm,omitempty" doc:"It is true and you may say it for the organization"`
	}
}) (*created[Attestation], error) {
	b := in.Body
	from, err := moment("from", b.From)
	if err != nil {
		return nil, err
	}
	to, err := moment("to", b.To)
	if err != nil {
		return nil, err
	}
	return makes(c, in.Keyed, "/api/v1/members/"+c.who.Org+"/attestations", func(tx *db.Tx) (string, bool, error) {
		return c.Evidence.Attest(tx, evidence.NewAttestation{Kind: b.Kind, From: from, To: to, Text: b.Text, File: b.File, Title: b.Title, Confirm: b.Confirm, Key: in.Key})
	}, func(v *db.View, id string) (Attestation, error) {
		as, err := c.Evidence.Attestations(v, v.Viewer().Org)
		for _, a := range as {
			if a.ID == id {
				return attestation(a), nil
			}
		}
		return Attestation{}, errOr(err)
	})
}

// errOr is the error, or that the thing is not there.
func errOr(err error) error {
	if err == nil {
		return fault.ErrMissing
	}
	return err
}

func (c *call) withdrawAttestation(in *struct {
	Attestation string `path:"attestation" doc:"An attestation's id"`
	Body        Why
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Evidence.WithdrawAttestation(tx, in.Attestation, in.Body.Reason) })
}

// Trace is a link from something received to what was made of it.
type Trace struct {
	ID           string    `json:"id"`
	Organization string    `json:"organization"`
	Object       string    `json:"object" doc:"The case or topic that was received"`
	Kind         string    `json:"kind" enum:"risk-assessment,countermeasure,mitigation,not-applicable"`
	Target       string    `json:"target,omitempty"`
	Note         string    `json:"note,omitempty"`
	At           time.Time `json:"at"`
	By           string    `json:"by" doc:"A name"`
}

func trace(t evidence.Trace) Trace {
	return Trace{t.ID, t.Org, t.Object, t.Kind, t.Target, t.Note, utc(t.At), t.Name}
}

func (c *call) traces(in *struct {
	Object string `query:"object" maxLength:"100" doc:"Only of this case or topic"`
}) (*answer[list[Trace]], error) {
	ts, err := c.Evidence.Traces(c.view, c.who.Org, in.Object)
	return listed(c.view, ts, err, plain(trace))
}

func (c *call) addTrace(in *struct {
	Keyed
	Body struct {
		Object string `json:"object" doc:"The case or topic that was received"`
		Kind   string `json:"kind" doc:"risk-assessment, countermeasure, mitigation or not-applicable"`
		Target string `json:"target,omitempty" doc:"The id or name of a document or record"`
		Note   string `json:"note,omitempty"`
	}
}) (*created[Trace], error) {
	b := in.Body
	return makes(c, in.Keyed, "/api/v1/traces", func(tx *db.Tx) (string, bool, error) {
		return c.Evidence.Trace(tx, evidence.NewTrace{Object: b.Object, Kind: b.Kind, Target: b.Target, Note: b.Note, Key: in.Key})
	}, func(v *db.View, id string) (Trace, error) {
		ts, err := c.Evidence.Traces(v, v.Viewer().Org, b.Object)
		for _, t := range ts {
			if t.ID == id {
				return trace(t), nil
			}
		}
		return Trace{}, errOr(err)
	})
}

// Certificate is what the ISAO certifies of an organization's participation.
type Certificate struct {
	evidence.Certificate
	SHA256 string `json:"sha256" doc:"Of the certificate in canonical JSON"`
}

func certificate(i evidence.Issued) Certificate { return Certificate{i.Certificate, i.SHA256} }

func (c *call) certificates(in *struct {
	Org string `query:"organization" maxLength:"100" doc:"Only of this one"`
}) (*answer[list[Certificate]], error) {
	cs, err := c.Evidence.Certificates(c.view, in.Org)
	return listed(c.view, cs, err, plain(certificate))
}

func (c *call) issue(in *struct {
	Keyed
	Body struct {
		Organization string `json:"organization"`
		Period       string `json:"period" doc:"One that is over: 2026-Q3, 2026, or 2026-07-01 to 2026-09-30"`
		Public       bool   `json:"public,omitempty" doc:"Its digest is put on the public record as well"`
	}
}) (*created[Certificate], error) {
	p, err := evidence.ParsePeriod(in.Body.Period)
	if err != nil {
		return nil, err
	}
	return makes(c, in.Keyed, "/api/v1/certificates/", func(tx *db.Tx) (string, bool, error) {
		return c.Evidence.IssueCertificate(tx, evidence.NewCertificate{Org: in.Body.Organization, Period: p, Public: in.Body.Public, VerifyAt: c.Origin + "/verify", Key: in.Key})
	}, func(v *db.View, id string) (Certificate, error) {
		i, err := c.Evidence.Certificate(v, id)
		return certificate(i), err
	})
}

func certificateDoc(_ *table, op *huma.Operation) {
	op.Description = "The file that anybody can check offline with `cordon verify`."
	document(op, "application/json", "The certificate with its proof")
}

// certificateFile hands out a certificate with its proof.
func (c *call) certificateFile(w http.ResponseWriter) {
	id := c.r.PathValue("certificate")
	err := c.look(func() error { return nil })
	var file []byte
	if err == nil {
		file, _, err = c.Evidence.CertificateFile(c.r.Context(), c.DB, c.who, id)
	}
	c.handOut(w, file, id+".json", err)
}

func casePackDoc(_ *table, op *huma.Operation) {
	op.Description = "The case as you can read it: its entries, threads, clocks and your own records, with proofs; `cordon verify` checks it offline. That you took it is recorded."
	document(op, "application/zip", "The pack")
}

// casePack writes a case's evidence pack as it is made.
func (c *call) casePack(w http.ResponseWriter) {
	id := c.r.PathValue("case")
	c.pack(w, id, func(w io.Writer) error { return c.Evidence.CasePack(c.r.Context(), c.DB, c.who, id, w) })
}
