package taxii

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/fault"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// asker is who asks.
type asker struct {
	who    policy.Viewer
	token  members.APIToken  // zero when nobody is known to ask
	reader string            // of pages that are kept: one for each person and set of principals
	secret [sha256.Size]byte // the key under which it is remembered
}

// identify finds who asks: by a token, as Bearer or as the password of HTTP Basic,
// or by a client certificate. A token that is not valid is refused even where nobody
// needs one, so that a program learns of it. There are no cookies here, so a page
// elsewhere can do nothing in a member's name.
func (c *call) identify(v *db.View) error {
	c.asker = asker{who: policy.Anonymous(), reader: "public"}
	given := c.r.Header["Authorization"]
	cert := keyOf(c.r)
	switch {
	case len(given) > 1:
		return errToken
	case len(given) == 1:
		token := httpkit.Bearer(c.r)
		if token == "" {
			_, token, _ = c.r.BasicAuth()
		}
		return c.authenticate(v, "t"+token, func() (policy.Viewer, members.APIToken, error) {
			return c.Members.AuthenticateToken(v, strings.TrimSpace(token))
		})
	case cert != "":
		err := c.authenticate(v, "c"+cert, func() (policy.Viewer, members.APIToken, error) {
			return c.Members.AuthenticateCertificate(v, cert)
		})
		if err == errToken && c.line.access == httpkit.Open {
			return nil // programs show their certificate to everybody
		}
		return err
	}
	return nil
}

// keyOf is the SHA-256 of the key of the client certificate that was shown on this
// connection, in hexadecimal; "" if none was. The handshake proved that the key is
// held. A certificate that a proxy in front tells of proves nothing, so headers play
// no part.
func keyOf(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	sum := sha256.Sum256(r.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// authenticate finds an asker by a secret, or remembers him.
func (c *call) authenticate(v *db.View, secret string, find func() (policy.Viewer, members.APIToken, error)) error {
	version, ok, err := v.AccessVersion()
	if err != nil {
		return err
	}
	key := sha256.Sum256([]byte(secret))
	if ok {
		if a, found := c.askers.get(key, version, v.Now()); found {
			c.asker = a
			return nil
		}
	}
	who, token, err := find()
	if fault.Is(err, fault.Forbidden) {
		return errToken
	}
	if err != nil {
		return err
	}
	c.asker = asker{who: who, token: token, reader: who.Actor() + " " + who.Principals().ID(), secret: key}
	if ok {
		c.askers.put(key, remembered{c.asker, version, v.Now()})
	}
	return nil
}

// Askers are remembered so that a page that is kept costs no look-up of its reader's
// rights, and HTTP Basic no more than Bearer. What is remembered holds while nobody's
// rights have changed, which every request looks up, and for a second at most, because
// a place on a roster may end by itself.
const (
	rememberFor  = time.Second
	rememberMost = 4096
)

type remembered struct {
	asker
	version int64
	at      time.Time
}

type askers struct {
	mu   sync.Mutex
	kept map[[sha256.Size]byte]remembered
}

func (a *askers) get(key [sha256.Size]byte, version int64, now time.Time) (asker, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.kept[key]
	ok = ok && r.version == version && !now.Before(r.at) && now.Sub(r.at) < rememberFor && r.token.Expires.After(now)
	return r.asker, ok
}

func (a *askers) put(key [sha256.Size]byte, r remembered) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil || len(a.kept) >= rememberMost {
		a.kept = map[[sha256.Size]byte]remembered{}
	}
	a.kept[key] = r
}

func (a *askers) forget(key [sha256.Size]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.kept, key)
}
