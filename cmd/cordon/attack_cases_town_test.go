package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/evidence"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// thing keeps the id of something of coordinated disclosure under a name.
func (w *town) thing(kind, name, id string) string {
	if w.things == nil {
		w.things = map[string]map[string]string{}
	}
	if w.things[kind] == nil {
		w.things[kind] = map[string]string{}
	}
	w.things[kind][name] = id
	return id
}

// discloses furnishes a town with cases and reports. In the case called joint, of
// Medley, mia takes part beside sam of the shade and hal's hospital is asked in
// but has not accepted; the shade's own part of it is hidden from them. Of the
// case called shade, and of sam's own one, which the desk does not see either,
// they know nothing.
func (w *town) discloses() {
	w.joint()
	w.hiddenCase()
	own := w.opensCase("shade-own", "sam", cases.NewCase{Title: "Zebrafish of our own", Summary: "Quokka firmware.", LearnedAt: w.clock.Now().Add(-time.Hour)})
	w.works("shade-own", "sam", w.partyIn("shade-own", "sam", own, "shade"))
	w.publishes()
	w.report("mia", "mia", "Telnet is open in an infusion pump")
	w.report("shade", "sam", "Telnet is open in an infusion pump, too")
	w.stranger("shade-stranger", "Telnet is open in an infusion pump, quokka")
	for who, name := range map[string]string{"mo": "med", "sid": "shade"} {
		w.did(who, func(tx *db.Tx) error {
			id, _, err := w.house.evidence.Attest(tx, evidence.NewAttestation{Kind: evidence.Process, From: townEpoch.AddDate(0, -1, 0), Text: "What comes from the ISAO is assessed within five days.", Title: "Officer", Confirm: true})
			w.thing("attestation", name, id)
			return err
		})
	}
}

func (w *town) opensCase(name, by string, in cases.NewCase) (id string) {
	w.t.Helper()
	w.did(by, func(tx *db.Tx) (err error) { id, _, err = w.house.cases.Open(tx, in); return err })
	return w.thing("case", name, id)
}

// partyIn finds an organization's part in a case, as somebody sees it.
func (w *town) partyIn(name, who, id, org string) (party string) {
	w.t.Helper()
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		ps, err := w.house.cases.Parties(v, id)
		for _, p := range ps {
			if p.Org == w.orgs[org] {
				party = p.ID
			}
		}
		return err
	})
	if party == "" {
		w.t.Fatalf("%s sees no party of %s in the case %s", who, org, name)
	}
	return w.thing("party", name, party)
}

// joins accepts an invitation with whatever embargo it offers.
func (w *town) joins(who, party string) {
	w.t.Helper()
	var in cases.Invitation
	w.read(w.viewer(w.people[who]), func(v *db.View) (err error) { in, err = w.house.cases.Invitation(v, party); return err })
	w.did(who, func(tx *db.Tx) error {
		return w.house.cases.Accept(tx, party, cases.Acceptance{Agree: in.Offer.Digest()})
	})
}

func (w *town) asksIn(id string, role cases.Role, orgs ...string) {
	w.t.Helper()
	in := cases.NewInvitation{Role: role, Note: "You may use the same module."}
	for _, o := range orgs {
		in.Orgs = append(in.Orgs, w.orgs[o])
	}
	w.did("dora", func(tx *db.Tx) error { _, _, err := w.house.cases.Invite(tx, id, in); return err })
}

