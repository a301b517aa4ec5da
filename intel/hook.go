package intel

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/policy"
)

// A webhook is a bell, not a pipe: it tells a member's program that something new
// came that the person who made it may read. Objects above GREEN ring it without
// saying what they are. A program that must have everything follows a TAXII
// collection.
//
// hookTables: intel_hooks is what an organization set up; intel_bells how far each
// has told, and intel_deliveries what it tells. The last two can be lost: then a
// bell begins with what comes next.
var hookTables = map[string]db.Privacy{"intel_hooks": db.Labelled, "intel_bells": db.Scratch, "intel_deliveries": db.Scratch}

const hookStep = `
CREATE TABLE intel_hooks (
	id          TEXT NOT NULL PRIMARY KEY,
	at          BIGINT NOT NULL,
	org         TEXT NOT NULL,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL,
	name        TEXT NOT NULL,
	url         TEXT NOT NULL,
	mode        TEXT NOT NULL,
	query       TEXT NOT NULL,
	secret      BYTEA NOT NULL,
	state       TEXT NOT NULL,
	why         TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX intel_hooks_org ON intel_hooks (org, at);
CREATE TABLE intel_bells (
	hook     TEXT NOT NULL PRIMARY KEY,
	rev      BIGINT NOT NULL,
	n        BIGINT NOT NULL,
	since    BIGINT NOT NULL,
	busy     BIGINT NOT NULL,
	last_ok  BIGINT NOT NULL,
	failing  BIGINT NOT NULL,
	failures BIGINT NOT NULL,
	next_try BIGINT NOT NULL
);
CREATE TABLE intel_deliveries (
	id       TEXT NOT NULL PRIMARY KEY,
	hook     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	kind     TEXT NOT NULL,
	places   TEXT NOT NULL,
	more     BIGINT NOT NULL,
	state    TEXT NOT NULL,
	tries    BIGINT NOT NULL,
	next_try BIGINT NOT NULL,
	tried    BIGINT NOT NULL,
	answer   BIGINT NOT NULL,
	error    TEXT NOT NULL
);
CREATE INDEX intel_deliveries_hook ON intel_deliveries (hook, at);
CREATE INDEX intel_deliveries_due ON intel_deliveries (state, next_try);
`

// HookMode is in what form a webhook tells.
type HookMode string

// The forms.
const (
	HookJSON HookMode = "json"  // what this house says, signed
	HookChat HookMode = "slack" // {"text": …}, as chats take it
)

// HookState is whether a webhook tells.
type HookState string

// The states of a webhook. A failed one was turned off because it did not answer
// for HookPatience.
const (
	HookOn     HookState = "on"
	HookOff    HookState = "off"
	HookFailed HookState = "failed"
)

// The limits of webhooks.
const (
	HookPatience    = 5 * 24 * time.Hour // of failures without one success
	MaxHooks        = 20                 // of an organization
	hookObjects     = 100                // of one delivery
	hookDeliveries  = 10                 // made at once; what is more is told as "more"
	keptDeliveries  = 200                // of a webhook, the newest
	redeliverWithin = 30 * 24 * time.Hour
)

// NewHook is what somebody wants to be told.
type NewHook struct {
	Name  string
	URL   string
	Mode  HookMode // "" is HookJSON
	Query string   // as in the search box; "" is everything
}

// Hook is a webhook of the viewer's organization.
type Hook struct {
	ID         string
	At         time.Time
	Org        string
	Person     string // in whose view it tells
	PersonName string
	Name       string
	URL        string
	Mode       HookMode
	Query      string
	State      HookState
	Why        string    // why it was turned off
	LastOK     time.Time // its last success
	Failing    time.Time // since when nothing succeeded; zero if the last did
	Failures   int       // in a row
	NextTry    time.Time // after a failure

	label  policy.Label
	secret []byte
}

// Delivery is one time that a webhook tells, or told.
type Delivery struct {
	ID      string
	Hook    string
	At      time.Time
	Kind    string // "objects" or "test"
	State   DeliveryState
	Tries   int
	Tried   time.Time
	NextTry time.Time // of one that waits
	Answer  int       // HTTP status of the last try; 0 if there was none
	Error   string    // why the last try failed, in words
	Objects int       // that it is about and that the viewer may still read
}

