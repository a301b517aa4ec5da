package intel_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// seenIn is how often a matrix says a technique was seen, of the viewer's view.
func seenIn(h *town.Town, person, matrix, code string) (seen, cells int) {
	h.T.Helper()
	m := town.Must(h, person, func(v *db.View) (intel.Matrix, error) { return h.Intel.Matrix(v, matrix) })
	for _, tactic := range m.Tactics {
		for _, t := range tactic.Techniques {
			if t.External == code {
				seen, cells = t.Seen, cells+1
			}
		}
	}
	return seen, cells
}

func mitreThing(n int, typ, name, source, code, rest string) string {
	return thing(n, typ, name, fmt.Sprintf(`"created_by_ref":"identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5","external_references":[{"source_name":%q,"external_id":%q}],%s`, source, code, rest))
}

func TestMatrix(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		if _, err := town.Read(h, town.Wim, func(v *db.View) (intel.Matrix, error) { return h.Intel.Matrix(v, "") }); !fault.Is(err, fault.Missing) {
			t.Errorf("a matrix out of nothing: %v", err)
		}
		phase := func(names ...string) string {
			s := ""
			for i, n := range names {
				if i > 0 {
					s += ","
				}
				s += fmt.Sprintf(`{"kill_chain_name":"mitre-attack","phase_name":%q}`, n)
			}
			return `"kill_chain_phases":[` + s + `]`
		}
		take(h, town.Pia, intel.Terms{Unmarked: policy.Clear, Scrub: intel.ScrubClean},
			mitreThing(1, "x-mitre-matrix", "Enterprise", "mitre-attack", "enterprise-attack", fmt.Sprintf(`"tactic_refs":[%q,%q,%q]`, thingID(3, "x-mitre-tactic"), thingID(2, "x-mitre-tactic"), thingID(77, "x-mitre-tactic"))),
			mitreThing(2, "x-mitre-tactic", "Impact", "mitre-attack", "TA0040", `"x_mitre_shortname":"impact"`),
			mitreThing(3, "x-mitre-tactic", "Initial Access", "mitre-attack", "TA0001", `"x_mitre_shortname":"initial-access"`),
			mitreThing(4, "attack-pattern", "Phishing", "mitre-attack", "T1566", phase("initial-access")),
			mitreThing(5, "attack-pattern", "Link", "mitre-attack", "T1566.002", phase("initial-access")+`,"x_mitre_is_subtechnique":true`),
			mitreThing(6, "attack-pattern", "Wipe", "mitre-attack", "T1485", phase("impact", "initial-access")),
			mitreThing(7, "attack-pattern", "Old", "mitre-attack", "T1000", phase("impact")+`,"x_mitre_deprecated":true`),
			mitreThing(8, "malware", "M", "mitre-attack", "S0001", `"is_family":true`),
			// ATT&CK's own relationship is no sighting.
			mitreThing(9, "relationship", "r", "mitre-attack", "R1", fmt.Sprintf(`"relationship_type":"uses","source_ref":%q,"target_ref":%q`, thingID(8, "malware"), thingID(4, "attack-pattern"))))
		take(h, town.Pia, open,
			thing(20, "report", "a", fmt.Sprintf(`"description":"T1566, T1566.002 and T1000.","published":"2026-01-01T00:00:00Z","object_refs":[%q]`, thingID(4, "attack-pattern"))),
			thing(21, "malware", "b", `"is_family":true,"labels":["t1566.002"]`),
			tied(22, "indicates", thingID(21, "malware"), thingID(6, "attack-pattern"), amberStrict),
			thing(23, "tool", "c", `"description":"XT1566 T15661"`))
		indexed(h)
		if _, err := sight(h, town.Wim, thingID(6, "attack-pattern"), intel.Sighting{}); err != nil {
			t.Fatal(err)
		}
		indexed(h)
		m := town.Must(h, town.Wim, func(v *db.View) (intel.Matrix, error) { return h.Intel.Matrix(v, "") })
		got := ""
		for _, tactic := range m.Tactics {
			got += tactic.Name + ":"
			for _, t := range tactic.Techniques {
				got += fmt.Sprintf(" %s %s=%d", t.External, t.Name, t.Seen)
			}
			got += ". "
		}
		if want := "Initial Access: T1566 Phishing=2 T1485 Wipe=1. Impact: T1485 Wipe=1. "; got != want || m.Most != 2 || m.Counted != 3 || m.More {
			t.Errorf("%s %d %d, want %s", got, m.Most, m.Counted, want)
		}
		if seen, _ := seenIn(h, town.Pol, "", "T1485"); seen != 2 {
			t.Errorf("Pol sees %d", seen)
		}
		if seen, _ := seenIn(h, "", "", "T1485"); seen != 0 {
			t.Errorf("the public sees %d", seen)
		}
		if _, err := town.Read(h, town.Wim, func(v *db.View) (intel.Matrix, error) {
			return h.Intel.Matrix(v, thingID(4, "attack-pattern"))
		}); !fault.Is(err, fault.Missing) {
			t.Errorf("a technique is a matrix: %v", err)
		}
		for q, want := range map[string]int{"technique:T1485": 2, "technique:T1566": 6, "technique:T1566.002": 3, "technique:T9999": 0} {
			if got := found(h, town.Wim, q); len(got) != want {
				t.Errorf("%s finds %v", q, got)
			}
		}
	})
}

// The whole of ATT&CK for ICS makes a matrix.
func TestMatrixICS(t *testing.T) {
	data := attack(t, "ics-attack-18.1.json")
	h := town.New(t, "")
	b, err := h.Intel.Accept(context.Background(), h.DB, h.As(town.Dora), intel.NewBatch{Via: "command", Name: "ATT&CK", Format: intel.FormatSTIX, Terms: published}, newReader(data))
	h.OK(err)
	_, err = h.Intel.Read(context.Background(), h.DB, program, b.ID, nil)
	h.OK(err)
	indexed(h)
	m := town.Must(h, town.Wim, func(v *db.View) (intel.Matrix, error) { return h.Intel.Matrix(v, "") })
	cells := 0
	for _, tactic := range m.Tactics {
		cells += len(tactic.Techniques)
	}
	if m.Domain != "ics-attack" || len(m.Tactics) != 12 || cells < 80 || m.Most != 0 {
		t.Errorf("%s, %d tactics, %d cells, most %d", m.Domain, len(m.Tactics), cells, m.Most)
	}
	take(h, town.Pia, open, thing(1, "report", "a", `"description":"T0806 on the ward.","published":"2026-01-01T00:00:00Z","object_refs":["tool--00000000-0000-4000-9000-000000000001"]`))
	indexed(h)
	if seen, cells := seenIn(h, town.Wim, "", "T0806"); seen != 1 || cells == 0 {
		t.Errorf("T0806 was seen %d in %d cells", seen, cells)
	}
}
