package intel

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

var fieldNames = []string{"type", "pattern", "device", "id", "technique", "phase", "label", "from", "tlp", "after", "before", "confidence", "is"}

// ParseQuery reads what a person wrote into the one box: words, "phrases" and
// -words; one word with a * at its end may be unfinished; and fields:
//
//	type:indicator,malware      -type:report
//	pattern:*.example           * stands for any characters
//	device:"Pump A4"            these words, one after another
//	technique:T0806             phase:impact   -phase:…
//	label:ransomware            -label:…
//	from:"Pump Works"           -from:…
//	tlp:green,amber  tlp<=green tlp>=amber     -tlp:red
//	after:30d  after:2026-01-30 before:…       when it came
//	confidence>=60              id:indicator--…
//	is:revoked  -is:expired
//
// now is what "30d" counts back from. Everything that is wrong is told at once, as
// faults of the field "q", each with the part it is about.
func ParseQuery(s string, now time.Time) (Query, error) {
	p := parser{now: now, q: Query{Confidence: -1}}
	if !utf8.ValidString(s) {
		return p.q, fault.InvalidField("q", "Your search is not readable text (UTF-8).")
	}
	if n := utf8.RuneCountInString(s); n > MaxQuery {
		return p.q, fault.InvalidField("q", "Your search has %d characters; at most %d fit.", n, MaxQuery)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return check.Deceptive(r) && !isSpace(r) }) {
		return p.q, fault.InvalidField("q", "Your search contains characters that cannot be seen or that turn text around. Type it again without them.")
	}
	for rest := s; ; {
		rest = strings.TrimLeftFunc(rest, isSpace)
		if rest == "" {
			break
		}
		if p.parts++; p.parts > maxParts {
			return p.q, fault.InvalidField("q", "Your search has too many parts; at most %d fit.", maxParts)
		}
		rest = p.part(rest)
	}
	p.q.Text = strings.Join(p.words, " ")
	if !p.q.After.IsZero() && !p.q.Before.IsZero() && !p.q.After.Before(p.q.Before) {
		p.wrong("before:"+dateText(p.q.Before), "it is not after the time of after:")
	}
	return p.q, p.problems.Err()
}

type parser struct {
	now      time.Time
	q        Query
	words    []string
	parts    int
	problems check.Problems
}

func isSpace(r rune) bool { return unicode.IsSpace(r) }

// wrong notes what is wrong with a part.
func (p *parser) wrong(part, format string, args ...any) {
	if utf8.RuneCountInString(part) > 60 {
		part = string([]rune(part)[:59]) + "…"
	}
	p.problems.Add("q", "In “%s”: %s.", part, fmt.Sprintf(format, args...))
}

var fieldName = regexp.MustCompile(`^([A-Za-z]+)(:|<=|>=|<|>|=)`)

// part reads one part from the beginning of s and returns what follows it.
func (p *parser) part(s string) (rest string) {
	from, not := s, false
	if len(s) > 1 && s[0] == '-' && s[1] != '-' {
		not, s = true, s[1:]
	}
	if s[0] == '"' {
		text, rest, _ := strings.Cut(s[1:], `"`)
		p.phrase(not, text)
		return rest
	}
	field, op := "", ""
	if m := fieldName.FindStringSubmatch(s); m != nil && !strings.HasPrefix(s[len(m[0]):], "//") {
		// a=b is a word, and tls:x, which might be meant as a field, is not.
		if name := strings.ToLower(m[1]); m[2] == ":" || slices.Contains(fieldNames, name) {
			field, op, s = name, m[2], s[len(m[0]):]
		}
	}
	var value string
	if field != "" && strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s[1:], `"`)
	} else {
		end := strings.IndexFunc(s, func(r rune) bool { return isSpace(r) || r == '"' })
		if end < 0 {
			end = len(s)
		}
		value, rest = s[:end], s[end:]
	}
	whole := strings.TrimSpace(from[:len(from)-len(rest)])
	value = strings.Join(strings.FieldsFunc(value, isSpace), " ")
	switch {
	case field == "":
		p.word(not, value)
	case utf8.RuneCountInString(value) > maxWord:
		p.wrong(whole, "it is longer than %d characters", maxWord)
	case value == "" && slices.Contains(fieldNames, field):
		p.wrong(whole, "there is nothing to look for. Write it right behind, without a space")
	default:
		p.field(whole, field, op, value, not)
	}
	return rest
}

