package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// newTown is a furnished town on SQLite.
func newTown(t testing.TB, clk clock.Clock) *town {
	w := openTown(t, t.TempDir(), "", clk, true)
	t.Cleanup(w.shut)
	w.settle()
	return w
}

// hidePeople adds what is hidden of kinds that members otherwise know: an
// applicant, and somebody who does not stand in the directory.
func (w *town) hidePeople() (applicant, unlisted string) {
	w.t.Helper()
	applicant, err := w.apply("Quokka Applicants")
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(program, func(tx *db.Tx) (err error) {
		unlisted, err = w.house.members.SeedPerson(tx, "", w.orgs["shade"], members.NewPerson{Name: "Quokka Unlisted"})
		return err
	})
	return applicant, unlisted
}

// TestHiddenIsAbsent: T-08. What is hidden, what does not exist and what cannot
// be an id are answered with the same bytes, by every route that takes an id.
func TestHiddenIsAbsent(t *testing.T) {
	t.Parallel()
	w := newTown(t, clock.NewManual(townEpoch))
	applicant, unlisted := w.hidePeople()
	asked := 0
	for turn, s := range []subject{{name: "member", cookie: w.cookies["mia"]}, {name: "officer", cookie: w.cookies["mo"]}, {name: "token", bearer: w.bearers["mia"]},
		{name: "desk", cookie: w.cookies["dora"]}, {name: "nobody"}} {
		first, began := asked, time.Now()
		hidden := func(kind string) []string {
			switch {
			case s.name == "desk" && kind != "token" && kind != "session" && kind != "person" && kind != "org":
				return w.hiddenFromDesk(kind)
			case kind == "org" && s.name != "desk":
				return []string{applicant}
			case s.name == "desk" && (kind == "person" || kind == "org"):
				return nil // the desk knows everybody, and the applicants
			case kind == "person":
				return []string{unlisted}
			case kind == "token" || kind == "session":
				return []string{w.tokensOf(kind)["sam"], w.tokensOf(kind)["hal"]}
			}
			return w.pool(kind, true)
		}
		for _, r := range w.house.routes() {
			template := r.Path + probes[r.Method+" "+r.Path].form + probes[r.Method+" "+r.Path].json
			all := kindsIn(template)
			slices.Sort(all)
			for _, kind := range slices.Compact(all) {
				if kind == "path" || r.Stream {
					continue
				}
				others := hidden(kind)
				w.tick(500 * time.Millisecond)
				time.Sleep(time.Duration(asked-first-1500)*time.Second/200 - time.Since(began)) // nobody's budget shall matter
				send := func(id string) answerOf {
					asked++
					at := s
					at.addr = fmt.Sprintf("192.0.%d.%d:1", 2+asked/250, asked%250)
					return w.ask(at, requestOf(r, "", func(k string) string {
						if k == kind {
							return id
						}
						if id := w.jointThing(k); id != "" {
							return id
						}
						return map[string]string{"topic": w.topics["telnet"], "room": w.rooms["commons"], "post": w.posts["telnet"], "org": w.orgs["hosp"],
							"person": w.people["hal"], "circle": w.circles["pumps"], "file": w.files["csaf"]}[k]
					}))
				}
				absent := unknownID(kind)
				want := send(absent)
				if s.name == "desk" && r.Path == "/api/v1/cases/{case}/notices" {
					others = nil // the ISAO has its copies of notices in cases that it cannot see
				}
				if strings.Contains(r.Path, "{"+kind+"}") && !(want.status == http.StatusForbidden && kind == "person") {
					// Each subject tries one of what cannot be an id, each route gets all.
					others = append(slices.Clip(others), []string{"no-such-thing", kind + "_il-formed", kind + "_" + strings.Repeat("A", 400), "no.such~thing", kind + "_"}[turn])
				}
				if strings.Contains(r.Path, "first-run") || strings.Contains(r.Path, "invitations/{token}") {
					others = []string{"no-such-thing", strings.Repeat("A", 43)}
				}
				for _, id := range others {
					if id == "" {
						continue
					}
					got := send(id)
					a, b := w.sameEcho(want, absent), w.sameEcho(got, id)
					if got.status >= 500 || got.status != want.status || a.body != b.body || !cmp.Equal(a.header, b.header) {
						t.Errorf("T-08: %s can tell %q from what does not exist: %s %s\nstatus %d, %d\n%s\n%s", s.name, id, r.Method, r.Path, want.status, got.status,
							cmp.Diff(a.header, b.header), firstDifference(a.body, b.body))
					}
				}
			}
		}
	}
	t.Logf("%d requests", asked)
}

