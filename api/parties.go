package api

import (
	"net/http"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
)

// Party is an organization in a case.
type Party struct {
	ID           string    `json:"id"`
	Case         string    `json:"case,omitempty" doc:"Missing until you take part"`
	Organization string    `json:"organization,omitempty" doc:"Missing for a reporter without an account"`
	Name         string    `json:"name"`
	Role         string    `json:"role"`
	Circle       string    `json:"circle,omitempty" doc:"Its own people on the case, to address as circle:…"`
	Standing     string    `json:"standing" enum:"invited,joined,declined,left,removed"`
	RM           string    `json:"rm" doc:"Where it stands with the report (Vultron RM)"`
	Fix          string    `json:"fix" doc:"vfd, Vfd, VFd or VFD: the vendor knows, a fix is ready, it is deployed"`
	InvitedAt    time.Time `json:"invited_at"`
	SeenAt       time.Time `json:"seen_at,omitzero"`
	AcceptedAt   time.Time `json:"accepted_at,omitzero"`
	AnsweredAt   time.Time `json:"answered_at,omitzero"`
	UpdatedAt    time.Time `json:"updated_at,omitzero" doc:"Of its newest word on the case"`
	LeftAt       time.Time `json:"left_at,omitzero"`
	Why          string    `json:"why,omitempty" doc:"Of declining or leaving"`
	DeskSees     bool      `json:"desk_sees" doc:"The desk sees its clocks and records"`
	FixPlannedAt time.Time `json:"fix_planned_at,omitzero"`
	Statement    string    `json:"statement,omitempty" doc:"What it offers to the public"`
	Label        Label     `json:"label" doc:"Who may know that it is in the case"`
}

func (c *call) partyShape(v *db.View, p cases.Party) (Party, error) {
	l, err := c.label(v, p.Label)
	out := Party{p.ID, p.Case, p.Org, p.Name, string(p.Role), p.Circle, string(p.State), p.RM, p.Fix, utc(p.Invited), utc(p.Seen), utc(p.Accepted), utc(p.Answered), utc(p.Updated),
		utc(p.Left), p.Why, p.DeskSees, utc(p.Planned), p.Words, l}
	if p.State != cases.Joined && p.Org == v.Viewer().Org {
		out.Case, out.Circle = "", "" // an invitation tells nothing of the case
	}
	return out, err
}

func (c *call) readParty(v *db.View, id string) (Party, error) {
	p, err := c.Cases.Party(v, id)
	if err != nil {
		return Party{}, err
	}
	return c.partyShape(v, p)
}

// InParty is an operation on a party.
type InParty struct {
	Party string `path:"party" doc:"A party's id"`
}

