package evidence_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

var (
	quarter = evidence.Period{Name: "2026-Q2", From: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)}
	april   = time.Date(2026, 4, 10, 12, 0, 0, 0, time.UTC)
	july    = time.Date(2026, 7, 2, 12, 0, 0, 0, time.UTC)
)

func judge(h *town.Town, who string) (evidence.Participation, error) {
	return town.Read(h, who, func(v *db.View) (evidence.Participation, error) {
		return h.Evidence.Participation(v, town.Pump.ID(), quarter.From, quarter.To)
	})
}

func attest(h *town.Town, in evidence.NewAttestation) (id string) {
	h.T.Helper()
	in.Title, in.Confirm, in.Key = "Head of product security", true, h.Key()
	h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) { id, _, err = h.Evidence.Attest(tx, in); return err }))
	return id
}

// met lists which criteria hold: "1 2 4".
func met(p evidence.Participation) string {
	var out []string
	for _, c := range p.Criteria {
		if c.Met {
			out = append(out, string(rune('0'+c.Number)))
		}
	}
	return strings.Join(out, " ")
}

func has(list []string, words string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, words) })
}

// the four criteria, each with its evidence and what is missing.
func TestParticipation(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Clock.Set(april)
		w := newWork(h, april, true)
		w.good()
		h.Clock.Set(july)
		p, err := judge(h, town.Pia)
		h.OK(err)
		if met(p) != "1 2 3" || p.Active || p.Sentence != "Pump Works is not shown to have taken part actively in 2026-Q2: 3 of 4 criteria met; not met: 4" {
			t.Errorf("%s: %s; %+v", met(p), p.Sentence, p.Criteria)
		}
		if !has(p.Criteria[3].Missing, "No documented process") || len(p.Criteria[3].Evidence) < 3 {
			t.Errorf("criterion 4: %+v", p.Criteria[3])
		}
		attest(h, evidence.NewAttestation{Kind: evidence.Process, From: quarter.From, Text: "SOP 12: how we assess and answer what the ISAO sends."})
		// Pol reads of it, but has no seat in the case: his view does not hold it.
		if p, err := judge(h, town.Pol); err != nil || met(p) != "1 2 4" || len(p.Criteria[2].Evidence) > 0 {
			t.Errorf("%v, %s: %+v", err, met(p), p.Criteria)
		}
		for _, who := range []string{town.Pia, town.Dora} {
			if p, err = judge(h, who); err != nil || !p.Active || p.Sentence != "Pump Works took part actively in 2026-Q2: 4 of 4 criteria met" {
				t.Errorf("%s: %v, %s: %+v", who, err, p.Sentence, p.Criteria)
			}
		}
		c := p.Criteria[2]
		if len(c.Evidence) != 2 || !strings.Contains(c.Evidence[0].Text, "Opened with the desk: CASE-") || !strings.Contains(c.Evidence[1].Text, "the ISAO got its copy") || c.Evidence[1].Entry < 1 {
			t.Errorf("criterion 3: %+v", c)
		}
		for _, who := range []string{town.Paz, town.Max, town.Wim, town.Fay, ""} {
			if _, err := judge(h, who); err != fault.ErrMissing {
				t.Errorf("%q gets %v", who, err)
			}
		}
	})
}

// R-012, first criterion, and trap i.6: a gap within the period counts, though the
// organization is a member at its end.
func TestMembershipGap(t *testing.T) {
	h := town.New(t, "")
	h.Clock.Set(april)
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Members.Suspend(tx, town.Pump.ID(), "fees") }))
	h.Clock.Add(24 * time.Hour)
	if _, err := judge(h, town.Pia); err != fault.ErrMissing {
		t.Errorf("a suspended member reads on: %v", err)
	}
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Members.Reinstate(tx, town.Pump.ID(), "paid") }))
	h.Clock.Set(july)
	p, err := judge(h, town.Pia)
	h.OK(err)
	if c := p.Criteria[0]; c.Met || !has(c.Missing, "from 10 Apr 2026 to 11 Apr 2026") || len(c.Evidence) != 3 {
		t.Errorf("%+v", c)
	}
}

