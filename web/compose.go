package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// The limits of what one form may bring.
const (
	maxForm  = 2 << 20                                // bytes of a form without files
	maxField = 1 << 20                                // bytes of one field
	maxSend  = forum.MaxFiles*forum.MaxFile + maxForm // bytes of a form with files
	maxParts = 2000
)

// composed is what a composer sent.
type composed struct {
	Title, Body, Quote string
	TLP                string
	Audience           []string
	Fewer              bool   // the reply chose its own readers; none chosen is not "the topic's"
	Topic, Room        string // where it would stand; asked by the preview only
	Key                string // idempotency key
	Draft              string // key of the draft
	Check              bool   // only show who would see it (without script)
	Files              []forum.File

	bad  []fault.Field // what is wrong with the files
	seen map[string]bool
}

// set takes one field. All but the audience come once.
func (in *composed) set(name, value string) error {
	fields := map[string]*string{"title": &in.Title, "body": &in.Body, "quote": &in.Quote, "tlp": &in.TLP, "topic": &in.Topic, "room": &in.Room,
		"idempotency_key": &in.Key, "draft_key": &in.Draft}
	switch name {
	case "audience":
		if len(in.Audience) > policy.MaxAudience {
			return fault.InvalidField("audience", "An audience has at most %d members. Form a circle instead.", policy.MaxAudience)
		}
		in.Audience = append(in.Audience, value)
	case "fewer":
		in.Fewer = value == "1"
	case "check":
		in.Check = value == "1"
	default:
		f, ok := fields[name]
		if !ok {
			return nil // not for us
		}
		if in.seen == nil {
			in.seen = map[string]bool{}
		}
		if in.seen[name] {
			return fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
		}
		in.seen[name] = true
		if name == "body" || name == "title" {
			value = strings.ReplaceAll(value, "\r\n", "\n") // as forms send line ends
		}
		*f = value
	}
	return nil
}

// readCompose reads a composer's form. Its files are stored as they come; what
// is wrong with one of them is told together with the rest.
func (c *Ctx) readCompose() (composed, error) {
	var in composed
	kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		if err := c.parseForm(); err != nil {
			return in, err
		}
		kept := c.R.PostForm["upload"]
		for name, values := range c.R.PostForm {
			for _, value := range values {
				if err := in.set(name, value); err != nil {
					return in, err
				}
			}
		}
		return in, c.keepUploads(&in, kept)
	}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxSend)
	parts, err := c.R.MultipartReader()
	if err != nil {
		return in, fault.Invalidf("The form could not be read. Load the page again.")
	}
	var kept []string
	var fresh []forum.File
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil || n > maxParts {
			return in, c.truncated(err)
		}
		switch name := part.FormName(); {
		case name == "files":
			if part.FileName() == "" {
				continue
			}
			file, err := c.takeFile(&in, part, len(fresh))
			if err != nil {
				return in, err
			}
			if file.ID != "" {
				fresh = append(fresh, file)
			}
		default:
			b, err := io.ReadAll(io.LimitReader(part, maxField+1))
			if err != nil {
				return in, c.truncated(err)
			}
			if len(b) > maxField {
				return in, fault.Invalidf("One field of the form is larger than 1 MB. Attach long texts as files.")
			}
			if name == "upload" {
				kept = append(kept, string(b))
			} else if err := in.set(name, string(b)); err != nil {
				return in, err
			}
		}
	}
	if err := c.keepUploads(&in, kept); err != nil {
		return in, err
	}
	for _, f := range fresh {
		// The script sends chosen files again; they are kept once.
		if !slices.ContainsFunc(in.Files, func(o forum.File) bool { return o.SHA256 == f.SHA256 && o.Name == f.Name }) {
			in.Files = append(in.Files, f)
		}
	}
	return in, nil
}

// truncated is the answer to a form that did not arrive whole or was too large.
func (c *Ctx) truncated(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return fault.InvalidField("files", "Together the files are larger than %d MB. Send them in several posts.", maxSend>>20)
	}
	if c.R.Context().Err() != nil {
		return c.R.Context().Err()
	}
	return fault.Invalidf("The form did not arrive whole. Nothing was saved; send it again.")
}

