package spdx

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/formats/sbom/scan"
)

// tagReader reads the tag-value encoding.
type tagReader struct {
	core
	in   *bufio.Reader
	m    *scan.Meter
	read int64
	line int // of the tag that is handled

	current *pkg // the package that is described, if any
	other   bool // a file, snippet, licence … is described

	noteOf, note string // of the annotation that is read
}

func readTags(in io.Reader, c core) (sbom.Document, error) {
	r := &tagReader{core: c, m: &scan.Meter{R: in, All: c.lim.Bytes}}
	r.in = bufio.NewReaderSize(r.m, 64<<10)
	r.document = "SPDXRef-DOCUMENT"
	r.fail = func(format string, args ...any) error {
		return &scan.Error{Line: r.line, Reason: fmt.Sprintf(format, args...)}
	}
	if err := r.tags(); err != nil {
		return sbom.Document{}, err
	}
	if err := r.flush(); err != nil {
		return sbom.Document{}, err
	}
	if r.doc.Spec == "" {
		return sbom.Document{}, errors.New("the document does not say that it is SPDX: there is no SPDXVersion")
	}
	if err := r.end(); err != nil {
		return sbom.Document{}, err
	}
	return r.doc, nil
}

// tags reads "Tag: value" lines, of which a value in <text> may go over many
// lines. Lines end with LF, CR LF or CR.
func (r *tagReader) tags() error {
	next := 1
	for {
		line, err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		r.line = next
		next++
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		tag, value, ok := strings.Cut(text, ":")
		if !ok || strings.ContainsAny(tag, " \t") {
			return r.fail("the line has no tag: Tag: value is wanted")
		}
		value = strings.TrimSpace(value)
		if rest, ok := strings.CutPrefix(value, "<text>"); ok {
			n, full, err := r.text(rest)
			if err != nil {
				return err
			}
			next += n
			value = full
		}
		if len(value) > r.lim.Text {
			if kept[tag] {
				return r.fail("the text of %s has more than %d bytes", tag, r.lim.Text)
			}
			continue
		}
		if err := r.tag(tag, value); err != nil {
			return err
		}
	}
}

// kept are the tags whose text is not cut.
var kept = map[string]bool{
	"SPDXID": true, "PackageName": true, "PackageVersion": true, "Relationship": true, "ExternalRef": true,
	"DocumentNamespace": true, "DocumentName": true,
}

// text reads to </text>, and says how many further lines it took.
func (r *tagReader) text(first string) (lines int, value string, err error) {
	var b strings.Builder
	for line := first; ; lines++ {
		if before, _, ok := strings.Cut(line, "</text>"); ok {
			b.WriteString(before)
			return lines, strings.TrimSpace(b.String()), nil
		}
		if b.Len() <= r.lim.Text {
			b.WriteString(line)
			b.WriteByte('\n')
		}
		line, err = r.next()
		if err == io.EOF {
			return 0, "", r.fail("<text> is not closed")
		}
		if err != nil {
			return 0, "", err
		}
	}
}

// next reads a line, of at most the length of a text that is passed over.
func (r *tagReader) next() (string, error) {
	const longest = 16 << 20
	var long []byte
	for {
		window, err := r.in.Peek(1)
		if len(window) == 0 {
			if err == io.EOF {
				if len(long) > 0 {
					return r.checked(long)
				}
				return "", io.EOF
			}
			e := &scan.Error{Line: r.line, Reason: "the document could not be read: " + scan.Printable(err.Error()), Err: err}
			if errors.Is(err, scan.ErrTooLarge) {
				e.Line, e.Reason = 0, fmt.Sprintf("the document has more than %d bytes", r.lim.Bytes)
			}
			return "", e
		}
		window, _ = r.in.Peek(r.in.Buffered())
		i := bytes.IndexAny(window, "\r\n")
		if i < 0 {
			if len(long)+len(window) > longest {
				return "", r.fail("a line after this one has more than %d bytes", longest)
			}
			long = append(long, window...)
			r.discard(len(window))
			continue
		}
		line, err := r.checked(append(long, window[:i]...))
		cr := window[i] == '\r'
		r.discard(i + 1)
		if cr {
			if b, _ := r.in.Peek(1); len(b) == 1 && b[0] == '\n' {
				r.discard(1)
			}
		}
		return line, err
	}
}

