package cleanfile

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// Parts of Office documents that are left out: nothing of what is seen depends
// on them. Names are in lower case.
var officeDropped = []struct{ contains, what string }{
	{"docprops/", notedProperties},
	{"customxml/", "data that programs attached to the document"},
	{"docmetadata/", "labels of the author's organization"},
	{"/printersettings/", "printer settings"},
	{"word/people.xml", notedNames},
	{"word/commentsids.xml", notedNames},
	{"word/commentsextended.xml", notedNames},
	{"word/commentsextensible.xml", notedNames},
	{"xl/revisions/", notedNames},
	{"ppt/changesinfos/", notedNames},
	{"ppt/revisioninfo.xml", notedRevisions},
	{"ppt/tags/", "data that programs attached to the document"},
	{"/thumbnail", "the thumbnail"},
	{"_xmlsignatures/", "signatures, which name the signer"},
}

// officeKinds are the documents that are cleaned; in [Content_Types].xml the
// main part's type is one of these followed by ".main+xml".
var officeKinds = []string{"wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation"}

// office is an Office document that is being cleaned.
type office struct {
	*bundle
	gone  map[string]bool // parts left out, in lower case
	known people
}

// cleanOOXML cleans an Office document (ECMA-376) and returns its media type.
func (b *bundle) cleanOOXML() (string, error) {
	o := &office{bundle: b, gone: map[string]bool{}}
	types := string(b.parts[b.find("[content_types].xml")].data)
	media := ""
	for _, kind := range officeKinds {
		if strings.Contains(types, ooxml+kind+".main+xml") {
			media = ooxml + kind
		}
	}
	if media == "" {
		return "", refuse("Only docx, xlsx and pptx files without macros can be cleaned here.")
	}
	if err := o.collect(); err != nil {
		return "", err
	}
	o.leaveOut()
	for i := range b.parts {
		if err := o.clean(&b.parts[i]); err != nil {
			return "", err
		}
	}
	return media, nil
}

// leaveOut takes whole parts out.
func (o *office) leaveOut() {
	o.parts = slices.DeleteFunc(o.parts, func(p part) bool {
		lower := strings.ToLower(p.name)
		for _, d := range officeDropped {
			if strings.Contains(lower, d.contains) || strings.HasPrefix("/"+lower, d.contains) {
				o.gone[lower] = true
				o.note(d.what)
				return true
			}
		}
		return false
	})
}

// collect learns the names that must not stay in comments.
func (o *office) collect() error {
	for _, p := range o.parts {
		if !isXML(p.name) {
			continue
		}
		lower := strings.ToLower(p.name)
		properties := strings.HasPrefix(lower, "docprops/")
		wanted := ""
		_, err := rewrite(p.data, o.limits.Depth, rules{
			element: func(t *tag, parent string) (verdict, string) {
				wanted = ""
				switch name := local(t.name); {
				case properties && slices.Contains([]string{"creator", "lastModifiedBy", "Company", "Manager"}, name), name == "author" && parent == "authors":
					wanted = name
				}
				for _, a := range t.attrs {
					switch local(a.name) {
					case "author", "userName", "refreshedBy":
						o.known.add(a.value)
					case "displayName":
						if local(t.name) == "person" {
							o.known.add(a.value)
						}
					}
				}
				return keep, ""
			},
			text: func(s string) string {
				if wanted != "" {
					o.known.add(s)
				}
				wanted = ""
				return s
			},
		})
		if err != nil {
			return refuse(oddArchive)
		}
	}
	slices.SortFunc(o.known, func(x, y string) int { return len(y) - len(x) })
	return nil
}

func isXML(name string) bool {
	e := ending(name)
	return e == "xml" || e == "rels" || e == "vml"
}

// clean cleans one part that stays.
func (o *office) clean(p *part) error {
	lower := strings.ToLower(p.name)
	switch {
	case lower == "[content_types].xml":
		return o.xml(p, rules{element: o.contentType})
	case ending(lower) == "rels":
		from := path.Dir(path.Dir(lower))
		return o.xml(p, rules{element: func(t *tag, _ string) (verdict, string) { return o.relationship(from, t) }})
	case isXML(lower):
		r := rules{element: func(t *tag, parent string) (verdict, string) { return o.element(lower, t, parent) }}
		if strings.HasPrefix(lower, "xl/comments") { // Excel begins a comment with its author's name
			r.text = o.hide
		}
		return o.xml(p, r)
	case strings.Contains(lower, "/media/"):
		return o.image(p)
	case strings.Contains(lower, "/embeddings/") && slices.Contains([]string{"docx", "xlsx", "pptx"}, ending(lower)):
		return o.embedded(p)
	}
	return refuse("The document holds something that cannot be cleaned here (macros, embedded programs, fonts or drawings of another program): take it out, or send pictures or text.")
}

func (o *office) hide(s string) string {
	out := o.known.hide(s)
	if out != s {
		o.note(notedNames)
	}
	return out
}