// coordinates opens a case of the desk about a manufacturer's product, with an
// embargo in force and the manufacturer in it.
func (w *town) coordinates(name, title, maker, who string) (id string) {
	w.t.Helper()
	c := w.house.cases
	id = w.opensCase(name, "dora", cases.NewCase{Title: title, Summary: title + ": firmware is accepted unsigned.", Maker: w.orgs[maker], LearnedAt: w.clock.Now().Add(-24 * time.Hour)})
	w.did("dora", func(tx *db.Tx) error {
		q, _, err := c.Propose(tx, id, cases.NewProposal{})
		w.thing("embargo", name, q)
		return err
	})
	w.did("dora", func(tx *db.Tx) error { return c.Move(tx, id, cases.Notified, "") })
	w.joins(who, w.partyIn(name, "dora", id, maker))
	w.did("dora", func(tx *db.Tx) error { return c.AcceptProposal(tx, w.things["embargo"][name]) })
	w.did("dora", func(tx *db.Tx) error {
		x, _, err := c.AddVulnerability(tx, id, "", cases.Description{Title: "Telnet is open", Text: title, CWE: "CWE-306", Vector3: "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, "")
		w.thing("vuln", name, x)
		return err
	})
	return id
}

var toldCustomers = cases.NoticeText{Subject: "Open port in the pump", Impact: "An open port lets anybody change the rate.", Efforts: "We work on a fix as expeditiously as possible.", Controls: "Disconnect it from the network.",
	Fix: "We are working on a fix.", Future: "We will tell you when it is available.", Strategy: "Without the network the risk is acceptable.", Customers: true, Contact: "psirt@" + "pump.example", Recipients: []string{"Zebrafish Ward"}}

var lowRisk = cases.Worksheet{Exploit: fda.LowExploitability, Harm: fda.HarmFacts{Inconvenience: true}, Rationale: "It takes a wire into the pump."}

// works has a person do what is a party's own: facts, a determination, a notice to
// its customers. Its clocks are kept under the name, too.
func (w *town) works(name, who, party string) {
	w.t.Helper()
	c := w.house.cases
	w.did(who, func(tx *db.Tx) error {
		f, _, err := c.StateFact(tx, party, cases.NewFact{Kind: cases.PlanMade, At: tx.Now(), Detail: map[string]any{"text": "Close the port, " + name + "."}})
		w.thing("fact", name, f)
		return err
	})
	w.did(who, func(tx *db.Tx) error {
		d, _, err := c.Determine(tx, party, lowRisk)
		w.thing("determination", name, d)
		return err
	})
	w.did(who, func(tx *db.Tx) error {
		n, _, err := c.DraftNotice(tx, party, toldCustomers, "")
		if err != nil {
			return err
		}
		w.thing("notice", name, n)
		return c.SendNotice(tx, n, cases.Sending{Via: "E-mail"})
	})
	w.did(who, func(tx *db.Tx) error {
		n, _, err := c.DraftNotice(tx, party, toldCustomers, "")
		w.thing("notice", name+"-draft", n)
		return err
	})
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		os, err := c.MyClocks(v, 200)
		n := 0
		for _, o := range os {
			if o.Party == party && o.Rule != "R-068" { // what a vendor owes the others, they see
				w.thing("clock", fmt.Sprint(name, "-", n), o.ID)
				n++
			}
		}
		if err == nil && n < 2 {
			w.t.Errorf("%s has %d clocks in %s", who, n, name)
		}
		return err
	})
}

// aside starts a side thread in a case.
func (w *town) aside(name, who, id, title string, l policy.Label) {
	w.t.Helper()
	w.did(who, func(tx *db.Tx) error {
		topic, _, err := w.house.cases.StartThread(tx, id, forum.NewTopic{Title: title, Body: title + ", among few.", Label: l})
		w.topics[name] = topic
		return err
	})
	w.read(w.viewer(w.people[who]), func(v *db.View) error {
		ps, err := w.house.forum.Posts(v, w.topics[name], forum.Cursor{}, 1)
		if err == nil {
			w.posts[name] = ps[0].ID
		}
		return err
	})
}

func (w *town) joint() {
	id := w.coordinates("joint", "Telnet of an infusion pump module", "med", "mia")
	w.asksIn(id, cases.Vendor, "shade")
	w.joins("sam", w.partyIn("joint-shade", "dora", id, "shade"))
	w.asksIn(id, cases.Deployer, "hosp")
	w.partyIn("joint-hosp", "dora", id, "hosp")
	w.asksIn(id, cases.Vendor, "vend") // whom nobody but the desk and Voss knows of
	w.partyIn("shade-asked", "dora", id, "vend")
	w.works("joint", "mia", w.things["party"]["joint"])
	w.did("sam", func(tx *db.Tx) error {
		_, _, err := w.house.cases.StateFact(tx, w.things["party"]["joint-shade"], cases.NewFact{Kind: cases.Learned, At: tx.Now().Add(-time.Hour)})
		return err
	})
	w.works("shade-joint", "sam", w.things["party"]["joint-shade"])
	w.did("mia", func(tx *db.Tx) error {
		p, err := w.house.cases.DraftPublication(tx, id, cases.NewPublication{Title: "Telnet in infusion pumps", Body: "It was open."})
		w.thing("statement", "joint", p)
		return err
	})
	w.did("mia", func(tx *db.Tx) error {
		g, _, err := w.house.cases.RequestGrant(tx, id, cases.NewGrant{Person: w.people["abe"], Seat: cases.SeatHarm, Purpose: "Harm to patients", Basis: "21 U.S.C. 360i"})
		w.thing("grant", "joint", g)
		return err
	})
	w.aside("joint-aside", "mia", id, "Aside on firmware keys", labelled(policy.Amber, append(w.ofOrg("med"), w.ofCircle("desk")...)...))
	w.aside("shade-aside", "sam", id, "Zebrafish aside on firmware", labelled(policy.Amber, append(w.ofOrg("shade"), w.ofCircle("desk")...)...))
}

