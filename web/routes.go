package web

import (
	"net/http"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/assets"
)

// Routes is every page and form, with who may ask for it. What they may see
// behind it is for the View to say. Tests enumerate this table: a route without
// a probe fails the build (T-01, T-09).
func (s *Server) Routes() []httpkit.Route {
	const (
		open   = httpkit.Open
		signed = httpkit.SignedIn
		member = httpkit.Member
		demo   = httpkit.Demo
		any    = policy.Right("")
	)
	get := func(path string, a httpkit.Access, right policy.Right, fn func(*Ctx) error) httpkit.Route {
		return httpkit.Route{Method: "GET", Path: path, Access: a, Right: right, Handler: s.page(a, right, fn)}
	}
	post := func(path string, a httpkit.Access, right policy.Right, fn func(*Ctx) error) httpkit.Route {
		return httpkit.Route{Method: "POST", Path: path, Access: a, Right: right, Handler: s.act(a, right, fn)}
	}
	raw := func(path string, fn http.HandlerFunc) httpkit.Route {
		return httpkit.Route{Method: "GET", Path: path, Access: open, Handler: fn}
	}
	_, _, _, _ = signed, demo, post, any
	return []httpkit.Route{
		// anyone
		get("/{$}", open, any, (*Ctx).front),
		raw("/healthz", s.healthz),
		raw("/ledger/checkpoint", s.ledgerCheckpoint),
		raw("/ledger/key", s.ledgerKey),
		raw("/ledger/tile/{path...}", s.ledgerTile),
		{Method: "GET", Path: "/assets/{path...}", Access: open, Handler: assets.Handler()},

		// live
		{Method: "GET", Path: "/live", Access: member, Handler: s.act(member, any, (*Ctx).liveStream), Stream: true},
	}
}

// NotFound answers what no route matches, with the bytes of any other miss.
func (s *Server) NotFound() http.Handler {
	return s.page(httpkit.Open, "", func(c *Ctx) error { return fault.ErrMissing })
}
