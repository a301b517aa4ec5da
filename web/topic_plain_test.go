package web

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
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
		osei.Get("/").Want(200, "You are up to date")
		osei.Get("/rooms").Want(200, "Infusion pumps", "Public notices")
		osei.Get(room).Want(200, "No topic yet", "New topic", "Which firmware is in your fleet?")
		osei.Get(room+"/topics/new").Want(200, "3 people in 2 organizations will see this.", "Pump group")

		// What is wrong is told, and what was typed is still there.
		to := []string{"circle:" + h.circle, "org:" + h.orgs["St. Anne Hospital"]}
		osei.Send("/topics", map[string][]string{"title": {""}, "body": {"Telnet opens after a crash."}, "tlp": {"RED"}, "audience": to}, reader.File("files", "advisory.json", `{"document":{}}`))
		osei.Want(422, "The title is missing.", "TLP:RED goes to named persons", "Telnet opens after a crash.", "advisory.json", "Nothing you typed is lost")

		// Without script a button shows who would see it.
		osei.Send("/topics", map[string][]string{"title": {"Telnet on the PW-7"}, "tlp": {"AMBER"}, "check": {"1"}})
		osei.Want(200, "Send to 4 people in 2 organizations", "4 people in 2 organizations will see this.", "advisory.json")
		osei.Send("/topics", map[string][]string{"check": nil})
		osei.Want(200, "Telnet on the PW-7", "Telnet opens after a crash.", "advisory.json", "TLP:AMBER", "Pump group, St. Anne Hospital", "4 people in 2 organizations can see this page.")
		topic := osei.Path
		if !strings.HasPrefix(topic, "/topics/topic_") {
			t.Fatalf("a new topic led to %s", topic)
		}

		adeyemi.Get("/inbox").Want(200, "Telnet on the PW-7", "Shared with you directly", "New topic by R. Osei, Pumpworks")
		adeyemi.Never("Infusion pumps") // he is not in the room
		adeyemi.Get(topic).Want(200, "Telnet opens after a crash.", "Started by").Never("Infusion pumps")
		adeyemi.Send("/posts", map[string][]string{"body": {"We have 40 of them."}}).Want(200, "We have 40 of them.")
		if adeyemi.Path != topic {
			t.Fatalf("a reply led to %s", adeyemi.Path)
		}
		osei.Get("/inbox").Want(200, "Needs you", "Answers to your topic · 1 new post")
		hidden, _ := http.NewRequest("GET", h.web.URL+topic, nil)
		hidden.Header.Set("X-Cordon-Partial", "hidden")
		osei.Do(hidden).Want(200, "We have 40 of them.") // a page in the background is not read
		osei.Get("/inbox").Want(200, "1 new post")
		osei.Get(topic).Want(200, "We have 40 of them.", "K. Adeyemi", "New since your last visit")
		osei.Get("/inbox").Want(200, "You are up to date") // it was read

		// Who is mentioned is told so, under the name he has here; others cannot be mentioned.
		osei.Get(topic).Send("/posts", map[string][]string{"body": {"@[whoever](person:" + h.people["Adeyemi"] + ") how many?"}}).Want(200, "@K. Adeyemi")
		adeyemi.Get("/inbox").Want(200, "Needs you", "You are mentioned · 1 new post")
		osei.Get(topic).Send("/posts", map[string][]string{"body": {"@[x](person:" + h.people["Hilde"] + ")"}}).Want(422, "Mention only people in the audience.")

		// Whoever is not addressed finds no trace of it.
		for _, who := range []string{"Hilde", "Ada", ""} {
			v := h.visitor(who)
			miss := v.Get("/topics/topic_00000000000000000000000000").Want(404).Body
			for _, page := range []string{topic, "/posts/" + postID.FindString(osei.Get(topic).Body)} {
				if v.Get(page).Want(404).Body != miss {
					t.Errorf("%s is told of %s by other bytes than of nothing", who, page)
				}
			}
			if who == "" {
				v.Get("/").Want(200).Never("Telnet", topic)
				continue
			}
			for _, page := range []string{"/inbox", "/rooms", "/search?q=telnet", "/commands?q=telnet", "/evidence", "/rooms/" + h.rooms["Everyone"]} {
				v.Get(page).Want(200).Never("Telnet on", topic, "Osei")
			}
			v.Get(room).Want(404)
		}

		// Resolve, search, prove.
		osei.Get(topic).Send("/resolve", map[string][]string{"summary": {"Fixed in 4.2."}}).Want(200, "Resolved by R. Osei.", "Fixed in 4.2.", "The topic is resolved.")
		osei.Send("/reopen", nil).Want(200, "The topic is open again.")
		osei.Get("/search?q=adviso").Want(200, "Telnet on the PW-7")
		osei.Get("/search?q=telnet+-crash").Want(200, "Nothing found")
		osei.Get("/search?q=%22").Want(422, "Your search cannot be run")
		osei.Get("/evidence").Want(200, "Telnet on the PW-7", "You shared this")
		osei.Send("/evidence", nil)
		if osei.Status != http.StatusOK || !strings.HasPrefix(osei.Body, "PK") || osei.Header.Get("Content-Type") != "application/octet-stream" {
			t.Fatalf("the pack came as %d %v", osei.Status, osei.Header)
		}
		pack := osei.Body
		anybody := h.visitor("")
		anybody.Get("/verify").Want(200, "Check an evidence pack").Send("/verify", nil, reader.File("pack", "pack.zip", pack)).Want(200, "The pack is whole", "R. Osei")
		broken := []byte(pack)
		broken[len(broken)/2] ^= 1
		anybody.Get("/verify").Send("/verify", nil, reader.File("pack", "pack.zip", string(broken))).Want(200, "The pack does not hold", "Fails:")
		anybody.Get("/verify").Send("/verify", nil).Want(422, "Choose a pack")
	})
}

