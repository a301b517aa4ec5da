package evidence_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/policy"
)

// T-39: the pack of a case verifies with nothing but itself and a pinned key, and
// says in plain words what was shared, when it was learned of and which deadlines
// were kept.
func TestCasePack(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		w := newWork(h, town.Epoch, true)
		w.good()
		pack := w.pack(town.Pia)
		r := verify(t, pack, h.Ledger.Public())
		if !r.OK {
			t.Fatalf("a true pack does not verify: %+v", r.Lines)
		}
		for _, want := range []string{
			"Opened on 1 Mar 2026 12:01:00 UTC by Pia Pump, Pump Works as CASE-", "Open port <23>", "The record is whole: ",
			"Pump Works learned of the vulnerability on 1 Mar 2026 12:00:00 UTC, as it stated",
			"Deadlines when this pack was taken: 3 met.", "30-day notice to customers and users (R-010, Pump Works), due 31 Mar 2026 23:59:59 America/New_York (1 Apr 2026 03:59:59 UTC): met on 10 Mar 2026 12:01:00 UTC.",
			"Worked out again from the recorded facts alone, 3 deadlines under FDA's rules come to the same.", "This pack was taken on", "It is no finding of FDA's",
		} {
			if !said(r, want) {
				t.Errorf("the report does not say %q: %+v", want, r.Lines)
			}
		}
		ms := unzip(t, pack)
		for _, want := range []string{"Open port &lt;23&gt;", "<svg", "60-day fix", "Customer notice", "Risk determination", "Disconnect it.", "gave the ISAO its copy", "<b>TLP:AMBER&#43;STRICT</b>", "What it does not prove"} {
			if !strings.Contains(ms["index.html"], want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		for _, never := range []string{"<script", "http://", "https://", " src=", "@import", "url("} {
			if strings.Contains(ms["index.html"], never) {
				t.Errorf("the page holds %q", never)
			}
		}
		if verify(t, pack, "").OK != true || !said(verify(t, pack, ""), "NOT PINNED") {
			t.Error("without a pinned key the report does not say so")
		}
		entries := town.Must(h, town.Pia, func(v *db.View) (s []evidence.Share, err error) {
			s, _, err = h.Evidence.Recent(v, 0, 10)
			return s, err
		})
		if len(entries) == 0 || entries[0].Case != w.id || !entries[0].Taken || entries[0].Title != "Open port <23>" {
			t.Errorf("the taking is not listed: %+v", entries)
		}
	})
}

// A clock that was lost says so, and why.
func TestCasePackTellsWhatWasLost(t *testing.T) {
	h := town.New(t, "")
	w := newWork(h, town.Epoch, true)
	h.Clock.Add(9 * 24 * time.Hour)
	w.determine(uncontrolled)
	h.Clock.Add(40 * 24 * time.Hour)
	r := verify(t, w.pack(town.Pia), h.Ledger.Public())
	if !r.OK || !said(r, "30-day notice to customers and users (R-010, Pump Works), due 31 Mar 2026 23:59:59 America/New_York (1 Apr 2026 03:59:59 UTC): lost on 1 Apr 2026 04:00:00 UTC.") {
		t.Errorf("%+v", r.Lines)
	}
}

