package devices

import (
	"maps"

	"github.com/cordon-isao/cordon/internal/db"
)

// Schema is the duty's tables.
//
// A version, a document, an alias of a product is read through the product's
// label, and a component through its SBOM's; these tables have no label of their
// own and are joined with what they belong to as visible. devices_names and
// devices_keys are indexes of hashes of keys (formats/names): what is found there
// is a finding only after its row was read as visible.
//
// devices_sboms.n numbers SBOMs where millions of rows refer to them; it is never
// shown.
var Schema = db.Schema{
	Duty:   "devices",
	Tables: tables(productTables, sbomTables, deploymentTables, markTables),
	Steps:  []string{productStep + sbomStep + deploymentStep, markStep, queueStep},
}

func tables(ms ...map[string]db.Privacy) map[string]db.Privacy {
	all := map[string]db.Privacy{}
	for _, m := range ms {
		maps.Copy(all, m)
	}
	return all
}

var productTables = map[string]db.Privacy{
	"devices_products": db.Labelled, "devices_relabels": db.Labelled,
	"devices_versions": db.Private, "devices_aliases": db.Private, "devices_documents": db.Private, "devices_stages": db.Private,
	"devices_names": db.Scratch, "devices_words": db.Scratch,
}

// products: org is the maker's organization, "" if it is not a member. kept is the
// organization that keeps the record. Lists are JSON. Dates are YYYY-MM-DD or "".
const productStep = `
CREATE TABLE devices_products (
	id           TEXT NOT NULL PRIMARY KEY,
	at           BIGINT NOT NULL,
	changed      BIGINT NOT NULL,
	revision     BIGINT NOT NULL,
	org          TEXT NOT NULL,
	kept         TEXT NOT NULL,
	person       TEXT NOT NULL,
	maker        TEXT NOT NULL,
	name         TEXT NOT NULL,
	models       TEXT NOT NULL,
	description  TEXT NOT NULL,
	udis         TEXT NOT NULL,
	catalog      TEXT NOT NULL,
	gmdn         TEXT NOT NULL,
	codes        TEXT NOT NULL,
	class        TEXT NOT NULL,
	premarket    TEXT NOT NULL,
	essential    TEXT NOT NULL,
	connectors   TEXT NOT NULL,
	software     BIGINT NOT NULL,
	vulnerable   BIGINT NOT NULL,
	sustaining   BIGINT NOT NULL,
	implantable  BIGINT NOT NULL,
	stage        TEXT NOT NULL,
	eol          TEXT NOT NULL,
	eos          TEXT NOT NULL,
	announced    TEXT NOT NULL,
	source       TEXT NOT NULL,
	source_ref   TEXT NOT NULL,
	folded       TEXT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE INDEX devices_products_org ON devices_products (org, folded);
CREATE INDEX devices_products_kept ON devices_products (kept, folded);
CREATE INDEX devices_products_folded ON devices_products (folded, id);
CREATE TABLE devices_versions (
	id       TEXT NOT NULL PRIMARY KEY,
	product  TEXT NOT NULL REFERENCES devices_products (id),
	at       BIGINT NOT NULL,
	name     TEXT NOT NULL,
	folded   TEXT NOT NULL,
	released TEXT NOT NULL,
	eos      TEXT NOT NULL,
	udi      TEXT NOT NULL,
	note     TEXT NOT NULL,
	UNIQUE (product, folded)
);
CREATE TABLE devices_aliases (
	id      TEXT NOT NULL PRIMARY KEY,
	product TEXT NOT NULL REFERENCES devices_products (id),
	at      BIGINT NOT NULL,
	person  TEXT NOT NULL,
	maker   TEXT NOT NULL,
	name    TEXT NOT NULL,
	why     TEXT NOT NULL
);
CREATE INDEX devices_aliases_product ON devices_aliases (product);
CREATE TABLE devices_names (
	key     BIGINT NOT NULL,
	product TEXT NOT NULL,
	how     TEXT NOT NULL,
	text    TEXT NOT NULL,
	PRIMARY KEY (key, product, how)
);
CREATE INDEX devices_names_product ON devices_names (product);
-- sqlite: CREATE TABLE devices_words (word TEXT NOT NULL, product TEXT NOT NULL, PRIMARY KEY (word, product)) WITHOUT ROWID,;
-- postgres: CREATE TABLE devices_words (word TEXT COLLATE "C" NOT NULL, product TEXT NOT NULL, PRIMARY KEY (word, product));
CREATE INDEX devices_words_product ON devices_words (product);
CREATE TABLE devices_relabels (
	id           TEXT NOT NULL PRIMARY KEY,
	product      TEXT NOT NULL REFERENCES devices_products (id),
	person       TEXT NOT NULL,
	person_name  TEXT NOT NULL,
	at           BIGINT NOT NULL,
	why          TEXT NOT NULL,
	from_tlp      TEXT NOT NULL,
	from_audience TEXT NOT NULL,
	to_tlp       TEXT NOT NULL,
	to_audience  TEXT NOT NULL,
	state        TEXT NOT NULL,
	decided      BIGINT NOT NULL,
	decided_by   TEXT NOT NULL,
	tlp          TEXT NOT NULL,
	audience     TEXT NOT NULL
);
CREATE INDEX devices_relabels_product ON devices_relabels (product, at);
CREATE TABLE devices_documents (
	id       TEXT NOT NULL PRIMARY KEY,
	product  TEXT NOT NULL REFERENCES devices_products (id),
	version  TEXT NOT NULL,
	at       BIGINT NOT NULL,
	person   TEXT NOT NULL,
	kind     TEXT NOT NULL,
	title    TEXT NOT NULL,
	name     TEXT NOT NULL,
	media    TEXT NOT NULL,
	size     BIGINT NOT NULL,
	sha256   TEXT NOT NULL,
	file     TEXT NOT NULL,
	key      BYTEA NOT NULL
);
CREATE INDEX devices_documents_product ON devices_documents (product, at);
CREATE TABLE devices_stages (
	id        TEXT NOT NULL PRIMARY KEY,
	product   TEXT NOT NULL REFERENCES devices_products (id),
	at        BIGINT NOT NULL,
	person    TEXT NOT NULL,
	from_to   TEXT NOT NULL,
	why       TEXT NOT NULL,
	owed      TEXT NOT NULL
);
CREATE INDEX devices_stages_product ON devices_stages (product, at);
`

