package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/a-h/templ"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

// Server is the door for people. Its fields are its collaborators; New checks
// nothing, the house wires it.
type Server struct {
	DB         *db.DB
	Ledger     *ledger.Ledger
	Agreements *agreements.Agreements
	Live       *ledger.Live
	Members    *members.Members
	Forum      *forum.Forum
	Cases      *cases.Cases
	Devices    *devices.Devices
	Vulns      *vulns.Vulns
	Matching   *matching.Matching
	Alerts     *alerts.Alerts
	Notify     *notify.Notify
	Intel      *intel.Intel
	Evidence   *evidence.Evidence
	Log        *slog.Logger
	Box        *seal.Box
	Origin     string // address that people use, such as https://isao.example
	TLS        bool   // cookies are Secure and carry the __Host- prefix
	Demo       *Demo
	Health     func(ctx context.Context) []HealthLine // what the desk's health page says

	name         atomic.Pointer[string]          // the community's name, as last read
	caseWaits    railKept[map[string]cases.Step] // what waits for each reader in the cases
	clockCounts  railKept[int]                   // how many clocks of each reader are pressing
	noticeCounts railKept[int]                   // how many alerts nobody of each reader's organization opened
	placeRuns    placeRuns                       // imports of deployments that run in this process
}

// Demo is what demo mode adds: people one can be with one click.
type Demo struct {
	Personas []Persona
}

// Persona is one invented person of the demo.
type Persona struct {
	Key, Name, Org, Kind, Title string
	ID                          string // person id
}

// HealthLine is one sentence about the installation.
type HealthLine struct {
	OK   bool
	Text string
}

// Ctx is one request.
type Ctx struct {
	*Server
	W       http.ResponseWriter
	R       *http.Request
	Viewer  policy.Viewer
	Session members.Session // zero when nobody is signed in
	View    *db.View        // for pages: the snapshot the page is made from
	later   []func()        // what a page notes once it is on its way, see [Ctx.afterwards]
	cites   bool            // the page shows texts that may cite objects of intelligence
	citing  policy.TLP      // the strictest of those whose name it shows
}

// page makes a handler that reads: one snapshot, in which the session, the right
// and the page itself are read. Nothing is sent before the snapshot is closed.
func (s *Server) page(access httpkit.Access, right policy.Right, fn func(*Ctx) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Ctx{Server: s, W: w, R: r}
		var after func()
		err := s.DB.Read(r.Context(), policy.Anonymous(), func(v *db.View) error {
			if err := c.identify(v, access); err != nil {
				return err
			}
			c.View = v.As(c.Viewer)
			if err := c.admit(access, right); err != nil {
				return err
			}
			buffered := &httpkit.Buffer{Conn: w, Head: w.Header(), Status: http.StatusOK}
			c.W = buffered
			err := fn(c)
			c.W = w
			if err == nil {
				after = func() {
					w.Header().Set("Content-Length", strconv.Itoa(buffered.Body.Len()))
					w.WriteHeader(buffered.Status)
					w.Write(buffered.Body.Bytes())
					http.NewResponseController(w).Flush()
				}
			}
			return err
		})
		c.View = nil
		if err != nil {
			c.fail(err)
			return
		}
		after()
		c.touch()
		for _, fn := range c.later {
			fn()
		}
	})
}

// afterwards has something noted once the page is on its way: that it was read.
// A page that could not be made notes nothing.
func (c *Ctx) afterwards(fn func()) { c.later = append(c.later, fn) }

// act makes a handler that writes. It opens its own transactions; the viewer's
// rights are read again inside each.
func (s *Server) act(access httpkit.Access, right policy.Right, fn func(*Ctx) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &Ctx{Server: s, W: w, R: r}
		err := s.DB.Read(r.Context(), policy.Anonymous(), func(v *db.View) error {
			if err := c.identify(v, access); err != nil {
				return err
			}
			return c.admit(access, right)
		})
		if err == nil {
			c.touch()
			err = fn(c)
		}
		if err != nil {
			c.fail(err)
		}
	})
}

