// Package taxii is the door for programs that speak TAXII 2.1 (OASIS Standard, 10
// June 2021): platforms and appliances that pull intelligence, and post it.
//
// There are two API roots. /taxii2/public/ is for anyone and holds what is marked
// TLP:CLEAR; /taxii2/community/ is for members' programs. Collections are views,
// not places: "everything" is all that the asker may read, a circle's collection is
// what is addressed to that circle, and the others are everything of some types.
// Each object is checked against the asker in the store, as in every other door;
// a collection of a circle that he is not in does not exist.
//
// A program says who it is with an API token, as Bearer or as the password of HTTP
// Basic (the user name plays no part), or with a client certificate that was bound
// to a token (certificate.go), where this program ends TLS itself.
//
// What is posted goes through [intel.Intel.Post] under terms that follow from the
// collection (terms.go). Whoever posts says by it that a review for personal data
// found none: there is no way in TAXII to say more, so whatever looks like
// personal data waits for a person to justify it.
//
// Beyond the standard: `next` in manifests and lists of versions too, HEAD,
// conditional requests, gzip and zstd, markings/ in both roots and
// x_cordon_markings in collections, which tell which markings the asker may receive
// (oasis-tcs/cti-taxii2#119).
//
// Sections named in comments are those of the standard.
package taxii
