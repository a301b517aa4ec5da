// Package pgtest gives tests a private PostgreSQL: real, started from Debian's
// packages, unreachable from other machines, gone when nobody uses it.
//
// [URL] makes a fresh database in a cluster that all test processes of one
// user share, because starting a cluster costs seconds and go test ./... runs
// many processes. [Cluster] starts one of its own for tests that kill it.
//
// It never uses a PostgreSQL that runs already, never signals a process that
// it did not start, and leaves nothing behind: a small watcher process stops
// the cluster and removes its folder once the last test process has ended,
// however that process ended.
//
// Without PostgreSQL the test is skipped on a developer's machine and fails
// where CI=true or CORDON_REQUIRE_POSTGRES=1.
package pgtest
