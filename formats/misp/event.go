package misp

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Event is one MISP event. Numbers and truth values that the format writes as
// strings are strings here; times are seconds since 1970 in decimal digits, as
// written. Extra holds members this package does not know, as received.
//
// An Event without UUID and Info is a bare collection of attributes or objects,
// as MISP's search of attributes answers with.
type Event struct {
	UUID         string         `json:"uuid,omitzero"`
	Info         string         `json:"info,omitzero"`
	Date         string         `json:"date,omitzero"` // YYYY-MM-DD
	Timestamp    string         `json:"timestamp,omitzero"`
	Published    bool           `json:"published,omitzero"`
	PublishedAt  string         `json:"publish_timestamp,omitzero"`
	ThreatLevel  string         `json:"threat_level_id,omitzero"` // 1 high … 4 undefined
	Analysis     string         `json:"analysis,omitzero"`        // 0 initial, 1 ongoing, 2 complete
	Distribution string         `json:"distribution,omitzero"`    // 0 organisation … 4 sharing group
	SharingGroup string         `json:"sharing_group_id,omitzero"`
	ExtendsUUID  string         `json:"extends_uuid,omitzero"`
	Orgc         *Org           `json:"Orgc,omitzero"` // who created it
	Org          *Org           `json:"Org,omitzero"`  // whose instance it is on
	Attributes   []Attribute    `json:"Attribute,omitzero"`
	Objects      []Object       `json:"Object,omitzero"`
	Tags         []Tag          `json:"Tag,omitzero"`
	Galaxies     []Galaxy       `json:"Galaxy,omitzero"`
	Reports      []EventReport  `json:"EventReport,omitzero"`
	Extra        jsontext.Value `json:",embed"`
}

// Org is an organization.
type Org struct {
	UUID  string         `json:"uuid,omitzero"`
	Name  string         `json:"name,omitzero"`
	Extra jsontext.Value `json:",embed"`
}

// Attribute is one fact: an address, a hash, a name, a rule.
type Attribute struct {
	UUID               string         `json:"uuid,omitzero"`
	Type               string         `json:"type,omitzero"`
	Category           string         `json:"category,omitzero"`
	Relation           string         `json:"object_relation,omitzero"` // its part in its object
	Value              string         `json:"value"`
	Comment            string         `json:"comment,omitzero"`
	ToIDS              bool           `json:"to_ids"`
	Timestamp          string         `json:"timestamp,omitzero"`
	FirstSeen          string         `json:"first_seen,omitzero"`
	LastSeen           string         `json:"last_seen,omitzero"`
	Distribution       string         `json:"distribution,omitzero"`
	SharingGroup       string         `json:"sharing_group_id,omitzero"`
	DisableCorrelation bool           `json:"disable_correlation,omitzero"`
	Deleted            bool           `json:"deleted,omitzero"`
	Data               string         `json:"data,omitzero"` // base64, of attachments
	Tags               []Tag          `json:"Tag,omitzero"`
	Galaxies           []Galaxy       `json:"Galaxy,omitzero"`
	Sightings          []Sighting     `json:"Sighting,omitzero"`
	Extra              jsontext.Value `json:",embed"`
}

// Object is attributes that belong together, after a template.
type Object struct {
	UUID            string            `json:"uuid,omitzero"`
	Name            string            `json:"name,omitzero"` // of the template
	MetaCategory    string            `json:"meta-category,omitzero"`
	Description     string            `json:"description,omitzero"`
	TemplateUUID    string            `json:"template_uuid,omitzero"`
	TemplateVersion string            `json:"template_version,omitzero"`
	Comment         string            `json:"comment,omitzero"`
	Timestamp       string            `json:"timestamp,omitzero"`
	FirstSeen       string            `json:"first_seen,omitzero"`
	LastSeen        string            `json:"last_seen,omitzero"`
	Distribution    string            `json:"distribution,omitzero"`
	SharingGroup    string            `json:"sharing_group_id,omitzero"`
	Deleted         bool              `json:"deleted,omitzero"`
	Attributes      []Attribute       `json:"Attribute,omitzero"`
	References      []ObjectReference `json:"ObjectReference,omitzero"`
	Extra           jsontext.Value    `json:",embed"`
}

// ObjectReference points from an object to another object or an attribute.
type ObjectReference struct {
	UUID         string         `json:"uuid,omitzero"`
	ObjectUUID   string         `json:"object_uuid,omitzero"`
	Target       string         `json:"referenced_uuid,omitzero"`
	Relationship string         `json:"relationship_type,omitzero"`
	Comment      string         `json:"comment,omitzero"`
	Timestamp    string         `json:"timestamp,omitzero"`
	Deleted      bool           `json:"deleted,omitzero"`
	Extra        jsontext.Value `json:",embed"`
}

// Tag is a label, often a machine tag: namespace:predicate="value".
type Tag struct {
	Name   string         `json:"name"`
	Colour string         `json:"colour,omitzero"`
	Extra  jsontext.Value `json:",embed"`
}

// Galaxy is a kind of clusters and those of its clusters that are meant.
type Galaxy struct {
	UUID        string          `json:"uuid,omitzero"`
	Name        string          `json:"name,omitzero"`
	Type        string          `json:"type,omitzero"`
	Description string          `json:"description,omitzero"`
	Clusters    []GalaxyCluster `json:"GalaxyCluster,omitzero"`
	Extra       jsontext.Value  `json:",embed"`
}

// GalaxyCluster is a threat actor, a tool, a technique … of a galaxy.
type GalaxyCluster struct {
	UUID        string         `json:"uuid,omitzero"`
	Type        string         `json:"type,omitzero"`
	Value       string         `json:"value,omitzero"`
	Description string         `json:"description,omitzero"`
	TagName     string         `json:"tag_name,omitzero"`
	Meta        jsontext.Value `json:"meta,omitzero"` // an object; PHP writes an empty one as []
	Extra       jsontext.Value `json:",embed"`
}

// EventReport is a text in Markdown.
type EventReport struct {
	UUID      string         `json:"uuid,omitzero"`
	Name      string         `json:"name,omitzero"`
	Content   string         `json:"content,omitzero"`
	Timestamp string         `json:"timestamp,omitzero"`
	Deleted   bool           `json:"deleted,omitzero"`
	Extra     jsontext.Value `json:",embed"`
}

// Sighting says that somebody saw (Type 0), rejected as false (1) or declared
// expired (2) an attribute, once.
type Sighting struct {
	UUID   string         `json:"uuid,omitzero"`
	Type   string         `json:"type,omitzero"`
	Date   string         `json:"date_sighting,omitzero"` // seconds since 1970
	Source string         `json:"source,omitzero"`
	Org    *Org           `json:"Organisation,omitzero"`
	Extra  jsontext.Value `json:",embed"`
}

// JSON returns {"Event":{…}} with members in a fixed order; the same event
// gives the same bytes.
func (e Event) JSON() []byte {
	b, err := json.Marshal(struct {
		Event *Event `json:"Event"`
	}{&e}, json.Deterministic(true))
	if err != nil {
		// Only strings that are not UTF-8 can do this, and Parse and FromSTIX
		// refuse them; a hand-made event gets them replaced.
		b, _ = json.Marshal(struct {
			Event *Event `json:"Event"`
		}{&e}, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	}
	return b
}
