package evidence_test

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"io"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/formats/tlog"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

func said(r evidence.Report, words string) bool {
	for _, l := range r.Lines {
		if strings.Contains(l.Text, words) {
			return true
		}
	}
	return false
}

func unzip(t testing.TB, pack []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatalf("the standard library cannot read the pack: %v", err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

// T-39: a pack verifies with nothing but itself and a pinned key.
func TestPackTellsTheStory(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		pack := h.pack(wim, h.story())
		r := h.verify(pack, h.ledger.Public())
		if !r.OK {
			t.Fatalf("a true pack does not verify: %+v", r.Lines)
		}
		for _, want := range []string{
			"Shared on 14 Nov 2026 15:04:07 UTC by Pia Pump, Pumpworks, as TLP:AMBER with 2 people in 2 organizations: Port 23 <open>",
			"The record is whole: ", "entries are proved by the checkpoint over 64 entries signed by isao-",
			"The texts are as they were written: 3 of 3", "The files are as they were shared: 1 of 1",
			"pinned a post as a decision", "This pack was taken on 14 Nov 2026 15:08:07 UTC by Wim Ward, Ward Hospital.",
			"The key is the one you pinned.", "It does not prove that anybody read",
		} {
			if !said(r, want) {
				t.Errorf("the report does not say %q: %+v", want, r.Lines)
			}
		}
		ms := unzip(t, pack)
		page := ms["index.html"]
		for _, want := range []string{"Pump pair", "Pumpworks", "TLP:AMBER", "We closed it on all pumps.", "We closed it.", "Test &lt;ISAO&gt;", "&lt;script&gt;"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		for _, never := range []string{"<script", "http://", "https://", " src=", "@import", "url("} {
			if strings.Contains(page, never) {
				t.Errorf("the page holds %q", never)
			}
		}
		if got := ms["files/1-Bericht__ber__CSAF_.json"]; got != `{"document":{}}` {
			t.Errorf("the attached file reads %q; there are %d members", got, len(ms))
		}
		if !said(h.verify(pack, ""), "NOT PINNED") {
			t.Error("without a pinned key the report does not say so")
		}
		other, err := tlog.GenerateKey(rand.Reader, "other.example/ledger")
		h.ok(err)
		if h.verify(pack, other.Public()).OK {
			t.Error("a pack by another ledger verifies")
		}
	})
}

// Promise 1: the pack is made in the taker's own view.
func TestPackHoldsOnlyTheTakersView(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		topic := h.topic(pia, forum.NewTopic{Title: "Wide", Body: "For all three.", Label: label(policy.Amber, pump, ward, lab)})
		before := h.reply(pia, topic, forum.NewPost{Body: "narrow words", Label: label(policy.AmberStrict, pump, ward), Files: []string{h.upload(pia, "narrow.txt", "narrow file")}})
		late := h.reply(pia, topic, forum.NewPost{Body: "tightened words"})
		h.write(pia, func(tx *db.Tx) error {
			_, err := h.forum.RelabelPost(tx, late, label(policy.AmberStrict, pump, ward), "too wide")
			return err
		})
		r := h.verify(h.pack(wim, topic), "")
		if !r.OK || !said(r, "3 of 3 match") {
			t.Errorf("the hospital's pack: %+v", r.Lines)
		}
		pack := h.pack(lea, topic)
		if r := h.verify(pack, ""); !r.OK || !said(r, "1 of 1 match") {
			t.Errorf("the laboratory's pack: %+v", r.Lines)
		}
		for _, never := range []string{"narrow", "tightened", before, late} {
			if bytes.Contains(pack, []byte(never)) {
				t.Errorf("the laboratory's pack holds %q", never)
			}
		}
		hidden := h.topic(pia, forum.NewTopic{Title: "Hidden", Body: "Not for the lab.", Label: label(policy.Amber, pump, ward)})
		for _, who := range []policy.Viewer{h.as(lea), policy.Anonymous()} {
			var b bytes.Buffer
			if err := h.evidence.Topic(ctx, h.db, who, hidden, &b); err != fault.ErrMissing || b.Len() > 0 {
				t.Errorf("a stranger gets %v and %d bytes", err, b.Len())
			}
		}
	})
}

func TestDeletedPostsStayProved(t *testing.T) {
	h := newHouse(t, "")
	topic := h.topic(pia, forum.NewTopic{Title: "T", Body: "stays", Label: label(policy.Amber, pair, pump)})
	gone := h.reply(pia, topic, forum.NewPost{Body: "said in error", Files: []string{h.upload(pia, "error.txt", "wrong")}})
	h.write(pia, func(tx *db.Tx) error { return h.forum.Delete(tx, gone, "wrong customer") })
	pack := h.pack(pia, topic)
	r := h.verify(pack, h.ledger.Public())
	if !r.OK || !said(r, "1 more were deleted, which is on the record") {
		t.Errorf("%+v", r.Lines)
	}
	if bytes.Contains(pack, []byte("said in error")) {
		t.Error("the pack holds a deleted text")
	}
	if !strings.Contains(unzip(t, pack)["index.html"], "wrong customer") {
		t.Error("the page does not say why it was deleted")
	}
}

