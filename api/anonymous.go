package api

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Reports without an account, by programs. The routes are httpkit.Anonymous:
// no session and no token is read, no address looked at, nothing of who asks is
// kept or logged. A receipt stands in bodies only. Every answer is a multiple of
// 8 KiB long and, to a receipt, comes after a whole number of ticks, found or not
// (T-06, T-45, T-46). The web's form is the same door for people.

const (
	anonBlock = 8 << 10
	anonLeast = 3 * anonBlock
	anonTick  = 100 * time.Millisecond
	anonWire  = 400 << 20 // bytes after which a form is not even read to its end
	anonFiles = 60 << 20  // bytes of the files of one form
	anonAll   = 120 << 20 // bytes of the files of all forms on their way
	anonTime  = 10 * time.Minute
)

// anonHeld is what is in memory of all forms on their way. A stranger's files are
// never on disk in the clear.
var anonHeld atomic.Int64

// Form is a key under which a report or an addition is taken once.
type Form struct {
	Form string `json:"form" doc:"Send it along: what is sent twice with it is taken once"`
	Pad  string `json:"pad" doc:"Random letters: the answer's length tells nothing"`
}

// Receipted is what a stranger gets for a report.
type Receipted struct {
	Receipt string       `json:"receipt" doc:"Six words and four digits, shown this once: write them down"`
	Again   bool         `json:"again" doc:"This form was taken before; nothing was written now"`
	Differs bool         `json:"differs" doc:"And its text was another then, which is the one that was kept"`
	Files   []ReportFile `json:"files" doc:"As they were kept"`
	Pad     string       `json:"pad"`
}

// Returned is what the holder of a receipt reads.
type Returned struct {
	Found    bool         `json:"found" doc:"False: there is no report with this receipt. The rest is then missing"`
	State    string       `json:"state,omitempty"`
	Words    string       `json:"words,omitempty"`
	Title    string       `json:"title,omitempty"`
	Day      string       `json:"day,omitempty" doc:"On which it came"`
	Acked    bool         `json:"acknowledged,omitempty"`
	Answer   string       `json:"answer,omitempty"`
	Files    []ReportFile `json:"files,omitempty"`
	Messages []Message    `json:"messages,omitempty"`
	Added    bool         `json:"added,omitempty" doc:"What came along was added"`
	Pad      string       `json:"pad"`
}

func (t *table) anonymous(op *huma.Operation, answer any, what string) {
	op.Responses["200"] = &huma.Response{Description: what, Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(answer)}}}
}

func formDoc(t *table, op *huma.Operation) { t.anonymous(op, Form{}, "The key") }

func dropDoc(t *table, op *huma.Operation) {
	op.Description = "The report as JSON, or a form (multipart/form-data) with the part report, which is that JSON, and parts files, at most 10 and 60 MB. " +
		"Besides the fields of POST /api/v1/reports it may have form, a key. The answer has the receipt. Nothing of who sends it is read or kept."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: t.schemaOf(dropBody{})},
		"multipart/form-data": {Schema: &huma.Schema{Type: "object", Required: []string{"report"}, Properties: map[string]*huma.Schema{"report": {Type: "string"},
			"files": {Type: "array", Items: &huma.Schema{Type: "string", ContentEncoding: "binary"}}}}}}}
	t.anonymous(op, Receipted{}, "The receipt")
}

func fetchDoc(t *table, op *huma.Operation) {
	op.Description = "A wrong receipt is answered 200 with found: false, so that who watches the line cannot tell. With text, or files in a form whose part report is the JSON, it is added to the report."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(fetchBody{})}, "multipart/form-data": {}}}
	t.anonymous(op, Returned{}, "What the desk said")
}

func fetchFileDoc(t *table, op *huma.Operation) {
	op.Description = "A file of the report. A wrong receipt or file is answered 200 with found: false."
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(fileBody{})}}}
	t.anonymous(op, Returned{}, "The file's bytes, or found: false")
	op.Responses["200"].Content["application/octet-stream"] = &huma.MediaType{}
}

