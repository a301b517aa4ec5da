package web

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// TestIntelObjectPlain reads an object without script, says that it was seen, adds
// a note, and deletes one's own.
func TestIntelObjectPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		indicator, malware, technique := h.lair()
		h.share(town.Max, intelTerms(town.Monitor),
			stixMalware(21, stixStrict, "QuokkaShift"), stixTie(22, stixStrict, "indicates", indicator, "malware--"+uuid(21)))
		h.share(town.Pia, intelTerms(), stixTie(23, stixGreen, "indicates", indicator, "malware--"+uuid(98)))
		page := "/intel/objects/" + indicator

		wim := h.visitor(town.Wim).Get(page).Want(200, "Beacon of DoseShift", "TLP:GREEN", "From Pump Works", "Seen on the bedside network.", "[domain-name:value = 'updates.pump.example']",
			"Valid until", "1 Jan 2027", "Tags beacon", "Confidence 70", "indicates DoseShift", "Nobody has said that they saw it.", "Text as it came", "We saw this")
		// A reference to what others have and to what nobody has is an id, and no more.
		wim.Want(200, "malware--"+uuid(98), "not here").Never("Quokka", "malware--"+uuid(21), "Delete")
		h.visitor(town.Max).Get(page).Want(200, "QuokkaShift", "TLP:AMBER+STRICT")
		raw := reader.Find(wim.Page, func(n *html.Node) bool { return reader.Attr(n, "aria-label") == "JSON" })
		if got, want := reader.Words(raw), stixIndicator(1, stixGreen, "Beacon of DoseShift", "updates.pump.example"); strings.TrimSpace(got) != want {
			t.Errorf("the text is not as it came:\n%s\n%s", got, want)
		}
		h.visitor(town.Wim).Get("/intel/objects/"+malware).Want(200, "Beacon of DoseShift", "uses Brute Force I/O")
		h.visitor(town.Wim).Get("/intel/objects/"+technique).Want(200, "T0806", "https://attack.example/T0806", "Kill chain", "mitre ics attack: impair process control")

		// One press: once, now, by name.
		wim.Send("/sight", reader.Fill{"quick": {"1"}}).Want(200, "It is on record that your organization saw it", "Seen 1 time in 1 report, by Ward Hospital")
		h.wordsIndexed()
		form := wim.Get(page+"/sight").Want(200, "Report a sighting", "TLP:GREEN", "It reaches: ")
		form.Send("/sight", reader.Fill{"count": {"many"}, "first": {"yesterday"}, "note": {"In the wards."}}).Want(422, "whole number", "year-month-day", "In the wards.")
		holds(t, wim, "first", "yesterday")
		wim.Send("/sight", reader.Fill{"count": {"4"}, "first": {"2026-02-20T09:00"}, "last": {"2026-02-21T09:00"}, "attribution": {"community"}}).Want(200, "It is on record", "Seen 5 times in 2 reports, by Ward Hospital and others who are not named")
		h.visitor(town.Cleo).Get(page).Want(200, "Seen 5 times", "A member of the community")
		h.wordsIndexed()
		h.visitor(town.Cleo).Get(asQuery("type:indicator")).Want(200, "Beacon of DoseShift")

		wim.Get(page+"/remark").Send("/remark", reader.Fill{"text": {""}}).Want(422)
		wim.Send("/remark", reader.Fill{"text": {"Our proxy **blocks** it."}}).Want(200, "Your words are added", "Our proxy blocks it.")
		wim.Get(page+"/remark").Send("/remark", reader.Fill{"text": {"It beacons to our own proxy."}, "opinion": {"disagree"}}).Want(200, "Ward Hospital disagrees")

		// Its own: shared again, deleted after a question. Nobody else has these pages.
		pia := h.visitor(town.Pia).Get(page).Want(200, "Delete", "Share it again")
		pia.Follow("Share it again").Want(200, "updates.pump.example")
		wim.Get("/intel/import?object=" + indicator).Want(200).Never("updates.pump.example")
		wim.Get(page + "/delete").Want(404)
		pia.Get(page+"/delete").Want(200, "Others’ copies of it stay", "1 version").Send("/delete", nil).Want(200, "It is deleted")
		pia.Get(page).Want(404)
		wim.Get(page).Want(404)
	})
}

