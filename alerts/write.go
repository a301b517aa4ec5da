package alerts

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// writer is in whose name alerts are written.
type writer struct {
	org, name string
	desk      bool
}

// writer says for whom the viewer writes: the desk for any product, a named recipient
// of a manufacturer or vendor for the products that the organization keeps.
func (x *Alerts) writer(v *db.View) (writer, error) {
	who := v.Viewer()
	switch {
	case !who.SignedIn():
	case who.May(policy.MayTriage):
		return writer{who.Org, who.OrgName, true}, nil
	case (who.Kind == policy.Manufacturer || who.Kind == policy.Vendor) && who.May(policy.MayPost):
		if !ofOrg(who, who.Org) {
			return writer{}, fault.Forbiddenf("You are not a named recipient of your organization. Ask its officer.")
		}
		return writer{who.Org, who.OrgName, false}, nil
	}
	return writer{}, fault.Forbiddenf("Alerts are written by the desk, and by manufacturers for their own products.")
}

// MayWrite reports whether the viewer may write alerts.
func (x *Alerts) MayWrite(v *db.View) bool {
	_, err := x.writer(v)
	return err == nil
}

// MayChange reports whether the viewer may change, send or withdraw an alert.
func (x *Alerts) MayChange(v *db.View, a Alert) bool {
	w, err := x.writer(v)
	return err == nil && w.org == a.Org
}

// MayApprove reports whether the viewer may approve an alert as it is.
func (x *Alerts) MayApprove(v *db.View, a Alert) bool { return mayApprove(v.Viewer(), a) == nil }

// mayApprove keeps writing and approving apart where it counts: somebody else, who
// wrote none of it.
func mayApprove(who policy.Viewer, a Alert) error {
	if !who.May(policy.MayTriage) && (!ofOrg(who, a.Org) || !who.May(policy.MayPost)) {
		return fault.Forbiddenf("The desk approves alerts, and named recipients of the organization that writes them.")
	}
	if !a.NeedsSecond {
		return nil
	}
	switch {
	case who.Person == a.Person || who.Person == a.Editor:
		return fault.Forbiddenf("You wrote this. Somebody else of your organization or of the desk has to approve it.")
	case !who.May(policy.MayApprove):
		return fault.Forbiddenf("You may not approve alerts this way. Sign in and approve it on its page.")
	}
	return nil
}

// draftLabel is who reads an alert before it is sent, and after it unless it is for
// everybody: its author's organization and the desk. What comes from a case that is
// not the desk's stays with its author.
func (x *Alerts) draftLabel(v *db.View, a Alert) (policy.Label, error) {
	s, err := x.members.Settings(v)
	l := policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg(a.Org))}
	if a.Source != FromCase || a.Org == s.Org {
		l.Audience = l.Audience.With(policy.OfCircle(s.Desk))
	}
	if a.TLP == policy.Amber {
		l.TLP = policy.Amber
	}
	return l, err
}

// sentLabel is who reads an alert that was sent. Who was told is never in it.
func (x *Alerts) sentLabel(v *db.View, a Alert) (policy.Label, error) {
	switch a.TLP {
	case policy.Clear:
		return policy.Label{TLP: a.TLP, Audience: policy.NewAudience(policy.Public)}, nil
	case policy.Green:
		return policy.Label{TLP: a.TLP, Audience: policy.NewAudience(policy.Community)}, nil
	}
	return x.draftLabel(v, a)
}

// needsSecond reports whether somebody else has to approve an alert: it interrupts
// people (class now), it opens to everybody what was a draft for two (design §3.1,
// loosening), or the desk writes about a member's product.
func (x *Alerts) needsSecond(v *db.View, w writer, f Form) (bool, error) {
	if f.Class == Now || f.TLP == policy.Clear || f.TLP == policy.Green {
		return true, nil
	}
	if !w.desk {
		return false, nil
	}
	var list []string
	for _, a := range f.Affected {
		if a.Product != "" {
			list = append(list, a.Product)
		}
	}
	known, err := x.devices.ProductsOf(v, list)
	for _, d := range known {
		if d.Org != "" && d.Org != w.org {
			return true, err
		}
	}
	return false, err
}

