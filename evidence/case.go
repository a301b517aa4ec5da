package evidence

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// CasePack writes the evidence pack of a case, as the viewer can read it at this
// moment: its entries, the threads, and the parties' own records, with proofs.
// That he took it is recorded, and known to him alone. See [Evidence.Topic].
func (e *Evidence) CasePack(ctx context.Context, d *db.DB, viewer policy.Viewer, id string, w io.Writer) error {
	return e.take(ctx, d, viewer, w, func(tx *db.Tx) (Pack, error) {
		k, err := e.cases.Case(tx.View, id)
		if err != nil {
			return Pack{}, err
		}
		if !tx.Viewer().May(policy.MayExport) {
			return Pack{}, fault.Forbiddenf("You may not take an evidence pack. Members in good standing may; a token needs the scope read.")
		}
		p := Pack{Version: caseVersion, Case: id}
		if err := e.describe(tx.View, &p, k.Title, k.Label); err != nil {
			return p, err
		}
		return p, e.taking(tx, p, k.Room, k.Label)
	})
}

// owners is the organizations whose clocks of FDA's discretion events tell of.
func owners(events []event) map[string]bool {
	out := map[string]bool{}
	for _, ev := range events {
		if ev.Verb == "obligation.changed" && ev.text("rule") == "R-010" && ev.text("owner") != "" {
			out[ev.text("owner")] = true
		}
	}
	return out
}

// caseStory is what a pack's entries tell of a case.
type caseStory struct {
	short, title string
	opened       event
	began        bool // the entry that opened the case is in the pack
	now          time.Time
	parties      []*toldParty
	clocks       []clockLine
	checked      Recheck
}

// toldParty is a party as the entries tell of it.
type toldParty struct {
	id, org, name, role, state string
	learned                    time.Time
	learnedEntry               int64
}

// clockLine is an obligation as it was recorded last, with its state when the pack
// was taken.
type clockLine struct {
	clockRecord
	entry int64
	owner string // in words
	state string
}

// story reads the entries. It is worked out once.
func (r *record) story() *caseStory {
	if r.told != nil {
		return r.told
	}
	s := &caseStory{short: ids.Short(r.pack.Case), title: r.pack.About.Title, now: r.taken().Time()}
	r.told = s
	for _, e := range r.events {
		if e.gone {
			continue
		}
		switch {
		case e.Verb == "case.opened" && e.Object == r.pack.Case:
			s.opened, s.began = e, true
		case strings.HasPrefix(e.Verb, "party.") && strings.HasPrefix(e.Object, "party_"):
			p := s.party(e.Object)
			if name := e.text("name"); name != "" {
				p.name, p.org = name, e.text("org")
			}
			if role := e.text("role"); role != "" {
				p.role = role
			}
			switch _, what, _ := strings.Cut(e.Verb, "."); what {
			case "invited", "joined", "declined", "left", "removed":
				p.state = what
			}
		}
	}
	s.checked = recheck(r.events, s.now)
	for _, l := range s.checked.learned {
		p := s.party(l.party)
		p.learned, p.learnedEntry = l.at, l.entry
	}
	for _, c := range s.checked.recorded {
		line := clockLine{clockRecord: c, entry: c.entry, state: c.stateAt(s.now), owner: "the community"}
		if c.Party != "" {
			line.owner = s.party(c.Party).name
		}
		s.clocks = append(s.clocks, line)
	}
	slices.SortStableFunc(s.clocks, func(a, b clockLine) int { return a.Trigger.Compare(b.Trigger) })
	return s
}

func (s *caseStory) party(id string) *toldParty {
	for _, p := range s.parties {
		if p.id == id {
			return p
		}
	}
	p := &toldParty{id: id, name: "a party whom this pack does not name"}
	s.parties = append(s.parties, p)
	return p
}

// sentence is the case in one sentence.
func (s *caseStory) sentence() string {
	if !s.began {
		return s.short + ": " + s.title + ". The beginning of this case is not in the pack."
	}
	return "Opened on " + s.opened.when() + " by " + s.opened.actor() + " as " + s.short + ", " + s.opened.label() + ": " + s.title
}

