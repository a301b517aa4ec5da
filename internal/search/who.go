package search

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/cordon-isao/cordon/policy"
)

// Beside its words an index holds the principals of a thing's audience, and a
// search asks for the viewer's own: what he cannot read is passed over inside the
// index, so a search costs him the same whether or not there is more that he
// cannot see (T-06). That is for speed only; what decides is that the thing is
// read as visible.

// FTS5For asks an FTS5 table with the columns words and who for the words among
// what the viewer's principals reach.
func (q Query) FTS5For(v policy.Viewer) string {
	text := `words : (` + q.FTS5() + `)`
	if v.IsSystem() {
		return text
	}
	var who []string
	for _, p := range v.Principals().Members() {
		who = append(who, `"`+whoToken(p)+`"`)
	}
	if len(who) == 0 {
		who = []string{`"nobody"`}
	}
	return text + ` AND who : (` + strings.Join(who, ` OR `) + `)`
}

// WhoTSQuery asks a tsvector for what the viewer's principals reach.
func WhoTSQuery(v policy.Viewer) string {
	var who []string
	for _, p := range v.Principals().Members() {
		who = append(who, `'`+whoLexeme(p)+`'`)
	}
	return strings.Join(who, ` | `)
}

// WhoTokens is the principals of an audience as words for FTS5's tokenizer.
func WhoTokens(a policy.Audience) string {
	var who []string
	for _, p := range a.Members() {
		who = append(who, whoToken(p))
	}
	return strings.Join(who, " ")
}

// WhoLexemes is the principals of an audience as lexemes that no text can bring:
// words have no colon.
func WhoLexemes(a policy.Audience) []string {
	var who []string
	for _, p := range a.Members() {
		who = append(who, whoLexeme(p))
	}
	return who
}

// whoToken is a principal as one word of [a-z0-9].
func whoToken(p policy.Principal) string {
	h := sha256.Sum256([]byte(p))
	return "w" + hex.EncodeToString(h[:12])
}

func whoLexeme(p policy.Principal) string { return "who:" + whoToken(p) }
