package images

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// MaxBytes is the largest image file that is read.
	MaxBytes = 20 << 20
	// MaxPixels is the largest image that is decoded, width times height.
	MaxPixels = 40_000_000
	// MaxSide is the longest side of any preview that may be asked for.
	MaxSide = 4096
)

var (
	// ErrTooLarge says that an image has too many bytes or pixels.
	ErrTooLarge = errors.New("the image is too large for a preview")
	// ErrUnreadable says that a file is no whole PNG, JPEG, GIF or WebP image.
	ErrUnreadable = errors.New("the file is not a whole PNG, JPEG, GIF or WebP image")
)

// formats are what is decoded, by how the file begins; a name or a media type
// is never asked.
var formats = []struct {
	magic  string // ? is any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}{
	{"\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
	{"\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
	{"GIF87a", gif.DecodeConfig, gif.Decode},
	{"GIF89a", gif.DecodeConfig, gif.Decode},
	{"RIFF????WEBP", webp.DecodeConfig, webp.Decode},
}

// one is held while an image is decoded. A progressive JPEG of MaxPixels takes
// some 500 MB; two at once could take a small machine down.
var one = make(chan struct{}, 1)

// Preview reads one image (of an animation, its first picture) and returns it
// as PNG, scaled down so that neither side is longer than max pixels, with the
// preview's width and height. An image that is small enough keeps its size.
func Preview(r io.Reader, max int) (out []byte, w, h int, err error) {
	if max < 1 || max > MaxSide {
		return nil, 0, 0, fmt.Errorf("a preview's longest side is 1 to %d pixels, not %d", MaxSide, max)
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, 0, 0, fmt.Errorf("reading an image: %w", err)
	}
	if len(data) > MaxBytes {
		return nil, 0, 0, ErrTooLarge
	}
	one <- struct{}{}
	defer func() { <-one }()
	img, err := decode(data)
	if err != nil {
		return nil, 0, 0, err
	}
	small := scale(img, max)
	var buf bytes.Buffer
	if err := png.Encode(&buf, small); err != nil {
		return nil, 0, 0, fmt.Errorf("writing a preview: %w", err)
	}
	return buf.Bytes(), small.Rect.Dx(), small.Rect.Dy(), nil
}

func decode(data []byte) (img image.Image, err error) {
	// The decoders promise not to panic; a stranger's file shall not be what
	// finds out otherwise.
	defer func() {
		if recover() != nil {
			img, err = nil, ErrUnreadable
		}
	}()
	for _, f := range formats {
		if !begins(data, f.magic) {
			continue
		}
		config, err := f.config(bytes.NewReader(data))
		if err != nil || config.Width < 1 || config.Height < 1 {
			return nil, ErrUnreadable
		}
		if int64(config.Width)*int64(config.Height) > MaxPixels {
			return nil, ErrTooLarge
		}
		img, err := f.decode(bytes.NewReader(data))
		if err != nil {
			return nil, ErrUnreadable
		}
		size := img.Bounds().Size()
		if size.X < 1 || size.Y < 1 || int64(size.X)*int64(size.Y) > MaxPixels {
			return nil, ErrUnreadable
		}
		if f.magic[0] == '\xff' {
			img = turn(img, orientation(data))
		}
		return img, nil
	}
	return nil, ErrUnreadable
}

func begins(data []byte, magic string) bool {
	if len(data) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && magic[i] != data[i] {
			return false
		}
	}
	return true
}

// scale draws img into a new picture whose sides are at most max.
func scale(img image.Image, max int) *image.NRGBA {
	b := img.Bounds()
	w, h := fit(b.Dx(), b.Dy(), max)
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		draw.Copy(out, image.Point{}, img, b, draw.Src, nil)
		return out
	}
	// Unlike ApproxBiLinear, this averages all pixels and so leaves thin lines,
	// such as text, readable.
	draw.BiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}

// fit is the size of a w by h picture scaled down into max by max.
func fit(w, h, max int) (int, int) {
	if w <= max && h <= max {
		return w, h
	}
	if w >= h {
		return max, atLeastOne(h * max / w)
	}
	return atLeastOne(w * max / h), max
}

func atLeastOne(n int) int {
	if n < 1 {
		return 1
	}
	return n
}
