package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/softkey"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// screen is a page as somebody sees it, perhaps after having done something there.
type screen struct {
	name, path string
	world      *world
	who        string // person id, "" for nobody
	act        func(tab *browser.Tab)
	after      string // what to wait for after act
	stale      bool   // signed in long ago: an act that matters asks for the passkey again
	sampled    bool   // only light and on a desk: tests of package web look at every state
}

// TestScreens looks at every screen in both themes, on a desk and on a phone:
// axe-core finds nothing (U-03), nothing runs over the edge at 320 px (U-05),
// the layout does not shift (U-12), the browser complains of nothing. With
// CORDON_SHOTS set to a folder it keeps pictures.
func TestScreens(t *testing.T) {
	browserTest(t)
	var all []screen
	all = append(all, demoScreens(t)...)
	all = append(all, beginnersScreens(t)...)
	if only := os.Getenv("CORDON_SCREENS"); only != "" {
		var some []screen
		for _, s := range all {
			if strings.Contains(s.name, only) {
				some = append(some, s)
			}
		}
		all = some
	}
	// Two browsers' worth at a time: a machine that runs tests has two cores.
	for part := range 2 {
		t.Run(fmt.Sprint("half ", part+1), func(t *testing.T) {
			t.Parallel()
			tabs := map[string]*browser.Tab{} // one for each person of each house
			for i, s := range all {
				if i%2 != part {
					continue
				}
				key := fmt.Sprint(s.world.url, s.who, s.stale)
				tab := tabs[key]
				if tab == nil {
					tab = browser.New(t).Tab()
					if s.who != "" {
						tab.SetCookie(s.world.url, s.world.sessionOf(s.who, !s.stale))
					}
					tabs[key] = tab
				}
				s.check(t, tab)
			}
		})
	}
}

