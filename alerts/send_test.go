package alerts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// Two hospitals see an alert with the reason, the third sees nothing (issue 5, Fresh
// machine; ): inside the range, no version on record, outside of it; by the
// product's id, and by maker and model in the hospital's words.
func TestBlindResolve(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		h.hospitals(4)
		p, other := h.product(town.Pia, "Pump A4"), h.product(town.Pia, "Pump B1")
		inside := h.deploy(town.Wim, p, "1.9.2")
		h.deploy(town.Cleo, p, "2.0")
		unknown := h.deploy(nurse(0), p, "")
		h.deploy(nurse(1), other, "1.0")
		h.OK(h.Write(nurse(2), func(tx *db.Tx) error {
			_, _, err := h.Devices.Deploy(tx, devices.DeploymentForm{Maker: "PUMP WORKS", Model: "Pump-A4", Version: "1.0", Count: 1})
			return err
		}))
		retired := h.deploy(nurse(3), p, "1.0")
		h.OK(h.Write(nurse(3), func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, retired) }))
		id := h.sent(text(p, "< 2.0"))

		n, err := h.noticeOf(town.Wim, id)
		h.OK(err)
		if len(n.Matched) != 1 || n.Matched[0].Deployment != inside || !n.Matched[0].Sure || !strings.Contains(n.Matched[0].What, "Pump A4, version 1.9.2, in Ward 7") || !strings.Contains(n.Matched[0].Why, "< 2.0 of Pump Works Pump A4") {
			t.Errorf("inside the range: %+v", n.Matched)
		}
		want := text(p, "< 2.0").Content
		want.Affected[0].Maker, want.Affected[0].Name = "Pump Works", "Pump A4"
		if d := cmp.Diff(want, n.Content); d != "" {
			t.Errorf("what it says: %s", d)
		}
		if n.From != "Pump Works" || n.Class != alerts.Today || !n.Sure || n.Kind != alerts.OfAlert || n.Label.TLP != policy.AmberStrict || !n.Label.Audience.Equal(policy.NewAudience(town.Ward)) {
			t.Errorf("the notice: %+v", n)
		}
		n, err = h.noticeOf(nurse(0), id)
		h.OK(err)
		if len(n.Matched) != 1 || n.Matched[0].Deployment != unknown || n.Matched[0].Sure || n.Sure || !strings.Contains(n.Matched[0].Why, "needs a person") {
			t.Errorf("no version on record: %+v", n.Matched)
		}
		if n, err = h.noticeOf(nurse(2), id); err != nil || !n.Matched[0].Sure {
			t.Errorf("by the hospital's own words: %+v %v", n, err)
		}
		for _, who := range []string{town.Cleo, nurse(1), nurse(3)} {
			if ns := h.inbox(who, alerts.BoxOpen); len(ns) != 0 {
				t.Errorf("%s is told: %+v", who, ns)
			}
		}
		// A notice is nobody else's.
		wim := h.inbox(town.Wim, alerts.BoxNew)[0]
		for _, who := range []string{town.Pia, town.Dora, town.Cleo, town.Wanda, town.Fay, nurse(0), ""} {
			if _, err := town.Read(h.Town, who, func(v *db.View) (alerts.Notice, error) { return h.Notice(v, wim.ID) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads Ward's notice: %v", who, err)
			}
			town.Wants(t, h.Write(who, func(tx *db.Tx) error { return h.Answer(tx, wim.ID, alerts.Fixed, "") }), fault.Missing, "")
		}
	})
}

// The time that a sending takes does not say how many are told: it takes longer than
// telling does.
func TestPace(t *testing.T) {
	h := furnish(town.New(t, ""))
	const pace = 150 * time.Millisecond
	h.SetPace(pace)
	p := h.product(town.Pia, "Pump A4")
	for _, version := range []string{"", "1.0"} { // to nobody, and to somebody
		if version != "" {
			h.deploy(town.Wim, p, version)
		}
		id, err := h.draft(town.Pia, text(p, ""))
		h.OK(err)
		h.OK(h.approve(town.Pol, id))
		began := time.Now()
		h.OK(h.send(town.Pia, id))
		if took := time.Since(began); took < pace {
			t.Errorf("it took %v", took)
		}
	}
}