// R-012, second criterion: in force on each day, and not past review.
func TestPolicies(t *testing.T) {
	h := town.New(t, "")
	h.Clock.Set(july)
	for _, c := range []struct {
		period string
		want   string
	}{{"2026-Q2", ""}, {"2026-Q1", "in force only from 1 Mar 2026 on"}} {
		p, err := evidence.ParsePeriod(c.period)
		h.OK(err)
		got := town.Must(h, town.Dora, func(v *db.View) (evidence.Participation, error) {
			return h.Evidence.Participation(v, town.Pump.ID(), p.From, p.To)
		}).Criteria[1]
		if c.want == "" && (!got.Met || len(got.Evidence) != 4) || c.want != "" && !has(got.Missing, c.want) {
			t.Errorf("%s: %+v", c.period, got)
		}
	}
	h.Clock.Set(time.Date(2028, 7, 2, 0, 0, 0, 0, time.UTC))
	got := town.Must(h, town.Dora, func(v *db.View) (evidence.Participation, error) {
		return h.Evidence.Participation(v, town.Pump.ID(), quarter.From.AddDate(2, 0, 0), quarter.To.AddDate(2, 0, 0))
	}).Criteria[1]
	if len(got.Missing) != 4 || !has(got.Missing, "past its review since 1 Apr 2028") {
		t.Errorf("%+v", got)
	}
}

// R-012, third criterion: shares, notices and their copies, or an attested
// statement that there was nothing.
func TestShares(t *testing.T) {
	h := town.New(t, "")
	h.Clock.Set(april)
	h.Clock.Set(july)
	p, err := judge(h, town.Pia)
	h.OK(err)
	if c := p.Criteria[2]; c.Met || !has(c.Missing, "Nothing was shared") {
		t.Errorf("%+v", c)
	}
	id := attest(h, evidence.NewAttestation{Kind: evidence.NoVulnerability, From: quarter.From, To: quarter.To.AddDate(0, 0, -1), Text: "We learned of none."})
	if p, err = judge(h, town.Dora); err != nil || !p.Criteria[2].Met {
		t.Errorf("%v %+v", err, p.Criteria[2])
	}
	h.OK(h.Write(town.Pol, func(tx *db.Tx) error { return h.Evidence.WithdrawAttestation(tx, id, "There was one.") }))
	if p, err = judge(h, town.Dora); err != nil || p.Criteria[2].Met {
		t.Errorf("what was withdrawn still counts: %+v", p.Criteria[2])
	}
	// Half of the period is not the period.
	attest(h, evidence.NewAttestation{Kind: evidence.NoVulnerability, From: quarter.From.AddDate(0, 1, 0), To: quarter.To.AddDate(0, 0, -1), Text: "None since May."})
	if p, err = judge(h, town.Dora); err != nil || p.Criteria[2].Met {
		t.Errorf("a statement about a part counts for all: %+v", p.Criteria[2])
	}
}

