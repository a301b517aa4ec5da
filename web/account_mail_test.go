package web_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
)

// letterbox keeps the newest mail to each address, until it refuses all.
type letterbox struct {
	mails   map[string]string
	refuses bool
}

func (b *letterbox) Send(_ context.Context, _, to string, m []byte) error {
	if b.refuses {
		return mail.ErrRefused
	}
	b.mails[to] = string(m)
	return nil
}

var mailCode = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}\r$`)

// TestMailAccount goes the way of somebody who wants to be told by mail, and looks at each
// state of the page, with keys alone.
func TestMailAccount(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	x := openTown(t, "", true)
	box := &letterbox{mails: map[string]string{}}
	tab := browser.New(t).Tab()
	tab.SetCookie(x.url, x.session(x.pia, true))
	seen := func(name string) {
		t.Helper()
		for _, width := range []int{1280, 360} {
			tab.SetViewport(width, 900)
			tab.Dark(width == 360)
			if width == 1280 {
				tab.CheckAxe()
			} else {
				tab.CheckAxeColours()
			}
			if shots := os.Getenv("CORDON_SHOTS"); shots != "" {
				tab.Eval(`document.querySelector('#mail').scrollIntoView()`, nil)
				tab.Screenshot(filepath.Join(shots, name+"-"+strconv.Itoa(width)+".png"))
			}
		}
		tab.SetViewport(1280, 900)
	}
	post := func() {
		t.Helper()
		_, err := x.server.Notify.Send(ctx, x.db, policy.System("mails"), slog.Default())
		x.ok(err)
	}

	tab.Go(x.url + "/account")
	tab.WaitText("#mail", "This house sends no mail", browser.Patience)
	seen("mail-none")
	x.server.Notify.Connect(notify.Outside{Relay: box, From: "isao@isao.example", Origin: x.url})
	tab.Go(x.url + "/account")
	tab.WaitText("#mail", "A mail says only that something waits", browser.Patience)
	seen("mail-empty")
	tab.Fill("#mail-address", "pia@localhost")
	tab.Press("Enter")
	tab.WaitText("#mail", "not an address such as", browser.Patience)
	box.refuses = true
	tab.Fill("#mail-address", "pai@pump.example")
	tab.Press("Enter")
	tab.WaitText("#mail", "A code went to pai@pump.example", browser.Patience)
	post()
	tab.Go(x.url + "/account")
	tab.WaitText("#mail", "takes no mail for pai@pump.example", browser.Patience)
	seen("mail-nosuch")
	box.refuses = false
	tab.Fill("#mail-address", "pia@pump.example")
	tab.Press("Enter")
	tab.WaitText("#mail", "A code went to pia@pump.example", browser.Patience)
	post()
	tab.Fill("#mail-code-code", "0000-0000")
	tab.Press("Enter")
	tab.WaitText("#mail", "This is not the code", browser.Patience)
	seen("mail-code")
	tab.Fill("#mail-code-code", strings.TrimSpace(mailCode.FindString(box.mails["pia@pump.example"])))
	tab.Press("Enter")
	tab.WaitText("#mail", "Mails go to pia@pump.example", browser.Patience)
	seen("mail-confirmed")
	tab.Eval(`document.querySelector('#mail-when-rest').value = 'week'; document.querySelector('#mail-when-hour').value = '14'`, nil)
	tab.Click("#mail-when button")
	tab.WaitText("body", "Your choice is saved", browser.Patience)
	var chosen string
	tab.Eval(`document.querySelector('#mail-when-rest').value + ' ' + document.querySelector('#mail-when-hour').value`, &chosen)
	if chosen != "week 14" {
		t.Errorf("the page shows %q", chosen)
	}

	// A room's news comes on Monday, and the relay refuses it.
	box.refuses = true
	x.clock.Add(time.Minute)
	x.write(x.viewer(x.wim), func(tx *db.Tx) error {
		room, err := x.server.Forum.OpenRoom(tx, forum.NewRoom{Name: "Pumps and all", Purpose: "All about pumps", Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}})
		if err == nil {
			_, _, err = x.server.Forum.StartTopic(tx, room, forum.NewTopic{Title: "News", Body: "Of pumps", Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}})
		}
		return err
	})
	x.clock.Add(8 * 24 * time.Hour)
	x.ok(x.server.Notify.Look(ctx, x.db, policy.System("mails")))
	post()
	tab.SetCookie(x.url, x.session(x.pia, true))
	tab.Go(x.url + "/account")
	tab.WaitText("#mail", "The mail server refused pia@pump.example", browser.Patience)
	seen("mail-refused")
	tab.Click("#mail form[action='/account/mail/remove'] button")
	tab.Wait("#ui-ask[open]")
	tab.Click("#ui-ask [value=yes]")
	tab.WaitText("body", "Your address is forgotten", browser.Patience)
	if tab.Exists("#mail-when") {
		t.Error("the choice stands without an address")
	}
	if v := tab.CSPViolations(); len(v) > 0 {
		t.Errorf("the policy blocked %v", v)
	}
}
