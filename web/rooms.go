package web

import (
	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
	"github.com/cordon-isao/cordon/web/ui"
)

// rooms lists the rooms that the viewer can see.
func (c *Ctx) rooms() error {
	all, err := c.Forum.Rooms(c.View)
	if err != nil {
		return err
	}
	reach := map[string]members.Reach{}
	var rows []ui.RoomRow
	var archived []ui.RoomRow
	for _, r := range all {
		id := r.Label.Audience.ID()
		n, ok := reach[id]
		if !ok && !r.Label.Audience.Has(policy.Public) {
			if n, err = c.Members.Reach(c.View, r.Label); err != nil {
				return err
			}
			reach[id] = n
		}
		row := ui.RoomRow{ID: r.ID, Title: r.Name, Href: "/rooms/" + r.ID, Purpose: firstWords(r.Purpose, 140), Label: string(r.Label.TLP),
			Unread: r.Unread, People: n.People, Orgs: n.Orgs, LastAt: r.Last, Now: c.View.Now()}
		if r.Archived.IsZero() {
			rows = append(rows, row)
		} else {
			archived = append(archived, row)
		}
	}
	return c.show(Page{Title: "Rooms", Kind: "rooms", Label: roomsLabel(all), Live: []string{"*"}, Body: roomsBody(rows, archived, c.Viewer.May(policy.MayOpenRoom))})
}

// roomsLabel is the strictest label among rooms.
func roomsLabel(rooms []forum.Room) policy.Label {
	var l policy.Label
	for _, r := range rooms {
		if l.TLP == "" || r.Label.TLP.StricterThan(l.TLP) {
			l.TLP = r.Label.TLP
		}
	}
	return l
}