type dropBody struct {
	cases.Intake
	Form string `json:"form,omitempty" doc:"A key of GET /api/v1/reports/anonymous"`
}

type fetchBody struct {
	Receipt   string          `json:"receipt"`
	Text      string          `json:"text,omitempty" doc:"To be added to the report"`
	Form      string          `json:"form,omitempty" doc:"A key of GET /api/v1/reports/anonymous"`
	KeepFiles bool            `json:"keep_files,omitempty" doc:"Take files as they are, with all they tell"`
	Confirmed cases.Confirmed `json:"confirmed,omitempty"`
}

type fileBody struct {
	Receipt string `json:"receipt"`
	File    string `json:"file"`
}

// anonForm makes the key of a form.
func (c *call) anonForm(w http.ResponseWriter) {
	c.pad(w, anonBlock, func(pad string) any { return Form{c.Cases.NewForm(), pad} })
}

// drop takes a report from somebody who has no account.
func (c *call) drop(w http.ResponseWriter) {
	var in dropBody
	files, release, err := c.anonBody(w, &in, true)
	defer release()
	if err == nil && in.Form == "" {
		in.Form = c.Cases.NewForm()
	}
	var sent cases.Sent
	if err == nil {
		sent, err = c.Cases.SubmitAnonymous(c.r.Context(), c.DB, in.Form, in.Intake, files)
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.pad(w, anonLeast, func(pad string) any {
		return Receipted{sent.Receipt.String(), sent.Again, sent.Differs, reportFiles(sent.Files), pad}
	})
}

// fetch shows the holder of a receipt his report, after adding what came along.
func (c *call) fetch(w http.ResponseWriter) {
	began := clock.System().Now()
	var in fetchBody
	files, release, err := c.anonBody(w, &in, true)
	defer release()
	added := false
	if err == nil && (in.Text != "" || len(files) > 0) {
		if in.Form == "" {
			in.Form = c.Cases.NewForm()
		}
		_, err = c.Cases.AddAnonymous(c.r.Context(), c.DB, in.Receipt, in.Form, cases.Addition{Text: in.Text, Files: files, KeepFiles: in.KeepFiles, Confirmed: in.Confirmed})
		added = err == nil
	}
	var got cases.Returned
	if err == nil {
		got, err = c.Cases.Fetch(c.r.Context(), c.DB, in.Receipt)
	}
	steady(c.r.Context(), began)
	out := Returned{}
	switch {
	case fault.Is(err, fault.Missing):
	case err != nil:
		c.fail(w, err)
		return
	default:
		out = Returned{Found: true, State: string(got.State), Words: got.Words, Title: got.Title, Day: got.At.UTC().Format(time.DateOnly), Acked: got.Acked, Answer: got.Answer, Files: reportFiles(got.Files), Added: added}
		for _, m := range got.Messages {
			out.Messages = append(out.Messages, message(m))
		}
	}
	c.pad(w, anonLeast, func(pad string) any { out.Pad = pad; return out })
}

// fetchFile hands the holder of a receipt a file of his report.
func (c *call) fetchFile(w http.ResponseWriter) {
	began := clock.System().Now()
	var in fileBody
	_, release, err := c.anonBody(w, &in, false)
	defer release()
	var f cases.File
	var r io.ReadSeekCloser
	if err == nil {
		f, r, err = c.Cases.FetchFile(c.r.Context(), c.DB, in.Receipt, in.File)
	}
	steady(c.r.Context(), began)
	switch {
	case fault.Is(err, fault.Missing):
		c.pad(w, anonLeast, func(pad string) any { return Returned{Pad: pad} })
		return
	case err != nil:
		c.fail(w, err)
		return
	}
	defer r.Close()
	inert(w.Header(), "application/octet-stream", f.Name)
	w.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	if _, err := io.Copy(w, r); err != nil && c.r.Context().Err() == nil {
		c.Log.Error("a file broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// pad answers with a body that is a multiple of anonBlock long. Its letters are
// random: a proxy that compresses does not take them out again.
func (c *call) pad(w http.ResponseWriter, least int, body func(pad string) any) {
	bare, err := json.Marshal(body(""))
	if err != nil {
		c.fail(w, err)
		return
	}
	size := max((len(bare)+anonBlock-1)/anonBlock*anonBlock, least)
	noise := make([]byte, size)
	rand.Read(noise)
	full, err := json.Marshal(body(base64.RawURLEncoding.EncodeToString(noise)[:size-len(bare)]))
	if err != nil {
		c.fail(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(full)))
	h.Set("Cache-Control", "no-store")
	w.Write(full)
}

// notStrict makes what is wrong with JSON the answer to its sender.
func notStrict(err error) error {
	if err == nil {
		return nil
	}
	return &problem{Type: "about:blank", Status: http.StatusBadRequest, Title: http.StatusText(http.StatusBadRequest), Detail: sentence(err.Error())}
}

// steady waits until a whole number of ticks has passed since began.
func steady(ctx context.Context, began time.Time) {
	t := time.NewTimer(anonTick - clock.Since(began)%anonTick)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// anonBody reads a stranger's body into v: JSON or, where files are allowed, a
// form with the JSON in its part report. release gives its memory back.
func (c *call) anonBody(w http.ResponseWriter, v any, mayFiles bool) (files []cases.Incoming, release func(), err error) {
	var held int64
	release = func() { anonHeld.Add(-held) }
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(anonTime)) // who sends slowly must not hold memory for ever
	media, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	limits := strictjson.Limits{Bytes: cases.MaxIntake}
	if media != "multipart/form-data" || !mayFiles {
		data, err := c.wholeBody(w, "application/json", cases.MaxIntake)
		if err == nil {
			err = object(data, limits, v)
		}
		return nil, release, err
	}
	parts := multipart.NewReader(http.MaxBytesReader(w, c.r.Body, anonWire), params["boundary"])
	short := fault.Invalidf("The form did not arrive whole, or is too large. Nothing was saved.")
	seen := false
	for range cases.MaxFiles + 2 {
		part, err := parts.NextPart()
		if err == io.EOF {
			if !seen {
				return nil, release, fault.InvalidField("report", "Send the JSON in a part named report.")
			}
			return files, release, nil
		}
		if err != nil {
			return nil, release, short
		}
		switch name := part.FormName(); {
		case name == "report" && !seen:
			data, err := io.ReadAll(io.LimitReader(part, cases.MaxIntake+1))
			if err != nil {
				return nil, release, short
			}
			if err := object(data, limits, v); err != nil {
				return nil, release, err
			}
			seen = true
		case name == "files" && len(files) < cases.MaxFiles:
			const piece = 1 << 20
			var b bytes.Buffer
			for {
				if held += piece; anonHeld.Add(piece) > anonAll {
					return nil, release, fault.Busyf("Many files arrive just now. Nothing was saved; send it again in a minute.")
				}
				if held > anonFiles || b.Len() > cases.MaxFile {
					return nil, release, fault.InvalidField("files", "A file has at most %d MB, all together %d. Send the rest as an addition, with your receipt.", cases.MaxFile>>20, anonFiles>>20)
				}
				_, err := io.CopyN(&b, part, piece)
				if err == io.EOF {
					break
				}
				if err != nil {
					return nil, release, short
				}
			}
			files = append(files, cases.Incoming{Name: part.FileName(), Size: int64(b.Len()), From: bytes.NewReader(b.Bytes())})
		default:
			return nil, release, fault.InvalidField("files", "A form has one part named report and at most %d named files.", cases.MaxFiles)
		}
	}
	return nil, release, fault.InvalidField("files", "At most %d files fit. Send the rest as an addition, with your receipt.", cases.MaxFiles)
}

// object reads a JSON object; null, which is one to Go, is refused as any other
// operation refuses it.
func object(data []byte, limits strictjson.Limits, v any) error {
	if string(bytes.TrimSpace(data)) == "null" {
		return fault.InvalidField("body", "Send an object, not null.")
	}
	return notStrict(strictjson.UnmarshalLimits(data, limits, v))
}
