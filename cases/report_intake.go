package cases

import (
	"fmt"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/scrub"
	"github.com/cordon-isao/cordon/policy"
)

// The limits of a report.
const (
	MaxProducts    = 20
	MaxIdentifiers = 50        // CVE and tracking ids, each
	MaxLine        = 300       // characters of a line
	MaxKey         = 20_000    // characters of a PGP key
	MaxIntake      = 256 << 10 // bytes of a report as JSON, without its files
)

// Answer is what a reporter says to a question that he may not be able to answer.
type Answer string

// The answers. The empty one is "not said".
const (
	AnswerYes     Answer = "yes"
	AnswerNo      Answer = "no"
	AnswerUnknown Answer = "unknown"
)

// Confirmed is what a reporter did about what was found in his text.
type Confirmed string

// The attestations. A report in which nothing was found needs none.
const (
	FoundRemoved   Confirmed = "removed"   // he took it out
	FoundNone      Confirmed = "none"      // it is not what it looks like
	FoundJustified Confirmed = "justified" // it belongs directly to the report
)

// Product is a device or program that a report is about. It has no serial number:
// that leads to the patient who uses the device.
type Product struct {
	Maker   string `json:"manufacturer,omitempty"`
	Name    string `json:"name,omitempty"`
	Model   string `json:"model,omitempty"`
	UDI     string `json:"udi_di,omitempty"`  // the device identifier alone
	Version string `json:"version,omitempty"` // of the software
}

// String names the product for people.
func (p Product) String() string {
	var parts []string
	for _, s := range []string{p.Maker, p.Name, p.Model} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if len(parts) == 0 {
		return p.UDI
	}
	return strings.Join(parts, " ")
}

