package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var (
	doneReportSent = greeting("report-reported", "ok", "The desk has your report. What it answers appears here.")
	doneReportSaid = greeting("report-said", "ok", "Sent.")
)

// reports lists what the reader reported.
func (c *Ctx) reports() error {
	rs, err := c.Cases.MyReports(c.View)
	if err != nil {
		return err
	}
	var rows []ui.Row
	var label policy.Label
	for _, r := range rs {
		rows = append(rows, ui.Row{ID: r.ID, Title: r.Title, Href: "/reports/" + r.ID, Meta: r.Short() + " · " + r.State.Words(), Label: string(r.Label.TLP), At: r.Last, Now: c.View.Now(), Icon: "file"})
		label.TLP = policy.Strictest(label.TLP, r.Label.TLP)
	}
	return c.show(Page{Title: "My reports", Kind: "reports", Label: label, Live: []string{"*"}, Body: reportsBody(rows)})
}

// reportNew is the form for a member's report.
func (c *Ctx) reportNew() error { return c.memberReportForm(http.StatusOK, intakeForm{typed: typed{}}) }

func (c *Ctx) memberReportForm(status int, f intakeForm) error {
	f.member = true
	if f.typed["idempotency_key"] == "" {
		f.typed["idempotency_key"] = ids.Random(26)
	}
	desk, err := c.deskLabel()
	if err != nil {
		return err
	}
	return c.show(Page{Title: "Report a vulnerability", Kind: "compose", Status: status, Label: policy.Label{TLP: desk.TLP}, Body: reportNewBody(f)})
}

// reportSubmit takes a member's report, once however often it is sent.
func (c *Ctx) reportSubmit() error {
	t, files, err := c.readWithFiles()
	f := intakeForm{typed: t, files: files}
	var id string
	if err == nil {
		err = c.write(func(tx *db.Tx) (err error) {
			var again bool
			id, again, err = c.Cases.SubmitMember(tx, t.intake(), t["idempotency_key"], fileIDs(files))
			if err == nil && again {
				return errAgain
			}
			return err
		})
	}
	if err != nil && !errors.Is(err, errAgain) {
		return c.again(err, func(status int) error { return c.memberReportForm(status, f.refused(err)) })
	}
	return c.redirect("/reports/" + id + "?done=" + doneReportSent)
}

// readWithFiles reads a form of the intake's fields with files. A member's files
// become uploads of his at once, so that a refused form loses none.
func (c *Ctx) readWithFiles() (t typed, files []cases.File, err error) {
	t = typed{}
	kind, _, _ := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		if t, err = c.typed(intakeNames...); err != nil {
			return typed{}, nil, err
		}
		files, err = c.attached(c.R.PostForm["upload"])
		return t, files, err
	}
	c.R.Body = http.MaxBytesReader(c.W, c.R.Body, cases.MaxFiles*cases.MaxFile+maxForm)
	parts, err := c.R.MultipartReader()
	if err != nil {
		return t, nil, fault.Invalidf("The form could not be read. Load the page again.")
	}
	var kept []string
	var bad []fault.Field
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil || n > maxParts {
			return t, files, c.truncated(err)
		}
		if name := part.FormName(); name != "files" {
			b, err := io.ReadAll(io.LimitReader(part, maxField+1))
			if err != nil {
				return t, files, c.truncated(err)
			}
			switch _, twice := t[name]; {
			case len(b) > maxField:
				return t, files, fault.Invalidf("One field of the form is larger than 1 MB. Attach long texts as files.")
			case name == "upload":
				kept = append(kept, string(b))
			case twice:
				return t, files, fault.Invalidf("The form sent %q twice. Load the page again and send it once more.", name)
			case slices.Contains(intakeNames, name):
				t[name] = strings.ReplaceAll(string(b), "\r\n", "\n")
			}
			continue
		}
		if part.FileName() == "" {
			continue
		}
		if len(files) == cases.MaxFiles {
			bad = append(bad, fault.Field{Name: "files", Message: "At most 10 files fit. Send the rest as an addition."})
			break
		}
		f, err := c.Cases.UploadFile(c.R.Context(), c.DB, c.Viewer, cases.Incoming{Name: part.FileName(), Size: -1, From: part, Clean: t["keep_files"] == ""})
		switch {
		case err == nil:
			files = append(files, f)
		case errors.As(err, new(*http.MaxBytesError)):
			return t, files, c.truncated(err)
		case fault.Is(err, fault.Invalid), fault.Is(err, fault.Conflict):
			bad = append(bad, fault.Field{Name: "files", Message: fault.Sentence(err)})
		default:
			return t, files, err
		}
	}
	old, err := c.attached(kept)
	files = append(old, files...)
	if err == nil {
		err = fault.InvalidFields(bad)
	}
	return t, files, err
}

