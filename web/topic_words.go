package web

import (
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/web/ui"
)

// firstWords is the beginning of a Markdown text as plain words, at most n
// characters, cut between words.
func firstWords(body string, n int) string {
	text := strings.Join(strings.Fields(markdown.Text(body)), " ")
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	cut := string([]rune(text)[:n])
	if i := strings.LastIndexByte(cut, ' '); i > n/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func reopenButton(x topicView) string {
	if x.Member {
		return "Reopen"
	}
	return ""
}

// relabelStep says that a label waits for a second person.
func relabelStep(r forum.Relabel, decide bool) ui.Step {
	what := "this topic"
	if r.Post != "" {
		what = "a post here"
	}
	s := ui.Step{Kind: "warn", Sentence: r.By.Name + " asks to share " + what + " as " + r.To.TLP.String() + ".", Detail: r.Why}
	if decide {
		s.Button, s.Href = "Decide", "/approvals#"+r.ID
	} else if s.Detail == "" {
		s.Detail = "It waits for a second person."
	}
	return s
}
