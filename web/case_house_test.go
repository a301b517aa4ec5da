package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// caseHouse is the town behind real doors, for the pages of cases.
type caseHouse struct {
	*town.Town
	t      testing.TB
	server *Server
	web    *httptest.Server
}

// openCases opens the town's doors; url "" is SQLite.
func openCases(t testing.TB, url string) *caseHouse {
	t.Helper()
	h := &caseHouse{Town: town.New(t, url), t: t}
	ctx, stop := context.WithCancel(h.Ctx)
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	hub := live.NewHub()
	h.server = &Server{DB: h.DB, Ledger: h.Ledger, Agreements: h.Agreements, Live: ledger.NewLive(h.Ledger, hub, h.Box, h.Members.Refresh), Members: h.Members, Forum: h.Forum,
		Cases: h.Cases, Devices: h.Devices, Vulns: h.Vulns, Matching: h.Matching, Alerts: h.Alerts, Intel: h.Intel, Evidence: h.Evidence, Log: log, Box: h.Box}
	go h.server.Live.Run(ctx)
	mux := http.NewServeMux()
	for _, r := range h.server.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/", h.server.NotFound())
	h.web = httptest.NewServer(httpkit.Headers(httpkit.Recover(http.NewCrossOriginProtection().Handler(mux), log), false))
	h.server.Origin = h.web.URL
	t.Cleanup(func() {
		hub.Stop()
		h.web.CloseClientConnections()
		h.web.Close()
		stop()
	})
	return h
}

// eachCases runs a test on SQLite and on PostgreSQL.
func eachCases(t *testing.T, fn func(t *testing.T, h *caseHouse)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, openCases(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, openCases(t, town.Postgres(t))) })
}

// cookie signs a person of the town in.
func (h *caseHouse) cookie(person string) *http.Cookie {
	h.t.Helper()
	var token string
	h.OK(h.System("members", func(tx *db.Tx) (err error) {
		token, _, err = h.Members.OpenSession(tx, person, "", "", true)
		return err
	}))
	return &http.Cookie{Name: "cordon", Value: token, Path: "/"}
}

// visitor is a browser without script in which somebody ("" for nobody) is signed
// in.
func (h *caseHouse) visitor(person string) *reader.Reader {
	h.t.Helper()
	if person == "" {
		return reader.New(h.t, h.web.URL)
	}
	return reader.New(h.t, h.web.URL, h.cookie(person))
}

// tab is a Chromium window in which somebody ("" for nobody) is signed in.
func (h *caseHouse) tab(person string) *browser.Tab {
	h.t.Helper()
	tab := browser.New(h.t).Tab()
	if person != "" {
		tab.SetCookie(h.web.URL, h.cookie(person))
	}
	return tab
}

// do writes in a person's name, a minute later.
func (h *caseHouse) do(person string, fn func(tx *db.Tx) error) {
	h.t.Helper()
	h.Clock.Add(time.Minute)
	h.OK(h.Write(person, fn))
}

// party is the id of an organization's part in a case, as the desk knows it.
func (h *caseHouse) party(id string, org policy.Principal) string {
	h.t.Helper()
	for _, p := range town.Must(h.Town, town.Dora, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, id) }) {
		if p.Org == org.ID() {
			return p.ID
		}
	}
	h.t.Fatalf("%s is no party of the case", org)
	return ""
}

// joins accepts an invitation on the terms that it offers.
func (h *caseHouse) joins(person, party string) {
	h.t.Helper()
	in := town.Must(h.Town, person, func(v *db.View) (cases.Invitation, error) { return h.Cases.Invitation(v, party) })
	h.do(person, func(tx *db.Tx) error { return h.Cases.Accept(tx, party, cases.Acceptance{Agree: in.Offer.Digest()}) })
}

// coordinated is a case that the desk coordinates: Pump Works takes part under an
// embargo, Monitor Makers is asked, and one vulnerability is described.
func (h *caseHouse) coordinated() (id, vulnerability string) {
	h.t.Helper()
	id = h.Case(town.Dora, cases.NewCase{Title: "Unsigned firmware update in infusion pump A4", Summary: "The bedside pump accepts **firmware that nobody signed**, over the network.",
		Maker: town.Pump.ID(), LearnedAt: h.Clock.Now().Add(-24 * time.Hour), Safety: cases.SafetyReview})
	var proposal string
	h.do(town.Dora, func(tx *db.Tx) (err error) {
		proposal, _, err = h.Cases.Propose(tx, id, cases.NewProposal{})
		return err
	})
	h.do(town.Dora, func(tx *db.Tx) error { return h.Cases.Move(tx, id, cases.Notified, "") })
	h.joins(town.Pia, h.party(id, town.Pump))
	h.do(town.Dora, func(tx *db.Tx) error { return h.Cases.AcceptProposal(tx, proposal) })
	h.do(town.Dora, func(tx *db.Tx) error {
		_, _, err := h.Cases.Invite(tx, id, cases.NewInvitation{Orgs: []string{town.Monitor.ID()}, Role: cases.Vendor, Note: "You may use the same module."})
		return err
	})
	h.do(town.Dora, func(tx *db.Tx) (err error) {
		vulnerability, _, err = h.Cases.AddVulnerability(tx, id, "", cases.Description{Title: "Firmware update is accepted unsigned", Text: "No signature is checked.", CWE: "CWE-347",
			Vector3: "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Products: []cases.Device{{Vendor: "Pump Works", Product: "A4", Versions: []cases.DeviceVersion{{Version: "3.1", Status: "affected", Through: "3.4"}}}}}, "")
		return err
	})
	return id, vulnerability
}