// phrase is words in quotes.
func (p *parser) phrase(not bool, text string) {
	text = strings.Join(strings.FieldsFunc(text, isSpace), " ")
	if search.Tokens(text) == "" {
		return
	}
	if utf8.RuneCountInString(text) > maxWord {
		p.wrong(`"`+text+`"`, "it is longer than %d characters", maxWord)
		return
	}
	p.keep(not, `"`+text+`"`)
}

// word is a word without quotes.
func (p *parser) word(not bool, text string) {
	tokens := strings.Fields(search.Tokens(text))
	switch {
	case len(tokens) == 0:
		return
	case utf8.RuneCountInString(text) > maxWord:
		p.wrong(text, "it is longer than %d characters", maxWord)
		return
	case strings.HasSuffix(text, "*"):
		switch stem := unfinished(text); {
		case not:
			p.wrong("-"+text, "a word that is not wanted cannot be unfinished. Write it in full")
			return
		case len(stem) == 0 || len(stem[len(stem)-1]) < unfinishedLeast:
			p.wrong(text, "give at least %d letters or digits before the *", unfinishedLeast)
			return
		case slices.ContainsFunc(p.words, func(w string) bool { return strings.HasSuffix(w, "*") && w != text }):
			p.wrong(text, "only one word can be unfinished")
			return
		}
	}
	p.keep(not, text)
}

func (p *parser) keep(not bool, text string) {
	if not {
		text = "-" + text
	}
	if !slices.Contains(p.words, text) {
		p.words = append(p.words, text)
	}
}

// unfinished is the words of a word*, the last of which may go on.
func unfinished(text string) []string {
	apart := strings.Map(func(r rune) rune { // so that nothing is joined
		if strings.ContainsRune("-._:/+@()*", r) {
			return ' '
		}
		return r
	}, text)
	return strings.Fields(search.Tokens(apart))
}

