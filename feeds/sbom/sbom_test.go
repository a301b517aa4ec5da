package sbom_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/feeds/sbom"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

type house struct {
	*town.Town
	url string
}

func newHouse(t *testing.T, url string) *house {
	h := &house{Town: town.New(t, url)}
	s := &sbom.Server{DB: h.DB, Members: h.Members, Devices: h.Devices, Matching: h.Matching, Log: slog.New(slog.DiscardHandler)}
	h.url = h.Serve(s.Routes())
	return h
}

func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHouse(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHouse(t, town.Postgres(t))) })
}

// ask sends a request as Dependency-Track's clients do.
func (h *house) ask(method, path, key string, body io.Reader, headers ...string) (int, string) {
	h.T.Helper()
	req, err := http.NewRequest(method, h.url+path, body)
	h.OK(err)
	if key != "" {
		req.Header.Set("X-Api-Key", key)
	}
	if method == "PUT" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, x := range headers {
		name, value, _ := strings.Cut(x, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	h.OK(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	h.OK(err)
	return res.StatusCode, string(text)
}

func (h *house) put(key, body string) (int, string) {
	h.T.Helper()
	return h.ask("PUT", "/api/v1/bom", key, strings.NewReader(body))
}

func doc(lib, version string) string {
	return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"component":{"type":"device","bom-ref":"root","name":"Infuser"}},
 "components":[{"type":"library","bom-ref":"lib","name":%[1]q,"version":%[2]q,"purl":"pkg:npm/%[1]s@%[2]s"}],"dependencies":[{"ref":"root","dependsOn":["lib"]}]}`, lib, version)
}

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func field(t *testing.T, text, name string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return fmt.Sprint(m[name])
}

// settle has what was sent read and compared.
func (h *house) settle(sboms ...string) {
	h.T.Helper()
	for _, id := range sboms {
		_, err := h.Devices.ReadSBOM(h.Ctx, h.DB, policy.System("test"), id, nil)
		h.OK(err)
	}
	for f := h.Matching.Follower(); ; {
		n, err := h.Ledger.Step(h.Ctx, f)
		h.OK(err)
		if n == 0 {
			break
		}
	}
	for more := true; more; {
		var err error
		more, err = h.Matching.Step(h.Ctx, h.DB, policy.System("test"))
		h.OK(err)
	}
}

// The whole way of a pipeline: it sends, asks until it is done, and reads findings.
func TestPipeline(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		key := h.Token(town.Pia)
		b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "osv", Kind: vulns.OSV, Label: policy.Label{TLP: policy.Clear, Audience: policy.NewAudience(policy.Public)}},
			strings.NewReader(`{"schema_version":"1.6.0","id":"CVE-2026-0001","modified":"2026-02-01T00:00:00Z","summary":"A hole","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"npm","name":"leftish"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"2.0.0"}]}]}]}`))
		h.OK(err)
		_, err = h.Vulns.Read(h.Ctx, h.DB, policy.System("test"), b.ID, nil)
		h.OK(err)

		body := `{"projectName":"Infuser","projectVersion":"4.1","autoCreate":%v,"bom":"` + b64(doc("leftish", "1.0.0")) + `"}`
		if status, text := h.put(key, fmt.Sprintf(body, false)); status != 404 || !strings.Contains(text, "autoCreate") {
			t.Errorf("an unknown project: %d %s", status, text)
		}
		status, text := h.put(key, fmt.Sprintf(body, true))
		if status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		token := field(t, text, "token")
		for _, path := range []string{"/api/v1/bom/token/", "/api/v1/event/token/"} {
			if status, text := h.ask("GET", path+token, key, nil); status != 200 || text != `{"processing":true}`+"\n" {
				t.Errorf("at first: %d %s", status, text)
			}
			if status, _ := h.ask("GET", path+token, h.Token(town.Wim), nil); status != 404 {
				t.Errorf("another organization is answered %d", status)
			}
		}
		// What was read is not compared yet: that nothing is found says nothing.
		_, err = h.Devices.ReadSBOM(h.Ctx, h.DB, policy.System("test"), token, nil)
		h.OK(err)
		if _, text := h.ask("GET", "/api/v1/bom/token/"+token, key, nil); text != `{"processing":true}`+"\n" {
			t.Errorf("read, and not compared: %s", text)
		}
		h.settle()
		if _, text := h.ask("GET", "/api/v1/bom/token/"+token, key, nil); text != `{"processing":false}`+"\n" {
			t.Errorf("at last: %s", text)
		}

		// The product, its version and its SBOM are the organization's own.
		var id string
		h.OK(h.DB.Read(h.Ctx, h.As(town.Pol), func(v *db.View) error {
			ps, _, err := h.Devices.MyProducts(v, devices.ProductQuery{})
			if err != nil || len(ps) != 1 {
				return fmt.Errorf("%d products, %v", len(ps), err)
			}
			id = ps[0].ID
			vs, err := h.Devices.Versions(v, id)
			sbom, serr := h.Devices.SBOM(v, token)
			if err != nil || serr != nil || len(vs) != 1 || vs[0].Name != "4.1" || ps[0].Maker != "Pump Works" || sbom.Via != "build" || sbom.Label.TLP != policy.AmberStrict || !ps[0].Label.Audience.Equal(policy.Default(ps[0].Kept).Audience) {
				return fmt.Errorf("%+v %+v %v %v", ps[0], vs, err, serr)
			}
			return nil
		}))
		// Sent again, in another way each time, it is the same.
		escaped := strings.ReplaceAll(strings.ReplaceAll(b64(doc("leftish", "1.0.0")), "/", `\/`), "=", `\u003d`)
		for _, again := range []string{fmt.Sprintf(body, true), `{"bom":"` + escaped + `","projectVersion":"4.1","projectName":"infuser","projectTags":[{"name":"x"}]}`, `{"project":"` + id + `","projectVersion":"v4.1","bom":"` + escaped + `"}`} {
			if status, text := h.put(key, again); status != 200 || field(t, text, "token") != token {
				t.Errorf("again: %d %s", status, text)
			}
		}
		form := func(parts ...string) (int, string) {
			var b bytes.Buffer
			w := multipart.NewWriter(&b)
			for i := 0; i < len(parts); i += 2 {
				make := w.CreateFormField
				if parts[i] == "bom" {
					make = func(name string) (io.Writer, error) { return w.CreateFormFile(name, "bom.json") }
				}
				f, err := make(parts[i])
				h.OK(err)
				io.WriteString(f, parts[i+1])
			}
			w.Close()
			return h.ask("POST", "/api/v1/bom", key, &b, "Content-Type: "+w.FormDataContentType())
		}
		if status, text := form("projectName", "Infuser", "projectVersion", "4.1", "autoCreate", "true", "bom", doc("leftish", "1.0.0")); status != 200 || field(t, text, "token") != token {
			t.Errorf("a form: %d %s", status, text)
		}
		for _, bad := range [][]string{{"bom", doc("a", "1"), "projectName", "Infuser"}, {"projectName", "Infuser", "bom", doc("leftish", "9.0.0"), "projectVersion", "9"}, {"projectName", "Infuser"}, {"projectName", "Infuser", "autoCreate", "yes", "bom", "x"}, {"projectName", "a", "projectName", "b", "bom", "x"}, {"projectName", "Infuser", "bom", "nonsense"}} {
			if status, text := form(bad...); status != 422 && status != 400 {
				t.Errorf("%.80v: %d %s", bad, status, text)
			}
		}

		// Findings, as Dependency-Track writes them.
		status, text = h.ask("GET", "/api/v1/findings?product=Infuser&version=4.1", key, nil)
		var fs []struct {
			Component     struct{ Name, Version, PURL, Project string }
			Vulnerability struct {
				VulnID, Source, Severity string
				CVSSV3BaseScore          float64
				EPSSScore                *float64
			}
			Analysis struct {
				State        string
				IsSuppressed bool
			}
			Matrix string
		}
		if err := json.Unmarshal([]byte(text), &fs); err != nil || status != 200 || len(fs) != 1 {
			t.Fatalf("%d %s %v", status, text, err)
		}
		f := fs[0]
		if f.Component.Name != "leftish" || f.Component.PURL != "pkg:npm/leftish@1.0.0" || f.Component.Project != id || f.Vulnerability.VulnID != "CVE-2026-0001" || f.Vulnerability.Source != "NVD" || f.Vulnerability.Severity != "CRITICAL" || f.Vulnerability.CVSSV3BaseScore != 9.8 ||
			f.Analysis.State != "NOT_SET" || f.Analysis.IsSuppressed || strings.Count(f.Matrix, ":") != 2 {
			t.Errorf("a finding: %s", text)
		}
		h.Clock.Add(time.Minute)
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error {
			_, err := h.Matching.Say(tx, matching.NewSaying{Product: id, Vuln: "CVE-2026-0001", Status: "not_affected", Justification: "component_not_present"})
			return err
		}))
		if _, text := h.ask("GET", "/api/v1/findings?product=Infuser", key, nil); text != "[]\n" {
			t.Errorf("what is settled: %s", text)
		}
		if _, text := h.ask("GET", "/api/v1/findings?product=Infuser&suppressed=true", key, nil); !strings.Contains(text, `"analysis":{"state":"NOT_AFFECTED","isSuppressed":true}`) {
			t.Errorf("what is settled, too: %s", text)
		}
		for path, want := range map[string]int{"?product=Nothing": 404, "?project=product_x": 404, "?product=Infuser&produkt=x": 422, "": 422, "?product=Infuser&suppressed=maybe": 422, "?product=Infuser&product=x": 422} {
			if status, text := h.ask("GET", "/api/v1/findings"+path, key, nil); status != want {
				t.Errorf("%s: %d %s", path, status, text)
			}
		}
		// Another maker has a product of that name, too, and nothing of this one.
		if status, text := h.ask("GET", "/api/v1/findings?product=Infuser", h.Token(town.Max), nil); status != 404 {
			t.Errorf("another maker: %d %s", status, text)
		}
		if status, text := h.ask("GET", "/api/v1/findings?project="+id, h.Token(town.Max), nil); status != 404 || text != func() string {
			_, text := h.ask("GET", "/api/v1/findings?project="+ids.New("product"), h.Token(town.Max), nil)
			return text
		}() {
			t.Errorf("another maker, by id: %d %s", status, text)
		}
		if status, text := h.put(h.Token(town.Max), fmt.Sprintf(body, true)); status != 200 || field(t, text, "token") == token {
			t.Errorf("another maker's own: %d %s", status, text)
		}
	})
}

