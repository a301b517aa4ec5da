package cve

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cordon-isao/cordon/formats/cvss"
)

// Problem is something that the schema or the CNA rules do not allow.
type Problem struct {
	Path string // a JSON Pointer (RFC 6901) into the record
	Text string
}

func (p Problem) String() string { return p.Path + " " + p.Text }

var (
	uuidPattern = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-5][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$`)
	cwePattern  = regexp.MustCompile(`^CWE-[1-9][0-9]*$`)
	capPattern  = regexp.MustCompile(`^CAPEC-[1-9][0-9]{0,4}$`)
	langPattern = regexp.MustCompile(`^[A-Za-z]{2,4}([_-]([A-Za-z]{4}|[A-Za-z]{2}|[0-9]{3}|[A-Za-z0-9]{5,8}))*$`)
)

// CreditTypes are what somebody can be thanked as.
var CreditTypes = []string{
	"finder", "reporter", "analyst", "coordinator", "remediation developer", "remediation reviewer",
	"remediation verifier", "tool", "sponsor", "other",
}

// ReferenceTags are the tags of references; private ones begin with x_.
var ReferenceTags = []string{
	"broken-link", "customer-entitlement", "exploit", "government-resource", "issue-tracking", "mailing-list",
	"mitigation", "not-applicable", "patch", "permissions-required", "media-coverage", "product", "related",
	"release-notes", "signature", "technical-description", "third-party-advisory", "vendor-advisory", "vdb-entry",
}

var statuses = []string{Affected, Unaffected, Unknown}

// maxProblems keeps a hostile record from making a long report.
const maxProblems = 500

type check struct{ found []Problem }

func (c *check) say(path, format string, args ...any) {
	if len(c.found) < maxProblems {
		c.found = append(c.found, Problem{path, fmt.Sprintf(format, args...)})
	}
}

func (c *check) require(ok bool, path, format string, args ...any) {
	if !ok {
		c.say(path, format, args...)
	}
}

// Validate lists what is wrong with a record, by the schema 5.1 as far as this
// package keeps it; scores must be what their vectors come to (rule R-071).
func Validate(r Record) []Problem {
	c := &check{}
	c.require(r.DataType == "CVE_RECORD", "/dataType", "must be CVE_RECORD")
	c.require(formatPattern.MatchString(r.DataVersion), "/dataVersion", "must be 5.1 or another 5.x")
	m := r.Metadata
	c.require(ValidID(m.ID), "/cveMetadata/cveId", "must be like CVE-2026-12345")
	c.uuid("/cveMetadata/assignerOrgId", m.AssignerOrgID, true)
	c.uuid("/cveMetadata/requesterUserId", m.RequesterUserID, false)
	c.short("/cveMetadata/assignerShortName", m.AssignerShortName)
	for name, date := range map[string]string{
		"dateReserved": m.DateReserved, "datePublished": m.DatePublished, "dateUpdated": m.DateUpdated, "dateRejected": m.DateRejected,
	} {
		c.date("/cveMetadata/"+name, date, false)
	}
	switch m.State {
	case Published:
		c.published("/containers/cna", r.Containers.CNA)
	case Rejected:
		c.rejected("/containers/cna", r.Containers.CNA)
	default:
		c.say("/cveMetadata/state", "must be PUBLISHED or REJECTED")
	}
	for i, a := range r.Containers.ADP {
		c.container(at("/containers/adp", i), a)
	}
	slices.SortStableFunc(c.found, func(a, b Problem) int { return strings.Compare(a.Path, b.Path) })
	return c.found
}

func at(path string, i int) string { return fmt.Sprintf("%s/%d", path, i) }

// published checks what a published record must have besides.
func (c *check) published(path string, k Container) {
	c.require(slices.ContainsFunc(k.Descriptions, func(t Text) bool {
		return t.Lang == "en" || strings.HasPrefix(t.Lang, "en-") || strings.HasPrefix(t.Lang, "en_")
	}),
		path+"/descriptions", "must have one in English")
	c.require(len(k.Affected) > 0, path+"/affected", "must name a product")
	c.require(len(k.References) > 0, path+"/references", "must have one")
	c.require(k.RejectedReasons == nil && k.ReplacedBy == nil, path+"/rejectedReasons", "belongs to rejected records only")
	c.container(path, k)
}

func (c *check) rejected(path string, k Container) {
	c.require(len(k.RejectedReasons) > 0, path+"/rejectedReasons", "must have one")
	for i, id := range k.ReplacedBy {
		c.require(ValidID(id), at(path+"/replacedBy", i), "must be like CVE-2026-12345")
	}
	c.require(len(k.Descriptions)+len(k.Affected)+len(k.References)+len(k.Metrics) == 0, path, "of a rejected record says nothing but why")
	c.container(path, k)
}

func (c *check) container(path string, k Container) {
	c.uuid(path+"/providerMetadata/orgId", k.Provider.OrgID, true)
	c.short(path+"/providerMetadata/shortName", k.Provider.ShortName)
	c.date(path+"/providerMetadata/dateUpdated", k.Provider.DateUpdated, false)
	c.date(path+"/dateAssigned", k.DateAssigned, false)
	c.date(path+"/datePublic", k.DatePublic, false)
	c.length(path+"/title", k.Title, 0, 256)
	for name, list := range map[string][]Text{
		"descriptions": k.Descriptions, "configurations": k.Configurations, "workarounds": k.Workarounds,
		"solutions": k.Solutions, "exploits": k.Exploits, "rejectedReasons": k.RejectedReasons,
	} {
		c.texts(path+"/"+name, list)
	}
	for i, p := range k.Affected {
		c.product(at(path+"/affected", i), p)
	}
	for i, p := range k.ProblemTypes {
		here := at(path+"/problemTypes", i) + "/descriptions"
		c.require(len(p.Descriptions) > 0, here, "must have one")
		for j, d := range p.Descriptions {
			c.lang(at(here, j)+"/lang", d.Lang)
			c.length(at(here, j)+"/description", d.Description, 1, 4096)
			c.length(at(here, j)+"/type", d.Type, 0, 128)
			c.require(d.CWE == "" || cwePattern.MatchString(d.CWE), at(here, j)+"/cweId", "must be like CWE-79")
			c.references(at(here, j)+"/references", d.References)
		}
	}
	c.references(path+"/references", k.References)
	for i, p := range k.Impacts {
		here := at(path+"/impacts", i)
		c.require(p.CAPEC == "" || capPattern.MatchString(p.CAPEC), here+"/capecId", "must be like CAPEC-66")
		c.require(len(p.Descriptions) > 0, here+"/descriptions", "must have one")
		c.texts(here+"/descriptions", p.Descriptions)
	}
	for i, m := range k.Metrics {
		c.metric(at(path+"/metrics", i), m)
	}
	for i, e := range k.Timeline {
		here := at(path+"/timeline", i)
		c.date(here+"/time", e.Time, true)
		c.lang(here+"/lang", e.Lang)
		c.length(here+"/value", e.Value, 1, 4096)
	}
	for i, e := range k.Credits {
		here := at(path+"/credits", i)
		c.lang(here+"/lang", e.Lang)
		c.length(here+"/value", e.Value, 1, 4096)
		c.uuid(here+"/user", e.User, false)
		c.require(e.Type == "" || slices.Contains(CreditTypes, e.Type), here+"/type", "must be one of %s", strings.Join(CreditTypes, ", "))
	}
}

func (c *check) product(path string, p Product) {
	c.require(p.Vendor != "" && p.Product != "" || p.CollectionURL != "" && p.PackageName != "", path,
		"must have a vendor and a product, or a collectionURL and a packageName")
	c.length(path+"/vendor", p.Vendor, 0, 512)
	c.length(path+"/product", p.Product, 0, 2048)
	c.length(path+"/packageName", p.PackageName, 0, 2048)
	c.url(path+"/collectionURL", p.CollectionURL, false)
	c.require(p.Repo == "" || strings.Contains(p.Repo, "://") && len(p.Repo) <= 2048, path+"/repo", "must be a URL of at most 2048 characters")
	c.require(p.DefaultStatus != "" || len(p.Versions) > 0, path, "must have versions or a defaultStatus")
	c.require(p.DefaultStatus == "" || slices.Contains(statuses, p.DefaultStatus), path+"/defaultStatus", "must be affected, unaffected or unknown")
	for i, v := range p.Versions {
		here := at(path+"/versions", i)
		c.length(here+"/version", v.Version, 1, 1024)
		c.length(here+"/lessThan", v.LessThan, 0, 1024)
		c.length(here+"/lessThanOrEqual", v.LessThanOrEqual, 0, 1024)
		c.require(slices.Contains(statuses, v.Status), here+"/status", "must be affected, unaffected or unknown")
		ranged := v.LessThan != "" || v.LessThanOrEqual != ""
		c.require(v.LessThan == "" || v.LessThanOrEqual == "", here, "must not have both lessThan and lessThanOrEqual")
		c.require(!ranged || v.Type != "", here+"/versionType", "must say how the versions of a range compare")
		c.require(ranged || v.Changes == nil, here+"/changes", "belong to a range only")
		for j, change := range v.Changes {
			c.length(at(here+"/changes", j)+"/at", change.At, 1, 1024)
			c.require(slices.Contains(statuses, change.Status), at(here+"/changes", j)+"/status", "must be affected, unaffected or unknown")
		}
	}
}

func (c *check) references(path string, list []Reference) {
	c.require(len(list) <= 512, path, "must be no more than 512")
	seen := map[string]bool{}
	for i, r := range list {
		here := at(path, i)
		c.url(here+"/url", r.URL, true)
		item := fmt.Sprintf("%q", r)
		c.require(!seen[item], here, "stands there twice")
		seen[item] = true
		c.length(here+"/name", r.Name, 0, 512)
		for j, tag := range r.Tags {
			c.require(strings.HasPrefix(tag, "x_") || slices.Contains(ReferenceTags, tag), at(here+"/tags", j), "must begin with x_ or be one of %s", strings.Join(ReferenceTags, ", "))
		}
	}
}

func (c *check) metric(path string, m Metric) {
	c.require(m.V20 != nil || m.V30 != nil || m.V31 != nil || m.V40 != nil || m.Other != nil, path, "must have a CVSS object or another")
	c.texts(path+"/scenarios", m.Scenarios)
	c.score(path+"/cvssV3_0", m.V30, cvss.V30)
	c.score(path+"/cvssV3_1", m.V31, cvss.V31)
	c.score(path+"/cvssV4_0", m.V40, cvss.V40)
	if m.V20 != nil {
		c.require(m.V20.Version == "2.0", path+"/cvssV2_0/version", "must be 2.0")
		c.require(m.V20.Vector != "", path+"/cvssV2_0/vectorString", "must not be empty")
		c.require(m.V20.Base >= 0 && m.V20.Base <= 10, path+"/cvssV2_0/baseScore", "must be 0 to 10")
	}
	if m.Other != nil {
		c.length(path+"/other/type", m.Other.Type, 1, 128)
		c.require(m.Other.Content.Kind() == '{', path+"/other/content", "must be an object")
	}
}

// score holds a CVSS object to its vector.
func (c *check) score(path string, s *CVSS, version cvss.Version) {
	if s == nil {
		return
	}
	c.require(s.Version == string(version), path+"/version", "must be %s", version)
	v, err := cvss.Parse(s.Vector)
	switch {
	case err != nil:
		c.say(path+"/vectorString", "is wrong: %v", err)
	case v.Version != version:
		c.say(path+"/vectorString", "must be of version %s", version)
	case !v.Matches(s.Base):
		c.say(path+"/baseScore", "must be %.1f, which the vector comes to", v.BaseScore())
	case s.Severity != strings.ToUpper(cvss.Severity(s.Base)):
		c.say(path+"/baseSeverity", "must be %s", strings.ToUpper(cvss.Severity(s.Base)))
	}
}

func (c *check) texts(path string, list []Text) {
	for i, t := range list {
		here := at(path, i)
		c.lang(here+"/lang", t.Lang)
		c.length(here+"/value", t.Value, 1, 4096)
		for j, m := range t.Media {
			c.length(at(here+"/supportingMedia", j)+"/type", m.Type, 1, 256)
			c.length(at(here+"/supportingMedia", j)+"/value", m.Value, 1, 16384)
		}
	}
}

func (c *check) length(path, s string, least, most int) {
	if n := utf8.RuneCountInString(s); n < least {
		c.say(path, "must not be empty")
	} else if n > most {
		c.say(path, "has %d characters, more than %d", n, most)
	}
}

func (c *check) lang(path, s string) {
	c.require(langPattern.MatchString(s), path, "must be a language, such as en")
}

func (c *check) short(path, s string) {
	n := utf8.RuneCountInString(s)
	c.require(n == 0 || n >= 2 && n <= 32, path, "must have 2 to 32 characters")
}

func (c *check) uuid(path, s string, must bool) {
	c.require(s == "" && !must || uuidPattern.MatchString(s), path, "must be a UUID")
}

// date accepts RFC 3339 and, as the schema does, a time without a zone, which
// counts as UTC.
func (c *check) date(path, s string, must bool) {
	if s == "" && !must {
		return
	}
	_, err := ParseTime(s)
	c.require(err == nil, path, "must be a time, such as 2026-01-31T12:00:00Z")
}

// ParseTime reads a time of a record. One without a zone is in UTC.
func ParseTime(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999", s)
	}
	return t.UTC(), err
}

func (c *check) url(path, s string, must bool) {
	if s == "" && !must {
		return
	}
	u, err := url.Parse(s)
	c.require(err == nil && len(s) <= 2048 && u.Host != "" && slices.Contains([]string{"http", "https", "ftp", "git", "ssh"}, u.Scheme), path, "must be a URL of at most 2048 characters")
}
