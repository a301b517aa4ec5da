package api

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// ofDevices reports whether an operation is checked by the tests of devices.
func (h *house) ofDevices(r httpkit.Route) bool {
	switch operationOf(h.srv.table.huma.OpenAPI(), r.Method, r.Path).Tags[0] {
	case "Products", "SBOMs", "Deployments", "Findings", "Known vulnerabilities", "Alerts":
		return true
	}
	return false
}

// settle has what was sent read, compared and told.
func (h *house) settle() {
	h.t.Helper()
	ctx, program := h.t.Context(), policy.System("test")
	follow := func(f ledger.Follower) {
		for {
			n, err := h.ledger.Step(ctx, f)
			h.ok(err)
			if n == 0 {
				return
			}
		}
	}
	var sboms, batches []string
	h.ok(h.db.Read(ctx, program, func(v *db.View) (err error) {
		if err := v.Each(`SELECT s.id FROM visible.devices_sboms s WHERE s.state = 'queued' ORDER BY s.n`, nil, func(s db.Scanner) error {
			var id string
			err := s.Scan(&id)
			sboms = append(sboms, id)
			return err
		}); err != nil {
			return err
		}
		return v.Each(`SELECT b.id FROM visible.vulns_batches b WHERE b.state IN ('queued', 'running') ORDER BY b.at`, nil, func(s db.Scanner) error {
			var id string
			err := s.Scan(&id)
			batches = append(batches, id)
			return err
		})
	}))
	for _, id := range sboms {
		_, err := h.srv.Devices.ReadSBOM(ctx, h.db, program, id, nil)
		h.ok(err)
	}
	for _, id := range batches {
		_, err := h.srv.Vulns.Read(ctx, h.db, program, id, nil)
		h.ok(err)
	}
	follow(h.srv.Matching.Follower())
	for more := true; more; {
		var err error
		more, err = h.srv.Matching.Step(ctx, h.db, program)
		h.ok(err)
	}
	follow(h.srv.Alerts.Follower())
}