// The record holds a salted digest of who was told, which the operator can open later.
func TestCommitment(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.deploy(town.Cleo, p, "1.0")
		id := h.sent(text(p, ""))
		var said struct{ Commitment string }
		h.OK(h.DB.Read(h.Ctx, h.As(town.Pia), func(v *db.View) error {
			es, err := h.Ledger.About(v, id, 10)
			h.OK(err)
			c, err := h.Ledger.Open(v, es[len(es)-1])
			h.OK(err)
			return json.Unmarshal(c.Event.Data, &said)
		}))
		h.OK(h.DB.Read(h.Ctx, policy.System("test"), func(v *db.View) error {
			return v.Each(`SELECT s.salt, s.orgs FROM alerts_salts s WHERE s.alert = $1`, []any{id}, func(s db.Scanner) error {
				var salt, orgs string
				h.OK(s.Scan(&salt, &orgs))
				raw, err := hex.DecodeString(salt)
				sum := sha256.Sum256([]byte(string(raw) + "org_CLINIC\norg_WARD\n"))
				if orgs != `["org_CLINIC","org_WARD"]` || len(raw) != 32 || hex.EncodeToString(sum[:]) != said.Commitment {
					t.Errorf("%s with %s does not open %s", orgs, salt, said.Commitment)
				}
				return err
			})
		}))
	})
}

var random = regexp.MustCompile(`(alert|product|case)_[0-9A-Z]{26}|[0-9a-f]{64}`)

// senderReads is all that somebody gets to read of an alert and its product, without
// ids, times and salted digests.
func (h *place) senderReads(who, alert, product string) string {
	h.T.Helper()
	return town.Must(h.Town, who, func(v *db.View) (string, error) {
		a, err := h.Alert(v, alert)
		h.OK(err)
		a.At, a.Changed, a.Approved, a.Sent = time.Time{}, time.Time{}, time.Time{}, time.Time{}
		f, err := h.Funnel(v, alert)
		h.OK(err)
		r, err := h.Reach(v, []string{product})
		h.OK(err)
		es, err := h.Ledger.About(v, alert, 100)
		h.OK(err)
		contents, err := h.Ledger.OpenAll(v, es)
		h.OK(err)
		var said []any
		for _, e := range es {
			c := contents[e.Seq].Event
			said = append(said, e.Verb, e.Actor, e.Object, e.Parent, e.Label.TLP, e.Label.Audience.Strings(), string(c.Data))
		}
		ns, _, err := h.Inbox(v, alerts.InboxQuery{})
		h.OK(err)
		qs, err := h.Inquiries(v, alert)
		h.OK(err)
		b, err := json.Marshal([]any{a, f, r, said, ns, qs})
		return random.ReplaceAllString(string(b), "…"), err
	})
}

// Twin worlds: whether nobody, or one to four hospitals hold a product, whatever they
// answer, every byte is equal that the sender and the desk get, and others; and the
// record grows by as many entries.
func TestSenderIsBlind(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		h.hospitals(4)
		var reads [][2]string
		var grown []int64
		size := func() (n int64) {
			return town.Must(h.Town, town.Dora, func(v *db.View) (int64, error) { return h.Ledger.Size(v) })
		}
		var products []string
		for range 5 {
			products = append(products, h.product(town.Pia, "Pump "+string(rune('A'+len(products)))+"4"))
		}
		for k, p := range products {
			for i := range k {
				h.deploy(nurse(i), p, "1.0")
			}
		}
		h.follow()
		for k, p := range products {
			before := size()
			id := h.sent(text(p, "< 2.0"))
			grown = append(grown, size()-before)
			for i := range k {
				h.answer(nurse(i), id, alerts.Answers()[i])
			}
			read := [2]string{h.senderReads(town.Pia, id, p), h.senderReads(town.Dora, id, p)}
			for i := range read {
				read[i] = strings.ReplaceAll(read[i], "Pump "+string(rune('A'+k))+"4", "Pump")
			}
			reads = append(reads, read)
			if ns := h.inbox(town.Cleo, alerts.BoxOpen); len(ns) != 0 {
				t.Errorf("a hospital without the pump is told: %+v", ns)
			}
			if f := h.funnel(town.Pia, id); f != (alerts.Answered{Told: alerts.Least, Opened: alerts.Least, NotUs: alerts.Least, Looking: alerts.Least, Affected: alerts.Least, Fixed: alerts.Least, Silent: alerts.Least}) {
				t.Errorf("%d hospitals: %+v", k, f)
			}
		}
		for k := range reads {
			if grown[k] != grown[0] {
				t.Errorf("with %d hospitals the record grew by %d, with none by %d", k, grown[k], grown[0])
			}
			if d := cmp.Diff(reads[0], reads[k]); d != "" {
				t.Errorf("with %d hospitals the sender reads: %s", k, d)
			}
		}
	})
}

