package api

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

type obj = map[string]any

// inTowns runs a test at the API of the furnished town, on both engines. Every
// answer is held to the description.
func inTowns(t *testing.T, fn func(t *testing.T, h *house)) {
	for engine, url := range map[string]func(*testing.T) string{"sqlite": func(*testing.T) string { return "" }, "postgres": func(t *testing.T) string { return town.Postgres(t) }} {
		t.Run(engine, func(t *testing.T) {
			w := town.New(t, url(t))
			h := &house{t: t, db: w.DB, clock: w.Clock, ledger: w.Ledger, tokens: map[string]string{}}
			h.serve(&Server{DB: w.DB, Ledger: w.Ledger, Members: w.Members, Forum: w.Forum, Cases: w.Cases, Evidence: w.Evidence, Box: w.Box})
			for _, p := range []string{town.Pia, town.Pol, town.Max, town.Wim, town.Lea, town.Fay, town.Dora, town.Dan} {
				h.tokens[p] = h.token(p, 0, policy.ScopeRead, policy.ScopeWrite)
			}
			fn(t, h)
		})
	}
}

// as asks in somebody's name by token.
func (h *house) ask(person, method, path string, body any, headers ...with) reply {
	h.t.Helper()
	return h.do(method, path, h.tokens[person], body, headers...)
}

// inSession asks in somebody's browser session.
func (h *house) inSession(person, method, path string, body any) reply {
	h.t.Helper()
	return h.do(method, path, "", body, h.session(person), "Sec-Fetch-Site: same-origin")
}

func items(v any) []any { s, _ := get(v, "items").([]any); return s }

// hasField reports whether a problem names a field.
func hasField(p obj, field string) bool {
	es, _ := p["errors"].([]any)
	return slices.ContainsFunc(es, func(e any) bool { return text(e, "field") == field && text(e, "detail") != "" })
}

// A case from a report to its publication, as programs do it: each operation
// once, and a refusal of each kind.
func TestCaseJob(t *testing.T) {
	inTowns(t, func(t *testing.T, h *house) {
		seen := h.checkAnswers()
		desk := text(h.ask(town.Dora, "GET", "/api/v1/circles", nil).want(t, 200), "items", 0, "id")
		h.reportJob(t)
		id, party := h.ownCaseJob(t, desk)
		h.clockJob(t, id, party)
		h.partiesJob(t, id)
		h.vulnerabilityJob(t, id, party)
		h.grantJob(t, id)
		h.holdersJob(t, id)
		h.publishJob(t, id)
		h.proofJob(t, id)
		h.vinceJob(t, id)
		h.leaveJob(t, id, party)
		h.anonymousJob(t)
		for _, r := range h.srv.Routes() {
			if h.ofCases(r) && !seen[r.Method+" "+r.Path] {
				t.Errorf("no answer of %s %s was checked", r.Method, r.Path)
			}
		}
	})
}

var aReport = obj{"products": []obj{{"manufacturer": "Pump Works", "name": "Infuser", "model": "A4", "version": "2.1"}}, "description": "The service port takes commands without a password.",
	"cves": []string{"CVE-2026-7777"}, "no_patient_data": true}

