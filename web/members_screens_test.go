package web_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web"
)

// town is a furnished house: members, an applicant, a circle.
type town struct {
	*house
	ana, bo       string // desk
	pump, ward    string // organizations
	pia, pol, wim string
	applicant     string
	circle        string
	hidden        string // a circle that only wim is in
}

func openTown(t *testing.T, database string, demo bool) town {
	t.Helper()
	x := town{house: openHouseOn(t, database, demo), ana: "person_00000000000000000000000000"}
	settings := x.found(x.ana)
	x.bo = x.person(settings.Org, "Bo Dahl", true, policy.RoleDesk)
	x.pump = x.org("Pumpworks", policy.Manufacturer, "infusion pumps", "syringe drivers", "feeding pumps", "pump gateways")
	x.ward = x.org("St. Anne Hospital", policy.Provider, "infusion pumps", "patient monitors")
	x.org("Northern Device Agency", policy.Agency)
	x.pia = x.person(x.pump, "Pia Holm", true, policy.RoleOfficer)
	x.pol = x.person(x.pump, "Pol Strand", false)
	x.wim = x.person(x.ward, "Wim Aas", true, policy.RoleOfficer)
	x.write(program, func(tx *db.Tx) (err error) {
		x.circle, err = x.members.SeedCircle(tx, members.NewCircle{Name: "Infusion pump watch", Purpose: "Who makes and who runs infusion pumps.", Named: true,
			Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}}, x.pia, []string{x.wim})
		if err == nil {
			x.hidden, err = x.members.SeedCircle(tx, members.NewCircle{Name: "Ward nine", Purpose: "Not for others."}, x.wim, nil)
		}
		return err
	})
	if x.server.Demo != nil {
		for _, p := range []struct{ key, name, org, kind, id string }{{"ana", "Ana Desk", "Device ISAO Desk", "isao", x.ana}, {"bo", "Bo Dahl", "Device ISAO Desk", "isao", x.bo},
			{"pia", "Pia Holm", "Pumpworks", "manufacturer", x.pia}, {"pol", "Pol Strand", "Pumpworks", "manufacturer", x.pol}, {"wim", "Wim Aas", "St. Anne Hospital", "provider", x.wim}} {
			x.server.Demo.Personas = append(x.server.Demo.Personas, web.Persona{Key: p.key, Name: p.name, Org: p.org, Kind: p.kind, Title: "Security engineer", ID: p.id})
		}
	}
	return x
}

// apply has an organization apply in a browser.
// twoPasskeys gives a person two passkeys that nobody holds.
func (x *town) twoPasskeys(person string) {
	x.t.Helper()
	err := x.db.Write(ctx, policy.System("test"), func(tx *db.Tx) error {
		for _, id := range []string{"a", "b"} {
			if _, err := tx.Exec(`INSERT INTO passkeys (id, person, credential, name, record, counter, made_at, used_at, blocked_at) VALUES ($1, $2, $1, 'test', '{}', 0, 1, 0, 0)`, id+person, person); err != nil {
				return err
			}
		}
		tx.Append(db.Entry{Verb: "passkey.added", Object: person, Label: policy.Default(x.pump), Data: struct{}{}})
		return nil
	})
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *town) apply() {
	x.t.Helper()
	var l members.Link
	x.write(x.viewer(x.pia), func(tx *db.Tx) (err error) { l, err = x.members.InviteOrganization(tx, "Lantern Labs"); return err })
	d := x.device()
	d.Go(x.url + "/invitations/" + l.Secret)
	d.Eval(`document.querySelector("#apply-kind").value = "researcher"`, nil)
	for field, value := range map[string]string{"name": "Lantern Labs", "employees": "12", "country": "Norway", "contact": "hello@lantern.example", "about": "We study radio links of implants.", "person": "Liv Sand", "title": "Founder"} {
		d.Fill("#apply-"+field, value)
	}
	d.Click("#apply button.primary")
	d.WaitText("#main", "Check what you are sending", browser.Patience)
	d.Click("form[data-passkey] button.primary")
	d.arrives("/account")
	x.ok(x.db.Read(ctx, x.viewer(x.ana), func(v *db.View) error {
		as, err := x.members.Applications(v)
		if len(as) > 0 {
			x.applicant = as[0].ID
		}
		return err
	}))
}