func (c *call) parties(in *InCase) (*answer[list[Party]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	ps, err := c.Cases.Parties(c.view, in.Case)
	return listed(c.view, ps, err, c.partyShape)
}

func (c *call) party(in *InParty) (*answer[Party], error) {
	out, err := c.readParty(c.view, in.Party)
	return &answer[Party]{out}, err
}

func (c *call) invite(in *struct {
	InCase
	Keyed
	Body struct {
		Organizations []string `json:"organizations" doc:"Ids"`
		Role          string   `json:"role" doc:"vendor, deployer, finder, coordinator or other"`
		Note          string   `json:"note,omitempty" doc:"It is read before they accept: nothing of the case"`
		DeskSees      bool     `json:"desk_sees,omitempty" doc:"The desk sees their clocks and records"`
	}
}) (*created[list[Party]], error) {
	return makes(c, in.Keyed, "/api/v1/cases/"+in.Case+"/parties", func(tx *db.Tx) (string, bool, error) {
		ps, again, err := c.Cases.Invite(tx, in.Case, cases.NewInvitation{Orgs: in.Body.Organizations, Role: cases.Role(in.Body.Role), Note: in.Body.Note, DeskSees: in.Body.DeskSees, Key: in.Key})
		return strings.Join(ps, " "), again, err
	}, func(v *db.View, made string) (list[Party], error) {
		out := list[Party]{Items: []Party{}}
		for _, id := range strings.Fields(made) {
			p, err := c.readParty(v, id)
			if err != nil {
				return out, err
			}
			out.Items = append(out.Items, p)
		}
		return out, nil
	})
}

// Invitation is all that an organization is shown before it accepts.
type Invitation struct {
	Party       string    `json:"party"`
	Case        string    `json:"case_short" doc:"As people say it: the case itself is not there yet"`
	Role        string    `json:"role"`
	Coordinator string    `json:"coordinator"`
	Note        string    `json:"note,omitempty"`
	At          time.Time `json:"at"`
	SeenAt      time.Time `json:"seen_at,omitzero"`
	Offer       *Embargo  `json:"offer,omitempty" doc:"What must be agreed to, by its digest"`
	Handover    bool      `json:"handover,omitempty" doc:"A manufacturer offers the desk a case of its own"`
	From        string    `json:"from,omitempty" doc:"The organization that offers it"`
}

func (c *call) invitationShape(v *db.View, i cases.Invitation) (Invitation, error) {
	out := Invitation{Party: i.Party, Case: i.Case, Role: string(i.Role), Coordinator: i.Coordinator, Note: i.Note, At: utc(i.At), SeenAt: utc(i.Seen), Handover: i.Handover, From: i.From}
	if !i.Offer.Until.IsZero() {
		e := embargo(i.Offer, v.Now())
		out.Offer = &e
	}
	return out, nil
}

func (c *call) invitations(*nothing) (*answer[list[Invitation]], error) {
	is, err := c.Cases.Invitations(c.view)
	return listed(c.view, is, err, c.invitationShape)
}

// invitation shows an invitation and notes that it was opened.
func (c *call) invitation(in *InParty) (*answer[Invitation], error) {
	var out Invitation
	err := c.snapshot(func(v *db.View) error {
		i, err := c.Cases.Invitation(v, in.Party)
		if err == nil {
			out, err = c.invitationShape(v, i)
		}
		return err
	})
	if err == nil && out.SeenAt.IsZero() && c.r.Method == http.MethodGet {
		if err = c.write(func(tx *db.Tx) error { return c.Cases.SeeInvitation(tx, in.Party) }); fault.Is(err, fault.Conflict) {
			err = nil
		}
	}
	return &answer[Invitation]{out}, err
}

func (c *call) accept(in *struct {
	InParty
	Body struct {
		Agree    string   `json:"agree,omitempty" doc:"The digest of the embargo that was offered, as you read it"`
		People   []string `json:"people,omitempty" doc:"Colleagues who take part besides you"`
		Proposal *struct {
			Until time.Time `json:"until,omitzero"`
			Terms string    `json:"terms,omitempty"`
		} `json:"proposal,omitempty" doc:"Another end, proposed at the same time"`
	}
}) (*answer[Party], error) {
	a := cases.Acceptance{People: in.Body.People, Agree: in.Body.Agree}
	if p := in.Body.Proposal; p != nil {
		a.Proposal = &cases.NewProposal{Until: p.Until, Terms: p.Terms}
	}
	return changes(c, in.Party, func(tx *db.Tx) error { return c.Cases.Accept(tx, in.Party, a) }, c.readParty)
}

func (c *call) decline(in *struct {
	InParty
	Body Why
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.Decline(tx, in.Party, in.Body.Reason) })
}

func (c *call) removeParty(in *struct {
	InParty
	Body Why
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.Remove(tx, in.Party, in.Body.Reason) })
}

func (c *call) leave(in *struct {
	InCase
	Body Why
}) (*nothing, error) {
	return c.does(func(tx *db.Tx) error { return c.Cases.Leave(tx, in.Case, in.Body.Reason) })
}

// Seat is a person who takes part in a case.
type Seat struct {
	Person string    `json:"person"`
	Name   string    `json:"name"`
	Title  string    `json:"title,omitempty"`
	Since  time.Time `json:"since"`
}

func seat(r members.RosterRow) Seat { return Seat{r.ID, r.Name, r.Title, utc(r.Since)} }

func (c *call) seats(in *InParty) (*answer[list[Seat]], error) {
	rs, err := c.Cases.Seats(c.view, in.Party)
	return listed(c.view, rs, err, plain(seat))
}

func (c *call) seatPeople(in *struct {
	InCase
	Body struct {
		People []string `json:"people" doc:"Colleagues' ids"`
	}
}) (*answer[list[Seat]], error) {
	return changes(c, in.Case, func(tx *db.Tx) error { return c.Cases.Seat(tx, in.Case, in.Body.People) }, func(v *db.View, id string) (list[Seat], error) {
		p, err := c.ourParty(v, id)
		if err != nil {
			return list[Seat]{}, err
		}
		rs, err := c.Cases.Seats(v, p.ID)
		out, err := listed(v, rs, err, plain(seat))
		if err != nil {
			return list[Seat]{}, err
		}
		return out.Body, nil
	})
}

func (c *call) unseat(in *struct {
	InCase
	Person string `path:"person" doc:"A person's id"`
	Body   *Why
}) (*nothing, error) {
	why := ""
	if in.Body != nil {
		why = in.Body.Reason
	}
	return c.does(func(tx *db.Tx) error { return c.Cases.Unseat(tx, in.Case, in.Person, why) })
}

// changeOurs changes what the asker's organization does in a case.
func (c *call) changeOurs(id string, fn func(tx *db.Tx) error) (*answer[Party], error) {
	return changes(c, id, fn, c.ourParty)
}

