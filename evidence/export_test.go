package evidence

import (
	"bytes"
	"hash/crc32"
	"maps"
	"slices"
	"testing"
	"time"
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
