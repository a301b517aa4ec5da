package cvss

import (
	"slices"
	"strings"
)

// Group is a group of metrics. What 4.0 calls threat metrics 3.0 and 3.1 call
// temporal ones.
type Group string

// The groups, in the order of a vector.
const (
	Base          Group = "base"
	Threat        Group = "threat"
	Environmental Group = "environmental"
	Supplemental  Group = "supplemental" // 4.0 only; never part of the score
)

// Metric is a question of the calculator; Values are its answers in the order
// of the specification. Optional metrics begin with X, not defined.
type Metric struct {
	Code, Name string
	Group      Group
	Help       string
	Values     []Value
}

// Value is an answer to a Metric.
type Value struct{ Code, Name, Help string }

// Required tells whether a vector must have the metric.
func (m Metric) Required() bool { return m.Group == Base }

func (m Metric) allows(value string) bool {
	return slices.ContainsFunc(m.Values, func(v Value) bool { return v.Code == value })
}

func (m Metric) codes() string {
	var all []string
	for _, v := range m.Values {
		all = append(all, v.Code)
	}
	return strings.Join(all, ", ")
}

// Metrics returns the metrics of a version in the order of its vectors, nil if
// the version is not known. The caller may change what it gets.
func Metrics(version Version) []Metric {
	all := slices.Clone(catalogue(version))
	for i := range all {
		all[i].Values = slices.Clone(all[i].Values)
	}
	return all
}

func catalogue(version Version) []Metric {
	switch version {
	case V30, V31:
		return metrics3
	case V40:
		return metrics4
	}
	return nil
}

func find(version Version, code string) *Metric {
	all := catalogue(version)
	if i := slices.IndexFunc(all, func(m Metric) bool { return m.Code == code }); i >= 0 {
		return &all[i]
	}
	return nil
}

var undefined = Value{"X", "Not defined", "Not assessed. The score does not change."}

// modified derives the environmental form of base metrics: the same answers,
// as they are at one place of use.
func modified(base []Metric) []Metric {
	var all []Metric
	for _, m := range base {
		values := []Value{{"X", "Not defined", "As in the base metrics."}}
		if m.Code == "SI" || m.Code == "SA" {
			values = append(values, Value{"S", "Safety", "Exploiting it here can injure a person or worse (IEC 61508: marginal, critical or catastrophic)."})
		}
		all = append(all, Metric{
			"M" + m.Code, "Modified " + m.Name, Environmental,
			"As it is where the device is used, with its network and controls. " + m.Help,
			append(values, m.Values...),
		})
	}
	return all
}

// requirement is how much a place of use depends on one of three properties.
func requirement(code, name, property string) Metric {
	return Metric{code, name, Environmental, "How much do patients and the organization depend on the " + property + " of this device?", []Value{
		undefined,
		{"H", "High", "Losing it would have catastrophic consequences."},
		{"M", "Medium", "Losing it would have serious consequences."},
		{"L", "Low", "Losing it would have limited consequences."},
	}}
}

var requirements = []Metric{
	requirement("CR", "Confidentiality Requirement", "confidentiality"),
	requirement("IR", "Integrity Requirement", "integrity"),
	requirement("AR", "Availability Requirement", "availability"),
}

var (
	attackVector = Metric{"AV", "Attack Vector", Base, "From where can the vulnerability be exploited?", []Value{
		{"N", "Network", "From anywhere across a routed network, perhaps the Internet."},
		{"A", "Adjacent", "Only from nearby: the same local network segment, Bluetooth, Wi-Fi, or a secured administrative zone."},
		{"L", "Local", "Only with access to the system itself: a login, a console, or a user who opens a file."},
		{"P", "Physical", "Only by touching or handling the device."},
	}}
	privileges = Metric{"PR", "Privileges Required", Base, "Which rights must the attacker already have?", []Value{
		{"N", "None", "None; no login is needed."},
		{"L", "Low", "Those of an ordinary user."},
		{"H", "High", "Those of an administrator or service technician."},
	}}
)

// harm3 is an impact metric of 3.0 and 3.1.
func harm3(code, name, help, low, high string) Metric {
	return Metric{code, name, Base, help, []Value{
		{"H", "High", high}, {"L", "Low", low}, {"N", "None", "Not affected."},
	}}
}

var base3 = []Metric{
	attackVector,
	{"AC", "Attack Complexity", Base, "Does success depend on conditions the attacker does not control?", []Value{
		{"L", "Low", "No; it works whenever it is tried."},
		{"H", "High", "Yes; the attacker must prepare, win a race, or be lucky in the configuration."},
	}},
	privileges,
	{"UI", "User Interaction", Base, "Must somebody other than the attacker do something?", []Value{
		{"N", "None", "No."},
		{"R", "Required", "Yes, such as opening a file or following a link."},
	}},
	{"S", "Scope", Base, "Can the attack reach what is under the authority of another component?", []Value{
		{"U", "Unchanged", "No; only what the vulnerable component itself controls."},
		{"C", "Changed", "Yes; other components or systems beyond the vulnerable one."},
	}},
	harm3("C", "Confidentiality", "How much can the attacker read?", "Some restricted information, without choice of which.", "Everything, or information whose loss alone is serious."),
	harm3("I", "Integrity", "How much can the attacker change?", "Some data, without full control of the result.", "Everything, or what is dangerous to change."),
	harm3("A", "Availability", "How far can the attacker keep the device from working?", "It is slowed or interrupted at times.", "It is denied fully, or what is denied matters most."),
}

