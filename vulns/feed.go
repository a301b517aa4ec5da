package vulns

import (
	"path/filepath"
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

// Kind is what a feed or a file holds.
type Kind string

// The kinds.
const (
	OSV  Kind = "osv"  // records of the OSV schema: one, lines, an array, or a ZIP archive of files
	CVE  Kind = "cve"  // CVE JSON 5, the same
	KEV  Kind = "kev"  // CISA's catalogue of known exploited vulnerabilities, JSON or CSV
	EPSS Kind = "epss" // FIRST's scores of one day, CSV, packed or not
	CSAF Kind = "csaf" // CSAF 2.0 documents: one, or a ZIP archive of files
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{OSV, CVE, KEV, EPSS, CSAF} }

// Place is where a feed's content comes from.
type Place string

// The places.
const (
	PlaceFile   Place = "file"   // people send files
	PlaceFolder Place = "folder" // a mirror folder of the server's
	PlaceURL    Place = "url"    // an https address
)

// FeedState is whether a feed is read.
type FeedState string

// The states of a feed.
const (
	FeedOn     FeedState = "on"
	FeedPaused FeedState = "paused"
)

// How often a feed is read.
const (
	EveryLeast   = 15 * time.Minute
	EveryMost    = 31 * 24 * time.Hour
	EveryDefault = 24 * time.Hour

	MaxFeeds = 100
)

// NewFeed is what somebody wants to have read.
type NewFeed struct {
	Name    string
	Kind    Kind
	Place   Place
	Address string        // the folder's path or the address; "" for files
	Every   time.Duration // between two looks; 0 is EveryDefault
	Label   policy.Label  // of the records that it brings; zero is CLEAR, for everybody
}

// Feed is a feed and how it does.
type Feed struct {
	ID         string
	At         time.Time
	Org        string
	OrgName    string
	Person     string
	PersonName string
	Name       string
	Kind       Kind
	Place      Place
	Address    string // a folder's path is shown to those only who may operate the house
	Every      time.Duration
	State      FeedState
	Label      policy.Label // of the records that it brings
	Health     Health

	own policy.Label // the feed's own
}

// Health is how a feed does. All counts are of what it brought last.
type Health struct {
	LastTry     time.Time
	LastOK      time.Time // when it was last read whole, or found unchanged
	NextTry     time.Time
	Failures    int    // in a row
	Error       string // why the last try failed; "" if it did not
	Fingerprint string // SHA-256 of the newest content, in hexadecimal digits
	Batch       string // what it brought last
	Running     bool   // that is being read
	Seconds     int64  // how long that took
	Tally
}

// Late reports whether a feed was not read for more than twice its interval.
func (f Feed) Late(now time.Time) bool {
	since := f.Health.LastOK
	if since.IsZero() {
		since = f.At
	}
	return f.State == FeedOn && f.Place != PlaceFile && now.Sub(since) > 2*f.Every
}

const feedColumns = `f.id, f.at, f.org, f.org_name, f.person, f.person_name, f.name, f.kind, f.place, f.address, f.every, f.state, f.record_tlp, f.record_audience, f.tlp, f.audience,
	p.next_try, p.last_try, p.last_ok, p.failures, p.error, p.fingerprint, p.batch, p.seconds, p.added, p.changed, p.same, p.withdrawn, p.skipped,
	CASE WHEN EXISTS (SELECT 1 FROM visible.vulns_batches b WHERE b.feed = f.id AND b.state IN ('queued', 'running')) THEN 1 ELSE 0 END`

const fromFeeds = ` FROM visible.vulns_feeds f JOIN vulns_pulls p ON p.feed = f.id `

func scanFeed(v *db.View) func(db.Scanner) (Feed, error) {
	return func(s db.Scanner) (f Feed, err error) {
		var at, every, next, try, ok, running int64
		var rtlp, raudience, tlp, audience string
		h := &f.Health
		err = s.Scan(&f.ID, &at, &f.Org, &f.OrgName, &f.Person, &f.PersonName, &f.Name, &f.Kind, &f.Place, &f.Address, &every, &f.State, &rtlp, &raudience, &tlp, &audience,
			&next, &try, &ok, &h.Failures, &h.Error, &h.Fingerprint, &h.Batch, &h.Seconds, &h.Added, &h.Changed, &h.Same, &h.Withdrawn, &h.Skipped, &running)
		if err != nil {
			return f, err
		}
		f.At, f.Every = clock.FromMicros(at), time.Duration(every)*time.Second
		h.NextTry, h.LastTry, h.LastOK, h.Running = clock.FromMicros(next), clock.FromMicros(try), clock.FromMicros(ok), running == 1
		if f.Place == PlaceFolder && !v.Viewer().May(policy.MayOperate) {
			f.Address = ""
		}
		if f.Label, err = v.Label(rtlp, raudience); err != nil {
			return f, err
		}
		f.own, err = v.Label(tlp, audience)
		return f, err
	}
}

// Feeds lists the feeds by name. Members see them, and how they do.
func (x *Vulns) Feeds(v *db.View) ([]Feed, error) {
	return db.All(v, scanFeed(v), `SELECT `+feedColumns+fromFeeds+`ORDER BY f.name, f.id`)
}

// Feed is one of them.
func (x *Vulns) Feed(v *db.View, id string) (Feed, error) {
	return db.One(v, scanFeed(v), `SELECT `+feedColumns+fromFeeds+`WHERE f.id = $1`, id)
}

// checkFeed fills what was left out and says what is wrong, all at once. before is the
// feed that is changed; nil for a new one.
func (x *Vulns) checkFeed(tx *db.Tx, n NewFeed, before *Feed) (NewFeed, error) {
	who := tx.Viewer()
	if !mayFeed(who) {
		return n, fault.Forbiddenf("Feeds are kept by the desk.")
	}
	var p check.Problems
	n.Name = p.Line("name", "The name", n.Name, 100, true)
	n.Kind = Kind(p.OneOf("kind", "The kind", string(n.Kind), kinds()...))
	n.Place = Place(p.OneOf("place", "The place", string(n.Place), string(PlaceFile), string(PlaceFolder), string(PlaceURL)))
	n.Address = strings.TrimSpace(n.Address)
	switch n.Place {
	case PlaceFile:
		n.Address = ""
	case PlaceFolder:
		if !who.May(policy.MayOperate) {
			return n, fault.Forbiddenf("A folder of the server is named by its operator.")
		}
		n.Address = filepath.Clean(n.Address)
		if root, err := x.openFolder(n.Address); err != nil {
			p.Add("address", "%s", sentence(err))
		} else {
			root.Close()
		}
	case PlaceURL:
		u, err := outbound.New(x.outside.Call).CheckURL(n.Address)
		switch {
		case err != nil:
			p.Add("address", "%s", sentence(err))
		case u.RawQuery != "" || u.Fragment != "":
			p.Add("address", "Give the address without a query: members see it.")
		default:
			n.Address = u.String()
		}
	}
	if n.Every == 0 {
		n.Every = EveryDefault
	}
	if n.Every = n.Every.Truncate(time.Second); n.Every < EveryLeast || n.Every > EveryMost {
		p.Add("every", "A feed is read at most every quarter of an hour and at least once a month.")
	}
	if n.Label.TLP == "" && n.Label.Audience.Empty() {
		n.Label = everybody
	}
	x.checkLabel(tx.View, &p, n.Label)
	if n.Kind == EPSS && n.Label.TLP != policy.Clear {
		p.Add("label", "EPSS scores are public. Give them the label TLP:CLEAR.")
	}
	if before != nil && before.Kind != n.Kind {
		p.Add("kind", "A feed stays of its kind. Add another one.")
	}
	return n, p.Err()
}

// AddFeed has a feed read from now on and returns its id. The desk may name
// addresses; folders are for who operates the house.
func (x *Vulns) AddFeed(tx *db.Tx, n NewFeed) (string, error) {
	n, err := x.checkFeed(tx, n, nil)
	if err != nil {
		return "", err
	}
	many, err := db.One(tx.View, db.Value[int64], `SELECT COUNT(*) FROM visible.vulns_feeds f`)
	if err != nil {
		return "", err
	}
	if many >= MaxFeeds {
		return "", fault.Conflictf("There are %d feeds already. Remove one first.", MaxFeeds)
	}
	who, id := tx.Viewer(), ids.New("feed")
	a, err := tx.Store(community.Audience)
	if err != nil {
		return "", err
	}
	ra, err := tx.Store(n.Label.Audience)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO vulns_feeds (id, at, org, org_name, person, person_name, name, kind, place, address, every, state, record_tlp, record_audience, tlp, audience)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'on', $12, $13, $14, $15)`,
		id, clock.Micros(tx.Now()), who.Org, who.OrgName, who.Person, who.Name, n.Name, string(n.Kind), string(n.Place), n.Address, int64(n.Every/time.Second), string(n.Label.TLP), ra, string(community.TLP), a)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO vulns_pulls (feed, next_try, last_try, last_ok, failures, error, etag, stamp, fingerprint, batch, seconds, added, changed, same, withdrawn, skipped)
		VALUES ($1, 0, 0, 0, 0, '', '', '', '', '', 0, 0, 0, 0, 0, 0)`, id)
	if err != nil {
		return "", err
	}
	tx.Append(db.Entry{Verb: "feed.added", Object: id, Label: community, Data: feedData(n)})
	return id, nil
}

