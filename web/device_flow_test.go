package web

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// atEnd is the address that a window is at, without its query.
func pathOf(r *reader.Reader) string {
	at, _, _ := strings.Cut(r.Path, "?")
	return at
}

// A manufacturer keeps a product without script: adds, changes, names, documents,
// moves it on and shows it to others; who may not read it finds nothing.
func TestProductWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/devices").Want(200, "No products yet", "Example").Follow("Add a product").Want(200, "Is it a cyber device?", "2 people in 1 organization will see this.")
		pia.Send("/devices", one("maker", "Pump Works", "description", "For wards.")).Want(422, "name", "For wards.")
		pia.Send("/devices", one("name", "Infusor", "udis", "(01)00889842082470(21)SER123")).Want(422, "One thing needs mending")
		pia.Send("/devices", one("name", "Infusor", "udis", "00889842082470", "models", "X1\nX2", "software", "1", "connectors", "wifi", "vulnerable", "1", "eos", "2027-06-30", "announced", "2026-01-15")).
			Want(200, "The product is added", "There is no SBOM yet", "Yes, for all three reasons", "Cyber device", "Support ends on 2027-06-30", "Pump Works")
		product := pathOf(pia)
		pia.Get("/devices").Want(200, "Infusor", "Support")
		pia.Get("/devices?q=infu+x2").Want(200, "Infusor")
		pia.Get("/devices?q=ventilator").Want(200, "No product matches")

		wim := h.visitor(town.Wim)
		wim.Get("/devices").Want(200, "No products yet").Never("Infusor", "Add the first product")
		wim.Get(product).Want(404)
		for _, sub := range []string{"/edit", "/relabel", "/findings", "/lifecycle", "/versions", "/documents", "/statements", "/sboms/new", "/vex/openvex"} {
			wim.Get(product + sub).Want(404)
		}
		wim.Get("/devices/new").Want(404)
		wim.Get("/devices/import").Want(404)

		pia.Get(product+"/edit").Send("/edit", one("name", "", "class", "9")).Want(422, "class")
		pia.Send("/edit", one("name", "Infusor", "class", "2", "codes", "FRN")).Want(200, "The product is changed", "FRN")
		pia.Get(product+"/versions").Send("/versions", one("name", "")).Want(422, "version")
		pia.Send("/versions", one("name", "3.1", "released", "2025-03-01")).Want(200, "The version is added", "3.1", "2025-03-01")
		pia.Send("/versions", one("name", "v3.1")).Want(422, "already")
		pia.Get(product+"/versions").Follow("3.1").Want(200, "Save the version").Send(pathOf(pia), one("eos", "2026-12-31")).Want(200, "The version is changed", "2026-12-31")
		pia.Get(product+"/versions").Send("/aliases", one("name", "Infuser", "why", "")).Want(422, "One thing")
		pia.Send("/aliases", one("name", "Infuser", "why", "as in ICSMA-21-012-01")).Want(200, "The name is added", "Pump Works Infuser", "as in ICSMA-21-012-01")
		pia.Send("/remove", one("why", "")).Want(422, "One thing")
		pia.Send("/remove", one("why", "a mistake")).Want(200, "The name is taken away").Never("Pump Works Infuser")

		pia.Get(product+"/documents").Want(200, "No document yet").Send("/documents", one("kind", "mds2")).Want(422, "Choose a file")
		pia.Send("/documents", one("kind", "mds2", "title", "MDS2 of the Infusor"), reader.File("upload", "mds2.pdf", "%PDF-1.7 and so on")).Want(200, "The document is kept", "MDS2 of the Infusor", "mds2.pdf")
		pia.Follow("MDS2 of the Infusor").Want(200, "%PDF-1.7")

		pia.Get(product+"/lifecycle").Want(200, "less than two years before", "There is no SBOM.", "Limited support").Send("/stage", one("stage", "limited_support")).Want(422, "reason")
		pia.Get(product+"/lifecycle?component=An+old+kernel&impact=yes").Want(200, "Answer each question that is left")
		pia.Get(product+"/lifecycle?component=An+old+kernel&impact=yes&mitigable=yes&continue=yes").Want(200, "Move the product to limited support.", "Support for An old kernel ends.")
		pia.Send("/stage", one("stage", "development", "why", "back")).Want(409, "cannot move")
		pia.Send("/stage", one("stage", "limited_support", "why", "Support for An old kernel ends.")).Want(200, "The product is in its next stage", "Tell those who run it; Tell the public")

		// Showing it to a hospital takes two; taking it away again does not.
		pia.Get(product+"/relabel").Send("/relabel", reader.Fill{"tlp": {"AMBER"}, "audience": {string(town.Pump), string(town.Ward)}, "why": {"They run it."}}).Want(200, "A second person has to agree", "Waits for a second person", "Withdraw the request").Never("/approve")
		wim.Get(product).Want(404)
		pol := h.visitor(town.Pol)
		pol.Get("/devices").Want(200, "1 product waits for a second person").Follow("Look at the request").Want(200, "They run it.").Send("/approve", nil).Want(200, "You agreed.")
		wim.Get("/devices").Want(200, "Infusor").Follow("Infusor").Want(200, "Shared with", "TLP:AMBER", "Nothing open is known").Never("Change the label", "Drop an SBOM")
		wim.Get(product + "/edit").Want(404)
		wim.Get(product+"/versions").Want(200, "3.1").Never("Add a version")
		wim.Get(product+"/documents").Want(200, "MDS2 of the Infusor").Never("Add a document", "Take it away")
		wim.Get(product + "/sboms/new").Want(404)
		pia.Get(product+"/relabel").Send("/relabel", reader.Fill{"tlp": {"AMBER"}, "audience": {string(town.Ward)}}).Want(422, "You could not read this yourself.")
		pia.Get(product+"/relabel").Send("/relabel", reader.Fill{"tlp": {"AMBER"}, "audience": {string(town.Pump)}}).Want(200, "The label was changed at once")
		wim.Get(product).Want(404)
	})
}

