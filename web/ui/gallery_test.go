package ui

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/chromedp/chromedp"

	"github.com/cordon-isao/cordon/web/assets"
)

// The gallery draws every part with invented data. It is what the tests look
// at, and with CORDON_GALLERY=DIR what a person looks at: pages and
// screenshots are then left in DIR.

// csp is the policy of every page of the program, plus a place to report to.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; " +
	"require-trusted-types-for 'script'; trusted-types cordon; report-uri /csp"

var noon = time.Date(2026, 11, 14, 15, 2, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return noon.Add(-d) }

func text(s string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	})
}

// within puts children inside parent.
func within(parent templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return parent.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}

var audience = []AudienceRow{
	{"Pumpworks", "manufacturer", 5}, {"FDA CDRH", "agency", 2}, {"CISA", "agency", 1},
	{"St. Anne", "provider", 4}, {"ISAO desk", "", 2},
}

func frame(theme, title, kind string) Frame {
	return Frame{
		Title: title, Community: "Device ISAO", Theme: theme, PageKind: kind, Demo: true,
		Band: Band{Label: "AMBER+STRICT", Sentence: "Share only inside your own organization.", People: 14, Orgs: 5, Audience: audience},
		Nav: []NavGroup{
			{"Mine", []NavItem{{"Inbox", "/inbox", "inbox", 7, kind == "inbox", "i"}, {"My account", "/account", "account", 0, kind == "account", "u"}}},
			{"Together", []NavItem{{"Rooms", "/rooms", "room", 3, kind == "rooms" || kind == "topic", "r"}}},
			{"Organization", []NavItem{{"Members", "/members", "members", 0, false, "m"}, {"Evidence", "/evidence", "evidence", 0, false, "e"}}},
			{"Desk", []NavItem{{"Desk", "/desk", "desk", 2, false, "k"}}},
		},
		Person: &PersonBadge{"R. Osei", "Pumpworks", "/account", "/sign-out"},
		Right: templ.Join(AudiencePanel(audience),
			within(Section("Files"), FileList([]File{{Name: "icsma-26-318-01.json", Size: "41 KB", Href: "#", Note: "CSAF 2.0"}})),
			within(Section("Ledger"), text(`<p>41 events, last proof 3 min ago, 2 of 3 witnesses. <a href="/evidence">Verify offline</a></p>`))),
	}
}

var postActions = []Action{
	{Label: "Reply", Href: "#compose", Icon: "reply", Key: "r"}, {Label: "Quote", Href: "?quote=1#compose", Icon: "quote", Key: "q"},
	{Label: "Pin as decision", Href: "/pin", Method: "post", Icon: "pin", Key: "d", Confirm: "Pin this for everybody in the topic?"},
}

func post(id, by, org, label, html string, at time.Duration) Post {
	return Post{ID: id, Author: by, Org: org, AuthorHref: "/members/x", At: ago(at), Now: noon, Label: label, Body: text(html), Actions: postActions}
}

func posts() templ.Component {
	first := post("post_1", "R. Osei", "Pumpworks", "AMBER", `<p>The update service of the A4 and A5 accepts an image without checking its signature when the maintenance port is open. We can reproduce it on <strong>4.2.0 to 4.2.6</strong>; 4.3 refuses.</p><ul><li>Attacker needs the hospital network, no credentials.</li><li>Therapy goes on; the pump restarts into the new image at the next power cycle.</li></ul><p>Interim: close port <code>8443/tcp</code> at the switch.</p>`, 26*time.Hour)
	first.Files = []File{{Name: "icsma-26-318-01.json", Size: "41 KB", Href: "#", Note: "CSAF 2.0"}, {Name: "bench-a4-a-long-file-name-that-must-wrap-somewhere.pdf", Size: "1.2 MB", Href: "#"}}
	first.Edited, first.HistoryHref = true, "#history"
	second := post("post_2", "D. Lin", "FDA CDRH", "AMBER", `<blockquote><p>Therapy goes on</p></blockquote><p>Please confirm whether therapy delivery can be interrupted <em>during</em> the update, not only after it.</p>`, 9*time.Hour)
	gone := Post{ID: "post_3", Author: "M. Alvarez", Org: "ISAO desk", At: ago(8 * time.Hour), Now: noon, Label: "AMBER", Deleted: true, DeletedText: "Removed by its author, 14 Nov. That it existed stays on record."}
	decision := post("post_4", "R. Osei", "Pumpworks", "AMBER+STRICT", `<p>Signed-update patch passes the bench test on A4. A5 starts Monday. Customer notice goes out on the 20th.</p>`, 5*time.Hour)
	decision.Decision = "Decision, pinned by M. Alvarez"
	fresh := post("post_5", "K. Adeyemi", "St. Anne", "AMBER", `<p>We have 212 A4 on three sites. Port closed on all of them at 14:40; nothing else depended on it.</p><pre><code>switch-core-2# show acl pump-maint | count
212</code></pre>`, 12*time.Minute)
	fresh.New, fresh.FirstNew = true, true
	var cs []templ.Component
	for _, p := range []Post{first, second, gone, decision, fresh} {
		cs = append(cs, Message(p))
	}
	return within(Messages("Posts"), cs...)
}

