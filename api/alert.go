package api

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
)

// AlertText is what the recipients of an alert read, exactly as it was approved.
type AlertText struct {
	Title           string         `json:"title" doc:"At most 120 characters"`
	DoNow           string         `json:"do_now" doc:"What to do now, in at most three lines"`
	What            string         `json:"what,omitempty" doc:"Markdown"`
	Affected        []AlertProduct `json:"affected" doc:"Whose holders are told"`
	Vulnerabilities []string       `json:"vulnerabilities,omitempty"`
	Clinical        *AlertAtTheBed `json:"clinical,omitempty" doc:"What applying the remedy means at the bedside"`
	Mechanism       string         `json:"mechanism,omitempty" enum:"firmware_patch,network_segmentation,firewall_rule,access_control,monitoring_detection,other"`
	Category        string         `json:"category,omitempty" enum:"vendor_fix,mitigation,workaround,none_available,no_fix_planned"`
	TLP             string         `json:"tlp" doc:"How its recipients may pass the text on: CLEAR, GREEN, AMBER or AMBER+STRICT"`
}

// AlertProduct is a product that an alert names.
type AlertProduct struct {
	Product string `json:"product,omitempty" doc:"The id of a known one; or say maker and name"`
	Maker   string `json:"maker,omitempty"`
	Name    string `json:"name,omitempty"`
	Range   string `json:"range,omitempty" doc:"Of versions, such as <= 4.1.2 or vers:semver/<4.2; all if it is left out"`
	Words   string `json:"words,omitempty" doc:"What else says which ones"`
}

// AlertAtTheBed is what applying the remedy means at the bedside.
type AlertAtTheBed struct {
	Downtime string `json:"downtime,omitempty" enum:"yes,no"`
	Seconds  int64  `json:"seconds,omitempty" minimum:"0" doc:"Of the downtime, estimated"`
	Restart  string `json:"restart,omitempty" enum:"yes,no"`
	Features string `json:"features,omitempty" doc:"What no longer works"`
	Workflow string `json:"workflow,omitempty"`
	Note     string `json:"note,omitempty"`
}

func (t AlertText) content() (out alerts.Content, err error) {
	tlp, err := markingOf("tlp", t.TLP)
	out = alerts.Content{Title: t.Title, DoNow: t.DoNow, What: t.What, Vulns: t.Vulnerabilities, Mechanism: t.Mechanism, Category: t.Category, TLP: tlp}
	for _, a := range t.Affected {
		out.Affected = append(out.Affected, alerts.Affected(a))
	}
	if t.Clinical != nil {
		out.Clinical = alerts.Clinical(*t.Clinical)
	}
	return out, err
}

func alertText(t alerts.Content) AlertText {
	out := AlertText{Title: t.Title, DoNow: t.DoNow, What: t.What, Affected: []AlertProduct{}, Vulnerabilities: t.Vulns, Mechanism: t.Mechanism, Category: t.Category, TLP: string(t.TLP)}
	for _, a := range t.Affected {
		out.Affected = append(out.Affected, AlertProduct(a))
	}
	if t.Clinical != (alerts.Clinical{}) {
		c := AlertAtTheBed(t.Clinical)
		out.Clinical = &c
	}
	return out
}

// alertFields are the names that fields of an alert have here.
var alertFields = []string{"vulns", "vulnerabilities", "seconds", "clinical.seconds", "downtime", "clinical.downtime", "restart", "clinical.restart", "features", "clinical.features", "workflow", "clinical.workflow", "clinical_note", "clinical.note", "why", "reason"}

// Alert is a text that goes to the holders of products.
type Alert struct {
	ID           string    `json:"id"`
	Short        string    `json:"short" doc:"The id as people say it"`
	Revision     int64     `json:"revision" doc:"To be given when you act on it"`
	At           time.Time `json:"at"`
	ChangedAt    time.Time `json:"changed_at"`
	Organization string    `json:"organization" doc:"Who wrote it"`
	OrgName      string    `json:"organization_name"`
	Source       string    `json:"source" enum:"desk,maker,case"`
	State        string    `json:"state" enum:"draft,approved,sent,withdrawn,superseded"`
	Text         AlertText `json:"text"`
	Class        string    `json:"class" enum:"now,today,digest"`
	Supersedes   string    `json:"supersedes,omitempty" doc:"The alert that it takes the place of"`
	SupersededBy string    `json:"superseded_by,omitempty"`
	SentAt       time.Time `json:"sent_at,omitzero"`
	EndedAt      time.Time `json:"ended_at,omitzero" doc:"Withdrawn or superseded"`
	Why          string    `json:"why,omitempty" doc:"Of the withdrawal"`
	Case         string    `json:"case,omitempty" doc:"This and what follows: for the author's organization and the desk"`
	Person       string    `json:"person,omitempty" doc:"Who wrote it"`
	Approver     string    `json:"approver,omitempty"`
	ApproverName string    `json:"approver_name,omitempty"`
	ApprovedAt   time.Time `json:"approved_at,omitzero"`
	NeedsSecond  bool      `json:"needs_second,omitempty" doc:"Somebody else has to approve it, in a session"`
	Label        Label     `json:"label"`
}

