package receipt

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/cordon-isao/cordon/internal/clock"
)

// Limiter is one budget of tries for everybody together: addresses are not
// known here. It may be used by many goroutines at once.
type Limiter struct {
	clock    clock.Clock
	interval time.Duration
	bucket   *rate.Limiter
}

// NewLimiter allows burst tries at once (at least 1) and one more after every
// interval.
func NewLimiter(clk clock.Clock, interval time.Duration, burst int) *Limiter {
	return &Limiter{clock: clk, interval: interval, bucket: rate.NewLimiter(rate.Every(interval), max(1, burst))}
}

// Take takes one try and returns 0, or takes none and tells how long to wait
// until there is one.
func (l *Limiter) Take() time.Duration {
	now := l.clock.Now()
	if l.bucket.AllowN(now, 1) {
		return 0
	}
	return max(time.Nanosecond, time.Duration((1-l.bucket.TokensAt(now))*float64(l.interval)))
}
