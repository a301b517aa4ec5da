package intel_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// indexed brings the index up to date.
func indexed(h *town.Town) {
	h.T.Helper()
	for {
		n, err := h.Intel.Index(context.Background(), h.DB, program)
		h.OK(err)
		if n == 0 {
			return
		}
	}
}

// query reads a query that is right.
func query(h *town.Town, s string) intel.Query {
	h.T.Helper()
	q, err := intel.ParseQuery(s, h.Clock.Now())
	h.OK(err)
	return q
}

// found is the names of everything found, over all pages.
func found(h *town.Town, person, s string) (names []string) {
	h.T.Helper()
	q, after := query(h, s), ""
	for {
		type answer struct {
			hits []intel.Hit
			next string
		}
		a := town.Must(h, person, func(v *db.View) (a answer, err error) {
			a.hits, a.next, err = h.Intel.Search(v, q, after, 3)
			return a, err
		})
		for _, hit := range a.hits {
			names = append(names, hit.Name)
		}
		if after = a.next; after == "" {
			return names
		}
	}
}

// thing is an object with a name of its own as its id.
func thing(n int, typ, name, rest string, markings ...string) string {
	marks := ""
	if len(markings) > 0 {
		marks = `,"object_marking_refs":["` + strings.Join(markings, `","`) + `"]`
	}
	if rest != "" {
		rest = "," + rest
	}
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--00000000-0000-4000-9000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":%q%s%s}`, typ, typ, n, name, rest, marks)
}

// looksFor is an indicator for a pattern.
func looksFor(n int, name, pattern, rest string, markings ...string) string {
	if rest != "" {
		rest = "," + rest
	}
	return thing(n, "indicator", name, fmt.Sprintf(`"pattern":%q,"pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"%s`, pattern, rest), markings...)
}

