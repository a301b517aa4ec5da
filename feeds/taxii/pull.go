package taxii

import (
	"slices"
	"time"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// specVersion is what match[spec_version] must name: objects of other versions are
// not kept.
const specVersion = "2.1"

// rangeOf turns a filter on a collection into a question to the duty. ok is false
// when nothing can answer it.
func rangeOf(col collection, f taxii.Filter) (r intel.Range, ok bool) {
	r = intel.Range{Types: f.Types, IDs: f.IDs, After: f.AddedAfter, Limit: f.Limit, Next: f.Next, At: f.Versions.At}
	if col.circle.ID != "" {
		r.Within = policy.OfCircle(col.circle.ID)
	}
	if col.types != nil {
		r.Types = col.types
		if f.Types != nil {
			if r.Types = common(col.types, f.Types); len(r.Types) == 0 {
				return r, false
			}
		}
	}
	for v, asked := range map[intel.Versions]bool{intel.AllVersions: f.Versions.All, intel.FirstVersion: f.Versions.First, intel.LastVersion: f.Versions.Last} {
		if asked {
			r.Versions = append(r.Versions, v)
		}
	}
	slices.Sort(r.Versions) // a cursor is bound to its question
	return r, f.SpecVersions == nil || slices.Contains(f.SpecVersions, specVersion)
}

func common(a, b []string) (both []string) {
	for _, s := range a {
		if slices.Contains(b, s) {
			both = append(both, s)
		}
	}
	return both
}

// objects is a page of a collection (§5.4).
func (c *call) objects() error {
	return c.page(func() (intel.Range, bool, error) {
		col, err := c.collection()
		if err != nil {
			return intel.Range{}, false, err
		}
		f, err := taxii.ParseQuery(c.r.URL.RawQuery, taxii.ObjectsFields...)
		if err != nil {
			return intel.Range{}, false, err
		}
		r, ok := rangeOf(col, f)
		return r, ok, nil
	})
}

// object is the versions of one object (§5.6).
func (c *call) object() error {
	return c.page(func() (intel.Range, bool, error) {
		_, r, ok, err := c.one(taxii.ObjectFields)
		return r, ok, err
	})
}

// one is the question for one object of a collection. An object of which the asker
// may see no version there is missing, whatever else was asked.
func (c *call) one(fields []taxii.Field) (f taxii.Filter, r intel.Range, ok bool, err error) {
	col, err := c.collection()
	if err != nil {
		return f, r, false, err
	}
	id := c.r.PathValue("object")
	if !intel.ValidID(id) {
		return f, r, false, fault.ErrMissing
	}
	if f, err = taxii.ParseQuery(c.r.URL.RawQuery, fields...); err != nil {
		return f, r, false, err
	}
	f.IDs = []string{id}
	all, _ := rangeOf(col, taxii.Filter{IDs: f.IDs, Versions: taxii.Versions{All: true}, Limit: 1})
	es, _, err := c.Intel.List(c.view, all)
	if err == nil && len(es) == 0 {
		err = fault.ErrMissing
	}
	r, ok = rangeOf(col, f)
	return f, r, ok, err
}

// manifest is a page of a collection without the objects (§5.3).
func (c *call) manifest() error {
	col, err := c.collection()
	if err != nil {
		return err
	}
	f, err := taxii.ParseQuery(c.r.URL.RawQuery, taxii.ManifestFields...)
	if err != nil {
		return err
	}
	r, ok := rangeOf(col, f)
	var out struct {
		taxii.Manifest
		Next string `json:"next,omitzero"`
	}
	if ok {
		var es []intel.Entry
		if es, out.Next, err = c.entries(r); err != nil {
			return err
		}
		for _, e := range es {
			out.Objects = append(out.Objects, taxii.ManifestRecord{ID: e.ID, DateAdded: taxii.Time{Time: e.Added}, Version: versionText(e.Version), MediaType: taxii.STIXMediaType})
		}
	}
	out.More = out.Next != ""
	return c.answer(out)
}

// versions is a page of an object's versions (§5.8).
func (c *call) versions() error {
	_, r, ok, err := c.one(taxii.VersionsFields)
	if err != nil {
		return err
	}
	var out struct {
		taxii.VersionList
		Next string `json:"next,omitzero"`
	}
	if ok {
		r.Versions = []intel.Versions{intel.AllVersions}
		var es []intel.Entry
		if es, out.Next, err = c.entries(r); err != nil {
			return err
		}
		for _, e := range es {
			out.Versions = append(out.Versions, versionText(e.Version))
		}
	}
	out.More = out.Next != ""
	return c.answer(out)
}

// entries reads a page of entries for a resource that the standard gives no cursor
// (§3.5): its client goes on with added_after and the date of the last entry. So a
// page does not end among entries of one date, if it can end before them. A client
// that follows next loses nothing either way.
func (c *call) entries(r intel.Range) (es []intel.Entry, next string, err error) {
	es, next, err = c.Intel.List(c.view, r)
	if err != nil || len(es) == 0 {
		return es, next, err
	}
	if next != "" && len(es) > 1 {
		following := r
		following.Next, following.Limit = next, 1
		more, _, err := c.Intel.List(c.view, following)
		if err != nil {
			return nil, "", err
		}
		last, n := es[len(es)-1].Added, len(es)
		for n > 0 && es[n-1].Added.Equal(last) {
			n--
		}
		if len(more) > 0 && more[0].Added.Equal(last) && n > 0 {
			r.Limit = n
			if es, next, err = c.Intel.List(c.view, r); err != nil || len(es) == 0 {
				return es, next, err
			}
		}
	}
	c.dates(es[0].Added, es[len(es)-1].Added)
	return es, next, nil
}

// versionText is a version as STIX writes it (STIX 2.1 §3.2): in milliseconds, or as
// fine as the object's own.
func versionText(t time.Time) string {
	if t.Equal(t.Truncate(time.Millisecond)) {
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return taxii.FormatTime(t)
}
