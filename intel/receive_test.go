package intel_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// indicator is a small object with its own id and version.
func indicator(n, version int, markings ...string) string {
	marks := ""
	if len(markings) > 0 {
		marks = `"object_marking_refs":["` + strings.Join(markings, `","`) + `"],`
	}
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:%02d.000Z",%s"name":"Beacon %d","pattern":"[ipv4-addr:value = '198.51.100.%d']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`,
		n, version, marks, n, n%250)
}

func bundle(objs ...string) string {
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[` + strings.Join(objs, ",") + `]}`
}

const (
	green       = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	amberStrict = "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003"
	white1      = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
)

// program is the part that works behind the imports.
var program = policy.System("test")

var open = intel.Terms{Scrub: intel.ScrubClean, Unmarked: policy.Green}

// take sends objects in a person's name, and fails the test if they cannot be.
func take(h *town.Town, person string, terms intel.Terms, objs ...string) (b *intel.Batch, outs []intel.Outcome) {
	h.T.Helper()
	h.OK(h.Write(person, func(tx *db.Tx) (err error) {
		b, outs, err = h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "test", Format: intel.FormatSTIX, Terms: terms}, strings.NewReader(bundle(objs...)))
		return err
	}))
	return b, outs
}

// pulled follows the cursor to the end.
func pulled(h *town.Town, person string, r intel.Range) (ids []string) {
	h.T.Helper()
	for {
		p := town.Must(h, person, func(v *db.View) (intel.Page, error) { return h.Intel.Pull(v, r) })
		for _, part := range bytes.Split(p.Objects, []byte(`"id":"`))[1:] {
			ids = append(ids, string(part[:47]))
		}
		if !p.More {
			return ids
		}
		r.Next = p.Next
	}
}

func TestTakeAndPull(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		_, outs := take(h, town.Pia, open, indicator(1, 0), indicator(2, 0, amberStrict), indicator(3, 0, green), indicator(4, 0, white1), indicator(1, 0))
		var got []string
		for _, o := range outs {
			got = append(got, string(o.Kind))
		}
		if want := "added added added added same"; strings.Join(got, " ") != want {
			t.Errorf("became %v, want %s: %v", got, want, outs)
		}
		for _, c := range []struct {
			person string
			want   int
		}{{town.Pol, 4}, {town.Wim, 3}, {town.Cy, 3}, {"", 1}} {
			if got := len(pulled(h, c.person, intel.Range{Limit: 2})); got != c.want {
				t.Errorf("%q pulled %d objects, want %d", c.person, got, c.want)
			}
		}
	})
}

func TestImportRuns(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		var objs []string
		for i := range 1200 {
			objs = append(objs, indicator(i, 0))
		}
		who := h.As(town.Pia)
		b, err := h.Intel.Accept(context.Background(), h.DB, who, intel.NewBatch{Via: "page", Name: "many.json", Format: intel.FormatSTIX, Terms: open}, strings.NewReader(bundle(objs...)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		_, err = h.Intel.Read(ctx, h.DB, program, b.ID, func(*intel.Batch) { cancel() })
		if err == nil {
			t.Fatal("the interrupted read says it is done")
		}
		if b, err = h.Intel.Read(context.Background(), h.DB, program, b.ID, nil); err != nil {
			t.Fatal(err)
		}
		if b.State != intel.Done || b.Added != 1200 || b.Seen != 1200 {
			t.Errorf("after resuming: %+v", b)
		}
		if got := pulled(h, town.Wim, intel.Range{Limit: 333}); len(got) != 1200 {
			t.Errorf("pulled %d", len(got))
		}
		for {
			n, err := h.Intel.Index(context.Background(), h.DB, program)
			if err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				break
			}
		}
	})
}

func newReader(data []byte) *bytes.Reader { return bytes.NewReader(data) }

const second = time.Second

var zero time.Time

func micros(us int64) time.Time { return time.UnixMicro(us).UTC() }
