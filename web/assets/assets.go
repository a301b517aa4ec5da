// Package assets holds what browsers load beside the pages: one style sheet,
// one script, the fonts and the icon, all inside the binary.
//
// Every file is served under a name that carries a hash of its bytes, so that
// browsers may keep it for ever and a new program is never shown with an old
// script. Nothing here depends on who asks; nothing here is confidential.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

//go:embed app.css pictures.css intake.css intel.css device.css exposure.css alert.css app.js drop.js icon.svg fonts/*.woff2 fonts/*.txt
var files embed.FS

// prefix is where [Handler] must be mounted.
const prefix = "/assets/"

// types are the media types of all that is served, by extension. There is no
// sniffing and no fallback: a file of another kind stops the program at start.
var types = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".woff2": "font/woff2",
	".txt":   "text/plain; charset=utf-8",
}

// A file is one asset, ready to be written.
type file struct {
	mediaType string
	plain     []byte
	packed    []byte // gzip; nil where it saves nothing
}

// A catalogue is every asset, by its hashed path, and the hashed path of each name.
type catalogue struct {
	byPath map[string]file
	byName map[string]string
}

// load reads, links and packs the embedded files once, at first use.
var load = sync.OnceValue(func() catalogue {
	c := catalogue{map[string]file{}, map[string]string{}}
	// Fonts come before the style sheet, which names them by their hashes.
	for _, name := range []string{
		"fonts/public-sans.woff2", "fonts/public-sans-italic.woff2",
		"fonts/plex-mono.woff2", "fonts/plex-mono-600.woff2",
		"fonts/public-sans.OFL.txt", "fonts/ibm-plex-mono.OFL.txt",
		"icon.svg", "app.js", "drop.js", "app.css",
	} {
		c.add(name)
	}
	return c
})

var cssURL = regexp.MustCompile(`url\("([^"]+)"\)`)

// add puts the embedded file name into the catalogue.
func (c *catalogue) add(name string) {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(err) // cannot happen: the names are those embedded
	}
	ext := path.Ext(name)
	if ext == ".css" {
		// One style sheet is served: what pictures, intake, intelligence, devices and
		// alerts need follows in the same layers.
		for _, part := range []string{"pictures.css", "intake.css", "intel.css", "device.css", "exposure.css", "alert.css"} {
			more, err := files.ReadFile(part)
			if err != nil {
				panic(err) // cannot happen, as above
			}
			data = append(data, more...)
		}
		data = cssURL.ReplaceAllFunc(data, func(m []byte) []byte {
			return fmt.Appendf(nil, `url("%s")`, c.byName[string(cssURL.FindSubmatch(m)[1])])
		})
	}
	mediaType, ok := types[ext]
	if !ok {
		panic("assets: no media type for " + name)
	}
	sum := sha256.Sum256(data)
	stem := strings.TrimSuffix(path.Base(name), ext)
	hashed := prefix + stem + "." + hex.EncodeToString(sum[:8]) + ext
	f := file{mediaType: mediaType, plain: data}
	if ext != ".woff2" {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		w.Write(data)
		w.Close()
		if b.Len() < len(data) {
			f.packed = b.Bytes()
		}
	}
	c.byPath[hashed], c.byName[name] = f, hashed
}

// Path returns the hashed address of an asset, such as
// "/assets/app.3f9c….css" for "app.css". It panics on a name that is not
// embedded: names are constants of the program.
func Path(name string) string {
	p, ok := load().byName[name]
	if !ok {
		panic("assets: there is no " + name)
	}
	return p
}

// Handler serves all assets. Mount it at "GET /assets/". An unknown name, or
// an old hash, is answered with 404 and may not be kept.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := load().byPath[r.URL.Path]
		if !ok {
			w.Header().Set("Cache-Control", "no-store")
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.mediaType)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		body := f.plain
		if f.packed != nil {
			h.Set("Vary", "Accept-Encoding")
			if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				h.Set("Content-Encoding", "gzip")
				body = f.packed
			}
		}
		h.Set("Content-Length", fmt.Sprint(len(body)))
		if r.Method != http.MethodHead {
			w.Write(body)
		}
	})
}
