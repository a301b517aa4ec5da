// Package houserules holds the house rules as tests over the repository's own
// source: who may import whom, who may open the database, read the clock or
// start a process, whose name every read and write carries, and which tables a
// duty may name. It has no code of its own.
//
// A rule that must be bent is bent in a table beside it, with the reason, so
// that the exception is seen in review. Every rule is itself tested: a small
// bad source must be caught and a small good one must pass.
package houserules
