package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// postbox keeps what is sent to each address.
type postbox struct {
	mu    sync.Mutex
	mails map[string][][]byte
	fails error
	tries int
}

func (p *postbox) Send(_ context.Context, from, to string, m []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tries++
	if p.fails != nil {
		return fmt.Errorf("the relay says: %w", p.fails)
	}
	if p.mails == nil {
		p.mails = map[string][][]byte{}
	}
	p.mails[to] = append(p.mails[to], m)
	return nil
}

// house is a town that sends mails.
type house struct {
	*town.Town
	box  *postbox
	log  bytes.Buffer
	room string
}

var postman = policy.System("mails")

func onBoth(t *testing.T, fn func(t *testing.T, x *house)) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) { fn(t, open(t, h)) })
}

func open(t *testing.T, h *town.Town) *house {
	x := &house{Town: h, box: &postbox{}}
	h.Notify.Connect(notify.Outside{Relay: x.box, From: "isao@isao.example", Origin: "https://isao.example"})
	return x
}

// post lets a time pass and tells who is to be told.
func (x *house) post(after time.Duration) {
	x.T.Helper()
	x.Clock.Add(after)
	x.OK(x.Notify.Look(x.Ctx, x.DB, postman))
	x.send()
}

func (x *house) send() {
	x.T.Helper()
	for more := true; more; {
		var err error
		more, err = x.Notify.Send(x.Ctx, x.DB, postman, slog.New(slog.NewTextHandler(&x.log, nil)))
		x.OK(err)
	}
}

var code = regexp.MustCompile(`(?m)^[0-9A-Z]{4}-[0-9A-Z]{4}\r$`)

// join gives a person an address, as he would, and forgets the mail with the code.
func (x *house) join(person string, c notify.Choice) string {
	x.T.Helper()
	address := strings.ToLower(person) + "@town.example"
	address = strings.ReplaceAll(address, "person_", "")
	x.OK(x.Write(person, func(tx *db.Tx) error { return x.Notify.Ask(tx, address) }))
	x.send()
	sent := x.box.mails[address]
	found := code.Find(sent[len(sent)-1])
	x.OK(x.Write(person, func(tx *db.Tx) error { return x.Notify.Confirm(tx, strings.TrimSpace(strings.ToLower(string(found)))) }))
	x.OK(x.Write(person, func(tx *db.Tx) error { return x.Notify.Choose(tx, c) }))
	delete(x.box.mails, address)
	return address
}

// everyone is the label of what the whole community reads.
var everyone = town.Label(policy.Green, policy.Community)

// say has somebody write a topic in a room of everybody's.
func (x *house) say(person, title, body string) {
	x.T.Helper()
	x.Clock.Add(time.Minute)
	if x.room == "" {
		x.OK(x.Write(town.Dora, func(tx *db.Tx) (err error) {
			x.room, err = x.Forum.OpenRoom(tx, forum.NewRoom{Name: "Pumps", Purpose: "All about pumps", Label: everyone})
			return err
		}))
	}
	x.OK(x.Write(person, func(tx *db.Tx) error {
		_, _, err := x.Forum.StartTopic(tx, x.room, forum.NewTopic{Title: title, Body: body, Label: everyone})
		return err
	}))
}

// mention is how a person is called in a text.
func mention(person string) string { return "@[Somebody](person:" + person + ") look" }

// feed brings in what everybody may read, and lets it be compared and told.
func (x *house) feed(kind vulns.Kind, text string) {
	x.T.Helper()
	b, err := x.Vulns.Accept(x.Ctx, x.DB, x.As(town.Dora), vulns.NewBatch{Name: "a file", Kind: kind, Label: town.Label(policy.Clear, policy.Public)}, strings.NewReader(text))
	x.OK(err)
	b, err = x.Vulns.Read(x.Ctx, x.DB, policy.System("vulns"), b.ID, nil)
	x.OK(err)
	if b.State != vulns.Done || b.Skipped != 0 {
		x.T.Fatalf("the feed: %+v", b)
	}
	x.matched()
}

