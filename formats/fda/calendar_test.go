package fda_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/cordon-isao/cordon/formats/fda"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

// noon is midday in New York on a day written as 2026-01-31.
func noon(day string) time.Time {
	d, err := ParseDate(day)
	if err != nil {
		panic(err)
	}
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, DefaultZone)
}

// The days of the lists that the Office of Personnel Management gives.
func TestHolidays(t *testing.T) {
	for year, want := range map[int]string{
		2020: "2020-01-01 2020-01-20 2020-02-17 2020-05-25 2020-07-03 2020-09-07 2020-10-12 2020-11-11 2020-11-26 2020-12-25",
		2021: "2021-01-01 2021-01-18 2021-02-15 2021-05-31 2021-06-18 2021-07-05 2021-09-06 2021-10-11 2021-11-11 2021-11-25 2021-12-24",
		2022: "2021-12-31 2022-01-17 2022-02-21 2022-05-30 2022-06-20 2022-07-04 2022-09-05 2022-10-10 2022-11-11 2022-11-24 2022-12-26",
		2026: "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25",
	} {
		var got []string
		for _, h := range Holidays(year) {
			got = append(got, h.Observed.String())
			if found, ok := h.Observed.Holiday(); !ok || found != h || h.Observed.WorkDay() {
				t.Errorf("%s is not found on %s", h.Name, h.Observed)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Error(year, diff)
		}
	}
	// Inauguration Day 2021 was a work day outside Washington.
	if d := (Date{2021, time.January, 20}); !d.WorkDay() {
		t.Error("Inauguration Day counts")
	}
	// Observed the Friday before, the Saturday itself is a weekend all the same.
	if d := (Date{2026, time.July, 4}); d.WorkDay() {
		t.Error("a Saturday is a work day")
	}
}

// 20 years, day by day, beside a walk that knows no list of holidays but asks of
// each day whether it is one.
func TestWorkDaysNaive(t *testing.T) {
	var days []bool // is the day a work day, from start on
	start := time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
	for d := start; d.Year() < 2037; d = d.AddDate(0, 0, 1) {
		days = append(days, naiveWorkDay(d))
	}
	for i := range 20 * 365 {
		d := DateOf(start.AddDate(0, 0, i), time.UTC)
		if d.WorkDay() != days[i] {
			t.Fatalf("%s: %v", d, d.WorkDay())
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, 20*365).Draw(t, "day")
		n := rapid.IntRange(1, 120).Draw(t, "n")
		j := i
		for left := n; left > 0; {
			if j++; days[j] {
				left--
			}
		}
		from, want := DateOf(start.AddDate(0, 0, i), time.UTC), DateOf(start.AddDate(0, 0, j), time.UTC)
		if got := from.AddWorkDays(n); got != want {
			t.Fatalf("%s + %d: %s, want %s", from, n, got, want)
		}
		if from.AddDays(j-i) != want || want.AddDays(i-j) != from {
			t.Fatal("calendar days do not go there and back")
		}
	})
}

func naiveWorkDay(d time.Time) bool {
	fixed := func(d time.Time) bool {
		switch d.Format("01-02") {
		case "01-01", "07-04", "11-11", "12-25":
			return true
		case "06-19":
			return d.Year() >= 2021
		}
		return false
	}
	week := (d.Day()-1)/7 + 1
	switch d.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	case time.Friday:
		if fixed(d.AddDate(0, 0, 1)) {
			return false
		}
	case time.Thursday:
		if d.Month() == time.November && week == 4 {
			return false
		}
	case time.Monday:
		switch {
		case fixed(d.AddDate(0, 0, -1)),
			d.Month() == time.January && week == 3, d.Month() == time.February && week == 3,
			d.Month() == time.May && d.AddDate(0, 0, 7).Month() == time.June,
			d.Month() == time.September && week == 1, d.Month() == time.October && week == 2:
			return false
		}
	}
	return !fixed(d)
}

