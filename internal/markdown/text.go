package markdown

import (
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// Mentions lists the ids of the persons that src mentions with
// @[Name](person:person_…), once each, in order of appearance. A source that
// cannot be rendered mentions nobody.
func Mentions(src string) []string {
	doc, data, err := parse(src)
	if err != nil {
		return nil
	}
	var ids []string
	seen := map[string]bool{}
	each(doc, func(n ast.Node) {
		if link, ok := n.(*ast.Link); ok {
			if id, ok := mention(link, data); ok && !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	})
	return ids
}

// Quotes lists the labelled quotations in src, in order of appearance.
func Quotes(src string) []Quote {
	doc, data, err := parse(src)
	if err != nil {
		return nil
	}
	var quotes []Quote
	each(doc, func(n ast.Node) {
		if b, ok := n.(*ast.Blockquote); ok {
			if q, _, ok := quoteOf(b, data); ok {
				quotes = append(quotes, q)
			}
		}
	})
	return quotes
}

// Text is src without markup and invisible characters, a line for each block,
// for searching and snippets. It is plain text, not HTML. A source that cannot
// be rendered is given as it is, so that it can still be found.
func Text(src string) string {
	doc, data, err := parse(src)
	if err != nil {
		return strip(src)
	}
	each(doc, func(n ast.Node) {
		if b, ok := n.(*ast.Blockquote); ok {
			if _, end, ok := quoteOf(b, data); ok {
				dropDirective(b, end)
			}
		}
	})
	var b strings.Builder
	appendText(&b, doc, data)
	return strings.TrimSpace(strip(b.String()))
}

// each visits n and all below it.
func each(n ast.Node, visit func(ast.Node)) {
	visit(n)
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		each(c, visit)
	}
}

// mention reads a link as a mention: an @ right before it, a person behind it.
func mention(n *ast.Link, src []byte) (id string, ok bool) {
	m := personRef.FindSubmatch(n.Destination)
	if m == nil {
		return "", false
	}
	before, ok := n.PreviousSibling().(*ast.Text)
	if !ok || before.SoftLineBreak() || before.HardLineBreak() || before.Segment.Len() == 0 || src[before.Segment.Stop-1] != '@' {
		return "", false
	}
	return string(m[1]), true
}

func plainText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		appendText(&b, c, src)
	}
	return b.String()
}

func appendText(b *strings.Builder, n ast.Node, src []byte) {
	switch n := n.(type) {
	case *ast.Text:
		s := string(n.Segment.Value(src))
		if !n.IsRaw() {
			s = unescape(s)
		}
		b.WriteString(s)
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteString("\n")
		}
	case *ast.String:
		b.Write(n.Value)
	case *ast.AutoLink:
		b.WriteString(unescape(string(n.Label(src))))
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		b.WriteString(lines(n, src))
		b.WriteString("\n")
	default:
		for c := n.FirstChild(); c != nil; c = c.NextSibling() {
			appendText(b, c, src)
		}
		switch n.(type) {
		case *extast.TableCell:
			b.WriteString(" ")
		default:
			if n.Type() == ast.TypeBlock && n.Kind() != ast.KindDocument && b.Len() > 0 && b.String()[b.Len()-1] != '\n' {
				b.WriteString("\n")
			}
		}
	}
}
