package evidence

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/tlog"
)

//go:embed certificate.html
var certificateText string

var certificateTemplate = template.Must(template.New("certificate").Parse(certificateText))

// A certificate's page carries its file between these, so that the page alone can
// be checked: a verifier makes it again and compares.
const (
	carriedFrom = "<!-- cordon certificate "
	carriedTo   = " -->"
)

const maxCertificate = 4 << 20 // bytes

type certificateView struct {
	Certificate
	Days, IssuedAt, SHA256 string
	Rows                   []certifiedRow
	Size, Root, Key        string
	Entry                  int64
	Limits                 []string
	Carried                template.HTML
}

type certifiedRow struct {
	CertifiedCriterion
	Mark, On string
}

// page renders a certificate. All that it shows is in the file.
func (s Sealed) page(file []byte) ([]byte, error) {
	doc, err := strictjson.Canonical(s.Certificate)
	if err != nil {
		return nil, err
	}
	v := certificateView{Certificate: s.Certificate, IssuedAt: when(s.Certificate.Issued), SHA256: sum(doc), Key: s.Key, Entry: s.Entry.Index, Limits: certificateLimits(),
		// base64 holds nothing that ends a comment.
		Carried: template.HTML(carriedFrom + encode(file) + carriedTo)}
	verifier, err := tlog.ParseVerifier(s.Key)
	if err != nil {
		return nil, err
	}
	c, err := tlog.ParseCheckpoint(verifier, []byte(s.Checkpoint))
	if err != nil {
		return nil, err
	}
	v.Size, v.Root = grouped(c.Size), hex.EncodeToString(c.Root[:])
	for _, x := range s.Certificate.Criteria {
		row := certifiedRow{x, "not met", ""}
		if x.Met {
			row.Mark = "met"
		}
		var on []string
		for _, n := range x.Entries {
			on = append(on, fmt.Sprint(n))
		}
		row.On = strings.Join(on, ", ")
		v.Rows = append(v.Rows, row)
	}
	var b bytes.Buffer
	if err := certificateTemplate.Execute(&b, v); err != nil {
		return nil, fmt.Errorf("write a certificate: %w", err)
	}
	return b.Bytes(), nil
}

// certificateLimits is what a certificate does not prove.
func certificateLimits() []string {
	return []string{
		"It says what the community's desk found at its date, on the records that it could read. It does not prove that these are all, nor that what was written in them is true.",
		"Whether a manufacturer takes active part, FDA judges on the manufacturer's own objective evidence.",
		"Times and names are those that the community's server recorded; the checkpoint proves that they have not changed since it was signed.",
	}
}

// certificateIn reads what looks like a certificate: JSON, or its page.
func certificateIn(r io.ReaderAt, size int64) (bool, []byte, error) {
	first := make([]byte, 1)
	if size < 1 || size > maxCertificate {
		return false, nil, nil
	}
	if _, err := r.ReadAt(first, 0); err != nil && err != io.EOF {
		return false, nil, fmt.Errorf("read the pack: %w", err)
	}
	if first[0] != '{' && first[0] != '<' {
		return false, nil, nil
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), b); err != nil {
		return false, nil, fmt.Errorf("read the certificate: %w", err)
	}
	return true, b, nil
}

// VerifyCertificate checks the file of a certificate, or its page, without any
// network and without a store. What is wrong with it is in the report.
func VerifyCertificate(b []byte, o Options) (Report, error) {
	report := Report{OK: true}
	if len(b) > maxCertificate {
		report.fail("certificate", "It is larger than %d bytes.", maxCertificate)
		return report, nil
	}
	file := b
	if !bytes.HasPrefix(b, []byte("{")) {
		_, rest, ok := bytes.Cut(b, []byte(carriedFrom))
		carried, _, ended := bytes.Cut(rest, []byte(carriedTo))
		var err error
		if file, err = base64.StdEncoding.Strict().DecodeString(string(carried)); err != nil || !ok || !ended {
			report.fail("certificate", "There is no certificate in this.")
			return report, nil
		}
	}
	var s Sealed
	if err := strictjson.UnmarshalLimits(file, strictjson.Limits{Bytes: maxCertificate, Depth: 16}, &s); err != nil {
		report.fail("certificate", "The certificate cannot be read: %v.", err)
		return report, nil
	}
	if again, err := strictjson.Canonical(s); err != nil || !bytes.Equal(again, file) {
		report.fail("certificate", "The certificate is not in canonical form.")
		return report, nil
	}
	if s.Certificate.Version != CertificateVersion {
		report.fail("certificate", "The certificate is of version %d and this program checks version %d.", s.Certificate.Version, CertificateVersion)
		return report, nil
	}
	verifier, err := keyOf(s.Key, o, &report)
	if err != nil || verifier == nil {
		return report, err
	}
	c, err := tlog.ParseCheckpoint(verifier, []byte(s.Checkpoint))
	if err != nil {
		report.fail("checkpoint", "The checkpoint does not hold: %v.", err)
		return report, nil
	}
	ev, err := s.Entry.open(c)
	if err != nil {
		report.fail("entry", "Entry %d does not hold: %v.", s.Entry.Index, err)
		return report, nil
	}
	doc, err := strictjson.Canonical(s.Certificate)
	if err != nil {
		return report, err
	}
	x := s.Certificate
	switch {
	case ev.gone:
		report.fail("entry", "The content of entry %d was destroyed: it does not say which certificate was issued.", s.Entry.Index)
	case ev.Verb != issuedVerb || ev.Object != x.ID || ev.Parent != x.Organization || ev.text("certificate_sha256") != sum(doc):
		report.fail("certificate", "Entry %d records the issue of another certificate: this one was changed.", s.Entry.Index)
	}
	if !bytes.Equal(file, b) && report.OK {
		page, err := s.page(file)
		if err != nil {
			return report, err
		}
		if !bytes.Equal(page, b) {
			report.fail("page", "The page does not say what the certificate says. Do not rely on it.")
		}
	}
	if report.OK {
		report.say("certificate", "%s", x.Sentence+".")
		for _, c := range x.Criteria {
			word := "not met"
			if c.Met {
				word = "met"
			}
			report.say(fmt.Sprintf("criterion %d", c.Number), "Criterion %d, %s: %s. %s", c.Number, word, c.Title, c.Finding)
		}
		report.say("entry", "Issued on %s by %s for %s (%s to %s): entry %d of the ledger, proved by the checkpoint over %s entries signed by %s.", when(ev.Time()), ev.actor(), x.Name, x.From, x.To, ev.index, grouped(c.Size), verifier.Name())
	}
	report.pinned(o)
	for _, l := range certificateLimits() {
		report.say("limits", "%s", l)
	}
	return report, nil
}
