package outbound

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// SignatureHeader carries [Sign]'s value.
const SignatureHeader = "Cordon-Signature"

// Sign is the value of a webhook's signature header: "t=" and the Unix time,
// "v1=" and HMAC-SHA-256, in hexadecimal digits, of time, a full stop and the
// body. The time is signed so that what was sent once cannot be sent later.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret []byte, t string, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(t + "."))
	h.Write(body)
	return h.Sum(nil)
}

// Errors of [Verify].
var (
	ErrSignature = errors.New("the signature is missing, malformed or not by this secret")
	ErrStale     = errors.New("the signature's time is too far from now")
)

// maxSignatures is how many v1 a header may hold: more than one while a secret
// is being changed.
const maxSignatures = 5

// Verify checks a signature header against the body. The signed time must be
// within tolerance of now, before or after. Fields of unknown names are passed
// over, for later versions.
func Verify(secret []byte, header string, body []byte, now time.Time, tolerance time.Duration) error {
	if len(secret) == 0 || len(header) > 1024 {
		return ErrSignature
	}
	t, signatures := "", [][]byte(nil)
	for field := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "t":
			if t != "" || value == "" || len(value) > 12 || strings.Trim(value, "0123456789") != "" {
				return fmt.Errorf("%w: its time is not a number given once", ErrSignature)
			}
			t = value
		case "v1":
			sum, err := hex.DecodeString(value)
			if err != nil || len(sum) != sha256.Size || len(signatures) == maxSignatures {
				return ErrSignature
			}
			signatures = append(signatures, sum)
		}
	}
	if t == "" || len(signatures) == 0 {
		return ErrSignature
	}
	want, match := mac(secret, t, body), false
	for _, sum := range signatures {
		match = hmac.Equal(sum, want) || match
	}
	if !match {
		return ErrSignature
	}
	seconds, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return ErrSignature
	}
	if d := now.Sub(time.Unix(seconds, 0)); d > tolerance || d < -tolerance {
		return ErrStale
	}
	return nil
}
