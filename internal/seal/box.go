package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
)

// KeySize is the length of every key here, in bytes.
const KeySize = 32

// Overhead is how much longer sealed bytes are than what they hold: a version
// byte, a nonce and a tag.
const Overhead = 1 + nonceSize + tagSize

const (
	version   = 1
	nonceSize = 12
	tagSize   = 16
)

// ErrOpen says that sealed bytes do not open: another key, other additional
// data, or changed bytes. Which one is not told.
var ErrOpen = errors.New("the sealed bytes do not open")

// NewKey makes a random key.
func NewKey() [KeySize]byte {
	var key [KeySize]byte
	rand.Read(key[:]) // never fails (crypto/rand)
	return key
}

// Box seals and opens with keys derived from one master key. It may be used by
// many goroutines at once.
type Box struct {
	content cipher.AEAD
	wrap    cipher.AEAD
	master  [KeySize]byte
}

// NewBox makes the box of a master key.
func NewBox(master [KeySize]byte) *Box {
	return &Box{content: newGCM(derive(master, "content")), wrap: newGCM(derive(master, "wrap")), master: master}
}

// String keeps the key out of logs.
func (b *Box) String() string { return "seal.Box" }

// GoString keeps the key out of logs.
func (b *Box) GoString() string { return "seal.Box" }

// Seal encrypts plaintext and binds it to aad, which must be given again to
// open it; AES-256-GCM with a random nonce.
func (b *Box) Seal(plaintext, aad []byte) []byte { return seal(b.content, plaintext, aad) }

// Open decrypts what Seal made with the same aad.
func (b *Box) Open(sealed, aad []byte) ([]byte, error) { return open(b.content, sealed, aad) }

// WrapKey seals the key of an object; aad names the object.
func (b *Box) WrapKey(key [KeySize]byte, aad []byte) []byte { return seal(b.wrap, key[:], aad) }

// UnwrapKey opens what WrapKey made.
func (b *Box) UnwrapKey(wrapped, aad []byte) ([KeySize]byte, error) {
	var key [KeySize]byte
	plain, err := open(b.wrap, wrapped, aad)
	if err != nil {
		return key, err
	}
	if len(plain) != KeySize {
		return key, ErrOpen
	}
	copy(key[:], plain)
	return key, nil
}

func seal(a cipher.AEAD, plaintext, aad []byte) []byte {
	out := make([]byte, 1+nonceSize, Overhead+len(plaintext))
	out[0] = version
	rand.Read(out[1:])
	return a.Seal(out, out[1:], plaintext, versioned(aad))
}

func open(a cipher.AEAD, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != version {
		return nil, ErrOpen
	}
	plain, err := a.Open(nil, sealed[1:1+nonceSize], sealed[1+nonceSize:], versioned(aad))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func versioned(aad []byte) []byte { return append([]byte{version}, aad...) }

func newGCM(key [KeySize]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err == nil {
		var a cipher.AEAD
		if a, err = cipher.NewGCM(block); err == nil {
			return a
		}
	}
	panic(fmt.Sprintf("seal: AES-256-GCM refused a 32-byte key: %v", err))
}

// derive makes the key for one use; uses are independent (RFC 5869).
// Secret is a key of its own for one use outside this package, such as the pepper
// of receipts. The same use always gives the same one.
func (b *Box) Secret(use string) [KeySize]byte { return derive(b.master, "secret "+use) }

func derive(master [KeySize]byte, use string) [KeySize]byte {
	out, err := hkdf.Key(sha256.New, master[:], nil, "cordon seal v1 "+use, KeySize)
	if err != nil {
		panic(fmt.Sprintf("seal: HKDF refused 32 bytes: %v", err))
	}
	return [KeySize]byte(out)
}