// Trap i.5: a copy that came more than 24 hours after the notice is named. Topics
// count when others could read them.
func TestLateCopyAndTopics(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Clock.Set(april)
		w := newWork(h, april, false)
		h.Clock.Add(3 * 24 * time.Hour)
		w.notice(full, h.Clock.Now().Add(-25*time.Hour))
		var room string
		h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
			room, err = h.Forum.OpenRoom(tx, forum.NewRoom{Name: "Pumps", Purpose: "For tests.", Label: town.Label(policy.Green, policy.Community)})
			return err
		}))
		start := func(by, title string, l policy.Label) (id string) {
			h.OK(h.Write(by, func(tx *db.Tx) (err error) {
				id, _, err = h.Forum.StartTopic(tx, room, forum.NewTopic{Title: title, Body: "b", Label: l})
				return err
			}))
			return id
		}
		start(town.Pia, "Among us", town.Label(policy.Amber, town.Pump))
		start(town.Pia, "For two", town.Label(policy.AmberStrict, town.Pump, town.Ward))
		start(town.Pia, "Shared", town.Label(policy.Amber, town.Pump, town.Ward))
		start(town.Max, "Alert", town.Label(policy.Amber, town.Pump, town.Monitor, h.Desk))
		start(town.Max, "Not for Pump", town.Label(policy.Amber, town.Monitor, town.Ward))
		h.Clock.Set(july)
		p, err := judge(h, town.Pia)
		h.OK(err)
		c := p.Criteria[2]
		if !c.Met || !has(c.Late, "more than 24 hours after it was sent") || !strings.Contains(c.Finding, "1 share with the ISAO; 1 customer notice, 1 of them with the ISAO's copy, 1 of the copies late") {
			t.Errorf("%+v", c)
		}
		if texts := evidenceTexts(c); !has(texts, "Shared") || has(texts, "Among us") || has(texts, "For two") {
			t.Errorf("%v", texts)
		}
		// The desk reads the copy, though not the case.
		if p, err = judge(h, town.Dora); err != nil || !strings.Contains(p.Criteria[2].Finding, "1 customer notice, 1 of them") {
			t.Errorf("%v %s", err, p.Criteria[2].Finding)
		}
		// What Pump received: the alert and its own case; nothing is traced yet.
		p, err = judge(h, town.Pia)
		h.OK(err)
		if c := p.Criteria[3]; !has(c.Missing, "“Alert”") || !has(c.Missing, "CASE-") || has(c.Missing, "Not for Pump") || !strings.Contains(c.Finding, "0 of 2 received") {
			t.Errorf("%+v", c)
		}
	})
}

func evidenceTexts(c evidence.Criterion) (out []string) {
	for _, i := range c.Evidence {
		out = append(out, i.Text)
	}
	return out
}

// R-012, fourth criterion: each thing received is traced to a risk assessment, a
// countermeasure and a mitigation, or recorded as not applicable.
func TestTraces(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Clock.Set(april)
		w := newWork(h, april, false)
		attest(h, evidence.NewAttestation{Kind: evidence.Process, From: quarter.From, Text: "SOP 12."})
		trace := func(by, object, kind, target, note string) error {
			return h.Write(by, func(tx *db.Tx) error {
				_, _, err := h.Evidence.Trace(tx, evidence.NewTrace{Object: object, Kind: kind, Target: target, Note: note, Key: h.Key()})
				return err
			})
		}
		for _, k := range []string{evidence.TraceRisk, evidence.TraceCountermeasure} {
			h.OK(trace(town.Pia, w.id, k, "DOC-7", ""))
		}
		h.Clock.Set(july)
		p, err := judge(h, town.Pia)
		h.OK(err)
		if c := p.Criteria[3]; c.Met || !has(c.Missing, "not traced to a mitigation, nor") {
			t.Errorf("%+v", c)
		}
		h.OK(trace(town.Pia, w.id, evidence.TraceMitigation, "Version 4.2", ""))
		if p, err = judge(h, town.Pia); err != nil || !p.Criteria[3].Met || len(p.Criteria[3].Evidence) != 4 {
			t.Errorf("%v %+v", err, p.Criteria[3])
		}
		// Promise 1: a colleague without a seat in the case sees neither it nor its traces.
		if p, err = judge(h, town.Pol); err != nil || len(p.Criteria[3].Evidence) != 1 {
			t.Errorf("%v %+v", err, p.Criteria[3])
		}
		if ts := town.Must(h, town.Dora, func(v *db.View) ([]evidence.Trace, error) { return h.Evidence.Traces(v, town.Pump.ID(), "") }); len(ts) != 0 {
			t.Errorf("the desk sees traces of a case that it cannot read: %+v", ts)
		}
		for _, who := range []string{town.Pol, town.Max, town.Dora} {
			if err := trace(who, w.id, evidence.TraceNotApplicable, "", "no"); err != fault.ErrMissing {
				t.Errorf("%s: %v", who, err)
			}
		}
		town.Wants(t, trace(town.Pia, w.id, evidence.TraceNotApplicable, "", ""), fault.Invalid, "note")
		town.Wants(t, trace(town.Pia, w.id, "guess", "x", ""), fault.Invalid, "kind")
	})
}

