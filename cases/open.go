package cases

import (
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// NewCase is what a case is opened with.
type NewCase struct {
	Title     string
	Summary   string    // Markdown
	Maker     string    // the lead manufacturer's organization; a manufacturer's own by default
	LearnedAt time.Time // when the manufacturer learned of it; zero if that is not known yet
	Safety    Safety
	Label     policy.Label // see caseLabel; the team is always added
	DeskSees  bool         // the desk may see the manufacturer's own clocks and records
	Report    string       // the report it comes from: for the desk
	Origin    string       // the coordinator who handed it over
	Key       string       // idempotency key, may be empty
}

// Open opens a case and returns it. A manufacturer opens one for its own products
// and takes part at once; the desk opens one for anybody, whom it then invites.
func (c *Cases) Open(tx *db.Tx, in NewCase) (id string, again bool, err error) {
	if !tx.Viewer().May(policy.MayWorkCase) {
		return "", false, fault.Forbiddenf("You may not open cases.")
	}
	return tx.Once(in.Key, digest("case", in.Title, in.Summary, in.Maker, in.LearnedAt, in.Safety, string(in.Label.TLP), in.Label.Audience.Strings(), in.DeskSees, in.Report, in.Origin), func() (string, error) {
		k, own, err := c.newCase(tx, in)
		if err != nil {
			return "", err
		}
		return k.ID, c.begin(tx, k, own, in)
	})
}

// newCase checks the input. own says that the viewer opens it for the own
// organization.
func (c *Cases) newCase(tx *db.Tx, in NewCase) (k Case, own bool, err error) {
	who := tx.Viewer()
	var p check.Problems
	k = Case{ID: ids.New("case"), Stage: Triage, StageAt: tx.Now(), At: tx.Now(), Safety: in.Safety, Origin: in.Origin,
		Author: forum.Author{Person: who.Person, Name: who.Name, Org: who.Org, OrgName: who.OrgName}}
	k.Title = p.Line("title", "The title", in.Title, MaxTitle, true)
	k.Summary = p.Text("summary", "The summary", in.Summary, MaxSummary, false)
	if k.Safety == "" {
		k.Safety = SafetyUnknown
	}
	p.OneOf("safety", "Patient safety", string(k.Safety), string(SafetyUnknown), string(SafetyReview), string(SafetyNone), string(SafetyPossible))
	if in.LearnedAt.After(tx.Now()) {
		p.Add("learned_at", "The time of learning, %s, has not come yet.", in.LearnedAt.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	k.Maker = in.Maker
	if k.Maker == "" && (who.Kind == policy.Manufacturer || who.Kind == policy.Vendor) {
		k.Maker = who.Org
	}
	own = k.Maker == who.Org && who.SignedIn()
	makes := who.Kind == policy.Manufacturer || who.Kind == policy.Vendor
	switch {
	case own && !makes:
		p.Add("manufacturer", "Your organization is not a manufacturer or vendor. Report the vulnerability instead; the desk opens the case.")
	case !own && !who.May(policy.MayTriage):
		if makes {
			p.Add("manufacturer", "You can open cases for your own organization. To tell of another's product, report it.")
		} else {
			p.Add("manufacturer", "Manufacturers and the desk open cases. Report the vulnerability instead; the desk opens the case.")
		}
	case k.Maker != "":
		o, err := c.members.Organization(tx.View, k.Maker)
		if fault.Is(err, fault.Missing) || err == nil && !o.Standing.Good() {
			p.Add("manufacturer", "%q is no member that you can choose.", k.Maker)
		} else if err != nil {
			return k, own, err
		}
		k.MakerName = o.Name
	}
	if !in.LearnedAt.IsZero() && k.Maker == "" {
		p.Add("learned_at", "Say which manufacturer learned of it.")
	}
	return k, own, p.Err()
}

// begin writes the case, its team, its room and official thread, and the
// manufacturer's place in it.
func (c *Cases) begin(tx *db.Tx, k Case, own bool, in NewCase) (err error) {
	d, err := c.desk(tx.View)
	if err != nil {
		return err
	}
	chosen := in.Label
	onDesk := tx.Viewer().May(policy.MayTriage)
	if onDesk && !own {
		chosen.Audience = chosen.Audience.With(d)
	}
	if chosen.TLP != "" || !chosen.Audience.Empty() {
		// Everybody in it must be there and nameable; that the viewer reads it is
		// the team's doing.
		if err := c.members.CheckAudience(tx.View, chosen.Audience); err != nil {
			return err
		}
	}
	known := policy.NewAudience()
	if chosen.Audience.Has(d) {
		known = known.With(d)
	}
	if k.Team, err = c.members.FormTeam(tx, members.NewTeam{Object: k.ID, Name: k.Short() + " team", Known: known}); err != nil {
		return err
	}
	if k.Label, k.Shared, err = c.caseLabel(tx.View, chosen, k.Team); err != nil {
		return err
	}
	if onDesk && !own {
		k.Coordinator = forum.Author{Person: tx.Viewer().Person, Name: tx.Viewer().Name}
	}
	audience, err := tx.Store(k.Label.Audience)
	if err != nil {
		return err
	}
	n := position(tx)
	if _, err := tx.Exec(`INSERT INTO cases (id, n, title, summary, stage, stage_at, severity, safety, at, author, author_name, author_org, author_org_name,
			coordinator, coordinator_name, review_at, manufacturer, maker_name, team, room, shared, contacted_at, embargo, embargo_from, embargo_until, embargo_terms, embargo_ended,
			public_at, exploit_at, attacks_at, origin, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, '', $7, $6, $8, $9, $10, $11, $12, $13, 0, $14, $15, $16, '', $17, 0, 'none', 0, 0, '', 0, 0, 0, 0, $18, $19, $20)`,
		k.ID, n, k.Title, k.Summary, string(k.Stage), clock.Micros(k.At), string(k.Safety), k.Author.Person, k.Author.Name, k.Author.Org, k.Author.OrgName,
		k.Coordinator.Person, k.Coordinator.Name, k.Maker, k.MakerName, k.Team, flag(k.Shared), k.Origin, string(k.Label.TLP), audience); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "case.opened", Object: k.ID, Label: k.Label, Access: true, Data: map[string]any{
		"title": k.Title, "summary": k.Summary, "manufacturer": k.Maker, "manufacturer_name": k.MakerName, "safety": k.Safety, "origin": k.Origin}})
	var maker Party
	if k.Maker != "" {
		maker = Party{Case: k.ID, Org: k.Maker, Name: k.MakerName, Role: Vendor, State: Invited, DeskSees: in.DeskSees || onDesk && !own}
		if own {
			maker.State = Joined
		}
		if err := c.addParty(tx, k, &maker); err != nil {
			return err
		}
	}
	if own && tx.Viewer().SignedIn() {
		if err := c.seat(tx, k, maker, tx.Viewer().Person); err != nil {
			return err
		}
	}
	if tx, err = c.fresh(tx); err != nil {
		return err
	}
	if err := c.openRoom(tx, &k); err != nil {
		return err
	}
	if !in.LearnedAt.IsZero() {
		if _, err := c.record(tx, k, maker, NewFact{Kind: Learned, At: in.LearnedAt}); err != nil {
			return err
		}
	}
	return c.reckonCase(tx, k)
}

// fresh is the same transaction in the viewer's eyes of this moment: teams that
// were joined in it count.
func (c *Cases) fresh(tx *db.Tx) (*db.Tx, error) {
	if tx.Viewer().IsSystem() {
		return tx, nil
	}
	who, err := c.members.Refresh(tx.View, tx.Viewer())
	if err != nil {
		return nil, err
	}
	return tx.As(who), nil
}

// openRoom makes the case's room and the official thread in it.
func (c *Cases) openRoom(tx *db.Tx, k *Case) (err error) {
	k.Room, err = c.forum.OpenRoom(tx, forum.NewRoom{Name: k.Short(), Purpose: "The threads of " + k.Short() + ".", Label: k.Label, Object: k.ID})
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE cases SET room = $1 WHERE id = $2`, k.Room, k.ID); err != nil {
		return err
	}
	body := k.Summary
	if body == "" {
		body = "This case was opened. Everybody who takes part reads this thread."
	}
	_, err = c.thread(tx, *k, official, "Official thread", body, k.Label)
	return err
}
