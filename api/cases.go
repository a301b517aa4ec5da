package api

import (
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Case is one coordinated disclosure.
type Case struct {
	ID               string    `json:"id"`
	Short            string    `json:"short" doc:"The id as people say it"`
	Title            string    `json:"title"`
	Summary          string    `json:"summary" doc:"Markdown"`
	Stage            string    `json:"stage"`
	StageAt          time.Time `json:"stage_at"`
	Severity         string    `json:"severity,omitempty" doc:"Of its worst vulnerability; missing while none is scored"`
	Safety           string    `json:"safety" enum:"unknown,under-review,none,possible,harm" doc:"What is known of harm to patients"`
	OpenedAt         time.Time `json:"opened_at"`
	OpenedBy         Author    `json:"opened_by"`
	Coordinator      *Author   `json:"coordinator,omitempty"`
	ReviewAt         time.Time `json:"review_at,omitzero" doc:"The next review that the coordinator promised"`
	Manufacturer     string    `json:"manufacturer,omitempty" doc:"The lead manufacturer's organization"`
	ManufacturerName string    `json:"manufacturer_name,omitempty"`
	Room             string    `json:"room" doc:"Of its threads"`
	Shared           bool      `json:"shared_with_desk"`
	Embargo          Embargo   `json:"embargo"`
	State            string    `json:"state" doc:"What is known of the vulnerability: p or P (public), x or X (exploit), a or A (attacks)" example:"pxa"`
	PublicAt         time.Time `json:"public_at,omitzero"`
	ExploitAt        time.Time `json:"exploit_at,omitzero"`
	AttacksAt        time.Time `json:"attacks_at,omitzero"`
	Origin           string    `json:"origin,omitempty" doc:"The coordinator who handed it over"`
	Label            Label     `json:"label"`
}

// Embargo is the agreed window in which a case is not published.
type Embargo struct {
	State   string    `json:"state" enum:"none,proposed,active,revise,exited"`
	From    time.Time `json:"from,omitzero"`
	Until   time.Time `json:"until,omitzero" doc:"It ends at this instant"`
	Terms   string    `json:"terms,omitempty"`
	EndedAt time.Time `json:"ended_at,omitzero"`
	Binding bool      `json:"binding" doc:"It binds the parties now"`
	Digest  string    `json:"digest,omitempty" doc:"Names exactly these terms: to be sent as agree"`
}

func embargo(e cases.Embargo, now time.Time) Embargo {
	if e.State == "" {
		e.State = string(vultron.EmbargoNone)
	}
	return Embargo{e.State, utc(e.From), utc(e.Until), e.Terms, utc(e.Ended), e.In(now), e.Digest()}
}

func (c *call) caseShape(v *db.View, k cases.Case) (Case, error) {
	l, err := c.label(v, k.Label)
	out := Case{ID: k.ID, Short: k.Short(), Title: k.Title, Summary: k.Summary, Stage: string(k.Stage), StageAt: utc(k.StageAt), Severity: k.Severity, Safety: string(k.Safety),
		OpenedAt: utc(k.At), OpenedBy: author(k.Author), ReviewAt: utc(k.ReviewAt), Manufacturer: k.Maker, ManufacturerName: k.MakerName, Room: k.Room, Shared: k.Shared,
		Embargo: embargo(k.Embargo, v.Now()), State: k.Letters(), PublicAt: utc(k.PublicAt), ExploitAt: utc(k.ExploitAt), AttacksAt: utc(k.AttacksAt), Origin: k.Origin, Label: l}
	if k.Coordinator.Name != "" {
		by := author(k.Coordinator)
		out.Coordinator = &by
	}
	return out, err
}

// Next is what to do next in a case.
type Next struct {
	Action string    `json:"action" doc:"A key"`
	Text   string    `json:"text"`
	Detail string    `json:"detail,omitempty"`
	Due    time.Time `json:"due_at,omitzero"`
}

// CasePage is a case with the reader's own part in it.
type CasePage struct {
	Case
	Parties []Party `json:"parties" doc:"Your organization's part in it"`
	Next    *Next   `json:"next_step,omitempty" doc:"What you can do next, if there is something"`
	MayLead bool    `json:"may_lead" doc:"You may do what only who leads the case may"`
}

func (c *call) casePage(v *db.View, id string) (out CasePage, err error) {
	k, err := c.Cases.Case(v, id)
	if err != nil {
		return out, err
	}
	if out.Case, err = c.caseShape(v, k); err != nil {
		return out, err
	}
	if out.Parties, err = c.ours(v, id); err != nil {
		return out, err
	}
	if out.MayLead, err = c.Cases.MayLead(v, k); err != nil {
		return out, err
	}
	s, err := c.Cases.Next(v, k)
	if s.Action != "" {
		out.Next = &Next{s.Action, s.Text, s.Detail, utc(s.Due)}
	}
	return out, err
}

// ours is the part that the reader's organization has in a case.
func (c *call) ours(v *db.View, id string) ([]Party, error) {
	ps, err := c.Cases.Parties(v, id)
	if err != nil {
		return nil, err
	}
	out := []Party{}
	for _, p := range ps {
		if p.Org == "" || p.Org != v.Viewer().Org {
			continue
		}
		x, err := c.partyShape(v, p)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// ourParty is the party of the reader's organization in a case.
func (c *call) ourParty(v *db.View, id string) (Party, error) {
	ps, err := c.ours(v, id)
	if err == nil && len(ps) == 0 {
		err = fault.ErrMissing
	}
	if err != nil {
		return Party{}, err
	}
	return ps[0], nil
}

// InCase is an operation on a case.
type InCase struct {
	Case string `path:"case" doc:"A case's id"`
}

func (c *call) cases(in *struct {
	Paging
	Open  bool   `query:"open" doc:"Only those that have not ended"`
	Stage string `query:"stage" maxLength:"40"`
	Query string `query:"q" maxLength:"200" doc:"Part of a title"`
}) (*answer[list[Case]], error) {
	at, id, err := c.place("cases", "case", in.Cursor)
	if err != nil {
		return nil, err
	}
	ks, next, err := c.Cases.Cases(c.view, cases.Filter{Stage: cases.Stage(in.Stage), Open: in.Open, Words: in.Query}, cases.Cursor{At: at, ID: id}, in.Limit)
	out, err := listed(c.view, ks, err, c.caseShape)
	if err == nil {
		out.Body.Next = c.cursor("cases", next.At, next.ID)
	}
	return out, err
}

func (c *call) kase(in *InCase) (*answer[CasePage], error) {
	out, err := c.casePage(c.view, in.Case)
	return &answer[CasePage]{out}, err
}

func (c *call) openCase(in *struct {
	Keyed
	Body struct {
		Title        string    `json:"title" example:"Infusion pump answers on port 23"`
		Summary      string    `json:"summary,omitempty" doc:"Markdown"`
		Manufacturer string    `json:"manufacturer,omitempty" doc:"The lead manufacturer's organization; a manufacturer's own if missing"`
		LearnedAt    time.Time `json:"learned_at,omitzero" doc:"When the manufacturer learned of the vulnerability: the 30 and 60 days count from here" example:"2026-01-01T12:00:00Z"`
		Safety       string    `json:"safety,omitempty" doc:"unknown, under-review, none or possible"`
		Label        *NewLabel `json:"label,omitempty" doc:"AMBER or AMBER+STRICT; the case's team is always added. Without one: AMBER+STRICT for the team alone"`
		DeskSees     bool      `json:"desk_sees,omitempty" doc:"The desk may see the manufacturer's own clocks and records"`
	}
}) (*created[CasePage], error) {
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	b := in.Body
	return makes(c, in.Keyed, "/api/v1/cases/", func(tx *db.Tx) (string, bool, error) {
		return c.Cases.Open(tx, cases.NewCase{Title: b.Title, Summary: b.Summary, Maker: b.Manufacturer, LearnedAt: b.LearnedAt, Safety: cases.Safety(b.Safety), Label: l, DeskSees: b.DeskSees, Key: in.Key})
	}, c.casePage)
}

// changeCase changes a case and answers what it became.
func (c *call) changeCase(id string, fn func(tx *db.Tx) error) (*answer[CasePage], error) {
	return changes(c, id, fn, c.casePage)
}

func (c *call) editCase(in *struct {
	InCase
	Body struct {
		Title    *string `json:"title,omitempty"`
		Summary  *string `json:"summary,omitempty"`
		Safety   *string `json:"safety,omitempty" doc:"unknown, under-review, none or possible; known harm has an operation of its own"`
		ReviewAt *string `json:"review_at,omitempty" doc:"A day or a time; an empty text takes it back"`
	}
}) (*answer[CasePage], error) {
	return c.changeCase(in.Case, func(tx *db.Tx) error {
		k, err := c.Cases.Case(tx.View, in.Case)
		if err != nil {
			return err
		}
		put(&k.Title, in.Body.Title)
		put(&k.Summary, in.Body.Summary)
		put((*string)(&k.Safety), in.Body.Safety)
		if k.ReviewAt, err = instant("review_at", in.Body.ReviewAt, k.ReviewAt); err != nil {
			return err
		}
		return c.Cases.Edit(tx, in.Case, k.Title, k.Summary, k.Safety, k.ReviewAt)
	})
}

func (c *call) moveCase(in *struct {
	InCase
	Body struct {
		Stage  string `json:"stage"`
		Reason string `json:"reason,omitempty" doc:"Needed where the case leaves its course"`
	}
}) (*answer[CasePage], error) {
	return c.changeCase(in.Case, func(tx *db.Tx) error {
		return c.Cases.Move(tx, in.Case, cases.Stage(in.Body.Stage), in.Body.Reason)
	})
}

func (c *call) assignCase(in *struct {
	InCase
	Body struct {
		Person string `json:"person" doc:"Somebody of the desk; an empty text takes nobody"`
	}
}) (*answer[CasePage], error) {
	return c.changeCase(in.Case, func(tx *db.Tx) error { return c.Cases.Assign(tx, in.Case, in.Body.Person) })
}

// Offered says that the desk was asked to take a case.
type Offered struct {
	Invitation string `json:"invitation" doc:"That the desk answers"`
}

func (c *call) shareCase(in *struct {
	InCase
	Keyed
	Body *struct {
		Note string `json:"note,omitempty" doc:"It is read before the desk accepts"`
	}
}) (*created[Offered], error) {
	note := ""
	if in.Body != nil {
		note = in.Body.Note
	}
	return makes(c, in.Keyed, "/api/v1/cases/"+in.Case, func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "share", []string{in.Case, note}, func() (string, error) { return c.Cases.ShareWithDesk(tx, in.Case, note) })
	}, func(_ *db.View, id string) (Offered, error) { return Offered{id}, nil })
}

func (c *call) caseHappened(in *struct {
	InCase
	Body struct {
		What   string    `json:"what" enum:"public,exploit,attacks" doc:"The vulnerability became public, an exploit did, or attacks were seen"`
		At     time.Time `json:"at"`
		Source string    `json:"source"`
	}
}) (*answer[CasePage], error) {
	e := map[string]vultron.CaseEvent{"public": vultron.PublicAware, "exploit": vultron.ExploitPublic, "attacks": vultron.Attacks}[in.Body.What]
	return c.changeCase(in.Case, func(tx *db.Tx) error { return c.Cases.Happened(tx, in.Case, e, in.Body.At, in.Body.Source) })
}

// Moment is one entry of the ledger about a case, in words.
type Moment struct {
	At           time.Time `json:"at"`
	Actor        string    `json:"actor"`
	Name         string    `json:"name,omitempty"`
	Organization string    `json:"organization_name,omitempty"`
	Text         string    `json:"text" doc:"A sentence that goes on after the name"`
	Detail       string    `json:"detail,omitempty"`
	Class        string    `json:"class" enum:"people,clocks,decisions,system"`
	Verb         string    `json:"verb"`
	Object       string    `json:"object"`
	Label        Label     `json:"label"`
	Proof        bool      `json:"proof" doc:"A signed checkpoint covers it; else the next one will"`
}

func (c *call) timeline(in *struct {
	InCase
	Paging
}) (*answer[list[Moment]], error) {
	// The cursor hides the place in the ledger, which tells how much others do.
	list := "timeline " + in.Case
	at, _, err := c.place(list, "case", in.Cursor)
	if err != nil {
		return nil, err
	}
	before := int64(0)
	if !at.IsZero() {
		before = clock.Micros(at)
	}
	ms, next, err := c.Cases.Timeline(c.view, in.Case, before, in.Limit)
	out, err := listed(c.view, ms, err, func(v *db.View, m cases.Moment) (Moment, error) {
		l, err := c.label(v, m.Label)
		return Moment{utc(m.At), m.Actor, m.Name, m.Org, m.Text, m.Detail, m.Class, m.Verb, m.Object, l, m.Proof}, err
	})
	if err == nil && next != 0 {
		out.Body.Next = c.cursor(list, clock.FromMicros(next), in.Case)
	}
	return out, err
}

// Thread is a topic that belongs to a case.
type Thread struct {
	Topic
	Official bool `json:"official" doc:"The one that everybody in the case reads"`
}

func (c *call) threads(in *InCase) (*answer[list[Thread]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	ts, err := c.Cases.Threads(c.view, in.Case)
	return listed(c.view, ts, err, func(v *db.View, t cases.Thread) (Thread, error) {
		x, err := c.topicShape(v, t.Topic)
		return Thread{x, t.Official}, err
	})
}

func (c *call) startThread(in *struct {
	InCase
	Keyed
	Body struct {
		Title string    `json:"title"`
		Body  string    `json:"body" doc:"Markdown"`
		Label *NewLabel `json:"label,omitempty" doc:"Without one: the case's own"`
		Files []string  `json:"files,omitempty" doc:"Ids of files you uploaded"`
	}
}) (*created[TopicPage], error) {
	l, err := in.Body.Label.parse()
	if err != nil {
		return nil, err
	}
	return makes(c, in.Keyed, "/api/v1/topics/", func(tx *db.Tx) (string, bool, error) {
		return c.Cases.StartThread(tx, in.Case, forum.NewTopic{Title: in.Body.Title, Body: in.Body.Body, Label: l, Files: in.Body.Files, Key: in.Key})
	}, c.topicPage)
}

// Matrix is who has done what in a case.
type Matrix struct {
	Vulnerabilities []MatrixColumn `json:"vulnerabilities"`
	Items           []MatrixRow    `json:"items" doc:"Parties that you may know of"`
	Late            int            `json:"late" doc:"Parties with something late"`
}

// MatrixColumn is one vulnerability.
type MatrixColumn struct {
	ID    string `json:"id"`
	CVE   string `json:"cve,omitempty"`
	Title string `json:"title"`
}

// MatrixRow is one party.
type MatrixRow struct {
	Party        string            `json:"party"`
	Organization string            `json:"organization,omitempty"`
	Name         string            `json:"name"`
	Role         string            `json:"role"`
	Standing     string            `json:"standing"`
	Steps        []MatrixStep      `json:"steps" doc:"In the order in which they are expected"`
	Late         bool              `json:"late"`
	Statuses     map[string]string `json:"statuses" doc:"affected, not-affected, unknown or fixed, by vulnerability; what is not there was not said"`
}

// MatrixStep is where a party stands with one thing that is expected of it.
type MatrixStep struct {
	Step string    `json:"step" enum:"invited,seen,accepted,acknowledged,answered,fix,statement"`
	At   time.Time `json:"at,omitzero"`
	Due  time.Time `json:"due_at,omitzero"`
	Late bool      `json:"late,omitempty"`
}

var stepNames = [cases.Steps]string{"invited", "seen", "accepted", "acknowledged", "answered", "fix", "statement"}

func (c *call) matrix(in *InCase) (*answer[Matrix], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	m, err := c.Cases.Matrix(c.view, in.Case)
	if err != nil {
		return nil, err
	}
	out := Matrix{Vulnerabilities: []MatrixColumn{}, Items: []MatrixRow{}, Late: m.Late}
	for _, x := range m.Vulnerabilities {
		out.Vulnerabilities = append(out.Vulnerabilities, MatrixColumn{x.ID, x.CVE, x.Title})
	}
	for _, r := range m.Rows {
		row := MatrixRow{Party: r.Party.ID, Organization: r.Party.Org, Name: r.Party.Name, Role: string(r.Party.Role), Standing: string(r.Party.State), Late: r.Late, Statuses: map[string]string{}}
		for i, s := range r.Marks {
			row.Steps = append(row.Steps, MatrixStep{stepNames[i], utc(s.At), utc(s.Due), s.Late})
		}
		for id, s := range r.Statuses {
			row.Statuses[id] = string(s)
		}
		out.Items = append(out.Items, row)
	}
	return &answer[Matrix]{out}, nil
}
