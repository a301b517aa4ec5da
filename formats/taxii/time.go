package taxii

import (
	"errors"
	"time"
)

// layout has the six digits of §2's timestamp.
const layout = "2006-01-02T15:04:05.000000Z"

// FormatTime writes t as the standard's timestamp (§2): RFC 3339 in UTC with
// microseconds, "2026-03-02T01:01:01.123456Z". What is finer is cut off.
func FormatTime(t time.Time) string { return t.UTC().Format(layout) }

var errTime = errors.New("it is not a timestamp such as 2026-03-02T01:01:01.123456Z")

// ParseTime reads an RFC 3339 timestamp. The standard asks for UTC ("Z");
// another offset is converted, as many clients write +00:00. What is finer than
// a microsecond is cut off, so that "after it" means the same as before.
func ParseTime(s string) (time.Time, error) {
	if len(s) < len("2006-01-02T15:04:05Z") || len(s) > 40 || s[10] != 'T' || s[13] != ':' {
		return time.Time{}, errTime
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || s[19] == ',' { // time.Parse takes a comma too
		return time.Time{}, errTime
	}
	t = t.UTC().Truncate(time.Microsecond)
	if y := t.Year(); y < 1 || y > 9999 {
		return time.Time{}, errTime
	}
	return t, nil
}

// Time is an instant that JSON holds as the standard's timestamp.
type Time struct{ time.Time }

// MarshalJSON writes it by [FormatTime]. (Without it, time.Time's own would.)
func (t Time) MarshalJSON() ([]byte, error) { return []byte(`"` + FormatTime(t.Time) + `"`), nil }

// UnmarshalJSON reads it by [ParseTime].
func (t *Time) UnmarshalJSON(data []byte) (err error) {
	if len(data) < 2 || data[0] != '"' {
		return errTime
	}
	t.Time, err = ParseTime(string(data[1 : len(data)-1]))
	return err
}