// takeFile stores one file of the form as an upload of the viewer's.
func (c *Ctx) takeFile(in *composed, part *multipart.Part, had int) (forum.File, error) {
	if had >= forum.MaxFiles {
		in.bad = []fault.Field{{Name: "files", Message: fmt.Sprintf("A post takes at most %d files.", forum.MaxFiles)}}
		return forum.File{}, nil
	}
	f, err := c.Forum.Upload(c.R.Context(), c.DB, c.Viewer, forum.Incoming{Name: part.FileName(), Size: -1, From: part})
	switch {
	case err == nil:
		return f, nil
	case c.R.Context().Err() != nil:
		return f, c.R.Context().Err()
	case errors.As(err, new(*http.MaxBytesError)):
		return f, c.truncated(err)
	case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
		in.bad = append(in.bad, fault.Field{Name: "files", Message: forum.CleanName(part.FileName()) + ": " + fault.Sentence(err)})
		return forum.File{}, nil
	}
	return f, err
}

// keepUploads finds the files that an earlier try of the form brought.
func (c *Ctx) keepUploads(in *composed, kept []string) error {
	if len(kept) > forum.MaxFiles {
		kept = kept[:forum.MaxFiles]
	}
	if len(kept) == 0 {
		return nil
	}
	return c.read(func(v *db.View) error {
		for _, id := range kept {
			f, err := c.Forum.FindFile(v, id)
			if fault.Is(err, fault.Missing) || err == nil && f.Post != "" {
				in.bad = append(in.bad, fault.Field{Name: "files", Message: "A file that you attached earlier is not there any more. Attach it again."})
				continue
			}
			if err != nil {
				return err
			}
			in.Files = append(in.Files, f.File)
		}
		return nil
	})
}

// parseForm reads a form without files.
func (c *Ctx) parseForm() error {
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxForm)
	err := c.R.ParseForm()
	if kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type")); err == nil && kind == "multipart/form-data" {
		err = c.R.ParseMultipartForm(maxForm)
	}
	if err != nil {
		return fault.Invalidf("The form could not be read, or is too large. Nothing was changed.")
	}
	return nil
}

// field reads a field that comes at most once; call parseForm first.
func (c *Ctx) field(name string) (string, error) {
	values := c.R.PostForm[name]
	if len(values) > 1 {
		return "", fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
	}
	if len(values) == 0 {
		return "", nil
	}
	return strings.ReplaceAll(values[0], "\r\n", "\n"), nil
}

// label is the label that was chosen. A reply that chose nothing, or only a
// stricter marking, has its topic's readers.
func (in composed) label(under policy.Label) (policy.Label, error) {
	var l policy.Label
	if in.TLP != "" {
		t, err := policy.ParseTLP(in.TLP)
		if err != nil {
			return l, fault.InvalidField("label", "Choose one of the labels.")
		}
		l.TLP = t
	}
	a, err := policy.ParseAudience(in.Audience)
	if err != nil {
		return l, fault.InvalidField("audience", "The audience has something in it that is no audience. Choose from the list.")
	}
	l.Audience = a
	if !under.Audience.Empty() && !in.Fewer {
		if l.Audience.Empty() {
			l.Audience = under.Audience
		}
		if l.TLP == "" {
			l.TLP = under.TLP
		}
	}
	return l, nil
}

// uploads are the ids of the files.
func (in composed) uploads() []string {
	var list []string
	for _, f := range in.Files {
		list = append(list, f.ID)
	}
	return list
}

