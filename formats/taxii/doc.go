// Package taxii holds what TAXII 2.1 (OASIS Standard, 10 June 2021) fixes on
// the wire: media types, filters, resources, timestamps and error messages.
// The server's door and the client share it, so both read the standard alike.
//
// It is pure: it opens no connection and knows no store. What a consumer may
// see, how pages are cut and what a cursor holds is the caller's business; an
// envelope's objects stay the bytes they are.
//
// Sections named in comments are those of the standard.
package taxii
