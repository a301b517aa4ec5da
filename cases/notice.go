package cases

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// NoticeState is where a customer notice stands.
type NoticeState string

// The states of a notice. The ISAO's copy is a row of its own, which the desk
// reads; it has no list of recipients.
const (
	NoticeDraft NoticeState = "draft"
	NoticeSent  NoticeState = "sent"
	NoticeCopy  NoticeState = "copy"
)

// NoticeText is what a customer notice says. The letters are those of R-013.
type NoticeText struct {
	Subject    string   `json:"subject"`
	Devices    string   `json:"devices,omitempty"`
	Impact     string   `json:"impact,omitempty"`       // a
	Efforts    string   `json:"efforts,omitempty"`      // b
	Controls   string   `json:"controls,omitempty"`     // c
	NoControls bool     `json:"no_controls,omitempty"`  // c: there are none
	Fix        string   `json:"fix,omitempty"`          // d: the fix, or the defense in depth
	Future     string   `json:"future,omitempty"`       // d: that the availability of a fix will be communicated
	Strategy   string   `json:"strategy,omitempty"`     // how the risk comes to an acceptable level
	Contact    string   `json:"contact,omitempty"`      // whom customers ask
	Customers  bool     `json:"to_customers,omitempty"` // whom it goes to
	Users      bool     `json:"to_users,omitempty"`     // the user community
	Recipients []string `json:"-"`                      // organizations or addresses outside, for the party alone
}

// Notice is a communication to customers about the vulnerability.
type Notice struct {
	ID         string
	Case       string
	Party      string
	State      NoticeState
	Text       NoticeText
	Count      int // of recipients
	At         time.Time
	Person     string
	Name       string
	SentAt     time.Time // as the sender says
	Via        string
	SentBy     string
	Evidence   []string
	Incomplete string // why it was sent although something is missing; it does not meet R-010
	ISAOAt     time.Time
	Of         string // of a copy: the notice
	n          int64
}

type noticeDoc struct {
	NoticeText
	Evidence   []string `json:"evidence,omitempty"`
	Incomplete string   `json:"incomplete,omitempty"`
	Count      int      `json:"recipients"`
	Of         string   `json:"of,omitempty"`
}

// content is the text for the rule R-013.
func (t NoticeText) content() fda.Content {
	return fda.Content{ImpactAssessment: t.Impact, EffortsUnderway: t.Efforts, CompensatingControls: t.Controls, NoCompensatingControls: t.NoControls,
		FixOrDefenceInDepth: t.Fix, FutureAvailability: t.Future}
}

// Lacks lists in plain words what keeps the notice from meeting FDA's condition:
// the four items and the strategy. Shown beside the draft.
func (t NoticeText) Lacks() []string {
	var all []string
	for _, item := range fda.CheckContent(t.content()) {
		all = append(all, fmt.Sprintf("(%s) %s", item.Letter, item.What))
	}
	if !(fda.Notice{HasStrategy: strings.TrimSpace(t.Strategy) != ""}).RemediationComplete() {
		all = append(all, "a strategy that reduces the risk to an acceptable level")
	}
	if !t.Customers {
		all = append(all, "that it goes to customers")
	}
	return all
}

// The limits of a notice.
const maxRecipients = 5000

func (t *NoticeText) check() error {
	var p check.Problems
	t.Subject = p.Line("subject", "The subject", t.Subject, MaxTitle, true)
	for _, f := range []struct {
		name, what string
		at         *string
	}{{"devices", "The devices", &t.Devices}, {"impact", "The description and impact assessment", &t.Impact}, {"efforts", "The efforts underway", &t.Efforts}, {"controls", "The compensating controls", &t.Controls},
		{"fix", "The fix or defense in depth", &t.Fix}, {"future", "How a fix will be announced", &t.Future}, {"strategy", "The strategy", &t.Strategy}, {"contact", "The contact", &t.Contact}} {
		*f.at = p.Text(f.name, f.what, *f.at, MaxText, false)
	}
	if t.Controls != "" && t.NoControls {
		p.Add("controls", "Either there are compensating controls, or there are none.")
	}
	if len(t.Recipients) > maxRecipients {
		p.Add("recipients", "A list has at most %d recipients; this has %d.", maxRecipients, len(t.Recipients))
		return p.Err()
	}
	var list []string
	for _, r := range t.Recipients {
		if r = p.Line("recipients", "A recipient", r, MaxTitle, false); r != "" {
			list = append(list, r)
		}
	}
	t.Recipients = list
	return p.Err()
}

// DraftNotice begins a customer notice for a party and returns it.
func (c *Cases) DraftNotice(tx *db.Tx, party string, t NoticeText, key string) (id string, again bool, err error) {
	return tx.Once(key, digest("notice", party, t, t.Recipients), func() (string, error) {
		k, p, err := c.noticing(tx.View, party)
		if err != nil {
			return "", err
		}
		if err := t.check(); err != nil {
			return "", err
		}
		l, err := c.partyLabel(tx.View, p)
		if err != nil {
			return "", err
		}
		n := Notice{ID: ids.New("notice"), Case: k.ID, Party: p.ID, State: NoticeDraft, Text: t, Count: len(t.Recipients), At: tx.Now(), Person: tx.Viewer().Actor(), Name: tx.Viewer().Name}
		if err := putNotice(tx, n, policy.Label{TLP: l.TLP, Audience: policy.NewAudience(policy.OfCircle(p.Circle))}); err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "notice.drafted", Object: n.ID, Parent: k.ID, Label: policy.Label{TLP: l.TLP, Audience: policy.NewAudience(policy.OfCircle(p.Circle))},
			Data: map[string]any{"party": p.ID, "text": t, "recipients": n.Count}})
		return n.ID, nil
	})
}

