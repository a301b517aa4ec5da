package api

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

func (h *house) amber() map[string]any {
	return map[string]any{"tlp": "AMBER", "audience": []string{"circle:" + h.circle, "org:" + h.lab, "org:" + h.pump}}
}

// The main job, as a program does it; every answer is as openapi.json says.
func TestMainJob(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		seen := h.checkAnswers()
		pia, wim, lea := h.tokens[h.pia], h.tokens[h.wim], h.tokens[h.lea]
		me := h.do("GET", "/api/v1/me", pia, nil).want(t, 200)
		if text(me, "person") != h.pia || text(me, "organization") != h.pump || text(me, "kind") != "manufacturer" ||
			!strings.Contains(text(me, "principals"), "circle:"+h.circle) || text(me, "scopes") != "[read write]" {
			t.Errorf("me: %v", me)
		}
		orgs := h.do("GET", "/api/v1/members?limit=3", pia, nil).want(t, 200)
		more := h.do("GET", "/api/v1/members?limit=3&cursor="+text(orgs, "next"), pia, nil).want(t, 200)
		if n := len(get(orgs, "items").([]any)) + len(get(more, "items").([]any)); n != 5 || get(more, "next") != nil {
			t.Errorf("%d organizations on two pages, then %v", n, get(more, "next"))
		}
		org := h.do("GET", "/api/v1/members/"+h.ward, pia, nil).want(t, 200)
		if text(org, "people", 0, "name") != "Wim Ward" {
			t.Errorf("the ward: %v", org)
		}
		if cs := h.do("GET", "/api/v1/circles", pia, nil).want(t, 200); text(cs, "items", 1, "id") != h.circle || text(cs, "items", 1, "mine") != "true" {
			t.Errorf("circles: %v", cs)
		}
		if rooms := h.do("GET", "/api/v1/rooms", pia, nil).want(t, 200); len(get(rooms, "items").([]any)) != 3 {
			t.Errorf("rooms: %v", rooms)
		}
		if room := h.do("GET", "/api/v1/rooms/"+h.hidden, wim, nil).want(t, 200); text(room, "name") != "Hidden" || text(room, "unread") != "1" {
			t.Errorf("room: %v", room)
		}
		preview := h.do("POST", "/api/v1/audience/preview", pia, map[string]any{"label": h.amber()}).want(t, 200)
		if text(preview, "sentence") != "4 people in 3 organizations" || text(preview, "people") != "4" || text(preview, "organizations") != "3" {
			t.Errorf("preview: %v", preview)
		}

		up := h.do("POST", "/api/v1/files?name=advisory%20one.json", pia, `{"document":{}}`, "Content-Type: application/octet-stream").want(t, 201)
		started := h.do("POST", "/api/v1/rooms/"+h.common+"/topics", pia, map[string]any{"title": "Port 23 is open", "body": "On every pump. **Close it.**",
			"label": h.amber(), "files": []any{up["id"]}})
		topic := started.want(t, 201)
		id := text(topic, "id")
		if started.Header.Get("Location") != "/api/v1/topics/"+id || text(topic, "label", "tlp") != "AMBER" || text(topic, "short") != ids.Short(id) ||
			text(topic, "posts", "items", 0, "files", 0, "sha256") != text(up, "sha256") || get(topic, "note") != nil {
			t.Errorf("started: %v", topic)
		}
		if inbox := h.do("GET", "/api/v1/inbox", lea, nil).want(t, 200); text(inbox, "items", 0, "topic", "id") != id || text(inbox, "items", 0, "fresh") != "true" {
			t.Errorf("inbox: %v", inbox)
		}
		if found := h.do("GET", "/api/v1/search?q=pump&room="+h.common, lea, nil).want(t, 200); text(found, "items", 0, "topic") != id {
			t.Errorf("search: %v", found)
		}
		back := h.do("GET", "/api/v1/files/"+text(up, "id"), lea, nil)
		if string(back.body) != `{"document":{}}` || back.Header.Get("Content-Type") != "application/octet-stream" ||
			back.Header.Get("Content-Disposition") != "attachment; filename*=UTF-8''advisory%20one.json" || !strings.Contains(back.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("download: %s %v", back.body, back.Header)
		}

		if topics := h.do("GET", "/api/v1/rooms/"+h.common+"/topics", lea, nil).want(t, 200); text(topics, "items", 0, "id") != id || len(get(topics, "items").([]any)) != 1 {
			t.Errorf("topics: %v", topics)
		}
		opening := text(topic, "opening")
		if post := h.do("GET", "/api/v1/posts/"+opening, lea, nil).want(t, 200); text(post, "body") != "On every pump. **Close it.**" {
			t.Errorf("post: %v", post)
		}
		added := h.do("POST", "/api/v1/topics/"+id+"/posts", lea, map[string]any{"body": "Seen here too.", "quote": opening})
		post := added.want(t, 201)
		pid := text(post, "id")
		if added.Header.Get("Location") != "/api/v1/posts/"+pid || text(post, "quote", "id") != opening || text(post, "label", "tlp") != "AMBER" {
			t.Errorf("reply: %v", post)
		}
		strict := h.do("POST", "/api/v1/topics/"+id+"/posts", pia, map[string]any{"body": "Only for the circle.",
			"label": map[string]any{"tlp": "TLP:AMBER+STRICT", "audience": []string{"circle:" + h.circle}}}).want(t, 201)
		if n := len(get(h.do("GET", "/api/v1/topics/"+id+"/posts", lea, nil).want(t, 200), "items").([]any)); n != 2 {
			t.Errorf("the lab sees %d posts, not 2", n)
		}
		first := h.do("GET", "/api/v1/topics/"+id+"/posts?limit=2", wim, nil).want(t, 200)
		rest := h.do("GET", "/api/v1/topics/"+id+"/posts?limit=2&cursor="+text(first, "next"), wim, nil).want(t, 200)
		if text(rest, "items", 0, "id") != text(strict, "id") || len(get(rest, "items").([]any)) != 1 {
			t.Errorf("second page: %v", rest)
		}
		h.do("GET", "/api/v1/topics/"+id+"/posts?cursor="+text(first, "next"), lea, nil).want(t, 422) // another person's
		h.do("GET", "/api/v1/rooms/"+h.common+"/topics?cursor="+text(first, "next"), wim, nil).want(t, 422)

		edited := h.do("PATCH", "/api/v1/posts/"+pid, lea, map[string]any{"body": "Seen here too, twice.", "edits": 0}).want(t, 200)
		if text(edited, "edits") != "1" {
			t.Errorf("edited: %v", edited)
		}
		h.do("PATCH", "/api/v1/posts/"+pid, lea, map[string]any{"body": "Stale.", "edits": 0}).want(t, 409)
		if past := h.do("GET", "/api/v1/posts/"+pid+"/history", wim, nil).want(t, 200); text(past, "items", 0, "body") != "Seen here too." || text(past, "items", 1, "number") != "2" {
			t.Errorf("history: %v", past)
		}
		if pinned := h.do("POST", "/api/v1/posts/"+pid+"/pin", wim, nil).want(t, 200); text(pinned, "decision", "by") != "Wim Ward" {
			t.Errorf("pinned: %v", pinned)
		}
		h.do("POST", "/api/v1/posts/"+pid+"/unpin", wim, nil).want(t, 200)
		h.do("POST", "/api/v1/topics/"+id+"/resolve", pia, map[string]any{"summary": "Closed in 4.2."}).want(t, 200)
		if open := h.do("POST", "/api/v1/topics/"+id+"/reopen", lea, nil).want(t, 200); text(open, "state") != "open" {
			t.Errorf("reopened: %v", open)
		}
		h.do("POST", "/api/v1/topics/"+id+"/resolve", pia, nil).want(t, 200)
		h.do("POST", "/api/v1/topics/"+id+"/read", wim, map[string]any{"post": opening}).want(t, 204)
		h.do("POST", "/api/v1/topics/"+id+"/read", wim, nil).want(t, 204)
		if again := h.do("GET", "/api/v1/topics/"+id, wim, nil).want(t, 200); text(again, "unread") != "false" || text(again, "post_count") != "3" {
			t.Errorf("read: %v", again)
		}
		gone := h.do("DELETE", "/api/v1/posts/"+pid, lea, map[string]any{"why": "It was another pump."}).want(t, 200)
		if text(gone, "body") != "" || text(gone, "deleted", "why") != "It was another pump." {
			t.Errorf("deleted: %v", gone)
		}

		// Labels: tightened at once, loosened by two.
		if done := h.do("POST", "/api/v1/posts/"+text(strict, "id")+"/relabel", pia, map[string]any{"label": map[string]any{"tlp": "RED", "audience": []string{"circle:" + h.circle}}}).want(t, 200); text(done, "done") != "true" {
			t.Errorf("tightened: %v", done)
		}
		waits := h.do("POST", "/api/v1/topics/"+id+"/relabel", pia, map[string]any{"why": "All wards have it.",
			"label": map[string]any{"tlp": "GREEN", "audience": []string{"community"}}}).want(t, 202)
		if rs := h.do("GET", "/api/v1/relabels", h.tokens[h.pol], nil).want(t, 200); get(rs, "items") == nil {
			t.Errorf("to decide: %v", rs)
		}
		if rs := h.do("GET", "/api/v1/topics/"+id+"/relabels", wim, nil).want(t, 200); text(rs, "items", 0, "id") != text(waits, "request") {
			t.Errorf("requests: %v", rs)
		}
		h.do("POST", "/api/v1/relabels/"+text(waits, "request")+"/approve", h.tokens[h.pol], nil).want(t, 403) // not with a token
		cookie := h.session(h.pol)
		h.do("POST", "/api/v1/relabels/"+text(waits, "request")+"/approve", "", nil, cookie, "Sec-Fetch-Site: same-origin").want(t, 204)
		if now := h.do("GET", "/api/v1/topics/"+id, h.tokens[h.dora], nil).want(t, 200); text(now, "label", "tlp") != "GREEN" {
			t.Errorf("loosened: %v", now)
		}
		for _, what := range []string{"refuse", "withdraw"} {
			who := map[string]with{"refuse": cookie, "withdraw": h.session(h.pia)}[what]
			other := h.do("POST", "/api/v1/rooms/"+h.common+"/topics", pia, map[string]any{"title": what, "body": "x", "label": h.amber()}).want(t, 201)
			waits := h.do("POST", "/api/v1/topics/"+text(other, "id")+"/relabel", pia, map[string]any{"label": map[string]any{"tlp": "GREEN", "audience": []string{"community"}}}).want(t, 202)
			h.do("POST", "/api/v1/relabels/"+text(waits, "request")+"/"+what, "", nil, who, "Sec-Fetch-Site: same-origin").want(t, 204)
		}
		h.do("POST", "/api/v1/rooms", pia, map[string]any{"name": "New", "label": map[string]any{"tlp": "GREEN", "audience": []string{"community"}}}).want(t, 403)
		room := h.do("POST", "/api/v1/rooms", "", map[string]any{"name": "New", "label": map[string]any{"tlp": "GREEN", "audience": []string{"community"}}},
			h.session(h.dora), "Sec-Fetch-Site: same-origin", "Idempotency-Key: r1")
		again := h.do("POST", "/api/v1/rooms", "", map[string]any{"name": "New", "label": map[string]any{"tlp": "GREEN", "audience": []string{"community"}}},
			h.session(h.dora), "Sec-Fetch-Site: same-origin", "Idempotency-Key: r1")
		if text(room.want(t, 201), "id") != text(again.want(t, 201), "id") || again.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("a room twice: %s %s", room.body, again.body)
		}

		pack := h.do("GET", "/api/v1/topics/"+id+"/evidence", pia, nil)
		pack.want(t, 200)
		if !bytes.HasPrefix(pack.body, []byte("PK\x03\x04")) || pack.Header.Get("Content-Type") != "application/zip" {
			t.Errorf("evidence: %.40q %v", pack.body, pack.Header)
		}
		if key := h.do("GET", "/api/v1/ledger/key", "", nil).want(t, 200); text(key, "key") != h.ledger.Public() {
			t.Errorf("key: %v", key)
		}
		h.do("GET", "/openapi.json", "", nil).want(t, 200)
		if page := h.do("GET", "/api", "", nil); !strings.Contains(string(page.body), "/api/v1/rooms/{room}/topics") || strings.Contains(string(page.body), "//unpkg") {
			t.Errorf("the page: %s", page.body)
		}

		// Nothing was left out of the script but the stream, which has a test of its own.
		for _, r := range h.srv.Routes() {
			if r.Path != "/api/v1/stream" && !h.ofCases(r) && !h.ofIntel(r) && !h.ofDevices(r) && !seen[r.Method+" "+r.Path] {
				t.Errorf("no answer of %s %s was checked", r.Method, r.Path)
			}
		}
	})
}

