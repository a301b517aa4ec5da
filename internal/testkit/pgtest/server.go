package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the role that owns every database made here.
const superuser = "cordon"

// startTimeout bounds initdb and each start. Crash recovery of a test cluster
// takes far less; a loaded two-core machine needs the rest.
const startTimeout = 90 * time.Second

// account is the user that PostgreSQL runs as; initdb refuses root.
type account struct {
	uid, gid int
	other    bool // not the user of this process
}

// runAs returns the account to run PostgreSQL under: this process's own, or
// Debian's user postgres when this process is root.
func runAs() (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return account{}, fmt.Errorf("find the user postgres: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return account{}, fmt.Errorf("read the user id of postgres: %w", err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return account{}, fmt.Errorf("read the group id of postgres: %w", err)
	}
	return account{uid: uid, gid: gid, other: true}, nil
}

// findBin returns the programs' folder of the newest installed PostgreSQL.
func findBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil || len(found) == 0 {
		return "", errors.New("no PostgreSQL below /usr/lib/postgresql (Debian package postgresql)")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// server is one cluster: a folder, a port and, while it runs, a postmaster.
type server struct {
	bin      string
	dir      string // holds data, socket and log; removed by the watcher
	port     int
	password string
	fsync    bool
	as       account
}

func (s *server) data() string { return filepath.Join(s.dir, "data") }
func (s *server) log() string  { return filepath.Join(s.dir, "log") }

// url returns the address of one database of the cluster.
func (s *server) url(database string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

// create makes an empty cluster in a new folder; it is not running yet.
func create(fsync bool) (*server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cordon-pg-")
	if err != nil {
		return nil, fmt.Errorf("make the cluster's folder: %w", err)
	}
	s := &server{bin: bin, dir: dir, password: rand.Text(), fsync: fsync, as: as}
	if err := s.initdb(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return s, nil
}

func (s *server) initdb() error {
	pw := filepath.Join(s.dir, "pw")
	if err := os.WriteFile(pw, []byte(s.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("write the cluster's password: %w", err)
	}
	for _, path := range []string{s.dir, pw} {
		if err := os.Chown(path, s.as.uid, s.as.gid); err != nil {
			return fmt.Errorf("give the cluster's folder to its user: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(s.bin, "initdb"),
		"--pgdata", s.data(), "--username", superuser, "--pwfile", pw,
		"--auth", "scram-sha-256", "--no-locale", "--encoding", "UTF8", "--no-sync")
	s.prepare(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// prepare makes cmd run as the cluster's user, out of reach of the terminal's
// Ctrl-C, in a plain environment.
func (s *server) prepare(cmd *exec.Cmd) {
	cmd.Dir = s.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC", "HOME=" + s.dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if s.as.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(s.as.uid), Gid: uint32(s.as.gid)}
	}
}

// start runs the postmaster and waits until it answers. The first start picks
// the port; later ones keep it, so that addresses stay valid.
func (s *server) start() error {
	if s.port != 0 {
		return s.startOn(s.port)
	}
	var err error
	for range 5 { // a free port may be taken by somebody else before we listen
		var port int
		if port, err = freePort(); err != nil {
			return err
		}
		s.port = port
		if err = s.startOn(port); err == nil {
			return nil
		}
	}
	s.port = 0
	return err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (s *server) startOn(port int) error {
	out, err := os.OpenFile(s.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("open the cluster's log: %w", err)
	}
	defer out.Close()
	fsync := "off"
	if s.fsync {
		fsync = "on"
	}
	args := []string{"-D", s.data(), "-p", strconv.Itoa(port)}
	for _, set := range []string{
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=" + s.dir,
		"fsync=" + fsync,
		"full_page_writes=" + fsync,
		"max_connections=200",
		"shared_buffers=64MB",
		"max_wal_size=512MB",
		"log_min_messages=warning",
		"timezone=UTC",
	} {
		args = append(args, "-c", set)
	}
	cmd := exec.Command(filepath.Join(s.bin, "postgres"), args...)
	s.prepare(cmd)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.After(startTimeout)
	for {
		if err = s.ping(); err == nil {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("postgres ended at its start: %w\n%s", err, s.tail())
		case <-deadline:
			s.signal(syscall.SIGKILL)
			return fmt.Errorf("postgres did not answer in %v: %w\n%s", startTimeout, err, s.tail())
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// ping reports whether the cluster answers a query.
func (s *server) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, "SELECT 1")
	return err
}

// tail returns the end of the cluster's log, for error messages.
func (s *server) tail() string {
	b, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// pid returns the running postmaster's process id, or 0. It trusts
// postmaster.pid only when that process works in our data folder: after a
// crash the number may belong to somebody else.
func (s *server) pid() int {
	b, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(b, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || pid <= 1 {
		return 0
	}
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err != nil || cwd != s.data() {
		return 0
	}
	return pid
}

func (s *server) signal(sig syscall.Signal) {
	if pid := s.pid(); pid != 0 {
		_ = syscall.Kill(pid, sig)
	}
}

// kill9 ends the cluster as a power cut would end its processes: the
// postmaster is frozen first so that it can neither tell its children nor
// start new ones, then all of them get SIGKILL.
func (s *server) kill9() error {
	pid := s.pid()
	if pid == 0 {
		return errors.New("the cluster does not run")
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("freeze the postmaster: %w", err)
	}
	all := append(children(pid), pid)
	for _, p := range all {
		_ = syscall.Kill(p, syscall.SIGKILL)
	}
	return s.waitGone(all...)
}

// stop ends the cluster in order (fast shutdown).
func (s *server) stop() error {
	pid := s.pid()
	if pid == 0 {
		return nil
	}
	_ = syscall.Kill(pid, syscall.SIGINT)
	return s.waitGone(pid)
}

// waitGone waits until the processes have ended; zombies count as ended.
func (s *server) waitGone(pids ...int) error {
	for range int(startTimeout / (10 * time.Millisecond)) {
		if !slices.ContainsFunc(pids, alive) {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("postgres did not end in %v\n%s", startTimeout, s.tail())
}

// stat returns the state letter and the parent of a process.
func stat(pid int) (state string, parent int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	// The command name is in parentheses and may hold anything.
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(f[1])
	return f[0], parent
}

func alive(pid int) bool {
	state, _ := stat(pid)
	return state != "" && state != "Z" && state != "X"
}

// children returns the processes whose parent is pid.
func children(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		p, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if _, parent := stat(p); parent == pid {
			out = append(out, p)
		}
	}
	return out
}
