package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
)

// problem is an RFC 9457 problem for huma.
type problem httpkit.Problem

const problemType = "application/problem+json"

var problemGoType = reflect.TypeFor[problem]()

// Error is the problem's sentence.
func (p *problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType says what a problem is written as.
func (p *problem) ContentType(string) string { return problemType }

// huma's settings are variables of its package. This one program is all that
// uses it.
func init() {
	huma.NewError = newProblem
	huma.DefaultArrayNullable = false // lists are empty, never null
}

// newProblem makes the problem of what huma refused. huma's own would repeat the
// submitted value, of an unknown property even the whole body.
func newProblem(status int, _ string, errs ...error) huma.StatusError {
	p := &problem{Type: "about:blank", Status: status, Title: http.StatusText(status)}
	for _, err := range errs {
		var d huma.ErrorDetailer
		if errors.As(err, &d) {
			p.Errors = append(p.Errors, httpkit.ProblemField{Field: fieldOf(d.ErrorDetail().Location), Detail: sentence(d.ErrorDetail().Message)})
		}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		p.Detail = fmt.Sprintf("The request is longer than %d bytes.", maxBody)
	case status == http.StatusUnsupportedMediaType:
		p.Detail, p.Errors = "Send JSON, with Content-Type: application/json.", nil
	case status == http.StatusRequestTimeout:
		p.Detail = "The request did not arrive in time. Send it again."
	case status >= http.StatusInternalServerError:
		p.Detail, p.Errors = fault.Sentence(errors.New("huma")), nil
	case len(p.Errors) == 1:
		p.Detail = p.Errors[0].Detail
	case len(p.Errors) > 1:
		p.Detail = fmt.Sprintf("%d things need mending before this can be answered.", len(p.Errors))
	case status == http.StatusBadRequest:
		p.Detail = "Send a JSON body."
	default:
		p.Detail = "The request cannot be read."
	}
	return p
}

var plainField = regexp.MustCompile(`^[a-z_]+(\[[0-9]+\])?(\.[a-z_]+(\[[0-9]+\])?)*$`)

// fieldOf turns huma's location into a field's name. A name that the sender made
// up is not repeated.
func fieldOf(location string) string {
	for _, prefix := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, prefix); ok {
			location = rest
			break
		}
	}
	if len(location) > 80 || !plainField.MatchString(location) {
		return "body"
	}
	return location
}

// sentence writes a message of a library as a sentence.
func sentence(s string) string {
	if s == "" {
		return "This is not what is wanted here."
	}
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// refusal is an answer that has no kind of fault: nobody is known to ask, or the
// token does not reach so far.
type refusal struct {
	status    int
	sentence  string
	challenge string // WWW-Authenticate
}

// Error is the refusal's sentence.
func (r *refusal) Error() string { return r.sentence }

var (
	errAnonymous = &refusal{http.StatusUnauthorized, "This is for members. Send an API token as Authorization: Bearer; you make one on your account page.", `Bearer realm="cordon"`}
	errToken     = &refusal{http.StatusUnauthorized, "This token is not valid. Make a new one on your account page.", `Bearer realm="cordon", error="invalid_token"`}
	errMethod    = &refusal{http.StatusMethodNotAllowed, "Ask for this with GET.", ""}
)

// fieldNames says where a duty's field stands in this API's bodies.
var fieldNames = map[string]string{"audience": "label.audience", "tlp": "label.tlp", "orgs": "organizations"}

// problemOf makes the problem of an error.
func problemOf(err error) httpkit.Problem {
	var r *refusal
	var given *problem
	switch {
	case errors.As(err, &r):
		return httpkit.Problem{Type: "about:blank", Title: http.StatusText(r.status), Status: r.status, Detail: r.sentence}
	case errors.As(err, &given):
		return httpkit.Problem(*given)
	}
	return httpkit.ProblemOf(err)
}

// fail answers an error.
func (c *call) fail(w http.ResponseWriter, err error) {
	if errors.Is(err, context.Canceled) && c.r.Context().Err() != nil {
		return // nobody is left to be told
	}
	p := problemOf(err)
	for i, f := range p.Errors {
		if name, ok := fieldNames[f.Field]; ok && !c.plain() {
			p.Errors[i].Field = name
		}
	}
	if p.Status == http.StatusInternalServerError {
		c.Log.Error("request failed", "route", c.r.Pattern, "err", err)
	}
	h := w.Header()
	var r *refusal
	if errors.As(err, &r) && r.challenge != "" {
		h.Set("WWW-Authenticate", r.challenge)
	}
	if p.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2")
	}
	h.Set("Content-Type", problemType)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}

// plain reports whether tlp and audience are called just so where the asker wrote
// them: in a report or an alert, or in an address.
func (c *call) plain() bool {
	return c.terms || strings.HasPrefix(c.line.path, "/api/v1/reports") || strings.HasPrefix(c.line.path, "/api/v1/alerts") || strings.HasSuffix(c.line.path, "/holder-notices")
}
