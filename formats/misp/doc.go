// Package misp reads and writes events in the MISP core format
// (draft-dulaunoy-misp-core-format) and static MISP feeds, and converts events
// to STIX 2.1 objects and back.
//
// The mapping follows what the MISP project's own converter does, so that
// objects made here and there can be compared: an attribute or object becomes
// observed data and, when it is meant for detection (to_ids), also an indicator
// based on it; an event becomes a report when it is published and a grouping
// when it is not; galaxy clusters become the domain object of their kind. What
// STIX has no type for is kept in custom objects of the types x-misp-attribute
// and x-misp-object, and what an object template cannot say in the property
// x_misp_attributes, so that an event comes back with what it had.
//
// Conversion is deterministic: the same event gives the same bytes. Ids are the
// MISP uuids with a STIX type before them, or version 5 uuids of them.
//
// The package does not decide who may see anything: it carries TLP tags over
// into markings, never loosens one, and says what it could not carry.
package misp
