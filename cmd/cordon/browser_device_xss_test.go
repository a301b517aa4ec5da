package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// devicePages are pages on which attacks in the fields of devices, vulnerabilities
// and alerts stand.
type devicePages struct{ own, hospital, desk []string }

// plantDevices writes the corpus into products, SBOMs, records of vulnerabilities,
// deployments and alerts: every attack in every list, several in each text. hospital
// is who runs the devices.
func (g *garden) plantDevices(corpus []string, officer, writer, hospital string) (pages devicePages) {
	h, ctx := g.house, context.Background()
	pia, pol, hal, dora := g.viewer(officer), g.viewer(writer), g.viewer(hospital), g.viewer(g.desk.Person)
	green := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	clear := policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}
	line := func(i, n int) string {
		i %= len(corpus)
		return clip(written(strings.ReplaceAll(corpus[i], "\n", " ")), n) + mark(i)
	}
	text := func(at int) string {
		var all []string
		for i := range 20 {
			all = append(all, written(corpus[(at+i)%len(corpus)])+mark((at+i)%len(corpus)))
		}
		return clip(strings.Join(all, "\n\n"), 3500)
	}
	try := func(who policy.Viewer, field string, fn func(tx *db.Tx) error) bool {
		return g.note(field, h.db.Write(ctx, who, fn))
	}
	// A document with NUL in a text is refused as a whole, which is tested where it is read.
	quoted := func(s string) string {
		b, _ := json.Marshal(strings.ReplaceAll(strings.ToValidUTF8(s, "?"), "\x00", "?"))
		return string(b)
	}

	var products []string
	g.each(pia, "product", corpus, func(tx *db.Tx, i int, s string) error {
		id, _, err := h.devices.AddProduct(tx, devices.ProductForm{Name: line(i, 120), Models: []string{line(i+1, 80), line(i+2, 80)}, Description: text(i), Essential: text(i), Catalog: line(i, 60), Software: true, EOS: "2027-01-01", Label: green})
		if err == nil {
			products = append(products, id)
		}
		return err
	})
	if len(products) == 0 {
		g.t.Fatal("no product was added")
	}
	product := products[0]
	g.each(dora, "product of another maker", corpus[:40], func(tx *db.Tx, i int, s string) error {
		_, _, err := h.devices.AddProduct(tx, devices.ProductForm{Maker: "Works of " + line(i, 110), Name: "A pump", Label: clear})
		return err
	})
	g.each(pia, "version", corpus, func(tx *db.Tx, i int, s string) error {
		_, err := h.devices.AddVersion(tx, product, devices.VersionForm{Name: line(i, 60), Note: line(i, 200)})
		return err
	})
	g.each(pia, "other name", corpus[:90], func(tx *db.Tx, i int, s string) error {
		_, err := h.devices.AddAlias(tx, product, devices.AliasForm{Maker: line(i, 60), Name: line(i+90, 60), Why: line(i+180, 200)})
		return err
	})
	for i := range 40 {
		_, err := h.devices.AddDocument(ctx, h.db, pia, devices.NewDocument{Product: product, Kind: "other", Title: line(7*i, 100), Name: line(7*i, 80) + ".html", Size: 1, From: strings.NewReader("x")})
		g.note("document", err)
	}
	try(pia, "stage", func(tx *db.Tx) error {
		_, err := h.devices.MoveStage(tx, product, devices.LimitedSupport, clip(text(0), 900))
		return err
	})

	// An SBOM of attacks: they stand in a document that another made, as they are.
	var parts, flaws []string
	for i, s := range corpus {
		parts = append(parts, fmt.Sprintf(`{"type":"library","bom-ref":"c%d","name":%s,"version":%s,"supplier":{"name":%s},"description":%s,"purl":"pkg:npm/lib%d@1.0.0"}`, i, quoted(clip(s, 100)+mark(i)), quoted(clip(s, 50)), quoted(clip(s, 100)), quoted(clip(s, 200)), i))
		flaws = append(flaws, fmt.Sprintf(`{"schema_version":"1.6.0","id":"CVE-2026-%d","modified":"2026-01-01T00:00:00Z","summary":%s,"details":%s,"references":[{"type":"WEB","url":%s}],"severity":[{"type":"CVSS_V3","score":%s}],"affected":[{"package":{"ecosystem":"npm","name":"lib%d"},"versions":["1.0.0",%s],"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`,
			10_000+i, quoted(clip(s, 110)+mark(i)), quoted(s), quoted("https://e.example/"+s), quoted(s), i, quoted(s)))
	}
	bill, err := h.devices.AcceptSBOM(ctx, h.db, pia, devices.NewSBOM{Product: product, Version: "1.0", Name: line(3, 100) + ".json", Via: "page", Label: green},
		strings.NewReader(`{"bomFormat":"CycloneDX","specVersion":"1.5","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":`+quoted(corpus[3])+`},"authors":[{"name":`+quoted(corpus[4])+`}],"tools":[{"name":`+quoted(corpus[5])+`}]},"components":[`+strings.Join(parts, ",")+`]}`))
	if err != nil {
		g.t.Fatal(err)
	}
	batch, err := h.vulns.Accept(ctx, h.db, dora, vulns.NewBatch{Name: line(9, 100), Kind: vulns.OSV, Label: clear}, strings.NewReader("["+strings.Join(flaws, ",")+"]"))
	if err != nil {
		g.t.Fatal(err)
	}
	for began := time.Now(); bill.State == devices.SBOMQueued || batch.State == vulns.Queued || batch.State == vulns.Running; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			g.t.Fatal("the SBOM and the records of attacks are not read")
		}
		g.read(program, func(v *db.View) (err error) {
			if bill, err = h.devices.SBOM(v, bill.ID); err == nil {
				batch, err = h.vulns.Batch(v, batch.ID)
			}
			return err
		})
	}
	if bill.State != devices.SBOMDone || batch.Added < len(corpus)/2 {
		g.t.Fatalf("the SBOM is %s: %s; of the records, %d were added", bill.State, bill.Why, batch.Added)
	}
	g.kept["component"], g.kept["vulnerability"] = len(parts), batch.Added

	// A hospital's own words.
	var place string
	g.each(hal, "deployment", corpus, func(tx *db.Tx, i int, s string) error {
		id, _, err := h.devices.Deploy(tx, devices.DeploymentForm{Maker: line(i, 80), Model: line(i+1, 80), Version: line(i+2, 50), Zone: line(i+3, 50), Owner: line(i+4, 50), Note: text(i), Count: 1})
		place = id
		return err
	})
	g.write(hal, func(tx *db.Tx) error {
		_, _, err := h.devices.Deploy(tx, devices.DeploymentForm{Product: product, Version: "1.0", Count: 1})
		return err
	})

	w := &town{world: g.world}
	w.matches()
	var finds []string
	g.read(pia, func(v *db.View) error {
		fs, err := h.matching.OfSBOM(v, bill.ID, matching.Query{Limit: 100})
		for _, f := range fs {
			finds = append(finds, f.ID)
		}
		return err
	})
	if len(finds) < 20 {
		g.t.Fatalf("%d findings on the SBOM of attacks", len(finds))
	}
	for i := range 20 {
		try(pia, "statement", func(tx *db.Tx) error {
			_, err := h.matching.Say(tx, matching.NewSaying{Product: product, Version: line(i, 50), Vuln: fmt.Sprint("CVE-2026-", 10_000+i), Status: "affected", Impact: text(20 * i), Action: text(20 * i), Notes: text(20 * i), Label: green})
			return err
		})
		try(hal, "answer to a finding", func(tx *db.Tx) error { return h.matching.Decide(tx, finds[i], "looking", clip(text(20*i), 1900), "") })
	}

	// Alerts, what is answered, and what is asked.
	var alert, notice, inquiry string
	for at := 0; at < len(corpus); at += 60 {
		var drafted string
		if !try(pia, "alert", func(tx *db.Tx) (err error) {
			drafted, err = h.alerts.Draft(tx, alerts.Form{Class: alerts.Today, Content: alerts.Content{Title: line(at, 90), DoNow: clip(line(at+1, 80)+"\n"+line(at+2, 80), 290), What: text(at), TLP: policy.Amber, Vulns: []string{"CVE-2026-10000"},
				Affected: []alerts.Affected{{Product: product, Words: line(at+3, 200)}}, Clinical: alerts.Clinical{Downtime: "yes", Features: clip(text(at), 1900), Workflow: clip(text(at+20), 1900), Note: clip(text(at+40), 1900)}}})
			return err
		}) {
			continue
		}
		alert = drafted
		g.write(pol, func(tx *db.Tx) error { return h.alerts.Approve(tx, alert, 1) })
		g.write(pia, func(tx *db.Tx) error { return h.alerts.Send(tx, alert, 1) })
		g.read(hal, func(v *db.View) error {
			n, err := h.alerts.NoticeOf(v, alert)
			notice = n.ID
			return err
		})
		try(hal, "answer to an alert", func(tx *db.Tx) error { return h.alerts.Answer(tx, notice, alerts.Looking, clip(text(at), 1900)) })
		try(hal, "question about an alert", func(tx *db.Tx) error {
			asked, err := h.alerts.Ask(tx, notice, text(at))
			if err == nil {
				inquiry = asked
			}
			return err
		})
	}
	try(pia, "reason of a withdrawal", func(tx *db.Tx) error { return h.alerts.Withdraw(tx, alert, clip(text(100), 900)) })

	base := "/devices/" + product
	pages.own = []string{"/devices", base, base + "/edit", base + "/versions", base + "/documents", base + "/lifecycle", base + "/findings", base + "/statements", "/sboms/" + bill.ID, "/sboms/" + bill.ID + "?show=all", "/findings/" + finds[0], "/findings/" + finds[len(finds)-1],
		"/devices/contains?q=pkg:npm/lib7", "/alerts/" + alert, "/alerts/written", "/lifecycle", "/vulnerabilities", "/vulnerabilities/CVE-2026-10007", "/vulnerabilities/CVE-2026-10050"}
	pages.hospital = []string{"/deployments", "/deployments/" + place, "/deployments/" + place + "/edit", "/deployments/reconcile", "/exposure", "/exposure/findings?product=" + product, "/alerts", "/alerts/notices/" + notice, "/alerts/inquiries/" + inquiry, "/inbox"}
	pages.desk = []string{"/vulnerabilities/batches", "/vulnerabilities/batches/" + batch.ID, "/alerts/written", "/devices"}
	return pages
}
