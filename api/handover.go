package api

import (
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

func handoverDoc(_ *table, op *huma.Operation) {
	op.Description = "One JSON text with what everybody in the case reads, for another coordinator. To whom it goes is recorded, so this is a POST."
	op.Parameters = append(op.Parameters, &huma.Param{Name: "to", In: "query", Required: true, Schema: &huma.Schema{Type: "string"}, Description: "Who gets it"})
	document(op, "application/json", "The package")
}

// handOver makes the package of a case and records that it goes to somebody.
func (c *call) handOver(w http.ResponseWriter) {
	var body []byte
	id := c.r.PathValue("case")
	err := c.look(func() error { return nil })
	if err == nil {
		err = c.write(func(tx *db.Tx) (err error) {
			body, err = c.Cases.HandOver(tx, id, c.r.URL.Query().Get("to"))
			return err
		})
	}
	c.handOut(w, body, id+"-handover.json", err)
}

func lookHandoverDoc(_ *table, op *huma.Operation) {
	op.Description = "As hand-over makes it; nothing is recorded."
	document(op, "application/json", "The package")
}

// handover shows the package of a case.
func (c *call) handover(w http.ResponseWriter) {
	var body []byte
	id := c.r.PathValue("case")
	err := c.look(func() (err error) { body, err = c.Cases.Handover(c.view, id); return err })
	c.handOut(w, body, id+"-handover.json", err)
}

func (c *call) handOut(w http.ResponseWriter, body []byte, name string, err error) {
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	inert(w.Header(), "application/json", name)
	w.Write(body)
}

func importDoc(t *table, op *huma.Operation) {
	op.Description = "The bytes of a package that another coordinator handed over. A package with anything wrong in it changes nothing."
	op.Parameters = append(op.Parameters, keyParam)
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {}}}
	t.describes(op, CasePage{}, "The case that was opened")
}

var keyParam = &huma.Param{Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: "string"}, Description: "Sent again with the same key and content within two days, nothing is done twice"}

// importCase opens a case from a package. Its body is larger than others may be,
// and its key is the caller's or none.
func (c *call) importCase(w http.ResponseWriter) {
	key := Keyed{c.r.Header.Get("Idempotency-Key")}
	err := c.look(func() error { return nil })
	var data []byte
	if err == nil {
		data, err = c.wholeBody(w, "application/json", cases.MaxHandover)
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	out, err := makes(c, key, "/api/v1/cases/", func(tx *db.Tx) (string, bool, error) { return c.Cases.ImportHandover(tx, data, key.Key) }, c.casePage)
	sendCreated(c, w, out, err)
}

// wholeBody reads a body that huma does not.
func (c *call) wholeBody(w http.ResponseWriter, media string, limit int64) ([]byte, error) {
	if got, _, _ := strings.Cut(c.r.Header.Get("Content-Type"), ";"); strings.TrimSpace(got) != media {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, sentence: "Send this with Content-Type: " + media + "."}
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, c.r.Body, limit))
	if tooLarge(err) {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, sentence: "The request is larger than is allowed. Nothing was saved."}
	}
	if err != nil {
		return nil, fault.Invalidf("The request did not arrive whole. Nothing was saved; send it again.")
	}
	return data, nil
}
