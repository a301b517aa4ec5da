// Package pattern reads, prints and runs patterns of the STIX patterning
// language (STIX Version 2.1, OASIS Standard, Part 9).
//
// It holds the whole grammar: comparison expressions in brackets, the
// observation operators AND, OR and FOLLOWEDBY, the qualifiers WITHIN, REPEATS
// and START…STOP, object paths through lists and references, and every kind of
// constant.
//
// Three bounds keep a stranger's pattern harmless. Text, nesting and the number
// of parts are limited when it is read. MATCHES takes RE2 syntax, whose time
// grows with the length of what is searched and no faster, so look-around,
// back-references and other constructs of PCRE that need backtracking are
// refused. And Match counts its steps, and stops with an error when they exceed
// the limit instead of guessing an answer.
//
// It departs from the standard in one thing it leaves out: strings are compared
// code point by code point as they are, without Unicode normalization first.
//
// The package keeps no state; a Pattern may be used by many goroutines at once.
package pattern
