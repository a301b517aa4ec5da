package intel

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/formats/stix/pattern"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// Beside an object's words the index holds tags: what a search can ask of it other
// than words, as words of their own. All conditions of a search then meet inside
// the index, newest first, and a search costs as much as its first page, however
// much there is. What tags cannot say exactly (the hour of expiry, a value with a
// * in it) is checked on each object that they find.

// tagTables are without labels, as the index is: a card holds what facets count,
// values what indicators look for, cites which techniques an object speaks of.
var tagTables = map[string]db.Privacy{"intel_cards": db.Scratch, "intel_values": db.Scratch, "intel_cites": db.Scratch}

const tagStep = `
CREATE TABLE intel_cards (
	n          BIGINT NOT NULL PRIMARY KEY,
	labels     TEXT NOT NULL,
	phases     TEXT NOT NULL,
	confidence BIGINT NOT NULL
);
-- sqlite: CREATE TABLE intel_values (n INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (n, value)) WITHOUT ROWID,;
-- postgres: CREATE TABLE intel_values (n BIGINT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (n, value));
-- sqlite: CREATE TABLE intel_cites (technique TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (technique, n)) WITHOUT ROWID,;
-- postgres: CREATE TABLE intel_cites (technique TEXT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (technique, n));
CREATE INDEX intel_cites_n ON intel_cites (n);
`

// citing is the tag of what speaks of a technique and is not ATT&CK's own.
const citing = "citing"

// The limits of what is indexed of one object.
const (
	maxLabels     = 100
	maxCites      = 500
	maxValues     = 200 // values; of a list of more, the first
	maxValue      = 300 // bytes of a value; longer ones are found by their words
	maxTrigrams   = 3000
	maxStars      = 4
	trigramsAsked = 10
)

// card is what the index keeps of an object beside its words.
type card struct {
	labels, phases []string
	confidence     int
	values         []string
	cites          []string
	tags           []string
}

// newCard reads what the index keeps out of an object.
func newCard(o stix.Object, from Share) card {
	c := card{confidence: o.Confidence}
	add := func(tags ...string) { c.tags = append(c.tags, tags...) }
	add(tag("type", o.Type), tag("id", o.ID))
	// Two lists that are long and seldom meet are slow to bring together: what
	// facets ask for together with a type is one list.
	both := func(kind, value string) {
		add(tag(kind, value), tag("type "+o.Type+" "+kind, value))
	}
	both("from", from.source())
	for _, l := range o.Labels[:min(len(o.Labels), maxLabels)] {
		into(&c.labels, fold(l))
	}
	for _, p := range o.KillChain[:min(len(o.KillChain), maxLabels)] {
		chain, phase := fold(p.Chain), fold(p.Phase)
		into(&c.phases, chain+"/"+phase)
		both("phase", phase)
		both("phase", chain+"/"+phase)
	}
	for _, l := range c.labels {
		both("label", l)
	}
	if o.Revoked {
		add("revoked")
	}
	for at := 0; at <= o.Confidence; at += 10 {
		add(confidenceTag(at))
	}
	if !o.ValidUntil.IsZero() {
		add(untilTags(o.ValidUntil)...)
	}
	c.values = values(o)
	grams := map[string]bool{}
	for _, v := range c.values {
		add(tag("value", v))
		starts, ends := edges(v)
		add(tagged("start", starts)...)
		add(tagged("end", ends)...)
		for _, g := range trigrams(v) {
			if len(grams) < maxTrigrams {
				grams[g] = true
			}
		}
	}
	add(sorted(grams)...)
	for _, a := range addresses(strings.Join(o.Texts, "\n"), maxValues) {
		add(tag("address", a))
	}
	for _, code := range codes(o) {
		add(tag("code", code))
		if base, _, sub := strings.Cut(code, "."); sub {
			add(tag("code", base))
		}
		into(&c.cites, code)
	}
	for _, r := range o.Refs {
		add(tag("ref", r.Target))
		if strings.HasPrefix(r.Target, "attack-pattern--") && len(c.cites) < maxCites {
			into(&c.cites, r.Target)
		}
	}
	if fromATTACK(o) {
		c.cites = nil
	}
	if c.cites != nil {
		add(citing)
	}
	slices.Sort(c.tags)
	c.tags = slices.Compact(c.tags)
	return c
}

// source is how a sender is called in queries.
func (s Share) source() string { return fold(s.sender()) }

