package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// readersShown is how many organizations the rail names among a case's readers.
const readersShown = 12

// participantsShown is how many rows of its participants a summary shows.
const participantsShown = 12

// momentsAPage is how many events a page of a case's timeline shows.
const momentsAPage = 30

// caseView is what a case's summary is drawn from.
type caseView struct {
	caseHead
	Next   ui.Step
	Clocks ui.ClocksChart
	// MoreClocks is how many clocks are on their own tab only.
	MoreClocks int
	Matrix     ui.MatrixTable
	Facts      []ui.KV
	Ledger     []ui.KV
	Actions    []ui.Action
	Reach      []ui.AudienceRow
	Thread     string // the official thread's topic, or ""
	Posts      []forum.Post
	Story      ui.Story
	Prose      *prose
	Now        time.Time
}

// caseShow is a case's summary: what is next, its clocks, who takes part and has
// done what, and what happened.
func (c *Ctx) caseShow() error {
	var m cases.Matrix
	read := func(k cases.Case) (ps []cases.Party, err error) {
		if m, err = c.Cases.Matrix(c.View, k.ID); err != nil {
			return nil, err
		}
		for _, r := range m.Rows {
			ps = append(ps, r.Party)
		}
		return ps, nil
	}
	return c.onMatrix(tabSummary, read, func(h caseHead) error {
		x := caseView{caseHead: h, Now: c.View.Now(), Prose: c.prose()}
		step, err := c.Cases.NextIn(c.View, h.K, m)
		if err != nil {
			return err
		}
		if x.Next, err = c.caseStep(h, step); err != nil {
			return err
		}
		var labels []policy.Label
		if x.Clocks, x.MoreClocks, labels, err = c.summaryClocks(h); err != nil {
			return err
		}
		x.Matrix = participants(h, m, c.R.URL.Query().Get("participants") == "all", x.Now)
		if x.Story, err = c.caseStory(h, h.At("")); err != nil {
			return err
		}
		if err := c.caseRail(&x); err != nil {
			return err
		}
		page := c.casePage(h, "summary", 200, append(labels, postLabels(x.Posts)...)...)
		page.Body, page.Right = caseBody(x), caseAside(x)
		return c.show(page)
	})
}

func postLabels(ps []forum.Post) (ls []policy.Label) {
	for _, p := range ps {
		ls = append(ls, p.Label)
	}
	return ls
}

// caseStep turns the duty's next step into a sentence and a button.
func (c *Ctx) caseStep(h caseHead, s cases.Step) (ui.Step, error) {
	out := ui.Step{Kind: "warn", Sentence: s.Text + ".", Detail: s.Detail}
	if !s.Due.IsZero() {
		out.Sentence = s.Text + ": " + dueWords(s.Due, c.View.Now()) + "."
	}
	to := func(button, part string) { out.Button, out.Href, out.Key = button, h.At(part), "r" }
	send := func(button, part string, hidden ...ui.Hidden) {
		to(button, part)
		out.Method, out.Hidden = "post", hidden
	}
	switch s.Action {
	case "":
		out.Kind = "ok"
	case cases.DoDecideEmbargo, cases.DoAcceptEmbargo, cases.DoConsent:
		to("Decide on the embargo", "embargo")
	case cases.DoProposal:
		to("Propose an embargo", "embargo")
	case cases.DoEndEmbargo:
		to("See what ending it does", "embargo")
	case cases.DoClock:
		to("Go to the clocks", tabClocks)
	case cases.DoNotice:
		to("Write the notice", "notices/new")
		ns, err := c.Cases.Notices(c.View, h.K.ID)
		if err != nil {
			return out, err
		}
		for _, n := range ns {
			if n.State == cases.NoticeDraft && h.Own != nil && n.Party == h.Own.ID {
				to("Review the draft", "notices/"+n.ID)
			}
		}
	case cases.DoTriage:
		to("Choose the next stage", "stage")
	case cases.DoInvite:
		to("Invite vendors", "invite")
	case cases.DoRemind:
		to("Write to them", "threads/new?late=1")
	case cases.DoAssign:
		send("Take the case", "assign", ui.Hidden{Name: "person", Value: c.Viewer.Person})
	case cases.DoPublish:
		to("Prepare the public statement", "publish")
	case cases.DoShare:
		to("Share with the desk", "share")
	case cases.DoAcknowledge:
		send("Acknowledge the report", "acknowledge")
	case cases.DoStatuses:
		to("Say what is affected", "statuses")
	case cases.DoDetermine:
		to("Determine the risk", tabRisk)
	case cases.DoFix:
		to("Plan the fix", "ours")
	case cases.DoUpdate:
		to("Give word", "ours")
	case cases.DoAnswer:
		mine, err := c.Cases.MyGrants(c.View)
		if err != nil {
			return out, err
		}
		for _, g := range mine {
			if g.Case == h.K.ID && g.State(c.View.Now()) == cases.GrantGiven && g.Answered.IsZero() {
				out.Button, out.Href, out.Key = "Answer it", "/grants/"+g.ID, "r"
			}
		}
	}
	return out, nil
}

