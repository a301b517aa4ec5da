package web

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var doneCase = greeting("case", "ok", "The case is open. What comes next stands on top.")

// caseNewView is what the form for a new case is drawn from.
type caseNewView struct {
	a      attempt
	key    string
	desk   bool        // opens it for somebody else
	makers []ui.Option // whose product it may be
}

// caseNew is the form with which a case is opened.
func (c *Ctx) caseNew() error {
	if !c.mayOpenCase() {
		return fault.ErrMissing
	}
	return c.showCaseNew(200, attempt{})
}

func (c *Ctx) showCaseNew(status int, a attempt) error {
	x := caseNewView{a: a, key: a.key("case", ids.Random(26)), desk: c.Viewer.May(policy.MayTriage)}
	if x.desk {
		var err error
		if x.makers, err = c.orgOptions(policy.Manufacturer, policy.Vendor); err != nil {
			return err
		}
		x.makers = append([]ui.Option{{Value: "", Text: "Not known yet"}}, x.makers...)
	}
	return c.show(Page{Title: "Open a case", Kind: "compose", Status: status, Label: policy.Label{TLP: policy.Green}, Body: caseNewBody(x), Right: caseNewAside()})
}

// orgOptions are the members of some kinds that the reader can see, by name; of
// every kind if none is named.
func (c *Ctx) orgOptions(kinds ...policy.Kind) (out []ui.Option, err error) {
	if len(kinds) == 0 {
		kinds = []policy.Kind{""}
	}
	for _, k := range kinds {
		after := ""
		for {
			rows, next, err := c.Members.Organizations(c.View, members.Filter{Kind: k, Limit: 200}, after)
			if err != nil {
				return nil, err
			}
			for _, o := range rows {
				out = append(out, ui.Option{Value: o.ID, Text: o.Name, Hint: members.KindWords(o.Kind, 1)})
			}
			if next == "" || len(out) > 2000 {
				break
			}
			after = next
		}
	}
	return out, nil
}

// caseOpen opens a case.
func (c *Ctx) caseOpen() error {
	return c.caseAct(caseForm{which: "case", fields: []string{"title", "summary", "manufacturer", "learned_at", "safety", "label", "share", "desk_sees"},
		show: c.showCaseNew,
		do: func(tx *db.Tx, a attempt) (string, error) {
			in := cases.NewCase{Title: a.t["title"], Summary: a.t["summary"], Maker: a.t["manufacturer"], Safety: cases.Safety(a.t["safety"]), DeskSees: a.t["desk_sees"] != "", Key: a.t["idempotency_key"]}
			var p check.Problems
			in.LearnedAt = moment(&p, "learned_at", "When the manufacturer learned of it", a.t["learned_at"], false)
			t, err := policy.ParseTLP(a.t["label"])
			if err != nil {
				p.Add("label", "Choose TLP:AMBER or TLP:AMBER+STRICT.")
			}
			in.Label.TLP = t
			if err := p.Err(); err != nil {
				return "", err
			}
			if a.t["share"] != "" {
				s, err := c.Members.Settings(tx.View)
				if err != nil {
					return "", err
				}
				in.Label.Audience = policy.NewAudience(policy.OfCircle(s.Desk))
			}
			id, again, err := c.Cases.Open(tx, in)
			if again && err == nil {
				return "/cases/" + id, errAgain
			}
			return "/cases/" + id + "?done=" + doneCase, err
		}})
}

// instant is how a time of day is typed and sent: in UTC, to the minute.
const instant = "2006-01-02T15:04"

// moment reads a time that was typed, in UTC; a day alone is its beginning.
func moment(p *check.Problems, field, what, text string, needed bool) time.Time {
	text = strings.TrimSpace(text)
	if text == "" {
		if needed {
			p.Add(field, "%s is missing.", what)
		}
		return time.Time{}
	}
	for _, layout := range []string{instant, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Year() > 1970 && t.Year() < 10000 {
			return t.UTC()
		}
	}
	p.Add(field, "%s is written as year-month-day, such as 2026-11-14, with the time of day in UTC if it matters: 2026-11-14 15:30.", what)
	return time.Time{}
}

// typedTime writes a time as a field holds it; zero is empty.
func typedTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(instant)
}

// safetyOptions are what may be said of patients' safety; known harm has its own
// switch.
func safetyOptions(chosen cases.Safety) (out []ui.Option) {
	for _, o := range []struct {
		s          cases.Safety
		text, hint string
	}{
		{cases.SafetyUnknown, "Nobody has looked yet", ""},
		{cases.SafetyReview, "Under review", "Somebody is assessing what could happen to patients."},
		{cases.SafetyPossible, "Patient harm is possible", "Assessed: exploiting it could harm a patient."},
		{cases.SafetyNone, "No patient harm is to be expected", "Assessed. Loss of confidentiality alone is not patient harm."},
	} {
		out = append(out, ui.Option{Value: string(o.s), Text: o.text, Hint: o.hint, Selected: o.s == chosen || chosen == "" && o.s == cases.SafetyUnknown})
	}
	return out
}
