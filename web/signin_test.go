package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/policy"
)

// TestPasskeysInTheBrowser is T-43 but for recovery: register, sign in, confirm,
// a second device, a lost one, a stranger's one, a copied one.
func TestPasskeysInTheBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openHouse(t, false)
	ana := "person_00000000000000000000000000"
	h.found(ana)
	laptop := h.device()
	laptop.register(h.invite(ana, "Kari Lie"))
	if got := laptop.Text("#main"); !strings.Contains(got, "Welcome") || !strings.Contains(got, "Kari Lie") {
		t.Fatalf("after registering: %s", got)
	}
	laptop.WaitText(".next", "Add a second passkey", browser.Patience)

	// A device that holds a key already does not register another one here.
	laptop.Fill("#passkey-name", "The same device")
	laptop.Click("#passkeys form[data-passkey] button.primary")
	laptop.WaitText(".form-state.bad", "already has a passkey here", browser.Patience)

	// Two devices: a security key beside the laptop's own.
	first := laptop.key.Credentials()
	if len(first) != 1 || !first[0].Resident || first[0].RPID != "localhost" {
		t.Fatalf("the device holds %+v", first)
	}
	laptop.key.Remove()
	laptop.key = laptop.VirtualAuthenticator(browser.AuthenticatorOptions{USB: true})
	laptop.Fill("#passkey-name", "Security key")
	laptop.Click("#passkeys form[data-passkey] button.primary")
	laptop.WaitText("#passkeys table", "Security key", browser.Patience)
	if laptop.Exists(".next") {
		t.Errorf("two passkeys, and still: %s", laptop.Text(".next"))
	}
	second := laptop.key.Credentials()

	// Sign out, and in again with the second: the first is lost.
	laptop.Click(".person button")
	laptop.arrives("/sign-in")
	laptop.Go(h.url + "/account")
	laptop.arrives("/sign-in")
	laptop.Click("form[data-passkey] button.primary")
	laptop.arrives("/account")

	// Changing passkeys needs one used within five minutes.
	h.clock.Add(6 * time.Minute)
	laptop.Reload()
	if laptop.Exists("#passkeys form[data-passkey]") {
		t.Error("a passkey can be added without confirming")
	}
	laptop.confirm("#passkeys tbody tr:first-child form button")
	laptop.arrives("/step-up")
	before := sessionCookie(t, laptop)
	laptop.Click("form[data-passkey] button.primary")
	laptop.arrives("/account")
	after := sessionCookie(t, laptop)
	if before == after {
		t.Error("the session's token was not rotated by the confirmation (T-44)")
	}
	h.client(&http.Cookie{Name: "cordon", Value: before}).get("/account").want(t, 303)
	h.client(&http.Cookie{Name: "cordon", Value: after}).get("/account").want(t, 200, "Kari Lie")

	// A copy of the key, of which the original is used on: the copy's counter is
	// behind, and the key is blocked.
	thief := h.device()
	copied := second[0]
	thief.key.AddCredential(copied) // as it was before the last uses
	thief.Go(h.url + "/sign-in")
	if got := thief.refusal(); !strings.Contains(got, "may have been copied and was blocked") {
		t.Errorf("a copied key: %s", got)
	}
	laptop.Reload()
	laptop.WaitText("#passkeys table", "Blocked", browser.Patience)
	laptop.Click(".person button")
	laptop.arrives("/sign-in")
	if got := laptop.refusal(); !strings.Contains(got, "could not be checked") {
		t.Errorf("a blocked key: %s", got)
	}

	// The first one still works, from another browser.
	phone := h.device()
	phone.key.AddCredential(first[0])
	phone.signIn()

	// A device that cannot tell its user is not let in.
	stranger := h.device()
	stranger.key.Remove()
	stranger.key = stranger.VirtualAuthenticator(browser.AuthenticatorOptions{VerificationFails: true})
	stranger.key.AddCredential(phone.key.Credentials()[0])
	stranger.Go(h.url + "/sign-in")
	if got := stranger.refusal(); got == "" || stranger.Exists(".person") {
		t.Errorf("without verifying its user: %s", got)
	}
	for _, d := range []device{laptop, thief, phone} {
		if v := d.ConsoleErrors(); len(v) > 0 {
			t.Logf("console: %v", v)
		}
	}
}

