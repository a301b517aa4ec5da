package cleanfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/images"
)

// ErrCannotClean says that a file is of a kind, or in a state, that cannot be
// cleaned here. The error is then a [*Refusal].
var ErrCannotClean = errors.New("the file cannot be cleaned here")

// Refusal is an [ErrCannotClean] with its reason.
type Refusal struct {
	Why string // a whole sentence for the sender
}

func (r *Refusal) Error() string { return ErrCannotClean.Error() + ": " + r.Why }

// Is makes errors.Is(err, ErrCannotClean) true.
func (r *Refusal) Is(target error) bool { return target == ErrCannotClean }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// Limits bound the work on one file. A zero field means its default.
type Limits struct {
	Bytes    int64 // of the file; 25 MiB
	Entries  int   // of a document's archive; 2,000
	Unpacked int64 // bytes of all entries; 100 MiB
	Ratio    int64 // of an entry's unpacked to its packed bytes, beyond the first MiB; 200
	Pixels   int64 // of all pictures in a document; 100,000,000
	Depth    int   // of elements in one XML part; 256
}

func (l Limits) orDefault() Limits {
	return Limits{
		Bytes: or(l.Bytes, 25<<20), Entries: or(l.Entries, 2000), Unpacked: or(l.Unpacked, 100<<20),
		Ratio: or(l.Ratio, 200), Pixels: or(l.Pixels, 100_000_000), Depth: or(l.Depth, 256),
	}
}

func or[T int | int64](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// Cleaned is a file without its traces.
type Cleaned struct {
	Body    []byte
	Media   string   // what the bytes are, whatever the sender said
	Name    string   // neutral, such as "attachment-1.png"; see [Name]
	Removed []string // what was taken out, in words, sorted; none if nothing was found
}

// Clean reads a file and writes it anew. The name and media type that the
// sender gave help only to tell kinds of plain text apart. Its errors are a
// [*Refusal], or what reading r failed with.
func Clean(r io.Reader, name, media string, limits Limits) (Cleaned, error) {
	limits = limits.orDefault()
	data, err := io.ReadAll(io.LimitReader(r, limits.Bytes+1))
	if err != nil {
		return Cleaned{}, fmt.Errorf("reading a file to clean: %w", err)
	}
	if int64(len(data)) > limits.Bytes {
		return Cleaned{}, refuse("It is larger than %d MB.", limits.Bytes>>20)
	}
	out, err := clean(data, name, media, limits)
	if err != nil {
		return Cleaned{}, err
	}
	out.Name = Name(1, out.Media)
	slices.Sort(out.Removed)
	out.Removed = slices.Compact(out.Removed)
	return out, nil
}

func clean(data []byte, name, media string, limits Limits) (Cleaned, error) {
	begins := func(magic string) bool { return bytes.HasPrefix(data, []byte(magic)) }
	switch {
	case begins("\x89PNG") || begins("\xff\xd8\xff") || begins("GIF8") || begins("RIFF") && len(data) > 12 && string(data[8:12]) == "WEBP":
		return cleanImage(data)
	case bytes.Contains(data[:min(len(data), 1024)], []byte("%PDF-")):
		return Cleaned{}, refuse("A PDF cannot be cleaned here: send pictures or text, or say that it may be kept as it is.")
	case begins("PK\x03\x04"):
		return cleanPackage(data, limits)
	case begins("\xd0\xcf\x11\xe0"):
		return Cleaned{}, refuse("Old Office files and encrypted ones cannot be cleaned here: save it as docx, xlsx or pptx without a password, or send pictures or text.")
	case begins("\xd4\xc3\xb2\xa1") || begins("\xa1\xb2\xc3\xd4") || begins("\x4d\x3c\xb2\xa1") || begins("\xa1\xb2\x3c\x4d") || begins("\x0a\x0d\x0d\x0a"):
		return Cleaned{}, refuse("A capture of network traffic holds addresses and names and cannot be cleaned here: send the packets that matter as text.")
	}
	return cleanText(data, name, media)
}

func cleanImage(data []byte) (Cleaned, error) {
	img, err := images.Rewrite(bytes.NewReader(data))
	switch {
	case errors.Is(err, images.ErrTooLarge):
		return Cleaned{}, refuse("The picture is too large: at most %d million pixels and %d MB can be cleaned.", images.MaxPixels/1_000_000, images.MaxBytes>>20)
	case err != nil:
		return Cleaned{}, refuse("The picture is damaged or of a kind that cannot be read here: send it as PNG or JPEG.")
	}
	out := Cleaned{Body: img.Bytes, Media: img.Media, Removed: []string{"all that the picture carried besides its pixels, such as place, time and camera"}}
	if img.Pictures > 1 {
		out.Removed = append(out.Removed, "all pictures of the animation but the first")
	}
	return out, nil
}

// extensions are the endings of neutral names.
var extensions = map[string]string{
	"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif",
	"text/plain": "txt", "text/csv": "csv", "application/json": "json", "application/xml": "xml",
	ooxml + "wordprocessingml.document": "docx", ooxml + "spreadsheetml.sheet": "xlsx", ooxml + "presentationml.presentation": "pptx",
	odf + "text": "odt", odf + "spreadsheet": "ods", odf + "presentation": "odp", odf + "graphics": "odg",
}

const (
	ooxml = "application/vnd.openxmlformats-officedocument."
	odf   = "application/vnd.oasis.opendocument."
)

// Name is the neutral name of the n-th attachment, from 1: what the sender
// called a file often tells more than the file. A media type that Clean does
// not make gives the ending "bin".
func Name(n int, media string) string {
	ext, ok := extensions[media]
	if !ok {
		ext = "bin"
	}
	return fmt.Sprintf("attachment-%d.%s", n, ext)
}

// ending is a file name's extension in lower case, without its dot.
func ending(name string) string {
	return strings.TrimPrefix(strings.ToLower(path.Ext(name)), ".")
}