// Draft writes a new alert and returns its id. The entry is alert.drafted. The same
// key returns the same alert.
func (x *Alerts) Draft(tx *db.Tx, f Form) (id string, err error) {
	w, err := x.writer(tx.View)
	if err != nil {
		return "", err
	}
	id, _, err = tx.Once(f.Key, digest("draft", f), func() (string, error) {
		source := FromMaker
		if w.desk {
			source = FromDesk
		}
		if f.Case != "" {
			source = FromCase
		}
		a, err := x.draft(tx, w, source, f)
		if err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "alert.drafted", Object: a.ID, Label: a.Label, Data: a.facts()})
		return a.ID, nil
	})
	return id, err
}

// Supersede drafts an alert that takes the place of one that was sent. When it is
// sent, the notices of the earlier one say so.
func (x *Alerts) Supersede(tx *db.Tx, id string, f Form) (string, error) {
	if _, err := x.Alert(tx.View, id); err != nil {
		return "", err
	}
	f.Supersedes = id
	return x.Draft(tx, f)
}

// draft writes a checked draft, without an entry.
func (x *Alerts) draft(tx *db.Tx, w writer, source Source, f Form) (a Alert, err error) {
	if f.Case != "" && !ids.Valid("case", f.Case) {
		return a, fault.InvalidField("case", "This is not the id of a case.")
	}
	if err := x.recorded(tx.View, w.org, f.Supersedes); err != nil {
		return a, err
	}
	if f, err = x.checked(tx.View, w, f); err != nil {
		return a, err
	}
	a = Alert{ID: ids.New("alert"), At: tx.Now(), Changed: tx.Now(), Revision: 1, Org: w.org, OrgName: w.name, Person: tx.Viewer().Person, Editor: tx.Viewer().Person,
		Source: source, Case: f.Case, State: Draft, Class: f.Class, Content: f.Content, Supersedes: f.Supersedes}
	if a.NeedsSecond, err = x.needsSecond(tx.View, w, f); err != nil {
		return a, err
	}
	if a.Label, err = x.draftLabel(tx.View, a); err != nil {
		return a, err
	}
	audience, err := tx.Store(a.Label.Audience)
	if err != nil {
		return a, err
	}
	_, err = tx.Exec(`INSERT INTO alerts_alerts (id, at, changed, revision, org, org_name, person, editor, source, case_id, state, class, content_tlp, content, second, approver, approver_name, approved,
			sent, ended, why, supersedes, superseded_by, tlp, audience)
		VALUES ($1, $2, $2, 1, $3, $4, $5, $5, $6, $7, 'draft', $8, $9, $10, $11, '', '', 0, 0, 0, '', $12, '', $13, $14)`,
		a.ID, clock.Micros(a.At), a.Org, a.OrgName, a.Person, string(a.Source), a.Case, string(a.Class), string(a.TLP), encode(a.Content), flag(a.NeedsSecond), a.Supersedes, string(a.Label.TLP), audience)
	return a, err
}

// facts are what the record keeps of an alert's text: its whole, by digest.
func (a Alert) facts() map[string]any {
	return map[string]any{"revision": a.Revision, "class": a.Class, "tlp": a.TLP, "content": digest("content", a.Content)}
}

// digest stands for an input or a text.
func digest(parts ...any) string {
	sum := sha256.Sum256([]byte(encode(parts)))
	return hex.EncodeToString(sum[:])
}

// own is an alert that the viewer may change, at the revision that it saw.
func (x *Alerts) own(tx *db.Tx, id string, revision int64) (a Alert, w writer, err error) {
	if a, err = x.Alert(tx.View, id); err != nil {
		return a, w, err
	}
	if w, err = x.writer(tx.View); err != nil {
		return a, w, err
	}
	if w.org != a.Org {
		return a, w, fault.Forbiddenf("Another organization wrote this alert. Only it changes, sends or withdraws it.")
	}
	return a, w, a.at(revision)
}

