package alerts

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/matching"
	"github.com/cordon-isao/cordon/policy"
)

// What matching may tell by itself. Somebody who brings in an inventory, or a feed of
// thirty years, is not told of all that is old: it is in his exposure.
const (
	fresh     = 30 * 24 * time.Hour // since a record was published or changed, unless it is exploited
	dailyMost = 20                  // notices that matching makes for an organization in a day; the rest is one more
)

// tell makes the notices of what matching found: one for each organization and group,
// and never more than [dailyMost] a day.
func (x *Alerts) tell(tx *db.Tx, touches []matching.Touch) error {
	byOrg := map[string][]matching.Touch{}
	for _, t := range touches {
		byOrg[t.Org] = append(byOrg[t.Org], t)
	}
	orgs := make([]string, 0, len(byOrg))
	for org := range byOrg {
		orgs = append(orgs, org)
	}
	slices.Sort(orgs)
	for _, org := range orgs {
		if err := x.tellOne(tx, org, byOrg[org]); err != nil {
			return err
		}
	}
	return nil
}

// notable reports whether somebody is to be told of a touch at once.
func notable(t matching.Touch, now time.Time) bool {
	return t.Exploited || !t.Published.IsZero() && now.Sub(t.Published) <= fresh
}

// touch is something of an organization's that is touched, by the name it is listed under.
type touch struct {
	matching.Touch
	what string
}

// named adds the names, and leaves out what is not there any more.
func (x *Alerts) named(v *db.View, ts []matching.Touch) ([]touch, error) {
	names := map[string]string{}
	out := make([]touch, 0, len(ts))
	for _, t := range ts {
		id := t.Deployment
		if id == "" {
			id = t.Product
		}
		name, ok := names[id]
		if !ok {
			var err error
			if name, err = x.nameOf(v, t); err != nil {
				return nil, err
			}
			names[id] = name
		}
		switch {
		case name == "":
		case t.Deployment == "":
			out = append(out, touch{t, strings.TrimSpace(name + " " + t.Version)})
		default:
			out = append(out, touch{t, name})
		}
	}
	return out, nil
}

// nameOf is what a deployment or a product is called, "" if it is not there any more.
func (x *Alerts) nameOf(v *db.View, t matching.Touch) (name string, err error) {
	if t.Deployment != "" {
		var d devices.Deployment
		d, err = x.devices.Deployment(v, t.Deployment)
		name = called(d)
	} else {
		var p devices.Product
		p, err = x.devices.Product(v, t.Product)
		name = p.Title()
	}
	if fault.Is(err, fault.Missing) {
		return "", nil
	}
	return name, err
}

// rankTouches puts what is exploited first, then the gravest: they take the day's
// places. Ids decide last, which are random and tell nothing.
func rankTouches(ts []touch) {
	slices.SortStableFunc(ts, func(a, b touch) int {
		return cmp.Or(cmp.Compare(flag(b.Exploited), flag(a.Exploited)), cmp.Compare(b.Severity, a.Severity), strings.Compare(b.Vuln, a.Vuln), strings.Compare(a.what, b.what), strings.Compare(a.Why, b.Why), strings.Compare(a.Finding, b.Finding))
	})
}

