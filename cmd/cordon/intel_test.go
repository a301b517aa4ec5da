package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/policy"
)

// The same import at a data folder and at a running server.
func TestIntelCommand(t *testing.T) {
	file := filepath.Join(t.TempDir(), "table.csv")
	if err := os.WriteFile(file, []byte("value,tlp\n203.0.113.1,green\nevil[.]example,\nnothing of the kind,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do := func(args ...string) (string, error) {
		var out, errs bytes.Buffer
		err := run(context.Background(), append([]string{"intel"}, args...), &out, &errs)
		return out.String() + errs.String(), err
	}
	both := func(t *testing.T, place ...string) {
		t.Helper()
		out, err := do(append([]string{"import", file, "--scrub", "clean"}, place...)...)
		if err != nil || !strings.Contains(out, "3 objects read; 2 added, 0 known already, 0 held for a person, 1 refused") || !strings.Contains(out, "row 4, column value") {
			t.Errorf("%v %s", err, out)
		}
		if out, err := do(append([]string{"import", file}, place...)...); err == nil || !strings.Contains(err.Error(), "review for personal data") {
			t.Errorf("without a review: %v %s", err, out)
		}
		if out, err := do(append([]string{"import", file, "--scrub", "clean", "--amber", "everybody"}, place...)...); err == nil {
			t.Errorf("nobody knows the audience, and it is taken: %s", out)
		}
		if out, err := do(append([]string{"export", "--format", "list"}, place...)...); err != nil || !strings.Contains(out, "203.0.113.1\n") || !strings.Contains(out, "evil.example\n") {
			t.Errorf("%v %q", err, out)
		}
		into := filepath.Join(t.TempDir(), "out.json")
		if _, err := do(append([]string{"export", "--out", into}, place...)...); err != nil {
			t.Error(err)
		}
		if text, err := os.ReadFile(into); err != nil || !strings.HasPrefix(string(text), `{"type":"bundle"`) {
			t.Errorf("%v %.100s", err, text)
		}
		if _, err := do(append([]string{"export", "--out", into}, place...)...); err == nil {
			t.Error("a file that is there is written over")
		}
	}

	t.Run("folder", func(t *testing.T) {
		dir := t.TempDir()
		w := closedWorld(t, plan{Data: dir, Clock: clock.System()})
		w.found()
		person := w.person(w.org("Pumps", policy.Manufacturer), "Pia Pump")
		if err := w.house.close(); err != nil {
			t.Fatal(err)
		}
		both(t, "--data", dir, "--person", person)
		if _, err := do("import", file, "--data", dir, "--person", "person_nobody"); err == nil || !strings.Contains(err.Error(), "nobody with the id") {
			t.Errorf("%v", err)
		}
		unlock, err := lockData(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		if _, err := do("import", file, "--data", dir, "--person", person); err == nil || !strings.Contains(err.Error(), "--server") {
			t.Errorf("beside a running server: %v", err)
		}
	})
	t.Run("server", func(t *testing.T) {
		w := newWorld(t, "")
		token := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(token, []byte(w.token(w.person(w.org("Pumps", policy.Manufacturer), "Pia Pump"))+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		both(t, "--server", w.url, "--token-file", token)
		// Sent again, it is the same import.
		if out, err := do("import", file, "--scrub", "clean", "--server", w.url, "--token-file", token); err != nil || !strings.Contains(out, "2 added") {
			t.Errorf("again: %v %s", err, out)
		}
	})
	for _, args := range [][]string{{"import", file}, {"import", file, "--server", "https://isao.example"}, {"import", file, "--server", "https://isao.example", "--token-file", file, "--person", "x"}} {
		var code exitCode
		if _, err := do(args...); !errors.As(err, &code) || code != 2 {
			t.Errorf("%v: %v", args, err)
		}
	}
}
