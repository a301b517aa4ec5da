package evidence

import (
	"sync"
	"time"
)

// FDA's days are counted here where FDA sits; the last day counts to its end.
var washington = sync.OnceValue(func() *time.Location {
	loc, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err) // compiled in
	}
	return loc
})

// endAfterDays is the last microsecond of the nth calendar day after a trigger.
func endAfterDays(trigger time.Time, n int) time.Time {
	y, m, d := local(trigger).Date()
	return endOfDay(y, m, d+n)
}

// endAfterWorkDays is the last microsecond of the nth work day after a trigger:
// Monday to Friday, but for Federal holidays (21 CFR 803.3(y)).
func endAfterWorkDays(trigger time.Time, n int) time.Time {
	y, m, d := local(trigger).Date()
	noon := time.Date(y, m, d, 12, 0, 0, 0, time.UTC) // of that civil day
	for n > 0 {
		if noon = noon.AddDate(0, 0, 1); workDay(noon) {
			n--
		}
	}
	return endOfDay(noon.Date())
}

func endOfDay(y int, m time.Month, d int) time.Time {
	return time.Date(y, m, d+1, 0, 0, 0, 0, washington()).Add(-time.Microsecond).UTC()
}

func local(t time.Time) time.Time { return t.In(washington()) }

func workDay(t time.Time) bool {
	switch t.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	case time.Friday: // a holiday on Saturday is observed the day before
		return !fixedHoliday(t) && !fixedHoliday(t.AddDate(0, 0, 1)) && !movingHoliday(t)
	case time.Monday: // and one on Sunday the day after
		return !fixedHoliday(t) && !fixedHoliday(t.AddDate(0, 0, -1)) && !movingHoliday(t)
	}
	return !fixedHoliday(t) && !movingHoliday(t)
}

// fixedHoliday is a Federal holiday of a fixed date (5 U.S.C. 6103(a)).
func fixedHoliday(t time.Time) bool {
	switch _, m, d := t.Date(); {
	case m == time.January && d == 1, m == time.July && d == 4, m == time.November && d == 11, m == time.December && d == 25:
		return true
	case m == time.June && d == 19:
		return t.Year() >= 2021
	}
	return false
}

// movingHoliday is one of a fixed weekday.
func movingHoliday(t time.Time) bool {
	nth := (t.Day()-1)/7 + 1 // of its weekday in the month
	lastOfMonth := t.AddDate(0, 0, 7).Month() != t.Month()
	switch w := t.Weekday(); t.Month() {
	case time.January, time.February:
		return w == time.Monday && nth == 3
	case time.May:
		return w == time.Monday && lastOfMonth
	case time.September:
		return w == time.Monday && nth == 1
	case time.October:
		return w == time.Monday && nth == 2
	case time.November:
		return w == time.Thursday && nth == 4
	}
	return false
}
