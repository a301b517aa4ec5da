package stix

import "time"

// Class says which of the four families of STIX a type belongs to.
type Class string

// The four families (STIX 2.1 §1.2).
const (
	SDO  Class = "sdo"  // domain object: has versions
	SCO  Class = "sco"  // cyber-observable object: has none
	SRO  Class = "sro"  // relationship object: has versions
	Meta Class = "meta" // marking definitions, translations, extension definitions
)

// Object is one STIX 2.1 object: its bytes and what Cordon reads out of them.
// Times are zero when absent.
type Object struct {
	Raw []byte // exactly as received, without the white space around it

	Class       Class
	Type, ID    string
	SpecVersion string // always "2.1"; an observable that gives none has it too

	Created, Modified time.Time
	VersionText       string // of modified, else of created, as it is written; "" if there is neither
	CreatedBy         string // created_by_ref
	Revoked           bool
	Confidence        int // 0–100; -1 when absent
	Lang              string

	Name        string // the name, or what stands for it in this type; one line of at most 300 characters; may be ""
	Description string // the description, else the content or explanation
	Labels      []string

	Markings []string          // every object_marking_refs, those of parts within included, each once
	Granular []GranularMarking // granular_markings, those of parts within included
	Refs     []Ref             // every other reference, at any depth, in order
	External []ExternalReference

	KillChain             []KillChainPhase
	ValidFrom, ValidUntil time.Time
	Pattern, PatternType  string

	RelationshipType string // of a relationship
	Source, Target   string // of a relationship; of a sighting, Target is sighting_of_ref

	FirstSeen, LastSeen time.Time
	Count               int // of a sighting; 0 when absent

	// Texts are the strings that a person may have written or will search for:
	// every string but well-formed ids, timestamps, language codes, selectors and
	// base64. They have 64 KiB at most in all; TextsCut says that there was more.
	Texts    []string
	TextsCut bool

	// TLP is set for a marking definition that is a Traffic Light Protocol
	// marking: "CLEAR", "GREEN", "AMBER", "AMBER+STRICT" or "RED", or "?" when it
	// means to be one but its label is none that is known. It is "" for all else.
	TLP string
}

// GranularMarking marks parts of an object: with a marking (Ref) or with a
// language (Lang), never both.
type GranularMarking struct {
	Ref, Lang string
	Selectors []string
}

// Ref is a reference from an object to another. Property is the path of names
// that leads to it, without positions in lists: "source_ref", "object_refs",
// "extensions.archive-ext.contains_refs".
type Ref struct{ Property, Target string }

// ExternalReference points to something outside STIX.
type ExternalReference struct{ SourceName, ID, URL, Description string }

// KillChainPhase is a phase of a named kill chain.
type KillChainPhase struct{ Chain, Phase string }

// IsSCO says whether o is a cyber-observable object.
func (o Object) IsSCO() bool { return o.class() == SCO }

// IsSDO says whether o is a domain object.
func (o Object) IsSDO() bool { return o.class() == SDO }

// IsSRO says whether o is a relationship or a sighting.
func (o Object) IsSRO() bool { return o.class() == SRO }

// IsMeta says whether o is a marking definition, a translation or an extension
// definition.
func (o Object) IsMeta() bool { return o.class() == Meta }

// class falls back on the type for an Object that was not made by Parse.
func (o Object) class() Class {
	if o.Class != "" {
		return o.Class
	}
	if t, ok := typeTable[o.Type]; ok {
		return t.class
	}
	if o.Created.IsZero() && o.Modified.IsZero() {
		return SCO
	}
	return SDO
}
