package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// NoticeText is what a customer notice says. The letters are those of FDA's
// condition.
type NoticeText struct {
	Subject    string   `json:"subject"`
	Devices    string   `json:"devices,omitempty"`
	Impact     string   `json:"impact,omitempty" doc:"a: the assessment of the impact"`
	Efforts    string   `json:"efforts,omitempty" doc:"b: the efforts underway"`
	Controls   string   `json:"controls,omitempty" doc:"c: compensating controls"`
	NoControls bool     `json:"no_controls,omitempty" doc:"c: there are none"`
	Fix        string   `json:"fix,omitempty" doc:"d: the fix, or the defense in depth"`
	Future     string   `json:"future,omitempty" doc:"d: that a fix will be communicated"`
	Strategy   string   `json:"strategy,omitempty" doc:"How the risk comes to an acceptable level"`
	Contact    string   `json:"contact,omitempty" doc:"Whom customers ask"`
	Customers  bool     `json:"to_customers,omitempty"`
	Users      bool     `json:"to_users,omitempty" doc:"To the user community"`
	Recipients []string `json:"recipients,omitempty" doc:"Organizations or addresses outside; only your own people see them"`
}

func (t NoticeText) in() cases.NoticeText { return cases.NoticeText(t) }

// Notice is a communication to customers.
type Notice struct {
	ID    string `json:"id"`
	Case  string `json:"case"`
	Party string `json:"party"`
	State string `json:"state" enum:"draft,sent,copy"`
	NoticeText
	Count      int       `json:"recipient_count"`
	Lacks      []string  `json:"lacks" doc:"What keeps it from meeting FDA's condition"`
	At         time.Time `json:"at"`
	By         string    `json:"by" doc:"A name"`
	SentAt     time.Time `json:"sent_at,omitzero"`
	Via        string    `json:"via,omitempty"`
	Evidence   []string  `json:"evidence"`
	Incomplete string    `json:"incomplete,omitempty" doc:"Why it was sent like this"`
	ISAOAt     time.Time `json:"isao_at,omitzero" doc:"When the ISAO got its copy"`
	Of         string    `json:"of,omitempty" doc:"Of a copy: the notice"`
}

func notice(n cases.Notice) Notice {
	return Notice{n.ID, n.Case, n.Party, string(n.State), NoticeText(n.Text), n.Count, some(n.Text.Lacks()), utc(n.At), n.Name, utc(n.SentAt), n.Via, some(n.Evidence), n.Incomplete, utc(n.ISAOAt), n.Of}
}

func (c *call) readNotice(v *db.View, id string) (Notice, error) {
	n, err := c.Cases.Notice(v, id)
	return notice(n), err
}

// InNotice is an operation on a notice.
type InNotice struct {
	Notice string `path:"notice" doc:"A notice's id"`
}

func (c *call) notices(in *InCase) (*answer[list[Notice]], error) {
	ns, err := c.Cases.Notices(c.view, in.Case)
	ns, err = orMissing(c, in.Case, ns, err)
	return listed(c.view, ns, err, plain(notice))
}

func (c *call) isaoCopies(in *struct {
	Limit int `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
}) (*answer[list[Notice]], error) {
	ns, err := c.Cases.ISAOCopies(c.view, in.Limit)
	return listed(c.view, ns, err, plain(notice))
}

func (c *call) notice(in *InNotice) (*answer[Notice], error) {
	out, err := c.readNotice(c.view, in.Notice)
	return &answer[Notice]{out}, err
}

func (c *call) draftNotice(in *struct {
	InCase
	Keyed
	Body struct {
		Party string `json:"party,omitempty" doc:"Your organization's own if missing"`
		NoticeText
	}
}) (*created[Notice], error) {
	return makes(c, in.Keyed, "/api/v1/notices/", func(tx *db.Tx) (string, bool, error) {
		party, err := c.partyFor(tx.View, in.Case, in.Body.Party)
		if err != nil {
			return "", false, err
		}
		return c.Cases.DraftNotice(tx, party, in.Body.in(), in.Key)
	}, c.readNotice)
}

func (c *call) editNotice(in *struct {
	InNotice
	Body NoticeText
}) (*answer[Notice], error) {
	return changes(c, in.Notice, func(tx *db.Tx) error { return c.Cases.EditNotice(tx, in.Notice, in.Body.in()) }, c.readNotice)
}

func (c *call) sendNotice(in *struct {
	InNotice
	Body struct {
		At         time.Time `json:"at,omitzero" doc:"When it was sent, outside this house; now if missing"`
		Via        string    `json:"via" example:"e-mail to 214 customers"`
		Evidence   []string  `json:"evidence,omitempty" doc:"Ids of files and posts"`
		Incomplete string    `json:"incomplete,omitempty" doc:"Why it was sent without all that it should say"`
	}
}) (*answer[Notice], error) {
	b := in.Body
	return changes(c, in.Notice, func(tx *db.Tx) error {
		return c.Cases.SendNotice(tx, in.Notice, cases.Sending{At: b.At, Via: b.Via, Evidence: b.Evidence, Incomplete: b.Incomplete})
	}, c.readNotice)
}

func emlDoc(_ *table, op *huma.Operation) {
	op.Description = "A message that a mail program opens as a draft. It names no recipient."
	document(op, "message/rfc822", "The message")
}

// eml hands out a notice for a mail program.
func (c *call) eml(w http.ResponseWriter) {
	var body []byte
	err := c.look(func() error {
		n, err := c.Cases.Notice(c.view, c.r.PathValue("notice"))
		if err == nil {
			body, err = n.EML()
		}
		return err
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	inert(w.Header(), "message/rfc822", "notice.eml")
	w.Write(body)
}
