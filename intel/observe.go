package intel

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/stix/pattern"
	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// Trial is a pattern that was tried on observed data.
type Trial struct {
	Pattern  string // in its one form
	Remarks  []string
	Observed []pattern.Observation
	Result   pattern.Result
}

// The limits of a trial.
const (
	maxObserved = 2 << 20 // bytes of what is pasted
	maxPattern  = 20_000  // bytes
	maxTried    = 200     // stored objects
	trialSteps  = 1_000_000
)

// PatternError is where and why a text is no pattern.
type PatternError = pattern.Error

// Try tries a pattern on observed data: pasted STIX JSON (a bundle, a list, an
// envelope or one object; ids may be missing), and stored observed-data and
// observables, with what they refer to. Stored ones that the viewer may not see
// are passed over like those that do not exist. What is wrong is a fault of the
// fields "pattern", which then wraps a *PatternError, and "observed".
func (x *Intel) Try(v *db.View, text, observed string, ids []string) (Trial, error) {
	var t Trial
	var p check.Problems
	var wrong *PatternError
	var parsed *pattern.Pattern
	switch {
	case strings.TrimSpace(text) == "":
		p.Add("pattern", "Write a pattern such as [domain-name:value = 'c2.example'].")
	case len(text) > maxPattern || !utf8.ValidString(text):
		p.Add("pattern", "The pattern is not readable text (UTF-8), or longer than %d characters.", maxPattern)
	default:
		var err error
		if parsed, err = pattern.Parse(text); errors.As(err, &wrong) {
			p.Add("pattern", "Line %d, character %d: %s.", wrong.Line, wrong.Col, wrong.Reason)
		} else if err != nil {
			return t, err
		}
	}
	objs, reason := split(observed)
	if reason != "" {
		p.Add("observed", "%s", reason)
	}
	stored, err := x.observedObjects(v, ids)
	if err != nil {
		return t, err
	}
	objs = append(objs, stored...)
	if len(objs) == 0 && reason == "" {
		p.Add("observed", "Paste what was observed as STIX JSON, or choose stored objects.")
	}
	if t.Observed, err = pattern.Observe(objs); err != nil {
		p.Add("observed", "%s.", capital(err.Error()))
	}
	if p.Found() {
		err := p.Err()
		var f *fault.Error
		if wrong != nil && errors.As(err, &f) {
			f.Err = wrong
		}
		return t, err
	}
	t.Pattern, t.Remarks = parsed.String(), parsed.Remarks()
	t.Result, err = parsed.Match(t.Observed, pattern.Limits{Steps: trialSteps})
	if errors.Is(err, pattern.ErrWork) {
		return t, fault.InvalidField("pattern", "Trying this takes too long. Try it on less, or make the pattern narrower.")
	}
	return t, err
}

// split takes the objects out of a pasted text.
func split(text string) (objs [][]byte, reason string) {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, ""
	}
	if err := strictjson.Check([]byte(text), strictjson.Limits{Bytes: maxObserved}); err != nil {
		return nil, "This cannot be read as JSON: " + strings.TrimSuffix(err.Error(), ".") + "."
	}
	var many []json.RawMessage
	var around struct {
		Type    string          `json:"type"`
		Objects json.RawMessage `json:"objects"`
	}
	// What two readers could read differently is refused by now.
	switch {
	case text[0] == '[':
		_ = json.Unmarshal([]byte(text), &many)
	case json.Unmarshal([]byte(text), &around) != nil:
		return nil, "This is neither a STIX object nor a bundle or list of them."
	case (around.Type == "bundle" || around.Type == "") && len(around.Objects) > 0 && around.Objects[0] == '[':
		_ = json.Unmarshal(around.Objects, &many)
	default:
		many = []json.RawMessage{json.RawMessage(text)}
	}
	for _, o := range many {
		objs = append(objs, o)
	}
	return objs, ""
}

// observedObjects are stored objects with what they refer to.
func (x *Intel) observedObjects(v *db.View, ids []string) (raws [][]byte, err error) {
	if len(ids) > maxTried {
		return nil, fault.InvalidField("observed", "At most %d stored objects can be chosen.", maxTried)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := x.Objects(v, ids)
	if err != nil {
		return nil, err
	}
	have := map[string]bool{}
	for _, o := range found {
		have[o.ID] = true
	}
	var more []string
	for _, o := range found {
		raws = append(raws, o.Raw)
		for _, r := range o.Refs {
			if !have[r.Target] && len(more) < MaxPage {
				have[r.Target] = true
				more = append(more, r.Target)
			}
		}
	}
	found, err = x.Objects(v, more)
	for _, o := range found {
		raws = append(raws, o.Raw)
	}
	return raws, err
}

// capital begins a sentence.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
