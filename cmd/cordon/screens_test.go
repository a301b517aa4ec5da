package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/web"
)

// furnished opens the demo community behind its real doors.
func furnished(t testing.TB) (*world, *demoState) {
	t.Helper()
	clk := &storyClock{}
	w := openWorld(t, plan{Data: t.TempDir(), Demo: true, Clock: clk}, false)
	state, err := w.house.furnish(context.Background(), clk, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	clk.release()
	if _, err := w.house.ledger.Publish(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.house.web.Demo = &web.Demo{}
	for _, p := range state.Personas {
		w.house.web.Demo.Personas = append(w.house.web.Demo.Personas, web.Persona{Key: p.Key, Name: p.Name, Org: p.Organization, Kind: p.Kind, Title: p.Title, ID: p.ID})
	}
	return w, state
}

// titled finds a topic by its title.
func (w *world) titled(title string) (id string) {
	w.t.Helper()
	w.read(program, func(v *db.View) (err error) {
		id, err = db.One(v, db.Value[string], `SELECT t.id FROM visible.topics t WHERE t.title = $1`, title)
		return err
	})
	return id
}

// cookie gives a tab the session of a person of the demo.
func (w *world) cookie(tab *browser.Tab, key string) {
	w.t.Helper()
	for _, p := range w.house.web.Demo.Personas {
		if p.Key == key {
			tab.SetCookie(w.url, w.session(p.ID))
			return
		}
	}
	w.t.Fatalf("the demo has nobody called %s", key)
}

// screens is every screen of the demo worth a look, by who looks.
func screens(w *world, topic, room string) []struct{ name, who, path string } {
	kase := func(title string) string {
		return "/cases/" + w.named(`SELECT k.id FROM visible.cases k WHERE k.title = $1`, title)
	}
	pumps, kept := kase(pumpTitle), kase(keptTitle)
	return []struct{ name, who, path string }{
		{"front", "", "/"}, {"sign-in", "", "/sign-in"}, {"verify", "", "/verify"},
		{"inbox", "arendt", "/inbox"}, {"rooms", "arendt", "/rooms"}, {"room", "arendt", "/rooms/" + room},
		{"topic", "arendt", "/topics/" + topic}, {"compose", "arendt", "/rooms/" + room + "/topics/new"},
		{"relabel", "arendt", "/topics/" + topic + "/relabel"},
		{"search", "arendt", "/search?q=infusion+pump"}, {"members", "arendt", "/members"}, {"circles", "arendt", "/circles"},
		{"account", "arendt", "/account"}, {"evidence", "arendt", "/evidence"}, {"desk", "maas", "/desk"}, {"health", "maas", "/desk/health"},
		{"cases", "maas", "/cases"}, {"case", "lindqvist", pumps}, {"case-desk", "maas", kase(stackTitle)}, {"case-lost", "hallberg", kase(lateTitle)}, {"case-clocks", "lindqvist", pumps + "/clocks"},
		{"case-evidence", "quintanar", kept + "/evidence"}, {"clocks", "lindqvist", "/clocks"}, {"triage", "tembo", "/triage"}, {"disclosures", "", "/disclosures"},
		{"approvals", "arendt", "/approvals"}, {"missing", "arendt", "/topics/topic_00000000000000000000000000"},
	}
}

// TestScreenshots takes the pictures of the documentation, when asked to:
//
//	make screenshots
//
// With CORDON_SCREENSHOT it takes those of one screen only.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("CORDON_SCREENSHOTS")
	if dir == "" {
		t.Skip("set CORDON_SCREENSHOTS to a folder")
	}
	w, _ := furnished(t)
	b := browser.New(t)
	topic := w.titled(mainTopic)
	var room string
	w.read(program, func(v *db.View) (err error) {
		room, err = db.One(v, db.Value[string], `SELECT t.room FROM visible.topics t WHERE t.id = $1`, topic)
		return err
	})
	w.indexed()
	w.settled()
	all := append(screens(w, topic, room), []struct{ name, who, path string }{ // the tests of these pages look at them in every way
		{"matrix", "arendt", "/intel/matrix"}, {"object", "osei", "/intel/objects/" + relay}, {"graph", "arendt", "/intel/graph?ids=" + thirdShift},
		{"notice", "salcedo", w.noticeOf("salcedo", gatewayTitle)}, {"findings", "arendt", "/devices/" + w.named(`SELECT p.id FROM visible.devices_products p WHERE p.name = $1`, "Pumpworks Gateway") + "/findings"},
	}...)
	for _, s := range all {
		if only := os.Getenv("CORDON_SCREENSHOT"); only != "" && only != s.name {
			continue
		}
		for _, look := range docPictures[s.name] {
			tab := b.Tab()
			if s.who != "" {
				w.cookie(tab, s.who)
			}
			tab.SetViewport(look.width, 900)
			tab.Dark(look.dark)
			tab.Go(w.url + s.path)
			tab.Screenshot(filepath.Join(dir, s.name+"-"+look.name+".png"))
		}
	}
}

type look struct {
	name  string
	width int
	dark  bool
}

// docPictures is which screens the documentation shows, and how. TestScreens
// looks at all of them in every way.
var docPictures = map[string][]look{
	"topic":   {{"light", 1280, false}, {"dark", 1280, true}},
	"compose": {{"light", 1280, false}},
	"inbox":   {{"phone", 360, true}},
	"case":    {{"light", 1280, false}, {"dark", 1280, true}},
	"triage":  {{"light", 1280, false}},
	"clocks":  {{"light", 1280, false}},
	"matrix":  {{"light", 1280, false}},
	"object":  {{"light", 1280, false}},
	"graph":   {{"light", 1280, false}},

	"notice":   {{"light", 1280, false}, {"dark", 1280, true}},
	"findings": {{"light", 1280, false}},
}

// mainTopic is the topic of the main job in the demo.
const mainTopic = "Infusion pump A4/A5: a drug library can be accepted before its signature is checked"