// matched compares all that waits, and makes notices of it.
func (x *house) matched() {
	x.T.Helper()
	follow := func(f ledger.Follower) {
		for n := int64(1); n > 0; {
			var err error
			n, err = x.Ledger.Step(x.Ctx, f)
			x.OK(err)
		}
	}
	x.Clock.Add(2 * time.Minute)
	follow(x.Matching.Follower())
	for more := true; more; {
		var err error
		more, err = x.Matching.Step(x.Ctx, x.DB, policy.System("matching"))
		x.OK(err)
	}
	follow(x.Alerts.Follower())
	for more := true; more; {
		var err error
		more, err = x.Alerts.Step(x.Ctx, x.DB, policy.System("teller"))
		x.OK(err)
		follow(x.Alerts.Follower())
	}
}

// pump has Ward run a pump.
func (x *house) pump() {
	x.T.Helper()
	var id string
	x.OK(x.Write(town.Pia, func(tx *db.Tx) (err error) {
		id, _, err = x.Devices.AddProduct(tx, devices.ProductForm{Name: "Pump A4", Label: everyone, Software: true})
		return err
	}))
	x.OK(x.Write(town.Wim, func(tx *db.Tx) error {
		_, _, err := x.Devices.Deploy(tx, devices.DeploymentForm{Product: id, Version: "1.0", Count: 3, Zone: "Ward 7"})
		return err
	}))
	x.matched()
}

// flaw is a CVE record about the pump.
func (x *house) flaw(n int) string {
	at := x.Clock.Now().Add(-time.Hour).Format(time.RFC3339)
	return fmt.Sprintf(`{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-%04d","assignerOrgId":"416baaa9-dc9f-4396-8d5f-8c081fb06d67","state":"PUBLISHED","assignerShortName":"acme","datePublished":%q,"dateUpdated":%q},"containers":{"cna":{"providerMetadata":{"orgId":"416baaa9-dc9f-4396-8d5f-8c081fb06d67","shortName":"acme"},"title":"Flaw","descriptions":[{"lang":"en","value":"What it does."}],"affected":[{"vendor":"Pump Works","product":"Pump A4","versions":[{"version":"0","lessThan":"2.0","status":"affected","versionType":"semver"}]}],"references":[{"url":"https://example.com/"}]}}}`, n, at, at)
}

func kev(n int) string {
	return fmt.Sprintf(`{"title":"CISA Catalog of Known Exploited Vulnerabilities","catalogVersion":"2026.03.01","dateReleased":"2026-03-01T00:00:00.000Z","count":1,"vulnerabilities":[{"cveID":"CVE-2026-%04d","vendorProject":"Pump Works","product":"Pump","vulnerabilityName":"Flaw","dateAdded":"2026-03-01","shortDescription":"x","requiredAction":"y","dueDate":"2026-03-20","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`, n)
}

// wants says how many mails should have come to somebody since the last time.
func (x *house) wants(address, why string, want int) {
	x.T.Helper()
	n := len(x.box.mails[address])
	delete(x.box.mails, address)
	if n != want {
		x.T.Errorf("%s: %d mails to %s, want %d", why, n, address, want)
	}
}

// A match is told with the digest, an exploited one at once, what is for somebody within
// the hour, and nobody but who sees it in his own inbox is told.
func TestClasses(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		x.pump()
		wim, wanda, cleo := x.join(town.Wim, notify.DefaultChoice), x.join(town.Wanda, notify.DefaultChoice), x.join(town.Cleo, notify.DefaultChoice)
		all := func(why string, ofWim, ofWanda, ofCleo int) {
			t.Helper()
			x.wants(wim, why, ofWim)
			x.wants(wanda, why, ofWanda)
			x.wants(cleo, why, ofCleo)
		}
		x.post(time.Minute)
		all("nothing happened", 0, 0, 0)

		x.feed(vulns.CVE, x.flaw(1))
		x.post(time.Minute)
		all("a match waits for the digest", 0, 0, 0)
		x.Clock.Set(town.Epoch.AddDate(0, 0, 1).Add(-6*time.Hour + time.Minute)) // 06:01
		x.post(0)
		all("the digest", 1, 0, 0)
		x.post(time.Hour)
		all("the digest is told once", 0, 0, 0)

		x.feed(vulns.KEV, kev(1))
		x.post(5 * time.Second)
		all("it has not settled", 0, 0, 0)
		x.post(time.Minute)
		all("exploited", 1, 0, 0)
		x.post(time.Minute)
		all("exploited is told once", 0, 0, 0)

		x.say(town.Pia, "A question", mention(town.Wim))
		x.post(time.Minute)
		all("a mention within the hour after a mail", 0, 0, 0)
		x.post(time.Hour)
		all("a mention", 1, 0, 0)
		x.say(town.Pia, "Another", mention(town.Cleo))
		x.post(time.Minute)
		all("a mention of somebody who had no mail", 0, 0, 1)

		x.post(24 * time.Hour)
		all("the next digest tells who had no mail since the topics", 1, 1, 0)
		x.post(24 * time.Hour)
		all("nothing new, no digest", 0, 0, 0)
	})
}

