// Package cases is coordinated vulnerability disclosure: from a stranger's
// report to the proof that every deadline was met.
//
// A report comes in (report_*.go), is triaged (triage_*.go), and becomes a case or
// does not. A case has parties (party_*.go), each asked in on the terms of an
// embargo (embargo_*.go) and kept outside until it accepts them; agencies come in
// by need-to-know grants (grant_*.go). The parties talk in the forum's topics
// (thread_*.go), say what is affected (status_*.go), and manufacturers determine
// the risk (risk_*.go), record what they did (fact_*.go), tell their customers
// (notice_*.go), and see every clock that runs (clock_*.go).
//
// Who sees what is decided by labels alone (label.go). Three circles carry them:
// the desk's; the case's team, on which are those who accepted; and for each party
// a circle of its own people on the case, for what is only its own. What a party
// may not see does not exist for it: other parties that were asked and have not
// accepted, side threads, others' clocks and determinations.
//
// It does not publish advisories, send mail, match devices, or decide for a
// manufacturer: the risk determination is the manufacturer's, signed by a person.
package cases
