package cve

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits bound what is read of a feed.
type Limits = vuln.Limits

// Each reads a feed of records: one, one after the other (JSON lines), or an
// array. skip, which may be nil, hears of each record that cannot be read, by
// its number and id, and the reading goes on; without skip it ends there. An
// error of fn ends it too.
func Each(r io.Reader, fn func(vuln.Record) error, skip func(where string, err error)) error {
	return EachLimits(r, Limits{}, fn, skip)
}

// EachLimits is [Each] under other limits.
func EachLimits(r io.Reader, limits Limits, fn func(vuln.Record) error, skip func(where string, err error)) error {
	if limits.Bytes == 0 {
		limits.Bytes = MaxBytes
	}
	if limits.Depth == 0 {
		limits.Depth = maxDepth
	}
	limits = limits.Filled()
	var told func(int, error)
	if skip != nil {
		told = func(n int, err error) { skip(fmt.Sprintf("record %d", n), err) }
	}
	return vuln.Split(r, limits, func(n int, data []byte) error {
		rec, err := readStrict(data, limits)
		if err == nil {
			return fn(Vulnerability(rec))
		}
		where := fmt.Sprintf("record %d", n)
		if ValidID(rec.Metadata.ID) {
			where += " (" + rec.Metadata.ID + ")"
		}
		if skip == nil {
			return fmt.Errorf("CVE %s: %w", where, err)
		}
		skip(where, err)
		return nil
	}, told)
}

// readStrict reads a record that came from a feed, as Parse does but for names
// that differ in letter case alone, which it refuses too. On error the record
// may have its id.
func readStrict(data []byte, limits Limits) (Record, error) {
	err := strictjson.Check(data, strictjson.Limits{Bytes: int64(limits.Bytes), Depth: limits.Depth, Values: limits.Values, Number: 400})
	if err != nil {
		return Record{}, err
	}
	var w wireRecord
	if err := json.Unmarshal(data, &w, jsontext.AllowDuplicateNames(true)); err != nil { // Check has refused them
		var e *json.SemanticError
		if errors.As(err, &e) {
			err = fmt.Errorf("the value at %s (byte %d) is of another kind than the CVE format has", vuln.Clip(string(e.JSONPointer), 200), e.ByteOffset)
		}
		return w.Record, err
	}
	return w.record()
}
