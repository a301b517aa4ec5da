package web

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cordon-isao/cordon/formats/cvss"
	"github.com/cordon-isao/cordon/formats/rubric"
	"github.com/cordon-isao/cordon/formats/ssvc"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/web/ui"
)

// maxVectorText is the longest vector that is read from a form.
const maxVectorText = 1024

// calculator is a scoring system with its questions. The names of its fields are
// prefix + code, and prefix + "vector" for a vector that is pasted.
type calculator struct {
	id, prefix, title, text string
	version                 cvss.Version // of CVSS, or ""
	table                   string       // of SSVC, or ""
}

// calculators lists them in the order of their pages.
func calculators() []calculator {
	return []calculator{
		{id: "cvss-3.1", prefix: "c3_", title: "CVSS 3.1", version: cvss.V31, text: "How severe a vulnerability is, technically. FDA names its metrics as factors of exploitability."},
		{id: "cvss-4.0", prefix: "c4_", title: "CVSS 4.0", version: cvss.V40, text: "The newer version; Safety is among its supplemental and environmental metrics."},
		{id: "rubric", prefix: "r_", title: "MITRE rubric for medical devices", text: "Questions that lead to a CVSS vector for a medical device. FDA qualified it as a development tool on 20 Oct 2020 (R-081)."},
		{id: "ssvc-supplier", prefix: "s_", title: "SSVC for suppliers", table: ssvc.SupplierPatch, text: "How soon to develop a fix."},
		{id: "ssvc-deployer", prefix: "s_", title: "SSVC for care providers", table: ssvc.DeployerPatch, text: "How soon to apply a fix."},
		{id: "ssvc-cisa", prefix: "s_", title: "SSVC as CISA uses it", table: ssvc.CISA, text: "Track, attend or act."},
		{id: "ssvc-bod-26-04", prefix: "s_", title: "CISA BOD 26-04", table: ssvc.CISABOD2604, text: "By when a U.S. federal agency must remediate."},
	}
}

func findCalculator(id string) (calculator, bool) {
	for _, k := range calculators() {
		if k.id == id {
			return k, true
		}
	}
	return calculator{}, false
}

// fields lists the names of a calculator's fields.
func (k calculator) fields() []string {
	names := []string{k.prefix + "vector"}
	switch {
	case k.version != "":
		for _, m := range cvss.Metrics(k.version) {
			names = append(names, k.prefix+m.Code)
		}
	case k.table != "":
		t, _ := ssvc.Find(k.table)
		for _, p := range t.Points {
			names = append(names, k.prefix+p.ID)
		}
	default:
		for _, q := range rubric.Questions() {
			names = append(names, k.prefix+q.ID)
		}
	}
	return names
}

// values are the answers among what was typed.
func (k calculator) values(t typed) map[string]string {
	out := map[string]string{}
	for _, name := range k.fields()[1:] {
		if v := t[name]; v != "" {
			out[strings.TrimPrefix(name, k.prefix)] = v
		}
	}
	return out
}

// answered reports whether any question has an answer that means something.
func (k calculator) answered(t typed) bool {
	for _, v := range k.values(t) {
		if v != "X" {
			return true
		}
	}
	return false
}

// worked is what the answers come to, or what is wrong with them.
type worked struct {
	ok     bool
	result ui.Result
	notes  []string          // what to look at twice
	vector string            // CVSS, canonical; of the rubric, the extended one
	score  float64           // of CVSS
	wrong  map[string]string // by field: what is missing
	say    string            // what is wrong in one sentence, or ""
}

// work works the answers out.
func (k calculator) work(t typed) worked {
	switch {
	case k.version != "":
		return k.workCVSS(t)
	case k.table != "":
		return k.workSSVC(t)
	}
	return k.workRubric(t)
}

func (k calculator) workCVSS(t typed) (w worked) {
	v, err := cvss.Build(k.version, k.values(t))
	var bad *cvss.Error
	if errors.As(err, &bad) {
		return w.blame(k.prefix, bad.Metrics, err)
	} else if err != nil {
		w.say = upperFirst(err.Error()) + "."
		return w
	}
	return worked{ok: true, vector: v.String(), score: v.Score(), result: scoreLine(v)}
}

// blame says at which questions an answer is missing or wrong.
func (w worked) blame(prefix string, at []string, err error) worked {
	w.wrong, w.say = map[string]string{}, upperFirst(err.Error())+"."
	for _, code := range at {
		w.wrong[prefix+code] = "Choose an answer."
	}
	return w
}

// scoreLine is a vector with its score and severity, as every page shows it.
func scoreLine(v cvss.Vector) ui.Result {
	r := ui.Result{Title: "CVSS " + string(v.Version), Severity: strings.ToLower(v.Severity()), Text: fmt.Sprintf("%s %.1f", v.Severity(), v.Score()), Vector: v.String()}
	switch {
	case v.Version == cvss.V40:
		r.Detail = v.Nomenclature()
	case v.Score() != v.BaseScore():
		r.Detail = fmt.Sprintf("%s score; the base score is %.1f", v.Nomenclature(), v.BaseScore())
	default:
		r.Detail = "base score"
	}
	return r
}

