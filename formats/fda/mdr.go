package fda

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Reporter is who owes a medical device report.
type Reporter string

// The reporters.
const (
	Manufacturer Reporter = "manufacturer"
	Importer     Reporter = "importer"
	UserFacility Reporter = "user_facility"
)

// Event is what a medical device report is about.
type Event string

// The events.
const (
	Death         Event = "death"
	SeriousInjury Event = "serious_injury"
	Malfunction   Event = "malfunction" // likely to cause or contribute to either if it recurs
)

// Recipient is who gets a medical device report.
type Recipient string

// The recipients.
const (
	ToFDA          Recipient = "fda"
	ToManufacturer Recipient = "manufacturer"
)

// MDRFacts is what decides on a medical device report.
type MDRFacts struct {
	Reporter Reporter
	Event    Event
	// AwareAt is when the reporter became aware of what starts its clock: the
	// event; for a five-day report, that remedial action is needed, or FDA's
	// request.
	AwareAt time.Time
	// RemedialAction: the event needs remedial action to prevent an
	// unreasonable risk of substantial harm to the public health.
	RemedialAction bool
	FDARequest     bool // FDA asked for five-day reports in writing
	// ManufacturerUnknown matters to a user facility only.
	ManufacturerUnknown bool
}

// MDR is the duty to make a medical device report.
type MDR struct {
	Required bool // false: a user facility's malfunction, which it may report
	FiveDay  bool
	To       []Recipient
	Due      Due // zero if not required
	Source   string
}

// MDRDue is who gets which report by when (R-023; 21 CFR 803.10, table of
// domain 6.2). Whether the event is reportable at all is [Reportable]'s.
func MDRDue(f MDRFacts, loc *time.Location) (MDR, error) {
	if !slices.Contains([]Event{Death, SeriousInjury, Malfunction}, f.Event) {
		return MDR{}, fmt.Errorf("a medical device report is about a death, a serious injury or a malfunction, not %q", string(f.Event))
	}
	if f.AwareAt.IsZero() {
		return MDR{}, fmt.Errorf("when the %s became aware is not given", strings.ReplaceAll(string(f.Reporter), "_", " "))
	}
	month, tenDays := AddDays(f.AwareAt, 30, loc), AddWorkDays(f.AwareAt, 10, loc)
	switch {
	case f.Reporter == Manufacturer && (f.RemedialAction || f.FDARequest):
		return MDR{true, true, []Recipient{ToFDA}, AddWorkDays(f.AwareAt, 5, loc), "21 CFR 803.53"}, nil
	case f.Reporter == Manufacturer:
		return MDR{true, false, []Recipient{ToFDA}, month, "21 CFR 803.50"}, nil
	case f.Reporter == Importer && f.Event == Malfunction:
		return MDR{true, false, []Recipient{ToManufacturer}, month, "21 CFR 803.40(b)"}, nil
	case f.Reporter == Importer:
		return MDR{true, false, []Recipient{ToFDA, ToManufacturer}, month, "21 CFR 803.40(a)"}, nil
	case f.Reporter != UserFacility:
		return MDR{}, fmt.Errorf("a medical device report is made by a manufacturer, an importer or a user facility, not %q", string(f.Reporter))
	case f.Event == Malfunction:
		return MDR{Source: "21 CFR 803.30"}, nil
	case f.ManufacturerUnknown:
		return MDR{true, false, []Recipient{ToFDA}, tenDays, "21 CFR 803.30(a)"}, nil
	case f.Event == Death:
		return MDR{true, false, []Recipient{ToFDA, ToManufacturer}, tenDays, "21 CFR 803.30(a)(1)"}, nil
	}
	return MDR{true, false, []Recipient{ToManufacturer}, tenDays, "21 CFR 803.30(a)(2)"}, nil
}

// QualifiedRole is a profession that may judge that a device did not cause or
// contribute to an event.
type QualifiedRole string

// The qualified roles.
const (
	Physician          QualifiedRole = "physician"
	Nurse              QualifiedRole = "nurse"
	RiskManager        QualifiedRole = "risk_manager"
	BiomedicalEngineer QualifiedRole = "biomedical_engineer"
)

// NotCaused is a qualified person's conclusion that the device did not cause or
// contribute to the event.
type NotCaused struct {
	By    string
	Role  QualifiedRole
	Basis string // the information it rests on, kept in the MDR event file
}

// Reportable tells whether an event must be reported: always, unless a
// qualified person reasonably concluded that the device is not the cause and
// the basis is kept. The sentences say why a conclusion does not count.
//
// R-025; 21 CFR 803.20(c)(2).
func Reportable(conclusion *NotCaused) (bool, []string) {
	if conclusion == nil {
		return true, nil
	}
	var why []string
	if strings.TrimSpace(conclusion.By) == "" {
		why = append(why, "Who concluded it is not named.")
	}
	if !slices.Contains([]QualifiedRole{Physician, Nurse, RiskManager, BiomedicalEngineer}, conclusion.Role) {
		why = append(why, "The conclusion is not by a physician, nurse, risk manager or biomedical engineer.")
	}
	if strings.TrimSpace(conclusion.Basis) == "" {
		why = append(why, "The basis of the conclusion is not kept.")
	}
	return len(why) > 0, why
}
