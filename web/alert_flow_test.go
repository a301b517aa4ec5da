package web

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// held adds a product of Pump Works that all may know, with holders: person → version.
func (h *caseHouse) held(name string, versions map[string]string) (id string) {
	h.t.Helper()
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.AddProduct(tx, devices.ProductForm{Name: name, Label: town.Label(policy.Green, policy.Community), Software: true})
		return err
	})
	for _, person := range []string{town.Wim, town.Cleo} {
		if v, ok := versions[person]; ok {
			h.do(person, func(tx *db.Tx) error {
				_, _, err := h.Devices.Deploy(tx, devices.DeploymentForm{Product: id, Version: v, Count: 3, Zone: "Ward 7"})
				return err
			})
		}
	}
	h.followAlerts()
	return id
}

// followAlerts brings the counts of alerts up to date.
func (h *caseHouse) followAlerts() {
	h.t.Helper()
	for n := int64(1); n > 0; {
		var err error
		n, err = h.Ledger.Step(h.Ctx, h.Alerts.Follower())
		h.OK(err)
	}
}

// alerted sends an alert of Pump Works about versions of a product before 2.0.
func (h *caseHouse) alerted(product string, tlp policy.TLP, class alerts.Class) (id string) {
	h.t.Helper()
	h.do(town.Pia, func(tx *db.Tx) (err error) {
		id, err = h.Alerts.Draft(tx, alerts.Form{Class: class, Content: alerts.Content{Title: "Pumps may stop", DoNow: "Unplug the network.\nCall us.", What: "A **long** text.", TLP: tlp,
			Affected: []alerts.Affected{{Product: product, Range: "< 2.0", Words: "with the network module"}}, Vulns: []string{"CVE-2026-1234"},
			Clinical: alerts.Clinical{Downtime: "yes", Seconds: 600, Restart: "yes", Features: "Remote control", Workflow: "Set doses by hand.", Note: "Therapy goes on."}, Mechanism: "firmware_patch", Category: "vendor_fix"}})
		return err
	})
	h.do(town.Pol, func(tx *db.Tx) error { return h.Alerts.Approve(tx, id, 1) })
	h.do(town.Pia, func(tx *db.Tx) error { return h.Alerts.Send(tx, id, 1) })
	return id
}