// An SBOM is sent, read, looked at from every side, compared, made stricter and
// withdrawn; each finding is decided on by the keeper and by a hospital.
func TestSBOMAndFindingsWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		amber := town.Label(policy.Amber, town.Pump, town.Ward)
		id := h.infusor(amber)
		product := productAt(id)
		pia, wim := h.visitor(town.Pia), h.visitor(town.Wim)
		pia.Get(product).Want(200, "There is no SBOM yet").Follow("Drop an SBOM").Want(200, "Send an SBOM", "Not said")
		pia.Send("/sboms", one("version", "3.1")).Want(422, "Choose a file")
		pia.Send("/sboms", one("version", "3.1"), reader.File("upload", "notes.txt", "not an SBOM at all")).Want(422, "One thing needs mending")
		pia.Send("/sboms", reader.Fill{"version": {"3.1"}, "tlp": {"GREEN"}, "audience": {string(town.Ward)}}, reader.File("upload", "infusor.cdx.json", infusorSBOM)).Want(422, "One thing needs mending")
		pia.Send("/sboms", reader.Fill{"version": {"3.1"}, "tlp": {"AMBER"}, "audience": {string(town.Pump), string(town.Ward)}}, reader.File("upload", "infusor.cdx.json", infusorSBOM)).
			Want(200, "The file is kept, and is being read", "0 %", "Being read")
		sbom := pathOf(pia)
		pia.Get(product).Want(200, "An SBOM is being read.")
		h.readSBOM(strings.TrimPrefix(sbom, "/sboms/"))
		pia.Get(sbom).Want(200, "CycloneDX 1.6", "of 100", "minimum elements", "3 of 5", "infusor.cdx.json")
		pia.Get(sbom+"?show=components&q=lodash").Want(200, "pkg:npm/lodash@4.17.15", "MIT").Never("VxWorks")
		pia.Get(sbom+"?show=components&q=nothing+such").Want(200, "No component matches")
		pia.Get(sbom+"?show=findings").Want(200, "No finding")
		pia.Get(sbom+"?show=tree").Want(200, "No path leads to an open finding.")
		pia.Get(sbom+"?show=tree&all=1").Want(200, "VxWorks", "minimist")
		pia.Get(sbom+"/file").Want(200, `"bom-ref":"pump"`)
		wim.Get(sbom).Want(200, "CycloneDX 1.6").Never("Withdraw", "Make it stricter")

		h.known(vulns.OSV, infusorOSV)
		h.known(vulns.KEV, infusorKEV)
		pia.Get(product).Want(200, "CVE-2026-1111 is known to be exploited in lodash 4.17.15.", "2 open vulnerabilities: 1 critical, 1 medium; 1 known to be exploited.", "2 components with an open finding, and their paths.", "pump-gateway")
		pia.Get("/devices").Want(200, "1 exploited 1 critical 0 high 1 medium")
		pia.Get(product+"/findings?exploited=1").Want(200, "CVE-2026-1111").Never("CVE-2026-2222")
		pia.Get(product+"/findings?band=medium").Want(200, "CVE-2026-2222").Never("CVE-2026-1111")
		pia.Get(product+"/findings?band=low").Want(200, "No finding matches")
		pia.Get(product+"/findings?version=3.1").Want(200, "CVE-2026-1111", "CVE-2026-2222")
		pia.Get("/devices/contains?q=pkg:npm/lodash").Want(200, "1 product contains", "Infusor", "4.17.15")
		pia.Get("/devices/contains?q=pkg:npm/left-pad").Want(200, "No product that you may see contains it")
		pia.Get("/devices/contains?q=%20-%20").Want(422)
		h.visitor(town.Max).Get("/devices/contains?q=pkg:npm/lodash").Want(200, "No product that you may see contains it").Never("Infusor")

		// The keeper's word.
		finding := findingAt(h.findingOn(town.Pia, id, "CVE-2026-1111"))
		pia.Get(finding).Want(200, "Why", "4.17.21", "U.S. agencies have to act by 2026-03-05", "Say whether your product is affected.", "pump-gateway 2.0", "pkg:npm/lodash@4.17.15", "CVE-2026-2222")
		pia.Send("/vex", one("status", "affected")).Want(422, "Say what to do")
		pia.Send("/vex", one("status", "not_affected", "impact", "")).Want(422, "Say why it is not affected")
		pia.Send("/vex", reader.Fill{"status": {"affected"}, "action": {"Block port 443 at the gateway."}, "tlp": {"CLEAR"}, "audience": {string(town.Ward)}}).Want(422, "One thing needs mending", "Block port 443 at the gateway.")
		pia.Send("/vex", reader.Fill{"tlp": {"AMBER"}, "audience": {string(town.Pump), string(town.Ward)}}).Want(200, "Your statement is on record", "You said: affected.", "Block port 443")
		pia.Get(product+"/statements").Want(200, "CVE-2026-1111", "version 3.1, pkg:npm/lodash", "Block port 443")
		for format, says := range map[string]string{"openvex": `"affected"`, "csaf": `"csaf_vex"`, "cyclonedx": `"exploitable"`} {
			pia.Get(product+"/vex/"+format).Want(200, says, "CVE-2026-1111", "Block port 443")
		}
		pia.Get(product + "/vex/excel").Want(404)
		pia.Get(product+"/statements").Send("/statements", nil, reader.File("upload", "vex.json", "{}")).Want(422, "One thing needs mending")
		pia.Send("/statements", nil, reader.File("upload", "vex.json", `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"https://pump.example/vex/1","author":"Pump Works","timestamp":"2026-02-20T00:00:00Z","version":1,"statements":[`+
			`{"vulnerability":{"name":"CVE-2026-3333"},"products":[{"@id":"pkg:npm/minimist@1.2.0"}],"status":"under_investigation"},{"vulnerability":{"name":"CVE-2026-3333"},"products":[{"@id":"pkg:npm/left-pad"}],"status":"fixed"}]}`)).
			Want(200, "1 statement is kept.", "Left, and why", "left-pad", "Being looked at")

		// A hospital reads it and answers for itself; nobody else reads the answer.
		mine := findingAt(h.findingOn(town.Wim, id, "CVE-2026-1111"))
		wim.Get(mine).Want(200, "Pump Works", "Block port 443", "Is your organization affected?").Never(`action="` + mine + `/vex"`)
		wim.Send("/answer", one("state", "muted", "why", "The port is blocked.")).Want(422, "Say until when")
		wim.Send("/answer", one("state", "muted", "until", "2026-04-01", "why", "")).Want(422, "reason")
		wim.Send("/answer", one("state", "muted", "until", "2026-04-01", "why", "The port is blocked since Tuesday.")).Want(200, "Your answer is kept", "Muted", "until 2026-04-01", "Nothing is to be done.")
		pia.Get(finding).Want(200, "You said: affected.").Never("The port is blocked since Tuesday.")
		h.visitor(town.Max).Get(finding).Want(404)

		other := findingAt(h.findingOn(town.Pia, id, "CVE-2026-2222"))
		pia.Get(other).Send("/vex", one("status", "fixed", "scope", "product")).Want(200, "Nothing is to be done.", "Pump Works says: fixed.")
		pia.Get(product).Want(200, "1 open vulnerability: 1 critical", "1 more is settled by the keeper’s word.", "50 %")
		pia.Get(product+"/findings?open=1").Want(200, "CVE-2026-1111").Never("minimist")

		// A second SBOM is compared with the first; then the first is taken back.
		next := h.sbomOf(id, "3.2", strings.ReplaceAll(strings.Replace(infusorSBOM, `{"type":"operating-system","bom-ref":"os","name":"VxWorks","version":"6.9"}`, `{"type":"library","bom-ref":"os","name":"zlib","version":"1.3","purl":"pkg:generic/zlib@1.3"}`, 1), "4.17.15", "4.17.21"), amber)
		pia.Get(sbomAt(next.ID)).Want(200, "Compare with").Get(sbomAt(next.ID)+"/diff?with="+strings.TrimPrefix(sbom, "/sboms/")).Want(200, "1 in another version, 1 added, 1 gone", "4.17.21", "zlib", "VxWorks")
		pia.Get(sbomAt(next.ID) + "/diff?with=sbom_nothing").Want(404)
		pia.Get(sbom+"/tighten").Send("/tighten", reader.Fill{"tlp": {"AMBER"}, "audience": {string(town.Pump), string(town.Clinic)}}).Want(422, "more than before")
		pia.Send("/tighten", reader.Fill{"tlp": {"AMBER"}, "audience": {string(town.Pump)}}).Want(200, "stricter label at once")
		wim.Get(sbom).Want(404)
		wim.Get(mine).Want(404)
		pia.Get(sbom+"/withdraw").Send("/withdraw", one("why", "")).Want(422, "Say why")
		pia.Send("/withdraw", one("why", "It listed the wrong kernel.")).Want(200, "The SBOM is withdrawn", "It listed the wrong kernel.")
	})
}

