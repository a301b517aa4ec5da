package pgtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
)

// shared is this process's grip on one shared cluster.
type shared struct {
	once   sync.Once
	server *server
	users  *os.File // the lock that keeps the cluster alive; held until exit
	err    error
}

var (
	durable shared // fsync on
	fast    shared // fsync off
)

// state is what one test process tells the next about the shared cluster.
type state struct {
	Dir      string `json:"dir"`
	Port     int    `json:"port"`
	Password string `json:"password"`
	Fsync    bool   `json:"fsync"`
}

// lingerSeconds is how long the shared cluster outlives its last user, so that
// the next package of one go test run finds it warm.
const lingerSeconds = 10

func (sh *shared) get(fsync bool) (*server, error) {
	sh.once.Do(func() { sh.server, sh.users, sh.err = join(fsync) })
	return sh.server, sh.err
}

// join uses the running shared cluster or starts one. Two locks carry it:
// start is held only while deciding, users is held shared by every process
// that uses the cluster and taken exclusively by the watcher that stops it.
func join(fsync bool) (*server, *os.File, error) {
	dir, err := stateDir(fsync)
	if err != nil {
		return nil, nil, err
	}
	start, err := lock(filepath.Join(dir, "start"), syscall.LOCK_EX)
	if err != nil {
		return nil, nil, err
	}
	defer start.Close()
	// Taken before looking: from here on the watcher cannot stop what we find.
	users, err := lock(filepath.Join(dir, "users"), syscall.LOCK_SH)
	if err != nil {
		return nil, nil, err
	}
	file := filepath.Join(dir, "state.json")
	if s, err := load(file); err == nil && s.ping() == nil {
		return s, users, nil
	}
	s, err := launch(fsync, users.Name(), lingerSeconds, "")
	if err != nil {
		users.Close()
		return nil, nil, err
	}
	if err := save(file, s); err != nil {
		return nil, nil, errors.Join(err, s.stop(), users.Close())
	}
	return s, users, nil
}

// launch creates a cluster, starts it and sets a watcher on the lock file.
// The watcher removes the folder also, if one is named, with the cluster.
func launch(fsync bool, users string, linger int, also string) (*server, error) {
	s, err := create(fsync)
	if err != nil {
		return nil, err
	}
	if err := watch(s, users, linger, also); err != nil {
		os.RemoveAll(s.dir)
		return nil, err
	}
	if err := s.start(); err != nil {
		os.RemoveAll(s.dir)
		return nil, err
	}
	return s, nil
}

// watcher waits until nobody holds the lock file $1 for $3 seconds, then stops
// the postmaster of the folder $2 and removes that folder, and the folder $4. It ends by itself
// when the folder is gone. It kills only a process that works in that folder.
const watcher = `
end() {
	pid=$(head -n 1 "$2/data/postmaster.pid" 2>/dev/null)
	if [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$2/data" ]; then
		kill -INT "$pid"
		n=0
		while [ -d "/proc/$pid" ] && [ "$n" -lt 300 ]; do sleep 0.1; n=$((n+1)); done
		if [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$2/data" ]; then kill -KILL "$pid"; fi
	fi
	rm -rf "$2"
	if [ -n "$3" ]; then rm -rf "$3"; fi
}
while [ -d "$2" ]; do
	flock --exclusive "$1" true || exit 1
	sleep "$3"
	exec 9>>"$1"
	if flock --exclusive --nonblock 9; then end "$1" "$2" "$4"; exit 0; fi
	exec 9>&-
done
`

func watch(s *server, users string, linger int, also string) error {
	cmd := exec.Command("/bin/sh", "-c", watcher, "pgtest-watcher", users, s.dir, strconv.Itoa(linger), also)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the cluster's watcher: %w", err)
	}
	go func() { _ = cmd.Wait() }() // reaps it should it end before us
	return nil
}

// stateDir returns the folder of locks for this user, and refuses one that
// somebody else could have prepared.
func stateDir(fsync bool) (string, error) {
	name := fmt.Sprintf("cordon-pgtest-%d", os.Geteuid())
	if !fsync {
		name += "-fast"
	}
	dir := filepath.Join(os.TempDir(), name)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("make the folder of locks: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("look at the folder of locks: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() || info.Mode().Perm() != 0o700 {
		return "", fmt.Errorf("%s is not a private folder of this user", dir)
	}
	return dir, nil
}

// lock opens path and waits for the lock; closing the file releases it.
func lock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a lock: %w", err)
	}
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

func load(file string) (*server, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var st state
	if err := json.Unmarshal(b, &st); err != nil {
		return nil, err
	}
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	as, err := runAs()
	if err != nil {
		return nil, err
	}
	return &server{bin: bin, dir: st.Dir, port: st.Port, password: st.Password, fsync: st.Fsync, as: as}, nil
}

// save writes the state beside and renames it, so that a reader after a crash
// finds the old one or the new one.
func save(file string, s *server) error {
	b, err := json.Marshal(state{Dir: s.dir, Port: s.port, Password: s.password, Fsync: s.fsync})
	if err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return fmt.Errorf("note the shared cluster: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("note the shared cluster: %w", err)
	}
	return nil
}
