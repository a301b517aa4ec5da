package web

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// stream is where a page's live updates begin, which is sealed anew each time.
var stream = regexp.MustCompile(` data-stream="[^"]*"`)

// TestIntelSearchPlain searches without script: nothing, something, facets in the
// reader's own view, an error beside the box; and nobody finds what is another's.
func TestIntelSearchPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		wim := h.visitor(town.Wim)
		wim.Get("/intel").Want(200, "Nothing is shared with you yet", "Three searches to begin with", "type:indicator")
		indicator, malware, _ := h.lair()
		h.share(town.Max, intelTerms(policy.OfOrg(town.Monitor.ID())), stixIndicator(20, stixStrict, "Quokka beacon", "quokka.example"))

		wim.Get("/intel").Want(200, "Beacon of DoseShift", "DoseShift", "Pump Works", "TLP:GREEN", "1 Jan 2027").Never("Quokka")
		wim.Get(asQuery("doseshift type:indicator")).Want(200, "Beacon of DoseShift", "Save this search").Never("attack pattern</span>")
		wim.Get(asQuery("pattern:*.pump.example")).Want(200, "Beacon of DoseShift")
		wim.Get(asQuery("quokka")).Want(200, "Nothing found")
		wim.Get(asQuery("tlp:purple")).Want(422, "tlp:purple")
		wim.Get(asQuery("after:yesterdayish")).Want(422, "after:yesterdayish", "Three searches to begin with")
		if box := reader.Find(wim.Page, func(n *html.Node) bool { return reader.Attr(n, "id") == "intel-q" }); reader.Attr(box, "value") != "after:yesterdayish" {
			t.Error("what was typed is lost")
		}

		// T-06: the facets count what the reader may see.
		count := func(who, typ string) string {
			r := h.visitor(who).Get("/intel").Want(200)
			a := reader.Find(r.Page, func(n *html.Node) bool {
				return n.Data == "a" && reader.Attr(n, "class") == "facet-value" && strings.HasPrefix(strings.TrimSpace(reader.Words(n)), typ)
			})
			if a == nil {
				t.Fatalf("%s has no facet %q", who, typ)
			}
			f := strings.Fields(reader.Words(a))
			return f[len(f)-1]
		}
		if mine, his := count(town.Max, "indicator"), count(town.Wim, "indicator"); mine != "2" || his != "1" {
			t.Errorf("Max counts %s indicators, want 2; Wim %s, want 1", mine, his)
		}

		// An id leads to its object; one that is hidden does what one of nobody does.
		if got := at(wim.Get(asQuery(indicator))); got != "/intel/objects/"+indicator {
			t.Errorf("an id leads to %s", got)
		}
		hidden, nobody := "indicator--"+uuid(20), "indicator--"+uuid(99)
		same := func(a, b string) {
			t.Helper()
			x, xStatus := stream.ReplaceAllString(wim.Get(a).Body, ""), wim.Status
			y, yStatus := stream.ReplaceAllString(wim.Get(b).Body, ""), wim.Status
			if diff := cmp.Diff(strings.ReplaceAll(x, hidden, nobody), y); diff != "" || xStatus != yStatus {
				t.Errorf("%s (%d) differs from %s (%d): T-01\n%s", a, xStatus, b, yStatus, diff)
			}
		}
		for _, page := range []string{"/intel/objects/%s", "/intel/objects/%s/sight", "/intel/objects/%s/remark", "/intel/objects/%s/delete", "/intel/graph?ids=%s", "/intel/graph?ids=" + malware + ",%s", "/intel/graph?from=" + malware + "&to=%s",
			"/intel/pattern?object=%s", "/intel/pattern?observed=%s", "/commands?q=%s", "/search?q=%s", "/intel?q=%s", "/go/%s"} {
			same(strings.Replace(page, "%s", hidden, 1), strings.Replace(page, "%s", nobody, 1))
		}
		wim.Get("/commands?q="+indicator).Want(200, "Beacon of DoseShift", "/intel/objects/"+indicator)
		if got := at(wim.Get("/search?q=" + indicator)); got != "/intel/objects/"+indicator {
			t.Errorf("the search of posts leads to %s", got)
		}
		h.visitor("").Get("/intel").Want(200, "Sign in").Never("DoseShift")
	})
}

