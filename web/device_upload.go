package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/fault"
)

// fileForm is a form that brings one file, which is taken as it comes.
type fileForm struct {
	fields []string // that come once, before the file
	lists  []string // that come any number of times
	most   int64    // bytes of the file
	limit  string   // most, in words
}

// takeUpload reads a form with a file named "upload" and hands the file to take. What
// was typed is in a, also after an error.
func (c *Ctx) takeUpload(f fileForm, a *attempt, take func(name string, body io.Reader) error) error {
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, f.most+maxForm)
	if a.t == nil {
		a.t, a.lists = typed{}, map[string][]string{}
	}
	parts, err := c.R.MultipartReader()
	if err != nil {
		return fault.Invalidf("The form could not be read. Load the page again.")
	}
	err = c.uploadParts(f, a, parts, take)
	if err != nil {
		if errors.As(err, new(*http.MaxBytesError)) {
			err = fault.InvalidField("upload", "The file is larger than %s.", f.limit)
		}
		_, _ = io.Copy(io.Discard, c.R.Body) // a browser that is not read to the end does not hear the answer
	}
	return renamed(renamed(err, "file", "upload"), "name", "upload")
}

func (c *Ctx) uploadParts(f fileForm, a *attempt, parts *multipart.Reader, take func(name string, body io.Reader) error) error {
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			return fault.InvalidField("upload", "Choose a file.")
		}
		if err != nil || n > maxParts {
			return c.truncated(err)
		}
		name := part.FormName()
		if name == "upload" {
			if part.FileName() == "" {
				continue
			}
			return take(path.Base(strings.ReplaceAll(part.FileName(), `\`, "/")), part)
		}
		b, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return c.truncated(err)
		}
		_, twice := a.t[name]
		switch {
		case len(b) > maxField:
			return fault.Invalidf("One field of the form is larger than 1 MB.")
		case slices.Contains(f.lists, name):
			a.lists[name] = append(a.lists[name], string(b))
		case twice:
			return fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
		case slices.Contains(f.fields, name):
			a.t[name] = strings.ReplaceAll(string(b), "\r\n", "\n")
		}
	}
}
