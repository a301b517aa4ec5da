package images

import (
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
)

// quality is how a JPEG is written anew; at 92 the loss is not seen, not even
// in pictures of text.
const quality = 92

// Rewritten is an image written anew from its pixels.
type Rewritten struct {
	Bytes         []byte
	Media         string // image/png, image/jpeg or image/gif
	Width, Height int    // pixels
	Pictures      int    // of an animation how many there were; the first is kept
}

// Rewrite reads one image and writes it anew in its size, from its pixels only:
// JPEG as JPEG, turned the way that its EXIF block said, GIF as GIF, PNG and
// WebP as PNG. Its errors are those of [Preview].
func Rewrite(r io.Reader) (Rewritten, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Rewritten{}, fmt.Errorf("reading an image: %w", err)
	}
	if len(data) > MaxBytes {
		return Rewritten{}, ErrTooLarge
	}
	one <- struct{}{}
	defer func() { <-one }()
	img, err := decode(data)
	if err != nil {
		return Rewritten{}, err
	}
	out := Rewritten{Width: img.Bounds().Dx(), Height: img.Bounds().Dy(), Pictures: 1}
	var buf bytes.Buffer
	switch {
	case data[0] == 0xff:
		out.Media, err = "image/jpeg", jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality})
	case data[0] == 'G':
		out.Pictures = pictures(data)
		out.Media, err = "image/gif", gif.Encode(&buf, atOrigin(img), nil)
	default:
		out.Media, err = "image/png", png.Encode(&buf, img)
	}
	if err != nil {
		return Rewritten{}, fmt.Errorf("writing an image anew: %w", err)
	}
	out.Bytes = buf.Bytes()
	return out, nil
}

// atOrigin moves the first picture of an animation to its top left.
func atOrigin(img image.Image) image.Image {
	if p, ok := img.(*image.Paletted); ok && p.Rect.Min != (image.Point{}) {
		moved := *p
		moved.Rect = p.Rect.Sub(p.Rect.Min)
		return &moved
	}
	return img
}

// pictures counts a GIF's pictures by its block structure (GIF89a §Appendix B),
// without decoding them. Whatever is odd ends the count.
func pictures(data []byte) int {
	table := func(flags byte) int {
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	if len(data) < 13 {
		return 0
	}
	n, at := 0, 13+table(data[10])
	blocks := func() {
		for at < len(data) && data[at] != 0 {
			at += 1 + int(data[at])
		}
		at++
	}
	for at < len(data) {
		switch data[at] {
		case 0x21: // extension: label, blocks
			at += 2
			blocks()
		case 0x2c: // picture: place and size, table, code size, blocks
			if at+10 > len(data) {
				return n
			}
			n++
			at += 11 + table(data[at+9])
			blocks()
		default:
			return n
		}
	}
	return n
}
