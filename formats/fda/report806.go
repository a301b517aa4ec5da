package fda

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Part806Due is when the report of a correction or removal is due: 10 work days
// after it was initiated, which is not when the vulnerability was learned of.
//
// R-020; 21 CFR 806.10(b).
func Part806Due(initiatedAt time.Time, loc *time.Location) Due {
	return AddWorkDays(initiatedAt, 10, loc)
}

// Part806AmendmentDue is when the amended report is due after a correction or
// removal was extended to more lots or devices: 10 work days after the
// extension was initiated.
//
// R-020; 21 CFR 806.10(d).
func Part806AmendmentDue(extensionInitiatedAt time.Time, loc *time.Location) Due {
	return AddWorkDays(extensionInitiatedAt, 10, loc)
}

// CorrectionOrRemoval is the last letter of a report number.
type CorrectionOrRemoval string

// The two letters.
const (
	Correction CorrectionOrRemoval = "C" // without physical removal
	Removal    CorrectionOrRemoval = "R"
)

// CorrectionReportNumber is the number of an 806 report, such as
// 1234567-6/1/97-001-C. registration is the establishment's seven digits, or
// empty if it has none. seq counts the firm's reports from 1 to 999; FDA's
// examples do not start it again each month.
//
// R-021; 21 CFR 806.10(c)(1).
func CorrectionReportNumber(registration string, on Date, seq int, kind CorrectionOrRemoval) (string, error) {
	if registration == "" {
		registration = "0000000"
	}
	s := fmt.Sprintf("%s-%d/%d/%02d-%03d-%s", registration, int(on.Month), on.Day, on.Year%100, seq, kind)
	if !ValidCorrectionReportNumber(s) || DateOf(on.utc(), time.UTC) != on {
		return "", errors.New("a report number needs a registration number of seven digits or none, a day of the calendar, a sequence from 1 to 999, and C or R")
	}
	return s, nil
}

var (
	correctionNumber = regexp.MustCompile(`^\d{7}-([1-9]|1[0-2])/([1-9]|[12]\d|3[01])/\d{2}-(\d{3})-[CR]$`)
	mdrNumber        = regexp.MustCompile(`^\d{7}-\d{4}-\d{5}$`)
	facilityNumber   = regexp.MustCompile(`^\d{10}-\d{4}-\d{4}$`)
)

// ValidCorrectionReportNumber tells whether s is written as an 806 report number.
func ValidCorrectionReportNumber(s string) bool {
	m := correctionNumber.FindStringSubmatch(s)
	return m != nil && m[3] != "000"
}

// ValidMDRNumber tells whether s is written as a manufacturer's or importer's
// report number, such as 1234567-2011-00001 (R-024; 21 CFR 803.3).
func ValidMDRNumber(s string) bool { return mdrNumber.MatchString(s) }

// ValidFacilityMDRNumber tells whether s is written as a user facility's report
// number, such as 1234560000-2011-0001 (R-024; 21 CFR 803.3).
func ValidFacilityMDRNumber(s string) bool { return facilityNumber.MatchString(s) }

// NonReportRecord is the record of a correction or removal that need not be
// reported.
//
// R-022; 21 CFR 806.20.
type NonReportRecord struct {
	Description     string
	Justification   string // with conclusions and follow-up
	ReviewedBy      string // the designated person who reviewed and evaluated it
	ExpectedLifeEnd Date   // the last day of the device's expected life
}

// Missing lists what the record lacks to be valid, in plain sentences.
func (r NonReportRecord) Missing() []string {
	var all []string
	for _, x := range []struct{ text, sentence string }{
		{r.Description, "The correction or removal is not described."},
		{r.Justification, "Why it is not reported is not justified."},
		{r.ReviewedBy, "No designated person has reviewed it."},
	} {
		if strings.TrimSpace(x.text) == "" {
			all = append(all, x.sentence)
		}
	}
	return all
}

// RetainUntil is the last day on which the record must be kept: two years
// beyond the expected life. It is zero if that is not known: keep the record.
func (r NonReportRecord) RetainUntil() Date {
	if r.ExpectedLifeEnd.IsZero() {
		return Date{}
	}
	return DateOf(r.ExpectedLifeEnd.utc().AddDate(2, 0, 0), time.UTC)
}
