// Package stix reads and writes STIX 2.1 (OASIS, 10 June 2021): it streams the
// objects of a bundle or of a TAXII envelope, checks each against the property
// tables of the standard, and reads out of it what Cordon needs to label, link,
// list and search it.
//
// An object is kept byte for byte as it was received: nothing here re-encodes
// one, so properties that nobody here knows survive.
//
// What two readers could read differently is refused: a name given twice or
// again in another letter case, invalid UTF-8, half a surrogate pair, NUL,
// nesting deeper than 64, text after the end. So is what the standard forbids in
// its own properties. Custom properties, custom types and extensions are kept
// and only their names are checked.
//
// The package knows no time of day: whether modified lies in the future is for
// the caller to say.
package stix
