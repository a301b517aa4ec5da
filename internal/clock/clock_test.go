package clock_test

import (
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

// T-26: times are UTC and keep exactly what both stores keep, also around DST,
// leap seconds and far years.
func TestMicros(t *testing.T) {
	east := time.FixedZone("east", 5*3600+1800)
	for _, at := range []time.Time{
		time.Date(2026, 3, 29, 1, 59, 59, 999_999_999, time.UTC), time.Date(2026, 10, 25, 2, 30, 0, 1500, east), time.Date(2016, 12, 31, 23, 59, 60, 0, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2126, 2, 28, 0, 0, 0, 0, east), time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		m := clock.NewManual(at)
		if got := clock.FromMicros(clock.Micros(m.Now())); !got.Equal(m.Now()) || got.Location() != time.UTC || m.Now().Nanosecond()%1000 != 0 {
			t.Errorf("%s came back as %s", at, got)
		}
	}
	if !clock.FromMicros(0).IsZero() {
		t.Error("no time is a time")
	}
}

func TestManual(t *testing.T) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	m := clock.NewManual(start)
	m.Add(90 * time.Second)
	if !m.Now().Equal(start.Add(90 * time.Second)) {
		t.Error(m.Now())
	}
	if m.Set(start.Add(-time.Hour)); !m.Now().Equal(start.Add(-time.Hour)) {
		t.Error("a clock cannot be put back")
	}
	now := clock.System().Now()
	if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 || clock.Since(now) < 0 || clock.Since(now) > time.Minute {
		t.Error(now)
	}
}
