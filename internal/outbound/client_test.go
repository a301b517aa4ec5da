package outbound

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// trusting gives a client's options that trust a test server at 127.0.0.1.
func trusting(s *httptest.Server) Options {
	roots := x509.NewCertPool()
	if s.Certificate() != nil {
		roots.AddCert(s.Certificate())
	}
	return Options{AllowPrivate: loopback, TLS: &tls.Config{RootCAs: roots}, Resolver: names{"example.com": {"127.0.0.1"}, "other.example.com": {"127.0.0.1"}}}
}

func get(t *testing.T, c *Client, address string) (string, *http.Response, error) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return "", nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err := resp.Body.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	return string(text), resp, err
}

// wantKind checks the kind, and that the sentence tells nothing of inside.
func wantKind(t *testing.T, err error, kind Kind) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Errorf("the error is %v, not %s", err, kind)
		return
	}
	for _, word := range []string{"127.", "refused:", "dial", "EOF", "secret"} {
		if strings.Contains(e.Error(), word) && e.Reason == "" {
			t.Errorf("the sentence tells too much: %s", e)
		}
	}
}

func TestDo(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %q %s", r.Method, r.URL.Path, r.Host, r.UserAgent(), body, r.Header.Get("Cookie")+r.Header.Get("Proxy-Authorization"))
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	o := trusting(s)
	o.UserAgent = "cordon-test"
	c := New(o)
	defer c.CloseIdle()

	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	text, resp, err := get(t, c, "https://example.com"+port+"/x#part")
	if err != nil || text != `GET /x example.com`+port+` cordon-test "" ` {
		t.Errorf("%q, %v", text, err)
	}
	if resp.ProtoMajor != 2 || Fingerprint(*resp.TLS) == "" {
		t.Errorf("it came by HTTP/%d", resp.ProtoMajor)
	}
	req, _ := http.NewRequest(http.MethodPost, s.URL+"/post", strings.NewReader("hello"))
	req.Header.Set("Cookie", "a=b")
	req.Header.Set("Proxy-Authorization", "x")
	resp, err = c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if !strings.HasPrefix(string(data), "POST /post 127.0.0.1") || !strings.HasSuffix(string(data), `"hello" `) {
		t.Errorf("%q", data)
	}
	if req.Header.Get("Cookie") == "" {
		t.Error("the caller's request was changed")
	}

	// Without the operator's list the same listener is out of reach.
	o.AllowPrivate = nil
	_, _, err = get(t, New(o), s.URL)
	wantKind(t, err, Refused)
	_, _, err = get(t, New(o), "https://example.com"+port+"/")
	wantKind(t, err, Unreachable)

	for name, change := range map[string]func(*http.Request){
		"a method":             func(r *http.Request) { r.Method = "CONNECT" },
		"a host in the header": func(r *http.Request) { r.Host = "inner.example.com" },
	} {
		req, _ := http.NewRequest(http.MethodPost, s.URL, strings.NewReader("x"))
		change(req)
		if _, err := c.Do(req); err == nil {
			t.Errorf("%s is let through", name)
		} else {
			wantKind(t, err, Refused)
		}
	}
}

// http is called only where the operator allows it, and proxies never.
func TestPlainAndProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("ALL_PROXY", "http://127.0.0.1:1")
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	defer s.Close()
	_, _, err := get(t, New(trusting(s)), s.URL)
	wantKind(t, err, Refused)
	o := trusting(s)
	o.AllowPlain = true
	c := New(o)
	if text, _, err := get(t, c, s.URL); err != nil || text != "ok" {
		t.Errorf("%q, %v", text, err)
	}
	if c.transport.Proxy != nil { // net/http reads the environment once a process, and spares loopback: only this shows it
		t.Error("a proxy would be asked for")
	}
}

// rebinding answers first with one address, then with another.
type rebinding struct{ asked atomic.Int32 }

func (r *rebinding) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	if r.asked.Add(1) == 1 {
		return []netip.Addr{netip.MustParseAddr("127.0.0.2")}, nil
	}
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// T-48: a name is asked for once, and what was checked is what is dialed.
func TestRebinding(t *testing.T) {
	var hits atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) })) // at 127.0.0.1
	defer s.Close()
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	r := &rebinding{}
	c := New(Options{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}, AllowPlain: true, Resolver: r})
	_, _, err := get(t, c, "http://rebind.example.com"+port+"/")
	wantKind(t, err, Unreachable) // 127.0.0.2 was dialed, where nobody listens
	if n := r.asked.Load(); n != 1 || hits.Load() != 0 {
		t.Errorf("the name was asked for %d times, and there were %d hits", n, hits.Load())
	}
	_, _, err = get(t, c, "http://rebind.example.com"+port+"/") // now it is 127.0.0.1, which is not listed
	wantKind(t, err, Unreachable)
	if hits.Load() != 0 {
		t.Error("the address that was not listed was called")
	}
}

