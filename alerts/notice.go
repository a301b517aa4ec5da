package alerts

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Box says which part of an inbox is asked for.
type Box string

// The parts of an inbox.
const (
	BoxNew  Box = "new"  // not opened yet
	BoxOpen Box = "open" // not answered finally, and not archived; what is new is among it
	BoxDone Box = "done" // not us, fixed, or archived
)

// InboxQuery asks for notices.
type InboxQuery struct {
	State Box    // "" = open
	After string // where the page before ended; "" = the beginning
	Limit int    // at most [MaxPage]; 0 = 50
}

const noticeColumns = `n.id, n.kind, n.alert, n.org, n.grp, n.at, n.updated, n.author, n.class, n.content, n.matched, n.more, n.sure, n.exploited, n.ended, n.why, n.opened, n.opened_by,
	n.answer, n.answered, n.answered_by, n.note, n.archived, n.tlp, n.audience`

func scanNotice(v *db.View) func(db.Scanner) (Notice, error) {
	return func(s db.Scanner) (n Notice, err error) {
		var at, updated, sure, exploited, opened, answered, archived int64
		var content, matched, tlp, audience string
		if err = s.Scan(&n.ID, &n.Kind, &n.Alert, &n.Org, &n.Group, &at, &updated, &n.From, &n.Class, &content, &matched, &n.More, &sure, &exploited, &n.Ended, &n.Why, &opened, &n.OpenedBy,
			&n.Answer, &answered, &n.AnsweredBy, &n.Note, &archived, &tlp, &audience); err != nil {
			return n, err
		}
		n.At, n.Updated, n.Opened, n.Answered = clock.FromMicros(at), clock.FromMicros(updated), clock.FromMicros(opened), clock.FromMicros(answered)
		n.Sure, n.Exploited, n.Archived = sure == 1, exploited == 1, archived == 1
		if err = json.Unmarshal([]byte(content), &n.Content); err == nil {
			err = json.Unmarshal([]byte(matched), &n.Matched)
		}
		if err != nil {
			return n, err
		}
		n.Label, err = v.Label(tlp, audience)
		return n, err
	}
}

var boxes = map[Box]string{
	BoxNew:  `n.opened = 0 AND n.archived = 0 AND n.answer = ''`,
	BoxOpen: `n.archived = 0 AND n.answer IN ('', 'looking', 'affected')`,
	BoxDone: `(n.archived = 1 OR n.answer IN ('not_us', 'fixed'))`,
}

// Inbox lists the notices of the viewer's organization: exploited, then what surely
// matches, then by class, then the newest first. next is "" at the end.
func (x *Alerts) Inbox(v *db.View, q InboxQuery) (ns []Notice, next string, err error) {
	if q.State == "" {
		q.State = BoxOpen
	}
	where, ok := boxes[q.State]
	if !ok {
		return nil, "", fault.InvalidField("state", "Ask for new, open or done.")
	}
	args := []any{v.Viewer().Org}
	if q.After != "" {
		rank, at, id, err := readInboxPlace(q.After)
		if err != nil {
			return nil, "", err
		}
		where += ` AND (n.rank > $2 OR n.rank = $2 AND (n.at < $3 OR n.at = $3 AND n.id > $4))`
		args = append(args, rank, at, id)
	}
	limit := page(q.Limit)
	args = append(args, limit+1)
	ns, err = db.All(v, scanNotice(v), `SELECT `+noticeColumns+` FROM visible.alerts_notices n WHERE n.org = $1 AND `+where+` ORDER BY n.rank, n.at DESC, n.id LIMIT $`+strconv.Itoa(len(args)), args...)
	if err == nil && len(ns) > limit {
		ns = ns[:limit]
		last := ns[limit-1]
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.rank(), 10) + "." + place(micros(last.At), last.ID)))
	}
	return ns, next, err
}

func readInboxPlace(s string) (rank, at int64, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) > 200 {
		return 0, 0, "", errPlace
	}
	head, rest, _ := strings.Cut(string(b), ".")
	if rank, err = strconv.ParseInt(head, 10, 64); err != nil || rest == "" {
		return 0, 0, "", errPlace
	}
	at, id, err = readPlace(rest)
	return rank, at, id, err
}

// Unopened counts the viewer's notices that nobody opened, at most 99.
func (x *Alerts) Unopened(v *db.View) (int, error) {
	return db.One(v, db.Value[int], `SELECT count(*) FROM (SELECT n.id FROM visible.alerts_notices n WHERE n.org = $1 AND `+boxes[BoxNew]+` LIMIT 99) w`, v.Viewer().Org)
}

// Newest is when the viewer's inbox got its newest notice, or one of its notices
// changed by somebody else's doing; zero if it is empty. A notice leaves no entry in
// the ledger, so a page asks this to notice that something came.
func (x *Alerts) Newest(v *db.View) (time.Time, error) {
	us, err := db.One(v, db.Value[int64], `SELECT COALESCE(MAX(n.updated), 0) FROM visible.alerts_notices n WHERE n.org = $1`, v.Viewer().Org)
	return clock.FromMicros(us), err
}

