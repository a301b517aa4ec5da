package cases

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// FuzzHandover: what is read is lawful, and reads the same again; what is not is
// refused with a field.
func FuzzHandover(f *testing.F) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	whole, err := strictjson.Canonical(handover{Version: 1, Made: now, From: "A desk", By: "Dora",
		Case:            handoverCase{ID: "case_1", TLP: policy.Amber, Title: "Port", Safety: "unknown", Opened: now, Embargo: &handoverEmbargo{From: now, Until: now.Add(time.Hour)}},
		Parties:         []handoverParty{{ID: "p", TLP: policy.Amber, Name: "Pump", Role: "vendor", Accepted: now}},
		Vulnerabilities: []handoverVulnerability{{ID: "v", TLP: policy.Amber, Title: "Port", CVE: "CVE-2026-12345", Vector3: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score3: "9.8"}},
		Statuses:        []handoverStatus{{Party: "p", Vulnerability: "v", TLP: policy.Amber, Status: "affected", At: now}},
		Threads:         []handoverThread{{TLP: policy.AmberStrict, Title: "Official thread", Official: true, Posts: []handoverPost{{TLP: policy.Amber, At: now, Body: "```"}}}},
		Timeline:        []handoverEvent{{TLP: policy.Amber, At: now, What: "case.opened"}}})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := parseHandover(whole, now); err != nil {
		f.Fatal(err, fault.FieldsOf(err))
	}
	f.Add(whole)
	f.Add([]byte(`{"handover":1}`))
	f.Add([]byte(`{"handover":1,"case":{"tlp":"RED","TLP":"CLEAR"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := parseHandover(data, now)
		if err != nil {
			if fs := fault.FieldsOf(err); !fault.Is(err, fault.Invalid) || len(fs) == 0 || len(fs) > maxProblems {
				t.Fatalf("refused with %v (%d fields)", err, len(fs))
			}
			return
		}
		if s := h.strictest(); s != policy.Amber && s != policy.AmberStrict {
			t.Fatalf("to be taken in as %s", s)
		}
		for _, th := range h.Threads {
			for _, p := range th.Posts {
				joined := ""
				for _, piece := range pieces(p.Body, 16) {
					joined += piece
				}
				if joined != p.Body {
					t.Fatal("a text was cut and lost something")
				}
			}
		}
		again, err := strictjson.Canonical(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseHandover(again, now); err != nil {
			t.Fatalf("written again it is refused: %v %v", err, fault.FieldsOf(err))
		}
	})
}
