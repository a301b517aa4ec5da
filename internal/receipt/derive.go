package receipt

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// Size is the length of a pepper, a digest and a key, in bytes.
const Size = 32

// Argon2id's cost (OWASP's second choice, RFC 9106 §4 for what they mean).
const (
	passes  = 2
	memory  = 19 << 10 // KiB
	threads = 1
)

// Derived is what is made of a receipt.
type Derived struct {
	Digest [Size]byte // for the look-up; may be stored
	Key    [Size]byte // for sealing what belongs to the receipt; stored nowhere
}

// Hasher derives for one community. It may be used by many goroutines at once.
type Hasher struct {
	salt  [Size]byte
	none  [Size]byte // what is derived from when there is no receipt
	slots chan struct{}
	slow  func(secret, salt []byte) []byte
}

// NewHasher makes the Hasher of a pepper, which is kept outside the database. At
// most concurrent derivations run at once, each in 19 MiB; it is at least 1.
func NewHasher(pepper [Size]byte, concurrent int) *Hasher {
	h := &Hasher{
		salt:  expand(pepper[:], "salt"),
		slots: make(chan struct{}, max(1, concurrent)),
		slow: func(secret, salt []byte) []byte {
			return argon2.IDKey(secret, salt, passes, memory, threads, Size)
		},
	}
	rand.Read(h.none[:])
	return h
}

// String keeps the salt out of logs.
func (h *Hasher) String() string { return "receipt.Hasher" }

// GoString keeps the salt out of logs.
func (h *Hasher) GoString() string { return "receipt.Hasher" }

// Derive stretches a receipt. The zero Receipt takes as long as any other and
// gives a digest that no receipt has. Its only error is the context's, when ctx
// ends before it was this call's turn.
func (h *Hasher) Derive(ctx context.Context, r Receipt) (Derived, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return Derived{}, fmt.Errorf("waiting for a receipt's turn: %w", ctx.Err())
	}
	defer func() { <-h.slots }()
	secret := []byte("receipt " + r.String())
	if !r.given {
		secret = append([]byte("none "), h.none[:]...)
	}
	stretched := h.slow(secret, h.salt[:])
	return Derived{Digest: expand(stretched, "digest"), Key: expand(stretched, "key")}, nil
}

// Find is for a look-up of what somebody typed: it reads the text and derives,
// whether it is a receipt or not, so that the caller need not and cannot treat
// the two differently. Its only error is the context's.
func (h *Hasher) Find(ctx context.Context, text string) (Derived, error) {
	r, _ := Parse(text) // none, if malformed
	return h.Derive(ctx, r)
}

// Digest is the digest of [Hasher.Derive] alone, 32 bytes.
func (h *Hasher) Digest(ctx context.Context, r Receipt) ([]byte, error) {
	d, err := h.Derive(ctx, r)
	if err != nil {
		return nil, err
	}
	return d.Digest[:], nil
}

// expand makes independent keys of one secret (RFC 5869).
func expand(secret []byte, use string) [Size]byte {
	out, err := hkdf.Key(sha256.New, secret, nil, "cordon receipt v1 "+use, Size)
	if err != nil {
		panic(fmt.Sprintf("receipt: HKDF refused 32 bytes: %v", err))
	}
	return [Size]byte(out)
}