// check looks at one screen.
func (s screen) check(t *testing.T, tab *browser.Tab) {
	t.Helper()
	tab.Forget()
	widths, themes := []int{1280, 360}, []bool{false, true}
	if s.sampled {
		widths, themes = widths[:1], themes[:1]
	}
	for _, width := range widths {
		tab.SetViewport(width, 900)
		tab.Dark(false)
		tab.Go(s.world.url + s.path)
		tab.Wait("main h1")
		if shift := tab.CLS(); shift > 0.02 {
			t.Errorf("%s at %d px: the layout shifts by %.3f", s.name, width, shift)
		}
		if s.act != nil {
			s.act(tab)
			tab.Wait(s.after)
		}
		for _, dark := range themes {
			tab.Dark(dark)
			theme := map[bool]string{false: "light", true: "dark"}[dark]
			axe := tab.Axe
			if dark {
				axe = tab.AxeColours
			}
			for _, v := range axe() {
				t.Errorf("%s, %s, %d px: %s", s.name, theme, width, v)
			}
			if dir := os.Getenv("CORDON_SHOTS"); dir != "" {
				tab.FullScreenshot(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", s.name, theme, width)))
			}
		}
	}
	tab.SetViewport(320, 900)
	var wide string
	tab.Eval(`document.documentElement.scrollWidth <= innerWidth ? "" :
		[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join("\n") || "something"`, &wide)
	if wide != "" {
		t.Errorf("%s runs over the edge at 320 px:\n%s", s.name, wide)
	}
	for _, e := range tab.ConsoleErrors() {
		// An error page's own status is what was asked for.
		if !strings.Contains(e, "Failed to load resource") || !strings.Contains(e, s.path) && s.act == nil {
			t.Errorf("%s: the browser complains: %s", s.name, e)
		}
	}
	for _, v := range tab.CSPViolations() {
		t.Errorf("%s: the policy blocked %+v", s.name, v)
	}
}

// press makes an act of keys.
func press(keys string) func(*browser.Tab) { return func(tab *browser.Tab) { tab.Press(keys) } }

// demoScreens are those of the furnished community, the states of a topic and
// of its forms among them.
func demoScreens(t *testing.T) (list []screen) {
	w, _ := furnished(t)
	topic := w.titled(mainTopic)
	var room string
	w.read(program, func(v *db.View) (err error) {
		room, err = db.One(v, db.Value[string], `SELECT t.room FROM visible.topics t WHERE t.id = $1`, topic)
		return err
	})
	add := func(name, who, path string) {
		id := ""
		if who != "" {
			id = w.persona(who).ID
		}
		list = append(list, screen{name: name, path: path, world: w, who: id})
	}
	act := func(after string, fn func(*browser.Tab)) { list[len(list)-1].act, list[len(list)-1].after = fn, after }
	for _, s := range screens(w, topic, room) {
		add(s.name, s.who, s.path)
	}

	list = append(list, caseScreens(w)...)

	// A topic with everything in it: quotes, a stricter reply, an edit, a tombstone,
	// a decision, a request to loosen, an outcome.
	arendt, sethu := w.being("arendt"), w.being("sethu")
	label := policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(arendt.Org), policy.OfOrg(sethu.Org))}
	var busy, edited, gone string
	w.write(arendt, func(tx *db.Tx) (err error) {
		busy, _, err = w.house.forum.StartTopic(tx, w.roomNamed("Infusion pumps"), forum.NewTopic{Title: "Everything a topic can hold, and a title that goes on for so long that it does not fit on one line of any screen", Label: label,
			Body: "# Heading\n\nText with `code`, **bold** and a [link](https://example.com/a/very/long/address/that/does/not/want/to/break/anywhere/at/all).\n\n```\nsome code that is much longer than a telephone is wide, so that it must scroll in a box of its own\n```\n\n| Product | Version |\n|---|---|\n| A4 | 4.2 |\n\n> a quotation\n\n1. first\n2. second\n"})
		return err
	})
	var opening string
	w.read(arendt, func(v *db.View) error {
		ps, err := w.house.forum.Posts(v, busy, forum.Cursor{}, 10)
		if err == nil {
			opening = ps[0].ID
		}
		return err
	})
	w.write(sethu, func(tx *db.Tx) (err error) {
		if edited, _, err = w.house.forum.Reply(tx, busy, forum.NewPost{Body: "We have forty.", Quote: opening}); err != nil {
			return err
		}
		return w.house.forum.Edit(tx, edited, "We have forty-two.", 0)
	})
	w.write(arendt, func(tx *db.Tx) (err error) {
		if gone, _, err = w.house.forum.Reply(tx, busy, forum.NewPost{Body: "Wrong pump.", Label: policy.Label{TLP: policy.AmberStrict, Audience: label.Audience}}); err != nil {
			return err
		}
		if err := w.house.forum.Delete(tx, gone, "It was another pump."); err != nil {
			return err
		}
		if err := w.house.forum.Pin(tx, edited); err != nil {
			return err
		}
		_, err = w.house.forum.RelabelTopic(tx, busy, policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}, "Everybody asks us by telephone.")
		return err
	})
	add("topic-busy", "arendt", "/topics/"+busy)
	add("topic-busy-reader", "castonguay", "/topics/"+busy)
	add("topic-fewer", "arendt", "/topics/"+busy+"?fewer=1")
	add("topic-quoting", "arendt", "/topics/"+busy+"?quote="+edited)
	add("topic-resolving", "arendt", "/topics/"+topic)
	act("#resolve-summary", func(tab *browser.Tab) {
		tab.Eval(`for (const d of document.querySelectorAll("details")) d.open = true`, nil)
	})
	add("post-edit", "sethu", "/posts/"+edited+"/edit")
	add("post-history", "arendt", "/posts/"+edited+"/history")
	add("post-delete", "sethu", "/posts/"+edited+"/delete")
	add("post-relabel", "sethu", "/posts/"+edited+"/relabel")
	add("approvals-waiting", "lindqvist", "/approvals")
	add("compose-refused", "arendt", "/rooms/"+room+"/topics/new")
	act("[data-errors]", func(tab *browser.Tab) {
		tab.Eval(`(f => { f.noValidate = true; f.querySelector("[data-send]").disabled = false; f.requestSubmit(); })(document.querySelector("#compose"))`, nil)
	})
	add("room-new", "maas", "/rooms/new")
	add("search-none", "arendt", "/search?q=zzzzzz")
	add("search-blank", "arendt", "/search")
	add("members-filtered", "arendt", "/members?q=pump")
	add("members-none", "arendt", "/members?q=zzzzzz")
	add("member", "arendt", "/members/"+sethu.Org)
	add("member-own", "lindqvist", "/members/"+arendt.Org)
	add("member-desk", "maas", "/members/"+arendt.Org)
	add("member-edit", "lindqvist", "/members/"+arendt.Org+"/edit")
	add("person", "arendt", "/people/"+sethu.Person)
	add("person-managed", "lindqvist", "/people/"+arendt.Person)
	add("invitations", "lindqvist", "/invitations")
	add("circle-mine", "lindqvist", "/circles/"+w.named(`SELECT c.id FROM visible.circles c WHERE c.name = $1`, "Infusion pump response")+"?q=osei")
	add("circle-others", "arendt", "/circles/"+w.named(`SELECT c.id FROM visible.circles c WHERE c.name = $1`, "Implants and programmers"))
	add("circle-new", "arendt", "/circles/new")
	add("agreement", "lindqvist", "/agreement")
	add("recovery-new", "lindqvist", "/recovery/new?person="+arendt.Person)
	add("front-member", "arendt", "/")
	add("missing-anonymous", "", "/rooms/nothing")
	add("public-room", "", "/rooms/"+w.roomNamed("Front porch"))
	add("audience-panel", "arendt", "/topics/"+topic)
	act(".band-open[open]", func(tab *browser.Tab) { tab.Click(".band-open summary") })
	add("command-menu", "arendt", "/inbox")
	act("#ui-command-list [role=option]", press("Control+k"))
	add("key-sheet", "arendt", "/inbox")
	act("#ui-keys[open]", press("?"))
	add("rails-open", "arendt", "/topics/"+topic)
	act("main", func(tab *browser.Tab) {
		tab.Eval(`(n => getComputedStyle(n).position === "fixed" && n.showPopover())(document.querySelector("#ui-nav"))`, nil)
	})

	// The verifier with what it found, for a pack that holds and one that does not.
	pack := filepath.Join(t.TempDir(), "pack.zip")
	f, err := os.Create(pack)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.house.evidence.Topic(context.Background(), w.house.db, arendt, busy, f); err != nil {
		t.Fatal(err)
	}
	f.Close()
	b, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	broken := filepath.Join(t.TempDir(), "broken.zip")
	if err := os.WriteFile(broken, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"verify-holds": pack, "verify-fails": broken} {
		add(name, "", "/verify")
		act(".notice", func(tab *browser.Tab) {
			tab.Upload("#verify-pack", file)
			tab.Click("#verify button.primary")
		})
	}
	return list
}

