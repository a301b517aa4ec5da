package sbom

import (
	"strings"
	"time"
)

// maintained and so on are the words of a support level that are understood,
// without spaces, hyphens and letter case.
var levels = map[string]string{
	"activelymaintained": Maintained, "maintained": Maintained, "active": Maintained, "supported": Maintained,
	"fullsupport": Maintained, "fullysupported": Maintained, "support": Maintained, "lts": Maintained,
	"deployed": Maintained, "development": Maintained, // SPDX 3
	"limitedsupport": Maintained, // SPDX 3: there still is some

	"nolongermaintained": NoLongerMaintained, "notmaintained": NoLongerMaintained, "unmaintained": NoLongerMaintained,
	"unsupported": NoLongerMaintained, "notsupported": NoLongerMaintained, "nolongersupported": NoLongerMaintained,
	"nosupport": NoLongerMaintained, "endofsupport": NoLongerMaintained, "endoflife": NoLongerMaintained,
	"eol": NoLongerMaintained, "eos": NoLongerMaintained,

	"abandoned": Abandoned,
}

// SupportLevel is one of the three levels for the words of a document (FDA's
// own, the usual synonyms, SPDX 3's supportType), or "" for what is not
// understood: nothing is guessed.
func SupportLevel(words string) string { return levels[squeeze(words)] }

// squeeze drops letter case and what stands between words.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '_', '.', '\t', '/':
			return -1
		}
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// Date is the day of a date in a document as YYYY-MM-DD. A month or a year
// alone means its last day. What is no date ("until further notice"), or
// could be read in two ways (04/05/2027), is "".
func Date(s string) string {
	s = strings.TrimSpace(s)
	if t, err := time.Parse("2006-01-02", s); err == nil {
		return t.Format("2006-01-02")
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02", "2 Jan 2006", "2 January 2006", "January 2, 2006", "Jan 2, 2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format("2006-01-02")
		}
	}
	for _, layout := range []string{"2006-01", "Jan 2006", "January 2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.AddDate(0, 1, -1).Format("2006-01-02")
		}
	}
	if t, err := time.Parse("2006", s); err == nil {
		return t.AddDate(1, 0, -1).Format("2006-01-02")
	}
	return ""
}

// What a property is about.
const (
	aboutSupport = iota + 1
	aboutEndOfSupport
	aboutEndOfLife
)

// properties are the names under which documents keep support level and
// end-of-support date: the last part after a colon, squeezed.
var properties = map[string]int{
	"supportlevel": aboutSupport, "levelofsupport": aboutSupport, "support": aboutSupport, "supportstatus": aboutSupport,
	"softwarelevelofsupport": aboutSupport, "softwaresupportlevel": aboutSupport, "maintenancestatus": aboutSupport,
	"supporttype": aboutSupport,

	"endofsupport": aboutEndOfSupport, "endofsupportdate": aboutEndOfSupport, "supportend": aboutEndOfSupport,
	"supportenddate": aboutEndOfSupport, "supportends": aboutEndOfSupport, "eos": aboutEndOfSupport, "eosdate": aboutEndOfSupport,
	"eossdate": aboutEndOfSupport, "validuntil": aboutEndOfSupport, "validuntildate": aboutEndOfSupport,
	"supporteduntil": aboutEndOfSupport,

	"endoflife": aboutEndOfLife, "endoflifedate": aboutEndOfLife, "eol": aboutEndOfLife, "eoldate": aboutEndOfLife,
}

// Property takes a named property into Support and EndOfSupport if it is about
// them, and says so. Names are compared by their last part after a colon,
// without letter case, spaces, hyphens and underscores: "supportLevel",
// "Level of Support", "supportStatus", "endOfSupport", "End-of-Support date",
// "eos", "validUntil", "cdx:lifecycle:milestone:endOfSupport", and, if there is
// no end of support, "endOfLife", "eol" and "eolDate". A value that is no date,
// or no level that is known, is passed over.
func (c *Component) Property(name, value string) bool {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	if len(name) > 40 {
		return false
	}
	switch properties[squeeze(name)] {
	case aboutSupport:
		if level := SupportLevel(value); level != "" {
			c.Support = level
		}
	case aboutEndOfSupport:
		if date := Date(value); date != "" {
			c.EndOfSupport = date
		}
	case aboutEndOfLife:
		if c.EndOfSupport == "" {
			c.EndOfSupport = Date(value)
		}
	default:
		return false
	}
	return true
}

// PropertiesIn takes properties from free text, one a line, as "name: value"
// or "name=value": the form that SPDX 2 annotations and comments have.
func (c *Component) PropertiesIn(text string) {
	if len(text) > 4096 {
		return
	}
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			i := strings.LastIndex(line, ": ")
			if i < 0 {
				continue
			}
			name, value = line[:i], line[i+2:]
		}
		c.Property(strings.TrimSpace(name), strings.TrimSpace(value))
	}
}
