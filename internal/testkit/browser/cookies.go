package browser

import (
	"net/http"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Cookies returns every cookie of the tab's window, with all attributes.
func (t *Tab) Cookies() []*http.Cookie {
	t.t.Helper()
	r, err := chromedp.CallBrowser(t.ctx, storage.GetCookies, storage.GetCookiesParams{
		BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID,
	})
	if err != nil {
		t.t.Fatalf("read the cookies: %v", err)
	}
	var out []*http.Cookie
	for _, c := range r.Cookies {
		h := &http.Cookie{
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
			HttpOnly: c.HTTPOnly, Secure: c.Secure, SameSite: http.SameSiteDefaultMode,
		}
		switch c.SameSite {
		case network.CookieSameSiteStrict:
			h.SameSite = http.SameSiteStrictMode
		case network.CookieSameSiteLax:
			h.SameSite = http.SameSiteLaxMode
		case network.CookieSameSiteNone:
			h.SameSite = http.SameSiteNoneMode
		}
		if !c.Session {
			h.Expires = time.Unix(int64(c.Expires), 0).UTC()
		}
		out = append(out, h)
	}
	return out
}

// SetCookie puts a cookie into the tab's window as if the address had set it.
// An empty domain and path are derived from the address.
func (t *Tab) SetCookie(url string, c *http.Cookie) {
	t.t.Helper()
	p := network.SetCookieParams{
		URL: url, Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
		Secure: &c.Secure, HTTPOnly: &c.HttpOnly,
	}
	switch c.SameSite {
	case http.SameSiteStrictMode:
		p.SameSite = network.CookieSameSiteStrict
	case http.SameSiteLaxMode:
		p.SameSite = network.CookieSameSiteLax
	case http.SameSiteNoneMode:
		p.SameSite = network.CookieSameSiteNone
	}
	if !c.Expires.IsZero() {
		p.Expires = cdp.TimeSinceEpoch(c.Expires.Unix())
	}
	call(t, network.SetCookie, p)
}

// ClearCookies forgets every cookie of the tab's window.
func (t *Tab) ClearCookies() {
	t.t.Helper()
	_, err := chromedp.CallBrowser(t.ctx, storage.ClearCookies, storage.ClearCookiesParams{
		BrowserContextID: chromedp.FromContext(t.ctx).BrowserContextID,
	})
	if err != nil {
		t.t.Fatalf("clear the cookies: %v", err)
	}
}
