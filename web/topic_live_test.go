package web

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/policy"
)

// TestTwoPeopleLive does the main job in two private windows: what one sends is
// on the other's screen within a second, without reloading, and nothing that
// the other is writing is lost or moved.
func TestTwoPeopleLive(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openForum(t, "", true)
	osei, adeyemi := h.tab("Osei"), h.tab("Adeyemi")
	adeyemi.Go(h.web.URL + "/inbox")
	osei.Go(h.web.URL + "/rooms/" + h.rooms["Infusion pumps"] + "/topics/new")
	osei.Fill("#compose-title", "Telnet on the PW-7")
	osei.Type("#compose-body", "It opens after a crash.\n\n- PW-7\n- PW-8")
	advisory := filepath.Join(t.TempDir(), "advisory.json")
	h.must(os.WriteFile(advisory, []byte(strings.Repeat(`{"document":{}}`, 40_000)), 0o600))
	osei.Upload("#compose-files", advisory)
	osei.WaitText("[data-preview-sentence]", "3 people in 2 organizations", time.Second)
	osei.Eval(`document.querySelector('input[value="org:`+h.orgs["St. Anne Hospital"]+`"]').click()`, nil)
	osei.WaitText("[data-preview-button]", "Send to 4 people in 2 organizations", 3*time.Second)
	osei.Click("[data-send]")
	osei.Wait("article.post")
	topic := osei.URL()
	if took := adeyemi.WaitText("main", "Telnet on the PW-7", 3*time.Second); took > time.Second {
		t.Errorf("the new topic took %s to the inbox", took)
	}
	if n := adeyemi.Text(".nav .count"); !strings.HasPrefix(n, "1") {
		t.Errorf("the rail counts %q", n)
	}

	adeyemi.Go(topic)
	adeyemi.Type("#compose-body", "I am still writing")
	osei.Type("#compose-body", "More of it: port 23.")
	osei.Press("Control+Enter")
	osei.WaitText("[role=log]", "port 23", 3*time.Second)
	took := adeyemi.WaitText("[role=log]", "port 23", 3*time.Second)
	t.Logf("a post is on the other screen %s after it was on its author's", took)
	if took > time.Second {
		t.Errorf("the post took %s", took)
	}
	var typed string
	adeyemi.Eval(`document.querySelector("#compose-body").value`, &typed)
	if typed != "I am still writing" {
		t.Errorf("what was being written became %q", typed)
	}
	adeyemi.Press("Control+Enter")
	osei.WaitText("[role=log]", "I am still writing", time.Second)

	// A file goes up with its progress shown, and the page stays where it is.
	osei.Eval(`new MutationObserver(() => { if (!document.querySelector(".send-line progress").hidden) window.progressed = true; }).observe(document.querySelector("#compose"), {subtree: true, attributes: true}); window.stayed = true`, nil)
	osei.Type("#compose-body", "With a file.")
	osei.Upload("#compose-files", advisory)
	osei.Click("[data-send]")
	osei.WaitText("[role=log] article:last-of-type", "advisory.json", 5*time.Second)
	var progressed, stayed bool
	osei.Eval(`!!window.progressed`, &progressed)
	osei.Eval(`!!window.stayed`, &stayed)
	if !progressed || !stayed {
		t.Errorf("progress was shown: %t; the page stayed: %t", progressed, stayed)
	}

	// The third member's page knows nothing of it.
	hilde := h.tab("Hilde")
	hilde.Go(h.web.URL + "/inbox")
	h.reply("Osei", strings.TrimPrefix(topic, h.web.URL+"/topics/"), "And more.")
	adeyemi.WaitText("[role=log]", "And more.", time.Second)
	if strings.Contains(hilde.HTML(), "Telnet") {
		t.Error("a stranger's inbox tells of it")
	}
	for _, tab := range []interface{ CheckQuiet() }{osei, adeyemi, hilde} {
		tab.CheckQuiet()
	}
}

