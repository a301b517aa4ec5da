// Package httpkit is what every door shares: the route table's type, security
// headers, request limits, and the one place that turns a fault into a status.
package httpkit

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Access says who may ask for a route at all. What they may see behind it is for
// the View to say.
type Access string

const (
	// Open is anyone, signed in or not.
	Open Access = "open"
	// Anonymous is anyone, as nobody: no session is read, no cookie set, and no
	// address looked at (T-46).
	Anonymous Access = "anonymous"
	// SignedIn is a person with a session, of whatever standing.
	SignedIn Access = "signed-in"
	// Member is a person in good standing.
	Member Access = "member"
	// Demo exists in demo mode only, and there for anyone.
	Demo Access = "demo"
)

// Route is a line of the route table. With a Right, the viewer must also have it.
type Route struct {
	Method  string
	Path    string // net/http pattern
	Access  Access
	Right   policy.Right
	Handler http.Handler
	Stream  bool // an endless answer; tests read it differently
}

// Status is the HTTP status of a kind of fault.
func Status(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Missing:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Busy:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// Problem is an RFC 9457 problem.
type Problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []ProblemField `json:"errors,omitempty"`
}

// ProblemField says what is wrong with one part of the input.
type ProblemField struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// ProblemOf makes the problem of an error. An internal error tells nothing of
// itself, and a missing thing is the same bytes whatever was asked for.
func ProblemOf(err error) Problem {
	p := Problem{Type: "about:blank", Status: Status(err), Detail: fault.Sentence(err)}
	p.Title = http.StatusText(p.Status)
	for _, f := range fault.FieldsOf(err) {
		p.Errors = append(p.Errors, ProblemField{f.Name, f.Message})
	}
	return p
}

// WriteProblem answers with an RFC 9457 problem.
func WriteProblem(w http.ResponseWriter, err error) { WriteStatus(w, Status(err), err) }

// WriteStatus is [WriteProblem] with a status that the kind of fault does not tell:
// 401, where signing in would help.
func WriteStatus(w http.ResponseWriter, status int, err error) {
	p := ProblemOf(err)
	p.Status, p.Title = status, http.StatusText(status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(p)
}

// CSP is the one content security policy of every page. Nothing inline, nothing
// from elsewhere, no framing; the page's script makes markup through one Trusted
// Types policy only.
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'; " +
	"require-trusted-types-for 'script'; trusted-types cordon"

// Headers sets what every answer carries.
func Headers(next http.Handler, tls bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", CSP)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()")
		h.Set("X-Frame-Options", "DENY")
		if tls {
			h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
		}
		// What is labelled is never kept by a browser or a proxy; assets say otherwise themselves.
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// Recover turns a panic into an internal fault; the log has the detail.
func Recover(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				log.Error("a request panicked", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
				WriteProblem(w, &fault.Error{Kind: fault.Internal, Message: "panic"})
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// WantsJSON reports whether the asker is a program that asked for JSON.
func WantsJSON(r *http.Request) bool {
	a := r.Header.Get("Accept")
	return strings.Contains(a, "json") && !strings.Contains(a, "text/html")
}

// Bearer is the token of an Authorization header, or "".
func Bearer(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	vince := strings.HasPrefix(r.URL.Path, "/vince/") && strings.EqualFold(scheme, "Token") // as programs written for VINCE say it
	if !ok || !strings.EqualFold(scheme, "Bearer") && !vince {
		return ""
	}
	return strings.TrimSpace(token)
}
