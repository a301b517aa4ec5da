package cases_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// The timeline says each entry in words to whom it is readable, newest first,
// page by page without gap or repetition, and which are covered by a checkpoint.
func TestTimeline(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := joint(h)
		ask(h, id, cases.Vendor, town.Supply)
		if _, err := h.Ledger.Publish(h.Ctx); err != nil {
			t.Fatal(err)
		}
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.Acknowledge(tx, id) }))
		desk, max := timeline(h, town.Dora, id), timeline(h, town.Max, id)
		if desk[0].Text != "acknowledged the report" || desk[0].Name != "Pia Pump" || desk[0].Class != cases.ClassClocks || desk[0].Proof {
			t.Errorf("the newest: %+v", desk[0])
		}
		last := desk[len(desk)-1]
		if last.Text != "opened the case “Library flaw”" || !last.Proof {
			t.Errorf("the oldest: %+v", last)
		}
		find := func(ms []cases.Moment, text string) (n int) {
			for _, m := range ms {
				if strings.Contains(m.Text, text) {
					n++
				}
			}
			return n
		}
		if find(desk, "asked Supply Software in as vendor") != 1 || find(max, "Supply") != 0 || find(max, "brought Monitor Makers into the case") != 1 {
			t.Errorf("desk %+v\nMax %+v", desk, max)
		}
		for i, m := range desk {
			if m.Text == "" || strings.HasPrefix(m.Text, "recorded party.") || m.Name == "" || i > 0 && m.Seq >= desk[i-1].Seq {
				t.Errorf("%+v", m)
			}
		}
		whole := town.Must(h, town.Dora, func(v *db.View) ([]cases.Moment, error) {
			ms, _, err := h.Cases.Timeline(v, id, 0, 100)
			return ms, err
		})
		if len(whole) != len(desk) {
			t.Errorf("%d by pages, %d at once", len(desk), len(whole))
		}
		if _, err := town.Read(h, town.Sue, func(v *db.View) ([]cases.Moment, error) { ms, _, err := h.Cases.Timeline(v, id, 0, 10); return ms, err }); !fault.Is(err, fault.Missing) {
			t.Errorf("who is only asked reads the timeline: %v", err)
		}
	})
}

// Every verb that this package writes about a party, an embargo, a case or a
// grant is said in words.
func TestEveryVerbHasWords(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`Verb: +"((?:case|party|embargo|fact|grant|notice|holders|risk|vulnerability|publication|clock|obligation|determination|cve)\.[a-z-]+)"`)
	n := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range verb.FindAllStringSubmatch(string(b), -1) {
			n++
			if !cases.Said(m[1]) {
				t.Errorf("%s: %s has no words in timeline_verbs.go", name, m[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d verbs were found", n)
	}
}
