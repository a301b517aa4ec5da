package outbound

import (
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstWait  = 30 * time.Second
	longestTry = 6 * time.Hour
	// longestAsk is the longest pause that another server can ask of us.
	longestAsk = 24 * time.Hour
)

// RetryAfter reads the Retry-After field (RFC 9110 §10.2.3), seconds or a
// date: how long to wait from now, at most a day. ok is false without one that
// can be read.
func RetryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	s := strings.TrimSpace(h.Get("Retry-After"))
	if s != "" && strings.Trim(s, "0123456789") == "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n > int64(longestAsk/time.Second) {
			return longestAsk, true
		}
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(s)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), longestAsk), true
}

// NextTry is how long to wait after the attempt-th failure in a row, counted
// from 1: 30 s, doubled each time, to at most six hours, of which a random
// half or more, so that many clients do not come back at once. It is never
// less than the other side asks for. random comes from [Random], or from a
// test.
func NextTry(attempt int, retryAfter time.Duration, random uint64) time.Duration {
	wait := longestTry
	if doublings := max(attempt, 1) - 1; doublings < 10 {
		wait = min(firstWait<<doublings, longestTry)
	}
	wait = wait/2 + share(wait/2, random)
	if asked := min(retryAfter, longestAsk); asked > 0 && wait < asked {
		wait = asked + share(asked/10, random)
	}
	return wait
}

// share is the part of d that random is of all numbers.
func share(d time.Duration, random uint64) time.Duration {
	return time.Duration(float64(d) * (float64(random>>11) / (1 << 53)))
}

// Random is a number for [NextTry].
func Random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it never fails
	return binary.LittleEndian.Uint64(b[:])
}
