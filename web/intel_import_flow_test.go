package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/reader"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// Marking definitions of TLP 2.0 (STIX 2.1 extension), as their ids are published.
const (
	markGreen = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
	markClear = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
)

// beacon is an indicator with a number, a version and markings.
func beacon(n, version int, name string, markings ...string) string {
	marks := ""
	if len(markings) > 0 {
		marks = `"object_marking_refs":["` + strings.Join(markings, `","`) + `"],`
	}
	return fmt.Sprintf(`{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:%02d.000Z",%s"name":"%s","pattern":"[ipv4-addr:value = '198.51.100.%d']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`,
		n, version, marks, name, n%250)
}

func stixBundle(objs ...string) string {
	return `{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[` + strings.Join(objs, ",") + `]}`
}

// readAll reads the batch that a page shows, as the program's worker does.
func (h *caseHouse) readAll(r *reader.Reader) string {
	h.t.Helper()
	at, _, _ := strings.Cut(r.Path, "?")
	id := at[strings.LastIndexByte(at, '/')+1:]
	_, err := h.Intel.Read(h.Ctx, h.DB, policy.System("intel"), id, nil)
	h.OK(err)
	return at
}

// brought takes objects in a person's name.
func (h *caseHouse) brought(person string, t intel.Terms, objs ...string) (b *intel.Batch) {
	h.t.Helper()
	h.do(person, func(tx *db.Tx) (err error) {
		b, _, err = h.Intel.Take(tx, intel.NewBatch{Via: "api", Name: "posted.json", Format: intel.FormatSTIX, Terms: t}, strings.NewReader(stixBundle(objs...)))
		return err
	})
	return b
}

// A file and the button are enough for what stays at home; what leaves needs a
// review for personal data, and says whom it reaches. Without script.
func TestImportWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/intel/batches").Want(200, "Nothing was sent yet").Follow("Bring in a file").
			Want(200, "My organization only", "Objects without a marking are", "Only your organization will see it: 2 people.")
		pia.Send("/intel/import", nil).Want(422, "Choose a file, or paste a text.")
		pia.Send("/intel/import", one("text", "x"), reader.File("upload", "b.json", "{}")).Want(422, "not both")

		pia.Get("/intel/import").Send("/intel/import", nil, reader.File("upload", "C:\\loot\\beacons.json", stixBundle(beacon(1, 0, "Beacon one", markGreen), beacon(2, 0, "Beacon two"), `{"type":"indicator"}`))).
			Want(200, "beacons.json", "The file waits to be read", "Stop reading", "Look again how far it is").Never("loot")
		at := h.readAll(pia)
		pia.Get(at).Want(200, "Everything was read.", "Added 2", "Refused 1", "Beacon one", "TLP:AMBER+STRICT", "What was wrong", "object 3")
		pia.Get("/intel/batches").Want(200, "beacons.json", "read")
		h.visitor(town.Pol).Get(at).Want(200, "Beacon one")
		h.visitor(town.Max).Get(at).Want(404)
		h.visitor(town.Paz).Get(at).Want(404) // no named recipient
		h.visitor(town.Max).Get("/intel/batches").Want(200, "Nothing was sent yet").Never("beacons.json")

		// as marked: the review is asked for, and nothing typed is lost
		pia.Get("/intel/import").Send("/intel/import", one("reach", "marked", "text", stixBundle(beacon(3, 0, "Beacon three", markGreen), beacon(4, 0, "Beacon four", markClear)), "attribution", "community")).
			Want(422, "Say what your review for personal data found", "Beacon three", "Share with the community")
		pia.Send("/intel/import", one("scrub", "justified")).Want(422, "The reason is missing.")
		pia.Send("/intel/import", one("scrub", "clean", "pap", "AMBER")).Want(200, "pasted text", "At the widest TLP:GREEN", "a member of the community", "PAP:AMBER", "Cybersecurity Information Sharing Act of 2015")
		at = h.readAll(pia)
		pia.Get(at).Want(200, "Added 2", "Beacon four", "TLP:GREEN")
		got := town.Must(h.Town, town.Max, func(v *db.View) (intel.Object, error) {
			return h.Intel.Object(v, "indicator--00000000-0000-4000-8000-000000000004")
		})
		if got.Label.TLP != policy.Green || got.From.OrgName != "" || got.From.Attribution != intel.Community {
			t.Errorf("a CLEAR object came as %v from %+v", got.Label, got.From)
		}

		// the day after the law lapsed the page says so
		h.Clock.Set(time.Date(2026, 10, 1, 9, 0, 0, 0, time.UTC))
		h.visitor(town.Pia).Get("/intel/import").Want(200, "is not known to be in force since 1 October 2026")
	})
}

// Stopped, a batch takes in nothing; resumed, it is read to its end.
func TestBatchStopsAndResumes(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/intel/import").Send("/intel/import", nil, reader.File("upload", "b.json", stixBundle(beacon(1, 0, "Beacon one")))).Want(200, "waits to be read")
		at, _, _ := strings.Cut(pia.Path, "?")
		pia.Send("/stop", nil).Want(200, "Reading was stopped.", "0 % of the file", "Resume reading")
		h.visitor(town.Pol).Get(at).Send("/resume", nil).Want(200, "waits to be read")
		pia.Send("/resume", nil).Want(409, "This batch is queued; that cannot be done now.")
		pia.Get(at)
		h.readAll(pia)
		pia.Get(at).Want(200, "Added 1")
	})
}

// A table's columns are shown before it is taken in, and can be said otherwise;
// errors stand by row.
func TestImportTableWithoutScript(t *testing.T) {
	eachCases(t, func(t *testing.T, h *caseHouse) {
		pia := h.visitor(town.Pia)
		pia.Get("/intel/import").Send("/intel/import", nil, reader.File("upload", "list.csv", "seen by,where,why\nward,hxxp://bad[.]example/x,Beacon\nward,nowhere at all,Beacon\n")).
			Want(200, "not begun", "Column 2: where", "Pass over", "Such as hxxp://bad[.]example/x", "No column is known to hold the indicators")
		pia.Send("/columns", one("do", "take")).Want(422, "Say which column holds the indicators.")
		pia.Send("/columns", one("do", "look", "column-1", "value", "column-2", "name")).Want(200, "URLs", "http://bad.example/x", "not read", "this is no kind of indicator", "Bring it in for Pump Works")
		pia.Send("/columns", one("do", "take", "column-0", "name")).Want(422, "Column 3 cannot hold this, another one does already.")
		pia.Send("/columns", one("do", "take", "column-0", "")).Want(200, "waits to be read")
		at := h.readAll(pia)
		pia.Get(at).Want(200, "Everything was read.", "Added 1", "Refused 1", "Beacon").Never("What the columns hold")
		pia.Get("/intel/import").Send("/intel/import", one("text", "192.0.2.1\n192.0.2.2\n")).Want(200, "Column 1", "IPv4 addresses", "192.0.2.2")
		h.visitor(town.Max).Get(strings.Split(pia.Path, "?")[0]).Want(404)
	})
}
