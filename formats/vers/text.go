package vers

import (
	"regexp"
	"strings"
)

// ParseText reads a version label as CISA's advisories and vendors write it
// (R-084): "vers:all/*", "<1.2", ">= 1.0 | <= 1.3" (both, in one entry), "1.1 |
// 1.2" (either), "1.2 and prior", "versions 2.0 through 2.4", "5.x", "All
// versions". The scheme is "generic". What it does not understand, or only in
// part, goes to Plain word for word, for a person: nothing is dropped.
func ParseText(s string) Range {
	text := strings.ToValidUTF8(s, "\uFFFD")
	text = strings.Join(strings.Fields(normalise.Replace(text)), " ")
	if text == "" {
		return Range{}
	}
	if len(text) > maxText {
		return Range{Plain: []string{clipTo(text, maxText)}}
	}
	if len(text) > 5 && strings.EqualFold(text[:5], "vers:") {
		if r, err := ParseVers(text); err == nil {
			return r
		}
		return Range{Plain: []string{text}}
	}
	if allWords.MatchString(text) {
		return Range{All: true}
	}

	// Entries with comparisons belong together; without, each stands alone.
	if strings.ContainsAny(text, "<>") {
		if r, ok := readComparisons(text); ok {
			return r
		}
		return Range{Plain: []string{text}}
	}
	r := Range{Scheme: "generic"}
	for entry := range strings.SplitSeq(text, "|") {
		if entry = strings.TrimSpace(entry); entry != "" && !r.readWords(entry) {
			r.Plain = append(r.Plain, entry)
		}
	}
	if len(r.Plain) > 0 && len(r.Exact)+len(r.Spans) == 0 {
		r.Scheme = ""
	}
	return r
}

// normalise brings the signs of word processors to ASCII.
var normalise = strings.NewReplacer("≤", "<=", "≥", ">=", "=<", "<=", "=>", ">=", "–", "-", "—", "-", "\u2011", "-", "\u00a0", " ", "\u200b", "", "“", `"`, "”", `"`)

var allWords = regexp.MustCompile(`(?i)^(\*|any|any version|all|all (known |released |software |firmware |product |supported |current )*(versions?|releases?)( (are )?affected)?|(versions?|releases?):? (all|any|\*))$`)

func clipTo(s string, n int) string { return strings.ToValidUTF8(s[:n], "") }

// One version as people write it. The first word has a digit ("1.2", "BT03",
// "MMT-1711", "v2.0"), or is one letter or letters with dots ("K", "F.0.G.0");
// words may follow that say which build or revision ("1.8.4 Service Pack 01").
var (
	firstWord  = regexp.MustCompile(`^(?i:v(er(sion)?)?\.? ?)?([0-9][0-9A-Za-z]*|[A-Z]{1,5}[0-9][0-9A-Za-z]*|[A-Z]{2,5}-[0-9][0-9A-Za-z]*|[A-Z]\.[0-9A-Z]+)([._+~:-][0-9A-Za-z]+)*$`)
	revision   = regexp.MustCompile(`(?i)^rev(ision)?\.? ?([A-Z]|[0-9]+)$`)
	wildcard   = regexp.MustCompile(`(?i)^v?([0-9]+(\.[0-9]+)*)((\.[x*])+)$`)
	oneLetter  = regexp.MustCompile(`^[A-Z]$`)
	laterWords = map[string]bool{"service": true, "pack": true, "sp": true, "build": true, "mr": true, "update": true, "patch": true, "rev": true, "revision": true, "sr": true, "hotfix": true, "release": true, "beta": true, "alpha": true, "rc": true}
	laterWord  = regexp.MustCompile(`^[A-Za-z]{0,6}[0-9][0-9A-Za-z._-]*$|^[A-Z]\.[0-9][0-9A-Za-z.]*$`)
	leadWords  = regexp.MustCompile(`(?i)^((affected|software|firmware|product|all|in|release|releases)\.? )*(versions?|ver\.?|releases?|firmware|software|revisions?)?:? `)
	monthName  = regexp.MustCompile(`(?i)\b(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?)\b`)
)

