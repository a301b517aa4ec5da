package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// A case tells those who run the products, once the source of the case agreed with the
// wording and the marking: two persons, and nobody in the case learns who was told.
// Without script.
func TestCaseHoldersPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.held("A4", map[string]string{town.Wim: "3.2", town.Cleo: "9.0"})
		id, _ := h.coordinated()
		path := "/cases/" + id + "/holders"
		pia, dora, wim, cleo := h.visitor(town.Pia), h.visitor(town.Dora), h.visitor(town.Wim), h.visitor(town.Cleo)
		draft := one("title", "Take pump A4 off the network", "do_now", "Unplug the network cable.", "affected", "Pump Works; A4; < 3.5", "vulns", "CVE-2026-1234", "downtime", "no", "tlp", "AMBER+STRICT")

		// What is wrong is said, nothing typed is lost, and an embargo is not ended by it.
		pia.Get(path).Want(200, "Draft a notice to holders")
		pia.Send("/holders", one("title", "Take pump A4 off the network", "affected", "Pump Works A4")).Want(422, "no semicolon: “Pump Works A4”")
		holds(t, pia, "title", "Take pump A4 off the network")
		pia.Send("/holders", one("affected", "Pump Works; A4; < 3.5", "do_now", "")).Want(422, "What to do now is missing")
		pia.Send("/holders", one("do_now", "Unplug the network cable.", "tlp", "GREEN")).Want(422, "An embargo binds this case until")
		pia.Get(path).Send("/holders", draft).Want(200, "The draft is kept", "waits for a second person", "Unplug the network cable.", "Pump Works A4, < 3.5").Never("Agree and send", "Ward")
		dora.Get(path).Want(200, "The draft waits for your agreement", "Agree and send", "TLP:AMBER+STRICT").Never("Ward", "Clinic")

		// It is nobody's before that, and not of the one who wrote it.
		for _, person := range []string{town.Wim, town.Cleo, town.Max, town.Fay} {
			h.visitor(person).Get(path).Want(404)
		}
		wim.Get("/alerts").Want(200, "No alert matches your devices")
		all := town.Must(h.Town, town.Pia, func(v *db.View) ([]cases.HolderNotice, error) { return h.Cases.HolderNotices(v, id) })
		drafted := url.Values{"sure": {"on"}, "drafted": {all[0].Drafted.UTC().Format(time.RFC3339Nano)}}
		q, err := http.NewRequest("POST", h.web.URL+path+"/"+all[0].ID+"/approve", strings.NewReader(drafted.Encode()))
		h.OK(err)
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set("Sec-Fetch-Site", "same-origin")
		pia.Do(q).Want(403, "The coordinator of CASE-", "Nothing was changed")
		dora.Get(path).Send("/approve", nil).Want(422, "Say that you agree with the wording")

		// Agreement is with what was read.
		dora.Get(path)
		h.Clock.Add(time.Minute)
		pia.Get(path).Send("/holders", one("do_now", "Unplug it.\nCall us.")).Want(200, "The draft is kept", "Call us.")
		dora.Send("/approve", one("sure", "on")).Want(409, "The draft was changed since you read it")
		wim.Get("/alerts").Want(200, "No alert matches your devices")
		dora.Get(path).Send("/approve", one("sure", "on")).Want(200, "Sent to those who hold these products", "Agreed to by Dora Desk").Never("Ward", "Clinic", "Wim")
		h.followAlerts()

		// Who runs what it names reads it, with the reason; who runs another version does not.
		wim.Get("/alerts").Want(200, "Take pump A4 off the network", "Matches Pump Works A4, version 3.2")
		wim.Follow("Take pump A4 off the network").Want(200, "Unplug it.", "CVE-2026-1234").Never("CASE-", "/cases/")
		cleo.Get("/alerts").Want(200, "No alert matches your devices")
		h.visitor(town.Wim).Get("/cases/" + id).Want(404) // it never widens the case
		pia.Get(path).Want(200, "Sent").Never("Ward", "Wim")

		// What was drafted may be taken back, with the reason.
		h.Clock.Add(time.Minute)
		pia.Send("/holders", one("title", "Once more", "do_now", "Wait.", "affected", "Pump Works; A4")).Want(200, "The draft is kept")
		dora.Get(path).Send("/take", one("reason", "")).Want(422)
		dora.Send("/take", one("reason", "The fix is out.")).Want(200, "The draft is taken back", "The fix is out.")
		wim.Get("/alerts").Want(200).Never("Once more")
		all = town.Must(h.Town, town.Dora, func(v *db.View) ([]cases.HolderNotice, error) { return h.Cases.HolderNotices(v, id) })
		if len(all) != 2 || all[0].State != cases.HolderTaken || all[1].State != cases.HolderSent {
			t.Errorf("%+v", all)
		}
	})
}
