package evidence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/members"
)

// What FDA leaves to policy is decided here. Each is a choice of ours.
const (
	// ReviewEvery is how many months after it was published a policy is past its
	// review, and an attested process too.
	ReviewEvery = 24
	// SampleSize is how many of what an organization received in a period are
	// looked at for traces.
	SampleSize = 25
	// maxRead is how many entries of one kind are read for one period.
	maxRead = 20_000
)

// Participation says whether an organization took active part in the ISAO in a
// period (R-012; FDA Postmarket 2016 §IX, four criteria), with the evidence of
// each criterion and what is missing.
type Participation struct {
	Org, OrgName string
	Period       Period
	Through      time.Time // judged up to here: the period's end, or now if that is earlier
	Criteria     [4]Criterion
	Active       bool
	Sentence     string
}

// Criterion is one of the four.
type Criterion struct {
	Number   int
	Title    string
	Met      bool
	Finding  string // in one sentence, without anything that not all of the organization's recipients may read
	Evidence []Item
	Missing  []string
	Late     []string // what was done, but late
}

// Item is one piece of evidence.
type Item struct {
	Text  string
	Entry int64  // its place in the ledger; -1 if it has none
	Href  string // a page of this house, or ""
	At    time.Time
}

var criteria = [4]string{
	"Member of an ISAO that shares vulnerabilities and threats to medical devices",
	"The ISAO has documented policies: participant agreements, business processes, operating procedures, privacy protections",
	"Shares vulnerability information with the ISAO, and every customer notice",
	"Documented process for what comes from the ISAO, traced to risk assessments, countermeasures and mitigations",
}

// Participation judges the four criteria for a period, in the viewer's own view:
// for the organization's officers and named recipients, and for the desk. A case
// that the viewer cannot read does not count, nor is it missed.
func (e *Evidence) Participation(v *db.View, org string, from, to time.Time) (Participation, error) {
	own, desk, err := e.maySee(v, org)
	if err != nil {
		return Participation{}, err
	}
	if !own && !desk {
		return Participation{}, fault.ErrMissing
	}
	o, err := e.members.Organization(v, org)
	if err != nil {
		return Participation{}, err
	}
	p := Participation{Org: org, OrgName: o.Name, Period: PeriodOf(from, to)}
	if !p.Period.From.Before(p.Period.To) || p.Period.To.Sub(p.Period.From) > 3*366*24*time.Hour {
		return p, fault.InvalidField("period", "A period has at least one day and at most three years.")
	}
	if v.Now().Before(p.Period.From) {
		return p, fault.InvalidField("period", "%s has not begun.", p.Period.Name)
	}
	p.Through = p.Period.To
	if v.Now().Before(p.Through) {
		p.Through = v.Now()
	}
	for i := range p.Criteria {
		p.Criteria[i].Number, p.Criteria[i].Title = i+1, criteria[i]
	}
	work, err := e.casework(v, p)
	if err != nil {
		return p, err
	}
	for i, judge := range []func(*db.View, Participation, casework, *Criterion) error{e.membership, e.policies, e.shares, e.process} {
		if err := judge(v, p, work, &p.Criteria[i]); err != nil {
			return p, err
		}
	}
	p.conclude()
	return p, nil
}

func (p *Participation) conclude() {
	met := 0
	var open []string
	for i := range p.Criteria {
		c := &p.Criteria[i]
		if c.Met = len(c.Missing) == 0; c.Met {
			met++
		} else {
			open = append(open, fmt.Sprint(c.Number))
		}
	}
	p.Active = met == len(p.Criteria)
	when := "in " + p.Period.Name
	if strings.Contains(p.Period.Name, " to ") {
		when = "from " + p.Period.Name
	}
	if p.Through.Before(p.Period.To) {
		when += ", up to " + date(p.Through)
	}
	if p.Active {
		p.Sentence = fmt.Sprintf("%s took part actively %s: 4 of 4 criteria met", p.OrgName, when)
		return
	}
	p.Sentence = fmt.Sprintf("%s is not shown to have taken part actively %s: %d of 4 criteria met; not met: %s", p.OrgName, when, met, strings.Join(open, ", "))
}

func (c *Criterion) lack(format string, args ...any) {
	c.Missing = append(c.Missing, fmt.Sprintf(format, args...))
}

