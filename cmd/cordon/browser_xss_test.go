package main

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web"
)

// garden is where attacks are planted: in each field, how many were kept and how
// many refused.
type garden struct {
	*world
	kept, refused map[string]int
}

// note says what became of an attack in a field. Only a refusal that tells the
// author what is wrong is one.
func (g *garden) note(field string, err error) bool {
	g.t.Helper()
	switch {
	case err == nil:
		g.kept[field]++
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		g.refused[field]++
	default:
		g.t.Fatalf("an attack in the %s ends as %v", field, err)
	}
	return err == nil
}

// each plants every attack in one transaction, each attempt undone alone if it
// is refused: a refusal comes before anything is written.
func (g *garden) each(who policy.Viewer, field string, attacks []string, fn func(tx *db.Tx, i int, s string) error) {
	g.t.Helper()
	g.write(who, func(tx *db.Tx) error {
		kept := 0
		var last error
		for i, s := range attacks {
			err := fn(tx, i, s)
			if g.note(field, err) {
				kept++
			} else {
				last = err
			}
		}
		if kept == 0 {
			g.t.Fatalf("none of %d attacks in the %s was taken: %v", len(attacks), field, last)
		}
		return nil
	})
}

// mark makes an attack findable on a page.
func mark(i int) string { return fmt.Sprintf(" mk%dmk", i) }

