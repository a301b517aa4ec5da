package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// The objects of the demo that its people speak of (furnish/intel).
const (
	thirdShift = "campaign--04f66d5e-0a32-4af3-a1f9-3bd80f95f0e1"  // a campaign, GREEN
	relay      = "indicator--bb329c06-cf1e-49e6-89ea-dd0680e46275" // its name in the logs, GREEN
	newRelay   = "indicator--a5492f03-2d67-4a0c-9c60-5426190d1125" // the name after that, GREEN
	dosewren   = "malware--44691b0d-bcd5-481d-97ff-a0646f172e11"   // AMBER to the pump group
	probe      = "indicator--397c0bbe-20c8-4000-9ee6-df7f1d2bf41b" // AMBER+STRICT to the case team
)

// intelSaga is what members tell each other about attackers, in files that their
// tools wrote: a campaign through the gateways of infusion pumps, from its first
// report to who saw what, each under the label that its sender chose; a public
// warning; and three objects that wait for somebody.
func intelSaga(g *saga) error {
	g.attack("dvornik")

	g.on(58, "13:00", "villaluz", g.share("paper-lantern", intel.Terms{PAP: "CLEAR", AIS: "everyone"}))
	g.on(33, "09:40", "yoon", g.share("third-shift", intel.Terms{PAP: "GREEN", AIS: "usg"}))
	g.on(33, "10:05", "yoon", g.tell("infusion", "Third Shift: look through your resolver's log tonight", policy.Label{TLP: policy.Green, Audience: policy.NewAudience(policy.Community)},
		"Five hospitals were entered through the support gateways of their pumps: "+thirdShift+".\n\nThe quickest question is to your resolver: did a gateway ask for what "+relay+" looks for? One hit is enough to take it off the network. Leave it powered."))
	g.on(29, "16:05", "delacourt", g.share("radio", intel.Terms{Attribution: intel.Anonymous}))
	g.on(26, "11:30", "arendt", g.share("pump-library", intel.Terms{Amber: g.circle("pumps"), PAP: "AMBER"}))
	g.on(23, "08:50", "venkat", g.share("monitors", intel.Terms{Green: []policy.Principal{policy.CommunityPrivate}}))
	g.on(21, "15:40", "osei", g.share("seen-harborcrest", intel.Terms{Amber: g.circle("pumps")}))
	g.on(20, "09:00", "osei", g.share("seen-harborcrest-all", intel.Terms{Attribution: intel.Community}))
	g.on(19, "10:15", "yoon", g.share("third-shift-later", intel.Terms{PAP: "GREEN", AIS: "usg"}))
	g.on(17, "11:10", "castonguay", g.share("seen-northfen", intel.Terms{Attribution: intel.Community}))
	g.on(16, "08:05", "maas", g.share("one-site", intel.Terms{Red: g.circle("cell"), PAP: "RED"}))
	g.on(14, "10:20", "haddadin", g.share("seen-brannoc", intel.Terms{Attribution: intel.Anonymous}))
	g.on(13, "14:20", "salcedo", g.share("pump-probe", intel.Terms{Amber: g.circle("a5case"), PAP: "AMBER"}), g.sayInCase(
		"There were frames on one of our wards that look like your proof of concept: "+probe+". The pump was not in use. The report has the capture; not all of you can read it yet, the desk knows why."))
	g.on(11, "09:25", "hallberg", g.share("laboratory", intel.Terms{Amber: g.circle("laboratory")}))
	g.on(9, "07:30", "tollefson", g.share("seen-pinefork", intel.Terms{Attribution: intel.Community}))
	g.on(8, "06:45", "meneses", g.share("seen-valedosol", intel.Terms{Amber: g.circle("laboratory")}))
	g.on(2, "15:30", "noorani", g.share("seen-quarter", intel.Terms{Attribution: intel.Community, Scrub: intel.ScrubRemoved}))

	// What waits: for the owner of the id, for the desk, for a word about personal data.
	g.on(7, "08:15", "tollefson", g.share("held-pinefork", intel.Terms{Scrub: intel.ScrubClean}))
	g.on(6, "09:00", "maas", func(tx *db.Tx) error {
		return g.members.Lapse(tx, g.orgs["glasswing"], "The renewal of the agreement is with their counsel; asked for on the first of the month.")
	})
	g.on(5, "03:40", "chiahsin", g.share("held-glasswing", intel.Terms{Scrub: intel.ScrubClean}))
	g.on(4, "09:05", "meneses", g.share("held-valedosol", intel.Terms{Scrub: intel.ScrubClean}))

	g.keeps(12, "arendt", []string{"A5", "Gateway"}, "Relays that still hold", `type:indicator "Ratchetmoth" -is:expired -is:revoked`)
	g.keeps(12, "osei", []string{"A5", "VaneView"}, "New for our pumps", `"infusion pump" after:30d`)
	return nil
}