func (x *Alerts) tellOne(tx *db.Tx, org string, found []matching.Touch) error {
	v := all(tx.View)
	ts, err := x.named(v, found)
	if err != nil {
		return err
	}
	rankTouches(ts)
	written, err := x.alerted(v, org)
	if err != nil {
		return err
	}
	today := clock.Day(tx.Now())
	had, err := db.One(v, db.Value[int], `SELECT count(*) FROM visible.alerts_notices n WHERE n.org = $1 AND n.at >= $2 AND n.kind = 'matching'`, org, clock.Micros(today))
	if err != nil {
		return err
	}
	open := map[string]*Notice{} // by id
	var order []string
	isNew := map[string]bool{}
	grew := map[string]bool{}
	rest := int64(0)
	for _, t := range ts {
		if written[t.Vuln+" "+t.Deployment] {
			continue // somebody wrote to them about this already, or they did to others
		}
		n, err := x.ofGroup(v, open, org, groupKeys(t.Touch))
		if err != nil {
			return err
		}
		if n == nil {
			if had >= dailyMost {
				rest++
				continue
			}
			had++
			text, err := x.textOf(v, org, t.Touch)
			if err != nil {
				return err
			}
			made := newNotice(tx, OfMatching, org, "", Digest, text, nil, false, "", groupKeys(t.Touch)[0])
			// Those of one round stand in the order of their rank, and not of ids, which
			// are random.
			made.At = made.At.Add(-time.Duration(len(isNew)) * time.Microsecond)
			n = &made
			isNew[n.ID] = true
		}
		if open[n.ID] == nil {
			open[n.ID] = n
			order = append(order, n.ID)
		}
		more, err := x.join(v, n, t)
		if err != nil {
			return err
		}
		grew[n.ID] = grew[n.ID] || more
		for _, k := range groupKeys(t.Touch) {
			if _, err := tx.Exec(`INSERT INTO alerts_groups (org, key, notice) VALUES ($1, $2, $3) ON CONFLICT (org, key) DO NOTHING`, org, k, n.ID); err != nil {
				return err
			}
		}
	}
	for _, id := range order {
		n := open[id]
		switch {
		case isNew[id]:
			err = x.give(tx, *n)
		case grew[id]:
			err = x.grow(tx, *n)
		}
		if err != nil {
			return err
		}
	}
	return x.tellRest(tx, org, today, rest)
}

// groupKeys are by what a touch is known to belong to a notice: the same
// vulnerability, or the same advisory.
func groupKeys(t matching.Touch) []string {
	keys := []string{"vulnerability " + t.Vuln}
	if t.Document != "" {
		keys = append([]string{"advisory " + t.Document}, keys...)
	}
	return keys
}

// ofGroup is the notice of a group that there is, or nil.
func (x *Alerts) ofGroup(v *db.View, open map[string]*Notice, org string, keys []string) (*Notice, error) {
	for _, k := range keys {
		ids, err := db.All(v, db.Value[string], `SELECT g.notice FROM alerts_groups g WHERE g.org = $1 AND g.key = $2`, org, k)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if n := open[id]; n != nil {
				return n, nil
			}
			n, err := x.Notice(v, id)
			return &n, err
		}
	}
	return nil, nil
}

// join adds a touch to a notice. more says that there is something new in it.
func (x *Alerts) join(v *db.View, n *Notice, t touch) (more bool, err error) {
	c := classOf(t.Touch)
	if slices.Index(Classes(), c) < slices.Index(Classes(), n.Class) {
		n.Class = c
	}
	if t.Exploited && !n.Exploited {
		n.Exploited, more = true, true
	}
	if !slices.Contains(n.Content.Vulns, t.Vuln) && len(n.Content.Vulns) < MaxVulns {
		n.Content.Vulns = append(n.Content.Vulns, t.Vuln)
	}
	if slices.ContainsFunc(n.Matched, func(m Match) bool { return m.Finding == t.Finding && m.Deployment == t.Deployment }) {
		return more, nil
	}
	f, err := x.matching.Finding(v, t.Finding)
	if err != nil {
		return more, err
	}
	m := Match{Deployment: t.Deployment, Finding: t.Finding, What: t.what, Why: t.Why, Sure: f.Verdict == matching.Affected}
	if t.Deployment == "" {
		m.Product = t.Product
	}
	n.add([]Match{m})
	return true, nil
}

func classOf(t matching.Touch) Class {
	switch {
	case t.Exploited:
		return Now
	case t.Severity >= 70:
		return Today
	}
	return Digest
}

