package main

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web"
)

// browserTest skips what needs Chromium and a furnished house in short runs.
func browserTest(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs Chromium and a furnished house")
	}
}

// persona is a person of the demo by key.
func (w *world) persona(key string) web.Persona {
	w.t.Helper()
	for _, p := range w.house.web.Demo.Personas {
		if p.Key == key {
			return p
		}
	}
	w.t.Fatalf("the demo has nobody called %s", key)
	return web.Persona{}
}

// being is a person of the demo as a viewer.
func (w *world) being(key string) policy.Viewer { w.t.Helper(); return w.viewer(w.persona(key).ID) }

// named finds the id of what a table calls by a name.
func (w *world) named(query, name string) (id string) {
	w.t.Helper()
	w.read(program, func(v *db.View) (err error) {
		id, err = db.One(v, db.Value[string], query, name)
		return err
	})
	return id
}

func (w *world) roomNamed(name string) string {
	w.t.Helper()
	return w.named(`SELECT r.id FROM visible.rooms r WHERE r.name = $1`, name)
}

// reader is a browser without script: it fetches pages and sends their forms.
type reader struct {
	t      testing.TB
	base   string
	client *http.Client
	Path   string // of the page shown
	Status int
	Header http.Header
	Body   string
	page   *html.Node
}

// reader opens a private window in which a person of the demo ("" for nobody) is
// signed in.
func (w *world) reader(key string) *reader {
	w.t.Helper()
	jar, _ := cookiejar.New(nil)
	u, err := url.Parse(w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		jar.SetCookies(u, []*http.Cookie{w.session(w.persona(key).ID)})
	}
	return &reader{t: w.t, base: w.url, client: &http.Client{Jar: jar}}
}

func (r *reader) do(q *http.Request) *reader {
	r.t.Helper()
	if q.Header.Get("Accept") == "" {
		q.Header.Set("Accept", "text/html")
	}
	res, err := r.client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Path, r.Status, r.Header, r.Body = strings.TrimPrefix(res.Request.URL.String(), r.base), res.StatusCode, res.Header, string(b)
	if r.page, err = html.Parse(strings.NewReader(r.Body)); err != nil {
		r.t.Fatal(err)
	}
	return r
}

func (r *reader) get(path string) *reader {
	r.t.Helper()
	q, err := http.NewRequest("GET", r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.do(q)
}

// bearer asks as a program.
func (r *reader) bearer(token, path string) *reader {
	r.t.Helper()
	q, err := http.NewRequest("GET", r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Accept", "application/json")
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	return r.do(q)
}

// follow opens the link that shows a text.
func (r *reader) follow(shows string) *reader {
	r.t.Helper()
	a := findNode(r.page, func(n *html.Node) bool { return n.Data == "a" && strings.Contains(words(n), shows) })
	if a == nil {
		r.t.Fatalf("%s has no link that shows %q:\n%s", r.Path, shows, words(r.page))
	}
	return r.get(attrOf(a, "href"))
}

// fill is what is typed into a form: field → values.
type fill map[string][]string

// upload is a file put into a form.
type upload struct{ field, name, content string }

// send submits the page's form that posts to an address ending in action, with
// what a browser without script would send, and the changes on top.
func (r *reader) send(action string, change fill, files ...upload) *reader {
	r.t.Helper()
	form := findNode(r.page, func(n *html.Node) bool {
		return n.Data == "form" && strings.HasSuffix(attrOf(n, "action"), action) && attrOf(n, "method") == "post"
	})
	if form == nil {
		r.t.Fatalf("%s has no form that posts to %s\n%s", r.Path, action, words(r.page))
	}
	values := fill{}
	for n := range form.Descendants() {
		name, value := attrOf(n, "name"), attrOf(n, "value")
		switch {
		case n.Type != html.ElementNode || name == "" || n.Data == "button" || attrOf(n, "type") == "file":
		case n.Data == "textarea":
			values[name] = []string{strings.TrimPrefix(words(n), "\n")}
		case n.Data == "select":
			for o := range n.Descendants() {
				if o.Data == "option" && (len(values[name]) == 0 || hasAttr(o, "selected")) {
					values[name] = []string{attrOf(o, "value")}
				}
			}
		case attrOf(n, "type") == "checkbox" || attrOf(n, "type") == "radio":
			if hasAttr(n, "checked") {
				values[name] = append(values[name], value)
			}
		case n.Data == "input":
			values[name] = append(values[name], value)
		}
	}
	for k, x := range change {
		values[k] = x
	}
	var body bytes.Buffer
	kind := "application/x-www-form-urlencoded"
	if attrOf(form, "enctype") == "multipart/form-data" {
		m := multipart.NewWriter(&body)
		for k, xs := range values {
			for _, x := range xs {
				m.WriteField(k, x)
			}
		}
		for _, f := range files {
			p, err := m.CreateFormFile(f.field, f.name)
			if err != nil {
				r.t.Fatal(err)
			}
			io.WriteString(p, f.content)
		}
		m.Close()
		kind = m.FormDataContentType()
	} else {
		body.WriteString(url.Values(values).Encode())
	}
	q, err := http.NewRequest("POST", r.base+attrOf(form, "action"), &body)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Content-Type", kind)
	q.Header.Set("Origin", r.base)
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	return r.do(q)
}

// want fails unless the page has the status and shows all the texts.
func (r *reader) want(status int, texts ...string) *reader {
	r.t.Helper()
	shown := strings.Join(strings.Fields(words(r.page)), " ")
	if r.Status != status {
		r.t.Fatalf("%s answered %d, not %d:\n%s", r.Path, r.Status, status, shown)
	}
	for _, s := range texts {
		if !strings.Contains(shown, s) {
			r.t.Fatalf("%s does not show %q:\n%s", r.Path, s, shown)
		}
	}
	return r
}

func findNode(n *html.Node, ok func(*html.Node) bool) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && ok(c) {
			return c
		}
	}
	return nil
}

func attrOf(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// words is the text of a node as it is read.
func words(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode && (c.Parent == nil || c.Parent.Data != "script") {
			b.WriteString(c.Data)
			if c.Parent != nil && c.Parent.Data != "textarea" {
				b.WriteByte(' ')
			}
		}
	}
	return b.String()
}
