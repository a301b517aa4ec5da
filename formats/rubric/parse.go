package rubric

import (
	"errors"
	"fmt"
	"strings"
)

// MaxBytes is the longest extended vector that is read; one with every question
// answered has some 300.
const MaxBytes = 1024

// Parse reads an extended vector back into its answers and their result. It
// refuses one whose CVSS part is not what the answers come to.
func Parse(extended string) (Answers, Result, error) {
	if len(extended) > MaxBytes {
		return nil, Result{}, fmt.Errorf("an extended vector of %d bytes is over the limit of %d", len(extended), MaxBytes)
	}
	answers := Answers{}
	_, rest, ok := strings.Cut(extended, "/X")
	if !ok {
		return nil, Result{}, errors.New("an extended vector is a CVSS 3.1 vector followed by the rubric's answers, as in /XAVN:Y")
	}
	for part := range strings.SplitSeq("X"+rest, "/") {
		id, answer, ok := strings.Cut(part, ":")
		if !ok || answer == "" || answers[id] != "" {
			return nil, Result{}, fmt.Errorf("%q is not a question and its one answer, as in XAVN:Y", clip(part))
		}
		answers[id] = answer
	}
	r, err := Score(answers)
	if err != nil {
		return nil, Result{}, err
	}
	if r.Extended != extended {
		return nil, Result{}, fmt.Errorf("the answers come to %s, which is not what the extended vector says", r.Vector)
	}
	return answers, r, nil
}
