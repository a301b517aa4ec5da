package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Report is a report of a vulnerability.
type Report struct {
	ID           string       `json:"id"`
	Short        string       `json:"short" doc:"The id as people say it"`
	Source       string       `json:"source" enum:"anonymous,member"`
	Person       string       `json:"person,omitempty" doc:"Missing for a stranger"`
	Name         string       `json:"name,omitempty"`
	Organization string       `json:"organization,omitempty"`
	OrgName      string       `json:"organization_name,omitempty"`
	At           time.Time    `json:"at" doc:"Of a stranger's the day only"`
	LastAt       time.Time    `json:"last_at" doc:"Of the newest word of either side"`
	Title        string       `json:"title"`
	Report       cases.Intake `json:"report"`
	State        string       `json:"state" enum:"received,acknowledged,examined,tracked,accepted,declined,duplicate,published"`
	Words        string       `json:"words" doc:"The state, for people"`
	Case         string       `json:"case,omitempty" doc:"That came of it, if you can read it"`
	Answer       string       `json:"answer,omitempty" doc:"What the desk told the reporter with its decision"`
	AckedAt      time.Time    `json:"acknowledged_at,omitzero"`
	Label        Label        `json:"label"`
}

func (c *call) reportShape(v *db.View, r cases.Report) (Report, error) {
	l, err := c.label(v, r.Label)
	out := Report{r.ID, r.Short(), r.Source, r.Person, r.Name, r.Org, r.OrgName, utc(r.At), utc(r.Last), r.Title, r.Intake, string(r.State), r.State.Words(), r.Case, r.Answer, utc(r.Acked), l}
	if out.Report.Products == nil {
		out.Report.Products = []cases.Product{}
	}
	return out, err
}

// ReportPage is a report with its files and dialogue.
type ReportPage struct {
	Report
	Files    []ReportFile `json:"files"`
	Messages []Message    `json:"messages" doc:"Oldest first"`
}

// ReportFile is a file of a report or message.
type ReportFile struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Media   string   `json:"media,omitempty" doc:"A guess, for show"`
	Size    int64    `json:"size" doc:"Bytes"`
	SHA256  string   `json:"sha256"`
	Removed []string `json:"removed" doc:"What was taken out because it tells who made it"`
}

func reportFile(f cases.File) ReportFile {
	return ReportFile{f.ID, f.Name, f.Media, f.Size, f.SHA256, some(f.Removed)}
}

func reportFiles(fs []cases.File) []ReportFile {
	out := []ReportFile{}
	for _, f := range fs {
		out = append(out, reportFile(f))
	}
	return out
}

// Message is one word in the dialogue between a reporter and the desk.
type Message struct {
	ID      string       `json:"id"`
	At      time.Time    `json:"at"`
	Inbound bool         `json:"from_reporter"`
	Name    string       `json:"name,omitempty"`
	Body    string       `json:"body" doc:"Plain text"`
	Files   []ReportFile `json:"files"`
}

func message(m cases.Message) Message {
	return Message{m.ID, utc(m.At), m.Inbound, m.Name, m.Body, reportFiles(m.Files)}
}

func (c *call) reportPage(v *db.View, id string) (out ReportPage, err error) {
	r, err := c.Cases.Report(v, id)
	if err != nil {
		return out, err
	}
	if out.Report, err = c.reportShape(v, r); err != nil {
		return out, err
	}
	fs, err := c.Cases.Files(v, id)
	if err != nil {
		return out, err
	}
	out.Files = reportFiles(fs)
	ms, err := c.Cases.Messages(v, id)
	if err != nil {
		return out, err
	}
	out.Messages, err = each(v, ms, plain(message))
	return out, err
}

// InReport is an operation on a report.
type InReport struct {
	Report string `path:"report" doc:"A report's id"`
}

func (c *call) reports(*nothing) (*answer[list[Report]], error) {
	rs, err := c.Cases.MyReports(c.view)
	return listed(c.view, rs, err, c.reportShape)
}

