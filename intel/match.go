package intel

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/search"
	"github.com/cordon-isao/cordon/policy"
)

// matching is what a search asks of the index.
type matching struct {
	words, without []search.Query // each a word or phrase
	stem           []string       // the unfinished word
	tags           [][]string     // of each list, one
	no             []string       // none of these tags
}

func (m *matching) empty() bool {
	return len(m.words)+len(m.without)+len(m.stem)+len(m.tags)+len(m.no) == 0
}

func (m *matching) any(tags ...string) { m.tags = append(m.tags, tags) }

// anyOf asks for one of some values; none is no condition.
func (m *matching) anyOf(kind string, values []string) {
	if len(values) > 0 {
		m.any(tagged(kind, values)...)
	}
}

func tagged(kind string, values []string) (tags []string) {
	for _, value := range values {
		tags = append(tags, tag(kind, value))
	}
	return tags
}

// match turns a query into what the index is asked.
func (x *Intel) match(v *db.View, q Query, f *finding) (*matching, error) {
	m := &matching{}
	var plain []string
	for _, part := range q.texts() {
		switch {
		case strings.HasSuffix(part, "*"):
			m.stem = unfinished(part)
			continue
		case strings.HasPrefix(part, "-") && !strings.HasPrefix(part, "--"):
			w, err := search.ParseQuery(part[1:] + " ")
			if err != nil {
				return nil, err
			}
			m.without = append(m.without, w)
			continue
		}
		plain = append(plain, part)
		if address.FindString(part) == part {
			m.any(tag("address", part))
			continue
		}
		w, err := search.ParseQuery(part + " ")
		if err != nil {
			return nil, err
		}
		m.words = append(m.words, w)
	}
	if q.Device != "" {
		w, err := search.ParseQuery(`"` + q.Device + `"`)
		if err != nil {
			return nil, err
		}
		m.words, plain = append(m.words, w), append(plain, `"`+q.Device+`"`)
	}
	if m.stem != nil {
		plain = append(plain, strings.Join(m.stem, "-"))
		f.words, _ = search.ParseQuery(strings.Join(plain, " "))
	} else if plain != nil {
		f.words, _ = search.ParseQuery(strings.Join(plain, " ") + " ")
	}
	m.fields(v, q)
	if q.Technique != "" {
		ids, tied, err := x.techniques(v, q.Technique)
		if err != nil {
			return nil, err
		}
		m.any(slices.Concat([]string{tag("code", q.Technique)}, tagged("ref", ids), tagged("id", tied))...)
	}
	return m, nil
}

// fields is the fields of a query as tags.
func (m *matching) fields(v *db.View, q Query) {
	// both asks for a type and something beside it.
	paired := false
	both := func(kind, value string) {
		if len(q.Types) == 0 {
			m.any(tag(kind, value))
			return
		}
		paired = true
		var some []string
		for _, t := range q.Types {
			some = append(some, tag("type "+t+" "+kind, value))
		}
		m.any(some...)
	}
	for _, l := range q.Labels {
		both("label", l)
	}
	if q.ID != "" {
		m.any(tag("id", q.ID))
	}
	if q.Phase != "" {
		both("phase", q.Phase)
	}
	if q.Source != "" {
		both("from", q.Source)
	}
	if !paired {
		m.anyOf("type", q.Types)
	}
	if q.code != "" {
		m.any(tag("code", q.code))
	}
	if q.TLP != nil {
		var some []string
		for _, t := range q.TLP {
			some = append(some, markingTag(t))
		}
		m.any(some...)
	}
	if q.Confidence >= 0 {
		m.any(confidenceTag(q.Confidence / 10 * 10))
	}
	if q.Revoked != nil {
		if *q.Revoked {
			m.any("revoked")
		} else {
			m.no = append(m.no, "revoked")
		}
	}
	if q.Expired != nil {
		days := expiredTags(v.Now())
		if *q.Expired {
			m.any(days...)
		} else {
			m.no = append(m.no, days[:len(days)-1]...) // today's are looked at
		}
	}
	if q.Pattern != "" {
		all, _ := valueTags(q.Pattern)
		for _, t := range all {
			m.any(t)
		}
	}
	m.no = append(m.no, tagged("type", q.Not.Types)...)
	m.no = append(m.no, tagged("label", q.Not.Labels)...)
	m.no = append(m.no, tagged("phase", q.Not.Phases)...)
	m.no = append(m.no, tagged("from", q.Not.Sources)...)
}

// fts5 writes what is asked for FTS5, among what the viewer's principals reach.
func (m *matching) fts5(who policy.Viewer) string {
	var all, none []string
	for _, w := range m.words {
		all = append(all, `words : (`+w.FTS5()+`)`)
	}
	lists := m.tags
	if m.stem != nil {
		// FTS5 would join the lists of all words that begin so before it finds the
		// first. What the beginning leaves over is checked on the words.
		last := len(m.stem) - 1
		lists = append(lists, []string{beginning(m.stem[last])})
		if last > 0 {
			all = append(all, `words : "`+strings.Join(m.stem[:last], " ")+`"`)
		}
	}
	for _, list := range lists {
		all = append(all, `tags : (`+join(list, ` OR `, `"`)+`)`)
	}
	if !who.IsSystem() {
		mine := strings.Fields(search.WhoTokens(who.Principals()))
		if len(mine) == 0 {
			mine = []string{"nobody"}
		}
		all = append(all, `who : (`+join(mine, ` OR `, `"`)+`)`)
	}
	for _, w := range m.without {
		none = append(none, ` NOT words : (`+w.FTS5()+`)`)
	}
	for _, t := range m.no {
		none = append(none, ` NOT tags : "`+t+`"`)
	}
	return `(` + strings.Join(all, ` AND `) + `)` + strings.Join(none, "")
}

// postgres adds what is asked of the index on PostgreSQL.
func (m *matching) postgres(f *finding, who policy.Viewer) {
	var words, tags []string
	for _, w := range m.words {
		words = append(words, w.TSQuery())
	}
	if m.stem != nil {
		words = append(words, strings.Join(m.stem, ` <-> `)+`:*`)
	}
	for _, w := range m.without {
		words = append(words, `!`+w.TSQuery())
	}
	lexemes := func(list []string) []string {
		out := make([]string, len(list))
		for i, t := range list {
			out[i] = lexeme(t)
		}
		return out
	}
	for _, list := range m.tags {
		tags = append(tags, `(`+join(lexemes(list), ` | `, `'`)+`)`)
	}
	for _, t := range lexemes(m.no) {
		tags = append(tags, `!'`+t+`'`)
	}
	if !who.IsSystem() {
		if mine := search.WhoTSQuery(who); mine != "" {
			tags = append(tags, `(`+mine+`)`)
		} else {
			tags = append(tags, `'nobody'`)
		}
	}
	var asks []string
	if words != nil {
		asks = append(asks, `to_tsquery('simple', `+f.arg(strings.Join(words, ` & `))+`)`)
	}
	if tags != nil {
		asks = append(asks, `CAST(`+f.arg(strings.Join(tags, ` & `))+` AS tsquery)`)
	}
	f.and(`intel_fts.doc @@ (` + strings.Join(asks, ` && `) + `)`)
}

func join(words []string, between, quote string) string {
	return quote + strings.Join(words, quote+between+quote) + quote
}
