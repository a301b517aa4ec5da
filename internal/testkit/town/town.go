// Package town is one small furnished community for the tests of duties: every
// duty wired on a real store, on SQLite or PostgreSQL, with people to act in
// whose names and a clock to move.
package town

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/notify"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// Epoch is when the town's clock starts: Sunday 1 March 2026, noon UTC.
var Epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Town is a community of two manufacturers, a software supplier, two care
// providers, a researcher, two agencies and the ISAO's desk.
type Town struct {
	T          testing.TB
	Ctx        context.Context
	Clock      *clock.Manual
	Box        *seal.Box
	DB         *db.DB
	Ledger     *ledger.Ledger
	Blobs      *blob.Dir
	Members    *members.Members
	Agreements *agreements.Agreements
	Forum      *forum.Forum
	Devices    *devices.Devices
	Vulns      *vulns.Vulns
	Matching   *matching.Matching
	Alerts     *alerts.Alerts
	Cases      *cases.Cases
	Notify     *notify.Notify
	Intel      *intel.Intel
	Evidence   *evidence.Evidence
	Dir        string // of the store: what a disk holds
	FilesDir   string
	Mirror     string // a folder that feeds may be read from

	ISAO   string // the ISAO's organization
	Desk   policy.Principal
	keys   int
	tokens map[string]string // see Token
}

// People of the town, by id.
const (
	Pia, Pol, Paz = "person_PIA", "person_POL", "person_PAZ" // of Pump: named recipients but Paz
	Max, Mia      = "person_MAX", "person_MIA"               // of Monitor
	Sue           = "person_SUE"                             // of Supply
	Wim, Wanda    = "person_WIM", "person_WANDA"             // of Ward
	Cleo          = "person_CLEO"                            // of Clinic
	Lea           = "person_LEA"                             // of Lab
	Fay, Finn     = "person_FAY", "person_FINN"              // of the FDA-like agency
	Cy            = "person_CY"                              // of the CISA-like agency
	Dora, Dan     = "person_DORA", "person_DAN"              // of the desk
)

// Organizations of the town.
const (
	Pump    policy.Principal = "org:org_PUMP"    // manufacturer
	Monitor policy.Principal = "org:org_MONITOR" // manufacturer
	Supply  policy.Principal = "org:org_SUPPLY"  // vendor of software parts
	Ward    policy.Principal = "org:org_WARD"    // provider
	Clinic  policy.Principal = "org:org_CLINIC"  // provider
	Lab     policy.Principal = "org:org_LAB"     // researcher
	Fda     policy.Principal = "org:org_FDA"     // agency
	Cisa    policy.Principal = "org:org_CISA"    // agency
)

// Schemas is every duty's tables, those that are referred to first.
var Schemas = []db.Schema{ledger.Schema, members.Schema, agreements.Schema, forum.Schema, devices.Schema, vulns.Schema, matching.Schema, alerts.Schema, cases.Schema, notify.Schema, intel.Schema, evidence.Schema}

// OnBoth runs a test in a town on SQLite and in one on PostgreSQL.
func OnBoth(t *testing.T, fn func(t *testing.T, h *Town)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, New(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, New(t, Postgres(t))) })
}

// Postgres is the address of an empty database for [New], with the tables of all duties.
func Postgres(t testing.TB) string {
	t.Helper()
	return pgtest.Like(t, fmt.Sprint(len(Schemas)), func(url string) error {
		d, err := db.Open(context.Background(), db.Options{Dir: t.TempDir(), URL: url, Clock: clock.NewManual(Epoch), Schemas: Schemas})
		if err != nil {
			return err
		}
		return d.Close()
	}, pgtest.NoFsync())
}

