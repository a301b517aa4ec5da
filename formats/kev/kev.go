// Package kev reads the catalogue of known exploited vulnerabilities of the
// United States' Cybersecurity and Infrastructure Security Agency, as JSON or
// CSV, into vuln.Record.
//
// The catalogue says that a vulnerability is exploited, not which versions of
// what have it: its records make no claims about products.
package kev

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/formats/vuln"
)

// Limits of a catalogue; the one of August 2025 has 1,404 entries in 1.3 MB.
const (
	MaxBytes   = 64 << 20
	MaxEntries = 200_000
)

// Catalog is what a catalogue says of itself; the CSV has only entries.
type Catalog struct {
	Title    string
	Version  string    // 2025.08.25
	Released time.Time // zero if not said
	Count    int       // as said, which may not be what it has
	Whole    bool      // it says how many entries it has, and all of them were read
}

type entry struct {
	CVE        string   `json:"cveID"`
	Vendor     string   `json:"vendorProject"`
	Product    string   `json:"product"`
	Name       string   `json:"vulnerabilityName"`
	Added      string   `json:"dateAdded"`
	Text       string   `json:"shortDescription"`
	Action     string   `json:"requiredAction"`
	Due        string   `json:"dueDate"`
	Ransomware string   `json:"knownRansomwareCampaignUse"`
	Notes      string   `json:"notes"`
	CWEs       []string `json:"cwes"`
}

// Read reads a catalogue, JSON or CSV, and gives what it says of itself. skip, which
// may be nil, hears of each entry that cannot be read, and the reading goes on; without
// skip it ends there. An error of fn ends it too.
func Read(r io.Reader, fn func(vuln.Record) error, skip func(where string, err error)) (Catalog, error) {
	bad := func(where string, err error) error {
		if skip == nil {
			return fmt.Errorf("KEV %s: %w", where, err)
		}
		skip(where, err)
		return nil
	}
	limited := &io.LimitedReader{R: r, N: MaxBytes + 1}
	in := bufio.NewReader(limited)
	var c Catalog
	var err error
	if isJSON(in) {
		c, err = readJSON(in, fn, bad)
	} else {
		err = readCSV(in, fn, bad)
	}
	if limited.N == 0 {
		return Catalog{}, fmt.Errorf("the catalogue is larger than %d bytes", MaxBytes)
	}
	return c, err
}

// isJSON looks at the first byte that is no space.
func isJSON(in *bufio.Reader) bool {
	for n := 1; n <= 1024; n++ {
		b, err := in.Peek(n)
		if err != nil {
			return false
		}
		if c := b[n-1]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c == '{'
		}
	}
	return false
}

