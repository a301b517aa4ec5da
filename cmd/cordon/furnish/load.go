package furnish

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Load returns the whole community, validated. It reads only what is embedded in the program.
func Load() (*Community, error) {
	advisories, err := readAdvisories()
	if err != nil {
		return nil, err
	}
	c := &Community{
		Name:          "Device ISAO",
		Purpose:       "Makers, users and protectors of medical devices tell each other what they need to know, in time, and only those.",
		Organizations: organizations,
		People:        people,
		Circles:       circles,
		Rooms:         rooms,
		Advisories:    advisories,
	}

	threads := map[string]thread{}
	for _, some := range []map[string]thread{pumpThreads, monitorThreads, imagingThreads, patientThreads} {
		for id, t := range some {
			if _, twice := threads[id]; twice {
				return nil, fmt.Errorf("the discussion of %s is written twice", id)
			}
			threads[id] = t
		}
	}
	for i, a := range advisories {
		t, err := a.topic(i, threads[a.ID])
		if err != nil {
			return nil, err
		}
		delete(threads, a.ID)
		c.Topics = append(c.Topics, t)
	}
	if left := slices.Sorted(maps.Keys(threads)); len(left) > 0 {
		return nil, fmt.Errorf("there is a discussion of %v, which is not an advisory here", left)
	}
	for _, s := range shares {
		t, err := s.topic()
		if err != nil {
			return nil, err
		}
		c.Topics = append(c.Topics, t)
	}
	slices.SortStableFunc(c.Topics, func(a, b Topic) int { return order(a.Posts[0].At, b.Posts[0].At) })

	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("the furnished community is not valid: %w", err)
	}
	return c, nil
}

// order puts absolute times first, then the relative, the longest ago first.
func order(a, b When) int {
	if a.At.IsZero() != b.At.IsZero() {
		if a.At.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(b.Ago, a.Ago))
}

// deskHours is the hour of the desk's posts: CISA dates its advisories by the day.
const deskHours = 15 * time.Hour

// posters take turns at posting CISA's advisories.
var posters = []string{"noorani", "tembo", "dvornik"}

// topic is the desk's post of the advisory and what was said about it. The post is CLEAR, as the
// advisory is; what members say is GREEN unless the line says otherwise.
func (a Advisory) topic(i int, th thread) (Topic, error) {
	body, err := a.introduction()
	if err != nil {
		return Topic{}, err
	}
	first := When{At: a.Released.Truncate(24 * time.Hour).Add(deskHours)}
	after := func(text string) (When, error) {
		d, err := span(text)
		return first.later(d), err
	}
	t := Topic{Key: a.ID, Room: a.Room, Title: a.Title, Advisory: a.ID,
		Posts: []Post{{By: posters[i%len(posters)], At: first, Label: public(), Body: body}}}
	for _, l := range th.lines {
		p, err := l.post(green("community"), after)
		if err != nil {
			return Topic{}, fmt.Errorf("discussion of %s: %w", a.ID, err)
		}
		if p.Quotes > 0 {
			p.Quotes++ // a thread counts from the first answer
		}
		t.Posts = append(t.Posts, p)
	}
	if t.Resolved, err = th.end.resolution(after); err != nil {
		return Topic{}, fmt.Errorf("discussion of %s: %w", a.ID, err)
	}
	return t, nil
}
