package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/internal/testkit/pgtest"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// kept is a data folder as the program keeps it, with a person and a topic.
type kept struct {
	t        *testing.T
	dir, url string
	db       *db.DB
	ledger   *ledger.Ledger
	members  *members.Members
	forum    *forum.Forum
	evidence *evidence.Evidence
	topic    string
}

const keptPerson = "person_OPAL"

func keep(t *testing.T, dir, url string) *kept {
	t.Helper()
	ctx := context.Background()
	k := &kept{t: t, dir: dir, url: url}
	master, _, err := seal.LoadOrCreateKey(mkdir(t, dir, "keys", "master.key"))
	k.ok(err)
	box := seal.NewBox(master)
	k.ledger, err = ledger.New(filepath.Join(dir, "keys"), box, nil)
	k.ok(err)
	k.db, err = db.Open(ctx, db.Options{Dir: dir, URL: url, Clock: clock.System(), Schemas: schemas, Ledger: k.ledger})
	k.ok(err)
	k.ok(k.ledger.Attach(ctx, k.db))
	blobs, err := blob.OpenDir(filepath.Join(dir, "files"), clock.System().Now())
	k.ok(err)
	k.members, err = members.New(members.Options{RPID: "localhost", Origins: []string{"http://localhost"}, WaivePasskeys: true})
	k.ok(err)
	k.forum = forum.New(k.members, blobs, box)
	k.evidence = evidence.New(k.ledger, k.forum, k.members, nil, nil)
	t.Cleanup(func() { k.db.Close(); blobs.Close() })
	return k
}

func mkdir(t *testing.T, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func (k *kept) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *kept) viewer() (v policy.Viewer) {
	k.t.Helper()
	k.ok(k.db.Read(context.Background(), policy.System("test"), func(view *db.View) (err error) {
		v, err = k.members.ViewerOf(view, keptPerson, "", nil)
		return err
	}))
	return v
}

func (k *kept) furnish() {
	k.t.Helper()
	ctx := context.Background()
	k.ok(k.db.Write(ctx, policy.System("test"), func(tx *db.Tx) error {
		_, err := k.members.FirstRun(tx, members.Founding{Community: "Test ISAO",
			Org:    members.Profile{Name: "Test ISAO", Kind: policy.ISAO, Employees: 3, About: "a", City: "b", Country: "NL"},
			Person: members.NewPerson{Name: "Opal Op", Title: "Operator", Recipient: true, Listed: true}, PersonID: keptPerson})
		return err
	}))
	all := policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)}
	file, err := k.forum.Upload(ctx, k.db, k.viewer(), forum.Incoming{Name: "notes.txt", Size: 5, From: strings.NewReader("hello")})
	k.ok(err)
	k.ok(k.db.Write(ctx, k.viewer(), func(tx *db.Tx) error {
		room, err := k.forum.OpenRoom(tx, forum.NewRoom{Name: "Pumps", Purpose: "p", Label: all})
		if err != nil {
			return err
		}
		k.topic, _, err = k.forum.StartTopic(tx, room, forum.NewTopic{Title: "Port", Body: "The xylophone port is open.", Label: all, Files: []string{file.ID}})
		return err
	}))
	_, err = k.ledger.Publish(ctx)
	k.ok(err)
}

func (k *kept) reply() {
	k.t.Helper()
	k.ok(k.db.Write(context.Background(), k.viewer(), func(tx *db.Tx) error {
		_, _, err := k.forum.Reply(tx, k.topic, forum.NewPost{Body: "later"})
		return err
	}))
}

func exit(err error) int {
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	return -1
}

// T-28: backup and restore by the commands that operators use, on both engines
// and across them; what was restored works.
func TestBackupAndRestoreCommands(t *testing.T) {
	ctx := context.Background()
	for name, urls := range map[string][2]string{"sqlite": {"", ""}, "sqlite to postgres": {"", pgtest.URL(t, pgtest.NoFsync())}, "postgres to sqlite": {pgtest.URL(t, pgtest.NoFsync()), ""}} {
		t.Run(name, func(t *testing.T) {
			k := keep(t, t.TempDir(), urls[0])
			k.furnish()
			var out bytes.Buffer
			file := filepath.Join(t.TempDir(), "copy")
			k.ok((&backupCmd{File: file, Data: k.dir, Database: urls[0]}).Run(ctx, &out))
			if !strings.Contains(out.String(), "2 files") && !strings.Contains(out.String(), "1 files") {
				t.Error(out.String())
			}
			for _, f := range []string{file, file + ".keys"} {
				if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s: %v, %v", f, info.Mode(), err)
				}
			}
			if err := (&backupCmd{File: file, Data: k.dir}).Run(ctx, &out); err == nil {
				t.Error("a backup replaces another")
			}
			dir := filepath.Join(t.TempDir(), "new")
			k.ok((&restoreCmd{File: file, Dir: dir, Database: urls[1]}).Run(ctx, &out))
			if err := (&verifyCmd{Data: dir, Database: urls[1]}).Run(ctx, &out); err != nil {
				t.Fatalf("%v: %s", err, out.String())
			}
			fresh := keep(t, dir, urls[1])
			var hits []forum.Hit
			k.ok(fresh.db.Read(ctx, fresh.viewer(), func(v *db.View) (err error) {
				hits, err = fresh.forum.Search(v, forum.Query{Text: "xylophone"}, forum.Cursor{}, 10)
				return err
			}))
			if len(hits) != 1 {
				t.Errorf("the restored index finds %d posts", len(hits))
			}
			var pack bytes.Buffer
			k.ok(fresh.evidence.Topic(ctx, fresh.db, fresh.viewer(), k.topic, &pack))
			r, err := evidence.Verify(bytes.NewReader(pack.Bytes()), int64(pack.Len()), evidence.Options{Key: k.ledger.Public()})
			if err != nil || !r.OK {
				t.Errorf("a pack of the restored topic: %v %+v", err, r.Lines)
			}
			if err := (&restoreCmd{File: file, Dir: dir, Database: urls[1]}).Run(ctx, &out); err == nil {
				t.Error("a backup is restored over a community")
			}
		})
	}
}