// The end of a day is right wherever clocks are changed, minute by minute: New
// York's 23 and 25 hours, a midnight that does not exist (São Paulo, Beirut), one
// that comes twice (Havana, St. John's), a day that does not (Apia).
func TestEndOfDay(t *testing.T) {
	for _, c := range []struct{ zone, day string }{
		{"America/New_York", "2026-03-08"}, {"America/New_York", "2026-11-01"}, {"America/New_York", "2026-01-31"},
		{"America/Sao_Paulo", "2018-11-03"}, {"America/Sao_Paulo", "2018-11-04"}, {"America/Sao_Paulo", "2019-02-16"},
		{"Asia/Beirut", "2024-03-30"}, {"America/Havana", "2024-11-02"}, {"America/Havana", "2024-11-03"},
		{"America/St_Johns", "2006-10-28"}, {"America/St_Johns", "2006-10-29"}, {"America/St_Johns", "2006-04-02"},
		{"Pacific/Apia", "2011-12-28"}, {"Pacific/Apia", "2011-12-29"}, {"Pacific/Apia", "2011-12-30"}, {"Pacific/Apia", "2011-12-31"},
		{"Asia/Kathmandu", "2026-06-01"}, {"Pacific/Kiritimati", "2026-06-01"}, {"Etc/GMT+12", "2026-06-01"}, {"UTC", "2026-06-30"},
	} {
		loc := zone(t, c.zone)
		d, _ := ParseDate(c.day)
		var want time.Time // first minute after the last one that is on d or earlier
		start := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Add(-48 * time.Hour)
		for i := range 5 * 24 * 60 {
			if at := start.Add(time.Duration(i) * time.Minute); DateOf(at, loc).Compare(d) <= 0 {
				want = at.Add(time.Minute)
			}
		}
		if got := d.End(loc); !got.Equal(want.Add(-1)) || got.Location() != loc {
			t.Errorf("%s %s ends at %s, want %s", c.zone, c.day, got, want.In(loc))
		}
	}
	if got := (Date{2026, 1, 31}).End(nil).Format(time.RFC3339); got != "2026-01-31T23:59:59-05:00" {
		t.Error(got)
	}
}

// T-26: a deadline is over exactly when its last civil day is, whatever the
// clock does: ±1 s, ±1 h, ±1 d, ±10 y, days of 23 and 25 hours, backwards.
func TestT26Deadlines(t *testing.T) {
	zones := []*time.Location{DefaultZone, time.UTC, zone(t, "America/Los_Angeles"), zone(t, "Europe/Berlin"), zone(t, "Asia/Kolkata"), zone(t, "Australia/Lord_Howe")}
	jumps := []time.Duration{1, -1, time.Microsecond, -time.Microsecond, time.Second, -time.Second, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 87660 * time.Hour, -87660 * time.Hour}
	rapid.Check(t, func(t *rapid.T) {
		loc := rapid.SampledFrom(zones).Draw(t, "zone")
		trigger := time.UnixMicro(rapid.Int64Range(1_500_000_000_000_000, 1_900_000_000_000_000).Draw(t, "trigger"))
		n := rapid.IntRange(1, 70).Draw(t, "n")
		day := DateOf(trigger, loc)
		for _, c := range []struct {
			due  Due
			last Date
		}{{AddDays(trigger, n, loc), day.AddDays(n)}, {AddWorkDays(trigger, n, loc), day.AddWorkDays(n)}} {
			if c.due.Date != c.last || c.due.Zone != loc.String() || !c.due.At.After(trigger) {
				t.Fatal(c.due, c.last)
			}
			now := c.due.At
			for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(jumps)-1), 1, 12).Draw(t, "jumps") {
				if over := DateOf(now, loc).Compare(c.last) > 0; c.due.Over(now) != over {
					t.Fatalf("at %s the deadline %s is over: %v", now, c.due.At, c.due.Over(now))
				}
				now = now.Add(jumps[i])
			}
		}
	})
}

func TestDates(t *testing.T) {
	type box struct {
		Day Date `json:"day"`
		Due Due  `json:"due"`
	}
	in := box{Due: AddDays(noon("2026-01-01"), 30, nil)}
	for _, d := range []Date{{}, {2024, 2, 29}, {2026, 12, 31}} {
		in.Day = d
		text, err := json.Marshal(in)
		var out box
		if err == nil {
			err = json.Unmarshal(text, &out)
		}
		if err != nil || out.Day != d || !out.Due.At.Equal(in.Due.At) || out.Due.Date != in.Due.Date {
			t.Errorf("%s: %s %v", d, text, err)
		}
	}
	for _, bad := range []string{"", "2026-02-29", "2026-1-1", "01/02/2026", "2026-13-01", "2026-01-01T00:00:00Z"} {
		if d, err := ParseDate(bad); err == nil {
			t.Errorf("%q is %s", bad, d)
		}
	}
	if d := (Date{2026, 1, 1}); d.AddWorkDays(0) != d || d.AddWorkDays(-3) != d {
		t.Error("no work days move the date")
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2024-02-29", "0000-01-01", "9999-12-31", "2026-02-30", "-001-01-01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ParseDate(s); err == nil && d.String() != s {
			t.Errorf("%q came back as %s", s, d)
		}
	})
}

func TestIn(t *testing.T) {
	at := time.Date(2026, 2, 1, 4, 59, 59, 0, time.UTC)
	for zone, want := range map[string]string{"America/New_York": "2026-01-31T23:59:59-05:00", "Asia/Tokyo": "2026-02-01T13:59:59+09:00",
		"": "2026-02-01T04:59:59Z", "Nowhere/Here": "2026-02-01T04:59:59Z"} {
		if got := In(at, zone).Format(time.RFC3339); got != want {
			t.Errorf("in %q it is %s, not %s", zone, got, want)
		}
	}
	if !In(time.Time{}, "Asia/Tokyo").IsZero() {
		t.Error("the zero time became a time")
	}
}
