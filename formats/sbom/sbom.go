package sbom

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/vex"
)

// Formats and encodings, as in [Document].
const (
	CycloneDX = "CycloneDX"
	SPDX      = "SPDX"

	JSON     = "json"
	XML      = "xml"
	TagValue = "tag-value"
)

// Support levels of FDA's premarket guidance, as in [Component].
const (
	Maintained         = "actively maintained"
	NoLongerMaintained = "no longer maintained"
	Abandoned          = "abandoned"
)

// Component is one thing that a bill of materials lists.
type Component struct {
	Ref          string // bom-ref or SPDX identifier, unique in the document; made by the reader when there is none
	Type         string // library, framework, application, operating-system, firmware, device, platform, container, file, data …; "" if not said
	Name         string
	Group        string // CycloneDX group: the namespace of the name
	Version      string
	Supplier     string // who supplies it, else who made or published it
	PURL         string // package URL as written; "" if what is written is none ([IsPURL])
	CPE          []string
	Hashes       []Hash
	Licenses     []string // expressions or identifiers, at most 20
	Description  string
	Support      string // one of the three support levels, or ""
	EndOfSupport string // YYYY-MM-DD, or ""
}

// IsPURL says whether s begins as a package URL does: documents have web
// addresses in its place. Whether the rest is valid is not looked at.
func IsPURL(s string) bool { return len(s) > 4 && strings.EqualFold(s[:4], "pkg:") }

// Hash is a digest of a component.
type Hash struct {
	Algorithm string // as CycloneDX spells it: MD5, SHA-1, SHA-256, SHA-512, SHA3-256, BLAKE3 …
	Value     string // lower-case hexadecimal
}

// Document is what a bill of materials says of itself.
type Document struct {
	Format   string    // CycloneDX or SPDX
	Spec     string    // version of the format: 1.6, 2.3, 3.0.1
	Encoding string    // json, xml or tag-value
	Serial   string    // urn:uuid:… or document namespace; "" if none
	Version  string    // revision of the document, CycloneDX only
	Name     string    // of the document, else of the thing described
	Created  time.Time // zero if not said
	Authors  []string  // people and organizations
	Tools    []string  // name and version
	Root     string    // Ref of the thing described, "" if none is named
	Supplier string    // of the thing described

	Components int // how many were given to the sink, the root among them
	Edges      int // how many dependencies were given to the sink
	Statements int // how many VEX statements were given to the sink
}

// Sink takes what a reader finds, in the document's order; what is nested in a
// component comes before it. The component that the document describes is given
// too. An error ends the reading and is returned by the reader, wrapped. What
// was given before an error of the reader is to be thrown away.
type Sink interface {
	// Component takes the next component. Its slices are the sink's to keep.
	Component(Component) error
	// Depends says that from needs or contains each of on, by Ref. It may come
	// before the components themselves, name one that never comes, and come
	// several times for one from, also with the same ref. The slice is the sink's.
	Depends(from string, on []string) error
	// Statement takes what the document says of a vulnerability; its products
	// are named by Ref and may come before or after.
	Statement(vex.Statement) error
}

// Limits bound what a reader takes. A zero field means its default.
type Limits struct {
	Bytes      int64 // of the whole document; default 512 MiB
	Components int   // default 500,000
	Edges      int   // default 5,000,000
	Depth      int   // of nested objects, arrays or elements; default 64
	Text       int   // bytes of one string; default 64 KiB
}

// DefaultLimits are what zero fields mean.
var DefaultLimits = Limits{Bytes: 512 << 20, Components: 500_000, Edges: 5_000_000, Depth: 64, Text: 64 << 10}

// Filled is l with its zero fields set to their defaults.
func (l Limits) Filled() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultLimits.Bytes
	}
	if l.Components == 0 {
		l.Components = DefaultLimits.Components
	}
	if l.Edges == 0 {
		l.Edges = DefaultLimits.Edges
	}
	if l.Depth == 0 {
		l.Depth = DefaultLimits.Depth
	}
	if l.Text == 0 {
		l.Text = DefaultLimits.Text
	}
	return l
}
