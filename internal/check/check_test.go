package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/fault"
)

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*Problems)
		want string // "" is fine
	}{
		{"a line", func(p *Problems) { p.Line("f", "The name", " Ann ", 10, true) }, ""},
		{"no line", func(p *Problems) { p.Line("f", "The name", " ", 10, true) }, "The name is missing."},
		{"no line needed", func(p *Problems) { p.Line("f", "The name", "", 10, false) }, ""},
		{"a long line", func(p *Problems) { p.Line("f", "The name", "éééé", 3, true) }, "The name has 4 characters; at most 3 fit."},
		{"two lines", func(p *Problems) { p.Line("f", "The name", "a\nb", 10, true) }, "The name contains characters that cannot be seen or that turn text around. Type it again without them."},
		{"turned around", func(p *Problems) { p.Line("f", "The name", "a\u202eb", 10, true) }, "The name contains characters that cannot be seen or that turn text around. Type it again without them."},
		{"not text", func(p *Problems) { p.Text("f", "The text", "a\xff", 10, true) }, "The text is not readable text (UTF-8)."},
		{"a text", func(p *Problems) { p.Text("f", "The text", "a\r\n\tb", 10, true) }, ""},
		{"a zero byte", func(p *Problems) { p.Text("f", "The text", "a\x00b", 10, true) }, "The text contains control characters."},
		{"a choice", func(p *Problems) { p.OneOf("f", "The role", "x", "y", "z") }, "The role must be one of y, z."},
	} {
		var p Problems
		c.do(&p)
		switch err := p.Err(); {
		case c.want == "" && (err != nil || p.Found()):
			t.Errorf("%s: %v", c.name, err)
		case c.want != "":
			if fs := fault.FieldsOf(err); len(fs) != 1 || fs[0].Name != "f" || fs[0].Message != c.want {
				t.Errorf("%s: %v", c.name, fs)
			}
		}
	}
}

func TestTake(t *testing.T) {
	var p Problems
	if err := p.Take(fault.InvalidField("a", "Wrong.")); err != nil || !p.Found() {
		t.Errorf("an invalid field is not taken: %v", err)
	}
	if other := errors.New("disk"); p.Take(other) != other {
		t.Error("another error is not returned")
	}
	if p.Take(nil) != nil {
		t.Error("nil is an error")
	}
	if !strings.Contains(p.Err().Error(), "Wrong.") {
		t.Error("what was taken is lost")
	}
}