// Both maker and desk see the same counts; they go by fives, never by one; of two dates,
// of two alerts with other ranges, and of the composer's count.
func TestFloor(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		h.hospitals(12)
		p := h.product(town.Pia, "Pump A4")
		shown := func() alerts.Shown {
			h.follow()
			a, b := h.reach(town.Pia, p), h.reach(town.Dora, p)
			if a != b {
				t.Errorf("the maker is shown %q, the desk %q", a, b)
			}
			return a
		}
		var held []string
		for i := range 12 {
			version := "1.0"
			if i >= 9 {
				version = "3.0"
			}
			held = append(held, h.deploy(nurse(i), p, version))
			if got, want := shown(), (map[bool]alerts.Shown{true: alerts.Least, false: alerts.Shown(fmt.Sprintf("%d or more", (i+1)/5*5))})[i < 4]; got != want {
				t.Errorf("%d hospitals are shown as %q", i+1, got)
			}
		}
		for _, who := range []string{town.Max, town.Wim, nurse(0), ""} {
			if _, err := town.Read(h.Town, who, func(v *db.View) ([]alerts.ProductReach, error) { return h.Reach(v, []string{p}) }); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%q asks for reach: %v", who, err)
			}
		}
		// 9 hospitals in one range and 10 in another; 12 in all. The set of ten was shown
		// to the composer, and is as near to all three as makes no difference.
		nine := h.sent(text(p, "< 2.0"))
		h.OK(h.Write(nurse(9), func(tx *db.Tx) error {
			return h.Devices.ChangeDeployment(tx, held[9], 1, devices.DeploymentForm{Product: p, Version: "1.5", Count: 1})
		}))
		ten := h.sent(text(p, "< 2.0"))
		every := h.sent(text(p, ""))
		for name, id := range map[string]string{"nine": nine, "ten": ten, "twelve": every} {
			f := h.funnel(town.Pia, id)
			if f.Told != "10 or more" || f.Silent != f.Told || f != h.funnel(town.Dora, id) {
				t.Errorf("%s told: %+v", name, f)
			}
		}
		// Answers change what is shown only by fives.
		var last alerts.Answered
		for i := range 9 {
			h.answer(nurse(i), nine, alerts.Hit)
			f := h.funnel(town.Pia, nine)
			if want := map[bool]alerts.Shown{true: alerts.Least, false: "5 or more"}[i < 4]; f.Affected != want || f.Opened != want || f.NotUs != alerts.Least {
				t.Errorf("after %d answers: %+v", i+1, f)
			}
			if i%5 == 0 && i > 0 && f != last {
				t.Errorf("one answer changed %+v to %+v", last, f)
			}
			last = f
		}
		// A new alert begins where the last one was: what one hospital did since does not
		// show in it.
		h.OK(h.Write(nurse(8), func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, held[8]) }))
		if f := h.funnel(town.Pia, h.sent(text(p, "< 2.0"))); f.Told != "10 or more" {
			t.Errorf("an alert after one left: %+v", f)
		}
		// Leaving goes by fives, too.
		for i := range 5 {
			h.OK(h.Write(nurse(i), func(tx *db.Tx) error { return h.Devices.RetireDeployment(tx, held[i]) }))
			if got := shown(); got != "10 or more" && i < 1 {
				t.Errorf("after %d left: %q", i+1, got)
			}
		}
		if got := shown(); got != "5 or more" {
			t.Errorf("after five left: %q", got)
		}
		// Those who are not its author's and not the desk learn no count.
		for _, who := range []string{town.Max, nurse(0), ""} {
			if _, err := town.Read(h.Town, who, func(v *db.View) (alerts.Answered, error) { return h.Funnel(v, nine) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q asks for the funnel: %v", who, err)
			}
		}
	})
}

