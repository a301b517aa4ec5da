// Package evidence hands out what members can prove with: packs of a topic or of
// a case, in one file each, and certificates of participation, that anyone can
// check offline with nothing but the file and the community's key.
//
// A pack is made in the taker's own view: it holds the entries, texts and files
// that he can read and does not tell that there are others. Taking it is itself
// recorded, and the record is in the pack.
//
// [Verify] believes nothing that it cannot derive from a signed checkpoint: every
// entry is proved to be under it, every text and file has the digest that an
// entry names, and the page for people is made again from the proved entries and
// compared, so that it cannot say anything else. Every byte of the pack counts,
// those of the zip's own structure included. Of a case it works FDA's deadlines
// out once more from the recorded facts (recheck.go), by code that shares nothing
// with the clocks, and says where the two do not agree.
//
// [Evidence.Participation] holds a manufacturer's participation against FDA's four
// criteria, in the reader's own view. What an organization attests, and to what it
// traces what it received, is kept here; everything else is read where it was done.
//
// The package does not judge whether a share is about a vulnerability, whether an
// attested process is good, or whether FDA is satisfied.
package evidence
