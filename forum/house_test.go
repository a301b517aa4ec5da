package forum_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

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

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var ctx = context.Background()

// house is a small community: organizations pump and ward and lab, an agency,
// the desk; a circle of pump and ward.
type house struct {
	t       testing.TB
	db      *db.DB
	ledger  *ledger.Ledger
	clock   *clock.Manual
	members *members.Members
	forum   *forum.Forum
	blobs   *blob.Dir
	desk    string // organization
	keys    int
}

// People of the house: two of pump, two of ward, one of lab, one agent.
const (
	pia, pol   = "person_PIA", "person_POL"
	wim, wanda = "person_WIM", "person_WANDA"
	lea        = "person_LEA"
	ann        = "person_ANN"
	dora       = "person_DORA" // of the desk
)

const (
	pump, ward, lab, agency = policy.Principal("org:org_PUMP"), policy.Principal("org:org_WARD"), policy.Principal("org:org_LAB"), policy.Principal("org:org_AGENCY")
	both                    = policy.Principal("circle:circle_BOTH")
)

func label(t policy.TLP, ps ...policy.Principal) policy.Label {
	return policy.Label{TLP: t, Audience: policy.NewAudience(ps...)}
}

// onBoth runs a test in a house on SQLite and in one on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHouse(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHouse(t, pgtest.URL(t, pgtest.NoFsync()))) })
}

func newHouse(t testing.TB, url string) *house {
	t.Helper()
	h := &house{t: t, clock: clock.NewManual(epoch)}
	keys := t.TempDir()
	key, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	h.ok(err)
	box := seal.NewBox(key)
	h.ledger, err = ledger.New(keys, box, nil)
	h.ok(err)
	h.db, err = db.Open(ctx, db.Options{Dir: t.TempDir(), URL: url, Clock: h.clock, Ledger: h.ledger,
		Schemas: []db.Schema{ledger.Schema, members.Schema, forum.Schema}})
	h.ok(err)
	t.Cleanup(func() { h.db.Close() })
	h.ok(h.ledger.Attach(ctx, h.db))
	h.members, err = members.New(members.Options{RPID: "localhost", Origins: []string{"http://localhost"}, WaivePasskeys: true})
	h.ok(err)
	h.db.SetRefresh(h.members.Refresh)
	h.blobs, err = blob.OpenDir(t.TempDir(), epoch)
	h.ok(err)
	t.Cleanup(func() { h.blobs.Close() })
	h.forum = forum.New(h.members, h.blobs, box)
	h.furnish()
	return h
}

func (h *house) furnish() {
	person := func(name string, recipient bool) members.NewPerson {
		return members.NewPerson{Name: name, Title: "Engineer", Recipient: recipient, Listed: true}
	}
	h.ok(h.db.Write(ctx, policy.System("test"), func(tx *db.Tx) error {
		s, err := h.members.FirstRun(tx, members.Founding{Community: "Test ISAO", Org: profile("Test ISAO", policy.ISAO), Person: person("Dora Desk", true), PersonID: dora})
		if err != nil {
			return err
		}
		h.desk = s.Org
		for _, o := range []struct {
			id   policy.Principal
			kind policy.Kind
		}{{pump, policy.Manufacturer}, {ward, policy.Provider}, {lab, policy.Researcher}, {agency, policy.Agency}} {
			if _, err := h.members.SeedOrganization(tx, o.id.ID(), profile(o.id.ID(), o.kind)); err != nil {
				return err
			}
		}
		for _, p := range []struct {
			id, name string
			org      policy.Principal
		}{{pia, "Pia Pump", pump}, {pol, "Pol Pump", pump}, {wim, "Wim Ward", ward}, {wanda, "Wanda Ward", ward}, {lea, "Lea Lab", lab}, {ann, "Ann Agent", agency}} {
			if _, err := h.members.SeedPerson(tx, p.id, p.org.ID(), person(p.name, true)); err != nil {
				return err
			}
		}
		_, err = h.members.SeedCircle(tx, members.NewCircle{ID: both.ID(), Name: "Both", Purpose: "Pump and ward.", Named: true, Label: label(policy.Green, policy.Community)}, pia, []string{pia, wim})
		return err
	}))
}