func withFields(o obj, more obj) obj {
	out := obj{}
	for k, v := range o {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func (h *house) reportJob(t *testing.T) {
	t.Helper()
	if p := h.ask(town.Lea, "POST", "/api/v1/reports", obj{"products": []obj{}, "description": "", "no_patient_data": false, "tlp": "ORANGE"}).want(t, 422); !hasField(p, "products") || !hasField(p, "tlp") {
		t.Errorf("an empty report: %v", p)
	}
	up := h.ask(town.Lea, "POST", "/api/v1/reports/files?name=poc.txt", "proof of concept", "Content-Type: application/octet-stream").want(t, 201)
	h.ask(town.Lea, "POST", "/api/v1/reports/files", "x", "Content-Type: application/octet-stream").want(t, 422)
	first := h.ask(town.Lea, "POST", "/api/v1/reports", withFields(aReport, obj{"files": []any{up["id"]}}), "Idempotency-Key: r1")
	report := first.want(t, 201)
	again := h.ask(town.Lea, "POST", "/api/v1/reports", withFields(aReport, obj{"files": []any{up["id"]}}), "Idempotency-Key: r1")
	id := text(report, "id")
	if text(again.want(t, 201), "id") != id || again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Location") != "/api/v1/reports/"+id || text(report, "files", 0, "size") != "16" {
		t.Errorf("reported: %v", report)
	}
	if back := h.ask(town.Dora, "GET", "/api/v1/reports/files/"+text(up, "id"), nil); string(back.body) != "proof of concept" || !strings.HasPrefix(back.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("its file: %s %v", back.body, back.Header)
	}
	h.ask(town.Pol, "GET", "/api/v1/reports/files/"+text(up, "id"), nil).want(t, 404)
	if mine := h.ask(town.Lea, "GET", "/api/v1/reports", nil).want(t, 200); text(mine, "items", 0, "id") != id {
		t.Errorf("mine: %v", mine)
	}
	h.ask(town.Wim, "GET", "/api/v1/reports/"+id, nil).want(t, 404)
	h.ask(town.Lea, "GET", "/api/v1/triage/"+id, nil).want(t, 404) // the desk's side
	if q := h.ask(town.Lea, "GET", "/api/v1/triage", nil).want(t, 200); len(items(q)) != 0 {
		t.Errorf("the queue for a member: %v", q)
	}
	h.ask(town.Lea, "POST", "/api/v1/triage/"+id+"/severity", obj{"severity": 3}).want(t, 403)
	other := h.ask(town.Wim, "POST", "/api/v1/reports", aReport).want(t, 201)
	page := h.ask(town.Dora, "GET", "/api/v1/triage?limit=1&open=true", nil).want(t, 200)
	rest := h.ask(town.Dora, "GET", "/api/v1/triage?limit=1&open=true&cursor="+text(page, "next"), nil).want(t, 200)
	if len(items(page)) != 1 || len(items(rest)) != 1 || text(page, "items", 0, "id") == text(rest, "items", 0, "id") || get(rest, "next") != nil {
		t.Errorf("the queue: %v, %v", page, rest)
	}
	if x := h.ask(town.Dora, "POST", "/api/v1/triage/"+id+"/severity", obj{"severity": 4}).want(t, 200); text(x, "triage", "severity") != "4" || text(x, "duplicates", 0, "report") != text(other, "id") ||
		text(x, "obligations", 0, "rule") != "R-068" {
		t.Errorf("rated: %v", x)
	}
	h.ask(town.Dora, "POST", "/api/v1/triage/"+id+"/severity", obj{"severity": 9}).want(t, 422)
	h.ask(town.Dora, "POST", "/api/v1/triage/"+id+"/assign", obj{"person": town.Dan}).want(t, 200)
	if x := h.ask(town.Dora, "POST", "/api/v1/triage/"+id+"/acknowledge", nil).want(t, 200); text(x, "acknowledged_at") == "<nil>" {
		t.Errorf("acknowledged: %v", x)
	}
	if x := h.ask(town.Dora, "GET", "/api/v1/triage/"+id, nil).want(t, 200); text(x, "triage", "assignee") != town.Dan {
		t.Errorf("at the desk: %v", x)
	}
	if x := h.ask(town.Dora, "POST", "/api/v1/reports/"+id+"/messages", obj{"text": "Which version?"}).want(t, 201); text(x, "messages", 0, "body") != "Which version?" {
		t.Errorf("answered: %v", x)
	}
	h.ask(town.Dora, "POST", "/api/v1/triage/"+text(other, "id")+"/merge", obj{"into": id, "reason": "The same port."}).want(t, 200)
	h.ask(town.Dora, "POST", "/api/v1/triage/"+text(other, "id")+"/reopen", obj{"reason": "Another port."}).want(t, 200)
	if p := h.ask(town.Dora, "POST", "/api/v1/triage/"+id+"/decide", obj{"decision": "decline", "reason": "x"}).want(t, 422); !hasField(p, "answer") {
		t.Errorf("declined without an answer: %v", p)
	}
	if x := h.ask(town.Dora, "POST", "/api/v1/triage/"+id+"/decide", obj{"decision": "coordinate", "reason": "It is exploitable.", "case": obj{"manufacturer": town.Monitor.ID()}}).want(t, 200); text(x, "state") != "accepted" || text(x, "case") == "<nil>" {
		t.Errorf("decided: %v", x)
	}
	if x := h.ask(town.Lea, "GET", "/api/v1/reports/"+id, nil).want(t, 200); text(x, "state") != "accepted" || get(x, "triage") != nil || strings.Contains(text(x), "exploitable") {
		t.Errorf("the reporter reads: %v", x)
	}
}

// ownCaseJob is a manufacturer that opens a case of its own and shares it.
func (h *house) ownCaseJob(t *testing.T, desk string) (id, party string) {
	t.Helper()
	h.clock.Add(72 * time.Hour) // members for three days
	body := obj{"title": "Infusion pump answers on port 23", "summary": "On firmware 4.1.", "manufacturer": town.Pump.ID(), "learned_at": "2026-03-02T12:00:00Z", "safety": "possible",
		"label": obj{"tlp": "AMBER+STRICT", "audience": []string{"org:" + town.Pump.ID()}}, "desk_sees": true}
	opened := h.ask(town.Pia, "POST", "/api/v1/cases", body, "Idempotency-Key: c1")
	k := opened.want(t, 201)
	id, party = text(k, "id"), text(k, "parties", 0, "id")
	if opened.Header.Get("Location") != "/api/v1/cases/"+id || text(k, "label", "tlp") != "AMBER+STRICT" || text(k, "parties", 0, "standing") != "joined" || text(k, "shared_with_desk") != "false" || text(k, "may_lead") != "true" {
		t.Errorf("opened: %v", k)
	}
	if again := h.ask(town.Pia, "POST", "/api/v1/cases", body, "Idempotency-Key: c1"); text(again.want(t, 201), "id") != id || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("opened twice: %s", again.body)
	}
	h.ask(town.Pia, "POST", "/api/v1/cases", withFields(body, obj{"title": "Other"}), "Idempotency-Key: c1").want(t, 409)
	if p := h.ask(town.Pia, "POST", "/api/v1/cases", withFields(body, obj{"title": " ", "manufacturer": town.Monitor.ID(), "learned_at": "2027-01-01T00:00:00Z"})).want(t, 422); !hasField(p, "title") || !hasField(p, "manufacturer") || !hasField(p, "learned_at") {
		t.Errorf("everything wrong: %v", p)
	}
	if p := h.ask(town.Pia, "POST", "/api/v1/cases", withFields(body, obj{"label": obj{"tlp": "GREEN", "audience": []string{"community"}}})).want(t, 422); !hasField(p, "label") {
		t.Errorf("a green case: %v", p)
	}
	h.ask(town.Wim, "POST", "/api/v1/cases", withFields(body, obj{"manufacturer": town.Pump.ID()})).want(t, 422)
	for _, who := range []string{town.Dora, town.Wim} {
		h.ask(who, "GET", "/api/v1/cases/"+id, nil).want(t, 404)
		h.ask(who, "GET", "/api/v1/cases/"+id+"/matrix", nil).want(t, 404)
	}
	if k := h.ask(town.Pia, "PATCH", "/api/v1/cases/"+id, obj{"summary": "On firmware 4.1 and 4.2.", "review_at": "2026-04-01"}).want(t, 200); text(k, "summary") != "On firmware 4.1 and 4.2." || text(k, "title") != "Infusion pump answers on port 23" || text(k, "review_at") != "2026-04-01T00:00:00Z" {
		t.Errorf("edited: %v", k)
	}
	if p := h.ask(town.Pia, "PATCH", "/api/v1/cases/"+id, obj{"safety": "harm", "review_at": "soon"}).want(t, 422); !hasField(p, "review_at") {
		t.Errorf("edited badly: %v", p)
	}
	offered := h.ask(town.Pia, "POST", "/api/v1/cases/"+id+"/share", obj{"note": "Please coordinate."}, "Idempotency-Key: s1").want(t, 201)
	inv := h.ask(town.Dora, "GET", "/api/v1/invitations/"+text(offered, "invitation"), nil).want(t, 200)
	if text(inv, "handover") != "true" || text(inv, "note") != "Please coordinate." || strings.Contains(text(inv), id) {
		t.Errorf("offered: %v", inv)
	}
	h.ask(town.Dora, "POST", "/api/v1/invitations/"+text(offered, "invitation")+"/accept", obj{}).want(t, 200)
	if k := h.ask(town.Dora, "GET", "/api/v1/cases/"+id, nil).want(t, 200); text(k, "shared_with_desk") != "true" || text(k, "may_lead") != "true" {
		t.Errorf("shared: %v", k)
	}
	h.ask(town.Pia, "POST", "/api/v1/cases/"+id+"/assign", obj{"person": town.Dora}).want(t, 403)
	if k := h.ask(town.Dora, "POST", "/api/v1/cases/"+id+"/assign", obj{"person": town.Dora}).want(t, 200); text(k, "coordinator", "name") != "Dora Desk" {
		t.Errorf("assigned: %v", k)
	}
	h.ask(town.Dora, "POST", "/api/v1/cases/"+id+"/stage", obj{"stage": "verification"}).want(t, 200)
	if p := h.ask(town.Dora, "POST", "/api/v1/cases/"+id+"/stage", obj{"stage": "published"}); p.StatusCode != 409 && p.StatusCode != 422 {
		t.Errorf("a stage outside the table: %d %s", p.StatusCode, p.body)
	}
	if ks := h.ask(town.Pia, "GET", "/api/v1/cases?open=true&q=port&stage=verification", nil).want(t, 200); len(items(ks)) != 1 || text(ks, "items", 0, "id") != id {
		t.Errorf("cases: %v", ks)
	}
	page := h.ask(town.Dora, "GET", "/api/v1/cases?limit=1", nil).want(t, 200)
	rest := h.ask(town.Dora, "GET", "/api/v1/cases?limit=1&cursor="+text(page, "next"), nil).want(t, 200)
	if len(items(rest)) != 1 || text(rest, "items", 0, "id") == text(page, "items", 0, "id") {
		t.Errorf("pages of cases: %v %v", page, rest)
	}
	h.ask(town.Pia, "GET", "/api/v1/cases?cursor="+text(page, "next"), nil).want(t, 422) // another person's
	if ts := h.ask(town.Pia, "GET", "/api/v1/cases/"+id+"/threads", nil).want(t, 200); text(ts, "items", 0, "official") != "true" {
		t.Errorf("threads: %v", ts)
	}
	side := h.ask(town.Pia, "POST", "/api/v1/cases/"+id+"/threads", obj{"title": "Between us", "body": "Zebra.", "label": obj{"tlp": "AMBER+STRICT", "audience": []string{"org:" + town.Pump.ID()}}}, "Idempotency-Key: t1").want(t, 201)
	h.ask(town.Dora, "GET", "/api/v1/topics/"+text(side, "id"), nil).want(t, 404)
	first := h.ask(town.Pia, "GET", "/api/v1/cases/"+id+"/timeline?limit=3", nil).want(t, 200)
	next := h.ask(town.Pia, "GET", "/api/v1/cases/"+id+"/timeline?limit=100&cursor="+text(first, "next"), nil).want(t, 200)
	if len(items(first)) != 3 || len(items(next)) == 0 || text(next, "items", len(items(next))-1, "verb") != "case.opened" {
		t.Errorf("the timeline: %v then %v", first, next)
	}
	return id, party
}

