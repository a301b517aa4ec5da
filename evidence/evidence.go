package evidence

import (
	"github.com/cordon-isao/cordon/agreements"
	"github.com/cordon-isao/cordon/cases"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/ledger"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Evidence is the duty. It holds its collaborators only.
type Evidence struct {
	ledger     *ledger.Ledger
	forum      *forum.Forum
	members    *members.Members
	agreements *agreements.Agreements
	cases      *cases.Cases
}

// New makes the duty. Packs of topics need neither agreements nor cases.
func New(l *ledger.Ledger, f *forum.Forum, m *members.Members, a *agreements.Agreements, c *cases.Cases) *Evidence {
	return &Evidence{l, f, m, a, c}
}

// Schema is the duty's tables. What an organization attests, and the certificates
// of its participation, are read by its named recipients and the desk. A trace is
// read by those of them who can read what it is about (trace.go).
var Schema = db.Schema{
	Duty: "evidence",
	Tables: map[string]db.Privacy{
		"evidence_attestations": db.Labelled, "evidence_traces": db.Labelled, "evidence_certificates": db.Labelled,
	},
	Steps: []string{`
CREATE TABLE evidence_attestations (
	id          TEXT NOT NULL PRIMARY KEY,
	org         TEXT NOT NULL,
	kind        TEXT NOT NULL,
	from_at     BIGINT NOT NULL,
	to_at       BIGINT NOT NULL,
	body        TEXT NOT NULL,
	file        TEXT NOT NULL,
	file_name   TEXT NOT NULL,
	file_sha256 TEXT NOT NULL,
	at          BIGINT NOT NULL,
	person      TEXT NOT NULL,
	name        TEXT NOT NULL,
	title       TEXT NOT NULL,
	entry       BIGINT NOT NULL,
	withdrawn_at BIGINT NOT NULL,
	withdrawn   TEXT NOT NULL,
	tlp         TEXT NOT NULL,
	audience    TEXT NOT NULL
);
CREATE INDEX evidence_attestations_org ON evidence_attestations (org, at);
CREATE TABLE evidence_traces (
	id       TEXT NOT NULL PRIMARY KEY,
	org      TEXT NOT NULL,
	object   TEXT NOT NULL,
	kind     TEXT NOT NULL,
	target   TEXT NOT NULL,
	note     TEXT NOT NULL,
	at       BIGINT NOT NULL,
	person   TEXT NOT NULL,
	name     TEXT NOT NULL,
	entry    BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX evidence_traces_object ON evidence_traces (org, object, at);
CREATE TABLE evidence_certificates (
	id       TEXT NOT NULL PRIMARY KEY,
	org      TEXT NOT NULL,
	from_at  BIGINT NOT NULL,
	to_at    BIGINT NOT NULL,
	active   BIGINT NOT NULL,
	doc      TEXT NOT NULL,
	sha256   TEXT NOT NULL,
	entry    BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	tlp      TEXT NOT NULL,
	audience TEXT NOT NULL
);
CREATE INDEX evidence_certificates_org ON evidence_certificates (org, at);
`},
}

// maySee reports whether the viewer reads of an organization's participation: its
// own officers and named recipients, and the desk. For anybody else there is
// nothing.
func (e *Evidence) maySee(v *db.View, org string) (own, desk bool, err error) {
	s, err := e.members.Settings(v)
	if err != nil {
		return false, false, err
	}
	who := v.Viewer()
	own = who.InGoodStanding() && who.Org == org && (who.Principals().Has(policy.OfOrg(org)) || who.HasRole(policy.RoleOfficer))
	return own, who.Principals().Has(policy.OfCircle(s.Desk)), nil
}

// between is the label of what passes between an organization and the desk.
func (e *Evidence) between(v *db.View, org string) (policy.Label, error) {
	s, err := e.members.Settings(v)
	return policy.Label{TLP: policy.AmberStrict, Audience: policy.NewAudience(policy.OfOrg(org), policy.OfCircle(s.Desk))}, err
}

func (e *Evidence) onDesk(v *db.View) (bool, error) {
	s, err := e.members.Settings(v)
	return v.Viewer().Principals().Has(policy.OfCircle(s.Desk)), err
}
