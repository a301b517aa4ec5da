// Package vultron holds the state machines and embargo norms of coordinated
// disclosure among many parties, after CERT/CC's Vultron protocol and the CERT
// Guide to Coordinated Vulnerability Disclosure, as tables and pure functions:
// how one party handles a report ([Report]), what an embargo goes through
// ([Embargo]), and what is known of a vulnerability ([Case]).
//
// A path that is not in a table does not exist. Nothing here stores, sends or
// asks the time.
package vultron
