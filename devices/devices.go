package devices

import (
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
)

// Devices is the duty. It holds its collaborators only and may be used by many
// goroutines at once.
type Devices struct {
	members *members.Members
	files   blob.Store
	box     *seal.Box
}

// New makes the duty. SBOMs and documents are kept in files, each with a key of its
// own that the box wraps.
func New(m *members.Members, files blob.Store, box *seal.Box) *Devices {
	return &Devices{members: m, files: files, box: box}
}

// MaxPage is how many rows one answer has at most.
const MaxPage = 500

func page(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, MaxPage)
}
