package api

import (
	"bytes"
	"mime/multipart"
	"testing"

	"github.com/cordon-isao/cordon/formats/ssvc"
)

// mixed is a form with a report as JSON and a file.
func mixed(t *testing.T, report, name, content string) (string, with) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("report", report); err != nil {
		t.Fatal(err)
	}
	f, err := w.CreateFormFile("files", name)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte(content))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), with("Content-Type: " + w.FormDataContentType())
}

// ssvcValues answers every point of a table with its first value.
func ssvcValues(t *testing.T, id string) map[string]string {
	t.Helper()
	table, ok := ssvc.Find(id)
	if !ok {
		t.Fatalf("there is no table %s", id)
	}
	out := map[string]string{}
	for _, p := range table.Points {
		out[p.ID] = p.Values[0].Name
	}
	return out
}
