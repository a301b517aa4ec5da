package alerts_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

var program = policy.System("test")

// record is a CVE record about a product of Pump Works.
func record(n int, product, below string, published time.Time) string {
	return fmt.Sprintf(`{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-%04d","assignerOrgId":"416baaa9-dc9f-4396-8d5f-8c081fb06d67","state":"PUBLISHED","assignerShortName":"acme","datePublished":%q,"dateUpdated":%q},
"containers":{"cna":{"providerMetadata":{"orgId":"416baaa9-dc9f-4396-8d5f-8c081fb06d67","shortName":"acme"},"title":"Flaw %d","descriptions":[{"lang":"en","value":"What flaw %d does."}],
"affected":[{"vendor":"Pump Works","product":%q,"versions":[{"version":"0","lessThan":%q,"status":"affected","versionType":"semver"}]}],"references":[{"url":"https://example.com/"}]}}}`,
		n, published.Format(time.RFC3339), published.Format(time.RFC3339), n, n, product, below)
}

func kev(ns ...int) string {
	var list []string
	for _, n := range ns {
		list = append(list, fmt.Sprintf(`{"cveID":"CVE-2026-%04d","vendorProject":"Pump Works","product":"Pump","vulnerabilityName":"Flaw","dateAdded":"2026-03-01","shortDescription":"x","requiredAction":"y","dueDate":"2026-03-20","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}`, n))
	}
	return fmt.Sprintf(`{"title":"CISA Catalog of Known Exploited Vulnerabilities","catalogVersion":"2026.03.01","dateReleased":"2026-03-01T00:00:00.000Z","count":%d,"vulnerabilities":[%s]}`, len(ns), strings.Join(list, ","))
}

// feed brings in what a source says, for everybody or under a label.
func (h *place) feed(kind vulns.Kind, by string, l policy.Label, lines ...string) {
	h.T.Helper()
	for i, s := range lines {
		var one bytes.Buffer
		if kind == vulns.CVE {
			h.OK(json.Compact(&one, []byte(s)))
			lines[i] = one.String()
		}
	}
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(by), vulns.NewBatch{Name: "a file", Kind: kind, Label: l}, strings.NewReader(strings.Join(lines, "\n")))
	h.OK(err)
	b, err = h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), b.ID, nil)
	h.OK(err)
	if b.State != vulns.Done || b.Skipped != 0 {
		h.T.Fatalf("the feed: %+v", b)
	}
}

// matched compares all that waits, and does the rounds that are due.
func (h *place) matched() (rounds int) {
	h.T.Helper()
	for {
		n, err := h.Ledger.Step(h.Ctx, h.Matching.Follower())
		h.OK(err)
		if n == 0 {
			break
		}
	}
	for more := true; more; {
		var err error
		more, err = h.Matching.Step(h.Ctx, h.DB, policy.System("matching"))
		h.OK(err)
	}
	h.follow()
	for {
		done, err := h.Step(h.Ctx, h.DB, program)
		h.OK(err)
		if !done {
			return rounds
		}
		rounds++
		h.follow()
	}
}

var all = town.Label(policy.Clear, policy.Public)

