package sbom

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Server is the door. Its fields are its collaborators; the house wires it. It may
// be used by many goroutines at once.
type Server struct {
	DB       *db.DB
	Members  *members.Members
	Devices  *devices.Devices
	Matching *matching.Matching
	Log      *slog.Logger

	once  sync.Once
	whole chan struct{} // SBOMs that are held whole in memory
}

// Routes is every call, with who may make it. Tests enumerate this table: a route
// without a probe fails the build (T-01, T-09).
func (s *Server) Routes() []httpkit.Route {
	s.once.Do(func() { s.whole = make(chan struct{}, 2) })
	route := func(method, path string, right policy.Right, scope policy.Scope, fn func(*call, http.ResponseWriter) error) httpkit.Route {
		return httpkit.Route{Method: method, Path: path, Access: httpkit.Member, Right: right, Handler: s.handler(right, scope, fn)}
	}
	const reads, writes = policy.ScopeRead, policy.ScopeWrite
	return []httpkit.Route{
		route("PUT", "/api/v1/bom", policy.MayPost, writes, (*call).put),
		route("POST", "/api/v1/bom", policy.MayPost, writes, (*call).post),
		route("GET", "/api/v1/bom/token/{sbom}", "", reads, (*call).progress),
		route("GET", "/api/v1/event/token/{sbom}", "", reads, (*call).progress),
		route("GET", "/api/v1/findings", "", reads, (*call).findings),
	}
}

// call is one request.
type call struct {
	*Server
	r     *http.Request
	who   policy.Viewer
	token members.APIToken
}

// What is answered with 401.
var (
	errToken     error = &fault.Error{Kind: fault.Forbidden, Message: "This key is not valid. Make a new token on your account page."}
	errAnonymous error = &fault.Error{Kind: fault.Forbidden, Message: "Send an API token of yours as X-Api-Key. Make one on your account page."}
)

// key is the token of a request: as X-Api-Key, as Dependency-Track's clients send it,
// or as Bearer. Two of them are none.
func key(r *http.Request) (token string, given bool) {
	keys := r.Header.Values("X-Api-Key")
	if len(keys) == 0 {
		return httpkit.Token(r)
	}
	if len(keys) > 1 || len(r.Header.Values("Authorization")) > 0 {
		return "", true
	}
	return strings.TrimSpace(keys[0]), true
}

// identify finds who asks, in a snapshot. There are no cookies here, so a page
// elsewhere can do nothing in a member's name.
func (c *call) identify(v *db.View, right policy.Right, scope policy.Scope) error {
	text, given := key(c.r)
	if !given {
		return errAnonymous
	}
	var err error
	if c.who, c.token, err = c.Members.AuthenticateToken(v, text); fault.Is(err, fault.Forbidden) {
		return errToken
	} else if err != nil {
		return err
	}
	if !c.who.InGoodStanding() {
		return fault.Forbiddenf("Your organization's membership is not active, so only public things are open to you.")
	}
	if !c.who.HasScope(scope) {
		return fault.Forbiddenf("This token does not have the scope %q. Make one that has it on your account page.", scope)
	}
	if right != "" && !c.who.May(right) {
		return fault.Forbiddenf("You may not do this. The desk can tell you who may.")
	}
	return nil
}

func (s *Server) handler(right policy.Right, scope policy.Scope, fn func(*call, http.ResponseWriter) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, r: r}
		err := s.DB.Read(r.Context(), policy.Anonymous(), func(v *db.View) error { return c.identify(v, right, scope) })
		if id := r.PathValue("sbom"); err == nil && id != "" && !ids.Valid("sbom", id) {
			err = fault.ErrMissing
		}
		if err == nil {
			err = fn(c, w)
		}
		if err != nil {
			c.refuse(w, err)
			return
		}
		c.touch()
	})
}

func (c *call) refuse(w http.ResponseWriter, err error) {
	if err == errToken || err == errAnonymous {
		w.Header().Add("WWW-Authenticate", `Bearer realm="cordon"`)
		httpkit.WriteStatus(w, http.StatusUnauthorized, err)
		return
	}
	var bad *badBody
	if errors.As(err, &bad) {
		err = bad.err
	}
	if errors.As(err, new(*http.MaxBytesError)) {
		httpkit.WriteStatus(w, http.StatusRequestEntityTooLarge, fault.Invalidf("The request is larger than is allowed. Send the file with POST, which takes 512 MiB."))
		return
	}
	var no *unknownProject
	if errors.As(err, &no) {
		httpkit.WriteStatus(w, http.StatusNotFound, fault.Invalidf("%s", no.why))
		return
	}
	if httpkit.Status(err) == http.StatusInternalServerError {
		c.Log.Error("request failed", "route", c.r.Pattern, "err", err)
	}
	httpkit.WriteProblem(w, err)
}

// snapshot reads in the asker's view of this moment.
func (c *call) snapshot(fn func(v *db.View) error) error {
	return c.DB.Read(c.r.Context(), c.who, func(v *db.View) error {
		who, err := c.Members.Refresh(v, c.who)
		if err != nil {
			return err
		}
		return fn(v.As(who))
	})
}

func answer(w http.ResponseWriter, body any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(body)
}

// progress tells whether an SBOM is still being read, or compared with what is known.
// One that cannot be read is not being processed any more, and says why.
func (c *call) progress(w http.ResponseWriter) error {
	out := struct {
		Processing bool   `json:"processing"`
		State      string `json:"state,omitempty"`
		Why        string `json:"why,omitempty"`
	}{}
	err := c.snapshot(func(v *db.View) error {
		b, err := c.Devices.SBOM(v, c.r.PathValue("sbom"))
		if err != nil {
			return err
		}
		switch b.State {
		case devices.SBOMDone:
			done, err := c.Matching.Compared(v, b.ID)
			out.Processing = !done
			return err
		case devices.SBOMQueued:
			out.Processing = true
		default:
			out.State, out.Why = string(b.State), b.Why
		}
		return nil
	})
	if err != nil {
		return err
	}
	return answer(w, out)
}

// touch notes the day on which a token is in use.
func (c *call) touch() {
	if c.token.ID == "" || !c.token.NeedsTouch(c.DB.Clock().Now()) {
		return
	}
	err := c.DB.Note(c.r.Context(), c.who, func(tx *db.Tx) error { return c.Members.TouchToken(tx, c.token.ID) })
	if err != nil && !fault.Is(err, fault.Forbidden) {
		c.Log.Warn("note that a token is in use", "err", err)
	}
}
