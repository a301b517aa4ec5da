package api

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// ofCases reports whether a route is about cases, reports or participation.
func (h *house) ofCases(r httpkit.Route) bool {
	switch operationOf(h.srv.table.huma.OpenAPI(), r.Method, r.Path).Tags[0] {
	case "Cases", "Parties and embargoes", "Clocks", "Reports", "Need to know", "VINCE":
		return true
	case "Proof":
		return !strings.Contains(r.Path, "/topics/") && r.Path != "/api/v1/ledger/key"
	}
	return false
}

// furnishCases adds a case of Pump's with one of everything in it, none of which
// lea may know of.
func (h *house) furnishCases() {
	h.t.Helper()
	c, e := h.srv.Cases, h.srv.Evidence
	var desk policy.Principal
	var fay string
	h.system(func(tx *db.Tx) error {
		s, err := h.srv.Members.Settings(tx.View)
		if err != nil {
			return err
		}
		desk = policy.OfCircle(s.Desk)
		agency, err := h.srv.Members.SeedOrganization(tx, "", profile("Device Agency", policy.Agency))
		if err != nil {
			return err
		}
		fay, err = h.srv.Members.SeedPerson(tx, "", agency, members.NewPerson{Name: "Fay Device", Recipient: true, Listed: true})
		return err
	})
	x := map[string]string{}
	h.hiddenCase = x
	h.write(h.pia, func(tx *db.Tx) (err error) {
		x["case"], _, err = c.Open(tx, cases.NewCase{Title: "Hidden zebra", LearnedAt: epoch.Add(-time.Hour), Label: town.Label(policy.Amber, desk)})
		return err
	})
	h.write(h.pia, func(tx *db.Tx) error {
		ps, err := c.Parties(tx.View, x["case"])
		if err != nil {
			return err
		}
		x["party"] = ps[0].ID
		if x["vuln"], _, err = c.AddVulnerability(tx, x["case"], "", cases.Description{Title: "Port 23"}, ""); err != nil {
			return err
		}
		if x["fact"], _, err = c.StateFact(tx, x["party"], cases.NewFact{Kind: cases.PlanMade, At: epoch, Detail: map[string]any{"text": "Close it."}}); err != nil {
			return err
		}
		if x["notice"], _, err = c.DraftNotice(tx, x["party"], cases.NoticeText{Subject: "Port 23"}, ""); err != nil {
			return err
		}
		if x["statement"], err = c.DraftPublication(tx, x["case"], cases.NewPublication{Title: "Port 23", Body: "Close it."}); err != nil {
			return err
		}
		if x["holders"], err = c.DraftHolderNotice(tx, x["case"], alerts.Form{Class: alerts.Today, Content: alerts.Content{Title: "Hidden zebra", DoNow: "Close it.", TLP: policy.Amber, Affected: []alerts.Affected{{Maker: "Pump Works", Name: "Infuser"}}}}); err != nil {
			return err
		}
		if x["embargo"], _, err = c.Propose(tx, x["case"], cases.NewProposal{}); err != nil {
			return err
		}
		if x["grant"], _, err = c.RequestGrant(tx, x["case"], cases.NewGrant{Person: fay, Seat: cases.SeatHarm, Purpose: "Is there harm?", Basis: "21 U.S.C. 360i"}); err != nil {
			return err
		}
		x["attestation"], _, err = e.Attest(tx, evidence.NewAttestation{Kind: evidence.Process, From: epoch, Text: "We assess what comes.", Title: "PSIRT", Confirm: true})
		return err
	})
	h.write(h.pia, func(tx *db.Tx) error {
		os, err := c.Obligations(tx.View, x["case"])
		x["clock"] = os[0].ID
		tx.Append(db.Entry{Verb: "test.read", Object: x["case"], Label: town.Label(policy.AmberStrict, desk)})
		return err
	})
	h.write(h.wim, func(tx *db.Tx) (err error) {
		x["report"], _, err = c.SubmitMember(tx, cases.Intake{Products: []cases.Product{{Name: "Pump"}}, Description: "Port 23 is open.", NoPatients: true}, "", nil)
		return err
	})
	f, err := c.UploadFile(h.t.Context(), h.db, h.as(h.pia), cases.Incoming{Name: "a.txt", Size: 1, From: strings.NewReader("a")})
	h.ok(err)
	x["cfile"] = f.ID
	h.write(h.dora, func(tx *db.Tx) error {
		p, err := evidence.ParsePeriod("2026-02-01 to 2026-02-28")
		if err != nil {
			return err
		}
		x["certificate"], _, err = e.IssueCertificate(tx, evidence.NewCertificate{Org: h.pump, Period: p})
		return err
	})
}

