package taxii

import (
	"net/http"
	"strings"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
)

// call is one request.
type call struct {
	*Server
	r    *http.Request
	w    http.ResponseWriter // to limit what is read of the request; answers go through send
	line line
	asker
	view *db.View // of a resource that is read: the snapshot in which its asker was found
	out  *answer
}

// handler makes a resource's handler. What is read is read in one snapshot, in
// which its asker is found too; what acts opens transactions of its own, in which
// the asker's rights are read again. Nothing is sent before a snapshot is closed.
func (s *Server) handler(l line) http.Handler {
	acts := l.method != http.MethodGet
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{Server: s, r: r, w: w, line: l}
		err := s.DB.Read(r.Context(), policy.Anonymous(), func(v *db.View) error {
			if err := c.identify(v); err != nil {
				return err
			}
			if err := c.admit(); err != nil {
				return err
			}
			if err := c.accepts(); err != nil || acts {
				return err
			}
			c.view = v.As(c.who)
			defer func() { c.view = nil }()
			return l.serve(c)
		})
		if err == nil && acts {
			err = l.serve(c)
		}
		if err != nil {
			c.fail(w, err)
			return
		}
		c.send(w)
		c.touch()
	})
}

// accepts applies the Accept header (§1.6.8).
func (c *call) accepts() error {
	all := c.r.Header["Accept"]
	if len(all) == 1 && all[0] == taxii.MediaType || taxii.Accepts(strings.Join(all, ",")) {
		return nil
	}
	return errAccept
}

// admit applies the resource's line in the table.
func (c *call) admit() error {
	l := c.line
	switch {
	case l.access == httpkit.Member && !c.who.SignedIn():
		return errAnonymous
	case l.root == public:
		// Whoever asks, the public root shows what the public may see.
		c.asker = asker{who: policy.Anonymous(), reader: "public"}
	case l.method == http.MethodGet && !c.who.HasScope(policy.ScopeRead):
		return errRead
	case l.right != "" && !c.who.May(l.right):
		return errWrite
	}
	return nil
}

// write opens a transaction in the asker's name.
func (c *call) write(fn func(tx *db.Tx) error) error {
	return c.DB.Write(c.r.Context(), c.who, fn)
}

// touch notes the day on which a token is in use.
func (c *call) touch() {
	if c.token.ID == "" || !c.token.NeedsTouch(c.DB.Clock().Now()) {
		return
	}
	err := c.DB.Note(c.r.Context(), c.who, func(tx *db.Tx) error { return c.Members.TouchToken(tx, c.token.ID) })
	if err != nil && !fault.Is(err, fault.Forbidden) {
		c.Log.Warn("note that a token is in use", "err", err)
	}
	c.askers.forget(c.secret)
}
