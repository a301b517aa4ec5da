package forum

import (
	"encoding/json"
	"strings"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

// NewRoom is what a room is opened with.
type NewRoom struct {
	Name      string
	Purpose   string
	Questions []string // up to 5 examples of what to ask here
	Label     policy.Label
	Object    string // id of the thing that the room belongs to, such as a case: for duties, which have checked that it may be opened
	Key       string // idempotency key, may be empty
}

// OpenRoom opens a room and returns its id. It needs the right to open rooms; a
// member opens rooms only for audiences he is in himself.
func (f *Forum) OpenRoom(tx *db.Tx, in NewRoom) (id string, err error) {
	if in.Object == "" && !tx.Viewer().May(policy.MayOpenRoom) {
		return "", fault.Forbiddenf("You may not open rooms. Ask the desk.")
	}
	id, _, err = tx.Once(in.Key, digest("room", in.Name, in.Purpose, in.Questions, labelParts(in.Label)), func() (string, error) {
		var p problems
		p.line("name", "The name", in.Name, MaxName)
		p.text("purpose", "The purpose", in.Purpose, MaxPurpose, false)
		if len(in.Questions) > 5 {
			p.add("questions", "At most 5 example questions fit.")
		}
		for _, q := range in.Questions {
			p.line("questions", "An example question", q, MaxTitle)
		}
		if err := f.checkLabel(tx.View, &p, in.Label); err != nil {
			return "", err
		}
		name := strings.TrimSpace(in.Name)
		taken, err := tx.Exists(`SELECT 1 FROM visible.rooms WHERE name_key = $1 AND archived = 0 AND object = ''`, strings.ToLower(name))
		if err != nil {
			return "", err
		}
		if taken && in.Object == "" { // only among the rooms the viewer can see: two hidden ones may share a name
			p.add("name", "There is a room of this name already.")
		}
		if err := p.err(); err != nil {
			return "", err
		}
		id := ids.New("room")
		audience, err := tx.Store(in.Label.Audience)
		if err != nil {
			return "", err
		}
		questions, err := json.Marshal(append([]string{}, in.Questions...))
		if err != nil {
			return "", err
		}
		who := authorOf(tx.Viewer())
		_, err = tx.Exec(`INSERT INTO rooms (id, name, name_key, purpose, questions, author, author_name, author_org, author_org_name, at, archived, object, tlp, audience)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13)`,
			id, name, strings.ToLower(name), strings.TrimSpace(in.Purpose), string(questions), who.Person, who.Name, who.Org, who.OrgName,
			clock.Micros(tx.Now()), in.Object, string(in.Label.TLP), audience)
		if err != nil {
			return "", err
		}
		tx.Append(db.Entry{Verb: "room.opened", Object: id, Parent: in.Object, Room: id, Label: in.Label, Access: true,
			Data: map[string]any{"name": name, "purpose": in.Purpose}})
		return id, nil
	})
	return id, err
}

// ArchiveRoom ends a room: nothing is begun in it any more, everything stays
// readable. Its opener or the desk may.
func (f *Forum) ArchiveRoom(tx *db.Tx, room string) error {
	r, err := readRoom(tx.View, room)
	if err != nil {
		return err
	}
	if r.OpenedBy.Person != tx.Viewer().Person && !tx.Viewer().HasRole(policy.RoleDesk) {
		return fault.Forbiddenf("Only who opened the room, or the desk, may archive it.")
	}
	if err := mayPost(tx.View); err != nil {
		return err
	}
	if !r.Archived.IsZero() {
		return fault.Conflictf("This room is archived already.")
	}
	if err := tx.MustChange(`UPDATE rooms SET archived = $1 WHERE id = $2 AND archived = 0`, clock.Micros(tx.Now()), room); err != nil {
		return err
	}
	tx.Append(db.Entry{Verb: "room.archived", Object: room, Room: room, Label: r.Label, Data: map[string]any{"name": r.Name}})
	return nil
}
