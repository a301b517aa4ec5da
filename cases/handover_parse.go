package cases

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/cordon-isao/cordon/formats/ssvc"
	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// parseHandover reads a package that somebody else wrote and says all that is
// wrong with it at once: what, and where in it.
func parseHandover(data []byte, now time.Time) (h handover, err error) {
	limits := strictjson.Limits{Bytes: MaxHandover, Depth: 16, Values: 500_000}
	if err := strictjson.Decode(bytes.NewReader(data), limits, &h); err != nil {
		var wrong *strictjson.Error
		if errors.As(err, &wrong) {
			return h, fault.InvalidField("package", "This is not a hand-over package: %s.", wrong)
		}
		return h, err
	}
	if h.Version != HandoverVersion {
		return h, fault.InvalidField("handover", "This package is of version %d; version %d can be read.", h.Version, HandoverVersion)
	}
	p := &reading{now: now}
	p.Line("from", "Who hands over", h.From, 150, true) // and stays within MaxTitle as an origin
	p.Line("by", "The person who hands over", h.By, MaxTitle, false)
	p.past("made", h.Made, true)
	p.head(&h.Case)
	ids := map[string]string{} // of parties and vulnerabilities → what
	p.parties(h.Parties, ids)
	p.vulnerabilities(h.Vulnerabilities, ids)
	p.statuses(h.Statuses, ids)
	p.threads(h.Threads)
	if p.count("timeline", len(h.Timeline), maxTimeline) {
		for i, e := range h.Timeline {
			at := fmt.Sprintf("timeline[%d].", i)
			p.tlp(at, e.TLP)
			p.past(at+"at", e.At, true)
			p.Line(at+"what", "What happened", e.What, MaxTitle, true)
			p.Line(at+"object", "The object", e.Object, MaxTitle, false)
		}
	}
	err = p.Err()
	if fs := fault.FieldsOf(err); len(fs) > maxProblems {
		err = fault.InvalidFields(fs[:maxProblems])
	}
	return h, err
}

// maxProblems is how many problems of a package are told at once.
const maxProblems = 100

var foreignID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// reading is what was found wrong in a package so far.
type reading struct {
	check.Problems
	now time.Time
}

func (p *reading) count(field string, n, most int) bool {
	if n > most {
		p.Add(field, "There are %d; at most %d fit.", n, most)
	}
	return n <= most
}

// tlp checks a marking. What is for named persons is theirs and is not handed
// over.
func (p *reading) tlp(at string, t policy.TLP) {
	switch {
	case !t.Known():
		p.Add(at+"tlp", "The TLP label is missing or unknown.")
	case t == policy.Red:
		p.Add(at+"tlp", "TLP:RED is for named persons and cannot be taken over.")
	}
}

func (p *reading) past(field string, t time.Time, needed bool) {
	switch {
	case t.IsZero() && needed:
		p.Add(field, "The time is missing.")
	case t.IsZero():
	case t.Year() < 1970 || t.After(p.now.Add(24*time.Hour)):
		p.Add(field, "This time cannot be: it is before 1970 or in the future.")
	}
}

func (p *reading) head(k *handoverCase) {
	const at = "case."
	p.tlp(at, k.TLP)
	if !foreignID.MatchString(k.ID) {
		p.Add(at+"id", "The id is missing, or not one of at most 40 letters, digits, - and _.")
	}
	k.Title = p.Line(at+"title", "The title", k.Title, MaxTitle, true)
	k.Summary = p.Text(at+"summary", "The summary", k.Summary, MaxSummary, false)
	p.Line(at+"stage", "The stage", k.Stage, MaxTitle, false)
	p.Line(at+"severity", "The severity", k.Severity, MaxTitle, false)
	p.OneOf(at+"safety", "Patient safety", k.Safety, string(SafetyUnknown), string(SafetyReview), string(SafetyNone), string(SafetyPossible), string(SafetyHarm))
	for field, s := range map[string]string{"opened_by": k.OpenedBy, "manufacturer": k.Manufacturer, "coordinator": k.Coordinator, "origin": k.Origin} {
		p.Line(at+field, "This name", s, MaxTitle, false)
	}
	p.past(at+"opened", k.Opened, true)
	p.past(at+"contacted", k.Contacted, false)
	p.past(at+"public", k.Public, false)
	p.past(at+"exploit", k.Exploit, false)
	p.past(at+"attacks", k.Attacks, false)
	if e := k.Embargo; e != nil {
		p.past(at+"embargo.from", e.From, true)
		e.Terms = p.Text(at+"embargo.terms", "The terms", e.Terms, MaxText, false)
		if !e.Until.After(e.From) || e.Until.After(p.now.AddDate(0, 0, MaxEmbargo+1)) {
			p.Add(at+"embargo.until", "An embargo ends after it begins, and within %d days.", MaxEmbargo)
		}
	}
}

func (p *reading) parties(ps []handoverParty, ids map[string]string) {
	if !p.count("parties", len(ps), 1000) {
		return
	}
	for i := range ps {
		x, at := &ps[i], fmt.Sprintf("parties[%d].", i)
		p.tlp(at, x.TLP)
		p.id(at, x.ID, "party", ids)
		x.Name = p.Line(at+"name", "The name", x.Name, MaxTitle, true)
		p.Line(at+"role", "The role", x.Role, MaxTitle, true)
		p.Line(at+"fix", "The fix", x.Fix, MaxTitle, false)
		p.past(at+"accepted", x.Accepted, true)
		x.Statement = p.Text(at+"statement", "The statement", x.Statement, MaxText, false)
	}
}

