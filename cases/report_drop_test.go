package cases_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/receipt"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// submit sends a report without an account.
func submit(h *town.Town, in cases.Intake, files ...cases.Incoming) cases.Sent {
	h.T.Helper()
	h.Clock.Add(cases.SendEvery)
	sent, err := h.Cases.SubmitAnonymous(h.Ctx, h.DB, h.Cases.NewForm(), in, files)
	h.OK(err)
	return sent
}

func queue(h *town.Town, who string) []cases.Queued {
	h.T.Helper()
	return town.Must(h, who, func(v *db.View) ([]cases.Queued, error) {
		qs, _, err := h.Cases.Queue(v, cases.QueueFilter{}, cases.QueueCursor{}, 0)
		return qs, err
	})
}

func file(name, body string) cases.Incoming {
	return cases.Incoming{Name: name, Size: int64(len(body)), From: strings.NewReader(body)}
}

// picture is a PNG that tells its author in a text chunk.
func picture(author string) string {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		panic(err)
	}
	chunk := "tEXtAuthor\x00" + author
	var out bytes.Buffer
	out.Write(b.Bytes()[:33]) // signature and IHDR
	binary.Write(&out, binary.BigEndian, uint32(len(chunk)-4))
	out.WriteString(chunk)
	binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE([]byte(chunk)))
	out.Write(b.Bytes()[33:])
	return out.String()
}

func fetch(h *town.Town, r string) (cases.Returned, error) {
	h.Clock.Add(cases.TryEvery)
	return h.Cases.Fetch(h.Ctx, h.DB, r)
}

// A stranger sends, comes back, reads, adds and gets a file, with nothing but the
// receipt; the desk answers.
func TestDropAndReturn(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		form := h.Cases.NewForm()
		in := with("Open port", func(in *cases.Intake) { in.Contact.Name = "Ada" })
		send := func(in cases.Intake, fs ...cases.Incoming) cases.Sent {
			t.Helper()
			sent, err := h.Cases.SubmitAnonymous(h.Ctx, h.DB, form, in, fs)
			h.OK(err)
			return sent
		}
		sent := send(in, file("C:\\Users\\ada\\Ada's notes.png", picture("Ada Author")))
		if _, err := receipt.Parse(sent.Receipt.String()); err != nil || sent.Again || len(sent.Files) != 1 || sent.Files[0].Name != "attachment-1.png" {
			t.Fatalf("sent %+v, %v", sent, err)
		}
		// The same form again gives the same receipt and writes nothing; so does
		// another text under the same form, and says so.
		if twice := send(in, file("x.txt", "other")); twice.Receipt != sent.Receipt || !twice.Again || twice.Differs {
			t.Errorf("sent twice: %+v", twice)
		}
		if twice := send(plain("Another")); twice.Receipt != sent.Receipt || !twice.Again || !twice.Differs {
			t.Errorf("another text under the same form: %+v", twice)
		}
		if other := submit(h, in); other.Receipt == sent.Receipt {
			t.Error("two forms got one receipt")
		}
		qs := queue(h, town.Dora)
		if len(qs) != 2 {
			t.Fatalf("%d reports at the desk, want 2", len(qs))
		}
		var r cases.Queued
		for _, q := range qs {
			if fs := town.Must(h, town.Dora, func(v *db.View) ([]cases.File, error) { return h.Cases.Files(v, q.ID) }); len(fs) == 1 {
				r = q
			}
		}
		if r.Person != "" || r.Intake.Contact.Name != "Ada" || r.State != cases.ReportReceived {
			t.Fatalf("the desk reads %+v", r.Report)
		}
		back, err := fetch(h, strings.ToUpper(strings.ReplaceAll(sent.Receipt.String(), "-", " ")))
		if err != nil || back.State != cases.ReportReceived || back.Acked || len(back.Files) != 1 || len(back.Messages) != 0 || back.Title != "Open port" {
			t.Fatalf("comes back to %+v, %v", back, err)
		}
		// The desk answers with a file; that acknowledges.
		up, err := h.Cases.UploadFile(h.Ctx, h.DB, h.As(town.Dora), file("key.asc", "the desk's key"))
		h.OK(err)
		h.OK(h.Write(town.Dora, func(tx *db.Tx) error {
			_, _, err := h.Cases.Answer(tx, r.ID, "Thank you. Which version?", []string{up.ID}, "")
			return err
		}))
		add := h.Cases.NewForm()
		for i, want := range []bool{false, true} {
			h.Clock.Add(cases.SendEvery)
			again, err := h.Cases.AddAnonymous(h.Ctx, h.DB, sent.Receipt.String(), add, cases.Addition{Text: "Version 2.1.", Files: []cases.Incoming{file("log.txt", "boot ok")}})
			if err != nil || again != want {
				t.Fatalf("adding, time %d: %t, %v", i+1, again, err)
			}
		}
		back, err = fetch(h, sent.Receipt.String())
		h.OK(err)
		if !back.Acked || len(back.Messages) != 2 || back.Messages[0].Inbound || !back.Messages[1].Inbound || back.Messages[0].Name != "" || len(back.Messages[0].Files) != 1 || len(back.Messages[1].Files) != 1 {
			t.Fatalf("then to %+v", back)
		}
		f, body, err := h.Cases.FetchFile(h.Ctx, h.DB, sent.Receipt.String(), up.ID)
		h.OK(err)
		b, err := io.ReadAll(body)
		body.Close()
		if string(b) != "the desk's key" || f.Name != "key.asc" || err != nil {
			t.Errorf("the desk's file is %q %q, %v", f.Name, b, err)
		}
		// Another's receipt does not open it, nor does a member find the report.
		other := submit(h, plain("Other"))
		if _, _, err := h.Cases.FetchFile(h.Ctx, h.DB, other.Receipt.String(), up.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("another's receipt opens the file: %v", err)
		}
		for _, who := range []string{town.Pia, town.Lea, town.Fay, ""} {
			if _, err := town.Read(h, who, func(v *db.View) (cases.Report, error) { return h.Cases.Report(v, r.ID) }); !fault.Is(err, fault.Missing) {
				t.Errorf("%q reads a stranger's report: %v", who, err)
			}
			if qs := queue(h, who); len(qs) != 0 {
				t.Errorf("%q has a queue: %+v", who, qs)
			}
			if _, _, err := readFile(h, who, up.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%q opens its file: %v", who, err)
			}
		}
		report, err := h.Ledger.Verify(h.Ctx, nil)
		if err != nil || !report.Whole() {
			t.Errorf("the ledger: %v, %v", report.Problems, err)
		}
	})
}

