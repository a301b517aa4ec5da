package web

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/alerts"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// caseHoldersView is what the page of a case's notices to holders is drawn from.
type caseHoldersView struct {
	caseHead
	a       attempt
	Now     time.Time
	Current *cases.HolderNotice // the draft
	Past    []cases.HolderNotice
	Drafts  bool // the reader may write it
	Decides bool // the reader is offered to approve it
	Takes   bool // the reader is offered to take the draft back
	Prose   *prose
}

// caseHolders is the page on which a case tells the holders of products: the draft, the
// consent of the source, what went out.
func (c *Ctx) caseHolders() error { return c.showHolders(200, attempt{}) }

func (c *Ctx) showHolders(status int, a attempt) error {
	return c.onCase(tabDecisions, func(h caseHead) error {
		x := caseHoldersView{caseHead: h, a: a, Now: c.View.Now(), Prose: c.prose()}
		all, err := c.Cases.HolderNotices(c.View, h.K.ID)
		if err != nil {
			return err
		}
		for i, n := range all {
			if n.State == cases.HolderDraft {
				x.Current = &all[i]
			} else {
				x.Past = append(x.Past, n)
			}
		}
		if x.Drafts, err = c.Cases.MayDescribe(c.View, h.K); err != nil {
			return err
		}
		x.Drafts = x.Drafts && h.K.Stage != cases.Closed
		x.Takes = h.Leads || c.Viewer.Org == h.K.Author.Org && c.Viewer.May(policy.MayWorkCase)
		x.Decides = x.Current != nil && c.Cases.MayApproveHolders(c.View, h.K, *x.Current)
		page := c.casePage(h, "notice to holders", status)
		page.Body = holdersBody(x)
		return c.show(page)
	})
}

var (
	doneHoldersDrafted = greeting("holders-drafted", "ok", "The draft is kept. Its source and who leads the case agree before it goes out.")
	doneHoldersTold    = greeting("holders-told", "ok", "Sent to those who hold these products. Nobody here learns who they are.")
	doneHoldersTaken   = greeting("holders-taken", "ok", "The draft is taken back.")
)

var holderFields = []string{"title", "do_now", "what", "affected", "vulns", "downtime", "restart", "features", "workflow", "class", "tlp"}

