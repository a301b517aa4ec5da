// Package fda holds the computable parts of FDA's rules for cybersecurity in
// marketed medical devices, as pure functions of stated facts: the risk
// determination and the enforcement-discretion test of Part 806 ("Postmarket
// Management of Cybersecurity in Medical Devices", 28 December 2016), the
// reports of 21 CFR 806 and 803, and the calendar their deadlines run on.
//
// Each rule carries its id R-… and its source. Nothing here stores, asks the
// time or decides for anybody: a caller gives the facts and the instant, and
// gets the same answer each time. Facts dated after that instant are not yet
// known and do not count.
//
// # Days
//
// A deadline in days is counted on civil dates in one time zone: the day after
// the trigger is day 1, and the last day counts to its end there. FDA names no
// zone; the default is its own, America/New_York. The zone data is compiled in
// (time/tzdata), so a machine without a zone database counts the same.
// "Days" without a qualifier are calendar days and do not move when the last
// one is a weekend or a holiday.
//
// It is no legal advice, and where FDA gives no figure the choice is named as
// ours in the doc comment.
package fda
