// Package db is the only door to the database, on SQLite (the embedded default)
// and on PostgreSQL.
//
// It hands out two things. [DB.Read] gives a *[View]: one snapshot, bound to a
// policy.Viewer. [DB.Write] gives a *[Tx]: a View that can also write and append
// entries to the ledger; a write that appends none is refused.
//
// Labelled tables are read as visible.<table>: the View rewrites that to the
// rows whose audience meets the viewer's principals. A statement that names a
// labelled table in any other way, except as the target of a write, is refused.
// So a page, a search, a count and an export cannot forget to ask.
//
// All writes of a node pass through one goroutine that commits many of them at
// once (group commit) and, across nodes, through one locked row, the ledger's
// head. Every write is therefore serial, a sequence number is a safe cursor, and
// "saved" is said only after the commit that holds it is on disk.
//
// SQL is written once, for both engines: $1 placeholders, TEXT, BIGINT and BYTEA
// columns, times as UTC microseconds, booleans 0/1, JSON as TEXT. See dialect.go
// for all that differs.
package db
