package misp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/feeds/misp"
	format "github.com/cordon-isao/cordon/formats/misp"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

const (
	clear  = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	green  = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	amber  = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
	strict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	red    = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
)

type house struct {
	*town.Town
	url string
}

func newHouse(t *testing.T, url string) *house {
	h := &house{Town: town.New(t, url)}
	s := &misp.Server{DB: h.DB, Members: h.Members, Intel: h.Intel, Box: h.Box, Log: slog.New(slog.DiscardHandler)}
	h.url = h.Serve(s.Routes())
	return h
}

func onBoth(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newHouse(t, "")) })
	t.Run("postgres", func(t *testing.T) { fn(t, newHouse(t, town.Postgres(t))) })
}

func (h *house) get(path, authorization string, headers ...string) (*http.Response, string) {
	h.T.Helper()
	req, err := http.NewRequest("GET", h.url+path, nil)
	h.OK(err)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	for _, x := range headers {
		name, value, _ := strings.Cut(x, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	h.OK(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	h.OK(err)
	return res, string(body)
}

// as asks in a person's name.
func (h *house) as(person, path string) (*http.Response, string) {
	h.T.Helper()
	if person == "" {
		return h.get(path, "")
	}
	return h.get(path, "Bearer "+h.Token(person))
}

func indicator(n int, value, marking string) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Beacon %d","pattern":"[domain-name:value = '%s']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z","object_marking_refs":[%q]}`,
		n, n, value, marking)
}

func report(n int, name, marking string, refs ...int) string {
	var ids []string
	for _, r := range refs {
		ids = append(ids, fmt.Sprintf(`"indicator--00000000-0000-4000-8000-%012d"`, r))
	}
	return fmt.Sprintf(`{"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":%q,"published":"2026-01-01T00:00:00Z","object_refs":[%s],"object_marking_refs":[%q]}`,
		n, name, strings.Join(ids, ","), marking)
}

func (h *house) take(person string, terms intel.Terms, objs ...string) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	terms.Scrub = intel.ScrubClean
	h.OK(h.Write(person, func(tx *db.Tx) error {
		_, outs, err := h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "test", Format: intel.FormatSTIX, Terms: terms},
			strings.NewReader(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`+strings.Join(objs, ",")+`]}`))
		for _, o := range outs {
			if o.Kind != intel.WasAdded && o.Kind != intel.WasSame {
				return fmt.Errorf("%+v", o)
			}
		}
		return err
	}))
}

// fetch reads a whole feed as a MISP instance does and gives the values in it, by
// the names of events.
func (h *house) fetch(person, at string) map[string]string {
	h.T.Helper()
	res, body := h.as(person, at+"manifest.json")
	if res.StatusCode != 200 {
		h.T.Fatalf("the manifest: %d %s", res.StatusCode, body)
	}
	m, err := format.ParseManifest(strings.NewReader(body))
	h.OK(err)
	res, body = h.as(person, at+"hashes.csv")
	if res.StatusCode != 200 {
		h.T.Fatalf("the hashes: %d %s", res.StatusCode, body)
	}
	hashes, err := format.ParseHashes(strings.NewReader(body))
	h.OK(err)
	hashed := map[string]int{}
	for _, x := range hashes {
		hashed[x.Event]++
	}
	out := map[string]string{}
	for uuid, entry := range m {
		res, body := h.as(person, at+uuid+".json")
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "application/json" {
			h.T.Fatalf("the event: %d %s", res.StatusCode, body)
		}
		es, err := format.Parse(strings.NewReader(body), format.Limits{})
		h.OK(err)
		e := es[0]
		var values []string
		for _, a := range e.Attributes {
			values = append(values, a.Value)
		}
		slices.Sort(values)
		tlp, _ := e.TLP()
		pap, _ := e.PAP()
		out[e.Info] = strings.Join(append(values, tlp, "PAP:"+pap, e.Distribution, e.Orgc.Name), " ")
		if e.UUID != uuid || e.Timestamp != entry.Timestamp || hashed[uuid] != len(values) || entry.Orgc == nil || entry.Orgc.UUID == "" {
			h.T.Errorf("the manifest says %+v, the event %+v; %d hashes", entry, e, hashed[uuid])
		}
	}
	return out
}

func TestFeed(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		if got := h.fetch("", "/feeds/misp/"); len(got) != 0 {
			t.Errorf("an empty feed holds %v", got)
		}
		h.take(town.Pia, intel.Terms{Amber: []policy.Principal{town.Pump, town.Ward}, PAP: "GREEN"},
			indicator(1, "clear.example", clear), indicator(2, "green.example", green), indicator(3, "amber.example", amber), indicator(4, "strict.example", strict), indicator(5, "red.example", red),
			report(10, "A campaign", green, 1, 2, 3))
		h.take(town.Wim, intel.Terms{Attribution: intel.Community, AIS: "usg"}, indicator(6, "loose.example", green))

		for _, c := range []struct {
			person, at string
			want       map[string]string
		}{
			{"", "/feeds/misp/", map[string]string{"Beacon 1": "clear.example CLEAR PAP:GREEN 3 Pump Works"}},
			{town.Cy, "/feeds/misp/", map[string]string{
				"A campaign": "clear.example green.example GREEN PAP:GREEN 1 Pump Works",
				"Beacon 6":   "loose.example GREEN PAP: 1 Test ISAO"}},
			{town.Wanda, "/feeds/misp/", map[string]string{
				"A campaign": "clear.example green.example GREEN PAP:GREEN 1 Pump Works",
				"Beacon 6":   "loose.example GREEN PAP: 1 Test ISAO"}},
			{town.Wim, "/feeds/misp/amber/", map[string]string{
				"A campaign": "amber.example clear.example green.example AMBER PAP:GREEN 0 Pump Works",
				"Beacon 4":   "strict.example AMBER+STRICT PAP:GREEN 0 Pump Works",
				"Beacon 6":   "loose.example GREEN PAP: 1 Test ISAO"}},
		} {
			if got := h.fetch(c.person, c.at); !maps.Equal(got, c.want) {
				t.Errorf("%q reads %s as %v, want %v", c.person, c.at, got, c.want)
			}
		}
		// nobody's feed holds RED, not even of what is his own.
		for _, at := range []string{"/feeds/misp/", "/feeds/misp/amber/"} {
			for info, values := range h.fetch(town.Pia, at) {
				if strings.Contains(values, "red.example") {
					t.Errorf("%s holds %s: %s", at, info, values)
				}
			}
		}
		// What grows is asked for again.
		before, _ := h.as(town.Cy, "/feeds/misp/manifest.json")
		same, _ := h.get("/feeds/misp/manifest.json", "Bearer "+h.Token(town.Cy), "If-None-Match: "+before.Header.Get("ETag"))
		h.take(town.Wim, intel.Terms{}, indicator(7, "late.example", green))
		after, _ := h.get("/feeds/misp/manifest.json", "Bearer "+h.Token(town.Cy), "If-None-Match: "+before.Header.Get("ETag"))
		if same.StatusCode != 304 || after.StatusCode != 200 {
			t.Errorf("asked again: %d, then %d", same.StatusCode, after.StatusCode)
		}
		if got := h.fetch(town.Cy, "/feeds/misp/"); len(got) != 3 {
			t.Errorf("after something came: %v", got)
		}
		// What its sender deletes is gone.
		h.OK(h.Write(town.Wim, func(tx *db.Tx) error {
			return h.Intel.Delete(tx, "indicator--00000000-0000-4000-8000-000000000007", time.Time{})
		}))
		if got := h.fetch(town.Cy, "/feeds/misp/"); len(got) != 2 {
			t.Errorf("after something was deleted: %v", got)
		}
	})
}

// Who may ask, in every form in which programs say who they are; and what may not
// be read is the bytes of what never was (T-08).
func TestWhoMayAsk(t *testing.T) {
	h := newHouse(t, "")
	h.take(town.Pia, intel.Terms{}, indicator(2, "green.example", green), indicator(4, "strict.example", strict))
	token := h.Token(town.Cy)
	basic := &http.Request{Header: http.Header{}}
	basic.SetBasicAuth("anyone", token)
	for _, c := range []struct {
		path, authorization string
		status              int
	}{
		{"/feeds/misp/manifest.json", "", 200},
		{"/feeds/misp/manifest.json", token, 200},
		{"/feeds/misp/manifest.json", basic.Header.Get("Authorization"), 200},
		{"/feeds/misp/manifest.json", "Bearer " + token + "x", 401},
		{"/feeds/misp/manifest.json", "nonsense", 401},
		{"/feeds/misp/manifest.json", "Bearer " + h.Token(town.Cy, policy.ScopeWrite), 403},
		{"/feeds/misp/amber/manifest.json", "", 401},
		{"/feeds/misp/amber/manifest.json", token, 200},
		{"/feeds/misp/amber/manifest.json", h.Token(town.Wanda), 404}, // no named recipient
		{"/feeds/misp/amber/hashes.csv", h.Token(town.Wanda), 404},
		{"/feeds/misp/nothing.json", "", 404},
		{"/servers/getVersion", "", 401},
		{"/servers/getVersion", token, 200},
	} {
		res, body := h.get(c.path, c.authorization)
		if res.StatusCode != c.status {
			t.Errorf("%s with %.12q: %d %s", c.path, c.authorization, res.StatusCode, body)
		}
		if c.status == 401 && len(res.Header.Values("WWW-Authenticate")) != 2 {
			t.Errorf("%s: %v", c.path, res.Header)
		}
		if c.path == "/servers/getVersion" && c.status == 200 {
			var v struct{ Version string }
			if err := json.Unmarshal([]byte(body), &v); err != nil || v.Version == "" {
				t.Errorf("the version: %s", body)
			}
		}
	}
	var hidden string
	_, body := h.as(town.Pia, "/feeds/misp/amber/manifest.json")
	m, err := format.ParseManifest(strings.NewReader(body))
	h.OK(err)
	for uuid, e := range m {
		if strings.Contains(e.Info, "4") {
			hidden = uuid
		}
	}
	if hidden == "" {
		t.Fatal("nothing is hidden")
	}
	for _, person := range []string{"", town.Cy, town.Pia} {
		a, x := h.as(person, "/feeds/misp/"+hidden+".json")
		b, y := h.as(person, "/feeds/misp/00000000-0000-4000-8000-000000000000.json")
		a.Header.Del("Date")
		b.Header.Del("Date")
		if a.StatusCode != 404 || x != y || fmt.Sprint(a.Header) != fmt.Sprint(b.Header) {
			t.Errorf("%q: %d %s %v, %d %s %v", person, a.StatusCode, x, a.Header, b.StatusCode, y, b.Header)
		}
	}
}

// What is kept of a feed is nobody else's: after rights change, and between people
// who may read different things.
func TestRights(t *testing.T) {
	h := newHouse(t, "")
	h.take(town.Pia, intel.Terms{Amber: []policy.Principal{town.Pump, town.Ward}}, indicator(3, "amber.example", amber))
	for range 2 {
		if got := h.fetch(town.Wim, "/feeds/misp/amber/"); len(got) != 1 {
			t.Errorf("Wim reads %v", got)
		}
		if got := h.fetch(town.Cy, "/feeds/misp/amber/"); len(got) != 0 {
			t.Errorf("Cy reads %v", got)
		}
	}
	h.OK(h.System("test", func(tx *db.Tx) error { return h.Members.Suspend(tx, town.Ward.ID(), "A test.") }))
	if res, _ := h.as(town.Wim, "/feeds/misp/amber/manifest.json"); res.StatusCode != 401 {
		t.Errorf("a suspended member gets %d", res.StatusCode)
	}
}

// T-01: what somebody may not see changes no byte of his feed.
func TestTwins(t *testing.T) {
	worlds := [2]map[string]string{}
	var tags [2][]string
	for i := range worlds {
		h := newHouse(t, "")
		// A report's event has the report's uuid; an event of a share a random one.
		h.take(town.Pia, intel.Terms{}, indicator(1, "clear.example", clear), report(10, "Public", clear, 1), indicator(2, "green.example", green), report(11, "Green", green, 2, 3))
		if i == 1 {
			h.take(town.Pia, intel.Terms{}, indicator(3, "zebra.example", strict), report(12, "Zebra", strict, 1, 2, 3), indicator(1, "clear.example", clear))
		} else {
			h.Clock.Add(time.Minute)
		}
		h.take(town.Wim, intel.Terms{}, indicator(5, "late.example", clear), report(13, "Late", clear, 5, 1))
		worlds[i] = map[string]string{}
		for _, person := range []string{"", town.Cy, town.Wanda} {
			for _, path := range []string{"manifest.json", "hashes.csv", "00000000-0000-4000-8000-000000000010.json", "00000000-0000-4000-8000-000000000011.json", "00000000-0000-4000-8000-000000000012.json",
				"00000000-0000-4000-8000-000000000013.json", "amber/manifest.json", "amber/hashes.csv"} {
				res, body := h.as(person, "/feeds/misp/"+path)
				for _, name := range []string{"Date", "Etag", "Content-Length"} { // keys of ETags are each world's own
					res.Header.Del(name)
				}
				worlds[i][person+" "+path] = fmt.Sprint(res.StatusCode, res.Header, orgc(body))
				tags[i] = append(tags[i], res.Header.Get("ETag"))
			}
		}
	}
	for name, a := range worlds[0] {
		if b := worlds[1][name]; a != b {
			t.Errorf("%s differs:\n%s\n%s", name, a, b)
		}
		if strings.Contains(worlds[1][name], "ebra") {
			t.Errorf("%s tells what is hidden", name)
		}
	}
}

// orgc leaves out the community's id, which is random.
func orgc(body string) string {
	b := []byte(body)
	for {
		at := bytes.Index(b, []byte(`"Orgc":{"uuid":"`))
		if at < 0 {
			return string(b)
		}
		b = append(b[:at:at], b[at+len(`"Orgc":{"uuid":"`)+36:]...)
	}
}