func profile(name string, k policy.Kind) members.Profile {
	return members.Profile{Name: name, Kind: k, Employees: 10, About: "About " + name, City: "Somewhere", Country: "NL"}
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatalf("%v (%v)", err, fault.FieldsOf(err))
	}
}

// as is a person of the house, as a viewer of this moment; "" is the public.
func (h *house) as(person string) (v policy.Viewer) {
	h.t.Helper()
	if person == "" {
		return policy.Anonymous()
	}
	h.ok(h.db.Read(ctx, policy.System("test"), func(view *db.View) (err error) {
		v, err = h.members.ViewerOf(view, person, "", nil)
		return err
	}))
	return v
}

// write, note and read run in a person's name.
func (h *house) write(person string, fn func(tx *db.Tx) error) error {
	h.t.Helper()
	return h.db.Write(ctx, h.as(person), fn)
}

func (h *house) note(person string, fn func(tx *db.Tx) error) error {
	h.t.Helper()
	return h.db.Note(ctx, h.as(person), fn)
}

func read[T any](h *house, person string, fn func(v *db.View) (T, error)) (out T, err error) {
	h.t.Helper()
	err = h.db.Read(ctx, h.as(person), func(v *db.View) (err error) { out, err = fn(v); return err })
	return out, err
}

func must[T any](h *house) func(T, error) T {
	return func(x T, err error) T {
		h.t.Helper()
		h.ok(err)
		return x
	}
}

func (h *house) key() string { h.keys++; return fmt.Sprintf("key-%d", h.keys) }

// room opens a room; topic and reply post, a minute after what came before.
func (h *house) room(by, name string, l policy.Label) (id string) {
	h.t.Helper()
	h.clock.Add(time.Minute)
	h.ok(h.write(by, func(tx *db.Tx) (err error) {
		id, err = h.forum.OpenRoom(tx, forum.NewRoom{Name: name, Purpose: "For tests.", Label: l, Key: h.key()})
		return err
	}))
	return id
}

func (h *house) topic(by, room string, in forum.NewTopic) (id string, err error) {
	h.t.Helper()
	h.clock.Add(time.Minute)
	in.Key = h.key()
	err = h.write(by, func(tx *db.Tx) (err error) {
		id, _, err = h.forum.StartTopic(tx, room, in)
		return err
	})
	return id, err
}

func (h *house) reply(by, topic string, in forum.NewPost) (id string, err error) {
	h.t.Helper()
	h.clock.Add(time.Minute)
	if in.Key == "" {
		in.Key = h.key()
	}
	err = h.write(by, func(tx *db.Tx) (err error) {
		id, _, err = h.forum.Reply(tx, topic, in)
		return err
	})
	return id, err
}

func (h *house) posts(person, topic string) []forum.Post {
	h.t.Helper()
	return must[[]forum.Post](h)(read(h, person, func(v *db.View) ([]forum.Post, error) { return h.forum.Posts(v, topic, forum.Cursor{}, 0) }))
}

func (h *house) bodies(person, topic string) []string {
	h.t.Helper()
	var out []string
	for _, p := range h.posts(person, topic) {
		out = append(out, p.Body)
	}
	return out
}

// community is a room for everyone with a topic for everyone in it.
func (h *house) community() (room, topic string) {
	h.t.Helper()
	room = h.room(dora, "Pumps", label(policy.Green, policy.Community))
	topic = must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "Port 23", Body: "It is open.", Label: label(policy.Green, policy.Community)}))
	return room, topic
}

func wants(t testing.TB, err error, k fault.Kind, field string) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Fatalf("got %v, want a fault of kind %s", err, k)
	}
	if field != "" && !slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Name == field }) {
		t.Fatalf("got %v with fields %v, want one of %q", err, fault.FieldsOf(err), field)
	}
}
