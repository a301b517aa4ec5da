package api

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// The whole way of devices by programs: a product, its SBOM, what touches it, who runs
// it, and who is told. Every answer is held to the description.
func TestDeviceScript(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		seen := h.checkAnswers()
		product := h.productJob(t)
		h.deploymentJob(t, product)
		h.recordsJob(t)
		sbom := h.sbomJob(t, product)
		h.findingJob(t, product, sbom)
		h.alertJob(t, product)
		for _, r := range h.srv.Routes() {
			if h.ofDevices(r) && !seen[r.Method+" "+r.Path] {
				t.Errorf("no answer of %s %s was checked", r.Method, r.Path)
			}
		}
	})
}

func (h *house) community() obj {
	return obj{"tlp": "GREEN", "audience": []string{"community"}}
}

func (h *house) productJob(t *testing.T) string {
	t.Helper()
	pia, pol, wim, lea := h.tokens[h.pia], h.tokens[h.pol], h.tokens[h.wim], h.tokens[h.lea]
	const at = "/api/v1/products"
	for field, bad := range map[string]obj{"name": {}, "class": {"name": "a", "class": "9"}, "label": {"name": "a", "label": obj{"tlp": "AMBER", "audience": []string{"public"}}}, "udis": {"name": "a", "udis": []string{"(01)00884838088429(21)S1"}}} {
		if p := h.do("POST", at, pia, bad).want(t, 422); !hasField(p, field) {
			t.Errorf("%v: %v", bad, p)
		}
	}
	h.do("POST", at, wim, obj{"name": "Infuser"}).want(t, 403) // a hospital makes none
	first := h.do("POST", at, pia, obj{"name": "Infuser", "models": []string{"A4"}, "software": true, "connectors": []string{}, "label": h.community()}, "Idempotency-Key: p1")
	p := first.want(t, 201)
	id := text(p, "id")
	again := h.do("POST", at, pia, obj{"name": "Infuser", "models": []string{"A4"}, "software": true, "connectors": []string{}, "label": h.community()}, "Idempotency-Key: p1")
	if text(again.want(t, 201), "id") != id || again.Header.Get("Idempotent-Replayed") != "true" || first.Header.Get("Location") != at+"/"+id || text(p, "maker") != "Pumpworks" || text(p, "mine") != "true" || text(p, "stage") != "support" {
		t.Errorf("added: %v", p)
	}
	if l := h.do("GET", at+"?q=infus", lea, nil).want(t, 200); len(items(l)) != 1 || text(l, "items", 0, "id") != id {
		t.Errorf("the lab finds %v", l)
	}
	l := h.do("GET", at+"?mine=true&limit=1", pol, nil).want(t, 200)
	l2 := h.do("GET", at+"?mine=true&limit=1&cursor="+text(l, "next"), pol, nil).want(t, 200)
	if text(l, "items", 0, "id") != id || text(l2, "items", 0, "id") != h.hiddenCase["product"] {
		t.Errorf("two pages: %v %v", l, l2)
	}
	if bad := h.do("GET", at+"?cursor=!", pol, nil).want(t, 422); !hasField(bad, "cursor") {
		t.Errorf("a wrong cursor: %v", bad)
	}
	one := at + "/" + id
	h.do("PATCH", one, wim, obj{"revision": 1, "description": "x"}).want(t, 403)
	if e := h.do("PATCH", one, pol, obj{"revision": 1, "eos": "2031-12-31", "connectors": []string{"telepathy"}}).want(t, 422); !hasField(e, "connectors") {
		t.Errorf("no such way: %v", e)
	}
	if e := h.do("PATCH", one, pol, obj{"revision": 1, "eos": "2031-12-31"}).want(t, 200); text(e, "eos") != "2031-12-31" || text(e, "models", 0) != "A4" {
		t.Errorf("edited: %v", e)
	}
	h.do("PATCH", one, pol, obj{"revision": 1, "eos": ""}).want(t, 409)

	v := h.do("POST", one+"/versions", pia, obj{"name": "4.1", "released": "2026-01-01"}).want(t, 201)
	if e := h.do("PATCH", "/api/v1/versions/"+text(v, "id"), pia, obj{"note": "The last one."}).want(t, 200); text(e, "note") != "The last one." || text(e, "released") != "2026-01-01" {
		t.Errorf("a version: %v", e)
	}
	h.do("GET", "/api/v1/versions/"+text(v, "id"), wim, nil).want(t, 200)
	if l := h.do("GET", one+"/versions", lea, nil).want(t, 200); text(l, "items", 0, "name") != "4.1" {
		t.Errorf("versions: %v", l)
	}
	a := h.do("POST", one+"/aliases", pia, obj{"name": "Infusor", "why": "Until 2020."}).want(t, 201)
	if l := h.do("GET", one+"/aliases", lea, nil).want(t, 200); text(l, "items", 0, "id") != text(a, "items", 0, "id") {
		t.Errorf("aliases: %v", l)
	}
	h.do("DELETE", "/api/v1/aliases/"+text(a, "items", 0, "id")+"?why=wrong", pia, nil).want(t, 204)

	if e := h.do("POST", one+"/documents?kind=poem&name=a.txt", pia, "words", "Content-Type: text/plain").want(t, 422); !hasField(e, "kind") {
		t.Errorf("a poem: %v", e)
	}
	if e := h.do("POST", one+"/documents?kind=mds2&colour=red", pia, "words", "Content-Type: text/plain").want(t, 422); !hasField(e, "query") {
		t.Errorf("a term that nobody knows: %v", e)
	}
	d := h.do("POST", one+"/documents?kind=mds2&name=a.txt", pia, "words", "Content-Type: text/plain").want(t, 201)
	if r := h.do("GET", "/api/v1/documents/"+text(d, "id"), wim, nil); string(r.body) != "words" || !strings.HasPrefix(r.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the document: %s %v", r.body, r.Header)
	}
	if l := h.do("GET", one+"/documents", wim, nil).want(t, 200); text(l, "items", 0, "sha256") != text(d, "sha256") {
		t.Errorf("documents: %v", l)
	}
	h.do("DELETE", "/api/v1/documents/"+text(d, "id")+"?why=wrong", pia, nil).want(t, 204)

	h.do("GET", one+"/gaps", pia, nil).want(t, 200)
	if m := h.do("POST", one+"/stage", pia, obj{"stage": "limited_support", "why": "A successor is out."}).want(t, 200); text(m, "product", "stage") != "limited_support" || len(get(m, "owed").([]any)) == 0 {
		t.Errorf("moved: %v", m)
	}
	if l := h.do("GET", one+"/stages", wim, nil).want(t, 200); text(l, "items", 0, "to") != "limited_support" {
		t.Errorf("moves: %v", l)
	}

	// A label is loosened by two people, in their sessions.
	other := "/api/v1/products/" + h.hiddenCase["product"]
	ask := func() string {
		return text(h.do("POST", other+"/relabel", pia, obj{"label": obj{"tlp": "GREEN", "audience": []string{"community"}}, "why": "It is known."}).want(t, 202), "request")
	}
	r := ask()
	if l := h.inSession(h.pol, "GET", "/api/v1/product-relabels", nil).want(t, 200); text(l, "items", 0, "id") != r || text(l, "items", 0, "to", "tlp") != "GREEN" {
		t.Errorf("requests: %v", l)
	}
	h.do("POST", "/api/v1/product-relabels/"+r+"/approve", pol, nil).want(t, 403)
	h.inSession(h.pol, "POST", "/api/v1/product-relabels/"+r+"/refuse", nil).want(t, 204)
	r = ask()
	h.do("POST", "/api/v1/product-relabels/"+r+"/withdraw", pia, nil).want(t, 204)
	r = ask()
	h.inSession(h.pol, "POST", "/api/v1/product-relabels/"+r+"/approve", nil).want(t, 204)
	h.do("GET", other, lea, nil).want(t, 200)
	h.do("POST", other+"/relabel", pia, obj{"label": obj{"tlp": "AMBER", "audience": []string{"org:" + h.pump, "org:" + h.ward}}}).want(t, 200)
	h.do("GET", other, lea, nil).want(t, 404)

	table := "name,model,version\nMonitor,M1,2.0\nMonitor,M1,2.1\n,M2,1\n"
	h.do("POST", at+"/import", pia, table, "Content-Type: text/csv").want(t, 422)
	dry := h.do("POST", at+"/import?format=csv&dry=true", pia, table, "Content-Type: text/csv").want(t, 200)
	done := h.do("POST", at+"/import?format=csv", pia, table, "Content-Type: text/csv").want(t, 200)
	for _, x := range []obj{dry, done} {
		if text(x, "added") != "1" || text(x, "refused") != "1" || text(x, "rows", 0, "action") != "refuse" || text(x, "rows", 1, "lines") != "2" {
			t.Errorf("a table: %v", x)
		}
	}
	if get(dry, "import") != nil || get(done, "import") == nil {
		t.Errorf("dry %v, done %v", dry, done)
	}
	return id
}