func TestRedirects(t *testing.T) {
	var seen http.Header
	mux := http.NewServeMux()
	s := httptest.NewTLSServer(mux)
	defer s.Close()
	plain := httptest.NewServer(mux)
	defer plain.Close()
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	mux.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) { seen = r.Header.Clone(); _, _ = io.WriteString(w, "end") })
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Location"] = []string{r.URL.Query().Get("u")}
		w.WriteHeader(307)
	})
	mux.HandleFunc("/hops/", func(w http.ResponseWriter, r *http.Request) {
		if n := len(r.URL.Path) - len("/hops/"); n > 0 {
			http.Redirect(w, r, r.URL.Path[:len(r.URL.Path)-1], http.StatusFound)
			return
		}
		http.Redirect(w, r, "/end", http.StatusMovedPermanently)
	})
	to := func(u string) string { return s.URL + "/to?u=" + url.QueryEscape(u) }
	ask := func(c *Client, address string) (string, *http.Response, error) {
		req, _ := http.NewRequest(http.MethodGet, address, nil)
		for _, name := range []string{"Authorization", "X-Api-Key", "Accept", "Referer"} {
			req.Header.Set(name, "value of "+name)
		}
		resp, err := c.Do(req)
		if err != nil {
			return "", nil, err
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		return string(text), resp, err
	}
	o := trusting(s)
	o.AllowPlain = true
	c := New(o)
	defer c.CloseIdle()

	for address, auth := range map[string]bool{
		to("/end"):                        true,
		to("end"):                         true,
		to(s.URL + "/end#x"):              true,
		to("//127.0.0.1" + port + "/end"): true,
		to("https://example.com" + port + "/end"): false, // the same listener, another origin
		s.URL + "/hops/ab":                        true,
	} {
		seen = nil
		text, resp, err := ask(c, address)
		if err != nil || text != "end" || resp.Request.URL.Path != "/end" {
			t.Errorf("%s: %q, %v", address, text, err)
			continue
		}
		if (seen.Get("Authorization") != "") != auth || (seen.Get("X-Api-Key") != "") != auth || seen.Get("Accept") == "" {
			t.Errorf("%s: it arrives with %v", address, seen)
		}
	}
	for name, address := range map[string]string{
		"too many":        s.URL + "/hops/abc",
		"a loop":          to(s.URL + "/to?u=" + url.QueryEscape("/hops/abcdefgh")),
		"to http":         to(plain.URL + "/end"),
		"to an inner one": to("https://10.0.0.1/"), "to metadata": to("https://169.254.169.254/latest/"), "to a number": to("https://2130706433/"),
		"to a file": to("file:///etc/passwd"), "to gopher": to("gopher://127.0.0.1/"), "to a user": to("https://u:p@example.com" + port + "/end"), "to data": to("data:text/plain,x"),
		"to mapped": to("https://[::ffff:127.0.0.1]/"), "to nothing": to(""), "to rubbish": to("https://%zz/"), "to a backslash": to("/\\example.com"), "to much": to("/" + strings.Repeat("a", 5000)),
	} {
		seen = nil
		_, _, err := ask(c, address)
		if err == nil || seen != nil {
			t.Errorf("%s: it is followed", name)
			continue
		}
		wantKind(t, err, Redirected)
	}
	// What a redirect's name leads to is checked as well.
	_, _, err := ask(c, to("https://nowhere.example.com/"))
	wantKind(t, err, Unreachable)
	// A POST is not sent elsewhere.
	req, _ := http.NewRequest(http.MethodPost, to("/end"), strings.NewReader("x"))
	_, err = c.Do(req)
	wantKind(t, err, Redirected)
	// A client certificate or a pin is not for another origin.
	o.TLS.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil }
	if text, _, err := ask(New(o), to("/end")); err != nil || text != "end" {
		t.Errorf("with a certificate, to the same origin: %v", err)
	}
	_, _, err = ask(New(o), to("https://example.com"+port+"/end"))
	wantKind(t, err, Redirected)
}

