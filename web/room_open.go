package web

import (
	"strings"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/ids"
	"github.com/cordon-isao/cordon/policy"
)

var doneRoom = greeting("room", "ok", "The room is open. Start its first topic.")

// roomForm is what was typed into the form for a new room.
type roomForm struct {
	Name, Purpose, Questions, Key string
	in                            composed // label and audience
}

// roomNew is the form to open a room.
func (c *Ctx) roomNew() error {
	return c.roomForm(200, roomForm{in: composed{TLP: string(policy.Amber)}}, nil)
}

func (c *Ctx) roomForm(status int, f roomForm, problem error) error {
	groups, marking, err := c.audienceGroups(c.View, f.in.Audience, policy.Label{})
	if err != nil {
		return err
	}
	if f.Key == "" {
		f.Key = ids.Random(26)
	}
	return c.show(Page{Title: "Open a room", Kind: "compose", Label: policy.Label{TLP: marking}, Status: status,
		Body: roomOpenBody(f, groups, formErrors(problem, "room", "name", "purpose", "questions", "label", "audience"))})
}

// roomOpen opens a room.
func (c *Ctx) roomOpen() error {
	f, err := c.readRoomForm()
	if err != nil {
		return err
	}
	var questions []string
	for q := range strings.Lines(f.Questions) {
		if q = strings.TrimSpace(q); q != "" {
			questions = append(questions, q)
		}
	}
	var id string
	err = c.write(func(tx *db.Tx) error {
		l, err := f.in.label(policy.Label{})
		if err != nil {
			return err
		}
		made, again, err := tx.Once(f.Key, f.in.digest("room "+f.Name+"\n"+f.Purpose+"\n"+f.Questions), func() (string, error) {
			return c.Forum.OpenRoom(tx, forum.NewRoom{Name: f.Name, Purpose: f.Purpose, Questions: questions, Label: l})
		})
		id = made
		if err == nil && again {
			return errAgain
		}
		return err
	})
	if err != nil && err != errAgain {
		return c.again(err, func(status int) error { return c.roomForm(status, f, err) })
	}
	return c.redirect("/rooms/" + id + "?done=" + doneRoom)
}

func (c *Ctx) readRoomForm() (f roomForm, err error) {
	if err := c.parseForm(); err != nil {
		return f, err
	}
	for name, to := range map[string]*string{"name": &f.Name, "purpose": &f.Purpose, "questions": &f.Questions, "tlp": &f.in.TLP, "idempotency_key": &f.Key} {
		if *to, err = c.field(name); err != nil {
			return f, err
		}
	}
	f.in.Audience = c.R.PostForm["audience"]
	if len(f.in.Audience) > policy.MaxAudience {
		return f, fault.InvalidField("audience", "An audience has at most %d members.", policy.MaxAudience)
	}
	return f, nil
}
