package web

import (
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// one is a form's field with one value.
func one(pairs ...string) reader.Fill {
	f := reader.Fill{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	return f
}

// kept fails unless a field of the page holds what was typed into it.
func kept(t *testing.T, r *reader.Reader, typed string) {
	t.Helper()
	if !strings.Contains(r.Body, `value="`+typed+`"`) {
		t.Errorf("%s: %q is lost", r.Path, typed)
	}
}

// the worksheet is worked out, corrected, signed and
// superseded without script, and keeps everything that was typed.
func TestWorksheetWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, v := h.coordinated()
		at := "/cases/" + id + "/risk"
		pia := h.visitor(town.Pia)
		pia.Get(at).Want(200, "Determine the risk.", "No risk determination is signed", "CVSS 3.1", "High 8.8")
		pia.Follow("Open the worksheet").Want(200, "FDA asks in all cases for a binary answer", "5 Catastrophic", "Alone it is not patient harm")

		pia.Send(at, one("device", "A4", "rationale", "We measured it.")).
			Want(422, "Exploitability must be one of", "Say what the vulnerability could do at worst.", "We measured it.").Never("Sign the determination")

		// half a vector is no vector, and nothing of it is lost
		pia.Send(at, one("exploitability", "medium", "harm", "permanent", "c3_AV", "N", "c3_AC", "L")).
			Want(422, "CVSS 3.1: A CVSS 3.1 vector also needs").Want(422, "Choose an answer.")
		if !strings.Contains(pia.Body, `name="c3_AV" value="N" checked`) {
			t.Error("a chosen metric is lost")
		}
		pia.Send(at, one("do", "fill-cvss-3.1", "c3_vector", "CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N")).Want(200, "Medium 4.6") // R-080's example
		pia.Send(at, one("do", "fill-cvss-4.0", "c4_vector", "nonsense")).Want(422, "A CVSS vector begins with")
		pia.Send(at, one("do", "rows", "c4_vector", "")).Want(200, "Control 4", "Medium 4.6")

		// medium exploitability and permanent impairment: FDA's own example is uncontrolled
		pia.Send(at, one("do", "work", "harm", "permanent", "vulnerability", v, "control_0_name", "Disconnect it", "control_0_greater", "no", "control_0_exploit", "low",
			"control_1_name", "Remove the alarm", "control_1_greater", "yes")).
			Want(200, "Uncontrolled by the suggested matrix", "with controls: here", "without controls", "Controls that count: Disconnect it", "introduce greater risk: Remove the alarm",
				"I, Pia Pump, Engineer, determine for Pump Works that the risk of patient harm from the vulnerability is UNCONTROLLED.")
		pia.Send(at, one("do", "sign")).Want(422, "Sign the sentence.")

		// who changes an answer after reading the sentence must read it again
		pia.Send(at, one("do", "sign", "signed", "1", "exploitability", "low", "harm", "temporary")).Want(422, "The outcome is now controlled. Read the sentence again")
		pia.Send(at, one("do", "work", "exploitability", "medium", "harm", "permanent")).Want(200, "is UNCONTROLLED.")
		pia.Send(at, one("do", "sign", "signed", "1", "seen", "uncontrolled")).Want(200, "The determination is signed", "uncontrolled", "4 Critical", "Pia Pump, Engineer")
		pia.Follow("Vulnerability 1, A4").Want(200, "What it rests on", "Permanent impairment", "We measured it.", "Medium 4.6", "determined on")

		// otherwise than the matrix only with a reason; the history stays
		pia.Get(at+"/new?vulnerability="+v).Send(at, one("device", "A4", "exploitability", "low", "harm", "inconvenience", "rationale", "Again.")).Want(200, "is CONTROLLED.")
		pia.Send(at, one("outcome", "uncontrolled", "do", "work")).Want(200, "is UNCONTROLLED.")
		pia.Send(at, one("do", "sign", "signed", "1")).Want(422, "The matrix says controlled. Say why you decide otherwise.")
		pia.Send(at, one("do", "sign", "signed", "1", "override", "A second flaw makes it worse.")).Want(200, "uncontrolled, otherwise than the matrix", "History")

		// confidentiality alone is no patient harm
		pia.Get(at+"/new").Send(at, one("exploitability", "high", "harm", "confidentiality", "rationale", "Only names.")).Want(200, "Controlled: loss of confidentiality alone is not patient harm")

		// what Pump determined is Pump's, and the desk's if Pump lets it; the desk signs nothing
		h.joins(town.Max, h.party(id, town.Monitor))
		h.visitor(town.Max).Get(at).Want(200, "No risk determination is signed").Never("We measured it", "otherwise than the matrix")
		h.visitor(town.Dora).Get(at + "/new").Want(403)
		h.visitor(town.Wim).Get(at).Want(404)
	})
}

