package fda

import "time"

// Holiday is a legal public holiday of the United States.
type Holiday struct {
	Name     string
	Date     Date // the day the law names
	Observed Date // the day offices close
}

// Holidays lists the Federal holidays of a year from 1986 on, in order. A
// holiday's observed day may fall in the year before: 1 January 2022 was
// observed on 31 December 2021.
//
// 5 U.S.C. 6103(a); a Saturday holiday is observed on the Friday before
// (6103(b)), a Sunday one on the Monday after (Executive Order 11582);
// Juneteenth since 2021 (Pub. L. 117-17). Inauguration Day is left out: 6103(c)
// gives it only to those who work for the government around Washington. So are
// days off that an executive order grants once. To leave one out can only make
// a deadline earlier, never later.
func Holidays(year int) []Holiday {
	on := func(name string, m time.Month, day int) Holiday {
		d := Date{year, m, day}
		switch d.Weekday() {
		case time.Saturday:
			return Holiday{name, d, d.AddDays(-1)}
		case time.Sunday:
			return Holiday{name, d, d.AddDays(1)}
		}
		return Holiday{name, d, d}
	}
	nth := func(name string, n int, w time.Weekday, m time.Month) Holiday {
		first := Date{year, m, 1}
		d := first.AddDays((int(w)-int(first.Weekday())+7)%7 + 7*(n-1))
		return Holiday{name, d, d}
	}
	memorial := Date{year, time.May, 31}
	memorial = memorial.AddDays(-((int(memorial.Weekday()) + 6) % 7)) // back to Monday

	all := []Holiday{
		on("New Year's Day", time.January, 1),
		nth("Birthday of Martin Luther King, Jr.", 3, time.Monday, time.January),
		nth("Washington's Birthday", 3, time.Monday, time.February),
		{"Memorial Day", memorial, memorial},
	}
	if year >= 2021 {
		all = append(all, on("Juneteenth National Independence Day", time.June, 19))
	}
	return append(all,
		on("Independence Day", time.July, 4),
		nth("Labor Day", 1, time.Monday, time.September),
		nth("Columbus Day", 2, time.Monday, time.October),
		on("Veterans Day", time.November, 11),
		nth("Thanksgiving Day", 4, time.Thursday, time.November),
		on("Christmas Day", time.December, 25),
	)
}

// Holiday is the Federal holiday observed on d, if any.
func (d Date) Holiday() (Holiday, bool) { return d.observed(Holidays(d.holidayYear())) }

// WorkDay tells whether d is Monday to Friday and no Federal holiday is
// observed on it (21 CFR 803.3(y)).
func (d Date) WorkDay() bool {
	_, holiday := d.Holiday()
	return !holiday && !d.weekend()
}

func (d Date) weekend() bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// holidayYear is the year whose holidays may be observed on d.
func (d Date) holidayYear() int {
	if d.Month == time.December && d.Day == 31 {
		return d.Year + 1 // New Year's Day on a Saturday
	}
	return d.Year
}

func (d Date) observed(all []Holiday) (Holiday, bool) {
	for _, h := range all {
		if h.Observed == d {
			return h, true
		}
	}
	return Holiday{}, false
}