// Matching's findings become one notice a group; later ones join it; what is exploited
// comes first; old records are not told of unless they are exploited; and nobody but
// the owner learns of any of it.
func TestFoundByMatching(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		first := h.deploy(town.Wim, p, "1.0")
		h.deploy(town.Cleo, p, "9.0")
		h.matched()
		young, old := h.Clock.Now().AddDate(0, 0, -3), h.Clock.Now().AddDate(-1, 0, 0)
		h.feed(vulns.CVE, town.Dora, all, record(1, "Pump A4", "2.0", young), record(2, "Pump A4", "2.0", old))
		if h.matched() == 0 {
			t.Error("no round after a feed")
		}
		ns := h.inbox(town.Wim, alerts.BoxOpen)
		if len(ns) != 1 || ns[0].Kind != alerts.OfMatching || ns[0].Content.Title != "CVE-2026-0001: Flaw 1" || ns[0].Content.TLP != policy.Clear || len(ns[0].Matched) != 1 || ns[0].Matched[0].Deployment != first || ns[0].Matched[0].Why == "" || !ns[0].Sure || ns[0].Exploited || ns[0].Alert != "" {
			t.Fatalf("Ward is told %+v", ns)
		}
		for _, who := range []string{town.Cleo, town.Max, town.Dora} {
			if ns := h.inbox(who, alerts.BoxOpen); len(ns) != 0 {
				t.Errorf("%s is told %+v", who, ns)
			}
		}
		maker := h.inbox(town.Pia, alerts.BoxOpen)
		if len(maker) != 1 || len(maker[0].Matched) != 1 || maker[0].Matched[0].Product != p || maker[0].Matched[0].What != "Pump Works Pump A4" {
			t.Errorf("the maker is told %+v", maker)
		}
		// Another device of the group joins, and what was settled is open again.
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Answer(tx, ns[0].ID, alerts.Fixed, "done") }))
		h.Clock.Add(time.Hour)
		h.deploy(town.Wim, p, "1.5")
		h.matched()
		ns = h.inbox(town.Wim, alerts.BoxNew)
		if len(ns) != 1 || len(ns[0].Matched) != 2 || ns[0].Note != "done" || !ns[0].Updated.After(ns[0].At) {
			t.Errorf("with another device: %+v", ns)
		}
		// Now one is exploited, and the old one too.
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error { return h.Answer(tx, ns[0].ID, alerts.NotUs, "") }))
		h.feed(vulns.KEV, town.Dora, all, kev(1, 2))
		h.matched()
		ns = h.inbox(town.Wim, alerts.BoxNew)
		if len(ns) != 2 || !ns[0].Exploited || !ns[1].Exploited || ns[0].Class != alerts.Now || ns[1].Class != alerts.Now || len(ns[0].Matched) != 2 || len(ns[1].Matched) != 2 {
			t.Errorf("exploited: %+v", ns)
		}
		// Nothing is told twice.
		before := h.inbox(town.Wim, alerts.BoxOpen)
		h.Clock.Add(2 * time.Minute)
		h.matched()
		if d := cmp.Diff(before, h.inbox(town.Wim, alerts.BoxOpen), cmp.AllowUnexported(policy.Audience{})); d != "" {
			t.Errorf("a round without news changed the inbox: %s", d)
		}
	})
}