// Who may send, and what cannot be read: each is told what to mend, and nothing is
// kept.
func TestRefused(t *testing.T) {
	h := newHouse(t, "")
	key, good := h.Token(town.Pia), b64(doc("a", "1"))
	body := func(bom string) string {
		return `{"projectName":"P","projectVersion":"1","autoCreate":true,"bom":"` + bom + `"}`
	}
	for _, c := range []struct {
		key, body string
		status    int
		says      string
	}{
		{"", body(good), 401, "X-Api-Key"},
		{key + "x", body(good), 401, "not valid"},
		{h.Token(town.Pia, policy.ScopeRead), body(good), 403, "scope"},
		{h.Token(town.Wim), body(good), 403, ""}, // a hospital adds no products
		{h.Token(town.Paz), body(good), 403, ""}, // no named recipient
		{key, ``, 422, "cannot be read"},
		{key, `{}`, 422, "as bom"},
		{key, `[]`, 422, "cannot be read"},
		{key, `{"projectName":"P"}`, 422, "as bom"},
		{key, `{"bom":"` + good + `"}`, 422, "projectName"},
		{key, body(""), 422, "empty"},
		{key, body("!!!!"), 422, "base64"},
		{key, body(good[:len(good)-2]), 422, "base64"},
		{key, body(`\x`), 422, "base64"},
		{key, body(b64("not an SBOM")), 422, "no SBOM"},
		{key, strings.TrimSuffix(body(good), `"}`), 422, "whole"},
		{key, strings.TrimSuffix(body(good), `}`), 422, "cannot be read"},
		{key, body(good) + `{}`, 422, "cannot be read"},
		{key, strings.TrimSuffix(body(good), `}`) + `,"projectName":"Q"}`, 422, "cannot be read"},
		{key, strings.TrimSuffix(body(good), `}`) + `,"bom":"` + good + `"}`, 422, "twice"},
		{key, strings.TrimSuffix(body(good), `}`) + `,"project":"product_x"}`, 422, "before bom"},
		{key, `{"projectName":"P","projectVersion":"1","autoCreate":"yes","bom":"` + good + `"}`, 422, "cannot be read"},
		{key, `{"projectName":"P","x":"` + strings.Repeat("x", 70<<10) + `","bom":"` + good + `"}`, 422, "longer than"},
		{key, `{"project":"nonsense","bom":"` + good + `"}`, 404, "no id"},
		{key, `{"projectName":"` + strings.Repeat("x", 300) + `","projectVersion":"1","autoCreate":true,"bom":"` + good + `"}`, 422, ""},
	} {
		if status, text := h.put(c.key, c.body); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%.120s: %d %s, want %d and %q", c.body, status, text, c.status, c.says)
		}
	}
	if status, _ := h.ask("PUT", "/api/v1/bom", "", strings.NewReader(body(good)), "Authorization: Bearer "+h.Token(town.Max)); status != 200 {
		t.Errorf("as Bearer: %d", status)
	}
	if status, _ := h.ask("PUT", "/api/v1/bom", key, strings.NewReader(body(good)), "Authorization: Bearer "+h.Token(town.Max)); status != 401 {
		t.Errorf("two keys: %d", status)
	}
	if status, _ := h.ask("PUT", "/api/v1/bom", key, strings.NewReader(body(good)), "Content-Type: text/plain"); status != 422 {
		t.Errorf("no JSON: %d", status)
	}
	h.OK(h.DB.Read(h.Ctx, h.As(town.Pia), func(v *db.View) error {
		bs, err := h.Devices.OwnSBOMs(v, "", 10)
		if err == nil && len(bs) != 0 {
			err = fmt.Errorf("kept: %+v", bs[0])
		}
		return err
	}))
}

