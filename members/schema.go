package members

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the duty's tables. Rosters, credentials and links are private; who
// is a member of what is shown through organizations, people and circles, which
// are labelled.
var Schema = db.Schema{
	Duty: "members",
	Tables: map[string]db.Privacy{
		"community_settings": db.Private,
		"organizations":      db.Labelled, "organization_moves": db.Private, "vettings": db.Private,
		"people": db.Labelled, "circles": db.Labelled, "circle_people": db.Private,
		"invitations": db.Private, "passkeys": db.Private, "sessions": db.Private, "tokens": db.Private,
		"recoveries": db.Private, "token_certificates": db.Private,
		"ceremonies": db.Scratch, "session_seen": db.Scratch, "token_days": db.Scratch,
		"attempts": db.Scratch, "preferences": db.Scratch,
	},
	Steps: []string{`
CREATE TABLE community_settings (
	one        BIGINT NOT NULL PRIMARY KEY,
	id         TEXT NOT NULL,
	name       TEXT NOT NULL,
	purpose    TEXT NOT NULL,
	isao       TEXT NOT NULL,
	desk       TEXT NOT NULL,
	founded_at BIGINT NOT NULL
);
CREATE TABLE organizations (
	id           TEXT NOT NULL PRIMARY KEY,
	name         TEXT NOT NULL,
	name_key     TEXT NOT NULL,
	claimed      BIGINT NOT NULL,
	kind         TEXT NOT NULL,
	employees    BIGINT NOT NULL,
	city         TEXT NOT NULL,
	country      TEXT NOT NULL,
	about        TEXT NOT NULL,
	families     TEXT NOT NULL,
	contact      TEXT NOT NULL,
	contact_by   TEXT NOT NULL,
	contact_at   BIGINT NOT NULL,
	csaf         TEXT NOT NULL,
	standing     TEXT NOT NULL,
	sponsor      TEXT NOT NULL,
	invited_by   TEXT NOT NULL,
	applied_at   BIGINT NOT NULL,
	active_at    BIGINT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE UNIQUE INDEX organizations_claimed ON organizations (name_key) WHERE claimed = 1;
CREATE INDEX organizations_name ON organizations (name_key, id);
CREATE TABLE organization_moves (
	org       TEXT NOT NULL REFERENCES organizations (id),
	at        BIGINT NOT NULL,
	step      BIGINT NOT NULL,
	was       TEXT NOT NULL,
	became    TEXT NOT NULL,
	by_actor  TEXT NOT NULL,
	reason    TEXT NOT NULL,
	PRIMARY KEY (org, step)
);
CREATE TABLE vettings (
	org       TEXT NOT NULL REFERENCES organizations (id),
	person    TEXT NOT NULL,
	voter_org TEXT NOT NULL,
	from_desk BIGINT NOT NULL,
	approve   BIGINT NOT NULL,
	reason    TEXT NOT NULL,
	at        BIGINT NOT NULL,
	PRIMARY KEY (org, person)
);
CREATE TABLE people (
	id        TEXT NOT NULL PRIMARY KEY,
	org       TEXT NOT NULL REFERENCES organizations (id),
	name      TEXT NOT NULL,
	name_key  TEXT NOT NULL,
	title     TEXT NOT NULL,
	officer   BIGINT NOT NULL,
	desk      BIGINT NOT NULL,
	operator  BIGINT NOT NULL,
	recipient BIGINT NOT NULL,
	listed    BIGINT NOT NULL,
	suspended BIGINT NOT NULL,
	joined_at BIGINT NOT NULL,
	left_at   BIGINT NOT NULL,
	tlp       TEXT NOT NULL,
	audience  TEXT NOT NULL
);
CREATE INDEX people_org ON people (org, name_key, id);
CREATE INDEX people_name ON people (name_key, id);
CREATE TABLE circles (
	id        TEXT NOT NULL PRIMARY KEY,
	name      TEXT NOT NULL,
	name_key  TEXT NOT NULL,
	purpose   TEXT NOT NULL,
	named     BIGINT NOT NULL,
	object    TEXT NOT NULL,
	formed_at BIGINT NOT NULL,
	formed_by TEXT NOT NULL,
	tlp       TEXT NOT NULL,
	audience  TEXT NOT NULL
);
CREATE INDEX circles_name ON circles (name_key, id);
CREATE TABLE circle_people (
	circle    TEXT NOT NULL REFERENCES circles (id),
	person    TEXT NOT NULL REFERENCES people (id),
	duty      TEXT NOT NULL,
	at        BIGINT NOT NULL,
	by_person TEXT NOT NULL,
	until     BIGINT NOT NULL,
	PRIMARY KEY (circle, person)
);
CREATE INDEX circle_people_until ON circle_people (until) WHERE until > 0;
CREATE INDEX circle_people_person ON circle_people (person, circle);
CREATE TABLE invitations (
	id         TEXT NOT NULL PRIMARY KEY,
	kind       TEXT NOT NULL,
	digest     TEXT NOT NULL UNIQUE,
	org        TEXT NOT NULL,
	person     TEXT NOT NULL,
	name       TEXT NOT NULL,
	detail     TEXT NOT NULL,
	by_person  TEXT NOT NULL,
	by_org     TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL
);
CREATE INDEX invitations_by ON invitations (by_org, made_at);
CREATE TABLE passkeys (
	id         TEXT NOT NULL PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES people (id),
	credential TEXT NOT NULL UNIQUE,
	name       TEXT NOT NULL,
	record     TEXT NOT NULL,
	counter    BIGINT NOT NULL,
	made_at    BIGINT NOT NULL,
	used_at    BIGINT NOT NULL,
	blocked_at BIGINT NOT NULL
);
CREATE INDEX passkeys_person ON passkeys (person, made_at);
CREATE TABLE sessions (
	id         TEXT NOT NULL PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES people (id),
	digest     TEXT NOT NULL UNIQUE,
	agent      TEXT NOT NULL,
	made_at    BIGINT NOT NULL,
	idle_us    BIGINT NOT NULL,
	ends_at    BIGINT NOT NULL,
	fresh_at   BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL
);
CREATE INDEX sessions_person ON sessions (person, made_at);
CREATE TABLE session_seen (
	id TEXT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL
);
CREATE TABLE tokens (
	id         TEXT NOT NULL PRIMARY KEY,
	person     TEXT NOT NULL REFERENCES people (id),
	name       TEXT NOT NULL,
	scopes     TEXT NOT NULL,
	digest     TEXT NOT NULL UNIQUE,
	made_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	revoked_at BIGINT NOT NULL
);
CREATE INDEX tokens_person ON tokens (person, made_at);
CREATE TABLE token_days (
	id TEXT NOT NULL PRIMARY KEY,
	at BIGINT NOT NULL
);
CREATE TABLE recoveries (
	id          TEXT NOT NULL PRIMARY KEY,
	person      TEXT NOT NULL REFERENCES people (id),
	reason      TEXT NOT NULL,
	asked_at    BIGINT NOT NULL,
	first_by    TEXT NOT NULL,
	second_by   TEXT NOT NULL,
	approved_at BIGINT NOT NULL,
	linked_at   BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL
);
CREATE INDEX recoveries_person ON recoveries (person, asked_at);
CREATE TABLE ceremonies (
	id         TEXT NOT NULL PRIMARY KEY,
	kind       TEXT NOT NULL,
	person     TEXT NOT NULL,
	state      TEXT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX ceremonies_expires ON ceremonies (expires_at);
CREATE TABLE attempts (
	id         TEXT NOT NULL PRIMARY KEY,
	failures   BIGINT NOT NULL,
	since_at   BIGINT NOT NULL,
	locked_at  BIGINT NOT NULL
);
CREATE INDEX attempts_since ON attempts (since_at);
CREATE TABLE preferences (
	person TEXT NOT NULL PRIMARY KEY,
	choice TEXT NOT NULL
);
`, certificateStep},
}
