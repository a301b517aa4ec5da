package intel

import (
	"crypto/tls"
	"encoding/json"
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

// sourceTables: intel_sources is what an organization subscribed to, intel_pulls
// how far it was read and how it does, intel_feed_events which events of a MISP
// feed were read. The last two can be lost: then everything is read again and is
// known already.
var sourceTables = map[string]db.Privacy{"intel_sources": db.Labelled, "intel_pulls": db.Scratch, "intel_feed_events": db.Scratch}

const sourceStep = `
CREATE TABLE intel_sources (
	id          TEXT NOT NULL PRIMARY KEY,
	at          BIGINT NOT NULL,
	org         TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL,
	name        TEXT NOT NULL,
	kind        TEXT NOT NULL,
	url         TEXT NOT NULL,
	collection  TEXT NOT NULL,
	auth        TEXT NOT NULL,
	secret      BYTEA NOT NULL,
	terms       TEXT NOT NULL,
	every       BIGINT NOT NULL,
	day_objects BIGINT NOT NULL,
	day_bytes   BIGINT NOT NULL,
	since       BIGINT NOT NULL,
	state       TEXT NOT NULL,
	why         TEXT NOT NULL,
	pin         TEXT NOT NULL,
	offered     TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX intel_sources_org ON intel_sources (org, at);
CREATE TABLE intel_pulls (
	source      TEXT NOT NULL PRIMARY KEY,
	rev         BIGINT NOT NULL,
	after       BIGINT NOT NULL,
	next        TEXT NOT NULL,
	last        BIGINT NOT NULL,
	more        BIGINT NOT NULL,
	batch       TEXT NOT NULL,
	next_try    BIGINT NOT NULL,
	busy        BIGINT NOT NULL,
	last_try    BIGINT NOT NULL,
	last_ok     BIGINT NOT NULL,
	failures    BIGINT NOT NULL,
	error       TEXT NOT NULL,
	day         BIGINT NOT NULL,
	day_objects BIGINT NOT NULL,
	day_bytes   BIGINT NOT NULL,
	added       BIGINT NOT NULL,
	same        BIGINT NOT NULL,
	held        BIGINT NOT NULL,
	refused     BIGINT NOT NULL,
	back        BIGINT NOT NULL
);
CREATE TABLE intel_feed_events (
	source TEXT NOT NULL,
	event  TEXT NOT NULL,
	stamp  TEXT NOT NULL,
	PRIMARY KEY (source, event)
);
`

// SourceKind is what an outside source is.
type SourceKind string

// The kinds of sources.
const (
	SourceTAXII SourceKind = "taxii" // a collection of a TAXII 2.1 server
	SourceMISP  SourceKind = "misp"  // a static MISP feed: manifest.json and a file an event
)

// SourceState is whether a source is read.
type SourceState string

// The states of a source. A stopped one waits for a person to decide: its
// certificate changed, or the person in whose name it is read has left.
const (
	SourceOn      SourceState = "on"
	SourcePaused  SourceState = "paused"
	SourceStopped SourceState = "stopped"
)

// How often and how much a source is read.
const (
	EveryLeast   = 5 * time.Minute
	EveryMost    = 7 * 24 * time.Hour
	EveryDefault = time.Hour

	QuotaObjects     = 50_000 // of a day (UTC), unless the owner says otherwise
	QuotaObjectsMost = 2_000_000
	QuotaBytes       = 256 << 20
	QuotaBytesMost   = 4 << 30

	MaxSources = 50 // of an organization
)

// Credentials are what a source asks for. A client certificate can go with either
// of the others. They are kept encrypted and are shown to nobody again.
type Credentials struct {
	User        string `json:"user,omitempty"` // of HTTP Basic
	Password    string `json:"password,omitempty"`
	Token       string `json:"token,omitempty"`       // bearer
	Certificate string `json:"certificate,omitempty"` // PEM, with its chain
	Key         string `json:"key,omitempty"`         // PEM
}

// words says what kind of credentials these are, without them.
func (c Credentials) words() string {
	var w []string
	if c.User != "" || c.Password != "" {
		w = append(w, "basic")
	}
	if c.Token != "" {
		w = append(w, "bearer")
	}
	if c.Certificate != "" {
		w = append(w, "certificate")
	}
	return strings.Join(w, " and ")
}

// NewSource is what somebody wants to subscribe to.
type NewSource struct {
	Name       string
	Kind       SourceKind
	URL        string // of a TAXII server's API root or collection, or of a feed's folder
	Collection string // its id; may stand in the URL
	Credentials
	Terms      Terms
	Every      time.Duration // between two pulls; 0 is EveryDefault
	DayObjects int64         // at most so many objects a day; 0 is QuotaObjects
	DayBytes   int64         // and so many bytes; 0 is QuotaBytes
	Since      time.Time     // only what the source added after this; zero is everything
	Keep       bool          // with [Intel.EditSource]: the credentials stay as they are
}

// Source is an outside source of the viewer's organization, and how it does.
type Source struct {
	ID         string
	At         time.Time
	Org        string
	Person     string // in whose name it is read
	PersonName string
	Name       string
	Kind       SourceKind
	URL        string
	Collection string
	Auth       string // "basic", "bearer", "certificate", joined by " and "; "" is none
	Terms      Terms
	Every      time.Duration
	DayObjects int64
	DayBytes   int64
	Since      time.Time
	State      SourceState
	Why        string // why it was stopped
	Pin        string // fingerprint of the certificate's key that is trusted, seen first; "" before the first call
	Offered    string // the one it shows now, if that is why it was stopped
	Health     Health

	orgName string
	label   policy.Label
	secret  []byte
}

// Health is how a source does.
type Health struct {
	LastTry  time.Time
	LastOK   time.Time
	NextTry  time.Time
	Running  bool
	Failures int    // in a row
	Error    string // why the last try failed; "" if it did not
	Batch    string // what it brought last
	More     bool   // the source has more than was read
	Objects  int64  // today (UTC), those that were known included
	Bytes    int64  // today
	Tally           // of all times
	Back     int    // of those known: what the own organization had shared by another way and came back
}

// Full reports whether a source has used up its quota of the day.
func (s Source) Full() bool {
	return s.Health.Objects >= s.DayObjects || s.Health.Bytes >= s.DayBytes
}

const sourceColumns = `s.id, s.at, s.org, s.org_name, s.person, s.person_name, s.name, s.kind, s.url, s.collection, s.auth, s.secret, s.terms, s.every, s.day_objects, s.day_bytes, s.since, s.state, s.why, s.pin, s.offered, s.tlp, s.audience,
	p.next_try, p.busy, p.last_try, p.last_ok, p.failures, p.error, p.batch, p.more, p.day, p.day_objects, p.day_bytes, p.added, p.same, p.held, p.refused, p.back`

const fromSources = ` FROM visible.intel_sources s JOIN intel_pulls p ON p.source = s.id `

func scanSource(v *db.View) func(db.Scanner) (Source, error) {
	return func(r db.Scanner) (s Source, err error) {
		var at, every, since, next, busy, try, ok, more, day int64
		var terms, tlp, audience string
		h := &s.Health
		err = r.Scan(&s.ID, &at, &s.Org, &s.orgName, &s.Person, &s.PersonName, &s.Name, &s.Kind, &s.URL, &s.Collection, &s.Auth, &s.secret, &terms, &every, &s.DayObjects, &s.DayBytes, &since,
			&s.State, &s.Why, &s.Pin, &s.Offered, &tlp, &audience,
			&next, &busy, &try, &ok, &h.Failures, &h.Error, &h.Batch, &more, &day, &h.Objects, &h.Bytes, &h.Added, &h.Same, &h.Held, &h.Refused, &h.Back)
		if err != nil {
			return s, err
		}
		s.At, s.Every, s.Since = clock.FromMicros(at), time.Duration(every)*time.Microsecond, clock.FromMicros(since)
		h.NextTry, h.LastTry, h.LastOK = clock.FromMicros(next), clock.FromMicros(try), clock.FromMicros(ok)
		h.More, h.Running = more == 1, busy > clock.Micros(v.Now())
		if day != today(v) {
			h.Objects, h.Bytes = 0, 0
		}
		if err := json.Unmarshal([]byte(terms), &s.Terms); err != nil {
			return s, err
		}
		s.label, err = v.Label(tlp, audience)
		return s, err
	}
}

// today is the day (UTC) of a view.
func today(v *db.View) int64 { return clock.Micros(clock.Day(v.Now())) }

// Sources lists the sources of the viewer's organization by name.
func (x *Intel) Sources(v *db.View) ([]Source, error) {
	return db.All(v, scanSource(v), `SELECT `+sourceColumns+fromSources+`ORDER BY s.name, s.id`)
}

// Source is one of them.
func (x *Intel) Source(v *db.View, id string) (Source, error) {
	return db.One(v, scanSource(v), `SELECT `+sourceColumns+fromSources+`WHERE s.id = $1`, id)
}

// checkSource fills what was left out and says what is wrong, all at once.
func (x *Intel) checkSource(tx *db.Tx, n NewSource) (NewSource, error) {
	who := tx.Viewer()
	if !who.May(policy.MayPost) {
		return n, fault.Forbiddenf("You may not share threat intelligence, so no source is read in your name.")
	}
	var p check.Problems
	n.Name = p.Line("name", "The name", n.Name, 100, true)
	n.Kind = SourceKind(p.OneOf("kind", "The kind of source", string(n.Kind), string(SourceTAXII), string(SourceMISP)))
	n.URL = strings.TrimSpace(n.URL)
	n.Collection = strings.TrimSpace(n.Collection)
	u, err := outbound.New(x.outside.Call).CheckURL(n.URL)
	switch {
	case err != nil:
		p.Add("url", "%s.", sentenceCase(err.Error()))
	case u.RawQuery != "" || u.Fragment != "":
		p.Add("url", "Give the address without a query.")
	default:
		if root, id, ok := strings.Cut(u.Path, "/collections/"); ok && n.Kind == SourceTAXII {
			id, _, _ = strings.Cut(id, "/")
			u.Path, u.RawPath = root+"/", ""
			if id != "" && n.Collection == "" {
				n.Collection = id
			}
		}
		if n.Kind == SourceMISP {
			u.Path, u.RawPath = strings.TrimSuffix(u.Path, "manifest.json"), ""
		}
		if !strings.HasSuffix(u.Path, "/") {
			u.Path += "/"
		}
		n.URL = u.String()
	}
	switch {
	case n.Kind == SourceMISP:
		n.Collection = ""
	case n.Kind == SourceTAXII && n.Collection == "":
		p.Add("collection", "Name the collection that is read, by its id.")
	case len(n.Collection) > 200 || strings.ContainsFunc(n.Collection, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == '?' || r == '#' || r == '%' }):
		p.Add("collection", "This is not the id of a collection.")
	}
	checkCredentials(&p, n.Credentials)
	if n.Every == 0 {
		n.Every = EveryDefault
	}
	if n.Every < EveryLeast || n.Every > EveryMost {
		p.Add("every", "A source is read at most every five minutes and at least once a week.")
	}
	if n.DayObjects == 0 {
		n.DayObjects = QuotaObjects
	}
	if n.DayBytes == 0 {
		n.DayBytes = QuotaBytes
	}
	if n.DayObjects < 1 || n.DayObjects > QuotaObjectsMost {
		p.Add("day_objects", "The quota is between 1 and %d objects a day.", QuotaObjectsMost)
	}
	if n.DayBytes < 1<<20 || n.DayBytes > QuotaBytesMost {
		p.Add("day_bytes", "The quota is between 1 MB and 4 GB a day.")
	}
	if n.Since.After(tx.Now()) {
		p.Add("since", "This lies in the future.")
	}
	if n.Terms, err = x.Check(tx.View, n.Terms); err != nil {
		if err := p.Take(err); err != nil {
			return n, err
		}
	}
	if !who.CanRead(policy.Default(who.Org).Audience) {
		p.Add("readers", "You are not a named recipient of your organization, so you could not see what becomes of this. Ask its officer.")
	}
	return n, p.Err()
}

