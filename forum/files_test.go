package forum_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

func (h *house) upload(by, name, content string) forum.File {
	h.t.Helper()
	return must[forum.File](h)(h.forum.Upload(ctx, h.db, h.as(by), forum.Incoming{Name: name, Size: int64(len(content)), From: strings.NewReader(content)}))
}

// content opens a file and reads it whole.
func (h *house) content(person, id string, preview bool) (string, error) {
	h.t.Helper()
	return read(h, person, func(v *db.View) (string, error) {
		open := h.forum.OpenFile
		if preview {
			open = h.forum.OpenPreview
		}
		_, r, err := open(v, id)
		if err != nil {
			return "", err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		return string(b), err
	})
}

func (h *house) blobCount() (n int) {
	h.t.Helper()
	for _, err := range h.blobs.List(ctx) {
		h.ok(err)
		n++
	}
	return n
}

func TestAttachments(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		room := h.room(dora, "Pumps", label(policy.Green, policy.Community))
		f := h.upload(pia, "../evil\u202egpj.exe", `{"document": {}}`)
		if f.Name != "evilgpj.exe" || f.Media != "text/plain" || f.Size != 16 {
			t.Errorf("%+v", f)
		}
		if got := must[string](h)(h.content(pia, f.ID, false)); got != `{"document": {}}` {
			t.Errorf("read back %q", got)
		}
		for _, who := range []string{pol, wim, ""} {
			_, err := h.content(who, f.ID, false)
			wants(t, err, fault.Missing, "")
		}
		_, err := h.topic(pol, room, forum.NewTopic{Title: "Stolen", Body: "x", Label: label(policy.Green, policy.Community), Files: []string{f.ID}})
		wants(t, err, fault.Invalid, "files")
		topic := must[string](h)(h.topic(pia, room, forum.NewTopic{Title: "With file", Body: "x", Label: label(policy.Amber, pump, ward), Files: []string{f.ID}}))
		_, err = h.reply(pia, topic, forum.NewPost{Body: "Again.", Files: []string{f.ID}})
		wants(t, err, fault.Invalid, "files")
		_, err = h.reply(pia, topic, forum.NewPost{Body: "Twice.", Files: []string{f.ID, f.ID}})
		wants(t, err, fault.Invalid, "files")
		for who, fine := range map[string]bool{pia: true, wim: true, lea: false, "": false} {
			_, err := h.content(who, f.ID, false)
			if fine != (err == nil) {
				t.Errorf("%q opens the file: %v", who, err)
			}
		}
		ps := h.posts(wim, topic)
		if len(ps[0].Files) != 1 || ps[0].Files[0].ID != f.ID || ps[0].Files[0].Label.TLP != policy.Amber {
			t.Errorf("files of the post: %+v", ps[0].Files)
		}
		if got := h.found(wim, forum.Query{Text: "evilgpj", HasFile: true}); len(got) != 1 {
			t.Error("the file is not found by its name")
		}
		must[string](h)(h.relabelTopic(pia, topic, label(policy.Amber, pump)))
		_, err = h.content(wim, f.ID, false)
		wants(t, err, fault.Missing, "")

		h.ok(h.write(pia, func(tx *db.Tx) error { return h.forum.Delete(tx, ps[0].ID, "") }))
		_, err = h.content(pia, f.ID, false)
		wants(t, err, fault.Missing, "")
		if n := h.blobCount(); n != 0 {
			t.Errorf("%d blobs are left", n)
		}
	})
}

func TestUploadsThatFailLeaveNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		up := func(in forum.Incoming) error {
			_, err := h.forum.Upload(ctx, h.db, h.as(pia), in)
			return err
		}
		whole := strings.Repeat("x", 100_000)
		for name, in := range map[string]forum.Incoming{
			"truncated": {Name: "a", Size: 100_001, From: strings.NewReader(whole)},
			"longer":    {Name: "a", Size: 99_999, From: strings.NewReader(whole)},
			"broken":    {Name: "a", Size: -1, From: io.MultiReader(strings.NewReader(whole), iotest.ErrReader(io.ErrUnexpectedEOF))},
			"empty":     {Name: "a", Size: 0, From: strings.NewReader("")},
			"announced": {Name: "a", Size: forum.MaxFile + 1, From: strings.NewReader("")},
			"oversize":  {Name: "a", Size: -1, From: io.LimitReader(zeros{}, forum.MaxFile+1)},
		} {
			if err := up(in); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := up(forum.Incoming{Name: "a", Size: -1, From: strings.NewReader(whole)}); err != nil {
			t.Error(err)
		}
		_, err := h.forum.Upload(ctx, h.db, policy.Anonymous(), forum.Incoming{Name: "a", Size: 1, From: strings.NewReader("x")})
		wants(t, err, fault.Forbidden, "")
		if n := h.blobCount(); n != 1 {
			t.Errorf("%d blobs, want the one that was taken", n)
		}

		program := policy.System("test")
		if n, err := h.forum.Sweep(ctx, h.db, program); err != nil || n != 0 {
			t.Errorf("swept %d: %v", n, err)
		}
		if _, _, err := h.blobs.Put(ctx, "file_0123456789abcdefghjkmnpqrs", [32]byte{}, strings.NewReader("orphan"), 10); err != nil {
			t.Fatal(err)
		}
		if n, err := h.forum.Sweep(ctx, h.db, program); err != nil || n != 1 {
			t.Errorf("swept %d orphans: %v", n, err)
		}
		h.clock.Add(forum.KeepUpload + 1e9)
		if n, err := h.forum.Sweep(ctx, h.db, program); err != nil || n != 1 || h.blobCount() != 0 {
			t.Errorf("swept %d old uploads, %d are left: %v", n, h.blobCount(), err)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestPreviews(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		var b bytes.Buffer
		h.ok(png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))))
		f := h.upload(pia, "screen.png", b.String())
		if f.Media != "image/png" || f.Width != 40 || f.Height != 30 {
			t.Fatalf("%+v", f)
		}
		if _, err := png.Decode(strings.NewReader(must[string](h)(h.content(pia, f.ID, true)))); err != nil {
			t.Error(err)
		}
		fake := h.upload(pia, "fake.png", "\x89PNG\r\n\x1a\nnot at all")
		_, err := h.content(pia, fake.ID, true)
		wants(t, err, fault.Missing, "")
		h.ok(h.note(pia, func(tx *db.Tx) error { return h.forum.DropUpload(tx, f.ID) }))
		if n := h.blobCount(); n != 1 {
			t.Errorf("%d blobs", n)
		}
		if err := h.note(pol, func(tx *db.Tx) error { return h.forum.DropUpload(tx, fake.ID) }); !errors.Is(err, fault.ErrMissing) {
			t.Error(err)
		}
	})
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"report.json": "report.json", "C:\\temp\\x.csv": "x.csv", "../../etc/passwd": "passwd", "..": "file", "": "file", "/": "file", "a\x00b\nc": "abc",
		"photo\u202egpj.exe": "photogpj.exe", "zero\u200bwidth": "zerowidth", " .hidden. ": "hidden", "q?<x>*": "qx", "Über größe.pdf": "Über größe.pdf",
		strings.Repeat("a", 300) + ".json": strings.Repeat("a", 195) + ".json",
	} {
		if diff := cmp.Diff(want, forum.CleanName(in)); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add("a/b\\c.json")
	f.Fuzz(func(t *testing.T, s string) {
		c := forum.CleanName(s)
		if c == "" || len([]rune(c)) > 200 || strings.ContainsAny(c, "/\\\x00\n\r\"<>:|?*") || c == "." || c == ".." {
			t.Errorf("%q became %q", s, c)
		}
		if again := forum.CleanName(c); again != c {
			t.Errorf("%q became %q and then %q", s, c, again)
		}
	})
}
