package matching

import (
	"github.com/cordon-isao/cordon/devices"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/vulns"
)

// Matching is the duty. It holds its collaborators only and may be used by many
// goroutines at once.
type Matching struct {
	members *members.Members
	devices *devices.Devices
	vulns   *vulns.Vulns
}

// New makes the duty.
func New(m *members.Members, d *devices.Devices, u *vulns.Vulns) *Matching {
	return &Matching{members: m, devices: d, vulns: u}
}

// system sees everything that is compared. What it writes is read only through the
// sources.
var system = policy.System("matching")

// MaxPage is how many rows one answer has at most.
const MaxPage = 500

func page(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, MaxPage)
}
