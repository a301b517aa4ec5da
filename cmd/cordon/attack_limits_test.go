package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// TestRates: T-57. Who asks too fast is told to wait and how long; nobody else is
// slowed by it, and the doors that can be guessed at are bounded by address, with
// whatever cookies and tokens the guesser makes up.
func TestRates(t *testing.T) {
	w := newTown(t, clock.System())
	get := errand{method: "GET", path: "/healthz"}
	for _, x := range []struct {
		name      string
		fast, out subject
	}{
		{"token", subject{bearer: w.bearers["mia"], addr: "203.0.113.1:1"}, subject{bearer: w.bearers["hal"], addr: "203.0.113.1:1"}},
		{"session", subject{cookie: w.cookies["mia"], addr: "203.0.113.2:1"}, subject{cookie: w.cookies["hal"], addr: "203.0.113.2:1"}},
		{"address", subject{addr: "203.0.113.3:1"}, subject{addr: "203.0.113.4:1"}},
		{"IPv6 network", subject{addr: "[2001:db8:1:1::1]:1"}, subject{addr: "[2001:db8:1:2::1]:1"}},
	} {
		var stopped answerOf
		n := 0
		for n = range 20_000 {
			if x.name == "IPv6 network" { // one customer has a whole /64
				x.fast.addr = fmt.Sprintf("[2001:db8:1:1::%x]:1", n)
			}
			if stopped = w.ask(x.fast, get); stopped.status == http.StatusTooManyRequests {
				break
			}
		}
		if wait, err := strconv.Atoi(stopped.header.Get("Retry-After")); stopped.status != 429 || err != nil || wait < 1 {
			t.Errorf("T-57: %s: after %d requests: %d, Retry-After %q", x.name, n, stopped.status, stopped.header.Get("Retry-After"))
		}
		if n < 1000 {
			t.Errorf("T-57: %s: only %d requests were allowed", x.name, n)
		}
		if got := w.ask(x.out, get); got.status != 200 {
			t.Errorf("T-57: %s: another one is shut out, too: %d", x.name, got.status)
		}
	}
	routes := w.house.routes()
	tried := 0
	for i, r := range routes {
		if !strings.Contains(r.Path, "/sign-in/") && !strings.Contains(r.Path, "{token}") || strings.HasPrefix(r.Path, "/account") || r.Path == "/demo/sign-in" {
			continue
		}
		tried++
		addr := fmt.Sprintf("198.51.100.%d:1", i)
		n := 0
		for n = range 500 {
			s := subject{addr: addr}
			switch n % 3 { // made-up cookies and tokens are no new budget
			case 1:
				s.cookie = ids.Random(40)
			case 2:
				s.bearer = ids.Random(40)
			}
			got := w.ask(s, requestOf(r, "", unknownID))
			if got.status == 429 {
				break
			}
			if got.status >= 500 {
				t.Fatalf("%s %s: %d", r.Method, r.Path, got.status)
			}
		}
		if n > 200 {
			t.Errorf("T-57: %s %s could be tried %d times at once from one address", r.Method, r.Path, n+1)
		}
		if got := w.ask(subject{addr: "198.51.101.1:1", cookie: w.cookies["hal"]}, errand{method: "GET", path: "/account"}); got.status != 200 {
			t.Errorf("T-57: a guesser locks others out: %d", got.status)
		}
	}
	if tried < 8 {
		t.Errorf("only %d doors that can be guessed at", tried)
	}
}

// takesNoBody are routes that read no body at all: whatever is sent is let go.
var takesNoBody = regexp.MustCompile(`^(POST /sign-out|POST /topics/\{topic\}/(reopen|evidence)|POST /posts/\{post\}/(pin|unpin)|POST /approvals/.*|POST /(sign-in|step-up)/begin|POST /account/sessions/.*|POST /account/passkeys/\{passkey\}/remove|POST /account/tokens/\{token\}/revoke|POST /invitations/\{invitation\}/revoke|POST /members/\{org\}/contact|POST /circles/\{circle\}/(leave|people/\{person\}/remove)|POST /recovery/\{recovery\}/.*|POST /people/\{person\}/(recipient|revoke|remove)|POST /inbox/done|POST /api/v1/(relabels/.*|topics/\{topic\}/reopen|posts/\{post\}/(un)?pin)|DELETE .*)$`)

