package alerts

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the duty's tables.
//
// alerts_alerts is the author's side. alerts_notices is each recipient's own, and so is
// alerts_asked, of which an inquiry has two rows, the asker's and the respondent's,
// that do not name one another to a reader: twin is never shown.
//
// alerts_salts keeps what opens the commitments to the lists of recipients in the
// ledger.
//
// alerts_holders (which organizations hold which product), alerts_sets, alerts_parts
// and alerts_shown are what shown counts are made of (floor.go); organizations are in
// the latter by keyed hashes. They follow facts, and a count that was shown is told from
// them and from nowhere else. alerts_groups finds the notice of a finding's group.
// alerts_late holds the deployments that changed since the last round, by the newest fact.
var Schema = db.Schema{
	Duty: "alerts",
	Tables: map[string]db.Privacy{
		"alerts_alerts": db.Labelled, "alerts_notices": db.Labelled, "alerts_asked": db.Labelled, "alerts_messages": db.Labelled,
		"alerts_salts": db.Private, "alerts_groups": db.Private,
		"alerts_holders": db.Scratch, "alerts_sets": db.Scratch, "alerts_parts": db.Scratch, "alerts_shown": db.Scratch, "alerts_cursor": db.Scratch, "alerts_late": db.Scratch,
	},
	Steps: []string{alertStep + noticeStep + askedStep + shownStep, askedOrderStep, lateStep},
}

// Lists and records are JSON. Times are UTC microseconds, 0 = never.
const alertStep = `
CREATE TABLE alerts_alerts (
	id            TEXT NOT NULL PRIMARY KEY,
	at            BIGINT NOT NULL,
	changed       BIGINT NOT NULL,
	revision      BIGINT NOT NULL,
	org           TEXT NOT NULL,
	org_name      TEXT NOT NULL,
	person        TEXT NOT NULL,
	editor        TEXT NOT NULL,
	source        TEXT NOT NULL,
	case_id       TEXT NOT NULL,
	state         TEXT NOT NULL,
	class         TEXT NOT NULL,
	content_tlp   TEXT NOT NULL,
	content       TEXT NOT NULL,
	second        BIGINT NOT NULL,
	approver      TEXT NOT NULL,
	approver_name TEXT NOT NULL,
	approved      BIGINT NOT NULL,
	sent          BIGINT NOT NULL,
	ended         BIGINT NOT NULL,
	why           TEXT NOT NULL,
	supersedes    TEXT NOT NULL,
	superseded_by TEXT NOT NULL,
	tlp           TEXT NOT NULL,
	audience      TEXT NOT NULL
);
CREATE INDEX alerts_alerts_org ON alerts_alerts (org, at, id);
CREATE INDEX alerts_alerts_at ON alerts_alerts (at, id);
CREATE INDEX alerts_alerts_sent ON alerts_alerts (content_tlp, sent, id);
CREATE TABLE alerts_salts (
	alert TEXT NOT NULL PRIMARY KEY,
	at    BIGINT NOT NULL,
	salt  TEXT NOT NULL,
	orgs  TEXT NOT NULL
);
`

// grp is matching's group. rank orders an inbox: exploited, sure, class; the lowest
// first. news is when there was last something new in it.
const noticeStep = `
CREATE TABLE alerts_notices (
	id          TEXT NOT NULL PRIMARY KEY,
	kind        TEXT NOT NULL,
	alert       TEXT NOT NULL,
	org         TEXT NOT NULL,
	grp         TEXT NOT NULL,
	at          BIGINT NOT NULL,
	updated     BIGINT NOT NULL,
	author      TEXT NOT NULL,
	class       TEXT NOT NULL,
	content     TEXT NOT NULL,
	matched     TEXT NOT NULL,
	more        BIGINT NOT NULL,
	sure        BIGINT NOT NULL,
	exploited   BIGINT NOT NULL,
	rank        BIGINT NOT NULL,
	ended       TEXT NOT NULL,
	why         TEXT NOT NULL,
	opened      BIGINT NOT NULL,
	opened_by   TEXT NOT NULL,
	answer      TEXT NOT NULL,
	answered    BIGINT NOT NULL,
	answered_by TEXT NOT NULL,
	note        TEXT NOT NULL,
	archived    BIGINT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL,
	UNIQUE (org, alert, grp)
);
CREATE INDEX alerts_notices_alert ON alerts_notices (alert);
CREATE INDEX alerts_notices_inbox ON alerts_notices (org, rank, at, id);
CREATE INDEX alerts_notices_at ON alerts_notices (org, at);
CREATE TABLE alerts_groups (
	org    TEXT NOT NULL,
	key    TEXT NOT NULL,
	notice TEXT NOT NULL,
	PRIMARY KEY (org, key)
);
`

const askedStep = `
CREATE TABLE alerts_asked (
	id        TEXT NOT NULL PRIMARY KEY,
	twin      TEXT NOT NULL,
	side      TEXT NOT NULL,
	alert     TEXT NOT NULL,
	notice    TEXT NOT NULL,
	title     TEXT NOT NULL,
	at        BIGINT NOT NULL,
	changed   BIGINT NOT NULL,
	pseudonym TEXT NOT NULL,
	asker     TEXT NOT NULL,
	revealed  TEXT NOT NULL,
	state     TEXT NOT NULL,
	tlp       TEXT NOT NULL,
	audience  TEXT NOT NULL
);
CREATE INDEX alerts_asked_alert ON alerts_asked (alert, at, id);
CREATE INDEX alerts_asked_twin ON alerts_asked (twin);
CREATE TABLE alerts_messages (
	id       TEXT NOT NULL PRIMARY KEY,
	inquiry  TEXT NOT NULL REFERENCES alerts_asked (id),
	i        BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	asks     BIGINT NOT NULL,
	name     TEXT NOT NULL,
	body     TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX alerts_messages_inquiry ON alerts_messages (inquiry, i);
`

// shown: which set stands behind what a key shows; 0 is the empty set. parts are the
// pieces by which sets that are nearly the same are found.
const shownStep = `
CREATE TABLE alerts_holders (
	product    TEXT NOT NULL,
	deployment TEXT NOT NULL,
	org        TEXT NOT NULL,
	PRIMARY KEY (product, deployment)
);
CREATE INDEX alerts_holders_deployment ON alerts_holders (deployment);
CREATE TABLE alerts_sets (
	n       BIGINT NOT NULL PRIMARY KEY,
	used    BIGINT NOT NULL,
	size    BIGINT NOT NULL,
	members TEXT NOT NULL
);
CREATE TABLE alerts_parts (
	part   BIGINT NOT NULL,
	digest TEXT NOT NULL,
	size   BIGINT NOT NULL,
	n      BIGINT NOT NULL,
	PRIMARY KEY (part, digest, size, n)
);
CREATE TABLE alerts_shown (
	subject TEXT NOT NULL,
	what    TEXT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (subject, what)
);
CREATE TABLE alerts_cursor (
	name  TEXT NOT NULL PRIMARY KEY,
	value BIGINT NOT NULL
);
`

// i numbers one asker's inquiries about one alert: two of one moment keep their order.
const askedOrderStep = `
ALTER TABLE alerts_asked ADD COLUMN i BIGINT NOT NULL DEFAULT 0;
`

const lateStep = `
CREATE TABLE alerts_late (
	deployment TEXT NOT NULL PRIMARY KEY,
	seq        BIGINT NOT NULL
);
`
