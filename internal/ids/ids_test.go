package ids_test

import (
	"strings"
	"testing"

	"github.com/cordon-isao/cordon/internal/ids"
)

// T-13: ids are random, at least 96 bits, and tell nothing of order.
func TestNew(t *testing.T) {
	seen := map[string]bool{}
	var ones [130]int
	const n = 4000
	for range n {
		id := ids.New("topic")
		if !ids.Valid("topic", id) || seen[id] || len(id) != len("topic_")+26 {
			t.Fatalf("%q", id)
		}
		seen[id] = true
		for i, c := range id[len("topic_"):] {
			v := strings.IndexRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", c)
			for bit := range 5 {
				ones[i*5+bit] += v >> bit & 1
			}
		}
	}
	for i, k := range ones { // 8 standard deviations of a fair coin
		if d := k - n/2; d > 253 || d < -253 {
			t.Errorf("bit %d is 1 in %d of %d ids", i, k, n)
		}
	}
	for _, id := range []string{"", "topic_", "post_" + ids.Random(26), "topic_" + ids.Random(25), "topic_" + ids.Random(27), "topic_" + strings.Repeat("I", 26), "topic_" + strings.ToLower(ids.Random(25)) + "a", ids.New("topic") + "\n"} {
		if ids.Valid("topic", id) {
			t.Errorf("%q is valid", id)
		}
	}
}

func TestShort(t *testing.T) {
	id := ids.New("case")
	short := ids.Short(id)
	if len(short) != len("CASE-XXXX-XXXX") || !strings.HasPrefix(short, "CASE-") {
		t.Error(short)
	}
	for _, s := range []string{short, strings.ToLower(short), " " + short + "\n"} {
		if p, ok := ids.FromShort(s); !ok || !strings.HasPrefix(id, p) || len(p) != len("case_")+8 {
			t.Errorf("%q gives %q", s, p)
		}
	}
	for _, s := range []string{"", "CASE", "CASE-1234", "CASE-1234-123", "CASE-1234-123I", "CASE-1234-1234-1234", "CASE-12%4-1234"} {
		if p, ok := ids.FromShort(s); ok {
			t.Errorf("%q gives %q", s, p)
		}
	}
	for _, s := range []string{"", "x", "x_1", "none"} {
		if ids.Short(s) != s {
			t.Errorf("%q became %q", s, ids.Short(s))
		}
	}
}
