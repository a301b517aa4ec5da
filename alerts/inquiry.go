package alerts

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// Side is on which end of an inquiry somebody stands.
type Side string

// The sides. The respondent is who wrote the alert.
const (
	AsAsker      Side = "asker"
	AsRespondent Side = "respondent"
)

// The states of an inquiry.
const (
	InquiryOpen     = "open"
	InquiryAnswered = "answered"
	InquiryClosed   = "closed"
)

// Inquiry is one side's copy of what was asked about an alert. The two copies have ids
// of their own, and nothing that a respondent can read says whose the other one is
// until the asker reveals itself.
type Inquiry struct {
	ID        string
	Side      Side
	Alert     string
	Notice    string // the asker's notice; "" for the respondent
	Title     string // of the alert
	At        time.Time
	Changed   time.Time
	State     string
	Pseudonym string // of the asker in this alert: "Asker 7K3Q-2M9P"
	Asker     string // the asker's organization's name: for itself, and once it revealed itself
	Revealed  string // the same, once the respondent knows it
	Messages  []Message
	Label     policy.Label
}

// Message is one message of an inquiry.
type Message struct {
	At   time.Time // the respondent is told the day only of what the asker wrote
	Asks bool      // the asker wrote it
	Name string    // who wrote it, as this side may know: a person and organization, or the pseudonym
	Body string
}

const maxInquiries, maxMessages = 20, 200

// pseudonym is by what an asker is known in one alert: HMAC-SHA256 under its realm's
// secret of realm, provider, user and object. The realm is the asker's
// organization, the user is the person who asked first. It is the same in all that this
// person asks about the alert, and tells nothing about another alert.
func (x *Alerts) pseudonym(realm, provider, user, object string) string {
	secret := x.box.Secret("alerts: pseudonyms of " + realm)
	h := hmac.New(sha256.New, secret[:])
	fmt.Fprintf(h, "%s|%s|%s|%s", realm, provider, user, object)
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	out := make([]byte, 12)
	for i, b := range h.Sum(nil)[:len(out)] {
		out[i] = alphabet[b&31]
	}
	return "Asker " + string(out[:4]) + "-" + string(out[4:8]) + "-" + string(out[8:])
}

// Ask asks who wrote the alert of a notice. The asker is known by a pseudonym that
// holds for this alert only. It returns the id of the asker's copy. The one entry is
// inquiry.asked, for the asker: an entry says who made it, so that the respondent has
// none.
func (x *Alerts) Ask(tx *db.Tx, notice, body string) (id string, err error) {
	n, err := x.mine(tx.View, notice)
	if err != nil {
		return "", err
	}
	if n.Alert == "" {
		return "", fault.Conflictf("Nobody wrote this: matching found it. Ask the desk instead.")
	}
	if body, err = checkedBody(body); err != nil {
		return "", err
	}
	had, err := db.One(tx.View, db.Value[int], `SELECT count(*) FROM visible.alerts_asked q WHERE q.notice = $1 AND q.side = 'asker'`, n.ID)
	if err != nil {
		return "", err
	}
	if had >= maxInquiries {
		return "", fault.Conflictf("Your organization asked %d times about this alert. Write on in one of those.", maxInquiries)
	}
	v := all(tx.View)
	a, err := x.Alert(v, n.Alert)
	if err != nil {
		return "", err
	}
	if a.Org == n.Org {
		return "", fault.Conflictf("Your own organization wrote this alert.")
	}
	s, err := x.members.Settings(tx.View)
	if err != nil {
		return "", err
	}
	respondent := policy.OfOrg(a.Org)
	if a.Org == s.Org {
		respondent = policy.OfCircle(s.Desk)
	}
	who := tx.Viewer()
	asks := Inquiry{ID: ids.New("inquiry"), Side: AsAsker, Alert: a.ID, Notice: n.ID, Title: n.Content.Title, At: tx.Now(), State: InquiryOpen,
		Pseudonym: x.pseudonym(n.Org, s.ID, who.Person, a.ID), Asker: who.OrgName, Label: n.Label}
	hears := asks
	hears.ID, hears.Side, hears.Notice, hears.Asker, hears.At = ids.New("inquiry"), AsRespondent, "", "", clock.Day(tx.Now())
	hears.Label = policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(respondent)}
	if err := x.keepInquiry(tx, asks, hears.ID); err != nil {
		return "", err
	}
	if err := x.keepInquiry(tx, hears, asks.ID); err != nil {
		return "", err
	}
	if err := x.say(tx, asks, hears, body); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "inquiry.asked", Object: asks.ID, Parent: n.ID, Label: asks.Label, Data: map[string]any{"body": digest("body", body)}})
	return asks.ID, nil
}