func someComposer(errs bool) Compose {
	c := Compose{
		Heading: "Reply", Author: "As R. Osei, Pumpworks", Action: "/posts", IdempotencyKey: "k1", FileLimit: "50 MB each",
		DraftKey: "topic_1", DraftURL: "/drafts", PreviewURL: "/preview", DraftSaved: ago(3 * time.Minute), Now: noon,
		Labels: []Option{{Value: "AMBER", Text: "TLP:AMBER", Selected: true}, {Value: "AMBER+STRICT", Text: "TLP:AMBER+STRICT"}, {Value: "RED", Text: "TLP:RED"}},
		Audience: []AudienceGroup{
			{"Circles", []Option{{Value: "circle:1", Text: "Infusion pumps", Hint: "9 people in 4 organizations", Selected: true}, {Value: "circle:2", Text: "Hospital engineers"}}},
			{"Organizations", []Option{{Value: "org:1", Text: "St. Anne", Selected: true}, {Value: "org:2", Text: "Pumpworks"}, {Value: "org:3", Text: "Northfield Monitoring"}}},
			{"Kinds", []Option{{Value: "kind:provider", Text: "Care providers"}, {Value: "kind:agency", Text: "Agencies"}}},
			{"People", []Option{{Value: "person:1", Text: "D. Lin", Hint: "FDA CDRH"}}},
		},
		Preview: Preview{Label: "AMBER", Sentence: "14 people in 5 organizations will see this. Two of them are agencies.", Button: "Send to 14 people in 5 organizations", Rows: audience},
	}
	if errs {
		c.Heading, c.WithTitle, c.AudienceOpen, c.Body = "New topic", true, true, "The A5 does the same."
		c.Errors = []FieldError{{"compose-title", "Give the topic a title of at least 3 letters."}, {"compose-audience", "Choose who will see it: TLP:AMBER needs at least one circle or organization."}}
		c.Preview = Preview{Label: "AMBER", Problem: "Nobody is chosen yet, so this cannot be sent."}
	}
	return c
}

