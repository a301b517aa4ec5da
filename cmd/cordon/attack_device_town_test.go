package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// librarySBOM is a small SBOM of npm libraries, each "name@version".
func librarySBOM(libs ...string) string {
	var parts, refs []string
	for _, l := range libs {
		name, version, _ := strings.Cut(l, "@")
		parts = append(parts, fmt.Sprintf(`{"type":"library","bom-ref":"%s","name":"%s","version":"%s","purl":"pkg:npm/%s@%s"}`, l, name, version, name, version))
		refs = append(refs, `"`+l+`"`)
	}
	return `{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":"pump"}},"components":[` + strings.Join(parts, ",") +
		`],"dependencies":[{"ref":"root","dependsOn":[` + strings.Join(refs, ",") + `]}]}`
}

// npmFlaw is an OSV record about an npm library, affected before a version. Its
// words are searched for, and it was modified in the town's days.
func npmFlaw(id, lib, fixed string, aliases ...string) string {
	list := ""
	if len(aliases) > 0 {
		list = `,"aliases":["` + strings.Join(aliases, `","`) + `"]`
	}
	return fmt.Sprintf(`{"schema_version":"1.6.0","id":"%s","modified":"2026-11-13T09:00:00Z","published":"2026-11-13T09:00:00Z","summary":"Firmware of %s answers on telnet","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]%s,"affected":[{"package":{"ecosystem":"npm","name":"%s"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"%s"}]}]}]}`,
		id, lib, list, lib, fixed)
}

// productOf adds a product under a name.
func (w *town) productOf(name, who string, in devices.ProductForm) string {
	w.t.Helper()
	var id string
	w.did(who, func(tx *db.Tx) (err error) { id, _, err = w.house.devices.AddProduct(tx, in); return err })
	return w.thing("product", name, id)
}

// sbomOf has somebody send an SBOM, and waits until it is read.
func (w *town) sbomOf(name, who, product, version string, l policy.Label, body string) {
	w.t.Helper()
	id, err := w.trySBOM(who, product, version, l, body)
	if err != nil {
		w.t.Fatalf("%s sends an SBOM: %v", who, err)
	}
	w.thing("sbom", name, id)
}

func (w *town) trySBOM(who, product, version string, l policy.Label, body string) (string, error) {
	b, err := w.house.devices.AcceptSBOM(context.Background(), w.house.db, w.viewer(w.people[who]), devices.NewSBOM{Product: product, Version: version, Name: "bom.json", Via: "page", Label: l}, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	for began := time.Now(); b.State == devices.SBOMQueued; time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			w.t.Fatalf("the SBOM %s is not read: %+v", b.ID, b)
		}
		w.read(program, func(v *db.View) (err error) { b, err = w.house.devices.SBOM(v, b.ID); return err })
	}
	if b.State != devices.SBOMDone {
		w.t.Fatalf("the SBOM is %s: %s", b.State, b.Why)
	}
	return b.ID, nil
}

// brings has somebody send a file of vulnerabilities, and waits until it is read.
func (w *town) brings(name, who string, kind vulns.Kind, l policy.Label, feed, body string) {
	w.t.Helper()
	id, err := w.tryBring(who, kind, l, feed, body)
	if err != nil {
		w.t.Fatalf("%s brings vulnerabilities: %v", who, err)
	}
	w.thing("vbatch", name, id)
}

func (w *town) tryBring(who string, kind vulns.Kind, l policy.Label, feed, body string) (string, error) {
	b, err := w.house.vulns.Accept(context.Background(), w.house.db, w.viewer(w.people[who]), vulns.NewBatch{Name: "flaws", Kind: kind, Label: l, Feed: feed}, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	for began := time.Now(); b.State == vulns.Queued || b.State == vulns.Running; time.Sleep(2 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			w.t.Fatalf("the batch %s is not read: %+v", b.ID, b)
		}
		w.read(program, func(v *db.View) (err error) { b, err = w.house.vulns.Batch(v, b.ID); return err })
	}
	if b.State != vulns.Done || b.Skipped != 0 {
		w.t.Fatalf("the batch is %s, %d records were passed over: %+v", b.State, b.Skipped, b.Problems)
	}
	return b.ID, nil
}

// deploysOf has a hospital run something, under a name.
func (w *town) deploysOf(name, who string, in devices.DeploymentForm) string {
	w.t.Helper()
	id, err := w.tryDeploy(who, in)
	if err != nil {
		w.t.Fatalf("%s deploys: %v", who, err)
	}
	return w.thing("deployment", name, id)
}

