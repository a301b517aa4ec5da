package devices

import (
	"encoding/json"
	"time"

	"github.com/cordon-isao/cordon/formats/sbom"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// SBOM is a software bill of materials of a product's version, with its own label.
type SBOM struct {
	ID         string
	At         time.Time
	Person     string
	PersonName string
	Org        string
	OrgName    string
	Via        string // "page", "api", "command", "build" (Dependency-Track's call)
	Product    string
	Version    string // of the product, as text; "" = not said
	Name       string // of the file
	State      SBOMState
	Why        string // why it is broken
	Size       int64  // bytes of the file
	SHA256     string
	Consumed   int64 // bytes that were read
	Components int
	Edges      int
	Root       int // the part that the document describes; 0 = it names none
	Document   sbom.Document
	Quality    sbom.Report
	Ended      time.Time
	Label      policy.Label

	n      int64
	folded string
	file   string
	key    []byte
}

// SBOMState is how far the reading of an SBOM is.
type SBOMState string

// The states of an SBOM. A broken one cannot be read; a withdrawn one was taken
// back by its organization and is matched no more.
const (
	SBOMQueued    SBOMState = "queued"
	SBOMDone      SBOMState = "done"
	SBOMBroken    SBOMState = "broken"
	SBOMWithdrawn SBOMState = "withdrawn"
)

const sbomColumns = `s.n, s.id, s.at, s.person, s.person_name, s.org, s.org_name, s.via, s.product, s.version, s.folded, s.name, s.state, s.why, s.file, s.key, s.size, s.sha256, s.consumed, s.components, s.edges, s.root, s.document, s.quality, s.ended, s.tlp, s.audience`

func scanSBOM(v *db.View) func(db.Scanner) (*SBOM, error) {
	return func(s db.Scanner) (*SBOM, error) {
		b := &SBOM{}
		var at, ended int64
		var document, quality, tlp, audience string
		err := s.Scan(&b.n, &b.ID, &at, &b.Person, &b.PersonName, &b.Org, &b.OrgName, &b.Via, &b.Product, &b.Version, &b.folded, &b.Name, &b.State, &b.Why, &b.file, &b.key, &b.Size, &b.SHA256,
			&b.Consumed, &b.Components, &b.Edges, &b.Root, &document, &quality, &ended, &tlp, &audience)
		if err != nil {
			return nil, err
		}
		b.At = clock.FromMicros(at)
		if ended != 0 {
			b.Ended = clock.FromMicros(ended)
		}
		if err := json.Unmarshal([]byte(document), &b.Document); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(quality), &b.Quality); err != nil {
			return nil, err
		}
		b.Label, err = v.Label(tlp, audience)
		return b, err
	}
}

// SBOM is one SBOM that the viewer may read.
func (x *Devices) SBOM(v *db.View, id string) (*SBOM, error) {
	b, err := db.One(v, scanSBOM(v), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.id = $1`, id)
	if err != nil {
		return nil, err
	}
	return b, x.reading(v, b)
}

// reading adds how far an SBOM is that is being read.
func (x *Devices) reading(v *db.View, b *SBOM) error {
	if b.State != SBOMQueued {
		return nil
	}
	return v.Each(`SELECT parts, consumed FROM devices_reading WHERE sbom = $1`, []any{b.n}, func(s db.Scanner) error { return s.Scan(&b.Components, &b.Consumed) })
}

// SBOMs lists the SBOMs of a product that the viewer may read, newest first.
func (x *Devices) SBOMs(v *db.View, product string, limit int) ([]*SBOM, error) {
	return db.All(v, scanSBOM(v), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.product = $1 ORDER BY s.at DESC, s.id DESC LIMIT $2`, product, page(limit))
}

// OwnSBOMs lists the SBOMs that the viewer's organization sent, newest first, before
// the one of that id ("" = from the newest).
func (x *Devices) OwnSBOMs(v *db.View, before string, limit int) ([]*SBOM, error) {
	at := int64(1) << 62
	if before != "" {
		b, err := x.SBOM(v, before)
		if err != nil {
			return nil, err
		}
		at = clock.Micros(b.At)
	}
	return db.All(v, scanSBOM(v), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.org = $1 AND (s.at < $2 OR s.at = $2 AND s.id < $3) ORDER BY s.at DESC, s.id DESC LIMIT $4`,
		v.Viewer().Org, at, before, page(limit))
}

// CurrentSBOM is the newest SBOM of a product's version that the viewer may read and
// that was read; of any version if version is "".
func (x *Devices) CurrentSBOM(v *db.View, product, version string) (*SBOM, error) {
	where, args := "", []any{product}
	if version != "" {
		where, args = ` AND s.folded = $2`, append(args, FoldVersion(version))
	}
	return db.One(v, scanSBOM(v), `SELECT `+sbomColumns+` FROM visible.devices_sboms s WHERE s.product = $1 AND s.state = 'done'`+where+` ORDER BY s.at DESC, s.id DESC LIMIT 1`, args...)
}