// A case's own determinations, controls and fixes are traces without another word.
func TestCaseworkIsTraced(t *testing.T) {
	h := town.New(t, "")
	h.Clock.Set(april)
	w := newWork(h, april, true)
	w.determine(uncontrolled)
	control := w.state(cases.ControlsFound, h.Clock.Now(), map[string]any{"name": "Disconnect it", "greater_risk": "no"})
	w.state(cases.FixValidated, h.Clock.Now(), nil)
	w.state(cases.FixDistributed, h.Clock.Now(), nil)
	attest(h, evidence.NewAttestation{Kind: evidence.Process, From: quarter.From, Text: "SOP 12."})
	h.Clock.Set(july)
	p, err := judge(h, town.Dora)
	h.OK(err)
	if c := p.Criteria[3]; !c.Met || !strings.Contains(c.Finding, "1 of 1 received") {
		t.Errorf("%+v", c)
	}
	h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Withdraw(tx, control, "wrong case") }))
	if p, err = judge(h, town.Dora); err != nil || p.Criteria[3].Met {
		t.Errorf("a fact that was withdrawn still counts: %+v", p.Criteria[3])
	}
}

func TestAttestChecks(t *testing.T) {
	h := town.New(t, "")
	h.Clock.Set(july)
	try := func(who string, in evidence.NewAttestation) error {
		return h.Write(who, func(tx *db.Tx) error { _, _, err := h.Evidence.Attest(tx, in); return err })
	}
	good := evidence.NewAttestation{Kind: evidence.Process, From: april, Text: "SOP", Title: "Head", Confirm: true}
	for field, spoil := range map[string]func(*evidence.NewAttestation){
		"kind": func(a *evidence.NewAttestation) { a.Kind = "other" }, "from": func(a *evidence.NewAttestation) { a.From = july.AddDate(0, 1, 0) },
		"to":   func(a *evidence.NewAttestation) { a.Kind, a.To = evidence.NoVulnerability, july.AddDate(0, 1, 0) },
		"text": func(a *evidence.NewAttestation) { a.Text = " " }, "title": func(a *evidence.NewAttestation) { a.Title = "" },
		"file": func(a *evidence.NewAttestation) { a.File = "file_NONE" }, "confirm": func(a *evidence.NewAttestation) { a.Confirm = false },
	} {
		in := good
		spoil(&in)
		town.Wants(t, try(town.Pia, in), fault.Invalid, field)
	}
	town.Wants(t, try(town.Paz, good), fault.Forbidden, "")
	h.OK(try(town.Pia, good))
	for who, want := range map[string]int{town.Pol: 1, town.Dora: 1, town.Max: 0, town.Paz: 0} {
		if as := town.Must(h, who, func(v *db.View) ([]evidence.Attestation, error) { return h.Evidence.Attestations(v, town.Pump.ID()) }); len(as) != want {
			t.Errorf("%s reads %d attestations", who, len(as))
		}
	}
}

func TestPeriods(t *testing.T) {
	for _, s := range []string{"2026-Q1", "2026-Q4", "2026", "2026-02-03 to 2026-02-03"} {
		p, err := evidence.ParsePeriod(s)
		if err != nil || p.Name != s || evidence.PeriodOf(p.From, p.To).Name != s {
			t.Errorf("%s: %+v, %v", s, p, err)
		}
	}
	for s, want := range map[string]string{"2026-Q1": "2025-Q4", "2026": "2025", "2026-02-03 to 2026-02-04": "2026-02-01 to 2026-02-02"} {
		if p, _ := evidence.ParsePeriod(s); p.Before().Name != want {
			t.Errorf("before %s is %s", s, p.Before().Name)
		}
	}
	for _, s := range []string{"", "2026-Q5", "26", "2026-02-30 to 2026-03-01", "2026-03-02 to 2026-03-01", "2020-01-01 to 2026-01-01"} {
		if p, err := evidence.ParsePeriod(s); err == nil {
			t.Errorf("%q reads as %+v", s, p)
		}
	}
}