// caseBodies are bodies that get past the description of each operation.
var caseBodies = map[string]string{
	"edit-case": `{"title":"a"}`, "move-case": `{"stage":"closed"}`, "assign-case": `{"person":""}`, "case-happened": `{"what":"public","at":"2026-03-01T00:00:00Z","source":"s"}`,
	"start-thread": `{"title":"a","body":"b"}`, "add-vulnerability": `{"title":"a"}`, "edit-vulnerability": `{"title":"a"}`, "withdraw-vulnerability": `{"reason":"a"}`,
	"set-kev": `{"listed":false,"source":"s","as_of":"2026-03-01"}`, "set-epss": `{"probability":"0.1","source":"s","as_of":"2026-03-01"}`, "decide-ssvc": `{"table":"supplier","values":{}}`,
	"request-cve": `{"to":"a"}`, "assign-cve": `{"cve":"CVE-2026-12345"}`, "draft-publication": `{"title":"a","body":"b"}`, "withdraw-publication": `{"reason":"a"}`,
	"draft-holder-notice": `{"text":{"title":"a","do_now":"b","affected":[{"maker":"m","name":"n"}],"tlp":"AMBER"},"class":"today"}`, "approve-holder-notice": `{"drafted_at":"2026-03-01T00:00:00Z"}`, "withdraw-holder-notice": `{"reason":"a"}`,
	"invite": `{"organizations":["org_1"],"role":"vendor"}`, "remove-party": `{"reason":"a"}`, "accept": `{}`, "decline": `{"reason":"a"}`, "leave": `{"reason":"a"}`, "seat": `{"people":[]}`,
	"handle": `{"event":"validate"}`, "move-fix": `{"event":"ready"}`, "plan-fix": `{"at":""}`, "declare": `{"statement":"a"}`, "set-statuses": `{"statuses":[]}`, "propose-embargo": `{}`,
	"end-embargo": `{"reason":"a"}`, "breach": `{"breach":"quorum_ready","source":"s"}`, "reject-embargo": `{"reason":"a"}`, "keep-embargo": `{"reason":"a"}`, "waive": `{"reason":"a"}`,
	"state-fact": `{"kind":"plan-made","at":"2026-03-01T00:00:00Z"}`, "withdraw-fact": `{"reason":"a"}`, "serious-harm": `{"at":"2026-03-01T00:00:00Z","event":"death"}`,
	"determine": `{"exploitability":"low","harm":{},"rationale":"r"}`, "draft-notice": `{"subject":"a"}`, "edit-notice": `{"subject":"a"}`, "send-notice": `{"via":"mail"}`, "answer-report": `{"text":"a"}`,
	"rate-report": `{"severity":1}`, "assign-report": `{"person":""}`, "merge-report": `{"into":"report_1","reason":"a"}`, "decide-report": `{"decision":"track","reason":"a"}`, "reopen-report": `{"reason":"a"}`,
	"request-grant": `{"person":"person_1","purpose":"a"}`, "answer-grant": `{"answer":"a"}`, "revoke-grant": `{"reason":"a"}`, "withdraw-attestation": `{"reason":"a"}`,
}
