// Package cve reads, builds, checks and writes CVE Records in the CVE JSON
// record format 5.1 (CVE Program, github.com/CVEProject/cve-schema): published
// and rejected ones.
//
// A record is kept as far as the schema names its members. Private members
// (x_…) and the single metrics inside a CVSS object, which its vector says
// already, are not; who needs a record's own bytes keeps them.
package cve