// fold is a text in small letters with single spaces.
func fold(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// sender is how a sender is called in facets.
func (s Share) sender() string {
	switch s.Attribution {
	case Named:
		return s.OrgName
	case Community:
		return SourceCommunity
	}
	return SourceUnnamed
}

// beginnings are the first letters of every word, for unfinished words: SQLite
// would otherwise join the lists of all words that begin so.
func beginnings(words string) []string {
	seen := map[string]bool{}
	for _, w := range strings.Fields(words) {
		for _, n := range unfinishedLengths {
			if len(w) >= n {
				seen["w"+w[:n]] = true
			}
		}
	}
	return sorted(seen)
}

// beginning is the tag of the words that may begin so; some of them may not.
func beginning(stem string) string {
	n := unfinishedLeast
	for _, more := range unfinishedLengths {
		if len(stem) >= more {
			n = more
		}
	}
	return "w" + stem[:n]
}

// unfinishedLeast is how many letters an unfinished word has at least.
const unfinishedLeast = 4

var unfinishedLengths = []int{unfinishedLeast, 6}

// lexeme is a tag as no text can bring it: words have no colon.
func lexeme(tag string) string { return "tag:" + tag }

// tag is a condition as one word of the index.
func tag(kind, value string) string {
	h := sha256.Sum256([]byte(kind + " " + value))
	return strings.ToLower(tagText.EncodeToString(h[:10]))
}

var tagText = base32.StdEncoding.WithPadding(base32.NoPadding)

// confidenceTag says that an object's confidence is at least so many tens.
func confidenceTag(tens int) string { return "confidence" + strconv.Itoa(tens) }

func markingTag(t policy.TLP) string { return tag("tlp", string(t)) }

// untilTags say when an object expires: its year, month and day, so that "before
// now" is a few of them.
func untilTags(t time.Time) []string {
	t = t.UTC()
	if t.Year() < firstYear {
		return []string{"until" + strconv.Itoa(firstYear-1)}
	}
	return []string{t.Format("until2006"), t.Format("until200601"), t.Format("until20060102")}
}

const firstYear = 2010 // everything before counts as one year

// expiredTags are the tags of all that expires on the day of now or before.
func expiredTags(now time.Time) []string {
	now = now.UTC()
	var tags []string
	for y := firstYear - 1; y < now.Year(); y++ {
		tags = append(tags, "until"+strconv.Itoa(y))
	}
	for m := time.January; m < now.Month(); m++ {
		tags = append(tags, time.Date(now.Year(), m, 1, 0, 0, 0, 0, time.UTC).Format("until200601"))
	}
	for d := 1; d <= now.Day(); d++ {
		tags = append(tags, time.Date(now.Year(), now.Month(), d, 0, 0, 0, 0, time.UTC).Format("until20060102"))
	}
	return tags
}

// values are what an indicator looks for and what an observable is, in small
// letters.
func values(o stix.Object) (vs []string) {
	keep := func(s string) {
		if s = strings.ToLower(s); s != "" && len(s) <= maxValue && len(vs) < maxValues && !strings.ContainsAny(s, "\n\x00") {
			into(&vs, s)
		}
	}
	switch {
	case o.Pattern != "" && o.PatternType == "stix":
		p, err := pattern.Parse(o.Pattern)
		if err != nil {
			return nil
		}
		for _, c := range p.Values() {
			switch {
			case c.Negated:
			case c.Op == "LIKE":
				keep(strings.Trim(c.Value, "%"))
			default:
				keep(c.Value)
			}
		}
	case o.IsSCO():
		for _, s := range o.Texts {
			if s != o.Type {
				keep(s)
			}
		}
	}
	return vs
}

// address finds IPv4 addresses. As words they are four numbers, each of which is in
// very many objects.
var address = regexp.MustCompile(`\b[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\b`)

func addresses(text string, most int) []string { return address.FindAllString(text, most) }

// maxEdges is how many parts of a value, from each end, are lists of their own.
const maxEdges = 5

// edges are the beginnings and ends of a value that a * most often stands beside:
// at a dot, a slash, a colon or an at sign.
func edges(value string) (starts, ends []string) {
	for i := 0; i < len(value) && len(starts) < maxEdges; i++ {
		if edge(value[i]) {
			starts = append(starts, value[:i+1])
		}
	}
	for i := len(value) - 1; i >= 0 && len(ends) < maxEdges; i-- {
		if edge(value[i]) {
			ends = append(ends, value[i:])
		}
	}
	return starts, ends
}

func edge(c byte) bool { return strings.IndexByte("./:@\\", c) >= 0 }

// valueTags are the lists that hold everything with a value such as the pattern
// asks for. exact is false if they hold more, and the values have to be looked at.
func valueTags(pattern string) (all []string, exact bool) {
	if !strings.Contains(pattern, "*") {
		return []string{tag("value", pattern)}, true
	}
	if rest := strings.TrimPrefix(pattern, "*"); rest != pattern && len(rest) > 1 && edge(rest[0]) && !strings.Contains(rest, "*") && count(rest) <= maxEdges {
		return []string{tag("end", rest)}, false
	}
	if rest := strings.TrimSuffix(pattern, "*"); rest != pattern && len(rest) > 1 && edge(rest[len(rest)-1]) && !strings.Contains(rest, "*") && count(rest) <= maxEdges {
		return []string{tag("start", rest)}, false
	}
	return asked(pattern), false
}

// count is how many edges there are in a text.
func count(text string) (n int) {
	for i := range len(text) {
		if edge(text[i]) {
			n++
		}
	}
	return n
}

// trigrams are all runs of three bytes of a value, or of what a * leaves of one,
// with its beginning and end as bytes of their own.
func trigrams(value string) []string {
	var grams []string
	for _, run := range strings.Split("\n"+value+"\n", "*") {
		for i := 0; i+3 <= len(run); i++ {
			grams = append(grams, "g"+hex.EncodeToString([]byte(run[i:i+3])))
		}
	}
	return grams
}

// asked are some trigrams of a pattern, spread over it: what they leave over is
// checked on the values.
func asked(value string) []string {
	grams := trigrams(value)
	if len(grams) <= trigramsAsked {
		return grams
	}
	some := make([]string, trigramsAsked)
	for i := range some {
		some[i] = grams[i*(len(grams)-1)/(trigramsAsked-1)]
	}
	return some
}

// attackCode finds ATT&CK's codes of techniques.
var attackCode = regexp.MustCompile(`\b[Tt][0-9]{4}(\.[0-9]{3})?\b`)

// codes are the techniques that an object names by their codes, at most 100.
func codes(o stix.Object) (cs []string) {
	find := func(s string) {
		for _, c := range attackCode.FindAllString(s, 20) {
			if len(cs) < 100 {
				into(&cs, strings.ToUpper(c))
			}
		}
	}
	if fromATTACK(o) { // its texts cite one another
		for _, e := range o.External {
			if strings.HasPrefix(e.SourceName, "mitre") && wholeCode.MatchString(e.ID) {
				find(e.ID)
			}
		}
		return cs
	}
	for _, s := range o.Texts {
		find(s)
	}
	return cs
}

// mitre is the identity in whose name ATT&CK is published.
const mitre = "identity--c78cb6e5-0c4b-4611-8297-d1b8b55e40b5"

// fromATTACK reports whether an object is part of ATT&CK itself: a catalogue of
// what may happen, not a word on what did.
func fromATTACK(o stix.Object) bool {
	return o.CreatedBy == mitre || slices.ContainsFunc(o.Markings, func(m string) bool { return m == attackMarking })
}

// attackMarking is the copyright statement that every object of ATT&CK carries.
const attackMarking = "marking-definition--fa42a846-8d90-4e51-bc29-71d5b4802168"

// keepCard writes what the index keeps beside words and tags.
func keepCard(tx *db.Tx, n int64, c card) error {
	if len(c.labels)+len(c.phases) > 0 || c.confidence >= 0 {
		if _, err := tx.Exec(`INSERT INTO intel_cards (n, labels, phases, confidence) VALUES ($1, $2, $3, $4) ON CONFLICT (n) DO NOTHING`,
			n, strings.Join(c.labels, "\n"), strings.Join(c.phases, "\n"), c.confidence); err != nil {
			return err
		}
	}
	for _, list := range []struct {
		insert string
		values []string
	}{{`INSERT INTO intel_values (n, value) VALUES `, c.values}, {`INSERT INTO intel_cites (n, technique) VALUES `, c.cites}} {
		for part := range slices.Chunk(list.values, refsAStatement) {
			args := make([]any, 0, 2*len(part))
			for _, v := range part {
				args = append(args, n, v)
			}
			if _, err := tx.Exec(list.insert+places(len(part), 2)+` ON CONFLICT DO NOTHING`, args...); err != nil {
				return err
			}
		}
	}
	return nil
}

func dropCard(tx *db.Tx, n int64) error {
	for _, stmt := range []string{`DELETE FROM intel_cards WHERE n = $1`, `DELETE FROM intel_values WHERE n = $1`, `DELETE FROM intel_cites WHERE n = $1`} {
		if _, err := tx.Exec(stmt, n); err != nil {
			return err
		}
	}
	return nil
}
