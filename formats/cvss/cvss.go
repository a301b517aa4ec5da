package cvss

import (
	"fmt"
	"slices"
	"strings"

	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
)

// Version names a version of CVSS as vectors do.
type Version string

// The versions that are read and scored.
const (
	V30 Version = "3.0"
	V31 Version = "3.1"
	V40 Version = "4.0"
)

// Vector is a valid vector with its scores. The zero Vector is none.
type Vector struct {
	Version     Version
	text        string
	base, score float64
}

// String returns the canonical form: metrics in the order of the
// specification, those that are not defined (X) left out.
func (v Vector) String() string { return v.text }

// IsZero tells whether v is no vector at all.
func (v Vector) IsZero() bool { return v.text == "" }

// BaseScore returns the score of the base metrics alone, 0.0 to 10.0.
func (v Vector) BaseScore() float64 { return v.base }

// Score returns the score of all metrics given. For 3.0 and 3.1 it is the
// environmental score if an environmental metric is defined, else the temporal
// score if a temporal one is, else the base score. Version 4.0 has one score;
// supplemental metrics do not change it.
func (v Vector) Score() float64 { return v.score }

// Severity returns the word for Score.
func (v Vector) Severity() string { return Severity(v.score) }

// BaseSeverity returns the word for BaseScore.
func (v Vector) BaseSeverity() string { return Severity(v.base) }

// Matches tells whether a published base score is what v comes to. A published
// score of 4.0 may be that of all metrics, as its JSON schema has no other name
// for it; and where the exact score ends in a half it may be a tenth lower, as
// calculators in floating point round some of them down.
func (v Vector) Matches(published float64) bool {
	if published == v.base {
		return true
	}
	if v.Version != V40 {
		return false
	}
	if published == v.score {
		return true
	}
	for _, w := range []Vector{v, v.baseOnly()} {
		num, den := score4(w)
		if num%den*2 == den && published == round(num-den, den) {
			return true
		}
	}
	return false
}

// baseOnly leaves out all but the base metrics of a 4.0 vector.
func (v Vector) baseOnly() Vector {
	text := "CVSS:" + string(v.Version)
	for _, m := range base4 {
		text += "/" + m.Code + ":" + v.read(m.Code, "")
	}
	return Vector{Version: v.Version, text: text}
}

// Severity returns the word for a score: None, Low, Medium, High or Critical
// (CVSS 3.1 §5, CVSS 4.0 §6).
func Severity(score float64) string {
	switch {
	case score <= 0:
		return "None"
	case score < 4:
		return "Low"
	case score < 7:
		return "Medium"
	case score < 9:
		return "High"
	}
	return "Critical"
}

// Get returns the value of a metric, "X" if it is not defined and "" if the
// version has no such metric.
func (v Vector) Get(code string) string {
	m := find(v.Version, code)
	if m == nil {
		return ""
	}
	return v.read(m.Code, "X")
}

// Values returns the defined metrics by code, as Build takes them.
func (v Vector) Values() map[string]string {
	all := map[string]string{}
	for _, m := range catalogue(v.Version) {
		if value := v.read(m.Code, ""); value != "" {
			all[m.Code] = value
		}
	}
	return all
}

func (v Vector) read(code, otherwise string) string {
	_, after, ok := strings.Cut(v.text, "/"+code+":")
	if !ok {
		return otherwise
	}
	value, _, _ := strings.Cut(after, "/")
	return value
}

// Nomenclature says which groups of metrics a score rests on. For 4.0 these
// are the names of its §1.3 (CVSS-B, CVSS-BT, CVSS-BE, CVSS-BTE); for 3.0 and
// 3.1 base, temporal or environmental.
func (v Vector) Nomenclature() string {
	threat, env := v.has(Threat), v.has(Environmental)
	if v.Version == V40 {
		name := "CVSS-B"
		if threat {
			name += "T"
		}
		if env {
			name += "E"
		}
		return name
	}
	switch {
	case env:
		return "environmental"
	case threat:
		return "temporal"
	}
	return "base"
}

func (v Vector) has(g Group) bool {
	return slices.ContainsFunc(catalogue(v.Version), func(m Metric) bool {
		return m.Group == g && v.read(m.Code, "") != ""
	})
}

// Build makes a vector of metrics and their values by code. Values that are
// empty or X count as not given. Errors are of type *Error.
func Build(version Version, values map[string]string) (Vector, error) {
	metrics := catalogue(version)
	if metrics == nil {
		return Vector{}, &Error{Reason: fmt.Sprintf("CVSS %q is not one of 3.0, 3.1 and 4.0", clip(string(version)))}
	}
	var unknown, missing, names []string
	for code := range values {
		if find(version, code) == nil {
			unknown = append(unknown, clip(code))
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return Vector{}, &Error{unknown, fmt.Sprintf("CVSS %s has no metric %s", version, strings.Join(unknown, ", "))}
	}
	text := "CVSS:" + string(version)
	base := text
	for _, m := range metrics {
		value := values[m.Code]
		switch {
		case value == "" || value == "X":
			if m.Required() {
				missing, names = append(missing, m.Code), append(names, m.Name+" ("+m.Code+")")
			}
			continue
		case !m.allows(value):
			return Vector{}, &Error{[]string{m.Code}, fmt.Sprintf("%s (%s) cannot be %q, only one of %s", m.Name, m.Code, clip(value), m.codes())}
		}
		text += "/" + m.Code + ":" + value
		if m.Group == Base {
			base = text
		}
	}
	if missing != nil {
		return Vector{}, &Error{missing, fmt.Sprintf("a CVSS %s vector also needs %s", version, strings.Join(names, ", "))}
	}
	v := Vector{Version: version, text: text}
	return v, v.compute(base)
}

// compute fills in the scores; base is the vector of the base metrics alone.
func (v *Vector) compute(base string) (err error) {
	switch v.Version {
	case V30:
		var c *gocvss30.CVSS30
		if c, err = gocvss30.ParseVector(v.text); err == nil {
			v.base = c.BaseScore()
			v.score = v.deepest(v.base, c.TemporalScore(), c.EnvironmentalScore())
		}
	case V31:
		var c *gocvss31.CVSS31
		if c, err = gocvss31.ParseVector(v.text); err == nil {
			v.base = c.BaseScore()
			v.score = v.deepest(v.base, c.TemporalScore(), c.EnvironmentalScore())
		}
	case V40:
		v.base = round(score4(Vector{Version: V40, text: base}))
		v.score = round(score4(*v))
	}
	if err != nil {
		err = fmt.Errorf("scoring %s: %w", v.text, err)
		*v = Vector{}
	}
	return err
}

func (v *Vector) deepest(base, temporal, environmental float64) float64 {
	switch {
	case v.has(Environmental):
		return environmental
	case v.has(Threat):
		return temporal
	}
	return base
}
