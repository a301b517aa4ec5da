package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/formats/fda"
	"github.com/cordon-isao/cordon/formats/rubric"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

var doneSigned = greeting("signed", "ok", "The determination is signed and on record. The clocks were worked out anew.")

const (
	controlRows = 2  // rows for controls to begin with
	mostRows    = 50 // as many as a worksheet takes
)

// sheetCalculators are the calculators of the worksheet.
func sheetCalculators() (three, four, by calculator) {
	three, _ = findCalculator("cvss-3.1")
	four, _ = findCalculator("cvss-4.0")
	by, _ = findCalculator("rubric")
	return three, four, by
}

// sheetFields lists everything that the worksheet's form sends, besides harm.
func sheetFields(rows int) []string {
	names := []string{"do", "rows", "vulnerability", "device", "versions", "residual", "exploitability", "essential_performance", "rationale", "outcome", "override", "signed", "seen"}
	three, four, by := sheetCalculators()
	for _, k := range []calculator{three, four, by} {
		names = append(names, k.fields()...)
	}
	for i := range rows {
		for _, part := range []string{"name", "greater", "exploit", "severity"} {
			names = append(names, controlName(i, part))
		}
	}
	return names
}

func controlName(i int, part string) string { return fmt.Sprintf("control_%d_%s", i, part) }

// sheetView is everything on the worksheet.
type sheetView struct {
	head            caseHead
	party           cases.Party
	a               attempt
	vulnerabilities []cases.Vulnerability
	matrix          cases.RiskMatrix
	rows            int
	three, four, by worked
	bad             map[string]string // what is wrong with pasted vectors
	reckoned        *cases.Reckoned
	name, title     string // of who signs
	key             string
}

// outcome is what would be signed: the chosen outcome, or the matrix's.
func (x sheetView) outcome() fda.Risk {
	if o := fda.Risk(x.a.t["outcome"]); o.Valid() {
		return o
	}
	if x.reckoned != nil {
		return x.reckoned.Outcome
	}
	return ""
}

// sentence is what is signed.
func (x sheetView) sentence() string {
	name := x.name
	if x.title != "" {
		name += ", " + x.title
	}
	of := "the vulnerability"
	if x.a.t["residual"] != "" {
		of = "what the fix leaves of the vulnerability"
	}
	return fmt.Sprintf("I, %s, determine for %s that the risk of patient harm from %s is %s.", name, x.party.Name, of, strings.ToUpper(string(x.outcome())))
}

// riskNew is the worksheet, empty or begun for what the address names.
func (c *Ctx) riskNew() error {
	q := c.R.URL.Query()
	a := attempt{which: "sheet", t: typed{"vulnerability": q.Get("vulnerability"), "residual": q.Get("residual")}, lists: map[string][]string{}}
	return c.showSheet(200, a, nil, sheetView{})
}

// showSheet shows the worksheet with what was typed and what it comes to.
func (c *Ctx) showSheet(status int, a attempt, reckoned *cases.Reckoned, x sheetView) error {
	return c.onCase(tabRisk, func(h caseHead) error {
		if h.Own == nil || !c.Cases.MayDetermine(c.View, *h.Own) {
			return fault.Forbiddenf("A risk determination is signed by a person of the manufacturer.")
		}
		x.head, x.party, x.a, x.reckoned, x.key = h, *h.Own, a, reckoned, a.key("sheet", ids.Random(26))
		var err error
		if x.matrix, err = c.Cases.RiskMatrix(c.View); err != nil {
			return err
		}
		if x.vulnerabilities, err = c.Cases.Vulnerabilities(c.View, h.K.ID); err != nil {
			return err
		}
		own, err := c.Members.Own(c.View)
		if err != nil {
			return err
		}
		x.name, x.title = own.Person.Name, own.Person.Title
		x.rows = typedRows(a.t)
		p := c.casePage(h, "risk worksheet", status)
		p.Label = c.ownLabel(*h.Own)
		p.Live = nil // what is being filled in is not fetched again
		p.Body = sheetBody(x)
		return c.show(p)
	})
}

// ownLabel is the label of a party's own records.
func (c *Ctx) ownLabel(p cases.Party) policy.Label {
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfCircle(p.Circle))}
}