// DeliveryState is how far a delivery is.
type DeliveryState string

// The states of a delivery. One is void when nothing of what it was about may be
// read any more by the person who made the webhook.
const (
	DeliveryWaits DeliveryState = "waits"
	DeliveryDone  DeliveryState = "delivered"
	DeliveryLost  DeliveryState = "failed" // its webhook was turned off before
	DeliveryVoid  DeliveryState = "void"
)

const hookColumns = `h.id, h.at, h.org, h.person, h.person_name, h.name, h.url, h.mode, h.query, h.secret, h.state, h.why, h.tlp, h.audience, b.last_ok, b.failing, b.failures, b.next_try`

const fromHooks = ` FROM visible.intel_hooks h JOIN intel_bells b ON b.hook = h.id `

func scanHook(v *db.View) func(db.Scanner) (Hook, error) {
	return func(r db.Scanner) (h Hook, err error) {
		var at, ok, failing, next int64
		var tlp, audience string
		err = r.Scan(&h.ID, &at, &h.Org, &h.Person, &h.PersonName, &h.Name, &h.URL, &h.Mode, &h.Query, &h.secret, &h.State, &h.Why, &tlp, &audience, &ok, &failing, &h.Failures, &next)
		if err != nil {
			return h, err
		}
		h.At, h.LastOK, h.Failing, h.NextTry = clock.FromMicros(at), clock.FromMicros(ok), clock.FromMicros(failing), clock.FromMicros(next)
		h.label, err = v.Label(tlp, audience)
		return h, err
	}
}

// Hooks lists the webhooks of the viewer's organization by name.
func (x *Intel) Hooks(v *db.View) ([]Hook, error) {
	return db.All(v, scanHook(v), `SELECT `+hookColumns+fromHooks+`ORDER BY h.name, h.id`)
}

// Hook is one of them.
func (x *Intel) Hook(v *db.View, id string) (Hook, error) {
	return db.One(v, scanHook(v), `SELECT `+hookColumns+fromHooks+`WHERE h.id = $1`, id)
}

func (x *Intel) checkHook(tx *db.Tx, n NewHook) (NewHook, error) {
	who := tx.Viewer()
	if !who.May(policy.MayExport) {
		return n, fault.Forbiddenf("You may not take threat intelligence out, so no webhook tells of it in your name.")
	}
	var p check.Problems
	n.Name = p.Line("name", "The name", n.Name, 100, true)
	if n.Mode == "" {
		n.Mode = HookJSON
	}
	n.Mode = HookMode(p.OneOf("mode", "The form", string(n.Mode), string(HookJSON), string(HookChat)))
	n.URL = strings.TrimSpace(n.URL)
	if u, err := outbound.New(x.outside.Call).CheckURL(n.URL); err != nil {
		p.Add("url", "%s.", sentenceCase(err.Error()))
	} else if u.Fragment != "" {
		p.Add("url", "Give the address without a fragment.")
	}
	n.Query = strings.TrimSpace(n.Query)
	if len(n.Query) > 1000 {
		p.Add("query", "The search is longer than 1,000 characters.")
	} else if _, err := ParseQuery(n.Query, tx.Now()); err != nil {
		p.Add("query", "%s", fault.Sentence(err))
	}
	if !who.CanRead(policy.Default(who.Org).Audience) {
		p.Add("readers", "You are not a named recipient of your organization, so you could not see what becomes of this. Ask its officer.")
	}
	return n, p.Err()
}