func (h *house) deploymentJob(t *testing.T, product string) {
	t.Helper()
	wim, lea := h.tokens[h.wim], h.tokens[h.lea]
	const at = "/api/v1/deployments"
	for field, bad := range map[string]obj{"count": {"product": product, "count": 0}, "maker": {"model": "x"}, "exposure": {"product": product, "exposure": "moon"}, "product": {"product": "product_none"}} {
		if p := h.do("POST", at, wim, bad).want(t, 422); !hasField(p, field) {
			t.Errorf("%v: %v", bad, p)
		}
	}
	d := h.do("POST", at, wim, obj{"product": product, "version": "4.1", "count": 12, "zone": "Ward 7", "exposure": "network"}, "Idempotency-Key: d1").want(t, 201)
	if again := h.do("POST", at, wim, obj{"product": product, "version": "4.1", "count": 12, "zone": "Ward 7", "exposure": "network"}, "Idempotency-Key: d1").want(t, 201); text(again, "id") != text(d, "id") {
		t.Errorf("deployed twice: %v", again)
	}
	one := at + "/" + text(d, "id")
	for _, other := range []string{lea, h.tokens[h.pia], h.tokens[h.dora]} { // the desk included
		h.do("GET", one, other, nil).want(t, 404)
		if l := h.do("GET", at, other, nil).want(t, 200); len(items(l)) != 0 {
			t.Errorf("another organization reads %v", l)
		}
	}
	if e := h.do("PATCH", one, wim, obj{"revision": 1, "count": 13}).want(t, 200); text(e, "count") != "13" || text(e, "zone") != "Ward 7" {
		t.Errorf("edited: %v", e)
	}
	h.do("GET", one, wim, nil).want(t, 200)
	h.do("GET", one+"/gaps", wim, nil).want(t, 200)
	if n := h.do("GET", at+"/numbers", wim, nil).want(t, 200); text(n, "units") != "15" {
		t.Errorf("numbers: %v", n)
	}
	table := "maker,model,version,count\nPumpworks,Infuser,4.0,3\nPumpworks,Nothing,1,1\nPumpworks,Infuser,4.0,many\n"
	dry := h.do("POST", at+"/import?dry=true", wim, table, "Content-Type: text/csv").want(t, 200)
	done := h.do("POST", at+"/import", wim, table, "Content-Type: text/csv").want(t, 200)
	for _, x := range []obj{dry, done} {
		if text(x, "added") != "2" || text(x, "refused") != "1" || text(x, "missing_total") != "2" || text(x, "columns", 3) != "count" {
			t.Errorf("an inventory: %v", x)
		}
	}
	s := h.do("GET", at+"/suggestions", wim, nil).want(t, 200)
	if len(items(s)) != 1 || text(s, "items", 0, "product", "id") != product || text(s, "items", 0, "how") != "name" {
		t.Errorf("suggestions: %v", s)
	}
	suggested := text(s, "items", 0, "deployment", "id")
	if s := h.do("GET", at+"/"+suggested+"/suggestions", wim, nil).want(t, 200); len(items(s)) != 1 {
		t.Errorf("suggestions for one: %v", s)
	}
	h.do("POST", at+"/suggestions/accept", wim, obj{"how": "udi"}).want(t, 409) // there is none
	if e := h.do("POST", at+"/suggestions/accept", wim, obj{"how": "name"}).want(t, 200); text(e, "accepted") != "1" {
		t.Errorf("accepted: %v", e)
	}
	l := h.do("GET", at+"?unknown=true", wim, nil).want(t, 200)
	if len(items(l)) != 1 || text(l, "items", 0, "model") != "Nothing" {
		t.Fatalf("what names no known product: %v", l)
	}
	if e := h.do("POST", at+"/"+text(l, "items", 0, "id")+"/product", wim, obj{"product": product}).want(t, 200); text(e, "product") != product {
		t.Errorf("accepted: %v", e)
	}
	if e := h.do("POST", at+"/"+text(l, "items", 0, "id")+"/retire", wim, nil).want(t, 200); text(e, "stage") != "retired" {
		t.Errorf("retired: %v", e)
	}
	out := h.do("GET", at+"/export", wim, nil)
	if out.want(t, 200); !strings.Contains(string(out.body), "Ward 7") || out.Header.Get("X-Cordon-Label") != "TLP:AMBER+STRICT" {
		t.Errorf("exported: %s %v", out.body, out.Header)
	}
}

