package cve

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxBytes is the largest record that is read. The largest of 44,130 real
	// ones has 350 kB.
	MaxBytes = 4 << 20
	maxDepth = 32 // of real ones, 14
)

// ErrNotCVE says that a JSON text is not a CVE Record 5.
var ErrNotCVE = errors.New("this is not a CVE record in the format 5")

var formatPattern = regexp.MustCompile(`^5\.(0|[1-9][0-9]{0,3})(\.(0|[1-9][0-9]{0,3}))?$`)

// Parse reads a record. It refuses what two readers could read differently (a
// name given twice, bad UTF-8), other formats, and records without an id or a
// state; what else is wrong, Validate says. Errors wrap ErrNotCVE unless the
// text is too large.
func Parse(data []byte) (Record, error) {
	if len(data) > MaxBytes {
		return Record{}, fmt.Errorf("a CVE record of %d bytes is over the limit of %d", len(data), MaxBytes)
	}
	if err := checkDepth(data); err != nil {
		return Record{}, err
	}
	var w wireRecord
	if err := json.Unmarshal(data, &w); err != nil {
		return Record{}, notCVE(err)
	}
	r, err := w.record()
	if err != nil {
		return Record{}, err
	}
	r.Containers.CNA.compact()
	for i := range r.Containers.ADP {
		r.Containers.ADP[i].compact()
	}
	return r, nil
}

// wireRecord tells a record without a CNA container from one with an empty one.
type wireRecord struct {
	Record
	Containers struct {
		CNA *Container  `json:"cna"`
		ADP []Container `json:"adp"`
	} `json:"containers"`
}

// record gives the record if it is one in this format.
func (w *wireRecord) record() (Record, error) {
	r := w.Record
	switch {
	case r.DataType != "CVE_RECORD":
		return r, fmt.Errorf("%w: /dataType is not CVE_RECORD", ErrNotCVE)
	case !formatPattern.MatchString(r.DataVersion):
		return r, fmt.Errorf("%w: /dataVersion is not 5.x", ErrNotCVE)
	case !ValidID(r.Metadata.ID):
		return r, fmt.Errorf("%w: /cveMetadata/cveId is not a CVE id", ErrNotCVE)
	case r.Metadata.State != Published && r.Metadata.State != Rejected:
		return r, fmt.Errorf("%w: /cveMetadata/state is neither PUBLISHED nor REJECTED", ErrNotCVE)
	case w.Containers.CNA == nil:
		return r, fmt.Errorf("%w: it has no /containers/cna", ErrNotCVE)
	}
	r.Containers = Containers{*w.Containers.CNA, w.Containers.ADP}
	return r, nil
}

// compact removes the spacing of what is kept as JSON, so that equal records
// are equal.
func (k *Container) compact() {
	raw := []*jsontext.Value{&k.Source}
	for i := range k.Taxonomies {
		raw = append(raw, &k.Taxonomies[i])
	}
	for i := range k.Metrics {
		if o := k.Metrics[i].Other; o != nil {
			raw = append(raw, &o.Content)
		}
	}
	for _, v := range raw {
		if *v != nil {
			_ = v.Compact() // it was read as JSON
		}
	}
}

// Encode writes a record as JSON, indented, members in the schema's order.
func Encode(r Record) ([]byte, error) { return encode(r) }

// EncodeCNA writes what a CNA sends to the CVE Program's services to publish a
// record: its container alone, under the name cnaContainer.
func EncodeCNA(r Record) ([]byte, error) {
	return encode(struct {
		CNA Container `json:"cnaContainer"`
	}{r.Containers.CNA})
}

func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v, jsontext.WithIndent("  "))
	if err != nil {
		return nil, fmt.Errorf("writing a CVE record: %w", err)
	}
	return append(data, '\n'), nil
}

// checkDepth walks the text without recursion, before anything that recurses.
func checkDepth(data []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(data))
	for {
		if _, err := dec.ReadToken(); err == io.EOF {
			return nil
		} else if err != nil {
			return notCVE(err)
		}
		if dec.StackDepth() > maxDepth {
			return fmt.Errorf("%w: its nesting is deeper than %d at byte %d", ErrNotCVE, maxDepth, dec.InputOffset())
		}
	}
}

// notCVE says where the text fails, without repeating any of its values.
func notCVE(err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w: its JSON is wrong at byte %d", ErrNotCVE, syntax.ByteOffset)
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return fmt.Errorf("%w: the value at byte %d is of another kind than expected", ErrNotCVE, semantic.ByteOffset)
	}
	return ErrNotCVE
}
