package web

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// What waits is decided by whoever may, with what is there beside it; nobody else
// finds it. Without script.
func TestHeldWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		open := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green, Attribution: intel.Anonymous}
		h.visitor(town.Pia).Get("/intel/held").Want(200, "Nothing waits")
		h.brought(town.Max, intel.Terms{Scrub: intel.ScrubClean}, beacon(1, 0, "Monitor’s beacon", markGreen))

		// somebody else's version: its owner decides, and does not learn who sent it
		h.brought(town.Pia, open, beacon(1, 5, "A worse name", markGreen))
		pia := h.visitor(town.Pia)
		pia.Get("/intel/held").Want(200, "It would change another’s object", "The organization that has the object").Follow("A worse name").
			Want(200, "The organization that has the object decides on this.").Never("Let it in")
		at := pia.Path
		max := h.visitor(town.Max)
		max.Get("/intel/held").Want(200, "You").Never("Pump Works").Follow("A worse name").
			Want(200, "You decide on this.", "Properties that differ", "name", "Monitor’s beacon", "A worse name", "Let it in: ").Never("Pump Works", "Pia Pump")
		h.visitor(town.Wim).Get(at).Want(404)
		h.visitor(town.Wim).Get("/intel/held").Want(200, "Nothing waits")
		max.Send(at, one("do", "discard")).Want(422, "The reason is missing.")
		pia.Get(at).Want(200, "waiting")
		max.Get(at).Send(at, one("do", "discard", "why", "The name is right as it is.")).Want(200, "It is discarded.", "Nothing waits")
		pia.Get(at).Want(200, "It was discarded.")

		// a marking that nobody knows: the sender says what it is
		h.brought(town.Pia, open, beacon(2, 0, "Strangely marked", "marking-definition--00000000-0000-4000-8000-00000000abcd"))
		pia.Get("/intel/held").Want(200, "Its marking is not known", "You").Follow("Strangely marked").Want(200, "How it is marked")
		at = pia.Path
		pia.Send(at, one("do", "accept")).Want(422, "Choose how it is marked")
		pia.Send(at, one("do", "accept", "label", "GREEN")).Want(200, "It is let in")
		town.Must(h.Town, town.Wim, func(v *db.View) (intel.Object, error) {
			return h.Intel.Object(v, "indicator--00000000-0000-4000-8000-000000000002")
		})

		// personal data: a reason goes on record
		h.brought(town.Pia, open, strings.Replace(beacon(3, 0, "Call us", markGreen), `"name":`, `"description":"Patient John Roe, MRN 00123456, phone +1 202 555 0143","name":`, 1))
		pia.Get("/intel/held").Want(200, "It may hold personal data").Follow("Call us").Want(200, "Why it may stay as it is")
		at = pia.Path
		pia.Send(at, one("do", "accept")).Want(422, "The reason is missing.")
		pia.Send(at, one("do", "accept", "why", "The number is the attacker’s.")).Want(200, "It is let in", "Nothing waits")
	})
}