// checkAnswers holds every answer from now on to the description, and tells
// which operations were answered well.
func (h *house) checkAnswers() map[string]bool {
	doc := h.srv.table.huma.OpenAPI()
	seen := map[string]bool{}
	h.answers = func(method, path string, res *http.Response, body []byte) {
		h.t.Helper()
		path, _, _ = strings.Cut(path, "?")
		i := -1 // of what fits, the route with the fewest variables, as in the mux
		for j, r := range h.srv.table.routes {
			if r.Method == method && matches(r.Path, path) && (i < 0 || strings.Count(r.Path, "{") < strings.Count(h.srv.table.routes[i].Path, "{")) {
				i = j
			}
		}
		if i < 0 {
			h.t.Fatalf("%s %s is in no route", method, path)
		}
		op := operationOf(doc, method, h.srv.table.routes[i].Path)
		described, ok := op.Responses[fmt.Sprint(res.StatusCode)]
		if !ok && res.StatusCode >= 400 {
			described, ok = op.Responses["default"]
		}
		if !ok {
			h.t.Errorf("%s %s: the status %d is not described", method, path, res.StatusCode)
			return
		}
		media, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
		if len(described.Content) == 0 {
			if len(body) > 0 {
				h.t.Errorf("%s %s: %d has a body that is not described", method, path, res.StatusCode)
			}
		} else if content := described.Content[media]; content == nil {
			h.t.Errorf("%s %s: %d is %q, which is not described", method, path, res.StatusCode, media)
		} else if content.Schema != nil {
			for _, wrong := range violations(doc.Components.Schemas, content.Schema, body) {
				h.t.Errorf("%s %s: %d is not as described: %s\n%.500s", method, path, res.StatusCode, wrong, body)
			}
		}
		if res.StatusCode < 400 {
			seen[method+" "+h.srv.table.routes[i].Path] = true
		}
	}
	return seen
}

