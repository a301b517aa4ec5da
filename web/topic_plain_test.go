package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

var postID = regexp.MustCompile(`post_[0-9A-Z]{26}`)

// TestMainJobWithoutScript does the main job with plain forms, as a browser
// without script does: share a file with those who need it, see who will, be
// answered, resolve, find, prove. Whoever is not addressed finds no trace.
func TestMainJobWithoutScript(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *forumHouse) {
		osei, adeyemi := h.visitor("Osei"), h.visitor("Adeyemi")
		room := "/rooms/" + h.rooms["Infusion pumps"]
		osei.get("/").want(200, "You are up to date")
		osei.get("/rooms").want(200, "Infusion pumps", "Public notices")
		osei.get(room).want(200, "No topic yet", "New topic", "Which firmware is in your fleet?")
		osei.get(room+"/topics/new").want(200, "3 people in 2 organizations will see this.", "Pump group")

		// What is wrong is told, and what was typed is still there.
		to := []string{"circle:" + h.circle, "org:" + h.orgs["St. Anne Hospital"]}
		osei.send("/topics", map[string][]string{"title": {""}, "body": {"Telnet opens after a crash."}, "tlp": {"RED"}, "audience": to}, file{"advisory.json", `{"document":{}}`})
		osei.want(422, "The title is missing.", "TLP:RED goes to named persons", "Telnet opens after a crash.", "advisory.json", "Nothing you typed is lost")

		// Without script a button shows who would see it.
		osei.send("/topics", map[string][]string{"title": {"Telnet on the PW-7"}, "tlp": {"AMBER"}, "check": {"1"}})
		osei.want(200, "Send to 4 people in 2 organizations", "4 people in 2 organizations will see this.", "advisory.json")
		osei.send("/topics", map[string][]string{"check": nil})
		osei.want(200, "Telnet on the PW-7", "Telnet opens after a crash.", "advisory.json", "TLP:AMBER", "Pump group, St. Anne Hospital", "4 people in 2 organizations can see this page.")
		topic := osei.URL
		if !strings.HasPrefix(topic, "/topics/topic_") {
			t.Fatalf("a new topic led to %s", topic)
		}

		adeyemi.get("/inbox").want(200, "Telnet on the PW-7", "Shared with you directly", "New topic by R. Osei, Pumpworks")
		adeyemi.never("Infusion pumps") // he is not in the room
		adeyemi.get(topic).want(200, "Telnet opens after a crash.", "Started by").never("Infusion pumps")
		adeyemi.send("/posts", map[string][]string{"body": {"We have 40 of them."}}).want(200, "We have 40 of them.")
		if adeyemi.URL != topic {
			t.Fatalf("a reply led to %s", adeyemi.URL)
		}
		osei.get("/inbox").want(200, "Needs you", "Answers to your topic · 1 new post")
		hidden, _ := http.NewRequest("GET", h.web.URL+topic, nil)
		hidden.Header.Set("X-Cordon-Partial", "hidden")
		osei.do(hidden).want(200, "We have 40 of them.") // a page in the background is not read
		osei.get("/inbox").want(200, "1 new post")
		osei.get(topic).want(200, "We have 40 of them.", "K. Adeyemi", "New since your last visit")
		osei.get("/inbox").want(200, "You are up to date") // it was read

		// Who is mentioned is told so, under the name he has here; others cannot be mentioned.
		osei.get(topic).send("/posts", map[string][]string{"body": {"@[whoever](person:" + h.people["Adeyemi"] + ") how many?"}}).want(200, "@K. Adeyemi")
		adeyemi.get("/inbox").want(200, "Needs you", "You are mentioned · 1 new post")
		osei.get(topic).send("/posts", map[string][]string{"body": {"@[x](person:" + h.people["Hilde"] + ")"}}).want(422, "Mention only people in the audience.")

		// Whoever is not addressed finds no trace of it.
		for _, who := range []string{"Hilde", "Ada", ""} {
			v := h.visitor(who)
			miss := v.get("/topics/topic_00000000000000000000000000").want(404).Body
			for _, page := range []string{topic, "/posts/" + postID.FindString(osei.get(topic).Body)} {
				if v.get(page).want(404).Body != miss {
					t.Errorf("%s is told of %s by other bytes than of nothing", who, page)
				}
			}
			if who == "" {
				v.get("/").want(200).never("Telnet", topic)
				continue
			}
			for _, page := range []string{"/inbox", "/rooms", "/search?q=telnet", "/commands?q=telnet", "/evidence", "/rooms/" + h.rooms["Everyone"]} {
				v.get(page).want(200).never("Telnet on", topic, "Osei")
			}
			v.get(room).want(404)
		}

		// Resolve, search, prove.
		osei.get(topic).send("/resolve", map[string][]string{"summary": {"Fixed in 4.2."}}).want(200, "Resolved by R. Osei.", "Fixed in 4.2.", "The topic is resolved.")
		osei.send("/reopen", nil).want(200, "The topic is open again.")
		osei.get("/search?q=adviso").want(200, "Telnet on the PW-7")
		osei.get("/search?q=telnet+-crash").want(200, "Nothing found")
		osei.get("/search?q=%22").want(422, "Your search cannot be run")
		osei.get("/evidence").want(200, "Telnet on the PW-7", "You shared this")
		osei.send("/evidence", nil)
		if osei.Status != http.StatusOK || !strings.HasPrefix(osei.Body, "PK") || osei.Header.Get("Content-Type") != "application/octet-stream" {
			t.Fatalf("the pack came as %d %v", osei.Status, osei.Header)
		}
		pack := osei.Body
		anybody := h.visitor("")
		anybody.get("/verify").want(200, "Check an evidence pack").send("/verify", nil, file{"pack.zip", pack}).want(200, "The pack is whole", "R. Osei")
		broken := []byte(pack)
		broken[len(broken)/2] ^= 1
		anybody.get("/verify").send("/verify", nil, file{"pack.zip", string(broken)}).want(200, "The pack does not hold", "Fails:")
		anybody.get("/verify").send("/verify", nil).want(422, "Choose a pack")
	})
}

