package cases_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/testkit/town"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// secret stands in the title, the summary and so the official thread of the cases
// of these tests.
const secret = "Zebrafish"

func sharedCase(h *town.Town) string {
	return h.Case(town.Pia, cases.NewCase{Title: secret + " in A4", Summary: "The pump's port is open: " + secret + ".", Label: town.Label(policy.Amber, h.Desk)})
}

func request(h *town.Town, by, id string, in cases.NewGrant) (grant string, err error) {
	err = h.Write(by, func(tx *db.Tx) (err error) { grant, _, err = h.Cases.RequestGrant(tx, id, in); return err })
	return grant, err
}

func approve(h *town.Town, by, grant string) error {
	return h.Write(by, func(tx *db.Tx) error { return h.Cases.ApproveGrant(tx, grant) })
}

func openUnder(h *town.Town, by, grant string) (o cases.Opening, err error) {
	err = h.Write(by, func(tx *db.Tx) (err error) { o, err = h.Cases.OpenUnderGrant(tx, grant); return err })
	return o, err
}

var harm = cases.NewGrant{Person: town.Fay, Seat: cases.SeatHarm, Purpose: "Is there risk to patients?", Basis: "21 U.S.C. 360i"}

// granted is a grant for Fay that Pia asked for and Dora approved.
func granted(h *town.Town, id string, in cases.NewGrant) string {
	h.T.Helper()
	g, err := request(h, town.Pia, id, in)
	h.OK(err)
	h.OK(approve(h, town.Dora, g))
	return g
}

// doors is every way in which a person can read something of a case: what he gets
// through each, and "" for nothing.
func doors(h *town.Town, person, id string) string {
	h.T.Helper()
	var got []string
	add := func(name string, found bool) {
		if found {
			got = append(got, name)
		}
	}
	_, err := town.Read(h, person, func(v *db.View) (struct{}, error) {
		_, err := h.Cases.Case(v, id)
		add("case", err == nil)
		ks, _, err := h.Cases.Cases(v, cases.Filter{}, cases.Cursor{}, 0)
		h.OK(err)
		add("list", slices.ContainsFunc(ks, func(k cases.Case) bool { return k.ID == id }))
		ps, err := h.Cases.Parties(v, id)
		h.OK(err)
		add("parties", len(ps) > 0)
		ts, err := h.Cases.Threads(v, id)
		h.OK(err)
		add("threads", len(ts) > 0)
		hits, err := h.Forum.Search(v, forum.Query{Text: secret}, forum.Cursor{}, 0)
		h.OK(err)
		for _, hit := range hits {
			of, err := h.Cases.CaseOf(v, hit.Post.Topic)
			h.OK(err)
			add("search", of == id || of == "")
		}
		rooms, err := h.Forum.Rooms(v)
		h.OK(err)
		add("rooms", len(rooms) > 0)
		xs, err := h.Cases.Vulnerabilities(v, id)
		h.OK(err)
		add("vulnerabilities", len(xs) > 0)
		pub, err := h.Cases.Publications(v, id)
		h.OK(err)
		add("publications", len(pub) > 0)
		es, err := h.Ledger.About(v, id, 1000)
		h.OK(err)
		for _, e := range es {
			c, err := h.Ledger.Open(v, e)
			h.OK(err)
			add("entry "+e.Verb, strings.Contains(string(c.Canonical), secret))
			add("entry "+e.Verb, !strings.HasPrefix(e.Verb, "grant.") && !strings.HasPrefix(e.Verb, "circle."))
		}
		return struct{}{}, nil
	})
	h.OK(err)
	return strings.Join(got, " ")
}

func vulnerable(h *town.Town, by, id string, d cases.Description) (x string) {
	h.T.Helper()
	h.OK(h.Write(by, func(tx *db.Tx) (err error) { x, _, err = h.Cases.AddVulnerability(tx, id, "", d, h.Key()); return err }))
	return x
}

