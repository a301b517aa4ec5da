package agreements

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the duty's tables, all labelled: documents are public, acceptances
// are read by their organization and the desk.
var Schema = db.Schema{
	Duty:   "agreements",
	Tables: map[string]db.Privacy{"documents": db.Labelled, "acceptances": db.Labelled},
	Steps: []string{`
CREATE TABLE documents (
	id           TEXT NOT NULL PRIMARY KEY,
	kind         TEXT NOT NULL,
	version      BIGINT NOT NULL,
	title        TEXT NOT NULL,
	body         TEXT NOT NULL,
	digest       TEXT NOT NULL,
	effective_at BIGINT NOT NULL,
	made_at      BIGINT NOT NULL,
	by_person    TEXT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL,
	UNIQUE (kind, version)
);
CREATE TABLE acceptances (
	id           TEXT NOT NULL PRIMARY KEY,
	org          TEXT NOT NULL,
	document     TEXT NOT NULL REFERENCES documents (id),
	digest       TEXT NOT NULL,
	person       TEXT NOT NULL,
	signatory    TEXT NOT NULL,
	title        TEXT NOT NULL,
	at           BIGINT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE INDEX acceptances_org ON acceptances (org, at);
`},
}