func sessionCookie(t *testing.T, d device) string {
	t.Helper()
	for _, c := range d.Cookies() {
		if c.Name == "cordon" {
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("the session's cookie is %+v", c)
			}
			return c.Value
		}
	}
	t.Fatal("there is no session cookie")
	return ""
}

// TestSessions is T-44 beside the browser: fixation, cookie tossing, a token in
// the address, ending sessions, the cap, replay after rotation.
func TestSessions(t *testing.T) { onBoth(t, testSessions) }

func testSessions(t *testing.T, database string) {
	h := openHouseOn(t, database, true)
	ana := "person_00000000000000000000000000"
	settings := h.found(ana)
	kari := h.person(settings.Org, "Kari Lie", true)
	h.server.Demo.Personas = append(h.server.Demo.Personas, personaOf("kari", "Kari Lie", kari), personaOf("ana", "Ana Desk", ana))

	t.Run("a planted session ends at sign-in", func(t *testing.T) {
		planted := h.session(ana, false)
		c := h.client(planted)
		c.post("/demo/sign-in", url.Values{"persona": {"kari"}}).want(t, 303)
		h.client(planted).get("/account").want(t, 303) // nobody any more
		c.get("/account").want(t, 200, "Kari Lie")
	})
	t.Run("an unknown token is not adopted", func(t *testing.T) {
		chosen := strings.Repeat("A", 43)
		c := h.client(&http.Cookie{Name: "cordon", Value: chosen})
		a := c.post("/demo/sign-in", url.Values{"persona": {"kari"}})
		a.want(t, 303)
		if strings.Contains(a.header.Get("Set-Cookie"), chosen) {
			t.Error("the visitor's own token was adopted")
		}
		h.client(&http.Cookie{Name: "cordon", Value: chosen}).get("/account").want(t, 303)
	})
	t.Run("of two cookies neither counts", func(t *testing.T) {
		mine, theirs := h.session(kari, false), h.session(ana, false)
		h.client().do("GET", "/account", nil, theirs, mine).want(t, 303)
		h.client().do("GET", "/account", nil, mine, theirs).want(t, 303)
		h.client().do("GET", "/account", nil, mine).want(t, 200, "Kari Lie")
	})
	t.Run("a token in the address or the form is ignored", func(t *testing.T) {
		k := h.session(kari, false)
		for _, path := range []string{"/account?cordon=" + k.Value, "/account?session=" + k.Value, "/account?token=" + k.Value, "/account;cordon=" + k.Value} {
			if a := h.client().get(path); a.status == 200 || strings.Contains(a.body, "Kari") {
				t.Errorf("%s answered %d", path, a.status)
			}
		}
		h.client().post("/account/profile", url.Values{"cordon": {k.Value}, "person": {"Mallory"}}).want(t, 401)
	})
	t.Run("sign out everywhere else, and here", func(t *testing.T) {
		a, b, d := h.session(kari, true), h.session(kari, true), h.session(kari, true)
		h.client(b).post("/account/sessions/end", nil).want(t, 303)
		h.client(a).get("/account").want(t, 303)
		h.client(d).get("/account").want(t, 303)
		c := h.client(b)
		c.get("/account").want(t, 200)
		out := c.post("/sign-out", nil)
		out.want(t, 303)
		if got := out.header.Get("Clear-Site-Data"); !strings.Contains(got, `"cookies"`) || !strings.Contains(got, `"storage"`) {
			t.Errorf("Clear-Site-Data: %s", got)
		}
		h.client(b).get("/account").want(t, 303) // the cookie kept by a thief is void, too
	})
	t.Run("one session from another", func(t *testing.T) {
		a, b := h.session(kari, true), h.session(kari, true)
		page := h.client(b).get("/account")
		ids := between(page.body, "/account/sessions/", "/end")
		if len(ids) < 2 {
			t.Fatalf("sessions on the page: %v", ids)
		}
		mallory := h.client(h.session(ana, true))
		for _, id := range ids {
			mallory.post("/account/sessions/"+id+"/end", nil).want(t, 404)
		}
		h.client(a).get("/account").want(t, 200)
	})
	t.Run("at most ten, the oldest goes", func(t *testing.T) {
		oldest := h.session(kari, false)
		for range 10 {
			h.clock.Add(time.Second)
			h.session(kari, false)
		}
		h.client(oldest).get("/account").want(t, 303)
	})
	t.Run("idle and absolute ends", func(t *testing.T) {
		k := h.session(kari, false)
		h.clock.Add(31 * time.Minute)
		h.client(k).get("/account").want(t, 303)
		k = h.session(kari, false)
		for range 12 * 3 {
			h.clock.Add(20 * time.Minute)
			h.client(k).get("/account")
		}
		h.client(k).get("/account").want(t, 303)
	})
	t.Run("a suspended member sees the own account only", func(t *testing.T) {
		org := h.org("Pumpworks", policy.Manufacturer)
		pia := h.person(org, "Pia Pump", true, policy.RoleOfficer)
		c := h.client(h.session(pia, true))
		c.get("/members").want(t, 200)
		h.client(h.session(ana, true)).post("/members/"+org+"/standing", url.Values{"move": {"suspended"}, "reason": {"the contact does not answer"}}).want(t, 303)
		c.get("/members").want(t, 403)
		c.get("/account").want(t, 200, "suspended", "the contact does not answer")
		h.client(h.session(ana, true)).get("/desk").want(t, 200, "Pumpworks", "Suspended")
		h.client(h.session(ana, true)).post("/members/"+org+"/standing", url.Values{"move": {"reinstated"}, "reason": {"it answers again"}}).want(t, 303)
		c.get("/members").want(t, 200)
	})
}

