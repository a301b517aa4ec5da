package taxii

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/policy"
)

// readTime is how long the body of a post may take to arrive.
const readTime = 2 * time.Minute

// terms are those of what is posted to a collection. What is posted to a circle's
// collection never reaches beyond the circle, however it is marked; elsewhere the
// markings decide, and what has none stays at home.
func terms(col collection) intel.Terms {
	t := intel.Terms{Scrub: intel.ScrubClean, Attribution: intel.Named, Unmarked: policy.AmberStrict}
	if col.circle.ID == "" {
		return t
	}
	circle := []policy.Principal{policy.OfCircle(col.circle.ID)}
	t.Unmarked, t.Floor, t.Amber = policy.Amber, policy.Amber, circle
	if col.circle.Named {
		t.Red = circle
	}
	return t
}

// post takes in objects (§5.5). All of them are read and decided on in one commit, so
// the status that is answered is the last word but for what waits for a person.
func (c *call) post() error {
	col, err := c.target()
	if err != nil {
		return err
	}
	body, err := c.body()
	if err != nil {
		return err
	}
	t := terms(col)
	g, err := c.Intel.Gather(t, bytes.NewReader(body))
	if err != nil {
		return err
	}
	var p intel.Post
	err = c.write(func(tx *db.Tx) (err error) {
		p, err = c.Intel.Post(tx, intel.NewBatch{Via: "taxii", Name: "TAXII: " + col.title, Format: intel.FormatSTIX, Terms: t, Size: int64(len(body))}, g)
		return err
	})
	if err != nil {
		return err
	}
	if err := c.answer(statusOf(p)); err != nil {
		return err
	}
	c.out.status, c.out.plain = http.StatusAccepted, true
	return nil
}

// target finds the collection of a request that changes something.
func (c *call) target() (col collection, err error) {
	err = c.DB.Read(c.r.Context(), c.who, func(v *db.View) (err error) {
		c.view = v
		defer func() { c.view = nil }()
		col, err = c.collection()
		return err
	})
	if err == nil && !col.takes {
		err = errReadOnly
	}
	return col, err
}

// body reads what is posted.
func (c *call) body() ([]byte, error) {
	h := c.r.Header
	if types := h["Content-Type"]; len(types) != 1 || !taxii.ContentOK(types[0]) {
		return nil, errMedia
	}
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, errMedia
	}
	if c.r.ContentLength > intel.MaxPosted {
		return nil, errTooLarge
	}
	// Not every connection can bound it; then the server's own limits hold.
	_ = http.NewResponseController(c.w).SetReadDeadline(clock.System().Now().Add(readTime))
	body, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, intel.MaxPosted))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errSlow
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "The request ended before it was complete. Nothing was changed."}
	}
	return body, nil
}

// status is what became of a post (§4.3).
func (c *call) status() error {
	p, err := c.Intel.Posted(c.view, c.r.PathValue("status"))
	if err != nil {
		return err
	}
	return c.answer(statusOf(p))
}

func statusOf(p intel.Post) taxii.Status {
	s := taxii.Status{ID: p.ID, Status: taxii.Complete, RequestTimestamp: taxii.Time{Time: p.At}, TotalCount: len(p.Outcomes)}
	for _, o := range p.Outcomes {
		d := taxii.StatusDetail{ID: o.ID, Version: o.Version, Message: o.Reason}
		if d.Version == "" { // of what has none, when it came (§4.3.2)
			d.Version = taxii.FormatTime(p.At)
		}
		if d.ID == "" {
			d.ID = "unknown"
		}
		switch o.Kind {
		case intel.WasHeld:
			s.Pendings = append(s.Pendings, d)
		case intel.WasRefused:
			s.Failures = append(s.Failures, d)
		default:
			s.Successes = append(s.Successes, d)
		}
	}
	s.SuccessCount, s.FailureCount, s.PendingCount = len(s.Successes), len(s.Failures), len(s.Pendings)
	if s.PendingCount > 0 {
		s.Status = taxii.Pending
	}
	return s
}

// remove deletes what the asker's organization brought of an object (§5.7): all
// versions, or those that match[version] names.
func (c *call) remove() error {
	if _, err := c.target(); err != nil {
		return err
	}
	return c.deleted(c.write(func(tx *db.Tx) error {
		c.view = tx.View
		defer func() { c.view = nil }()
		f, r, ok, err := c.one(taxii.DeleteFields)
		if err != nil {
			return err
		}
		if !ok {
			return fault.ErrMissing
		}
		if v := f.Versions; v.All || v.LastOnly() && !v.Last {
			return c.Intel.Delete(tx, r.IDs[0], time.Time{})
		}
		r.Limit, r.Next, r.After = intel.MaxPage, "", time.Time{}
		es, _, err := c.Intel.List(tx.View, r)
		if err == nil && len(es) == 0 {
			err = fault.ErrMissing
		}
		for _, e := range es {
			if err == nil {
				err = c.Intel.Delete(tx, e.ID, e.Version)
			}
		}
		return err
	}))
}

func (c *call) deleted(err error) error {
	if err != nil {
		return err
	}
	c.out = &answer{status: http.StatusOK, body: []byte("{}"), plain: true}
	return nil
}
