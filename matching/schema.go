package matching

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the duty's tables.
//
// matching_findings and matching_reasons are what rules found. They can be made again,
// and are read only joined with their sources as visible. A finding is one subject and
// one vulnerability: a component (sbom, part), a version of a product (subject,
// version) or a deployment (subject). Its reasons are the claims that say so.
// A reason that its source does not give any more is gone and stays, so that who could
// read it still can. When a finding was found, and whether it is gone, is what the
// reader's reasons say; the finding's own gone is for the program.
// matching_news says, in order, by which record findings came or became worse;
// matching_todo is what is to be compared; matching_keys is by which version of the
// indexes' keys all was compared.
//
// matching_vex is what makers say of a vulnerability in their products, and
// matching_answers what an organization decided about a finding of its own: facts, each
// with its label.
var Schema = db.Schema{
	Duty: "matching",
	Tables: map[string]db.Privacy{
		"matching_findings": db.Scratch, "matching_reasons": db.Scratch, "matching_news": db.Scratch, "matching_todo": db.Scratch, "matching_keys": db.Scratch,
		"matching_vex": db.Labelled, "matching_answers": db.Labelled,
	},
	Steps: []string{step, keyStep, treeStep},
}

const step = `
CREATE TABLE matching_todo (
	kind    TEXT NOT NULL,
	subject TEXT NOT NULL,
	seq     BIGINT NOT NULL,
	after   BIGINT NOT NULL,
	PRIMARY KEY (kind, subject)
);
CREATE INDEX matching_todo_seq ON matching_todo (seq);
CREATE TABLE matching_findings (
	n       BIGINT NOT NULL PRIMARY KEY,
	id      TEXT NOT NULL UNIQUE,
	kind    TEXT NOT NULL,
	sbom    BIGINT NOT NULL,
	part    BIGINT NOT NULL,
	subject TEXT NOT NULL,
	version TEXT NOT NULL,
	vuln    TEXT NOT NULL,
	gone    BIGINT NOT NULL,
	UNIQUE (kind, sbom, part, subject, version, vuln)
);
CREATE INDEX matching_findings_sbom ON matching_findings (sbom, part);
CREATE INDEX matching_findings_subject ON matching_findings (subject, kind);
CREATE INDEX matching_findings_vuln ON matching_findings (vuln, kind);
CREATE TABLE matching_reasons (
	finding BIGINT NOT NULL,
	record  BIGINT NOT NULL,
	claim   BIGINT NOT NULL,
	verdict TEXT NOT NULL,
	how     TEXT NOT NULL,
	why     TEXT NOT NULL,
	found   BIGINT NOT NULL,
	gone    BIGINT NOT NULL,
	PRIMARY KEY (finding, record, claim)
);
CREATE INDEX matching_reasons_record ON matching_reasons (record);
CREATE TABLE matching_news (
	n       BIGINT NOT NULL PRIMARY KEY,
	finding BIGINT NOT NULL,
	record  BIGINT NOT NULL,
	what    TEXT NOT NULL,
	at      BIGINT NOT NULL
);
CREATE INDEX matching_news_finding ON matching_news (finding, what);
CREATE TABLE matching_vex (
	id            TEXT NOT NULL PRIMARY KEY,
	at            BIGINT NOT NULL,
	org           TEXT NOT NULL,
	org_name      TEXT NOT NULL,
	person        TEXT NOT NULL,
	product       TEXT NOT NULL,
	version       TEXT NOT NULL,
	folded        TEXT NOT NULL,
	component     TEXT NOT NULL,
	vuln          TEXT NOT NULL,
	status        TEXT NOT NULL,
	justification TEXT NOT NULL,
	impact        TEXT NOT NULL,
	action        TEXT NOT NULL,
	notes         TEXT NOT NULL,
	source        TEXT NOT NULL,
	said          BIGINT NOT NULL,
	replaced      BIGINT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE INDEX matching_vex_product ON matching_vex (product, vuln, at);
CREATE INDEX matching_vex_vuln ON matching_vex (vuln, at);
CREATE INDEX matching_vex_org ON matching_vex (org, at);
CREATE TABLE matching_answers (
	id       TEXT NOT NULL PRIMARY KEY,
	at       BIGINT NOT NULL,
	org      TEXT NOT NULL,
	person   TEXT NOT NULL,
	name     TEXT NOT NULL,
	finding  BIGINT NOT NULL,
	state    TEXT NOT NULL,
	why      TEXT NOT NULL,
	until    TEXT NOT NULL,
	newest   BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX matching_answers_finding ON matching_answers (finding, org, newest);
`

