package matching_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

var (
	program = policy.System("test")
	public  = town.Label(policy.Clear, policy.Public)
)

// long asks for the tests of hours.
func long() bool { return os.Getenv("CORDON_LONG") == "1" }

// house is a town with short words for what these tests do all the time.
type house struct {
	*town.Town
	follow func() (int64, error)
}

func newHouse(t testing.TB, url string) *house {
	h := &house{Town: town.New(t, url)}
	f := h.Matching.Follower()
	h.follow = func() (int64, error) { return h.Ledger.Step(h.Ctx, f) }
	return h
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		k := &house{Town: h}
		f := h.Matching.Follower()
		k.follow = func() (int64, error) { return h.Ledger.Step(h.Ctx, f) }
		fn(t, k)
	})
}

// settle has everything compared that the ledger asks for.
func (h *house) settle() {
	h.T.Helper()
	h.OK(h.trySettle())
}

func (h *house) trySettle() error {
	for {
		n, err := h.follow()
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	for {
		more, err := h.Matching.Step(h.Ctx, h.DB, program)
		if err != nil || !more {
			return err
		}
	}
}

// again has everything made again from the sources.
func (h *house) again() {
	h.T.Helper()
	h.OK(h.DB.Note(h.Ctx, program, h.Matching.Again))
	h.settle()
}

// product adds a product in a person's name.
func (h *house) product(who string, in devices.ProductForm) (id string) {
	h.T.Helper()
	h.Clock.Add(time.Second)
	h.OK(h.Write(who, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.AddProduct(tx, in)
		return err
	}))
	return id
}

// sbom sends an SBOM for a product's version and has it read.
func (h *house) sbom(who, product, version string, l policy.Label, data []byte) *devices.SBOM {
	h.T.Helper()
	b := h.queue(who, product, version, l, data)
	b, err := h.Devices.ReadSBOM(h.Ctx, h.DB, program, b.ID, nil)
	h.OK(err)
	if b.State != devices.SBOMDone {
		h.T.Fatalf("the SBOM is %s: %s", b.State, b.Why)
	}
	return b
}

func (h *house) queue(who, product, version string, l policy.Label, data []byte) *devices.SBOM {
	h.T.Helper()
	h.Clock.Add(time.Second)
	b, err := h.Devices.AcceptSBOM(h.Ctx, h.DB, h.As(who), devices.NewSBOM{Product: product, Version: version, Name: "bom.json", Via: "page", Label: l}, bytes.NewReader(data))
	h.OK(err)
	return b
}

// bring has a file of vulnerabilities read to its end.
func (h *house) bring(who string, k vulns.Kind, l policy.Label, data []byte) *vulns.Batch {
	h.T.Helper()
	h.Clock.Add(time.Second)
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(who), vulns.NewBatch{Name: "a file", Kind: k, Label: l}, bytes.NewReader(data))
	h.OK(err)
	b, err = h.Vulns.Read(h.Ctx, h.DB, policy.System("vulns"), b.ID, nil)
	h.OK(err)
	if b.State != vulns.Done || b.Skipped != 0 {
		h.T.Fatalf("the batch is %s, %d records were passed over: %+v", b.State, b.Skipped, b.Problems)
	}
	return b
}

// deploy adds a deployment in a person's name.
func (h *house) deploy(who string, in devices.DeploymentForm) (id string) {
	h.T.Helper()
	h.Clock.Add(time.Second)
	if in.Count == 0 {
		in.Count = 1
	}
	h.OK(h.Write(who, func(tx *db.Tx) (err error) {
		id, _, err = h.Devices.Deploy(tx, in)
		return err
	}))
	return id
}

// say makes a statement in a person's name.
func (h *house) say(who string, n matching.NewSaying) (id string, err error) {
	h.T.Helper()
	h.Clock.Add(time.Second)
	err = h.Write(who, func(tx *db.Tx) (err error) {
		id, err = h.Matching.Say(tx, n)
		return err
	})
	return id, err
}

