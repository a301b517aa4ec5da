package osv

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits bound what is read of a feed.
type Limits = vuln.Limits

// wire is a record as written, as far as it is read.
type wire struct {
	SchemaVersion string         `json:"schema_version"`
	ID            string         `json:"id"`
	Modified      string         `json:"modified"`
	Published     string         `json:"published"`
	Withdrawn     string         `json:"withdrawn"`
	Aliases       []string       `json:"aliases"`
	Upstream      []string       `json:"upstream"`
	Related       []string       `json:"related"`
	Summary       string         `json:"summary"`
	Details       string         `json:"details"`
	Severity      []severity     `json:"severity"`
	Affected      []affected     `json:"affected"`
	References    []reference    `json:"references"`
	Database      jsontext.Value `json:"database_specific"`
}

type severity struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

type reference struct {
	URL string `json:"url"`
}

type affected struct {
	Package *struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
		PURL      string `json:"purl"`
	} `json:"package"`
	Severity []severity   `json:"severity"`
	Ranges   []eventRange `json:"ranges"`
	Versions []string     `json:"versions"`
}

type eventRange struct {
	Type   string  `json:"type"`
	Repo   string  `json:"repo"`
	Events []event `json:"events"`
}

type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
	Limit        string `json:"limit"`
}

// Each reads a feed: one record, records one after the other (JSON lines), or an
// array of records. skip, which may be nil, hears of each record that cannot be
// read, by its number and id, and the reading goes on; without skip it ends
// there. An error of fn ends it too.
func Each(r io.Reader, fn func(vuln.Record) error, skip func(where string, err error)) error {
	return EachLimits(r, Limits{}, fn, skip)
}

// EachLimits is [Each] under other limits.
func EachLimits(r io.Reader, limits Limits, fn func(vuln.Record) error, skip func(where string, err error)) error {
	limits = limits.Filled()
	var told func(int, error)
	if skip != nil {
		told = func(n int, err error) { skip(fmt.Sprintf("record %d", n), err) }
	}
	return vuln.Split(r, limits, func(n int, data []byte) error {
		rec, id, err := read(data, limits)
		if err == nil {
			return fn(rec)
		}
		where := fmt.Sprintf("record %d", n)
		if id != "" {
			where += " (" + id + ")"
		}
		if skip == nil {
			return fmt.Errorf("OSV %s: %w", where, err)
		}
		skip(where, err)
		return nil
	}, told)
}

// Parse reads one record.
func Parse(data []byte) (vuln.Record, error) {
	r, _, err := read(data, Limits{}.Filled())
	return r, err
}

// read reads one record, and its id even if the rest is wrong.
func read(data []byte, limits Limits) (vuln.Record, string, error) {
	if err := strictjson.Check(data, strictjson.Limits{Bytes: int64(limits.Bytes), Depth: limits.Depth, Values: limits.Values, Number: 400}); err != nil {
		return vuln.Record{}, "", err
	}
	var w wire
	if err := json.Unmarshal(data, &w, jsontext.AllowDuplicateNames(true)); err != nil { // Check has refused them
		return vuln.Record{}, vuln.Clip(w.ID, 80), semantic(err)
	}
	r, err := w.record()
	return r, vuln.Clip(w.ID, 80), err
}

func (w *wire) record() (vuln.Record, error) {
	switch {
	case strings.TrimSpace(w.ID) == "":
		return vuln.Record{}, fmt.Errorf("the record has no /id")
	case len(w.ID) > 256:
		return vuln.Record{}, fmt.Errorf("/id has %d bytes; the limit is 256", len(w.ID))
	case w.SchemaVersion != "" && !strings.HasPrefix(w.SchemaVersion, "1."):
		return vuln.Record{}, fmt.Errorf("/schema_version is not 1.x")
	}
	r := vuln.Record{
		ID: strings.TrimSpace(w.ID), Source: vuln.OSV, Title: vuln.Clip(w.Summary, vuln.MaxTitle), Summary: vuln.Clip(w.Details, vuln.MaxSummary),
		Related: vuln.IDs(w.Related, w.ID), Upstream: vuln.IDs(w.Upstream, w.ID), Aliases: vuln.IDs(w.Aliases, w.ID), CWEs: cwes(w.Database),
	}
	if r.Summary == "" {
		r.Summary = r.Title
	}
	var err error
	for _, t := range []struct {
		to       *time.Time
		text, at string
	}{{&r.Published, w.Published, "/published"}, {&r.Modified, w.Modified, "/modified"}, {&r.Withdrawn, w.Withdrawn, "/withdrawn"}} {
		if *t.to, err = moment(t.text, t.at); err != nil {
			return vuln.Record{}, err
		}
	}
	if w.Withdrawn != "" && r.Withdrawn.IsZero() {
		return vuln.Record{}, fmt.Errorf("/withdrawn is no date")
	}
	urls := make([]string, len(w.References))
	for i, ref := range w.References {
		urls[i] = ref.URL
	}
	r.References = vuln.Links(urls...)
	scores(&r, w.Severity)
	for i := range w.Affected {
		a := &w.Affected[i]
		scores(&r, a.Severity)
		r.Claims = append(r.Claims, a.claims()...)
		if len(r.Claims) > vuln.MaxClaims {
			return vuln.Record{}, fmt.Errorf("the record makes more than %d claims (at /affected/%d)", vuln.MaxClaims, i)
		}
	}
	r.Claims = withoutCommits(r.Claims)
	return r, nil
}

// moment reads a time; the year 1, which databases write for none, as none.
func moment(s, at string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is not an RFC 3339 date and time", at)
	}
	if t.Year() <= 1 {
		return time.Time{}, nil
	}
	return t.UTC(), nil
}

// semantic says where a value is of another kind than the schema's.
func semantic(err error) error {
	if e, ok := err.(*json.SemanticError); ok {
		return fmt.Errorf("the value at %s (byte %d) is of another kind than the OSV schema has", vuln.Clip(string(e.JSONPointer), 200), e.ByteOffset)
	}
	return fmt.Errorf("this is not an OSV record: %w", err)
}

// cwes finds weaknesses where databases keep them: GitHub's cwe_ids, and cwes.
func cwes(database jsontext.Value) []string {
	if !strings.Contains(string(database), `"cwe`) {
		return nil
	}
	var lists struct {
		IDs  jsontext.Value `json:"cwe_ids"`
		CWEs jsontext.Value `json:"cwes"`
	}
	if json.Unmarshal(database, &lists) != nil {
		return nil
	}
	var out []string
	for _, list := range []jsontext.Value{lists.IDs, lists.CWEs} {
		var ids []string
		if json.Unmarshal(list, &ids) != nil {
			var objects []struct {
				ID string `json:"cweId"`
			}
			_ = json.Unmarshal(list, &objects) // of the database's own making: what is not understood is left
			for _, o := range objects {
				ids = append(ids, o.ID)
			}
		}
		for _, id := range ids {
			if strings.HasPrefix(id, "CWE-") && len(id) <= 16 {
				out = append(out, id)
			}
		}
	}
	return vuln.IDs(out)
}

// scores adds severities, each vector once.
func scores(r *vuln.Record, severities []severity) {
next:
	for _, s := range severities {
		if s.Score == "" || len(s.Score) > 512 || len(r.Scores) >= vuln.MaxIDs {
			continue
		}
		score := vuln.NewScore(strings.TrimPrefix(s.Type, "CVSS_V"), s.Score)
		for _, known := range r.Scores {
			if known == score {
				continue next
			}
		}
		r.Scores = append(r.Scores, score)
	}
}
