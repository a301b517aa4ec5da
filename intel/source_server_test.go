package intel_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/formats/taxii"
	"github.com/cordon-isao/cordon/intel"
	"github.com/cordon-isao/cordon/internal/outbound"
	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// certificate is a self-signed one for 127.0.0.1, for both sides of a connection.
func certificate(t testing.TB) (pair tls.Certificate, cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<60))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "127.0.0.1"}, NotBefore: time.Unix(1, 0), NotAfter: time.Now().Add(240 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	key = string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}))
	if pair, err = tls.X509KeyPair([]byte(cert), []byte(key)); err != nil {
		t.Fatal(err)
	}
	return pair, cert, key
}

// outside is a server of somebody else on loopback, whose certificate can change.
type outside struct {
	*httptest.Server
	roots *x509.CertPool
	mu    sync.Mutex
	cert  tls.Certificate
	asked []*http.Request // with what was asked, in order
}

func newOutside(t testing.TB, clientCA *x509.CertPool, h func(w http.ResponseWriter, r *http.Request)) *outside {
	t.Helper()
	o := &outside{roots: x509.NewCertPool()}
	o.show(t)
	o.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		o.asked = append(o.asked, r)
		o.mu.Unlock()
		h(w, r)
	}))
	o.Config.ErrorLog = log.New(io.Discard, "", 0)
	o.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		o.mu.Lock()
		defer o.mu.Unlock()
		cfg := &tls.Config{Certificates: []tls.Certificate{o.cert}}
		if clientCA != nil {
			cfg.ClientCAs, cfg.ClientAuth = clientCA, tls.RequireAndVerifyClientCert
		}
		return cfg, nil
	}}
	o.StartTLS()
	t.Cleanup(o.Close)
	return o
}

// show makes the server show another certificate, which is trusted as such.
func (o *outside) show(t testing.TB) {
	pair, cert, _ := certificate(t)
	o.roots.AppendCertsFromPEM([]byte(cert))
	o.mu.Lock()
	o.cert = pair
	o.mu.Unlock()
}

func (o *outside) requests() []*http.Request {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]*http.Request(nil), o.asked...)
}

// reaching lets the house call loopback and trust the server.
func (o *outside) reaching(h *town.Town) intel.Outside {
	return intel.Outside{Origin: "https://isao.example", Call: outbound.Options{AllowPrivate: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, TLS: &tls.Config{RootCAs: o.roots}}}
}

// collection is a TAXII collection as simple as one can be: object i was added i
// seconds after the epoch.
type collection struct {
	mu       sync.Mutex
	count    int
	object   func(i int) string
	cap      int  // of a page; 0 is the client's limit
	undated  bool // without the header that tells dates
	boundary int  // cursors below it are forgotten
	status   int  // if not 0, what is answered
	header   http.Header
	body     string // answered instead of objects
}

var added = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (c *collection) set(fn func(c *collection)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fn(c)
}

func (c *collection) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, vs := range c.header {
		w.Header()[k] = vs
	}
	if c.status != 0 {
		w.WriteHeader(c.status)
		fmt.Fprint(w, `{"title":"a secret of the inside"}`)
		return
	}
	w.Header().Set("Content-Type", taxii.MediaType)
	if c.body != "" {
		fmt.Fprint(w, c.body)
		return
	}
	f, err := taxii.ParseQuery(r.URL.RawQuery, taxii.ObjectsFields...)
	if err != nil || r.URL.Path != "/api1/collections/main/objects/" || !taxii.Accepts(r.Header.Get("Accept")) {
		w.WriteHeader(404)
		return
	}
	from := 0
	if !f.AddedAfter.IsZero() {
		from = max(0, int(f.AddedAfter.Sub(added)/time.Second)+1)
	}
	if f.Next != "" {
		if from, err = strconv.Atoi(f.Next); err != nil || from < c.boundary {
			w.WriteHeader(400)
			return
		}
	}
	limit := f.Limit
	if c.cap != 0 {
		limit = c.cap
	}
	to := min(c.count, from+limit)
	if to <= from {
		fmt.Fprint(w, "{}")
		return
	}
	if !c.undated {
		w.Header().Set(taxii.HeaderAddedFirst, taxii.FormatTime(added.Add(time.Duration(from)*time.Second)))
		w.Header().Set(taxii.HeaderAddedLast, taxii.FormatTime(added.Add(time.Duration(to-1)*time.Second)))
	}
	var b strings.Builder
	b.WriteString("{")
	if to < c.count {
		fmt.Fprintf(&b, `"more":true,"next":"%d",`, to)
	}
	b.WriteString(`"objects":[`)
	for i := from; i < to; i++ {
		if i > from {
			b.WriteString(",")
		}
		b.WriteString(c.object(i))
	}
	b.WriteString("]}")
	fmt.Fprint(w, b.String())
}

// knownNames is a resolver under which every name is at one address.
type knownNames string

func (n knownNames) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr(string(n))}, nil
}

func callNames(at string, private ...netip.Prefix) outbound.Options {
	return outbound.Options{Resolver: knownNames(at), AllowPrivate: private}
}
