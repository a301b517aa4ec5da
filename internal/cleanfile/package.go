package cleanfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/images"
)

// part is one file inside a document.
type part struct {
	name string
	data []byte
}

// bundle is a document that is being cleaned.
type bundle struct {
	limits  Limits
	parts   []part
	removed []string
	nested  int   // how many documents this one is in
	left    *left // shared with the documents in it
}

// left is what remains of the limits that count over all nested documents.
type left struct {
	entries          int
	unpacked, pixels int64
}

// maxNested is how deep documents may be in documents: a sheet in a text.
const maxNested = 2

const oddArchive = "The file is damaged or packed in an unusual way and cannot be cleaned here."

// note records in words that something was taken out.
func (b *bundle) note(what string) {
	if !slices.Contains(b.removed, what) {
		b.removed = append(b.removed, what)
	}
}

func cleanPackage(data []byte, limits Limits) (Cleaned, error) {
	return cleanNested(data, limits, 0, &left{limits.Entries, limits.Unpacked, limits.Pixels})
}

func cleanNested(data []byte, limits Limits, nested int, rest *left) (Cleaned, error) {
	b := &bundle{limits: limits, nested: nested, left: rest}
	if err := b.unpack(data); err != nil {
		return Cleaned{}, err
	}
	media, err := "", error(nil)
	switch {
	case b.find("[content_types].xml") >= 0:
		media, err = b.cleanOOXML()
	case b.find("mimetype") >= 0:
		media, err = b.cleanODF()
	default:
		err = refuse("An archive cannot be cleaned here: send the files in it one by one.")
	}
	if err != nil {
		return Cleaned{}, err
	}
	body, err := b.pack()
	if err != nil {
		return Cleaned{}, err
	}
	b.note("the times and order of the document's parts")
	return Cleaned{Body: body, Media: media, Removed: b.removed}, nil
}

// unpack reads all entries within the limits.
func (b *bundle) unpack(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return refuse(oddArchive)
	}
	if b.left.entries -= len(z.File); b.left.entries < 0 {
		return refuse("The document has more than %d parts.", b.limits.Entries)
	}
	seen := map[string]bool{}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		lower := strings.ToLower(f.Name)
		clean := path.Clean(f.Name) == f.Name && !path.IsAbs(f.Name) && !strings.HasPrefix(f.Name, "..")
		if !clean || strings.ContainsAny(f.Name, "\\\x00") || seen[lower] || !f.Mode().IsRegular() || f.Method != zip.Store && f.Method != zip.Deflate {
			return refuse(oddArchive)
		}
		seen[lower] = true
		if f.Flags&1 != 0 {
			return refuse("The document has a password: save it without one.")
		}
		content, err := b.read(f)
		if err != nil {
			return err
		}
		b.parts = append(b.parts, part{f.Name, content})
	}
	return nil
}

// read unpacks one entry. What the archive says of its size is not believed.
func (b *bundle) read(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, refuse(oddArchive)
	}
	defer r.Close()
	allowed := min(b.left.unpacked, int64(min(f.CompressedSize64, 1<<32))*b.limits.Ratio+1<<20)
	content, err := io.ReadAll(io.LimitReader(r, allowed+1))
	if int64(len(content)) > allowed {
		return nil, refuse("The document unpacks to far more than it is: that is not cleaned here.")
	}
	if err != nil {
		return nil, refuse(oddArchive)
	}
	b.left.unpacked -= int64(len(content))
	return content, nil
}

// find is the place of a part by its name in lower case, or -1.
func (b *bundle) find(lower string) int {
	return slices.IndexFunc(b.parts, func(p part) bool { return strings.ToLower(p.name) == lower })
}

// image writes the picture in a part anew. It must be of the kind that the
// part's name says, so that readers do not stumble.
func (b *bundle) image(p *part) error {
	img, err := images.Rewrite(bytes.NewReader(p.data))
	if errors.Is(err, images.ErrTooLarge) {
		return refuse("A picture in the document is too large to be cleaned.")
	}
	kinds := map[string]string{"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "gif": "image/gif", "": img.Media}
	if err != nil || kinds[ending(p.name)] != img.Media {
		return refuse("A picture in the document is of a kind that cannot be cleaned here: use PNG, JPEG or GIF in it.")
	}
	if b.left.pixels -= int64(img.Width) * int64(img.Height); b.left.pixels < 0 {
		return refuse("The pictures in the document are too large together: at most %d million pixels can be cleaned.", b.limits.Pixels/1_000_000)
	}
	p.data = img.Bytes
	b.note("all that the pictures in it carried besides their pixels")
	return nil
}

// xml applies rules to a part.
func (b *bundle) xml(p *part, r rules) error {
	out, err := rewrite(p.data, b.limits.Depth, r)
	if err != nil {
		return refuse(oddArchive)
	}
	p.data = out
	return nil
}

// pack writes the parts without times; what must stand first stands first.
func (b *bundle) pack() ([]byte, error) {
	slices.SortFunc(b.parts, func(x, y part) int {
		if fx, fy := first(x.name), first(y.name); fx != fy {
			if fx {
				return -1
			}
			return 1
		}
		return strings.Compare(x.name, y.name)
	})
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range b.parts {
		h := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		if p.name == "mimetype" { // ODF 1.3 part 2 §3.3
			h.Method = zip.Store
		}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(p.data)
		}
		if err != nil {
			return nil, refuse(oddArchive)
		}
	}
	if err := z.Close(); err != nil {
		return nil, refuse(oddArchive)
	}
	return out.Bytes(), nil
}

func first(name string) bool {
	return name == "mimetype" || strings.EqualFold(name, "[Content_Types].xml")
}
