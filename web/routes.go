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
	// script is a form that the page's script sends for a ceremony with a passkey.
	script := func(path string, a httpkit.Access, fn func(*Ctx) error) httpkit.Route {
		return httpkit.Route{Method: "POST", Path: path, Access: a, Handler: asProgram(s.act(a, any, fn))}
	}
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

		// people: the ways in
		get("/sign-in", open, any, (*Ctx).signIn),
		script("/sign-in/begin", open, (*Ctx).signInBegin),
		script("/sign-in/finish", open, (*Ctx).signInFinish),
		post("/sign-out", open, any, (*Ctx).signOut),
		post("/demo/sign-in", demo, any, (*Ctx).demoSignIn),
		get("/step-up", signed, any, (*Ctx).stepUp),
		script("/step-up/begin", signed, (*Ctx).stepUpBegin),
		script("/step-up/finish", signed, (*Ctx).stepUpFinish),
		get("/first-run/{token}", open, any, (*Ctx).firstRun),
		script("/first-run/{token}/begin", open, (*Ctx).firstRunBegin),
		script("/first-run/{token}/finish", open, (*Ctx).enrollFinish),
		get("/invitations/{token}", open, any, (*Ctx).invitation),
		post("/invitations/{token}", open, any, (*Ctx).applicationCheck),
		script("/invitations/{token}/begin", open, (*Ctx).invitationBegin),
		script("/invitations/{token}/finish", open, (*Ctx).enrollFinish),

		// people: oneself
		get("/account", signed, any, (*Ctx).account),
		post("/account/profile", signed, any, (*Ctx).accountProfile),
		post("/account/listing", signed, any, (*Ctx).accountListing),
		post("/account/choices", signed, any, (*Ctx).accountChoices),
		post("/account/withdraw", signed, any, (*Ctx).accountWithdraw),
		script("/account/passkeys/begin", signed, (*Ctx).passkeyBegin),
		script("/account/passkeys/finish", signed, (*Ctx).passkeyFinish),
		post("/account/passkeys/{passkey}/remove", signed, any, (*Ctx).passkeyRemove),
		post("/account/sessions/end", signed, any, (*Ctx).sessionsEnd),
		post("/account/sessions/{session}/end", signed, any, (*Ctx).sessionEnd),
		post("/account/tokens", member, any, (*Ctx).tokenMake),
		post("/account/tokens/{token}/revoke", signed, any, (*Ctx).tokenRevoke),
		get("/agreement", signed, any, (*Ctx).agreement),
		post("/agreement", signed, any, (*Ctx).agreementAccept),

		// people: members and circles
		get("/members", member, any, (*Ctx).memberList),
		get("/members/{org}", member, any, (*Ctx).memberShow),
		get("/members/{org}/edit", member, policy.MayManageOrg, (*Ctx).memberEdit),
		post("/members/{org}/edit", member, policy.MayManageOrg, (*Ctx).memberUpdate),
		post("/members/{org}/standing", member, policy.MayVet, (*Ctx).memberStanding),
		post("/members/{org}/contact", member, policy.MayVet, (*Ctx).memberContact),
		get("/people/{person}", member, any, (*Ctx).personShow),
		post("/people/{person}/recipient", member, policy.MayManageOrg, (*Ctx).personRecipient),
		post("/people/{person}/roles", member, policy.MayManageOrg, (*Ctx).personRoles),
		post("/people/{person}/suspend", member, policy.MayManageOrg, (*Ctx).personSuspend),
		post("/people/{person}/revoke", member, policy.MayManageOrg, (*Ctx).personRevoke),
		post("/people/{person}/remove", member, policy.MayManageOrg, (*Ctx).personRemove),
		get("/invitations", member, policy.MayInvite, (*Ctx).invite),
		post("/invitations", member, policy.MayInvite, (*Ctx).inviteMake),
		post("/invitations/{invitation}/revoke", member, policy.MayInvite, (*Ctx).invitationRevoke),
		get("/circles", member, any, (*Ctx).circles),
		get("/circles/new", member, policy.MayFormCircle, (*Ctx).circleNew),
		post("/circles", member, policy.MayFormCircle, (*Ctx).circleForm),
		get("/circles/{circle}", member, any, (*Ctx).circleShow),
		post("/circles/{circle}/people", member, any, (*Ctx).circleAdd),
		post("/circles/{circle}/people/{person}/remove", member, any, (*Ctx).circleRemove),
		post("/circles/{circle}/people/{person}/steward", member, any, (*Ctx).circleSteward),
		post("/circles/{circle}/leave", member, any, (*Ctx).circleLeave),

		// people: the desk
		get("/desk", member, policy.MayVet, (*Ctx).desk),
		get("/desk/health", member, policy.MayVet, (*Ctx).deskHealth),
		get("/desk/applications/{org}", member, any, (*Ctx).deskApplication),
		post("/desk/applications/{org}/approve", member, policy.MaySponsor, (*Ctx).applicantApprove),
		post("/desk/applications/{org}/decline", member, policy.MayVet, (*Ctx).applicantDecline),
		post("/desk/applications/{org}/sponsor", member, policy.MayVet, (*Ctx).applicantSponsor),
		get("/recovery", member, any, (*Ctx).recovery),
		get("/recovery/new", member, any, (*Ctx).recoveryNew),
		post("/recovery", member, any, (*Ctx).recoveryAsk),
		post("/recovery/{recovery}/approve", member, any, (*Ctx).recoveryApprove),
		post("/recovery/{recovery}/link", member, any, (*Ctx).recoveryLink),
		post("/recovery/{recovery}/cancel", signed, any, (*Ctx).recoveryCancel),

		// live
		{Method: "GET", Path: "/live", Access: member, Handler: s.act(member, any, (*Ctx).liveStream), Stream: true},
	}
}

// NotFound answers what no route matches, with the bytes of any other miss.
func (s *Server) NotFound() http.Handler {
	return s.page(httpkit.Open, "", func(c *Ctx) error { return fault.ErrMissing })
}
