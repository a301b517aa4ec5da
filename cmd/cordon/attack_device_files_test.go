package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/vulns"
)

// zipped is an archive of files.
func zipped(t testing.TB, files map[string]io.Reader) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, r := range files {
		f, err := z.Create(name)
		if err == nil {
			_, err = io.Copy(f, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(t testing.TB, r io.Reader) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.Copy(z, r); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestHostileFiles: T-52, T-53 and T-54 at every door that takes files of devices
// and vulnerabilities: what is made to exhaust a reader, and what two readers could
// read differently, is refused in words, soon, and leaves nothing behind. Each
// format has a corpus of its own in its package.
func TestHostileFiles(t *testing.T) {
	w := newTown(t, clock.System())
	mia := subject{bearer: w.bearers["mia"]}
	pump := w.things["product"]["pump"]
	const entity = `<?xml version="1.0"?><!DOCTYPE bom [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><components><component type="library"><name>&c;</name></component></components></bom>`
	const file = `<?xml version="1.0"?><!DOCTYPE bom [<!ENTITY a SYSTEM "file:///etc/passwd">]><bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><components><component type="library"><name>&a;</name></component></components></bom>`
	deep := strings.Repeat(`{"components":[`, 2000)
	sbom := librarySBOM("lodash@4.17.20")
	flaw := npmFlaw("CVE-2026-9001", "lodash", "9.0.0")
	nested := zipped(t, map[string]io.Reader{"a.json": strings.NewReader(flaw)})
	jsons := func(good string) map[string]string {
		return map[string]string{
			"a duplicate key":       strings.Replace(good, "{", `{"version":1,"version":2,`, 1),
			"a key in another case": strings.Replace(good, "{", `{"Version":1,"version":1,`, 1),
			"cut short":             good[:len(good)-2],
			"a tail":                good + "{}",
			"depth":                 deep,
			"broken UTF-8":          strings.Replace(good, "{", "{\"x\":\"\xff\",", 1),
			"another kind":          "GIF89a",
		}
	}
	lines := func(good string) map[string]string { // of which a file may have several records
		all := jsons(good)
		delete(all, "a tail")
		return all
	}
	read := map[string]map[string]string{ // by address
		"/api/v1/sboms?product=" + pump + "&version=9&name=a.json": jsons(sbom),
		"/api/v1/sboms?product=" + pump + "&version=9&name=a.xml":  {"an entity bomb": entity, "an outer entity": file, "depth": strings.Repeat("<a>", 5000)},
		"/api/v1/vuln-batches?kind=osv&name=a.zip": {"a bomb": zipped(t, map[string]io.Reader{"a.json": io.LimitReader(zeroes{}, 64<<20)}), "an archive in it": zipped(t, map[string]io.Reader{"a.zip": strings.NewReader(nested)}),
			"a broken archive": nested[:len(nested)-8], "a way out": zipped(t, map[string]io.Reader{"../../a.json": strings.NewReader(`{"id":`)})},
		"/api/v1/vuln-batches?kind=osv&name=a.json":              lines(flaw),
		"/api/v1/vuln-batches?kind=cve&name=a.json":              lines(`{"dataType":"CVE_RECORD","dataVersion":"5.1"}`),
		"/api/v1/vuln-batches?kind=csaf&name=a.json":             jsons(`{"document":{}}`),
		"/api/v1/products/import?format=gudid&name=a.json":       jsons(`{"results":[]}`),
		"/api/v1/products/" + pump + "/vex/import?name=vex.json": jsons(`{"@context":"https://openvex.dev/ns/v0.2.0","statements":[]}`),
		"/api/v1/deployments/import?name=a.csv":                  {"no text": "GIF89a\x00\x01", "no header": "\n", "an open quote": "maker,model\n\"Medley,Pump\n"},
	}
	desk := map[string]map[string]string{
		"/api/v1/vuln-batches?kind=epss&name=e.gz&tlp=CLEAR&audience=public":    {"a bomb": gzipped(t, io.LimitReader(zeroes{}, 256<<20)), "cut short": gzipped(t, strings.NewReader("#model_version:v1,score_date:2026-11-13T00:00:00+0000\ncve,epss,percentile\n"))[:20]},
		"/api/v1/vuln-batches?kind=kev&name=kev.json&tlp=CLEAR&audience=public": jsons(`{"catalogVersion":"1","vulnerabilities":[]}`),
	}
	vulnsBefore, sent := w.visibleVulns("mia"), 0
	for _, x := range []struct {
		who  subject
		name string
		all  map[string]map[string]string
	}{{mia, "mia", read}, {subject{bearer: w.bearers["dora"]}, "dora", desk}} {
		for path, bodies := range x.all {
			for what, body := range bodies {
				began := time.Now()
				sent++
				got := w.ask(x.who, errand{method: "POST", path: path, kind: "application/octet-stream", body: body})
				why := got.body
				if got.status == http.StatusAccepted {
					why = w.refusedLater(x.name, got)
				} else if got.status < 400 || got.status >= 500 {
					t.Errorf("%s takes %s: %d %s", path, what, got.status, got.body)
				}
				if len(why) < 10 || strings.Contains(why, "goroutine") || strings.Contains(why, "/etc/") {
					t.Errorf("%s says of %s: %q", path, what, why)
				}
				if took := time.Since(began); took > 10*time.Second {
					t.Errorf("%s took %v over %s", path, took, what)
				}
			}
		}
	}
	for what, body := range jsons(`{"projectName":"Pump","projectVersion":"1","autoCreate":false,"bom":"` + base64.StdEncoding.EncodeToString([]byte(sbom)) + `"}`) {
		sent++
		if got := w.ask(mia, errand{method: "PUT", path: "/api/v1/bom", kind: "application/json", body: body}); got.status < 400 || got.status >= 500 {
			t.Errorf("T-53: a pipeline may send %s: %d %s", what, got.status, got.body)
		}
	}
	if after := w.visibleVulns("mia"); after != vulnsBefore {
		t.Errorf("hostile files brought vulnerabilities: %d became %d", vulnsBefore, after)
	}
	w.read(w.viewer(w.people["mia"]), func(v *db.View) error {
		list, err := w.house.devices.SBOMs(v, pump, 100)
		for _, b := range list {
			if b.Version == "9" && b.State == devices.SBOMDone {
				t.Errorf("a hostile SBOM was read: %+v", b)
			}
		}
		return err
	})
	t.Logf("%d files", sent)
}

func (w *town) visibleVulns(who string) (n int) {
	w.t.Helper()
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		list, _, err := w.house.vulns.List(v, vulns.Query{Limit: vulns.MaxPage})
		n = len(list)
		return err
	})
	return n
}

// refusedLater waits for what became of a file that was kept, and says why it was
// refused.
func (w *town) refusedLater(who string, got answerOf) string {
	w.t.Helper()
	id := anyID.FindString(got.header.Get("Location"))
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(5 * time.Millisecond) {
		var why string
		var done bool
		w.read(w.viewer(w.people[who]), func(v *db.View) error {
			if strings.HasPrefix(id, "sbom_") {
				b, err := w.house.devices.SBOM(v, id)
				if err == nil && b.State != devices.SBOMQueued {
					if why, done = b.Why, true; b.State != devices.SBOMBroken {
						w.t.Errorf("the SBOM %s is %s", b.Name, b.State)
					}
				}
				return err
			}
			b, err := w.house.vulns.Batch(v, id)
			if err == nil && b.State != vulns.Queued && b.State != vulns.Running {
				done = true
				for _, p := range b.Problems {
					why += p.Where + ": " + p.Reason + " "
				}
				if b.Added+b.Changed > 0 || b.State != vulns.Broken && b.Skipped == 0 {
					w.t.Errorf("the batch %s is %s: %+v", b.Name, b.State, b)
				}
			}
			return err
		})
		if done {
			return why
		}
	}
	w.t.Errorf("nothing became of %s", id)
	return ""
}

// TestFormulasInTables: T-51. No table of devices that a spreadsheet opens has a
// cell that it would run.
func TestFormulasInTables(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	formulas := []string{"=1+1", "+1", "-2+3", "@SUM(A1)", "=cmd|'/c calc'!A1", "\t=1", "=HYPERLINK(\"https://evil.example\")", "＝1+1", "＋1", "－1", "＠SUM(A1)", "%0A-3+3"}
	for i, f := range formulas {
		if _, err := w.tryDeploy("hal", devices.DeploymentForm{Maker: f + " maker", Model: f, Version: f, Count: 1, Zone: f, Owner: f, Note: fmt.Sprint(f, " ", i)}); err != nil {
			t.Logf("%q is refused: %v", f, err)
		}
	}
	tables := 0
	for _, x := range []struct {
		who  subject
		path string
	}{{subject{cookie: w.cookies["hal"]}, "/deployments.csv"}, {subject{bearer: w.bearers["hal"]}, "/api/v1/deployments/export"}, {subject{cookie: w.cookies["hal"]}, "/deployments/template.csv"}, {subject{cookie: w.cookies["mia"]}, "/devices/template.csv"}} {
		got := w.ask(x.who, errand{method: "GET", path: x.path})
		if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment") {
			t.Errorf("T-51: %s: %d %s", x.path, got.status, got.header)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Errorf("%s: %v", x.path, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") || strings.HasPrefix(cell, "＝") || strings.HasPrefix(cell, "＋") || strings.HasPrefix(cell, "－") || strings.HasPrefix(cell, "＠") {
					t.Errorf("T-51: %s has the cell %q", x.path, cell)
				}
			}
		}
		tables += len(rows)
	}
	if tables < len(formulas) {
		t.Errorf("only %d rows", tables)
	}
}

