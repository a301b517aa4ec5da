package markdown

import (
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// Quote is a labelled quotation: a block quote whose first line is
//
//	> [!quote TLP:AMBER post_7k3q2m9p]
type Quote struct {
	TLP  string // as written: TLP:CLEAR, GREEN, AMBER, AMBER+STRICT or RED
	Post string // id of the post quoted; may be empty
}

var directive = regexp.MustCompile(`^\[!quote (TLP:(?:CLEAR|GREEN|AMBER\+STRICT|AMBER|RED))(?: (post_[A-Za-z0-9_-]{1,64}))?\]\s*$`)

// quoteOf reads a block quote's directive; end is where its line ends in src.
func quoteOf(n *ast.Blockquote, src []byte) (q Quote, end int, ok bool) {
	p, ok := n.FirstChild().(*ast.Paragraph)
	if !ok || p.Lines().Len() == 0 {
		return Quote{}, 0, false
	}
	first := p.Lines().At(0)
	m := directive.FindSubmatch(first.Value(src))
	if m == nil {
		return Quote{}, 0, false
	}
	return Quote{string(m[1]), string(m[2])}, first.Stop, true
}

// dropDirective takes the directive's own inlines out of its paragraph.
func dropDirective(n *ast.Blockquote, end int) {
	p := n.FirstChild()
	for c := p.FirstChild(); c != nil; {
		next := c.NextSibling()
		if start, ok := startOf(c); ok && start >= end {
			break
		}
		p.RemoveChild(p, c)
		c = next
	}
	if p.FirstChild() == nil {
		n.RemoveChild(n, p)
	}
}

// startOf is where the first text below n begins.
func startOf(n ast.Node) (int, bool) {
	if t, ok := n.(*ast.Text); ok {
		return t.Segment.Start, true
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if at, ok := startOf(c); ok {
			return at, true
		}
	}
	return 0, false
}

func (r *renderer) blockquote(n *ast.Blockquote) {
	q, end, ok := quoteOf(n, r.src)
	if !ok {
		r.write("<blockquote>\n")
		r.children(n)
		r.write("</blockquote>\n")
		return
	}
	dropDirective(n, end)
	class := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(q.TLP, "TLP:")), "+", "-")
	r.write(`<blockquote class="quote"><p class="quote-label"><span class="tlp tlp-`, class, `">`, q.TLP, "</span></p>\n")
	r.children(n)
	r.write("</blockquote>\n")
}
