package devices

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// the end of a component's support, in every stage, for every answer.
func TestComponentEnds(t *testing.T) {
	user, both := "user", "user public"
	for _, c := range []struct {
		stage                          Stage
		impact, mitigable, unsupported string // y, n, * = either
		next                           Stage
		owed                           string
	}{
		{Development, "*", "*", "*", Development, ""},
		{Support, "n", "*", "*", Support, user},
		{Support, "y", "y", "n", Support, user},
		{Support, "y", "y", "y", LimitedSupport, both},
		{Support, "y", "n", "*", EndOfSupport, both}, // not reasonably protected
		{LimitedSupport, "n", "*", "*", LimitedSupport, user},
		{LimitedSupport, "y", "y", "*", LimitedSupport, user},
		{LimitedSupport, "y", "n", "*", EndOfSupport, both},
		{EndOfSupport, "*", "*", "*", EndOfSupport, user},
		{Decommissioned, "*", "*", "*", Decommissioned, ""},
	} {
		fits := func(want string, is bool) bool { return want == "*" || want == "y" == is }
		n := 0
		for i := range 8 {
			impact, mitigable, unsupported := i&1 > 0, i&2 > 0, i&4 > 0
			if !fits(c.impact, impact) || !fits(c.mitigable, mitigable) || !fits(c.unsupported, unsupported) {
				continue
			}
			n++
			next, owed := ComponentEnds(c.stage, impact, mitigable, unsupported)
			if next != c.next || strings.Join(owed, " ") != c.owed {
				t.Errorf("%s, impact %v, mitigable %v, unsupported %v: %s %v, want %s %s", c.stage, impact, mitigable, unsupported, next, owed, c.next, c.owed)
			}
		}
		if n == 0 {
			t.Errorf("%v is no case", c)
		}
	}
	// EOS only if it is not reasonably protected; and what follows is a step there is.
	for _, s := range Stages() {
		for i := range 8 {
			next, owed := ComponentEnds(s, i&1 > 0, i&2 > 0, i&4 > 0)
			if next == EndOfSupport && s != EndOfSupport && i&2 > 0 {
				t.Errorf("%s: a device that can be protected is at its end of support", s)
			}
			if next != s {
				i := slices.IndexFunc(StageMoves(), func(m StageMove) bool { return m.From == s && m.To == next })
				if i < 0 || !slices.Equal(StageMoves()[i].Owed, owed) {
					t.Errorf("%s to %s, told to %v, is no step", s, next, owed)
				}
			}
		}
	}
}

// No step leads back, and every stage but the first is reached.
func TestStageMoves(t *testing.T) {
	reached := map[Stage]bool{Development: true}
	for _, m := range StageMoves() {
		if slices.Index(Stages(), m.To) <= slices.Index(Stages(), m.From) {
			t.Errorf("%s to %s leads back", m.From, m.To)
		}
		reached[m.To] = true
	}
	for _, s := range Stages() {
		if !reached[s] {
			t.Errorf("%s is never reached", s)
		}
	}
}

// two years at least, counted on the calendar.
func TestCheckNotice(t *testing.T) {
	for _, c := range []struct {
		eos, announced string
		want           Notice
	}{
		{"2030-06-30", "2027-06-30", NoticeOK},
		{"2030-06-30", "2027-07-01", NoticeWarn},
		{"2030-06-30", "2028-06-30", NoticeWarn},
		{"2030-06-30", "2028-07-01", NoticeLate},
		{"2030-06-30", "2031-01-01", NoticeLate},
		{"2028-02-29", "2026-02-28", NoticeWarn},
		{"2028-02-28", "2026-03-01", NoticeLate},
		{"2030-06-30", "", NoticeUnknown},
		{"", "2027-06-30", NoticeUnknown},
		{"soon", "2027-06-30", NoticeUnknown},
	} {
		if got := CheckNotice(c.eos, c.announced); got != c.want {
			t.Errorf("%q announced on %q is %q, want %q", c.eos, c.announced, got, c.want)
		}
	}
}

