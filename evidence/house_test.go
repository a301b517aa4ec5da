package evidence_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

var ctx = context.Background()

// house is a community of a manufacturer, a hospital and a laboratory.
type house struct {
	t        testing.TB
	clock    *clock.Manual
	db       *db.DB
	ledger   *ledger.Ledger
	members  *members.Members
	forum    *forum.Forum
	evidence *evidence.Evidence
	room     string
}

const (
	pia, wim, lea, dora = "person_PIA", "person_WIM", "person_LEA", "person_DORA"

	pump, ward, lab policy.Principal = "org:org_PUMP", "org:org_WARD", "org:org_LAB"
	pair            policy.Principal = "circle:circle_PAIR"
)

func label(t policy.TLP, ps ...policy.Principal) policy.Label {
	return policy.Label{TLP: t, Audience: policy.NewAudience(ps...)}
}

func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHouse(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHouse(t, pgtest.URL(t, pgtest.NoFsync()))) })
}

func newHouse(t testing.TB, url string) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewManual(time.Date(2026, 11, 14, 15, 2, 7, 0, time.UTC))}
	keys := t.TempDir()
	key, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	h.ok(err)
	box := seal.NewBox(key)
	h.ledger, err = ledger.New(keys, box, nil)
	h.ok(err)
	h.db, err = db.Open(ctx, db.Options{Dir: t.TempDir(), URL: url, Clock: h.clock, Ledger: h.ledger,
		Schemas: []db.Schema{ledger.Schema, members.Schema, forum.Schema, evidence.Schema}})
	h.ok(err)
	t.Cleanup(func() { h.db.Close() })
	h.ok(h.ledger.Attach(ctx, h.db))
	h.members, err = members.New(members.Options{RPID: "localhost", Origins: []string{"http://localhost"}, WaivePasskeys: true})
	h.ok(err)
	h.db.SetRefresh(h.members.Refresh)
	blobs, err := blob.OpenDir(t.TempDir(), h.clock.Now())
	h.ok(err)
	t.Cleanup(func() { blobs.Close() })
	h.forum = forum.New(h.members, blobs, box)
	h.evidence = evidence.New(h.ledger, h.forum, h.members, nil, nil)
	h.ok(h.db.Write(ctx, policy.System("test"), func(tx *db.Tx) error {
		person := func(name string) members.NewPerson {
			return members.NewPerson{Name: name, Title: "Engineer", Recipient: true, Listed: true}
		}
		profile := func(name string, k policy.Kind) members.Profile {
			return members.Profile{Name: name, Kind: k, Employees: 10, About: name, City: "Somewhere", Country: "NL"}
		}
		if _, err := h.members.FirstRun(tx, members.Founding{Community: "Test <ISAO>", Org: profile("Test ISAO", policy.ISAO), Person: person("Dora Desk"), PersonID: dora}); err != nil {
			return err
		}
		for _, o := range []struct {
			org          policy.Principal
			name         string
			kind         policy.Kind
			id, employee string
		}{{pump, "Pumpworks", policy.Manufacturer, pia, "Pia Pump"}, {ward, "Ward Hospital", policy.Provider, wim, "Wim Ward"}, {lab, "Secret Lab", policy.Researcher, lea, "Lea Lab"}} {
			if _, err := h.members.SeedOrganization(tx, o.org.ID(), profile(o.name, o.kind)); err != nil {
				return err
			}
			if _, err := h.members.SeedPerson(tx, o.id, o.org.ID(), person(o.employee)); err != nil {
				return err
			}
		}
		_, err := h.members.SeedCircle(tx, members.NewCircle{ID: pair.ID(), Name: "Pump pair", Purpose: "Two.", Named: true, Label: label(policy.Green, policy.Community)}, pia, []string{pia, wim})
		return err
	}))
	h.write(dora, func(tx *db.Tx) (err error) {
		h.room, err = h.forum.OpenRoom(tx, forum.NewRoom{Name: "Pumps", Purpose: "For tests.", Label: label(policy.Green, policy.Community)})
		return err
	})
	return h
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v (%v)", err, fault.FieldsOf(err))
	}
}

func (h *house) as(person string) (v policy.Viewer) {
	h.t.Helper()
	h.ok(h.db.Read(ctx, policy.System("test"), func(view *db.View) (err error) {
		v, err = h.members.ViewerOf(view, person, "", nil)
		return err
	}))
	return v
}

func (h *house) write(person string, fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.clock.Add(time.Minute)
	h.ok(h.db.Write(ctx, h.as(person), fn))
}

func (h *house) topic(by string, in forum.NewTopic) (id string) {
	h.t.Helper()
	h.write(by, func(tx *db.Tx) (err error) { id, _, err = h.forum.StartTopic(tx, h.room, in); return err })
	return id
}

func (h *house) reply(by, topic string, in forum.NewPost) (id string) {
	h.t.Helper()
	h.write(by, func(tx *db.Tx) (err error) { id, _, err = h.forum.Reply(tx, topic, in); return err })
	return id
}

func (h *house) upload(by, name, content string) string {
	h.t.Helper()
	f, err := h.forum.Upload(ctx, h.db, h.as(by), forum.Incoming{Name: name, Size: int64(len(content)), From: strings.NewReader(content)})
	h.ok(err)
	return f.ID
}

func (h *house) pack(by, topic string) []byte {
	h.t.Helper()
	h.clock.Add(time.Minute)
	var b bytes.Buffer
	h.ok(h.evidence.Topic(ctx, h.db, h.as(by), topic, &b))
	return b.Bytes()
}

func (h *house) verify(pack []byte, key string) evidence.Report {
	h.t.Helper()
	r, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), evidence.Options{Key: key})
	h.ok(err)
	return r
}

// story is a share of pia's with an answer, an edit, a decision and a file.
func (h *house) story() (topic string) {
	topic = h.topic(pia, forum.NewTopic{Title: "Port 23 <open>", Body: "It is open. <script>alert(1)</script>", Label: label(policy.Amber, pair, pump),
		Files: []string{h.upload(pia, "Bericht über «CSAF».json", `{"document":{}}`)}})
	answer := h.reply(wim, topic, forum.NewPost{Body: "Thank you.\n\nWe closed it."})
	h.write(wim, func(tx *db.Tx) error { return h.forum.Edit(tx, answer, "Thank you.\n\nWe closed it on all pumps.", 0) })
	h.write(pia, func(tx *db.Tx) error { return h.forum.Pin(tx, answer) })
	return topic
}
