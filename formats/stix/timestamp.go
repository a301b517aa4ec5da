package stix

import "time"

// timestamp reads a STIX timestamp: RFC 3339 in UTC with a Z (STIX 2.1 §2.16).
// digits is how many stand after the seconds' point. A leap second is read as
// the second after it.
func timestamp(s string) (t time.Time, digits int, ok bool) {
	if len(s) < len("2006-01-02T15:04:05Z") || s[4] != '-' || s[7] != '-' || s[10] != 'T' ||
		s[13] != ':' || s[16] != ':' || s[len(s)-1] != 'Z' {
		return time.Time{}, 0, false
	}
	number := func(from, to int) (n int) {
		for i := from; i < to; i++ {
			if !digit(s[i]) {
				return -1 << 20
			}
			n = n*10 + int(s[i]-'0')
		}
		return n
	}
	year, month, day := number(0, 4), number(5, 7), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)
	if year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 {
		return time.Time{}, 0, false
	}
	nanos := 0
	if rest := s[19 : len(s)-1]; rest != "" {
		if rest[0] != '.' || len(rest) == 1 || len(rest) > 33 {
			return time.Time{}, 0, false
		}
		for unit, i := 100_000_000, 1; i < len(rest); unit, i = unit/10, i+1 {
			if !digit(rest[i]) {
				return time.Time{}, 0, false
			}
			nanos += unit * int(rest[i]-'0')
		}
		digits = len(rest) - 1
	}
	return time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC), digits, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
