package agreements

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
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

type house struct {
	t     *testing.T
	db    *db.DB
	m     *members.Members
	a     *Agreements
	clock *clock.Manual
	desk  [2]string
	pumps string
	lin   string // officer of pumps
}

func profile(name string, k policy.Kind) members.Profile {
	return members.Profile{Name: name, Kind: k, Employees: 12, Country: "Norway"}
}

func open(t *testing.T, url string) *house {
	ctx := context.Background()
	dir := t.TempDir()
	l, err := ledger.New(dir, seal.NewBox(seal.NewKey()), nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, clock: clock.NewManual(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))}
	h.db, err = db.Open(ctx, db.Options{Dir: dir, URL: url, Clock: h.clock, Schemas: []db.Schema{ledger.Schema, members.Schema, Schema}, Ledger: l})
	h.must(err)
	t.Cleanup(func() { h.db.Close() })
	h.must(l.Attach(ctx, h.db))
	h.m, err = members.New(members.Options{RPID: "isao.example", Origins: []string{"https://isao.example"}})
	h.must(err)
	h.db.SetRefresh(h.m.Refresh)
	h.a = New(h.m)
	h.must(h.write(policy.System("demo"), func(tx *db.Tx) error {
		s, err := h.m.FirstRun(tx, members.Founding{Community: "Test ISAO", Org: profile("Desk", policy.ISAO), Person: members.NewPerson{Name: "Ana Founder"}, PersonID: "person_00000000000000000000000000"})
		if err != nil {
			return err
		}
		h.desk[0] = "person_00000000000000000000000000"
		if h.desk[1], err = h.m.SeedPerson(tx, "", s.Org, members.NewPerson{Name: "Bo Desk", Roles: []policy.Role{policy.RoleDesk}}); err != nil {
			return err
		}
		if h.pumps, err = h.m.SeedOrganization(tx, "", profile("Pumpworks", policy.Manufacturer)); err != nil {
			return err
		}
		if h.lin, err = h.m.SeedPerson(tx, "", h.pumps, members.NewPerson{Name: "Lin Officer", Title: "Director", Roles: []policy.Role{policy.RoleOfficer}}); err != nil {
			return err
		}
		if err := h.a.Establish(tx); err != nil {
			return err
		}
		return h.a.Establish(tx)
	}))
	return h
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, pgtest.URL(t, pgtest.NoFsync()))) })
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) write(who policy.Viewer, fn func(tx *db.Tx) error) error {
	return h.db.Write(context.Background(), who, fn)
}

func (h *house) read(who policy.Viewer, fn func(v *db.View) error) {
	h.t.Helper()
	h.must(h.db.Read(context.Background(), who, fn))
}

func (h *house) as(person string) (who policy.Viewer) {
	h.t.Helper()
	h.read(policy.System("test"), func(v *db.View) (err error) { who, err = h.m.ViewerOf(v, person, "", nil); return err })
	return who
}

func (h *house) current() (d Document) {
	h.t.Helper()
	h.read(policy.Anonymous(), func(v *db.View) (err error) { d, err = h.a.Current(v, Participation); return err })
	return d
}

// applicant brings in an organization that was vetted, with its officer.
func (h *house) applicant() (org, officer string) {
	h.t.Helper()
	var l members.Link
	h.must(h.write(h.as(h.desk[0]), func(tx *db.Tx) (err error) { l, err = h.m.InviteOrganization(tx, "Hillside"); return err }))
	var b members.Begun
	h.must(h.db.Note(context.Background(), policy.Anonymous(), func(tx *db.Tx) (err error) {
		b, err = h.m.BeginEnroll(tx, l.Secret, members.Enrollment{Org: profile("Hillside", policy.Provider), Person: members.NewPerson{Name: "Hilde Officer"}})
		return err
	}))
	answer, err := softkey.New("isao.example", "https://isao.example").Create(b.Options)
	h.must(err)
	var c members.Ceremony
	h.must(h.db.Note(context.Background(), policy.Anonymous(), func(tx *db.Tx) (err error) { c, err = h.m.TakeCeremony(tx, b.ID); return err }))
	h.must(h.write(policy.Anonymous(), func(tx *db.Tx) error {
		in, err := h.m.FinishEnroll(tx, c, answer, "", "")
		org, officer = in.Org, in.Person
		return err
	}))
	return org, officer
}

