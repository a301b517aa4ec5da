package intel

import (
	"errors"
	"net/http"
	"time"

	"github.com/cordon-isao/cordon/internal/outbound"
)

// Outside is how the duty reaches the world: for sources that are pulled and
// webhooks that are told.
type Outside struct {
	// Call bounds every call; its zero value is the strictest. Certificates, pins
	// and limits of a call are added to it.
	Call outbound.Options
	// Origin is the address under which people open this house, without a slash at
	// its end.
	Origin string
}

// Connect says how the world is reached; without it only public addresses are
// called, and links in webhooks have no host. It is called before anything runs.
func (x *Intel) Connect(o Outside) { x.outside = o }

// lease is how long one node works alone on a source or webhook without saying
// that it still does.
const lease = 3 * time.Minute

// answered is why an answer is not what was hoped for, in words for the owner of a
// source or webhook. It repeats nothing of the answer.
type answered struct {
	status int
	words  string
	wait   time.Duration // for which the other side asked
}

func (e *answered) Error() string { return e.words }

// outsideWords are what a person is told of a call that failed.
func outsideWords(err error) string {
	var a *answered
	var o *outbound.Error
	switch {
	case errors.As(err, &a):
		return a.words
	case errors.As(err, &o):
		return sentenceCase(o.Error()) + "."
	}
	return sentence(err)
}

// statusWords says what a status of HTTP means for somebody who waits for an answer.
func statusWords(status int) string {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return "The other side does not accept the credentials."
	case status == http.StatusNotFound || status == http.StatusGone:
		return "The other side has nothing at this address."
	case status == http.StatusNotAcceptable || status == http.StatusUnsupportedMediaType:
		return "The other side does not speak this version of the format."
	case status == http.StatusTooManyRequests:
		return "The other side asks to be called less often."
	case status >= 500:
		return "The other side has a fault of its own."
	}
	return "The other side refuses the request."
}
