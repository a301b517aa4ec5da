package httpkit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// Token is the API token of a request in any of the forms that programs use: as
// Bearer, as the password of HTTP Basic, or bare, as MISP's are sent. given says
// that there was an Authorization header at all; more than one is no token.
func Token(r *http.Request) (token string, given bool) {
	headers := r.Header.Values("Authorization")
	if len(headers) != 1 {
		return "", len(headers) > 0
	}
	if t := Bearer(r); t != "" {
		return t, true
	}
	if _, password, ok := r.BasicAuth(); ok {
		return strings.TrimSpace(password), true
	}
	if bare := strings.TrimSpace(headers[0]); !strings.Contains(bare, " ") {
		return bare, true
	}
	return "", true
}

// Tag is an answer's entity tag for one reader. It is keyed, so that equal tags of
// two readers tell nobody that their answers are the same (T-01).
func Tag(key [32]byte, reader string, body []byte) string {
	h := hmac.New(sha256.New, key[:])
	h.Write([]byte(reader))
	h.Write([]byte{0})
	h.Write(body)
	return `"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18]) + `"`
}

// Unchanged reports whether a request names the tag as the one that it has.
func Unchanged(r *http.Request, tag string) bool {
	for _, header := range r.Header.Values("If-None-Match") {
		for t := range strings.SplitSeq(header, ",") {
			if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
				return true
			}
		}
	}
	return false
}