// TestFileIsInert: an attachment is only ever saved, never shown or run (T-51).
func TestFileIsInert(t *testing.T) {
	h := openForum(t, "", true)
	osei := h.visitor("Osei")
	osei.get("/rooms/"+h.rooms["Infusion pumps"]+"/topics/new").send("/topics", map[string][]string{"title": {"A page"}, "body": {"See the file."}},
		file{`../..\evil".html`, "<script>alert(1)</script>"}).want(200, "A page")
	link := regexp.MustCompile(`/files/file_[0-9A-Z]{26}`).FindString(osei.Body)
	osei.get(link)
	head := osei.Header
	if osei.Status != 200 || osei.Body != "<script>alert(1)</script>" || head.Get("Content-Type") != "application/octet-stream" ||
		!strings.HasPrefix(head.Get("Content-Disposition"), "attachment") || strings.ContainsAny(head.Get("Content-Disposition"), `/\`) && !strings.Contains(head.Get("Content-Disposition"), `\"`) ||
		!strings.Contains(head.Get("Content-Security-Policy"), "sandbox") || head.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a file came as %d %v", osei.Status, head)
	}
	for _, use := range []string{"script", "iframe", "style", "image"} {
		r, _ := http.NewRequest("GET", h.web.URL+link, nil)
		r.Header.Set("Sec-Fetch-Dest", use)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if osei.do(r).Status != 404 {
			t.Errorf("a file was served as %s", use)
		}
	}
	osei.get(link + "/preview").want(404)
	h.visitor("Hilde").get(link).want(404)
	h.visitor("").get(link).want(404)
}

// TestSentTwiceIsOnePost: the same form, sent again over a bad line, files and
// all, makes one post (R: nothing lost, no duplicates).
func TestSentTwiceIsOnePost(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *forumHouse) {
		topic := h.topic("Osei", "Infusion pumps", "Twice", "Body.", h.pumpLabel())
		v := h.visitor("Roy").get("/topics/" + topic)
		form := v.page
		for range 3 {
			v.page = form
			v.send("/posts", map[string][]string{"body": {"Only once."}}, file{"a.txt", "content"}).want(200)
		}
		if n := strings.Count(v.Body, "Only once."); n != 1 {
			t.Errorf("the post is there %d times", n)
		}
		if n := strings.Count(v.Body, ">a.txt<"); n != 1 {
			t.Errorf("the file is there %d times", n)
		}
		// The same key with other words is refused, and they are kept.
		v.page = form
		v.send("/posts", map[string][]string{"body": {"Something else."}}).want(409, "Something else.", "used for something else")
	})
}

// TestStaleEdit: an edit of a text that changed meanwhile is told, with both
// texts, and nothing is lost.
func TestStaleEdit(t *testing.T) {
	h := openForum(t, "", true)
	topic := h.topic("Osei", "Infusion pumps", "Edits", "First text.", h.pumpLabel())
	one, two := h.visitor("Osei"), h.visitor("Osei")
	post := "/posts/" + postID.FindString(one.get("/topics/"+topic).Body)
	one.get(post+"/edit").want(200, "First text.")
	two.get(post + "/edit")
	one.send("/edit", map[string][]string{"body": {"Second text."}}).want(200, "Second text.", "edited")
	two.send("/edit", map[string][]string{"body": {"My third text."}}).want(409, "edited meanwhile", "My third text.", "Second text.", "The present text")
	two.send("/edit", nil).want(200, "My third text.")
	two.get(post+"/history").want(200, "As it is now", "Version 2", "As first posted", "First text.")
	h.visitor("Roy").get(post + "/edit").want(403)
	h.visitor("Hilde").get(post + "/edit").want(404)
	h.visitor("Hilde").get(post + "/history").want(404)
	one.get(post+"/delete").want(200, "Delete your post", "My third text.").send("/delete", map[string][]string{"why": {"Said elsewhere"}}).want(200, "Deleted by R. Osei: Said elsewhere").never("My third text.")
}