func readJSON(in io.Reader, fn func(vuln.Record) error, bad func(string, error) error) (Catalog, error) {
	var w struct {
		Title    string           `json:"title"`
		Version  string           `json:"catalogVersion"`
		Released string           `json:"dateReleased"`
		Count    *int             `json:"count"`
		Entries  []jsontext.Value `json:"vulnerabilities"`
	}
	limits := strictjson.Limits{Bytes: MaxBytes, Depth: 16, Values: 40 * MaxEntries, AllowUnknown: true}
	if err := strictjson.Decode(in, limits, &w); err != nil {
		return Catalog{}, fmt.Errorf("reading the KEV catalogue: %w", err)
	}
	if w.Entries == nil {
		return Catalog{}, errors.New("this is not a KEV catalogue: it has no /vulnerabilities")
	}
	if len(w.Entries) > MaxEntries {
		return Catalog{}, fmt.Errorf("the catalogue has %d entries; the limit is %d", len(w.Entries), MaxEntries)
	}
	c := Catalog{Title: vuln.Clip(w.Title, 200), Version: vuln.Clip(w.Version, 40), Count: len(w.Entries), Whole: w.Count != nil && *w.Count == len(w.Entries)}
	if t, err := time.Parse(time.RFC3339Nano, w.Released); err == nil {
		c.Released = t.UTC()
	}
	if w.Count != nil {
		if c.Count = *w.Count; c.Count != len(w.Entries) {
			if err := bad("catalogue", fmt.Errorf("it says that it has %d entries, and has %d", c.Count, len(w.Entries))); err != nil {
				return c, err
			}
		}
	}
	for i, text := range w.Entries {
		var e entry
		var r vuln.Record
		err := json.Unmarshal(text, &e)
		if err != nil {
			err = fmt.Errorf("a value of /vulnerabilities/%d is of another kind than the catalogue's", i)
		} else {
			r, err = e.record()
		}
		if err == nil {
			err = fn(r)
		} else {
			c.Whole = false
			err = bad(where(i+1, e.CVE), err)
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

func readCSV(in io.Reader, fn func(vuln.Record) error, bad func(string, error) error) error {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return errors.New("this is not a KEV catalogue: it is neither JSON nor CSV with a header")
	}
	column := map[string]int{}
	for i, name := range header {
		column[strings.TrimPrefix(strings.TrimSpace(name), "\ufeff")] = i
	}
	for _, name := range []string{"cveID", "vendorProject", "product", "vulnerabilityName", "dateAdded", "shortDescription", "requiredAction", "dueDate"} {
		if _, ok := column[name]; !ok {
			return fmt.Errorf("this is not a KEV catalogue: it has no column %s", name)
		}
	}
	for n := 1; ; n++ {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if n > MaxEntries {
			return fmt.Errorf("the catalogue has more than %d entries", MaxEntries)
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			if err := bad(fmt.Sprintf("entry %d", n), fmt.Errorf("line %d of the CSV: %w", wrong.Line, wrong.Err)); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the KEV catalogue: %w", err)
		}
		get := func(name string) string {
			if i, ok := column[name]; ok {
				return row[i]
			}
			return ""
		}
		e := entry{
			CVE: get("cveID"), Vendor: get("vendorProject"), Product: get("product"), Name: get("vulnerabilityName"), Added: get("dateAdded"), Text: get("shortDescription"),
			Action: get("requiredAction"), Due: get("dueDate"), Ransomware: get("knownRansomwareCampaignUse"), Notes: get("notes"), CWEs: strings.Split(get("cwes"), ","),
		}
		rec, err := e.record()
		if err == nil {
			err = fn(rec)
		} else {
			err = bad(where(n, e.CVE), err)
		}
		if err != nil {
			return err
		}
	}
}

func where(n int, id string) string {
	if idPattern.MatchString(id) {
		return fmt.Sprintf("entry %d (%s)", n, id)
	}
	return fmt.Sprintf("entry %d", n)
}

var (
	idPattern   = regexp.MustCompile(`^CVE-[0-9]{4}-[0-9]{4,19}$`)
	linkPattern = regexp.MustCompile(`https://[^\s;,()]+`)
	cwePattern  = regexp.MustCompile(`^CWE-[0-9]{1,6}$`)
)

func (e *entry) record() (vuln.Record, error) {
	id := strings.TrimSpace(e.CVE)
	if !idPattern.MatchString(id) {
		return vuln.Record{}, errors.New("its cveID is not a CVE id")
	}
	added, err := time.Parse(time.DateOnly, strings.TrimSpace(e.Added))
	if err != nil {
		return vuln.Record{}, errors.New("its dateAdded is not a date like 2026-01-31")
	}
	k := &vuln.KEV{
		Added: added, Ransomware: strings.EqualFold(strings.TrimSpace(e.Ransomware), "Known"), Action: vuln.Clip(e.Action, vuln.MaxRemedy),
		Name: vuln.Clip(e.Name, vuln.MaxTitle), Vendor: vuln.Clip(e.Vendor, 256), Product: vuln.Clip(e.Product, 512),
	}
	if due := strings.TrimSpace(e.Due); due != "" {
		if k.Due, err = time.Parse(time.DateOnly, due); err != nil {
			return vuln.Record{}, errors.New("its dueDate is not a date like 2026-01-31")
		}
	}
	var cwes []string
	for _, c := range e.CWEs {
		if c = strings.TrimSpace(c); cwePattern.MatchString(c) {
			cwes = append(cwes, c)
		}
	}
	return vuln.Record{
		ID: id, Source: vuln.InKEV, Title: k.Name, Summary: vuln.Clip(e.Text, vuln.MaxSummary), Published: added, Modified: added,
		CWEs: vuln.IDs(cwes), References: vuln.Links(linkPattern.FindAllString(e.Notes, -1)...), KEV: k,
	}, nil
}
