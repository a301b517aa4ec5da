package vulns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/vulns"
)

// catalogue is a KEV catalogue of a day in 2026.
func catalogue(day string, count int, entries ...string) []byte {
	var list []string
	for _, id := range entries {
		list = append(list, fmt.Sprintf(`{"cveID":%q,"vendorProject":"V","product":"P","vulnerabilityName":"N","dateAdded":"2026-01-02","shortDescription":"","requiredAction":"","dueDate":"2026-02-02"}`, id))
	}
	return fmt.Appendf(nil, `{"title":"t","catalogVersion":"1","dateReleased":"2026-%sT00:00:00Z","count":%d,"vulnerabilities":[%s]}`, day, count, strings.Join(list, ","))
}

// TestKEVTakesBack: what a later catalogue no longer lists is exploited no more; an
// older, a cut one and a CSV take nothing back, and what did not change is no news.
func TestKEVTakesBack(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		const a, b = "CVE-2026-1001", "CVE-2026-1002"
		step := func(what string, data []byte, wantA, wantB bool, changed int) {
			t.Helper()
			n := send(h, town.Dora, vulns.KEV, public, data)
			if n.State != vulns.Done || n.Added+n.Changed != changed {
				t.Errorf("%s: %+v", what, n)
			}
			for id, want := range map[string]bool{a: wantA, b: wantB} {
				u := town.Must(h, town.Pia, func(v *db.View) (vulns.Vulnerability, error) { return h.Vulns.Vulnerability(v, id) })
				if u.Exploited != want {
					t.Errorf("%s: %s exploited %v, want %v", what, id, u.Exploited, want)
				}
			}
		}
		step("at first", catalogue("03-01", 2, a, b), true, true, 2)
		step("an older one without b", catalogue("02-01", 1, a), true, true, 0)
		step("one that was cut", catalogue("04-01", 2, a), true, true, 0)
		step("a CSV", []byte("cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate,knownRansomwareCampaignUse,notes,cwes\n"+a+",V,P,N,2026-01-02,,,2026-02-02,Unknown,,\n"), true, true, 0)
		step("the same, later", catalogue("04-01", 2, a, b), true, true, 0)
		step("b is taken back", catalogue("05-01", 1, a), true, false, 1)
		step("what came before, again", catalogue("04-01", 2, a, b), true, false, 0)
		step("b is listed anew", catalogue("06-01", 2, b, a), true, true, 1)
	})
}
