package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// A ceremony belongs to the browser that began it: its id travels in a cookie of
// its own, which no script can read.
const (
	ceremonySeconds = 300
	maxAnswer       = 64 << 10 // bytes of a browser's answer
)

var errNoCeremony = fault.Forbiddenf("This took too long or was done already. Start again.")

func (s *Server) ceremonyCookie() string { return s.cookieName() + "-ceremony" }

func (c *Ctx) setCeremony(id string, maxAge int) {
	http.SetCookie(c.W, &http.Cookie{Name: c.ceremonyCookie(), Value: id, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: c.TLS, SameSite: http.SameSiteStrictMode})
}

// begin begins a ceremony and answers with the options for the browser.
func (c *Ctx) begin(fn func(tx *db.Tx) (members.Begun, error)) error {
	var b members.Begun
	if err := c.note(func(tx *db.Tx) (err error) { b, err = fn(tx); return err }); err != nil {
		return inOneSentence(err)
	}
	c.setCeremony(b.ID, ceremonySeconds)
	return c.json(b.Options)
}

// takeCeremony takes the ceremony that this browser began and reads the answer
// to it. A challenge is used once, whatever comes of it.
func (c *Ctx) takeCeremony() (members.Ceremony, []byte, error) {
	var ceremony members.Ceremony
	id := c.onlyCookie(c.ceremonyCookie())
	if id == "" {
		return ceremony, nil, errNoCeremony
	}
	c.setCeremony("", -1)
	answer, err := io.ReadAll(http.MaxBytesReader(c.W, c.R.Body, maxAnswer))
	if err != nil {
		return ceremony, nil, errNoCeremony
	}
	err = c.note(func(tx *db.Tx) (err error) { ceremony, err = c.Members.TakeCeremony(tx, id); return err })
	return ceremony, answer, err
}

// writeAsNobody opens a transaction for somebody who comes in: whoever this
// browser was before has no part in it.
func (c *Ctx) writeAsNobody(fn func(tx *db.Tx) error) error {
	return c.DB.Write(c.R.Context(), policy.Anonymous(), fn)
}

// keepSession puts a session into the browser until it ends.
func (c *Ctx) keepSession(token string, s members.Session) {
	c.setCookie(token, int(s.Ends.Sub(c.DB.Clock().Now()).Seconds()))
}

// sessionToken is the session's token in this request. Two cookies of its name
// mean that somebody put one beside ours (cookie tossing): then neither counts.
func (c *Ctx) sessionToken() string { return c.onlyCookie(c.cookieName()) }

func (c *Ctx) onlyCookie(name string) string {
	found := c.R.CookiesNamed(name)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// localPath is a path of this server that an address asks to go on to, or "".
func localPath(s string) string {
	if len(s) > 2000 || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\t\r\n") {
		return ""
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return ""
	}
	return s
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + queryEscape(next)
}

// inOneSentence puts everything that is wrong with a form's fields into the
// sentence, for the script, which shows one.
func inOneSentence(err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) < 2 {
		return err
	}
	var all []string
	for _, field := range f.Fields {
		all = append(all, field.Message)
	}
	return &fault.Error{Kind: f.Kind, Message: strings.Join(all, " "), Fields: f.Fields, Err: f.Err}
}

// typed is what came in a form: field by field, each at most once.
type typed map[string]string

// typed reads the named fields of a form; others are ignored.
func (c *Ctx) typed(names ...string) (typed, error) {
	if err := c.parseForm(); err != nil {
		return nil, err
	}
	t := typed{}
	for _, name := range names {
		value, err := c.field(name)
		if err != nil {
			return nil, err
		}
		t[name] = value
	}
	return t, nil
}
