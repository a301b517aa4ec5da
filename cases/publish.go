package cases

import (
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// PublicationState is where a case's public statement stands.
type PublicationState string

// The states of a public statement: drafted → approved → published → withdrawn.
const (
	PublicationDraft     PublicationState = "draft"
	PublicationApproved  PublicationState = "approved" // waits for the embargo's end
	PublicationOpen      PublicationState = "published"
	PublicationWithdrawn PublicationState = "withdrawn"
)

// Publication is a public statement about a case, as those in the case see it.
type Publication struct {
	ID        string
	Case      string
	Title     string
	Body      string // Markdown; empty once withdrawn from the public
	Reference string // web address, or ""
	State     PublicationState
	Drafted   time.Time
	Drafter   forum.Author // Person, Name and Org
	Approved  time.Time
	Approver  forum.Author // Person and Name
	Opens     time.Time    // when it is expected to be public; the embargo decides
	Published time.Time
	Withdrawn time.Time
	Why       string // of withdrawing
	Label     policy.Label
}

// Statement is a published statement, as everybody sees it. A withdrawn one has
// no body and says why.
type Statement struct {
	ID        string
	Case      string // short id
	Title     string
	Body      string // Markdown
	Reference string
	Published time.Time
	Withdrawn time.Time // zero if it stands
	Why       string
}

// toEverybody is the label of what is for everybody.
func toEverybody() policy.Label {
	return policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
}

const publicationColumns = `p.id, p.case_id, p.title, p.body, p.reference, p.state, p.drafted_at, p.drafted_by, p.drafted_name, p.drafted_org, p.approved_at, p.approved_by, p.approved_name,
	p.opens_at, p.published_at, p.withdrawn_at, p.why, p.tlp, p.audience`

func scanPublication(v *db.View) func(db.Scanner) (Publication, error) {
	return func(s db.Scanner) (p Publication, err error) {
		var drafted, approved, opens, published, withdrawn int64
		var tlp, audience string
		if err = s.Scan(&p.ID, &p.Case, &p.Title, &p.Body, &p.Reference, &p.State, &drafted, &p.Drafter.Person, &p.Drafter.Name, &p.Drafter.Org, &approved, &p.Approver.Person, &p.Approver.Name,
			&opens, &published, &withdrawn, &p.Why, &tlp, &audience); err != nil {
			return p, err
		}
		p.Drafted, p.Approved, p.Opens = clock.FromMicros(drafted), clock.FromMicros(approved), clock.FromMicros(opens)
		p.Published, p.Withdrawn = clock.FromMicros(published), clock.FromMicros(withdrawn)
		p.Label, err = v.Label(tlp, audience)
		return p, err
	}
}

// Publication reads a statement with who drafted and approved it: for those in
// its case.
func (c *Cases) Publication(v *db.View, id string) (Publication, error) {
	return db.One(v, scanPublication(v), `SELECT `+publicationColumns+` FROM visible.case_publications p JOIN visible.cases k ON k.id = p.case_id WHERE p.id = $1`, id)
}

// Publications lists a case's statements, oldest first, for those in the case.
func (c *Cases) Publications(v *db.View, id string) ([]Publication, error) {
	return db.All(v, scanPublication(v), `SELECT `+publicationColumns+` FROM visible.case_publications p JOIN visible.cases k ON k.id = p.case_id WHERE p.case_id = $1 ORDER BY p.drafted_at, p.id`, id)
}

const statementSelect = `SELECT p.id, p.case_id, p.title, p.body, p.reference, p.published_at, p.withdrawn_at, p.why FROM visible.case_publications p WHERE p.tlp = 'CLEAR' AND p.published_at > 0`

func scanStatement(s db.Scanner) (x Statement, err error) {
	var published, withdrawn int64
	err = s.Scan(&x.ID, &x.Case, &x.Title, &x.Body, &x.Reference, &published, &withdrawn, &x.Why)
	x.Case, x.Published, x.Withdrawn = ids.Short(x.Case), clock.FromMicros(published), clock.FromMicros(withdrawn)
	return x, err
}

// Published lists the statements that are public, withdrawn ones included, newest
// first, at most limit, and where the next page begins (zero when there is none).
func (c *Cases) Published(v *db.View, after Cursor, limit int) (xs []Statement, next Cursor, err error) {
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	at := int64(1) << 62
	if after.ID != "" {
		at = clock.Micros(after.At)
	}
	xs, err = db.All(v, scanStatement, statementSelect+` AND p.state IN ('published', 'withdrawn') AND (p.published_at < $1 OR p.published_at = $1 AND p.id < $2)
		ORDER BY p.published_at DESC, p.id DESC LIMIT $3`, at, after.ID, limit+1)
	if err == nil && len(xs) > limit {
		xs = xs[:limit]
		next = Cursor{xs[limit-1].Published, xs[limit-1].ID}
	}
	return xs, next, err
}

// Statement reads one public statement.
func (c *Cases) Statement(v *db.View, id string) (Statement, error) {
	return db.One(v, scanStatement, statementSelect+` AND p.id = $1`, id)
}
