package web

import (
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/formats/vex"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
	"github.com/cordon-isao/cordon/web/ui"
)

// findingView is what a finding's page is drawn from.
type findingView struct {
	F       findingRow
	P       devices.Product // zero: not for the reader
	D       *devices.Deployment
	Path    []devices.Part
	U       vulns.Vulnerability
	Others  findingTable // of the same product
	Keeper  bool         // the reader speaks for the product
	Answers bool         // the reader answers for his organization
	Share   shareView
	A       attempt
	Now     time.Time
}

// findingShow is one finding: why in words, the path, each source's word, what to do,
// and what is said of it.
func (c *Ctx) findingShow() error { return c.showFinding(200, attempt{}) }

func (c *Ctx) showFinding(status int, a attempt) error {
	f, err := c.Matching.Finding(c.View, c.R.PathValue("finding"))
	if err != nil {
		return err
	}
	var label policy.Label
	one, err := c.findingTable([]matching.Finding{f}, &label)
	if err != nil {
		return err
	}
	if len(one.Rows) == 0 {
		return c.secondPasskey()
	}
	x := findingView{F: one.Rows[0], A: a, Now: c.View.Now()}
	if x.P, err = c.productOf(f.Product); err != nil {
		return err
	}
	g, err := c.gate()
	if err != nil {
		return err
	}
	if g.hides(x.P.Label) {
		return c.secondPasskey()
	}
	label = together(label, x.P.Label)
	switch f.Kind {
	case "component":
		if x.Path, err = c.Devices.PathTo(c.View, f.SBOM, f.Part.Number); err != nil {
			return err
		}
	case "deployment":
		d, err := c.Devices.Deployment(c.View, f.Deployment)
		if err != nil {
			return err
		}
		x.D = &d
	}
	if x.U, err = c.Vulns.Vulnerability(c.View, f.Vuln); err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	x.Keeper = x.P.ID != "" && f.Kind != "deployment" && c.Devices.MayChange(c.View, x.P)
	x.Answers = c.Viewer.May(policy.MayPost) && c.Viewer.CanRead(policy.Default(c.Viewer.Org).Audience)
	if x.Keeper {
		at := x.P.Label
		if f.Said != nil && f.Said.ID != "" && f.Said.Org == c.Viewer.Org {
			at = f.Said.Label
		}
		var marking policy.TLP
		if x.Share, marking, err = c.shareView("say", a, at, ""); err != nil {
			return err
		}
		x.Share.hint = "At first: those who may read the product."
		label = stricterIf(label, marking)
	}
	if x.P.ID != "" {
		others, err := c.Matching.OfProduct(c.View, x.P.ID, "", matching.Query{Limit: 30})
		if err != nil {
			return err
		}
		if x.Others, err = c.findingTable(others, &label); err != nil {
			return err
		}
	}
	live := []string{f.ID}
	if x.P.ID != "" {
		live = append(live, x.P.ID)
	}
	return c.show(Page{Title: f.Vuln + ": " + upperFirst(subjectOf(f)), Kind: "finding", Label: label, Status: status, Live: live, Body: findingBody(x), Right: findingAside(x)})
}

// stricterIf is the label of a page that also shows something of a marking.
func stricterIf(l policy.Label, t policy.TLP) policy.Label {
	if l.TLP == "" || t.StricterThan(l.TLP) {
		return policy.Label{TLP: t}
	}
	return l
}

// The scopes of a statement that is made from a finding.
const (
	scopeThis    = "this"    // this version, this component
	scopeProduct = "product" // every version, the product as a whole
)

var (
	doneSaid            = greeting("vex-said", "ok", "Your statement is on record. Those whom its label names read it.")
	doneFindingAnswered = greeting("answered", "ok", "Your answer is kept. Nobody outside your organization reads it.")
)

// findingSay keeps the keeper's statement about a finding (VEX).
func (c *Ctx) findingSay() error {
	id := c.R.PathValue("finding")
	return c.caseAct(caseForm{which: "say", fields: append([]string{"status", "justification", "impact", "action", "notes", "scope"}, shareFields...), lists: []string{"audience"}, show: c.showFinding, do: func(tx *db.Tx, a attempt) (string, error) {
		f, err := c.Matching.Finding(tx.View, id)
		if err != nil {
			return "", err
		}
		p, err := c.Devices.Product(tx.View, f.Product)
		if err != nil {
			return "", err
		}
		if f.Kind == "deployment" || !c.Devices.MayChange(tx.View, p) {
			return "", fault.Forbiddenf("Only the organization that keeps the product speaks for it.")
		}
		n := matching.NewSaying{Product: p.ID, Version: f.Version, Vuln: f.Vuln, Status: a.t["status"], Justification: a.t["justification"], Impact: a.t["impact"], Action: a.t["action"], Notes: a.t["notes"]}
		if n.Status != vex.NotAffected {
			n.Justification = "" // chosen, and then not needed
		}
		switch a.t["scope"] {
		case scopeThis:
			n.Component = f.Component()
		case scopeProduct:
			n.Version = ""
		default:
			return "", fault.InvalidField("scope", "Choose what the statement is about.")
		}
		if n.Label, err = labelOf(a); err != nil {
			return "", err
		}
		_, err = c.Matching.Say(tx, n)
		return findingAt(id) + "?done=" + doneSaid, err
	}})
}

