package cpe

// Matches says whether the pattern covers the target: every attribute of the
// pattern is any, the same, or has wildcards that fit (the superset relation of
// NISTIR 7696). A target that leaves open what the pattern names is not covered,
// nor is one with wildcards of its own. Ranges of versions are no part of names:
// the caller compares them.
func Matches(pattern, target CPE) bool {
	if pattern.Part != target.Part && pattern.Part != '*' && pattern.Part != 0 {
		return false
	}
	p, t := pattern.attributes(), target.attributes()
	for i := range p {
		if !covers(*p[i], *t[i]) {
			return false
		}
	}
	return true
}

func covers(pattern, target string) bool {
	if target == "" {
		target = Any
	}
	switch {
	case pattern == Any || pattern == "":
		return true
	case target == Any:
		return false
	case pattern == NA || target == NA:
		return pattern == target
	}
	p, t := symbols(pattern), symbols(target)
	for _, s := range t {
		if s == anyOne || s == anyMany {
			return lower(pattern) == lower(target)
		}
	}
	return fits(p, t)
}

const (
	anyOne  = -1 // "?": one character or, at the ends, none
	anyMany = -2 // "*"
)

// symbols gives the characters in lower case, wildcards apart.
func symbols(s string) []int {
	symbols := make([]int, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			symbols = append(symbols, int(s[i]))
		case c == '?':
			symbols = append(symbols, anyOne)
		case c == '*':
			symbols = append(symbols, anyMany)
		default:
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			symbols = append(symbols, int(c))
		}
	}
	return symbols
}

// fits matches in time proportional to the product of the lengths: wildcards
// stand only at the ends, but nothing here relies on it.
func fits(p, t []int) bool {
	row := make([]bool, len(t)+1) // whether p so far fits t[:j]
	row[0] = true
	for _, s := range p {
		before := row[0] // the old row[j-1]
		row[0] = row[0] && s < 0
		for j := 1; j <= len(t); j++ {
			old := row[j]
			switch s {
			case anyMany:
				row[j] = old || row[j-1]
			case anyOne:
				row[j] = old || before
			default:
				row[j] = before && t[j-1] == s
			}
			before = old
		}
	}
	return row[len(t)]
}