func (h *house) session(person string) with {
	h.t.Helper()
	var token string
	h.write(person, func(tx *db.Tx) (err error) {
		token, _, err = h.srv.Members.OpenSession(tx, person, "test", "", true)
		return err
	})
	return with("Cookie: cordon=" + token)
}

// openapi.json and the routes name the same operations, every id is used once,
// and nothing in it leads elsewhere.
func TestDescription(t *testing.T) {
	h := newHouse(t, "")
	doc := h.srv.table.huma.OpenAPI()
	routes := map[string]bool{}
	for _, r := range h.srv.Routes() {
		routes[r.Method+" "+described(r.Path)] = true
		if operationOf(doc, r.Method, r.Path) == nil {
			t.Errorf("%s %s is not described", r.Method, r.Path)
		}
		if (r.Path == "/api/v1/stream") != r.Stream {
			t.Errorf("%s: Stream is %v", r.Path, r.Stream)
		}
	}
	ids, n := map[string]bool{}, 0
	for path, item := range doc.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "DELETE": item.Delete, "PUT": item.Put, "HEAD": item.Head} {
			if op == nil {
				continue
			}
			n++
			if !routes[method+" "+path] {
				t.Errorf("%s %s is described and is no route", method, path)
			}
			if ids[op.OperationID] || op.OperationID == "" || op.Summary == "" {
				t.Errorf("%s %s: id %q, summary %q", method, path, op.OperationID, op.Summary)
			}
			ids[op.OperationID] = true
		}
	}
	if n != len(routes) {
		t.Errorf("%d operations are described, %d routed", n, len(routes))
	}
	spec := h.do("GET", "/openapi.json", "", nil)
	got := spec.want(t, 200)
	if text(got, "openapi") != "3.1.0" || bytes.Contains(spec.body, []byte("$schema")) || bytes.Contains(spec.body, []byte("unpkg")) {
		t.Errorf("openapi %v", got["openapi"])
	}
	if schema := get(got, "components", "schemas", "NewLabel", "additionalProperties"); schema != false {
		t.Errorf("a label's unknown properties: %v", schema)
	}
}