// Notice is one notice of the viewer's organization.
func (x *Alerts) Notice(v *db.View, id string) (Notice, error) {
	return db.One(v, scanNotice(v), `SELECT `+noticeColumns+` FROM visible.alerts_notices n WHERE n.id = $1`, id)
}

// NoticeOf is the notice of an alert that the viewer's organization has.
func (x *Alerts) NoticeOf(v *db.View, alert string) (Notice, error) {
	return db.One(v, scanNotice(v), `SELECT `+noticeColumns+` FROM visible.alerts_notices n WHERE n.alert = $1 AND n.org = $2`, alert, v.Viewer().Org)
}

// mine is a notice that the viewer may act on.
func (x *Alerts) mine(v *db.View, id string) (Notice, error) {
	n, err := x.Notice(v, id)
	if err != nil {
		return n, err
	}
	if !ofOrg(v.Viewer(), n.Org) || !v.Viewer().May(policy.MayPost) {
		return n, fault.Forbiddenf("You may not answer for your organization.")
	}
	return n, nil
}

// Open notes that the viewer's organization opened a notice. The entry is
// notice.opened, for that organization. It is done once: [Notice].Opened says whether
// it is, and doing it again is a fault.Conflict that changes nothing.
func (x *Alerts) Open(tx *db.Tx, id string) error {
	n, err := x.mine(tx.View, id)
	if err != nil {
		return err
	}
	if !n.Opened.IsZero() {
		return fault.Conflictf("Your organization opened this already.")
	}
	if err := tx.MustChange(`UPDATE alerts_notices SET opened = $1, opened_by = $2 WHERE id = $3 AND opened = 0`, clock.Micros(tx.Now()), tx.Viewer().Name, n.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notice.opened", Object: n.ID, Label: n.Label, Data: map[string]any{}})
	return x.heard(tx, n)
}

// Answer says what the viewer's organization found: one of [Answers], which it may
// change. The note is its own. Nobody else learns the answer but as one of a count.
// The entry is notice.answered, for that organization.
func (x *Alerts) Answer(tx *db.Tx, id string, answer Answer, note string) error {
	n, err := x.mine(tx.View, id)
	if err != nil {
		return err
	}
	var p check.Problems
	p.OneOf("answer", "The answer", string(answer), words(Answers())...)
	note = p.Text("note", "The note", note, MaxNote, false)
	if p.Found() {
		return p.Err()
	}
	who, now := tx.Viewer(), clock.Micros(tx.Now())
	if err := tx.MustChange(`UPDATE alerts_notices SET answer = $1, note = $2, answered = $3, answered_by = $4, opened = CASE WHEN opened = 0 THEN $3 ELSE opened END, opened_by = CASE WHEN opened = 0 THEN $4 ELSE opened_by END WHERE id = $5`,
		string(answer), note, now, who.Name, n.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notice.answered", Object: n.ID, Label: n.Label, Data: map[string]any{"answer": answer, "was": n.Answer, "note": note}})
	return x.heard(tx, n)
}

// Archive puts a notice away, or back. The entry is notice.archived.
func (x *Alerts) Archive(tx *db.Tx, id string, away bool) error {
	n, err := x.mine(tx.View, id)
	if err != nil {
		return err
	}
	if err := tx.MustChange(`UPDATE alerts_notices SET archived = $1 WHERE id = $2`, flag(away), n.ID); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "notice.archived", Object: n.ID, Label: n.Label, Data: map[string]any{"archived": away}})
	return nil
}

// heard counts a recipient's act into what the sender is shown.
func (x *Alerts) heard(tx *db.Tx, n Notice) error {
	if n.Alert == "" {
		return nil
	}
	a, err := x.Alert(all(tx.View), n.Alert)
	if err != nil {
		return err
	}
	return x.recount(tx, a.ID, a.Org)
}

// Week is how many notices came in a week that begins on a Monday.
type Week struct {
	Start   time.Time
	Notices int
}

// weeks is how far back the volume goes.
const weeks = 26

// Volume counts the notices of the viewer's organization by week, the oldest of 26
// first.
func (x *Alerts) Volume(v *db.View) ([]Week, error) {
	day := clock.Day(v.Now())
	monday := day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
	out := make([]Week, weeks)
	for i := range out {
		out[i].Start = monday.AddDate(0, 0, 7*(i-weeks+1))
	}
	err := v.Each(`SELECT n.at FROM visible.alerts_notices n WHERE n.org = $1 AND n.at >= $2`, []any{v.Viewer().Org, clock.Micros(out[0].Start)}, func(s db.Scanner) error {
		var at int64
		if err := s.Scan(&at); err != nil {
			return err
		}
		if i := int(clock.FromMicros(at).Sub(out[0].Start) / (7 * 24 * time.Hour)); i < weeks {
			out[i].Notices++
		}
		return nil
	})
	return out, err
}
