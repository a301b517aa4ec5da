package web

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// Markings of TLP 2.0, as objects carry them.
const (
	stixClear  = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	stixGreen  = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	stixAmber  = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	stixStrict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
)

// uuid is the nth id of the tests.
func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// stixObject is an object of some type with a marking and properties of its own.
func stixObject(typ string, n int, marking, rest string) string {
	if rest != "" {
		rest = "," + rest
	}
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--%s","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","object_marking_refs":[%q]%s}`, typ, typ, uuid(n), marking, rest)
}

func stixIndicator(n int, marking, name, host string) string {
	return stixObject("indicator", n, marking, fmt.Sprintf(`"name":%q,"description":"Seen on the bedside network.","pattern":"[domain-name:value = '%s']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","valid_until":"2027-01-01T00:00:00Z","labels":["beacon"],"confidence":70`, name, host))
}

func stixMalware(n int, marking, name string) string {
	return stixObject("malware", n, marking, fmt.Sprintf(`"name":%q,"is_family":true,"description":"It changes dose limits of the Pump A4."`, name))
}

func stixTie(n int, marking, kind, from, to string) string {
	return stixObject("relationship", n, marking, fmt.Sprintf(`"relationship_type":%q,"source_ref":%q,"target_ref":%q`, kind, from, to))
}

// terms are those under which the tests share: GREEN reaches the community, AMBER
// the organizations named.
func intelTerms(amber ...policy.Principal) intel.Terms {
	return intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green, Amber: amber}
}

// share brings objects in, in a person's name, and has their words indexed.
func (h *caseHouse) share(person string, terms intel.Terms, objects ...string) {
	h.t.Helper()
	h.do(person, func(tx *db.Tx) error {
		_, outs, err := h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "test", Format: intel.FormatSTIX, Terms: terms},
			strings.NewReader(`{"type":"bundle","id":"bundle--`+uuid(0)+`","objects":[`+strings.Join(objects, ",")+`]}`))
		for _, o := range outs {
			if err == nil && o.Kind != intel.WasAdded {
				h.t.Errorf("%s became %s: %s", o.ID, o.Kind, o.Reason)
			}
		}
		return err
	})
	h.wordsIndexed()
}

// wordsIndexed has the words of everything that came indexed.
func (h *caseHouse) wordsIndexed() {
	h.t.Helper()
	for {
		n, err := h.Intel.Index(h.Ctx, h.DB, policy.System("test"))
		h.OK(err)
		if n == 0 {
			return
		}
	}
}

// lair is a small story: an indicator of a malware that uses a technique, with a
// matrix; everybody in the community may read it.
func (h *caseHouse) lair() (indicator, malware, technique string) {
	h.t.Helper()
	indicator, malware, technique = "indicator--"+uuid(1), "malware--"+uuid(2), "attack-pattern--"+uuid(3)
	h.share(town.Pia, intelTerms(),
		stixIndicator(1, stixGreen, "Beacon of DoseShift", "updates.pump.example"),
		stixMalware(2, stixGreen, "DoseShift"),
		stixObject("attack-pattern", 3, stixClear, `"name":"Brute Force I/O","external_references":[{"source_name":"mitre-attack","external_id":"T0806","url":"https://attack.example/T0806"}],"kill_chain_phases":[{"kill_chain_name":"mitre-ics-attack","phase_name":"impair-process-control"}],"x_mitre_domains":["ics-attack"]`),
		stixObject("x-mitre-tactic", 4, stixClear, `"name":"Impair Process Control","x_mitre_shortname":"impair-process-control","x_mitre_domains":["ics-attack"],"external_references":[{"source_name":"mitre-attack","external_id":"TA0106"}]`),
		stixObject("x-mitre-matrix", 5, stixClear, fmt.Sprintf(`"name":"ATT&CK for ICS","tactic_refs":["x-mitre-tactic--%s"],"external_references":[{"source_name":"mitre-attack","external_id":"ics-attack"}],"x_mitre_domains":["ics-attack"]`, uuid(4))),
		stixTie(6, stixGreen, "indicates", indicator, malware),
		stixTie(7, stixGreen, "uses", malware, technique),
	)
	return indicator, malware, technique
}

func asQuery(q string) string { return "/intel?q=" + url.QueryEscape(q) }