// What is for everybody is read by everybody, without how it came to be.
func TestCommunity(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		clear, green := text(p, ""), text(p, "")
		clear.TLP, green.TLP = policy.Clear, policy.Green
		c, g, a := h.sent(clear), h.sent(green), h.sent(text(p, ""))
		for who, want := range map[string][]string{"": {c}, town.Cleo: {g, c}, town.Paz: {g, c}, town.Pia: {g, c}, town.Dora: {g, c}} {
			as := town.Must(h.Town, who, func(v *db.View) ([]alerts.Alert, error) { as, _, err := h.Community(v, alerts.Query{}); return as, err })
			var got []string
			for _, a := range as {
				got = append(got, a.ID)
				if own := who == town.Pia || who == town.Dora; own != (a.Person != "") || own != (a.ApproverName != "") {
					t.Errorf("%q is told who wrote it: %+v", who, a)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%q reads %v, want %v", who, got, want)
			}
		}
		if _, err := town.Read(h.Town, town.Cleo, func(v *db.View) (alerts.Answered, error) { return h.Funnel(v, c) }); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a reader asks for the funnel: %v", err)
		}
		if _, err := h.alert(town.Wim, a); !fault.Is(err, fault.Missing) {
			t.Errorf("a recipient reads the author's side: %v", err)
		}
		// Pages.
		one, next := as2(h, 1, "")
		two, end := as2(h, 1, next)
		if len(one) != 1 || len(two) != 1 || one[0].ID != g || two[0].ID != c || end != "" {
			t.Errorf("pages: %v %v", one, two)
		}
	})
}

func as2(h *place, limit int, after string) (as []alerts.Alert, next string) {
	h.OK(h.DB.Read(h.Ctx, h.As(town.Cleo), func(v *db.View) (err error) {
		as, next, err = h.Community(v, alerts.Query{Limit: limit, After: after})
		return err
	}))
	return as, next
}

// A withdrawn alert, and one that another takes the place of, say so in their notices.
func TestEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		id := h.sent(text(p, ""))
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Withdraw(tx, id, "The wrong product.") }))
		n, err := h.noticeOf(town.Wim, id)
		h.OK(err)
		if n.Ended != alerts.Withdrawn || n.Why != "The wrong product." || n.Content.Title == "" {
			t.Errorf("withdrawn: %+v", n)
		}
		first := h.sent(text(p, ""))
		var second string
		h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) { second, err = h.Supersede(tx, first, text(p, "< 9")); return err }))
		if n, _ := h.noticeOf(town.Wim, first); n.Ended != "" {
			t.Errorf("a draft took a sent alert's place: %+v", n)
		}
		h.OK(h.approve(town.Pol, second))
		h.OK(h.send(town.Pia, second))
		n, err = h.noticeOf(town.Wim, first)
		h.OK(err)
		if n.Ended != alerts.Superseded {
			t.Errorf("superseded: %+v", n)
		}
		a, b := h.mustAlert(town.Pia, first), h.mustAlert(town.Pia, second)
		if a.State != alerts.Superseded || a.SupersededBy != second || b.State != alerts.Sent || b.Supersedes != first {
			t.Errorf("superseded: %+v by %+v", a, b)
		}
	})
}

// The recipients' acts are in their own part of the record only; what is done twice, or
// wrongly, changes nothing.
func TestAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		id := h.sent(text(p, ""))
		n := h.inbox(town.Wim, alerts.BoxNew)[0]
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Open(tx, n.ID) }))
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Open(tx, n.ID) }), fault.Conflict, "")
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Answer(tx, n.ID, "perhaps", "") }), fault.Invalid, "answer")
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error {
			return h.Answer(tx, n.ID, alerts.Looking, strings.Repeat("x", alerts.MaxNote+1))
		}), fault.Invalid, "note")
		town.Wants(t, h.Write(town.Wim, func(tx *db.Tx) error { return h.Answer(tx, "notice_NONE", alerts.Looking, "") }), fault.Missing, "")
		for i, a := range alerts.Answers() {
			h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Answer(tx, n.ID, a, fmt.Sprint("note ", i)) }))
			box := map[alerts.Answer]alerts.Box{alerts.NotUs: alerts.BoxDone, alerts.Looking: alerts.BoxOpen, alerts.Hit: alerts.BoxOpen, alerts.Fixed: alerts.BoxDone}[a]
			if ns := h.inbox(town.Wim, box); len(ns) != 1 || ns[0].Answer != a || ns[0].AnsweredBy != "Wim Ward" || ns[0].Note != fmt.Sprint("note ", i) || ns[0].Opened.IsZero() {
				t.Errorf("after %s: %+v", a, ns)
			}
			if ns := h.inbox(town.Wim, alerts.BoxNew); len(ns) != 0 {
				t.Errorf("after %s it is new: %+v", a, ns)
			}
		}
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Answer(tx, n.ID, alerts.Looking, "") }))
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Archive(tx, n.ID, true) }))
		if len(h.inbox(town.Wim, alerts.BoxOpen)) != 0 || len(h.inbox(town.Wim, alerts.BoxDone)) != 1 {
			t.Error("an archived notice is not done")
		}
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Archive(tx, n.ID, false) }))
		if len(h.inbox(town.Wim, alerts.BoxOpen)) != 1 {
			t.Error("it did not come back")
		}
		for who, want := range map[string]int{town.Wim: 8, town.Pia: 0, town.Dora: 0, town.Cleo: 0} {
			es := town.Must(h.Town, who, func(v *db.View) ([]ledger.Entry, error) { return h.Ledger.About(v, n.ID, 100) })
			if len(es) != want {
				t.Errorf("%s reads %d entries about Ward's notice, want %d", who, len(es), want)
			}
		}
		v := town.Must(h.Town, town.Wim, func(v *db.View) ([]alerts.Week, error) { return h.Volume(v) })
		if last := v[len(v)-1]; len(v) != 26 || last.Notices != 1 || last.Start.Weekday() != time.Monday || last.Start.After(h.Clock.Now()) {
			t.Errorf("the volume: %+v", v)
		}
		_ = id
	})
}

