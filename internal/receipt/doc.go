// Package receipt makes and reads the receipts by which somebody without an
// account comes back: six words and four digits, such as
//
//	acorn-lapel-gizmo-mango-gift-unwind-0417
//
// Words come from the EFF's large word list (7,776 words, CC BY 3.0 US, see
// LICENSE-WORDS), so a receipt is 6·log2(7776) + log2(10000) = 90.8 random bits.
//
// A receipt is never stored. [Hasher.Derive] stretches it with Argon2id
// (RFC 9106; m = 19 MiB, t = 2, p = 1) into a digest, by which the report is
// looked up, and a key, which may seal the report's content; neither tells the
// other. The salt is derived from the community's pepper and is the same for
// all receipts. A salt for each row defends guessable secrets against one table
// for all of them; a secret of 90 random bits has no table, since 2^90 digests
// cannot be made once, and with one salt the look-up is a single equality on a
// unique column. With a salt for each row it would have to derive once for each
// report there is, which costs minutes and tells how many there are. A thief
// who has the database but not the pepper cannot even begin.
//
// What is no receipt costs as much to look up as one that is: [Hasher.Find]
// derives in every case, and the digest of what is no receipt is like any other
// that was never given out (T-06, T-45). Guessing is bounded by [Limiter], one
// budget for everybody: a budget for each address would need addresses, which
// are kept nowhere.
//
// Argon2id is not approved under FIPS 140; a build that must keep to it cannot
// offer receipts.
package receipt
