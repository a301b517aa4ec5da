package cve

import (
	"regexp"

	"github.com/go-json-experiment/json/jsontext"
)

// The states of a record.
const (
	Published = "PUBLISHED"
	Rejected  = "REJECTED"
)

// The statuses of a version.
const (
	Affected   = "affected"
	Unaffected = "unaffected"
	Unknown    = "unknown"
)

var idPattern = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)

// ValidID tells whether id has the form of a CVE id.
func ValidID(id string) bool { return idPattern.MatchString(id) }

// Record is a CVE Record. Times are text, as many records give them without a
// zone; see Validate.
type Record struct {
	DataType    string     `json:"dataType"`    // CVE_RECORD
	DataVersion string     `json:"dataVersion"` // 5.1, or another 5.x
	Metadata    Metadata   `json:"cveMetadata"`
	Containers  Containers `json:"containers"`
}

// Metadata says which vulnerability a record is about and where it stands.
type Metadata struct {
	ID                string `json:"cveId"`
	AssignerOrgID     string `json:"assignerOrgId"` // a UUID
	AssignerShortName string `json:"assignerShortName,omitzero"`
	RequesterUserID   string `json:"requesterUserId,omitzero"`
	Serial            int64  `json:"serial,omitzero"`
	State             string `json:"state"`
	DateReserved      string `json:"dateReserved,omitzero"`
	DatePublished     string `json:"datePublished,omitzero"`
	DateUpdated       string `json:"dateUpdated,omitzero"`
	DateRejected      string `json:"dateRejected,omitzero"`
}

// Containers are what the assigner says (CNA) and what others add (ADP).
type Containers struct {
	CNA Container   `json:"cna"`
	ADP []Container `json:"adp,omitzero"`
}

// Container is what one provider says of the vulnerability.
type Container struct {
	Provider        Provider         `json:"providerMetadata"`
	DateAssigned    string           `json:"dateAssigned,omitzero"`
	DatePublic      string           `json:"datePublic,omitzero"`
	Title           string           `json:"title,omitzero"`
	Descriptions    []Text           `json:"descriptions,omitzero"`
	Affected        []Product        `json:"affected,omitzero"`
	Applicability   []Applicability  `json:"cpeApplicability,omitzero"`
	ProblemTypes    []ProblemType    `json:"problemTypes,omitzero"`
	References      []Reference      `json:"references,omitzero"`
	Impacts         []Impact         `json:"impacts,omitzero"`
	Metrics         []Metric         `json:"metrics,omitzero"`
	Configurations  []Text           `json:"configurations,omitzero"`
	Workarounds     []Text           `json:"workarounds,omitzero"`
	Solutions       []Text           `json:"solutions,omitzero"`
	Exploits        []Text           `json:"exploits,omitzero"`
	Timeline        []Event          `json:"timeline,omitzero"`
	Credits         []Credit         `json:"credits,omitzero"`
	Source          jsontext.Value   `json:"source,omitzero"` // an object of the provider's own making
	Tags            []string         `json:"tags,omitzero"`
	Taxonomies      []jsontext.Value `json:"taxonomyMappings,omitzero"`
	RejectedReasons []Text           `json:"rejectedReasons,omitzero"` // only of rejected records
	ReplacedBy      []string         `json:"replacedBy,omitzero"`      // CVE ids
}

// Provider is who says what a Container says.
type Provider struct {
	OrgID       string `json:"orgId"` // a UUID
	ShortName   string `json:"shortName,omitzero"`
	DateUpdated string `json:"dateUpdated,omitzero"`
}

// Text is text in a language (BCP 47), perhaps also in other media.
type Text struct {
	Lang  string  `json:"lang"`
	Value string  `json:"value"`
	Media []Media `json:"supportingMedia,omitzero"`
}

// Media is a text in another form, such as HTML.
type Media struct {
	Type   string `json:"type"` // a media type
	Base64 *bool  `json:"base64,omitzero"`
	Value  string `json:"value"`
}