// beginnersScreens are those of houses that have just begun: nothing is there
// yet, somebody applies, somebody has one passkey too few, or lost it.
func beginnersScreens(t *testing.T) (list []screen) {
	empty := openWorld(t, plan{Data: t.TempDir(), Clock: clock.System()}, false)
	link := func(w *world, who policy.Viewer, fn func(tx *db.Tx) (members.Link, error)) string {
		var l members.Link
		w.write(who, func(tx *db.Tx) (err error) { l, err = fn(tx); return err })
		if l.Kind == members.LinkOperator {
			return "/first-run/" + l.Secret
		}
		return "/invitations/" + l.Secret
	}
	list = append(list, screen{name: "first-run", world: empty, path: link(empty, program, func(tx *db.Tx) (members.Link, error) { return empty.house.members.FirstOperatorLink(tx) })},
		screen{name: "sign-in-unfounded", world: empty, path: "/sign-in"}, screen{name: "front-unfounded", world: empty, path: "/"})

	w := openWorld(t, plan{Data: t.TempDir(), Clock: clock.System()}, true)
	add := func(name, who, path string) {
		list = append(list, screen{name: name, path: path, world: w, who: who})
	}
	m := w.house.members
	pump := w.org("Pumpworks", policy.Manufacturer)
	officer, fresh := w.person(pump, "Pia Holm", policy.RoleOfficer), w.person(pump, "Pol Strand")
	apply := link(w, w.viewer(officer), func(tx *db.Tx) (members.Link, error) { return m.InviteOrganization(tx, "Lantern Labs") })
	applicant := w.enroll(strings.TrimPrefix(apply, "/invitations/"), members.Enrollment{
		Org:    members.Profile{Name: "Lantern Labs", Kind: policy.Researcher, Employees: 12, City: "Bergen", Country: "Norway", Contact: "hello@lantern.example", About: "We study radio links of implants."},
		Person: members.NewPerson{Name: "Liv Sand", Title: "Founder"}})
	another := link(w, w.viewer(officer), func(tx *db.Tx) (members.Link, error) { return m.InviteOrganization(tx, "Harbour Hospital") })
	join := link(w, w.viewer(officer), func(tx *db.Tx) (members.Link, error) {
		return m.InvitePerson(tx, members.NewPerson{Name: "Kari Lie", Recipient: true})
	})
	circle := w.circle("Infusion pump watch", true, policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}, officer)
	room := w.room("Infusion pumps", policy.Green, policy.Community)
	var strict string
	w.write(w.viewer(officer), func(tx *db.Tx) (err error) {
		strict, err = w.house.forum.OpenRoom(tx, forum.NewRoom{Name: "Pump people", Label: policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(pump))}})
		return err
	})
	amber := w.topic(w.viewer(officer), strict, "A topic for two passkeys", policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(pump))})
	w.write(w.viewer(officer), func(tx *db.Tx) error {
		_, err := m.RequestRecovery(tx, fresh, "Seen in person this morning, with the badge.")
		return err
	})
	suspended := w.person(w.org("Lapsed Devices", policy.Vendor), "Sam Gone")
	w.write(w.desk, func(tx *db.Tx) error {
		return m.Suspend(tx, w.viewer(suspended).Org, "They did not answer for a year.")
	})

	add("real-sign-in", "", "/sign-in")
	add("real-front", "", "/")
	add("dead-link", "", "/invitations/nothing")
	add("invitation-organization", "", another)
	add("invitation-person", "", join)
	add("step-up", applicant.Person, "/step-up?next=/account")
	list[len(list)-1].stale = true
	for _, name := range []string{"inbox", "rooms", "members", "circles", "evidence", "approvals", "account"} {
		if name != "approvals" {
			add("fresh-"+name, fresh, "/"+name)
		} else {
			add("fresh-"+name, officer, "/"+name)
		}
	}
	add("fresh-room", fresh, "/rooms/"+room)
	add("fresh-compose", fresh, "/rooms/"+room+"/topics/new")
	add("fresh-second-passkey", officer, "/topics/"+amber)
	add("fresh-hidden-room", officer, "/rooms/"+strict)
	add("fresh-circle", officer, "/circles/"+circle)
	add("account-officer", officer, "/account")
	add("account-applicant", applicant.Person, "/account")
	add("account-suspended", suspended, "/account")
	add("forbidden", suspended, "/inbox")
	add("agreement-unsigned", officer, "/agreement")
	add("desk-waiting", w.desk.Person, "/desk")
	add("application", w.desk.Person, "/desk/applications/"+applicant.Org)
	add("recovery", w.desk.Person, "/recovery")
	return list
}

