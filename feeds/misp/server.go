package misp

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Server is the door. Its fields are its collaborators; the house wires it. It may
// be used by many goroutines at once.
type Server struct {
	DB      *db.DB
	Members *members.Members
	Intel   *intel.Intel
	Box     *seal.Box
	Log     *slog.Logger

	once  sync.Once
	tags  [32]byte
	feeds feeds
}

// Routes is every file, with who may ask for it. Tests enumerate this table: a
// route without a probe fails the build (T-01, T-09).
func (s *Server) Routes() []httpkit.Route {
	s.once.Do(func() { s.tags = s.Box.Secret("misp feed tag") })
	const green, amber = "/feeds/misp/", "/feeds/misp/amber/"
	open, member := httpkit.Open, httpkit.Member
	var routes []httpkit.Route
	for _, l := range []struct {
		path   string
		access httpkit.Access
		reach  intel.Reach
		file   func(*feed, *http.Request) (file, bool)
	}{
		{green + "manifest.json", open, intel.ReachGreen, manifest},
		{green + "hashes.csv", open, intel.ReachGreen, hashes},
		{green + "{event}", open, intel.ReachGreen, event},
		{amber + "manifest.json", member, intel.ReachAmber, manifest},
		{amber + "hashes.csv", member, intel.ReachAmber, hashes},
		{amber + "{event}", member, intel.ReachAmber, event},
	} {
		routes = append(routes, httpkit.Route{Method: http.MethodGet, Path: l.path, Access: l.access, Handler: s.handler(l.access, l.reach, l.file)})
	}
	return append(routes, httpkit.Route{Method: http.MethodGet, Path: "/servers/getVersion", Access: member, Handler: s.handler(member, "", version)})
}

// file is a file of a feed.
type file struct {
	media string
	body  []byte
}

func manifest(f *feed, _ *http.Request) (file, bool) {
	return file{"application/json", f.manifest}, true
}

func hashes(f *feed, _ *http.Request) (file, bool) { return file{"text/csv", f.hashes}, true }

func event(f *feed, r *http.Request) (file, bool) {
	uuid, ok := strings.CutSuffix(r.PathValue("event"), ".json")
	body, found := f.events[uuid]
	return file{"application/json", body}, ok && found
}

// version answers what programs for MISP ask before anything else. The version is
// of the format that events are written in.
func version(*feed, *http.Request) (file, bool) {
	return file{"application/json", []byte(`{"version":"2.4.196","perm_sync":false,"perm_sighting":false,"perm_galaxy_editor":false}` + "\n")}, true
}

// asker is who asks.
type asker struct {
	who   policy.Viewer
	token members.APIToken
}

// What is answered with 401.
var (
	errToken     error = &fault.Error{Kind: fault.Forbidden, Message: "This token is not valid. Make a new one on your account page."}
	errAnonymous error = &fault.Error{Kind: fault.Forbidden, Message: "Send an API token of yours. Make one on your account page."}
)

// identify finds who asks. There are no cookies here, so a page elsewhere can do
// nothing in a member's name. A token that is not valid is refused even where
// nobody needs one, so that a program learns of it.
func (s *Server) identify(v *db.View, r *http.Request, access httpkit.Access) (a asker, err error) {
	a.who = policy.Anonymous()
	text, given := httpkit.Token(r)
	if given {
		if a.who, a.token, err = s.Members.AuthenticateToken(v, text); fault.Is(err, fault.Forbidden) {
			err = errToken
		}
	} else if access != httpkit.Open {
		err = errAnonymous
	}
	if err != nil {
		return a, err
	}
	if access == httpkit.Member && !a.who.InGoodStanding() {
		return a, fault.Forbiddenf("Your organization's membership is not active, so only public things are open to you.")
	}
	if given && !a.who.HasScope(policy.ScopeRead) {
		return a, fault.Forbiddenf("This token does not have the scope %q. Make one that has it on your account page.", policy.ScopeRead)
	}
	return a, nil
}

func (s *Server) handler(access httpkit.Access, reach intel.Reach, pick func(*feed, *http.Request) (file, bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var a asker
		var mark intel.Mark
		err := s.DB.Read(r.Context(), policy.Anonymous(), func(v *db.View) (err error) {
			if a, err = s.identify(v, r, access); err == nil {
				mark, err = s.Intel.Mark(v)
			}
			return err
		})
		if err != nil {
			refuse(w, err)
			return
		}
		var f *feed
		if reach != "" {
			f, err = s.feed(r.Context(), a.who, reach, mark)
		}
		if err != nil {
			refuse(w, err)
			return
		}
		out, ok := pick(f, r)
		if !ok {
			refuse(w, fault.ErrMissing)
			return
		}
		s.touch(r, a)
		h := w.Header()
		tag := httpkit.Tag(s.tags, a.who.Actor()+" "+r.URL.Path, out.body)
		h.Set("ETag", tag)
		h.Set("Vary", "Authorization")
		h.Set("Cache-Control", "private, no-cache") // kept by the asker only, and asked for again each time
		if httpkit.Unchanged(r, tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", out.media)
		if r.Method != http.MethodHead {
			w.Write(out.body)
		}
	})
}

func refuse(w http.ResponseWriter, err error) {
	if err == errToken || err == errAnonymous {
		w.Header().Add("WWW-Authenticate", `Bearer realm="cordon"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="cordon"`)
		httpkit.WriteStatus(w, http.StatusUnauthorized, err)
		return
	}
	httpkit.WriteProblem(w, err)
}

// touch notes the day on which a token is in use.
func (s *Server) touch(r *http.Request, a asker) {
	if a.token.ID == "" || !a.token.NeedsTouch(s.DB.Clock().Now()) {
		return
	}
	err := s.DB.Note(r.Context(), a.who, func(tx *db.Tx) error { return s.Members.TouchToken(tx, a.token.ID) })
	if err != nil && !fault.Is(err, fault.Forbidden) {
		s.Log.Warn("note that a token is in use", "err", err)
	}
}