// OIG recommendation 2; R-049: an agency's person reads not one byte of a case
// before the opening is in the log, and from the exact end on nothing again.
func TestGrantOpens(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := sharedCase(h)
		vulnerable(h, town.Pia, id, cases.Description{Title: secret})
		other := sharedCase(h)
		closed := func(when, who string, ids ...string) {
			t.Helper()
			for _, id := range append(ids, other) {
				if got := doors(h, who, id); got != "" {
					t.Errorf("%s: %s reads %s", when, who, got)
				}
			}
		}
		closed("before", town.Fay, id)
		g, err := request(h, town.Pia, id, harm)
		h.OK(err)
		closed("asked for", town.Fay, id)
		if gs := town.Must(h, town.Fay, h.Cases.MyGrants); len(gs) != 0 {
			t.Errorf("what is asked for is told to the grantee: %+v", gs)
		}
		_, err = openUnder(h, town.Fay, g)
		town.Wants(t, err, fault.Missing, "")
		h.OK(approve(h, town.Dora, g))
		closed("granted", town.Fay, id)
		closed("granted", town.Finn, id)
		mine := town.Must(h, town.Fay, h.Cases.MyGrants)
		if len(mine) != 1 || mine[0].Purpose != harm.Purpose || mine[0].Question != cases.SeatHarm.Question() || !strings.HasPrefix(mine[0].Short(), "CASE-") ||
			mine[0].State(h.Clock.Now()) != cases.GrantGiven || !mine[0].Expires.Equal(h.Clock.Now().Add(cases.GrantTerm)) {
			t.Errorf("the grantee's notice: %+v", mine)
		}

		o, err := openUnder(h, town.Fay, g)
		h.OK(err)
		if !o.Until.Equal(h.Clock.Now().Add(time.Hour)) {
			t.Errorf("open until %s", o.Until)
		}
		for _, door := range []string{"case", "list", "parties", "threads", "search", "vulnerabilities", "entry case.opened"} {
			if got := doors(h, town.Fay, id); !slices.Contains(strings.Split(got, " "), door) && !strings.Contains(got, door) {
				t.Errorf("open, but not through %s: %s", door, got)
			}
		}
		closed("open", town.Fay)      // the other case
		closed("open", town.Finn, id) // of the same agency
		closed("open", town.Cy, id)   // of another
		for _, who := range []string{town.Finn, town.Cy, town.Max, town.Wim, ""} {
			if gs := town.Must(h, who, func(v *db.View) ([]cases.Grant, error) { return h.Cases.Grants(v, id) }); len(gs) != 0 {
				t.Errorf("%q sees the grant", who)
			}
			if os := town.Must(h, who, func(v *db.View) ([]cases.Opening, error) { return h.Cases.Openings(v, id) }); len(os) != 0 {
				t.Errorf("%q sees the log", who)
			}
		}
		// He cannot let his colleague in.
		town.Wants(t, h.Write(town.Fay, func(tx *db.Tx) error { return h.Cases.Seat(tx, id, []string{town.Finn}) }), fault.Forbidden, "")

		h.Clock.Set(o.Until.Add(-time.Microsecond))
		if doors(h, town.Fay, id) == "" {
			t.Error("closed a microsecond early")
		}
		h.Clock.Set(o.Until)
		closed("at the end", town.Fay, id)
		h.Clock.Set(o.Until.AddDate(10, 0, 0))
		closed("ten years on", town.Fay, id)
		h.Clock.Set(o.Until.Add(time.Second))
		closed("after", town.Fay, id)

		// Again, twice: each is a line, and the second extends the first.
		_, err = openUnder(h, town.Fay, g)
		h.OK(err)
		h.Clock.Add(30 * time.Minute)
		again, err := openUnder(h, town.Fay, g)
		h.OK(err)
		h.Clock.Add(45 * time.Minute)
		if doors(h, town.Fay, id) == "" {
			t.Error("opening again did not extend the time")
		}
		h.Clock.Set(again.Until)
		closed("after the third", town.Fay, id)
		for _, who := range []string{town.Pia, town.Dora, town.Dan, town.Fay} {
			log := town.Must(h, who, func(v *db.View) ([]cases.Opening, error) { return h.Cases.Openings(v, id) })
			if len(log) != 3 || log[0].Person != town.Fay || log[2].Until != again.Until {
				t.Errorf("the log as %s reads it: %+v", who, log)
			}
		}
		if log := town.Must(h, town.Pia, func(v *db.View) ([]cases.Opening, error) { return h.Cases.Openings(v, other) }); len(log) != 0 {
			t.Errorf("the log of another case: %+v", log)
		}
		entries := town.Must(h, town.Pia, func(v *db.View) ([]ledger.Entry, error) { return h.Ledger.About(v, id, 1000) })
		opened := slices.DeleteFunc(slices.Clone(entries), func(e ledger.Entry) bool { return e.Verb != "grant.opened" })
		if len(opened) != 3 || !opened[0].Access {
			t.Errorf("entries of openings: %+v", opened)
		}
	})
}

