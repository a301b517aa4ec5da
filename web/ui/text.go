package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// TLPText returns label as it must be written: capitals, "TLP:" in front, no
// space (FIRST TLP 2.0, section 2). TLP 1.0 WHITE reads as CLEAR; an empty or
// unknown label reads as AMBER+STRICT, the strictest that needs no names.
func TLPText(label string) string { return "TLP:" + tlpName(label) }

func tlpName(label string) string {
	l := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(label)), "TLP:")
	switch l {
	case "CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED":
		return l
	case "WHITE":
		return "CLEAR"
	}
	return "AMBER+STRICT"
}

// tlpClass returns the class that colours a label.
func tlpClass(label string) string {
	switch n := tlpName(label); n {
	case "AMBER+STRICT":
		return "tlp amber strict"
	default:
		return "tlp " + strings.ToLower(n)
	}
}

// Count returns "1 person", "14 people": n with the word that fits.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Number writes n with thin groups of thousands: 12,480.
func Number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// CanSee returns "14 people in 5 organizations".
func CanSee(people, orgs int) string {
	s := Count(people, "person", "people")
	if orgs > 0 {
		s += " in " + Count(orgs, "organization", "organizations")
	}
	return s
}

// Absolute writes t in UTC, without the year while that is now's:
// "14 Nov 15:02 UTC".
func Absolute(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Year() == now.Year() {
		return t.Format("2 Jan 15:04 UTC")
	}
	return t.Format("2 Jan 2006 15:04 UTC")
}

// Relative writes how far t is from now: "3 h ago", "in 6 d".
func Relative(t, now time.Time) string {
	d := now.Sub(t)
	form := "%s ago"
	if d < 0 {
		d, form = -d, "in %s"
	}
	var s string
	switch {
	case d < time.Minute:
		if form == "in %s" {
			return "in a moment"
		}
		return "just now"
	case d < time.Hour:
		s = fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		s = fmt.Sprintf("%d h", int(d.Hours()))
	case d < 60*24*time.Hour:
		s = fmt.Sprintf("%d d", int(d.Hours()/24))
	case d < 730*24*time.Hour:
		s = fmt.Sprintf("%d mo", int(d.Hours()/24/30.44))
	default:
		s = fmt.Sprintf("%d y", int(d.Hours()/24/365.25))
	}
	return fmt.Sprintf(form, s)
}

func isoTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// theme returns what the html element's data-theme may be.
func theme(s string) string {
	switch s {
	case "light", "dark", "contrast":
		return s
	}
	return "auto"
}

// density returns what the html element's data-density may be.
func density(s string) string {
	switch s {
	case "compact", "comfortable":
		return s
	}
	return "default"
}

// kind returns the class of a notice, warn if it is none of the four.
func kind(s string) string {
	switch s {
	case "ok", "info", "danger":
		return s
	}
	return "warn"
}

// severity returns the class of a severity chip.
func severity(s string) string {
	switch l := strings.ToLower(s); l {
	case "critical", "high", "medium", "low":
		return "sev " + l
	}
	return "sev none"
}

// button returns the class of an action.
func button(kind string) string {
	switch kind {
	case "primary", "danger", "quiet":
		return "btn " + kind
	}
	return "btn"
}

// or returns the first of its arguments that is not empty.
func or(ss ...string) string {
	for _, s := range ss {
		if s != "" {
			return s
		}
	}
	return ""
}

// fieldError returns the text of the error that belongs to the field id.
func fieldError(errs []FieldError, id string) string {
	for _, e := range errs {
		if e.Field == id {
			return e.Text
		}
	}
	return ""
}

// describe returns the ids of a field's hint and error for aria-describedby.
func describe(id, hint, err string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if err != "" {
		ids = append(ids, id+"-error")
	}
	return strings.Join(ids, " ")
}

func (f Field) id() string { return or(f.ID, f.Name) }

// keyHint is what a command's tooltip says of its key.
func keyHint(key string) string {
	if key == "" {
		return ""
	}
	if key != strings.ToLower(key) {
		return "Keys: Shift " + key
	}
	return "Key: " + strings.ToUpper(key)
}
