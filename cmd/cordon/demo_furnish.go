package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/cordon-isao/cordon/cmd/cordon/furnish"
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// story replays the furnishing through the duties, each thing at its own time
// and in its own author's name, so that the demo's ledger, rights and search are
// what they would be if it had happened.
type story struct {
	*house
	ctx   context.Context
	clock *storyClock
	now   time.Time // when the demo is furnished; members' topics count back from here
	c     *furnish.Community

	orgs, people, circles, rooms map[string]string // key → id
	viewers                      map[string]policy.Viewer
	topics                       map[string]string
	posts                        map[string][]string // topic key → post ids, in order
}

// step is one thing that happens.
type step struct {
	at  time.Time
	act func() error
}

// furnish tells the whole story and returns who is who.
func (h *house) furnish(ctx context.Context, clk *storyClock, out io.Writer) (*demoState, error) {
	c, err := furnish.Load()
	if err != nil {
		return nil, err
	}
	s := &story{house: h, ctx: ctx, clock: clk, now: clock.System().Now(), c: c,
		orgs: map[string]string{}, people: map[string]string{}, circles: map[string]string{}, rooms: map[string]string{},
		viewers: map[string]policy.Viewer{}, topics: map[string]string{}, posts: map[string][]string{}}
	fmt.Fprintf(out, "Furnishing the demo: %d advisories, %d people, %d topics, %d cases …\n", len(c.Advisories), len(c.People), len(c.Topics), demoCases)
	// Cases name organizations and people by id before they are told.
	s.name()
	told, err := s.sagas()
	if err != nil {
		return nil, err
	}
	steps := append(s.steps(), told...)
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	bar, done := newBar("furnishing"), int64(0)
	defer bar.end()
	tick := func() { done++; bar.set("furnishing", done, int64(len(steps)+3)) }
	clk.set(steps[0].at.Add(-30 * 24 * time.Hour))
	for _, part := range []func() error{s.found, s.form, s.open} {
		if err := part(); err != nil {
			return nil, err
		}
		tick()
	}
	for _, st := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.keepDeadlines(ctx, st.at); err != nil {
			return nil, err
		}
		clk.set(st.at)
		if err := st.act(); err != nil {
			return nil, err
		}
		tick()
	}
	if err := s.keepDeadlines(ctx, s.now); err != nil {
		return nil, err
	}
	state := &demoState{}
	for _, p := range c.People {
		o := s.org(p.Org)
		state.Personas = append(state.Personas, demoPersona{Key: p.Key, Name: p.Name, Organization: o.Name, Kind: string(kindOf(o.Kind)), ID: s.people[p.Key], Title: p.Title})
	}
	return state, nil
}

func (s *story) org(key string) furnish.Organization {
	i := slices.IndexFunc(s.c.Organizations, func(o furnish.Organization) bool { return o.Key == key })
	return s.c.Organizations[i]
}

func profile(o furnish.Organization) members.Profile {
	return members.Profile{Name: o.Name, Kind: kindOf(o.Kind), Employees: int64(o.Employees), City: o.City, Country: o.Country,
		About: o.About, Families: o.Devices, Contact: o.SecurityContact, CSAF: o.CSAF}
}

func person(p furnish.Person) members.NewPerson {
	return members.NewPerson{Name: p.Name, Title: p.Title, Roles: rolesOf(p), Recipient: p.Recipient, Listed: p.Listed}
}

// name gives everybody an id.
func (s *story) name() {
	for _, o := range s.c.Organizations {
		s.orgs[o.Key] = ids.New("org")
	}
	for _, p := range s.c.People {
		s.people[p.Key] = ids.New("person")
	}
	for _, c := range s.c.Circles {
		s.circles[c.Key] = ids.New("circle")
	}
}