func (h *house) recordsJob(t *testing.T) {
	t.Helper()
	pia, dora, wim := h.tokens[h.pia], h.tokens[h.dora], h.tokens[h.wim]
	const at, feeds = "/api/v1/vuln-batches", "/api/v1/vuln-feeds"
	record := anOSV("GHSA-aaaa-bbbb-cccc", "leftish", "2.0.0")
	for field, bad := range map[string]string{"kind": "?kind=poem", "tlp": "?kind=osv&tlp=CLEAR&audience=public", "audience": "?kind=osv&tlp=AMBER&audience=everyone", "query": "?knid=osv", "feed": "?kind=osv&feed=feed_none"} {
		if p := h.do("POST", at+bad, pia, record).want(t, 422); !hasField(p, field) {
			t.Errorf("%s: %v", bad, p)
		}
	}
	first := h.do("POST", at+"?kind=osv&name=one.json&tlp=CLEAR&audience=public", dora, record, "Idempotency-Key: b1")
	b := first.want(t, 202)
	if again := h.do("POST", at+"?kind=osv&name=one.json&tlp=CLEAR&audience=public", dora, record, "Idempotency-Key: b1").want(t, 202); text(again, "id") != text(b, "id") {
		t.Errorf("taken twice: %v", again)
	}
	one := first.Header.Get("Location")
	if one != at+"/"+text(b, "id") || text(b, "state") != "queued" {
		t.Errorf("a batch: %s %v", one, b)
	}
	if s := h.do("POST", one+"/stop", dora, nil).want(t, 200); text(s, "state") != "stopped" {
		t.Errorf("stopped: %v", s)
	}
	h.do("POST", one+"/resume", dora, nil).want(t, 200)
	h.settle()
	if s := h.do("GET", one, dora, nil).want(t, 200); text(s, "state") != "done" || text(s, "added") != "1" || text(s, "percent") != "100" {
		t.Errorf("read: %v", s)
	}
	h.do("GET", one, wim, nil).want(t, 404)
	if l := h.do("GET", at+"?limit=1", pia, nil).want(t, 200); text(l, "items", 0, "id") != h.hiddenCase["vbatch"] {
		t.Errorf("batches: %v", l)
	}
	l := h.do("GET", "/api/v1/vulns?q=pollution", "", nil).want(t, 200) // to the public
	if len(items(l)) != 1 || text(l, "items", 0, "id") != "GHSA-aaaa-bbbb-cccc" || text(l, "items", 0, "severity") != "9.8" {
		t.Errorf("what is known: %v", l)
	}
	if l := h.do("GET", "/api/v1/vulns?severity=9.9", pia, nil).want(t, 200); len(items(l)) != 0 {
		t.Errorf("worse: %v", l)
	}
	if u := h.do("GET", "/api/v1/vulns/GHSA-aaaa-bbbb-cccc", wim, nil).want(t, 200); text(u, "records", 0, "claims", 0, "key") != "pkg:npm/leftish" || text(u, "label", "tlp") != "CLEAR" || text(u, "scores", 0, "base") != "9.8" {
		t.Errorf("one: %v", u)
	}

	h.do("POST", feeds, pia, obj{"name": "OSV", "kind": "osv", "place": "file"}).want(t, 403)
	if p := h.do("POST", feeds, dora, obj{"name": "OSV", "kind": "osv", "place": "url", "address": "http://feed.example/"}).want(t, 422); !hasField(p, "address") {
		t.Errorf("no https: %v", p)
	}
	f := h.do("POST", feeds, dora, obj{"name": "OSV", "kind": "osv", "place": "url", "address": "https://feed.example/all.zip"}).want(t, 201)
	feed := feeds + "/" + text(f, "id")
	if e := h.do("PATCH", feed, dora, obj{"minutes": 60}).want(t, 200); text(e, "minutes") != "60" || text(e, "label", "tlp") != "CLEAR" {
		t.Errorf("edited: %v", e)
	}
	if e := h.do("POST", feed+"/pause", dora, nil).want(t, 200); text(e, "state") != "paused" {
		t.Errorf("paused: %v", e)
	}
	h.do("POST", feed+"/resume", dora, nil).want(t, 200)
	h.do("POST", feed+"/pull", dora, nil).want(t, 200)
	h.do("GET", feed, wim, nil).want(t, 200)
	if l := h.do("GET", feeds, wim, nil).want(t, 200); text(l, "items", 0, "name") != "OSV" {
		t.Errorf("feeds: %v", l)
	}
	h.do("DELETE", feed, dora, nil).want(t, 204)
}