func (c *call) report(in *InReport) (*answer[ReportPage], error) {
	out, err := c.reportPage(c.view, in.Report)
	return &answer[ReportPage]{out}, err
}

func (c *call) submit(in *struct {
	Keyed
	Body struct {
		cases.Intake
		Files []string `json:"files,omitempty" doc:"Ids of files you uploaded for reports"`
	}
}) (*created[ReportPage], error) {
	return makes(c, in.Keyed, "/api/v1/reports/", func(tx *db.Tx) (string, bool, error) {
		return c.Cases.SubmitMember(tx, in.Body.Intake, in.Key, in.Body.Files)
	}, c.reportPage)
}

func (c *call) answerReport(in *struct {
	InReport
	Keyed
	Body struct {
		Text  string   `json:"text" doc:"Plain text"`
		Files []string `json:"files,omitempty" doc:"Ids of files you uploaded for reports"`
	}
}) (*created[ReportPage], error) {
	return makes(c, in.Keyed, "/api/v1/reports/"+in.Report, func(tx *db.Tx) (string, bool, error) {
		return c.Cases.Answer(tx, in.Report, in.Body.Text, in.Body.Files, in.Key)
	}, func(v *db.View, _ string) (ReportPage, error) { return c.reportPage(v, in.Report) })
}

func reportUploadDoc(t *table, op *huma.Operation) {
	uploadDoc(t, op)
	op.Description = "A form with one part, file, or the bare bytes with their name in the address. At most 20 MB. What tells who made it is taken out unless the address says keep=true. Only you can read it until it is in a report."
	op.Parameters = append(op.Parameters, &huma.Param{Name: "keep", In: "query", Schema: &huma.Schema{Type: "boolean"}, Description: "Take it as it is, with all that it tells"})
	t.describes(op, ReportFile{}, "It is saved")
}

// uploadForReport takes a file of a report in.
func (c *call) uploadForReport(w http.ResponseWriter) {
	f, err := c.takeReportFile(w)
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	w.Header().Set("Location", "/api/v1/reports/files/"+f.ID)
	sendJSON(w, http.StatusCreated, reportFile(f))
}

func (c *call) takeReportFile(w http.ResponseWriter) (cases.File, error) {
	if err := c.look(func() error { return nil }); err != nil {
		return cases.File{}, err
	}
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(uploadTime)) // not every connection has one
	body := http.MaxBytesReader(w, c.r.Body, cases.MaxFile+1<<20)
	in := cases.Incoming{Name: c.r.URL.Query().Get("name"), Size: c.r.ContentLength, From: body, Clean: c.r.URL.Query().Get("keep") != "true"}
	media, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	var form *multipart.Reader
	if media == "multipart/form-data" {
		form = multipart.NewReader(body, params["boundary"])
		part, err := form.NextPart()
		if err != nil || part.FormName() != "file" {
			return cases.File{}, fault.InvalidField("file", "Send a form with one part, named file.")
		}
		in.Name, in.Size, in.From = part.FileName(), -1, part
	} else if in.Name == "" {
		return cases.File{}, fault.InvalidField("name", "Say the file's name in the address, as ?name=…, or send a form with a part named file.")
	}
	f, err := c.Cases.UploadFile(c.r.Context(), c.DB, c.who, in)
	if err != nil || form == nil {
		return f, err
	}
	if _, err := form.NextPart(); !errors.Is(err, io.EOF) { // more parts, or the end is missing: not what was meant
		if e := c.note(func(tx *db.Tx) error { return c.Cases.DropUpload(tx, f.ID) }); e != nil {
			return f, e
		}
		return f, fault.InvalidField("file", "The form did not arrive whole, or has more than the one part named file. Send it again.")
	}
	return f, nil
}

// reportFile hands out a file of a report, or an upload of the asker's own.
func (c *call) reportFile(w http.ResponseWriter) {
	c.serveFile(w, func() (string, io.ReadSeekCloser, error) {
		f, r, err := c.Cases.OpenFile(c.view, c.r.PathValue("cfile"))
		return f.Name, r, err
	})
}