// embedded cleans a document in this one, such as the sheet behind a chart.
func (o *office) embedded(p *part) error {
	if o.nested == maxNested {
		return refuse("The document holds documents in documents too deeply.")
	}
	inner, err := cleanNested(p.data, o.limits, o.nested+1, o.left)
	if err != nil {
		return err
	}
	p.data = inner.Body
	for _, what := range inner.Removed {
		o.note(what)
	}
	return nil
}

// contentType leaves out the types of parts that are gone.
func (o *office) contentType(t *tag, _ string) (verdict, string) {
	if local(t.name) == "Override" && o.gone[partName("", t.attr("PartName"))] {
		return drop, ""
	}
	return keep, ""
}

// relationship leaves out links to parts that are gone and hides where files
// on the author's computer are. from is the folder of the part that links.
func (o *office) relationship(from string, t *tag) (verdict, string) {
	if local(t.name) != "Relationship" {
		return keep, ""
	}
	if strings.EqualFold(t.attr("TargetMode"), "External") {
		for i, a := range t.attrs {
			if a.name == "Target" && onDisk(a.value) {
				t.attrs[i].value = "removed"
				o.note(notedPaths)
			}
		}
		return keep, ""
	}
	if o.gone[partName(from, t.attr("Target"))] {
		return drop, ""
	}
	return keep, ""
}

// partName resolves a link's target in a folder; in lower case, without a slash
// in front.
func partName(from, target string) string {
	target = unescape(target)
	if plain, err := url.PathUnescape(target); err == nil {
		target = plain
	}
	if !strings.HasPrefix(target, "/") {
		target = from + "/" + target
	}
	return strings.TrimPrefix(path.Clean("/"+strings.ToLower(target)), "/")
}

// officeElements are elements that are left out wherever they stand.
var officeElements = map[string]string{
	"rsids": notedRevisions, "rsidRoot": notedRevisions, "rsid": notedRevisions, "docId": notedRevisions,
	"creationId": notedRevisions, "modifyId": notedRevisions, "revisionPtr": notedRevisions, "fileVersion": notedRevisions,
	"attachedTemplate": notedPaths, "absPath": notedPaths, "saveThroughXslt": notedPaths, "mailMerge": notedPaths,
	"docVars": "data that programs attached to the document", "dataBinding": "data that programs attached to the document",
	"custDataLst": "data that programs attached to the document", "fileSharing": notedNames,
}

// element is the rule for the elements of all other parts.
func (o *office) element(in string, t *tag, parent string) (verdict, string) {
	name := local(t.name)
	if what, ok := officeElements[name]; ok {
		o.note(what)
		return drop, ""
	}
	t.attrs = slices.DeleteFunc(t.attrs, func(a attr) bool {
		what := droppedAttr(in, name, a.name)
		if what != "" {
			o.note(what)
		}
		return what != ""
	})
	for i, a := range t.attrs {
		if value, what, ok := neutral(in, name, a); ok && value != a.value {
			t.attrs[i].value = value
			o.note(what)
		}
	}
	if name == "author" && parent == "authors" {
		o.note(notedNames)
		return blank, somebody
	}
	return keep, ""
}

// droppedAttr says why an attribute is left out, or "".
func droppedAttr(in, element, name string) string {
	prefix, _, _ := strings.Cut(name, ":")
	switch n := local(name); {
	case strings.HasPrefix(n, "rsid"), n == "paraId", n == "textId", n == "uid" && strings.HasPrefix(prefix, "xr"):
		return notedRevisions
	case n == "dateUtc", n == "dT", strings.HasPrefix(n, "refreshedDate"), n == "refreshedBy",
		n == "date" && strings.HasPrefix(in, "word/"), n == "dt" && element == "cm":
		return notedNames
	case n == "title" && element == "imagedata", n == "gfxdata":
		return notedPaths
	case n == "id" && prefix != n && element == "pageSetup":
		return "printer settings"
	}
	return ""
}

// neutral is what an attribute says instead, and why; ok is false if it stays.
func neutral(in, element string, a attr) (value, why string, ok bool) {
	person := element == "person" || element == "cmAuthor" || element == "author"
	switch n := local(a.name); {
	case n == "author", n == "displayName" && person, n == "userName", n == "name" && person:
		return somebody, notedNames, true
	case n == "initials":
		return "A", notedNames, true
	case n == "userId" && person:
		return somebody, notedNames, true
	case n == "providerId" && person:
		return "None", notedNames, true
	case n == "created" && element == "cm", n == "created" && element == "reply":
		return noTime, notedNames, true
	case element == "tag" && n == "val" && strings.HasPrefix(in, "ppt/"):
		return "", "data that programs attached to the document", true
	case (element == "cNvPr" || element == "docPr") && n == "name" && fileName(a.value):
		return "Picture", notedPaths, true
	case (element == "cNvPr" || element == "docPr") && (n == "descr" || n == "title") && strings.Contains(a.value, `:\`):
		return "", notedPaths, true
	case in == "xl/connections.xml" && slices.Contains([]string{"connection", "command", "sourceFile", "odcFile", "description", "url", "serverCommand"}, n):
		return "", notedPaths, true
	}
	return "", "", false
}
