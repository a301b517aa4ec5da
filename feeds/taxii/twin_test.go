package taxii

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// T-01: two worlds differ only in what Wim, and the public, may not see. Every byte
// that they get from every resource, filter, page boundary and manifest is equal,
// headers and cursors and tags too.
func TestTwin(t *testing.T) {
	onBoth(t, func(t *testing.T, a *house) {
		url := ""
		if a.DB.Engine() == db.Postgres {
			url = town.Postgres(t)
		}
		b := newHouse(t, town.New(t, url))
		b.srv = &Server{DB: b.DB, Members: b.Members, Intel: intel.New(b.Members, b.Blobs, a.Box), Box: a.Box, Log: a.srv.Log, Origin: a.srv.Origin}
		b.Intel, b.web = b.srv.Intel, newServer(t, b.srv)
		room := "circle_00000000000000000000000000"
		other := "circle_11111111111111111111111111"
		for _, x := range []*house{a, b} {
			x.OK(x.System("test", func(tx *db.Tx) error {
				_, err := x.Members.SeedCircle(tx, members.NewCircle{ID: room, Name: "Infusion"}, town.Pia, []string{town.Wim})
				return err
			}))
		}
		both := func(person string, terms intel.Terms, objs ...string) {
			a.take(person, terms, objs...)
			b.take(person, terms, objs...)
			a.Clock.Add(time.Minute)
			b.Clock.Add(time.Minute)
		}
		// Dates are in microseconds, and two arrivals never have the same: what is hidden
		// comes at times of its own.
		hidden := func(person string, terms intel.Terms, objs ...string) {
			b.take(person, terms, objs...)
			a.Clock.Add(time.Second)
			b.Clock.Add(time.Second)
		}
		toRoom, secret := terms(ofCircle(members.Circle{ID: room})), terms(ofCircle(members.Circle{ID: other}))
		b.OK(b.System("test", func(tx *db.Tx) error {
			_, err := b.Members.SeedCircle(tx, members.NewCircle{ID: other, Name: "Quokka"}, town.Pia, []string{town.Max})
			return err
		}))
		hidden(town.Pia, shared, indicator(900, 0, amberStrict))
		both(town.Pia, shared, indicator(1, 1), indicator(2, 1, clear), indicator(3, 1))
		hidden(town.Pia, secret, indicator(901, 0), indicator(902, 0))
		hidden(town.Max, intel.Terms{Scrub: intel.ScrubClean}, indicator(1, 5), indicator(4, 1), indicator(5, 0)) // versions and copies in another organization
		both(town.Pia, toRoom, indicator(4, 1), indicator(5, 1))
		hidden(town.Pia, shared, indicator(2, 3, amberStrict))
		both(town.Sue, shared, indicator(6, 1), indicator(7, 1, clear), indicator(8, 1, amberStrict))
		a.take(town.Cleo, shared, indicator(9, 1))
		b.take(town.Cleo, shared, indicator(9, 1), indicator(903, 1, amberStrict), indicator(904, 1, red))
		both(town.Pia, shared, indicator(1, 2))
		hidden(town.Sue, shared, indicator(905, 1, red))

		next := regexp.MustCompile(`"next":"([^"]+)"`)
		asked := 0
		same := func(person, path string) {
			t.Helper()
			for more := path; more != ""; asked++ {
				g, h := a.get(person, more), b.get(person, more)
				if diff := cmp.Diff(g, h, cmp.AllowUnexported(got{})); diff != "" {
					t.Fatalf("%s as %q differs: %s", more, person, diff)
				}
				if more = ""; g.status == 200 && strings.Contains(path, "?") {
					if m := next.FindStringSubmatch(g.body); m != nil {
						more = path + "&next=" + m[1]
					}
				}
			}
		}
		filters := []string{"?limit=1", "?limit=2", "?limit=3", "?limit=1000", "?match[version]=all&limit=2", "?match[version]=first&limit=2", "?match[version]=" + versionOf(1) + "&limit=2", "?match[type]=indicator&limit=2",
			"?match[id]=" + idOf(900), "?match[id]=" + idOf(1) + "," + idOf(2) + "," + idOf(5) + "," + idOf(903) + "&match[version]=all", "?added_after=2026-03-01T12:01:00Z&limit=2", "?added_after=2026-03-01T12:00:00.000001Z&limit=1", "?added_after=2026-03-01T12:59:00Z"}
		for _, person := range []string{town.Wim, ""} {
			for _, l := range table() {
				if l.method != "GET" {
					continue
				}
				for _, col := range []string{"everything", "indicators", "reports", room, other, circleID(room), circleID(other), "nothing"} {
					for _, object := range []string{idOf(1), idOf(2), idOf(5), idOf(6), idOf(900), idOf(901), idOf(903), "nothing"} {
						path := strings.NewReplacer("{$}", "", "{collection}", col, "{object}", object, "{status}", "nothing").Replace(l.path)
						if !strings.Contains(l.path, "{object}") && object != "nothing" || !strings.Contains(l.path, "{collection}") && col != "nothing" {
							continue
						}
						same(person, path)
						if strings.Contains(l.path, "{collection}") && strings.HasSuffix(l.path, "/objects/{$}") || strings.HasSuffix(l.path, "/manifest/{$}") {
							for _, f := range filters {
								same(person, path+f)
							}
						}
						if strings.Contains(l.path, "{object}") {
							same(person, path+"?limit=1")
						}
					}
				}
			}
		}
		if asked < 400 {
			t.Errorf("only %d answers were compared", asked)
		}
		if g := b.ok(town.Max, objectsOf); !strings.Contains(g.body, idOf(901)) {
			t.Error("nothing is hidden in the second world")
		}
	})
}