// Whoever wants the rest never, or all in one, gets just that; what was opened or read
// meanwhile is not told.
func TestChoices(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		never := x.join(town.Wim, notify.Choice{Soon: notify.SoonHour, Rest: notify.RestNever, Hour: 6})
		week := x.join(town.Cleo, notify.Choice{Soon: notify.SoonDigest, Rest: notify.RestWeek, Hour: 6})
		reads := x.join(town.Lea, notify.Choice{Soon: notify.SoonHour, Rest: notify.RestDay, Hour: 6})
		x.post(24 * time.Hour) // Monday noon: the moment has passed
		x.say(town.Pia, "News", mention(town.Cleo))
		x.OK(x.Note(town.Lea, func(tx *db.Tx) error { return x.Forum.MarkAllRead(tx, "") }))
		x.post(24 * time.Hour)
		x.wants(never, "no digest", 0)
		x.wants(week, "not before Monday", 0)
		x.wants(reads, "he has read it", 0)
		x.post(6 * 24 * time.Hour)
		x.wants(never, "no digest", 0)
		x.wants(week, "Monday", 1)
	})
}

// An address counts once its code is given, and a code is good for its person and a day.
func TestConfirm(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		ask := func(who, address string) error {
			return x.Write(who, func(tx *db.Tx) error { return x.Notify.Ask(tx, address) })
		}
		confirm := func(who, code string) error {
			return x.Write(who, func(tx *db.Tx) error { return x.Notify.Confirm(tx, code) })
		}
		mine := func(who string) notify.Own { return town.Must(x.Town, who, x.Notify.Own) }
		newest := func(address string) string {
			x.send()
			sent := x.box.mails[address]
			return strings.TrimSpace(string(code.Find(sent[len(sent)-1])))
		}
		town.Wants(t, ask(town.Wim, "wim"), fault.Invalid, "address")
		town.Wants(t, confirm(town.Wim, "0000-0000"), fault.Invalid, "code")
		x.OK(ask(town.Wim, "wim@ward.example"))
		x.OK(ask(town.Cleo, "cleo@clinic.example"))
		wims, cleos := newest("wim@ward.example"), newest("cleo@clinic.example")
		town.Wants(t, confirm(town.Wim, cleos), fault.Invalid, "code")
		if o := mine(town.Wim); o.Address != "" || o.Waiting != "wim@ward.example" {
			t.Errorf("before the code: %+v", o)
		}
		town.Wants(t, x.Write(town.Wim, func(tx *db.Tx) error { return x.Notify.Choose(tx, notify.DefaultChoice) }), fault.Conflict, "")
		x.OK(confirm(town.Wim, wims))
		town.Wants(t, confirm(town.Wim, wims), fault.Invalid, "code") // it is used up
		if o := mine(town.Wim); o.Address != "wim@ward.example" || o.Waiting != "" || o.Choice != notify.DefaultChoice {
			t.Errorf("after the code: %+v", o)
		}
		if o := mine(town.Cleo); o.Address != "" || o.Waiting != "cleo@clinic.example" {
			t.Errorf("Cleo's: %+v", o)
		}
		x.Clock.Add(25 * time.Hour)
		town.Wants(t, confirm(town.Cleo, cleos), fault.Invalid, "code")

		// Nobody is flooded with codes by somebody who types his address.
		for range 5 {
			x.OK(ask(town.Cleo, "lea@lab.example"))
		}
		town.Wants(t, ask(town.Cleo, "lea@lab.example"), fault.Busy, "")
		x.Clock.Add(25 * time.Hour)
		x.OK(ask(town.Cleo, "cleo@clinic.example"))

		// A bad choice changes nothing.
		for field, c := range map[string]notify.Choice{"soon": {Soon: "x", Rest: notify.RestDay}, "rest": {Soon: notify.SoonDigest, Rest: notify.RestNever}, "hour": {Soon: notify.SoonHour, Rest: notify.RestDay, Hour: 24}} {
			town.Wants(t, x.Write(town.Wim, func(tx *db.Tx) error { return x.Notify.Choose(tx, c) }), fault.Invalid, field)
		}

		// What is kept is sealed, and forgotten when it is removed.
		seen := func() (n int64) {
			x.OK(x.DB.Read(x.Ctx, postman, func(v *db.View) (err error) {
				n, err = db.One(v, db.Value[int64], `SELECT (SELECT COUNT(*) FROM notify_addresses WHERE LENGTH(address) > 30) + (SELECT COUNT(*) FROM notify_addresses WHERE CAST(address AS TEXT) LIKE '%example%')`)
				return err
			}))
			return n
		}
		if n := seen(); n != 1 {
			t.Errorf("%d sealed addresses", n)
		}
		x.OK(x.Write(town.Wim, func(tx *db.Tx) error { return x.Notify.Remove(tx) }))
		town.Wants(t, x.Write(town.Wim, func(tx *db.Tx) error { return x.Notify.Remove(tx) }), fault.Conflict, "")
		if o := mine(town.Wim); o.Address != "" || seen() != 0 {
			t.Errorf("after it was removed: %+v", o)
		}
		// Who leaves has none any more.
		wanda := x.join(town.Wanda, notify.DefaultChoice)
		x.OK(x.Write(town.Dora, func(tx *db.Tx) error { return x.Members.RemovePerson(tx, town.Wanda) }))
		x.say(town.Pia, "News", mention(town.Wim))
		x.post(48 * time.Hour)
		x.wants(wanda, "she left", 0)
		if seen() != 0 {
			t.Error("the address of somebody who left is kept")
		}
	})
}