// participants is who takes part, who is asked, and what each has done.
// Of many it shows those who are late and the first others, unless all are wanted.
func participants(h caseHead, m cases.Matrix, whole bool, now time.Time) ui.MatrixTable {
	t := ui.MatrixTable{ID: "participants", Caption: "Participants", Legend: true, Empty: "Nobody but its coordinator is in this case yet."}
	for _, w := range cases.StepWords {
		t.Columns = append(t.Columns, ui.MatrixColumn{Name: w})
	}
	if h.Leads && h.K.Shared {
		t.Note = "You see those who are asked and have not accepted; the other participants do not."
	}
	if m.Late > 0 {
		t.Finding = fmt.Sprintf("%s late.", ui.Count(m.Late, "participant is", "participants are"))
	} else if len(m.Rows) > 0 {
		t.Finding = fmt.Sprintf("%s, nobody is late.", ui.Count(len(m.Rows), "participant", "participants"))
	}
	rows := m.Rows
	if !whole && len(rows) > participantsShown+1 {
		rows = slices.Clone(rows)
		slices.SortStableFunc(rows, func(a, b cases.MatrixRow) int { return rank(a, h) - rank(b, h) })
		rows = rows[:participantsShown]
	}
	for _, r := range rows {
		row := ui.MatrixRow{Name: r.Party.Name, Kind: partyKind(r.Party), Mine: h.Own != nil && r.Party.ID == h.Own.ID, Href: h.At("parties/" + r.Party.ID)}
		for i, k := range r.Marks {
			row.Cells = append(row.Cells, markDot(i, k, r, now))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// rank puts one's own organization first, and then who is late.
func rank(r cases.MatrixRow, h caseHead) int {
	switch {
	case h.Own != nil && r.Party.ID == h.Own.ID:
		return 0
	case r.Late:
		return 1
	default:
		return 2
	}
}

func partyKind(p cases.Party) string {
	switch p.State {
	case cases.Declined:
		return p.Role.Words() + ", declined"
	case cases.Left:
		return p.Role.Words() + ", left"
	case cases.Removed:
		return p.Role.Words() + ", removed"
	}
	return p.Role.Words()
}

// markDot is one cell of the participants.
func markDot(step int, k cases.Mark, r cases.MatrixRow, now time.Time) ui.Dot {
	word := cases.StepWords[step]
	switch {
	case r.Party.State != cases.Invited && r.Party.State != cases.Joined && k.At.IsZero():
		return ui.Dot{State: "none", Words: word + ": takes no part any more"}
	case step == cases.StepFix && !k.At.IsZero() && !k.Late && (r.Party.Fix == "vfd" || r.Party.Fix == "Vfd"):
		return ui.Dot{State: "pending", Words: "Fix planned for " + ui.Absolute(k.At, now), Text: k.At.UTC().Format("2 Jan")}
	case k.Late && !k.At.IsZero():
		return ui.Dot{State: "late", Words: word + " " + ui.Absolute(k.At, now) + ", and late again since " + ui.Absolute(k.Due, now), Text: k.At.UTC().Format("2 Jan")}
	case k.Late:
		return ui.Dot{State: "late", Words: word + ": late, expected by " + ui.Absolute(k.Due, now)}
	case !k.At.IsZero():
		return ui.Dot{State: "done", Words: word + " " + ui.Absolute(k.At, now), Text: k.At.UTC().Format("2 Jan")}
	case !k.Due.IsZero():
		return ui.Dot{State: "pending", Words: word + ": expected by " + ui.Absolute(k.Due, now)}
	case r.Party.State == cases.Invited && step > cases.StepInvited:
		return ui.Dot{State: "pending", Words: word + ": not yet"}
	case r.Party.Role == cases.Vendor && r.Party.State == cases.Joined:
		return ui.Dot{State: "pending", Words: word + ": not yet"}
	}
	return ui.Dot{State: "none", Words: word + ": not asked for"}
}

// storyFilters are the timeline's, by the name in the address.
var storyFilters = []ui.Filter{{Label: "All", Href: ""}, {Label: "People", Href: cases.ClassPeople}, {Label: "Clocks", Href: cases.ClassClocks}, {Label: "Decisions", Href: cases.ClassDecisions}, {Label: "System", Href: cases.ClassSystem}}

// caseStory is what happened in a case, from the place that the address names.
func (c *Ctx) caseStory(h caseHead, at string) (s ui.Story, err error) {
	q := c.R.URL.Query()
	token := c.Box.Token("web/case-story")
	bound := []byte(c.Viewer.Person + " " + h.K.ID)
	var before int64
	if from := q.Get("before"); from != "" {
		if before, err = token.Decode(from, bound); err != nil {
			return s, fault.InvalidField("before", "This is not a place in this list. Start from its beginning.")
		}
	}
	show := q.Get("show")
	known := false
	s = ui.Story{Label: "What happened in this case", Now: c.View.Now()}
	for _, f := range storyFilters {
		f.Current = f.Href == show
		known = known || f.Current
		if f.Href == "" {
			f.Href = at + "#story"
		} else {
			f.Href = at + "?show=" + f.Href + "#story"
		}
		s.Filters = append(s.Filters, f)
	}
	if !known {
		show, s.Filters[0].Current = "", true
	}
	limit := momentsAPage
	if show != "" {
		limit = cases.MaxPage
	}
	ms, next, err := c.Cases.Timeline(c.View, h.K.ID, before, limit)
	if err != nil {
		return s, err
	}
	for _, m := range ms {
		if show == "" || m.Class == show {
			s.Events = append(s.Events, storyEvent(h, m))
		}
	}
	query := "?"
	if show != "" {
		query = "?show=" + show + "&"
	}
	if next != 0 {
		s.Pages.OlderHref = at + query + "before=" + token.Encode(next, bound) + "#story"
	}
	if before != 0 {
		s.Pages.NewerHref = at + query[:len(query)-1] + "#story"
		s.Pages.Note = "Newer leads to the newest."
	}
	return s, nil
}

// eventID names a moment on its page. Its place in the ledger would tell how much
// else is recorded (T-13).
func eventID(m cases.Moment) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s\x00%s", m.Verb, m.Object, m.At.UnixMicro(), m.Text, m.Detail))
	return "e" + hex.EncodeToString(sum[:8])
}

func storyEvent(h caseHead, m cases.Moment) ui.StoryEvent {
	e := ui.StoryEvent{ID: eventID(m), At: m.At, Lane: m.Class, Text: upperFirst(m.Text), By: joinWords(m.Name, m.Org), Detail: m.Detail, Proof: "recorded", ProofText: "Recorded; the next checkpoint will cover it"}
	if m.Proof {
		e.Proof, e.ProofText = "proved", "Recorded and covered by a signed checkpoint"
	}
	switch m.Verb {
	case "embargo.ended", "case.happened", "party.removed", "embargo.breached":
		e.Kind = "warn"
	case "embargo.accepted", "party.joined", "publication.opened", "grant.answered":
		e.Kind = "ok"
	}
	switch {
	case m.Verb == "case.thread-opened":
		e.Href = "/topics/" + m.Object
	case slices.ContainsFunc(h.All, func(p cases.Party) bool { return p.ID == m.Object }):
		e.Href = h.At("parties/" + m.Object)
	}
	return e
}

// caseRail fills what stands beside a case.
func (c *Ctx) caseRail(x *caseView) error {
	k := x.K
	reach, err := c.Members.Reach(c.View, k.Label)
	if err != nil {
		return err
	}
	x.Reach = audienceRows(reach)
	if n := len(x.Reach) - readersShown; n > 1 { // the band on top names all
		x.Reach = append(x.Reach[:readersShown], ui.AudienceRow{Org: "and " + ui.Count(n, "other organization", "other organizations")})
	}
	x.Facts = []ui.KV{{Key: "Stage", Part: chipLink(k.Stage.Words(), x.At(tabDecisions))}, {Key: "Embargo", Value: upperFirst(embargoShort(k, x.Now)), Href: x.At("embargo")}}
	if k.MakerName != "" {
		x.Facts = append(x.Facts, ui.KV{Key: "Manufacturer", Value: k.MakerName})
	}
	if k.Coordinator.Name != "" {
		x.Facts = append(x.Facts, ui.KV{Key: "Coordinator", Value: k.Coordinator.Name})
	}
	if !k.Shared {
		x.Facts = append(x.Facts, ui.KV{Key: "Desk", Value: "Not shared with the desk"})
	}
	for _, e := range []struct {
		word string
		at   time.Time
	}{{"Public since", k.PublicAt}, {"Exploit public", k.ExploitAt}, {"Attacks seen", k.AttacksAt}} {
		if !e.at.IsZero() {
			x.Facts = append(x.Facts, ui.KV{Key: e.word, Part: ui.RelTime(e.at, x.Now)})
		}
	}
	x.Actions = c.caseActions(x.caseHead)
	threads, err := c.Cases.Threads(c.View, k.ID)
	if err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	for _, t := range threads {
		if t.Official && !g.hides(t.Label) {
			x.Thread = t.ID
			if x.Posts, err = c.Forum.PostsBefore(c.View, t.ID, forum.Cursor{}, 3); err != nil {
				return err
			}
		}
	}
	x.Ledger, err = c.caseRecorded(k.ID)
	return err
}

// caseRecorded says how the newest that happened in a case stands in the ledger.
// Its cost does not grow with how much happened.
func (c *Ctx) caseRecorded(id string) ([]ui.KV, error) {
	es, err := c.Ledger.Before(c.View, id, 0, 1)
	if err != nil || len(es) == 0 {
		return nil, err
	}
	cp, err := c.Ledger.Checkpoint(c.View)
	if err != nil && !fault.Is(err, fault.Missing) {
		return nil, err
	}
	kv := ui.KV{Key: "Newest entry", Value: "Recorded; the next checkpoint will cover it"}
	if cp.Size > es[0].Seq {
		kv.Value = "Recorded and covered by a signed checkpoint"
	}
	return []ui.KV{kv}, nil
}

// caseActions is what the reader can do with the case besides its next step.
func (c *Ctx) caseActions(h caseHead) (as []ui.Action) {
	add := func(label, part, icon, key string) {
		as = append(as, ui.Action{Label: label, Href: h.At(part), Icon: icon, Key: key})
	}
	if h.Leads {
		add("Change the stage", "stage", "pin", "s")
	}
	add("Clocks", tabClocks, "clock", "k")
	if h.Leads && h.K.Shared {
		add("Invite", "invite", "people", "i")
	}
	if c.Viewer.May(policy.MayWorkCase) {
		add("Start a side thread", "threads/new", "room", "w")
	}
	add("Evidence", tabEvidence, "evidence", "E")
	add("Agencies’ access", "grants", "lock", "")
	if h.Leads {
		add("Edit title and summary", "edit", "edit", "")
		add("Record what became public", "happened", "alert", "")
		if !h.K.Shared {
			add("Share with the desk", "share", "people", "")
		}
	}
	if h.Own != nil {
		add("Our part in this case", "ours", "account", "")
	}
	return as
}