// all reads every page of a list.
func all(h *house, who string, page func(v *db.View, q matching.Query) ([]matching.Finding, error), q matching.Query) (out []matching.Finding) {
	h.T.Helper()
	q.Limit = matching.MaxPage
	for {
		q.After = len(out)
		fs := town.Must(h.Town, who, func(v *db.View) ([]matching.Finding, error) { return page(v, q) })
		out = append(out, fs...)
		if len(fs) < q.Limit {
			return out
		}
	}
}

// ofSBOM, mine and ofVuln read a list in a person's eyes.
func (h *house) ofSBOM(who, id string) []matching.Finding {
	h.T.Helper()
	return all(h, who, func(v *db.View, q matching.Query) ([]matching.Finding, error) { return h.Matching.OfSBOM(v, id, q) }, matching.Query{})
}

func (h *house) mine(who string) []matching.Finding {
	h.T.Helper()
	return all(h, who, h.Matching.Mine, matching.Query{})
}

func (h *house) ofVuln(who, id string) []matching.Finding {
	h.T.Helper()
	return all(h, who, func(v *db.View, q matching.Query) ([]matching.Finding, error) {
		return h.Matching.OfVulnerability(v, id, q)
	}, matching.Query{})
}

func (h *house) finding(who, id string) (matching.Finding, error) {
	h.T.Helper()
	return town.Read(h.Town, who, func(v *db.View) (matching.Finding, error) { return h.Matching.Finding(v, id) })
}

// sample reads a file of testdata, unpacked if its name ends in .gz.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// cdx is a CycloneDX document of components, each its JSON members.
func cdx(parts ...string) []byte {
	return fmt.Appendf(nil, `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"components":[%s]}`, strings.Join(parts, ","))
}

// library is a component with a package URL.
func library(name, version, purl string) string {
	return fmt.Sprintf(`{"type":"library","bom-ref":%q,"name":%q,"version":%q,"purl":%q}`, purl, name, version, purl)
}

// osv is an OSV record about an npm package, affected before a version.
func osv(id, modified, name, fixed string, more ...string) string {
	return fmt.Sprintf(`{"schema_version":"1.6.0","id":%q,"modified":%q,"summary":"About %s"%s,"affected":[{"package":{"ecosystem":"npm","name":%q},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`,
		id, modified, id, strings.Join(append([]string{""}, more...), ","), name, fixed)
}

// own is the label of what only an organization's named recipients read.
func own(org policy.Principal) policy.Label { return policy.Default(org.ID()) }

// advisory is a CSAF advisory about one product.
func advisory(id, cve, maker, product, version string) []byte {
	return fmt.Appendf(nil, `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","publisher":{"category":"coordinator","name":"Desk","namespace":"https://desk.example"},"title":"About %[4]s",
		"tracking":{"id":%[1]q,"status":"final","version":"1","initial_release_date":"2025-06-01T00:00:00Z","current_release_date":"2025-06-01T00:00:00Z","revision_history":[{"number":"1","date":"2025-06-01T00:00:00Z","summary":"x"}]}},
		"product_tree":{"branches":[{"category":"vendor","name":%[3]q,"branches":[{"category":"product_name","name":%[4]q,"branches":[{"category":"product_version_range","name":%[5]q,"product":{"product_id":"P1","name":"%[4]s: %[5]s"}}]}]}]},
		"vulnerabilities":[{"cve":%[2]q,"product_status":{"known_affected":["P1"]},"remediations":[{"category":"vendor_fix","details":"Update.","product_ids":["P1"]}]}]}`, id, cve, maker, product, version)
}

// inMemory has the files of a test lie in memory, where the machine has a place for
// that: a disk that is asked to hold every write is what takes the time.
func inMemory(t *testing.T) {
	if dir, err := os.MkdirTemp("/dev/shm", "cordon-test"); err == nil {
		t.Cleanup(func() { os.RemoveAll(dir) })
		t.Setenv("TMPDIR", dir)
	}
}