// The inbox: exploited, then what surely matches, then by class, then the newest; page
// by page without loss.
func TestInbox(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p, unsure := h.product(town.Pia, "Pump A4"), h.product(town.Pia, "Pump B1")
		h.deploy(town.Wim, p, "1.0")
		h.deploy(town.Wim, unsure, "")
		later := func(class alerts.Class, p, r string) string {
			f := text(p, r)
			f.Class = class
			return h.sent(f)
		}
		person := later(alerts.Now, unsure, "< 2")
		digest := later(alerts.Digest, p, "")
		old, young := later(alerts.Today, p, ""), later(alerts.Today, p, "< 2")
		now := later(alerts.Now, p, "")
		want := []string{now, young, old, digest, person}
		var got []string
		next := ""
		for range len(want) {
			h.OK(h.DB.Read(h.Ctx, h.As(town.Wim), func(v *db.View) error {
				ns, to, err := h.Inbox(v, alerts.InboxQuery{Limit: 1, After: next})
				for _, n := range ns {
					got = append(got, n.Alert)
				}
				next = to
				return err
			}))
		}
		if !slices.Equal(got, want) || next != "" {
			t.Errorf("the inbox is %v, want %v", got, want)
		}
		for _, bad := range []string{"x", "!!", "MQ", "MS4y"} {
			_, err := town.Read(h.Town, town.Wim, func(v *db.View) (int, error) {
				_, _, err := h.Inbox(v, alerts.InboxQuery{After: bad})
				return 0, err
			})
			town.Wants(t, err, fault.Invalid, "after")
		}
		if n := town.Must(h.Town, town.Wim, func(v *db.View) (int, error) { return h.Unopened(v) }); n != 5 {
			t.Errorf("%d are unopened", n)
		}
		if n := town.Must(h.Town, town.Cleo, func(v *db.View) (int, error) { return h.Unopened(v) }); n != 0 {
			t.Errorf("another has %d", n)
		}
	})
}

// Whichever statement of a sending fails, before it or after, nothing is half sent, and
// it can be sent afterwards.
func TestSendAtOnceOrNot(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.deploy(town.Cleo, p, "1.0")
		id, err := h.draft(town.Pia, text(p, ""))
		h.OK(err)
		h.OK(h.approve(town.Pol, id))
		broken := errors.New("the disk is gone")
		failed := 0
		for at := 0; ; at++ {
			n := 0
			h.DB.Faults().Set(func(stmt string, after bool) error {
				if strings.Contains(stmt, "alerts_") && (strings.HasPrefix(stmt, "INSERT") || strings.HasPrefix(stmt, "UPDATE")) {
					if n++; n == at+1 {
						return broken
					}
				}
				return nil
			})
			err := h.send(town.Pia, id)
			h.DB.Faults().Set(nil)
			if err == nil {
				break
			}
			failed++
			if a := h.mustAlert(town.Pia, id); a.State != alerts.Approved {
				t.Fatalf("fault %d: the alert is %s", at, a.State)
			}
			for _, who := range []string{town.Wim, town.Cleo} {
				if ns := h.inbox(who, alerts.BoxOpen); len(ns) != 0 {
					t.Fatalf("fault %d: %s was told", at, who)
				}
			}
		}
		if failed < 6 {
			t.Errorf("only %d faults were tried", failed)
		}
		for _, who := range []string{town.Wim, town.Cleo} {
			if ns := h.inbox(who, alerts.BoxOpen); len(ns) != 1 {
				t.Errorf("%s has %d notices", who, len(ns))
			}
		}
	})
}
