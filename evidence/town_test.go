package evidence_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// work drives one of Pump's cases.
type work struct {
	*town.Town
	id, party string
}

// newWork opens Pump's own case, shared with the desk if shared is true; learned
// may be zero.
func newWork(h *town.Town, learned time.Time, shared bool) *work {
	h.T.Helper()
	in := cases.NewCase{Title: "Open port <23>", Summary: "Anybody on the network can change the rate.", LearnedAt: learned}
	if shared {
		in.Label, in.DeskSees = town.Label(policy.Amber, h.Desk), true
	}
	w := &work{Town: h}
	w.id = h.Case(town.Pia, in)
	w.party = town.Must(h, town.Pia, func(v *db.View) ([]cases.Party, error) { return h.Cases.Parties(v, w.id) })[0].ID
	return w
}

func (w *work) write(fn func(tx *db.Tx) error) {
	w.T.Helper()
	w.OK(w.Write(town.Pia, fn))
}

func (w *work) state(kind cases.FactKind, at time.Time, detail map[string]any) (id string) {
	w.T.Helper()
	w.write(func(tx *db.Tx) (err error) {
		id, _, err = w.Cases.StateFact(tx, w.party, cases.NewFact{Kind: kind, At: at, Detail: detail, Key: w.Key()})
		return err
	})
	return id
}

func (w *work) determine(sheet cases.Worksheet) {
	w.T.Helper()
	sheet.Rationale, sheet.Key = "As analysed.", w.Key()
	w.write(func(tx *db.Tx) error { _, _, err := w.Cases.Determine(tx, w.party, sheet); return err })
}

func (w *work) notice(t cases.NoticeText, at time.Time) {
	w.T.Helper()
	incomplete := ""
	if len(t.Lacks()) > 0 {
		incomplete = "Time was short."
	}
	w.write(func(tx *db.Tx) error {
		id, _, err := w.Cases.DraftNotice(tx, w.party, t, w.Key())
		if err != nil {
			return err
		}
		return w.Cases.SendNotice(tx, id, cases.Sending{At: at, Via: "E-mail to 214 customers", Incomplete: incomplete})
	})
}

// full is a notice that says all that is required.
var full = cases.NoticeText{Subject: "Open port in A4", Impact: "Anybody can change the rate.", Efforts: "We work on it as expeditiously as possible.", Controls: "Disconnect it.",
	Fix: "We are working on a fix.", Future: "We will tell you when it is there.", Strategy: "Without the network the risk is acceptable.", Customers: true, Users: true, Recipients: []string{"Ward Hospital"}}

var (
	uncontrolled = cases.Worksheet{Exploit: fda.HighExploitability, Harm: fda.HarmFacts{LifeThreatening: true}}
	controlled   = cases.Worksheet{Exploit: fda.LowExploitability, Harm: fda.HarmFacts{TemporaryInjury: true}}
)

// good does everything in time: notice on day 9, fix on day 24.
func (w *work) good() {
	w.T.Helper()
	w.Clock.Add(9 * 24 * time.Hour)
	w.determine(uncontrolled)
	now := w.Clock.Now()
	w.state(cases.ControlsFound, now, map[string]any{"name": "Disconnect it", "greater_risk": "no"})
	w.state(cases.PlanMade, now, map[string]any{"text": "Close the port."})
	w.state(cases.Rationale, now, map[string]any{"text": "Validation takes two weeks."})
	w.notice(full, now)
	w.Clock.Add(15 * 24 * time.Hour)
	now = w.Clock.Now()
	w.state(cases.FixValidated, now, nil)
	w.state(cases.FixDistributed, now, map[string]any{"residual_controlled": true})
}

func (w *work) pack(by string) []byte {
	w.T.Helper()
	w.Clock.Add(time.Minute)
	var b bytes.Buffer
	w.OK(w.Evidence.CasePack(w.Ctx, w.DB, w.As(by), w.id, &b))
	return b.Bytes()
}

func verify(t testing.TB, pack []byte, key string) evidence.Report {
	t.Helper()
	r, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), evidence.Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return r
}