// membership is criterion 1: in good standing all the time.
func (e *Evidence) membership(v *db.View, p Participation, _ casework, c *Criterion) error {
	spells, err := e.members.StandingSpells(v, p.Org)
	if err != nil {
		return err
	}
	for _, g := range gaps(spells, p.Period.From, p.Through) {
		if g.To.Equal(p.Through) {
			c.lack("Not a member in good standing from %s on.", date(g.From))
		} else {
			c.lack("Not a member in good standing from %s to %s.", date(g.From), date(g.To))
		}
	}
	c.Finding = "The organization was not a member in good standing all the time."
	if len(c.Missing) == 0 {
		c.Finding = fmt.Sprintf("A member in good standing without a gap from %s to %s.", date(p.Period.From), last(p))
	}
	moves, err := e.ledger.About(v, p.Org, maxRead)
	if err != nil {
		return err
	}
	entries := map[string]int64{}
	for _, x := range moves {
		entries[x.Object] = x.Seq
		if at := micros(x.At); x.Object == p.Org && at.Before(p.Through) {
			if words, ok := standings[x.Verb]; ok {
				c.Evidence = append(c.Evidence, Item{Text: words, Entry: x.Seq, Href: "/members/" + p.Org, At: at})
			}
		}
	}
	signed, err := e.agreements.Acceptances(v, p.Org)
	if err != nil {
		return err
	}
	for _, a := range slices.Backward(signed) {
		if seq, ok := entries[a.ID]; ok && a.At.Before(p.Through) {
			c.Evidence = append(c.Evidence, Item{Text: fmt.Sprintf("Participation agreement, version %d, accepted by %s, %s", a.Version, a.Signatory, a.Title), Entry: seq, Href: "/agreement", At: a.At})
		}
	}
	return nil
}

var standings = map[string]string{
	"organization.activated": "Became a member", "organization.lapsed": "Renewal overdue, in grace", "organization.renewed": "Renewed", "organization.suspended": "Suspended",
	"organization.reinstated": "Reinstated", "organization.withdrawn": "Withdrew", "organization.terminated": "Membership ended by the ISAO",
}

// gaps is what no spell covers from one time to another.
func gaps(spells []members.Spell, from, to time.Time) (out []members.Spell) {
	spells = slices.Clone(spells)
	slices.SortFunc(spells, func(a, b members.Spell) int { return a.From.Compare(b.From) })
	at := from
	for _, s := range spells {
		if !s.To.IsZero() && !s.To.After(at) || !s.From.Before(to) {
			continue
		}
		if s.From.After(at) {
			out = append(out, members.Spell{From: at, To: s.From})
		}
		if s.To.IsZero() {
			return out
		}
		if s.To.After(at) {
			at = s.To
		}
	}
	if at.Before(to) {
		out = append(out, members.Spell{From: at, To: to})
	}
	return out
}

// kinds is what FDA names of an ISAO's policies, and how this house calls it.
var kinds = []struct {
	kind  agreements.Kind
	words string
}{{agreements.Participation, "Participant agreement"}, {agreements.Business, "Business processes"}, {agreements.Procedures, "Operating procedures"}, {agreements.Privacy, "Privacy protections"}}

// policies is criterion 2: each kind in force on each day, and not past its review.
func (e *Evidence) policies(v *db.View, p Participation, _ casework, c *Criterion) error {
	for _, k := range kinds {
		versions, err := e.agreements.Versions(v, k.kind)
		if err != nil {
			return err
		}
		slices.Reverse(versions) // oldest first
		from, past := inForce(versions, p)
		switch {
		case from.IsZero():
			c.lack("%s: no version was in force.", k.words)
			continue
		case from.After(p.Period.From):
			c.lack("%s: in force only from %s on.", k.words, date(from))
		case !past.IsZero():
			c.lack("%s: past its review since %s (every %d months).", k.words, date(past), ReviewEvery)
		}
		for i, d := range versions {
			ended := i+1 < len(versions) && !versions[i+1].Effective.After(p.Period.From)
			if ended || !d.Effective.Before(p.Through) {
				continue
			}
			item := Item{Text: fmt.Sprintf("%s: “%s”, version %d", k.words, d.Title, d.Version), Entry: -1, Href: "/agreement", At: d.Effective}
			es, err := e.ledger.About(v, d.ID, 1)
			if err != nil {
				return err
			}
			if len(es) == 1 {
				item.Entry = es[0].Seq
			}
			c.Evidence = append(c.Evidence, item)
		}
	}
	c.Finding = "Not all four kinds of policy were in force and reviewed on every day."
	if len(c.Missing) == 0 {
		c.Finding = fmt.Sprintf("All four kinds of policy were published, in force and not past review on every day from %s to %s.", date(p.Period.From), last(p))
	}
	return nil
}

// inForce is from when on some version was in force, zero for never by the end,
// and when within the period one was first past its review.
func inForce(versions []agreements.Document, p Participation) (from, past time.Time) {
	for i, d := range versions {
		if !d.Effective.Before(p.Through) {
			break
		}
		if from.IsZero() {
			from = d.Effective
		}
		until := p.Through
		if i+1 < len(versions) && versions[i+1].Effective.Before(until) {
			until = versions[i+1].Effective
		}
		review := d.Effective.AddDate(0, ReviewEvery, 0)
		if review.Before(p.Period.From) {
			review = p.Period.From
		}
		if review.Before(until) && past.IsZero() {
			past = review
		}
	}
	return from, past
}

// last is the last day that was judged.
func last(p Participation) string {
	if p.Through.Equal(p.Period.To) {
		return date(p.Through.AddDate(0, 0, -1))
	}
	return date(p.Through)
}

func micros(us int64) time.Time { return time.UnixMicro(us).UTC() }
