package furnish

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *Community {
	t.Helper()
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The issue promises so many of each at the least.
func TestCounts(t *testing.T) {
	c := load(t)
	kind := map[string]int{}
	var smallest, largest int
	for _, o := range c.Organizations {
		kind[o.Kind]++
		if o.Kind == "manufacturer" {
			if smallest == 0 || o.Employees < smallest {
				smallest = o.Employees
			}
			largest = max(largest, o.Employees)
		}
	}
	if smallest != 8 || largest != 20000 {
		t.Errorf("manufacturers have from %d to %d employees, want 8 to 20,000", smallest, largest)
	}
	var discussed, shares, resolved, decisions, edited, deleted, quotes, replies int
	tlp, placed := map[string]int{}, map[string]int{}
	for _, a := range c.Advisories {
		placed[a.Room]++
	}
	for _, topic := range c.Topics {
		switch {
		case topic.Advisory == "":
			shares++
			tlp[topic.Label().TLP]++
		case len(topic.Posts) > 1:
			discussed++
			replies += len(topic.Posts) - 1
			if n := len(topic.Posts) - 1; n > 6 {
				t.Errorf("advisory %s has %d answers, want at most 6", topic.Key, n)
			}
		}
		if topic.Resolved != nil {
			resolved++
		}
		for _, p := range topic.Posts {
			if p.Decision {
				decisions++
			}
			if p.Deleted != nil {
				deleted++
			}
			if p.Quotes > 0 {
				quotes++
			}
			edited += len(p.Edits)
		}
	}
	for _, want := range []struct {
		what     string
		n, least int
	}{
		{"organizations", len(c.Organizations), 16},
		{"manufacturers", kind["manufacturer"], 5},
		{"providers", kind["provider"], 4},
		{"agencies", kind["agency"], 2},
		{"researchers", kind["researcher"], 1},
		{"vendors", kind["vendor"], 2},
		{"desks", kind["desk"], 1},
		{"people", len(c.People), 44},
		{"circles", len(c.Circles), 10},
		{"rooms", len(c.Rooms), 12},
		{"rooms with advisories", len(placed), 10},
		{"discussed advisories", discussed, 60},
		{"members' topics", shares, 14},
		{"GREEN topics", tlp["GREEN"], 1},
		{"AMBER topics", tlp["AMBER"], 1},
		{"AMBER+STRICT topics", tlp["AMBER+STRICT"], 1},
		{"RED topics", tlp["RED"], 1},
		{"resolved topics", resolved, 5},
		{"decisions", decisions, 10},
		{"edits", edited, 1},
		{"deleted posts", deleted, 1},
		{"quotes", quotes, 1},
	} {
		if want.n < want.least {
			t.Errorf("%d %s, want at least %d", want.n, want.what, want.least)
		}
		t.Logf("%4d %s", want.n, want.what)
	}
	t.Logf("%4d answers under advisories; placed: %v; members' topics: %v", replies, placed, tlp)
}

func TestAdvisories(t *testing.T) {
	c := load(t)
	if len(c.Advisories) != 144 {
		t.Errorf("%d advisories, want 144", len(c.Advisories))
	}
	titles := map[string]string{}
	for line := range strings.Lines(placement) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == 3 {
			titles[f[0]] = f[2]
		}
	}
	for _, a := range c.Advisories {
		var d struct {
			Document struct {
				Tracking struct{ ID string }
			}
		}
		if err := json.Unmarshal(a.CSAF, &d); err != nil {
			t.Errorf("%s: %v", a.ID, err)
		}
		if !strings.EqualFold(d.Document.Tracking.ID, a.ID) {
			t.Errorf("%s holds the document %s", a.ID, d.Document.Tracking.ID)
		}
		if a.Title != titles[a.ID] {
			t.Errorf("%s is %q, but advisories.tsv placed %q", a.ID, a.Title, titles[a.ID])
		}
	}
}