func TestSearch(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		take(h, town.Pia, open,
			looksFor(1, "one", `[domain-name:value = 'c2.evil.example']`, `"labels":["Ransomware"],"confidence":85,"valid_until":"2026-02-28T00:00:00Z"`),
			looksFor(2, "two", `[ipv4-addr:value = '198.51.100.7' OR url:value = 'http://evil.test/a?b=100%']`, `"confidence":60,"valid_until":"2026-03-01T12:00:00Z","kill_chain_phases":[{"kill_chain_name":"mitre-ics-attack","phase_name":"Impact"}]`),
			looksFor(3, "three", `[file:hashes.'SHA-256' = 'ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789']`, `"valid_until":"2026-03-01T13:00:00Z"`, green),
			thing(4, "malware", "four", `"is_family":true,"description":"Locks the infusion Pump A4 and its alarm.","labels":["ransomware","worm"]`),
			thing(5, "report", "five", `"description":"On CVE-2026-1234 and T0806 in pumps.","published":"2026-01-01T00:00:00Z","object_refs":["malware--00000000-0000-4000-9000-000000000004"]`, amberStrict),
			thing(6, "malware", "six", `"is_family":false,"revoked":true,"description":"alarm"`),
			`{"type":"domain-name","spec_version":"2.1","id":"domain-name--00000000-0000-4000-9000-000000000007","value":"Mail.Evil.Example"}`,
		)
		h.Clock.Add(24 * time.Hour)
		other := open
		other.Attribution = intel.Community
		take(h, town.Max, other, looksFor(8, "eight", `[domain-name:value LIKE '%.late.example']`, ""))
		indexed(h)
		for _, c := range []struct {
			person, query, want string
		}{
			{town.Wim, "", "eight Mail.Evil.Example six four three two one"},
			{town.Pol, "", "eight Mail.Evil.Example six four three two five one"},
			{"", "", ""},
			{town.Wim, "198.51.100.7", "two"},
			{town.Wim, "198.51.100.70", ""},
			{town.Wim, "pattern:*.evil.example", "Mail.Evil.Example one"},
			{town.Wim, "pattern:*.late.example", "eight"},
			{town.Wim, "pattern:http://evil.test/*", "two"},
			{town.Wim, "pattern:http:*", "two"},
			{town.Wim, "pattern:*/evil.test/a?b=100%", "two"},
			{town.Wim, "pattern:*c2*le", "one"},
			{town.Wim, "type:malware,indicator label:ransomware -label:worm", "one"},
			{town.Wim, "type:malware phase:impact", ""},
			{town.Wim, "type:indicator,report phase:impact from:\"Pump Works\"", "two"},
			{town.Wim, "infusi*", "four"},
			{town.Wim, "infusin*", ""},
			{town.Wim, "alarm", "six four"},
			{town.Wim, "ALARM -infusion", "six"},
			{town.Wim, "-alarm type:malware,report", ""},
			{town.Pol, "-alarm type:malware,report", "five"},
			{town.Wim, `"infusion pump"`, "four"},
			{town.Wim, `"pump infusion"`, ""},
			{town.Wim, "infu*", "four"},
			{town.Wim, "infuse*", ""},
			{town.Pol, "CVE-2026-1234", "five"},
			{town.Pol, "CVE-2026-1234*", "five"},
			{town.Pol, "cve-2026-1235", ""},
			{town.Wim, "type:indicator", "eight three two one"},
			{town.Wim, "-type:indicator,malware", "Mail.Evil.Example"},
			{town.Wim, `device:"Pump A4"`, "four"},
			{town.Wim, `device:"A4 pump"`, ""},
			{town.Wim, "pattern:c2.evil.example", "one"},
			{town.Wim, "pattern:C2.EVIL.example", "one"},
			{town.Wim, "pattern:*.example", "eight Mail.Evil.Example one"},
			{town.Wim, "pattern:*evil*", "Mail.Evil.Example two one"},
			{town.Wim, "pattern:198.51.*", "two"},
			{town.Wim, "pattern:98.51.*", ""},
			{town.Wim, "pattern:http://*100%", "two"},
			{town.Wim, "pattern:http:*100_", ""},
			{town.Wim, "pattern:abcdef01*", "three"},
			{town.Wim, "pattern:ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789", "three"},
			{town.Wim, "after:today", "eight"},
			{town.Wim, "before:today type:indicator", "three two one"},
			{town.Wim, "after:1d before:today type:malware", "six four"},
			{town.Wim, "after:2027-01-01", ""},
			{town.Wim, "before:2026-01-01", ""},
			{town.Pol, "tlp<=green type:report", ""},
			{town.Pol, "tlp>=amber", "five"},
			{town.Wim, "tlp>=amber", ""},
			{town.Wim, "confidence>=60", "two one"},
			{town.Wim, "confidence>=61", "one"},
			{town.Wim, "confidence>=86", ""},
			{town.Wim, "is:revoked", "six"},
			{town.Wim, "-is:revoked type:malware", "four"},
			{town.Wim, "is:expired", "three two one"},
			{town.Wim, "-is:expired type:indicator", "eight"},
			{town.Wim, "label:ransomware", "four one"},
			{town.Wim, "label:ransomware label:worm", "four"},
			{town.Wim, "label:ransomware -label:worm", "one"},
			{town.Wim, "phase:impact", "two"},
			{town.Wim, "phase:mitre-ics-attack/impact", "two"},
			{town.Wim, "-phase:impact type:indicator", "eight three one"},
			{town.Wim, `from:"pump works" type:malware`, "six four"},
			{town.Wim, `-from:"pump works"`, "eight"},
			{town.Wim, `from:"a member of the community"`, "eight"},
			{town.Wim, `from:"monitor makers"`, ""},
			{town.Pol, "technique:T0806", "five"},
			{town.Wim, "technique:T0806", ""},
			{town.Wim, "id:malware--00000000-0000-4000-9000-000000000004", "four"},
			{town.Wim, "id:report--00000000-0000-4000-9000-000000000005", ""},
			{town.Wim, "malware--00000000-0000-4000-9000-000000000004", "four"},
		} {
			if got := strings.Join(found(h, c.person, c.query), " "); got != c.want {
				t.Errorf("%s: %s: %q, want %q", c.person, c.query, got, c.want)
			}
		}
	})
}