func checkCredentials(p *check.Problems, c Credentials) {
	for _, f := range []struct{ field, value string }{{"user", c.User}, {"password", c.Password}, {"token", c.Token}} {
		if len(f.value) > 4096 || strings.ContainsFunc(f.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			p.Add(f.field, "This holds characters that cannot be sent, or is longer than 4,096 bytes.")
		}
	}
	if strings.Contains(c.User, ":") {
		p.Add("user", "A user name of HTTP Basic holds no colon.")
	}
	if c.Token != "" && (c.User != "" || c.Password != "") {
		p.Add("token", "Give a user name with a password, or a token, not both.")
	}
	if (c.Certificate == "") != (c.Key == "") {
		p.Add("certificate", "Give the client certificate together with its key.")
	} else if c.Certificate != "" {
		if _, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.Key)); err != nil || len(c.Certificate)+len(c.Key) > 64<<10 {
			p.Add("certificate", "This is not a certificate with its key, each in PEM.")
		}
	}
}

// sentenceCase gives a clause a capital letter.
func sentenceCase(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// Subscribe has an outside source read from now on, in the viewer's name and under
// terms of its own. It returns the source's id.
func (x *Intel) Subscribe(tx *db.Tx, n NewSource) (string, error) {
	n, err := x.checkSource(tx, n)
	if err != nil {
		return "", err
	}
	who := tx.Viewer()
	many, err := db.One(tx.View, db.Value[int64], `SELECT COUNT(*) FROM visible.intel_sources s WHERE s.org = $1`, who.Org)
	if err != nil {
		return "", err
	}
	if many >= MaxSources {
		return "", fault.Conflictf("Your organization has %d sources already. Remove one first.", MaxSources)
	}
	id, own := ids.New("source"), policy.Default(who.Org)
	a, err := tx.Store(own.Audience)
	if err != nil {
		return "", err
	}
	terms, secret, err := x.sealSource(id, n)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO intel_sources (id, at, org, org_name, person, person_name, name, kind, url, collection, auth, secret, terms, every, day_objects, day_bytes, since, state, why, pin, offered, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, 'on', '', '', '', $18, $19)`,
		id, clock.Micros(tx.Now()), who.Org, who.OrgName, who.Person, who.Name, n.Name, string(n.Kind), n.URL, n.Collection, n.Credentials.words(), secret, terms,
		n.Every.Microseconds(), n.DayObjects, n.DayBytes, sinceMicros(n.Since), string(own.TLP), a)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO intel_pulls (source, rev, after, next, last, more, batch, next_try, busy, last_try, last_ok, failures, error, day, day_objects, day_bytes, added, same, held, refused, back)
		VALUES ($1, 0, $2, '', 0, 0, '', 0, 0, 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0)`, id, sinceMicros(n.Since))
	if err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "source.added", Object: id, Label: own, Data: map[string]any{"name": n.Name, "kind": string(n.Kind), "url": n.URL, "collection": n.Collection,
		"attribution": string(n.Terms.Attribution), "scrub": string(n.Terms.Scrub), "why": n.Terms.Why}})
	return id, nil
}

