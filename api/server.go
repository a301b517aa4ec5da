package api

import (
	"log/slog"
	"sync"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// Server is the door for programs. Its fields are its collaborators; the house
// wires it.
type Server struct {
	DB       *db.DB
	Ledger   *ledger.Ledger
	Live     *ledger.Live
	Members  *members.Members
	Forum    *forum.Forum
	Cases    *cases.Cases
	Devices  *devices.Devices
	Vulns    *vulns.Vulns
	Matching *matching.Matching
	Alerts   *alerts.Alerts
	Intel    *intel.Intel
	Evidence *evidence.Evidence
	Log      *slog.Logger
	Origin   string // address that people use, such as https://isao.example
	Box      *seal.Box

	build sync.Once
	table *table
}

// Routes is every operation, with who may ask for it. What they may see behind
// it is for the View to say. Tests enumerate this table: a route without a probe
// fails the build (T-01, T-09).
func (s *Server) Routes() []httpkit.Route {
	s.build.Do(func() { s.table = s.newTable() })
	return s.table.routes
}

// newTable is the one screen with every operation.
func (s *Server) newTable() *table {
	const (
		open   = httpkit.Open
		nobody = httpkit.Anonymous
		signed = httpkit.SignedIn
		member = httpkit.Member

		reads  = policy.ScopeRead
		writes = policy.ScopeWrite

		any    = policy.Right("")
		post   = policy.MayPost
		work   = policy.MayWorkCase
		desk   = policy.MayTriage
		second = policy.MayApprove // of a session only: tokens may not
	)
	t := begin(s)

	tag := t.tag("Who")
	read(t, tag(line{"GET", "/api/v1/me", signed, any, reads, "me", "Who this token or session is"}), (*call).me)
	read(t, tag(line{"GET", "/api/v1/members", open, any, reads, "members", "Member organizations that you may know of"}), (*call).members)
	read(t, tag(line{"GET", "/api/v1/members/{org}", open, any, reads, "member", "One organization, with its people that you may know of"}), (*call).member)
	read(t, tag(line{"GET", "/api/v1/circles", member, any, reads, "circles", "Circles that you may know of"}), (*call).circles)
	act(t, tag(line{"POST", "/api/v1/audience/preview", member, any, reads, "preview", "Who could read something with this label"}), (*call).preview)

	tag = t.tag("Rooms and topics")
	read(t, tag(line{"GET", "/api/v1/rooms", open, any, reads, "rooms", "Rooms, by name"}), (*call).rooms)
	act(t, tag(line{"POST", "/api/v1/rooms", member, policy.MayOpenRoom, writes, "open-room", "Open a room (in a session; tokens may not)"}), (*call).openRoom)
	read(t, tag(line{"GET", "/api/v1/rooms/{room}", open, any, reads, "room", "One room"}), (*call).room)
	read(t, tag(line{"GET", "/api/v1/rooms/{room}/topics", open, any, reads, "topics", "A room's topics, newest activity first"}), (*call).topics)
	act(t, tag(line{"POST", "/api/v1/rooms/{room}/topics", member, post, writes, "start-topic", "Start a topic"}), (*call).startTopic)
	read(t, tag(line{"GET", "/api/v1/topics/{topic}", open, any, reads, "topic", "A topic and its first posts"}), (*call).topic)
	act(t, tag(line{"POST", "/api/v1/topics/{topic}/resolve", member, post, writes, "resolve", "Resolve a topic"}), (*call).resolve)
	act(t, tag(line{"POST", "/api/v1/topics/{topic}/reopen", member, post, writes, "reopen", "Take a resolved topic up again"}), (*call).reopen)
	act(t, tag(line{"POST", "/api/v1/topics/{topic}/read", member, any, writes, "mark-read", "Note that you have read a topic"}), (*call).markRead)

	tag = t.tag("Posts")
	read(t, tag(line{"GET", "/api/v1/topics/{topic}/posts", open, any, reads, "posts", "A topic's posts, oldest first"}), (*call).posts)
	act(t, tag(line{"POST", "/api/v1/topics/{topic}/posts", member, post, writes, "reply", "Add a post to a topic"}), (*call).reply)
	read(t, tag(line{"GET", "/api/v1/posts/{post}", open, any, reads, "post", "One post"}), (*call).post)
	act(t, tag(line{"PATCH", "/api/v1/posts/{post}", member, post, writes, "edit", "Replace the text of your post"}), (*call).edit)
	act(t, tag(line{"DELETE", "/api/v1/posts/{post}", member, post, writes, "delete", "Take your post back"}), (*call).remove)
	read(t, tag(line{"GET", "/api/v1/posts/{post}/history", open, any, reads, "history", "A post's earlier texts"}), (*call).history)
	act(t, tag(line{"POST", "/api/v1/posts/{post}/pin", member, post, writes, "pin", "Pin a post as a decision"}), (*call).pin)
	act(t, tag(line{"POST", "/api/v1/posts/{post}/unpin", member, post, writes, "unpin", "Take a decision's pin off"}), (*call).unpin)

	tag = t.tag("Labels")
	act(t, tag(line{"POST", "/api/v1/topics/{topic}/relabel", member, post, writes, "relabel-topic", "Tighten a topic's label, or ask to loosen it"}), (*call).relabelTopic)
	act(t, tag(line{"POST", "/api/v1/posts/{post}/relabel", member, post, writes, "relabel-post", "Tighten a reply's label, or ask to loosen it"}), (*call).relabelPost)
	read(t, tag(line{"GET", "/api/v1/topics/{topic}/relabels", member, any, reads, "topic-relabels", "Requests to loosen labels in a topic"}), (*call).topicRelabels)
	read(t, tag(line{"GET", "/api/v1/relabels", member, any, reads, "relabels", "Requests to loosen a label that wait for you"}), (*call).relabels)
	act(t, tag(line{"POST", "/api/v1/relabels/{relabel}/approve", member, policy.MayApprove, writes, "approve-relabel", "Be the second person (in a session; tokens may not)"}), (*call).approve)
	act(t, tag(line{"POST", "/api/v1/relabels/{relabel}/refuse", member, policy.MayApprove, writes, "refuse-relabel", "Refuse a request (in a session; tokens may not)"}), (*call).refuse)
	act(t, tag(line{"POST", "/api/v1/relabels/{relabel}/withdraw", member, post, writes, "withdraw-relabel", "Take your request back"}), (*call).withdraw)

	tag = t.tag("Files")
	t.raw(tag(line{"POST", "/api/v1/files", member, post, writes, "upload", "Upload a file, to be attached to a topic or post"}), uploadDoc, (*call).upload)
	t.raw(tag(line{"GET", "/api/v1/files/{file}", open, any, reads, "file", "Download a file"}), downloadDoc, (*call).download)

	tag = t.tag("What is new")
	read(t, tag(line{"GET", "/api/v1/inbox", member, any, reads, "inbox", "Topics with news for you"}), (*call).inbox)
	read(t, tag(line{"GET", "/api/v1/search", open, any, reads, "search", "Posts with these words, newest first"}), (*call).search)
	t.raw(tag(line{"GET", "/api/v1/stream", member, any, reads, "stream", "Live updates, as server-sent events"}), streamDoc, (*call).stream)

	tag = t.tag("Cases")
	read(t, tag(line{"GET", "/api/v1/cases", member, any, reads, "cases", "Cases that you can read, newest first"}), (*call).cases)
	act(t, tag(line{"POST", "/api/v1/cases", member, work, writes, "open-case", "Open a case"}), (*call).openCase)
	t.raw(tag(line{"POST", "/api/v1/cases/import", member, desk, writes, "import-case", "Open a case from another coordinator's package"}), importDoc, (*call).importCase)
	read(t, tag(line{"GET", "/api/v1/cases/{case}", member, any, reads, "case", "A case, with your organization's part in it"}), (*call).kase)
	act(t, tag(line{"PATCH", "/api/v1/cases/{case}", member, work, writes, "edit-case", "Change what a case says"}), (*call).editCase)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/stage", member, work, writes, "move-case", "Take a case to another stage"}), (*call).moveCase)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/assign", member, desk, writes, "assign-case", "Give a case to a coordinator"}), (*call).assignCase)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/share", member, work, writes, "share-case", "Offer your own case to the desk"}), (*call).shareCase)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/happened", member, work, writes, "case-happened", "Record that it became public, an exploit did, or attacks were seen"}), (*call).caseHappened)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/timeline", member, any, reads, "timeline", "What happened in a case, newest first"}), (*call).timeline)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/threads", member, any, reads, "threads", "A case's threads, the official one first"}), (*call).threads)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/threads", member, work, writes, "start-thread", "Start a side thread"}), (*call).startThread)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/matrix", member, any, reads, "matrix", "Who has done what, and is late"}), (*call).matrix)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/vulnerabilities", member, any, reads, "vulnerabilities", "A case's vulnerabilities"}), (*call).vulnerabilities)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/vulnerabilities", member, work, writes, "add-vulnerability", "Add a vulnerability"}), (*call).addVulnerability)
	read(t, tag(line{"GET", "/api/v1/vulnerabilities/{vuln}", member, any, reads, "vulnerability", "One vulnerability"}), (*call).vulnerability)
	act(t, tag(line{"PATCH", "/api/v1/vulnerabilities/{vuln}", member, work, writes, "edit-vulnerability", "Say anew what it is"}), (*call).editVulnerability)
	act(t, tag(line{"POST", "/api/v1/vulnerabilities/{vuln}/withdraw", member, work, writes, "withdraw-vulnerability", "Say that it is none"}), (*call).withdrawVulnerability)
	act(t, tag(line{"POST", "/api/v1/vulnerabilities/{vuln}/kev", member, work, writes, "set-kev", "Keep what CISA's catalogue says"}), (*call).setKEV)
	act(t, tag(line{"POST", "/api/v1/vulnerabilities/{vuln}/epss", member, work, writes, "set-epss", "Keep FIRST's estimate"}), (*call).setEPSS)
	act(t, tag(line{"POST", "/api/v1/vulnerabilities/{vuln}/ssvc", member, work, writes, "decide-ssvc", "Decide by an SSVC table"}), (*call).decideSSVC)
	act(t, tag(line{"POST", "/api/v1/vulnerabilities/{vuln}/cve/request", member, work, writes, "request-cve", "Record that a CVE id was asked for"}), (*call).requestCVE)
	act(t, tag(line{"POST", "/api/v1/vulnerabilities/{vuln}/cve/assign", member, work, writes, "assign-cve", "Record the CVE id"}), (*call).assignCVE)
	t.raw(tag(line{"GET", "/api/v1/vulnerabilities/{vuln}/cve", member, any, reads, "cve-record", "It as a CVE record (JSON 5.1)"}), recordDoc, (*call).cveRecord)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/publications", member, any, reads, "publications", "A case's public statements, drafts too"}), (*call).publications)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/publications", member, work, writes, "draft-publication", "Write the public statement, or write it anew"}), (*call).draftPublication)
	act(t, tag(line{"POST", "/api/v1/publications/{statement}/approve", member, second, writes, "approve-publication", "Be the second person (in a session; tokens may not)"}), (*call).approvePublication)
	act(t, tag(line{"POST", "/api/v1/publications/{statement}/withdraw", member, work, writes, "withdraw-publication", "Take a statement back"}), (*call).withdrawPublication)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/holder-notices", member, any, reads, "holder-notices", "What a case told the holders of products, drafts too"}), (*call).holderNotices)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/holder-notices", member, work, writes, "draft-holder-notice", "Write what holders would be told, or write it anew"}), (*call).draftHolderNotice)
	read(t, tag(line{"GET", "/api/v1/holder-notices/{holders}", member, any, reads, "holder-notice", "One of them"}), (*call).holderNotice)
	act(t, tag(line{"POST", "/api/v1/holder-notices/{holders}/approve", member, second, writes, "approve-holder-notice", "Agree to it, with which it is sent (in a session; tokens may not)"}), (*call).approveHolderNotice)
	act(t, tag(line{"POST", "/api/v1/holder-notices/{holders}/withdraw", member, work, writes, "withdraw-holder-notice", "Take a draft back"}), (*call).withdrawHolderNotice)
	read(t, tag(line{"GET", "/api/v1/statements", open, any, reads, "statements", "Public statements, newest first"}), (*call).statements)
	read(t, tag(line{"GET", "/api/v1/statements/{statement}", open, any, reads, "statement", "One public statement"}), (*call).statement)
	t.raw(tag(line{"GET", "/api/v1/cases/{case}/hand-over", member, work, reads, "handover", "A case's package, for who leads it"}), lookHandoverDoc, (*call).handover)
	t.raw(tag(line{"POST", "/api/v1/cases/{case}/hand-over", member, work, writes, "hand-over", "Hand a case over to another coordinator"}), handoverDoc, (*call).handOver)

	tag = t.tag("Parties and embargoes")
	read(t, tag(line{"GET", "/api/v1/cases/{case}/parties", member, any, reads, "parties", "Parties that you may know of"}), (*call).parties)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/parties", member, work, writes, "invite", "Ask organizations in"}), (*call).invite)
	read(t, tag(line{"GET", "/api/v1/parties/{party}", member, any, reads, "party", "One party"}), (*call).party)
	act(t, tag(line{"POST", "/api/v1/parties/{party}/remove", member, work, writes, "remove-party", "Take a party or an invitation out"}), (*call).removeParty)
	read(t, tag(line{"GET", "/api/v1/invitations", member, any, reads, "invitations", "Invitations of your organization"}), (*call).invitations)
	act(t, tag(line{"GET", "/api/v1/invitations/{party}", member, any, reads, "invitation", "One invitation; that you opened it is noted"}), (*call).invitation)
	act(t, tag(line{"POST", "/api/v1/invitations/{party}/accept", member, work, writes, "accept", "Agree to the embargo and take part"}), (*call).accept)
	act(t, tag(line{"POST", "/api/v1/invitations/{party}/decline", member, work, writes, "decline", "Say no"}), (*call).decline)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/leave", member, work, writes, "leave", "End your organization's part"}), (*call).leave)
	read(t, tag(line{"GET", "/api/v1/parties/{party}/seats", member, any, reads, "seats", "Your own people on the case"}), (*call).seats)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/seats", member, work, writes, "seat", "Give colleagues a place"}), (*call).seatPeople)
	act(t, tag(line{"DELETE", "/api/v1/cases/{case}/seats/{person}", member, work, writes, "unseat", "Take a colleague's place away"}), (*call).unseat)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/acknowledge", member, work, writes, "acknowledge", "Say that your organization has the report"}), (*call).acknowledge)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/handle", member, work, writes, "handle", "Move where your organization stands with the report"}), (*call).handle)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/updates", member, work, writes, "update", "Give word on the case"}), (*call).giveWord)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/fix", member, work, writes, "move-fix", "Say that your fix is ready, or deployed"}), (*call).moveFix)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/plan-fix", member, work, writes, "plan-fix", "Say when your fix is planned"}), (*call).planFix)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/statement", member, work, writes, "declare", "Set your organization's statement"}), (*call).declare)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/statuses", member, any, reads, "statuses", "Who says what of which vulnerability"}), (*call).caseStatuses)
	act(t, tag(line{"POST", "/api/v1/parties/{party}/statuses", member, work, writes, "set-statuses", "Say what is affected"}), (*call).setStatuses)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/embargo", member, any, reads, "embargo", "A case's embargo and its proposals"}), (*call).embargo)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/embargo", member, work, writes, "propose-embargo", "Propose an embargo, or another end"}), (*call).propose)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/embargo/terminate", member, work, writes, "end-embargo", "End the embargo before its end"}), (*call).endEmbargo)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/embargo/breach", member, work, writes, "breach", "Record what may end the embargo"}), (*call).breach)
	act(t, tag(line{"POST", "/api/v1/embargoes/{embargo}/consent", member, work, writes, "consent", "Agree to a proposal"}), (*call).consent)
	act(t, tag(line{"POST", "/api/v1/embargoes/{embargo}/accept", member, work, writes, "accept-embargo", "Put a proposal in force"}), (*call).acceptProposal)
	act(t, tag(line{"POST", "/api/v1/embargoes/{embargo}/reject", member, work, writes, "reject-embargo", "Turn a proposal down"}), (*call).rejectProposal)
	act(t, tag(line{"POST", "/api/v1/embargoes/{embargo}/keep", member, work, writes, "keep-embargo", "Decide that the embargo goes on"}), (*call).keepEmbargo)

	tag = t.tag("Clocks")
	read(t, tag(line{"GET", "/api/v1/cases/{case}/obligations", member, any, reads, "obligations", "What is owed in a case, and by when"}), (*call).obligations)
	read(t, tag(line{"GET", "/api/v1/obligations", member, any, reads, "my-obligations", "What your organization owes, in every case"}), (*call).myObligations)
	act(t, tag(line{"POST", "/api/v1/obligations/{clock}/waive", member, work, writes, "waive", "Record that an obligation is not pursued"}), (*call).waive)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/facts", member, any, reads, "facts", "What was stated"}), (*call).facts)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/facts", member, work, writes, "state-fact", "State what was done, or happened"}), (*call).stateFact)
	read(t, tag(line{"GET", "/api/v1/facts/{fact}", member, any, reads, "fact", "One fact"}), (*call).fact)
	act(t, tag(line{"POST", "/api/v1/facts/{fact}/withdraw", member, work, writes, "withdraw-fact", "Take a fact back"}), (*call).withdrawFact)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/serious-harm", member, any, reads, "harm-consequences", "What follows from known serious harm"}), (*call).harmConsequences)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/serious-harm", member, work, writes, "serious-harm", "Say that serious harm is known: it cannot be taken back"}), (*call).seriousHarm)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/determinations", member, any, reads, "determinations", "Signed risk determinations"}), (*call).determinations)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/determinations", member, work, writes, "determine", "Sign a risk determination"}), (*call).determine)
	act(t, tag(line{"POST", "/api/v1/determinations/try", member, work, writes, "try-determination", "What a worksheet comes to; nothing is signed"}), (*call).tryDetermination)
	read(t, tag(line{"GET", "/api/v1/risk-matrix", member, work, reads, "risk-matrix", "Your organization's own matrix"}), (*call).riskMatrix)
	act(t, tag(line{"POST", "/api/v1/risk-matrix", member, work, writes, "set-risk-matrix", "Put a new version in force"}), (*call).setRiskMatrix)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/notices", member, any, reads, "notices", "Customer notices"}), (*call).notices)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/notices", member, work, writes, "draft-notice", "Begin a customer notice"}), (*call).draftNotice)
	read(t, tag(line{"GET", "/api/v1/notices", member, any, reads, "isao-copies", "The ISAO's copies of customer notices"}), (*call).isaoCopies)
	read(t, tag(line{"GET", "/api/v1/notices/{notice}", member, any, reads, "notice", "One notice"}), (*call).notice)
	act(t, tag(line{"PATCH", "/api/v1/notices/{notice}", member, work, writes, "edit-notice", "Write a draft anew"}), (*call).editNotice)
	act(t, tag(line{"POST", "/api/v1/notices/{notice}/send", member, work, writes, "send-notice", "Mark as sent and give the ISAO its copy"}), (*call).sendNotice)
	t.raw(tag(line{"GET", "/api/v1/notices/{notice}/eml", member, any, reads, "notice-eml", "A notice for a mail program"}), emlDoc, (*call).eml)
	t.raw(tag(line{"GET", "/api/v1/parties/{party}/pma", member, any, reads, "pma-row", "A party's row for the periodic PMA report"}), pmaDoc, (*call).pma)

	tag = t.tag("Reports")
	read(t, tag(line{"GET", "/api/v1/reports", member, any, reads, "reports", "Reports that you made"}), (*call).reports)
	act(t, tag(line{"POST", "/api/v1/reports", member, policy.MayReport, writes, "submit-report", "Report a vulnerability to the desk"}), (*call).submit)
	t.raw(tag(line{"POST", "/api/v1/reports/files", member, policy.MayReport, writes, "upload-for-report", "Upload a file of a report"}), reportUploadDoc, (*call).uploadForReport)
	t.raw(tag(line{"GET", "/api/v1/reports/files/{cfile}", member, any, reads, "report-file", "Download a file of a report"}), downloadDoc, (*call).reportFile)
	read(t, tag(line{"GET", "/api/v1/reports/{report}", member, any, reads, "report", "A report with its dialogue"}), (*call).report)
	act(t, tag(line{"POST", "/api/v1/reports/{report}/messages", member, policy.MayReport, writes, "answer-report", "Write to the desk, or as the desk to the reporter"}), (*call).answerReport)
	t.raw(tag(line{"GET", "/api/v1/reports/anonymous", nobody, any, reads, "anonymous-form", "A key for a report without an account"}), formDoc, (*call).anonForm)
	t.raw(tag(line{"POST", "/api/v1/reports/anonymous", nobody, any, writes, "anonymous-report", "Report without an account"}), dropDoc, (*call).drop)
	t.raw(tag(line{"POST", "/api/v1/reports/anonymous/fetch", nobody, any, writes, "anonymous-fetch", "Come back with a receipt"}), fetchDoc, (*call).fetch)
	t.raw(tag(line{"POST", "/api/v1/reports/anonymous/file", nobody, any, writes, "anonymous-file", "A file, with a receipt"}), fetchFileDoc, (*call).fetchFile)
	read(t, tag(line{"GET", "/api/v1/triage", member, any, reads, "queue", "The desk's queue, oldest first"}), (*call).queue)
	read(t, tag(line{"GET", "/api/v1/triage/{report}", member, any, reads, "triage", "A report as the desk sees it"}), (*call).triage)
	act(t, tag(line{"POST", "/api/v1/triage/{report}/severity", member, desk, writes, "rate-report", "Say how severe it is"}), (*call).setSeverity)
	act(t, tag(line{"POST", "/api/v1/triage/{report}/assign", member, desk, writes, "assign-report", "Give it to a person of the desk"}), (*call).assignReport)
	act(t, tag(line{"POST", "/api/v1/triage/{report}/acknowledge", member, desk, writes, "acknowledge-report", "Tell the reporter that the desk has it"}), (*call).acknowledgeReport)
	act(t, tag(line{"POST", "/api/v1/triage/{report}/merge", member, desk, writes, "merge-report", "Make it a duplicate of another"}), (*call).mergeReport)
	act(t, tag(line{"POST", "/api/v1/triage/{report}/decide", member, desk, writes, "decide-report", "Decline, track or coordinate"}), (*call).decideReport)
	act(t, tag(line{"POST", "/api/v1/triage/{report}/reopen", member, desk, writes, "reopen-report", "Take a decision back"}), (*call).reopenReport)

	tag = t.tag("Need to know")
	read(t, tag(line{"GET", "/api/v1/cases/{case}/grants", member, any, reads, "grants", "A case's need-to-know register"}), (*call).grants)
	act(t, tag(line{"POST", "/api/v1/cases/{case}/grants", member, work, writes, "request-grant", "Ask for a grant for a named person of an agency"}), (*call).requestGrant)
	read(t, tag(line{"GET", "/api/v1/cases/{case}/openings", member, any, reads, "openings", "Who opened the case under which grant"}), (*call).openings)
	read(t, tag(line{"GET", "/api/v1/register", member, desk, reads, "register", "The register of all cases, for the desk (a token needs write)"}), (*call).register)
	read(t, tag(line{"GET", "/api/v1/grants", member, any, reads, "my-grants", "Your own grants"}), (*call).myGrants)
	read(t, tag(line{"GET", "/api/v1/grants/{grant}", member, any, reads, "grant", "One grant"}), (*call).grant)
	act(t, tag(line{"POST", "/api/v1/grants/{grant}/approve", member, second, writes, "approve-grant", "Be the second person (in a session; tokens may not)"}), (*call).approveGrant)
	act(t, tag(line{"POST", "/api/v1/grants/{grant}/open", member, any, writes, "open-grant", "Open the case for an hour; it is in the log"}), (*call).openGrant)
	act(t, tag(line{"POST", "/api/v1/grants/{grant}/answer", member, any, writes, "answer-grant", "Answer what you were asked"}), (*call).answerGrant)
	act(t, tag(line{"POST", "/api/v1/grants/{grant}/revoke", member, work, writes, "revoke-grant", "End or refuse a grant"}), (*call).revokeGrant)

	tag = t.tag("Proof")
	t.raw(tag(line{"GET", "/api/v1/topics/{topic}/evidence", member, policy.MayExport, reads, "evidence", "A topic's evidence pack"}), evidenceDoc, (*call).evidence)
	t.raw(tag(line{"GET", "/api/v1/cases/{case}/evidence", member, policy.MayExport, reads, "case-evidence", "A case's evidence pack"}), casePackDoc, (*call).casePack)
	read(t, tag(line{"GET", "/api/v1/members/{org}/participation", member, any, reads, "participation", "An organization's active participation in a period"}), (*call).participation)
	read(t, tag(line{"GET", "/api/v1/members/{org}/attestations", member, any, reads, "attestations", "What an organization attested"}), (*call).attestations)
	act(t, tag(line{"POST", "/api/v1/attestations", member, second, writes, "attest", "Attest for your organization (in a session; tokens may not)"}), (*call).attest)
	act(t, tag(line{"POST", "/api/v1/attestations/{attestation}/withdraw", member, second, writes, "withdraw-attestation", "Take an attestation back (in a session; tokens may not)"}), (*call).withdrawAttestation)
	read(t, tag(line{"GET", "/api/v1/traces", member, any, reads, "traces", "What your organization made of what it received"}), (*call).traces)
	act(t, tag(line{"POST", "/api/v1/traces", member, post, writes, "add-trace", "Link a case or topic to what you made of it"}), (*call).addTrace)
	read(t, tag(line{"GET", "/api/v1/certificates", member, any, reads, "certificates", "Certificates of participation"}), (*call).certificates)
	act(t, tag(line{"POST", "/api/v1/certificates", member, policy.MayVet, writes, "issue-certificate", "Certify a period that is over (the desk, in a session)"}), (*call).issue)
	t.raw(tag(line{"GET", "/api/v1/certificates/{certificate}", member, any, reads, "certificate", "A certificate with its proof"}), certificateDoc, (*call).certificateFile)
	read(t, tag(line{"GET", "/api/v1/ledger/key", open, any, reads, "ledger-key", "The key that evidence packs are verified with"}), (*call).ledgerKey)

	tag = t.tag("Threat intelligence")
	read(t, tag(line{"GET", "/api/v1/intel", open, any, reads, "intel-search", "STIX objects, newest first"}), (*call).intelSearch)
	read(t, tag(line{"GET", "/api/v1/intel/facets", open, any, reads, "intel-facets", "What a search finds, counted in your view"}), (*call).intelFacets)
	read(t, tag(line{"GET", "/api/v1/intel/markings", open, any, reads, "intel-markings", "Which markings you may receive"}), (*call).intelMarkings)
	read(t, tag(line{"GET", "/api/v1/intel/objects/{stix}", open, any, reads, "intel-object", "One object, in its latest version"}), (*call).intelObject)
	t.raw(tag(line{"GET", "/api/v1/intel/objects/{stix}/raw", open, any, reads, "intel-raw", "An object's exact bytes"}), rawIntelDoc, (*call).rawIntel)
	read(t, tag(line{"GET", "/api/v1/intel/objects/{stix}/versions", open, any, reads, "intel-versions", "An object's versions and copies, latest first"}), (*call).intelVersions)
	read(t, tag(line{"GET", "/api/v1/intel/objects/{stix}/referring", open, any, reads, "intel-referring", "What refers to an object"}), (*call).intelReferring)
	read(t, tag(line{"GET", "/api/v1/intel/objects/{stix}/sightings", open, any, reads, "intel-sightings", "Who saw an object"}), (*call).intelSightings)
	act(t, tag(line{"POST", "/api/v1/intel/objects/{stix}/sightings", member, post, writes, "sight-intel", "Say that you saw an object"}), (*call).intelSight)
	act(t, tag(line{"POST", "/api/v1/intel/objects/{stix}/remarks", member, post, writes, "remark-intel", "Add a note or an opinion"}), (*call).intelRemark)
	act(t, tag(line{"DELETE", "/api/v1/intel/objects/{stix}", member, post, writes, "delete-intel", "Delete what your organization brought of an object"}), (*call).intelDelete)
	t.raw(tag(line{"GET", "/api/v1/intel/export", member, policy.MayExport, reads, "export-intel", "Objects as STIX, CSV, MISP, a list or rules"}), exportIntelDoc, (*call).exportIntel)
	t.raw(tag(line{"POST", "/api/v1/intel/batches", member, post, writes, "import-intel", "Import a file: STIX, MISP or a table"}), importIntelDoc, (*call).importIntel)
	read(t, tag(line{"GET", "/api/v1/intel/batches", member, any, reads, "intel-batches", "What your organization sent, newest first"}), (*call).intelBatches)
	read(t, tag(line{"GET", "/api/v1/intel/batches/{batch}", member, any, reads, "intel-batch", "How far an import is, and what became of it"}), (*call).intelBatch)
	act(t, tag(line{"POST", "/api/v1/intel/batches/{batch}/stop", member, post, writes, "stop-batch", "Stop an import"}), (*call).stopBatch)
	act(t, tag(line{"POST", "/api/v1/intel/batches/{batch}/resume", member, post, writes, "resume-batch", "Go on with a stopped import"}), (*call).resumeBatch)
	read(t, tag(line{"GET", "/api/v1/intel/held", member, any, reads, "intel-held-list", "What waits for somebody, oldest first"}), (*call).intelHeldList)
	read(t, tag(line{"GET", "/api/v1/intel/held/{held}", member, any, reads, "intel-held", "One object that waits or waited"}), (*call).intelHeld)
	act(t, tag(line{"POST", "/api/v1/intel/held/{held}/decide", member, post, writes, "decide-held", "Let it in, or discard it"}), (*call).decideHeld)

	tag = t.tag("Outside sources and webhooks")
	read(t, tag(line{"GET", "/api/v1/intel/sources", member, any, reads, "intel-sources", "Outside sources of your organization"}), (*call).intelSources)
	act(t, tag(line{"POST", "/api/v1/intel/sources", member, post, writes, "add-source", "Subscribe to a TAXII server or a MISP feed"}), (*call).addSource)
	read(t, tag(line{"GET", "/api/v1/intel/sources/{source}", member, any, reads, "intel-source", "One source, and how it does"}), (*call).intelSource)
	act(t, tag(line{"PATCH", "/api/v1/intel/sources/{source}", member, post, writes, "edit-source", "Say anew how it is read"}), (*call).editSource)
	act(t, tag(line{"DELETE", "/api/v1/intel/sources/{source}", member, post, writes, "remove-source", "Remove a source; what it brought stays"}), (*call).removeSource)
	act(t, tag(line{"POST", "/api/v1/intel/sources/{source}/pause", member, post, writes, "pause-source", "Read it no more for now"}), (*call).pauseSource)
	act(t, tag(line{"POST", "/api/v1/intel/sources/{source}/resume", member, post, writes, "resume-source", "Read it again"}), (*call).resumeSource)
	act(t, tag(line{"POST", "/api/v1/intel/sources/{source}/pull", member, post, writes, "pull-source", "Read it now"}), (*call).pullSource)
	act(t, tag(line{"POST", "/api/v1/intel/sources/{source}/trust", member, post, writes, "trust-source", "Trust the certificate that it shows now"}), (*call).trustSource)
	read(t, tag(line{"GET", "/api/v1/intel/hooks", member, any, reads, "intel-hooks", "Webhooks of your organization"}), (*call).intelHooks)
	act(t, tag(line{"POST", "/api/v1/intel/hooks", member, post, writes, "add-hook", "Be told of what comes; the secret is shown once"}), (*call).addHook)
	read(t, tag(line{"GET", "/api/v1/intel/hooks/{hook}", member, any, reads, "intel-hook", "One webhook"}), (*call).intelHook)
	act(t, tag(line{"PATCH", "/api/v1/intel/hooks/{hook}", member, post, writes, "edit-hook", "Change what it tells, and where"}), (*call).editHook)
	act(t, tag(line{"DELETE", "/api/v1/intel/hooks/{hook}", member, post, writes, "remove-hook", "Remove a webhook"}), (*call).removeHook)
	act(t, tag(line{"POST", "/api/v1/intel/hooks/{hook}/turn", member, post, writes, "turn-hook", "Turn it on or off"}), (*call).turnHook)
	act(t, tag(line{"POST", "/api/v1/intel/hooks/{hook}/secret", member, post, writes, "renew-hook", "Sign with another secret, which is shown once"}), (*call).renewHook)
	act(t, tag(line{"POST", "/api/v1/intel/hooks/{hook}/test", member, post, writes, "test-hook", "Have it tell something that means nothing"}), (*call).testHook)
	read(t, tag(line{"GET", "/api/v1/intel/hooks/{hook}/deliveries", member, any, reads, "deliveries", "What it told, newest first"}), (*call).deliveries)
	act(t, tag(line{"POST", "/api/v1/intel/hooks/{hook}/deliveries/{delivery}/again", member, post, writes, "redeliver", "Tell something again, as far as it may still be read"}), (*call).redeliver)

	tag = t.tag("Products")
	read(t, tag(line{"GET", "/api/v1/products", open, any, reads, "products", "Medical devices that you may know of, by maker and name"}), (*call).deviceList)
	act(t, tag(line{"POST", "/api/v1/products", member, post, writes, "add-product", "Add a product"}), (*call).addDevice)
	t.raw(tag(line{"POST", "/api/v1/products/import", member, post, writes, "import-products", "Import a table, GUDID records or a CSAF product tree; or say what that would do"}), deviceImportDoc, (*call).importDevices)
	read(t, tag(line{"GET", "/api/v1/products/{product}", open, any, reads, "product", "One product"}), (*call).device)
	act(t, tag(line{"PATCH", "/api/v1/products/{product}", member, post, writes, "edit-product", "Say anew what a product is"}), (*call).editDevice)
	read(t, tag(line{"GET", "/api/v1/products/{product}/versions", open, any, reads, "versions", "A product's versions, newest first"}), (*call).versionList)
	act(t, tag(line{"POST", "/api/v1/products/{product}/versions", member, post, writes, "add-version", "Add a version"}), (*call).addVersion)
	read(t, tag(line{"GET", "/api/v1/versions/{version}", open, any, reads, "version", "One version"}), (*call).version)
	act(t, tag(line{"PATCH", "/api/v1/versions/{version}", member, post, writes, "edit-version", "Say anew what a version is"}), (*call).editVersion)
	read(t, tag(line{"GET", "/api/v1/products/{product}/aliases", open, any, reads, "aliases", "A product's other names"}), (*call).aliasList)
	act(t, tag(line{"POST", "/api/v1/products/{product}/aliases", member, post, writes, "add-alias", "Add another name"}), (*call).addAlias)
	act(t, tag(line{"DELETE", "/api/v1/aliases/{alias}", member, post, writes, "remove-alias", "Take another name away that is wrong"}), (*call).removeAlias)
	read(t, tag(line{"GET", "/api/v1/products/{product}/documents", open, any, reads, "documents", "A product's documents, newest first"}), (*call).documentList)
	t.raw(tag(line{"POST", "/api/v1/products/{product}/documents", member, post, writes, "add-document", "Add a document: MDS2, labelling, security"}), documentInDoc, (*call).addDocument)
	t.raw(tag(line{"GET", "/api/v1/documents/{document}", open, any, reads, "document", "Download a document"}), downloadDoc, (*call).downloadDocument)
	act(t, tag(line{"DELETE", "/api/v1/documents/{document}", member, post, writes, "remove-document", "Take a document away"}), (*call).removeDocument)
	read(t, tag(line{"GET", "/api/v1/products/{product}/stages", open, any, reads, "stages", "A product's moves through its life, newest first"}), (*call).deviceMoves)
	act(t, tag(line{"POST", "/api/v1/products/{product}/stage", member, post, writes, "move-product", "Move a product on in its life"}), (*call).moveDevice)
	read(t, tag(line{"GET", "/api/v1/products/{product}/gaps", open, any, reads, "product-gaps", "Responsibilities of its stage that the facts show are not met"}), (*call).deviceGaps)
	read(t, tag(line{"GET", "/api/v1/products/{product}/metrics", open, any, reads, "product-metrics", "FDA's three measures, by what you may see"}), (*call).deviceMetrics)
	act(t, tag(line{"POST", "/api/v1/products/{product}/relabel", member, post, writes, "relabel-product", "Tighten a product's label, or ask to loosen it"}), (*call).relabelDevice)
	read(t, tag(line{"GET", "/api/v1/product-relabels", member, any, reads, "product-relabels", "Requests to loosen a product's label that wait for you (in a session; tokens decide nothing)"}), (*call).deviceRelabels)
	act(t, tag(line{"POST", "/api/v1/product-relabels/{relabel}/approve", member, second, writes, "approve-product-relabel", "Be the second person (in a session; tokens may not)"}), (*call).approveDeviceRelabel)
	act(t, tag(line{"POST", "/api/v1/product-relabels/{relabel}/refuse", member, second, writes, "refuse-product-relabel", "Refuse a request (in a session; tokens may not)"}), (*call).refuseDeviceRelabel)
	act(t, tag(line{"POST", "/api/v1/product-relabels/{relabel}/withdraw", member, post, writes, "withdraw-product-relabel", "Take your request back"}), (*call).withdrawDeviceRelabel)

	tag = t.tag("SBOMs")
	t.raw(tag(line{"POST", "/api/v1/sboms", member, post, writes, "upload-sbom", "Upload an SBOM for a product: CycloneDX or SPDX"}), sbomInDoc, (*call).uploadSBOM)
	read(t, tag(line{"GET", "/api/v1/sboms", member, any, reads, "own-sboms", "SBOMs that your organization sent, newest first"}), (*call).ownSBOMs)
	read(t, tag(line{"GET", "/api/v1/products/{product}/sboms", open, any, reads, "sboms", "A product's SBOMs, newest first"}), (*call).sbomsOf)
	read(t, tag(line{"GET", "/api/v1/sboms/{sbom}", open, any, reads, "sbom", "How far the reading of an SBOM is, and how complete it is"}), (*call).sbom)
	t.raw(tag(line{"GET", "/api/v1/sboms/{sbom}/file", open, any, reads, "sbom-file", "An SBOM's file"}), sbomFileDoc, (*call).sbomFile)
	read(t, tag(line{"GET", "/api/v1/sboms/{sbom}/components", open, any, reads, "components", "An SBOM's components"}), (*call).sbomComponents)
	read(t, tag(line{"GET", "/api/v1/sboms/{sbom}/tree", open, any, reads, "sbom-tree", "The ways to what has findings, or to one component"}), (*call).sbomTree)
	read(t, tag(line{"GET", "/api/v1/sboms/{sbom}/diff", open, any, reads, "sbom-diff", "What changed from another SBOM to this"}), (*call).diffSBOM)
	act(t, tag(line{"POST", "/api/v1/sboms/{sbom}/tighten", member, post, writes, "tighten-sbom", "Give an SBOM a stricter label"}), (*call).tightenSBOM)
	act(t, tag(line{"POST", "/api/v1/sboms/{sbom}/withdraw", member, post, writes, "withdraw-sbom", "Take an SBOM back; it is matched no more"}), (*call).withdrawSBOM)
	read(t, tag(line{"GET", "/api/v1/contains", open, any, reads, "contains", "Which products contain this component?"}), (*call).contains)

	tag = t.tag("Deployments")
	read(t, tag(line{"GET", "/api/v1/deployments", member, any, reads, "deployments", "What your organization runs, by maker and model; nobody else reads it"}), (*call).deploymentList)
	act(t, tag(line{"POST", "/api/v1/deployments", member, post, writes, "deploy", "Add a deployment"}), (*call).deploy)
	t.raw(tag(line{"POST", "/api/v1/deployments/import", member, post, writes, "import-deployments", "Import an inventory; or say what that would do"}), deploymentImportDoc, (*call).importDeployments)
	t.raw(tag(line{"GET", "/api/v1/deployments/export", member, policy.MayExport, reads, "export-deployments", "What your organization runs, as a table"}), deploymentExportDoc, (*call).exportDeployments)
	read(t, tag(line{"GET", "/api/v1/deployments/numbers", member, any, reads, "deployment-numbers", "What your organization runs, in numbers"}), (*call).deploymentNumbers)
	read(t, tag(line{"GET", "/api/v1/deployments/suggestions", member, any, reads, "suggestions", "Known products that your deployments may be of"}), (*call).suggestions)
	act(t, tag(line{"POST", "/api/v1/deployments/suggestions/accept", member, post, writes, "accept-suggestions", "Accept what is sure, up to 500 at once"}), (*call).acceptAll)
	read(t, tag(line{"GET", "/api/v1/deployments/{deployment}", member, any, reads, "deployment", "One deployment"}), (*call).deployment)
	act(t, tag(line{"PATCH", "/api/v1/deployments/{deployment}", member, post, writes, "edit-deployment", "Say anew what a deployment is"}), (*call).editDeployment)
	act(t, tag(line{"POST", "/api/v1/deployments/{deployment}/retire", member, post, writes, "retire-deployment", "Take it out of use"}), (*call).retireDeployment)
	read(t, tag(line{"GET", "/api/v1/deployments/{deployment}/suggestions", member, any, reads, "deployment-suggestions", "Known products that it may be of"}), (*call).deploymentSuggestions)
	act(t, tag(line{"POST", "/api/v1/deployments/{deployment}/product", member, post, writes, "accept-suggestion", "Say that it is of a known product"}), (*call).acceptSuggestion)
	read(t, tag(line{"GET", "/api/v1/deployments/{deployment}/gaps", member, any, reads, "deployment-gaps", "Responsibilities that the facts show are not met"}), (*call).deploymentGaps)

	tag = t.tag("Findings")
	read(t, tag(line{"GET", "/api/v1/products/{product}/findings", open, any, reads, "product-findings", "What touches a product, the most urgent first"}), (*call).findingsOfProduct)
	read(t, tag(line{"GET", "/api/v1/sboms/{sbom}/findings", open, any, reads, "sbom-findings", "What touches the components of an SBOM"}), (*call).findingsOfSBOM)
	read(t, tag(line{"GET", "/api/v1/deployments/{deployment}/findings", member, any, reads, "deployment-findings", "What touches a deployment"}), (*call).findingsOfDeployment)
	read(t, tag(line{"GET", "/api/v1/exposure/findings", member, any, reads, "my-findings", "What touches what your organization runs"}), (*call).myFindings)
	read(t, tag(line{"GET", "/api/v1/exposure", member, any, reads, "exposure", "Your devices against severity, and what changed"}), (*call).exposure)
	read(t, tag(line{"GET", "/api/v1/findings/{find}", open, any, reads, "finding", "One finding, and why"}), (*call).finding)
	read(t, tag(line{"GET", "/api/v1/findings/{find}/path", open, any, reads, "finding-path", "The way from the product to the component"}), (*call).findingPath)
	act(t, tag(line{"POST", "/api/v1/findings/{find}/answer", member, post, writes, "answer-finding", "Decide about a finding, for your organization alone"}), (*call).answerFinding)
	act(t, tag(line{"POST", "/api/v1/findings/{find}/vex", member, post, writes, "say-of-finding", "Say whether its product is affected"}), (*call).sayOfFinding)
	read(t, tag(line{"GET", "/api/v1/products/{product}/vex", open, any, reads, "vex-statements", "What is said of vulnerabilities in a product (VEX)"}), (*call).vexList)
	act(t, tag(line{"POST", "/api/v1/products/{product}/vex", member, post, writes, "say-vex", "Say whether a product is affected"}), (*call).sayVEX)
	t.raw(tag(line{"POST", "/api/v1/products/{product}/vex/import", member, post, writes, "import-vex", "Take in a VEX document"}), vexInDoc, (*call).importVEX)
	t.raw(tag(line{"GET", "/api/v1/products/{product}/vex/export", open, any, reads, "export-vex", "The statements as OpenVEX, CSAF or CycloneDX"}), vexOutDoc, (*call).exportVEX)
	read(t, tag(line{"GET", "/api/v1/vex/{vex}", open, any, reads, "vex", "One statement"}), (*call).vex)

	tag = t.tag("Known vulnerabilities")
	read(t, tag(line{"GET", "/api/v1/vulns", open, any, reads, "known-vulnerabilities", "What sources speak of, newest word first"}), (*call).knownList)
	read(t, tag(line{"GET", "/api/v1/vulns/{known}", open, any, reads, "known-vulnerability", "One vulnerability, with each source's word"}), (*call).known)
	read(t, tag(line{"GET", "/api/v1/vulns/{known}/findings", open, any, reads, "vulnerability-findings", "What it touches, of what you may see"}), (*call).findingsOfVulnerability)
	t.raw(tag(line{"POST", "/api/v1/vuln-batches", member, post, writes, "import-vulns", "Import a file of records: OSV, CVE, KEV, EPSS, CSAF"}), vulnInDoc, (*call).importVulns)
	read(t, tag(line{"GET", "/api/v1/vuln-batches", member, any, reads, "vuln-batches", "What your organization sent and feeds brought, newest first"}), (*call).vulnBatches)
	read(t, tag(line{"GET", "/api/v1/vuln-batches/{vbatch}", member, any, reads, "vuln-batch", "How far an import is, and what became of it"}), (*call).vulnBatch)
	act(t, tag(line{"POST", "/api/v1/vuln-batches/{vbatch}/stop", member, post, writes, "stop-vuln-batch", "Stop an import"}), (*call).stopVulnBatch)
	act(t, tag(line{"POST", "/api/v1/vuln-batches/{vbatch}/resume", member, post, writes, "resume-vuln-batch", "Go on with a stopped import"}), (*call).resumeVulnBatch)
	read(t, tag(line{"GET", "/api/v1/vuln-feeds", member, any, reads, "vuln-feeds", "Feeds, and how they do"}), (*call).feedList)
	act(t, tag(line{"POST", "/api/v1/vuln-feeds", member, desk, writes, "add-vuln-feed", "Have a feed read"}), (*call).addFeed)
	read(t, tag(line{"GET", "/api/v1/vuln-feeds/{feed}", member, any, reads, "vuln-feed", "One feed"}), (*call).feed)
	act(t, tag(line{"PATCH", "/api/v1/vuln-feeds/{feed}", member, desk, writes, "edit-vuln-feed", "Change a feed"}), (*call).editFeed)
	act(t, tag(line{"DELETE", "/api/v1/vuln-feeds/{feed}", member, desk, writes, "remove-vuln-feed", "End a feed; what it brought stays"}), (*call).removeFeed)
	act(t, tag(line{"POST", "/api/v1/vuln-feeds/{feed}/pause", member, desk, writes, "pause-vuln-feed", "Read it no more for now"}), (*call).pauseFeed)
	act(t, tag(line{"POST", "/api/v1/vuln-feeds/{feed}/resume", member, desk, writes, "resume-vuln-feed", "Read it again"}), (*call).resumeFeed)
	act(t, tag(line{"POST", "/api/v1/vuln-feeds/{feed}/pull", member, desk, writes, "pull-vuln-feed", "Read it now"}), (*call).pullFeed)

	tag = t.tag("Alerts")
	read(t, tag(line{"GET", "/api/v1/alert-notices", member, any, reads, "alert-notices", "What your organization was told: exploited first, then what surely matches"}), (*call).alertNotices)
	read(t, tag(line{"GET", "/api/v1/alert-notices/volume", member, any, reads, "notice-volume", "How many notices came, by week"}), (*call).noticeVolume)
	read(t, tag(line{"GET", "/api/v1/alert-notices/{notice}", member, any, reads, "alert-notice", "One notice, and why you got it"}), (*call).alertNotice)
	act(t, tag(line{"POST", "/api/v1/alert-notices/{notice}/open", member, post, writes, "open-notice", "Note that your organization has read it"}), (*call).openNotice)
	act(t, tag(line{"POST", "/api/v1/alert-notices/{notice}/answer", member, post, writes, "answer-notice", "Say what you found: not us, looking, affected, fixed"}), (*call).answerNotice)
	act(t, tag(line{"POST", "/api/v1/alert-notices/{notice}/archive", member, post, writes, "archive-notice", "Put it away, or bring it back"}), (*call).archiveNotice)
	act(t, tag(line{"POST", "/api/v1/alert-notices/{notice}/inquiries", member, post, writes, "ask-about-alert", "Ask who wrote the alert; you stay unnamed"}), (*call).askAboutAlert)
	read(t, tag(line{"GET", "/api/v1/inquiries", member, any, reads, "inquiries", "Inquiries that wait for you"}), (*call).openInquiries)
	read(t, tag(line{"GET", "/api/v1/inquiries/{inquiry}", member, any, reads, "inquiry", "One inquiry, with its messages"}), (*call).inquiry)
	act(t, tag(line{"POST", "/api/v1/inquiries/{inquiry}/messages", member, post, writes, "reply-inquiry", "Write on, from either side"}), (*call).replyInquiry)
	act(t, tag(line{"POST", "/api/v1/inquiries/{inquiry}/close", member, post, writes, "close-inquiry", "End an inquiry"}), (*call).closeInquiry)
	act(t, tag(line{"POST", "/api/v1/inquiries/{inquiry}/reveal", member, post, writes, "reveal-inquiry", "Say who you are; it cannot be taken back"}), (*call).revealInquiry)
	read(t, tag(line{"GET", "/api/v1/alerts", member, any, reads, "alerts", "Alerts that your organization writes; for the desk all"}), (*call).alertList)
	act(t, tag(line{"POST", "/api/v1/alerts", member, post, writes, "draft-alert", "Write an alert to the holders of products"}), (*call).draftAlert)
	read(t, tag(line{"GET", "/api/v1/alerts/community", open, any, reads, "community-alerts", "Alerts for everybody that were sent, newest first"}), (*call).communityAlerts)
	read(t, tag(line{"GET", "/api/v1/alerts/reach", member, any, reads, "alert-reach", "How many organizations hold a product, from five on"}), (*call).alertReach)
	read(t, tag(line{"GET", "/api/v1/alerts/{alert}", open, any, reads, "alert", "One alert"}), (*call).alert)
	act(t, tag(line{"PATCH", "/api/v1/alerts/{alert}", member, post, writes, "edit-alert", "Say anew what a draft says"}), (*call).editAlert)
	act(t, tag(line{"POST", "/api/v1/alerts/{alert}/approve", member, post, writes, "approve-alert", "Approve it as it is (where a second person is needed, in a session)"}), (*call).approveAlert)
	act(t, tag(line{"POST", "/api/v1/alerts/{alert}/send", member, post, writes, "send-alert", "Send it to the holders of what it names"}), (*call).sendAlert)
	act(t, tag(line{"POST", "/api/v1/alerts/{alert}/withdraw", member, post, writes, "withdraw-alert", "Take it back; its notices say so"}), (*call).withdrawAlert)
	read(t, tag(line{"GET", "/api/v1/alerts/{alert}/funnel", member, any, reads, "alert-funnel", "How it was received, in counts from five on"}), (*call).alertFunnel)
	read(t, tag(line{"GET", "/api/v1/alerts/{alert}/inquiries", member, any, reads, "alert-inquiries", "What was asked about it, as far as it is yours"}), (*call).alertInquiries)

	tag = t.tag("VINCE")
	read(t, tag(line{"GET", "/vince/comm/api/cases/{$}", member, any, reads, "vince-cases", "Your cases, as VINCE lists them"}), (*call).vinceCases)
	read(t, tag(line{"GET", "/vince/comm/api/case/{case}/{$}", member, any, reads, "vince-case", "One case"}), (*call).vinceCase)
	read(t, tag(line{"GET", "/vince/comm/api/case/{case}/posts/{$}", member, any, reads, "vince-posts", "Its posts"}), (*call).vincePosts)
	read(t, tag(line{"GET", "/vince/comm/api/case/{case}/report/{$}", member, any, reads, "vince-report", "The report that it came of"}), (*call).vinceReport)
	read(t, tag(line{"GET", "/vince/comm/api/case/{case}/vuls/{$}", member, any, reads, "vince-vuls", "Its vulnerabilities"}), (*call).vinceVuls)
	read(t, tag(line{"GET", "/vince/comm/api/case/{case}/vendors/{$}", member, any, reads, "vince-vendors", "Its vendors"}), (*call).vinceVendors)

	tag = t.tag("This description")
	t.raw(tag(line{"GET", "/openapi.json", open, any, reads, "openapi", "This API as OpenAPI 3.1"}), specDoc, (*call).openAPI)
	t.raw(tag(line{"GET", "/api", open, any, reads, "page", "This API as a page"}), pageDoc, (*call).page)
	return t.finish()
}
