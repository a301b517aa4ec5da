package vulns

import (
	"time"

	"github.com/cordon-isao/cordon/formats/vuln"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Vulns is the duty. It holds its collaborators only and may be used by many
// goroutines at once.
type Vulns struct {
	members *members.Members
	files   blob.Store
	box     *seal.Box
	options Options
	outside Outside
}

// Options are what the operator decides.
type Options struct {
	// Mirrors are the folders of this machine below which a feed's folder may lie;
	// none means that no feed reads a folder.
	Mirrors []string
}

// Outside is how the duty reaches the world, for feeds by address.
type Outside struct {
	// Call bounds every call; its zero value is the strictest.
	Call outbound.Options
}

// New makes the duty. What waits to be read is kept in files, each with a key of
// its own that the box wraps.
func New(m *members.Members, files blob.Store, box *seal.Box, o Options) *Vulns {
	return &Vulns{members: m, files: files, box: box, options: o}
}

// Connect says how the world is reached; without it only public addresses are
// called. It is called before anything runs.
func (x *Vulns) Connect(o Outside) { x.outside = o }

// Record is one source's word about one vulnerability, as the reader may see it.
// Claims is empty unless they were asked for.
type Record struct {
	Place     int64     // in the order of arrival; for programs, never shown
	ID        string    // vrec_…
	Vuln      string    // canonical id
	Severity  int64     // CVSS base score × 10 of its best score, -1 if it has none
	Exploited bool      // in KEV, or CISA's SSVC says active
	Org       string    // who shared it; "" for what the house brings to everybody
	Batch     string    // what brought it last
	At        time.Time // when it came or changed last
	Label     policy.Label
	vuln.Record

	digest string
}

// Claim is a claim of a record with what is needed to compare by it.
type Claim struct {
	Record    int64 // place of its record
	I         int   // its index among the record's claims
	Vuln      string
	Source    string
	SourceID  string
	Document  string
	Withdrawn bool
	Keys      []string // see [Keys]
	vuln.Claim
}
