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
		nobody = httpkit.Anonymous
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

		// cases
		get("/cases", member, any, (*Ctx).caseList),
		get("/cases/new", member, policy.MayWorkCase, (*Ctx).caseNew),
		post("/cases", member, policy.MayWorkCase, (*Ctx).caseOpen),
		get("/cases/import", member, policy.MayTriage, (*Ctx).caseImport),
		post("/cases/import", member, policy.MayTriage, (*Ctx).caseTake),
		get("/cases/{case}", member, any, (*Ctx).caseShow),
		get("/cases/{case}/edit", member, policy.MayWorkCase, (*Ctx).caseEdit),
		post("/cases/{case}/edit", member, policy.MayWorkCase, (*Ctx).caseChange),
		post("/cases/{case}/assign", member, policy.MayWorkCase, (*Ctx).caseAssign),
		get("/cases/{case}/stage", member, policy.MayWorkCase, (*Ctx).caseStage),
		post("/cases/{case}/stage", member, policy.MayWorkCase, (*Ctx).caseMove),
		get("/cases/{case}/share", member, policy.MayWorkCase, (*Ctx).caseShare),
		post("/cases/{case}/share", member, policy.MayWorkCase, (*Ctx).caseOffer),
		get("/cases/{case}/happened", member, policy.MayWorkCase, (*Ctx).caseHappened),
		post("/cases/{case}/happened", member, policy.MayWorkCase, (*Ctx).caseRecord),
		get("/cases/{case}/invite", member, policy.MayTriage, (*Ctx).caseInvite),
		post("/cases/{case}/parties", member, policy.MayTriage, (*Ctx).caseAsk),
		get("/cases/{case}/parties/{party}", member, any, (*Ctx).partyShow),
		post("/cases/{case}/parties/{party}/remove", member, policy.MayWorkCase, (*Ctx).partyRemove),
		post("/cases/{case}/parties/{party}/statuses", member, policy.MayWorkCase, (*Ctx).partyStatuses),
		get("/cases/{case}/ours", member, policy.MayWorkCase, (*Ctx).caseOurs),
		post("/cases/{case}/acknowledge", member, policy.MayWorkCase, (*Ctx).caseAcknowledge),
		post("/cases/{case}/report", member, policy.MayWorkCase, (*Ctx).caseReport),
		post("/cases/{case}/update", member, policy.MayWorkCase, (*Ctx).caseWord),
		post("/cases/{case}/fix", member, policy.MayWorkCase, (*Ctx).caseFix),
		post("/cases/{case}/statement", member, policy.MayWorkCase, (*Ctx).caseStatement),
		get("/cases/{case}/statuses", member, policy.MayWorkCase, (*Ctx).caseStatuses),
		post("/cases/{case}/statuses", member, policy.MayWorkCase, (*Ctx).partyStatuses),
		post("/cases/{case}/seats", member, policy.MayWorkCase, (*Ctx).caseSeat),
		post("/cases/{case}/seats/{person}/remove", member, policy.MayWorkCase, (*Ctx).caseUnseat),
		post("/cases/{case}/leave", member, policy.MayWorkCase, (*Ctx).caseLeave),
		get("/cases/{case}/threads", member, any, (*Ctx).caseThreads),
		get("/cases/{case}/threads/new", member, policy.MayWorkCase, (*Ctx).threadNew),
		post("/cases/{case}/threads", member, policy.MayWorkCase, (*Ctx).threadStart),
		get("/cases/{case}/technical", member, any, (*Ctx).caseTechnical),
		get("/cases/{case}/vulnerabilities/new", member, policy.MayWorkCase, (*Ctx).vulnerabilityNew),
		post("/cases/{case}/vulnerabilities", member, policy.MayWorkCase, (*Ctx).vulnerabilityAdd),
		get("/cases/{case}/vulnerabilities/{vulnerability}", member, any, (*Ctx).vulnerabilityShow),
		get("/cases/{case}/vulnerabilities/{vulnerability}/cve.json", member, policy.MayExport, (*Ctx).cveRecord),
		post("/cases/{case}/vulnerabilities/{vulnerability}/edit", member, policy.MayWorkCase, (*Ctx).vulnerabilityEdit),
		post("/cases/{case}/vulnerabilities/{vulnerability}/withdraw", member, policy.MayWorkCase, (*Ctx).vulnerabilityWithdraw),
		post("/cases/{case}/vulnerabilities/{vulnerability}/kev", member, policy.MayWorkCase, (*Ctx).vulnerabilityKEV),
		post("/cases/{case}/vulnerabilities/{vulnerability}/epss", member, policy.MayWorkCase, (*Ctx).vulnerabilityEPSS),
		post("/cases/{case}/vulnerabilities/{vulnerability}/cve-request", member, policy.MayWorkCase, (*Ctx).cveAsk),
		post("/cases/{case}/vulnerabilities/{vulnerability}/cve", member, policy.MayWorkCase, (*Ctx).cveAssign),
		get("/cases/{case}/decisions", member, any, (*Ctx).caseDecisions),
		get("/cases/{case}/embargo", member, any, (*Ctx).caseEmbargo),
		post("/cases/{case}/embargo", member, policy.MayWorkCase, (*Ctx).embargoPropose),
		post("/cases/{case}/embargo/end", member, policy.MayWorkCase, (*Ctx).embargoEnd),
		post("/cases/{case}/embargo/{proposal}/agree", member, policy.MayWorkCase, (*Ctx).embargoAgree),
		post("/cases/{case}/embargo/{proposal}/accept", member, policy.MayWorkCase, (*Ctx).embargoAccept),
		post("/cases/{case}/embargo/{proposal}/reject", member, policy.MayWorkCase, (*Ctx).embargoReject),
		post("/cases/{case}/embargo/{proposal}/keep", member, policy.MayWorkCase, (*Ctx).embargoKeep),
		get("/cases/{case}/publish", member, any, (*Ctx).casePublish),
		post("/cases/{case}/publish", member, policy.MayWorkCase, (*Ctx).publishDraft),
		post("/cases/{case}/publish/{publication}/approve", member, policy.MayApprove, (*Ctx).publishApprove),
		post("/cases/{case}/publish/{publication}/withdraw", member, policy.MayWorkCase, (*Ctx).publishWithdraw),
		get("/cases/{case}/evidence", member, any, (*Ctx).caseEvidenceTab),
		post("/cases/{case}/handover", member, policy.MayExport, (*Ctx).caseHandover),
		get("/cases/{case}/grants", member, any, (*Ctx).caseGrants),
		post("/cases/{case}/grants", member, policy.MayWorkCase, (*Ctx).grantAsk),
		get("/need-to-know", member, any, (*Ctx).needToKnow),
		get("/grants/{grant}", member, any, (*Ctx).grantShow),
		post("/grants/{grant}/approve", member, policy.MayTriage, (*Ctx).grantApprove),
		post("/grants/{grant}/revoke", member, policy.MayWorkCase, (*Ctx).grantRevoke),
		post("/grants/{grant}/open", member, policy.MayWorkCase, (*Ctx).grantOpen),
		post("/grants/{grant}/answer", member, policy.MayWorkCase, (*Ctx).grantAnswer),
		get("/invited/{party}", member, policy.MayWorkCase, (*Ctx).invited),
		post("/invited/{party}/accept", member, policy.MayWorkCase, (*Ctx).invitedAccept),
		post("/invited/{party}/decline", member, policy.MayWorkCase, (*Ctx).invitedDecline),

		// risk, clocks, notices, participation
		get("/clocks", member, any, (*Ctx).clocks),
		get("/clocks.csv", member, any, (*Ctx).clocksCSV),
		get("/cases/{case}/clocks", member, any, (*Ctx).clockCase),
		get("/cases/{case}/clocks.csv", member, any, (*Ctx).clockCaseCSV),
		get("/cases/{case}/clocks/{clock}", member, any, (*Ctx).clockShow),
		post("/cases/{case}/clocks/{clock}/waive", member, policy.MayWorkCase, (*Ctx).clockWaive),
		get("/cases/{case}/facts/new", member, policy.MayWorkCase, (*Ctx).factNew),
		post("/cases/{case}/facts", member, policy.MayWorkCase, (*Ctx).factState),
		get("/cases/{case}/facts/{fact}", member, any, (*Ctx).factShow),
		post("/cases/{case}/facts/{fact}/withdraw", member, policy.MayWorkCase, (*Ctx).factWithdraw),
		get("/cases/{case}/harm", member, policy.MayWorkCase, (*Ctx).harmNew),
		post("/cases/{case}/harm", member, policy.MayWorkCase, (*Ctx).harmKnown),
		get("/cases/{case}/pma/{row}", member, policy.MayWorkCase, (*Ctx).pmaRow),
		get("/cases/{case}/risk", member, any, (*Ctx).riskShow),
		post("/cases/{case}/risk", member, policy.MayWorkCase, (*Ctx).riskWork),
		get("/cases/{case}/risk/new", member, policy.MayWorkCase, (*Ctx).riskNew),
		get("/cases/{case}/risk/{determination}", member, any, (*Ctx).determinationShow),
		get("/cases/{case}/risk/ssvc/{vulnerability}", member, policy.MayWorkCase, (*Ctx).riskSSVC),
		post("/cases/{case}/risk/ssvc/{vulnerability}", member, policy.MayWorkCase, (*Ctx).riskSSVCWork),
		get("/cases/{case}/risk/known/{vulnerability}", member, policy.MayWorkCase, (*Ctx).riskKnown),
		post("/cases/{case}/risk/known/{vulnerability}", member, policy.MayWorkCase, (*Ctx).riskKnownNote),
		get("/risk-matrix", member, policy.MayWorkCase, (*Ctx).riskMatrix),
		post("/risk-matrix", member, policy.MayWorkCase, (*Ctx).riskMatrixSet),
		get("/calculators", member, any, (*Ctx).calculatorList),
		get("/calculators/{calculator}", member, any, (*Ctx).calculatorShow),
		post("/calculators/{calculator}", member, any, (*Ctx).calculatorWork),
		get("/cases/{case}/notices", member, any, (*Ctx).caseNotices),
		post("/cases/{case}/notices", member, policy.MayWorkCase, (*Ctx).noticeSave),
		get("/cases/{case}/notices/new", member, policy.MayWorkCase, (*Ctx).noticeNew),
		get("/cases/{case}/notices/{notice}", member, any, (*Ctx).noticeShow),
		get("/cases/{case}/notices/{notice}/edit", member, policy.MayWorkCase, (*Ctx).noticeEdit),
		post("/cases/{case}/notices/{notice}/edit", member, policy.MayWorkCase, (*Ctx).noticeSave),
		get("/cases/{case}/notices/{notice}/send", member, policy.MayWorkCase, (*Ctx).noticeSending),
		post("/cases/{case}/notices/{notice}/send", member, policy.MayWorkCase, (*Ctx).noticeSend),
		get("/cases/{case}/notices/{notice}/notice.txt", member, any, (*Ctx).noticeText),
		get("/cases/{case}/notices/{notice}/notice.eml", member, any, (*Ctx).noticeMail),
		get("/notices", member, any, (*Ctx).notices),
		get("/notices/{notice}", member, any, (*Ctx).noticeCopy),
		post("/cases/{case}/evidence", member, policy.MayExport, (*Ctx).caseEvidence),
		get("/participation", member, any, (*Ctx).participation),
		get("/participation/{org}", member, any, (*Ctx).participationShow),
		post("/participation/{org}/certificates", member, policy.MayVet, (*Ctx).certificateIssue),
		post("/participation/attest", member, any, (*Ctx).participationAttest),
		post("/participation/attestations/{attestation}/withdraw", member, any, (*Ctx).attestationWithdraw),
		get("/participation/trace", member, policy.MayWorkCase, (*Ctx).traceNew),
		post("/participation/trace", member, policy.MayWorkCase, (*Ctx).traceRecord),
		get("/certificates/{certificate}", member, any, (*Ctx).certificateShow),
		post("/certificates/{certificate}/file", member, policy.MayExport, (*Ctx).certificateFile),

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

		// intake, for anyone as nobody: see report_drop.go
		get("/report", nobody, any, (*Ctx).report),
		post("/report", nobody, any, (*Ctx).reportSend),
		get("/report/return", nobody, any, (*Ctx).reportReturn),
		post("/report/return", nobody, any, (*Ctx).reportFetch),
		post("/report/file", nobody, any, (*Ctx).reportFile),
		get("/.well-known/security.txt", nobody, any, (*Ctx).securityTxt),
		get("/disclosures", open, any, (*Ctx).disclosures),
		get("/disclosures/{statement}", open, any, (*Ctx).disclosure),

		// intake: members and the desk
		get("/reports", member, any, (*Ctx).reports),
		get("/reports/new", member, policy.MayReport, (*Ctx).reportNew),
		post("/reports", member, policy.MayReport, (*Ctx).reportSubmit),
		get("/reports/{report}", member, any, (*Ctx).reportShow),
		post("/reports/{report}/messages", member, policy.MayReport, (*Ctx).reportSay),
		{Method: "GET", Path: "/reports/{report}/files/{file}", Access: member, Handler: s.act(member, any, (*Ctx).reportDownload)},
		get("/triage", member, policy.MayTriage, (*Ctx).triage),
		get("/triage/{report}", member, policy.MayTriage, (*Ctx).triageShow),
		post("/triage/{report}/severity", member, policy.MayTriage, (*Ctx).triageSeverity),
		post("/triage/{report}/assign", member, policy.MayTriage, (*Ctx).triageAssign),
		post("/triage/{report}/acknowledge", member, policy.MayTriage, (*Ctx).triageAcknowledge),
		post("/triage/{report}/messages", member, policy.MayTriage, (*Ctx).triageAnswer),
		post("/triage/{report}/merge", member, policy.MayTriage, (*Ctx).triageMerge),
		post("/triage/{report}/decide", member, policy.MayTriage, (*Ctx).triageDecide),
		post("/triage/{report}/reopen", member, policy.MayTriage, (*Ctx).triageReopen),

		// live
		{Method: "GET", Path: "/live", Access: member, Handler: s.act(member, any, (*Ctx).liveStream), Stream: true},
	}
}

// NotFound answers what no route matches, with the bytes of any other miss.
func (s *Server) NotFound() http.Handler {
	return s.page(httpkit.Open, "", func(c *Ctx) error { return fault.ErrMissing })
}