// A9: who may ask for what, by what they show.
func TestWhoMayAsk(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		expired := h.token(h.pia, 1, policy.ScopeRead, policy.ScopeWrite)
		h.clock.Add(25 * time.Hour)
		revoked := h.token(h.pia, 0, policy.ScopeRead, policy.ScopeWrite)
		h.write(h.pia, func(tx *db.Tx) error {
			ts, err := h.srv.Members.Tokens(tx.View)
			if err != nil {
				return err
			}
			return h.srv.Members.RevokeToken(tx, ts[0].ID)
		})
		readOnly, writeOnly := h.token(h.pia, 0, policy.ScopeRead), h.token(h.pia, 0, policy.ScopeWrite)
		h.system(func(tx *db.Tx) error {
			return h.srv.Members.Suspend(tx, h.lab, "They lost a laptop.")
		})
		good := h.tokens[h.pia]
		broken := good[:len(good)-1] + "0"
		if broken == good {
			broken = good[:len(good)-1] + "1"
		}
		path := func(p string) string {
			p = described(p)
			for kind, id := range h.hiddenCase {
				p = strings.ReplaceAll(p, "{"+kind+"}", id)
			}
			return strings.NewReplacer("{room}", h.hidden, "{topic}", h.hiddenTopic, "{post}", h.hiddenPost, "{file}", h.hiddenFile, "{org}", h.ward, "{relabel}", h.hiddenRelabel).Replace(p)
		}
		for _, r := range h.srv.Routes() {
			if r.Path == "/api" || r.Path == "/openapi.json" || r.Access == httpkit.Anonymous {
				continue // they look at nobody
			}
			name := r.Method + " " + r.Path
			o := r.Handler.(*route)
			for what, token := range map[string]string{"broken": broken, "expired": expired, "revoked": revoked, "of a suspended member": h.tokens[h.lea], "nonsense": "Basic"} {
				res := h.do(r.Method, path(r.Path), token, nil)
				if p := res.want(t, 401); !strings.Contains(res.Header.Get("WWW-Authenticate"), "invalid_token") || text(p, "detail") != errToken.sentence {
					t.Errorf("%s with a token that is %s: %s %v", name, what, res.body, res.Header)
				}
			}
			res := h.do(r.Method, path(r.Path), "", nil)
			if r.Access != "open" {
				if res.want(t, 401); !strings.HasPrefix(res.Header.Get("WWW-Authenticate"), "Bearer") {
					t.Errorf("%s without a token: %v", name, res.Header)
				}
			} else if strings.Contains(r.Path, "{") {
				res.want(t, 404) // hidden from the public
			}
			for scope, token := range map[policy.Scope]string{policy.ScopeRead: writeOnly, policy.ScopeWrite: readOnly} {
				if o.scope != scope {
					continue
				}
				if res := h.do(r.Method, path(r.Path), token, nil); res.StatusCode != 403 || !strings.Contains(res.Header.Get("WWW-Authenticate"), "insufficient_scope") {
					t.Errorf("%s without the scope %s: %d %s", name, scope, res.StatusCode, res.body)
				}
			}
			// The browser's session: not from elsewhere, and for changes only when it says where from.
			cookie := h.session(h.pia)
			if r.Access != "open" && !r.Stream {
				if res := h.do(r.Method, path(r.Path), "", nil, cookie, "Sec-Fetch-Site: cross-site"); res.StatusCode != 401 && res.StatusCode != 403 {
					t.Errorf("%s from another site: %d", name, res.StatusCode)
				}
				if r.Method != "GET" {
					h.do(r.Method, path(r.Path), "", nil, cookie).want(t, 401)
				}
			}
		}
		if me := h.do("GET", "/api/v1/me", "", nil, h.session(h.pia)).want(t, 200); text(me, "person") != h.pia {
			t.Errorf("in a session: %v", me)
		}
		if me := h.do("GET", "/api/v1/me", "", nil, h.session(h.lea)).want(t, 200); text(me, "principals") != "[public]" {
			t.Errorf("a suspended member: %v", me)
		}
		h.do("GET", "/api/v1/inbox", "", nil, h.session(h.lea)).want(t, 403)
		for _, twice := range []string{"Bearer " + good} {
			req, _ := http.NewRequest("GET", h.url+"/api/v1/me", nil)
			req.Header["Authorization"] = []string{twice, twice}
			res, err := http.DefaultClient.Do(req)
			h.ok(err)
			res.Body.Close()
			if res.StatusCode != 401 {
				t.Errorf("two tokens: %d", res.StatusCode)
			}
		}
	})
}

