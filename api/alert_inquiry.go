package api

import (
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/internal/db"
)

// Inquiry is one side's copy of what was asked about an alert. Who wrote the alert
// knows the asker by a pseudonym that holds for this alert only.
type Inquiry struct {
	ID        string           `json:"id"`
	Side      string           `json:"side" enum:"asker,respondent"`
	Alert     string           `json:"alert"`
	Notice    string           `json:"notice,omitempty" doc:"The asker's"`
	Title     string           `json:"title" doc:"Of the alert"`
	At        time.Time        `json:"at" doc:"For the respondent the day only"`
	ChangedAt time.Time        `json:"changed_at"`
	State     string           `json:"state" enum:"open,answered,closed"`
	Pseudonym string           `json:"pseudonym"`
	Asker     string           `json:"asker,omitempty" doc:"The asker's organization: for itself, and once it revealed itself"`
	Revealed  bool             `json:"revealed" doc:"The respondent knows who asks"`
	Messages  []InquiryMessage `json:"messages" doc:"Oldest first; not in lists"`
}

// InquiryMessage is one message of an inquiry.
type InquiryMessage struct {
	At   time.Time `json:"at" doc:"Of the asker's, the respondent is told the day only"`
	Asks bool      `json:"asks" doc:"The asker wrote it"`
	Name string    `json:"name" doc:"Who wrote it, as you may know"`
	Body string    `json:"body"`
}

func inquiryShape(q alerts.Inquiry) Inquiry {
	out := Inquiry{ID: q.ID, Side: string(q.Side), Alert: q.Alert, Notice: q.Notice, Title: q.Title, At: utc(q.At), ChangedAt: utc(q.Changed), State: q.State, Pseudonym: q.Pseudonym, Asker: q.Asker, Revealed: q.Revealed != "",
		Messages: []InquiryMessage{}}
	for _, m := range q.Messages {
		out.Messages = append(out.Messages, InquiryMessage{utc(m.At), m.Asks, m.Name, m.Body})
	}
	return out
}

func (c *call) readInquiry(v *db.View, id string) (Inquiry, error) {
	q, err := c.Alerts.Inquiry(v, id)
	if err != nil {
		return Inquiry{}, err
	}
	return inquiryShape(q), nil
}

// InInquiry is an operation on an inquiry.
type InInquiry struct {
	Inquiry string `path:"inquiry" doc:"An inquiry's id: your side's copy has one of its own"`
}

func (c *call) inquiry(in *InInquiry) (*answer[Inquiry], error) {
	out, err := c.readInquiry(c.view, in.Inquiry)
	return &answer[Inquiry]{out}, err
}

func (c *call) openInquiries(*nothing) (*answer[list[Inquiry]], error) {
	qs, err := c.Alerts.OpenInquiries(c.view)
	return listed(c.view, qs, err, plain(inquiryShape))
}

func (c *call) alertInquiries(in *InAlert) (*answer[list[Inquiry]], error) {
	qs, err := c.Alerts.Inquiries(c.view, in.Alert)
	if err == nil && len(qs) == 0 {
		if _, err := c.Alerts.Alert(c.view, in.Alert); err != nil {
			if _, e := c.Alerts.NoticeOf(c.view, in.Alert); e != nil {
				return nil, err
			}
		}
	}
	return listed(c.view, qs, err, plain(inquiryShape))
}

// InquiryWords is a message.
type InquiryWords struct {
	Body string `json:"body" doc:"At most 10,000 characters"`
}

func (c *call) askAboutAlert(in *struct {
	InAlertNotice
	Keyed
	Body InquiryWords
}) (*created[Inquiry], error) {
	return makes(c, in.Keyed, "/api/v1/inquiries/", func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "ask "+in.Notice, in.Body, func() (string, error) { return c.Alerts.Ask(tx, in.Notice, in.Body.Body) })
	}, c.readInquiry)
}

func (c *call) replyInquiry(in *struct {
	InInquiry
	Keyed
	Body InquiryWords
}) (*created[Inquiry], error) {
	return makes(c, in.Keyed, "/api/v1/inquiries/"+in.Inquiry, func(tx *db.Tx) (string, bool, error) {
		return once(tx, in.Keyed, "reply-inquiry "+in.Inquiry, in.Body, func() (string, error) {
			return in.Inquiry, c.Alerts.Reply(tx, in.Inquiry, in.Body.Body)
		})
	}, c.readInquiry)
}

func (c *call) closeInquiry(in *InInquiry) (*answer[Inquiry], error) {
	return changes(c, in.Inquiry, func(tx *db.Tx) error { return c.Alerts.CloseInquiry(tx, in.Inquiry) }, c.readInquiry)
}

func (c *call) revealInquiry(in *InInquiry) (*answer[Inquiry], error) {
	return changes(c, in.Inquiry, func(tx *db.Tx) error { return c.Alerts.Reveal(tx, in.Inquiry) }, c.readInquiry)
}
