package main

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/notify"
)

// mailbox is where a town's mails go, by address.
type mailbox map[string][]string

func (b mailbox) Send(_ context.Context, _, to string, m []byte) error {
	b[to] = append(b[to], string(m))
	return nil
}

// mailed is what mails came to people of one of two towns, and who sends them: not the
// town's own postman, who goes when he likes.
type mailed struct {
	*notify.Notify
	box mailbox
}

// subscribes gives people of both towns addresses.
func (x *twins) subscribes(people ...string) {
	x.t.Helper()
	for i, w := range []*town{x.a, x.b} {
		h := w.house
		m := mailed{notify.New(h.members, h.forum, h.alerts, h.cases, h.ledger, h.web.Box), mailbox{}}
		m.Connect(notify.Outside{Relay: m.box, From: "isao@isao.example", Origin: townOrigin})
		x.mails[i] = m
		for _, p := range people {
			if err := w.try(p, func(tx *db.Tx) error { return m.Ask(tx, p+"@town.example") }); err != nil {
				x.t.Fatalf("%s: %v", p, err)
			}
		}
		m.sends(x, w)
		for _, p := range people {
			code := mailCode.FindString(m.box[p+"@town.example"][0])
			if err := w.try(p, func(tx *db.Tx) error { return m.Confirm(tx, strings.TrimSpace(code)) }); err != nil {
				x.t.Fatalf("%s: %v", p, err)
			}
		}
		clear(m.box)
	}
}

var mailCode = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}\r$`)

func (m mailed) sends(x *twins, w *town) {
	x.t.Helper()
	if _, err := m.Send(context.Background(), w.house.db, postman, slog.New(slog.DiscardHandler)); err != nil {
		x.t.Fatal(err)
	}
}

// sameMails tells everybody at once of whatever is new, in both towns: who may not learn
// of what only the one has gets a mail in both or in none, and the same one. insiders may
// get more in that town.
func (x *twins) sameMails(insiders ...string) {
	x.t.Helper()
	for i, w := range []*town{x.a, x.b} {
		err := w.house.db.Note(context.Background(), postman, func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE notify_told SET mailed = 0, digest = 0`)
			return err
		})
		if err == nil {
			err = x.mails[i].Look(context.Background(), w.house.db, postman)
		}
		if err != nil {
			x.t.Fatal(err)
		}
		x.mails[i].sends(x, w)
	}
	a, b := x.mails[0].box, x.mails[1].box
	for _, to := range slices.Compact(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b))...)))) {
		person, _, _ := strings.Cut(to, "@")
		if inside := slices.Contains(insiders, person); inside {
			x.posted[1] += len(b[to]) - len(a[to])
			continue
		}
		if x.posted[0] += len(a[to]); len(a[to]) != len(b[to]) {
			x.t.Errorf("%d mails to %s, and %d in the town with the secret", len(a[to]), person, len(b[to]))
			continue
		}
		for i := range a[to] {
			if m, n := mailVaries.ReplaceAllString(a[to][i], ""), mailVaries.ReplaceAllString(b[to][i], ""); m != n || len(b[to][i]) != mail.Size {
				x.t.Errorf("the mails to %s differ:\n%s\n%s", person, m, n)
			}
		}
	}
	clear(a)
	clear(b)
}

// secretMails ends a story: what is said in the shade alone sends a mail to the shade, and
// the mails before came to others too.
func (x *twins) secretMails() {
	x.t.Helper()
	later := func() {
		now := x.b.manual.Now().Add(time.Minute)
		x.a.manual.Set(now)
		x.b.manual.Set(now)
		x.sameMails("sam", "una")
	}
	later()
	before := x.posted
	act := x.hiddenActs()["topic in a room all see"]
	for said := 0; said < 6; {
		if act() == nil {
			said++
		}
	}
	later()
	if before[0] < 10 || x.posted[0] != before[0] || x.posted[1] == before[1] {
		x.t.Errorf("%d mails before, %d and %d more to the shade after what nobody else sees", before[0], x.posted[0]-before[0], x.posted[1]-before[1])
	}
}

// mailVaries is what differs between any two mails: the moment, the id, and the record's
// head, which covers what is hidden without telling it.
var mailVaries = regexp.MustCompile(`(?m)^(Date|Message-ID|Record, [^:]*:\d\d UTC): .*\r\n`)