// TestDeviceSwaps: T-10. What is written about a thing of one's own may name
// nothing foreign, and a foreign thing is not written about: it is denied and
// changes nothing.
func TestDeviceSwaps(t *testing.T) {
	w := newTown(t, clock.NewManual(townEpoch))
	of := func(kind, name string) string { return w.things[kind][name] }
	text := func(product string) string {
		return `{"text":{"title":"T","do_now":"Stop","affected":[{"product":"` + product + `"}],"tlp":"AMBER"},"class":"today"}`
	}
	for _, x := range []struct{ name, who, method, path, body string }{
		{"a version of another's product", "mia", "POST", "/api/v1/products/" + of("product", "shared") + "/versions", `{"name":"9"}`},
		{"another's product", "mia", "PATCH", "/api/v1/products/" + of("product", "shared"), `{"revision":1,"name":"Ours now"}`},
		{"another name of another's product", "mia", "POST", "/api/v1/products/" + of("product", "shared") + "/aliases", `{"name":"Infusion","why":"So."}`},
		{"another's product's label", "mia", "POST", "/api/v1/products/" + of("product", "shared") + "/relabel", `{"label":{"tlp":"AMBER","audience":["org:` + w.orgs["med"] + `"]},"why":"less"}`},
		{"the consent of one's own request", "mia", "POST", "/api/v1/product-relabels/" + w.relabels["product-pair"] + "/approve", ``},
		{"the consent of another house", "mo", "POST", "/api/v1/product-relabels/" + w.relabels["shade-product"] + "/approve", ``},
		{"an SBOM for another's product", "mia", "POST", "/api/v1/sboms?product=" + of("product", "shared"), librarySBOM("lodash@4.17.21")},
		{"an SBOM for a hidden product", "mia", "POST", "/api/v1/sboms?product=" + of("product", "shade"), librarySBOM("lodash@4.17.21")},
		{"another's SBOM withdrawn", "hal", "POST", "/api/v1/sboms/" + of("sbom", "pump") + "/withdraw", `{"reason":"It is wrong."}`},
		{"another's SBOM tightened", "hal", "POST", "/api/v1/sboms/" + of("sbom", "pump") + "/tighten", `{"label":{"tlp":"AMBER","audience":["org:` + w.orgs["hosp"] + `"]}}`},
		{"a deployment of a hidden product", "hal", "POST", "/api/v1/deployments", `{"product":"` + of("product", "shade") + `","count":1}`},
		{"a deployment said to be of a hidden product", "hal", "POST", "/api/v1/deployments/" + of("deployment", "hosp-words") + "/product", `{"product":"` + of("product", "shade") + `"}`},
		{"another hospital's deployment", "hal", "PATCH", "/api/v1/deployments/" + of("deployment", "shade-pump"), `{"revision":1,"count":2}`},
		{"another hospital's deployment retired", "hal", "POST", "/api/v1/deployments/" + of("deployment", "shade-pump") + "/retire", ``},
		{"a hospital's deployment, by the desk", "dora", "PATCH", "/api/v1/deployments/" + of("deployment", "hosp"), `{"revision":1,"count":2}`},
		{"an answer to a hidden finding", "hal", "POST", "/api/v1/findings/" + of("find", "shade-0") + "/answer", `{"state":"looking"}`},
		{"a word on a hidden product", "mia", "POST", "/api/v1/products/" + of("product", "shade") + "/vex", `{"vulnerability":"CVE-2026-1001","status":"fixed"}`},
		{"an alert about another's product", "mia", "POST", "/api/v1/alerts", text(of("product", "shared"))},
		{"an alert about a hidden product", "mia", "POST", "/api/v1/alerts", text(of("product", "shade"))},
		{"an alert about a hidden product, by the desk", "dora", "POST", "/api/v1/alerts", text(of("product", "shade"))},
		{"an alert by a hospital", "hal", "POST", "/api/v1/alerts", text(of("product", "pump"))},
		{"another's alert sent", "hal", "POST", "/api/v1/alerts/" + of("alert", "draft") + "/send", `{"revision":1}`},
		{"another's alert sent, by the desk", "dora", "POST", "/api/v1/alerts/" + of("alert", "draft") + "/send", `{"revision":1}`},
		{"an alert that nobody approved", "mia", "POST", "/api/v1/alerts/" + of("alert", "draft") + "/send", `{"revision":1}`},
		{"another's alert withdrawn", "sam", "POST", "/api/v1/alerts/" + of("alert", "pump") + "/withdraw", `{"reason":"It is wrong."}`},
		{"another hospital's notice answered", "hal", "POST", "/api/v1/alert-notices/" + of("told", "shade-pump") + "/answer", `{"answer":"fixed"}`},
		{"a hospital's notice answered, by its sender", "mia", "POST", "/api/v1/alert-notices/" + of("told", "hosp") + "/answer", `{"answer":"fixed"}`},
		{"another hospital's notice put away", "hal", "POST", "/api/v1/alert-notices/" + of("told", "shade-pump") + "/archive", `{"away":true}`},
		{"a question about another's notice", "hal", "POST", "/api/v1/alert-notices/" + of("told", "shade") + "/inquiries", `{"body":"Why?"}`},
		{"another's question gone on with", "hal", "POST", "/api/v1/inquiries/" + of("inquiry", "shade") + "/messages", `{"body":"Why?"}`},
		{"another's question revealed", "mia", "POST", "/api/v1/inquiries/" + of("inquiry", "hosp") + "/reveal", ``},
		{"records for everybody, by a member", "mia", "POST", "/api/v1/vuln-batches?kind=osv&tlp=CLEAR&audience=public", npmFlaw("CVE-2026-9001", "lodash", "9.0.0")},
		{"a file for a feed, by a member", "mia", "POST", "/api/v1/vuln-batches?kind=osv&feed=" + of("feed", "osv"), npmFlaw("CVE-2026-9001", "lodash", "9.0.0")},
		{"another's batch stopped", "hal", "POST", "/api/v1/vuln-batches/" + of("vbatch", "pair") + "/stop", ``},
		{"a feed, by a member", "mia", "POST", "/api/v1/vuln-feeds", `{"name":"F","kind":"osv","place":"file"}`},
		{"the desk's feed removed", "mia", "DELETE", "/api/v1/vuln-feeds/" + of("feed", "osv"), ``},
		{"a feed from a folder of the machine", "dora", "POST", "/api/v1/vuln-feeds", `{"name":"F","kind":"osv","place":"folder","address":"/etc"}`},
		{"a feed from inside", "dora", "POST", "/api/v1/vuln-feeds", `{"name":"F","kind":"osv","place":"url","address":"http://127.0.0.1/x"}`},
		{"how another's alert was received", "sam", "GET", "/api/v1/alerts/" + of("alert", "pump") + "/funnel", ``},
		{"how an alert to everybody was received", "hal", "GET", "/api/v1/alerts/" + of("alert", "green") + "/funnel", ``},
		{"who holds another's product", "mia", "GET", "/api/v1/alerts/reach?product=" + of("product", "shared"), ``},
		{"who holds a product, by a hospital", "hal", "GET", "/api/v1/alerts/reach?product=" + of("product", "pump"), ``},
		{"findings of another's project by name", "hal", "GET", "/api/v1/findings?product=" + url.QueryEscape("Zebrafish pump"), ``},
	} {
		before := w.facts()
		for _, s := range []subject{{cookie: w.cookies[x.who]}, {bearer: w.bearers[x.who]}, {bearer: w.bearers[x.who+"/read"]}} {
			kind := "application/json"
			if strings.Contains(x.path, "?") {
				kind = "application/octet-stream"
			}
			got := w.ask(s, errand{method: x.method, path: x.path, body: x.body, kind: kind})
			if got.status < 400 || got.status >= 500 {
				t.Errorf("T-10: %s, by %s: %d %s", x.name, x.who, got.status, got.body)
			}
		}
		if after := w.facts(); after != before {
			t.Errorf("T-10: %s: %d facts became %d: %v", x.name, before, after, w.newest(after-before))
		}
	}
}
