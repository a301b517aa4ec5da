package web

import (
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/cordon-isao/cordon/forum"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
)

// inert sets the headers of something that a browser must save and never show
// or run, whatever is in it.
func inert(h http.Header, name string) {
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
}

// fileGet hands out an attachment, inert.
func (c *Ctx) fileGet() error {
	return c.file(c.Forum.OpenFile, func(f forum.File) { inert(c.W.Header(), f.Name) }, "document", "empty")
}

// filePreview shows the picture that was made anew from an image's pixels.
func (c *Ctx) filePreview() error {
	return c.file(c.Forum.OpenPreview, func(forum.File) {
		h := c.W.Header()
		h.Set("Content-Type", "image/png")
		h.Set("Content-Disposition", "inline")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	}, "image", "document", "empty")
}

// file finds and sends a file. A browser says what it wants it for; nothing but
// the given uses is served, so that a file can be no script, style or frame even
// if a header were lost.
func (c *Ctx) file(open func(*db.View, string) (forum.File, io.ReadSeekCloser, error), head func(forum.File), uses ...string) error {
	if !wanted(c.R, uses) {
		return fault.ErrMissing
	}
	var f forum.File
	var r io.ReadSeekCloser
	var hidden bool
	err := c.read(func(v *db.View) (err error) {
		if f, r, err = open(v, c.R.PathValue("file")); err != nil {
			return err
		}
		shut, err := c.Members.NeedsSecondPasskey(v)
		hidden = gate{shut}.hides(f.Label) && f.Post != ""
		return err
	})
	if r != nil {
		defer r.Close()
	}
	if err != nil {
		return err
	}
	if hidden {
		return c.again(nil, func(int) error { return c.secondPasskey() })
	}
	head(f)
	size, err := r.Seek(0, io.SeekEnd) // a preview has its own size
	if err == nil {
		_, err = r.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	c.W.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	c.W.WriteHeader(http.StatusOK)
	if _, err := io.Copy(c.W, r); err != nil && c.R.Context().Err() == nil {
		c.Log.Error("a file broke off", "err", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

// wanted reports whether the browser's Sec-Fetch headers, if it sends them, say
// a same-site use among those given.
func wanted(r *http.Request, uses []string) bool {
	dest, site := r.Header.Get("Sec-Fetch-Dest"), r.Header.Get("Sec-Fetch-Site")
	if dest == "" && site == "" {
		return true // a program, or an old browser: the other headers hold
	}
	if site != "same-origin" && site != "none" {
		return false
	}
	for _, u := range uses {
		if dest == u {
			return true
		}
	}
	return false
}
