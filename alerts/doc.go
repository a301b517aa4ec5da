// Package alerts tells those touched, at once, and collects their answer: alerts that
// the desk or a manufacturer writes to the holders of products, and notices that
// matching makes.
//
// An alert is resolved blind (send.go). Which organizations run what it names is found
// under a named system view, each of them gets a notice of its own that nobody else
// reads, and the sender is told nothing but counts on a floor (floor.go): at least five
// organizations, rounded, and frozen until five others joined or left. The one entry
// that a sending leaves is the same whether nobody or everybody was told.
//
// A recipient's acts (opened, answered) are its own. It may ask who wrote the alert, and
// is known there by a pseudonym that holds for this alert only.
//
// Matching's own findings become notices too (auto.go): one a group, never a flood.
//
// The package does not judge what is affected beyond the range that the author wrote,
// sends no mail, and shows nobody who was told. What remains to be learned from the
// counts is written down in docs/decisions/alerts.md.
package alerts