// feedData is what the record says of a feed to all members.
func feedData(n NewFeed) map[string]any {
	m := map[string]any{"name": n.Name, "kind": string(n.Kind), "place": string(n.Place), "every": int64(n.Every / time.Second), "tlp": string(n.Label.TLP)}
	if n.Place == PlaceURL {
		m["address"] = n.Address
	}
	return m
}

// ChangeFeed changes a feed. If it brings something else, or under another label, all
// of it is read again.
func (x *Vulns) ChangeFeed(tx *db.Tx, id string, n NewFeed) error {
	f, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	if n, err = x.checkFeed(tx, n, &f); err != nil {
		return err
	}
	ra, err := tx.Store(n.Label.Audience)
	if err != nil {
		return err
	}
	err = tx.MustChange(`UPDATE vulns_feeds SET name = $1, place = $2, address = $3, every = $4, record_tlp = $5, record_audience = $6 WHERE id = $7`,
		n.Name, string(n.Place), n.Address, int64(n.Every/time.Second), string(n.Label.TLP), ra, id)
	if err != nil {
		return err
	}
	stmt := `UPDATE vulns_pulls SET next_try = 0, failures = 0, error = '' WHERE feed = $1`
	if f.Place != n.Place || f.Address != n.Address || f.Label.TLP != n.Label.TLP || !f.Label.Audience.Equal(n.Label.Audience) {
		stmt = `UPDATE vulns_pulls SET next_try = 0, failures = 0, error = '', etag = '', stamp = '', fingerprint = '' WHERE feed = $1`
	}
	if err := tx.MustChange(stmt, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "feed.changed", Object: id, Label: f.own, Data: feedData(n)})
	return nil
}

