package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/cordon-isao/cordon/internal/clock"
	"github.com/cordon-isao/cordon/internal/db"
	"github.com/cordon-isao/cordon/internal/httpkit"
	"github.com/cordon-isao/cordon/members"
	"github.com/cordon-isao/cordon/policy"
)

// serveCmd runs a community.
type serveCmd struct {
	Config
	File string `name:"config" help:"Configuration file (JSON) with the keys of these flags." placeholder:"FILE" type:"path"`
}

// Run serves until it is told to stop.
func (c *serveCmd) Run(ctx context.Context, out io.Writer) error {
	if err := c.Config.load(c.File); err != nil {
		return err
	}
	if err := c.check(); err != nil {
		return err
	}
	return serve(ctx, c.Config, out, clock.System(), nil)
}

// serve opens the house and its doors. prepare, if any, is called once the house
// stands and before the doors open; it gets the server's address.
func serve(ctx context.Context, c Config, out io.Writer, clk clock.Clock, prepare func(context.Context, *house, string) error) error {
	log := c.logger()
	unlock, err := lockData(c.Data)
	if err != nil {
		return err
	}
	defer unlock()
	ln, err := net.Listen("tcp", c.Addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer ln.Close()
	origin := c.origin(ln.Addr())
	secure := strings.HasPrefix(origin, "https://") // TLS here, or in a proxy on this machine
	private, err := c.private()
	if err != nil {
		return err
	}
	mails, err := c.mails()
	if err != nil {
		return err
	}
	h, err := build(ctx, plan{Mails: mails, Data: c.Data, Database: c.Database, Origin: origin, TLS: secure, Demo: prepare != nil, Private: private, Mirrors: c.Mirrors, Clock: clk, Log: log})
	if err != nil {
		return err
	}
	defer h.close()
	if prepare != nil {
		if err := prepare(ctx, h, "http://"+ln.Addr().String()); err != nil {
			return err
		}
	} else if err := h.welcome(ctx, out, origin); err != nil {
		return err
	}
	h.start(ctx)

	srv := &http.Server{
		Handler:           h.doors(origin, secure, ln.Addr()),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          quiet(log),
	}
	admin, err := h.listenAdmin(filepath.Join(c.Data, "admin.sock"))
	if err != nil {
		return err
	}
	defer admin.Close()
	if c.Management != "" {
		m, err := h.listenManagement(c.Management)
		if err != nil {
			return err
		}
		defer m.Close()
	}
	conf, err := c.tlsConfig()
	if err != nil {
		return err
	}
	if c.CertAddr != "" {
		certs, err := c.listenCertificates(h, origin, conf)
		if err != nil {
			return err
		}
		defer certs.Close()
	}
	failed := make(chan error, 1)
	go func() { failed <- listenOn(srv, ln, conf) }()
	select {
	case <-ctx.Done():
	case <-h.db.Failed():
		// The disk refused what it was told to keep. Ending is the only honest
		// thing: recovery at the next start finds what was really saved.
		err = errors.New("the storage failed; nothing after that was acknowledged. Check the disk and start again")
	case err = <-failed:
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
	}
	h.hub.Stop()
	down, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if e := srv.Shutdown(down); e != nil {
		srv.Close()
	}
	return err
}

// tlsConfig is how this program ends TLS itself; nil if it does not.
func (c *Config) tlsConfig() (*tls.Config, error) {
	switch {
	case len(c.ACME) > 0:
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(c.ACME...), Cache: autocert.DirCache(filepath.Join(c.Data, "keys", "acme"))}
		if c.ACMEServer != "" {
			m.Client = &acme.Client{DirectoryURL: c.ACMEServer}
		}
		t := m.TLSConfig()
		t.MinVersion = tls.VersionTLS13
		return t, nil
	case c.TLSCert != "":
		cert, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("read the certificate: %w", err)
		}
		return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}}, nil
	}
	return nil, nil
}

func listenOn(srv *http.Server, ln net.Listener, t *tls.Config) error {
	if t == nil {
		return srv.Serve(ln)
	}
	srv.TLSConfig = t
	return srv.ServeTLS(ln, "", "")
}