// TestNothingLostOffline: the network drops while a reply is sent; it is sent
// again when it is back, and is there once. What is typed is kept as a draft.
func TestNothingLostOffline(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openForum(t, "", true)
	topic := h.web.URL + "/topics/" + h.topic("Osei", "Infusion pumps", "Lines that drop", "Body.", h.pumpLabel())
	tab := h.tab("Roy")
	tab.Go(topic)
	tab.Type("#compose-body", "Written in a lift.")
	tab.Offline(true)
	tab.Press("Control+Enter")
	tab.WaitText(".form-state", "connection lost", 5*time.Second)
	tab.Offline(false)
	tab.WaitText("[role=log]", "Written in a lift.", 20*time.Second)
	tab.Reload()
	if n := strings.Count(tab.Text("[role=log]"), "Written in a lift."); n != 1 {
		t.Errorf("the reply is there %d times", n)
	}

	tab.Type("#compose-body", "Half a thought")
	tab.WaitText("#compose .form-state", "Draft saved", 5*time.Second)
	again := tab.Sibling()
	again.Go(topic)
	var typed string
	again.Eval(`document.querySelector("#compose-body").value`, &typed)
	if typed != "Half a thought" {
		t.Errorf("the draft came back as %q", typed)
	}
	other := h.tab("Lin")
	other.Go(topic)
	other.Eval(`document.querySelector("#compose-body").value`, &typed)
	if typed != "" {
		t.Errorf("somebody else sees the draft %q", typed)
	}
}

// TestHostileText spot-checks that nothing people write runs or loads anything
// (the corpus is in T-50's own test).
func TestHostileText(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openForum(t, "", true)
	hostile := `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>"'><svg onload=window.hurt=1>`
	topic := h.topic("Osei", "Infusion pumps", hostile, hostile+"\n\n[x](javascript:window.hurt=1) ![i](http://evil.example/i.png)\n\n`"+hostile+"`", h.pumpLabel())
	v := h.visitor("Osei").Get("/topics/"+topic).Send("/posts", map[string][]string{"body": {hostile}}, reader.File("files", hostile+".txt", "x")).Want(200)
	post := postID.FindString(v.Body)
	h.write(h.as("Osei"), func(tx *db.Tx) error { return h.server.Forum.Pin(tx, post) })
	tab := h.tab("Roy")
	for _, page := range []string{"/topics/" + topic, "/topics/" + topic + "?quote=" + post, "/inbox", "/rooms/" + h.rooms["Infusion pumps"], "/search?q=hurt", "/search?q=" + queryEscape(hostile), "/posts/" + post + "/history"} {
		tab.Go(h.web.URL + page)
		var hurt bool
		tab.Eval(`!!window.hurt || [...document.querySelectorAll("main img")].some(i => !i.src.startsWith(location.origin)) || !!document.querySelector("main script, main [onerror], main [onload], main a[href^=javascript]")`, &hurt)
		if hurt {
			t.Errorf("%s runs what somebody wrote", page)
		}
	}
	tab.Press("Control+k")
	tab.Type("#ui-commands input", "onerror")
	tab.Wait("#ui-command-list li")
	tab.CheckQuiet()
}

