package mail

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"pgregory.net/rapid"
)

var at = time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)

var words = Words{House: "Device ISAO", Origin: "https://isao.example", From: "isao@isao.example", Seal: "Record of 12 entries: 3q2+7w=="}

// TestItems: the mail is what it is meant to be, as another program reads it.
func TestItems(t *testing.T) {
	b, err := Items(words, "ana@hospital.example", at)
	if err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"Subject": "TLP:CLEAR You have new items (Device ISAO)", "From": `"Device ISAO" <isao@isao.example>`, "To": "<ana@hospital.example>",
		"Auto-Submitted": "auto-generated", "Content-Type": "text/plain; charset=US-ASCII", "Date": "Sun, 22 Nov 2026 14:00:00 +0000", "Reply-To": "", "User-Agent": "", "X-Mailer": "",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"TLP:CLEAR\r\n", "https://isao.example/inbox\r\n", "Record of 12 entries: 3q2+7w==\r\n"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the body lacks %q:\n%s", want, body)
		}
	}
	for i, line := range strings.Split(string(b), "\r\n") {
		if len(line) > 78 || strings.ContainsAny(line, "\r\n") || strings.HasPrefix(line, ".") || strings.HasSuffix(line, " ") {
			t.Errorf("line %d: %q", i, line)
		}
	}
}

// TestOneSize: whatever the house is called and whoever gets it, a mail has one size, and
// nothing that was given makes a header of its own (T-11).
func TestOneSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := words
		w.House = rapid.StringN(1, 80, 200).Draw(t, "house")
		w.Seal = rapid.SampledFrom([]string{"", words.Seal, strings.Repeat("x", 70)}).Draw(t, "seal")
		to := rapid.StringMatching(`[a-z][a-z0-9.+_-]{0,40}[a-z0-9]@[a-z]{1,40}\.example`).Draw(t, "to")
		if _, err := Address(to); err != nil {
			t.Skip("no address")
		}
		var b []byte
		var err error
		if rapid.Bool().Draw(t, "confirm") {
			b, err = Confirmation(w, to, "7K3Q-2M9P", at)
		} else {
			b, err = Items(w, to, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(b) != Size {
			t.Fatalf("%d bytes", len(b))
		}
		if i := bytes.IndexFunc(b, func(r rune) bool { return r > '~' }); i >= 0 {
			t.Fatalf("not plain: %q", b[max(0, i-40):i+10])
		}
		m, err := netmail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		for name := range m.Header {
			if !strings.Contains(" Auto-Submitted Content-Transfer-Encoding Content-Type Date From Message-Id Mime-Version Subject To ", " "+name+" ") {
				t.Fatalf("a header %q", name)
			}
		}
	})
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		" ana@hospital.example ":                "ana@hospital.example",
		"o'neil+isao@a.b.example":               "o'neil+isao@a.b.example",
		"":                                      "Give an address.",
		"ana":                                   "This is not an address such as ana@hospital.example.",
		"ana@localhost":                         "This is not an address such as ana@hospital.example.",
		"Ana <ana@h.example>":                   "Write the address in plain letters, digits and signs, such as ana@hospital.example.",
		"ana@[10.0.0.1]":                        "This is not an address such as ana@hospital.example.",
		"a@b.example,c@d.example":               "This is not an address such as ana@hospital.example.",
		"ana@h.example\r\nBcc: x":               "Write the address in plain letters, digits and signs, such as ana@hospital.example.",
		"änne@h.example":                        "Write the address in plain letters, digits and signs, such as ana@hospital.example.",
		strings.Repeat("a", 250) + "@h.example": "The address has 260 characters; at most 254 fit.",
		strings.Repeat("a", 65) + "@h.example":  "This is not an address such as ana@hospital.example.",
	} {
		got, err := Address(in)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("ana@hospital.example")
	f.Add("\"a b\"@h.example")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := Address(s)
		if err != nil {
			return
		}
		b, err := Items(words, a, at)
		if err != nil {
			t.Fatalf("%q is accepted, and no mail can be written to it: %v", a, err)
		}
		m, err := netmail.ReadMessage(bytes.NewReader(b))
		if err != nil || len(b) != Size {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
		if got, err := m.Header.AddressList("To"); err != nil || len(got) != 1 || got[0].Address != a {
			t.Fatalf("%q reads as %v, %v", a, got, err)
		}
	})
}

// box is a mail server that keeps what it is given, and refuses nobody@.
type box struct {
	mu    sync.Mutex
	to    []string
	mails [][]byte
	busy  bool
}

func (b *box) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: b}, nil }

