package cases

import (
	"fmt"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/policy"
)

// The classes of what happened in a case, for filters.
const (
	ClassPeople    = "people"
	ClassClocks    = "clocks"
	ClassDecisions = "decisions"
	ClassSystem    = "system"
)

// Moment is one entry of the ledger about a case, in words.
type Moment struct {
	Seq    int64
	At     time.Time
	Actor  string // person id, system:<name> or anonymous
	Name   string // of the actor, as it was then
	Org    string // the name of the actor's organization
	Text   string // a sentence that goes on after the name: "invited Pump Works as vendor"
	Detail string // what was said with it; may be empty
	Class  string
	Verb   string
	Object string
	Label  policy.Label
	Proof  bool // covered by a signed checkpoint; else recorded and covered by the next
}

// Timeline lists what happened in a case as the viewer may read it, newest first,
// before a sequence number (0 from the newest), at most limit; next is where the
// following page begins, 0 at the end. The case's and its parties' own entries;
// posts are in its threads.
func (c *Cases) Timeline(v *db.View, id string, before int64, limit int) (ms []Moment, next int64, err error) {
	if _, err := c.Case(v, id); err != nil {
		return nil, 0, err
	}
	if limit <= 0 || limit > MaxPage {
		limit = MaxPage
	}
	point, err := c.ledger.Checkpoint(v)
	if err != nil {
		return nil, 0, err
	}
	for {
		es, err := c.ledger.Before(v, id, before, limit)
		if err != nil {
			return nil, 0, err
		}
		contents, err := c.ledger.OpenAll(v, es)
		if err != nil {
			return nil, 0, err
		}
		for i, e := range es {
			before = e.Seq
			w, ok := verbs[e.Verb]
			if ok && w.hidden {
				continue
			}
			m, err := moment(e, w, contents[e.Seq])
			if err != nil {
				return nil, 0, err
			}
			m.Proof = e.Seq < point.Size
			if ms = append(ms, m); len(ms) == limit {
				if i == len(es)-1 && len(es) < limit {
					before = 0
				}
				return ms, before, nil
			}
		}
		if len(es) < limit {
			return ms, 0, nil
		}
	}
}

// said is what the words of the verbs need of an entry's data.
type said struct {
	Title      string    `json:"title"`
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	Reason     string    `json:"reason"`
	Why        any       `json:"why"` // a clock has several
	Note       string    `json:"note"`
	Source     string    `json:"source"`
	From       any       `json:"from"`
	To         any       `json:"to"`
	Until      time.Time `json:"until"`
	Due        time.Time `json:"due"`
	PlannedAt  time.Time `json:"planned_at"`
	Event      string    `json:"event"`
	Kind       string    `json:"kind"`
	Cause      string    `json:"cause"`
	Statement  string    `json:"statement"`
	Statuses   []any     `json:"statuses"`
	People     []string  `json:"people"`
	CVE        string    `json:"cve"`
	Outcome    string    `json:"outcome"`
	State      any       `json:"state"`
	Decision   string    `json:"decision"`
	Step       string    `json:"step"`
	Obligation struct {
		Name string `json:"name"`
	} `json:"obligation"`
}

// words says one verb.
type words struct {
	class  string
	say    func(s said) string
	hidden bool
}

// byItself reports whether the program does something in the course of what a
// person did.
func byItself(verb string) bool {
	return strings.HasPrefix(verb, "obligation.") && verb != "obligation.waived"
}

func plain(text string) func(said) string { return func(said) string { return text } }

func inWords(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

func moment(e ledger.Entry, w words, content ledger.Content) (Moment, error) {
	m := Moment{Seq: e.Seq, At: clock.FromMicros(e.At), Actor: e.Actor, Class: w.class, Verb: e.Verb, Object: e.Object, Label: e.Label}
	if m.Class == "" {
		m.Class = ClassSystem
	}
	var s said
	if content.Canonical == nil {
		m.Text = "did something whose content was destroyed since (" + e.Verb + ")"
		return m, nil
	}
	m.Name, m.Org = content.Event.Name, content.Event.OrgName
	if m.Name == "" || byItself(e.Verb) {
		m.Name, m.Org = "Cordon", ""
	}
	// Data that does not fit is another version's: the verb alone is said.
	if err := content.Event.Decode(&s); err != nil {
		s = said{}
	}
	if w.say == nil {
		m.Text = fmt.Sprintf("recorded %s on %s", e.Verb, ids.Short(e.Object))
	} else {
		m.Text = w.say(s)
	}
	for _, d := range []string{s.Reason, text(s.Why, nil), s.Note, s.Source, s.Statement} {
		if d != "" {
			m.Detail = d
			break
		}
	}
	return m, nil
}
