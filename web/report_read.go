package web

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
)

// What a form with files may bring. A stranger's files stay in memory until they
// are sealed: nothing of them is on disk in the clear, nor for a moment.
const (
	maxDrop      = 60 << 20  // bytes of the files of one form without an account
	maxDropText  = 600 << 10 // bytes of its fields together
	maxDropAll   = 240 << 20 // bytes of the files of all that are on their way
	maxDropWire  = 400 << 20 // bytes after which a form is not even read to its end
	dropPatience = 10 * time.Minute
)

// dropped is what is in memory of all forms on their way.
var dropped atomic.Int64

// sent is a form with files as it came.
type sent struct {
	typed
	files []cases.Incoming
	held  int64
}

// release gives its memory back.
func (s *sent) release() { dropped.Add(-s.held); s.held = 0 }

// hold takes n bytes of what all forms may use together.
func (s *sent) hold(n int64) error {
	if dropped.Add(n) > maxDropAll {
		dropped.Add(-n)
		return fault.Busyf("Many files arrive just now. Nothing was saved; send it again in a minute.")
	}
	s.held += n
	return nil
}

var (
	errDropLarge = fault.InvalidField("files", "Together the files are larger than %d MB. Send some of them now and the rest as an addition, with your receipt.", maxDrop>>20)
	errDropShort = fault.Invalidf("The form did not arrive whole. Nothing was saved; send it again.")
)

// readSent reads a stranger's form. What was read stands even if the rest is
// refused, so that the form can be shown again. Its caller releases it.
func (c *Ctx) readSent() (s *sent, err error) {
	s = &sent{typed: typed{}}
	// Who sends slowly must not hold memory for ever.
	_ = http.NewResponseController(c.W).SetReadDeadline(clock.System().Now().Add(dropPatience))
	kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxDropText)
		if err := c.R.ParseForm(); err != nil {
			return s, fault.Invalidf("The form could not be read, or is too large. Nothing was saved.")
		}
		for _, name := range intakeNames {
			if s.typed[name], err = c.field(name); err != nil {
				return s, err
			}
		}
		return s, nil
	}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxDropWire)
	parts, err := c.R.MultipartReader()
	if err != nil {
		return s, errDropShort
	}
	defer func() {
		if err != nil {
			// Browsers show an answer only once they have sent everything.
			io.Copy(io.Discard, c.R.Body)
		}
	}()
	seen, text := map[string]bool{}, 0
	for n := 0; n < 500; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return s, brokeOff(err)
		}
		name := part.FormName()
		if name == "files" {
			if part.FileName() == "" {
				continue
			}
			if len(s.files) == cases.MaxFiles {
				return s, fault.InvalidField("files", "At most %d files fit. Send the rest as an addition, with your receipt.", cases.MaxFiles)
			}
			if err := s.readFile(part.FileName(), part); err != nil {
				return s, err
			}
			continue
		}
		b, err := io.ReadAll(io.LimitReader(part, maxDropText+1))
		if err != nil {
			return s, brokeOff(err)
		}
		if text += len(b); text > maxDropText {
			return s, fault.Invalidf("The text of the form is longer than %d KB. Put long texts into a file.", maxDropText>>10)
		}
		if !slices.Contains(intakeNames, name) {
			continue
		}
		if seen[name] {
			return s, fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
		}
		seen[name] = true
		s.typed[name] = strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	return s, fault.Invalidf("The form has too many parts. Nothing was saved.")
}

// readFile takes a file into memory, piece by piece.
func (s *sent) readFile(name string, r io.Reader) error {
	const piece = 1 << 20
	var b bytes.Buffer
	for {
		if s.held > maxDrop {
			return errDropLarge
		}
		if err := s.hold(piece); err != nil {
			return err
		}
		n, err := io.CopyN(&b, r, piece)
		if err == io.EOF {
			back := piece - n
			dropped.Add(-back)
			s.held -= back
			break
		}
		if err != nil {
			return brokeOff(err)
		}
		if b.Len() > cases.MaxFile {
			break
		}
	}
	if b.Len() > cases.MaxFile {
		return fault.InvalidField("files", "“%s” is larger than %d MB. Put it into parts, or say where it can be fetched.", firstRunes(name, 60), cases.MaxFile>>20)
	}
	s.files = append(s.files, cases.Incoming{Name: name, Size: int64(b.Len()), From: bytes.NewReader(b.Bytes())})
	return nil
}

func brokeOff(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return errDropLarge
	}
	return fmt.Errorf("%w", errDropShort)
}