// New furnishes a town; url "" is SQLite.
func New(t testing.TB, url string) *Town {
	t.Helper()
	h := &Town{T: t, Ctx: context.Background(), Clock: clock.NewManual(Epoch), Dir: t.TempDir(), FilesDir: t.TempDir()}
	keys := t.TempDir()
	key, _, err := seal.LoadOrCreateKey(filepath.Join(keys, "master.key"))
	h.OK(err)
	h.Box = seal.NewBox(key)
	h.Ledger, err = ledger.New(keys, h.Box, nil)
	h.OK(err)
	h.DB, err = db.Open(h.Ctx, db.Options{Dir: h.Dir, URL: url, Clock: h.Clock, Ledger: h.Ledger, Schemas: Schemas})
	h.OK(err)
	t.Cleanup(func() { h.DB.Close() })
	h.OK(h.Ledger.Attach(h.Ctx, h.DB))
	h.Members, err = members.New(members.Options{RPID: "localhost", Origins: []string{"http://localhost"}, WaivePasskeys: true})
	h.OK(err)
	h.DB.SetRefresh(h.Members.Refresh)
	h.Blobs, err = blob.OpenDir(h.FilesDir, Epoch)
	h.OK(err)
	t.Cleanup(func() { h.Blobs.Close() })
	h.Agreements = agreements.New(h.Members)
	h.Forum = forum.New(h.Members, h.Blobs, h.Box)
	h.Devices = devices.New(h.Members, h.Blobs, h.Box)
	h.Mirror = t.TempDir()
	h.Vulns = vulns.New(h.Members, h.Blobs, h.Box, vulns.Options{Mirrors: []string{h.Mirror}})
	h.Matching = matching.New(h.Members, h.Devices, h.Vulns)
	h.Alerts = alerts.New(h.Members, h.Devices, h.Vulns, h.Matching, h.Box)
	h.Cases = cases.New(h.Members, h.Agreements, h.Forum, h.Blobs, h.Box, h.Ledger, h.Alerts)
	h.Notify = notify.New(h.Members, h.Forum, h.Alerts, h.Cases, h.Ledger, h.Box)
	h.Intel = intel.New(h.Members, h.Blobs, h.Box)
	h.Evidence = evidence.New(h.Ledger, h.Forum, h.Members, h.Agreements, h.Cases)
	h.furnish()
	return h
}

func (h *Town) furnish() {
	h.OK(h.DB.Write(h.Ctx, policy.System("test"), func(tx *db.Tx) error {
		s, err := h.Members.FirstRun(tx, members.Founding{Community: "Test ISAO", Org: Profile("Test ISAO", policy.ISAO), Person: person("Dora Desk", true), PersonID: Dora})
		if err != nil {
			return err
		}
		h.ISAO, h.Desk = s.Org, policy.OfCircle(s.Desk)
		if err := h.Agreements.Establish(tx); err != nil {
			return err
		}
		for _, o := range []struct {
			id   policy.Principal
			name string
			kind policy.Kind
		}{{Pump, "Pump Works", policy.Manufacturer}, {Monitor, "Monitor Makers", policy.Manufacturer}, {Supply, "Supply Software", policy.Vendor}, {Ward, "Ward Hospital", policy.Provider},
			{Clinic, "Clinic Group", policy.Provider}, {Lab, "Lab Research", policy.Researcher}, {Fda, "Device Agency", policy.Agency}, {Cisa, "Cyber Agency", policy.Agency}} {
			if _, err := h.Members.SeedOrganization(tx, o.id.ID(), Profile(o.name, o.kind)); err != nil {
				return err
			}
		}
		for _, p := range []struct {
			id, name  string
			org       policy.Principal
			recipient bool
		}{{Pia, "Pia Pump", Pump, true}, {Pol, "Pol Pump", Pump, true}, {Paz, "Paz Pump", Pump, false}, {Max, "Max Monitor", Monitor, true}, {Mia, "Mia Monitor", Monitor, true},
			{Sue, "Sue Supply", Supply, true}, {Wim, "Wim Ward", Ward, true}, {Wanda, "Wanda Ward", Ward, false}, {Cleo, "Cleo Clinic", Clinic, true}, {Lea, "Lea Lab", Lab, true},
			{Fay, "Fay Device", Fda, true}, {Finn, "Finn Device", Fda, false}, {Cy, "Cy Cyber", Cisa, true}} {
			if _, err := h.Members.SeedPerson(tx, p.id, p.org.ID(), person(p.name, p.recipient)); err != nil {
				return err
			}
		}
		dan := person("Dan Desk", true)
		dan.Roles = []policy.Role{policy.RoleDesk}
		_, err = h.Members.SeedPerson(tx, Dan, s.Org, dan)
		return err
	}))
}