// EditNotice writes a draft anew.
func (c *Cases) EditNotice(tx *db.Tx, notice string, t NoticeText) error {
	n, err := c.Notice(tx.View, notice)
	if err != nil {
		return err
	}
	k, p, err := c.noticing(tx.View, n.Party)
	if err != nil {
		return err
	}
	if n.State != NoticeDraft {
		return fault.Conflictf("This notice was sent. Write another one.")
	}
	if err := t.check(); err != nil {
		return err
	}
	n.Text, n.Count = t, len(t.Recipients)
	doc, recipients, err := n.texts()
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE case_notices SET subject = $1, doc = $2, recipients = $3 WHERE id = $4 AND state = 'draft'`, t.Subject, doc, recipients, n.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notice.edited", Object: n.ID, Parent: k.ID, Label: policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(p.Circle))},
		Data: map[string]any{"party": p.ID, "text": t, "recipients": n.Count}})
	return nil
}

// noticing reads the party whose customers are told; its own people do that.
func (c *Cases) noticing(v *db.View, party string) (k Case, p Party, err error) {
	own, err := c.speaksFor(v, party, &k, &p)
	if err == nil && !own {
		err = fault.Forbiddenf("The people of %s tell its customers.", p.Name)
	}
	return k, p, err
}

func (n Notice) texts() (doc, recipients string, err error) {
	d, err := json.Marshal(noticeDoc{NoticeText: n.Text, Evidence: n.Evidence, Incomplete: n.Incomplete, Count: n.Count, Of: n.Of})
	if err != nil {
		return "", "", fmt.Errorf("write a notice: %w", err)
	}
	r, err := json.Marshal(append([]string{}, n.Text.Recipients...))
	return string(d), string(r), err
}

func putNotice(tx *db.Tx, n Notice, l policy.Label) error {
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	doc, recipients, err := n.texts()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO case_notices (id, n, case_id, party, state, subject, doc, recipients, at, person, name, sent_at, sent_via, sent_by, isao_at, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
		n.ID, position(tx), n.Case, n.Party, string(n.State), n.Text.Subject, doc, recipients, clock.Micros(n.At), n.Person, n.Name, micros(n.SentAt), n.Via, n.SentBy, micros(n.ISAOAt), string(l.TLP), audience)
	return err
}

const noticeColumns = `n.id, n.n, n.case_id, n.party, n.state, n.doc, n.recipients, n.at, n.person, n.name, n.sent_at, n.sent_via, n.sent_by, n.isao_at`

func scanNotice(s db.Scanner) (n Notice, err error) {
	var at, sent, isao int64
	var doc, recipients string
	if err = s.Scan(&n.ID, &n.n, &n.Case, &n.Party, &n.State, &doc, &recipients, &at, &n.Person, &n.Name, &sent, &n.Via, &n.SentBy, &isao); err != nil {
		return n, err
	}
	var d noticeDoc
	if err = json.Unmarshal([]byte(doc), &d); err == nil {
		err = json.Unmarshal([]byte(recipients), &d.Recipients)
	}
	if err != nil {
		return n, fmt.Errorf("read notice %s: %w", n.ID, err)
	}
	n.Text, n.Evidence, n.Incomplete, n.Count, n.Of = d.NoticeText, d.Evidence, d.Incomplete, d.Count, d.Of
	n.At, n.SentAt, n.ISAOAt = clock.FromMicros(at), clock.FromMicros(sent), clock.FromMicros(isao)
	return n, nil
}

// Notice reads a notice, or the ISAO's copy of one, that the viewer can see.
func (c *Cases) Notice(v *db.View, id string) (Notice, error) {
	return db.One(v, scanNotice, `SELECT `+noticeColumns+` FROM visible.case_notices n WHERE n.id = $1`, id)
}

// Notices lists a case's notices that the viewer can see, oldest first: each once,
// the ISAO's copy only for those who do not see the notice itself.
func (c *Cases) Notices(v *db.View, id string) ([]Notice, error) {
	ns, err := db.All(v, scanNotice, `SELECT `+noticeColumns+` FROM visible.case_notices n WHERE n.case_id = $1 ORDER BY n.n, n.id`, id)
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, n := range ns {
		own[n.ID] = true
	}
	out := ns[:0]
	for _, n := range ns {
		if n.Of == "" || !own[n.Of] {
			out = append(out, n)
		}
	}
	return out, nil
}

// ISAOCopies lists the copies of customer notices that the ISAO was given,
// newest first, for the desk and for the party whose they are.
func (c *Cases) ISAOCopies(v *db.View, limit int) ([]Notice, error) {
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	return db.All(v, scanNotice, `SELECT `+noticeColumns+` FROM visible.case_notices n WHERE n.state = 'copy' ORDER BY n.n DESC, n.id LIMIT $1`, limit)
}
