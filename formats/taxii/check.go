package taxii

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits of what a client reads of a server.
const (
	MaxResource = 4 << 20  // bytes of any resource but an envelope
	MaxEnvelope = 64 << 20 // bytes of an envelope that is read at once
	maxDepth    = 64
	maxTokens   = 4_000_000
	maxNumber   = 64 // bytes of a number
	maxItems    = 100_000
)

// ErrNotTAXII is wrapped by every refusal of a server's answer.
var ErrNotTAXII = errors.New("the answer is not what TAXII 2.1 describes")

func refuse(what, pointer, reason string) error {
	if pointer == "" {
		return fmt.Errorf("%w: %s: %s", ErrNotTAXII, what, reason)
	}
	return fmt.Errorf("%w: %s: at %s %s", ErrNotTAXII, what, pointer, reason)
}

// checkJSON refuses what two readers could read differently: names given twice
// or in another letter case, bad UTF-8, half surrogate pairs, NUL, trailing
// data; and what is too large or too deep.
func checkJSON(what string, data []byte, limit int) error {
	if len(data) > limit {
		return refuse(what, "", fmt.Sprintf("it is longer than %d bytes", limit))
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return refuse(what, "", "there is a NUL")
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(data)) // refuses duplicate names and bad UTF-8 itself
	var seen []map[string]struct{}                  // of each open bracket its folded names; nil for an array
	for n := 0; n == 0 || d.StackDepth() > 0; n++ {
		if n > maxTokens {
			return refuse(what, "", fmt.Sprintf("it has more than %d values", maxTokens))
		}
		if k := d.PeekKind(); (k == '{' || k == '[') && d.StackDepth() >= maxDepth {
			return refuse(what, "", fmt.Sprintf("it is nested deeper than %d", maxDepth))
		}
		token, err := d.ReadToken()
		if err != nil {
			return refuse(what, "", explain(err))
		}
		switch token.Kind() {
		case '{':
			seen = append(seen, map[string]struct{}{})
		case '[':
			seen = append(seen, nil)
		case '}', ']':
			seen = seen[:len(seen)-1]
		case '0':
			if len(token.String()) > maxNumber {
				return refuse(what, "", "a number is too long")
			}
		case '"':
			s := token.String()
			if strings.IndexByte(s, 0) >= 0 {
				return refuse(what, "", "a string holds NUL")
			}
			if kind, length := d.StackIndex(d.StackDepth()); kind != '{' || length%2 == 0 {
				break
			}
			names := seen[len(seen)-1]
			s = fold(s)
			if _, twice := names[s]; twice {
				return refuse(what, "", "a name differs only in letter case from one before it")
			}
			names[s] = struct{}{}
		}
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return refuse(what, "", "something follows the value")
	}
	return nil
}

func explain(err error) string {
	switch text := err.Error(); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return "a name is given twice"
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the text ends in the middle"
	case strings.Contains(text, "UTF-8"), strings.Contains(text, "surrogate"):
		return "there is text that is not UTF-8"
	}
	return "it is not JSON"
}

// fold maps names that differ only in letter case, by Unicode's simple
// folding, to one.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		return least
	}, s)
}
