package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Relay is the mail server that takes the house's mails, by SMTP.
type Relay struct {
	host     string
	port     int
	implicit bool // TLS from the first byte
	plain    bool // it is on this machine, where nothing crosses a network
	user     string
	password string
	roots    *tls.Config // for tests; nil = the machine's
}

// ErrRefused is what a relay says of an address that it will never take.
var ErrRefused = errors.New("the mail server does not take mails for this address")

// sendTime is the most that sending one mail takes.
const sendTime = 30 * time.Second

// NewRelay reads a relay's address: smtp://host:587 (STARTTLS is demanded) or
// smtps://host:465, with a user's name before the host if the relay wants one. Only a
// relay on this machine may do without TLS.
func NewRelay(address, password string) (*Relay, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Path != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is not like smtp://relay.example:587 or smtps://relay.example:465", address)
	}
	r := &Relay{host: u.Hostname(), port: 587, implicit: u.Scheme == "smtps", user: u.User.Username(), password: password}
	if r.implicit {
		r.port = 465
	}
	if _, has := u.User.Password(); has {
		return nil, errors.New("give the mail server's password in a file, where other programs of the machine do not see it")
	}
	if r.user != "" && password == "" || r.user == "" && password != "" {
		return nil, errors.New("a mail server's user and password belong together; give both or neither")
	}
	if p := u.Port(); p != "" {
		if r.port, err = strconv.Atoi(p); err != nil || r.port < 1 || r.port > 65535 {
			return nil, fmt.Errorf("%q is no port", p)
		}
	}
	ip := net.ParseIP(r.host)
	r.plain = !r.implicit && r.user == "" && (r.host == "localhost" || ip != nil && ip.IsLoopback())
	return r, nil
}

// Send hands over a mail that was composed here. An error that is ErrRefused stays;
// after any other, trying again later may help. It says with which code the relay
// refused, and not in which words: these name the address, and errors are logged.
func (r *Relay) Send(ctx context.Context, from, to string, mail []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTime)
	defer cancel()
	_, domain, _ := strings.Cut(from, "@")
	c, err := r.client(domain)
	if err != nil {
		return fmt.Errorf("the mail server's settings: %w", err)
	}
	s, err := c.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	defer s.Close() // after Quit it is closed already
	for _, step := range []func() error{
		func() error { return s.Mail(from) },
		func() error { return refused(s.Rcpt(to)) },
		func() error { return data(s, mail) },
	} {
		if err := step(); err != nil {
			return coded(err)
		}
	}
	_ = s.Quit() // it has taken the mail; how it says goodbye does not matter
	return nil
}

// client names the house's domain to the relay, which would else learn the machine's name
// and write it into the mail.
func (r *Relay) client(domain string) (*gomail.Client, error) {
	o := []gomail.Option{gomail.WithHELO(domain), gomail.WithPort(r.port), gomail.WithTimeout(sendTime), gomail.WithoutNoop(), gomail.WithoutSMTPUTF8()}
	if r.roots != nil {
		o = append(o, gomail.WithTLSConfig(r.roots))
	}
	switch {
	case r.implicit:
		o = append(o, gomail.WithSSL())
	case r.plain: // such servers mostly have a certificate that nobody vouches for
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		o = append(o, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if r.user != "" {
		o = append(o, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(r.user), gomail.WithPassword(r.password))
	}
	return gomail.NewClient(r.host, o...)
}

func data(s *smtp.Client, mail []byte) error {
	w, err := s.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(mail); err != nil {
		return err
	}
	return w.Close()
}

// refused tells an answer to an address that stays (RFC 5321 §4.2.1: 5yz) from others.
func refused(err error) error {
	if a, ok := errors.AsType[*textproto.Error](err); ok && a.Code >= 550 && a.Code <= 559 {
		return ErrRefused
	}
	return err
}

// coded is an answer without its words.
func coded(err error) error {
	if a, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("the mail server answered with code %d; its own log says why", a.Code)
	}
	return fmt.Errorf("the mail server: %w", err)
}
