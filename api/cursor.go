package api

import (
	"strings"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/seal"
)

// A cursor is a place in one list of one person: the random part of the last
// thing's id, which its reader has seen, and its time hidden in a token that
// holds both to the person and the list. It tells no number and no order, all
// have one length, and the same place is the same text (T-13).

// cursor writes a place; none is "".
func (c *call) cursor(list string, at time.Time, id string) string {
	if id == "" {
		return ""
	}
	_, random, _ := strings.Cut(id, "_")
	return random + c.Box.Token("api cursor").Encode(clock.Micros(at), c.cursorOf(list, random))
}

func (c *call) cursorOf(list, random string) []byte {
	return []byte(strings.Join([]string{list, c.who.Actor(), random}, "\x00"))
}

// place reads a cursor of a list of things of a kind.
func (c *call) place(list, kind, s string) (at time.Time, id string, err error) {
	if s == "" {
		return time.Time{}, "", nil
	}
	if n := len(s) - seal.TokenLen; n > 0 {
		random, token := s[:n], s[n:]
		at, err := c.Box.Token("api cursor").Decode(token, c.cursorOf(list, random))
		if err == nil {
			return clock.FromMicros(at), kind + "_" + random, nil
		}
	}
	return time.Time{}, "", fault.InvalidField("cursor", "This cursor is not one of yours for this list. Begin without one.")
}

// after reads a cursor among posts.
func (c *call) after(list, s string) (forum.Cursor, error) {
	at, id, err := c.place(list, "post", s)
	return forum.Cursor{At: at, ID: id}, err
}

// Paging is asked for with every long list.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before"`
}

// list is a page of things. Next leads to the next page; it is missing on the
// last.
type list[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"The cursor of the next page, if there may be one"`
}