// Promise 1: a pack holds what its taker can read.
func TestCasePackHoldsOnlyTheTakersView(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		own := newWork(h, town.Epoch, false)
		own.state(cases.Information, town.Epoch, map[string]any{"text": "narrow words"})
		for _, who := range []policy.Viewer{h.As(town.Dora), h.As(town.Pol), h.As(town.Wim), policy.Anonymous()} {
			var b bytes.Buffer
			if err := h.Evidence.CasePack(h.Ctx, h.DB, who, own.id, &b); err != fault.ErrMissing || b.Len() > 0 {
				t.Errorf("%s gets %v and %d bytes", who.Name, err, b.Len())
			}
		}
		w := newWork(h, town.Epoch, true)
		w.state(cases.Information, town.Epoch, map[string]any{"text": "for the desk too"})
		var topic string
		h.OK(h.Write(town.Pia, func(tx *db.Tx) (err error) {
			topic, _, err = h.Cases.StartThread(tx, w.id, forum.NewTopic{Title: "Aside", Body: "side words", Label: town.Label(policy.Red, policy.OfPerson(town.Pia))})
			return err
		}))
		mine, desks := w.pack(town.Pia), w.pack(town.Dora)
		for _, pack := range [][]byte{mine, desks} {
			if r := verify(t, pack, h.Ledger.Public()); !r.OK {
				t.Errorf("%+v", r.Lines)
			}
		}
		if !bytes.Contains(mine, []byte("side words")) || !bytes.Contains(desks, []byte("for the desk too")) {
			t.Error("a pack lacks what its taker can read")
		}
		for _, never := range []string{"side words", topic, "Aside"} {
			if bytes.Contains(desks, []byte(never)) {
				t.Errorf("the desk's pack holds %q", never)
			}
		}
	})
}

// T-34: any changed byte anywhere in a case's pack fails, and the report names a
// part.
func TestEveryByteOfACaseCounts(t *testing.T) {
	h := town.New(t, "")
	w := newWork(h, town.Epoch, true)
	w.determine(uncontrolled)
	pack, key := w.pack(town.Pia), h.Ledger.Public()
	if r := verify(t, pack, key); !r.OK {
		t.Fatalf("%+v", r.Lines)
	}
	ranges := places(t, pack)
	step := 1
	if testing.Short() {
		step = 7
	}
	for i := 0; i < len(pack); i += step {
		was := pack[i]
		pack[i] ^= 1 << (i % 8)
		r := verify(t, pack, key)
		pack[i] = was
		if r.OK {
			t.Fatalf("byte %d of %d (%s) changed and the pack verifies", i, len(pack), ranges(i))
		}
		named := false
		for _, l := range r.Lines {
			named = named || !l.OK && (l.Part == ranges(i) || l.Part == "zip structure")
		}
		if part := ranges(i); !named && part != "" {
			t.Fatalf("byte %d is of %s; the report says %+v", i, part, r.Lines)
		}
	}
}

// A forger who makes all of the pack anew is caught by what the ledger signed.
func TestCaseForgeries(t *testing.T) {
	h := town.New(t, "")
	w := newWork(h, town.Epoch, true)
	w.good()
	pack, key := w.pack(town.Pia), h.Ledger.Public()
	for name, forge := range map[string][2]string{
		"learned later":    {`2026-03-01T12:00:00Z`, `2026-03-11T12:00:00Z`},
		"another title":    {`Open port <23>`, `Open port <24>`},
		"another due date": {`2026-04-01T03:59:59`, `2026-04-21T03:59:59`},
		"another case":     {w.id, w.id[:len(w.id)-1] + "0"},
		"another sending":  {`2026-03-10T12:01:00Z`, `2026-03-09T12:01:00Z`},
	} {
		t.Run(name, func(t *testing.T) {
			ms := unzip(t, pack)
			was := ms["evidence.json"]
			if ms["evidence.json"] = strings.ReplaceAll(was, forge[0], forge[1]); ms["evidence.json"] == was {
				t.Fatal("the forgery changes nothing")
			}
			evidence.Rerender(t, ms)
			if r := verify(t, evidence.Rezip(t, pack, ms), key); r.OK {
				t.Error("the forgery verifies")
			}
		})
	}
}

// Packs of the first version, made by the program of its time, still verify.
func TestOldPack(t *testing.T) {
	pack, err := os.ReadFile("testdata/topic-v1.zip")
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile("testdata/topic-v1.key")
	if err != nil {
		t.Fatal(err)
	}
	if r := verify(t, pack, strings.TrimSpace(string(key))); !r.OK || !said(r, "The page for people says what the record says") {
		t.Errorf("%+v", r.Lines)
	}
}
