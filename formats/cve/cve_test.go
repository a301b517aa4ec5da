package cve

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// records returns the real records of testdata.
func records(t testing.TB) [][]byte {
	f, err := os.Open("testdata/records.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	s := bufio.NewScanner(z)
	s.Buffer(nil, MaxBytes)
	for s.Scan() {
		all = append(all, bytes.Clone(s.Bytes()))
	}
	if s.Err() != nil || len(all) != 200 {
		t.Fatalf("%d records: %v", len(all), s.Err())
	}
	return all
}

// kept lists the members that are kept, written down apart from the types: by
// the name of an object, its members, and after a colon the object that one is.
// A star keeps whatever is below.
var kept = func() map[string]map[string]string {
	objects := map[string]map[string]string{}
	for line := range strings.Lines(`
		record dataType dataVersion cveMetadata:meta containers:containers
		meta cveId assignerOrgId assignerShortName requesterUserId serial state dateReserved datePublished dateUpdated dateRejected
		containers cna:cna adp:cna
		cna providerMetadata:provider dateAssigned datePublic title descriptions:text affected:product cpeApplicability:appl problemTypes:problem references:ref impacts:impact metrics:metric configurations:text workarounds:text solutions:text exploits:text timeline:event credits:credit source:* tags:* taxonomyMappings:* rejectedReasons:text replacedBy:*
		provider orgId shortName dateUpdated
		text lang value supportingMedia:media
		media type base64 value
		product vendor product collectionURL packageName packageURL cpes:* modules:* programFiles:* programRoutines:routine platforms:* repo defaultStatus versions:version
		appl operator negate nodes:node
		node operator negate cpeMatch:*
		routine name
		version version status lessThan lessThanOrEqual versionType changes:change
		change at status
		problem descriptions:weakness
		weakness lang description cweId type references:ref
		ref url name tags:*
		impact capecId descriptions:text
		metric format scenarios:text cvssV2_0:cvss cvssV3_0:cvss cvssV3_1:cvss cvssV4_0:cvss other:other
		cvss version vectorString baseScore baseSeverity
		other type content:*
		event time lang value
		credit lang value user type`) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		members := map[string]string{}
		for _, field := range fields[1:] {
			name, of, _ := strings.Cut(field, ":")
			members[name] = of
		}
		objects[fields[0]] = members
	}
	return objects
}()

// prune leaves of a record what is kept.
func prune(v any, object string) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = prune(v[i], object)
		}
	case map[string]any:
		if object == "*" {
			return v
		}
		for name := range v {
			of, ok := kept[object][name]
			if !ok {
				delete(v, name)
				continue
			}
			v[name] = prune(v[name], of)
		}
	}
	return v
}

func generic(t testing.TB, data []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Real records are valid, their scores among them, and are read and written
// again without loss of what is kept.
func TestRecords(t *testing.T) {
	states := map[string]int{}
	for _, data := range records(t) {
		r, err := Parse(data)
		if err != nil {
			t.Errorf("%.100s: %v", data, err)
			continue
		}
		states[r.Metadata.State]++
		text, err := Encode(r)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(prune(generic(t, data), "record"), generic(t, text)); diff != "" {
			t.Errorf("%s: %s", r.Metadata.ID, diff)
		}
		again, err := Parse(text)
		if diff := cmp.Diff(r, again); err != nil || diff != "" {
			t.Errorf("%s: %v %s", r.Metadata.ID, err, diff)
		}
		if problems := Validate(r); problems != nil {
			t.Errorf("%s: %v", r.Metadata.ID, problems)
		}
	}
	if states[Published] != 186 || states[Rejected] != 14 {
		t.Error(states)
	}
}

const org = "8254265b-2729-46b6-b9e3-3dfca2d5bfca"

func input() Input {
	return Input{
		ID: "CVE-2026-10001", Assigner: Provider{OrgID: org, ShortName: "cordon"},
		Title: "Pump takes commands without a login", Description: "An unauthenticated attacker on the network can stop the infusion.",
		Affected: []Product{{
			Vendor: "Halden Medical", Product: "Pump 3", DefaultStatus: Unaffected,
			Versions: []Version{{Version: "1.0", LessThan: "1.4", Type: "semver", Status: Affected}},
		}},
		CWEs:       []CWE{{"CWE-306", "Missing Authentication for Critical Function"}},
		Vectors:    []string{"CVSS:3.1/S:U/AV:A/AC:L/PR:N/UI:N/C:N/I:H/A:H", "CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:H/SC:N/SI:N/SA:N/S:P"},
		References: []Reference{{URL: "https://halden.example/advisories/1", Tags: []string{"vendor-advisory"}}},
		Credits:    []Credit{{Value: "A. Finder", Type: "finder"}},
		Timeline:   []Moment{{time.Date(2026, 1, 1, 12, 0, 0, 0, time.FixedZone("", 3600)), "Reported."}},
		Solution:   "Install version 1.4.", Workaround: "Keep the pump off the network.",
		Reserved: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Public: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), Published: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
	}
}