// attached finds the files that an earlier try of a form brought. What is not
// there any more is left out: the duty would refuse it.
func (c *Ctx) attached(kept []string) (files []cases.File, err error) {
	err = c.read(func(v *db.View) error {
		for _, id := range kept[:min(len(kept), cases.MaxFiles)] {
			f, r, err := c.Cases.OpenFile(v, id)
			if fault.Is(err, fault.Missing) {
				continue
			}
			if err != nil {
				return err
			}
			r.Close()
			if f.Object == "" {
				files = append(files, f)
			}
		}
		return nil
	})
	return files, err
}

func fileIDs(fs []cases.File) (out []string) {
	for _, f := range fs {
		out = append(out, f.ID)
	}
	return out
}

// reportView is everything on a report's page.
type reportView struct {
	r        cases.Report
	files    []cases.File
	messages []cases.Message
	f        intakeForm // the addition
}

// reportShow is one of the reader's own reports. The desk has a page of its own
// for it.
func (c *Ctx) reportShow() error { return c.showReport(http.StatusOK, intakeForm{typed: typed{}}) }

func (c *Ctx) showReport(status int, f intakeForm) (err error) {
	x := reportView{f: f}
	if x.r, err = c.Cases.Report(c.View, c.R.PathValue("report")); err != nil {
		return err
	}
	if x.r.Person != c.Viewer.Person {
		if !c.Viewer.May(policy.MayTriage) {
			return fault.ErrMissing
		}
		return c.redirect("/triage/" + x.r.ID)
	}
	if x.files, err = c.Cases.Files(c.View, x.r.ID); err != nil {
		return err
	}
	if x.messages, err = c.Cases.Messages(c.View, x.r.ID); err != nil {
		return err
	}
	if x.f.typed["idempotency_key"] == "" {
		x.f.typed["idempotency_key"] = ids.Random(26)
	}
	return c.show(Page{Title: x.r.Title, Kind: "report", Status: status, Label: x.r.Label, Live: []string{x.r.ID}, Body: reportShowBody(x, c.View.Now()), Right: reportAside(x.r, c.View.Now())})
}

// reportSay adds to one's own report.
func (c *Ctx) reportSay() error {
	id := c.R.PathValue("report")
	t, files, err := c.readWithFiles()
	if err == nil {
		err = c.write(func(tx *db.Tx) error {
			r, err := c.Cases.Report(tx.View, id)
			if err == nil && r.Person != tx.Viewer().Person {
				err = fault.ErrMissing
			}
			if err != nil {
				return err
			}
			return c.answerOnce(tx, id, t, files)
		})
	}
	if err != nil && !errors.Is(err, errAgain) {
		return c.again(err, func(status int) error { return c.showReport(status, intakeForm{typed: t, files: files}.refused(err)) })
	}
	return c.redirect("/reports/" + id + "?done=" + doneReportSaid + "#add")
}

func (c *Ctx) answerOnce(tx *db.Tx, report string, t typed, files []cases.File) error {
	_, again, err := c.Cases.Answer(tx, report, t["text"], fileIDs(files), t["idempotency_key"])
	if err == nil && again {
		return errAgain
	}
	return err
}

// reportDownload hands out a file of a report to its reporter, or to the desk.
func (c *Ctx) reportDownload() error {
	if !wanted(c.R, []string{"document", "empty"}) {
		return fault.ErrMissing
	}
	var f cases.File
	var r io.ReadCloser
	err := c.read(func(v *db.View) (err error) {
		report, err := c.Cases.Report(v, c.R.PathValue("report"))
		if err != nil {
			return err
		}
		if f, r, err = c.Cases.OpenFile(v, c.R.PathValue("file")); err == nil && f.Parent != report.ID {
			r.Close()
			err = fault.ErrMissing
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.download(f, r)
}
