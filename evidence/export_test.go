package evidence

import (
	"bytes"
	"hash/crc32"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/ledger"
)

// Rezip is a forger's tool: it writes members as a pack with right checksums, a
// right manifest, and the time and order of the original.
func Rezip(t testing.TB, original []byte, ms map[string]string) []byte {
	t.Helper()
	old, date, clock, err := readPack(bytes.NewReader(original), int64(len(original)))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(1980+int(date>>9), time.Month(date>>5&15), int(date&31), int(clock>>11), int(clock>>5&63), int(clock&31)*2, 0, time.UTC)
	digests := map[string]string{}
	for name, content := range ms {
		if name != "manifest.json" {
			digests[name] = sum([]byte(content))
		}
	}
	list, err := manifest(digests)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, m := range old {
		order = append(order, m.name)
	}
	for _, name := range slices.Sorted(maps.Keys(ms)) {
		if !slices.Contains(order, name) {
			order = slices.Insert(order, len(order)-1, name)
		}
	}
	var out []member
	for _, name := range order {
		content, ok := ms[name]
		switch {
		case name == "manifest.json":
			out = append(out, list)
		case ok:
			m := text(name, []byte(content))
			if m.crc != crc32.ChecksumIEEE([]byte(content)) {
				t.Fatal("bad checksum")
			}
			out = append(out, m)
		}
	}
	var b bytes.Buffer
	if err := writePack(&b, out, at); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Rerender is the forger's other tool: it makes all that follows from
// evidence.json anew, believing it.
func Rerender(t testing.TB, ms map[string]string) {
	t.Helper()
	b := []byte(ms["evidence.json"])
	p, err := readEvidence(text("evidence.json", b))
	if err != nil {
		t.Fatal(err)
	}
	r := &record{pack: p, texts: map[string]string{}}
	verifier, err := tlog.ParseVerifier(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	if r.checkpoint, err = tlog.ParseCheckpoint(verifier, []byte(p.Checkpoint)); err != nil {
		t.Fatal(err)
	}
	for _, e := range p.Entries {
		var ev ledger.Event
		if err := strictjson.Unmarshal([]byte(e.Event), &ev); err != nil {
			t.Fatal(err)
		}
		x, err := openEvent(e.Index, ev)
		if err != nil {
			t.Fatal(err)
		}
		r.events = append(r.events, x)
	}
	for _, x := range p.Texts {
		r.texts[x.SHA256] = x.Text
	}
	all, err := r.members()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		b, err := m.whole(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		ms[m.name] = string(b)
	}
}

// What the tests of the re-checker need of its inside.
var (
	EndAfterDays     = endAfterDays
	EndAfterWorkDays = endAfterWorkDays
)

// Told is the events of a pack, as they were recorded.
func Told(t testing.TB, pack []byte) []ledger.Event {
	t.Helper()
	members, _, _, err := readPack(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := readEvidence(members[2])
	if err != nil {
		t.Fatal(err)
	}
	var out []ledger.Event
	for _, e := range p.Entries {
		var ev ledger.Event
		if err := strictjson.Unmarshal([]byte(e.Event), &ev); err != nil {
			t.Fatal(err)
		}
		out = append(out, ev)
	}
	return out
}

// RecheckTold works them out once more, with one text in their data replaced by
// another.
func RecheckTold(t testing.TB, told []ledger.Event, now time.Time, was, is string) Recheck {
	t.Helper()
	var events []event
	for _, e := range told {
		if was != "" {
			e.Data = bytes.ReplaceAll(e.Data, []byte(was), []byte(is))
		}
		ev, err := openEvent(e.Seq, e)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
	return recheck(events, now)
}
