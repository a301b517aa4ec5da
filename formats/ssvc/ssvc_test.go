package ssvc

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// every walks through all combinations of a table's values.
func every(t Table, each func(map[string]string)) {
	values := map[string]string{}
	var walk func([]Point)
	walk = func(rest []Point) {
		if len(rest) == 0 {
			each(values)
			return
		}
		for _, v := range rest[0].Values {
			values[rest[0].ID] = v.Name
			walk(rest[1:])
		}
	}
	walk(t.Points)
}

// triage is the rule of domain facts §5.9 that stands for the 192 rows.
func triage(public, contacted, credible, multiple, unresponsive bool, utility string, significant bool) string {
	super, laborious := utility == "super effective", utility == "laborious"
	trackIf := func(b bool) string {
		if b {
			return "track"
		}
		return "decline"
	}
	switch {
	case multiple && super && significant:
		return "coordinate"
	case public || !contacted:
		return "decline"
	case credible && unresponsive:
		if !multiple && laborious && !significant {
			return "track"
		}
		return "coordinate"
	case credible:
		if multiple && super {
			return "coordinate"
		}
		return trackIf(significant && (multiple || !laborious))
	case !significant:
		return trackIf(multiple && super)
	}
	return trackIf(multiple || !laborious)
}

// publish is the rule that stands for the 27 rows.
func publish(involvement, exploitation, added string) string {
	un := involvement == "uncooperative/unresponsive"
	switch {
	case added == "precedence",
		exploitation == "active" && (added == "ampliative" || un),
		exploitation == "public poc" && added == "ampliative" && un:
		return "publish"
	}
	return "do not publish"
}

// grid is a table of §5.9: rows by the first points, columns by the last ones.
type grid struct {
	rows, columns []string // point ids
	text          string   // the cells, a row a line, in the order of the values
	words         map[string]string
}

var deferred = map[string]string{"D": "defer", "S": "scheduled", "O": "out-of-cycle", "I": "immediate"}

var grids = map[string]grid{
	CISA: {[]string{"exploitation", "automatable"}, []string{"technical-impact", "mission-and-well-being-impact"}, `
		T T T   T T T*
		T T AT  T T AT
		T T T*  T T* AT
		T T AT  T T* AT
		T T AT  T AT AC
		AT AT AC  AT AC AC`, map[string]string{"T": "track", "T*": "track*", "AT": "attend", "AC": "act"}},
	DeployerPatch: {[]string{"exploitation", "system-exposure"}, []string{"automatable", "human-impact"}, `
		D D S S  D S S S
		D S S S  S S S S
		D S S S  S S S O
		D S S S  S S S S
		D S S S  S S S O
		S S S O  S S O O
		S S O O  S O O O
		S S O O  O O O O
		S O O I  O O I I`, deferred},
	SupplierPatch: {[]string{"exploitation", "utility"}, []string{"technical-impact", "public-safety-impact"}, `
		D S  S O
		S O  S O
		S O  O O
		S O  S I
		S I  O I
		O I  O I
		O I  O I
		O I  O I
		I I  I I`, deferred},
	CISABOD2604: {[]string{"in-kev", "publicly-exposed", "automatable"}, []string{"technical-impact"}, `
		up up
		60 60
		60 14
		14 3
		14 14
		14 3f
		14 3f
		3 3f`, map[string]string{"up": "fix on system upgrade", "60": "60 days", "14": "14 days", "3": "3 days", "3f": "3 days & forensic investigation"}},
	UtilityTable: {[]string{"automatable"}, []string{"value-density"}, `
		L E
		E S`, map[string]string{"L": "laborious", "E": "efficient", "S": "super effective"}},
	HumanImpactTable: {[]string{"safety-impact"}, []string{"mission-impact"}, `
		L L M VH
		L L M VH
		M H H VH
		VH VH VH VH`, map[string]string{"L": "low", "M": "medium", "H": "high", "VH": "very high"}},
	PublicSafetyTable: {[]string{"safety-impact"}, nil, `M
		S
		S
		S`, map[string]string{"M": "minimal", "S": "significant"}},
}

