package evidence

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// copyTime is how long after a customer notice its copy at the ISAO is not late.
// FDA says "upon notification"; the 24 hours are ours.
const copyTime = 24 * time.Hour

// casework is what an organization did in its cases, as far as the viewer can
// read it.
type casework []partyWork

type partyWork struct {
	c      cases.Case
	p      cases.Party
	events []event // those that tell of its work, oldest first
}

var workVerbs = []string{"case.shared", "determination.signed", "fact.recorded", "fact.withdrawn"}

// casework reads the cases in which the organization took part by the end of the
// time that is judged, without those that had ended before it.
func (e *Evidence) casework(v *db.View, p Participation) (casework, error) {
	parties, err := e.cases.PartiesOf(v, p.Org)
	if err != nil {
		return nil, err
	}
	var out casework
	for _, x := range parties {
		if !x.Accepted.Before(p.Through) || !x.Left.IsZero() && x.Left.Before(p.Period.From) {
			continue
		}
		k, err := e.cases.Case(v, x.Case)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if k.Stage.Ended() && k.StageAt.Before(p.Period.From) {
			continue
		}
		entries, err := e.ledger.About(v, k.ID, maxRead)
		if err != nil {
			return nil, err
		}
		entries = slices.DeleteFunc(entries, func(x ledger.Entry) bool { return !slices.Contains(workVerbs, x.Verb) })
		events, err := e.events(v, entries)
		if err != nil {
			return nil, err
		}
		out = append(out, partyWork{k, x, events})
	}
	return out, nil
}

// events opens entries. Those whose content was destroyed are left out.
func (e *Evidence) events(v *db.View, entries []ledger.Entry) (out []event, err error) {
	contents, err := e.ledger.OpenAll(v, entries)
	if err != nil {
		return nil, err
	}
	for _, x := range entries {
		c, ok := contents[x.Seq]
		if !ok {
			continue
		}
		ev, err := openEvent(x.Seq, c.Event)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", x.Seq, err)
		}
		out = append(out, ev)
	}
	return out, nil
}

