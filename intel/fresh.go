package intel

import (
	"slices"
	"strings"

	"github.com/cordon-isao/cordon/internal/check"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/internal/search"
)

// Until products have a register of their own, a device is the words by which
// objects speak of it.

const (
	// MaxDevices is how many devices a person keeps.
	MaxDevices = 30
	// maxPassed is how many devices are looked up besides.
	maxPassed = 20
)

// DeviceNews is what came for a device since the person last looked.
type DeviceNews struct {
	Device string
	Own    bool // the person keeps it; else it was passed in
	Count  int  // new; at most MaxNews
	More   bool
	Hits   []Hit  // the newest few of what is new
	Query  string // finds everything there is
}

// Devices lists the devices that the viewer keeps, by name.
func (x *Intel) Devices(v *db.View) ([]string, error) {
	all, err := x.kept(v, kindDevice)
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Name
	}
	slices.SortStableFunc(names, func(a, b string) int { return strings.Compare(fold(a), fold(b)) })
	return names, err
}

// KeepDevices makes these the devices that the viewer keeps (db.Note). Empty names
// are passed over.
func (x *Intel) KeepDevices(tx *db.Tx, names []string) error {
	old, err := x.kept(tx.View, kindDevice)
	if err != nil {
		return err
	}
	var p check.Problems
	wanted := map[string]string{}
	for _, name := range names {
		if strings.TrimSpace(name) == "" {
			continue
		}
		name = p.Line("devices", "The name “"+shortened(name)+"”", name, 100, true)
		if _, ok := deviceQuery(name); !ok {
			p.Add("devices", "The name “%s” has no word to look for, or has quotes in it.", shortened(name))
		}
		wanted[fold(name)] = name
	}
	if len(wanted) > MaxDevices {
		p.Add("devices", "At most %d devices fit.", MaxDevices)
	}
	if p.Found() {
		return p.Err()
	}
	for _, k := range old {
		if wanted[fold(k.Name)] == k.Name {
			delete(wanted, fold(k.Name))
			continue
		}
		if err := tx.MustChange(`DELETE FROM intel_saved WHERE id = $1`, k.ID); err != nil {
			return err
		}
	}
	for _, key := range sorted(wanted) {
		if err := x.keepRow(tx, kindDevice, wanted[key], 0); err != nil {
			return err
		}
	}
	return nil
}

func (x *Intel) keepRow(tx *db.Tx, kind, name string, seen int64) error {
	_, err := tx.Exec(`INSERT INTO intel_saved (id, person, kind, name, query, at, seen) VALUES ($1, $2, $3, $4, '', $5, $6)`,
		ids.New("search"), tx.Viewer().Person, kind, name, clock.Micros(tx.Now()), seen)
	return err
}

func shortened(name string) string {
	if r := []rune(name); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return name
}

// deviceQuery asks for a device; ok is false if its name cannot be asked for.
func deviceQuery(name string) (q Query, ok bool) {
	name = strings.Join(strings.Fields(name), " ")
	return Query{Device: name, Confidence: -1}, !strings.Contains(name, `"`) && search.Tokens(name) != ""
}

// FreshForDevices tells what is new for the viewer's devices, and for others that
// are passed in (the products of his cases), with the newest few hits of each.
// Names that cannot be asked for are passed over.
func (x *Intel) FreshForDevices(v *db.View, others []string, few int) ([]DeviceNews, error) {
	own, err := x.Devices(v)
	if err != nil {
		return nil, err
	}
	seen, err := x.looked(v)
	if err != nil {
		return nil, err
	}
	var news []DeviceNews
	done := map[string]bool{}
	for i, name := range slices.Concat(own, others[:min(len(others), maxPassed)]) {
		q, ok := deviceQuery(name)
		if !ok || done[fold(name)] {
			continue
		}
		done[fold(name)] = true
		n := DeviceNews{Device: name, Own: i < len(own), Query: q.String()}
		if n.Hits, n.Count, n.More, err = x.since(v, q, seen, few); err != nil {
			return nil, err
		}
		news = append(news, n)
	}
	return news, nil
}

// looked is the place behind which everything is new to the viewer.
func (x *Intel) looked(v *db.View) (int64, error) {
	n, err := db.One(v, db.Value[int64], `SELECT k.seen FROM intel_saved k WHERE k.person = $1 AND k.kind = $2`, v.Viewer().Person, kindLook)
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	return n, err
}

// MarkDevicesSeen notes that the viewer looked at the news of his devices
// (db.Note).
func (x *Intel) MarkDevicesSeen(tx *db.Tx) error {
	if _, err := x.kept(tx.View, kindLook); err != nil {
		return err
	}
	seen, err := x.mark(tx.View, indexMark)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM intel_saved WHERE person = $1 AND kind = $2`, tx.Viewer().Person, kindLook); err != nil {
		return err
	}
	return x.keepRow(tx, kindLook, "", seen)
}