func (w *town) tryDeploy(who string, in devices.DeploymentForm) (id string, err error) {
	w.tick(time.Second)
	err = w.try(who, func(tx *db.Tx) (err error) { id, _, err = w.house.devices.Deploy(tx, in); return err })
	return id, err
}

// alertOf has somebody write, another approve, and the first send an alert.
func (w *town) alertOf(name, writes, approves string, f alerts.Form) string {
	w.t.Helper()
	id, err := w.tryAlert(writes, approves, f)
	if err != nil {
		w.t.Fatalf("%s writes an alert: %v", writes, err)
	}
	return w.thing("alert", name, id)
}

func (w *town) tryAlert(writes, approves string, f alerts.Form) (id string, err error) {
	x := w.house.alerts
	w.tick(time.Second)
	if err = w.try(writes, func(tx *db.Tx) (err error) { id, err = x.Draft(tx, f); return err }); err != nil {
		return "", err
	}
	if err = w.try(approves, func(tx *db.Tx) error { return x.Approve(tx, id, 1) }); err != nil {
		return id, err
	}
	return id, w.try(writes, func(tx *db.Tx) error { return x.Send(tx, id, 1) })
}

// noticeFor is somebody's notice of an alert, or "".
func (w *town) noticeFor(who, alert string) (id string) {
	w.t.Helper()
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		n, err := w.house.alerts.NoticeOf(v, alert)
		if fault.Is(err, fault.Missing) {
			return nil
		}
		id = n.ID
		return err
	})
	return id
}

// warns is the text of an alert about a product.
func warns(title, product, versions string, tlp policy.TLP) alerts.Form {
	return alerts.Form{Class: alerts.Today, Content: alerts.Content{Title: title, DoNow: "Unplug the network.", What: "Telnet is open in its firmware.", TLP: tlp, Affected: []alerts.Affected{{Product: product, Range: versions}},
		Clinical: alerts.Clinical{Downtime: "yes", Seconds: 600, Restart: "yes"}, Vulns: []string{"CVE-2026-1001"}}}
}

// matches brings what follows the record up to date: what holds what, what is
// compared, who is told. It goes on in the background too, and two towns must be
// asked when both are as far.
func (w *town) matches() {
	w.t.Helper()
	ctx := context.Background()
	for idle := 0; idle < 2; idle++ { // what the background does at this very moment is seen the second time
		busy := false
		for _, f := range []struct {
			name string
			step func() (bool, error)
		}{
			{"what to match", func() (bool, error) {
				n, err := w.house.ledger.Step(ctx, w.house.matching.Follower())
				return n > 0, err
			}},
			{"who holds what", func() (bool, error) { n, err := w.house.ledger.Step(ctx, w.house.alerts.Follower()); return n > 0, err }},
			{"matching", func() (bool, error) {
				more, err := w.house.matching.Step(ctx, w.house.db, matcher)
				if err != nil || more {
					return more, err
				}
				err = w.house.db.Read(ctx, program, func(v *db.View) error {
					n, err := w.house.matching.Waiting(v)
					more = n > 0
					return err
				})
				return more, err
			}},
			{"alerts", func() (bool, error) { return w.house.alerts.Step(ctx, w.house.db, teller) }},
		} {
			more, err := f.step()
			if err != nil {
				w.t.Fatalf("%s: %v", f.name, err)
			}
			busy = busy || more
		}
		if busy {
			idle = -1
		}
	}
}

// settled is matches, if something was recorded since.
func (w *town) settled() {
	w.t.Helper()
	size := func() (n int64) {
		w.read(program, func(v *db.View) (err error) {
			n, err = w.house.ledger.Size(v)
			return err
		})
		return n
	}
	if n := size(); n != w.upTo {
		w.matches()
		w.upTo = size()
	}
}

// findsOf keeps the findings that somebody sees on a product.
func (w *town) findsOf(name, who, product string) {
	w.t.Helper()
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		fs, err := w.house.matching.OfProduct(v, product, "", matching.Query{Limit: 100})
		if err == nil && len(fs) == 0 {
			w.t.Errorf("%s sees no finding on %s", who, name)
		}
		for i, f := range fs {
			w.thing("find", fmt.Sprint(name, "-", i), f.ID)
		}
		return err
	})
}

