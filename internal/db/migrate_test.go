package db_test

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// frozen is a schema as it was first released. Never change it.
var frozen = db.Schema{
	Duty:   "notes",
	Tables: map[string]db.Privacy{"old": db.Scratch},
	Steps:  []string{"CREATE TABLE old (\n\tid TEXT NOT NULL PRIMARY KEY,\n\tn BIGINT NOT NULL,\n\tb BYTEA\n);\nINSERT INTO old (id, n) VALUES ('a;b', 7);\n"},
}

func TestMigrate(t *testing.T) {
	onBoth(t, func(t *testing.T, p *place) {
		open := func(want string, s db.Schema) *house {
			t.Helper()
			h, err := p.open(t, s)
			if want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return h
			}
			if err == nil {
				h.db.Close()
			}
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v, want an error with %q", err, want)
			}
			return nil
		}
		open("", frozen).db.Close()

		grown := frozen
		grown.Tables = map[string]db.Privacy{"old": db.Scratch, "young": db.Labelled}
		grown.Steps = append(append([]string{}, frozen.Steps...), `
-- this comment goes; the next lines are for one engine each
-- sqlite: CREATE INDEX old_n ON old (n) WHERE n > 0;
-- postgres: CREATE INDEX old_n ON old (n DESC);
CREATE TABLE young (
	id       TEXT NOT NULL PRIMARY KEY,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
ALTER TABLE old ADD COLUMN word TEXT NOT NULL DEFAULT '';
UPDATE old SET word = 'new';
`)
		h := open("", grown)
		if n := h.count(t, `SELECT count(*) FROM old WHERE id = 'a;b' AND n = 7 AND word = 'new'`); n != 1 {
			t.Errorf("the old row is not what it was: %d", n)
		}
		if got := h.ids(t, policy.Anonymous(), `SELECT id FROM visible.young`); got != nil {
			t.Errorf("found %v", got)
		}
		if ts := h.db.Tables(); len(ts) < 10 || ts[0].Name != "audience_members" {
			t.Errorf("tables: %v", ts)
		}
		h.db.Close()

		open("newer program", frozen)
		changed := grown
		changed.Steps = append([]string{frozen.Steps[0] + "\n"}, grown.Steps[1:]...)
		open("append-only", changed)

		broken := grown
		broken.Steps = append(append([]string{}, grown.Steps...), "UPDATE old SET word = 'half';\nUPDATE nothing SET x = 1;\n")
		open("step 3", broken)
		h = open("", grown) // nothing of the broken step remains
		if n := h.count(t, `SELECT count(*) FROM old WHERE word = 'new'`); n != 1 {
			t.Error("half a step was kept")
		}
		h.db.Close()

		for want, s := range map[string]db.Schema{
			"does not say how": {Duty: "x", Steps: []string{"CREATE TABLE secret (id TEXT);"}},
			"no step creates":  {Duty: "x", Tables: map[string]db.Privacy{"ghost": db.Private}},
			"belongs to":       {Duty: "x", Tables: map[string]db.Privacy{"audiences": db.Private}, Steps: []string{"CREATE TABLE audiences (id TEXT);"}},
		} {
			open(want, s)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	p := sqlitePlace(t)
	p.url = "mysql://x"
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "postgres://") {
		t.Error(err)
	}
}
