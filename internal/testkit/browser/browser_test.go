package browser

import (
	"bytes"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const strictCSP = "default-src 'none'; script-src 'nonce-ok'; style-src 'nonce-ok'; connect-src 'self'; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'"

const goodPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Good page</title>
<link rel="icon" href="data:,"><style nonce="ok">:root{color-scheme:light dark} #wide{width:300px} @media print{#screen{display:none}}</style></head>
<body><main><h1>Good page</h1><p id="screen">On screen</p>
<form><label for="name">Name</label> <input id="name" value="old"> <label>File <input id="file" type="file"></label>
<button id="go" type="button">Go</button></form><p id="out" role="status">nothing</p><p id="keys"></p></main>
<script nonce="ok">
const out = document.getElementById("out"), name = document.getElementById("name");
document.getElementById("go").onclick = () => { out.textContent = "waiting"; setTimeout(() => out.textContent = "hello " + name.value, 150) };
document.addEventListener("keydown", e => { if (e.target !== name) document.getElementById("keys").textContent += (e.ctrlKey ? "C-" : "") + (e.shiftKey ? "S-" : "") + e.key + " " });
</script></body></html>`

const badPage = `<!doctype html><html><head><title>Bad page</title></head><body>
<img src="/missing.png"><p style="color:#999;background:#aaa">hard to read</p><input>
<script nonce="ok">
setTimeout(() => { document.body.innerHTML += "<b>x</b>" }, 0);
const s = document.createElement("div"); console.error("boom", 7);
setTimeout(() => { undefinedFunction() }, 0);
</script><script>window.pwned = true</script></body></html>`

const shiftPage = `<!doctype html><html lang="en"><head><title>Shift</title><link rel="icon" href="data:,"></head><body><div id="top"></div><p>text that moves</p><div style="height:300px;background:#ccc">box</div>
<script>setTimeout(() => { document.getElementById("top").style.height = "200px"; document.title = "Shifted" }, 300)</script></body></html>`

func serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	page := func(path, csp, body string) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if csp != "" {
				w.Header().Set("Content-Security-Policy", csp)
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, body)
		})
	}
	page("/good", strictCSP, goodPage)
	page("/bad", strictCSP, badPage)
	page("/shift", "", shiftPage)
	mux.HandleFunc("GET /cookie", func(w http.ResponseWriter, r *http.Request) {
		var names []string
		for _, c := range r.Cookies() {
			names = append(names, c.Name+"="+c.Value)
		}
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes", Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, "<!doctype html><title>c</title><p id=got>%s</p>", strings.Join(names, " "))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestPageHelpers(t *testing.T) {
	url := serve(t)
	tab := New(t).Tab()
	tab.Go(url + "/good")
	if got := tab.URL(); got != url+"/good" {
		t.Errorf("URL: got %s", got)
	}
	if got := tab.Text("h1"); got != "Good page" {
		t.Errorf("Text: got %q", got)
	}
	tab.Type("#name", "er Ünïcode ✓")
	tab.Click("#go")
	if took := tab.WaitText("#out", "hello older Ünïcode ✓", 5*time.Second); took <= 0 {
		t.Errorf("WaitText: took %v", took)
	}
	tab.Fill("#name", "new")
	tab.Click("#go")
	tab.WaitText("#out", "hello new", 5*time.Second)

	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Upload("#file", file)
	var chosen string
	tab.Eval(`document.getElementById("file").files[0].name`, &chosen)
	if chosen != "a.json" {
		t.Errorf("Upload: the page has %q", chosen)
	}

	tab.Eval(`document.activeElement.blur()`, nil)
	tab.Press("g i ? Control+k Shift+Tab Escape")
	if got, want := tab.Text("#keys"), "g i S-? C-k S-Tab Escape"; got != want {
		t.Errorf("Press: got %q, want %q", got, want)
	}

	var sum int
	tab.Eval(`Promise.resolve(40).then(n => n + 2)`, &sum)
	if sum != 42 {
		t.Errorf("Eval of a promise: got %d", sum)
	}
	tab.Eval(`document.getElementById("go").remove()`, nil)
	tab.WaitGone("#go")
	if tab.Exists("#go") || !tab.Exists("#out") || !strings.Contains(tab.HTML(), "Good page") {
		t.Error("Exists or HTML disagree with the page")
	}
	tab.Reload()
	tab.Wait("#go")
	tab.Go(url + "/shift")
	tab.Back()
	tab.Wait("#go")
	tab.CheckQuiet()
}

func TestEmulation(t *testing.T) {
	tab := New(t).Tab()
	tab.Go(serve(t) + "/good")
	matches := func(query string) bool {
		var ok bool
		tab.Eval(`matchMedia(`+quote(query)+`).matches`, &ok)
		return ok
	}
	for _, on := range []bool{true, false} {
		tab.Dark(on)
		tab.ForcedColors(on)
		tab.ReducedMotion(on)
		tab.Print(on)
		for _, q := range []string{"(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-reduced-motion: reduce)", "print"} {
			if got := matches(q); got != on {
				t.Errorf("%s: got %v, want %v", q, got, on)
			}
		}
	}
	for _, width := range []int{360, 1280} {
		tab.SetViewport(width, 700)
		var got []int
		tab.Eval(`[innerWidth, innerHeight]`, &got)
		if diff := cmp.Diff([]int{width, 700}, got); diff != "" {
			t.Error(diff)
		}
	}
	path := filepath.Join(t.TempDir(), "shot.png")
	tab.Screenshot(path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil || c.Width != 1280 || c.Height != 700 {
		t.Errorf("Screenshot: %dx%d, %v", c.Width, c.Height, err)
	}
	tab.FullScreenshot(path)
	if pdf := tab.PDF(); !bytes.HasPrefix(pdf, []byte("%PDF-")) {
		t.Errorf("PDF: starts with %q", pdf[:min(8, len(pdf))])
	}
}

func TestOffline(t *testing.T) {
	tab := New(t).Tab()
	tab.Go(serve(t) + "/good")
	reach := func() (ok bool) {
		tab.Eval(`fetch("/good").then(() => true, () => false)`, &ok)
		return ok
	}
	online := func() (ok bool) {
		tab.Eval(`navigator.onLine`, &ok)
		return ok
	}
	if !reach() || !online() {
		t.Fatal("the page starts offline")
	}
	tab.Offline(true)
	if reach() || online() {
		t.Errorf("offline: reach %v, onLine %v", reach(), online())
	}
	tab.Offline(false)
	if !reach() || !online() {
		t.Errorf("online again: reach %v, onLine %v", reach(), online())
	}
}

func TestComplaintsAreCollected(t *testing.T) {
	tab := New(t).Tab()
	tab.Go(serve(t) + "/bad")
	// Complaints arrive beside the load, not with it.
	wanted := func() (missing []string) {
		all := fmt.Sprint(tab.ConsoleErrors(), tab.CSPViolations())
		for _, w := range []string{"console.error", "boom 7", "undefinedFunction is not defined", "img-src", "script-src", "style-src", "require-trusted-types-for"} {
			if !strings.Contains(all, w) {
				missing = append(missing, w)
			}
		}
		return missing
	}
	for range 200 {
		if wanted() == nil {
			break
		}
		time.Sleep(25 * time.Millisecond)
	}
	if missing := wanted(); missing != nil {
		t.Errorf("not collected: %q\nerrors: %q\nblocked: %q", missing, tab.ConsoleErrors(), tab.CSPViolations())
	}
	var pwned bool
	tab.Eval(`window.pwned === true`, &pwned)
	if pwned {
		t.Error("reading complaints switched the policy off")
	}
	tab.Forget()
	if len(tab.ConsoleErrors())+len(tab.CSPViolations()) != 0 {
		t.Error("Forget kept complaints")
	}
}

func TestAxe(t *testing.T) {
	url := serve(t)
	tab := New(t).Tab()
	tab.Go(url + "/good")
	for _, v := range tab.Axe() {
		t.Errorf("good page: %s", v)
	}
	var visible bool
	if tab.Eval(`"axe" in window`, &visible); visible {
		t.Error("the page's own scripts can see axe")
	}
	tab.CheckQuiet() // running it must not trip over the page's policy
	tab.Go(url + "/bad")
	found := map[string]bool{}
	for _, v := range tab.Axe() {
		found[v.ID] = true
		if len(v.Nodes) == 0 || v.Help == "" || v.Impact == "" {
			t.Errorf("incomplete finding: %+v", v)
		}
	}
	for _, want := range []string{"html-has-lang", "image-alt", "label"} {
		if !found[want] {
			t.Errorf("bad page: axe did not find %s, only %v", want, found)
		}
	}
	tab.Go(url + "/good")
	tab.Eval(`document.querySelector("h1").style.color = "#bbb"; document.documentElement.lang = ""`, nil)
	if vs := tab.AxeColours(); len(vs) != 1 || vs[0].ID != "color-contrast" {
		t.Errorf("pale words: %v", vs)
	}
}

func TestCLS(t *testing.T) {
	url := serve(t)
	tab := New(t).Tab()
	tab.Go(url + "/good")
	if got := tab.CLS(); got != 0 {
		t.Errorf("good page: CLS %v, want 0", got)
	}
	tab.Go(url + "/shift")
	tab.until("the shift", Patience, `document.title === "Shifted"`)
	if got := tab.CLS(); got < 0.05 {
		t.Errorf("shifting page: CLS %v, want at least 0.05", got)
	}
}

func TestCookiesAndWindows(t *testing.T) {
	url := serve(t)
	b := New(t)
	tab := b.Tab()
	expires := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	want := &http.Cookie{Name: "mine", Value: "1", Domain: "127.0.0.1", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Expires: expires}
	tab.SetCookie(url, &http.Cookie{Name: "mine", Value: "1", HttpOnly: true, SameSite: http.SameSiteLaxMode, Expires: expires})
	if diff := cmp.Diff([]*http.Cookie{want}, tab.Cookies()); diff != "" {
		t.Error(diff)
	}
	tab.Go(url + "/cookie")
	if got := tab.Text("#got"); got != "mine=1" {
		t.Errorf("the server got cookies %q", got)
	}
	sibling := tab.Sibling()
	sibling.Go(url + "/cookie")
	if got := sibling.Text("#got"); !strings.Contains(got, "mine=1") || !strings.Contains(got, "seen=yes") {
		t.Errorf("a sibling tab sends cookies %q", got)
	}
	stranger := b.Tab()
	stranger.Go(url + "/cookie")
	if got := stranger.Text("#got"); got != "" {
		t.Errorf("another window sends cookies %q", got)
	}
	tab.ClearCookies()
	if got := tab.Cookies(); len(got) != 0 {
		t.Errorf("cookies after ClearCookies: %v", got)
	}
	if got := stranger.Cookies(); len(got) != 1 {
		t.Errorf("ClearCookies touched another window: %v", got)
	}
}

func TestVirtualAuthenticator(t *testing.T) {
	url := Localhost(serve(t))
	tab := New(t).Tab()
	tab.Go(url + "/good")
	dev := tab.VirtualAuthenticator(AuthenticatorOptions{})
	const create = `navigator.credentials.create({publicKey: {
		challenge: new Uint8Array(32), rp: {name: "Test"}, user: {id: new Uint8Array([7]), name: "ada", displayName: "Ada"},
		pubKeyCredParams: [{type: "public-key", alg: -7}],
		authenticatorSelection: {residentKey: "required", userVerification: "required"}, timeout: 3000}}).then(c => c.type, e => e.name)`
	const get = `navigator.credentials.get({publicKey: {challenge: new Uint8Array(32), userVerification: "required", timeout: 3000}}).then(c => c.type, e => e.name)`
	expect := func(what, js, want string) {
		t.Helper()
		var got string
		tab.Eval(js, &got)
		if got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	expect("register", create, "public-key")
	creds := dev.Credentials()
	if len(creds) != 1 || creds[0].RPID != "localhost" || !bytes.Equal(creds[0].UserHandle, []byte{7}) {
		t.Fatalf("credentials on the device: %+v", creds)
	}
	expect("sign in", get, "public-key")
	dev.SetUserVerified(false)
	expect("sign in, not verified", get, "NotAllowedError")
	dev.SetUserVerified(true)
	dev.RemoveCredential(creds[0].ID)
	expect("sign in, key lost", get, "NotAllowedError")

	dev.AddCredential(creds[0])
	expect("sign in, key restored", get, "public-key")
	dev.Clear()
	if got := dev.Credentials(); len(got) != 0 {
		t.Errorf("credentials after Clear: %d", len(got))
	}
	dev.Remove()
	key := tab.VirtualAuthenticator(AuthenticatorOptions{USB: true, NoUserVerification: true})
	expect("register with a key that cannot verify", create, "NotAllowedError")
	key.SetPresent(false)
	tab.DisableAuthenticators()
}

func TestParseChord(t *testing.T) {
	for in, want := range map[string]string{"a": "a", "+": "+", "Control++": "+", "Shift+Alt+é": "é", "Enter": "\r"} {
		if got, _, err := parseChord(in); err != nil || got != want {
			t.Errorf("parseChord(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"Entr", "Ctl+k", "Control+", "ab"} {
		if got, _, err := parseChord(in); err == nil {
			t.Errorf("parseChord(%q) = %q, want an error", in, got)
		}
	}
}