// T-08: for every operation on a thing, one that is hidden and one that never
// was are the same bytes, to a member, and to the public.
func TestHiddenIsMissing(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		// lea may not see the circle's things, nor an organization that only the desk may.
		var hiddenOrg string
		h.system(func(tx *db.Tx) (err error) {
			hiddenOrg, err = h.srv.Members.SeedOrganization(tx, "", profile("Unknown", policy.Vendor))
			if err != nil {
				return err
			}
			audience, err := tx.Store(policy.NewAudience(policy.OfPerson(h.dora)))
			if err != nil {
				return err
			}
			_, err = tx.Exec(`UPDATE organizations SET audience = $1 WHERE id = $2`, audience, hiddenOrg)
			return err
		})
		hidden := map[string]string{"{room}": h.hidden, "{topic}": h.hiddenTopic, "{post}": h.hiddenPost, "{file}": h.hiddenFile, "{relabel}": h.hiddenRelabel, "{org}": hiddenOrg}
		for kind, id := range h.hiddenCase {
			hidden["{"+kind+"}"] = id
		}
		bodies := map[string]string{"start-topic": `{"title":"a","body":"b"}`, "reply": `{"body":"b"}`, "edit": `{"body":"b","edits":0}`,
			"relabel-topic": `{"label":{"tlp":"RED","audience":["person:` + h.lea + `"]}}`, "relabel-post": `{"label":{"tlp":"RED","audience":["person:` + h.lea + `"]}}`}
		maps.Copy(bodies, caseBodies)
		maps.Copy(bodies, intelBodies)
		maps.Copy(bodies, deviceBodies)
		cookie := h.session(h.lea)
		probes := 0
		for _, r := range h.srv.Routes() {
			o := r.Handler.(*route)
			if len(o.params) == 0 {
				continue
			}
			var body any
			if b := bodies[o.id]; b != "" {
				body = b
			}
			ask := func(id, token string, headers ...with) string {
				res := h.do(r.Method, strings.Replace(r.Path, "{"+o.params[0]+"}", id, 1), token, body, headers...)
				res.Header.Del("Date")
				probes++
				return fmt.Sprintf("%d %v %s", res.StatusCode, res.Header, res.body)
			}
			never := ids.New(o.params[0])
			switch o.params[0] {
			case "stix":
				never = stix.NewID("indicator")
			case "known":
				never = "CVE-2026-99999"
			}
			it := hidden["{"+o.params[0]+"}"]
			switch {
			case o.params[0] == "feed":
				it = never // members know of every feed
			case strings.HasPrefix(r.Path, "/api/v1/alert-notices/"):
				it = h.hiddenCase["alert-notice"]
			}
			odd := []string{o.params[0] + "_x", "nothing_" + never, never + "%00", "%F0%9F%A6%93"}
			for who, as := range map[string]struct {
				token  string
				header []with
			}{"a member": {h.tokens[h.lea], nil}, "a session": {"", []with{cookie, "Sec-Fetch-Site: same-origin"}}, "the public": {"", nil}} {
				want := ask(never, as.token, as.header...)
				if got := ask(it, as.token, as.header...); got != want {
					t.Errorf("%s %s to %s: hidden is\n%s\nand what never was\n%s", r.Method, r.Path, who, got, want)
				}
				for _, id := range odd {
					if got := ask(id, as.token, as.header...); got != want {
						t.Errorf("%s %s to %s: %s is\n%s\nnot\n%s", r.Method, r.Path, who, id, got, want)
					}
				}
				if mayNot := o.right != "" && !h.as(h.lea).May(o.right); who == "a session" && !strings.HasPrefix(want, "404") && !(mayNot && strings.HasPrefix(want, "403")) {
					t.Errorf("%s %s: %s", r.Method, r.Path, want)
				}
			}
		}
		// In lists and searches there is no trace.
		for _, p := range []string{"/api/v1/rooms", "/api/v1/inbox", "/api/v1/search?q=zebra", "/api/v1/search?q=secret.txt", "/api/v1/circles", "/api/v1/relabels"} {
			if res := h.do("GET", p, h.tokens[h.lea], nil); bytes.Contains(res.body, []byte("zebra")) || bytes.Contains(res.body, []byte(h.hidden)) || bytes.Contains(res.body, []byte(h.circle)) {
				t.Errorf("%s: %s", p, res.body)
			}
		}
		hiddenRoom := h.do("GET", "/api/v1/search?q=ward&room="+h.hidden, h.tokens[h.lea], nil)
		noRoom := h.do("GET", "/api/v1/search?q=ward&room="+ids.New("room"), h.tokens[h.lea], nil)
		if hiddenRoom.StatusCode != 404 || !bytes.Equal(hiddenRoom.body, noRoom.body) {
			t.Errorf("a search in a hidden room: %s and %s", hiddenRoom.body, noRoom.body)
		}
		// Nor may a label name what is hidden.
		name := func(p string) []byte {
			res := h.do("POST", "/api/v1/audience/preview", h.tokens[h.lea], map[string]any{"label": map[string]any{"tlp": "AMBER", "audience": []string{p}}})
			res.want(t, 422)
			return bytes.ReplaceAll(res.body, []byte(p), nil)
		}
		if a, b := name("circle:"+h.circle), name("circle:"+ids.New("circle")); !bytes.Equal(a, b) {
			t.Errorf("a hidden circle in a label: %s and %s", a, b)
		}
		t.Logf("%d probes", probes)
	})
}

