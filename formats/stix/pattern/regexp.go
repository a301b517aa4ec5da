package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// maxExpression is the length in bytes of one regular expression.
const maxExpression = 4096

// compile makes the regular expression of MATCHES. The standard asks for PCRE
// with DOTALL, searching anywhere in the value; RE2 serves all of it but what
// needs backtracking. weight is about the number of instructions, at most room;
// reason is why not.
func compile(text string, room int) (re *regexp.Regexp, weight int, reason string) {
	if len(text) > maxExpression {
		return nil, 0, fmt.Sprintf("the regular expression is longer than %d bytes", maxExpression)
	}
	tree, err := syntax.Parse(text, syntax.Perl|syntax.DotNL)
	if err != nil {
		return nil, 0, refusal(err)
	}
	// Repetition multiplies, so it is weighed before it is built.
	if weight = weigh(tree); weight > room {
		return nil, 0, "the regular expressions of the pattern are together too large"
	}
	if re, err = regexp.Compile("(?s)" + text); err != nil {
		return nil, 0, refusal(err)
	}
	return re, weight, ""
}

// refusal says why the engine does not take an expression.
func refusal(err error) string {
	const what = "look-around, back-references, possessive and atomic groups of PCRE are not offered, because their running time has no bound"
	var s *syntax.Error
	if !errors.As(err, &s) {
		return "the regular expression cannot be read"
	}
	switch s.Code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidEscape, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidNamedCapture:
		return fmt.Sprintf("the regular expression uses what RE2 syntax does not have (%s); %s", s.Code, what)
	}
	return fmt.Sprintf("the regular expression cannot be read: %s", s.Code)
}

// weigh estimates the instructions of a regular expression from above,
// saturating.
func weigh(re *syntax.Regexp) int {
	const much = 1 << 30
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCharClass:
		n = 1 + len(re.Rune)/16
	}
	for _, sub := range re.Sub {
		n += weigh(sub)
	}
	if re.Op == syntax.OpRepeat {
		times := max(re.Min, re.Max, 1)
		if n > much/times {
			return much
		}
		n *= times
	}
	return min(n, much)
}