func (w *town) tokensOf(kind string) map[string]string {
	if kind == "token" {
		return w.tokens
	}
	return w.sessions
}

// sameEcho leaves out of an answer what the asker himself wrote, and what is
// random in it.
func (w *town) sameEcho(a answerOf, id string) answerOf {
	x := &twins{}
	echoed := strings.NewReplacer(id, "ID", strings.ReplaceAll(id, "%", "%25"), "ID")
	echo := replacerFunc(func(s string) string {
		return anyID.ReplaceAllStringFunc(echoed.Replace(s), func(id string) string {
			if !w.knows(id) {
				return "NEW" // of what this request made
			}
			return id
		})
	})
	h := http.Header{}
	for k, vs := range a.header {
		if k == "Content-Length" {
			continue // of an echo
		}
		for _, v := range vs {
			h.Add(k, echo.Replace(x.plain(v, false)))
		}
	}
	return answerOf{a.status, h, echo.Replace(x.plain(a.body, false))}
}

type replacerFunc func(string) string

func (f replacerFunc) Replace(s string) string { return f(s) }

// knows reports whether an id is of something that the town was furnished with.
func (w *town) knows(id string) bool {
	if w.ids == nil {
		w.ids = map[string]bool{}
		for _, kind := range allKinds {
			for _, id := range append(w.pool(kind, false), w.pool(kind, true)...) {
				w.ids[id] = true
			}
		}
	}
	return w.ids[id]
}

