package web

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/internal/fault"
)

// maxVerify is the largest pack that is checked here. It is held in memory and
// nowhere else; larger ones are checked with the program.
const maxVerify = 64 << 20

// verifying bounds how many packs are held in memory at once.
var verifying = make(chan struct{}, 2)

// verifyView is what the verifier's page is drawn from.
type verifyView struct {
	Key     string // this community's
	Report  *evidence.Report
	Name    string
	What    string // pack or certificate
	Problem string
}

// verifyPage is where anybody checks an evidence pack.
func (c *Ctx) verifyPage() error { return c.verifyForm(200, verifyView{}) }

func (c *Ctx) verifyForm(status int, x verifyView) error {
	x.Key = c.Ledger.Public()
	return c.show(Page{Title: "Check an evidence pack or a certificate", Kind: "verify", Public: true, Status: status, Body: verifyBody(x)})
}

// verify checks a pack and says in words what it found. Nothing is kept.
func (c *Ctx) verify() error {
	select {
	case verifying <- struct{}{}:
		defer func() { <-verifying }()
	default:
		return c.again(fault.Busyf("Others are checking packs just now. Try again in a moment, or use cordon verify."), func(status int) error {
			return c.verifyForm(status, verifyView{Problem: "Others are checking packs just now. Try again in a moment, or check it with the program: cordon verify pack.zip."})
		})
	}
	pack, name, key, err := c.readPack()
	if err != nil {
		return c.again(err, func(status int) error { return c.verifyForm(status, verifyView{Problem: fault.Sentence(err)}) })
	}
	if key == "" {
		key = c.Ledger.Public()
	}
	report, err := evidence.Verify(bytes.NewReader(pack), int64(len(pack)), evidence.Options{Key: key})
	if err != nil {
		return err
	}
	what := "certificate"
	if bytes.HasPrefix(pack, []byte("PK")) { // a zip file
		what = "pack"
	}
	return c.again(nil, func(status int) error {
		return c.verifyForm(status, verifyView{Report: &report, Name: name, What: what})
	})
}

func (c *Ctx) readPack() (pack []byte, name, key string, err error) {
	whole := fault.InvalidField("pack", "Choose a pack or a certificate, a file of at most %d MB. Larger ones are checked with the program: cordon verify pack.zip.", maxVerify>>20)
	if kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return nil, "", "", whole
	}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, maxVerify+maxForm)
	parts, err := c.R.MultipartReader()
	if err != nil {
		return nil, "", "", whole
	}
	for n := 0; n < 10; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, "", "", c.truncated(err)
		}
		switch part.FormName() {
		case "pack":
			if pack, err = io.ReadAll(io.LimitReader(part, maxVerify+1)); err != nil {
				return nil, "", "", c.truncated(err)
			}
			name = part.FileName()
		case "key":
			b, err := io.ReadAll(io.LimitReader(part, 1000))
			if err != nil {
				return nil, "", "", c.truncated(err)
			}
			key = strings.TrimSpace(string(b))
		}
	}
	if len(pack) == 0 || len(pack) > maxVerify {
		return nil, "", "", whole
	}
	return pack, name, key, nil
}
