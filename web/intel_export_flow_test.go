package web

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// What is taken out is shown with its joined label first, is what the reader may
// see and no more, and cannot become a formula (T-51). Without script.
func TestExportWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		open := intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.AmberStrict, Amber: []policy.Principal{town.Pump}}
		h.brought(town.Pia, open, beacon(1, 0, "=1+1 green", markGreen), beacon(2, 0, "Ours alone"))
		h.wordsIndexed()
		pia, max := h.visitor(town.Pia), h.visitor(town.Max)
		pia.Get("/intel/export").Want(200, "See what it would hold", "/taxii2/", "curl -H").Never("What you would take out")
		pia.Get("/intel/export?q=nothing:known").Want(422, "One thing needs mending")
		pia.Get("/intel/export?q=type:indicator&format=csv").Want(200, "Objects 2", "TLP:AMBER+STRICT", "Pump Works", "Download 2 objects, TLP:AMBER+STRICT")
		pia.Send("/intel/export", nil)
		if pia.Status != 200 || pia.Header.Get("X-Cordon-Label") != "TLP:AMBER+STRICT" || !strings.Contains(pia.Header.Get("Content-Disposition"), "amber-strict") || !strings.Contains(pia.Body, "Ours alone") {
			t.Errorf("the file is %d %v:\n%s", pia.Status, pia.Header, pia.Body)
		}
		for line := range strings.Lines(pia.Body) {
			for cell := range strings.SplitSeq(line, ",") {
				if strings.HasPrefix(strings.Trim(cell, `"`), "=") {
					t.Errorf("a cell begins a formula: %q", cell)
				}
			}
		}
		max.Get("/intel/export?q=type:indicator&format=stix").Want(200, "Objects 1", "Download 1 object, TLP:GREEN").Never("AMBER+STRICT")
		max.Send("/intel/export", nil)
		if max.Status != 200 || max.Header.Get("X-Cordon-Label") != "TLP:GREEN" || strings.Contains(max.Body, "Ours alone") || !strings.Contains(max.Body, beacon(1, 0, "=1+1 green", markGreen)) {
			t.Errorf("the file is %d %v:\n%s", max.Status, max.Header, max.Body)
		}
		max.Get("/intel/export?id=indicator--00000000-0000-4000-8000-000000000002").Want(200, "Nothing of this can be taken out")
		pia.Get("/intel/export?id=indicator--00000000-0000-4000-8000-000000000002").Want(200, "1 chosen object", "Objects 1")
		h.visitor("").Get("/intel/export").Want(200, "Sign in")
	})
}