// A program cannot redirect the notices of the person whose token it has, and nobody
// gives an address to a house that sends no mail.
func TestWhoMayNot(t *testing.T) {
	h := town.New(t, "")
	town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Notify.Ask(tx, "wim@ward.example") }), fault.Conflict, "")
	x := open(t, h)
	for name, who := range map[string]policy.Viewer{"a token": x.tokenOf(town.Wim), "nobody": policy.Anonymous()} {
		for what, fn := range map[string]func(tx *db.Tx) error{
			"ask": func(tx *db.Tx) error { return x.Notify.Ask(tx, "wim@ward.example") }, "confirm": func(tx *db.Tx) error { return x.Notify.Confirm(tx, "0000-0000") },
			"choose": func(tx *db.Tx) error { return x.Notify.Choose(tx, notify.DefaultChoice) }, "remove": x.Notify.Remove,
		} {
			if err := x.DB.Write(x.Ctx, who, fn); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s may %s: %v", name, what, err)
			}
		}
	}
}

func (x *house) tokenOf(person string) (who policy.Viewer) {
	x.T.Helper()
	x.OK(x.DB.Read(x.Ctx, postman, func(v *db.View) (err error) {
		who, err = x.Members.ViewerOf(v, person, "", policy.Scopes())
		return err
	}))
	return who
}

// A mail that the relay does not take is tried again, for two days; an address that it
// refuses is written to no more until its owner confirms it again; and the log names
// nobody's address.
func TestRelayFails(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		wim := x.join(town.Wim, notify.DefaultChoice)
		x.say(town.Pia, "News", mention(town.Wim))
		x.box.fails = errors.New("451 come back later")
		x.post(time.Hour)
		x.box.fails = nil
		x.send()
		x.wants(wim, "at once again", 0)
		x.Clock.Add(time.Minute)
		x.send()
		x.wants(wim, "a moment later", 1)

		x.say(town.Pia, "More", mention(town.Wim))
		x.box.fails = errors.New("451 come back later")
		for range 20 {
			x.post(6 * time.Hour)
		}
		x.box.fails = nil
		x.post(6 * time.Hour)
		x.wants(wim, "it was given up, and nothing is new", 0)

		x.say(town.Pia, "Still more", mention(town.Wim))
		x.box.fails = mail.ErrRefused
		x.post(6 * time.Hour)
		x.box.fails = nil
		if o := town.Must(x.Town, town.Wim, x.Notify.Own); o.Refused.IsZero() {
			t.Errorf("refused: %+v", o)
		}
		x.say(town.Pia, "And more", mention(town.Wim))
		x.post(24 * time.Hour)
		x.wants(wim, "it was refused", 0)
		x.join(town.Wim, notify.DefaultChoice)
		x.say(town.Pia, "News again", mention(town.Wim))
		x.post(24 * time.Hour)
		x.wants(wim, "it is confirmed again", 1)
		if s := x.log.String(); !strings.Contains(s, "451") || strings.Contains(s, wim) {
			t.Errorf("the log: %s", s)
		}
	})
}

