package api

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// readAll reads what is queued and makes the index.
func (h *house) readAll(batch string) {
	h.t.Helper()
	program := policy.System("test")
	_, err := h.srv.Intel.Read(h.t.Context(), h.db, program, batch, nil)
	h.ok(err)
	h.index()
}

func (h *house) index() {
	h.t.Helper()
	for {
		n, err := h.srv.Intel.Index(h.t.Context(), h.db, policy.System("test"))
		h.ok(err)
		if n == 0 {
			return
		}
	}
}

// The whole way of intelligence by programs: in, looked at, said, out. Every answer
// is held to the description.
func TestIntelScript(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		seen := h.checkAnswers()
		pia, pol, wim := h.tokens[h.pia], h.tokens[h.pol], h.tokens[h.wim]
		const (
			api    = "/api/v1/intel"
			public = "indicator--00000000-0000-4000-8000-000000000001"
			shared = "indicator--00000000-0000-4000-8000-000000000002"
		)
		h.clock.Add(time.Minute)
		text1 := indicator(public, "Public beacon", "a.example", clearMark)
		file := bundle(text1, indicator(shared, "Shared beacon", "b.example", greenMark))

		// In, with a key: what is sent again is taken once.
		for field, bad := range map[string]string{"format": "?format=xml", "floor": "?floor=white-ish", "green": "?green=everyone", "query": "?flor=RED", "scrub": ""} {
			if p := h.do("POST", api+"/batches"+bad, pia, file).want(t, 422); text(p, "errors", 0, "field") != field {
				t.Errorf("%s: %v", bad, p)
			}
		}
		h.do("POST", api+"/batches?scrub=clean", pia, "").want(t, 422)
		first := h.do("POST", api+"/batches?scrub=clean&name=x.json", pia, file, "Idempotency-Key: k1")
		b := first.want(t, 202)
		if again := h.do("POST", api+"/batches?scrub=clean&name=x.json", pia, file, "Idempotency-Key: k1").want(t, 202); text(again, "id") != text(b, "id") {
			t.Errorf("taken twice: %v", again)
		}
		at := first.Header.Get("Location")
		if at != api+"/batches/"+text(b, "id") || text(b, "state") != "queued" || text(b, "format") != "stix" || text(b, "percent") != "0" {
			t.Errorf("the batch: %s %v", at, b)
		}
		if s := h.do("POST", at+"/stop", pia, nil).want(t, 200); text(s, "state") != "stopped" {
			t.Errorf("stopped: %v", s)
		}
		h.do("POST", at+"/stop", pia, nil).want(t, 409)
		if s := h.do("POST", at+"/resume", pol, nil).want(t, 200); text(s, "state") != "queued" {
			t.Errorf("resumed: %v", s)
		}
		h.readAll(text(b, "id"))
		if s := h.do("GET", at, pol, nil).want(t, 200); text(s, "state") != "done" || text(s, "percent") != "100" || text(s, "added") != "2" {
			t.Errorf("read: %v", s)
		}
		h.do("GET", at, wim, nil).want(t, 404)
		if l := h.do("GET", api+"/batches?limit=1", pol, nil).want(t, 200); text(l, "items", 0, "id") != text(b, "id") || text(l, "next") == "" {
			t.Errorf("batches: %v", l)
		} else if l = h.do("GET", api+"/batches?limit=1&cursor="+text(l, "next"), pol, nil).want(t, 200); text(l, "items", 0, "id") != h.hiddenCase["batch"] {
			t.Errorf("the next batches: %v", l)
		}
		form := h.do("POST", api+"/batches?floor=AMBER%2BSTRICT", wim, "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\r\nvalue\nc.example\n\r\n--x--\r\n", "Content-Type: multipart/form-data; boundary=x")
		if c := form.want(t, 202); text(c, "format") != "csv" || text(c, "name") != "list.csv" {
			t.Errorf("a form: %v", c)
		}
		h.readAll(text(form.want(t, 202), "id"))

		// Looked at, by each as he may.
		for _, c := range []struct {
			token, want string
		}{{"", public}, {wim, "b.example"}, {pia, hiddenStix}} {
			r := h.do("GET", api+"?q=type:indicator", c.token, nil)
			if r.want(t, 200); !bytes.Contains(r.body, []byte(c.want)) || c.token != pia && bytes.Contains(r.body, []byte("ebra")) || c.token == "" && bytes.Contains(r.body, []byte(shared)) {
				t.Errorf("found: %s", r.body)
			}
		}
		l := h.do("GET", api+"?q=beacon&limit=1", wim, nil).want(t, 200)
		l2 := h.do("GET", api+"?q=beacon&limit=1&cursor="+text(l, "next"), wim, nil).want(t, 200)
		if text(l, "items", 0, "id") == text(l2, "items", 0, "id") || text(l2, "next") != "<nil>" || text(l, "items", 0, "from", "organization_name") != "Pumpworks" {
			t.Errorf("two pages: %v %v", l, l2)
		}
		if p := h.do("GET", api+"?q=beacon&cursor=x", wim, nil).want(t, 422); text(p, "errors", 0, "field") != "cursor" {
			t.Errorf("a wrong cursor: %v", p)
		}
		h.do("GET", api+"?q=nonsense:x", wim, nil).want(t, 422)
		if f := h.do("GET", api+"/facets?q=beacon", wim, nil).want(t, 200); text(f, "of") != "2" || text(f, "all") != "true" {
			t.Errorf("facets: %v", f)
		}
		if m := h.do("GET", api+"/markings", "", nil).want(t, 200); len(get(m, "items").([]any)) != 1 || text(m, "items", 0, "tlp") != "CLEAR" || text(m, "items", 0, "definition") != clearMark {
			t.Errorf("the public receives %v", m)
		}
		if m := h.do("GET", api+"/markings", wim, nil).want(t, 200); len(get(m, "items").([]any)) != 5 {
			t.Errorf("a member receives %v", m)
		}
		obj := h.do("GET", api+"/objects/"+public, "", nil).want(t, 200)
		if text(obj, "name") != "Public beacon" || text(obj, "object", "pattern") != "[domain-name:value = 'a.example']" || text(obj, "label", "tlp") != "CLEAR" {
			t.Errorf("the object: %v", obj)
		}
		raw := h.do("GET", api+"/objects/"+public+"/raw", "", nil)
		if raw.want(t, 200); string(raw.body) != text1 || raw.Header.Get("X-Cordon-Label") != "TLP:CLEAR" {
			t.Errorf("its bytes: %s", raw.body)
		}
		h.do("GET", api+"/objects/"+shared, "", nil).want(t, 404)
		if v := h.do("GET", api+"/objects/"+shared+"/versions", wim, nil).want(t, 200); len(get(v, "items").([]any)) != 1 {
			t.Errorf("versions: %v", v)
		}

		// Said of it.
		said := h.do("POST", api+"/objects/"+shared+"/sightings", wim, map[string]any{"count": 2, "note": "On the ward."}, "Idempotency-Key: k2").want(t, 201)
		if again := h.do("POST", api+"/objects/"+shared+"/sightings", wim, map[string]any{"count": 2, "note": "On the ward."}, "Idempotency-Key: k2").want(t, 201); text(again, "id") != text(said, "id") || text(said, "outcome") != "added" {
			t.Errorf("said: %v, then %v", said, again)
		}
		h.do("POST", api+"/objects/"+shared+"/sightings", wim, map[string]any{"tlp": "PINK"}).want(t, 422)
		h.do("POST", api+"/objects/"+shared+"/remarks", pol, map[string]any{"opinion": "agree"}).want(t, 201)
		if s := h.do("GET", api+"/objects/"+shared+"/sightings", pia, nil).want(t, 200); text(s, "count") != "2" || text(s, "organizations", 0) != "Ward Clinics" {
			t.Errorf("sightings: %v", s)
		}
		h.do("GET", api+"/objects/"+shared+"/sightings", "", nil).want(t, 404)
		if r := h.do("GET", api+"/objects/"+shared+"/referring", pia, nil).want(t, 200); len(get(r, "items").([]any)) != 2 {
			t.Errorf("referring: %v", r)
		}

		// What waits.
		held := h.do("GET", api+"/held", pol, nil).want(t, 200)
		id := text(held, "items", 0, "id")
		if id != h.hiddenCase["held"] || text(held, "items", 0, "why") != "marking" || text(held, "items", 0, "mine") != "true" || text(held, "items", 0, "batch") != h.hiddenCase["batch"] {
			t.Errorf("held: %v", held)
		}
		h.do("GET", api+"/held/"+id, pol, nil).want(t, 200)
		h.do("POST", api+"/held/"+id+"/decide", pol, map[string]any{"accept": true}).want(t, 422)
		if d := h.do("POST", api+"/held/"+id+"/decide", pol, map[string]any{"accept": true, "tlp": "AMBER+STRICT"}).want(t, 200); text(d, "state") != "accepted" {
			t.Errorf("decided: %v", d)
		}
		h.do("POST", api+"/held/"+id+"/decide", pol, map[string]any{"accept": true, "tlp": "AMBER"}).want(t, 409)

		// Out.
		h.index()
		for _, f := range intel.ExportFormats() {
			r := h.do("GET", api+"/export?q=beacon&format="+string(f), wim, nil)
			if r.want(t, 200); r.Header.Get("X-Cordon-Label") != map[bool]string{true: "TLP:CLEAR", false: "TLP:GREEN"}[f.Rules()] || !strings.Contains(r.Header.Get("Content-Disposition"), "intel-tlp-") || bytes.Contains(r.body, []byte("ebra")) {
				t.Errorf("%s: %v %s", f, r.Header, r.body)
			}
		}
		out := h.do("GET", api+"/export?format=stix&id="+public+"&id="+hiddenStix, wim, nil)
		if r := stix.NewReader(bytes.NewReader(out.body), stix.Limits{}); out.Header.Get("X-Cordon-Objects") != "1" || !bytes.Contains(out.body, []byte(text1)) {
			t.Errorf("by id: %s", out.body)
		} else if _, err := r.Next(); err != nil {
			t.Error(err)
		}
		list := h.do("GET", api+"/export?q=beacon&format=list&values=domain", wim, nil)
		if list.want(t, 200); !bytes.HasSuffix(list.body, []byte("a.example\nb.example\n")) && !bytes.HasSuffix(list.body, []byte("b.example\na.example\n")) {
			t.Errorf("the list: %s", list.body)
		}
		for _, bad := range []string{"", "?format=xml", "?format=csv&values=domain", "?format=csv&tpl=green", "?format=csv&q=x&id=" + public, "?format=csv&format=list", "?format=csv&q=nonsense:x"} {
			h.do("GET", api+"/export"+bad, wim, nil).want(t, 422)
		}
		check := h.answers
		h.answers = nil // HEAD is not described
		if res := h.do("HEAD", api+"/export?format=csv", wim, nil); res.StatusCode != 405 {
			t.Errorf("HEAD: %d", res.StatusCode)
		}
		h.answers = check
		n := 0
		h.write(h.wim, func(tx *db.Tx) error {
			es, err := h.ledger.ByOrg(tx.View, h.ward, []string{"intel.exported"}, epoch, epoch.Add(time.Hour), 100)
			n = len(es)
			tx.Append(db.Entry{Verb: "test.done", Object: "test_1", Label: policy.Default(h.ward)})
			return err
		})
		if want := len(intel.ExportFormats()) + 2; n != want {
			t.Errorf("%d exports are on record, want %d", n, want)
		}

		h.do("DELETE", api+"/objects/"+public, wim, nil).want(t, 403)
		h.do("DELETE", api+"/objects/"+public+"?version=yesterday", pia, nil).want(t, 422)
		h.do("DELETE", api+"/objects/"+public+"?version=2026-01-01T00:00:00.000Z", pia, nil).want(t, 204)
		h.do("GET", api+"/objects/"+public, "", nil).want(t, 404)

		h.sourcesScript(t, api)
		for _, r := range h.srv.Routes() {
			if h.ofIntel(r) && !seen[r.Method+" "+r.Path] && r.Path != api+"/sources/{source}/trust" { // nothing is offered to trust
				t.Errorf("no answer of %s %s was checked", r.Method, r.Path)
			}
		}
	})
}

