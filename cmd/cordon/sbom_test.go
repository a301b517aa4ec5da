package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

const (
	oneSBOM = `{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":"Infuser"}},
 "components":[{"type":"library","bom-ref":"lib","name":"leftish","version":"1.0.0","purl":"pkg:npm/leftish@1.0.0"}],"dependencies":[{"ref":"root","dependsOn":["lib"]}]}`
	oneOSV = `{"schema_version":"1.6.0","id":"GHSA-aaaa-bbbb-cccc","modified":"2026-02-01T00:00:00Z","summary":"Prototype pollution","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"npm","name":"leftish"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`
)

// commanded runs the program and gives what it wrote.
func commanded(args ...string) (string, error) {
	var out, errs bytes.Buffer
	err := run(context.Background(), args, &out, &errs)
	return out.String() + errs.String(), err
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A pipeline's commands at a running server: records in, an SBOM sent, findings asked,
// the build failed.
func TestSBOMCommand(t *testing.T) {
	w := newWorld(t, "")
	pumps := w.org("Pumps", policy.Manufacturer)
	pia := w.person(pumps, "Pia Pump")
	desk := writeFile(t, "token", w.token(w.desk.Person)+"\n")
	token := writeFile(t, "token", w.token(pia)+"\n")
	at := []string{"--server", w.url, "--token-file", token}
	do := func(args ...string) (string, error) { return commanded(append(args, at...)...) }
	file, records := writeFile(t, "infuser.json", oneSBOM), writeFile(t, "osv.json", oneOSV)

	// Records: the same file is taken once.
	for range 2 {
		if out, err := commanded("vulns", "import", records, "--kind", "osv", "--tlp", "clear", "--audience", "public", "--server", w.url, "--token-file", desk); err != nil || !strings.Contains(out, "1 records read; 1 added, 0 changed") {
			t.Fatalf("%v %s", err, out)
		}
	}
	if out, err := do("vulns", "import", records, "--kind", "osv", "--tlp", "clear", "--audience", "public"); err == nil || !strings.Contains(err.Error(), "brought in by the desk") {
		t.Errorf("for everybody, by a member: %v %s", err, out)
	}
	if out, err := do("vulns", "import", file, "--kind", "kev"); err == nil || !strings.Contains(err.Error(), "could not be read to its end") {
		t.Errorf("no catalogue: %v %s", err, out)
	}

	if out, err := do("sbom", "upload", file, "--product", "Infuser"); err == nil || !strings.Contains(err.Error(), "keeps no product called") {
		t.Errorf("no product: %v %s", err, out)
	}
	var id string
	w.write(w.viewer(pia), func(tx *db.Tx) (err error) {
		id, _, err = w.house.devices.AddProduct(tx, devices.ProductForm{Name: "Infuser"})
		return err
	})
	if out, err := do("sbom", "findings", "--product", "Infuser", "--fail-on", "critical"); err == nil || !strings.Contains(err.Error(), "there is no SBOM") {
		t.Errorf("without an SBOM: %v %s", err, out)
	}
	first, err := do("sbom", "upload", file, "--product", "pumps infuser", "--product-version", "4.1")
	if err != nil || !strings.Contains(first, "infuser.json: kept as sbom_") || !strings.Contains(first, "2 components, quality ") {
		t.Fatalf("%v %s", err, first)
	}
	if again, err := do("sbom", "upload", file, "--product", id, "--product-version", "v4.1"); err != nil || again != first {
		t.Errorf("sent again: %v %s, and before %s", err, again, first)
	}
	if out, err := do("sbom", "upload", writeFile(t, "broken.json", `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{]}`), "--product", "Infuser", "--product-version", "4.2"); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("a broken one: %v %s", err, out)
	}
	if out, err := do("sbom", "upload", writeFile(t, "empty.json", ""), "--product", "Infuser"); err == nil || !strings.Contains(err.Error(), "0 bytes") {
		t.Errorf("an empty one: %v %s", err, out)
	}

	out, err := do("sbom", "findings", "--product", "Infuser", "--product-version", "4.1")
	if err != nil || !strings.Contains(out, "GHSA-aaaa-bbbb-cccc  9.8  leftish 1.0.0  affected") {
		t.Errorf("%v %s", err, out)
	}
	if out, err := do("sbom", "findings", "--product", "Infuser", "--product-version", "4.1", "--json", "--fail-on", "critical"); err == nil || !strings.Contains(err.Error(), "1 open finding is critical") || !strings.HasPrefix(out, `{"vulnerability":"GHSA-aaaa-bbbb-cccc"`) {
		t.Errorf("critical: %v %s", err, out)
	}
	if out, err := do("sbom", "findings", "--product", "Infuser", "--product-version", "4.1", "--fail-on", "exploited"); err != nil {
		t.Errorf("exploited: %v %s", err, out)
	}

	// Comparing begins at once, whichever of the program's parts wakes first.
	for _, version := range []string{"5.0", "5.1", "5.2", "5.3"} {
		begun := time.Now()
		if out, err := do("sbom", "upload", file, "--product", "Infuser", "--product-version", version); err != nil || time.Since(begun) > 10*time.Second {
			t.Errorf("after %v: %v %s", time.Since(begun), err, out)
		}
	}

	// Where the connection breaks, it is sent again.
	target, _ := url.Parse(w.url)
	var broken atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(target)
	flaky := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" && broken.Add(1) < 2 {
			io.CopyN(io.Discard, r.Body, 10)
			panic(http.ErrAbortHandler)
		}
		r.Host = target.Host
		proxy.ServeHTTP(rw, r)
	}))
	defer flaky.Close()
	t.Setenv("CORDON_URL", flaky.URL)
	t.Setenv("CORDON_TOKEN", w.token(pia))
	if out, err := commanded("sbom", "upload", file, "--product", "Infuser", "--product-version", "4.1"); err != nil || out != first {
		t.Errorf("over a bad line: %v %s", err, out)
	}
	t.Setenv("CORDON_TOKEN", "")
	if _, err := commanded("sbom", "findings", "--product", "Infuser"); err == nil || !strings.Contains(err.Error(), "CORDON_TOKEN") {
		t.Errorf("without a token: %v", err)
	}
}

