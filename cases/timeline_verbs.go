package cases

import (
	"fmt"
	"strings"
)

// verbs says every verb of a case's entries to people. A verb that is not here is
// told by its name; a test holds the table to the verbs that are written.
var verbs = map[string]words{
	"case.opened": {ClassDecisions, func(s said) string { return "opened the case “" + s.Title + "”" }, false},
	"case.edited": {ClassDecisions, plain("changed what the case says"), false},
	"case.stage":  {ClassDecisions, func(s said) string { return "moved the case to “" + text(s.To, stageText) + "”" }, false},
	"case.assigned": {ClassPeople, func(s said) string {
		return or(s.Name != "", "gave the case to "+s.Name, "took the case's coordinator away")
	}, false},
	"case.severity":   {ClassDecisions, plain("rated the case anew from its vulnerabilities"), false},
	"case.harm-known": {ClassClocks, plain("recorded that serious harm is known"), false},
	"case.thread-opened": {ClassPeople, func(s said) string {
		return or(s.Kind == official, "opened the official thread", "opened a side thread")
	}, false},
	"case.offered":   {ClassDecisions, plain("offered the case to the desk"), false},
	"case.shared":    {ClassDecisions, plain("took the case over for the desk, which reads it now"), false},
	"case.happened":  {ClassClocks, func(s said) string { return happenedWords[s.Event] }, false},
	"case.published": {ClassDecisions, plain("published the case"), false},
	"party.invited":  {ClassPeople, func(s said) string { return "asked " + s.Name + " in as " + roleWords[Role(s.Role)] }, false},
	"party.offer":    {ClassSystem, plain("showed an invited organization the embargo's new terms"), false},
	"party.seen":     {ClassPeople, plain("opened the invitation"), false},
	"party.joined":   {ClassPeople, func(s said) string { return "brought " + s.Name + " into the case as " + roleWords[Role(s.Role)] }, false},
	"party.declined": {ClassPeople, func(s said) string { return "declined for " + s.Name }, false},
	"party.left":     {ClassPeople, func(s said) string { return "left the case with " + s.Name }, false},
	"party.removed":  {ClassPeople, func(s said) string { return "took " + s.Name + " out of the case" }, false},
	"party.seated": {ClassPeople, func(s said) string {
		return "gave " + count(len(s.People), "colleague", "colleagues") + " a place in the case"
	}, false},
	"party.unseated":     {ClassPeople, plain("took a colleague's place away"), false},
	"party.acknowledged": {ClassClocks, plain("acknowledged the report"), false},
	"party.report":       {ClassDecisions, func(s said) string { return handledWords[text(s.To, nil)] }, false},
	"party.updated":      {ClassClocks, plain("gave word on the case"), false},
	"party.fix-planned": {ClassClocks, func(s said) string {
		return or(s.PlannedAt.IsZero(), "took the plan for a fix back", "plans a fix for "+inWords(s.PlannedAt))
	}, false},
	"party.fix": {ClassClocks, func(s said) string {
		return "says the fix is " + text(s.To, func(f string) string { return fixWords[f] })
	}, false},
	"party.statement": {ClassDecisions, func(s said) string {
		return or(s.Statement == "", "took the public statement back", "wrote a public statement")
	}, false},
	"party.statuses": {ClassDecisions, func(s said) string {
		return "said the status of " + count(len(s.Statuses), "vulnerability", "vulnerabilities")
	}, false},
	"embargo.proposed":            {ClassDecisions, func(s said) string { return "proposed an embargo until " + inWords(s.Until) }, false},
	"embargo.agreed":              {ClassDecisions, func(s said) string { return "agreed to the embargo until " + inWords(s.Until) }, false},
	"embargo.accepted":            {ClassDecisions, func(s said) string { return "put the embargo in force until " + inWords(s.Until) }, false},
	"embargo.rejected":            {ClassDecisions, func(s said) string { return "rejected the embargo proposed until " + inWords(s.Until) }, false},
	"embargo.lapsed":              {ClassSystem, plain("dropped a proposal whose end has passed"), false},
	"embargo.dropped":             {ClassSystem, plain("dropped the proposed embargo: there is nothing left to hold back"), false},
	"embargo.ended":               {ClassClocks, func(s said) string { return endWords[s.Cause] }, false},
	"embargo.breached":            {ClassClocks, plain("recorded something that may end the embargo"), false},
	"embargo.decision-due":        {ClassClocks, func(s said) string { return "asked whether the embargo should end; to be decided by " + inWords(s.Due) }, false},
	"embargo.kept":                {ClassDecisions, plain("kept the embargo"), false},
	"fact.recorded":               {ClassClocks, func(s said) string { return "stated a fact: " + strings.ReplaceAll(s.Kind, "-", " ") }, false},
	"fact.withdrawn":              {ClassClocks, plain("withdrew a stated fact"), false},
	"grant.requested":             {ClassPeople, plain("asked for an agency's person to be let in"), false},
	"grant.approved":              {ClassPeople, plain("let an agency's person in"), false},
	"grant.renewed":               {ClassPeople, plain("let an agency's person in for longer"), false},
	"grant.refused":               {ClassPeople, plain("refused to let an agency's person in"), false},
	"grant.revoked":               {ClassPeople, plain("ended an agency's access"), false},
	"grant.expired":               {ClassSystem, plain("ended an agency's access: its time was over"), false},
	"grant.opened":                {ClassPeople, plain("opened the case under a need-to-know grant"), false},
	"grant.answered":              {ClassPeople, plain("answered the agency's question"), false},
	"case.imported":               {ClassDecisions, plain("took the case over from another coordinator"), false},
	"notice.drafted":              {ClassPeople, plain("began a notice to customers"), false},
	"notice.edited":               {ClassPeople, plain("changed the notice to customers"), false},
	"notice.sent":                 {ClassClocks, plain("sent the notice to customers"), false},
	"notice.copied-to-isao":       {ClassClocks, plain("copied the notice to the ISAO"), false},
	"publication.drafted":         {ClassDecisions, plain("drafted the public statement"), false},
	"publication.approved":        {ClassDecisions, plain("approved the public statement"), false},
	"publication.withdrawn":       {ClassDecisions, plain("withdrew the public statement"), false},
	"publication.opened":          {ClassDecisions, plain("published the public statement"), false},
	"holders.drafted":             {ClassDecisions, plain("wrote what holders of the products would be told"), false},
	"holders.told":                {ClassDecisions, plain("agreed to it, and it went to the holders of the products"), false},
	"holders.withdrawn":           {ClassDecisions, plain("took back what holders of the products would be told"), false},
	"determination.signed":        {ClassDecisions, func(s said) string { return "signed a risk determination: " + s.Outcome }, false},
	"vulnerability.added":         {ClassDecisions, func(s said) string { return "added the vulnerability “" + or(s.Title == "", s.CVE, s.Title) + "”" }, false},
	"vulnerability.edited":        {ClassDecisions, func(s said) string { return "described “" + or(s.Title == "", s.CVE, s.Title) + "” anew" }, false},
	"vulnerability.withdrawn":     {ClassDecisions, func(s said) string { return "withdrew the vulnerability “" + s.Name + "”" }, false},
	"vulnerability.cve-requested": {ClassDecisions, plain("asked for a CVE id"), false},
	"vulnerability.cve-assigned":  {ClassDecisions, func(s said) string { return "recorded the CVE id " + s.CVE }, false},
	"vulnerability.decided":       {ClassDecisions, plain("rated a vulnerability with a decision table"), false},
	"vulnerability.kev":           {ClassSystem, plain("recorded what the catalogue of exploited vulnerabilities says"), false},
	"vulnerability.epss":          {ClassSystem, plain("recorded how likely exploitation is said to be"), false},
	"obligation.changed":          {ClassClocks, func(s said) string { return "worked out the clock “" + s.Name + "”: " + clockText(s.State) }, false},
	"obligation.notice":           {ClassClocks, func(s said) string { return "reminded of “" + s.Obligation.Name + "”: " + s.Step }, false},
	"obligation.dropped":          {ClassClocks, plain("dropped a clock that no longer applies"), false},
	"obligation.waived":           {ClassClocks, plain("waived a clock"), false},
	"obligation.looked":           {hidden: true},
	"handover.exported":           {ClassDecisions, plain("took a hand-over package out"), false},
	"evidence.exported":           {ClassPeople, plain("took an evidence pack out"), false},
	"trace.recorded":              {ClassDecisions, plain("recorded what came of it in the own risk management"), false},
	"report.rated":                {ClassDecisions, plain("rated the report"), false},
	"report.assigned": {ClassPeople, func(s said) string {
		return or(s.Name != "", "gave the report to "+s.Name, "took the report from its handler")
	}, false},
	"report.triaged":  {ClassDecisions, func(s said) string { return "decided on the report: " + s.Decision }, false},
	"circle.formed":   {hidden: true},
	"circle.known":    {hidden: true},
	"room.opened":     {hidden: true},
	"room.relabelled": {hidden: true},
}