func (k calculator) workSSVC(t typed) (w worked) {
	table, _ := ssvc.Find(k.table)
	values := k.values(t)
	outcome, err := table.Decide(values)
	var bad *ssvc.Error
	if errors.As(err, &bad) {
		w = w.blame(k.prefix, append(bad.Missing, bad.Invalid...), err)
		w.say = "Answer every question: the table needs all of them."
		return w
	} else if err != nil {
		w.say = upperFirst(err.Error()) + "."
		return w
	}
	w.ok = true
	w.result = ui.Result{Title: table.Name, Text: upperFirst(outcome), Detail: "version " + table.Version}
	for _, v := range table.Outcome.Values {
		if v.Name == outcome {
			w.result.Text, w.result.Detail = v.Title, v.Help
		}
	}
	if table.Note != "" {
		w.notes = append(w.notes, table.Note)
	}
	return w
}

func (k calculator) workRubric(t typed) (w worked) {
	r, err := rubric.Score(rubric.Answers(k.values(t)))
	var bad *rubric.Error
	if errors.As(err, &bad) {
		w = w.blame(k.prefix, bad.Missing, err)
		if bad.Invalid == nil {
			w.say = "Some questions that the flow reaches are not answered yet."
		}
		return w
	} else if err != nil {
		w.say = upperFirst(err.Error()) + "."
		return w
	}
	w.ok, w.vector, w.score, w.result = true, r.Extended, r.Vector.Score(), scoreLine(r.Vector)
	w.result.Detail = "by the rubric"
	for _, f := range r.Flags {
		w.notes = append(w.notes, f.Text)
	}
	if len(r.Unused) > 0 {
		w.notes = append(w.notes, "Answered though the flow did not ask it: "+strings.Join(r.Unused, ", ")+".")
	}
	return w
}

// fill answers the questions as a pasted vector says.
func (k calculator) fill(t typed) error {
	text := strings.TrimSpace(t[k.prefix+"vector"])
	wrong := func(err error) error {
		return fault.InvalidField(k.prefix+"vector", "%s.", upperFirst(strings.TrimSuffix(err.Error(), ".")))
	}
	if text == "" {
		return fault.InvalidField(k.prefix+"vector", "Paste a vector.")
	}
	if len(text) > maxVectorText {
		return fault.InvalidField(k.prefix+"vector", "This is longer than any vector.")
	}
	var values map[string]string
	switch {
	case k.version != "":
		v, err := cvss.Parse(text)
		if err != nil {
			return wrong(err)
		}
		if v.Version != k.version && (v.Version == cvss.V40 || k.version == cvss.V40) {
			return fault.InvalidField(k.prefix+"vector", "This is a vector of CVSS %s, not %s.", v.Version, k.version)
		}
		values = v.Values()
	case k.table != "":
		table, _ := ssvc.Find(k.table)
		v, _, err := table.ParseVector(text)
		if err != nil {
			return wrong(err)
		}
		values = v
	default:
		v, _, err := rubric.Parse(text)
		if err != nil {
			return wrong(err)
		}
		values = v
	}
	for _, name := range k.fields()[1:] {
		delete(t, name)
	}
	for code, v := range values {
		t[k.prefix+code] = v
	}
	return nil
}

// groups are the questions with the answers that were chosen.
func (k calculator) groups(t typed, w worked) []ui.MetricGroup {
	switch {
	case k.version != "":
		return k.cvssGroups(t, w)
	case k.table != "":
		return k.ssvcGroups(t, w)
	}
	return k.rubricGroups(t, w)
}

var cvssGroupTitles = map[cvss.Group]string{cvss.Base: "Base metrics", cvss.Threat: "Threat metrics", cvss.Environmental: "Environmental metrics", cvss.Supplemental: "Supplemental metrics"}

func (k calculator) cvssGroups(t typed, w worked) (gs []ui.MetricGroup) {
	at := map[cvss.Group]int{}
	for _, m := range cvss.Metrics(k.version) {
		i, ok := at[m.Group]
		if !ok {
			i = len(gs)
			at[m.Group] = i
			g := ui.MetricGroup{Title: cvssGroupTitles[m.Group], Folded: !m.Required()}
			if k.version != cvss.V40 && m.Group == cvss.Threat {
				g.Title = "Temporal metrics"
			}
			if m.Group == cvss.Supplemental {
				g.Note = "They tell more and do not change the score."
			}
			gs = append(gs, g)
		}
		chosen := t[k.prefix+m.Code]
		if chosen != "" && chosen != "X" {
			gs[i].Folded = false
		}
		q := ui.Metric{Name: k.prefix + m.Code, Code: m.Code, Label: m.Name, Hint: m.Help, Error: w.wrong[k.prefix+m.Code]}
		for _, v := range m.Values {
			q.Options = append(q.Options, ui.Option{Value: v.Code, Text: v.Name, Hint: v.Help, Selected: chosen == v.Code || chosen == "" && v.Code == "X"})
		}
		gs[i].Metrics = append(gs[i].Metrics, q)
	}
	return gs
}

