package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// parseSecurity reads a security.txt by RFC 9116 and says what is against it.
func parseSecurity(text string, now time.Time) (fields map[string][]string, err error) {
	fields = map[string][]string{}
	if !strings.HasSuffix(text, "\n") {
		return nil, fmt.Errorf("the last line does not end (section 4)")
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, ": ")
		if !ok || value == "" || strings.TrimSpace(value) != value || strings.ContainsAny(name, " \t") {
			return nil, fmt.Errorf("%q is no field (section 4)", line)
		}
		name = strings.ToLower(name)
		fields[name] = append(fields[name], value)
		switch name {
		case "contact", "canonical", "policy", "acknowledgments", "encryption", "hiring":
			u, err := url.Parse(value)
			if err != nil || !u.IsAbs() {
				return nil, fmt.Errorf("%s is no URI (sections 2.5.1 to 2.5.7)", value)
			}
			if u.Scheme == "http" {
				return nil, fmt.Errorf("%s: a web URI must begin with https:// (section 2.5)", value)
			}
		case "expires":
			at, err := time.Parse(time.RFC3339, value)
			if err != nil {
				return nil, fmt.Errorf("%s is no time of RFC 3339 (section 2.5.5)", value)
			}
			if !at.After(now) || at.After(now.AddDate(1, 0, 0)) {
				return nil, fmt.Errorf("%s has passed, or is more than a year away (section 2.5.5)", value)
			}
		case "preferred-languages":
			for _, tag := range strings.Split(value, ",") {
				if tag = strings.TrimSpace(tag); len(tag) < 2 || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != "" {
					return nil, fmt.Errorf("%q is no language tag (section 2.5.8)", tag)
				}
			}
		}
	}
	switch {
	case len(fields["contact"]) == 0:
		err = fmt.Errorf("there is no Contact (section 2.5.3)")
	case len(fields["expires"]) != 1:
		err = fmt.Errorf("there are %d of Expires, not one (section 2.5.5)", len(fields["expires"]))
	case len(fields["preferred-languages"]) > 1:
		err = fmt.Errorf("there are several Preferred-Languages (section 2.5.8)")
	}
	return fields, err
}

// RFC 9116: security.txt is whole, today and in ten years.
func TestSecurityTxt(t *testing.T) {
	h := openIntake(t, "")
	h.server.Origin = "https://isao.example"
	for range 3 {
		p := h.visitor("").Get("/.well-known/security.txt")
		if p.Status != 200 || p.Header.Get("Content-Type") != "text/plain; charset=utf-8" || p.Header.Get("Set-Cookie") != "" {
			t.Fatalf("%d, %v", p.Status, p.Header)
		}
		fields, err := parseSecurity(p.Body, h.Clock.Now())
		if err != nil {
			t.Fatalf("%v in\n%s", err, p.Body)
		}
		if fields["contact"][0] != "https://isao.example/report" || fields["canonical"][0] != "https://isao.example/.well-known/security.txt" || len(fields["policy"]) != 1 {
			t.Errorf("it names %v", fields)
		}
		h.Clock.Add(5 * 365 * 24 * time.Hour)
	}
	h.visitor("").Get("/report").Want(200, "What happens with a report")
	for name, bad := range map[string]string{
		"no contact": "Expires: 2026-04-01T00:00:00Z\n", "no expiry": "Contact: https://a.example/\n", "passed": "Contact: https://a.example/\nExpires: 2020-01-01T00:00:00Z\n",
		"far": "Contact: https://a.example/\nExpires: 2030-01-01T00:00:00Z\n", "plain": "Contact: http://a.example/\nExpires: 2026-04-01T00:00:00Z\n", "not ended": "Contact: https://a.example/",
	} {
		if _, err := parseSecurity(bad, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)); err == nil {
			t.Errorf("%s: the test would take it", name)
		}
	}
}
