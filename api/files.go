package api

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// uploadTime is how long a file of 50 MB may take to arrive.
const uploadTime = 10 * time.Minute

// Uploaded is a file that came in whole.
type Uploaded struct {
	ID     string `json:"id" doc:"To be named in files of a topic or post within a day"`
	Name   string `json:"name"`
	Size   int64  `json:"size" doc:"Bytes"`
	SHA256 string `json:"sha256" doc:"Of its bytes, in hex"`
}

var uploadedType = reflect.TypeFor[Uploaded]()

func uploadDoc(t *table, op *huma.Operation) {
	op.Description = "A form with one part, file, or the bare bytes with their name in the address. At most 50 MB. Only you can read it until it is in a post. What does not arrive whole leaves nothing."
	op.Parameters = append(op.Parameters, &huma.Param{Name: "name", In: "query", Schema: &huma.Schema{Type: "string"}, Description: "The file's name, for bare bytes"})
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {},
		"multipart/form-data": {Schema: &huma.Schema{Type: "object", Required: []string{"file"},
			Properties: map[string]*huma.Schema{"file": {Type: "string", ContentEncoding: "binary"}}}},
	}}
	op.Responses["201"] = &huma.Response{Description: "It is saved", Content: map[string]*huma.MediaType{
		"application/json": {Schema: t.huma.OpenAPI().Components.Schemas.Schema(uploadedType, true, "")}},
		Headers: map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: "string"}}}}
}

// upload takes one file in, streaming: it is never whole in memory.
func (c *call) upload(w http.ResponseWriter) {
	file, err := c.takeFile(w)
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Location", location("files", file.ID))
	w.WriteHeader(http.StatusCreated)
	json.NewEncoder(w).Encode(Uploaded{file.ID, file.Name, file.Size, file.SHA256})
}

func (c *call) takeFile(w http.ResponseWriter) (forum.File, error) {
	if err := c.look(func() error { return nil }); err != nil {
		return forum.File{}, err
	}
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(uploadTime)) // not every connection has one
	body := http.MaxBytesReader(w, c.r.Body, forum.MaxFile+1<<20)
	media, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		name := c.r.URL.Query().Get("name")
		if name == "" {
			return forum.File{}, fault.InvalidField("name", "Say the file's name in the address, as ?name=…, or send a form with a part named file.")
		}
		return c.Forum.Upload(c.r.Context(), c.DB, c.who, forum.Incoming{Name: name, Size: c.r.ContentLength, From: body})
	}
	form := multipart.NewReader(body, params["boundary"])
	part, err := form.NextPart()
	if err != nil || part.FormName() != "file" {
		return forum.File{}, fault.InvalidField("file", "Send a form with one part, named file.")
	}
	file, err := c.Forum.Upload(c.r.Context(), c.DB, c.who, forum.Incoming{Name: part.FileName(), Size: -1, From: part})
	if err != nil {
		return file, err
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) { // more parts, or the end is missing: not what was meant
		if e := c.note(func(tx *db.Tx) error { return c.Forum.DropUpload(tx, file.ID) }); e != nil {
			return file, e
		}
		return file, fault.InvalidField("file", "The form did not arrive whole, or has more than the one part named file. Send it again.")
	}
	return file, nil
}

func downloadDoc(_ *table, op *huma.Operation) {
	op.Description = "Always as an attachment that no browser runs or shows."
	document(op, "application/octet-stream", "The file's bytes")
}

// download hands a file out inert, whatever it is.
func (c *call) download(w http.ResponseWriter) {
	c.serveFile(w, func() (string, io.ReadSeekCloser, error) {
		f, r, err := c.Forum.OpenFile(c.view, c.r.PathValue("file"))
		return f.Name, r, err
	})
}

// serveFile opens a file in the asker's view and hands it out inert.
func (c *call) serveFile(w http.ResponseWriter, open func() (name string, r io.ReadSeekCloser, err error)) {
	var name string
	var r io.ReadSeekCloser
	err := c.look(func() (err error) {
		name, r, err = open()
		return err
	})
	if err != nil {
		c.fail(w, err)
		return
	}
	defer r.Close()
	c.touch()
	inert(w.Header(), "application/octet-stream", name)
	http.ServeContent(w, c.r, "", time.Time{}, r)
}

// inert marks an answer as something to be kept, not shown.
func inert(h http.Header, media, name string) {
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

func evidenceDoc(_ *table, op *huma.Operation) {
	op.Description = "What was shared in the topic, when and with whom, as far as you can read it, with proofs; `cordon verify` checks it offline. That you took it is recorded."
	document(op, "application/zip", "The pack")
}

// evidence writes a topic's pack as it is made.
func (c *call) evidence(w http.ResponseWriter) {
	topic := c.r.PathValue("topic")
	c.pack(w, topic, func(w io.Writer) error { return c.Evidence.Topic(c.r.Context(), c.DB, c.who, topic, w) })
}

// pack writes a pack as it is made. Once bytes are sent, a fault can only be told
// by breaking off.
func (c *call) pack(w http.ResponseWriter, thing string, write func(io.Writer) error) {
	err := c.look(func() error { return nil })
	if err == nil && c.r.Method != http.MethodGet {
		err = errMethod // asking for the headers alone would record a taking
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	out := &late{w: w, name: thing + "-evidence.zip"}
	switch err = write(out); {
	case err == nil:
		c.touch()
	case !out.begun:
		c.fail(w, err)
	default:
		c.Log.Error("an evidence pack broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
}

// late sets a pack's headers when its first bytes come.
type late struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

// Write is io.Writer.
func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begun = true
		inert(l.w.Header(), "application/zip", l.name)
	}
	return l.w.Write(b)
}