// an organization's own matrix is monotone, has versions, and a stale form
// overwrites nothing.
func TestMatrixWithoutScript(t *testing.T) {
	h := openCases(t, "")
	pia, pol := h.visitor(town.Pia), h.visitor(town.Pol)
	pia.Get("/risk-matrix").Want(200, "no matrix of its own yet", "Patient death")
	pol.Get("/risk-matrix").Want(200)
	pia.Send("/risk-matrix", one("m_0_0", "uncontrolled", "note", "Procedure 7.")).Want(422, "The matrix cannot be used", "Procedure 7.")
	pia.Send("/risk-matrix", one("m_0_0", "controlled", "note", "")).Want(422, "Why it is so is missing")
	pia.Send("/risk-matrix", one("m_0_2", "uncontrolled", "note", "Procedure 7, version 2.")).Want(200, "The new matrix is in force", "Version 1", "Procedure 7, version 2.")
	pol.Send("/risk-matrix", one("m_0_1", "uncontrolled", "m_0_2", "uncontrolled", "note", "Mine.")).Want(409, "put version 1 in force meanwhile", "Mine.")
	h.visitor(town.Max).Get("/risk-matrix").Want(200, "no matrix of its own yet").Never("Procedure 7")
}

// the calculators work without script.
func TestCalculatorsWithoutScript(t *testing.T) {
	h := openCases(t, "")
	r := h.visitor(town.Wim)
	r.Get("/calculators").Want(200, "CVSS 4.0", "MITRE rubric")
	for _, c := range []struct {
		id   string
		fill reader.Fill
		want []string
	}{
		{"cvss-3.1", one("do", "fill", "c3_vector", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"), []string{"Critical 9.8", "base score"}},
		{"cvss-4.0", one("do", "fill", "c4_vector", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:P"), []string{"High 8.9", "CVSS-BT"}},
		{"ssvc-supplier", one("s_exploitation", "active", "s_utility", "super effective", "s_technical-impact", "partial", "s_public-safety-impact", "minimal"), []string{"Immediate"}},
		{"ssvc-deployer", one("s_exploitation", "none", "s_system-exposure", "small", "s_automatable", "no", "s_human-impact", "low"), []string{"Defer"}},
		{"ssvc-cisa", one("s_exploitation", "active", "s_automatable", "yes", "s_technical-impact", "total", "s_mission-and-well-being-impact", "high"), []string{"Act"}},
		{"ssvc-bod-26-04", one("s_in-kev", "yes", "s_publicly-exposed", "yes", "s_automatable", "yes", "s_technical-impact", "total"), []string{"3 days"}},
	} {
		at := "/calculators/" + c.id
		r.Get(at).Want(200).Send(at, nil).Want(422)
		r.Send(at, c.fill).Want(200, c.want...)
		r.Send(at, one("do", "work")).Want(200, c.want...) // everything chosen is kept
	}
	// a therapy impact of High is flagged, and unknown counts as the worst
	at := "/calculators/rubric"
	r.Get(at).Send(at, one("r_XAVN", "Y")).Want(422, "not answered yet")
	full := one("r_XAVN", "Y", "r_XAVT", "Y", "r_XACL", "Y", "r_XPRL", "N", "r_XUI", "N", "r_XS", "N", "r_XCP", "N", "r_XIP", "N", "r_XAP", "N")
	for _, class := range []string{"D", "T", "W", "S", "O"} {
		for _, m := range []string{"C", "I", "A"} {
			full["r_X"+m+class] = []string{"N"}
		}
	}
	full["r_XIT"] = []string{"U"}
	r.Send(at, full).Want(200, "High 7.5", "The impact on the delivery of therapy is High: integrity.", "Unknown, and so taken as the worst: XIT.", "XAVN:Y")
	r.Get("/calculators/none").Want(404)
}

// SSVC decisions are kept with their answers; KEV and EPSS are
// shown as raw as they were read.
func TestSSVCAndKnownWithoutScript(t *testing.T) {
	h := openCases(t, "")
	id, v := h.coordinated()
	at := "/cases/" + id + "/risk"
	pia := h.visitor(town.Pia)
	pia.Get(at).Follow("Decide with SSVC").Want(200, "SSVC for suppliers")
	form := at + "/ssvc/" + v
	pia.Send(form, one("s_exploitation", "public poc")).Want(422, "Answer every question")
	pia.Send(form, one("s_utility", "laborious", "s_technical-impact", "total", "s_public-safety-impact", "significant")).Want(200, "Record this decision", "Immediate")
	pia.Send(form, one("do", "record")).Want(200, "The decision is recorded", "immediate", "SSVCv2/")

	dora := h.visitor(town.Dora)
	dora.Get(at).Follow("Note KEV and EPSS").Want(200)
	dora.Send(at+"/known/"+v, one("which", "epss", "probability", "2", "source", "first.org", "as_of", "2026-03-01")).Want(422)
	dora.Get(at+"/known/"+v).Send(at+"/known/"+v, one("which", "kev", "listed", "yes", "added", "2026-02-20", "source", "catalogue 2026.02.28", "as_of", "2026-02-28")).Want(200, "listed since 2026-02-20", "catalogue 2026.02.28")
	dora.Get(at+"/known/"+v).Send(at+"/known/"+v, one("which", "epss", "probability", "0.00043", "percentile", "0.11", "source", "first.org", "as_of", "2026-02-28")).Want(200, "0.00043, percentile 0.11")
	h.visitor(town.Max).Get(at + "/ssvc/" + v).Want(404)
}

// The words of the levels, and of what follows from a fact, keep step with the
// duty's.
func TestSeverityRowsAreTheDutys(t *testing.T) {
	for i, s := range severityRows {
		if got := fda.HarmSeverity(i + 1).String(); got != strings.ToLower(s.name) {
			t.Errorf("level %d is %q here and %q in the rule", i+1, s.name, got)
		}
	}
	for _, k := range cases.FactKinds() {
		if factFollows[k] == "" {
			t.Errorf("nothing says what follows from %q", k)
		}
	}
	grouped := 0
	for _, g := range factGroups {
		grouped += len(g.kinds)
	}
	if grouped != len(cases.FactKinds()) {
		t.Errorf("%d kinds of facts are offered, of %d", grouped, len(cases.FactKinds()))
	}
}

// learned states that Pump learned of the vulnerability of a case, days ago.
func (h *caseHouse) learned(id, person string, ago time.Duration) {
	h.t.Helper()
	p := h.party(id, town.Pump)
	h.do(person, func(tx *db.Tx) error {
		_, _, err := h.Cases.StateFact(tx, p, cases.NewFact{Kind: cases.Learned, At: h.Clock.Now().Add(-ago), Key: h.Key()})
		return err
	})
}
