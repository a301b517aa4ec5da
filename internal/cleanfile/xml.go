package cleanfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// errXML says that a part is not the plain XML that documents are made of.
var errXML = errors.New("the part is not plain XML")

// tag is a start tag. Values are as written, with references.
type tag struct {
	name  string // with its prefix
	attrs []attr
	empty bool // <a/>
}

type attr struct{ name, value string }

// local is a name without its prefix: prefixes are the writer's choice.
func local(name string) string { return name[strings.IndexByte(name, ':')+1:] }

// attr returns a value by local name.
func (t *tag) attr(name string) string {
	for _, a := range t.attrs {
		if local(a.name) == name {
			return a.value
		}
	}
	return ""
}

// verdict is what becomes of an element.
type verdict int

const (
	keep  verdict = iota // as the rule left its tag
	drop                 // with all that is in it
	blank                // with a text of ours in place of all that is in it
)

// rules decide about a part; either may be nil.
type rules struct {
	element func(t *tag, parent string) (v verdict, text string) // may change t's attributes
	text    func(s string) string
}

// rewriter copies one part.
type rewriter struct {
	rules
	out    bytes.Buffer
	open   []string // names of the elements that are open
	hushed int      // how many are open since the one whose content is left out, itself included; 0 is none
}

// rewrite copies a part of a document and applies rules to its elements.
// Comments and processing instructions are dropped. Bytes that no rule touches
// stay as they are: an encoder would rename the prefixes that Office's
// compatibility rules refer to.
//
// The part must be well-formed UTF-8 XML without a document type; the standard
// library's decoder has checked that before anything is copied.
func rewrite(in []byte, depth int, r rules) ([]byte, error) {
	in = bytes.TrimPrefix(in, []byte("\ufeff"))
	if err := wellFormed(in, depth); err != nil {
		return nil, err
	}
	w := rewriter{rules: r}
	w.out.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n")
	for s := string(in); s != ""; {
		at := strings.IndexByte(s, '<')
		if at < 0 {
			at = len(s)
		}
		w.chars(s[:at])
		if s = s[at:]; s == "" {
			break
		}
		token, rest, ok := cut(s)
		if !ok || !w.token(token) {
			return nil, errXML
		}
		s = rest
	}
	if len(w.open) != 0 || w.hushed != 0 {
		return nil, errXML
	}
	return w.out.Bytes(), nil
}

// wellFormed reads a part with the standard library's decoder.
func wellFormed(in []byte, depth int) error {
	d := xml.NewDecoder(bytes.NewReader(in))
	open := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errXML
		}
		switch token.(type) {
		case xml.StartElement:
			if open++; open > depth {
				return errXML
			}
		case xml.EndElement:
			open--
		case xml.Directive:
			return errXML
		}
	}
}

// cut takes one piece of markup off the front of s.
func cut(s string) (token, rest string, ok bool) {
	end := ">"
	switch {
	case strings.HasPrefix(s, "<?"):
		end = "?>"
	case strings.HasPrefix(s, "<!--"):
		end = "-->"
	case strings.HasPrefix(s, "<![CDATA["):
		end = "]]>"
	case strings.HasPrefix(s, "<!"):
		return "", "", false
	default:
		quote := byte(0)
		for i := 1; i < len(s); i++ {
			switch c := s[i]; {
			case quote != 0 && c == quote:
				quote = 0
			case quote != 0:
			case c == '"' || c == '\'':
				quote = c
			case c == '>':
				return s[:i+1], s[i+1:], true
			case c == '<':
				return "", "", false
			}
		}
		return "", "", false
	}
	at := strings.Index(s, end)
	if at < 0 {
		return "", "", false
	}
	return s[:at+len(end)], s[at+len(end):], true
}

func (w *rewriter) chars(s string) {
	if w.hushed > 0 || len(w.open) == 0 {
		return
	}
	if w.text != nil && s != "" {
		s = w.text(s)
	}
	w.out.WriteString(s)
}