// TestEveryRouteMethodAcceptStranger: T-09. Every route, with nine methods and five
// kinds of stranger, is denied unless the table lists it, with four Accept headers
// by its own method and one of them in turn by the others; nothing fails inside,
// and nothing is changed.
func TestEveryRouteMethodAcceptStranger(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	type stranger struct {
		subject
		person string
		token  bool
	}
	strangers := []stranger{
		{subject{name: "nobody"}, "", false},
		{subject{name: "of another organization"}, "lena", false},
		{subject{name: "suspended"}, "sue", false},
		{subject{name: "reading token"}, "mia", true},
		{subject{name: "lower role"}, "mia", false},
	}
	// Each asks under several sessions, so that the attack meets the doors and not
	// the rate limit.
	cards := map[string][]string{}
	for _, s := range strangers {
		for range 5 {
			switch {
			case s.token:
				w.write(program, func(tx *db.Tx) error {
					text, err := w.house.members.SeedToken(tx, w.people[s.person], members.NewToken{Name: "reads", Scopes: []policy.Scope{policy.ScopeRead}})
					cards[s.name] = append(cards[s.name], text)
					return err
				})
			case s.person != "":
				cards[s.name] = append(cards[s.name], w.session(w.people[s.person]).Value)
			}
		}
	}
	routes := w.house.routes()
	listed := map[string]bool{}
	for _, r := range routes {
		listed[r.Method+" "+r.Path] = true
		if r.Method == "GET" {
			listed["HEAD "+r.Path] = true
		}
	}
	pick := func(kind string) string {
		if list := w.pool(kind, true); len(list) > 0 {
			return list[0]
		}
		return unknownID(kind)
	}
	before, sent, turn, n := w.facts(), 0, 0, map[string]int{}
	for _, r := range routes {
		req := requestOf(r, "", pick)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"} {
			own := method == r.Method || method == "HEAD" && r.Method == "GET"
			if !own && listed[method+" "+r.Path] {
				continue // a line of its own
			}
			accepts := []string{"", "text/html", "application/json", "application/x-unknown;q=2,,"}
			if !own {
				accepts = accepts[turn%4:][:1]
				turn++
			}
			for _, accept := range accepts {
				for _, s := range strangers {
					if own && accept != "" && costly.MatchString(r.Method+" "+r.Path) {
						continue // once is enough
					}
					if own && s.name == "lower role" && mayAsk(w, r, s.person, false) && r.Access != httpkit.Open && r.Method != "GET" {
						continue // a member's own acts, which T-10 attacks
					}
					if own && s.person != "" && len(kindsIn(r.Path)) == 0 && mayAsk(w, r, s.person, s.token) && r.Access != httpkit.Open && r.Method != "GET" {
						continue // what anybody does about himself
					}
					req := req
					req.method = method
					req.header = http.Header{}
					if accept != "" {
						req.header.Set("Accept", accept)
					}
					who := s.subject
					if list := cards[s.name]; s.token {
						who.bearer = list[n[s.name]/1500%len(list)]
					} else if len(list) > 0 {
						who.cookie = list[n[s.name]/1500%len(list)]
					}
					n[s.name]++
					sent++
					who.addr = fmt.Sprintf("198.51.%d.%d:1", sent/250%250, sent%250)
					got := w.askFor(r.Stream, who, req)
					if got.status >= 500 || got.status == http.StatusTooManyRequests {
						t.Errorf("T-09: %s: %v answers %d", s.name, req, got.status)
						continue
					}
					if own && mayAsk(w, r, s.person, s.token) && (s.person != "" || r.Access == httpkit.Open || r.Access == httpkit.Anonymous) {
						if len(kindsIn(r.Path)) > 0 && got.status == 200 && !strings.HasPrefix(r.Path, "/ledger/") && !strings.HasPrefix(r.Path, "/assets/") && pick(kindsIn(r.Path)[0]) != "" && !shownToAll[r.Path] {
							t.Errorf("T-09: %s: %v answers 200 about what is hidden", s.name, req)
						}
						continue
					}
					if !denied(got) {
						t.Errorf("T-09: %s: %v is not denied: %d", s.name, req, got.status)
					}
				}
			}
		}
	}
	if after := w.facts(); after != before {
		t.Errorf("T-09: strangers changed something: %d facts became %d: %v", before, after, w.newest(after-before))
	}
	t.Logf("%d requests to %d routes", sent, len(routes))
}

// shownToAll are pages about things that the pool calls hidden of a kind that
// everybody in good standing may know.
var shownToAll = map[string]bool{}

func denied(a answerOf) bool {
	switch a.status {
	case 401, 403, 404, 405:
		return true
	case 303:
		return strings.HasPrefix(a.header.Get("Location"), "/sign-in")
	}
	return false
}

// mayAsk is what the table says of a route, read independently of the doors.
func mayAsk(w *town, r httpkit.Route, person string, token bool) bool {
	api := r.Path == "/api" || r.Path == "/openapi.json" || slices.ContainsFunc([]string{"/api/", "/vince/", "/taxii2/", "/feeds/", "/servers/"}, func(door string) bool { return strings.HasPrefix(r.Path, door) })
	if token && !api {
		person = "" // pages know no tokens
	}
	if r.Access == httpkit.Demo {
		return false // not in this town
	}
	if r.Access == httpkit.Open || r.Access == httpkit.Anonymous {
		return true
	}
	if person == "" {
		return false
	}
	who := w.viewer(w.people[person])
	if r.Access == httpkit.Member && !who.InGoodStanding() {
		return false
	}
	if token && r.Method != "GET" && !strings.HasSuffix(r.Path, "/preview") && r.Path != "/taxii2/certificate/{$}" {
		return false // it reads; a certificate is bound to the token itself
	}
	return r.Right == "" || who.May(r.Right) && !(token && r.Right != policy.MayExport)
}

