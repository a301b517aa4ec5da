package intel_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// history is one random story: writers with different labels, and readers who
// follow cursors while the others write. Beside it stands a model of who may read
// what, written without the store's rules.
type history struct {
	*town.Town
	t       *rapid.T
	serial  string           // part of every id of this story
	shelf   []copyOf         // what was let in, as it is labelled now
	deleted map[string]bool  // ids of which something was deleted
	readers map[string]*pull // by person
}

type copyOf struct {
	key  string // id and version
	id   string
	org  string
	mark policy.TLP
	gone bool
}

type pull struct {
	r     intel.Range
	seen  []string
	last  time.Time
	ended bool
}

// whom each person of the story can be reached as, for each marking that a
// writer of an organization uses: his own organization for AMBER and AMBER+STRICT.
func (c copyOf) readableBy(person string) bool {
	org := orgs[person]
	switch c.mark {
	case policy.Clear:
		return true
	case policy.Green:
		return org != ""
	}
	return org == c.org && recipients[person]
}

var (
	orgs       = map[string]string{town.Pia: "pump", town.Pol: "pump", town.Paz: "pump", town.Wim: "ward", town.Wanda: "ward", town.Cy: "cisa", "": ""}
	recipients = map[string]bool{town.Pia: true, town.Pol: true, town.Wim: true, town.Cy: true}
	marks      = map[policy.TLP]string{policy.Clear: white1, policy.Green: green, policy.AmberStrict: amberStrict}
)

func (h *history) object(n, version int, mark policy.TLP) string {
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--%s-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:%02d.000Z","object_marking_refs":["%s"],"name":"n","pattern":"[url:value = 'x']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`,
		h.serial, n, version, marks[mark])
}

// write lets a person send one to four objects. Ids belong to one writer each, so
// that the model need not know whose object collides with whose (receive_test.go
// does).
func (h *history) write(t *rapid.T) {
	person := rapid.SampledFrom([]string{town.Pia, town.Wim}).Draw(t, "writer")
	var objs []string
	var sent []copyOf
	for range rapid.IntRange(1, 4).Draw(t, "objects") {
		n := rapid.IntRange(0, 7).Draw(t, "id")*2 + len(orgs[person])%2
		if orgs[person] == "ward" {
			n += 100
		}
		mark := rapid.SampledFrom([]policy.TLP{policy.Clear, policy.Green, policy.AmberStrict}).Draw(t, "mark")
		version := rapid.IntRange(0, 5).Draw(t, "version")
		o, err := stix.Parse([]byte(h.object(n, version, mark)))
		if err != nil {
			t.Fatal(err)
		}
		objs = append(objs, string(o.Raw))
		sent = append(sent, copyOf{key: o.ID + " " + o.VersionText, id: o.ID, org: orgs[person], mark: mark})
	}
	_, outs := take(h.Town, person, intel.Terms{Scrub: intel.ScrubClean}, objs...)
	for i, o := range outs {
		switch o.Kind {
		case intel.WasAdded:
			// An id never comes back looser than it was known.
			for _, c := range h.shelf {
				if c.id == sent[i].id && !c.gone && c.mark.StricterThan(sent[i].mark) {
					sent[i].mark = c.mark
				}
			}
			h.shelf = append(h.shelf, sent[i])
		case intel.WasSame:
			for j := range h.shelf {
				if c := &h.shelf[j]; c.key == sent[i].key && !c.gone && sent[i].mark.StricterThan(c.mark) {
					t.Fatalf("%s came back stricter with the same bytes, which cannot be", c.key)
				}
			}
		}
	}
}

func (h *history) remove(t *rapid.T) {
	if len(h.shelf) == 0 {
		return
	}
	c := h.shelf[rapid.IntRange(0, len(h.shelf)-1).Draw(t, "which")]
	if c.gone {
		return
	}
	person := town.Pia
	if c.org == "ward" {
		person = town.Wim
	}
	h.OK(h.Write(person, func(tx *db.Tx) error { return h.Intel.Delete(tx, c.id, zero) }))
	h.deleted[c.id] = true
	for i := range h.shelf {
		if h.shelf[i].id == c.id {
			h.shelf[i].gone = true
		}
	}
}

// read takes one page for a reader.
func (h *history) read(person string) {
	p := h.readers[person]
	got := town.Must(h.Town, person, func(v *db.View) (intel.Page, error) { return h.Intel.Pull(v, p.r) })
	for _, key := range keysOf(h.t, got.Objects) {
		if !slices.ContainsFunc(h.shelf, func(c copyOf) bool { return c.key == key && !c.gone && c.readableBy(person) }) {
			h.t.Fatalf("%q was given %s, which it may not read", person, key)
		}
		id, _, _ := strings.Cut(key, " ")
		if slices.Contains(p.seen, key) && !h.deleted[id] { // what was deleted may be shared again
			h.t.Fatalf("%q was given %s twice", person, key)
		}
		p.seen = append(p.seen, key)
	}
	if got.Count > 0 {
		p.last = got.Last
	}
	p.r.Next = got.Next
	if p.ended = !got.More; p.ended && !p.last.IsZero() {
		p.r.After = p.last // as TAXII's clients poll: what was added after the last that they have
	}
}

func keysOf(t *rapid.T, joined []byte) (keys []string) {
	r := stix.NewReader(strings.NewReader("["+string(joined)+"]"), stix.Limits{})
	for {
		o, err := r.Next()
		if err != nil {
			return keys
		}
		keys = append(keys, o.ID+" "+o.VersionText)
	}
}

// TestHistories: whatever is written meanwhile, each reader who follows the cursor
// gets what he may read, once, in order.
func TestHistories(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		story := 0
		rapid.Check(t, func(rt *rapid.T) {
			story++
			h.Clock.Add(second)
			start := town.Must(h, town.Pia, func(v *db.View) (at int64, err error) { return v.Now().UnixMicro(), nil })
			h.Clock.Add(second)
			s := &history{Town: h, t: rt, serial: fmt.Sprintf("%08x-0000", story), deleted: map[string]bool{}, readers: map[string]*pull{}}
			for _, person := range []string{town.Pol, town.Paz, town.Wim, town.Wanda, ""} {
				s.readers[person] = &pull{r: intel.Range{After: micros(start), Limit: rapid.IntRange(1, 3).Draw(rt, "limit"), Versions: []intel.Versions{intel.AllVersions}}}
			}
			people := []string{town.Pol, town.Paz, town.Wim, town.Wanda, ""}
			for range rapid.IntRange(3, 25).Draw(rt, "steps") {
				switch k := rapid.IntRange(0, 9).Draw(rt, "step"); {
				case k < 4:
					s.write(rt)
				case k == 4:
					s.remove(rt)
				default:
					s.read(rapid.SampledFrom(people).Draw(rt, "reader"))
				}
				if rapid.Bool().Draw(rt, "later") {
					h.Clock.Add(second)
				}
			}
			for _, person := range people {
				p := s.readers[person]
				for p.ended = false; !p.ended; {
					s.read(person)
				}
				for _, c := range s.shelf {
					if !c.gone && c.readableBy(person) && !slices.Contains(p.seen, c.key) {
						rt.Fatalf("%q never got %s, among %v; it has %v", person, c.key, s.shelf, p.seen)
					}
				}
			}
		})
	})
}
