package sbom

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
)

// bodyTime is how long a body may take to arrive.
const bodyTime = 30 * time.Minute

// maxField is how long a field of a form is at most, in bytes.
const maxField = 4 << 10

// put takes an SBOM within JSON. Where the project is named before the SBOM, as
// Dependency-Track's clients do, it is kept as it comes; else it is held in memory
// until the rest was read, two of them at a time.
func (c *call) put(w http.ResponseWriter) error {
	if media, _, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type")); media != "application/json" {
		return fault.Invalidf("Send JSON, with Content-Type: application/json; or a form, with POST.")
	}
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(bodyTime)) // not every connection has one
	s := &splitter{in: bufio.NewReaderSize(http.MaxBytesReader(w, c.r.Body, maxBody), 32<<10)}
	begun, err := s.next()
	if err != nil {
		return arrived(err)
	}
	if !begun {
		if _, err := s.finish(); err != nil {
			return err
		}
		return fault.InvalidField("bom", "Send the SBOM as bom, in base64.")
	}
	if r, ok := s.known(); ok {
		return c.keep(w, r, newDocument(s, &r))
	}
	select {
	case c.whole <- struct{}{}:
		defer func() { <-c.whole }()
	case <-c.r.Context().Done():
		return c.r.Context().Err()
	}
	var text bytes.Buffer
	d := newDocument(s, nil)
	if _, err := io.Copy(&text, d); err != nil {
		return arrived(err)
	}
	return c.keep(w, d.said, &text)
}

// arrived says of what broke off that it did.
func arrived(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Invalidf("The body did not arrive whole. Send it again.")
	}
	return err
}

// post takes an SBOM as a form: the fields first, then the file.
func (c *call) post(w http.ResponseWriter) error {
	media, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if media != "multipart/form-data" {
		return fault.Invalidf("Send a form (multipart/form-data); or JSON, with PUT.")
	}
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(bodyTime)) // not every connection has one
	form := multipart.NewReader(http.MaxBytesReader(w, c.r.Body, devices.MaxSBOM+1<<20), params["boundary"])
	var r request
	seen := map[string]bool{}
	for range 50 {
		part, err := form.NextPart()
		if err == io.EOF {
			return fault.InvalidField("bom", "Send the SBOM as the part bom.")
		}
		if err != nil {
			return arrived(err)
		}
		name := part.FormName()
		if seen[name] {
			return fault.Invalidf("The form has a part twice.")
		}
		seen[name] = true
		if name == "bom" {
			return c.keep(w, r, &formFile{part: part, form: form})
		}
		text, err := io.ReadAll(io.LimitReader(part, maxField+1))
		if err != nil {
			return arrived(err)
		}
		if len(text) > maxField {
			return fault.Invalidf("A part of the form is longer than %d KiB.", maxField>>10)
		}
		switch value := string(text); name {
		case "project":
			r.Project = value
		case "projectName":
			r.ProjectName = value
		case "projectVersion":
			r.ProjectVersion = value
		case "autoCreate":
			if value != "true" && value != "false" {
				return fault.InvalidField("autoCreate", "Write true or false.")
			}
			r.AutoCreate = value == "true"
		}
	}
	return fault.Invalidf("The form has more than 50 parts.")
}

// formFile is the file of a form. What says which project it is for has to stand
// before it, as it does with Dependency-Track's clients.
type formFile struct {
	part *multipart.Part
	form *multipart.Reader
	done bool
}

// Read is io.Reader.
func (f *formFile) Read(p []byte) (int, error) {
	if f.done {
		return 0, io.EOF
	}
	n, err := f.part.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return n, &badBody{arrived(err)}
	}
	if err != io.EOF {
		return n, err
	}
	for {
		part, err := f.form.NextPart()
		if err == io.EOF {
			f.done = true
			return n, io.EOF
		}
		if err != nil {
			return n, &badBody{fault.Invalidf("The form did not arrive whole. Send it again.")}
		}
		switch part.FormName() {
		case "project", "projectName", "projectVersion", "autoCreate", "bom":
			return n, &badBody{fault.Invalidf("Put what says which project this is for before the file, and the file in once.")}
		}
	}
}

// keep has an SBOM kept and queued, and answers its token. What is no SBOM adds no
// product.
func (c *call) keep(w http.ResponseWriter, r request, from io.Reader) error {
	if r.Project == "" && r.ProjectName == "" {
		return fault.InvalidField("projectName", "Say which product this is for: projectName, or its id as project.")
	}
	in := bufio.NewReaderSize(from, sbom.SniffLen)
	head, err := in.Peek(sbom.SniffLen)
	if err != nil && err != io.EOF {
		return arrived(err)
	}
	if len(head) == 0 {
		return fault.InvalidField("bom", "The SBOM is empty.")
	}
	if _, _, err := sbom.Sniff(head); err != nil {
		return fault.InvalidField("bom", "This is no SBOM: %v.", err)
	}
	p, err := c.product(r)
	if err != nil {
		return err
	}
	b, err := c.Devices.AcceptSBOM(c.r.Context(), c.DB, c.who, devices.NewSBOM{Product: p.ID, Version: r.ProjectVersion, Name: "bom", Via: "build"}, in)
	if err != nil {
		return err
	}
	return answer(w, map[string]string{"token": b.ID})
}