// TestCrossSite: T-09. What another site makes a browser send is refused,
// whatever it says of itself.
func TestCrossSite(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	pick := func(kind string) string { return oneVisible(w, kind) }
	before := w.facts()
	for _, r := range w.house.routes() {
		if r.Method == "GET" {
			continue
		}
		for _, h := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}},
			{"Sec-Fetch-Site": {"same-site"}, "Origin": {"http://localhost:4001"}},
			{"Sec-Fetch-Site": {""}, "Origin": {"https://evil.example"}},
			{"Sec-Fetch-Site": {""}, "Origin": {"null"}},
		} {
			req := requestOf(r, "", pick)
			req.header = h.Clone()
			if h.Get("Sec-Fetch-Site") == "" {
				req.header["Sec-Fetch-Site"] = nil
			}
			got := w.ask(subject{cookie: w.cookies["mia"], addr: "203.0.113." + strconv.Itoa(len(r.Path)) + ":1"}, req)
			if got.status != 403 && got.status != 401 {
				t.Errorf("T-09: %v from another site answers %d", req, got.status)
			}
		}
	}
	if after := w.facts(); after != before {
		t.Errorf("another site changed something: %d facts became %d", before, after)
	}
	// Another name for this address opens nothing (DNS rebinding).
	req := errand{method: "GET", path: "/healthz"}
	rec := newTap()
	r, _ := http.NewRequest("GET", "http://evil.example/healthz", nil)
	w.handler.ServeHTTP(rec, r)
	if rec.status != http.StatusMisdirectedRequest {
		t.Errorf("%v under another name answers %d", req, rec.status)
	}
}

func oneVisible(w *town, kind string) string {
	switch kind {
	case "topic":
		return w.topics["own"]
	case "post":
		return w.posts["own"]
	case "room":
		return w.rooms["commons"]
	case "org":
		return w.orgs["med"]
	case "person":
		return w.people["mia"]
	case "circle":
		return w.circles["pumps"]
	case "session":
		return w.sessions["mia"]
	case "token":
		return w.tokens["mia"]
	case "id", "relabel":
		return w.relabels["pair"]
	}
	return unknownID(kind)
}

