package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cordon-isao/cordon/policy"
)

// asProgram, set in the environment, makes the test binary be cordon itself, so
// that tests can start it as a process of its own, and kill it.
const asProgram = "CORDON_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	testscript.Main(m, map[string]func(){"cordon": main})
}

// dice throws the same numbers for the same seed (xorshift64*).
type dice uint64

func (d *dice) below(n int) int {
	x := uint64(*d)
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	*d = dice(x)
	return int(x * 0x2545F4914F6CDD1D >> 33 % uint64(n))
}

// seeded makes the dice of a test: another seed each time, printed for a replay
// with CORDON_SEED=….
func seeded(t testing.TB, more int) *dice {
	seed, err := strconv.ParseUint(os.Getenv("CORDON_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("CORDON_SEED=%d", seed)
	d := dice(seed*2654435761 + uint64(more)*7919 + 1)
	for range 8 {
		d.below(2)
	}
	return &d
}

// whoWord is a principal as the search index of SQLite holds it.
func whoWord(p policy.Principal) string {
	h := sha256.Sum256([]byte(p))
	return "w" + hex.EncodeToString(h[:12])
}

// cycles is how often a test repeats: CI's number, unless CORDON_CYCLES
// multiplies it for a soak.
func cycles(n int) int {
	if k, err := strconv.Atoi(os.Getenv("CORDON_CYCLES")); err == nil && k > 0 {
		return n * k
	}
	if testing.Short() {
		return max(1, n/10)
	}
	return n
}
