// Package evidence hands out what members can prove with: a pack of one topic,
// in one file, that anyone can check offline with nothing but the pack and the
// community's key.
//
// A pack is made in the taker's own view: it holds the entries, texts and files
// that he can read and does not tell that there are others. Taking it is itself
// recorded, and the record is in the pack.
//
// [Verify] believes nothing that it cannot derive from a signed checkpoint: every
// entry is proved to be under it, every text and file has the digest that an
// entry names, and the page for people is made again from the proved entries and
// compared, so that it cannot say anything else. Every byte of the pack counts,
// those of the zip's own structure included.
//
// The package does not judge: which shares fulfil which rule is for others.
package evidence