// A certificate says what the desk found, and proves that it said so.
func TestCertificate(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		h.Clock.Set(april)
		w := newWork(h, april, true)
		w.good()
		attest(h, evidence.NewAttestation{Kind: evidence.Process, From: quarter.From, Text: "SOP 12."})
		issue := func(who string) (id string, err error) {
			err = h.Write(who, func(tx *db.Tx) (err error) {
				id, _, err = h.Evidence.IssueCertificate(tx, evidence.NewCertificate{Org: town.Pump.ID(), Period: quarter, Public: true, VerifyAt: "isao.example/verify", Key: h.Key()})
				return err
			})
			return id, err
		}
		_, err := issue(town.Dora)
		town.Wants(t, err, fault.Invalid, "period")
		h.Clock.Set(july)
		_, err = issue(town.Pia)
		town.Wants(t, err, fault.Forbidden, "")
		id, err := issue(town.Dora)
		h.OK(err)
		for who, want := range map[string]bool{town.Pia: true, town.Pol: true, town.Dora: true, town.Paz: false, town.Max: false, "": false} {
			_, err := town.Read(h, who, func(v *db.View) (evidence.Issued, error) { return h.Evidence.Certificate(v, id) })
			if (err == nil) != want {
				t.Errorf("%q: %v", who, err)
			}
		}
		file, page, err := h.Evidence.CertificateFile(h.Ctx, h.DB, h.As(town.Pia), id)
		h.OK(err)
		for _, b := range [][]byte{file, page} {
			r := verify(t, b, h.Ledger.Public())
			if !r.OK || !said(r, "Pump Works took part actively in 2026-Q2: 4 of 4 criteria met.") || !said(r, "by Dora Desk, Test ISAO for Pump Works (2026-04-01 to 2026-06-30)") || !said(r, "The key is the one you pinned.") {
				t.Errorf("%+v", r.Lines)
			}
			if bytes.Contains(b, []byte("Open port")) {
				t.Error("a certificate tells the title of a case")
			}
		}
		if !bytes.Contains(page, []byte("isao.example/verify")) || bytes.Contains(page, []byte("<script")) {
			t.Error("the page does not say where it is checked")
		}
	})
}

// T-34: any changed byte of a certificate or of its page fails.
func TestEveryByteOfACertificateCounts(t *testing.T) {
	h := town.New(t, "")
	h.Clock.Set(july)
	var id string
	h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
		id, _, err = h.Evidence.IssueCertificate(tx, evidence.NewCertificate{Org: town.Pump.ID(), Period: quarter})
		return err
	}))
	file, page, err := h.Evidence.CertificateFile(h.Ctx, h.DB, h.As(town.Pol), id)
	h.OK(err)
	key := h.Ledger.Public()
	if r := verify(t, file, key); !r.OK || !said(r, "is not shown to have taken part actively in 2026-Q2: 2 of 4 criteria met; not met: 3, 4.") {
		t.Fatalf("%+v", r.Lines)
	}
	for name, b := range map[string][]byte{"file": file, "page": page} {
		for i := range b {
			was := b[i]
			b[i] ^= 1 << (i % 7)
			r := verify(t, b, key)
			b[i] = was
			if r.OK || len(r.Lines) == 0 {
				t.Fatalf("byte %d of %d of the %s changed and it verifies", i, len(b), name)
			}
		}
		for cut := 1; cut < 40; cut++ {
			if verify(t, b[:len(b)-cut], key).OK || verify(t, append(bytes.Clone(b), make([]byte, cut)...), key).OK {
				t.Fatalf("a %s cut or grown by %d bytes verifies", name, cut)
			}
		}
	}
}

func FuzzVerifyCertificate(f *testing.F) {
	h := town.New(f, "")
	h.Clock.Set(july)
	var id string
	h.OK(h.Write(town.Dora, func(tx *db.Tx) (err error) {
		id, _, err = h.Evidence.IssueCertificate(tx, evidence.NewCertificate{Org: town.Pump.ID(), Period: quarter})
		return err
	}))
	file, page, err := h.Evidence.CertificateFile(h.Ctx, h.DB, h.As(town.Dora), id)
	h.OK(err)
	f.Add(file)
	f.Add(page)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = evidence.VerifyCertificate(b, evidence.Options{})
	})
}
