// Package ledger is the record nobody can quietly change.
//
// Every write leaves one or more entries, in the commit of the write itself. An
// entry says who did what to which object, when, readable by whom; its content
// is kept encrypted with a key of its own. The tree over the entries is an
// RFC 6962 Merkle tree whose leaves have a fixed size and hold only salted
// commitments (see [Leaf]), so they can be shown to everyone, and so destroying
// an entry's key and salt removes its content for ever while every proof stays
// valid.
//
// Signed checkpoints, inclusion and consistency proofs and C2SP tiles let anyone
// check that the record only grew. Followers (follow.go) read the entries from a
// cursor and commit their work together with it: live updates, search, mail,
// matching.
//
// The ledger records what the members must be able to prove. Diagnostics go to
// the log.
package ledger