var sbomTables = map[string]db.Privacy{
	"devices_sboms":      db.Labelled,
	"devices_components": db.Scratch, "devices_edges": db.Scratch, "devices_keys": db.Scratch, "devices_statements": db.Scratch,
	"devices_reading": db.Scratch,
}

// sboms: the file is the fact, and what was read of it can be read again, so its
// rows are scratch. version is the product's version as text, "" = not said.
const sbomStep = `
CREATE TABLE devices_sboms (
	n           BIGINT NOT NULL PRIMARY KEY,
	id          TEXT NOT NULL UNIQUE,
	at          BIGINT NOT NULL,
	person      TEXT NOT NULL,
	person_name TEXT NOT NULL,
	org         TEXT NOT NULL,
	org_name    TEXT NOT NULL,
	via         TEXT NOT NULL,
	product     TEXT NOT NULL REFERENCES devices_products (id),
	version     TEXT NOT NULL,
	folded      TEXT NOT NULL,
	name        TEXT NOT NULL,
	state       TEXT NOT NULL,
	why         TEXT NOT NULL,
	file        TEXT NOT NULL,
	key         BYTEA NOT NULL,
	size        BIGINT NOT NULL,
	sha256      TEXT NOT NULL,
	consumed    BIGINT NOT NULL,
	components  BIGINT NOT NULL,
	edges       BIGINT NOT NULL,
	root        BIGINT NOT NULL DEFAULT 0,
	document    TEXT NOT NULL,
	quality     TEXT NOT NULL,
	ended       BIGINT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX devices_sboms_product ON devices_sboms (product, folded, at);
CREATE INDEX devices_sboms_org ON devices_sboms (org, at);
CREATE INDEX devices_sboms_state ON devices_sboms (state, at);
-- sqlite: CREATE TABLE devices_components (sbom INTEGER NOT NULL, part INTEGER NOT NULL, ref TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, supplier TEXT NOT NULL, purl TEXT NOT NULL, cpes TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (sbom, part)) WITHOUT ROWID,;
-- postgres: CREATE TABLE devices_components (sbom BIGINT NOT NULL, part BIGINT NOT NULL, ref TEXT NOT NULL, type TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, supplier TEXT NOT NULL, purl TEXT NOT NULL, cpes TEXT NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (sbom, part));
-- sqlite: CREATE TABLE devices_edges (sbom INTEGER NOT NULL, child INTEGER NOT NULL, parent INTEGER NOT NULL, PRIMARY KEY (sbom, child, parent)) WITHOUT ROWID,;
-- postgres: CREATE TABLE devices_edges (sbom BIGINT NOT NULL, child BIGINT NOT NULL, parent BIGINT NOT NULL, PRIMARY KEY (sbom, child, parent));
-- sqlite: CREATE TABLE devices_keys (key INTEGER NOT NULL, sbom INTEGER NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (key, sbom, part)) WITHOUT ROWID,;
-- postgres: CREATE TABLE devices_keys (key BIGINT NOT NULL, sbom BIGINT NOT NULL, part BIGINT NOT NULL, PRIMARY KEY (key, sbom, part));
CREATE TABLE devices_statements (
	sbom BIGINT NOT NULL,
	i    BIGINT NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (sbom, i)
);
CREATE TABLE devices_reading (
	sbom     BIGINT NOT NULL PRIMARY KEY,
	parts    BIGINT NOT NULL,
	consumed BIGINT NOT NULL
);
`

