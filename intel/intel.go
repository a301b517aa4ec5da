package intel

import (
	"sync/atomic"
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/blob"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/seal"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// Intel is the duty. It holds its collaborators only and may be used by many
// goroutines at once.
type Intel struct {
	members *members.Members
	files   blob.Store
	box     *seal.Box
	cursor  cursorKeys
	tallied atomic.Pointer[tallied]
	shelves shelves
	outside Outside
}

// New makes the duty. What waits to be read is kept in files, each with a key of
// its own that the box wraps.
func New(m *members.Members, files blob.Store, box *seal.Box) *Intel {
	return &Intel{members: m, files: files, box: box, cursor: newCursorKeys(box)}
}

// Object is one version of a STIX object, as its reader may see it.
type Object struct {
	stix.Object
	Added   time.Time // when it came, as standards count (TAXII's date_added)
	Version time.Time // its modified, else its created; when it came, if it has neither
	Label   policy.Label
	From    Share
	Newest  bool // no later version that the reader may see

	n int64
}

// Share is from whom the readers of some objects have them.
type Share struct {
	ID          string
	At          time.Time
	Org         string // "" unless named
	OrgName     string
	Attribution Attribution
	PAP         string // permissible actions; "" if nothing was said
	AIS         string // consent to Automated Indicator Sharing; "" if nothing was said
}

// Expired reports whether the object said that it holds no longer than until now.
func (o Object) Expired(now time.Time) bool {
	return !o.ValidUntil.IsZero() && !o.ValidUntil.After(now)
}

const objectColumns = `o.n, o.version, o.added, o.newest, o.tlp, o.audience, o.raw, s.id, s.at, s.org, s.org_name, s.attribution, s.pap, s.ais`

// fromObjects is where objectColumns are read; the share of a visible object has
// the object's own label, or its label from before the object was tightened.
const fromObjects = ` FROM visible.intel_objects o JOIN visible.intel_shares s ON s.id = o.share `

func scanObject(v *db.View) func(db.Scanner) (Object, error) {
	return func(s db.Scanner) (o Object, err error) {
		var version, added, newest, at int64
		var tlp, audience string
		var raw []byte
		f := &o.From
		if err = s.Scan(&o.n, &version, &added, &newest, &tlp, &audience, &raw, &f.ID, &at, &f.Org, &f.OrgName, &f.Attribution, &f.PAP, &f.AIS); err != nil {
			return o, err
		}
		if o.Object, err = stix.Parse(raw); err != nil {
			return o, err
		}
		o.ID = stix.FoldID(o.ID)
		o.Added, o.From.At, o.Newest = clock.FromMicros(added), clock.FromMicros(at), newest == 1
		if o.Version = clock.FromMicros(version); version == 0 {
			o.Version = o.Added
		}
		o.Label, err = v.Label(tlp, audience)
		return o, err
	}
}

// MaxPage is how many objects one answer has at most.
const MaxPage = 1000

func page(n int) int {
	if n <= 0 {
		return 100
	}
	return min(n, MaxPage)
}