func (c *call) acknowledge(in *InCase) (*answer[Party], error) {
	return c.changeOurs(in.Case, func(tx *db.Tx) error { return c.Cases.Acknowledge(tx, in.Case) })
}

func (c *call) handle(in *struct {
	InCase
	Body struct {
		Event  string `json:"event" doc:"validate, invalidate, accept, defer or close"`
		Reason string `json:"reason,omitempty" doc:"Needed to doubt, put off or close"`
	}
}) (*answer[Party], error) {
	return c.changeOurs(in.Case, func(tx *db.Tx) error {
		return c.Cases.Handle(tx, in.Case, vultron.ReportEvent(in.Body.Event), in.Body.Reason)
	})
}

// Word is that an organization gave word on a case.
type Word struct {
	Post  string `json:"post,omitempty" doc:"In the official thread, if a text was given"`
	Party Party  `json:"party"`
}

func (c *call) giveWord(in *struct {
	InCase
	Keyed
	Body *struct {
		Text string `json:"text,omitempty" doc:"Markdown, for the official thread"`
	}
}) (*created[Word], error) {
	text := ""
	if in.Body != nil {
		text = in.Body.Text
	}
	return makes(c, in.Keyed, "/api/v1/cases/"+in.Case, func(tx *db.Tx) (string, bool, error) { return c.Cases.Update(tx, in.Case, text, in.Key) },
		func(v *db.View, post string) (Word, error) {
			p, err := c.ourParty(v, in.Case)
			return Word{post, p}, err
		})
}

func (c *call) moveFix(in *struct {
	InCase
	Body struct {
		Event string `json:"event" enum:"ready,deployed"`
	}
}) (*answer[Party], error) {
	e := map[string]vultron.CaseEvent{"ready": vultron.FixReady, "deployed": vultron.FixDeployed}[in.Body.Event]
	return c.changeOurs(in.Case, func(tx *db.Tx) error { return c.Cases.MoveFix(tx, in.Case, e) })
}

func (c *call) planFix(in *struct {
	InCase
	Body struct {
		At string `json:"at" doc:"A day or a time; an empty text takes the plan back"`
	}
}) (*answer[Party], error) {
	return c.changeOurs(in.Case, func(tx *db.Tx) error {
		at, err := instant("at", &in.Body.At, time.Time{})
		if err != nil {
			return err
		}
		return c.Cases.PlanFix(tx, in.Case, at)
	})
}

func (c *call) declare(in *struct {
	InCase
	Body struct {
		Statement string `json:"statement" doc:"For the public, once the case is published; an empty text takes it back"`
	}
}) (*answer[Party], error) {
	return c.changeOurs(in.Case, func(tx *db.Tx) error { return c.Cases.Declare(tx, in.Case, in.Body.Statement) })
}

// Status is what a vendor says of a vulnerability in its products.
type Status struct {
	Party         string    `json:"party"`
	Vulnerability string    `json:"vulnerability"`
	Status        string    `json:"status" enum:"affected,not-affected,unknown,fixed"`
	Statement     string    `json:"statement,omitempty"`
	At            time.Time `json:"at"`
	By            string    `json:"by,omitempty" doc:"A name"`
	Source        string    `json:"source,omitempty" doc:"Where the desk has it from; missing when the vendor said it"`
}

func status(s cases.Status) Status {
	return Status{s.Party, s.Vulnerability, string(s.Status), s.Statement, utc(s.At), s.Name, s.Source}
}

func (c *call) caseStatuses(in *InCase) (*answer[list[Status]], error) {
	if _, err := c.Cases.Case(c.view, in.Case); err != nil {
		return nil, err
	}
	ss, err := c.Cases.CaseStatuses(c.view, in.Case)
	return listed(c.view, ss, err, plain(status))
}

func (c *call) setStatuses(in *struct {
	InParty
	Body struct {
		Statuses []struct {
			Vulnerability string `json:"vulnerability"`
			Status        string `json:"status" doc:"affected, not-affected, unknown or fixed"`
			Statement     string `json:"statement,omitempty"`
		} `json:"statuses"`
		Source string `json:"source,omitempty" doc:"Where the desk has it from, when the desk says it"`
	}
}) (*answer[list[Status]], error) {
	var news []cases.NewStatus
	for _, s := range in.Body.Statuses {
		news = append(news, cases.NewStatus{Vulnerability: s.Vulnerability, Status: cases.Affected(s.Status), Statement: s.Statement})
	}
	return changes(c, in.Party, func(tx *db.Tx) error { return c.Cases.SetStatuses(tx, in.Party, news, in.Body.Source) }, func(v *db.View, id string) (list[Status], error) {
		ss, err := c.Cases.PartyStatuses(v, id)
		if err != nil {
			return list[Status]{}, err
		}
		items, err := each(v, ss, plain(status))
		return list[Status]{Items: items}, err
	})
}
