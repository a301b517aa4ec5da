package taxii

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

const (
	everything = "/taxii2/community/collections/everything/"
	objectsOf  = everything + "objects/"
)

// circle forms a circle with people on its roster.
func (x *house) circle(name string, named bool, roster ...string) (id string) {
	x.t.Helper()
	x.OK(x.System("test", func(tx *db.Tx) (err error) {
		id, err = x.Members.SeedCircle(tx, members.NewCircle{Name: name, Named: named}, roster[0], roster[1:])
		return err
	}))
	return id
}

// idsOf is the ids of a page's objects, in order.
func (x *house) idsOf(g got) (ids []string) {
	x.t.Helper()
	e, err := taxii.ParseEnvelope([]byte(g.body))
	x.OK(err)
	for _, o := range e.Objects {
		ids = append(ids, idIn.FindStringSubmatch(string(o))[1])
	}
	return ids
}

var idIn = regexp.MustCompile(`"id":"([a-z0-9-]+)"`)

// short is objects' ids by their numbers.
func short(ids []string) (out []string) {
	for _, id := range ids {
		out = append(out, strings.TrimLeft(id[len(id)-12:], "0"))
	}
	return out
}

// TestConformance goes through the text of TAXII 2.1 (OASIS Standard, 10 June 2021)
// by clause, over HTTP with tokens, on both engines.
func TestConformance(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		room := x.circle("Infusion", false, town.Pia, town.Wim)
		x.take(town.Pia, shared, indicator(1, 0), indicator(2, 0, clear), indicator(3, 0, amberStrict), indicator(4, 0, red))
		x.Clock.Add(time.Minute)
		mid := taxii.FormatTime(x.Clock.Now())
		x.Clock.Add(time.Minute)
		x.take(town.Pia, shared, indicator(1, 1), `{"type":"malware","spec_version":"2.1","id":"malware--00000000-0000-4000-8000-000000000005","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Loader","is_family":false}`,
			`{"type":"ipv4-addr","spec_version":"2.1","id":"ipv4-addr--00000000-0000-4000-8000-000000000006","value":"198.51.100.6"}`)
		x.take(town.Pia, terms(ofCircle(members.Circle{ID: room})), indicator(7, 0))

		for _, c := range []struct {
			clause, what string
			check        func(t *testing.T, x *house)
		}{
			{"1.6.8", "an answer is in the one media type, and only for who takes it", func(t *testing.T, x *house) {
				for accept, status := range map[string]int{"": 200, "*/*": 200, "application/taxii+json": 200, "application/taxii+json;version=2.1": 200, "application/taxii+json;version=2.0": 406, "text/html": 406, "application/taxii+json;q=0": 406} {
					if g := x.get("", "/taxii2/", "Accept", accept); g.status != status || g.head.Get("Content-Type") != taxii.MediaType {
						t.Errorf("Accept %q: %d %v", accept, g.status, g.head)
					}
				}
			}},
			{"1.6.10", "who is not known is asked for credentials, in two ways", func(t *testing.T, x *house) {
				g := x.get("", objectsOf)
				if g.status != 401 || !cmp.Equal(g.head.Values("Www-Authenticate"), realm) {
					t.Errorf("%d %v", g.status, g.head)
				}
				token := x.Token(town.Wim)
				for auth, status := range map[string]int{"Bearer " + token: 200, "bearer " + token: 200, "Basic " + basicOf(token): 200, "Bearer x": 401, "Basic x": 401, "Digest " + token: 401, "Bearer " + token + "x": 401, "Basic " + basicOf("x"): 401} {
					if g := x.get("", objectsOf, "Authorization", auth); g.status != status {
						t.Errorf("%.9s…: %d %s", auth, g.status, g.body)
					}
					if status == 401 {
						if g := x.get("", "/taxii2/public/collections/", "Authorization", auth); g.status != 401 {
							t.Errorf("a token that is not valid is passed over: %d", g.status)
						}
					}
				}
				x.Token(town.Wim, policy.ScopeWrite)
				if g := x.get("", objectsOf, "Authorization", "Bearer "+x.Token(town.Wim, policy.ScopeWrite)); g.status != 403 {
					t.Errorf("without the scope read: %d", g.status)
				}
			}},
			{"3.6.1", "an error has a title and the answer's own status", func(t *testing.T, x *house) {
				for path, status := range map[string]int{objectsOf + "?limit=0": 400, objectsOf + "?added_after=yesterday": 400, objectsOf + "?match[id]=x": 400, objectsOf + "?match[name]=x": 400, objectsOf + "?next=abc": 400,
					objectsOf + "?limit=1&limit=2": 400, "/taxii2/nothing/": 404, "/taxii2/community/collections/nothing/": 404, objectsOf + "indicator--x/": 404, objectsOf + idOf(99) + "/": 404, "/taxii2/community/status/x/": 404} {
					g := x.get(town.Wim, path)
					m, err := taxii.ParseError([]byte(g.body))
					if g.status != status || err != nil || m.HTTPStatus != fmt.Sprint(status) || m.Description == "" {
						t.Errorf("%s: %d %v %s", path, g.status, err, g.body)
					}
				}
			}},
			{"4.1", "discovery names the API roots", func(t *testing.T, x *house) {
				d, err := taxii.ParseDiscovery([]byte(x.ok("", "/taxii2/").body))
				if err != nil || d.Title != "Test ISAO" || d.Default != "https://isao.example/taxii2/public/" || len(d.APIRoots) != 2 {
					t.Errorf("%+v %v", d, err)
				}
				if d, _ = taxii.ParseDiscovery([]byte(x.ok(town.Wim, "/taxii2/").body)); d.Default != "https://isao.example/taxii2/community/" {
					t.Errorf("%+v", d)
				}
			}},
			{"4.2", "an API root tells its versions and how much it takes", func(t *testing.T, x *house) {
				r, err := taxii.ParseAPIRoot([]byte(x.ok(town.Wim, "/taxii2/community/").body))
				if err != nil || r.MaxContentLength != 20<<20 || !slices.Contains(r.Versions, taxii.MediaType) {
					t.Errorf("%+v %v", r, err)
				}
			}},
			{"5.1, 5.2", "collections tell what the asker may do, by id and alias", func(t *testing.T, x *house) {
				cs, err := taxii.ParseCollections([]byte(x.ok(town.Wim, "/taxii2/community/collections/").body))
				if err != nil || len(cs.Collections) != 2+len(byType) || cs.Collections[1].Alias != room || cs.Collections[1].Title != "Infusion" {
					t.Fatalf("%+v %v", cs, err)
				}
				for _, c := range cs.Collections {
					for _, name := range []string{c.ID, c.Alias} {
						one, err := taxii.ParseCollections([]byte(`{"collections":[` + x.ok(town.Wim, "/taxii2/community/collections/"+name+"/").body + `]}`))
						if err != nil || cmp.Diff(one.Collections[0], c) != "" {
							t.Errorf("%s: %v %v", name, one, err)
						}
					}
					if c.CanWrite != (c.Alias == "everything" || c.Alias == room) || !c.CanRead {
						t.Errorf("%+v", c)
					}
				}
				reading := x.get("", "/taxii2/community/collections/", "Authorization", "Bearer "+x.Token(town.Wim, policy.ScopeRead))
				if strings.Contains(reading.body, `"can_write":true`) {
					t.Error("a token that reads can write")
				}
				if g := x.ok(town.Cleo, "/taxii2/community/collections/"); strings.Contains(g.body, "Infusion") {
					t.Error("a circle is listed for who is not in it")
				}
			}},
			{"5.4", "objects are what the asker may read, in their latest versions, in order", func(t *testing.T, x *house) {
				for person, want := range map[string]string{town.Pia: "2 3 4 1 5 6 7", town.Pol: "2 3 1 5 6", town.Wim: "2 1 5 6 7", town.Cleo: "2 1 5 6"} {
					g := x.ok(person, objectsOf)
					ids := short(x.idsOf(g))
					// What came at once for different readers has no order among them.
					slices.Sort(ids[:map[string]int{town.Pia: 3, town.Pol: 2}[person]])
					if got := strings.Join(ids, " "); got != want {
						t.Errorf("%s gets %s, want %s", person, got, want)
					}
					if g.head.Get(taxii.HeaderAddedFirst) == "" || g.head.Get(taxii.HeaderAddedLast) < g.head.Get(taxii.HeaderAddedFirst) {
						t.Errorf("%v", g.head)
					}
				}
				if g := x.ok("", "/taxii2/public/collections/everything/objects/"); strings.Join(short(x.idsOf(g)), " ") != "2" {
					t.Errorf("the public gets %s", g.body)
				}
				if got := x.ok(town.Wim, "/taxii2/public/collections/everything/objects/").body; got != x.ok("", "/taxii2/public/collections/everything/objects/").body {
					t.Error("the public root shows a member more")
				}
				if got := strings.Join(short(x.idsOf(x.ok(town.Wim, "/taxii2/community/collections/"+room+"/objects/"))), " "); got != "7" {
					t.Errorf("the circle's collection holds %s", got)
				}
				if got := x.idsOf(x.ok(town.Wim, "/taxii2/community/collections/malware-and-tools/objects/")); len(got) != 1 || !strings.HasPrefix(got[0], "malware--") {
					t.Errorf("malware is %v", got)
				}
			}},
			{"3.7", "an object is the bytes it came as, and nothing is an empty envelope", func(t *testing.T, x *house) {
				if g := x.ok(town.Wim, objectsOf+"?match[id]="+idOf(2)); g.body != envelope(indicator(2, 0, clear)) {
					t.Errorf("%s", g.body)
				}
				if g := x.ok(town.Wim, objectsOf+"?match[type]=tool"); g.body != "{}" || g.head.Get(taxii.HeaderAddedFirst) != "" {
					t.Errorf("%s %v", g.body, g.head)
				}
			}},
			{"3.4", "filters narrow: commas are alternatives, parameters add up, added_after is strict", func(t *testing.T, x *house) {
				first := x.ok(town.Wim, objectsOf+"?limit=1")
				for query, want := range map[string]string{
					"?match[type]=malware,ipv4-addr": "5 6", "?match[type]=malware&match[id]=" + idOf(1): "", "?match[id]=" + idOf(1) + "," + idOf(2): "2 1", "?match[id]=" + idOf(3): "",
					"?match[version]=all&match[type]=indicator": "1 2 1 7", "?match[version]=first&match[id]=" + idOf(1): "1", "?match[version]=" + versionOf(0) + "&match[id]=" + idOf(1): "1",
					"?match[version]=" + versionOf(9): "", "?match[version]=first,last&match[id]=" + idOf(1): "1 1", "?match[spec_version]=2.1&match[type]=malware": "5", "?match[spec_version]=2.0": "", "?match[spec_version]=2.0,2.1&match[type]=malware": "5",
					"?added_after=" + mid: "1 5 6 7", "?added_after=" + first.head.Get(taxii.HeaderAddedLast): "1 5 6 7", "?added_after=2030-01-01T00:00:00Z": "", "?anything=else&match[type]=malware": "5",
				} {
					if got := strings.Join(short(x.idsOf(x.ok(town.Wim, objectsOf+query))), " "); got != want {
						t.Errorf("%s: %q, want %q", query, got, want)
					}
				}
				before := taxii.FormatTime(must(taxii.ParseTime(first.head.Get(taxii.HeaderAddedLast))).Add(-time.Microsecond))
				if got := x.idsOf(x.ok(town.Wim, objectsOf+"?added_after="+before)); len(got) != 5 {
					t.Errorf("after %s there are %v", before, short(got))
				}
			}},
			{"3.5", "next goes on behind the page, with the same question only and for the same asker only", func(t *testing.T, x *house) {
				for _, query := range []string{"?limit=2", "?limit=1&match[version]=all", "?limit=1&match[type]=indicator", "?limit=2&added_after=2026-01-01T00:00:00Z"} {
					var all []string
					for next := ""; ; {
						g := x.ok(town.Wim, objectsOf+query+next)
						e, err := taxii.ParseEnvelope([]byte(g.body))
						x.OK(err)
						all = append(all, x.idsOf(g)...)
						if e.More != (e.Next != "") {
							t.Errorf("more without next: %s", g.body)
						}
						if !e.More {
							break
						}
						if next = "&next=" + e.Next; x.get(town.Cleo, objectsOf+query+next).status != 400 || x.get(town.Wim, objectsOf+query+"&match[spec_version]=2.1&match[id]="+idOf(1)+next).status != 400 {
							t.Errorf("another's cursor, or of another question, is taken")
						}
					}
					whole := x.idsOf(x.ok(town.Wim, objectsOf+strings.Replace(strings.Replace(query, "limit=1", "limit=99", 1), "limit=2", "limit=99", 1)))
					if !cmp.Equal(all, whole) {
						t.Errorf("%s: pages give %v, the whole is %v", query, short(all), short(whole))
					}
				}
			}},
			{"5.3", "the manifest lists the same objects with date and version", func(t *testing.T, x *house) {
				g := x.ok(town.Wim, everything+"manifest/?match[version]=all")
				m, err := taxii.ParseManifest([]byte(g.body))
				x.OK(err)
				var ids []string
				for _, r := range m.Objects {
					ids = append(ids, r.ID)
					if r.MediaType != taxii.STIXMediaType {
						t.Errorf("%+v", r)
					}
				}
				if got := strings.Join(short(ids), " "); got != "1 2 1 5 6 7" || m.Objects[0].Version != versionOf(0) || m.Objects[2].Version != versionOf(1) ||
					m.Objects[4].Version != taxii.FormatTime(m.Objects[4].DateAdded.Time) && m.Objects[4].Version != versionText(m.Objects[4].DateAdded.Time) {
					t.Errorf("%s: %s", got, g.body)
				}
				// Its standard way to the next page is by date.
				var byDate []string
				for after := "2026-01-01T00:00:00Z"; ; {
					g := x.ok(town.Wim, everything+"manifest/?match[version]=all&limit=2&added_after="+after)
					m, err := taxii.ParseManifest([]byte(g.body))
					x.OK(err)
					for _, r := range m.Objects {
						byDate = append(byDate, r.ID)
					}
					if !m.More {
						break
					}
					after = g.head.Get(taxii.HeaderAddedLast)
				}
				if !cmp.Equal(byDate, ids) {
					t.Errorf("by date: %v, want %v", short(byDate), short(ids))
				}
			}},
			{"5.6, 5.8", "one object and its versions", func(t *testing.T, x *house) {
				if got := x.ok(town.Wim, objectsOf+idOf(1)+"/").body; got != envelope(indicator(1, 1)) {
					t.Errorf("%s", got)
				}
				if got := len(x.idsOf(x.ok(town.Wim, objectsOf+idOf(1)+"/?match[version]=all"))); got != 2 {
					t.Errorf("%d versions", got)
				}
				v, err := taxii.ParseVersions([]byte(x.ok(town.Wim, objectsOf+idOf(1)+"/versions/").body))
				if err != nil || !cmp.Equal(v.Versions, []string{versionOf(0), versionOf(1)}) {
					t.Errorf("%v %v", v, err)
				}
				v, err = taxii.ParseVersions([]byte(x.ok(town.Wim, objectsOf+idOf(1)+"/versions/?limit=1").body))
				if err != nil || !v.More || len(v.Versions) != 1 {
					t.Errorf("%v %v", v, err)
				}
				if got := x.ok(town.Wim, objectsOf+idOf(1)+"/?match[version]="+versionOf(7)).body; got != "{}" {
					t.Errorf("%s", got)
				}
				if g := x.get(town.Wim, "/taxii2/community/collections/malware-and-tools/objects/"+idOf(1)+"/"); g.status != 404 {
					t.Errorf("an indicator among the malware: %d", g.status)
				}
			}},
			{"5.5, 4.3", "what is posted has a status, for its sender", func(t *testing.T, x *house) {
				g := x.do("POST", town.Wim, objectsOf, envelope(indicator(20, 0, green), indicator(21, 0), indicator(1, 2), indicator(22, 0, green)+"", `{"type":"indicator","id":"`+idOf(23)+`"}`))
				s, err := taxii.ParseStatus([]byte(g.body))
				if g.status != 202 || err != nil || s.Status != taxii.Pending || s.TotalCount != 5 || s.SuccessCount != 3 || s.FailureCount != 1 || s.PendingCount != 1 ||
					s.Failures[0].ID != idOf(23) || s.Failures[0].Message == "" || s.Pendings[0].ID != idOf(1) || s.Successes[0].Version != versionOf(0) {
					t.Fatalf("%d %v %s", g.status, err, g.body)
				}
				if again := x.ok(town.Wim, "/taxii2/community/status/"+s.ID+"/"); again.body != g.body {
					t.Errorf("%s\n%s", again.body, g.body)
				}
				nobody := x.get(town.Wim, "/taxii2/community/status/nothing/")
				for _, person := range []string{town.Wanda, town.Pia, town.Dora} {
					if g := x.get(person, "/taxii2/community/status/"+s.ID+"/"); g.status != 404 || g.body != nobody.body {
						t.Errorf("%s reads another's status: %d", person, g.status)
					}
				}
				x.Clock.Add(25 * time.Hour)
				x.do("POST", town.Wim, objectsOf, envelope(indicator(24, 0)))
				if g := x.get(town.Wim, "/taxii2/community/status/"+s.ID+"/"); g.status != 200 {
					t.Errorf("a day later: %d", g.status)
				}
				held := town.Must(x.Town, town.Pia, func(v *db.View) ([]intel.Held, error) { return x.Intel.Waiting(v, "", 10) })
				x.OK(x.Write(town.Pia, func(tx *db.Tx) error {
					_, err := x.Intel.Decide(tx, held[0].ID, intel.Decision{Accept: true})
					return err
				}))
				s, _ = taxii.ParseStatus([]byte(x.ok(town.Wim, "/taxii2/community/status/"+s.ID+"/").body))
				if s.Status != taxii.Complete || s.SuccessCount != 4 {
					t.Errorf("after the decision: %+v", s)
				}
				if got := strings.Join(short(x.idsOf(x.ok(town.Cleo, objectsOf+"?match[id]="+idOf(20)+","+idOf(21)))), " "); got != "20" {
					t.Errorf("others got %s: what has no marking stays at home", got)
				}
			}},
			{"5.5", "what is posted to a circle stays in the circle", func(t *testing.T, x *house) {
				g := x.do("POST", town.Wim, "/taxii2/community/collections/"+circleID(room)+"/objects/", envelope(indicator(30, 0), indicator(31, 0, green), indicator(32, 0, clear), indicator(33, 0, red)))
				if g.status != 202 {
					t.Fatalf("%d %s", g.status, g.body)
				}
				query := objectsOf + "?match[id]=" + idOf(30) + "," + idOf(31) + "," + idOf(32) + "," + idOf(33)
				for person, want := range map[string]int{town.Pia: 3, town.Wim: 4, town.Cleo: 0, town.Dora: 0} {
					if got := len(x.idsOf(x.ok(person, query))); got != want {
						t.Errorf("%s gets %d, want %d", person, got, want)
					}
				}
			}},
			{"5.5", "what cannot be taken is refused with the right status, and nothing is kept", func(t *testing.T, x *house) {
				for _, c := range []struct {
					what, person, path, body string
					head                     []string
					status                   int
				}{
					{"another type", town.Wim, objectsOf, envelope(indicator(40, 0)), []string{"Content-Type", "application/json"}, 415},
					{"STIX, not TAXII", town.Wim, objectsOf, envelope(indicator(40, 0)), []string{"Content-Type", "application/stix+json;version=2.1"}, 415},
					{"another version", town.Wim, objectsOf, envelope(indicator(40, 0)), []string{"Content-Type", "application/taxii+json;version=2.0"}, 415},
					{"compressed", town.Wim, objectsOf, envelope(indicator(40, 0)), []string{"Content-Encoding", "gzip"}, 415},
					{"not JSON", town.Wim, objectsOf, `{"objects":[`, nil, 422},
					{"nothing", town.Wim, objectsOf, `{}`, nil, 422},
					{"objects that are none", town.Wim, objectsOf, `{"objects":1}`, nil, 422},
					{"too long", town.Wim, objectsOf, `{"objects":[` + strings.Repeat(" ", 20<<20) + `]}`, nil, 413},
					{"too many", town.Wim, objectsOf, envelope(slices.Repeat([]string{"{}"}, intel.MaxPostedObjects+1)...), nil, 422},
					{"a collection for reading", town.Wim, "/taxii2/community/collections/indicators/objects/", envelope(indicator(40, 0)), nil, 403},
					{"no such collection", town.Wim, "/taxii2/community/collections/nothing/objects/", envelope(indicator(40, 0)), nil, 404},
					{"a circle of others", town.Cleo, "/taxii2/community/collections/" + room + "/objects/", envelope(indicator(40, 0)), nil, 404},
					{"nobody", "", objectsOf, envelope(indicator(40, 0)), nil, 401},
					{"the public root", town.Wim, "/taxii2/public/collections/everything/objects/", envelope(indicator(40, 0)), nil, 405},
					{"a token that reads", "", objectsOf, envelope(indicator(40, 0)), []string{"Authorization", "Bearer " + x.Token(town.Wim, policy.ScopeRead)}, 403},
				} {
					if g := x.do("POST", c.person, c.path, c.body, c.head...); g.status != c.status || g.head.Get("Content-Type") != taxii.MediaType {
						t.Errorf("%s: %d %.300s", c.what, g.status, g.body)
					}
				}
				if got := x.idsOf(x.ok(town.Wim, objectsOf+"?match[id]="+idOf(40))); len(got) != 0 {
					t.Error("something was kept")
				}
			}},
			{"5.7", "one's own object can be deleted, another's not", func(t *testing.T, x *house) {
				x.take(town.Pia, shared, indicator(50, 0), indicator(50, 1), indicator(50, 2), indicator(51, 0))
				at := objectsOf + idOf(50) + "/"
				if g := x.do("DELETE", town.Wim, at, ""); g.status != 403 {
					t.Errorf("another's: %d", g.status)
				}
				for _, c := range []struct {
					query  string
					status int
					left   string
				}{{"?match[version]=" + versionOf(9), 404, "0 1 2"}, {"?match[type]=indicator", 400, "0 1 2"}, {"?match[spec_version]=2.0", 404, "0 1 2"}, {"?match[version]=" + versionOf(1), 200, "0 2"},
					{"?match[version]=last", 200, "0"}, {"", 200, ""}, {"", 404, ""}} {
					if g := x.do("DELETE", town.Pia, at+c.query, ""); g.status != c.status {
						t.Errorf("%s: %d %s", c.query, g.status, g.body)
					}
					var left []string
					if g := x.get(town.Wim, at+"versions/"); g.status == 200 {
						v, err := taxii.ParseVersions([]byte(g.body))
						x.OK(err)
						for _, s := range v.Versions {
							left = append(left, strings.TrimLeft(s[17:19], "0")+map[bool]string{true: "0"}[s[17:19] == "00"])
						}
					}
					if got := strings.Join(left, " "); got != c.left {
						t.Errorf("%s leaves %q, want %q", c.query, got, c.left)
					}
				}
			}},
			{"RFC 9110", "HEAD, another method, conditional requests", func(t *testing.T, x *house) {
				whole := x.ok(town.Wim, objectsOf)
				head := x.do("HEAD", town.Wim, objectsOf, "")
				if head.status != 200 || head.body != "" || head.head.Get("Content-Length") != fmt.Sprint(len(whole.body)) {
					t.Errorf("HEAD: %d %v", head.status, head.head)
				}
				if g := x.do("PUT", town.Wim, objectsOf, ""); g.status != 405 || g.head.Get("Allow") != "GET, HEAD, POST" {
					t.Errorf("PUT: %d %v", g.status, g.head)
				}
				tag := whole.head.Get("Etag")
				if g := x.get(town.Wim, objectsOf, "If-None-Match", `"x", W/`+tag); g.status != 304 || g.body != "" || g.head.Get("Etag") != tag {
					t.Errorf("304: %d %v", g.status, g.head)
				}
				if g := x.ok(town.Cleo, "/taxii2/community/collections/indicators/objects/?match[id]="+idOf(2)); g.head.Get("Etag") == x.ok(town.Pol, "/taxii2/community/collections/indicators/objects/?match[id]="+idOf(2)).head.Get("Etag") {
					t.Error("two readers have one tag")
				}
				x.take(town.Pia, shared, indicator(60, 0))
				if g := x.get(town.Wim, objectsOf, "If-None-Match", tag); g.status != 200 || !strings.Contains(g.body, idOf(60)) {
					t.Errorf("after an arrival: %d", g.status)
				}
				if c := whole.head.Get("Cache-Control"); c != "private, no-cache" || !strings.Contains(whole.head.Get("Vary"), "Authorization") {
					t.Errorf("%v", whole.head)
				}
			}},
		} {
			t.Run(c.clause+" "+c.what, func(t *testing.T) {
				x.t = t
				x.Town.T = t
				c.check(t, x)
			})
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
