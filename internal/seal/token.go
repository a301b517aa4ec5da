package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// TokenLen is the length of every token, in characters.
const TokenLen = 32

// Token hides whole numbers in opaque url-safe text of fixed length. The same
// number and aad give the same token, so that two answers that should be equal
// are; different numbers give unrelated ones.
//
// Synthetic IV: iv = HMAC-SHA-256(mac key, aad and number)[:16], then AES-256-CTR
// under a second key; the iv authenticates (the SIV construction of RFC 5297
// with HMAC for its S2V).
type Token struct {
	mac   [KeySize]byte
	block cipher.Block
}

// Token makes the tokens of one purpose; tokens of another do not decode.
func (b *Box) Token(purpose string) Token {
	key := derive(b.master, "token key "+purpose)
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("seal: AES refused a 32-byte key: " + err.Error())
	}
	return Token{mac: derive(b.master, "token mac "+purpose), block: block}
}

// String keeps the keys out of logs.
func (t Token) String() string { return "seal.Token" }

// GoString keeps the keys out of logs.
func (t Token) GoString() string { return "seal.Token" }

// Encode hides n. The aad, such as the viewer's id, must be given again.
func (t Token) Encode(n int64, aad []byte) string {
	var raw [24]byte
	iv := t.iv(n, aad)
	copy(raw[:16], iv)
	binary.BigEndian.PutUint64(raw[16:], uint64(n))
	cipher.NewCTR(t.block, iv).XORKeyStream(raw[16:], raw[16:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// Decode gives the number that Encode hid with the same aad, or ErrOpen.
func (t Token) Decode(s string, aad []byte) (int64, error) {
	if len(s) != TokenLen {
		return 0, ErrOpen
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) != 24 {
		return 0, ErrOpen
	}
	cipher.NewCTR(t.block, raw[:16]).XORKeyStream(raw[16:], raw[16:])
	n := int64(binary.BigEndian.Uint64(raw[16:]))
	if !hmac.Equal(raw[:16], t.iv(n, aad)) {
		return 0, ErrOpen
	}
	return n, nil
}

func (t Token) iv(n int64, aad []byte) []byte {
	h := hmac.New(sha256.New, t.mac[:])
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:]) // of fixed length, so aad needs no length before it
	h.Write(aad)
	return h.Sum(nil)[:16]
}