func (c *call) alertShape(v *db.View, a alerts.Alert) (Alert, error) {
	l, err := c.label(v, a.Label)
	return Alert{ID: a.ID, Short: a.Short(), Revision: a.Revision, At: utc(a.At), ChangedAt: utc(a.Changed), Organization: a.Org, OrgName: a.OrgName, Source: string(a.Source), State: string(a.State), Text: alertText(a.Content),
		Class: string(a.Class), Supersedes: a.Supersedes, SupersededBy: a.SupersededBy, SentAt: utc(a.Sent), EndedAt: utc(a.Ended), Why: a.Why, Case: a.Case, Person: a.Person, Approver: a.Approver, ApproverName: a.ApproverName,
		ApprovedAt: utc(a.Approved), NeedsSecond: a.NeedsSecond, Label: l}, err
}

func (c *call) readAlert(v *db.View, id string) (Alert, error) {
	a, err := c.Alerts.Alert(v, id)
	if err != nil {
		return Alert{}, err
	}
	return c.alertShape(v, a)
}

func (c *call) alertList(in *struct {
	PlacePaging
	State string `query:"state" enum:"draft,approved,sent,withdrawn,superseded"`
	Mine  bool   `query:"mine" doc:"Only those of your organization; for the desk"`
}) (*answer[list[Alert]], error) {
	as, next, err := c.Alerts.Alerts(c.view, alerts.Query{State: alerts.State(in.State), Mine: in.Mine, After: in.Cursor, Limit: in.Limit})
	return paged(c.view, as, next, err, c.alertShape)
}

func (c *call) communityAlerts(in *PlacePaging) (*answer[list[Alert]], error) {
	as, next, err := c.Alerts.Community(c.view, alerts.Query{After: in.Cursor, Limit: in.Limit})
	return paged(c.view, as, next, err, c.alertShape)
}

// InAlert is an operation on an alert.
type InAlert struct {
	Alert string `path:"alert" doc:"An alert's id"`
}

func (c *call) alert(in *InAlert) (*answer[Alert], error) {
	out, err := c.readAlert(c.view, in.Alert)
	return &answer[Alert]{out}, err
}

// NewAlert is an alert as its author writes it.
type NewAlert struct {
	Text       AlertText `json:"text"`
	Class      string    `json:"class" enum:"now,today,digest" doc:"How soon it wants to be read"`
	Supersedes string    `json:"supersedes,omitempty" doc:"The sent alert that it takes the place of"`
}

func (n NewAlert) form() (f alerts.Form, err error) {
	f = alerts.Form{Class: alerts.Class(n.Class), Supersedes: n.Supersedes}
	f.Content, err = n.Text.content()
	return f, err
}

func (c *call) draftAlert(in *struct {
	Keyed
	Body struct {
		NewAlert
		Case string `json:"case,omitempty" doc:"The case that it comes from"`
	}
}) (*created[Alert], error) {
	f, err := in.Body.form()
	if err != nil {
		return nil, err
	}
	f.Case = in.Body.Case
	out, err := makes(c, in.Keyed, "/api/v1/alerts/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "draft-alert", in.Body, func() (string, error) { return c.Alerts.Draft(tx, f) })
	}, c.readAlert)
	return out, renamed(err, alertFields...)
}

func (c *call) editAlert(in *struct {
	InAlert
	Body struct {
		Revision int64 `json:"revision" doc:"The alert's, as you read it"`
		NewAlert
	}
}) (*answer[Alert], error) {
	f, err := in.Body.form()
	if err != nil {
		return nil, err
	}
	out, err := changes(c, in.Alert, func(tx *db.Tx) error { return c.Alerts.Change(tx, in.Alert, in.Body.Revision, f) }, c.readAlert)
	return out, renamed(err, alertFields...)
}

// AlertRevision says which text somebody acts on.
type AlertRevision struct {
	Revision int64 `json:"revision" doc:"The alert's, as you read it"`
}

