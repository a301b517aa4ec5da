package cleanfile

import (
	"slices"
	"strings"
)

// odfDropped are parts that are left out, by the beginning of their names.
var odfDropped = []struct{ begins, what string }{
	{"meta.xml", notedProperties},
	{"settings.xml", "printer and view settings"},
	{"Thumbnails/", "the thumbnail"},
	{"Configurations2/", "settings of the author's program"},
	{"layout-cache", "settings of the author's program"},
	{"manifest.rdf", notedProperties},
	{"META-INF/documentsignatures.xml", "signatures, which name the signer"},
	{"META-INF/macrosignatures.xml", "signatures, which name the signer"},
	{"ObjectReplacements/", "previews of embedded objects"},
}

// odfTexts are elements whose text is a name or a date, and what stands there
// instead.
var odfTexts = map[string]string{
	"creator": somebody, "initial-creator": somebody, "author-name": somebody, "creator-initials": "A", "author-initials": "A",
	"date": noTime, "date-string": noTime, "print-date": noTime, "printed-by": somebody,
}

// cleanODF cleans an OpenDocument file (ODF 1.3) and returns its media type.
func (b *bundle) cleanODF() (string, error) {
	media := string(b.parts[b.find("mimetype")].data)
	if extensions[media] == "" || !strings.HasPrefix(media, odf) {
		return "", refuse("Only odt, ods, odp and odg files can be cleaned here.")
	}
	b.parts = slices.DeleteFunc(b.parts, func(p part) bool {
		what := odfGone(p.name)
		if what != "" {
			b.note(what)
		}
		return what != ""
	})
	for i := range b.parts {
		p := &b.parts[i]
		var err error
		switch name := strings.ToLower(p.name); {
		case name == "mimetype":
		case name == "meta-inf/manifest.xml":
			if strings.Contains(string(p.data), "encryption-data") {
				return "", refuse("The document has a password: save it without one.")
			}
			err = b.xml(p, rules{element: b.manifestEntry})
		case slices.Contains([]string{"content.xml", "styles.xml"}, name[strings.LastIndexByte(name, '/')+1:]):
			err = b.xml(p, rules{element: b.odfElement})
		case strings.HasPrefix(name, "pictures/"), strings.HasPrefix(name, "media/"):
			err = b.image(p)
		default:
			err = refuse("The document holds something that cannot be cleaned here (macros, fonts or objects of another program): take it out, or send pictures or text.")
		}
		if err != nil {
			return "", err
		}
	}
	return media, nil
}

// odfGone says why a part is left out, or "". Objects in a document have parts
// of the same names in folders of their own.
func odfGone(name string) string {
	for _, d := range odfDropped {
		if strings.HasPrefix(name, d.begins) {
			return d.what
		}
		if !strings.HasSuffix(d.begins, "/") && strings.HasSuffix(name, "/"+d.begins) {
			return d.what
		}
	}
	return ""
}

func (b *bundle) manifestEntry(t *tag, _ string) (verdict, string) {
	if local(t.name) == "file-entry" && odfGone(unescape(t.attr("full-path"))) != "" {
		return drop, ""
	}
	return keep, ""
}

// odfElement is the rule for content and styles.
func (b *bundle) odfElement(t *tag, parent string) (verdict, string) {
	name := local(t.name)
	prefix, _, _ := strings.Cut(t.name, ":")
	if name == "scripts" && prefix == "office" {
		return drop, ""
	}
	t.attrs = slices.DeleteFunc(t.attrs, func(a attr) bool {
		n := local(a.name)
		gone := n == "rsid" || n == "paragraph-rsid"
		if gone {
			b.note(notedRevisions)
		}
		return gone
	})
	for i, a := range t.attrs {
		switch n := local(a.name); {
		case n == "href" && (strings.HasPrefix(a.value, "file:") || strings.HasPrefix(a.value, "/") || strings.HasPrefix(a.value, "..")):
			t.attrs[i].value = "removed"
			b.note(notedPaths)
		case n == "name" && prefix == "draw" && fileName(a.value):
			t.attrs[i].value = "Picture"
			b.note(notedPaths)
		}
	}
	// <text:date> is a date that is seen; <dc:date> is when a comment was made.
	seen := prefix == "text" && (name == "date" || name == "print-date")
	if text, ok := odfTexts[name]; ok && !seen || prefix == "text" && strings.HasPrefix(name, "sender-") {
		if !ok {
			text = somebody
		}
		b.note(notedNames)
		return blank, text
	}
	return keep, ""
}
