package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// child is set in the process that TestSharedAcrossProcesses starts.
const child = "CORDON_PGTEST_CHILD"

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func value(t *testing.T, c *pgx.Conn, query string) string {
	t.Helper()
	var s string
	if err := c.QueryRow(t.Context(), query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func exec1(t *testing.T, c *pgx.Conn, statement string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestURLIsFreshAndDropped(t *testing.T) {
	var first string
	t.Run("inner", func(t *testing.T) {
		first = URL(t)
		c := connect(t, first)
		exec1(t, c, "CREATE TABLE things (id bigint)")
		for query, want := range map[string]string{
			"SHOW server_encoding": "UTF8",
			"SELECT datcollate FROM pg_database WHERE datname = current_database()": "C",
			"SHOW fsync":            "on",
			"SHOW listen_addresses": "127.0.0.1",
		} {
			if got := value(t, c, query); got != want {
				t.Errorf("%s: got %q, want %q", query, got, want)
			}
		}
		second := connect(t, URL(t))
		if got := value(t, second, "SELECT count(*)::text FROM pg_tables WHERE tablename = 'things'"); got != "0" {
			t.Errorf("a second database sees the first one's table")
		}
	})
	if c, err := pgx.Connect(t.Context(), first); err == nil {
		c.Close(t.Context())
		t.Error("the database is still there after its test")
	}
}

func TestNoFsync(t *testing.T) {
	if got := value(t, connect(t, URL(t, NoFsync())), "SHOW fsync"); got != "off" {
		t.Errorf("fsync: got %q, want off", got)
	}
}

func TestTemplate(t *testing.T) {
	source := URL(t)
	c := connect(t, source)
	exec1(t, c, "CREATE TABLE things (id bigint); INSERT INTO things VALUES (7)")
	// Template must wait for this connection to close.
	time.AfterFunc(300*time.Millisecond, func() { c.Close(context.Background()) })
	copied := connect(t, Template(t, source))
	exec1(t, copied, "UPDATE things SET id = 8")
	if got := value(t, connect(t, source), "SELECT id::text FROM things"); got != "7" {
		t.Errorf("the source changed with its copy: got %s, want 7", got)
	}
}

func TestLike(t *testing.T) {
	filled := 0
	fill := func(url string) error {
		filled++
		c := connect(t, url)
		exec1(t, c, "CREATE TABLE things (n int)")
		return c.Close(t.Context())
	}
	a, b := connect(t, Like(t, "things", fill, NoFsync())), connect(t, Like(t, "things", fill, NoFsync()))
	exec1(t, a, "INSERT INTO things VALUES (1)")
	if got := value(t, b, "SELECT count(*)::text FROM things"); got != "0" || filled != 1 {
		t.Errorf("the second copy has %s rows; filled %d times", got, filled)
	}
}

func TestWrongPasswordIsRefused(t *testing.T) {
	url := URL(t)
	_, after, _ := strings.Cut(url, "@")
	if c, err := pgx.Connect(t.Context(), "postgres://"+superuser+":wrong@"+after); err == nil {
		c.Close(t.Context())
		t.Error("the cluster lets anybody in")
	}
}

// A committed row survives kill -9, an open transaction does not, and the
// address stays the same.
func TestClusterKill9(t *testing.T) {
	cl := Cluster(t)
	c := connect(t, cl.URL())
	exec1(t, c, "CREATE TABLE things (id bigint)")
	for i := range 3 {
		exec1(t, c, fmt.Sprintf("INSERT INTO things VALUES (%d)", i))
		open := connect(t, cl.URL())
		exec1(t, open, "BEGIN")
		exec1(t, open, "INSERT INTO things VALUES (100)")
		cl.Kill9()
		if err := c.Ping(t.Context()); err == nil {
			t.Fatal("a connection outlived the kill")
		}
		cl.Restart()
		c = connect(t, cl.URL())
		if got, want := value(t, c, "SELECT string_agg(id::text, ',' ORDER BY id) FROM things"), []string{"0", "0,1", "0,1,2"}[i]; got != want {
			t.Fatalf("after kill %d: got rows %s, want %s", i, got, want)
		}
	}
	cl.Stop()
	if _, err := pgx.Connect(t.Context(), cl.URL()); err == nil {
		t.Fatal("the cluster answers after Stop")
	}
	cl.Restart()
	connect(t, cl.Fresh())
}

// A second process finds the same cluster, and a cluster of a process that was
// killed is stopped and removed by its watcher.
func TestSharedAcrossProcesses(t *testing.T) {
	require(t)
	if os.Getenv(child) != "" {
		fmt.Printf("shared %s\n", URL(t))
		fmt.Printf("own %s\n", Cluster(t, NoFsync()).s.dir)
		time.Sleep(time.Minute) // the parent kills us before
		return
	}
	mine := URL(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestSharedAcrossProcesses$", "-test.v")
	cmd.Env = append(os.Environ(), child+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var shared, own string
	buf := make([]byte, 0, 4096)
	for own == "" {
		n, err := out.Read(buf[len(buf):cap(buf)])
		if err != nil {
			t.Fatalf("the other process ended: %v\n%s", err, buf)
		}
		buf = buf[:len(buf)+n]
		for line := range strings.Lines(string(buf)) {
			if !strings.HasSuffix(line, "\n") {
				continue
			}
			if _, after, ok := strings.Cut(line, "shared "); ok {
				shared = strings.TrimSpace(after)
			}
			if strings.HasPrefix(line, "own ") {
				own = strings.TrimSpace(line[4:])
			}
		}
	}
	host := func(url string) string { return url[:strings.LastIndexByte(url, '/')] }
	if host(mine) != host(shared) {
		t.Errorf("two processes use two clusters: %s and %s", mine, shared)
	}
	orphan := &server{dir: own}
	pid := orphan.pid()
	if pid == 0 {
		t.Fatal("the other process's own cluster does not run")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for range 600 {
		if _, err := os.Stat(own); os.IsNotExist(err) && !alive(pid) {
			connect(t, URL(t)) // the shared cluster is not harmed
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	left, _ := filepath.Glob(own + "/*")
	t.Errorf("the killed process's cluster is still there: alive %v, files %v", alive(pid), left)
}