// holderForm reads the form: a product a line, “maker; product; versions”.
func holderForm(a attempt) (alerts.Form, error) {
	f := alerts.Form{Class: alerts.Class(a.t["class"])}
	f.Title, f.DoNow, f.What, f.TLP = a.t["title"], a.t["do_now"], a.t["what"], policy.TLP(a.t["tlp"])
	f.Clinical = alerts.Clinical{Downtime: a.t["downtime"], Restart: a.t["restart"], Features: a.t["features"], Workflow: a.t["workflow"]}
	f.Vulns = strings.FieldsFunc(a.t["vulns"], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\r' })
	for line := range strings.Lines(a.t["affected"]) {
		part := strings.SplitN(strings.TrimSpace(line), ";", 3)
		switch {
		case len(part) == 1 && part[0] == "":
			continue
		case len(part) < 2:
			return f, fault.InvalidField("affected", "Write a product a line, as “maker; product; versions”. This line has no semicolon: “%s”.", firstWords(part[0], 60))
		}
		one := alerts.Affected{Maker: strings.TrimSpace(part[0]), Name: strings.TrimSpace(part[1])}
		if len(part) == 3 {
			one.Range = strings.TrimSpace(part[2])
		}
		f.Affected = append(f.Affected, one)
	}
	return f, nil
}

// affectedLines is the reverse, for the form.
func affectedLines(list []alerts.Affected) string {
	var lines []string
	for _, p := range list {
		lines = append(lines, strings.TrimSuffix(p.Maker+"; "+p.Name+"; "+p.Range, "; "))
	}
	return strings.Join(lines, "\n")
}

// holdersDraft writes what holders would be told.
func (c *Ctx) holdersDraft() error {
	id := c.R.PathValue("case")
	return c.caseAct(caseForm{which: "draft", fields: holderFields, show: c.showHolders, do: func(tx *db.Tx, a attempt) (string, error) {
		f, err := holderForm(a)
		if err != nil {
			return "", err
		}
		_, err = c.Cases.DraftHolderNotice(tx, id, f)
		return "/cases/" + id + "/holders?done=" + doneHoldersDrafted, err
	}})
}

// holdersOf reads a notice that an address names, and checks that it is of its case.
func (c *Ctx) holdersOf(v *db.View, id, notice string) (cases.HolderNotice, error) {
	n, err := c.Cases.HolderNotice(v, notice)
	if err == nil && n.Case != id {
		err = fault.ErrMissing
	}
	return n, err
}

// holdersApprove is the consent with which a notice goes out.
func (c *Ctx) holdersApprove() error {
	id, notice := c.R.PathValue("case"), c.R.PathValue("holders")
	return c.caseAct(caseForm{which: "approve", fields: []string{"sure", "drafted"}, show: c.showHolders, do: func(tx *db.Tx, a attempt) (string, error) {
		if _, err := c.holdersOf(tx.View, id, notice); err != nil {
			return "", err
		}
		if a.t["sure"] == "" {
			return "", fault.InvalidField("sure", "Say that you agree with the wording and the marking.")
		}
		drafted, err := time.Parse(time.RFC3339Nano, a.t["drafted"])
		if err != nil { // no draft was written then
			drafted = time.Time{}
		}
		return "/cases/" + id + "/holders?done=" + doneHoldersTold, c.Cases.ApproveHolderNotice(tx, notice, drafted)
	}})
}

// holdersTake takes a draft back.
func (c *Ctx) holdersTake() error {
	id, notice := c.R.PathValue("case"), c.R.PathValue("holders")
	return c.caseAct(caseForm{which: "take", fields: []string{"reason"}, show: c.showHolders, do: func(tx *db.Tx, a attempt) (string, error) {
		if _, err := c.holdersOf(tx.View, id, notice); err != nil {
			return "", err
		}
		return "/cases/" + id + "/holders?done=" + doneHoldersTaken, c.Cases.TakeHolderNotice(tx, notice, a.t["reason"])
	}})
}

func holderRows(x caseHoldersView) (rows []ui.Row) {
	for _, n := range x.Past {
		r := ui.Row{ID: n.ID, Title: n.Form.Title, Icon: "send", At: n.Drafted, Now: x.Now, State: "Taken back", Meta: n.Why}
		if n.State == cases.HolderSent {
			r.State, r.Meta, r.At, r.Href = "Sent", "Agreed to by "+n.Approver.Name, n.Approved, "/alerts/"+n.Alert
		}
		rows = append(rows, r)
	}
	return rows
}

func holdersStep(x caseHoldersView) ui.Step {
	if x.Decides {
		return ui.Step{Sentence: "The draft waits for your agreement.", Button: "Go to it", Href: "#approve", Key: "r"}
	}
	return ui.Step{Kind: "info", Sentence: "The draft waits for a second person.", Detail: "One of the two is of " + x.K.Author.OrgName + ", which opened the case; one leads it."}
}

func holderFacts(n cases.HolderNotice, now time.Time) []ui.KV {
	f := n.Form
	var products []string
	for _, p := range f.Affected {
		words := p.Range
		if words == "" {
			words = "all versions"
		}
		products = append(products, p.Title()+", "+words)
	}
	return []ui.KV{{Key: "Do now", Value: f.DoNow}, {Key: "To the holders of", Value: strings.Join(products, " · ")}, {Key: "Vulnerabilities", Value: strings.Join(f.Vulns, ", ")}, {Key: "They may pass it on as", Value: f.TLP.String()},
		{Key: "Downtime", Value: f.Clinical.Downtime}, {Key: "Restart", Value: f.Clinical.Restart}, {Key: "Lost while it lasts", Value: f.Clinical.Features}, {Key: "Workflow", Value: f.Clinical.Workflow},
		{Key: "Written by", Value: n.Drafter.Name}, {Key: "Written", Part: ui.RelTime(n.Drafted, now)}}
}

func (x caseHoldersView) form() alerts.Form {
	if x.Current == nil {
		return alerts.Form{Class: alerts.Today, Content: alerts.Content{TLP: policy.AmberStrict}}
	}
	return x.Current.Form
}

var saidOrNot = []ui.Option{{Value: "", Text: "Not said"}, {Value: "yes", Text: "Yes"}, {Value: "no", Text: "No"}}

func holderClasses() (out []ui.Option) {
	for _, c := range []struct{ value, label string }{{string(alerts.Now), "Now: read it at once"}, {string(alerts.Today), "Today"}, {string(alerts.Digest), "With the digest"}} {
		out = append(out, ui.Option{Value: c.value, Text: c.label})
	}
	return out
}

func holderMarkings() (out []ui.Option) {
	for _, t := range []policy.TLP{policy.AmberStrict, policy.Amber, policy.Green, policy.Clear} {
		out = append(out, ui.Option{Value: string(t), Text: t.String()})
	}
	return out
}
