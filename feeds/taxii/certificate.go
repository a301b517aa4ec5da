package taxii

import (
	"net/http"

	"github.com/cordon-isao/cordon/internal/db"
)

// A program that cannot send a token can show a client certificate. It is bound to a
// token by one request over a connection on which the certificate is shown, with the
// token: so only whoever holds the key can bind it. These two resources are not in
// the standard.

var errNoCertificate = &refusal{http.StatusBadRequest, "No client certificate was shown on this connection. Use the address for programs with certificates, if there is one, and show the certificate there."}

// bind makes the certificate of this connection stand for the token of the request.
func (c *call) bind() error {
	key := keyOf(c.r)
	if key == "" {
		return errNoCertificate
	}
	if len(c.r.Header["Authorization"]) == 0 {
		return errAnonymous
	}
	return c.deleted(c.write(func(tx *db.Tx) error { return c.Members.BindCertificate(tx, key) }))
}

// unbind ends that.
func (c *call) unbind() error {
	key := keyOf(c.r)
	if key == "" {
		return errNoCertificate
	}
	return c.deleted(c.write(func(tx *db.Tx) error { return c.Members.UnbindCertificate(tx, key) }))
}
