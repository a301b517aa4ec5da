package outbound

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"slices"
)

// PinError is a certificate whose key is none of the pinned ones: an [*Error] of
// kind Untrusted wraps it.
type PinError struct{ Got string } // the key's fingerprint

func (e *PinError) Error() string { return "the certificate's key is none of the pinned ones" }

// Fingerprint is the SHA-256 of the public key (SPKI) of the other side's
// certificate, as "sha256:" and hexadecimal digits: it stays when a certificate
// is renewed for the same key. "" when there is none.
func Fingerprint(state tls.ConnectionState) string {
	if len(state.PeerCertificates) == 0 {
		return ""
	}
	sum := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// tlsConfig makes a configuration of the operator's that cannot be weak:
// certificates are always verified, TLS is at least 1.2.
func tlsConfig(given *tls.Config, pins []string) *tls.Config {
	cfg := &tls.Config{}
	if given != nil {
		cfg = given.Clone()
	}
	cfg.InsecureSkipVerify = false
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if len(pins) > 0 {
		pins = slices.Clone(pins)
		also := cfg.VerifyConnection
		cfg.VerifyConnection = func(state tls.ConnectionState) error {
			if got := Fingerprint(state); !slices.Contains(pins, got) {
				return &PinError{got}
			}
			if also != nil {
				return also(state)
			}
			return nil
		}
	}
	return cfg
}