// TestScreens looks at every screen of the forum in both themes and two widths:
// axe finds nothing (U-03), and with CORDON_SHOTS=DIR pictures are left there.
func TestScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openForum(t, "", true)
	topic := h.topic("Osei", "Infusion pumps", "Telnet service reachable on PW-7 after a watchdog reset", "After a **watchdog reset** the pump opens port 23 for about 40 s.\n\n- PW-7 up to 4.1\n- PW-8 up to 2.0\n\n> [!quote TLP:AMBER]\n> seen in our lab\n\n| Version | Fixed |\n|---|---|\n| 4.1 | no |\n| 4.2 | yes |\n\n@[Roy](person:"+h.people["Roy"]+") can you check?", h.pumpLabel())
	public := h.topic("Ana", "Public notices", "ICSMA-26-101-01 Pumpworks PW-7", "Public advisory.", policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)})
	h.topic("Ana", "Everyone", "How the desk works", "Ask us.", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)})
	post := h.reply("Adeyemi", topic, "We have 40 of them. Is there a way to see it from the outside?")
	v := h.visitor("Osei").Get("/topics/"+topic+"?quote="+post).Send("/posts", map[string][]string{"body": {"Scan for the banner `PW7>`."}}, reader.File("files", "advisory.json", `{"document":{}}`)).Want(200)
	ids := postID.FindAllString(v.Body, -1)
	h.write(h.as("Osei"), func(tx *db.Tx) error { return h.server.Forum.Pin(tx, ids[len(ids)-1]) })
	h.visitor("Osei").Get("/posts/"+ids[0]+"/edit").Send("/edit", map[string][]string{"body": {"After a **watchdog reset** the pump opens port 23 for about 40 s."}})
	h.visitor("Osei").Get("/topics/"+topic+"/relabel").Send("/relabel", map[string][]string{"tlp": {"AMBER"}, "audience": {"circle:" + h.circle, "org:" + h.orgs["St. Anne Hospital"], "org:" + h.orgs["Hillside Clinics"]}, "why": {"Hillside has some too"}})
	own := ids[0]
	h.visitor("Ada").Get("/inbox").Send("/inbox/done", nil).Want(200, "You are up to date")

	dir := os.Getenv("CORDON_SHOTS")
	screens := []struct{ name, who, page string }{
		{"front", "", "/"}, {"topic-public", "", "/topics/" + public}, {"room-public", "", "/rooms/" + h.rooms["Public notices"]}, {"verify", "", "/verify"},
		{"inbox", "Roy", "/inbox"}, {"inbox-empty", "Ada", "/inbox"}, {"rooms", "Roy", "/rooms"}, {"room", "Roy", "/rooms/" + h.rooms["Infusion pumps"]},
		{"room-new", "Osei", "/rooms/new"}, {"topic-new", "Osei", "/rooms/" + h.rooms["Infusion pumps"] + "/topics/new"}, {"topic", "Roy", "/topics/" + topic},
		{"topic-own", "Osei", "/topics/" + topic + "?fewer=1"}, {"topic-quote", "Lin", "/topics/" + topic + "?quote=" + post}, {"search", "Osei", "/search?q=watchdog"},
		{"search-none", "Osei", "/search?q=nothinglikeit"}, {"search-start", "Osei", "/search"}, {"edit", "Osei", "/posts/" + own + "/edit"}, {"delete", "Osei", "/posts/" + own + "/delete"},
		{"history", "Osei", "/posts/" + own + "/history"}, {"relabel", "Osei", "/topics/" + topic + "/relabel"}, {"approvals", "Lin", "/approvals"}, {"approvals-none", "Roy", "/approvals"},
		{"evidence", "Osei", "/evidence"}, {"missing", "Hilde", "/topics/" + topic},
	}
	tabs := map[string]*browser.Tab{}
	for _, s := range screens {
		tab, ok := tabs[s.who]
		if !ok {
			tab = h.tab(s.who)
			tabs[s.who] = tab
		}
		for _, width := range []int{1280, 360} {
			tab.SetViewport(width, 800)
			tab.Dark(false)
			tab.Go(h.web.URL + s.page)
			var wide int
			tab.Eval(`document.documentElement.scrollWidth - innerWidth`, &wide)
			if wide > 0 {
				t.Errorf("%s at %d px is %d px too wide", s.name, width, wide)
			}
			for _, dark := range []bool{false, true} {
				if tab.Dark(dark); dark {
					tab.CheckAxeColours()
				} else {
					tab.CheckAxe()
				}
				if dir != "" {
					tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("%s-%d-%s.png", s.name, width, map[bool]string{false: "light", true: "dark"}[dark])))
				}
			}
		}
	}
	// The front page is light (U-01 for what is public).
	if n := len(h.visitor("").Get("/").Body); n > 50_000 {
		t.Errorf("the front page has %d bytes", n)
	}
}

// TestKeyboardOnly starts a topic and answers it without a pointer (U-04).
func TestKeyboardOnly(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openForum(t, "", true)
	tab := h.tab("Osei")
	// Keys work once the page's script has run.
	arrives := func(title string) {
		t.Helper()
		tab.WaitText("h1", title, browser.Patience)
		var loaded bool
		tab.Eval(`new Promise(done => document.readyState === "complete" ? done(true) : addEventListener("load", () => done(true)))`, &loaded)
	}
	tab.Go(h.web.URL + "/inbox")
	arrives("Inbox")
	tab.Press("g")
	tab.Press("r")
	arrives("Rooms")
	tab.Press("j")
	tab.Press("j")
	tab.Press("Enter")
	arrives("Infusion pumps")
	tab.Press("t")
	arrives("New topic")
	tab.Type("#compose-title", "By keys alone")
	tab.Press("Tab")
	tab.Type("#compose-body", "No mouse here.")
	tab.Press("Control+Enter")
	arrives("By keys alone")
	tab.Eval(`document.activeElement.blur()`, nil)
	tab.Press("r")
	tab.Type("#compose-body", "And an answer.")
	tab.Press("Control+Enter")
	tab.WaitText("[role=log]", "And an answer.", 5*time.Second)
}
