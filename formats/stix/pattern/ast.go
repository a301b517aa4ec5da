package pattern

import (
	"net/netip"
	"regexp"
	"time"
)

// Pattern is a pattern that has been read. It does not change.
type Pattern struct {
	root    observation
	remarks []string
}

// observation is a node of the observation level: *bracket, *joined or
// *qualified.
type observation interface{ observation() }

// bracket is one comparison expression in brackets.
type bracket struct {
	expr  comparison
	types map[string]bool // of the objects that can meet expr
}

// joined is two or more observation expressions under one operator, as in
// a AND b AND c.
type joined struct {
	op   string // AND, OR, FOLLOWEDBY
	kids []observation
}

// qualified is an observation expression under one qualifier.
type qualified struct {
	kind  string // WITHIN, REPEATS, START
	inner observation
	from  constant // seconds, times, or the begin
	to    constant // of START: the end, itself outside
}

func (*bracket) observation()   {}
func (*joined) observation()    {}
func (*qualified) observation() {}

// comparison is a node of the comparison level: *test or *both.
type comparison interface{ comparison() }

// both is two or more comparison expressions under AND or OR.
type both struct {
	op   string
	kids []comparison
}

// test is one comparison: the values at a path of objects of one type against
// constants.
type test struct {
	typ  string
	path []step
	not  bool
	op   string     // =, !=, <, <=, >, >=, IN, LIKE, MATCHES, ISSUBSET, ISSUPERSET, EXISTS
	args []constant // none for EXISTS, any number for IN, else one

	re     *regexp.Regexp // of MATCHES
	weight int            // of re: about as many instructions
	net    netip.Prefix   // of ISSUBSET and ISSUPERSET; not valid when the constant is no network
}

func (*both) comparison() {}
func (*test) comparison() {}

// step is one part of an object path.
type step struct {
	kind  stepKind
	key   string // of stepKey
	index int    // of stepIndex, from 0
}

type stepKind int

const (
	stepKey   stepKind = iota // a property or dictionary key
	stepIndex                 // [3]
	stepEach                  // [*]
)

// constant is a literal.
type constant struct {
	kind constantKind
	text string // the string; the bytes of hex and binary; the timestamp as written
	i    int64
	f    float64
	b    bool
	t    time.Time // of a timestamp; zero when it names no day of the calendar, such as 30 February
}

type constantKind int

const (
	constString constantKind = iota
	constInt
	constFloat
	constBool
	constHex
	constBinary
	constTime
)

// family groups the kinds that may stand together in a set.
func (k constantKind) family() constantKind {
	if k == constFloat {
		return constInt
	}
	return k
}