// sessionOf signs a person in, with a passkey used just now or not.
func (w *world) sessionOf(person string, fresh bool) *http.Cookie {
	w.t.Helper()
	c := w.session(person)
	if !fresh {
		w.write(program, func(tx *db.Tx) (err error) {
			c.Value, _, err = w.house.members.OpenSession(tx, person, "test", "", false)
			return err
		})
	}
	return c
}

// enroll comes in through a link with a passkey device in software.
func (w *world) enroll(secret string, e members.Enrollment) (in members.Enrolled) {
	w.t.Helper()
	u, err := url.Parse(w.house.web.Origin)
	if err != nil {
		w.t.Fatal(err)
	}
	device := softkey.New(u.Hostname(), w.house.web.Origin)
	var begun members.Begun
	note := func(fn func(tx *db.Tx) error) {
		w.t.Helper()
		if err := w.house.db.Note(context.Background(), policy.Anonymous(), fn); err != nil {
			w.t.Fatal(err)
		}
	}
	note(func(tx *db.Tx) (err error) { begun, err = w.house.members.BeginEnroll(tx, secret, e); return err })
	answer, err := device.Create(begun.Options)
	if err != nil {
		w.t.Fatal(err)
	}
	var ceremony members.Ceremony
	note(func(tx *db.Tx) (err error) { ceremony, err = w.house.members.TakeCeremony(tx, begun.ID); return err })
	w.write(policy.Anonymous(), func(tx *db.Tx) (err error) {
		in, err = w.house.members.FinishEnroll(tx, ceremony, answer, "test", "")
		return err
	})
	return in
}
