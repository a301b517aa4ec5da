package receipt

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

const (
	words  = 6
	digits = 4

	// MaxText is the longest text, in bytes, that is read as a receipt; the
	// longest receipt has 63.
	MaxText = 256
)

// ErrMalformed says that a text is no receipt. It is for telling somebody who
// types that a word is misspelled before anything is asked of the server; a
// look-up answers it like a receipt that was never given out.
var ErrMalformed = errors.New("a receipt is six words and four digits, such as acorn-lapel-gizmo-mango-gift-unwind-0417")

// Receipt is one receipt. The zero Receipt is none. Receipts with the same
// words and digits are equal (==).
type Receipt struct {
	given  bool
	words  [words]uint16 // places in the list
	number uint16        // 0 to 9999
}

// New makes a random receipt.
func New() Receipt {
	r := Receipt{given: true, number: below(10000)}
	for i := range r.words {
		r.words[i] = spelling()[list()[below(listed)]]
	}
	return r
}

// From makes the receipt that belongs to a secret of at least 128 random bits: the
// same one each time, so that what is sent twice gets one receipt.
func From(secret [Size]byte) Receipt {
	stream, err := hkdf.Expand(sha256.New, secret[:], "cordon receipt v1 words", 8*(words+1))
	if err != nil {
		panic(fmt.Sprintf("receipt: HKDF refused %d bytes: %v", 8*(words+1), err))
	}
	// 64 bits each, so that no word is likelier than another by more than 2^-51.
	r := Receipt{given: true, number: uint16(binary.BigEndian.Uint64(stream[8*words:]) % 10000)}
	for i := range r.words {
		r.words[i] = spelling()[list()[binary.BigEndian.Uint64(stream[8*i:])%listed]]
	}
	return r
}

// below is a random number from 0 to n-1, each equally likely: draws past the
// last whole multiple of n are thrown away.
func below(n uint16) uint16 {
	last := uint16(65536 / uint32(n) * uint32(n))
	var b [2]byte
	for {
		rand.Read(b[:]) // never fails (crypto/rand)
		if v := binary.LittleEndian.Uint16(b[:]); last == 0 || v < last {
			return v % n
		}
	}
}

// String writes the receipt as its owner gets it, or "" for none. It is the
// secret itself: show it once, write it nowhere.
func (r Receipt) String() string {
	if !r.given {
		return ""
	}
	var b strings.Builder
	for _, w := range r.words {
		b.WriteString(list()[w])
		b.WriteByte('-')
	}
	fmt.Fprintf(&b, "%04d", r.number)
	return b.String()
}

// LogValue keeps the receipt out of logs.
func (r Receipt) LogValue() slog.Value { return slog.StringValue("receipt") }

// GoString keeps the receipt out of dumps.
func (r Receipt) GoString() string { return "receipt.Receipt" }

// Parse reads a receipt as people write it down: in any case, with spaces,
// hyphens, commas, points or nothing but a change to digits between the parts,
// and with a word cut in two where that leaves no doubt. Anything else is
// [ErrMalformed] and the zero Receipt.
func Parse(text string) (Receipt, error) {
	if len(text) > MaxText {
		return Receipt{}, ErrMalformed
	}
	names, number, ok := split(text)
	if !ok || len(number) != digits {
		return Receipt{}, ErrMalformed
	}
	r, n := Receipt{given: true}, 0
	for i := 0; i < len(names); i++ {
		at, known := spelling()[names[i]]
		if !known && i+1 < len(names) {
			// "t-shirt" and "key pad": the first half is no word by itself, so
			// there is no other reading.
			i++
			at, known = spelling()[names[i-1]+names[i]]
		}
		if !known || n == words {
			return Receipt{}, ErrMalformed
		}
		r.words[n] = at
		n++
	}
	if n != words {
		return Receipt{}, ErrMalformed
	}
	for _, d := range number {
		r.number = r.number*10 + uint16(d-'0')
	}
	return r, nil
}

// split cuts a text into runs of letters, in lower case, and the digits that
// follow them all. It reports whether there is nothing else but separators.
func split(text string) (names []string, number string, ok bool) {
	var name strings.Builder
	end := func() {
		if name.Len() > 0 {
			names = append(names, name.String())
			name.Reset()
		}
	}
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if number != "" {
				return nil, "", false
			}
			name.WriteRune(c | 0x20)
		case c >= '0' && c <= '9':
			end()
			number += string(c)
		case strings.ContainsRune(" \t\r\n-_,.;:/+'\"\u00a0\u00ad\u2010\u2011\u2012\u2013\u2014\u2212", c):
			end()
		default:
			return nil, "", false
		}
	}
	end()
	return names, number, true
}