func person(name string, recipient bool) members.NewPerson {
	return members.NewPerson{Name: name, Title: "Engineer", Recipient: recipient, Listed: true}
}

// Profile is an organization's profile.
func Profile(name string, k policy.Kind) members.Profile {
	return members.Profile{Name: name, Kind: k, Employees: 10, About: "About " + name, City: "Somewhere", Country: "NL"}
}

// OK ends the test on an error.
func (h *Town) OK(err error) {
	h.T.Helper()
	if err != nil {
		h.T.Fatalf("%v (%v)", err, fault.FieldsOf(err))
	}
}

// As is a person of the town as a viewer of this moment; "" is the public.
func (h *Town) As(person string) (v policy.Viewer) {
	h.T.Helper()
	if person == "" {
		return policy.Anonymous()
	}
	h.OK(h.DB.Read(h.Ctx, policy.System("test"), func(view *db.View) (err error) {
		v, err = h.Members.ViewerOf(view, person, "", nil)
		return err
	}))
	return v
}

// Write and Note run in a person's name; System runs as the program.
func (h *Town) Write(person string, fn func(tx *db.Tx) error) error {
	h.T.Helper()
	return h.DB.Write(h.Ctx, h.As(person), fn)
}

// Note is Write for what leaves no entry.
func (h *Town) Note(person string, fn func(tx *db.Tx) error) error {
	h.T.Helper()
	return h.DB.Note(h.Ctx, h.As(person), fn)
}

// System runs a write in a named part of the program.
func (h *Town) System(name string, fn func(tx *db.Tx) error) error {
	h.T.Helper()
	return h.DB.Write(h.Ctx, policy.System(name), fn)
}

// Read reads in a person's name.
func Read[T any](h *Town, person string, fn func(v *db.View) (T, error)) (out T, err error) {
	h.T.Helper()
	err = h.DB.Read(h.Ctx, h.As(person), func(v *db.View) (err error) { out, err = fn(v); return err })
	return out, err
}

// Must is Read that ends the test on an error.
func Must[T any](h *Town, person string, fn func(v *db.View) (T, error)) T {
	h.T.Helper()
	out, err := Read(h, person, fn)
	h.OK(err)
	return out
}

// Key is a fresh idempotency key.
func (h *Town) Key() string { h.keys++; return fmt.Sprintf("key-%d", h.keys) }

// Case opens a case in a person's name and returns it.
func (h *Town) Case(by string, in cases.NewCase) (id string) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	in.Key = h.Key()
	h.OK(h.Write(by, func(tx *db.Tx) (err error) {
		id, _, err = h.Cases.Open(tx, in)
		return err
	}))
	return id
}

// Label is a label of a marking and principals.
func Label(t policy.TLP, ps ...policy.Principal) policy.Label {
	return policy.Label{TLP: t, Audience: policy.NewAudience(ps...)}
}

// Wants ends the test unless err is a fault of that kind, with that field if one
// is named.
func Wants(t testing.TB, err error, k fault.Kind, field string) {
	t.Helper()
	if !fault.Is(err, k) {
		t.Fatalf("got %v, want a fault of kind %s", err, k)
	}
	if field != "" && !slices.ContainsFunc(fault.FieldsOf(err), func(f fault.Field) bool { return f.Name == field }) {
		t.Fatalf("got %v with fields %v, want one of %q", err, fault.FieldsOf(err), field)
	}
}
