package taxii

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
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
	Origin  string // address that people use, such as https://isao.example

	build  sync.Once
	routes []httpkit.Route
	pages  pages
	askers askers
	tags   tagger
}

// line is a resource in the table of [Server.Routes].
type line struct {
	method, path string
	access       httpkit.Access
	right        policy.Right
	root         *root // nil for what belongs to none
	serve        func(*call) error
}

// Routes is every resource, with who may ask for it. What they may see behind it
// is for the View to say. Tests enumerate this table: a route without a probe fails
// the build (T-01, T-09).
func (s *Server) Routes() []httpkit.Route {
	s.prepare()
	return s.routes
}

func (s *Server) prepare() {
	s.build.Do(func() {
		s.tags = newTagger(s.Box)
		for _, l := range table() {
			s.routes = append(s.routes, httpkit.Route{Method: l.method, Path: l.path, Access: l.access, Right: l.right, Handler: s.handler(l)})
		}
	})
}

// table is the one screen with every resource.
func table() []line {
	const (
		open   = httpkit.Open
		member = httpkit.Member
		any    = policy.Right("")
		post   = policy.MayPost
		pub    = "/taxii2/public/"
		com    = "/taxii2/community/"
	)
	return []line{
		{"GET", "/taxii2/{$}", open, any, nil, (*call).discovery},
		{"POST", "/taxii2/certificate/{$}", member, any, nil, (*call).bind},
		{"DELETE", "/taxii2/certificate/{$}", member, any, nil, (*call).unbind},

		{"GET", pub + "{$}", open, any, public, (*call).apiRoot},
		{"GET", pub + "markings/{$}", open, any, public, (*call).markings},
		{"GET", pub + "collections/{$}", open, any, public, (*call).collections},
		{"GET", pub + "collections/{collection}/{$}", open, any, public, (*call).oneCollection},
		{"GET", pub + "collections/{collection}/manifest/{$}", open, any, public, (*call).manifest},
		{"GET", pub + "collections/{collection}/objects/{$}", open, any, public, (*call).objects},
		{"GET", pub + "collections/{collection}/objects/{object}/{$}", open, any, public, (*call).object},
		{"GET", pub + "collections/{collection}/objects/{object}/versions/{$}", open, any, public, (*call).versions},

		{"GET", com + "{$}", member, any, community, (*call).apiRoot},
		{"GET", com + "markings/{$}", member, any, community, (*call).markings},
		{"GET", com + "status/{status}/{$}", member, any, community, (*call).status},
		{"GET", com + "collections/{$}", member, any, community, (*call).collections},
		{"GET", com + "collections/{collection}/{$}", member, any, community, (*call).oneCollection},
		{"GET", com + "collections/{collection}/manifest/{$}", member, any, community, (*call).manifest},
		{"GET", com + "collections/{collection}/objects/{$}", member, any, community, (*call).objects},
		{"POST", com + "collections/{collection}/objects/{$}", member, post, community, (*call).post},
		{"GET", com + "collections/{collection}/objects/{object}/{$}", member, any, community, (*call).object},
		{"DELETE", com + "collections/{collection}/objects/{object}/{$}", member, post, community, (*call).remove},
		{"GET", com + "collections/{collection}/objects/{object}/versions/{$}", member, any, community, (*call).versions},
	}
}

// NotFound answers what no route matches below /taxii2/: another method of a
// resource with 405, and everything else with the bytes of any other miss.
func (s *Server) NotFound() http.Handler {
	s.prepare()
	known := http.NewServeMux()
	methods := map[string][]string{}
	for _, l := range table() {
		if methods[l.path] == nil {
			known.HandleFunc(l.path, func(http.ResponseWriter, *http.Request) {})
		}
		methods[l.path] = append(methods[l.path], l.method)
		if l.method == http.MethodGet {
			methods[l.path] = append(methods[l.path], http.MethodHead)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, r: r}
		if _, pattern := known.Handler(r); pattern != "" && methods[pattern] != nil {
			w.Header().Set("Allow", strings.Join(methods[pattern], ", "))
			c.fail(w, &refusal{status: http.StatusMethodNotAllowed, sentence: "This resource does not know this method."})
			return
		}
		c.fail(w, errMissing)
	})
}