// circle is a circle of the furnishing as an audience.
func (g *saga) circle(key string) []policy.Principal {
	return []policy.Principal{policy.OfCircle(g.circles[key])}
}

// attack is how the desk takes in ATT&CK for ICS.
func (g *saga) attack(by string) {
	at := g.when(45, "14:00")
	if at.Before(furnish.AttackReleased) {
		at = furnish.AttackReleased
	}
	g.at(at, by, func(tx *db.Tx) error {
		f, err := furnish.Attack()
		if err != nil {
			return err
		}
		defer f.Close()
		return g.take(tx, furnish.AttackName, intel.Terms{Unmarked: policy.Clear, Scrub: intel.ScrubJustified, Why: "Published by the MITRE Corporation; the people who are named in it are its contributors."}, f)
	})
}

// take sends a file. What is not STIX is an error; what waits is not.
func (g *saga) take(tx *db.Tx, name string, t intel.Terms, r io.Reader) error {
	b, _, err := g.intel.Take(tx, intel.NewBatch{Via: "page", Name: name, Format: intel.FormatSTIX, Terms: t}, r)
	if err == nil && b.Refused > 0 {
		err = fmt.Errorf("%s: %v", name, b.Problems)
	}
	return err
}

// share sends a bundle of the furnishing.
func (g *saga) share(file string, t intel.Terms) act {
	if t.Scrub == "" {
		t.Scrub = intel.ScrubClean
	}
	return func(tx *db.Tx) error {
		short := ""
		if k, err := g.ownCase(tx.View); err == nil {
			short = k.Short()
		}
		text, err := furnish.Intelligence(file, short, g.when)
		if err != nil {
			return err
		}
		return g.take(tx, file+".json", t, bytes.NewReader(text))
	}
}

// ownCase is the one case that the viewer takes part in.
func (g *saga) ownCase(v *db.View) (cases.Case, error) {
	ks, _, err := g.cases.Cases(v, cases.Filter{}, cases.Cursor{}, 0)
	if err == nil && len(ks) == 0 {
		err = errors.New("the sender takes part in no case")
	}
	if err != nil {
		return cases.Case{}, err
	}
	return ks[0], nil
}

// sayInCase posts in the official thread of that case.
func (g *saga) sayInCase(text string) act {
	return func(tx *db.Tx) error {
		k, err := g.ownCase(tx.View)
		if err != nil {
			return err
		}
		ts, err := g.cases.Threads(tx.View, k.ID)
		if err != nil {
			return err
		}
		_, _, err = g.forum.Reply(tx, ts[0].ID, forum.NewPost{Body: text})
		return err
	}
}

// tell starts a topic.
func (g *saga) tell(room, title string, l policy.Label, text string) act {
	return func(tx *db.Tx) error {
		_, _, err := g.forum.StartTopic(tx, g.rooms[room], forum.NewTopic{Title: title, Body: text, Label: l})
		return err
	}
}

// keeps is a person's own: what his devices are called, and a search. It is no
// fact, so it stands in no ledger.
func (g *saga) keeps(days int, by string, devices []string, name, query string) {
	*g.steps = append(*g.steps, step{g.when(days, "16:00").Add(time.Minute), func() error {
		return g.db.Note(g.ctx, g.viewers[by], func(tx *db.Tx) error {
			if err := g.intel.KeepDevices(tx, devices); err != nil {
				return err
			}
			_, err := g.intel.Save(tx, name, query)
			return err
		})
	}})
}
