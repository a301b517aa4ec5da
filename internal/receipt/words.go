package receipt

import (
	"strings"
	"sync"

	"github.com/sethvargo/go-diceware/diceware"
)

// listed is how many words there are: five dice, 6^5.
const listed = 7776

// list is the EFF's large word list in its order. Hyphens inside four of the
// words are dropped, so that a hyphen always stands between words; yo-yo and
// yoyo, which are both listed, are then one spelling, and a receipt with either
// reads as the same.
var list = sync.OnceValue(func() *[listed]string {
	var out [listed]string
	from := diceware.WordListEffLarge()
	for i := range out {
		roll := 0
		for n, place := i, 1; place <= 10000; n, place = n/6, place*10 {
			roll += (n%6 + 1) * place
		}
		out[i] = strings.ReplaceAll(from.WordAt(roll), "-", "")
	}
	return &out
})

// spelling finds a word's place in the list, the first of two that are spelled alike.
var spelling = sync.OnceValue(func() map[string]uint16 {
	out := make(map[string]uint16, listed)
	for i, w := range list() {
		if _, twice := out[w]; !twice {
			out[w] = uint16(i)
		}
	}
	return out
})