func readFile(h *town.Town, who, id string) (f cases.File, body string, err error) {
	h.T.Helper()
	err = h.DB.Read(h.Ctx, h.As(who), func(v *db.View) error {
		got, r, err := h.Cases.OpenFile(v, id)
		if err != nil {
			return err
		}
		defer r.Close()
		b, err := io.ReadAll(r)
		f, body = got, string(b)
		return err
	})
	return f, body, err
}

func TestDropRefuses(t *testing.T) {
	h := town.New(t, "")
	h.Cases.QuickReceipts()
	send := func(form string, in cases.Intake, fs ...cases.Incoming) error {
		h.Clock.Add(cases.SendEvery)
		_, err := h.Cases.SubmitAnonymous(h.Ctx, h.DB, form, in, fs)
		return err
	}
	other := town.New(t, "").Cases.NewForm()
	for _, c := range []struct {
		name, form, field string
		in                cases.Intake
		files             []cases.Incoming
	}{
		{"no form", "", "form", plain("x"), nil},
		{"a made-up form", strings.Repeat("A", 43), "form", plain("x"), nil},
		{"another server's form", other, "form", plain("x"), nil},
		{"nothing", h.Cases.NewForm(), "description", cases.Intake{}, nil},
		{"patient data", h.Cases.NewForm(), "confirmed", with("x", func(in *cases.Intake) { in.Description = "Patient MRN: 00482913 was connected." }), nil},
		{"too many files", h.Cases.NewForm(), "files", plain("x"), make([]cases.Incoming, cases.MaxFiles+1)},
		{"a file that cannot be cleaned", h.Cases.NewForm(), "files", plain("x"), []cases.Incoming{file("a.pdf", "%PDF-1.7\n")}},
		{"an empty file", h.Cases.NewForm(), "files", plain("x"), []cases.Incoming{file("a.txt", "")}},
		{"half a file", h.Cases.NewForm(), "files", plain("x"), []cases.Incoming{{Name: "a.txt", Size: 10, From: strings.NewReader("half")}}},
		{"too large a file", h.Cases.NewForm(), "files", with("x", func(in *cases.Intake) { in.KeepFiles = true }), []cases.Incoming{{Name: "a.bin", Size: -1, From: io.LimitReader(zeros{}, cases.MaxFile+1)}}},
	} {
		t.Run(c.name, func(t *testing.T) { town.Wants(t, send(c.form, c.in, c.files...), fault.Invalid, c.field) })
	}
	if qs := queue(h, town.Dora); len(qs) != 0 {
		t.Errorf("refused reports are at the desk: %+v", qs)
	}
	for name, err := range h.Blobs.List(h.Ctx) {
		t.Errorf("a refused report left the blob %s (%v)", name, err)
	}
	// Asked once: what is confirmed is taken, and what was said is kept.
	h.OK(send(h.Cases.NewForm(), with("x", func(in *cases.Intake) {
		in.Description, in.Confirmed = "Patient MRN: 00482913 was connected.", cases.FoundJustified
	})))
	if outcome, kinds := queue(h, town.Dora)[0].Outcome(); outcome != "justified" || len(kinds) == 0 {
		t.Errorf("kept of the question: %q %v", outcome, kinds)
	}
	// A sender who declines cleaning sends what he sends.
	h.OK(send(h.Cases.NewForm(), with("y", func(in *cases.Intake) { in.KeepFiles = true }), file("Ada's paper.pdf", "%PDF-1.7\n")))
	var fs []cases.File
	for _, q := range queue(h, town.Dora) {
		fs = append(fs, town.Must(h, town.Dora, func(v *db.View) ([]cases.File, error) { return h.Cases.Files(v, q.ID) })...)
	}
	if len(fs) != 1 || fs[0].Name != "Ada's paper.pdf" {
		t.Errorf("files kept as they are: %+v", fs)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// T-45: guessing a receipt finds nothing, is slowed for everybody together, and a
// wrong, a malformed and an unknown one get the same answer after the same work.
func TestDropEnumeration(t *testing.T) {
	for _, engine := range []struct {
		name  string
		tries int
	}{{"sqlite", 100_000}, {"postgres", 3000}} {
		t.Run(engine.name, func(t *testing.T) {
			h := on(t, engine.name)
			calls := h.Cases.QuickReceipts()
			sent := make([]cases.Sent, 20)
			for i := range sent {
				sent[i] = submit(h, plain(fmt.Sprint("Report ", i)))
			}
			right := sent[7].Receipt.String()
			near := right[:len(right)-4] + fmt.Sprintf("%04d", (int(right[len(right)-1]-'0')+1)%10)
			var first error
			for i, text := range []string{receipt.New().String(), near, "", "not a receipt", strings.Repeat("x", 5000), right[:len(right)-1], "' OR 1=1 --", right + "1"} {
				before := *calls
				_, err := fetch(h, text)
				if first == nil {
					first = err
				}
				h.Clock.Add(cases.TryEvery)
				_, _, ferr := h.Cases.FetchFile(h.Ctx, h.DB, text, "cfile_"+strings.Repeat("0", 26))
				h.Clock.Add(cases.TryEvery)
				_, aerr := h.Cases.AddAnonymous(h.Ctx, h.DB, text, h.Cases.NewForm(), cases.Addition{Text: "more"})
				if *calls != before+3 || !fault.Is(err, fault.Missing) || err != first || ferr != first || aerr != first {
					t.Errorf("%d: %q is answered %v, %v, %v after %d derivations; want %v after 3", i, text, err, ferr, aerr, *calls-before, first)
				}
			}
			tries := engine.tries
			if testing.Short() {
				tries /= 10
			}
			for i := range tries {
				if _, err := fetch(h, receipt.New().String()); err != first {
					t.Fatalf("try %d: %v", i, err)
				}
			}
			// The holder is not locked out by it, but waits with everybody.
			if _, err := fetch(h, right); err != nil {
				t.Fatal(err)
			}
			busy := 0
			for range 10 * cases.TryBurst {
				if _, err := h.Cases.Fetch(h.Ctx, h.DB, receipt.New().String()); fault.Is(err, fault.Busy) {
					busy++
				} else if err != first {
					t.Fatal(err)
				}
			}
			if busy < 9*cases.TryBurst {
				t.Errorf("%d of %d tries at once were put off", busy, 10*cases.TryBurst)
			}
			if _, err := h.Cases.Fetch(h.Ctx, h.DB, right); !fault.Is(err, fault.Busy) {
				t.Errorf("the budget is not everybody's: %v", err)
			}
		})
	}
}

// The real derivation costs the same for what is a receipt and what is none
// (T-06): a rough comparison, the exact one is of package receipt.
func TestDropCost(t *testing.T) {
	h := town.New(t, "")
	right := submit(h, plain("x")).Receipt.String()
	// In turn, so that a busy machine slows both; what is really dearer stays so.
	for range 5 {
		known, malformed := time.Hour, time.Hour
		for range 5 {
			for text, best := range map[string]*time.Duration{right: &known, "no receipt": &malformed} {
				start := time.Now()
				_, _ = fetch(h, text)
				*best = min(*best, time.Since(start))
			}
		}
		if malformed > known/2 && malformed < 2*known {
			return
		}
		t.Logf("a receipt takes %v, a malformed one %v", known, malformed)
	}
	t.Error("the time tells a malformed receipt from a known one")
}