// learned says when each manufacturer learned of it, as it stated.
func (s *caseStory) learned() (out []string) {
	for _, p := range s.parties {
		if !p.learned.IsZero() {
			out = append(out, fmt.Sprintf("%s learned of the vulnerability on %s, as it stated (entry %d).", p.name, when(p.learned), p.learnedEntry))
		}
	}
	return out
}

// words says a clock in a sentence.
func (c clockLine) words() string {
	s := c.Name + " (" + c.Rule + ", " + c.owner + ")"
	if !c.Due.IsZero() {
		s += ", due " + c.dueWords()
	}
	s += ": " + stateWords[c.state]
	switch c.state {
	case met, late:
		if !c.SatisfiedAt.IsZero() {
			s += " on " + when(c.SatisfiedAt)
		}
	case lost:
		s += " on " + when(c.lostAt())
	case waived:
		s += " on " + when(c.WaivedAt) + " by " + c.WaivedName + ": " + strings.TrimSuffix(c.WaivedWhy, ".")
	}
	s += "."
	reasons := c.Why
	if len(reasons) == 0 || c.state == running || c.state == atRisk || c.state == over {
		reasons = c.Missing
	}
	if c.state != met && c.state != late && c.state != waived && len(reasons) > 0 {
		s += " " + strings.Join(reasons, " ")
	}
	return s
}

// lostAt is when a lost clock was lost: by what happened, or by its end.
func (c clockRecord) lostAt() time.Time {
	if c.LostAt.IsZero() {
		return c.Due.Add(time.Microsecond)
	}
	return c.LostAt
}

// dueWords writes the due instant in the zone whose days were counted, and in UTC.
func (c clockRecord) dueWords() string {
	if c.Zone != washington().String() {
		return when(c.Due)
	}
	return fmt.Sprintf("%s %s (%s)", local(c.Due).Format("2 Jan 2006 15:04:05"), c.Zone, when(c.Due))
}

var stateWords = map[string]string{running: "running", atRisk: "at risk", over: "over and not done", met: "met", late: "done late", lost: "lost", waived: "waived", moot: "does not apply"}

// counted says how many deadlines stand how.
func (s *caseStory) counted() string {
	n := map[string]int{}
	for _, c := range s.clocks {
		n[c.state]++
	}
	var parts []string
	for _, st := range []string{met, late, lost, over, atRisk, running, waived, moot} {
		if n[st] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[st], stateWords[st]))
		}
	}
	if len(parts) == 0 {
		return "No deadline is recorded in what the taker could read."
	}
	return "Deadlines when this pack was taken: " + strings.Join(parts, ", ") + "."
}

// caseLimits is what a pack of a case does not prove.
func caseLimits() []string {
	return append([]string{
		"That somebody learned of something, sent a notice or distributed a fix at a time is what the party stated; proved is that it stated it, and when it did.",
		"It is no finding of FDA's, and no legal advice.",
	}, limits()...)
}

// concludeCase says what a whole pack tells of its case.
func (r *Report) concludeCase(rec *record) {
	s := rec.story()
	for _, l := range s.learned() {
		r.say("learned", "%s", l)
	}
	r.say("deadlines", "%s", s.counted())
	for _, c := range s.clocks {
		r.say(fmt.Sprintf("entry %d", c.entry), "%s", c.words())
	}
	for _, d := range s.checked.Disagreements {
		r.fail(fmt.Sprintf("entry %d", d.Entry), "%s", d.Text)
	}
	if len(s.checked.Disagreements) == 0 && s.checked.Checked > 0 {
		r.say("deadlines", "Worked out again from the recorded facts alone, %s under FDA's rules come to the same.", count(int64(s.checked.Checked), "deadline", "deadlines"))
	}
	for _, n := range s.checked.Notes {
		r.say("deadlines", "%s", n)
	}
}
