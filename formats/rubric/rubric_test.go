package rubric

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/cordon-isao/cordon/formats/cvss"
)

// remote are the answers for a device that anyone on its network can stop: no
// login, nothing is read.
func remote() Answers {
	a := Answers{"XAVN": "Y", "XAVT": "Y", "XACL": "Y", "XPRL": "N", "XUI": "N", "XS": "N"}
	for _, q := range all {
		if q.Class != "" && q.ID != "XCPM" {
			a[q.ID] = "N"
		}
	}
	a["XAT"] = "H"
	return a
}

func flags(r Result) (codes []string) {
	for _, f := range r.Flags {
		codes = append(codes, f.Code)
	}
	return codes
}

// answers to vector, extended vector and flags.
func TestScore(t *testing.T) {
	for name, c := range map[string]struct {
		change Answers
		vector string
		flags  []string
	}{
		"a pump stopped from the network": {nil, "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"unknown whether there is a network": {
			Answers{"XAVN": "U", "XAVT": ""}, "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh, Unknowns}},
		"a wired bus that is not IP": {
			Answers{"XAVT": "N", "XAVW": "N"}, "AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"radio across the room": {
			Answers{"XAVT": "N", "XAVW": "Y", "XAVR": "N"}, "AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"radio at the bedside": {
			Answers{"XAVT": "N", "XAVW": "Y", "XAVR": "Y"}, "AV:L/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"radio of unknown range": {
			Answers{"XAVT": "N", "XAVW": "Y", "XAVR": "U"}, "AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh, Unknowns}},
		"a file on a stick": {
			Answers{"XAVN": "N", "XAVT": "", "XAVP": "N", "XUI": "Y"}, "AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"a service port": {
			Answers{"XAVN": "N", "XAVT": "", "XAVP": "Y", "XAVPA": "N"}, "AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"a race for a user": {
			Answers{"XACL": "N", "XPRL": "Y", "XPRZ": "Y", "XPRS": "N"}, "AV:N/AC:H/PR:L/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"an administrator": {
			Answers{"XPRL": "Y", "XPRZ": "Y", "XPRS": "Y"}, "AV:N/AC:L/PR:H/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"past the login": {
			Answers{"XPRL": "Y", "XPRZ": "N"}, "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", []string{TherapyHigh}},
		"a record of one patient": {
			Answers{"XAT": "N", "XCP": "Y", "XCPM": "N"}, "AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", []string{ConfidentialityOnly}},
		"a database": {
			Answers{"XAT": "N", "XCP": "Y", "XCPM": "Y"}, "AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", []string{ManyPatients, ConfidentialityOnly}},
		"the highest of the classes": {
			Answers{"XS": "Y", "XAT": "N", "XCP": "Y", "XCPM": "N", "XCS": "H", "XIW": "L", "XID": "H", "XAO": "L"},
			"AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:L", []string{DiagnosisHigh}},
		"a little of therapy": {
			Answers{"XAT": "L"}, "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L", nil},
		"nothing": {
			Answers{"XAT": "N"}, "AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", nil},
	} {
		a := remote()
		maps.Copy(a, c.change)
		r, err := Score(a)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := "CVSS:3.1/" + c.vector; r.Vector.String() != want || r.Unused != nil {
			t.Errorf("%s: %s, not %s; %v", name, r.Vector, want, r.Unused)
		}
		if diff := cmp.Diff(c.flags, flags(r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestExtended(t *testing.T) {
	a := remote()
	a["XAVW"], a["XCP"], a["XCPM"] = "Y", "Y", "N"
	r, err := Score(a)
	if err != nil {
		t.Fatal(err)
	}
	const want = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:H/XAVN:Y/XAVT:Y/XACL:Y/XPRL:N/XUI:N/XS:N/XCP:Y/XCPM:N/XIP:N/XAP:N/XCD:N/XID:N/XAD:N/XCT:N/XIT:N/XAT:H/XCW:N/XIW:N/XAW:N/XCS:N/XIS:N/XAS:N/XCO:N/XIO:N/XAO:N"
	if r.Extended != want || !slices.Equal(r.Unused, []string{"XAVW"}) || r.Vector.Score() != 8.2 {
		t.Errorf("%s\n%v %v", r.Extended, r.Unused, r.Vector.Score())
	}
	for name, text := range map[string]string{
		"another vector":   strings.Replace(want, "AV:N", "AV:L", 1),
		"an answer twice":  want + "/XAO:N",
		"an idle answer":   want + "/XAVW:N",
		"no answer":        strings.Replace(want, "XIS:N", "XIS:", 1),
		"an answer less":   strings.TrimSuffix(want, "/XAO:N"),
		"an unknown one":   want + "/XYZ:N",
		"a wrong one":      strings.Replace(want, "XIS:N", "XIS:Y", 1),
		"only a vector":    r.Vector.String(),
		"something before": " " + want,
		"too long":         want + strings.Repeat("/", MaxBytes),
	} {
		if _, _, err := Parse(text); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestErrors(t *testing.T) {
	_, err := Score(nil)
	var e *Error
	// Unknown branches need not be asked for; all impacts are.
	if !errors.As(err, &e) || len(e.Missing) != 5+18 || e.Missing[0] != "XAVN" || !strings.Contains(err.Error(), "not answered: XAVN, XACL, XPRL, XUI, XS, XCP, XIP") {
		t.Error(err)
	}
	a := remote()
	a["XAT"], a["XAVT"], a["XNO"], a["XUI"] = "Y", "", "H", strings.Repeat("?", 50)
	_, err = Score(a)
	if !errors.As(err, &e) || !slices.Equal(e.Missing, []string{"XAVT"}) || !slices.Equal(e.Invalid, []string{"XAT:Y", "XNO:H", "XUI:????????????…"}) {
		t.Errorf("%v", err)
	}
}

// The questions are those of domain facts §5.8, each with words.
func TestQuestions(t *testing.T) {
	want := strings.Fields("XAVN XAVT XAVW XAVR XAVP XAVPA XACL XPRL XPRZ XPRS XUI XS XCP XCPM XIP XAP XCD XID XAD XCT XIT XAT XCW XIW XAW XCS XIS XAS XCO XIO XAO")
	var ids []string
	for _, q := range Questions() {
		ids = append(ids, q.ID)
		if q.Text == "" || q.Help == "" || q.Answers[len(q.Answers)-1].Code != "U" {
			t.Errorf("%+v", q)
		}
		if !slices.ContainsFunc(cvss.Metrics(cvss.V31), func(m cvss.Metric) bool { return m.Code == q.Metric }) {
			t.Errorf("%s is about %s", q.ID, q.Metric)
		}
	}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
	if len(Classes()) != 6 {
		t.Error(Classes())
	}
}

// order lists the answers to each question from the mildest to the worst. What
// is worse depends on the question: that a login is needed is good.
func order(q Question) string {
	switch q.ID {
	case "XAVW": // a bus in the building, or a radio whose range is asked for
		return "YNU"
	case "XAVR", "XAVP", "XPRL", "XPRZ", "XPRS", "XUI":
		return "YNU"
	case "XAVN", "XAVT", "XAVPA", "XACL", "XS", "XCP", "XCPM":
		return "NYU"
	}
	return "NLHU"
}

// A worse answer never lowers the score, nor any impact.
func TestMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answers{}
		for _, q := range all {
			a[q.ID] = rapid.SampledFrom(q.Answers).Draw(t, q.ID).Code
		}
		before, err := Score(a)
		if err != nil {
			t.Fatal(err)
		}
		q := rapid.SampledFrom(all).Draw(t, "question")
		rest := order(q)[strings.Index(order(q), a[q.ID]):]
		a[q.ID] = string(rest[rapid.IntRange(0, len(rest)-1).Draw(t, "answer")])
		after, err := Score(a)
		if err != nil {
			t.Fatal(err)
		}
		if after.Vector.Score() < before.Vector.Score() {
			t.Fatalf("%s answered %s lowers %s to %s", q.ID, a[q.ID], before.Vector, after.Vector)
		}
		for i := range before.Impacts {
			if worse(before.Impacts[i].Value, after.Impacts[i].Value) != after.Impacts[i].Value {
				t.Fatalf("%s lowers %v", q.ID, before.Impacts[i])
			}
		}
	})
}

// Impacts are the highest over the classes, whatever else is answered; the
// extended vector reads back.
func TestMaximum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Answers{}
		for _, q := range all {
			a[q.ID] = rapid.SampledFrom(q.Answers).Draw(t, q.ID).Code
		}
		r, err := Score(a)
		if err != nil {
			t.Fatal(err)
		}
		highest := map[string]int{}
		for _, i := range r.Impacts {
			highest[i.Metric] = max(highest[i.Metric], map[string]int{"N": 0, "L": 1, "H": 2}[i.Value])
		}
		for metric, n := range highest {
			if got := r.Vector.Get(metric); got != []string{"N", "L", "H"}[n] {
				t.Fatalf("%s is %s in %s", metric, got, r.Extended)
			}
		}
		if slices.Contains(flags(r), TherapyHigh) != slices.ContainsFunc(r.Impacts, func(i Impact) bool { return i.Class == Therapy && i.Value == "H" }) {
			t.Fatal(r.Flags, r.Impacts)
		}
		for _, id := range r.Unused {
			delete(a, id)
		}
		again, result, err := Parse(r.Extended)
		if err != nil || !maps.Equal(again, a) || result.Vector != r.Vector {
			t.Fatalf("%s: %v %v", r.Extended, again, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	r, err := Score(remote())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(r.Extended)
	f.Add("/X:")
	f.Fuzz(func(t *testing.T, text string) {
		a, r, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Score(a); err != nil || again.Extended != text || r.Extended != text {
			t.Errorf("%q is %q: %v", text, again.Extended, err)
		}
	})
}
