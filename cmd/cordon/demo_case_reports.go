package main

import (
	"fmt"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
)

// report sends a member's report and hands its id to keep.
func (g *saga) report(keep *string, in cases.Intake) act {
	in.NoPatients = true
	return func(tx *db.Tx) (err error) {
		*keep, _, err = g.cases.SubmitMember(tx, in, "", nil)
		return err
	}
}

func (g *saga) acknowledgeReport(report *string) act {
	return func(tx *db.Tx) error { return g.cases.AcknowledgeReport(tx, *report) }
}

// rate says how severe the desk holds a report and who looks after it.
func (g *saga) rate(report *string, severity int, assignee string) act {
	return func(tx *db.Tx) error {
		if err := g.cases.SetSeverity(tx, *report, severity); err != nil {
			return err
		}
		return g.cases.AssignReport(tx, *report, g.people[assignee])
	}
}

// coordinate decides to, and opens the case of a report.
func (g *saga) coordinate(report *string, d cases.ReportDecision, advisory string) act {
	return func(tx *db.Tx) (err error) {
		d.Kind, d.Case.Summary = cases.Coordinate, d.Case.Summary+fmt.Sprintf(modelled, advisory)
		if d.Case.Label, err = g.withDesk(tx.View, d.Case.Label.TLP); err != nil {
			return err
		}
		g.id, err = g.cases.DecideReport(tx, *report, d)
		return err
	}
}

// reportSaga is what lies on the desk: a stranger's report that nobody has looked
// at, a member's that was acknowledged, and one that repeats the case of the pumps.
func reportSaga(g *saga) error {
	middleware := ""
	g.on(3, "06:15", "meneses", g.report(&middleware, cases.Intake{Title: "Lanekeeper middleware: the service account has the same password everywhere",
		Products: []cases.Product{{Maker: "Brightlane Diagnostics", Name: "Lanekeeper middleware", Version: "5.2"}}, Component: "service account", CWE: []string{"CWE-798"},
		Description: "Two of our hospitals were installed by different engineers and have the same password for the service account; a third hospital in the region confirms it. It opens the database of results for writing.",
		Impact:      "Results could be changed between analyzer and laboratory system.", Exploited: cases.AnswerNo, Harm: cases.AnswerNo, SafetyText: "A changed result could lead to a wrong treatment; nothing of the kind is known.",
		MayShare: true, Contact: cases.Contact{Name: "Rui Meneses", Org: "Hospitais Vale do Sol"}}))
	g.on(3, "09:20", "noorani", g.acknowledgeReport(&middleware), g.rate(&middleware, 4, "noorani"))
	g.on(2, "09:40", "noorani", func(tx *db.Tx) error {
		_, _, err := g.cases.Answer(tx, middleware, "Thank you. Which version do the three sites run, and is the account reachable from outside the laboratory's network?", nil, "")
		return err
	})
	g.on(1, "05:50", "meneses", func(tx *db.Tx) error {
		_, _, err := g.cases.Answer(tx, middleware, "5.2.0 and twice 5.2.3. From the hospital's network yes, from outside no.", nil, "")
		return err
	})

	again := ""
	g.on(1, "15:25", "sethu", g.report(&again, cases.Intake{Title: "A5 takes settings from anybody on the pump network", CVEs: []string{"CVE-2021-33882"},
		Products: []cases.Product{{Maker: "Pumpworks Medical", Name: "Infusion pump A5", Version: "4.2.7"}}, Component: "network interface", CWE: []string{"CWE-306"},
		Description: "During a test of our segmentation a laptop on the pump network changed the configuration of an A5 that was not in use. No password was asked for.", BenchOnly: cases.AnswerYes, Harm: cases.AnswerNo}))

	// A stranger's, without an account and without a time of day.
	*g.steps = append(*g.steps, step{g.now.Add(-40 * time.Minute), func() error {
		_, err := g.cases.SubmitAnonymous(g.ctx, g.db, g.cases.NewForm(), cases.Intake{Title: "Patch pump: remote bolus can be replayed",
			Products:  []cases.Product{{Maker: "Sugarmaple Diabetes", Name: "Maple patch pump"}, {Maker: "Sugarmaple Diabetes", Name: "Maple app", Version: "3.8"}},
			Component: "remote bolus", CWE: []string{"CWE-294", "CWE-319"},
			Description: "The command for a bolus is sent in the clear and has no counter. Recorded with a radio of 30 dollars and sent again from two meters, it is carried out a second time. Tried on a pump that nobody wore.",
			HowFound:    "Software-defined radio, and reading the application.", BenchOnly: cases.AnswerYes, Exploited: cases.AnswerUnknown, Harm: cases.AnswerUnknown,
			SafetyText: "A second bolus can lower blood sugar dangerously.", PlanOn: g.now.AddDate(0, 0, 90).Format(time.DateOnly), NoPatients: true}, nil)
		if err != nil {
			return fmt.Errorf("a stranger's report: %w", err)
		}
		return nil
	}})
	return nil
}
