package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/policy"
)

// TestCommunityFromNothing goes the whole way in the browser: from an empty
// store to a circle of two colleagues of a vetted member, with nothing but the
// link that the server printed.
func TestCommunityFromNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	h := openHouse(t, false)
	link := h.firstLink()
	h.client().get("/sign-in").want(t, 200, "has not begun yet")

	// The first operator: one page, three steps.
	ana := h.device()
	ana.Go(link)
	ana.Fill("[name=community]", "Fjord Device ISAO")
	ana.Fill("[name=org]", "Fjord ISAO Association")
	ana.Fill("[name=country]", "Norway")
	ana.Fill("[name=employees]", "7")
	ana.Fill("[name=person]", "X")
	if got := ana.refusal(); !strings.Contains(got, "at least 2 characters for the person") {
		t.Errorf("a name too short: %s", got)
	}
	ana.Fill("[name=person]", "Ana Berg")
	ana.Click("form[data-passkey] button.primary")
	ana.arrives("/desk")
	ana.WaitText(".public-head, .rail", "Fjord Device ISAO", browser.Patience)
	if a := h.client().get(strings.TrimPrefix(link, h.url)); a.status != 404 {
		t.Errorf("the first link works a second time: %d", a.status)
	}

	// The page says what comes next: a second passkey, on another device.
	ana.Click(".next .btn")
	ana.arrives("/account")
	ana.key.Remove()
	ana.key = ana.VirtualAuthenticator(browser.AuthenticatorOptions{USB: true})
	ana.Click("#passkeys form[data-passkey] button.primary")
	ana.WaitText("#passkeys table", "Second passkey", browser.Patience)

	// A second person at the desk: invited, then given the role.
	ana.Go(h.url + "/invitations")
	ana.Fill("#invite-name", "Bo Dahl")
	ana.Click("#person button.primary")
	bo := h.device()
	bo.register(made(ana))
	ana.Go(h.url + "/members")
	ana.Click("header.title a[href^='/members/']") // my organization
	ana.WaitText("tbody", "Bo Dahl", browser.Patience)
	ana.Click("tbody tr:nth-child(2) a")
	ana.WaitText("h1", "Bo Dahl", browser.Patience)
	ana.Click("#roles [name=desk]")
	ana.Click("#roles button.btn")
	ana.WaitText(".notice", "holds from this moment", browser.Patience)

	// An organization applies.
	ana.Go(h.url + "/invitations")
	ana.Fill("#invite-organization", "Pumpworks")
	ana.Click("#organization button.btn")
	invitation := made(ana)
	cara := h.device()
	cara.Go(invitation)
	if got := cara.Text("#main"); !strings.Contains(got, "Fjord ISAO Association invites your organization") {
		t.Errorf("the invitation: %s", got)
	}
	cara.Fill("#apply-name", "Pumpworks AS")
	cara.Eval(`document.querySelector("#apply-kind").value = "manufacturer"`, nil)
	cara.Fill("#apply-employees", "420")
	cara.Fill("#apply-country", "Norway")
	cara.Fill("#apply-families", "infusion pumps")
	cara.Fill("#apply-contact", "call us")
	cara.Fill("#apply-about", "We make pumps and want to hear of weaknesses early.")
	cara.Fill("#apply-person", "Cara Moe")
	cara.Fill("#apply-title", "Director of product security")
	cara.Click("#apply button.primary")
	cara.WaitText(".errors", "mail address or as a web address", browser.Patience)
	var kept string
	cara.Eval(`[...document.querySelectorAll("#apply input, #apply textarea, #apply select")].map(e => e.value).join("|")`, &kept)
	if kept != "Pumpworks AS|manufacturer|420|Norway||infusion pumps|call us||We make pumps and want to hear of weaknesses early.|Cara Moe|Director of product security|" {
		t.Errorf("after a mistake the form holds %q", kept)
	}
	cara.Fill("#apply-contact", "psirt@pumpworks.example")
	cara.Click("#apply button.primary")
	cara.WaitText("#main", "Check what you are sending", browser.Patience)
	cara.Click("form[data-passkey] button.primary")
	cara.arrives("/account")
	cara.WaitText("#main", "Two people of the desk or of a sponsor look at the application", browser.Patience)
	cara.Go(h.url + "/members")
	cara.WaitText("h1", "Forbidden", browser.Patience)

	// Two votes; the first with the keyboard alone.
	ana.Go(h.url + "/desk")
	ana.WaitText(".next", "Pumpworks AS waits for your vote", browser.Patience)
	ana.Press("r")
	ana.WaitText("h1", "Pumpworks AS", browser.Patience)
	ana.Press("r Tab")
	ana.Eval(`1`, nil)
	ana.Type("#approve-reason", "Register entry seen, called the switchboard, no interest of ours.")
	ana.Press("Control+Enter")
	ana.WaitText(".notice", "Your approval is on record", browser.Patience)
	if ana.Exists("#approve") {
		t.Error("one person is offered a second vote")
	}
	path, err := url.Parse(ana.URL())
	h.ok(err)
	bo.Go(h.url + "/desk")
	bo.WaitText("tbody", "1 of 2 approvals: Ana Berg", browser.Patience)
	bo.Go(h.url + path.Path)
	bo.Fill("#approve-reason", "Spoke with their clinical customers, who know them.")
	bo.Click("#approve button.primary")
	bo.WaitText(".next", "Two people approved", browser.Patience)

	// The signatory accepts the agreement.
	cara.Go(h.url + "/account")
	cara.WaitText(".next", "Read and accept the participation agreement", browser.Patience)
	cara.Click(".next .btn")
	cara.arrives("/agreement")
	cara.Click("#sign [name=agreed]")
	cara.Click("#sign button.primary")
	cara.arrives("/account")
	cara.WaitText(".notice", "on record", browser.Patience)
	cara.Go(h.url + "/agreement")
	cara.WaitText("aside", "Cara Moe, Director of product security", browser.Patience)

	// Its officer invites a colleague.
	cara.Go(h.url + "/invitations")
	cara.Fill("#invite-name", "Dag Vik")
	cara.Click("#person button.primary")
	dag := h.device()
	dag.register(made(cara))

	// They form a circle and open a room for it.
	cara.Go(h.url + "/circles/new")
	cara.Fill("#circle-name", "Pump watch")
	cara.Click("#circle button.primary")
	cara.WaitText("h1", "Pump watch", browser.Patience)
	cara.Fill("#find", "dag")
	cara.Click("#add form[role=search] button")
	cara.WaitText("#add", "Dag Vik", browser.Patience)
	cara.confirm("#add .rows button")
	cara.WaitText(".scroller", "Dag Vik", browser.Patience)
	circle, err := url.Parse(cara.URL())
	h.ok(err)
	id := strings.TrimPrefix(circle.Path, "/circles/")
	me := h.personNamed("Cara Moe")
	h.write(h.viewer(me), func(tx *db.Tx) error {
		_, err := h.server.Forum.OpenRoom(tx, forum.NewRoom{Name: "Pump room", Label: policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}})
		if err == nil {
			_, err = h.server.Forum.OpenRoom(tx, forum.NewRoom{Name: "Pump back room", Label: policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(id))}})
		}
		return err
	})
	dag.Go(h.url + "/circles/" + id)
	dag.WaitText(".scroller", "Cara Moe", browser.Patience)
	dag.Go(h.url + "/rooms")
	dag.WaitText("#main", "Pump room", browser.Patience)

	// The desk formed nothing there, and finds nothing of it.
	bo.Go(h.url + "/circles/" + id)
	bo.WaitText("h1", "nothing here for you", browser.Patience)
	bo.Go(h.url + "/circles")
	if strings.Contains(bo.HTML(), "Pump watch") {
		t.Error("the desk sees a circle that it is not in")
	}
}

// made is the link that a page shows once.
func made(d device) string {
	d.h.t.Helper()
	d.Wait(".secret")
	return d.Text(".secret span")
}

// personNamed finds somebody by name.
func (h *house) personNamed(name string) (id string) {
	h.t.Helper()
	h.ok(h.db.Read(ctx, program, func(v *db.View) (err error) {
		id, err = db.One(v, db.Value[string], `SELECT id FROM visible.people WHERE name = $1`, name)
		return err
	}))
	return id
}
