package iocs

import (
	"errors"
	"io"
)

// A Sample is the beginning of a file as it is, for a person to say what its
// columns hold.
type Sample struct {
	Header  []string   // nil when the file has none
	Mapping Mapping    // what the columns are taken for
	Rows    [][]string // the first rows that can be told apart in columns
}

// ReadSample reads at most so many rows. Errors are those of [NewReader] and of
// r; rows that cannot be read are passed over.
func ReadSample(r io.Reader, o Options, rows int) (Sample, error) {
	rd, err := NewReader(r, o)
	if err != nil {
		return Sample{}, err
	}
	s := Sample{Header: rd.header, Mapping: rd.mapping}
	if rd.first != nil {
		s.Rows = append(s.Rows, rd.first)
	}
	for bad := 0; len(s.Rows) < rows && bad < maxBadStart; {
		fields, _, err := rd.record()
		var wrong *RowError
		switch {
		case err == io.EOF:
			return s, nil
		case errors.As(err, &wrong):
			bad++
		case err != nil:
			return s, err
		default:
			s.Rows = append(s.Rows, fields)
		}
	}
	return s, nil
}

// Width is how many columns there are.
func (s Sample) Width() int {
	n := max(len(s.Header), len(s.Mapping))
	for _, r := range s.Rows {
		n = max(n, len(r))
	}
	return n
}
