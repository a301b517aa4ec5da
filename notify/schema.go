package notify

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the duty's tables. Each row is its person's own; nobody else reads it.
//
// notify_addresses are addresses that were confirmed, and when their owners want to be
// told. notify_codes are those that are not confirmed yet. notify_told is until when
// each was told, and notify_mails what is to be sent. Addresses and codes are sealed.
// What the last three hold can be lost: then a code is asked for again, and what comes
// next is told.
var Schema = db.Schema{
	Duty:   "notify",
	Tables: map[string]db.Privacy{"notify_addresses": db.Private, "notify_codes": db.Scratch, "notify_told": db.Scratch, "notify_mails": db.Scratch},
	Steps:  []string{step},
}

// Times are UTC microseconds, 0 = never. hour is of the day, UTC.
const step = `
CREATE TABLE notify_addresses (
	person    TEXT NOT NULL PRIMARY KEY,
	address   BYTEA NOT NULL,
	confirmed BIGINT NOT NULL,
	soon      TEXT NOT NULL,
	rest      TEXT NOT NULL,
	hour      BIGINT NOT NULL,
	refused   BIGINT NOT NULL
);
CREATE TABLE notify_codes (
	person  TEXT NOT NULL PRIMARY KEY,
	address BYTEA NOT NULL,
	code    BYTEA NOT NULL,
	at      BIGINT NOT NULL,
	refused BIGINT NOT NULL,
	n       BIGINT NOT NULL,
	since   BIGINT NOT NULL
);
CREATE TABLE notify_told (
	person TEXT NOT NULL PRIMARY KEY,
	until  BIGINT NOT NULL,
	mailed BIGINT NOT NULL,
	digest BIGINT NOT NULL
);
CREATE TABLE notify_mails (
	id       TEXT NOT NULL PRIMARY KEY,
	person   TEXT NOT NULL,
	kind     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	tries    BIGINT NOT NULL,
	next_try BIGINT NOT NULL
);
CREATE INDEX notify_mails_due ON notify_mails (next_try);
`
