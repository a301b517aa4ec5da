package stix

import (
	"errors"
	"io"
)

// Definitions reads a whole stream for its marking definitions only: by id, the
// Traffic Light Protocol label that each stands for, as in Object.TLP, or "". It
// is much quicker than reading every object, and is how a reader knows a marking
// that is defined after what it marks. The error, if any, is fatal; what is
// refused of single objects is left out.
func Definitions(r io.Reader, l Limits) (map[string]string, error) {
	defs := map[string]string{}
	s := NewReader(r, l)
	s.only = []byte(`"marking-definition"`)
	for {
		o, err := s.Next()
		var e *Error
		switch {
		case err == io.EOF:
			return defs, nil
		case errors.As(err, &e) && !e.Fatal:
		case err != nil:
			return defs, err
		case o.Type == "marking-definition":
			defs[FoldID(o.ID)] = o.TLP
		}
	}
}
