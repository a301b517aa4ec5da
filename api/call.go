package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// call is one request.
type call struct {
	*Server
	r       *http.Request
	line    *route
	who     policy.Viewer
	session members.Session  // zero when asked with a token or by nobody
	token   members.APIToken // zero when asked in a session or by nobody
	view    *db.View         // of an operation that reads
	err     error            // what the operation answered
	labels  map[string]Label // described already
	terms   bool             // the terms of what is asked stand in its address
}

// ServeHTTP answers one request.
func (o *route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.serve(&call{Server: o.server, r: r, line: o}, w)
}

// read runs an operation in one snapshot, in which its asker is found too.
// Nothing is sent before the snapshot is closed.
func (c *call) read(w http.ResponseWriter, inner http.HandlerFunc) {
	out := &httpkit.Buffer{Conn: w, Head: http.Header{}}
	err := c.look(func() error { inner(out, c.request()); return c.err })
	c.answer(w, out, err)
}

// act runs an operation that opens its own transactions; the asker's rights are
// read again inside each.
func (c *call) act(w http.ResponseWriter, inner http.HandlerFunc) {
	out := &httpkit.Buffer{Conn: w, Head: http.Header{}}
	err := c.look(func() error { return nil })
	if err == nil {
		inner(out, c.request())
		err = c.err
	}
	c.answer(w, out, err)
}

func (c *call) answer(w http.ResponseWriter, out *httpkit.Buffer, err error) {
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	maps.Copy(w.Header(), out.Head)
	if out.Status != 0 {
		w.WriteHeader(out.Status)
	}
	w.Write(out.Body.Bytes())
}

// look opens a snapshot, finds the asker in it, and calls fn with c.view.
func (c *call) look(fn func() error) error {
	return c.DB.Read(c.r.Context(), policy.Anonymous(), func(v *db.View) error {
		if err := c.identify(v); err != nil {
			return err
		}
		if err := c.admit(); err != nil {
			return err
		}
		c.view = v.As(c.who)
		defer func() { c.view = nil }()
		return fn()
	})
}

// request is the request as huma gets it. It negotiates nothing: the answer is
// JSON.
func (c *call) request() *http.Request {
	r := c.r.WithContext(context.WithValue(c.r.Context(), callKey{}, c))
	r.Header = maps.Clone(c.r.Header)
	r.Header.Del("Accept")
	return r
}

// identify finds who asks: by a token, or by the browser's session. A token that
// is not valid is refused even where nobody needs one, so that a program learns
// of it; a session that ended makes nobody.
func (c *call) identify(v *db.View) error {
	c.who = policy.Anonymous()
	if given := c.r.Header.Values("Authorization"); len(given) > 0 {
		if len(given) > 1 {
			return errToken
		}
		who, token, err := c.Members.AuthenticateToken(v, httpkit.Bearer(c.r))
		if fault.Is(err, fault.Forbidden) {
			return errToken
		}
		c.who, c.token = who, token
		return err
	}
	if !c.sameSite() {
		return nil
	}
	for _, name := range []string{"__Host-cordon", "cordon"} {
		cookie, err := c.r.Cookie(name)
		if err != nil || cookie.Value == "" {
			continue
		}
		who, session, err := c.Members.Authenticate(v, cookie.Value)
		if fault.Is(err, fault.Forbidden) {
			return nil
		}
		if err != nil {
			return err
		}
		c.who, c.session = who, session
		return c.Members.SecondPasskey(v.As(who))
	}
	return nil
}

// sameSite reports whether a request may use the browser's session: it comes
// from this site's own pages. What changes something must say so; the mux's
// cross-origin protection lets pass what says nothing, for programs with tokens.
func (c *call) sameSite() bool {
	safe := c.r.Method == http.MethodGet || c.r.Method == http.MethodHead
	switch c.r.Header.Get("Sec-Fetch-Site") {
	case "same-origin":
		return true
	case "none": // typed, or from a bookmark
		return safe
	case "":
		origin := c.r.Header.Get("Origin")
		if origin == "" {
			return safe
		}
		u, err := url.Parse(origin)
		return err == nil && u.Host != "" && strings.EqualFold(u.Host, c.r.Host)
	}
	return false
}