const keyStep = `
CREATE TABLE matching_keys (version TEXT NOT NULL PRIMARY KEY);
`

// treeStep leaves out the trees that cost more at each writing than they give, and those
// that SQLite took where a better one was there. The subject of a component's finding is
// empty: such findings are in no index of subjects, and a query that is to use that index
// says that the subject is not empty. The other index begins with the SBOM and knows each
// finding once; when it began with the kind, all findings of the kind were read through
// for those of one deployment. News is looked up by the finding only to see whether it
// was told that it is exploited. What is to be compared next is found by its index alone:
// a large import notes thousands of subjects under one number.
//
// On SQLite, rows lie in the tree of their key. That is a tree less, and a statement of
// many rows that say their own number does not keep each page that it changes, to take
// itself back: it does so where the number is that of the row (OP_MustBeInt may end it).
// The comma at the end of those tables is for STRICT, which the store adds to each.
const treeStep = `
-- sqlite: DROP INDEX matching_findings_sbom;
-- sqlite: DROP INDEX matching_findings_subject;
-- sqlite: DROP INDEX matching_findings_vuln;
-- sqlite: DROP INDEX matching_reasons_record;
-- sqlite: DROP INDEX matching_news_finding;
-- sqlite: ALTER TABLE matching_findings RENAME TO matching_findings_before;
-- sqlite: ALTER TABLE matching_reasons RENAME TO matching_reasons_before;
-- sqlite: ALTER TABLE matching_news RENAME TO matching_news_before;
-- sqlite: CREATE TABLE matching_findings (n INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, sbom INTEGER NOT NULL, part INTEGER NOT NULL, subject TEXT NOT NULL, version TEXT NOT NULL, vuln TEXT NOT NULL, gone INTEGER NOT NULL) WITHOUT ROWID,;
-- sqlite: CREATE TABLE matching_reasons (finding INTEGER NOT NULL, record INTEGER NOT NULL, claim INTEGER NOT NULL, verdict TEXT NOT NULL, how TEXT NOT NULL, why TEXT NOT NULL, found INTEGER NOT NULL, gone INTEGER NOT NULL, PRIMARY KEY (finding, record, claim)) WITHOUT ROWID,;
-- sqlite: CREATE TABLE matching_news (n INTEGER NOT NULL PRIMARY KEY, finding INTEGER NOT NULL, record INTEGER NOT NULL, what TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID,;
-- sqlite: INSERT INTO matching_findings SELECT n, id, kind, sbom, part, subject, version, vuln, gone FROM matching_findings_before ORDER BY n;
-- sqlite: INSERT INTO matching_reasons SELECT finding, record, claim, verdict, how, why, found, gone FROM matching_reasons_before ORDER BY finding, record, claim;
-- sqlite: INSERT INTO matching_news SELECT n, finding, record, what, at FROM matching_news_before ORDER BY n;
-- sqlite: DROP TABLE matching_findings_before;
-- sqlite: DROP TABLE matching_reasons_before;
-- sqlite: DROP TABLE matching_news_before;
-- sqlite: CREATE INDEX matching_findings_vuln ON matching_findings (vuln, kind);
-- sqlite: CREATE INDEX matching_reasons_record ON matching_reasons (record);
-- postgres: ALTER TABLE matching_findings DROP CONSTRAINT matching_findings_kind_sbom_part_subject_version_vuln_key;
-- postgres: DROP INDEX matching_findings_sbom;
-- postgres: DROP INDEX matching_findings_subject;
-- postgres: DROP INDEX matching_news_finding;
CREATE UNIQUE INDEX matching_findings_about ON matching_findings (sbom, part, subject, version, vuln, kind);
CREATE INDEX matching_findings_subject ON matching_findings (kind, subject) WHERE subject <> '';
CREATE INDEX matching_news_exploited ON matching_news (finding) WHERE what = 'exploited';
DROP INDEX matching_todo_seq;
CREATE INDEX matching_todo_next ON matching_todo (seq, kind, subject);
`
