package web

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// returnView is what the holder of a receipt sees.
type returnView struct {
	receipt string
	got     cases.Returned
	added   bool
	f       intakeForm // the addition
}

// reportReturn asks for a receipt.
func (c *Ctx) reportReturn() error { return c.receiptForm(http.StatusOK, "", nil) }

func (c *Ctx) receiptForm(status int, receipt string, problem error) error {
	f := intakeForm{typed: typed{"receipt": receipt}}
	if problem != nil {
		f.errs = []ui.FieldError{{Field: inputID("receipt"), Text: fault.Sentence(problem)}}
	}
	return c.drop(dropPage{Title: "Come back with a receipt", Here: "/report/return", Status: status, Least: dropLeast, Body: receiptFormBody(f)})
}

// reportFetch shows the holder of a receipt his report, after adding to it what
// came along. A receipt that is wrong, malformed or of no report gets one answer,
// with the status, the title and, but for long reports, the length of a hit.
func (c *Ctx) reportFetch() error {
	began := clock.System().Now()
	s, err := c.readSent()
	defer s.release()
	x := returnView{receipt: s.typed["receipt"], f: intakeForm{typed: s.typed}}
	var refused error
	if err == nil && s.typed["form"] != "" {
		// An addition. If only its text is wrong, the report is shown with it.
		_, err = c.Cases.AddAnonymous(c.R.Context(), c.DB, x.receipt, s.typed["form"], cases.Addition{Text: s.typed["text"], Files: s.files,
			KeepFiles: s.typed["keep_files"] != "", Confirmed: cases.Confirmed(s.typed["confirmed"])})
		if x.added = err == nil; x.added {
			x.f = intakeForm{typed: typed{}}
		}
	}
	if err != nil && !fault.Is(err, fault.Missing) && x.receipt != "" && s.typed["form"] != "" {
		refused, err = err, nil
		x.f.lost = len(s.files) > 0
	}
	if err == nil {
		x.got, err = c.Cases.Fetch(c.R.Context(), c.DB, x.receipt)
	}
	steady(c.R.Context(), began)
	if c.R.Context().Err() != nil {
		return nil
	}
	switch {
	case fault.Is(err, fault.Missing):
		return c.receiptForm(http.StatusOK, x.receipt, err)
	case err != nil:
		return c.receiptForm(c.dropStatus(err), x.receipt, err)
	}
	status := http.StatusOK
	if refused != nil {
		x.f = x.f.refused(refused)
		status = c.dropStatus(refused)
	}
	x.f.typed["form"] = c.formAgain(refused, s.typed["form"])
	return c.drop(dropPage{Title: "Come back with a receipt", Here: "/report/return", Status: status, Secret: true, Least: dropLeast, Body: returnedBody(x)})
}

// formAgain is the key of the addition's form: the same as long as it was not
// taken, so that sending it once more does not make it twice.
func (c *Ctx) formAgain(refused error, key string) string {
	for _, x := range fault.FieldsOf(refused) {
		if x.Name == "form" {
			key = ""
		}
	}
	if refused == nil || key == "" {
		return c.Cases.NewForm()
	}
	return key
}

// reportFile hands the holder of a receipt a file of his report. Without one the
// answer is that of a receipt that opens nothing.
func (c *Ctx) reportFile() error {
	began := clock.System().Now()
	t, err := c.typed("receipt", "file")
	if err != nil {
		return c.receiptForm(c.dropStatus(err), "", err)
	}
	f, r, err := c.Cases.FetchFile(c.R.Context(), c.DB, t["receipt"], t["file"])
	steady(c.R.Context(), began)
	if c.R.Context().Err() != nil {
		if r != nil {
			r.Close()
		}
		return nil
	}
	if fault.Is(err, fault.Missing) {
		return c.receiptForm(http.StatusOK, t["receipt"], err)
	} else if err != nil {
		return c.receiptForm(c.dropStatus(err), t["receipt"], err)
	}
	return c.download(f, r)
}

// download sends a file of a report, to be saved and never shown. Only reading it
// can fail now, and then the connection is cut: half a file must not pass for one.
func (c *Ctx) download(f cases.File, r io.ReadCloser) error {
	defer r.Close()
	inert(c.W.Header(), f.Name)
	c.W.Header().Set("Referrer-Policy", "no-referrer")
	c.W.Header().Set("Content-Length", strconv.FormatInt(f.Size, 10))
	c.W.WriteHeader(http.StatusOK)
	if _, err := io.Copy(c.W, r); err != nil && c.R.Context().Err() == nil {
		c.Log.Error("a file broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func joined(words []string) string { return strings.Join(words, ", ") }