func TestIntroduction(t *testing.T) {
	c := load(t)
	i := slices.IndexFunc(c.Topics, func(x Topic) bool { return x.Key == "icsma-22-174-01" })
	body := c.Topics[i].Posts[0].Body
	for _, want := range []string{"**ICSMA-22-174-01**, released 23 June 2022", "- DCMTK", "| CVE-2022-2119 | CWE-22 ", "7.5 high", "Version 3.6.7", "<https://www.cisa.gov/"} {
		if !strings.Contains(body, want) {
			t.Errorf("the introduction lacks %q:\n%s", want, body)
		}
	}
	if got, want := plain("a_b <script> [x](y) | `z`"), "a\\_b \\<script\\> \\[x\\](y) \\| \\`z\\`"; got != want {
		t.Errorf("plain: got %q, want %q", got, want)
	}
}

// What a case is modelled on is CISA's: number, weakness, vector, words, address.
func TestWeaknesses(t *testing.T) {
	c := load(t)
	got, err := c.Weaknesses("icsma-21-294-01", "CVE-2021-33882")
	if err != nil {
		t.Fatal(err)
	}
	want := []Weakness{{CVE: "CVE-2021-33882", CWE: "CWE-306", Name: "Missing Authentication for Critical Function", Vector: "CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:C/C:N/I:H/A:N",
		URL:  "https://www.cisa.gov/news-events/ics-medical-advisories/icsma-21-294-01",
		Text: "A missing authentication for critical function vulnerability in B. Braun SpaceCom2 prior to 012U000062 allows a remote attacker to reconfigure the device from an unknown source because of the lack of authentication on proprietary networking commands."}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all, err := c.Weaknesses("icsma-21-294-01"); err != nil || len(all) != 5 {
		t.Errorf("%d weaknesses, %v; want 5", len(all), err)
	}
	for _, bad := range [][]string{{"icsma-00-000-00"}, {"icsma-21-294-01", "CVE-2020-0001"}} {
		if _, err := c.Weaknesses(bad[0], bad[1:]...); err == nil {
			t.Errorf("%v is found", bad)
		}
	}
}

// Each change to the lawful community must be noticed, and for its own reason.
func TestValidateRefuses(t *testing.T) {
	find := func(c *Community, key string) *Topic {
		for i := range c.Topics {
			if c.Topics[i].Key == key {
				return &c.Topics[i]
			}
		}
		t.Fatalf("no topic %s", key)
		return nil
	}
	for _, c := range []struct {
		name   string
		change func(*Community)
		want   string
	}{
		{"dangling author", func(c *Community) { find(c, "welcome").Posts[1].By = "ghost" }, `by "ghost", who is not there`},
		{"dangling room", func(c *Community) { find(c, "welcome").Room = "attic" }, "stands in room \"attic\""},
		{"dangling organization", func(c *Community) { c.People[7].Org = "gone" }, `belongs to "gone"`},
		{"dangling member", func(c *Community) { c.Circles[0].Members = append(slices.Clone(c.Circles[0].Members), "ghost") }, `the member "ghost"`},
		{"dangling principal", func(c *Community) { find(c, "a5-library").Posts[0].Label = amber("org:gone") }, `"org:gone" is unknown`},
		{"advisory without a room", func(c *Community) { c.Advisories[3].Room = "attic" }, `belongs to room "attic"`},
		{"advisory that is not JSON", func(c *Community) { c.Advisories[3].CSAF = []byte("{") }, "is not JSON"},
		{"doubled key", func(c *Community) { c.Rooms[1].Key = c.Rooms[0].Key }, "stands twice"},
		{"CLEAR to the community", func(c *Community) { c.Rooms[1].Label = Label{"CLEAR", []string{"community"}} }, `TLP:CLEAR does not allow the audience "community"`},
		{"GREEN to an organization", func(c *Community) { c.Rooms[1].Label = green("org:desk") }, `TLP:GREEN does not allow the audience "org:desk"`},
		{"AMBER to the community", func(c *Community) { c.Rooms[1].Label = amber("community") }, `TLP:AMBER does not allow the audience "community"`},
		{"RED to an organization", func(c *Community) { c.Rooms[1].Label = red("org:desk") }, `TLP:RED does not allow the audience "org:desk"`},
		{"RED to a circle that is not of named persons", func(c *Community) { c.Rooms[1].Label = red("circle:pumps") }, `TLP:RED does not allow the audience "circle:pumps"`},
		{"TLP 1.0", func(c *Community) { c.Rooms[1].Label = Label{"WHITE", []string{"public"}} }, `"WHITE" is not a TLP 2.0 label`},
		{"empty audience", func(c *Community) { c.Rooms[1].Label = amber() }, "has no audience"},
		{"author outside the audience", func(c *Community) { find(c, "a5-library").Posts[1].By = "abara" }, "abara, who is not in its audience"},
		{"staff who are not recipients", func(c *Community) { find(c, "tui-service-port").Posts[1].By = "okoro" }, "okoro, who is not in its audience"},
		{"agency in the private community", func(c *Community) { find(c, "late-notice").Posts[1].By = "kolbeck" }, "kolbeck, who is not in its audience"},
		{"answer with a lower TLP", func(c *Community) { find(c, "a5-library").Posts[1].Label = green("community") }, "post 2 of topic a5-library is looser than its topic"},
		{"answer to more readers", func(c *Community) { find(c, "a5-library").Posts[1].Label = amber("circle:pumps", "org:brannoc") }, "post 2 of topic a5-library is looser than its topic"},
		{"quote of a stricter post", func(c *Community) {
			topic := find(c, "a5-library")
			topic.Posts[4].Label = strict("circle:pumps")
		}, "post 6 of topic a5-library is looser than what it quotes"},
		{"time running backwards", func(c *Community) { find(c, "welcome").Posts[1].At = When{Ago: 2400 * time.Hour} }, "comes before the one above it"},
		{"begun by one who cannot see the room", func(c *Community) { find(c, "a5-library").Room = "desk" }, "arendt, who cannot see the room desk"},
		{"real mail domain", func(c *Community) { c.Organizations[0].SecurityContact = "desk@isao.com" }, "which is not under .example"},
	} {
		t.Run(c.name, func(t *testing.T) {
			community := load(t)
			community.Organizations = slices.Clone(community.Organizations)
			community.People = slices.Clone(community.People)
			community.Circles = slices.Clone(community.Circles)
			community.Rooms = slices.Clone(community.Rooms)
			c.change(community)
			err := community.Validate()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestSpan(t *testing.T) {
	good := map[string]time.Duration{"3d4h": 76 * time.Hour, "20m": 20 * time.Minute, "1d2h3m": 26*time.Hour + 3*time.Minute, "8h": 8 * time.Hour}
	for text, want := range good {
		if got, err := span(text); err != nil || got != want {
			t.Errorf("span(%q) is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "3", "h", "4h3d", "-1d", "3d ", "99999999d", "1d1d"} {
		if got, err := span(text); err == nil {
			t.Errorf("span(%q) is %v, want an error", text, got)
		}
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	got := []time.Time{
		When{Ago: 2 * time.Hour}.Time(now),
		When{Ago: 2 * time.Hour}.later(time.Hour).Time(now),
		When{At: now}.later(time.Hour).Time(time.Time{}),
	}
	want := []time.Time{now.Add(-2 * time.Hour), now.Add(-time.Hour), now.Add(time.Hour)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzSpan(f *testing.F) {
	for _, seed := range []string{"3d4h", "20m", "", "d", "1d1d", "65535d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := span(text); err == nil && (d < 0 || d > 65536*24*time.Hour) {
			t.Errorf("span(%q) is %v", text, d)
		}
	})
}

func FuzzReadPlacement(f *testing.F) {
	f.Add(placement)
	f.Add("a\tb\tc\n")
	f.Add("#\n\n")
	f.Fuzz(func(t *testing.T, table string) {
		where, err := readPlacement(table)
		if err == nil && len(where) > strings.Count(table, "\n")+1 {
			t.Errorf("%d places from %d lines", len(where), strings.Count(table, "\n")+1)
		}
	})
}