// B3.6: an alert is written, read back, approved and sent; who holds the product reads
// it with the reason and answers; nobody else learns of it. Without script.
func TestAlertWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		p := h.held("Pump A4", map[string]string{town.Wim: "1.5", town.Cleo: "2.5"})
		pia, wim, cleo := h.visitor(town.Pia), h.visitor(town.Wim), h.visitor(town.Cleo)
		wim.Get("/alerts").Want(200, "No alert matches your devices", "1 deployment is compared", "No notice came in half a year").Never(`href="/alerts/new"`)
		before := wim.Get("/alerts/newest").Body
		wim.Get("/alerts/new").Want(404)
		h.visitor(town.Max).Get("/alerts").Want(200, "Your organization has not said what it runs", "Add deployments")
		h.visitor(town.Wanda).Get("/alerts").Want(200, "No alert is for you")

		// the composer: a product is found and added, bad input is named and nothing is lost
		pia.Get("/alerts").Follow("Write an alert").Want(200, "None is named yet", "Pump Works Pump A4")
		pia.Send("/alerts", one("do", "save", "title", "Pumps may stop")).Want(422, "What to do now is missing", "Name at least one product")
		kept(t, pia, "Pumps may stop")
		pia.Send("/alerts", one("do", "find", "find", "nothing like it")).Want(200, "No other product that you may name is called like that")
		pia.Send("/alerts", one("do", "find", "find", "", "add", p)).Want(200, "Fewer than 5 organizations hold it, in any version.", "We read: every version")
		pia.Send("/alerts", one("do", "save", "do_now", "1\n2\n3\n4", "minutes", "soon", "downtime", "yes")).Want(422, "is a number of minutes")
		pia.Send("/alerts", one("do", "save", "minutes", "10")).Want(422, "has 4 lines; at most 3 fit")
		pia.Send("/alerts", one("do", "check", "do_now", "Unplug the network.\nCall us.", "range", "< 2.0", "words", "with the network module", "vulns", "CVE-2026-1234, CVE-2026-9", "restart", "yes", "features", "Remote control",
			"what", "A **long** text.")).Want(200, "As its recipients will read it", "We read: < 2.0", "Yes, about 10 minutes", "nobody can rule out").Never("needs mending")
		pia.Send("/alerts", one("do", "check", "range", "the blue ones")).Want(200, "nothing that can be compared: every holder is told that a person has to look")
		h.visitor(town.Pol).Get("/alerts/written").Want(200, "No alert was written yet") // looking at it kept nothing
		pia.Send("/alerts", one("do", "save", "range", "< 2.0")).Want(200, "Saved as a draft", "It is a draft.", "fewer than 5", "Nobody yet.")
		at := strings.TrimSuffix(pia.Path, "?done=alert-drafted")
		wim.Get(at).Want(404)
		cleo.Get("/alerts").Want(200, "No alert matches your devices")

		// changed, approved, sent
		pia.Follow("Change").Want(200, "Change the alert").Send("/change", one("do", "save", "title", "Pumps may stop at once")).Want(200, "Saved. It has to be approved", "Pumps may stop at once")
		pia.Send("/approve", one("revision", "1")).Want(409, "Somebody changed this alert meanwhile")
		pia.Get(at).Send("/approve", nil).Want(200, "Pia Pump approved it.", "Send to all holders of 1 product")
		pia.Send("/send", nil).Want(200, "Sent. Every holder has a notice of its own.", "fewer than 5", "Nobody asked anything yet").Never("Ward", "Clinic", "Wim")
		pia.Get("/alerts/drafts/" + strings.TrimPrefix(at, "/alerts/")).Want(409)

		// a page that is open notices that something came
		if now := wim.Get("/alerts/newest").Want(200).Body; now == before || !strings.Contains(wim.Get("/alerts").Body, `data-seen="`+now+`"`) {
			t.Errorf("what the page compares is %q before and %q after", before, now)
		}
		if now := cleo.Get("/alerts/newest").Body; now != before {
			t.Errorf("who is not touched is told that something came: %q", now)
		}

		// the one it touches: why first, then the rest; one answer, which may be changed
		cleo.Get("/alerts").Want(200, "No alert matches your devices")
		wim.Get("/inbox").Want(200, "Needs you", "Pumps may stop at once", "Alert · Matches Pump Works Pump A4, version 1.5, in Ward 7")
		wim.Get("/alerts").Want(200, "Matches Pump Works Pump A4, version 1.5, in Ward 7", "Today", "1 notice this week")
		wim.Follow("Pumps may stop at once").Want(200, "Why you got this", "The alert names < 2.0", "Affected", "Unplug the network.", "Yes, about 10 minutes", "Remote control", "CVE-2026-9", "Nobody of Ward Hospital answered yet", "TLP:AMBER+STRICT", "Its text may go inside")
		notice := wim.Path
		short := ids.Short(notice[strings.LastIndexByte(notice, '/')+1:])
		if wim.Get("/go/"+short).Want(200, "Opened by Wim Ward", short); wim.Path != notice {
			t.Errorf("%s leads to %s", short, wim.Path)
		}
		cleo.Get("/go/" + short).Want(404)
		cleo.Get(notice).Want(404)
		pia.Get(notice).Want(404)
		wim.Send("/answer", one("answer", "perhaps")).Want(422, "The answer must be one of")
		wim.Send("/answer", one("answer", "looking", "note", "Ask the night shift.")).Want(200, "Your answer is on record", "Our answer: Looking", "Ask the night shift.")
		wim.Get("/inbox").Never("Pumps may stop at once")
		wim.Get(notice).Send("/answer", one("answer", "affected")).Want(200, "Our answer: Affected")
		pia.Get(at).Want(200, "fewer than 5").Never("5 or more", "Ward", "night shift")

		// put away, and back
		wim.Get("/alerts").Send("/archive", nil).Want(200, "Put away", "No alert matches your devices")
		wim.Get("/alerts?show=done").Want(200, "Archived").Follow("Pumps may stop at once").Send("/archive", nil).Want(200, "It is back")
		wim.Get("/alerts?show=new").Want(200, "Nothing is new")
	})
}

