package web

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

type node = html.Node

// A member reports, keeps what was typed and attached when it is refused, reads the
// answer and adds to it, without script. Nobody else of the organization knows.
func TestMemberReports(t *testing.T) {
	eachIntake(t, func(t *testing.T, h *intakeHouse) {
		p := h.visitor(town.Lea)
		p.Get("/reports").Want(200, "You have reported nothing yet").Follow("Report a vulnerability").Want(200, "You and the desk will read this")
		p.Send("/reports", reader.Fill{"description": {"Half of a report"}}, reader.File("files", "capture.txt", "a capture")).Want(422, "Say which device", "Half of a report", "attached")
		p.Send("/reports", reader.Fill{"title": {"Quokka in the updater"}, "products[0].name": {"Drip 3"}, "no_patient_data": {"1"}}).Want(200, "Quokka in the updater", "The desk has your report", "Half of a report", "attachment-1.txt")
		at, _, _ := strings.Cut(p.Path, "?")
		p.Get(at+"?x=1").Send("/messages", reader.Fill{"text": {""}}).Want(422, "Nothing you typed is lost")
		p.Send("/messages", reader.Fill{"text": {"There is more to it."}}, reader.File("files", "b.txt", "another")).Want(200, "There is more to it.", "You")
		p.Get("/reports").Want(200, "Quokka in the updater", "Received")

		file := reader.Find(p.Get(at).Page, func(n *node) bool { return strings.Contains(reader.Attr(n, "href"), "/files/") })
		if got := p.Get(reader.Attr(file, "href")); got.Status != 200 || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") || got.Body != "a capture" && got.Body != "another" {
			t.Errorf("the file came as %d %q", got.Status, got.Body)
		}
		id := strings.TrimPrefix(at, "/reports/")
		for _, person := range []string{town.Pia, town.Wim, town.Fay, ""} {
			o := h.visitor(person)
			want := 404
			if person == "" {
				want = 200 // the way to sign in
			}
			for _, path := range []string{at, reader.Attr(file, "href"), "/triage/" + id} {
				if o.Get(path); o.Status != want || strings.Contains(o.Body, "Quokka") {
					t.Errorf("%q gets %d for %s", person, o.Status, path)
				}
			}
			if person != "" {
				o.Get("/reports").Want(200).Never("Quokka")
				o.Get("/triage").Want(404)
			}
		}
		h.visitor(town.Dora).Get(at).Want(200, "Quokka in the updater", "Decide")
		if p.Get("/reports"); !strings.Contains(p.Body, "Report") || strings.Contains(p.Body, "/triage") {
			t.Error("a member's rail leads to the desk")
		}
	})
}
