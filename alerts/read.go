package alerts

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Query narrows a list of alerts.
type Query struct {
	State State  // "" = any
	Mine  bool   // only those of the viewer's organization
	After string // where the page before ended; "" = from the newest
	Limit int    // at most [MaxPage]; 0 = 50
}

const alertColumns = `a.id, a.at, a.changed, a.revision, a.org, a.org_name, a.person, a.editor, a.source, a.case_id, a.state, a.class, a.content, a.second, a.approver, a.approver_name, a.approved,
	a.sent, a.ended, a.why, a.supersedes, a.superseded_by, a.tlp, a.audience`

func scanAlert(v *db.View) func(db.Scanner) (Alert, error) {
	return func(s db.Scanner) (a Alert, err error) {
		var at, changed, approved, sent, ended, second int64
		var content, tlp, audience string
		if err = s.Scan(&a.ID, &at, &changed, &a.Revision, &a.Org, &a.OrgName, &a.Person, &a.Editor, &a.Source, &a.Case, &a.State, &a.Class, &content, &second, &a.Approver, &a.ApproverName, &approved,
			&sent, &ended, &a.Why, &a.Supersedes, &a.SupersededBy, &tlp, &audience); err != nil {
			return a, err
		}
		a.At, a.Changed, a.Approved, a.Sent, a.Ended = clock.FromMicros(at), clock.FromMicros(changed), clock.FromMicros(approved), clock.FromMicros(sent), clock.FromMicros(ended)
		a.NeedsSecond = second == 1
		if err = json.Unmarshal([]byte(content), &a.Content); err != nil {
			return a, err
		}
		if a.Label, err = v.Label(tlp, audience); err != nil {
			return a, err
		}
		// Who only reads what was published learns nothing of how it came to be.
		if who := v.Viewer(); !who.IsSystem() && !who.May(policy.MayTriage) && !ofOrg(who, a.Org) {
			a.Case, a.Person, a.Editor, a.Approver, a.ApproverName, a.NeedsSecond = "", "", "", "", "", false
			a.At, a.Changed, a.Approved, a.Revision = a.Sent, a.Sent, clock.FromMicros(0), 0
			a.Supersedes, a.SupersededBy = "", "" // they may be for others' eyes
		}
		return a, nil
	}
}

// Alert is one alert that the viewer may read.
func (x *Alerts) Alert(v *db.View, id string) (Alert, error) {
	return db.One(v, scanAlert(v), `SELECT `+alertColumns+` FROM visible.alerts_alerts a WHERE a.id = $1`, id)
}

// Alerts lists alerts from their author's side, newest first: those of the viewer's
// organization and, for the desk, all that it may read. next is "" at the end.
func (x *Alerts) Alerts(v *db.View, q Query) (as []Alert, next string, err error) {
	who := v.Viewer()
	if q.Mine = q.Mine || !who.May(policy.MayTriage); q.Mine && !ofOrg(who, who.Org) {
		return nil, "", nil
	}
	var where []string
	var args []any
	arg := func(a any) string { args = append(args, a); return "$" + strconv.Itoa(len(args)) }
	at, id, err := readPlace(q.After)
	if err != nil {
		return nil, "", err
	}
	if q.After != "" {
		n := arg(at)
		where = append(where, `(a.at < `+n+` OR a.at = `+n+` AND a.id > `+arg(id)+`)`)
	}
	if q.Mine {
		where = append(where, `a.org = `+arg(who.Org))
	}
	if q.State != "" {
		where = append(where, `a.state = `+arg(string(q.State)))
	}
	return x.list(v, where, args, `a.at DESC, a.id`, page(q.Limit), func(a Alert) string { return place(micros(a.At), a.ID) })
}

// Community lists the alerts for everybody, TLP:CLEAR and TLP:GREEN, that the viewer
// may read and that were sent, newest first; withdrawn ones stay and say so. Of a
// [Query] it takes After and Limit.
func (x *Alerts) Community(v *db.View, q Query) (as []Alert, next string, err error) {
	where, args := []string{`a.content_tlp IN ('CLEAR', 'GREEN')`, `a.sent > 0`}, []any(nil)
	if q.After != "" {
		at, id, err := readPlace(q.After)
		if err != nil {
			return nil, "", err
		}
		where, args = append(where, `(a.sent < $1 OR a.sent = $1 AND a.id > $2)`), []any{at, id}
	}
	return x.list(v, where, args, `a.sent DESC, a.id`, page(q.Limit), func(a Alert) string { return place(micros(a.Sent), a.ID) })
}

func (x *Alerts) list(v *db.View, where []string, args []any, order string, limit int, at func(Alert) string) (as []Alert, next string, err error) {
	if len(where) == 0 {
		where = []string{`1 = 1`}
	}
	args = append(args, limit+1)
	as, err = db.All(v, scanAlert(v), `SELECT `+alertColumns+` FROM visible.alerts_alerts a WHERE `+strings.Join(where, ` AND `)+fmt.Sprintf(` ORDER BY %s LIMIT $%d`, order, len(args)), args...)
	if err == nil && len(as) > limit {
		as = as[:limit]
		next = at(as[limit-1])
	}
	return as, next, err
}

// place is where a list goes on.
func place(at int64, id string) string { return strconv.FormatInt(at, 10) + "." + id }

func readPlace(s string) (at int64, id string, err error) {
	if s == "" {
		return 0, "", nil
	}
	head, id, ok := strings.Cut(s, ".")
	if at, err = strconv.ParseInt(head, 10, 64); err != nil || !ok || len(id) > 100 {
		return 0, "", errPlace
	}
	return at, id, nil
}

var errPlace = fault.InvalidField("after", "This is not a place in this list. Start from its beginning.")
