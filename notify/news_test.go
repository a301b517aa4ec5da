package notify

import (
	"testing"
	"time"
)

func TestSlot(t *testing.T) {
	day := func(d, h, m int) time.Time { return time.Date(2026, 3, d, h, m, 0, 0, time.UTC) } // 2 March is a Monday
	for _, c := range []struct {
		rest      Rest
		hour      int
		now, want time.Time
	}{
		{RestDay, 6, day(4, 6, 0), day(4, 6, 0)},
		{RestDay, 6, day(4, 5, 59), day(3, 6, 0)},
		{RestDay, 0, day(4, 0, 0), day(4, 0, 0)},
		{RestDay, 23, day(1, 22, 0), time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC)},
		{RestWeek, 6, day(2, 6, 0), day(2, 6, 0)},
		{RestWeek, 6, day(2, 5, 0), time.Date(2026, 2, 23, 6, 0, 0, 0, time.UTC)},
		{RestWeek, 6, day(8, 23, 0), day(2, 6, 0)},
		{RestWeek, 6, day(4, 12, 0).In(time.FixedZone("", 14*3600)), day(2, 6, 0)},
		{RestNever, 6, day(4, 12, 0), time.Time{}},
	} {
		if got := (Choice{Rest: c.rest, Hour: c.hour}).slot(c.now); !got.Equal(c.want) {
			t.Errorf("%s at %d, now %s: %s, want %s", c.rest, c.hour, c.now, got, c.want)
		}
	}
}

func TestTells(t *testing.T) {
	const hour, soon = time.Hour, time.Minute
	for _, c := range []struct {
		why   string
		when  Soon
		n     news
		since time.Duration
		slot  bool
		want  bool
	}{
		{"nothing", SoonHour, news{}, hour, true, false},
		{"exploited, at once after another mail", SoonDigest, news{now: true}, soon, false, true},
		{"for me", SoonHour, news{soon: true}, hour, false, true},
		{"for me, within the hour", SoonHour, news{soon: true}, soon, false, false},
		{"for me, within the hour, and the digest", SoonHour, news{soon: true}, soon, true, true},
		{"for me, with the rest", SoonDigest, news{soon: true}, hour, false, false},
		{"for me, with the rest, the digest", SoonDigest, news{soon: true}, hour, true, true},
		{"the rest", SoonHour, news{rest: true}, hour, false, false},
		{"the rest, the digest", SoonHour, news{rest: true}, soon, true, true},
	} {
		if got := (Choice{Soon: c.when}).tells(c.n, c.since, c.slot); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}

func TestPace(t *testing.T) {
	var p pace
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		at   time.Duration
		size int64
		want bool
	}{
		{0, 5, true},
		{time.Second, 5, false},
		{21 * time.Second, 5, true},
		{42 * time.Second, 5, true}, // what the first look saw has settled
		{63 * time.Second, 5, false},
		{3 * time.Minute, 6, true},
		{3*time.Minute + time.Second, 7, false},
		{3*time.Minute + 20*time.Second, 7, true},
		{10 * time.Minute, 7, true},
		{12 * time.Minute, 7, false},
	} {
		if got := p.due(start.Add(c.at), c.size); got != c.want {
			t.Errorf("at %s over %d: %v", c.at, c.size, got)
		}
	}
}
