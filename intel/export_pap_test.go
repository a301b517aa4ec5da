package intel_test

import (
	"testing"

	"github.com/cordon-isao/cordon/intel"
)

// R-045, row by row: each level allows what the stricter one does, and more.
func TestPAPAllows(t *testing.T) {
	actions := []intel.Action{intel.ActSearchLogs, intel.ActLookUp, intel.ActMonitor, intel.ActBlock, intel.ActProbe, intel.ActPublish}
	for pap, allowed := range map[string]int{"RED": 1, "AMBER": 3, "GREEN": 5, "CLEAR": 6, "": 6, "PINK": 1} {
		for i, a := range actions {
			if got := intel.PAPAllows(pap, a); got != (i < allowed) {
				t.Errorf("PAP:%s and %s: %v", pap, a, got)
			}
		}
		if (intel.PAPSentence(pap) == "") != (pap == "") {
			t.Errorf("PAP:%s says %q", pap, intel.PAPSentence(pap))
		}
	}
}
