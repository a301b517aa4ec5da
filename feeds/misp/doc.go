// Package misp is the door for MISP instances: the community as a MISP feed that an
// instance adds under "Feeds" (format MISP Feed, source Network).
//
//	/feeds/misp/manifest.json   what there is, with timestamps
//	/feeds/misp/<uuid>.json     one event
//	/feeds/misp/hashes.csv      MD5 of every value, for correlation without fetching
//
// Anyone gets what is TLP:CLEAR. With an API token (Authorization: Bearer, HTTP
// Basic with the token as password, or the bare token as MISP's keys are sent) it is
// also what is TLP:GREEN and may be read by its owner. /feeds/misp/amber/ has the
// same files with AMBER and AMBER+STRICT, for tokens of an organization's named
// recipients. RED is in no feed.
//
// An event is a report or grouping with what it refers to, or what else was shared
// at once under one label. It carries the strictest traffic light of its parts,
// permissible actions and consent as tags, and a distribution that reaches no
// farther. Events are made in the reader's view, so a reader's feed says nothing of
// what he may not see; an event that shrinks keeps its timestamp.
//
// It takes nothing in: events are uploaded under /intel/import, or by the API.
package misp