// TestPeopleScreens looks at every page of the people's side, in both themes, on
// a desk and on a phone: axe finds nothing, nothing runs over the edge, the
// policy blocks nothing. With CORDON_SHOTS set to a folder it keeps pictures.
func TestPeopleScreens(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	real := openTown(t, "", false)
	real.apply()
	demo := openTown(t, "", true)
	link := func(h *house, kind string) string {
		var l members.Link
		h.write(h.viewer(real.pia), func(tx *db.Tx) (err error) {
			if kind == members.LinkOrganization {
				l, err = h.members.InviteOrganization(tx, "Lantern Labs")
			} else {
				l, err = h.members.InvitePerson(tx, members.NewPerson{Name: "Kari Lie", Recipient: true})
			}
			return err
		})
		return "/invitations/" + l.Secret
	}
	empty := openHouse(t, false)
	first := strings.TrimPrefix(empty.firstLink(), empty.url)
	real.write(real.viewer(real.pia), func(tx *db.Tx) error {
		_, err := real.members.RequestRecovery(tx, real.pol, "Seen in person this morning, with the badge.")
		return err
	})
	screens := []struct {
		name, path, who string
		h               *house
		fresh           bool
	}{
		{"sign-in", "/sign-in", "", real.house, false},
		{"sign-in-demo", "/sign-in", "", demo.house, false},
		{"first-run", first, "", empty, false},
		{"dead-link", "/invitations/nothing", "", real.house, false},
		{"join", link(real.house, members.LinkPerson), "", real.house, false},
		{"apply", link(real.house, members.LinkOrganization), "", real.house, false},
		{"step-up", "/step-up", real.pol, real.house, false},
		{"account", "/account", real.pia, real.house, true},
		{"account-demo", "/account", demo.pia, demo.house, false},
		{"account-lost", "/account", real.pol, real.house, false},
		{"account-applicant", "/account", real.personNamed("Liv Sand"), real.house, true},
		{"agreement", "/agreement", real.pia, real.house, true},
		{"members", "/members", real.pol, real.house, false},
		{"members-filtered", "/members?q=pi", real.pia, real.house, false},
		{"members-none", "/members?q=zzz", real.pia, real.house, false},
		{"member", "/members/" + real.ward, real.pia, real.house, false},
		{"member-own", "/members/" + real.pump, real.pia, real.house, false},
		{"member-desk", "/members/" + real.pump, real.ana, real.house, false},
		{"member-edit", "/members/" + real.pump + "/edit", real.pia, real.house, false},
		{"person", "/people/" + real.wim, real.pol, real.house, false},
		{"person-managed", "/people/" + real.pol, real.pia, real.house, true},
		{"invite", "/invitations", real.pia, real.house, false},
		{"circles", "/circles", real.pia, real.house, false},
		{"circles-none", "/circles", real.personNamed("Pol Strand"), demo.house, false},
		{"circle", "/circles/" + real.circle + "?q=bo", real.pia, real.house, true},
		{"circle-outside", "/circles/" + real.circle, real.pol, real.house, false},
		{"circle-new", "/circles/new", real.pia, real.house, false},
		{"desk", "/desk", real.ana, real.house, false},
		{"desk-clear", "/desk", demo.ana, demo.house, false},
		{"application", "/desk/applications/" + real.applicant, real.ana, real.house, false},
		{"health", "/desk/health", real.ana, real.house, false},
		{"recovery", "/recovery", real.ana, real.house, true},
		{"recovery-new", "/recovery/new?person=" + real.wim, real.ana, real.house, true},
	}
	shots := os.Getenv("CORDON_SHOTS")
	for _, s := range screens {
		if s.name == "circles-none" {
			s.who = demo.pol
		}
		t.Run(s.name, func(t *testing.T) {
			tab := browser.New(t).Tab()
			if s.who != "" {
				tab.SetCookie(s.h.url, s.h.session(s.who, s.fresh))
			}
			for _, width := range []int{1280, 360} {
				tab.SetViewport(width, 900)
				tab.Dark(false)
				tab.Go(s.h.url + s.path)
				tab.Wait("#main h1")
				var over bool
				tab.Eval(`document.documentElement.scrollWidth > innerWidth`, &over)
				if over {
					t.Errorf("at %d px the page runs over the edge", width)
				}
				for _, dark := range []bool{false, true} {
					if tab.Dark(dark); dark {
						tab.CheckAxeColours()
					} else {
						tab.CheckAxe()
					}
					if shots != "" {
						theme := "light"
						if dark {
							theme = "dark"
						}
						tab.FullScreenshot(filepath.Join(shots, s.name+"-"+strconv.Itoa(width)+"-"+theme+".png"))
					}
				}
			}
			if v := tab.CSPViolations(); len(v) > 0 {
				t.Errorf("the policy blocked %v", v)
			}
		})
	}
}