// An SBOM of many megabytes within JSON is kept as it comes.
func TestLargeBodyStreams(t *testing.T) {
	h := newHouse(t, "")
	key := h.Token(town.Pia)
	text := doc("a", "1") + strings.Repeat(" ", 30<<20)
	send := func(bom io.Reader) (int, string) {
		pr, pw := io.Pipe()
		go func() {
			io.WriteString(pw, `{"projectName":"P","projectVersion":"1","autoCreate":true,"bom":"`)
			w := base64.NewEncoder(base64.StdEncoding, pw)
			io.Copy(w, bom)
			w.Close()
			io.WriteString(pw, `"}`)
			pw.Close()
		}()
		return h.ask("PUT", "/api/v1/bom", key, pr)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	status, answer := send(strings.NewReader(text))
	runtime.ReadMemStats(&after)
	if status != 200 {
		t.Fatalf("%d %s", status, answer)
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 48<<20 { // the client is counted, too; held whole it is more than twice as much
		t.Errorf("30 MiB took %d MiB of memory in all", grew>>20)
	}
	if status, answer := send(io.LimitReader(neverending{}, 60<<20)); status != 422 && status != 413 {
		t.Errorf("80 MiB: %d %s", status, answer)
	}
	if status, answer := send(io.MultiReader(strings.NewReader(doc("a", "1")), io.LimitReader(neverending{}, 60<<20))); status != 413 {
		t.Errorf("80 MiB of an SBOM: %d %s", status, answer)
	}
}

type neverending struct{}

func (neverending) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
