package web

import (
	"net/http"

	"github.com/cordon-isao/cordon/internal/db"
)

// topicEvidence hands out the evidence pack of a topic. Taking it is recorded,
// so it is a form's answer and never a link's.
func (c *Ctx) topicEvidence() error {
	topic := c.R.PathValue("topic")
	var hidden bool
	err := c.read(func(v *db.View) error {
		t, err := c.Forum.Topic(v, topic)
		if err != nil {
			return err
		}
		shut, err := c.Members.NeedsSecondPasskey(v)
		hidden = gate{shut}.hides(t.Label)
		return err
	})
	if err != nil {
		return err
	}
	if hidden {
		return c.again(nil, func(int) error { return c.secondPasskey() })
	}
	w := &download{ctx: c, name: shortID(topic) + "-evidence.zip"}
	err = c.Evidence.Topic(c.R.Context(), c.DB, c.Viewer, topic, w)
	if err != nil && w.begun {
		// Too late for a page: the reader must see that the file is not whole.
		c.Log.Error("an evidence pack broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// download sends the headers of a file with its first bytes, so that a fault
// before them is still a page.
type download struct {
	ctx   *Ctx
	name  string
	begun bool
}

func (d *download) Write(b []byte) (int, error) {
	if !d.begun {
		d.begun = true
		inert(d.ctx.W.Header(), d.name)
	}
	return d.ctx.W.Write(b)
}