func (h *house) sbomJob(t *testing.T, product string) string {
	t.Helper()
	pia, wim, lea := h.tokens[h.pia], h.tokens[h.wim], h.tokens[h.lea]
	const at = "/api/v1/sboms"
	terms := "?product=" + product + "&version=4.1&name=infuser.json&tlp=AMBER&audience=org:" + h.pump + ",org:" + h.ward
	if p := h.do("POST", at+terms+"&tlp=RED", pia, aSBOM("leftish", "1.0.0")).want(t, 422); !hasField(p, "tlp") {
		t.Errorf("two labels: %v", p)
	}
	if p := h.do("POST", at+terms, pia, "").want(t, 422); !hasField(p, "file") {
		t.Errorf("no file: %v", p)
	}
	h.do("POST", at+terms, wim, aSBOM("leftish", "1.0.0")).want(t, 403)
	first := h.do("POST", at+terms, pia, aSBOM("leftish", "1.0.0"))
	b := first.want(t, 202)
	id := text(b, "id")
	if again := h.do("POST", at+terms, pia, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"infuser.json\"\r\n\r\n"+aSBOM("leftish", "1.0.0")+"\r\n--x--\r\n", "Content-Type: multipart/form-data; boundary=x").want(t, 202); text(again, "id") != id {
		t.Errorf("kept twice: %v", again)
	}
	if first.Header.Get("Location") != at+"/"+id || text(b, "state") != "queued" || text(b, "matched") != "false" || text(b, "name") != "infuser.json" {
		t.Errorf("sent: %v", b)
	}
	h.settle()
	one := at + "/" + id
	if s := h.do("GET", one, wim, nil).want(t, 200); text(s, "state") != "done" || text(s, "components") != "3" || text(s, "document", "format") != "CycloneDX" || text(s, "matched") != "true" || text(s, "quality", "score") == "0" {
		t.Errorf("read: %v", s)
	}
	h.do("GET", one, lea, nil).want(t, 404)
	if r := h.do("GET", one+"/file", wim, nil); string(r.body) != aSBOM("leftish", "1.0.0") || r.Header.Get("X-Cordon-Label") != "TLP:AMBER" {
		t.Errorf("the file: %.80s %v", r.body, r.Header)
	}
	c := h.do("GET", one+"/components?q=leftish", wim, nil).want(t, 200)
	if len(items(c)) != 2 || text(c, "items", 1, "purl") != "pkg:npm/leftish@1.0.0" {
		t.Errorf("components: %v", c)
	}
	tree := h.do("GET", one+"/tree", wim, nil).want(t, 200)
	if nodes := get(tree, "nodes").([]any); len(nodes) != 3 || text(nodes[2], "findings", 0) != "GHSA-aaaa-bbbb-cccc" || text(tree, "whole") != "true" {
		t.Errorf("the tree: %v", tree)
	}
	if tree := h.do("GET", one+"/tree?component="+text(c, "items", 0, "number"), wim, nil).want(t, 200); len(get(tree, "nodes").([]any)) != 2 {
		t.Errorf("the way to the host: %v", tree)
	}
	h.do("GET", one+"/tree?component=99", wim, nil).want(t, 404)
	h.clock.Add(time.Minute)
	next := text(h.do("POST", at+strings.Replace(terms, "4.1", "4.2", 1), pia, aSBOM("leftish", "2.0.0")).want(t, 202), "id")
	h.settle()
	if d := h.do("GET", at+"/"+next+"/diff?from="+id, wim, nil).want(t, 200); text(d, "upgraded", 0, "from", "version") != "1.0.0" || text(d, "upgraded", 0, "to", "version") != "2.0.0" {
		t.Errorf("what changed: %v", d)
	}
	if l := h.do("GET", "/api/v1/products/"+product+"/sboms", wim, nil).want(t, 200); len(items(l)) != 2 || text(l, "items", 0, "id") != next {
		t.Errorf("SBOMs: %v", l)
	}
	if l := h.do("GET", at+"?limit=1", pia, nil).want(t, 200); text(l, "items", 0, "id") != next {
		t.Errorf("mine: %v", l)
	} else if l = h.do("GET", at+"?limit=1&cursor="+text(l, "next"), pia, nil).want(t, 200); text(l, "items", 0, "id") != id {
		t.Errorf("the next of mine: %v", l)
	}
	if l := h.do("GET", "/api/v1/contains?q=pkg:npm/leftish", wim, nil).want(t, 200); len(items(l)) != 2 || text(l, "items", 0, "product") != product {
		t.Errorf("which contain it: %v", l)
	}
	if l := h.do("GET", "/api/v1/contains?q=leftish", lea, nil).want(t, 200); len(items(l)) != 0 {
		t.Errorf("who may not see the SBOMs is told of %v", l)
	}
	if e := h.do("POST", at+"/"+next+"/tighten", pia, obj{"label": h.community()}).want(t, 422); !hasField(e, "label") {
		t.Errorf("looser: %v", e)
	}
	h.do("POST", at+"/"+next+"/tighten", pia, obj{"label": obj{"tlp": "AMBER+STRICT", "audience": []string{"org:" + h.pump}}}).want(t, 200)
	h.do("GET", at+"/"+next, wim, nil).want(t, 404)
	if e := h.do("POST", at+"/"+next+"/withdraw", pia, obj{}).want(t, 422); !hasField(e, "reason") {
		t.Errorf("without a reason: %v", e)
	}
	if e := h.do("POST", at+"/"+next+"/withdraw", pia, obj{"reason": "It was another product's."}).want(t, 200); text(e, "state") != "withdrawn" {
		t.Errorf("withdrawn: %v", e)
	}
	return id
}

