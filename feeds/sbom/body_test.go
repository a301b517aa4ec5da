package sbom

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// split reads a body as put does.
func split(body string) (r request, bom string, begun bool, err error) {
	s := &splitter{in: bufio.NewReaderSize(strings.NewReader(body), 16)}
	if begun, err = s.next(); err != nil || !begun {
		if err == nil {
			r, err = s.finish()
		}
		return r, "", begun, err
	}
	d := newDocument(s, nil)
	data, err := io.ReadAll(d)
	return d.said, string(data), true, err
}

// FuzzSplit: what is read in parts is what a reader of the whole reads, and what it
// refuses is refused.
func FuzzSplit(f *testing.F) {
	for _, s := range []string{`{"projectName":"P","bom":"aGk="}`, `{"bom":"a\/+\u003d","x":{"bom":"y"},"projectName":"\"bom\":"}`, `{"x":["bom"],"bom" : "aGk=" , "autoCreate":true}`, `{"b\u006fm":"aGk="}`, `{"bom":1}`, `{"bom":"aGk=","bom":""}`, `[{"bom":"aGk="}]`, `{"bom":"aGk="`, `"bom":"aGk="`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r, bom, begun, err := split(body)
		if err != nil {
			return
		}
		var whole map[string]any
		if e := json.Unmarshal([]byte(body), &whole); e != nil {
			t.Fatalf("%q is taken: %v", body, e)
		}
		if name, _ := whole["projectName"].(string); name != r.ProjectName {
			t.Errorf("%q names %q, not %q", body, name, r.ProjectName)
		}
		if !begun {
			return
		}
		text, _ := whole["bom"].(string)
		want, e := base64.StdEncoding.DecodeString(text)
		if e != nil || string(want) != bom {
			t.Errorf("%q holds %q, not %q (%v)", body, bom, want, e)
		}
	})
}