// Each stage has duties of both roles, and each says where it is from.
func TestResponsibilities(t *testing.T) {
	for _, s := range Stages() {
		for _, role := range []string{RoleMaker, RoleProvider} {
			if !slices.ContainsFunc(Responsibilities(s), func(r Responsibility) bool { return r.Role == role }) {
				t.Errorf("%s has no duty of the %s", s, role)
			}
		}
		for _, r := range Responsibilities(s) {
			if r.Section == "" || !strings.HasSuffix(r.Text, ".") || len(r.Text) > 220 {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestGaps(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	docs := []Document{{Kind: "mds2"}, {Kind: "security"}}
	whole := Product{Stage: Support, EOS: "2030-01-01", Announced: "2026-01-01"}
	place := Deployment{Version: "1", Zone: "ICU", Exposure: "isolated", Owner: "Biomed", Note: "Accepted on 1 Feb."}
	facts := func(gs []Gap) (out []string) {
		for _, g := range gs {
			if g.Why == "" {
				t.Errorf("%+v has no reason", g)
			}
			out = append(out, g.Role[:1]+" "+g.fact)
		}
		slices.Sort(out)
		return out
	}
	late, ended, eos := whole, whole, whole
	late.EOS = "2027-06-01"
	ended.EOS, ended.Announced = "2026-02-28", "2022-01-01"
	eos.Stage = EndOfSupport
	unsaid := whole
	unsaid.Announced = ""
	for _, c := range []struct {
		name string
		f    Facts
		want []string
	}{
		{"nothing missing", Facts{Product: whole, Documents: docs, SBOM: true, Now: now}, nil},
		{"nothing there", Facts{Product: Product{Stage: Support}, Now: now}, []string{"m eos", "m mds2", "m sbom", "m security"}},
		{"late", Facts{Product: late, Documents: docs, SBOM: true, Now: now}, []string{"m notice"}},
		{"not said when", Facts{Product: unsaid, Documents: docs, SBOM: true, Now: now}, []string{"m notice"}},
		{"ended and not moved", Facts{Product: ended, Documents: docs, SBOM: true, Now: now}, []string{"m eos-passed"}},
		{"a place without anything", Facts{Product: whole, Documents: docs, SBOM: true, Now: now, Deployment: &Deployment{}}, []string{"p exposure", "p owner", "p version", "p zone"}},
		{"a place with all", Facts{Product: whole, Documents: docs, SBOM: true, Now: now, Deployment: &place}, nil},
		{"no end known", Facts{Product: Product{Stage: Support}, Documents: docs, SBOM: true, Now: now, Deployment: &place}, []string{"m eos", "p own-eos"}},
		{"legacy without a note", Facts{Product: eos, Documents: docs, Now: now, Deployment: &Deployment{Zone: "ICU", Exposure: "network", Owner: "Biomed"}}, []string{"p accepted"}},
		{"legacy with all", Facts{Product: eos, Documents: docs, Now: now, Deployment: &place}, nil},
		{"gone", Facts{Product: Product{Stage: Decommissioned}, Now: now, Deployment: &Deployment{}}, nil},
	} {
		if diff := cmp.Diff(c.want, facts(Gaps(c.f))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
	for _, r := range responsibilities { // every fact has words
		if r.fact != "" && !slices.Contains([]string{factMDS2, factSBOM, factSecurity, factEOS, factNotice, factOwner, factZone, factExposure, factVersion, factOwnEOS, factAccepted, factEOSPassed}, r.fact) {
			t.Errorf("%s is no fact", r.fact)
		}
	}
}

// all three, and any connector is an ability to connect.
func TestCyber(t *testing.T) {
	for i := range 8 {
		p := Product{Software: i&1 > 0, Vulnerable: i&2 > 0}
		if i&4 > 0 {
			p.Connectors = []string{"usb"}
		}
		if p.Cyber() != (i == 7) {
			t.Errorf("%+v: %v", p, p.Cyber())
		}
	}
}
