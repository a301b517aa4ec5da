package taxii

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
)

// refusal is an answer that has no kind of fault.
type refusal struct {
	status   int
	sentence string
}

// Error is the refusal's sentence.
func (r *refusal) Error() string { return r.sentence }

var (
	errMissing   = fault.ErrMissing
	errAnonymous = &refusal{http.StatusUnauthorized, "Send an API token of yours: as Authorization: Bearer, or as the password of HTTP Basic. Make one on your account page."}
	errToken     = &refusal{http.StatusUnauthorized, "This token is not valid. Make a new one on your account page."}
	errAccept    = &refusal{http.StatusNotAcceptable, "This server answers as " + taxii.MediaType + ". Send an Accept header that takes it."}
	errMedia     = &refusal{http.StatusUnsupportedMediaType, "Send " + taxii.MediaType + ", not compressed."}
	errTooLarge  = &refusal{http.StatusRequestEntityTooLarge, "This is more than max_content_length of the API root. Send it in parts."}
	errSlow      = &refusal{http.StatusRequestTimeout, "The request did not arrive in time. Send it again."}
	errRead      = &refusal{http.StatusForbidden, "This token does not have the scope read."}
	errWrite     = &refusal{http.StatusForbidden, "This token does not have the scope write, or its owner may not share."}
	errReadOnly  = &refusal{http.StatusForbidden, "This collection is for reading. Post to, and delete in, the collection everything or a circle's."}
)

// realm is the two ways to say who asks that a header can name (§1.6.10). A
// program that may use either takes the first it knows.
var realm = []string{`Bearer realm="cordon"`, `Basic realm="cordon", charset="UTF-8"`}

// statusOf is the HTTP status of an error (§3.6.2): what is wrong with a question is
// 400, what is wrong with what was posted 422.
func (c *call) statusOf(err error) int {
	var refused *refusal
	var filter *taxii.FilterError
	switch {
	case errors.As(err, &refused):
		return refused.status
	case errors.As(err, &filter):
		return http.StatusBadRequest
	case fault.Is(err, fault.Invalid) && c.r.Method != http.MethodPost:
		return http.StatusBadRequest
	}
	return httpkit.Status(err)
}

// fail answers with the standard's error message (§3.6.1). A missing thing is the
// same bytes whatever was asked for, and an error of ours tells nothing of itself.
func (c *call) fail(w http.ResponseWriter, err error) {
	status := c.statusOf(err)
	m := taxii.ErrorMessage{Title: http.StatusText(status), Description: fault.Sentence(err), HTTPStatus: strconv.Itoa(status)}
	var refused *refusal
	var filter *taxii.FilterError
	switch {
	case errors.As(err, &refused):
		m.Description = refused.sentence
	case errors.As(err, &filter):
		m.Description = "This was not understood: " + filter.Error() + "."
	}
	h := w.Header()
	switch status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = realm
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "2")
	case http.StatusInternalServerError:
		if !errors.Is(err, context.Canceled) {
			c.Log.Error("a TAXII request failed", "route", c.r.Pattern, "err", err)
		}
	}
	body, err := taxii.Encode(m)
	if err != nil {
		c.Log.Error("write a TAXII error message", "err", err)
	}
	h.Set("Content-Type", taxii.MediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}
