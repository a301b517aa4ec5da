package cleanfile

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"
)

// canary is planted wherever a file tells something about its author. No byte
// of it may come through.
const canary = "CANARY"

func picture() image.Image {
	img := image.NewPaletted(image.Rect(0, 0, 30, 20), color.Palette{color.White, color.RGBA{200, 0, 0, 255}})
	for x := range 15 {
		for y := range 20 {
			img.Set(x, y, color.RGBA{200, 0, 0, 255})
		}
	}
	return img
}

// jpegGPS is a JPEG whose EXIF block holds a camera's maker and a place
// (Exif 2.32: IFD0 with Make and the GPS IFD), XMP and a comment.
func jpegGPS(t testing.TB) []byte {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, picture(), nil); err != nil {
		t.Fatal(err)
	}
	le := binary.LittleEndian
	entry := func(b []byte, tag, kind uint16, count, value uint32) []byte {
		return le.AppendUint32(le.AppendUint32(le.AppendUint16(le.AppendUint16(b, tag), kind), count), value)
	}
	tiff := []byte("II*\x00\x08\x00\x00\x00")
	tiff = le.AppendUint16(tiff, 2)
	tiff = entry(tiff, 0x010f, 2, 7, 38)      // Make, at 38
	tiff = entry(tiff, 0x8825, 4, 1, 46)      // GPS IFD, at 46
	tiff = le.AppendUint32(tiff, 0)           // no further IFD; 38 bytes so far
	tiff = append(tiff, canary+"\x00\x00"...) // 46
	tiff = le.AppendUint16(tiff, 1)
	tiff = entry(tiff, 0x001d, 2, 11, 64) // GPSDateStamp
	tiff = le.AppendUint32(tiff, 0)
	tiff = append(tiff, "CANARY:0:0\x00"...)
	segment := func(marker byte, body string) []byte {
		return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
	}
	out := append([]byte{0xff, 0xd8}, segment(0xe1, "Exif\x00\x00"+string(tiff))...)
	out = append(out, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta>CANARY</x:xmpmeta>")...)
	out = append(out, segment(0xfe, "taken by CANARY")...)
	return append(append(out, plain.Bytes()[2:]...), "CANARY"...)
}

func pngText(t testing.TB) []byte {
	var plain bytes.Buffer
	if err := png.Encode(&plain, picture()); err != nil {
		t.Fatal(err)
	}
	body := "tEXtAuthor\x00CANARY"
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = binary.BigEndian.AppendUint32(append(chunk, body...), crc32.ChecksumIEEE([]byte(body)))
	return append(append(append([]byte{}, plain.Bytes()[:33]...), chunk...), plain.Bytes()[33:]...)
}

func gifComment(t testing.TB) []byte {
	var plain bytes.Buffer
	if err := gif.Encode(&plain, picture(), nil); err != nil {
		t.Fatal(err)
	}
	end := plain.Len() - 1
	return append(append(append([]byte{}, plain.Bytes()[:end]...), "\x21\xfe\x06CANARY\x00"...), plain.Bytes()[end])
}