// TestIntelSavedPlain keeps a search and devices, and is told what is new.
func TestIntelSavedPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.lair()
		wim := h.visitor(town.Wim)
		wim.Get("/intel/saved").Want(200, "No search is saved yet")
		form := wim.Get(asQuery("type:malware")).Want(200, "Save this search")
		form.Send("/intel/saved", reader.Fill{"name": {""}}).Want(422)
		wim.Get(asQuery("type:malware")).Send("/intel/saved", reader.Fill{"name": {"New malware"}}).Want(200, "The search is saved", "New malware", "nothing new")
		wim.Get("/intel/saved").Send("/intel/devices", reader.Fill{"devices": {"Pump A4\nMonitor B2"}}).Want(200, "Your devices are kept", "Pump A4")
		h.share(town.Pia, intelTerms(), stixMalware(30, stixGreen, "RateShift"), stixMalware(31, stixGreen, "AlarmShift"))
		h.share(town.Max, intelTerms(town.Monitor), stixMalware(32, stixStrict, "QuokkaShift"))
		wim.Get("/intel/saved").Want(200, "2 new", "RateShift", "AlarmShift").Never("Quokka")
		h.visitor(town.Cleo).Get("/intel/saved").Want(200, "No search is saved yet").Never("New malware", "Monitor B2")
		wim.Get("/intel").Want(200, "New for your devices", "Pump A4")
		wim.Get("/intel/saved").Follow("New malware").Want(200, "RateShift")
		wim.Get("/intel/saved").Want(200, "nothing new")
		wim.Send("/intel/devices/seen", nil).Want(200, "counts as seen").Never("Count them as seen")
		wim.Get("/intel").Want(200).Never("New for your devices")
		wim.Get("/intel/saved").Send("/rename", reader.Fill{"name": {""}}).Want(422)
		wim.Get("/intel/saved").Send("/rename", reader.Fill{"name": {"Malware of the week"}}).Want(200, "new name", "Malware of the week")
		wim.Get("/intel/saved").Send("/forget", nil).Want(200, "is forgotten", "No search is saved yet")
	})
}

// TestIntelPatternPlain tries patterns: what matches, which part, and where an
// error is.
func TestIntelPatternPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		indicator, _, _ := h.lair()
		wim := h.visitor(town.Wim)
		form := wim.Get("/intel/pattern?object="+indicator).Want(200, "updates.pump.example")
		form.Send("/intel/pattern", reader.Fill{"observed": {`{"type":"domain-name","id":"domain-name--` + uuid(40) + `","value":"updates.pump.example"}`}}).
			Want(200, "The pattern matches", "observation 1", "domain name updates.pump.example", "TLP:AMBER+STRICT")
		wim.Get("/intel/pattern").Send("/intel/pattern", reader.Fill{"pattern": {"[domain-name:value = 'other.example']"}, "observed": {`{"type":"domain-name","id":"domain-name--` + uuid(40) + `","value":"updates.pump.example"}`}}).
			Want(200, "does not match", "nothing")
		r := wim.Get("/intel/pattern").Send("/intel/pattern", reader.Fill{"pattern": {"[domain-name:value = 'x' AND\n  domain-name:value = ]"}, "observed": {"{}"}})
		if r.Status != 422 {
			t.Fatalf("a broken pattern: %d", r.Status)
		}
		pre := reader.Find(r.Page, func(n *html.Node) bool { return strings.Contains(reader.Attr(n, "class"), "pointer") })
		if pre == nil {
			t.Fatal("no pointer under the place of the error")
		}
		lines := strings.Split(pre.FirstChild.Data+pre.LastChild.FirstChild.Data, "\n")
		if caret := strings.IndexByte(lines[1], '^'); caret < 0 || caret >= len(lines[0]) || lines[0][caret] != ']' {
			t.Errorf("the caret does not stand under the bracket:\n%s", strings.Join(lines, "\n"))
		}
	})
}

// TestIntelCited: an object's id in a post or a case is a link with its name for
// who may see the object, and the plain id for others, as if there were none; the
// page that shows the name is marked like the object (design 3.1).
func TestIntelCited(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		indicator, _, _ := h.lair()
		h.share(town.Max, intelTerms(town.Monitor), stixIndicator(20, stixStrict, "Quokka beacon", "quokka.example"))
		hidden, nobody := "indicator--"+uuid(20), "indicator--"+uuid(99)
		var room, topic string
		h.do(town.Dora, func(tx *db.Tx) (err error) {
			room, err = h.Forum.OpenRoom(tx, forum.NewRoom{Name: "Everyone", Purpose: "All.", Label: town.Label(policy.Green, policy.Community)})
			return err
		})
		h.do(town.Dora, func(tx *db.Tx) (err error) {
			topic, _, err = h.Forum.StartTopic(tx, room, forum.NewTopic{Title: "Beacons", Body: "See " + indicator + ", " + hidden + " and " + nobody + ".", Label: town.Label(policy.Green, policy.Community)})
			return err
		})
		page := "/topics/" + topic
		wim := h.visitor(town.Wim).Get(page).Want(200, "See Beacon of DoseShift", hidden, nobody, "TLP:GREEN").Never("Quokka", "/intel/objects/"+hidden, ">"+indicator)
		if !strings.Contains(wim.Body, `data-tlp="GREEN"`) {
			t.Error("the page is marked for what its reader does not see")
		}
		max := h.visitor(town.Max).Get(page).Want(200, "See Beacon of DoseShift", "Quokka beacon", nobody)
		if !strings.Contains(max.Body, `data-tlp="AMBER+STRICT"`) || !strings.Contains(max.Body, `href="/intel/objects/`+hidden+`"`) {
			t.Error("the page that names an AMBER+STRICT object is not marked so")
		}
		if r := h.visitor(town.Wim).Get("/intel/objects/" + url.PathEscape(indicator)); r.Status != 200 {
			t.Errorf("the link leads to %d", r.Status)
		}
	})
}
