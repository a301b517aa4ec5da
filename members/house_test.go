package members

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/internal/testkit/softkey"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

const origin = "https://isao.example"

// house is a founded community on one engine.
type house struct {
	t     testing.TB
	db    *db.DB
	m     *Members
	led   *ledger.Ledger
	clock *clock.Manual
	s     Settings
	ana   string // founder: operator, officer and desk
	bo    string // desk
	pumps string // a manufacturer
	lin   string // officer of pumps
	eng   string // recipient of pumps
	dev   string // of pumps, no recipient
	clin  string // a care provider
	nurse string // officer of clin
	fda   string // an agency
	agent string // officer of fda
}

// empty opens a store without a community on one engine.
func empty(t testing.TB, url string, o Options) *house {
	t.Helper()
	ctx := context.Background()
	dir := t.TempDir()
	box := seal.NewBox(seal.NewKey())
	l, err := ledger.New(dir, box, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, led: l, clock: clock.NewManual(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	h.db, err = db.Open(ctx, db.Options{Dir: dir, URL: url, Clock: h.clock, Schemas: []db.Schema{ledger.Schema, Schema}, Ledger: l})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.db.Close() })
	if err := l.Attach(ctx, h.db); err != nil {
		t.Fatal(err)
	}
	o.RPID, o.Origins = "isao.example", []string{origin}
	if h.m, err = New(o); err != nil {
		t.Fatal(err)
	}
	h.db.SetRefresh(h.m.Refresh)
	return h
}

func profile(name string, k policy.Kind) Profile {
	return Profile{Name: name, Kind: k, Employees: 40, Country: "Norway", Contact: "security@" + strings.ToLower(name[:4]) + ".example"}
}

// furnished opens a small community.
func furnished(t testing.TB, url string, o Options) *house {
	t.Helper()
	h := empty(t, url, o)
	h.system(func(tx *db.Tx) (err error) {
		if h.s, err = h.m.FirstRun(tx, Founding{Community: "Test ISAO", Org: profile("Desk Office", policy.ISAO), Person: NewPerson{Name: "Ana Founder", Recipient: true}}); err != nil {
			return err
		}
		if h.ana, err = db.One(tx.View, db.Value[string], `SELECT id FROM visible.people`); err != nil {
			return err
		}
		h.bo = h.person(tx, h.s.Org, NewPerson{Name: "Bo Desk", Roles: []policy.Role{policy.RoleDesk}, Recipient: true, Listed: true})
		h.pumps = h.org(tx, profile("Pumpworks", policy.Manufacturer))
		h.lin = h.person(tx, h.pumps, NewPerson{Name: "Lin Officer", Roles: []policy.Role{policy.RoleOfficer}, Listed: true})
		h.eng = h.person(tx, h.pumps, NewPerson{Name: "Eng Recipient", Recipient: true})
		h.dev = h.person(tx, h.pumps, NewPerson{Name: "Dev Quiet"})
		h.clin = h.org(tx, profile("Clinic", policy.Provider))
		h.nurse = h.person(tx, h.clin, NewPerson{Name: "Nurse Officer", Roles: []policy.Role{policy.RoleOfficer}, Listed: true})
		h.fda = h.org(tx, profile("Agency", policy.Agency))
		h.agent = h.person(tx, h.fda, NewPerson{Name: "Agent Officer", Roles: []policy.Role{policy.RoleOfficer}, Listed: true})
		return nil
	})
	return h
}

func (h *house) org(tx *db.Tx, p Profile) string {
	id, err := h.m.SeedOrganization(tx, "", p)
	h.must(err)
	return id
}

func (h *house) person(tx *db.Tx, org string, p NewPerson) string {
	id, err := h.m.SeedPerson(tx, "", org, p)
	h.must(err)
	return id
}

// each runs a test on both engines.
func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, furnished(t, "", Options{})) })
	t.Run("postgres", func(t *testing.T) { fn(t, furnished(t, pgtest.URL(t, pgtest.NoFsync()), Options{})) })
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) system(fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.must(h.db.Write(context.Background(), policy.System("demo"), fn))
}

// as is a person as a viewer, through no session.
func (h *house) as(person string) (who policy.Viewer) {
	h.t.Helper()
	h.read(policy.System("test"), func(v *db.View) (err error) {
		who, err = h.m.ViewerOf(v, person, "", nil)
		return err
	})
	return who
}

func (h *house) read(who policy.Viewer, fn func(v *db.View) error) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), who, fn))
}

// does writes as a person and expects it to work.
func (h *house) does(person string, fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.must(h.write(h.as(person), fn))
}

