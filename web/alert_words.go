package web

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/formats/vers"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// alertClassWords say how soon an alert wants to be read.
var alertClassWords = map[alerts.Class]string{alerts.Now: "Read now", alerts.Today: "Today", alerts.Digest: "Digest"}

// alertAnswerWords are the answers, as a chip.
var alertAnswerWords = map[alerts.Answer]string{alerts.NotUs: "Not us", alerts.Looking: "Looking", alerts.Hit: "Affected", alerts.Fixed: "Fixed"}

// What an answer means to who runs devices, and to who makes products.
var (
	alertAnswerHints  = map[alerts.Answer]string{alerts.NotUs: "we do not run it", alerts.Looking: "we find out", alerts.Hit: "we run it", alerts.Fixed: "it is done here"}
	alertProductHints = map[alerts.Answer]string{alerts.NotUs: "our product is not affected", alerts.Looking: "we find out", alerts.Hit: "our product has it", alerts.Fixed: "we have a fix"}
)

func alertAnswerHint(n alerts.Notice, a alerts.Answer) string {
	if slices.ContainsFunc(n.Matched, func(m alerts.Match) bool { return m.Product != "" }) {
		return alertProductHints[a]
	}
	return alertAnswerHints[a]
}

// alertStateWords are the states of an alert, as a chip.
var alertStateWords = map[alerts.State]string{alerts.Draft: "Draft", alerts.Approved: "Approved", alerts.Sent: "Sent", alerts.Withdrawn: "Withdrawn", alerts.Superseded: "Superseded"}

var alertMechanismWords = map[string]string{"firmware_patch": "firmware update", "network_segmentation": "network segmentation", "firewall_rule": "firewall rule", "access_control": "access control",
	"monitoring_detection": "monitoring and detection", "other": "something else"}

var alertCategoryWords = map[string]string{"vendor_fix": "A fix by the vendor", "mitigation": "A mitigation", "workaround": "A workaround", "none_available": "Nothing is available yet", "no_fix_planned": "No fix is planned"}

// alertWhyLine says in a line why a notice is the reader's.
func alertWhyLine(n alerts.Notice) string {
	if len(n.Matched) == 0 {
		if n.Kind == alerts.OfRest {
			return "Findings beyond a day’s notices"
		}
		return "It names what your organization runs"
	}
	s := "Matches "
	if !n.Sure {
		s = "May match "
	}
	s += n.Matched[0].What
	if more := int64(len(n.Matched)-1) + n.More; more > 0 {
		s += fmt.Sprintf(", and %d more", more)
	}
	return s
}

// alertFrom says whose word a notice is.
func alertFrom(n alerts.Notice) string {
	if n.From == "" {
		return "found by matching"
	}
	return n.From
}

// alertVersions says which versions an alert names.
func alertVersions(a alerts.Affected) string {
	if a.Range == "" {
		return "every version"
	}
	return a.Range
}

// alertRead is a range of versions as it was understood, read back; unread says that a
// person has to look at every device.
func alertRead(s string) (read string, unread bool) {
	r := vers.ParseText(s)
	switch {
	case strings.TrimSpace(s) == "" || r.All:
		return "every version", false
	case len(r.Plain) > 0 && len(r.Exact) == 0 && len(r.Spans) == 0:
		return "nothing that can be compared: every holder is told that a person has to look", true
	case len(r.Plain) > 0:
		return r.String() + "; what is in quotes is for a person to read", true
	}
	return r.String(), false
}

// alertLength says how long something takes.
func alertLength(seconds int64) string {
	switch h, m, s := seconds/3600, seconds/60%60, seconds%60; {
	case h >= 48 && seconds%3600 == 0:
		return ui.Count(int(h/24), "day", "days") + hoursBeside(int(h%24))
	case h > 0 && m == 0:
		return ui.Count(int(h), "hour", "hours")
	case h > 0:
		return ui.Count(int(h), "hour", "hours") + " " + ui.Count(int(m), "minute", "minutes")
	case m > 0 && s == 0:
		return ui.Count(int(m), "minute", "minutes")
	case m > 0:
		return ui.Count(int(m), "minute", "minutes") + " " + ui.Count(int(s), "second", "seconds")
	default:
		return ui.Count(int(s), "second", "seconds")
	}
}

func hoursBeside(h int) string {
	if h == 0 {
		return ""
	}
	return " " + ui.Count(h, "hour", "hours")
}

// alertClinical is what applying the remedy means at the bedside.
func alertClinical(c alerts.Content) (kvs []ui.KV) {
	add := func(key, value string) {
		if value != "" {
			kvs = append(kvs, ui.KV{Key: key, Value: value})
		}
	}
	yesNo := map[string]string{"yes": "Yes", "no": "No"}
	down := yesNo[c.Clinical.Downtime]
	if c.Clinical.Seconds > 0 {
		down += ", about " + alertLength(c.Clinical.Seconds)
	}
	add("Downtime", down)
	add("Restart", yesNo[c.Clinical.Restart])
	add("What no longer works", c.Clinical.Features)
	add("Effect on work", c.Clinical.Workflow)
	add("Note", c.Clinical.Note)
	remedy := alertCategoryWords[c.Category]
	if m := alertMechanismWords[c.Mechanism]; m != "" {
		if remedy == "" {
			remedy = upperFirst(m)
		} else {
			remedy += ": " + m
		}
	}
	add("Remedy", remedy)
	return kvs
}

// alertTextOf says how the text of an alert may be passed on.
func alertTextOf(t policy.TLP) string {
	switch t {
	case policy.Clear:
		return "Its text may go to anyone."
	case policy.Green:
		return "Its text may go to the community."
	case policy.Amber:
		return "Its text may go inside your organization, and to your clients who need to know."
	}
	return "Its text stays inside your organization."
}

// alertReaders says who reads the text once it is sent, besides those who are told.
func alertReaders(t policy.TLP) string {
	switch t {
	case policy.Clear:
		return " Everyone can read the text then, on the public web."
	case policy.Green:
		return " The whole community can read the text then."
	}
	return ""
}

const alertBlind = "Nobody learns who they are: not you, not the desk, not each other. You see counts of at least 5 organizations."

// alertTold says who is told when an alert about some products is sent.
func alertTold(products int, t policy.TLP) string {
	what := "this product"
	if products != 1 {
		what = "one of these products"
	}
	return "Every organization that holds " + what + ", in a version that is named or that nobody can rule out, gets a notice of its own." + alertReaders(t) + " " + alertBlind
}

// alertAskerName is by what a respondent knows an asker.
func alertAskerName(q alerts.Inquiry) string {
	if q.Revealed != "" {
		return q.Revealed
	}
	return q.Pseudonym
}

var alertInquiryWords = map[string]string{alerts.InquiryOpen: "Waits for an answer", alerts.InquiryAnswered: "Answered", alerts.InquiryClosed: "Closed"}
