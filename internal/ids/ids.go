// Package ids makes the names of things: random, so that they tell nothing
// about order, number or time (T-13), and prefixed by kind, so that a person
// and a log line can tell what they name.
package ids

import (
	"crypto/rand"
	"regexp"
	"strings"
)

// alphabet is Crockford's base 32: no I, L, O, U.
const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// length is the number of characters after the prefix: 26 × 5 = 130 random bits.
const length = 26

// New makes an id of a kind: New("topic") is like topic_7K3Q2M9P….
func New(kind string) string { return kind + "_" + Random(length) }

// Random is n random characters of 5 bits each.
func Random(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return string(b)
}

var form = regexp.MustCompile(`^[a-z]+_[0-9A-HJKMNP-TV-Z]{26}$`)

// Valid reports whether id has the form of [New] for the kind.
func Valid(kind, id string) bool { return strings.HasPrefix(id, kind+"_") && form.MatchString(id) }

// Short is how people see and say an id: TOPIC-7K3Q-2M9P (40 random bits; it
// points, the full id identifies).
func Short(id string) string {
	kind, rest, ok := strings.Cut(id, "_")
	if !ok || len(rest) < 8 {
		return id
	}
	return strings.ToUpper(kind) + "-" + rest[:4] + "-" + rest[4:8]
}

// FromShort turns a short id back into the prefix of the full one
// ("topic_7K3Q2M9P"), or reports that s is not a short id.
func FromShort(s string) (prefix string, ok bool) {
	parts := strings.Split(strings.ToUpper(strings.TrimSpace(s)), "-")
	if len(parts) != 3 || len(parts[1]) != 4 || len(parts[2]) != 4 {
		return "", false
	}
	for _, c := range parts[1] + parts[2] {
		if !strings.ContainsRune(alphabet, c) {
			return "", false
		}
	}
	return strings.ToLower(parts[0]) + "_" + parts[1] + parts[2], true
}
