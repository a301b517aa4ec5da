// Package scrub finds what should not leave a hospital or a company by
// accident: patient data, people's contact data and identifiers of single
// devices in free text, and traffic light labels that the text itself names.
//
// It is a question to the writer, not a verdict: each [Finding] says in plain
// words what it looks like, and the writer takes it out or says that it belongs
// there (rule R-046: nothing leaves until every finding is removed or justified).
// It cannot find everything; a text without findings is not thereby free of
// patient data.
//
// Patterns are RE2, so time grows with the length of the text only; at most
// [MaxText] bytes are read. Each pattern wants a word beside the number: bare
// digits are versions, CVE ids, ports and hashes far more often than they are
// patients.
//
// Measured on texts that hold no patient data: the 144 medical advisories of
// CISA (9,282 texts, 983 kB) give 536 findings in 367 texts, of which 2 are not
// what they look like (a version as an address, a release date); the others are
// support desks' mailboxes (279) and telephones (182), ranges of affected serial
// numbers (65) and a researcher's name (8). The descriptions of 44,130 CVE
// records (46,435 texts, 19.9 MB) give 119 findings in 93 texts, one text in 499:
// 53 mailboxes, 2 ranges of serial numbers, 16 addresses and 48 versions taken
// for addresses. Ids of CVE, CWE and advisories, hashes, scores, dates and
// other versions give none.
//
// What is missed was not measured: there is no corpus of patient data that
// could be used for it. Names without a word like "patient" or "Mrs." beside
// them, and languages other than English but for a few German words, are missed.
package scrub
