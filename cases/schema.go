package cases

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the tables of coordinated disclosure. Times are UTC microseconds, 0
// for never; "doc" columns are JSON. Whose a row is says its label: see label.go.
//
// case_reports holds what strangers sent, at times of day grain; digest is the
// Argon2id digest of the reporter's receipt and finds the report when he returns.
// case_intake names the files of such a report while it is being written, so that
// what a crash leaves is swept; traits are what two reports of one flaw share.
// case_facts is what a party says it did and when (the claimed instant at, apart
// from recorded_at); case_obligations are worked out of the facts and never the
// source of anything.
var Schema = db.Schema{
	Duty: "cases",
	Tables: map[string]db.Privacy{
		"case_reports": db.Labelled, "case_messages": db.Labelled, "case_files": db.Labelled, "case_triages": db.Labelled,
		"cases": db.Labelled, "case_parties": db.Labelled, "case_threads": db.Labelled, "case_grants": db.Labelled, "case_openings": db.Labelled,
		"case_embargoes": db.Labelled, "case_publications": db.Labelled, "case_alerts": db.Labelled,
		"case_vulnerabilities": db.Labelled, "case_statuses": db.Labelled,
		"case_matrices": db.Labelled, "case_determinations": db.Labelled,
		"case_facts": db.Labelled, "case_notices": db.Labelled, "case_obligations": db.Labelled,
		"case_seen": db.Scratch, "case_uploads": db.Scratch, "case_intake": db.Scratch,
	},
	Steps: []string{`
CREATE TABLE case_reports (
	id          TEXT NOT NULL PRIMARY KEY,
	source      TEXT NOT NULL,
	digest      TEXT NOT NULL,
	person      TEXT NOT NULL,
	name        TEXT NOT NULL,
	org         TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	circle      TEXT NOT NULL,
	at          BIGINT NOT NULL,
	last_at     BIGINT NOT NULL,
	title       TEXT NOT NULL,
	cves        TEXT NOT NULL,
	traits      TEXT NOT NULL,
	doc         TEXT NOT NULL,
	state       TEXT NOT NULL,
	case_id     TEXT NOT NULL,
	answer      TEXT NOT NULL,
	acked_at    BIGINT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE UNIQUE INDEX case_reports_digest ON case_reports (digest) WHERE digest <> '';
CREATE INDEX case_reports_state ON case_reports (state, at);
CREATE INDEX case_reports_person ON case_reports (person, at) WHERE person <> '';
CREATE INDEX case_reports_case ON case_reports (case_id);
CREATE TABLE case_messages (
	id       TEXT NOT NULL PRIMARY KEY,
	n        BIGINT NOT NULL,
	report   TEXT NOT NULL REFERENCES case_reports (id),
	at       BIGINT NOT NULL,
	inbound  BIGINT NOT NULL,
	name     TEXT NOT NULL,
	body     TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX case_messages_report ON case_messages (report, n);
CREATE TABLE case_files (
	id       TEXT NOT NULL PRIMARY KEY,
	object   TEXT NOT NULL,
	parent   TEXT NOT NULL,
	place    BIGINT NOT NULL,
	name     TEXT NOT NULL,
	media    TEXT NOT NULL,
	size     BIGINT NOT NULL,
	sha256   TEXT NOT NULL,
	key      BYTEA NOT NULL,
	removed  TEXT NOT NULL,
	at       BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX case_files_object ON case_files (object, place);
CREATE INDEX case_files_parent ON case_files (parent);
CREATE TABLE case_triages (
	report        TEXT NOT NULL PRIMARY KEY REFERENCES case_reports (id),
	severity      BIGINT NOT NULL,
	assignee      TEXT NOT NULL,
	assignee_name TEXT NOT NULL,
	decision      TEXT NOT NULL,
	reason        TEXT NOT NULL,
	merged_into   TEXT NOT NULL,
	decided_at    BIGINT NOT NULL,
	decided_by    TEXT NOT NULL,
	doc           TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE TABLE cases (
	id               TEXT NOT NULL PRIMARY KEY,
	n                BIGINT NOT NULL,
	title            TEXT NOT NULL,
	summary          TEXT NOT NULL,
	stage            TEXT NOT NULL,
	stage_at         BIGINT NOT NULL,
	severity         TEXT NOT NULL,
	safety           TEXT NOT NULL,
	at               BIGINT NOT NULL,
	author           TEXT NOT NULL,
	author_name      TEXT NOT NULL,
	author_org       TEXT NOT NULL,
	author_org_name  TEXT NOT NULL,
	coordinator      TEXT NOT NULL,
	coordinator_name TEXT NOT NULL,
	review_at        BIGINT NOT NULL,
	manufacturer     TEXT NOT NULL,
	maker_name       TEXT NOT NULL,
	team             TEXT NOT NULL,
	room             TEXT NOT NULL,
	shared           BIGINT NOT NULL,
	contacted_at     BIGINT NOT NULL,
	embargo          TEXT NOT NULL,
	embargo_from     BIGINT NOT NULL,
	embargo_until    BIGINT NOT NULL,
	embargo_terms    TEXT NOT NULL,
	embargo_ended    BIGINT NOT NULL,
	public_at        BIGINT NOT NULL,
	exploit_at       BIGINT NOT NULL,
	attacks_at       BIGINT NOT NULL,
	origin           TEXT NOT NULL,
	tlp              TEXT NOT NULL,
	audience         TEXT NOT NULL
);
CREATE INDEX cases_at ON cases (at, id);
CREATE INDEX cases_stage ON cases (stage, at);
CREATE INDEX cases_embargo ON cases (embargo_until) WHERE embargo_until > 0;
CREATE TABLE case_parties (
	id             TEXT NOT NULL PRIMARY KEY,
	case_id        TEXT NOT NULL REFERENCES cases (id),
	org            TEXT NOT NULL,
	name           TEXT NOT NULL,
	role           TEXT NOT NULL,
	circle         TEXT NOT NULL,
	state          TEXT NOT NULL,
	rm             TEXT NOT NULL,
	fix            TEXT NOT NULL,
	invited_at     BIGINT NOT NULL,
	invited_by     TEXT NOT NULL,
	note           TEXT NOT NULL,
	offered_until  BIGINT NOT NULL,
	offered_terms  TEXT NOT NULL,
	seen_at        BIGINT NOT NULL,
	accepted_at    BIGINT NOT NULL,
	accepted_by    TEXT NOT NULL,
	answered_at    BIGINT NOT NULL,
	updated_at     BIGINT NOT NULL,
	left_at        BIGINT NOT NULL,
	why            TEXT NOT NULL,
	desk_sees      BIGINT NOT NULL,
	fix_planned_at BIGINT NOT NULL,
	statement      TEXT NOT NULL,
	statuses       TEXT NOT NULL,
	tlp            TEXT NOT NULL,
	audience       TEXT NOT NULL
);
CREATE UNIQUE INDEX case_parties_org ON case_parties (case_id, org) WHERE org <> '';
CREATE INDEX case_parties_case ON case_parties (case_id, invited_at);
CREATE INDEX case_parties_mine ON case_parties (org, state, invited_at);
CREATE TABLE case_threads (
	topic    TEXT NOT NULL PRIMARY KEY,
	case_id  TEXT NOT NULL REFERENCES cases (id),
	kind     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX case_threads_case ON case_threads (case_id, at);
CREATE TABLE case_grants (
	id            TEXT NOT NULL PRIMARY KEY,
	case_id       TEXT NOT NULL REFERENCES cases (id),
	party         TEXT NOT NULL,
	person        TEXT NOT NULL,
	name          TEXT NOT NULL,
	org           TEXT NOT NULL,
	org_name      TEXT NOT NULL,
	circle        TEXT NOT NULL,
	seat          TEXT NOT NULL,
	purpose       TEXT NOT NULL,
	agreement     TEXT NOT NULL,
	basis         TEXT NOT NULL,
	question      TEXT NOT NULL,
	answer        TEXT NOT NULL,
	answered_at   BIGINT NOT NULL,
	asked_at      BIGINT NOT NULL,
	asked_by      TEXT NOT NULL,
	asked_name    TEXT NOT NULL,
	approved_at   BIGINT NOT NULL,
	approver      TEXT NOT NULL,
	approver_name TEXT NOT NULL,
	expires_at    BIGINT NOT NULL,
	revoked_at    BIGINT NOT NULL,
	expired_at    BIGINT NOT NULL,
	why           TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE INDEX case_grants_case ON case_grants (case_id, asked_at);
CREATE INDEX case_grants_person ON case_grants (person, expires_at);
CREATE INDEX case_grants_expires ON case_grants (expires_at) WHERE revoked_at = 0 AND expired_at = 0;
CREATE INDEX case_grants_asked ON case_grants (asked_at, id);
CREATE TABLE case_openings (
	id       TEXT NOT NULL PRIMARY KEY,
	grant_id TEXT NOT NULL REFERENCES case_grants (id),
	case_id  TEXT NOT NULL REFERENCES cases (id),
	person   TEXT NOT NULL,
	name     TEXT NOT NULL,
	org_name TEXT NOT NULL,
	at       BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX case_openings_case ON case_openings (case_id, at);
CREATE INDEX case_openings_grant ON case_openings (grant_id, at);
CREATE TABLE case_embargoes (
	id          TEXT NOT NULL PRIMARY KEY,
	n           BIGINT NOT NULL,
	case_id     TEXT NOT NULL REFERENCES cases (id),
	kind        TEXT NOT NULL,
	party       TEXT NOT NULL,
	person      TEXT NOT NULL,
	name        TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	at          BIGINT NOT NULL,
	until       BIGINT NOT NULL,
	terms       TEXT NOT NULL,
	consents    TEXT NOT NULL,
	state       TEXT NOT NULL,
	why         TEXT NOT NULL,
	decided_at  BIGINT NOT NULL,
	decided_by  TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX case_embargoes_case ON case_embargoes (case_id, n);
CREATE INDEX case_embargoes_open ON case_embargoes (until) WHERE state = 'open';
CREATE TABLE case_publications (
	id            TEXT NOT NULL PRIMARY KEY,
	case_id       TEXT NOT NULL REFERENCES cases (id),
	title         TEXT NOT NULL,
	body          TEXT NOT NULL,
	reference     TEXT NOT NULL,
	state         TEXT NOT NULL,
	drafted_at    BIGINT NOT NULL,
	drafted_by    TEXT NOT NULL,
	drafted_name  TEXT NOT NULL,
	drafted_org   TEXT NOT NULL,
	approved_at   BIGINT NOT NULL,
	approved_by   TEXT NOT NULL,
	approved_name TEXT NOT NULL,
	opens_at      BIGINT NOT NULL,
	published_at  BIGINT NOT NULL,
	withdrawn_at  BIGINT NOT NULL,
	why           TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE INDEX case_publications_case ON case_publications (case_id, drafted_at);
CREATE INDEX case_publications_state ON case_publications (state, published_at);
CREATE TABLE case_vulnerabilities (
	id          TEXT NOT NULL PRIMARY KEY,
	n           BIGINT NOT NULL,
	case_id     TEXT NOT NULL REFERENCES cases (id),
	cve         TEXT NOT NULL,
	cve_state   TEXT NOT NULL,
	cwe         TEXT NOT NULL,
	title       TEXT NOT NULL,
	description TEXT NOT NULL,
	vector3     TEXT NOT NULL,
	score3      TEXT NOT NULL,
	vector4     TEXT NOT NULL,
	score4      TEXT NOT NULL,
	severity    TEXT NOT NULL,
	kev         TEXT NOT NULL,
	epss        TEXT NOT NULL,
	doc         TEXT NOT NULL,
	at          BIGINT NOT NULL,
	withdrawn_at BIGINT NOT NULL,
	withdrawn   TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE UNIQUE INDEX case_vulnerabilities_case ON case_vulnerabilities (case_id, n);
CREATE INDEX case_vulnerabilities_cve ON case_vulnerabilities (cve) WHERE cve <> '';
CREATE TABLE case_statuses (
	party         TEXT NOT NULL REFERENCES case_parties (id),
	vulnerability TEXT NOT NULL REFERENCES case_vulnerabilities (id),
	case_id       TEXT NOT NULL,
	status        TEXT NOT NULL,
	statement     TEXT NOT NULL,
	at            BIGINT NOT NULL,
	person        TEXT NOT NULL,
	name          TEXT NOT NULL,
	source        TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL,
	PRIMARY KEY (party, vulnerability)
);
CREATE INDEX case_statuses_case ON case_statuses (case_id);
CREATE TABLE case_matrices (
	id       TEXT NOT NULL PRIMARY KEY,
	org      TEXT NOT NULL,
	version  BIGINT NOT NULL,
	doc      TEXT NOT NULL,
	note     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	person   TEXT NOT NULL,
	name     TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE UNIQUE INDEX case_matrices_org ON case_matrices (org, version);
CREATE TABLE case_determinations (
	id            TEXT NOT NULL PRIMARY KEY,
	n             BIGINT NOT NULL,
	case_id       TEXT NOT NULL REFERENCES cases (id),
	party         TEXT NOT NULL REFERENCES case_parties (id),
	vulnerability TEXT NOT NULL,
	device        TEXT NOT NULL,
	exploitability TEXT NOT NULL,
	severity      BIGINT NOT NULL,
	outcome       TEXT NOT NULL,
	rationale     TEXT NOT NULL,
	doc           TEXT NOT NULL,
	signed_at     BIGINT NOT NULL,
	signed_by     TEXT NOT NULL,
	name          TEXT NOT NULL,
	title         TEXT NOT NULL,
	supersedes    TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE INDEX case_determinations_party ON case_determinations (case_id, party, n);
CREATE TABLE case_facts (
	id          TEXT NOT NULL PRIMARY KEY,
	n           BIGINT NOT NULL,
	case_id     TEXT NOT NULL REFERENCES cases (id),
	party       TEXT NOT NULL REFERENCES case_parties (id),
	kind        TEXT NOT NULL,
	at          BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	recorded_at BIGINT NOT NULL,
	person      TEXT NOT NULL,
	name        TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	withdrawn   TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX case_facts_party ON case_facts (party, n);
CREATE INDEX case_facts_case ON case_facts (case_id, n);
CREATE TABLE case_notices (
	id           TEXT NOT NULL PRIMARY KEY,
	n            BIGINT NOT NULL,
	case_id      TEXT NOT NULL REFERENCES cases (id),
	party        TEXT NOT NULL REFERENCES case_parties (id),
	state        TEXT NOT NULL,
	subject      TEXT NOT NULL,
	doc          TEXT NOT NULL,
	recipients   TEXT NOT NULL,
	at           BIGINT NOT NULL,
	person       TEXT NOT NULL,
	name         TEXT NOT NULL,
	sent_at      BIGINT NOT NULL,
	sent_via     TEXT NOT NULL,
	sent_by      TEXT NOT NULL,
	isao_at      BIGINT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE INDEX case_notices_party ON case_notices (party, n);
CREATE INDEX case_notices_case ON case_notices (case_id, n);
CREATE TABLE case_obligations (
	id           TEXT NOT NULL PRIMARY KEY,
	object       TEXT NOT NULL,
	case_id      TEXT NOT NULL,
	party        TEXT NOT NULL,
	owner        TEXT NOT NULL,
	rule         TEXT NOT NULL,
	clock        TEXT NOT NULL,
	name         TEXT NOT NULL,
	source       TEXT NOT NULL,
	begins_at    BIGINT NOT NULL,
	trigger_at   BIGINT NOT NULL,
	trigger_by   TEXT NOT NULL,
	warn_at      BIGINT NOT NULL,
	due_at       BIGINT NOT NULL,
	zone         TEXT NOT NULL,
	after        TEXT NOT NULL,
	state        TEXT NOT NULL,
	missing      TEXT NOT NULL,
	why          TEXT NOT NULL,
	moot         BIGINT NOT NULL,
	satisfied_at BIGINT NOT NULL,
	satisfied_by TEXT NOT NULL,
	lost_at      BIGINT NOT NULL,
	gap_at       BIGINT NOT NULL,
	waived_at    BIGINT NOT NULL,
	waived_by    TEXT NOT NULL,
	waived_name  TEXT NOT NULL,
	waived_why   TEXT NOT NULL,
	noticed      BIGINT NOT NULL,
	next_at      BIGINT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE UNIQUE INDEX case_obligations_clock ON case_obligations (object, party, rule, clock);
CREATE INDEX case_obligations_case ON case_obligations (case_id, due_at);
CREATE INDEX case_obligations_party ON case_obligations (party);
CREATE INDEX case_obligations_next ON case_obligations (next_at) WHERE next_at > 0;
CREATE INDEX case_obligations_owner ON case_obligations (owner, state, due_at);
CREATE TABLE case_seen (
	person  TEXT NOT NULL,
	case_id TEXT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (person, case_id)
);
CREATE TABLE case_uploads (
	id       TEXT NOT NULL PRIMARY KEY,
	person   TEXT NOT NULL,
	at       BIGINT NOT NULL,
	complete BIGINT NOT NULL,
	name     TEXT NOT NULL,
	media    TEXT NOT NULL,
	size     BIGINT NOT NULL,
	sha256   TEXT NOT NULL,
	key      BYTEA NOT NULL,
	removed  TEXT NOT NULL
);
CREATE INDEX case_uploads_person ON case_uploads (person);
CREATE INDEX case_uploads_at ON case_uploads (at);
CREATE TABLE case_intake (
	file TEXT NOT NULL PRIMARY KEY,
	at   BIGINT NOT NULL
);
`, `
CREATE TABLE case_alerts (
	id            TEXT NOT NULL PRIMARY KEY,
	case_id       TEXT NOT NULL REFERENCES cases (id),
	form          TEXT NOT NULL,
	state         TEXT NOT NULL,
	drafted_at    BIGINT NOT NULL,
	drafted_by    TEXT NOT NULL,
	drafted_name  TEXT NOT NULL,
	drafted_org   TEXT NOT NULL,
	approved_at   BIGINT NOT NULL,
	approved_by   TEXT NOT NULL,
	approved_name TEXT NOT NULL,
	ended_at      BIGINT NOT NULL,
	why           TEXT NOT NULL,
	alert         TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE INDEX case_alerts_case ON case_alerts (case_id, drafted_at);
`},
}
