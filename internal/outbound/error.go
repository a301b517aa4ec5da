package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
)

// Kind is what went wrong, as far as a user may know.
type Kind string

// The kinds.
const (
	Refused     Kind = "refused"     // the address itself: not one that may be called
	Unreachable Kind = "unreachable" // no such name, no connection, or a name that leads where we do not go
	TimedOut    Kind = "timed out"
	Untrusted   Kind = "untrusted" // the certificate
	Redirected  Kind = "redirected"
	TooLarge    Kind = "too large"
	Broken      Kind = "broken" // what came is not HTTP, TLS or gzip
	Canceled    Kind = "canceled"
)

var sentences = map[Kind]string{
	Refused:     "this address may not be called from here",
	Unreachable: "the other side could not be reached",
	TimedOut:    "the other side took too long to answer",
	Untrusted:   "the other side's certificate is not the one that is trusted",
	Redirected:  "the other side sends us to an address that may not be followed",
	TooLarge:    "the answer is larger than is read here",
	Broken:      "the other side's answer could not be read",
	Canceled:    "the call was stopped",
}

// Error is a call that failed. Its text is for anybody; Detail and what it
// wraps are for the operator's log only.
type Error struct {
	Kind   Kind
	Reason string // what is wrong with the address as it was written; else ""
	Detail string
	err    error
}

func (e *Error) Error() string {
	if e.Reason != "" {
		return sentences[e.Kind] + ": " + e.Reason
	}
	return sentences[e.Kind]
}

// Unwrap gives what lies below, for errors.Is; its text is not for users.
func (e *Error) Unwrap() error { return e.err }

func fail(kind Kind, detail string, err error) *Error {
	return &Error{Kind: kind, Detail: detail, err: err}
}

func refused(reason string) *Error { return &Error{Kind: Refused, Reason: reason, Detail: reason} }

// Causes with which a call is stopped.
var (
	errHeaderTime = errors.New("no answer within the time limit")
	errIdle       = errors.New("the body stood still")
	errBodyTime   = errors.New("the body took longer than its time limit")
	errClosed     = errors.New("the body was closed")
)

// classify turns what the transport says into an Error.
func classify(ctx context.Context, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, errHeaderTime) || errors.Is(cause, errIdle) || errors.Is(cause, errBodyTime) || errors.Is(cause, context.DeadlineExceeded) {
			return fail(TimedOut, cause.Error(), cause)
		}
		return fail(Canceled, cause.Error(), cause)
	}
	var (
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		timeout   interface{ Timeout() bool }
		pin       *PinError
	)
	switch text := err.Error(); {
	case errors.As(err, &verify), errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &pin):
		return fail(Untrusted, text, err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail(TimedOut, text, err)
	case strings.Contains(text, "headers exceeded"), strings.Contains(text, "header list"):
		return fail(TooLarge, text, err)
	}
	return fail(Broken, err.Error(), err)
}
