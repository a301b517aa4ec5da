package cases

import (
	"net/url"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// NewPublication is a public statement on its way in.
type NewPublication struct {
	Title     string
	Body      string // Markdown
	Reference string // address of an advisory or a CVE record, or ""
}

// DraftPublication writes the case's public statement, or writes it anew as long
// as it is not published: then it must be approved again. Who leads the case may,
// and the people of its manufacturers. It returns the statement's id.
func (c *Cases) DraftPublication(tx *db.Tx, caseID string, in NewPublication) (id string, err error) {
	k, err := c.described(tx.View, caseID)
	if err != nil {
		return "", err
	}
	var p check.Problems
	in.Title = p.Line("title", "The title", in.Title, MaxTitle, true)
	in.Body = p.Text("body", "The statement", in.Body, MaxText, true)
	if u, err := url.Parse(in.Reference); in.Reference != "" && (err != nil || len(in.Reference) > 2000 || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		p.Add("reference", "The reference is a web address, as https://….")
	}
	if err := p.Err(); err != nil {
		return "", err
	}
	who := tx.Viewer()
	old, err := db.One(tx.View, scanPublication(tx.View), `SELECT `+publicationColumns+` FROM visible.case_publications p WHERE p.case_id = $1 AND p.state IN ('draft', 'approved')`, k.ID)
	switch {
	case fault.Is(err, fault.Missing):
		id = ids.New("statement")
		audience, err := tx.Store(k.Label.Audience)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(`INSERT INTO case_publications (id, case_id, title, body, reference, state, drafted_at, drafted_by, drafted_name, drafted_org, approved_at, approved_by, approved_name,
				opens_at, published_at, withdrawn_at, why, tlp, audience)
			VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, 0, '', '', 0, 0, 0, '', $10, $11)`,
			id, k.ID, in.Title, in.Body, in.Reference, clock.Micros(tx.Now()), who.Person, who.Name, who.Org, string(k.Label.TLP), audience); err != nil {
			return "", err
		}
	case err != nil:
		return "", err
	default:
		id = old.ID
		if err := tx.MustChange(`UPDATE case_publications SET title = $1, body = $2, reference = $3, state = 'draft', drafted_at = $4, drafted_by = $5, drafted_name = $6, drafted_org = $7,
				approved_at = 0, approved_by = '', approved_name = '', opens_at = 0 WHERE id = $8`,
			in.Title, in.Body, in.Reference, clock.Micros(tx.Now()), who.Person, who.Name, who.Org, id); err != nil {
			return "", err
		}
	}
	tx.Append(db.Entry{Verb: "publication.drafted", Object: id, Parent: k.ID, Label: k.Label, Data: map[string]any{"title": in.Title, "body": in.Body, "reference": in.Reference}})
	return id, nil
}

// ApprovePublication lets a statement out: at the embargo's end, or at once if
// none binds. Publishing loosens, so it takes two persons of whom one is of the
// organization that opened the case, which is its originator (design 3.1), and
// one leads the case.
func (c *Cases) ApprovePublication(tx *db.Tx, id string) error {
	p, err := c.Publication(tx.View, id)
	if err != nil {
		return err
	}
	k, err := c.Case(tx.View, p.Case)
	if err != nil {
		return err
	}
	if p.State != PublicationDraft {
		return fault.Conflictf("This statement is not a draft any more.")
	}
	if err := c.mayApprove(tx.View, k, p); err != nil {
		return err
	}
	opens := tx.Now()
	if k.Embargo.In(tx.Now()) {
		opens = k.Embargo.Until
	}
	who := tx.Viewer()
	if err := tx.MustChange(`UPDATE case_publications SET state = 'approved', approved_at = $1, approved_by = $2, approved_name = $3, opens_at = $4 WHERE id = $5`,
		clock.Micros(tx.Now()), who.Person, who.Name, clock.Micros(opens), id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "publication.approved", Object: id, Parent: k.ID, Label: p.Label,
		Data: map[string]any{"drafter": p.Drafter.Person, "approver": who.Person, "originator": k.Author.Org, "opens_at": opens.UTC(), "title": p.Title, "body": p.Body, "reference": p.Reference}})
	if k.Embargo.In(tx.Now()) {
		return nil
	}
	return c.publish(tx, k, p)
}

func (c *Cases) mayApprove(v *db.View, k Case, p Publication) error {
	who := v.Viewer()
	leads, err := c.mayLead(v, k)
	if err != nil {
		return err
	}
	drafterLeads := p.Drafter.Org == k.Maker
	if k.Shared {
		s, err := c.members.Settings(v)
		if err != nil {
			return err
		}
		drafterLeads = p.Drafter.Org == s.Org
	}
	ours := who.Org == k.Author.Org
	switch {
	case !who.May(policy.MayApprove) || !leads && !ours:
		return fault.Forbiddenf("The coordinator of %s approves what is published, or a person of the organization that opened it.", k.Short())
	case who.Person == p.Drafter.Person:
		return fault.Forbiddenf("You wrote this statement. A second person approves it.")
	case !ours && p.Drafter.Org != k.Author.Org:
		return fault.Forbiddenf("%s opened this case: without its consent nothing of it is published. Somebody there approves the statement.", k.Author.OrgName)
	case !leads && !drafterLeads:
		return fault.Forbiddenf("The coordinator of %s approves this statement.", k.Short())
	}
	return nil
}

// WithdrawPublication takes a statement back with a reason. Of one that was
// public the title, the times and the reason stay for everybody to see.
func (c *Cases) WithdrawPublication(tx *db.Tx, id, reason string) error {
	p, err := c.Publication(tx.View, id)
	if err != nil {
		return err
	}
	k, err := c.Case(tx.View, p.Case)
	if err != nil {
		return err
	}
	leads, err := c.mayLead(tx.View, k)
	if err != nil {
		return err
	}
	if who := tx.Viewer(); !leads && (who.Org != k.Author.Org || !who.May(policy.MayWorkCase)) {
		return fault.Forbiddenf("The coordinator of %s withdraws its statements, or the organization that opened it.", k.Short())
	}
	if p.State == PublicationWithdrawn {
		return fault.Conflictf("This statement was withdrawn already.")
	}
	var ps check.Problems
	reason = ps.Text("reason", "The reason", reason, MaxReason, true)
	if err := ps.Err(); err != nil {
		return err
	}
	body := p.Body
	if p.State == PublicationOpen {
		body = ""
	}
	if err := tx.MustChange(`UPDATE case_publications SET state = 'withdrawn', withdrawn_at = $1, why = $2, body = $3 WHERE id = $4`, clock.Micros(tx.Now()), reason, body, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "publication.withdrawn", Object: id, Parent: k.ID, Label: p.Label, Data: map[string]any{"title": p.Title, "reason": reason}})
	return nil
}