// AddHook makes a webhook that tells what comes from now on, as far as the viewer
// may read it. The secret that signs it is returned this once.
func (x *Intel) AddHook(tx *db.Tx, n NewHook) (id, secret string, err error) {
	if n, err = x.checkHook(tx, n); err != nil {
		return "", "", err
	}
	who := tx.Viewer()
	many, err := db.One(tx.View, db.Value[int64], `SELECT COUNT(*) FROM visible.intel_hooks h WHERE h.org = $1`, who.Org)
	if err != nil {
		return "", "", err
	}
	if many >= MaxHooks {
		return "", "", fault.Conflictf("Your organization has %d webhooks already. Remove one first.", MaxHooks)
	}
	own := policy.Default(who.Org)
	a, err := tx.Store(own.Audience)
	if err != nil {
		return "", "", err
	}
	id, secret = ids.New("hook"), newHookSecret()
	_, err = tx.Exec(`INSERT INTO intel_hooks (id, at, org, person, person_name, name, url, mode, query, secret, state, why, tlp, audience) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'on', '', $11, $12)`,
		id, clock.Micros(tx.Now()), who.Org, who.Person, who.Name, n.Name, n.URL, string(n.Mode), n.Query, x.box.Seal([]byte(secret), hookAAD(id)), string(own.TLP), a)
	if err != nil {
		return "", "", err
	}
	next, _, err := x.place(tx.View)
	if err != nil {
		return "", "", err
	}
	if _, err := tx.Exec(`INSERT INTO intel_bells (hook, rev, n, since, busy, last_ok, failing, failures, next_try) VALUES ($1, 0, $2, $3, 0, 0, 0, 0, 0)`, id, next-1, clock.Micros(tx.Now())); err != nil {
		return "", "", err
	}
	tx.Append(db.Entry{Verb: "hook.added", Object: id, Label: own, Data: map[string]string{"name": n.Name, "url": hostOf(n.URL), "mode": string(n.Mode), "query": n.Query}})
	return id, secret, nil
}

func hookAAD(id string) []byte { return []byte("intel hook " + id) }

// newHookSecret is 256 random bits as text; the text's bytes are the key.
func newHookSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails (crypto/rand)
	return "whsec_" + base64.RawURLEncoding.EncodeToString(b[:])
}

// hostOf is what of a webhook's address is recorded: the rest of it is often a
// secret.
func hostOf(raw string) string {
	u, err := parseURL(raw)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// EditHook changes a webhook of the viewer's organization. It tells in his view
// from then on.
func (x *Intel) EditHook(tx *db.Tx, id string, n NewHook) error {
	h, err := x.Hook(tx.View, id)
	if err != nil {
		return err
	}
	if n, err = x.checkHook(tx, n); err != nil {
		return err
	}
	who := tx.Viewer()
	err = tx.MustChange(`UPDATE intel_hooks SET person = $1, person_name = $2, name = $3, url = $4, mode = $5, query = $6 WHERE id = $7`, who.Person, who.Name, n.Name, n.URL, string(n.Mode), n.Query, id)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE intel_bells SET rev = rev + 1, failures = 0, failing = 0, next_try = 0 WHERE hook = $1`, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "hook.changed", Object: id, Label: h.label, Data: map[string]string{"name": n.Name, "url": hostOf(n.URL), "mode": string(n.Mode), "query": n.Query}})
	return nil
}

func (x *Intel) managedHook(tx *db.Tx, id string) (Hook, error) {
	h, err := x.Hook(tx.View, id)
	if err == nil && !tx.Viewer().May(policy.MayExport) {
		err = fault.Forbiddenf("You may not do that.")
	}
	return h, err
}

// TurnHook turns a webhook on or off. One that is turned on tells what comes from
// then on; what waited before it was turned off is delivered, too.
func (x *Intel) TurnHook(tx *db.Tx, id string, on bool) error {
	h, err := x.managedHook(tx, id)
	if err != nil {
		return err
	}
	if (h.State == HookOn) == on {
		return fault.Conflictf("This webhook is turned %s already.", map[bool]string{true: "on", false: "off"}[on])
	}
	to, verb := HookOff, "hook.off"
	if on {
		to, verb = HookOn, "hook.on"
	}
	if err := tx.MustChange(`UPDATE intel_hooks SET state = $1, why = '' WHERE id = $2`, string(to), id); err != nil {
		return err
	}
	next, _, err := x.place(tx.View)
	if err != nil {
		return err
	}
	if on {
		err = tx.MustChange(`UPDATE intel_bells SET rev = rev + 1, n = $1, since = $2, failures = 0, failing = 0, next_try = 0 WHERE hook = $3`, next-1, clock.Micros(tx.Now()), id)
	} else {
		err = tx.MustChange(`UPDATE intel_bells SET rev = rev + 1 WHERE hook = $1`, id)
	}
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Label: h.label})
	return nil
}

// RenewHookSecret gives a webhook another secret, which is returned this once.
func (x *Intel) RenewHookSecret(tx *db.Tx, id string) (string, error) {
	h, err := x.managedHook(tx, id)
	if err != nil {
		return "", err
	}
	secret := newHookSecret()
	if err := tx.MustChange(`UPDATE intel_hooks SET secret = $1 WHERE id = $2`, x.box.Seal([]byte(secret), hookAAD(id)), id); err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "hook.renewed", Object: id, Label: h.label})
	return secret, nil
}

// RemoveHook ends a webhook and forgets its secret and deliveries.
func (x *Intel) RemoveHook(tx *db.Tx, id string) error {
	h, err := x.managedHook(tx, id)
	if err != nil {
		return err
	}
	for _, stmt := range []string{`DELETE FROM intel_deliveries WHERE hook = $1`, `DELETE FROM intel_bells WHERE hook = $1`, `DELETE FROM intel_hooks WHERE id = $1`} {
		if _, err := tx.Exec(stmt, id); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "hook.removed", Object: id, Label: h.label, Data: map[string]string{"name": h.Name}})
	return nil
}

// Deliveries lists what a webhook told and tells, newest first.
func (x *Intel) Deliveries(v *db.View, hook string) ([]Delivery, error) {
	if _, err := x.Hook(v, hook); err != nil {
		return nil, err
	}
	rows, err := db.All(v, scanDelivery, `SELECT `+deliveryColumns+` FROM intel_deliveries d WHERE d.hook = $1 ORDER BY d.at DESC, d.id DESC LIMIT $2`, hook, keptDeliveries)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, r := range rows {
		all = append(all, r.places...)
	}
	slices.Sort(all)
	seen := map[string]bool{}
	err = v.Each(`SELECT o.n FROM visible.intel_objects o WHERE o.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, []any{db.List(slices.Compact(all))}, func(s db.Scanner) error {
		var n int64
		err := s.Scan(&n)
		seen[fmt.Sprint(n)] = true
		return err
	})
	out := make([]Delivery, len(rows))
	for i, r := range rows {
		out[i] = r.Delivery
		for _, n := range r.places {
			if seen[n] {
				out[i].Objects++
			}
		}
	}
	return out, err
}