// A table is looked at before it is imported, row by row; importing it again changes
// nothing (T-49: what is no table is refused in words).
func TestProductImportWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/devices/template.csv").Want(200, "maker,name,models")
		table := "Product,Model,Version,Class\nInfusor,X1,3.1,2\nInfusor,X2,3.0,2\nSyringer,S1,1.0,9\n"
		pia.Get("/devices/import").Want(200, "Import products").Send("/devices/import", one("format", "csv"), reader.File("upload", "ours.csv", "\xff\xfe\x00nothing")).Want(422, "One thing needs mending")
		pia.Get("/devices/import").Send("/devices/import", nil, reader.File("upload", "ours.csv", table)).Want(200, "What the import would do", "Import 1 product", "is added", "is refused", "class", "2 rows say it", "the product")
		if n := len(town.Must(h.Town, town.Pia, func(v *db.View) ([]devices.Product, error) {
			ps, _, err := h.Devices.Products(v, devices.ProductQuery{})
			return ps, err
		})); n != 0 {
			t.Fatalf("the dry run added %d products", n)
		}
		pia.Send("/confirm", nil).Want(200, "Products imported", "The file is imported.").Follow("See our products").Want(200, "Infusor")
		pia.Get("/devices/import").Send("/devices/import", nil, reader.File("upload", "ours.csv", strings.Replace(table, "Syringer,S1,1.0,9\n", "", 1))).Want(200, "There is nothing to import.")
		pia.Get("/devices/import").Send("/devices/import", one("format", "csaf"), reader.File("upload", "a.json", "{}")).Want(403, "by the desk")

		dora := h.visitor(town.Dora)
		gudid := `{"results":[{"brand_name":"Monitor One","company_name":"Vital Watch","version_or_model_number":"M1","identifiers":[{"id":"00889842082470","type":"Primary","issuing_agency":"GS1"}]}]}`
		dora.Get("/devices/import").Send("/devices/import", nil, reader.File("upload", "gudid.json", gudid)).Want(200, "What the import would do", "Monitor One").Send("/confirm", nil).Want(200, "Products imported")
	})
}
