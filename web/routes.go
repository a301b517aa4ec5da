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
	_, _ = signed, demo
	return []httpkit.Route{
		// anyone
		get("/{$}", open, any, (*Ctx).front),
		raw("/healthz", s.healthz),
		raw("/ledger/checkpoint", s.ledgerCheckpoint),
		raw("/ledger/key", s.ledgerKey),
		raw("/ledger/tile/{path...}", s.ledgerTile),
		{Method: "GET", Path: "/assets/{path...}", Access: open, Handler: assets.Handler()},

		// forum
		get("/inbox", member, any, (*Ctx).inbox),
		post("/inbox/done", member, any, (*Ctx).inboxDone),
		get("/rooms", member, any, (*Ctx).rooms),
		get("/rooms/new", member, policy.MayOpenRoom, (*Ctx).roomNew),
		post("/rooms", member, policy.MayOpenRoom, (*Ctx).roomOpen),
		get("/rooms/{room}", open, any, (*Ctx).roomShow),
		post("/rooms/{room}/watch", member, any, (*Ctx).roomWatch),
		get("/rooms/{room}/topics/new", member, policy.MayPost, (*Ctx).topicNew),
		post("/rooms/{room}/topics", member, policy.MayPost, (*Ctx).topicStart),
		get("/topics/{topic}", open, any, (*Ctx).topicShow),
		post("/topics/{topic}/posts", member, policy.MayPost, (*Ctx).topicReply),
		post("/topics/{topic}/resolve", member, policy.MayPost, (*Ctx).topicResolve),
		post("/topics/{topic}/reopen", member, policy.MayPost, (*Ctx).topicReopen),
		post("/topics/{topic}/watch", member, any, (*Ctx).topicWatch),
		get("/topics/{topic}/relabel", member, policy.MayPost, (*Ctx).relabelTopic),
		post("/topics/{topic}/relabel", member, policy.MayPost, (*Ctx).relabel),
		post("/topics/{topic}/evidence", member, policy.MayExport, (*Ctx).topicEvidence),
		get("/posts/{post}", open, any, (*Ctx).postShow),
		get("/posts/{post}/edit", member, policy.MayPost, (*Ctx).postEdit),
		post("/posts/{post}/edit", member, policy.MayPost, (*Ctx).postChange),
		get("/posts/{post}/delete", member, policy.MayPost, (*Ctx).postRemove),
		post("/posts/{post}/delete", member, policy.MayPost, (*Ctx).postDelete),
		post("/posts/{post}/pin", member, policy.MayPost, (*Ctx).postPin),
		post("/posts/{post}/unpin", member, policy.MayPost, (*Ctx).postUnpin),
		post("/posts/{post}/react", member, policy.MayPost, (*Ctx).postReact),
		get("/posts/{post}/history", open, any, (*Ctx).postHistory),
		get("/posts/{post}/relabel", member, policy.MayPost, (*Ctx).relabelTopic),
		post("/posts/{post}/relabel", member, policy.MayPost, (*Ctx).relabel),
		get("/approvals", member, policy.MayApprove, (*Ctx).approvals),
		post("/approvals/{id}/approve", member, policy.MayApprove, (*Ctx).approve),
		post("/approvals/{id}/refuse", member, policy.MayApprove, (*Ctx).refuse),
		post("/approvals/{id}/withdraw", member, policy.MayPost, (*Ctx).withdraw),
		{Method: "GET", Path: "/files/{file}", Access: open, Handler: s.act(open, any, (*Ctx).fileGet)},
		{Method: "GET", Path: "/files/{file}/preview", Access: open, Handler: s.act(open, any, (*Ctx).filePreview)},
		get("/search", member, any, (*Ctx).search),
		get("/commands", member, any, (*Ctx).commands),
		get("/go/{short}", open, any, (*Ctx).goShort),
		post("/drafts", member, policy.MayPost, (*Ctx).draftSave),
		post("/audience-preview", member, any, (*Ctx).audiencePreview),

		// evidence
		get("/evidence", member, any, (*Ctx).evidencePage),
		get("/verify", open, any, (*Ctx).verifyPage),
		post("/verify", open, any, (*Ctx).verify),

		// live
		{Method: "GET", Path: "/live", Access: member, Handler: s.act(member, any, (*Ctx).liveStream), Stream: true},
	}
}

// NotFound answers what no route matches, with the bytes of any other miss.
func (s *Server) NotFound() http.Handler {
	return s.page(httpkit.Open, "", func(c *Ctx) error { return fault.ErrMissing })
}