// findingAnswer keeps what the reader's organization decided about a finding.
func (c *Ctx) findingAnswer() error {
	id := c.R.PathValue("finding")
	return c.caseAct(caseForm{which: "answer", fields: []string{"state", "why", "until"}, show: c.showFinding, do: func(tx *db.Tx, a attempt) (string, error) {
		return findingAt(id) + "?done=" + doneFindingAnswered, c.Matching.Decide(tx, id, a.t["state"], a.t["why"], a.t["until"])
	}})
}

// findingNext is what is to be done about a finding.
func findingNext(x findingView) ui.Step {
	f := x.F
	switch {
	case !f.Gone.IsZero():
		return ui.Step{Kind: "ok", Sentence: "No source says this any more.", Detail: "It is kept as history."}
	case f.Withdrawn:
		return ui.Step{Kind: "ok", Sentence: "Its sources have taken their word back."}
	case !f.Open:
		return ui.Step{Kind: "ok", Sentence: "Nothing is to be done.", Detail: settledBy(f, x.Now)}
	case x.Keeper && f.Said == nil:
		return ui.Step{Kind: nextKind(f.Exploited), Sentence: "Say whether your product is affected.", Detail: "Those who run it wait for your word.", Button: "Say it", Href: "#say", Key: "v"}
	case x.Keeper:
		return ui.Step{Kind: "info", Sentence: "You said: " + sayingStatus[f.Said.Status] + ".", Detail: "Say so when it is fixed.", Button: "Change your statement", Href: "#say", Key: "v"}
	case x.Answers:
		return ui.Step{Kind: nextKind(f.Exploited), Sentence: "Is your organization affected?", Detail: "Your answer stays in your organization.", Button: "Answer", Href: "#answer", Key: "v"}
	}
	return ui.Step{Kind: "info", Sentence: "This waits for somebody who answers for your organization."}
}

func nextKind(exploited bool) string {
	if exploited {
		return "danger"
	}
	return "warn"
}

func settledBy(f findingRow, now time.Time) string {
	if f.Answer != nil && f.Answer.Settles(now) {
		return f.Answer.Name + " answered: " + ownAnswer[f.Answer.State] + "."
	}
	if f.Said != nil {
		return f.Said.OrgName + " says: " + sayingStatus[f.Said.Status] + "."
	}
	return ""
}

func sayingOptions(now *matching.Saying) []ui.Option {
	hints := map[string]string{vex.NotAffected: "Say why below.", vex.Affected: "Say what to do below.", vex.Fixed: "In this version.", vex.Investigating: "Your word follows."}
	var out []ui.Option
	for _, s := range vex.Statuses() {
		out = append(out, ui.Option{Value: s, Text: upperFirst(sayingStatus[s]), Hint: hints[s], Selected: now != nil && now.Status == s})
	}
	return out
}

func justificationOptions(now *matching.Saying) []ui.Option {
	out := []ui.Option{{Value: "", Text: "None of these; see the impact"}}
	for _, s := range vex.Justifications() {
		out = append(out, ui.Option{Value: s, Text: justificationWords[s], Selected: now != nil && now.Justification == s})
	}
	return out
}

// scopeOptions are what a statement made from a finding can be about.
func scopeOptions(x findingView) []ui.Option {
	this := "This version"
	if x.F.Version == "" {
		this = "Every version"
	} else {
		this += ", " + x.F.Version
	}
	if x.F.Kind == "component" {
		this += ", as far as " + x.F.Part.Name + " goes"
	}
	return []ui.Option{{Value: scopeThis, Text: this, Selected: true}, {Value: scopeProduct, Text: "Every version, the product as a whole"}}
}

func answerOptions(now *matching.Answer) []ui.Option {
	words := map[string][2]string{"looking": {"We are looking", "Nothing is decided yet."}, "affected": {"We are affected", "It stays open."}, "fixed": {"We fixed it", "Here it is done."},
		"not us": {"Not us", "It does not touch what we run. Say why."}, "muted": {"Mute it until a day", "It comes back by itself. Say why, and until when."}}
	var out []ui.Option
	for _, s := range matching.AnswerStates() {
		out = append(out, ui.Option{Value: s, Text: words[s][0], Hint: words[s][1], Selected: now != nil && now.State == s})
	}
	return out
}
