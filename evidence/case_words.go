package evidence

import (
	"fmt"
	"strings"
)

// caseWords says the verbs of a case's entries. It is part of version 2 of packs:
// a verb that it does not know is told by its name.
var caseWords = map[string]string{
	"case.opened": "opened the case", "case.edited": "changed what the case says", "case.assigned": "named the case's coordinator", "case.severity": "rated the case anew from its vulnerabilities",
	"case.harm-known": "recorded that serious harm is known", "case.thread-opened": "opened a thread", "case.offered": "offered the case to the desk", "case.shared": "took the case over for the desk, which reads it since",
	"case.published": "published the case", "case.happened": "recorded what became known outside",
	"party.seen": "opened the invitation", "party.acknowledged": "acknowledged the report", "party.report": "recorded how the report is handled", "party.updated": "gave word on the case",
	"party.fix-planned": "said when a fix is planned", "party.fix": "said how far the fix is", "party.statement": "wrote the public statement", "party.statuses": "said which vulnerabilities affect it",
	"party.seated": "gave colleagues a place in the case", "party.unseated": "took a colleague's place away", "party.offer": "showed an invited organization the embargo's new terms",
	"embargo.proposed": "proposed an embargo", "embargo.agreed": "agreed to the proposed embargo", "embargo.accepted": "put the embargo in force", "embargo.rejected": "rejected the proposed embargo",
	"embargo.lapsed": "dropped a proposal whose end had passed", "embargo.dropped": "dropped the proposed embargo", "embargo.ended": "ended the embargo", "embargo.breached": "recorded something that may end the embargo",
	"embargo.decision-due": "asked whether the embargo should end", "embargo.kept": "kept the embargo",
	"fact.withdrawn": "withdrew a stated fact", "determination.signed": "signed a risk determination",
	"notice.drafted": "drafted a customer notice", "notice.edited": "changed the draft of a customer notice", "notice.sent": "sent a customer notice", "notice.copied-to-isao": "gave the ISAO its copy of the customer notice",
	"obligation.waived": "recorded why a deadline is not pursued", "trace.recorded": "linked the case to what was made of it",
	"grant.requested": "asked for an agency's person to be let in", "grant.approved": "let an agency's person in", "grant.renewed": "let an agency's person in for longer", "grant.refused": "refused to let an agency's person in",
	"grant.revoked": "ended an agency's access", "grant.expired": "ended an agency's access: its time was over", "grant.opened": "opened the case under a need-to-know grant", "grant.answered": "answered the agency's question",
	"vulnerability.added": "added a vulnerability", "vulnerability.edited": "changed a vulnerability's description", "vulnerability.withdrawn": "withdrew a vulnerability", "vulnerability.decided": "worked out a decision table",
	"vulnerability.cve-requested": "asked for a CVE id", "vulnerability.cve-assigned": "recorded the CVE id", "vulnerability.kev": "recorded what KEV says", "vulnerability.epss": "recorded what EPSS says",
	"organization.activated": "became a member of the ISAO", "organization.lapsed": "its membership went into grace", "organization.renewed": "its membership was renewed", "organization.suspended": "its membership was suspended",
	"organization.reinstated": "its membership was reinstated", "organization.withdrawn": "its membership ended", "organization.terminated": "its membership was ended",
}

var partyWords = map[string]string{"party.invited": "asked %s in as %s", "party.joined": "brought %s into the case as %s", "party.declined": "declined for %s", "party.left": "left the case with %s", "party.removed": "took %s out of the case"}

// whatInCase says in words what an entry of a case records.
func (r *record) whatInCase(e event) string {
	if e.Verb == exportedVerb {
		return "took an evidence pack of the case"
	}
	if words, ok := caseWords[e.Verb]; ok {
		return words
	}
	if words, ok := partyWords[e.Verb]; ok {
		if strings.Count(words, "%s") == 2 {
			return fmt.Sprintf(words, e.text("name"), e.text("role"))
		}
		return fmt.Sprintf(words, e.text("name"))
	}
	switch e.Verb {
	case "case.stage":
		return "moved the case to " + e.text("to")
	case "fact.recorded":
		return "stated: " + strings.ReplaceAll(e.text("kind"), "-", " ") + ", " + when(e.time("at"))
	case "obligation.dropped":
		return "dropped a deadline that no longer applies: " + e.text("name") + " (" + e.text("rule") + ")"
	case "obligation.notice":
		c, _ := recordedIn(e)
		return "reminded of a deadline: " + c.Name + " (" + c.Rule + "), " + e.text("step")
	case "obligation.changed":
		s := "deadline: " + e.text("name") + " (" + e.text("rule") + "), " + stateWords[e.text("state")]
		if due := e.time("due_at"); !due.IsZero() {
			s += ", due " + when(due)
		}
		return s
	}
	if words := what(e); !strings.HasPrefix(words, "recorded ") {
		return words
	}
	return "recorded " + e.Verb
}

// noteInCase says the details.
func (r *record) noteInCase(e event) string {
	var parts []string
	for _, name := range []string{"title", "reason", "note", "statement", "purpose", "basis", "question", "answer", "outcome", "via", "incomplete", "target", "cve", "source"} {
		if s := e.text(name); s != "" && !(name == "title" && e.Verb != "case.opened" && e.Verb != "case.edited" && e.Verb != "vulnerability.added") {
			parts = append(parts, name+": "+s)
		}
	}
	if detail, ok := e.data["detail"].(map[string]any); ok {
		parts = append(parts, pairs(detail)...)
	}
	if until := e.time("until"); !until.IsZero() {
		parts = append(parts, "until "+when(until))
	}
	if expires := e.time("expires_at"); !expires.IsZero() {
		parts = append(parts, "expires "+when(expires))
	}
	if s := r.note(e); s != "" && e.post() != "" {
		parts = append(parts, s)
	}
	return strings.Join(parts, "; ")
}

// said is what an entry records, in the words of the pack's kind.
func (r *record) said(e event) string {
	if r.pack.Version == caseVersion {
		return r.whatInCase(e)
	}
	return what(e)
}