// clip shortens an attack to a field, whole characters only.
func clip(s string, n int) string {
	for utf8.RuneCountInString(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// TestAttacks plants every attack of the corpus in every field that people can
// write, through the duties as any door would, and has Chromium show every page
// that they can appear on: nothing runs, the content security policy has nothing
// to block, no element or attribute comes of it (T-50).
func TestAttacks(t *testing.T) {
	t.Parallel()
	browserTest(t)
	corpus := attacks()
	if len(corpus) < 300 {
		t.Fatalf("the corpus has %d attacks", len(corpus))
	}
	if os.Getenv("CORDON_LONG") != "1" { // three of four in CI, all on request
		some := corpus[:0:0]
		for i, s := range corpus {
			if i%4 != 3 {
				some = append(some, s)
			}
		}
		corpus = some
	}
	g := &garden{world: newWorld(t, ""), kept: map[string]int{}, refused: map[string]int{}}
	began := time.Now()
	pages := g.plant(corpus)
	t.Logf("planted in %.1f s; %d pages to look at", time.Since(began).Seconds(), len(pages))

	tab := browser.New(t).Tab()
	tab.SetViewport(1280, 900)
	shown := map[string]bool{}
	look := func(what, address string) {
		t.Helper()
		tab.Go(address)
		g.inspect(tab, what, shown)
	}
	author := &http.Cookie{}
	for _, p := range pages {
		if p.who != author {
			tab.ClearCookies()
			if author = p.who; author != nil {
				tab.SetCookie(g.url, author)
			}
		}
		look(p.path, g.url+p.path)
		for n := 0; p.more && n < 40; n++ {
			var next string
			tab.Eval(`[...document.querySelectorAll("a.btn")].find(a => /^(Earlier|Older|More|Next)/.test(a.innerText.trim()))?.href ?? ""`, &next)
			if next == "" {
				break
			}
			look(p.path+" and on", next)
		}
	}
	// The command menu shows what was found for words that are typed.
	tab.Go(g.url + "/inbox")
	tab.Press("Control+k")
	for _, q := range []string{"<img src=x onerror=__xss=1>", "mk7mk", "{{constructor", `">`} {
		tab.Fill("#ui-commands input", q)
		tab.Wait("#ui-command-list [role=option]")
		tab.Eval(`new Promise(r => setTimeout(r, 300))`, nil)
		g.inspect(tab, "the command menu", shown)
	}
	if v := tab.CSPViolations(); len(v) > 0 {
		t.Errorf("the policy had to block %d things: %v", len(v), v[:min(5, len(v))])
	}
	g.inspectPack(t, shown)

	if len(shown) < len(corpus)*9/10 {
		t.Errorf("only %d of %d attacks were seen on a page", len(shown), len(corpus))
	}
	fields := 0
	for _, f := range slices.Sorted(mapKeys(g.kept, g.refused)) {
		t.Logf("%-24s %3d kept, %3d refused", f, g.kept[f], g.refused[f])
		fields++
	}
	t.Logf("%d attacks, %d fields, %d shown on pages", len(corpus), fields, len(shown))
}

func mapKeys(maps ...map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		had := map[string]bool{}
		for _, m := range maps {
			for k := range m {
				if !had[k] {
					had[k] = true
					if !yield(k) {
						return
					}
				}
			}
		}
	}
}

// planted is a page on which attacks stand.
type planted struct {
	who  *http.Cookie
	path string
	more bool // it goes on over several pages
}

// plant writes the corpus everywhere and returns the pages to look at.
func (g *garden) plant(corpus []string) (pages []planted) {
	h, ctx := g.house, context.Background()
	m, f := h.members, h.forum
	known := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	pump := g.org("Pumpworks", policy.Manufacturer)
	officer, writer := g.person(pump, "Pia Holm", policy.RoleOfficer), g.person(pump, "Pol Strand")
	pia, pol := g.viewer(officer), g.viewer(writer)
	own := policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(pump))}

	// Who belongs.
	var orgs, people, circles []string
	g.each(program, "organization", corpus, func(tx *db.Tx, i int, s string) error {
		id, err := m.SeedOrganization(tx, "", members.Profile{Name: clip(s, 100) + mark(i), Kind: policy.Vendor, Employees: 3, City: clip(s, 60), Country: clip(s, 40), About: s + mark(i), Families: []string{clip(s, 60), "x" + clip(s, 40)}})
		if err == nil {
			orgs = append(orgs, id)
		}
		return err
	})
	g.each(program, "organization's contact", corpus, func(tx *db.Tx, i int, s string) error {
		_, err := m.SeedOrganization(tx, "", members.Profile{Name: "Contact" + mark(i), Kind: policy.Vendor, Employees: 3, Country: "US", Contact: clip(s, 100), CSAF: clip(s, 100)})
		return err
	})
	g.each(program, "person", corpus, func(tx *db.Tx, i int, s string) error {
		id, err := m.SeedPerson(tx, "", pump, members.NewPerson{Name: clip(s, 60) + mark(i), Title: clip(s, 60), Recipient: i%2 == 0, Listed: true})
		if err == nil {
			people = append(people, id)
		}
		return err
	})
	g.each(program, "circle", corpus, func(tx *db.Tx, i int, s string) error {
		id, err := m.SeedCircle(tx, members.NewCircle{Name: clip(s, 60) + mark(i), Purpose: s, Label: known}, officer, []string{officer, writer})
		if err == nil {
			circles = append(circles, id)
		}
		return err
	})
	var links []string
	g.each(pia, "invitation", corpus[:60], func(tx *db.Tx, i int, s string) error {
		l, err := m.InviteOrganization(tx, clip(s, 100)+mark(i))
		if err == nil {
			links = append(links, l.Secret)
		}
		return err
	})
	g.each(pol, "token", corpus, func(tx *db.Tx, i int, s string) error {
		_, _, err := m.MakeToken(tx, members.NewToken{Name: clip(s, 50) + mark(i), Scopes: policy.Scopes(), Days: 30})
		return err
	})

	// What they say.
	var rooms []string
	g.each(pia, "room", corpus, func(tx *db.Tx, i int, s string) error {
		id, err := f.OpenRoom(tx, forum.NewRoom{Name: clip(s, 60) + mark(i), Purpose: s, Questions: []string{clip(s, 100), "?" + clip(s, 100)}, Label: known})
		if err == nil {
			rooms = append(rooms, id)
		}
		return err
	})
	if len(rooms) == 0 {
		g.t.Fatal("no room was opened")
	}
	room := rooms[0]
	var topics []string
	g.each(pol, "topic's title", corpus, func(tx *db.Tx, i int, s string) error {
		id, _, err := f.StartTopic(tx, room, forum.NewTopic{Title: s + mark(i), Body: "x", Label: own})
		if err == nil {
			topics = append(topics, id)
		}
		return err
	})
	var uploads []string
	for i, s := range corpus {
		up, err := f.Upload(ctx, h.db, pol, forum.Incoming{Name: clip(s, 100) + mark(i) + ".txt", Size: 1, From: strings.NewReader("x")})
		if g.note("file's name", err) {
			uploads = append(uploads, up.ID)
		}
	}
	var main string
	g.write(pol, func(tx *db.Tx) (err error) {
		main, _, err = f.StartTopic(tx, room, forum.NewTopic{Title: "Attacks", Body: "Below.", Label: own})
		return err
	})
	var posts []string
	g.each(pol, "post", corpus, func(tx *db.Tx, i int, s string) error {
		in := forum.NewPost{Body: s + "\n\n" + mark(i)}
		if n := min(2, len(uploads)); n > 0 {
			in.Files = uploads[:n]
		}
		id, _, err := f.Reply(tx, main, in)
		if err == nil {
			posts, uploads = append(posts, id), uploads[len(in.Files):]
		}
		return err
	})
	g.each(pia, "quote", posts, func(tx *db.Tx, i int, s string) error {
		_, _, err := f.Reply(tx, main, forum.NewPost{Body: "Indeed.", Quote: s})
		return err
	})
	var edited string
	g.each(pol, "edit", corpus, func(tx *db.Tx, i int, s string) error {
		if edited == "" {
			edited = posts[0]
		}
		return f.Edit(tx, edited, s+"\n\n"+mark(i), g.kept["edit"])
	})
	// Deleted are replies of their own, so that the others stay to be looked at.
	var gone string
	g.write(pol, func(tx *db.Tx) (err error) {
		gone, _, err = f.StartTopic(tx, room, forum.NewTopic{Title: "Deleted attacks", Body: "Below.", Label: own})
		return err
	})
	g.each(pol, "reason to delete", corpus, func(tx *db.Tx, i int, s string) error {
		id, _, err := f.Reply(tx, gone, forum.NewPost{Body: "Wrong."})
		if err != nil {
			return err
		}
		return f.Delete(tx, id, s+mark(i))
	})
	g.each(pol, "reason to relabel", corpus, func(tx *db.Tx, i int, s string) error {
		if i >= len(topics) {
			return nil
		}
		_, err := f.RelabelTopic(tx, topics[i], known, s+mark(i))
		return err
	})
	g.each(pol, "outcome of a topic", corpus, func(tx *db.Tx, i int, s string) error {
		if i >= len(topics) {
			return nil
		}
		// Several at once: each topic's page shows one.
		return f.ResolveTopic(tx, topics[i], clip(s+mark(i)+"\n"+strings.Join(corpus[i/20*20:min(len(corpus), i/20*20+20)], "\n"), 1900))
	})
	var all string // of those that a post takes
	for i, s := range corpus {
		if i < len(posts) {
			all += strings.Map(func(r rune) rune {
				if r < ' ' || r == utf8.RuneError {
					return ' '
				}
				return r
			}, s) + "\n\n"
		}
	}
	g.note("draft", h.db.Note(ctx, pol, func(tx *db.Tx) error {
		return f.SaveDraft(tx, forum.Draft{Key: "topic:" + room, Title: clip(all, 200), Body: all})
	}))
	if err := h.db.Note(ctx, pol, func(tx *db.Tx) error {
		return f.SaveDraft(tx, forum.Draft{Key: "reply:" + main, Body: `</textarea><script>__xss=1</script>`})
	}); err != nil {
		g.t.Fatal(err)
	}
	g.each(program, "community", corpus, func(tx *db.Tx, i int, s string) error {
		return m.Rename(tx.As(g.desk), clip(s, 100)+mark(i), s)
	})
	var holders []string
	for i := 0; i < len(corpus); i += 80 {
		var l members.Link
		g.write(pia, func(tx *db.Tx) (err error) {
			l, err = m.InvitePerson(tx, members.NewPerson{Name: "Kari Lie", Recipient: true})
			return err
		})
		in := g.enroll(l.Secret, members.Enrollment{Passkey: clip(corpus[i], 40) + mark(i), Person: members.NewPerson{Name: "Kari Lie", Title: clip(corpus[i], 60)}})
		g.note("passkey", nil)
		holders = append(holders, in.Person)
	}
	h.web.Demo = &web.Demo{}
	for i, s := range corpus[:100] {
		h.web.Demo.Personas = append(h.web.Demo.Personas, web.Persona{Key: s, Name: s + mark(i), Org: s, Kind: "vendor", Title: s})
	}

	inCases := g.plantCases(corpus, pump, officer)
	nurse := g.person(g.org("Harbor Hospital", policy.Provider), "Hal Nurse")
	// Of people who are in no circle, which would make each of their questions slow.
	medley := g.org("Medley", policy.Manufacturer)
	keeper, second := g.person(medley, "Mia Lund", policy.RoleOfficer), g.person(medley, "Max Berg", policy.RoleOfficer)
	inDevices := g.plantDevices(corpus, keeper, second, nurse)
	asPia, asPol, asDesk := g.session(officer), g.session(writer), g.session(g.desk.Person)
	page := func(who *http.Cookie, paths ...string) {
		for _, p := range paths {
			pages = append(pages, planted{who: who, path: p})
		}
	}
	sample := func(list []string, n int) (some []string) {
		for i := range n {
			if len(list) > 0 {
				some = append(some, list[i*len(list)/n])
			}
		}
		return some
	}
	page(nil, "/", "/sign-in", "/verify", "/rooms/"+room)
	for _, l := range sample(links, 6) {
		page(nil, "/invitations/"+l)
	}
	pages = append(pages, planted{asPia, "/topics/" + main, true}, planted{asPia, "/topics/" + gone, true}, planted{asPia, "/rooms/" + room, true})
	page(asPia, "/inbox", "/rooms", "/circles", "/members", "/approvals", "/invitations", "/evidence", "/members/"+pump, "/members/"+pump+"/edit", "/people/"+writer, "/posts/"+edited+"/history", "/topics/"+main+"?fewer=1", "/topics/"+main+"?quote="+posts[3])
	for _, id := range sample(topics, 12) {
		page(asPia, "/topics/"+id)
	}
	for _, id := range sample(orgs, 5) {
		page(asPia, "/members/"+id)
	}
	for _, id := range sample(people, 4) {
		page(asPia, "/people/"+id)
	}
	for _, id := range sample(circles, 4) {
		page(asPia, "/circles/"+id)
	}
	for _, id := range sample(rooms, 5) {
		page(asPia, "/rooms/"+id)
	}
	for i := 0; i < len(corpus); i += 50 {
		page(asPia, "/search?q="+url.QueryEscape(clip(strings.ToValidUTF8(strings.Join(corpus[i:min(len(corpus), i+4)], " "), "?"), 190)), "/members?q="+url.QueryEscape(clip(corpus[i], 60)))
	}
	page(asPia, "/search?q=mk7mk", "/search?q=Indeed")
	page(asPol, "/account", "/rooms/"+room+"/topics/new", "/topics/"+main, "/posts/"+posts[5]+"/edit", "/posts/"+posts[6]+"/delete", "/topics/"+topics[2]+"/relabel")
	for _, id := range holders {
		page(g.session(id), "/account")
	}
	page(asDesk, "/desk", "/members/"+pump, "/recovery", "/account")
	page(nil, inCases.public...)
	page(asPia, inCases.own...)
	page(asDesk, inCases.desk...)
	page(g.session(keeper), inDevices.own...)
	page(g.session(nurse), inDevices.hospital...)
	page(asDesk, inDevices.desk...)
	return pages
}

