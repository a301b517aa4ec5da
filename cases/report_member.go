package cases

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// SubmitMember takes a member's report and returns its id. The desk reads it and
// the reporter himself, through a circle that holds nobody else; his colleagues do
// not. uploads are files of [Cases.UploadFile]; key is an idempotency key, may be
// empty.
func (c *Cases) SubmitMember(tx *db.Tx, in Intake, key string, uploads []string) (id string, again bool, err error) {
	who := tx.Viewer()
	if !who.May(policy.MayReport) || !who.SignedIn() {
		return "", false, fault.Forbiddenf("You may not report here. The public form takes every report.")
	}
	if err := in.Check(tx.Now()); err != nil {
		return "", false, err
	}
	return tx.Once(key, digest("report", in, uploads), func() (string, error) {
		r := Report{ID: ids.New("report"), Source: FromMember, Person: who.Person, Name: who.Name, Org: who.Org, OrgName: who.OrgName, At: tx.Now(), Title: in.Title, Intake: in}
		var err error
		if r.looked, err = settle(in.Look(), in.Confirmed); err != nil {
			return "", err
		}
		var p check.Problems
		files, err := c.findUploads(tx.View, &p, uploads)
		if err != nil {
			return "", err
		}
		if err := p.Err(); err != nil {
			return "", err
		}
		d, err := c.desk(tx.View)
		if err != nil {
			return "", err
		}
		if r.Circle, err = c.members.FormTeam(tx, members.NewTeam{Object: r.ID, Name: "Reporter of " + r.Short(), Known: policy.NewAudience(d)}); err != nil {
			return "", err
		}
		if err := c.members.PutOnTeam(tx, r.Circle, who.Person, zero); err != nil {
			return "", err
		}
		if r.Label, err = c.deskLabel(tx.View, policy.OfCircle(r.Circle)); err != nil {
			return "", err
		}
		if err := c.claim(tx, r.ID, r.ID, r.Label, files, r.At); err != nil {
			return "", err
		}
		return r.ID, c.keepReport(tx, r, "", files)
	})
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