// A relay that takes nothing is not asked for each mail that waits: the others go when it
// is there again.
func TestRelayIsAway(t *testing.T) {
	x := open(t, town.New(t, ""))
	wim, cleo := x.join(town.Wim, notify.DefaultChoice), x.join(town.Cleo, notify.DefaultChoice)
	x.say(town.Pia, "News", mention(town.Wim)+mention(town.Cleo))
	x.box.fails, x.box.tries = errors.New("451 come back later"), 0
	x.post(time.Minute)
	if x.box.tries != 1 {
		t.Errorf("it was asked %d times", x.box.tries)
	}
	x.box.fails = nil
	x.Clock.Add(time.Minute)
	x.send()
	x.wants(wim, "it is there again", 1)
	x.wants(cleo, "it is there again", 1)
}

// What is broken for one person keeps no mail from another.
func TestOneIsBroken(t *testing.T) {
	x := open(t, town.New(t, ""))
	wim, cleo := x.join(town.Wim, notify.DefaultChoice), x.join(town.Cleo, notify.DefaultChoice)
	x.OK(x.System("test", func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE notify_addresses SET address = $1 WHERE person = $2`, []byte{0}, town.Cleo)
		tx.Append(db.Entry{Verb: "test.broken", Object: town.Cleo, Label: everyone})
		return err
	}))
	x.say(town.Pia, "News", mention(town.Wim)+mention(town.Cleo))
	x.Clock.Add(time.Minute)
	x.OK(x.Notify.Look(x.Ctx, x.DB, postman))
	if _, err := x.Notify.Send(x.Ctx, x.DB, postman, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("nobody is told of an address that cannot be opened")
	}
	x.wants(wim, "the other's address is broken", 1)
	x.wants(cleo, "it is broken", 0)
}

// Whatever happens, all mails are the same mail (T-11, 5,000 of them): nothing that
// anybody wrote stands in one, and two differ in their date, id and addressee only.
func TestMailsSayNothing(t *testing.T) {
	x := open(t, town.New(t, ""))
	x.pump()
	x.OK(x.System("test", func(tx *db.Tx) error {
		for i := range 95 {
			if _, err := x.Members.SeedPerson(tx, fmt.Sprintf("person_N%02d", i), town.Ward.ID(), members.NewPerson{Name: fmt.Sprint("Nurse ", i), Title: "Engineer", Recipient: true}); err != nil {
				return err
			}
		}
		return nil
	}))
	people := []string{town.Wim, town.Cleo, town.Pia, town.Lea, town.Dora}
	for i := range 95 {
		people = append(people, fmt.Sprintf("person_N%02d", i))
	}
	for _, who := range people {
		x.join(who, notify.DefaultChoice)
	}
	secrets := [][]byte{[]byte("CANARY"), []byte("Max"), []byte("Monitor"), []byte("CVE"), []byte("Pump"), []byte("topic_"), []byte("notice_"), []byte("alert_")}
	kinds, seen := map[string]bool{}, 0
	for i := range 52 {
		x.say(town.Max, fmt.Sprint("CANARY title ", i), "CANARY body "+mention(people[i%len(people)]))
		if i%10 == 0 {
			x.feed(vulns.CVE, x.flaw(100+i))
			x.feed(vulns.KEV, kev(100+i))
		}
		x.post(25 * time.Hour)
		for address, ms := range x.box.mails {
			for _, m := range ms {
				seen++
				for _, s := range secrets {
					if bytes.Contains(m, s) {
						t.Fatalf("%q in a mail to %s: %s", s, address, m)
					}
				}
				if len(m) != mail.Size {
					t.Fatalf("%d bytes", len(m))
				}
				kinds[varies.ReplaceAllString(string(m), "")] = true
			}
		}
		clear(x.box.mails)
	}
	if seen < 5000 || len(kinds) != 1 {
		t.Fatalf("%d mails, %d kinds", seen, len(kinds))
	}
}

// varies is what differs between mails: date, id, addressee, the record's head, and with
// the addressee's length the filler.
var varies = regexp.MustCompile(`(?m)^((Date|Message-ID|To|Record, [^:]*:\d\d UTC): .*|~+)\r\n?`)
