package cases

import (
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// pma is R-014: a device approved under a PMA has a row in its next periodic
// report, whatever the risk.
func (a account) pma(f fda.Facts) (o Obligation, ok bool) {
	x, ok := a.first(PMA, nil)
	if !ok {
		return o, false
	}
	o = Obligation{Object: a.party.ID, Rule: "R-014", Clock: "pma", Name: "Row of the periodic PMA report", Source: sourcePMA, Trigger: x.At, What: "The device is approved under a PMA."}
	if day, err := fda.ParseDate(x.Says("report_due")); err == nil {
		o.Due = day.End(nil)
	}
	if by, ok := a.first(PMAReported, nil); ok {
		o.SatisfiedAt, o.SatisfiedBy = by.At, by.ID
	} else {
		for _, m := range a.pmaRow("").Missing() {
			if m != pmaISAO { // the house fills it in
				o.Missing = append(o.Missing, "The row lacks: "+m+".")
			}
		}
		o.Missing = append(o.Missing, "The periodic report with this row is not recorded.")
	}
	return o, true
}

const pmaISAO = "ISAO, and when it was told"

// pmaRow writes the eleven fields from what is recorded.
func (a account) pmaRow(isao string) fda.PMAAnnualRow {
	r := fda.PMAAnnualRow{Vulnerability: a.kase.Title, ISAO: isao}
	if x, ok := a.first(Learned, nil); ok {
		r.HowAware = x.Says("how")
	}
	var last Determination
	for _, d := range a.determinations {
		if !d.Sheet.Residual && (last.ID == "" || d.At.After(last.At)) {
			last = d
		}
	}
	r.RiskConclusion, r.RiskSummary = last.Outcome, last.Sheet.Rationale
	if x, ok := a.first(PMA, nil); ok {
		r.Change, r.Comparison, r.Rationale, r.BasisForNone = x.Says("change"), x.Says("comparison"), x.Says("rationale"), x.Says("basis_for_none")
		r.UDI, r.OtherDevices, r.Alerts = listed(x.Says("udi")), listed(x.Says("other_devices")), listed(x.Says("alerts"))
		r.RelatedEvents, r.OtherSubmissions = listed(x.Says("related_events")), listed(x.Says("other_submissions"))
	}
	if x, ok := a.first(Enhancement, nil); ok && r.Change == "" {
		r.Change = x.Says("text")
	}
	add := func(to *fda.Listed, s string) {
		if s != "" && !slices.Contains(to.Items, s) {
			to.Items, to.None = append(to.Items, s), false
		}
	}
	for _, f := range a.facts {
		switch f.Kind {
		case MDRFiled:
			add(&r.RelatedEvents, f.Says("number"))
		case Filed806:
			add(&r.OtherSubmissions, f.Says("number"))
		}
	}
	var told time.Time
	if a.kase.Shared {
		told = a.kase.At
	}
	for _, n := range a.notices {
		if n.State == NoticeSent {
			add(&r.Notifications, fda.DateOf(n.SentAt, nil).String()+": "+n.Text.Subject)
			told = earliest(told, n.ISAOAt)
		}
	}
	r.Notifications.None = len(r.Notifications.Items) == 0
	for _, l := range []*fda.Listed{&r.RelatedEvents, &r.OtherSubmissions, &r.Notifications} {
		slices.Sort(l.Items)
	}
	if !told.IsZero() {
		r.ISAOReportedOn = fda.DateOf(told, nil)
	}
	return r
}

func listed(s string) (l fda.Listed) {
	for line := range strings.Lines(s) {
		switch line = strings.TrimSpace(line); {
		case strings.EqualFold(line, "none"):
			l.None = true
		case line != "":
			l.Items = append(l.Items, line)
		}
	}
	if len(l.Items) > 0 {
		l.None = false
	}
	return l
}

// PMARow is a party's row for the periodic report of a PMA device, and
// what it lacks; fda.WritePMA writes it as CSV. For those who read the party's
// records.
func (c *Cases) PMARow(v *db.View, party string) (fda.PMAAnnualRow, []string, error) {
	var k Case
	var p Party
	if _, err := c.speaksFor(v, party, &k, &p); err != nil {
		return fda.PMAAnnualRow{}, nil, err
	}
	a, err := c.account(v, k, p)
	if err != nil {
		return fda.PMAAnnualRow{}, nil, err
	}
	if _, ok := a.first(PMA, nil); !ok {
		return fda.PMAAnnualRow{}, nil, fault.Conflictf("State first that the device is approved under a PMA.")
	}
	s, err := c.members.Settings(v)
	if err != nil {
		return fda.PMAAnnualRow{}, nil, err
	}
	r := a.pmaRow(s.Name)
	return r, r.Missing(), nil
}
