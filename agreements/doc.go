// Package agreements keeps the terms on which members take part: the versions
// of the participation agreement and of the community's policies, and who
// accepted which of them, when, for which organization.
//
// FDA's postmarket guidance asks of an ISAO that its "participant agreements,
// business processes, operating procedures, and privacy protections" be
// documented (2016, §IX, criterion 2), and of a manufacturer objective evidence
// of being a member (criterion 1): the acceptances are that evidence. The texts
// are public; an acceptance is read by its organization and the desk.
package agreements
