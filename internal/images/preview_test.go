package images

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// picture is w by h, red above a blue half, with a green corner at the top left.
func picture(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.NRGBA{255, 0, 0, 255}
			if y >= h/2 {
				c = color.NRGBA{0, 0, 255, 255}
			}
			if x < w/4 && y < h/4 {
				c = color.NRGBA{0, 255, 0, 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return img
}

func encoded(t testing.TB, format string, w, h int) []byte {
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, picture(w, h))
	case "jpeg":
		err = jpeg.Encode(&b, picture(w, h), nil)
	case "gif":
		err = gif.Encode(&b, picture(w, h), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A lossless WebP of one pixel, and a lossy one.
var webps = []string{
	"UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==",
	"UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA",
}

func webpBytes(t testing.TB, i int) []byte {
	data, err := base64.StdEncoding.DecodeString(webps[i])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// clean reports whether data is a PNG of the three critical chunks only.
func clean(t testing.TB, data []byte) image.Image {
	t.Helper()
	at := 8
	for at < len(data) {
		kind := string(data[at+4 : at+8])
		if kind != "IHDR" && kind != "IDAT" && kind != "IEND" {
			t.Errorf("the preview holds a chunk %q", kind)
		}
		at += 12 + int(binary.BigEndian.Uint32(data[at:]))
	}
	if at != len(data) {
		t.Errorf("something follows the preview")
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestPreview(t *testing.T) {
	for _, format := range []string{"png", "jpeg", "gif"} {
		for _, c := range []struct{ w, h, max, wantW, wantH int }{
			{40, 20, 100, 40, 20}, {400, 200, 100, 100, 50}, {200, 400, 100, 50, 100},
			{1000, 1, 100, 100, 1}, {1, 1000, 100, 1, 100}, {101, 101, 100, 100, 100}, {1, 1, 1, 1, 1},
		} {
			out, w, h, err := Preview(bytes.NewReader(encoded(t, format, c.w, c.h)), c.max)
			if err != nil {
				t.Fatalf("%s %v: %v", format, c, err)
			}
			img := clean(t, out)
			if w != c.wantW || h != c.wantH || img.Bounds().Dx() != w || img.Bounds().Dy() != h {
				t.Errorf("%s %v: %d by %d", format, c, w, h)
			}
			if w >= 40 && h >= 20 {
				if r, _, b, _ := img.At(w/2, h/3).RGBA(); r < 0xe000 || b > 0x2000 {
					t.Errorf("%s %v: the upper half is not red", format, c)
				}
				if r, _, b, _ := img.At(w/2, h-2).RGBA(); b < 0xe000 || r > 0x2000 {
					t.Errorf("%s %v: the lower half is not blue", format, c)
				}
			}
		}
	}
	for i := range webps {
		out, w, h, err := Preview(bytes.NewReader(webpBytes(t, i)), 10)
		if err != nil || w != 1 || h != 1 {
			t.Errorf("webp %d: %d by %d, %v", i, w, h, err)
			continue
		}
		clean(t, out)
	}
	for _, max := range []int{0, -1, MaxSide + 1} {
		if _, _, _, err := Preview(bytes.NewReader(encoded(t, "png", 1, 1)), max); err == nil {
			t.Errorf("a preview of %d was made", max)
		}
	}
	boom := errors.New("boom")
	if _, _, _, err := Preview(iotest.ErrReader(boom), 10); !errors.Is(err, boom) {
		t.Errorf("a broken reader: %v", err)
	}
}

// chunk is a PNG chunk.
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// withChunks puts chunks behind a PNG's header chunk.
func withChunks(data []byte, chunks ...[]byte) []byte {
	const after = 8 + 12 + 13
	out := bytes.Clone(data[:after])
	for _, c := range chunks {
		out = append(out, c...)
	}
	return append(out, data[after:]...)
}

// withSegment puts an application segment behind a JPEG's start.
func withSegment(data []byte, marker byte, body []byte) []byte {
	out := append(bytes.Clone(data[:2]), 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), data[2:]...)
}

func exif(order binary.AppendByteOrder, orientation int) []byte {
	mark := "II"
	if order.String() == "BigEndian" {
		mark = "MM"
	}
	b := append([]byte("Exif\x00\x00"), mark...)
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(order.AppendUint16(b, 0x010e), 2) // ImageDescription, ASCII
	b = order.AppendUint32(order.AppendUint32(b, 4), 0x6e6163)
	b = order.AppendUint16(order.AppendUint16(b, 0x0112), 3)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(order.AppendUint16(b, uint16(orientation)), 0)
	return append(order.AppendUint32(b, 0), "canary GPS 47.1N 8.5E"...)
}

// T-58: what a file carries beside pixels is not in its preview.
func TestEverythingButPixelsIsGone(t *testing.T) {
	const canary = "canary"
	secret := []byte("canary GPS 47.1N 8.5E <script>")
	p, j, g := encoded(t, "png", 8, 8), encoded(t, "jpeg", 8, 8), encoded(t, "gif", 8, 8)
	files := map[string][]byte{}
	for _, kind := range []string{"tEXt", "zTXt", "iTXt", "eXIf", "iCCP", "tIME", "gAMA", "prVt"} {
		if kind == "gAMA" {
			files["png "+kind] = withChunks(p, chunk(kind, []byte{0, 0, 0xb1, 0x8f}))
			continue
		}
		files["png "+kind] = withChunks(p, chunk(kind, append([]byte("k\x00"), secret...)))
	}
	for marker := 0xe1; marker <= 0xef; marker++ {
		if marker != 0xee { // Adobe's: changes how pixels are read
			files[fmt.Sprintf("jpeg app%d", marker-0xe0)] = withSegment(j, byte(marker), secret)
		}
	}
	files["jpeg comment"] = withSegment(j, 0xfe, secret)
	for o := range 10 {
		files[fmt.Sprintf("jpeg exif little %d", o)] = withSegment(j, 0xe1, exif(binary.LittleEndian, o))
		files[fmt.Sprintf("jpeg exif big %d", o)] = withSegment(j, 0xe1, exif(binary.BigEndian, o))
	}
	for name, tail := range map[string]string{
		"zip": "PK\x03\x04canary", "html": "<html><script>canary</script>", "pdf": "%PDF-1.7 canary", "php": "<?php canary ?>",
		"js": "*/=1;canary()", "jar": "PK\x05\x06canary", "png": string(p) + "canary",
	} {
		files["png and "+name] = append(bytes.Clone(p), tail...)
		files["jpeg and "+name] = append(bytes.Clone(j), tail...)
		files["gif and "+name] = append(bytes.Clone(g), tail...)
		files["webp and "+name] = append(webpBytes(t, 0), tail...)
	}
	for name, data := range files {
		out, _, _, err := Preview(bytes.NewReader(data), 100)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		clean(t, out)
		if bytes.Contains(out, []byte(canary)) {
			t.Errorf("%s: the secret came through", name)
		}
	}
	t.Logf("%d files", len(files))
}

// T-58: bombs, broken files and files that are no images.
func TestRefused(t *testing.T) {
	header := func(w, h uint32) []byte {
		b := binary.BigEndian.AppendUint32(nil, w)
		b = append(binary.BigEndian.AppendUint32(b, h), 8, 6, 0, 0, 0)
		return append(append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", b)...), chunk("IDAT", []byte("x\x9c\x03\x00"))...)
	}
	gifHeader := func(w, h uint16) []byte {
		b := binary.LittleEndian.AppendUint16([]byte("GIF89a"), w)
		return append(binary.LittleEndian.AppendUint16(b, h), 0, 0, 0, 0x3b)
	}
	jpegBomb := encoded(t, "jpeg", 8, 8)
	sof := bytes.Index(jpegBomb, []byte{0xff, 0xc0})
	copy(jpegBomb[sof+5:], []byte{0xff, 0xff, 0xff, 0xff})
	webpBomb := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\xff\xff\xff\x0f0000000000")
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"png 2^31-1 square": {header(1<<31-1, 1<<31-1), ErrUnreadable},
		"png 65535 square":  {header(65535, 65535), ErrTooLarge},
		"png just over":     {header(40_000, 1001), ErrTooLarge},
		"png of no pixels":  {header(0, 10), ErrUnreadable},
		"gif 65535 square":  {gifHeader(65535, 65535), ErrTooLarge},
		"jpeg 65535 square": {jpegBomb, ErrTooLarge},
		"webp 16384 square": {webpBomb, ErrTooLarge},
		"20 MB and a byte":  {append(encoded(t, "png", 1, 1), make([]byte, MaxBytes)...), ErrTooLarge},
		"empty":             {nil, ErrUnreadable},
		"svg":               {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), ErrUnreadable},
		"html":              {[]byte("<html>"), ErrUnreadable},
		"pdf":               {[]byte("%PDF-1.7"), ErrUnreadable},
		"bmp":               {[]byte("BM\x00\x00\x00\x00"), ErrUnreadable},
		"tiff":              {[]byte("II*\x00\x08\x00\x00\x00"), ErrUnreadable},
		"ico":               {[]byte("\x00\x00\x01\x00"), ErrUnreadable},
		"html, then png":    {append([]byte("<html>"), encoded(t, "png", 1, 1)...), ErrUnreadable},
	} {
		if out, _, _, err := Preview(bytes.NewReader(c.data), 100); !errors.Is(err, c.want) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
	// Cut anywhere, a file is refused or gives a whole preview; never a panic.
	for _, data := range [][]byte{encoded(t, "png", 30, 30), encoded(t, "jpeg", 30, 30), encoded(t, "gif", 30, 30), webpBytes(t, 0), webpBytes(t, 1)} {
		for n := 0; n < len(data); n += 1 + len(data)/50 {
			if out, _, _, err := Preview(bytes.NewReader(data[:n]), 100); err == nil {
				clean(t, out)
			} else if !errors.Is(err, ErrUnreadable) {
				t.Errorf("cut to %d: %v", n, err)
			}
		}
	}
	if _, _, _, err := Preview(io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<20)), 1<<20), 10); !errors.Is(err, ErrUnreadable) {
		t.Errorf("text: %v", err)
	}
}

// A camera's picture is turned as its EXIF block says, before that is dropped.
func TestOrientation(t *testing.T) {
	// The green corner's place, as (right, bottom), after each turn.
	corners := map[int][2]bool{1: {false, false}, 2: {true, false}, 3: {true, true}, 4: {false, true}, 5: {false, false}, 6: {true, false}, 7: {true, true}, 8: {false, true}}
	for o, corner := range corners {
		data := withSegment(encoded(t, "jpeg", 64, 32), 0xe1, exif(binary.BigEndian, o))
		out, w, h, err := Preview(bytes.NewReader(data), 100)
		if err != nil {
			t.Fatal(err)
		}
		if (o >= 5) != (h > w) {
			t.Errorf("orientation %d: %d by %d", o, w, h)
		}
		x, y := 2, 2
		if corner[0] {
			x = w - 3
		}
		if corner[1] {
			y = h - 3
		}
		if r, g, b, _ := clean(t, out).At(x, y).RGBA(); g < 0xc000 || r > 0x4000 || b > 0x4000 {
			t.Errorf("orientation %d: no green at %d,%d", o, x, y)
		}
	}
}

func FuzzPreview(f *testing.F) {
	for _, format := range []string{"png", "jpeg", "gif"} {
		f.Add(encoded(f, format, 9, 7))
	}
	f.Add(webpBytes(f, 0))
	f.Add(webpBytes(f, 1))
	f.Add(withSegment(encoded(f, "jpeg", 9, 7), 0xe1, exif(binary.LittleEndian, 6)))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, w, h, err := Preview(bytes.NewReader(data), 32)
		if err != nil {
			return
		}
		if w < 1 || h < 1 || w > 32 || h > 32 {
			t.Errorf("%d by %d", w, h)
		}
		clean(t, out)
	})
}