// TestHook has a webhook say that it works (d.Note). It returns the delivery.
func (x *Intel) TestHook(tx *db.Tx, id string) (string, error) {
	h, err := x.managedHook(tx, id)
	if err != nil {
		return "", err
	}
	if h.State != HookOn {
		return "", fault.Conflictf("This webhook is turned off. Turn it on first.")
	}
	if err := tx.MustChange(`UPDATE intel_bells SET next_try = 0 WHERE hook = $1`, id); err != nil {
		return "", err
	}
	return x.ring(tx, id, "test", tx.Now(), nil, false)
}

// Redeliver has something delivered again, or at once (d.Note). What it says is
// made anew: nothing that may not be read any more is told again.
func (x *Intel) Redeliver(tx *db.Tx, hook, delivery string) error {
	h, err := x.managedHook(tx, hook)
	if err != nil {
		return err
	}
	if h.State != HookOn {
		return fault.Conflictf("This webhook is turned off. Turn it on first.")
	}
	n, err := tx.Exec(`UPDATE intel_deliveries SET state = 'waits', next_try = 0, tries = 0 WHERE id = $1 AND hook = $2 AND at > $3`, delivery, hook, clock.Micros(tx.Now().Add(-redeliverWithin)))
	if err == nil && n == 0 {
		return fault.ErrMissing
	}
	if err == nil {
		err = tx.MustChange(`UPDATE intel_bells SET next_try = 0 WHERE hook = $1`, hook)
	}
	return err
}

// answerWords says why an answer is no success.
func answerWords(status int) string {
	if status >= 300 && status < 400 {
		return "The other side sends us elsewhere; a webhook goes to one address only."
	}
	if status == http.StatusNotAcceptable || status == http.StatusUnsupportedMediaType {
		return "The other side does not take JSON."
	}
	return statusWords(status)
}