// between lists what stands between two marks, each once.
func between(s, from, to string) (out []string) {
	seen := map[string]bool{}
	for {
		_, rest, ok := strings.Cut(s, from)
		if !ok {
			return out
		}
		x, _, ok := strings.Cut(rest, to)
		if s = rest; ok && !seen[x] && !strings.ContainsAny(x, "/\"") {
			seen[x], out = true, append(out, x)
		}
	}
}

// TestDemoSignIn signs in with one form field, as a program does it: no Origin,
// no Sec-Fetch headers.
func TestDemoSignIn(t *testing.T) {
	h := openHouse(t, true)
	ana := "person_00000000000000000000000000"
	settings := h.found(ana)
	kari := h.person(settings.Org, "Kari Lie", true)
	h.server.Demo.Personas = append(h.server.Demo.Personas, personaOf("kari", "Kari Lie", kari))
	h.client().get("/sign-in").want(t, 200, "Kari Lie", `value="kari"`, "/demo/sign-in")
	c := h.client()
	a := c.post("/demo/sign-in", url.Values{"persona": {"kari"}})
	a.want(t, 303)
	if a.header.Get("Location") != "/" || !strings.Contains(a.header.Get("Set-Cookie"), "cordon=") {
		t.Errorf("answered %v", a.header)
	}
	c.get("/account").want(t, 200, "Kari Lie")
	h.client().post("/demo/sign-in", url.Values{"persona": {"nobody"}}).want(t, 422)

	real := openHouse(t, false)
	real.found(ana)
	if a := real.client().get("/sign-in"); strings.Contains(a.body, "/demo/") {
		t.Error("a real house offers the demo's people")
	}
	missing := real.client().post("/demo/sign-in", url.Values{"persona": {"kari"}})
	other := real.client().get("/no-such-page")
	if missing.status != 404 || missing.body != other.body {
		t.Errorf("in a real house the demo's door answers %d: %s", missing.status, missing.text())
	}
}

// TestFailuresTellNothing is the door's part of T-45: what fails answers with the
// same bytes, whether or not there is something behind it.
func TestFailuresTellNothing(t *testing.T) { onBoth(t, testFailuresTellNothing) }