// The grant's own end bounds an opening to the microsecond (T-26), and is
// recorded once however often the pass comes.
func TestGrantExpires(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := sharedCase(h)
		in := harm
		in.Until = h.Clock.Now().Add(24*time.Hour + time.Minute)
		g := granted(h, id, in)
		h.Clock.Add(24 * time.Hour)
		o, err := openUnder(h, town.Fay, g)
		h.OK(err)
		if !o.Until.Equal(in.Until) {
			t.Errorf("open until %s, the grant ends %s", o.Until, in.Until)
		}
		expire := func() (n int) {
			h.T.Helper()
			err := h.System("deadlines", func(tx *db.Tx) (err error) { n, err = h.Cases.ExpireGrants(tx); return err })
			if n > 0 {
				h.OK(err)
			}
			return n
		}
		for _, jump := range []struct {
			at   time.Time
			open bool
		}{{in.Until.Add(-time.Microsecond), true}, {in.Until, false}, {in.Until.Add(-time.Second), true}, {in.Until.Add(time.Microsecond), false}} {
			h.Clock.Set(jump.at)
			if got := doors(h, town.Fay, id) != ""; got != jump.open {
				t.Errorf("at %s open: %t", jump.at, got)
			}
		}
		h.Clock.Set(in.Until.Add(-time.Microsecond))
		if n := expire(); n != 0 {
			t.Errorf("%d expired early", n)
		}
		h.Clock.Set(in.Until)
		_, err = openUnder(h, town.Fay, g)
		town.Wants(t, err, fault.Conflict, "")
		if a, b := expire(), expire(); a != 1 || b != 0 {
			t.Errorf("expired %d, then %d", a, b)
		}
		// What is on record stays so, whatever the clock says.
		h.Clock.Set(in.Until.AddDate(0, 0, -1))
		_, err = openUnder(h, town.Fay, g)
		town.Wants(t, err, fault.Conflict, "")
	})
}

