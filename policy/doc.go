// Package policy is the one rule for who may see what.
//
// A thing carries a [Label]: a TLP 2.0 marking and an [Audience], which is a
// set of principals. A [Viewer] has principals too. A thing is readable when
// the two sets meet. There is no other rule, no administrator's bypass and no
// list of exceptions; reading is never granted by a role.
//
// Rights to act (post, vet, approve …) are a small table in rights.go.
//
// The package is pure: standard library only, no clock, no store. What it must
// know about the world (which circle is one of named persons, which kind an
// organization is) arrives as a [Facts] value. internal/db turns the same rule
// into SQL, and a property test holds the two readings equal (T-03).
package policy