// listenCertificates opens the listener for programs that identify themselves by a
// client certificate. It is apart because a browser that is asked for one asks its
// user. Any certificate is taken: what counts is that its key is held, and for which
// token it stands (members.BindCertificate).
func (c *Config) listenCertificates(h *house, origin string, t *tls.Config) (*http.Server, error) {
	ln, err := net.Listen("tcp", c.CertAddr)
	if err != nil {
		return nil, fmt.Errorf("listen for programs with certificates: %w", err)
	}
	t = t.Clone()
	t.ClientAuth = tls.RequestClientCert
	mux := http.NewServeMux()
	for _, r := range h.taxii.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/", h.taxii.NotFound())
	names := hosts(origin, ln.Addr())
	if u, err := url.Parse(origin); err == nil {
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		names = append(names, net.JoinHostPort(u.Hostname(), port))
	}
	srv := &http.Server{
		Handler:           h.shared(mux, names, true),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          quiet(h.log),
	}
	go listenOn(srv, ln, t)
	return srv, nil
}

// doors joins the route tables under what they share. Pages and API are one
// origin; cross-site forms are refused by Sec-Fetch-Site and Origin.
func (h *house) doors(origin string, secure bool, addr net.Addr) http.Handler {
	mux := http.NewServeMux()
	for _, r := range h.routes() {
		mux.Handle(r.Method+" "+r.Path, r.Handler)
	}
	mux.Handle("/taxii2/", h.taxii.NotFound())
	mux.Handle("/", h.web.NotFound())
	return h.shared(mux, hosts(origin, addr), secure)
}

// shared is what every door has around it.
func (h *house) shared(mux *http.ServeMux, names []string, secure bool) http.Handler {
	var handler http.Handler = http.NewCrossOriginProtection().Handler(mux)
	handler = httpkit.Hosts(handler, names)
	handler = h.count(mux, handler)
	handler = httpkit.Recover(handler, h.log)
	handler = httpkit.Limit(handler, clock.System())
	return httpkit.Headers(handler, secure)
}

// routes is every route of every door.
func (h *house) routes() []httpkit.Route {
	return slices.Concat(h.web.Routes(), h.api.Routes(), h.taxii.Routes(), h.misp.Routes(), h.sbom.Routes(), h.atom.Routes())
}

// hosts are the names by which this server answers: a page opened under another
// name (DNS rebinding) gets nothing.
func hosts(origin string, addr net.Addr) []string {
	u, err := url.Parse(origin)
	if err != nil {
		return nil
	}
	names := []string{u.Host}
	if loopback(addr.String()) {
		_, port, _ := net.SplitHostPort(addr.String())
		names = append(names, "localhost:"+port, "127.0.0.1:"+port, "[::1]:"+port)
	}
	return names
}

// welcome tells how to begin: on an empty store a one-time link for the first
// operator.
func (h *house) welcome(ctx context.Context, out io.Writer, origin string) error {
	var founded bool
	err := h.db.Read(ctx, policy.System("welcome"), func(v *db.View) (err error) {
		founded, err = h.members.Founded(v)
		return err
	})
	if err != nil {
		return err
	}
	if !founded {
		var link members.Link
		err := h.db.Write(ctx, policy.System("welcome"), func(tx *db.Tx) (err error) {
			link, err = h.members.FirstOperatorLink(tx)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "This is a new community. Open this link once, before %s, to name it and become its first operator:\n\n  %s/first-run/%s\n\n",
			link.Expires.Format("2 Jan 2006 15:04 UTC"), origin, link.Secret)
	}
	fmt.Fprintf(out, "Cordon is open at %s\nEvidence packs of this community are verified with the key\n  %s\n", origin, h.ledger.Public())
	return nil
}

// lockData makes sure that one program owns a data folder.
func lockData(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := flock(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("the data folder %s is in use by another cordon; stop that one first", strings.TrimSuffix(dir, "/"))
	}
	return func() { f.Close() }, nil
}
