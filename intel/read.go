package intel

import (
	"time"

	"github.com/cordon-isao/cordon/formats/stix"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// once leaves out every copy of a version but the first that the reader may see.
const once = `(o.twin = 0 OR NOT EXISTS (SELECT 1 FROM visible.intel_objects e WHERE e.id = o.id AND e.version = o.version AND e.n < o.n))`

// latest leaves out every version but the last that the reader may see.
const latest = `(o.newest = 1 OR NOT EXISTS (SELECT 1 FROM visible.intel_objects l WHERE l.id = o.id AND l.version > o.version))`

// Object is the latest version of an id that the viewer may see.
func (x *Intel) Object(v *db.View, id string) (Object, error) {
	o, err := db.One(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.id = $1 ORDER BY o.version DESC, o.n LIMIT 1`, stix.FoldID(id))
	o.Newest = err == nil
	return o, err
}

// Objects is the latest versions of several ids; those that the viewer may not see
// are left out like those that do not exist.
func (x *Intel) Objects(v *db.View, wanted []string) ([]Object, error) {
	return db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.id IN (SELECT value FROM json_each($1)) AND `+latest+` AND `+once+` ORDER BY o.n`, db.List(folded(wanted)))
}

func folded(ids []string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = stix.FoldID(id)
	}
	return out
}

// History is every version of an id that the viewer may see, latest first, with
// every copy: who else brought it.
func (x *Intel) History(v *db.View, id string) ([]Object, error) {
	return db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.id = $1 ORDER BY o.version DESC, o.n LIMIT 200`, stix.FoldID(id))
}

// Version is one version of an id.
func (x *Intel) Version(v *db.View, id string, at time.Time) (Object, error) {
	return db.One(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.id = $1 AND (o.version = $2 OR o.version = 0 AND o.added = $2) ORDER BY o.n LIMIT 1`, stix.FoldID(id), clock.Micros(at))
}

// Exists reports whether the viewer may see any version of an id.
func (x *Intel) Exists(v *db.View, id string) (bool, error) {
	return v.Exists(`SELECT 1 FROM visible.intel_objects o WHERE o.id = $1`, stix.FoldID(id))
}

// Referring lists the latest versions of what refers to an id and the viewer may
// see, oldest first: relationships, sightings, notes, reports.
func (x *Intel) Referring(v *db.View, id string, limit int) ([]Object, error) {
	return db.All(v, scanObject(v), `SELECT `+objectColumns+fromObjects+`WHERE o.n IN (SELECT r.n FROM intel_refs r WHERE r.target = $1) AND `+latest+` AND `+once+` ORDER BY o.n LIMIT $2`, stix.FoldID(id), page(limit))
}

// Mine reports whether the viewer's organization brought an object, so that it may
// change and delete it.
func (x *Intel) Mine(v *db.View, o Object) (bool, error) {
	org, err := x.owner(v, o.n)
	return err == nil && org == v.Viewer().Org && org != "", err
}

// owner is the organization that brought a copy, whoever is named to its readers.
func (x *Intel) owner(v *db.View, n int64) (string, error) {
	org, err := db.One(v.As(system), db.Value[string], `SELECT b.org FROM visible.intel_objects o JOIN visible.intel_shares s ON s.id = o.share JOIN visible.intel_batches b ON b.id = s.batch WHERE o.n = $1`, n)
	if fault.Is(err, fault.Missing) {
		return "", nil
	}
	return org, err
}

// ValidID reports whether a text is a well-formed STIX id.
func ValidID(id string) bool { _, ok := stix.ID(id); return ok }