func typedRows(t typed) int {
	n, err := strconv.Atoi(t["rows"])
	if err != nil || n < controlRows {
		return controlRows
	}
	return min(n, mostRows)
}

// riskWork works the worksheet out, or signs what it comes to.
func (c *Ctx) riskWork() error {
	if err := c.parseForm(); err != nil {
		return err
	}
	rows, err := c.field("rows")
	if err != nil {
		return err
	}
	a := attempt{which: "sheet", lists: map[string][]string{}}
	if a.t, err = c.typed(append(sheetFields(typedRows(typed{"rows": rows})), "idempotency_key")...); err != nil {
		return err
	}
	if a.lists["harm"] = c.R.PostForm["harm"]; len(a.lists["harm"]) > 20 {
		a.lists["harm"] = a.lists["harm"][:20]
	}
	var x sheetView
	var wrong check.Problems
	three, four, by := sheetCalculators()
	again := func(problem error, r *cases.Reckoned) error {
		return c.again(problem, func(status int) error { return c.showSheet(status, a, r, x) })
	}
	switch do := a.t["do"]; {
	case strings.HasPrefix(do, "fill-"):
		k, _ := findCalculator(strings.TrimPrefix(do, "fill-"))
		if k.id == "" {
			return fault.ErrMissing
		}
		err := k.fill(a.t)
		if err != nil {
			x.bad = map[string]string{k.id: fault.Sentence(err)}
			a.errs = []ui.FieldError{{Field: k.prefix + "vector", Text: fault.Sentence(err)}}
		}
		x.three, x.four, x.by = worksOut(three, a.t), worksOut(four, a.t), worksOut(by, a.t)
		return again(err, nil)
	case do == "rows":
		a.t["rows"] = strconv.Itoa(min(typedRows(a.t)+2, mostRows))
		x.three, x.four, x.by = worksOut(three, a.t), worksOut(four, a.t), worksOut(by, a.t)
		return again(nil, nil)
	}
	sheet := typedSheet(a)
	for _, k := range []struct {
		calculator
		w  *worked
		to *string
	}{{three, &x.three, &sheet.CVSS3}, {four, &x.four, &sheet.CVSS4}, {by, &x.by, nil}} {
		if *k.w = worksOut(k.calculator, a.t); !k.answered(a.t) {
			continue
		}
		if !k.w.ok {
			for _, e := range k.errors(*k.w) {
				wrong.Add(e.Field, "%s: %s", k.title, e.Text)
			}
		} else if k.to != nil {
			*k.to = k.w.vector
		}
	}
	if by.answered(a.t) {
		sheet.Rubric = rubric.Answers(by.values(a.t))
		if !x.by.ok {
			sheet.Rubric = nil // it is told above, at its question
		}
	}
	var r *cases.Reckoned
	err = c.read(func(v *db.View) error {
		draft := sheet
		if strings.TrimSpace(draft.Rationale) == "" {
			draft.Rationale = "not written yet"
		}
		got, err := c.Cases.Reckon(v, draft)
		if err == nil {
			r = &got
			return nil
		}
		return wrong.Take(err)
	})
	if err != nil {
		return again(err, nil)
	}
	if err := wrong.Err(); err != nil {
		a.errs = sheetErrors(err)
		return again(err, nil)
	}
	if a.t["do"] != "sign" {
		return again(nil, r)
	}
	seen := fda.Risk(a.t["outcome"])
	if !seen.Valid() {
		seen = r.Outcome
	}
	if a.t["seen"] != string(seen) {
		wrong.Add("signed", "The outcome is now %s. Read the sentence again and sign it.", seen)
		delete(a.t, "signed")
	} else if a.t["signed"] == "" {
		wrong.Add("signed", "Sign the sentence.")
	}
	if err := wrong.Err(); err != nil {
		a.errs = sheetErrors(err)
		return again(err, r)
	}
	id := c.R.PathValue("case")
	err = c.write(func(tx *db.Tx) error {
		p, err := c.ownParty(tx.View, id)
		if err != nil {
			return err
		}
		sheet.Key = a.t["idempotency_key"]
		_, done, err := c.Cases.Determine(tx, p.ID, sheet)
		return once(done, err)
	})
	if err == errAgain {
		err = nil
	}
	if err != nil {
		a.errs = sheetErrors(err)
		return again(err, r)
	}
	return c.redirect("/cases/" + id + "/risk?done=" + doneSigned)
}