// isVersion says whether s is one version that compareGeneric can read.
func isVersion(s string) bool {
	if len(s) > maxVersion || monthName.MatchString(s) {
		return false
	}
	if revision.MatchString(s) {
		return true
	}
	words := strings.Split(s, " ")
	if len(words) > 1 && (strings.EqualFold(words[0], "v") || strings.EqualFold(words[0], "version")) {
		words = words[1:]
	}
	if len(words) > 4 || !firstWord.MatchString(words[0]) {
		return false
	}
	if dots := strings.Split(words[0], "."); len(dots) > 1 && wild(dots) {
		return false // "5.x" is many versions
	}
	for _, w := range words[1:] {
		if !laterWords[strings.ToLower(w)] && !laterWord.MatchString(w) {
			return false
		}
	}
	return true
}

func wild(parts []string) bool {
	for _, p := range parts {
		if strings.HasSuffix(strings.ToLower(p), "x") {
			return true
		}
	}
	return false
}

// series reads "12.2.x" as what it is: from 12.2 to before 12.3.
func series(s string) (Span, bool) {
	m := wildcard.FindStringSubmatch(s)
	if m == nil || len(s) > maxVersion {
		return Span{}, false
	}
	numbers := strings.Split(m[1], ".")
	numbers[len(numbers)-1] = increment(numbers[len(numbers)-1])
	return Span{Low: m[1], High: strings.Join(numbers, ".")}, true
}