// TestRelabelTakesTwo: tightening is done at once; loosening asks a second
// person, who sees what it would mean.
func TestRelabelTakesTwo(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *forumHouse) {
		topic := "/topics/" + h.topic("Osei", "Infusion pumps", "For few", "Body.", policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(h.circle))})
		osei, lin := h.visitor("Osei"), h.visitor("Lin")
		wide := []string{"circle:" + h.circle, "org:" + h.orgs["Hillside Clinics"]}
		osei.get(topic+"/relabel").want(200, "As it is now", "Pump group").send("/relabel", map[string][]string{"tlp": {"AMBER"}, "audience": wide, "why": {"Hillside needs it"}})
		osei.want(200, "A second person has to agree", "You asked to share this topic with more people, as TLP:AMBER.")
		h.visitor("Hilde").get(topic).want(404)
		h.visitor("Roy").get("/approvals").want(200, "Nothing waits for you")
		lin.get("/inbox").want(200, "Needs you", "Decide: share “For few” as TLP:AMBER?")
		lin.get(topic).want(200, "R. Osei asks to share this topic with more people, as TLP:AMBER.", "Decide")
		lin.get("/approvals").want(200, "Hillside needs it", "Pump group: 3 people in 2 organizations", "4 people in 3 organizations").send("/approve", nil).want(200, "You agreed.", "Nothing waits for you")
		h.visitor("Hilde").get(topic).want(200, "For few")
		osei.get(topic+"/relabel").send("/relabel", map[string][]string{"tlp": {"AMBER+STRICT"}, "audience": {"circle:" + h.circle}}).want(200, "The label was changed at once.")
		h.visitor("Hilde").get(topic).want(404)
		osei.get(topic+"/relabel").send("/relabel", map[string][]string{"tlp": {"CLEAR"}, "audience": {"circle:" + h.circle}}).want(422, "TLP:CLEAR cannot be shared with a circle.")
		h.visitor("Roy").get(topic + "/relabel").want(403)
	})
}

// TestReplyToFewer: a reply may go to some of the topic's readers only; choosing
// nobody is not choosing all (U-09).
func TestReplyToFewer(t *testing.T) {
	h := openForum(t, "", true)
	topic := "/topics/" + h.topic("Osei", "Infusion pumps", "Open question", "Body.", h.pumpLabel())
	osei := h.visitor("Osei")
	osei.get(topic+"?fewer=1").send("/posts", map[string][]string{"body": {"Aside."}, "audience": nil}).want(422, "Aside.", "Nobody is in the audience")
	osei.send("/posts", map[string][]string{"audience": {"circle:" + h.circle}, "tlp": {"AMBER+STRICT"}}).want(200, "Aside.")
	osei.get(topic+"?fewer=1").send("/posts", map[string][]string{"body": {"Wider."}, "audience": {"community"}, "tlp": {"GREEN"}}).want(422, "Wider.", "looser")
	h.visitor("Adeyemi").get(topic).want(200, "Open question").never("Aside.")
	h.visitor("Roy").get(topic).want(200, "Aside.", "TLP:AMBER+STRICT")
}

// TestSecondPasskeyFirst: what is TLP:AMBER or stricter stays closed until the
// account has two passkeys (security.md A7.1).
func TestSecondPasskeyFirst(t *testing.T) {
	h := openForum(t, "", false)
	amber := h.topic("Osei", "Infusion pumps", "Amber title", "Amber body with telnet.", h.pumpLabel())
	green := h.topic("Osei", "Everyone", "Green title", "Green body with telnet.", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)})
	roy := h.visitor("Roy")
	roy.get("/topics/"+amber).want(403, "Add a second passkey first").never("Amber title", "Amber body")
	roy.get("/topics/"+green).want(200, "Green title")
	// Nor does an AMBER reply or decision in a GREEN topic, nor by way of a quotation.
	var aside string
	h.write(h.as("Osei"), func(tx *db.Tx) (err error) {
		aside, _, err = h.server.Forum.Reply(tx, green, forum.NewPost{Body: "Amber aside.", Label: h.pumpLabel()})
		return err
	})
	h.write(h.as("Osei"), func(tx *db.Tx) error { return h.server.Forum.Pin(tx, aside) })
	for _, page := range []string{"/topics/" + green, "/topics/" + green + "?quote=" + aside} {
		roy.get(page).want(200, "Add a second passkey to read this").never("Amber aside")
	}
	roy.get("/posts/" + aside + "/history").want(403).never("Amber aside")
	for _, page := range []string{"/inbox", "/rooms/" + h.rooms["Infusion pumps"], "/search?q=telnet"} {
		roy.get(page).want(200, "Add a second passkey to open 1 item").never("Amber title", "Amber body")
	}
	roy.get("/commands?q=telnet").never("Amber title")
	post := postID.FindString(roy.get("/search?q=green").Body)
	roy.get("/posts/" + post).want(200)
}
