package web

import (
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/markdown"
	"github.com/cordon-isao/cordon/policy"
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

// relabelStep says that a label waits for a second person, and lets the reader
// decide, or take back what he asked himself.
func (c *Ctx) relabelStep(r forum.Relabel) ui.Step {
	what := "this topic"
	if r.Post != "" {
		what = "a post here"
	}
	s := ui.Step{Kind: "warn", Sentence: r.By.Name + " asks to share " + what + " with more people, as " + r.To.TLP.String() + ".", Detail: r.Why}
	switch {
	case r.By.Person == c.Viewer.Person:
		s.Sentence = "You asked to share " + what + " with more people, as " + r.To.TLP.String() + "."
		s.Detail = "It waits for a second person of your organization, or the desk."
		s.Button, s.Href, s.Method = "Take the request back", "/approvals/"+r.ID+"/withdraw", "post"
	case c.Viewer.May(policy.MayApprove) && (r.By.Org == c.Viewer.Org || c.Viewer.HasRole(policy.RoleDesk)):
		s.Button, s.Href = "Decide", "/approvals#"+r.ID
	}
	return s
}
