package main

import (
	"io"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/policy"
)

// postOffice is a mail server that hands on what it is given.
type postOffice chan [2]string

func (r postOffice) NewSession(*smtp.Conn) (smtp.Session, error) { return &relayed{postOffice: r}, nil }

type relayed struct {
	postOffice
	to string
}

func (s *relayed) Mail(string, *smtp.MailOptions) error      { return nil }
func (s *relayed) Rcpt(to string, _ *smtp.RcptOptions) error { s.to = to; return nil }
func (s *relayed) Reset()                                    {}
func (s *relayed) Logout() error                             { return nil }
func (s *relayed) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.postOffice <- [2]string{s.to, string(b)}
	return err
}

// TestMails goes the whole way: an address on the account page, the code from a mail
// server, and a mention that brings a mail by itself. Nothing of it is in the log.
func TestMails(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	arrived := make(postOffice, 10)
	server := smtp.NewServer(arrived)
	server.Domain = "relay.example"
	go server.Serve(ln)
	defer server.Close()
	c := Config{MailRelay: "smtp://" + ln.Addr().String(), MailFrom: "isao@isao.example"}
	mails, err := c.mails()
	if err != nil {
		t.Fatal(err)
	}
	w := openTownWith(t, plan{Data: t.TempDir(), Clock: clock.NewManual(townEpoch), Mails: mails}, true)
	defer w.shut()
	w.settle()
	hal, person := subject{cookie: w.cookies["hal"]}, w.people["hal"]
	post := func(path string, form url.Values) {
		t.Helper()
		if a := w.ask(hal, errand{method: "POST", path: path, body: form.Encode(), kind: "application/x-www-form-urlencoded"}); a.status != 303 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
	}
	next := func() string {
		t.Helper()
		select {
		case m := <-arrived:
			if m[0] != "hal@harbor.example" || len(m[1]) != mail.Size {
				t.Fatalf("%d bytes to %s", len(m[1]), m[0])
			}
			return m[1]
		case <-time.After(30 * time.Second):
			t.Fatal("no mail came")
			return ""
		}
	}
	post("/account/mail/address", url.Values{"address": {"hal@harbor.example"}})
	post("/account/mail/confirm", url.Values{"code": {strings.TrimSpace(mailCode.FindString(next()))}})
	w.tick(time.Minute)
	w.did("mia", func(tx *db.Tx) error {
		_, _, err := w.house.forum.StartTopic(tx, w.rooms["commons"], forum.NewTopic{Title: "Walrus", Body: "@[Hal](person:" + person + ") look", Label: labelled(policy.Green, policy.Community)})
		return err
	})
	w.tick(time.Minute)
	w.did("mia", func(tx *db.Tx) error { // anything that wakes the postman
		_, _, err := w.house.forum.StartTopic(tx, w.rooms["commons"], forum.NewTopic{Title: "Narwhal", Body: "News", Label: labelled(policy.Green, policy.Community)})
		return err
	})
	m := next()
	if !strings.Contains(m, townOrigin+"/inbox") || strings.Contains(m, "Walrus") || strings.Contains(m, "Narwhal") {
		t.Errorf("the mail: %s", m)
	}
	if s := w.log.text(); strings.Contains(s, "harbor.example") {
		t.Error("the log names the address")
	}
}