func testFailuresTellNothing(t *testing.T, database string) {
	h := openHouseOn(t, database, false)
	ana := "person_00000000000000000000000000"
	h.found(ana)
	path := func(link string) string { return strings.TrimPrefix(link, h.url) }
	unknown := "/invitations/" + strings.Repeat("A", 43)
	expired := path(h.invite(ana, "Late Larsen"))
	h.clock.Add(8 * 24 * time.Hour)
	revoked := path(h.invite(ana, "Gone Gaute"))
	officer := h.client(h.session(ana, true))
	ids := between(officer.get("/invitations").body, "/invitations/", "/revoke")
	if len(ids) != 1 {
		t.Fatalf("open links: %v", ids)
	}
	officer.post("/invitations/"+ids[0]+"/revoke", nil).want(t, 303)

	want := h.client().get(unknown)
	want.want(t, 404, "This link does not work")
	for name, p := range map[string]string{"expired": expired, "revoked": revoked, "first run of a founded house": "/first-run/" + strings.Repeat("B", 43), "too long": "/invitations/" + strings.Repeat("C", 900)} {
		if a := h.client().get(p); a.status != want.status || a.body != want.body {
			t.Errorf("%s: %d differs from an unknown link", name, a.status)
		}
	}
	begin := h.client().post(unknown+"/begin", url.Values{"person": {"X Y"}})
	begin.want(t, 404)
	for name, p := range map[string]string{"expired": expired, "revoked": revoked, "first run": "/first-run/" + strings.Repeat("B", 43)} {
		if a := h.client().post(p+"/begin", url.Values{"person": {"X Y"}}); a.status != begin.status || a.body != begin.body {
			t.Errorf("begin with an %s link: %d %s", name, a.status, a.body)
		}
	}

	// A sign-in begins alike for everybody, and its failures are one answer.
	first, second := h.client().post("/sign-in/begin", url.Values{"user": {"Ana Desk"}}), h.client().post("/sign-in/begin", nil)
	if first.status != 200 || len(first.body) != len(second.body) || strings.Contains(first.body, "allowCredentials") {
		t.Errorf("begin: %d %s\n%s", first.status, first.body, second.body)
	}
	finish := func(body string) answer {
		c := h.client()
		c.post("/sign-in/begin", nil).want(t, 200)
		r, err := http.NewRequest("POST", h.url+"/sign-in/finish", strings.NewReader(body))
		h.ok(err)
		r.Header.Set("Content-Type", "application/json")
		res, err := c.Do(r)
		h.ok(err)
		defer res.Body.Close()
		return readAnswer(h, res)
	}
	garbage := finish("{}")
	for _, body := range []string{"", "null", `{"id":"AAAA","rawId":"AAAA","type":"public-key","response":{}}`, assertionOf(ana), assertionOf("person_11111111111111111111111111")} {
		if a := finish(body); a.status != garbage.status || a.body != garbage.body || a.status != 403 {
			t.Errorf("finish with %.40q: %d %s, not %d %s", body, a.status, a.body, garbage.status, garbage.body)
		}
	}
	// Without a ceremony of its own a browser finishes nothing.
	h.client().post("/sign-in/finish", nil).want(t, 403)
}

// TestOnwards goes on to pages of this server only.
func TestOnwards(t *testing.T) {
	h := openHouse(t, false)
	ana := "person_00000000000000000000000000"
	h.found(ana)
	c := h.client(h.session(ana, true))
	for next, want := range map[string]string{"/members?q=a": "/members?q=a", "https://evil.example/": "/inbox", "//evil.example/": "/inbox", "/\\evil.example": "/inbox", "javascript:alert(1)": "/inbox", "": "/inbox"} {
		a := c.get("/sign-in?next=" + url.QueryEscape(next))
		if a.status != 303 || a.header.Get("Location") != want {
			t.Errorf("next=%q leads to %q (%d)", next, a.header.Get("Location"), a.status)
		}
	}
}
