package cases

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
)

const caseColumns = `k.id, k.title, k.summary, k.stage, k.stage_at, k.severity, k.safety, k.at, k.author, k.author_name, k.author_org, k.author_org_name,
	k.coordinator, k.coordinator_name, k.review_at, k.manufacturer, k.maker_name, k.team, k.room, k.shared, k.contacted_at, k.embargo, k.embargo_from, k.embargo_until,
	k.embargo_terms, k.embargo_ended, k.public_at, k.exploit_at, k.attacks_at, k.origin, k.tlp, k.audience`

func scanCase(v *db.View) func(db.Scanner) (Case, error) {
	return func(s db.Scanner) (k Case, err error) {
		var stageAt, at, review, shared, contacted, from, until, ended, public, exploit, attacks int64
		var tlp, audience string
		if err = s.Scan(&k.ID, &k.Title, &k.Summary, &k.Stage, &stageAt, &k.Severity, &k.Safety, &at, &k.Author.Person, &k.Author.Name, &k.Author.Org, &k.Author.OrgName,
			&k.Coordinator.Person, &k.Coordinator.Name, &review, &k.Maker, &k.MakerName, &k.Team, &k.Room, &shared, &contacted, &k.Embargo.State, &from, &until,
			&k.Embargo.Terms, &ended, &public, &exploit, &attacks, &k.Origin, &tlp, &audience); err != nil {
			return k, err
		}
		k.StageAt, k.At, k.ReviewAt, k.Contacted, k.Shared = clock.FromMicros(stageAt), clock.FromMicros(at), clock.FromMicros(review), clock.FromMicros(contacted), shared == 1
		k.Embargo.From, k.Embargo.Until, k.Embargo.Ended = clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(ended)
		k.PublicAt, k.ExploitAt, k.AttacksAt = clock.FromMicros(public), clock.FromMicros(exploit), clock.FromMicros(attacks)
		k.Label, err = v.Label(tlp, audience)
		return k, err
	}
}

// Case reads a case that the viewer can see.
func (c *Cases) Case(v *db.View, id string) (Case, error) {
	return db.One(v, scanCase(v), `SELECT `+caseColumns+` FROM visible.cases k WHERE k.id = $1`, id)
}

// Filter narrows a list of cases.
type Filter struct {
	Stage Stage  // "" for every stage
	Open  bool   // only those that have not ended
	Words string // in the title
}

// Cursor is a place in the list of cases: after the case of that id, opened then.
type Cursor struct {
	At time.Time
	ID string
}

// Cases lists the cases that the viewer can see, newest first, at most limit, and
// where the next page begins (zero when there is none).
func (c *Cases) Cases(v *db.View, f Filter, after Cursor, limit int) (ks []Case, next Cursor, err error) {
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	at := int64(1) << 62
	if after.ID != "" {
		at = clock.Micros(after.At)
	}
	like := "%" + strings.NewReplacer("!", "!!", "%", "!%", "_", "!_").Replace(strings.ToLower(f.Words)) + "%"
	ks, err = db.All(v, scanCase(v), `SELECT `+caseColumns+` FROM visible.cases k
		WHERE (k.at < $1 OR k.at = $1 AND k.id < $2) AND ($3 = '' OR k.stage = $3)
			AND ($4 = 0 OR k.stage NOT IN ('closed', 'duplicate', 'out-of-scope', 'withdrawn')) AND LOWER(k.title) LIKE $5 ESCAPE '!'
		ORDER BY k.at DESC, k.id DESC LIMIT $6`, at, after.ID, string(f.Stage), flag(f.Open), like, limit+1)
	if err == nil && len(ks) > limit {
		ks = ks[:limit]
		next = Cursor{ks[limit-1].At, ks[limit-1].ID}
	}
	return ks, next, err
}
