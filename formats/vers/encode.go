package vers

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/formats/strictjson"
)

// Encode gives the range as canonical JSON (RFC 8785). Bytes that are not UTF-8,
// and NUL, which strictjson refuses, become U+FFFD.
func (r Range) Encode() string {
	data, err := strictjson.Canonical(r)
	if err != nil || bytes.Contains(data, []byte(`\u0000`)) {
		data, err = strictjson.Canonical(r.clean())
		if err != nil {
			return "{}" // which says nothing, and so is Unknown to all
		}
	}
	return string(data)
}

func (r Range) clean() Range {
	fix := func(s string) string {
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	}
	list := func(l []string) []string {
		n := make([]string, len(l))
		for i, s := range l {
			n[i] = fix(s)
		}
		return n
	}
	spans := func(l []Span) []Span {
		n := make([]Span, len(l))
		for i, s := range l {
			s.Low, s.High = fix(s.Low), fix(s.High)
			n[i] = s
		}
		return n
	}
	r.Scheme = fix(r.Scheme)
	r.Exact, r.ExceptExact, r.Plain, r.Fixed = list(r.Exact), list(r.ExceptExact), list(r.Plain), list(r.Fixed)
	r.Spans, r.Except = spans(r.Spans), spans(r.Except)
	return r
}

// Decode reads what Encode wrote, and refuses what is beyond the limits.
func Decode(s string) (Range, error) {
	var r Range
	err := strictjson.UnmarshalLimits([]byte(s), strictjson.Limits{Bytes: maxJSON, Depth: 4, Values: 20 * maxItems}, &r)
	if err == nil {
		err = r.Check()
	}
	if err != nil {
		return Range{}, fmt.Errorf("version range: %w", err)
	}
	return r, nil
}

// Check says whether the range is within the limits: 10,000 items of each kind,
// 256 bytes a version, 4,096 bytes a text for a person.
func (r Range) Check() error {
	if len(r.Scheme) > maxVersion {
		return fmt.Errorf("the scheme has more than %d bytes", maxVersion)
	}
	for name, l := range map[string][]string{"eq": r.Exact, "ne": r.ExceptExact, "fix": r.Fixed, "txt": r.Plain} {
		if len(l) > maxItems {
			return fmt.Errorf("%q has %d items, more than %d", name, len(l), maxItems)
		}
		most := maxVersion
		if name == "txt" {
			most = maxText
		}
		for _, s := range l {
			if len(s) > most {
				return fmt.Errorf("%q has an item of %d bytes, more than %d", name, len(s), most)
			}
		}
	}
	for name, l := range map[string][]Span{"in": r.Spans, "ex": r.Except} {
		if len(l) > maxItems {
			return fmt.Errorf("%q has %d items, more than %d", name, len(l), maxItems)
		}
		for _, s := range l {
			if len(s.Low) > maxVersion || len(s.High) > maxVersion {
				return fmt.Errorf("%q has a version of more than %d bytes", name, maxVersion)
			}
		}
	}
	return nil
}
