package scrub

import "regexp"

// detector is one pattern for a kind. What is told is the first group that
// matched, or the whole match.
type detector struct {
	kind    Kind
	pattern *regexp.Regexp
	accept  func(text string, start, end int) bool // may refuse a match; nil accepts
	needs   []string                               // one of these is in every match, in lower case; none if nil
}

// Building blocks. Words are separated by blanks on one line, so that the end
// of one line and the beginning of the next do not make a name.
const (
	month = `(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ept?(?:ember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)\.?`
	// date is a day: a month alone identifies nobody.
	date = `(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|` +
		`\d{1,2}(?:st|nd|rd|th)?[ -](?:of )?` + month + `,?[ -](?:\d{4}|\d{2})|` + month + ` \d{1,2}(?:st|nd|rd|th)?,? \d{4})\b`
	word  = `(?:\p{Lu}['’]|Mc|Mac)?\p{Lu}\p{Ll}+(?:-\p{Lu}\p{Ll}+)?`
	name  = word + `(?: \p{Lu}\.?)?(?: (?:van |von |de |der |la |bin |al-)?` + word + `){1,2}`
	loud  = `\p{Lu}{2,}(?:[,^]? ?\p{Lu}{2,}){1,2}` // SMITH, JOHN
	title = `(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr)\.? )?`
	is    = `(?:[ \t]*[:=#][ \t]*|[ \t]+(?:is|was)[ \t]+|[ \t]+)`
	// code is an identifier; accept wants digits in it.
	code = `[A-Za-z0-9][A-Za-z0-9/-]{2,23}`
)