var happenedWords = map[string]string{"P": "recorded that the vulnerability is public", "X": "recorded that an exploit is public", "A": "recorded that attacks were observed"}

var endWords = map[string]string{"time": "ended the embargo: its time came", "public": "ended the embargo: this is public", "decided": "ended the embargo sooner"}

var handledWords = map[string]string{"received": "received the report", "valid": "confirmed the report", "invalid": "doubts the report", "accepted": "works on the report", "deferred": "put the report off", "closed": "closed the report"}

var roleWords = map[Role]string{Finder: "finder", Reporter: "reporter", Vendor: "vendor", Coordinator: "coordinator", Deployer: "care provider", Government: "agency", Other: "participant"}

// Words says a role to people.
func (r Role) Words() string { return roleWords[r] }

func stageText(s string) string { return Stage(s).Words() }

// clockText says an obligation's state, as an entry holds it.
func clockText(v any) string {
	if s, ok := clockSaid[ClockState(text(v, nil))]; ok {
		return s
	}
	return "changed"
}

var clockSaid = map[ClockState]string{
	ClockRunning: "it runs", ClockAtRisk: "it is at risk", ClockOver: "it is overdue", ClockMet: "it is met", ClockLate: "it was met late",
	ClockLost: "it is lost", ClockWaived: "it is waived", ClockMoot: "it does not apply",
}

// text is a value of an entry's data that should be a word, said to people.
func text(v any, say func(string) string) string {
	s, _ := v.(string)
	if say != nil {
		return say(s)
	}
	return s
}

func or(ok bool, yes, no string) string {
	if ok {
		return yes
	}
	return no
}

func count(n int, one, many string) string {
	if n == 1 {
		return "a " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Said reports whether a verb has words.
func Said(verb string) bool { _, ok := verbs[verb]; return ok }
