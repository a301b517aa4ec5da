// Package csaf reads CSAF 2.0 advisories (OASIS Common Security Advisory
// Framework Version 2.0, 18 November 2022) for display and search: what is
// known of whom, of which products, and what to do.
//
// Parse reads a document for display, Vulnerabilities for matching: its product
// tree, and what it says of every product's versions.
//
// It does not validate beyond what it shows, ignores members it does not know,
// and never writes: an advisory is kept, sent and verified as its own bytes.
// JSON that two readers could read differently (a name given twice, bad UTF-8)
// is refused all the same.
package csaf
