package ssvc

import (
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed tables/*.csv
var files embed.FS

// The ids of the tables, each with the number of its rows.
const (
	CoordinatorTriage  = "coordinator-triage"  // 192
	CoordinatorPublish = "coordinator-publish" // 27
	DeployerPatch      = "deployer"            // 72
	SupplierPatch      = "supplier"            // 36
	CISA               = "cisa-coordinator"    // 36
	CISABOD2604        = "bod-26-04"           // 16
	UtilityTable       = "utility"             // 4
	HumanImpactTable   = "human-impact"        // 16
	PublicSafetyTable  = "public-safety"       // 4
)

var sources = []struct{ id, name, version, file, note string }{
	{CoordinatorTriage, "Coordinator triage", "1.0.0", "coordinator_triage_1_0_0", ""},
	{CoordinatorPublish, "Coordinator publication", "1.0.0", "coordinator_publish_decision_table_1_0_0", "Asked when no embargo holds."},
	{DeployerPatch, "Deployer: applying a fix", "1.0.0", "deployer_patch_application_priority_1_0_0", ""},
	{SupplierPatch, "Supplier: developing a fix", "1.0.0", "supplier_patch_development_priority_1_0_0", ""},
	{CISA, "CISA coordinator", "2.0.3", "cisa_coordinator_2_0_3", ""},
	{CISABOD2604, "CISA Binding Operational Directive 26-04", "1.0.0", "cisa_bod_26_04_1_0_0", ""},
	{UtilityTable, "Utility", "1.0.0", "utility_1_0_0", ""},
	{HumanImpactTable, "Human impact", "1.0.0", "human_impact_1_0_0",
		"HI 2.0.2. For marginal safety impact with one function failing, and for critical with degraded, the table says medium and the published prose says high. The table counts."},
	{PublicSafetyTable, "Public safety impact", "1.0.0", "public_safety_impact_1_0_0", ""},
}

// Table is a decision table.
type Table struct {
	ID, Name, Version string
	Note              string  // what to know before using it, if anything
	Points            []Point // what it asks, in its order
	Outcome           Point   // what it says
	rows              map[string]string
}

var tables = sync.OnceValue(func() []Table {
	var all []Table
	for _, s := range sources {
		t := Table{ID: s.id, Name: s.name, Version: s.version, Note: s.note}
		if err := t.read(s.file); err != nil {
			panic("ssvc: " + s.file + ": " + err.Error())
		}
		all = append(all, t)
	}
	return all
})

// Tables returns all tables, for reading.
func Tables() []Table { return slices.Clone(tables()) }

// Find returns a table by its id.
func Find(id string) (Table, bool) {
	i := slices.IndexFunc(tables(), func(t Table) bool { return t.ID == id })
	if i < 0 {
		return Table{}, false
	}
	return tables()[i], true
}

// read reads a table of the program and holds it to the decision points: known
// columns and values, every combination once.
func (t *Table) read(file string) error {
	f, err := files.Open("tables/" + file + ".csv")
	if err != nil {
		return err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return err
	}
	head, last := lines[0], len(lines[0])-1
	want := 1
	for i, name := range head[1:] {
		p, ok := points[name]
		if !ok {
			return fmt.Errorf("the column %q is no decision point", name)
		}
		if i+1 == last {
			t.Outcome = p
			break
		}
		t.Points = append(t.Points, p)
		want *= len(p.Values)
	}
	t.rows = make(map[string]string, want)
	for _, line := range lines[1:] {
		for i, p := range t.Points {
			if _, ok := p.value(line[i+1]); !ok {
				return fmt.Errorf("row %s: %s cannot be %q", line[0], p.Name, line[i+1])
			}
		}
		if _, ok := t.Outcome.value(line[last]); !ok {
			return fmt.Errorf("row %s: %s cannot be %q", line[0], t.Outcome.Name, line[last])
		}
		t.rows[key(line[1:last])] = line[last]
	}
	if len(t.rows) != want || len(lines) != want+1 {
		return fmt.Errorf("%d rows, %d of them different, where %d are possible", len(lines)-1, len(t.rows), want)
	}
	return nil
}

func key(values []string) string { return strings.Join(values, "\x00") }

func (p Point) value(name string) (Value, bool) {
	i := slices.IndexFunc(p.Values, func(v Value) bool { return v.Name == name })
	if i < 0 {
		return Value{}, false
	}
	return p.Values[i], true
}

// Len returns the number of rows.
func (t Table) Len() int { return len(t.rows) }

// Error names the points of a table that are wrongly or not given, by id.
type Error struct {
	Table   string   // its name
	Missing []string // no value
	Invalid []string // no such point, or no such value of it
}

func (e *Error) Error() string {
	var parts []string
	if e.Missing != nil {
		parts = append(parts, "needs "+strings.Join(e.Missing, ", "))
	}
	if e.Invalid != nil {
		parts = append(parts, "does not know "+strings.Join(e.Invalid, ", "))
	}
	return "the table " + strconv.Quote(e.Table) + " " + strings.Join(parts, " and ")
}

// Decide returns the name of the outcome for values by point id. Errors are of
// type *Error. An empty value is none.
func (t Table) Decide(values map[string]string) (string, error) {
	e := &Error{Table: t.Name}
	row := make([]string, 0, len(t.Points))
	for _, p := range t.Points {
		name := values[p.ID]
		if name == "" {
			e.Missing = append(e.Missing, p.ID)
		} else if _, ok := p.value(name); !ok {
			e.Invalid = append(e.Invalid, p.ID+": "+clip(name))
		}
		row = append(row, name)
	}
	for _, id := range slices.Sorted(maps.Keys(values)) {
		if !slices.ContainsFunc(t.Points, func(p Point) bool { return p.ID == id }) {
			e.Invalid = append(e.Invalid, clip(id))
		}
	}
	if e.Missing != nil || e.Invalid != nil {
		return "", e
	}
	outcome, ok := t.rows[key(row)]
	if !ok {
		return "", errors.New("the zero Table decides nothing")
	}
	return outcome, nil
}

// Describe returns an outcome of the table with its words.
func (t Table) Describe(outcome string) (Value, bool) { return t.Outcome.value(outcome) }

// clip shortens what somebody else wrote before it is repeated.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
