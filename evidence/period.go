package evidence

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/cordon-isao/cordon/internal/fault"
)

// Period is a stretch of whole days in UTC: From included, To excluded.
type Period struct {
	Name     string // "2026-Q3", "2026" or "2026-07-01 to 2026-09-15"
	From, To time.Time
}

// PeriodOf names the period from one day to another, the second excluded.
func PeriodOf(from, to time.Time) Period {
	from, to = day(from), day(to)
	p := Period{From: from, To: to}
	last := to.AddDate(0, 0, -1)
	switch {
	case from.Day() == 1 && from.Month() == time.January && to.Equal(from.AddDate(1, 0, 0)):
		p.Name = strconv.Itoa(from.Year())
	case from.Day() == 1 && from.Month()%3 == 1 && to.Equal(from.AddDate(0, 3, 0)):
		p.Name = fmt.Sprintf("%d-Q%d", from.Year(), (from.Month()+2)/3)
	default:
		p.Name = from.Format(time.DateOnly) + " to " + last.Format(time.DateOnly)
	}
	return p
}

// QuarterOf is the calendar quarter in which t lies.
func QuarterOf(t time.Time) Period {
	t = t.UTC()
	from := time.Date(t.Year(), (t.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	return PeriodOf(from, from.AddDate(0, 3, 0))
}

// Before is the period of the same kind before this one.
func (p Period) Before() Period {
	if len(p.Name) == len("2026-Q3") {
		return QuarterOf(p.From.AddDate(0, 0, -1))
	}
	if len(p.Name) == len("2026") {
		return PeriodOf(p.From.AddDate(-1, 0, 0), p.From)
	}
	return PeriodOf(p.From.Add(-p.To.Sub(p.From)), p.From)
}

var (
	quarterForm = regexp.MustCompile(`^(\d{4})-Q([1-4])$`)
	yearForm    = regexp.MustCompile(`^\d{4}$`)
	rangeForm   = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}) to (\d{4}-\d{2}-\d{2})$`)
)

// ParsePeriod reads what Period's Name says.
func ParsePeriod(s string) (Period, error) {
	if m := quarterForm.FindStringSubmatch(s); m != nil {
		year, _ := strconv.Atoi(m[1])
		from := time.Date(year, time.Month(int(m[2][0]-'1')*3+1), 1, 0, 0, 0, 0, time.UTC)
		return PeriodOf(from, from.AddDate(0, 3, 0)), nil
	}
	if yearForm.MatchString(s) {
		year, _ := strconv.Atoi(s)
		from := time.Date(year, time.January, 1, 0, 0, 0, 0, time.UTC)
		return PeriodOf(from, from.AddDate(1, 0, 0)), nil
	}
	if m := rangeForm.FindStringSubmatch(s); m != nil {
		from, err := time.Parse(time.DateOnly, m[1])
		last, err2 := time.Parse(time.DateOnly, m[2])
		if err == nil && err2 == nil && !last.Before(from) && last.Sub(from) <= 3*366*24*time.Hour {
			return PeriodOf(from, last.AddDate(0, 0, 1)), nil
		}
	}
	return Period{}, fault.InvalidField("period", "Write the period as 2026-Q3, as 2026, or as 2026-07-01 to 2026-09-30 (at most three years).")
}

func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

func date(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
