package web

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/live"
	"github.com/cordon-isao/cordon/internal/testkit/browser"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// intakeHouse is the town behind the doors that cmd/cordon builds, with a log that
// lies beside its store.
type intakeHouse struct {
	*town.Town
	t      *testing.T
	server *Server
	web    *httptest.Server
}

func openIntake(t *testing.T, url string) *intakeHouse {
	t.Helper()
	h := &intakeHouse{Town: town.New(t, url), t: t}
	book, err := os.OpenFile(filepath.Join(h.Dir, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	h.OK(err)
	t.Cleanup(func() { book.Close() })
	log := slog.New(slog.NewTextHandler(io.MultiWriter(book, warnings{t}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	hub := live.NewHub()
	h.server = &Server{DB: h.DB, Ledger: h.Ledger, Agreements: h.Agreements, Live: ledger.NewLive(h.Ledger, hub, h.Box, h.Members.Refresh), Members: h.Members, Forum: h.Forum, Cases: h.Cases, Devices: h.Devices, Vulns: h.Vulns, Matching: h.Matching, Alerts: h.Alerts,
		Evidence: h.Evidence, Log: log, Box: h.Box}
	mux := http.NewServeMux()
	for _, r := range h.server.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/", h.server.NotFound())
	doors := httpkit.Limit(httpkit.Recover(http.NewCrossOriginProtection().Handler(mux), log), clock.System())
	h.web = httptest.NewUnstartedServer(httpkit.Headers(doors, false))
	h.web.Config.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
	h.web.Start()
	h.server.Origin = h.web.URL
	t.Cleanup(func() {
		hub.Stop()
		h.web.CloseClientConnections()
		h.web.Close()
	})
	return h
}

// warnings shows what the server warns of in the test's output.
type warnings struct{ t *testing.T }

func (w warnings) Write(b []byte) (int, error) {
	if s := string(b); strings.Contains(s, "level=WARN") || strings.Contains(s, "level=ERROR") {
		fmt.Fprintf(os.Stderr, "%s: %s", w.t.Name(), s)
	}
	return len(b), nil
}

func eachIntake(t *testing.T, fn func(t *testing.T, h *intakeHouse)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, openIntake(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, openIntake(t, town.Postgres(t))) })
}

// cookie signs a person of the town in.
func (h *intakeHouse) cookie(person string) *http.Cookie {
	h.t.Helper()
	var token string
	h.OK(h.DB.Write(h.Ctx, policy.System("members"), func(tx *db.Tx) (err error) {
		token, _, err = h.Members.OpenSession(tx, person, "", "", true)
		return err
	}))
	return &http.Cookie{Name: "cordon", Value: token, Path: "/"}
}

// visitor is a browser without script in which somebody ("" for nobody) is signed in.
func (h *intakeHouse) visitor(person string) *reader.Reader {
	h.t.Helper()
	if person == "" {
		return reader.New(h.t, h.web.URL)
	}
	return reader.New(h.t, h.web.URL, h.cookie(person))
}

// tab is a Chromium window in which somebody ("" for nobody) is signed in.
func (h *intakeHouse) tab(person string) *browser.Tab {
	h.t.Helper()
	tab := browser.New(h.t).Tab()
	if person != "" {
		tab.SetCookie(h.web.URL, h.cookie(person))
	}
	return tab
}

// pumpReport is a report that is whole; change alters its fields.
func pumpReport(change reader.Fill) reader.Fill {
	f := reader.Fill{"description": {"The bedside pump accepts firmware that nobody signed, over the hospital’s network."}, "products[0].manufacturer": {"Pump Works"}, "products[0].name": {"Drip 3"},
		"cwe": {"CWE-347"}, "component": {"updater"}, "patient_harm": {"unknown"}, "no_patient_data": {"1"}}
	for k, v := range change {
		f[k] = v
	}
	return f
}

// later moves the clock far enough that nobody's budget matters.
func (h *intakeHouse) later() { h.Clock.Add(30 * time.Second) }

// stranger sends a report through the public form and returns the receipt.
func (h *intakeHouse) stranger(change reader.Fill, files ...reader.Upload) (receipt string) {
	h.t.Helper()
	h.later()
	p := h.visitor("").Get("/report").Send("/report", pumpReport(change), files...).Want(200, "The desk has your report")
	return receiptOn(h.t, p)
}

func receiptOn(t *testing.T, p *reader.Reader) string {
	t.Helper()
	n := reader.Find(p.Page, func(n *html.Node) bool { return reader.Attr(n, "class") == "receipt-words" })
	if n == nil {
		t.Fatalf("%s shows no receipt", p.Path)
	}
	return strings.TrimSpace(reader.Words(n))
}

// member sends a report in a member's name.
func (h *intakeHouse) member(person string, change func(*cases.Intake)) (id string) {
	h.t.Helper()
	h.later()
	in := cases.Intake{Title: "Unsigned firmware in a pump", Description: "The pump takes firmware that nobody signed.", Products: []cases.Product{{Maker: "Pump Works", Name: "Drip 3"}}, CWE: []string{"CWE-347"},
		Component: "updater", NoPatients: true}
	if change != nil {
		change(&in)
	}
	h.OK(h.Write(person, func(tx *db.Tx) (err error) {
		id, _, err = h.Cases.SubmitMember(tx, in, h.Key(), nil)
		return err
	}))
	return id
}

// queued is the id of the report with a title.
func (h *intakeHouse) queued(title string) string {
	h.t.Helper()
	qs := town.Must(h.Town, town.Dora, func(v *db.View) ([]cases.Queued, error) {
		qs, _, err := h.Cases.Queue(v, cases.QueueFilter{Words: title}, cases.QueueCursor{}, 0)
		return qs, err
	})
	if len(qs) == 0 {
		h.t.Fatalf("no report is called %q", title)
	}
	return qs[0].Report.ID
}