// at returns the cell for some values.
func (g grid) at(t Table, values map[string]string) string {
	index := func(ids []string) (n int) {
		for _, id := range ids {
			p := t.Points[slices.IndexFunc(t.Points, func(p Point) bool { return p.ID == id })]
			n = n*len(p.Values) + slices.IndexFunc(p.Values, func(v Value) bool { return v.Name == values[id] })
		}
		return n
	}
	line := strings.Split(strings.TrimSpace(g.text), "\n")[index(g.rows)]
	return g.words[strings.Fields(line)[index(g.columns)]]
}

// every row of every table, against the rules and tables of domain facts
// §5.9, and the typed functions against the same.
func TestTables(t *testing.T) {
	is := func(values map[string]string, id, name string) bool { return values[id] == name }
	count := map[string]int{}
	for _, table := range Tables() {
		g := grids[table.ID]
		every(table, func(v map[string]string) {
			count[table.ID]++
			e, auto, tech := Exploitation(v["exploitation"]), is(v, "automatable", "yes"), TechnicalImpact(v["technical-impact"])
			var want, typed string
			var err error
			switch table.ID {
			case CoordinatorTriage:
				public, contacted := is(v, "report-public", "yes"), is(v, "supplier-contacted", "yes")
				credible, multiple := is(v, "report-credibility", "credible"), is(v, "supplier-cardinality", "multiple")
				unresponsive := is(v, "supplier-engagement", "unresponsive")
				want = triage(public, contacted, credible, multiple, unresponsive, v["utility"], is(v, "public-safety-impact", "significant"))
				typed, err = Triage(Report{public, contacted, credible, multiple, unresponsive, Utility(v["utility"]), PublicSafety(v["public-safety-impact"])})
			case CoordinatorPublish:
				want = publish(v["supplier-involvement"], v["exploitation"], v["public-value-added"])
				typed, err = Publish(Involvement(v["supplier-involvement"]), e, ValueAdded(v["public-value-added"]))
			case DeployerPatch:
				want = g.at(table, v)
				typed, err = Deployer(e, Exposure(v["system-exposure"]), auto, HumanImpact(v["human-impact"]))
			case SupplierPatch:
				want = g.at(table, v)
				typed, err = Supplier(e, Utility(v["utility"]), tech, PublicSafety(v["public-safety-impact"]))
			case CISA:
				want = g.at(table, v)
				typed, err = CISACoordinator(e, auto, tech, MissionWellBeing(v["mission-and-well-being-impact"]))
			case CISABOD2604:
				want = g.at(table, v)
				typed, err = BOD2604(is(v, "in-kev", "yes"), is(v, "publicly-exposed", "yes"), auto, tech)
			case UtilityTable:
				var u Utility
				want = g.at(table, v)
				u, err = UtilityOf(auto, ValueDensity(v["value-density"]))
				typed = string(u)
			case HumanImpactTable:
				var h HumanImpact
				want = g.at(table, v)
				h, err = HumanImpactOf(SafetyImpact(v["safety-impact"]), MissionImpact(v["mission-impact"]))
				typed = string(h)
			case PublicSafetyTable:
				var p PublicSafety
				want = g.at(table, v)
				p, err = PublicSafetyOf(SafetyImpact(v["safety-impact"]))
				typed = string(p)
			}
			if err != nil || typed != want {
				t.Errorf("%s: %v is %q, not %q: %v", table.ID, v, typed, want, err)
			}
			if got, err := table.Decide(v); got != want || err != nil {
				t.Errorf("%s: %v is %q, not %q: %v", table.ID, v, got, want, err)
			}
			if d, ok := table.Describe(want); !ok || d.Title == "" || d.Help == "" {
				t.Errorf("%s: %q has no words", table.ID, want)
			}
		})
		if table.Len() != count[table.ID] {
			t.Errorf("%s has %d rows", table.ID, table.Len())
		}
	}
	want := map[string]int{
		CoordinatorTriage: 192, CoordinatorPublish: 27, DeployerPatch: 72, SupplierPatch: 36, CISA: 36,
		CISABOD2604: 16, UtilityTable: 4, HumanImpactTable: 16, PublicSafetyTable: 4,
	}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
}