// T-53: what is not strict JSON, or not what the operation wants, is refused
// with what is wrong; no submitted value comes back, and nothing is saved.
func TestStrictBodies(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		const secret = "swordfish"
		label := `"label":{"tlp":"RED","audience":["person:` + h.pia + `"]}`
		whole := func(s string) string { return strings.ReplaceAll(s, "LABEL", label) }
		for _, c := range []struct {
			body   string
			status int
			field  string
		}{
			{`{"title":"a","title":"` + secret + `","body":"b",LABEL}`, 400, "body"},
			{`{"title":"a","Title":"` + secret + `","body":"b",LABEL}`, 400, "body"},
			{`{"Title":"` + secret + `","body":"b",LABEL}`, 422, "body"}, // neither known nor a plain name
			{`{"title":"a","body":"b","label":{"tlp":"RED","TLP":"CLEAR","audience":["public"]}}`, 400, "body"},
			{`{"title":"a","body":"b","label":{"tlp":"RED","tlp":"CLEAR","audience":["public"]}}`, 400, "body"},
			{`{"title":"a","body":"b","wat":"` + secret + `",LABEL}`, 422, "wat"},
			{`{"title":"a","body":"b",LABEL,"files":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, 400, "body"},
			{`{"title":"a","body":"b",LABEL} {}`, 400, "body"},
			{`{"title":"a","body":"b",LABEL`, 400, "body"},
			{`{"title":"` + secret + `\u0000","body":"b",LABEL}`, 400, "body"},
			{`{"title":"` + secret + `\ud800","body":"b",LABEL}`, 400, "body"},
			{"{\"title\":\"\xff\",\"body\":\"b\",LABEL}", 400, "body"},
			{`[]`, 422, "body"},
			{``, 400, ""},
			{`{"title":7,"body":"b",LABEL}`, 422, "title"},
			{`{"title":["` + secret + `"],"body":"b",LABEL}`, 422, "title"},
			{`{"title":"a","body":"b","label":"RED"}`, 422, "label"},
			{`{"title":"a","body":"b","label":{}}`, 422, "label"},
			{`{"title":"a","body":"b","label":{"tlp":"` + secret + `","audience":["org:` + h.pump + `"]}}`, 422, "label.tlp"},
			{`{"title":"a","body":"b","label":{"tlp":"amber","audience":["org:` + h.pump + `"]}}`, 422, "label.tlp"},
			{`{"title":"a","body":"b","label":{"tlp":"","audience":[]}}`, 422, "label.tlp"},
			{`{"title":"a","body":"b","label":{"tlp":"AMBER","audience":[]}}`, 422, "label"},
			{`{"title":"a","body":"b","label":{"tlp":"AMBER","audience":["org:` + h.pump + `","` + secret + `"]}}`, 422, "label.audience[1]"},
			{`{"title":"a","body":"b","label":{"tlp":"AMBER","audience":["org:org_NOBODY"]}}`, 422, "label.audience"},
			{`{"title":"a","body":"b","label":{"tlp":"CLEAR","audience":["org:` + h.pump + `"]}}`, 422, "label"},
			{`{"title":"a","body":"b","label":{"tlp":"AMBER+STRICT","audience":["org:` + h.ward + `"]}}`, 422, "label.audience"},
			{`{"title":"","body":"b",LABEL}`, 422, "title"},
			{`{"title":"a","body":"b",LABEL,"files":["file_NONE"]}`, 422, "files"},
			{`{"title":"a","body":"` + strings.Repeat("x", 1<<20) + `",LABEL}`, 413, ""},
		} {
			res := h.do("POST", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], whole(c.body))
			if res.StatusCode != c.status {
				t.Errorf("%.120s: %d, not %d: %s", c.body, res.StatusCode, c.status, res.body)
				continue
			}
			p := res.want(t, c.status)
			if res.Header.Get("Content-Type") != problemType || text(p, "detail") == "" || text(p, "type") != "about:blank" {
				t.Errorf("%.120s: %s", c.body, res.body)
			}
			fields, _ := p["errors"].([]any)
			if c.field != "" && !slices.ContainsFunc(fields, func(f any) bool { return text(f, "field") == c.field && text(f, "detail") != "" }) {
				t.Errorf("%.120s: no error on %q: %s", c.body, c.field, res.body)
			}
			if bytes.Contains(res.body, []byte(secret)) { // a name may be told, a value never
				t.Errorf("%.120s: repeated: %s", c.body, res.body)
			}
		}
		for _, q := range []string{"limit=0", "limit=201", "limit=x", "cursor=" + secret, "wat=" + secret} {
			if res := h.do("GET", "/api/v1/rooms/"+h.common+"/topics?"+q, h.tokens[h.pia], nil); res.StatusCode != 422 || bytes.Contains(res.body, []byte(secret)) {
				t.Errorf("?%s: %d %s", q, res.StatusCode, res.body)
			}
		}
		for _, q := range []string{"q=", "q=a&after=" + secret, "q=-a"} {
			if res := h.do("GET", "/api/v1/search?"+q, h.tokens[h.pia], nil); res.StatusCode != 422 || bytes.Contains(res.body, []byte(secret)) {
				t.Errorf("?%s: %d %s", q, res.StatusCode, res.body)
			}
		}
		if res := h.do("POST", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], whole(`{"title":"a","body":"b",LABEL}`), "Content-Type: text/plain"); res.StatusCode != 415 {
			t.Errorf("plain text: %d %s", res.StatusCode, res.body)
		}
		if left := h.do("GET", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], nil).want(t, 200); len(get(left, "items").([]any)) != 0 {
			t.Errorf("saved: %v", left)
		}
		// Whatever a program accepts, it is answered JSON (T-09).
		for _, accept := range []string{"text/html", "application/cbor", "*/*;q=0", ";", ";;q=", "a;b,c;q=1;", "application/xml;q=,"} {
			if res := h.do("GET", "/api/v1/me", h.tokens[h.pia], nil, with("Accept: "+accept)); res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" {
				t.Errorf("Accept %q: %d %v", accept, res.StatusCode, res.Header)
			}
		}
	})
}

// A topic without a label says so; one sent twice under a key is there once.
func TestDefaultLabelAndIdempotency(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		body := map[string]any{"title": "Only for us", "body": "Check the pumps."}
		first := h.do("POST", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], body, "Idempotency-Key: k-1")
		topic := first.want(t, 201)
		if text(topic, "label", "tlp") != "AMBER+STRICT" || text(topic, "label", "audience") != "[org:"+h.pump+"]" || !strings.Contains(text(topic, "note"), "AMBER+STRICT") {
			t.Errorf("without a label: %v", topic)
		}
		again := h.do("POST", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], body, "Idempotency-Key: k-1")
		if !bytes.Equal(again.body, first.body) || again.StatusCode != 201 || again.Header.Get("Location") != first.Header.Get("Location") ||
			again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Idempotent-Replayed") != "" {
			t.Errorf("sent twice:\n%s\n%s", first.body, again.body)
		}
		h.do("POST", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], map[string]any{"title": "Another", "body": "x"}, "Idempotency-Key: k-1").want(t, 409)
		h.do("POST", "/api/v1/rooms/"+h.common+"/topics", h.tokens[h.pia], body, with("Idempotency-Key: "+strings.Repeat("k", 101))).want(t, 422)
		id := text(topic, "id")
		one := h.do("POST", "/api/v1/topics/"+id+"/posts", h.tokens[h.pol], map[string]any{"body": "Done."}, "Idempotency-Key: k-1").want(t, 201)
		two := h.do("POST", "/api/v1/topics/"+id+"/posts", h.tokens[h.pol], map[string]any{"body": "Done."}, "Idempotency-Key: k-1").want(t, 201)
		if text(one, "id") != text(two, "id") {
			t.Errorf("a reply twice: %v and %v", one, two)
		}
		if now := h.do("GET", "/api/v1/topics/"+id, h.tokens[h.pia], nil).want(t, 200); text(now, "post_count") != "2" {
			t.Errorf("posts: %v", now)
		}
	})
}

// What does not arrive whole, or is not one file, leaves nothing.
func TestUploads(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		form := func(parts ...string) (string, with) {
			var b bytes.Buffer
			w := multipart.NewWriter(&b)
			for _, p := range parts {
				f, err := w.CreateFormFile(p, p+".txt")
				h.ok(err)
				fmt.Fprintf(f, "the bytes of %s", p)
			}
			h.ok(w.Close())
			return b.String(), with("Content-Type: " + w.FormDataContentType())
		}
		uploads := func() (n int64) {
			h.ok(h.db.Read(t.Context(), policy.System("test"), func(v *db.View) (err error) {
				n, err = db.One(v, db.Value[int64], `SELECT COUNT(*) FROM uploads`)
				return err
			}))
			return n
		}
		body, kind := form("file")
		up := h.do("POST", "/api/v1/files", h.tokens[h.pia], body, kind)
		if got := up.want(t, 201); text(got, "name") != "file.txt" || text(got, "size") != "17" || up.Header.Get("Location") != "/api/v1/files/"+text(got, "id") {
			t.Errorf("uploaded: %v", got)
		}
		if n := uploads(); n != 1 {
			t.Fatalf("%d uploads", n)
		}
		h.do("GET", up.Header.Get("Location"), h.tokens[h.wim], nil).want(t, 404) // its uploader's alone
		h.do("POST", "/api/v1/files", h.tokens[h.pia], body[:len(body)-20], kind).want(t, 422)
		h.do("POST", "/api/v1/files", h.tokens[h.pia], body[:len(body)-60], kind).want(t, 422)
		two, kind2 := form("file", "file")
		h.do("POST", "/api/v1/files", h.tokens[h.pia], two, kind2).want(t, 422)
		other, kind3 := form("other")
		h.do("POST", "/api/v1/files", h.tokens[h.pia], other, kind3).want(t, 422)
		h.do("POST", "/api/v1/files", h.tokens[h.pia], "x", "Content-Type: multipart/form-data").want(t, 422)
		h.do("POST", "/api/v1/files", h.tokens[h.pia], "bytes", "Content-Type: application/octet-stream").want(t, 422) // no name
		h.do("POST", "/api/v1/files?name=a", h.tokens[h.pia], "", "Content-Type: application/octet-stream").want(t, 422)
		h.cutOff("/api/v1/files?name=cut.bin", h.tokens[h.pia])
		if n := uploads(); n != 1 {
			t.Errorf("%d uploads are left, not 1", n)
		}
	})
}