// bomb is n zeros, packed.
func bomb(n int) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = io.CopyN(z, zeros{}, int64(n))
	_ = z.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestBodies(t *testing.T) {
	text := strings.Repeat("a line of an answer, ", 1000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	answers := map[string]struct {
		coding string
		body   []byte
	}{
		"/plain": {"", []byte(text)}, "/gzip": {"gzip", packed.Bytes()}, "/identity": {"identity", []byte(text)}, "/exact": {"", make([]byte, 1<<20)}, "/exact.gz": {"gzip", noise(1 << 20)},
		"/large": {"", make([]byte, 1<<20+1)}, "/large.gz": {"gzip", noise(1<<20 + 1)}, "/bomb": {"gzip", bomb(64 << 20)},
		"/deflate": {"deflate", packed.Bytes()}, "/br": {"br", packed.Bytes()}, "/twice": {"gzip, gzip", packed.Bytes()}, "/not": {"gzip", []byte(text)}, "/cut": {"gzip", packed.Bytes()[:packed.Len()-9]}, "/header": {"gzip", packed.Bytes()[:5]}, "/void": {"gzip", nil},
		"/members": {"gzip", bytes.Repeat(bomb(0), 100_000)},
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/endless" {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}
		a := answers[r.URL.Path]
		if a.coding != "" {
			w.Header().Set("Content-Encoding", a.coding)
		}
		if r.URL.Query().Has("chunked") {
			w.(http.Flusher).Flush()
		}
		_, _ = w.Write(a.body)
	}))
	defer s.Close()
	o := trusting(s)
	o.MaxBody = 1 << 20
	c := New(o)
	defer c.CloseIdle()
	for _, path := range []string{"/plain", "/gzip", "/identity"} {
		for _, q := range []string{"", "?chunked"} {
			if got, resp, err := get(t, c, s.URL+path+q); err != nil || got != text || resp.Header.Get("Content-Encoding") == "gzip" {
				t.Errorf("%s%s: %d bytes, %v", path, q, len(got), err)
			}
		}
	}
	for _, path := range []string{"/exact", "/exact.gz"} {
		if got, _, err := get(t, c, s.URL+path); err != nil || len(got) != 1<<20 {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	for path, kind := range map[string]Kind{"/large": TooLarge, "/large?chunked": TooLarge, "/large.gz": TooLarge, "/bomb": TooLarge, "/endless": TooLarge, "/members": TooLarge,
		"/deflate": Broken, "/br": Broken, "/twice": Broken, "/not": Broken, "/cut": Broken, "/header": Broken, "/void": Broken} {
		got, _, err := get(t, c, s.URL+path)
		wantKind(t, err, kind)
		if len(got) > 1<<20 {
			t.Errorf("%s: %d bytes are handed out", path, len(got))
		}
	}
	// T-52: the ratio stops a bomb that the size alone would let pass.
	o.MaxBody = 1 << 30
	got, _, err := get(t, New(o), s.URL+"/bomb")
	wantKind(t, err, TooLarge)
	if len(got) > 8<<20 {
		t.Errorf("%d bytes of the bomb are handed out", len(got))
	}
	// A HEAD has no body, whatever it announces.
	req, _ := http.NewRequest(http.MethodHead, s.URL+"/large", nil)
	if resp, err := c.Do(req); err != nil || resp.Body.Close() != nil {
		t.Errorf("HEAD: %v", err)
	}
}

// noise packs n bytes that gzip cannot make much smaller than a tenth.
func noise(n int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	line := make([]byte, 40)
	for n > 0 {
		_, _ = rand.Read(line[:4])
		m, _ := z.Write(line[:min(len(line), n)])
		n -= m
	}
	_ = z.Close()
	return b.Bytes()
}

// raw answers every connection by hand.
func raw(t *testing.T, answer func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				r := bufio.NewReader(conn)
				for {
					if line, err := r.ReadString('\n'); err != nil || line == "\r\n" {
						break
					}
				}
				answer(conn)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func TestSlow(t *testing.T) {
	hang := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	for name, c := range map[string]struct {
		o      Options
		answer func(net.Conn)
		kind   Kind
	}{
		"no answer": {Options{Timeout: 200 * time.Millisecond}, hang, TimedOut},
		"half a header": {Options{Timeout: 200 * time.Millisecond}, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
			hang(conn)
		}, TimedOut},
		"a header byte by byte": {Options{Timeout: 300 * time.Millisecond}, func(conn net.Conn) {
			for _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n"); err == nil; _, err = io.WriteString(conn, "X: y\r\n") {
				time.Sleep(20 * time.Millisecond)
			}
		}, TimedOut},
		"a body that stands still": {Options{Idle: 200 * time.Millisecond}, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
			hang(conn)
		}, TimedOut},
		"a packed body that stands still": {Options{Idle: 200 * time.Millisecond}, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b")
			hang(conn)
		}, TimedOut},
		"a body byte by byte": {Options{BodyTime: 300 * time.Millisecond}, func(conn net.Conn) {
			for _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err == nil; _, err = io.WriteString(conn, "x") {
				time.Sleep(10 * time.Millisecond)
			}
		}, TimedOut},
		"cut off": {Options{}, func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc") }, Broken},
		"no HTTP": {Options{}, func(conn net.Conn) { _, _ = io.WriteString(conn, "220 mail.example.com ESMTP secret\r\n") }, Broken},
		"nothing": {Options{}, func(net.Conn) {}, Broken},
		"two lengths": {Options{}, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
		}, Broken},
		"large headers": {Options{}, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("a", 200<<10)+"\r\n\r\n")
		}, TooLarge},
		"many headers": {Options{MaxHeader: 8 << 10}, func(conn net.Conn) {
			for _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n"); err == nil; {
				_, err = io.WriteString(conn, strings.Repeat("X: y\r\n", 100))
			}
		}, TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.o.AllowPrivate, c.o.AllowPlain = loopback, true
			start := time.Now()
			_, _, err := get(t, New(c.o), raw(t, c.answer))
			wantKind(t, err, c.kind)
			if d := time.Since(start); d > 8*time.Second {
				t.Errorf("it takes %v", d)
			}
		})
	}
}

