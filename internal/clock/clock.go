// Package clock is the only place that asks the machine for the time. Duties
// take it from their transaction, so tests can move it.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time, in UTC, to the microsecond: the precision both stores keep.
type Clock interface{ Now() time.Time }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// System is the machine's clock.
func System() Clock { return system{} }

// Manual is a clock that moves only when told. It is safe for concurrent use.
type Manual struct {
	mu sync.Mutex
	t  time.Time
}

// NewManual makes a clock that stands at t.
func NewManual(t time.Time) *Manual { return &Manual{t: t.UTC().Truncate(time.Microsecond)} }

// Now is where the clock stands.
func (m *Manual) Now() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.t }

// Add moves the clock by d.
func (m *Manual) Add(d time.Duration) { m.mu.Lock(); defer m.mu.Unlock(); m.t = m.t.Add(d) }

// Set puts the clock to t.
func (m *Manual) Set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.t = t.UTC().Truncate(time.Microsecond)
}

// Micros is t as both stores keep it: UTC microseconds since 1970.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros reads what [Micros] wrote; 0 is the zero time.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// Day is the beginning of t's day in UTC: all that is kept of when something came
// without an account.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// Since is the machine's time that passed since t, for logs and metrics only.
func Since(t time.Time) time.Duration { return time.Since(t) }