// TestFileIsInert: an attachment is only ever saved, never shown or run (T-51).
func TestFileIsInert(t *testing.T) {
	h := openForum(t, "", true)
	osei := h.visitor("Osei")
	osei.Get("/rooms/"+h.rooms["Infusion pumps"]+"/topics/new").Send("/topics", map[string][]string{"title": {"A page"}, "body": {"See the file."}},
		reader.File("files", `../..\evil".html`, "<script>alert(1)</script>")).Want(200, "A page")
	link := regexp.MustCompile(`/files/file_[0-9A-Z]{26}`).FindString(osei.Body)
	osei.Get(link)
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
		if osei.Do(r).Status != 404 {
			t.Errorf("a file was served as %s", use)
		}
	}
	osei.Get(link + "/preview").Want(404)
	h.visitor("Hilde").Get(link).Want(404)
	h.visitor("").Get(link).Want(404)
}

// TestSentTwiceIsOnePost: the same form, sent again over a bad line, files and
// all, makes one post (R: nothing lost, no duplicates).
func TestSentTwiceIsOnePost(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *forumHouse) {
		topic := h.topic("Osei", "Infusion pumps", "Twice", "Body.", h.pumpLabel())
		v := h.visitor("Roy").Get("/topics/" + topic)
		form := v.Page
		for range 3 {
			v.Page = form
			v.Send("/posts", map[string][]string{"body": {"Only once."}}, reader.File("files", "a.txt", "content")).Want(200)
		}
		if n := strings.Count(v.Body, "Only once."); n != 1 {
			t.Errorf("the post is there %d times", n)
		}
		if n := strings.Count(v.Body, ">a.txt<"); n != 1 {
			t.Errorf("the file is there %d times", n)
		}
		// The same key with other words is refused, and they are kept.
		v.Page = form
		v.Send("/posts", map[string][]string{"body": {"Something else."}}).Want(409, "Something else.", "used for something else")
	})
}

// TestStaleEdit: an edit of a text that changed meanwhile is told, with both
// texts, and nothing is lost.
func TestStaleEdit(t *testing.T) {
	h := openForum(t, "", true)
	topic := h.topic("Osei", "Infusion pumps", "Edits", "First text.", h.pumpLabel())
	one, two := h.visitor("Osei"), h.visitor("Osei")
	post := "/posts/" + postID.FindString(one.Get("/topics/"+topic).Body)
	one.Get(post+"/edit").Want(200, "First text.")
	two.Get(post + "/edit")
	one.Send("/edit", map[string][]string{"body": {"Second text."}}).Want(200, "Second text.", "edited")
	two.Send("/edit", map[string][]string{"body": {"My third text."}}).Want(409, "edited meanwhile", "My third text.", "Second text.", "The present text")
	two.Send("/edit", nil).Want(200, "My third text.")
	two.Get(post+"/history").Want(200, "As it is now", "Version 2", "As first posted", "First text.")
	h.visitor("Roy").Get(post + "/edit").Want(403)
	h.visitor("Hilde").Get(post + "/edit").Want(404)
	h.visitor("Hilde").Get(post + "/history").Want(404)
	one.Get(post+"/delete").Want(200, "Delete your post", "My third text.").Send("/delete", map[string][]string{"why": {"Said elsewhere"}}).Want(200, "Deleted by R. Osei: Said elsewhere").Never("My third text.")
}