// textOf is what a notice of matching's says, from the words that its organization may
// read.
func (x *Alerts) textOf(v *db.View, org string, t matching.Touch) (Content, error) {
	c := Content{Title: t.Vuln, DoNow: "Look at what is listed here, and say what you found.", Vulns: []string{t.Vuln}, Affected: []Affected{}, TLP: policy.AmberStrict}
	o, err := x.members.Organization(v, org)
	if err != nil {
		return c, err
	}
	eyes := v.As(policy.Member(policy.Membership{Person: "recipient", Org: o.ID, Kind: o.Kind, OrgStands: o.Standing, Recipient: true}, "", o.Name, "", nil, nil))
	u, err := x.vulns.Vulnerability(eyes, t.Vuln)
	if fault.Is(err, fault.Missing) {
		return c, nil
	}
	if u.Title != "" {
		c.Title = cut(t.Vuln+": "+u.Title, MaxTitle)
	}
	c.What, c.TLP = cut(u.Summary, MaxWhat), u.Label.TLP
	return c, err
}

// alerted are the vulnerabilities and deployments of which people wrote to an
// organization, and the vulnerabilities, with no deployment, of which it wrote to
// others, as far as that stands.
func (x *Alerts) alerted(v *db.View, org string) (map[string]bool, error) {
	ns, err := db.All(v, scanNotice(v), `SELECT `+noticeColumns+` FROM visible.alerts_notices n WHERE n.org = $1 AND n.kind = 'alert' AND n.ended = ''`, org)
	out := map[string]bool{}
	for _, n := range ns {
		for _, u := range n.Content.Vulns {
			for _, m := range n.Matched {
				out[u+" "+m.Deployment] = true
			}
		}
	}
	if err != nil {
		return out, err
	}
	return out, v.Each(`SELECT a.content FROM visible.alerts_alerts a WHERE a.org = $1 AND a.state = 'sent'`, []any{org}, func(s db.Scanner) error {
		var content string
		if err := s.Scan(&content); err != nil {
			return err
		}
		var c Content
		err := json.Unmarshal([]byte(content), &c)
		for _, u := range c.Vulns {
			out[u+" "] = true
		}
		return err
	})
}

// grow writes what was added to a notice. What was answered finally, or put away, was
// so without it, and is open again.
func (x *Alerts) grow(tx *db.Tx, n Notice) error {
	return tx.MustChange(`UPDATE alerts_notices SET updated = $1, class = $2, content = $3, matched = $4, more = $5, sure = $6, exploited = $7, rank = $8, opened = 0, opened_by = '', archived = 0,
			answer = CASE WHEN answer IN ('not_us', 'fixed') THEN '' ELSE answer END WHERE id = $9`,
		clock.Micros(tx.Now()), string(n.Class), encode(n.Content), encode(n.Matched), n.More, flag(n.Sure), flag(n.Exploited), n.rank(), n.ID)
}

// tellRest tells how many more findings there were on a day: one notice for all.
func (x *Alerts) tellRest(tx *db.Tx, org string, day time.Time, more int64) error {
	if more == 0 {
		return nil
	}
	v, group := all(tx.View), "rest "+day.Format(time.DateOnly)
	ns, err := db.All(v, scanNotice(v), `SELECT `+noticeColumns+` FROM visible.alerts_notices n WHERE n.org = $1 AND n.alert = '' AND n.grp = $2`, org, group)
	if err != nil {
		return err
	}
	if len(ns) > 0 {
		n := ns[0]
		n.More += more
		n.Content.Title = restTitle(n.More)
		return x.grow(tx, n)
	}
	n := newNotice(tx, OfRest, org, "", Digest, Content{Title: restTitle(more), DoNow: "See what is open on your devices and products.", Affected: []Affected{}, TLP: policy.AmberStrict}, nil, false, "", group)
	n.More = more
	return x.give(tx, n)
}

func restTitle(n int64) string {
	if n == 1 {
		return "And 1 more finding on what is yours"
	}
	return fmt.Sprintf("And %d more findings on what is yours", n)
}