// gallery returns the pages by name.
func gallery(theme string) map[string]templ.Component {
	heading := Heading{
		ShortID: "TOPIC-7K3Q-2M9P", Label: "AMBER+STRICT", Severity: "critical", SeverityText: "Critical 9.1", States: []string{"Coordinating", "Safety impact: under review"},
		Title: "Unauthenticated firmware update in infusion pump A4/A5", Subtitle: "Reported 28 Oct 2026 by a member (clinical engineering). Owner: M. Alvarez. Next review Thursday.",
	}
	next := NextStep(Step{Sentence: "Customer notice is due in 6 days.", Detail: "Draft is ready; two of three reviewers have approved.", Button: "Review draft", Href: "#draft", Key: "n"})
	topic := frame(theme, "Unauthenticated firmware update", "topic")
	topic.Live = []string{"topic_1"}
	room := frame(theme, "Infusion pumps", "rooms")
	room.Band.Label, room.Band.Sentence = "AMBER", "Share with your organization and its clients who need to know."
	plain := func(title, kind string) Frame {
		f := frame(theme, title, kind)
		f.Right, f.Band = nil, Band{Label: "GREEN", Sentence: "Share within the community, not in public.", People: 40, Orgs: 14}
		return f
	}
	public := Frame{Title: "Sign in", Community: "Device ISAO", Theme: theme, Band: Band{Label: "CLEAR", Sentence: "Anyone may read and share this page."},
		Nav: []NavGroup{{"", []NavItem{{Label: "About", Href: "/"}, {Label: "Verify a pack", Href: "/verify"}, {Label: "Sign in", Href: "/sign-in", Current: true}}}}}
	pages := disclosureGallery(theme)
	maps.Copy(pages, map[string]templ.Component{
		"topic": within(Page(topic), TitleRow(heading), next,
			Tabs("Topic", []Tab{{Label: "Posts", Href: "#", Current: true, Note: "5"}, {Label: "Decisions", Href: "#d", Note: "1"}, {Label: "Evidence", Href: "#e"}}),
			posts(), Composer(someComposer(false))),
		"rooms": within(Page(plain("Rooms", "rooms")), TitleRow(Heading{Title: "Rooms", Subtitle: "10 rooms that you can see.", Actions: []Action{{Label: "New room", Href: "/rooms/new", Icon: "plus", Kind: "primary", Key: "t"}}}),
			RoomList([]RoomRow{
				{"room_1", "Infusion pumps", "/room", "Vulnerabilities and field actions in large-volume and syringe pumps", "AMBER", 3, 14, 5, 28, ago(12 * time.Minute), noon},
				{"room_2", "Hospital engineers", "/room", "What works on the floor: segmentation, patch windows, workarounds", "AMBER", 0, 22, 9, 41, ago(5 * time.Hour), noon},
				{"room_3", "Advisories", "/room", "Every CISA medical advisory, the day it appears", "GREEN", 1, 40, 14, 144, ago(26 * time.Hour), noon},
				{"room_4", "Agency liaison", "/room", "", "AMBER+STRICT", 0, 6, 3, 4, ago(90 * 24 * time.Hour), noon},
				{"room_5", "Incident 26-11: telemetry gateway", "/room", "Named persons only", "RED", 0, 5, 4, 2, ago(30 * time.Hour), noon},
			}), Pagination(Pages{OlderHref: "?after=x", Note: "5 of 10"})),
		"room": within(Page(room), TitleRow(Heading{Label: "AMBER", Title: "Infusion pumps", Subtitle: "Vulnerabilities and field actions in large-volume and syringe pumps.", Actions: []Action{{Label: "New topic", Href: "/new", Icon: "plus", Kind: "primary", Key: "t"}, {Label: "Mute", Href: "/mute", Method: "post", Icon: "bell"}}}),
			TopicList([]TopicRow{
				{ID: "t0", Title: "Read first: what belongs in this room", Href: "/topic", Label: "GREEN", Pinned: true, Replies: 2, By: "M. Alvarez, ISAO desk", LastAt: ago(40 * 24 * time.Hour), Now: noon},
				{ID: "t1", Title: "Unauthenticated firmware update in infusion pump A4/A5", Href: "/topic", Label: "AMBER+STRICT", Unread: 2, Replies: 5, By: "R. Osei, Pumpworks", LastBy: "K. Adeyemi", LastAt: ago(12 * time.Minute), Now: noon},
				{ID: "t2", Title: "Hard-coded maintenance password in a discontinued syringe driver: who still has them, and what is a safe interim?", Href: "/topic", Label: "AMBER", Replies: 17, By: "St. Anne", LastBy: "D. Lin", LastAt: ago(7 * time.Hour), Now: noon},
				{ID: "t3", Title: "OpenSSL in the drug library server", Href: "/topic", Label: "AMBER", Resolved: true, Replies: 9, By: "Northfield", LastBy: "R. Osei", LastAt: ago(4 * 24 * time.Hour), Now: noon},
			}), Pagination(Pages{NewerHref: "?b", OlderHref: "?a"})),
		"inbox": within(Page(plain("Inbox", "inbox")), TitleRow(Heading{Title: "Inbox", Subtitle: "7 things since yesterday; 1 needs you."}),
			FlashLine(&Flash{"ok", "Marked done. 6 left."}), NextStep(Step{Kind: "info", Sentence: "St. Anne asks you for a fix date.", Detail: "Mentioned you in “Unauthenticated firmware update”.", Button: "Answer", Href: "/topic", Key: "r"}),
			within(Section("Infusion pumps"), List("inbox", []Row{
				{ID: "i1", Title: "K. Adeyemi mentioned you", Href: "/topic", Meta: "Unauthenticated firmware update · because you were mentioned", Label: "AMBER", Unread: true, At: ago(12 * time.Minute), Now: noon, Actions: []Action{{Label: "Done", Href: "/done", Method: "post", Icon: "check", Key: "e", Kind: "quiet"}}},
				{ID: "i2", Title: "Search result with a snippet", Href: "/topic", Snippet: text(`the <mark>update</mark> service of the A4 accepts an image without checking`), Label: "AMBER", Icon: "room", State: "Resolved", At: ago(30 * time.Hour), Now: noon},
			})),
			DataTable(Table{Caption: "Participants", Head: []string{"Organization", "Kind", "Recipients", "Last answer"}, Numeric: []bool{false, false, true, false},
				Rows: [][]Cell{{{Text: "Pumpworks", Href: "#", Header: true}, {Text: "manufacturer"}, {Text: "5"}, {Text: "14 Nov", Muted: true}}, {{Text: "St. Anne", Header: true}, {Text: "provider"}, {Text: "4"}, {Text: "none", Muted: true}}}})),
		"compose": within(Page(plain("New topic", "topic")), TitleRow(Heading{Label: "AMBER", Title: "New topic in Infusion pumps"}), Composer(someComposer(true))),
		"account": within(Page(plain("My account", "account")), TitleRow(Heading{Title: "My account", Subtitle: "R. Osei, Pumpworks (manufacturer)"}),
			Notice("warn", "Add a second passkey before TLP:AMBER items open."),
			within(Card("Passkeys"), KeyValues([]KV{{Key: "Laptop", Value: "added 3 Oct 2026, used today"}, {Key: "Token", Value: "crd_7K3Q…", Mono: true}}), PasskeyForm(Passkey{Kind: "register", BeginURL: "/pk/begin", FinishURL: "/pk/finish", Button: "Add a passkey", Fields: []Field{{Name: "label", Label: "Name of this key", Required: true, Hint: "So that you know later which one it is.", Value: "Key ring"}}})),
			within(Card("Tokens"), Secret("crd_7K3Q2M9P_invented_and_shown_once", "Copy the token"), within(Form(FormSpec{ID: "new-token", Action: "/tokens", Submit: "Make a token", IdempotencyKey: "t1"}), FormField(Field{Name: "token-name", Label: "What is it for", Required: true}))),
			within(Card("Display"), FormField(Field{Name: "theme", Label: "Theme", Type: "radios", Options: []Option{{Value: "auto", Text: "As the device says", Selected: true}, {Value: "dark", Text: "Dark"}, {Value: "contrast", Text: "High contrast", Hint: "No tints"}}}),
				FormField(Field{Name: "density", Label: "Density", Type: "select", Options: []Option{{Value: "d", Text: "Default"}, {Value: "c", Text: "Compact"}}}),
				FormField(Field{Name: "keys", Label: "Single keys", Type: "checkbox", Checked: true, Hint: "J, K, R and others act at once."}),
				FormField(Field{Name: "mail", Label: "E-mail", Type: "email", Value: "r.osei@", Error: "Write a whole address, such as name@example.org.", Required: true}),
				FormField(Field{Name: "note", Label: "Note", Type: "textarea"}), ProgressBar("Evidence of 2026-Q4", 2, 3)),
			within(Card("What happened"), Timeline([]Event{{At: ago(time.Hour), Text: "Shared with 5 organizations", Kind: "ok", Proof: "proved by entry 41"}, {At: ago(30 * time.Hour), Text: "Customer notice due in 6 d", Kind: "warn", Detail: "30 calendar days after the manufacturer learned"}, {At: ago(700 * time.Hour), Text: "Reported"}}, noon))),
		"sign-in": within(PublicPage(public), TitleRow(Heading{Title: "Sign in", Subtitle: "With the passkey of your device or key. There are no passwords here."}), Stages([]Stage{{"Passkey", true, false}, {"Second passkey", false, true}, {"Code of sharing", false, false}}), PasskeyForm(Passkey{Kind: "signin", BeginURL: "/pk/begin", FinishURL: "/pk/finish", Button: "Sign in with a passkey"}),
			within(Section("People of this demonstration"), Personas("/demo/sign-in", []Persona{{"a", "R. Osei", "Pumpworks", "manufacturer"}, {"b", "K. Adeyemi", "St. Anne", "care provider"}, {"c", "D. Lin", "FDA CDRH", "agency"}}))),
		"error": within(PublicPage(public), NotFound()),
		"empty": within(Page(plain("Rooms", "rooms")), TitleRow(Heading{Title: "Rooms"}), EmptyState(Empty{Kind: "nothing-yet", Title: "No rooms yet", Text: "A room is where a circle talks about one kind of device. Open the first, and choose who is in it.", Action: &Action{Label: "Open a room", Href: "/new", Kind: "primary", Icon: "plus"}, Example: RoomList([]RoomRow{{"ex1", "Infusion pumps", "#", "What fails, what helps", "AMBER", 2, 14, 5, 3, ago(time.Hour), noon}})}),
			EmptyState(Empty{Kind: "no-match", Title: "Nothing matches “ventilator”", Text: "Shown: unread only.", Action: &Action{Label: "Clear the filter", Href: "?"}})),
	})
	return pages
}

