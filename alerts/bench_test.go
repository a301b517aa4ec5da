package alerts_test

import (
	"testing"

	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// Sending to nobody and to many: what one recipient more costs.
func BenchmarkSend(b *testing.B) {
	for _, c := range []struct {
		name string
		n    int
	}{{"nobody", 0}, {"90", 90}} {
		b.Run(c.name, func(b *testing.B) {
			h := town.New(b, "")
			p := furnish(h)
			p.hospitals(c.n + 1)
			id := p.product(town.Pia, "Pump A4")
			for i := range c.n {
				p.deploy(nurse(i), id, "1.0")
			}
			p.follow()
			for b.Loop() {
				b.StopTimer()
				a, err := p.draft(town.Pia, text(id, "< 2"))
				p.OK(err)
				p.OK(p.approve(town.Pol, a))
				b.StartTimer()
				p.OK(p.send(town.Pia, a))
			}
		})
	}
}
