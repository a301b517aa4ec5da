package cases

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Sending is how a notice was sent, outside this house.
type Sending struct {
	At         time.Time // when; zero for now
	Via        string    // "e-mail to 214 customers", "customer portal"
	Evidence   []string  // ids of files and posts
	Incomplete string    // why it was sent without all that R-013 asks; it then does not meet R-010
}

// SendNotice marks a notice as sent and gives the ISAO its copy, in one
// transaction: the ledger has both instants or neither.
func (c *Cases) SendNotice(tx *db.Tx, notice string, how Sending) error {
	n, err := c.Notice(tx.View, notice)
	if err != nil {
		return err
	}
	k, p, err := c.noticing(tx.View, n.Party)
	if err != nil {
		return err
	}
	if n.State != NoticeDraft {
		return fault.Conflictf("This notice was sent already.")
	}
	if how.At.IsZero() {
		how.At = tx.Now()
	}
	if err := how.check(n, tx.Now()); err != nil {
		return err
	}
	n.State, n.SentAt, n.Via, n.Evidence, n.Incomplete, n.SentBy, n.ISAOAt = NoticeSent, clock.FromMicros(clock.Micros(how.At)), how.Via, how.Evidence, how.Incomplete, tx.Viewer().Actor(), tx.Now()
	own, err := c.partyLabel(tx.View, p)
	if err != nil {
		return err
	}
	doc, _, err := n.texts()
	if err != nil {
		return err
	}
	// The list of recipients stays with the party's own people, whoever else may
	// see the notice: the row that others read is the copy.
	circle := policy.Label{TLP: own.TLP, Audience: policy.NewAudience(policy.OfCircle(p.Circle))}
	if err := tx.MustChange(`UPDATE case_notices SET state = $1, doc = $2, sent_at = $3, sent_via = $4, sent_by = $5, isao_at = $6 WHERE id = $7 AND state = 'draft'`,
		string(NoticeSent), doc, micros(n.SentAt), n.Via, n.SentBy, micros(n.ISAOAt), n.ID); err != nil {
		return err
	}
	list := sha256.Sum256([]byte(strings.Join(n.Text.Recipients, "\n")))
	data := map[string]any{"party": p.ID, "sent_at": n.SentAt, "via": n.Via, "evidence": n.Evidence, "incomplete": n.Incomplete, "lacks": n.Text.Lacks(),
		"text": n.Text, "recipients": n.Count, "recipients_sha256": hex.EncodeToString(list[:]), "isao_at": n.ISAOAt}
	tx.Append(db.Entry{Verb: "notice.sent", Object: n.ID, Parent: k.ID, Label: own, Data: data})

	theirs, err := c.deskLabel(tx.View, circle.Audience.Members()...)
	if err != nil {
		return err
	}
	copied := n
	copied.ID, copied.Of, copied.State, copied.Text.Recipients = ids.New("notice"), n.ID, NoticeCopy, nil
	if err := putNotice(tx, copied, theirs); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notice.copied-to-isao", Object: copied.ID, Parent: k.ID, Label: theirs,
		Data: map[string]any{"party": p.ID, "org": p.Org, "name": p.Name, "notice": n.ID, "sent_at": n.SentAt, "isao_at": n.ISAOAt, "text": n.Text, "recipients": n.Count}})
	return c.reckon(tx, k, p)
}

func (how *Sending) check(n Notice, now time.Time) error {
	var p check.Problems
	how.Via = p.Line("via", "How it was sent", how.Via, MaxTitle, true)
	how.Incomplete = p.Text("incomplete", "Why it is sent like this", how.Incomplete, MaxReason, false)
	if how.At.After(now) {
		p.Add("at", "%s has not come yet.", how.At.UTC().Format("2 Jan 2006 15:04 UTC"))
	}
	for i, e := range how.Evidence {
		how.Evidence[i] = p.Line("evidence", "The evidence", e, 200, true)
	}
	if len(how.Evidence) > 50 {
		p.Add("evidence", "A notice takes at most 50 pieces of evidence.")
	}
	lacks := n.Text.Lacks()
	if len(lacks) == 0 {
		how.Incomplete = ""
	} else if how.Incomplete == "" {
		p.Add("incomplete", "The notice does not say: %s. Add it, or say why it is sent like this; it then does not meet FDA's condition.", strings.Join(lacks, "; "))
	}
	return p.Err()
}
