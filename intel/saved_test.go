package intel_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

func save(h *town.Town, person, name, q string) (id string, err error) {
	h.T.Helper()
	err = h.Note(person, func(tx *db.Tx) (err error) {
		id, err = h.Intel.Save(tx, name, q)
		return err
	})
	return id, err
}

// news is the digest as text.
func news(h *town.Town, person string) string {
	h.T.Helper()
	var b strings.Builder
	for _, n := range town.Must(h, person, func(v *db.View) ([]intel.News, error) { return h.Intel.Fresh(v, 2) }) {
		fmt.Fprintf(&b, "%s %d", n.Name, n.Count)
		for _, hit := range n.Hits {
			b.WriteString(" " + hit.Name)
		}
		if n.More {
			b.WriteString(" more")
		}
		b.WriteString(". ")
	}
	return b.String()
}

func TestSavedSearches(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		take(h, town.Pia, open, looksFor(1, "one", "[ipv4-addr:value = '198.51.100.1']", ""))
		indexed(h)
		id, err := save(h, town.Wim, "Indicators", "type:indicator after:30d")
		h.OK(err)
		if _, err = save(h, town.Wim, "All", ""); err != nil {
			t.Fatal(err)
		}
		if got := news(h, town.Wim); got != "All 0. Indicators 0. " {
			t.Errorf("what was there is new: %s", got)
		}
		take(h, town.Pia, open, looksFor(2, "two", "[ipv4-addr:value = '198.51.100.1']", ""), looksFor(3, "three", "[ipv4-addr:value = '198.51.100.1']", "", amberStrict),
			looksFor(4, "four", "[ipv4-addr:value = '198.51.100.1']", ""), looksFor(5, "five", "[ipv4-addr:value = '198.51.100.1']", ""), thing(6, "tool", "six", ""))
		indexed(h)
		if got := news(h, town.Wim); got != "All 4 six five. Indicators 3 five four. " {
			t.Errorf("new: %s", got)
		}
		h.OK(h.Note(town.Wim, func(tx *db.Tx) error { return h.Intel.MarkSeen(tx, id) }))
		if got := news(h, town.Wim); got != "All 4 six five. Indicators 0. " {
			t.Errorf("after a look: %s", got)
		}
		h.OK(h.Note(town.Wim, func(tx *db.Tx) error { return h.Intel.Rename(tx, id, "Beacons") }))
		h.Clock.Add(40 * 24 * time.Hour) // "after:30d" goes with the time
		take(h, town.Pia, open, looksFor(7, "seven", "[ipv4-addr:value = '198.51.100.1']", ""))
		indexed(h)
		if got := news(h, town.Wim); got != "All 5 seven six. Beacons 1 seven. " {
			t.Errorf("later: %s", got)
		}
		for name, fn := range map[string]func(tx *db.Tx) error{
			"look":   func(tx *db.Tx) error { return h.Intel.MarkSeen(tx, id) },
			"rename": func(tx *db.Tx) error { return h.Intel.Rename(tx, id, "Mine") },
			"forget": func(tx *db.Tx) error { return h.Intel.Forget(tx, id) },
		} {
			if err := h.Note(town.Wanda, fn); !fault.Is(err, fault.Missing) {
				t.Errorf("Wanda may %s at Wim's search: %v", name, err)
			}
		}
		if got := town.Must(h, town.Wanda, func(v *db.View) ([]intel.Saved, error) { return h.Intel.Saved(v) }); len(got) != 0 {
			t.Errorf("Wanda has %v", got)
		}
		_, err = save(h, town.Wim, "beacons", "x")
		town.Wants(t, err, fault.Invalid, "name")
		_, err = save(h, town.Wim, "", "kind:x")
		town.Wants(t, err, fault.Invalid, "q")
		town.Wants(t, err, fault.Invalid, "name")
		_, err = save(h, "", "x", "x")
		town.Wants(t, err, fault.Forbidden, "")
		h.OK(h.Note(town.Wim, func(tx *db.Tx) error { return h.Intel.Forget(tx, id) }))
		for i := range intel.MaxSaved - 1 {
			_, err := save(h, town.Wim, fmt.Sprint("n", i), "x")
			h.OK(err)
		}
		_, err = save(h, town.Wim, "one more", "x")
		town.Wants(t, err, fault.Invalid, "name")
	})
}

func TestFreshForDevices(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		keep := func(person string, names ...string) error {
			return h.Note(person, func(tx *db.Tx) error { return h.Intel.KeepDevices(tx, names) })
		}
		fresh := func(person string, others ...string) string {
			var b strings.Builder
			for _, n := range town.Must(h, person, func(v *db.View) ([]intel.DeviceNews, error) { return h.Intel.FreshForDevices(v, others, 1) }) {
				fmt.Fprintf(&b, "%s %v %d %d %s. ", n.Device, n.Own, n.Count, len(n.Hits), n.Query)
			}
			return b.String()
		}
		h.OK(keep(town.Wim, "Pump A4", " ", "Ventilator"))
		h.OK(keep(town.Wim, "Pump A4", "Scanner 9"))
		take(h, town.Pia, open, thing(1, "tool", "one", `"description":"Reaches the pump A4."`), thing(2, "tool", "two", `"description":"The pump-a4 and the monitor M2."`), thing(3, "tool", "three", `"description":"Pump A4."`, amberStrict))
		indexed(h)
		if got, want := fresh(town.Wim, "Monitor M2", "pump a4", `"`), `Pump A4 true 2 1 device:"Pump A4". Scanner 9 true 0 0 device:"Scanner 9". Monitor M2 false 1 1 device:"Monitor M2". `; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		h.OK(h.Note(town.Wim, func(tx *db.Tx) error { return h.Intel.MarkDevicesSeen(tx) }))
		h.OK(h.Note(town.Wim, func(tx *db.Tx) error { return h.Intel.MarkDevicesSeen(tx) }))
		take(h, town.Pia, open, thing(4, "tool", "four", `"description":"Pump A4 again."`))
		indexed(h)
		if got, want := fresh(town.Wim, "Monitor M2"), `Pump A4 true 1 1 device:"Pump A4". Scanner 9 true 0 0 device:"Scanner 9". Monitor M2 false 0 0 device:"Monitor M2". `; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		town.Wants(t, keep(town.Wim, "--"), fault.Invalid, "devices")
		town.Wants(t, keep(town.Wim, `a"b`), fault.Invalid, "devices")
		town.Wants(t, keep(town.Wim, strings.Fields(names(intel.MaxDevices+1))...), fault.Invalid, "devices")
		town.Wants(t, keep("", "a"), fault.Forbidden, "")
		if got := town.Must(h, town.Wim, func(v *db.View) ([]string, error) { return h.Intel.Devices(v) }); strings.Join(got, ",") != "Pump A4,Scanner 9" {
			t.Errorf("kept %q", got)
		}
	})
}

func names(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "d%d ", i)
	}
	return b.String()
}