// TestOthersThingsAreMissing asks for what is not theirs: each answers as a page
// that never was (T-08, T-10).
func TestOthersThingsAreMissing(t *testing.T) { onBoth(t, testOthersThingsAreMissing) }

func testOthersThingsAreMissing(t *testing.T, database string) {
	x := openTown(t, database, true)
	pol, wim := x.client(x.session(x.pol, true)), x.client(x.session(x.wim, true))
	missing := pol.get("/no-such-page")
	missing.want(t, 404)
	for _, path := range []string{"/desk", "/desk/health", "/desk/applications/" + x.pump, "/desk/applications/org_nothing", "/circles/" + x.hidden, "/circles/circle_nothing",
		"/members/org_nothing", "/people/person_nothing", "/invitations", "/recovery", "/recovery/new?person=" + x.pia, "/members/" + x.ward + "/edit", "/members/" + x.pump + "/edit"} {
		if a := pol.get(path); a.status != 404 || a.body != missing.body {
			t.Errorf("%s answers %d: %s", path, a.status, a.text())
		}
	}
	// Pol is not listed: another organization does not find him.
	if a := wim.get("/people/" + x.pol); a.status != 404 {
		t.Errorf("an unlisted person of another organization: %d", a.status)
	}
	if a := wim.get("/members/" + x.pump); a.status != 200 || strings.Contains(a.body, "Pol Strand") {
		t.Errorf("the organization's page: %d, and names an unlisted person", a.status)
	}
	if a := pol.get("/circles"); strings.Contains(a.body, "Ward nine") {
		t.Error("a circle that is known to itself only is listed")
	}
	for _, path := range []string{"/circles/" + x.hidden + "/people", "/circles/" + x.hidden + "/leave", "/circles/" + x.hidden + "/people/" + x.wim + "/remove",
		"/people/" + x.pia + "/remove", "/people/" + x.pia + "/roles", "/members/" + x.ward + "/standing", "/members/" + x.ward + "/edit", "/desk/applications/" + x.pump + "/approve"} {
		if a := pol.post(path, url.Values{"reason": {"because I can"}, "person": {x.pol}, "move": {"suspended"}}); a.status != 404 {
			t.Errorf("POST %s answers %d: %s", path, a.status, a.text())
		}
	}
	// An officer manages the own people only.
	for _, act := range []string{"roles", "recipient", "suspend", "revoke", "remove"} {
		if a := wim.post("/people/"+x.pia+"/"+act, url.Values{"reason": {"because I can"}, "suspend": {"1"}}); a.status != 404 {
			t.Errorf("an officer's %s on another organization's officer answers %d", act, a.status)
		}
	}
}

// TestFormsKeepWhatWasTyped sends forms that are wrong: the answer says how to
// mend it, and everything typed is still there.
func TestFormsKeepWhatWasTyped(t *testing.T) { onBoth(t, testFormsKeepWhatWasTyped) }