func (p *reading) id(at, id, what string, ids map[string]string) {
	if p.Line(at+"id", "The id", id, MaxTitle, true); ids[id] != "" {
		p.Add(at+"id", "This id stands in the package twice.")
	}
	ids[id] = what
}

func (p *reading) vulnerabilities(xs []handoverVulnerability, ids map[string]string) {
	if !p.count("vulnerabilities", len(xs), MaxVulnerabilities) {
		return
	}
	cves := map[string]bool{}
	for i := range xs {
		x, at := &xs[i], fmt.Sprintf("vulnerabilities[%d].", i)
		p.tlp(at, x.TLP)
		p.id(at, x.ID, "vulnerability", ids)
		d := x.described()
		s := checkDescription(&p.Problems, at, x.CVE, &d)
		if x.Score3 != scoreText(s.three) {
			p.Add(at+"score3", "The score is not what the vector comes to.")
		}
		if x.Score4 != scoreText(s.four) {
			p.Add(at+"score4", "The score is not what the vector comes to.")
		}
		if x.CVE != "" && x.Withdrawn == "" {
			if cves[x.CVE] {
				p.Add(at+"cve", "Another vulnerability of the package has this CVE id.")
			}
			cves[x.CVE] = true
		}
		x.CVEAsked = p.Line(at+"cve_asked", "Who was asked for a CVE id", x.CVEAsked, MaxTitle, false)
		if x.CVE != "" && x.CVEAsked != "" {
			p.Add(at+"cve_asked", "There is a CVE id already.")
		}
		if x.KEV != nil {
			checkKEV(&p.Problems, at+"kev.", x.KEV)
		}
		if x.EPSS != nil {
			checkEPSS(&p.Problems, at+"epss.", x.EPSS)
		}
		x.Withdrawn = p.Text(at+"withdrawn", "The reason", x.Withdrawn, MaxReason, false)
		p.ssvc(at, x.Decisions)
	}
}

func (x handoverVulnerability) described() Description {
	return Description{Title: x.Title, Text: x.Description, CWE: x.CWE, Vector3: x.Vector3, Vector4: x.Vector4, Products: x.Products, References: x.References,
		Solution: x.Solution, Workaround: x.Workaround, Exploits: x.Exploits, Credits: x.Credits}
}

func (p *reading) ssvc(at string, ds []handoverSSVC) {
	if !p.count(at+"ssvc", len(ds), MaxDecisions) {
		return
	}
	for i, d := range ds {
		here := fmt.Sprintf("%sssvc[%d].", at, i)
		t, ok := ssvc.Find(d.Table)
		if !ok || d.Version != t.Version {
			p.Add(here+"table", "There is no such SSVC table here.")
			continue
		}
		if outcome, err := t.Decide(d.Values); err != nil || outcome != d.Outcome {
			p.Add(here+"outcome", "The outcome is not what the table says.")
		}
		p.past(here+"at", d.At, true)
		p.Line(here+"by", "Who decided", d.By, 2*MaxTitle, true)
	}
}

func (p *reading) statuses(ss []handoverStatus, ids map[string]string) {
	if !p.count("statuses", len(ss), 50_000) {
		return
	}
	for i := range ss {
		s, at := &ss[i], fmt.Sprintf("statuses[%d].", i)
		p.tlp(at, s.TLP)
		if ids[s.Party] != "party" {
			p.Add(at+"party", "There is no such party in the package.")
		}
		if ids[s.Vulnerability] != "vulnerability" {
			p.Add(at+"vulnerability", "There is no such vulnerability in the package.")
		}
		p.Line(at+"status", "The status", s.Status, MaxTitle, true)
		s.Statement = p.Text(at+"statement", "The statement", s.Statement, MaxText, false)
		p.past(at+"at", s.At, true)
	}
}

func (p *reading) threads(ts []handoverThread) {
	if !p.count("threads", len(ts), 1000) {
		return
	}
	posts := 0
	for i, t := range ts {
		at := fmt.Sprintf("threads[%d].", i)
		p.tlp(at, t.TLP)
		p.Line(at+"title", "The title", t.Title, MaxTitle, true)
		if posts += len(t.Posts); !p.count(at+"posts", posts, maxHandoverPosts) {
			return
		}
		for j, x := range t.Posts {
			here := fmt.Sprintf("%sposts[%d].", at, j)
			p.tlp(here, x.TLP)
			p.past(here+"at", x.At, true)
			p.Line(here+"author", "The author", x.Author, MaxTitle, false)
			p.Line(here+"org", "The organization", x.Org, MaxTitle, false)
			if len(x.Body) > 1<<16 {
				p.Add(here+"body", "The text has %d bytes; at most %d fit.", len(x.Body), 1<<16)
			}
			if p.count(here+"files", len(x.Files), 100) {
				for n, f := range x.Files {
					p.Line(fmt.Sprintf("%sfiles[%d].name", here, n), "The file's name", f.Name, 500, true)
				}
			}
		}
	}
}