// increment adds one to a whole number of any length.
func increment(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

// atLeast, above, below and atMost give the spans that a word or sign before or
// after a version means; where it is a series, of the series.
func comparison(op, version string) (Span, bool) {
	version = strings.TrimSpace(leadWords.ReplaceAllString(strings.TrimSpace(version)+" ", ""))
	if x, ok := series(version); ok {
		switch op {
		case "<":
			return Span{High: x.Low}, true
		case "<=":
			return Span{High: x.High}, true
		case ">":
			return Span{Low: x.High}, true
		default:
			return Span{Low: x.Low}, true
		}
	}
	if !isVersion(version) && !oneLetter.MatchString(version) {
		return Span{}, false
	}
	switch op {
	case "<", "<=":
		return Span{High: version, HighClosed: op == "<="}, true
	default:
		return Span{Low: version, LowOpen: op == ">"}, true
	}
}

var (
	comparisons = regexp.MustCompile(`([<>]=?)`)
	separators  = regexp.MustCompile(`\s*(\||,|&&|;)\s*|\s+and\s+`)
)

// readComparisons reads labels with "<" and ">": all of one, or nothing.
func readComparisons(text string) (Range, bool) {
	r := Range{Scheme: "generic"}
	open := false // the last span waits for its upper bound
	for _, entry := range separators.Split(text, -1) {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		entry = strings.TrimSpace(leadWords.ReplaceAllString(entry, ""))
		at := comparisons.FindAllStringIndex(entry, -1)
		if len(at) == 0 {
			if open || !r.readWords(entry) { // ">= 1.0 | 1.5": which is meant?
				return Range{}, false
			}
			continue
		}
		if at[0][0] != 0 { // "A10 < A11"
			return Range{}, false
		}
		for i, m := range at { // ">=1.0 <2.0"
			next := len(entry)
			if i+1 < len(at) {
				next = at[i+1][0]
			}
			s, ok := comparison(entry[m[0]:m[1]], entry[m[1]:next])
			switch {
			case !ok:
				return Range{}, false
			case s.Low != "":
				if open {
					return Range{}, false
				}
				r.Spans, open = append(r.Spans, s), true
			case open:
				last := &r.Spans[len(r.Spans)-1]
				if c, err := compareGeneric(last.Low, s.High); err != nil || c > 0 {
					return Range{}, false // ">= 2.0 | <= 1.0" names nothing; ask
				}
				last.High, last.HighClosed, open = s.High, s.HighClosed, false
			default:
				r.Spans = append(r.Spans, s)
			}
		}
	}
	return r, len(r.Spans) > 0
}

var (
	andPrior  = regexp.MustCompile(`(?i)^(.+?),? (?:and|or|&) (?:all )?(?:any )?(?:prior|earlier|below|previous|older|lower|before|under)(?: (?:software |firmware )?(?:versions?|releases?))?$`)
	andLater  = regexp.MustCompile(`(?i)^(.+?),? (?:and|or|&) (?:all )?(?:any )?(?:later|newer|above|higher|up|onwards?|after)(?: (?:software |firmware )?(?:versions?|releases?))?$`)
	priorTo   = regexp.MustCompile(`(?i)^(?:all )?(?:versions? |releases? )?(?:prior to|before|earlier than|older than|lower than|less than|below|up to,? but not including|up to but excluding)(?: versions?)? (.+)$`)
	upTo      = regexp.MustCompile(`(?i)^(?:all )?(?:versions? |releases? )?(?:up to,? and including|up to|up through|through|until)(?: versions?)? (.+)$`)
	laterThan = regexp.MustCompile(`(?i)^(?:all )?(?:versions? |releases? )?(?:later than|newer than|after|above|higher than)(?: versions?)? (.+)$`)
	fromOn    = regexp.MustCompile(`(?i)^(?:starting (?:with|from)|from|since) (?:versions? )?(\S+)(?: onwards?)?$`)
	fromTo    = regexp.MustCompile(`(?i)^(?:from |between )?(.+?) (?:through|to|thru|up to|until|-|and up to|and including) (.+)$`)
	between   = regexp.MustCompile(`(?i)^between (.+?) and (.+)$`)
	lists     = regexp.MustCompile(`(?i),? (?:and|or|&) |, ?`)
)

// readWords reads an entry without signs of comparison; false if it cannot.
func (r *Range) readWords(entry string) bool {
	bare := strings.TrimSpace(leadWords.ReplaceAllString(entry+" ", ""))
	if isVersion(entry) {
		r.Exact = append(r.Exact, entry)
		return true
	}
	for _, rule := range []struct {
		re *regexp.Regexp
		op string
	}{{andPrior, "<="}, {andLater, ">="}, {priorTo, "<"}, {upTo, "<="}, {laterThan, ">"}, {fromOn, ">="}} {
		for _, text := range []string{entry, bare} {
			if m := rule.re.FindStringSubmatch(text); m != nil {
				if s, ok := comparison(rule.op, m[1]); ok {
					r.Spans = append(r.Spans, s)
					return true
				}
			}
		}
	}
	if x, ok := series(bare); ok {
		r.Spans = append(r.Spans, x)
		return true
	}
	if isVersion(bare) {
		r.Exact = append(r.Exact, bare)
		return true
	}
	for _, re := range []*regexp.Regexp{between, fromTo} {
		m := re.FindStringSubmatch(bare)
		if m == nil {
			continue
		}
		low, ok1 := comparison(">=", m[1])
		high, ok2 := comparison("<=", m[2])
		if !ok1 || !ok2 {
			continue
		}
		if c, err := compareGeneric(low.Low, high.High); err != nil || c > 0 {
			continue
		}
		r.Spans = append(r.Spans, Span{Low: low.Low, High: high.High, HighClosed: high.HighClosed})
		return true
	}
	return r.readList(bare)
}

// readList reads "2131 and 2141" and "1.0, 1.1 or 1.2": all, or nothing.
func (r *Range) readList(text string) bool {
	items := lists.Split(text, -1)
	if len(items) < 2 || len(items) > maxItems {
		return false
	}
	var exact []string
	var spans []Span
	for _, item := range items {
		item = strings.TrimSpace(item)
		if s, ok := series(item); ok {
			spans = append(spans, s)
		} else if isVersion(item) && !strings.Contains(item, " ") {
			exact = append(exact, item)
		} else {
			return false
		}
	}
	r.Exact, r.Spans = append(r.Exact, exact...), append(r.Spans, spans...)
	return true
}
