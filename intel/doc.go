// Package intel is threat intelligence that machines can pull and nobody can
// leak: STIX 2.1 objects, kept byte for byte as they came, each under a label of
// its own.
//
// An object arrives in a batch, under terms (share.go): its label is read from
// its markings, is never looser than what is known of it, and decides for each
// reader. Ids belong to whoever brought them first, as far as the newcomer can
// see; what would change another's object, or cannot be labelled, is held
// (hold.go) until somebody who may decides. What the newcomer cannot see changes
// nothing for him: he may bring the same id, and each reader is shown one copy.
//
// Objects have a place in the order of arrival. Pages (page.go) follow it: a
// program that follows a cursor gets every object it may read exactly once, while
// others write. Places are never shown; a cursor names the last object that its
// reader was given.
//
// The package keeps no object's meaning apart from the object: everything that a
// page shows is read from the bytes. It does not score, rank or enrich by asking
// others.
package intel