// A form can be made of each table: distinct ids and keys, and words.
func TestPoints(t *testing.T) {
	used := map[string]bool{}
	for _, table := range Tables() {
		ids, keys := map[string]bool{}, map[string]bool{}
		for _, p := range append(slices.Clone(table.Points), table.Outcome) {
			if ids[p.ID] || keys[p.Key] || p.ID == "" || p.Help == "" || len(p.Values) < 2 {
				t.Errorf("%s: %+v", table.ID, p)
			}
			ids[p.ID], keys[p.Key], used[p.ID] = true, true, true
			names := map[string]bool{}
			for _, v := range p.Values {
				if names[v.Name] || names[v.Key] || v.Title == "" || v.Help == "" {
					t.Errorf("%s: %s: %+v", table.ID, p.ID, v)
				}
				names[v.Name], names[v.Key] = true, true
			}
		}
	}
	for name, p := range points {
		if !used[p.ID] || !strings.HasPrefix(name, p.Name+" v"+p.Version) {
			t.Errorf("%s is not used, or is not %s", name, p.Name)
		}
	}
	if _, ok := Find("none"); ok {
		t.Error("a table none was found")
	}
}

func TestErrors(t *testing.T) {
	table, _ := Find(PublicSafetyTable)
	_, err := table.Decide(nil)
	var e *Error
	if !errors.As(err, &e) || !slices.Equal(e.Missing, []string{"safety-impact"}) || e.Invalid != nil {
		t.Error(err)
	}
	table, _ = Find(CISA)
	_, err = table.Decide(map[string]string{"exploitation": "poc", "automatable": "", "technical-impact": "total", "colour": "red"})
	if err == nil || err.Error() != `the table "CISA coordinator" needs automatable, mission-and-well-being-impact and does not know exploitation: poc, colour` {
		t.Error(err)
	}
	if _, err := UtilityOf(true, ""); err == nil {
		t.Error("no value density, and a utility")
	}
	if _, err := (Table{}).Decide(nil); err == nil {
		t.Error("the zero table decides")
	}
}

func TestVector(t *testing.T) {
	at := time.Unix(1605040000, 0).UTC()
	table, _ := Find(CISA)
	values := map[string]string{"exploitation": "public poc", "automatable": "yes", "technical-impact": "total", "mission-and-well-being-impact": "high"}
	text, err := table.Vector(values, at)
	if want := "SSVCv2/A:Y/E:P/MWI:H/TI:T/1605040000/"; text != want || err != nil {
		t.Errorf("%s: %v", text, err)
	}
	for _, table := range Tables() {
		seen := map[string]bool{}
		every(table, func(v map[string]string) {
			text, err := table.Vector(v, at)
			if err != nil || seen[text] {
				t.Fatalf("%v: %s: %v", v, text, err)
			}
			seen[text] = true
			back, when, err := table.ParseVector(text)
			if err != nil || !maps.Equal(back, v) || !when.Equal(at) {
				t.Fatalf("%s: %v %v %v", text, back, when, err)
			}
		})
	}
	if _, err := table.Vector(nil, at); err == nil {
		t.Error("a vector of nothing")
	}
	for _, bad := range []string{
		"", "SSVCv2/", "SSVCv2//", "SSVCv2/1605040000/", strings.TrimSuffix(text, "/"), strings.Replace(text, "E:P/", "", 1),
		strings.Replace(text, "E:P", "E:P/E:P", 1), strings.Replace(text, "E:P", "E:X", 1), strings.Replace(text, "E:P", "E", 1),
		strings.Replace(text, "E:P", "U:S", 1), strings.Replace(text, "1605", "x", 1), strings.Replace(text, "1605", "-1605", 1),
		strings.Replace(text, "v2", "v3", 1), text + strings.Repeat("/", 300),
	} {
		if _, _, err := table.ParseVector(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func FuzzParseVector(f *testing.F) {
	f.Add("SSVCv2/A:Y/E:P/MWI:H/TI:T/1605040000/")
	f.Add("SSVCv2/VD:C/A:N/0/")
	f.Fuzz(func(t *testing.T, text string) {
		for _, table := range Tables() {
			values, at, err := table.ParseVector(text)
			if err != nil {
				continue
			}
			again, err := table.Vector(values, at)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			if back, when, err := table.ParseVector(again); err != nil || !maps.Equal(back, values) || !when.Equal(at) {
				t.Errorf("%q is %s is %v %v: %v", text, again, back, when, err)
			}
		}
	})
}
