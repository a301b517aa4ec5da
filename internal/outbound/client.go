package outbound

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

// Options of a client. The zero value is the strictest, with every default.
type Options struct {
	// AllowPrivate lists networks of the operator's that may be called though
	// they are not public, at any port. A cloud's metadata addresses count only
	// when listed alone (/32, /128).
	AllowPrivate []netip.Prefix
	// AllowPlain allows http.
	AllowPlain bool
	// Timeout is for all until the answer's header is there: sending the
	// request's body and redirects included; default 30 s.
	Timeout time.Duration
	// Idle is for how long a body may stand still; default 15 s.
	Idle time.Duration
	// BodyTime is for reading a whole body, not counting the time in which
	// the caller works on it; default 10 min.
	BodyTime time.Duration
	// MinRate is the least pace of a body in bytes a second, after a start of
	// 10 s; default 1,024.
	MinRate int64
	// MaxBody is for a body in bytes, packed and unpacked; default 32 MiB.
	MaxBody int64
	// MaxHeader is for the answer's header in bytes; default 64 KiB.
	MaxHeader int64
	// UserAgent names the program; default "cordon".
	UserAgent string
	// TLS holds client certificates and roots. Verification cannot be turned off.
	TLS *tls.Config
	// Pins are fingerprints (see [Fingerprint]) of which one must be met; none
	// for no pinning.
	Pins []string
	// Resolver finds addresses; default the machine's.
	Resolver Resolver
	// Clock measures the body's pace; default the machine's.
	Clock clock.Clock
}

// Client calls out under its options. It is safe for concurrent use.
type Client struct {
	o         Options
	private   []netip.Prefix
	plain     bool
	personal  bool // it shows a client certificate or expects a pinned key
	resolver  Resolver
	transport *http.Transport
}

// maxRedirects is how many are followed.
const maxRedirects = 3

// New makes a client.
func New(o Options) *Client {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	set(&o.Timeout, 30*time.Second)
	set(&o.Idle, 15*time.Second)
	set(&o.BodyTime, 10*time.Minute)
	if o.MinRate <= 0 {
		o.MinRate = 1024
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 32 << 20
	}
	if o.MaxHeader <= 0 {
		o.MaxHeader = 64 << 10
	}
	if o.UserAgent == "" {
		o.UserAgent = "cordon"
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	c := &Client{o: o, plain: o.AllowPlain, resolver: o.Resolver}
	for _, p := range o.AllowPrivate {
		if p.IsValid() {
			c.private = append(c.private, p.Masked())
		}
	}
	cfg := tlsConfig(o.TLS, o.Pins)
	c.personal = len(cfg.Certificates) > 0 || cfg.GetClientCertificate != nil || len(o.Pins) > 0
	c.transport = &http.Transport{
		Proxy:                  nil, // one from the environment would resolve names itself
		DialContext:            c.dial,
		TLSClientConfig:        cfg,
		TLSHandshakeTimeout:    10 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // the body's reader unpacks, within limits
		MaxResponseHeaderBytes: o.MaxHeader,
		ExpectContinueTimeout:  time.Second,
		MaxIdleConnsPerHost:    2,
		MaxConnsPerHost:        8,
		IdleConnTimeout:        90 * time.Second,
	}
	return c
}

// CloseIdle closes connections that nobody uses.
func (c *Client) CloseIdle() { c.transport.CloseIdleConnections() }

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete}

// Do calls out. Errors are [*Error]. The answer's body must be closed; it is
// unpacked and under the client's limits, and reading it gives an [*Error] too.
// The answer's TLS and Request tell of the connection and where redirects led.
//
// The request's context stops both the call and the reading.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	if err := c.checkRequest(req); err != nil {
		if req.Body != nil {
			_ = req.Body.Close() // as http.Client does; the error is the refusal
		}
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(c.o.Timeout, func() { cancel(errHeaderTime) })
	r := c.prepare(ctx, req)
	for hop := 0; ; hop++ {
		resp, err := c.transport.RoundTrip(r)
		if err != nil {
			timer.Stop()
			err = classify(ctx, err)
			cancel(nil)
			return nil, err
		}
		if !redirects(resp.StatusCode) {
			timer.Stop()
			if err := c.wrap(ctx, cancel, resp); err != nil {
				_ = resp.Body.Close() // the refusal matters
				cancel(nil)
				return nil, err
			}
			return resp, nil
		}
		next, err := c.follow(r, resp, hop)
		_ = resp.Body.Close() // its text says nothing that is used
		if err != nil {
			timer.Stop()
			cancel(nil)
			return nil, err
		}
		r = next
	}
}

func redirects(status int) bool {
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308
}

func (c *Client) checkRequest(req *http.Request) error {
	switch {
	case req.URL == nil || !slices.Contains(methods, req.Method) && req.Method != "":
		return refused("the method is not one that is used here")
	case req.Host != "" && !strings.EqualFold(req.Host, req.URL.Host):
		return refused("the host named in the header is not the address's")
	}
	return c.checkURL(req.URL)
}

// prepare copies a request and sets what the client decides.
func (c *Client) prepare(ctx context.Context, req *http.Request) *http.Request {
	r := req.Clone(ctx)
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	for _, name := range []string{"Connection", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Cookie", "Host"} {
		r.Header.Del(name)
	}
	r.Host = ""
	r.URL.Fragment, r.URL.RawFragment = "", ""
	r.Header.Set("User-Agent", c.o.UserAgent)
	r.Header.Set("Accept-Encoding", "gzip")
	return r
}

// carried are the header fields that may go to another origin.
var carried = []string{"Accept", "Accept-Language", "Accept-Encoding", "User-Agent", "If-None-Match", "If-Modified-Since"}

// follow makes the request that a redirect asks for, or says why not.
func (c *Client) follow(r *http.Request, resp *http.Response, hop int) (*http.Request, error) {
	no := func(detail string, err error) (*http.Request, error) { return nil, fail(Redirected, detail, err) }
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return no("a "+r.Method+" is not sent elsewhere", nil)
	}
	if hop == maxRedirects {
		return no("there are too many redirects", nil)
	}
	where := resp.Header.Get("Location")
	if where == "" || len(where) > 4096 || strings.ContainsFunc(where, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }) {
		return no("the redirect names no address", nil)
	}
	u, err := r.URL.Parse(where)
	if err != nil {
		return no("the redirect names no address", err)
	}
	if err := c.checkURL(u); err != nil {
		return no("the redirect's address is refused", err)
	}
	if r.URL.Scheme == "https" && u.Scheme != "https" {
		return no("the redirect leads from https to http", nil)
	}
	next := r.Clone(r.Context())
	next.URL = u
	u.Fragment, u.RawFragment = "", ""
	if !sameOrigin(r.URL, u) {
		if c.personal {
			return no("the redirect leads to another origin, and the client shows a certificate or expects a pinned key", nil)
		}
		next.Header = http.Header{}
		for _, name := range carried {
			if v := r.Header.Values(name); len(v) > 0 {
				next.Header[name] = slices.Clone(v)
			}
		}
	}
	return next, nil
}

func sameOrigin(a, b *url.URL) bool {
	hostA, portA, _ := target(a)
	hostB, portB, _ := target(b)
	return a.Scheme == b.Scheme && hostA == hostB && portA == portB
}
