package receipt

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cordon-isao/cordon/internal/clock"
)

// fast is a Hasher whose derivation costs nothing.
func fast(pepper byte) *Hasher {
	h := NewHasher([Size]byte{pepper}, 4)
	h.slow = func(secret, salt []byte) []byte {
		sum := sha256.Sum256(append(salt, secret...))
		return sum[:]
	}
	return h
}

func derive(t testing.TB, h *Hasher, r Receipt) Derived {
	t.Helper()
	d, err := h.Derive(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDerive(t *testing.T) {
	h, r := NewHasher([Size]byte{1}, 2), New()
	d := derive(t, h, r)
	found, err := h.Find(context.Background(), " "+r.String()+"\n")
	if err != nil || found != d {
		t.Errorf("what is typed derives otherwise: %v", err)
	}
	digest, err := h.Digest(context.Background(), r)
	if err != nil || !slices.Equal(digest, d.Digest[:]) {
		t.Errorf("the digest alone is another: %v", err)
	}
	if d.Digest == d.Key || d.Digest == [Size]byte{} || d.Key == [Size]byte{} {
		t.Error("digest and key are not two secrets")
	}
	if again := derive(t, NewHasher([Size]byte{1}, 1), r); again != d {
		t.Error("after a restart the same receipt derives otherwise")
	}
	if other := derive(t, NewHasher([Size]byte{2}, 1), r); other.Digest == d.Digest || other.Key == d.Key {
		t.Error("two communities derive the same")
	}
	if none := derive(t, h, Receipt{}); none.Digest == d.Digest || none == derive(t, NewHasher([Size]byte{1}, 1), Receipt{}) {
		t.Error("what no receipt derives can be foreseen")
	}
}

// The stretching is Argon2id with 19 MiB, two passes and one lane, pinned so
// that receipts given out stay good.
func TestPinned(t *testing.T) {
	r, err := Parse("acorn-lapel-gizmo-mango-gift-unwind-0417")
	if err != nil {
		t.Fatal(err)
	}
	d := derive(t, NewHasher([Size]byte{7}, 1), r)
	if got := fmt.Sprintf("%x %x", d.Digest[:4], d.Key[:4]); got != pinned {
		t.Errorf("receipts given out are worthless: %s, was %s", got, pinned)
	}
}

// T-45: 10^6 random tries against 1,000 receipts find nothing.
func TestGuessing(t *testing.T) {
	h, given := fast(1), map[[Size]byte]bool{}
	for range 1000 {
		given[derive(t, h, New()).Digest] = true
	}
	if len(given) != 1000 {
		t.Fatalf("%d digests of 1,000 receipts", len(given))
	}
	tries := 1_000_000
	if testing.Short() {
		tries = 50_000
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range tries / 4 {
				if d, err := h.Derive(context.Background(), New()); err != nil || given[d.Digest] {
					t.Errorf("a receipt was found by chance, or %v", err)
					return
				}
			}
		})
	}
	all.Wait()
}

// T-06, T-45: a receipt, one never given out and what is no receipt take alike
// long. The three are asked in turn, so that a busy machine slows all alike; the
// medians may differ by a half, where not deriving would make them differ a
// hundredfold.
func TestTiming(t *testing.T) {
	h := NewHasher([Size]byte{1}, 1)
	given := New()
	store := map[[Size]byte]bool{derive(t, h, given).Digest: true}
	texts := []string{given.String(), New().String(), "no receipt at all", "", string(make([]byte, 10*MaxText))}
	var least, most time.Duration
	for range 3 { // a machine that was busy once is not so each time
		took := make([][]time.Duration, len(texts))
		for range 9 {
			for i, text := range texts {
				start := time.Now()
				d, err := h.Find(context.Background(), text)
				if hit := store[d.Digest]; err != nil || hit != (i == 0) {
					t.Fatalf("%q: found %v, %v", text, hit, err)
				}
				took[i] = append(took[i], time.Since(start))
			}
		}
		least, most = time.Hour, 0
		for i := range took {
			slices.Sort(took[i])
			m := took[i][len(took[i])/2]
			least, most = min(least, m), max(most, m)
		}
		if least >= most/2 {
			return
		}
	}
	t.Errorf("medians from %v to %v", least, most)
}

// No more derive at once than are allowed, and a caller who has gone does not wait.
func TestBounded(t *testing.T) {
	h, entered, leave := NewHasher([Size]byte{1}, 2), make(chan bool, 10), make(chan bool)
	h.slow = func(secret, salt []byte) []byte { entered <- true; <-leave; return secret }
	done := make(chan error, 2)
	for range 2 {
		go func() { _, err := h.Derive(context.Background(), New()); done <- err }()
	}
	<-entered
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := h.Find(ctx, "anything"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a third did not wait: %v", err)
	}
	if digest, err := h.Digest(ctx, New()); err == nil || digest != nil {
		t.Errorf("a digest without a turn: %x, %v", digest, err)
	}
	close(leave)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if len(entered) != 0 {
		t.Error("one derived without a turn")
	}
	if _, err := h.Derive(context.Background(), New()); err != nil {
		t.Errorf("the turns are not given back: %v", err)
	}
}

// T-45: all tries together have one budget.
func TestLimiter(t *testing.T) {
	clk := clock.NewManual(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	l := NewLimiter(clk, time.Second, 3)
	for i := range 3 {
		if wait := l.Take(); wait != 0 {
			t.Fatalf("try %d waits %v", i, wait)
		}
	}
	if wait := l.Take(); wait <= 0 || wait > time.Second {
		t.Errorf("the fourth waits %v", wait)
	}
	clk.Add(400 * time.Millisecond)
	if wait := l.Take(); wait < 590*time.Millisecond || wait > 610*time.Millisecond {
		t.Errorf("0.4 s later it waits %v", wait)
	}
	clk.Add(600 * time.Millisecond)
	if l.Take() != 0 || l.Take() == 0 {
		t.Error("a second later there is not one try")
	}
	clk.Add(time.Hour)
	n := 0
	for l.Take() == 0 {
		n++
	}
	if n != 3 {
		t.Errorf("an hour later there are %d tries", n)
	}
}

func BenchmarkDerive(b *testing.B) {
	h, r := NewHasher([Size]byte{1}, 1), New()
	for b.Loop() {
		derive(b, h, r)
	}
}

const pinned = "c35b27d3 19f475a0" // of the receipt in TestPinned under the pepper 7, 0, 0, …