// Product is a product and which versions of it are affected. It has a vendor
// and a product, or a collection and a package; and versions, a default status
// or both.
type Product struct {
	Vendor          string    `json:"vendor,omitzero"`
	Product         string    `json:"product,omitzero"`
	CollectionURL   string    `json:"collectionURL,omitzero"`
	PackageName     string    `json:"packageName,omitzero"`
	PackageURL      string    `json:"packageURL,omitzero"` // since 5.2, without a version
	CPEs            []string  `json:"cpes,omitzero"`
	Modules         []string  `json:"modules,omitzero"`
	ProgramFiles    []string  `json:"programFiles,omitzero"`
	ProgramRoutines []Routine `json:"programRoutines,omitzero"`
	Platforms       []string  `json:"platforms,omitzero"`
	Repo            string    `json:"repo,omitzero"`
	DefaultStatus   string    `json:"defaultStatus,omitzero"` // of versions not listed
	Versions        []Version `json:"versions,omitzero"`
}

// Routine is an affected function.
type Routine struct {
	Name string `json:"name"`
}

// Version is a version, or a range that begins with it and ends before LessThan
// or with LessThanOrEqual.
type Version struct {
	Version         string   `json:"version"`
	Status          string   `json:"status"`
	LessThan        string   `json:"lessThan,omitzero"`
	LessThanOrEqual string   `json:"lessThanOrEqual,omitzero"`
	Type            string   `json:"versionType,omitzero"` // how versions of a range compare: semver, custom, …
	Changes         []Change `json:"changes,omitzero"`
}

// Change is a change of status within a range.
type Change struct {
	At     string `json:"at"`
	Status string `json:"status"`
}

// ProblemType is the kind of weakness, mostly a CWE.
type ProblemType struct {
	Descriptions []ProblemText `json:"descriptions"`
}

// ProblemText names a weakness in a language.
type ProblemText struct {
	Lang        string      `json:"lang"`
	Description string      `json:"description"`
	CWE         string      `json:"cweId,omitzero"`
	Type        string      `json:"type,omitzero"` // CWE, text, …
	References  []Reference `json:"references,omitzero"`
}

// Reference is where to read more.
type Reference struct {
	URL  string   `json:"url"`
	Name string   `json:"name,omitzero"`
	Tags []string `json:"tags,omitzero"`
}

// Impact says what an attack achieves.
type Impact struct {
	CAPEC        string `json:"capecId,omitzero"`
	Descriptions []Text `json:"descriptions"`
}

// Metric is an assessment of severity: one of the CVSS objects, or Other.
type Metric struct {
	Format    string `json:"format,omitzero"`
	Scenarios []Text `json:"scenarios,omitzero"`
	V20       *CVSS  `json:"cvssV2_0,omitzero"`
	V30       *CVSS  `json:"cvssV3_0,omitzero"`
	V31       *CVSS  `json:"cvssV3_1,omitzero"`
	V40       *CVSS  `json:"cvssV4_0,omitzero"`
	Other     *Other `json:"other,omitzero"`
}

// CVSS is a vector with its base score and, but for version 2.0, its severity
// in capitals.
type CVSS struct {
	Version  string  `json:"version"`
	Vector   string  `json:"vectorString"`
	Base     float64 `json:"baseScore"`
	Severity string  `json:"baseSeverity,omitzero"`
}

// Other is an assessment in another system, such as SSVC.
type Other struct {
	Type    string         `json:"type"`
	Content jsontext.Value `json:"content"`
}

// Event is an entry of the timeline.
type Event struct {
	Time  string `json:"time"`
	Lang  string `json:"lang"`
	Value string `json:"value"`
}

// Credit thanks somebody.
type Credit struct {
	Lang  string `json:"lang"`
	Value string `json:"value"`         // who
	User  string `json:"user,omitzero"` // a UUID
	Type  string `json:"type,omitzero"` // finder, reporter, coordinator, …
}