// TestRelabelTakesTwo: tightening is done at once; loosening asks a second
// person, who sees what it would mean.
func TestRelabelTakesTwo(t *testing.T) {
	eachEngine(t, func(t *testing.T, h *forumHouse) {
		topic := "/topics/" + h.topic("Osei", "Infusion pumps", "For few", "Body.", policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(h.circle))})
		osei, lin := h.visitor("Osei"), h.visitor("Lin")
		wide := []string{"circle:" + h.circle, "org:" + h.orgs["Hillside Clinics"]}
		osei.Get(topic+"/relabel").Want(200, "As it is now", "Pump group").Send("/relabel", map[string][]string{"tlp": {"AMBER"}, "audience": wide, "why": {"Hillside needs it"}})
		osei.Want(200, "A second person has to agree", "You asked to share this topic with more people, as TLP:AMBER.")
		h.visitor("Hilde").Get(topic).Want(404)
		h.visitor("Roy").Get("/approvals").Want(200, "Nothing waits for you")
		lin.Get("/inbox").Want(200, "Needs you", "Decide: share “For few” as TLP:AMBER?")
		lin.Get(topic).Want(200, "R. Osei asks to share this topic with more people, as TLP:AMBER.", "Decide")
		lin.Get("/approvals").Want(200, "Hillside needs it", "Pump group: 3 people in 2 organizations", "4 people in 3 organizations").Send("/approve", nil).Want(200, "You agreed.", "Nothing waits for you")
		h.visitor("Hilde").Get(topic).Want(200, "For few")
		osei.Get(topic+"/relabel").Send("/relabel", map[string][]string{"tlp": {"AMBER+STRICT"}, "audience": {"circle:" + h.circle}}).Want(200, "The label was changed at once.")
		h.visitor("Hilde").Get(topic).Want(404)
		osei.Get(topic+"/relabel").Send("/relabel", map[string][]string{"tlp": {"CLEAR"}, "audience": {"circle:" + h.circle}}).Want(422, "TLP:CLEAR cannot be shared with a circle.")
		h.visitor("Roy").Get(topic + "/relabel").Want(403)
	})
}

// TestReplyToFewer: a reply may go to some of the topic's readers only; choosing
// nobody is not choosing all (U-09).
func TestReplyToFewer(t *testing.T) {
	h := openForum(t, "", true)
	topic := "/topics/" + h.topic("Osei", "Infusion pumps", "Open question", "Body.", h.pumpLabel())
	osei := h.visitor("Osei")
	osei.Get(topic+"?fewer=1").Send("/posts", map[string][]string{"body": {"Aside."}, "audience": nil}).Want(422, "Aside.", "Nobody is in the audience")
	osei.Send("/posts", map[string][]string{"audience": {"circle:" + h.circle}, "tlp": {"AMBER+STRICT"}}).Want(200, "Aside.")
	osei.Get(topic+"?fewer=1").Send("/posts", map[string][]string{"body": {"Wider."}, "audience": {"community"}, "tlp": {"GREEN"}}).Want(422, "Wider.", "looser")
	h.visitor("Adeyemi").Get(topic).Want(200, "Open question").Never("Aside.")
	h.visitor("Roy").Get(topic).Want(200, "Aside.", "TLP:AMBER+STRICT")
}

// TestSecondPasskeyFirst: what is TLP:AMBER or stricter stays closed until the
// account has two passkeys (security.md A7.1).
func TestSecondPasskeyFirst(t *testing.T) {
	h := openForum(t, "", false)
	amber := h.topic("Osei", "Infusion pumps", "Amber title", "Amber body with telnet.", h.pumpLabel())
	green := h.topic("Osei", "Everyone", "Green title", "Green body with telnet.", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)})
	roy := h.visitor("Roy")
	roy.Get("/topics/"+amber).Want(403, "Add a second passkey first").Never("Amber title", "Amber body")
	roy.Get("/topics/"+green).Want(200, "Green title")
	// Nor does an AMBER reply or decision in a GREEN topic, nor by way of a quotation.
	var aside string
	h.write(h.as("Osei"), func(tx *db.Tx) (err error) {
		aside, _, err = h.server.Forum.Reply(tx, green, forum.NewPost{Body: "Amber aside.", Label: h.pumpLabel()})
		return err
	})
	h.write(h.as("Osei"), func(tx *db.Tx) error { return h.server.Forum.Pin(tx, aside) })
	for _, page := range []string{"/topics/" + green, "/topics/" + green + "?quote=" + aside} {
		roy.Get(page).Want(200, "Add a second passkey to read this").Never("Amber aside")
	}
	roy.Get("/posts/" + aside + "/history").Want(403).Never("Amber aside")
	for _, page := range []string{"/inbox", "/rooms/" + h.rooms["Infusion pumps"], "/search?q=telnet"} {
		roy.Get(page).Want(200, "Add a second passkey to open 1 item").Never("Amber title", "Amber body")
	}
	roy.Get("/commands?q=telnet").Never("Amber title")
	post := postID.FindString(roy.Get("/search?q=green").Body)
	roy.Get("/posts/" + post).Want(200)
}