// managed is a feed that the viewer may change.
func (x *Vulns) managed(tx *db.Tx, id string) (Feed, error) {
	f, err := x.Feed(tx.View, id)
	switch who := tx.Viewer(); {
	case err != nil:
	case !mayFeed(who):
		err = fault.Forbiddenf("Feeds are kept by the desk.")
	case f.Place == PlaceFolder && !who.May(policy.MayOperate):
		err = fault.Forbiddenf("This feed reads a folder of the server; its operator keeps it.")
	}
	return f, err
}

// PauseFeed has a feed not read until somebody resumes it. What it is bringing is
// brought to its end.
func (x *Vulns) PauseFeed(tx *db.Tx, id string) error {
	return x.turnFeed(tx, id, "feed.paused", FeedPaused, FeedOn)
}

// ResumeFeed has a paused feed read again.
func (x *Vulns) ResumeFeed(tx *db.Tx, id string) error {
	return x.turnFeed(tx, id, "feed.resumed", FeedOn, FeedPaused)
}

func (x *Vulns) turnFeed(tx *db.Tx, id, verb string, to FeedState, from ...FeedState) error {
	f, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	if !slices.Contains(from, f.State) {
		return fault.Conflictf("This feed is %s; that cannot be done now.", f.State)
	}
	if err := tx.MustChange(`UPDATE vulns_feeds SET state = $1 WHERE id = $2`, string(to), id); err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE vulns_pulls SET next_try = 0 WHERE feed = $1`, id); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: verb, Object: id, Label: f.own})
	return nil
}

// RemoveFeed ends a feed. What it brought stays; what it was bringing ends here.
func (x *Vulns) RemoveFeed(tx *db.Tx, id string) error {
	f, err := x.managed(tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE vulns_batches SET state = 'broken', file = '', ended = $1 WHERE feed = $2 AND state IN ('queued', 'running', 'stopped')`, clock.Micros(tx.Now()), id); err != nil {
		return err
	}
	for _, stmt := range []string{`DELETE FROM vulns_pulls WHERE feed = $1`, `DELETE FROM vulns_feeds WHERE id = $1`} {
		if _, err := tx.Exec(stmt, id); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "feed.removed", Object: id, Label: f.own, Data: map[string]string{"name": f.Name}})
	return nil
}

// PullNow has a feed read at once instead of at its next time (d.Note).
func (x *Vulns) PullNow(tx *db.Tx, id string) error {
	f, err := x.managedNow(tx, id)
	if err != nil {
		return err
	}
	if f.State != FeedOn || f.Place == PlaceFile {
		return fault.Conflictf("This feed is %s and read from a %s; that cannot be done now.", f.State, f.Place)
	}
	return tx.MustChange(`UPDATE vulns_pulls SET next_try = 0 WHERE feed = $1`, id)
}

// managedNow is a feed that the viewer may have read at once.
func (x *Vulns) managedNow(tx *db.Tx, id string) (Feed, error) {
	f, err := x.Feed(tx.View, id)
	if err == nil && !mayFeed(tx.Viewer()) {
		err = fault.Forbiddenf("Feeds are kept by the desk.")
	}
	return f, err
}
