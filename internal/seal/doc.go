// Package seal encrypts what is at rest: payloads, the keys of files and
// entries, and cursors that must not tell what they count.
//
// One 32-byte master key, kept in a file of its own, gives by HKDF-SHA-256 one
// independent key for each use. Destroying a wrapped key destroys what it
// opens, which is how entries are shredded.
//
// Random 96-bit nonces bound one master key to 2^32 sealings (NIST SP 800-38D
// §8.3); content keys are made fresh for each object, so the bound counts
// objects, not bytes.
package seal