func sinceMicros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

func (x *Intel) sealSource(id string, n NewSource) (terms string, secret []byte, err error) {
	text, err := json.Marshal(n.Terms)
	if err != nil {
		return "", nil, err
	}
	plain, err := json.Marshal(n.Credentials)
	if err != nil {
		return "", nil, err
	}
	return string(text), x.box.Seal(plain, []byte("intel source "+id)), nil
}

func (x *Intel) credentials(s Source) (c Credentials, err error) {
	plain, err := x.box.Open(s.secret, []byte("intel source "+s.ID))
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
}

// EditSource changes a source of the viewer's organization. It is read in his name
// from then on; another address is read from its beginning, and its certificate is
// trusted anew.
func (x *Intel) EditSource(tx *db.Tx, id string, n NewSource) error {
	s, err := x.Source(tx.View, id)
	if err != nil {
		return err
	}
	if n.Keep {
		if n.Credentials, err = x.credentials(s); err != nil {
			return err
		}
	}
	if n, err = x.checkSource(tx, n); err != nil {
		return err
	}
	if n.Keep && !sameHost(s.URL, n.URL) && n.Credentials != (Credentials{}) {
		return fault.InvalidField("password", "The address has another host. Give the credentials for it again.")
	}
	terms, secret, err := x.sealSource(id, n)
	if err != nil {
		return err
	}
	if s.Kind != n.Kind || s.URL != n.URL || s.Collection != n.Collection || !s.Since.Equal(n.Since) {
		if err := tx.MustChange(`UPDATE intel_pulls SET rev = rev + 1, after = $1, next = '', last = 0, more = 0, failures = 0, error = '', next_try = 0 WHERE source = $2`, sinceMicros(n.Since), id); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM intel_feed_events WHERE source = $1`, id); err != nil {
			return err
		}
	} else if err := tx.MustChange(`UPDATE intel_pulls SET rev = rev + 1, failures = 0, error = '', next_try = 0 WHERE source = $1`, id); err != nil {
		return err
	}
	pin, offered, state, why := s.Pin, s.Offered, s.State, s.Why
	if !sameHost(s.URL, n.URL) {
		pin, offered = "", ""
	}
	if s.State == SourceStopped && offered == "" {
		state, why = SourceOn, ""
	}
	who := tx.Viewer()
	err = tx.MustChange(`UPDATE intel_sources SET person = $1, person_name = $2, name = $3, kind = $4, url = $5, collection = $6, auth = $7, secret = $8, terms = $9, every = $10, day_objects = $11, day_bytes = $12,
		since = $13, state = $14, why = $15, pin = $16, offered = $17 WHERE id = $18`,
		who.Person, who.Name, n.Name, string(n.Kind), n.URL, n.Collection, n.Credentials.words(), secret, terms, n.Every.Microseconds(), n.DayObjects, n.DayBytes, sinceMicros(n.Since), string(state), why, pin, offered, id)
	if err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "source.changed", Object: id, Label: s.label, Data: map[string]any{"name": n.Name, "kind": string(n.Kind), "url": n.URL, "collection": n.Collection,
		"attribution": string(n.Terms.Attribution), "scrub": string(n.Terms.Scrub), "why": n.Terms.Why}})
	return nil
}

// PauseSource has a source not read until somebody resumes it. A pull that runs
// ends after its present page.
func (x *Intel) PauseSource(tx *db.Tx, id string) error {
	return x.turnSource(tx, id, "source.paused", SourcePaused, SourceOn)
}

// ResumeSource has a paused source read again, from where it was.
func (x *Intel) ResumeSource(tx *db.Tx, id string) error {
	return x.turnSource(tx, id, "source.resumed", SourceOn, SourcePaused)
}

func (x *Intel) turnSource(tx *db.Tx, id, verb string, to SourceState, from ...SourceState) error {
	s, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	if !slices.Contains(from, s.State) {
		return fault.Conflictf("This source is %s; that cannot be done now.", s.State)
	}
	if err := tx.MustChange(`UPDATE intel_sources SET state = $1 WHERE id = $2`, string(to), id); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE intel_pulls SET rev = rev + 1, next_try = 0 WHERE source = $1`, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Label: s.label})
	return nil
}