// TestBodySizes: T-57. One byte over what a route takes is refused in words, and
// nothing of it is kept.
func TestBodySizes(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	before, sent := w.facts(), 0
	pick := func(kind string) string { return oneVisible(w, kind) }
	for _, r := range w.house.routes() {
		if r.Method == "GET" || r.Path == "/verify" || r.Path == "/api/v1/files" || r.Path == "/demo/sign-in" {
			continue
		}
		req := requestOf(r, "", pick)
		long := 2<<20 + 1
		if strings.HasPrefix(r.Path, "/api/") {
			long = 1<<20 + 1
		}
		if req.kind == "application/json" {
			req.body = req.body[:len(req.body)-1] + strings.Repeat(" ", long-len(req.body)) + "}"
		} else {
			if req.kind == "" {
				req.kind = "application/json"
			}
			req.body += "&pad=" + strings.Repeat("x", long-len(req.body)-5)
		}
		s := subject{cookie: w.cookies["dora"], addr: fmt.Sprintf("192.0.2.%d:1", sent%250)}
		if r.Access == "open" {
			s.cookie = ""
		}
		if takesNoBody.MatchString(r.Method + " " + r.Path) {
			continue
		}
		sent++
		got := w.ask(s, req)
		if got.status < 400 || got.status >= 500 || got.body == "" {
			t.Errorf("T-57: %s %s takes %d bytes: %d", r.Method, r.Path, len(req.body), got.status)
		}
	}
	if after := w.facts(); after != before {
		t.Errorf("T-57: oversize bodies changed something: %d facts became %d", before, after)
	}
	t.Logf("%d routes", sent)

	// A file of 50 MB is taken; one byte more is not, announced or not, by either door.
	kept := func() (n int) {
		entries, err := os.ReadDir(w.house.data + "/files")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			list, err := os.ReadDir(w.house.data + "/files/" + e.Name())
			if err == nil {
				n += len(list)
			}
		}
		return n
	}
	had := kept()
	mia := subject{bearer: w.bearers["mia"]}
	over := func() io.Reader { return io.LimitReader(zeroes{}, forum.MaxFile+1) }
	for name, got := range map[string]answerOf{
		"bare bytes": w.askFrom(context.Background(), mia, errand{method: "POST", path: "/api/v1/files?name=a.bin", kind: "application/octet-stream"}, over()),
	} {
		if got.status != 422 && got.status != 413 || !strings.Contains(got.body, "50 MB") {
			t.Errorf("T-57: %s of 50 MB and a byte: %d %s", name, got.status, got.body)
		}
	}
	for _, x := range []struct {
		path, field string
		who         subject
	}{{"/api/v1/files", "file", mia}, {"/topics/" + w.topics["telnet"] + "/posts", "files", subject{cookie: w.cookies["mia"]}}} {
		pr, pw := io.Pipe()
		form := multipart.NewWriter(pw)
		go func() {
			defer pw.Close()
			if x.field == "files" {
				form.WriteField("body", "with a file")
			}
			part, err := form.CreateFormFile(x.field, "a.bin")
			if err != nil {
				return // the door hung up: it will have said why
			}
			io.Copy(part, over())
			form.Close()
		}()
		got := w.askFrom(context.Background(), x.who, errand{method: "POST", path: x.path, kind: form.FormDataContentType()}, pr)
		pr.Close()
		if got.status < 400 || got.status >= 500 {
			t.Errorf("T-57: a form with 50 MB and a byte to %s: %d", x.path, got.status)
		}
	}
	if now := kept(); now > had {
		t.Errorf("T-57: of refused files, %d are still in the store", now-had)
	}
	if after := w.facts(); after != before {
		t.Errorf("T-57: refused files changed something: %d facts became %d", before, after)
	}
	whole := w.askFrom(context.Background(), mia, errand{method: "POST", path: "/api/v1/files?name=a.bin", kind: "application/octet-stream"}, io.LimitReader(zeroes{}, forum.MaxFile))
	if whole.status != 201 {
		t.Errorf("a file of exactly 50 MB: %d %s", whole.status, whole.body)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestHostileJSON: T-53. Every door that takes JSON refuses what two readers
// could read differently, and what is made to exhaust one.
func TestHostileJSON(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	before, sent, turn := w.facts(), 0, 0
	mia := subject{bearer: w.bearers["mia"]}
	for _, r := range w.house.routes() {
		p := probes[r.Method+" "+r.Path]
		if p.json == "" {
			continue
		}
		req := requestOf(r, "", func(kind string) string { return oneVisible(w, kind) })
		var doc map[string]json.RawMessage
		if err := json.Unmarshal([]byte(req.body), &doc); err != nil {
			t.Fatalf("%s: the probe is no JSON: %v", r.Path, err)
		}
		first := regexp.MustCompile(`"([a-z_]+)":`).FindStringSubmatch(req.body)[1]
		value := string(doc[first])
		in := req.body[1 : len(req.body)-1]
		bad := map[string]string{
			"duplicate key":         `{"` + first + `":` + value + `,` + in + `}`,
			"duplicate key, last":   `{` + in + `,"` + first + `":` + value + `}`,
			"case variant":          `{` + in + `,"` + strings.ToUpper(first) + `":` + value + `}`,
			"case variant alone":    strings.Replace(req.body, `"`+first+`"`, `"`+strings.ToUpper(first[:1])+first[1:]+`"`, 1),
			"escaped duplicate":     fmt.Sprintf(`{%s,"\u%04x%s":%s}`, in, first[0], first[1:], value),
			"unknown key":           `{` + in + `,"audience_all":true}`,
			"deep":                  `{"` + first + `":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
			"very deep":             `{"` + first + `":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
			"very deep, not closed": strings.Repeat(`{"`+first+`":`, 20_000),
			"BOM":                   "\ufeff" + req.body,
			"UTF-16":                utf16le(req.body),
			"trailing document":     req.body + req.body,
			"trailing comma":        `{` + in + `,}`,
			"comment":               `{/**/` + in + `}`,
			"NUL":                   req.body + "\x00",
			"broken UTF-8":          `{` + in + `,"x` + "\xff" + `":1}`,
			"lone surrogate":        `{"` + first + `":"\ud800"}`,
			"NaN":                   `{"` + first + `":NaN}`,
			"huge number":           `{"` + first + `":1e999999}`,
			"array":                 `[` + req.body + `]`,
			"string":                `"x"`,
			"null":                  `null`,
			"nothing":               ``,
			"cut short":             req.body[:len(req.body)-1],
			"single quotes":         strings.ReplaceAll(req.body, `"`, `'`),
			"a million keys":        `{` + manyKeys(60_000) + in + `}`,
			"wrong type":            `{"` + first + `":{"a":[1,2,{"b":null}]}}`,
			"__proto__":             `{` + in + `,"__proto__":{"tlp":"CLEAR"}}`,
		}
		if strings.Contains(req.body, `"tlp"`) {
			bad["label said twice"] = strings.Replace(req.body, `"tlp":`, `"tlp":"RED","tlp":`, 1)
			bad["label in another case"] = strings.Replace(req.body, `"tlp":`, `"TLP":"CLEAR","tlp":`, 1)
			bad["label with a homoglyph"] = strings.Replace(req.body, `"tlp":`, `"tl`+"\u0440"+`":"CLEAR","tlp":`, 1)
			bad["unknown label"] = regexp.MustCompile(`"tlp":"[A-Z+]*"`).ReplaceAllString(req.body, `"tlp":"AMBER "+"CLEAR"`)
			bad["label with a zero width space"] = regexp.MustCompile(`"tlp":"[A-Z+]*"`).ReplaceAllString(req.body, `"tlp":"CLE`+"\u200b"+`AR"`)
		}
		if turn++; turn%4 != 0 {
			delete(bad, "a million keys") // one door in four has to count them
		}
		for c := turn % 4; c < 26; c += 4 { // raw control characters in a text: each at every fourth door
			bad[fmt.Sprintf("control character %d", c)] = `{"` + first + `":"a` + string(rune(c)) + `b"}`
		}
		for name, body := range bad {
			optional := strings.Contains(r.Path, "resolve") || strings.HasSuffix(r.Path, "/read")
			if body == "" && optional || name == "null" && optional {
				continue // the body may be left out
			}
			sent++
			req := req
			req.body = body
			got := w.ask(mia, req)
			if got.status < 400 || got.status >= 500 {
				t.Errorf("T-53: %s %s takes JSON with %s: %d %.200s", r.Method, r.Path, name, got.status, got.body)
			}
			if want := errorForm(r.Path); !strings.HasPrefix(got.header.Get("Content-Type"), want) {
				t.Errorf("T-53: %s %s answers JSON with %s by %q", r.Method, r.Path, name, got.header.Get("Content-Type"))
			}
		}
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/cbor"} {
			sent++
			req := req
			req.kind = kind
			if got := w.ask(mia, req); got.status < 400 || got.status >= 500 {
				t.Errorf("T-53: %s %s takes %s: %d", r.Method, r.Path, kind, got.status)
			}
		}
	}
	if after := w.facts(); after != before {
		t.Errorf("T-53: hostile JSON changed something: %d facts became %d", before, after)
	}
	t.Logf("%d documents", sent)
}

// errorForm is how a door writes its errors.
func errorForm(path string) string {
	if strings.HasPrefix(path, "/taxii2/") {
		return "application/taxii+json;version=2.1"
	}
	return "application/problem+json"
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"k%d":0,`, i)
	}
	return b.String()
}

func utf16le(s string) string {
	b := []byte{0xff, 0xfe}
	for _, c := range s {
		b = append(b, byte(c), byte(c>>8))
	}
	return string(b)
}

// TestCanaries: T-12. Words from every text field, and secrets, are in no log
// line, no metric and in nothing that others are answered.
func TestCanaries(t *testing.T) {
	w := newTown(t, clock.System())
	const word, name = "xylocanary", "nomencanary" // names stand in the directory
	n := 0
	canary := func() string { n++; return fmt.Sprintf("%s%04d", word, n) }
	// Plant: every text that a member can write, through the doors.
	mia := subject{cookie: w.cookies["mia"]}
	form := func(path, body string) answerOf {
		for strings.Contains(body, "{w}") {
			body = strings.Replace(body, "{w}", canary(), 1)
		}
		return w.ask(mia, errand{method: "POST", path: path, body: body, kind: "application/x-www-form-urlencoded"})
	}
	aud := "&tlp=AMBER&audience=org:" + w.orgs["med"]
	started := form("/rooms/"+w.rooms["commons"]+"/topics", "title={w}&body={w}"+aud)
	if started.status != 303 {
		t.Fatalf("start: %d %s", started.status, lastOf(started.body))
	}
	topic := strings.TrimPrefix(started.header.Get("Location"), "/topics/")
	form("/topics/"+topic+"/posts", "body={w}"+aud)
	form("/drafts", "draft_key=topic:"+w.rooms["commons"]+"&title={w}&body={w}")
	form("/topics/"+topic+"/relabel", "why={w}&tlp=GREEN&audience=community")
	form("/topics/"+topic+"/resolve", "summary={w}")
	form("/account/profile", "person="+name+"&title="+name)
	form("/circles", "name={w}&purpose={w}&known=circle")
	form("/rooms", "name={w}&purpose={w}"+aud)
	w.upload("mia", canary()+".txt", []byte(canary()))
	w.plantsIntake(canary, subject{addr: "203.0.113.251:4711", cookie: w.cookies["mia"]})
	// Provoke: wrong forms, missing things, hostile addresses, everywhere, with
	// canaries in query, header and body.
	secrets := []string{w.cookies["mia"], w.bearers["mia"], w.bearers["mia/read"]}
	for i, r := range w.house.routes() {
		if r.Stream || strings.Contains(r.Path, "sign-out") || strings.Contains(r.Path, "session") || strings.Contains(r.Path, "tokens/{token}") || r.Path == "/account/withdraw" {
			continue
		}
		req := requestOf(r, "", func(kind string) string { return oneVisible(w, kind) })
		req.path += "?q=" + canary() + "&cursor=" + canary() + "&after=" + canary()
		req.header = http.Header{"Accept": {[]string{"text/html", "application/json"}[i%2]}, "X-Canary": {canary()}, "User-Agent": {canary()}, "Referer": {"https://" + canary() + ".example/"}}
		req.body = strings.ReplaceAll(req.body, "=", "="+canary())
		if r.Path == "/account/profile" {
			req.body = "person=" + name + "&title=" + name
		}
		addr := fmt.Sprintf("203.0.113.%d:4711", i%250)
		w.ask(subject{cookie: w.cookies["mia"], addr: addr}, req)
		w.ask(subject{bearer: w.bearers["mia"], addr: addr}, req)
		w.ask(subject{bearer: w.bearers["mia"] + "x", addr: addr}, req)
		w.ask(subject{addr: addr}, req)
	}
	// A request that fails inside, and one that panics.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	w.askFrom(ctx, mia, errand{method: "GET", path: "/search?q=" + canary()}, http.NoBody)
	// Look.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	srv, err := w.house.listenManagement(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	rec := newTap()
	req, _ := http.NewRequest("GET", "http://"+l.Addr().String()+"/metrics", nil)
	var metrics bytes.Buffer
	srv.Handler.ServeHTTP(writerTo{rec, &metrics}, req)
	if !strings.Contains(metrics.String(), "cordon_live_streams") {
		t.Error("no metrics were read")
	}
	for where, text := range map[string]string{"the log": w.log.text(), "the metrics": metrics.String()} {
		for _, s := range append(slices.Clip(secrets), word, name, "203.0.113.", "zebrafish", "quokka") {
			if i := strings.Index(text, s); i >= 0 {
				t.Errorf("T-12: %s holds %q: %s", where, s, text[max(0, i-300):min(len(text), i+100)])
			}
		}
		for _, id := range []string{topic, w.rooms["shade"], w.circles["shade"], w.things["case"]["shade"], w.things["report"]["shade-stranger"]} {
			if strings.Contains(metrics.String(), id) {
				t.Errorf("T-12: the metrics name %s", id)
			}
		}
	}
	w.noTrace(w.house.data, "203.0.113.", intakeAgent)
	// What others are answered.
	for _, s := range subjects(w) {
		if s.name == "member" || s.name == "reading token" {
			continue
		}
		for _, r := range w.house.routes() {
			if r.Method != "GET" || r.Stream {
				continue
			}
			got := w.ask(s, requestOf(r, "", func(kind string) string {
				if kind == "topic" {
					return topic
				}
				return oneVisible(w, kind)
			}))
			body := got.body + fmt.Sprint(got.header)
			for _, secret := range append(slices.Clip(secrets), word) {
				if i := strings.Index(body, secret); i >= 0 {
					t.Errorf("T-12: %s is answered %q by %s %s: %.300s", s.name, secret, r.Method, r.Path, body[max(0, i-100):])
				}
			}
		}
	}
}

type writerTo struct {
	*tap
	to io.Writer
}

func (w writerTo) Write(b []byte) (int, error) { return w.to.Write(b) }

// TestNothingCounts: T-13. Ids are random, cursors tell no order and no number,
// and the size of the ledger is padded.
func TestNothingCounts(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	var all []string
	for _, m := range []map[string]string{w.people, w.orgs, w.circles, w.rooms, w.topics, w.posts, w.files, w.relabels, w.sessions, w.tokens} {
		for _, id := range m {
			if id != "" {
				all = append(all, id)
			}
		}
	}
	ones, bits := 0, 0
	seen := map[string]bool{}
	for _, id := range all {
		_, rest, _ := strings.Cut(id, "_")
		if len(rest)*5 < 96 || seen[rest[:10]] {
			t.Errorf("T-13: %q is not random enough", id)
		}
		seen[rest[:10]] = true
		for _, c := range rest {
			v := strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c)
			for b := range 5 {
				ones, bits = ones+v>>b&1, bits+1
			}
		}
	}
	if share := float64(ones) / float64(bits); len(all) < 80 || share < 0.47 || share > 0.53 {
		t.Errorf("T-13: of %d bits in %d ids, %.3f are ones", bits, len(all), share)
	}
	// Cursors in the order of a list: of one length, and as often up as down.
	mia := subject{bearer: w.bearers["mia"]}
	var cursors []string
	path := "/api/v1/topics/" + w.topics["telnet"] + "/posts?limit=1"
	for next := ""; len(cursors) < 40; {
		got := w.ask(mia, errand{method: "GET", path: path + next})
		m := apiNext.FindStringSubmatch(got.body)
		if m == nil {
			break
		}
		cursors = append(cursors, m[1])
		next = "&cursor=" + m[1]
	}
	up := 0
	for i, c := range cursors {
		if len(c) != len(cursors[0]) {
			t.Errorf("T-13: cursors of two lengths: %q, %q", c, cursors[0])
		}
		if again := w.ask(mia, errand{method: "GET", path: path + "&cursor=" + c}); again.status != 200 {
			t.Errorf("T-13: a cursor is not taken a second time: %d", again.status)
		}
		if other := w.ask(subject{bearer: w.bearers["hal"]}, errand{method: "GET", path: path + "&cursor=" + c}); other.status != 422 {
			t.Errorf("T-13: another's cursor is taken: %d", other.status)
		}
		if i > 0 && c[26:] > cursors[i-1][26:] {
			up++
		}
	}
	if len(cursors) < 8 || up == 0 || up == len(cursors)-1 {
		t.Errorf("T-13: %d of %d cursors go up", up, len(cursors))
	}
	// The cursor of a stream differs from page to page though nothing happened.
	live := map[string]bool{}
	for range 20 {
		m := streamCursor.FindStringSubmatch(w.ask(subject{cookie: w.cookies["mia"]}, errand{method: "GET", path: "/rooms"}).body)
		if m == nil {
			t.Fatal("a page has no stream")
		}
		live[m[1]] = true
		for c := range live {
			if len(c) != len(m[1]) {
				t.Errorf("T-13: stream cursors of two lengths: %q, %q", c, m[1])
			}
		}
	}
	if len(live) != 20 {
		t.Errorf("T-13: of 20 stream cursors, %d differ: they tell that nothing happened", len(live))
	}
	// The size that everybody sees moves in steps.
	var sizes []int
	for i := range 150 {
		w.starts(fmt.Sprintf("n%d", i), "mia", "commons", fmt.Sprintf("Number %d", i), labelled(policy.Green, policy.Community))
		if i%10 != 0 {
			continue
		}
		if _, err := w.house.ledger.Publish(context.Background()); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(w.ask(subject{}, errand{method: "GET", path: "/ledger/checkpoint"}).body, "\n")
		size, err := strconv.Atoi(lines[1])
		if err != nil || size%ledger.Pad != 0 || ledger.Pad < 64 {
			t.Errorf("T-13: a checkpoint of size %d (%v)", size, err)
		}
		sizes = append(sizes, size)
	}
	var n int64
	w.read(program, func(v *db.View) (err error) { n, err = w.house.ledger.Size(v); return err })
	if int64(sizes[len(sizes)-1]) > n {
		t.Errorf("T-13: the checkpoint is larger than the ledger: %d, %d", sizes[len(sizes)-1], n)
	}
}