var metrics3 = slices.Concat(base3, []Metric{
	{"E", "Exploit Code Maturity", Threat, "How far has exploitation come?", []Value{
		undefined,
		{"H", "High", "Works on its own or needs no code at all."},
		{"F", "Functional", "Code exists that mostly works."},
		{"P", "Proof of concept", "A demonstration exists that is not practical everywhere."},
		{"U", "Unproven", "No code is known."},
	}},
	{"RL", "Remediation Level", Threat, "What can be done about it today?", []Value{
		undefined,
		{"U", "Unavailable", "Nothing, or nothing that can be applied."},
		{"W", "Workaround", "An unofficial workaround."},
		{"T", "Temporary fix", "An official but temporary fix."},
		{"O", "Official fix", "A complete fix by the manufacturer."},
	}},
	{"RC", "Report Confidence", Threat, "How certain is it that the vulnerability exists?", []Value{
		undefined,
		{"C", "Confirmed", "Reproduced, or confirmed by the manufacturer."},
		{"R", "Reasonable", "Reported in detail, but not fully confirmed."},
		{"U", "Unknown", "Reports differ or say too little."},
	}},
}, requirements, modified(base3))

// harm4 is an impact metric of 4.0, on the vulnerable system or on others.
func harm4(code, name, help, low, high, none string) Metric {
	return Metric{code, name, Base, help, []Value{
		{"H", "High", high}, {"L", "Low", low}, {"N", "None", none},
	}}
}

var base4 = []Metric{
	attackVector,
	{"AC", "Attack Complexity", Base, "Must the attacker get past built-in defences, such as address randomization or a secret specific to the target?", []Value{
		{"L", "Low", "No; it works whenever it is tried."},
		{"H", "High", "Yes; defences must be evaded or circumvented first."},
	}},
	{"AT", "Attack Requirements", Base, "Does success depend on how the device happens to be deployed or run?", []Value{
		{"N", "None", "No; it works in all or most deployments."},
		{"P", "Present", "Yes, such as a race condition or a place on the network path."},
	}},
	privileges,
	{"UI", "User Interaction", Base, "Must somebody other than the attacker take part?", []Value{
		{"N", "None", "No."},
		{"P", "Passive", "Yes, in the ordinary course of use and without noticing."},
		{"A", "Active", "Yes, by a deliberate act or by dismissing a warning."},
	}},
	harm4("VC", "Vulnerable System Confidentiality", "How much can the attacker read on the vulnerable device?", "Some restricted information, without choice of which.", "Everything, or information whose loss alone is serious.", "Nothing."),
	harm4("VI", "Vulnerable System Integrity", "How much can the attacker change on the vulnerable device?", "Some data, without full control of the result.", "Everything, or what is dangerous to change.", "Nothing."),
	harm4("VA", "Vulnerable System Availability", "How far can the attacker keep the vulnerable device from working?", "It is slowed or interrupted at times.", "It is denied fully, or what is denied matters most.", "Not at all."),
	harm4("SC", "Subsequent System Confidentiality", "How much can the attacker read on other systems behind it?", "Some restricted information, without choice of which.", "Everything, or information whose loss alone is serious.", "Nothing, or nothing beyond the vulnerable device."),
	harm4("SI", "Subsequent System Integrity", "How much can the attacker change on other systems behind it?", "Some data, without full control of the result.", "Everything, or what is dangerous to change.", "Nothing, or nothing beyond the vulnerable device."),
	harm4("SA", "Subsequent System Availability", "How far can the attacker keep other systems behind it from working?", "They are slowed or interrupted at times.", "They are denied fully, or what is denied matters most.", "Not at all, or not beyond the vulnerable device."),
}

var metrics4 = slices.Concat(base4, []Metric{
	{"E", "Exploit Maturity", Threat, "How far has exploitation come?", []Value{
		undefined,
		{"A", "Attacked", "Attacks have been reported, or kits that make them easy."},
		{"P", "Proof of concept", "A proof of concept is public; no attack is known."},
		{"U", "Unreported", "Neither a proof of concept nor an attack is known."},
	}},
}, requirements, modified(base4), []Metric{
	{"S", "Safety", Supplemental, "Can exploiting it injure a person?", []Value{
		undefined,
		{"N", "Negligible", "Minor injuries at worst (IEC 61508: negligible)."},
		{"P", "Present", "Major injuries to one or more persons, or death (IEC 61508: marginal, critical or catastrophic)."},
	}},
	{"AU", "Automatable", Supplemental, "Can an attacker automate it against many targets?", []Value{
		undefined,
		{"N", "No", "Some step, from finding targets to exploiting them, cannot be automated."},
		{"Y", "Yes", "All of these steps can be automated."},
	}},
	{"R", "Recovery", Supplemental, "How does the device recover after an attack?", []Value{
		undefined,
		{"A", "Automatic", "By itself."},
		{"U", "User", "Somebody must restore it by hand."},
		{"I", "Irrecoverable", "It is beyond recovery by the user."},
	}},
	{"V", "Value Density", Supplemental, "How much does the attacker gain with one attack?", []Value{
		undefined,
		{"D", "Diffuse", "Little: one small device."},
		{"C", "Concentrated", "Much: a server or gateway with the data or control of many."},
	}},
	{"RE", "Vulnerability Response Effort", Supplemental, "How hard is it to respond?", []Value{
		undefined,
		{"L", "Low", "Little effort, such as a change of configuration."},
		{"M", "Moderate", "Some effort or a short interruption, such as a remote update."},
		{"H", "High", "Much effort, such as a technician on site or a replacement."},
	}},
	{"U", "Provider Urgency", Supplemental, "How urgent does the manufacturer find it?", []Value{
		undefined,
		{"Clear", "Clear", "Of no urgency; for information."},
		{"Green", "Green", "Of little urgency."},
		{"Amber", "Amber", "Of moderate urgency."},
		{"Red", "Red", "Of the highest urgency."},
	}},
})
