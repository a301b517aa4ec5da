package web

import (
	"net/http"

	"github.com/cordon-isao/cordon/web/ui"
)

// flashes are the sentences a page may greet with after a form; the address
// carries only the key, so nobody can put words into our mouth by a link.
var flashes = map[string]ui.Flash{}

// Greeting adds a sentence and returns its key. It is called at package level,
// beside the action it belongs to.
func greeting(key, kind, text string) string {
	flashes[key] = ui.Flash{Kind: kind, Text: text}
	return key
}

// flash is the greeting the address asks for, if it is one of ours.
func (c *Ctx) flash() *ui.Flash {
	if f, ok := flashes[c.R.URL.Query().Get("done")]; ok {
		return &f
	}
	return nil
}

// setCookie keeps a session in the browser. SameSite=Lax and the check of
// Sec-Fetch-Site (http.CrossOriginProtection) keep other sites' forms out.
func (c *Ctx) setCookie(token string, maxAge int) {
	http.SetCookie(c.W, &http.Cookie{Name: c.cookieName(), Value: token, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: c.TLS, SameSite: http.SameSiteLaxMode})
}
