package web

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/stix/pattern"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

const (
	matchesShown  = 50 // observations
	observedShown = 20 // objects of one observation
	pointerRoom   = 60 // characters of a line on each side of the place of an error
)

// intelPatternView is what the pattern tester is drawn from.
type intelPatternView struct {
	Tabs     []ui.Tab
	Pattern  string
	Observed string
	IDs      string // of stored objects, one a line
	Trial    *intel.Trial
	Errors   []ui.FieldError
	Line     string // of the pattern, with the place of its error
	Pointer  string // as many spaces, and a caret
}

// intelPattern is the pattern tester, filled with an object's pattern or with a
// stored observation, if the address names one.
func (c *Ctx) intelPattern() error {
	var x intelPatternView
	label := policy.Label{}
	q := c.R.URL.Query()
	if o, ok := c.cited(q.Get("object")); ok && o.Pattern != "" && (o.PatternType == "stix" || o.PatternType == "") {
		x.Pattern, label = o.Pattern, stricter(label, o.Label.TLP)
	}
	if o, ok := c.cited(q.Get("observed")); ok {
		x.IDs, label = o.ID, stricter(label, o.Label.TLP)
	}
	return c.showPattern(200, x, label)
}

func (c *Ctx) showPattern(status int, x intelPatternView, label policy.Label) (err error) {
	if x.Tabs, err = c.intelTabs(intelAtPattern); err != nil {
		return err
	}
	return c.show(Page{Title: "Test a pattern", Kind: "intel-pattern", Label: label, Status: status, Body: intelPatternBody(x)})
}

// intelPatternTry tries a pattern. It keeps nothing: the same form again gives the
// same answer.
func (c *Ctx) intelPatternTry() error {
	t, err := c.typed("pattern", "observed", "ids")
	if err != nil {
		return err
	}
	x := intelPatternView{Pattern: t["pattern"], Observed: t["observed"], IDs: t["ids"]}
	ids := strings.FieldsFunc(x.IDs, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' || r == '\t' })
	return c.again(nil, func(int) error {
		label := policy.Default(c.Viewer.Org) // of what is pasted, nobody said how it is marked
		g, err := c.gate()
		if err != nil {
			return err
		}
		stored, err := c.Intel.Objects(c.View, ids)
		if err != nil {
			return err
		}
		for _, o := range stored {
			if g.hides(o.Label) {
				ids = slices.DeleteFunc(ids, func(id string) bool { return id == o.ID })
				continue
			}
			if o.Label.TLP.StricterThan(label.TLP) {
				label = stricter(label, o.Label.TLP)
			}
		}
		trial, err := c.Intel.Try(c.View, x.Pattern, x.Observed, ids)
		if k := fault.KindOf(err); err != nil && k != fault.Invalid && k != fault.Conflict {
			return err
		}
		if err != nil {
			x.Errors = formErrors(err, "try", "pattern", "observed", "ids")
			var at *pattern.Error
			if errors.As(err, &at) {
				x.Line, x.Pointer = pointAt(x.Pattern, at)
			}
			return c.showPattern(422, x, label)
		}
		x.Trial = &trial
		return c.showPattern(200, x, label)
	})
}

// pointAt is the line of a text in which an error is, and a caret under its place.
func pointAt(text string, e *pattern.Error) (line, pointer string) {
	lines := strings.Split(text, "\n")
	if e.Line < 1 || e.Line > len(lines) {
		return "", ""
	}
	r := []rune(strings.TrimRight(lines[e.Line-1], "\r"))
	for i := range r {
		if r[i] == '\t' {
			r[i] = ' ' // one column, like the caret's
		}
	}
	at := min(max(e.Col-1, 0), len(r))
	from, to := max(0, at-pointerRoom), min(len(r), at+pointerRoom)
	line, before := string(r[from:to]), at-from
	if from > 0 {
		line, before = "…"+line, before+1
	}
	if to < len(r) {
		line += "…"
	}
	return line, strings.Repeat(" ", before) + "^"
}

// observationWords says what an observation holds, in short.
func observationWords(o pattern.Observation) string {
	var parts []string
	for i, obj := range o.Objects {
		if i == observedShown {
			parts = append(parts, fmt.Sprintf("and %s more", ui.Number(len(o.Objects)-i)))
			break
		}
		typ, _ := obj["type"].(string)
		s := intelTypeWords(typ)
		for _, key := range []string{"value", "name", "subject", "key", "path"} {
			if v, ok := obj[key].(string); ok && utf8.ValidString(v) {
				s += " " + clip(v, 120)
				break
			}
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

// trialSentence says in one sentence what came of it.
func trialSentence(t intel.Trial) string {
	n := ui.Count(len(t.Observed), "observation", "observations")
	if t.Result.Matched {
		return fmt.Sprintf("The pattern matches: %s of %s together meet it.", ui.Number(len(t.Result.Observations)), n)
	}
	return "The pattern does not match " + n + "."
}
