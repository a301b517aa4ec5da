package api

import (
	"log/slog"
	"sync"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
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
		signed = httpkit.SignedIn
		member = httpkit.Member

		reads  = policy.ScopeRead
		writes = policy.ScopeWrite

		any  = policy.Right("")
		post = policy.MayPost
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

	tag = t.tag("Proof")
	t.raw(tag(line{"GET", "/api/v1/topics/{topic}/evidence", member, policy.MayExport, reads, "evidence", "A topic's evidence pack"}), evidenceDoc, (*call).evidence)
	read(t, tag(line{"GET", "/api/v1/ledger/key", open, any, reads, "ledger-key", "The key that evidence packs are verified with"}), (*call).ledgerKey)

	tag = t.tag("This description")
	t.raw(tag(line{"GET", "/openapi.json", open, any, reads, "openapi", "This API as OpenAPI 3.1"}), specDoc, (*call).openAPI)
	t.raw(tag(line{"GET", "/api", open, any, reads, "page", "This API as a page"}), pageDoc, (*call).page)
	return t.finish()
}