// digest tells whether two forms under one key are the same. Files count by
// their content: sent again over a bad line they have other ids.
func (in composed) digest(what string) string {
	parts := []any{what, in.Title, in.Body, in.Quote, in.TLP, in.Audience, in.Fewer}
	for _, f := range in.Files {
		parts = append(parts, f.Name, f.SHA256)
	}
	b, _ := json.Marshal(parts)
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// errAgain undoes a write that was done before, under the same key.
var errAgain = errors.New("this was saved before")

// writeOnce does what a composer asked for, once however often it arrives, and
// returns the id of what it made.
func (c *Ctx) writeOnce(in composed, what string, fn func(tx *db.Tx) (string, error)) (string, error) {
	var id string
	err := c.write(func(tx *db.Tx) (err error) {
		var again bool
		id, again, err = tx.Once(in.Key, in.digest(what), func() (string, error) { return fn(tx) })
		if err == nil && again {
			return errAgain
		}
		return err
	})
	if errors.Is(err, errAgain) {
		err = nil
		for _, f := range in.Files { // they came a second time
			if e := c.note(func(tx *db.Tx) error { return c.Forum.DropUpload(tx, f.ID) }); e != nil && !fault.Is(e, fault.Missing) {
				c.Log.Warn("drop a file that came twice", "err", e)
			}
		}
	}
	return id, err
}

// formErrors turns a fault into the error summary of a form whose fields' ids
// begin with prefix.
func formErrors(err error, prefix string, known ...string) []ui.FieldError {
	if err == nil {
		return nil
	}
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return []ui.FieldError{{Text: fault.Sentence(err)}}
	}
	var es []ui.FieldError
	for _, f := range fields {
		e := ui.FieldError{Text: f.Message}
		name := f.Name
		if name == "file" {
			name = "files"
		}
		if slices.Contains(known, name) {
			e.Field = prefix + "-" + name
		}
		es = append(es, e)
	}
	return es
}

// composeErrors are those of a composer with a title or without.
func composeErrors(err error, in composed, topic bool) []ui.FieldError {
	known := []string{"body", "files", "label", "audience"}
	if topic {
		known = append(known, "title")
	}
	es := formErrors(err, "compose", known...)
	for _, f := range in.bad {
		es = append(es, ui.FieldError{Field: "compose-files", Text: f.Message})
	}
	return es
}

// compose fills a composer with what was typed.
func (c *Ctx) compose(in composed) ui.Compose {
	x := ui.Compose{Title: in.Title, Body: in.Body, Author: "as " + c.Viewer.Name + ", " + c.Viewer.OrgName, IdempotencyKey: in.Key,
		DraftURL: "/drafts", FileLimit: fmt.Sprintf("%d MB each", forum.MaxFile>>20), Now: c.DB.Clock().Now()}
	if x.IdempotencyKey == "" {
		x.IdempotencyKey = ids.Random(26)
	}
	for _, f := range in.Files {
		x.Attached = append(x.Attached, ui.Option{Value: f.ID, Text: f.Name, Hint: fileSize(f.Size) + ", attached", Selected: true})
	}
	return x
}

// recall fills a composer from the draft under its key, if nothing was typed.
func (c *Ctx) recall(in *composed, key string) (saved time.Time, err error) {
	if in.Body != "" || in.Title != "" || in.TLP != "" {
		return saved, nil
	}
	d, err := c.Forum.Draft(c.View, key)
	if fault.Is(err, fault.Missing) {
		return saved, nil
	}
	if err != nil {
		return saved, err
	}
	in.Title, in.Body, in.TLP, in.Audience = d.Title, d.Body, d.TLP, d.Audience
	return d.At, nil
}

// again shows a form once more after a fault, from a snapshot of its own, with
// the status of the fault. What the viewer may not see, and what he is not signed
// in for, is not a form to show.
func (c *Ctx) again(problem error, show func(status int) error) error {
	if fault.Is(problem, fault.Missing) || errors.Is(problem, errSignIn) || c.R.Context().Err() != nil {
		return problem
	}
	status := httpkit.Status(problem)
	if problem == nil {
		status = http.StatusOK
	}
	if fault.Is(problem, fault.Internal) {
		c.Log.Error("request failed", "route", c.R.Pattern, "err", problem)
	}
	w := c.W
	buffered := &httpkit.Buffer{Conn: w, Head: w.Header(), Status: status}
	err := c.DB.Read(c.R.Context(), c.Viewer, func(v *db.View) error {
		c.View, c.W = v, buffered
		defer func() { c.View, c.W = nil, w }()
		return show(status)
	})
	if err != nil {
		return err
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
	w.WriteHeader(buffered.Status)
	_, err = w.Write(buffered.Body.Bytes())
	return err
}

func asLabelError(err error, le **policy.LabelError) bool { return errors.As(err, le) }

// fileSize is a size in words: "412 KB".
func fileSize(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d KB", (n+500)/1000)
	default:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
}