// managed is a source that the viewer may change.
func (x *Intel) managed(tx *db.Tx, id string) (Source, error) {
	s, err := x.Source(tx.View, id)
	if err == nil && !tx.Viewer().May(policy.MayPost) {
		err = fault.Forbiddenf("You may not do that.")
	}
	return s, err
}

// TrustSource confirms the certificate that a source shows now, by its fingerprint
// ([Source.Offered]), and has it read again.
func (x *Intel) TrustSource(tx *db.Tx, id, fingerprint string) error {
	s, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	if s.Offered == "" || s.Offered != fingerprint {
		return fault.Conflictf("The source shows another certificate by now. Look at it again.")
	}
	if err := tx.MustChange(`UPDATE intel_sources SET state = 'on', why = '', pin = $1, offered = '' WHERE id = $2`, fingerprint, id); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE intel_pulls SET rev = rev + 1, failures = 0, error = '', next_try = 0 WHERE source = $1`, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "source.trusted", Object: id, Label: s.label, Data: map[string]string{"before": s.Pin, "now": fingerprint}})
	return nil
}

// RemoveSource ends a subscription and forgets its credentials. What it brought
// stays.
func (x *Intel) RemoveSource(tx *db.Tx, id string) error {
	s, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	// What it was bringing ends here; a pull that runs sees that and ends, too.
	if _, err := tx.Exec(`UPDATE intel_batches SET state = 'done', ended = $1 WHERE source = $2 AND state = 'running'`, clock.Micros(tx.Now()), id); err != nil {
		return err
	}
	for _, stmt := range []string{`DELETE FROM intel_feed_events WHERE source = $1`, `DELETE FROM intel_pulls WHERE source = $1`, `DELETE FROM intel_sources WHERE id = $1`} {
		if _, err := tx.Exec(stmt, id); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "source.removed", Object: id, Label: s.label, Data: map[string]string{"name": s.Name, "url": s.URL}})
	return nil
}

// PullNow has a source read at once instead of at its next time (d.Note).
func (x *Intel) PullNow(tx *db.Tx, id string) error {
	s, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	if s.State != SourceOn {
		return fault.Conflictf("This source is %s; that cannot be done now.", s.State)
	}
	if s.Full() {
		return fault.Conflictf("Its quota of today is used up. It goes on tomorrow (UTC), or with a larger quota.")
	}
	return tx.MustChange(`UPDATE intel_pulls SET next_try = 0 WHERE source = $1`, id)
}

// sameHost reports whether two addresses name one server.
func sameHost(a, b string) bool {
	u, err := parseURL(a)
	w, err2 := parseURL(b)
	return err == nil && err2 == nil && u.Scheme == w.Scheme && strings.EqualFold(u.Host, w.Host)
}
