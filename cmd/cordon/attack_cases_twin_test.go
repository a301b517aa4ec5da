package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/vultron"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// caseActs is everything that can happen in the shade of coordinated disclosure:
// in the hidden cases, in the shade's own part of the joint one, and at the desk.
// What it makes is noted in x.hidden.
func (x *twins) caseActs() map[string]func() error {
	w, r, c, e := x.b, x.rand, x.b.house.cases, x.b.house.evidence
	hiddenCase := func() string { return oneOf(r, append(x.hidden["case"], w.things["case"]["shade"])) }
	place := func() string { // where sam works for the shade
		return oneOf(r, []string{w.things["party"]["shade"], w.things["party"]["joint-shade"], w.things["party"]["shade-own"]})
	}
	aReport := func() string {
		return oneOf(r, append(x.hidden["report"], w.things["report"]["shade"], w.things["report"]["shade-stranger"]))
	}
	as := func(who string, fn func(tx *db.Tx) error) func() error {
		return func() error { return w.try(who, fn) }
	}
	intake := func() cases.Intake { return intakeOf("Zebrafish " + clip(x.text(), 20)) }
	side := func(id func() string, orgs ...string) func() error {
		return as("sam", func(tx *db.Tx) error {
			t, _, err := c.StartThread(tx, id(), forum.NewTopic{Title: x.text(), Body: x.text(), Label: labelled(policy.Amber, append(w.ofOrg(orgs...), w.ofCircle("desk")...)...)})
			if err != nil {
				return err
			}
			ps, err := w.house.forum.Posts(tx.View, t, forum.Cursor{}, 1)
			if err != nil {
				return err
			}
			x.hide("topic", t)
			x.hide("post", ps[0].ID)
			return nil
		})
	}
	return map[string]func() error{
		"case of the desk and the shade": func() error {
			var id string
			if err := w.try("dora", func(tx *db.Tx) (err error) {
				id, _, err = c.Open(tx, cases.NewCase{Title: x.text(), Summary: x.text(), Maker: w.orgs["shade"], LearnedAt: tx.Now()})
				return err
			}); err != nil {
				return err
			}
			x.hide("case", id)
			return w.house.db.Read(context.Background(), w.viewer(w.people["dora"]), func(v *db.View) error {
				ps, err := c.Parties(v, id)
				for _, p := range ps {
					x.hide("party", p.ID)
				}
				return err
			})
		},
		"case of the shade alone": as("sam", func(tx *db.Tx) error {
			id, _, err := c.Open(tx, cases.NewCase{Title: x.text(), LearnedAt: tx.Now()})
			x.hide("case", id)
			return err
		}),
		"invitation into the joint case": as("dora", func(tx *db.Tx) error {
			ps, _, err := c.Invite(tx, w.things["case"]["joint"], cases.NewInvitation{Orgs: []string{w.orgs["umbra"]}, Role: cases.Deployer, Note: "Zebrafish."})
			for _, p := range ps {
				x.hide("party", p)
			}
			return err
		}),
		"invitation into a hidden case": as("dora", func(tx *db.Tx) error {
			ps, _, err := c.Invite(tx, hiddenCase(), cases.NewInvitation{Orgs: []string{w.orgs[oneOf(r, []string{"umbra", "vend"})]}, Role: cases.Deployer, Note: "Quokka."})
			for _, p := range ps {
				x.hide("party", p)
			}
			return err
		}),
		"invitation seen":               as("vic", func(tx *db.Tx) error { return c.SeeInvitation(tx, w.things["party"]["shade-asked"]) }),
		"invitation declined":           as("una", func(tx *db.Tx) error { return c.Decline(tx, w.things["party"]["shade-umbra"], "No quokka here.") }),
		"side thread in the joint case": side(func() string { return w.things["case"]["joint"] }, "shade"),
		"side thread in a hidden case":  side(func() string { return w.things["case"]["shade"] }, "shade", "vend"),
		"fact": as("sam", func(tx *db.Tx) error {
			id, _, err := c.StateFact(tx, place(), cases.NewFact{Kind: oneOf(r, []cases.FactKind{cases.Information, cases.Rationale, cases.PlanMade}), At: tx.Now(), Detail: map[string]any{"text": x.text()}})
			x.hide("fact", id)
			return err
		}),
		"fact withdrawn": as("sam", func(tx *db.Tx) error {
			if len(x.hidden["fact"]) == 0 {
				return errNothing
			}
			return c.Withdraw(tx, oneOf(r, x.hidden["fact"]), "zebrafish")
		}),
		"correction initiated": as("sam", func(tx *db.Tx) error {
			id, _, err := c.StateFact(tx, place(), cases.NewFact{Kind: cases.Initiated, At: tx.Now(), Detail: map[string]any{"kind": "correction", "text": x.text()}})
			x.hide("fact", id)
			return err
		}),
		"serious harm in a hidden case": as("sam", func(tx *db.Tx) error {
			id, err := c.SeriousHarm(tx, w.things["party"]["shade"], cases.Harm{At: tx.Now(), Event: fda.Death, Reporter: fda.Manufacturer, Text: "quokka", Confirm: true})
			x.hide("fact", id)
			return err
		}),
		"determination": as("sam", func(tx *db.Tx) error {
			id, _, err := c.Determine(tx, place(), lowRisk)
			x.hide("determination", id)
			return err
		}),
		"risk matrix": as("sam", func(tx *db.Tx) error {
			m := fda.DefaultMatrix()
			m[0][2+r.IntN(2)], m[0][3], m[0][4] = fda.Uncontrolled, fda.Uncontrolled, fda.Uncontrolled
			_, err := c.SetRiskMatrix(tx, m, "zebrafish")
			return err
		}),
		"notice drafted": as("sam", func(tx *db.Tx) error {
			id, _, err := c.DraftNotice(tx, place(), toldCustomers, "")
			x.hide("notice", id)
			return err
		}),
		"notice sent": as("sam", func(tx *db.Tx) error {
			if len(x.hidden["notice"]) == 0 {
				return errNothing
			}
			return c.SendNotice(tx, oneOf(r, x.hidden["notice"]), cases.Sending{Via: "zebrafish"})
		}),
		"waiver": as("sam", func(tx *db.Tx) error {
			os, err := c.MyClocks(tx.View, 200)
			if err != nil || len(os) == 0 {
				return errNothing
			}
			return c.Waive(tx, oneOf(r, os).ID, "zebrafish")
		}),
		"vulnerability in a hidden case": as("dora", func(tx *db.Tx) error {
			id, _, err := c.AddVulnerability(tx, w.things["case"]["shade"], fmt.Sprintf("CVE-2026-%d", 20000+r.IntN(9999)), cases.Description{Title: x.text()}, "")
			x.hide("vuln", id)
			return err
		}),
		"status in a hidden case": as("vic", func(tx *db.Tx) error {
			return c.SetStatuses(tx, w.things["party"]["shade-vend"], []cases.NewStatus{{Vulnerability: w.things["vuln"]["shade"], Status: oneOf(r, cases.Statuses()), Statement: "quokka"}}, "")
		}),
		"update in a hidden case": as("vic", func(tx *db.Tx) error {
			id, _, err := c.Update(tx, w.things["case"]["shade"], x.text(), "")
			x.hide("post", id)
			return err
		}),
		"report validated": as("vic", func(tx *db.Tx) error {
			return c.Handle(tx, w.things["case"]["shade"], oneOf(r, []vultron.ReportEvent{vultron.Validate, vultron.Accept}), "")
		}),
		"embargo proposed in a hidden case": as("vic", func(tx *db.Tx) error {
			id, _, err := c.Propose(tx, w.things["case"]["shade"], cases.NewProposal{Until: tx.Now().AddDate(0, 0, 10+r.IntN(20)), Terms: "zebrafish"})
			x.hide("embargo", id)
			return err
		}),
		"statement drafted in a hidden case": as("dora", func(tx *db.Tx) error {
			id, err := c.DraftPublication(tx, hiddenCase(), cases.NewPublication{Title: x.text(), Body: x.text()})
			x.hide("statement", id)
			return err
		}),
		"grant asked for": as("sam", func(tx *db.Tx) error {
			id, _, err := c.RequestGrant(tx, w.things["case"]["shade"], cases.NewGrant{Person: w.people[oneOf(r, []string{"ada", "abe"})], Purpose: "quokka", Basis: "21 U.S.C. 360i"})
			x.hide("grant", id)
			return err
		}),
		"opened under a grant": as("abe", func(tx *db.Tx) error { _, err := c.OpenUnderGrant(tx, w.things["grant"]["shade"]); return err }),
		"answered under a grant": as("abe", func(tx *db.Tx) error {
			id, err := c.AnswerGrant(tx, w.things["grant"]["shade"], "No quokka was harmed.")
			x.hide("post", id)
			return err
		}),
		"member's report": func() error {
			f, err := c.UploadFile(context.Background(), w.house.db, w.viewer(w.people["sam"]), cases.Incoming{Name: "zebrafish.txt", Size: 6, From: strings.NewReader("quokka"), Clean: true})
			if err != nil {
				return err
			}
			x.hide("cfile", f.ID)
			return w.try("sam", func(tx *db.Tx) error {
				id, _, err := c.SubmitMember(tx, intake(), "", []string{f.ID})
				x.hide("report", id)
				return err
			})
		},
		"stranger's report": func() error {
			_, err := c.SubmitAnonymous(context.Background(), w.house.db, c.NewForm(), intake(), nil)
			return err
		},
		"report acknowledged": as("dora", func(tx *db.Tx) error { return c.AcknowledgeReport(tx, aReport()) }),
		"report rated":        as("dora", func(tx *db.Tx) error { return c.SetSeverity(tx, aReport(), 1+r.IntN(5)) }),
		"report assigned":     as("dora", func(tx *db.Tx) error { return c.AssignReport(tx, aReport(), w.people["dora"]) }),
		"report answered":     as("dora", func(tx *db.Tx) error { _, _, err := c.Answer(tx, aReport(), x.text(), nil, ""); return err }),
		"report decided": as("dora", func(tx *db.Tx) error {
			k := oneOf(r, []cases.DecisionKind{cases.Decline, cases.Track, cases.Coordinate})
			id, err := c.DecideReport(tx, aReport(), cases.ReportDecision{Kind: k, Reason: "zebrafish", Answer: "Thank you."})
			x.hide("case", id)
			return err
		}),
		"attestation": as("sid", func(tx *db.Tx) error {
			id, _, err := e.Attest(tx, evidence.NewAttestation{Kind: evidence.Process, From: townEpoch.AddDate(0, -1, r.IntN(9)), Text: x.text(), Title: "Officer", Confirm: true})
			x.hide("attestation", id)
			return err
		}),
		"trace": as("sam", func(tx *db.Tx) error {
			_, _, err := e.Trace(tx, evidence.NewTrace{Object: w.things["case"][oneOf(r, []string{"shade", "joint"})], Kind: "risk-assessment", Target: "RA-" + ids.Random(3)})
			return err
		}),
		"case's pack": func() error {
			return e.CasePack(context.Background(), w.house.db, w.viewer(w.people["sam"]), w.things["case"][oneOf(r, []string{"shade", "shade-own"})], io.Discard)
		},
		"seat in a hidden case": as("sam", func(tx *db.Tx) error {
			return c.Seat(tx, w.things["case"]["shade"], []string{w.people["sid"]})
		}),
		"hand-over": as("dora", func(tx *db.Tx) error {
			_, err := c.HandOver(tx, w.things["case"]["shade"], "Zebrafish coordination")
			return err
		}),
		"trouble in a hidden case": as("dora", func(tx *db.Tx) error {
			return c.Happened(tx, oneOf(r, append(x.hidden["case"], w.things["case"]["shade-own"])), vultron.ExploitPublic, tx.Now(), "quokka")
		}),
	}
}

// caseTalk is what happens in the joint case in both towns, seen by all in it.
func (x *twins) caseTalk(i int) {
	text := fmt.Sprintf("Open word in the case %d", i)
	switch i % 24 {
	case 5:
		x.both("fact", "mia", func(w *town, tx *db.Tx) (string, error) {
			id, _, err := w.house.cases.StateFact(tx, w.things["party"]["joint"], cases.NewFact{Kind: cases.Information, At: tx.Now(), Detail: map[string]any{"text": text}})
			return id, err
		})
	default:
		x.both("post", "sam", func(w *town, tx *db.Tx) (string, error) {
			id, _, err := w.house.cases.Update(tx, w.things["case"]["joint"], text, "")
			return id, err
		})
	}
}
