package cases_test

import (
	"encoding/json"
	"errors"
	"net/mail"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/rubric"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
)

// A notice goes out with the ISAO's copy or not at all; the list of recipients
// stays with the party; an incomplete one needs a reason and does not count
// (R-013, R-004, trap 4).
func TestNotice(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := newCourse(t, h, noon("2027-01-01"))
		c.plan(noon("2027-01-05"))
		half := whole
		half.Impact, half.Strategy = "", ""
		if lacks := half.Lacks(); len(lacks) != 2 || !strings.HasPrefix(lacks[0], "(a)") {
			t.Errorf("it lacks %q", lacks)
		}
		_, err := c.send(noon("2027-01-06"), half, "")
		town.Wants(t, err, fault.Invalid, "incomplete")
		_, err = c.send(noon("2027-01-06"), half, "Customers must know today.")
		c.OK(err)
		if o := c.clock("R-010/notice"); o.State != cases.ClockRunning || !strings.Contains(strings.Join(o.Missing, " "), "impact assessment") {
			t.Errorf("after half a notice: %s, missing %q", o.State, o.Missing)
		}
		id, err := c.send(noon("2027-01-07"), whole, "")
		c.OK(err)
		if o := c.clock("R-010/notice"); o.State != cases.ClockMet || o.SatisfiedBy != id {
			t.Errorf("after the notice: %s by %s, missing %q", o.State, o.SatisfiedBy, o.Missing)
		}
		err = h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.SendNotice(tx, id, cases.Sending{Via: "E-mail"}) })
		town.Wants(t, err, fault.Conflict, "")
		if err := h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.EditNotice(tx, id, whole) }); !fault.Is(err, fault.Conflict) {
			t.Errorf("a sent notice was changed: %v", err)
		}

		// The desk reads its copies, though not the case, and no recipient.
		copies := town.Must(h, town.Dora, func(v *db.View) ([]cases.Notice, error) { return h.Cases.ISAOCopies(v, 0) })
		if len(copies) != 2 || copies[0].Of != id || copies[0].Text.Impact != whole.Impact || len(copies[0].Text.Recipients) != 0 || copies[0].Count != 2 {
			t.Errorf("the ISAO's copies: %+v", copies)
		}
		if _, err := town.Read(h, town.Dora, func(v *db.View) (cases.Notice, error) { return h.Cases.Notice(v, id) }); !fault.Is(err, fault.Missing) {
			t.Errorf("the desk reads the notice itself: %v", err)
		}
		for _, who := range []string{town.Max, town.Wim, town.Pol, ""} {
			if ns := town.Must(h, who, func(v *db.View) ([]cases.Notice, error) { return h.Cases.ISAOCopies(v, 0) }); len(ns) != 0 {
				t.Errorf("%q reads %d copies", who, len(ns))
			}
		}
		own := town.Must(h, town.Pia, func(v *db.View) ([]cases.Notice, error) { return h.Cases.Notices(v, c.id) })
		if len(own) != 3 || len(own[2].Text.Recipients) != 2 { // a draft that was refused, and two
			t.Errorf("the party's notices: %d", len(own))
		}
		raw := town.Must(h, town.Dora, func(v *db.View) (string, error) {
			es, err := h.Ledger.About(v, c.id, 1000)
			if err != nil {
				return "", err
			}
			var all []ledger.Event
			for _, e := range es {
				x, err := h.Ledger.Open(v, e)
				if err != nil {
					return "", err
				}
				all = append(all, x.Event)
			}
			b, err := json.Marshal(all)
			return string(b), err
		})
		if strings.Contains(raw, "clinic.example") || !strings.Contains(raw, "notice.copied-to-isao") || strings.Contains(raw, "obligation.changed") {
			t.Errorf("the desk's record of the case: %s", raw)
		}
	})
}

// Whatever fails while a notice is sent, both instants are recorded or neither.
func TestNoticeIsSentWhole(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := newCourse(t, h, noon("2027-01-01"))
		var id string
		h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) { id, _, err = h.Cases.DraftNotice(tx, c.party, whole, "k"); return err }))
		failed := 0
		for at := 1; ; at++ {
			n := 0
			h.DB.Faults().Set(func(stmt string, after bool) error {
				if strings.Contains(stmt, "case_notices") || strings.Contains(stmt, "case_obligations") || stmt == "COMMIT" && !after {
					if n++; n == at {
						return errors.New("injected")
					}
				}
				return nil
			})
			err := h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.SendNotice(tx, id, cases.Sending{Via: "E-mail"}) })
			h.DB.Faults().Set(nil)
			sent, copied := len(c.entries("notice.sent")), len(c.entries("notice.copied-to-isao"))
			if sent != copied || (err == nil) != (sent == 1) {
				t.Fatalf("failing at statement %d (%v): %d sent, %d copied", at, err, sent, copied)
			}
			if err == nil {
				break
			}
			failed++
		}
		if failed < 3 {
			t.Errorf("only %d failures were tried", failed)
		}
	})
}

