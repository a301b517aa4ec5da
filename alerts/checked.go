package alerts

import "github.com/cordon-isao/cordon/internal/db"

// Checked checks a text that is approved elsewhere, as [Alerts.SendApproved] will, and
// gives it as it would be stored. Nothing is kept.
func (x *Alerts) Checked(v *db.View, f Form) (Form, error) {
	who := v.Viewer()
	return x.checked(v, writer{who.Org, who.OrgName, true}, f)
}
