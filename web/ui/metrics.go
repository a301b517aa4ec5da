package ui

// A MetricGroup is a titled part of a calculator or a worksheet.
type MetricGroup struct {
	Title   string // "Base metrics"
	Note    string // may be empty
	Metrics []Metric
	Folded  bool // closed until asked for, as optional metrics are
}

// A Metric is one question with one answer out of few.
type Metric struct {
	Name    string // of the field
	Code    string // "AV"; may be empty
	Label   string // "Attack vector"
	Hint    string
	Error   string
	Options []Option // a hint is listed under "What the answers mean", or beside the answer where Stacked
	Stacked bool     // one answer a line: for answers that are sentences
}

// A Result is what a calculator or decision table says.
type Result struct {
	ID       string // "" means "result". Unique on its page
	Title    string // "CVSS 4.0"
	Severity string // critical, high, medium, low or none; "" means no chip
	Text     string // "Critical 9.1", "Act"
	Vector   string // with a button to copy it; may be empty
	Detail   string // one sentence; may be empty
}

// meanings says whether a group has answers to explain.
func (g MetricGroup) meanings() bool {
	for _, m := range g.Metrics {
		if m.meanings() {
			return true
		}
	}
	return false
}

func (m Metric) meanings() bool {
	for _, o := range m.Options {
		if o.Hint != "" && !m.Stacked {
			return true
		}
	}
	return false
}
