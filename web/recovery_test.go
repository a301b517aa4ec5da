package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/policy"
)

// TestRecoveryByTwoPeople is the rest of T-43: everything lost, two people vouch,
// a day passes, and the lost keys and sessions are worth nothing any more.
func TestRecoveryByTwoPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openHouse(t, false)
	ana := "person_00000000000000000000000000"
	h.found(ana)
	org := h.org("Pumpworks", policy.Manufacturer)
	pia := h.person(org, "Pia Pump", true, policy.RoleOfficer)
	other := h.org("St. Anne", policy.Provider)
	wim := h.person(other, "Wim Ward", true, policy.RoleOfficer)
	lost := h.device()
	lost.register(h.invite(pia, "Kari Lie"))
	kari := h.personNamed("Kari Lie")
	old := lost.key.Credentials()[0]
	thief := h.session(kari, true)

	// The officer vouches first, and needs her passkey for it.
	stale := h.client(h.session(pia, false))
	stale.get("/recovery/new?person="+kari).want(t, 200, "Confirm with your passkey first")
	stale.post("/recovery", url.Values{"person": {kari}, "reason": {"Seen in person this morning."}}).want(t, 403, "Seen in person this morning.", "Confirm with your passkey")
	officer := h.device()
	officer.SetCookie(h.url, h.session(pia, true))
	officer.Go(h.url + "/people/" + kari)
	officer.Click("a[href^='/recovery/new']")
	officer.Fill("#recover-reason", "Seen in person this morning.")
	officer.Click("#recover button.primary")
	officer.WaitText(".notice", "A second person has to approve", browser.Patience)
	if officer.Exists("form[action$='/approve']") {
		t.Error("the first person is offered to approve")
	}
	id := between(officer.HTML(), "/recovery/", "/cancel")[0]
	h.client(h.session(pia, true)).post("/recovery/"+id+"/approve", nil).want(t, 403, "A second person")

	// An officer of another organization learns nothing of it.
	stranger := h.client(h.session(wim, true))
	if a := stranger.get("/recovery"); strings.Contains(a.body, "Kari") {
		t.Error("another organization's officer sees the recovery")
	}
	for _, act := range []string{"approve", "link", "cancel"} {
		stranger.post("/recovery/"+id+"/"+act, nil).want(t, 404)
	}
	stranger.get("/recovery/new?person="+kari).want(t, 404)

	// The owner is told on every device that is still signed in.
	h.client(thief).get("/account").want(t, 200, "Somebody says that you lost every passkey", "Stop the recovery")

	// The desk is the second.
	desk := h.device()
	desk.SetCookie(h.url, h.session(ana, true))
	desk.Go(h.url + "/desk")
	desk.WaitText(".next", "Register a second passkey first", browser.Patience)
	desk.WaitText(".rows", "Recovery of Kari Lie", browser.Patience)
	desk.Click(".rows a[href='/recovery']")
	desk.arrives("/recovery")
	desk.confirm("form[action$='/approve'] button")
	desk.WaitText(".notice", "in 24 hours", browser.Patience)
	if desk.Exists("form[action$='/link']") {
		t.Error("the link is offered at once")
	}
	h.client(h.session(ana, true)).post("/recovery/"+id+"/link", nil).want(t, 409, "a day after the second approval")
	h.clock.Add(24*time.Hour - time.Second)
	h.client(h.session(ana, true)).post("/recovery/"+id+"/link", nil).want(t, 409)
	h.clock.Add(time.Second)
	desk.SetCookie(h.url, h.session(ana, true))
	desk.Go(h.url + "/recovery")
	desk.Click("form[action$='/link'] button")
	link := made(desk)

	// She comes back on a new device; the old key and every session are void.
	live := h.session(kari, true)
	h.client(live).get("/account").want(t, 200)
	found := h.device()
	found.register(link)
	found.WaitText(".notice", "The lost ones, all other sessions and all tokens are gone", browser.Patience)
	found.WaitText(".next", "Add a second passkey", browser.Patience)
	h.client(live).get("/account").want(t, 303)
	h.client().get(strings.TrimPrefix(link, h.url)).want(t, 404)
	finder := h.device()
	finder.key.AddCredential(old)
	finder.Go(h.url + "/sign-in")
	if got := finder.refusal(); !strings.Contains(got, "could not be checked") {
		t.Errorf("the lost key: %s", got)
	}
	found.Click(".person button")
	found.arrives("/sign-in")
	found.signIn()
}
