package httpkit

import (
	"bytes"
	"net/http"
)

// Buffer gathers an answer until the snapshot that it is made from is closed.
// Its headers may be the connection's own or gathered too.
type Buffer struct {
	Conn   http.ResponseWriter
	Head   http.Header
	Body   bytes.Buffer
	Status int // 0: nobody set it
}

// Header, Write and WriteHeader are those of http.ResponseWriter.
func (b *Buffer) Header() http.Header         { return b.Head }
func (b *Buffer) Write(p []byte) (int, error) { return b.Body.Write(p) }
func (b *Buffer) WriteHeader(status int)      { b.Status = status }

// Unwrap gives the connection, on which a handler sets how long a body may take.
func (b *Buffer) Unwrap() http.ResponseWriter { return b.Conn }
