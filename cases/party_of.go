package cases

import "github.com/cordon-isao/cordon/internal/db"

// PartiesOf lists where an organization takes part in a case, or did, as far as
// the viewer may know, in the order in which it was asked.
func (c *Cases) PartiesOf(v *db.View, org string) ([]Party, error) {
	return db.All(v, scanParty(v), `SELECT `+partyColumns+` FROM visible.case_parties p
		WHERE p.org = $1 AND p.org <> '' AND p.state IN ('joined', 'left', 'removed') AND p.accepted_at > 0 ORDER BY p.invited_at, p.id`, org)
}
