package api

import (
	"net/http"
	"reflect"
	"time"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/policy"
)

// RelabelDone is what became of a wish to change a label.
type RelabelDone struct {
	Done    bool   `json:"done" doc:"The label was changed"`
	Request string `json:"request,omitempty" doc:"The request that waits for a second person"`
}

var relabelDoneType = reflect.TypeFor[RelabelDone]()

// relabelOut is answered with 200 when the label was changed, with 202 when a
// second person has to agree.
type relabelOut struct {
	Status int
	Body   RelabelDone
}

type relabelBody struct {
	Label NewLabel `json:"label"`
	Why   string   `json:"why,omitempty" doc:"The reason, for the second person and the record"`
}

func (c *call) relabel(in relabelBody, do func(tx *db.Tx, l policy.Label) (string, error)) (*relabelOut, error) {
	l, err := in.Label.parse()
	if err != nil {
		return nil, err
	}
	var request string
	if err := c.write(func(tx *db.Tx) (err error) { request, err = do(tx, l); return err }); err != nil {
		return nil, err
	}
	if request == "" {
		return &relabelOut{http.StatusOK, RelabelDone{Done: true}}, nil
	}
	return &relabelOut{http.StatusAccepted, RelabelDone{Request: request}}, nil
}

func (c *call) relabelTopic(in *struct {
	InTopic
	Body relabelBody
}) (*relabelOut, error) {
	return c.relabel(in.Body, func(tx *db.Tx, l policy.Label) (string, error) {
		return c.Forum.RelabelTopic(tx, in.Topic, l, in.Body.Why)
	})
}

func (c *call) relabelPost(in *struct {
	InPost
	Body relabelBody
}) (*relabelOut, error) {
	return c.relabel(in.Body, func(tx *db.Tx, l policy.Label) (string, error) {
		return c.Forum.RelabelPost(tx, in.Post, l, in.Body.Why)
	})
}

// Relabel is a request to loosen a label.
type Relabel struct {
	ID    string    `json:"id"`
	Topic string    `json:"topic"`
	Title string    `json:"title" doc:"The topic's"`
	Post  string    `json:"post,omitempty" doc:"Missing if it is about the topic's own label"`
	By    Author    `json:"by"`
	At    time.Time `json:"at"`
	Why   string    `json:"why,omitempty"`
	From  Label     `json:"from"`
	To    Label     `json:"to"`
	State string    `json:"state" enum:"pending,approved,refused,withdrawn"`
}

func (c *call) relabelShape(v *db.View, r forum.Relabel) (Relabel, error) {
	from, err := c.label(v, r.From)
	if err != nil {
		return Relabel{}, err
	}
	to, err := c.label(v, r.To)
	return Relabel{r.ID, r.Topic, r.Title, r.Post, author(r.By), utc(r.At), r.Why, from, to, string(r.State)}, err
}

func (c *call) relabels(*nothing) (*answer[list[Relabel]], error) {
	rs, err := c.Forum.RelabelsToDecide(c.view)
	if err != nil {
		return nil, err
	}
	items, err := each(c.view, rs, c.relabelShape)
	return &answer[list[Relabel]]{list[Relabel]{Items: items}}, err
}

func (c *call) topicRelabels(in *InTopic) (*answer[list[Relabel]], error) {
	if _, err := c.Forum.Topic(c.view, in.Topic); err != nil {
		return nil, err
	}
	rs, err := c.Forum.Relabels(c.view, in.Topic)
	if err != nil {
		return nil, err
	}
	items, err := each(c.view, rs, c.relabelShape)
	return &answer[list[Relabel]]{list[Relabel]{Items: items}}, err
}

// InRelabel is an operation on a request to loosen a label.
type InRelabel struct {
	Relabel string `path:"relabel" doc:"A request's id"`
}

func (c *call) decide(in *InRelabel, do func(*db.Tx, string) error) (*nothing, error) {
	return &nothing{}, c.write(func(tx *db.Tx) error { return do(tx, in.Relabel) })
}

func (c *call) approve(in *InRelabel) (*nothing, error) { return c.decide(in, c.Forum.ApproveRelabel) }
func (c *call) refuse(in *InRelabel) (*nothing, error)  { return c.decide(in, c.Forum.RefuseRelabel) }
func (c *call) withdraw(in *InRelabel) (*nothing, error) {
	return c.decide(in, c.Forum.WithdrawRelabel)
}