// Records taken in at a data folder that no server has open.
func TestVulnsImportFolder(t *testing.T) {
	dir := t.TempDir()
	w := closedWorld(t, plan{Data: dir, Clock: clock.System()})
	w.found()
	person := w.person(w.org("Pumps", policy.Manufacturer), "Pia Pump")
	if err := w.house.close(); err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, "osv.jsonl", strings.ReplaceAll(oneOSV, "\n", "")+"\n{\"id\":7}\n")
	for range 2 {
		if out, err := commanded("vulns", "import", file, "--kind", "osv", "--data", dir, "--person", person); err != nil || !strings.Contains(out, "2 records read; 1 added, 0 changed, 0 known already, 1 skipped") {
			t.Errorf("%v %s", err, out)
		}
	}
	var code exitCode
	if _, err := commanded("vulns", "import", file, "--kind", "osv"); !errors.As(err, &code) || code != 2 {
		t.Errorf("nowhere: %v", err)
	}
}

// SBOMs are checked against files, with nothing but those.
func TestVulnsMatch(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	sbom, records := writeFile(t, "infuser.json", oneSBOM), writeFile(t, "osv.json", oneOSV)
	kev := writeFile(t, "kev.json", `{"title":"KEV","catalogVersion":"2026.01.01","dateReleased":"2026-01-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2026-0001","vendorProject":"Left","product":"Ish","vulnerabilityName":"A hole","dateAdded":"2026-01-01","shortDescription":"A hole.","requiredAction":"Mend it.","dueDate":"2026-02-01","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`)
	known := writeFile(t, "known.json", strings.Replace(oneOSV, `"summary"`, `"aliases":["CVE-2026-0001"],"summary"`, 1))
	out, err := commanded("vulns", "match", "--sbom", sbom, "--osv", records, "--json")
	var line findingLine
	if e := json.Unmarshal([]byte(out), &line); err != nil || e != nil || line.Vulnerability != "GHSA-aaaa-bbbb-cccc" || line.PURL != "pkg:npm/leftish@1.0.0" || *line.Severity != 9.8 || len(line.Why) != 1 || line.Exploited || line.SBOM != sbom {
		t.Errorf("%v %v %s", err, e, out)
	}
	if out, err := commanded("vulns", "match", "--sbom", sbom, "--osv", records, "--fail-on", "exploited"); err != nil || !strings.Contains(out, "GHSA-aaaa-bbbb-cccc  9.8  leftish 1.0.0  affected") {
		t.Errorf("%v %s", err, out)
	}
	if out, err := commanded("vulns", "match", "--sbom", sbom, "--osv", known, "--kev", kev, "--fail-on", "exploited"); err == nil || !strings.Contains(err.Error(), "1 open finding is known to be exploited") || !strings.Contains(out, "CVE-2026-0001  9.8  leftish 1.0.0  affected, exploited") {
		t.Errorf("exploited: %v %s", err, out)
	}
	if out, err := commanded("vulns", "match", "--sbom", sbom, "--kev", kev); err != nil || !strings.Contains(out, "not the same as not affected") {
		t.Errorf("nothing: %v %s", err, out)
	}
	if out, err := commanded("vulns", "match", "--sbom", records, "--osv", records); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		t.Errorf("no SBOM: %v %s", err, out)
	}
	if out, err := commanded("vulns", "match", "--sbom", sbom, "--osv", sbom); err == nil || !strings.Contains(err.Error(), "holds no record of osv") {
		t.Errorf("no records: %v %s", err, out)
	}
	var code exitCode
	if _, err := commanded("vulns", "match", "--sbom", sbom); !errors.As(err, &code) || code != 2 {
		t.Errorf("without records: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "cordon-match-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
