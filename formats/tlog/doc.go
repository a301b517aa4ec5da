// Package tlog is the transparency log's wire format: an RFC 6962 Merkle tree
// over leaf bytes, C2SP tlog-checkpoint signed notes and C2SP tlog-tiles.
//
// It stores nothing. Callers keep the hashes, addressed by the dense index of
// golang.org/x/mod/sumdb/tlog (StoredHashIndex), in whatever table they like,
// and hand in a [HashReader]. Everything here can be checked by that package's
// own client side, which the tests do.
//
// Sources: RFC 6962 §2.1; https://c2sp.org/tlog-checkpoint;
// https://c2sp.org/tlog-tiles; https://c2sp.org/signed-note.
package tlog
