package web

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/members"
)

// maxMentionWords bounds how many names a text may make us look up.
const maxMentionWords = 50

// mention turns "@Kwame Osei-Bonsu", as people write it, into the mark that a
// mention is (internal/markdown). Only names that the author can see are found,
// and only when one person has the name; anything else stays text.
func (c *Ctx) mention(v *db.View, body string) (string, error) {
	var out strings.Builder
	found := map[string][]members.Person{}
	rest, before := body, ' '
	for {
		i := strings.IndexByte(rest, '@')
		if i < 0 || len(found) >= maxMentionWords {
			out.WriteString(rest)
			return out.String(), nil
		}
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(rest[:i])
		}
		out.WriteString(rest[:i+1])
		rest = rest[i+1:]
		word := strings.FieldsFunc(rest[:min(len(rest), 60)], func(r rune) bool { return unicode.IsSpace(r) })
		if unicode.IsLetter(before) || unicode.IsDigit(before) || len(word) == 0 || rest[0] == ' ' || rest[0] == '[' {
			continue
		}
		people, ok := found[word[0]]
		if !ok {
			var err error
			first := strings.TrimRightFunc(word[0], unicode.IsPunct)
			if people, err = c.Members.FindPeople(v, members.Filter{Query: first, Limit: 200}); err != nil {
				return "", err
			}
			found[word[0]] = people
		}
		if p, ok := named(people, rest); ok {
			out.WriteString("[" + p.Name + "](person:" + p.ID + ")")
			rest, before = rest[len(p.Name):], 'a'
		}
	}
}

// named finds the one person whose full name the text begins with.
func named(people []members.Person, text string) (best members.Person, ok bool) {
	for _, p := range people {
		if !strings.HasPrefix(text, p.Name) || len(p.Name) < len(best.Name) {
			continue
		}
		if after, _ := utf8.DecodeRuneInString(text[len(p.Name):]); unicode.IsLetter(after) {
			continue
		}
		ok = len(p.Name) > len(best.Name) // a second one of the same name, and it is nobody
		best = p
	}
	return best, ok
}
