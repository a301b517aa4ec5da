package web

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// An outside source is added, looked at, changed, paused, asked and removed without
// script; its secrets are never shown again, and no other organization finds it.
func TestSourceWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/intel/sources").Want(200, "No outside source yet").Follow("Add a source").Want(200, "Where it is")
		pia.Send("/intel/sources", one("name", "Sector ISAO", "url", "gopher://taxii.example/api", "password", "hunter-two-two", "user", "pump", "every", "60", "day_objects", "many")).
			Want(422, "The quota is a whole number").Never("hunter-two-two")
		kept(t, pia, "Sector ISAO")
		pia.Send("/intel/sources", one("day_objects", "")).Want(422, "Name the collection that is read").Never("hunter-two-two")
		pia.Send("/intel/sources", one("url", "https://taxii.example/api/collections/91a7b528-80eb-42ed-a74d-c6fbd5a26116/", "password", "hunter-two-two")).
			Want(200, "The source is read from now on.", "not read yet", "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "basic, kept encrypted", "50,000 objects").Never("hunter-two-two")
		at, _, _ := strings.Cut(pia.Path, "?")
		pia.Get("/intel/sources").Want(200, "Sector ISAO", "TAXII 2.1", "not read yet", "never")

		pia.Get(at+"/edit").Want(200, "Keep the credentials that are there: basic").Never("hunter-two-two")
		kept(t, pia, "Sector ISAO")
		pia.Send("/edit", one("name", "Sector ISAO, pumps", "every", "1440", "reach", "marked", "floor", "GREEN", "scrub", "clean")).Want(200, "Sector ISAO, pumps", "once a day", "At the widest TLP:GREEN", "basic, kept encrypted")
		s := town.Must(h.Town, town.Pia, func(v *db.View) ([]intel.Source, error) { return h.Intel.Sources(v) })[0]
		if s.Terms.Floor != policy.Green || len(s.Terms.Green) != 1 || s.Terms.Green[0] != policy.Community {
			t.Errorf("the terms became %+v", s.Terms)
		}
		pia.Send("/pull", nil).Want(200, "The source is asked now.")
		pia.Send("/pause", nil).Want(200, "It is paused.", "Resume reading")
		h.visitor(town.Pol).Get(at).Send("/resume", nil).Want(200, "The source is read again")

		max := h.visitor(town.Max)
		max.Get("/intel/sources").Want(200, "No outside source yet").Never("Sector ISAO")
		max.Get(at).Want(404)
		max.Get(at + "/edit").Want(404)

		pia.Get(at).Send("/remove", nil).Want(200, "its credentials are forgotten", "No outside source yet")
		pia.Get(at).Want(404)
	})
}
