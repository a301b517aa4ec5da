// Package markdown turns what people write into HTML that cannot hurt readers.
//
// goldmark parses (CommonMark, with GFM tables, strikethrough, task lists and
// autolinks); raw HTML is not parsed at all. The HTML is written here, node by
// node, from a closed list of tags and attributes, so nothing that is not named
// in render.go can come out, whatever goes in.
//
// Beyond markup there is deception: a link always shows the host it leads to,
// in ASCII, unless its text is that very address; characters that cannot be
// seen, or that turn text around, are shown by name; images become links, so
// that no page loads anything from elsewhere.
//
// Input size, nesting, tables and output are bounded, and with them time.
package markdown
