package receipt

import "testing"

// A secret gives one receipt, always the same, which reads; others give others.
func TestFrom(t *testing.T) {
	seen := map[Receipt]bool{}
	first := map[uint16]bool{}
	for i := range 2000 {
		secret := [Size]byte{byte(i), byte(i >> 8), 7}
		r := From(secret)
		if again := From(secret); again != r {
			t.Fatalf("%v and %v of one secret", r, again)
		}
		if got, err := Parse(r.String()); err != nil || got != r {
			t.Fatalf("%s reads as %v, %v", r.String(), got, err)
		}
		seen[r], first[r.words[0]] = true, true
	}
	// Of 2000 draws from 7,776 words about 1,767 are distinct.
	if len(seen) != 2000 || len(first) < 1650 || len(first) > 1880 {
		t.Errorf("%d receipts, %d first words", len(seen), len(first))
	}
}
