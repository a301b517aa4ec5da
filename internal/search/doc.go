// Package search says what words a text has and what a query asks for, the
// same way for both full-text engines.
//
// [Tokens] turns a text into lower-case ASCII words, which FTS5 and tsvector
// both index as they stand; [ParseQuery] turns what a person typed into terms
// of the same words, and writes them for each engine with nothing of the
// person's own syntax left in them. [Query.Match] is the meaning that both must
// agree with.
//
// Identifiers are the point: CVE-2026-1234 is found by the whole, by any run of
// its parts (2026-1234) and without its punctuation (CVE20261234).
package search
