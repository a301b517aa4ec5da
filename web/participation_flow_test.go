package web

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// the four criteria with what is missing; attestations and traces; the
// certificate that anybody can check, without script.
func TestParticipationWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		id, _ := h.coordinated()
		pump := town.Pump.ID()
		pia := h.visitor(town.Pia)
		pia.Get("/participation").Want(200, "Pump Works is not shown to have taken part actively in 2026-Q1", "1. Member of an ISAO", "Missing", "Deadlines of this period")
		pia.Get("/participation/" + pump + "?period=never").Want(422)
		pia.Get("/participation?period=2026-Q1").Send("/attest", one("kind", "process", "from", "2025-12-01", "title", "Head of quality")).Want(422, "The text is missing.", "Confirm that it is true")
		kept(t, pia, "Head of quality")
		pia.Send("/attest", one("text", "We assess each alert within a week.", "confirm", "1")).Want(200, "The attestation is on record", "We assess each alert within a week.", "in force since 1 Dec 2025")
		pia.Send("/attest", one("kind", "no-vulnerability", "from", "2026-01-01", "to", "2026-02-01", "text", "None.", "title", "Head of quality", "confirm", "1")).Want(200, "No vulnerability became known from 1 Jan 2026 to 1 Feb 2026")
		back := reader.Attr(reader.Find(pia.Page, func(n *html.Node) bool {
			return n.Data == "form" && strings.HasSuffix(reader.Attr(n, "action"), "/withdraw") && strings.Contains(reader.Words(n.Parent.Parent), "None.")
		}), "action")
		pia.Send(back, nil).Want(422, "The reason is missing.")
		pia.Send(back, one("reason", "One became known.")).Want(200, "Withdrawn: One became known.")

		pia.Get("/participation/trace?object="+id).Want(200, "Unsigned firmware").Send("/trace", one("kind", "not-applicable")).Want(422, "The note is missing.")
		pia.Send("/trace", one("kind", "risk-assessment", "target", "RA-2026-014")).Want(200, "The trace is recorded", "RA-2026-014")
		pia.Send("/trace", one("object", "", "topic", "/topics/topic_00000000000000000000000000", "kind", "mitigation", "target", "x")).Want(422, "There is no such case or topic that you can read.")

		// only the desk certifies, and only a period that is over
		dora := h.visitor(town.Dora)
		dora.Get("/participation").Want(200, "Pump Works", "Monitor Makers").Follow("Pump Works").Want(200, "It can be certified from 1 Apr 2026 on")
		dora.Send("/certificates", one("public", "1")).Want(422, "is not over yet")
		h.Clock.Add(40 * 24 * time.Hour)
		dora, pia = h.visitor(town.Dora), h.visitor(town.Pia)
		dora.Get("/participation/"+pump+"?period=2026-Q1").Want(200, "The period is over and not certified.").Send("/certificates", nil).Want(200, "The certificate is issued", "SHA-256", "What it does not prove")
		certificate := strings.TrimSuffix(dora.Path, "?done=certificate")
		pia.Get(certificate).Want(200, "Certificate of participation, 2026-Q1")
		pia.Get("/participation?period=2026-Q1").Want(200, "CERTIFICATE-")
		h.visitor(town.Max).Get(certificate).Want(404)
		h.visitor(town.Max).Get("/participation/" + pump).Want(404)
		h.visitor(town.Max).Get("/participation").Want(200, "Monitor Makers").Never("RA-2026-014")

		// both files are checked by anybody
		for _, as := range []string{"page", "file"} {
			file := pia.Get(certificate).Send("/file", one("as", as)).Want(200).Body
			any := h.visitor("")
			any.Get("/verify").Send("/verify", nil, reader.File("pack", "certificate", file)).Want(200, "The certificate is whole")
			spoilt := strings.Replace(file, "Pump Works", "Pump Forks", 1)
			any.Get("/verify").Send("/verify", nil, reader.File("pack", "certificate", spoilt)).Want(200, "does not hold")
		}
	})
}

// The case's evidence pack leaves by its tab, and anybody can check it.
func TestCasePackWithoutScript(t *testing.T) {
	h := openCases(t, "")
	id, _ := h.coordinated()
	h.learned(id, town.Pia, 48*time.Hour)
	pia := h.visitor(town.Pia)
	pack := pia.Get("/cases/"+id+"/evidence").Want(200).Send("/evidence", nil)
	if pack.Status != 200 || !strings.HasPrefix(pack.Body, "PK") || !strings.Contains(pack.Header.Get("Content-Disposition"), "-evidence.zip") {
		t.Fatalf("the pack is answered with %d, %s", pack.Status, pack.Header.Get("Content-Disposition"))
	}
	h.visitor("").Get("/verify").Want(200, "Check an evidence pack or a certificate").Send("/verify", nil, reader.File("pack", "x.zip", pack.Body)).Want(200, "The pack is whole")
	max := h.visitor(town.Max)
	max.Get("/calculators/cvss-3.1")
	if r := max.Get("/cases/" + id + "/evidence"); r.Status != 404 {
		t.Errorf("the tab answers %d to somebody who was only asked", r.Status)
	}
}