var deploymentTables = map[string]db.Privacy{"devices_deployments": db.Labelled, "devices_places": db.Scratch, "devices_mappings": db.Scratch}

// deployments: product is the known product, "" = told by maker and model only.
// state is kept or retired. name is maker, model and version folded, by which they
// are listed; words is what is searched; same is the hash of what an import knows
// them again by. devices_places is the index from keys of names to deployments.
const deploymentStep = `
CREATE TABLE devices_deployments (
	id          TEXT NOT NULL PRIMARY KEY,
	at          BIGINT NOT NULL,
	changed     BIGINT NOT NULL,
	revision    BIGINT NOT NULL,
	org         TEXT NOT NULL,
	person      TEXT NOT NULL,
	product     TEXT NOT NULL,
	maker       TEXT NOT NULL,
	model       TEXT NOT NULL,
	version     TEXT NOT NULL,
	folded      TEXT NOT NULL,
	udi         TEXT NOT NULL,
	count       BIGINT NOT NULL,
	zone        TEXT NOT NULL,
	exposure    TEXT NOT NULL,
	stage       TEXT NOT NULL,
	owner       TEXT NOT NULL,
	note        TEXT NOT NULL,
	eos         TEXT NOT NULL,
	state       TEXT NOT NULL,
	import      TEXT NOT NULL,
	name        TEXT NOT NULL,
	words       TEXT NOT NULL,
	same        TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX devices_deployments_org ON devices_deployments (org, state, name, id);
CREATE INDEX devices_deployments_same ON devices_deployments (same, org);
CREATE INDEX devices_deployments_product ON devices_deployments (product, state, folded);
CREATE TABLE devices_places (
	key        BIGINT NOT NULL,
	deployment TEXT NOT NULL,
	PRIMARY KEY (key, deployment)
);
CREATE INDEX devices_places_deployment ON devices_places (deployment);
CREATE TABLE devices_mappings (
	org     TEXT NOT NULL PRIMARY KEY,
	columns TEXT NOT NULL
);
`

var markTables = map[string]db.Privacy{"devices_marks": db.Scratch}

// devices_marks says by which version's keys products and deployments are found.
const markStep = `
CREATE TABLE devices_marks (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);
`

// queueStep has only what waits to be read in the index of states. When it held all,
// SQLite took it to look whether a version has a newer SBOM, and read through all SBOMs
// that are done for each of them.
const queueStep = `
DROP INDEX devices_sboms_state;
CREATE INDEX devices_sboms_queued ON devices_sboms (at, id) WHERE state = 'queued';
`