// pace is a clock that goes on by a second whenever it is looked at.
type pace struct{ n atomic.Int64 }

func (p *pace) Now() time.Time { return time.Unix(1_770_000_000+p.n.Add(1), 0) }

// A body must keep the least pace, however slowly its reader works.
func TestPace(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 64<<10)) }))
	defer s.Close()
	read := func(size int) error {
		o := trusting(s)
		o.Clock, o.BodyTime = &pace{}, time.Hour
		req, _ := http.NewRequest(http.MethodGet, s.URL, nil)
		resp, err := New(o).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{resp.Body}, make([]byte, size))
		return err
	}
	wantKind(t, read(100), TimedOut) // 100 bytes in each second
	if err := read(2048); err != nil {
		t.Errorf("at twice the least pace: %v", err)
	}
}

func TestCanceled(t *testing.T) {
	address := raw(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	_, err := New(Options{AllowPrivate: loopback, AllowPlain: true}).Do(req)
	wantKind(t, err, Canceled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not the context's error", err)
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	s.StartTLS()
	defer s.Close()
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	_, resp, err := get(t, New(trusting(s)), s.URL)
	if err != nil {
		t.Fatal(err)
	}
	print := Fingerprint(*resp.TLS)
	if !strings.HasPrefix(print, "sha256:") || len(print) != len("sha256:")+64 {
		t.Errorf("the fingerprint is %s", print)
	}
	o := trusting(s)
	o.Pins = []string{"sha256:00", print}
	if _, _, err := get(t, New(o), s.URL); err != nil {
		t.Errorf("with its pin: %v", err)
	}
	o.Pins = []string{"sha256:00"}
	_, _, err = get(t, New(o), s.URL)
	wantKind(t, err, Untrusted)
	_, _, err = get(t, New(Options{AllowPrivate: loopback}), s.URL) // an authority nobody knows
	wantKind(t, err, Untrusted)
	_, _, err = get(t, New(Options{AllowPrivate: loopback, TLS: &tls.Config{InsecureSkipVerify: true}}), s.URL) // verification stays on
	wantKind(t, err, Untrusted)
	o = trusting(s)
	o.Resolver = names{"not-its-name.example.org": {"127.0.0.1"}}
	_, _, err = get(t, New(o), "https://not-its-name.example.org"+port+"/")
	wantKind(t, err, Untrusted)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_, _ = io.WriteString(conn, "SSH-2.0-x\r\n")
			_ = conn.Close()
		}
	}()
	_, _, err = get(t, New(o), "https://"+l.Addr().String())
	wantKind(t, err, Broken)

	old := httptest.NewUnstartedServer(s.Config.Handler)
	old.Config.ErrorLog = s.Config.ErrorLog
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	defer old.Close()
	if _, _, err := get(t, New(trusting(old)), old.URL); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// A client certificate is shown to the server that asks for it.
func TestClientCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "isao.example"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	defer s.Close()
	o := trusting(s)
	o.TLS.Certificates = []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
	if text, _, err := get(t, New(o), s.URL); err != nil || text != "isao.example" {
		t.Errorf("%q, %v", text, err)
	}
}
