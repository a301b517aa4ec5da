package main

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// casePages are pages on which attacks in the fields of cases and reports stand.
type casePages struct{ public, own, desk []string }

// written is an attack as a field takes it: control characters are refused
// everywhere, which would leave the rest untried.
func written(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

// plantCases writes the corpus into the fields of coordinated disclosure: several
// attacks in each text that takes several, all of them in each field over the
// whole.
func (g *garden) plantCases(corpus []string, pump, officer string) (pages casePages) {
	c, ctx := g.house.cases, context.Background()
	agency := g.person(g.org("Agency of Devices", policy.Agency), "Ada Long")
	pia := func() policy.Viewer { return g.viewer(officer) } // whose circles grow with each case
	dora := func() policy.Viewer { return g.viewer(g.desk.Person) }

	// One case for each handful of attacks: short fields hold the first of them,
	// long ones all.
	const handful = 20
	for at := 0; at < len(corpus); at += handful {
		some := corpus[at:min(len(corpus), at+handful)]
		line := func(i, n int) string {
			return clip(written(strings.ReplaceAll(some[i%len(some)], "\n", " ")), n) + mark(at+i%len(some))
		}
		text := func() string {
			var all []string
			for i, s := range some {
				all = append(all, written(s)+"\n\n"+mark(at+i))
			}
			return clip(strings.Join(all, "\n\n"), 3800)
		}
		try := func(who policy.Viewer, field string, fn func(tx *db.Tx) error) bool {
			return g.note(field, g.house.db.Write(ctx, who, fn))
		}

		// From a stranger, and from a member.
		in := cases.Intake{Title: line(0, 120), Description: text(), Exploit: text(), Impact: text(), HowFound: text(), Told: text(), Setting: text(), SafetyText: text(), Comments: text(),
			Component: line(1, 120), NoPatients: true, Confirmed: cases.FoundNone, Contact: cases.Contact{Name: line(2, 100), Org: line(3, 100)}, CreditName: line(4, 100), Credit: true, MayShare: true,
			Products: []cases.Product{{Maker: line(5, 100), Name: line(6, 100), Model: line(7, 100), Version: line(8, 60)}}}
		if at < 3*handful { // each is as slow as its receipt
			_, err := c.SubmitAnonymous(ctx, g.house.db, c.NewForm(), in, []cases.Incoming{{Name: line(9, 80) + ".txt", Size: 1, From: strings.NewReader("x"), Clean: true}})
			g.note("stranger's report", err)
		}
		var report string
		try(pia(), "member's report", func(tx *db.Tx) (err error) { report, _, err = c.SubmitMember(tx, in, "", nil); return err })
		if report != "" {
			try(dora(), "answer to a reporter", func(tx *db.Tx) error { _, _, err := c.Answer(tx, report, text(), nil, ""); return err })
			if at%(12*handful) == 0 {
				pages.own = append(pages.own, "/reports/"+report)
				pages.desk = append(pages.desk, "/triage/"+report)
			}
		}

		// A case with all that is written in it.
		var id, party, flaw, fact, notice, sheet, thread, grant, statement string
		label := policy.Label{TLP: policy.Amber, Audience: policy.NewAudience(policy.OfCircle(g.deskID))}
		if !try(pia(), "case", func(tx *db.Tx) (err error) {
			id, _, err = c.Open(tx, cases.NewCase{Title: line(0, 150), Summary: text(), LearnedAt: tx.Now().Add(-time.Hour), DeskSees: true, Label: label})
			return err
		}) {
			continue
		}
		g.read(pia(), func(v *db.View) error {
			ps, err := c.Parties(v, id)
			for _, p := range ps {
				if p.Org == pump {
					party = p.ID
				}
			}
			return err
		})
		try(pia(), "vulnerability", func(tx *db.Tx) (err error) {
			flaw, _, err = c.AddVulnerability(tx, id, "", cases.Description{Title: line(1, 150), Text: text(), Solution: text(), Workaround: text(), Exploits: text(), Credits: []string{line(2, 80), line(3, 80)},
				Products: []cases.Device{{Vendor: line(4, 80), Product: line(5, 80), Versions: []cases.DeviceVersion{{Version: line(6, 40), Status: "affected"}}}}}, "")
			return err
		})
		try(pia(), "vendor's status", func(tx *db.Tx) error {
			return c.SetStatuses(tx, party, []cases.NewStatus{{Vulnerability: flaw, Status: cases.StatusAffected, Statement: text()}}, "")
		})
		try(pia(), "vendor's statement", func(tx *db.Tx) error { return c.Declare(tx, id, text()) })
		try(pia(), "word on the case", func(tx *db.Tx) error { _, _, err := c.Update(tx, id, text(), ""); return err })
		try(pia(), "fact", func(tx *db.Tx) (err error) {
			fact, _, err = c.StateFact(tx, party, cases.NewFact{Kind: cases.PlanMade, At: tx.Now(), Detail: map[string]any{"text": text()}, Evidence: []string{line(7, 100)}})
			return err
		})
		try(pia(), "determination", func(tx *db.Tx) (err error) {
			w := lowRisk
			w.Vulnerability, w.Device, w.Versions, w.Rationale, w.Performance, w.Controls = flaw, line(8, 100), line(9, 100), text(), text(), []cases.Control{{Name: line(10, 100), GreaterRisk: "no"}}
			sheet, _, err = c.Determine(tx, party, w)
			return err
		})
		try(pia(), "customer notice", func(tx *db.Tx) (err error) {
			t := cases.NoticeText{Subject: line(11, 150), Devices: text(), Impact: text(), Efforts: text(), Controls: text(), Fix: text(), Future: text(), Strategy: text(), Contact: text(), Customers: true, Recipients: []string{line(12, 100)}}
			if notice, _, err = c.DraftNotice(tx, party, t, ""); err != nil {
				return err
			}
			return c.SendNotice(tx, notice, cases.Sending{Via: line(13, 100)})
		})
		try(pia(), "side thread", func(tx *db.Tx) (err error) {
			thread, _, err = c.StartThread(tx, id, forum.NewTopic{Title: line(14, 150), Body: text()})
			return err
		})
		try(pia(), "embargo's terms", func(tx *db.Tx) error { _, _, err := c.Propose(tx, id, cases.NewProposal{Terms: text()}); return err })
		try(pia(), "question under a grant", func(tx *db.Tx) (err error) {
			grant, _, err = c.RequestGrant(tx, id, cases.NewGrant{Person: agency, Purpose: text(), Basis: line(15, 150), Question: text()})
			return err
		})
		if grant != "" && try(dora(), "grant approved", func(tx *db.Tx) error { return c.ApproveGrant(tx, grant) }) {
			try(g.viewer(agency), "grant opened", func(tx *db.Tx) error { _, err := c.OpenUnderGrant(tx, grant); return err })
			try(g.viewer(agency), "answer under a grant", func(tx *db.Tx) error { _, err := c.AnswerGrant(tx, grant, text()); return err })
		}
		try(pia(), "public statement", func(tx *db.Tx) (err error) {
			statement, err = c.DraftPublication(tx, id, cases.NewPublication{Title: line(16, 150), Body: text(), Reference: "https://advisory.example/x"})
			return err
		})
		if statement != "" {
			try(dora(), "approval of a statement", func(tx *db.Tx) error { return c.ApprovePublication(tx, statement) })
		}
		if at%(12*handful) != 0 {
			continue // pages of one kind draw all fields alike
		}
		base := "/cases/" + id
		pages.own = append(pages.own, base, base+"/technical", base+"/vulnerabilities/"+flaw, base+"/threads", base+"/embargo", base+"/publish", base+"/grants", base+"/facts/"+fact, base+"/risk", base+"/risk/"+sheet,
			base+"/notices", base+"/notices/"+notice, base+"/ours", base+"/decisions", "/topics/"+thread)
		pages.desk = append(pages.desk, base, base+"/parties/"+party, "/grants/"+grant)
	}
	if _, err := c.Pass(ctx, g.house.db, keeper); err != nil {
		g.t.Fatal(err)
	}
	pages.own = append(pages.own, "/cases", "/clocks", "/reports", "/participation")
	pages.desk = append(pages.desk, "/triage", "/notices", "/need-to-know")
	pages.public = append(pages.public, "/disclosures")
	return pages
}
