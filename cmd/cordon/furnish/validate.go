package furnish

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var kinds = []string{"manufacturer", "provider", "agency", "researcher", "vendor", "desk"}

// strictness is the order of TLP 2.0.
var strictness = map[string]int{"CLEAR": 0, "GREEN": 1, "AMBER": 2, "AMBER+STRICT": 3, "RED": 4}

// anyone stands for a visitor who is not a member.
const anyone = "anyone"

// check holds the look-up tables of one validation and what it found.
type check struct {
	c       *Community
	orgs    map[string]Organization
	people  map[string]Person
	circles map[string]Circle
	rooms   map[string]Room
	found   []error
}

// Validate reports everything that is wrong with the community, joined, or nil: keys that lead
// nowhere or stand twice, labels that TLP 2.0 does not allow (design 3.1), people who speak where they
// cannot read, answers and quotes that are looser than what they answer, times out of order, and
// advisories that are not documents or have no room.
func (c *Community) Validate() error {
	k := &check{c: c}
	k.orgs = index(k, "organization", c.Organizations, func(o Organization) string { return o.Key })
	k.people = index(k, "person", c.People, func(p Person) string { return p.Key })
	k.circles = index(k, "circle", c.Circles, func(x Circle) string { return x.Key })
	k.rooms = index(k, "room", c.Rooms, func(r Room) string { return r.Key })
	advisories := index(k, "advisory", c.Advisories, func(a Advisory) string { return a.ID })
	topics := index(k, "topic", c.Topics, func(t Topic) string { return t.Key })

	for _, o := range c.Organizations {
		k.organization(o)
	}
	for _, p := range c.People {
		k.person(p)
	}
	for _, x := range c.Circles {
		k.circle(x)
	}
	for _, r := range c.Rooms {
		k.label("room "+r.Key, r.Label)
		k.require(r.Name != "" && r.Purpose != "" && len(r.Questions) > 0, "room %s lacks a name, purpose or question", r.Key)
	}
	for _, a := range c.Advisories {
		k.advisory(a)
		k.require(topics[a.ID].Advisory == a.ID, "advisory %s has no topic", a.ID)
	}
	for _, t := range c.Topics {
		if t.Advisory != "" {
			_, known := advisories[t.Advisory]
			k.require(known, "topic %s is about advisory %s, which is not there", t.Key, t.Advisory)
		}
		k.topic(t)
	}
	return errors.Join(k.found...)
}

// index makes a table by key and reports keys that are empty or stand twice.
func index[T any](k *check, what string, all []T, key func(T) string) map[string]T {
	table := make(map[string]T, len(all))
	for _, one := range all {
		name := key(one)
		_, twice := table[name]
		k.require(name != "" && !twice, "%s key %q is empty or stands twice", what, name)
		table[name] = one
	}
	return table
}

func (k *check) require(ok bool, format string, args ...any) {
	if !ok {
		k.found = append(k.found, fmt.Errorf(format, args...))
	}
}

func (k *check) organization(o Organization) {
	k.require(slices.Contains(kinds, o.Kind), "organization %s has the unknown kind %q", o.Key, o.Kind)
	k.require(o.Name != "" && o.City != "" && o.Country != "" && o.About != "" && o.Employees > 0, "organization %s is incomplete", o.Key)
	k.require(reserved(o.SecurityContact), "organization %s has the security contact %q, which is not under .example", o.Key, o.SecurityContact)
	if o.CSAF != "" {
		host, _, _ := strings.Cut(strings.TrimPrefix(o.CSAF, "https://"), "/")
		k.require(reserved(host), "organization %s has the CSAF address %q, which is not under .example", o.Key, o.CSAF)
	}
	signs := slices.ContainsFunc(k.c.People, func(p Person) bool {
		return p.Org == o.Key && p.Recipient && slices.Contains(p.Roles, RoleOfficer)
	})
	k.require(signs, "organization %s has no officer among its recipients", o.Key)
}

// reserved says whether a name is under the top-level domain that RFC 2606 reserves for examples.
func reserved(name string) bool { return strings.HasSuffix(name, ".example") }

