package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/web/ui"
)

// exposureFindings is a list of findings as the pages of exposure show it: with the
// reasons in words.
type exposureFindings struct {
	caption string
	findingTable
	of  map[string]string // by finding: on what it is, in words
	one bool              // all are about one vulnerability: a row is named by what it is on
}

// severityText is a score with its band: "Critical 9.1".
func severityText(severity int64) string {
	if severity < 0 {
		return "No score"
	}
	return fmt.Sprintf("%s %d.%d", upperFirst(matching.Band(severity)), severity/10, severity%10)
}

// findingState says what is known or decided about a finding, in few words.
func findingState(f matching.Finding, now time.Time) string {
	switch {
	case !f.Gone.IsZero():
		return "gone"
	case f.Answer != nil && f.Answer.Settles(now):
		return f.Answer.State
	case f.Said != nil && (f.Said.Status == "not_affected" || f.Said.Status == "fixed"):
		return "the maker says " + strings.ReplaceAll(f.Said.Status, "_", " ")
	case f.Answer != nil:
		return f.Answer.State
	case f.Verdict == matching.Person:
		return "a person must look"
	case f.Verdict == matching.Investigating:
		return "the maker investigates"
	}
	return "open"
}

// findingRemedy is what the sources say to do, at most two of them.
func findingRemedy(f matching.Finding) string {
	var out []string
	add := func(s string) {
		for _, o := range out {
			if o == s {
				return
			}
		}
		if s != "" && len(out) < 2 {
			out = append(out, s)
		}
	}
	for _, r := range f.Reasons {
		if len(r.Fixed) > 0 {
			add("Fixed in " + strings.Join(r.Fixed[:min(3, len(r.Fixed))], ", ") + ".")
		}
		add(shortText(r.Remedy, 160))
	}
	return strings.Join(out, " ")
}

// shortText cuts a text after a word.
func shortText(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	s = string(r[:most])
	if i := strings.LastIndexByte(s, ' '); i > most/2 {
		s = s[:i]
	}
	return s + " …"
}

func (x exposureFindings) table(now time.Time) ui.Table {
	t := ui.Table{Caption: x.caption, Quiet: true, LiveKey: "findings", Head: []string{"Vulnerability", "Severity", "Why, and what to do", "State"}}
	if x.one {
		t.Head[0] = "On"
	}
	for _, r := range x.Rows {
		first := ui.Cell{Part: findingTitle(r.Finding, x.of[r.ID]), Header: true}
		if x.one {
			first = ui.Cell{Text: x.of[r.ID], Header: true}
		}
		t.Rows = append(t.Rows, []ui.Cell{first, {Part: findingSeverity(r.Finding)}, {Part: findingWhy(r.Finding)}, {Part: findingStateLink(r.Finding, now)}})
	}
	return t
}

func vulnAt(id string) string { return devicesAtVulns + "/" + pathEscape(id) }