func TestDeterministic(t *testing.T) {
	h := newHouse(t, "")
	topic := h.story()
	pack := h.pack(pia, topic)
	again := h.pack(pia, topic)
	if bytes.Equal(pack, again) {
		t.Error("two takings give the same pack: the second did not record itself")
	}
	if r := h.verify(again, h.ledger.Public()); !r.OK || !said(r, "7 of 7 entries") {
		t.Errorf("%+v", r.Lines)
	}
}

// Any changed byte anywhere fails, and the report names a part.
func TestEveryByteCounts(t *testing.T) {
	h := newHouse(t, "")
	topic := h.topic(pia, forum.NewTopic{Title: "T", Body: "b", Label: label(policy.Amber, pair, pump), Files: []string{h.upload(pia, "f", "x")}})
	pack := h.pack(pia, topic)
	key := h.ledger.Public()
	if r := h.verify(pack, key); !r.OK {
		t.Fatalf("%+v", r.Lines)
	}
	ranges := places(t, pack)
	for i := range pack {
		if testing.Short() && i%7 != 0 {
			continue
		}
		was := pack[i]
		pack[i] ^= 1 << (i % 8)
		r := h.verify(pack, key)
		pack[i] = was
		if r.OK {
			t.Fatalf("byte %d of %d (%s) changed and the pack verifies", i, len(pack), ranges(i))
		}
		named := false
		for _, l := range r.Lines {
			named = named || !l.OK && (l.Part == ranges(i) || l.Part == "zip structure" && !strings.HasPrefix(ranges(i), "in "))
		}
		if part := ranges(i); !named && part != "" {
			t.Fatalf("byte %d is of %s; the report says %+v", i, part, r.Lines)
		}
	}
	for cut := range 64 {
		if r := h.verify(pack[:len(pack)-cut-1], key); r.OK {
			t.Fatalf("a pack cut by %d bytes verifies", cut+1)
		}
		if r := h.verify(append(bytes.Clone(pack), make([]byte, cut+1)...), key); r.OK {
			t.Fatalf("a pack with %d bytes more verifies", cut+1)
		}
	}
}

// places tells which member's content or header a byte belongs to; "" is the
// directory.
func places(t testing.TB, pack []byte) func(int) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	return func(at int) string {
		for _, f := range z.File {
			from, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			if int64(at) >= from-30-int64(len(f.Name)) && int64(at) < from+int64(f.CompressedSize64) {
				return f.Name
			}
		}
		return ""
	}
}

// A forger who rewrites the zip whole, checksums and manifest included, is caught
// by what the ledger signed.
func TestForgeries(t *testing.T) {
	h := newHouse(t, "")
	pack := h.pack(pia, h.story())
	key := h.ledger.Public()
	for name, forge := range map[string]func(ms map[string]string){
		"another text": func(ms map[string]string) {
			ms["evidence.json"] = strings.Replace(ms["evidence.json"], "It is open.", "It is shut.", 1)
		},
		"another title": func(ms map[string]string) {
			ms["evidence.json"] = strings.ReplaceAll(ms["evidence.json"], "Port 23", "Port 24")
		},
		"a title of the pack": func(ms map[string]string) {
			ms["evidence.json"] = strings.Replace(ms["evidence.json"], `"title":"Port 23 <open>"}`, `"title":"Port 24 <open>"}`, 1)
		},
		"an entry less": func(ms map[string]string) {
			s := ms["evidence.json"]
			from := strings.LastIndex(s, `{"event":`)
			to := from + strings.Index(s[from:], `"}],"files"`) + 2
			ms["evidence.json"] = s[:from-1] + s[to:]
		},
		"another time": func(ms map[string]string) {
			ms["evidence.json"] = strings.Replace(ms["evidence.json"], `2026-11-14T15:04:07`, `2026-10-14T15:04:07`, 1)
		},
		"another recipient": func(ms map[string]string) {
			ms["evidence.json"] = strings.Replace(ms["evidence.json"], `"Pump pair"`, `"All pumps"`, 1)
		},
		"another number": func(ms map[string]string) {
			ms["evidence.json"] = strings.Replace(ms["evidence.json"], `people\":2`, `people\":9`, 1)
		},
		"a page that lies": func(ms map[string]string) {
			ms["index.html"] = strings.Replace(ms["index.html"], "2 people", "9 people", 1)
		},
		"another file":   func(ms map[string]string) { ms["files/1-Bericht__ber__CSAF_.json"] = `{"document":[]}` },
		"a file more":    func(ms map[string]string) { ms["files/2-more"] = "more" },
		"a file less":    func(ms map[string]string) { delete(ms, "files/1-Bericht__ber__CSAF_.json") },
		"no readme":      func(ms map[string]string) { delete(ms, "README.txt") },
		"another readme": func(ms map[string]string) { ms["README.txt"] += "Trust me.\n" },
	} {
		t.Run(name, func(t *testing.T) {
			ms := unzip(t, pack)
			before := len(ms["evidence.json"]) + len(ms["index.html"])
			was := ms["evidence.json"]
			forge(ms)
			if ms["evidence.json"] != was {
				evidence.Rerender(t, ms)
			}
			forged := evidence.Rezip(t, pack, ms)
			if bytes.Equal(forged, pack) {
				t.Fatalf("the forgery changed nothing (%d)", before)
			}
			if r := h.verify(forged, key); r.OK {
				t.Error("the forgery verifies")
			}
		})
	}
	// The forging tool itself makes a true pack of true members.
	if !bytes.Equal(evidence.Rezip(t, pack, unzip(t, pack)), pack) {
		t.Error("rezipping changes a true pack: the test above proves nothing")
	}
}

