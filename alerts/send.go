package alerts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Send sends an approved alert, at the revision that was read, to the holders of what
// it names: each gets a notice of its own. The entry is alert.sent; it is the same one
// whether nobody or everybody holds the products, and so is everything that the sender
// can read. What it commits to is the list of the organizations that were told, by
// salted digest, so that the operator can prove it later.
func (x *Alerts) Send(tx *db.Tx, id string, revision int64) error {
	a, _, err := x.own(tx, id, revision)
	if err != nil {
		return err
	}
	if a.State == Draft {
		return fault.Conflictf("Nobody approved this alert as it is. Approve it first, or ask somebody to.")
	}
	if a.Supersedes != "" {
		if err := x.recorded(tx.View, a.Org, a.Supersedes); err != nil {
			return err
		}
	}
	return x.send(tx, a)
}

// SendApproved sends a text that was approved elsewhere: a case's, with the wording and
// the marking that its source agreed to. It goes out as it is or not at all; nothing is
// made looser. f.Case and f.Approver say what it comes from. The entry is alert.sent.
func (x *Alerts) SendApproved(tx *db.Tx, f Form) (id string, err error) {
	who := tx.Viewer()
	if !who.SignedIn() || !who.May(policy.MayWorkCase) {
		return "", fault.Forbiddenf("You may not send what a case says.")
	}
	var p check.Problems
	if f.Case == "" {
		p.Add("case", "Say which case this comes from.")
	}
	if f.Approver == "" || f.ApproverName == "" {
		p.Add("approver", "Say who approved this.")
	}
	if p.Found() {
		return "", p.Err()
	}
	id, _, err = tx.Once(f.Key, digest("approved", f), func() (string, error) {
		// The case's own rules said who may speak; the product is any that he can read.
		a, err := x.draft(tx, writer{who.Org, who.OrgName, true}, FromCase, f)
		if err != nil {
			return "", err
		}
		if err := tx.MustChange(`UPDATE alerts_alerts SET state = 'approved', approver = $1, approver_name = $2, approved = $3 WHERE id = $4`, f.Approver, f.ApproverName, clock.Micros(tx.Now()), a.ID); err != nil {
			return "", err
		}
		a.State, a.Approver, a.ApproverName, a.Approved = Approved, f.Approver, f.ApproverName, tx.Now()
		return a.ID, x.send(tx, a)
	})
	return id, err
}

// send gives the notices, and notes that the alert was sent.
func (x *Alerts) send(tx *db.Tx, a Alert) error {
	if err := a.State.to(Sent); err != nil {
		return err
	}
	if x.pace > 0 { // who waits here is the sender, after the commit
		done := time.NewTimer(x.pace)
		tx.AfterCommit(func() { <-done.C })
	}
	v := all(tx.View)
	list, err := x.resolve(v, a.Affected)
	if err != nil {
		return err
	}
	exploited, err := x.exploited(v, a.Vulns)
	if err != nil {
		return err
	}
	orgs := list.orgs()
	for _, org := range orgs {
		if err := x.give(tx, newNotice(tx, OfAlert, org, a.OrgName, a.Class, a.Content, list[org], exploited, a.ID, "")); err != nil {
			return err
		}
	}
	commitment, err := x.commit(tx, a.ID, orgs)
	if err != nil {
		return err
	}
	if err := x.recount(tx, a.ID, a.Org); err != nil {
		return err
	}
	if a.Label, err = x.sentLabel(tx.View, a); err != nil {
		return err
	}
	audience, err := tx.Store(a.Label.Audience)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE alerts_alerts SET state = 'sent', sent = $1, tlp = $2, audience = $3 WHERE id = $4 AND revision = $5 AND state = 'approved'`,
		clock.Micros(tx.Now()), string(a.Label.TLP), audience, a.ID, a.Revision); err != nil {
		return err
	}
	if a.Supersedes != "" {
		if err := tx.MustChange(`UPDATE alerts_alerts SET state = 'superseded', ended = $1, superseded_by = $2 WHERE id = $3 AND state = 'sent'`, clock.Micros(tx.Now()), a.ID, a.Supersedes); err != nil {
			return err
		}
		if err := x.end(tx, a.Supersedes, Superseded, ""); err != nil {
			return err
		}
	}
	data := a.facts()
	data["commitment"] = commitment
	tx.Append(db.Entry{Verb: "alert.sent", Object: a.ID, Label: a.Label, Data: data})
	return nil
}

// exploited reports whether any of the vulnerabilities is known, publicly, to be
// exploited.
func (x *Alerts) exploited(v *db.View, list []string) (bool, error) {
	public := v.As(policy.Anonymous())
	for _, id := range list {
		u, err := x.vulns.Vulnerability(public, id)
		switch {
		case fault.Is(err, fault.Missing):
		case err != nil:
			return false, err
		case u.Exploited && !u.Withdrawn:
			return true, nil
		}
	}
	return false, nil
}

// commit keeps the list of recipients with a salt, and gives its digest: SHA-256 over
// the salt and the sorted ids, each followed by a line feed. Without the salt it tells
// nothing, not even how many there are.
func (x *Alerts) commit(tx *db.Tx, alert string, orgs []string) (string, error) {
	salt := make([]byte, 32)
	rand.Read(salt) // never fails (crypto/rand)
	_, err := tx.Exec(`INSERT INTO alerts_salts (alert, at, salt, orgs) VALUES ($1, $2, $3, $4)`, alert, clock.Micros(tx.Now()), hex.EncodeToString(salt), encode(orgs))
	return commitment(salt, orgs), err
}

func commitment(salt []byte, orgs []string) string {
	h := sha256.New()
	h.Write(salt)
	for _, o := range orgs {
		h.Write([]byte(o + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// maxMatches is how many matches a notice lists; further ones are counted.
const maxMatches = 50

// newNotice makes a notice, without writing it.
func newNotice(tx *db.Tx, k Kind, org, from string, c Class, text Content, ms []Match, exploited bool, alert, group string) Notice {
	n := Notice{ID: ids.New("notice"), Kind: k, Alert: alert, Org: org, At: tx.Now(), Updated: tx.Now(), From: from, Class: c, Content: text, Exploited: exploited, Group: group}
	n.add(ms)
	return n
}

// add lists further matches.
func (n *Notice) add(ms []Match) (added int) {
	for _, m := range ms {
		n.Sure = n.Sure || m.Sure
		if len(n.Matched) < maxMatches {
			n.Matched = append(n.Matched, m)
		} else {
			n.More++
		}
		added++
	}
	return added
}

// rank is a notice's place in an inbox: exploited › matched › class.
func (n Notice) rank() int64 {
	class := map[Class]int64{Now: 0, Today: 1, Digest: 2}[n.Class]
	return 8*flag(!n.Exploited) + 4*flag(!n.Sure) + class
}

// give writes a new notice for its organization's named recipients only. It leaves no
// entry: what an entry would tell of is told by nobody but the recipient.
func (x *Alerts) give(tx *db.Tx, n Notice) error {
	l := policy.Default(n.Org)
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO alerts_notices (id, kind, alert, org, grp, at, updated, author, class, content, matched, more, sure, exploited, rank, ended, why, opened, opened_by, answer, answered, answered_by, note, archived, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', 0, '', '', 0, '', '', 0, $15, $16)`,
		n.ID, string(n.Kind), n.Alert, n.Org, n.Group, clock.Micros(n.At), n.From, string(n.Class), encode(n.Content), encode(n.Matched), n.More, flag(n.Sure), flag(n.Exploited), n.rank(), string(l.TLP), audience)
	return err
}