// shares is criterion 3.
func (e *Evidence) shares(v *db.View, p Participation, work casework, c *Criterion) error {
	s, err := e.members.Settings(v)
	if err != nil {
		return err
	}
	desk := policy.OfCircle(s.Desk)
	// A notice is recorded after it was sent, perhaps after the period.
	entries, err := e.ledger.ByOrg(v, p.Org, []string{"report.received", "case.opened", "topic.started", "notice.sent", "notice.copied-to-isao"}, p.Period.From, v.Now().Add(time.Microsecond), maxRead)
	if err != nil {
		return err
	}
	events, err := e.events(v, entries)
	if err != nil {
		return err
	}
	var shared, told []Item
	for _, x := range events {
		if !p.during(x.Time()) {
			continue
		}
		item := Item{Entry: x.index, At: x.Time()}
		switch x.Verb {
		case "report.received":
			item.Text, item.Href = "Reported to the desk: "+x.text("title"), "/reports/"+x.Object
		case "case.opened":
			if !x.Label().Audience.Has(desk) {
				continue // perhaps it was shared later: see below
			}
			item.Text, item.Href = "Opened with the desk: "+ids.Short(x.Object)+", "+x.text("title"), "/cases/"+x.Object
		case "topic.started":
			about, err := e.cases.CaseOf(v, x.Object)
			if err != nil {
				return err
			}
			if about != "" || !sharedWithOthers(x, p.Org) {
				continue
			}
			item.Text, item.Href = "Started a topic as "+x.label()+": "+x.text("title"), "/topics/"+x.Object
		default:
			continue
		}
		shared = append(shared, item)
	}
	for _, w := range work {
		for _, x := range w.events {
			if x.Verb == "case.shared" && w.c.Author.Org == p.Org && p.during(x.Time()) {
				shared = append(shared, Item{Text: "Shared with the desk: " + w.c.Short() + ", " + w.c.Title, Entry: x.index, Href: "/cases/" + w.c.ID, At: x.Time()})
			}
		}
	}
	notices, late := 0, 0
	for _, n := range noticesOf(events) {
		if !p.during(n.sent) {
			continue
		}
		notices++
		where := ids.Short(n.in)
		if n.copied.IsZero() {
			c.lack("The ISAO has no copy of the customer notice of %s in %s.", date(n.sent), where)
			continue
		}
		told = append(told, Item{Text: fmt.Sprintf("Customer notice of %s in %s: the ISAO got its copy on %s", when(n.sent), where, when(n.copied)), Entry: n.entry, Href: "/cases/" + n.in, At: n.copied})
		if n.copied.Sub(n.sent) > copyTime {
			late++
			c.Late = append(c.Late, fmt.Sprintf("The ISAO got the customer notice of %s in %s on %s, more than 24 hours after it was sent.", when(n.sent), where, when(n.copied)))
		}
	}
	none, err := e.attested(v, p.Org, NoVulnerability)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(none, func(a Attestation) bool { return !a.From.After(p.Period.From) && !a.To.Before(p.Through) })
	c.Evidence = append(shared, told...)
	slices.SortStableFunc(c.Evidence, func(a, b Item) int { return a.At.Compare(b.At) })
	switch {
	case len(shared)+len(told) > 0:
		c.Finding = count(int64(len(shared)), "share", "shares") + " with the ISAO"
	case i >= 0:
		a := none[i]
		c.Evidence = append(c.Evidence, Item{Text: fmt.Sprintf("%s, %s, attested that no vulnerability became known from %s to %s", a.Name, a.Title, date(a.From), date(a.To.AddDate(0, 0, -1))), Entry: a.Entry, At: a.At})
		c.Finding = "No vulnerability became known, as a named person attested"
	default:
		c.lack("Nothing was shared with the ISAO, and nobody attested that there was nothing to share.")
		c.Finding = "No share with the ISAO, and no attested statement that there was nothing to share"
	}
	c.Finding += "; " + count(int64(notices), "customer notice", "customer notices")
	if notices > 0 {
		c.Finding += fmt.Sprintf(", %d of them with the ISAO's copy", len(told))
	}
	if late > 0 {
		c.Finding += fmt.Sprintf(", %d of the copies late", late)
	}
	c.Finding += "."
	return nil
}

// during reports whether t lies in the time that is judged.
func (p Participation) during(t time.Time) bool {
	return !t.Before(p.Period.From) && t.Before(p.Through)
}

// sharedWithOthers reports whether a topic was started as AMBER or wider and
// people of other organizations could read it. Whether it is about a
// vulnerability is not judged.
func sharedWithOthers(x event, org string) bool {
	r, ok := x.reach()
	switch t := policy.TLP(x.TLP); {
	case !ok || t != policy.Clear && t != policy.Green && t != policy.Amber:
		return false
	case r.Everyone:
		return true
	case t == policy.Green:
		return r.Organizations > 1
	}
	for _, o := range r.By {
		if o.Org != org && o.People > 0 {
			return true
		}
	}
	return false
}

// noticed is a customer notice as the ledger tells of it.
type noticed struct {
	id, in       string
	entry        int64
	sent, copied time.Time
}

// noticesOf puts the entries about each notice together, in order of sending.
func noticesOf(events []event) (out []noticed) {
	at := map[string]int{}
	of := func(id string) *noticed {
		i, ok := at[id]
		if !ok {
			i = len(out)
			at[id] = i
			out = append(out, noticed{id: id})
		}
		return &out[i]
	}
	for _, x := range events {
		switch x.Verb {
		case "notice.sent":
			n := of(x.Object)
			n.in, n.sent = x.Parent, x.time("sent_at")
			if n.entry == 0 {
				n.entry = x.index
			}
		case "notice.copied-to-isao":
			n := of(x.text("notice"))
			n.in, n.sent, n.copied, n.entry = x.Parent, x.time("sent_at"), x.time("isao_at"), x.index
		}
	}
	slices.SortStableFunc(out, func(a, b noticed) int { return a.sent.Compare(b.sent) })
	return out
}

// time reads a time of an event's data, or zero.
func (e event) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(e.text(name)))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
