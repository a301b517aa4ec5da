package ledger

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the ledger's tables.
//
// ledger_entries is labelled: an entry is read by those who may read what it is
// about. ledger_contents holds what shredding destroys. ledger_hashes is the
// tree in the order of RFC 6962's stored hashes; it never changes.
var Schema = db.Schema{
	Duty: "ledger",
	Tables: map[string]db.Privacy{
		"ledger_head": db.Private, "ledger_entries": db.Labelled, "ledger_contents": db.Private,
		"ledger_hashes": db.Private, "ledger_checkpoints": db.Scratch, "ledger_followers": db.Scratch,
	},
	Steps: []string{`
CREATE TABLE ledger_head (
	id     BIGINT NOT NULL PRIMARY KEY,
	size   BIGINT NOT NULL,
	access BIGINT NOT NULL
);
INSERT INTO ledger_head (id, size, access) VALUES (1, 0, -1);
CREATE TABLE ledger_entries (
	seq      BIGINT NOT NULL PRIMARY KEY,
	at       BIGINT NOT NULL,
	actor    TEXT NOT NULL,
	org      TEXT NOT NULL,
	verb     TEXT NOT NULL,
	object   TEXT NOT NULL,
	parent   TEXT NOT NULL,
	room     TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL,
	access   BIGINT NOT NULL,
	leaf     BYTEA NOT NULL
);
CREATE INDEX ledger_entries_object ON ledger_entries (object, seq);
CREATE INDEX ledger_entries_parent ON ledger_entries (parent, seq);
CREATE INDEX ledger_entries_actor ON ledger_entries (actor, seq);
CREATE TABLE ledger_contents (
	seq  BIGINT NOT NULL PRIMARY KEY REFERENCES ledger_entries (seq),
	key  BYTEA NOT NULL,
	body BYTEA NOT NULL
);
CREATE TABLE ledger_hashes (
	idx  BIGINT NOT NULL PRIMARY KEY,
	hash BYTEA NOT NULL
);
CREATE TABLE ledger_checkpoints (
	size BIGINT NOT NULL PRIMARY KEY,
	at   BIGINT NOT NULL,
	note TEXT NOT NULL
);
CREATE TABLE ledger_followers (
	name TEXT NOT NULL PRIMARY KEY,
	seq  BIGINT NOT NULL
);
`, `
CREATE INDEX ledger_entries_org ON ledger_entries (org, at) WHERE org <> '';
CREATE INDEX ledger_entries_topics ON ledger_entries (at) WHERE verb = 'topic.started';
`},
}
