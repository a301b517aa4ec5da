package markdown

import (
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
)

// Options are what rendering needs to know of the house. Either may be nil.
type Options struct {
	// Mention gives the name of a person who is mentioned by id, if the reader
	// may know it. The author's own spelling is not trusted.
	Mention func(id string) (name string, ok bool)
	// Ref gives the page and name of what a short id (CASE-7K3Q-2M9P) or a STIX id
	// (indicator--…) means, if the reader may know that it exists. The href is
	// trusted.
	Ref func(id string) (href, text string, ok bool)
}

// headingShift moves headings below those of the page: its h1 and the post's h2.
const headingShift = 2

// shortID is a kind and two groups of four: CASE-7K3Q-2M9P, TOPIC-…; or a type of
// STIX and a UUID: indicator--….
var shortID = regexp.MustCompile(`\b(?:[A-Z]{4,10}-[0-9A-Z]{4}-[0-9A-Z]{4}|[a-z][a-z0-9]*(?:-[a-z0-9]+)*--[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\b`)

// Render gives src as HTML. The error wraps ErrTooLong; nothing else fails.
func Render(src string, opts Options) (string, error) {
	doc, data, err := parse(src)
	if err != nil {
		return "", err
	}
	r := &renderer{src: data, opts: opts}
	r.children(doc)
	if r.out.Len() > maxOutput {
		return "", fmt.Errorf("%w: its page would exceed %d bytes", ErrTooLong, maxOutput)
	}
	return r.out.String(), nil
}

type renderer struct {
	src     []byte
	opts    Options
	out     strings.Builder
	inLink  bool
	inlines int // depth of emphasis
}

func (r *renderer) write(parts ...string) {
	for _, p := range parts {
		r.out.WriteString(p)
	}
}

func (r *renderer) children(n ast.Node) {
	for c := n.FirstChild(); c != nil && r.out.Len() <= maxOutput; c = c.NextSibling() {
		r.node(c)
	}
}

// wrap writes n's children between tags.
func (r *renderer) wrap(n ast.Node, tag string) {
	r.write("<", tag, ">")
	r.children(n)
	r.write("</", tag, ">")
}

// block is wrap, on a line of its own.
func (r *renderer) block(n ast.Node, tag string) {
	r.wrap(n, tag)
	r.write("\n")
}

// inline is wrap, but not without end.
func (r *renderer) inline(n ast.Node, tag string) {
	if r.inlines >= maxInlines {
		r.children(n)
		return
	}
	r.inlines++
	r.wrap(n, tag)
	r.inlines--
}

func (r *renderer) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.Paragraph:
		r.block(n, "p")
	case *ast.TextBlock:
		r.children(n)
		if n.NextSibling() != nil {
			r.write("\n")
		}
	case *ast.Heading:
		r.block(n, "h"+strconv.Itoa(min(n.Level+headingShift, 6)))
	case *ast.ThematicBreak:
		r.write("<hr>\n")
	case *ast.Blockquote:
		r.blockquote(n)
	case *ast.List:
		r.list(n)
	case *ast.ListItem:
		r.block(n, "li")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		r.write("<pre><code>", escape(lines(n, r.src)), "</code></pre>\n")
	case *extast.Table:
		r.table(n)
	case *ast.Text:
		r.text(n)
	case *ast.String:
		r.write(escape(string(n.Value)))
	case *ast.CodeSpan:
		r.write("<code>", escape(codeText(n, r.src)), "</code>")
	case *ast.Emphasis:
		if n.Level >= 2 {
			r.inline(n, "strong")
		} else {
			r.inline(n, "em")
		}
	case *extast.Strikethrough:
		r.inline(n, "del")
	case *extast.TaskCheckBox:
		// A picture, not a control: nothing happens when it is pressed.
		if n.IsChecked {
			r.write("☑ ")
		} else {
			r.write("☐ ")
		}
	case *ast.Link:
		if id, ok := mention(n, r.src); ok {
			r.mention(n, id)
			return
		}
		r.link(n, unescape(string(n.Destination)))
	case *ast.Image:
		// Never loaded: a link that says what it is.
		if r.inLink {
			r.children(n)
			return
		}
		r.link(n, unescape(string(n.Destination)))
	case *ast.AutoLink:
		r.autoLink(n)
	default:
		// Nothing else is parsed; were it, its text is all that may show.
		r.children(n)
	}
}

