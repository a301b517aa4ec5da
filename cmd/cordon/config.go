package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/cordon-isao/cordon/formats/strictjson"
	"github.com/cordon-isao/cordon/internal/mail"
	"github.com/cordon-isao/cordon/notify"
)

// Config is how a server runs. Every zero value works; a file given with
// --config may set the same keys, and an unknown key in it is an error. Flags win
// over the file.
type Config struct {
	Data       string   `json:"data" help:"Folder that holds everything: database, files, keys." default:"cordon-data" type:"path"`
	Addr       string   `json:"addr" help:"HOST:PORT to listen on. Without TLS only a loopback address is accepted." default:"127.0.0.1:8080"`
	Origin     string   `json:"origin" help:"Address that people type, such as https://isao.example. Passkeys are bound to it." placeholder:"URL"`
	Database   string   `json:"database" help:"PostgreSQL, as postgres://…; without it the embedded database is used." placeholder:"URL"`
	TLSCert    string   `json:"tls_cert" name:"tls-cert" help:"Certificate file (PEM)." placeholder:"FILE" type:"path"`
	TLSKey     string   `json:"tls_key" name:"tls-key" help:"Private key file of the certificate (PEM)." placeholder:"FILE" type:"path"`
	ACME       []string `json:"acme" name:"acme" help:"Host names to get certificates for by ACME." placeholder:"HOST"`
	ACMEServer string   `json:"acme_server" name:"acme-server" help:"Directory URL of the ACME server; without it the library's default." placeholder:"URL"`
	CertAddr   string   `json:"cert_addr" name:"cert-addr" help:"HOST:PORT where programs may identify themselves by a client certificate (TAXII only). Needs TLS; browsers are not asked." placeholder:"ADDR"`
	Management string   `json:"management" help:"HOST:PORT for metrics and readiness, on loopback or a private net; without it there are none." placeholder:"ADDR"`
	Call       []string `json:"call_private" name:"call-private" help:"A network of yours, such as 10.1.0.0/16, whose servers sources and webhooks may call, although it is not public." placeholder:"CIDR"`
	Mirrors    []string `json:"mirrors" name:"mirror" help:"A folder of this machine from which feeds of vulnerabilities may be read, such as a mirror of OSV or CSAF." placeholder:"DIR" type:"path"`
	MailRelay  string   `json:"mail_relay" name:"mail-relay" help:"Mail server that takes the notices by mail, as smtp://host:587 (with STARTTLS) or smtps://user@host:465; without it there are none." placeholder:"URL"`
	MailFrom   string   `json:"mail_from" name:"mail-from" help:"Address that notices by mail come from." placeholder:"ADDRESS"`
	MailSecret string   `json:"mail_password" name:"mail-password" help:"File with the password for the mail server." placeholder:"FILE" type:"path"`
	LogLevel   string   `json:"log_level" name:"log-level" help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// load lays a file's settings under the flags that were not given.
func (c *Config) load(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	defer f.Close()
	var in Config
	if err := strictjson.Decode(f, strictjson.Limits{}, &in); err != nil {
		return fmt.Errorf("the configuration %s: %w", path, err)
	}
	def := Config{Data: "cordon-data", Addr: "127.0.0.1:8080", LogLevel: "info"}
	pick := func(dst *string, file, unset string) {
		if file != "" && (*dst == unset || strings.HasSuffix(*dst, "/"+unset) && unset == def.Data) {
			*dst = file
		}
	}
	pick(&c.Data, in.Data, def.Data)
	pick(&c.Addr, in.Addr, def.Addr)
	pick(&c.Origin, in.Origin, "")
	pick(&c.Database, in.Database, "")
	pick(&c.TLSCert, in.TLSCert, "")
	pick(&c.TLSKey, in.TLSKey, "")
	pick(&c.ACMEServer, in.ACMEServer, "")
	pick(&c.CertAddr, in.CertAddr, "")
	pick(&c.Management, in.Management, "")
	pick(&c.LogLevel, in.LogLevel, def.LogLevel)
	pick(&c.MailRelay, in.MailRelay, "")
	pick(&c.MailFrom, in.MailFrom, "")
	pick(&c.MailSecret, in.MailSecret, "")
	if len(c.ACME) == 0 {
		c.ACME = in.ACME
	}
	if len(c.Call) == 0 {
		c.Call = in.Call
	}
	if len(c.Mirrors) == 0 {
		c.Mirrors = in.Mirrors
	}
	return nil
}

// tls reports whether the server speaks TLS itself.
func (c *Config) tls() bool { return c.TLSCert != "" || len(c.ACME) > 0 }

// check refuses a configuration that cannot be meant.
func (c *Config) check() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key belong together; give both or neither")
	}
	if c.TLSCert != "" && len(c.ACME) > 0 {
		return fmt.Errorf("give certificate files or --acme, not both")
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("--addr %q is not HOST:PORT", c.Addr)
	}
	if !c.tls() && !loopback(c.Addr) {
		return fmt.Errorf("--addr %s is not a loopback address, and there is no TLS: what members share would cross the network in the clear; give --tls-cert and --tls-key, or --acme, or listen on 127.0.0.1", c.Addr)
	}
	if c.CertAddr != "" {
		if _, _, err := net.SplitHostPort(c.CertAddr); err != nil {
			return fmt.Errorf("--cert-addr %q is not HOST:PORT", c.CertAddr)
		}
		if !c.tls() {
			return fmt.Errorf("--cert-addr needs TLS that ends in this program; give --tls-cert and --tls-key, or --acme")
		}
	}
	if c.Origin != "" {
		u, err := url.Parse(c.Origin)
		if err != nil || u.Host == "" || u.Path != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopbackHost(u.Hostname())) {
			return fmt.Errorf("--origin %q is not like https://isao.example (http only for this machine)", c.Origin)
		}
	}
	if _, err := c.private(); err != nil {
		return err
	}
	_, err := c.mails()
	return err
}

// mails says how mails leave the house; the zero value is that none do.
func (c *Config) mails() (o notify.Outside, err error) {
	if c.MailRelay == "" {
		if c.MailFrom != "" || c.MailSecret != "" {
			return o, fmt.Errorf("--mail-from and --mail-password say nothing without --mail-relay")
		}
		return o, nil
	}
	if o.From, err = mail.Address(c.MailFrom); err != nil {
		return o, fmt.Errorf("--mail-from: %w", err)
	}
	password := ""
	if c.MailSecret != "" {
		b, err := os.ReadFile(c.MailSecret)
		if err != nil {
			return o, fmt.Errorf("--mail-password: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	r, err := mail.NewRelay(c.MailRelay, password)
	if err != nil {
		return o, fmt.Errorf("--mail-relay: %w", err)
	}
	o.Relay = r
	return o, nil
}

// private are the networks that may be called although they are not public.
func (c *Config) private() (ps []netip.Prefix, err error) {
	for _, s := range c.Call {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("--call-private %q is not like 10.1.0.0/16 or fd00:1::/64", s)
		}
		ps = append(ps, p)
	}
	return ps, nil
}

// origin is the address people use, once the port is known.
func (c *Config) origin(listening net.Addr) string {
	if c.Origin != "" {
		return c.Origin
	}
	_, port, _ := net.SplitHostPort(listening.String())
	switch {
	case len(c.ACME) > 0:
		return "https://" + c.ACME[0]
	case c.tls():
		host, _, _ := net.SplitHostPort(c.Addr)
		return "https://" + net.JoinHostPort(host, port)
	default:
		return "http://localhost:" + port // a name: passkeys do not work on a bare address
	}
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (c *Config) logger() *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // the flag is an enum
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