func TestBuild(t *testing.T) {
	r, err := Build(input())
	if err != nil {
		t.Fatal(err)
	}
	k := r.Containers.CNA
	if diff := cmp.Diff([]Metric{
		{Format: "CVSS", V31: &CVSS{"3.1", "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:H", 8.1, "HIGH"}},
		{Format: "CVSS", V40: &CVSS{"4.0", "CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:N/VI:H/VA:H/SC:N/SI:N/SA:N/S:P", 7.2, "HIGH"}},
	}, k.Metrics); diff != "" {
		t.Error(diff)
	}
	if k.Timeline[0].Time != "2026-01-01T11:00:00.000Z" || k.ProblemTypes[0].Descriptions[0].Description != "CWE-306 Missing Authentication for Critical Function" || k.Credits[0].Lang != "en" || k.DatePublic != "2026-03-01T09:00:00.000Z" {
		t.Errorf("%+v", k)
	}
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(data)
	if diff := cmp.Diff(r, again); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	data, err = EncodeCNA(r)
	if err != nil || !strings.HasPrefix(string(data), "{\n  \"cnaContainer\": {\n    \"providerMetadata\": {") || bytes.Contains(data, []byte("cveMetadata")) {
		t.Errorf("%s %v", data, err)
	}
}

// A draft lacks things, and says which.
func TestBuildDraft(t *testing.T) {
	in := input()
	in.ID, in.Affected, in.Vectors = "", nil, []string{"CVSS:3.1/AV:N"}
	r, err := Build(in)
	var invalid *Invalid
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var paths []string
	for _, p := range invalid.Problems {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff([]string{"/containers/cna/metrics/0", "/containers/cna/affected", "/cveMetadata/cveId"}, paths); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(err.Error(), "needs Attack Complexity (AC)") || !strings.HasSuffix(err.Error(), "and 2 more") || r.Containers.CNA.Title != in.Title {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for path, change := range map[string]func(*Record){
		"/dataType":                                           func(r *Record) { r.DataType = "CVE" },
		"/dataVersion":                                        func(r *Record) { r.DataVersion = "4.0" },
		"/cveMetadata/cveId":                                  func(r *Record) { r.Metadata.ID = "CVE-2026-1" },
		"/cveMetadata/assignerOrgId":                          func(r *Record) { r.Metadata.AssignerOrgID = "cordon" },
		"/cveMetadata/state":                                  func(r *Record) { r.Metadata.State = "RESERVED" },
		"/cveMetadata/datePublished":                          func(r *Record) { r.Metadata.DatePublished = "2026-03-01" },
		"/containers/cna/providerMetadata/orgId":              func(r *Record) { r.Containers.CNA.Provider.OrgID = "" },
		"/containers/cna/providerMetadata/shortName":          func(r *Record) { r.Containers.CNA.Provider.ShortName = "x" },
		"/containers/cna/title":                               func(r *Record) { r.Containers.CNA.Title = strings.Repeat("ü", 257) },
		"/containers/cna/descriptions":                        func(r *Record) { r.Containers.CNA.Descriptions[0].Lang = "de" },
		"/containers/cna/descriptions/0/value":                func(r *Record) { r.Containers.CNA.Descriptions[0].Value = "" },
		"/containers/cna/affected/0":                          func(r *Record) { r.Containers.CNA.Affected[0].Vendor = "" },
		"/containers/cna/affected/0/defaultStatus":            func(r *Record) { r.Containers.CNA.Affected[0].DefaultStatus = "fixed" },
		"/containers/cna/affected/0/versions/0/status":        func(r *Record) { r.Containers.CNA.Affected[0].Versions[0].Status = "fixed" },
		"/containers/cna/affected/0/versions/0/versionType":   func(r *Record) { r.Containers.CNA.Affected[0].Versions[0].Type = "" },
		"/containers/cna/affected/0/versions/0":               func(r *Record) { r.Containers.CNA.Affected[0].Versions[0].LessThanOrEqual = "1.3" },
		"/containers/cna/affected/0/versions/0/changes/0/at":  func(r *Record) { r.Containers.CNA.Affected[0].Versions[0].Changes = []Change{{"", Unaffected}} },
		"/containers/cna/problemTypes/0/descriptions/0/cweId": func(r *Record) { r.Containers.CNA.ProblemTypes[0].Descriptions[0].CWE = "306" },
		"/containers/cna/references":                          func(r *Record) { r.Containers.CNA.References = nil },
		"/containers/cna/references/0/url":                    func(r *Record) { r.Containers.CNA.References[0].URL = "javascript:alert(1)" },
		"/containers/cna/references/0/tags/0":                 func(r *Record) { r.Containers.CNA.References[0].Tags[0] = "mine" },
		"/containers/cna/references/1": func(r *Record) {
			r.Containers.CNA.References = append(r.Containers.CNA.References, r.Containers.CNA.References[0])
		},
		"/containers/cna/metrics/0":                          func(r *Record) { r.Containers.CNA.Metrics[0].V31 = nil },
		"/containers/cna/metrics/0/cvssV3_1/version":         func(r *Record) { r.Containers.CNA.Metrics[0].V31.Version = "3.0" },
		"/containers/cna/metrics/0/cvssV3_1/vectorString":    func(r *Record) { r.Containers.CNA.Metrics[0].V31.Vector = "CVSS:3.1/" },
		"/containers/cna/metrics/0/cvssV3_1/baseScore":       func(r *Record) { r.Containers.CNA.Metrics[0].V31.Base = 8.2 },
		"/containers/cna/metrics/1/cvssV4_0/baseSeverity":    func(r *Record) { r.Containers.CNA.Metrics[1].V40.Severity = "High" },
		"/containers/cna/metrics/0/other/content":            func(r *Record) { r.Containers.CNA.Metrics[0].Other = &Other{"ssvc", []byte(`"text"`)} },
		"/containers/cna/timeline/0/time":                    func(r *Record) { r.Containers.CNA.Timeline[0].Time = "" },
		"/containers/cna/timeline/0/lang":                    func(r *Record) { r.Containers.CNA.Timeline[0].Lang = "english" },
		"/containers/cna/credits/0/type":                     func(r *Record) { r.Containers.CNA.Credits[0].Type = "hero" },
		"/containers/cna/solutions/0/supportingMedia/0/type": func(r *Record) { r.Containers.CNA.Solutions[0].Media = []Media{{Value: "x"}} },
		"/containers/cna/rejectedReasons":                    func(r *Record) { r.Containers.CNA.RejectedReasons = []Text{{Lang: "en", Value: "No."}} },
		"/containers/adp/0/providerMetadata/orgId":           func(r *Record) { r.Containers.ADP = []Container{{}} },
		"/containers/cna/impacts/0/capecId":                  func(r *Record) { r.Containers.CNA.Impacts = []Impact{{"66", []Text{{Lang: "en", Value: "x"}}}} },
	} {
		r, err := Build(input())
		if err != nil {
			t.Fatal(err)
		}
		change(&r)
		problems := Validate(r)
		if len(problems) != 1 || problems[0].Path != path || problems[0].Text == "" {
			t.Errorf("%s: %v", path, problems)
		}
	}
	rejected := Record{"CVE_RECORD", "5.1", Metadata{ID: "CVE-2026-10001", AssignerOrgID: org, State: Rejected}, Containers{CNA: Container{
		Provider: Provider{OrgID: org}, RejectedReasons: []Text{{Lang: "en", Value: "A duplicate."}}, ReplacedBy: []string{"CVE-2026-10000"},
	}}}
	if problems := Validate(rejected); problems != nil {
		t.Error(problems)
	}
	rejected.Containers.CNA.ReplacedBy[0], rejected.Containers.CNA.RejectedReasons = "that one", nil
	if problems := Validate(rejected); len(problems) != 2 {
		t.Error(problems)
	}
	// A record full of mistakes does not make a report without end.
	r, _ := Build(input())
	r.Containers.CNA.References = make([]Reference, 5000)
	if n := len(Validate(r)); n != maxProblems {
		t.Error(n)
	}
}

const small = `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2026-10001","assignerOrgId":"8254265b-2729-46b6-b9e3-3dfca2d5bfca","state":"PUBLISHED"},"containers":{"cna":{"providerMetadata":{"orgId":"8254265b-2729-46b6-b9e3-3dfca2d5bfca"},"title":"T","x_ours":[1]}}}`

func TestParse(t *testing.T) {
	r, err := Parse([]byte(small))
	if err != nil || r.Containers.CNA.Title != "T" || r.Containers.ADP != nil {
		t.Fatal(r, err)
	}
	for name, change := range map[string][2]string{
		"another type":    {"CVE_RECORD", "CVE"},
		"another format":  {`"5.1"`, `"4.0"`},
		"no such format":  {`"5.1"`, `"5.01"`},
		"a bad id":        {"CVE-2026-10001", "CVE-2026-001"},
		"a longer id":     {"CVE-2026-10001", "CVE-2026-10001\\n"},
		"another state":   {"PUBLISHED", "published"},
		"no container":    {`"cna"`, `"CNA"`},
		"a null":          {`{"providerMetadata":{"orgId":"8254265b-2729-46b6-b9e3-3dfca2d5bfca"},"title":"T","x_ours":[1]}`, "null"},
		"two titles":      {`"title":"T"`, `"title":"T","title":"U"`},
		"two containers":  {`"containers":{`, `"containers":{},"containers":{`},
		"a number":        {`"T"`, `7`},
		"bad UTF-8":       {`"T"`, "\"\xff\""},
		"cut":             {`}}}`, `}}`},
		"deep":            {`[1]`, strings.Repeat("[", 70) + strings.Repeat("]", 70)},
		"something after": {`}}}`, `}}} {}`},
	} {
		text := strings.Replace(small, change[0], change[1], 1)
		if text == small {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := Parse([]byte(text)); !errors.Is(err, ErrNotCVE) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(bytes.Repeat([]byte(" "), MaxBytes+1)); err == nil || errors.Is(err, ErrNotCVE) {
		t.Errorf("too large: %v", err)
	}
}

func TestParseTime(t *testing.T) {
	want := time.Date(2005, 11, 2, 10, 0, 0, 0, time.UTC)
	for _, s := range []string{"2005-11-02T10:00:00", "2005-11-02T10:00:00.000", "2005-11-02T10:00:00Z", "2005-11-02T12:00:00.000+02:00"} {
		if got, err := ParseTime(s); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	if _, err := ParseTime("2005-11-02"); err == nil {
		t.Error("a day is no time")
	}
}

func TestValidID(t *testing.T) {
	for id, want := range map[string]bool{
		"CVE-1999-0006": true, "CVE-2026-1234567890123456789": true, "CVE-2026-12345678901234567890": false,
		"CVE-2026-123": false, "cve-2026-1234": false, "CVE-26-1234": false, "CVE-2026-1234 ": false, "CVE-2026-1234\n": false, "": false,
	} {
		if ValidID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	for _, data := range slices.Concat(records(f)[:10], records(f)[190:]) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse(data)
		if err != nil {
			return
		}
		if !ValidID(r.Metadata.ID) {
			t.Errorf("%q was read", data)
		}
		_ = Validate(r)
		text, err := Encode(r)
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%q is written as %q: %v", data, text, err)
		}
		if once, err := Encode(again); err != nil || !bytes.Equal(once, text) {
			t.Errorf("%q is written as %q, then as %q: %v", data, text, once, err)
		}
	})
}