func testFormsKeepWhatWasTyped(t *testing.T, database string) {
	x := openTown(t, database, false)
	x.twoPasskeys(x.pia)
	pia := x.client(x.session(x.pia, true))
	for _, c := range []struct {
		path   string
		form   url.Values
		status int
		says   []string
	}{
		{"/circles", url.Values{"name": {"x"}, "purpose": {"Pumps of ward nine"}, "known": {"community"}}, 422, []string{"at least 2 characters", "Pumps of ward nine", `value="community" checked`}},
		{"/circles", url.Values{"name": {"Pump people"}}, 422, []string{"Choose who may know", "Pump people"}},
		{"/invitations", url.Values{"which": {"person"}, "name": {"K"}, "title": {"Engineer of pumps"}}, 422, []string{"at least 2 characters", "Engineer of pumps"}},
		{"/invitations", url.Values{"which": {"organization"}, "organization": {"L"}}, 422, []string{"at least 2 characters"}},
		{"/account/profile", url.Values{"person": {""}, "title": {"Engineer of pumps"}}, 422, []string{"Write the person", "Engineer of pumps"}},
		{"/account/tokens", url.Values{"name": {"nightly job"}, "days": {"400"}, "scopes": {"write"}}, 422, []string{"from 1 to 90 days", "nightly job", `value="400"`, `value="write" checked`}},
		{"/account/tokens", url.Values{"name": {"a", "b"}}, 422, []string{"sent &#34;name&#34; twice"}},
		{"/account/choices", url.Values{"theme": {"pink"}, "density": {"default"}}, 422, []string{"Choose one of the themes"}},
		{"/members/" + x.pump + "/edit", url.Values{"name": {"Pumpworks"}, "employees": {"many"}, "country": {"Norway"}, "about": {"We make <b>pumps</b>."}}, 422, []string{"as a number", "We make &lt;b&gt;pumps&lt;/b&gt;."}},
		{"/people/" + x.pol + "/suspend", url.Values{"suspend": {"1"}, "reason": {"x"}}, 422, []string{"at least 3 characters", ">x</textarea>"}},
		{"/agreement", url.Values{"digest": {"0"}, "name": {"Pia Holm"}, "title": {"Director"}, "agreed": {"1"}}, 409, []string{"The text changed while you read it"}},
		{"/circles/" + x.circle + "/people", url.Values{"person": {"person_nothing"}}, 422, []string{"nobody you can add"}},
		{"/circles/" + x.circle + "/people", url.Values{"person": {x.wim}}, 409, []string{"in the circle already"}},
	} {
		a := pia.post(c.path, c.form)
		if a.status != c.status {
			t.Errorf("%s %v answers %d: %s", c.path, c.form, a.status, a.text())
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(a.body, s) {
				t.Errorf("%s %v does not say %q:\n%s", c.path, c.form, s, a.text())
			}
		}
	}
	ana := x.client(x.session(x.ana, true))
	ana.post("/members/"+x.pump+"/standing", url.Values{"reason": {"They do not answer."}}).want(t, 422, "Choose what is to change", "They do not answer.")
	ana.post("/members/"+x.pump+"/standing", url.Values{"move": {"terminated"}, "reason": {"x"}}).want(t, 422, "at least 3 characters", `value="terminated" checked`)
}

// TestTokenIsShownOnce makes a token, uses its text nowhere again, and revokes it.
func TestTokenIsShownOnce(t *testing.T) { onBoth(t, testTokenIsShownOnce) }

func testTokenIsShownOnce(t *testing.T, database string) {
	x := openTown(t, database, false)
	pia := x.client(x.session(x.pia, true))
	job := url.Values{"name": {"nightly job"}, "days": {"30"}, "scopes": {"read"}}
	pia.post("/account/tokens", job).want(t, 409, "second passkey", "nightly job")
	x.twoPasskeys(x.pia)
	a := pia.post("/account/tokens", job)
	a.want(t, 200, "Copy it now", "nightly job")
	_, rest, ok := strings.Cut(a.body, "cordon_pat_")
	if !ok {
		t.Fatal("the token is not on the page")
	}
	if b := pia.get("/account"); strings.Contains(b.body, "cordon_pat_"+rest[:20]) || !strings.Contains(b.body, "nightly job") {
		t.Error("the token's text is shown again, or the token is not listed")
	}
	ids := between(pia.get("/account").body, "/account/tokens/", "/revoke")
	if len(ids) != 1 {
		t.Fatalf("tokens: %v", ids)
	}
	x.client(x.session(x.wim, true)).post("/account/tokens/"+ids[0]+"/revoke", nil).want(t, 404)
	pia.post("/account/tokens/"+ids[0]+"/revoke", nil).want(t, 303)
	x.client(x.session(x.pia, false)).post("/account/tokens", url.Values{"name": {"nightly job"}, "days": {"30"}, "scopes": {"read"}}).want(t, 403, "nightly job", "Confirm")
}
