package taxii

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/testkit/town"
)

// certificate is a client's own, signed by nobody.
func certificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a program"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A client certificate stands for the token that it was bound to by whoever holds
// its key, and ends with it.
func TestCertificate(t *testing.T) {
	onBoth(t, func(t *testing.T, x *house) {
		x.take(town.Pia, shared, indicator(1, 0))
		web := httptest.NewUnstartedServer(x.srv.mux())
		web.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13}
		web.StartTLS()
		t.Cleanup(web.Close)
		ask := func(cert *tls.Certificate, method, path, token string) (int, string) {
			t.Helper()
			client := web.Client()
			transport := client.Transport.(*http.Transport).Clone()
			defer transport.CloseIdleConnections()
			if cert != nil {
				transport.TLSClientConfig.Certificates = []tls.Certificate{*cert}
			}
			r, err := http.NewRequest(method, web.URL+path, nil)
			x.OK(err)
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			resp, err := (&http.Client{Transport: transport}).Do(r)
			x.OK(err)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			x.OK(err)
			return resp.StatusCode, string(body)
		}
		mine, theirs := certificate(t), certificate(t)
		wim, pia := x.Token(town.Wim), x.Token(town.Pia)
		const bind = "/taxii2/certificate/"
		for i, c := range []struct {
			cert         *tls.Certificate
			method, path string
			token        string
			status       int
		}{
			{&mine, "GET", objectsOf, "", 401}, // known to nobody yet
			{&mine, "GET", "/taxii2/public/collections/", "", 200},
			{nil, "POST", bind, wim, 400},   // nothing was shown
			{&mine, "POST", bind, "", 401},  // no token
			{&mine, "POST", bind, "x", 401}, // none that is valid
			{&mine, "POST", bind, wim, 200},
			{&mine, "POST", bind, wim, 200}, // again is no harm
			{&mine, "GET", objectsOf, "", 200},
			{nil, "GET", objectsOf, "", 401},
			{&theirs, "GET", objectsOf, "", 401},
			{&theirs, "DELETE", bind, pia, 404},
			{&mine, "DELETE", bind, pia, 404}, // Wim's is not Pia's to end
			{&mine, "GET", objectsOf, "", 200},
			{&mine, "POST", bind, pia, 200}, // whoever holds the key may move it
			{&mine, "DELETE", bind, wim, 404},
			{&mine, "DELETE", bind, "", 200}, // it may end itself
			{&mine, "GET", objectsOf, "", 401},
			{&mine, "POST", bind, wim, 200},
		} {
			if status, body := ask(c.cert, c.method, c.path, c.token); status != c.status {
				t.Errorf("%d: %s %s: %d, want %d: %s", i, c.method, c.path, status, c.status, body)
			}
		}
		x.Clock.Add(91 * 24 * time.Hour)
		if status, _ := ask(&mine, "GET", objectsOf, ""); status != 401 {
			t.Errorf("it outlives its token: %d", status)
		}
	})
}