func (r *tagReader) discard(n int) {
	n, _ = r.in.Discard(n)
	r.read += int64(n)
	r.m.Allow(r.read)
}

func (r *tagReader) checked(line []byte) (string, error) {
	if !utf8.Valid(line) {
		return "", r.fail("after this line there is text that is not UTF-8")
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return "", r.fail("after this line there is NUL")
	}
	return string(line), nil
}

// flush gives the package that is described to the sink.
func (r *tagReader) flush() error {
	p := r.current
	r.current = nil
	if p == nil {
		return nil
	}
	return r.finish(p)
}

func (r *tagReader) tag(tag, value string) error {
	switch tag {
	case "SPDXVersion":
		return r.setVersion(value)
	case "DocumentName":
		r.doc.Name = value
	case "DocumentNamespace":
		r.doc.Serial = value
	case "Creator":
		return r.addCreator(value)
	case "Created":
		return r.setCreated(value)
	case "PackageName":
		if err := r.flush(); err != nil {
			return err
		}
		r.current, r.other = &pkg{Component: sbom.Component{Name: value}}, false
	case "FileName", "SnippetSPDXID", "LicenseID":
		r.other = true
		return r.flush()
	case "SPDXID":
		switch {
		case r.current != nil && r.current.Ref != "":
			return r.fail("the package %s has two identifiers", scan.Quote(r.current.Name))
		case r.current != nil:
			r.current.Ref = value
		case !r.other:
			r.document = value
		}
	case "Relationship":
		parts := strings.Fields(value)
		if len(parts) < 3 {
			return r.fail("a relationship is written as: from TYPE to")
		}
		return r.relationship(parts[0], parts[1], parts[2])
	case "Annotator":
		r.noteOf, r.note = "", ""
	case "AnnotationComment":
		r.note = value
		r.annotate()
	case "SPDXREF":
		r.noteOf = value
		r.annotate()
	default:
		if r.current != nil {
			return r.member(r.current, tag, value)
		}
	}
	return nil
}

// annotate gives an annotation to the package it is about, if that is the one
// that is described.
func (r *tagReader) annotate() {
	if r.noteOf != "" && r.note != "" && r.current != nil && r.current.Ref == r.noteOf && len(r.current.notes) < 100 {
		r.current.notes = append(r.current.notes, r.note)
	}
}

func (r *tagReader) member(p *pkg, tag, value string) error {
	switch tag {
	case "PackageVersion":
		p.Version = said(value)
	case "PackageSupplier":
		p.Supplier, _ = who(value)
	case "PackageOriginator":
		p.originator, _ = who(value)
	case "PackageDescription":
		p.Description = scan.Cut(value, maxDescription)
	case "PackageSummary":
		p.summary = scan.Cut(value, maxDescription)
	case "PackageComment":
		p.notes = append(p.notes, value)
	case "PackageLicenseConcluded":
		p.concluded = value
	case "PackageLicenseDeclared":
		p.declared = value
	case "PrimaryPackagePurpose":
		p.Type = purpose(value)
	case "ValidUntilDate":
		p.validUntil = value
	case "PackageChecksum":
		alg, digest, ok := strings.Cut(value, ":")
		if !ok {
			return r.fail("a checksum is written as ALGORITHM: digits")
		}
		return r.addHash(p, strings.TrimSpace(alg), digest)
	case "ExternalRef":
		parts := strings.Fields(value)
		if len(parts) < 3 {
			return r.fail("an external reference is written as: CATEGORY type locator")
		}
		p.addReference(parts[1], parts[2])
	}
	return nil
}
