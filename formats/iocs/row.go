package iocs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Row is one indicator of a file.
type Row struct {
	Line        int // of the file, from 1
	Type        Type
	Value       string // as [Normalize] writes it
	Pattern     string // STIX; "" for a CVE
	Name        string
	Description string
	Confidence  int       // 0 to 100; -1 when not given
	TLP         string    // CLEAR, GREEN, AMBER, AMBER+STRICT or RED; "" when not given
	ValidFrom   time.Time // zero when not given, as the three below
	ValidUntil  time.Time
	FirstSeen   time.Time
	LastSeen    time.Time
	Labels      []string
	Reference   string // a URL, or the name of a source
	KillChain   []Phase
}

// Phase is a step of a kill chain.
type Phase struct{ Chain, Phase string }

// RowError says why a row, or a part of it, was not read. The rest of the file
// is read on.
type RowError struct {
	Line   int    // of the file, from 1
	Column int    // from 1; 0 when the row as a whole is meant
	Reason string // never repeats what the row holds
}

func (e *RowError) Error() string {
	if e.Column == 0 {
		return fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

const (
	maxName        = 1_000  // runes
	maxDescription = 20_000 // runes
	maxLabels      = 50
	maxLabel       = 200 // runes
)

// set reads one cell. It returns why it cannot be read.
func (r *Row) set(f Field, cell string) (reason string) {
	cell = strings.TrimSpace(cell)
	if cell == "" || cell == "-" || strings.EqualFold(cell, "null") || strings.EqualFold(cell, "none") && f != FieldConfidence {
		return ""
	}
	var err error
	switch f {
	case FieldName:
		r.Name, reason = text(cell, maxName)
	case FieldDescription:
		r.Description, reason = text(cell, maxDescription)
	case FieldReference:
		r.Reference, reason = text(cell, maxName)
	case FieldConfidence:
		var ok bool
		if r.Confidence, ok = confidence(cell); !ok {
			reason = "the confidence is neither a number from 0 to 100 nor none, low, medium or high"
		}
	case FieldTLP:
		var ok bool
		if r.TLP, ok = tlp(cell); !ok {
			reason = "the marking is none of TLP:CLEAR, GREEN, AMBER, AMBER+STRICT and RED"
		}
	case FieldValidFrom:
		r.ValidFrom, err = ParseTime(cell)
	case FieldValidUntil:
		r.ValidUntil, err = ParseTime(cell)
	case FieldFirstSeen:
		r.FirstSeen, err = ParseTime(cell)
	case FieldLastSeen:
		r.LastSeen, err = ParseTime(cell)
	case FieldLabels:
		r.Labels, reason = labels(cell)
	case FieldKillChain:
		r.KillChain, reason = killChain(cell)
	}
	if err != nil {
		reason = err.Error()
	}
	return reason
}

func text(s string, most int) (string, string) {
	if utf8.RuneCountInString(s) > most {
		return "", fmt.Sprintf("the text is longer than %d characters", most)
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s), ""
}

// confidence reads a number, a percentage, a share or a word (STIX 2.1
// appendix A, the none-low-medium-high scale).
func confidence(s string) (int, bool) {
	switch strings.ToLower(s) {
	case "none":
		return 0, true
	case "low":
		return 15, true
	case "med", "medium", "moderate":
		return 50, true
	case "high":
		return 85, true
	}
	digits, percent := strings.CutSuffix(s, "%")
	digits = strings.TrimSpace(digits)
	if digits == "" || len(digits) > 10 || strings.Trim(digits, "0123456789.") != "" {
		return -1, false
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return -1, false
	}
	if strings.Contains(digits, ".") && !percent && v <= 1 {
		v *= 100
	}
	n := int(math.Round(v))
	return n, n >= 0 && n <= 100
}

// tlp reads a label of TLP 2.0, or of TLP 1 (WHITE is CLEAR).
func tlp(s string) (string, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	s = strings.TrimLeft(strings.TrimPrefix(s, "TLP"), ":-_ ")
	switch s = strings.NewReplacer(" ", "", "_", "+", "-", "+").Replace(s); s {
	case "CLEAR", "WHITE":
		return "CLEAR", true
	case "GREEN", "AMBER", "RED", "AMBER+STRICT":
		return s, true
	case "AMBERSTRICT":
		return "AMBER+STRICT", true
	}
	return "", false
}

func labels(s string) (list []string, reason string) {
	seen := map[string]bool{}
	for _, l := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' }) {
		if l, reason = text(strings.TrimSpace(l), maxLabel); reason != "" {
			return nil, reason
		}
		if l == "" || seen[l] {
			continue
		}
		seen[l] = true
		if list = append(list, l); len(list) > maxLabels {
			return nil, fmt.Sprintf("there are more than %d labels", maxLabels)
		}
	}
	return list, ""
}

// lockheed has the phases that are known without their chain's name.
var lockheed = map[string]string{
	"reconnaissance": "reconnaissance", "weaponization": "weaponization", "weaponize": "weaponization", "delivery": "delivery",
	"exploitation": "exploitation", "installation": "installation", "commandandcontrol": "command-and-control", "c2": "command-and-control",
	"actionsonobjectives": "actions-on-objectives", "actionsonobjective": "actions-on-objectives",
}

func killChain(s string) (list []Phase, reason string) {
	for _, p := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ';' || r == '|' }) {
		chain, phase, ok := strings.Cut(strings.TrimSpace(p), ":")
		chain, phase = strings.TrimSpace(chain), strings.TrimSpace(phase)
		if !ok {
			chain, phase = "lockheed-martin-cyber-kill-chain", lockheed[foldName(chain)]
		}
		if chain == "" || phase == "" || len(chain) > maxLabel || len(phase) > maxLabel {
			return nil, "a phase of a kill chain is written chain:phase, such as mitre-ics-attack:discovery"
		}
		if list = append(list, Phase{chain, phase}); len(list) > maxLabels {
			return nil, fmt.Sprintf("there are more than %d phases", maxLabels)
		}
	}
	return list, ""
}

var timeLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999 -0700",
	"2006-01-02 15:04:05 UTC", "2006-01-02T15:04Z", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02", "2006/01/02", "2006/01/02 15:04:05",
}

var errTime = &ValueError{"the date is not written like 2026-03-02 or 2026-03-02T01:01:01Z"}

// ParseTime reads a date of a file: RFC 3339, the same with a space or without
// a zone (then UTC), a day, or seconds or milliseconds since 1970. 02/03/2026
// is two days, so it is refused.
func ParseTime(s string) (time.Time, error) {
	if len(s) > 40 {
		return time.Time{}, errTime
	}
	if strings.Trim(s, "0123456789") == "" && (len(s) == 10 || len(s) == 13) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, errTime
		}
		if len(s) == 10 {
			n *= 1000
		}
		return time.UnixMilli(n).UTC(), nil
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			if t = t.UTC().Truncate(time.Millisecond); t.Year() < 1900 || t.Year() > 9999 {
				return time.Time{}, errTime
			}
			return t, nil
		}
	}
	return time.Time{}, errTime
}