func (h *house) findingJob(t *testing.T, product, sbom string) {
	t.Helper()
	pia, wim, lea := h.tokens[h.pia], h.tokens[h.wim], h.tokens[h.lea]
	l := h.do("GET", "/api/v1/products/"+product+"/findings?version=4.1", pia, nil).want(t, 200)
	f := get(l, "items", 0)
	if len(items(l)) != 1 || text(f, "vulnerability") != "GHSA-aaaa-bbbb-cccc" || text(f, "band") != "critical" || text(f, "verdict") != "affected" || text(f, "component", "name") != "leftish" || !strings.Contains(text(f, "reasons", 0, "why"), "2.0.0") || text(f, "open") != "true" {
		t.Fatalf("findings: %v", l)
	}
	if l := h.do("GET", "/api/v1/products/"+product+"/findings?severity=9.9", pia, nil).want(t, 200); len(items(l)) != 0 {
		t.Errorf("worse: %v", l)
	}
	if l := h.do("GET", "/api/v1/products/"+product+"/findings", lea, nil).want(t, 200); len(items(l)) != 0 {
		t.Errorf("who may not see the SBOM is told %v", l)
	}
	one := "/api/v1/findings/" + text(f, "id")
	h.do("GET", one, wim, nil).want(t, 200)
	h.do("GET", one, lea, nil).want(t, 404)
	if p := h.do("GET", one+"/path", pia, nil).want(t, 200); len(items(p)) != 3 || text(p, "items", 1, "name") != "leftish-host" {
		t.Errorf("the path: %v", p)
	}
	if l := h.do("GET", "/api/v1/sboms/"+sbom+"/findings", wim, nil).want(t, 200); len(items(l)) != 1 {
		t.Errorf("of the SBOM: %v", l)
	}
	if l := h.do("GET", "/api/v1/vulns/GHSA-aaaa-bbbb-cccc/findings", wim, nil).want(t, 200); len(items(l)) == 0 {
		t.Errorf("of the vulnerability: %v", l)
	}
	mine := h.do("GET", "/api/v1/exposure/findings?vulnerability=GHSA-aaaa-bbbb-cccc", wim, nil).want(t, 200)
	if len(items(mine)) != 1 || text(mine, "items", 0, "id") != text(f, "id") {
		t.Errorf("mine: %v", mine)
	}
	ds := h.do("GET", "/api/v1/deployments?product="+product, wim, nil).want(t, 200)
	found := 0
	for _, d := range items(ds) {
		if l := h.do("GET", "/api/v1/deployments/"+text(d, "id")+"/findings", wim, nil).want(t, 200); text(d, "version") == "4.1" {
			found = len(items(l))
		}
	}
	if found != 1 {
		t.Errorf("of the deployment: %d", found)
	}
	before := h.do("GET", "/api/v1/exposure?since=2026-01-01", wim, nil).want(t, 200)
	if e := h.do("POST", one+"/answer", wim, obj{"state": "not us"}).want(t, 422); !hasField(e, "why") {
		t.Errorf("without a reason: %v", e)
	}
	if e := h.do("POST", one+"/answer", wim, obj{"state": "not us", "why": "The port is shut."}).want(t, 200); text(e, "answer", "state") != "not us" {
		t.Errorf("answered: %v", e)
	}
	if e := h.do("GET", one, pia, nil).want(t, 200); get(e, "answer") != nil {
		t.Errorf("the maker reads the hospital's answer: %v", e)
	}
	if after := h.do("GET", "/api/v1/exposure", wim, nil).want(t, 200); get(after, "open").(float64) != get(before, "open").(float64)-1 {
		t.Errorf("exposure: %v, then %v", before, after)
	}
	if e := h.do("POST", one+"/vex", pia, obj{"status": "affected", "label": h.community()}).want(t, 422); !hasField(e, "action") {
		t.Errorf("affected without an action: %v", e)
	}
	h.clock.Add(36 * time.Hour)
	said := h.do("POST", one+"/vex", pia, obj{"status": "not_affected", "justification": "vulnerable_code_not_in_execute_path", "label": h.community()}, "Idempotency-Key: s1").want(t, 201)
	if text(said, "version") != "4.1" || text(said, "component") != "pkg:npm/leftish@1.0.0" {
		t.Errorf("said: %v", said)
	}
	if e := h.do("GET", one, wim, nil).want(t, 200); text(e, "said", "status") != "not_affected" || text(e, "open") != "false" {
		t.Errorf("after the maker's word: %v", e)
	}
	h.do("GET", "/api/v1/vex/"+text(said, "id"), lea, nil).want(t, 200)
	h.do("POST", "/api/v1/products/"+product+"/vex", pia, obj{"vulnerability": "CVE-2026-1", "status": "fixed", "version": "4.2", "label": h.community()}).want(t, 201)
	if l := h.do("GET", "/api/v1/products/"+product+"/vex", lea, nil).want(t, 200); len(items(l)) != 2 {
		t.Errorf("what is said: %v", l)
	}
	if m := h.do("GET", "/api/v1/products/"+product+"/metrics", pia, nil).want(t, 200); text(m, "identified") == "0" {
		t.Errorf("metrics: %v", m)
	}
	if e := h.do("GET", "/api/v1/products/"+product+"/vex/export?format=poem", lea, nil).want(t, 422); !hasField(e, "format") {
		t.Errorf("a poem: %v", e)
	}
	var written []string
	for format, mark := range map[string]string{"openvex": "openvex.dev", "csaf": "csaf_version", "cyclonedx": "CycloneDX"} {
		out := h.do("GET", "/api/v1/products/"+product+"/vex/export?format="+format, lea, nil)
		if out.want(t, 200); !bytes.Contains(out.body, []byte(mark)) || out.Header.Get("X-Cordon-Label") != "TLP:GREEN" {
			t.Errorf("%s: %.200s %v", format, out.body, out.Header)
		}
		written = append(written, format, string(out.body))
	}
	for ; len(written) > 0; written = written[2:] {
		back := h.do("POST", "/api/v1/products/"+product+"/vex/import?tlp=GREEN&audience=community", pia, written[1]).want(t, 200)
		if text(back, "format") != written[0] || len(get(back, "kept").([]any)) == 0 {
			t.Errorf("%s taken back: %v", written[0], back)
		}
	}
	if e := h.do("POST", "/api/v1/products/"+product+"/vex/import", pia, "{}").want(t, 422); !hasField(e, "file") {
		t.Errorf("no VEX: %v", e)
	}
}

