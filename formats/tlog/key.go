package tlog

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key is a log's Ed25519 signing key, as C2SP signed-note encodes it.
type Key struct {
	name     string
	private  string
	public   string
	signer   note.Signer
	verifier note.Verifier
}

// GenerateKey makes a key for the log named origin from random bytes, which
// outside tests come from crypto/rand.Reader.
func GenerateKey(random io.Reader, origin string) (*Key, error) {
	if err := checkName(origin); err != nil {
		return nil, err
	}
	private, _, err := note.GenerateKey(random, origin)
	if err != nil {
		return nil, fmt.Errorf("generating the log's key: %w", err)
	}
	return ParseKey(private)
}

// ParseKey reads the text that [Key.Private] returned.
func ParseKey(private string) (*Key, error) {
	// The errors below never quote the text: it is secret.
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, errors.New("this is not a log's private key")
	}
	if err := checkName(signer.Name()); err != nil {
		return nil, err
	}
	// PRIVATE+KEY+name+hash+base64(1 || seed); base64 may hold plus signs itself.
	fields := strings.SplitN(private, "+", 5)
	raw, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil || len(fields) != 5 || len(raw) != 1+ed25519.SeedSize {
		return nil, errors.New("this is not a log's private key")
	}
	seedKey := ed25519.NewKeyFromSeed(raw[1:])
	public, err := note.NewEd25519VerifierKey(signer.Name(), seedKey.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, fmt.Errorf("deriving the log's public key: %w", err)
	}
	verifier, err := ParseVerifier(public)
	if err != nil {
		return nil, err
	}
	if verifier.KeyHash() != signer.KeyHash() {
		return nil, errors.New("the log's private key contradicts itself")
	}
	return &Key{signer.Name(), private, public, signer, verifier}, nil
}

// ParseVerifier reads a log's public key, the text that is pinned by whoever
// verifies: name+hash+base64.
func ParseVerifier(public string) (note.Verifier, error) {
	v, err := note.NewVerifier(public)
	if err != nil {
		return nil, errors.New("this is not a log's public key (name+hash+base64)")
	}
	if err := checkName(v.Name()); err != nil {
		return nil, err
	}
	return v, nil
}

// Name is the log's name, its origin.
func (k *Key) Name() string { return k.name }

// Private is the key's secret text. Keep it sealed; never log it.
func (k *Key) Private() string { return k.private }

// Public is the text that others pin.
func (k *Key) Public() string { return k.public }

// Signer signs for the log.
func (k *Key) Signer() note.Signer { return k.signer }

// Verifier checks the log's signatures.
func (k *Key) Verifier() note.Verifier { return k.verifier }

// String names the key and never its secret.
func (k *Key) String() string { return k.public }
