package cleanfile

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// formatted are beginnings of what is text to a computer but not to a person,
// and carries properties that nobody sees. They are compared in lower case after
// blanks, an XML declaration and comments.
var formatted = []struct{ begins, why string }{
	{"{\\rtf", "RTF carries its author's name and cannot be cleaned here: save it as docx or plain text."},
	{"%!ps", "PostScript cannot be cleaned here: send pictures or text."},
	{"<svg", "SVG carries properties and cannot be cleaned here: send it as PNG."},
	{"<!doctype", "A web page cannot be cleaned here: send a picture of it, or its text."},
	{"<html", "A web page cannot be cleaned here: send a picture of it, or its text."},
	{"<office:document", "Flat OpenDocument files cannot be cleaned here: save it as odt, ods or odp."},
	{"<?mso-application", "Office XML in one file cannot be cleaned here: save it as docx or xlsx."},
	{"<w:worddocument", "Office XML in one file cannot be cleaned here: save it as docx."},
	{"<pkg:package", "Office XML in one file cannot be cleaned here: save it as docx."},
	{"<workbook", "Office XML in one file cannot be cleaned here: save it as xlsx."},
}

// cleanText lets plain text pass: it tells nothing but what it says.
func cleanText(data []byte, name, media string) (Cleaned, error) {
	if !utf8.Valid(data) || bytes.ContainsFunc(data, hidden) {
		return Cleaned{}, refuse("Files of this kind cannot be cleaned here: send pictures, text in UTF-8, or an Office or OpenDocument file, or say that it may be kept as it is.")
	}
	begins := start(data)
	for _, f := range formatted {
		if strings.HasPrefix(begins, f.begins) {
			return Cleaned{}, refuse("%s", f.why)
		}
	}
	ext := ending(name)
	media, _, _ = strings.Cut(strings.ToLower(media), ";")
	media = strings.TrimSpace(media)
	if ext == "eml" || media == "message/rfc822" {
		return Cleaned{}, refuse("A mail tells who sent it, when and from where: send its text.")
	}
	out := Cleaned{Body: data, Media: "text/plain"}
	switch {
	case ext == "csv" || media == "text/csv":
		out.Media = "text/csv"
	case ext == "json" || media == "application/json":
		out.Media = "application/json"
	case ext == "xml" || media == "application/xml" || media == "text/xml":
		out.Media = "application/xml"
	}
	return out, nil
}

// hidden are control characters that plain text does not have; escape colours
// logs.
func hidden(c rune) bool {
	return c < ' ' && !strings.ContainsRune("\t\n\r\f\x1b", c)
}

// start is the beginning of a text in lower case, without a byte order mark,
// blanks, XML declarations and comments.
func start(data []byte) string {
	s := strings.TrimPrefix(string(data), "\ufeff")
	for {
		s = strings.TrimLeft(s, " \t\r\n\f")
		end := ""
		switch {
		case strings.HasPrefix(s, "<?xml"):
			end = "?>"
		case strings.HasPrefix(s, "<!--"):
			end = "-->"
		}
		at := strings.Index(s, end)
		if end == "" || at < 0 {
			return strings.ToLower(s[:min(len(s), 64)])
		}
		s = s[at+len(end):]
	}
}