// A maker is told what touches its products, in their versions and in what its SBOMs say
// is built in: once a group, unless it wrote of it itself. What the desk keeps for
// others floods nobody.
func TestMakersAreTold(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
			_, _, err := h.Devices.AddProduct(tx, devices.ProductForm{Maker: "Elsewhere", Name: "Pump A4", Label: everyone})
			return err
		}))
		b, err := h.Devices.AcceptSBOM(h.Ctx, h.DB, h.As(town.Pia), devices.NewSBOM{Product: p, Version: "3.0", Name: "bom", Label: policy.Default(town.Pump.ID())},
			strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","bom-ref":"a","name":"alpha","version":"1.0.0","purl":"pkg:npm/alpha@1.0.0"}]}`))
		h.OK(err)
		_, err = h.Devices.ReadSBOM(h.Ctx, h.DB, policy.System("devices"), b.ID, nil)
		h.OK(err)
		h.deploy(town.Wim, p, "3.0") // without the SBOM: told of nothing in it
		h.matched()
		alpha := fmt.Sprintf(`{"id":"CVE-2026-0007","modified":%q,"published":%[1]q,"summary":"Alpha","affected":[{"package":{"ecosystem":"npm","name":"alpha"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`, h.Clock.Now().Format(time.RFC3339))
		h.feed(vulns.OSV, town.Dora, all, alpha)
		h.matched()
		ns := h.inbox(town.Pia, alerts.BoxOpen)
		if len(ns) != 1 || ns[0].Matched[0].Product != p || !ns[0].Sure || ns[0].Matched[0].What != "Pump Works Pump A4 3.0" || !strings.Contains(ns[0].Matched[0].Why, "alpha 1.0.0") || ns[0].Matched[0].Finding == "" {
			t.Errorf("the maker is told %+v", ns)
		}
		// The product by name: the maker is told, with what it knows already in one group.
		h.feed(vulns.CVE, town.Dora, all, record(7, "Pump A4", "4.0", h.Clock.Now()))
		h.Clock.Add(2 * time.Minute)
		h.matched()
		if ns := h.inbox(town.Pia, alerts.BoxOpen); len(ns) != 1 || len(ns[0].Matched) != 2 {
			t.Errorf("the maker is told %+v", ns)
		}
		// What it wrote about itself is no news to it.
		f := text(p, "")
		f.Vulns = []string{"CVE-2026-0008"}
		h.sent(f)
		h.feed(vulns.CVE, town.Dora, all, record(8, "Pump A4", "4.0", h.Clock.Now()))
		h.Clock.Add(2 * time.Minute)
		h.matched()
		if ns := h.inbox(town.Pia, alerts.BoxOpen); len(ns) != 1 {
			t.Errorf("the maker is told %+v", ns)
		}
		for _, who := range []string{town.Dora, town.Max} {
			if ns := h.inbox(who, alerts.BoxOpen); len(ns) != 0 {
				t.Errorf("%s is told %+v", who, ns)
			}
		}
	})
}

// Never a flood: twenty notices a day, the rest in one.
func TestNoFlood(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.matched()
		var lines []string
		for i := range 32 {
			lines = append(lines, record(100+i, "Pump A4", "2.0", h.Clock.Now()))
		}
		h.feed(vulns.KEV, town.Dora, all, kev(131))
		h.feed(vulns.CVE, town.Dora, all, lines...)
		h.matched()
		count := func() (single int, rest string) {
			for _, n := range h.inbox(town.Wim, alerts.BoxOpen) {
				switch n.Kind {
				case alerts.OfMatching:
					single++
				case alerts.OfRest:
					rest += n.Content.Title
				}
			}
			return single, rest
		}
		if n, rest := count(); n != 20 || rest != "And 12 more findings on what is yours" {
			t.Errorf("%d notices and %q", n, rest)
		}
		if top := h.inbox(town.Wim, alerts.BoxOpen)[0]; !top.Exploited || top.Content.Vulns[0] != "CVE-2026-0131" {
			t.Errorf("what is exploited got no place: %+v", top)
		}
		h.feed(vulns.CVE, town.Dora, all, record(200, "Pump A4", "2.0", h.Clock.Now()))
		h.matched()
		if n, rest := count(); n != 20 || rest != "And 13 more findings on what is yours" {
			t.Errorf("after one more: %d notices and %q", n, rest)
		}
		h.Clock.Add(24 * time.Hour)
		h.feed(vulns.CVE, town.Dora, all, record(201, "Pump A4", "2.0", h.Clock.Now()))
		h.matched()
		if n, _ := count(); n != 21 {
			t.Errorf("on the next day: %d notices", n)
		}
	})
}

// Whom somebody wrote to about a vulnerability is not told by matching again; and what
// its owner may not read, it is not told of.
func TestNotTwiceNotMore(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.matched()
		f := text(p, "")
		f.Vulns = []string{"CVE-2026-0001"}
		h.sent(f)
		h.feed(vulns.CVE, town.Dora, all, record(1, "Pump A4", "2.0", h.Clock.Now()))
		h.feed(vulns.CVE, town.Dora, town.Label(policy.AmberStrict, h.Desk), record(2, "Pump A4", "2.0", h.Clock.Now()))
		h.matched()
		if ns := h.inbox(town.Wim, alerts.BoxOpen); len(ns) != 1 || ns[0].Kind != alerts.OfAlert {
			t.Errorf("Ward is told %+v", ns)
		}
	})
}

