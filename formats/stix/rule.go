package stix

// kind is what a property's value must be.
type kind uint8

const (
	anyValue   kind = iota // anything but null
	text                   // a string
	boolean                //
	integer                // a whole number within ±(2^53-1) and min..max
	number                 // a number
	instant                // a timestamp
	reference              // an id, of one of the types if there are any
	refs                   // a list of them
	texts                  // a list of strings
	enum                   // one of a closed list
	hashes                 // a dictionary of hashes
	dict                   // an object that is not empty
	hexText                // pairs of hexadecimal digits
	base64Text             //
	language               // a language code
	part                   // an object of the shape
	parts                  // a list of them
	dictOf                 // an object whose members obey each
	extensions             // the extensions of an object
)

// rule is what the standard says of one property.
type rule struct {
	kind     kind
	types    []string // of references: those allowed, or, if except, those forbidden
	except   bool
	values   []string // of an enum
	min, max int64    // of an integer; both 0 is no limit
	shape    *shape
	each     *rule               // of dictOf
	test     func(string) string // of text: what is wrong with it, or ""
	maybe    bool                // the list may be empty
}

// shape is a property table: of a type, of a predefined extension, or of an
// object within.
type shape struct {
	props    map[string]rule
	required []string
	some     []string // at least one of these must be there; ["*"] is any of props
	exts     map[string]*shape
	check    func(p *parser, n int32) bool // what ties properties together
}

func closed(values ...string) rule         { return rule{kind: enum, values: values} }
func ref(types ...string) rule             { return rule{kind: reference, types: types} }
func refList(types ...string) rule         { return rule{kind: refs, types: types} }
func notRef(types ...string) rule          { return rule{kind: reference, types: types, except: true} }
func notRefList(types ...string) rule      { return rule{kind: refs, types: types, except: true} }
func within(least, most int64) rule        { return rule{kind: integer, min: least, max: most} }
func tested(test func(string) string) rule { return rule{kind: text, test: test} }
func object(s *shape) rule                 { return rule{kind: part, shape: s} }
func list(s *shape) rule                   { return rule{kind: parts, shape: s} }

// of makes a property table of kinds; more adds whole rules.
func of(kinds map[kind][]string, more map[string]rule) map[string]rule {
	props := map[string]rule{}
	for k, names := range kinds {
		for _, name := range names {
			props[name] = rule{kind: k}
		}
	}
	for name, r := range more {
		props[name] = r
	}
	return props
}

// safeInteger is the largest whole number of STIX (2.1 §2.11).
const safeInteger = 1<<53 - 1

// Common properties (STIX 2.1 §3.2) and the data types they use (§2, §7.2).
var (
	externalReference = &shape{
		props: of(map[kind][]string{
			text:   {"source_name", "description", "url", "external_id"},
			hashes: {"hashes"},
		}, nil),
		required: []string{"source_name"},
		some:     []string{"description", "url", "external_id"},
		check:    checkExternal,
	}
	killChainPhase = &shape{
		props:    of(map[kind][]string{text: {"kill_chain_name", "phase_name"}}, nil),
		required: []string{"kill_chain_name", "phase_name"},
	}
	granularMarking = &shape{
		props: map[string]rule{
			"lang":        {kind: language},
			"marking_ref": ref("marking-definition"),
			"selectors":   {kind: texts, test: badSelector},
		},
		required: []string{"selectors"},
		check:    checkGranular,
	}

	anyCommon = map[string]rule{
		"object_marking_refs": refList("marking-definition"),
		"granular_markings":   list(granularMarking),
		"extensions":          {kind: extensions},
		"created_by_ref":      ref("identity"),
		"created":             {kind: instant},
		"modified":            {kind: instant},
		"revoked":             {kind: boolean},
		"labels":              {kind: texts},
		"confidence":          {kind: integer, min: 0, max: 100},
		"lang":                {kind: language},
		"external_references": list(externalReference),
	}
	scoCommon = map[string]rule{
		"object_marking_refs": anyCommon["object_marking_refs"],
		"granular_markings":   anyCommon["granular_markings"],
		"extensions":          anyCommon["extensions"],
		"defanged":            {kind: boolean},
		// Not of an observable by the standard, but given by some.
		"created_by_ref": anyCommon["created_by_ref"],
		"created":        {kind: instant},
		"modified":       {kind: instant},
	}

	customShape    = &shape{}
	extensionTypes = closed("new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension")
)
