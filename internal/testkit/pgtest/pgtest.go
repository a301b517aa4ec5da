package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Option changes what URL or Cluster gives.
type Option func(*options)

type options struct{ noFsync bool }

// NoFsync gives a cluster that does not wait for the disk: quicker, and wrong
// for every test that asks whether a write survives.
func NoFsync() Option { return func(o *options) { o.noFsync = true } }

func collect(opts []Option) options {
	var o options
	for _, f := range opts {
		f(&o)
	}
	return o
}

// URL returns the address of a fresh, empty database (locale C, UTF-8) in the
// shared cluster. The database is dropped when the test ends, also while
// connections to it are open.
func URL(t testing.TB, opts ...Option) string {
	t.Helper()
	require(t)
	var s *server
	var err error
	if collect(opts).noFsync {
		s, err = fast.get(false)
	} else {
		s, err = durable.get(true)
	}
	if err != nil {
		t.Fatalf("start the shared PostgreSQL: %v", err)
	}
	return fresh(t, s.url("postgres"), "template0")
}

// Template copies the database at source, which must be one that this package
// made, and returns the address of the copy. Connections to the source must be
// closed; Template waits up to ten seconds for them.
func Template(t testing.TB, source string) string {
	t.Helper()
	u, err := url.Parse(source)
	if err != nil {
		t.Fatalf("read the address of the database to copy: %v", err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	u.Path = "/postgres"
	return fresh(t, u.String(), name)
}

// models are the databases of this process that others are copied from, by name. They
// stay until the cluster ends.
var models struct {
	sync.Mutex
	made map[string]string // the address of each
}

// Like is [URL] with what fill puts into an empty database, which happens once for each
// name in a process: the others are copies. fill closes what it opens.
func Like(t testing.TB, name string, fill func(url string) error, opts ...Option) string {
	t.Helper()
	models.Lock()
	defer models.Unlock()
	if models.made[name] == "" {
		source, err := url.Parse(URL(t, opts...))
		if err != nil {
			t.Fatal(err)
		}
		model, admin := *source, *source
		model.Path, admin.Path = "/m_"+strings.ToLower(rand.Text()), "/postgres"
		if err := run(admin.String(), "CREATE DATABASE "+pgx.Identifier{model.Path[1:]}.Sanitize()+" TEMPLATE template0"); err != nil {
			t.Fatalf("make the database to copy: %v", err)
		}
		if err := fill(model.String()); err != nil {
			t.Fatalf("fill the database to copy: %v", err)
		}
		if models.made == nil {
			models.made = map[string]string{}
		}
		models.made[name] = model.String()
	}
	return Template(t, models.made[name])
}

// fresh makes a database from a template through the address admin.
func fresh(t testing.TB, admin, template string) string {
	t.Helper()
	name := "t_" + strings.ToLower(rand.Text())
	create := "CREATE DATABASE " + pgx.Identifier{name}.Sanitize() + " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	var err error
	for range 100 {
		if err = run(admin, create); !busy(err) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() {
		// A dedicated cluster may be down on purpose; its folder goes anyway.
		err := run(admin, "DROP DATABASE IF EXISTS "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
		if err != nil && !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("drop the test database: %v", err)
		}
	})
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatalf("read the cluster's address: %v", err)
	}
	u.Path = "/" + name
	return u.String()
}

// busy reports whether the template is still in use (SQLSTATE 55006).
func busy(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55006"
}

// run executes one statement on a connection of its own.
func run(admin, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	c, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, statement)
	return err
}

// Server is a cluster of one test's own, which the test may kill.
type Server struct {
	t   testing.TB
	s   *server
	url string
}

// Cluster starts a cluster that belongs to t alone and ends with it.
func Cluster(t testing.TB, opts ...Option) *Server {
	t.Helper()
	require(t)
	dir, err := os.MkdirTemp("", "cordon-pglock-")
	if err != nil {
		t.Fatalf("make a folder for the cluster's lock: %v", err)
	}
	users, err := lock(filepath.Join(dir, "users"), syscall.LOCK_SH)
	if err != nil {
		t.Fatalf("lock the cluster: %v", err)
	}
	s, err := launch(!collect(opts).noFsync, users.Name(), 0, dir)
	if err != nil {
		t.Fatalf("start a PostgreSQL cluster: %v", err)
	}
	t.Cleanup(func() {
		err := s.stop()
		// The watcher may be removing the same folder; either may win.
		users.Close()
		if err = errors.Join(err, os.RemoveAll(s.dir), os.RemoveAll(dir)); err != nil {
			t.Errorf("end the PostgreSQL cluster: %v", err)
		}
	})
	c := &Server{t: t, s: s}
	c.url = fresh(t, s.url("postgres"), "template0")
	return c
}

// URL returns the address of the cluster's first database. It stays the same
// across Kill9 and Restart.
func (c *Server) URL() string { return c.url }

// Fresh returns the address of one more empty database in the cluster.
func (c *Server) Fresh() string {
	c.t.Helper()
	return fresh(c.t, c.s.url("postgres"), "template0")
}

// Kill9 ends every process of the cluster with SIGKILL, as a power cut would.
// What the disk was not asked to keep is lost only with the machine, so this
// tests crash recovery, not the disk's cache.
func (c *Server) Kill9() {
	c.t.Helper()
	if err := c.s.kill9(); err != nil {
		c.t.Fatalf("kill PostgreSQL: %v", err)
	}
}

// Stop ends the cluster in order.
func (c *Server) Stop() {
	c.t.Helper()
	if err := c.s.stop(); err != nil {
		c.t.Fatalf("stop PostgreSQL: %v", err)
	}
}

// Restart starts the cluster again after Kill9 or Stop, on the same port, and
// waits until it has recovered and answers.
func (c *Server) Restart() {
	c.t.Helper()
	if err := c.s.start(); err != nil {
		c.t.Fatalf("restart PostgreSQL: %v", err)
	}
}

// require skips or fails the test where PostgreSQL is missing.
func require(t testing.TB) {
	t.Helper()
	_, err := findBin()
	if err == nil {
		return
	}
	if os.Getenv("CI") == "true" || os.Getenv("CORDON_REQUIRE_POSTGRES") == "1" {
		t.Fatal(err)
	}
	t.Skip(err)
}