func (k calculator) ssvcGroups(t typed, w worked) []ui.MetricGroup {
	table, _ := ssvc.Find(k.table)
	g := ui.MetricGroup{Title: "Decision points", Note: "Version " + table.Version + " of the table."}
	for _, p := range table.Points {
		q := ui.Metric{Name: k.prefix + p.ID, Code: p.Key, Label: p.Name, Hint: p.Help, Error: w.wrong[k.prefix+p.ID], Stacked: true}
		for _, v := range p.Values {
			q.Options = append(q.Options, ui.Option{Value: v.Name, Text: v.Title, Hint: v.Help, Selected: t[k.prefix+p.ID] == v.Name})
		}
		g.Metrics = append(g.Metrics, q)
	}
	return []ui.MetricGroup{g}
}

func (k calculator) rubricGroups(t typed, w worked) []ui.MetricGroup {
	gs := []ui.MetricGroup{{Title: "How it is exploited", Note: "Answer in order. A question with “if” is asked only then; unknown counts as the worst."}}
	at := map[string]int{"": 0}
	for _, c := range rubric.Classes() {
		at[c.ID] = len(gs)
		gs = append(gs, ui.MetricGroup{Title: "Impact on " + c.Name})
	}
	for _, q := range rubric.Questions() {
		m := ui.Metric{Name: k.prefix + q.ID, Code: q.ID, Label: q.Text, Hint: strings.TrimSpace(q.Help), Error: w.wrong[k.prefix+q.ID]}
		if q.When != "" {
			m.Hint = upperFirst(q.When) + ". " + m.Hint
		}
		for _, a := range q.Answers {
			m.Options = append(m.Options, ui.Option{Value: a.Code, Text: a.Text, Selected: t[k.prefix+q.ID] == a.Code})
		}
		g := &gs[at[q.Class]]
		g.Metrics = append(g.Metrics, m)
	}
	return gs
}

// vectorField is where a vector is pasted.
func (k calculator) vectorField(t typed, err string) ui.Field {
	f := ui.Field{ID: k.prefix + "vector", Name: k.prefix + "vector", Label: "A vector to fill the questions from", Mono: true, Autocomplete: "off", Value: t[k.prefix+"vector"], MaxLength: maxVectorText, Error: err}
	switch {
	case k.version != "":
		f.Hint = "Such as CVSS:" + string(k.version) + "/AV:N/AC:L/…"
	case k.table != "":
		f.Hint = "Such as SSVCv2/E:P/…/"
	default:
		f.Hint = "An extended vector: a CVSS 3.1 vector followed by the answers, as in /XAVN:Y"
	}
	return f
}

// errors lists what keeps the answers from being worked out, each at its field.
func (k calculator) errors(w worked) (es []ui.FieldError) {
	if w.say == "" {
		return nil
	}
	for _, name := range k.fields() {
		if w.wrong[name] != "" {
			return []ui.FieldError{{Field: name, Text: w.say}}
		}
	}
	return []ui.FieldError{{Text: w.say}}
}

// calculatorView is everything on a calculator's page.
type calculatorView struct {
	k    calculator
	t    typed
	w    worked
	bad  string // what is wrong with the pasted vector
	errs []ui.FieldError
}

// calculatorList leads to the calculators.
func (c *Ctx) calculatorList() error {
	return c.show(Page{Title: "Calculators", Kind: "calculators", Body: calculatorsBody()})
}

// calculatorShow is a calculator with nothing chosen.
func (c *Ctx) calculatorShow() error {
	k, ok := findCalculator(c.R.PathValue("calculator"))
	if !ok {
		return fault.ErrMissing
	}
	return c.showCalculator(200, calculatorView{k: k, t: typed{}})
}

func (c *Ctx) showCalculator(status int, x calculatorView) error {
	return c.show(Page{Title: x.k.title, Kind: "calculator", Status: status, Body: calculatorBody(x)})
}

// calculatorWork says what the answers come to. Nothing is kept.
func (c *Ctx) calculatorWork() error {
	k, ok := findCalculator(c.R.PathValue("calculator"))
	if !ok {
		return fault.ErrMissing
	}
	t, err := c.typed(append(k.fields(), "do")...)
	if err != nil {
		return err
	}
	x := calculatorView{k: k, t: t}
	var problem error
	if t["do"] == "fill" {
		if problem = k.fill(t); problem != nil {
			x.bad = fault.Sentence(problem)
			x.errs = []ui.FieldError{{Field: k.prefix + "vector", Text: x.bad}}
		}
	}
	if problem == nil {
		if x.w = k.work(t); !x.w.ok {
			problem = fault.Invalidf("%s", x.w.say)
			x.errs = k.errors(x.w)
		}
	}
	return c.again(problem, func(status int) error { return c.showCalculator(status, x) })
}
