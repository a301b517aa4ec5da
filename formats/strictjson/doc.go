// Package strictjson decodes JSON that came from outside, and says no to
// everything that two readers could read in two ways.
//
// Go's encoding/json reads {"tlp":"RED","TLP":"CLEAR"} as CLEAR. Here, within
// one object, a name given twice or in two letter cases is refused, as are
// names that the target does not know, invalid UTF-8, lone surrogates, NUL, a
// byte order mark, anything after the value, and more depth, values or bytes
// than the limits allow. Errors are sentences that say where (RFC 6901 pointer
// and byte offset) and never repeat a value, which may be secret.
//
// [Canonical] writes RFC 8785, the form that is hashed and signed.
package strictjson