// admit applies the operation's line in the table.
func (c *call) admit() error {
	o := c.line
	if o.access != httpkit.Open && !c.who.SignedIn() {
		return errAnonymous
	}
	if o.access == httpkit.Member && !c.who.InGoodStanding() {
		return fault.Forbiddenf("Your organization's membership is not active, so only public things are open to you.")
	}
	if !c.who.HasScope(o.scope) {
		return &refusal{http.StatusForbidden, fmt.Sprintf("This token does not have the scope %q. Make one that has it on your account page.", o.scope),
			fmt.Sprintf(`Bearer realm="cordon", error="insufficient_scope", scope=%q`, o.scope)}
	}
	if o.right != "" && !c.who.May(o.right) {
		if c.who.IsToken() {
			return fault.Forbiddenf("A token may not do this, only its owner: sign in and do it in the browser.")
		}
		return fault.Forbiddenf("You may not do this. The desk can tell you who may.")
	}
	for _, kind := range o.params {
		if !names(kind, c.r.PathValue(kind)) {
			return fault.ErrMissing
		}
	}
	return nil
}

var idForm = regexp.MustCompile(`^[a-z]+_[0-9A-Za-z_-]{1,64}$`)

// knownForm is what the ids of public vulnerabilities look like: CVE-2021-44228,
// GHSA-jfh8-c2jp-5v3q, RUSTSEC-2023-0001.
var knownForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._:#/@+~ -]{1,199}$`)

// names reports whether s can be the id of a thing of that kind.
func names(kind, s string) bool {
	switch kind {
	case "stix":
		return intel.ValidID(s)
	case "known":
		return knownForm.MatchString(s)
	}
	return strings.HasPrefix(s, kind+"_") && idForm.MatchString(s)
}

// touch notes that a session or a token is in use.
func (c *call) touch() {
	now := c.DB.Clock().Now()
	var note func(tx *db.Tx) error
	switch {
	case c.session.ID != "" && c.session.NeedsTouch(now):
		note = func(tx *db.Tx) error { return c.Members.Touch(tx, c.session.ID) }
	case c.token.ID != "" && c.token.NeedsTouch(now):
		note = func(tx *db.Tx) error { return c.Members.TouchToken(tx, c.token.ID) }
	default:
		return
	}
	if err := c.note(note); err != nil && !fault.Is(err, fault.Forbidden) {
		c.Log.Warn("note that a token or session is in use", "err", err)
	}
}

// errAgain says that a write was done before under its idempotency key. Returned
// from a write, it ends it: there is nothing to save.
var errAgain = errors.New("done before")

// write opens a transaction in the asker's name.
func (c *call) write(fn func(tx *db.Tx) error) error {
	return c.DB.Write(c.r.Context(), c.who, fn)
}

// save writes a thing, of which fn returns the id, and then reads it back in a
// snapshot of its own, so that a store with one writer does not keep others
// waiting for it. replayed says that fn returned errAgain.
func (c *call) save(fn func(tx *db.Tx) (id string, err error), read func(v *db.View, id string) error) (id string, replayed bool, err error) {
	err = c.write(func(tx *db.Tx) (err error) { id, err = fn(tx); return err })
	if replayed = errors.Is(err, errAgain); err != nil && !replayed {
		return "", false, err
	}
	err = c.snapshot(func(v *db.View) error { return read(v, id) })
	if err != nil && !replayed && c.r.Context().Err() == nil {
		// "Nothing was changed" would be wrong here, and sending again would do it twice.
		c.Log.Warn("read back what was saved", "route", c.r.Pattern, "err", err)
		err = &refusal{status: http.StatusInternalServerError, sentence: fmt.Sprintf("This was saved, as %s, but it cannot be shown just now. Do not send it again; ask for it.", id)}
	}
	return id, replayed, err
}

// note opens a transaction that writes scratch tables only.
func (c *call) note(fn func(tx *db.Tx) error) error {
	return c.DB.Note(c.r.Context(), c.who, fn)
}

// snapshot opens a snapshot in an operation that acts.
func (c *call) snapshot(fn func(v *db.View) error) error {
	return c.DB.Read(c.r.Context(), c.who, func(v *db.View) error {
		who, err := c.Members.Refresh(v, c.who)
		if err != nil {
			return err
		}
		return fn(v.As(who))
	})
}