// at refuses to act on another text than the one that was read.
func (a Alert) at(revision int64) error {
	if revision != a.Revision {
		return fault.Conflictf("Somebody changed this alert meanwhile. Read it again; nothing was changed.")
	}
	return nil
}

// Change says anew what a draft says. An approved alert becomes a draft again. The
// entry is alert.changed.
func (x *Alerts) Change(tx *db.Tx, id string, revision int64, f Form) error {
	a, w, err := x.own(tx, id, revision)
	if err != nil {
		return err
	}
	if a.State != Draft {
		if err := a.State.to(Draft); err != nil {
			return err
		}
	}
	f.Case = a.Case
	if err := x.recorded(tx.View, w.org, f.Supersedes); err != nil {
		return err
	}
	if f, err = x.checked(tx.View, w, f); err != nil {
		return err
	}
	if a.NeedsSecond, err = x.needsSecond(tx.View, w, f); err != nil {
		return err
	}
	a.Content, a.Class, a.Revision = f.Content, f.Class, a.Revision+1
	if a.Label, err = x.draftLabel(tx.View, a); err != nil {
		return err
	}
	audience, err := tx.Store(a.Label.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE alerts_alerts SET changed = $1, revision = $2, editor = $3, state = 'draft', class = $4, content_tlp = $5, content = $6, second = $7, approver = '', approver_name = '', approved = 0,
			supersedes = $8, tlp = $9, audience = $10 WHERE id = $11 AND revision = $12`,
		clock.Micros(tx.Now()), a.Revision, tx.Viewer().Person, string(a.Class), string(a.TLP), encode(a.Content), flag(a.NeedsSecond), f.Supersedes, string(a.Label.TLP), audience, a.ID, revision); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "alert.changed", Object: a.ID, Label: a.Label, Data: a.facts()})
	return nil
}

// Approve says that an alert may be sent as it is at that revision. Who wrote any of
// it cannot approve it where a second person is needed. The entry is alert.approved.
func (x *Alerts) Approve(tx *db.Tx, id string, revision int64) error {
	a, err := x.Alert(tx.View, id)
	if err != nil {
		return err
	}
	if err := mayApprove(tx.Viewer(), a); err != nil {
		return err
	}
	if err := a.at(revision); err != nil {
		return err
	}
	if err := a.State.to(Approved); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE alerts_alerts SET state = 'approved', approver = $1, approver_name = $2, approved = $3 WHERE id = $4 AND revision = $5 AND state = 'draft'`,
		tx.Viewer().Person, tx.Viewer().Name, clock.Micros(tx.Now()), a.ID, revision); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "alert.approved", Object: a.ID, Label: a.Label, Data: a.facts()})
	return nil
}

// Withdraw takes an alert back. Of one that was sent, every notice says so and why;
// a draft is given up. The entry is alert.withdrawn.
func (x *Alerts) Withdraw(tx *db.Tx, id, why string) error {
	a, err := x.Alert(tx.View, id)
	if err != nil {
		return err
	}
	if a, _, err = x.own(tx, id, a.Revision); err != nil {
		return err
	}
	if err := a.State.to(Withdrawn); err != nil {
		return err
	}
	var p check.Problems
	if why = p.Text("why", "The reason", why, MaxReason, true); p.Found() {
		return p.Err()
	}
	if err := tx.MustChange(`UPDATE alerts_alerts SET state = 'withdrawn', ended = $1, why = $2 WHERE id = $3 AND state = $4`, clock.Micros(tx.Now()), why, a.ID, string(a.State)); err != nil {
		return err
	}
	if err := x.end(tx, a.ID, Withdrawn, why); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "alert.withdrawn", Object: a.ID, Label: a.Label, Data: map[string]any{"why": why}})
	return nil
}

// end tells those who were told that an alert is over.
func (x *Alerts) end(tx *db.Tx, alert string, s State, why string) error {
	_, err := tx.Exec(`UPDATE alerts_notices SET ended = $1, why = $2, updated = $3 WHERE alert = $4`, string(s), why, clock.Micros(tx.Now()), alert)
	return err
}