// found founds the community with the desk's operator, then seats everyone.
func (s *story) found() error {
	desk := slices.IndexFunc(s.c.Organizations, func(o furnish.Organization) bool { return kindOf(o.Kind) == policy.ISAO })
	first := slices.IndexFunc(s.c.People, func(p furnish.Person) bool { return slices.Contains(p.Roles, furnish.RoleOperator) })
	return s.db.Write(s.ctx, policy.System("demo"), func(tx *db.Tx) error {
		f := members.Founding{Community: s.c.Name, Purpose: s.c.Purpose, Org: profile(s.c.Organizations[desk]), Person: person(s.c.People[first]),
			OrgID: s.orgs[s.c.Organizations[desk].Key], PersonID: s.people[s.c.People[first].Key]}
		for _, c := range s.c.Circles {
			if isDesk(c) {
				f.DeskID = s.circles[c.Key]
			}
		}
		if _, err := s.members.FirstRun(tx, f); err != nil {
			return err
		}
		if err := s.agreements.Establish(tx); err != nil {
			return err
		}
		for i, o := range s.c.Organizations {
			if i == desk {
				continue
			}
			if _, err := s.members.SeedOrganization(tx, s.orgs[o.Key], profile(o)); err != nil {
				return fmt.Errorf("organization %s: %w", o.Key, err)
			}
		}
		for i, p := range s.c.People {
			if i == first {
				continue
			}
			if _, err := s.members.SeedPerson(tx, s.people[p.Key], s.orgs[p.Org], person(p)); err != nil {
				return fmt.Errorf("person %s: %w", p.Key, err)
			}
			if slices.Contains(p.Roles, furnish.RoleOfficer) && p.Org != s.c.Organizations[desk].Key {
				if _, err := s.agreements.SeedAcceptance(tx, s.orgs[p.Org], s.people[p.Key]); err != nil {
					return fmt.Errorf("agreement of %s: %w", p.Org, err)
				}
			}
		}
		return nil
	})
}

// form forms the circles.
func (s *story) form() error {
	return s.db.Write(s.ctx, policy.System("demo"), func(tx *db.Tx) error {
		for _, c := range s.c.Circles {
			if isDesk(c) {
				continue
			}
			label, err := s.label(c.Label)
			if err != nil {
				return fmt.Errorf("circle %s: %w", c.Key, err)
			}
			var roster []string
			for _, m := range c.Members {
				roster = append(roster, s.people[m])
			}
			if _, err := s.members.SeedCircle(tx, members.NewCircle{ID: s.circles[c.Key], Name: c.Name, Purpose: c.Purpose, Named: c.Named, Label: label}, s.people[c.Steward], roster); err != nil {
				return fmt.Errorf("circle %s: %w", c.Key, err)
			}
		}
		return nil
	})
}

