package web

import (
	"regexp"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// A webhook is made, tried, turned off and on and removed without script; its
// secret is shown once, and no other organization finds it.
func TestHookWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/intel/hooks").Want(200, "No webhook yet").Follow("Add a webhook").Want(200, "JSON, signed")
		pia.Send("/intel/hooks", one("name", "Our SIEM", "url", "not an address", "query", "nothing:known")).Want(422, "2 things need mending")
		kept(t, pia, "Our SIEM")
		pia.Send("/intel/hooks", one("url", "https://siem.example/in", "query", "type:indicator")).Want(200, "shown this once", "Send a test", "type:indicator")
		secret := regexp.MustCompile(`whsec_[A-Za-z0-9_-]{40,}`).FindString(pia.Body)
		if secret == "" {
			t.Fatal("the secret is not shown")
		}
		pia.Get("/intel/hooks").Want(200, "Our SIEM", "nothing told yet").Follow("Our SIEM").Want(200, "https://siem.example/in").Never(secret)
		at := pia.Path
		pia.Send("/test", nil).Want(200, "A test is on its way", "is being sent")
		pia.Get(at).Send("/off", nil).Want(200, "It is off.")
		pia.Send("/on", nil).Want(200, "The webhook is on.")
		pia.Get(at+"/edit").Want(200).Send("/edit", one("name", "Our new SIEM", "query", "")).Want(200, "Our new SIEM", "everything")
		pia.Send("/secret", nil).Want(200, "shown this once").Never(secret)

		max := h.visitor(town.Max)
		max.Get("/intel/hooks").Want(200, "No webhook yet").Never("SIEM")
		max.Get(at).Want(404)
		max.Get(at + "/edit").Want(404)
		pia.Get(at).Send("/remove", nil).Want(200, "its secret is forgotten", "No webhook yet")
		if strings.Contains(pia.Get(at).Want(404).Body, "SIEM") {
			t.Error("a removed webhook is still named")
		}
	})
}
