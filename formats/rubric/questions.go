package rubric

import "slices"

// Question is one question of the rubric.
type Question struct {
	ID     string // as in the extended vector, such as XAVN
	Metric string // the CVSS metric it helps to decide, such as AV
	Class  string // for impacts, the id of the Class of data or function it is about; else empty
	When   string // when it is asked, in words; empty if always
	Text   string
	Help   string
	// Answers are in the order of a form; the last one is U, unknown.
	Answers []Answer
}

// Answer is a possible answer to a Question.
type Answer struct{ Code, Text string }

// Class is a class of data or function for which impacts are asked.
type Class struct{ ID, Name string }

// The classes whose impact can harm a patient.
const (
	Diagnosis = "D"
	Therapy   = "T"
)

var classes = []Class{
	{"P", "health and personal data of patients"},
	{Diagnosis, "diagnosis and monitoring"},
	{Therapy, "delivery of therapy"},
	{"W", "clinical workflow"},
	{"S", "private data of the system and its users, such as passwords and keys"},
	{"O", "any other critical data or function"},
}

// Classes returns the classes of data and function in the rubric's order.
func Classes() []Class { return slices.Clone(classes) }

func yesNo(yes, no string) []Answer {
	return []Answer{{"Y", yes}, {"N", no}, {"U", "Unknown"}}
}

var degrees = []Answer{{"N", "Not at all"}, {"L", "To a low degree"}, {"H", "To a high degree"}, {"U", "Unknown"}}

// exploitability holds the questions on how the vulnerability is exploited.
var exploitability = []Question{
	{ID: "XAVN", Metric: "AV", Text: "Can the attacker use a network or another kind of communication?", Help: "Wired or wireless, of any range.", Answers: yesNo("Yes", "No")},
	{ID: "XAVT", Metric: "AV", When: "if XAVN is yes", Text: "Does it run over IP, TCP or UDP?", Help: "Layers 3 and 4 of the OSI model: what can be routed.", Answers: yesNo("Yes", "No")},
	{ID: "XAVW", Metric: "AV", When: "if XAVT is no", Text: "Is it wireless?", Help: "Such as Bluetooth, NFC, or a telemetry wand.", Answers: yesNo("Yes", "No")},
	{ID: "XAVR", Metric: "AV", When: "if XAVW is yes", Text: "Is its range 10 feet (3 metres) or less?", Help: "As the attacker could extend it, not only as specified.", Answers: yesNo("Yes, 3 metres or less", "No, farther")},
	{ID: "XAVP", Metric: "AV", When: "if XAVN is no", Text: "Must the attacker touch or handle the device?", Help: "Rather than be logged in to it, or have a user run something on it.", Answers: yesNo("Yes", "No")},
	{ID: "XAVPA", Metric: "AV", When: "if XAVP is yes", Text: "Is it done through the interface meant for users, such as its screen or keys?", Help: "The other way is a service port or an opened case. The score is the same; the record is not.", Answers: yesNo("Yes", "No")},
	{ID: "XACL", Metric: "AC", Text: "Can the attacker try at will?", Help: "Without special circumstances, a particular configuration, or another vulnerability first.", Answers: yesNo("Yes", "No")},
	{ID: "XPRL", Metric: "PR", Text: "Does the device know different users or roles with different rights?", Help: "Rather than giving all rights to whoever reaches it.", Answers: yesNo("Yes", "No")},
	{ID: "XPRZ", Metric: "PR", When: "if XPRL is yes", Text: "Must the attacker be authorized before trying?", Help: "Such as being logged in.", Answers: yesNo("Yes", "No")},
	{ID: "XPRS", Metric: "PR", When: "if XPRZ is yes", Text: "Must it be as administrator, maintainer or the system itself?", Help: "Rather than as an ordinary user.", Answers: yesNo("Yes", "No")},
	{ID: "XUI", Metric: "UI", Text: "Must somebody else do something for the attack to succeed?", Help: "Such as a clinician opening a file or a patient pairing a device.", Answers: yesNo("Yes", "No")},
	{ID: "XS", Metric: "S", Text: "Can the attacker reach what is under another component's authority?", Help: "Such as the network behind a gateway, or a pump through its programmer.", Answers: yesNo("Yes", "No")},
}

// harms are the three impacts.
var harms = []struct{ metric, verb, help string }{
	{"C", "read", "Confidentiality."},
	{"I", "changed or deleted", "Integrity."},
	{"A", "made unavailable, or kept from working,", "Availability."},
}

// subject is what a class's questions are about.
var subject = map[string]string{
	"P": "patients' health or personal data",
	"D": "data or functions of diagnosis or monitoring",
	"T": "data or functions of the delivery of therapy",
	"W": "data or functions of the clinical workflow",
	"S": "private data of the system or its users, such as passwords and keys,",
	"O": "any other critical or sensitive data or functions",
}

var all = func() []Question {
	list := slices.Clone(exploitability)
	for _, class := range classes {
		for _, h := range harms {
			q := Question{
				ID: "X" + h.metric + class.ID, Metric: h.metric, Class: class.ID,
				Text: "How far can " + subject[class.ID] + " be " + h.verb + " by the attacker?", Help: h.help, Answers: degrees,
			}
			if q.ID != "XCP" {
				list = append(list, q)
				continue
			}
			q.Text, q.Answers = "Can patients' health or personal data be read by the attacker?", yesNo("Yes", "No")
			list = append(list, q, Question{
				ID: "XCPM", Metric: "C", Class: class.ID, When: "if XCP is yes",
				Text: "Can it be the data of many patients, such as 500 or more?", Help: "So many that a breach must be notified.", Answers: yesNo("Yes", "No"),
			})
		}
	}
	return list
}()

// Questions returns all questions in the order of the extended vector.
func Questions() []Question {
	list := slices.Clone(all)
	for i := range list {
		list[i].Answers = slices.Clone(list[i].Answers)
	}
	return list
}

func (q Question) allows(code string) bool {
	return slices.ContainsFunc(q.Answers, func(a Answer) bool { return a.Code == code })
}
