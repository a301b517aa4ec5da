package web

import (
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// a notice is begun from the facts, checked for a to d, drafted,
// sent with its evidence and copied to the ISAO, without script.
func TestNoticeWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.Clock.Add(40 * 24 * time.Hour) // it is 10 April 2026
		id, _ := h.coordinated()
		h.learned(id, town.Pia, 20*24*time.Hour)
		at := "/cases/" + id + "/notices"
		pia := h.visitor(town.Pia)
		pia.Get("/cases/"+id+"/facts/new?kind=controls-identified").Send("/facts", one("at", "2026-04-05T10:00", "d_name", "Unplug the network", "d_greater_risk", "no", "d_text", "Use it stand-alone.")).Want(200)
		pia.Get(at).Want(200, "The 30-day notice is due", "No notice is written yet")
		pia.Follow("Write the notice").Want(200, "(a) What the vulnerability is", "Unplug the network: Use it stand-alone.")

		pia.Send(at, one("do", "check", "impact", "Anybody on the network can replace the firmware.")).Want(200, "It does not meet the 30-day condition. Missing:", "(b)", "(d)", "Anybody on the network can replace the firmware.")
		pia.Send(at, one("do", "save", "subject", "", "no_controls", "1")).Want(422, "The subject is missing.", "Either there are compensating controls, or there are none.", "Anybody on the network can replace the firmware.")
		pia.Send(at, one("do", "save", "subject", "Firmware of the A4", "no_controls", "", "recipients", "Ward Hospital\nClinic Group\n")).Want(200, "Saved as a draft", "The notice lacks", "Recipients: 2", "Use it stand-alone.")
		draft := strings.TrimSuffix(pia.Path, "?done=notice-drafted")

		// sent incomplete only with a reason
		pia.Follow("Record it as sent").Send("/send", one("via", "e-mail")).Want(422, "The notice does not say")
		kept(t, pia, "e-mail")
		pia.Get(draft).Follow("Go on writing").Send("/edit", one("do", "check", "efforts", "We work on it as expeditiously as possible.", "fix", "Release 3.5.", "future", "By e-mail.", "strategy", "Signed updates.")).
			Want(200, "All four items (a to d)")
		pia.Send("/edit", one("do", "save")).Want(200, "The notice says all that FDA asks for.")
		pia.Follow("Record it as sent").Want(200, "This house sends nothing to your customers").Send("/send", one("via", "e-mail to 2 customers", "at", "2026-09-01T10:00")).Want(422, "has not come yet")
		kept(t, pia, "e-mail to 2 customers")
		pia.Send("/send", one("at", "2026-04-10T11:00", "evidence", "file_1 post_2")).Want(200, "Recorded as sent, and copied to the ISAO", "e-mail to 2 customers", "file_1", "The ISAO got its copy")
		pia.Get(draft + "/edit").Want(409)

		pia.Get(draft+"/notice.txt").Want(200, "Firmware of the A4", "Release 3.5.")
		pia.Get(draft+"/notice.eml").Want(200, "Subject: Firmware of the A4").Never("Ward Hospital")

		// the desk has its copy, without the list; it is not in the case for it
		dora := h.visitor(town.Dora)
		dora.Get("/notices").Want(200, "Firmware of the A4").Follow("Firmware of the A4").Want(200, "the ISAO’s copy", "Release 3.5.", "2 recipients").Never("Ward Hospital", "Clinic Group")
		dora.Get(at + "/new").Want(403)
		h.joins(town.Max, h.party(id, town.Monitor))
		h.visitor(town.Max).Get("/notices").Want(200, "No copy yet")
		h.visitor(town.Max).Get(draft).Want(404)
	})
}
