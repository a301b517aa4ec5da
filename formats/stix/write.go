package stix

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
)

// WriteBundle writes a bundle of the objects as they come, their bytes joined
// and never re-encoded. It stops at the first error, of the objects or of w, and
// returns it; what was written by then is no valid JSON and cannot be taken for
// a whole bundle. id is one of NewID("bundle").
func WriteBundle(w io.Writer, id string, objects iter.Seq2[[]byte, error]) error {
	if typ, ok := ID(id); !ok || typ != "bundle" {
		return errors.New("a bundle's id begins with bundle-- and ends in a UUID")
	}
	if _, err := io.WriteString(w, `{"type":"bundle","id":"`+id+`"`); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	before, end := `,"objects":[`, "}" // a list may not be empty (STIX 2.1 §2.12)
	for raw, err := range objects {
		if err != nil {
			return err
		}
		if !bytes.HasPrefix(raw, []byte("{")) || !bytes.HasSuffix(raw, []byte("}")) {
			return errors.New("what should go into the bundle is no JSON object")
		}
		if _, err := io.WriteString(w, before); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
		if _, err := w.Write(raw); err != nil {
			return fmt.Errorf("write the bundle: %w", err)
		}
		before, end = ",", "]}"
	}
	if _, err := io.WriteString(w, end); err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	return nil
}