func (w *town) hiddenCase() {
	c := w.house.cases
	id := w.coordinates("shade", "Zebrafish in a quokka pump", "shade", "sam")
	w.asksIn(id, cases.Vendor, "vend")
	w.joins("vic", w.partyIn("shade-vend", "dora", id, "vend"))
	w.asksIn(id, cases.Deployer, "umbra")
	w.partyIn("shade-umbra", "dora", id, "umbra")
	w.works("shade", "sam", w.things["party"]["shade"])
	w.aside("shade-side", "sam", id, "Zebrafish side thread", labelled(policy.Amber, append(w.ofOrg("shade", "vend"), w.ofCircle("desk")...)...))
	w.did("sam", func(tx *db.Tx) error {
		g, _, err := c.RequestGrant(tx, id, cases.NewGrant{Person: w.people["abe"], Seat: cases.SeatHarm, Purpose: "Zebrafish harm", Basis: "21 U.S.C. 360i"})
		w.thing("grant", "shade", g)
		return err
	})
	w.did("dora", func(tx *db.Tx) error { return c.ApproveGrant(tx, w.things["grant"]["shade"]) })
	w.did("sam", func(tx *db.Tx) error {
		p, err := c.DraftPublication(tx, id, cases.NewPublication{Title: "Zebrafish, not yet public", Body: "Quokka."})
		w.thing("statement", "shade", p)
		return err
	})
	w.did("dora", func(tx *db.Tx) error { return c.ApprovePublication(tx, w.things["statement"]["shade"]) })
}

// publishes has something be public: a case without an embargo, with its
// statement approved.
func (w *town) publishes() {
	c := w.house.cases
	id := w.opensCase("public", "dora", cases.NewCase{Title: "Firmware of a retired pump", Maker: w.orgs["med"]})
	w.joins("mia", w.partyIn("public", "dora", id, "med"))
	w.did("mia", func(tx *db.Tx) error {
		p, err := c.DraftPublication(tx, id, cases.NewPublication{Title: "Firmware of a retired pump", Body: "Retire it."})
		w.thing("statement", "public", p)
		return err
	})
	w.did("dora", func(tx *db.Tx) error { return c.ApprovePublication(tx, w.things["statement"]["public"]) })
	w.passes()
}

// passes does at once what the deadline follower does by and by.
func (w *town) passes() {
	w.t.Helper()
	if _, err := w.house.cases.Pass(context.Background(), w.house.db, keeper); err != nil {
		w.t.Fatal(err)
	}
}

func intakeOf(title string) cases.Intake {
	return cases.Intake{Title: title, Description: title + ".", Products: []cases.Product{{Maker: "Medley Devices", Name: "Infusion pump"}}, CWE: []string{"CWE-306"}, NoPatients: true}
}

// report sends a member's report with a file.
func (w *town) report(name, who, title string) (id string) {
	w.t.Helper()
	f, err := w.house.cases.UploadFile(context.Background(), w.house.db, w.viewer(w.people[who]), cases.Incoming{Name: name + ".txt", Size: int64(len(title)), From: strings.NewReader(title), Clean: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.thing("cfile", name, f.ID)
	w.did(who, func(tx *db.Tx) (err error) {
		id, _, err = w.house.cases.SubmitMember(tx, intakeOf(title), "", []string{f.ID})
		return err
	})
	return w.thing("report", name, id)
}

// stranger sends a report without an account.
func (w *town) stranger(name, title string) (id string) {
	w.t.Helper()
	c := w.house.cases
	if _, err := c.SubmitAnonymous(context.Background(), w.house.db, c.NewForm(), intakeOf(title), nil); err != nil {
		w.t.Fatal(err)
	}
	w.read(w.viewer(w.people["dora"]), func(v *db.View) error {
		qs, _, err := c.Queue(v, cases.QueueFilter{}, cases.QueueCursor{}, 200)
		for _, q := range qs {
			if q.Report.Title == title {
				id = q.Report.ID
			}
		}
		return err
	})
	if id == "" {
		w.t.Fatalf("the desk's queue does not show %q", title)
	}
	return w.thing("report", name, id)
}
