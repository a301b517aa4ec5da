// Package blob keeps files, encrypted with a key each, outside the database.
//
// A stored file is a header (magic and a random salt) and chunks of 64 KiB,
// each sealed with AES-256-GCM under a key derived from the file's own key,
// the salt and the file's id. The nonce is the chunk's number and a flag on
// the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
// Vizár, 2015), so chunks cannot be changed, swapped, dropped, or moved to
// another file unseen; opening a file verifies its last chunk, and with it its
// length, before a byte is served.
//
// What was put is on disk, name and all, before Put returns; what failed leaves
// nothing. Ids are written once. Forgetting the key is enough to destroy a file.
package blob
