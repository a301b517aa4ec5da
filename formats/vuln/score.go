package vuln

import (
	"strings"

	"github.com/cordon-isao/cordon/formats/cvss"
)

// NewScore reads a severity. version is that of CVSS, 2, 3 or 4, which a vector
// of 3.0 and later also says itself; any other version, such as a
// distribution's own, has a word in place of the vector. A vector that is not
// valid is kept without a score.
func NewScore(version, vector string) Score {
	v, err := cvss.Parse(vector)
	switch {
	case err == nil && v.Version == cvss.V40:
		return Score{Version: "4.0", Vector: vector, Base: v.Score(), Severity: strings.ToLower(v.Severity())}
	case err == nil:
		return Score{Version: string(v.Version), Vector: vector, Base: v.BaseScore(), Severity: strings.ToLower(v.BaseSeverity())}
	case version == "2":
		base, ok := base2(vector)
		if !ok {
			return Score{Version: "2.0", Vector: vector}
		}
		return Score{Version: "2.0", Vector: vector, Base: base, Severity: severity2(base)}
	case version == "3" || version == "4":
		return Score{Version: version, Vector: vector}
	}
	return Score{Severity: strings.ToLower(vector)}
}

// base2 is the base score of a CVSS 2.0 vector (FIRST, "A Complete Guide to the
// Common Vulnerability Scoring System Version 2.0", §3.2.1).
func base2(vector string) (float64, bool) {
	vector = strings.TrimSuffix(strings.TrimPrefix(vector, "("), ")")
	metrics := map[string]map[string]float64{
		"AV": {"L": 0.395, "A": 0.646, "N": 1}, "AC": {"H": 0.35, "M": 0.61, "L": 0.71}, "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
		"C": {"N": 0, "P": 0.275, "C": 0.66}, "I": {"N": 0, "P": 0.275, "C": 0.66}, "A": {"N": 0, "P": 0.275, "C": 0.66},
	}
	got := map[string]float64{}
	for part := range strings.SplitSeq(vector, "/") {
		name, value, _ := strings.Cut(part, ":")
		values, known := metrics[name]
		if !known {
			continue // temporal and environmental metrics
		}
		weight, known := values[value]
		if _, twice := got[name]; !known || twice {
			return 0, false
		}
		got[name] = weight
	}
	if len(got) != len(metrics) {
		return 0, false
	}
	impact := 10.41 * (1 - (1-got["C"])*(1-got["I"])*(1-got["A"]))
	exploitability := 20 * got["AV"] * got["AC"] * got["Au"]
	if impact == 0 {
		return 0, true
	}
	raw := ((0.6 * impact) + (0.4 * exploitability) - 1.5) * 1.176
	return max(0, float64(int(raw*10+0.5))/10), true
}

// severity2 is the word of the National Vulnerability Database for a score of
// version 2.0, which has no words of its own.
func severity2(base float64) string {
	switch {
	case base < 4:
		return "low"
	case base < 7:
		return "medium"
	}
	return "high"
}
