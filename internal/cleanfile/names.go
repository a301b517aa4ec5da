package cleanfile

import (
	"slices"
	"strings"
)

const (
	somebody = "Author"              // in place of every name
	noTime   = "2000-01-01T00:00:00" // in place of a time that must be there
)

const (
	notedProperties = "the document's properties, such as author, company, dates and editing time"
	notedNames      = "the names and dates of comments and changes"
	notedRevisions  = "revision marks that tell which parts were written together"
	notedPaths      = "names and paths of files on the author's computer"
)

// people collects the names that a document's properties and marks hold, so
// that they can be taken out of comments, where Excel writes them as text.
type people []string

func (p *people) add(raw string) {
	name := strings.TrimSpace(unescape(raw))
	if len(name) >= 3 && name != somebody && !slices.Contains(*p, name) {
		*p = append(*p, name)
	}
}

// hide takes the collected names out of a text of XML, longest first.
func (p people) hide(s string) string {
	for _, name := range p {
		s = strings.ReplaceAll(s, escape(name), somebody)
		s = strings.ReplaceAll(s, name, somebody)
	}
	return s
}

// fileName reports whether a picture's name in a document looks like that of
// the file it came from.
func fileName(s string) bool {
	return strings.ContainsAny(s, `./\`)
}

// onDisk reports whether a link's target is a file on somebody's computer or
// network.
func onDisk(target string) bool {
	t := strings.ToLower(unescape(target))
	web := strings.HasPrefix(t, "http:") || strings.HasPrefix(t, "https:") || strings.HasPrefix(t, "mailto:") || strings.HasPrefix(t, "#")
	return !web
}