// worksOut works out what was answered, if anything was.
func worksOut(k calculator, t typed) worked {
	if !k.answered(t) {
		return worked{}
	}
	return k.work(t)
}

// typedSheet is the worksheet as it was typed.
func typedSheet(a attempt) cases.Worksheet {
	w := cases.Worksheet{Vulnerability: a.t["vulnerability"], Device: a.t["device"], Versions: a.t["versions"], Residual: a.t["residual"] != "", Exploit: fda.Exploitability(a.t["exploitability"]),
		Performance: a.t["essential_performance"], Rationale: a.t["rationale"], Outcome: fda.Risk(a.t["outcome"]), Override: a.t["override"]}
	for _, h := range a.lists["harm"] {
		switch h {
		case "death":
			w.Harm.Death = true
		case "life-threatening":
			w.Harm.LifeThreatening = true
		case "permanent":
			w.Harm.PermanentImpairment = true
		case "intervention":
			w.Harm.ProfessionalIntervention = true
		case "temporary":
			w.Harm.TemporaryInjury = true
		case "inconvenience":
			w.Harm.Inconvenience = true
		case "confidentiality":
			w.Harm.ConfidentialityLoss = true
		}
	}
	for i := range typedRows(a.t) {
		name := strings.TrimSpace(a.t[controlName(i, "name")])
		greater, exploit, severity := a.t[controlName(i, "greater")], a.t[controlName(i, "exploit")], a.t[controlName(i, "severity")]
		if name == "" && greater == "" && exploit == "" && severity == "" {
			continue
		}
		x := cases.Control{Name: name, LowersExploitability: fda.Exploitability(exploit)}
		if greater == "yes" || greater == "no" {
			x.GreaterRisk = fda.Tri(greater)
		}
		if n, err := strconv.Atoi(severity); err == nil {
			x.LowersSeverity = fda.HarmSeverity(n)
		}
		w.Controls = append(w.Controls, x)
	}
	return w
}

// harmOptions are FDA's five levels as things that can be chosen; the worst counts.
func harmOptions() []ui.Option {
	return []ui.Option{
		{Value: "death", Text: "5 Catastrophic", Hint: "Patient death."},
		{Value: "life-threatening", Text: "4 Critical", Hint: "Life-threatening injury."},
		{Value: "permanent", Text: "4 Critical", Hint: "Permanent impairment."},
		{Value: "intervention", Text: "3 Serious", Hint: "Injury or impairment requiring professional medical intervention."},
		{Value: "temporary", Text: "2 Minor", Hint: "Temporary injury or impairment not requiring professional medical intervention."},
		{Value: "inconvenience", Text: "1 Negligible", Hint: "Inconvenience or temporary discomfort."},
		{Value: "confidentiality", Text: "Loss of confidential information", Hint: "Health information included. Alone it is not patient harm: the risk is then controlled."},
	}
}

// sheetErrors put each fault at its field.
func sheetErrors(err error) (es []ui.FieldError) {
	fields := fault.FieldsOf(err)
	if len(fields) == 0 {
		return []ui.FieldError{{Text: fault.Sentence(err)}}
	}
	for _, f := range fields {
		e := ui.FieldError{Text: f.Message}
		switch f.Name {
		case "vulnerability", "device", "versions", "exploitability", "harm", "essential_performance", "rationale", "outcome", "override", "signed":
			e.Field = "sheet-" + f.Name
		case "controls":
			e.Field = "controls"
		case "cvss3":
			e.Field = "c3_vector"
		case "cvss4":
			e.Field = "c4_vector"
		case "rubric":
			e.Field = "r_vector"
		default:
			e.Field = f.Name
		}
		es = append(es, e)
	}
	return es
}

// cellMarks name the cell without controls and the one with those that count.
func cellMarks(r cases.Reckoned, e fda.Exploitability) map[fda.Cell]string {
	initial := fda.Cell{Exploitability: e, Severity: r.Severity}
	if initial == r.Cell {
		return map[fda.Cell]string{r.Cell: "here"}
	}
	return map[fda.Cell]string{initial: "without controls", r.Cell: "with controls: here"}
}