func TestNoticeFiles(t *testing.T) {
	text := whole
	text.Subject = "Ürgent\r\nBcc: everybody@example.org"
	text.Contact = "psirt@pump.example\nBcc: x"
	n := cases.Notice{Text: text, At: town.Epoch}
	eml, err := n.EML()
	if err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(string(eml)))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || strings.Contains(string(eml), "clinic.example") || m.Header.Get("Subject") == "" {
		t.Errorf("the message:\n%s", eml)
	}
	if s := string(n.File()); !strings.Contains(s, "Disconnect it from the network.") {
		t.Errorf("the file:\n%s", s)
	}
}

// A determination is what the matrix says; another outcome needs a reason and is
// marked; each has its history.
func TestDetermine(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		c := newCourse(t, h, town.Epoch.Add(time.Minute))
		sign := func(w cases.Worksheet) error {
			return h.Write(town.Pia, func(tx *db.Tx) error { _, _, err := h.Cases.Determine(tx, c.party, w); return err })
		}
		w := cases.Worksheet{Exploit: fda.MediumExploitability, Harm: fda.HarmFacts{ProfessionalIntervention: true}, Rationale: "r", CVSS3: "CVSS:3.1/AV:A/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N",
			Controls: []cases.Control{{Name: "Firewall", GreaterRisk: fda.Unknown, LowersExploitability: fda.LowExploitability}, {Name: "Unplug", GreaterRisk: fda.Yes, LowersSeverity: 1}}}
		for field, bad := range map[string]cases.Worksheet{
			"rationale": {Exploit: "low", Harm: w.Harm}, "exploitability": {Exploit: "none", Harm: w.Harm, Rationale: "r"}, "harm": {Exploit: "low", Rationale: "r"},
			"cvss3": {Exploit: "low", Harm: w.Harm, Rationale: "r", CVSS3: "CVSS:3.1/AV:N"}, "rubric": {Exploit: "low", Harm: w.Harm, Rationale: "r", Rubric: rubric.Answers{"X": "Y"}},
			"override": {Exploit: "low", Harm: w.Harm, Rationale: "r", Outcome: fda.Uncontrolled}, "outcome": {Exploit: "low", Harm: w.Harm, Rationale: "r", Outcome: "undetermined"},
			"vulnerability": {Exploit: "low", Harm: w.Harm, Rationale: "r", Vulnerability: "vulnerability_NONE"},
		} {
			town.Wants(t, sign(bad), fault.Invalid, field)
		}
		c.OK(sign(w))
		w.Controls[0].GreaterRisk = fda.No
		c.OK(sign(w))
		w.Outcome, w.Override = fda.Uncontrolled, "The firewall is not everywhere."
		c.OK(sign(w))
		ds := town.Must(h, town.Pia, func(v *db.View) ([]cases.Determination, error) { return h.Cases.Determinations(v, c.id) })
		if len(ds) != 3 || ds[0].Outcome != fda.Uncontrolled || ds[1].Outcome != fda.Controlled || ds[2].Outcome != fda.Uncontrolled || !ds[2].Overridden || ds[1].Overridden ||
			ds[2].Supersedes != ds[1].ID || ds[0].Supersedes != "" || ds[0].Title != "Engineer" || ds[0].Name != "Pia Pump" || ds[0].Reckoned.Score3 != 4.6 ||
			len(ds[0].Reckoned.Open) != 1 || len(ds[0].Reckoned.Rejected) != 1 {
			t.Errorf("determinations: %+v", ds)
		}
		if got := town.Must(h, town.Max, func(v *db.View) ([]cases.Determination, error) { return h.Cases.Determinations(v, c.id) }); len(got) != 0 {
			t.Errorf("another reads them: %+v", got)
		}

		// An own matrix: monotone, by version, kept with what was signed by it.
		m := fda.DefaultMatrix()
		m[0][2], m[0][3] = fda.Uncontrolled, fda.Controlled
		set := func(m fda.Matrix) error {
			return h.Write(town.Pia, func(tx *db.Tx) error { _, err := h.Cases.SetRiskMatrix(tx, m, "Our procedure 7."); return err })
		}
		town.Wants(t, set(m), fault.Invalid, "matrix")
		m[0][3] = fda.Uncontrolled
		c.OK(set(m))
		town.Wants(t, set(m), fault.Invalid, "matrix")
		w.Outcome, w.Override, w.Key = "", "", ""
		c.OK(sign(w))
		ds = town.Must(h, town.Paz, func(v *db.View) ([]cases.Determination, error) { return h.Cases.Determinations(v, c.id) })
		if len(ds) != 0 { // Paz has no seat
			t.Errorf("Paz reads %+v", ds)
		}
		ds = town.Must(h, town.Pia, func(v *db.View) ([]cases.Determination, error) { return h.Cases.Determinations(v, c.id) })
		if last := ds[3]; last.Outcome != fda.Uncontrolled || last.Version != 1 || last.Matrix != m || ds[0].Version != 0 {
			t.Errorf("by the own matrix: %+v", last)
		}
		if got := town.Must(h, town.Paz, func(v *db.View) (cases.RiskMatrix, error) { return h.Cases.RiskMatrix(v) }); got.Version != 1 {
			t.Errorf("Paz works by version %d", got.Version)
		}
		if got := town.Must(h, town.Max, func(v *db.View) (cases.RiskMatrix, error) { return h.Cases.RiskMatrix(v) }); got.Version != 0 {
			t.Errorf("Monitor works by Pump's version %d", got.Version)
		}
	})
}