// T-52: hostile zips are refused, quickly and by name.
func TestHostileZips(t *testing.T) {
	h := newHouse(t, "")
	compressed := func(fn func(z *zip.Writer)) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		fn(z)
		h.ok(z.Close())
		return b.Bytes()
	}
	add := func(z *zip.Writer, name string, n int) {
		w, err := z.Create(name)
		h.ok(err)
		_, err = w.Write(make([]byte, n))
		h.ok(err)
	}
	many := binary.LittleEndian.AppendUint16([]byte("PK\x05\x06\x00\x00\x00\x00"), 0xffff)
	many = append(binary.LittleEndian.AppendUint16(many, 0xffff), make([]byte, 10)...)
	for name, b := range map[string][]byte{
		"bomb":  compressed(func(z *zip.Writer) { add(z, "evidence.json", 64<<20) }),
		"slip":  compressed(func(z *zip.Writer) { add(z, "../../evidence.json", 1) }),
		"twice": compressed(func(z *zip.Writer) { add(z, "evidence.json", 1); add(z, "evidence.json", 2) }),
		"symlink": compressed(func(z *zip.Writer) {
			fh := &zip.FileHeader{Name: "evidence.json"}
			fh.SetMode(0o777 | 1<<27)
			_, err := z.CreateHeader(fh)
			h.ok(err)
		}),
		"comment": compressed(func(z *zip.Writer) { h.ok(z.SetComment("hello")) }),
		"empty":   compressed(func(z *zip.Writer) {}),
		"count":   many,
		"nothing": {},
		"text":    []byte(strings.Repeat("not a zip ", 100)),
	} {
		if r := h.verify(b, ""); r.OK || len(r.Lines) != 1 || r.Lines[0].Part == "" {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func FuzzVerify(f *testing.F) {
	h := newHouse(f, "")
	f.Add(h.pack(pia, h.topic(pia, forum.NewTopic{Title: "T", Body: "b", Label: label(policy.Amber, pair, pump)})))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = evidence.Verify(bytes.NewReader(b), int64(len(b)), evidence.Options{})
	})
}

func TestRecent(t *testing.T) {
	onBoth(t, func(t *testing.T, h *house) {
		first := h.story()
		second := h.topic(pia, forum.NewTopic{Title: "Second", Body: "b", Label: label(policy.Amber, pump)})
		h.pack(pia, first)
		third := h.topic(pia, forum.NewTopic{Title: "Third", Body: "b", Label: label(policy.Amber, pump)})
		list := func(who string, before int64, limit int) (got []string, shares []evidence.Share, more bool) {
			h.ok(h.db.Read(ctx, h.as(who), func(v *db.View) (err error) {
				shares, more, err = h.evidence.Recent(v, before, limit)
				return err
			}))
			for _, s := range shares {
				got = append(got, s.Title)
			}
			return got, shares, more
		}
		got, shares, more := list(pia, 0, 10)
		if strings.Join(got, "|") != "Third|Port 23 <open>|Second|Port 23 <open>" || more {
			t.Fatalf("%v %v", got, more)
		}
		if shares[0].Topic != third || shares[0].Provable || !shares[1].Taken || shares[1].Topic != first || shares[2].Topic != second || !shares[2].Provable {
			t.Errorf("%+v", shares)
		}
		got, shares, more = list(pia, 0, 2)
		if len(got) != 2 || !more {
			t.Fatalf("%v %v", got, more)
		}
		if got, _, more = list(pia, shares[1].Next, 2); strings.Join(got, "|") != "Second|Port 23 <open>" || more {
			t.Errorf("the second page: %v %v", got, more)
		}
		if got, _, _ := list(wim, 0, 10); len(got) != 0 {
			t.Errorf("wim shared nothing, and sees %v", got)
		}
	})
}
