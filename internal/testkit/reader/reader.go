// Package reader is a browser without script, for tests: it fetches pages and
// sends their forms with what a real one would send.
package reader

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
)

// Reader is a browser without script: it fetches pages and sends their forms.
type Reader struct {
	t      testing.TB
	base   string
	Client *http.Client
	Path   string // of the page shown
	Status int
	Header http.Header
	Body   string
	Page   *html.Node
}

// New opens a private window on the site at base, with cookies already in it.
func New(t testing.TB, base string, cookies ...*http.Cookie) *Reader {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(u, cookies)
	return &Reader{t: t, base: base, Client: &http.Client{Jar: jar}}
}

// Do sends a request of the test's own and shows what comes.
func (r *Reader) Do(q *http.Request) *Reader {
	r.t.Helper()
	if q.Header.Get("Accept") == "" {
		q.Header.Set("Accept", "text/html")
	}
	res, err := r.Client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.Path, r.Status, r.Header, r.Body = strings.TrimPrefix(res.Request.URL.String(), r.base), res.StatusCode, res.Header, string(b)
	if r.Page, err = html.Parse(strings.NewReader(r.Body)); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// Get opens a page.
func (r *Reader) Get(path string) *Reader {
	r.t.Helper()
	q, err := http.NewRequest("GET", r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return r.Do(q)
}

// Bearer asks as a program.
func (r *Reader) Bearer(token, path string) *Reader {
	r.t.Helper()
	q, err := http.NewRequest("GET", r.base+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Accept", "application/json")
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	return r.Do(q)
}

// Follow opens the link that shows a text.
func (r *Reader) Follow(shows string) *Reader {
	r.t.Helper()
	a := Find(r.Page, func(n *html.Node) bool { return n.Data == "a" && strings.Contains(Words(n), shows) })
	if a == nil {
		r.t.Fatalf("%s has no link that shows %q:\n%s", r.Path, shows, Words(r.Page))
	}
	return r.Get(Attr(a, "href"))
}

// Fill is what is typed into a form: field → values.
type Fill map[string][]string

// Upload is a file put into a form.
type Upload struct{ Field, Name, Content string }

// File is a file put into a form's field.
func File(field, name, content string) Upload { return Upload{field, name, content} }

// Send submits the page's form that posts to an address ending in action, with
// what a browser without script would send, and the changes on top.
func (r *Reader) Send(action string, change Fill, files ...Upload) *Reader {
	r.t.Helper()
	form := Find(r.Page, func(n *html.Node) bool {
		return n.Data == "form" && strings.HasSuffix(Attr(n, "action"), action) && Attr(n, "method") == "post"
	})
	if form == nil {
		r.t.Fatalf("%s has no form that posts to %s\n%s", r.Path, action, Words(r.Page))
	}
	values := Fill{}
	for n := range form.Descendants() {
		name, value := Attr(n, "name"), Attr(n, "value")
		switch {
		case n.Type != html.ElementNode || name == "" || n.Data == "button" || Attr(n, "type") == "file":
		case n.Data == "textarea":
			values[name] = []string{strings.TrimPrefix(Words(n), "\n")}
		case n.Data == "select":
			for o := range n.Descendants() {
				if o.Data == "option" && (len(values[name]) == 0 || Has(o, "selected")) {
					values[name] = []string{Attr(o, "value")}
				}
			}
		case Attr(n, "type") == "checkbox" || Attr(n, "type") == "radio":
			if Has(n, "checked") {
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
	if Attr(form, "enctype") == "multipart/form-data" {
		m := multipart.NewWriter(&body)
		for k, xs := range values {
			for _, x := range xs {
				m.WriteField(k, x)
			}
		}
		for _, f := range files {
			p, err := m.CreateFormFile(f.Field, f.Name)
			if err != nil {
				r.t.Fatal(err)
			}
			io.WriteString(p, f.Content)
		}
		m.Close()
		kind = m.FormDataContentType()
	} else {
		body.WriteString(url.Values(values).Encode())
	}
	q, err := http.NewRequest("POST", r.base+Attr(form, "action"), &body)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Content-Type", kind)
	q.Header.Set("Origin", r.base)
	q.Header.Set("Sec-Fetch-Site", "same-origin")
	return r.Do(q)
}

// Want fails unless the page has the status and shows all the texts.
func (r *Reader) Want(status int, texts ...string) *Reader {
	r.t.Helper()
	shown := strings.Join(strings.Fields(Words(r.Page)), " ")
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

// Never fails if the page holds one of the texts anywhere, its source included.
func (r *Reader) Never(texts ...string) *Reader {
	r.t.Helper()
	for _, s := range texts {
		if strings.Contains(r.Body, s) {
			r.t.Fatalf("%s holds %q", r.Path, s)
		}
	}
	return r
}

// Find is the first element below n that ok accepts, or nil.
func Find(n *html.Node, ok func(*html.Node) bool) *html.Node {
	for c := range n.Descendants() {
		if c.Type == html.ElementNode && ok(c) {
			return c
		}
	}
	return nil
}

// Attr is an attribute of an element, or "".
func Attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// Has reports whether an element has an attribute.
func Has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// Words is the text of a node as it is read.
func Words(n *html.Node) string {
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