// token copies one piece of markup and reports whether it fits.
func (w *rewriter) token(s string) bool {
	switch {
	case strings.HasPrefix(s, "<![CDATA["):
		// As plain characters, which rules can read.
		w.chars(escape(s[len("<![CDATA[") : len(s)-len("]]>")]))
	case strings.HasPrefix(s, "<?"), strings.HasPrefix(s, "<!--"):
	case strings.HasPrefix(s, "</"):
		return w.end(s)
	default:
		t, ok := parseTag(s)
		if !ok {
			return false
		}
		w.start(t)
	}
	return true
}

func (w *rewriter) start(t *tag) {
	if !t.empty {
		parent := ""
		if len(w.open) > 0 {
			parent = local(w.open[len(w.open)-1])
		}
		w.open = append(w.open, t.name)
		if w.hushed > 0 {
			w.hushed++
			return
		}
		switch v, text := w.ask(t, parent); v {
		case keep:
			w.out.WriteString(t.String())
		case blank:
			w.out.WriteString(t.String() + escape(text) + "</" + t.name + ">")
			w.hushed = 1
		case drop:
			w.hushed = 1
		}
		return
	}
	if w.hushed > 0 {
		return
	}
	parent := ""
	if len(w.open) > 0 {
		parent = local(w.open[len(w.open)-1])
	}
	if v, _ := w.ask(t, parent); v != drop {
		w.out.WriteString(t.String())
	}
}

func (w *rewriter) ask(t *tag, parent string) (verdict, string) {
	if w.element == nil {
		return keep, ""
	}
	return w.element(t, parent)
}

func (w *rewriter) end(s string) bool {
	name := strings.TrimRight(s[2:len(s)-1], " \t\r\n")
	if len(w.open) == 0 || w.open[len(w.open)-1] != name {
		return false
	}
	w.open = w.open[:len(w.open)-1]
	if w.hushed > 0 {
		w.hushed--
		return true
	}
	w.out.WriteString("</" + name + ">")
	return true
}

// String writes the tag.
func (t *tag) String() string {
	var b strings.Builder
	b.WriteString("<" + t.name)
	for _, a := range t.attrs {
		b.WriteString(" " + a.name + `="` + strings.ReplaceAll(a.value, `"`, "&quot;") + `"`)
	}
	if t.empty {
		b.WriteByte('/')
	}
	b.WriteByte('>')
	return b.String()
}

// parseTag reads <name a="b" c='d'> or <name/>.
func parseTag(s string) (*tag, bool) {
	s = s[1 : len(s)-1]
	t := &tag{}
	if rest, ok := strings.CutSuffix(s, "/"); ok {
		s, t.empty = rest, true
	}
	const blanks = " \t\r\n"
	end := strings.IndexAny(s, blanks)
	if end < 0 {
		end = len(s)
	}
	if t.name, s = s[:end], s[end:]; t.name == "" {
		return nil, false
	}
	for {
		if s = strings.TrimLeft(s, blanks); s == "" {
			return t, true
		}
		name, value, ok := strings.Cut(s, "=")
		value = strings.TrimLeft(value, blanks)
		name = strings.TrimRight(name, blanks)
		if !ok || name == "" || strings.ContainsAny(name, blanks+`"'`) || value == "" || value[0] != '"' && value[0] != '\'' {
			return nil, false
		}
		value, s, ok = strings.Cut(value[1:], value[:1])
		if !ok || slices.ContainsFunc(t.attrs, func(a attr) bool { return a.name == name }) {
			return nil, false
		}
		t.attrs = append(t.attrs, attr{name, value})
	}
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}

// unescape reads the references of a value; an unknown one stays as it is.
func unescape(s string) string {
	var v struct {
		S string `xml:",chardata"`
	}
	if xml.Unmarshal([]byte("<a>"+strings.NewReplacer("<", "&lt;").Replace(s)+"</a>"), &v) != nil {
		return s
	}
	return v.S
}
