package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// seldom is an expression that begins with no fixed word, for which every byte of a page
// would be looked at: it is looked for only where one of its words stands.
type seldom struct {
	*regexp.Regexp
	words []string
}

func rare(expr string, words ...string) seldom { return seldom{regexp.MustCompile(expr), words} }

func (r seldom) in(s string) bool {
	return slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(s, w) }) && r.MatchString(s)
}

func (r seldom) replace(s string, with func(string) string) string {
	if !slices.ContainsFunc(r.words, func(w string) bool { return strings.Contains(s, w) }) {
		return s
	}
	return r.ReplaceAllStringFunc(s, with)
}

func (r seldom) to(s, with string) string { return r.replace(s, func(string) string { return with }) }

func (x *twins) plainHeader(h http.Header, b bool) http.Header {
	out := http.Header{}
	for k, vs := range h {
		if k == "Date" {
			continue
		}
		for _, v := range vs {
			out.Add(k, x.plain(v, b))
		}
	}
	return out
}