// Twin worlds: whether another hospital's devices are touched does not show in how many
// entries there are, nor in which, for anybody.
func TestRoundsAreBlind(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p, q := h.product(town.Pia, "Pump A4"), h.product(town.Pia, "Pump B1")
		h.deploy(town.Wim, p, "1.0")
		h.Clock.Add(time.Hour)
		h.matched()
		grow := func(product string, n int) (rounds int, verbs []string) {
			var size int64
			h.OK(h.DB.Read(h.Ctx, program, func(v *db.View) (err error) { size, err = h.Ledger.Size(v); return err }))
			h.feed(vulns.CVE, town.Dora, all, record(n, product, "2.0", h.Clock.Now()))
			rounds = h.matched()
			h.Clock.Add(2 * time.Minute)
			rounds += h.matched()
			h.Clock.Add(2 * time.Minute)
			rounds += h.matched()
			h.OK(h.DB.Read(h.Ctx, program, func(v *db.View) error {
				es, err := h.Ledger.Range(v, size, 100)
				for _, e := range es {
					verbs = append(verbs, e.Verb)
				}
				return err
			}))
			return rounds, verbs
		}
		_ = q
		touched, verbs := grow("Pump A4", 1)
		untouched, others := grow("Pump B1", 2)
		if len(h.inbox(town.Wim, alerts.BoxOpen)) != 1 {
			t.Error("the first feed touched nobody, or the second did")
		}
		if d := cmp.Diff(verbs, others); d != "" || touched != untouched || touched != 2 {
			t.Errorf("%d rounds if somebody is touched, %d if not; entries: %s", touched, untouched, d)
		}
	})
}

// Whichever statement of a round fails, nothing is half told, and nothing is lost.
func TestRoundAtOnceOrNot(t *testing.T) {
	onBoth(t, func(t *testing.T, h *place) {
		p := h.product(town.Pia, "Pump A4")
		h.deploy(town.Wim, p, "1.0")
		h.deploy(town.Cleo, p, "1.0")
		h.matched()
		h.Clock.Add(10 * time.Minute)
		h.matched()
		h.feed(vulns.CVE, town.Dora, all, record(1, "Pump A4", "2.0", h.Clock.Now()))
		for _, step := range []func() bool{
			func() bool { n, err := h.Ledger.Step(h.Ctx, h.Matching.Follower()); h.OK(err); return n > 0 },
			func() bool {
				more, err := h.Matching.Step(h.Ctx, h.DB, policy.System("matching"))
				h.OK(err)
				return more
			},
			func() bool { n, err := h.Ledger.Step(h.Ctx, h.Follower()); h.OK(err); return n > 0 },
		} {
			for step() {
			}
		}
		failed := 0
		for at := 0; ; at++ {
			n := 0
			h.DB.Faults().Set(func(stmt string, after bool) error {
				if strings.Contains(stmt, "alerts_") && (strings.HasPrefix(stmt, "INSERT") || strings.HasPrefix(stmt, "UPDATE")) {
					if n++; n == at+1 {
						return errors.New("the disk is gone")
					}
				}
				return nil
			})
			done, err := h.Step(h.Ctx, h.DB, program)
			h.DB.Faults().Set(nil)
			if err == nil {
				if !done {
					t.Fatal("no round was due")
				}
				break
			}
			failed++
			if a, b := h.inbox(town.Wim, alerts.BoxOpen), h.inbox(town.Cleo, alerts.BoxOpen); len(a)+len(b) != 0 {
				t.Fatalf("fault %d: told %d and %d", at, len(a), len(b))
			}
		}
		if a, b := h.inbox(town.Wim, alerts.BoxOpen), h.inbox(town.Cleo, alerts.BoxOpen); len(a) != 1 || len(b) != 1 || failed < 8 {
			t.Errorf("after %d faults: told %d and %d", failed, len(a), len(b))
		}
	})
}
