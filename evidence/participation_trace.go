package evidence

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// received is something that an organization was told by the ISAO or by others
// through it.
type received struct {
	id, name, href string
	at             time.Time
	links          map[string][]Item // by kind of trace
}

// process is criterion 4.
func (e *Evidence) process(v *db.View, p Participation, work casework, c *Criterion) error {
	onFile, err := e.processOnFile(v, p, c)
	if err != nil {
		return err
	}
	all, err := e.received(v, p, work)
	if err != nil {
		return err
	}
	sampled := sample(p, all)
	traced := 0
	for _, r := range sampled {
		if err := e.follow(v, p, work, &r); err != nil {
			return err
		}
		var open []string
		for _, k := range []string{TraceRisk, TraceCountermeasure, TraceMitigation} {
			if len(r.links[k]) == 0 {
				open = append(open, traceWords[k])
			}
		}
		if len(r.links[TraceNotApplicable]) > 0 {
			open = nil
		}
		if len(open) > 0 {
			c.lack("%s, received on %s: not traced to a %s, nor recorded as not applicable.", r.name, date(r.at), strings.Join(open, ", a "))
		} else {
			traced++
		}
		for _, k := range TraceKinds() {
			for _, item := range r.links[k] {
				item.Text = r.name + ", " + traceWords[k] + ": " + item.Text
				c.Evidence = append(c.Evidence, item)
			}
		}
	}
	c.Finding = "No documented process on file"
	if onFile {
		c.Finding = "A documented process on file"
	}
	switch {
	case len(all) == 0:
		c.Finding += "; nothing was received in the period."
	case len(sampled) < len(all):
		c.Finding += fmt.Sprintf("; %d of %d sampled alerts and cases traced (%d received).", traced, len(sampled), len(all))
	default:
		c.Finding += fmt.Sprintf("; %d of %d received alerts and cases traced.", traced, len(sampled))
	}
	return nil
}

// processOnFile looks for an attested process in force all the time and not past
// its review.
func (e *Evidence) processOnFile(v *db.View, p Participation, c *Criterion) (bool, error) {
	as, err := e.attested(v, p.Org, Process)
	if err != nil {
		return false, err
	}
	best := "No documented process for assessing and answering what comes from the ISAO is on file."
	for _, a := range as {
		switch review := a.At.AddDate(0, ReviewEvery, 0); {
		case a.From.After(p.Period.From):
			best = fmt.Sprintf("The process on file is in force only from %s on.", date(a.From))
		case review.Before(p.Through):
			best = fmt.Sprintf("The process on file is past its review since %s (every %d months).", date(review), ReviewEvery)
		default:
			text := fmt.Sprintf("Process in force since %s, attested by %s, %s", date(a.From), a.Name, a.Title)
			item := Item{Text: text, Entry: a.Entry, At: a.At}
			if a.FileName != "" {
				item.Text += ": " + a.FileName + " (SHA-256 " + a.FileSHA256 + ")"
				item.Href = "/files/" + a.File
			}
			c.Evidence = append(c.Evidence, item)
			return true, nil
		}
	}
	c.lack("%s", best)
	return false, nil
}

// received lists what came to the organization in the period, oldest first: the
// cases that it joined, and the topics of others that it was shown as AMBER.
func (e *Evidence) received(v *db.View, p Participation, work casework) (out []received, err error) {
	for _, w := range work {
		if p.during(w.p.Accepted) {
			out = append(out, received{id: w.c.ID, name: w.c.Short(), href: "/cases/" + w.c.ID, at: w.p.Accepted})
		}
	}
	entries, err := e.ledger.Started(v, p.Period.From, p.Through, maxRead)
	if err != nil {
		return nil, err
	}
	for i := 0; i < len(entries); i += 500 {
		events, err := e.events(v, entries[i:min(i+500, len(entries))])
		if err != nil {
			return nil, err
		}
		for _, x := range events {
			r, _ := x.reach()
			to := false
			for _, o := range r.By {
				to = to || o.Org == p.Org && o.People > 0
			}
			if t := policy.TLP(x.TLP); !to || x.Org == p.Org || t != policy.Amber && t != policy.AmberStrict {
				continue
			}
			about, err := e.cases.CaseOf(v, x.Object)
			if err != nil {
				return nil, err
			}
			if _, err := e.forum.Topic(v, x.Object); about != "" || fault.Is(err, fault.Missing) {
				continue
			} else if err != nil {
				return nil, err
			}
			out = append(out, received{id: x.Object, name: "“" + x.text("title") + "”", href: "/topics/" + x.Object, at: x.Time()})
		}
	}
	slices.SortStableFunc(out, func(a, b received) int { return a.at.Compare(b.at) })
	return out, nil
}

// sample takes at most [SampleSize], so that neither side can choose which.
func sample(p Participation, all []received) []received {
	if len(all) <= SampleSize {
		return slices.Clone(all)
	}
	lot := func(r received) string {
		h := sha256.Sum256([]byte(p.Org + "\x00" + p.Period.Name + "\x00" + r.id))
		return string(h[:])
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b received) int { return strings.Compare(lot(a), lot(b)) })
	all = all[:SampleSize]
	slices.SortStableFunc(all, func(a, b received) int { return a.at.Compare(b.at) })
	return all
}

// follow gathers what the organization made of something received: the traces
// that it recorded and, of a case, its determinations, controls and fixes.
func (e *Evidence) follow(v *db.View, p Participation, work casework, r *received) error {
	r.links = map[string][]Item{}
	add := func(kind, text string, entry int64, at time.Time) {
		r.links[kind] = append(r.links[kind], Item{text, entry, r.href, at})
	}
	traces, err := e.Traces(v, p.Org, r.id)
	if err != nil {
		return err
	}
	for _, t := range traces {
		text := t.Target
		if t.Note != "" {
			text = strings.TrimPrefix(text+"; "+t.Note, "; ")
		}
		add(t.Kind, text, t.Entry, t.At)
	}
	for _, w := range work {
		if w.c.ID != r.id {
			continue
		}
		gone := map[string]bool{}
		for _, x := range w.events {
			if x.Verb == "fact.withdrawn" {
				gone[x.Object] = true
			}
		}
		for _, x := range w.events {
			if x.text("party") != w.p.ID || gone[x.Object] {
				continue
			}
			switch kind := x.text("kind"); {
			case x.Verb == "determination.signed":
				add(TraceRisk, "signed on "+x.when()+" by "+x.actor(), x.index, x.Time())
			case x.Verb == "fact.recorded" && kind == "controls-identified":
				add(TraceCountermeasure, "interim compensating control recorded on "+x.when()+" by "+x.actor(), x.index, x.Time())
			case x.Verb == "fact.recorded" && kind == "fix-distributed":
				add(TraceMitigation, "distribution of the fix recorded on "+x.when()+" by "+x.actor(), x.index, x.Time())
			}
		}
	}
	return nil
}
