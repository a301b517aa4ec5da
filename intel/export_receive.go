package intel

import "github.com/cordon-isao/cordon/policy"

// Received is a marking that somebody may receive, and as what.
type Received struct {
	TLP     policy.TLP
	Through []policy.Principal
}

// Receivable is which markings a viewer may receive, loosest first: what may be
// addressed to any of his principals by the rules of the traffic light. It says
// nothing of what there is. A circle is named under RED too: whether it is one of
// named persons is for the circle to say.
func Receivable(who policy.Viewer) (out []Received) {
	for _, tlp := range policy.Markings() {
		r := Received{TLP: tlp}
		for _, p := range who.Principals().Members() {
			if receivable(tlp, p) {
				r.Through = append(r.Through, p)
			}
		}
		if len(r.Through) > 0 {
			out = append(out, r)
		}
	}
	return out
}

func receivable(t policy.TLP, p policy.Principal) bool {
	switch p.Class() {
	case "public":
		return t == policy.Clear
	case "community", "community-private", "kind":
		return t == policy.Green
	case "org":
		return t == policy.Amber || t == policy.AmberStrict
	case "circle":
		return t == policy.Amber || t == policy.AmberStrict || t == policy.Red
	case "person":
		return t == policy.Red
	}
	return false
}
