package images

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"testing"
)

// T-46: an image written anew keeps its size and pixels and nothing else.
func TestRewrite(t *testing.T) {
	for format, media := range map[string]string{"png": "image/png", "jpeg": "image/jpeg", "gif": "image/gif"} {
		data := encoded(t, format, 60, 40)
		planted := append(bytes.Clone(data), "CANARY behind the picture"...)
		got, err := Rewrite(bytes.NewReader(planted))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if got.Media != media || got.Width != 60 || got.Height != 40 || got.Pictures != 1 {
			t.Errorf("%s: %s, %d by %d, %d pictures", format, got.Media, got.Width, got.Height, got.Pictures)
		}
		if bytes.Contains(got.Bytes, []byte("CANARY")) {
			t.Errorf("%s: what was behind the picture is still there", format)
		}
		img, _, err := image.Decode(bytes.NewReader(got.Bytes))
		if err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if r, _, b, _ := img.At(30, 15).RGBA(); r < 0xe000 || b > 0x2000 {
			t.Errorf("%s: the upper half is not red", format)
		}
		if r, _, b, _ := img.At(30, 35).RGBA(); b < 0xe000 || r > 0x2000 {
			t.Errorf("%s: the lower half is not blue", format)
		}
	}
	for i := range webps {
		if got, err := Rewrite(bytes.NewReader(webpBytes(t, i))); err != nil || got.Media != "image/png" {
			t.Errorf("webp %d: %s, %v", i, got.Media, err)
		}
	}
	for _, bad := range []string{"", "GIF89a", "\xff\xd8\xff", "hello"} {
		if _, err := Rewrite(bytes.NewReader([]byte(bad))); err == nil {
			t.Errorf("%q was written anew", bad)
		}
	}
}

func TestRewriteAnimation(t *testing.T) {
	pal := color.Palette{color.Black, color.White}
	var g gif.GIF
	for range 3 {
		g.Image = append(g.Image, image.NewPaletted(image.Rect(2, 3, 12, 13), pal))
		g.Delay = append(g.Delay, 1)
	}
	g.Config = image.Config{ColorModel: pal, Width: 20, Height: 20}
	var buf bytes.Buffer
	if err := gif.EncodeAll(&buf, &g); err != nil {
		t.Fatal(err)
	}
	got, err := Rewrite(&buf)
	if err != nil || got.Pictures != 3 || got.Width != 10 || got.Height != 10 {
		t.Fatalf("%d pictures, %d by %d, %v", got.Pictures, got.Width, got.Height, err)
	}
	again, err := gif.DecodeAll(bytes.NewReader(got.Bytes))
	if err != nil || len(again.Image) != 1 || again.Config.Width != 10 {
		t.Errorf("%v", err)
	}
}

func FuzzRewrite(f *testing.F) {
	for _, format := range []string{"png", "jpeg", "gif"} {
		f.Add(encoded(f, format, 8, 8))
	}
	f.Add(webpBytes(f, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Rewrite(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := Rewrite(bytes.NewReader(got.Bytes))
		if err != nil || again.Width != got.Width || again.Height != got.Height || again.Media != got.Media {
			t.Errorf("what was written is not read alike: %v", err)
		}
	})
}