func (c *call) approveAlert(in *struct {
	InAlert
	Body AlertRevision
}) (*answer[Alert], error) {
	return changes(c, in.Alert, func(tx *db.Tx) error { return c.Alerts.Approve(tx, in.Alert, in.Body.Revision) }, c.readAlert)
}

func (c *call) sendAlert(in *struct {
	InAlert
	Body AlertRevision
}) (*answer[Alert], error) {
	out, err := changes(c, in.Alert, func(tx *db.Tx) error { return c.Alerts.Send(tx, in.Alert, in.Body.Revision) }, c.readAlert)
	return out, renamed(err, alertFields...)
}

func (c *call) withdrawAlert(in *struct {
	InAlert
	Body Why
}) (*answer[Alert], error) {
	out, err := changes(c, in.Alert, func(tx *db.Tx) error { return c.Alerts.Withdraw(tx, in.Alert, in.Body.Reason) }, c.readAlert)
	return out, renamed(err, alertFields...)
}

// AlertFunnel is how an alert was received, in organizations. Counts are told from
// five on, in steps of five, and do not follow single organizations.
type AlertFunnel struct {
	Told     AlertCount `json:"told"`
	Opened   AlertCount `json:"opened"`
	NotUs    AlertCount `json:"not_us"`
	Looking  AlertCount `json:"looking"`
	Affected AlertCount `json:"affected"`
	Fixed    AlertCount `json:"fixed"`
	Silent   AlertCount `json:"silent"`
}

// AlertCount is a number of organizations as it may be shown.
type AlertCount struct {
	Shown   string `json:"shown" doc:"fewer than 5, 5 or more, 10 or more …"`
	AtLeast int    `json:"at_least" doc:"The number that it surely stood for"`
}

func countShape(s alerts.Shown) AlertCount { return AlertCount{string(s), s.AtLeast()} }

func (c *call) alertFunnel(in *InAlert) (*answer[AlertFunnel], error) {
	f, err := c.Alerts.Funnel(c.view, in.Alert)
	return &answer[AlertFunnel]{AlertFunnel{countShape(f.Told), countShape(f.Opened), countShape(f.NotUs), countShape(f.Looking), countShape(f.Affected), countShape(f.Fixed), countShape(f.Silent)}}, err
}

// AlertReach is how many organizations hold a product, in any version.
type AlertReach struct {
	Product string     `json:"product"`
	Holders AlertCount `json:"holders"`
}

func (c *call) alertReach(in *struct {
	Products []string `query:"product,explode" required:"true" minItems:"1" maxItems:"50" doc:"Ids of products; it is told of each by itself"`
}) (*answer[list[AlertReach]], error) {
	for _, id := range in.Products {
		if !names("product", id) {
			return nil, missingOr(nil)
		}
	}
	rs, err := c.Alerts.Reach(c.view, slices.Clone(in.Products))
	return listed(c.view, rs, err, plain(func(r alerts.ProductReach) AlertReach { return AlertReach{r.Product, countShape(r.Shown)} }))
}

// AlertMatch is one of your own things that is touched, and why.
type AlertMatch struct {
	Deployment string `json:"deployment,omitempty"`
	Product    string `json:"product,omitempty" doc:"Of a maker's own"`
	Finding    string `json:"finding,omitempty"`
	What       string `json:"what"`
	Why        string `json:"why"`
	Sure       bool   `json:"sure" doc:"Else a person has to look"`
}

// AlertNotice is what your organization was told. Nobody else reads it.
type AlertNotice struct {
	ID         string       `json:"id"`
	Short      string       `json:"short" doc:"The id as people say it"`
	Kind       string       `json:"kind" enum:"alert,matching,rest" doc:"rest: what a day had beyond its limit of notices"`
	Alert      string       `json:"alert,omitempty"`
	At         time.Time    `json:"at"`
	UpdatedAt  time.Time    `json:"updated_at"`
	From       string       `json:"from,omitempty" doc:"Who wrote it; missing if matching found it"`
	Class      string       `json:"class" enum:"now,today,digest"`
	Text       AlertText    `json:"text"`
	Matched    []AlertMatch `json:"matched" doc:"Why you are told"`
	More       int64        `json:"more,omitempty" doc:"Matches that are not listed"`
	Sure       bool         `json:"sure" doc:"A rule says that something of yours is affected"`
	Exploited  bool         `json:"exploited"`
	Group      string       `json:"group,omitempty" doc:"Matching's: the vulnerability or the advisory"`
	Ended      string       `json:"ended,omitempty" enum:"withdrawn,superseded"`
	Why        string       `json:"why,omitempty" doc:"Of the withdrawal"`
	OpenedAt   time.Time    `json:"opened_at,omitzero"`
	OpenedBy   string       `json:"opened_by,omitempty"`
	Answer     string       `json:"answer,omitempty" enum:"not_us,looking,affected,fixed"`
	AnsweredAt time.Time    `json:"answered_at,omitzero"`
	AnsweredBy string       `json:"answered_by,omitempty"`
	Note       string       `json:"note,omitempty" doc:"Your organization's own"`
	Archived   bool         `json:"archived,omitempty"`
}