// inspection looks at a page for what only an attack would have put there. What
// it finds in order, it says in words.
const inspection = `(() => {
	const bad = [], where = (e) => e.outerHTML.slice(0, 200);
	if (window.__xss !== undefined) bad.push("an attack ran");
	if (document.body?.nodeName !== "BODY" || typeof document.getElementById !== "function" || typeof document.cookie !== "string" || window.xssclobber) bad.push("a name was taken");
	for (const id of ["ui-toasts", "ui-polite", "ui-banner", "ui-commands", "ui-ask", "ui-mask", "main"])
		if (document.querySelectorAll("#" + id).length > 1) bad.push("there are several " + id);
	const never = new Set("iframe object embed base frame frameset applet math style template marquee foreignobject animate set use image portal noscript plaintext xmp listing isindex font video audio source param".split(" "));
	const drawn = new Set("svg path circle rect line g text title defs pattern symbol use".split(" "));
	const ours = (e) => e.localName === "use" && e.attributes.length === 1 && /^#(participants|statuses)-[a-z-]+$/.test(e.getAttribute("href")); // a sign that the page itself draws
	for (const e of document.querySelectorAll("*")) {
		const n = e.localName;
		if (never.has(n) && !ours(e) || e.namespaceURI.endsWith("/svg") && !drawn.has(n) || n.includes("-") || n.startsWith("x") || n.startsWith("i") && !["img", "input", "i", "ins"].includes(n)) bad.push("element: " + where(e));
		if (n === "script" && !e.getAttribute("src")?.startsWith("/assets/") || n === "link" && !e.getAttribute("href")?.startsWith("/assets/") || n === "img" && !/^\/(files|assets)\//.test(e.getAttribute("src")) || n === "meta" && e.httpEquiv && !(e.httpEquiv === "Content-Security-Policy" && e.parentElement === document.head && e.content.startsWith("default-src 'none'"))) bad.push("element: " + where(e));
		for (const a of e.attributes) {
			if (/^on|^style$|^srcdoc$|^srcset$|^background$|^(hx|x|ng|v)-|^[@:{$]|["'<>=]/i.test(a.name)) bad.push("attribute " + a.name + ": " + where(e));
			if (!/^(href|src|action|formaction|xlink:href|data|poster|cite|ping)$/i.test(a.name)) continue;
			let u; try { u = new URL(a.value, location.href); } catch { bad.push("address " + a.value); continue; }
			if (!["http:", "https:", "mailto:"].includes(u.protocol) || !["href", "cite"].includes(a.name.toLowerCase()) && u.origin !== location.origin) bad.push("address: " + where(e));
			if (u.host === "evil.example" && n !== "a") bad.push("address: " + where(e));
		}
	}
	const text = document.documentElement.innerText + document.title + [...document.querySelectorAll("input, textarea, option, button, [aria-label]")].map(e => e.value + " " + e.textContent + " " + e.getAttribute("aria-label")).join(" ");
	return {bad: bad.slice(0, 8), marks: [...new Set(text.match(/mk\d+mk/g))]};
})()`