// what a recipient asks is read under a pseudonym of this alert, until it says
// itself who it is.
func TestAlertInquiryWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		p := h.held("Pump A4", map[string]string{town.Wim: "1.5", town.Cleo: ""})
		id := h.alerted(p, policy.Amber, alerts.Today)
		pia, wim, cleo := h.visitor(town.Pia), h.visitor(town.Wim), h.visitor(town.Cleo)
		cleo.Get("/alerts").Want(200, "May match Pump Works Pump A4").Follow("Pumps may stop").Want(200, "A person must look", "needs a person")
		wim.Get("/alerts").Follow("Pumps may stop").Want(200, "Ask Pump Works, under a pseudonym")
		notice := wim.Path
		wim.Send("/ask", one("body", "")).Want(422, "The message is missing")
		wim.Send("/ask", one("body", "Is the **gateway** touched too?")).Want(200, "Sent. Who wrote the alert sees your question", "Waits for an answer", "You ask as Asker ")
		asked := strings.TrimSuffix(wim.Path, "?done=alert-asked")
		name := wim.Body[strings.Index(wim.Body, "You ask as ")+len("You ask as "):][:len("Asker 0000-0000-0000")]
		wim.Get(notice).Want(200, "Is the **gateway** touched too?", "Asked as "+name)
		cleo.Get(asked).Want(404)
		pia.Get(asked).Want(404)

		pia.Get("/inbox").Want(200, "Answer: Pumps may stop", name).Never("Ward")
		pia.Get("/alerts/"+id).Want(200, "1 inquiry waits for an answer", name).Never("Ward", "Wim")
		pia.Follow("Answer").Want(200, name, "You cannot see who it is", "1 Mar 2026").Never("Ward", "Wim", "Tell them that we are")
		answer := pia.Path
		wim.Get(answer).Want(404)
		pia.Send("/reply", one("body", " ")).Want(422, "The message is missing")
		pia.Send("/reply", one("body", "No, only the pump.")).Want(200, "Your message is in the inquiry", "Answered").Never("Ward")
		wim.Get(asked).Want(200, "No, only the pump.", "Pia Pump").Send("/reveal", nil).Want(200, "You told who you are")
		pia.Get(answer).Want(200, "Ward Hospital asks about your alert")
		wim.Get(asked).Send("/close", nil).Want(200, "The inquiry is closed", "Closed").Never("Write on")
		pia.Get("/alerts/"+id).Want(200, "Closed", "Ward Hospital about")
	})
}

// A second person approves what interrupts people or opens to many; what is for
// everybody is listed for everybody, and tells nobody who was touched.
func TestAlertForEverybody(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		p := h.held("Pump A4", map[string]string{town.Wim: "1.5"})
		pia, pol, cleo, nobody := h.visitor(town.Pia), h.visitor(town.Pol), h.visitor(town.Cleo), h.visitor("")
		cleo.Get("/alerts/community").Want(200, "No alert for everybody yet")
		pia.Get("/alerts/new?product="+p).Want(200, "Take Pump Works Pump A4 out").
			Send("/alerts", one("do", "save", "title", "Stop the pump", "do_now", "Update it.", "tlp", "RED", "class", "now")).Want(422, "TLP:RED is for named persons")
		pia.Send("/alerts", one("do", "save", "tlp", "CLEAR")).Want(200, "It waits for a second person.", "it interrupts people").Never("Approve this text")
		at := strings.TrimSuffix(pia.Path, "?done=alert-drafted")
		q := h.visitor(town.Pia).Get(at)
		if strings.Contains(q.Body, at+"/approve") || strings.Contains(q.Body, at+"/send") {
			t.Error("who wrote it is offered to approve or send it")
		}
		pol.Get("/inbox").Want(200, "Approve: Stop the pump", "waits for a second person")
		pol.Get(at).Want(200, "It waits for a second person: you.").Send("/approve", nil).Want(200, "Pol Pump approved it.", "Send to all holders of 1 product, and publish")
		nobody.Get(at).Want(404)
		pia.Get(at).Send("/send", nil).Want(200, "Sent.")
		nobody.Get(at).Want(200, "Stop the pump", "By Pump Works", "TLP:CLEAR").Never("Pol Pump", "How it was received", "Pia")
		cleo.Get("/alerts").Want(200, "Stop the pump", "No alert matches your devices").Follow("Stop the pump").Want(200, "Nothing that your organization said it runs matched").Never("Pol Pump", "How it was received")
		h.visitor(town.Wim).Get(at).Want(200, "It matches what your organization runs").Follow("See why, and answer").Want(200, "Why you got this")
		h.visitor(town.Dora).Get(at).Want(200, "How it was received", "fewer than 5").Never("Ward")

		// another takes its place; then that one is withdrawn
		pia.Get(at).Follow("Write one in its place").Want(200, "It takes the place of “Stop the pump”").Send("/alerts", one("do", "save", "title", "Stop the pump again", "tlp", "AMBER", "class", "today")).Want(200, "Saved as a draft")
		next := strings.TrimSuffix(pia.Path, "?done=alert-drafted")
		pia.Send("/approve", nil).Want(200).Send("/send", nil).Want(200, "an earlier alert")
		pia.Get(at).Want(200, "Another alert took its place")
		wim := h.visitor(town.Wim)
		wim.Get("/alerts").Want(200, "Superseded").Follow("Stop the pump").Want(200, "Another alert took the place of this one")
		pia.Get(next).Send("/withdraw", one("why", "")).Want(422, "The reason is missing")
		pia.Send("/withdraw", one("why", "The range was wrong.")).Want(200, "It was withdrawn.")
		wim.Get("/alerts").Follow("Stop the pump again").Want(200, "withdrawn by who sent it", "The range was wrong.")
	})
}