// TestAcceptanceActivates: only the signature of the organization's own officer,
// after vetting, on the text in force, makes a member.
func TestAcceptanceActivates(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		org, officer := h.applicant()
		good := Signing{Digest: h.current().Digest, Name: "Hilde Officer", Title: "Director", Agreed: true}
		sign := func(s Signing) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, err := h.a.Accept(tx, s); return err }
		}
		if err := h.write(h.as(officer), sign(good)); !fault.Is(err, fault.Conflict) {
			t.Errorf("signed before vetting: %v", err)
		}
		for _, p := range h.desk {
			h.must(h.write(h.as(p), func(tx *db.Tx) error { return h.m.Approve(tx, org, "identity and domain checked") }))
		}
		stale := good
		stale.Digest = Digest("something else")
		if err := h.write(h.as(officer), sign(stale)); !fault.Is(err, fault.Conflict) {
			t.Errorf("signed another text: %v", err)
		}
		if err := h.write(h.as(officer), sign(Signing{Digest: good.Digest})); !fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) != 3 {
			t.Errorf("an empty form: %v", err)
		}
		if err := h.write(h.as(h.desk[1]), sign(good)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("signed by one who is no officer: %v", err)
		}
		h.must(h.write(h.as(officer), sign(good)))
		who := h.as(officer)
		if !who.InGoodStanding() {
			t.Fatal("signed and not active")
		}
		for name, reader := range map[string]policy.Viewer{"itself": who, "the desk": h.as(h.desk[1])} {
			h.read(reader, func(v *db.View) error {
				list, err := h.a.Acceptances(v, org)
				if err == nil && (len(list) != 1 || list[0].Digest != good.Digest || list[0].Signatory != "Hilde Officer" || list[0].Version != 1) {
					t.Errorf("%s reads %+v", name, list)
				}
				return err
			})
		}
		for name, reader := range map[string]policy.Viewer{"another member": h.as(h.lin), "the public": policy.Anonymous()} {
			h.read(reader, func(v *db.View) error {
				list, err := h.a.Acceptances(v, org)
				if len(list) != 0 {
					t.Errorf("%s reads who signed", name)
				}
				return err
			})
		}
	})
}

// TestDocuments: every policy that FDA's second criterion names is there, and
// anybody may read it; new versions are announced 30 days ahead.
func TestDocuments(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.read(policy.Anonymous(), func(v *db.View) error {
			ds, err := h.a.Documents(v)
			if len(ds) != len(Kinds()) {
				t.Errorf("%d documents of %d kinds", len(ds), len(Kinds()))
			}
			for _, d := range ds {
				if d.Title == "" || d.Version != 1 || d.Digest != Digest(d.Body) {
					t.Errorf("%s is version %d, %q", d.Kind, d.Version, d.Title)
				}
			}
			return err
		})
		for _, word := range []string{"TLP", "need to know", "prices", "personal data", "Agencies", "suspend", "ledger", "deletes"} {
			if !strings.Contains(strings.ToLower(h.current().Body), strings.ToLower(word)) {
				t.Errorf("the agreement does not speak of %s", word)
			}
		}
		h.must(h.write(policy.System("demo"), func(tx *db.Tx) error { _, err := h.a.SeedAcceptance(tx, h.pumps, h.lin); return err }))
		soon := h.clock.Now().Add(30*24*time.Hour - time.Second)
		publish := func(body string, at time.Time) func(tx *db.Tx) error {
			return func(tx *db.Tx) error { _, err := h.a.Publish(tx, Participation, body, at); return err }
		}
		if err := h.write(h.as(h.desk[1]), publish("# Agreement\n\nNew.", soon)); !fault.Is(err, fault.Invalid) {
			t.Errorf("announced too late: %v", err)
		}
		if err := h.write(h.as(h.desk[1]), publish("No title", soon.Add(time.Hour))); !fault.Is(err, fault.Invalid) {
			t.Errorf("a text without a title: %v", err)
		}
		if err := h.write(h.as(h.lin), publish("# Agreement\n\nMine.", soon.Add(time.Hour))); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a member published: %v", err)
		}
		h.must(h.write(h.as(h.desk[1]), publish("# Agreement\n\nNew.", soon.Add(time.Hour))))
		outdated := func() (is bool) {
			h.read(h.as(h.lin), func(v *db.View) (err error) { is, err = h.a.Outdated(v); return err })
			return is
		}
		if h.current().Version != 1 || outdated() {
			t.Error("an announced version is in force before its time")
		}
		h.clock.Add(31 * 24 * time.Hour)
		if h.current().Version != 2 || !outdated() {
			t.Error("an announced version is not in force at its time")
		}
		now := h.current().Digest
		h.must(h.write(h.as(h.lin), func(tx *db.Tx) error {
			_, err := h.a.Accept(tx, Signing{Digest: now, Name: "Lin", Title: "Director", Agreed: true})
			return err
		}))
		if outdated() {
			t.Error("the accepted version is outdated")
		}
	})
}