type session struct {
	*box
	rcpt string
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.busy {
		return &smtp.SMTPError{Code: 451, Message: "later for " + to}
	}
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + to}
	}
	s.rcpt = to
	return nil
}
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to, s.mails = append(s.to, s.rcpt), append(s.mails, b)
	return err
}
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "isao" || password != "a password" {
			return errors.New("no")
		}
		return nil
	}), nil
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func serve(t *testing.T, b *box) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(b)
	s.Domain = "relay.example"
	go s.Serve(ln)
	t.Cleanup(func() { s.Close() })
	return ln.Addr().String()
}

// TestSend: a real mail server gets the mail byte for byte.
func TestSend(t *testing.T) {
	b := &box{}
	r, err := NewRelay("smtp://"+serve(t, b), "")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Items(words, "ana@hospital.example", at)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Send(t.Context(), words.From, "ana@hospital.example", m); err != nil {
		t.Fatal(err)
	}
	if len(b.mails) != 1 || !bytes.Equal(b.mails[0], m) || b.to[0] != "ana@hospital.example" {
		t.Fatalf("arrived: %q", b.mails)
	}
	if err := r.Send(t.Context(), words.From, "nobody@hospital.example", m); !errors.Is(err, ErrRefused) {
		t.Fatalf("an address that is refused: %v", err)
	}
	b.busy = true
	if err := r.Send(t.Context(), words.From, "ana@hospital.example", m); err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "code 451") || strings.Contains(err.Error(), "ana@") {
		t.Fatalf("a server that is busy: %v", err)
	}
}

// TestTLS: a relay elsewhere is spoken to under TLS and after a login, either way, and only
// if its certificate is good; one on this machine without TLS, whatever its certificate.
func TestTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil)
	web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	m, err := Items(words, "ana@hospital.example", at)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"smtp", "smtps"} {
		b := &box{}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		s := smtp.NewServer(b)
		s.TLSConfig = &tls.Config{Certificates: web.TLS.Certificates}
		if scheme == "smtps" {
			ln = tls.NewListener(ln, s.TLSConfig)
		}
		go s.Serve(ln)
		t.Cleanup(func() { s.Close() })
		for _, c := range []struct {
			password string
			roots    *tls.Config
			taken    bool
		}{
			{"a password", &tls.Config{RootCAs: roots, ServerName: "example.com"}, true},
			{"another", &tls.Config{RootCAs: roots, ServerName: "example.com"}, false},
			{"a password", &tls.Config{RootCAs: roots, ServerName: "relay.example"}, false},
			{"a password", &tls.Config{ServerName: "example.com"}, false},
		} {
			r, err := NewRelay(scheme+"://isao@relay.example:"+port, c.password)
			if err != nil {
				t.Fatal(err)
			}
			r.host, r.roots = "127.0.0.1", c.roots
			b.mails = nil
			err = r.Send(t.Context(), words.From, "ana@hospital.example", m)
			if (err == nil) != c.taken || (len(b.mails) == 1) != c.taken {
				t.Errorf("%s, %q, %+v: %v, %d mails", scheme, c.password, c.roots, err, len(b.mails))
			}
		}
		if scheme == "smtp" {
			r, err := NewRelay("smtp://127.0.0.1:"+port, "")
			if err == nil {
				err = r.Send(t.Context(), words.From, "ana@hospital.example", m)
			}
			if err != nil || len(b.mails) != 1 {
				t.Errorf("on this machine: %v, %d mails", err, len(b.mails))
			}
		}
	}
}

// TestNoPlainRelay: a relay that is not on this machine and has no TLS gets nothing.
func TestNoPlainRelay(t *testing.T) {
	b := &box{}
	_, port, _ := net.SplitHostPort(serve(t, b))
	r, err := NewRelay("smtp://relay.example:"+port, "")
	if err != nil {
		t.Fatal(err)
	}
	if r.plain {
		t.Fatal("a relay elsewhere may do without TLS")
	}
	r.host = "127.0.0.1" // as if the name led there
	m, err := Items(words, "ana@hospital.example", at)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Send(t.Context(), words.From, "ana@hospital.example", m); err == nil || len(b.mails) != 0 {
		t.Fatalf("it was sent in the clear: %v", err)
	}
}

func TestRelays(t *testing.T) {
	for address, want := range map[string]string{
		"smtps://isao@relay.example":       "",
		"smtp://relay.example":             "a mail server's user and password belong together; give both or neither",
		"smtp://isao:secret@relay.example": "give the mail server's password in a file, where other programs of the machine do not see it",
		"http://relay.example":             `"http://relay.example" is not like smtp://relay.example:587 or smtps://relay.example:465`,
		"smtp://isao@relay.example:99999":  `"99999" is no port`,
		"relay.example:25":                 `"relay.example:25" is not like smtp://relay.example:587 or smtps://relay.example:465`,
	} {
		_, err := NewRelay(address, "a password")
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