// The desk writes about any product, also one that nobody keeps here; others about
// nothing that is not theirs.
func TestAlertByDesk(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		p := h.held("Pump A4", nil)
		dora, max := h.visitor(town.Dora), h.visitor(town.Max)
		dora.Get("/alerts/new").Send("/alerts", one("do", "find", "other_maker", "Elsewhere Devices", "other_name", "Infuser 9")).Want(200, "Nobody keeps this product here", "Elsewhere Devices Infuser 9")
		dora.Send("/alerts", one("do", "save", "title", "Infusers", "do_now", "Look at them.", "tlp", "AMBER", "class", "digest")).Want(200, "Saved as a draft", "Elsewhere Devices Infuser 9", "It is a draft.")
		dora.Get("/alerts/new").Send("/alerts", one("do", "find", "add", p)).Send("/alerts", one("do", "save", "title", "Pumps", "do_now", "Look at them.", "tlp", "AMBER", "class", "today")).
			Want(200, "another organization’s product", "It waits for a second person.")
		h.visitor(town.Dan).Get("/alerts/written").Want(200, "Infusers", "Pumps", "Draft", "Ours only").Follow("Pumps").Want(200, "It waits for a second person: you.")
		dora.Get("/alerts/written?state=sent").Want(200, "No alert is like that")
		max.Get("/alerts/new").Want(200).Never("Pump Works Pump A4")
		max.Send("/alerts", one("do", "find", "add", p)).Want(200).Send("/alerts", one("do", "save", "title", "Pumps", "do_now", "Look.", "tlp", "AMBER", "class", "today")).Want(422, "Another organization keeps this product")
		max.Get("/alerts/written").Want(200, "No alert was written yet")
		h.visitor(town.Fay).Get("/alerts/new").Want(404)
	})
}

// drawnAnew is what differs each time that a page is made.
var drawnAnew = regexp.MustCompile(`data-stream="[^"]*"|name="idempotency_key" value="[^"]*"`)

// What the sender sees is the same whether nobody, one or two hold what it names; and
// what a hospital sees does not tell of another.
func TestAlertSenderLearnsNothing(t *testing.T) {
	pages := map[string]string{}
	for name, holders := range map[string]map[string]string{"nobody": {}, "one": {town.Wim: "1.5"}, "two": {town.Wim: "1.5", town.Cleo: "1.6"}} {
		h := openCases(t, "")
		p := h.held("Pump A4", holders)
		h.Clock.Set(town.Epoch.Add(time.Hour))
		id := h.alerted(p, policy.Amber, alerts.Today)
		h.followAlerts()
		h.Clock.Set(town.Epoch.Add(3 * time.Hour))
		var all strings.Builder
		for _, person := range []string{town.Pia, town.Dora} {
			r := h.visitor(person)
			for _, path := range []string{"/alerts/" + id, "/alerts/written", "/alerts", "/alerts/new?product=" + p} {
				body := r.Get(path).Want(200).Body
				for _, varies := range []string{id, strings.TrimPrefix(id, "alert_"), p, alerts.Alert{ID: id}.Short()} {
					body = strings.ReplaceAll(body, varies, "…")
				}
				all.WriteString(drawnAnew.ReplaceAllString(body, ""))
			}
		}
		pages[name] = all.String()
	}
	for _, name := range []string{"one", "two"} {
		if pages[name] != pages["nobody"] {
			a, b, i := pages["nobody"], pages[name], 0
			for i < min(len(a), len(b)) && a[i] == b[i] {
				i++
			}
			t.Errorf("the sender's pages differ if %s holds the product: %q, %q", name, a[max(0, i-100):min(len(a), i+100)], b[max(0, i-100):min(len(b), i+100)])
		}
	}
}