func (r *renderer) text(n *ast.Text) {
	s := string(n.Segment.Value(r.src))
	if link, ok := n.NextSibling().(*ast.Link); ok {
		if _, ok := mention(link, r.src); ok {
			s = strings.TrimSuffix(s, "@") // it is written with the name
		}
	}
	if !n.IsRaw() {
		s = unescape(s)
	}
	r.withRefs(s)
	if n.HardLineBreak() || n.SoftLineBreak() {
		r.write("<br>\n") // lines stay as they were typed
	}
}

// withRefs writes text with its ids as links, where they mean something.
func (r *renderer) withRefs(s string) {
	done := 0
	if r.opts.Ref != nil && !r.inLink {
		for _, at := range shortID.FindAllStringIndex(s, -1) {
			if at[0] > 0 && s[at[0]-1] == '-' || at[1] < len(s) && s[at[1]] == '-' {
				continue // part of something longer
			}
			if href, text, ok := r.opts.Ref(s[at[0]:at[1]]); ok {
				r.write(escape(s[done:at[0]]), `<a class="ref" href="`, html.EscapeString(href), `">`, escape(text), "</a>")
				done = at[1]
			}
		}
	}
	r.write(escape(s[done:]))
}

func (r *renderer) mention(n *ast.Link, id string) {
	if r.opts.Mention != nil {
		if name, ok := r.opts.Mention(id); ok {
			r.write(`<span class="mention">@`, escape(name), "</span>")
			return
		}
	}
	r.write("@", escape(plainText(n, r.src)))
}

func (r *renderer) link(n ast.Node, dest string) {
	t, ok := resolve(dest)
	if !ok || r.inLink {
		r.children(n)
		return
	}
	text := plainText(n, r.src)
	r.open(t)
	r.inLink = true
	if strings.TrimSpace(strip(text)) == "" {
		r.write(escape(t.href)) // a link must have something to press
		text = t.href
	} else {
		r.children(n)
	}
	r.inLink = false
	r.close(t, text)
}

func (r *renderer) autoLink(n *ast.AutoLink) {
	dest, label := unescape(string(n.URL(r.src))), unescape(string(n.Label(r.src)))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(dest), "mailto:") {
		dest = "mailto:" + dest
	}
	t, ok := resolve(dest)
	if !ok || r.inLink {
		r.write(escape(label))
		return
	}
	r.open(t)
	r.write(escape(label))
	r.close(t, label)
}

func (r *renderer) open(t target) {
	r.write(`<a href="`, html.EscapeString(t.href), `" rel="noopener noreferrer nofollow ugc">`)
}

func (r *renderer) close(t target, text string) {
	r.write("</a>")
	if !t.tells(text) {
		r.write(` <span class="host">(`, html.EscapeString(t.shown), ")</span>")
	}
}

func (r *renderer) list(n *ast.List) {
	if !n.IsOrdered() {
		r.write("<ul>\n")
		r.children(n)
		r.write("</ul>\n")
		return
	}
	if n.Start != 1 {
		r.write(`<ol start="`, strconv.Itoa(n.Start), "\">\n")
	} else {
		r.write("<ol>\n")
	}
	r.children(n)
	r.write("</ol>\n")
}

func (r *renderer) table(n *extast.Table) {
	// Wide tables scroll by themselves, also by keyboard.
	r.write(`<div class="table" role="region" aria-label="Table" tabindex="0"><table>`, "\n")
	body := false
	for row := n.FirstChild(); row != nil && r.out.Len() <= maxOutput; row = row.NextSibling() {
		cell := "td"
		if _, ok := row.(*extast.TableHeader); ok {
			cell = "th"
			r.write("<thead>")
		} else if !body {
			body = true
			r.write("<tbody>")
		}
		r.write("<tr>")
		for c := row.FirstChild(); c != nil; c = c.NextSibling() {
			class := ""
			if c, ok := c.(*extast.TableCell); ok {
				switch c.Alignment {
				case extast.AlignRight:
					class = ` class="right"`
				case extast.AlignCenter:
					class = ` class="center"`
				}
			}
			r.write("<", cell, class, ">")
			r.children(c)
			r.write("</", cell, ">")
		}
		r.write("</tr>")
		if cell == "th" {
			r.write("</thead>")
		}
		r.write("\n")
	}
	if body {
		r.write("</tbody>")
	}
	r.write("</table></div>\n")
}

// lines is a code block's content.
func lines(n ast.Node, src []byte) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		b.Write(seg.Value(src))
	}
	return b.String()
}

func codeText(n ast.Node, src []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.WriteString(strings.ReplaceAll(string(t.Segment.Value(src)), "\n", " "))
		}
	}
	return b.String()
}
