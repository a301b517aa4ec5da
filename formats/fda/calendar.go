package fda

import (
	"cmp"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // the same zones on every machine
)

// DefaultZone is where a deadline's days begin and end unless a case says
// otherwise: FDA's own zone, America/New_York.
var DefaultZone = mustLoad("America/New_York")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the zone is compiled in
	}
	return loc
}

func zoneOr(loc *time.Location) *time.Location {
	if loc == nil {
		return DefaultZone
	}
	return loc
}

// In is t in the zone of that name, so that its date is the day that the deadline
// counts; "" and a zone that is not known are UTC. The zero time stays zero.
func In(t time.Time, zone string) time.Time {
	switch {
	case t.IsZero():
		return t
	case zone == DefaultZone.String():
		return t.In(DefaultZone)
	case zone == "":
		return t.UTC()
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return t.UTC()
	}
	return t.In(loc)
}

// Date is a day of the civil calendar, without a zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the day on which t falls in loc; nil means [DefaultZone].
func DateOf(t time.Time, loc *time.Location) Date {
	y, m, d := t.In(zoneOr(loc)).Date()
	return Date{y, m, d}
}

// ParseDate reads a day written as 2026-01-31.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, errors.New("a date is written as year-month-day, such as 2026-01-31")
	}
	return DateOf(t, time.UTC), nil
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// String writes d as 2026-01-31.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// MarshalText writes d as String does; the zero Date is empty.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	*d, err = ParseDate(string(text))
	return err
}

// IsZero tells whether no day is given.
func (d Date) IsZero() bool { return d == Date{} }

// Weekday is d's day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// AddDays is the day n calendar days after d, or before it if n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n), time.UTC) }

// Compare is -1, 0 or +1 as d is before, the same as, or after e.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// AddWorkDays is the nth work day after d; d itself does not count. With n < 1
// it is d.
//
// 21 CFR 803.3(y): Monday to Friday, except Federal holidays.
func (d Date) AddWorkDays(n int) Date {
	var off []Holiday // of the year that was looked up last
	for year := -1; n > 0; {
		d = d.AddDays(1)
		if y := d.holidayYear(); y != year {
			year, off = y, Holidays(y)
		}
		if _, holiday := d.observed(off); !holiday && !d.weekend() {
			n--
		}
	}
	return d
}

// End is d's last instant in loc (nil means [DefaultZone]): a nanosecond before
// the local calendar leaves the day for good. That is not always midnight: some
// zones move their clocks there, and a zone has skipped a whole day.
func (d Date) End(loc *time.Location) time.Time {
	// Local midnight of the next day has an instant for each offset the zone
	// has around then. In a stretch of one offset the instants of d or earlier
	// are those before that midnight or before the stretch ends.
	const spread = 26 * time.Hour // no zone is further from UTC than that
	midnight := d.AddDays(1).utc()
	var end time.Time
	for t := midnight.Add(-spread).In(zoneOr(loc)); ; {
		_, offset := t.Zone()
		_, change := t.ZoneBounds()
		last := midnight.Add(-time.Duration(offset) * time.Second)
		if !change.IsZero() && change.Before(last) {
			last = change
		}
		if last.After(t) && last.After(end) {
			end = last
		}
		if change.IsZero() || change.After(midnight.Add(spread)) {
			return end.Add(-1).In(zoneOr(loc))
		}
		t = change
	}
}

// Due is the end of a deadline. What is done at At is in time; the deadline is
// over after it.
type Due struct {
	At   time.Time `json:"at"`   // the last instant in time, in Zone
	Zone string    `json:"zone"` // IANA name of the zone whose days were counted
	Date Date      `json:"date"` // the day of At in Zone
}

// Over tells whether the deadline has passed at now. No deadline is never over.
func (d Due) Over(now time.Time) bool { return !d.IsZero() && now.After(d.At) }

// IsZero tells whether there is no deadline.
func (d Due) IsZero() bool { return d.At.IsZero() }

// AddDays is the deadline n calendar days after trigger: the end, in loc, of
// the nth day after the day of trigger.
func AddDays(trigger time.Time, n int, loc *time.Location) Due {
	return endOf(DateOf(trigger, loc).AddDays(n), loc)
}

// AddWorkDays is the deadline n work days after trigger: the end, in loc, of
// the nth work day after the day of trigger.
func AddWorkDays(trigger time.Time, n int, loc *time.Location) Due {
	return endOf(DateOf(trigger, loc).AddWorkDays(n), loc)
}

// DueAt is the deadline at one instant, shown in loc.
func DueAt(at time.Time, loc *time.Location) Due {
	loc = zoneOr(loc)
	return Due{At: at.In(loc), Zone: loc.String(), Date: DateOf(at, loc)}
}

// The day is kept as counted: where a zone skipped it, its end falls on the day before.
func endOf(d Date, loc *time.Location) Due {
	return Due{At: d.End(loc), Zone: zoneOr(loc).String(), Date: d}
}
