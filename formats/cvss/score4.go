package cvss

import (
	_ "embed"
	"encoding/json"
	"strings"
	"sync"
)

// FIRST's scores of the 270 macro vectors: the levels of equivalence sets 1 to
// 6, and a score. Source: FIRST's and Red Hat's CVSS 4.0 calculator, unchanged
// but for being JSON; licence BSD-2-Clause, in macrovectors.LICENSE.
//
//go:embed macrovectors.json
var macroJSON []byte

// macros are the scores of macro vectors in tenths.
var macros = sync.OnceValue(func() map[string]int {
	var scores map[string]float64
	if err := json.Unmarshal(macroJSON, &scores); err != nil {
		panic("cvss: macrovectors.json: " + err.Error())
	}
	tenths := make(map[string]int, len(scores))
	for key, score := range scores {
		tenths[key] = int(score*10 + 0.5)
	}
	return tenths
})

// severity orders the values of the metrics that count from most to least
// severe (CVSS 4.0 §8.2).
var severity = map[string]string{
	"AV": "NALP", "PR": "NLH", "UI": "NPA", "AC": "LH", "AT": "NP", "VC": "HLN", "VI": "HLN", "VA": "HLN",
	"SC": "HLN", "SI": "SHLN", "SA": "SHLN", "CR": "HML", "IR": "HML", "AR": "HML", "E": "APU",
}

// level is a level of an equivalence set, or of sets 3 and 6 together: how many
// steps its most severe vectors are from the most severe values of all, how
// many steps it spans, and the levels right below it.
type level struct {
	top, depth int
	below      []string
}

// equivalence is an equivalence set. Sets 3 and 6 depend on each other and are
// one here, with two digits of a macro vector.
type equivalence struct {
	metrics []string
	of      func(value func(code string) byte) string
	levels  map[string]level
}

// sets are CVSS 4.0 tables 24 to 30, with the depths of FIRST's calculator.
var sets = []equivalence{
	{[]string{"AV", "PR", "UI"}, level1, map[string]level{
		"0": {0, 1, []string{"1"}}, "1": {1, 4, []string{"2"}}, "2": {3, 5, nil},
	}},
	{[]string{"AC", "AT"}, level2, map[string]level{
		"0": {0, 1, []string{"1"}}, "1": {1, 2, nil},
	}},
	{[]string{"VC", "VI", "VA", "CR", "IR", "AR"}, level36, map[string]level{
		"00": {0, 7, []string{"01", "10"}}, "01": {3, 6, []string{"11"}}, "10": {1, 8, []string{"11"}},
		"11": {3, 8, []string{"21"}}, "21": {3, 10, nil},
	}},
	{[]string{"SC", "SI", "SA"}, level4, map[string]level{
		"0": {0, 6, []string{"1"}}, "1": {2, 5, []string{"2"}}, "2": {5, 4, nil},
	}},
	{[]string{"E"}, level5, map[string]level{
		"0": {0, 1, []string{"1"}}, "1": {1, 1, []string{"2"}}, "2": {2, 1, nil},
	}},
}

func level1(value func(string) byte) string {
	av, pr, ui := value("AV") == 'N', value("PR") == 'N', value("UI") == 'N'
	switch {
	case av && pr && ui:
		return "0"
	case (av || pr || ui) && value("AV") != 'P':
		return "1"
	}
	return "2"
}

func level2(value func(string) byte) string {
	if value("AC") == 'L' && value("AT") == 'N' {
		return "0"
	}
	return "1"
}

func level36(value func(string) byte) string {
	c, i, a := value("VC") == 'H', value("VI") == 'H', value("VA") == 'H'
	three, six := "2", "1"
	switch {
	case c && i:
		three = "0"
	case c || i || a:
		three = "1"
	}
	if c && value("CR") == 'H' || i && value("IR") == 'H' || a && value("AR") == 'H' {
		six = "0"
	}
	return three + six
}

func level4(value func(string) byte) string {
	switch {
	case value("SI") == 'S' || value("SA") == 'S':
		return "0"
	case value("SC") == 'H' || value("SI") == 'H' || value("SA") == 'H':
		return "1"
	}
	return "2"
}

func level5(value func(string) byte) string {
	switch value("E") {
	case 'A':
		return "0"
	case 'P':
		return "1"
	}
	return "2"
}

// score4 computes the score of a 4.0 vector in tenths, as an exact fraction
// before rounding (CVSS 4.0 §8.2): the score of its macro vector less the mean,
// over the sets with a level below, of the way to that level's score in
// proportion to how deep in its level the vector lies.
//
// The library does the same in floating point and so misses 450 of the 104,976
// base vectors by a tenth, those whose exact score ends in a half.
func score4(v Vector) (num, den int) {
	value := func(code string) byte {
		if s := v.read("M"+code, ""); s != "" {
			return s[0]
		}
		if s := v.read(code, ""); s != "" {
			return s[0]
		}
		return severity[code][0] // threat and requirements: the worst case
	}
	if value("VC") == 'N' && value("VI") == 'N' && value("VA") == 'N' && value("SC") == 'N' && value("SI") == 'N' && value("SA") == 'N' {
		return 0, 1
	}
	var at [5]string
	for i, s := range sets {
		at[i] = s.of(value)
	}
	const scale = 840 // what every depth divides
	score := macros()[macro(at)]
	n, sum := 0, 0
	for i, s := range sets {
		l := s.levels[at[i]]
		if l.below == nil {
			continue
		}
		n++
		lower := 0
		for _, name := range l.below {
			next := at
			next[i] = name
			lower = max(lower, macros()[macro(next)])
		}
		steps := -l.top
		for _, code := range s.metrics {
			steps += strings.IndexByte(severity[code], value(code))
		}
		sum += (score - lower) * steps * (scale / l.depth)
	}
	if n == 0 {
		return score, 1
	}
	return score*n*scale - sum, n * scale
}

func macro(at [5]string) string { return at[0] + at[1] + at[2][:1] + at[3] + at[4] + at[2][1:] }

// round rounds a fraction of tenths, halves up.
func round(num, den int) float64 { return float64((2*num+den)/(2*den)) / 10 }
