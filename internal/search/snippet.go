package search

import "unicode/utf8"

// Part is a piece of a snippet.
type Part struct {
	Text string
	Hit  bool // the query asked for it
}

// Snippet cuts about n characters out of a text, around the first place that
// answers the query, and marks what was asked for. Ellipses stand where text is
// left out. Text is plain, not HTML.
func Snippet(text string, q Query, n int) []Part {
	n = max(n, 20)
	hits := q.hits(text)
	from, to := 0, len(text)
	if utf8.RuneCountInString(text) > n {
		if len(hits) > 0 {
			from = back(text, hits[0].start, n/3)
		}
		to = forth(text, from, n)
		if to == len(text) { // use the room that the end leaves
			from = min(from, back(text, to, n))
		}
	}
	var parts []Part
	add := func(s string, hit bool) {
		if s == "" {
			return
		}
		if k := len(parts); k > 0 && parts[k-1].Hit == hit {
			parts[k-1].Text += s
		} else {
			parts = append(parts, Part{s, hit})
		}
	}
	if from > 0 {
		add("…", false)
	}
	at := from
	for _, h := range hits {
		start, end := max(h.start, at), min(h.end, to)
		if start >= end {
			continue
		}
		add(text[at:start], false)
		add(text[start:end], true)
		at = end
	}
	add(text[at:to], false)
	if to < len(text) {
		add("…", false)
	}
	return parts
}

type span struct{ start, end int }

// hits are the places of the wanted terms in a text, in order.
func (q Query) hits(text string) []span {
	var words []string
	var spans []span
	scan(text, func(w word) {
		for _, t := range w.tokens {
			words = append(words, t)
			spans = append(spans, span{w.start, w.end})
		}
	}, func([]word) {})
	var hits []span
	for i := range words {
		longest := 0
		for _, t := range q.terms {
			if !t.not {
				longest = max(longest, t.at(words[i:]))
			}
		}
		if longest > 0 {
			hits = append(hits, span{spans[i].start, spans[i+longest-1].end})
		}
	}
	return hits
}

// back is up to n characters before at.
func back(text string, at, n int) int {
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(text[:at])
		at -= size
	}
	return at
}

// forth is up to n characters after at.
func forth(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}
