package vulns

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the duty's tables.
//
// vulns_records is one source's word about one vulnerability each; n is its place
// in the order of arrival and is never shown. owner is the organization that shared
// it, "" for what the house brings to everybody. batch and part say what brought it
// last, touched and touched_part which commit changed it or its canonical id last:
// followers read that. base is the one CVE id that the record itself names, "" if it
// names none and "-" if it names several. record is the record without its claims,
// which stand in vulns_claims.
//
// vulns_names are the ids by which a record is known; link says whether the record
// calls that the same vulnerability. vulns_keys and vulns_fts are indexes without
// labels: what is found there is a finding only after the record was read as
// visible.
//
// vulns_history is what a record said before; batch and part say what replaced it.
var Schema = db.Schema{
	Duty: "vulns",
	Tables: map[string]db.Privacy{
		"vulns_feeds": db.Labelled, "vulns_pulls": db.Scratch, "vulns_batches": db.Labelled, "vulns_records": db.Labelled, "vulns_history": db.Labelled,
		"vulns_claims": db.Private, "vulns_names": db.Private, "vulns_epss": db.Private, "vulns_keys": db.Scratch, "vulns_leases": db.Scratch, "vulns_marks": db.Scratch,
	},
	Steps: []string{step},
}

const step = `
CREATE TABLE vulns_feeds (
	id              TEXT NOT NULL PRIMARY KEY,
	at              BIGINT NOT NULL,
	org             TEXT NOT NULL,
	org_name        TEXT NOT NULL,
	person          TEXT NOT NULL,
	person_name     TEXT NOT NULL,
	name            TEXT NOT NULL,
	kind            TEXT NOT NULL,
	place           TEXT NOT NULL,
	address         TEXT NOT NULL,
	every           BIGINT NOT NULL,
	state           TEXT NOT NULL,
	record_tlp      TEXT NOT NULL,
	record_audience TEXT NOT NULL,
	tlp             TEXT NOT NULL,
	audience        TEXT NOT NULL
);
CREATE TABLE vulns_pulls (
	feed        TEXT NOT NULL PRIMARY KEY,
	next_try    BIGINT NOT NULL,
	last_try    BIGINT NOT NULL,
	last_ok     BIGINT NOT NULL,
	failures    BIGINT NOT NULL,
	error       TEXT NOT NULL,
	etag        TEXT NOT NULL,
	stamp       TEXT NOT NULL,
	fingerprint TEXT NOT NULL,
	batch       TEXT NOT NULL,
	seconds     BIGINT NOT NULL,
	added       BIGINT NOT NULL,
	changed     BIGINT NOT NULL,
	same        BIGINT NOT NULL,
	withdrawn   BIGINT NOT NULL,
	skipped     BIGINT NOT NULL
);
CREATE TABLE vulns_batches (
	id              TEXT NOT NULL PRIMARY KEY,
	at              BIGINT NOT NULL,
	person          TEXT NOT NULL,
	person_name     TEXT NOT NULL,
	org             TEXT NOT NULL,
	org_name        TEXT NOT NULL,
	feed            TEXT NOT NULL,
	name            TEXT NOT NULL,
	kind            TEXT NOT NULL,
	state           TEXT NOT NULL,
	file            TEXT NOT NULL,
	key             BYTEA NOT NULL,
	size            BIGINT NOT NULL,
	consumed        BIGINT NOT NULL,
	parts           BIGINT NOT NULL,
	seen            BIGINT NOT NULL,
	added           BIGINT NOT NULL,
	changed         BIGINT NOT NULL,
	same            BIGINT NOT NULL,
	withdrawn       BIGINT NOT NULL,
	skipped         BIGINT NOT NULL,
	problems        TEXT NOT NULL,
	fingerprint     TEXT NOT NULL,
	ended           BIGINT NOT NULL,
	owner           TEXT NOT NULL,
	mirror          BIGINT NOT NULL,
	record_tlp      TEXT NOT NULL,
	record_audience TEXT NOT NULL,
	tlp             TEXT NOT NULL,
	audience        TEXT NOT NULL
);
CREATE INDEX vulns_batches_at ON vulns_batches (at);
CREATE INDEX vulns_batches_state ON vulns_batches (state, at);
CREATE INDEX vulns_batches_feed ON vulns_batches (feed, at);
CREATE TABLE vulns_records (
	n            BIGINT NOT NULL PRIMARY KEY,
	id           TEXT NOT NULL UNIQUE,
	vuln         TEXT NOT NULL,
	base         TEXT NOT NULL,
	source_id    TEXT NOT NULL,
	source       TEXT NOT NULL,
	document     TEXT NOT NULL,
	owner        TEXT NOT NULL,
	published    BIGINT NOT NULL,
	modified     BIGINT NOT NULL,
	withdrawn    BIGINT NOT NULL,
	severity     BIGINT NOT NULL,
	exploited    BIGINT NOT NULL,
	automatable  BIGINT NOT NULL,
	title        TEXT NOT NULL,
	record       TEXT NOT NULL,
	digest       TEXT NOT NULL,
	batch        TEXT NOT NULL,
	part         BIGINT NOT NULL,
	touched      TEXT NOT NULL,
	touched_part BIGINT NOT NULL,
	at           BIGINT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE UNIQUE INDEX vulns_records_source ON vulns_records (source, source_id, document, audience, owner);
CREATE INDEX vulns_records_vuln ON vulns_records (vuln);
CREATE INDEX vulns_records_modified ON vulns_records (modified, vuln);
CREATE INDEX vulns_records_severity ON vulns_records (severity, modified);
CREATE INDEX vulns_records_exploited ON vulns_records (exploited, modified);
CREATE INDEX vulns_records_touched ON vulns_records (touched, touched_part);
CREATE TABLE vulns_history (
	n        BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	batch    TEXT NOT NULL,
	part     BIGINT NOT NULL,
	digest   TEXT NOT NULL,
	record   TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL,
	PRIMARY KEY (n, batch, part)
);
CREATE TABLE vulns_claims (
	n     BIGINT NOT NULL,
	i     BIGINT NOT NULL,
	claim TEXT NOT NULL,
	PRIMARY KEY (n, i)
);
-- sqlite: CREATE TABLE vulns_keys (key INTEGER NOT NULL, n INTEGER NOT NULL, i INTEGER NOT NULL, PRIMARY KEY (key, n, i)) WITHOUT ROWID,;
-- postgres: CREATE TABLE vulns_keys (key BIGINT NOT NULL, n BIGINT NOT NULL, i BIGINT NOT NULL, PRIMARY KEY (key, n, i));
CREATE INDEX vulns_keys_n ON vulns_keys (n);
CREATE TABLE vulns_names (
	name TEXT NOT NULL,
	n    BIGINT NOT NULL,
	link BIGINT NOT NULL,
	PRIMARY KEY (name, n)
);
CREATE INDEX vulns_names_n ON vulns_names (n);
CREATE TABLE vulns_epss (
	cve        TEXT NOT NULL PRIMARY KEY,
	score      BIGINT NOT NULL,
	percentile BIGINT NOT NULL,
	date       BIGINT NOT NULL
);
CREATE TABLE vulns_leases (
	name   TEXT NOT NULL PRIMARY KEY,
	holder TEXT NOT NULL,
	until  BIGINT NOT NULL
);
CREATE TABLE vulns_marks (
	name  TEXT NOT NULL PRIMARY KEY,
	value BIGINT NOT NULL
);
-- sqlite: CREATE VIRTUAL TABLE vulns_fts USING fts5(words, who, tokenize='ascii');
-- sqlite: INSERT INTO vulns_fts (vulns_fts, rank) VALUES ('secure-delete', 1);
-- postgres: CREATE TABLE vulns_fts (rowid BIGINT NOT NULL PRIMARY KEY, doc tsvector NOT NULL);
-- postgres: CREATE INDEX vulns_fts_doc ON vulns_fts USING gin (doc);
`
