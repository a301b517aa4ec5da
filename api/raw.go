package api

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// describes says that an operation whose input is not JSON of ours answers 201
// with a thing and its place.
func (t *table) describes(op *huma.Operation, thing any, what string) {
	op.Responses["201"] = &huma.Response{Description: what,
		Content: map[string]*huma.MediaType{"application/json": {Schema: t.schemaOf(thing)}},
		Headers: map[string]*huma.Header{"Location": {Schema: &huma.Schema{Type: "string"}}}}
}

// sendCreated answers what huma would answer to a new thing.
func sendCreated[T any](c *call, w http.ResponseWriter, out *created[T], err error) {
	if err != nil {
		c.fail(w, err)
		return
	}
	c.touch()
	h := w.Header()
	h.Set("Location", out.Location)
	if out.Replayed != "" {
		h.Set("Idempotent-Replayed", out.Replayed)
	}
	sendJSON(w, http.StatusCreated, out.Body)
}

func sendJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}

// tooLarge reports whether a body was cut off at its limit.
func tooLarge(err error) bool { return errors.As(err, new(*http.MaxBytesError)) }
