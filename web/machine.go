package web

import (
	"net/http"
	"strings"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/policy"
)

// healthz says that the server answers, and nothing about what it holds.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	select {
	case <-s.DB.Failed():
		w.WriteHeader(http.StatusServiceUnavailable)
		w.Write([]byte("the storage failed\n"))
	default:
		w.Write([]byte("ok\n"))
	}
}

// ledgerCheckpoint serves the newest published checkpoint (C2SP tlog-checkpoint).
// Its size is a multiple of ledger.Pad, so it does not tell how much goes on.
func (s *Server) ledgerCheckpoint(w http.ResponseWriter, r *http.Request) {
	s.monitor(w, r, "text/plain; charset=utf-8", func(v *db.View) ([]byte, error) {
		c, err := s.Ledger.Checkpoint(v)
		if err == nil && c.Size == 0 {
			err = fault.ErrMissing
		}
		return []byte(c.Note), err
	})
}

// ledgerTile serves C2SP tiles: hashes and leaves, which are salted commitments
// of equal size and tell nothing to who does not hold the salt.
func (s *Server) ledgerTile(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/ledger/")
	s.monitor(w, r, "application/octet-stream", func(v *db.View) ([]byte, error) { return s.Ledger.Tile(v, path) })
}

// ledgerKey serves the key with which checkpoints are signed, to be pinned.
func (s *Server) ledgerKey(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(s.Ledger.Public() + "\n"))
}

// monitor answers anyone's monitor of the ledger. The tree is public by design;
// its leaves are read by the ledger's own system view.
func (s *Server) monitor(w http.ResponseWriter, r *http.Request, kind string, read func(*db.View) ([]byte, error)) {
	var body []byte
	err := s.DB.Read(r.Context(), policy.System("ledger"), func(v *db.View) (err error) {
		body, err = read(v)
		return err
	})
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			s.Log.Error("answer a monitor", "err", err)
		}
		httpkit.WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Write(body)
}

// liveStream is the one stream of a page: everything that changed and that the
// reader may know, as frames without content.
func (c *Ctx) liveStream() error {
	cursor := c.R.Header.Get("Last-Event-ID")
	if cursor == "" {
		cursor = c.R.URL.Query().Get("cursor")
	}
	return c.Live.Serve(c.W, c.R, c.Viewer, cursor)
}
