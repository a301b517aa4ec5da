package members

import (
	"fmt"
	"testing"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// BenchmarkReach counts the readers of a label among 3,000 people in 300
// organizations (design §8), and authenticates a session beside them.
func BenchmarkReach(b *testing.B) {
	h := furnished(b, "", Options{})
	var circle string
	h.system(func(tx *db.Tx) error {
		var some []string
		for i := range 300 {
			org := h.org(tx, profile(fmt.Sprintf("Organization %03d", i), policy.Kinds()[i%5]))
			for j := range 10 {
				p := h.person(tx, org, NewPerson{Name: fmt.Sprintf("Person %03d %d", i, j), Recipient: j < 4, Listed: j < 8})
				if j == 0 {
					some = append(some, p)
				}
			}
		}
		var err error
		circle, err = h.m.SeedCircle(tx, NewCircle{Name: "Wide circle", Label: label(b, policy.Green, "community")}, some[0], some)
		return err
	})
	token, _ := h.signIn(h.eng)
	who := h.as(h.eng)
	for name, l := range map[string]policy.Label{
		"circle and hospital": label(b, policy.Amber, "circle:"+circle, "org:"+h.clin),
		"community":           label(b, policy.Green, "community"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				h.read(who, func(v *db.View) error { _, err := h.m.Reach(v, l); return err })
			}
		})
	}
	b.Run("authenticate", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := h.auth(token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
