package intel

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
)

// Sum is what sightings of an object say together, as far as the viewer may read
// them.
type Sum struct {
	Count       int // times seen
	Reports     int // sightings that say so
	Not         int // reports of having looked and not seen
	First, Last time.Time
	Orgs        []string // named senders, sorted
	Others      bool     // a sender is not named
	More        bool     // only the newest reports were counted
}

// maxSightings is how many reports are counted.
const maxSightings = 500

// Sightings is what the viewer may know of sightings of an object, newest first.
func (x *Intel) Sightings(v *db.View, id string) (Sum, []Object, error) {
	all, err := x.referring(v, []string{id}, []string{"sighting"}, maxSightings+1)
	if err != nil {
		return Sum{}, nil, err
	}
	s, kept := Sum{More: len(all) > maxSightings}, all[:0]
	for _, o := range all[:min(len(all), maxSightings)] {
		if o.Target != id || o.Revoked {
			continue
		}
		if err := s.add(o); err != nil {
			return s, nil, err
		}
		kept = append(kept, o)
	}
	return s, kept, nil
}

// Seen sums the sightings of several objects, for lists. Those without any are
// absent. Of all of them together the newest reports are counted.
func (x *Intel) Seen(v *db.View, ids []string) (map[string]Sum, error) {
	all, err := x.referring(v, ids, []string{"sighting"}, maxSightings+1)
	if err != nil {
		return nil, err
	}
	more := len(all) > maxSightings
	sums := map[string]Sum{}
	for _, o := range all[:min(len(all), maxSightings)] {
		if o.Revoked || !slices.Contains(ids, o.Target) {
			continue
		}
		s := sums[o.Target]
		s.More = more
		if err := s.add(o); err != nil {
			return nil, err
		}
		sums[o.Target] = s
	}
	return sums, nil
}

// add counts a sighting.
func (s *Sum) add(o Object) error {
	// Absent means once and 0 means not seen (STIX 2.1 §5.2). The text was checked
	// when it came.
	var w struct {
		Count *int `json:"count"`
	}
	if err := json.Unmarshal(o.Raw, &w); err != nil {
		return err
	}
	if w.Count != nil && *w.Count == 0 {
		s.Not++
		return nil
	}
	n := 1
	if w.Count != nil {
		n = *w.Count
	}
	s.Count += n
	s.Reports++
	first, last := o.FirstSeen, o.LastSeen
	if first.IsZero() {
		first = o.Created
	}
	if last.IsZero() {
		last = first
	}
	if s.First.IsZero() || first.Before(s.First) {
		s.First = first
	}
	if last.After(s.Last) {
		s.Last = last
	}
	if o.From.Attribution != Named {
		s.Others = true
	} else if i, found := slices.BinarySearch(s.Orgs, o.From.OrgName); !found {
		s.Orgs = slices.Insert(s.Orgs, i, o.From.OrgName)
	}
	return nil
}