// identify finds who asks. A cookie that is not valid (any more) makes nobody, and
// on an anonymous route no cookie is looked at.
func (c *Ctx) identify(v *db.View, access httpkit.Access) error {
	c.Viewer = policy.Anonymous()
	settings, err := c.Members.Settings(v)
	if err == nil {
		c.name.Store(&settings.Name)
	} else if !fault.Is(err, fault.Missing) {
		return err
	}
	if access == httpkit.Anonymous {
		return nil
	}
	token := c.sessionToken()
	if token == "" {
		return nil
	}
	viewer, session, err := c.Members.Authenticate(v, token)
	if err != nil {
		if k := fault.KindOf(err); k == fault.Busy || k == fault.Internal {
			return err
		}
		return nil
	}
	c.Viewer, c.Session = viewer, session
	return nil
}

var errSignIn = &fault.Error{Kind: fault.Forbidden, Message: "Sign in to see this page."}

// communityName is the community's name, or the program's before it has one.
func (s *Server) communityName() string {
	if n := s.name.Load(); n != nil {
		return *n
	}
	return "Cordon"
}

// admit applies a route's line in the table.
func (c *Ctx) admit(access httpkit.Access, right policy.Right) error {
	switch access {
	case httpkit.Demo:
		if c.Demo == nil {
			return fault.ErrMissing
		}
	case httpkit.SignedIn:
		if !c.Viewer.SignedIn() {
			return errSignIn
		}
	case httpkit.Member:
		if !c.Viewer.SignedIn() {
			return errSignIn
		}
		if !c.Viewer.InGoodStanding() {
			return fault.Forbiddenf("Your organization's membership is not active, so only public pages are open to you.")
		}
	}
	if right != "" && !c.Viewer.May(right) {
		return fault.ErrMissing // a page for staff does not exist for others
	}
	return nil
}

// touch notes that the session is in use.
func (c *Ctx) touch() {
	if c.R.URL.Path == alertsAtNewest {
		return // a page asks by itself, whether or not somebody sits before it
	}
	if c.Session.ID == "" || !c.Session.NeedsTouch(c.DB.Clock().Now()) {
		return
	}
	if err := c.note(func(tx *db.Tx) error { return c.Members.Touch(tx, c.Session.ID) }); err != nil {
		c.Log.Warn("note a session's use", "err", err)
	}
}

// read opens a second snapshot in an act, for previews and for the form again.
func (c *Ctx) read(fn func(v *db.View) error) error {
	return c.DB.Read(c.R.Context(), c.Viewer, fn)
}

// write opens a transaction in the viewer's name.
func (c *Ctx) write(fn func(tx *db.Tx) error) error {
	return c.DB.Write(c.R.Context(), c.Viewer, fn)
}

// note opens a transaction that writes scratch tables only.
func (c *Ctx) note(fn func(tx *db.Tx) error) error {
	return c.DB.Note(c.R.Context(), c.Viewer, fn)
}

// render writes a component as the page.
func (c *Ctx) render(status int, body templ.Component) error {
	c.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.W.WriteHeader(status)
	return body.Render(c.R.Context(), c.W)
}

// redirect sends the reader on after a form (303).
func (c *Ctx) redirect(to string) error {
	http.Redirect(c.W, c.R, to, http.StatusSeeOther)
	return nil
}

// fail answers an error: a page for people, a problem for programs.
func (c *Ctx) fail(err error) {
	status := httpkit.Status(err)
	if errors.Is(err, context.Canceled) {
		return
	}
	if status >= 500 && fault.KindOf(err) == fault.Internal {
		c.Log.Error("request failed", "route", c.R.Pattern, "err", err)
	}
	if errors.Is(err, errSignIn) {
		if c.R.Method == http.MethodGet && !httpkit.WantsJSON(c.R) && c.R.Header.Get("X-Cordon-Partial") == "" {
			http.Redirect(c.W, c.R, "/sign-in?next="+queryEscape(c.R.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		status = http.StatusUnauthorized
	}
	if httpkit.WantsJSON(c.R) {
		httpkit.WriteProblem(c.W, err)
		return
	}
	if status == http.StatusServiceUnavailable {
		c.W.Header().Set("Retry-After", "2")
	}
	c.W.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.W.WriteHeader(status)
	page := ui.NotFound()
	if status != http.StatusNotFound {
		page = ui.ErrorPage(ui.Problem{Title: http.StatusText(status), What: fault.Sentence(err)})
	}
	f := ui.Frame{Title: http.StatusText(status), Community: c.communityName(), PageKind: "error"}
	if err := publicPage(f, page).Render(c.R.Context(), c.W); err != nil {
		c.Log.Warn("render an error page", "err", err)
	}
}
