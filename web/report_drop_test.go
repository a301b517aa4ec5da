package web

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// A stranger reports, comes back, reads, adds and takes a file, without script.
func TestStranger(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		p := h.visitor("")
		p.Get("/report").Want(200, "No account", "Which device", "Who knows", "How urgent", "keeps no address", "48 hours").Never("<style", "onclick", "/live")
		p.Send("/report", reader.Fill{}).Want(422, "Say which device", "The description", "Confirm that nothing").Never("receipt-words")
		p.Send("/report", pumpReport(nil), reader.File("files", "capture of ward 7.txt", "what the pump sent")).Want(200, "The desk has your report", "shown once", "Your files as they were kept")
		receipt := receiptOn(t, p)
		if strings.Contains(p.Path, receipt[:5]) || p.Path != "/report" {
			t.Fatalf("the receipt is at %s", p.Path)
		}
		p.Never("ward 7")

		p.Get("/report/return").Send("/report/return", reader.Fill{"receipt": {"nothing of the kind 0000"}}).Want(200, "There is no report with this receipt", "Six words and four digits")
		p.Send("/report/return", reader.Fill{"receipt": {strings.ToUpper(strings.ReplaceAll(receipt, "-", " "))}}).Want(200, "Received. The desk has not read it yet", "Files of your report")

		// The desk answers; the reporter reads it and adds something.
		id := h.queued("Drip 3")
		d := h.visitor(town.Dora).Get("/triage/"+id).Want(200, "somebody without an account", "Acknowledge the report", "nobody signed")
		h.later()
		d.Send("/messages", reader.Fill{"text": {"Which version of the firmware?"}}).Want(200, "Which version of the firmware?", "Dora Desk")
		p.Get("/report/return").Send("/report/return", reader.Fill{"receipt": {receipt}}).Want(200, "Acknowledged by the desk", "Which version of the firmware?").Never("Dora")
		h.later()
		p.Send("/report/return", reader.Fill{"text": {"Version 3.1"}}, reader.File("files", "x.txt", "a second capture")).Want(200, "The desk has what you added", "Version 3.1")
		d.Get("/triage/"+id).Want(200, "Version 3.1", "The reporter")

		// Sent twice with one key: once.
		h.later()
		p.Send("/report/return", reader.Fill{"text": {""}}).Want(422, "Nothing you typed is lost", "Which version")
		p.Get("/report/return").Send("/report/return", reader.Fill{"receipt": {receipt}}).Want(200)
		p.Send("/report/file", fileFill(t, p)).Want(200)
		if got := p.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") || !strings.Contains(p.Body, "capture") && !strings.Contains(p.Body, "sent") {
			t.Fatalf("the file came as %q: %s", got, p.Body)
		}
	})
}

// fileFill presses the first button that saves a file.
func fileFill(t *testing.T, p *reader.Reader) reader.Fill {
	t.Helper()
	b := reader.Find(p.Page, func(n *node) bool { return n.Data == "button" && reader.Attr(n, "name") == "file" })
	if b == nil {
		t.Fatal("no file can be saved")
	}
	return reader.Fill{"file": {reader.Attr(b, "value")}}
}
