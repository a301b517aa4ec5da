package forum

import "github.com/cordon-isao/cordon/internal/db"

// Schema is the forum's tables.
//
// n is a position: the sequence number of the ledger entry that brought the
// thing. It orders what has the same time and is never shown, because it tells
// how much is going on elsewhere.
//
// posts_fts is the search index: on SQLite an FTS5 table, on PostgreSQL a
// tsvector, both with the rowid of the post's n, so that hits come newest first
// without sorting. What is deleted there is overwritten, not only marked. No
// label decides there: a hit is one only after its post and topic were read as
// visible.
var Schema = db.Schema{
	Duty: "forum",
	Tables: map[string]db.Privacy{
		"rooms": db.Labelled, "topics": db.Labelled, "topic_activity": db.Labelled, "posts": db.Labelled,
		"post_versions": db.Labelled, "mentions": db.Labelled, "files": db.Labelled, "relabels": db.Labelled,
		"reactions": db.Scratch, "uploads": db.Scratch, "drafts": db.Scratch, "topic_reads": db.Scratch,
		"read_floors": db.Scratch, "watches": db.Scratch, "posts_fts": db.Scratch,
	},
	Steps: []string{`
CREATE TABLE rooms (
	id              TEXT NOT NULL PRIMARY KEY,
	name            TEXT NOT NULL,
	name_key        TEXT NOT NULL,
	purpose         TEXT NOT NULL,
	questions       TEXT NOT NULL,
	author          TEXT NOT NULL,
	author_name     TEXT NOT NULL,
	author_org      TEXT NOT NULL,
	author_org_name TEXT NOT NULL,
	at              BIGINT NOT NULL,
	archived        BIGINT NOT NULL,
	object          TEXT NOT NULL,
	tlp             TEXT NOT NULL,
	audience        TEXT NOT NULL
);
CREATE INDEX rooms_name ON rooms (name_key, id);
CREATE TABLE topics (
	id              TEXT NOT NULL PRIMARY KEY,
	n               BIGINT NOT NULL,
	room            TEXT NOT NULL REFERENCES rooms (id),
	title           TEXT NOT NULL,
	author          TEXT NOT NULL,
	author_name     TEXT NOT NULL,
	author_org      TEXT NOT NULL,
	author_org_name TEXT NOT NULL,
	at              BIGINT NOT NULL,
	opening         TEXT NOT NULL,
	state           TEXT NOT NULL,
	state_at        BIGINT NOT NULL,
	state_by        TEXT NOT NULL,
	state_name      TEXT NOT NULL,
	summary         TEXT NOT NULL,
	tlp             TEXT NOT NULL,
	audience        TEXT NOT NULL
);
CREATE INDEX topics_author ON topics (author, at);
CREATE TABLE topic_activity (
	topic    TEXT NOT NULL REFERENCES topics (id),
	audience TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	room     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	n        BIGINT NOT NULL,
	post     TEXT NOT NULL,
	shown    BIGINT NOT NULL,
	decided  BIGINT NOT NULL,
	PRIMARY KEY (topic, audience)
);
CREATE INDEX topic_activity_room ON topic_activity (room, at, n);
CREATE INDEX topic_activity_at ON topic_activity (at, n);
CREATE INDEX topic_activity_audience ON topic_activity (audience, at, n);
CREATE TABLE posts (
	id              TEXT NOT NULL PRIMARY KEY,
	n               BIGINT NOT NULL,
	topic           TEXT NOT NULL REFERENCES topics (id),
	room            TEXT NOT NULL,
	author          TEXT NOT NULL,
	author_name     TEXT NOT NULL,
	author_org      TEXT NOT NULL,
	author_org_name TEXT NOT NULL,
	at              BIGINT NOT NULL,
	body            TEXT NOT NULL,
	quote           TEXT NOT NULL,
	attached        BIGINT NOT NULL,
	edits           BIGINT NOT NULL,
	edited          BIGINT NOT NULL,
	pinned          BIGINT NOT NULL,
	pinned_name     TEXT NOT NULL,
	deleted         BIGINT NOT NULL,
	deleted_name    TEXT NOT NULL,
	deleted_why     TEXT NOT NULL,
	tlp             TEXT NOT NULL,
	audience        TEXT NOT NULL
);
CREATE UNIQUE INDEX posts_n ON posts (n);
CREATE INDEX posts_topic ON posts (topic, n);
CREATE INDEX posts_author ON posts (author, n);
CREATE INDEX posts_room ON posts (room, n);
CREATE INDEX posts_quote ON posts (quote) WHERE quote <> '';
CREATE TABLE post_versions (
	post     TEXT NOT NULL REFERENCES posts (id),
	version  BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	body     TEXT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL,
	PRIMARY KEY (post, version)
);
CREATE TABLE mentions (
	person   TEXT NOT NULL,
	post     TEXT NOT NULL REFERENCES posts (id),
	topic    TEXT NOT NULL,
	n        BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL,
	PRIMARY KEY (post, person)
);
CREATE INDEX mentions_person ON mentions (person, n);
CREATE TABLE files (
	id       TEXT NOT NULL PRIMARY KEY,
	post     TEXT NOT NULL REFERENCES posts (id),
	topic    TEXT NOT NULL,
	place    BIGINT NOT NULL,
	name     TEXT NOT NULL,
	media    TEXT NOT NULL,
	size     BIGINT NOT NULL,
	sha256   TEXT NOT NULL,
	key      BYTEA NOT NULL,
	width    BIGINT NOT NULL,
	height   BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX files_post ON files (post, place);
CREATE TABLE relabels (
	id          TEXT NOT NULL PRIMARY KEY,
	topic       TEXT NOT NULL REFERENCES topics (id),
	post        TEXT NOT NULL,
	author      TEXT NOT NULL,
	author_name TEXT NOT NULL,
	author_org  TEXT NOT NULL,
	at          BIGINT NOT NULL,
	why         TEXT NOT NULL,
	to_tlp      TEXT NOT NULL,
	to_audience TEXT NOT NULL,
	state       TEXT NOT NULL,
	decided     BIGINT NOT NULL,
	decided_by  TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX relabels_state ON relabels (state, at);
CREATE INDEX relabels_topic ON relabels (topic, at);
CREATE TABLE reactions (
	post   TEXT NOT NULL REFERENCES posts (id),
	person TEXT NOT NULL,
	org    TEXT NOT NULL,
	kind   TEXT NOT NULL,
	PRIMARY KEY (post, person)
);
CREATE TABLE uploads (
	id       TEXT NOT NULL PRIMARY KEY,
	person   TEXT NOT NULL,
	at       BIGINT NOT NULL,
	complete BIGINT NOT NULL,
	name     TEXT NOT NULL,
	media    TEXT NOT NULL,
	size     BIGINT NOT NULL,
	sha256   TEXT NOT NULL,
	key      BYTEA NOT NULL,
	width    BIGINT NOT NULL,
	height   BIGINT NOT NULL
);
CREATE INDEX uploads_person ON uploads (person, at);
CREATE INDEX uploads_at ON uploads (at);
CREATE TABLE drafts (
	person TEXT NOT NULL,
	key    TEXT NOT NULL,
	at     BIGINT NOT NULL,
	title  TEXT NOT NULL,
	body   TEXT NOT NULL,
	marking TEXT NOT NULL,
	readers TEXT NOT NULL,
	PRIMARY KEY (person, key)
);
CREATE TABLE topic_reads (
	person TEXT NOT NULL,
	topic  TEXT NOT NULL,
	n      BIGINT NOT NULL,
	PRIMARY KEY (person, topic)
);
CREATE TABLE read_floors (
	person TEXT NOT NULL,
	room   TEXT NOT NULL,
	n      BIGINT NOT NULL,
	PRIMARY KEY (person, room)
);
CREATE TABLE watches (
	person TEXT NOT NULL,
	object TEXT NOT NULL,
	level  TEXT NOT NULL,
	PRIMARY KEY (person, object)
);
-- sqlite: CREATE VIRTUAL TABLE posts_fts USING fts5(words, who, tokenize='ascii', prefix='2 3 4 5 6 7 8');
-- sqlite: INSERT INTO posts_fts (posts_fts, rank) VALUES ('secure-delete', 1);
-- postgres: CREATE TABLE posts_fts (rowid BIGINT NOT NULL PRIMARY KEY, doc tsvector NOT NULL);
-- postgres: CREATE INDEX posts_fts_doc ON posts_fts USING gin (doc);
`},
}
