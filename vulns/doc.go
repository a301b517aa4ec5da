// Package vulns keeps what the public sources of vulnerabilities say, and what
// members share of their own: OSV, CVE, CISA's KEV, EPSS and CSAF, from files,
// mirror folders and addresses, each under a label.
//
// One record is one source's word about one vulnerability. Words are never
// merged in the store: records that speak of the same thing share a canonical id,
// and who reads gets them put together out of the records that he may see. So
// what a private document says changes nothing for anybody else, and a withdrawn
// record stays, as withdrawn.
//
// What a record claims of products can be looked up by keys ([Keys]) in both
// directions. The package does not say whether anything is affected: that is for
// who compares versions.
package vulns