// TestSwaps: T-10. Each write with two references has each of them replaced by
// something foreign: it is denied and changes nothing.
func TestSwaps(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	applicant, unlisted := w.hidePeople()
	upload := func(who string) string { return w.upload(who, "a.txt", []byte("a")) }
	var othersUploads []string
	for range 10 {
		othersUploads = append(othersUploads, upload("sam"), upload("hal"))
	}
	var otherTopics, othersPosts, hiddenPosts []string
	for name, id := range w.posts {
		switch {
		case strings.HasPrefix(name, "shade"):
			hiddenPosts = append(hiddenPosts, id)
		case !strings.HasPrefix(name, "telnet") && name != "refs":
			otherTopics = append(otherTopics, id)
		}
		if name != "joint-aside" && name != "telnet" && name != "telnet-pair" && name != "notice" && name != "pair" && name != "team" && name != "own" && !strings.HasPrefix(name, "telnet3") {
			othersPosts = append(othersPosts, id)
		}
	}
	var inv members.Invitation
	w.did("sid", func(tx *db.Tx) error {
		_, err := w.house.members.InvitePerson(tx, members.NewPerson{Name: "Invited Ivy"})
		if err != nil {
			return err
		}
		list, err := w.house.members.Invitations(tx.View)
		if err == nil {
			inv = list[0]
		}
		return err
	})
	var recovery string
	w.did("sid", func(tx *db.Tx) (err error) {
		recovery, err = w.house.members.RequestRecovery(tx, w.people["sam"], "All keys lost.")
		return err
	})
	json := func(path, body string) func(string) errand {
		return func(x string) errand {
			return errand{method: "POST", path: strings.ReplaceAll(path, "{x}", x), body: strings.ReplaceAll(body, "{x}", x), kind: "application/json"}
		}
	}
	form := func(path, body string) func(string) errand {
		return func(x string) errand {
			return errand{method: "POST", path: strings.ReplaceAll(path, "{x}", x), body: strings.ReplaceAll(body, "{x}", x), kind: "application/x-www-form-urlencoded"}
		}
	}
	method := func(m string, a func(string) errand) func(string) errand {
		return func(x string) errand { r := a(x); r.method = m; return r }
	}
	telnet, commons := w.topics["telnet"], w.rooms["commons"]
	hiddenTopics, hiddenRooms, hiddenCircles := w.pool("topic", true), w.pool("room", true), w.pool("circle", true)
	foreignPeople := w.some("hal", "han", "sam", "sid", "una", "ada", "dora", "vic", "lena")
	foreignOrgs := []string{w.orgs["hosp"], w.orgs["shade"], w.orgs["umbra"], w.orgs["desk"], w.orgs["lab"]}
	label := `"label":{"tlp":"AMBER","audience":["org:` + w.orgs["med"] + `"]}`
	for _, x := range []struct {
		name, who string
		foreign   []string
		make      func(string) errand
	}{
		{"topic in a hidden room", "mia", hiddenRooms, json("/api/v1/rooms/{x}/topics", `{"title":"T","body":"B",`+label+`}`)},
		{"topic in a hidden room, page", "mia", hiddenRooms, form("/rooms/{x}/topics", "title=T&body=B&tlp=AMBER&audience=org:"+w.orgs["med"])},
		{"topic with a file of another", "mia", othersUploads, json("/api/v1/rooms/"+commons+"/topics", `{"title":"T","body":"B",`+label+`,"files":["{x}"]}`)},
		{"topic with a file of another, page", "mia", othersUploads, form("/rooms/"+commons+"/topics", "title=T&body=B&tlp=AMBER&audience=org:"+w.orgs["med"]+"&upload={x}")},
		{"topic with a file that is in a post", "mia", []string{w.files["csaf"], w.files["shade"]}, json("/api/v1/rooms/"+commons+"/topics", `{"title":"T","body":"B",`+label+`,"files":["{x}"]}`)},
		{"topic for a hidden circle", "mia", hiddenCircles, json("/api/v1/rooms/"+commons+"/topics", `{"title":"T","body":"B","label":{"tlp":"AMBER","audience":["org:`+w.orgs["med"]+`","circle:{x}"]}}`)},
		{"topic for a hidden person", "mia", []string{unlisted}, json("/api/v1/rooms/"+commons+"/topics", `{"title":"T","body":"B","label":{"tlp":"RED","audience":["person:`+w.people["mia"]+`","person:{x}"]}}`)},
		{"topic for an applicant", "mia", []string{applicant}, json("/api/v1/rooms/"+commons+"/topics", `{"title":"T","body":"B","label":{"tlp":"AMBER","audience":["org:`+w.orgs["med"]+`","org:{x}"]}}`)},
		{"reply in a hidden topic", "mia", hiddenTopics, json("/api/v1/topics/{x}/posts", `{"body":"B"}`)},
		{"reply in a hidden topic, page", "mia", hiddenTopics, form("/topics/{x}/posts", "body=B")},
		{"quote of another topic", "mia", otherTopics, json("/api/v1/topics/"+telnet+"/posts", `{"body":"B","quote":"{x}"}`)},
		{"quote of another topic, page", "mia", otherTopics, form("/topics/"+telnet+"/posts", "body=B&quote={x}")},
		{"quote of what is hidden", "mia", hiddenPosts, json("/api/v1/topics/"+telnet+"/posts", `{"body":"B","quote":"{x}"}`)},
		{"quote of what is stricter", "mia", []string{w.posts["telnet-pair"]}, json("/api/v1/topics/"+telnet+"/posts", `{"body":"B","quote":"{x}"}`)},
		{"reply with a file of another", "mia", othersUploads, json("/api/v1/topics/"+telnet+"/posts", `{"body":"B","files":["{x}"]}`)},
		{"reply with a file of another, page", "mia", othersUploads, form("/topics/"+telnet+"/posts", "body=B&upload={x}")},
		{"reply looser than its topic", "mia", []string{w.topics["pair"], w.topics["own"]}, json("/api/v1/topics/{x}/posts", `{"body":"B","label":{"tlp":"GREEN","audience":["community"]}}`)},
		{"edit of another's post", "mia", othersPosts, method("PATCH", json("/api/v1/posts/{x}", `{"body":"changed","edits":0}`))},
		{"edit of another's post, page", "mia", othersPosts, form("/posts/{x}/edit", "body=changed&edits=0")},
		{"deletion of another's post", "mia", othersPosts, method("DELETE", json("/api/v1/posts/{x}", ``))},
		{"deletion of another's post, page", "mia", othersPosts, form("/posts/{x}/delete", "why=because")},
		{"relabel of another's post", "mia", othersPosts, json("/api/v1/posts/{x}/relabel", `{`+label+`,"why":"less"}`)},
		{"relabel of another's topic", "mia", []string{w.topics["pumps"], w.topics["private"], w.topics["shared"], w.topics["agencies"]}, json("/api/v1/topics/{x}/relabel", `{`+label+`,"why":"less"}`)},
		{"relabel of another's topic, page", "mia", []string{w.topics["pumps"], w.topics["shared"]}, form("/topics/{x}/relabel", "tlp=AMBER&why=less&audience=org:"+w.orgs["med"])},
		{"pin of what is hidden", "mia", hiddenPosts, json("/api/v1/posts/{x}/pin", ``)},
		{"resolving what is hidden", "mia", hiddenTopics, json("/api/v1/topics/{x}/resolve", `{}`)},
		{"mark read up to a post of another topic", "mia", hiddenPosts, json("/api/v1/topics/"+telnet+"/read", `{"post":"{x}"}`)},
		{"approval of one's own request", "mia", []string{w.relabels["pair"]}, form("/approvals/{x}/approve", "")},
		{"approval by a reader of another house", "han", []string{w.relabels["pair"]}, form("/approvals/{x}/approve", "")},
		{"approval of what is hidden", "mo", []string{w.relabels["shade"]}, form("/approvals/{x}/approve", "")},
		{"refusal of what is hidden", "mo", []string{w.relabels["shade"]}, form("/approvals/{x}/refuse", "")},
		{"withdrawal of another's request", "mo", []string{w.relabels["pair"], w.relabels["shade"]}, form("/approvals/{x}/withdraw", "")},
		{"adding to a circle as no steward", "hal", foreignPeople, form("/circles/"+w.circles["pumps"]+"/people", "person={x}")},
		{"adding to a hidden circle", "mia", hiddenCircles, form("/circles/{x}/people", "person="+w.people["mia"])},
		{"adding somebody hidden", "mia", []string{unlisted, w.people["gus"]}, form("/circles/"+w.circles["pumps"]+"/people", "person={x}")},
		{"removal from a circle as no steward", "hal", w.some("mia", "sam"), form("/circles/"+w.circles["pumps"]+"/people/{x}/remove", "")},
		{"removal of who is not in it", "mia", w.some("una", "lena", "vic"), form("/circles/"+w.circles["pumps"]+"/people/{x}/remove", "")},
		{"stewardship of another circle", "mia", hiddenCircles, form("/circles/{x}/people/"+w.people["mia"]+"/steward", "steward=1")},
		{"stewardship for oneself", "hal", w.some("hal"), form("/circles/"+w.circles["pumps"]+"/people/{x}/steward", "steward=1")},
		{"leaving a circle one is not in", "lena", append(slices.Clip(hiddenCircles), w.circles["pumps"]), form("/circles/{x}/leave", "")},
		{"ending another's session", "mia", []string{w.sessions["hal"], w.sessions["mo"], w.sessions["sam"], w.sessions["dora"]}, form("/account/sessions/{x}/end", "")},
		{"ending another's token", "mia", []string{w.tokens["hal"], w.tokens["mo"], w.tokens["sam"], w.tokens["dora"]}, form("/account/tokens/{x}/revoke", "")},
		{"removing another's passkey", "mia", []string{unknownID("passkey")}, form("/account/passkeys/{x}/remove", "")},
		{"recipient of another organization", "mo", foreignPeople, form("/people/{x}/recipient", "recipient=0")},
		{"roles in another organization", "mo", foreignPeople, form("/people/{x}/roles", "roles=officer")},
		{"suspension in another organization", "mo", foreignPeople, form("/people/{x}/suspend", "reason=because")},
		{"sign-out in another organization", "mo", foreignPeople, form("/people/{x}/revoke", "reason=because")},
		{"removal from another organization", "mo", foreignPeople, form("/people/{x}/remove", "reason=because")},
		{"operator's role for oneself", "mo", w.some("mo", "mia"), form("/people/{x}/roles", "roles=operator&roles=desk&operator=1&desk=1")},
		{"another organization's profile", "mo", foreignOrgs, form("/members/{x}/edit", "name=Renamed&kind=manufacturer&employees=5&country=US&contact=security@x.example")},
		{"another organization's standing", "mo", foreignOrgs, form("/members/{x}/standing", "move=suspend&act=suspend&reason=because")},
		{"vote on an application, no sponsor", "mo", []string{applicant}, form("/desk/applications/{x}/approve", "reason=known")},
		{"declining an application, no desk", "mo", []string{applicant}, form("/desk/applications/{x}/decline", "reason=unknown")},
		{"revoking another's invitation", "mo", []string{inv.ID}, form("/invitations/{x}/revoke", "")},
		{"recovery in another organization", "mo", foreignPeople, form("/recovery", "person={x}&reason=All+keys+lost.")},
		{"approving another's recovery", "mo", []string{recovery}, form("/recovery/{x}/approve", "")},
		{"link of another's recovery", "mo", []string{recovery}, form("/recovery/{x}/link", "")},
		{"cancelling another's recovery", "mo", []string{recovery}, form("/recovery/{x}/cancel", "")},
		{"evidence of what is hidden", "mia", hiddenTopics, form("/topics/{x}/evidence", "")},
		{"watching what is hidden", "mia", hiddenTopics, form("/topics/{x}/watch", "level=watch")},
		{"reacting to what is hidden", "mia", hiddenPosts, form("/posts/{x}/react", "reaction=agree")},
	} {
		before := w.facts()
		for i := range max(50, len(x.foreign)) {
			id := x.foreign[i%len(x.foreign)]
			if id == "" {
				t.Fatalf("%s: nothing foreign", x.name)
			}
			if i >= len(x.foreign) && i%7 == 0 {
				kind, _, _ := strings.Cut(id, "_")
				id = unknownID(kind)
			}
			req := x.make(id)
			s := subject{cookie: w.cookies[x.who]}
			if strings.HasPrefix(req.path, "/api/") && i%2 == 0 {
				s = subject{bearer: w.bearers[x.who]}
			}
			got := w.ask(s, req)
			if got.status < 400 || got.status >= 500 {
				t.Errorf("T-10: %s by %s: %v answers %d %s", x.name, x.who, req, got.status, got.header.Get("Location"))
				break
			}
		}
		if after := w.facts(); after != before {
			t.Errorf("T-10: %s: %d facts became %d", x.name, before, after)
		}
	}
}

// askFor asks once; of a stream it reads a moment. Who gives up before the answer
// began is told to come back (503): on a busy machine the moment grows.
func (w *town) askFor(stream bool, who subject, req errand) answerOf {
	if !stream {
		return w.askFrom(context.Background(), who, req, strings.NewReader(req.body))
	}
	for wait := 10 * time.Millisecond; ; wait *= 10 {
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		got := w.askFrom(ctx, who, req, strings.NewReader(req.body))
		cancel()
		if got.status != http.StatusServiceUnavailable || wait > time.Second {
			return got
		}
	}
}
