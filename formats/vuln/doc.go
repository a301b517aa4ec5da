// Package vuln is the one neutral record into which every public source of
// vulnerabilities is read: OSV, CVE, CSAF, CISA's KEV and EPSS (formats/osv,
// cve, csaf, kev, epss). Sources are never merged: each keeps its own word, and
// who matches decides whom to believe.
//
// Nothing a source says is dropped for being hard to read. A range that no rule
// reads stays in words (vers.Range.Plain), for which the answer is that a person
// must look, never "not affected". A withdrawn record stays a record.
package vuln