func (h *house) write(who policy.Viewer, fn func(tx *db.Tx) error) error {
	return h.db.Write(context.Background(), who, fn)
}

// refused writes and expects a fault of the kind.
func (h *house) refused(who policy.Viewer, kind fault.Kind, fn func(tx *db.Tx) error) {
	h.t.Helper()
	if err := h.write(who, fn); !fault.Is(err, kind) {
		h.t.Fatalf("got %v, want a fault of kind %s", err, kind)
	}
}

func (h *house) note(who policy.Viewer, fn func(tx *db.Tx) error) error {
	return h.db.Note(context.Background(), who, fn)
}

// signIn opens a session of a person without a ceremony.
func (h *house) signIn(person string) (token string, s Session) {
	h.t.Helper()
	h.must(h.write(policy.System("demo"), func(tx *db.Tx) (err error) {
		token, s, err = h.m.OpenSession(tx, person, "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "", true)
		return err
	}))
	return token, s
}

func (h *house) auth(token string) (who policy.Viewer, s Session, err error) {
	err = h.db.Read(context.Background(), policy.Anonymous(), func(v *db.View) (err error) {
		who, s, err = h.m.Authenticate(v, token)
		return err
	})
	return who, s, err
}

func (h *house) device() *softkey.Device { return softkey.New("isao.example", origin) }

// enroll goes through a link with a device, as a browser does.
func (h *house) enroll(d *softkey.Device, secret string, e Enrollment) (Enrolled, error) {
	var b Begun
	if err := h.note(policy.Anonymous(), func(tx *db.Tx) (err error) { b, err = h.m.BeginEnroll(tx, secret, e); return err }); err != nil {
		return Enrolled{}, err
	}
	answer, err := d.Create(b.Options)
	if err != nil {
		return Enrolled{}, err
	}
	c, err := h.take(b.ID)
	if err != nil {
		return Enrolled{}, err
	}
	var out Enrolled
	err = h.write(policy.Anonymous(), func(tx *db.Tx) (err error) {
		out, err = h.m.FinishEnroll(tx, c, answer, "test", "")
		return err
	})
	return out, err
}

func (h *house) take(id string) (c Ceremony, err error) {
	err = h.note(policy.Anonymous(), func(tx *db.Tx) (err error) { c, err = h.m.TakeCeremony(tx, id); return err })
	return c, err
}

// passkeyIn signs in with a device.
func (h *house) passkeyIn(d *softkey.Device) (SignedIn, error) {
	var b Begun
	if err := h.note(policy.Anonymous(), func(tx *db.Tx) (err error) { b, err = h.m.BeginSignIn(tx); return err }); err != nil {
		return SignedIn{}, err
	}
	answer, err := d.Get(b.Options)
	if err != nil {
		return SignedIn{}, err
	}
	c, err := h.take(b.ID)
	if err != nil {
		return SignedIn{}, err
	}
	var out SignedIn
	err = h.write(policy.Anonymous(), func(tx *db.Tx) (err error) {
		out, err = h.m.FinishSignIn(tx, c, answer, "test", "")
		return err
	})
	return out, err
}

// applicant brings an applicant in through a link made by a person.
func (h *house) applicant(by, name string) (org, officer string, d *softkey.Device) {
	h.t.Helper()
	var l Link
	h.does(by, func(tx *db.Tx) (err error) { l, err = h.m.InviteOrganization(tx, name); return err })
	d = h.device()
	in, err := h.enroll(d, l.Secret, Enrollment{Org: profile(name, policy.Provider), Person: NewPerson{Name: "Officer of " + name}})
	h.must(err)
	return in.Org, in.Person, d
}

// verbs counts the entries about an object, by verb, in everybody's eyes.
func (h *house) verbs(object string) map[string]int {
	h.t.Helper()
	out := map[string]int{}
	h.read(policy.System("test"), func(v *db.View) error {
		es, err := h.led.About(v, object, 1000)
		for _, e := range es {
			out[e.Verb]++
		}
		return err
	})
	return out
}

func (h *house) standing(org string) (st policy.Standing) {
	h.t.Helper()
	h.read(policy.System("test"), func(v *db.View) error {
		o, err := h.m.Organization(v, org)
		st = o.Standing
		return err
	})
	return st
}

func aud(t testing.TB, ss ...string) policy.Audience {
	t.Helper()
	a, err := policy.ParseAudience(ss)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func label(t testing.TB, tlp policy.TLP, ss ...string) policy.Label {
	return policy.Label{TLP: tlp, Audience: aud(t, ss...)}
}
