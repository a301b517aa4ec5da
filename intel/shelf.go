package intel

import (
	linked "container/list"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// A shelf is the objects of some consecutive places, as they lie in the store, kept
// in memory for all readers. A page of everything is cut from shelves: each object
// is handed out by the one rule (its audience and the reader's principals meet),
// applied here to the audience that the store has for it in this snapshot. What
// cannot be decided from the object alone (whether the reader sees a later version,
// or an earlier copy) is asked of the reader's view.
//
// The bytes of a place never change. Everything else of it may, and is read again
// when the store's mark says that something changed.
const (
	shelfPlaces = 256
	shelfMost   = 4 << 20  // bytes of one shelf; larger ones are not kept
	shelvesMost = 64 << 20 // of all
)

type shelf struct {
	k         int64 // the first place is k*shelfPlaces + 1
	changed   int64 // Mark.Changed when it was read
	upto      int64 // the last place that was there
	joined    string
	slots     []slot // by place
	audiences []policy.Audience
}

type slot struct {
	n, added     int64
	version      int64
	id           string
	from, to     int // of its bytes in joined; a comma stands between two
	audience     int
	newest, twin bool
}

type shelves struct {
	reading [64]sync.Mutex

	mu    sync.Mutex
	size  int
	byK   map[int64]*linked.Element
	order linked.List // of *shelf, last asked for first
}

func (s *shelves) get(k int64) *shelf {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.byK[k]
	if e == nil {
		return nil
	}
	s.order.MoveToFront(e)
	return e.Value.(*shelf)
}

func (s *shelves) put(sh *shelf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byK == nil {
		s.byK = map[int64]*linked.Element{}
	}
	if e := s.byK[sh.k]; e != nil {
		s.drop(e)
	}
	s.byK[sh.k] = s.order.PushFront(sh)
	s.size += len(sh.joined)
	for s.size > shelvesMost {
		s.drop(s.order.Back())
	}
}

func (s *shelves) drop(e *linked.Element) {
	sh := s.order.Remove(e).(*shelf)
	delete(s.byK, sh.k)
	s.size -= len(sh.joined)
}

// shelf gives the shelf with a place, as of this snapshot; nil if it is too large.
func (x *Intel) shelf(v *db.View, n int64, mark Mark) (*shelf, error) {
	k := (n - 1) / shelfPlaces
	upto := min((k+1)*shelfPlaces, mark.Arrived-1)
	// One reads it, and those who want it too wait for him. He has his snapshot and
	// waits for nobody.
	reading := &x.shelves.reading[k%int64(len(x.shelves.reading))]
	reading.Lock()
	defer reading.Unlock()
	old := x.shelves.get(k)
	if old != nil && old.changed == mark.Changed && old.upto >= upto {
		return old, nil
	}
	sh := &shelf{k: k, changed: mark.Changed, upto: upto}
	if old != nil { // most changes are elsewhere: the bytes may be there already
		if err := x.slots(v.As(system), sh, false); err != nil {
			return nil, err
		}
		if slices.EqualFunc(old.slots, sh.slots, func(a, b slot) bool { return a.n == b.n && a.to == b.to }) {
			sh.joined = old.joined
			v.Remember(func() { x.shelves.put(sh) })
			return sh, nil
		}
		sh = &shelf{k: k, changed: mark.Changed, upto: upto}
	}
	err := x.slots(v.As(system), sh, true)
	if err == errFull {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v.Remember(func() { x.shelves.put(sh) })
	return sh, nil
}

// slots reads what stands on a shelf, with the bytes or without.
func (x *Intel) slots(sys *db.View, sh *shelf, bytes bool) error {
	known := map[string]int{}
	var raws []string
	size := 0
	columns := `o.n, o.id, o.version, o.added, o.newest, o.twin, o.audience, o.size`
	if bytes {
		columns += `, o.raw`
	}
	err := sys.Each(`SELECT `+columns+` FROM visible.intel_objects o WHERE o.n >= $1 AND o.n <= $2 ORDER BY o.n`, []any{sh.k*shelfPlaces + 1, sh.upto}, func(s db.Scanner) error {
		var o slot
		var length int
		var newest, twin int64
		var audience, raw string
		into := []any{&o.n, &o.id, &o.version, &o.added, &newest, &twin, &audience, &length, &raw}
		if !bytes {
			into = into[:8]
		}
		if err := s.Scan(into...); err != nil {
			return err
		}
		i, ok := known[audience]
		if !ok {
			a, err := sys.Audience(audience)
			if err != nil {
				return err
			}
			i = len(sh.audiences)
			known[audience], sh.audiences = i, append(sh.audiences, a)
		}
		if len(sh.slots) > 0 {
			size++ // the comma
		}
		if bytes {
			length = len(raw)
			raws = append(raws, raw)
		}
		o.from, o.to, o.audience, o.newest, o.twin = size, size+length, i, newest == 1, twin == 1
		if size = o.to; size > shelfMost {
			return errFull
		}
		sh.slots = append(sh.slots, o)
		return nil
	})
	sh.joined = strings.Join(raws, ",")
	return err
}

// picked is objects that a page shows: a run of neighbours on one shelf.
type picked struct {
	sh          *shelf
	first, last int // slots
}

// fromShelves reads a page of everything behind a place, without filters but a date
// and, if all, of every version. ok is false when a shelf is too large.
func (x *Intel) fromShelves(v *db.View, r Range, mark Mark, from int64, all bool, head string, room int) (p Page, ok bool, err error) {
	who, after := v.Viewer(), int64(-1<<62)
	if !r.After.IsZero() {
		after = clock.Micros(r.After)
	}
	limit := page(r.Limit)
	var runs []picked
	var first, until slot
	size := 0
	for n := from + 1; n < mark.Arrived && !p.More; n = (n-1)/shelfPlaces*shelfPlaces + shelfPlaces + 1 {
		sh, err := x.shelf(v, n, mark)
		if err != nil || sh == nil {
			return p, false, err
		}
		may := make([]bool, len(sh.audiences))
		for i, a := range sh.audiences {
			may[i] = who.CanRead(a)
		}
		start, _ := slices.BinarySearchFunc(sh.slots, n, func(s slot, n int64) int { return int(s.n - n) })
		settled, err := x.settled(v, sh, start, mark.Arrived, may, all)
		if err != nil {
			return p, false, err
		}
		for i := start; i < len(sh.slots); i++ {
			o := &sh.slots[i]
			if o.n >= mark.Arrived {
				break
			}
			if o.added <= after || !may[o.audience] || o.unsettled(all) && !settled[o.n] {
				continue
			}
			if p.Count == limit || p.Count > 0 && size+o.to-o.from > maxPageBytes {
				p.More = true
				break
			}
			if p.Count == 0 {
				first = *o
			}
			until = *o
			p.Count++
			size += o.to - o.from + 1
			if last := len(runs) - 1; last >= 0 && runs[last].sh == sh && runs[last].last == i-1 {
				runs[last].last = i
			} else {
				runs = append(runs, picked{sh, i, i})
			}
		}
	}
	if p.Count == 0 {
		return p, true, nil
	}
	p.First, p.Last = clock.FromMicros(first.added), clock.FromMicros(until.added)
	p.Objects = append(make([]byte, 0, len(head)+size+room), head...)
	for i, run := range runs {
		if i > 0 {
			p.Objects = append(p.Objects, ',')
		}
		p.Objects = append(p.Objects, run.sh.joined[run.sh.slots[run.first].from:run.sh.slots[run.last].to]...)
	}
	if p.More {
		p.Next = x.cursor.seal(who.Actor(), r.question(), until.id, until.version, until.added)
	}
	return p, true, nil
}

// unsettled reports whether an object is shown depends on others of its id.
func (o *slot) unsettled(all bool) bool { return o.twin || !all && !o.newest }

// settled asks the reader's view which of the unsettled objects of a shelf he is
// shown.
func (x *Intel) settled(v *db.View, sh *shelf, start int, end int64, may []bool, all bool) (map[int64]bool, error) {
	var open []string
	for _, o := range sh.slots[start:] {
		if o.n < end && may[o.audience] && o.unsettled(all) {
			open = append(open, strconv.FormatInt(o.n, 10))
		}
	}
	if len(open) == 0 {
		return nil, nil
	}
	conditions := []string{`o.n IN (SELECT CAST(value AS BIGINT) FROM json_each($1))`, once}
	if !all {
		conditions = append(conditions, latest)
	}
	shown := map[int64]bool{}
	err := v.Each(`SELECT o.n FROM visible.intel_objects o WHERE `+strings.Join(conditions, ` AND `), []any{db.List(open)}, func(s db.Scanner) error {
		var n int64
		err := s.Scan(&n)
		shown[n] = true
		return err
	})
	return shown, err
}

// shelved reports whether a page can be cut from shelves: of everything, in the
// latest versions or in all.
func (r Range) shelved() (all, ok bool) {
	switch {
	case r.Within != "" || len(r.Types) > 0 || len(r.IDs) > 0 || len(r.At) > 0:
		return false, false
	case len(r.Versions) == 0 || slices.Equal(r.Versions, []Versions{LastVersion}):
		return false, true
	}
	return true, slices.Contains(r.Versions, AllVersions)
}