// owed is the state of a clock, "R-010/notice".
func owed(os obj, name string) string {
	for _, o := range items(os) {
		if text(o, "rule")+"/"+text(o, "clock") == name {
			return text(o, "state")
		}
	}
	return "missing"
}

func (h *house) clockJob(t *testing.T, id, party string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	high := obj{"exploitability": "high", "harm": obj{"life_threatening": true}, "rationale": "As analysed."}
	if r := h.ask(town.Pia, "POST", "/api/v1/determinations/try", high).want(t, 200); text(r, "computed") != "uncontrolled" || text(r, "class") != "patient_harm" {
		t.Errorf("tried: %v", r)
	}
	if p := h.ask(town.Pia, "POST", "/api/v1/determinations/try", obj{"exploitability": "x", "harm": obj{}, "rationale": ""}).want(t, 422); !hasField(p, "exploitability") || !hasField(p, "harm") {
		t.Errorf("tried badly: %v", p)
	}
	h.ask(town.Dora, "POST", at+"/determinations", withFields(high, obj{"party": party})).want(t, 403) // never the desk's
	signed := h.ask(town.Pia, "POST", at+"/determinations", high, "Idempotency-Key: d1").want(t, 201)
	if text(signed, "outcome") != "uncontrolled" || text(signed, "name") != "Pia Pump" || text(signed, "worksheet", "harm", "life_threatening") != "true" {
		t.Errorf("signed: %v", signed)
	}
	if ds := h.ask(town.Pia, "GET", at+"/determinations", nil).want(t, 200); len(items(ds)) != 1 {
		t.Errorf("determinations: %v", ds)
	}
	os := h.ask(town.Pia, "GET", at+"/obligations", nil).want(t, 200)
	n := 0
	for _, o := range items(os) {
		if strings.HasPrefix(text(o, "rule"), "R-010") {
			n++
			if text(o, "zone") != "America/New_York" || !dueAtDaysEnd(text(o, "due_at")) || text(o, "source") == "" || get(o, "missing") == nil || text(o, "state") != "running" {
				t.Errorf("a clock: %v", o)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d clocks of R-010: %v", n, os)
	}
	if os := h.ask(town.Max, "GET", "/api/v1/obligations", nil).want(t, 200); strings.Contains(text(os), id) {
		t.Errorf("another's clocks: %v", os)
	}
	if os := h.ask(town.Pia, "GET", "/api/v1/obligations?limit=200", nil).want(t, 200); !strings.Contains(text(os), id) {
		t.Errorf("my clocks: %v", os)
	}
	m := h.ask(town.Pia, "GET", "/api/v1/risk-matrix", nil).want(t, 200)
	if text(m, "version") != "0" {
		t.Errorf("the matrix: %v", m)
	}
	if m := h.ask(town.Pia, "POST", "/api/v1/risk-matrix", obj{"matrix": m["matrix"], "note": "Ours."}, "Idempotency-Key: m1").want(t, 201); text(m, "version") != "1" || text(m, "versions", 0, "note") != "Ours." {
		t.Errorf("our matrix: %v", m)
	}
	falls := [][]string{slices.Repeat([]string{"uncontrolled"}, 5), slices.Repeat([]string{"controlled"}, 5), slices.Repeat([]string{"controlled"}, 5)}
	if p := h.ask(town.Pia, "POST", "/api/v1/risk-matrix", obj{"matrix": falls}).want(t, 422); !hasField(p, "matrix") {
		t.Errorf("a matrix that falls: %v", p)
	}
	if p := h.ask(town.Pia, "POST", at+"/facts", obj{"kind": "plan-made", "at": "2027-01-01T00:00:00Z"}).want(t, 422); !hasField(p, "at") || !hasField(p, "text") {
		t.Errorf("a plan of next year: %v", p)
	}
	if p := h.ask(town.Wim, "POST", at+"/facts", obj{"kind": "plan-made", "at": "2026-03-03T00:00:00Z", "detail": obj{"text": "x"}}).want(t, 404); text(p, "detail") == "" {
		t.Errorf("a stranger's fact: %v", p)
	}
	if p := h.ask(town.Dora, "POST", at+"/facts", obj{"party": party, "kind": "plan-made", "at": "2026-03-03T00:00:00Z", "detail": obj{"text": "x"}}).want(t, 422); !hasField(p, "source") {
		t.Errorf("the desk without a source: %v", p)
	}
	body := obj{"kind": "plan-made", "at": "2026-03-03T12:00:00Z", "detail": obj{"text": "Close the port."}}
	f := h.ask(town.Pia, "POST", at+"/facts", body, "Idempotency-Key: f1").want(t, 201)
	if again := h.ask(town.Pia, "POST", at+"/facts", body, "Idempotency-Key: f1").want(t, 201); text(again, "id") != text(f, "id") {
		t.Errorf("a fact twice: %v", again)
	}
	if x := h.ask(town.Pia, "GET", "/api/v1/facts/"+text(f, "id"), nil).want(t, 200); text(x, "detail", "text") != "Close the port." || text(x, "party") != party {
		t.Errorf("the fact: %v", x)
	}
	h.ask(town.Pia, "POST", "/api/v1/facts/"+text(f, "id")+"/withdraw", obj{}).want(t, 422)
	if x := h.ask(town.Pia, "POST", "/api/v1/facts/"+text(f, "id")+"/withdraw", obj{"reason": "Another plan."}).want(t, 200); text(x, "withdrawn") != "Another plan." {
		t.Errorf("withdrawn: %v", x)
	}
	for kind, detail := range map[string]obj{"controls-identified": {"name": "Disconnect it.", "greater_risk": "no"}, "plan-made": {"text": "Close it."}, "timeline-rationale": {"text": "Validation takes weeks."}, "pma": {"number": "P123456"}} {
		h.ask(town.Pia, "POST", at+"/facts", obj{"kind": kind, "at": "2026-03-03T12:00:00Z", "detail": detail}).want(t, 201)
	}
	if fs := h.ask(town.Pia, "GET", at+"/facts", nil).want(t, 200); len(items(fs)) != 6 {
		t.Errorf("facts: %v", fs)
	}
	if row := h.ask(town.Pia, "GET", "/api/v1/parties/"+party+"/pma", nil); !strings.HasPrefix(string(row.body), "Vulnerability") || len(row.Header.Values("Cordon-Missing")) == 0 {
		t.Errorf("the PMA row: %d %s %v", row.StatusCode, row.body, row.Header)
	}

	// The notice: a draft that lacks things, then whole, then sent with its copy.
	nt := h.ask(town.Pia, "POST", at+"/notices", obj{"subject": "Port 23"}, "Idempotency-Key: n1").want(t, 201)
	notice := "/api/v1/notices/" + text(nt, "id")
	if len(get(nt, "lacks").([]any)) == 0 {
		t.Errorf("a bare draft: %v", nt)
	}
	if p := h.ask(town.Pia, "POST", notice+"/send", obj{"via": "E-mail"}).want(t, 422); !hasField(p, "incomplete") {
		t.Errorf("a bare notice sent: %v", p)
	}
	whole := obj{"subject": "Port 23", "impact": "Anybody can change the rate.", "efforts": "We work on a fix.", "controls": "Disconnect it.", "fix": "We are working on one.", "future": "We will tell you.",
		"strategy": "Without the network the risk is acceptable.", "to_customers": true, "to_users": true, "contact": "psirt@pump.example", "recipients": []string{"it@clinic.example"}}
	if nt = h.ask(town.Pia, "PATCH", notice, whole).want(t, 200); text(nt, "lacks") != "[]" || text(nt, "recipients") != "[it@clinic.example]" {
		t.Errorf("a whole draft: %v", nt)
	}
	h.ask(town.Max, "GET", notice, nil).want(t, 404)
	if eml := h.ask(town.Pia, "GET", notice+"/eml", nil); !strings.Contains(string(eml.body), "Subject: Port 23") || strings.Contains(string(eml.body), "clinic.example") {
		t.Errorf("the message: %s", eml.body)
	}
	if nt = h.ask(town.Pia, "POST", notice+"/send", obj{"via": "E-mail"}).want(t, 200); text(nt, "state") != "sent" || get(nt, "isao_at") == nil {
		t.Errorf("sent: %v", nt)
	}
	if os := h.ask(town.Pia, "GET", at+"/obligations", nil).want(t, 200); owed(os, "R-010/notice") != "met" || owed(os, "R-010/fix") != "running" {
		t.Errorf("after the notice: %v", os)
	}
	h.ask(town.Pia, "POST", notice+"/send", obj{"via": "E-mail"}).want(t, 409)
	h.ask(town.Pia, "GET", notice, nil).want(t, 200)
	if ns := h.ask(town.Pia, "GET", at+"/notices", nil).want(t, 200); len(items(ns)) != 1 {
		t.Errorf("notices: %v", ns)
	}
	if ns := h.ask(town.Dora, "GET", "/api/v1/notices", nil).want(t, 200); text(ns, "items", 0, "of") != text(nt, "id") || strings.Contains(text(ns), "clinic.example") {
		t.Errorf("the ISAO's copies: %v", ns)
	}

	// Serious harm asks twice, and a clock is waived with a reason.
	if x := h.ask(town.Pia, "GET", at+"/serious-harm", nil).want(t, 200); len(get(x, "sentences").([]any)) < 4 {
		t.Errorf("the consequences: %v", x)
	}
	harm := obj{"at": "2026-03-04T10:00:00Z", "event": "death", "text": "A patient died."}
	if p := h.ask(town.Pia, "POST", at+"/serious-harm", harm).want(t, 422); !hasField(p, "confirm") {
		t.Errorf("harm without confirming: %v", p)
	}
	known := h.ask(town.Pia, "POST", at+"/serious-harm", withFields(harm, obj{"confirm": true}), "Idempotency-Key: h1").want(t, 201)
	if again := h.ask(town.Pia, "POST", at+"/serious-harm", withFields(harm, obj{"confirm": true}), "Idempotency-Key: h1").want(t, 201); text(again, "id") != text(known, "id") {
		t.Errorf("harm twice under one key: %v", again)
	}
	h.ask(town.Pia, "POST", at+"/serious-harm", withFields(harm, obj{"confirm": true})).want(t, 409)
	os = h.ask(town.Pia, "GET", at+"/obligations", nil).want(t, 200)
	if owed(os, "R-010/fix") != "lost" {
		t.Errorf("after the harm: %v", os)
	}
	for _, o := range items(os) {
		if strings.HasPrefix(text(o, "rule"), "R-023") {
			h.ask(town.Pia, "POST", "/api/v1/obligations/"+text(o, "id")+"/waive", obj{}).want(t, 422)
			if x := h.ask(town.Pia, "POST", "/api/v1/obligations/"+text(o, "id")+"/waive", obj{"reason": "Reported under another number."}).want(t, 200); text(x, "waived_by") != "Pia Pump" {
				t.Errorf("waived: %v", x)
			}
		}
	}
}

func (h *house) partiesJob(t *testing.T, id string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	if p := h.ask(town.Dora, "POST", at+"/parties", obj{"organizations": []string{town.Fda.ID(), "org_NONE"}, "role": "vendor"}).want(t, 422); !hasField(p, "organizations") {
		t.Errorf("an agency invited: %v", p)
	}
	h.ask(town.Pia, "POST", at+"/parties", obj{"organizations": []string{town.Ward.ID()}, "role": "deployer"}).want(t, 403)
	// An embargo first: proposed by the desk, consented to by the vendor, in force.
	if e := h.ask(town.Pia, "GET", at+"/embargo", nil).want(t, 200); text(e, "state") != "none" {
		t.Errorf("no embargo: %v", e)
	}
	e := h.ask(town.Dora, "POST", at+"/embargo", obj{"until": "2026-05-01T12:00:00Z"}, "Idempotency-Key: e1").want(t, 201)
	longer := h.ask(town.Pia, "POST", at+"/embargo", obj{"until": "2026-06-01T12:00:00Z"}).want(t, 201)
	short, long := text(e, "proposals", 0, "id"), text(longer, "proposals", 1, "id")
	if text(e, "state") != "proposed" || short == long {
		t.Errorf("proposed: %v", longer)
	}
	h.ask(town.Dora, "POST", "/api/v1/embargoes/"+long+"/accept", nil).want(t, 409) // the shortest wins
	h.ask(town.Pia, "POST", "/api/v1/embargoes/"+short+"/consent", nil).want(t, 204)
	h.ask(town.Pia, "POST", "/api/v1/embargoes/"+short+"/consent", nil).want(t, 409)
	h.ask(town.Dora, "POST", "/api/v1/embargoes/"+short+"/accept", nil).want(t, 204)
	h.ask(town.Dora, "POST", "/api/v1/embargoes/"+long+"/reject", obj{"reason": "Too long."}).want(t, 204)
	if e := h.ask(town.Pia, "GET", at+"/embargo", nil).want(t, 200); text(e, "state") != "active" || text(e, "binding") != "true" {
		t.Errorf("in force: %v", e)
	}

	made := h.ask(town.Dora, "POST", at+"/parties", obj{"organizations": []string{town.Monitor.ID(), town.Ward.ID()}, "role": "vendor", "note": "You use the same part."}, "Idempotency-Key: p1").want(t, 201)
	if again := h.ask(town.Dora, "POST", at+"/parties", obj{"organizations": []string{town.Monitor.ID(), town.Ward.ID()}, "role": "vendor", "note": "You use the same part."}, "Idempotency-Key: p1").want(t, 201); text(again, "items", 1, "id") != text(made, "items", 1, "id") {
		t.Errorf("invited twice: %v", again)
	}
	monitor, ward := text(made, "items", 0, "id"), text(made, "items", 1, "id")
	if ps := h.ask(town.Pia, "GET", at+"/parties", nil).want(t, 200); strings.Contains(text(ps), monitor) { // not before it accepts
		t.Errorf("a party sees who was asked: %v", ps)
	}
	h.ask(town.Pia, "GET", "/api/v1/parties/"+monitor, nil).want(t, 404)
	h.ask(town.Max, "GET", at, nil).want(t, 404)
	if x := h.ask(town.Max, "GET", "/api/v1/parties/"+monitor, nil).want(t, 200); strings.Contains(text(x), id) {
		t.Errorf("who is asked learns the case: %v", x)
	}
	is := h.ask(town.Max, "GET", "/api/v1/invitations", nil).want(t, 200)
	var invitation any
	for _, i := range items(is) {
		if text(i, "party") == monitor {
			invitation = i
		}
	}
	if text(invitation, "note") != "You use the same part." || text(invitation, "offer", "until") != "2026-05-01T12:00:00Z" || strings.Contains(text(is), "port 23") {
		t.Errorf("invitations: %v", is)
	}
	h.ask(town.Pia, "GET", "/api/v1/invitations/"+monitor, nil).want(t, 404)
	h.ask(town.Max, "GET", "/api/v1/invitations/"+monitor, nil).want(t, 200)
	if x := h.ask(town.Dora, "GET", "/api/v1/parties/"+monitor, nil).want(t, 200); get(x, "seen_at") == nil {
		t.Errorf("seen: %v", x)
	}
	if p := h.ask(town.Max, "POST", "/api/v1/invitations/"+monitor+"/accept", obj{}).want(t, 422); !hasField(p, "agree") {
		t.Errorf("accepted without agreeing: %v", p)
	}
	h.ask(town.Max, "POST", "/api/v1/invitations/"+monitor+"/accept", obj{"agree": "other"}).want(t, 409)
	if x := h.ask(town.Max, "POST", "/api/v1/invitations/"+monitor+"/accept", obj{"agree": text(invitation, "offer", "digest")}).want(t, 200); text(x, "standing") != "joined" || text(x, "case") != id {
		t.Errorf("accepted: %v", x)
	}
	h.ask(town.Wim, "POST", "/api/v1/invitations/"+ward+"/decline", obj{"reason": "We have none."}).want(t, 204)
	if ps := h.ask(town.Pia, "GET", at+"/parties", nil).want(t, 200); !strings.Contains(text(ps), monitor) || strings.Contains(text(ps), ward) {
		t.Errorf("after the answers: %v", ps)
	}
	if s := h.ask(town.Max, "POST", at+"/seats", obj{"people": []string{town.Mia}}).want(t, 200); len(items(s)) != 2 {
		t.Errorf("seats: %v", s)
	}
	h.ask(town.Max, "POST", at+"/seats", obj{"people": []string{town.Pia}}).want(t, 422)
	h.ask(town.Max, "DELETE", at+"/seats/"+town.Mia, obj{"reason": "On leave."}).want(t, 204)
	if s := h.ask(town.Max, "GET", "/api/v1/parties/"+monitor+"/seats", nil).want(t, 200); len(items(s)) != 1 || text(s, "items", 0, "person") != town.Max {
		t.Errorf("one seat is left: %v", s)
	}
	if x := h.ask(town.Max, "POST", at+"/acknowledge", nil).want(t, 200); get(x, "answered_at") == nil {
		t.Errorf("acknowledged: %v", x)
	}
	if x := h.ask(town.Max, "POST", at+"/handle", obj{"event": "validate"}).want(t, 200); text(x, "rm") == "R" {
		t.Errorf("handled: %v", x)
	}
	h.ask(town.Max, "POST", at+"/handle", obj{"event": "close", "reason": "x"}).want(t, 409)
	if x := h.ask(town.Max, "POST", at+"/updates", obj{"text": "We are at it."}, "Idempotency-Key: u1").want(t, 201); !strings.HasPrefix(text(x, "post"), "post_") {
		t.Errorf("gave word: %v", x)
	}
	if x := h.ask(town.Max, "POST", at+"/plan-fix", obj{"at": "2026-04-15"}).want(t, 200); text(x, "fix_planned_at") != "2026-04-15T00:00:00Z" {
		t.Errorf("planned: %v", x)
	}
	if x := h.ask(town.Max, "POST", at+"/fix", obj{"event": "ready"}).want(t, 200); text(x, "fix") != "VFd" {
		t.Errorf("ready: %v", x)
	}
	h.ask(town.Max, "POST", at+"/fix", obj{"event": "ready"}).want(t, 409)
	if x := h.ask(town.Max, "POST", at+"/statement", obj{"statement": "Update to 3.1."}).want(t, 200); text(x, "statement") != "Update to 3.1." {
		t.Errorf("declared: %v", x)
	}
	h.ask(town.Dora, "POST", at+"/embargo/breach", obj{"breach": "adversary_exploit", "source": "A customer's report."}).want(t, 200)
	h.ask(town.Max, "POST", at+"/embargo/breach", obj{"breach": "adversary_exploit", "source": "x"}).want(t, 403)
}

func (h *house) vulnerabilityJob(t *testing.T, id, party string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	body := obj{"title": "Open service port", "description": "It takes commands.", "cwe": "CWE-306", "cvss3": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "references": []string{"https://pump.example/a"},
		"products": []obj{{"vendor": "Pump Works", "product": "Infuser A4", "default": "unaffected", "versions": []obj{{"version": "4.0", "status": "affected", "before": "4.3"}}}}}
	if p := h.ask(town.Pia, "POST", at+"/vulnerabilities", withFields(body, obj{"cvss3": "x"})).want(t, 422); !hasField(p, "cvss3") {
		t.Errorf("a wrong vector: %v", p)
	}
	x := h.ask(town.Pia, "POST", at+"/vulnerabilities", body, "Idempotency-Key: v1").want(t, 201)
	vuln := "/api/v1/vulnerabilities/" + text(x, "id")
	if text(x, "cvss3_score") != "9.8" || text(x, "severity") != "critical" || text(x, "cve_state") != "none" {
		t.Errorf("added: %v", x)
	}
	h.ask(town.Wim, "GET", vuln, nil).want(t, 404)
	h.ask(town.Max, "GET", vuln, nil).want(t, 200)
	if x := h.ask(town.Pia, "PATCH", vuln, obj{"solution": "Update to 4.3."}).want(t, 200); text(x, "solution") != "Update to 4.3." || text(x, "title") != "Open service port" || text(x, "products", 0, "versions", 0, "before") != "4.3" {
		t.Errorf("edited: %v", x)
	}
	h.ask(town.Pia, "POST", vuln+"/kev", obj{"listed": true, "added": "2026-02-25", "due": "2026-03-18", "source": "CISA", "as_of": "2026-02-28"}).want(t, 200)
	h.ask(town.Pia, "POST", vuln+"/kev", obj{"listed": true, "source": "", "as_of": "x"}).want(t, 422)
	if x := h.ask(town.Pia, "POST", vuln+"/epss", obj{"probability": "0.42", "percentile": "0.97", "source": "FIRST", "as_of": "2026-02-28"}).want(t, 200); text(x, "epss", "probability") != "0.42" || text(x, "kev", "listed") != "true" {
		t.Errorf("epss: %v", x)
	}
	if x := h.ask(town.Pia, "POST", vuln+"/ssvc", obj{"table": "supplier", "values": ssvcValues(t, "supplier")}).want(t, 200); text(x, "ssvc", 0, "outcome") == "<nil>" {
		t.Errorf("ssvc: %v", x)
	}
	h.ask(town.Pia, "POST", vuln+"/ssvc", obj{"table": "none", "values": obj{}}).want(t, 422)
	if x := h.ask(town.Pia, "POST", vuln+"/cve/request", obj{"to": "CISA ICS"}).want(t, 200); text(x, "cve_state") != "requested" || text(x, "cve_request", "to") != "CISA ICS" {
		t.Errorf("requested: %v", x)
	}
	h.ask(town.Pia, "GET", vuln+"/cve", nil).want(t, 409) // it has no id yet
	h.ask(town.Pia, "POST", vuln+"/cve/assign", obj{"cve": "2026-1"}).want(t, 422)
	if x := h.ask(town.Pia, "POST", vuln+"/cve/assign", obj{"cve": "CVE-2026-12345", "assigner": "6b35d637-e00f-4228-858c-b20ad6e1d07b", "assigner_name": "Pump"}).want(t, 200); text(x, "cve") != "CVE-2026-12345" {
		t.Errorf("assigned: %v", x)
	}
	if record := h.ask(town.Pia, "GET", vuln+"/cve", nil).want(t, 200); text(record, "dataVersion") == "<nil>" || text(record, "cveMetadata", "cveId") != "CVE-2026-12345" {
		t.Errorf("the record: %v", record)
	}
	second := h.ask(town.Pia, "POST", at+"/vulnerabilities", obj{"title": "None"}).want(t, 201)
	h.ask(town.Pia, "POST", "/api/v1/vulnerabilities/"+text(second, "id")+"/withdraw", obj{"reason": "It is none."}).want(t, 200)
	if xs := h.ask(town.Max, "GET", at+"/vulnerabilities", nil).want(t, 200); len(items(xs)) != 2 || text(xs, "items", 1, "why") != "It is none." {
		t.Errorf("vulnerabilities: %v", xs)
	}
	h.ask(town.Max, "POST", "/api/v1/parties/"+party+"/statuses", obj{"statuses": []obj{{"vulnerability": text(x, "id"), "status": "affected"}}}).want(t, 403)
	if p := h.ask(town.Pia, "POST", "/api/v1/parties/"+party+"/statuses", obj{"statuses": []obj{{"vulnerability": text(x, "id"), "status": "perhaps"}}}).want(t, 422); get(p, "errors") == nil {
		t.Errorf("a wrong status: %v", p)
	}
	h.ask(town.Pia, "POST", "/api/v1/parties/"+party+"/statuses", obj{"statuses": []obj{{"vulnerability": text(x, "id"), "status": "affected", "statement": "All of 4.x."}}}).want(t, 200)
	if ss := h.ask(town.Max, "GET", at+"/statuses", nil).want(t, 200); text(ss, "items", 0, "status") != "affected" {
		t.Errorf("statuses: %v", ss)
	}
	m := h.ask(town.Max, "GET", at+"/matrix", nil).want(t, 200)
	i := slices.IndexFunc(items(m), func(r any) bool { return text(r, "party") == party })
	if i < 0 || text(m, "items", i, "statuses", text(x, "id")) != "affected" || len(get(m, "items", i, "steps").([]any)) != 7 {
		t.Errorf("the matrix: %v", m)
	}
}

func (h *house) grantJob(t *testing.T, id string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	ask := obj{"person": town.Fay, "seat": "patient-harm", "purpose": "Is there risk to patients?", "basis": "21 U.S.C. 360i"}
	if p := h.ask(town.Pia, "POST", at+"/grants", withFields(ask, obj{"person": town.Wim, "purpose": ""})).want(t, 422); !hasField(p, "person") || !hasField(p, "purpose") {
		t.Errorf("a grant for nobody: %v", p)
	}
	g := h.ask(town.Pia, "POST", at+"/grants", ask, "Idempotency-Key: g1").want(t, 201)
	grant := "/api/v1/grants/" + text(g, "id")
	if text(g, "state") != "requested" || text(g, "question") == "<nil>" {
		t.Errorf("asked: %v", g)
	}
	h.ask(town.Fay, "GET", grant, nil).want(t, 404)              // not before it is given
	h.ask(town.Dora, "POST", grant+"/approve", nil).want(t, 403) // a token may not
	if g := h.inSession(town.Dora, "POST", grant+"/approve", nil).want(t, 200); text(g, "state") != "granted" || text(g, "approver", "name") != "Dora Desk" {
		t.Errorf("approved: %v", g)
	}
	mine := h.ask(town.Fay, "GET", "/api/v1/grants", nil).want(t, 200)
	if len(items(mine)) != 1 || strings.Contains(text(mine), id) || !strings.HasPrefix(text(mine, "items", 0, "case_short"), "CASE-") {
		t.Errorf("a grant tells too much: %v", mine)
	}
	if g := h.ask(town.Fay, "GET", grant, nil).want(t, 200); text(g, "terms", "until") != "2026-05-01T12:00:00Z" {
		t.Errorf("the terms: %v", g)
	}
	h.ask(town.Fay, "GET", at, nil).want(t, 404)
	h.ask(town.Max, "POST", grant+"/open", nil).want(t, 403)
	if o := h.ask(town.Fay, "POST", grant+"/open", nil).want(t, 200); text(o, "case") != id || text(o, "name") != "Fay Device" {
		t.Errorf("opened: %v", o)
	}
	h.ask(town.Fay, "GET", at, nil).want(t, 200)
	if g := h.ask(town.Fay, "POST", grant+"/answer", obj{"answer": "Serious, and likely."}).want(t, 200); text(g, "answer") != "Serious, and likely." {
		t.Errorf("answered: %v", g)
	}
	if os := h.ask(town.Max, "GET", at+"/openings", nil).want(t, 200); len(items(os)) != 1 || text(os, "items", 0, "person") != town.Fay {
		t.Errorf("the log: %v", os)
	}
	if gs := h.ask(town.Max, "GET", at+"/grants", nil).want(t, 200); len(items(gs)) != 1 {
		t.Errorf("the case's register: %v", gs)
	}
	if gs := h.ask(town.Dora, "GET", "/api/v1/register", nil).want(t, 200); len(items(gs)) != 1 {
		t.Errorf("the register: %v", gs)
	}
	h.ask(town.Pia, "GET", "/api/v1/register", nil).want(t, 403)
	h.ask(town.Pia, "POST", grant+"/revoke", obj{}).want(t, 422)
	if g := h.ask(town.Pia, "POST", grant+"/revoke", obj{"reason": "Answered."}).want(t, 200); text(g, "state") != "revoked" {
		t.Errorf("revoked: %v", g)
	}
	h.ask(town.Fay, "GET", at, nil).want(t, 404)
}

// holdersJob tells the holders of products from a case, with the consent of its source.
func (h *house) holdersJob(t *testing.T, id string) {
	t.Helper()
	at := "/api/v1/cases/" + id + "/holder-notices"
	words := func(tlp, versions string) obj {
		return obj{"class": "today", "text": obj{"title": "Close port 23", "do_now": "Close it.", "tlp": tlp, "affected": []obj{{"maker": "Pump Works", "name": "Infuser", "range": versions}}}}
	}
	if p := h.ask(town.Dora, "POST", at, words("GREEN", "")).want(t, 422); !hasField(p, "tlp") { // an embargo binds
		t.Errorf("an embargo ended by a notice: %v", p)
	}
	if p := h.ask(town.Dora, "POST", at, obj{"class": "today", "text": obj{"title": "", "do_now": "a", "tlp": "AMBER", "affected": []obj{}}}).want(t, 422); !hasField(p, "title") {
		t.Errorf("a bad notice: %v", p)
	}
	h.ask(town.Wim, "POST", at, words("AMBER", "")).want(t, 404) // a hospital has no part in it
	h.ask(town.Lea, "GET", at, nil).want(t, 404)
	n := h.ask(town.Dora, "POST", at, words("AMBER", "< 2"), "Idempotency-Key: hn1").want(t, 201)
	one := "/api/v1/holder-notices/" + text(n, "id")
	h.ask(town.Wim, "GET", one, nil).want(t, 404)
	if x := h.ask(town.Dora, "POST", at, words("AMBER", "< 2.2"), "Idempotency-Key: hn2").want(t, 201); text(x, "id") != text(n, "id") || text(x, "text", "affected", 0, "range") != "< 2.2" {
		t.Errorf("written anew: %v", x)
	}
	n = h.ask(town.Pia, "GET", one, nil).want(t, 200)
	h.ask(town.Pia, "POST", one+"/approve", obj{"drafted_at": text(n, "drafted_at")}).want(t, 403) // a token may not
	h.inSession(town.Dora, "POST", one+"/approve", obj{"drafted_at": text(n, "drafted_at")}).want(t, 403)
	h.inSession(town.Pia, "POST", one+"/approve", obj{"drafted_at": "2026-01-01T00:00:00Z"}).want(t, 409)
	if x := h.inSession(town.Pia, "POST", one+"/approve", obj{"drafted_at": text(n, "drafted_at")}).want(t, 200); text(x, "state") != "sent" || text(x, "alert") == "" || text(x, "approved_by", "name") != "Pia Pump" {
		t.Errorf("sent: %v", x)
	}
	h.ask(town.Dora, "POST", one+"/withdraw", obj{"reason": "x"}).want(t, 409)
	two := "/api/v1/holder-notices/" + text(h.ask(town.Dora, "POST", at, words("AMBER", "")).want(t, 201), "id")
	h.ask(town.Dora, "POST", two+"/withdraw", obj{"reason": ""}).want(t, 422)
	if x := h.ask(town.Dora, "POST", two+"/withdraw", obj{"reason": "Not needed."}).want(t, 200); text(x, "state") != "withdrawn" || text(x, "why") != "Not needed." {
		t.Errorf("taken back: %v", x)
	}
	if l := h.ask(town.Dora, "GET", at, nil).want(t, 200); len(items(l)) != 2 {
		t.Errorf("listed: %v", l)
	}
}

func (h *house) publishJob(t *testing.T, id string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	if p := h.ask(town.Dora, "POST", at+"/publications", obj{"title": "", "body": "b", "reference": "x"}).want(t, 422); !hasField(p, "title") || !hasField(p, "reference") {
		t.Errorf("a bad statement: %v", p)
	}
	draft := h.ask(town.Dora, "POST", at+"/publications", obj{"title": "Port 23", "body": "Update to 4.3."}, "Idempotency-Key: st1").want(t, 201)
	st := text(draft, "id")
	h.do("GET", "/api/v1/statements/"+st, "", nil).want(t, 404)
	h.ask(town.Pia, "POST", "/api/v1/publications/"+st+"/approve", nil).want(t, 403) // a token may not
	if x := h.inSession(town.Pia, "POST", "/api/v1/publications/"+st+"/approve", nil).want(t, 200); text(x, "state") != "approved" {
		t.Errorf("approved under an embargo: %v", x)
	}
	h.do("GET", "/api/v1/statements/"+st, "", nil).want(t, 404) // T-26: the embargo holds it
	e := h.ask(town.Dora, "GET", at+"/embargo", nil).want(t, 200)
	for _, p := range get(e, "proposals").([]any) {
		if text(p, "kind") == "decision" && text(p, "state") == "open" {
			h.ask(town.Dora, "POST", "/api/v1/embargoes/"+text(p, "id")+"/keep", obj{"reason": "Nobody else knows."}).want(t, 204)
		}
	}
	h.ask(town.Max, "POST", at+"/embargo/terminate", obj{"reason": "x"}).want(t, 403)
	if e := h.ask(town.Dora, "POST", at+"/embargo/terminate", obj{"reason": "The fixes are out."}).want(t, 200); text(e, "state") != "exited" || text(e, "binding") != "false" {
		t.Errorf("ended: %v", e)
	}
	if p := h.ask(town.Dora, "POST", at+"/happened", obj{"what": "nothing", "at": "2026-03-01T00:00:00Z", "source": "x"}).want(t, 422); !hasField(p, "what") {
		t.Errorf("nothing happened: %v", p)
	}
	if k := h.ask(town.Dora, "POST", at+"/happened", obj{"what": "public", "at": "2026-03-04T00:00:00Z", "source": "A mailing list."}).want(t, 200); text(k, "state") != "Pxa" {
		t.Errorf("public: %v", k)
	}
	h.ok(h.db.Write(t.Context(), policy.System("deadlines"), func(tx *db.Tx) error { _, err := h.srv.Cases.OpenPublications(tx); return err }))
	if xs := h.do("GET", "/api/v1/statements?limit=1", "", nil).want(t, 200); text(xs, "items", 0, "id") != st {
		t.Errorf("statements: %v", xs)
	}
	if x := h.do("GET", "/api/v1/statements/"+st, "", nil).want(t, 200); text(x, "body") != "Update to 4.3." || strings.Contains(text(x), id) {
		t.Errorf("the statement: %v", x)
	}
	if ps := h.ask(town.Max, "GET", at+"/publications", nil).want(t, 200); len(items(ps)) != 1 {
		t.Errorf("publications: %v", ps)
	}
	h.ask(town.Dora, "POST", "/api/v1/publications/"+st+"/withdraw", obj{"reason": "The wrong version."}).want(t, 200)
	if x := h.do("GET", "/api/v1/statements/"+st, "", nil).want(t, 200); get(x, "body") != nil || text(x, "why") != "The wrong version." {
		t.Errorf("withdrawn: %v", x)
	}
}

func (h *house) proofJob(t *testing.T, id string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	pack := h.ask(town.Pia, "GET", at+"/evidence", nil)
	pack.want(t, 200)
	if !bytes.HasPrefix(pack.body, []byte("PK\x03\x04")) || pack.Header.Get("Content-Type") != "application/zip" {
		t.Errorf("evidence: %.40q %v", pack.body, pack.Header)
	}
	h.ask(town.Wim, "GET", at+"/evidence", nil).want(t, 404)
	h.ask(town.Pia, "GET", at+"/hand-over", nil).want(t, 403)
	if look := h.ask(town.Dora, "GET", at+"/hand-over", nil).want(t, 200); text(look, "case", "title") != "Infusion pump answers on port 23" {
		t.Errorf("the package: %v", look)
	}
	h.ask(town.Dora, "POST", at+"/hand-over", nil).want(t, 422)
	over := h.ask(town.Dora, "POST", at+"/hand-over?to=CERT%2FCC", nil)
	over.want(t, 200)
	made := h.ask(town.Dora, "POST", "/api/v1/cases/import", string(over.body), "Idempotency-Key: i1")
	k := made.want(t, 201)
	if text(k, "title") != "Infusion pump answers on port 23" || text(k, "id") == id || made.Header.Get("Location") != "/api/v1/cases/"+text(k, "id") {
		t.Errorf("imported: %v", k)
	}
	if again := h.ask(town.Dora, "POST", "/api/v1/cases/import", string(over.body), "Idempotency-Key: i1"); text(again.want(t, 201), "id") != text(k, "id") || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("imported twice: %s", again.body)
	}
	h.ask(town.Dora, "POST", "/api/v1/cases/import", `{"handover":1}`).want(t, 422)
	h.ask(town.Dora, "POST", "/api/v1/cases/import", "x", "Content-Type: text/plain").want(t, 415)
	h.ask(town.Pia, "POST", "/api/v1/cases/import", string(over.body)).want(t, 403)

	org := "/api/v1/members/" + town.Pump.ID()
	if p := h.ask(town.Pia, "GET", org+"/participation?period=2026-Q1", nil).want(t, 200); len(get(p, "criteria").([]any)) != 4 || text(p, "period") != "2026-Q1" {
		t.Errorf("participation: %v", p)
	}
	if p := h.ask(town.Pia, "GET", org+"/participation?period=spring", nil).want(t, 422); !hasField(p, "period") {
		t.Errorf("a wrong period: %v", p)
	}
	h.ask(town.Max, "GET", org+"/participation", nil).want(t, 404)
	body := obj{"kind": "process", "from": "2026-02-01", "text": "We assess what comes.", "title": "PSIRT", "confirm": true}
	h.ask(town.Pia, "POST", "/api/v1/attestations", body).want(t, 403) // a token may not
	if p := h.inSession(town.Pia, "POST", "/api/v1/attestations", withFields(body, obj{"confirm": false})).want(t, 422); !hasField(p, "confirm") {
		t.Errorf("attested without confirming: %v", p)
	}
	a := h.inSession(town.Pia, "POST", "/api/v1/attestations", body).want(t, 201)
	if as := h.ask(town.Pia, "GET", org+"/attestations", nil).want(t, 200); text(as, "items", 0, "id") != text(a, "id") || text(as, "items", 0, "from") != "2026-02-01" {
		t.Errorf("attestations: %v", as)
	}
	h.inSession(town.Pia, "POST", "/api/v1/attestations/"+text(a, "id")+"/withdraw", obj{"reason": "Outdated."}).want(t, 204)
	if p := h.ask(town.Pia, "POST", "/api/v1/traces", obj{"object": id, "kind": "hearsay"}).want(t, 422); !hasField(p, "kind") {
		t.Errorf("a wrong trace: %v", p)
	}
	tr := h.ask(town.Pia, "POST", "/api/v1/traces", obj{"object": id, "kind": "mitigation", "target": "SWR-17"}, "Idempotency-Key: tr1").want(t, 201)
	if ts := h.ask(town.Pia, "GET", "/api/v1/traces?object="+id, nil).want(t, 200); text(ts, "items", 0, "id") != text(tr, "id") {
		t.Errorf("traces: %v", ts)
	}
	period := obj{"organization": town.Pump.ID(), "period": "2026-02-01 to 2026-02-28"}
	h.ask(town.Dora, "POST", "/api/v1/certificates", period).want(t, 403) // a token may not
	h.inSession(town.Dora, "POST", "/api/v1/certificates", obj{"organization": town.Pump.ID(), "period": "2026"}).want(t, 422)
	cert := h.inSession(town.Dora, "POST", "/api/v1/certificates", period).want(t, 201)
	if cs := h.ask(town.Pia, "GET", "/api/v1/certificates", nil).want(t, 200); text(cs, "items", 0, "id") != text(cert, "id") {
		t.Errorf("certificates: %v", cs)
	}
	if file := h.ask(town.Pia, "GET", "/api/v1/certificates/"+text(cert, "id"), nil).want(t, 200); text(file, "document", "id") != text(cert, "id") || text(file, "checkpoint") == "<nil>" {
		t.Errorf("the certificate: %v", file)
	}
	h.ask(town.Max, "GET", "/api/v1/certificates/"+text(cert, "id"), nil).want(t, 404)
}

func (h *house) vinceJob(t *testing.T, id string) {
	t.Helper()
	base := "/vince/comm/api/"
	asVince := func(person, path string) reply {
		return h.do("GET", base+path, "", nil, with("Authorization: Token "+h.tokens[person]))
	}
	if r := asVince(town.Max, "cases/"); r.StatusCode != 200 || !bytes.Contains(r.body, []byte(`"vuid":"`+id+`"`)) {
		t.Errorf("cases: %d %s", r.StatusCode, r.body)
	}
	if r := asVince(town.Wim, "cases/"); string(bytes.TrimSpace(r.body)) != "[]" {
		t.Errorf("another's cases: %s", r.body)
	}
	if k := asVince(town.Max, "case/"+id+"/").want(t, 200); text(k, "title") != "Infusion pump answers on port 23" || text(k, "status") != "Active" {
		t.Errorf("the case: %v", k)
	}
	asVince(town.Wim, "case/"+id+"/").want(t, 404)
	if r := asVince(town.Max, "case/"+id+"/posts/"); !bytes.Contains(r.body, []byte("We are at it.")) || bytes.Contains(r.body, []byte("Zebra")) { // not the side thread
		t.Errorf("posts: %s", r.body)
	}
	if r := asVince(town.Max, "case/"+id+"/vuls/"); !bytes.Contains(r.body, []byte(`"cve":"CVE-2026-12345"`)) {
		t.Errorf("vuls: %s", r.body)
	}
	if r := asVince(town.Max, "case/"+id+"/vendors/"); !bytes.Contains(r.body, []byte(`"vendor":"Pump Works","status":"Affected"`)) || bytes.Contains(r.body, []byte("Ward")) {
		t.Errorf("vendors: %s", r.body)
	}
	asVince(town.Max, "case/"+id+"/report/").want(t, 404) // it came of none
	ks := h.ask(town.Dora, "GET", "/api/v1/cases?q=Infuser", nil).want(t, 200)
	if r := asVince(town.Dora, "case/"+text(ks, "items", 0, "id")+"/report/").want(t, 200); text(r, "product_name") != "Infuser" || text(r, "vul_description") != text(aReport, "description") {
		t.Errorf("the report: %v", r)
	}
	// The other scheme is VINCE's alone.
	h.do("GET", "/api/v1/me", "", nil, with("Authorization: Token "+h.tokens[town.Max])).want(t, 401)
	h.do("GET", base+"cases/", "", nil, with("Authorization: Token nonsense")).want(t, 401)
}

func (h *house) leaveJob(t *testing.T, id, party string) {
	t.Helper()
	at := "/api/v1/cases/" + id
	h.ask(town.Max, "POST", at+"/leave", obj{"reason": "Our product has not the part."}).want(t, 204)
	h.ask(town.Max, "GET", at, nil).want(t, 404)
	again := h.ask(town.Dora, "POST", at+"/parties", obj{"organizations": []string{town.Ward.ID()}, "role": "deployer"}).want(t, 201)
	h.ask(town.Pia, "POST", "/api/v1/parties/"+party+"/remove", obj{"reason": "x"}).want(t, 403)
	h.ask(town.Dora, "POST", "/api/v1/parties/"+text(again, "items", 0, "id")+"/remove", obj{"reason": "By mistake."}).want(t, 204)
}

// dueAtDaysEnd reports whether a due instant is written as the end of a day where
// its days are counted.
func dueAtDaysEnd(due string) bool {
	_, clock, ok := strings.Cut(due, "T")
	return ok && strings.HasPrefix(clock, "23:59:59") && (strings.HasSuffix(clock, "-05:00") || strings.HasSuffix(clock, "-04:00"))
}
