package ssvc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxVector is the longest vector that is read; triage's has some 70 bytes.
const maxVector = 256

const head = "SSVCv2/"

// Vector returns the short form that SSVC describes for people: the keys of
// points and values in the order of the alphabet, and the time in seconds since
// 1970 at which they were collected, as in SSVCv2/E:P/TI:T/1605040000/. It does
// not name the table, so say that beside it.
func (t Table) Vector(values map[string]string, at time.Time) (string, error) {
	if _, err := t.Decide(values); err != nil {
		return "", err
	}
	var parts []string
	for _, p := range t.Points {
		v, _ := p.value(values[p.ID])
		parts = append(parts, p.Key+":"+v.Key+"/")
	}
	slices.Sort(parts)
	return head + strings.Join(parts, "") + strconv.FormatInt(at.Unix(), 10) + "/", nil
}

// ParseVector reads a vector of this table, its points in any order. The time
// is to the second, in UTC.
func (t Table) ParseVector(text string) (map[string]string, time.Time, error) {
	fail := func(why string) (map[string]string, time.Time, error) {
		return nil, time.Time{}, fmt.Errorf("not an SSVC vector of the table %q: %s", t.Name, why)
	}
	if len(text) > maxVector {
		return fail("it is too long")
	}
	body, begins := strings.CutPrefix(text, head)
	body, ends := strings.CutSuffix(body, "/")
	if !begins || !ends {
		return fail("it does not begin with SSVCv2/ and end with a slash")
	}
	parts := strings.Split(body, "/")
	seconds, err := strconv.ParseInt(parts[len(parts)-1], 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 || strconv.FormatInt(seconds, 10) != parts[len(parts)-1] {
		return fail("it does not end with a time in seconds")
	}
	values := map[string]string{}
	for _, part := range parts[:len(parts)-1] {
		key, value, _ := strings.Cut(part, ":")
		p := slices.IndexFunc(t.Points, func(p Point) bool { return p.Key == key })
		if p < 0 || values[t.Points[p].ID] != "" {
			return fail(clip(part) + " is not one of its points, once")
		}
		v := slices.IndexFunc(t.Points[p].Values, func(v Value) bool { return v.Key == value })
		if v < 0 {
			return fail(clip(part) + " is not a value of " + t.Points[p].Name)
		}
		values[t.Points[p].ID] = t.Points[p].Values[v].Name
	}
	if _, err := t.Decide(values); err != nil {
		return nil, time.Time{}, err
	}
	return values, time.Unix(seconds, 0).UTC(), nil
}