// T-08: what is hidden, what does not exist and what cannot be are the same bytes,
// for every resource that takes a name, whatever is done to it.
func TestHiddenIsAbsent(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		secret := x.circle("Quokka", false, town.Pia, town.Max)
		x.take(town.Pia, shared, indicator(1, 0, amberStrict))
		posted := x.do("POST", town.Pia, objectsOf, envelope(indicator(2, 0)))
		status := regexp.MustCompile(`"id":"([^"]+)"`).FindStringSubmatch(posted.body)[1]
		x.Token(town.Wim)
		for _, l := range table() {
			var names []string
			switch {
			case strings.Contains(l.path, "{object}"):
				names = []string{idOf(1), idOf(99), "nothing", "%00", strings.Repeat("x", 3000)}
			case strings.Contains(l.path, "{status}"):
				names = []string{status, "00000000-0000-4000-8000-000000000000", "nothing"}
			case strings.Contains(l.path, "{collection}"):
				names = []string{secret, circleID(secret), circleID("circle_00000000000000000000000000"), "nothing"}
			default:
				continue
			}
			var first got
			for i, name := range names {
				path := strings.NewReplacer("{$}", "", "{object}", name, "{status}", name).Replace(l.path)
				path = strings.ReplaceAll(path, "{collection}", map[bool]string{true: name, false: "everything"}[!strings.Contains(l.path, "{object}")])
				g := x.do(l.method, town.Wim, path, envelope(indicator(3, 0)))
				if i == 0 {
					first = g
				}
				if diff := cmp.Diff(first, g, cmp.AllowUnexported(got{})); diff != "" || g.status != 404 {
					t.Errorf("%s %s: %d %s", l.method, path, g.status, diff)
				}
			}
		}
	})
}

// Nobody asks for what is not in the table, and everybody is answered by it: T-09.
func TestAccess(t *testing.T) {
	x := newHouse(t, town.New(t, ""))
	reading := "Bearer " + x.Token(town.Wim, policy.ScopeRead)
	for _, l := range table() {
		path := strings.NewReplacer("{$}", "", "{collection}", "everything", "{object}", idOf(1), "{status}", "nothing").Replace(l.path)
		nobody, reader := x.do(l.method, "", path, "{}"), x.do(l.method, "", path, "{}", "Authorization", reading)
		if open := l.access == "open"; (nobody.status == 401) == open || reader.status == 401 {
			t.Errorf("%s %s: nobody %d, a token %d", l.method, path, nobody.status, reader.status)
		}
		if l.right != "" && reader.status != 403 {
			t.Errorf("%s %s: a token that reads: %d", l.method, path, reader.status)
		}
		if l.root == public && l.method != "GET" {
			t.Errorf("%s changes what is public", fmt.Sprint(l))
		}
	}
}