// zipped packs parts, given as name, content, name, content, at a telling time.
func zipped(t testing.TB, parts ...string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{
			Name: parts[i], Method: zip.Deflate, Comment: canary, Modified: time.Date(2024, 3, 5, 13, 37, 0, 0, time.UTC),
			Extra: []byte("\xca\xca\x06\x00CANARY"),
		})
		if err == nil {
			_, err = io.WriteString(w, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.SetComment(canary); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const (
	declared = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\r\n"
	types    = declared + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>`
	links    = declared + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	core     = declared + `<cp:coreProperties xmlns:cp="c" xmlns:dc="d"><dc:creator>CANARY Miller</dc:creator><cp:lastModifiedBy>CANARY Jones</cp:lastModifiedBy></cp:coreProperties>`
)

func docx(t testing.TB, more ...string) []byte {
	return zipped(t, append([]string{
		"[Content_Types].xml", types + `<Override PartName="/word/document.xml" ContentType="` + ooxml + `wordprocessingml.document.main+xml"/><Override PartName="/docProps/core.xml" ContentType="core"/><Override PartName="/word/people.xml" ContentType="people"/></Types>`,
		"_rels/.rels", links + `<Relationship Id="rId1" Type="officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="core" Target="docProps/core.xml"/><Relationship Id="rId3" Type="thumb" Target="docProps/thumbnail.jpeg"/></Relationships>`,
		"docProps/core.xml", core,
		"docProps/app.xml", declared + `<Properties><Company>CANARY Devices</Company></Properties>`,
		"docProps/thumbnail.jpeg", "CANARY",
		"customXml/item1.xml", `<a>CANARY</a>`,
		"word/people.xml", `<w15:people xmlns:w15="x"><w15:person w15:author="CANARY Miller"/></w15:people>`,
		"word/settings.xml", declared + `<w:settings xmlns:w="w" xmlns:w15="x" xmlns:r="r"><w:attachedTemplate r:id="rId1"/><w:zoom w:percent="100"/><w:rsids><w:rsidRoot w:val="00CANARY"/><w:rsid w:val="00CANARY"/></w:rsids><w15:docId w15:val="{CANARY}"/></w:settings>`,
		"word/_rels/settings.xml.rels", links + `<Relationship Id="rId1" Type="t" Target="file:///C:\Users\CANARY\Normal.dotm" TargetMode="External"/></Relationships>`,
		"word/_rels/document.xml.rels", links + `<Relationship Id="rId1" Type="i" Target="media/image1.jpeg"/><Relationship Id="rId2" Type="p" Target="people.xml"/><Relationship Id="rId3" Type="h" Target="https://example.org/a?b=c&amp;d=e" TargetMode="External"/></Relationships>`,
		"word/document.xml", "\ufeff" + declared + `<!-- CANARY --><?CANARY x?><w:document xmlns:w="w" xmlns:w14="v" mc:Ignorable="w14" xmlns:mc="m" xmlns:pic="p"><w:body><w:p w:rsidR="00CANARY" w:rsidRDefault='00CANARY' w14:paraId="CANARY"><w:ins w:id="1" w:author="CANARY Miller" w:date="2024-CANARY"><w:r w:rsidRPr="CANARY"><w:t xml:space="preserve">The pump answers 3 &lt; 4 &amp; stops. </w:t></w:r></w:ins><pic:cNvPr id="0" name="IMG_CANARY.jpg" descr="C:\CANARY\x.jpg"/><w:t><![CDATA[<kept>]]></w:t></w:p></w:body></w:document>`,
		"word/comments.xml", declared + `<w:comments xmlns:w="w"><w:comment w:id="0" w:author="CANARY Miller" w:initials="CANARY" w:date="2024-CANARY"><w:p><w:t>Is this so?</w:t></w:p></w:comment></w:comments>`,
		"word/media/image1.jpeg", string(jpegGPS(t)),
	}, more...)...)
}

func xlsx(t testing.TB) []byte {
	return zipped(t,
		"[Content_Types].xml", types+`<Override PartName="/xl/workbook.xml" ContentType="`+ooxml+`spreadsheetml.sheet.main+xml"/></Types>`,
		"docProps/core.xml", core,
		"xl/workbook.xml", declared+`<workbook xmlns="s" xmlns:mc="m" xmlns:x15ac="y" xmlns:xr="z"><fileVersion rupBuild="CANARY"/><fileSharing userName="CANARY"/><mc:AlternateContent><mc:Choice Requires="x15"><x15ac:absPath url="C:\Users\CANARY\"/></mc:Choice></mc:AlternateContent><xr:revisionPtr documentId="CANARY"/><sheets><sheet name="Pumps" sheetId="1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml", declared+`<worksheet xmlns="s" xmlns:r="r" xmlns:xr="z" xr:uid="{CANARY}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>flow rate</t></is></c></row></sheetData><pageSetup orientation="portrait" r:id="rId1"/></worksheet>`,
		"xl/worksheets/_rels/sheet1.xml.rels", links+`<Relationship Id="rId1" Type="p" Target="../printerSettings/printerSettings1.bin"/><Relationship Id="rId2" Type="c" Target="../comments1.xml"/></Relationships>`,
		"xl/printerSettings/printerSettings1.bin", "CANARY",
		"xl/comments1.xml", declared+`<comments xmlns="s"><authors><author>CANARY Miller</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>CANARY Miller:</t></r><r><t>ml per hour</t></r></text></comment></commentList></comments>`,
		"xl/threadedComments/threadedComment1.xml", declared+`<ThreadedComments><threadedComment ref="A1" dT="2024CANARY" personId="{1}"><text>still so?</text></threadedComment></ThreadedComments>`,
		"xl/persons/person.xml", declared+`<personList><person displayName="CANARY Miller" id="{1}" userId="S::CANARY@example.org" providerId="AD"/></personList>`,
		"xl/pivotCache/pivotCacheDefinition1.xml", declared+`<pivotCacheDefinition refreshedBy="CANARY Miller" refreshedDate="45000.5CANARY" recordCount="2"/>`,
		"xl/connections.xml", declared+`<connections><connection id="1" odcFile="C:\CANARY.odc"><dbPr connection="User=CANARY"/></connection></connections>`,
		"xl/drawings/vmlDrawing1.vml", `<xml xmlns:v="v" xmlns:o="o"><v:shape id="s1"><v:imagedata o:title="CANARY"/></v:shape></xml>`,
		"xl/tables/table1.xml", declared+`<table displayName="Rates" name="Rates"/>`,
	)
}