// A backup older than what the keys signed is refused without a signed statement,
// which then stands in the ledger.
func TestNoWayBackWithoutAStatement(t *testing.T) {
	ctx := context.Background()
	k := keep(t, t.TempDir(), "")
	k.furnish()
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "copy")
	k.ok((&backupCmd{File: file, Data: k.dir}).Run(ctx, &out))
	early, err := os.ReadFile(filepath.Join(k.dir, "keys", "ledger.signed"))
	k.ok(err)
	for range 3 {
		k.reply()
		_, err := k.ledger.Publish(ctx)
		k.ok(err)
	}
	later, err := os.ReadFile(filepath.Join(k.dir, "keys", "ledger.signed"))
	k.ok(err)
	if bytes.Equal(early, later) {
		t.Fatal("nothing was signed meanwhile")
	}
	dir := t.TempDir() // only the keys survived
	k.ok(os.CopyFS(filepath.Join(dir, "keys"), os.DirFS(filepath.Join(k.dir, "keys"))))
	for _, name := range []string{"master.key", "ledger.key"} {
		k.ok(os.Chmod(filepath.Join(dir, "keys", name), 0o600))
	}
	if err := (&restoreCmd{File: file, Dir: dir}).Run(ctx, &out); err == nil || !strings.Contains(err.Error(), "known-loss") {
		t.Fatalf("going back: %v", err)
	}
	forged := filepath.Join(t.TempDir(), "forged")
	other := keep(t, t.TempDir(), "")
	key, _, err := readLedgerKeys(filepath.Join(other.dir, "keys"))
	k.ok(err)
	text, err := stateLoss(key, 192, "mine", time.Now())
	k.ok(err)
	k.ok(os.WriteFile(forged, text, 0o600))
	if err := (&restoreCmd{File: file, Dir: dir, KnownLoss: forged}).Run(ctx, &out); err == nil {
		t.Fatal("a statement by another ledger is believed")
	}
	if _, err := os.Stat(filepath.Join(dir, "cordon.db")); err == nil {
		t.Fatal("a refused restore left a store behind")
	}
	out.Reset()
	k.ok((&knownLossCmd{Reason: "the disk burnt"}).Run(&out, &adminCmd{Data: dir}))
	statement := filepath.Join(t.TempDir(), "loss")
	k.ok(os.WriteFile(statement, out.Bytes(), 0o600))
	k.ok((&restoreCmd{File: file, Dir: dir, KnownLoss: statement}).Run(ctx, &out))
	fresh := keep(t, dir, "")
	found := false
	k.ok(fresh.db.Read(ctx, fresh.viewer(), func(v *db.View) error {
		es, err := fresh.ledger.About(v, "ledger", 100)
		for _, e := range es {
			c, err := fresh.ledger.Open(v, e)
			if err != nil {
				return err
			}
			found = found || e.Verb == "ledger.loss-stated" && strings.Contains(string(c.Event.Data), "the disk burnt")
		}
		return err
	}))
	if !found {
		t.Error("the loss is not in the ledger")
	}
	if _, err := fresh.ledger.Publish(ctx); err != nil {
		t.Error(err)
	}
}

func TestVerifyCommand(t *testing.T) {
	ctx := context.Background()
	k := keep(t, t.TempDir(), "")
	k.furnish()
	file := filepath.Join(t.TempDir(), "pack.zip")
	var pack bytes.Buffer
	k.ok(k.evidence.Topic(ctx, k.db, k.viewer(), k.topic, &pack))
	k.ok(os.WriteFile(file, pack.Bytes(), 0o600))
	keyFile := filepath.Join(t.TempDir(), "key")
	k.ok(os.WriteFile(keyFile, []byte(k.ledger.Public()+"\n"), 0o600))
	b := bytes.Clone(pack.Bytes())
	b[len(b)/2] ^= 4
	broken := filepath.Join(t.TempDir(), "broken.zip")
	k.ok(os.WriteFile(broken, b, 0o600))
	for name, c := range map[string]struct {
		cmd  verifyCmd
		want int
		says string
	}{
		"whole":       {verifyCmd{Pack: file, Key: k.ledger.Public()}, 0, "✓ The record is whole"},
		"key in file": {verifyCmd{Pack: file, Key: keyFile}, 0, "✓ The key is the one you pinned."},
		"no key":      {verifyCmd{Pack: file}, 0, "· NOT PINNED"},
		"json":        {verifyCmd{Pack: file, JSON: true}, 0, `"ok": true`},
		"broken":      {verifyCmd{Pack: broken}, 1, "✗ "},
		"wrong key":   {verifyCmd{Pack: file, Key: "x.example/ledger+c74f20a3+AYEcgUzOa3rfYpK9pFMhrjLWr5ZpK7JYh2eZVLTpxLSA"}, -1, ""},
		"no question": {verifyCmd{}, 2, ""},
		"data":        {verifyCmd{Data: k.dir}, 0, "✓ The ledger is whole"},
		"no data":     {verifyCmd{Data: t.TempDir()}, -1, ""},
		"no pack":     {verifyCmd{Pack: filepath.Join(k.dir, "no.zip")}, -1, ""},
	} {
		var out bytes.Buffer
		err := c.cmd.Run(ctx, &out)
		if exit(err) != c.want || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: exit %d (%v), says %s", name, exit(err), err, out.String())
		}
	}
}