func TestGrantRevoked(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := sharedCase(h)
		g := granted(h, id, harm)
		_, err := openUnder(h, town.Fay, g)
		h.OK(err)
		revoke := func(by, why string) error {
			return h.Write(by, func(tx *db.Tx) error { return h.Cases.RevokeGrant(tx, g, why) })
		}
		town.Wants(t, revoke(town.Dan, ""), fault.Invalid, "reason")
		town.Wants(t, revoke(town.Fay, "mine"), fault.Forbidden, "")
		h.OK(revoke(town.Dan, "No longer needed."))
		if got := doors(h, town.Fay, id); got != "" {
			t.Errorf("after the revocation: %s", got)
		}
		_, err = openUnder(h, town.Fay, g)
		town.Wants(t, err, fault.Conflict, "")
		mine := town.Must(h, town.Fay, h.Cases.MyGrants)
		if len(mine) != 1 || mine[0].State(h.Clock.Now()) != cases.GrantRevoked || mine[0].Why != "No longer needed." {
			t.Errorf("the grantee is told %+v", mine)
		}
		town.Wants(t, revoke(town.Dan, "again"), fault.Conflict, "")

		// A renewal takes the former's place; revoking it closes what the former opened.
		first := granted(h, id, harm)
		_, err = openUnder(h, town.Fay, first)
		h.OK(err)
		second := granted(h, id, harm)
		if x := town.Must(h, town.Pia, func(v *db.View) (cases.Grant, error) { return h.Cases.Grant(v, first) }); x.State(h.Clock.Now()) != cases.GrantRevoked {
			t.Errorf("the former grant: %+v", x)
		}
		h.OK(h.Write(town.Pia, func(tx *db.Tx) error { return h.Cases.RevokeGrant(tx, second, "She asked for it.") }))
		if got := doors(h, town.Fay, id); got != "" {
			t.Errorf("after the second revocation: %s", got)
		}
	})
}

// who opens a case accepts its embargo, and is told it beforehand; what he
// accepted is in the log.
func TestGrantTerms(t *testing.T) {
	h := town.New(t, "")
	id := sharedCase(h)
	g := granted(h, id, harm)
	terms := func(who string) (cases.Embargo, error) {
		return town.Read(h, who, func(v *db.View) (cases.Embargo, error) { return h.Cases.GrantTerms(v, g) })
	}
	if e, err := terms(town.Fay); err != nil || !e.Until.IsZero() {
		t.Errorf("without an embargo: %+v %v", e, err)
	}
	until := h.Clock.Now().Add(48 * time.Hour)
	embargoed(h, id, until)
	if e, err := terms(town.Fay); err != nil || !e.Until.Equal(until) {
		t.Errorf("the embargo: %+v %v", e, err)
	}
	for _, who := range []string{town.Finn, town.Max} {
		_, err := terms(who)
		town.Wants(t, err, fault.Missing, "")
	}
	_, err := openUnder(h, town.Fay, g)
	h.OK(err)
	for _, e := range town.Must(h, town.Pia, func(v *db.View) ([]ledger.Entry, error) { return h.Ledger.About(v, id, 1000) }) {
		if e.Verb == "grant.opened" {
			c := town.Must(h, town.Pia, func(v *db.View) (ledger.Content, error) { return h.Ledger.Open(v, e) })
			if !strings.Contains(string(c.Canonical), `"embargo_until":"2026-03-03T`) {
				t.Errorf("the opening: %s", c.Canonical)
			}
			return
		}
	}
	t.Error("no opening on record")
}

func TestGrantAnswered(t *testing.T) {
	town.OnBoth(t, func(t *testing.T, h *town.Town) {
		id := sharedCase(h)
		g := granted(h, id, harm)
		answer := func(by, text string) (post string, err error) {
			err = h.Write(by, func(tx *db.Tx) (err error) { post, err = h.Cases.AnswerGrant(tx, g, text); return err })
			return post, err
		}
		_, err := answer(town.Fay, "None.")
		town.Wants(t, err, fault.Conflict, "") // it is not open
		_, err = openUnder(h, town.Fay, g)
		h.OK(err)
		_, err = answer(town.Fay, " ")
		town.Wants(t, err, fault.Invalid, "answer")
		post, err := answer(town.Fay, "Severe, but unlikely.")
		h.OK(err)
		p := town.Must(h, town.Pia, func(v *db.View) (forum.Post, error) { return h.Forum.Post(v, post) })
		if p.Author.Person != town.Fay || !strings.Contains(p.Body, "Severe, but unlikely.") {
			t.Errorf("the post: %+v", p)
		}
		x := town.Must(h, town.Dora, func(v *db.View) (cases.Grant, error) { return h.Cases.Grant(v, g) })
		if x.Answer != "Severe, but unlikely." || x.Answered.IsZero() {
			t.Errorf("the grant: %+v", x)
		}
	})
}

