package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/sethvargo/go-diceware/diceware"
	"pgregory.net/rapid"
)

// The list is the EFF's, whole and unchanged: a new version of the module that
// brings it cannot change what receipts mean.
func TestWordList(t *testing.T) {
	sum, unique, spelled := sha256.New(), map[string]bool{}, map[string]bool{}
	from := diceware.WordListEffLarge()
	n := 0
	for roll := 11111; roll <= 66666; roll++ {
		if strings.ContainsAny(fmt.Sprint(roll), "0789") {
			continue
		}
		word := from.WordAt(roll)
		if got := list()[n]; got != strings.ReplaceAll(word, "-", "") {
			t.Fatalf("word %d is %q, not %q", n, got, word)
		}
		fmt.Fprintln(sum, word)
		unique[word], spelled[list()[n]] = true, true
		n++
	}
	if n != 7776 || len(unique) != 7776 {
		t.Errorf("%d words, %d of them unique", n, len(unique))
	}
	if len(spelled) != 7775 || len(spelling()) != 7775 { // yo-yo and yoyo
		t.Errorf("%d spellings, %d places", len(spelled), len(spelling()))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != "6d557f0693958fb5e650b68b5bee585eb82cf4da32965505c789e924743bc522" {
		t.Errorf("the list has changed: %s", got)
	}
	longest := 0
	for w := range spelled {
		longest = max(longest, len(w))
		if !regexp.MustCompile(`^[a-z]{3,9}$`).MatchString(w) {
			t.Errorf("%q is not 3 to 9 letters", w)
		}
	}
	if most := words*(longest+1) + digits; most > MaxText {
		t.Errorf("a receipt may have %d bytes", most)
	}
}

var shape = regexp.MustCompile(`^([a-z]{3,9}-){6}[0-9]{4}$`)

// Each place draws all words and each digit equally: over 60,000 receipts every
// count stays within seven standard deviations, which chance leaves once in some
// 10^5 runs of this test.
func TestUniform(t *testing.T) {
	const n = 60_000
	counts, numbers := map[uint16]int{}, [10]int{}
	for range n {
		r := New()
		if s := r.String(); !shape.MatchString(s) {
			t.Fatalf("%q is not six words and four digits", s)
		}
		for _, w := range r.words {
			counts[w]++
		}
		numbers[r.number/1000]++
	}
	yo := spelling()["yoyo"]
	for w := range uint16(listed) {
		mean := float64(n*words) / listed
		switch {
		case w == yo: // yo-yo and yoyo
			mean *= 2
		case list()[w] == "yoyo":
			mean = 0
		}
		if d := float64(counts[w]) - mean; d*d > 49*mean {
			t.Errorf("%s came %d times, expected about %.0f", list()[w], counts[w], mean)
		}
	}
	for d, c := range numbers {
		if off := float64(c) - n/10; off*off > 49*n/10 {
			t.Errorf("numbers that begin with %d came %d times", d, c)
		}
	}
}

func TestParse(t *testing.T) {
	want := "acorn-lapel-gizmo-mango-gift-unwind-0417"
	for _, s := range []string{
		want, strings.ToUpper(want), "Acorn Lapel Gizmo Mango Gift Unwind 0417", " acorn, lapel, gizmo,\nmango, gift; unwind. 04 17 ",
		"acorn\u2013lapel\u2014gizmo_mango/gift-unwind0417", "acorn lapel giz-mo mango gift un wind 0417",
		`"acorn-lapel-gizmo-mango-gift-unwind-0417"`, "acorn-lapel-gizmo-mango-gift-unwind-\n0417",
	} {
		r, err := Parse(s)
		if err != nil || r.String() != want {
			t.Errorf("%q: %q, %v", s, r, err)
		}
	}
	for _, s := range []string{
		"", "0417", "acorn", "acorn-lapel-gizmo-mango-gift-unwind", "acorn-lapel-gizmo-mango-gift-0417",
		"acorn-lapel-gizmo-mango-gift-unwind-acorn-0417", "acorn-lapel-gizmo-mango-gift-unwind-417",
		"acorn-lapel-gizmo-mango-gift-unwind-00417", "0417-acorn-lapel-gizmo-mango-gift-unwind",
		"acorn-lapel-0417-gizmo-mango-gift-unwind", "acorn-lapel-gizmo-mango-gift-zzzz-0417", "äcorn-lapel-gizmo-mango-gift-unwind-0417",
		"acorn-lapel-gizmo-mango-gift-unwind-０417", strings.Repeat(" ", MaxText) + want, "\xff", "acorn-lapel-gizmo-mango-gift-unwind-0417\x00",
	} {
		if r, err := Parse(s); !errors.Is(err, ErrMalformed) || r != (Receipt{}) {
			t.Errorf("%q: %v, %v", s, r, err)
		}
	}
	// The listed spelling of the hyphenated words is read too, and yo-yo is yoyo.
	a, errA := Parse("t-shirt drop-down felt-tip yo-yo yoyo abacus 0001")
	b, errB := Parse("tshirt-dropdown-felttip-yoyo-yo-yo-abacus-0001")
	if errA != nil || errB != nil || a != b || a.String() != "tshirt-dropdown-felttip-yoyo-yoyo-abacus-0001" {
		t.Errorf("%v %v, %v %v", a, errA, b, errB)
	}
}

// What is written is read as the same receipt, however its owner noted it.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := Receipt{given: true, number: uint16(rapid.IntRange(0, 9999).Draw(t, "number"))}
		for i := range r.words {
			r.words[i] = spelling()[list()[rapid.IntRange(0, listed-1).Draw(t, "word")]]
		}
		s := r.String()
		if rapid.Bool().Draw(t, "upper") {
			s = strings.ToUpper(s)
		}
		sep := rapid.SampledFrom([]string{"-", " ", ", ", "\n", " - ", "."}).Draw(t, "between")
		if got, err := Parse(strings.ReplaceAll(s, "-", sep)); err != nil || got != r {
			t.Fatalf("%q: %v, %v", s, got, err)
		}
	})
}

// A receipt does not reach logs or dumps by accident.
func TestNotLogged(t *testing.T) {
	r := New()
	for _, s := range []string{r.LogValue().String(), fmt.Sprintf("%#v", r)} {
		if strings.Contains(s, list()[r.words[0]]) {
			t.Errorf("the receipt is in %q", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"acorn-lapel-gizmo-mango-gift-unwind-0417", "yo yo yo-yo t shirt", "\xff\xfe", "0417", strings.Repeat("a ", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Parse(s)
		if err != nil {
			if r != (Receipt{}) {
				t.Errorf("%q is refused and read", s)
			}
			return
		}
		if again, err := Parse(r.String()); err != nil || again != r || !shape.MatchString(r.String()) {
			t.Errorf("%q reads as %q, which reads as %q, %v", s, r, again, err)
		}
	})
}
