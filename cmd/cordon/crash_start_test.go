//go:build linux

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The command line: help, and every refusal in words.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", UpdateScripts: os.Getenv("CORDON_UPDATE") != ""})
}

// Told to stop in the middle of writes, it ends with 0 within ten seconds and has
// everything that it acknowledged.
func TestStopUnderLoad(t *testing.T) {
	dir := t.TempDir()
	room, tokens := furnishFor(t, dir, "", 4)
	args := []string{"serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error"}
	p := start(t, args...)
	var mu sync.Mutex
	acked := map[string]string{}
	var wg sync.WaitGroup
	for i, token := range tokens {
		wg.Go(func() {
			for n := 0; ; n++ {
				title := fmt.Sprintf("Topic %d of %d", n, i)
				a := ask("POST", p.url+"/api/v1/rooms/"+room+"/topics", token, "", "application/json",
					fmt.Appendf(nil, `{"title":%q,"body":"Words.","label":{"tlp":"GREEN","audience":["community"]}}`, title))
				if a.err != nil || a.status != http.StatusCreated {
					return
				}
				var made struct{ ID string }
				json.Unmarshal(a.body, &made)
				mu.Lock()
				acked[made.ID] = title
				mu.Unlock()
			}
		})
	}
	time.Sleep(400 * time.Millisecond)
	began := time.Now()
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.code(10 * time.Second); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.out)
	}
	t.Logf("ended in %v after %d topics", time.Since(began).Round(time.Millisecond), len(acked))
	wg.Wait()
	p = start(t, args...)
	if len(acked) == 0 {
		t.Error("nothing was written before it stopped")
	}
	for id, title := range acked {
		var got struct{ Title string }
		a := ask("GET", p.url+"/api/v1/topics/"+id, tokens[0], "", "", nil)
		if err := json.Unmarshal(a.body, &got); err != nil || got.Title != title {
			t.Errorf("%q was acknowledged: %d %s", title, a.status, a.body)
		}
	}
}

// An open stream does not keep it from ending.
func TestStopWithStreams(t *testing.T) {
	dir := t.TempDir()
	_, tokens := furnishFor(t, dir, "", 1)
	p := start(t, "serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error")
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /api/v1/stream HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", strings.TrimPrefix(p.url, "http://"), tokens[0])
	b := make([]byte, 12)
	if _, err := c.Read(b); err != nil || string(b) != "HTTP/1.1 200" {
		t.Fatalf("the stream: %q %v", b, err)
	}
	p.cmd.Process.Signal(syscall.SIGTERM)
	if code := p.code(10 * time.Second); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, p.out)
	}
}

// A data folder has one server.
func TestSecondServer(t *testing.T) {
	dir := t.TempDir()
	furnishFor(t, dir, "", 0)
	args := []string{"serve", "--data", dir, "--addr", "127.0.0.1:0", "--log-level", "error"}
	first := start(t, args...)
	second := launch(t, nil, args...)
	if code := second.code(10 * time.Second); code != 1 || !strings.Contains(second.out.String(), "is in use by another cordon; stop that one first") {
		t.Errorf("the second ended with %d:\n%s", code, second.out)
	}
	if a := ask("GET", first.url+"/healthz", "", "", "", nil); a.status != http.StatusOK {
		t.Errorf("the first answers %d %v", a.status, a.err)
	}
	// After a crash the folder is free.
	first.kill()
	start(t, args...)
}

// TLS by certificate files: 1.3 at least, HTTP/2, on any address; the settings
// come from a file.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key, pool := certificate(t)
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "cordon.json")
	b, err := json.Marshal(map[string]any{"data": dir, "addr": "0.0.0.0:" + port, "tls_cert": cert, "tls_key": key, "origin": "https://isao.example:" + port, "log_level": "error"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	furnishFor(t, dir, "", 0)
	start(t, "serve", "--config", config)
	dial := func(min, max uint16) *http.Client {
		return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "isao.example", MinVersion: min, MaxVersion: max}}}
	}
	ask := func(c *http.Client) (*http.Response, error) {
		req, err := http.NewRequest("GET", "https://127.0.0.1:"+port+"/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "isao.example:" + port
		return c.Do(req)
	}
	resp, err := ask(dial(tls.VersionTLS12, 0))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 {
		t.Errorf("answered %s over %s, TLS %x", resp.Status, resp.Proto, resp.TLS.Version)
	}
	if h := resp.Header.Get("Strict-Transport-Security"); h == "" {
		t.Error("over TLS there is no Strict-Transport-Security")
	}
	if resp, err := ask(dial(tls.VersionTLS12, tls.VersionTLS12)); err == nil {
		resp.Body.Close()
		t.Error("TLS 1.2 is spoken")
	}
}

// freePort finds a port that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// certificate makes one for isao.example and 127.0.0.1.
func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "isao.example"}, DNSNames: []string{"isao.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &priv.PublicKey, priv)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pk}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	pool.AddCert(c)
	return cert, key, pool
}