// TestIntelGraphPlain: the list has what the picture has, the same numbers (U-07);
// what is hidden leaves no trace; a way between two is found.
func TestIntelGraphPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		indicator, malware, technique := h.lair()
		h.share(town.Max, intelTerms(town.Monitor), stixMalware(21, stixStrict, "QuokkaShift"), stixTie(22, stixStrict, "indicates", indicator, "malware--"+uuid(21)))
		wim := h.visitor(town.Wim).Get("/intel/graph?ids="+malware).Want(200, "Around DoseShift", "3 objects, 2 ties", "Beacon of DoseShift", "Brute Force I/O", "TLP:GREEN", "TLP:CLEAR")
		twins(t, wim, 3, 2)
		twins(t, wim.Get("/intel/graph?ids="+indicator).Never("Quokka"), 2, 1)
		twins(t, wim.Get("/intel/graph?hops=2&ids="+indicator).Never("Quokka"), 3, 2)
		twins(t, h.visitor(town.Max).Get("/intel/graph?ids="+indicator).Want(200, "QuokkaShift", "TLP:AMBER+STRICT"), 3, 2)
		twins(t, wim.Get("/intel/graph?from="+indicator+"&to="+technique).Want(200, "Shortest way"), 3, 2)
		wim.Get("/intel/graph?from="+indicator+"&to=x-mitre-tactic--"+uuid(4)).Want(200, "There is no way between them")
		for _, gone := range []string{uuid(21), uuid(98)} {
			wim.Get("/intel/graph?from=" + indicator + "&to=malware--" + gone).Want(404)
		}
		wim.Get("/intel/graph").Want(200, "Choose what to draw")
		wim.Get("/intel/graph?ids=nonsense").Want(422, "no STIX id")
		// Chosen in the results.
		wim.Get("/intel").Want(200, "Show the chosen as a graph")
	})
}

// twins compares a graph's picture with its list.
func twins(t *testing.T, r *reader.Reader, nodes, ties int) {
	t.Helper()
	r.Want(200)
	var drawn, listed, edges []string
	lines := 0
	for n := range r.Page.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch class := reader.Attr(n, "class"); {
		case n.Data == "a" && slices.Contains(strings.Fields(class), "gnode"):
			words := reader.Words(reader.Find(n, func(n *html.Node) bool { return n.Data == "title" }))
			if _, rest, ok := strings.Cut(words, ": "); ok {
				words = rest
			}
			drawn = append(drawn, words)
		case class == "edge":
			edges = append(edges, reader.Words(n))
		case reader.Has(n, "data-tie"):
			lines++
		case reader.Has(n, "data-node"):
			w := strings.Fields(reader.Words(n))
			listed = append(listed, strings.Join(w, " "))
		}
	}
	slices.Sort(listed)
	listed = slices.Compact(listed)
	for i, d := range drawn {
		drawn[i] = strings.Join(strings.Fields(strings.ReplaceAll(d, ",", "")), " ")
	}
	slices.Sort(drawn)
	if !slices.Equal(drawn, listed) {
		t.Errorf("the picture has %q, the list %q (U-07)", drawn, listed)
	}
	if len(drawn) != nodes || len(edges) != ties || lines != ties {
		t.Errorf("%d nodes, %d edges, %d lines; want %d, %d, %d (U-07)", len(drawn), len(edges), lines, nodes, ties, ties)
	}
}

// TestIntelMatrixPlain: cells and table have the same numbers (U-07), counted in
// the reader's own view.
func TestIntelMatrixPlain(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		h.visitor(town.Wim).Get("/intel/matrix").Want(200, "No matrix is here yet")
		_, _, technique := h.lair()
		h.share(town.Max, intelTerms(policy.Principal(town.Monitor)), stixMalware(21, stixStrict, "QuokkaShift"), stixTie(22, stixStrict, "uses", "malware--"+uuid(21), technique))
		cell := regexp.MustCompile(`Brute Force I/O ([0-9]+) seen`)
		row := regexp.MustCompile(`T0806 Brute Force I/O ([0-9]+) `)
		seen := func(who string) string {
			r := h.visitor(who).Get("/intel/matrix").Want(200, "ATT&CK for ICS", "Impair Process Control", "of 1 technique seen")
			words := strings.Join(strings.Fields(reader.Words(r.Page)), " ")
			c, w := cell.FindStringSubmatch(words), row.FindStringSubmatch(words)
			if c == nil || w == nil || c[1] != w[1] {
				t.Fatalf("the matrix has %v, its table %v (U-07):\n%s", c, w, words)
			}
			return c[1]
		}
		if wim, max := seen(town.Wim), seen(town.Max); wim >= max {
			t.Errorf("Wim counts %s, Max %s, who sees one more", wim, max)
		}
	})
}