// detectors stand in order of how sure they are.
var detectors = []detector{
	{Email, regexp.MustCompile(`[A-Za-z0-9_%+][A-Za-z0-9._%+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b`), personal, []string{"@"}},

	{SSN, regexp.MustCompile(`(?i)\b(?:ssn|social security(?: number| no\.?| #)?)\b[ \t:#=]*(?:is |was )?(\d{3}[- ]?\d{2}[- ]?\d{4})\b`), nil, []string{"ssn", "social"}},
	{SSN, regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`), issued, []string{"-"}},

	{BirthDate, regexp.MustCompile(`(?i:\b(?:d\.?o\.?b\b\.?|date[ -]of[ -]birth|(?:patient)?birth[ -]?date|birthday|born|geboren|geburtsdatum))[ \t]*[:=,(]?[ \t]*(?i:is |was |on |am )?(?:` + `(` + date + `)|([12]\d{7})\b)`), nil, []string{"d.o.b", "dob", "d.ob", "do.b", "birth", "born", "gebor", "geburt"}},

	{RecordNumber, regexp.MustCompile(`(?i)\b(?:mrn|(?:medical|med\.?|patient|health)[ -]?(?:record|rec\.?|chart)s?[ -]?(?:number|num\.?|no\.?|id|#)?|(?:patient|pt\.?|chart|encounter|accession|admission|subscriber|beneficiary|nhs|medicare|medicaid|insurance)[ -]?(?:number|num\.?|no\.?|id|ids|identifier|#))(?:[ \t]*\([A-Z]{2,4}\))?` + is + `#?(` + code + `)\b`), numbered(4), []string{"mrn", "record", "rec", "chart", "patient", "pt", "encounter", "accession", "admission", "subscriber", "beneficiary", "nhs", "medica", "insurance"}},
	{RecordNumber, regexp.MustCompile(`(?i)\bnhs (?:number|no\.?)[ \t:]*(\d{3} \d{3} \d{4})\b`), nil, []string{"nhs"}},

	{DeviceSerial, regexp.MustCompile(`\(01\) ?\d{14}(?: ?\((?:11|13|17)\) ?\d{6}| ?\(10\) ?[!-'*-~]{1,20})*? ?\(21\) ?([!-'*-~]{1,20})`), nil, []string{"(01)"}},
	{DeviceSerial, regexp.MustCompile(`\(01\) ?\d{14}(?: ?\((?:11|13|17)\) ?\d{6}| ?\(21\) ?[!-'*-~]{1,20})*? ?\(10\) ?([!-'*-~]{1,20})`), nil, []string{"(01)"}},
	{DeviceSerial, regexp.MustCompile(`(?i)\b(?:s/n|sn|serial[ -]?(?:numbers?|nos?\.?|nr\.?|num\.?|#)|ser\.? no\.?|seriennummer)(?:[ \t]*\(s/?n\))?` + is + `#?(` + code + `)\b`), numbered(3), []string{"s/n", "sn", "ser"}},
	{DeviceSerial, regexp.MustCompile(`(?i)\bserial[ \t]*[:=#]?[ \t]*(` + code + `)\b`), numbered(5), []string{"serial"}},

	{PatientName, regexp.MustCompile(`\b(\p{Lu}[\p{L}'-]+\^\p{Lu}[\p{L}'-]+)(?:\^|\b)`), nil, []string{"^"}}, // DICOM PS3.5 §6.2.1
	{PatientName, regexp.MustCompile(`\b(?i:patient|pt|pat|resident|subject|decedent)(?i:'s|’s)?(?: ?(?i:name))\.?[ \t]*(?:[:=]|is\b|was\b)[ \t]*"?` + title + `(` + name + `|` + loud + `|` + word + `(?:, ?` + word + `)?)`), aName, []string{"patient", "pt", "pat", "resident", "subject", "decedent"}},
	{PatientName, regexp.MustCompile(`\b(?i:patient|pt|pat|decedent)\.?[ \t]*[:=][ \t]*` + title + `(` + word + `, ?` + word + `|` + name + `|` + loud + `)`), aName, []string{"patient", "pt", "pat", "resident", "subject", "decedent"}},
	{PatientName, regexp.MustCompile(`\b(?:[Pp]atient|PATIENT|[Pp]t\.?|[Rr]esident|[Dd]ecedent)(?:,| named| called)? ` + title + `(` + name + `)`), aName, []string{"patient", "pt", "pat", "resident", "subject", "decedent"}},
	{PatientName, regexp.MustCompile(`\b(?:[Pp]atient|[Pp]t\.?)(?:,| named| called)? (?:Mr|Mrs|Ms|Miss|Mx)\.? (` + word + `)`), aName, []string{"patient", "pt", "pat", "resident", "subject", "decedent"}},
	{PersonName, regexp.MustCompile(`\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Herr|Frau)\.? (?:\p{Lu}\. ?)?(` + name + `|` + word + `)`), aName, []string{"mr", "ms", "mx", "dr", "prof", "herr", "frau"}},
	{PersonName, regexp.MustCompile(`\bMiss (` + name + `|` + word + `)`), aName, []string{"miss"}},
	{PersonName, regexp.MustCompile(`\b(?i:nurse|physician|surgeon|doctor|caregiver|widow|husband|wife|daughter|son|mother|father)(?:,| named| called)? (` + name + `)`), aName, []string{"nurse", "physician", "surgeon", "doctor", "caregiver", "widow", "husband", "wife", "daughter", "son", "mother", "father"}},

	{Phone, regexp.MustCompile(`(?i:\b(?:phone|telephone|tel|mobile|cell|fax|pager|call(?: (?:me|us|him|her|them))?(?: (?:at|on))?))(?: (?i:number|no))?\b\.?[ \t:#=]*(?:is )?(\+?\(?\d[\d().\t -]{5,18}\d)`), dialled, []string{"phone", "tel", "mobile", "cell", "fax", "pager", "call"}},
	{Phone, regexp.MustCompile(`\+[1-9]\d{0,2}[ .-]?\(?\d{1,4}\)?(?:[ .-]?\d{2,4}){2,4}\b`), international, []string{"+"}},
	{Phone, regexp.MustCompile(`(?:\b1[-. ])?\([2-9]\d{2}\) ?\d{3}[-. ]\d{4}\b`), apartFromDigits, []string{"("}},
	{Phone, regexp.MustCompile(`\b(?:1[-. ])?[2-9]\d{2}[-. ][2-9]\d{2}[-. ]\d{4}\b`), nil, nil},

	{StreetAddress, regexp.MustCompile(`\b\d{1,5}[A-Za-z]?,? (?:[NSEW]\.? |North |South |East |West )?(?:\p{Lu}[\p{L}'’]+\.? |\d{1,3}(?:st|nd|rd|th) ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Place|Terrace|Parkway|Pkwy|Highway|Hwy|Circle)\b`), street, nil},
	{StreetAddress, regexp.MustCompile(`\b\d{1,5} \d{1,3}(?:st|nd|rd|th) (?:Street|St|Avenue|Ave)\b`), nil, nil},
	{StreetAddress, regexp.MustCompile(`\b\p{Lu}\p{Ll}+(?:straße|strasse|str\.|weg|gasse|allee|platz) \d{1,4}[a-z]?\b`), nil, nil},
	{StreetAddress, regexp.MustCompile(`(?i)\bp\.? ?o\.? box \d{1,6}\b`), nil, nil},
	{StreetAddress, regexp.MustCompile(`\b\p{Lu}\p{Ll}+(?: \p{Lu}\p{Ll}+)?, (?:` + states + `),? \d{5}(?:-\d{4})?\b`), nil, nil},

	{PatientDate, regexp.MustCompile(`\b(?i:` + events + `)\b[^.!?\n]{0,60}?\b(` + date + `)`), nil, []string{"patient", "pt", "admi", "discharged", "hospital", "deceased", "died", "passed", "diagnosed", "operated", "underwent", "surgery", "biopsy", "planted", "transfused", "seen", "treated"}},
	{PatientDate, regexp.MustCompile(`\b(` + date + `)[^.!?\n]{0,60}?\b(?i:` + events + `)\b`), nil, []string{"patient", "pt", "admi", "discharged", "hospital", "deceased", "died", "passed", "diagnosed", "operated", "underwent", "surgery", "biopsy", "planted", "transfused", "seen", "treated"}},

	{Address, regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`), ipv4, []string{"."}},
	{Address, regexp.MustCompile(`\b[0-9A-Fa-f]{1,4}:[0-9A-Fa-f:.]{4,40}`), ipv6, []string{":"}},
}

// events are what happens to patients.
const events = `(?:the|a|an|our|this|that|his|her|one|male|female|old) (?:patient|pt)|pt|was admitted|admitted (?:to|on)|admission|discharged|hospitali[sz]ed|deceased|died|passed away|` +
	`diagnosed|operated|underwent|surgery|biopsy|implanted|explanted|transfused|seen in (?:clinic|the clinic)|treated (?:on|in|at)`

// states are the codes of US states.
const states = `A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY]`