func (k *check) person(p Person) {
	_, known := k.orgs[p.Org]
	k.require(known, "person %s belongs to %q, which is not an organization", p.Key, p.Org)
	k.require(p.Name != "" && p.Title != "", "person %s lacks a name or title", p.Key)
	for _, r := range p.Roles {
		k.require(slices.Contains([]string{RoleOfficer, RoleAnalyst, RoleCoordinator, RoleOperator}, r), "person %s has the unknown role %q", p.Key, r)
		k.require(r == RoleOfficer || k.orgs[p.Org].Kind == "desk", "person %s has the role %s but is not of the desk", p.Key, r)
	}
}

func (k *check) circle(x Circle) {
	seen := map[string]bool{}
	for _, m := range x.Members {
		_, known := k.people[m]
		k.require(known && !seen[m], "circle %s has the member %q, who is unknown or stands twice", x.Key, m)
		seen[m] = true
	}
	k.require(seen[x.Steward], "circle %s has the steward %q, who is not a member of it", x.Key, x.Steward)
	k.require(x.Name != "" && x.Purpose != "", "circle %s lacks a name or purpose", x.Key)
	if !k.label("circle "+x.Key, x.Label) {
		return
	}
	readers := k.readers(x.Label)
	for _, m := range x.Members {
		k.require(readers[m], "circle %s may not be known to its member %s", x.Key, m)
	}
}

func (k *check) advisory(a Advisory) {
	_, known := k.rooms[a.Room]
	k.require(known, "advisory %s belongs to room %q, which is not there", a.ID, a.Room)
	k.require(json.Valid(a.CSAF), "advisory %s is not JSON", a.ID)
	k.require(a.Title != "" && !a.Released.IsZero() && !a.Updated.Before(a.Released), "advisory %s lacks a title or dates in order", a.ID)
	k.require(len(a.CVEs) > 0 && len(a.Products) > 0 && len(a.Vendors) > 0, "advisory %s lacks CVEs, products or vendors", a.ID)
}

func (k *check) topic(t Topic) {
	room, known := k.rooms[t.Room]
	k.require(known, "topic %s stands in room %q, which is not there", t.Key, t.Room)
	k.require(t.Title != "", "topic %s has no title", t.Key)
	if len(t.Posts) == 0 {
		k.require(false, "topic %s has no post", t.Key)
		return
	}
	for i, p := range t.Posts {
		k.post(fmt.Sprintf("post %d of topic %s", i+1, t.Key), t, i, p)
	}
	if known && k.lawful(room.Label) == nil {
		k.require(k.readers(room.Label)[t.Posts[0].By], "topic %s is begun by %s, who cannot see the room %s", t.Key, t.Posts[0].By, t.Room)
	}
	if r := t.Resolved; r != nil {
		k.require(r.Summary != "", "topic %s is resolved without a summary", t.Key)
		k.speaks("resolution of topic "+t.Key, r.By, t.Label())
		k.require(notBefore(r.At, t.Posts[len(t.Posts)-1].At), "topic %s is resolved before its last post", t.Key)
	}
}

func (k *check) post(what string, t Topic, i int, p Post) {
	k.require(strings.TrimSpace(p.Body) != "", "%s is empty", what)
	if !k.label(what, p.Label) {
		return
	}
	k.speaks(what, p.By, p.Label)
	at := p.At
	k.require(at.At.IsZero() != (at.Ago == 0), "%s has no time, or two", what)
	if i > 0 {
		k.require(notBefore(at, t.Posts[i-1].At), "%s comes before the one above it", what)
		k.require(p.Label.TLP != "" && k.within(p.Label, t.Label()), "%s is looser than its topic", what)
	}
	if p.Quotes != 0 {
		if p.Quotes < 1 || p.Quotes > i {
			k.require(false, "%s quotes post %d, which is not above it", what, p.Quotes)
		} else {
			quoted := t.Posts[p.Quotes-1]
			k.require(quoted.Deleted == nil, "%s quotes a deleted post", what)
			k.require(k.within(p.Label, quoted.Label), "%s is looser than what it quotes", what)
			k.require(k.readers(quoted.Label)[p.By], "%s quotes what its author cannot read", what)
		}
	}
	for _, e := range p.Edits {
		k.require(notBefore(e.At, at) && strings.TrimSpace(e.Body) != "", "%s has an edit that is empty or out of order", what)
		at = e.At
	}
	if d := p.Deleted; d != nil {
		k.require(notBefore(d.At, at) && d.Reason != "", "%s is deleted out of order or without a reason", what)
		k.speaks("deletion of "+what, d.By, p.Label)
		k.require(i > 0 && !p.Decision, "%s cannot be deleted: it opens a topic or is a decision", what)
	}
}

