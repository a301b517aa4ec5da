package cases

import (
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// HolderState is where a notice to the holders of products stands.
type HolderState string

// The states: drafted → sent, or taken back. Approving sends.
const (
	HolderDraft HolderState = "draft"
	HolderSent  HolderState = "sent"
	HolderTaken HolderState = "withdrawn"
)

// HolderNotice is what a case would tell the holders of products. It goes out as it
// is written and marked here, once its source agreed, and never by itself: no label of
// the case is widened by it.
type HolderNotice struct {
	ID       string
	Case     string
	Form     alerts.Form // the wording and the marking
	State    HolderState
	Drafted  time.Time
	Drafter  forum.Author // Person, Name and Org
	Approved time.Time
	Approver forum.Author // Person and Name
	Ended    time.Time
	Why      string // of taking it back
	Alert    string // id, once it is sent
	Label    policy.Label
}

const holderColumns = `n.id, n.case_id, n.form, n.state, n.drafted_at, n.drafted_by, n.drafted_name, n.drafted_org, n.approved_at, n.approved_by, n.approved_name, n.ended_at, n.why, n.alert, n.tlp, n.audience`

func scanHolderNotice(v *db.View) func(db.Scanner) (HolderNotice, error) {
	return func(s db.Scanner) (n HolderNotice, err error) {
		var drafted, approved, ended int64
		var form, tlp, audience string
		if err = s.Scan(&n.ID, &n.Case, &form, &n.State, &drafted, &n.Drafter.Person, &n.Drafter.Name, &n.Drafter.Org, &approved, &n.Approver.Person, &n.Approver.Name, &ended, &n.Why, &n.Alert, &tlp, &audience); err != nil {
			return n, err
		}
		if err = json.Unmarshal([]byte(form), &n.Form); err != nil {
			return n, err
		}
		n.Drafted, n.Approved, n.Ended = clock.FromMicros(drafted), clock.FromMicros(approved), clock.FromMicros(ended)
		n.Label, err = v.Label(tlp, audience)
		return n, err
	}
}

// HolderNotices lists a case's notices to holders, newest first.
func (c *Cases) HolderNotices(v *db.View, caseID string) ([]HolderNotice, error) {
	return db.All(v, scanHolderNotice(v), `SELECT `+holderColumns+` FROM visible.case_alerts n WHERE n.case_id = $1 ORDER BY n.drafted_at DESC, n.id DESC LIMIT 100`, caseID)
}

// HolderNotice is one of them.
func (c *Cases) HolderNotice(v *db.View, id string) (HolderNotice, error) {
	return db.One(v, scanHolderNotice(v), `SELECT `+holderColumns+` FROM visible.case_alerts n WHERE n.id = $1`, id)
}

// DraftHolderNotice writes what holders would be told, or writes it anew as long as
// it was not sent. Who leads the case may, and the people of its manufacturers.
func (c *Cases) DraftHolderNotice(tx *db.Tx, caseID string, f alerts.Form) (id string, err error) {
	k, err := c.described(tx.View, caseID)
	if err != nil {
		return "", err
	}
	if err := c.holderMarking(tx.View, k, f.TLP); err != nil {
		return "", err
	}
	if f, err = c.alerts.Checked(tx.View, f); err != nil {
		return "", err
	}
	f.Case, f.Key, f.Approver, f.ApproverName = k.ID, "", "", ""
	text, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	who, now := tx.Viewer(), clock.Micros(tx.Now())
	old, err := db.One(tx.View, scanHolderNotice(tx.View), `SELECT `+holderColumns+` FROM visible.case_alerts n WHERE n.case_id = $1 AND n.state = 'draft'`, k.ID)
	switch {
	case fault.Is(err, fault.Missing):
		id = ids.New("holders")
		audience, err := tx.Store(k.Label.Audience)
		if err != nil {
			return "", err
		}
		if _, err := tx.Exec(`INSERT INTO case_alerts (id, case_id, form, state, drafted_at, drafted_by, drafted_name, drafted_org, approved_at, approved_by, approved_name, ended_at, why, alert, tlp, audience)
			VALUES ($1, $2, $3, 'draft', $4, $5, $6, $7, 0, '', '', 0, '', '', $8, $9)`, id, k.ID, string(text), now, who.Person, who.Name, who.Org, string(k.Label.TLP), audience); err != nil {
			return "", err
		}
	case err != nil:
		return "", err
	default:
		id = old.ID
		if err := tx.MustChange(`UPDATE case_alerts SET form = $1, drafted_at = $2, drafted_by = $3, drafted_name = $4, drafted_org = $5 WHERE id = $6`, string(text), now, who.Person, who.Name, who.Org, id); err != nil {
			return "", err
		}
	}
	tx.Append(db.Entry{Verb: "holders.drafted", Object: id, Parent: k.ID, Label: k.Label, Data: map[string]any{"notice": f}})
	return id, nil
}

// holderMarking refuses a marking that would end an embargo by itself.
func (c *Cases) holderMarking(v *db.View, k Case, t policy.TLP) error {
	if k.Embargo.In(v.Now()) && (t == policy.Clear || t == policy.Green) {
		return fault.InvalidField("tlp", "An embargo binds this case until %s. Until then holders are told under AMBER or AMBER+STRICT only.", k.Embargo.Until.UTC().Format("2 Jan 2006"))
	}
	return nil
}

// ApproveHolderNotice sends a notice to the holders of what it names, as it is written
// and marked. It takes two persons, of whom one is of the organization that opened the
// case, which is its source, and one leads the case. drafted is of the draft that was
// read: to a later one nobody has agreed.
func (c *Cases) ApproveHolderNotice(tx *db.Tx, id string, drafted time.Time) error {
	n, err := c.HolderNotice(tx.View, id)
	if err != nil {
		return err
	}
	k, err := c.Case(tx.View, n.Case)
	if err != nil {
		return err
	}
	if n.State != HolderDraft {
		return fault.Conflictf("This notice is not a draft any more.")
	}
	if !n.Drafted.Equal(drafted) {
		return fault.Conflictf("The draft was changed since you read it. Read it again before you agree.")
	}
	if err := c.mayApprove(tx.View, k, Publication{Drafter: n.Drafter}); err != nil {
		return err
	}
	if err := c.holderMarking(tx.View, k, n.Form.TLP); err != nil {
		return err
	}
	who := tx.Viewer()
	f := n.Form
	f.Case, f.Approver, f.ApproverName = k.ID, who.Person, who.Name
	alert, err := c.alerts.SendApproved(tx, f)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_alerts SET state = 'sent', approved_at = $1, approved_by = $2, approved_name = $3, alert = $4 WHERE id = $5`, clock.Micros(tx.Now()), who.Person, who.Name, alert, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "holders.told", Object: id, Parent: k.ID, Label: n.Label, Data: map[string]any{"drafter": n.Drafter.Person, "approver": who.Person, "source": k.Author.Org, "tlp": f.TLP, "title": f.Title}})
	return nil
}

// TakeHolderNotice takes a draft back, with a reason. What was sent is withdrawn as an
// alert.
func (c *Cases) TakeHolderNotice(tx *db.Tx, id, reason string) error {
	n, err := c.HolderNotice(tx.View, id)
	if err != nil {
		return err
	}
	k, err := c.Case(tx.View, n.Case)
	if err != nil {
		return err
	}
	leads, err := c.mayLead(tx.View, k)
	if err != nil {
		return err
	}
	who := tx.Viewer()
	if !leads && who.Org != k.Author.Org && who.Org != n.Drafter.Org || !who.May(policy.MayWorkCase) {
		return fault.Forbiddenf("Who leads %s takes its drafts back, or the organization that opened it.", k.Short())
	}
	if n.State != HolderDraft {
		return fault.Conflictf("Only a draft is taken back here. What was sent is withdrawn on the alert's own page.")
	}
	var ps check.Problems
	reason = ps.Text("reason", "The reason", reason, MaxReason, true)
	if err := ps.Err(); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_alerts SET state = 'withdrawn', ended_at = $1, why = $2 WHERE id = $3`, clock.Micros(tx.Now()), reason, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "holders.withdrawn", Object: id, Parent: k.ID, Label: n.Label, Data: map[string]any{"reason": reason}})
	return nil
}

// MayApproveHolders reports whether to offer the viewer to approve a draft.
func (c *Cases) MayApproveHolders(v *db.View, k Case, n HolderNotice) bool {
	return n.State == HolderDraft && c.mayApprove(v, k, Publication{Drafter: n.Drafter}) == nil
}
