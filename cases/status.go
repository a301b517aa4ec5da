package cases

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// Affected is what a vendor says of a vulnerability in its products.
type Affected string

// The statuses (CERT/CC: affected, not affected, unknown; and fixed).
const (
	StatusAffected    Affected = "affected"
	StatusNotAffected Affected = "not-affected"
	StatusUnknown     Affected = "unknown"
	StatusFixed       Affected = "fixed"
)

// Statuses lists every status.
func Statuses() []Affected {
	return []Affected{StatusAffected, StatusNotAffected, StatusUnknown, StatusFixed}
}

// MaxStatuses is how many statuses one call sets.
const MaxStatuses = 1000

// NewStatus says what one vulnerability does to a vendor.
type NewStatus struct {
	Vulnerability string
	Status        Affected
	Statement     string // may be empty
}

// Status is a vendor's status for one vulnerability of a case.
type Status struct {
	Party         string
	Vulnerability string
	Status        Affected
	Statement     string
	At            time.Time
	Person        string
	Name          string
	Source        string // where the desk has it from; "" when the vendor said it
}

// SetStatuses sets a vendor's statuses, as many at once as there are: for the
// vendor's own people, or for the desk on its behalf, with the source that it has
// them from. What is not named stays as it was. It counts as the vendor's answer.
func (c *Cases) SetStatuses(tx *db.Tx, party string, in []NewStatus, source string) error {
	p, err := c.Party(tx.View, party)
	if err != nil {
		return err
	}
	k, err := c.Case(tx.View, p.Case)
	if err != nil {
		return err
	}
	own, err := c.setsStatuses(tx.View, k, p)
	if err != nil {
		return err
	}
	var ps check.Problems
	source = ps.Text("source", "The source", source, MaxReason, !own)
	if own && source != "" {
		ps.Add("source", "Your own word needs no source.")
	}
	if len(in) == 0 || len(in) > MaxStatuses {
		ps.Add("statuses", "Send from 1 to %d statuses, not %d.", MaxStatuses, len(in))
		return ps.Err()
	}
	there, err := db.All(tx.View, db.Value[string], `SELECT u.id FROM visible.case_vulnerabilities u WHERE u.case_id = $1`, k.ID)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, id := range there {
		known[id] = true
	}
	for i, s := range in {
		if !known[s.Vulnerability] {
			ps.Add("vulnerability", "%q is none of this case's vulnerabilities.", s.Vulnerability)
		}
		known[s.Vulnerability] = false // once each
		ps.OneOf("status", "The status", string(s.Status), string(StatusAffected), string(StatusNotAffected), string(StatusUnknown), string(StatusFixed))
		in[i].Statement = ps.Text("statement", "The statement", s.Statement, MaxReason, false)
	}
	if err := ps.Err(); err != nil {
		return err
	}
	return c.putStatuses(tx, k, p, in, source)
}

// setsStatuses reports whether the viewer speaks for the vendor itself; the error
// says that he may not speak at all.
func (c *Cases) setsStatuses(v *db.View, k Case, p Party) (own bool, err error) {
	if p.Role != Vendor || p.State != Joined && p.State != Invited {
		return false, fault.Conflictf("Statuses are vendors'.")
	}
	if p.State == Joined && v.Viewer().May(policy.MayWorkCase) && v.Viewer().Org == p.Org && v.Viewer().Principals().Has(policy.OfCircle(p.Circle)) {
		return true, nil
	}
	if k.Shared && v.Viewer().May(policy.MayTriage) {
		return false, nil
	}
	return false, fault.Forbiddenf("The vendor's own people say what is affected, or the desk with its source.")
}

func (c *Cases) putStatuses(tx *db.Tx, k Case, p Party, in []NewStatus, source string) error {
	// What is said of a vendor that has not accepted is the desk's alone: the
	// vendor has not agreed to the embargo, and the others do not know of it.
	l := k.Label
	if p.State != Joined {
		var err error
		if l, err = c.deskLabel(tx.View); err != nil {
			return err
		}
	}
	audience, err := tx.Store(l.Audience)
	if err != nil {
		return err
	}
	who, now := tx.Viewer(), clock.Micros(tx.Now())
	said := make([]map[string]string, 0, len(in))
	for _, s := range in {
		if _, err := tx.Exec(`INSERT INTO case_statuses (party, vulnerability, case_id, status, statement, at, person, name, source, tlp, audience)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
			ON CONFLICT (party, vulnerability) DO UPDATE SET status = excluded.status, statement = excluded.statement, at = excluded.at, person = excluded.person,
				name = excluded.name, source = excluded.source, tlp = excluded.tlp, audience = excluded.audience`,
			p.ID, s.Vulnerability, k.ID, string(s.Status), s.Statement, now, who.Person, who.Name, source, string(l.TLP), audience); err != nil {
			return err
		}
		said = append(said, map[string]string{"vulnerability": s.Vulnerability, "status": string(s.Status), "statement": s.Statement})
	}
	if err := sumStatuses(tx, p.ID, in); err != nil {
		return err
	}
	if source == "" {
		if err := c.answered(tx, &p); err != nil {
			return err
		}
	}
	tx.Append(db.Entry{Verb: "party.statuses", Object: p.ID, Parent: k.ID, Label: l, Data: map[string]any{"statuses": said, "source": source}})
	return c.reckon(tx, k, p)
}

// sumStatuses keeps a party's statuses beside it in short: a line for each
// vulnerability with its id and the status. The matrix of a case with 121 vendors
// and 35 vulnerabilities is then 121 rows. Whoever reads the row without reading
// the case is shown none of it.
func sumStatuses(tx *db.Tx, party string, in []NewStatus) error {
	old, err := db.One(all(tx.View), db.Value[string], `SELECT p.statuses FROM visible.case_parties p WHERE p.id = $1`, party)
	if err != nil {
		return err
	}
	sum := readStatuses(old)
	for _, s := range in {
		sum[s.Vulnerability] = s.Status
	}
	var b strings.Builder
	for _, u := range slices.Sorted(maps.Keys(sum)) {
		b.WriteString(u + " " + string(sum[u]) + "\n")
	}
	return tx.MustChange(`UPDATE case_parties SET statuses = $1 WHERE id = $2`, b.String(), party)
}

func readStatuses(text string) map[string]Affected {
	sum := make(map[string]Affected, strings.Count(text, "\n"))
	for line := range strings.Lines(text) {
		if u, status, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok {
			sum[u] = Affected(status)
		}
	}
	return sum
}

const statusColumns = `s.party, s.vulnerability, s.status, s.statement, s.at, s.person, s.name, s.source`

func scanStatus(s db.Scanner) (t Status, err error) {
	var at int64
	err = s.Scan(&t.Party, &t.Vulnerability, &t.Status, &t.Statement, &at, &t.Person, &t.Name, &t.Source)
	t.At = clock.FromMicros(at)
	return t, err
}

// PartyStatuses lists a party's statuses with their statements, as the viewer can
// read them.
func (c *Cases) PartyStatuses(v *db.View, party string) ([]Status, error) {
	return db.All(v, scanStatus, `SELECT `+statusColumns+` FROM visible.case_statuses s WHERE s.party = $1 ORDER BY s.vulnerability`, party)
}

// CaseStatuses lists every status of a case that the viewer can read.
func (c *Cases) CaseStatuses(v *db.View, id string) ([]Status, error) {
	return db.All(v, scanStatus, `SELECT `+statusColumns+` FROM visible.case_statuses s WHERE s.case_id = $1 ORDER BY s.party, s.vulnerability`, id)
}