// speaks requires that a person is there and in the audience.
func (k *check) speaks(what, who string, l Label) {
	_, known := k.people[who]
	k.require(known, "%s is by %q, who is not there", what, who)
	k.require(!known || k.readers(l)[who], "%s is by %s, who is not in its audience", what, who)
}

// notBefore compares two times of one topic, which are both absolute or both relative.
func notBefore(a, b When) bool {
	if a.At.IsZero() != b.At.IsZero() {
		return false
	}
	now := time.Unix(0, 0)
	return !a.Time(now).Before(b.Time(now))
}

// label reports an unlawful label and says whether it is lawful.
func (k *check) label(what string, l Label) bool {
	err := k.lawful(l)
	k.require(err == nil, "%s: %w", what, err)
	return err == nil
}

// lawful says whether the audience is one that the TLP allows (design 3.1).
func (k *check) lawful(l Label) error {
	if _, known := strictness[l.TLP]; !known {
		return fmt.Errorf("%q is not a TLP 2.0 label", l.TLP)
	}
	if len(l.Audience) == 0 {
		return fmt.Errorf("TLP:%s has no audience", l.TLP)
	}
	for i, principal := range l.Audience {
		kind, key, _ := strings.Cut(principal, ":")
		there, right := false, false
		switch kind {
		case "public":
			there, right = key == "", l.TLP == "CLEAR"
		case "community", "community-private":
			there, right = key == "", l.TLP == "GREEN"
		case "kind":
			there, right = slices.Contains(kinds, key), l.TLP == "GREEN"
		case "org":
			_, there = k.orgs[key]
			right = l.TLP == "AMBER" || l.TLP == "AMBER+STRICT"
		case "circle":
			var x Circle
			x, there = k.circles[key]
			right = l.TLP == "AMBER" || l.TLP == "AMBER+STRICT" || l.TLP == "RED" && x.Named
		case "person":
			_, there = k.people[key]
			right = l.TLP == "RED"
		}
		if !there || slices.Contains(l.Audience[:i], principal) {
			return fmt.Errorf("the principal %q is unknown or stands twice", principal)
		}
		if !right {
			return fmt.Errorf("TLP:%s does not allow the audience %q", l.TLP, principal)
		}
	}
	return nil
}

// readers are the keys of the people whom a lawful label admits, with anyone if it admits everybody.
func (k *check) readers(l Label) map[string]bool {
	set := map[string]bool{}
	for _, principal := range l.Audience {
		kind, key, _ := strings.Cut(principal, ":")
		if kind == "public" {
			set[anyone] = true
		}
		for _, p := range k.c.People {
			if k.covers(kind, key, p) {
				set[p.Key] = true
			}
		}
	}
	return set
}

// covers says whether a principal covers a person. An organization covers its named recipients, not all its staff.
func (k *check) covers(kind, key string, p Person) bool {
	switch kind {
	case "public", "community":
		return true
	case "community-private":
		return k.orgs[p.Org].Kind != "agency"
	case "kind":
		return k.orgs[p.Org].Kind == key
	case "org":
		return p.Org == key && p.Recipient
	case "circle":
		return slices.Contains(k.circles[key].Members, p.Key)
	case "person":
		return p.Key == key
	}
	return false
}

// within says whether a is equal to b or stricter: at least its TLP, and no reader whom b does not admit.
func (k *check) within(a, b Label) bool {
	if k.lawful(a) != nil || k.lawful(b) != nil || cmp.Compare(strictness[a.TLP], strictness[b.TLP]) < 0 {
		return false
	}
	wide := k.readers(b)
	for who := range k.readers(a) {
		if !wide[who] {
			return false
		}
	}
	return true
}
