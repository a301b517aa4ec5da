package intel

import (
	"maps"

	"github.com/cordon-isao/cordon/internal/db"
)

// Schema is the duty's tables.
//
// intel_objects is the store. n is an object's place in the order of arrival and
// is never shown; added is the time that standards call date_added. newest says
// that nobody has a later version of the id, and twin that there is another copy
// of the same version: both only save a look, which is made in the reader's view
// where they do not settle it.
//
// intel_refs and intel_fts are indexes without labels: what is found there is a
// finding only after the object was read as visible.
//
// intel_shares says, to the readers of the objects, from whom they have them, as
// far as the sender agreed to be named. intel_batches is the sender's own record.
var Schema = db.Schema{
	Duty:   "intel",
	Tables: tables(storeTables, indexTables, postTables, tagTables, savedTables, sourceTables, hookTables),
	Steps:  []string{storeStep + indexStep + postStep + tagStep + savedStep + sourceStep + hookStep},
}

func tables(ms ...map[string]db.Privacy) map[string]db.Privacy {
	all := map[string]db.Privacy{}
	for _, m := range ms {
		maps.Copy(all, m)
	}
	return all
}

var storeTables = map[string]db.Privacy{
	"intel_objects": db.Labelled, "intel_shares": db.Labelled, "intel_batches": db.Labelled, "intel_held": db.Labelled,
	"intel_gone": db.Private, "intel_counts": db.Private, "intel_state": db.Private,
	"intel_refs": db.Scratch, "intel_marks": db.Scratch,
}

const storeStep = `
CREATE TABLE intel_batches (
	id          TEXT NOT NULL PRIMARY KEY,
	at          BIGINT NOT NULL,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL,
	org         TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	via         TEXT NOT NULL,
	source      TEXT NOT NULL,
	name        TEXT NOT NULL,
	format      TEXT NOT NULL,
	terms       TEXT NOT NULL,
	basis       TEXT NOT NULL,
	state       TEXT NOT NULL,
	file        TEXT NOT NULL,
	key         BYTEA NOT NULL,
	size        BIGINT NOT NULL,
	consumed    BIGINT NOT NULL,
	seen        BIGINT NOT NULL,
	added       BIGINT NOT NULL,
	same        BIGINT NOT NULL,
	held        BIGINT NOT NULL,
	refused     BIGINT NOT NULL,
	problems    TEXT NOT NULL,
	ended       BIGINT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX intel_batches_org ON intel_batches (org, at);
CREATE INDEX intel_batches_state ON intel_batches (state, at);
CREATE TABLE intel_shares (
	id          TEXT NOT NULL PRIMARY KEY,
	batch       TEXT NOT NULL REFERENCES intel_batches (id),
	at          BIGINT NOT NULL,
	org         TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	attribution TEXT NOT NULL,
	pap         TEXT NOT NULL,
	ais         TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX intel_shares_batch ON intel_shares (batch, audience);
CREATE TABLE intel_objects (
	n        BIGINT NOT NULL PRIMARY KEY,
	id       TEXT NOT NULL,
	version  BIGINT NOT NULL,
	type     TEXT NOT NULL,
	added    BIGINT NOT NULL,
	share    TEXT NOT NULL REFERENCES intel_shares (id),
	newest   BIGINT NOT NULL,
	twin     BIGINT NOT NULL,
	revoked  BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	digest   TEXT NOT NULL,
	size     BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL,
	raw      TEXT NOT NULL
);
CREATE INDEX intel_objects_id ON intel_objects (id, version);
CREATE INDEX intel_objects_added ON intel_objects (added);
CREATE INDEX intel_objects_type ON intel_objects (type, n);
CREATE INDEX intel_objects_audience ON intel_objects (audience, n);
CREATE TABLE intel_held (
	id          TEXT NOT NULL PRIMARY KEY,
	batch       TEXT NOT NULL REFERENCES intel_batches (id),
	at          BIGINT NOT NULL,
	object      TEXT NOT NULL,
	version     BIGINT NOT NULL,
	type        TEXT NOT NULL,
	why         TEXT NOT NULL,
	detail      TEXT NOT NULL,
	org         TEXT NOT NULL,
	want_tlp    TEXT NOT NULL,
	want        TEXT NOT NULL,
	state       TEXT NOT NULL,
	decided     BIGINT NOT NULL,
	decided_by  TEXT NOT NULL,
	decided_why TEXT NOT NULL,
	raw         TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX intel_held_state ON intel_held (state, at);
CREATE INDEX intel_held_object ON intel_held (object, version);
CREATE INDEX intel_held_batch ON intel_held (batch, at);
CREATE TABLE intel_gone (
	n       BIGINT NOT NULL PRIMARY KEY,
	id      TEXT NOT NULL,
	version BIGINT NOT NULL,
	added   BIGINT NOT NULL
);
CREATE INDEX intel_gone_id ON intel_gone (id, version);
CREATE TABLE intel_counts (
	audience TEXT NOT NULL PRIMARY KEY,
	objects  BIGINT NOT NULL
);
CREATE TABLE intel_state (
	name  TEXT NOT NULL PRIMARY KEY,
	value BIGINT NOT NULL
);
-- sqlite: CREATE TABLE intel_refs (target TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (target, n)) WITHOUT ROWID,;
-- postgres: CREATE TABLE intel_refs (target TEXT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY (target, n));
CREATE TABLE intel_marks (
	name  TEXT NOT NULL PRIMARY KEY,
	value BIGINT NOT NULL
);
`