func (h *house) sourcesScript(t *testing.T, api string) {
	t.Helper()
	pia, pol, wim := h.tokens[h.pia], h.tokens[h.pol], h.tokens[h.wim]
	body := map[string]any{"name": "Feed", "kind": "taxii", "url": "https://taxii.example/root/", "collection": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "user": "u", "password": "secret-word", "terms": map[string]any{"floor": "AMBER+STRICT"}, "minutes": 30}
	made := h.do("POST", api+"/sources", pia, body, "Idempotency-Key: s1")
	s := made.want(t, 201)
	if again := h.do("POST", api+"/sources", pia, body, "Idempotency-Key: s1").want(t, 201); text(again, "id") != text(s, "id") {
		t.Errorf("subscribed twice: %v", again)
	}
	if bytes.Contains(made.body, []byte("secret-word")) || text(s, "auth") != "basic" || text(s, "minutes") != "30" || text(s, "terms", "floor") != "AMBER+STRICT" {
		t.Errorf("the source: %s", made.body)
	}
	at := made.Header.Get("Location")
	h.do("GET", at, wim, nil).want(t, 404)
	if l := h.do("GET", api+"/sources", pol, nil).want(t, 200); len(get(l, "items").([]any)) != 2 {
		t.Errorf("sources: %v", l)
	}
	h.do("GET", at, pol, nil).want(t, 200)
	h.do("POST", api+"/sources", pia, map[string]any{"name": "x", "kind": "taxii", "url": "https://taxii.example/", "terms": map[string]any{"green": []string{"all"}}}).want(t, 422)
	edit := map[string]any{"name": "Other", "kind": "taxii", "url": "https://taxii.example/root/", "collection": "91a7b528-80eb-42ed-a74d-c6fbd5a26116", "keep": true, "terms": map[string]any{"floor": "AMBER+STRICT"}}
	if e := h.do("PATCH", at, pol, edit).want(t, 200); text(e, "name") != "Other" || text(e, "auth") != "basic" {
		t.Errorf("edited: %v", e)
	}
	h.do("POST", at+"/pull", pol, nil).want(t, 200)
	if p := h.do("POST", at+"/pause", pol, nil).want(t, 200); text(p, "state") != "paused" {
		t.Errorf("paused: %v", p)
	}
	h.do("POST", at+"/resume", pol, nil).want(t, 200)
	h.do("POST", at+"/trust", pol, map[string]any{"fingerprint": "x"}).want(t, 409)
	h.do("DELETE", at, pol, nil).want(t, 204)
	h.do("GET", at, pol, nil).want(t, 404)

	hook := map[string]any{"name": "Desk", "url": "https://hooks.example/desk", "query": "type:indicator"}
	made = h.do("POST", api+"/hooks", pia, hook, "Idempotency-Key: h1")
	k := made.want(t, 201)
	secret := text(k, "secret")
	if again := h.do("POST", api+"/hooks", pia, hook, "Idempotency-Key: h1").want(t, 201); secret == "<nil>" || text(again, "secret") != "<nil>" || text(again, "id") != text(k, "id") {
		t.Errorf("the webhook: %v, then %v", k, again)
	}
	at = made.Header.Get("Location")
	if r := h.do("GET", at, pol, nil); strings.Contains(string(r.body), secret) {
		t.Errorf("the secret is told again: %s", r.body)
	}
	h.do("GET", api+"/hooks", pol, nil).want(t, 200)
	h.do("GET", at, wim, nil).want(t, 404)
	h.do("POST", api+"/hooks", pia, map[string]any{"name": "Desk", "url": "http://127.0.0.1/"}).want(t, 422) // T-48
	hook["query"] = "type:report"
	if e := h.do("PATCH", at, pol, hook).want(t, 200); text(e, "query") != "type:report" {
		t.Errorf("edited: %v", e)
	}
	if r := h.do("POST", at+"/secret", pol, nil).want(t, 200); text(r, "secret") == secret || text(r, "secret") == "<nil>" {
		t.Errorf("renewed: %v", r)
	}
	h.do("POST", at+"/test", pol, nil).want(t, 200)
	ds := h.do("GET", at+"/deliveries", pol, nil).want(t, 200)
	if text(ds, "items", 0, "kind") != "test" {
		t.Errorf("deliveries: %v", ds)
	}
	h.do("GET", at+"/deliveries", wim, nil).want(t, 404)
	h.do("POST", at+"/deliveries/"+text(ds, "items", 0, "id")+"/again", pol, nil).want(t, 200)
	if o := h.do("POST", at+"/turn", pol, map[string]any{"on": false}).want(t, 200); text(o, "state") != "off" {
		t.Errorf("turned off: %v", o)
	}
	h.do("DELETE", at, pol, nil).want(t, 204)
}

// Terms are read as they are written.
func TestIntelTerms(t *testing.T) {
	in := IntelTerms{Unmarked: "GREEN", Floor: "CLEAR", Green: []string{"community-private"}, Attribution: "community", PAP: "GREEN", AIS: "usg", Scrub: "clean"}
	terms, err := in.parse()
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(termsShape(terms))
	b, _ := json.Marshal(in)
	if !bytes.Equal(a, b) {
		t.Errorf("%s became %s", b, a)
	}
	if _, err := (IntelTerms{Unmarked: "PINK", Red: []string{"x"}}).parse(); !fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) != 2 {
		t.Errorf("nonsense as terms: %v", err)
	}
}