// Contact is how to reach a reporter; everything in it may be empty.
type Contact struct {
	Name  string `json:"name,omitempty"`
	Org   string `json:"organization,omitempty"`
	Email string `json:"email,omitempty"`
	Key   string `json:"pgp_key,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// Intake is a report of a vulnerability as it comes in: the fields of CERT/CC's
// reporting form and, for devices, what concerns patients (domain §5.3). Dates
// are "2026-03-01"; what is not said is empty.
type Intake struct {
	Title       string     `json:"title,omitempty"` // made of the first product if there is none
	Products    []Product  `json:"products"`
	Component   string     `json:"component,omitempty"` // the part or library that is weak
	CWE         []string   `json:"cwe,omitempty"`
	Description string     `json:"description"`
	Exploit     string     `json:"exploit,omitempty"` // how it is exploited, proof of concept
	Impact      string     `json:"impact,omitempty"`
	HowFound    string     `json:"how_found,omitempty"` // tools and their versions
	FoundOn     string     `json:"found_on,omitempty"`
	Told        string     `json:"already_told,omitempty"` // whom, and what came of it
	Public      bool       `json:"public,omitempty"`
	PublicURL   string     `json:"public_url,omitempty"`
	Exploited   Answer     `json:"exploited,omitempty"`
	Evidence    string     `json:"exploitation_evidence,omitempty"`
	PlanOn      string     `json:"disclosure_on,omitempty"`
	PlanZone    string     `json:"disclosure_zone,omitempty"` // of the IANA database; UTC if empty
	PlanURL     string     `json:"disclosure_url,omitempty"`
	Contact     Contact    `json:"contact,omitzero"`
	MayShare    bool       `json:"share_contact,omitempty"` // with the manufacturer and the case's parties
	Credit      bool       `json:"credit,omitempty"`
	CreditName  string     `json:"credit_name,omitempty"`
	CVEs        []string   `json:"cves,omitempty"`
	Tracking    []string   `json:"tracking_ids,omitempty"`
	BenchOnly   Answer     `json:"bench_only,omitempty"` // found on a test bench, with no patient near
	Setting     string     `json:"clinical_setting,omitempty"`
	Harm        Answer     `json:"patient_harm,omitempty"`
	HarmText    string     `json:"patient_harm_text,omitempty"`
	SafetyText  string     `json:"safety_effect,omitempty"` // on safety and essential performance
	NoPatients  bool       `json:"no_patient_data"`         // the sender says that no patient data is in it
	TLP         policy.TLP `json:"tlp,omitempty"`           // how the sender would like it marked
	KeepFiles   bool       `json:"keep_files,omitempty"`    // take files as they are, with all they tell
	Comments    string     `json:"comments,omitempty"`
	Confirmed   Confirmed  `json:"confirmed,omitempty"`
}

// ReadIntake reads a report that came as JSON. It is strict: a name given twice
// or not known is refused. What it says is for [Intake.Check] to judge.
func ReadIntake(data []byte) (in Intake, err error) {
	err = strictjson.UnmarshalLimits(data, strictjson.Limits{Bytes: MaxIntake}, &in)
	return in, err
}

var (
	cveForm = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
	cweForm = regexp.MustCompile(`^CWE-[1-9][0-9]{0,5}$`)
)

// Check trims the report and tells everything that is wrong with it at once.
func (in *Intake) Check(now time.Time) error {
	var p check.Problems
	in.checkProducts(&p)
	in.Title = p.Line("title", "The title", in.Title, MaxTitle, false)
	if in.Title == "" && len(in.Products) > 0 {
		in.Title = cut("Vulnerability in "+in.Products[0].String(), MaxTitle)
	}
	for _, f := range []struct {
		name, what string
		at         *string
		needed     bool
	}{
		{"description", "The description", &in.Description, true}, {"exploit", "How it is exploited", &in.Exploit, false}, {"impact", "The impact", &in.Impact, false},
		{"how_found", "How it was found", &in.HowFound, false}, {"already_told", "Whom you told", &in.Told, false}, {"exploitation_evidence", "The evidence", &in.Evidence, false},
		{"clinical_setting", "The setting", &in.Setting, false}, {"patient_harm_text", "What happened to patients", &in.HarmText, false},
		{"safety_effect", "The effect on safety", &in.SafetyText, false}, {"comments", "The comments", &in.Comments, false},
	} {
		*f.at = p.Text(f.name, f.what, *f.at, MaxText, f.needed)
	}
	in.Component = p.Line("component", "The component", in.Component, MaxLine, false)
	in.CWE = identifiers(&p, "cwe", "weakness (CWE-79)", in.CWE, cweForm)
	in.CVEs = identifiers(&p, "cves", "CVE id (CVE-2026-12345)", in.CVEs, cveForm)
	in.Tracking = identifiers(&p, "tracking_ids", "tracking id", in.Tracking, nil)
	for _, f := range []struct {
		name string
		at   *Answer
	}{{"exploited", &in.Exploited}, {"bench_only", &in.BenchOnly}, {"patient_harm", &in.Harm}} {
		if *f.at != "" {
			p.OneOf(f.name, "The answer", string(*f.at), string(AnswerYes), string(AnswerNo), string(AnswerUnknown))
		}
	}
	if in.Harm == AnswerYes && in.HarmText == "" {
		p.Add("patient_harm_text", "Say what happened, without anything that tells who the patient is.")
	}
	in.checkDates(&p, now)
	in.Public = in.Public || in.PublicURL != ""
	in.PublicURL = link(&p, "public_url", "The address of the public discussion", in.PublicURL)
	in.PlanURL = link(&p, "disclosure_url", "The address of the disclosure", in.PlanURL)
	in.checkContact(&p)
	if in.TLP != "" && !in.TLP.Known() {
		p.Add("tlp", "There is no marking TLP:%s. Choose CLEAR, GREEN, AMBER, AMBER+STRICT or RED.", cut(string(in.TLP), 20))
	}
	if !in.NoPatients {
		p.Add("no_patient_data", "Confirm that nothing in the report or its files tells who a patient is. Take out what does.")
	}
	if in.Confirmed != "" {
		p.OneOf("confirmed", "What you did about it", string(in.Confirmed), string(FoundRemoved), string(FoundNone), string(FoundJustified))
	}
	return p.Err()
}

func (in *Intake) checkProducts(p *check.Problems) {
	// Rows of the form that were left empty do not count.
	in.Products = slices.DeleteFunc(slices.Clone(in.Products), func(x Product) bool {
		return strings.TrimSpace(x.Maker+x.Name+x.Model+x.UDI+x.Version) == ""
	})
	switch n := len(in.Products); {
	case n == 0:
		p.Add("products", "Say which device or program it is about: a name, a model or a UDI is enough.")
	case n > MaxProducts:
		p.Add("products", "A report takes at most %d products; this has %d. Put the rest into the description.", MaxProducts, n)
		return
	}
	for i := range in.Products {
		x := &in.Products[i]
		field := func(name string) string { return fmt.Sprintf("products[%d].%s", i, name) }
		x.Maker = p.Line(field("manufacturer"), "The manufacturer", x.Maker, MaxLine, false)
		x.Name = p.Line(field("name"), "The product's name", x.Name, MaxLine, false)
		x.Model = p.Line(field("model"), "The model", x.Model, MaxLine, false)
		x.Version = p.Line(field("version"), "The software version", x.Version, MaxLine, false)
		x.UDI = strings.ToUpper(p.Line(field("udi_di"), "The UDI", x.UDI, MaxLine, false))
		if x.UDI != "" {
			di, why := deviceIdentifier(x.UDI)
			if why != "" {
				p.Add(field("udi_di"), "%s", why)
			}
			x.UDI = di
		}
		if x.Name+x.Model+x.UDI == "" {
			p.Add(field("name"), "Give the product's name, its model or its UDI.")
		}
		for _, f := range []struct{ name, text string }{{"name", x.Name}, {"model", x.Model}, {"version", x.Version}} {
			if slices.ContainsFunc(scrub.Find(f.text), func(f scrub.Finding) bool { return f.Kind == scrub.DeviceSerial }) {
				p.Add(field(f.name), "This looks like a serial number. Leave it out: one device leads to the patient who uses it.")
			}
		}
	}
}

func (in *Intake) checkDates(p *check.Problems, now time.Time) {
	if in.FoundOn = strings.TrimSpace(in.FoundOn); in.FoundOn != "" {
		d, err := time.Parse(time.DateOnly, in.FoundOn)
		switch {
		case err != nil || d.Year() < 1970:
			p.Add("found_on", "Write the day as 2026-03-31.")
		case d.After(now.Add(14 * time.Hour)): // it may be tomorrow already where the sender is
			p.Add("found_on", "The day on which it was found has not come yet.")
		}
	}
	in.PlanOn, in.PlanZone = strings.TrimSpace(in.PlanOn), strings.TrimSpace(in.PlanZone)
	if in.PlanOn != "" {
		if d, err := time.Parse(time.DateOnly, in.PlanOn); err != nil || d.Year() < 1970 || d.Year() > now.Year()+20 {
			p.Add("disclosure_on", "Write the day as 2026-03-31.")
		}
	}
	if in.PlanZone != "" {
		if _, err := time.LoadLocation(in.PlanZone); err != nil || len(in.PlanZone) > 64 || in.PlanZone == "Local" {
			p.Add("disclosure_zone", "There is no time zone of that name. Write it as America/New_York, or UTC.")
		}
	}
}

func (in *Intake) checkContact(p *check.Problems) {
	c := &in.Contact
	c.Name = p.Line("contact.name", "The name", c.Name, MaxLine, false)
	c.Org = p.Line("contact.organization", "The organization", c.Org, MaxLine, false)
	c.Phone = p.Line("contact.phone", "The phone number", c.Phone, 60, false)
	c.Key = p.Text("contact.pgp_key", "The key", c.Key, MaxKey, false)
	if c.Email = p.Line("contact.email", "The e-mail address", c.Email, 254, false); c.Email != "" {
		if a, err := mail.ParseAddress(c.Email); err != nil || a.Address != c.Email {
			p.Add("contact.email", "This is no e-mail address. Leave it empty if you do not want to be written to.")
		}
	}
	if in.CreditName = p.Line("credit_name", "The name to acknowledge", in.CreditName, MaxLine, false); in.Credit && in.CreditName == "" {
		if in.CreditName = c.Name; in.CreditName == "" {
			p.Add("credit_name", "Say under which name you want to be acknowledged.")
		}
	}
	if in.MayShare && *c == (Contact{}) {
		in.MayShare = false // there is nothing to share
	}
}

// identifiers checks a list of ids, drops empty and double ones and writes known
// forms in capitals.
func identifiers(p *check.Problems, field, what string, list []string, form *regexp.Regexp) (out []string) {
	for _, s := range list {
		s = strings.TrimSpace(s)
		if form != nil {
			s = strings.ToUpper(s)
		}
		if s == "" || slices.Contains(out, s) {
			continue
		}
		if form == nil {
			s = p.Line(field, "The "+what, s, MaxLine, true)
		} else if !form.MatchString(s) {
			p.Add(field, "“%s” is no %s.", cut(s, 40), what)
		}
		out = append(out, s)
	}
	if len(out) > MaxIdentifiers {
		p.Add(field, "At most %d of these fit.", MaxIdentifiers)
	}
	return out
}

func link(p *check.Problems, field, what, s string) string {
	if s = p.Line(field, what, s, 2000, false); s == "" {
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		p.Add(field, "%s must begin with https:// or http://.", what)
	}
	return s
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

var (
	gtin    = regexp.MustCompile(`^(?:\(01\)|01)?([0-9]{14})$`)
	hibc    = regexp.MustCompile(`^\+[A-Z][A-Z0-9]{4,22}$`)
	iccbba  = regexp.MustCompile(`^=/[A-Z0-9]{16}$`)
	carries = regexp.MustCompile(`\((?:10|11|17|21)\)|^\+[^/]+/|^=/[A-Z0-9]{16}=|^\(?01\)?[0-9]{15,}`)
)

// deviceIdentifier reads a UDI's device identifier (21 CFR 830.3: the mandatory,
// fixed portion), and says why a text is none. A UDI that carries production
// identifiers, a serial number among them, is refused.
func deviceIdentifier(s string) (di, why string) {
	s = strings.ReplaceAll(s, " ", "")
	if carries.MatchString(s) {
		return "", "Give the device identifier (DI) only. What follows it (lot, dates, serial number) leads to one device and its patient."
	}
	if m := gtin.FindStringSubmatch(s); m != nil {
		sum := 0
		for i, d := range m[1] {
			sum += int(d-'0') * (3 - 2*(i%2))
		}
		if sum%10 != 0 {
			return "", "The last digit of the UDI does not fit the others: one of them is mistyped."
		}
		return m[1], ""
	}
	if hibc.MatchString(s) || iccbba.MatchString(s) {
		return s, ""
	}
	return "", "This is no device identifier: 14 digits (GS1), + and letters (HIBC) or =/ and 16 characters (ICCBBA). Leave it empty if you are not sure."
}