// inspect looks at the page of a tab.
func (g *garden) inspect(tab *browser.Tab, what string, shown map[string]bool) {
	g.t.Helper()
	var found struct{ Bad, Marks []string }
	tab.Eval(inspection, &found)
	for _, b := range found.Bad {
		g.t.Errorf("%s: %s", what, b)
	}
	for _, m := range found.Marks {
		shown[m] = true
	}
}

var style = regexp.MustCompile(`(?s)<style>.*?</style>`)

// inspectPack looks at the page for people in an evidence pack, which is opened
// as a file, without any header of ours, and at what the verifier says of a pack.
func (g *garden) inspectPack(t *testing.T, shown map[string]bool) {
	t.Helper()
	who := g.viewer(g.named(`SELECT p.id FROM visible.people p WHERE p.name = $1`, "Pol Strand"))
	topic := g.titled("Attacks")
	pack := filepath.Join(t.TempDir(), "pack.zip")
	var b bytes.Buffer
	if err := g.house.evidence.Topic(context.Background(), g.house.db, who, topic, &b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pack, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	p, err := z.Open("index.html")
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(p)
	if err != nil {
		t.Fatal(err)
	}
	// Its own style sheet is the one thing that a page of ours does not have.
	page = style.ReplaceAll(page, nil)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("the page in the pack asks for %s", r.URL)
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(page)
	}))
	t.Cleanup(s.Close)
	tab := browser.New(t).Tab()
	tab.Go(s.URL)
	g.inspect(tab, "the page in the pack", shown)
	tab.Go(g.url + "/verify")
	tab.Upload("#verify-pack", pack)
	tab.Click("#verify button.primary")
	tab.WaitText(".notice", "whole", browser.Patience)
	g.inspect(tab, "the verifier", shown)
}