func pptx(t testing.TB) []byte {
	return zipped(t,
		"[Content_Types].xml", types+`<Override PartName="/ppt/presentation.xml" ContentType="`+ooxml+`presentationml.presentation.main+xml"/></Types>`,
		"ppt/presentation.xml", declared+`<p:presentation xmlns:p="p" xmlns:r="r"><p:custDataLst><p:tags r:id="rId9"/></p:custDataLst></p:presentation>`,
		"ppt/tags/tag1.xml", `<p:tagLst xmlns:p="p"><p:tag name="OWNER" val="CANARY"/></p:tagLst>`,
		"ppt/slides/slide1.xml", declared+`<p:sld xmlns:p="p" xmlns:a="a" xmlns:p14="q"><a:t>Reach of the pump</a:t><p14:creationId val="CANARY"/></p:sld>`,
		"ppt/commentAuthors.xml", declared+`<p:cmAuthorLst xmlns:p="p"><p:cmAuthor id="1" name="CANARY Miller" initials="CANARY"/></p:cmAuthorLst>`,
		"ppt/comments/comment1.xml", declared+`<p:cmLst xmlns:p="p"><p:cm authorId="1" dt="2024CANARY"><p:text>why?</p:text></p:cm></p:cmLst>`,
		"ppt/authors.xml", declared+`<p188:authorLst xmlns:p188="p"><p188:author id="{2}" name="CANARY" initials="CANARY" userId="CANARY" providerId="CANARY"/></p188:authorLst>`,
		"ppt/changesInfos/changesInfo1.xml", `<a>CANARY</a>`,
		"ppt/embeddings/Microsoft_Excel_Sheet.xlsx", string(xlsx(t)),
		"ppt/media/image1.png", string(pngText(t)),
		"ppt/media/image2.gif", string(gifComment(t)),
	)
}

func odt(t testing.TB) []byte {
	return zipped(t,
		"mimetype", odf+"text",
		"META-INF/manifest.xml", declared+`<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="/" manifest:media-type="`+odf+`text"/><manifest:file-entry manifest:full-path="content.xml"/><manifest:file-entry manifest:full-path="meta.xml"/><manifest:file-entry manifest:full-path="Thumbnails/thumbnail.png"/></manifest:manifest>`,
		"meta.xml", `<office:document-meta xmlns:office="o" xmlns:dc="d"><dc:creator>CANARY</dc:creator></office:document-meta>`,
		"settings.xml", `<a>CANARY printer</a>`,
		"Thumbnails/thumbnail.png", "CANARY",
		"Configurations2/accelerator/current.xml", "",
		"manifest.rdf", "<a>CANARY</a>",
		"styles.xml", declared+`<office:document-styles xmlns:office="o" xmlns:style="s" xmlns:officeooo="f"><style:text-properties officeooo:rsid="00CANARY" officeooo:paragraph-rsid="00CANARY"/></office:document-styles>`,
		"content.xml", declared+`<office:document-content xmlns:office="o" xmlns:text="t" xmlns:dc="d" xmlns:meta="m" xmlns:draw="w" xmlns:xlink="x"><office:scripts><a>CANARY</a></office:scripts><text:tracked-changes><text:changed-region><office:change-info><dc:creator>CANARY</dc:creator><dc:date>2024-CANARY</dc:date></office:change-info></text:changed-region></text:tracked-changes><office:annotation><dc:creator>CANARY</dc:creator><dc:date>2024-CANARY</dc:date><meta:creator-initials>CANARY</meta:creator-initials><text:p>Is this so?</text:p></office:annotation><text:p>The pump stops on <text:date>5 March</text:date>.</text:p><text:author-name>CANARY</text:author-name><text:sender-email>CANARY@example.org</text:sender-email><draw:frame draw:name="IMG_CANARY.jpg"><draw:image xlink:href="Pictures/1.jpg"/></draw:frame><text:a xlink:href="file:///home/CANARY/x">link</text:a></office:document-content>`,
		"Pictures/1.jpg", string(jpegGPS(t)),
	)
}

// unpacked lists a cleaned document's parts and checks that its archive tells
// nothing either.
func unpacked(t *testing.T, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		if len(f.Extra) > 0 || f.Comment != "" || f.ModifiedDate != 0 || f.ModifiedTime != 0 || f.CreatorVersion>>8 != 0 {
			t.Errorf("%s: the archive tells a time or a system: %+v", f.Name, f.FileHeader)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(f.Name, "embeddings/") {
			for name, text := range unpacked(t, content) {
				out[f.Name+"/"+name] = text
			}
		}
		out[f.Name] = string(content)
	}
	if z.Comment != "" {
		t.Errorf("the archive has a comment %q", z.Comment)
	}
	return out
}
