package cleanfile

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func mustClean(t testing.TB, data []byte, name, media string) Cleaned {
	t.Helper()
	out, err := Clean(bytes.NewReader(data), name, media, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// T-46: pictures keep their pixels and nothing else.
func TestImages(t *testing.T) {
	for _, c := range []struct {
		data        []byte
		media, name string
	}{
		{jpegGPS(t), "image/jpeg", "attachment-1.jpg"}, {pngText(t), "image/png", "attachment-1.png"}, {gifComment(t), "image/gif", "attachment-1.gif"},
	} {
		if !bytes.Contains(c.data, []byte(canary)) {
			t.Fatalf("%s: no canary was planted", c.name)
		}
		out := mustClean(t, c.data, "CANARY ward 3.exe", "application/x-lie")
		if bytes.Contains(out.Body, []byte(canary)) || out.Media != c.media || out.Name != c.name || len(out.Removed) == 0 {
			t.Errorf("%s: %s, %s, %q", c.name, out.Name, out.Media, out.Removed)
		}
		img, _, err := image.Decode(bytes.NewReader(out.Body))
		if err != nil || img.Bounds().Dx() != 30 || img.Bounds().Dy() != 20 {
			t.Fatalf("%s: %v", c.name, err)
		}
		if r, g, _, _ := img.At(3, 10).RGBA(); r < 0xa000 || g > 0x3000 {
			t.Errorf("%s: the left half is not red", c.name)
		}
		if _, g, _, _ := img.At(26, 10).RGBA(); g < 0xe000 {
			t.Errorf("%s: the right half is not white", c.name)
		}
	}
}

// T-46: documents keep what is read and lose what tells of their author.
func TestDocuments(t *testing.T) {
	for _, c := range []struct {
		name  string
		data  []byte
		media string
		kept  map[string][]string // by part
		gone  []string            // parts
	}{
		{"a.docx", docx(t), ooxml + "wordprocessingml.document", map[string][]string{
			"word/document.xml":            {`The pump answers 3 &lt; 4 &amp; stops. `, `xml:space="preserve"`, `&lt;kept&gt;`, `<w:ins w:id="1" w:author="Author">`, `mc:Ignorable="w14"`},
			"word/comments.xml":            {"Is this so?", `w:initials="A"`},
			"word/settings.xml":            {`w:percent="100"`},
			"word/_rels/document.xml.rels": {"https://example.org/a?b=c&amp;d=e", "media/image1.jpeg"},
			"[Content_Types].xml":          {"/word/document.xml"},
			"_rels/.rels":                  {"word/document.xml"},
		}, []string{"docProps/", "customXml", "word/people.xml"}},
		{"a.xlsx", xlsx(t), ooxml + "spreadsheetml.sheet", map[string][]string{
			"xl/worksheets/sheet1.xml":                 {"flow rate", `orientation="portrait"`},
			"xl/workbook.xml":                          {"Pumps"},
			"xl/comments1.xml":                         {"ml per hour", "<author>Author</author>", "Author:"},
			"xl/tables/table1.xml":                     {`displayName="Rates"`},
			"xl/persons/person.xml":                    {`id="{1}"`},
			"xl/threadedComments/threadedComment1.xml": {"still so?", `personId="{1}"`},
			"xl/pivotCache/pivotCacheDefinition1.xml":  {`recordCount="2"`},
		}, []string{"printerSettings", "docProps"}},
		{"a.pptx", pptx(t), ooxml + "presentationml.presentation", map[string][]string{
			"ppt/slides/slide1.xml":     {"Reach of the pump"},
			"ppt/comments/comment1.xml": {"why?", `authorId="1"`},
			"ppt/embeddings/Microsoft_Excel_Sheet.xlsx/xl/worksheets/sheet1.xml": {"flow rate"},
		}, []string{"ppt/tags", "changesInfo", "custData", "printerSettings"}},
		{"a.odt", odt(t), odf + "text", map[string][]string{
			"content.xml":           {"The pump stops on <text:date>5 March</text:date>.", "Is this so?", "<dc:creator>Author</dc:creator>", "Pictures/1.jpg"},
			"META-INF/manifest.xml": {"content.xml"},
			"mimetype":              {odf + "text"},
		}, []string{"meta.xml", "settings.xml", "Thumbnails", "Configurations2", "manifest.rdf"}},
	} {
		out := mustClean(t, c.data, c.name, "")
		if out.Media != c.media || out.Name != "attachment-1."+ending(c.name) || !slices.IsSorted(out.Removed) || len(out.Removed) < 4 {
			t.Errorf("%s: %s, %s, %q", c.name, out.Media, out.Name, out.Removed)
		}
		parts := unpacked(t, out.Body)
		for name, text := range parts {
			if strings.Contains(text, canary) || strings.Contains(name, canary) {
				t.Errorf("%s: a canary lives in %s: %.600s", c.name, name, text)
			}
			for _, gone := range c.gone {
				if strings.Contains(name, gone) || strings.HasSuffix(name, ".rels") && strings.Contains(text, gone) || name == "[Content_Types].xml" && strings.Contains(text, gone) || name == "META-INF/manifest.xml" && strings.Contains(text, `"`+gone) {
					t.Errorf("%s: %s is still in %s", c.name, gone, name)
				}
			}
		}
		for name, texts := range c.kept {
			for _, text := range texts {
				if !strings.Contains(parts[name], text) {
					t.Errorf("%s: %s has lost %q: %s", c.name, name, text, parts[name])
				}
			}
		}
		if strings.Contains(parts["xl/worksheets/sheet1.xml"], "r:id") {
			t.Errorf("%s: the sheet still links to printer settings that are gone", c.name)
		}
		// The same document made at another time gives the same bytes, and what is
		// clean stays as it is.
		if again := mustClean(t, out.Body, c.name, ""); c.name == "a.xlsx" && !bytes.Equal(again.Body, out.Body) {
			t.Errorf("%s: cleaning what is clean changes it", c.name)
		}
	}
	z, err := zip.NewReader(bytes.NewReader(mustClean(t, odt(t), "", "").Body), int64(len(mustClean(t, odt(t), "", "").Body)))
	if err != nil || z.File[0].Name != "mimetype" || z.File[0].Method != zip.Store {
		t.Errorf("an odt does not begin with its plain mimetype: %v", err)
	}
}

func TestTexts(t *testing.T) {
	for _, c := range []struct{ name, media, body, want string }{
		{"notes.txt", "", "The pump stops.\r\n\x1b[31mred\x1b[0m\n", "text/plain"}, {"x.csv", "", "a,b\n", "text/csv"},
		{"x", "text/csv; charset=utf-8", "a,b\n", "text/csv"}, {"x.JSON", "", "{}", "application/json"}, {"x.xml", "", "<a/>", "application/xml"},
		{"x.log", "application/octet-stream", "Nov 3 10:00 ok", "text/plain"}, {"", "", "", "text/plain"},
	} {
		out := mustClean(t, []byte(c.body), c.name, c.media)
		if out.Media != c.want || string(out.Body) != c.body || len(out.Removed) != 0 {
			t.Errorf("%s: %+v", c.name, out)
		}
	}
}

// What cannot be cleaned is refused with a whole sentence, never passed on.
func TestRefused(t *testing.T) {
	refusals := map[string][]byte{
		"a.pdf": []byte("%PDF-1.7\n"), "late.pdf": []byte("\n\n%PDF-1.4"), "a.doc": []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
		"a.pcap": []byte("\xd4\xc3\xb2\xa1\x02\x00"), "a.pcapng": []byte("\x0a\x0d\x0d\x0a\x1c\x00"), "a.exe": []byte("MZ\x90\x00"),
		"utf16.txt": []byte("\xff\xfea\x00"), "nul.txt": []byte("a\x00b"), "a.rtf": []byte(`{\rtf1{\info{\author X}}}`), "a.ps": []byte("%!PS-Adobe"),
		"a.svg": []byte("\ufeff<?xml version='1.0'?>\n<!-- x --><svg/>"), "a.html": []byte("<!DOCTYPE html>"), "a.fodt": []byte("<?xml?><office:document/>"),
		"mail.eml": []byte("From: a"), "damaged.png": []byte("\x89PNG\r\n\x1a\nxx"), "damaged.zip": []byte("PK\x03\x04xx"),
		"a.zip":       zipped(t, "a.txt", "x"),
		"macros.docm": zipped(t, "[Content_Types].xml", types+`<Override PartName="/word/document.xml" ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>`),
		"bin.docx":    docx(t, "word/vbaProject.bin", "x"),
		"emf.docx":    docx(t, "word/media/image2.emf", "x"),
		"lie.docx":    docx(t, "word/media/image2.png", string(jpegGPS(t))),
		"twice.docx":  docx(t, "WORD/document.xml", "<a/>"),
		"up.docx":     docx(t, "../x.xml", "<a/>"),
		"back.docx":   docx(t, `word\x.xml`, "<a/>"),
		"entity.docx": docx(t, "word/x.xml", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`),
		"broken.docx": docx(t, "word/x.xml", `<a><b></a>`),
		"utf16.docx":  docx(t, "word/x.xml", `<?xml version="1.0" encoding="UTF-16"?><a/>`),
		"deep.docx":   docx(t, "word/x.xml", strings.Repeat("<a>", 300)+strings.Repeat("</a>", 300)),
		"bomb.docx":   docx(t, "word/x.xml", "<a>"+strings.Repeat("a", 5<<20)+"</a>"),
		"nested.pptx": docx(t, "word/embeddings/a.docx", string(docx(t, "word/embeddings/b.docx", string(docx(t, "word/embeddings/c.docx", string(docx(t))))))),
		"locked.odt":  zipped(t, "mimetype", odf+"text", "META-INF/manifest.xml", "<a><encryption-data/></a>"),
		"formula.odf": zipped(t, "mimetype", odf+"formula"),
		"basic.odt":   zipped(t, "mimetype", odf+"text", "Basic/script-lb.xml", "<a/>"),
	}
	for name, data := range refusals {
		out, err := Clean(bytes.NewReader(data), name, "", Limits{})
		var why *Refusal
		if !errors.Is(err, ErrCannotClean) || !errors.As(err, &why) || len(out.Body) != 0 {
			t.Errorf("%s: %q, %v", name, out.Media, err)
			continue
		}
		if !strings.HasSuffix(why.Why, ".") || why.Why[0] < 'A' || why.Why[0] > 'Z' {
			t.Errorf("%s: %q is no sentence", name, why.Why)
		}
	}
	for _, limits := range []Limits{{Bytes: 100}, {Entries: 3}, {Unpacked: 1000}, {Pixels: 100}, {Depth: 2}} {
		if _, err := Clean(bytes.NewReader(docx(t)), "a.docx", "", limits); !errors.Is(err, ErrCannotClean) {
			t.Errorf("%+v: %v", limits, err)
		}
	}
	boom := errors.New("boom")
	if _, err := Clean(iotest.ErrReader(boom), "", "", Limits{}); !errors.Is(err, boom) || errors.Is(err, ErrCannotClean) {
		t.Errorf("a broken reader: %v", err)
	}
}

// A bomb of many entries is given up within the limits, quickly.
func TestBombsAreQuick(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	parts := []string{"[Content_Types].xml", types + `<Override ContentType="` + ooxml + `wordprocessingml.document.main+xml"/></Types>`}
	for i := range 300 {
		parts = append(parts, "word/"+strings.Repeat("a", i+1)+".xml", zeros)
	}
	start := time.Now()
	if _, err := Clean(bytes.NewReader(zipped(t, parts...)), "", "", Limits{}); !errors.Is(err, ErrCannotClean) {
		t.Errorf("300 MB in a small file: %v", err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestName(t *testing.T) {
	for media, want := range map[string]string{"image/png": "attachment-7.png", "text/html": "attachment-7.bin", "": "attachment-7.bin"} {
		if got := Name(7, media); got != want {
			t.Errorf("%q: %s", media, got)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, data := range [][]byte{docx(f), xlsx(f), pptx(f), odt(f), jpegGPS(f), []byte("a,b\n"), []byte("%PDF-"), []byte("PK\x03\x04")} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Bytes: 1 << 20, Unpacked: 4 << 20, Entries: 100, Pixels: 1 << 20}
		out, err := Clean(bytes.NewReader(data), "x.csv", "", limits)
		if err != nil {
			if !errors.Is(err, ErrCannotClean) {
				t.Errorf("another error: %v", err)
			}
			return
		}
		if again, err := Clean(bytes.NewReader(out.Body), "x.csv", "", Limits{}); err != nil || again.Media != out.Media {
			t.Errorf("what was cleaned cannot be cleaned: %v, %s then %s", err, out.Media, again.Media)
		}
	})
}

// What is copied without a rule reads as the same document.
func FuzzRewrite(f *testing.F) {
	for _, s := range []string{`<a b="c" d='e"f'>x<!-- y --><b/>&lt;<![CDATA[<&]]></a>`, `<?xml version="1.0"?><a><b></b ></a>`, `<a b = "1"/>`, `<a x="<"/>`, `<a/><b/>`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) > 1<<16 {
			return
		}
		out, err := rewrite(in, 64, rules{})
		if err != nil {
			return
		}
		if bytes.Contains(out, []byte("<!--")) {
			t.Errorf("a comment came through: %q", out)
		}
		if before, after := tokens(t, in), tokens(t, out); !slices.Equal(before, after) {
			t.Errorf("%q\nbecame %q\n%q\n%q", in, out, before, after)
		}
		gone, err := rewrite(in, 64, rules{element: func(*tag, string) (verdict, string) { return drop, "" }})
		if err != nil || bytes.Contains(gone[5:], []byte("<")) {
			t.Errorf("%q: dropping all leaves %q, %v", in, gone, err)
		}
	})
}

// tokens lists what the standard library reads, without comments, instructions
// and what stands outside the root.
func tokens(t *testing.T, in []byte) (out []string) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(in, []byte("\ufeff"))))
	open, text := 0, ""
	flush := func() {
		if text != "" {
			out = append(out, "text "+text)
		}
		text = ""
	}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			flush()
			open++
			out = append(out, fmt.Sprintf("start %q", v))
		case xml.EndElement:
			flush()
			open--
			out = append(out, fmt.Sprintf("end %q", v))
		case xml.CharData:
			if open > 0 {
				text += string(v)
			}
		}
	}
}