// field reads one field.
func (p *parser) field(whole, field, op, value string, not bool) {
	if op != ":" && field != "tlp" && field != "confidence" {
		p.wrong(whole, "write %s:%s", field, value)
		return
	}
	q := &p.q
	one := func(at *string, value string) {
		switch {
		case not:
			p.wrong(whole, "%s cannot be taken away with -. What can is type, label, phase, from, tlp and is", field)
		case *at != "" && *at != value:
			p.wrong(whole, "%s is there already, as %s", field, *at)
		default:
			*at = value
		}
	}
	switch field {
	case "type":
		for _, t := range strings.Split(value, ",") {
			if !typeName.MatchString(t) {
				p.wrong(whole, "a type is a name such as indicator, malware or report")
				return
			}
			into(pick(not, &q.Not.Types, &q.Types), t)
		}
	case "label":
		into(pick(not, &q.Not.Labels, &q.Labels), fold(value))
	case "phase":
		value = fold(value)
		if not {
			into(&q.Not.Phases, value)
			return
		}
		one(&q.Phase, value)
	case "from":
		value = fold(value)
		if not {
			into(&q.Not.Sources, value)
			return
		}
		one(&q.Source, value)
	case "pattern":
		value = strings.ToLower(value)
		if strings.Contains(value, "*") && len(trigrams(value)) == 0 {
			p.wrong(whole, "give at least three characters in a row, such as *.example or 198.51.*")
			return
		}
		if strings.Count(value, "*") > maxStars {
			p.wrong(whole, "at most %d * fit", maxStars)
			return
		}
		one(&q.Pattern, value)
	case "device":
		if search.Tokens(value) == "" {
			p.wrong(whole, "there is no word in it")
			return
		}
		one(&q.Device, value)
	case "id":
		if _, ok := stix.ID(value); !ok {
			p.wrong(whole, "that is no STIX id. One looks like indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f")
			return
		}
		one(&q.ID, value)
	case "technique":
		value = strings.ToUpper(value)
		if !wholeCode.MatchString(value) {
			p.wrong(whole, "a technique is a code such as T0806 or T1059.001")
			return
		}
		one(&q.Technique, value)
	case "tlp":
		p.tlp(whole, op, value, not)
	case "after", "before":
		t, ok := p.date(value)
		if !ok {
			p.wrong(whole, "a time is a date such as 2026-01-30, or so long ago: 12h, 30d, 8w")
			return
		}
		at := pick(field == "after", &q.After, &q.Before)
		switch {
		case not:
			p.wrong(whole, "leave the - away and write %s", pick(field == "after", "before:", "after:"))
		case !at.IsZero() && !at.Equal(t):
			p.wrong(whole, "%s is there already", field)
		default:
			*at = t
		}
	case "confidence":
		n, err := strconv.Atoi(value)
		if op == ">" {
			n++
		}
		if err != nil || n < 0 || n > 100 || op == "<" || op == "<=" || not {
			p.wrong(whole, "write confidence>=60, with a number from 0 to 100")
			return
		}
		q.Confidence = max(q.Confidence, n)
	case "is":
		yes := !not
		at := map[string]**bool{"revoked": &q.Revoked, "expired": &q.Expired}[strings.ToLower(value)]
		switch {
		case at == nil:
			p.wrong(whole, "what can be asked is is:revoked and is:expired")
		case *at != nil && **at != yes:
			p.wrong(whole, "it cannot be both so and not so")
		default:
			*at = &yes
		}
	default:
		p.wrong(whole, "there is no field %q. There are %s and is; to look for the words themselves, put them in quotes", field, strings.Join(fieldNames[:len(fieldNames)-1], ", "))
	}
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// into keeps a list sorted and each value once.
func into(list *[]string, value string) {
	if i, found := slices.BinarySearch(*list, value); !found {
		*list = slices.Insert(*list, i, value)
	}
}

var (
	typeName  = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	wholeCode = regexp.MustCompile(`^T[0-9]{4}(\.[0-9]{3})?$`)
)

// tlp reads markings: a list, or a bound.
func (p *parser) tlp(whole, op, value string, not bool) {
	order := policy.Markings()
	var set []policy.TLP
	for _, name := range strings.Split(strings.ToUpper(value), ",") {
		switch name {
		case "WHITE":
			name = "CLEAR"
		case "STRICT", "AMBER-STRICT":
			name = "AMBER+STRICT"
		}
		t := policy.TLP(name)
		if !t.Known() {
			p.wrong(whole, "the markings are clear, green, amber, amber+strict and red")
			return
		}
		for _, o := range order {
			in := o == t
			switch op {
			case "<=":
				in = in || t.StricterThan(o)
			case ">=":
				in = in || o.StricterThan(t)
			case "<":
				in = t.StricterThan(o)
			case ">":
				in = o.StricterThan(t)
			}
			if in && !slices.Contains(set, o) {
				set = append(set, o)
			}
		}
	}
	var both []policy.TLP
	for _, o := range order {
		if slices.Contains(set, o) != not && (p.q.TLP == nil || slices.Contains(p.q.TLP, o)) {
			both = append(both, o)
		}
	}
	if len(both) == 0 {
		p.wrong(whole, "no marking is left")
		return
	}
	p.q.TLP = both
}

var ago = regexp.MustCompile(`^([0-9]{1,5})([hdw])$`)

// date reads a date, a time, or how long ago.
func (p *parser) date(s string) (time.Time, bool) {
	s = strings.ToLower(s)
	if m := ago.FindStringSubmatch(s); m != nil {
		n, _ := strconv.Atoi(m[1])
		switch m[2] {
		case "h":
			return p.now.UTC().Truncate(time.Minute).Add(-time.Duration(n) * time.Hour), true
		case "w":
			n *= 7
		}
		return clock.Day(p.now).AddDate(0, 0, -n), n < 40000
	}
	switch s {
	case "today":
		return clock.Day(p.now), true
	case "yesterday":
		return clock.Day(p.now).AddDate(0, 0, -1), true
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		if t, err = time.Parse(time.RFC3339Nano, strings.ToUpper(s)); err != nil {
			return t, false
		}
	}
	t = t.UTC().Truncate(time.Microsecond)
	return t, t.Year() >= 1900 && t.Year() <= 9999
}
