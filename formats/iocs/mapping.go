package iocs

import "slices"

// Field is what a column says of an indicator.
type Field string

// The fields. A column without one is passed over.
const (
	FieldNone        Field = ""
	FieldValue       Field = "value"
	FieldType        Field = "type"
	FieldName        Field = "name"
	FieldDescription Field = "description"
	FieldConfidence  Field = "confidence"
	FieldTLP         Field = "tlp"
	FieldValidFrom   Field = "valid_from"
	FieldValidUntil  Field = "valid_until"
	FieldFirstSeen   Field = "first_seen"
	FieldLastSeen    Field = "last_seen"
	FieldLabels      Field = "labels"
	FieldReference   Field = "reference"
	FieldKillChain   Field = "kill_chain"
)

// Fields are all of them, for a form to choose from.
func Fields() []Field {
	return []Field{FieldValue, FieldType, FieldName, FieldDescription, FieldConfidence, FieldTLP, FieldValidFrom, FieldValidUntil,
		FieldFirstSeen, FieldLastSeen, FieldLabels, FieldReference, FieldKillChain}
}

// Column says what one column holds. Type is used by FieldValue alone: what its
// values are, "" for what they show.
type Column struct {
	Field Field
	Type  Type
}

// Mapping says what each column holds, from the left. Several columns may hold
// values (md5, sha1, sha256): each gives an indicator of its own. Of other
// fields, one column each.
type Mapping []Column

// HasValue reports whether some column holds the indicators.
func (m Mapping) HasValue() bool {
	return slices.ContainsFunc(m, func(c Column) bool { return c.Field == FieldValue })
}

// columnNames maps headers, without case and punctuation, to fields.
var columnNames = map[string]Field{
	"value": FieldValue, "indicator": FieldValue, "indicatorvalue": FieldValue, "ioc": FieldValue, "iocvalue": FieldValue, "iocs": FieldValue,
	"observable": FieldValue, "observablevalue": FieldValue, "artifact": FieldValue, "data": FieldValue, "attributevalue": FieldValue,
	"type": FieldType, "ioctype": FieldType, "indicatortype": FieldType, "kind": FieldType, "datatype": FieldType, "observabletype": FieldType, "attributetype": FieldType,
	"name": FieldName, "title": FieldName, "malware": FieldName, "malwareprintable": FieldName, "malwarefamily": FieldName, "family": FieldName, "threat": FieldName, "threatname": FieldName,
	"description": FieldDescription, "comment": FieldDescription, "comments": FieldDescription, "note": FieldDescription, "notes": FieldDescription, "context": FieldDescription, "details": FieldDescription,
	"confidence": FieldConfidence, "confidencelevel": FieldConfidence, "score": FieldConfidence, "certainty": FieldConfidence,
	"tlp": FieldTLP, "marking": FieldTLP, "tlpmarking": FieldTLP, "trafficlight": FieldTLP, "sharing": FieldTLP, "classification": FieldTLP,
	"validfrom": FieldValidFrom, "startdate": FieldValidFrom, "start": FieldValidFrom,
	"validuntil": FieldValidUntil, "validto": FieldValidUntil, "expires": FieldValidUntil, "expiry": FieldValidUntil, "expiration": FieldValidUntil, "expirationdate": FieldValidUntil, "enddate": FieldValidUntil,
	"firstseen": FieldFirstSeen, "firstseenutc": FieldFirstSeen, "firstseendate": FieldFirstSeen, "dateadded": FieldFirstSeen, "date": FieldFirstSeen, "created": FieldFirstSeen, "timestamp": FieldFirstSeen,
	"lastseen": FieldLastSeen, "lastseenutc": FieldLastSeen, "lastonline": FieldLastSeen, "updated": FieldLastSeen,
	"labels": FieldLabels, "label": FieldLabels, "tags": FieldLabels, "tag": FieldLabels, "threattype": FieldLabels, "category": FieldLabels,
	"source": FieldReference, "reference": FieldReference, "references": FieldReference, "ref": FieldReference, "link": FieldReference, "report": FieldReference, "feed": FieldReference, "provider": FieldReference,
	"killchain": FieldKillChain, "killchainphase": FieldKillChain, "killchainphases": FieldKillChain, "phase": FieldKillChain, "tactic": FieldKillChain,
}

// Guess reads a mapping from a header. The guess is shown to a person, who may
// choose otherwise. A column named for indicators in general ("value") wins
// over ones named for a type ("ip"); without it, all of the latter count, but
// columns that usually describe another one (asn, file name) only when alone.
func Guess(header []string) Mapping {
	m := make(Mapping, len(header))
	taken := map[Field]bool{}
	for i, h := range header {
		if f := columnNames[foldName(h)]; f != FieldNone && !taken[f] {
			m[i].Field, taken[f] = f, true
		}
	}
	if taken[FieldValue] {
		return m
	}
	var main, side []int
	for i, h := range header {
		t, ok := ParseType(h)
		if !ok || m[i].Field != FieldNone {
			continue
		}
		switch m[i].Type = t; t {
		case ASN, FileName, FilePath, CVE, MAC:
			side = append(side, i)
		default:
			main = append(main, i)
		}
	}
	if len(main) == 0 && len(side) > 0 {
		main, side = side[:1], side[1:]
	}
	for _, i := range main {
		m[i].Field = FieldValue
	}
	for _, i := range side {
		m[i].Type = ""
	}
	return m
}

// known reports whether some column name is known, so that a row is a header.
func (m Mapping) known() bool {
	return slices.ContainsFunc(m, func(c Column) bool { return c.Field != FieldNone })
}