// house serves the gallery, and what the pages' forms call.
type house struct {
	mu      sync.Mutex
	reports []string
	mux     *http.ServeMux
}

func newHouse(t *testing.T) (*house, string) {
	h := &house{mux: http.NewServeMux()}
	h.mux.Handle("GET /assets/", assets.Handler())
	h.mux.HandleFunc("POST /csp", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.reports = append(h.reports, string(b))
		h.mu.Unlock()
	})
	h.mux.HandleFunc("GET /gallery/{page}", func(w http.ResponseWriter, r *http.Request) {
		c, ok := gallery(r.FormValue("theme"))[r.PathValue("page")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h.write(w, r, c)
	})
	s := httptest.NewServer(h.mux)
	t.Cleanup(s.Close)
	return h, s.URL
}

func (h *house) write(w http.ResponseWriter, r *http.Request, c templ.Component) {
	w.Header().Set("Content-Security-Policy", csp)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.Render(r.Context(), w)
}

// violations returns what browsers reported against the policy.
func (h *house) violations() []string {
	time.Sleep(300 * time.Millisecond)
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reports
}

// browser starts Chromium, or skips the test where there is none.
func browser(t *testing.T) context.Context {
	path := "/usr/bin/chromium"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no Chromium at " + path)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestGallery opens every page of the gallery in both themes and at three
// widths: nothing scrolls sideways (U-05), nothing breaks the policy, targets
// are large enough, and each page has one h1 after its band.
func TestGallery(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h, url := newHouse(t)
	ctx := browser(t)
	dir := os.Getenv("CORDON_GALLERY")
	for name := range gallery("light") {
		for _, theme := range []string{"light", "dark"} {
			for _, width := range []int64{1280, 360, 320} {
				if theme == "dark" && width == 320 {
					continue // the same boxes
				}
				where := fmt.Sprintf("%s, %s, %d px", name, theme, width)
				err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 860), chromedp.Navigate(url+"/gallery/"+name+"?theme="+theme))
				if err != nil {
					t.Fatalf("%s: %v", where, err)
				}
				type found struct {
					Over  []string `json:"over"`
					Small []string `json:"small"`
					H1    int      `json:"h1"`
					First string   `json:"first"`
					IDs   []string `json:"ids"`
				}
				f, err := chromedp.Run(ctx, chromedp.Evaluate[found](`(() => {
					const name = (e) => e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 40);
					const all = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility());
					const wide = document.documentElement.scrollWidth > innerWidth;
					const over = !wide ? [] : all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map(name).slice(0, 5);
					if (wide && !over.length) over.push("something");
					const small = all.filter((e) => e.matches("button, .btn, input:not([type=checkbox],[type=radio],[type=file],[type=hidden]), select, summary, .left a, .row-link, .choice"))
						.filter((e) => !e.matches(".sr, .skip")).filter((e) => { const b = e.getBoundingClientRect(); return b.height < 23.5 || b.width < 23.5; }).map(name);
					const seen = {}, ids = [];
					for (const e of document.querySelectorAll("[id]")) { if (seen[e.id]) ids.push(e.id); seen[e.id] = 1; }
					return { over, small, ids, h1: document.querySelectorAll("h1").length, first: document.body.firstElementChild.className };
				})()`))
				if err != nil {
					t.Fatalf("%s: %v", where, err)
				}
				if len(f.Over) > 0 {
					t.Errorf("%s scrolls sideways: %q", where, f.Over)
				}
				if len(f.Small) > 0 {
					t.Errorf("%s: targets under 24 px: %q", where, f.Small)
				}
				if f.H1 != 1 || f.First != "band" || len(f.IDs) > 0 {
					t.Errorf("%s: %d h1, first is %q, ids used twice: %q", where, f.H1, f.First, f.IDs)
				}
				if dir != "" && width != 320 {
					shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
					if err != nil {
						t.Fatalf("%s: %v", where, err)
					}
					os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%d.png", name, theme, width)), shot, 0o644)
				}
			}
		}
	}
	if v := h.violations(); len(v) > 0 {
		t.Errorf("%d reports against the policy, first: %s", len(v), v[0])
	}
}

// TestNoInline makes sure that no page needs what the policy forbids.
func TestNoInline(t *testing.T) {
	for name, c := range gallery("dark") {
		var b bytes.Buffer
		if err := c.Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []string{" style=", "<style", " onclick", "javascript:", "http://", "https://"} {
			if strings.Contains(b.String(), bad) {
				t.Errorf("%s contains %q", name, bad)
			}
		}
		if got := strings.Count(b.String(), "<script"); got != 1 {
			t.Errorf("%s has %d scripts, want 1", name, got)
		}
	}
}