func noticeOf(n alerts.Notice) AlertNotice {
	out := AlertNotice{ID: n.ID, Short: ids.Short(n.ID), Kind: string(n.Kind), Alert: n.Alert, At: utc(n.At), UpdatedAt: utc(n.Updated), From: n.From, Class: string(n.Class), Text: alertText(n.Content), Matched: []AlertMatch{},
		More: n.More, Sure: n.Sure, Exploited: n.Exploited, Group: n.Group, Ended: string(n.Ended), Why: n.Why, OpenedAt: utc(n.Opened), OpenedBy: n.OpenedBy, Answer: string(n.Answer), AnsweredAt: utc(n.Answered),
		AnsweredBy: n.AnsweredBy, Note: n.Note, Archived: n.Archived}
	for _, m := range n.Matched {
		out.Matched = append(out.Matched, AlertMatch(m))
	}
	return out
}

func (c *call) readAlertNotice(v *db.View, id string) (AlertNotice, error) {
	n, err := c.Alerts.Notice(v, id)
	if err != nil {
		return AlertNotice{}, err
	}
	return noticeOf(n), nil
}

func (c *call) alertNotices(in *struct {
	PlacePaging
	State string `query:"state" enum:"new,open,done" default:"open" doc:"new: nobody opened it; done: not us, fixed, or put away"`
}) (*answer[list[AlertNotice]], error) {
	ns, next, err := c.Alerts.Inbox(c.view, alerts.InboxQuery{State: alerts.Box(in.State), After: in.Cursor, Limit: in.Limit})
	return paged(c.view, ns, next, err, plain(noticeOf))
}

// InAlertNotice is an operation on a notice.
type InAlertNotice struct {
	Notice string `path:"notice" doc:"A notice's id"`
}

func (c *call) alertNotice(in *InAlertNotice) (*answer[AlertNotice], error) {
	out, err := c.readAlertNotice(c.view, in.Notice)
	return &answer[AlertNotice]{out}, err
}

// openNotice is done once; again it changes nothing and is answered alike.
func (c *call) openNotice(in *InAlertNotice) (*answer[AlertNotice], error) {
	var out AlertNotice
	_, _, err := c.save(func(tx *db.Tx) (string, error) {
		n, err := c.Alerts.Notice(tx.View, in.Notice)
		if err == nil && !n.Opened.IsZero() {
			return in.Notice, errAgain
		}
		if err == nil {
			err = c.Alerts.Open(tx, in.Notice)
		}
		return in.Notice, err
	}, func(v *db.View, id string) (err error) { out, err = c.readAlertNotice(v, id); return err })
	return &answer[AlertNotice]{out}, err
}

func (c *call) answerNotice(in *struct {
	InAlertNotice
	Body struct {
		Answer string `json:"answer" enum:"not_us,looking,affected,fixed" doc:"You may change it later. Others see it as one of a count at most"`
		Note   string `json:"note,omitempty" doc:"Your organization's own"`
	}
}) (*answer[AlertNotice], error) {
	return changes(c, in.Notice, func(tx *db.Tx) error {
		return c.Alerts.Answer(tx, in.Notice, alerts.Answer(in.Body.Answer), in.Body.Note)
	}, c.readAlertNotice)
}

func (c *call) archiveNotice(in *struct {
	InAlertNotice
	Body struct {
		Away bool `json:"away" doc:"false brings it back"`
	}
}) (*answer[AlertNotice], error) {
	return changes(c, in.Notice, func(tx *db.Tx) error { return c.Alerts.Archive(tx, in.Notice, in.Body.Away) }, c.readAlertNotice)
}

// NoticeWeek is how many notices came in a week.
type NoticeWeek struct {
	Start   time.Time `json:"start" doc:"A Monday"`
	Notices int       `json:"notices"`
}

func (c *call) noticeVolume(*nothing) (*answer[list[NoticeWeek]], error) {
	ws, err := c.Alerts.Volume(c.view)
	return listed(c.view, ws, err, plain(func(w alerts.Week) NoticeWeek { return NoticeWeek{utc(w.Start), w.Notices} }))
}
