package atom_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/feeds/atom"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

const (
	clear  = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
	green  = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	strict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
)

type feed struct {
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Updated string `xml:"updated"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Summary string `xml:"summary"`
		Author  struct {
			Name string `xml:"name"`
		} `xml:"author"`
		Link struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
}

type house struct {
	*town.Town
	url string
}

func newHouse(t *testing.T, url string) *house {
	h := &house{Town: town.New(t, url)}
	s := &atom.Server{DB: h.DB, Members: h.Members, Intel: h.Intel, Box: h.Box, Log: slog.New(slog.DiscardHandler), Origin: "https://isao.example"}
	h.url = h.Serve(s.Routes())
	return h
}

func (h *house) get(token, tag string) (*http.Response, string) {
	h.T.Helper()
	req, err := http.NewRequest("GET", h.url+"/feeds/intel.atom", nil)
	h.OK(err)
	if token != "" {
		req.SetBasicAuth("me", token)
	}
	req.Header.Set("If-None-Match", tag)
	res, err := http.DefaultClient.Do(req)
	h.OK(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	h.OK(err)
	return res, string(body)
}

func (h *house) read(token string) (f feed) {
	h.T.Helper()
	res, body := h.get(token, "")
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/atom+xml") {
		h.T.Fatalf("%d %s", res.StatusCode, body)
	}
	h.OK(xml.Unmarshal([]byte(body), &f))
	return f
}

func thing(n int, typ, name, marking string) string {
	rest := `"is_family":false`
	if typ == "indicator" {
		rest = `"pattern":"[url:value = 'x']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"`
	}
	return fmt.Sprintf(`{"type":%q,"spec_version":"2.1","id":"%s--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":%q,"description":"Details of %s",%s,"object_marking_refs":[%q]}`,
		typ, typ, n, name, name, rest, marking)
}

func (h *house) take(person string, terms intel.Terms, objs ...string) {
	h.T.Helper()
	h.Clock.Add(time.Minute)
	terms.Scrub = intel.ScrubClean
	h.OK(h.Write(person, func(tx *db.Tx) error {
		_, _, err := h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "test", Format: intel.FormatSTIX, Terms: terms},
			strings.NewReader(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`+strings.Join(objs, ",")+`]}`))
		return err
	}))
}

func TestFeed(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{"sqlite": func(*testing.T) string { return "" }, "postgres": func(t *testing.T) string { return town.Postgres(t) }} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, url(t))
			if f := h.read(""); len(f.Entries) != 0 || f.Updated != "1970-01-01T00:00:00Z" || f.Title != "Threat intelligence of Test ISAO" {
				t.Errorf("an empty feed: %+v", f)
			}
			h.take(town.Pia, intel.Terms{}, thing(1, "malware", "Quokka <b>", clear), thing(2, "malware", "Wombat", green), thing(3, "malware", "Zebra", strict))
			var many []string
			for i := range 30 {
				many = append(many, thing(100+i, "indicator", fmt.Sprintf("Beacon %d", i), green))
			}
			h.take(town.Wim, intel.Terms{Attribution: intel.Community}, many...)

			f := h.read("")
			if len(f.Entries) != 1 || f.Entries[0].Title != "TLP:CLEAR malware: Quokka <b>" || f.Entries[0].Summary != "Details of Quokka <b>" || f.Entries[0].Author.Name != "Pump Works" ||
				f.Entries[0].Link.Href != "https://isao.example/intel/objects/malware--00000000-0000-4000-8000-000000000001" || f.Updated == "1970-01-01T00:00:00Z" {
				t.Errorf("the public's feed: %+v", f)
			}
			// GREEN for members, its titles only; nothing above, not even to its sender.
			for _, person := range []string{town.Cy, town.Wanda, town.Pia} {
				f = h.read(h.Token(person, policy.ScopeRead))
				var titles []string
				for _, e := range f.Entries {
					titles = append(titles, e.Title)
					if strings.Contains(e.Title, "GREEN") && e.Summary != "" {
						t.Errorf("it tells of what is GREEN: %+v", e)
					}
				}
				if got := strings.Join(titles, "; "); got != "TLP:GREEN shared at once: 30 × indicator; TLP:CLEAR malware: Quokka <b>; TLP:GREEN malware: Wombat" && got != "TLP:GREEN shared at once: 30 × indicator; TLP:GREEN malware: Wombat; TLP:CLEAR malware: Quokka <b>" {
					t.Errorf("%s reads %s", person, got)
				}
				if f.Entries[0].Author.Name != "a member of the community" {
					t.Errorf("the sender is %q", f.Entries[0].Author.Name)
				}
			}
			res, _ := h.get("", "")
			if again, body := h.get("", res.Header.Get("ETag")); again.StatusCode != 304 || body != "" {
				t.Errorf("asked again: %d %s", again.StatusCode, body)
			}
			if res, _ := h.get("nonsense", ""); res.StatusCode != 401 {
				t.Errorf("with a wrong token: %d", res.StatusCode)
			}
			if res, _ := h.get(h.Token(town.Cy, policy.ScopeWrite), ""); res.StatusCode != 403 {
				t.Errorf("without the scope: %d", res.StatusCode)
			}
		})
	}
}

// T-01: what somebody may not see changes no byte.
func TestTwins(t *testing.T) {
	var worlds [2]map[string]string
	for i := range worlds {
		h := newHouse(t, "")
		h.take(town.Pia, intel.Terms{}, thing(1, "malware", "Quokka", clear), thing(2, "malware", "Wombat", green))
		if i == 1 {
			h.take(town.Pia, intel.Terms{}, thing(3, "malware", "Zebra", strict))
			h.take(town.Pia, intel.Terms{Floor: policy.AmberStrict}, thing(9, "malware", "Zebra", clear))
		} else {
			h.Clock.Add(2 * time.Minute)
		}
		h.take(town.Wim, intel.Terms{}, thing(4, "malware", "Late", clear))
		worlds[i] = map[string]string{}
		for _, person := range []string{"", town.Cy, town.Wanda} {
			token := ""
			if person != "" {
				token = h.Token(person, policy.ScopeRead)
			}
			_, worlds[i][person] = h.get(token, "")
		}
	}
	for person, a := range worlds[0] {
		if b := worlds[1][person]; a != b || strings.Contains(b, "Zebra") {
			t.Errorf("%q:\n%s\n%s", person, a, b)
		}
	}
}
