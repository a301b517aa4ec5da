//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/policy"
)

// manyIndicators is a bundle of different indicators.
func manyIndicators(n int) string {
	var b strings.Builder
	b.WriteString(`{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000000","objects":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"indicator","spec_version":"2.1","id":"indicator--00000000-0000-4000-8000-%012d","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"Beacon %d","description":"Seen at a pump's gateway, reported by its vendor.","pattern":"[ipv4-addr:value = '198.51.%d.%d']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z"}`, i, i, i/250%250, i%250)
	}
	b.WriteString(`]}`)
	return b.String()
}

// An import of 25,000 objects is killed with SIGKILL again and again: it goes on
// where it was, nothing comes twice, nothing is lost.
func TestKillImportSQLite(t *testing.T) {
	t.Parallel()
	killImport(t, "")
}

// See TestKillImportSQLite.
func TestKillImportPostgres(t *testing.T) {
	t.Parallel()
	killImport(t, pgtest.URL(t, pgtest.NoFsync()))
}

func killImport(t *testing.T, database string) {
	const objects = 25_000
	roll := seeded(t, objects)
	dir := t.TempDir()
	w := closedWorld(t, plan{Data: dir, Database: database, Clock: clock.System()})
	w.found()
	person := w.person(w.org("Pumps", policy.Manufacturer), "Pia Pump")
	if err := w.house.close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "many.json")
	if err := os.WriteFile(file, []byte(manyIndicators(objects)), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"intel", "import", file, "--data", dir, "--person", person, "--unmarked", "green", "--scrub", "justified", "--why", "Invented for a test."}
	if database != "" {
		args = append(args, "--database", database)
	}
	kills, resumed := 0, false
	for ended := false; !ended; {
		cmd := exec.Command(self, args...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		out := &output{}
		cmd.Stdout, cmd.Stderr = out, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		exited := make(chan error, 1)
		go func() { exited <- cmd.Wait() }()
		wait := time.Minute * 5
		if kills < 8 {
			wait = time.Duration(250+roll.below(500)) * time.Millisecond
		}
		select {
		case err := <-exited:
			if ended = err == nil; !ended {
				t.Fatalf("%v\n%s", err, out)
			}
			resumed = strings.Contains(out.String(), "Going on with")
			if !strings.Contains(out.String(), fmt.Sprintf("%d objects read; %d added", objects, objects)) {
				t.Errorf("it says: %s", out)
			}
		case <-time.After(wait):
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-exited
			kills++
		}
	}
	t.Logf("%d kills", kills)
	if kills < 2 || !resumed {
		t.Errorf("%d kills, resumed: %v: too few to prove anything", kills, resumed)
	}

	w = closedWorld(t, plan{Data: dir, Database: database, Clock: clock.System()})
	defer w.house.close()
	var who policy.Viewer
	w.read(program, func(v *db.View) (err error) { who, err = w.house.members.ViewerOf(v, person, "", nil); return err })
	w.read(who, func(v *db.View) error {
		bs, err := w.house.intel.Batches(v, "", 10)
		if err != nil {
			return err
		}
		if len(bs) != 1 || bs[0].State != intel.Done || bs[0].Added != objects || bs[0].Seen != objects || bs[0].Via != "command" || bs[0].Person != person {
			t.Errorf("%d batches, the first %+v", len(bs), bs[0])
		}
		return nil
	})
	seen := map[string]bool{}
	for r := (intel.Range{Limit: 1000}); ; {
		var es []intel.Entry
		w.read(who, func(v *db.View) (err error) { es, r.Next, err = w.house.intel.List(v, r); return err })
		for _, e := range es {
			if seen[e.ID] {
				t.Fatalf("%s is there twice", e.ID)
			}
			seen[e.ID] = true
		}
		if r.Next == "" {
			break
		}
	}
	if len(seen) != objects {
		t.Errorf("%d objects are there", len(seen))
	}
	report, err := w.house.ledger.Verify(context.Background(), nil)
	if err != nil || !report.Whole() {
		t.Errorf("the ledger is not whole: %v %v", err, report.Problems)
	}
}
