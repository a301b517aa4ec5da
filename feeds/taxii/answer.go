package taxii

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/internal/seal"
)

// answer is what is sent once the snapshot it was read in is closed.
type answer struct {
	status      int    // 0 is 200
	body        []byte // JSON
	first, last string // when the first and the last of its objects came; "" if it has none
	plain       bool   // of a request that acts: no tag, nothing compressed
	page        *page  // of a page of objects: the body's other forms
}

// answer gathers a resource.
func (c *call) answer(resource any) error {
	body, err := taxii.Encode(resource)
	if c.out == nil {
		c.out = &answer{}
	}
	c.out.body = body
	return err
}

// dates notes when the first and the last entry of a page came (§3.2).
func (c *call) dates(first, last time.Time) {
	c.out = &answer{first: taxii.FormatTime(first), last: taxii.FormatTime(last)}
}

// Header names in the form in which they are kept, and values that are always the same.
const (
	addedFirst = "X-Taxii-Date-Added-First"
	addedLast  = "X-Taxii-Date-Added-Last"
)

var (
	mediaType = []string{taxii.MediaType}
	private   = []string{"private, no-cache"} // kept by the asker only, and asked for again each time
	varies    = []string{"Accept, Accept-Encoding, Authorization"}
)

// send writes the answer.
func (c *call) send(w http.ResponseWriter) {
	a, h := c.out, w.Header()
	h["Content-Type"] = mediaType
	if a.first != "" {
		h[addedFirst], h[addedLast] = []string{a.first}, []string{a.last}
	}
	if a.plain {
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
		w.WriteHeader(a.status)
		w.Write(a.body)
		return
	}
	h["Cache-Control"], h["Vary"] = private, varies
	p := a.page
	if p == nil {
		p = &page{body: a.body}
		p.tag = c.tags.tag(c.reader, a.body)
	}
	coding := negotiate(c.r.Header["Accept-Encoding"], len(p.body))
	h["Etag"] = []string{`"` + p.tag + string(coding) + `"`}
	if matches(c.r.Header["If-None-Match"], p.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := p.body
	if coding != identity {
		body = c.pages.compressed(p, coding)
		h["Content-Encoding"] = []string{coding.name()}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	if c.r.Method != http.MethodHead {
		w.Write(body)
	}
}

// matches reports whether one of the tags of an If-None-Match header is that of the
// answer in any coding (RFC 9110 §13.1.2: compared weakly).
func matches(headers []string, tag string) bool {
	for _, header := range headers {
		for t := range strings.SplitSeq(header, ",") {
			t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
			if t == "*" || len(t) >= len(tag)+2 && t[0] == '"' && t[1:1+len(tag)] == tag {
				return true
			}
		}
	}
	return false
}

// tagger makes entity tags: of one body one tag for each reader, which tells nothing
// of the body, of other readers or of what was changed elsewhere (T-01).
type tagger struct {
	sum cipher.AEAD
	mac [seal.KeySize]byte
}

func newTagger(box *seal.Box) tagger {
	key := box.Secret("taxii tag")
	block, err := aes.NewCipher(key[:])
	if err == nil {
		var gcm cipher.AEAD
		if gcm, err = cipher.NewGCM(block); err == nil {
			return tagger{gcm, box.Secret("taxii tag mac")}
		}
	}
	panic("taxii: AES-256-GCM refused a 32-byte key: " + err.Error())
}

// tag is the body's GMAC under one nonce, which is several times as fast as SHA-256
// and a keyed universal hash as long as its values stay secret; so they are hidden
// behind an HMAC, which binds them to the reader.
func (t tagger) tag(reader string, body []byte) string {
	var nonce [12]byte
	h := hmac.New(sha256.New, t.mac[:])
	h.Write(t.sum.Seal(nil, nonce[:], nil, body))
	h.Write([]byte(reader))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15])
}
