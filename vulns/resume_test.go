package vulns_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/vulns"
)

// records is a file of n OSV records, of which every seventh cannot be read.
func records(n int) []byte {
	var b strings.Builder
	for i := range n {
		if i%7 == 6 {
			fmt.Fprintf(&b, `{"id":"BAD-%d","modified":7}`+"\n", i)
			continue
		}
		b.WriteString(osv(fmt.Sprintf("TEST-%d", i), "2025-01-01T00:00:00Z", affects(fmt.Sprintf("p%d", i), "1.0.0")) + "\n")
	}
	return []byte(b.String())
}

// imported gathers what the entries about imports say.
func imported(h *town.Town) (out []vulns.Imported) {
	h.T.Helper()
	f := ledger.Follower{Name: fmt.Sprintf("test-%d", h.Clock.Now().UnixMicro()), Apply: func(tx *db.Tx, facts []ledger.Fact) error {
		for _, fact := range facts {
			if fact.Event.Verb == vulns.ImportedVerb {
				var d vulns.Imported
				if err := json.Unmarshal(fact.Event.Data, &d); err != nil {
					return err
				}
				out = append(out, d)
			}
		}
		return nil
	}}
	for {
		n, err := h.Ledger.Step(h.Ctx, f)
		h.OK(err)
		if n == 0 {
			return out
		}
	}
}

// TestResumes: a reading that fails at any statement of a commit, before or after it,
// is taken up where it was: nothing twice, nothing lost.
func TestResumes(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		const n = 1600
		b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public}, strings.NewReader(string(records(n))))
		h.OK(err)
		crash := errors.New("crash")
		for _, part := range []string{"INSERT INTO vulns_records", "INSERT INTO vulns_keys", "UPDATE vulns_batches", "INSERT INTO vulns_claims"} {
			for _, late := range []bool{false, true} {
				seen := 0
				h.DB.Faults().Set(func(stmt string, after bool) error {
					if strings.HasPrefix(stmt, part) && after == late {
						if seen++; seen == 2 {
							return crash
						}
					}
					return nil
				})
				_, err := h.Vulns.Read(h.Ctx, h.DB, program, b.ID, nil)
				h.DB.Faults().Set(nil)
				if err == nil {
					t.Logf("%s was run once only", part)
				} else if !errors.Is(err, crash) {
					t.Fatalf("%s: %v", part, err)
				}
			}
		}
		b = readOn(h, b.ID)
		bad := n / 7
		if b.State != vulns.Done || b.Seen != n || b.Added != n-bad || b.Skipped != bad || b.Changed != 0 || b.Same != 0 || len(b.Problems) != vulns.MaxProblems {
			t.Fatalf("%+v %+v", b.Tally, b.State)
		}
		sum := 0
		for i, d := range imported(h) {
			sum += d.Added
			if d.Part != int64(i+1) || d.Batch != b.ID {
				t.Errorf("%+v", d)
			}
			if got := town.Must(h, "", func(v *db.View) ([]int64, error) { return h.Vulns.Touched(v, b.ID, d.Part) }); len(got) != d.Added {
				t.Errorf("part %d: %d records, the entry says %d", d.Part, len(got), d.Added)
			}
		}
		if sum != n-bad {
			t.Errorf("the entries tell of %d records", sum)
		}
	})
}

// TestKilled: the program ends after a commit, and another one goes on once the first
// one's lease is over; meanwhile nobody reads.
func TestKilled(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public}, strings.NewReader(string(records(1400))))
		h.OK(err)
		inside, killed := false, false
		_, err = h.Vulns.Read(h.Ctx, h.DB, program, b.ID, func(now *vulns.Batch) {
			if inside || now.Added == 0 {
				return
			}
			inside = true
			// As another node sees it.
			if _, err := h.Vulns.Read(h.Ctx, h.DB, program, b.ID, nil); err == nil {
				t.Error("two read at once")
			}
			// Time passes as if this node stood still, and the other takes over.
			h.Clock.Add(time.Minute)
			if got := readOn(h, b.ID); got.State != vulns.Done || got.Added != 1200 {
				t.Errorf("%+v", got.Tally)
			}
			killed = true
		})
		if err != nil || !killed {
			t.Fatal(err)
		}
		if b = readOn(h, b.ID); b.Added != 1200 || b.Seen != 1400 {
			t.Errorf("%+v", b.Tally)
		}
		ctx, cancel := context.WithCancel(h.Ctx)
		b, err = h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.EPSS, Label: public}, strings.NewReader(scores(12_000)))
		h.OK(err)
		_, err = h.Vulns.Read(ctx, h.DB, program, b.ID, func(now *vulns.Batch) { cancel() })
		if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if b = readOn(h, b.ID); b.State != vulns.Done || b.Added != 12_000 || b.Seen != 12_000 {
			t.Errorf("%+v", b)
		}
	})
}

// scores is an EPSS file of n rows.
func scores(n int) string {
	var b strings.Builder
	b.WriteString("#model_version:v2025.03.14,score_date:2025-08-01T12:55:00Z\ncve,epss,percentile\n")
	for i := range n {
		fmt.Fprintf(&b, "CVE-2025-%05d,0.%05d,0.%05d\n", i+1000, i, i)
	}
	return b.String()
}

func TestStopAndResume(t *testing.T) {
	h := town.New(t, "")
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public}, strings.NewReader(string(records(2100))))
	h.OK(err)
	stopped := false
	got, err := h.Vulns.Read(h.Ctx, h.DB, program, b.ID, func(now *vulns.Batch) {
		if !stopped && now.Added > 0 {
			stopped = true
			h.OK(h.Write(town.Dan, func(tx *db.Tx) error { return h.Vulns.Stop(tx, b.ID) }))
		}
	})
	if err != nil || got.State != vulns.Stopped || got.Added == 0 || got.Added >= 1800 {
		t.Fatalf("%+v: %v", got, err)
	}
	if got = readOn(h, b.ID); got.State != vulns.Stopped {
		t.Errorf("a stopped batch is read: %+v", got)
	}
	h.OK(h.Write(town.Dora, func(tx *db.Tx) error { return h.Vulns.Resume(tx, b.ID) }))
	if got = readOn(h, b.ID); got.State != vulns.Done || got.Added != 1800 {
		t.Errorf("%+v", got)
	}
}

// TestAcceptOnce: a file that comes twice under one key is kept once.
func TestAcceptOnce(t *testing.T) {
	h := town.New(t, "")
	n := vulns.NewBatch{Name: "x", Kind: vulns.OSV, Label: public, Key: "k"}
	a, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), n, strings.NewReader(osv("A-1", "2025-01-01T00:00:00Z")))
	h.OK(err)
	b, err := h.Vulns.Accept(h.Ctx, h.DB, h.As(town.Dora), n, strings.NewReader(osv("A-1", "2025-01-01T00:00:00Z")))
	h.OK(err)
	if a.ID != b.ID {
		t.Error("it was kept twice")
	}
}