func (h *house) alertJob(t *testing.T, product string) {
	t.Helper()
	pia, pol, wim, lea, dora := h.tokens[h.pia], h.tokens[h.pol], h.tokens[h.wim], h.tokens[h.lea], h.tokens[h.dora]
	const at, notices = "/api/v1/alerts", "/api/v1/alert-notices"
	about := obj{"title": "Infusers may stop", "do_now": "Unplug the network.", "what": "**Soon** more.", "tlp": "GREEN", "affected": []obj{{"product": product, "range": "<= 4.1"}}, "clinical": obj{"downtime": "yes", "seconds": 600, "restart": "yes"}}
	for field, bad := range map[string]obj{"title": {"title": "", "do_now": "a", "tlp": "GREEN", "affected": []obj{{"product": product}}}, "tlp": {"title": "a", "do_now": "a", "tlp": "RED", "affected": []obj{{"product": product}}},
		"clinical.seconds": {"title": "a", "do_now": "a", "tlp": "GREEN", "affected": []obj{{"product": product}}, "clinical": obj{"seconds": 5}}} {
		if p := h.do("POST", at, pia, obj{"class": "today", "text": bad}).want(t, 422); !hasField(p, field) {
			t.Errorf("%s: %v", field, p)
		}
	}
	h.do("POST", at, wim, obj{"class": "today", "text": about}).want(t, 403)
	a := h.do("POST", at, pia, obj{"class": "today", "text": about}, "Idempotency-Key: a1").want(t, 201)
	if again := h.do("POST", at, pia, obj{"class": "today", "text": about}, "Idempotency-Key: a1").want(t, 201); text(again, "id") != text(a, "id") {
		t.Errorf("drafted twice: %v", again)
	}
	one := at + "/" + text(a, "id")
	h.do("GET", one, wim, nil).want(t, 404) // a draft
	about["title"] = "Infusers may stop at night"
	if e := h.do("PATCH", one, pia, obj{"revision": 1, "class": "today", "text": about}).want(t, 200); text(e, "revision") != "2" || text(e, "text", "clinical", "seconds") != "600" {
		t.Errorf("edited: %v", e)
	}
	if r := h.do("GET", at+"/reach?product="+product, pia, nil).want(t, 200); text(r, "items", 0, "holders", "shown") != "fewer than 5" {
		t.Errorf("reach: %v", r)
	}
	h.do("GET", at+"/reach?product="+h.hiddenCase["product"], wim, nil).want(t, 403)
	h.do("GET", at+"/reach?product=product_none", pia, nil).want(t, 404)
	h.do("POST", one+"/send", pia, obj{"revision": 2}).want(t, 409)    // not approved
	h.do("POST", one+"/approve", pol, obj{"revision": 2}).want(t, 403) // a token
	h.inSession(h.pol, "POST", one+"/approve", obj{"revision": 2}).want(t, 200)
	h.do("POST", one+"/send", pia, obj{"revision": 1}).want(t, 409)
	if s := h.do("POST", one+"/send", pia, obj{"revision": 2}).want(t, 200); text(s, "state") != "sent" {
		t.Errorf("sent: %v", s)
	}
	h.do("GET", one, lea, nil).want(t, 200) // TLP:GREEN: all may read the text
	if l := h.do("GET", at+"/community", lea, nil).want(t, 200); text(l, "items", 0, "id") != text(a, "id") || get(l, "items", 0, "person") != nil {
		t.Errorf("for everybody: %v", l)
	}
	if l := h.do("GET", at+"?state=sent", pia, nil).want(t, 200); len(items(l)) != 2 {
		t.Errorf("written: %v", l)
	}
	if f := h.do("GET", one+"/funnel", dora, nil).want(t, 200); text(f, "told", "shown") != "fewer than 5" || text(f, "told", "at_least") != "0" {
		t.Errorf("the funnel: %v", f)
	}
	h.do("GET", one+"/funnel", wim, nil).want(t, 403)

	if l := h.do("GET", notices, lea, nil).want(t, 200); len(items(l)) != 0 {
		t.Errorf("who runs none is told %v", l)
	}
	l := h.do("GET", notices+"?state=new", wim, nil).want(t, 200)
	var notice string
	for _, n := range items(l) {
		if text(n, "alert") == text(a, "id") {
			notice = notices + "/" + text(n, "id")
			if text(n, "from") != "Pumpworks" || text(n, "matched", 0, "why") == "" || text(n, "text", "title") != "Infusers may stop at night" {
				t.Errorf("a notice: %v", n)
			}
		}
	}
	if notice == "" {
		t.Fatalf("notices: %v", l)
	}
	for range 2 {
		if n := h.do("POST", notice+"/open", wim, nil).want(t, 200); text(n, "opened_by") != "Wim Ward" {
			t.Errorf("opened: %v", n)
		}
	}
	if n := h.do("POST", notice+"/answer", wim, obj{"answer": "fixed", "note": "On both wards."}).want(t, 200); text(n, "answer") != "fixed" {
		t.Errorf("answered: %v", n)
	}
	h.do("POST", notice+"/archive", wim, obj{"away": true}).want(t, 200)
	if l := h.do("GET", notices+"?state=done", wim, nil).want(t, 200); len(items(l)) != 1 {
		t.Errorf("done: %v", l)
	}
	if n := h.do("GET", notice, wim, nil).want(t, 200); text(n, "archived") != "true" {
		t.Errorf("put away: %v", n)
	}
	if w := h.do("GET", notices+"/volume", wim, nil).want(t, 200); len(items(w)) != 26 {
		t.Errorf("volume: %v", w)
	}

	q := h.do("POST", notice+"/inquiries", wim, obj{"body": "Which batch?"}).want(t, 201)
	theirs := h.do("GET", at+"/"+text(a, "id")+"/inquiries", pia, nil).want(t, 200)
	if len(items(theirs)) != 1 || strings.Contains(fmt.Sprint(theirs), "Ward") || text(theirs, "items", 0, "id") == text(q, "id") {
		t.Fatalf("the maker reads %v", theirs)
	}
	if l := h.do("GET", "/api/v1/inquiries", pia, nil).want(t, 200); len(items(l)) != 2 {
		t.Errorf("what waits: %v", l)
	}
	reply := "/api/v1/inquiries/" + text(theirs, "items", 0, "id")
	for range 2 {
		h.do("POST", reply+"/messages", pia, obj{"body": "All of 2025."}, "Idempotency-Key: m1").want(t, 201)
	}
	mine := "/api/v1/inquiries/" + text(q, "id")
	if m := h.do("GET", mine, wim, nil).want(t, 200); len(get(m, "messages").([]any)) != 2 || text(m, "state") != "answered" {
		t.Errorf("the answer: %v", m)
	}
	h.do("GET", mine, pia, nil).want(t, 404)
	h.do("POST", mine+"/reveal", wim, nil).want(t, 200)
	if m := h.do("GET", reply, pia, nil).want(t, 200); text(m, "asker") != "Ward Clinics" || text(m, "revealed") != "true" {
		t.Errorf("revealed: %v", m)
	}
	h.do("POST", mine+"/close", wim, nil).want(t, 200)
	if e := h.do("POST", one+"/withdraw", pia, obj{}).want(t, 422); !hasField(e, "reason") {
		t.Errorf("without a reason: %v", e)
	}
	h.do("POST", one+"/withdraw", pia, obj{"reason": "It was a false alarm."}).want(t, 200)
	if n := h.do("GET", notice, wim, nil).want(t, 200); text(n, "ended") != "withdrawn" || text(n, "why") != "It was a false alarm." {
		t.Errorf("withdrawn: %v", n)
	}
}