// open loads everyone as a viewer and opens the rooms, each in the name of
// somebody who can see it.
func (s *story) open() error {
	err := s.db.Read(s.ctx, policy.System("demo"), func(v *db.View) error {
		for key, id := range s.people {
			viewer, err := s.members.ViewerOf(v, id, "", nil)
			if err != nil {
				return err
			}
			s.viewers[key] = viewer
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, r := range s.c.Rooms {
		label, err := s.label(r.Label)
		if err != nil {
			return fmt.Errorf("room %s: %w", r.Key, err)
		}
		who := s.opener(label)
		err = s.db.Write(s.ctx, who, func(tx *db.Tx) (err error) {
			s.rooms[r.Key], err = s.forum.OpenRoom(tx, forum.NewRoom{Name: r.Name, Purpose: r.Purpose, Questions: r.Questions, Label: label})
			return err
		})
		if err != nil {
			return fmt.Errorf("room %s by %s: %w", r.Key, who.Name, err)
		}
	}
	return nil
}

// opener is somebody of the desk who can see the room, or else anybody who can.
func (s *story) opener(l policy.Label) policy.Viewer {
	var other policy.Viewer
	for _, p := range s.c.People {
		v := s.viewers[p.Key]
		if !v.CanRead(l.Audience) {
			continue
		}
		if v.HasRole(policy.RoleDesk) {
			return v
		}
		if other.Person == "" {
			other = v
		}
	}
	return other
}

// label turns the furnishing's keys into ids.
func (s *story) label(l furnish.Label) (policy.Label, error) {
	var ps []policy.Principal
	for _, text := range l.Audience {
		p := policy.Principal(text)
		switch p.Class() {
		case "org":
			p = policy.OfOrg(s.orgs[p.ID()])
		case "circle":
			p = policy.OfCircle(s.circles[p.ID()])
		case "person":
			p = policy.OfPerson(s.people[p.ID()])
		case "kind":
			p = policy.OfKind(kindOf(p.ID()))
		}
		p, err := policy.ParsePrincipal(string(p))
		if err != nil {
			return policy.Label{}, err
		}
		ps = append(ps, p)
	}
	tlp, err := policy.ParseTLP(l.TLP)
	return policy.Label{TLP: tlp, Audience: policy.NewAudience(ps...)}, err
}

// steps is all that was said, in the order in which it was.
func (s *story) steps() []step {
	var steps []step
	add := func(at furnish.When, what string, act func() error) {
		steps = append(steps, step{at.Time(s.now), func() error {
			if err := act(); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		}})
	}
	for _, t := range s.c.Topics {
		for i, p := range t.Posts {
			what := fmt.Sprintf("topic %s post %d", t.Key, i+1)
			add(p.At, what, func() error { return s.post(t, i) })
			if p.Decision {
				add(p.At, what, func() error {
					return s.write(p.By, func(tx *db.Tx) error { return s.forum.Pin(tx, s.posts[t.Key][i]) })
				})
			}
			for n, e := range p.Edits {
				add(e.At, what, func() error {
					return s.write(p.By, func(tx *db.Tx) error { return s.forum.Edit(tx, s.posts[t.Key][i], e.Body, n) })
				})
			}
			if d := p.Deleted; d != nil {
				add(d.At, what, func() error {
					return s.write(d.By, func(tx *db.Tx) error { return s.forum.Delete(tx, s.posts[t.Key][i], d.Reason) })
				})
			}
		}
		if r := t.Resolved; r != nil {
			add(r.At, "resolve "+t.Key, func() error {
				by := r.By
				if by != t.Posts[0].By && !s.viewers[by].HasRole(policy.RoleDesk) {
					by = t.Posts[0].By // who had the last word is not always who may close
				}
				return s.write(by, func(tx *db.Tx) error { return s.forum.ResolveTopic(tx, s.topics[t.Key], r.Summary) })
			})
		}
	}
	// The desk has reached most organizations' security contacts this quarter.
	desk := slices.IndexFunc(s.c.People, func(p furnish.Person) bool { return slices.Contains(p.Roles, furnish.RoleCoordinator) })
	for i, o := range s.c.Organizations {
		if i%4 != 3 {
			add(furnish.When{Ago: time.Duration(5+4*i) * 24 * time.Hour}, "contact of "+o.Key, func() error {
				return s.write(s.c.People[desk].Key, func(tx *db.Tx) error { return s.members.VerifyContact(tx, s.orgs[o.Key]) })
			})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	return steps
}

func (s *story) write(by string, fn func(*db.Tx) error) error {
	if err := s.db.Write(s.ctx, s.viewers[by], fn); err != nil {
		return fmt.Errorf("by %s: %w", by, err)
	}
	return nil
}

// post says one thing: the first starts the topic, with the advisory's document.
func (s *story) post(t furnish.Topic, i int) error {
	p := t.Posts[i]
	label, err := s.label(p.Label)
	if err != nil {
		return err
	}
	if i > 0 {
		in := forum.NewPost{Body: p.Body, Label: label}
		if p.Quotes > 0 {
			in.Quote = s.posts[t.Key][p.Quotes-1]
		}
		return s.write(p.By, func(tx *db.Tx) error {
			id, _, err := s.forum.Reply(tx, s.topics[t.Key], in)
			s.posts[t.Key] = append(s.posts[t.Key][:i:i], id)
			return err
		})
	}
	in := forum.NewTopic{Title: t.Title, Body: p.Body, Label: label}
	if t.Advisory != "" {
		a := s.c.Advisories[slices.IndexFunc(s.c.Advisories, func(a furnish.Advisory) bool { return a.ID == t.Advisory })]
		f, err := s.forum.Upload(s.ctx, s.db, s.viewers[p.By], forum.Incoming{Name: a.FileName(), Size: int64(len(a.CSAF)), From: bytes.NewReader(a.CSAF)})
		if err != nil {
			return fmt.Errorf("by %s: attach %s: %w", p.By, a.FileName(), err)
		}
		in.Files = []string{f.ID}
	}
	return s.write(p.By, func(tx *db.Tx) error {
		id, _, err := s.forum.StartTopic(tx, s.rooms[t.Room], in)
		if err != nil {
			return err
		}
		topic, err := s.forum.Topic(tx.View, id)
		s.topics[t.Key], s.posts[t.Key] = id, []string{topic.Opening}
		return err
	})
}