func checkedBody(body string) (string, error) {
	var p check.Problems
	body = p.Text("body", "The message", body, MaxBody, true)
	return body, p.Err()
}

func (x *Alerts) keepInquiry(tx *db.Tx, q Inquiry, twin string) error {
	audience, err := tx.Store(q.Label.Audience)
	if err != nil {
		return err
	}
	// Times are told by the day: an asker's own questions stand in their order by i.
	i, err := db.One(tx.View.As(system), db.Value[int64], `SELECT COUNT(*) FROM visible.alerts_asked q WHERE q.side = $1 AND q.alert = $2 AND q.pseudonym = $3`, string(q.Side), q.Alert, q.Pseudonym)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO alerts_asked (id, twin, side, alert, notice, title, at, changed, pseudonym, i, asker, revealed, state, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, '', $11, $12, $13)`,
		q.ID, twin, string(q.Side), q.Alert, q.Notice, q.Title, clock.Micros(q.At), q.Pseudonym, i, q.Asker, q.State, string(q.Label.TLP), audience)
	return err
}

// say writes a message into both copies. from is the writer's.
func (x *Alerts) say(tx *db.Tx, from, to Inquiry, body string) error {
	i, err := db.One(all(tx.View), db.Value[int64], `SELECT count(*) FROM visible.alerts_messages m WHERE m.inquiry = $1`, from.ID)
	if err != nil {
		return err
	}
	if i >= maxMessages {
		return fault.Conflictf("This inquiry has %d messages, which is all that fit. Ask anew.", maxMessages)
	}
	who := tx.Viewer()
	name := who.Name + ", " + who.OrgName
	state := InquiryAnswered
	if from.Side == AsAsker {
		state = InquiryOpen
	}
	for _, q := range []Inquiry{from, to} {
		m := Message{At: tx.Now(), Asks: from.Side == AsAsker, Name: name, Body: body}
		if q.Side == AsRespondent && m.Asks {
			m.At, m.Name = clock.Day(tx.Now()), from.Pseudonym
			if q.Revealed != "" {
				m.Name = q.Revealed
			}
		}
		audience, err := tx.Store(q.Label.Audience)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO alerts_messages (id, inquiry, i, at, asks, name, body, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			ids.New("message"), q.ID, i, clock.Micros(m.At), flag(m.Asks), m.Name, m.Body, string(q.Label.TLP), audience); err != nil {
			return err
		}
		if err := tx.MustChange(`UPDATE alerts_asked SET state = $1, changed = $2 WHERE id = $3`, state, clock.Micros(m.At), q.ID); err != nil {
			return err
		}
	}
	return nil
}

const inquiryColumns = `q.id, q.side, q.alert, q.notice, q.title, q.at, q.changed, q.pseudonym, q.asker, q.revealed, q.state, q.tlp, q.audience`

func scanInquiry(v *db.View) func(db.Scanner) (Inquiry, error) {
	return func(s db.Scanner) (q Inquiry, err error) {
		var at, changed int64
		var tlp, audience string
		if err = s.Scan(&q.ID, &q.Side, &q.Alert, &q.Notice, &q.Title, &at, &changed, &q.Pseudonym, &q.Asker, &q.Revealed, &q.State, &tlp, &audience); err != nil {
			return q, err
		}
		q.At, q.Changed = clock.FromMicros(at), clock.FromMicros(changed)
		q.Label, err = v.Label(tlp, audience)
		return q, err
	}
}

// Inquiry is one inquiry that the viewer's side has, with its messages.
func (x *Alerts) Inquiry(v *db.View, id string) (Inquiry, error) {
	q, err := db.One(v, scanInquiry(v), `SELECT `+inquiryColumns+` FROM visible.alerts_asked q WHERE q.id = $1`, id)
	if err != nil {
		return q, err
	}
	q.Messages, err = x.messages(v, q.ID)
	return q, err
}

func (x *Alerts) messages(v *db.View, inquiry string) ([]Message, error) {
	return db.All(v, func(s db.Scanner) (m Message, err error) {
		var at, asks int64
		err = s.Scan(&at, &asks, &m.Name, &m.Body)
		m.At, m.Asks = clock.FromMicros(at), asks == 1
		return m, err
	}, `SELECT m.at, m.asks, m.name, m.body FROM visible.alerts_messages m WHERE m.inquiry = $1 ORDER BY m.i`, inquiry)
}

// Inquiries lists what was asked about an alert, as far as it is the viewer's: as the
// asker, or as the respondent. Of respondents' copies the order is by pseudonym and not
// by time.
func (x *Alerts) Inquiries(v *db.View, alert string) ([]Inquiry, error) {
	return x.inquiries(v, `q.alert = $1`, alert)
}

// OpenInquiries lists the inquiries that wait for the viewer as respondent.
func (x *Alerts) OpenInquiries(v *db.View) ([]Inquiry, error) {
	return x.inquiries(v, `q.side = $1 AND q.state = 'open'`, string(AsRespondent))
}

func (x *Alerts) inquiries(v *db.View, where string, args ...any) ([]Inquiry, error) {
	qs, err := db.All(v, scanInquiry(v), `SELECT `+inquiryColumns+` FROM visible.alerts_asked q WHERE `+where+` ORDER BY q.at, q.pseudonym, q.i, q.id LIMIT 200`, args...)
	for i := range qs {
		if err == nil {
			qs[i].Messages, err = x.messages(v, qs[i].ID)
		}
	}
	return qs, err
}

// pair is the viewer's copy of an inquiry and the other one.
func (x *Alerts) pair(tx *db.Tx, id string) (own, other Inquiry, err error) {
	if own, err = x.Inquiry(tx.View, id); err != nil {
		return own, other, err
	}
	who := tx.Viewer()
	if !who.SignedIn() || !who.May(policy.MayPost) || !who.CanRead(own.Label.Audience) {
		return own, other, fault.Forbiddenf("You may not write in this inquiry.")
	}
	v := all(tx.View)
	other, err = db.One(v, scanInquiry(v), `SELECT `+inquiryColumns+` FROM visible.alerts_asked q WHERE q.twin = $1`, own.ID)
	return own, other, err
}

// Reply writes on in an inquiry, from either side. The entry is inquiry.replied; a
// respondent's reply has one for each side.
func (x *Alerts) Reply(tx *db.Tx, inquiry, body string) error {
	own, other, err := x.pair(tx, inquiry)
	if err != nil {
		return err
	}
	if own.State == InquiryClosed {
		return fault.Conflictf("This inquiry is closed. Ask anew.")
	}
	if body, err = checkedBody(body); err != nil {
		return err
	}
	if err := x.say(tx, own, other, body); err != nil {
		return err
	}
	x.note(tx, "inquiry.replied", own, other, map[string]any{"body": digest("body", body)})
	return nil
}

// CloseInquiry ends an inquiry; either side may. The entry is inquiry.closed.
func (x *Alerts) CloseInquiry(tx *db.Tx, inquiry string) error {
	own, other, err := x.pair(tx, inquiry)
	if err != nil {
		return err
	}
	if own.State == InquiryClosed {
		return fault.Conflictf("This inquiry is closed already.")
	}
	for _, q := range []Inquiry{own, other} {
		at := tx.Now()
		if q.Side == AsRespondent && own.Side == AsAsker {
			at = clock.Day(at)
		}
		if err := tx.MustChange(`UPDATE alerts_asked SET state = 'closed', changed = $1 WHERE id = $2`, clock.Micros(at), q.ID); err != nil {
			return err
		}
	}
	x.note(tx, "inquiry.closed", own, other, map[string]any{})
	return nil
}

// Reveal tells the respondent which organization asks. It is the asker's own act, for
// this inquiry, and cannot be taken back. The entry is inquiry.revealed, one for each
// side.
func (x *Alerts) Reveal(tx *db.Tx, inquiry string) error {
	own, other, err := x.pair(tx, inquiry)
	if err != nil {
		return err
	}
	if own.Side != AsAsker {
		return fault.Forbiddenf("Only who asks can reveal itself.")
	}
	if own.Revealed != "" {
		return fault.Conflictf("The respondent knows already who you are.")
	}
	for _, q := range []Inquiry{own, other} {
		if err := tx.MustChange(`UPDATE alerts_asked SET revealed = $1, asker = $1 WHERE id = $2`, own.Asker, q.ID); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "inquiry.revealed", Object: own.ID, Parent: own.Notice, Label: own.Label, Data: map[string]any{}})
	tx.Append(db.Entry{Verb: "inquiry.revealed", Object: other.ID, Parent: other.Alert, Label: other.Label, Data: map[string]any{"asker": own.Asker}})
	return nil
}

// note leaves the entries of an act on both copies. An entry says who made it: what an
// asker does has none for the respondent until the asker revealed itself.
func (x *Alerts) note(tx *db.Tx, verb string, own, other Inquiry, data map[string]any) {
	parent := func(q Inquiry) string {
		if q.Side == AsAsker {
			return q.Notice
		}
		return q.Alert
	}
	tx.Append(db.Entry{Verb: verb, Object: own.ID, Parent: parent(own), Label: own.Label, Data: data})
	if own.Side == AsRespondent || own.Revealed != "" {
		tx.Append(db.Entry{Verb: verb, Object: other.ID, Parent: parent(other), Label: other.Label, Data: data})
	}
}