func TestGrantRefuses(t *testing.T) {
	h := town.New(t, "")
	id := sharedCase(h)
	own := h.Case(town.Pia, cases.NewCase{Title: "Ours"})
	doc := town.Must(h, town.Pia, h.Agreements.Documents)[0].ID
	for _, c := range []struct {
		name, by, id string
		change       func(*cases.NewGrant)
		kind         fault.Kind
		field        string
	}{
		{"by a stranger", town.Max, id, nil, fault.Missing, ""},
		{"of a private case", town.Pia, own, nil, fault.Conflict, ""},
		{"for no agency", town.Pia, id, func(g *cases.NewGrant) { g.Person = town.Wim }, fault.Invalid, "person"},
		{"for nobody", town.Pia, id, func(g *cases.NewGrant) { g.Person = "person_NONE" }, fault.Invalid, "person"},
		{"for no purpose", town.Pia, id, func(g *cases.NewGrant) { g.Purpose = " " }, fault.Invalid, "purpose"},
		{"on no basis", town.Pia, id, func(g *cases.NewGrant) { g.Basis = "" }, fault.Invalid, "basis"},
		{"on an agreement that is not there", town.Pia, id, func(g *cases.NewGrant) { g.Agreement = "document_NONE" }, fault.Invalid, "agreement"},
		{"for longer than 90 days", town.Pia, id, func(g *cases.NewGrant) { g.Until = h.Clock.Now().Add(cases.GrantTerm + time.Second) }, fault.Invalid, "until"},
		{"until yesterday", town.Pia, id, func(g *cases.NewGrant) { g.Until = h.Clock.Now().Add(-time.Second) }, fault.Invalid, "until"},
		{"without a question", town.Pia, id, func(g *cases.NewGrant) { g.Seat = cases.SeatOther }, fault.Invalid, "question"},
		{"in no seat", town.Pia, id, func(g *cases.NewGrant) { g.Seat = "throne" }, fault.Invalid, "seat"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := harm
			if c.change != nil {
				c.change(&in)
			}
			_, err := request(h, c.by, c.id, in)
			town.Wants(t, err, c.kind, c.field)
		})
	}
	in := harm
	in.Basis, in.Agreement = "", doc
	g, err := request(h, town.Dora, id, in)
	h.OK(err)
	if x := town.Must(h, town.Pia, func(v *db.View) (cases.Grant, error) { return h.Cases.Grant(v, g) }); !strings.Contains(x.Basis, ", version 1") {
		t.Errorf("the basis is %q", x.Basis)
	}
	_, err = request(h, town.Pia, id, harm)
	town.Wants(t, err, fault.Conflict, "")                       // it waits already
	town.Wants(t, approve(h, town.Dora, g), fault.Forbidden, "") // she asked
	town.Wants(t, approve(h, town.Pia, g), fault.Forbidden, "")  // not of the desk
	h.OK(approve(h, town.Dan, g))
	town.Wants(t, approve(h, town.Dan, g), fault.Conflict, "")
	_, err = openUnder(h, town.Pia, g)
	town.Wants(t, err, fault.Forbidden, "")
	_, err = openUnder(h, town.Finn, g)
	town.Wants(t, err, fault.Missing, "")

	all := town.Must(h, town.Dan, func(v *db.View) ([]cases.Grant, error) {
		gs, _, err := h.Cases.Register(v, cases.Cursor{}, 0)
		return gs, err
	})
	if len(all) != 1 {
		t.Errorf("the register: %+v", all)
	}
	_, err = town.Read(h, town.Pia, func(v *db.View) (any, error) { gs, _, err := h.Cases.Register(v, cases.Cursor{}, 0); return gs, err })
	town.Wants(t, err, fault.Forbidden, "")
}