// aSBOM is a small document of one component, which is called by its version.
func aSBOM(lib, version string) string {
	return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79","version":1,"metadata":{"timestamp":"2026-01-01T00:00:00Z","component":{"type":"device","bom-ref":"root","name":"Infuser","version":"4.1"}},
 "components":[{"type":"library","bom-ref":"mid","name":"%[1]s-host","version":"1.0","purl":"pkg:npm/%[1]s-host@1.0"},{"type":"library","bom-ref":"lib","name":"%[1]s","version":"%[2]s","purl":"pkg:npm/%[1]s@%[2]s"}],
 "dependencies":[{"ref":"root","dependsOn":["mid"]},{"ref":"mid","dependsOn":["lib"]}]}`, lib, version)
}

// anOSV is a record of a vulnerability in a component before a version.
func anOSV(id, lib, fixed string) string {
	return fmt.Sprintf(`{"schema_version":"1.6.0","id":%q,"modified":"2026-02-01T00:00:00Z","published":"2026-01-15T00:00:00Z","summary":"Prototype pollution in %s","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"npm","name":%q},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":%q}]}]}]}`, id, lib, lib, fixed)
}

// furnishDevices adds one of everything of Pump's and one deployment of Ward's, none
// of which lea may know of.
func (h *house) furnishDevices() {
	h.t.Helper()
	x, d := h.hiddenCase, h.srv.Devices
	ctx := h.t.Context()
	x["known"] = "ZEBRA-2026-1"
	write := func(by string, fn func(tx *db.Tx) error) {
		h.clock.Add(time.Second)
		h.write(by, fn)
	}
	write(h.pia, func(tx *db.Tx) (err error) {
		x["product"], _, err = d.AddProduct(tx, devices.ProductForm{Name: "Zebra infuser", Software: true, Label: policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(h.pump), policy.OfOrg(h.ward))}})
		return err
	})
	write(h.pia, func(tx *db.Tx) (err error) {
		x["version"], err = d.AddVersion(tx, x["product"], devices.VersionForm{Name: "4.1"})
		return err
	})
	write(h.pia, func(tx *db.Tx) (err error) {
		x["alias"], err = d.AddAlias(tx, x["product"], devices.AliasForm{Name: "Zebrafuser", Why: "Its name until 2020."})
		return err
	})
	f, err := d.AddDocument(ctx, h.db, h.as(h.pia), devices.NewDocument{Product: x["product"], Kind: "mds2", Name: "zebra.txt", Size: 5, From: strings.NewReader("zebra")})
	h.ok(err)
	x["document"] = f.ID
	b, err := d.AcceptSBOM(ctx, h.db, h.as(h.pia), devices.NewSBOM{Product: x["product"], Version: "4.1", Name: "zebra.json", Via: "api", Label: policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfOrg(h.pump), policy.OfOrg(h.ward))}}, strings.NewReader(aSBOM("zebra", "1.0.0")))
	h.ok(err)
	x["sbom"] = b.ID
	v, err := h.srv.Vulns.Accept(ctx, h.db, h.as(h.pia), vulns.NewBatch{Name: "zebra.json", Kind: vulns.OSV}, strings.NewReader(anOSV(x["known"], "zebra", "2.0.0")))
	h.ok(err)
	x["vbatch"] = v.ID
	write(h.wim, func(tx *db.Tx) (err error) {
		x["deployment"], _, err = d.Deploy(tx, devices.DeploymentForm{Product: x["product"], Version: "4.1", Count: 2})
		return err
	})
	h.settle()
	write(h.pia, func(tx *db.Tx) error {
		fs, err := h.srv.Matching.OfProduct(tx.View, x["product"], "4.1", matching.Query{})
		if err == nil && len(fs) != 1 {
			err = fmt.Errorf("%d findings", len(fs))
		}
		if err != nil {
			return err
		}
		x["find"] = fs[0].ID
		x["vex"], err = h.srv.Matching.Say(tx, matching.NewSaying{Product: x["product"], Vuln: x["known"], Status: "under_investigation", Notes: "zebra"})
		return err
	})
	write(h.pia, func(tx *db.Tx) (err error) {
		x["alert"], err = h.srv.Alerts.Draft(tx, alerts.Form{Class: alerts.Digest, Content: alerts.Content{Title: "Zebra infusers", DoNow: "Call us.", TLP: policy.AmberStrict, Affected: []alerts.Affected{{Product: x["product"]}}}})
		return err
	})
	write(h.pol, func(tx *db.Tx) error { return h.srv.Alerts.Approve(tx, x["alert"], 1) })
	write(h.pia, func(tx *db.Tx) error { return h.srv.Alerts.Send(tx, x["alert"], 1) })
	write(h.wim, func(tx *db.Tx) error {
		n, err := h.srv.Alerts.NoticeOf(tx.View, x["alert"])
		if err != nil {
			return err
		}
		x["alert-notice"] = n.ID
		x["inquiry"], err = h.srv.Alerts.Ask(tx, n.ID, "Which zebras?")
		return err
	})
}

// deviceBodies are bodies that get past the description of each operation.
var deviceBodies = map[string]string{
	"edit-product": `{"revision":1}`, "add-version": `{"name":"1"}`, "edit-version": `{}`, "add-alias": `{"why":"a"}`, "move-product": `{"stage":"eos"}`, "relabel-product": `{"label":{"tlp":"RED","audience":[]}}`,
	"tighten-sbom": `{"label":{"tlp":"AMBER+STRICT","audience":["org:org_1"]}}`, "withdraw-sbom": `{"reason":"a"}`, "edit-deployment": `{"revision":1}`, "accept-suggestion": `{"product":"product_1"}`,
	"answer-finding": `{"state":"looking"}`, "say-of-finding": `{"status":"under_investigation"}`, "say-vex": `{"vulnerability":"CVE-2026-1","status":"under_investigation"}`, "edit-vuln-feed": `{}`,
	"answer-notice": `{"answer":"looking"}`, "archive-notice": `{"away":true}`, "ask-about-alert": `{"body":"a"}`, "reply-inquiry": `{"body":"a"}`,
	"edit-alert": `{"revision":1,"class":"now","text":{"title":"a","do_now":"a","tlp":"AMBER","affected":[{"product":"product_1"}]}}`, "approve-alert": `{"revision":1}`, "send-alert": `{"revision":1}`, "withdraw-alert": `{"reason":"a"}`,
}