// equips furnishes a town with products, SBOMs, vulnerabilities, deployments and
// alerts: under each label something of subjects and something of the shade. The
// product called shared is everybody's to know, but its SBOM, its holders and what
// its maker says of it are the shade's.
func (w *town) equips() {
	green := labelled(policy.Green, policy.Community)
	clear := labelled(policy.Clear, policy.Public)
	pair := labelled(policy.Amber, w.ofOrg("med", "hosp")...)
	shade := labelled(policy.Amber, w.ofOrg("shade", "umbra")...)
	d, m := w.house.devices, w.house.matching

	w.did("dora", func(tx *db.Tx) error {
		id, err := w.house.vulns.AddFeed(tx, vulns.NewFeed{Name: "Open source", Kind: vulns.OSV, Place: vulns.PlaceFile, Label: clear})
		w.thing("feed", "osv", id)
		return err
	})
	w.brings("open", "dora", vulns.OSV, labelled("", nil...), w.things["feed"]["osv"], `[`+npmFlaw("GHSA-aaaa-bbbb-cccc", "lodash", "4.17.21", "CVE-2026-1001")+`,`+npmFlaw("CVE-2026-1002", "minimist", "1.2.6")+`]`)
	w.brings("kev", "dora", vulns.KEV, clear, "", `{"title":"KEV","catalogVersion":"2026.11.13","dateReleased":"2026-11-13T09:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2026-1002","vendorProject":"minimist","product":"minimist","vulnerabilityName":"Firmware flaw","dateAdded":"2026-11-13","shortDescription":"Telnet.","requiredAction":"Update.","dueDate":"2026-12-04","knownRansomwareCampaignUse":"Unknown","notes":"","cwes":[]}]}`)
	w.brings("epss", "dora", vulns.EPSS, clear, "", "#model_version:v2025.03.14,score_date:2026-11-13T00:00:00+0000\ncve,epss,percentile\nCVE-2026-1001,0.5,0.9\nCVE-2026-1002,0.25,0.8\n")
	w.brings("pair", "mia", vulns.OSV, pair, "", npmFlaw("MEDLEY-2026-0001", "lodash", "5.0.0"))
	w.brings("shade", "sam", vulns.OSV, shade, "", `[`+npmFlaw("ZEBRA-2026-0001", "lodash", "9.0.0", "CVE-2026-1001")+`,`+npmFlaw("ZEBRA-2026-0002", "quokka", "2.0.0")+`]`)
	for name, id := range map[string]string{"ghsa": "GHSA-aaaa-bbbb-cccc", "lodash": "CVE-2026-1001", "minimist": "CVE-2026-1002", "pair": "MEDLEY-2026-0001", "shade": "ZEBRA-2026-0002"} {
		w.thing("known", name, id)
	}

	w.productOf("pump", "mia", devices.ProductForm{Name: "Infusion Pump 500", Models: []string{"IP500"}, Software: true, Connectors: []string{devices.Connectors()[0]}, EOS: "2027-01-31", Label: green})
	w.productOf("pair", "mia", devices.ProductForm{Name: "Pump for two", Software: true, Label: pair})
	w.productOf("own", "mia", devices.ProductForm{Name: "Medley's next pump"})
	w.productOf("public", "dora", devices.ProductForm{Maker: "Forgotten Firm", Name: "Telnet monitor", Label: clear})
	w.productOf("shared", "sam", devices.ProductForm{Name: "Shade monitor", Software: true, Label: green})
	w.productOf("shade", "sam", devices.ProductForm{Name: "Zebrafish pump", Models: []string{"Quokka 7"}, Software: true, Label: shade})
	for name, who := range map[string]string{"pump": "mia", "shade": "sam"} {
		product := w.things["product"][name]
		w.did(who, func(tx *db.Tx) error {
			v, err := d.AddVersion(tx, product, devices.VersionForm{Name: "4.1", Released: "2026-01-02", Note: "Firmware of " + name})
			if err != nil {
				return err
			}
			w.thing("version", name, v)
			a, err := d.AddAlias(tx, product, devices.AliasForm{Name: name + " by another name", Why: "It was renamed."})
			w.thing("alias", name, a)
			return err
		})
		f, err := d.AddDocument(context.Background(), w.house.db, w.viewer(w.people[who]), devices.NewDocument{Product: product, Kind: "mds2", Name: name + ".pdf", Size: int64(len(name)), From: strings.NewReader(name)})
		if err != nil {
			w.t.Fatal(err)
		}
		w.thing("document", name, f.ID)
	}
	w.sbomOf("pump", "mia", w.things["product"]["pump"], "4.1", green, librarySBOM("lodash@4.17.20", "minimist@1.2.0", "express@4.0.0"))
	w.sbomOf("pair", "mia", w.things["product"]["pump"], "4.2", pair, librarySBOM("lodash@4.17.21", "minimist@1.2.5"))
	w.sbomOf("shade-of-shared", "sam", w.things["product"]["shared"], "1.0", shade, librarySBOM("lodash@4.17.1", "minimist@1.0.0", "quokka@1.0.0"))
	w.sbomOf("shade", "sam", w.things["product"]["shade"], "4.1", shade, librarySBOM("lodash@4.17.1", "quokka@1.0.0"))
	w.did("mia", func(tx *db.Tx) error {
		id, err := m.Say(tx, matching.NewSaying{Product: w.things["product"]["pump"], Version: "4.1", Vuln: "CVE-2026-1001", Status: "affected", Action: "Update to 4.2.", Label: green})
		w.thing("vex", "pump", id)
		return err
	})
	w.did("sam", func(tx *db.Tx) error {
		id, err := m.Say(tx, matching.NewSaying{Product: w.things["product"]["shared"], Vuln: "CVE-2026-1001", Status: "not_affected", Impact: "Zebrafish is not reachable.", Label: shade})
		w.thing("vex", "shade", id)
		return err
	})
	w.did("mia", func(tx *db.Tx) (err error) {
		w.relabels["product-pair"], err = d.RelabelProduct(tx, w.things["product"]["pair"], green, "It is announced.")
		return err
	})
	w.did("sam", func(tx *db.Tx) (err error) {
		w.relabels["shade-product"], err = d.RelabelProduct(tx, w.things["product"]["shade"], green, "Zebrafish is announced.")
		return err
	})

	w.deploysOf("hosp", "hal", devices.DeploymentForm{Product: w.things["product"]["pump"], Version: "4.1", Count: 12, Zone: "Ward 7", Owner: "Biomed"})
	w.deploysOf("hosp-words", "hal", devices.DeploymentForm{Maker: "Medley Devices", Model: "Infusion Pump 500", Version: "4.2", Count: 3, Zone: "Ward 8"})
	w.deploysOf("shade", "una", devices.DeploymentForm{Product: w.things["product"]["shade"], Version: "4.1", Count: 5, Zone: "Zebrafish ward"})
	w.deploysOf("shade-pump", "una", devices.DeploymentForm{Product: w.things["product"]["pump"], Version: "4.1", Count: 7, Zone: "Quokka ward"})
	w.deploysOf("shade-shared", "una", devices.DeploymentForm{Product: w.things["product"]["shared"], Version: "1.0", Count: 7, Zone: "Quokka ward"})
	w.matches()
	w.findsOf("pump", "hal", w.things["product"]["pump"])
	w.findsOf("shade", "una", w.things["product"]["shade"])
	w.findsOf("shade-shared", "una", w.things["product"]["shared"])

	w.alertOf("pump", "mia", "mo", warns("Pumps may stop", w.things["product"]["pump"], "<= 4.1", policy.Amber))
	w.alertOf("green", "mia", "mo", warns("Pumps answer on telnet", w.things["product"]["pump"], "", policy.Green))
	w.alertOf("shade", "sam", "sid", warns("Zebrafish pumps may stop", w.things["product"]["shade"], "", policy.Amber))
	w.did("mia", func(tx *db.Tx) error {
		id, err := w.house.alerts.Draft(tx, warns("A draft on firmware", w.things["product"]["pump"], "", policy.Amber))
		w.thing("alert", "draft", id)
		return err
	})
	w.did("sam", func(tx *db.Tx) error {
		id, err := w.house.alerts.Draft(tx, warns("A quokka draft", w.things["product"]["shade"], "", policy.Amber))
		w.thing("alert", "shade-draft", id)
		return err
	})
	for name, who := range map[string]string{"joint": "mia", "shade": "sam"} {
		w.did(who, func(tx *db.Tx) error {
			id, err := w.house.cases.DraftHolderNotice(tx, w.things["case"][name], warns("A draft of a case, "+name, w.things["product"][map[string]string{"joint": "pump", "shade": "shade"}[name]], "", policy.Amber))
			w.thing("holders", name, id)
			return err
		})
	}
	for name, x := range map[string][2]string{"hosp": {"hal", "pump"}, "hosp-green": {"hal", "green"}, "shade": {"una", "shade"}, "shade-pump": {"una", "pump"}} {
		id := w.noticeFor(x[0], w.things["alert"][x[1]])
		if id == "" {
			w.t.Fatalf("%s has no notice of the alert %s", x[0], x[1])
		}
		w.thing("told", name, id)
	}
	w.asks("hosp", "hal", w.things["told"]["hosp"], "Is firmware 4.1.1 touched, too?")
	w.asks("shade", "una", w.things["told"]["shade"], "Is the zebrafish touched?")
	w.matches()
}

// asks has somebody ask who wrote an alert, and keeps the asker's copy.
func (w *town) asks(name, who, notice, body string) {
	w.t.Helper()
	w.did(who, func(tx *db.Tx) error {
		id, err := w.house.alerts.Ask(tx, notice, body)
		w.thing("inquiry", name, id)
		return err
	})
}
